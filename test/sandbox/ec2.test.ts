import type * as ec2 from '@aws-sdk/client-ec2';
import { id, sandboxWith } from './account-of-tests.ts';

const web = {
  InstanceId: id(1),
  InstanceType: 'm7i.large',
  State: { Name: 'running' },
  Tags: [
    { Key: 'Name', Value: 'web-1' },
    { Key: 'Owner', Value: 'Ann' },
  ],
  SecurityGroups: [{ GroupId: 'sg-web', GroupName: 'web' }],
  NetworkInterfaces: [
    { NetworkInterfaceId: 'eni-1', Groups: [{ GroupId: 'sg-web', GroupName: 'web' }] },
    { NetworkInterfaceId: 'eni-2', Groups: [{ GroupId: 'sg-admin', GroupName: 'admin' }] },
  ],
  BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { VolumeId: 'vol-1' } }],
} satisfies ec2.Instance;
const batch = {
  InstanceId: id(2),
  State: { Name: 'stopped' },
  Tags: [{ Key: 'Name', Value: 'batch*1' }],
} satisfies ec2.Instance;
const bare = { InstanceId: id(3), State: { Name: 'running' } } satisfies ec2.Instance;

const reservations = [
  { ReservationId: 'r-1', OwnerId: '111122223333', RequesterId: 'asg', Instances: [web, batch] },
  { ReservationId: 'r-2', OwnerId: '444455556666', Instances: [bare] },
];

function manyInstances(count: number): ec2.Reservation[] {
  const Instances = Array.from({ length: count }, (_, index) => ({ InstanceId: id(index) }));
  return [
    { ReservationId: 'r-1', Instances: Instances.slice(0, 3) },
    { ReservationId: 'r-2', Instances: Instances.slice(3) },
  ];
}

function idsOf(answer: { readonly Reservations?: readonly ec2.Reservation[] | undefined }): (string | undefined)[] {
  return (answer.Reservations ?? []).flatMap((one) => one.Instances ?? []).map((one) => one.InstanceId);
}

function filter(Name: string, ...Values: string[]): ec2.Filter {
  return { Name, Values };
}

