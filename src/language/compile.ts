import type { Policy } from '../domain/policy.ts';
import { usesConditions } from './bind.ts';

/**
 * The source of the module `compiled:policies`, with specifiers as of a file in a room of src/. It imports the rules in use and
 * no other, and CEL only where a condition is used.
 */
export function compilePolicies(policies: readonly Policy[]): string {
  const rules = [...new Set(policies.map(({ rule }) => rule))].sort();
  const bound = policies.map(
    (policy) => `bind(${[JSON.stringify(policy), camelCase(policy.rule), '[]', ...conditionsFor(policy)].join(', ')})`,
  );
  return [
    `import { bind } from '../domain/bind.ts';`,
    ...(policies.some(usesConditions) ? [`import { celConditions } from '../domain/conditions.ts';`] : []),
    ...rules.map((rule) => `import { ${camelCase(rule)} } from '../rules/${rule}.ts';`),
    `export const policies = [${bound.map((one) => `\n  ${one},`).join('')}\n];`,
    '',
  ].join('\n');
}

function conditionsFor(policy: Policy): readonly string[] {
  return usesConditions(policy) ? ['celConditions'] : [];
}

function camelCase(id: string): string {
  return id.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}
