import * as z from 'zod';
import { type Given, inspected } from '../../src/domain/given.ts';
import type { Json } from '../../src/domain/json.ts';
import type { Judgement } from '../../src/domain/judge.ts';
import { restrictedIngress } from '../../src/rules/restricted-ingress.ts';
import { look, lookAt, needsWith, refusals } from './look.ts';

type Group = NonNullable<Given['securityGroups']>[number];
type Permission = NonNullable<Group['IpPermissions']>[number];

const ssh = { ports: [22] };

/** A permission for tcp/22, or what is given over it. */
function allow(over: Permission): Permission {
  return { IpProtocol: 'tcp', FromPort: 22, ToPort: 22, ...over };
}

function from(...cidrs: readonly string[]): Permission {
  return {
    IpRanges: cidrs.filter((cidr) => !cidr.includes(':')).map((CidrIp) => ({ CidrIp })),
    Ipv6Ranges: cidrs.filter((cidr) => cidr.includes(':')).map((CidrIpv6) => ({ CidrIpv6 })),
  };
}

const list = (...ids: readonly string[]): Permission => ({
  PrefixListIds: ids.map((PrefixListId) => ({ PrefixListId })),
});
const groups = (...ids: readonly string[]): Permission => ({ UserIdGroupPairs: ids.map((GroupId) => ({ GroupId })) });

/** One group with these permissions. */
function group(...IpPermissions: readonly Permission[]): Given {
  return { securityGroups: [{ GroupId: 'sg-1', IpPermissions }] };
}

function exposure({ evidence }: Judgement): Json | undefined {
  return (evidence as { readonly exposure: Json } | undefined)?.exposure;
}

function offenders({ evidence }: Judgement): readonly string[] {
  const { permissions } = evidence as { readonly permissions: readonly { source: string; offends: boolean }[] };
  return permissions.filter(({ offends }) => offends).map(({ source }) => source);
}

const world = from('0.0.0.0/0');

