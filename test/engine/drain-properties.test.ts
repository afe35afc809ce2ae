import { isDraining, type Operation } from '../../src/domain/operations.ts';
import { stateChange } from '../../src/sandbox/events.ts';
import type { Fault } from '../../src/sandbox/faults.ts';
import { seededRandom } from '../../src/sandbox/random.ts';
import { all, draining, drainingByAll, everything, whole } from '../support/drain-stages.ts';
import {
  type DrainWorldOptions,
  drainNews,
  drainWorld,
  idOf,
  interruption,
  type Later,
  rebalance,
  scope,
  start,
} from '../support/drains.ts';

const noticed = idOf(1);
/** Under notice, too, and in the same target group; its owner did not opt in. */
const notOpted = idOf(4);

const reads: readonly Operation[] = [
  ...(['ec2:DescribeInstances', 'elb:DescribeLoadBalancers'] as const),
  ...(['elbv2:DescribeTargetGroups', 'elbv2:DescribeTargetHealth'] as const),
  ...(['autoscaling:DescribeAutoScalingInstances', 'autoscaling:DescribeAutoScalingGroups'] as const),
  ...(['autoscaling:DescribeLifecycleHooks', 'ecs:ListClusters', 'ecs:ListContainerInstances'] as const),
  ...(['ecs:DescribeContainerInstances', 'ecs:ListServices', 'ecs:DescribeServices'] as const),
];
const own: readonly Operation[] = [
  ...(['dynamodb:BatchGetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'] as const),
  ...(['sns:Publish', 'sqs:SendMessage'] as const),
];
const takesOut: readonly Operation[] = [
  ...(['elbv2:DeregisterTargets', 'elb:DeregisterInstancesFromLoadBalancer'] as const),
  ...(['ecs:UpdateContainerInstancesState', 'autoscaling:DetachInstances'] as const),
];
const once: readonly Operation[] = ['ssm:SendCommand', 'events:PutEvents'];
const putsBack: readonly Operation[] = ['elbv2:RegisterTargets', 'elb:RegisterInstancesWithLoadBalancer'];

/** When the notice of the interruption is sent, in milliseconds after the first event of all. */
const NOTICE_AT_MS = 8_000;
const DEADLINE_MS = NOTICE_AT_MS + 120_000;

interface Story {
  readonly seed: number;
  readonly later: readonly Later[];
  readonly options: Pick<DrainWorldOptions, 'faults' | 'dies'>;
}

/** The notice, among what else may come: each event once or more, in any order, while AWS throttles and runs die. */
function storyOf(
  seed: number,
  { deaths, throttles }: { readonly deaths: boolean; readonly throttles: boolean },
): Story {
  const random = seededRandom(seed);
  const upTo = (most: number) => Math.floor(random() * (most + 1));
  const isoAt = (ms: number) => new Date(start.getTime() + ms).toISOString();
  const at = (afterMs: number, event: unknown): Later => ({ afterMs, event });
  const time = isoAt(NOTICE_AT_MS);
  const running = (ms: number) =>
    stateChange(scope, {
      instanceId: noticed,
      state: 'running',
      at: new Date(start.getTime() + ms),
      id: `running-${ms}`,
    });
  const several = <T>(most: number, make: () => T): readonly T[] => Array.from({ length: upTo(most) }, make);
  const notices = [0, ...several(3, () => upTo(40_000))].map((late) =>
    at(NOTICE_AT_MS + late, interruption(noticed, { time })),
  );
  const others = [at(NOTICE_AT_MS + upTo(5_000), interruption(notOpted, { time }))];
  const rebalances = several(2, () => at(upTo(20_000), rebalance(noticed)));
  const rehearsals = several(1, () => at(upTo(30_000), { ...interruption(noticed), source: 'ec2-guardrail.selftest' }));
  const runs = several(2, () => upTo(DEADLINE_MS)).map((ms) => at(ms, running(ms)));
  const dies = new Map(several(3, () => [upTo(8), 1 + upTo(45)] as const));
  // Of each call, of all kinds, some.
  const fault = (operation: Operation, effect: object, share: number): Fault =>
    ({ operation, times: 'always', when: () => random() < share, ...effect }) as unknown as Fault;
  const throttled = [...reads, ...takesOut, ...once, ...own].map((operation) =>
    fault(operation, { error: 'ThrottlingException' }, 0.08),
  );
  const lost = (['dynamodb:PutItem', 'elbv2:DeregisterTargets'] as const).map((operation) =>
    fault(operation, { error: 'TimeoutError', takesEffect: true }, 0.05),
  );
  return {
    seed,
    later: [...notices, ...others, ...rebalances, ...rehearsals, ...runs],
    options: { faults: throttles ? [...throttled, ...lost] : [], dies: deaths ? dies : new Map() },
  };
}

