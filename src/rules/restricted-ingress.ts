import type * as ec2 from '@aws-sdk/client-ec2';
import {
  canonicalCidr,
  type Exposure,
  exposureOf,
  exposures,
  type Family,
  families,
  familyOf,
  isCidr,
  outside,
  type PublicSpace,
  privatePart,
  publicExposure,
  publicSpaceOf,
  type Reach,
  reachOf,
  strongest,
  type Wide,
} from '../domain/address-space.ts';
import { quoted } from '../domain/characters.ts';
import {
  type Facts,
  type Missing,
  type PrefixList,
  type SecurityGroup,
  type Several,
  tagMap,
} from '../domain/facts.ts';
import { matchesAnyGlob } from '../domain/glob.ts';
import { distinct } from '../domain/instance.ts';
import { defineRule } from '../domain/rule.ts';
import { compliantWhateverIsMissing, insufficientData, notApplicable, violation } from '../domain/verdict.ts';

const LAST_PORT = 65_535;
/** How many offending sources a reason names for the same ports. The evidence has them all. */
const NAMED_SOURCES = 5;
/** How many port ranges a reason names. */
const NAMED_RANGES = 3;

/** A network protocol that has ports. */
type Protocol = 'tcp' | 'udp';

/** A range of ports, both ends included. */
interface Range {
  readonly from: number;
  readonly to: number;
}

/** An allowed source: a CIDR, a prefix list's id, a security group's id, or groups by their tags. */
type AllowedSource = string | { readonly group: { readonly tags: Readonly<Record<string, readonly string[]>> } };

interface Parameters {
  readonly ports: readonly number[] | { readonly except: readonly number[] };
  readonly protocols: readonly Protocol[];
  readonly allowedSources?: readonly AllowedSource[] | undefined;
  readonly alsoAllow: readonly ('private' | 'groups' | 'narrow')[];
  readonly wide: Wide;
}

/** One source of one permission. Ports are -1 where the permission is for all. */
type Permission = {
  readonly groupId: string;
  readonly ruleId?: string;
  readonly protocol: string;
  readonly fromPort: number;
  readonly toPort: number;
  /** A CIDR, a prefix list's id or a security group's id. */
  readonly source: string;
  readonly offends: boolean;
};

/** What reaches the ports asked about, whatever the outcome. */
type Evidence = {
  /** `unknown` where what could not be read might make it stronger. */
  readonly exposure: Exposure | 'unknown';
  /** Every source that reaches a port, sorted. */
  readonly permissions: readonly Permission[];
};

/** A source with what is known of it. */
interface Source {
  readonly permission: Permission;
  readonly kind: 'addresses' | 'group';
  /** Its addresses as CIDRs; none for a group. */
  readonly cidrs: readonly string[];
  /** Its addresses that are not in allowed space. All of them where no source is said to be allowed. */
  readonly excess: readonly string[];
  /** What its addresses amount to, and what those of the excess do. */
  readonly reach: Reach;
  readonly excessSpace: PublicSpace;
  /** Whether it is allowed by what it is, whatever its addresses. */
  readonly allowed: 'yes' | 'no' | 'unknown';
  /** What could not be read of it. */
  readonly missing: readonly Missing[];
}

