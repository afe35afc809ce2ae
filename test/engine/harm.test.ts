import { quarantine } from '../../src/actions/quarantine.ts';
import { stop } from '../../src/actions/stop.ts';
import { terminate } from '../../src/actions/terminate.ts';
import { defaultInstance } from '../../src/domain/given.ts';
import { type ChangingOperation, isChanging } from '../../src/domain/operations.ts';
import { stateChange } from '../../src/sandbox/events.ts';
import { plainStop } from '../support/plain-actions.ts';
import { enforcing, policyFor } from '../support/policies.ts';
import { findingsOf, happens, mails, sweepOnce, wait } from '../support/stories.ts';
import { good, scope, settled, start, told, untagged, world } from '../support/world.ts';

/** What tools of this kind have done to those who ran them: each is here as a story that ends otherwise. */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const requiredTags = policyFor('required-tags', { keys: [{ key: 'Owner' }] });
const stopUntagged = enforcing(requiredTags, plainStop);
const stopAfterAnHour = enforcing(requiredTags, plainStop, { afterMs: HOUR });

type World = ReturnType<typeof world>;

function enforced(...policies: readonly (typeof stopUntagged)[]): World {
  return world({ policies, pageSize: 'aws', enforcement: { isEnforcing: true } });
}

function stopped({ sandbox }: World): readonly string[] {
  return sandbox.calls.flatMap(({ operation, input, outcome }) =>
    isChanging(operation) && outcome === 'done' ? ((input as { InstanceIds?: string[] }).InstanceIds ?? []) : [],
  );
}

test('tags that come a minute after the launch are waited for: nothing is stopped that has them', async () => {
  const simulation = enforced(stopUntagged);
  const { events } = simulation.sandbox.account.launch({ ...good, visibleAfterMs: { tags: 55_000 } });
  await happens(simulation, events);
  expect(stopped(simulation)).toEqual([]);
  expect(told(simulation)).toEqual([]);
});

test.each(['UnauthorizedOperation', 'RequestLimitExceeded', 'InternalError'])(
  'a read that ends with %s is no violation: nothing is stopped',
  async (error) => {
    const simulation = enforced(enforcing(policyFor('encrypted-volumes', {}), plainStop));
    simulation.sandbox.inject({ operation: 'ec2:DescribeVolumes', error, times: 'always' });
    await happens(simulation, simulation.sandbox.account.launch({ ...good, at: settled }).events);
    expect(stopped(simulation)).toEqual([]);
    expect((await findingsOf(simulation)).map(({ status }) => status)).toEqual(['unknown']);
  },
);

test('an instance that can not be stopped keeps no other from being stopped', async () => {
  const simulation = enforced(stopUntagged);
  const { account } = simulation.sandbox;
  const { events, instances } = account.launch({ ...untagged, count: 3, at: settled });
  const [first, ...others] = instances.map(({ InstanceId = '' }) => InstanceId);
  simulation.sandbox.inject({
    operation: 'ec2:StopInstances',
    error: 'IncorrectInstanceState',
    when: ({ InstanceIds }) => InstanceIds?.includes(first ?? '') === true,
  });
  await happens(
    simulation,
    events.filter((event) => (event.detail as { state?: string }).state === 'running'),
  );
  expect(stopped(simulation)).toEqual(expect.arrayContaining(others));
});

test('an instance that is still pending is not taken for stopped: that it is not done yet is said', async () => {
  const simulation = enforced(stopUntagged);
  const { account } = simulation.sandbox;
  const pending = { ...untagged, instance: { ...untagged.instance, State: { Name: 'pending' as const } } };
  const { instances } = account.launch({ ...pending, at: settled });
  const id = instances[0]?.InstanceId ?? '';
  simulation.send({
    kind: 'look',
    attempt: 0,
    queue: 'live',
    instances: [{ instanceId: id, cause: { key: 'k', text: 't' } }],
  });
  await simulation.runUntil(simulation.sandbox.now());
  const [finding] = await findingsOf(simulation);
  expect(finding?.steps?.[0]?.held).toEqual({
    by: 'refused',
    why: 'the instance is pending: stop is for one that is running',
  });
  expect(stopped(simulation)).toEqual([]);
});

