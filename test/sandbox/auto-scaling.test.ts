import type * as autoscaling from '@aws-sdk/client-auto-scaling';
import type * as ec2 from '@aws-sdk/client-ec2';
import type { Output } from '../../src/domain/operations.ts';
import type { SandboxOptions } from '../../src/sandbox/sandbox.ts';
import type { Serving } from '../../src/sandbox/serving.ts';
import { id, sandboxWith, start } from './account-of-tests.ts';

const AutoScalingGroupName = 'web';
const TargetGroupArn = 'arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/web/0123456789abcdef';
const groupTag = { Key: 'aws:autoscaling:groupName', Value: 'web' };
const nameTag = { Key: 'Name', Value: 'shop' };

function member(number: number, LifecycleState: autoscaling.LifecycleState = 'InService'): autoscaling.Instance {
  return {
    InstanceId: id(number),
    AvailabilityZone: 'eu-west-1a',
    LifecycleState,
    HealthStatus: 'Healthy',
    ProtectedFromScaleIn: false,
  };
}

function group(more: Partial<autoscaling.AutoScalingGroup> = {}): autoscaling.AutoScalingGroup {
  return {
    AutoScalingGroupName,
    MinSize: 1,
    MaxSize: 4,
    DesiredCapacity: 2,
    DefaultCooldown: 300,
    AvailabilityZones: ['eu-west-1a'],
    HealthCheckType: 'EC2',
    CreatedTime: start,
    Instances: [member(1), member(2)],
    ...more,
  };
}

/** Instances 1 and 2 run, and are those of the group `web` where nothing else is given. */
function account(groups = [group()], serving: Serving = {}, options: Partial<SandboxOptions> = {}) {
  const instance = (number: number): ec2.Instance => ({
    InstanceId: id(number),
    InstanceType: 'm7i.large',
    InstanceLifecycle: 'spot',
    State: { Name: 'running' },
    Tags: [nameTag, groupTag],
  });
  const sandbox = sandboxWith(
    {
      reservations: [{ Instances: [instance(1), instance(2)] }],
      serving: { autoScalingGroups: groups, ...serving },
    },
    { pace: { replacedMs: 60_000 }, ...options },
  );
  const { aws } = sandbox;
  /** `<instance> <state>` of each member; of one that was launched later the instance is `new`. */
  const members = async () => {
    const { AutoScalingInstances = [] } = await aws('autoscaling:DescribeAutoScalingInstances', {});
    return AutoScalingInstances.map(({ InstanceId = '', LifecycleState }) => {
      const known = [1, 2, 3].find((number) => id(number) === InstanceId);
      return `${known ?? 'new'} ${LifecycleState}`;
    });
  };
  const instances = async () => {
    const { Reservations = [] } = await aws('ec2:DescribeInstances', {});
    return Reservations.flatMap(({ Instances = [] }) => Instances);
  };
  const detach = (numbers: readonly number[], ShouldDecrementDesiredCapacity = false) =>
    aws('autoscaling:DetachInstances', {
      AutoScalingGroupName,
      InstanceIds: numbers.map(id),
      ShouldDecrementDesiredCapacity,
    });
  const complete = (LifecycleHookName: string, LifecycleActionResult = 'CONTINUE') =>
    aws('autoscaling:CompleteLifecycleAction', {
      AutoScalingGroupName,
      LifecycleHookName,
      LifecycleActionResult,
      InstanceId: id(1),
    });
  return { ...sandbox, members, instances, detach, complete };
}

describe('groups', () => {
  const groups = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) =>
    group({ AutoScalingGroupName: name, Instances: name === 'b' ? [member(1), member(2, 'Standby')] : [] }),
  );

  test('come in pages, and by name those that are there', async () => {
    const { aws } = account(groups);
    const names = ({ AutoScalingGroups }: Output<'autoscaling:DescribeAutoScalingGroups'>) =>
      AutoScalingGroups?.map((one) => one.AutoScalingGroupName);
    const first = await aws('autoscaling:DescribeAutoScalingGroups', { MaxRecords: 100 });
    const second = await aws('autoscaling:DescribeAutoScalingGroups', { MaxRecords: 100, NextToken: first.NextToken });
    expect(names(first)).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(names(second)).toEqual(['f']);
    expect(second.NextToken).toBeUndefined();
    const named = await aws('autoscaling:DescribeAutoScalingGroups', { AutoScalingGroupNames: ['c', 'gone'] });
    expect(names(named)).toEqual(['c']);
  });

  test('are found by their instances; one that is in none is left out', async () => {
    const { aws } = account(groups);
    const InstanceIds = [id(2), id(9)];
    expect((await aws('autoscaling:DescribeAutoScalingInstances', { InstanceIds })).AutoScalingInstances).toEqual([
      expect.objectContaining({
        InstanceId: id(2),
        AutoScalingGroupName: 'b',
        LifecycleState: 'Standby',
        HealthStatus: 'HEALTHY',
      }),
    ]);
  });

  test('are asked for fifty instances at most', async () => {
    const InstanceIds = Array.from({ length: 51 }, (_, number) => id(number));
    const call = account().aws('autoscaling:DescribeAutoScalingInstances', { InstanceIds });
    await expect(call).rejects.toMatchObject({ name: 'ValidationError' });
  });
});

