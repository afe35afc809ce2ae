import type * as ec2 from '@aws-sdk/client-ec2';
import { findInstances } from '../../src/engine/find-instances.ts';
import type { Task } from '../../src/engine/tasks.ts';
import { noTargets, type Targets } from '../../src/events/targets.ts';
import { apiCall, iamUser, stateChange } from '../../src/sandbox/events.ts';
import type { Fault } from '../../src/sandbox/faults.ts';
import { createSandbox } from '../../src/sandbox/sandbox.ts';
import { policyFor } from '../support/policies.ts';
import { bad, good, openSsh, scope, start, told, world } from '../support/world.ts';

function task(messageId: string, targets: Partial<Targets>): Task {
  const cause = { key: messageId, text: messageId };
  return {
    messageId,
    attempt: 0,
    queue: 'live',
    targets: { ...noTargets, ...targets },
    launches: new Map(),
    causeOf: () => cause,
  };
}

function instance(id: string, carries: ec2.Instance): ec2.Instance {
  return {
    InstanceId: id,
    InstanceType: 'm7i.large',
    LaunchTime: new Date('2026-03-01T09:00:00Z'),
    State: { Name: 'running' },
    Placement: { AvailabilityZone: 'us-east-1a' },
    ...carries,
  };
}

const one = instance('i-01', {
  NetworkInterfaces: [{ NetworkInterfaceId: 'eni-01', Groups: [{ GroupId: 'sg-01', GroupName: 'web' }] }],
  BlockDeviceMappings: [{ Ebs: { VolumeId: 'vol-01' } }],
});
const two = instance('i-02', {
  NetworkInterfaces: [{ NetworkInterfaceId: 'eni-02', Groups: [{ GroupId: 'sg-02', GroupName: 'database' }] }],
  BlockDeviceMappings: [{ Ebs: { VolumeId: 'vol-02' } }],
});
const securityGroups: ec2.SecurityGroup[] = [
  { GroupId: 'sg-01', IpPermissions: [{ IpProtocol: 'tcp', PrefixListIds: [{ PrefixListId: 'pl-01' }] }] },
  { GroupId: 'sg-02', IpPermissions: [{ IpProtocol: 'tcp', UserIdGroupPairs: [{ GroupId: 'sg-0f' }] }] },
];

function account(instances: readonly ec2.Instance[] = [one, two], faults: readonly Fault[] = []) {
  const reservations = [{ OwnerId: scope.accountId, Instances: [...instances] }];
  return createSandbox({ scope, start, resources: { reservations, securityGroups }, faults });
}

/** Which messages led to which instance. */
async function leads(tasks: readonly Task[], aws = account().aws) {
  const { sightings } = await findInstances(aws, tasks);
  return sightings.map((sighting) => [sighting.instanceId, sighting.tasks.map((asker) => asker.messageId)]);
}

test.each<[string, Partial<Targets>, Partial<Targets>]>([
  ['a group', { securityGroupIds: ['sg-01'] }, { securityGroupIds: ['sg-02'] }],
  ["a group's name", { securityGroupNames: ['web'] }, { securityGroupNames: ['database'] }],
  ['an interface', { networkInterfaceIds: ['eni-01'] }, { networkInterfaceIds: ['eni-02'] }],
  ['a volume', { volumeIds: ['vol-01'] }, { volumeIds: ['vol-02'] }],
  ['what groups name', { prefixListIds: ['pl-01'] }, { sourceGroupIds: ['sg-0f'] }],
])('%s leads its own message, and no other, to the instances that carry it', async (_, first, second) => {
  const found = await leads([task('first', first), task('second', second)]);

  expect(found).toEqual([
    ['i-01', ['first']],
    ['i-02', ['second']],
  ]);
});

test('an instance that two messages lead to is seen once, for both', async () => {
  const found = await leads([task('first', { instanceIds: ['i-01'] }), task('second', { volumeIds: ['vol-01'] })]);

  expect(found).toEqual([['i-01', ['first', 'second']]]);
});

