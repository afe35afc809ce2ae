import { type DrainRecord, goneBy, movesToPutBack } from '../domain/drain.ts';
import { makeMoves } from './drain-calls.ts';
import type { DrainCaller } from './drain-engine.ts';
import type { DrainReporter } from './drain-report.ts';

/** How long putting back is tried, in milliseconds. */
const TRIED_MS = 8_000;

/** Putting back has no error that says it is done: what is registered twice is registered. */
const plain = { doneBy: [], skippedBy: [] };

/** Whether something of a drain is to be put back, or its putting back to be told, now that EC2 has had the time that it announced. */
export function isToPutBack(record: DrainRecord, at: Date): boolean {
  if (at < goneBy(record)) return false;
  return movesToPutBack(record).length > 0 || (record.endedAs === 'void' && record.told.undone === undefined);
}

/** Puts back what was made of a drain. @returns the drain with what was put back. */
export async function putBack(engine: DrainCaller, record: DrainRecord, report: DrainReporter): Promise<DrainRecord> {
  const { instanceId } = record;
  const due = movesToPutBack(record).flatMap(({ undo, ...move }) =>
    undo === undefined ? [] : [{ instanceId, move: { ...move, call: undo }, step: plain }],
  );
  const made = await makeMoves(engine, due, new Date(engine.now().getTime() + TRIED_MS));
  const undone = new Map(made.flatMap(({ move, outcome }) => (outcome.is === 'done' ? [[move.key, outcome.at]] : [])));
  for (const { move, outcome } of made)
    if (outcome.is !== 'done') report.errors.push(`${move.does} of ${instanceId} is not put back: ${outcome.why}`);
  const endedAt = record.endedAt ?? engine.now().toISOString();
  return { ...record, endedAt, endedAs: 'void', moves: record.moves.map((move) => marked(move, undone)) };
}

/** What stands in the table, with what was put back of it. */
export function withPutBack(standing: DrainRecord, { moves }: DrainRecord): DrainRecord {
  const undone = new Map(moves.flatMap(({ key, undoneAt }) => (undoneAt === undefined ? [] : [[key, undoneAt]])));
  return { ...standing, endedAs: 'void', moves: standing.moves.map((move) => marked(move, undone)) };
}

function marked<M extends DrainRecord['moves'][number]>(move: M, undone: ReadonlyMap<string, string>): M {
  const undoneAt = undone.get(move.key);
  return undoneAt === undefined ? move : { ...move, undoneAt };
}