describe('lifecycle hooks', () => {
  const hook = (LifecycleHookName: string, end: 'LAUNCHING' | 'TERMINATING'): autoscaling.LifecycleHook => ({
    AutoScalingGroupName,
    LifecycleHookName,
    LifecycleTransition: `autoscaling:EC2_INSTANCE_${end}`,
  });
  const lifecycleHooks = { web: [hook('drain', 'TERMINATING'), hook('log', 'TERMINATING'), hook('warm', 'LAUNCHING')] };
  const waiting = (state: autoscaling.LifecycleState) =>
    account([group({ Instances: [member(1, state), member(2)] })], { lifecycleHooks });
  const noAction = {
    name: 'ValidationError',
    message: `No active Lifecycle Action found with instance ID ${id(1)}`,
  };

  test('are those of a group, or some of them', async () => {
    const { aws } = account([group(), group({ AutoScalingGroupName: 'bare' })], { lifecycleHooks });
    const names = async (name: string, LifecycleHookNames?: string[]) => {
      const input = { AutoScalingGroupName: name, LifecycleHookNames };
      const { LifecycleHooks = [] } = await aws('autoscaling:DescribeLifecycleHooks', input);
      return LifecycleHooks.map((one) => one.LifecycleHookName);
    };
    expect(await names('web')).toEqual(['drain', 'log', 'warm']);
    expect(await names('web', ['log'])).toEqual(['log']);
    expect(await names('bare')).toEqual([]);
    await expect(names('gone')).rejects.toMatchObject({
      name: 'ValidationError',
      message: "AutoScalingGroup name not found - AutoScalingGroup 'gone' not found",
    });
  });

  test('are all completed before a terminating instance ends, and another is launched', async () => {
    const sandbox = waiting('Terminating:Wait');
    await sandbox.complete('drain');
    expect(await sandbox.members()).toEqual(['1 Terminating:Wait', '2 InService']);
    await sandbox.complete('log');
    expect(await sandbox.members()).toEqual(['2 InService']);
    expect((await sandbox.instances()).map((one) => one.State?.Name)).toEqual(['terminated', 'running']);
    sandbox.advance(60_000);
    expect(await sandbox.members()).toEqual(['2 InService', 'new InService']);
  });

  test('are not waited for when one says to abandon', async () => {
    const sandbox = waiting('Terminating:Wait');
    await sandbox.complete('log', 'ABANDON');
    expect(await sandbox.members()).toEqual(['2 InService']);
  });

  test('let an instance that is launched into service, or do away with it', async () => {
    const launched = waiting('Pending:Wait');
    await launched.complete('warm');
    expect(await launched.members()).toEqual(['1 InService', '2 InService']);
    const abandoned = waiting('Pending:Wait');
    await abandoned.complete('warm', 'ABANDON');
    expect(await abandoned.members()).toEqual(['2 InService']);
  });

  test.each<[string, autoscaling.LifecycleState, readonly string[]]>([
    ['is in service', 'InService', ['drain']],
    ['waits for the hooks of the other end', 'Pending:Wait', ['drain']],
    ['waits for no such hook', 'Terminating:Wait', ['gone']],
    ['was completed for that hook', 'Terminating:Wait', ['drain', 'drain']],
    ['is gone', 'Terminating:Wait', ['drain', 'log', 'log']],
  ])('have no active action of an instance that %s', async (_, state, hooks) => {
    const { complete } = waiting(state);
    const outcomes = [];
    for (const name of hooks) outcomes.push(await complete(name).catch((error: unknown) => error));
    expect(outcomes.at(-1)).toMatchObject(noAction);
    expect(outcomes.slice(0, -1)).toEqual(hooks.slice(1).map(() => ({})));
  });
});

