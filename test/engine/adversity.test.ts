import { inspectBatch } from '../../src/engine/inspect.ts';
import { sweep } from '../../src/engine/sweep.ts';
import { stateChange } from '../../src/sandbox/events.ts';
import { policyFor } from '../support/policies.ts';
import { sweepOnce } from '../support/stories.ts';
import {
  alertSubjects,
  bad,
  callsSince,
  closed,
  good,
  openSsh,
  relooksOf,
  scope,
  start,
  told,
  world,
} from '../support/world.ts';

const HOUR = 3_600_000;
const requiredTags = policyFor('required-tags', { keys: [{ key: 'Owner' }] });
const noOpenSsh = policyFor('restricted-ingress', { ports: [22] }, { name: 'no-open-ssh' });
const [ssh = {}] = openSsh.IpPermissions ?? [];

type World = ReturnType<typeof world>;

function liveMessages(simulation: World): readonly (readonly string[])[] {
  return told(simulation).filter((message) => message.length > 0);
}

describe('the first sweep', () => {
  it('is silent of what it sees at once; what it could only see later is told', async () => {
    const faults = [{ operation: 'ec2:DescribeSecurityGroups', error: 'RequestLimitExceeded' }] as const;
    const simulation = world({ policies: [noOpenSsh], faults });
    simulation.sandbox.account.launch(bad);
    simulation.sandbox.advance(HOUR);
    await sweepOnce(simulation);
    expect(alertSubjects(simulation)[0]).toMatch(/^\[SUMMARY\] 0 findings/);
    expect(liveMessages(simulation)).toEqual([['opened no-open-ssh']]);
  });

  it('swallows nothing of a launch that it comes upon', async () => {
    const simulation = world({ policies: [requiredTags] });
    simulation.sandbox.account.launch(bad);
    simulation.sandbox.advance(20_000);
    await sweepOnce(simulation);
    expect(liveMessages(simulation)).toEqual([['opened required-tags']]);
  });

  it('that can never be completed is summed up as it is after three hours, and the sweeps speak from then on', async () => {
    const simulation = world({ policies: [requiredTags] });
    const { account } = simulation.sandbox;
    const { instances } = account.launch({ ...good, count: 2 });
    const [stuck, healthy] = instances.map((instance) => instance.InstanceId ?? '');
    simulation.sandbox.inject({
      operation: 'dynamodb:PutItem',
      error: 'ValidationException',
      times: 'always',
      when: ({ Item }) => Item?.pk?.S?.endsWith(stuck ?? '') ?? false,
    });
    for (let hour = 0; hour < 6; hour++) {
      simulation.sandbox.advance(HOUR);
      if (hour === 1) account.setTags(healthy ?? '', { Owner: null });
      await sweepOnce(simulation);
    }
    const subjects = alertSubjects(simulation);
    expect(subjects.filter((subject) => subject.startsWith('[SUMMARY]'))).toHaveLength(1);
    account.setTags(healthy ?? '', { Owner: 'jane' });
    simulation.sandbox.advance(HOUR);
    await sweepOnce(simulation);
    simulation.sandbox.advance(HOUR);
    await sweepOnce(simulation);
    expect(liveMessages(simulation).flat()).toContain('resolved required-tags');
  });
});

describe('a later sweep', () => {
  it('that finds much tells it in one message, over all its parts', async () => {
    const simulation = world({ policies: [requiredTags], pageSize: 'aws' });
    const { account } = simulation.sandbox;
    const { instances } = account.launch({ ...good, count: 250 });
    simulation.sandbox.advance(HOUR);
    await sweepOnce(simulation);
    for (const { InstanceId = '' } of instances.filter((_, index) => index % 20 === 0))
      account.setTags(InstanceId, { Owner: null });
    simulation.sandbox.advance(HOUR);
    await sweepOnce(simulation);
    expect(alertSubjects(simulation)).toHaveLength(2);
    expect(liveMessages(simulation)).toEqual([Array.from({ length: 13 }, () => 'opened required-tags')]);
  });
});

