import type * as autoscaling from '@aws-sdk/client-auto-scaling';
import type { ReadFailure } from '../domain/collected.ts';
import type { ScalingGroup } from '../domain/drain-facts.ts';
import { type Fact, known, type Several, unknown } from '../domain/facts.ts';
import { distinct } from '../domain/instance.ts';
import type { Aws } from '../domain/operations.ts';
import { atMost } from './in-time.ts';
import { chunked, failureOf, listIn, type ReadResult, readOn } from './reads.ts';

/**
 * How many ids, and how many names, one call takes.
 * @see https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeAutoScalingInstances.html
 * @see https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeAutoScalingGroups.html
 */
const NAMED_AT_ONCE = 50;

/** There is a call for each group's hooks. */
const CALLS_AT_ONCE = 10;

const TERMINATING = 'autoscaling:EC2_INSTANCE_TERMINATING';

/** The Auto Scaling group of each instance, if any; its hooks are not read yet. */
export type GroupsOf = ReadonlyMap<string, Fact<Omit<ScalingGroup, 'terminatingHooks'> | 'none'>>;

/** Reads which group each instance is in, and these groups. */
export async function readGroups(aws: Aws, instanceIds: readonly string[]): Promise<GroupsOf> {
  const memberships = await Promise.all(
    chunked(instanceIds, NAMED_AT_ONCE).map(async (ids) => ({ ids, ...(await readMemberships(aws, ids)) })),
  );
  const names = distinct(memberships.flatMap(({ rows }) => rows.map((row) => row.AutoScalingGroupName)));
  const groups = new Map<string, autoscaling.AutoScalingGroup | ReadFailure>();
  const described = chunked(names, NAMED_AT_ONCE).map(async (some) => {
    const { rows, failure } = await describeGroups(aws, some);
    if (failure !== undefined) for (const name of some) groups.set(name, failure);
    for (const row of rows) groups.set(row.AutoScalingGroupName ?? '', row);
  });
  await Promise.all(described);
  return new Map(
    memberships.flatMap(({ ids, rows, failure }) =>
      ids.map(
        (id) =>
          [
            id,
            groupOf(
              id,
              rows.find((row) => row.InstanceId === id),
              failure,
              groups,
            ),
          ] as const,
      ),
    ),
  );
}

/** Reads the hooks for instances that end, a call for each group. */
export async function readTerminatingHooks(
  aws: Aws,
  groups: readonly string[],
): Promise<ReadonlyMap<string, Several<string>>> {
  const operation = 'autoscaling:DescribeLifecycleHooks';
  const hooks = await atMost(CALLS_AT_ONCE, groups, async (name): Promise<Several<string>> => {
    try {
      const { LifecycleHooks } = await aws(operation, { AutoScalingGroupName: name });
      const ending = listIn(operation, LifecycleHooks).filter((hook) => hook.LifecycleTransition === TERMINATING);
      return { found: distinct(ending.map((hook) => hook.LifecycleHookName)), missing: [] };
    } catch (error) {
      return { found: [], missing: [{ what: `lifecycle hooks of ${named(name)}`, ...failureOf(error) }] };
    }
  });
  return new Map(groups.map((name, index) => [name, hooks[index] ?? { found: [], missing: [] }]));
}

function groupOf(
  instanceId: string,
  member: autoscaling.AutoScalingInstanceDetails | undefined,
  failure: ReadFailure | undefined,
  groups: ReadonlyMap<string, autoscaling.AutoScalingGroup | ReadFailure>,
): Fact<Omit<ScalingGroup, 'terminatingHooks'> | 'none'> {
  if (member === undefined) {
    return failure === undefined ? known('none') : unknown({ what: `Auto Scaling group of ${instanceId}`, ...failure });
  }
  const { AutoScalingGroupName: name = '', LifecycleState: lifecycleState = '' } = member;
  const group = groups.get(name);
  if (group === undefined) return unknown({ what: named(name), why: 'not-found' });
  if ('why' in group) return unknown({ what: named(name), ...group });
  const { TrafficSources: sources = [] } = group;
  const ofSources = (type: string) => sources.filter((one) => typeOf(one) === type).map((one) => one.Identifier);
  return known({
    name,
    lifecycleState,
    capacityRebalance: group.CapacityRebalance ?? false,
    targetGroupArns: distinct([...(group.TargetGroupARNs ?? []), ...ofSources('elbv2')]),
    loadBalancerNames: distinct([...(group.LoadBalancerNames ?? []), ...ofSources('elb')]),
    tags: (group.Tags ?? []).map(({ Key = '', Value = '' }) => ({ Key, Value })),
  });
}

/** Left out, it is told by the identifier: of a classic load balancer it is a name. */
function typeOf({ Type, Identifier = '' }: autoscaling.TrafficSourceIdentifier): string {
  if (Type !== undefined) return Type;
  return /^arn:[^:]+:elasticloadbalancing:.*:targetgroup\//.test(Identifier) ? 'elbv2' : 'other';
}

function readMemberships(
  aws: Aws,
  InstanceIds: readonly string[],
): Promise<ReadResult<autoscaling.AutoScalingInstanceDetails>> {
  const operation = 'autoscaling:DescribeAutoScalingInstances';
  return readOn(async (NextToken) => {
    const output = await aws(operation, { InstanceIds: [...InstanceIds], ...(NextToken && { NextToken }) });
    return { rows: listIn(operation, output.AutoScalingInstances), next: output.NextToken || undefined };
  });
}

function describeGroups(aws: Aws, names: readonly string[]): Promise<ReadResult<autoscaling.AutoScalingGroup>> {
  const operation = 'autoscaling:DescribeAutoScalingGroups';
  return readOn(async (NextToken) => {
    const output = await aws(operation, { AutoScalingGroupNames: [...names], ...(NextToken && { NextToken }) });
    return { rows: listIn(operation, output.AutoScalingGroups), next: output.NextToken || undefined };
  });
}

function named(group: string): string {
  return `Auto Scaling group ${group}`;
}
