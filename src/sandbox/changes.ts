import type * as ec2 from '@aws-sdk/client-ec2';
import { canonicalCidr, familyOf, isCidr } from '../domain/address-space.ts';
import { volumeIds } from '../domain/instance.ts';
import type { Input, Output } from '../domain/operations.ts';
import { type Account, recordedRows } from './account.ts';
import { attributeOf, checkForm, rulesIn } from './ec2.ts';
import { awsError, heedOnly, notThere } from './errors.ts';
import { hasTwice, revokedOf, rulesOf, unknownAmong } from './security-groups.ts';
import {
  addedIngress,
  groupBy,
  instanceBy,
  interfaceBy,
  mergedTags,
  removedIngress,
  rulesFor,
  setRunning,
  setStopped,
  setTerminated,
  stateOf,
  taggedBy,
  volumeBy,
  withoutTags,
} from './state.ts';

/** @see https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html#vpc-limits-security-groups */
const MAX_RULES = 60;
const MAX_GROUPS_OF_INTERFACE = 5;

/** @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions */
const MAX_TAGS = 50;
const MAX_KEY_LENGTH = 128;
const MAX_VALUE_LENGTH = 256;

/** @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_SnapshotInfo.html */
const MAX_DESCRIPTION_LENGTH = 255;

/** How many resources one call tags. */
const MAX_TAGGED = 1000;

/**
 * Takes ingress rules out of a group, by their ids or by what they let through: all of them, or with an error none. In the
 * default VPC, what is not let through is no error: the answer names it.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RevokeSecurityGroupIngress.html
 */
export function revokeSecurityGroupIngress(
  input: Input<'ec2:RevokeSecurityGroupIngress'>,
  account: Account,
): Output<'ec2:RevokeSecurityGroupIngress'> {
  heedOnly(input, ['GroupId', 'SecurityGroupRuleIds', 'IpPermissions']);
  const { SecurityGroupRuleIds: ids = [], IpPermissions: asked = [] } = input;
  const group = groupNamed(account, input.GroupId);
  if (ids.length > 0 && asked.length > 0) {
    throw combination('The parameter securityGroupRuleIds cannot be used with the parameter ipPermissions');
  }
  if (ids.length > 0) {
    const revoked = ids.map((id) => ingressRuleBy(account, group, id));
    removedIngress(account, group, revoked).apply();
    return { Return: true, RevokedSecurityGroupRules: revoked.map(revokedOf) };
  }
  const permissions = asAsked(account, asked);
  const unknown = unknownAmong(group.IpPermissions ?? [], permissions);
  const isDefaultVpc = group.VpcId !== undefined && group.VpcId === account.defaultVpcId;
  if (unknown.length > 0 && !isDefaultVpc) throw notThere.permission();
  const revoked = rulesFor(account, group, permissions);
  removedIngress(account, group, revoked).apply();
  return {
    Return: true,
    RevokedSecurityGroupRules: revoked.map(revokedOf),
    ...(unknown.length === 0 ? {} : { UnknownIpPermissions: [...unknown] }),
  };
}

/**
 * Lets sources through into a group: all of them, or with an error none.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AuthorizeSecurityGroupIngress.html
 */
export function authorizeSecurityGroupIngress(
  input: Input<'ec2:AuthorizeSecurityGroupIngress'>,
  account: Account,
): Output<'ec2:AuthorizeSecurityGroupIngress'> {
  heedOnly(input, ['GroupId', 'IpPermissions', 'TagSpecifications']);
  const group = groupNamed(account, input.GroupId);
  const permissions = asAsked(account, input.IpPermissions ?? []);
  if (hasTwice(permissions)) {
    throw awsError('InvalidParameterValue', 'The same permission must not appear multiple times');
  }
  const tags = tagsFor('security-group-rule', input.TagSpecifications);
  const change = addedIngress(account, group, permissions, tags);
  const { IpPermissions } = group;
  const rules = rulesOf({ IpPermissions: [...(IpPermissions ?? []), ...permissions] });
  for (const family of ['ipv4', 'ipv6'] as const) {
    const count = rules.reduce((sum, rule) => sum + weightOf(account, rule, family), 0);
    if (count > MAX_RULES) {
      throw awsError(
        'RulesPerSecurityGroupLimitExceeded',
        'The maximum number of rules per security group has been reached.',
      );
    }
  }
  change.apply();
  return { Return: true, SecurityGroupRules: [...change.rules] };
}

