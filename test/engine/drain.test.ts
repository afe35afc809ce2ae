import { stateChange } from '../../src/sandbox/events.ts';
import type { Fault } from '../../src/sandbox/faults.ts';
import { all, draining, drainingByAll, everything, tagged, whole } from '../support/drain-stages.ts';
import {
  containersOf,
  drainCalls,
  drainNews,
  drainWorld,
  groupOf,
  idOf,
  interruption,
  rebalance,
  scope,
  spot,
  start,
  targetGroupArn,
  targetsOf,
} from '../support/drains.ts';

/** Instances in one target group that their tag names. */
function webOf(numbers: readonly number[], names: readonly string[] = ['web']) {
  const made = names.map((name) => ({ name, ...targetsOf(name, numbers) }));
  return {
    reservations: spot(numbers, tagged(['ec2-guardrail:target-groups', names.join(',')])),
    serving: {
      targetGroups: made.map(({ group }) => group),
      targetHealth: Object.fromEntries(made.map(({ name, health }) => [name, health])),
      clusterArns: [],
      loadBalancers: [],
      autoScalingGroups: [],
    },
  };
}

/** Ten groups of twelve instances, each with two target groups, a classic load balancer and an ECS cluster. */
function fleet() {
  const groups = all(0, 9).map((index) => ({ name: `g${index}`, numbers: all(index * 12 + 1, index * 12 + 12) }));
  const targets = groups.flatMap(({ name, numbers }) =>
    ['a', 'b'].map((suffix) => ({ name: `${name}-${suffix}`, ...targetsOf(`${name}-${suffix}`, numbers) })),
  );
  const clusters = groups.map(({ name, numbers }) => ({ name, ...containersOf(name, numbers) }));
  const noticed = groups.flatMap(({ numbers }) => numbers.slice(0, 10));
  return {
    noticed,
    resources: {
      reservations: groups.flatMap(({ name, numbers }) => spot(numbers, tagged(['aws:autoscaling:groupName', name]))),
      serving: {
        autoScalingGroups: groups.map(({ name, numbers }) =>
          groupOf(name, numbers, {
            TargetGroupARNs: [targetGroupArn(`${name}-a`), targetGroupArn(`${name}-b`)],
            LoadBalancerNames: [name],
          }),
        ),
        lifecycleHooks: Object.fromEntries(groups.map(({ name }) => [name, []])),
        targetGroups: targets.map(({ group }) => group),
        targetHealth: Object.fromEntries(targets.map(({ name, health }) => [name, health])),
        loadBalancers: groups.map(({ name, numbers }) => ({
          LoadBalancerName: name,
          Instances: numbers.map((number) => ({ InstanceId: idOf(number) })),
        })),
        clusterArns: clusters.map(({ arn }) => arn),
        containerInstances: Object.fromEntries(
          clusters.map(({ name, containerInstances }) => [name, containerInstances]),
        ),
        services: Object.fromEntries(clusters.map(({ name }) => [name, []])),
        tasks: Object.fromEntries(clusters.map(({ name }) => [name, []])),
      },
    },
  };
}

