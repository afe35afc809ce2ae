import { needsOfRule } from './judge.ts';
import { needsOfMatch } from './match.ts';
import type { Need } from './needs.ts';
import type { BoundPolicy, Conditions, Policy } from './policy.ts';
import type { AnyRule } from './rule.ts';

/** For policies without `when`. */
export const noConditions: Conditions = (expression) => {
  throw new Error(`no CEL was bundled, and a policy has the condition ${expression}`);
};

/** Joins a policy with its rule, and with CEL where it uses conditions. */
export function bind(policy: Policy, rule: AnyRule, conditions: Conditions = noConditions): BoundPolicy {
  const bound = { ...policy, boundRule: rule, conditions };
  return { ...bound, needs: new Set(needsByKey(bound).flatMap(({ needs }) => needs)) };
}

/** What a policy needs, by the key that needs it. */
export function needsByKey({ boundRule, conditions, parameters, match, exempt }: Omit<BoundPolicy, 'needs'>) {
  return [
    { by: 'rule', needs: needsOfRule(boundRule, parameters) },
    { by: 'match', needs: needsOfMatch(match, conditions) },
    { by: 'exempt', needs: exempt.flatMap((exemption) => needsOfMatch(exemption.match, conditions)) },
  ] as const satisfies readonly { readonly by: keyof Policy; readonly needs: readonly Need[] }[];
}
