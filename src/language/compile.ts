import { isNotify, type Policy } from '../domain/policy.ts';
import type { Safety } from '../domain/safety.ts';
import { hasCondition, usesConditions } from './bind.ts';

/**
 * The source of the modules `compiled:policies` and `compiled:drain-policies`, each with policies of its own, with specifiers as of a file in a room of src/. It imports the rules and
 * actions in use and no other, and CEL only where a condition is used.
 */
export function compilePolicies(policies: readonly Policy[], safety: Safety): string {
  const isSafetyConditional = hasCondition(safety.protected);
  const conditions = isSafetyConditional ? 'celConditions' : 'noConditions';
  const rules = [...new Set(policies.map(({ rule }) => rule))].sort();
  const actions = [...new Set(policies.flatMap(actionsIn))].sort();
  const bound = policies.map((policy) => {
    const used = `[${actionsIn(policy).map(camelCase).join(', ')}]`;
    return `bind(${[JSON.stringify(policy), camelCase(policy.rule), used, ...conditionsFor(policy)].join(', ')})`;
  });
  return [
    `import { bind } from '../domain/bind.ts';`,
    ...(isSafetyConditional ? [] : [`import { noConditions } from '../domain/bind.ts';`]),
    ...(isSafetyConditional || policies.some(usesConditions)
      ? [`import { celConditions } from '../domain/conditions.ts';`]
      : []),
    ...actions.map((action) => `import { ${camelCase(action)} } from '../actions/${action}.ts';`),
    ...rules.map((rule) => `import { ${camelCase(rule)} } from '../rules/${rule}.ts';`),
    `export const policies = [${bound.map((one) => `\n  ${one},`).join('')}\n];`,
    `export const safety = { ...${JSON.stringify(safety)}, conditions: ${conditions} };`,
    '',
  ].join('\n');
}

/** Actions and steps, those of observing policies too: what would be done is kept with their findings. */
function actionsIn(policy: Policy): readonly string[] {
  return policy.actions.filter((use) => !isNotify(use)).map(({ id }) => id);
}

function conditionsFor(policy: Policy): readonly string[] {
  return usesConditions(policy) ? ['celConditions'] : [];
}

function camelCase(id: string): string {
  return id.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}
