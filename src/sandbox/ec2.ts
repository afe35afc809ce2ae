import type * as ec2 from '@aws-sdk/client-ec2';
import type { Input, Operation, Output } from '../domain/operations.ts';
import { type Account, recordedRows } from './account.ts';
import { awsError, heedOnly, notThere } from './errors.ts';
import { type FilterFields, hasWildcard, passes, type TagsOf } from './filters.ts';
import { type Page, type PageLimits, pageOf, rowsPerPage } from './paging.ts';
import { type InstanceAttributes, notRecorded, recordedAttribute, recordedPrefixList } from './recorded.ts';
import { rulesOf } from './security-groups.ts';
import { instanceBy, knownRule } from './state.ts';

/** What DescribeInstances pages by: an instance, in the reservation that it is shown in. */
interface ReservedInstance {
  readonly reservation: ec2.Reservation;
  readonly instance: ec2.Instance;
}

/** What the Describe operations have in common, and what is a kind of resource's own. */
interface Reading<T> {
  readonly operation: string;
  /** The parameter of ids as EC2's errors call it. */
  readonly idsParameter: string;
  readonly idOf: (row: T) => string | undefined;
  /** For the first id that is not there, and all that are not. */
  readonly notFound: (id: string, all: readonly string[]) => Error;
  readonly tagsOf?: TagsOf<T>;
  readonly filters: FilterFields<T>;
  readonly limits: PageLimits;
}

interface Request {
  readonly ids: readonly string[] | undefined;
  readonly Filters?: ec2.Filter[] | undefined;
  readonly MaxResults?: number | undefined;
  readonly NextToken?: string | undefined;
}

const upTo1000 = { least: 5, most: 1000 } as const;

const instances: Reading<ReservedInstance> = {
  operation: 'DescribeInstances',
  idsParameter: 'instancesSet',
  idOf: ({ instance }) => instance.InstanceId,
  notFound: (id, all) =>
    all.length === 1
      ? notThere.instance(id)
      : awsError('InvalidInstanceID.NotFound', `The instance IDs '${all.join(', ')}' do not exist`),
  tagsOf: ({ instance }) => instance.Tags,
  limits: upTo1000,
  filters: {
    'tag-key': ({ instance }) => keysOf(instance.Tags),
    'instance-id': ({ instance }) => [instance.InstanceId],
    'instance-type': ({ instance }) => [instance.InstanceType],
    'instance-state-name': ({ instance }) => [instance.State?.Name],
    'instance-lifecycle': ({ instance }) => [instance.InstanceLifecycle],
    'image-id': ({ instance }) => [instance.ImageId],
    'vpc-id': ({ instance }) => [instance.VpcId],
    'subnet-id': ({ instance }) => [instance.SubnetId],
    'owner-id': ({ reservation }) => [reservation.OwnerId],
    'reservation-id': ({ reservation }) => [reservation.ReservationId],
    'instance.group-id': ({ instance }) => (instance.SecurityGroups ?? []).map((group) => group.GroupId),
    'instance.group-name': ({ instance }) => (instance.SecurityGroups ?? []).map((group) => group.GroupName),
    'network-interface.group-id': ({ instance }) => interfaceGroups(instance).map((group) => group.GroupId),
    'network-interface.group-name': ({ instance }) => interfaceGroups(instance).map((group) => group.GroupName),
    'network-interface.network-interface-id': ({ instance }) =>
      (instance.NetworkInterfaces ?? []).map((networkInterface) => networkInterface.NetworkInterfaceId),
    'block-device-mapping.volume-id': ({ instance }) =>
      (instance.BlockDeviceMappings ?? []).map((mapping) => mapping.Ebs?.VolumeId),
  },
};

const volumes: Reading<ec2.Volume> = {
  operation: 'DescribeVolumes',
  idsParameter: 'volumeSet',
  idOf: (volume) => volume.VolumeId,
  notFound: notThere.volume,
  tagsOf: (volume) => volume.Tags,
  // The AWS CLI asks for 1000, and EC2 gives 500.
  limits: { least: 5, most: 1000, gives: 500 },
  filters: {
    'tag-key': (volume) => keysOf(volume.Tags),
    'volume-id': (volume) => [volume.VolumeId],
    'attachment.instance-id': (volume) => (volume.Attachments ?? []).map((attachment) => attachment.InstanceId),
  },
};

