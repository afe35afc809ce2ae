import type { ActionKind } from './action.ts';
import { enforcements } from './bind.ts';
import { digest } from './digest.ts';
import type { Policy } from './policy.ts';
import type { Safety } from './safety.ts';
import type { Held } from './steps.ts';

/** Why somebody paused enforcement. */
export interface Pause {
  /** ISO 8601. */
  readonly at: string;
  readonly reason: string;
}

/** A limit that was reached. */
export interface Trip {
  /** ISO 8601. */
  readonly at: string;
  /** How many were allowed in the hour. */
  readonly limit: number;
  /** Until when whoever took it on has to tell the operators, ISO 8601. Past it, anybody does. */
  readonly tellingUntil?: string;
  /** The operators were told. */
  readonly isTold?: true;
}

/** Since when a policy is enforced. */
export interface EnforcedPolicy {
  /** What a violation is by it: a digest of rule, parameters and match. */
  readonly definition: string;
  /** When it was first deployed so, ISO 8601. */
  readonly since: string;
  /** When the first sweep that began after that was completed, ISO 8601; left out: none was. */
  readonly sweptAt?: string;
  /** When each of its actions was first deployed in enforce mode, ISO 8601. */
  readonly actions: Readonly<Record<string, string>>;
  /** When somebody let its baseline be acted on, ISO 8601. */
  readonly promotedAt?: string;
  /** What it leaves alone was told. */
  readonly isBaselineTold?: true;
}

/**
 * What the table knows of enforcement, beside the findings: one item of an account and Region, written on the condition that
 * nobody wrote it since it was read. JSON.
 */
export interface Controls {
  readonly version: number;
  /** Nothing is done, by any policy. */
  readonly paused?: Pause;
  /** Nothing is done by these. */
  readonly pausedPolicies: Readonly<Record<string, Pause>>;
  /** Nothing of these kinds is done. */
  readonly tripped: { readonly [K in ActionKind]?: Trip };
  readonly policies: Readonly<Record<string, EnforcedPolicy>>;
  /** When somebody last lifted a limit, ISO 8601: what is done is counted from then on anew. */
  readonly countedFrom?: string;
  /** The latest completed sweep. */
  readonly lastSweep?: { readonly sweepId: string; readonly instances: number };
}

/** What is stopped. */
export type Stops = Pick<Controls, 'paused' | 'pausedPolicies' | 'tripped'>;

/** Before anything was written. */
export const noControls: Controls = { version: 0, pausedPolicies: {}, tripped: {}, policies: {} };

/** Why nothing of this kind is done by this policy now; undefined when it may. @param kind left out: no limit counts it. */
export function whyStopped(controls: Controls, policy: string, kind: ActionKind | undefined): Held | undefined {
  const pause = controls.paused ?? controls.pausedPolicies[policy];
  if (pause !== undefined) return { by: 'paused', why: `paused since ${pause.at}: ${pause.reason}` };
  const trip = kind && controls.tripped[kind];
  return trip && { by: 'limit', why: `the limit of ${trip.limit} an hour was reached at ${trip.at}` };
}

/** Whether anything is paused, or a limit was reached. */
export function isAnythingStopped({ paused, pausedPolicies, tripped }: Stops): boolean {
  return paused !== undefined || Object.keys(pausedPolicies).length > 0 || Object.keys(tripped).length > 0;
}

/**
 * The controls with what is deployed noted in them: policies that enforce, since when, and not any more those that don't.
 * @param policies those that enforce, where enforcement is on at all.
 * @returns the same object where there is nothing new.
 */
export function noted(controls: Controls, policies: readonly Policy[], at: string): Controls {
  const next = Object.fromEntries(
    policies.map((policy) => [policy.name, notedPolicy(controls.policies[policy.name], policy, at)]),
  );
  const names = new Set([...Object.keys(next), ...Object.keys(controls.policies)]);
  const isKnown = [...names].every((name) => next[name] === controls.policies[name]);
  return isKnown ? controls : { ...controls, policies: next };
}

function notedPolicy(before: EnforcedPolicy | undefined, policy: Policy, at: string): EnforcedPolicy {
  const definition = definitionOf(policy);
  const isSame = before?.definition === definition;
  const ids = enforcements(policy.actions).map(({ id }) => id);
  const isComplete = isSame && Object.keys(before.actions).sort().join() === [...ids].sort().join();
  if (isComplete) return before;
  const actions = Object.fromEntries(ids.map((id) => [id, (isSame ? before.actions[id] : undefined) ?? at]));
  const { isBaselineTold: _, ...rest } = before ?? {};
  // A new action has a baseline of its own, which is told.
  if (isSame) return { ...rest, definition, since: before.since, actions };
  // A promotion is of the actions that there were: what is enforced anew has a later time than it.
  const { promotedAt } = before ?? {};
  return { definition, since: at, actions, ...(promotedAt === undefined ? {} : { promotedAt }) };
}

