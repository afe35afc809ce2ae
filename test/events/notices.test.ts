import { type Notice, SELF_TEST_SOURCE } from '../../src/domain/notice.ts';
import { noticesIn, type Receipt } from '../../src/events/notices.ts';
import { stateChange } from '../../src/sandbox/events.ts';

const scope = { accountId: '123456789012', region: 'us-east-1' };
const receipt: Receipt = { scope, receivedAt: new Date('2026-11-25T12:00:01.500Z') };
const received = '2026-11-25T12:00:01.500Z';
const at = '2026-11-25T12:00:00.000Z';
const web = 'i-0a1b2c3d4e5f60718';
const other = 'i-0fedcba9876543210';

type Body = Readonly<Record<string, unknown>>;

/** An event in EventBridge's form. */
function event(type: string, source: string, detail: Body, more: Body = {}): Body {
  return {
    version: '0',
    id: '5f2b6c1e-0000-4000-8000-000000000001',
    'detail-type': type,
    source,
    account: scope.accountId,
    time: '2026-11-25T12:00:00Z',
    region: scope.region,
    resources: [],
    detail,
    ...more,
  };
}

const ofEc2 = (type: string, detail: Body, more: Body = {}) =>
  event(
    type,
    'aws.ec2',
    { 'instance-id': web, ...detail },
    { resources: [`arn:aws:ec2:us-east-1:123456789012:instance/${web}`], ...more },
  );
const warning = (detail: Body = {}, more: Body = {}) =>
  ofEc2('EC2 Spot Instance Interruption Warning', { 'instance-action': 'terminate', ...detail }, more);
const rebalance = (more: Body = {}) => ofEc2('EC2 Instance Rebalance Recommendation', {}, more);
const reservation = (detail: Body = {}, more: Body = {}) =>
  ofEc2(
    'EC2 Capacity Reservation Instance Interruption Warning',
    {
      'instance-action': 'terminate',
      'instance-termination-time': '2026-11-25T12:05:00Z',
      azId: 'use1-az1',
      ...detail,
    },
    { resources: `arn:aws:ec2:us-east-1:123456789012:instance/${web}`, ...more },
  );
const state = (name: string) => ofEc2('EC2 Instance State-change Notification', { state: name });
const ofGroup = (type: string, detail: Body = {}) =>
  event(type, 'aws.autoscaling', {
    LifecycleActionToken: '5f2b6c1e-0000-4000-8000-000000000002',
    AutoScalingGroupName: 'web',
    LifecycleHookName: 'drain',
    EC2InstanceId: web,
    LifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING',
    ...detail,
  });
const leaving = (detail: Body = {}) => ofGroup('EC2 Instance-terminate Lifecycle Action', detail);
const health = (detail: Body = {}, more: Body = {}) =>
  event(
    'AWS Health Event',
    'aws.health',
    {
      service: 'EC2',
      eventTypeCode: 'AWS_EC2_INSTANCE_RETIREMENT_SCHEDULED',
      eventTypeCategory: 'scheduledChange',
      statusCode: 'upcoming',
      eventRegion: scope.region,
      affectedAccount: scope.accountId,
      startTime: 'Thu, 10 Dec 2026 13:19:03 GMT',
      affectedEntities: [{ entityValue: `arn:aws:ec2:us-east-1:123456789012:instance/${web}`, status: 'PENDING' }],
      ...detail,
    },
    more,
  );

function noticesOf(body: unknown, by: Receipt = receipt): readonly Notice[] {
  const announced = noticesIn(body, by);
  if (announced.kind === 'ignored') throw new Error(`ignored: ${announced.reason}`);
  return announced.notices;
}

function reasonFor(body: unknown): string {
  const announced = noticesIn(body, receipt);
  if (announced.kind === 'notices') throw new Error(`notices: ${JSON.stringify(announced.notices)}`);
  return announced.reason;
}

const known = { instanceId: web, scope, at };
const until = '2026-11-25T12:02:00.000Z';
const begins = '2026-12-10T13:19:03.000Z';
const retirement = 'AWS Health announces AWS_EC2_INSTANCE_RETIREMENT_SCHEDULED';

