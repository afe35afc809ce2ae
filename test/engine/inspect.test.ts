import { stateChange } from '../../src/sandbox/events.ts';
import { fivePolicies, policyFor } from '../support/policies.ts';
import {
  alertSubjects,
  bad,
  callsSince,
  good,
  openSsh,
  relooksOf,
  scope,
  start,
  told,
  world,
} from '../support/world.ts';

const allOpened = [
  'opened no-open-ssh',
  'opened required-tags',
  'opened encrypted-volumes',
  'opened approved-instance-types',
  'opened english-tags',
];

const running = (instanceId: string, at = start) =>
  stateChange(scope, { instanceId, state: 'running', at, id: `event-${instanceId}` });

describe('a launch', () => {
  it('is told in one message at once, and what had to settle in a second after a minute', async () => {
    const simulation = world();
    const { events } = simulation.sandbox.account.launch(bad);
    for (const event of events) simulation.send(event);

    await simulation.runUntilQuiet(0);
    expect(told(simulation)).toEqual([
      ['opened no-open-ssh', 'opened encrypted-volumes', 'opened approved-instance-types', 'opened english-tags'],
    ]);

    await simulation.runUntilQuiet(900_000);
    expect(told(simulation)).toEqual([
      ['opened no-open-ssh', 'opened encrypted-volumes', 'opened approved-instance-types', 'opened english-tags'],
      ['opened required-tags'],
    ]);
    expect(simulation.sandbox.now()).toEqual(new Date(start.getTime() + 60_000));
  });

  it('that complies is told nothing of', async () => {
    const simulation = world();
    for (const event of simulation.sandbox.account.launch(good).events) simulation.send(event);
    await simulation.runUntilQuiet(900_000);
    expect(simulation.sandbox.account.published).toEqual([]);
  });

  it.each([
    ['in order', (events: readonly unknown[]) => events],
    ['reversed', (events: readonly unknown[]) => [...events].reverse()],
    ['the record before the states', (events: readonly unknown[]) => [...events.slice(2), ...events.slice(0, 2)]],
  ])('tells each violated policy in exactly one message, its events %s, one by one and twice', async (_, order) => {
    const simulation = world();
    const { account } = simulation.sandbox;
    const { events, instances } = account.launch(bad);
    const tags = account.setTags(instances[0]?.InstanceId ?? '', { Team: 'web' });
    for (const event of [...order([...events, ...tags]), ...order([...events, ...tags])]) {
      simulation.send(event);
      await simulation.runUntilQuiet(0);
    }
    await simulation.runUntilQuiet(900_000);
    expect(told(simulation).flat().sort()).toEqual([...allOpened].sort());
  });

  it('whose launcher is learned later is no change', async () => {
    const simulation = world();
    const { events } = simulation.sandbox.account.launch(bad);
    simulation.send(events[1]);
    await simulation.runUntilQuiet(900_000);
    const before = told(simulation);
    simulation.send(events[2]);
    await simulation.runUntilQuiet(900_000);
    expect(told(simulation)).toEqual(before);
  });

  it('is judged by the tags of its request while EC2 shows none yet', async () => {
    const simulation = world({ policies: [policyFor('required-tags', { keys: [{ key: 'Owner' }] })] });
    const { events } = simulation.sandbox.account.launch({ ...good, visibleAfterMs: { tags: 300_000 } });
    for (const event of events) simulation.send(event);
    await simulation.runUntilQuiet(240_000);
    expect(told(simulation)).toEqual([]);
  });

  it('waits for volumes that EC2 does not show yet', async () => {
    const simulation = world({ policies: [policyFor('encrypted-volumes', {})] });
    const { events } = simulation.sandbox.account.launch({ ...bad, visibleAfterMs: { volumes: 30_000 } });
    for (const event of events) simulation.send(event);
    await simulation.runUntilQuiet(0);
    expect(told(simulation)).toEqual([]);
    await simulation.runUntilQuiet(900_000);
    expect(told(simulation)).toEqual([['opened encrypted-volumes']]);
  });
});

