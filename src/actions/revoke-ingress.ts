import type * as ec2 from '@aws-sdk/client-ec2';
import { type Brought, defineAction, type PlannedCall } from '../domain/action.ts';
import { canonicalCidr, isCidr } from '../domain/address-space.ts';
import type { SecurityGroup } from '../domain/facts.ts';
import { distinct } from '../domain/instance.ts';
import type { Json } from '../domain/json.ts';
import {
  type Added,
  ALL_PROTOCOLS,
  authorised,
  keyOf,
  type Opening,
  openingOf,
  openingOfRule,
  openingsOf,
  openingText,
  permissionOf,
  restored,
} from './ingress.ts';
import { type AskedPorts, portsText, type Range, rangesOf, within, without } from './ports.ts';
import { isOther, sharersOf, unlikeAmong } from './sharers.ts';
import { listed, phrases } from './words.ts';

/** How many openings a sentence names. The calls have them all. */
const NAMED_OPENINGS = 5;
/** How many port ranges that stay open a sentence names. */
const NAMED_RANGES = 3;

type Call = PlannedCall<'ec2:RevokeSecurityGroupIngress' | 'ec2:AuthorizeSecurityGroupIngress'>;

/** A source that offends, as the rule's evidence has it. */
interface Offence extends Opening {
  readonly groupId: string;
  readonly ruleId: string | undefined;
}

/** What the policy restricts. */
interface Restricted {
  readonly protocols: readonly string[];
  readonly ranges: readonly Range[];
}

/** A rule that goes, with the ports that its source is to keep. */
interface Revocation {
  readonly offence: Offence;
  readonly rule: ec2.SecurityGroupRule & { readonly SecurityGroupRuleId: string };
  readonly closes: readonly Range[];
  readonly keeps: readonly Range[];
}

/** What becomes of an offence. */
type Decision = { readonly revoke: Revocation } | { readonly left: string };

