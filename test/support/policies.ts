import * as z from 'zod';
import type { AnyAction } from '../../src/domain/action.ts';
import { bind } from '../../src/domain/bind.ts';
import { type BoundPolicy, type Enforcement, notify, type Policy } from '../../src/domain/policy.ts';
import type { AnyRule } from '../../src/domain/rule.ts';
import { rules } from '../../src/rules/index.ts';

/** A policy with the rule of this id, its parameters checked and filled in as the loader does. */
export function policyFor(ruleId: string, parameters: unknown, more: Partial<Policy> = {}): BoundPolicy {
  const rule: AnyRule | undefined = rules.find((one) => one.id === ruleId);
  if (rule === undefined) throw new Error(`there is no rule ${ruleId}`);
  return policyWith(rule, parameters, more);
}

/** The same with any rule. */
export function policyWith(rule: AnyRule, parameters: unknown, more: Partial<Policy> = {}): BoundPolicy {
  const policy: Policy = {
    name: rule.id,
    description: `${rule.id} holds.`,
    severity: 'high',
    rule: rule.id,
    parameters: rule.parameters(z).parse(parameters),
    exempt: [],
    mode: 'observe',
    actions: [notify],
    source: { file: `policies/${rule.id}/policy.yml`, hash: '0123456789ab' },
    ...more,
  };
  return bind(policy, rule);
}

/** The same policy, which enforces by this action. */
export function enforcing(policy: BoundPolicy, action: AnyAction, use: Partial<Enforcement> = {}): BoundPolicy {
  const { boundRule, boundActions: _actions, needs: _needs, conditions: _conditions, ...rest } = policy;
  const enforcement = { id: action.id, parameters: {}, afterMs: 0, onDrift: false, ...use };
  return bind({ ...rest, mode: 'enforce', actions: [notify, enforcement] }, boundRule, [action]);
}

/** One policy for each rule of the first release. */
export const fivePolicies: readonly BoundPolicy[] = [
  policyFor('required-tags', { keys: [{ key: 'Owner' }] }),
  policyFor('english-tags', { charset: 'ascii-printable' }, { severity: 'low' }),
  policyFor('restricted-ingress', { ports: [22] }, { name: 'no-open-ssh', severity: 'critical' }),
  policyFor('encrypted-volumes', {}),
  policyFor('approved-instance-types', { families: ['m7i', 'c7i', 'c7g'] }, { severity: 'medium' }),
];