describe('in time, at 100 to 300 ms a call', () => {
  test('a notice is told within 3 s, acted on within 5 s, and its end told before the deadline', async () => {
    const { resources } = fleet();
    const world = drainWorld({ policies: [draining(everything)], resources });
    await world.happens([interruption(idOf(1))]);

    const news = drainNews(world);
    expect(news.map(({ kind }) => kind)).toEqual(['interruption', 'drained']);
    for (const { topicArn } of news) expect(topicArn).toBe('arn:aws:sns:us-east-1:123456789012:ec2-guardrail-alerts');
    expect(news[0]?.atMs).toBeLessThanOrEqual(3_000);
    expect(news[1]?.atMs).toBeLessThan(110_000);
    expect(
      drainCalls(world)
        .map(({ operation }) => operation)
        .sort(),
    ).toEqual([
      'ecs:UpdateContainerInstancesState',
      'elb:DeregisterInstancesFromLoadBalancer',
      'elbv2:DeregisterTargets',
      'elbv2:DeregisterTargets',
    ]);
    for (const { atMs, outcome } of drainCalls(world)) expect([outcome, atMs <= 5_000]).toEqual(['done', true]);
    expect(news[1]?.subject).toMatch(/^\[DRAINED, INCOMPLETE\] i-00000000000000001: 4 done, \d+ s left$/);
  });

  test('a hundred at once are done within 30 s, none is lost, and ELB throttles nothing', async () => {
    const { noticed, resources } = fleet();
    const world = drainWorld({ policies: [draining(everything)], resources });
    await world.happens(noticed.map((number) => interruption(idOf(number))));

    const calls = drainCalls(world);
    expect(calls.every(({ outcome }) => outcome === 'done')).toBe(true);
    const targets = calls.flatMap(({ operation, input }) =>
      operation === 'elbv2:DeregisterTargets'
        ? (input as { Targets: { Id: string }[] }).Targets.map(({ Id }) => Id)
        : [],
    );
    expect(targets.sort()).toEqual(noticed.flatMap((number) => [idOf(number), idOf(number)]).sort());
    expect(Math.max(...calls.map(({ atMs }) => atMs))).toBeLessThanOrEqual(30_000);
    const throttled = world.sandbox.calls.filter(
      ({ operation, outcome }) => operation.startsWith('elb') && /Throttl/.test(outcome),
    );
    expect(throttled).toEqual([]);
    const final = drainNews(world).filter(({ kind }) => kind === 'drained');
    expect(final.flatMap(({ drains }) => drains.map(({ instanceId }) => instanceId)).sort()).toEqual(
      noticed.map(idOf).sort(),
    );
  });
});

describe('nothing is changed', () => {
  test.each<[string, Parameters<typeof drainWorld>[0], readonly unknown[], readonly string[]]>([
    [
      'where the policy observes',
      { policies: [draining(everything, { mode: 'observe' })] },
      [interruption(idOf(1))],
      ['interruption', 'drained'],
    ],
    [
      'where enforcement is off',
      { policies: [draining(everything)], isEnforcing: false },
      [interruption(idOf(1))],
      ['interruption', 'drained'],
    ],
    [
      'by a rehearsal',
      { policies: [draining(everything)] },
      [{ ...interruption(idOf(1)), source: 'ec2-guardrail.selftest' }],
      ['interruption', 'drained'],
    ],
    [
      'of an instance that no policy is of',
      { policies: [draining(everything, { match: { tags: { Drain: ['no'] } } })] },
      [interruption(idOf(1))],
      [],
    ],
    [
      'by a notice of another account',
      { policies: [draining(everything)] },
      [{ ...interruption(idOf(1)), account: '999999999999' }],
      [],
    ],
    [
      'on a recommendation, where no step says so',
      { policies: [draining(everything)] },
      [rebalance(idOf(1))],
      ['interruption'],
    ],
    ['by a policy that only notifies', { policies: [draining([])] }, [interruption(idOf(1))], ['interruption']],
  ])('%s', async (_, options, events, kinds) => {
    const world = drainWorld({ ...options, resources: webOf([1, 2]) });
    await world.happens(events);
    expect(drainCalls(world)).toEqual([]);
    expect(drainNews(world).map(({ kind }) => kind)).toEqual(kinds);
  });

  test('by a notice of Spot for an instance that is none', async () => {
    const { reservations, serving } = webOf([1, 2]);
    const plain = reservations.map((one) => ({
      ...one,
      Instances: (one.Instances ?? []).map((instance) => {
        const { InstanceLifecycle: _, ...rest } = instance;
        return rest;
      }),
    }));
    const world = drainWorld({ policies: [draining(everything)], resources: { reservations: plain, serving } });
    await world.happens([interruption(idOf(1))]);
    expect(drainCalls(world)).toEqual([]);
    expect(drainNews(world)[1]?.text.replaceAll(/\s+/g, ' ')).toContain('it is no Spot instance');
  });
});