/** What one permission exposes tcp/22 to. */
const exposures: readonly (readonly [string, Permission, string])[] = [
  ['tcp 22', allow(world), 'any'],
  ['all protocols, without ports as EC2 answers', { IpProtocol: '-1', ...world }, 'any'],
  ['all protocols, with ports 0 to 0', { IpProtocol: '-1', FromPort: 0, ToPort: 0, ...world }, 'any'],
  ['all protocols, with a port that does not count', { IpProtocol: '-1', FromPort: 443, ToPort: 443, ...world }, 'any'],
  ['all protocols, with -1 to -1', { IpProtocol: '-1', FromPort: -1, ToPort: -1, ...world }, 'any'],
  ['every port', allow({ FromPort: 0, ToPort: 65535, ...world }), 'any'],
  ['every port but 0', allow({ FromPort: 1, ToPort: 65535, ...world }), 'any'],
  ['the port is the first of a range', allow({ FromPort: 22, ToPort: 25, ...world }), 'any'],
  ['the port is the last of a range', allow({ FromPort: 20, ToPort: 22, ...world }), 'any'],
  ['the range begins above', allow({ FromPort: 80, ToPort: 65535, ...world }), 'none'],
  ['the range begins one above', allow({ FromPort: 23, ToPort: 65535, ...world }), 'none'],
  ['the range ends one below', allow({ FromPort: 0, ToPort: 21, ...world }), 'none'],
  ['port 0 alone is not all ports', allow({ FromPort: 0, ToPort: 0, ...world }), 'none'],
  ['tcp with ports -1', allow({ FromPort: -1, ToPort: -1, ...world }), 'any'],
  ['tcp without ports', { IpProtocol: 'tcp', ...world }, 'any'],
  ['tcp by number', allow({ IpProtocol: '6', ...world }), 'any'],
  ['tcp in capitals', allow({ IpProtocol: 'TCP', ...world }), 'any'],
  ['no protocol at all', { ...world }, 'any'],
  ['udp 22', allow({ IpProtocol: 'udp', ...world }), 'none'],
  ['every port of udp', allow({ IpProtocol: 'udp', FromPort: 0, ToPort: 65535, ...world }), 'none'],
  ['udp by number', allow({ IpProtocol: '17', ...world }), 'none'],
  ['ICMP, all types', { IpProtocol: 'icmp', FromPort: -1, ToPort: -1, ...world }, 'none'],
  ['ICMP, type and code on both sides of 22', { IpProtocol: 'icmp', FromPort: 8, ToPort: 30, ...world }, 'none'],
  ['ICMPv6', { IpProtocol: 'icmpv6', FromPort: -1, ToPort: -1, ...from('::/0') }, 'none'],
  ['GRE, which has no ports', { IpProtocol: '47', ...world }, 'none'],
  ['two halves', allow(from('128.0.0.0/1', '0.0.0.0/1')), 'any'],
  ['one half', allow(from('0.0.0.0/1')), 'wide'],
  ['all of IPv6', allow(from('::/0')), 'any'],
  ['the half of IPv6 that holds 2000::/3', allow(from('::/1')), 'any'],
  ['the other half', allow(from('8000::/1')), 'none'],
  ['RFC 1918', allow(from('10.0.0.0/8')), 'private'],
  ['unique local addresses', allow(from('fc00::/7')), 'private'],
  ['a company network', allow(from('52.95.4.0/24')), 'narrow'],
  ['the open one is the last of three', allow(from('10.0.0.0/8', '192.168.0.0/16', '0.0.0.0/0')), 'any'],
  ['bits behind the prefix', allow(from('1.2.3.4/0')), 'any'],
  ['a prefix list that holds all', allow(list('pl-0a')), 'any'],
  ['a prefix list of two halves', allow(list('pl-0c')), 'any'],
  ['a prefix list that holds little', allow(list('pl-0d')), 'narrow'],
  ['an empty prefix list', allow(list('pl-0e')), 'none'],
  ['a prefix list that can not be read', allow(list('pl-0b')), 'unknown'],
  ['a list that can not be read beside the whole internet', allow({ ...world, ...list('pl-0b') }), 'any'],
  [
    'a list that can not be read beside a private source',
    allow({ ...from('10.0.0.0/8'), ...list('pl-0b') }),
    'unknown',
  ],
  ['another group', allow(groups('sg-2')), 'none'],
  ['no source', allow({}), 'none'],
];
const prefixLists = [
  { PrefixListId: 'pl-0a', Entries: [{ Cidr: '0.0.0.0/0' }] },
  { PrefixListId: 'pl-0c', Entries: [{ Cidr: '0.0.0.0/1' }, { Cidr: '128.0.0.0/1' }] },
  { PrefixListId: 'pl-0d', Entries: [{ Cidr: '203.0.113.0/24' }] },
  { PrefixListId: 'pl-0e', Entries: [] },
];
const outcomeOf: Readonly<Record<string, string>> = {
  any: 'NON_COMPLIANT',
  wide: 'NON_COMPLIANT',
  unknown: 'INSUFFICIENT_DATA',
};

test.each(exposures)('%s: exposes SSH to %3$s', (_, permission, expected) => {
  const judgement = look(restrictedIngress, ssh, { ...group(permission), prefixLists });

  expect(exposure(judgement)).toBe(expected);
  expect(judgement.compliance).toBe(outcomeOf[expected] ?? 'COMPLIANT');
});

