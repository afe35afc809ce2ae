import type * as elbv2 from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Input, Output } from '../domain/operations.ts';
import type { Account } from './account.ts';
import { awsError, heedOnly } from './errors.ts';
import { rowsOfOwner, servingPage, servingRows, stateOfInstance } from './serving.ts';

/** The names of the errors are the SDK's: on the wire they are `TargetGroupNotFound` and `InvalidTarget`. */
const GROUP_NOT_FOUND = 'TargetGroupNotFoundException';
const INVALID_TARGET = 'InvalidTargetException';
const VALIDATION = 'ValidationError';

const DELAY = 'deregistration_delay.timeout_seconds';

/** @see https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetGroupAttribute.html */
const defaultAttributes: Readonly<Record<string, string>> = { [DELAY]: '300', 'stickiness.enabled': 'false' };
const defaultsOfNetwork = { 'deregistration_delay.connection_termination.enabled': 'false' };

/** @see https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetHealth.html */
const health = {
  initial: state('initial', 'Elb.RegistrationInProgress', 'Target registration is in progress'),
  healthy: { State: 'healthy' },
  draining: state('draining', 'Target.DeregistrationInProgress', 'Target deregistration is in progress'),
  notRegistered: state('unused', 'Target.NotRegistered', 'Target is not registered to the target group'),
  notInUse: state(
    'unused',
    'Target.NotInUse',
    'Target group is not configured to receive traffic from the load balancer',
  ),
  stopped: state('unused', 'Target.InvalidState', 'Target is in the stopped state'),
} as const satisfies Readonly<Record<string, elbv2.TargetHealth>>;

/**
 * Target groups: all, those of a load balancer, or those named.
 * @see https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetGroups.html
 */
export function describeTargetGroups(
  input: Input<'elbv2:DescribeTargetGroups'>,
  account: Account,
): Output<'elbv2:DescribeTargetGroups'> {
  heedOnly(input, ['TargetGroupArns', 'Names', 'LoadBalancerArn', 'Marker', 'PageSize']);
  const { TargetGroupArns, Names, LoadBalancerArn, Marker, PageSize } = input;
  const all = servingRows(account, 'targetGroups');
  const named = [
    ...(TargetGroupArns ?? []).map((arn) => all.find((group) => group.TargetGroupArn === arn)),
    ...(Names ?? []).map((name) => all.find((group) => group.TargetGroupName === name)),
  ];
  if (named.includes(undefined)) throw groupNotFound();
  const asked = TargetGroupArns === undefined && Names === undefined ? all : named.filter((one) => one !== undefined);
  const rows = asked.filter(
    (group) => LoadBalancerArn === undefined || group.LoadBalancerArns?.includes(LoadBalancerArn),
  );
  const identity = ['DescribeTargetGroups', TargetGroupArns, Names, LoadBalancerArn];
  const page = servingPage(
    account,
    rows,
    { rows: PageSize, token: Marker },
    { most: 400, error: VALIDATION },
    identity,
  );
  return { TargetGroups: [...page.rows], NextMarker: page.nextToken };
}

/**
 * What a group is set to.
 * @see https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetGroupAttributes.html
 */
export function describeTargetGroupAttributes(
  input: Input<'elbv2:DescribeTargetGroupAttributes'>,
  account: Account,
): Output<'elbv2:DescribeTargetGroupAttributes'> {
  heedOnly(input, ['TargetGroupArn']);
  const group = groupBy(account, input.TargetGroupArn);
  const set = rowsOfOwner(account, 'targetGroupAttributes', nameOf(group));
  if (account.isSnapshot) return { Attributes: [...set] };
  const values = new Map(Object.entries({ ...defaultAttributes, ...(isOfNetwork(group) ? defaultsOfNetwork : {}) }));
  for (const { Key = '', Value = '' } of set) values.set(Key, Value);
  return { Attributes: [...values].map(([Key, Value]) => ({ Key, Value })) };
}

/**
 * The health of a group's targets, or of those asked for: of one that is not registered it says so.
 * @see https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetHealth.html
 */