describe('a target', () => {
  test('is held while no other is healthy, and leaves 20 s before the end', async () => {
    const world = drainWorld({ policies: [draining()], resources: webOf([1]) });
    await world.happens([interruption(idOf(1))]);
    const [call] = drainCalls(world);
    expect(call?.atMs).toBeGreaterThanOrEqual(100_000);
    expect(call?.atMs).toBeLessThan(110_000);
  });

  test('none leaves early of a group whose targets are all under notice', async () => {
    const numbers = all(1, 8);
    const world = drainWorld({ policies: [draining()], resources: webOf(numbers) });
    await world.happens(numbers.map((number) => interruption(idOf(number))));
    const times = drainCalls(world).map(({ atMs }) => atMs);
    expect(Math.min(...times)).toBeGreaterThanOrEqual(100_000);
  });

  test('leaves as soon as another is healthy', async () => {
    const world = drainWorld({ policies: [draining()], resources: webOf([1]), pace: { healthyMs: 15_000 } });
    const { sandbox } = world;
    const other = spot([2])[0];
    sandbox.account.after(20_000, () => {
      if (other !== undefined) sandbox.account.rows.reservations?.push(other as never);
      void sandbox.aws('elbv2:RegisterTargets', {
        TargetGroupArn: targetGroupArn('web'),
        Targets: [{ Id: idOf(2), Port: 80 }],
      });
    });
    await world.happens([interruption(idOf(1))]);
    const leaving = drainCalls(world).filter(({ operation }) => operation === 'elbv2:DeregisterTargets');
    expect(leaving).toHaveLength(1);
    expect(leaving[0]?.atMs).toBeGreaterThan(35_000);
    expect(leaving[0]?.atMs).toBeLessThan(65_000);
  });
});

describe('notices that come more than once', () => {
  test('end in one drain, told once', async () => {
    const world = drainWorld({ policies: [draining()], resources: webOf([1, 2]) });
    const event = interruption(idOf(1));
    await world.happens([event, event, { ...event, id: 'another' }], 10_000);
    await world.happens([event]);
    expect(drainCalls(world)).toHaveLength(1);
    expect(drainNews(world).map(({ kind }) => kind)).toEqual(['interruption', 'drained']);
  });

  test('a recommendation that is drained on and then an interruption end in one drain, and both are told', async () => {
    const world = drainWorld({ policies: [draining(['deregister-targets'], {}, true)], resources: webOf([1, 2]) });
    await world.happens([rebalance(idOf(1))], 30_000);
    expect(drainCalls(world)).toHaveLength(1);
    await world.happens([interruption(idOf(1), { time: new Date(Date.parse('2026-03-02T12:00:30Z')).toISOString() })]);
    expect(drainCalls(world)).toHaveLength(1);
    expect(drainNews(world).map(({ kind }) => kind)).toEqual(['interruption', 'drained', 'interruption', 'drained']);
  });
});

const changing = [
  'autoscaling:DetachInstances',
  'ecs:UpdateContainerInstancesState',
  'elb:DeregisterInstancesFromLoadBalancer',
  'elbv2:DeregisterTargets',
  'events:PutEvents',
  'ssm:SendCommand',
];

/** What was changed. Of a load balancer Auto Scaling may have taken it out a moment before. */
function changesIn({ sandbox }: ReturnType<typeof drainWorld>): readonly string[] {
  const isDone = (outcome: string) => outcome === 'done' || outcome === 'InvalidEndPointException';
  const done = sandbox.calls.filter(({ operation, outcome }) => changing.includes(operation) && isDone(outcome));
  return [...new Set(done.map(({ operation }) => operation))].sort();
}

