import * as z from 'zod';
import { bind } from '../../src/domain/bind.ts';
import type { BoundPolicy, Policy } from '../../src/domain/policy.ts';
import type { AnyRule } from '../../src/domain/rule.ts';
import { rules } from '../../src/rules/index.ts';

/** A policy with this rule, its parameters checked and filled in as the loader does. */
export function policyFor(ruleId: string, parameters: unknown, more: Partial<Policy> = {}): BoundPolicy {
  const rule: AnyRule | undefined = rules.find((one) => one.id === ruleId);
  if (rule === undefined) throw new Error(`there is no rule ${ruleId}`);
  const policy: Policy = {
    name: ruleId,
    description: `${ruleId} holds.`,
    severity: 'high',
    rule: ruleId,
    parameters: rule.parameters(z).parse(parameters),
    exempt: [],
    mode: 'observe',
    actions: ['notify'],
    source: { file: `policies/${ruleId}/policy.yml`, hash: '0123456789ab' },
    ...more,
  };
  return bind(policy, rule);
}

/** One policy for each rule of the first release. */
export const fivePolicies: readonly BoundPolicy[] = [
  policyFor('required-tags', { keys: [{ key: 'Owner' }] }),
  policyFor('english-tags', { charset: 'ascii-printable' }, { severity: 'low' }),
  policyFor('restricted-ingress', { ports: [22] }, { name: 'no-open-ssh', severity: 'critical' }),
  policyFor('encrypted-volumes', {}),
  policyFor('approved-instance-types', { families: ['m7i', 'c7i', 'c7g'] }, { severity: 'medium' }),
];