/** A rule of another group, or of egress, is none that this group could lose. AWS documents no error of its own for it. */
function ingressRuleBy(account: Account, group: ec2.SecurityGroup, id: string): ec2.SecurityGroupRule {
  const rule = rulesIn(account).find((one) => one.SecurityGroupRuleId === id);
  if (rule === undefined || rule.IsEgress === true || rule.GroupId !== group.GroupId) {
    throw notThere.rule(id);
  }
  return rule;
}

/** By id alone: names are for the default VPC. */
function groupNamed(account: Account, id: string | undefined): ec2.SecurityGroup {
  if (id === undefined) throw missing('groupName or groupId');
  return groupBy(account, id);
}

/** Permissions as EC2 keeps them: blocks in their canonical form, groups with their owner. */
function asAsked(account: Account, permissions: readonly ec2.IpPermission[]): readonly ec2.IpPermission[] {
  if (permissions.length === 0) throw missing('ipPermissions');
  return permissions.map((permission) => {
    const { IpProtocol, FromPort, ToPort, IpRanges, Ipv6Ranges, PrefixListIds, UserIdGroupPairs } = permission;
    if (IpProtocol === undefined) throw missing('ipProtocol');
    if (/^(?:tcp|udp|6|17)$/.test(IpProtocol) && (FromPort === undefined || ToPort === undefined)) {
      throw awsError(
        'InvalidParameterValue',
        'Invalid value for portRange. Must specify both from and to ports with TCP/UDP.',
      );
    }
    for (const { PrefixListId = '' } of PrefixListIds ?? []) checkPrefixList(account, PrefixListId);
    return {
      ...permission,
      IpRanges: (IpRanges ?? []).map((one) => ({ ...one, CidrIp: canonical(one.CidrIp, 'ipv4') })),
      Ipv6Ranges: (Ipv6Ranges ?? []).map((one) => ({ ...one, CidrIpv6: canonical(one.CidrIpv6, 'ipv6') })),
      UserIdGroupPairs: (UserIdGroupPairs ?? []).map((pair) => withOwner(account, pair)),
    };
  });
}

function canonical(cidr: string | undefined, family: 'ipv4' | 'ipv6'): string {
  if (cidr === undefined || !isCidr(cidr) || familyOf(cidr) !== family) {
    throw awsError('InvalidParameterValue', `CIDR block ${cidr} is malformed`);
  }
  return canonicalCidr(cidr);
}

function checkPrefixList(account: Account, id: string): void {
  if (account.isSnapshot || account.prefixLists.has(id)) return;
  throw notThere.prefixList(id);
}

/** Of another account's groups nothing is known here. */
function withOwner(account: Account, pair: ec2.UserIdGroupPair): ec2.UserIdGroupPair {
  const { accountId } = account.scope;
  const UserId = pair.UserId ?? accountId;
  if (UserId === accountId) groupBy(account, pair.GroupId ?? '');
  return { ...pair, UserId };
}

/** A group counts in both families, and a prefix list in both with its entries. */
function weightOf(account: Account, rule: ec2.SecurityGroupRule, family: 'ipv4' | 'ipv6'): number {
  if (rule.CidrIpv4 !== undefined) return family === 'ipv4' ? 1 : 0;
  if (rule.CidrIpv6 !== undefined) return family === 'ipv6' ? 1 : 0;
  return account.prefixLists.get(rule.PrefixListId ?? '')?.length ?? 1;
}

