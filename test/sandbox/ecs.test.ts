import type * as ecs from '@aws-sdk/client-ecs';
import type { SandboxOptions } from '../../src/sandbox/sandbox.ts';
import type { Serving } from '../../src/sandbox/serving.ts';
import { id, sandboxWith, start } from './account-of-tests.ts';

const arnOf = (kind: string, name: string) => `arn:aws:ecs:eu-west-1:111122223333:${kind}/${name}`;
const clusterArn = (name: string) => arnOf('cluster', name);
const onInstance = (name: string) => arnOf('container-instance/web', name);
const taskArn = (name: string) => arnOf('task/web', name);

function containerInstance(name: string, number: number, more: ecs.ContainerInstance = {}): ecs.ContainerInstance {
  return {
    containerInstanceArn: onInstance(name),
    ec2InstanceId: id(number),
    status: 'ACTIVE',
    agentConnected: true,
    runningTasksCount: 0,
    pendingTasksCount: 0,
    ...more,
  };
}

function task(name: string, more: ecs.Task = {}): ecs.Task {
  return {
    taskArn: taskArn(name),
    containerInstanceArn: onInstance('c1'),
    group: 'service:shop',
    desiredStatus: 'RUNNING',
    lastStatus: 'RUNNING',
    ...more,
  };
}

const shop: ecs.Service = {
  serviceName: 'shop',
  serviceArn: arnOf('service/web', 'shop'),
  deploymentConfiguration: { minimumHealthyPercent: 50, maximumPercent: 200 },
};

/** What belongs to a cluster. */
interface Owned {
  readonly containerInstances?: readonly ecs.ContainerInstance[];
  readonly services?: readonly ecs.Service[];
  readonly tasks?: readonly ecs.Task[];
}

/** The clusters `web` and `empty`; `web` has two container instances and a service, where nothing else is given. */
function account(owned: Owned = {}, options: Partial<SandboxOptions> = {}) {
  const {
    containerInstances = [containerInstance('c1', 1), containerInstance('c2', 2)],
    services = [shop],
    tasks = [],
  } = owned;
  const serving: Serving = {
    clusterArns: [clusterArn('web'), clusterArn('empty')],
    containerInstances: { web: containerInstances },
    services: { web: services },
    tasks: { web: tasks },
  };
  const sandbox = sandboxWith({ serving }, options);
  const update = (status: 'ACTIVE' | 'DRAINING', ...containerInstances: string[]) =>
    sandbox.aws('ecs:UpdateContainerInstancesState', { cluster: 'web', containerInstances, status });
  /** `<name> <desired> <last>` of each. */
  const states = async (...names: readonly string[]) => {
    const { tasks: described = [] } = await sandbox.aws('ecs:DescribeTasks', {
      cluster: 'web',
      tasks: names.map(taskArn),
    });
    return described.map((one) => [one.taskArn?.split('/').at(-1), one.desiredStatus, one.lastStatus].join(' '));
  };
  return { ...sandbox, update, states };
}

describe('lists', () => {
  test('of clusters come in pages', async () => {
    const clusterArns = ['a', 'b', 'c', 'd', 'e', 'f'].map(clusterArn);
    const { aws } = sandboxWith({ serving: { clusterArns } });
    const first = await aws('ecs:ListClusters', { maxResults: 100 });
    const second = await aws('ecs:ListClusters', { maxResults: 100, nextToken: first.nextToken });
    expect(first.clusterArns).toEqual(clusterArns.slice(0, 5));
    expect(second).toEqual({ clusterArns: clusterArns.slice(5), nextToken: undefined });
  });

  test('of services give ten unasked, and a hundred when asked', async () => {
    const services = Array.from({ length: 30 }, (_, at) => ({ serviceName: `s${at}`, serviceArn: `a/s${at}` }));
    const { aws } = account({ services }, { pageSize: 'aws' });
    expect((await aws('ecs:ListServices', { cluster: 'web' })).serviceArns).toHaveLength(10);
    expect((await aws('ecs:ListServices', { cluster: 'web', maxResults: 100 })).serviceArns).toHaveLength(30);
  });

  test.each([0, 101])('are refused in pages of %d', async (maxResults) => {
    const call = account().aws('ecs:ListTasks', { cluster: 'web', maxResults });
    await expect(call).rejects.toMatchObject({ name: 'InvalidParameterException' });
  });

  test('of container instances are filtered by the instance', async () => {
    const { aws } = account();
    const found = async (filter: string) =>
      (await aws('ecs:ListContainerInstances', { cluster: 'web', filter })).containerInstanceArns;
    expect(await found(`ec2InstanceId == ${id(2)}`)).toEqual([onInstance('c2')]);
    expect(await found(`ec2InstanceId in [${id(1)}, ${id(2)}]`)).toEqual([onInstance('c1'), onInstance('c2')]);
    expect(await found(`ec2InstanceId == ${id(3)}`)).toEqual([]);
    await expect(found('agentConnected == true')).rejects.toMatchObject({ name: 'InvalidParameterException' });
  });

  test('of container instances leave out the inactive alone', async () => {
    const statuses = ['ACTIVE', 'DRAINING', 'REGISTERING', 'INACTIVE'];
    const containerInstances = statuses.map((status, at) => containerInstance(`c${at}`, at, { status }));
    const { aws } = account({ containerInstances });
    const listed = async (status?: 'DRAINING') =>
      (await aws('ecs:ListContainerInstances', { cluster: 'web', status })).containerInstanceArns;
    expect(await listed()).toEqual([onInstance('c0'), onInstance('c1'), onInstance('c2')]);
    expect(await listed('DRAINING')).toEqual([onInstance('c1')]);
  });

  test('of tasks hold those of a container instance that are to run, unless others are asked for', async () => {
    const tasks = [
      task('a'),
      task('b', { containerInstanceArn: onInstance('c2') }),
      task('c', { desiredStatus: 'STOPPED' }),
    ];
    const { aws } = account({ tasks });
    const listed = async (desiredStatus?: 'STOPPED') =>
      (await aws('ecs:ListTasks', { cluster: 'web', containerInstance: 'c1', desiredStatus })).taskArns;
    expect(await listed()).toEqual([taskArn('a')]);
    expect(await listed('STOPPED')).toEqual([taskArn('c')]);
  });
});