test.each<[string, unknown, Notice]>([
  ['an end in two minutes', warning(), { ...known, kind: 'interruption', action: 'terminate', deadline: until }],
  [
    'a stop in two minutes',
    warning({ 'instance-action': 'stop' }),
    { ...known, kind: 'interruption', action: 'stop', deadline: until },
  ],
  [
    'a hibernation, which begins at once',
    warning({ 'instance-action': 'hibernate' }),
    { ...known, kind: 'interruption', action: 'hibernate', deadline: at },
  ],
  ['a risk', rebalance(), { ...known, kind: 'rebalance' }],
  [
    'the end of a reservation, at its own time',
    reservation(),
    { ...known, kind: 'reservation', action: 'terminate', deadline: '2026-11-25T12:05:00.000Z' },
  ],
  [
    'the end of a reservation without a time that can be read, in two minutes',
    reservation({ 'instance-termination-time': 'yyyy-mm-ddThh:mm:ssZ' }),
    { ...known, kind: 'reservation', action: 'terminate', deadline: until },
  ],
  ['that it runs', state('running'), { ...known, kind: 'running' }],
  ...['shutting-down', 'terminated', 'stopping', 'stopped'].map((name): [string, unknown, Notice] => [
    `that it is ${name}`,
    state(name),
    { ...known, kind: 'ending', state: name },
  ]),
  [
    'that its group ends it, and which hook waits',
    leaving(),
    { ...known, kind: 'leaving-group', hook: { group: 'web', name: 'drain' } },
  ],
  [
    'the same with where it comes from and goes to',
    leaving({ Origin: 'AutoScalingGroup', Destination: 'EC2' }),
    { ...known, kind: 'leaving-group', hook: { group: 'web', name: 'drain' } },
  ],
  [
    'an end out of the warm pool',
    leaving({ Origin: 'WarmPool', Destination: 'EC2' }),
    { ...known, kind: 'leaving-group', hook: { group: 'web', name: 'drain' } },
  ],
  ['the same without a hook', leaving({ LifecycleHookName: undefined }), { ...known, kind: 'leaving-group' }],
  ['a retirement', health(), { ...known, kind: 'health', text: `${retirement}, from ${begins}`, deadline: begins }],
  [
    'a retirement without a time that can be read',
    health({ startTime: 'soon' }),
    { ...known, kind: 'health', text: retirement },
  ],
])('announces %s', (_, body, notice) => {
  expect(noticesOf(body)).toEqual([notice]);
});

describe('what differs from the documentation is read all the same', () => {
  const warned = { ...known, kind: 'interruption', action: 'terminate', deadline: until } as const;
  const atReceipt = { ...warned, at: received, deadline: '2026-11-25T12:02:01.500Z' };

  test.each<[string, unknown, Notice]>([
    ['fields that nobody knows', warning({ 'instance-mood': 'low' }, { priority: 9 }), warned],
    ['an action that nobody knows, as the hardest', warning({ 'instance-action': 'flip!' }), warned],
    ['no action', warning({ 'instance-action': undefined }), warned],
    ['an action that is no text', warning({ 'instance-action': { action: 'stop' } }), warned],
    ['no version', warning({}, { version: undefined }), warned],
    ['resources as a text', warning({}, { resources: `arn:aws:ec2:us-east-1:123456789012:instance/${web}` }), warned],
    ['no resources', warning({}, { resources: undefined }), warned],
    ['resources that are no ARNs', warning({}, { resources: [null, 7, 'instance-arn'] }), warned],
    ['the id in the resources alone', warning({ 'instance-id': undefined }), warned],
    [
      'a zone in place of the Region',
      warning({}, { resources: [`arn:aws:ec2:us-east-1b:instance/${web}`] }),
      { ...warned, zone: 'us-east-1b' },
    ],
    [
      'a local zone in place of the Region',
      warning({}, { resources: [`arn:aws:ec2:us-east-1-bos-1a:instance/${web}`] }),
      { ...warned, zone: 'us-east-1-bos-1a' },
    ],
    [
      'a zone of the reservation in place of the Region',
      reservation({}, { resources: `arn:aws:ec2:us-east-1b:instance/${web}` }),
      { ...known, kind: 'reservation', action: 'terminate', deadline: '2026-11-25T12:05:00.000Z', zone: 'us-east-1b' },
    ],
    ['an empty time, as that of the receipt', warning({}, { time: '' }), atReceipt],
    ['no time', warning({}, { time: undefined }), atReceipt],
    ['a placeholder for the time', warning({}, { time: 'yyyy-mm-ddThh:mm:ssZ' }), atReceipt],
    ['a time that is none', warning({}, { time: '2026-13-40T00:00:00Z' }), atReceipt],
    ['a number for the time', warning({}, { time: 1_790_000_000 }), atReceipt],
    ['a time far in the future', warning({}, { time: '2036-11-25T12:00:00Z' }), atReceipt],
    ['a time in the future by a wrong clock', warning({}, { time: '2026-11-25T12:00:30Z' }), atReceipt],
  ])('%s', (_, body, notice) => {
    expect(noticesOf(body)).toEqual([notice]);
  });

  test('a late event keeps its time: its deadline has passed', () => {
    expect(noticesOf(warning({}, { time: '2026-11-25T11:00:00Z' }))).toMatchObject([
      { at: '2026-11-25T11:00:00.000Z', deadline: '2026-11-25T11:02:00.000Z' },
    ]);
  });

  test('what the sandbox announces of a change of state', () => {
    const change = stateChange(scope, { instanceId: web, state: 'terminated', at: new Date(at), id: 'event-1' });

    expect(noticesOf(change)).toEqual([{ ...known, kind: 'ending', state: 'terminated' }]);
  });
});