export const revokeIngress = defineAction({
  id: 'revoke-ingress',
  summary:
    'Revokes exactly those sources of security groups that break the policy, and leaves every other rule as it is.',
  kind: 'access',
  isReversible: true,
  states: ['running', 'stopping', 'stopped'],
  rules: ['restricted-ingress'],
  parameters: (z) =>
    z.strictObject({
      replaceWith: z
        .array(
          z
            .string()
            .refine(isSource, {
              error: 'is no source: write a CIDR such as 10.0.0.0/8, a prefix list pl-... or a security group sg-...',
              abort: true,
            })
            .refine((source) => written(source) === source.toLowerCase(), {
              error: ({ input }) =>
                `has bits behind its prefix, or is not in EC2's form: write ${written(String(input))}`,
            }),
        )
        .default([])
        .describe(
          'Sources that are let in to the same ports before the others are revoked: CIDRs, prefix lists (pl-...), security groups (sg-...). They must be allowed by the policy.',
        ),
      split: z
        .boolean()
        .default(false)
        .describe(
          'Also revoke a rule that opens more ports than the policy restricts: its source is let in to all its other ports first. Left false, such a rule is left, and told. A rule for all protocols is left always.',
        ),
      shared: z
        .boolean()
        .default(false)
        .describe(
          'Also change a group that is on something else which the policy would not act on: an instance that complies or is exempt, a load balancer, an endpoint.',
        ),
    }),
  needs: ['NetworkInterfaces', 'securityGroups', 'groupInterfaces'],
  operations: ({ replaceWith, split }) =>
    split || replaceWith.length > 0
      ? ['ec2:RevokeSecurityGroupIngress', 'ec2:AuthorizeSecurityGroupIngress']
      : ['ec2:RevokeSecurityGroupIngress'],
  plan(context) {
    const { instance, facts, parameters, violation } = context;
    const { replaceWith, split, shared } = parameters;
    const account = (instance.NetworkInterfaces ?? []).find(({ OwnerId }) => OwnerId !== undefined)?.OwnerId;
    const restricted = restrictedBy(violation.parameters);
    const groups = new Map(facts.securityGroups.found.map((group) => [group.GroupId, group]));
    const isContested = (offence: Offence) => context.isContested(contestKeyOf(offence));
    const decisions = offencesIn(violation.evidence).map((offence) =>
      decided(offence, groups.get(offence.groupId), { account, restricted, split, isContested }),
    );
    const left = decisions.flatMap((one) => ('left' in one ? [one.left] : []));
    const revocations = decisions.flatMap((one) => ('revoke' in one ? [one.revoke] : []));
    if (revocations.length === 0) {
      return { refused: left.length === 0 ? 'the rule names no source that offends' : phrases(left, NAMED_OPENINGS) };
    }
    const groupIds = distinct(revocations.map(({ offence }) => offence.groupId));
    const sharers = sharersOf(facts.groupInterfaces.found, groupIds, instance.InstanceId, account);
    const unlike = shared ? undefined : unlikeAmong(sharers, (id) => context.standingOf(id));
    if (unlike !== undefined) {
      return { refused: `${listed(groupIds, NAMED_OPENINGS)} would change for others too: ${unlike}` };
    }
    const changes = groupIds.map((groupId) =>
      changeOf(
        groupId,
        revocations.filter(({ offence }) => offence.groupId === groupId),
        groups.get(groupId),
        replaceWith,
      ),
    );
    return {
      plan: {
        does: doesText(revocations, replaceWith, left),
        calls: changes.flatMap(({ calls }) => calls),
        undo: changes.flatMap(({ undo }) => undo),
        concerns: sharers.instanceIds,
        contestable: revocations.map(({ offence }) => contestKeyOf(offence)),
      },
    };
  },
  brings: ({ replaceWith }, ruleParameters) => letIn(replaceWith, restrictedBy(ruleParameters)),
  examples: [
    {
      title: 'SSH that is open to everyone is closed, the web stays open',
      parameters: {},
      violation: violationOf([22], {}),
      given: {
        securityGroups: [groupOpenOn([22, 22], [443, 443])],
        securityGroupRules: [ruleFor(22, 22, { Description: 'for the weekend' })],
      },
      expect: {
        calls: [
          {
            operation: 'ec2:RevokeSecurityGroupIngress',
            input: { GroupId: 'sg-0123456789abcdef0', SecurityGroupRuleIds: ['sgr-0123456789abcdef0'] },
          },
        ],
        undo: [
          {
            operation: 'ec2:AuthorizeSecurityGroupIngress',
            input: {
              GroupId: 'sg-0123456789abcdef0',
              IpPermissions: [
                {
                  IpProtocol: 'tcp',
                  FromPort: 22,
                  ToPort: 22,
                  IpRanges: [{ CidrIp: '0.0.0.0/0', Description: 'for the weekend' }],
                },
              ],
            },
          },
        ],
      },
    },
    {
      title: 'the company network takes the place of everyone',
      parameters: { replaceWith: ['203.0.113.0/24'] },
      violation: violationOf([22], {}),
      given: {
        securityGroups: [groupOpenOn([22, 22])],
        securityGroupRules: [ruleFor(22, 22)],
      },
      expect: {
        calls: [
          {
            operation: 'ec2:AuthorizeSecurityGroupIngress',
            input: {
              GroupId: 'sg-0123456789abcdef0',
              IpPermissions: [
                { IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: '203.0.113.0/24' }] },
              ],
            },
          },
          {
            operation: 'ec2:RevokeSecurityGroupIngress',
            input: { GroupId: 'sg-0123456789abcdef0', SecurityGroupRuleIds: ['sgr-0123456789abcdef0'] },
          },
        ],
        undo: [
          {
            operation: 'ec2:AuthorizeSecurityGroupIngress',
            input: {
              GroupId: 'sg-0123456789abcdef0',
              IpPermissions: [{ IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: '0.0.0.0/0' }] }],
            },
          },
          {
            operation: 'ec2:RevokeSecurityGroupIngress',
            input: {
              GroupId: 'sg-0123456789abcdef0',
              IpPermissions: [
                { IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: '203.0.113.0/24' }] },
              ],
            },
          },
        ],
      },
    },
    {
      title: 'a rule that opens other ports too is left',
      parameters: {},
      violation: violationOf([22], { fromPort: 0, toPort: 1023 }),
      given: {
        securityGroups: [groupOpenOn([0, 1023])],
        securityGroupRules: [ruleFor(0, 1023)],
      },
      expect: {
        refused:
          'tcp/0-1023 from 0.0.0.0/0 in sg-0123456789abcdef0 opens ports that the policy does not restrict: narrow it by hand, or set split',
      },
    },
    {
      title: 'with split, such a rule is revoked, and what else it opened stays open',
      parameters: { split: true },
      violation: violationOf([22], { fromPort: 0, toPort: 1023 }),
      given: {
        securityGroups: [groupOpenOn([0, 1023])],
        securityGroupRules: [ruleFor(0, 1023)],
      },
      expect: {
        calls: [
          {
            operation: 'ec2:AuthorizeSecurityGroupIngress',
            input: {
              GroupId: 'sg-0123456789abcdef0',
              IpPermissions: [
                { IpProtocol: 'tcp', FromPort: 0, ToPort: 21, IpRanges: [{ CidrIp: '0.0.0.0/0' }] },
                { IpProtocol: 'tcp', FromPort: 23, ToPort: 1023, IpRanges: [{ CidrIp: '0.0.0.0/0' }] },
              ],
            },
          },
          {
            operation: 'ec2:RevokeSecurityGroupIngress',
            input: { GroupId: 'sg-0123456789abcdef0', SecurityGroupRuleIds: ['sgr-0123456789abcdef0'] },
          },
        ],
        undo: [
          {
            operation: 'ec2:AuthorizeSecurityGroupIngress',
            input: {
              GroupId: 'sg-0123456789abcdef0',
              IpPermissions: [{ IpProtocol: 'tcp', FromPort: 0, ToPort: 1023, IpRanges: [{ CidrIp: '0.0.0.0/0' }] }],
            },
          },
          {
            operation: 'ec2:RevokeSecurityGroupIngress',
            input: {
              GroupId: 'sg-0123456789abcdef0',
              IpPermissions: [
                { IpProtocol: 'tcp', FromPort: 0, ToPort: 21, IpRanges: [{ CidrIp: '0.0.0.0/0' }] },
                { IpProtocol: 'tcp', FromPort: 23, ToPort: 1023, IpRanges: [{ CidrIp: '0.0.0.0/0' }] },
              ],
            },
          },
        ],
      },
    },
    {
      title: 'a group that is on a load balancer as well is not changed',
      parameters: {},
      violation: violationOf([22], {}),
      given: {
        securityGroups: [groupOpenOn([22, 22])],
        securityGroupRules: [ruleFor(22, 22)],
        groupInterfaces: [
          {
            NetworkInterfaceId: 'eni-0123456789abcdef0',
            Groups: [{ GroupId: 'sg-0123456789abcdef0' }],
            InterfaceType: 'network_load_balancer',
            RequesterManaged: true,
          },
        ],
      },
      expect: {
        refused:
          "sg-0123456789abcdef0 would change for others too: eni-0123456789abcdef0 is a service's (network_load_balancer)",
      },
    },
  ],
});

