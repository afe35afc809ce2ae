import type * as ec2 from '@aws-sdk/client-ec2';
import type { SendMessageCommandInput } from '@aws-sdk/client-sqs';
import { type Simulation, type SimulationOptions, simulate } from '../../src/cli/simulation.ts';
import type { BoundPolicy } from '../../src/domain/policy.ts';
import type { LookMessage } from '../../src/engine/messages.ts';
import type { Deployed } from '../../src/sandbox/account.ts';
import type { Fault } from '../../src/sandbox/faults.ts';
import type { Resources } from '../../src/sandbox/recorded.ts';
import { type Call, createSandbox } from '../../src/sandbox/sandbox.ts';
import { fivePolicies } from './policies.ts';

export const scope = { accountId: '123456789012', region: 'us-east-1' } as const;
export const start = new Date('2026-03-02T09:00:00Z');

export const openSsh: ec2.SecurityGroup = {
  GroupId: 'sg-0aaaaaaaaaaaaaaa1',
  GroupName: 'open',
  VpcId: 'vpc-0123456789abcdef0',
  OwnerId: scope.accountId,
  IpPermissions: [{ IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: '0.0.0.0/0' }] }],
};

export const closed: ec2.SecurityGroup = {
  GroupId: 'sg-0bbbbbbbbbbbbbbb2',
  GroupName: 'closed',
  VpcId: 'vpc-0123456789abcdef0',
  OwnerId: scope.accountId,
  IpPermissions: [{ IpProtocol: 'tcp', FromPort: 443, ToPort: 443, IpRanges: [{ CidrIp: '0.0.0.0/0' }] }],
};

/** What breaks all of `fivePolicies`. */
export const bad = {
  instance: {
    InstanceType: 'c3.large',
    SecurityGroups: [{ GroupId: openSsh.GroupId, GroupName: 'open' }],
    Tags: [{ Key: '이름', Value: 'web' }],
  },
  volumes: [{ Encrypted: false }],
} satisfies Parameters<Simulation['sandbox']['account']['launch']>[0];

/** What complies with all of `fivePolicies`. */
export const good = {
  instance: {
    InstanceType: 'm7i.large',
    SecurityGroups: [{ GroupId: closed.GroupId, GroupName: 'closed' }],
    Tags: [{ Key: 'Owner', Value: 'jane@example.com' }],
  },
  volumes: [{ Encrypted: true }],
} satisfies Parameters<Simulation['sandbox']['account']['launch']>[0];

/** Has no owner, and complies otherwise. */
export const untagged = { ...good, instance: { ...good.instance, Tags: [] } };

/** Can be reached by SSH from everywhere, and complies otherwise. */
export const exposed = {
  ...good,
  instance: { ...good.instance, SecurityGroups: [{ GroupId: openSsh.GroupId, GroupName: 'open' }] },
};

/** When that was launched which has settled at the start. */
export const settled = new Date(start.getTime() - 120_000);

/** A deployment into an account in memory with an open and a closed security group. */
export function world(
  options: {
    readonly policies?: readonly BoundPolicy[];
    readonly faults?: readonly Fault[];
    readonly pageSize?: number | 'aws';
    readonly resources?: Resources;
    readonly latencyMs?: number;
    readonly deployed?: Deployed;
    readonly enforcement?: SimulationOptions;
  } = {},
): Simulation {
  const { policies = fivePolicies, resources = {}, enforcement, ...rest } = options;
  const securityGroups = [openSsh, closed, ...(resources.securityGroups ?? [])];
  const sandbox = createSandbox({ scope, start, resources: { ...resources, securityGroups }, ...rest });
  return simulate(sandbox, policies, enforcement);
}

/** Reads and writes, by operation, since the call with this index. */
export function callsSince(calls: readonly Call[], from = 0): readonly string[] {
  return calls.slice(from).map((call) => call.operation);
}

/** Subject lines of what went to the alerts topic, in order. */
export function alertSubjects({ sandbox }: Simulation): readonly string[] {
  return sandbox.account.published.filter((one) => one.topicArn.endsWith('alerts')).map((one) => one.subject ?? '');
}

/** The messages by which the guardrail asked itself to look again. */
export function relooksOf({ sandbox }: Simulation): readonly object[] {
  return sandbox.calls.flatMap((call) => {
    if (call.operation !== 'sqs:SendMessage') return [];
    const { MessageBody = '', DelaySeconds: delay } = call.input as SendMessageCommandInput;
    const { kind, attempt, instances } = JSON.parse(MessageBody) as LookMessage;
    return kind === 'look' ? [{ delay, attempt, instanceIds: instances.map((one) => one.instanceId) }] : [];
  });
}

interface ToldContent {
  readonly entries?: readonly { readonly change: string; readonly finding: { readonly policy: string } }[];
  readonly alerts?: readonly ToldContent[];
}

/** What each message to a topic told, from its JSON form: `change policy` for each entry. */
export function told(
  { sandbox }: Simulation,
  topic: 'alerts' | 'operations' = 'alerts',
): readonly (readonly string[])[] {
  return sandbox.account.published
    .filter((one) => one.topicArn.endsWith(topic))
    .map((one) => {
      const { sqs } = JSON.parse(one.message) as { readonly sqs: string };
      return entriesOf(JSON.parse(sqs) as ToldContent);
    });
}

function entriesOf({ entries = [], alerts = [] }: ToldContent): readonly string[] {
  return [...entries.map(({ change, finding }) => `${change} ${finding.policy}`), ...alerts.flatMap(entriesOf)];
}
