import type * as ec2 from '@aws-sdk/client-ec2';
import type * as elbv2 from '@aws-sdk/client-elastic-load-balancing-v2';
import type { SandboxOptions } from '../../src/sandbox/sandbox.ts';
import type { Serving } from '../../src/sandbox/serving.ts';
import { id, sandboxWith } from './account-of-tests.ts';

const arnOf = (name: string) =>
  `arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/${name}/0123456789abcdef`;
const balancer = 'arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/front/0123456789abcdef';

function groupOf(name: string, more: elbv2.TargetGroup = {}): elbv2.TargetGroup {
  return {
    TargetGroupName: name,
    TargetGroupArn: arnOf(name),
    TargetType: 'instance',
    Protocol: 'HTTP',
    Port: 80,
    LoadBalancerArns: [balancer],
    ...more,
  };
}

function healthyAt(InstanceId: string, Port: number): elbv2.TargetHealthDescription {
  return { Target: { Id: InstanceId, Port }, TargetHealth: { State: 'healthy' } };
}

const TargetGroupArn = arnOf('web');

/** Instances 1 and 2 run and 3 is stopped; `web` has 1 at two ports, and 2 at one. */
function account(serving: Serving = {}, options: Partial<SandboxOptions> = {}) {
  const instance = (number: number, Name: ec2.InstanceStateName) => ({ InstanceId: id(number), State: { Name } });
  const sandbox = sandboxWith(
    {
      reservations: [{ Instances: [instance(1, 'running'), instance(2, 'running'), instance(3, 'stopped')] }],
      serving: {
        targetGroups: [groupOf('web')],
        targetHealth: { web: [healthyAt(id(1), 80), healthyAt(id(1), 8080), healthyAt(id(2), 80)] },
        ...serving,
      },
    },
    options,
  );
  const { aws } = sandbox;
  /** `<last digit of the id>:<port> <state> <reason>` of each. */
  const health = async (Targets?: elbv2.TargetDescription[]) => {
    const { TargetHealthDescriptions = [] } = await aws('elbv2:DescribeTargetHealth', { TargetGroupArn, Targets });
    return TargetHealthDescriptions.map(({ Target, TargetHealth }) =>
      [`${Target?.Id?.at(-1)}:${Target?.Port}`, TargetHealth?.State, TargetHealth?.Reason].join(' ').trimEnd(),
    );
  };
  const deregister = (...Targets: elbv2.TargetDescription[]) =>
    aws('elbv2:DeregisterTargets', { TargetGroupArn, Targets });
  const register = (...Targets: elbv2.TargetDescription[]) => aws('elbv2:RegisterTargets', { TargetGroupArn, Targets });
  return { ...sandbox, health, deregister, register };
}

const DRAINING = 'draining Target.DeregistrationInProgress';
const INITIAL = 'initial Elb.RegistrationInProgress';

