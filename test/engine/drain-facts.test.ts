import type * as ecs from '@aws-sdk/client-ecs';
import type { DrainFacts, DrainNeed } from '../../src/domain/drain-facts.ts';
import { drainReadsFor } from '../../src/domain/drain-reads.ts';
import { describeMissing } from '../../src/domain/facts.ts';
import type { Operation } from '../../src/domain/operations.ts';
import { collectDrainFacts } from '../../src/engine/drain-facts.ts';
import { refreshTargetIndex } from '../../src/engine/target-index.ts';
import type { Fault } from '../../src/sandbox/faults.ts';
import type { SandboxOptions } from '../../src/sandbox/sandbox.ts';
import type { Serving } from '../../src/sandbox/serving.ts';
import {
  hex,
  idOf,
  refusedOf,
  registered,
  scalingGroup,
  servingAccount,
  spotInstance,
  targetGroup,
  VpcId,
} from '../support/serving-account.ts';
import { start } from '../support/world.ts';

const allNeeds: readonly DrainNeed[] = ['tags', 'group', 'targetGroups', 'loadBalancers', 'containerInstances'];
const HOUR = 3_600_000;

type Account = Awaited<ReturnType<typeof servingAccount>>;

/** Facts of all instances, and how many milliseconds it took. */
async function collected(
  { sandbox, engine, instances }: Account,
  { needs = allNeeds, withinMs = 20_000 }: { needs?: readonly DrainNeed[]; withinMs?: number } = {},
) {
  const began = sandbox.now().getTime();
  const facts = await sandbox.run(() => collectDrainFacts(engine, instances, needs, new Date(began + withinMs)));
  return { facts, took: sandbox.now().getTime() - began };
}

async function factsOf(account: Account, number = 1, options = {}): Promise<DrainFacts> {
  const { facts } = await collected(account, options);
  const own = facts.get(idOf(number));
  if (own === undefined) throw new Error(`there are no facts of ${idOf(number)}`);
  return own;
}

function said({ targetGroups, loadBalancers, containerInstances, group }: DrainFacts): readonly string[] {
  const several = [...targetGroups.missing, ...loadBalancers.missing, ...containerInstances.missing];
  return [...several, ...(group.known ? [] : [group.missing])].map(describeMissing);
}

const cluster = 'arn:aws:ecs:us-east-1:123456789012:cluster/shop';

function containerInstance(number: number, more: Partial<ecs.ContainerInstance> = {}): ecs.ContainerInstance {
  return {
    containerInstanceArn: `arn:aws:ecs:us-east-1:123456789012:container-instance/shop/${hex(number, 32)}`,
    ec2InstanceId: idOf(number),
    status: 'ACTIVE',
    runningTasksCount: 2,
    ...more,
  };
}

const [web = '', api = '', named = '', byHand = '', ofIps = ''] = [1, 2, 3, 4, 5].map(
  (number) => targetGroup(number).TargetGroupArn ?? '',
);

