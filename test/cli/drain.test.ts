import { readFileSync } from 'node:fs';
import type { Io, Place } from '../../src/cli/io.ts';
import type { DrainRecord } from '../../src/domain/drain.ts';
import { isDraining } from '../../src/domain/operations.ts';
import type { Fault } from '../../src/sandbox/faults.ts';
import { draining } from '../support/drain-stages.ts';
import {
  containersOf,
  type DrainWorld,
  drainNews,
  drainWorld,
  eventOf,
  groupOf,
  idOf,
  interruption,
  scope,
  spot,
  targetGroupArn,
  targetsOf,
} from '../support/drains.ts';
import { line, type Ran, runCli } from './run-cli.ts';

const table = 'ec2-guardrail';
const id = idOf(1);
const steps = ['deregister-targets', 'deregister-from-load-balancers', 'drain-container-instance'];

/** A group of three with a target group, a classic load balancer and a cluster. */
function shop() {
  const numbers = [1, 2, 3];
  const { group, health } = targetsOf('web', numbers);
  const cluster = containersOf('shop', numbers);
  return {
    reservations: spot(numbers, {
      Tags: [
        { Key: 'Name', Value: 'web-1' },
        { Key: 'Drain', Value: 'yes' },
        { Key: 'aws:autoscaling:groupName', Value: 'shop' },
      ],
    }),
    serving: {
      autoScalingGroups: [
        groupOf('shop', numbers, { TargetGroupARNs: [targetGroupArn('web')], LoadBalancerNames: ['classic'] }),
      ],
      lifecycleHooks: { shop: [] },
      targetGroups: [group],
      targetHealth: { web: health },
      loadBalancers: [
        { LoadBalancerName: 'classic', Instances: numbers.map((number) => ({ InstanceId: idOf(number) })) },
      ],
      clusterArns: [cluster.arn],
      containerInstances: { shop: cluster.containerInstances },
      services: { shop: [] },
      tasks: { shop: [] },
    },
  };
}

const worldOf = (more: Partial<Parameters<typeof drainWorld>[0]> = {}) =>
  drainWorld({ policies: [draining(steps)], resources: shop(), ...more });

/** Runs a command beside λ drain, for which EventBridge carries events. */
async function run(world: DrainWorld, command: string, places: Place[] = [], io: Partial<Io> = {}): Promise<Ran> {
  const { sandbox } = world;
  const aws: Io['aws'] = async (place) => {
    places.push(place);
    return async (operation, input) => {
      const sent = sandbox.account.putEvents.length;
      const output = await sandbox.aws(operation, input);
      for (const put of sandbox.account.putEvents.slice(sent)) world.send(eventOf(put));
      return output;
    };
  };
  const words = `${command} --region ${scope.region} --table ${table}`;
  const [ran] = await sandbox.run(() =>
    Promise.all([runCli(words, '.', { aws, now: sandbox.now, pause: sandbox.sleep, ...io }), world.works(160_000)]),
  );
  return ran;
}

const changes = ({ sandbox }: DrainWorld) =>
  sandbox.calls.filter(({ operation }) => isDraining(operation)).map(({ operation }) => operation);

const recordOf = ({ sandbox }: DrainWorld) =>
  JSON.parse(sandbox.account.items.get(`drain#123456789012#us-east-1#${id}`)?.body?.S ?? 'null') as DrainRecord;