/** What the rule found, for the examples: one source of one group. */
function violationOf(ports: readonly number[], { fromPort = 22, toPort = 22 }) {
  const groupId = 'sg-0123456789abcdef0';
  const permission = { groupId, ruleId: 'sgr-0123456789abcdef0', protocol: 'tcp', fromPort, toPort };
  return {
    rule: 'restricted-ingress',
    parameters: { ports, protocols: ['tcp'] },
    evidence: { exposure: 'any', permissions: [{ ...permission, source: '0.0.0.0/0', offends: true }] },
  };
}

/** The group, that lets everyone in to these ports. */
function groupOpenOn(...ranges: readonly (readonly [fromPort: number, toPort: number])[]) {
  return {
    GroupId: 'sg-0123456789abcdef0',
    IpPermissions: ranges.map(([FromPort, ToPort]) => {
      return { IpProtocol: 'tcp', FromPort, ToPort, IpRanges: [{ CidrIp: '0.0.0.0/0' }] };
    }),
  };
}

/** The same source as EC2 shows its rule. */
function ruleFor(FromPort: number, ToPort: number, more: { readonly Description?: string } = {}) {
  const rule = { SecurityGroupRuleId: 'sgr-0123456789abcdef0', GroupId: 'sg-0123456789abcdef0', IsEgress: false };
  return { ...rule, IpProtocol: 'tcp', FromPort, ToPort, CidrIpv4: '0.0.0.0/0', ...more };
}