const securityGroups: Reading<ec2.SecurityGroup> = {
  operation: 'DescribeSecurityGroups',
  idsParameter: 'groupIds',
  idOf: (group) => group.GroupId,
  notFound: notThere.group,
  tagsOf: (group) => group.Tags,
  limits: upTo1000,
  filters: {
    'tag-key': (group) => keysOf(group.Tags),
    'group-id': (group) => [group.GroupId],
    'group-name': (group) => [group.GroupName],
    'vpc-id': (group) => [group.VpcId],
    'ip-permission.prefix-list-id': (group) =>
      (group.IpPermissions ?? []).flatMap((one) => (one.PrefixListIds ?? []).map((list) => list.PrefixListId)),
    'ip-permission.group-id': (group) =>
      (group.IpPermissions ?? []).flatMap((one) => (one.UserIdGroupPairs ?? []).map((pair) => pair.GroupId)),
  },
};

const securityGroupRules: Reading<ec2.SecurityGroupRule> = {
  operation: 'DescribeSecurityGroupRules',
  idsParameter: 'securityGroupRuleIds',
  idOf: (rule) => rule.SecurityGroupRuleId,
  notFound: notThere.rule,
  tagsOf: (rule) => rule.Tags,
  limits: upTo1000,
  filters: {
    'group-id': (rule) => [rule.GroupId],
    'security-group-rule-id': (rule) => [rule.SecurityGroupRuleId],
  },
};

const networkInterfaces: Reading<ec2.NetworkInterface> = {
  operation: 'DescribeNetworkInterfaces',
  idsParameter: 'networkInterfaceIds',
  idOf: (networkInterface) => networkInterface.NetworkInterfaceId,
  notFound: notThere.networkInterface,
  tagsOf: (networkInterface) => networkInterface.TagSet,
  limits: upTo1000,
  filters: {
    'tag-key': (networkInterface) => keysOf(networkInterface.TagSet),
    'network-interface-id': (networkInterface) => [networkInterface.NetworkInterfaceId],
    'attachment.instance-id': (networkInterface) => [networkInterface.Attachment?.InstanceId],
    'group-id': (networkInterface) => (networkInterface.Groups ?? []).map((group) => group.GroupId),
  },
};

const spotInstanceRequests: Reading<ec2.SpotInstanceRequest> = {
  operation: 'DescribeSpotInstanceRequests',
  idsParameter: 'spotInstanceRequestIds',
  idOf: (request) => request.SpotInstanceRequestId,
  notFound: (id) =>
    awsError('InvalidSpotInstanceRequestID.NotFound', `The spot instance request ID '${id}' does not exist`),
  tagsOf: (request) => request.Tags,
  limits: upTo1000,
  filters: {
    'tag-key': (request) => keysOf(request.Tags),
    'spot-instance-request-id': (request) => [request.SpotInstanceRequestId],
    'instance-id': (request) => [request.InstanceId],
    type: (request) => [request.Type],
  },
};

const instanceTypes: Reading<ec2.InstanceTypeInfo> = {
  operation: 'DescribeInstanceTypes',
  idsParameter: 'instanceTypes',
  idOf: (type) => type.InstanceType,
  notFound: (_, all) =>
    awsError('InvalidInstanceType', `The following supplied instance types do not exist: [${all.join(', ')}]`),
  limits: { least: 5, most: 100 },
  filters: { 'instance-type': (type) => [type.InstanceType] },
};

const prefixListPages: PageLimits = { least: 1, most: 100 };

/** By operation, the filters and bounds of MaxResults that the sandbox goes by. */
export const knownReads = {
  'ec2:DescribeInstances': instances,
  'ec2:DescribeVolumes': volumes,
  'ec2:DescribeSecurityGroups': securityGroups,
  'ec2:DescribeSecurityGroupRules': securityGroupRules,
  'ec2:DescribeNetworkInterfaces': networkInterfaces,
  'ec2:DescribeSpotInstanceRequests': spotInstanceRequests,
  'ec2:DescribeInstanceTypes': instanceTypes,
  'ec2:GetManagedPrefixListEntries': { filters: {}, limits: prefixListPages },
} as const satisfies Partial<Record<Operation, Pick<Reading<never>, 'filters' | 'tagsOf' | 'limits'>>>;

/**
 * Instances in their reservations; pages count instances.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html
 */
export function describeInstances(
  input: Input<'ec2:DescribeInstances'>,
  account: Account,
): Output<'ec2:DescribeInstances'> {
  heedOnly(input, ['InstanceIds', 'Filters', 'MaxResults', 'NextToken']);
  checkForm(input.InstanceIds ?? []);
  const rows = recordedRows(account, 'reservations').flatMap((reservation) =>
    (reservation.Instances ?? []).map((instance) => ({ reservation, instance })),
  );
  const page = read(instances, rows, { ids: input.InstanceIds, ...input }, account);
  return { Reservations: inReservations(page.rows), NextToken: page.nextToken };
}