function tagsFor(type: ec2.ResourceType, specifications: readonly ec2.TagSpecification[] = []): readonly ec2.Tag[] {
  const other = specifications.find((one) => one.ResourceType !== type);
  if (other !== undefined) {
    throw awsError(
      'InvalidParameterValue',
      `'${other.ResourceType}' is not a valid taggable resource type for this operation.`,
    );
  }
  const tags = specifications.flatMap((one) => one.Tags ?? []);
  checkTags(tags);
  return tags;
}

/**
 * Stops instances: all of them, or with an error none. One that is stopped stays so.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StopInstances.html
 */
export function stopInstances(input: Input<'ec2:StopInstances'>, account: Account): Output<'ec2:StopInstances'> {
  heedOnly(input, ['InstanceIds', 'Hibernate', 'Force']);
  const instances = instancesNamed(account, input.InstanceIds);
  for (const instance of instances) checkStop(account, instance, input.Hibernate ?? false);
  const StoppingInstances = instances.map((instance) =>
    moved(account, instance, ['running'], 'stopping', () => setStopped(instance)),
  );
  return { StoppingInstances };
}

/**
 * Starts instances: all of them, or with an error none. One that runs stays as it is.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StartInstances.html
 */
export function startInstances(input: Input<'ec2:StartInstances'>, account: Account): Output<'ec2:StartInstances'> {
  heedOnly(input, ['InstanceIds']);
  const instances = instancesNamed(account, input.InstanceIds);
  for (const { InstanceId, RootDeviceType, State } of instances) {
    if (RootDeviceType === 'instance-store') {
      throw unsupported(`The instance '${InstanceId}' does not have an 'ebs' root device type and cannot be started.`);
    }
    if (['stopping', 'shutting-down', 'terminated'].includes(State?.Name ?? '')) {
      throw incorrectState(`The instance '${InstanceId}' is not in a state from which it can be started.`);
    }
  }
  const StartingInstances = instances.map((instance) =>
    moved(account, instance, ['stopped'], 'pending', () => setRunning(instance, account)),
  );
  return { StartingInstances };
}

/**
 * Terminates instances. One that is protected keeps those beside it in its Availability Zone, and the call fails; those in
 * other zones are terminated all the same.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_TerminateInstances.html
 */
export function terminateInstances(
  input: Input<'ec2:TerminateInstances'>,
  account: Account,
): Output<'ec2:TerminateInstances'> {
  heedOnly(input, ['InstanceIds']);
  const instances = instancesNamed(account, input.InstanceIds);
  const kept = instances.filter((instance) => protectionOf(account, instance) !== undefined);
  const zones = new Set(kept.map((instance) => instance.Placement?.AvailabilityZone));
  const free = instances.filter((instance) => !zones.has(instance.Placement?.AvailabilityZone));
  const TerminatingInstances = free.map((instance) =>
    moved(account, instance, ['pending', 'running', 'stopping', 'stopped'], 'shutting-down', () =>
      setTerminated(instance, account),
    ),
  );
  const [first] = kept;
  if (first !== undefined) throw isProtected(first, 'terminated', protectionOf(account, first) ?? '');
  return { TerminatingInstances };
}

/** Stop protection protects from termination, too. @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-stop-protection.html */
function protectionOf(account: Account, { InstanceId = '', State }: ec2.Instance): string | undefined {
  if (State?.Name === 'terminated' || State?.Name === 'shutting-down') return undefined;
  return (['disableApiTermination', 'disableApiStop'] as const).find((one) => attributeOf(account, InstanceId, one));
}