describe('over groups and interfaces', () => {
  test('two halves in two groups are the whole', () => {
    const securityGroups = [
      { GroupId: 'sg-1', IpPermissions: [allow(from('0.0.0.0/1'))] },
      { GroupId: 'sg-2', IpPermissions: [allow(from('128.0.0.0/1'))] },
    ];

    expect(exposure(look(restrictedIngress, ssh, { securityGroups }))).toBe('any');
  });

  test('the group of a secondary interface counts', () => {
    const judgement = look(restrictedIngress, ssh, {
      instance: {
        SecurityGroups: [{ GroupId: 'sg-1' }],
        NetworkInterfaces: [
          { NetworkInterfaceId: 'eni-1', Groups: [{ GroupId: 'sg-1' }] },
          { NetworkInterfaceId: 'eni-2', Groups: [{ GroupId: 'sg-2' }] },
        ],
      },
      securityGroups: [
        { GroupId: 'sg-1', IpPermissions: [] },
        { GroupId: 'sg-2', IpPermissions: [allow(world)] },
      ],
    });

    expect(judgement.reason).toBe('SSH (tcp/22) is open to 0.0.0.0/0 by sg-2');
  });

  test('narrow sources of many permissions are wide together, and then all of them offend', () => {
    const halves = group(
      allow(from('52.94.0.0/17')),
      allow({ FromPort: 20, ToPort: 30, ...from('52.95.0.0/17', '10.0.0.0/8') }),
    );
    const judgement = look(restrictedIngress, ssh, halves);

    expect(exposure(judgement)).toBe('wide');
    expect(offenders(judgement)).toEqual(['52.95.0.0/17', '52.94.0.0/17']);
    expect(judgement.reason).toBe(
      'SSH (tcp/22) is open to 52.95.0.0/17 by sg-1 and 52.94.0.0/17 by sg-1, wide when taken together',
    );
  });

  test('where one source is wide by itself, the narrow ones beside it do not offend', () => {
    expect(offenders(look(restrictedIngress, ssh, group(allow(from('203.0.113.0/24', '0.0.0.0/0')))))).toEqual([
      '0.0.0.0/0',
    ]);
  });

  test('each family is judged by itself', () => {
    const sources = from('0.0.0.0/0', '203.0.113.0/24', '2001:db8::/33', '2600:1f00::/33', 'fd00::/8');

    expect(offenders(look(restrictedIngress, ssh, group(allow(sources))))).toEqual([
      '0.0.0.0/0',
      '2001:db8::/33',
      '2600:1f00::/33',
    ]);
  });

  test('a group that is not shown is unknown, unless another is open', () => {
    const instance = { SecurityGroups: [{ GroupId: 'sg-1' }, { GroupId: 'sg-2' }] };
    const shown = (permission: Permission): Given => ({ instance, ...group(permission) });

    const unknown = look(restrictedIngress, ssh, shown(allow(from('203.0.113.0/24'))));
    expect([unknown.compliance, unknown.reason, exposure(unknown)]).toEqual([
      'INSUFFICIENT_DATA',
      'security group sg-2: not found',
      'unknown',
    ]);
    const open = look(restrictedIngress, ssh, shown(allow(world)));
    expect([open.compliance, exposure(open)]).toEqual(['NON_COMPLIANT', 'any']);
  });

  test('no group that is shown at all is unknown', () => {
    const given: Given = { instance: { SecurityGroups: [{ GroupId: 'sg-1' }] } };

    expect(look(restrictedIngress, ssh, given).compliance).toBe('INSUFFICIENT_DATA');
  });
});

