import type * as ec2 from '@aws-sdk/client-ec2';
import { revokeIngress } from '../../src/actions/revoke-ingress.ts';
import type { Plan } from '../../src/domain/action.ts';
import { type ActionGiven, defaultInstance, defaultNow, inspected } from '../../src/domain/given.ts';
import type { Json } from '../../src/domain/json.ts';
import { judge } from '../../src/domain/judge.ts';
import { rulesOf } from '../../src/sandbox/security-groups.ts';
import { policyFor } from '../support/policies.ts';
import { planned } from './planned.ts';

const accountId = '123456789012';
const own = defaultInstance.InstanceId;

interface World {
  readonly groups: readonly (ec2.SecurityGroup & { readonly GroupId: string })[];
  readonly given?: ActionGiven;
  /** Of the rule. */
  readonly policy?: { readonly [key: string]: Json };
  readonly parameters?: Json;
  readonly alike?: readonly string[];
  readonly contested?: readonly string[];
  /** Rules that are not as EC2 would show them. */
  readonly rules?: (rules: readonly ec2.SecurityGroupRule[]) => readonly ec2.SecurityGroupRule[];
}

/** What is planned for what the rule itself finds. */
function outcome({
  groups,
  given = {},
  policy = { ports: [22] },
  parameters,
  alike = [],
  contested = [],
  rules = (all) => all,
}: World) {
  const whole = groups.map((group) => ({ OwnerId: accountId, ...group }));
  const now = new Date(defaultNow);
  const before = {
    ...given,
    securityGroups: whole,
    securityGroupRules: whole.flatMap((group) => rulesOf(group)) as ActionGiven['securityGroupRules'],
    networkInterfaces: given.networkInterfaces ?? [
      { NetworkInterfaceId: 'eni-own', Groups: whole.map(({ GroupId }) => ({ GroupId })) },
    ],
    instance: {
      NetworkInterfaces: [
        { NetworkInterfaceId: 'eni-own', OwnerId: accountId, Groups: whole.map(({ GroupId }) => ({ GroupId })) },
      ],
      ...given.instance,
    },
  } as ActionGiven;
  const bound = policyFor('restricted-ingress', policy);
  const judgement = judge(bound, inspected(before, now), now);
  const after = { ...before, securityGroupRules: rules(before.securityGroupRules as ec2.SecurityGroupRule[]) };
  return planned(revokeIngress, {
    given: after as ActionGiven,
    parameters: parameters ?? {},
    alike,
    contested,
    violation: { rule: bound.rule, parameters: bound.parameters, evidence: judgement?.evidence ?? null },
  });
}

function planOf(world: World): Plan {
  const made = outcome(world);
  if ('refused' in made) throw new Error(made.refused);
  return made.plan;
}

function refusalOf(world: World): string {
  const made = outcome(world);
  return 'refused' in made ? made.refused : `planned: ${made.plan.does}`;
}

function group(GroupId: string, ...IpPermissions: ec2.IpPermission[]) {
  return { GroupId, IpPermissions };
}

function ingress(FromPort: number, ToPort: number, ...cidrs: string[]): ec2.IpPermission {
  return { IpProtocol: 'tcp', FromPort, ToPort, IpRanges: cidrs.map((CidrIp) => ({ CidrIp })) };
}

const everyone = '0.0.0.0/0';
const ssh = ingress(22, 22, everyone);

/** What the authorisations of a plan let in. */
function authorisedBy(calls: Plan['calls']): readonly ec2.IpPermission[] {
  return calls.flatMap((call) =>
    call.operation === 'ec2:AuthorizeSecurityGroupIngress' ? (call.input.IpPermissions ?? []) : [],
  );
}