function checkStop(account: Account, instance: ec2.Instance, hibernate: boolean): void {
  const { InstanceId = '', RootDeviceType, State, HibernationOptions } = instance;
  if (RootDeviceType === 'instance-store') {
    throw unsupported(`The instance '${InstanceId}' does not have an 'ebs' root device type and cannot be stopped.`);
  }
  if (State?.Name === 'pending') {
    throw incorrectState(`Instance '${InstanceId}' cannot be stopped as it has never reached the 'running' state.`);
  }
  if (State?.Name === 'shutting-down' || State?.Name === 'terminated') {
    throw incorrectState(`This instance '${InstanceId}' is not in a state from which it can be stopped.`);
  }
  if (isOneTimeSpot(account, instance)) {
    throw unsupported(
      `You can't stop the Spot Instance '${InstanceId}' because it is associated with a one-time Spot Instance request. You can only stop Spot Instances associated with persistent Spot Instance requests.`,
    );
  }
  if (attributeOf(account, InstanceId, 'disableApiStop')) throw isProtected(instance, 'stopped', 'disableApiStop');
  if (hibernate && HibernationOptions?.Configured !== true) {
    throw awsError(
      'UnsupportedHibernationConfiguration',
      `The instance can't be hibernated because it was not configured at launch for hibernation: ${InstanceId}`,
    );
  }
}

/** A request is one-time unless it says otherwise. @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RequestSpotInstances.html */
function isOneTimeSpot(account: Account, instance: ec2.Instance): boolean {
  if (instance.InstanceLifecycle !== 'spot') return false;
  const requests = recordedRows(account, 'spotInstanceRequests');
  const request = requests.find((one) => one.SpotInstanceRequestId === instance.SpotInstanceRequestId);
  return request?.Type !== 'persistent';
}

/** Moves an instance on from one of some states; in any other it stays. What interrupts the way there ends it. */
function moved(
  account: Account,
  instance: ec2.Instance,
  from: readonly ec2.InstanceStateName[],
  passing: ec2.InstanceStateName,
  arrive: () => void,
): ec2.InstanceStateChange {
  const { InstanceId, State: PreviousState } = instance;
  const before = PreviousState?.Name;
  if (before === undefined || !from.includes(before)) return { InstanceId, PreviousState, CurrentState: PreviousState };
  const CurrentState = stateOf(passing);
  instance.State = CurrentState;
  account.after(account.transitionMs, () => {
    if (instance.State === CurrentState) arrive();
  });
  return { InstanceId, PreviousState, CurrentState };
}

/** Each once, however often it is named. */
function instancesNamed(account: Account, ids: readonly string[] | undefined): readonly ec2.Instance[] {
  if (ids === undefined || ids.length === 0) throw combination('No instances specified');
  checkForm(ids);
  return [...new Set(ids)].map((id) => instanceBy(account, id));
}

/**
 * Protects an instance from being stopped or terminated, or no more.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyInstanceAttribute.html
 */
export function modifyInstanceAttribute(
  input: Input<'ec2:ModifyInstanceAttribute'>,
  account: Account,
): Output<'ec2:ModifyInstanceAttribute'> {
  heedOnly(input, ['InstanceId', 'DisableApiStop', 'DisableApiTermination']);
  const { InstanceId = '', DisableApiStop, DisableApiTermination } = input;
  const [instance] = instancesNamed(account, [InstanceId]) as [ec2.Instance];
  if (DisableApiStop !== undefined && DisableApiTermination !== undefined) {
    throw combination('Fields for multiple attribute types specified: disableApiStop, disableApiTermination');
  }
  const value = (DisableApiStop ?? DisableApiTermination)?.Value;
  if (value === undefined) throw combination('No attributes specified.');
  if (value && instance.InstanceLifecycle === 'spot') {
    throw unsupported('Protection is not supported for Spot Instances.');
  }
  if (DisableApiStop?.Value === true && instance.RootDeviceType === 'instance-store') {
    throw unsupported('Stop protection is not supported for instance store-backed instances.');
  }
  account.instanceAttributes.set(InstanceId, {
    ...account.instanceAttributes.get(InstanceId),
    ...(DisableApiStop === undefined ? { disableApiTermination: value } : { disableApiStop: value }),
  });
  return {};
}

/**
 * Puts an interface into other groups: into these, and out of all others.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyNetworkInterfaceAttribute.html
 */
