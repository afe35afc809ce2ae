import type { Plan, Planned, PlannedCall } from './action.ts';
import type { Life } from './finding.ts';
import type { Enforcement } from './policy.ts';
import { graceFrom } from './reopening.ts';
import { DAY_MS, LEASE_MS } from './time.ts';

/** What keeps an action from coming. */
export type HeldBy =
  /** The policy observes. */
  | 'mode'
  /** Enforcement is off in the whole deployment. */
  | 'deployment'
  /** The instance is outside the policy's `enforce.match`, or that can't be said. */
  | 'scope'
  /** `protected` of enforcement.yml covers the instance, or that can't be said. */
  | 'protected'
  /** The violation stood before the action was enforced. */
  | 'baseline'
  /** It came by a change after the launch, and the action would interrupt the instance. */
  | 'drift'
  /** Somebody paused enforcement, of the policy or of all. */
  | 'paused'
  /** A limit was reached, and nobody has resumed since. */
  | 'limit'
  /** The action has no plan for it. */
  | 'refused'
  /** It was done. */
  | 'done'
  /** Somebody puts back what is done. */
  | 'contested'
  /** A person put it back with `undo`: it is not done again, or not for twelve hours where it came by the clock. */
  | 'undone';

/** Why an action does not come, for programs and for people. */
export interface Held {
  readonly by: HeldBy;
  readonly why: string;
  /** Another look may say that it does not: the launch has not settled, or a read was throttled. */
  readonly maySettle?: true;
}

/** It comes so long after the promotion, in milliseconds; or something else holds it back then. */
export type Promoted = { readonly afterMs: number } | Held;

/** How far one action of a policy has come with a violation. JSON. */
export interface Step {
  readonly action: string;
  /** What it would do as things stood at the last look, or why it would do nothing. */
  readonly planned: Planned;
  /** When it comes, ISO 8601; left out where it does not come as things stand. */
  readonly dueAt?: string;
  readonly held?: Held;
  /** Of what is left alone as baseline: what a promotion of its policy would make of it. */
  readonly ifPromoted?: Promoted;
  /** Of what a pause or a limit alone holds back: when it comes without that, ISO 8601. */
  readonly ifResumed?: string;
  /** Its calls are being made, or were when whoever made them died. */
  readonly begun?: Begun;
}

/** Written before the first call: whoever comes after a crash knows what may have been done, and how to undo it. */
export interface Begun {
  /** ISO 8601. */
  readonly at: string;
  readonly plan: Plan;
}

/** What became of an action. JSON. */
export interface Act {
  readonly action: string;
  /** ISO 8601. */
  readonly at: string;
  /** As in the plan. */
  readonly does: string;
  /**
   * `failed`: a call was refused or broke off, and calls before it stand. `contested`: nothing was done, since all of it is
   * put back each time. `interrupted`: whoever did it died, and what became of the calls was not written down. `overtaken`: EC2 found the
   * resource changed already, by somebody else or by this very call, whose first answer was lost.
   */
  readonly outcome: 'done' | 'failed' | 'contested' | 'interrupted' | 'overtaken';
  /**
   * In order; `done`, `done before` (by an attempt that failed later), or AWS's error. The calls behind one that failed and may not
   * were not made.
   */
  readonly calls: readonly { readonly operation: string; readonly outcome: string }[];
  /** Done, it ends the violation: it is an action of the violated rule. */
  readonly mends?: true;
  /** More on the outcome: of what was done, that a call failed which may. */
  readonly detail?: string;
  /** Puts back what was done; empty where nothing can. */
  readonly undo: readonly PlannedCall[];
  /** When somebody put it back, ISO 8601. */
  readonly undoneAt?: string;
}

/** One of a policy's actions for one violation, as it could be done now. */
export interface Possible {
  readonly use: Enforcement;
  readonly interrupts: boolean;
  readonly planned: Planned;
  /** Nothing of its kind is done for now. */
  readonly stopped?: Held;
  /** When the policy was first deployed with it in enforce mode, ISO 8601; left out while it is not. */
  readonly since?: string;
}

/** What may be done about a violation, and what keeps all of it from coming. */
export interface Enforceability {
  readonly held?: Held;
  /** When somebody let the baseline of the policy be acted on, ISO 8601. */
  readonly promotedAt?: string;
  /** In the policy's order. */
  readonly actions: readonly Possible[];
}

/** What keeps a policy out altogether: what comes free of it stood before, and is of the baseline. */
const keptOutBy: ReadonlySet<HeldBy> = new Set(['mode', 'deployment', 'scope', 'protected']);

/** Whether the policy could not act at the last look, and can now. What could not be said for a moment kept nothing out. */
export function isLetIn(before: readonly Step[], { held }: Enforceability): boolean {
  return held === undefined && before.some(isKeptOut);
}

function isKeptOut({ held }: Step): boolean {
  return held !== undefined && keptOutBy.has(held.by) && held.maySettle === undefined;
}

/** How many acts a finding remembers. */
export const REMEMBERED_ACTS = 10;

