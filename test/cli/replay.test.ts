import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ReplayDocument } from '../../src/cli/report/document.ts';
import { apiCall, iamUser, runInstancesCall, stateChange, tagsCall } from '../../src/sandbox/events.ts';
import { runCli } from './run-cli.ts';

const scope = { accountId: '123456789012', region: 'us-east-1' };
const at = new Date('2026-03-02T09:00:00Z');
const by = iamUser(scope.accountId, 'jane');
const ids = ['id-1', 'id-2', 'id-3'] as const;

/** The instance of an `aws ec2 run-instances` with a group open to the world, a Korean tag and a plain root volume. */
const instance = {
  InstanceId: 'i-0123456789abcdef0',
  ImageId: 'ami-1a2b3c4d',
  InstanceType: 'c3.large' as const,
  KeyName: 'MyKeyPair',
  LaunchTime: at,
  State: { Name: 'running' as const },
  Placement: { AvailabilityZone: 'us-east-1a' },
  Architecture: 'x86_64' as const,
  RootDeviceName: '/dev/xvda',
  SecurityGroups: [{ GroupId: 'sg-0123456789abcdef0', GroupName: 'MySecurityGroup' }],
  BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { VolumeId: 'vol-0123456789abcdef0' } }],
  Tags: [{ Key: '이름', Value: '서버' }],
};

const snapshot = {
  'describe-instances': { Reservations: [{ ReservationId: 'r-1', OwnerId: scope.accountId, Instances: [instance] }] },
  'describe-volumes': { Volumes: [{ VolumeId: 'vol-0123456789abcdef0', Encrypted: false, Size: 8 }] },
  'describe-security-groups': {
    SecurityGroups: [
      {
        GroupId: 'sg-0123456789abcdef0',
        IpPermissions: [{ IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: '0.0.0.0/0' }] }],
      },
    ],
  },
};

/** What the action looks at beside what the rules do. */
const ofActions = {
  'describe-security-group-rules': {
    SecurityGroupRules: [
      {
        SecurityGroupRuleId: 'sgr-0123456789abcdef0',
        GroupId: 'sg-0123456789abcdef0',
        IsEgress: false,
        IpProtocol: 'tcp',
        FromPort: 22,
        ToPort: 22,
        CidrIpv4: '0.0.0.0/0',
      },
    ],
  },
  'describe-network-interfaces': { NetworkInterfaces: [] },
};

const state = (name: 'pending' | 'running') =>
  stateChange(scope, { instanceId: instance.InstanceId, state: name, at, id: `state-${name}` });
const reservation = { ReservationId: 'r-1', OwnerId: scope.accountId, Instances: [instance] };
const launch = apiCall(scope, {
  eventName: 'RunInstances',
  at,
  by,
  ids,
  ...runInstancesCall(reservation, instance.Tags),
});
const tagged = apiCall(scope, {
  eventName: 'CreateTags',
  at,
  by,
  ids: ['id-4', 'id-5', 'id-6'],
  ...tagsCall(instance.InstanceId, instance.Tags),
});

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'replay-'));
  mkdirSync(join(folder, 'snapshot'));
  for (const [name, content] of Object.entries({ ...snapshot, ...ofActions }))
    writeFileSync(join(folder, 'snapshot', `${name}.json`), JSON.stringify(content));
});

afterAll(() => rmSync(folder, { recursive: true }));

async function replay(events: readonly unknown[], options = '') {
  const files = events.map((event, index) => {
    const file = join(folder, `event-${index}.json`);
    writeFileSync(file, typeof event === 'string' ? event : JSON.stringify(event));
    return file;
  });
  const command = `replay --snapshot ${join(folder, 'snapshot')} ${options} ${files.join(' ')}`;
  const ran = await runCli(command, '.');
  return { ...ran, document: () => JSON.parse(ran.stdout) as ReplayDocument };
}

/** Shipped policies that the launch breaks, whatever others are shipped. */
const broken = [
  'approved-instance-families',
  'encrypted-volumes',
  'english-tags',
  'no-open-ssh',
  'required-tags',
] as const;

test('a launch that breaks policies is told once for each, whatever the order of its events', async () => {
  const events = [state('pending'), state('running'), launch, tagged];
  for (const order of [events, [...events].reverse(), [...events, ...events]]) {
    const { exitCode, document } = await replay(order, '--format json');
    const { findings, alerts, calls } = document();
    expect(exitCode).toBe(1);
    const violated = findings.filter((one) => one.compliance === 'NON_COMPLIANT').map((one) => one.policy);
    expect(violated).toEqual(expect.arrayContaining([...broken]));
    const told = alerts.flatMap((alert) => JSON.parse(alert.attributes.policies ?? '[]') as string[]);
    expect(told.filter((policy) => violated.includes(policy)).sort()).toEqual(violated.sort());
    expect(calls).toEqual([]);
  }
});

test.each([
  ['launch', at.toISOString()],
  ['drift', '2026-02-01T09:00:00Z'],
])('a violation is %s where the primary interface was attached at %s', async (origin, AttachTime) => {
  const NetworkInterfaces = [{ NetworkInterfaceId: 'eni-1', Attachment: { DeviceIndex: 0, AttachTime } }];
  const Instances = [{ ...instance, NetworkInterfaces }];
  const file = join(folder, 'snapshot', 'describe-instances.json');
  writeFileSync(file, JSON.stringify({ Reservations: [{ OwnerId: scope.accountId, Instances }] }));
  try {
    const { findings } = (await replay([state('running')], '--format json')).document();
    const violations = findings.filter((one) => one.compliance === 'NON_COMPLIANT');
    expect(violations.map((one) => one.policy)).toEqual(expect.arrayContaining([...broken]));
    expect([...new Set(violations.map((one) => one.origin))]).toEqual([origin]);
    expect(findings.filter((one) => one.compliance !== 'NON_COMPLIANT' && one.origin !== undefined)).toEqual([]);
  } finally {
    writeFileSync(file, JSON.stringify(snapshot['describe-instances']));
  }
});