describe('ports and protocols', () => {
  const range = (FromPort: number, ToPort: number) => group(allow({ FromPort, ToPort, ...world }));

  test('any of several ports is enough', () => {
    expect(look(restrictedIngress, { ports: [22, 3389] }, range(3389, 3389)).reason).toBe(
      'RDP (tcp/3389) is open to 0.0.0.0/0 by sg-1',
    );
    expect(look(restrictedIngress, { ports: [22, 3389] }, range(20, 4000)).reason).toBe(
      'SSH (tcp/22) and RDP (tcp/3389) are open to 0.0.0.0/0 by sg-1',
    );
  });

  test('sources of different ports are not added up', () => {
    const given = group(allow(from('0.0.0.0/1')), allow({ FromPort: 3389, ToPort: 3389, ...from('128.0.0.0/1') }));

    expect(exposure(look(restrictedIngress, { ports: [22, 3389] }, given))).toBe('wide');
  });

  test('ranges that overlap are added up where they do', () => {
    const given = group(
      allow({ FromPort: 1, ToPort: 3000, ...from('0.0.0.0/1') }),
      allow({ FromPort: 2000, ToPort: 4000, ...from('128.0.0.0/1') }),
    );

    expect(exposure(look(restrictedIngress, { ports: [1000, 2500] }, given))).toBe('any');
    expect(exposure(look(restrictedIngress, { ports: [1000, 3500] }, given))).toBe('wide');
    expect(exposure(look(restrictedIngress, { ports: { except: [] } }, given))).toBe('any');
  });

  test.each([
    [80, 80, 'none'],
    [443, 443, 'none'],
    [80, 81, 'any'],
    [0, 0, 'any'],
    [65535, 65535, 'any'],
    [444, 444, 'any'],
  ])('of all ports but the web, %i to %i: %s', (first, last, expected) => {
    expect(exposure(look(restrictedIngress, { ports: { except: [443, 80] } }, range(first, last)))).toBe(expected);
  });

  test('the reason names the ranges that are open and asked about', () => {
    expect(look(restrictedIngress, { ports: { except: [80, 443] } }, range(22, 500)).reason).toBe(
      'tcp/22-79, tcp/81-442 and tcp/444-500 are open to 0.0.0.0/0 by sg-1',
    );
    expect(look(restrictedIngress, { ports: { except: [30, 80, 443] } }, range(22, 500)).reason).toBe(
      'tcp/22-29, tcp/31-79, tcp/81-442 and 1 more range are open to 0.0.0.0/0 by sg-1',
    );
  });

  test('all ports excepted but the last', () => {
    expect(exposure(look(restrictedIngress, { ports: { except: [65535] } }, range(65535, 65535)))).toBe('none');
  });

  test('udp, where it is asked about', () => {
    const dns = { ports: [53], protocols: ['tcp', 'udp'] };
    const given = group({ IpProtocol: '17', FromPort: 53, ToPort: 53, ...world });

    expect(look(restrictedIngress, dns, given).reason).toBe('udp/53 is open to 0.0.0.0/0 by sg-1');
    expect(look(restrictedIngress, dns, group({ IpProtocol: '-1', ...world })).reason).toBe(
      'tcp/53 and udp/53 are open to 0.0.0.0/0 by sg-1',
    );
  });

  test('how wide is wide is a parameter', () => {
    const given = group(allow(from('203.0.113.0/24')));

    expect(look(restrictedIngress, { ...ssh, wide: { ipv4: 24 } }, given).compliance).toBe('NON_COMPLIANT');
    expect(look(restrictedIngress, { ...ssh, wide: { ipv6: 48 } }, given).compliance).toBe('COMPLIANT');
  });
});