/** What the acts of a finding and its steps hang on. */
type Standing = Life & {
  /** Actions that a person put back on this instance, whatever policy they were of. */
  readonly undone?: ReadonlySet<string>;
};

/** How far each action has come with an open finding. Pure. @param before the steps as they were stored last. */
export function stepsFor(
  finding: Standing,
  before: readonly Step[],
  enforceability: Enforceability,
  at: Date,
): readonly Step[] {
  return enforceability.actions.map((possible, index, all) => {
    const { use } = possible;
    const last = before.find(({ action }) => action === use.id);
    const begun = last?.begun;
    const planned = withoutConcerns(possible.planned);
    const step = { action: use.id, planned, ...(begun !== undefined && isBeingDone(begun, at) ? { begun } : {}) };
    const held = enforceability.held ?? heldBack(finding, possible, enforceability, at);
    const due = () => dueAt(finding, possible, enforceability, all.slice(0, index), at);
    if (held === undefined) return { ...step, dueAt: due() };
    if (held === possible.stopped) return { ...step, held, ifResumed: due() };
    if (held.by !== 'baseline') return { ...step, held: last !== undefined && isKeptOut(last) ? firm(held) : held };
    return { ...step, held, ifPromoted: promotedStep(finding, possible, enforceability, at) };
  });
}

/** What was kept out stays so while that can't be said for a moment. */
function firm({ by, why }: Held): Held {
  return { by, why };
}

/** Whom else it concerns is found anew right before it is done: in the item of each of them it would be a long list. */
function withoutConcerns(planned: Planned): Planned {
  return 'refused' in planned ? planned : { plan: { ...planned.plan, concerns: [] } };
}

/** A pause or a limit of today is no answer: it may be over long before. */
function promotedStep(finding: Standing, possible: Possible, enforceability: Enforceability, at: Date): Promoted {
  const { stopped: _, ...unstopped } = possible;
  const held = heldBack(finding, unstopped, { ...enforceability, promotedAt: at.toISOString() }, at);
  return held ?? { afterMs: possible.use.afterMs };
}

/** Whether its time has come and nobody is at it. */
export function isDue({ dueAt: due, begun }: Step, at: Date): boolean {
  return due !== undefined && due <= at.toISOString() && !isBeingDone(begun, at);
}

/** Whether whoever began may still be making the calls. */
export function isBeingDone(begun: Begun | undefined, at: Date): boolean {
  return begun !== undefined && at.getTime() - Date.parse(begun.at) < LEASE_MS;
}

function heldBack(finding: Standing, possible: Possible, enforceability: Enforceability, at: Date): Held | undefined {
  const { use, interrupts, planned, stopped } = possible;
  if (stoodBefore(finding, possible, enforceability))
    return { by: 'baseline', why: 'it stood before this was enforced, and is left alone until the policy is promoted' };
  if (interrupts && (finding.origin ?? 'drift') === 'drift' && !use.onDrift)
    return { by: 'drift', why: 'it came by a change after the launch, and the policy does not say onDrift' };
  const last = lastOf(finding, use.id, at);
  if (last !== undefined && isPutBack(last, finding.origin, at))
    return { by: 'undone', why: whyPutBack(last, finding.origin) };
  if (finding.undone?.has(use.id))
    return { by: 'undone', why: 'a person put it back on this instance, and it is done by no other policy' };
  if (last?.outcome === 'done' && use.againMs === undefined && !leavesContested(planned))
    return { by: 'done', why: `done at ${last.at}` };
  if (!('refused' in planned)) return stopped;
  if (planned.contested === undefined) return { by: 'refused', why: planned.refused };
  return isToldContested(finding, use.id, planned.refused, at) ? { by: 'contested', why: planned.refused } : stopped;
}

/** What is contested keeps the violation from ending: what else comes meanwhile is dealt with all the same. */
function leavesContested(planned: Planned): boolean {
  return ('refused' in planned ? planned : planned.plan).contested !== undefined;
}

/** Whether it was told within the day before. Until then it is due, though nothing will be done. */
export function isToldContested(
  { acts = [] }: Pick<Standing, 'acts'>,
  action: string,
  why: string,
  now: Date,
): boolean {
  return acts.some(
    (act) =>
      act.action === action &&
      act.outcome === 'contested' &&
      act.detail === why &&
      now.getTime() - Date.parse(act.at) < DAY_MS,
  );
}

/**
 * What stood when the action was first deployed in enforce mode, or when the policy was changed, is left alone: whoever
 * turns enforcement on must not be surprised by what it finds. Until a sweep has looked at everything, nobody knows what
 * stood; only a violation that came with a launch is certainly new. What was mended and opens again did not stand.
 */
function stoodBefore(
  finding: Standing,
  { since }: Possible,
  { promotedAt }: Pick<Enforceability, 'promotedAt'>,
): boolean {
  if (isPromoted(finding, since, promotedAt)) return false;
  return finding.isBaseline === true || since === undefined || finding.openedAt < since;
}

/**
 * A promotion is of what stood then, and of the actions that there were: not of one that came later, nor of a changed policy, nor of
 * what was protected or out of scope then.
 */
