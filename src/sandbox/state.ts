import type * as ec2 from '@aws-sdk/client-ec2';
import { type Account, recordedRows } from './account.ts';
import { notThere } from './errors.ts';
import { isSameRule, rulesOf, withoutRules, withPermission } from './security-groups.ts';

/** What both people and the product's own calls change in an account, and how EC2 shows it then. */

/** How long a terminated instance is still shown, in milliseconds: an hour. */
export const TERMINATED_SHOWN_MS = 3_600_000;

const stateCodes = {
  pending: 0,
  running: 16,
  'shutting-down': 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
} as const satisfies Record<ec2.InstanceStateName, number>;

/**
 * A state with its code.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceState.html
 */
export function stateOf(name: ec2.InstanceStateName): ec2.InstanceState {
  return { Code: stateCodes[name], Name: name };
}

/**
 * A stopped instance gives its public address back.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/how-ec2-instance-stop-start-works.html
 */
export function setStopped(instance: ec2.Instance): void {
  instance.State = stateOf('stopped');
  instance.StateReason = {
    Code: 'Client.UserInitiatedShutdown',
    Message: 'Client.UserInitiatedShutdown: User initiated shutdown',
  };
  delete instance.PublicIpAddress;
}

/**
 * A started instance has another LaunchTime. One that can't be started is stopped again, and says why.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/how-ec2-instance-stop-start-works.html
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StateReason.html
 */
export function setRunning(instance: ec2.Instance, account: Account): void {
  const failure = account.startFailures.get(instance.InstanceId ?? '');
  instance.State = stateOf(failure === undefined ? 'running' : 'stopped');
  instance.LaunchTime = account.now();
  if (failure === undefined) delete instance.StateReason;
  else instance.StateReason = failure;
}

/**
 * A terminated instance has neither volumes, interfaces, groups nor addresses, and is shown for an hour.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/terminating-instances.html
 */
export function setTerminated(instance: ec2.Instance, account: Account): void {
  const { rows } = account;
  const isHeld = (attachment: ec2.VolumeAttachment) => attachment.InstanceId === instance.InstanceId;
  instance.State = stateOf('terminated');
  instance.BlockDeviceMappings = [];
  instance.NetworkInterfaces = [];
  instance.SecurityGroups = [];
  delete instance.PublicIpAddress;
  delete instance.VpcId;
  delete instance.SubnetId;
  rows.networkInterfaces = rows.networkInterfaces?.filter((row) => row.Attachment?.InstanceId !== instance.InstanceId);
  rows.volumes = rows.volumes?.filter((row) => !row.Attachments?.some((one) => isHeld(one) && one.DeleteOnTermination));
  for (const volume of rows.volumes ?? []) detach(volume, isHeld);
  account.after(TERMINATED_SHOWN_MS, () => forget(account, instance));
}

/**
 * Takes a volume off what holds it.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DetachVolume.html
 */
export function detach(volume: ec2.Volume, isHeld: (attachment: ec2.VolumeAttachment) => boolean): void {
  if (!volume.Attachments?.some(isHeld)) return;
  volume.Attachments = volume.Attachments.filter((attachment) => !isHeld(attachment));
  volume.State = volume.Attachments.length === 0 ? 'available' : 'in-use';
}

function forget(account: Account, instance: ec2.Instance): void {
  const { rows } = account;
  rows.reservations = rows.reservations
    ?.map((row) => ({ ...row, Instances: (row.Instances ?? []).filter((one) => one !== instance) }))
    .filter((row) => row.Instances.length > 0);
}

/** A rule that follows from a group's permissions, as it is known, with its id and tags. */
export function knownRule(account: Account, rule: ec2.SecurityGroupRule): ec2.SecurityGroupRule {
  return account.rows.securityGroupRules?.find((known) => isSameRule(known, rule)) ?? rule;
}

/**
 * The ingress rules of a group, of those that permissions name.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_SecurityGroupRule.html
 */
export function rulesFor(
  account: Account,
  group: ec2.SecurityGroup,
  permissions: readonly ec2.IpPermission[],
): readonly ec2.SecurityGroupRule[] {
  const { OwnerId, GroupId, IpPermissions } = group;
  const named = rulesOf({ OwnerId, GroupId, IpPermissions: [...permissions] });
  return rulesOf({ OwnerId, GroupId, IpPermissions })
    .filter((rule) => named.some((one) => isSameRule(one, rule)))
    .map((rule) => knownRule(account, rule));
}

/** A change that was found to be possible, and has not been made yet. */
export interface IngressChange {
  /** The rules that come or go, with their ids. */
  readonly rules: readonly ec2.SecurityGroupRule[];
  readonly apply: () => void;
}