test('a current family is proposed instead of c3', async () => {
  const { document } = await replay([state('running')], '--format json');
  const family = document().findings.find((one) => one.policy === 'approved-instance-families');
  expect(family?.fix).toMatch(/\bc[78][a-z]*(-flex)?\.large\b/);
});

test('each event says which instances it led to, or why to none', async () => {
  const { document } = await replay([state('pending'), state('running')], '--format json');
  expect(document().events).toEqual([
    { id: 'state-pending', instanceIds: [], ignored: 'pending: the instance is inspected when it runs' },
    { id: 'state-running', instanceIds: [instance.InstanceId], ignored: null },
  ]);
});

test('bare CloudTrail records and SQS batches are events, too', async () => {
  const { detail } = launch;
  const batch = { Records: [{ messageId: '1', body: JSON.stringify(state('running')) }] };
  const { document } = await replay([detail, batch], '--format json');
  expect(document().events).toEqual([
    { id: launch.detail.eventID, instanceIds: [instance.InstanceId], ignored: null },
    { id: 'state-running', instanceIds: [instance.InstanceId], ignored: null },
  ]);
});

test('a time that can not be read is now, and that is said', async () => {
  const { document } = await replay([{ ...state('running'), time: 'yyyy-mm-ddThh:mm:ssZ' }], '--format json');
  expect(document().events).toEqual([
    {
      id: 'state-running',
      instanceIds: [instance.InstanceId],
      ignored: null,
      note: 'its time can not be read: it is taken as now',
    },
  ]);
});

test('--account makes the event one of another deployment', async () => {
  const { exitCode, document } = await replay([state('running')], '--format json --account 210987654321');
  expect(exitCode).toBe(0);
  expect(document().events).toEqual([
    {
      id: 'state-running',
      instanceIds: [],
      ignored: "account 123456789012 is not this deployment's, 210987654321",
    },
  ]);
});

test('the text shows events, alerts as they are read, and what stands at the end', async () => {
  const { stdout } = await replay([state('running')]);
  expect(stdout).toContain(
    `Events\n  state-running  looked at ${instance.InstanceId}\n\nAlert: [CRITICAL] no-open-ssh`,
  );
  expect(stdout).toContain('\nFindings at the end\n');
});

test('--enforce changes nothing for policies that observe', async () => {
  const [off, on] = [await replay([launch], '--format json'), await replay([launch], '--enforce --format json')];
  expect(on.exitCode).toBe(off.exitCode);
  expect(on.document()).toEqual(off.document());
});

describe('--enforce over policies of mode enforce', () => {
  const enforced = async (options: string) => {
    const policies = join(folder, 'enforcing');
    mkdirSync(join(policies, 'no-open-ssh'), { recursive: true });
    writeFileSync(
      join(policies, 'no-open-ssh', 'policy.yml'),
      `name: no-open-ssh
description: SSH is reachable from the company network only.
severity: critical
rule: restricted-ingress
parameters: { ports: [22] }
mode: enforce
actions: [notify, { revoke-ingress: { after: 0m } }]
`,
    );
    const { document, stderr } = await replay([state('running')], `--format json --policies ${policies} ${options}`);
    expect(stderr).toBe('');
    return document();
  };
  const safetyFile = () => join(folder, 'enforcing', 'enforcement.yml');

  afterEach(() => rmSync(safetyFile(), { force: true }));

  test('does what they say, and lists the calls', async () => {
    const { calls, findings } = await enforced('--enforce');
    expect(calls).toEqual([
      {
        service: 'ec2',
        operation: 'RevokeSecurityGroupIngress',
        input: { GroupId: 'sg-0123456789abcdef0', SecurityGroupRuleIds: ['sgr-0123456789abcdef0'] },
        outcome: 'done',
      },
    ]);
    expect(findings).toEqual([]);
  });

  test('does nothing without it', async () => {
    const { calls, findings } = await enforced('');
    expect(calls).toEqual([]);
    expect(findings).toMatchObject([{ policy: 'no-open-ssh' }]);
  });

  test.each([
    ['protects', `protected: { instanceIds: [${instance.InstanceId}] }\n`],
    ['allows none of the kind', 'limits: { perHour: { access: 0 } }\n'],
  ])('does not do what enforcement.yml %s', async (_, text) => {
    writeFileSync(safetyFile(), text);
    expect((await enforced('--enforce')).calls).toEqual([]);
  });
});

test('a message of a batch that is no JSON fails alone, as in the queue', async () => {
  const batch = { Records: [{ body: JSON.stringify(state('running')) }, { body: 'not json' }] };
  const { document } = await replay([batch], '--format json');
  expect(document().events).toEqual([
    { id: 'state-running', instanceIds: [instance.InstanceId], ignored: null },
    expect.objectContaining({ id: null, instanceIds: [], ignored: expect.stringMatching(/^failed: .*is no JSON/) }),
  ]);
});

test('a file that is no JSON is named, with exit code 2', async () => {
  const { exitCode, stdout, stderr } = await replay(['{']);
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  expect(stderr).toMatch(/event-0\.json is no JSON: /);
});