describe('what is contested', () => {
  const groups = [group('sg-1', ssh), group('sg-2', ingress(22, 22, everyone, '0.0.0.0/1'))];

  it('is left and told, and the rest is revoked', () => {
    const contested = ['sg-1 tcp/22 from 0.0.0.0/0', 'sg-2 tcp/22 from 0.0.0.0/1'];
    const { does, calls, undo, contestable } = planOf({ groups, contested });
    const [rule] = rulesOf(groups[1] ?? {});

    expect(does).toBe(
      'revoke tcp/22 from 0.0.0.0/0 in sg-2; left: tcp/22 from 0.0.0.0/0 in sg-1 is put back each time; tcp/22 from 0.0.0.0/1 in sg-2 is put back each time',
    );
    expect(calls).toEqual([
      {
        operation: 'ec2:RevokeSecurityGroupIngress',
        input: { GroupId: 'sg-2', SecurityGroupRuleIds: [rule?.SecurityGroupRuleId] },
      },
    ]);
    expect(authorisedBy(undo)).toEqual([{ ...ssh, IpRanges: [{ CidrIp: everyone }] }]);
    expect(contestable).toEqual(['sg-2 tcp/22 from 0.0.0.0/0']);
  });

  it('leaves the groups alone that nothing else is revoked of, whoever shares them', () => {
    const groupInterfaces = [{ NetworkInterfaceId: 'eni-2', Groups: [{ GroupId: 'sg-1' }], RequesterManaged: true }];
    const given = { groupInterfaces } as ActionGiven;

    expect(refusalOf({ groups, given })).toContain('would change for others too');
    expect(planOf({ groups, given, contested: ['sg-1 tcp/22 from 0.0.0.0/0'] }).calls).toHaveLength(1);
  });
});

describe('what is revoked', () => {
  it('is one call a group, whichever interface the group is on', () => {
    const groups = [
      group('sg-1', ssh, ingress(443, 443, everyone)),
      group('sg-2', ingress(22, 22, '0.0.0.0/1', '10.0.0.0/8')),
    ];
    const { calls, does, contestable } = planOf({ groups });
    const [first, second] = groups.map((one) => rulesOf(one));

    expect(calls).toEqual([
      {
        operation: 'ec2:RevokeSecurityGroupIngress',
        input: { GroupId: 'sg-1', SecurityGroupRuleIds: [first?.[0]?.SecurityGroupRuleId] },
      },
      {
        operation: 'ec2:RevokeSecurityGroupIngress',
        input: { GroupId: 'sg-2', SecurityGroupRuleIds: [second?.[0]?.SecurityGroupRuleId] },
      },
    ]);
    expect(does).toBe('revoke tcp/22 from 0.0.0.0/0 in sg-1 and tcp/22 from 0.0.0.0/1 in sg-2');
    expect(contestable).toEqual(['sg-1 tcp/22 from 0.0.0.0/0', 'sg-2 tcp/22 from 0.0.0.0/1']);
  });

  it.each<[string, ec2.IpPermission, string, ec2.IpPermission]>([
    [
      'IPv6',
      { IpProtocol: 'tcp', FromPort: 22, ToPort: 22, Ipv6Ranges: [{ CidrIpv6: '::/0', Description: 'six' }] },
      '::/0',
      { IpProtocol: 'tcp', FromPort: 22, ToPort: 22, Ipv6Ranges: [{ CidrIpv6: '::/0', Description: 'six' }] },
    ],
    [
      'a prefix list',
      { IpProtocol: 'tcp', FromPort: 22, ToPort: 22, PrefixListIds: [{ PrefixListId: 'pl-1', Description: 'list' }] },
      'pl-1',
      { IpProtocol: 'tcp', FromPort: 22, ToPort: 22, PrefixListIds: [{ PrefixListId: 'pl-1', Description: 'list' }] },
    ],
    [
      'a group of another account',
      {
        IpProtocol: 'tcp',
        FromPort: 22,
        ToPort: 22,
        UserIdGroupPairs: [{ GroupId: 'sg-9', UserId: '999999999999', Description: 'group' }],
      },
      'sg-9',
      {
        IpProtocol: 'tcp',
        FromPort: 22,
        ToPort: 22,
        UserIdGroupPairs: [{ GroupId: 'sg-9', UserId: '999999999999', Description: 'group' }],
      },
    ],
    [
      'a protocol by its number',
      { IpProtocol: '6', FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: everyone, Description: 'six' }] },
      everyone,
      { IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: everyone, Description: 'six' }] },
    ],
  ])('may be %s, and is let in again as it was described', (_, permission, source, again) => {
    const { contestable, undo } = planOf({
      groups: [group('sg-1', permission)],
      policy: { ports: [22], allowedSources: [] },
      given: { prefixLists: [{ PrefixListId: 'pl-1', Entries: [{ Cidr: everyone }] }] },
    });

    expect(contestable).toEqual([`sg-1 tcp/22 from ${source}`]);
    expect(authorisedBy(undo)).toEqual([again]);
  });

  it('has its tags back with its undo, but for those of AWS', () => {
    const groups = [group('sg-1', ingress(22, 22, '0.0.0.0/1', '128.0.0.0/1'))];
    const Tags = [{ Key: 'Owner', Value: 'jane' }];
    const { undo } = planOf({
      groups,
      rules: ([first, ...others]) => [
        { ...first, Tags: [{ Key: 'aws:cloudformation:stack-name', Value: 'x' }, ...Tags] },
        ...others,
      ],
    });

    expect(undo.map(({ input }) => ('TagSpecifications' in input ? input.TagSpecifications : undefined))).toEqual([
      [{ ResourceType: 'security-group-rule', Tags }],
      undefined,
    ]);
    expect(undo).toHaveLength(2);
  });

  it('of a range that the policy restricts whole', () => {
    const policy = { ports: { except: [80, 443] } };

    expect(planOf({ groups: [group('sg-1', ingress(1000, 2000, everyone))], policy }).contestable).toEqual([
      'sg-1 tcp/1000-2000 from 0.0.0.0/0',
    ]);
  });
});