describe('allowed sources', () => {
  const office = '203.0.113.0/24';

  test.each<[string, Json, Permission, readonly string[]]>([
    ['the block itself', [office], from(office), []],
    ['a part of it', [office], from('203.0.113.7/32'), []],
    ['more than it', [office], from('203.0.112.0/23'), ['203.0.112.0/23']],
    ['another', [office], from('198.51.100.7/32'), ['198.51.100.7/32']],
    ['two allowed halves make a whole', ['203.0.112.0/24', office], from('203.0.112.0/23'), []],
    ['the allowed one beside another', [office], from(office, '198.51.100.7/32'), ['198.51.100.7/32']],
    ['private ones offend too', [office], from('10.0.0.0/8', 'fc00::/7'), ['10.0.0.0/8', 'fc00::/7']],
    ['groups offend too', [office], groups('sg-2'), ['sg-2']],
    ['reserved ones offend too', [office], from('8000::/1'), ['8000::/1']],
    ['none is allowed', [], from('10.0.0.1/32'), ['10.0.0.1/32']],
    ['an allowed block is as wide as it says', ['0.0.0.0/0', '::/0'], from('0.0.0.0/0', '::/0'), []],
    ['an allowed block with bits behind its prefix', ['203.0.113.9/24'], from(office), []],
    ['IPv6', ['2001:db8::/32'], from('2001:db8:1::/48', '2001:db9::/32'), ['2001:db9::/32']],
    ['a group by its id', ['sg-2'], groups('sg-2', 'sg-3'), ['sg-3']],
    ['a list by its id', ['pl-0a'], list('pl-0a', 'pl-0d'), ['pl-0d']],
    ['a list by its addresses', [office], list('pl-0d'), []],
    ['an empty list', [], list('pl-0e'), []],
    [
      'the addresses of an allowed list, written out, are others',
      ['pl-0d'],
      { ...list('pl-0d'), ...from(office) },
      [office],
    ],
  ])('%s', (_, allowedSources, permission, expected) => {
    const judgement = look(restrictedIngress, { ...ssh, allowedSources }, { ...group(allow(permission)), prefixLists });

    expect(offenders(judgement)).toEqual(expected);
    expect(judgement.compliance).toBe(expected.length > 0 ? 'NON_COMPLIANT' : 'COMPLIANT');
  });

  test.each<[string, readonly string[], Permission, readonly string[]]>([
    ['private', ['private'], from('10.0.0.0/8', 'fd00::/8', '198.51.100.7/32'), ['198.51.100.7/32']],
    ['private, of a block that is only half so', ['private'], from('10.0.0.0/7'), ['10.0.0.0/7']],
    ['groups', ['groups'], { ...groups('sg-2'), ...from('10.0.0.0/8') }, ['10.0.0.0/8']],
    ['narrow', ['narrow'], { ...from('198.51.100.0/24'), ...groups('sg-2') }, ['sg-2']],
    ['narrow, and private is not', ['narrow'], from('198.51.100.0/24', '10.0.0.0/8'), ['10.0.0.0/8']],
    ['narrow, and this is wide', ['narrow'], from('52.0.0.0/8', '198.51.100.0/24'), ['52.0.0.0/8']],
    [
      'narrow, and these are wide together',
      ['narrow'],
      from('52.94.0.0/17', '52.95.0.0/17'),
      ['52.94.0.0/17', '52.95.0.0/17'],
    ],
    ['narrow, outside of what is allowed', ['narrow'], from('203.0.0.0/17', '203.0.113.0/24'), []],
    ['all three', ['private', 'groups', 'narrow'], { ...from('10.0.0.0/8', '198.51.100.0/24'), ...groups('sg-2') }, []],
  ])('also allowed: %s', (_, alsoAllow, permission, expected) => {
    const parameters = { ...ssh, allowedSources: [office], alsoAllow };

    expect(offenders(look(restrictedIngress, parameters, group(allow(permission))))).toEqual(expected);
  });

  test('the exposure is of all sources, allowed or not', () => {
    const judgement = look(restrictedIngress, { ...ssh, allowedSources: ['0.0.0.0/0'] }, group(allow(world)));

    expect([judgement.compliance, exposure(judgement)]).toEqual(['COMPLIANT', 'any']);
  });

  test('a list that is allowed by its id need not be read', () => {
    const judgement = look(restrictedIngress, { ...ssh, allowedSources: ['pl-0b'] }, group(allow(list('pl-0b'))));

    expect([judgement.compliance, exposure(judgement)]).toEqual(['COMPLIANT', 'unknown']);
  });

  test('a list that can not be read is unknown, unless another source offends', () => {
    const parameters = { ...ssh, allowedSources: [office] };

    expect(look(restrictedIngress, parameters, group(allow(list('pl-0b'))))).toMatchObject({
      compliance: 'INSUFFICIENT_DATA',
      reason: 'prefix list pl-0b: not found',
    });
    const judgement = look(restrictedIngress, parameters, group(allow({ ...list('pl-0b'), ...from('10.0.0.0/8') })));
    expect([judgement.compliance, exposure(judgement), offenders(judgement)]).toEqual([
      'NON_COMPLIANT',
      'unknown',
      ['10.0.0.0/8'],
    ]);
  });

  describe('groups by their tags', () => {
    const parameters = { ...ssh, allowedSources: [{ group: { tags: { Role: ['bastion', 'jump-*'], Env: ['*'] } } }] };
    const sourced = (tags: Readonly<Record<string, string>>): Given => ({
      ...group(allow(groups('sg-2'))),
      sourceGroups: [{ GroupId: 'sg-2', Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) }],
    });

    test.each([
      [{ Role: 'bastion', Env: 'prod' }, 'COMPLIANT'],
      [{ Role: 'jump-1', Env: '' }, 'COMPLIANT'],
      [{ Role: 'bastion' }, 'NON_COMPLIANT'],
      [{ Role: 'Bastion', Env: 'prod' }, 'NON_COMPLIANT'],
      [{}, 'NON_COMPLIANT'],
    ])('%j', (tags, compliance) => {
      expect(look(restrictedIngress, parameters, sourced(tags)).compliance).toBe(compliance);
    });

    test('a group that is not shown is unknown', () => {
      expect(look(restrictedIngress, parameters, group(allow(groups('sg-2'))))).toMatchObject({
        compliance: 'INSUFFICIENT_DATA',
        reason: 'security group sg-2: not found',
      });
    });

    test('a group of other ports does not matter', () => {
      const given = group(allow({ FromPort: 443, ToPort: 443, ...groups('sg-2') }));

      expect(look(restrictedIngress, parameters, given).compliance).toBe('COMPLIANT');
    });
  });
});