describe('target groups', () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
  const groups = names.map((name) => groupOf(name, name === 'd' ? { LoadBalancerArns: [] } : {}));

  test('come in pages', async () => {
    const { aws } = account({ targetGroups: groups });
    const first = await aws('elbv2:DescribeTargetGroups', { PageSize: 3 });
    const second = await aws('elbv2:DescribeTargetGroups', { PageSize: 400, Marker: first.NextMarker });
    expect(first.TargetGroups?.map((one) => one.TargetGroupName)).toEqual(['a', 'b', 'c']);
    expect(second.TargetGroups?.map((one) => one.TargetGroupName)).toEqual(['d', 'e', 'f', 'g']);
    expect(second.NextMarker).toBeUndefined();
  });

  test.each([0, 401])('are refused in pages of %d', async (PageSize) => {
    const reading = account().aws('elbv2:DescribeTargetGroups', { PageSize });
    await expect(reading).rejects.toMatchObject({ name: 'ValidationError' });
  });

  test('are found by name, by ARN and by load balancer', async () => {
    const { aws } = account({ targetGroups: groups }, { pageSize: 'aws' });
    const found = async (input: Parameters<typeof aws<'elbv2:DescribeTargetGroups'>>[1]) =>
      (await aws('elbv2:DescribeTargetGroups', input)).TargetGroups?.map((one) => one.TargetGroupName);
    expect(await found({ Names: ['c'] })).toEqual(['c']);
    expect(await found({ TargetGroupArns: [arnOf('b'), arnOf('g')] })).toEqual(['b', 'g']);
    expect(await found({ LoadBalancerArn: balancer })).toEqual(['a', 'b', 'c', 'e', 'f', 'g']);
  });

  test('that are not there fail every call that names them', async () => {
    const { aws } = account();
    const gone = { TargetGroupArn: arnOf('gone') };
    const Targets = [{ Id: id(1) }];
    const calls = [
      aws('elbv2:DescribeTargetGroups', { Names: ['web', 'gone'] }),
      aws('elbv2:DescribeTargetHealth', gone),
      aws('elbv2:DescribeTargetGroupAttributes', gone),
      aws('elbv2:DeregisterTargets', { ...gone, Targets }),
      aws('elbv2:RegisterTargets', { ...gone, Targets }),
    ];
    for (const call of calls) await expect(call).rejects.toMatchObject({ name: 'TargetGroupNotFoundException' });
    expect.assertions(calls.length);
  });

  test("have AWS's defaults for what is not set, with those of a network load balancer only there", async () => {
    const { aws } = account({
      targetGroups: [groupOf('web'), groupOf('tcp', { Protocol: 'TCP' })],
      targetGroupAttributes: { web: [{ Key: 'deregistration_delay.timeout_seconds', Value: '60' }] },
    });
    const of = async (name: string) =>
      (await aws('elbv2:DescribeTargetGroupAttributes', { TargetGroupArn: arnOf(name) })).Attributes;
    expect(await of('web')).toEqual([
      { Key: 'deregistration_delay.timeout_seconds', Value: '60' },
      { Key: 'stickiness.enabled', Value: 'false' },
    ]);
    expect(await of('tcp')).toEqual([
      { Key: 'deregistration_delay.timeout_seconds', Value: '300' },
      { Key: 'stickiness.enabled', Value: 'false' },
      { Key: 'deregistration_delay.connection_termination.enabled', Value: 'false' },
    ]);
  });
});

describe('the health of targets', () => {
  test('is told of all, each at its port', async () => {
    expect(await account().health()).toEqual(['1:80 healthy', '1:8080 healthy', '2:80 healthy']);
  });

  test("asked for without a port is that at the group's own", async () => {
    const { health } = account({ targetHealth: { web: [healthyAt(id(1), 8080)] } });
    expect(await health([{ Id: id(1) }, { Id: id(1), Port: 8080 }])).toEqual([
      '1:80 unused Target.NotRegistered',
      '1:8080 healthy',
    ]);
  });

  test('is unused of a target that is not registered, also of one that nobody knows', async () => {
    expect(await account().health([{ Id: id(3) }, { Id: id(9), Port: 81 }])).toEqual([
      '3:80 unused Target.NotRegistered',
      '9:81 unused Target.NotRegistered',
    ]);
  });

  test('follows an instance that is stopped, and one that is terminated', async () => {
    const sandbox = account();
    sandbox.account.setState(id(2), 'stopped');
    expect(await sandbox.health()).toEqual(['1:80 healthy', '1:8080 healthy', '2:80 unused Target.InvalidState']);
    sandbox.account.terminate(id(1));
    expect(await sandbox.health()).toEqual(['2:80 unused Target.InvalidState']);
    expect(await sandbox.health([{ Id: id(1) }])).toEqual(['1:80 unused Target.NotRegistered']);
  });

  test('is not asked of an address in a group of instances, or the other way', async () => {
    const { aws } = account({ targetGroups: [groupOf('web'), groupOf('ips', { TargetType: 'ip' })] });
    const asked = (name: string, Id: string) =>
      aws('elbv2:DescribeTargetHealth', { TargetGroupArn: arnOf(name), Targets: [{ Id }] });
    await expect(asked('web', '192.0.2.1')).rejects.toMatchObject({ name: 'ValidationError' });
    await expect(asked('ips', id(1))).rejects.toMatchObject({ name: 'ValidationError' });
  });
});