describe('what is left', () => {
  const opensMore = 'opens ports that the policy does not restrict: narrow it by hand, or set split';

  it.each<[string, World, string]>([
    [
      'a range beyond the ports',
      { groups: [group('sg-1', ingress(22, 23, everyone))] },
      `tcp/22-23 from 0.0.0.0/0 in sg-1 ${opensMore}`,
    ],
    [
      'every port',
      { groups: [group('sg-1', ingress(0, 65_535, everyone))], policy: { ports: { except: [443] } } },
      `tcp/0-65535 from 0.0.0.0/0 in sg-1 ${opensMore}`,
    ],
    [
      'tcp without ports, which is open on all',
      { groups: [group('sg-1', { IpProtocol: 'tcp', IpRanges: [{ CidrIp: everyone }] })] },
      `tcp/0-65535 from 0.0.0.0/0 in sg-1 ${opensMore}`,
    ],
    [
      'all protocols',
      { groups: [group('sg-1', { IpProtocol: '-1', IpRanges: [{ CidrIp: everyone }] })], parameters: { split: true } },
      'all protocols from 0.0.0.0/0 in sg-1 opens all protocols: replace it by hand by what is needed',
    ],
    [
      'a rule that is gone',
      { groups: [group('sg-1', ssh)], rules: () => [] },
      'tcp/22 from 0.0.0.0/0 in sg-1 is no longer what it was when the policy was judged',
    ],
    [
      'a rule that was changed since',
      {
        groups: [group('sg-1', ssh)],
        rules: (rules) => rules.map((rule) => ({ ...rule, CidrIpv4: '203.0.113.0/24' })),
      },
      'tcp/22 from 0.0.0.0/0 in sg-1 is no longer what it was when the policy was judged',
    ],
    [
      'a group of another account',
      { groups: [{ ...group('sg-1', ssh), OwnerId: '999999999999' }] },
      'tcp/22 from 0.0.0.0/0 in sg-1 is of a group of account 999999999999',
    ],
    [
      'nothing that offends',
      { groups: [group('sg-1', ingress(443, 443, everyone))] },
      'the rule names no source that offends',
    ],
  ])('%s', (_, world, refused) => {
    expect(refusalOf(world)).toBe(refused);
  });

  it('is a source whose rule could not be read', () => {
    const made = planned(revokeIngress, {
      given: { securityGroups: [group('sg-1', ssh)] },
      violation: {
        rule: 'restricted-ingress',
        parameters: { ports: [22], protocols: ['tcp'] },
        evidence: {
          permissions: [
            { groupId: 'sg-1', protocol: 'tcp', fromPort: 22, toPort: 22, source: everyone, offends: true },
          ],
        },
      },
    });

    expect(made).toEqual({ refused: 'tcp/22 from 0.0.0.0/0 in sg-1 has no rule whose id is known' });
  });

  const rule = { SecurityGroupRuleId: 'sgr-1', GroupId: 'sg-1', IsEgress: false, IpProtocol: 'tcp' };
  const violation = {
    rule: 'restricted-ingress',
    parameters: { ports: [22], protocols: ['tcp'] },
    evidence: {
      permissions: [
        {
          groupId: 'sg-1',
          ruleId: 'sgr-1',
          protocol: 'tcp',
          fromPort: 22,
          toPort: 22,
          source: everyone,
          offends: true,
        },
      ],
    },
  };
  const ofProtocol = (protocol: string) => ({
    ...violation,
    evidence: { permissions: violation.evidence.permissions.map((one) => ({ ...one, protocol })) },
  });

  it.each<[string, { readonly IpProtocol?: string; readonly IsEgress?: boolean }, typeof violation, string]>([
    [
      'udp, where tcp is restricted',
      { IpProtocol: 'udp' },
      ofProtocol('udp'),
      'udp/22 from 0.0.0.0/0 in sg-1 opens no port that the policy restricts',
    ],
    [
      'what lets out, by whatever id the evidence names it',
      { IsEgress: true },
      violation,
      'tcp/22 from 0.0.0.0/0 in sg-1 is no longer what it was when the policy was judged',
    ],
    [
      'a rule of another protocol by now',
      { IpProtocol: 'udp' },
      violation,
      'tcp/22 from 0.0.0.0/0 in sg-1 is no longer what it was when the policy was judged',
    ],
    ['nothing, where it is as it was', {}, violation, 'planned: revoke tcp/22 from 0.0.0.0/0 in sg-1'],
  ])('is %s', (_, more, of, told) => {
    const securityGroupRules = [{ ...rule, FromPort: 22, ToPort: 22, CidrIpv4: everyone, ...more }];
    const made = planned(revokeIngress, {
      given: { securityGroups: [group('sg-1', ssh)], securityGroupRules },
      violation: of,
    });

    expect('refused' in made ? made.refused : `planned: ${made.plan.does}`).toBe(told);
  });

  it('is named where other sources can be revoked', () => {
    const { does, calls } = planOf({ groups: [group('sg-1', ssh, ingress(20, 30, '0.0.0.0/1'))] });

    expect(does).toBe(`revoke tcp/22 from 0.0.0.0/0 in sg-1; left: tcp/20-30 from 0.0.0.0/1 in sg-1 ${opensMore}`);
    expect(calls).toHaveLength(1);
  });

  it('is nothing where a group was taken off the instance since', () => {
    const made = planned(revokeIngress, { given: { securityGroups: [] }, violation });

    expect(made).toEqual({
      refused: "tcp/22 from 0.0.0.0/0 in sg-1 is of a group that is no longer the instance's",
    });
  });

  it.each<[string, Json]>([
    ['no evidence', null],
    ['evidence of another form', { permissions: 'all' }],
    ['a permission without its ports', { permissions: [{ groupId: 'sg-1', offends: true }] }],
  ])('is all, of %s', (_, evidence) => {
    const violation = { rule: 'restricted-ingress', parameters: { ports: [22] }, evidence };

    expect(planned(revokeIngress, { given: {}, violation })).toEqual({
      refused: 'the rule names no source that offends',
    });
  });
});