function worldOf({ options }: Story, more: Partial<DrainWorldOptions> = {}) {
  const { reservations, serving } = whole();
  const [other] = reservations.slice(-1);
  const [instance] = other?.Instances ?? [];
  const foreign = {
    ...other,
    ReservationId: 'r-4',
    Instances: [{ ...instance, InstanceId: notOpted, PrivateIpAddress: '10.0.0.4', Tags: [] }],
  };
  const web = [
    ...(serving.targetHealth.web ?? []),
    { Target: { Id: notOpted, Port: 80 }, TargetHealth: { State: 'healthy' as const } },
  ];
  return drainWorld({
    policies: [drainingByAll()],
    resources: { reservations: [...reservations, foreign], serving: { ...serving, targetHealth: { web } } },
    sharesModules: true,
    latencyMs: 150,
    ...options,
    ...more,
  });
}

type World = ReturnType<typeof worldOf>;

/** Where the instance is sent work. */
function servedIn({ sandbox }: World, instanceId: string): readonly string[] {
  const { lists, owned } = sandbox.account.serving;
  const targets = [...owned.targetHealth.values()].flat().filter(({ Target }) => Target?.Id === instanceId);
  const balancers = (lists.loadBalancers ?? []).flatMap(({ Instances = [] }) => Instances);
  const containers = [...owned.containerInstances.values()].flat().filter((one) => one.ec2InstanceId === instanceId);
  const groups = (lists.autoScalingGroups ?? []).flatMap(({ Instances = [] }) => Instances);
  return [
    ...targets.flatMap(({ TargetHealth }) => (TargetHealth?.State === 'draining' ? [] : ['target group'])),
    ...balancers.flatMap(({ InstanceId }) => (InstanceId === instanceId ? ['load balancer'] : [])),
    ...containers.flatMap(({ status }) => (status === 'ACTIVE' ? ['cluster'] : [])),
    ...groups.flatMap(({ InstanceId, LifecycleState }) =>
      InstanceId === instanceId && LifecycleState === 'InService' ? ['group'] : [],
    ),
  ];
}

/** How often each alert of the instance was taken by SNS. */
function toldOf(world: World): Readonly<Record<string, number>> {
  const told: Record<string, number> = {};
  for (const { kind, drains, outcome } of drainNews(world)) {
    for (const { instanceId, notice } of outcome === 'done' ? drains : []) {
      const name = `${kind} of ${notice.isTest ? 'rehearsal' : notice.kind}`;
      if (instanceId === noticed) told[name] = (told[name] ?? 0) + 1;
    }
  }
  return told;
}

/** Calls that change something, with what they name. */
function changesOf({ sandbox }: World) {
  return sandbox.calls
    .filter(({ operation }) => isDraining(operation) || operation === 'events:PutEvents')
    .map(({ operation, input, at, outcome }) => ({
      operation,
      text: JSON.stringify(input),
      outcome,
      isBack: putsBack.includes(operation) || JSON.stringify(input).includes('"ACTIVE"'),
      atMs: at.getTime() - start.getTime(),
    }));
}

