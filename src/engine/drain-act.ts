import { secondsLeft } from '../alerts/drain.ts';
import {
  type DrainMove,
  type DrainRecord,
  ended,
  goneBy,
  isOver,
  movesToPutBack,
  secondsToNextRound,
  withBegun,
  withOutcomes,
  withoutOnce,
} from '../domain/drain.ts';
import type { DrainFacts } from '../domain/drain-facts.ts';
import { targetIdsOf } from '../domain/target-ids.ts';
import { makeMoves } from './drain-calls.ts';
import type { DrainEngine } from './drain-engine.ts';
import { lastLookIn, send } from './drain-messages.ts';
import { dueIn, planFor } from './drain-plan.ts';
import type { DrainReport, DrainReporter } from './drain-report.ts';
import type { DrainTable } from './drain-table.ts';
import { tell } from './drain-tell.ts';
import type { Drain } from './drain-work.ts';

/** How long moves are tried in one run, in milliseconds: the function has 20 s for all. */
const RUN_MS = 8_000;

/** Plans and makes what is due of these drains, writes what became of it, tells what is over, and hands over what is not. */
export async function act(
  engine: DrainEngine,
  table: DrainTable,
  drains: readonly Drain[],
  facts: ReadonlyMap<string, DrainFacts>,
  report: DrainReporter,
): Promise<void> {
  if (drains.length === 0) return;
  const underNotice = await table.noteUnderNotice(Object.fromEntries(drains.flatMap(untilOf)));
  const all = await Promise.all(
    drains.map(async (drain) => {
      const record = planFor(engine, table, drain, facts.get(drain.work.instanceId), underNotice);
      const keys = new Set(dueIn(engine, record, drain.matching).map(({ move }) => move.key));
      const written = await table.write(withBegun(record, keys, engine.now()));
      if (written === undefined) return [];
      const isForgotten = table.failure !== undefined;
      const why = `it might be made twice, since the table can't be reached: ${table.failure}`;
      const kept = isForgotten ? withoutOnce(written, why) : written;
      return [{ ...drain, record: kept, due: dueIn(engine, kept, drain.matching, keys) }];
    }),
  );
  const planned = all.flat();
  const due = planned.flatMap((drain) => drain.due);
  const made = await makeMoves(engine, due, new Date(engine.now().getTime() + RUN_MS));
  for (const { move, outcome } of made) report.moves.push({ step: move.step, state: stateOf(outcome.is) });
  const acted = planned.map((drain) => {
    const own = made.filter(({ instanceId }) => instanceId === drain.work.instanceId);
    noteFirst(drain.record, own, report);
    return {
      ...drain,
      record: withOutcomes(drain.record, new Map(own.map(({ move, outcome }) => [move.key, outcome]))),
    };
  });
  const at = engine.now();
  const isAtEnd = ({ record }: Drain) => isOver(record, at) || table.failure !== undefined;
  const over = acted.filter(isAtEnd).map((drain) => ({ ...drain, atEnd: ended(drain.record, at) }));
  const going = acted.filter((drain) => !isAtEnd(drain));
  // Nobody would remember to go on: the message comes again.
  for (const drain of over.filter(({ record }) => !isOver(record, at)))
    if (unmadeAtEnd(drain).length > 0) report.fail(drain.work.messageIds, `${drain.work.instanceId}: not done whole`);
  await Promise.all([finish(engine, table, over, report), handOver(engine, table, going, report)]);
}

function stateOf(is: 'done' | 'skipped' | 'failed' | 'again'): DrainMove['state'] {
  return is === 'again' ? 'planned' : is;
}

/** Ids and addresses of an instance, with the end of its time. */
function untilOf({ work: { instance, instanceId }, record }: Drain): readonly (readonly [string, string])[] {
  const { kind } = record.notice;
  if (kind === 'health' || record.notice.isTest) return [];
  // ELB may take it for healthy for a while after it is gone.
  const until = goneBy(record).toISOString();
  const names = instance === undefined ? [instanceId] : targetIdsOf(instance);
  return names.map((id) => [id, until] as const);
}