/** An instance in everything: a group, a cluster, and target groups that only one source names each. */
const everything: Serving = {
  targetGroups: [
    ...[1, 2, 3, 4].map((number) => targetGroup(number)),
    targetGroup(5, { TargetType: 'ip', Protocol: 'TCP' }),
    targetGroup(6, { TargetType: 'ip', VpcId: 'vpc-0fffffffffffffff0' }),
    targetGroup(7, { TargetType: 'lambda' }),
    // Nobody names it, and the index shows that it holds nobody.
    targetGroup(8),
  ],
  targetHealth: {
    'web-1': [registered(idOf(1)), registered(idOf(2), 80, 'unhealthy')],
    'web-2': [registered(idOf(1), 32768), registered(idOf(1), 32769), registered(idOf(9))],
    'web-3': [registered(idOf(1), 8080, 'draining')],
    'web-4': [registered(idOf(1))],
    'web-5': [registered('192.0.2.1', 53)],
    'web-6': [registered('192.0.2.1', 53)],
  },
  loadBalancers: [
    { LoadBalancerName: 'old', Instances: [{ InstanceId: idOf(1) }] },
    { LoadBalancerName: 'older', Instances: [{ InstanceId: idOf(2) }] },
  ],
  clusterArns: [cluster, 'arn:aws:ecs:us-east-1:123456789012:cluster/empty'],
  containerInstances: { shop: [containerInstance(1, { capacityProviderName: 'spot' }), containerInstance(8)] },
  capacityProviders: [
    { name: 'spot', autoScalingGroupProvider: { autoScalingGroupArn: 'a', managedDraining: 'ENABLED' } },
  ],
  services: {
    shop: [
      {
        serviceArn: 'arn:aws:ecs:us-east-1:123456789012:service/shop/api',
        serviceName: 'api',
        loadBalancers: [{ targetGroupArn: api, containerName: 'api', containerPort: 80 }],
      },
    ],
  },
  autoScalingGroups: [
    scalingGroup('web', [idOf(1)], {
      TargetGroupARNs: [web],
      LoadBalancerNames: ['old'],
      TrafficSources: [
        { Identifier: web, Type: 'elbv2' },
        { Identifier: 'old', Type: 'elb' },
      ],
      CapacityRebalance: true,
      Tags: [{ Key: 'ec2-guardrail:target-groups', Value: `web-3, ${ofIps}` }],
    }),
  ],
  lifecycleHooks: {
    web: [
      { LifecycleHookName: 'drain', LifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING' },
      { LifecycleHookName: 'greet', LifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING' },
    ],
  },
};

function withEverything(options: Partial<SandboxOptions> = {}): Promise<Account> {
  return servingAccount(
    [spotInstance(1, { Tags: [{ Key: 'Role', Value: 'web' }] }), spotInstance(3)],
    everything,
    options,
  );
}

async function indexed(options: Partial<SandboxOptions> = {}, faults: readonly Fault[] = []): Promise<Account> {
  const account = await withEverything(options);
  await account.sandbox.run(() => refreshTargetIndex(account.engine));
  account.sandbox.advance(600_000);
  for (const fault of faults) account.sandbox.inject(fault);
  return account;
}

describe('an instance that is in everything', () => {
  it('is found in each: by its group, its cluster, its tag, the index, and by its address in its own VPC alone', async () => {
    const account = await indexed({ pageSize: 1 });
    const facts = await factsOf(account);

    expect(facts.group).toEqual({
      known: true,
      value: {
        name: 'web',
        lifecycleState: 'InService',
        capacityRebalance: true,
        targetGroupArns: [web],
        loadBalancerNames: ['old'],
        tags: [{ Key: 'ec2-guardrail:target-groups', Value: `web-3, ${ofIps}` }],
        terminatingHooks: { found: ['drain'], missing: [] },
      },
    });
    expect(new Map(facts.targetGroups.found.map((one) => [one.targetGroupArn, one]))).toEqual(
      new Map(
        [
          {
            targetGroupArn: web,
            name: 'web-1',
            protocol: 'HTTP',
            targets: [
              { id: idOf(1), port: 80, health: 'healthy' },
              { id: idOf(2), port: 80, health: 'unhealthy' },
            ],
          },
          {
            targetGroupArn: api,
            name: 'web-2',
            protocol: 'HTTP',
            targets: [
              { id: idOf(1), port: 32768, health: 'healthy' },
              { id: idOf(1), port: 32769, health: 'healthy' },
              { id: idOf(9), port: 80, health: 'healthy' },
            ],
          },
          {
            targetGroupArn: named,
            name: 'web-3',
            protocol: 'HTTP',
            targets: [{ id: idOf(1), port: 8080, health: 'draining' }],
          },
          {
            targetGroupArn: byHand,
            name: 'web-4',
            protocol: 'HTTP',
            targets: [{ id: idOf(1), port: 80, health: 'healthy' }],
          },
          {
            targetGroupArn: ofIps,
            name: 'web-5',
            protocol: 'TCP',
            targets: [{ id: '192.0.2.1', port: 53, health: 'healthy' }],
          },
        ].map((one) => [one.targetGroupArn, one]),
      ),
    );
    expect(facts.targetGroups.missing).toEqual([]);
    expect(facts.loadBalancers).toEqual({ found: ['old'], missing: [] });
    expect(facts.containerInstances).toEqual({
      found: [
        {
          cluster,
          containerInstanceArn: containerInstance(1).containerInstanceArn,
          status: 'ACTIVE',
          runningTasks: 2,
          isManagedDraining: true,
        },
      ],
      missing: [],
    });
    expect(facts.tags).toEqual({ found: [{ Key: 'Role', Value: 'web' }], missing: [] });
  });

  it('leaves an instance that is in nothing in nothing, for certain', async () => {
    expect(await factsOf(await indexed(), 3)).toEqual({
      group: { known: true, value: 'none' },
      targetGroups: { found: [], missing: [] },
      loadBalancers: { found: [], missing: [] },
      containerInstances: { found: [], missing: [] },
      tags: { found: [], missing: [] },
    });
  });
});

describe('what is read', () => {
  it.each<readonly DrainNeed[]>([
    ['tags'],
    ['group'],
    ['targetGroups'],
    ['loadBalancers'],
    ['containerInstances'],
    allNeeds,
  ])('for %s is what the table of reads says, and the rest is not asked for', async (...needs) => {
    const account = await withEverything();
    const facts = await factsOf(account, 1, { needs });
    const reads = account.sandbox.calls.map((call) => call.operation).filter((one) => !one.startsWith('dynamodb:'));

    expect([...new Set<Operation>(reads)].sort()).toEqual(drainReadsFor(needs));
    for (const need of ['targetGroups', 'loadBalancers', 'containerInstances'] as const) {
      if (!needs.includes(need)) {
        expect(facts[need].missing).toEqual([expect.objectContaining({ why: 'not-recorded' })]);
      }
    }
  });

  it('of no instance is nothing', async () => {
    const { sandbox, engine } = await withEverything();

    expect(await collectDrainFacts(engine, [], allNeeds, new Date(start.getTime() + 10_000))).toEqual(new Map());
    expect(sandbox.calls).toEqual([]);
  });
});

describe('one operation that fails or hangs for good', () => {
  /** What is missing then, of the instance that is in everything. */
  const cases: readonly (readonly [Operation, readonly (keyof DrainFacts)[]])[] = [
    ['autoscaling:DescribeAutoScalingInstances', ['group', 'targetGroups']],
    ['autoscaling:DescribeAutoScalingGroups', ['group', 'targetGroups']],
    ['autoscaling:DescribeLifecycleHooks', ['group']],
    ['ecs:ListClusters', ['containerInstances', 'targetGroups']],
    ['ecs:ListContainerInstances', ['containerInstances', 'targetGroups']],
    ['ecs:DescribeContainerInstances', ['containerInstances', 'targetGroups']],
    ['ecs:DescribeCapacityProviders', ['containerInstances']],
    ['ecs:ListServices', ['targetGroups']],
    ['ecs:DescribeServices', ['targetGroups']],
    ['elbv2:DescribeTargetGroups', ['targetGroups']],
    ['elbv2:DescribeTargetHealth', ['targetGroups']],
    ['elb:DescribeLoadBalancers', ['loadBalancers']],
    ['dynamodb:BatchGetItem', ['targetGroups']],
    ['dynamodb:UpdateItem', []],
    ['dynamodb:PutItem', []],
  ];

  /** Whatever the fact's form: is anything missing of it? */
  function incompleteOf(facts: DrainFacts): readonly string[] {
    const { group, ...several } = facts;
    const hooks = group.known && group.value !== 'none' ? group.value.terminatingHooks.missing : [];
    const ofGroup = !group.known || hooks.length > 0 ? ['group'] : [];
    return [
      ...ofGroup,
      ...Object.entries(several).flatMap(([name, one]) => (one.missing.length > 0 ? [name] : [])),
    ].sort();
  }

  it('is none of nothing: all is known', async () => {
    expect(incompleteOf(await factsOf(await indexed()))).toEqual([]);
  });

  it.each(cases)('%s refused: what hangs on it is denied, and the rest is there', async (operation, missing) => {
    const account = await indexed({}, [{ operation, error: 'AccessDenied', times: 'always' } as Fault]);
    const facts = await factsOf(account);

    expect(incompleteOf(facts)).toEqual([...missing].sort());
    if (missing.includes('targetGroups'))
      expect(facts.targetGroups.missing).toContainEqual(expect.objectContaining({ why: 'denied' }));
  });

  it.each(cases)('%s hangs: it is given up, and the rest is there', async (operation, missing) => {
    const hanging = { operation, error: 'TimeoutError', hangs: 'forever', times: 'always' } as Fault;
    const account = await indexed({ latencyMs: 100 }, [hanging]);
    const { facts, took } = await collected(account);
    const own = facts.get(idOf(1)) as DrainFacts;

    expect(incompleteOf(own)).toEqual([...missing].sort());
    expect(took).toBeLessThan(8_000);
    if (operation !== 'elb:DescribeLoadBalancers') expect(own.loadBalancers.found).toEqual(['old']);
    if (!operation.startsWith('autoscaling:Describe')) expect(own.group).toMatchObject({ value: { name: 'web' } });
    if (!/^elbv2:DescribeTargetHealth|^autoscaling:DescribeAuto/.test(operation))
      expect(own.targetGroups.found.map((one) => one.targetGroupArn)).toContain(web);
  });

  it('never outlasts the time that was given', async () => {
    const hanging = {
      operation: 'ecs:ListClusters',
      error: 'TimeoutError',
      hangs: 'forever',
      times: 'always',
    } as const;
    const { took, facts } = await collected(await indexed({}, [hanging]), { withinMs: 1_500 });

    expect(took).toBeLessThanOrEqual(1_500);
    expect(facts.get(idOf(1))?.containerInstances.missing).toEqual([
      { what: 'ECS clusters that may hold it', why: 'failed', detail: expect.stringContaining('no answer in 1.5 s') },
    ]);
  });

  it('when there is no time at all, everything is missing, and nothing hangs', async () => {
    const facts = await factsOf(await indexed(), 1, { withinMs: 0 });

    expect(incompleteOf(facts)).toEqual(['containerInstances', 'group', 'loadBalancers', 'targetGroups']);
    expect(facts.targetGroups.found).toEqual([]);
  });
});

describe('a hundred instances at once', () => {
  const ids = Array.from({ length: 100 }, (_, index) => index + 1);
  const serving: Serving = {
    targetGroups: Array.from({ length: 20 }, (_, index) => targetGroup(index + 1)),
    targetHealth: Object.fromEntries(
      Array.from({ length: 20 }, (_, index) => [
        `web-${index + 1}`,
        ids.filter((id) => id % 10 === index % 10).map((id) => registered(idOf(id), 8080 + index)),
      ]),
    ),
    autoScalingGroups: Array.from({ length: 10 }, (_, group) =>
      scalingGroup(`group-${group}`, ids.filter((id) => id % 10 === group).map(idOf), {
        TargetGroupARNs: [group + 1, group + 11].map((one) => targetGroup(one).TargetGroupArn ?? ''),
      }),
    ),
    clusterArns: [cluster],
    containerInstances: { shop: ids.map((id) => containerInstance(id)) },
  };

  it('of 10 groups with 20 target groups are known in 2 s, by 41 calls to the services around', async () => {
    let number = 0;
    const account = await servingAccount(
      ids.map((id) => spotInstance(id)),
      serving,
      { latencyMs: () => [100, 300, 200][number++ % 3] ?? 0 },
    );
    const { facts, took } = await collected(account);

    expect(facts.size).toBe(100);
    for (const id of ids) {
      const own = facts.get(idOf(id));
      expect(own?.targetGroups.found.map(({ targets }) => targets.length)).toEqual([10, 10]);
      expect(own && said(own)).toEqual([]);
    }
    const calls = (service: string) => account.sandbox.calls.filter((one) => one.operation.startsWith(service)).length;
    // Two of instances and one of groups, a call for each group's hooks, one list and each target group once.
    expect([calls('autoscaling:'), calls('elbv2:'), calls('elb:'), calls('ecs:')]).toEqual([13, 21, 1, 4]);
    expect(calls('dynamodb:')).toBeLessThanOrEqual(7);
    expect(took).toBeLessThanOrEqual(2_000);
  });

  it('in ten runs at the same time are known to each, and ELB throttles none of them', async () => {
    const account = await servingAccount(
      ids.map((id) => spotInstance(id)),
      serving,
      { latencyMs: 150 },
    );
    const { sandbox, engine, instances } = account;
    const until = new Date(start.getTime() + 60_000);
    const runs = await sandbox.run(() =>
      Promise.all(
        Array.from({ length: 10 }, () => collectDrainFacts({ ...engine }, instances, ['targetGroups'], until)),
      ),
    );

    expect(refusedOf(sandbox, 'elbv2')).toEqual([]);
    for (const facts of runs) expect(facts.get(idOf(7))?.targetGroups).toMatchObject({ found: [{}, {}], missing: [] });
    // 210 calls: 30 at once, and then one each 134 ms.
    expect(sandbox.now().getTime() - start.getTime()).toBeGreaterThan(180 * 134);
  });
});

describe('among 500 target groups, an instance that nobody names', () => {
  const numbers = Array.from({ length: 500 }, (_, index) => index + 1);
  const serving = (holding: readonly number[]): Serving => ({
    targetGroups: numbers.map((number) => targetGroup(number)),
    targetHealth: Object.fromEntries(holding.map((number) => [`web-${number}`, [registered(idOf(1))]])),
  });
  const young = spotInstance(1);

  it('is searched for as long as there is time and ELB answers, and what was not looked at is told', async () => {
    const account = await servingAccount([young], serving([3, 499]), { latencyMs: 200 });
    const { facts, took } = await collected(account, { withinMs: 60_000 });
    const own = facts.get(idOf(1)) as DrainFacts;
    const looks = account.sandbox.calls.filter((call) => call.operation === 'elbv2:DescribeTargetHealth').length;

    expect(refusedOf(account.sandbox, 'elbv2')).toEqual([]);
    expect(own.targetGroups.found.map(({ name }) => name)).toEqual(['web-3']);
    expect(own.targetGroups.missing.map(describeMissing)).toEqual([
      expect.stringContaining(`${500 - looks} of 500 target groups of ${VpcId} were not looked at: throttled`),
    ]);
    // 30 at once and one more each 134 ms for 15 s, less one for each of the two pages of the list.
    expect(looks).toBeGreaterThan(120);
    expect(looks).toBeLessThanOrEqual(28 + Math.ceil(16_000 / 134));
    expect(took).toBeLessThan(18_000);
  });

  it('is searched for where the last search ended, by whichever run, until all are seen', async () => {
    const account = await servingAccount([young], serving([3, 499]), { latencyMs: 200 });
    const missing: number[] = [];
    for (let round = 0; round < 5; round++) {
      const own = (await collected(account, { withinMs: 20_000, needs: ['targetGroups'] })).facts.get(idOf(1));
      missing.push(own?.targetGroups.missing.length ?? -1);
      if (round === 4) expect(own?.targetGroups.found.map(({ name }) => name).sort()).toEqual(['web-3', 'web-499']);
    }

    expect(missing.at(-1)).toBe(0);
    expect(missing[0]).toBe(1);
    expect(refusedOf(account.sandbox, 'elbv2')).toEqual([]);
  });

  it('is found at once by the index, and known to be in no other', async () => {
    const account = await servingAccount([young], serving([499]), { latencyMs: 200 });
    await account.sandbox.run(() => refreshTargetIndex(account.engine));
    const from = account.sandbox.calls.length;
    const { facts, took } = await collected(account);

    expect(facts.get(idOf(1))?.targetGroups).toMatchObject({ found: [{ name: 'web-499' }], missing: [] });
    const looks = account.sandbox.calls.slice(from).filter((call) => call.operation === 'elbv2:DescribeTargetHealth');
    expect(looks).toHaveLength(1);
    expect(took).toBeLessThan(1_500);
  });

  it.each([
    ['older than two hours', 3 * HOUR, young],
    ['older than the instance', HOUR, spotInstance(1, { LaunchTime: new Date(start.getTime() + HOUR / 2) })],
  ])('is searched for where the index is %s', async (_, later, instance) => {
    const account = await servingAccount([instance], serving([]), {});
    await account.sandbox.run(() => refreshTargetIndex(account.engine));
    account.sandbox.advance(later);
    const own = await factsOf(account, 1, { withinMs: 5_000 });

    expect(said(own)).toEqual([expect.stringMatching(/of 500 target groups of vpc-\w+ were not looked at/)]);
  });

  it('is not searched for elsewhere where its own group has registered it since the index was written', async () => {
    const instance = spotInstance(1, { LaunchTime: new Date(start.getTime() + HOUR / 2) });
    const autoScalingGroups = [scalingGroup('web', [idOf(1)], { TargetGroupARNs: [web] })];
    const account = await servingAccount([instance], { ...serving([1]), autoScalingGroups }, {});
    await account.sandbox.run(() => refreshTargetIndex(account.engine));
    account.sandbox.advance(HOUR);
    const { facts, took } = await collected(account);

    expect(facts.get(idOf(1))?.targetGroups).toMatchObject({ found: [{ name: 'web-1' }], missing: [] });
    expect(took).toBe(0);
  });

  it('is looked at as far as a small allowance goes where there is no table, which is told', async () => {
    const noTable = (['dynamodb:UpdateItem', 'dynamodb:BatchGetItem', 'dynamodb:PutItem'] as const).map(
      (operation) => ({ operation, error: 'InternalServerError', times: 'always' }) as Fault,
    );
    const account = await servingAccount([young], serving([1]), { latencyMs: 100, faults: noTable });
    const { facts } = await collected(account, { withinMs: 60_000 });
    const own = facts.get(idOf(1)) as DrainFacts;
    const calls = account.sandbox.calls.filter((call) => call.operation.startsWith('elbv2:')).length;

    expect(own.targetGroups.found.map(({ name }) => name)).toEqual(['web-1']);
    // Ten at once, and two a second.
    expect(calls).toBeLessThanOrEqual(10 + 2 * 18);
    expect(said(own)).toEqual([
      expect.stringMatching(/^\d+ of 500 target groups/),
      expect.stringMatching(/^index of targets: failed \(InternalServerError/),
      expect.stringMatching(/^budget of calls to ELB: .*InternalServerError/),
      expect.stringMatching(/^index of targets: what was seen could not be written/),
    ]);
  });
});

test('of a target group that is gone since it was named nothing is missing', async () => {
  const autoScalingGroups = [scalingGroup('web', [idOf(1)], { TargetGroupARNs: [web, api] })];
  const serving = {
    targetGroups: [targetGroup(1)],
    targetHealth: { 'web-1': [registered(idOf(1))] },
    autoScalingGroups,
  };

  expect((await factsOf(await servingAccount([spotInstance(1)], serving))).targetGroups).toMatchObject({
    found: [{ name: 'web-1' }],
    missing: [],
  });
});

test.each(['nowhere', targetGroup(9).TargetGroupArn ?? ''])(
  'a target group %s that the tag names, and that there is not, is told whatever else is known',
  async (name) => {
    const Tags = [{ Key: 'ec2-guardrail:target-groups', Value: `web-1 ${name}` }];
    const serving = { targetGroups: [targetGroup(1)], targetHealth: { 'web-1': [registered(idOf(1))] } };
    const { targetGroups } = await factsOf(await servingAccount([spotInstance(1, { Tags })], serving));

    expect(targetGroups.found).toMatchObject([{ name: 'web-1' }]);
    expect(targetGroups.missing).toEqual([
      { what: `target group ${name} of the tag ec2-guardrail:target-groups`, why: 'not-found' },
    ]);
  },
);

test('whose an address is can not be said while the list of target groups is missing', async () => {
  const account = await indexed({}, [
    { operation: 'elbv2:DescribeTargetGroups', error: 'AccessDenied', times: 'always' },
  ]);
  const { targetGroups } = await factsOf(account);

  expect(targetGroups.found.map(({ name }) => name).sort()).toEqual(['web-1', 'web-2', 'web-3', 'web-4']);
  expect(targetGroups.missing.map(({ what }) => what)).toContain(
    `whether an address in target group web-5 is that of ${idOf(1)}`,
  );
});

test('an instance launched within the last minute may have tags that are not shown yet', async () => {
  const account = await servingAccount([spotInstance(1, { LaunchTime: new Date(start.getTime() - 20_000) })], {});

  expect((await factsOf(account)).tags).toEqual({ found: [], missing: [{ what: 'tags', why: 'not-yet' }] });
});

test('a hundred and fifty clusters are looked through without ECS throttling', async () => {
  const names = Array.from({ length: 150 }, (_, index) => `cluster-${index}`);
  const account = await servingAccount(
    [spotInstance(1)],
    {
      clusterArns: names.map((name) => `arn:aws:ecs:us-east-1:123456789012:cluster/${name}`),
      containerInstances: { 'cluster-149': [containerInstance(1)] },
    },
    { latencyMs: 150 },
  );
  const { containerInstances } = await factsOf(account, 1, { needs: ['containerInstances'] });

  expect(containerInstances).toMatchObject({ found: [{ status: 'ACTIVE', isManagedDraining: false }], missing: [] });
  expect(refusedOf(account.sandbox, 'ecs')).toEqual([]);
});
