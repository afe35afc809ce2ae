import type * as ec2 from '@aws-sdk/client-ec2';
import {
  type Collected,
  instanceOf,
  type Launch,
  nothingCollected,
  type ReadFailure,
  type Rows,
} from '../domain/collected.ts';
import type { Missing, NetworkInterface, PrefixList, Protection, Volume } from '../domain/facts.ts';
import { distinct, type Instance, networkInterfaceIds, securityGroupIds, volumeIds } from '../domain/instance.ts';
import type { Need } from '../domain/needs.ts';
import type { Aws, Output } from '../domain/operations.ts';
import {
  chunked,
  failureOf,
  joined,
  type ReadResult,
  readAliases,
  readAll,
  readFiltered,
  readPages,
  valueIn,
} from './reads.ts';

/** Instances as DescribeInstances gave them; those it gave malformed; and why it did not give all, if so. */
export interface DescribedInstances {
  readonly instances: readonly Instance[];
  readonly malformed: ReadonlyMap<string, Missing>;
  readonly failure?: ReadResult<unknown>['failure'];
}

/** Filters of DescribeInstances that lead from a changed resource to the instances that carry it. */
export type InstanceFilter =
  | 'instance-id'
  | 'network-interface.group-id'
  | 'network-interface.group-name'
  | 'network-interface.network-interface-id'
  | 'block-device-mapping.volume-id';

/** The instances that a filter's values select. */
export async function describeInstances(
  aws: Aws,
  filter: InstanceFilter,
  values: readonly string[],
): Promise<DescribedInstances> {
  return described(await readFiltered(aws, 'ec2:DescribeInstances', filter, values, reservations));
}

/** Every instance of the account and Region, page by page. */
export async function describeAllInstances(aws: Aws): Promise<DescribedInstances> {
  return described(await readAll(aws, 'ec2:DescribeInstances', reservations));
}

/** The groups whose ingress permissions name one of these prefix lists or groups. */
export async function describeGroupsThatName(
  aws: Aws,
  filter: 'ip-permission.prefix-list-id' | 'ip-permission.group-id',
  values: readonly string[],
): Promise<ReadResult<ec2.SecurityGroup>> {
  return readFiltered(aws, 'ec2:DescribeSecurityGroups', filter, values, (output) => output.SecurityGroups);
}

/**
 * Collects what the needs ask for, for all instances together: the number of calls depends on what is needed and on
 * AWS's limits, not on how many policies need it.
 */
export async function collect(
  aws: Aws,
  instances: readonly Instance[],
  needs: readonly Need[],
  launches: ReadonlyMap<string, Launch>,
): Promise<Collected> {
  if (instances.length === 0) return { ...nothingCollected, launches };
  const asked = new Set(needs);
  const when = <T>(need: Need, read: () => Promise<T>, otherwise: T) => (asked.has(need) ? read() : otherwise);
  const [volumes, groups, networkInterfaces, instanceTypes, kmsAliases, ofActions] = await Promise.all([
    when('volumes', () => readVolumes(aws, instances), nothingCollected.volumes),
    readGroups(aws, instances, asked),
    when('networkInterfaces', () => readInterfaces(aws, instances), nothingCollected.networkInterfaces),
    when('instanceTypeInfo', () => readInstanceTypes(aws, instances), nothingCollected.instanceTypes),
    when('kmsAliases', () => readAliasedKeys(aws), nothingCollected.kmsAliases),
    readForActions(aws, instances, asked),
  ]);
  return {
    volumes,
    ...groups,
    networkInterfaces,
    instanceTypes,
    kmsAliases,
    ...ofActions,
    launches,
    acts: nothingCollected.acts,
    notices: nothingCollected.notices,
  };
}

type ActionReads = Pick<Collected, 'groupInterfaces' | 'protections' | 'spotRequests'>;