test('a list of other ports does not matter', () => {
  const given = group(allow({ FromPort: 443, ToPort: 443, ...list('pl-0b') }), allow(from('10.0.0.0/8')));
  const judgement = look(restrictedIngress, ssh, given);

  expect([judgement.compliance, exposure(judgement)]).toEqual(['COMPLIANT', 'private']);
});

test('what is not a CIDR is unknown, never nothing', () => {
  expect(look(restrictedIngress, ssh, group(allow({ IpRanges: [{ CidrIp: '10.0.0.0/40' }] })))).toMatchObject({
    compliance: 'INSUFFICIENT_DATA',
    reason: 'source "10.0.0.0/40" of security group sg-1: failed (not a CIDR)',
    evidence: { exposure: 'unknown' },
  });
  expect(look(restrictedIngress, ssh, group(allow({ IpRanges: [{}] }))).compliance).toBe('INSUFFICIENT_DATA');
  expect(
    look(restrictedIngress, ssh, {
      ...group(allow(list('pl-1'))),
      prefixLists: [{ PrefixListId: 'pl-1', Entries: [{ Cidr: 'x\u00fc' }, { Cidr: '10.0.0.0/8' }] }],
    }).reason,
  ).toBe('source "x\\u00fc" of prefix list pl-1: failed (not a CIDR)');
});