/**
 * Volumes.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVolumes.html
 */
export function describeVolumes(input: Input<'ec2:DescribeVolumes'>, account: Account): Output<'ec2:DescribeVolumes'> {
  heedOnly(input, ['VolumeIds', 'Filters', 'MaxResults', 'NextToken']);
  const page = read(volumes, recordedRows(account, 'volumes'), { ids: input.VolumeIds, ...input }, account);
  return { Volumes: [...page.rows], NextToken: page.nextToken };
}

/**
 * Security groups.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSecurityGroups.html
 */
export function describeSecurityGroups(
  input: Input<'ec2:DescribeSecurityGroups'>,
  account: Account,
): Output<'ec2:DescribeSecurityGroups'> {
  heedOnly(input, ['GroupIds', 'Filters', 'MaxResults', 'NextToken']);
  const rows = recordedRows(account, 'securityGroups');
  const page = read(securityGroups, rows, { ids: input.GroupIds, ...input }, account);
  return { SecurityGroups: [...page.rows], NextToken: page.nextToken };
}

/**
 * Rules of security groups: recorded in a snapshot, else derived from the groups' permissions.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSecurityGroupRules.html
 */
export function describeSecurityGroupRules(
  input: Input<'ec2:DescribeSecurityGroupRules'>,
  account: Account,
): Output<'ec2:DescribeSecurityGroupRules'> {
  heedOnly(input, ['SecurityGroupRuleIds', 'Filters', 'MaxResults', 'NextToken']);
  const page = read(securityGroupRules, rulesIn(account), { ids: input.SecurityGroupRuleIds, ...input }, account);
  return { SecurityGroupRules: [...page.rows], NextToken: page.nextToken };
}

/**
 * Network interfaces.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeNetworkInterfaces.html
 */
export function describeNetworkInterfaces(
  input: Input<'ec2:DescribeNetworkInterfaces'>,
  account: Account,
): Output<'ec2:DescribeNetworkInterfaces'> {
  heedOnly(input, ['NetworkInterfaceIds', 'Filters', 'MaxResults', 'NextToken']);
  const rows = recordedRows(account, 'networkInterfaces');
  const page = read(networkInterfaces, rows, { ids: input.NetworkInterfaceIds, ...input }, account);
  return { NetworkInterfaces: [...page.rows], NextToken: page.nextToken };
}

/**
 * One attribute of one instance: whether it is protected from being stopped, or terminated.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceAttribute.html
 */
export function describeInstanceAttribute(
  input: Input<'ec2:DescribeInstanceAttribute'>,
  account: Account,
): Output<'ec2:DescribeInstanceAttribute'> {
  heedOnly(input, ['InstanceId', 'Attribute']);
  const { InstanceId = '', Attribute } = input;
  checkForm([InstanceId]);
  instanceBy(account, InstanceId);
  if (Attribute === 'disableApiStop') {
    return { InstanceId, DisableApiStop: { Value: attributeOf(account, InstanceId, Attribute) } };
  }
  if (Attribute === 'disableApiTermination') {
    return { InstanceId, DisableApiTermination: { Value: attributeOf(account, InstanceId, Attribute) } };
  }
  throw awsError('InvalidParameterValue', `The sandbox does not know the attribute '${Attribute}'`);
}

/**
 * Whether an instance is protected.
 * @throws NotRecorded when the account is a snapshot that does not hold it.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-stop-protection.html
 */
export function attributeOf(account: Account, instanceId: string, attribute: keyof InstanceAttributes): boolean {
  const value = account.instanceAttributes.get(instanceId)?.[attribute];
  if (value === undefined && account.isSnapshot) throw notRecorded(recordedAttribute(instanceId, attribute));
  return value ?? false;
}

/**
 * @throws InvalidInstanceID.Malformed for what is no id of an instance.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
 */
export function checkForm(instanceIds: readonly string[]): void {
  const malformed = instanceIds.find((id) => !/^i-(?:[0-9a-f]{8}|[0-9a-f]{17})$/.test(id));
  if (malformed !== undefined) throw awsError('InvalidInstanceID.Malformed', `Invalid id: "${malformed}"`);
}

/**
 * Requests for Spot Instances.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSpotInstanceRequests.html
 */
