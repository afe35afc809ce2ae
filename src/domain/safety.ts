import type { ActionKind } from './action.ts';
import type { Conditions, Match } from './policy.ts';

/** What holds of all policies of a deployment: how much may be done, and to what nothing may. */
export interface Safety {
  readonly limits: {
    /** How many instances an hour; 0: none. */
    readonly perHour: Readonly<Record<ActionKind, number>>;
    /** How many of a hundred instances of the last sweep an hour, three at least; of what comes by the clock, all. */
    readonly percent: number;
  };
  /** What no policy may act on. Left out: nothing is protected. */
  readonly protected?: Match;
}

/** What holds without an enforcement.yml. */
export const defaultSafety: Safety = {
  limits: { perHour: { access: 10, stop: 10, terminate: 5, schedule: 200 }, percent: 5 },
};

/** The same with CEL, where `protected` uses conditions. */
export interface BoundSafety extends Safety {
  readonly conditions: Conditions;
}