test.each<[string, Fault['operation'], Partial<Targets>]>([
  ['a group', 'ec2:DescribeInstances', { securityGroupIds: ['sg-01'] }],
  ["a group's name", 'ec2:DescribeInstances', { securityGroupNames: ['web'] }],
  ['an interface', 'ec2:DescribeInstances', { networkInterfaceIds: ['eni-01'] }],
  ['a volume', 'ec2:DescribeInstances', { volumeIds: ['vol-01'] }],
  ['a prefix list', 'ec2:DescribeSecurityGroups', { prefixListIds: ['pl-01'] }],
  ['a source group', 'ec2:DescribeSecurityGroups', { sourceGroupIds: ['sg-0f'] }],
])('where %s leads is unresolved when %s fails, for its own message alone', async (_, operation, targets) => {
  const affected = task('affected', targets);
  const other = task('other', { instanceIds: ['i-02'] });
  const isById = (input: { readonly Filters?: readonly ec2.Filter[] | undefined }) =>
    input.Filters?.[0]?.Name === 'instance-id';
  const fault = { operation, error: 'RequestLimitExceeded', times: 'always', when: (input: object) => !isById(input) };
  const { aws } = account([one, two], [fault as Fault]);

  const { sightings, unresolved } = await findInstances(aws, [affected, other]);

  expect([...unresolved]).toEqual([[affected, expect.stringContaining('RequestLimitExceeded')]]);
  expect(sightings).toEqual([expect.objectContaining({ instanceId: 'i-02', tasks: [other] })]);
});

test.each([
  ['is not there', [two], [], { what: 'instance i-01', why: 'not-found' }],
  [
    'can not be read',
    [one, two],
    [{ operation: 'ec2:DescribeInstances', error: 'RequestLimitExceeded' }],
    { what: 'instance i-01', why: 'throttled', detail: expect.stringContaining('RequestLimitExceeded') },
  ],
  [
    'is malformed',
    [{ ...one, LaunchTime: undefined }, two],
    [],
    { what: 'instance i-01', why: 'failed', detail: 'DescribeInstances gave no LaunchTime' },
  ],
] as const)('an instance that %s is missing for that reason', async (_, instances, faults, missing) => {
  const { aws } = account(instances, faults);

  const { sightings } = await findInstances(aws, [task('first', { instanceIds: ['i-01'] })]);

  expect(sightings).toEqual([{ instanceId: 'i-01', missing, tasks: [expect.anything()] }]);
});

describe('a change whose instances can not be found', () => {
  const policies = [
    policyFor('restricted-ingress', { ports: [22], allowedSources: [{ group: { tags: { Role: ['bastion'] } } }] }),
  ];
  const call = (eventName: string, request: Readonly<Record<string, unknown>>) =>
    apiCall(scope, {
      eventName,
      at: start,
      by: iamUser(scope.accountId, 'jane'),
      request,
      response: {},
      ids: ['request-1', 'event-1', 'shared-1'],
    });

  it.each([
    [
      'AuthorizeSecurityGroupIngress',
      'ec2:DescribeInstances',
      call('AuthorizeSecurityGroupIngress', { groupId: openSsh.GroupId }),
    ],
    [
      'ModifyManagedPrefixList',
      'ec2:DescribeSecurityGroups',
      call('ModifyManagedPrefixList', { prefixListId: 'pl-01' }),
    ],
    [
      'CreateTags',
      'ec2:DescribeSecurityGroups',
      call('CreateTags', { resourcesSet: { items: [{ resourceId: 'sg-0c' }] } }),
    ],
  ] as const)('comes again, and is not taken for one that concerns none: %s', async (_, operation, event) => {
    const simulation = world({ policies, faults: [{ operation, error: 'RequestLimitExceeded' }] });
    const id = simulation.send(event);
    await simulation.runUntilQuiet(0);
    expect(simulation.reports[0]).toMatchObject({
      failed: [id],
      errors: [expect.stringContaining('RequestLimitExceeded')],
      ignored: [],
    });
  });
});

test.each<[string, { readonly error?: string }]>([
  ['can not be read', { error: 'UnauthorizedOperation' }],
  ['comes malformed', {}],
])('an open finding does not close as gone when its instance %s', async (_, { error }) => {
  const simulation = world({ policies: [policyFor('encrypted-volumes', {})] });
  const { account: its } = simulation.sandbox;
  const [launched] = its.launch({ ...good, volumes: bad.volumes }).instances;
  const instanceId = launched?.InstanceId ?? '';
  simulation.sandbox.advance(120_000);
  simulation.send(stateChange(scope, { instanceId, state: 'running', at: start, id: 'event-1' }));
  await simulation.runUntilQuiet(0);
  expect(told(simulation)).toEqual([['opened encrypted-volumes']]);

  if (error !== undefined) simulation.sandbox.inject({ operation: 'ec2:DescribeInstances', error, times: 'always' });
  else for (const reservation of its.rows.reservations ?? []) delete reservation.Instances?.[0]?.LaunchTime;
  simulation.send(stateChange(scope, { instanceId, state: 'running', at: start, id: 'event-2' }));
  await simulation.runUntilQuiet(900_000);

  const [item] = its.items.values();
  expect(JSON.parse(item?.body?.S ?? '').findings).toEqual([expect.objectContaining({ status: 'open' })]);
});