test('a policy that is removed enforces no more, though an action of it was due', async () => {
  const simulation = enforced(stopAfterAnHour);
  await happens(simulation, simulation.sandbox.account.launch({ ...untagged, at: settled }).events);
  Object.assign(simulation.engine, { policies: [policyFor('encrypted-volumes', {})] });
  await wait(simulation, 2 * HOUR);
  expect(stopped(simulation)).toEqual([]);
  expect((await findingsOf(simulation)).map(({ closedAs }) => closedAs)).toEqual(['withdrawn']);
});

test('who owns the instance moves no deadline: taking a tag off and on again, or mending for a while', async () => {
  const simulation = enforced(enforcing(requiredTags, plainStop, { afterMs: 3 * HOUR, onDrift: true }));
  const { account } = simulation.sandbox;
  const { events, instances } = account.launch({ ...untagged, at: settled });
  const id = instances[0]?.InstanceId ?? '';
  await happens(simulation, events);
  simulation.sandbox.advance(HOUR);
  await happens(simulation, account.setTags(id, { Owner: 'jane', due: 'next year' }));
  simulation.sandbox.advance(HOUR);
  await happens(simulation, account.setTags(id, { Owner: null }));
  await wait(simulation, HOUR + MINUTE);
  expect(stopped(simulation)).toEqual([id]);
});

test('what the guardrail does itself sets nothing off: its own calls are dropped', async () => {
  const simulation = enforced(stopUntagged);
  await happens(simulation, simulation.sandbox.account.launch({ ...untagged, at: settled }).events);
  const before = simulation.sandbox.calls.length;
  for (let hours = 0; hours < 24; hours++) {
    simulation.sandbox.advance(HOUR);
    await sweepOnce(simulation);
  }
  expect(stopped(simulation)).toHaveLength(1);
  expect(simulation.sandbox.calls.slice(before).filter(({ operation }) => isChanging(operation))).toEqual([]);
  expect(told(simulation).flat()).toEqual(['opened required-tags']);
});

