import { bind, noConditions } from '../domain/bind.ts';
import type { Catalogue } from '../domain/catalogue.ts';
import { celConditions } from '../domain/conditions.ts';
import type { BoundPolicy, Match, MatchBlock, Policy } from '../domain/policy.ts';
import type { BoundSafety, Safety } from '../domain/safety.ts';

/**
 * Joins policies with their rules and actions, as the compiled module does.
 * @throws Error when a policy's rule or one of its actions is not in the catalogue.
 */
export function bindAll(policies: readonly Policy[], { rules, actions }: Catalogue): readonly BoundPolicy[] {
  return policies.map((policy) => {
    const rule = rules.find(({ id }) => id === policy.rule);
    if (rule === undefined) throw new Error(`policy ${policy.name}: there is no rule ${policy.rule}`);
    return usesConditions(policy) ? bind(policy, rule, actions, celConditions) : bind(policy, rule, actions);
  });
}

/** The same with CEL where it is used, as the compiled module has it. */
export function bindSafety(safety: Safety): BoundSafety {
  return { ...safety, conditions: hasCondition(safety.protected) ? celConditions : noConditions };
}

/** Whether CEL must be there to judge by a policy. */
export function usesConditions({ match, exempt, enforce }: Policy): boolean {
  return [match, ...exempt.map((exemption) => exemption.match), enforce?.match].some(hasCondition);
}

/** Whether a match uses `when`. */
export function hasCondition(match: Match | undefined): boolean {
  if (match === undefined) return false;
  const blocks: readonly MatchBlock[] = 'length' in match ? match : [match];
  return blocks.some((block) => block.when !== undefined || hasCondition(block.not));
}