describe('with split', () => {
  const parameters = { split: true };

  it.each<[string, ec2.IpPermission, World['policy'], readonly (readonly [number, number])[]]>([
    ['at its beginning', ingress(22, 30, everyone), { ports: [22] }, [[23, 30]]],
    ['at its end', ingress(20, 22, everyone), { ports: [22] }, [[20, 21]]],
    [
      'amid it',
      ingress(20, 30, everyone),
      { ports: [22, 23, 25] },
      [
        [20, 21],
        [24, 24],
        [26, 30],
      ],
    ],
    [
      'all but some ports',
      ingress(0, 65_535, everyone),
      { ports: { except: [443, 80] } },
      [
        [80, 80],
        [443, 443],
      ],
    ],
    [
      'of udp',
      { ...ingress(100, 102, everyone), IpProtocol: 'udp' },
      { ports: [101], protocols: ['udp'] },
      [
        [100, 100],
        [102, 102],
      ],
    ],
  ])('a rule keeps its other ports exactly: restricted %s', (_, permission, policy, kept) => {
    const { calls, undo } = planOf({ groups: [group('sg-1', permission)], policy: policy ?? {}, parameters });
    const parts = kept.map(([FromPort, ToPort]) => ({ ...permission, FromPort, ToPort }));

    expect(calls.map(({ operation }) => operation)).toEqual([
      'ec2:AuthorizeSecurityGroupIngress',
      'ec2:RevokeSecurityGroupIngress',
    ]);
    expect(authorisedBy(calls)).toEqual(parts);
    expect(authorisedBy(undo)).toEqual([permission]);
    expect(undo.at(-1)).toEqual({
      operation: 'ec2:RevokeSecurityGroupIngress',
      input: { GroupId: 'sg-1', IpPermissions: parts },
    });
  });

  it('what it keeps is described as before, and not let in twice', () => {
    const described = { ...ingress(20, 23), IpRanges: [{ CidrIp: everyone, Description: 'all of it' }] };
    const { calls, undo, does } = planOf({ groups: [group('sg-1', described, ingress(20, 21, everyone))], parameters });

    expect(authorisedBy(calls)).toEqual([{ ...described, FromPort: 23, ToPort: 23 }]);
    expect(undo.at(-1)?.input).toEqual({ GroupId: 'sg-1', IpPermissions: [ingress(23, 23, everyone)] });
    expect(does).toBe('revoke tcp/20-23 from 0.0.0.0/0 (keeping tcp/20-21 and tcp/23) in sg-1');
  });

  it('two rules that keep the same ports let them in once', () => {
    const { calls } = planOf({
      groups: [group('sg-1', ingress(22, 30, everyone), ingress(20, 30, everyone))],
      parameters,
    });

    expect(authorisedBy(calls)).toEqual([ingress(20, 21, everyone), ingress(23, 30, everyone)]);
  });
});