describe('DescribeInstances', () => {
  test('groups instances in their reservations, with all fields of these', async () => {
    const { aws } = sandboxWith({ reservations });
    const answer = await aws('ec2:DescribeInstances', {});
    expect(answer.Reservations).toEqual(reservations);
  });

  test.each<[string, ec2.Filter[], ec2.Instance[]]>([
    ['instance-id', [filter('instance-id', id(2), id(9))], [batch]],
    ['instance.group-id sees the primary interface alone', [filter('instance.group-id', 'sg-admin')], []],
    ['instance.group-id', [filter('instance.group-id', 'sg-web')], [web]],
    ['network-interface.group-id sees every interface', [filter('network-interface.group-id', 'sg-admin')], [web]],
    ['network-interface.group-name', [filter('network-interface.group-name', 'admin')], [web]],
    ['network-interface.network-interface-id', [filter('network-interface.network-interface-id', 'eni-2')], [web]],
    ['block-device-mapping.volume-id', [filter('block-device-mapping.volume-id', 'vol-1')], [web]],
    ['values of one filter are ORed', [filter('instance-state-name', 'running', 'stopped')], [web, batch, bare]],
    ['filters are ANDed', [filter('instance-state-name', 'running'), filter('tag-key', 'Name')], [web]],
    ['tag:', [filter('tag:Owner', 'Ann')], [web]],
    ['a key is part of the filter, a value of another key does not count', [filter('tag:Name', 'Ann')], []],
    ['case counts', [filter('tag:Owner', 'ann')], []],
    ['tag-key', [filter('tag-key', 'Owner')], [web]],
    ['* is any run', [filter('tag:Name', '*')], [web, batch]],
    ['* in the middle', [filter('tag:Name', 'w*1')], [web]],
    ['? is one character', [filter('tag:Name', 'web-?')], [web]],
    ['? is none too', [filter('tag:Name', 'web-1?')], [web]],
    ['a backslash takes a star literally', [filter('tag:Name', 'batch\\*1')], [batch]],
    ['a dot is no wildcard', [filter('tag:Name', 'web.1')], []],
  ])('filters: %s', async (_, Filters, expected) => {
    const { aws } = sandboxWith({ reservations });
    const answer = await aws('ec2:DescribeInstances', { Filters });
    expect(idsOf(answer)).toEqual(expected.map((one) => one.InstanceId));
  });

  const ids = (count: number) => Array.from({ length: count }, (_, index) => id(index));
  test.each<[string, ec2.DescribeInstancesCommandInput, string, string]>([
    [
      'one unknown id fails the whole call',
      { InstanceIds: [id(1), id(99)] },
      'InvalidInstanceID.NotFound',
      `The instance ID '${id(99)}' does not exist`,
    ],
    [
      'several unknown ids are all named',
      { InstanceIds: [id(98), id(99)] },
      'InvalidInstanceID.NotFound',
      `The instance IDs '${id(98)}, ${id(99)}' do not exist`,
    ],
    ['an id that is none', { InstanceIds: ['nonsense'] }, 'InvalidInstanceID.Malformed', 'Invalid id: "nonsense"'],
    [
      'ids with MaxResults',
      { InstanceIds: [id(1)], MaxResults: 5 },
      'InvalidParameterCombination',
      'The parameter instancesSet cannot be used with the parameter maxResults',
    ],
    [
      'MaxResults below 5',
      { MaxResults: 4 },
      'InvalidParameterValue',
      'Value ( 4 ) for parameter maxResults is invalid. Expecting a value greater than 5.',
    ],
    [
      'MaxResults above 1000',
      { MaxResults: 1001 },
      'InvalidParameterValue',
      'Value ( 1001 ) for parameter maxResults is invalid. Expecting a value less than 1000.',
    ],
    [
      '201 values',
      { Filters: [filter('instance-id', ...ids(201))] },
      'FilterLimitExceeded',
      'The maximum number of filter values specified on a single call is 200',
    ],
    [
      '201 values over two filters',
      { Filters: [filter('instance-id', ...ids(200)), filter('tag-key', 'a')] },
      'FilterLimitExceeded',
      'The maximum number of filter values specified on a single call is 200',
    ],
    [
      'a long value',
      { Filters: [filter('tag:Name', 'x'.repeat(256))] },
      'FilterLimitExceeded',
      'The maximum length for a filter value is 255 characters',
    ],
    [
      'an unknown filter',
      { Filters: [filter('instance-name', 'web')] },
      'InvalidParameterValue',
      "The filter 'instance-name' is invalid",
    ],
    [
      'a filter named like a method',
      { Filters: [filter('toString', 'web')] },
      'InvalidParameterValue',
      "The filter 'toString' is invalid",
    ],
    [
      'a filter without values',
      { Filters: [filter('instance-id')] },
      'InvalidParameterValue',
      "The filter 'instance-id' has no values",
    ],
    ['a token of nowhere', { NextToken: 'page2' }, 'InvalidParameterValue', 'Unable to parse pagination token'],
    [
      'a parameter that would be passed over',
      { DryRun: true },
      'UnknownParameter',
      'The sandbox does not know the parameter DryRun',
    ],
  ])('refuses %s', async (_, input, name, message) => {
    const { aws } = sandboxWith({ reservations });
    await expect(aws('ec2:DescribeInstances', input)).rejects.toMatchObject({ name, message });
  });

  test('200 values are allowed', async () => {
    const { aws } = sandboxWith({ reservations });
    const answer = await aws('ec2:DescribeInstances', { Filters: [filter('instance-id', ...ids(200))] });
    expect(idsOf(answer)).toEqual([web.InstanceId, batch.InstanceId, bare.InstanceId]);
  });

  test('pages count instances, and a reservation goes on over them', async () => {
    const { aws } = sandboxWith({ reservations: manyInstances(7) });
    const first = await aws('ec2:DescribeInstances', { MaxResults: 5 });
    const second = await aws('ec2:DescribeInstances', { MaxResults: 5, NextToken: first.NextToken });
    expect(first.Reservations?.map((one) => [one.ReservationId, one.Instances?.length])).toEqual([
      ['r-1', 3],
      ['r-2', 2],
    ]);
    expect(second.Reservations?.map((one) => [one.ReservationId, one.Instances?.length])).toEqual([['r-2', 2]]);
    expect(second.NextToken).toBeUndefined();
  });

  test('pages of 5 come unasked, and hold 1000 as AWS has them', async () => {
    const reservations = manyInstances(1001);
    const small = await sandboxWith({ reservations }).aws('ec2:DescribeInstances', {});
    const large = await sandboxWith({ reservations }, { pageSize: 'aws' }).aws('ec2:DescribeInstances', {});
    expect([idsOf(small).length, idsOf(large).length]).toEqual([5, 1000]);
  });

  test('ids asked for come on one page', async () => {
    const { aws } = sandboxWith({ reservations: manyInstances(7) });
    const answer = await aws('ec2:DescribeInstances', { InstanceIds: ids(7) });
    expect([idsOf(answer).length, answer.NextToken]).toEqual([7, undefined]);
  });

  test('a token is good for its own filters alone', async () => {
    const { aws } = sandboxWith({ reservations: manyInstances(7) });
    const { NextToken } = await aws('ec2:DescribeInstances', {});
    const other = aws('ec2:DescribeInstances', { NextToken, Filters: [filter('instance-id', id(1))] });
    await expect(other).rejects.toMatchObject({ name: 'InvalidParameterValue' });
  });

  test('with a wildcard a page can be empty and yet have a next one', async () => {
    const reservations = [
      { ReservationId: 'r-1', Instances: [...(manyInstances(5)[0]?.Instances ?? []), batch, bare, web] },
    ];
    const { aws } = sandboxWith({ reservations });
    const Filters = [filter('tag:Name', 'w*')];
    const first = await aws('ec2:DescribeInstances', { Filters });
    const second = await aws('ec2:DescribeInstances', { Filters, NextToken: first.NextToken });
    expect([idsOf(first), idsOf(second)]).toEqual([[], [web.InstanceId]]);
  });

  test('what is handed out is a copy', async () => {
    const { aws } = sandboxWith({ reservations });
    const answer = await aws('ec2:DescribeInstances', {});
    answer.Reservations?.[0]?.Instances?.pop();
    expect(idsOf(await aws('ec2:DescribeInstances', {}))).toHaveLength(3);
  });
});