describe('rule ids', () => {
  const rule = (over: object) => ({
    GroupId: 'sg-1',
    IsEgress: false,
    IpProtocol: 'tcp',
    FromPort: 22,
    ToPort: 22,
    ...over,
  });
  const securityGroupRules = [
    { SecurityGroupRuleId: 'sgr-egress', ...rule({ IsEgress: true, CidrIpv4: '0.0.0.0/0' }) },
    { SecurityGroupRuleId: 'sgr-other', ...rule({ GroupId: 'sg-9', CidrIpv4: '0.0.0.0/0' }) },
    { SecurityGroupRuleId: 'sgr-port', ...rule({ ToPort: 23, CidrIpv4: '0.0.0.0/0' }) },
    { SecurityGroupRuleId: 'sgr-4', ...rule({ CidrIpv4: '0.0.0.0/0' }) },
    { SecurityGroupRuleId: 'sgr-6', ...rule({ CidrIpv6: '::/0' }) },
    { SecurityGroupRuleId: 'sgr-list', ...rule({ PrefixListId: 'pl-0a' }) },
    { SecurityGroupRuleId: 'sgr-group', ...rule({ ReferencedGroupInfo: { GroupId: 'sg-2' } }) },
    { SecurityGroupRuleId: 'sgr-all', ...rule({ IpProtocol: '-1', FromPort: -1, ToPort: -1, CidrIpv4: '0.0.0.0/0' }) },
  ];
  const open = group(
    { IpProtocol: '-1', ...world },
    allow({ ...from('0.0.0.0/0', '::/0'), ...list('pl-0a'), ...groups('sg-2') }),
  );

  test('each source has the id of its own rule, and the evidence is sorted', () => {
    const { evidence } = look(restrictedIngress, ssh, { ...open, prefixLists, securityGroupRules });
    const tcp = { groupId: 'sg-1', protocol: 'tcp', fromPort: 22, toPort: 22 };

    expect(evidence).toEqual({
      exposure: 'any',
      permissions: [
        {
          groupId: 'sg-1',
          ruleId: 'sgr-all',
          protocol: '-1',
          fromPort: -1,
          toPort: -1,
          source: '0.0.0.0/0',
          offends: true,
        },
        { ...tcp, ruleId: 'sgr-4', source: '0.0.0.0/0', offends: true },
        { ...tcp, ruleId: 'sgr-6', source: '::/0', offends: true },
        { ...tcp, ruleId: 'sgr-list', source: 'pl-0a', offends: true },
        { ...tcp, ruleId: 'sgr-group', source: 'sg-2', offends: false },
      ],
    });
  });

  test('the fix names the rules to revoke and no other; the reason names none, since it must not change with what could be read', () => {
    const judgement = look(restrictedIngress, ssh, {
      ...group(allow({ ...from('0.0.0.0/0', '::/0', '10.0.0.0/8') })),
      securityGroupRules,
    });

    expect(judgement.reason).toBe('SSH (tcp/22) is open to 0.0.0.0/0 by sg-1 and ::/0 by sg-1');
    expect(judgement.fix).toBe(
      'Revoke: `aws ec2 revoke-security-group-ingress --group-id sg-1 --security-group-rule-ids sgr-4 sgr-6`',
    );
  });

  test('without ids the fix names the permissions', () => {
    const given = {
      securityGroups: [
        { GroupId: 'sg-1', IpPermissions: [allow({ FromPort: 20, ToPort: 30, ...from('0.0.0.0/0') })] },
        { GroupId: 'sg-2', IpPermissions: [{ IpProtocol: '-1', ...from('::/0'), ...list('pl-0a') }] },
      ],
      prefixLists,
    };

    expect(look(restrictedIngress, ssh, given).fix).toBe(
      [
        "Revoke: `aws ec2 revoke-security-group-ingress --group-id sg-1 --ip-permissions 'IpProtocol=tcp,FromPort=20,ToPort=30,IpRanges=[{CidrIp=0.0.0.0/0}]'`",
        "`aws ec2 revoke-security-group-ingress --group-id sg-2 --ip-permissions 'IpProtocol=-1,Ipv6Ranges=[{CidrIpv6=::/0}]'`",
        "`aws ec2 revoke-security-group-ingress --group-id sg-2 --ip-permissions 'IpProtocol=-1,PrefixListIds=[{PrefixListId=pl-0a}]'`",
        'then authorize again what else of these rules is needed, since they open other ports too',
      ].join('; '),
    );
  });

  test('rules that could not be read change no outcome', () => {
    const now = '2026-01-01T01:00:00Z';
    const seen = inspected(group(allow(world)), new Date(now));
    const missing = { what: 'rules of security group sg-1', why: 'denied' } as const;
    const found = seen.facts.securityGroups.found.map((one) => ({ ...one, rules: { known: false, missing } as const }));
    const facts = { ...seen.facts, securityGroups: { found, missing: [] } };

    expect(lookAt(restrictedIngress, ssh, { ...seen, facts }, now)).toMatchObject({
      compliance: 'NON_COMPLIANT',
      reason: 'SSH (tcp/22) is open to 0.0.0.0/0 by sg-1',
    });
  });
});

test("neither reason, fix nor evidence depend on the order of AWS's answer", () => {
  const permissions = [
    allow(from('52.0.0.0/8', '54.0.0.0/8')),
    allow({ FromPort: 20, ToPort: 30, ...from('3.0.0.0/8', '::/0') }),
    { IpProtocol: '-1', ...from('18.0.0.0/8'), ...list('pl-0b') },
  ];
  const turned = permissions.map((one) => ({
    ...one,
    IpRanges: one.IpRanges?.toReversed() ?? [],
    Ipv6Ranges: one.Ipv6Ranges?.toReversed() ?? [],
  }));
  const securityGroups = ['sg-2', 'sg-1'].map((GroupId) => ({ GroupId, IpPermissions: permissions }));
  const reversed = ['sg-1', 'sg-2'].map((GroupId) => ({ GroupId, IpPermissions: turned.toReversed() }));

  expect(look(restrictedIngress, ssh, { securityGroups: reversed })).toEqual(
    look(restrictedIngress, ssh, { securityGroups }),
  );
});