describe('with replaceWith', () => {
  it('each source comes first, in its own form, but for those that are there', () => {
    const groups = [group('sg-1', ingress(22, 22, everyone, '10.0.0.0/8'))];
    const parameters = { replaceWith: ['10.0.0.0/8', '192.168.0.0/16', 'fd00::/8', 'pl-1', 'sg-2'] };
    const { calls, does } = planOf({ groups, parameters });
    const port = { IpProtocol: 'tcp', FromPort: 22, ToPort: 22 };

    expect(authorisedBy(calls)).toEqual([
      { ...port, IpRanges: [{ CidrIp: '192.168.0.0/16' }] },
      { ...port, Ipv6Ranges: [{ CidrIpv6: 'fd00::/8' }] },
      { ...port, PrefixListIds: [{ PrefixListId: 'pl-1' }] },
      { ...port, UserIdGroupPairs: [{ GroupId: 'sg-2' }] },
    ]);
    expect(calls.at(-1)?.operation).toBe('ec2:RevokeSecurityGroupIngress');
    expect(does).toMatch(/ in sg-1 and let 10\.0\.0\.0\/8, .* and sg-2 in instead$/);
  });

  it('where all are there, nothing is let in', () => {
    const groups = [group('sg-1', ingress(22, 22, everyone, '10.0.0.0/8'))];
    const { calls, undo } = planOf({ groups, parameters: { replaceWith: ['10.0.0.0/8'] } });

    expect(calls).toHaveLength(1);
    expect(undo).toHaveLength(1);
  });

  it('and split, they come to the restricted ports alone', () => {
    const parameters = { split: true, replaceWith: ['10.0.0.0/8'] };
    const { calls } = planOf({ groups: [group('sg-1', ingress(20, 23, everyone))], parameters });

    expect(authorisedBy(calls)).toEqual([
      ingress(20, 21, everyone),
      ingress(23, 23, everyone),
      ingress(22, 22, '10.0.0.0/8'),
    ]);
  });
});