/** How long the first deregistration took. */
function noteFirst(
  { moves, notice }: DrainRecord,
  made: readonly { readonly move: DrainMove; readonly outcome: { readonly is: string; readonly at: string } }[],
  report: DrainReporter,
): void {
  const isDeregistration = ({ call }: DrainMove) => call.operation.includes(':Deregister');
  if (moves.some((move) => isDeregistration(move) && move.at !== undefined)) return;
  const times = made
    .filter(({ move, outcome }) => isDeregistration(move) && outcome.is === 'done')
    .map(({ outcome }) => outcome.at);
  const [first] = times.sort();
  if (first !== undefined) report.firstDeregistrationMs.push(Date.parse(first) - Date.parse(notice.at));
}

/** A drain whose time is over, as it was and as it ends. */
interface Over extends Drain {
  readonly atEnd: DrainRecord;
}

/**
 * The last word on drains that are over. Told before it is marked: rather twice than never. What was not told, or would never be asked for
 * again, is not over.
 */
async function finish(
  engine: DrainEngine,
  table: DrainTable,
  over: readonly Over[],
  report: DrainReporter,
): Promise<void> {
  const owed = over.filter((drain) => isWorthAWord(drain) && drain.record.told.final === undefined);
  const [received, final] = await Promise.all([
    tell(
      engine,
      'received',
      over.filter(({ record }) => record.told.received === undefined),
      report,
    ),
    tell(
      engine,
      'final',
      owed.map(({ atEnd }) => ({ record: atEnd })),
      report,
    ),
  ]);
  const reversible = over.filter(({ atEnd }) => movesToPutBack(atEnd).length > 0);
  const asked = await send(engine, 'last-look', reversible, lastLookIn(engine), report);
  const at = engine.now();
  await Promise.all(
    over.map(async (drain) => {
      const { record, atEnd, work } = drain;
      const { instanceId } = record;
      const told = {
        ...record.told,
        ...(received.has(instanceId) ? { received: at.toISOString() } : {}),
        ...(final.has(instanceId) ? { final: at.toISOString() } : {}),
      };
      const isTold = told.received !== undefined && (told.final !== undefined || !isWorthAWord(drain));
      if (!isTold) report.fail(work.messageIds, `not all of the drain of ${instanceId} was told`);
      if (!isTold || (reversible.includes(drain) && !asked.has(instanceId))) {
        await table.release({ ...record, told });
        return;
      }
      report.secondsLeft.push(secondsLeft(atEnd, at));
      report.unmade.push(...unmadeAtEnd(drain));
      await table.release({ ...atEnd, told });
    }),
  );
}

/** Moves that had not come to an end before the drain did. */
function unmadeAtEnd({ record, atEnd }: Over): DrainReport['unmade'] {
  const open = new Set(
    record.moves.filter(({ state }) => state === 'planned' || state === 'held').map(({ key }) => key),
  );
  return atEnd.moves.filter(({ key }) => open.has(key)).map(({ step, state }) => ({ step, state }));
}

/** Policies that only notify have said all there is by their first word. */
function isWorthAWord({ atEnd, matching }: Over): boolean {
  const hasSteps = matching.matched.some(({ steps }) => steps.length > 0);
  return hasSteps || atEnd.moves.length > 0 || atEnd.incomplete.length > 0;
}

async function handOver(
  engine: DrainEngine,
  table: DrainTable,
  drains: readonly Drain[],
  report: DrainReporter,
): Promise<void> {
  const released = await Promise.all(drains.map(({ record }) => table.release(record)));
  const ours = drains.filter((_, index) => released[index] !== undefined);
  await send(engine, 'go-on', ours, (record) => secondsToNextRound(record, engine.now()), report);
}