describe('actions as they are shipped', () => {
  const groups = ['sg-0aaaaaaaaaaaaaaa5', 'sg-0aaaaaaaaaaaaaaa6', 'sg-0aaaaaaaaaaaaaaa7'].map((GroupId) => ({
    GroupId,
    GroupName: GroupId,
    VpcId: 'vpc-0123456789abcdef0',
    OwnerId: scope.accountId,
    IpPermissions: [],
  }));
  const isolating = { ...groups[0], GroupId: 'sg-0ddddddddddddddd9', Tags: [{ Key: 'Role', Value: 'quarantine' }] };
  const interfaces = [0, 1].map((index) => ({
    NetworkInterfaceId: `eni-0aaaaaaaaaaaaaaa${index}`,
    OwnerId: scope.accountId,
    VpcId: 'vpc-0123456789abcdef0',
    InterfaceType: 'interface' as const,
    Groups: groups.map(({ GroupId }) => ({ GroupId })),
    Attachment: {
      InstanceId: 'i-0123456789abcdef0',
      InstanceOwnerId: scope.accountId,
      DeviceIndex: index,
      AttachTime: settled,
      AttachmentId: `eni-attach-0aaaaaaaaaaaaaaa${index}`,
    },
  }));

  const VolumeId = 'vol-0aaaaaaaaaaaaaaa1';

  /** An account with an instance of two interfaces, each in three groups. */
  function isolatedBy(
    policy: typeof stopUntagged,
    tags: readonly { readonly Key: string; readonly Value: string }[] = [],
  ) {
    const instance = {
      ...defaultInstance,
      LaunchTime: settled,
      State: { Name: 'running' as const },
      Placement: { AvailabilityZone: 'us-east-1a' },
      SecurityGroups: groups.map(({ GroupId }) => ({ GroupId })),
      NetworkInterfaces: interfaces,
      BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { VolumeId } }],
      Tags: [...tags],
    };
    return world({
      policies: [policy],
      pageSize: 'aws',
      enforcement: { isEnforcing: true },
      resources: {
        reservations: [{ OwnerId: scope.accountId, ReservationId: 'r-1', Instances: [instance] }],
        securityGroups: [...groups, isolating],
        networkInterfaces: interfaces,
        volumes: [
          { VolumeId, Attachments: [{ VolumeId, InstanceId: 'i-0123456789abcdef0', DeleteOnTermination: true }] },
        ],
        instanceTypes: [{ InstanceType: 'm7i.large', InstanceStorageSupported: false }],
      },
    });
  }

  const running = stateChange(scope, { instanceId: 'i-0123456789abcdef0', state: 'running', at: start, id: 'e-1' });
  const isolate = enforcing(requiredTags, quarantine, {
    parameters: { securityGroup: { tags: { Role: ['quarantine'] } }, protect: true },
  });

  test('quarantine leaves no interface in any of its former groups, however many there were', async () => {
    const simulation = isolatedBy(isolate);
    await happens(simulation, [running]);
    const { NetworkInterfaces = [] } = await simulation.sandbox.aws('ec2:DescribeNetworkInterfaces', {});
    expect(NetworkInterfaces.map(({ Groups }) => Groups?.map(({ GroupId }) => GroupId))).toEqual([
      ['sg-0ddddddddddddddd9'],
      ['sg-0ddddddddddddddd9'],
    ]);
    const [finding] = await findingsOf(simulation);
    expect(finding?.acts?.[0]?.undo).toEqual([
      ...interfaces.map(({ NetworkInterfaceId }) => ({
        operation: 'ec2:ModifyNetworkInterfaceAttribute',
        input: { NetworkInterfaceId, Groups: groups.map(({ GroupId }) => GroupId) },
      })),
      {
        operation: 'ec2:ModifyInstanceAttribute',
        input: { InstanceId: 'i-0123456789abcdef0', DisableApiTermination: { Value: false } },
      },
    ]);
  });

  const isolateWithSnapshots = enforcing(requiredTags, quarantine, {
    parameters: { securityGroup: { tags: { Role: ['quarantine'] } }, protect: true, snapshot: true },
  });

  function outcomesOf({ sandbox }: World, wanted: ChangingOperation): readonly string[] {
    return sandbox.calls.flatMap(({ operation, outcome }) => (operation === wanted ? [outcome] : []));
  }

  async function groupsOf({ sandbox }: World) {
    const { NetworkInterfaces = [] } = await sandbox.aws('ec2:DescribeNetworkInterfaces', {});
    return NetworkInterfaces.map(({ Groups }) => Groups?.map(({ GroupId }) => GroupId));
  }

  const isIsolated = [['sg-0ddddddddddddddd9'], ['sg-0ddddddddddddddd9']];

  test('quarantine takes its snapshots once, before the first interface is moved, however often it is looked at', async () => {
    const simulation = isolatedBy(isolateWithSnapshots);
    for (let times = 0; times < 3; times++) {
      await happens(simulation, [running]);
      simulation.sandbox.advance(HOUR);
    }
    expect(await groupsOf(simulation)).toEqual(isIsolated);
    const changes = simulation.sandbox.calls.filter(({ operation }) => isChanging(operation));
    expect(changes.map(({ operation, outcome }) => `${operation} ${outcome}`)).toEqual([
      'ec2:ModifyInstanceAttribute done',
      'ec2:CreateSnapshots done',
      'ec2:ModifyNetworkInterfaceAttribute done',
      'ec2:ModifyNetworkInterfaceAttribute done',
    ]);
  });

  test('an instance whose snapshots EC2 refuses is isolated all the same, and the alert and the log say what is missing', async () => {
    const simulation = isolatedBy(isolateWithSnapshots);
    simulation.sandbox.inject({ operation: 'ec2:CreateSnapshots', error: 'SnapshotLimitExceeded', times: 'always' });
    await happens(simulation, [running]);

    expect(await groupsOf(simulation)).toEqual(isIsolated);
    const why = 'ec2:CreateSnapshots: SnapshotLimitExceeded: ec2:CreateSnapshots failed with SnapshotLimitExceeded';
    expect((await findingsOf(simulation))[0]?.acts).toMatchObject([{ outcome: 'done', detail: why }]);
    const [mail] = mails(simulation);
    expect(mail).toMatch(/Done protect i-0123456789abcdef0 from termination, then take snapshots of its EBS volumes/);
    expect(mail).toContain(`, but not all of it: ${why}; to put it back: `);
    expect(simulation.sandbox.account.published[0]?.subject).toContain('required-tags, quarantine done in part: ');
    const { reports } = simulation;
    expect(reports.flatMap(({ errors }) => errors)).toEqual([
      `quarantine on i-0123456789abcdef0, not all of it: ${why}`,
    ]);
    expect(reports.map(({ failedActions }) => failedActions)).not.toContain(1);
  });

  test('an isolation that fails each time takes no more snapshots than one, until it was done', async () => {
    const simulation = isolatedBy(isolateWithSnapshots);
    const { sandbox } = simulation;
    sandbox.inject({ operation: 'ec2:ModifyNetworkInterfaceAttribute', error: 'UnauthorizedOperation', times: 5 });
    await happens(simulation, [running]);
    for (let hours = 0; hours < 5; hours++) {
      sandbox.advance(HOUR);
      await sweepOnce(simulation);
    }
    expect(outcomesOf(simulation, 'ec2:ModifyNetworkInterfaceAttribute')).toEqual([
      ...Array.from({ length: 5 }, () => 'UnauthorizedOperation'),
      'done',
      'done',
    ]);
    expect(outcomesOf(simulation, 'ec2:CreateSnapshots')).toEqual(['done']);
    expect(await groupsOf(simulation)).toEqual(isIsolated);
    const [finding] = await findingsOf(simulation);
    expect(finding?.acts?.at(-1)).toMatchObject({
      outcome: 'done',
      calls: [{ operation: 'ec2:CreateSnapshots', outcome: 'done before' }, { outcome: 'done' }, { outcome: 'done' }],
    });
  });

  test.each([
    ['quarantine', isolate],
    ['stop', enforcing(requiredTags, stop, { parameters: { loseInstanceStore: false } })],
    ['terminate', enforcing(requiredTags, terminate, { parameters: { loseInstanceStore: false } })],
  ])('%s leaves a member of an Auto Scaling group alone, says so, and spins with nobody', async (_, policy) => {
    const simulation = isolatedBy(policy, [{ Key: 'aws:autoscaling:groupName', Value: 'web' }]);
    for (let hours = 0; hours < 3; hours++) {
      await happens(simulation, [running]);
      simulation.sandbox.advance(HOUR);
    }
    expect(simulation.sandbox.calls.filter(({ operation }) => isChanging(operation))).toEqual([]);
    const [finding] = await findingsOf(simulation);
    expect(finding?.steps?.[0]?.held?.why).toContain('Auto Scaling group "web"');
    expect(told(simulation)).toEqual([['opened required-tags']]);
  });

  test('stop takes no EBS root for instance storage, whatever its device is called', async () => {
    const simulation = isolatedBy(enforcing(requiredTags, stop, { parameters: { loseInstanceStore: false } }));
    await happens(simulation, [running]);
    expect(stopped(simulation)).toEqual(['i-0123456789abcdef0']);
  });
});
