import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { actions } from '../../src/actions/index.ts';
import type { Simulation } from '../../src/cli/simulation.ts';
import { bindAll } from '../../src/language/bind.ts';
import { loadPolicies } from '../../src/language/load.ts';
import { rules } from '../../src/rules/index.ts';
import { defaultDeployment } from '../../src/sandbox/account.ts';
import { bad, good, scope, start, world } from './world.ts';

/** The deployment's table, as CloudFormation names it. */
export const tableName = 'ec2-guardrail-prod-FindingsTable-1A2B3C4D5E6F7';

/** The instances that were launched into it. */
export const ids = {
  /** Breaks all policies. */
  bad: 'i-0badbadbadbadbad0',
  /** Did so, and has an owner since an hour later. */
  fixed: 'i-0f1f1f1f1f1f1f1f1',
  good: 'i-0900d900d900d9000',
  /** Breaks all, and is exempt from `no-open-ssh`. */
  exempt: 'i-0eeeeeeeeeeeeeee0',
} as const;

const policies = {
  'no-open-ssh': `name: no-open-ssh
description: SSH is reachable from the company network only.
severity: critical
rule: restricted-ingress
parameters: { ports: [22] }
exempt:
  # Renewed each year.
  - match: { instanceIds: [${ids.exempt}] }
    reason: bastion, reviewed in SEC-41
    until: 2026-12-31
actions: [notify]
`,
  owned: `name: owned
description: Every instance names its owner.
severity: high
rule: required-tags
parameters: { keys: [{ key: Owner }] }
actions: [notify]
`,
  disks: `name: disks
description: Every disk is encrypted.
severity: low
rule: encrypted-volumes
actions: [notify]
`,
};

/** Nobody but the disks' policy reads volumes. */
const noVolumes = { operation: 'ec2:DescribeVolumes', error: 'UnauthorizedOperation', times: 'always' } as const;

const QUIET_MS = 900_000;
const HOUR_MS = 3_600_000;

/** Where a policy of `writePolicies` is. */
export function policyFile(folder: string, name: keyof typeof policies): string {
  return join(folder, 'policies', name, 'policy.yml');
}

/** Writes three policies below a folder. */
export function writePolicies(folder: string): void {
  for (const [name, text] of Object.entries(policies)) {
    mkdirSync(join(folder, 'policies', name), { recursive: true });
    writeFileSync(join(folder, 'policies', name, 'policy.yml'), text);
  }
}

/** A deployment of these policies, which has found 4 violations, one that is exempt, 4 unknown, and the end of one. */
export async function filledTable(folder: string): Promise<Simulation> {
  const loaded = loadPolicies(['policies'], { rules, actions, cwd: folder, now: start });
  const deployed = { ...defaultDeployment(scope), tableName, otherTableNames: ['a-table', 'z-table'] };
  const simulation = world({
    policies: bindAll(loaded.policies, { rules, actions }),
    deployed,
    pageSize: 2,
    faults: [noVolumes],
  });
  const { account, now } = simulation.sandbox;
  const launch = (InstanceId: string, like: typeof bad | typeof good, Name: string) => {
    const Tags = [...like.instance.Tags, { Key: 'Name', Value: Name }];
    return account.launch({ ...like, instance: { ...like.instance, InstanceId, Tags } }).events;
  };
  const send = async (events: readonly unknown[]) => {
    for (const event of events) simulation.send(event);
    await simulation.runUntilQuiet(QUIET_MS);
  };
  await send([
    ...launch(ids.bad, bad, 'web-1'),
    ...launch(ids.fixed, bad, 'web-2'),
    ...launch(ids.good, good, 'db-1'),
    ...launch(ids.exempt, bad, 'bastion'),
  ]);
  await simulation.runUntil(new Date(now().getTime() + HOUR_MS));
  await send(account.setTags(ids.fixed, { Owner: 'jane' }));
  return simulation;
}