describe('drain test', () => {
  test('says by step what would be done, and how long its way took; nothing is changed', async () => {
    const world = worldOf();
    const places: Place[] = [];
    const { exitCode, stdout, stderr } = await run(world, `drain test ${id}`, places);

    expect(line(stdout)).toContain(`rehearsed: WOULD DRAIN: ${id} "web-1", 3 would`);
    expect(stdout).toMatch(/Received {3}after \d\.\d s\n/);
    expect(stdout).toMatch(/Told {7}first after \d\.\d s, and at its end after \d+\.\d s\n/);
    expect(stdout).toContain('Policies   spot-interruption (enforce)\n');
    expect(stdout).toContain('Step       deregister-targets, 1 move\n');
    expect(line(stdout)).toContain(`Would take ${id}:80 out of target group web`);
    expect(line(stdout)).toContain(`Would take ${id} out of load balancer classic`);
    expect(line(stdout)).toContain(
      `Would drain ${id} in ECS cluster arn:aws:ecs:us-east-1:123456789012:cluster/shop, where 0 tasks run on it`,
    );
    expect(stderr.split('\n')[0]).toBe(`a notice of ${id} was sent; the last word on it may take two minutes`);
    expect(stderr).toMatch(/it is over\n$/);
    expect(exitCode).toBe(0);
    expect(changes(world)).toEqual([]);
    expect(places).toEqual([{ region: 'us-east-1' }]);
  });

  test('again: it is a rehearsal of its own', async () => {
    const world = worldOf();
    await run(world, `drain test ${id}`);
    const first = recordOf(world).receivedAt;

    expect(await run(world, `drain test ${id}`)).toMatchObject({ exitCode: 0 });
    expect(recordOf(world).receivedAt > first).toBe(true);
  });

  test('what is not known makes 1', async () => {
    const world = worldOf({ faults: [{ operation: 'elb:DescribeLoadBalancers', error: 'AccessDenied', times: 1000 }] });
    const { exitCode, stdout } = await run(world, `drain test ${id}`);

    expect(exitCode).toBe(1);
    expect(line(stdout)).toContain(`rehearsed: WOULD DRAIN, INCOMPLETE: ${id} "web-1", 2 would`);
    expect(line(stdout)).toContain('Unknown classic load balancers: denied (AccessDenied');
  });

  test('of an instance that is no Spot instance it says that nothing would come of a real notice', async () => {
    const resources = shop();
    const world = worldOf({
      resources: {
        ...resources,
        reservations: resources.reservations.map((one) => ({
          ...one,
          Instances: one.Instances?.map((instance) => ({ ...instance, InstanceLifecycle: undefined })),
        })),
      },
    });
    const { stdout } = await run(world, `drain test ${id}`);
    expect(line(stdout)).toContain('it is no Spot instance: a real notice of it would change nothing');
  });

  test('of an instance that no policy is of nothing is heard, and it says why that may be', async () => {
    const world = worldOf({ policies: [draining(steps, { match: { tags: { Drain: ['no'] } } })] });
    const { exitCode, stdout, stderr } = await run(world, `drain test ${id}`);

    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain('not received yet\n');
    expect(stderr).toContain(`nothing was heard of ${id} in 150 s: no policy with the rule spot-interruption is of it`);
  });

  test('while the instance is drained it is not rehearsed: no event is sent', async () => {
    const world = worldOf();
    await world.happens([interruption(id)], 3_000);
    expect(recordOf(world).endedAt).toBeUndefined();
    const { exitCode, stderr } = await run(world, `drain test ${id}`);

    expect(exitCode).toBe(2);
    expect(stderr).toContain(`${id} is being drained until 2026-03-02T12:02:00.000Z: nothing was rehearsed`);
    expect(world.sandbox.account.putEvents).toEqual([]);
  });

  test.each([
    ['events:PutEvents', 'grant events:PutEvents to whoever these credentials are of'],
    ['ec2:DescribeInstances', 'grant ec2:DescribeInstances to whoever these credentials are of'],
    ['dynamodb:BatchGetItem', 'grant dynamodb:BatchGetItem to whoever these credentials are of'],
  ] as const)('without %s it says which permission is missing', async (operation, advice) => {
    const world = worldOf();
    world.sandbox.inject({ operation, error: 'AccessDeniedException' } as Fault);
    const { exitCode, stderr } = await run(world, `drain test ${id}`);

    expect(exitCode).toBe(2);
    expect(line(stderr)).toContain(advice);
    expect(world.sandbox.account.putEvents).toEqual([]);
  });

  test('an instance that is not there is not rehearsed', async () => {
    const { exitCode, stderr } = await run(worldOf(), `drain test ${idOf(99)}`);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 2,
      stderr: `ec2-guardrail: EC2 has no ${idOf(99)} in us-east-1\n`,
    });
  });

  test.each(['i-1', 'i-0FEDCBA9876543210', 'web-1'])('takes no %s for an instance', async (word) => {
    const { exitCode, stderr } = await runCli(`drain test ${word} --region us-east-1`, '.');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('Write it like i-0fedcba9876543210.');
  });
});

