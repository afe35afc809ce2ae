import type * as ec2 from '@aws-sdk/client-ec2';
import type { PlannedCall } from '../domain/action.ts';
import { canonicalCidr, familyOf, isCidr } from '../domain/address-space.ts';
import { named } from '../domain/characters.ts';
import { LAST_PORT, portsText, type Range } from './ports.ts';

/** Every protocol, in EC2's words. */
export const ALL_PROTOCOLS = '-1';

/** One source that is let in to one range of ports of one protocol. */
export interface Opening {
  readonly protocol: string;
  /** Of all protocols, and of those without ports, what EC2 has in their place. */
  readonly range: Range;
  /** A CIDR, a prefix list's id or a security group's id. */
  readonly source: string;
}

/** Protocol and ports in one form: tcp and udp without ports are open on all. */
export function openingOf(
  {
    IpProtocol = ALL_PROTOCOLS,
    FromPort = -1,
    ToPort = -1,
  }: Pick<ec2.IpPermission, 'IpProtocol' | 'FromPort' | 'ToPort'>,
  source: string,
): Opening {
  const numbers: Readonly<Record<string, string>> = { '6': 'tcp', '17': 'udp', '1': 'icmp', '58': 'icmpv6' };
  const name = IpProtocol.toLowerCase();
  const protocol = numbers[name] ?? name;
  const hasPorts = protocol === 'tcp' || protocol === 'udp';
  const isAll = FromPort === -1 || ToPort === -1;
  const own = { from: FromPort, to: ToPort };
  const ofPorts = isAll ? { from: 0, to: LAST_PORT } : own;
  const range = protocol === ALL_PROTOCOLS ? { from: -1, to: -1 } : own;
  return { protocol, range: hasPorts ? ofPorts : range, source: isCidr(source) ? canonicalCidr(source) : source };
}

/** Every opening of a group's ingress. */
export function openingsOf({ IpPermissions = [] }: ec2.SecurityGroup): readonly Opening[] {
  return IpPermissions.flatMap((permission) => {
    const sources = [
      ...(permission.IpRanges ?? []).map(({ CidrIp }) => CidrIp),
      ...(permission.Ipv6Ranges ?? []).map(({ CidrIpv6 }) => CidrIpv6),
      ...(permission.PrefixListIds ?? []).map(({ PrefixListId }) => PrefixListId),
      ...(permission.UserIdGroupPairs ?? []).map(({ GroupId }) => GroupId),
    ];
    return sources.flatMap((source) => (source === undefined ? [] : [openingOf(permission, source)]));
  });
}

/** What a rule opens, in the same form; undefined for a rule that names no source. */
export function openingOfRule(rule: ec2.SecurityGroupRule): Opening | undefined {
  const source = rule.CidrIpv4 ?? rule.CidrIpv6 ?? rule.PrefixListId ?? rule.ReferencedGroupInfo?.GroupId;
  return source === undefined ? undefined : openingOf(rule, source);
}

/** The same for two openings that are one to EC2. */
export function keyOf({ protocol, range, source }: Opening): string {
  return `${protocol} ${range.from} ${range.to} ${source}`;
}

/** `tcp/22 from 0.0.0.0/0`. */
export function openingText({ protocol, range, source }: Opening): string {
  return `${protocol === ALL_PROTOCOLS ? 'all protocols' : portsText(protocol, range)} from ${named(source)}`;
}

/** An opening that is to come, with what is told of it and, for a group, whose it is. */
export interface Added extends Opening {
  readonly description?: string | undefined;
  readonly group?: ec2.ReferencedSecurityGroup | undefined;
}

/** An opening as a request has it. @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html */
export function permissionOf({ protocol, range, source, description, group }: Added): ec2.IpPermission {
  const ports = protocol === ALL_PROTOCOLS ? {} : { FromPort: range.from, ToPort: range.to };
  const told = description === undefined ? {} : { Description: description };
  return { IpProtocol: protocol, ...ports, ...sourceOf(source, told, group) };
}

function sourceOf(
  source: string,
  told: { readonly Description?: string },
  group: ec2.ReferencedSecurityGroup | undefined,
): ec2.IpPermission {
  if (isCidr(source)) {
    return familyOf(source) === 'ipv6'
      ? { Ipv6Ranges: [{ CidrIpv6: source, ...told }] }
      : { IpRanges: [{ CidrIp: source, ...told }] };
  }
  if (source.startsWith('pl-')) return { PrefixListIds: [{ PrefixListId: source, ...told }] };
  const { UserId, VpcPeeringConnectionId } = group ?? {};
  const whose = {
    ...(UserId === undefined ? {} : { UserId }),
    ...(VpcPeeringConnectionId === undefined ? {} : { VpcPeeringConnectionId }),
  };
  return { UserIdGroupPairs: [{ GroupId: source, ...whose, ...told }] };
}

/** Lets openings in, all or none. */
export function authorised(
  GroupId: string,
  openings: readonly Added[],
  tags: readonly ec2.Tag[] = [],
): PlannedCall<'ec2:AuthorizeSecurityGroupIngress'> {
  const TagSpecifications = [{ ResourceType: 'security-group-rule' as const, Tags: [...tags] }];
  return {
    operation: 'ec2:AuthorizeSecurityGroupIngress',
    input: { GroupId, IpPermissions: openings.map(permissionOf), ...(tags.length === 0 ? {} : { TagSpecifications }) },
  };
}

/** What a rule let in, let in once more: with its description and its tags, but for those that only AWS sets. */
export function restored(
  GroupId: string,
  rules: readonly ec2.SecurityGroupRule[],
): readonly PlannedCall<'ec2:AuthorizeSecurityGroupIngress'>[] {
  const byTags = new Map<string, { readonly tags: readonly ec2.Tag[]; readonly openings: Added[] }>();
  for (const rule of rules) {
    const opening = openingOfRule(rule);
    if (opening === undefined) continue;
    const tags = (rule.Tags ?? []).filter(({ Key = '' }) => !Key.toLowerCase().startsWith('aws:'));
    const key = JSON.stringify(tags.map(({ Key, Value }) => [Key, Value]));
    const same = byTags.get(key) ?? { tags, openings: [] };
    same.openings.push({ ...opening, description: rule.Description, group: rule.ReferencedGroupInfo });
    byTags.set(key, same);
  }
  return [...byTags.values()].map(({ tags, openings }) => authorised(GroupId, openings, tags));
}
