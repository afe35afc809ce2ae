import type * as ec2 from '@aws-sdk/client-ec2';
import {
  type Fact,
  type Facts,
  known,
  type Launcher,
  type Missing,
  type NetworkInterface,
  type OwnAct,
  type PrefixList,
  type Protection,
  type SecurityGroup,
  type Several,
  type Tag,
  unknown,
  type Volume,
  type WhyMissing,
} from './facts.ts';
import {
  distinct,
  type Instance,
  isSettled,
  LAUNCH_TAGS_STAND_IN_MS,
  networkInterfaceIds,
  regionOfZone,
  securityGroupIds,
  volumeIds,
} from './instance.ts';
import type { Notice } from './notice.ts';
import type { Scope } from './operations.ts';

/** Why a read did not give all it was asked for. */
export interface ReadFailure {
  readonly why: Exclude<WhyMissing, 'not-found' | 'not-yet'>;
  readonly detail: string;
}

/** Rows by id, and the failure of the part that could not be read, if any: rows of other pages and chunks stand. */
export interface Rows<T> {
  readonly rows: ReadonlyMap<string, T>;
  readonly failure?: ReadFailure | undefined;
}

/** What is known of an instance's launch from the RunInstances record. */
export interface Launch {
  readonly launcher: Launcher;
  /** The instance tags of the request. */
  readonly requestTags: readonly Tag[];
}

/** What the reads for a batch of instances gave, before it is dealt out to them. */
export interface Collected {
  readonly volumes: Rows<Volume>;
  readonly securityGroups: Rows<ec2.SecurityGroup>;
  readonly securityGroupRules: Rows<ec2.SecurityGroupRule>;
  readonly prefixLists: Rows<PrefixList>;
  readonly networkInterfaces: Rows<NetworkInterface>;
  readonly instanceTypes: Rows<ec2.InstanceTypeInfo>;
  readonly kmsAliases: Rows<string>;
  /** Of every group that one of the instances has. */
  readonly groupInterfaces: Rows<NetworkInterface>;
  /** Of every VPC that one of the instances is in. */
  readonly vpcGroups: Rows<ec2.SecurityGroup>;
  /** By instance. */
  readonly protections: Rows<Protection>;
  readonly spotRequests: Rows<ec2.SpotInstanceRequest>;
  readonly launches: ReadonlyMap<string, Launch>;
  /** What policies did, by instance. */
  readonly acts: ReadonlyMap<string, readonly OwnAct[]>;
  /** What AWS announced, by instance. */
  readonly notices: ReadonlyMap<string, Notice>;
}

/** A read that no policy in use asked for. Reading it would not compile; should it happen, it is unknown. */
const notAskedFor = {
  rows: new Map<string, never>(),
  failure: { why: 'not-recorded', detail: 'not asked for' },
} as const;

/** Nothing collected. Spread over by what was. */
export const nothingCollected: Collected = {
  volumes: notAskedFor,
  securityGroups: notAskedFor,
  securityGroupRules: notAskedFor,
  prefixLists: notAskedFor,
  networkInterfaces: notAskedFor,
  instanceTypes: notAskedFor,
  kmsAliases: notAskedFor,
  groupInterfaces: notAskedFor,
  vpcGroups: notAskedFor,
  protections: notAskedFor,
  spotRequests: notAskedFor,
  launches: new Map(),
  acts: new Map(),
  notices: new Map(),
};

/** What was collected with what was collected later beyond it. Of what both read, all rows, and the later where they differ. */
export function collectedWith(earlier: Collected, later: Collected): Collected {
  return {
    volumes: rowsWith(earlier.volumes, later.volumes),
    securityGroups: rowsWith(earlier.securityGroups, later.securityGroups),
    securityGroupRules: rowsWith(earlier.securityGroupRules, later.securityGroupRules),
    prefixLists: rowsWith(earlier.prefixLists, later.prefixLists),
    networkInterfaces: rowsWith(earlier.networkInterfaces, later.networkInterfaces),
    instanceTypes: rowsWith(earlier.instanceTypes, later.instanceTypes),
    kmsAliases: rowsWith(earlier.kmsAliases, later.kmsAliases),
    groupInterfaces: rowsWith(earlier.groupInterfaces, later.groupInterfaces),
    vpcGroups: rowsWith(earlier.vpcGroups, later.vpcGroups),
    protections: rowsWith(earlier.protections, later.protections),
    spotRequests: rowsWith(earlier.spotRequests, later.spotRequests),
    launches: new Map([...earlier.launches, ...later.launches]),
    acts: new Map([...earlier.acts, ...later.acts]),
    notices: new Map([...earlier.notices, ...later.notices]),
  };
}