function isPromoted(
  { openedAt, letInAt = '' }: Standing,
  since: string | undefined,
  promotedAt: string | undefined,
): boolean {
  if (promotedAt === undefined || since === undefined) return false;
  return [openedAt, since, letInAt].every((time) => time <= promotedAt);
}

/**
 * Grace counts from the latest of: first opening, first deployment in enforce mode, promotion of the baseline. The distance from
 * an action before it is kept where that one came late: whoever is stopped has the days between to say why it must not end.
 */
function dueAt(
  finding: Standing,
  { use, since }: Possible,
  { promotedAt }: Enforceability,
  earlier: readonly Possible[],
  at: Date,
): string {
  const promotion = isPromoted(finding, since, promotedAt) ? (promotedAt ?? '') : '';
  const [start = finding.openedAt] = [graceFrom(finding), since ?? '', promotion].sort().reverse();
  const last = lastOf(finding, use.id, at);
  const repeated = last?.outcome === 'done' && use.againMs !== undefined ? [after(last.at, use.againMs)] : [];
  const distances = earlier.flatMap((one) => {
    const done = lastOf(finding, one.use.id, at);
    const distance = use.afterMs - one.use.afterMs;
    return done?.outcome === 'done' && distance > 0 ? [after(done.at, distance)] : [];
  });
  const [due = start] = [after(start, use.afterMs), ...repeated, ...distances].sort().reverse();
  return due;
}

/** How long what came by the clock stays as a person put it back, in milliseconds: twelve hours, a night. */
const PUT_BACK_MS = 43_200_000;

/** Whether a person put it back, and wants it so still: what comes by the clock comes again the next evening. */
export function isPutBack({ undoneAt }: Act, origin: Life['origin'], at: Date): boolean {
  if (undoneAt === undefined) return false;
  return origin !== 'schedule' || at.getTime() - Date.parse(undoneAt) < PUT_BACK_MS;
}

function whyPutBack({ undoneAt }: Act, origin: Life['origin']): string {
  const until = origin === 'schedule' ? 'not done again for twelve hours' : 'not done again';
  return `put back at ${undoneAt}, and ${until}`;
}

/** The latest act of an action since the finding opened. What a person put back stays so however the finding opens again. */
function lastOf({ acts = [], openedAt, origin }: Standing, action: string, now: Date): Act | undefined {
  const own = acts.filter((act) => act.action === action);
  const latest = own.at(-1);
  if (latest !== undefined && isPutBack(latest, origin, now)) return latest;
  return own.findLast(({ at, outcome }) => at >= openedAt && outcome !== 'contested');
}

function after(iso: string, milliseconds: number): string {
  return new Date(Date.parse(iso) + milliseconds).toISOString();
}

/**
 * Acts that began and whose outcome nobody wrote down.
 * @param at left out: also those that may still be under way. Their outcome takes the place of this one.
 */
export function interrupted(steps: readonly Step[] = [], at?: Date): readonly Act[] {
  return steps.flatMap(({ action, begun }): readonly Act[] => {
    if (begun === undefined || (at !== undefined && isBeingDone(begun, at))) return [];
    const { plan } = begun;
    return [{ action, at: begun.at, does: plan.does, outcome: 'interrupted', calls: [], undo: plan.undo }];
  });
}

/**
 * The acts of a finding with one more. What was taken for interrupted, and an older failure of the same kind that changed
 * nothing, give way to it. Of too many those go first that nobody needs to put anything back by, and last those that a person put
 * back: they keep it from being done again.
 */
export function withAct(acts: readonly Act[], act: Act): readonly Act[] {
  const isReplaced = (one: Act) =>
    one.action === act.action && (one.at === act.at || (isSame(one, act) && hasNoEffect(one)));
  const all = [...acts.filter((one) => !isReplaced(one)), act];
  return latestActs(all, REMEMBERED_ACTS);
}

/** So many of the acts, in order. The latest stays; what says that something must not be done again is dropped last. */
export function latestActs(acts: readonly Act[], most: number): readonly Act[] {
  const latest = acts.at(-1);
  const rankOf = (act: Act) => {
    if (act === latest) return 3;
    if (act.undoneAt !== undefined) return 2;
    return hasNoEffect(act) ? 0 : 1;
  };
  const byRank = acts.toSorted((one, other) => rankOf(one) - rankOf(other));
  const dropped = new Set(byRank.slice(0, Math.max(0, acts.length - most)));
  return acts.filter((act) => !dropped.has(act));
}

function hasNoEffect({ outcome, calls }: Act): boolean {
  return outcome === 'contested' || (outcome === 'failed' && !calls.some((call) => call.outcome === 'done'));
}

/** Whether one says nothing that the other did not: it needs not be told again. AWS's message may differ each time. */
export function isSame(one: Act, other: Act): boolean {
  return one.action === other.action && one.outcome === other.outcome && codeOf(one) === codeOf(other);
}

/** `ec2:StopInstances: UnauthorizedOperation`, of a failure. */
function codeOf({ outcome, detail = '' }: Act): string {
  return outcome === 'failed' ? detail.split(': ').slice(0, 2).join(': ') : detail;
}