test('all steps are made for one instance, in time', async () => {
  const world = drainWorld({ policies: [drainingByAll()], resources: whole() });
  await world.happens([interruption(idOf(1))]);
  expect(changesIn(world)).toEqual(changing);
  expect(drainNews(world).at(-1)?.subject).toMatch(/^\[DRAINED\] i-00000000000000001: 6 done/);
});

/** By which changes a read of this operation can't be done without. */
const hangsOn: Readonly<Record<string, readonly string[]>> = {
  'ec2:DescribeInstances': changing,
  // Target groups are searched for then.
  'autoscaling:DescribeAutoScalingInstances': ['autoscaling:DetachInstances'],
  'autoscaling:DescribeAutoScalingGroups': ['autoscaling:DetachInstances'],
  'autoscaling:DescribeLifecycleHooks': ['autoscaling:DetachInstances'],
  'ecs:ListClusters': ['ecs:UpdateContainerInstancesState', 'autoscaling:DetachInstances'],
  'ecs:ListContainerInstances': ['ecs:UpdateContainerInstancesState', 'autoscaling:DetachInstances'],
  'ecs:DescribeContainerInstances': ['ecs:UpdateContainerInstancesState', 'autoscaling:DetachInstances'],
  'ecs:ListServices': [],
  'elb:DescribeLoadBalancers': ['elb:DeregisterInstancesFromLoadBalancer'],
  'elbv2:DescribeTargetGroups': [],
  'elbv2:DescribeTargetHealth': ['elbv2:DeregisterTargets'],
  // What nobody would remember is not made twice.
  'dynamodb:BatchGetItem': ['events:PutEvents', 'ssm:SendCommand'],
  'dynamodb:PutItem': ['events:PutEvents', 'ssm:SendCommand'],
  'dynamodb:UpdateItem': [],
  'sqs:SendMessage': [],
  ...Object.fromEntries(changing.map((operation) => [operation, [operation]])),
};

describe.each(Object.entries(hangsOn))('%s', (operation, without) => {
  test.each([
    ['fails for good', { error: 'AccessDeniedException' }],
    ['hangs for good', { error: 'TimeoutError', hangs: 'forever' as const }],
    ['is throttled for good', { error: 'ThrottlingException' }],
  ])('that %s takes nothing else with it, and the last word says so', async (_, effect) => {
    const faults = [{ operation, times: 'always', ...effect } as unknown as Fault];
    const world = drainWorld({ policies: [drainingByAll()], resources: whole(), faults });
    await world.happens([interruption(idOf(1))]);

    expect(changesIn(world)).toEqual(changing.filter((one) => !without.includes(one)));
    const final = drainNews(world).filter(({ kind }) => kind === 'drained');
    expect(final).not.toEqual([]);
    expect(final[0]?.atMs).toBeLessThan(120_000);
    // Auto Scaling takes what it detaches out of its load balancers, too.
    if (without.length > 0) expect(final[0]?.subject).not.toMatch(/^\[DRAINED\] \S+: 6 done/);
  });
});

test('SNS that fails for a while keeps nothing back and is told of, and the last word comes when it is back', async () => {
  const faults: Fault[] = [{ operation: 'sns:Publish', error: 'InternalErrorException', times: 3 }];
  const world = drainWorld({ policies: [drainingByAll()], resources: whole(), faults });
  await world.happens([interruption(idOf(1))]);
  expect(changesIn(world)).toEqual(changing);
  expect(
    drainNews(world)
      .filter(({ outcome }) => outcome === 'done')
      .map(({ kind }) => kind),
  ).toContain('drained');
  expect(world.reports.flatMap(({ errors }) => errors)).toContain(
    `alert of ${idOf(1)}: InternalErrorException: sns:Publish failed with InternalErrorException`,
  );
});