/** What a violation is by a policy. Exemptions and descriptions don't make one. */
function definitionOf({ rule, parameters, match, enforce }: Policy): string {
  return digest([JSON.stringify([rule, parameters, match ?? null, enforce ?? null])]);
}

/** The controls after a sweep was completed: what is enforced since before it began has its baseline now. */
export function swept(controls: Controls, sweepId: string, instances: number | undefined): Controls {
  const policies = Object.fromEntries(
    Object.entries(controls.policies).map(([name, one]) =>
      one.sweptAt === undefined && one.since <= sweepId ? [name, { ...one, sweptAt: sweepId }] : [name, one],
    ),
  );
  const lastSweep = instances === undefined ? {} : { lastSweep: { sweepId, instances } };
  return { ...controls, policies, ...lastSweep };
}

/** The controls after the baseline of a policy was told. @returns the same object where the policy is not enforced. */
export function baselineTold(controls: Controls, policy: string): Controls {
  const before = controls.policies[policy];
  if (before === undefined) return controls;
  const policies: Controls['policies'] = { ...controls.policies, [policy]: { ...before, isBaselineTold: true } };
  return { ...controls, policies };
}

/** So many may always be done in an hour, however small the account: one that is used up by the first would stop enforcement for good. */
const LEAST_BY_PERCENT = 3;

/**
 * How many of a kind may be done in an hour. By the size of the last sweep too, where there was one: three at least. What comes by the
 * clock is meant for all at once: of that, only the count holds.
 */
export function limitOf({ limits }: Safety, { lastSweep }: Controls, kind: ActionKind): number {
  const byCount = limits.perHour[kind];
  if (lastSweep === undefined || kind === 'schedule') return byCount;
  return Math.min(byCount, Math.max(LEAST_BY_PERCENT, Math.floor((limits.percent / 100) * lastSweep.instances)));
}

/** What a limit counts within: the hour of the clock, UTC, or what is left of it since somebody lifted a limit. */
export function countedWithin({ countedFrom = '' }: Controls, at: Date): string {
  const hour = at.toISOString().slice(0, 13);
  return countedFrom.startsWith(hour) ? countedFrom : hour;
}

/** The controls after a limit was reached. @returns the same object where it had tripped already. */
export function tripped(controls: Controls, kind: ActionKind, trip: Trip): Controls {
  if (controls.tripped[kind] !== undefined) return controls;
  return { ...controls, tripped: { ...controls.tripped, [kind]: trip } };
}

/** Limits that were reached, and that nobody has told or is telling. */
export function untoldTrips({ tripped }: Controls, at: string): readonly (readonly [ActionKind, Trip])[] {
  const entries = Object.entries(tripped) as [ActionKind, Trip][];
  return entries.filter(([, { isTold, tellingUntil = '' }]) => isTold === undefined && tellingUntil <= at);
}

/** The controls with something noted of these trips. @returns the same object where they are gone. */
export function withTrips(controls: Controls, kinds: readonly ActionKind[], more: Partial<Trip>): Controls {
  const changed = kinds.flatMap((kind) => {
    const trip = controls.tripped[kind];
    return trip === undefined ? [] : [[kind, { ...trip, ...more }] as const];
  });
  if (changed.length === 0) return controls;
  const all = { ...controls.tripped, ...Object.fromEntries(changed) };
  return { ...controls, tripped: all };
}

/** Pauses one policy, or all. @returns the same object where that is paused already: the first pause stands. */
export function paused(controls: Controls, policy: string | undefined, pause: Pause): Controls {
  if (pauseOf(controls, policy) !== undefined) return controls;
  if (policy === undefined) return { ...controls, paused: pause };
  return { ...controls, pausedPolicies: { ...controls.pausedPolicies, [policy]: pause } };
}

/** The pause of one policy alone, or of all. */
export function pauseOf({ paused, pausedPolicies }: Controls, policy: string | undefined): Pause | undefined {
  return policy === undefined ? paused : pausedPolicies[policy];
}

/**
 * Lifts the pause of one policy; or that of all, each policy's own pause, and every limit that was reached.
 * @returns the same object where there is nothing to lift.
 */
export function resumed(controls: Controls, policy: string | undefined, at: string): Controls {
  if (policy === undefined ? !isAnythingStopped(controls) : pauseOf(controls, policy) === undefined) return controls;
  const { paused: _, pausedPolicies, ...rest } = controls;
  if (policy === undefined) {
    const hadTripped = Object.keys(controls.tripped).length > 0;
    return { ...rest, pausedPolicies: {}, tripped: {}, ...(hadTripped ? { countedFrom: at } : {}) };
  }
  const { [policy]: __, ...others } = pausedPolicies;
  return { ...controls, pausedPolicies: others };
}

/** Lets the baseline of a policy be acted on, with its grace from now on. @returns undefined when it does not enforce. */
export function promoted(controls: Controls, policy: string, at: string): Controls | undefined {
  const before = controls.policies[policy];
  if (before === undefined) return undefined;
  const policies = { ...controls.policies, [policy]: { ...before, promotedAt: at } };
  return { ...controls, policies };
}