export function modifyNetworkInterfaceAttribute(
  input: Input<'ec2:ModifyNetworkInterfaceAttribute'>,
  account: Account,
): Output<'ec2:ModifyNetworkInterfaceAttribute'> {
  heedOnly(input, ['NetworkInterfaceId', 'Groups']);
  const { NetworkInterfaceId, Groups = [] } = input;
  if (NetworkInterfaceId === undefined) throw missing('networkInterfaceId');
  const networkInterface = interfaceBy(account, NetworkInterfaceId);
  // An empty list is not sent: EC2 sees a call that asks for nothing.
  if (Groups.length === 0) throw combination('No attributes specified.');
  if (networkInterface.RequesterManaged === true) {
    throw awsError('AuthFailure', 'You do not have permission to access the specified resource.');
  }
  const groups = [...new Set(Groups)].map((id) => groupBy(account, id));
  const elsewhere = groups.find((group) => isElsewhere(group, networkInterface));
  if (elsewhere !== undefined) {
    throw awsError('InvalidParameter', 'You have specified two resources that belong to different networks.');
  }
  if (groups.length > MAX_GROUPS_OF_INTERFACE) {
    throw awsError(
      'SecurityGroupsPerInterfaceLimitExceeded',
      'The maximum number of security groups per interface has been reached.',
    );
  }
  setGroups(
    account,
    networkInterface,
    groups.map(({ GroupId, GroupName }) => ({ GroupId, GroupName })),
  );
  return {};
}

function isElsewhere(group: ec2.SecurityGroup, { VpcId }: ec2.NetworkInterface): boolean {
  return group.VpcId !== undefined && VpcId !== undefined && group.VpcId !== VpcId;
}

/** An instance has the groups of its primary interface. */
function setGroups(account: Account, networkInterface: ec2.NetworkInterface, groups: ec2.GroupIdentifier[]): void {
  const { NetworkInterfaceId, Attachment } = networkInterface;
  networkInterface.Groups = groups;
  if (Attachment?.InstanceId === undefined) return;
  const instance = instanceBy(account, Attachment.InstanceId);
  const shown = instance.NetworkInterfaces?.find((one) => one.NetworkInterfaceId === NetworkInterfaceId);
  if (shown !== undefined) shown.Groups = groups;
  if ((shown?.Attachment ?? Attachment).DeviceIndex === 0) instance.SecurityGroups = groups;
}

/**
 * Begins a snapshot of each EBS volume of an instance. EC2 makes them in the background; nothing here reads them.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSnapshots.html
 */
export function createSnapshots(input: Input<'ec2:CreateSnapshots'>, account: Account): Output<'ec2:CreateSnapshots'> {
  heedOnly(input, ['InstanceSpecification', 'Description', 'TagSpecifications']);
  const { InstanceSpecification, Description = '', TagSpecifications } = input;
  if (InstanceSpecification?.InstanceId === undefined) throw missing('InstanceSpecification');
  heedOnly(InstanceSpecification, ['InstanceId']);
  const { InstanceId } = InstanceSpecification;
  const [instance] = instancesNamed(account, [InstanceId]) as [ec2.Instance];
  const Tags = [...tagsFor('snapshot', TagSpecifications)];
  if (Description.length > MAX_DESCRIPTION_LENGTH) {
    throw awsError('InvalidParameterValue', `Description exceeds ${MAX_DESCRIPTION_LENGTH} characters`);
  }
  const volumes = volumeIds(instance).map((id) => volumeBy(account, id));
  if (volumes.length === 0) throw unsupported(`The instance '${InstanceId}' has no EBS volume.`);
  const Snapshots = volumes.map(({ VolumeId, Encrypted = false, Size: VolumeSize }): ec2.SnapshotInfo => {
    const own = { SnapshotId: account.newId('snap'), VolumeId, VolumeSize, Encrypted };
    const begun = { State: 'pending', StartTime: account.now(), Progress: '' } as const;
    return { ...own, ...begun, OwnerId: account.scope.accountId, Description, Tags };
  });
  return { Snapshots };
}