describe('500 target groups, of which nobody says which hold the instance', () => {
  test('are searched for as far as ELB answers, and what was not looked at is said', async () => {
    const names = all(1, 500).map((number) => `tg-${number}`);
    const made = names.map((name) => ({ name, ...targetsOf(name, [2]) }));
    const resources = {
      reservations: spot([1, 2]),
      serving: {
        targetGroups: made.map(({ group }) => group),
        targetHealth: Object.fromEntries(made.map(({ name, health }) => [name, health])),
        clusterArns: [],
        loadBalancers: [],
        autoScalingGroups: [],
      },
    };
    const world = drainWorld({ policies: [draining()], resources });
    await world.happens([interruption(idOf(1))]);

    const looks = world.sandbox.calls.filter(({ operation }) => operation === 'elbv2:DescribeTargetHealth');
    expect(looks.length).toBeGreaterThan(100);
    expect(looks.length).toBeLessThanOrEqual(900);
    expect(looks.filter(({ outcome }) => outcome !== 'done')).toEqual([]);
    const final = drainNews(world).find(({ kind }) => kind === 'drained');
    expect(final?.text).toMatch(/Unknown|NOTHING TO DRAIN/);
    expect(drainCalls(world)).toEqual([]);
  });
});

describe('an instance that runs on after all', () => {
  test('is put back into service, once, and that is told', async () => {
    const world = drainWorld({ policies: [draining(everything)], resources: whole() });
    await world.happens([interruption(idOf(1))], 400_000);
    const calls = drainCalls(world).map(({ operation }) => operation);
    expect(calls.filter((operation) => operation === 'elbv2:RegisterTargets')).toHaveLength(1);
    expect(calls.filter((operation) => operation === 'elb:RegisterInstancesWithLoadBalancer')).toHaveLength(1);
    expect(calls.filter((operation) => operation === 'ecs:UpdateContainerInstancesState')).toHaveLength(2);
    expect(drainNews(world).map(({ kind }) => kind)).toEqual(['interruption', 'drained', 'drain-undone']);
  });

  test('is not put back when it is gone', async () => {
    const world = drainWorld({ policies: [draining(everything)], resources: whole() });
    world.sandbox.account.after(121_000, () => void world.sandbox.account.terminate(idOf(1)));
    await world.happens([interruption(idOf(1))], 400_000);
    expect(drainNews(world).map(({ kind }) => kind)).toEqual(['interruption', 'drained']);
  });
});

describe('runs that die in their middle', () => {
  const whenever = all(1, 24);

  test.each(whenever)('after %i calls end in the same, and every alert is told', async (calls) => {
    const world = drainWorld({ policies: [draining(everything)], resources: whole(), dies: new Map([[0, calls]]) });
    await world.happens([interruption(idOf(1))]);
    const done = drainCalls(world).filter(({ outcome }) => outcome === 'done');
    expect([...new Set(done.map(({ operation }) => operation))].sort()).toEqual([
      'ecs:UpdateContainerInstancesState',
      'elb:DeregisterInstancesFromLoadBalancer',
      'elbv2:DeregisterTargets',
    ]);
    const kinds = drainNews(world).map(({ kind }) => kind);
    expect(kinds).toContain('interruption');
    expect(kinds).toContain('drained');
    expect(kinds.length).toBeLessThanOrEqual(3);
  });
});

describe('an instance that is taken away twice', () => {
  const day = 86_400_000;

  /** Once stopped and put back, it is interrupted again the next day. */
  async function twice(options: Partial<Parameters<typeof drainWorld>[0]> = {}, between = () => {}) {
    const world = drainWorld({ policies: [drainingByAll()], resources: whole(), ...options });
    await world.happens([interruption(idOf(1), { action: 'stop' })], 400_000);
    world.sandbox.advance(day);
    between();
    const before = world.sandbox.calls.length;
    const time = world.sandbox.now().toISOString();
    await world.happens([interruption(idOf(1), { time, id: 'again' })]);
    return world.sandbox.calls
      .slice(before)
      .filter(({ outcome }) => outcome === 'done')
      .map(({ operation }) => operation);
  }

  test('is drained twice, by all that can be done again', async () => {
    expect(await twice()).toEqual(
      expect.arrayContaining([
        'elbv2:DeregisterTargets',
        'ecs:UpdateContainerInstancesState',
        'ssm:SendCommand',
        'events:PutEvents',
      ]),
    );
  });

  test('is drained the second time though the end of the first was never written', async () => {
    let isRefused = true;
    const refusal = {
      operation: 'dynamodb:PutItem',
      error: 'AccessDeniedException',
      times: 'always',
      after: 1,
    } as const;
    const calls = await twice({ faults: [{ ...refusal, when: () => isRefused }] }, () => {
      isRefused = false;
    });
    expect(calls).toEqual(expect.arrayContaining(['ssm:SendCommand', 'events:PutEvents']));
  });
});

