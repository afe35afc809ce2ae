import type * as autoscaling from '@aws-sdk/client-auto-scaling';
import type * as ec2 from '@aws-sdk/client-ec2';
import type { Input, Output } from '../domain/operations.ts';
import type { Account } from './account.ts';
import { awsError, heedOnly } from './errors.ts';
import { deregisterFrom, registerWith } from './load-balancers.ts';
import { mutationsOf } from './mutations.ts';
import { rowsOfOwner, servingPage, servingRows } from './serving.ts';
import { setTerminated } from './state.ts';
import { deregisterInstance, registerInstance } from './target-groups.ts';

const errors = { error: 'ValidationError', tokenError: 'InvalidNextToken' };

const GROUP_TAG = 'aws:autoscaling:groupName';

/** In groups, by the name of the state that an instance waits in for its hooks. */
const waits = {
  'Pending:Wait': 'autoscaling:EC2_INSTANCE_LAUNCHING',
  'Terminating:Wait': 'autoscaling:EC2_INSTANCE_TERMINATING',
} as const;

/**
 * Instances that are in a group: all, or those of the ids asked for. One that is in none is left out.
 * @see https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeAutoScalingInstances.html
 */
export function describeAutoScalingInstances(
  input: Input<'autoscaling:DescribeAutoScalingInstances'>,
  account: Account,
): Output<'autoscaling:DescribeAutoScalingInstances'> {
  heedOnly(input, ['InstanceIds', 'MaxRecords', 'NextToken']);
  const { InstanceIds, MaxRecords, NextToken } = input;
  if ((InstanceIds?.length ?? 0) > 50) throw invalid('The number of instance ids must not exceed 50');
  const rows = servingRows(account, 'autoScalingGroups')
    .flatMap(({ AutoScalingGroupName, Instances = [] }) =>
      Instances.map((instance) => ({ ...instance, AutoScalingGroupName })),
    )
    .filter(({ InstanceId = '' }) => !InstanceIds?.length || InstanceIds.includes(InstanceId));
  const asked = { rows: MaxRecords, token: NextToken };
  const identity = ['DescribeAutoScalingInstances', InstanceIds];
  const page = servingPage(account, rows, asked, { most: 50, ...errors }, identity);
  return {
    AutoScalingInstances: page.rows.map((row) => ({
      InstanceId: row.InstanceId,
      InstanceType: row.InstanceType,
      AutoScalingGroupName: row.AutoScalingGroupName,
      AvailabilityZone: row.AvailabilityZone,
      LifecycleState: row.LifecycleState,
      // Groups write it in another way than this list.
      HealthStatus: row.HealthStatus?.toUpperCase(),
      LaunchConfigurationName: row.LaunchConfigurationName,
      LaunchTemplate: row.LaunchTemplate,
      ProtectedFromScaleIn: row.ProtectedFromScaleIn,
    })),
    NextToken: page.nextToken,
  };
}

/**
 * Groups: all, or those named. A name that none has is left out.
 * @see https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeAutoScalingGroups.html
 */
export function describeAutoScalingGroups(
  input: Input<'autoscaling:DescribeAutoScalingGroups'>,
  account: Account,
): Output<'autoscaling:DescribeAutoScalingGroups'> {
  heedOnly(input, ['AutoScalingGroupNames', 'MaxRecords', 'NextToken']);
  const { AutoScalingGroupNames: names, MaxRecords, NextToken } = input;
  const rows = servingRows(account, 'autoScalingGroups').filter(
    ({ AutoScalingGroupName = '' }) => !names?.length || names.includes(AutoScalingGroupName),
  );
  const asked = { rows: MaxRecords, token: NextToken };
  const pages = { most: 100, unasked: 50, ...errors };
  const page = servingPage(account, rows, asked, pages, ['DescribeAutoScalingGroups', names]);
  return { AutoScalingGroups: [...page.rows], NextToken: page.nextToken };
}

/**
 * A group's lifecycle hooks: all, or those named.
 * @see https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeLifecycleHooks.html
 */
export function describeLifecycleHooks(
  input: Input<'autoscaling:DescribeLifecycleHooks'>,
  account: Account,
): Output<'autoscaling:DescribeLifecycleHooks'> {
  heedOnly(input, ['AutoScalingGroupName', 'LifecycleHookNames']);
  const { AutoScalingGroupName, LifecycleHookNames: names } = input;
  const hooks = hooksOf(account, groupBy(account, AutoScalingGroupName));
  return {
    LifecycleHooks: hooks.filter(({ LifecycleHookName = '' }) => !names?.length || names.includes(LifecycleHookName)),
  };
}