function rowsWith<T>(earlier: Rows<T>, later: Rows<T>): Rows<T> {
  if (later === notAskedFor) return earlier;
  if (earlier === notAskedFor) return later;
  return { rows: new Map([...earlier.rows, ...later.rows]), failure: later.failure ?? earlier.failure };
}

/** An instance with what is known of it: the one picture that all policies judge. */
export interface InspectedInstance {
  readonly instance: Instance;
  readonly facts: Facts;
}

/**
 * An instance of a DescribeInstances answer. Dates may be strings, as the AWS CLI prints them.
 * @returns what is missing, when a field that EC2 always gives is not there: such an instance can't be judged.
 */
export function instanceOf(raw: ec2.Instance, ownerId: string | undefined, reservationId?: string): Instance | Missing {
  const { InstanceId, InstanceType, LaunchTime, State, Placement } = raw;
  const malformed = (field: string): Missing => ({
    what: `instance ${InstanceId ?? '(without id)'}`,
    why: 'failed',
    detail: `DescribeInstances gave no ${field}`,
  });
  if (!InstanceId) return malformed('InstanceId');
  const odd = listFields.find((field) => !isListOfObjects(raw[field]));
  if (odd !== undefined) return malformed(`list of ${odd}`);
  if (!InstanceType) return malformed('InstanceType');
  const launchTime = LaunchTime === undefined ? undefined : new Date(LaunchTime);
  if (launchTime === undefined || Number.isNaN(launchTime.getTime())) return malformed('LaunchTime');
  if (!State?.Name) return malformed('State');
  const region = regionOfZone(Placement?.AvailabilityZone ?? '');
  if (region === undefined) return malformed('Placement.AvailabilityZone');
  if (ownerId === undefined) return malformed("OwnerId of the instance's reservation");
  const scope: Scope = { accountId: ownerId, region };
  return {
    ...raw,
    InstanceId,
    InstanceType,
    LaunchTime: launchTime,
    State: { Name: State.Name },
    scope,
    ...(reservationId === undefined ? {} : { reservationId }),
  };
}

/** Fields of an instance that are lists where they are there at all. */
const listFields = ['Tags', 'SecurityGroups', 'NetworkInterfaces', 'BlockDeviceMappings'] as const;

function isListOfObjects(value: unknown): boolean {
  if (value === undefined) return true;
  return Array.isArray(value) && value.every((entry) => typeof entry === 'object' && entry !== null);
}

/** Deals out to one instance what was collected for its batch. Whatever it names and was not found is missing. */
export function factsOf(instance: Instance, collected: Collected, now: Date): Facts {
  const settled = isSettled(instance.LaunchTime, now);
  const launch = collected.launches.get(instance.InstanceId);
  const securityGroups = several('security group', securityGroupIds(instance), collected.securityGroups, (group) =>
    securityGroupOf(group, collected.securityGroupRules),
  );
  const permissions = securityGroups.found.flatMap((group) => group.IpPermissions ?? []);
  const listIds = distinct(permissions.flatMap((one) => (one.PrefixListIds ?? []).map((list) => list.PrefixListId)));
  const sourceIds = distinct(permissions.flatMap((one) => (one.UserIdGroupPairs ?? []).map((pair) => pair.GroupId)));
  return {
    tags: tagsOf(instance, launch, settled, now),
    volumes: orNotYet(volumesOf(instance, collected.volumes), 'volumes', settled),
    securityGroups,
    prefixLists: alsoMissing(
      several('prefix list', listIds, collected.prefixLists, (list) => list),
      securityGroups,
    ),
    sourceGroups: alsoMissing(
      several('security group', sourceIds, collected.securityGroups, (group) =>
        securityGroupOf(group, collected.securityGroupRules),
      ),
      securityGroups,
    ),
    networkInterfaces: several(
      'network interface',
      networkInterfaceIds(instance),
      collected.networkInterfaces,
      (networkInterface) => networkInterface,
    ),
    instanceTypeInfo: one(`instance type ${instance.InstanceType}`, instance.InstanceType, collected.instanceTypes),
    kmsAliases: whole('KMS aliases', collected.kmsAliases),
    launcher: launcherOf(launch, settled),
    acts: { found: collected.acts.get(instance.InstanceId) ?? [], missing: [] },
    notice: known(collected.notices.get(instance.InstanceId) ?? 'none'),
    groupInterfaces: groupInterfacesOf(instance, collected.groupInterfaces),
    vpcGroups: vpcGroupsOf(instance, collected),
    protection: one(`protection of ${instance.InstanceId}`, instance.InstanceId, collected.protections),
    spotRequest: spotRequestOf(instance, collected.spotRequests),
  };
}