describe('AWS Health', () => {
  test('names every instance that is affected once, by ARN or id, and no volume', () => {
    const affectedEntities = [
      { entityValue: web },
      { entityValue: `arn:aws:ec2:us-east-1:123456789012:instance/${other}` },
      { entityValue: `arn:aws:ec2:us-east-1:123456789012:instance/${web}` },
      { entityValue: 'vol-0123456789abcdef0' },
      { entityValue: 'i-00000000000000001', status: 'RESOLVED' },
      { status: 'PENDING' },
      'nonsense',
    ];

    expect(noticesOf(health({ affectedEntities })).map(({ instanceId }) => instanceId)).toEqual([web, other]);
  });

  test('names them in the resources where it has no entities', () => {
    expect(noticesOf(health({ affectedEntities: undefined }, { resources: [web] }))).toMatchObject([
      { instanceId: web },
    ]);
  });

  test('names no account and Region but those of the event, where it says no other', () => {
    expect(noticesOf(health({ affectedAccount: undefined, eventRegion: undefined }))).toHaveLength(1);
  });

  test.each<[string, unknown, string]>([
    [
      'the copy of an event of another Region',
      health({ eventRegion: 'us-west-2', backupEvent: 'true' }),
      "AWS_EC2_INSTANCE_RETIREMENT_SCHEDULED: Region us-west-2 is not this deployment's, us-east-1",
    ],
    [
      "another account of the organisation's",
      health({ affectedAccount: '210987654321' }),
      "AWS_EC2_INSTANCE_RETIREMENT_SCHEDULED: account 210987654321 is not this deployment's, 123456789012",
    ],
    [
      'an issue',
      health({ eventTypeCode: 'AWS_EC2_INSTANCE_STORE_DRIVE_PERFORMANCE_DEGRADED', eventTypeCategory: 'issue' }),
      'AWS_EC2_INSTANCE_STORE_DRIVE_PERFORMANCE_DEGRADED is of the category issue: nothing is planned',
    ],
    [
      'a notification of capacity reservations',
      health({
        eventTypeCode: 'AWS_EC2_ODCR_UNDERUTILIZATION_NOTIFICATION',
        eventTypeCategory: 'accountNotification',
        affectedEntities: [{ entityValue: 'cr-0123456789abcdef0' }],
      }),
      'AWS_EC2_ODCR_UNDERUTILIZATION_NOTIFICATION is of the category accountNotification: nothing is planned',
    ],
    ['what is closed', health({ statusCode: 'closed' }), 'AWS_EC2_INSTANCE_RETIREMENT_SCHEDULED is closed'],
    [
      'another service',
      health({ service: 'RDS', eventTypeCode: 'AWS_RDS_MAINTENANCE_SCHEDULED' }),
      'AWS_RDS_MAINTENANCE_SCHEDULED is of RDS, not of EC2',
    ],
    [
      'what affects no instance',
      health({ affectedEntities: [{ entityValue: 'vol-0123456789abcdef0' }] }),
      'AWS_EC2_INSTANCE_RETIREMENT_SCHEDULED names no instance that is affected',
    ],
  ])('of %s announces nothing', (_, body, reason) => {
    expect(reasonFor(body)).toBe(`AWS Health Event: ${reason}`);
  });
});

