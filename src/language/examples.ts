import { stringify } from 'yaml';
import { type ActionOrStep, isStep } from '../domain/catalogue.ts';
import { type MatchBlock, notify } from '../domain/policy.ts';
import type { AnyRule } from '../domain/rule.ts';
import type { Path } from './source.ts';

/** A policy that says no more than it must. */
export const minimalPolicy = `name: required-tags
description: Every instance names its owner.
severity: medium
rule: required-tags
parameters: { keys: [{ key: Owner }] }
actions: [notify]`;

export const minimalValues = 'corpCidrs: ["203.0.113.0/24"]';

/** An enforcement.yml that says what holds without one, and protects something. */
export const minimalEnforcement = `limits: { perHour: { access: 10, stop: 10, terminate: 5 }, percent: 5 }
protected: { tags: { Tier: [critical] } }`;

export const minimalTest = `cases:
  - name: without an owner
    instance: { Tags: {} }
    expect: { compliance: NON_COMPLIANT }`;

const examples: Readonly<Record<string, string>> = {
  name: 'name: no-open-ssh',
  description: 'description: SSH is reachable from the company network only.',
  severity: 'severity: high',
  rule: 'rule: restricted-ingress',
  match: 'match: { tags: { Environment: [prod, staging] } }',
  exempt: `exempt:
  - match: { instanceIds: [i-0fedcba9876543210] }
    reason: bastion, reviewed by security
    until: 2027-03-31`,
  mode: 'mode: observe',
  enforce: `mode: enforce
enforce: { match: { tags: { Environment: [dev] } } }`,
  actions: 'actions: [notify]',
  limits: 'limits: { perHour: { access: 10, stop: 10, terminate: 5 }, percent: 5 }',
  protected: 'protected: { tags: { Tier: [critical] } }',
};

const matchExamples: Readonly<Record<string, string>> = {
  tags: '{ tags: { Environment: [prod, staging] } }',
  instanceIds: '{ instanceIds: [i-0fedcba9876543210] }',
  instanceTypes: '{ instanceTypes: ["m7i.*"] }',
  categories: '{ categories: [general, memory] }',
  accounts: '{ accounts: ["123456789012"] }',
  regions: '{ regions: [eu-central-1] }',
  vpcIds: '{ vpcIds: [vpc-0123456789abcdef0] }',
  subnetIds: '{ subnetIds: [subnet-0123456789abcdef0] }',
  imageIds: '{ imageIds: [ami-0123456789abcdef0] }',
  purchaseOptions: '{ purchaseOptions: [on-demand, spot] }',
  autoScalingGroups: '{ autoScalingGroups: ["web-*"] }',
  launchedBy: '{ launchedBy: ["arn:aws:iam::123456789012:user/*"] }',
  states: '{ states: [running] }',
  namePrefix: '{ namePrefix: [test-] }',
  not: '{ not: { tags: { Environment: [dev] } } }',
  when: `{ when: 'instance.LaunchTime > timestamp("2026-01-01T00:00:00Z")' }`,
} satisfies { readonly [K in keyof MatchBlock]-?: string };

/** Valid YAML for a path of a policy, in the words of its rule where there is one. */
export function exampleAt(path: Path, rule: AnyRule | undefined): string | undefined {
  const key = String(path[0]);
  if (key === 'parameters') {
    const parameters = exampleWith(rule, path)?.parameters;
    return parameters === undefined ? undefined : `parameters: ${flow(parameters)}`;
  }
  if (key === 'match' || key === 'enforce' || key === 'protected') {
    const inner = path.findLast((segment) => typeof segment === 'string' && Object.hasOwn(matchExamples, segment));
    const example = inner === undefined ? undefined : matchExamples[inner];
    if (example !== undefined) return key === 'enforce' ? `enforce: { match: ${example} }` : `${key}: ${example}`;
  }
  return Object.hasOwn(examples, key) ? examples[key] : undefined;
}

export const notifyExample = 'actions: [{ notify: { after: [0s, 1d, 6d] } }]';

/** `actions` with this action and a grace, or with this step. */
export function exampleOfAction(action: ActionOrStep | undefined): string {
  if (action === undefined) return 'actions: [notify]';
  const parameters: object = action.examples[0]?.parameters ?? {};
  if (isStep(action)) {
    const entry = Object.keys(parameters).length === 0 ? action.id : flow({ [action.id]: parameters });
    return `actions: [notify, ${entry}]`;
  }
  return `actions: [notify, ${flow({ [action.id]: { ...parameters, after: '24h' } })}]`;
}

/** The same, told ahead. */
export function exampleAhead(action: ActionOrStep | undefined): string {
  return exampleOfAction(action).replace(notify.id, flow({ notify: { before: '1h' } }));
}

/** The first example of a rule whose parameters hold the key at fault; else its first. */
function exampleWith(rule: AnyRule | undefined, path: Path): AnyRule['examples'][number] | undefined {
  const keys = path.filter((segment) => typeof segment === 'string').slice(1);
  const holding = keys
    .toReversed()
    .map((key) => rule?.examples.find(({ parameters }) => holdsKey(parameters, key)))
    .find((example) => example !== undefined);
  return holding ?? rule?.examples[0];
}

function holdsKey(value: unknown, key: string): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return (
    (!Array.isArray(value) && Object.hasOwn(value, key)) || Object.values(value).some((child) => holdsKey(child, key))
  );
}

/** A value as one line of YAML. */
export function flow(value: unknown): string {
  return stringify(value, { collectionStyle: 'flow', lineWidth: 0, flowCollectionPadding: true }).trim();
}
