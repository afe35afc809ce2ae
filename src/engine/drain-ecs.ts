import type * as ecs from '@aws-sdk/client-ecs';
import type { ContainerInstance } from '../domain/drain-facts.ts';
import type { Missing, Several } from '../domain/facts.ts';
import { distinct } from '../domain/instance.ts';
import type { Aws, Operation } from '../domain/operations.ts';
import type { Engine } from './deployment.ts';
import { type CallBudget, localBudget } from './elb-budget.ts';
import { atMost, awsUntil } from './in-time.ts';
import { chunked, failureOf, listIn, type ReadResult, readOn } from './reads.ts';

/** How many ids one filter names: within what a request may hold, and a page of answers. */
const FILTERED_AT_ONCE = 100;

/** How many one call describes. @see https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html */
const DESCRIBED_AT_ONCE = 100;
const SERVICES_AT_ONCE = 10;
const PROVIDERS_AT_ONCE = 10;

const CALLS_AT_ONCE = 10;

/**
 * ECS answers 50 reads of clusters at once and then 20 a second: somewhat more than half of that is ours.
 * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/request-throttling.html
 */
const FLOW = { calls: 30, everyMs: 80 };

/** ECS as far as its reads are left to us. */
export interface Ecs {
  readonly aws: Aws;
}

/** Calls to ECS that end in time and keep to their share. */
export function ecsUntil(engine: Pick<Engine, 'aws' | 'now' | 'pause'>, until: Date): Ecs {
  const budget: CallBudget = localBudget(engine, FLOW);
  const aws = awsUntil(engine, until);
  const paced: Aws = async (operation, input) => {
    if (await budget.take(until)) return aws(operation, input);
    throw Object.assign(new Error('not looked at: there was no time left'), { name: 'Throttling' });
  };
  return { aws: paced };
}

/** An instance in its cluster. */
interface Member {
  readonly cluster: string;
  readonly row: ecs.ContainerInstance;
}

/** Which instances are in which cluster, and what could not be read of that. */
export interface Members {
  /** By the instance's id. */
  readonly found: ReadonlyMap<string, Member>;
  /** Of an instance that was found nothing more is missing: it is in one cluster. */
  readonly missing: readonly Missing[];
}

/** Finds the instances in all clusters of the account and Region, a few clusters at a time. */
export async function readMembers({ aws }: Ecs, instanceIds: readonly string[]): Promise<Members> {
  const clusters = await pages('ecs:ListClusters', async (nextToken) => {
    const output = await aws('ecs:ListClusters', { maxResults: 100, ...(nextToken && { nextToken }) });
    return { list: output.clusterArns, next: output.nextToken };
  });
  const missing: Missing[] =
    clusters.failure === undefined ? [] : [{ what: 'ECS clusters that may hold it', ...clusters.failure }];
  const found = new Map<string, Member>();
  await atMost(CALLS_AT_ONCE, clusters.rows, async (cluster) => {
    const inCluster = await readMembersOf(aws, cluster, instanceIds);
    missing.push(...inCluster.missing);
    for (const row of inCluster.found) found.set(row.ec2InstanceId ?? '', { cluster, row });
  });
  return { found, missing };
}

async function readMembersOf(
  aws: Aws,
  cluster: string,
  instanceIds: readonly string[],
): Promise<Several<ecs.ContainerInstance>> {
  const what = `container instances of cluster ${lastPart(cluster)}`;
  const found: ecs.ContainerInstance[] = [];
  const missing: Missing[] = [];
  for (const ids of chunked(instanceIds, FILTERED_AT_ONCE)) {
    const listed = await pages('ecs:ListContainerInstances', async (nextToken) => {
      const filter = `ec2InstanceId in [${ids.join(',')}]`;
      const input = { cluster, filter, ...(nextToken && { nextToken }) };
      const output = await aws('ecs:ListContainerInstances', input);
      return { list: output.containerInstanceArns, next: output.nextToken };
    });
    if (listed.failure !== undefined) missing.push({ what, ...listed.failure });
    for (const containerInstances of chunked(listed.rows, DESCRIBED_AT_ONCE)) {
      try {
        const operation = 'ecs:DescribeContainerInstances';
        const output = await aws(operation, { cluster, containerInstances });
        found.push(...listIn(operation, output.containerInstances));
        missing.push(...failuresIn(output.failures, what));
      } catch (error) {
        missing.push({ what, ...failureOf(error) });
      }
    }
  }
  return { found, missing };
}