describe('an instance with more evidence than an item holds', () => {
  it('is told all the same, with its other violations', async () => {
    const rules = (group: number) =>
      Array.from({ length: 300 }, (_, index) => ({
        IpProtocol: 'tcp',
        FromPort: 20,
        ToPort: 30 + index,
        IpRanges: [{ CidrIp: `${11 + group}.${index % 250}.0.0/16` }],
      }));
    const securityGroups = Array.from({ length: 15 }, (_, group) => ({
      GroupId: `sg-0aaaaaaaaaaaaa${group + 100}`,
      GroupName: `monster-${group}`,
      OwnerId: scope.accountId,
      IpPermissions: rules(group),
    }));
    const simulation = world({ resources: { securityGroups }, pageSize: 'aws' });
    const SecurityGroups = securityGroups.map(({ GroupId, GroupName }) => ({ GroupId, GroupName }));
    const { events } = simulation.sandbox.account.launch({ ...bad, instance: { ...bad.instance, SecurityGroups } });
    for (const event of events) simulation.send(event);
    await simulation.runUntilQuiet(900_000);
    expect(told(simulation).flat().sort()).toEqual([
      'opened approved-instance-types',
      'opened encrypted-volumes',
      'opened english-tags',
      'opened no-open-ssh',
      'opened required-tags',
    ]);
  });
});

describe("the launch request's tags", () => {
  it('say nothing once EC2 has shown tags: deleted two minutes later is missing', async () => {
    const simulation = world({ policies: [requiredTags] });
    const { account } = simulation.sandbox;
    const { events, instances } = account.launch(good);
    for (const event of events) simulation.send(event);
    await simulation.runUntilQuiet(0);
    await simulation.runUntil(new Date(start.getTime() + 120_000));
    for (const event of account.setTags(instances[0]?.InstanceId ?? '', { Owner: null })) simulation.send(event);
    await simulation.runUntilQuiet(900_000);
    expect(told(simulation)).toEqual([['opened required-tags']]);
  });

  it('say nothing after a stop and start', async () => {
    const simulation = world({ policies: [requiredTags] });
    const { account } = simulation.sandbox;
    const { events, instances } = account.launch(good);
    const id = instances[0]?.InstanceId ?? '';
    for (const event of events) simulation.send(event);
    await simulation.runUntilQuiet(900_000);
    simulation.sandbox.advance(HOUR);
    for (const event of account.setTags(id, { Owner: null })) simulation.send(event);
    await simulation.runUntilQuiet(900_000);
    for (const event of [...account.setState(id, 'stopped'), ...account.setState(id, 'running')])
      simulation.send(event);
    await simulation.runUntilQuiet(900_000);
    expect(told(simulation)).toEqual([['opened required-tags']]);
  });
});

describe('an event that is ahead of what EC2 shows', () => {
  it('of a call is followed by a second look', async () => {
    const simulation = world({ policies: [noOpenSsh] });
    const { account } = simulation.sandbox;
    account.launch(good);
    simulation.sandbox.advance(HOUR);
    for (const event of account.authorizeIngress(closed.GroupId ?? '', ssh, { visibleAfterMs: 5_000 }))
      simulation.send(event);
    await simulation.runUntilQuiet(0);
    expect(told(simulation)).toEqual([]);
    await simulation.runUntilQuiet(60_000);
    expect(told(simulation)).toEqual([['opened no-open-ssh']]);
    expect(relooksOf(simulation)).toHaveLength(1);
  });

  it('of a state is followed by a second look', async () => {
    const simulation = world({
      policies: [policyFor('required-tags', { keys: [{ key: 'Owner' }] }, { match: { states: ['running'] } })],
    });
    const { account } = simulation.sandbox;
    const { instances } = account.launch({ ...good, instance: { ...good.instance, Tags: [] } });
    simulation.sandbox.advance(HOUR);
    await sweepOnce(simulation);
    for (const event of account.setState(instances[0]?.InstanceId ?? '', 'stopped', { visibleAfterMs: 3_000 }))
      simulation.send(event);
    await simulation.runUntilQuiet(60_000);
    expect(liveMessages(simulation)).toEqual([['out-of-scope required-tags']]);
  });

  it('that comes minutes late is believed at once', async () => {
    const simulation = world({ policies: [noOpenSsh] });
    const { account } = simulation.sandbox;
    account.launch(good);
    simulation.sandbox.advance(HOUR);
    const events = account.authorizeIngress(closed.GroupId ?? '', ssh);
    simulation.sandbox.advance(120_000);
    for (const event of events) simulation.send(event);
    await simulation.runUntilQuiet(900_000);
    expect(relooksOf(simulation)).toEqual([]);
    expect(told(simulation)).toEqual([['opened no-open-ssh']]);
  });
});