function isSource(text: string): boolean {
  return isCidr(text) || /^(?:pl|sg)-[0-9a-f]+$/.test(text);
}

/** A source as EC2 has it. */
function written(source: string): string {
  return isCidr(source) ? canonicalCidr(source) : source.toLowerCase();
}

/** Each source by itself, then all together: several that are narrow may be wide as one. */
function letIn(sources: readonly string[], { protocols, ranges }: Restricted): readonly Brought[] {
  const openings = protocols.flatMap((protocol) => ranges.slice(0, 1).map((range) => ({ protocol, range })));
  const brought = (path: Brought['path'], some: readonly string[]): Brought => {
    const permissions = openings.flatMap((one) => some.map((source) => permissionOf({ ...one, source })));
    return { path, given: { securityGroups: [{ GroupId: 'replaceWith', IpPermissions: permissions }] } };
  };
  const alone = sources.map((source, index) => brought(['replaceWith', index], [source]));
  return alone.length < 2 ? alone : [...alone, brought(['replaceWith'], sources)];
}

type JsonObject = { readonly [key: string]: Json };

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function listOf<T extends Json>(value: Json | undefined, isOne: (one: Json) => one is T): readonly T[] {
  return Array.isArray(value) ? (value as readonly Json[]).filter(isOne) : [];
}

function isText(value: Json | undefined): value is string {
  return typeof value === 'string';
}

function isNumber(value: Json | undefined): value is number {
  return typeof value === 'number';
}

/** What the rule's parameters restrict. Of what is not understood, nothing: then no rule lies within it. */
function restrictedBy(parameters: Json): Restricted {
  if (!isObject(parameters)) return { protocols: [], ranges: [] };
  const { ports, protocols } = parameters;
  const asked: AskedPorts = isObject(ports) ? { except: listOf(ports.except, isNumber) } : listOf(ports, isNumber);
  return { protocols: protocols === undefined ? ['tcp'] : listOf(protocols, isText), ranges: rangesOf(asked) };
}

/** Each once, though a rule may be named for several of the instance's groups. */
function offencesIn(evidence: Json | undefined): readonly Offence[] {
  const permissions = isObject(evidence) ? listOf(evidence.permissions, isObject) : [];
  const offences = permissions.flatMap(({ groupId, ruleId, protocol, fromPort, toPort, source, offends }) => {
    const isWhole = isText(groupId) && isText(protocol) && isNumber(fromPort) && isNumber(toPort) && isText(source);
    if (offends !== true || !isWhole) return [];
    const opening = openingOf({ IpProtocol: protocol, FromPort: fromPort, ToPort: toPort }, source);
    return [{ ...opening, groupId, ruleId: isText(ruleId) ? ruleId : undefined }];
  });
  return [...new Map(offences.map((one) => [`${one.groupId} ${keyOf(one)}`, one])).values()];
}

/** One source of one group, by what it opens. */
function contestKeyOf(offence: Offence): string {
  return `${offence.groupId} ${openingText(offence)}`;
}

