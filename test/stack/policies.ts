import { bind } from '../../src/domain/bind.ts';
import type { DrainNeed } from '../../src/domain/drain-facts.ts';
import { type AnyDrainStep, defineDrainStep, type StepOperation } from '../../src/domain/drain-step.ts';
import type { Json } from '../../src/domain/json.ts';
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

/** A policy that drains by these steps. */
export function drainPolicy(...steps: readonly AnyDrainStep[]): BoundPolicy {
  return drainPolicyWith({}, ...steps);
}

/** The same with what the policy tells the steps. */
export function drainPolicyWith(parameters: Json, ...steps: readonly AnyDrainStep[]): BoundPolicy {
  const boundSteps = steps.map((step) => ({ id: step.id, step, parameters, onRebalance: false }));
  return { ...policyThatNeeds(), name: 'drain', rule: 'spot-interruption', mode: 'enforce', boundSteps };
}

/** A step that calls this, and is put back by that. */
export function stepOf(
  operations: readonly StepOperation[],
  {
    needs = [],
    undoOperations = [],
  }: Partial<Pick<AnyDrainStep, 'undoOperations'> & { needs: readonly DrainNeed[] }> = {},
): AnyDrainStep {
  return defineDrainStep({
    id: 'test-step',
    kind: 'drain',
    summary: 'Does nothing.',
    rules: ['spot-interruption'],
    parameters: (z) => z.strictObject({}),
    needs,
    operations,
    undoOperations,
    doneBy: [],
    skippedBy: [],
    plan: () => ({ moves: [], left: [] }),
    examples: [],
  });
}