describe('other reads', () => {
  const volumes = [
    { VolumeId: 'vol-1', Attachments: [{ InstanceId: id(1) }] },
    { VolumeId: 'vol-2', Attachments: [] },
  ];
  const ssh = {
    IpProtocol: 'tcp',
    FromPort: 22,
    ToPort: 22,
    IpRanges: [{ CidrIp: '0.0.0.0/0', Description: 'anybody' }],
    Ipv6Ranges: [{ CidrIpv6: '::/0' }],
    PrefixListIds: [{ PrefixListId: 'pl-1' }],
    UserIdGroupPairs: [{ GroupId: 'sg-2', UserId: '111122223333' }],
  } satisfies ec2.IpPermission;
  const securityGroups = [
    {
      GroupId: 'sg-1',
      GroupName: 'web',
      VpcId: 'vpc-1',
      OwnerId: '111122223333',
      IpPermissions: [ssh],
      Tags: [{ Key: 'Role', Value: 'bastion' }],
    },
    {
      GroupId: 'sg-2',
      GroupName: 'db',
      VpcId: 'vpc-2',
      IpPermissionsEgress: [{ IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] }],
    },
  ];
  const networkInterfaces = [
    {
      NetworkInterfaceId: 'eni-1',
      Attachment: { InstanceId: id(1) },
      Groups: [{ GroupId: 'sg-1' }],
      TagSet: [{ Key: 'a', Value: 'b' }],
    },
    { NetworkInterfaceId: 'eni-2' },
  ];

  test.each<[string, string[], string[]]>([
    ['attachment.instance-id', [id(1)], ['vol-1']],
    ['volume-id', ['vol-2', 'vol-3'], ['vol-2']],
  ])('DescribeVolumes by %s', async (Name, Values, expected) => {
    const { aws } = sandboxWith({ volumes });
    const answer = await aws('ec2:DescribeVolumes', { Filters: [{ Name, Values }] });
    expect(answer.Volumes?.map((one) => one.VolumeId)).toEqual(expected);
  });

  test('DescribeVolumes takes 1000 for MaxResults and gives 500', async () => {
    const many = Array.from({ length: 501 }, (_, index) => ({ VolumeId: `vol-${index}` }));
    const { aws } = sandboxWith({ volumes: many }, { pageSize: 'aws' });
    const first = await aws('ec2:DescribeVolumes', { MaxResults: 1000 });
    const second = await aws('ec2:DescribeVolumes', { MaxResults: 1000, NextToken: first.NextToken });
    expect([first.Volumes?.length, second.Volumes?.map((one) => one.VolumeId)]).toEqual([500, ['vol-500']]);
  });

  test.each<[string, string, string[]]>([
    ['group-id', 'sg-2', ['sg-2']],
    ['group-name', 'web', ['sg-1']],
    ['vpc-id', 'vpc-2', ['sg-2']],
    ['ip-permission.prefix-list-id', 'pl-1', ['sg-1']],
    ['ip-permission.group-id', 'sg-2', ['sg-1']],
    ['tag:Role', 'bastion', ['sg-1']],
  ])('DescribeSecurityGroups by %s', async (Name, value, expected) => {
    const { aws } = sandboxWith({ securityGroups });
    const answer = await aws('ec2:DescribeSecurityGroups', { Filters: [filter(Name, value)] });
    expect(answer.SecurityGroups?.map((one) => one.GroupId)).toEqual(expected);
  });

  test.each<[string, string, string[]]>([
    ['network-interface-id', 'eni-2', ['eni-2']],
    ['attachment.instance-id', id(1), ['eni-1']],
    ['group-id', 'sg-1', ['eni-1']],
    ['tag:a', 'b', ['eni-1']],
  ])('DescribeNetworkInterfaces by %s', async (Name, value, expected) => {
    const { aws } = sandboxWith({ networkInterfaces });
    const answer = await aws('ec2:DescribeNetworkInterfaces', { Filters: [filter(Name, value)] });
    expect(answer.NetworkInterfaces?.map((one) => one.NetworkInterfaceId)).toEqual(expected);
  });

  test('DescribeSecurityGroupRules shows a rule for each source, with ids that stay', async () => {
    const { aws } = sandboxWith({ securityGroups }, { pageSize: 'aws' });
    const first = await aws('ec2:DescribeSecurityGroupRules', { Filters: [filter('group-id', 'sg-1')] });
    const again = await aws('ec2:DescribeSecurityGroupRules', { Filters: [filter('group-id', 'sg-1')] });
    const common = {
      GroupId: 'sg-1',
      GroupOwnerId: '111122223333',
      IsEgress: false,
      IpProtocol: 'tcp',
      FromPort: 22,
      ToPort: 22,
      Tags: [],
    };
    const SecurityGroupRuleId = expect.stringMatching(/^sgr-0[0-9a-f]{16}$/);
    expect(first.SecurityGroupRules).toEqual([
      { ...common, SecurityGroupRuleId, CidrIpv4: '0.0.0.0/0', Description: 'anybody' },
      { ...common, SecurityGroupRuleId, CidrIpv6: '::/0' },
      { ...common, SecurityGroupRuleId, PrefixListId: 'pl-1' },
      { ...common, SecurityGroupRuleId, ReferencedGroupInfo: { GroupId: 'sg-2', UserId: '111122223333' } },
    ]);
    expect(again).toEqual(first);
  });

  test('DescribeSecurityGroupRules shows egress as such, and all ports as -1', async () => {
    const { aws } = sandboxWith({ securityGroups });
    const answer = await aws('ec2:DescribeSecurityGroupRules', { Filters: [filter('group-id', 'sg-2')] });
    expect(answer.SecurityGroupRules).toMatchObject([{ IsEgress: true, IpProtocol: '-1', FromPort: -1, ToPort: -1 }]);
  });

  test('a rule that was given lends its id to the source that it is about', async () => {
    const given = {
      SecurityGroupRuleId: 'sgr-known',
      GroupId: 'sg-1',
      IsEgress: false,
      IpProtocol: 'tcp',
      FromPort: 22,
      ToPort: 22,
      CidrIpv6: '::/0',
    };
    const { aws } = sandboxWith({ securityGroups, securityGroupRules: [given] });
    const answer = await aws('ec2:DescribeSecurityGroupRules', { Filters: [filter('group-id', 'sg-1')] });
    expect(answer.SecurityGroupRules?.map((rule) => rule.SecurityGroupRuleId === 'sgr-known')).toEqual([
      false,
      true,
      false,
      false,
    ]);
  });

  test('DescribeInstanceTypes: unknown types fail by name and not by filter; 100 at most', async () => {
    const { aws } = sandboxWith({ instanceTypes: [{ InstanceType: 'm7i.large' }, { InstanceType: 't3.micro' }] });
    const byFilter = await aws('ec2:DescribeInstanceTypes', {
      Filters: [filter('instance-type', 't3.micro', 'x9.huge')],
    });
    expect(byFilter.InstanceTypes).toEqual([{ InstanceType: 't3.micro' }]);
    const byName = aws('ec2:DescribeInstanceTypes', { InstanceTypes: ['t3.micro', 't3.nano'] });
    await expect(byName).rejects.toMatchObject({ name: 'InvalidInstanceType' });
    const tooMany = aws('ec2:DescribeInstanceTypes', { InstanceTypes: Array.from({ length: 101 }, () => 't3.micro') });
    await expect(tooMany).rejects.toMatchObject({ name: 'InvalidParameterValue' });
  });

  test.each([
    ['ec2:DescribeInstanceTypes', 'tag:Name'],
    ['ec2:DescribeInstanceTypes', 'tag-key'],
    ['ec2:DescribeSecurityGroupRules', 'tag-key'],
  ] as const)('%s has no filter %s', async (operation, name) => {
    const { aws } = sandboxWith({ securityGroups });
    await expect(aws(operation, { Filters: [filter(name, 'a')] })).rejects.toMatchObject({
      name: 'InvalidParameterValue',
      message: `The filter '${name}' is invalid`,
    });
  });

  test('GetManagedPrefixListEntries is paged, and knows no other list', async () => {
    const entries = Array.from({ length: 6 }, (_, index) => ({ Cidr: `10.0.${index}.0/24` }));
    const { aws } = sandboxWith({ prefixLists: { 'pl-1': entries } });
    const first = await aws('ec2:GetManagedPrefixListEntries', { PrefixListId: 'pl-1' });
    const second = await aws('ec2:GetManagedPrefixListEntries', { PrefixListId: 'pl-1', NextToken: first.NextToken });
    expect([...(first.Entries ?? []), ...(second.Entries ?? [])]).toEqual(entries);
    const unknown = aws('ec2:GetManagedPrefixListEntries', { PrefixListId: 'pl-9' });
    await expect(unknown).rejects.toMatchObject({ name: 'InvalidPrefixListID.NotFound' });
  });

  test('ListAliases gives 50 unasked, as KMS does', async () => {
    const kmsAliases = Array.from({ length: 51 }, (_, index) => ({ AliasName: `alias/${index}` }));
    const { aws } = sandboxWith({ kmsAliases }, { pageSize: 'aws' });
    const answer = await aws('kms:ListAliases', {});
    expect([answer.Aliases?.length, answer.Truncated]).toEqual([50, true]);
  });

  test('ListAliases is paged by marker', async () => {
    const kmsAliases = Array.from({ length: 6 }, (_, index) => ({ AliasName: `alias/key-${index}` }));
    const { aws } = sandboxWith({ kmsAliases });
    const first = await aws('kms:ListAliases', {});
    const second = await aws('kms:ListAliases', { Marker: first.NextMarker });
    expect([first.Aliases?.length, first.Truncated]).toEqual([5, true]);
    expect(second).toEqual({ Aliases: [{ AliasName: 'alias/key-5' }], Truncated: false, NextMarker: undefined });
    await expect(aws('kms:ListAliases', { Marker: 'x' })).rejects.toMatchObject({ name: 'InvalidMarkerException' });
  });
});