/** Drained, and EC2 did not take it after all: nobody has told λ drain. */
async function drained(more: Parameters<typeof worldOf>[0] = {}): Promise<DrainWorld> {
  const world = worldOf(more);
  await world.happens([interruption(id)], 125_000);
  expect(recordOf(world).endedAt).toBeDefined();
  return world;
}

const putBack = ['elbv2:RegisterTargets', 'elb:RegisterInstancesWithLoadBalancer', 'ecs:UpdateContainerInstancesState'];

describe('drain undo', () => {
  test('with --dry-run it shows the calls whole, and changes nothing', async () => {
    const world = await drained();
    const before = changes(world).length;
    const places: Place[] = [];
    const { exitCode, stdout, stderr } = await run(world, `drain undo ${id} --dry-run`, places, {});

    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toContain(`   elbv2:RegisterTargets
     TargetGroupArn: ${targetGroupArn('web')}
     Targets:
       - Id: ${id}
         Port: 80
`);
    expect(stdout).toContain('Nothing was changed; leave out --dry-run to have these calls made.\n');
    expect(changes(world).slice(before)).toEqual([]);
    expect(places).toEqual([{ region: 'us-east-1' }]);
  });

  test('makes them and no others, and marks them: again there is nothing to do', async () => {
    const world = await drained();
    const before = changes(world).length;
    const places: Place[] = [];
    const { exitCode, stdout, stderr } = await run(world, `drain undo ${id}`, places);

    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(changes(world).slice(before).sort()).toEqual([...putBack].sort());
    expect(places).toEqual([{ region: 'us-east-1' }, { region: 'us-east-1', mayDrain: true }]);
    expect(stdout.match(/^put back: /gm)).toHaveLength(3);
    const { TargetHealthDescriptions = [] } = await world.sandbox.aws('elbv2:DescribeTargetHealth', {
      TargetGroupArn: targetGroupArn('web'),
    });
    expect(TargetHealthDescriptions.map(({ Target }) => Target?.Id ?? '').sort()).toEqual([id, idOf(2), idOf(3)]);
    expect(recordOf(world).moves.every(({ undoneAt }) => undoneAt !== undefined)).toBe(true);

    const again = await run(world, `drain undo ${id}`);
    expect(again).toMatchObject({
      exitCode: 0,
      stdout: `${id}: all that can be put back is put back already\nNothing was changed.\n`,
    });
  });

  test('a call that is refused is told with what is missing; the others stand, and the rest is done by the same command', async () => {
    const world = await drained();
    world.sandbox.inject({ operation: 'elbv2:RegisterTargets', error: 'AccessDenied' });
    const { exitCode, stdout, stderr } = await run(world, `drain undo ${id}`);

    expect(exitCode).toBe(2);
    expect(stdout.match(/^put back: /gm)).toHaveLength(2);
    expect(line(stderr)).toContain('grant elasticloadbalancing:RegisterTargets to whoever these credentials are of');
    expect(line(stderr)).toContain('Run the same command again to have the rest done.');

    const again = await run(world, `drain undo ${id}`);
    expect(again).toMatchObject({ exitCode: 0, stderr: '' });
    expect(again.stdout.match(/^put back: /gm)).toHaveLength(1);
  });

  test('while it is under notice, nothing', async () => {
    const world = worldOf();
    await world.happens([interruption(id)], 60_000);
    const before = changes(world).length;
    const { exitCode, stderr } = await run(world, `drain undo ${id}`);

    expect(exitCode).toBe(2);
    expect(stderr).toContain(
      `${id} is under notice until 2026-03-02T12:02:00.000Z: only what runs on then is put back`,
    );
    expect(changes(world).slice(before)).toEqual([]);
  });

  test('of an instance that does not run, nothing', async () => {
    const world = await drained();
    const [first] = world.sandbox.account.rows.reservations?.[0]?.Instances ?? [];
    Object.assign(first ?? {}, { State: { Name: 'stopped' } });
    const { exitCode, stderr } = await run(world, `drain undo ${id}`);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`${id} is stopped: only an instance that runs is put back into service`);
  });

  test('what only a person can put back is shown as a command, and not run', async () => {
    const world = await drained({ policies: [draining(['replace-in-group'])] });
    const before = changes(world).length;
    const { exitCode, stdout } = await run(world, `drain undo ${id}`);

    expect(exitCode).toBe(0);
    expect(line(stdout)).toContain(
      `aws autoscaling attach-instances --region us-east-1 --instance-ids ${id} --auto-scaling-group-name shop`,
    );
    expect(changes(world).slice(before)).toEqual([]);
  });

  test.each<[string, object]>([
    ['another operation', { operation: 'ssm:SendCommand', input: { DocumentName: 'AWS-RunShellScript' } }],
    [
      'another instance',
      { operation: 'elbv2:RegisterTargets', input: { TargetGroupArn: 'arn', Targets: [{ Id: idOf(2) }] } },
    ],
    [
      'another state',
      {
        operation: 'ecs:UpdateContainerInstancesState',
        input: { cluster: 'shop', containerInstances: ['arn'], status: 'DRAINING' },
      },
    ],
    [
      "another's container instance",
      {
        operation: 'ecs:UpdateContainerInstancesState',
        input: {
          cluster: 'shop',
          containerInstances: [containersOf('shop', [2]).containerInstances[0]?.containerInstanceArn],
          status: 'ACTIVE',
        },
      },
    ],
  ])('what somebody else wrote into the table is not done: %s', async (_, undo) => {
    const world = await drained();
    const key = `drain#123456789012#us-east-1#${id}`;
    const item = world.sandbox.account.items.get(key);
    const record = recordOf(world);
    const [first, ...rest] = record.moves;
    const body = { S: JSON.stringify({ ...record, moves: [{ ...first, undo }, ...rest] }) };
    world.sandbox.account.items.set(key, { ...item, body });
    const before = changes(world).length;
    const { exitCode, stderr } = await run(world, `drain undo ${id}`);

    expect(exitCode).toBe(2);
    expect(stderr).toContain('Nothing was changed.');
    expect(changes(world).slice(before)).toEqual([]);
  });

  test('of an instance that was never drained it says so', async () => {
    const { exitCode, stderr } = await run(worldOf(), `drain undo ${id}`);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`there is no drain of ${id} in the table ec2-guardrail`);
  });
});