export function describeSpotInstanceRequests(
  input: Input<'ec2:DescribeSpotInstanceRequests'>,
  account: Account,
): Output<'ec2:DescribeSpotInstanceRequests'> {
  heedOnly(input, ['SpotInstanceRequestIds', 'Filters', 'MaxResults', 'NextToken']);
  const rows = recordedRows(account, 'spotInstanceRequests');
  const page = read(spotInstanceRequests, rows, { ids: input.SpotInstanceRequestIds, ...input }, account);
  return { SpotInstanceRequests: [...page.rows], NextToken: page.nextToken };
}

/**
 * What EC2 says of instance types; 100 by name at most.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceTypes.html
 */
export function describeInstanceTypes(
  input: Input<'ec2:DescribeInstanceTypes'>,
  account: Account,
): Output<'ec2:DescribeInstanceTypes'> {
  heedOnly(input, ['InstanceTypes', 'Filters', 'MaxResults', 'NextToken']);
  if ((input.InstanceTypes?.length ?? 0) > 100) {
    throw awsError('InvalidParameterValue', 'The number of instance types must not exceed 100');
  }
  const rows = recordedRows(account, 'instanceTypes');
  const page = read(instanceTypes, rows, { ids: input.InstanceTypes, ...input }, account);
  return { InstanceTypes: [...page.rows], NextToken: page.nextToken };
}

/**
 * Entries of one managed prefix list.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetManagedPrefixListEntries.html
 */
export function getManagedPrefixListEntries(
  input: Input<'ec2:GetManagedPrefixListEntries'>,
  account: Account,
): Output<'ec2:GetManagedPrefixListEntries'> {
  heedOnly(input, ['PrefixListId', 'MaxResults', 'NextToken']);
  const id = input.PrefixListId ?? '';
  const entries = account.prefixLists.get(id);
  if (entries === undefined) {
    if (account.isSnapshot) throw notRecorded(recordedPrefixList(id));
    throw notThere.prefixList(id);
  }
  const size = rowsPerPage(input.MaxResults, prefixListPages, account.pageSize);
  const page = pageOf(entries, size, input.NextToken, ['GetManagedPrefixListEntries', id]);
  return { Entries: [...page.rows], NextToken: page.nextToken };
}

/** Rows of the ids asked for, all on one page, or a page of those that pass the filters. */
function read<T>(reading: Reading<T>, all: readonly T[], request: Request, account: Account): Page<T> {
  const { ids, Filters, MaxResults, NextToken } = request;
  const test = passes(Filters, reading.filters, reading.tagsOf);
  if (ids !== undefined && ids.length > 0) {
    if (MaxResults !== undefined) {
      throw awsError(
        'InvalidParameterCombination',
        `The parameter ${reading.idsParameter} cannot be used with the parameter maxResults`,
      );
    }
    return { rows: named(reading, all, ids).filter(test) };
  }
  const size = rowsPerPage(MaxResults, reading.limits, account.pageSize);
  const identity = [reading.operation, Filters ?? []];
  if (!hasWildcard(Filters)) return pageOf(all.filter(test), size, NextToken, identity);
  const page = pageOf(all, size, NextToken, identity);
  return { ...page, rows: page.rows.filter(test) };
}

/** One unknown id fails the whole call. */
function named<T>(reading: Reading<T>, all: readonly T[], ids: readonly string[]): readonly T[] {
  const known = new Set(all.map(reading.idOf));
  const unknown = ids.filter((id) => !known.has(id));
  const [first] = unknown;
  if (first !== undefined) throw reading.notFound(first, unknown);
  return all.filter((row) => ids.includes(reading.idOf(row) ?? ''));
}

function inReservations(rows: readonly ReservedInstance[]): ec2.Reservation[] {
  const reservations = [...new Set(rows.map((row) => row.reservation))];
  return reservations.map((reservation) => ({
    ...reservation,
    Instances: rows.filter((row) => row.reservation === reservation).map((row) => row.instance),
  }));
}

function keysOf(tags: readonly ec2.Tag[] | undefined): readonly (string | undefined)[] {
  return (tags ?? []).map((tag) => tag.Key);
}

function interfaceGroups(instance: ec2.Instance): readonly ec2.GroupIdentifier[] {
  return (instance.NetworkInterfaces ?? []).flatMap((networkInterface) => networkInterface.Groups ?? []);
}

/**
 * A snapshot's rules are what was recorded; a living account's follow from its groups.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_SecurityGroupRule.html
 */
export function rulesIn(account: Account): readonly ec2.SecurityGroupRule[] {
  const recorded = recordedRows(account, 'securityGroupRules');
  if (account.isSnapshot) return recorded;
  return recordedRows(account, 'securityGroups')
    .flatMap(rulesOf)
    .map((rule) => knownRule(account, rule));
}
