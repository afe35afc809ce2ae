import { bind } from '../../src/domain/bind.ts';
import type { Need } from '../../src/domain/needs.ts';
import { type BoundPolicy, notify } from '../../src/domain/policy.ts';
import { defineRule } from '../../src/domain/rule.ts';
import { compliant } from '../../src/domain/verdict.ts';

/** A policy whose rule needs this. */
export function policyThatNeeds(...needs: readonly Need[]): BoundPolicy {
  const rule = defineRule({
    id: 'test-rule',
    summary: 'Passes.',
    why: 'For tests.',
    fix: 'Nothing to mend.',
    parameters: (z) => z.strictObject({}),
    needs,
    evaluate: () => compliant(),
    examples: [],
  });
  return bind(
    {
      name: 'test-policy',
      description: 'For tests.',
      severity: 'low',
      rule: rule.id,
      parameters: {},
      exempt: [],
      mode: 'observe',
      actions: [notify],
      source: { file: 'policies/test-policy/policy.yml', hash: '0123456789ab' },
    },
    rule,
  );
}