describe('what is read before something is changed', () => {
  test('requests for Spot Instances come in pages, by filter and by id', async () => {
    const spotInstanceRequests = Array.from({ length: 7 }, (_, index) => ({
      SpotInstanceRequestId: `sir-${index}`,
      Type: index === 6 ? ('persistent' as const) : ('one-time' as const),
    }));
    const { aws } = sandboxWith({ spotInstanceRequests });
    const first = await aws('ec2:DescribeSpotInstanceRequests', { MaxResults: 1000 });
    const second = await aws('ec2:DescribeSpotInstanceRequests', { MaxResults: 1000, NextToken: first.NextToken });
    expect([...(first.SpotInstanceRequests ?? []), ...(second.SpotInstanceRequests ?? [])]).toEqual(
      spotInstanceRequests,
    );
    const Filters = [{ Name: 'spot-instance-request-id', Values: ['sir-6', 'sir-9'] }];
    const filtered = await aws('ec2:DescribeSpotInstanceRequests', { Filters });
    expect(filtered.SpotInstanceRequests).toEqual([{ SpotInstanceRequestId: 'sir-6', Type: 'persistent' }]);
    await expect(aws('ec2:DescribeSpotInstanceRequests', { SpotInstanceRequestIds: ['sir-9'] })).rejects.toMatchObject({
      name: 'InvalidSpotInstanceRequestID.NotFound',
    });
  });

  test.each<[string, ec2.DescribeInstanceAttributeCommandInput, string]>([
    ['another attribute', { InstanceId: id(1), Attribute: 'userData' }, 'InvalidParameterValue'],
    ['an unknown instance', { InstanceId: id(9), Attribute: 'disableApiStop' }, 'InvalidInstanceID.NotFound'],
    ['what is no id', { InstanceId: 'i-x', Attribute: 'disableApiStop' }, 'InvalidInstanceID.Malformed'],
  ])('DescribeInstanceAttribute refuses %s', async (_, input, name) => {
    await expect(sandboxWith({ reservations }).aws('ec2:DescribeInstanceAttribute', input)).rejects.toMatchObject({
      name,
    });
  });
});