export const restrictedIngress = defineRule({
  id: 'restricted-ingress',
  summary:
    'No source but the allowed ones reaches the ports, whatever security group, interface or address block lets it in.',
  why: 'A port such as SSH that the whole internet can reach is found within minutes and tried without end; one weak key or one flaw in the service is then enough.',
  fix: 'Revoke the ingress that offends, and let only the sources in that need it: `aws ec2 revoke-security-group-ingress --group-id <group> --security-group-rule-ids <rule>`',
  awsConfig: 'restricted-ssh',
  evidence: {
    about:
      'Whatever the outcome, every source that reaches a port asked about, sorted by group, protocol, ports and source.',
    fields: {
      exposure:
        'all sources taken together, the strongest of: `any` (all public addresses), `wide`, `narrow` (fewer public ones), `private`, `none` (by address); `unknown` where what could not be read might be stronger',
      'permissions[].groupId': 'the security group',
      'permissions[].ruleId': 'the security group rule, where its id could be read',
      'permissions[].protocol': '`tcp`, `udp` or `-1` for all',
      'permissions[].fromPort': "the permission's own first port; -1 where it is for all",
      'permissions[].toPort': "the permission's own last port, included; -1 where it is for all",
      'permissions[].source': "a CIDR, a prefix list's id or a security group's id",
      'permissions[].offends': 'whether it breaks the policy',
    },
  },
  parameters: (z) => {
    const port = z.int().min(0).max(LAST_PORT);
    return z.strictObject({
      ports: z
        .union([
          z.array(port).min(1),
          z.strictObject({ except: z.array(port).describe('All ports from 0 to 65535 but these.') }),
        ])
        .describe('The ports that are restricted: a list such as [22, 3389], or { except: [80, 443] } for all others.'),
      protocols: z
        .array(z.enum(['tcp', 'udp']))
        .min(1)
        .default(['tcp'])
        .describe('The protocols whose ports these are. A permission for all protocols counts for each.'),
      allowedSources: z
        .array(
          z.union([
            z.string().refine(isAllowedSource, {
              error:
                'is no source: write a CIDR such as 203.0.113.0/24, a prefix list pl-... or a security group sg-...',
            }),
            z.strictObject({
              group: z
                .strictObject({
                  tags: z
                    .record(z.string().min(1), z.array(z.string()).min(1))
                    .describe('Tag keys, each with globs of which one must match the value.'),
                })
                .describe('Security groups by their tags.'),
            }),
          ]),
        )
        .optional()
        .describe(
          'The only sources that may reach the ports: CIDRs, prefix lists (pl-...), security groups (sg-..., or { group: { tags: { Role: [bastion] } } }). An empty list allows none. Left out: every source but a public one that is wide.',
        ),
      alsoAllow: z
        .array(z.enum(['private', 'groups', 'narrow']))
        .default([])
        .describe(
          'Beside allowedSources: private (addresses in private space), groups (any security group), narrow (public addresses, as long as they are not wide together).',
        ),
      wide: z
        .strictObject({
          ipv4: z.int().min(1).max(32).default(16).describe('Prefix length for IPv4.'),
          ipv6: z.int().min(3).max(128).default(32).describe('Prefix length for IPv6.'),
        })
        .default({ ipv4: 16, ipv6: 32 })
        .describe(
          'Public sources are wide when together they have as many addresses as a block of this prefix length.',
        ),
    });
  },
  needs: ({ allowedSources }) => [
    'securityGroups',
    'prefixLists',
    ...(allowedSources?.some((source) => typeof source !== 'string') ? (['sourceGroups'] as const) : []),
  ],
  evaluate({ facts, parameters }) {
    const { securityGroups } = facts;
    if (securityGroups.found.length + securityGroups.missing.length === 0)
      return notApplicable('instance has no security group');
    const reaching = securityGroups.found
      .flatMap((group) => sourcesOf(group, facts, parameters))
      .filter(({ permission }) => parameters.protocols.some((one) => openPorts(permission, one, parameters).length > 0))
      .toSorted((a, b) => compare(a.permission, b.permission));
    const { exposure, offending } = assess(reaching, parameters);
    const unread = [...securityGroups.missing, ...reaching.flatMap(({ missing }) => missing)];
    const isSure = unread.length === 0 || exposure === 'any' || exposure === 'wide';
    const evidence: Evidence = {
      exposure: isSure ? exposure : 'unknown',
      permissions: reaching.map((source) => ({ ...source.permission, offends: offending.has(source) })),
    };
    if (offending.size > 0) {
      const offenders = reaching.filter((source) => offending.has(source));
      return violation(reasonOf(offenders, parameters), fixOf(offenders, parameters), evidence);
    }
    const missing = [
      ...securityGroups.missing,
      ...reaching.flatMap((source) => (source.allowed === 'yes' ? [] : source.missing)),
    ];
    return missing.length > 0 ? insufficientData(missing, evidence) : compliantWhateverIsMissing(evidence);
  },
  bound: {
    schema: (z) => z.strictObject({ exposure: z.enum(exposures).describe('The strongest exposure that is exempt.') }),
    within: (bound, evidence) => isAtMost(evidence.exposure, bound),
  },
  examples: [
    {
      title: 'SSH from the company network alone, the web from everywhere',
      parameters: { ports: [22] },
      given: {
        securityGroups: [
          {
            GroupId: 'sg-0123456789abcdef0',
            IpPermissions: [
              { IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: '203.0.113.0/24' }] },
              { IpProtocol: 'tcp', FromPort: 443, ToPort: 443, IpRanges: [{ CidrIp: '0.0.0.0/0' }] },
            ],
          },
        ],
      },
      expect: { compliance: 'COMPLIANT' },
    },
    {
      title: 'SSH from everywhere',
      parameters: { ports: [22] },
      given: {
        securityGroups: [
          {
            GroupId: 'sg-0123456789abcdef0',
            IpPermissions: [{ IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: '0.0.0.0/0' }] }],
          },
        ],
        securityGroupRules: [
          {
            SecurityGroupRuleId: 'sgr-0123456789abcdef0',
            GroupId: 'sg-0123456789abcdef0',
            IsEgress: false,
            IpProtocol: 'tcp',
            FromPort: 22,
            ToPort: 22,
            CidrIpv4: '0.0.0.0/0',
          },
        ],
      },
      expect: {
        compliance: 'NON_COMPLIANT',
        reason: 'SSH (tcp/22) is open to 0.0.0.0/0 by sg-0123456789abcdef0',
      },
    },
    {
      title: 'the internet in two halves, by two groups',
      parameters: { ports: [22] },
      given: {
        securityGroups: [
          {
            GroupId: 'sg-1',
            IpPermissions: [{ IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: '0.0.0.0/1' }] }],
          },
          {
            GroupId: 'sg-2',
            IpPermissions: [{ IpProtocol: '-1', IpRanges: [{ CidrIp: '128.0.0.0/1' }] }],
          },
        ],
      },
      expect: {
        compliance: 'NON_COMPLIANT',
        reason: 'SSH (tcp/22) is open to 0.0.0.0/1 by sg-1 and 128.0.0.0/1 by sg-2',
      },
    },
    {
      title: 'a source outside of the allowed ones',
      parameters: { ports: [22], allowedSources: ['203.0.113.0/24', { group: { tags: { Role: ['bastion'] } } }] },
      given: {
        securityGroups: [
          {
            GroupId: 'sg-1',
            IpPermissions: [
              {
                IpProtocol: 'tcp',
                FromPort: 22,
                ToPort: 22,
                IpRanges: [{ CidrIp: '203.0.113.7/32' }, { CidrIp: '198.51.100.0/24' }],
                UserIdGroupPairs: [{ GroupId: 'sg-2' }],
              },
            ],
          },
        ],
        sourceGroups: [{ GroupId: 'sg-2', Tags: [{ Key: 'Role', Value: 'bastion' }] }],
      },
      expect: {
        compliance: 'NON_COMPLIANT',
        reason: 'SSH (tcp/22) is open to 198.51.100.0/24 by sg-1, not an allowed source',
      },
    },
    {
      title: 'a prefix list that can not be read',
      parameters: { ports: [22] },
      given: {
        securityGroups: [
          {
            GroupId: 'sg-1',
            IpPermissions: [
              {
                IpProtocol: 'tcp',
                FromPort: 22,
                ToPort: 22,
                PrefixListIds: [{ PrefixListId: 'pl-0123456789abcdef0' }],
              },
            ],
          },
        ],
      },
      expect: { compliance: 'INSUFFICIENT_DATA', reason: 'prefix list pl-0123456789abcdef0: not found' },
    },
    {
      title: 'no security group',
      parameters: { ports: { except: [80, 443] } },
      given: {},
      expect: { compliance: 'NOT_APPLICABLE', reason: 'instance has no security group' },
    },
  ],
});