describe('whoever shares a group', () => {
  const on = (id: string, more: ec2.NetworkInterface = {}) => ({
    OwnerId: accountId,
    InterfaceType: 'interface' as const,
    Groups: [{ GroupId: 'sg-1' }],
    ...more,
    NetworkInterfaceId: more.NetworkInterfaceId ?? id,
  });
  const of = (InstanceId: string, more: ec2.NetworkInterface = {}) =>
    on(`eni-${InstanceId}`, { Attachment: { InstanceId, InstanceOwnerId: accountId }, ...more });
  const shared = (...groupInterfaces: NonNullable<ActionGiven['groupInterfaces']>[number][]): World => ({
    groups: [group('sg-1', ssh)],
    given: { groupInterfaces },
  });

  it('and is alike is looked at again', () => {
    const world = shared(
      of(own),
      of('i-3'),
      of('i-2'),
      of('i-2', { NetworkInterfaceId: 'eni-2b', InterfaceType: 'efa' }),
    );

    expect(planOf({ ...world, alike: ['i-2', 'i-3'] }).concerns).toEqual(['i-2', 'i-3']);
  });

  it('only by another group is not concerned', () => {
    expect(planOf(shared(of('i-2', { Groups: [{ GroupId: 'sg-2' }] }))).concerns).toEqual([]);
  });

  it.each<[string, ReturnType<typeof on>, string]>([
    ['an instance that is not alike', of('i-2'), 'i-2 does not violate the policy'],
    [
      'a service',
      on('eni-2', { RequesterManaged: true, Description: 'RDSNetworkInterface' }),
      'eni-2 is a service\'s ("RDSNetworkInterface")',
    ],
    ['an endpoint', on('eni-2', { InterfaceType: 'vpc_endpoint' }), "eni-2 is a service's (vpc_endpoint)"],
    ['an interface on nothing', on('eni-2'), 'eni-2 is attached to no instance'],
    ["another account's interface", of('i-2', { OwnerId: '999999999999' }), 'eni-i-2 is of account 999999999999'],
    [
      "another account's instance",
      on('eni-2', { Attachment: { InstanceId: 'i-2', InstanceOwnerId: '999999999999' } }),
      'eni-2 is of account 999999999999',
    ],
  ])('%s holds it back, unless shared', (_, one, why) => {
    const world = { ...shared(of(own), one), alike: [] };

    expect(refusalOf(world)).toBe(`sg-1 would change for others too: ${why}`);
    expect(planOf({ ...world, parameters: { shared: true } }).calls).toHaveLength(1);
  });

  it('is named three times, and counted beyond', () => {
    const world = shared(of('i-5'), of('i-4'), of('i-3'), on('eni-2'), of('i-6'));

    expect(refusalOf(world)).toBe(
      'sg-1 would change for others too: eni-2 is attached to no instance; i-3 does not violate the policy; i-4 does not violate the policy; 2 more',
    );
  });
});

test('sources that a group can not take as replacements are refused', () => {
  expect(() => outcome({ groups: [group('sg-1', ssh)], parameters: { replaceWith: ['everyone'] } })).toThrow(
    'is no source: write a CIDR',
  );
});