describe('an id that never was', () => {
  it('is told once and then forgotten', async () => {
    const simulation = world({ policies: [noOpenSsh] });
    simulation.send(stateChange(scope, { instanceId: 'i-0ffffffffffffffff', state: 'running', at: start, id: 'e' }));
    await simulation.runUntilQuiet(900_000);
    const looks = simulation.reports.length;
    for (let hour = 0; hour < 3; hour++) {
      simulation.sandbox.advance(HOUR);
      expect(await sweep(simulation.engine)).toMatchObject({ instances: 0 });
      await simulation.runUntilQuiet(900_000);
    }
    expect(simulation.reports).toHaveLength(looks);
    expect(told(simulation, 'operations')).toEqual([['insufficient-data no-open-ssh']]);
  });
});

describe('a group that hundreds carry', () => {
  it('is worked in parts of a hundred, behind the events', async () => {
    const simulation = world({ policies: [noOpenSsh], pageSize: 'aws' });
    const { account } = simulation.sandbox;
    account.launch({ ...good, count: 450 });
    simulation.sandbox.advance(HOUR);
    const events = account.authorizeIngress(closed.GroupId ?? '', ssh);
    simulation.sandbox.advance(60_000);
    for (const event of events) simulation.send(event);
    await simulation.runUntilQuiet(0);
    expect(simulation.reports.map((report) => [report.inspected, report.handedOver])).toEqual([
      [0, 450],
      [100, 0],
      [100, 0],
      [100, 0],
      [100, 0],
      [50, 0],
    ]);
    const counts = alertSubjects(simulation).map((subject) => /(\d+) instances/.exec(subject)?.[1]);
    expect(counts).toEqual(['100', '100', '100', '100', '50']);
  });
});

describe('a message of our own kind', () => {
  it.each([
    { kind: 'look', attempt: 0, queue: 'live', instances: [null] },
    { kind: 'look', attempt: -1, queue: 'live', instances: [] },
    {
      kind: 'look',
      attempt: 0,
      queue: 'live',
      instances: [{ instanceId: 'x'.repeat(3_000), cause: { key: 'k', text: 't' } }],
    },
    { kind: 'sweep', sweepId: 's', chunk: 0, chunks: 1, silent: true, instanceIds: [7] },
    { kind: 'sweep', instanceIds: [] },
  ])('that is not of our form fails alone: %#', async (message) => {
    const simulation = world();
    const { instances } = simulation.sandbox.account.launch(bad);
    simulation.sandbox.advance(120_000);
    simulation.send(message);
    simulation.send(
      stateChange(scope, { instanceId: instances[0]?.InstanceId ?? '', state: 'running', at: start, id: 'e' }),
    );
    await simulation.runUntilQuiet(0);
    expect(simulation.reports[0]).toMatchObject({ failed: [expect.any(String)], inspected: 1 });
    expect(told(simulation).flat()).toHaveLength(5);
  });

  it('does not silence anything by saying so', async () => {
    const simulation = world({ policies: [noOpenSsh] });
    const { instances } = simulation.sandbox.account.launch(bad);
    simulation.sandbox.advance(HOUR);
    const instanceIds = instances.map((instance) => instance.InstanceId ?? '');
    simulation.send({ kind: 'sweep', sweepId: 'forged', chunk: 0, chunks: 1, silent: true, instanceIds });
    await simulation.runUntilQuiet(900_000);
    expect(told(simulation)).toEqual([['opened no-open-ssh']]);
  });
});