describe('a cluster', () => {
  test('is called by its name or its ARN', async () => {
    const { aws } = account();
    for (const cluster of ['web', clusterArn('web')]) {
      expect((await aws('ecs:ListServices', { cluster })).serviceArns).toEqual([shop.serviceArn]);
    }
    expect((await aws('ecs:ListServices', { cluster: 'empty' })).serviceArns).toEqual([]);
  });

  test('that is not there fails every call that names it, as does none where there is no default', async () => {
    const { aws } = account();
    const cluster = 'gone';
    const calls = [
      aws('ecs:ListContainerInstances', { cluster }),
      aws('ecs:DescribeContainerInstances', { cluster, containerInstances: ['c1'] }),
      aws('ecs:ListServices', { cluster }),
      aws('ecs:DescribeServices', { cluster, services: ['shop'] }),
      aws('ecs:ListTasks', {}),
      aws('ecs:DescribeTasks', { tasks: ['a'] }),
      aws('ecs:UpdateContainerInstancesState', { cluster, containerInstances: ['c1'], status: 'DRAINING' }),
    ];
    for (const call of calls) await expect(call).rejects.toMatchObject({ name: 'ClusterNotFoundException' });
    expect.assertions(calls.length);
  });
});

describe('what is described', () => {
  test('is found by id or ARN, and what is not there is a failure of an answer that succeeds', async () => {
    const { aws } = account({ tasks: [task('a')] });
    expect(
      await aws('ecs:DescribeContainerInstances', {
        cluster: 'web',
        containerInstances: [onInstance('c1'), 'c2', 'c9'],
      }),
    ).toEqual({
      containerInstances: [containerInstance('c1', 1), containerInstance('c2', 2)],
      failures: [{ arn: 'c9', reason: 'MISSING' }],
    });
    expect(await aws('ecs:DescribeServices', { cluster: 'web', services: ['shop', 'none'] })).toEqual({
      services: [shop],
      failures: [{ arn: 'none', reason: 'MISSING' }],
    });
    expect(await aws('ecs:DescribeTasks', { cluster: 'web', tasks: ['a', 'none'] })).toEqual({
      tasks: [task('a')],
      failures: [{ arn: 'none', reason: 'MISSING' }],
    });
  });

  test('is a hundred at most, and ten of services', async () => {
    const { aws } = account();
    const names = (count: number) => Array.from({ length: count }, (_, at) => `n${at}`);
    const refused = { name: 'InvalidParameterException' };
    await expect(aws('ecs:DescribeTasks', { cluster: 'web', tasks: names(100) })).resolves.toBeDefined();
    await expect(aws('ecs:DescribeTasks', { cluster: 'web', tasks: names(101) })).rejects.toMatchObject(refused);
    await expect(aws('ecs:DescribeServices', { cluster: 'web', services: names(11) })).rejects.toMatchObject(refused);
    await expect(aws('ecs:DescribeServices', { cluster: 'web', services: [] })).rejects.toMatchObject(refused);
  });
});

