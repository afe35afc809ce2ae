import { type DrainRecord, movesToPutBack } from '../domain/drain.ts';
import { makeMoves } from './drain-calls.ts';
import type { DrainCaller } from './drain-engine.ts';
import type { DrainReporter } from './drain-report.ts';
import type { DrainTable } from './drain-table.ts';

/** How long putting back is tried, in milliseconds. */
const TRIED_MS = 8_000;

/** Putting back has no error that says it is done: what is registered twice is registered. */
const plain = { doneBy: [], skippedBy: [] };

/**
 * Puts back what was made of a drain, the last first.
 * @returns the drain with what was put back; undefined where nothing was.
 */
export async function putBack(
  engine: DrainCaller,
  table: DrainTable,
  record: DrainRecord,
  report: DrainReporter,
): Promise<DrainRecord | undefined> {
  const { instanceId } = record;
  const due = movesToPutBack(record).flatMap(({ undo, ...move }) =>
    undo === undefined ? [] : [{ instanceId, move: { ...move, call: undo }, step: plain }],
  );
  if (due.length === 0) return undefined;
  const made = await makeMoves(engine, due, new Date(engine.now().getTime() + TRIED_MS));
  const undone = new Map(made.flatMap(({ move, outcome }) => (outcome.is === 'done' ? [[move.key, outcome.at]] : [])));
  for (const { move, outcome } of made)
    if (outcome.is !== 'done') report.errors.push(`${move.does} of ${instanceId} is not put back: ${outcome.why}`);
  const mark = (now: DrainRecord): DrainRecord => ({
    ...now,
    endedAs: 'void',
    moves: now.moves.map((move) => marked(move, undone)),
  });
  await table.note(instanceId, mark);
  return mark(record);
}

function marked<M extends DrainRecord['moves'][number]>(move: M, undone: ReadonlyMap<string, string>): M {
  const undoneAt = undone.get(move.key);
  return undoneAt === undefined ? move : { ...move, undoneAt };
}