/** What holds whatever comes. */
function expectHarmless(world: World): void {
  const allowed: readonly Operation[] = [...reads, ...own, ...takesOut, ...putsBack, ...once];
  expect(
    [...new Set(world.sandbox.calls.map(({ operation }) => operation))].filter((one) => !allowed.includes(one)),
  ).toEqual([]);
  const changes = changesOf(world);
  expect(changes.filter(({ text }) => text.includes(notOpted))).toEqual([]);
  expect(changes.filter(({ isBack, atMs }) => isBack && atMs < DEADLINE_MS)).toEqual([]);
  const detached = changes.filter(({ operation }) => operation === 'autoscaling:DetachInstances');
  expect(detached.filter(({ text }) => !text.includes('"ShouldDecrementDesiredCapacity":false'))).toEqual([]);
  expect(servedIn(world, notOpted)).toEqual(['target group']);
  expect(servedIn(world, idOf(2))).toEqual(['target group', 'load balancer', 'cluster', 'group']);
  for (const operation of once) {
    const done = changes.filter((one) => one.operation === operation && one.outcome === 'done');
    expect([operation, done.length <= 1]).toEqual([operation, true]);
  }
}

const seeds = all(1, 40);
const TOLD_MS = 230_000;

describe('whatever comes in whatever order, while AWS throttles and loses answers', () => {
  test.each(seeds)('it ends in the same, and each alert is told once (%i)', async (seed) => {
    const story = storyOf(seed, { throttles: true, deaths: false });
    const world = worldOf(story);
    await world.happens([], TOLD_MS, story.later);

    expectHarmless(world);
    expect(servedIn(world, noticed)).toEqual([]);
    const told = toldOf(world);
    expect(told).toMatchObject({ 'interruption of interruption': 1, 'drained of interruption': 1 });
    expect(Object.entries(told).filter(([, times]) => times > 1)).toEqual([]);
    expect(drainNews(world).filter(({ kind }) => kind === 'drain-undone')).toEqual([]);
  });
});

describe('while runs die after any number of calls, too', () => {
  test.each(seeds)('it ends in the same, and no alert is lost (%i)', async (seed) => {
    const story = storyOf(seed + 1_000, { throttles: true, deaths: true });
    const world = worldOf(story);
    await world.happens([], TOLD_MS, story.later);

    expectHarmless(world);
    expect(servedIn(world, noticed)).toEqual([]);
    const told = toldOf(world);
    expect(told['interruption of interruption']).toBeGreaterThanOrEqual(1);
    expect(told['drained of interruption']).toBeGreaterThanOrEqual(1);
    const deaths = story.options.dies?.size ?? 0;
    expect(Object.entries(told).filter(([, times]) => times > 1 + deaths)).toEqual([]);
  });
});

describe('an instance that runs on', () => {
  // What Auto Scaling takes out of service when it detaches an instance, it puts back when a person attaches it.
  const policies = [draining(everything)];

  test.each(seeds.slice(0, -20))('is in service again, and that is told (%i)', async (seed) => {
    const story = storyOf(seed + 2_000, { throttles: true, deaths: seed % 2 === 0 });
    const world = worldOf(story, { policies });
    await world.happens([], 600_000, story.later);

    expectHarmless(world);
    expect(servedIn(world, noticed)).toEqual(['target group', 'load balancer', 'cluster', 'group']);
    const undone = toldOf(world)['drain-undone of interruption'] ?? 0;
    expect(undone).toBeGreaterThanOrEqual(1);
    expect(undone).toBeLessThanOrEqual(seed % 2 === 0 ? 4 : 1);
  });
});

describe('nothing is changed', () => {
  test.each(seeds.slice(0, -30))('by a policy that observes, nor where enforcement is off (%i)', async (seed) => {
    const story = storyOf(seed + 3_000, { throttles: true, deaths: true });
    const observing = { ...drainingByAll(), mode: 'observe' as const };
    const world = worldOf(story, seed % 2 === 0 ? { policies: [observing] } : { isEnforcing: false });
    await world.happens([], TOLD_MS, story.later);

    expect(changesOf(world)).toEqual([]);
    expect(toldOf(world)['drained of interruption']).toBeGreaterThanOrEqual(1);
  });
});
