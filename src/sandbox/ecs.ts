import type * as ecs from '@aws-sdk/client-ecs';
import type { Input, Output } from '../domain/operations.ts';
import type { Account } from './account.ts';
import { awsError, heedOnly } from './errors.ts';
import { type Asked, rowsOfOwner, servingPage, servingRows } from './serving.ts';

const INVALID_PARAMETER = 'InvalidParameterException';

/** How many a list gives at most; of services it gives ten unasked. */
const MOST = 100;

/**
 * ARNs of clusters.
 * @see https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListClusters.html
 */
export function listClusters(input: Input<'ecs:ListClusters'>, account: Account): Output<'ecs:ListClusters'> {
  heedOnly(input, ['nextToken', 'maxResults']);
  const { arns, nextToken } = list(account, servingRows(account, 'clusterArns'), input, ['ListClusters']);
  return { clusterArns: arns, nextToken };
}

/**
 * ARNs of a cluster's container instances.
 * @see https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListContainerInstances.html
 */
export function listContainerInstances(
  input: Input<'ecs:ListContainerInstances'>,
  account: Account,
): Output<'ecs:ListContainerInstances'> {
  heedOnly(input, ['cluster', 'filter', 'status', 'nextToken', 'maxResults']);
  const { cluster, filter, status } = input;
  const name = clusterNamed(account, cluster);
  const passes = filterOf(filter);
  const rows = rowsOfOwner(account, 'containerInstances', name)
    .filter((one) => passes(one) && (status === undefined ? one.status !== 'INACTIVE' : one.status === status))
    .map((one) => one.containerInstanceArn ?? '');
  const { arns, nextToken } = list(account, rows, input, ['ListContainerInstances', name, filter, status]);
  return { containerInstanceArns: arns, nextToken };
}

/**
 * Container instances by id or ARN; those that are not there are failures.
 * @see https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeContainerInstances.html
 */
export function describeContainerInstances(
  input: Input<'ecs:DescribeContainerInstances'>,
  account: Account,
): Output<'ecs:DescribeContainerInstances'> {
  heedOnly(input, ['cluster', 'containerInstances']);
  const rows = rowsOfOwner(account, 'containerInstances', clusterNamed(account, input.cluster));
  const { found, failures } = named(rows, (one) => one.containerInstanceArn, input.containerInstances, MOST);
  return { containerInstances: found, failures };
}

/**
 * Capacity providers: all, or those named; those that are not there are failures.
 * @see https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeCapacityProviders.html
 */
export function describeCapacityProviders(
  input: Input<'ecs:DescribeCapacityProviders'>,
  account: Account,
): Output<'ecs:DescribeCapacityProviders'> {
  heedOnly(input, ['capacityProviders', 'maxResults', 'nextToken']);
  const { capacityProviders: names, maxResults, nextToken: token } = input;
  const rows = servingRows(account, 'capacityProviders');
  const nameOf = (one: ecs.CapacityProvider) => one.capacityProviderArn ?? one.name;
  const { found, failures } = names === undefined ? { found: rows, failures: [] } : named(rows, nameOf, names, MOST);
  const pages = { most: 10, error: INVALID_PARAMETER };
  const page = servingPage(account, found, { rows: maxResults, token }, pages, ['DescribeCapacityProviders', names]);
  return { capacityProviders: [...page.rows], failures, nextToken: page.nextToken };
}

/**
 * ARNs of a cluster's services.
 * @see https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListServices.html
 */
export function listServices(input: Input<'ecs:ListServices'>, account: Account): Output<'ecs:ListServices'> {
  heedOnly(input, ['cluster', 'nextToken', 'maxResults']);
  const name = clusterNamed(account, input.cluster);
  const rows = rowsOfOwner(account, 'services', name).map((one) => one.serviceArn ?? '');
  const { arns, nextToken } = list(account, rows, input, ['ListServices', name], 10);
  return { serviceArns: arns, nextToken };
}

/**
 * Services by name or ARN, ten at most; those that are not there are failures.
 * @see https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html
 */