describe('a notice that comes when its time is over', () => {
  test('is told, and nothing is made of it', async () => {
    const world = drainWorld({ policies: [draining(everything)], resources: webOf([1, 2]) });
    await world.happens([interruption(idOf(1), { time: '2026-03-02T10:00:00Z' })]);
    expect(drainCalls(world)).toEqual([]);
    expect(drainNews(world).map(({ kind }) => kind)).toEqual(['interruption', 'drained']);
  });

  test('of an instance that hibernates is acted on: EC2 began at once, and is not done', async () => {
    const world = drainWorld({ policies: [draining()], resources: webOf([1, 2]) });
    await world.happens([interruption(idOf(1), { action: 'hibernate' })]);
    expect(drainCalls(world).map(({ operation, outcome }) => [operation, outcome])).toEqual([
      ['elbv2:DeregisterTargets', 'done'],
    ]);
  });

  test('and says that the instance runs does not put back one that is still hibernating', async () => {
    const world = drainWorld({ policies: [draining()], resources: webOf([1, 2]) });
    const running = stateChange(scope, { instanceId: idOf(1), state: 'running', at: start, id: 'running' });
    await world.happens([interruption(idOf(1), { action: 'hibernate' })], 100_000, [
      { afterMs: 30_000, event: running },
    ]);
    expect(drainCalls(world).map(({ operation }) => operation)).toEqual(['elbv2:DeregisterTargets']);
  });
});

describe('messages that are none of ours', () => {
  test.each([
    ['ids that are none', { kind: 'drain', round: 'go-on', instanceIds: ['*', 1, null] }],
    ['an unknown round', { kind: 'drain', round: 'put-back', instanceIds: [idOf(1)] }],
    ['to put back what was never drained', { kind: 'drain', round: 'last-look', instanceIds: [idOf(1)] }],
  ])('%s lead to no call that changes anything', async (_, body) => {
    const world = drainWorld({ policies: [draining(everything)], resources: webOf([1, 2]) });
    await world.happens([body], 30_000);
    expect([drainCalls(world), drainNews(world)]).toEqual([[], []]);
    expect(world.reports.flatMap(({ failed }) => failed)).toEqual([]);
  });
});

test('a held target that must wait longer than the table answers leaves all the same', async () => {
  const faults = [{ operation: 'dynamodb:PutItem', error: 'AccessDeniedException', times: 'always' } as Fault];
  const world = drainWorld({ policies: [draining()], resources: webOf([1]), faults });
  await world.happens([interruption(idOf(1), { time: '2026-03-02T11:59:55Z' })], 140_000);
  expect(
    drainCalls(world)
      .filter(({ outcome }) => outcome === 'done')
      .map(({ atMs }) => atMs > 60_000 && atMs < 115_000),
  ).toContain(true);
});

test('what was not made when time was up is counted, beside what AWS refused', async () => {
  const faults = [{ operation: 'elbv2:DeregisterTargets', error: 'ThrottlingException', times: 'always' } as Fault];
  const world = drainWorld({ policies: [draining()], resources: webOf([1, 2]), faults });
  await world.happens([interruption(idOf(1))]);
  expect(world.reports.flatMap(({ unmade }) => unmade)).toEqual([{ step: 'deregister-targets', state: 'failed' }]);
});