export function describeTargetHealth(
  input: Input<'elbv2:DescribeTargetHealth'>,
  account: Account,
): Output<'elbv2:DescribeTargetHealth'> {
  heedOnly(input, ['TargetGroupArn', 'Targets']);
  const group = groupBy(account, input.TargetGroupArn);
  const registered = rowsOfOwner(account, 'targetHealth', nameOf(group)).flatMap((row) => asShown(account, row));
  if (input.Targets === undefined || input.Targets.length === 0) return { TargetHealthDescriptions: registered };
  for (const target of input.Targets) checkForm(group, target);
  return {
    TargetHealthDescriptions: input.Targets.map(
      (target) =>
        registered.find(isOf(group, target)) ?? {
          Target: { Port: group.Port, ...target },
          TargetHealth: health.notRegistered,
        },
    ),
  };
}

/**
 * Takes targets out: no new request reaches them, and those in flight have until the group's delay. One that is not registered,
 * or registered at another port, needs nothing.
 * @see https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeregisterTargets.html
 */
export function deregisterTargets(
  input: Input<'elbv2:DeregisterTargets'>,
  account: Account,
): Output<'elbv2:DeregisterTargets'> {
  heedOnly(input, ['TargetGroupArn', 'Targets']);
  const group = groupBy(account, input.TargetGroupArn);
  const targets = targetsIn(input.Targets);
  for (const target of targets) checkForm(group, target);
  const rows = rowsOfOwner(account, 'targetHealth', nameOf(group));
  for (const target of targets) {
    const row = rows.find(isOf(group, target));
    if (row !== undefined) drain(account, group, row);
  }
  return {};
}

/**
 * Puts targets in. They are healthy after a while; one that drains is registered anew.
 * @see https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RegisterTargets.html
 */
export function registerTargets(
  input: Input<'elbv2:RegisterTargets'>,
  account: Account,
): Output<'elbv2:RegisterTargets'> {
  heedOnly(input, ['TargetGroupArn', 'Targets']);
  const group = groupBy(account, input.TargetGroupArn);
  const targets = targetsIn(input.Targets);
  for (const target of targets) checkForm(group, target);
  const notRunning = targets.filter(
    ({ Id }) => group.TargetType === 'instance' && stateOfInstance(account, Id) !== 'running',
  );
  if (notRunning.length > 0) {
    const ids = notRunning.map(({ Id }) => `'${Id}'`).join(', ');
    const message = `The following targets are not in a running state and cannot be registered: ${ids}`;
    throw awsError(INVALID_TARGET, message);
  }
  for (const target of targets) register(account, group, target);
  return {};
}

/** Registers an instance at a group's own port, as an Auto Scaling group does. */
export function registerInstance(account: Account, groupArn: string, instanceId: string): void {
  const known = knownOf(account, groupArn);
  if (known !== undefined) register(account, known.group, { Id: instanceId });
}

/**
 * Deregisters an instance from a group, at each port, as an Auto Scaling group does.
 * @returns for how many milliseconds it drains at most.
 */
export function deregisterInstance(account: Account, groupArn: string, instanceId: string): number {
  const known = knownOf(account, groupArn);
  if (known === undefined) return 0;
  const rows = known.rows.filter((row) => row.Target?.Id === instanceId);
  return Math.max(0, ...rows.map((row) => drain(account, known.group, row)));
}

/** A group with its targets. What a snapshot does not hold of them is not changed by what others do. */
function knownOf({ serving: { lists, owned }, isSnapshot }: Account, groupArn: string) {
  const group = lists.targetGroups?.find((one) => one.TargetGroupArn === groupArn);
  if (group === undefined) return undefined;
  const rows = owned.targetHealth.get(nameOf(group));
  if (rows === undefined && isSnapshot) return undefined;
  return { group, rows: rows ?? [] };
}

/** @throws TargetGroupNotFoundException when there is none. */
function groupBy(account: Account, arn: string | undefined): elbv2.TargetGroup {
  const group = servingRows(account, 'targetGroups').find((one) => one.TargetGroupArn === arn);
  if (group === undefined) throw groupNotFound();
  return group;
}