describe('a table that leaves keys unprocessed', () => {
  it('is given time, more with each try', async () => {
    const simulation = world({ faults: [{ operation: 'dynamodb:BatchGetItem', unprocessedKeys: 1, times: 3 }] });
    const { instances } = simulation.sandbox.account.launch(good);
    simulation.sandbox.advance(120_000);
    simulation.send(
      stateChange(scope, { instanceId: instances[0]?.InstanceId ?? '', state: 'running', at: start, id: 'e' }),
    );
    await simulation.runUntilQuiet(0);
    const times = simulation.sandbox.calls
      .filter((call) => call.operation === 'dynamodb:BatchGetItem')
      .map((call) => call.at.getTime() - start.getTime() - 120_000);
    expect(times).toEqual([0, 50, 150, 350].slice(0, times.length));
    expect(times).toHaveLength(4);
    expect(callsSince(simulation.sandbox.calls)).toContain('dynamodb:PutItem');
  });
});

/** An instance that has settled, and its first sweep. */
async function sweptInstance(simulation: World, launch: Parameters<World['sandbox']['account']['launch']>[0] = good) {
  const { instances } = simulation.sandbox.account.launch(launch);
  simulation.sandbox.advance(HOUR);
  await sweepOnce(simulation);
  return instances.map((instance) => instance.InstanceId ?? '');
}

describe('a channel that refuses for long', () => {
  it('does not fill the item: once it takes alerts again, it gets the newest word on each finding', async () => {
    const simulation = world();
    const { account } = simulation.sandbox;
    const [id = ''] = await sweptInstance(simulation, bad);
    const before = told(simulation).length;
    let refuses = true;
    simulation.sandbox.inject({
      operation: 'sns:Publish',
      error: 'KMSAccessDeniedException',
      times: 'always',
      when: () => refuses,
    });
    const { liveQueueUrl } = simulation.engine.deployment;
    for (let change = 0; change < 300; change++) {
      simulation.sandbox.advance(600_000);
      const odd = change % 2 === 1;
      const [event] = account.setTags(id, { Owner: odd ? null : 'x', 이름: odd ? 'web' : null });
      await inspectBatch(simulation.engine, [{ id: `${change}`, body: JSON.stringify(event) }]);
    }
    for (const queue of account.queues.values())
      expect([queue.url === liveQueueUrl, queue.deadLetters]).toEqual([queue.url === liveQueueUrl, []]);
    refuses = false;
    account.setTags(id, { Owner: 'jane' });
    simulation.sandbox.advance(HOUR);
    await sweepOnce(simulation);
    const words = told(simulation).slice(before).flat();
    expect(words.filter((word) => word.endsWith('required-tags')).at(-1)).toBe('resolved required-tags');
    expect(words.filter((word) => word.endsWith('english-tags')).at(-1)).toBe('opened english-tags');
    expect(words.length).toBeLessThan(10);
  });
});

describe('an event ahead of EC2 on a group that hundreds carry', () => {
  it.each([200, 201])('is followed by a second look at each of %i', async (count) => {
    const simulation = world({ policies: [noOpenSsh], pageSize: 'aws' });
    await sweptInstance(simulation, { ...good, count });
    const before = told(simulation).length;
    const { account } = simulation.sandbox;
    for (const event of account.authorizeIngress(closed.GroupId ?? '', ssh, { visibleAfterMs: 5_000 }))
      simulation.send(event);
    await simulation.runUntilQuiet(120_000);
    const subjects = alertSubjects(simulation)
      .slice(before)
      .map((subject) => Number(/(\d+) instances/.exec(subject)?.[1] ?? 1));
    expect(subjects.reduce((sum, instances) => sum + instances, 0)).toBe(count);
  });
});