/**
 * Takes instances out of their group, which go on to run: all of them, or with an error none. While they drain from the group's
 * load balancers they are `Detaching`, then they are no longer part of it, and their tag is gone. Where the group is to stay as
 * large, others are launched in their place. No hook is run.
 * @see https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-detach-attach-instances.html
 */
export function detachInstances(
  input: Input<'autoscaling:DetachInstances'>,
  account: Account,
): Output<'autoscaling:DetachInstances'> {
  heedOnly(input, ['InstanceIds', 'AutoScalingGroupName', 'ShouldDecrementDesiredCapacity']);
  const { InstanceIds: ids = [], ShouldDecrementDesiredCapacity: decrement = false } = input;
  const group = groupBy(account, input.AutoScalingGroupName);
  if (ids.length < 1 || ids.length > 20)
    throw invalid(`From 1 to 20 instances are detached at once, not ${ids.length}`);
  const members = ids.map((id) => memberBy(group, id));
  const { DesiredCapacity = 0, MinSize = 0 } = group;
  if (decrement && DesiredCapacity - ids.length < MinSize) {
    throw invalid(
      `New SetDesiredCapacity value ${DesiredCapacity - ids.length} is below min value ${MinSize} for the AutoScalingGroup.`,
    );
  }
  for (const member of members) detach(account, group, member, decrement);
  if (decrement) group.DesiredCapacity = DesiredCapacity - ids.length;
  return { Activities: ids.map((id) => detaching(account, group, id)) };
}

/**
 * Lets an instance that waits for a hook go on. When no hook is left to wait for, or one says to abandon, a terminating
 * instance is terminated, and another launched in its place.
 * @see https://docs.aws.amazon.com/autoscaling/ec2/userguide/completing-lifecycle-hooks.html
 */
export function completeLifecycleAction(
  input: Input<'autoscaling:CompleteLifecycleAction'>,
  account: Account,
): Output<'autoscaling:CompleteLifecycleAction'> {
  heedOnly(input, ['LifecycleHookName', 'AutoScalingGroupName', 'LifecycleActionResult', 'InstanceId']);
  const { LifecycleHookName: hookName = '', LifecycleActionResult: result = '', InstanceId: id = '' } = input;
  if (result !== 'CONTINUE' && result !== 'ABANDON') {
    throw invalid('Lifecycle action result must be CONTINUE or ABANDON');
  }
  const group = groupBy(account, input.AutoScalingGroupName);
  const member = group.Instances?.find((one) => one.InstanceId === id);
  const state = member?.LifecycleState;
  const transition = state === 'Pending:Wait' || state === 'Terminating:Wait' ? waits[state] : undefined;
  const key = (name: string) => JSON.stringify([group.AutoScalingGroupName, id, name]);
  const awaited = hooksOf(account, group)
    .filter((hook) => hook.LifecycleTransition === transition)
    .map(({ LifecycleHookName = '' }) => LifecycleHookName)
    .filter((name) => !account.serving.completedHooks.has(key(name)));
  if (member === undefined || transition === undefined || !awaited.includes(hookName)) {
    throw invalid(`No active Lifecycle Action found with instance ID ${id}`);
  }
  account.serving.completedHooks.add(key(hookName));
  if (result === 'ABANDON' || awaited.length === 1) proceed(account, group, member, result);
  return {};
}

/** Where an instance goes from its hooks: one that is launched and was not abandoned into service, every other to its end. */
function proceed(account: Account, group: autoscaling.AutoScalingGroup, member: autoscaling.Instance, result: string) {
  if (member.LifecycleState === 'Pending:Wait' && result === 'CONTINUE') {
    member.LifecycleState = 'InService';
    return;
  }
  const instance = instanceOf(account, member.InstanceId);
  const model = structuredClone(instance);
  if (instance !== undefined && instance.State?.Name !== 'terminated') setTerminated(instance, account);
  leave(group, member);
  replaceLater(account, group, model);
}

