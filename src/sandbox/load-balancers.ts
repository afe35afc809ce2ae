import type * as elb from '@aws-sdk/client-elastic-load-balancing';
import type { Input, Output } from '../domain/operations.ts';
import type { Account } from './account.ts';
import { awsError, heedOnly } from './errors.ts';
import { rowsOfOwner, servingPage, servingRows, stateOfInstance } from './serving.ts';

/** Classic Load Balancers. The names of the errors are the SDK's: on the wire they are `LoadBalancerNotFound` and `InvalidInstance`. */
const LOAD_BALANCER_NOT_FOUND = 'AccessPointNotFoundException';
const INVALID_INSTANCE = 'InvalidEndPointException';

/** How long connections have, in milliseconds, where draining is on and nothing else is set. */
const DRAINING_MS = 300_000;

/** @see https://docs.aws.amazon.com/elasticloadbalancing/2012-06-01/APIReference/API_InstanceState.html */
const states = {
  inService: { State: 'InService', ReasonCode: 'N/A', Description: 'N/A' },
  registering: { State: 'OutOfService', ReasonCode: 'ELB', Description: 'Instance registration is still in progress.' },
  draining: { State: 'InService', ReasonCode: 'N/A', Description: 'Instance deregistration currently in progress.' },
  notRegistered: {
    State: 'OutOfService',
    ReasonCode: 'Instance',
    Description: 'Instance is not currently registered with the LoadBalancer.',
  },
} as const;

/**
 * Classic Load Balancers with the instances that are registered with each: all, or those named.
 * @see https://docs.aws.amazon.com/elasticloadbalancing/2012-06-01/APIReference/API_DescribeLoadBalancers.html
 */
export function describeLoadBalancers(
  input: Input<'elb:DescribeLoadBalancers'>,
  account: Account,
): Output<'elb:DescribeLoadBalancers'> {
  heedOnly(input, ['LoadBalancerNames', 'Marker', 'PageSize']);
  const { LoadBalancerNames, Marker, PageSize } = input;
  const rows = LoadBalancerNames?.map((name) => balancerBy(account, name)) ?? servingRows(account, 'loadBalancers');
  const asked = { rows: PageSize, token: Marker };
  const identity = ['DescribeLoadBalancers', LoadBalancerNames];
  const page = servingPage(account, rows, asked, { most: 400, error: 'ValidationError' }, identity);
  return { LoadBalancerDescriptions: [...page.rows], NextMarker: page.nextToken };
}

/**
 * The state of all registered instances, or of those asked for, registered or not. Of a terminated one it says nothing.
 * @see https://docs.aws.amazon.com/elasticloadbalancing/2012-06-01/APIReference/API_DescribeInstanceHealth.html
 */
export function describeInstanceHealth(
  input: Input<'elb:DescribeInstanceHealth'>,
  account: Account,
): Output<'elb:DescribeInstanceHealth'> {
  heedOnly(input, ['LoadBalancerName', 'Instances']);
  const balancer = balancerBy(account, input.LoadBalancerName);
  const known = rowsOfOwner(account, 'instanceHealth', nameOf(balancer));
  const registered = (balancer.Instances ?? []).map(({ InstanceId }) => InstanceId);
  const asked = input.Instances?.length ? input.Instances.map(({ InstanceId }) => InstanceId) : registered;
  const InstanceStates = asked
    .filter((id) => stateOfInstance(account, id) !== 'terminated')
    .map((InstanceId) => {
      const otherwise = registered.includes(InstanceId) ? states.inService : states.notRegistered;
      return known.find((one) => one.InstanceId === InstanceId) ?? { InstanceId, ...otherwise };
    });
  return { InstanceStates };
}

/**
 * Takes instances out: all of them, or with an error none. Connections have until draining ends.
 * @see https://docs.aws.amazon.com/elasticloadbalancing/2012-06-01/APIReference/API_DeregisterInstancesFromLoadBalancer.html
 */