function isAllowedSource(text: string): boolean {
  return isCidr(text) || /^(?:pl|sg)-[0-9a-f]+$/.test(text);
}

/** Every source of a group's ingress permissions. */
function sourcesOf(
  group: SecurityGroup,
  facts: Pick<Facts, 'prefixLists' | 'sourceGroups'>,
  parameters: Parameters,
): readonly Source[] {
  const ruleIds = ruleIdsOf(group);
  return (group.IpPermissions ?? []).flatMap((permission) => {
    const allows = (source: string): Permission => {
      const key = { groupId: group.GroupId, ...portsOf(permission), source };
      const ruleId = ruleIds.get(ruleKey(key));
      return { ...key, ...(ruleId === undefined ? {} : { ruleId }), offends: false };
    };
    const blocks = [
      ...(permission.IpRanges ?? []).map(({ CidrIp }) => CidrIp),
      ...(permission.Ipv6Ranges ?? []).map(({ CidrIpv6 }) => CidrIpv6),
    ];
    return [
      ...blocks.map((cidr) => ofBlock(allows(asCanonical(cidr ?? '')), parameters)),
      ...(permission.PrefixListIds ?? []).map(({ PrefixListId = '' }) =>
        ofPrefixList(allows(PrefixListId), facts.prefixLists, parameters),
      ),
      ...(permission.UserIdGroupPairs ?? []).map(({ GroupId, GroupName = '' }) =>
        ofGroup(allows(GroupId ?? GroupName), facts, parameters),
      ),
    ];
  });
}