/** What only actions read, but for the groups of VPCs: their rules are read with those of all groups. */
async function readForActions(
  aws: Aws,
  instances: readonly Instance[],
  asked: ReadonlySet<Need>,
): Promise<ActionReads> {
  const [groupInterfaces, protections, spotRequests] = await Promise.all([
    asked.has('groupInterfaces') ? readGroupInterfaces(aws, instances) : nothingCollected.groupInterfaces,
    asked.has('protection') ? readProtections(aws, instances) : nothingCollected.protections,
    asked.has('spotRequest') ? readSpotRequests(aws, instances) : nothingCollected.spotRequests,
  ]);
  return { groupInterfaces, protections, spotRequests };
}

/** What could not be read, for logs and alarms: one line a read. */
export function readFailures(collected: Collected): readonly string[] {
  const { launches: _, acts: __, notices: ___, ...reads } = collected;
  return Object.entries(reads).flatMap(([name, { failure }]: [string, Rows<unknown>]) =>
    failure === undefined || failure === nothingCollected.volumes.failure ? [] : [`${name}: ${failure.detail}`],
  );
}

interface Owned {
  readonly instance: ec2.Instance;
  readonly ownerId: string | undefined;
  readonly reservationId: string | undefined;
}

/** A reservation is how the API groups what launched together; each names its owner. */
function reservations(output: Output<'ec2:DescribeInstances'>): readonly Owned[] | undefined {
  return output.Reservations?.flatMap(({ Instances, OwnerId, ReservationId }) =>
    (Instances ?? []).filter(Boolean).map((instance) => ({ instance, ownerId: OwnerId, reservationId: ReservationId })),
  );
}

function described({ rows, failure }: ReadResult<Owned>): DescribedInstances {
  const instances = new Map<string, Instance>();
  const malformed = new Map<string, Missing>();
  for (const { instance, ownerId, reservationId } of rows) {
    const read = instanceOf(instance, ownerId, reservationId);
    if ('why' in read) malformed.set(instance.InstanceId ?? '(without id)', read);
    else instances.set(read.InstanceId, read);
  }
  return { instances: [...instances.values()], malformed, ...(failure === undefined ? {} : { failure }) };
}

/** By attachment, which shows a volume that the instance does not name yet; then by id what that did not show. */
async function readVolumes(aws: Aws, instances: readonly Instance[]): Promise<Rows<Volume>> {
  const read = (filter: 'attachment.instance-id' | 'volume-id', values: readonly string[]) =>
    readFiltered(aws, 'ec2:DescribeVolumes', filter, values, (output) => output.Volumes);
  const ids = instances.map((instance) => instance.InstanceId);
  const attached = await read('attachment.instance-id', ids);
  const found = new Set(attached.rows.map((volume) => volume.VolumeId));
  const named = distinct(instances.flatMap(volumeIds)).filter((id) => !found.has(id));
  if (attached.failure !== undefined || named.length === 0) return byId(attached, 'VolumeId');
  return byId(joined([attached, await read('volume-id', named)]), 'VolumeId');
}

type GroupReads = Pick<Collected, 'securityGroups' | 'securityGroupRules' | 'prefixLists' | 'vpcGroups'>;

/** The instances' groups with what their permissions name, all groups of their VPCs, and the rules of either. */
async function readGroups(aws: Aws, instances: readonly Instance[], asked: ReadonlySet<Need>): Promise<GroupReads> {
  const { securityGroups, prefixLists, vpcGroups } = nothingCollected;
  const isNamed = (['securityGroups', 'prefixLists', 'sourceGroups'] as const).some((need) => asked.has(need));
  const ids = isNamed ? distinct(instances.flatMap(securityGroupIds)) : [];
  const needsRules = asked.has('securityGroups') || asked.has('vpcGroups');
  const [named, ofVpcs, rules] = await Promise.all([
    isNamed ? readNamed(aws, ids, asked) : { securityGroups, prefixLists },
    asked.has('vpcGroups') ? readVpcGroups(aws, instances) : vpcGroups,
    needsRules ? readRules(aws, ids) : undefined,
  ]);
  const others = [...ofVpcs.rows.keys()].filter((id) => !ids.includes(id));
  return {
    ...named,
    vpcGroups: ofVpcs,
    securityGroupRules:
      rules === undefined
        ? nothingCollected.securityGroupRules
        : byId(joined([rules, await readRules(aws, others)]), 'SecurityGroupRuleId'),
  };
}

