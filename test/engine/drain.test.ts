import { completeLifecycle } from '../../src/actions/complete-lifecycle.ts';
import { deregisterFromLoadBalancers } from '../../src/actions/deregister-from-load-balancers.ts';
import { deregisterTargets } from '../../src/actions/deregister-targets.ts';
import { drainContainerInstance } from '../../src/actions/drain-container-instance.ts';
import { putEvent } from '../../src/actions/put-event.ts';
import { replaceInGroup } from '../../src/actions/replace-in-group.ts';
import { runDocument } from '../../src/actions/run-document.ts';
import { bind } from '../../src/domain/bind.ts';
import { notify, type Policy } from '../../src/domain/policy.ts';
import {
  containersOf,
  drainCalls,
  drainNews,
  drainWorld,
  groupOf,
  idOf,
  interruption,
  rebalance,
  spot,
  targetGroupArn,
  targetsOf,
} from '../support/drains.ts';
import { policyFor } from '../support/policies.ts';

const steps = [
  deregisterTargets,
  deregisterFromLoadBalancers,
  drainContainerInstance,
  replaceInGroup,
  completeLifecycle,
  runDocument,
  putEvent,
];

/** A policy that drains what has the tag `Drain: "yes"`, by these steps. */
function draining(ids: readonly string[] = ['deregister-targets'], more: Partial<Policy> = {}, onRebalance = false) {
  const {
    boundRule,
    boundActions: _,
    boundSteps: __,
    needs: ___,
    conditions: ____,
    ...policy
  } = policyFor('spot-interruption', {});
  const uses = ids.map((id) => ({ id, parameters: {}, onRebalance }));
  return bind(
    { ...policy, match: { tags: { Drain: ['yes'] } }, mode: 'enforce', actions: [notify, ...uses], ...more },
    boundRule,
    steps,
  );
}

const all = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
const tagged = (...tags: readonly (readonly [string, string])[]) => ({
  Tags: [['Drain', 'yes'] as const, ...tags].map(([Key, Value]) => ({ Key, Value })),
});

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

const everything = ['deregister-targets', 'deregister-from-load-balancers', 'drain-container-instance'];

describe('in time, at 100 to 300 ms a call', () => {
  test('a notice is told within 3 s, acted on within 5 s, and its end told before the deadline', async () => {
    const { resources } = fleet();
    const world = drainWorld({ policies: [draining(everything)], resources });
    await world.happens([interruption(idOf(1))]);

    const news = drainNews(world);
    expect(news.map(({ kind }) => kind)).toEqual(['interruption', 'drained']);
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
    expect(news[1]?.subject).toMatch(/^\[DRAINED\] i-00000000000000001: 4 done, \d+ s left$/);
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
      Instances: one.Instances?.map(({ InstanceLifecycle: _, ...instance }) => instance) ?? [],
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
