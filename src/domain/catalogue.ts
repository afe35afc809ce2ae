import type { AnyAction } from './action.ts';
import { type AnyDrainStep, DRAIN_RULE } from './drain-step.ts';
import type { AnyRule } from './rule.ts';

/** What `actions` of a policy may name beside `notify`. */
export type ActionOrStep = AnyAction | AnyDrainStep;

/** What policies may name: every rule, and every action and step of a drain there is. */
export interface Catalogue {
  readonly rules: readonly AnyRule[];
  readonly actions: readonly ActionOrStep[];
}

/** Whether it is a step of a drain. */
export function isStep(one: ActionOrStep): one is AnyDrainStep {
  return one.kind === 'drain';
}

/** Whether a policy of this rule may use it: steps are for the rule that drains alone, and that takes nothing else. */
export function isForRule(one: ActionOrStep, rule: string): boolean {
  return isStep(one) || rule === DRAIN_RULE
    ? isStep(one) && rule === DRAIN_RULE
    : one.rules === undefined || one.rules.includes(rule);
}
