import type { Plan } from '../domain/action.ts';
import { DAY_MS } from '../domain/time.ts';
import type { Engine } from './deployment.ts';
import { chunked } from './reads.ts';
import { reserve, takenOf } from './store.ts';

/** How often the same thing is done in a day (UTC) before it is contested. */
const CONTESTED_AFTER = 3;

/** As many counters as one read has, of two days. */
const AT_ONCE = 50;

/** What of this was done too often on this day or the one before, and is left alone. Only what took effect counts. */
export async function contestedAmong(
  engine: Engine,
  contestable: readonly string[],
  at: Date,
): Promise<ReadonlySet<string>> {
  const days = [at, new Date(at.getTime() - DAY_MS)];
  const counters = (what: string) => days.map((day) => counterOf(what, day));
  const contested = new Set<string>();
  for (const some of chunked(contestable, AT_ONCE)) {
    const taken = await takenOf(engine, some.flatMap(counters));
    for (const what of some)
      if (counters(what).some((counter) => (taken.get(counter) ?? 0) >= CONTESTED_AFTER)) contested.add(what);
  }
  return contested;
}

/** Why nothing is done about what is contested. */
export function whyContested(contested: readonly string[]): string {
  return `${contested.toSorted().join(', ')}: dealt with ${CONTESTED_AFTER} times in a day, and put back each time`;
}

/** Counts what a plan did. */
export async function countContest(engine: Engine, { contestable = [] }: Plan, at: Date): Promise<void> {
  const expiresAt = new Date(at.getTime() + 2 * DAY_MS);
  const most = Number.MAX_SAFE_INTEGER;
  for (const what of contestable) await reserve(engine, counterOf(what, at), { most, expiresAt });
}

/** Of one day, UTC. */
function counterOf(what: string, at: Date): string {
  return `contest#${at.toISOString().slice(0, 10)}#${what}`;
}