describe('a detached instance', () => {
  test('is no part of the group any more, without its tag, and goes on to run', async () => {
    const { detach, members, instances } = account();
    await detach([1]);
    expect(await members()).toEqual(['2 InService']);
    expect((await instances()).map(({ State, Tags }) => [State?.Name, Tags])).toEqual([
      ['running', [nameTag]],
      ['running', [nameTag, groupTag]],
    ]);
  });

  test('is replaced after a while by one like it, where the group is to stay as large', async () => {
    const { detach, members, instances, advance } = account();
    const { Activities } = await detach([1]);
    expect(Activities).toEqual([
      expect.objectContaining({ Description: `Detaching EC2 instance: ${id(1)}`, StatusCode: 'InProgress' }),
    ]);
    advance(59_999);
    expect(await members()).toEqual(['2 InService']);
    advance(1);
    expect(await members()).toEqual(['2 InService', 'new InService']);
    expect(await instances()).toHaveLength(3);
    expect((await instances()).at(-1)).toMatchObject({
      InstanceType: 'm7i.large',
      InstanceLifecycle: 'spot',
      LaunchTime: new Date(start.getTime() + 60_000),
      State: { Name: 'running' },
      Tags: [nameTag, groupTag],
    });
  });

  test('is not replaced where the group is to be smaller, which it must not be below its least size', async () => {
    const { aws, detach, members, advance } = account();
    await detach([1], true);
    advance(3_600_000);
    expect(await members()).toEqual(['2 InService']);
    const { AutoScalingGroups = [] } = await aws('autoscaling:DescribeAutoScalingGroups', {});
    expect(AutoScalingGroups.map((one) => one.DesiredCapacity)).toEqual([1]);
    await expect(detach([2], true)).rejects.toMatchObject({
      name: 'ValidationError',
      message: 'New SetDesiredCapacity value 0 is below min value 1 for the AutoScalingGroup.',
    });
    expect(await members()).toEqual(['2 InService']);
  });

  test('drains from the load balancers of the group, at each port, and is detaching until then', async () => {
    const target = (number: number, Port: number) => ({
      Target: { Id: id(number), Port },
      TargetHealth: { State: 'healthy' as const },
    });
    const { aws, detach, members, instances, advance } = account(
      [group({ TargetGroupARNs: [TargetGroupArn], LoadBalancerNames: ['old'] })],
      {
        targetGroups: [
          { TargetGroupName: 'web', TargetGroupArn, TargetType: 'instance', Port: 80, LoadBalancerArns: ['arn'] },
        ],
        targetGroupAttributes: { web: [{ Key: 'deregistration_delay.timeout_seconds', Value: '40' }] },
        targetHealth: { web: [target(1, 80), target(1, 8080), target(2, 80)] },
        loadBalancers: [{ LoadBalancerName: 'old', Instances: [{ InstanceId: id(1) }, { InstanceId: id(2) }] }],
      },
      { pace: { replacedMs: 60_000, healthyMs: 10_000 } },
    );
    const targets = async () => {
      const { TargetHealthDescriptions = [] } = await aws('elbv2:DescribeTargetHealth', { TargetGroupArn });
      return TargetHealthDescriptions.map((one) => one.TargetHealth?.State);
    };
    const registered = async () =>
      (await aws('elb:DescribeLoadBalancers', {})).LoadBalancerDescriptions?.flatMap(({ Instances = [] }) => Instances);

    await detach([1]);
    expect(await targets()).toEqual(['draining', 'draining', 'healthy']);
    expect(await registered()).toEqual([{ InstanceId: id(2) }]);
    expect(await members()).toEqual(['1 Detaching', '2 InService']);
    expect((await instances())[0]?.Tags).toEqual([nameTag, groupTag]);

    advance(60_000);
    expect(await targets()).toEqual(['healthy', 'initial']);
    expect(await registered()).toHaveLength(2);
    expect(await members()).toEqual(['1 Detaching', '2 InService', 'new InService']);
    advance(240_000);
    expect(await targets()).toEqual(['healthy', 'healthy']);
    expect(await members()).toEqual(['2 InService', 'new InService']);
    expect((await instances())[0]?.Tags).toEqual([nameTag]);
  });

  test.each<autoscaling.LifecycleState>(['Terminating:Wait', 'Pending', 'Detaching', 'EnteringStandby'])(
    'must not be %s: then none is detached',
    async (state) => {
      const { detach, members } = account([group({ Instances: [member(1), member(2, state)] })]);
      await expect(detach([1, 2])).rejects.toMatchObject({
        name: 'ValidationError',
        message: `The instance ${id(2)} is not in InService or Standby.`,
      });
      expect(await members()).toEqual(['1 InService', `2 ${state}`]);
    },
  );

  test('may be on standby', async () => {
    const { detach, members } = account([group({ Instances: [member(1, 'Standby')] })]);
    await detach([1]);
    expect(await members()).toEqual([]);
  });

  test('must be part of the group', async () => {
    const { detach } = account();
    await detach([1]);
    await expect(detach([1])).rejects.toMatchObject({
      name: 'ValidationError',
      message: `The instance ${id(1)} is not part of Auto Scaling group web.`,
    });
  });

  test('is one of twenty at most', async () => {
    const { detach } = account();
    const numbers = Array.from({ length: 21 }, (_, number) => number);
    for (const some of [numbers, []]) await expect(detach(some)).rejects.toMatchObject({ name: 'ValidationError' });
  });
});

test('a token that was never given is refused by name', async () => {
  const { aws } = account();
  await expect(aws('autoscaling:DescribeAutoScalingGroups', { NextToken: 'made up' })).rejects.toMatchObject({
    name: 'InvalidNextToken',
  });
});