describe('a fix', () => {
  it('is told once, in one message', async () => {
    const simulation = world();
    const { account } = simulation.sandbox;
    const { events, instances } = account.launch({ ...good, instance: { ...good.instance, Tags: [] } });
    for (const event of events) simulation.send(event);
    await simulation.runUntilQuiet(900_000);
    const fix = account.setTags(instances[0]?.InstanceId ?? '', { Owner: 'jane@example.com' });
    for (const event of [...fix, ...fix]) simulation.send(event);
    await simulation.runUntilQuiet(900_000);
    expect(told(simulation)).toEqual([['opened required-tags'], ['resolved required-tags']]);
  });

  it('of a security group is seen at every instance that carries it, on whichever interface', async () => {
    const simulation = world({ policies: [policyFor('restricted-ingress', { ports: [22] })] });
    const { account } = simulation.sandbox;
    const secondary = {
      ...good.instance,
      NetworkInterfaces: [
        { NetworkInterfaceId: 'eni-0aaaaaaaaaaaaaaa1', Groups: [{ GroupId: 'sg-0bbbbbbbbbbbbbbb2' }] },
        { NetworkInterfaceId: 'eni-0aaaaaaaaaaaaaaa2', Groups: [{ GroupId: openSsh.GroupId }] },
      ],
    };
    account.launch({ ...bad });
    account.launch({ ...good, instance: secondary });
    const [permission] = openSsh.IpPermissions ?? [];
    account.revokeIngress(openSsh.GroupId ?? '', permission ?? {});
    for (const event of account.authorizeIngress(openSsh.GroupId ?? '', permission ?? {})) simulation.send(event);
    await simulation.runUntilQuiet(0);
    expect(told(simulation)).toEqual([['opened restricted-ingress'], ['opened restricted-ingress']]);

    for (const event of account.revokeIngress(openSsh.GroupId ?? '', permission ?? {})) simulation.send(event);
    await simulation.runUntilQuiet(0);
    expect(told(simulation).slice(2)).toEqual([['resolved restricted-ingress'], ['resolved restricted-ingress']]);
  });

  it('by termination is silent', async () => {
    const simulation = world();
    const { account } = simulation.sandbox;
    const { events, instances } = account.launch(bad);
    for (const event of events) simulation.send(event);
    await simulation.runUntilQuiet(900_000);
    const before = told(simulation);
    for (const event of account.terminate(instances[0]?.InstanceId ?? '')) simulation.send(event);
    await simulation.runUntilQuiet(900_000);
    expect(told(simulation)).toEqual(before);
  });
});

describe('tags of other resources', () => {
  it.each(['vol-0aaaaaaaaaaaaaaa1', openSsh.GroupId ?? ''])(
    'that no deployed policy reads lead nowhere, and nothing is looked up for them: %s',
    async (resourceId) => {
      const simulation = world({ policies: [policyFor('required-tags', { keys: [{ key: 'Owner' }] })] });
      const { account } = simulation.sandbox;
      account.launch({ ...good, volumes: [{ VolumeId: 'vol-0aaaaaaaaaaaaaaa1' }] });
      for (const event of account.setTags(resourceId, { Team: 'web' })) simulation.send(event);
      await simulation.runUntilQuiet(0);
      expect(simulation.reports[0]?.ignored).toEqual([
        expect.objectContaining({ reason: `no deployed policy reads the tags of ${resourceId}` }),
      ]);
      expect(callsSince(simulation.sandbox.calls)).toEqual([]);
    },
  );

  it('of a volume are judged where a policy asks for them', async () => {
    const policy = policyFor('required-tags', { keys: [{ key: 'Owner' }], resources: ['volume'] });
    const simulation = world({ policies: [policy] });
    const { account } = simulation.sandbox;
    const owned = { VolumeId: 'vol-0aaaaaaaaaaaaaaa1', Tags: [{ Key: 'Owner', Value: 'jane' }] };
    account.launch({ ...good, volumes: [owned] });
    simulation.sandbox.advance(120_000);
    for (const event of account.setTags(owned.VolumeId, { Owner: null })) simulation.send(event);
    await simulation.runUntilQuiet(0);
    expect(told(simulation)).toEqual([['opened required-tags']]);
  });
});

