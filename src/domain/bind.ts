import { needsOfRule } from './judge.ts';
import { needsOfMatch } from './match.ts';
import type { BoundPolicy, Conditions, Policy } from './policy.ts';
import type { AnyRule } from './rule.ts';

/** For policies without `when`. */
export const noConditions: Conditions = (expression) => {
  throw new Error(`no CEL was bundled, and a policy has the condition ${expression}`);
};

/** Joins a policy with its rule, and with CEL where it uses conditions. */
export function bind(policy: Policy, rule: AnyRule, conditions: Conditions = noConditions): BoundPolicy {
  const needs = new Set([
    ...needsOfRule(rule, policy.parameters),
    ...needsOfMatch(policy.match, conditions),
    ...policy.exempt.flatMap((exemption) => needsOfMatch(exemption.match, conditions)),
  ]);
  return { ...policy, boundRule: rule, needs, conditions };
}