function ofBlock(permission: Permission, parameters: Parameters): Source {
  return ofAddresses(permission, [permission.source], `security group ${permission.groupId}`, [], parameters);
}

function ofPrefixList(permission: Permission, lists: Several<PrefixList>, parameters: Parameters): Source {
  const id = permission.source;
  const list = lists.found.find(({ PrefixListId }) => PrefixListId === id);
  const missing = list === undefined ? [missingOf(`prefix list ${id}`, lists)] : [];
  return ofAddresses(permission, list?.cidrs ?? [], `prefix list ${id}`, missing, parameters);
}

/** What is not an address block is unknown: never nothing. */
function ofAddresses(
  permission: Permission,
  texts: readonly string[],
  holder: string,
  missing: readonly Missing[],
  { allowedSources = [] }: Parameters,
): Source {
  const cidrs = texts.filter(isCidr);
  const malformed = texts
    .filter((text) => !isCidr(text))
    .map((text): Missing => ({ what: `source ${quoted(text)} of ${holder}`, why: 'failed', detail: 'not a CIDR' }));
  const names = allowedSources.filter((source) => typeof source === 'string');
  const excess = outside(cidrs, names.filter(isCidr));
  return {
    permission,
    kind: 'addresses',
    cidrs,
    excess,
    reach: reachOf(cidrs),
    excessSpace: publicSpaceOf(excess),
    allowed: names.includes(permission.source) ? 'yes' : 'no',
    missing: [...missing, ...malformed],
  };
}

function ofGroup(
  permission: Permission,
  facts: Pick<Facts, 'sourceGroups'>,
  { allowedSources, alsoAllow }: Parameters,
): Source {
  const reach = reachOf([]);
  const none = { cidrs: [], excess: [], reach, excessSpace: reach.space, missing: [] };
  const source = { permission, kind: 'group', ...none } as const;
  if (allowedSources === undefined || alsoAllow.includes('groups') || allowedSources.includes(permission.source))
    return { ...source, allowed: 'yes' };
  const wanted = allowedSources.flatMap((one) => (typeof one === 'string' ? [] : [one.group.tags]));
  if (wanted.length === 0) return { ...source, allowed: 'no' };
  const group = facts.sourceGroups.found.find(({ GroupId }) => GroupId === permission.source);
  if (group === undefined) {
    const missing = missingOf(`security group ${permission.source}`, facts.sourceGroups);
    return { ...source, allowed: 'unknown', missing: [missing] };
  }
  return { ...source, allowed: wanted.some((tags) => hasTags(group, tags)) ? 'yes' : 'no' };
}

function hasTags(group: SecurityGroup, wanted: Readonly<Record<string, readonly string[]>>): boolean {
  const found = (group.Tags ?? []).map(({ Key = '', Value = '' }) => ({ Key, Value }));
  const tags = tagMap({ found, missing: [] });
  return Object.entries(wanted).every(([key, globs]) => {
    const value = tags.get(key);
    return value !== undefined && matchesAnyGlob(globs, value);
  });
}

function missingOf(what: string, several: Several<unknown>): Missing {
  return several.missing.find((missing) => missing.what === what) ?? { what, why: 'not-found' };
}

/** Ids of a group's ingress rules by what they say. Without them the verdict is the same, and the fix longer. */
function ruleIdsOf(group: SecurityGroup): ReadonlyMap<string, string> {
  const rules = group.rules.known ? group.rules.value : [];
  return new Map(
    rules.flatMap((rule) => {
      const { IsEgress, SecurityGroupRuleId, CidrIpv4, CidrIpv6, PrefixListId, ReferencedGroupInfo } = rule;
      const source = CidrIpv4 ?? CidrIpv6 ?? PrefixListId ?? ReferencedGroupInfo?.GroupId;
      if (IsEgress || SecurityGroupRuleId === undefined || source === undefined) return [];
      return [[ruleKey({ ...portsOf(rule), source: asCanonical(source) }), SecurityGroupRuleId] as const];
    }),
  );
}