describe('a batch', () => {
  const launched = (policies = fivePolicies, count = 100) => {
    const simulation = world({ policies, pageSize: 'aws' });
    const { instances } = simulation.sandbox.account.launch({ ...good, count });
    simulation.sandbox.advance(120_000);
    for (const { InstanceId } of instances) simulation.send(running(InstanceId ?? ''));
    return { simulation, instances };
  };
  const reads = [
    'ec2:DescribeInstances',
    'ec2:DescribeVolumes',
    'ec2:DescribeSecurityGroups',
    'ec2:DescribeSecurityGroupRules',
    'dynamodb:BatchGetItem',
  ];
  const readsOf = (operations: readonly string[]) =>
    operations.filter((operation) => !operation.startsWith('dynamodb:Put'));

  it('of 100 instances and five policies takes five reads', async () => {
    const { simulation } = launched();
    await simulation.runUntilQuiet(0);
    expect(simulation.reports.map((report) => report.inspected)).toEqual([100]);
    expect(readsOf(callsSince(simulation.sandbox.calls)).sort()).toEqual([...reads].sort());
  });

  it('takes not one read more for ten policies on the same needs', async () => {
    const ten = [...fivePolicies, ...fivePolicies.map((policy) => ({ ...policy, name: `${policy.name}-again` }))];
    const { simulation } = launched(ten);
    await simulation.runUntilQuiet(0);
    expect(readsOf(callsSince(simulation.sandbox.calls)).sort()).toEqual([...reads].sort());
  });

  it('with one unknown id inspects the other 99 and looks again at that one alone', async () => {
    const { simulation } = launched(fivePolicies, 99);
    simulation.send(running('i-0ffffffffffffffff'));
    await simulation.runUntilQuiet(0);
    expect(simulation.reports[0]).toMatchObject({ inspected: 99, failed: [], lookedAgain: 1 });
    expect(relooksOf(simulation)).toEqual([{ delay: 60, attempt: 1, instanceIds: ['i-0ffffffffffffffff'] }]);
  });

  it('follows pages to the end', async () => {
    const simulation = world({ pageSize: 5 });
    const { instances } = simulation.sandbox.account.launch({ ...bad, count: 23 });
    simulation.sandbox.advance(120_000);
    for (const { InstanceId } of instances) simulation.send(running(InstanceId ?? ''));
    await simulation.runUntilQuiet(0);
    expect(simulation.reports[0]).toMatchObject({ inspected: 23, violations: 115 });
  });

  it('fails a message that is no JSON and handles the others', async () => {
    const simulation = world();
    const { instances } = simulation.sandbox.account.launch(bad);
    simulation.sandbox.advance(120_000);
    const broken = simulation.sandbox.deliver(simulation.engine.deployment.liveQueueUrl, 'not JSON');
    simulation.send(running(instances[0]?.InstanceId ?? ''));
    await simulation.runUntilQuiet(0);
    expect(simulation.reports[0]?.failed).toEqual([broken]);
    expect(told(simulation)).toEqual([allOpened]);
  });

  it('goes on when a rule throws at an instance, and says so to the operators in the end', async () => {
    const [first, ...rest] = fivePolicies;
    if (first === undefined) throw new Error('there are five');
    const throwing = {
      ...first,
      name: 'throws',
      boundRule: {
        ...first.boundRule,
        evaluate() {
          throw new Error('odd shape');
        },
      },
    };
    const simulation = world({ policies: [throwing, ...rest] });
    const { instances } = simulation.sandbox.account.launch(good);
    simulation.sandbox.advance(120_000);
    simulation.send(running(instances[0]?.InstanceId ?? ''));
    await simulation.runUntilQuiet(900_000);
    expect(told(simulation)).toEqual([]);
    expect(told(simulation, 'operations')).toEqual([['insufficient-data throws']]);
  });

  it.each([
    [10, 10],
    [11, 1],
  ])('of %i violating instances of one launch sends %i messages', async (count, messages) => {
    const simulation = world({ pageSize: 'aws' });
    const { instances } = simulation.sandbox.account.launch({ ...bad, count });
    simulation.sandbox.advance(120_000);
    for (const { InstanceId } of instances) simulation.send(running(InstanceId ?? ''));
    await simulation.runUntilQuiet(0);
    expect(alertSubjects(simulation)).toHaveLength(messages);
    expect(told(simulation).flat()).toHaveLength(count * 5);
  });
});

describe('the share of what could not be said', () => {
  const shares = (simulation: ReturnType<typeof world>) =>
    simulation.reports.map(({ finalEvaluations, finalInsufficientData }) => [finalInsufficientData, finalEvaluations]);

  it('leaves out looks that another one follows: what a launch has not shown yet is no gap', async () => {
    const simulation = world();
    for (const event of simulation.sandbox.account.launch(bad).events) simulation.send(event);
    await simulation.runUntilQuiet(900_000);

    expect(simulation.reports.some(({ insufficientData }) => insufficientData > 0)).toBe(true);
    expect(shares(simulation)).toEqual([
      [0, 0],
      [0, fivePolicies.length],
    ]);
  });

  it('counts at once what no further look would bring', async () => {
    const simulation = world({
      faults: [{ operation: 'ec2:DescribeVolumes', error: 'UnauthorizedOperation', times: 'always' }],
    });
    const [instance] = simulation.sandbox.account.launch(bad).instances;
    simulation.sandbox.advance(3_600_000);
    simulation.send(running(instance?.InstanceId ?? ''));
    await simulation.runUntilQuiet(0);

    expect(shares(simulation)).toEqual([[1, fivePolicies.length]]);
  });
});