describe('a deregistered target', () => {
  test("drains for the group's delay, and is then not registered", async () => {
    const { health, deregister, advance } = account({
      targetGroupAttributes: { web: [{ Key: 'deregistration_delay.timeout_seconds', Value: '60' }] },
    });
    await deregister({ Id: id(1), Port: 80 });
    expect(await health()).toEqual([`1:80 ${DRAINING}`, '1:8080 healthy', '2:80 healthy']);
    advance(59_999);
    expect(await health([{ Id: id(1) }])).toEqual([`1:80 ${DRAINING}`]);
    advance(1);
    expect(await health([{ Id: id(1) }])).toEqual(['1:80 unused Target.NotRegistered']);
    expect(await health()).toEqual(['1:8080 healthy', '2:80 healthy']);
  });

  test('drains for five minutes where no delay is set', async () => {
    const { health, deregister, advance } = account();
    await deregister({ Id: id(2) });
    advance(299_999);
    expect(await health([{ Id: id(2) }])).toEqual([`2:80 ${DRAINING}`]);
    advance(1);
    expect(await health([{ Id: id(2) }])).toEqual(['2:80 unused Target.NotRegistered']);
  });

  test('is gone no later for being deregistered again', async () => {
    const { health, deregister, advance } = account();
    await deregister({ Id: id(2) });
    advance(200_000);
    await deregister({ Id: id(2) });
    advance(100_000);
    expect(await health([{ Id: id(2) }])).toEqual(['2:80 unused Target.NotRegistered']);
  });

  test('is the one at the port that is given, and none where it is registered at another', async () => {
    const { health, deregister } = account({ targetHealth: { web: [healthyAt(id(1), 8080)] } });
    await deregister({ Id: id(1) });
    expect(await health()).toEqual(['1:8080 healthy']);
    await deregister({ Id: id(1), Port: 8080 });
    expect(await health()).toEqual([`1:8080 ${DRAINING}`]);
  });

  test('may be one that was never registered', async () => {
    await expect(account().deregister({ Id: id(3) }, { Id: id(9) })).resolves.toEqual({});
  });

  test('goes at once where no load balancer sends it anything', async () => {
    const { health, deregister, register } = account({
      targetGroups: [groupOf('web', { LoadBalancerArns: [] })],
      targetHealth: {},
    });
    await register({ Id: id(1) });
    expect(await health()).toEqual(['1:80 unused Target.NotInUse']);
    await deregister({ Id: id(1) });
    expect(await health()).toEqual([]);
  });

  test('that is registered again is initial and then healthy, and does not go', async () => {
    const { health, deregister, register, advance } = account({}, { pace: { healthyMs: 10_000 } });
    await deregister({ Id: id(2) });
    advance(5_000);
    await register({ Id: id(2) });
    expect(await health([{ Id: id(2) }])).toEqual([`2:80 ${INITIAL}`]);
    advance(10_000);
    expect(await health([{ Id: id(2) }])).toEqual(['2:80 healthy']);
    advance(300_000);
    expect(await health([{ Id: id(2) }])).toEqual(['2:80 healthy']);
  });
});

describe('a registered target', () => {
  test('is initial, and healthy after a while', async () => {
    const { health, register, advance } = account({ targetHealth: {} }, { pace: { healthyMs: 10_000 } });
    await register({ Id: id(1), Port: 8080 });
    expect(await health()).toEqual([`1:8080 ${INITIAL}`]);
    advance(9_999);
    expect(await health()).toEqual([`1:8080 ${INITIAL}`]);
    advance(1);
    expect(await health()).toEqual(['1:8080 healthy']);
  });

  test('that is deregistered before it is healthy never is', async () => {
    const { health, register, deregister, advance } = account({ targetHealth: {} });
    await register({ Id: id(1) });
    await deregister({ Id: id(1) });
    advance(60_000);
    expect(await health()).toEqual([`1:80 ${DRAINING}`]);
  });

  test('stays as it is when it is registered already', async () => {
    const { health, register } = account();
    await register({ Id: id(2) });
    expect(await health([{ Id: id(2) }])).toEqual(['2:80 healthy']);
  });

  test('must run: with one that does not, none is registered', async () => {
    const { health, register } = account({ targetHealth: {} });
    await expect(register({ Id: id(1) }, { Id: id(3) })).rejects.toMatchObject({
      name: 'InvalidTargetException',
      message: `The following targets are not in a running state and cannot be registered: '${id(3)}'`,
    });
    expect(await health()).toEqual([]);
  });
});

test.each(['elbv2:DeregisterTargets', 'elbv2:RegisterTargets'] as const)('%s needs targets', async (operation) => {
  const call = account().aws(operation, { TargetGroupArn, Targets: [] });
  await expect(call).rejects.toMatchObject({ name: 'ValidationError' });
});