function ruleKey({ protocol, fromPort, toPort, source }: Omit<Permission, 'groupId' | 'ruleId' | 'offends'>): string {
  return `${protocol} ${fromPort} ${toPort} ${source}`;
}

function asCanonical(source: string): string {
  return isCidr(source) ? canonicalCidr(source) : source;
}

/** Protocol and ports in one form: EC2 ignores ports of `-1`, and tcp and udp without ports are open on all. */
function portsOf({ IpProtocol = '-1', FromPort = -1, ToPort = -1 }: ec2.IpPermission | ec2.SecurityGroupRule) {
  const numbers: Readonly<Record<string, string>> = { '6': 'tcp', '17': 'udp', '1': 'icmp', '58': 'icmpv6' };
  const name = IpProtocol.toLowerCase();
  const protocol = numbers[name] ?? name;
  const all = protocol === '-1' || ((FromPort === -1 || ToPort === -1) && (protocol === 'tcp' || protocol === 'udp'));
  return all ? { protocol, fromPort: -1, toPort: -1 } : { protocol, fromPort: FromPort, toPort: ToPort };
}

/** The ports asked about that a permission opens for a protocol. From and To of ICMP are type and code, no ports. */
function openPorts(permission: Permission, protocol: Protocol, { ports }: Parameters): readonly Range[] {
  if (permission.protocol !== '-1' && permission.protocol !== protocol) return [];
  const { fromPort, toPort } = permission;
  const open = fromPort === -1 ? { from: 0, to: LAST_PORT } : { from: fromPort, to: toPort };
  return askedRanges(ports)
    .map(({ from, to }) => ({ from: Math.max(from, open.from), to: Math.min(to, open.to) }))
    .filter(({ from, to }) => from <= to);
}

/** The ports asked about as ranges, ascending, without overlap. */
function askedRanges(ports: Parameters['ports']): readonly Range[] {
  if (!('except' in ports)) return ascending(ports).map((port) => ({ from: port, to: port }));
  const bounds = [-1, ...ascending(ports.except), LAST_PORT + 1];
  return bounds
    .slice(1)
    .map((next, index) => ({ from: (bounds[index] ?? -1) + 1, to: next - 1 }))
    .filter(({ from, to }) => from <= to);
}

function ascending(ports: readonly number[]): readonly number[] {
  return [...new Set(ports)].toSorted((a, b) => a - b);
}

interface Assessment {
  readonly exposure: Exposure;
  readonly offending: ReadonlySet<Source>;
}

/** The strongest exposure over all ports and protocols, and every source that offends at one of them. */
function assess(sources: readonly Source[], parameters: Parameters): Assessment {
  const atPorts = parameters.protocols.flatMap((protocol) => sourcesByPort(sources, protocol, parameters));
  const alone = new Map(sources.map((source) => [source, wideFamilies([source.excessSpace], parameters.wide)]));
  return {
    exposure: strongest(
      atPorts.map((open) =>
        exposureOf(
          open.map(({ reach }) => reach),
          parameters.wide,
        ),
      ),
    ),
    offending: new Set(atPorts.flatMap((open) => offendersAmong(open, parameters, alone))),
  };
}

/** The families of which these public addresses, taken together, are wide or all. */
function wideFamilies(spaces: readonly PublicSpace[], wide: Wide): readonly Family[] {
  return families.filter((family) => ['any', 'wide'].includes(publicExposure(spaces, family, wide)));
}

/** For each source the families in which it is wide by itself. */
type Alone = ReadonlyMap<Source, readonly Family[]>;

/**
 * The different sets of sources that the ports are open to. Which sources reach a port changes only where a range
 * begins or has ended, so that these ports stand for all 65,536.
 */