export function describeServices(
  input: Input<'ecs:DescribeServices'>,
  account: Account,
): Output<'ecs:DescribeServices'> {
  heedOnly(input, ['cluster', 'services']);
  const rows = rowsOfOwner(account, 'services', clusterNamed(account, input.cluster));
  const { found, failures } = named(rows, (one) => one.serviceArn, input.services, 10);
  return { services: found, failures };
}

/**
 * ARNs of a cluster's tasks: unasked, of those that are to run. One that is being stopped is not among them.
 * @see https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTasks.html
 */
export function listTasks(input: Input<'ecs:ListTasks'>, account: Account): Output<'ecs:ListTasks'> {
  heedOnly(input, ['cluster', 'containerInstance', 'serviceName', 'desiredStatus', 'nextToken', 'maxResults']);
  const { cluster, containerInstance, serviceName, desiredStatus = 'RUNNING' } = input;
  const name = clusterNamed(account, cluster);
  const rows = rowsOfOwner(account, 'tasks', name)
    .filter((task) => containerInstance === undefined || isCalled(containerInstance, task.containerInstanceArn))
    .filter((task) => serviceName === undefined || task.group === `service:${lastPart(serviceName)}`)
    .filter((task) => (task.desiredStatus ?? 'RUNNING') === desiredStatus)
    .map((task) => task.taskArn ?? '');
  const identity = ['ListTasks', name, containerInstance, serviceName, desiredStatus];
  const { arns, nextToken } = list(account, rows, input, identity);
  return { taskArns: arns, nextToken };
}

/**
 * Tasks by id or ARN; those that are not there are failures.
 * @see https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTasks.html
 */
export function describeTasks(input: Input<'ecs:DescribeTasks'>, account: Account): Output<'ecs:DescribeTasks'> {
  heedOnly(input, ['cluster', 'tasks']);
  const rows = rowsOfOwner(account, 'tasks', clusterNamed(account, input.cluster));
  const { found, failures } = named(rows, (one) => one.taskArn, input.tasks, MOST);
  return { tasks: found, failures };
}

/**
 * Lets container instances drain, or take tasks again; ten at most. Of those that are not there it tells failures, and changes
 * the others. Draining stops the tasks of services, and no others.
 * @see https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateContainerInstancesState.html
 * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/container-instance-draining.html
 */
export function updateContainerInstancesState(
  input: Input<'ecs:UpdateContainerInstancesState'>,
  account: Account,
): Output<'ecs:UpdateContainerInstancesState'> {
  heedOnly(input, ['cluster', 'containerInstances', 'status']);
  const { status } = input;
  if (status !== 'ACTIVE' && status !== 'DRAINING') {
    throw awsError(INVALID_PARAMETER, 'Container instance status must be ACTIVE or DRAINING.');
  }
  const name = clusterNamed(account, input.cluster);
  const rows = rowsOfOwner(account, 'containerInstances', name);
  const { found, failures } = named(rows, (one) => one.containerInstanceArn, input.containerInstances, 10);
  const other = found.find((one) => one.status !== 'ACTIVE' && one.status !== 'DRAINING');
  if (other !== undefined) {
    throw awsError(INVALID_PARAMETER, `${other.containerInstanceArn} is ${other.status}: its state can't be changed.`);
  }
  // Of a snapshot, tasks and services that it does not hold are not changed: the call succeeds all the same.
  const { owned } = account.serving;
  const tasks = (status === 'DRAINING' ? owned.tasks.get(name) : undefined) ?? [];
  const services = owned.services.get(name) ?? [];
  for (const one of found) {
    one.status = status;
    const own = tasks.filter((task) => task.containerInstanceArn === one.containerInstanceArn);
    for (const task of own) drain(account, task, one, services);
  }
  return { containerInstances: found, failures };
}

/**
 * What draining makes of a task. What no service started stays. A running task of a service that must have all of its tasks waits
 * until another stands in for it, and for ever where there may be no more of them.
 */
