import type * as ec2 from '@aws-sdk/client-ec2';
import type { Aws } from '../../../src/domain/operations.ts';
import type { Scenarios, Stage } from '../same-answers.ts';
import { filter, idsBy, sorted } from './instances.ts';

const unknownGroup = 'sg-0fffffffffffffff0';
const unknownList = 'pl-0fffffffffffffff0';

/** Security groups with their rules, what leads from them to instances, and prefix lists. */
export const groups: Scenarios = {
  'a security group leads to its instances by their interfaces': async ({ aws, launch, createSecurityGroup }) => {
    const group = await createSecurityGroup('leads');
    const other = await createSecurityGroup('leads-not');
    const ids = [await launch({ securityGroupIds: [group, other] }), await launch({ securityGroupIds: [group] })];
    await launch({ securityGroupIds: [other] });
    expect(await idsBy(aws, filter('network-interface.group-id', group, unknownGroup))).toEqual(sorted(ids));
    expect(await idsBy(aws, filter('network-interface.group-name', 'leads'))).toEqual(sorted(ids));
    expect(await instanceIdsOf(aws, filter('group-id', group))).toEqual(sorted(ids));
  },

  'an interface leads to its instance': async ({ aws, launch }) => {
    const id = await launch();
    const [networkInterface] = await interfacesBy(aws, filter('attachment.instance-id', id));
    const eni = networkInterface?.NetworkInterfaceId ?? '';
    expect(await idsBy(aws, filter('network-interface.network-interface-id', eni))).toEqual([id]);
    expect(await interfacesBy(aws, filter('network-interface-id', eni, 'eni-0fffffffffffffff0'))).toEqual([
      networkInterface,
    ]);
  },

  'the group of a second interface leads to its instance': async (stage) => {
    const { aws } = stage;
    const { id, eni, group } = await withSecondInterface(stage, 'second');
    expect(await idsBy(aws, filter('network-interface.group-id', group))).toEqual([id]);
    expect(await idsBy(aws, filter('network-interface.network-interface-id', eni))).toEqual([id]);
    expect(await instanceIdsOf(aws, filter('group-id', group))).toEqual([id]);
  },

  'a second interface is shown at its instance': async (stage) => {
    const { id, eni } = await withSecondInterface(stage, 'shown');
    const answer = await stage.aws('ec2:DescribeInstances', { InstanceIds: [id] });
    const shown = answer.Reservations?.[0]?.Instances?.[0]?.NetworkInterfaces ?? [];
    expect(shown).toHaveLength(2);
    expect(shown.map((one) => one.NetworkInterfaceId)).toContain(eni);
  },

  'a second interface has its own groups alone': async (stage) => {
    const { id, eni, group } = await withSecondInterface(stage, 'own-groups');
    const own = [{ GroupId: group, GroupName: 'own-groups' }];
    const [described] = await interfacesBy(stage.aws, filter('network-interface-id', eni));
    expect(described?.Groups).toEqual(own);
    const answer = await stage.aws('ec2:DescribeInstances', { InstanceIds: [id] });
    const shown = answer.Reservations?.[0]?.Instances?.[0]?.NetworkInterfaces ?? [];
    expect(shown.find((one) => one.NetworkInterfaceId === eni)?.Groups).toEqual(own);
  },

  'an instance has the groups of its primary interface': async (stage) => {
    const { id, group } = await withSecondInterface(stage, 'not-primary');
    const answer = await stage.aws('ec2:DescribeInstances', { InstanceIds: [id] });
    const shown = answer.Reservations?.[0]?.Instances?.[0]?.SecurityGroups ?? [];
    expect(shown.map((one) => one.GroupName)).toEqual(['not-primary-first']);
    expect(await idsBy(stage.aws, filter('instance.group-id', group))).toEqual([]);
  },

  'DescribeNetworkInterfaces: by id, one that is not there fails the call': async ({ aws }) => {
    const asked = aws('ec2:DescribeNetworkInterfaces', { NetworkInterfaceIds: ['eni-0fffffffffffffff0'] });
    await expect(asked).rejects.toMatchObject({ name: 'InvalidNetworkInterfaceID.NotFound' });
  },

  'DescribeNetworkInterfaces: an unknown filter fails the call': async ({ aws }) => {
    const asked = aws('ec2:DescribeNetworkInterfaces', { Filters: [filter('security-group', 'web')] });
    await expect(asked).rejects.toMatchObject({ name: 'InvalidParameterValue' });
  },

  'DescribeSecurityGroups: a filter passes over an id that is not there': async ({ aws, createSecurityGroup }) => {
    const group = await createSecurityGroup('by-id');
    expect(await groupIdsBy(aws, filter('group-id', unknownGroup, group))).toEqual([group]);
    expect(await groupIdsBy(aws, filter('group-id', unknownGroup))).toEqual([]);
  },

  'DescribeSecurityGroups: by id, one that is not there fails the call': async ({ aws }) => {
    await expect(aws('ec2:DescribeSecurityGroups', { GroupIds: [unknownGroup] })).rejects.toMatchObject({
      name: 'InvalidGroup.NotFound',
    });
  },

  'DescribeSecurityGroups: an unknown filter fails the call': async ({ aws }) => {
    const asked = aws('ec2:DescribeSecurityGroups', { Filters: [filter('security-group', 'web')] });
    await expect(asked).rejects.toMatchObject({ name: 'InvalidParameterValue' });
  },

  'DescribeSecurityGroups: MaxResults below 5 fails the call': async ({ aws }) => {
    await expect(aws('ec2:DescribeSecurityGroups', { MaxResults: 4 })).rejects.toMatchObject({
      name: 'InvalidParameterValue',
    });
  },

  'DescribeSecurityGroups: tags of a group are shown, and select': async ({ aws, createSecurityGroup, setTags }) => {
    const group = await createSecurityGroup('tagged');
    await setTags(group, { Role: 'bastion' });
    const answer = await aws('ec2:DescribeSecurityGroups', { Filters: [filter('tag:Role', 'bastion')] });
    expect(answer.SecurityGroups?.map((one) => [one.GroupId, one.Tags])).toEqual([
      [group, [{ Key: 'Role', Value: 'bastion' }]],
    ]);
  },

  'DescribeSecurityGroups: what a new group has': async ({ aws, accountId, createSecurityGroup }) => {
    const GroupId = await createSecurityGroup('new');
    const answer = await aws('ec2:DescribeSecurityGroups', { Filters: [filter('group-id', GroupId)] });
    expect(answer.SecurityGroups).toEqual([
      expect.objectContaining({
        GroupId,
        GroupName: 'new',
        OwnerId: accountId,
        VpcId: expect.stringMatching(/^vpc-[0-9a-f]+$/),
        IpPermissions: [],
        IpPermissionsEgress: [
          {
            IpProtocol: '-1',
            IpRanges: [{ CidrIp: '0.0.0.0/0' }],
            Ipv6Ranges: [],
            PrefixListIds: [],
            UserIdGroupPairs: [],
          },
        ],
      }),
    ]);
  },

  'DescribeSecurityGroups: sources of all kinds': async (stage) => {
    const { group, source, list } = await withSources(stage, 'sources');
    expect(sorted((await ingressOf(stage.aws, group)).flatMap(sourcesOf))).toEqual(
      sorted([
        'tcp 22-22 192.0.2.0/24 (office)',
        'tcp 22-22 2001:db8::/32',
        `tcp 22-22 ${source} of ${stage.accountId}`,
        `tcp 22-22 ${list}`,
      ]),
    );
  },

  'DescribeSecurityGroups: sources for the same protocol and ports are one permission': async (stage) => {
    const { group } = await withSources(stage, 'merged');
    expect(await ingressOf(stage.aws, group)).toHaveLength(1);
  },

  'DescribeSecurityGroups: a permission for all protocols has no ports': async (stage) => {
    const group = await stage.createSecurityGroup('all-protocols');
    await stage.authorizeIngress(group, [{ IpProtocol: '-1', IpRanges: [{ CidrIp: '198.51.100.0/24' }] }]);
    const [permission] = await ingressOf(stage.aws, group);
    expect([permission?.IpProtocol, permission?.FromPort, permission?.ToPort]).toEqual(['-1', undefined, undefined]);
  },

  'DescribeSecurityGroups: by a group and by a prefix list that ingress names': async (stage) => {
    const { aws } = stage;
    const { group, source, list } = await withSources(stage, 'named');
    expect(await groupIdsBy(aws, filter('ip-permission.group-id', source))).toEqual([group]);
    expect(await groupIdsBy(aws, filter('ip-permission.prefix-list-id', list))).toEqual([group]);
    expect(await groupIdsBy(aws, filter('ip-permission.group-id', group))).toEqual([]);
    expect(await groupIdsBy(aws, filter('ip-permission.prefix-list-id', unknownList))).toEqual([]);
  },

  'DescribeSecurityGroupRules: one rule for each source': async (stage) => {
    const { aws, accountId } = stage;
    const { group, source, list } = await withSources(stage, 'rules');
    const all = await rulesOf(aws, group, unknownGroup);
    const common = {
      SecurityGroupRuleId: expect.stringMatching(/^sgr-[0-9a-f]{17}$/),
      GroupId: group,
      IsEgress: false,
      IpProtocol: 'tcp',
      FromPort: 22,
      ToPort: 22,
    };
    const rule = (of: ec2.SecurityGroupRule) => expect.objectContaining({ ...common, ...of });
    expect(all.filter((one) => !one.IsEgress)).toEqual(
      expect.arrayContaining([
        rule({ CidrIpv4: '192.0.2.0/24', Description: 'office' }),
        rule({ CidrIpv6: '2001:db8::/32' }),
        rule({ PrefixListId: list }),
        rule({ ReferencedGroupInfo: { GroupId: source, UserId: accountId } }),
      ]),
    );
    expect(all).toHaveLength(5);
    expect(new Set(all.map((one) => one.SecurityGroupRuleId)).size).toBe(5);
  },

  'DescribeSecurityGroupRules: a rule names the owner of its group': async (stage) => {
    const group = await stage.createSecurityGroup('owned');
    expect((await rulesOf(stage.aws, group)).map((rule) => rule.GroupOwnerId)).toEqual([stage.accountId]);
  },

  'DescribeSecurityGroupRules: a rule for all protocols has the ports -1': async ({ aws, createSecurityGroup }) => {
    const group = await createSecurityGroup('egress');
    expect(await rulesOf(aws, group)).toEqual([
      expect.objectContaining({
        IsEgress: true,
        IpProtocol: '-1',
        FromPort: -1,
        ToPort: -1,
        CidrIpv4: '0.0.0.0/0',
      }),
    ]);
  },

  'DescribeSecurityGroupRules: an unknown filter fails the call': async ({ aws }) => {
    const asked = aws('ec2:DescribeSecurityGroupRules', { Filters: [filter('security-group', 'web')] });
    await expect(asked).rejects.toMatchObject({ name: 'InvalidParameterValue' });
  },

  'GetManagedPrefixListEntries: all entries': async ({ aws, createPrefixList }) => {
    const entries = [{ Cidr: '192.0.2.0/24', Description: 'office' }, { Cidr: '198.51.100.7/32' }];
    const PrefixListId = await createPrefixList(entries);
    const answer = await aws('ec2:GetManagedPrefixListEntries', { PrefixListId });
    expect([answer.Entries, answer.NextToken]).toEqual([entries, undefined]);
  },

  'GetManagedPrefixListEntries: pages to their end give each entry once': async ({ aws, createPrefixList }) => {
    const entries = Array.from({ length: 12 }, (_, index) => ({ Cidr: `203.0.113.${index}/32` }));
    const PrefixListId = await createPrefixList(entries);
    const read: ec2.PrefixListEntry[] = [];
    let NextToken: string | undefined;
    do {
      const page = await aws('ec2:GetManagedPrefixListEntries', { PrefixListId, MaxResults: 5, NextToken });
      read.push(...(page.Entries ?? []));
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
    expect(read).toEqual(entries);
  },

  'GetManagedPrefixListEntries: a page holds as many as asked for': async ({ aws, createPrefixList }) => {
    const PrefixListId = await createPrefixList([{ Cidr: '192.0.2.0/24' }, { Cidr: '198.51.100.0/24' }]);
    const page = await aws('ec2:GetManagedPrefixListEntries', { PrefixListId, MaxResults: 1 });
    expect([page.Entries, typeof page.NextToken]).toEqual([[{ Cidr: '192.0.2.0/24' }], 'string']);
  },

  'GetManagedPrefixListEntries: a list that is not there fails the call': async ({ aws }) => {
    const asked = aws('ec2:GetManagedPrefixListEntries', { PrefixListId: unknownList });
    await expect(asked).rejects.toMatchObject({ name: 'InvalidPrefixListID.NotFound' });
  },
};

/** An instance whose first interface has another group than its second. */
export async function withSecondInterface(
  { launch, createSecurityGroup, attachInterface }: Stage,
  name: string,
): Promise<{ readonly id: string; readonly eni: string; readonly group: string }> {
  const first = await createSecurityGroup(`${name}-first`);
  const group = await createSecurityGroup(name);
  const id = await launch({ securityGroupIds: [first] });
  return { id, eni: await attachInterface(id, group), group };
}

/** A group that lets a range of either kind, another group and a prefix list through to port 22. */
async function withSources(
  { accountId, createSecurityGroup, createPrefixList, authorizeIngress }: Stage,
  name: string,
): Promise<{ readonly group: string; readonly source: string; readonly list: string }> {
  const group = await createSecurityGroup(name);
  const source = await createSecurityGroup(`${name}-source`);
  const list = await createPrefixList([{ Cidr: '203.0.113.0/24' }]);
  const ports = { IpProtocol: 'tcp', FromPort: 22, ToPort: 22 };
  await authorizeIngress(group, [
    { ...ports, IpRanges: [{ CidrIp: '192.0.2.0/24', Description: 'office' }] },
    { ...ports, Ipv6Ranges: [{ CidrIpv6: '2001:db8::/32' }] },
    { ...ports, UserIdGroupPairs: [{ GroupId: source, UserId: accountId }] },
    { ...ports, PrefixListIds: [{ PrefixListId: list }] },
  ]);
  return { group, source, list };
}

/** Interfaces that filters select. */
export async function interfacesBy(aws: Aws, ...Filters: ec2.Filter[]): Promise<readonly ec2.NetworkInterface[]> {
  return (await aws('ec2:DescribeNetworkInterfaces', { Filters })).NetworkInterfaces ?? [];
}

/** Of the interfaces that filters select. */
async function instanceIdsOf(aws: Aws, ...Filters: ec2.Filter[]): Promise<string[]> {
  return sorted((await interfacesBy(aws, ...Filters)).map((one) => one.Attachment?.InstanceId ?? ''));
}

async function groupIdsBy(aws: Aws, ...Filters: ec2.Filter[]): Promise<string[]> {
  const answer = await aws('ec2:DescribeSecurityGroups', { Filters });
  return sorted((answer.SecurityGroups ?? []).map((one) => one.GroupId ?? ''));
}

/** What a group lets through, as it is shown now. */
export async function ingressOf(aws: Aws, group: string): Promise<readonly ec2.IpPermission[]> {
  const answer = await aws('ec2:DescribeSecurityGroups', { Filters: [filter('group-id', group)] });
  return answer.SecurityGroups?.[0]?.IpPermissions ?? [];
}

/** Rules of groups, of ingress and of egress. */
export async function rulesOf(aws: Aws, ...groups: string[]): Promise<readonly ec2.SecurityGroupRule[]> {
  const answer = await aws('ec2:DescribeSecurityGroupRules', { Filters: [filter('group-id', ...groups)] });
  return answer.SecurityGroupRules ?? [];
}

function sourcesOf(permission: ec2.IpPermission): readonly string[] {
  const ports = `${permission.IpProtocol} ${permission.FromPort}-${permission.ToPort}`;
  const described = (source: string | undefined, description: string | undefined) =>
    `${ports} ${source}${description === undefined ? '' : ` (${description})`}`;
  return [
    ...(permission.IpRanges ?? []).map((one) => described(one.CidrIp, one.Description)),
    ...(permission.Ipv6Ranges ?? []).map((one) => described(one.CidrIpv6, one.Description)),
    ...(permission.PrefixListIds ?? []).map((one) => described(one.PrefixListId, one.Description)),
    ...(permission.UserIdGroupPairs ?? []).map((one) => `${ports} ${one.GroupId} of ${one.UserId}`),
  ];
}