function sourcesByPort(
  sources: readonly Source[],
  protocol: Protocol,
  parameters: Parameters,
): readonly (readonly Source[])[] {
  const open = sources.map((source, index) => {
    return { source, index, ranges: openPorts(source.permission, protocol, parameters) };
  });
  const ports = new Set(open.flatMap(({ ranges }) => ranges.flatMap(({ from, to }) => [from, to + 1])));
  const sets = new Map<string, readonly Source[]>();
  for (const port of ports) {
    const reaching = open.filter(({ ranges }) => ranges.some(({ from, to }) => from <= port && port <= to));
    sets.set(
      reaching.map(({ index }) => index).join(),
      reaching.map(({ source }) => source),
    );
  }
  return [...sets.values()];
}

/** Which of the sources that reach one port offend there. */
function offendersAmong(
  sources: readonly Source[],
  { allowedSources, alsoAllow, wide }: Parameters,
  alone: Alone,
): readonly Source[] {
  const candidates = sources.filter(({ allowed }) => allowed === 'no');
  if (allowedSources === undefined) return wideAmong(candidates, wide, alone);
  const offends = ({ kind, excess }: Source): boolean => {
    if (kind === 'group') return true;
    const left = alsoAllow.includes('private') ? outside(excess, privatePart(excess)) : excess;
    if (!alsoAllow.includes('narrow')) return left.length > 0;
    return privatePart(left).length > 0;
  };
  return [...candidates.filter(offends), ...(alsoAllow.includes('narrow') ? wideAmong(candidates, wide, alone) : [])];
}

/**
 * The public sources that make a family wide or all of it: those that do so by themselves, and where none does, all
 * that have a public address.
 */
function wideAmong(sources: readonly Source[], wide: Wide, alone: Alone): readonly Source[] {
  return families.flatMap((family) => {
    const byThemselves = sources.filter((source) => alone.get(source)?.includes(family));
    if (byThemselves.length > 0) return byThemselves;
    const isPublic = ({ excessSpace }: Source) => excessSpace[family].count > 0n;
    const spaces = sources.map(({ excessSpace }) => excessSpace);
    return wideFamilies(spaces, wide).includes(family) ? sources.filter(isPublic) : [];
  });
}

/** Sorted, so that neither a reason nor the evidence depends on the order of AWS's answer. */
function compare(a: Permission, b: Permission): number {
  return (
    byText(a.groupId, b.groupId) ||
    byText(a.protocol, b.protocol) ||
    a.fromPort - b.fromPort ||
    a.toPort - b.toPort ||
    byText(a.source, b.source) ||
    byText(a.ruleId ?? '', b.ruleId ?? '')
  );
}

function byText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/**
 * Sources that offend on the same ports share a phrase: `SSH (tcp/22) is open to 0.0.0.0/0 by sg-1`. Without the ids of
 * rules: they could not be read each time, and a reason that differs is told as a change. The fix has them.
 */
function reasonOf(offenders: readonly Source[], parameters: Parameters): string {
  const phrases = new Map<string, Source[]>();
  for (const offender of offenders) {
    const ports = portsText(offender.permission, parameters);
    phrases.set(ports, [...(phrases.get(ports) ?? []), offender]);
  }
  return [...phrases].map(([ports, sources]) => `${ports} open to ${sourcesText(sources, parameters)}`).join('; ');
}

/** `SSH (tcp/22) is`, `tcp/0-79 and tcp/81-442 are`. */
function portsText(permission: Permission, parameters: Parameters): string {
  const names = parameters.protocols.flatMap((protocol) =>
    openPorts(permission, protocol, parameters).map((range) => rangeText(protocol, range)),
  );
  const more = names.length - NAMED_RANGES;
  const shown = more > 0 ? [...names.slice(0, NAMED_RANGES), `${more} more ${more === 1 ? 'range' : 'ranges'}`] : names;
  return `${enumerated(shown)} ${shown.length === 1 ? 'is' : 'are'}`;
}

const wellKnown: Readonly<Record<string, string>> = {
  'tcp/21': 'FTP',
  'tcp/22': 'SSH',
  'tcp/23': 'Telnet',
  'tcp/445': 'SMB',
  'tcp/1433': 'SQL Server',
  'tcp/3306': 'MySQL',
  'tcp/3389': 'RDP',
  'tcp/5432': 'PostgreSQL',
  'tcp/5985': 'WinRM',
  'tcp/5986': 'WinRM',
  'tcp/6379': 'Redis',
  'tcp/9200': 'OpenSearch',
  'tcp/27017': 'MongoDB',
};