test('a source that two permissions of a group let in is told once, and the fix revokes both', () => {
  const twice = group(allow(from('0.0.0.0/0')), allow({ FromPort: 0, ToPort: 65535, ...from('0.0.0.0/0') }), {
    IpProtocol: '-1',
    ...from('0.0.0.0/0'),
  });

  expect(look(restrictedIngress, ssh, twice).reason).toBe('SSH (tcp/22) is open to 0.0.0.0/0 by sg-1');
  expect(look(restrictedIngress, ssh, twice).fix.match(/--ip-permissions/g)).toHaveLength(3);
  expect(look(restrictedIngress, { ...ssh, allowedSources: [] }, twice).reason).toBe(
    'SSH (tcp/22) is open to 0.0.0.0/0 by sg-1, not an allowed source',
  );
});

test('a reason names five sources and counts the rest; the evidence has all', () => {
  const judgement = look(
    restrictedIngress,
    ssh,
    group(allow(from(...[1, 2, 3, 4, 5, 6, 7].map((n) => `${n}.0.0.0/8`)))),
  );

  expect(judgement.reason).toBe(
    'SSH (tcp/22) is open to 1.0.0.0/8 by sg-1, 2.0.0.0/8 by sg-1, 3.0.0.0/8 by sg-1, 4.0.0.0/8 by sg-1, 5.0.0.0/8 by sg-1 and 2 more sources',
  );
  expect(offenders(judgement)).toHaveLength(7);
});

test('what it reads depends on the allowed sources', () => {
  expect(needsWith(restrictedIngress, ssh)).toEqual(['securityGroups', 'prefixLists']);
  expect(needsWith(restrictedIngress, { ...ssh, allowedSources: ['sg-1', '10.0.0.0/8'] })).toEqual([
    'securityGroups',
    'prefixLists',
  ]);
  expect(needsWith(restrictedIngress, { ...ssh, allowedSources: [{ group: { tags: { Role: ['x'] } } }] })).toEqual([
    'securityGroups',
    'prefixLists',
    'sourceGroups',
  ]);
});

describe('the bound of an exemption', () => {
  const order = ['none', 'private', 'narrow', 'wide', 'any'] as const;
  const within = (bound: Json, exposed: (typeof order)[number] | 'unknown') =>
    restrictedIngress.bound?.within(bound, { exposure: exposed, permissions: [] });

  test.each(order.flatMap((bound) => order.map((exposed) => [exposed, bound] as const)))(
    '%s is within up to %s, if no stronger',
    (exposed, bound) => {
      expect(within({ exposure: bound }, exposed)).toBe(order.indexOf(exposed) <= order.indexOf(bound));
    },
  );

  test('what is unknown may be anything', () => {
    expect(within({ exposure: 'wide' }, 'unknown')).toBe(false);
    expect(within({ exposure: 'any' }, 'unknown')).toBe(true);
  });

  test('a bound without exposure is none', () => {
    expect(within({}, 'none')).toBe(false);
    expect(within(null, 'none')).toBe(false);
  });

  test('is one of the five', () => {
    const schema = restrictedIngress.bound?.schema(z);

    expect(schema?.safeParse({ exposure: 'narrow' }).success).toBe(true);
    expect(schema?.safeParse({ exposure: 'unknown' }).success).toBe(false);
  });
});

test('defaults are filled in', () => {
  expect(restrictedIngress.parameters(z).parse({ ports: [22], wide: { ipv4: 20 } })).toEqual({
    ports: [22],
    protocols: ['tcp'],
    alsoAllow: [],
    wide: { ipv4: 20, ipv6: 32 },
  });
});

test.each<[string, object]>([
  ['no ports', {}],
  ['an empty list of ports', { ports: [] }],
  ['a port too high', { ports: [65536] }],
  ['a port that is no number', { ports: ['22'] }],
  ['a protocol without ports', { ports: [22], protocols: ['icmp'] }],
  ['an address without prefix', { ports: [22], allowedSources: ['203.0.113.7'] }],
  ['a malformed block', { ports: [22], allowedSources: ['203.0.113.0/33'] }],
  ['a name', { ports: [22], allowedSources: ['office'] }],
  ['a group without tags', { ports: [22], allowedSources: [{ group: {} }] }],
  ['an unknown word in alsoAllow', { ports: [22], alsoAllow: ['public'] }],
  ['a prefix length of 0', { ports: [22], wide: { ipv4: 0 } }],
])('refuses %s', (_, parameters) => {
  expect(refusals(restrictedIngress, parameters)).toHaveLength(1);
});
