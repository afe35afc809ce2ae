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

describe('--enforce over files, of a launch without tags by a policy that stops', () => {
  const NetworkInterfaces = [{ NetworkInterfaceId: 'eni-1', Attachment: { DeviceIndex: 0, AttachTime: at } }];
  const { Tags: _, ...untagged } = { ...instance, InstanceType: 'm7i.large' as const, NetworkInterfaces };
  const spot = { InstanceLifecycle: 'spot' as const, SpotInstanceRequestId: 'sir-0123abcd' };
  const attribute = (name: string, value: boolean) => ({
    [`describe-instance-attribute.${instance.InstanceId}.${name.charAt(0).toLowerCase()}${name.slice(1)}`]: {
      InstanceId: instance.InstanceId,
      [name]: { Value: value },
    },
  });
  const request = (Type: string) => ({
    'describe-spot-instance-requests': {
      SpotInstanceRequests: [{ SpotInstanceRequestId: spot.SpotInstanceRequestId, Type, State: 'active' }],
    },
  });
  const types = {
    'describe-instance-types': { InstanceTypes: [{ InstanceType: 'm7i.large', InstanceStorageSupported: false }] },
  };
  const isUnprotected = { ...attribute('DisableApiStop', false), ...attribute('DisableApiTermination', false) };
  const stopped = {
    service: 'ec2',
    operation: 'StopInstances',
    input: { InstanceIds: [instance.InstanceId] },
    outcome: 'done',
  };

  /** Of the command, of the instance and of the policy. */
  interface LaunchOptions {
    readonly options?: string;
    readonly more?: object;
    readonly mode?: 'enforce' | 'observe';
  }

  /** Replays the launch over a snapshot of these files beside the instance's own. */
  async function launched(
    files: Readonly<Record<string, object>>,
    actions = '[notify, stop]',
    { options = '', more = {}, mode = 'enforce' }: LaunchOptions = {},
  ) {
    const own = mkdtempSync(join(folder, 'stopping-'));
    mkdirSync(join(own, 'snapshot'));
    mkdirSync(join(own, 'policies', 'owned'), { recursive: true });
    const Instances = [{ ...untagged, ...more }];
    const reservations = { Reservations: [{ ReservationId: 'r-1', OwnerId: scope.accountId, Instances }] };
    for (const [name, content] of Object.entries({ 'describe-instances': reservations, ...files }))
      writeFileSync(join(own, 'snapshot', `${name}.json`), JSON.stringify(content));
    writeFileSync(
      join(own, 'policies', 'owned', 'policy.yml'),
      `name: owned
description: Every instance names its owner.
severity: high
rule: required-tags
parameters: { keys: [{ key: Owner }] }
mode: ${mode}
actions: ${actions}
`,
    );
    const [ofInstance] = reservations.Reservations as [(typeof reservations.Reservations)[number]];
    const event = apiCall(scope, { eventName: 'RunInstances', at, by, ids, ...runInstancesCall(ofInstance, []) });
    const where = `--policies ${join(own, 'policies')} --snapshot ${join(own, 'snapshot')}`;
    const { document, stderr } = await replay([event, state('running')], `--enforce --format json ${where} ${options}`);
    expect(stderr).toBe('');
    const { calls, alerts, findings } = document();
    return { calls, findings, told: alerts.map(({ message }) => message.replace(/\s+/g, ' ')) };
  }

  test('stops it, once', async () => {
    expect((await launched({ ...types, ...isUnprotected })).calls).toEqual([stopped]);
  });

  test.each([
    ['is protected from being stopped', 'stop', 'DisableApiStop', 'it has stop protection (disableApiStop)'],
    ['is protected from being stopped', 'terminate', 'DisableApiStop', 'it has stop protection (disableApiStop)'],
    [
      'is protected from termination',
      'terminate',
      'DisableApiTermination',
      'it has termination protection (disableApiTermination)',
    ],
  ])('one that %s is refused to %s, and that is told', async (_name, action, name, refusal) => {
    const files = { ...types, ...isUnprotected, ...attribute(name, true) };
    const { calls, told } = await launched(files, `[notify, ${action}]`);
    expect(calls).toEqual([]);
    expect(told.join('\n')).toContain(refusal);
  });

  test.each([
    ['persistent', [stopped]],
    ['one-time', []],
  ])('a Spot instance goes by its request: %s', async (type, expected) => {
    const { calls } = await launched({ ...types, ...isUnprotected, ...request(type) }, undefined, { more: spot });
    expect(calls).toEqual(expected);
  });

  test.each([
    ['disableApiStop', attribute('DisableApiTermination', false), {}],
    ['disableApiTermination', attribute('DisableApiStop', false), {}],
    ['', isUnprotected, spot],
  ])('what has no file is named, and nothing done: %s', async (name, files, more) => {
    const { calls, told } = await launched({ ...types, ...files }, undefined, { more });
    const file = name === '' ? 'describe-spot-instance-requests' : Object.keys(attribute(`D${name.slice(1)}`, true))[0];
    expect(calls).toEqual([]);
    expect(told.join('\n')).toContain(`not recorded (${file}.json is not in the snapshot)`);
  });

  describe('--for', () => {
    const later = '[{ notify: { after: [0s, 1d], before: 1h } }, { stop: { after: 24h } }]';
    const within = (duration: string) =>
      launched({ ...types, ...isUnprotected }, later, duration === '' ? {} : { options: `--for ${duration}` });

    test.each([
      ['', []],
      ['23h', []],
      ['2d', [stopped]],
      ['90d', [stopped]],
    ])('lets the clock go on, so that a stop after 24h comes or not: %s', async (duration, expected) => {
      expect((await within(duration)).calls).toEqual(expected);
    });

    test('shows the word ahead, too', async () => {
      const { length } = (await within('')).told;
      expect((await within('22h')).told).toHaveLength(length);
      expect((await within('1410m')).told).toHaveLength(length + 1);
    });

    test('shows reminders of what nothing is done about', async () => {
      const told = async (options: string) => {
        const reminding = '[{ notify: { after: [0s, 1d, 6d] } }]';
        return (await launched({}, reminding, { options, mode: 'observe' })).told;
      };
      expect(await told('')).toHaveLength(1);
      expect(await told('--for 2d')).toHaveLength(2);
      expect(await told('--for 8d')).toHaveLength(3);
    });
  });
});

test.each(['91d', '8', '1w', '-1d', '1.5d', '8days', '99999999999999999999d'])(
  '--for %s is refused, with what it takes',
  async (duration) => {
    const { exitCode, stdout, stderr } = await replay([state('running')], `--for ${duration}`);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(`--for takes a duration such as 30m, 24h or 8d, 90d at most, and not "${duration}"`);
  },
);

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