function rangeText(protocol: Protocol, { from, to }: Range): string {
  const ports = from === to ? `${protocol}/${from}` : `${protocol}/${from}-${to}`;
  const service = wellKnown[ports];
  return service === undefined ? ports : `${service} (${ports})`;
}

function sourcesText(sources: readonly Source[], { allowedSources, wide }: Parameters): string {
  const items = distinct(sources.map(({ permission: { source, groupId } }) => `${asText(source)} by ${groupId}`));
  const more = items.length - NAMED_SOURCES;
  const shown =
    more > 0 ? [...items.slice(0, NAMED_SOURCES), `${more} more ${more === 1 ? 'source' : 'sources'}`] : items;
  const text = enumerated(shown);
  if (allowedSources !== undefined)
    return `${text}, ${items.length === 1 ? 'not an allowed source' : 'no allowed sources'}`;
  const together = !sources.some(({ excessSpace }) => wideFamilies([excessSpace], wide).length > 0);
  return together ? `${text}, wide when taken together` : text;
}

/** Ids and CIDRs as they are; anything else that AWS might give, harmless. */
function asText(source: string): string {
  return /^[\w.:/-]+$/.test(source) ? source : quoted(source);
}

function enumerated(items: readonly string[]): string {
  if (items.length < 2) return items.join('');
  return `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}

/** The exact calls that revoke what offends, one for each group by rule ids, and one for each rule without a known id. */
function fixOf(offenders: readonly Source[], parameters: Parameters): string {
  const permissions = offenders.map(({ permission }) => permission);
  const groups = [...new Set(permissions.map(({ groupId }) => groupId))];
  const calls = groups.flatMap((groupId) => {
    const own = permissions.filter((permission) => permission.groupId === groupId);
    const revoke = `aws ec2 revoke-security-group-ingress --group-id ${groupId}`;
    const ruleIds = [...new Set(own.flatMap(({ ruleId }) => ruleId ?? []))];
    return [
      ...(ruleIds.length > 0 ? [`${revoke} --security-group-rule-ids ${ruleIds.join(' ')}`] : []),
      ...own
        .filter(({ ruleId }) => ruleId === undefined)
        .map((one) => `${revoke} --ip-permissions '${shorthand(one)}'`),
    ];
  });
  const broad = permissions.some((permission) => opensMore(permission, parameters));
  const after = broad
    ? '; then authorize again what else of these rules is needed, since they open other ports too'
    : '';
  return `Revoke: ${calls.map((call) => `\`${call}\``).join('; ')}${after}`;
}

/** The AWS CLI's shorthand for one source of a permission. */
function shorthand({ protocol, fromPort, toPort, source }: Permission): string {
  const ports = fromPort === -1 && toPort === -1 ? '' : `,FromPort=${fromPort},ToPort=${toPort}`;
  return `IpProtocol=${protocol}${ports},${sourceShorthand(source)}`;
}

function sourceShorthand(source: string): string {
  if (isCidr(source))
    return familyOf(source) === 'ipv6' ? `Ipv6Ranges=[{CidrIpv6=${source}}]` : `IpRanges=[{CidrIp=${source}}]`;
  if (source.startsWith('pl-')) return `PrefixListIds=[{PrefixListId=${source}}]`;
  return `UserIdGroupPairs=[{GroupId=${source}}]`;
}

/** Whether a permission opens ports or protocols that were not asked about. */
function opensMore(permission: Permission, parameters: Parameters): boolean {
  if (permission.protocol === '-1') return true;
  const { fromPort, toPort } = permission;
  const opened = fromPort === -1 ? LAST_PORT + 1 : toPort - fromPort + 1;
  const asked = parameters.protocols
    .flatMap((protocol) => openPorts(permission, protocol, parameters))
    .reduce((sum, { from, to }) => sum + to - from + 1, 0);
  return opened > asked;
}

/** Whether an exposure is no stronger than an exemption's bound. An unknown one may be anything. */
function isAtMost(exposure: Evidence['exposure'], bound: unknown): boolean {
  const most = typeof bound === 'object' && bound !== null && 'exposure' in bound ? bound.exposure : undefined;
  const fromStrongest: readonly unknown[] = exposures;
  if (!fromStrongest.includes(most)) return false;
  if (exposure === 'unknown') return most === 'any';
  return fromStrongest.indexOf(exposure) >= fromStrongest.indexOf(most);
}