export function deregisterInstancesFromLoadBalancer(
  input: Input<'elb:DeregisterInstancesFromLoadBalancer'>,
  account: Account,
): Output<'elb:DeregisterInstancesFromLoadBalancer'> {
  heedOnly(input, ['LoadBalancerName', 'Instances']);
  const balancer = balancerBy(account, input.LoadBalancerName);
  const ids = (input.Instances ?? []).map(({ InstanceId = '' }) => InstanceId);
  const absent = ids.find((id) => !isRegistered(balancer, id));
  if (absent !== undefined) throw noSuchInstance(absent);
  for (const id of ids) deregisterFrom(account, nameOf(balancer), id);
  return { Instances: balancer.Instances };
}

/**
 * Puts instances in: all of them, or with an error none. They are in service after a while.
 * @see https://docs.aws.amazon.com/elasticloadbalancing/2012-06-01/APIReference/API_RegisterInstancesWithLoadBalancer.html
 */
export function registerInstancesWithLoadBalancer(
  input: Input<'elb:RegisterInstancesWithLoadBalancer'>,
  account: Account,
): Output<'elb:RegisterInstancesWithLoadBalancer'> {
  heedOnly(input, ['LoadBalancerName', 'Instances']);
  const balancer = balancerBy(account, input.LoadBalancerName);
  const ids = (input.Instances ?? []).map(({ InstanceId = '' }) => InstanceId);
  const absent = ids.find((id) => ['terminated', undefined].includes(stateOfInstance(account, id)));
  if (absent !== undefined) throw noSuchInstance(absent);
  for (const id of ids) registerWith(account, nameOf(balancer), id);
  return { Instances: balancer.Instances };
}

/** Registers an instance, if it is not. */
export function registerWith(account: Account, balancerName: string, instanceId: string): void {
  const balancer = knownBy(account, balancerName);
  if (balancer === undefined || isRegistered(balancer, instanceId)) return;
  balancer.Instances = [...(balancer.Instances ?? []), { InstanceId: instanceId }];
  show(account, balancerName, { InstanceId: instanceId, ...states.registering }, account.pace.healthyMs);
}

/**
 * Deregisters an instance, if it is registered.
 * @returns for how many milliseconds it drains at most.
 */
export function deregisterFrom(account: Account, balancerName: string, instanceId: string): number {
  const balancer = knownBy(account, balancerName);
  if (balancer === undefined || !isRegistered(balancer, instanceId)) return 0;
  balancer.Instances = balancer.Instances?.filter((one) => one.InstanceId !== instanceId);
  show(account, balancerName, { InstanceId: instanceId, ...states.draining }, DRAINING_MS);
  return DRAINING_MS;
}

/** Shows a state for a while. Afterwards it follows from whether the instance is registered. */
function show(account: Account, balancerName: string, state: elb.InstanceState, milliseconds: number): void {
  const { instanceHealth } = account.serving.owned;
  const rows = instanceHealth.get(balancerName);
  // Of a snapshot that does not hold them, the states of the others stay unknown.
  if (rows === undefined && account.isSnapshot) return;
  const set = (some: elb.InstanceState[]) => instanceHealth.set(balancerName, some);
  set([...(rows ?? []).filter((one) => one.InstanceId !== state.InstanceId), state]);
  account.after(milliseconds, () => {
    set((instanceHealth.get(balancerName) ?? []).filter((one) => one !== state));
  });
}

function knownBy({ serving }: Account, name: string | undefined): elb.LoadBalancerDescription | undefined {
  return serving.lists.loadBalancers?.find((one) => one.LoadBalancerName === name);
}

/** @throws AccessPointNotFoundException when there is none. */
function balancerBy(account: Account, name: string | undefined): elb.LoadBalancerDescription {
  servingRows(account, 'loadBalancers');
  const balancer = knownBy(account, name);
  if (balancer === undefined)
    throw awsError(LOAD_BALANCER_NOT_FOUND, `There is no ACTIVE Load Balancer named '${name}'`);
  return balancer;
}

function isRegistered({ Instances = [] }: elb.LoadBalancerDescription, instanceId: string): boolean {
  return Instances.some((one) => one.InstanceId === instanceId);
}

function noSuchInstance(id: string): Error {
  return awsError(INVALID_INSTANCE, `Could not find EC2 instance ${id}.`);
}

function nameOf({ LoadBalancerName = '' }: elb.LoadBalancerDescription): string {
  return LoadBalancerName;
}