/** Whether an offence can be revoked, or why it is left. */
function decided(
  offence: Offence,
  group: SecurityGroup | undefined,
  by: {
    readonly account: string | undefined;
    readonly restricted: Restricted;
    readonly split: boolean;
    isContested(offence: Offence): boolean;
  },
): Decision {
  const leave = (why: string): Decision => ({ left: `${openingText(offence)} in ${offence.groupId} ${why}` });
  if (by.isContested(offence)) return leave('is put back each time');
  if (group === undefined) return leave("is of a group that is no longer the instance's");
  if (isOther(group.OwnerId, by.account)) return leave(`is of a group of account ${group.OwnerId}`);
  if (offence.protocol === ALL_PROTOCOLS) return leave('opens all protocols: replace it by hand by what is needed');
  const { protocols, ranges } = by.restricted;
  const asked = protocols.includes(offence.protocol) ? ranges : [];
  const [closes, keeps] = [within(offence.range, asked), without(offence.range, asked)];
  if (closes.length === 0) return leave('opens no port that the policy restricts');
  if (keeps.length > 0 && !by.split) {
    return leave('opens ports that the policy does not restrict: narrow it by hand, or set split');
  }
  if (offence.ruleId === undefined) return leave('has no rule whose id is known');
  const rule = ruleIn(group, offence.ruleId);
  const opening = rule === undefined ? undefined : openingOfRule(rule);
  if (rule === undefined || opening === undefined || keyOf(opening) !== keyOf(offence)) {
    return leave('is no longer what it was when the policy was judged');
  }
  return { revoke: { offence, rule, closes, keeps } };
}

function ruleIn(group: SecurityGroup, ruleId: string): Revocation['rule'] | undefined {
  const rules = group.rules.known ? group.rules.value : [];
  const rule = rules.find((one) => one.SecurityGroupRuleId === ruleId && one.IsEgress !== true);
  return rule === undefined ? undefined : { ...rule, SecurityGroupRuleId: ruleId };
}

/**
 * The calls for one group. What is to be open comes first, so that nobody who may come in is ever shut out.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RevokeSecurityGroupIngress.html
 */
function changeOf(
  GroupId: string,
  revocations: readonly Revocation[],
  group: SecurityGroup | undefined,
  replaceWith: readonly string[],
): { readonly calls: readonly Call[]; readonly undo: readonly Call[] } {
  const present = new Set((group === undefined ? [] : openingsOf(group)).map(keyOf));
  const wanted = revocations.flatMap((one) => [...keptBy(one), ...replacing(one, replaceWith)]);
  const added = [...new Map(wanted.map((one) => [keyOf(one), one])).values()].filter((one) => !present.has(keyOf(one)));
  const rules = revocations.map(({ rule }) => rule);
  const revoke: Call = {
    operation: 'ec2:RevokeSecurityGroupIngress',
    input: { GroupId, SecurityGroupRuleIds: rules.map(({ SecurityGroupRuleId }) => SecurityGroupRuleId) },
  };
  const revokeAdded: Call = {
    operation: 'ec2:RevokeSecurityGroupIngress',
    input: { GroupId, IpPermissions: added.map((one) => permissionOf({ ...one, description: undefined })) },
  };
  return {
    calls: added.length === 0 ? [revoke] : [authorised(GroupId, added), revoke],
    undo: [...restored(GroupId, rules), ...(added.length === 0 ? [] : [revokeAdded])],
  };
}

/** The source of a rule that goes, on the ports that it keeps, as it was described. */
function keptBy({ offence: { protocol, source }, rule, keeps }: Revocation): readonly Added[] {
  const told = { description: rule.Description, group: rule.ReferencedGroupInfo };
  return keeps.map((range) => ({ protocol, range, source, ...told }));
}

function replacing({ offence: { protocol }, closes }: Revocation, sources: readonly string[]): readonly Added[] {
  return closes.flatMap((range) => sources.map((source) => ({ protocol, range, source: written(source) })));
}

function doesText(revocations: readonly Revocation[], replaceWith: readonly string[], left: readonly string[]): string {
  const revoked = revocations.map(({ offence, keeps }) => {
    const kept = keeps.map((range) => portsText(offence.protocol, range));
    const but = kept.length === 0 ? '' : ` (keeping ${listed(kept, NAMED_RANGES)})`;
    return `${openingText(offence)}${but} in ${offence.groupId}`;
  });
  const instead = replaceWith.length === 0 ? '' : ` and let ${listed(replaceWith, NAMED_OPENINGS)} in instead`;
  const rest = left.length === 0 ? '' : `; left: ${phrases(left, NAMED_OPENINGS)}`;
  return `revoke ${listed(revoked, NAMED_OPENINGS)}${instead}${rest}`;
}