/** Whoever shares a group is known only when all of its interfaces are. */
function groupInterfacesOf(instance: Instance, { rows, failure }: Rows<NetworkInterface>): Several<NetworkInterface> {
  const groups = securityGroupIds(instance);
  const found = [...rows.values()].filter(({ Groups }) => Groups?.some(({ GroupId = '' }) => groups.includes(GroupId)));
  return { found, missing: failure === undefined ? [] : [{ what: `interfaces of ${groups.join(', ')}`, ...failure }] };
}

function vpcGroupsOf({ VpcId }: Instance, { vpcGroups, securityGroupRules }: Collected): Several<SecurityGroup> {
  const found = [...vpcGroups.rows.values()]
    .filter((group) => VpcId !== undefined && group.VpcId === VpcId)
    .map((group) => securityGroupOf(group, securityGroupRules));
  const { failure } = vpcGroups;
  return { found, missing: failure === undefined ? [] : [{ what: `security groups of ${VpcId}`, ...failure }] };
}

function spotRequestOf(
  { InstanceLifecycle, SpotInstanceRequestId: id }: Instance,
  requests: Rows<ec2.SpotInstanceRequest>,
): Fact<ec2.SpotInstanceRequest | 'none'> {
  if (InstanceLifecycle !== 'spot') return known('none');
  if (id === undefined) return unknown({ what: 'Spot request', why: 'not-found' });
  return one(`Spot request ${id}`, id, requests);
}

/** Of a group that is not known, nor is what it names. */
function alsoMissing<T>({ found, missing }: Several<T>, holders: Several<unknown>): Several<T> {
  return { found, missing: [...missing, ...holders.missing] };
}

function tagsOf(instance: Instance, launch: Launch | undefined, settled: boolean, now: Date): Several<Tag> {
  const described = (instance.Tags ?? []).map((tag) => ({ Key: tag.Key ?? '', Value: tag.Value ?? '' }));
  const age = now.getTime() - instance.LaunchTime.getTime();
  const standIn = described.length === 0 && age >= 0 && age < LAUNCH_TAGS_STAND_IN_MS ? launch?.requestTags : undefined;
  return orNotYet({ found: standIn ?? described, missing: [] }, 'tags', settled);
}

/** Volumes that the instance names, and those that say they are attached to it: either answer may lag behind. */
function volumesOf(instance: Instance, volumes: Rows<Volume>): Several<Volume> {
  const attached = [...volumes.rows.values()]
    .filter(
      ({ Attachments }) =>
        isListOfObjects(Attachments) && Attachments?.some((one) => isHeldBy(one, instance.InstanceId)),
    )
    .map((volume) => volume.VolumeId);
  const ids = distinct([...volumeIds(instance), ...attached]);
  return several('volume', ids, volumes, (volume) => volume);
}

function isHeldBy(attachment: ec2.VolumeAttachment, instanceId: string): boolean {
  return attachment.InstanceId === instanceId && attachment.State !== 'detached' && attachment.State !== 'detaching';
}

function securityGroupOf(group: ec2.SecurityGroup, rules: Rows<ec2.SecurityGroupRule>): SecurityGroup {
  const GroupId = group.GroupId ?? '';
  const own = [...rules.rows.values()].filter((rule) => rule.GroupId === GroupId);
  const missing = missingFrom(rules, `rules of security group ${GroupId}`);
  return { ...group, GroupId, rules: rules.failure === undefined ? known(own) : unknown(missing) };
}

function launcherOf(launch: Launch | undefined, settled: boolean): Fact<Launcher> {
  if (launch !== undefined) return known(launch.launcher);
  return unknown({ what: 'launcher', why: settled ? 'not-recorded' : 'not-yet' });
}

/** Until a launch has settled there may be more than DescribeInstances shows. */
function orNotYet<T>(several: Several<T>, what: string, settled: boolean): Several<T> {
  if (settled) return several;
  return { found: several.found, missing: [...several.missing, { what, why: 'not-yet' }] };
}

function several<Row, T>(noun: string, ids: readonly string[], rows: Rows<Row>, convert: (row: Row) => T): Several<T> {
  const found: T[] = [];
  const missing: Missing[] = [];
  for (const id of ids) {
    const row = rows.rows.get(id);
    if (row === undefined) missing.push(missingFrom(rows, `${noun} ${id}`));
    else found.push(convert(row));
  }
  return { found, missing };
}

function one<T>(what: string, id: string, rows: Rows<T>): Fact<T> {
  const row = rows.rows.get(id);
  return row === undefined ? unknown(missingFrom(rows, what)) : known(row);
}

function whole<T>(what: string, rows: Rows<T>): Fact<ReadonlyMap<string, T>> {
  return rows.failure === undefined ? known(rows.rows) : unknown(missingFrom(rows, what));
}

function missingFrom(rows: Rows<unknown>, what: string): Missing {
  return rows.failure === undefined ? { what, why: 'not-found' } : { what, ...rows.failure };
}