/** Groups, then what their permissions name: other groups and prefix lists. */
async function readNamed(
  aws: Aws,
  ids: readonly string[],
  asked: ReadonlySet<Need>,
): Promise<Pick<GroupReads, 'securityGroups' | 'prefixLists'>> {
  const own = await readGroupsById(aws, ids);
  const permissions = own.rows.flatMap((group) => group.IpPermissions ?? []);
  const sources = permissions.flatMap((one) => (one.UserIdGroupPairs ?? []).map((pair) => pair.GroupId));
  const lists = permissions.flatMap((one) => (one.PrefixListIds ?? []).map((list) => list.PrefixListId));
  const others = distinct(sources).filter((id) => !ids.includes(id));
  const [sourceGroups, prefixLists] = await Promise.all([
    asked.has('sourceGroups') ? readGroupsById(aws, others) : { rows: [] },
    asked.has('prefixLists') ? readPrefixLists(aws, distinct(lists)) : nothingCollected.prefixLists,
  ]);
  return { securityGroups: byId(joined([own, sourceGroups]), 'GroupId'), prefixLists };
}

async function readVpcGroups(aws: Aws, instances: readonly Instance[]): Promise<Rows<ec2.SecurityGroup>> {
  const ids = distinct(instances.map(({ VpcId }) => VpcId));
  const result = await readFiltered(
    aws,
    'ec2:DescribeSecurityGroups',
    'vpc-id',
    ids,
    (output) => output.SecurityGroups,
  );
  return byId(result, 'GroupId');
}

function readGroupsById(aws: Aws, ids: readonly string[]): Promise<ReadResult<ec2.SecurityGroup>> {
  return readFiltered(aws, 'ec2:DescribeSecurityGroups', 'group-id', ids, (output) => output.SecurityGroups);
}

function readRules(aws: Aws, ids: readonly string[]): Promise<ReadResult<ec2.SecurityGroupRule>> {
  return readFiltered(aws, 'ec2:DescribeSecurityGroupRules', 'group-id', ids, (output) => output.SecurityGroupRules);
}

/** How many lists are read side by side: EC2's request limits are the account's, not ours. */
const LISTS_AT_ONCE = 5;

/** A call a list: EC2 has no filter over the entries of several. A list that can't be read is missing, not empty. */
async function readPrefixLists(aws: Aws, ids: readonly string[]): Promise<Rows<PrefixList>> {
  const rows = new Map<string, PrefixList>();
  let failure: Rows<PrefixList>['failure'];
  for (const some of chunked(ids, LISTS_AT_ONCE)) {
    const results = await Promise.all(some.map(async (id) => ({ id, ...(await readPrefixList(aws, id)) })));
    for (const result of results) {
      if (result.failure !== undefined) failure ??= result.failure;
      else rows.set(result.id, { PrefixListId: result.id, cidrs: distinct(result.rows.map((entry) => entry.Cidr)) });
    }
  }
  return { rows, failure };
}

function readPrefixList(aws: Aws, PrefixListId: string): Promise<ReadResult<ec2.PrefixListEntry>> {
  return readPages(aws, 'ec2:GetManagedPrefixListEntries', { PrefixListId }, (output) => output.Entries);
}

function readInterfaces(aws: Aws, instances: readonly Instance[]): Promise<Rows<NetworkInterface>> {
  return readInterfacesBy(aws, 'network-interface-id', distinct(instances.flatMap(networkInterfaceIds)));
}

