import { type DrainRecord, dueMoves, type PlannedMove, withHeld, withoutBegun, withPlan } from '../domain/drain.ts';
import type { DrainFacts } from '../domain/drain-facts.ts';
import { planOfStep } from '../domain/drain-step.ts';
import { describeError } from '../domain/errors.ts';
import { distinct, type Instance } from '../domain/instance.ts';
import type { Due } from './drain-calls.ts';
import type { DrainEngine } from './drain-engine.ts';
import type { Matching } from './drain-match.ts';
import type { DrainTable } from './drain-table.ts';
import type { Drain } from './drain-work.ts';

/** When a message that failed is delivered again, in milliseconds. */
const DELIVERED_AGAIN_MS = 30_000;

/** The record of a drain with what its policies plan now, and what waits. */
export function planFor(
  engine: DrainEngine,
  table: DrainTable,
  { work, record, matching }: Drain,
  facts: DrainFacts | undefined,
  underNotice: ReadonlySet<string>,
): DrainRecord {
  const { instance } = work;
  const at = engine.now();
  const plan =
    instance === undefined || facts === undefined || matching.matched.length === 0
      ? undefined
      : planOf(engine, record, matching, instance, facts);
  const unread =
    table.failure === undefined ? [] : [`what other runs do, since the table can't be reached: ${table.failure}`];
  const incomplete = distinct([...matching.unknown, ...(plan?.incomplete ?? []), ...unread]);
  const standing = withoutBegun(record, at);
  const next = plan === undefined ? standing : withPlan(standing, plan.moves, plan.incomplete.length === 0, at);
  return withHeld(
    { ...next, left: hasBegun(record) ? record.left : (plan?.left ?? []), incomplete },
    facts?.targetGroups.found ?? [],
    underNotice,
    // What nobody remembers comes again when its message does, and there may be no time then.
    table.failure === undefined ? at : new Date(at.getTime() + DELIVERED_AGAIN_MS),
  );
}

/** Whether something was made: then a plan also speaks of what we did ourselves. */
function hasBegun({ moves }: DrainRecord): boolean {
  return moves.some(({ at }) => at !== undefined);
}

interface Planned {
  readonly moves: readonly PlannedMove[];
  readonly left: readonly string[];
  readonly incomplete: readonly string[];
}

/** What the steps of all matched policies make of it. Where two plan the same, the one that acts is the one. */
function planOf(
  engine: DrainEngine,
  { notice }: DrainRecord,
  { matched }: Matching,
  instance: Instance,
  facts: DrainFacts,
): Planned {
  const moves = new Map<string, PlannedMove>();
  const left: string[] = [];
  const incomplete: string[] = [];
  for (const { policy, steps, onlyWould } of matched) {
    for (const { step, parameters } of steps) {
      try {
        const plan = planOfStep(step, { instance, facts, parameters, notice, now: engine.now() });
        left.push(...plan.left);
        incomplete.push(...plan.incomplete);
        for (const move of plan.moves) {
          const one = {
            ...move,
            step: step.id,
            policy: policy.name,
            ...(onlyWould === undefined ? {} : { onlyWould }),
          };
          if (moves.get(move.key)?.onlyWould !== undefined || !moves.has(move.key)) moves.set(move.key, one);
        }
      } catch (error) {
        incomplete.push(`${step.id} could not be planned: ${describeError(error)}`);
      }
    }
  }
  return { moves: [...moves.values()], left: distinct(left), incomplete: distinct(incomplete) };
}

/**
 * What is to be made now of a drain, with the steps that know their errors. Only of policies that act now: enforcement may have ended since
 * a move was planned. And only what its step may call: what no look has planned anew stands in the table, and may be anybody's.
 * @param begun what this run has noted as begun; left out: nothing yet.
 */
export function dueIn(
  engine: DrainEngine,
  record: DrainRecord,
  { matched }: Matching,
  begun?: ReadonlySet<string>,
): readonly Due[] {
  const acting = matched.filter(({ onlyWould }) => onlyWould === undefined);
  const steps = new Map(
    acting.flatMap(({ policy, steps: own }) => own.map(({ step }) => [`${policy.name} ${step.id}`, step])),
  );
  const due =
    begun === undefined
      ? dueMoves(record, engine.now())
      : record.moves.filter(({ key, state }) => state === 'planned' && begun.has(key));
  return due.flatMap((move) => {
    const step = steps.get(`${move.policy} ${move.step}`);
    const mayCall = (step?.operations as readonly string[] | undefined)?.includes(move.call.operation) === true;
    return step === undefined || !mayCall ? [] : [{ instanceId: record.instanceId, move, step }];
  });
}