/** What becomes of a target that is to go; how many milliseconds that takes. One that gets no traffic goes at once. */
function drain(account: Account, group: elbv2.TargetGroup, row: elbv2.TargetHealthDescription): number {
  const milliseconds = row.TargetHealth?.State === 'unused' ? 0 : delayOf(account, group) * 1000;
  if (row.TargetHealth?.State === 'draining') return milliseconds;
  const draining = { ...health.draining };
  row.TargetHealth = draining;
  account.after(milliseconds, () => {
    // Registered again, it has another health, and stays.
    if (row.TargetHealth === draining) remove(rowsOfOwner(account, 'targetHealth', nameOf(group)), row);
  });
  return milliseconds;
}

function register(account: Account, group: elbv2.TargetGroup, target: elbv2.TargetDescription): void {
  const rows = rowsOfOwner(account, 'targetHealth', nameOf(group));
  const known = rows.find(isOf(group, target));
  if (known !== undefined && known.TargetHealth?.State !== 'draining') return;
  const row = known ?? { Target: { Port: group.Port, ...target } };
  const initial = { ...(isInUse(group) ? health.initial : health.notInUse) };
  row.TargetHealth = initial;
  if (known === undefined) rows.push(row);
  if (!isInUse(group)) return;
  account.after(account.pace.healthyMs, () => {
    if (row.TargetHealth === initial) row.TargetHealth = health.healthy;
  });
}

/** Seconds. In a snapshot without the group's attributes AWS's default stands: the reads say that it is not known. */
function delayOf(account: Account, group: elbv2.TargetGroup): number {
  const set = account.serving.owned.targetGroupAttributes.get(nameOf(group))?.find(({ Key }) => Key === DELAY);
  return Number(set?.Value ?? defaultAttributes[DELAY]);
}

/** A terminated instance is registered nowhere, and a stopped one gets nothing. */
function asShown(account: Account, row: elbv2.TargetHealthDescription): readonly elbv2.TargetHealthDescription[] {
  const state = stateOfInstance(account, row.Target?.Id);
  if (state === 'terminated') return [];
  return [state === 'stopping' || state === 'stopped' ? { ...row, TargetHealth: health.stopped } : row];
}

/** Asked for without a port, a target is the one at the group's own. */
function isOf(group: elbv2.TargetGroup, target: elbv2.TargetDescription) {
  return ({ Target }: elbv2.TargetHealthDescription) =>
    Target?.Id === target.Id && (Target?.Port ?? group.Port) === (target.Port ?? group.Port);
}

function checkForm(group: elbv2.TargetGroup, { Id = '' }: elbv2.TargetDescription): void {
  if (group.TargetType === 'instance' && !Id.startsWith('i-'))
    throw awsError(VALIDATION, `Instance ID '${Id}' is not valid`);
  if (group.TargetType === 'ip' && Id.startsWith('i-'))
    throw awsError(VALIDATION, `The IP address '${Id}' is not a valid IPv4 or IPv6 address`);
}

function targetsIn(targets: readonly elbv2.TargetDescription[] | undefined): readonly elbv2.TargetDescription[] {
  if (targets === undefined || targets.length === 0) throw awsError(VALIDATION, 'Targets must be specified');
  return targets;
}

function isInUse({ LoadBalancerArns }: elbv2.TargetGroup): boolean {
  return LoadBalancerArns !== undefined && LoadBalancerArns.length > 0;
}

function isOfNetwork({ Protocol }: elbv2.TargetGroup): boolean {
  return ['TCP', 'TLS', 'UDP', 'TCP_UDP'].includes(Protocol ?? '');
}

function nameOf({ TargetGroupName = '' }: elbv2.TargetGroup): string {
  return TargetGroupName;
}

function groupNotFound(): Error {
  return awsError(GROUP_NOT_FOUND, 'One or more target groups not found');
}

function remove<T>(rows: T[], row: T): void {
  rows.splice(rows.indexOf(row), 1);
}

function state(
  State: elbv2.TargetHealthStateEnum,
  Reason: elbv2.TargetHealthReasonEnum,
  Description: string,
): elbv2.TargetHealth {
  return { State, Reason, Description };
}