/** Container instances by the id of the instance, with whether ECS drains each by itself. */
export async function readContainerInstances(
  { aws }: Ecs,
  members: Members,
): Promise<(instanceId: string) => Several<ContainerInstance>> {
  const names = distinct([...members.found.values()].map(({ row }) => row.capacityProviderName));
  const providers = new Map<string, boolean>();
  const missing = new Map<string, Missing>();
  for (const some of chunked(names, PROVIDERS_AT_ONCE)) {
    const read = await pages('ecs:DescribeCapacityProviders', async (nextToken) => {
      const input = { capacityProviders: some, ...(nextToken && { nextToken }) };
      const output = await aws('ecs:DescribeCapacityProviders', input);
      return { list: output.capacityProviders, next: output.nextToken };
    });
    for (const { name = '', autoScalingGroupProvider } of read.rows)
      providers.set(name, autoScalingGroupProvider?.managedDraining === 'ENABLED');
    for (const name of some.filter((one) => !providers.has(one)))
      missing.set(name, { what: `capacity provider ${name}`, ...(read.failure ?? { why: 'not-found' }) });
  }
  return (instanceId) => {
    const member = members.found.get(instanceId);
    if (member === undefined) return { found: [], missing: members.missing };
    const { containerInstanceArn = '', status = '', runningTasksCount = 0, capacityProviderName = '' } = member.row;
    const isManagedDraining = providers.get(capacityProviderName) ?? false;
    const one = { cluster: member.cluster, containerInstanceArn, status, runningTasks: runningTasksCount };
    const unread = missing.get(capacityProviderName);
    return { found: [{ ...one, isManagedDraining }], missing: unread === undefined ? [] : [unread] };
  };
}

/** ARNs of the target groups that services of each cluster have, whichever instances their tasks are on. */
export async function readServiceTargets(
  { aws }: Ecs,
  clusters: readonly string[],
): Promise<ReadonlyMap<string, Several<string>>> {
  const targets = clusters.map(async (cluster) => [cluster, await readTargetsOf(aws, cluster)] as const);
  return new Map(await Promise.all(targets));
}

async function readTargetsOf(aws: Aws, cluster: string): Promise<Several<string>> {
  const what = `target groups of the services of cluster ${lastPart(cluster)}`;
  const listed = await pages('ecs:ListServices', async (nextToken) => {
    const output = await aws('ecs:ListServices', { cluster, maxResults: 100, ...(nextToken && { nextToken }) });
    return { list: output.serviceArns, next: output.nextToken };
  });
  const missing: Missing[] = listed.failure === undefined ? [] : [{ what, ...listed.failure }];
  const found = await atMost(CALLS_AT_ONCE, chunked(listed.rows, SERVICES_AT_ONCE), async (services) => {
    try {
      const operation = 'ecs:DescribeServices';
      const output = await aws(operation, { cluster, services });
      // A service that was deleted meanwhile has no targets.
      const failures = output.failures?.filter(({ reason }) => reason !== 'MISSING');
      missing.push(...failuresIn(failures, what));
      return listIn(operation, output.services).flatMap(targetsOf);
    } catch (error) {
      missing.push({ what, ...failureOf(error) });
      return [];
    }
  });
  return { found: distinct(found.flat()), missing };
}

/** A deployment by others than ECS keeps them in its task sets. */
function targetsOf({ loadBalancers = [], taskSets = [] }: ecs.Service): readonly (string | undefined)[] {
  const all = [...loadBalancers, ...taskSets.flatMap((set) => set.loadBalancers ?? [])];
  return all.map((one) => one.targetGroupArn);
}

/** ECS answers with success, and tells for which it failed. */
function failuresIn(failures: readonly ecs.Failure[] = [], what: string): readonly Missing[] {
  return failures.map(({ arn, reason, detail }) => ({
    what,
    why: 'failed',
    detail: [lastPart(arn ?? ''), reason, detail].filter(Boolean).join(' '),
  }));
}

function pages<T>(
  operation: Operation,
  read: (nextToken: string | undefined) => Promise<{ list: readonly T[] | undefined; next: string | undefined }>,
): Promise<ReadResult<T>> {
  return readOn(async (from) => {
    const { list, next } = await read(from);
    return { rows: listIn(operation, list), next: next || undefined };
  });
}

function lastPart(arn: string): string {
  return arn.slice(arn.lastIndexOf('/') + 1);
}