/**
 * Sets tags of instances, volumes, interfaces and groups: of all of them, or with an error of none.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateTags.html
 */
export function createTags(input: Input<'ec2:CreateTags'>, account: Account): Output<'ec2:CreateTags'> {
  heedOnly(input, ['Resources', 'Tags']);
  const resources = resourcesNamed(account, input.Resources);
  const tags = (input.Tags ?? []).map(({ Key, Value = '' }) => ({ Key, Value }));
  if (tags.length === 0) throw missing('tagSet');
  checkTags(tags);
  const changes = resources.map((resource) => ({ resource, after: mergedTags(resource.get(), tags) }));
  if (changes.some(({ after }) => after.filter((tag) => !isReserved(tag)).length > MAX_TAGS)) {
    throw awsError('TagLimitExceeded', 'The maximum number of Tags has been reached.');
  }
  for (const { resource, after } of changes) resource.set(after);
  return {};
}

/**
 * Deletes tags, by key, or by key and value; all but AWS's own where none is named. What is not there needs no deletion.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteTags.html
 */
export function deleteTags(input: Input<'ec2:DeleteTags'>, account: Account): Output<'ec2:DeleteTags'> {
  heedOnly(input, ['Resources', 'Tags']);
  const resources = resourcesNamed(account, input.Resources);
  const named = input.Tags ?? [];
  checkTags(named);
  for (const resource of resources) {
    const tags = resource.get();
    resource.set(named.length === 0 ? tags.filter(isReserved) : withoutTags(tags, named));
  }
  return {};
}

function resourcesNamed(account: Account, ids: readonly string[] | undefined) {
  if (ids === undefined || ids.length === 0) throw missing('resourceIdSet');
  if (ids.length > MAX_TAGGED) {
    throw awsError('InvalidParameterValue', `The number of resources must not exceed ${MAX_TAGGED}`);
  }
  return ids.map((id) => taggedBy(account, id));
}

function checkTags(tags: readonly ec2.Tag[]): void {
  const keys = tags.map((tag) => tag.Key ?? '');
  const twice = keys.find((key, index) => keys.indexOf(key) !== index);
  if (twice !== undefined) throw awsError('InvalidParameterValue', `Duplicate tag key '${twice}' specified.`);
  for (const tag of tags) {
    const { Key = '', Value = '' } = tag;
    if (Key === '') throw awsError('InvalidParameterValue', 'Tag key cannot be null or empty.');
    if (isReserved(tag)) {
      throw awsError('InvalidParameterValue', `Tag keys starting with 'aws:' are reserved for internal use`);
    }
    if (Key.length > MAX_KEY_LENGTH) {
      throw awsError('InvalidParameterValue', `Tag key exceeds the maximum length of ${MAX_KEY_LENGTH} characters`);
    }
    if (Value.length > MAX_VALUE_LENGTH) {
      throw awsError('InvalidParameterValue', `Tag value exceeds the maximum length of ${MAX_VALUE_LENGTH} characters`);
    }
  }
}

/** AWS's own tags do not count, and nobody else sets or deletes them. */
function isReserved({ Key = '' }: ec2.Tag): boolean {
  return Key.toLowerCase().startsWith('aws:');
}

function isProtected({ InstanceId }: ec2.Instance, what: 'stopped' | 'terminated', attribute: string): Error {
  return awsError(
    'OperationNotPermitted',
    `The instance '${InstanceId}' may not be ${what}. Modify its '${attribute}' instance attribute and try again.`,
  );
}

function incorrectState(message: string): Error {
  return awsError('IncorrectInstanceState', message);
}

function unsupported(message: string): Error {
  return awsError('UnsupportedOperation', message);
}

function combination(message: string): Error {
  return awsError('InvalidParameterCombination', message);
}

function missing(parameter: string): Error {
  return awsError('MissingParameter', `The request must contain the parameter ${parameter}`);
}