describe('a snapshot', () => {
  const snapshot = { isSnapshot: true, reservations };

  test.each([
    ['ec2:DescribeVolumes', 'describe-volumes.json'],
    ['ec2:DescribeSecurityGroups', 'describe-security-groups.json'],
    ['ec2:DescribeSecurityGroupRules', 'describe-security-group-rules.json'],
    ['ec2:DescribeNetworkInterfaces', 'describe-network-interfaces.json'],
    ['ec2:DescribeInstanceTypes', 'describe-instance-types.json'],
    ['ec2:DescribeSpotInstanceRequests', 'describe-spot-instance-requests.json'],
    ['kms:ListAliases', 'kms.list-aliases.json'],
  ] as const)('%s fails when it was not recorded, and names the file', async (operation, file) => {
    const { aws } = sandboxWith(snapshot);
    const message = `${file} is not in the snapshot`;
    await expect(aws(operation, {})).rejects.toMatchObject({ name: 'NotRecorded', message });
  });

  test('an attribute has a file of its own', async () => {
    const { aws } = sandboxWith({ ...snapshot, instanceAttributes: { [id(1)]: { disableApiStop: true } } });
    const read = (Attribute: ec2.InstanceAttributeName) =>
      aws('ec2:DescribeInstanceAttribute', { InstanceId: id(1), Attribute });
    expect(await read('disableApiStop')).toEqual({ InstanceId: id(1), DisableApiStop: { Value: true } });
    await expect(read('disableApiTermination')).rejects.toMatchObject({
      name: 'NotRecorded',
      message: `describe-instance-attribute.${id(1)}.disableApiTermination.json is not in the snapshot`,
    });
  });

  test('a prefix list has a file of its own', async () => {
    const { aws } = sandboxWith({ ...snapshot, prefixLists: { 'pl-1': [] } });
    expect(await aws('ec2:GetManagedPrefixListEntries', { PrefixListId: 'pl-1' })).toEqual({
      Entries: [],
      NextToken: undefined,
    });
    await expect(aws('ec2:GetManagedPrefixListEntries', { PrefixListId: 'pl-2' })).rejects.toMatchObject({
      name: 'NotRecorded',
      message: 'get-managed-prefix-list-entries.pl-2.json is not in the snapshot',
    });
  });

  test('rules are those recorded, not those that follow from the groups', async () => {
    const securityGroups = [
      { GroupId: 'sg-1', IpPermissions: [{ IpProtocol: 'tcp', IpRanges: [{ CidrIp: '0.0.0.0/0' }] }] },
    ];
    const { aws } = sandboxWith({ ...snapshot, securityGroups, securityGroupRules: [] });
    expect((await aws('ec2:DescribeSecurityGroupRules', {})).SecurityGroupRules).toEqual([]);
  });
});
