import type * as autoscaling from '@aws-sdk/client-auto-scaling';
import type * as ec2 from '@aws-sdk/client-ec2';
import type * as elbv2 from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Instance } from '../../src/domain/instance.ts';
import { describeInstances } from '../../src/engine/collect.ts';
import type { IndexTable } from '../../src/engine/target-index.ts';
import type { Resources } from '../../src/sandbox/recorded.ts';
import { createSandbox, type Sandbox, type SandboxOptions } from '../../src/sandbox/sandbox.ts';
import type { Serving } from '../../src/sandbox/serving.ts';
import { scope, start } from './world.ts';

export const VpcId = 'vpc-0123456789abcdef0';

/** An id of so many hex digits. */
export function hex(number: number, digits = 16): string {
  return number.toString(16).padStart(digits, '0');
}

/** The id of the instance of this number. */
export function idOf(number: number): string {
  return `i-${hex(number, 17)}`;
}

/** A Spot instance that has run for a day, with an address of its own. */
export function spotInstance(number: number, more: Partial<ec2.Instance> = {}): ec2.Instance {
  return {
    InstanceId: idOf(number),
    InstanceType: 'm7i.large',
    InstanceLifecycle: 'spot',
    LaunchTime: new Date(start.getTime() - 86_400_000),
    State: { Name: 'running' },
    Placement: { AvailabilityZone: 'us-east-1a' },
    VpcId,
    PrivateIpAddress: `192.0.2.${number}`,
    NetworkInterfaces: [{ NetworkInterfaceId: `eni-${hex(number, 17)}`, PrivateIpAddress: `192.0.2.${number}` }],
    ...more,
  };
}

/** A target group that a load balancer sends requests to; its ARN ends in its number. */
export function targetGroup(number: number, more: Partial<elbv2.TargetGroup> = {}): elbv2.TargetGroup {
  const TargetGroupName = more.TargetGroupName ?? `web-${number}`;
  return {
    TargetGroupName,
    TargetGroupArn: `arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/${TargetGroupName}/${hex(number)}`,
    Protocol: 'HTTP',
    Port: 80,
    VpcId,
    TargetType: 'instance',
    LoadBalancerArns: ['arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/front/0123456789abcdef'],
    ...more,
  };
}

/** A registration. */
export function registered(Id: string, Port = 80, State: elbv2.TargetHealthStateEnum = 'healthy') {
  return { Target: { Id, Port }, TargetHealth: { State } } satisfies elbv2.TargetHealthDescription;
}

/** An Auto Scaling group with these instances in service. */
export function scalingGroup(
  name: string,
  ids: readonly string[],
  more: Partial<autoscaling.AutoScalingGroup> = {},
): autoscaling.AutoScalingGroup {
  return {
    AutoScalingGroupName: name,
    MinSize: 0,
    MaxSize: 100,
    DesiredCapacity: ids.length,
    DefaultCooldown: 300,
    AvailabilityZones: ['us-east-1a'],
    HealthCheckType: 'EC2',
    CreatedTime: start,
    Instances: ids.map((InstanceId) => ({
      InstanceId,
      AvailabilityZone: 'us-east-1a',
      LifecycleState: 'InService',
      HealthStatus: 'Healthy',
      ProtectedFromScaleIn: false,
    })),
    ...more,
  };
}

/** An account with instances and what sends work to them, the engine over it, and its instances as they are described. */
export async function servingAccount(
  instances: readonly ec2.Instance[],
  serving: Serving,
  options: Partial<SandboxOptions> = {},
): Promise<{ sandbox: Sandbox; engine: IndexTable; instances: readonly Instance[] }> {
  const resources: Resources = { reservations: [{ OwnerId: scope.accountId, Instances: [...instances] }], serving };
  const sandbox = createSandbox({ scope, start, resources, pageSize: 'aws', ...options });
  const described = await describeInstances(
    createSandbox({ scope, start, resources, pageSize: 'aws' }).aws,
    'instance-id',
    instances.map(({ InstanceId = '' }) => InstanceId),
  );
  return { sandbox, engine: engineOver(sandbox), instances: described.instances };
}

/** One run of a function over an account: what it keeps in memory is its own. */
export function engineOver({ aws, now, sleep, account }: Sandbox): IndexTable {
  const { tableName } = account;
  return { aws, now, pause: sleep, newToken: () => account.newUuid(), deployment: { tableName, scope } };
}

/** The outcomes of calls of a service other than success, by operation. */
export function refusedOf({ calls }: Sandbox, service: string): readonly string[] {
  const others = calls.filter((call) => call.operation.startsWith(`${service}:`) && call.outcome !== 'done');
  return others.map((call) => `${call.operation} ${call.outcome}`);
}