describe('drain list and show', () => {
  test('list has a row for each, the latest first; show has one as its last alert', async () => {
    const world = worldOf();
    await world.happens([interruption(id)], 30_000);
    await world.happens([interruption(idOf(2), { time: world.sandbox.now().toISOString() })], 120_000);

    const listed = await run(world, 'drain list');
    expect(listed.exitCode).toBe(0);
    const rows = listed.stdout.trimEnd().split('\n');
    expect(rows.map((row) => /i-0+\d/.exec(row)?.[0])).toEqual([undefined, idOf(2), id]);
    expect(rows[2]).toContain('Spot interruption');
    expect(rows[2]).toContain('3 done');

    const shown = await run(world, `drain show ${id}`);
    expect(shown.exitCode).toBe(0);
    expect(line(shown.stdout)).toContain(`Done take ${id}:80 out of target group web (2026-03-02 12:00:`);

    const { drains } = JSON.parse((await run(world, `drain show ${id} --format json`)).stdout);
    expect(drains).toEqual([recordOf(world)]);
  });

  test('where nothing was drained, list says so', async () => {
    expect(await run(worldOf(), 'drain list')).toEqual({
      exitCode: 0,
      stdout: 'No drain in the last 30 days\n',
      stderr: '',
    });
  });
});

describe('docs/drain.md shows, but for times,', () => {
  const timeless = (text: string) =>
    text
      .replaceAll(/\d\d:\d\d:\d\d/g, 'hh:mm:ss')
      .replaceAll(/\d+(?:\.\d)? s\b/g, 'n s')
      .replaceAll(/\n +/g, ' ');
  const page = timeless(readFileSync('docs/drain.md', 'utf8'));

  test('what a rehearsal prints', async () => {
    expect(page).toContain(timeless((await run(worldOf(), `drain test ${id}`)).stdout));
  });

  test('what is told', async () => {
    const world = worldOf();
    await world.happens([interruption(id)], 60_000);
    const news = drainNews(world);
    expect(news.map(({ kind }) => kind)).toEqual(['interruption', 'drained']);
    for (const { subject, text } of news)
      expect(page).toContain(timeless(`Subject: \`${subject}\`\n\n\`\`\`text\n${text}`));
  });
});
