import type * as ec2 from '@aws-sdk/client-ec2';
import { digest } from './account.ts';
import { awsError } from './errors.ts';

/** EC2 shows a rule for each source of each permission; so does this, with an id that stays as long as the source does. */
export function rulesOf(group: ec2.SecurityGroup): readonly ec2.SecurityGroupRule[] {
  const ingress = (group.IpPermissions ?? []).flatMap(singles).map((single) => ruleOf(group, single, false));
  const egress = (group.IpPermissionsEgress ?? []).flatMap(singles).map((single) => ruleOf(group, single, true));
  return [...ingress, ...egress];
}

/**
 * Permissions with those of another added, merged by protocol and ports as EC2 does.
 * @throws InvalidPermission.Duplicate when a source is already there.
 */
export function withPermission(
  permissions: readonly ec2.IpPermission[],
  added: ec2.IpPermission,
): readonly ec2.IpPermission[] {
  const before = permissions.flatMap(singles);
  const present = new Set(before.map(identityOf));
  const twice = singles(added).find((single) => present.has(identityOf(single)));
  if (twice !== undefined) {
    throw awsError(
      'InvalidPermission.Duplicate',
      `the specified rule "peer: ${sourceOf(twice)}, ${wordsOf(twice)}, ALLOW" already exists`,
    );
  }
  return merged([...before, ...singles(added)]);
}

/** Permissions without those that rules let through. */
export function withoutRules(
  group: ec2.SecurityGroup,
  permissions: readonly ec2.IpPermission[],
  rules: readonly ec2.SecurityGroupRule[],
): readonly ec2.IpPermission[] {
  const gone = new Set(rules.map(contentOf));
  const kept = permissions.flatMap(singles).filter((single) => !gone.has(contentOf(ruleOf(group, single, false))));
  return merged(kept);
}

/** What is asked for and is not there, in the form in which EC2 says so. */
export function unknownAmong(
  permissions: readonly ec2.IpPermission[],
  asked: readonly ec2.IpPermission[],
): readonly ec2.IpPermission[] {
  const present = new Set(permissions.flatMap(singles).map(identityOf));
  return merged(asked.flatMap(singles).filter((single) => !present.has(identityOf(single))));
}

/** Whether permissions name a source for the same ports twice. */
export function hasTwice(permissions: readonly ec2.IpPermission[]): boolean {
  const identities = permissions.flatMap(singles).map(identityOf);
  return new Set(identities).size < identities.length;
}

/** A rule as the answer to its revocation has it. */
export function revokedOf(rule: ec2.SecurityGroupRule): ec2.RevokedSecurityGroupRule {
  const { GroupOwnerId: _owner, ReferencedGroupInfo: referenced, Tags: _tags, ...rest } = rule;
  return { ...rest, ...(referenced === undefined ? {} : { ReferencedGroupId: referenced.GroupId }) };
}

/** The same permission once for each of its sources. */
function singles(permission: ec2.IpPermission): readonly ec2.IpPermission[] {
  const { IpRanges, Ipv6Ranges, PrefixListIds, UserIdGroupPairs, ...ports } = permission;
  const none = { IpRanges: [], Ipv6Ranges: [], PrefixListIds: [], UserIdGroupPairs: [] };
  return [
    ...(IpRanges ?? []).map((range) => ({ ...ports, ...none, IpRanges: [range] })),
    ...(Ipv6Ranges ?? []).map((range) => ({ ...ports, ...none, Ipv6Ranges: [range] })),
    ...(PrefixListIds ?? []).map((list) => ({ ...ports, ...none, PrefixListIds: [list] })),
    ...(UserIdGroupPairs ?? []).map((pair) => ({ ...ports, ...none, UserIdGroupPairs: [pair] })),
  ];
}

function merged(all: readonly ec2.IpPermission[]): readonly ec2.IpPermission[] {
  const ports = [...new Set(all.map(portsOf))];
  const groups = ports.map((one) => all.filter((single) => portsOf(single) === one));
  return groups.map((same) => ({
    ...same[0],
    IpRanges: same.flatMap((one) => one.IpRanges ?? []),
    Ipv6Ranges: same.flatMap((one) => one.Ipv6Ranges ?? []),
    PrefixListIds: same.flatMap((one) => one.PrefixListIds ?? []),
    UserIdGroupPairs: same.flatMap((one) => one.UserIdGroupPairs ?? []),
  }));
}

function portsOf({ IpProtocol, FromPort, ToPort }: ec2.IpPermission): string {
  return `${IpProtocol} ${FromPort ?? -1} ${ToPort ?? -1}`;
}

function wordsOf({ IpProtocol, FromPort, ToPort }: ec2.IpPermission): string {
  if (IpProtocol === '-1') return 'ALL';
  return `${IpProtocol?.toUpperCase()}, from port: ${FromPort}, to port: ${ToPort}`;
}

function sourceOf(single: ec2.IpPermission): string {
  const { IpRanges, Ipv6Ranges, PrefixListIds, UserIdGroupPairs } = single;
  const sources = [
    IpRanges?.[0]?.CidrIp,
    Ipv6Ranges?.[0]?.CidrIpv6,
    PrefixListIds?.[0]?.PrefixListId,
    UserIdGroupPairs?.[0]?.GroupId,
  ];
  return sources.find((source) => source !== undefined) ?? '';
}

function identityOf(single: ec2.IpPermission): string {
  return `${portsOf(single)} ${sourceOf(single)}`;
}

function ruleOf(group: ec2.SecurityGroup, single: ec2.IpPermission, isEgress: boolean): ec2.SecurityGroupRule {
  const [ipv4, ipv6] = [single.IpRanges?.[0], single.Ipv6Ranges?.[0]];
  const [list, pair] = [single.PrefixListIds?.[0], single.UserIdGroupPairs?.[0]];
  const description = (ipv4 ?? ipv6 ?? list ?? pair)?.Description;
  const id = digest(`${group.GroupId} ${isEgress} ${identityOf(single)}`).slice(0, 16);
  return {
    SecurityGroupRuleId: `sgr-0${id}`,
    GroupId: group.GroupId,
    GroupOwnerId: group.OwnerId,
    IsEgress: isEgress,
    IpProtocol: single.IpProtocol,
    FromPort: single.FromPort ?? -1,
    ToPort: single.ToPort ?? -1,
    ...(ipv4 === undefined ? {} : { CidrIpv4: ipv4.CidrIp }),
    ...(ipv6 === undefined ? {} : { CidrIpv6: ipv6.CidrIpv6 }),
    ...(list === undefined ? {} : { PrefixListId: list.PrefixListId }),
    ...(pair === undefined ? {} : { ReferencedGroupInfo: { GroupId: pair.GroupId, UserId: pair.UserId } }),
    ...(description === undefined ? {} : { Description: description }),
    Tags: [],
  };
}

/** Whether two rules let the same source through to the same ports of the same group. */
export function isSameRule(a: ec2.SecurityGroupRule, b: ec2.SecurityGroupRule): boolean {
  return contentOf(a) === contentOf(b);
}

function contentOf(rule: ec2.SecurityGroupRule): string {
  const source = rule.CidrIpv4 ?? rule.CidrIpv6 ?? rule.PrefixListId ?? rule.ReferencedGroupInfo?.GroupId;
  const ports = `${rule.IpProtocol} ${rule.FromPort ?? -1} ${rule.ToPort ?? -1}`;
  return `${rule.GroupId} ${rule.IsEgress ?? false} ${ports} ${source}`;
}