describe('a write whose answer is lost and that the SDK repeats', () => {
  it('is known as our own, and its alert is sent at once', async () => {
    const lost = {
      operation: 'dynamodb:PutItem',
      error: 'ConditionalCheckFailedException',
      takesEffect: true,
    } as const;
    const simulation = world({ policies: [noOpenSsh], faults: [lost] });
    const [instance] = simulation.sandbox.account.launch(bad).instances;
    simulation.sandbox.advance(120_000);
    simulation.send(
      stateChange(scope, { instanceId: instance?.InstanceId ?? '', state: 'running', at: start, id: 'e' }),
    );
    await simulation.runUntilQuiet(0);
    expect(told(simulation)).toEqual([['opened no-open-ssh']]);
  });
});

describe('a read that fails in part', () => {
  it('does not change what is told of an open finding', async () => {
    const lists = { 'pl-0aaaaaaaaaaaaaaa1': [{ Cidr: '0.0.0.0/0' }], 'pl-0aaaaaaaaaaaaaaa2': [{ Cidr: '8.0.0.0/6' }] };
    const group = {
      GroupId: 'sg-0ccccccccccccccc3',
      GroupName: 'lists',
      OwnerId: scope.accountId,
      IpPermissions: [
        {
          IpProtocol: 'tcp',
          FromPort: 22,
          ToPort: 22,
          PrefixListIds: Object.keys(lists).map((PrefixListId) => ({ PrefixListId })),
        },
      ],
    };
    const simulation = world({ policies: [noOpenSsh], resources: { securityGroups: [group], prefixLists: lists } });
    await sweptInstance(simulation, {
      ...good,
      instance: { ...good.instance, SecurityGroups: [{ GroupId: group.GroupId }] },
    });
    simulation.sandbox.inject({
      operation: 'ec2:GetManagedPrefixListEntries',
      error: 'RequestLimitExceeded',
      after: 1,
    });
    for (let hour = 0; hour < 2; hour++) {
      simulation.sandbox.advance(HOUR);
      await sweepOnce(simulation);
    }
    expect(simulation.sandbox.calls.filter((call) => call.outcome === 'RequestLimitExceeded')).toHaveLength(1);
    expect(liveMessages(simulation)).toEqual([]);
  });
});

describe('one instance that always fails', () => {
  it('does not keep back what a later sweep finds on the others', async () => {
    const simulation = world({ policies: [requiredTags], pageSize: 'aws' });
    const ids = await sweptInstance(simulation, { ...good, count: 250 });
    simulation.sandbox.inject({
      operation: 'dynamodb:PutItem',
      error: 'ValidationException',
      times: 'always',
      when: ({ Item }) => Item?.pk?.S?.endsWith(ids[0] ?? '') ?? false,
    });
    for (const index of [120, 240]) simulation.sandbox.account.setTags(ids[index] ?? '', { Owner: null });
    simulation.sandbox.advance(HOUR);
    await sweep(simulation.engine);
    await simulation.runUntilQuiet(0);
    expect(liveMessages(simulation)).toEqual([['opened required-tags'], ['opened required-tags']]);
  });
});

describe('what the first sweep sees resolved', () => {
  it('is told when the sweep ends', async () => {
    const simulation = world({ policies: [requiredTags] });
    const { account } = simulation.sandbox;
    const { events, instances } = account.launch({ ...good, instance: { ...good.instance, Tags: [] } });
    for (const event of events) simulation.send(event);
    await simulation.runUntilQuiet(60_000);
    account.setTags(instances[0]?.InstanceId ?? '', { Owner: 'jane' });
    simulation.sandbox.advance(60_000);
    await sweepOnce(simulation);
    expect(liveMessages(simulation)).toEqual([['opened required-tags'], ['resolved required-tags']]);
  });
});