function drain(account: Account, task: ecs.Task, on: ecs.ContainerInstance, services: readonly ecs.Service[]): void {
  if (task.desiredStatus === 'STOPPED' || !task.group?.startsWith('service:')) return;
  const service = services.find((one) => task.group === `service:${one.serviceName}`);
  const { minimumHealthyPercent = 100, maximumPercent = 200 } = service?.deploymentConfiguration ?? {};
  if (task.lastStatus !== 'RUNNING' || minimumHealthyPercent < 100) stop(account, task, on);
  else if (maximumPercent > 100) {
    account.after(account.pace.tasksReplacedMs, () => {
      if (on.status === 'DRAINING' && task.desiredStatus !== 'STOPPED') stop(account, task, on);
    });
  }
}

/** A running task is counted no more while it leaves its load balancer and stops; a pending one stops at once. */
function stop(account: Account, task: ecs.Task, on: ecs.ContainerInstance): void {
  const counter = task.lastStatus === 'RUNNING' ? 'runningTasksCount' : 'pendingTasksCount';
  on[counter] = Math.max(0, (on[counter] ?? 0) - 1);
  task.desiredStatus = 'STOPPED';
  const takes = task.lastStatus === 'RUNNING' ? account.pace.tasksStoppedMs : 0;
  task.lastStatus = 'DEACTIVATING';
  account.after(takes, () => {
    task.lastStatus = 'STOPPED';
    task.stoppedAt = account.now();
  });
}

/**
 * The name of a cluster that is called by name, by ARN or not at all.
 * @throws ClusterNotFoundException when there is none.
 */
function clusterNamed(account: Account, cluster = 'default'): string {
  const arn = servingRows(account, 'clusterArns').find((one) => isCalled(cluster, one));
  if (arn === undefined) throw awsError('ClusterNotFoundException', 'Cluster not found.');
  return lastPart(arn);
}

/** Of the language that ECS has for this, what says that an instance is this one, or one of these. */
function filterOf(filter: string | undefined): (one: ecs.ContainerInstance) => boolean {
  if (filter === undefined) return () => true;
  const [, one, several] = /^\s*ec2InstanceId\s*(?:==\s*(\S+)|in\s*\[([^\]]*)\])\s*$/.exec(filter) ?? [];
  const ids = one === undefined ? several?.split(',').map((id) => id.trim()) : [one];
  if (ids === undefined) throw awsError(INVALID_PARAMETER, `The sandbox does not understand the filter ${filter}`);
  return ({ ec2InstanceId = '' }) => ids.includes(ec2InstanceId);
}

function list(
  account: Account,
  all: readonly string[],
  { maxResults, nextToken }: { readonly maxResults?: number | undefined; readonly nextToken?: string | undefined },
  identity: readonly unknown[],
  unasked = MOST,
): { readonly arns: string[]; readonly nextToken: string | undefined } {
  const asked: Asked = { rows: maxResults, token: nextToken };
  const page = servingPage(account, all, asked, { most: MOST, unasked, error: INVALID_PARAMETER }, identity);
  return { arns: [...page.rows], nextToken: page.nextToken };
}

function named<T>(
  rows: readonly T[],
  arnOf: (row: T) => string | undefined,
  names: readonly string[] | undefined,
  most: number,
): { readonly found: T[]; readonly failures: ecs.Failure[] } {
  if (names === undefined || names.length < 1 || names.length > most) {
    throw awsError(INVALID_PARAMETER, `From 1 to ${most} must be named, not ${names?.length ?? 0}.`);
  }
  const rowOf = (name: string) => rows.find((row) => isCalled(name, arnOf(row)));
  return {
    found: names.flatMap((name) => rowOf(name) ?? []),
    failures: names.filter((name) => rowOf(name) === undefined).map((arn) => ({ arn, reason: 'MISSING' })),
  };
}

function isCalled(name: string, arn: string | undefined): boolean {
  return arn !== undefined && (arn === name || lastPart(arn) === name);
}

function lastPart(arn: string): string {
  return arn.slice(arn.lastIndexOf('/') + 1);
}