describe('a container instance that drains', () => {
  const pace = { tasksReplacedMs: 45_000, tasksStoppedMs: 30_000 };
  const { deploymentConfiguration: _, ...byDefault } = shop;

  test('stops the tasks of services after a while, which are to stop at once and are listed no more', async () => {
    const tasks = [task('a'), task('b', { containerInstanceArn: onInstance('c2') })];
    const containerInstances = [containerInstance('c1', 1, { runningTasksCount: 1 }), containerInstance('c2', 2)];
    const { aws, update, states, advance } = account({ tasks, containerInstances }, { pace });
    const answer = await update('DRAINING', 'c1');
    // A task that is being deactivated is counted as running no more, and still runs.
    expect(answer).toEqual({
      containerInstances: [containerInstance('c1', 1, { status: 'DRAINING', runningTasksCount: 0 })],
      failures: [],
    });
    expect(await states('a', 'b')).toEqual(['a STOPPED DEACTIVATING', 'b RUNNING RUNNING']);
    expect((await aws('ecs:ListTasks', { cluster: 'web' })).taskArns).toEqual([taskArn('b')]);
    advance(29_999);
    expect(await states('a')).toEqual(['a STOPPED DEACTIVATING']);
    advance(1);
    expect(await states('a', 'b')).toEqual(['a STOPPED STOPPED', 'b RUNNING RUNNING']);
    const { tasks: [stopped] = [] } = await aws('ecs:DescribeTasks', { cluster: 'web', tasks: ['a'] });
    expect(stopped?.stoppedAt).toEqual(new Date(start.getTime() + 30_000));
  });

  test('stops a pending task at once, whatever its service must have', async () => {
    const containerInstances = [containerInstance('c1', 1, { pendingTasksCount: 1 })];
    const tasks = [task('a', { lastStatus: 'PENDING' })];
    const { update, states } = account({ tasks, containerInstances, services: [byDefault] }, { pace });
    expect((await update('DRAINING', 'c1')).containerInstances?.[0]?.pendingTasksCount).toBe(0);
    expect(await states('a')).toEqual(['a STOPPED STOPPED']);
  });

  test('keeps a task of a service that must have all of them until another stands in for it, as it is by default', async () => {
    const { update, states, advance } = account({ tasks: [task('a')], services: [byDefault] }, { pace });
    await update('DRAINING', 'c1');
    advance(44_999);
    expect(await states('a')).toEqual(['a RUNNING RUNNING']);
    advance(1);
    expect(await states('a')).toEqual(['a STOPPED DEACTIVATING']);
    advance(30_000);
    expect(await states('a')).toEqual(['a STOPPED STOPPED']);
  });

  test('keeps it for good when it is active again before that', async () => {
    const { update, states, advance } = account({ tasks: [task('a')], services: [byDefault] }, { pace });
    await update('DRAINING', 'c1');
    advance(40_000);
    await update('ACTIVE', 'c1');
    advance(3_600_000);
    expect(await states('a')).toEqual(['a RUNNING RUNNING']);
  });

  test.each<[string, ecs.Task, ecs.Service]>([
    ['that no service started', { group: 'family:batch' }, shop],
    [
      'of a service that must have all of them, and no more',
      {},
      { ...shop, deploymentConfiguration: { minimumHealthyPercent: 100, maximumPercent: 100 } },
    ],
  ])('leaves a task %s', async (_, more, service) => {
    const { update, states, advance } = account({ tasks: [task('a', more)], services: [service] }, { pace });
    await update('DRAINING', 'c1');
    advance(3_600_000);
    expect(await states('a')).toEqual(['a RUNNING RUNNING']);
  });

  test('may drain already, and may be active again', async () => {
    const { update } = account();
    for (const status of ['DRAINING', 'DRAINING', 'ACTIVE'] as const) {
      expect((await update(status, 'c1')).containerInstances?.map((one) => one.status)).toEqual([status]);
    }
  });

  test('does so beside one that is not there, which is a failure', async () => {
    const { update } = account();
    expect(await update('DRAINING', 'c9', onInstance('c2'))).toEqual({
      containerInstances: [containerInstance('c2', 2, { status: 'DRAINING' })],
      failures: [{ arn: 'c9', reason: 'MISSING' }],
    });
  });

  test('must have been active: with one that registers, none is changed', async () => {
    const { aws, update } = account({
      containerInstances: [containerInstance('c1', 1), containerInstance('c2', 2, { status: 'REGISTERING' })],
    });
    await expect(update('DRAINING', 'c1', 'c2')).rejects.toMatchObject({ name: 'InvalidParameterException' });
    const listed = await aws('ecs:ListContainerInstances', { cluster: 'web', status: 'DRAINING' });
    expect(listed.containerInstanceArns).toEqual([]);
  });

  test('is one of ten at most', async () => {
    const names = Array.from({ length: 11 }, (_, at) => `c${at}`);
    await expect(account().update('DRAINING', ...names)).rejects.toMatchObject({ name: 'InvalidParameterException' });
  });
});