/**
 * Lets sources through. A rule that was revoked and comes again has another id.
 * @throws InvalidPermission.Duplicate when one is let through already.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AuthorizeSecurityGroupIngress.html
 */
export function addedIngress(
  account: Account,
  group: ec2.SecurityGroup,
  added: readonly ec2.IpPermission[],
  tags: readonly ec2.Tag[] = [],
): IngressChange {
  const permissions = added.reduce(withPermission, group.IpPermissions ?? []);
  const { OwnerId, GroupId } = group;
  const derived = rulesOf({ OwnerId, GroupId, IpPermissions: [...added] });
  const rules = derived.map((rule) =>
    account.revokedRuleIds.has(rule.SecurityGroupRuleId ?? '')
      ? { ...rule, SecurityGroupRuleId: account.newId('sgr'), Tags: [...tags] }
      : { ...rule, Tags: [...tags] },
  );
  return {
    rules,
    apply() {
      group.IpPermissions = [...permissions];
      account.rows.securityGroupRules?.push(...rules);
    },
  };
}

/**
 * Lets what these rules let through, through no more.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RevokeSecurityGroupIngress.html
 */
export function removedIngress(
  account: Account,
  group: ec2.SecurityGroup,
  rules: readonly ec2.SecurityGroupRule[],
): IngressChange {
  return {
    rules,
    apply() {
      group.IpPermissions = [...withoutRules(group, group.IpPermissions ?? [], rules)];
      const kept = account.rows.securityGroupRules?.filter((row) => !rules.some((rule) => isSameRule(rule, row)));
      account.rows.securityGroupRules = kept;
      for (const rule of rules) account.revokedRuleIds.add(rule.SecurityGroupRuleId ?? '');
    },
  };
}

/** A resource's tags, as they are and to be set. */
export interface TagsOfResource {
  get(): readonly ec2.Tag[];
  set(tags: ec2.Tag[]): void;
}

/**
 * The tags of an instance, volume, interface or group. Interfaces alone call them `TagSet`.
 * @throws the error of the kind when there is none of that id.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NetworkInterface.html
 */
export function taggedBy(account: Account, resourceId: string): TagsOfResource {
  const resource = resourceBy(account, resourceId);
  const field = resourceId.startsWith('eni-') ? 'TagSet' : 'Tags';
  return {
    get: () => resource[field] ?? [],
    set(tags) {
      resource[field] = tags;
    },
  };
}

function resourceBy(account: Account, id: string): { Tags?: ec2.Tag[] | undefined; TagSet?: ec2.Tag[] | undefined } {
  if (id.startsWith('i-')) return instanceBy(account, id);
  if (id.startsWith('vol-')) return volumeBy(account, id);
  if (id.startsWith('eni-')) return interfaceBy(account, id);
  return groupBy(account, id);
}

/** Of two tags with the same key the later stands. */
export function mergedTags(first: readonly ec2.Tag[], later: readonly ec2.Tag[]): ec2.Tag[] {
  return [...new Map([...first, ...later].map((tag) => [tag.Key, tag])).values()];
}

/**
 * Tags without those that are named by key, or by key and value.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteTags.html
 */
export function withoutTags(tags: readonly ec2.Tag[], named: readonly ec2.Tag[]): ec2.Tag[] {
  const isNamed = (tag: ec2.Tag) =>
    named.some((one) => one.Key === tag.Key && (one.Value === undefined || one.Value === tag.Value));
  return tags.filter((tag) => !isNamed(tag));
}

/** @throws InvalidInstanceID.NotFound, as EC2 answers, too, while a launch is not visible yet. */
export function instanceBy(account: Account, id: string): ec2.Instance {
  const all = recordedRows(account, 'reservations').flatMap((reservation) => reservation.Instances ?? []);
  const instance = all.find((one) => one.InstanceId === id);
  if (instance === undefined) throw notThere.instance(id);
  return instance;
}

/** @throws InvalidVolume.NotFound when there is none. */
export function volumeBy(account: Account, id: string): ec2.Volume {
  const volume = recordedRows(account, 'volumes').find((one) => one.VolumeId === id);
  if (volume === undefined) throw notThere.volume(id);
  return volume;
}

/** @throws InvalidNetworkInterfaceID.NotFound when there is none. */
export function interfaceBy(account: Account, id: string): ec2.NetworkInterface {
  const networkInterface = recordedRows(account, 'networkInterfaces').find((one) => one.NetworkInterfaceId === id);
  if (networkInterface === undefined) throw notThere.networkInterface(id);
  return networkInterface;
}

/** @throws InvalidGroup.NotFound when there is none. */
export function groupBy(account: Account, id: string): ec2.SecurityGroup {
  const group = recordedRows(account, 'securityGroups').find((one) => one.GroupId === id);
  if (group === undefined) throw notThere.group(id);
  return group;
}