/** Whatever the groups are on: interfaces of instances, and of services such as a load balancer. */
function readGroupInterfaces(aws: Aws, instances: readonly Instance[]): Promise<Rows<NetworkInterface>> {
  return readInterfacesBy(aws, 'group-id', distinct(instances.flatMap(securityGroupIds)));
}

async function readInterfacesBy(
  aws: Aws,
  filter: 'network-interface-id' | 'group-id',
  values: readonly string[],
): Promise<Rows<NetworkInterface>> {
  const result = await readFiltered(
    aws,
    'ec2:DescribeNetworkInterfaces',
    filter,
    values,
    (output) => output.NetworkInterfaces,
  );
  return byId(result, 'NetworkInterfaceId');
}

/** How many instances' attributes are read side by side. */
const INSTANCES_AT_ONCE = 5;

/**
 * Two calls an instance: EC2 tells an attribute of an instance at a time. One that can't be read is missing, not off.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceAttribute.html
 */
async function readProtections(aws: Aws, instances: readonly Instance[]): Promise<Rows<Protection>> {
  const rows = new Map<string, Protection>();
  let failure: ReadFailure | undefined;
  for (const some of chunked(instances, INSTANCES_AT_ONCE)) {
    const results = await Promise.all(some.map(async ({ InstanceId }) => readProtection(aws, InstanceId)));
    for (const [at, result] of results.entries()) {
      if ('why' in result) failure ??= result;
      else rows.set(some[at]?.InstanceId ?? '', result);
    }
  }
  return { rows, failure };
}

async function readProtection(aws: Aws, InstanceId: string): Promise<Protection | ReadFailure> {
  const operation = 'ec2:DescribeInstanceAttribute';
  try {
    const [stop, termination] = await Promise.all([
      aws(operation, { InstanceId, Attribute: 'disableApiStop' }),
      aws(operation, { InstanceId, Attribute: 'disableApiTermination' }),
    ]);
    return {
      stop: valueIn(operation, stop.DisableApiStop),
      termination: valueIn(operation, termination.DisableApiTermination),
    };
  } catch (error) {
    return failureOf(error);
  }
}

/** Of Spot instances alone. A request that is gone is missing. */
async function readSpotRequests(aws: Aws, instances: readonly Instance[]): Promise<Rows<ec2.SpotInstanceRequest>> {
  const spot = instances.filter(({ InstanceLifecycle }) => InstanceLifecycle === 'spot');
  const result = await readFiltered(
    aws,
    'ec2:DescribeSpotInstanceRequests',
    'spot-instance-request-id',
    distinct(spot.map(({ SpotInstanceRequestId }) => SpotInstanceRequestId)),
    (output) => output.SpotInstanceRequests,
  );
  return byId(result, 'SpotInstanceRequestId');
}

async function readInstanceTypes(aws: Aws, instances: readonly Instance[]): Promise<Rows<ec2.InstanceTypeInfo>> {
  const types = distinct(instances.map((instance) => instance.InstanceType));
  const result = await readFiltered(
    aws,
    'ec2:DescribeInstanceTypes',
    'instance-type',
    types,
    (output) => output.InstanceTypes,
  );
  return byId(result, 'InstanceType');
}

async function readAliasedKeys(aws: Aws): Promise<Rows<string>> {
  const { rows, failure } = await readAliases(aws);
  const named = rows.flatMap(({ AliasName, TargetKeyId }): [string, string][] =>
    AliasName === undefined || TargetKeyId === undefined ? [] : [[AliasName, TargetKeyId]],
  );
  return { rows: new Map(named), failure };
}

function byId<T extends object, R extends T>({ rows, failure }: ReadResult<T>, id: keyof T): Rows<R> {
  return { rows: new Map(rows.map((row) => [String(row[id]), row as R])), failure };
}