function detach(
  account: Account,
  group: autoscaling.AutoScalingGroup,
  member: autoscaling.Instance,
  decrement: boolean,
): void {
  const { InstanceId = '' } = member;
  const instance = instanceOf(account, InstanceId);
  const model = structuredClone(instance);
  const drained = [
    ...(group.TargetGroupARNs ?? []).map((arn) => deregisterInstance(account, arn, InstanceId)),
    ...(group.LoadBalancerNames ?? []).map((name) => deregisterFrom(account, name, InstanceId)),
  ];
  member.LifecycleState = 'Detaching';
  account.after(Math.max(0, ...drained), () => {
    leave(group, member);
    if (instance !== undefined) instance.Tags = instance.Tags?.filter(({ Key }) => Key !== GROUP_TAG);
  });
  if (!decrement) replaceLater(account, group, model);
}

/** Launches one like another, with the group's tag, in service and registered. Hooks of its launch it does not wait for. */
function replaceLater(account: Account, group: autoscaling.AutoScalingGroup, like: ec2.Instance | undefined): void {
  account.after(account.pace.replacedMs, () => {
    const [instance] = mutationsOf(account).launch({ instance: templateOf(like, group) }).instances;
    const InstanceId = instance?.InstanceId ?? '';
    const { LaunchTemplate, LaunchConfigurationName } = group;
    const member: autoscaling.Instance = {
      InstanceId,
      InstanceType: instance?.InstanceType,
      AvailabilityZone: instance?.Placement?.AvailabilityZone,
      LifecycleState: 'InService',
      HealthStatus: 'Healthy',
      LaunchTemplate,
      LaunchConfigurationName,
      ProtectedFromScaleIn: false,
    };
    group.Instances = [...(group.Instances ?? []), member];
    for (const arn of group.TargetGroupARNs ?? []) registerInstance(account, arn, InstanceId);
    for (const name of group.LoadBalancerNames ?? []) registerWith(account, name, InstanceId);
  });
}

/** What two instances of a group have in common. */
function templateOf(like: ec2.Instance = {}, group: autoscaling.AutoScalingGroup): ec2.Instance {
  const { ImageId, InstanceType, InstanceLifecycle, VpcId, SubnetId, SecurityGroups, Placement, Tags = [] } = like;
  const known = { ImageId, InstanceType, InstanceLifecycle, VpcId, SubnetId, SecurityGroups, Placement };
  const others = Tags.filter(({ Key }) => Key !== GROUP_TAG);
  return {
    ...Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined)),
    Tags: [...others, { Key: GROUP_TAG, Value: group.AutoScalingGroupName }],
  };
}

function detaching(account: Account, group: autoscaling.AutoScalingGroup, id: string): autoscaling.Activity {
  const StartTime = account.now();
  return {
    ActivityId: account.newUuid(),
    AutoScalingGroupName: group.AutoScalingGroupName,
    Description: `Detaching EC2 instance: ${id}`,
    Cause: `At ${StartTime.toISOString()} instance ${id} was detached in response to a user request.`,
    StartTime,
    StatusCode: 'InProgress',
    Progress: 50,
  };
}

/** @throws ValidationError when the instance is no member, or neither in service nor on standby. */
function memberBy(group: autoscaling.AutoScalingGroup, id: string): autoscaling.Instance {
  const member = group.Instances?.find((one) => one.InstanceId === id);
  if (member === undefined) {
    throw invalid(`The instance ${id} is not part of Auto Scaling group ${group.AutoScalingGroupName}.`);
  }
  if (member.LifecycleState !== 'InService' && member.LifecycleState !== 'Standby') {
    throw invalid(`The instance ${id} is not in InService or Standby.`);
  }
  return member;
}

/** @throws ValidationError when there is none. */
function groupBy(account: Account, name: string | undefined): autoscaling.AutoScalingGroup {
  const group = servingRows(account, 'autoScalingGroups').find((one) => one.AutoScalingGroupName === name);
  if (group === undefined) {
    throw invalid(`AutoScalingGroup name not found - AutoScalingGroup '${name}' not found`);
  }
  return group;
}

function hooksOf(account: Account, { AutoScalingGroupName = '' }: autoscaling.AutoScalingGroup) {
  return rowsOfOwner(account, 'lifecycleHooks', AutoScalingGroupName);
}

function instanceOf({ rows }: Account, id: string | undefined): ec2.Instance | undefined {
  return rows.reservations?.flatMap(({ Instances = [] }) => Instances).find((one) => one.InstanceId === id);
}

function leave(group: autoscaling.AutoScalingGroup, member: autoscaling.Instance): void {
  group.Instances = group.Instances?.filter((one) => one !== member);
}

function invalid(message: string): Error {
  return awsError('ValidationError', message);
}