describe('ignored, with a reason', () => {
  const spot = 'EC2 Spot Instance Interruption Warning';
  const end = 'EC2 Instance-terminate Lifecycle Action';

  test.each<[string, unknown, string]>([
    ['nothing', undefined, 'not an EventBridge event'],
    ['a text', 'EC2 Spot Instance Interruption Warning', 'not an EventBridge event'],
    ['a list', [warning()], 'not an EventBridge event'],
    ['an object of no form', {}, 'not an EventBridge event'],
    [
      'another account',
      warning({}, { account: '210987654321' }),
      `${spot}: account 210987654321 is not this deployment's, 123456789012`,
    ],
    [
      'no account',
      warning({}, { account: undefined }),
      `${spot}: account (none) is not this deployment's, 123456789012`,
    ],
    [
      'another Region',
      warning({}, { region: 'us-west-2' }),
      `${spot}: Region us-west-2 is not this deployment's, us-east-1`,
    ],
    [
      'another account in a rehearsal',
      warning({}, { account: '210987654321', source: SELF_TEST_SOURCE }),
      `${spot}: account 210987654321 is not this deployment's, 123456789012`,
    ],
    ['another source', warning({}, { source: 'my.app' }), `${spot}: sent by my.app, not by aws.ec2`],
    ['another source of AWS', warning({}, { source: 'aws.health' }), `${spot}: sent by aws.health, not by aws.ec2`],
    ['no source', warning({}, { source: undefined }), `${spot}: sent by nobody, not by aws.ec2`],
    ['EC2 for Auto Scaling', { ...leaving(), source: 'aws.ec2' }, `${end}: sent by aws.ec2, not by aws.autoscaling`],
    ['an id that is none', warning({ 'instance-id': '[instance-id]' }), `${spot}: "[instance-id]" is no instance id`],
    [
      'an id that is none, beside an ARN that has one',
      warning({ 'instance-id': 'eks-node-1' }),
      `${spot}: "eks-node-1" is no instance id`,
    ],
    [
      'an id with more behind it',
      warning({ 'instance-id': `${web}\nterminate` }),
      `${spot}: ${JSON.stringify(`${web}\nterminate`)} is no instance id`,
    ],
    ['no instance', warning({ 'instance-id': undefined }, { resources: [] }), `${spot}: names no instance`],
    ['no detail', { ...warning({}, { resources: [] }), detail: null }, `${spot}: names no instance`],
    [
      'two instances in one warning',
      warning({ 'instance-id': other }),
      `${spot}: names several instances, ${other}, ${web}, and is of one`,
    ],
    [
      'a beginning',
      state('pending'),
      'EC2 Instance State-change Notification: pending: the instance neither ends nor runs',
    ],
    [
      'a state that nobody knows',
      state('dreaming'),
      'EC2 Instance State-change Notification: dreaming: the instance neither ends nor runs',
    ],
    [
      'an instance that goes to the warm pool',
      leaving({ Origin: 'AutoScalingGroup', Destination: 'WarmPool' }),
      `${end}: the instance goes to WarmPool, and does not end`,
    ],
    [
      'an instance that goes where nobody knows',
      leaving({ Destination: 'Moon' }),
      `${end}: the instance goes to Moon, and does not end`,
    ],
    [
      'a launch that calls itself an end',
      leaving({ LifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING' }),
      `${end}: its transition is autoscaling:EC2_INSTANCE_LAUNCHING, and no end`,
    ],
    [
      'a test of a hook',
      leaving({ Event: 'autoscaling:TEST_NOTIFICATION', EC2InstanceId: undefined }),
      `${end}: a test of the hook, and no instance`,
    ],
    ['a hook without an instance', leaving({ EC2InstanceId: undefined }), `${end}: names no instance`],
    ['a hook with an id that is none', leaving({ EC2InstanceId: 'web-1' }), `${end}: "web-1" is no instance id`],
    [
      'a notification of Auto Scaling to a queue',
      { Service: 'AWS Auto Scaling', LifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING', EC2InstanceId: web },
      'a notification of Auto Scaling to a queue or topic: its life cycle actions come as events',
    ],
    [
      'a test notification of Auto Scaling',
      { Service: 'AWS Auto Scaling', Event: 'autoscaling:TEST_NOTIFICATION', AccountId: scope.accountId },
      'a notification of Auto Scaling to a queue or topic: its life cycle actions come as events',
    ],
    [
      'the same by way of a topic',
      {
        Type: 'Notification',
        TopicArn: 'arn:aws:sns:us-east-1:123456789012:hooks',
        Message: JSON.stringify({ Service: 'AWS Auto Scaling', EC2InstanceId: web }),
      },
      'a message of SNS: events are taken from EventBridge alone',
    ],
    [
      'a type named like what every object has',
      event('toString', 'aws.ec2', {}),
      'toString: this type of event announces no end of an instance',
    ],
  ])('%s', (_, body, reason) => {
    expect(reasonFor(body)).toBe(reason);
  });

  test.each<[string, string, RegExp]>([
    ['EC2 Instance-launch Lifecycle Action', 'aws.autoscaling', /begins/],
    ['EC2 Instance Launch Successful', 'aws.autoscaling', /begins/],
    ['EC2 Instance Launch Unsuccessful', 'aws.autoscaling', /no instance came of it/],
    ['EC2 Instance Terminate Successful', 'aws.autoscaling', /is over/],
    ['EC2 Instance Terminate Unsuccessful', 'aws.autoscaling', /was not ended/],
    ['EC2 Spot Instance Request Fulfillment', 'aws.ec2', /begins/],
    ['EC2 Fleet Instance Change', 'aws.ec2fleet', /EC2 announces/],
    ['EC2 Spot Fleet Instance Change', 'aws.ec2spotfleet', /EC2 announces/],
    ['ECS Container Instance State Change', 'aws.ecs', /EC2 announces/],
    ['ECS Task State Change', 'aws.ecs', /no instance/],
    ['EC2 AMI State Change', 'aws.ec2', /announces no end/],
    ['EBS Volume Notification', 'aws.ec2', /announces no end/],
  ])('%s', (type, source, reason) => {
    const reasonOf = reasonFor(event(type, source, { 'instance-id': web, EC2InstanceId: web, ec2InstanceId: web }));

    expect(reasonOf).toMatch(new RegExp(`^${type}: .*${reason.source}`));
  });
});

test.each([warning(), rebalance(), reservation(), state('stopped'), leaving(), health()])(
  'a rehearsal is one, whatever it says: $detail-type',
  (body) => {
    const [real] = noticesOf(body);

    expect(real).not.toHaveProperty('isTest');
    expect(noticesOf({ ...body, source: SELF_TEST_SOURCE })).toEqual([{ ...real, isTest: true }]);
  },
);

test('no form of a field makes it throw', () => {
  const strange = [undefined, null, 0, '', 'x', [], [[]], {}, { items: [{}] }, true];
  for (const body of [warning(), rebalance(), reservation(), state('stopped'), leaving(), health()])
    for (const value of strange) {
      for (const field of Object.keys(body))
        expect(noticesIn({ ...body, [field]: value }, receipt).kind).toMatch(/^(notices|ignored)$/);
      for (const field of Object.keys(body.detail as Body))
        expect(noticesIn({ ...body, detail: { ...(body.detail as Body), [field]: value } }, receipt).kind).toMatch(
          /^(notices|ignored)$/,
        );
    }
});
