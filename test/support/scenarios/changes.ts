import type * as ec2 from '@aws-sdk/client-ec2';
import type { Aws } from '../../../src/domain/operations.ts';
import type { Scenarios, Stage } from '../same-answers.ts';
import { ingressOf, interfacesBy, rulesOf, withSecondInterface } from './groups.ts';
import { filter, idsBy, instanceOf, sorted, volumesBy } from './instances.ts';

const unknownInstance = 'i-0fffffffffffffff0';
const unknownGroup = 'sg-0fffffffffffffff0';
const unknownRule = 'sgr-0fffffffffffffff0';
const ssh = { IpProtocol: 'tcp', FromPort: 22, ToPort: 22 };

/** The operations that change something in EC2, and what is read before they are called. */
export const changes: Scenarios = {
  'RevokeSecurityGroupIngress: a rule by its id, and no other': async (stage) => {
    const { group, rules } = await opened(stage, 'revoke-by-id', ['192.0.2.0/24', '198.51.100.0/24']);
    await stage.aws('ec2:RevokeSecurityGroupIngress', { GroupId: group, SecurityGroupRuleIds: [idOf(rules[0])] });
    expect(await sourcesOf(stage.aws, group)).toEqual(['198.51.100.0/24']);
  },

  'RevokeSecurityGroupIngress: the answer names the rules that are no more': async (stage) => {
    const { group, rules } = await opened(stage, 'revoke-answer', ['192.0.2.0/24']);
    const SecurityGroupRuleIds = rules.map(idOf);
    const answer = await stage.aws('ec2:RevokeSecurityGroupIngress', { GroupId: group, SecurityGroupRuleIds });
    expect(answer.Return).toBe(true);
    expect(answer.RevokedSecurityGroupRules).toEqual([
      {
        SecurityGroupRuleId: SecurityGroupRuleIds[0],
        GroupId: group,
        IsEgress: false,
        CidrIpv4: '192.0.2.0/24',
        ...ssh,
      },
    ]);
  },

  'RevokeSecurityGroupIngress: by what it lets through, exactly': async (stage) => {
    const { group } = await opened(stage, 'revoke-by-source', ['192.0.2.0/24', '198.51.100.0/24']);
    const answer = await revoke(stage.aws, group, [{ ...ssh, IpRanges: [{ CidrIp: '192.0.2.0/24' }] }]);
    expect([answer.Return, answer.UnknownIpPermissions ?? []]).toEqual([true, []]);
    expect(await sourcesOf(stage.aws, group)).toEqual(['198.51.100.0/24']);
  },

  'RevokeSecurityGroupIngress: in the default VPC, what is not let through is no error, and named': async (stage) => {
    const { group } = await opened(stage, 'revoke-unknown', ['192.0.2.0/24']);
    const IpRanges = [{ CidrIp: '192.0.2.0/24' }, { CidrIp: '203.0.113.0/24' }];
    const answer = await revoke(stage.aws, group, [{ ...ssh, IpRanges }]);
    expect(answer.UnknownIpPermissions).toEqual([
      expect.objectContaining({ ...ssh, IpRanges: [{ CidrIp: '203.0.113.0/24' }] }),
    ]);
    expect(await sourcesOf(stage.aws, group)).toEqual([]);
  },

  'RevokeSecurityGroupIngress: a rule that is not there fails the call': async (stage) => {
    const { group } = await opened(stage, 'revoke-no-rule', []);
    const asked = stage.aws('ec2:RevokeSecurityGroupIngress', { GroupId: group, SecurityGroupRuleIds: [unknownRule] });
    await expect(asked).rejects.toMatchObject({ name: 'InvalidSecurityGroupRuleId.NotFound' });
  },

  'RevokeSecurityGroupIngress: with one rule that is not there, the others stay': async (stage) => {
    const { group, rules } = await opened(stage, 'revoke-all-or-none', ['192.0.2.0/24']);
    const SecurityGroupRuleIds = [...rules.map(idOf), unknownRule];
    await expect(
      stage.aws('ec2:RevokeSecurityGroupIngress', { GroupId: group, SecurityGroupRuleIds }),
    ).rejects.toThrow();
    expect(await sourcesOf(stage.aws, group)).toEqual(['192.0.2.0/24']);
  },

  'RevokeSecurityGroupIngress: a rule of another group fails the call, and stays': async (stage) => {
    const { group } = await opened(stage, 'revoke-mine', ['192.0.2.0/24']);
    const other = await opened(stage, 'revoke-other', ['192.0.2.0/24']);
    const SecurityGroupRuleIds = other.rules.map(idOf);
    await expect(
      stage.aws('ec2:RevokeSecurityGroupIngress', { GroupId: group, SecurityGroupRuleIds }),
    ).rejects.toThrow();
    expect(await sourcesOf(stage.aws, group)).toEqual(['192.0.2.0/24']);
    expect(await sourcesOf(stage.aws, other.group)).toEqual(['192.0.2.0/24']);
  },

  'RevokeSecurityGroupIngress: a group that is not there fails the call': async ({ aws }) => {
    const asked = revoke(aws, unknownGroup, [{ ...ssh, IpRanges: [{ CidrIp: '192.0.2.0/24' }] }]);
    await expect(asked).rejects.toMatchObject({ name: 'InvalidGroup.NotFound' });
  },

  'AuthorizeSecurityGroupIngress: the answer has the rules as they are shown then': async (stage) => {
    const { aws } = stage;
    const group = await stage.createSecurityGroup('authorize');
    const IpRanges = [{ CidrIp: '192.0.2.0/24', Description: 'office' }];
    const answer = await authorize(aws, group, [{ ...ssh, IpRanges, Ipv6Ranges: [{ CidrIpv6: '2001:db8::/32' }] }]);
    expect(answer.Return).toBe(true);
    const common = {
      GroupId: group,
      IsEgress: false,
      SecurityGroupRuleId: expect.stringMatching(/^sgr-[0-9a-f]{17}$/),
    };
    expect(answer.SecurityGroupRules).toHaveLength(2);
    expect(answer.SecurityGroupRules).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ ...common, ...ssh, CidrIpv4: '192.0.2.0/24', Description: 'office' }),
        expect.objectContaining({ ...common, ...ssh, CidrIpv6: '2001:db8::/32' }),
      ]),
    );
    const shown = (await rulesOf(aws, group)).filter((rule) => !rule.IsEgress);
    expect(sorted(shown.map(idOf))).toEqual(sorted((answer.SecurityGroupRules ?? []).map(idOf)));
  },

  'AuthorizeSecurityGroupIngress: tags of a rule are shown': async (stage) => {
    const group = await stage.createSecurityGroup('authorize-tagged');
    await stage.aws('ec2:AuthorizeSecurityGroupIngress', {
      GroupId: group,
      IpPermissions: [{ ...ssh, IpRanges: [{ CidrIp: '192.0.2.0/24' }] }],
      TagSpecifications: [{ ResourceType: 'security-group-rule', Tags: [{ Key: 'Why', Value: 'office' }] }],
    });
    const shown = (await rulesOf(stage.aws, group)).find((rule) => !rule.IsEgress);
    expect(shown?.Tags).toEqual([{ Key: 'Why', Value: 'office' }]);
  },

  'AuthorizeSecurityGroupIngress: what was revoked and comes again has another id': async (stage) => {
    const { group, rules } = await opened(stage, 'authorize-again', ['192.0.2.0/24']);
    await stage.aws('ec2:RevokeSecurityGroupIngress', { GroupId: group, SecurityGroupRuleIds: rules.map(idOf) });
    const answer = await authorize(stage.aws, group, [{ ...ssh, IpRanges: [{ CidrIp: '192.0.2.0/24' }] }]);
    expect(answer.SecurityGroupRules?.map(idOf)).not.toEqual(rules.map(idOf));
    expect(await sourcesOf(stage.aws, group)).toEqual(['192.0.2.0/24']);
  },

  'AuthorizeSecurityGroupIngress: what is let through already fails the call': async (stage) => {
    const { group } = await opened(stage, 'authorize-twice', ['192.0.2.0/24']);
    const again = authorize(stage.aws, group, [{ ...ssh, IpRanges: [{ CidrIp: '192.0.2.0/24' }] }]);
    await expect(again).rejects.toMatchObject({ name: 'InvalidPermission.Duplicate' });
  },

  'AuthorizeSecurityGroupIngress: with one that is let through already, the others do not come': async (stage) => {
    const { group } = await opened(stage, 'authorize-all-or-none', ['192.0.2.0/24']);
    const both = ['198.51.100.0/24', '192.0.2.0/24'].map((CidrIp) => ({ ...ssh, IpRanges: [{ CidrIp }] }));
    await expect(authorize(stage.aws, group, both)).rejects.toMatchObject({ name: 'InvalidPermission.Duplicate' });
    expect(await sourcesOf(stage.aws, group)).toEqual(['192.0.2.0/24']);
  },

  'AuthorizeSecurityGroupIngress: a block is kept in its canonical form': async (stage) => {
    const { group } = await opened(stage, 'authorize-canonical', ['100.68.0.18/18']);
    expect(await sourcesOf(stage.aws, group)).toEqual(['100.68.0.0/18']);
  },

  'AuthorizeSecurityGroupIngress: a group has 60 rules and no more': async (stage) => {
    const { group } = await opened(stage, 'authorize-60', blocks(60));
    const more = authorize(stage.aws, group, [{ ...ssh, IpRanges: [{ CidrIp: '192.0.2.0/24' }] }]);
    await expect(more).rejects.toMatchObject({ name: 'RulesPerSecurityGroupLimitExceeded' });
    expect(await sourcesOf(stage.aws, group)).toHaveLength(60);
  },

  'AuthorizeSecurityGroupIngress: the families of addresses are counted apart': async (stage) => {
    const { group } = await opened(stage, 'authorize-families', blocks(60));
    const answer = await authorize(stage.aws, group, [{ ...ssh, Ipv6Ranges: [{ CidrIpv6: '2001:db8::/32' }] }]);
    expect(answer.SecurityGroupRules).toHaveLength(1);
  },

  'AuthorizeSecurityGroupIngress: a group that is not there fails the call': async ({ aws }) => {
    const asked = authorize(aws, unknownGroup, [{ ...ssh, IpRanges: [{ CidrIp: '192.0.2.0/24' }] }]);
    await expect(asked).rejects.toMatchObject({ name: 'InvalidGroup.NotFound' });
  },

  'StopInstances: a running instance stops': async ({ aws, launch }) => {
    const id = await launch();
    const answer = await aws('ec2:StopInstances', { InstanceIds: [id] });
    expect(answer.StoppingInstances).toEqual([
      {
        InstanceId: id,
        PreviousState: { Code: 16, Name: 'running' },
        CurrentState: { Code: 64, Name: 'stopping' },
      },
    ]);
    expect((await instanceOf(aws, id))?.State).toEqual({ Code: 80, Name: 'stopped' });
  },

  'StopInstances: a stopped instance stays so': async ({ aws, launch }) => {
    const id = await launch();
    await aws('ec2:StopInstances', { InstanceIds: [id] });
    const again = await aws('ec2:StopInstances', { InstanceIds: [id] });
    const stopped = { Code: 80, Name: 'stopped' };
    expect(again.StoppingInstances).toEqual([{ InstanceId: id, PreviousState: stopped, CurrentState: stopped }]);
  },

  'StopInstances: an instance that is protected is not stopped': async (stage) => {
    const id = await stage.launch();
    await stage.aws('ec2:ModifyInstanceAttribute', { InstanceId: id, DisableApiStop: { Value: true } });
    const asked = stage.aws('ec2:StopInstances', { InstanceIds: [id] });
    await expect(asked).rejects.toMatchObject({ name: 'OperationNotPermitted' });
    expect((await instanceOf(stage.aws, id))?.State?.Name).toBe('running');
  },

  'StopInstances: with one that is protected, no other is stopped': async ({ aws, launch }) => {
    const [free, kept] = [await launch(), await launch()];
    await aws('ec2:ModifyInstanceAttribute', { InstanceId: kept, DisableApiStop: { Value: true } });
    await expect(aws('ec2:StopInstances', { InstanceIds: [free, kept] })).rejects.toMatchObject({
      name: 'OperationNotPermitted',
    });
    expect((await instanceOf(aws, free))?.State?.Name).toBe('running');
  },

  'StopInstances: with one that is not there, no other is stopped': async ({ aws, launch }) => {
    const id = await launch();
    await expect(aws('ec2:StopInstances', { InstanceIds: [id, unknownInstance] })).rejects.toMatchObject({
      name: 'InvalidInstanceID.NotFound',
    });
    expect((await instanceOf(aws, id))?.State?.Name).toBe('running');
  },

  'StopInstances: a terminated instance is not stopped': async ({ aws, launch, terminate }) => {
    const id = await launch();
    await terminate(id);
    await expect(aws('ec2:StopInstances', { InstanceIds: [id] })).rejects.toMatchObject({
      name: 'IncorrectInstanceState',
    });
  },

  'StopInstances: a Spot Instance of a one-time request is not stopped': async ({ aws, launchSpot }) => {
    const { id } = await launchSpot('one-time');
    await expect(aws('ec2:StopInstances', { InstanceIds: [id] })).rejects.toMatchObject({
      name: 'UnsupportedOperation',
    });
  },

  'StopInstances: a Spot Instance of a persistent request is': async ({ aws, launchSpot }) => {
    const { id } = await launchSpot('persistent');
    await aws('ec2:StopInstances', { InstanceIds: [id] });
    expect((await instanceOf(aws, id))?.State?.Name).toBe('stopped');
  },

  'StartInstances: a stopped instance runs again': async ({ aws, launch }) => {
    const id = await launch();
    await aws('ec2:StopInstances', { InstanceIds: [id] });
    const answer = await aws('ec2:StartInstances', { InstanceIds: [id] });
    expect(answer.StartingInstances).toEqual([
      {
        InstanceId: id,
        PreviousState: { Code: 80, Name: 'stopped' },
        CurrentState: { Code: 0, Name: 'pending' },
      },
    ]);
    expect((await instanceOf(aws, id))?.State).toEqual({ Code: 16, Name: 'running' });
  },

  'StartInstances: a terminated instance is not started': async ({ aws, launch, terminate }) => {
    const id = await launch();
    await terminate(id);
    await expect(aws('ec2:StartInstances', { InstanceIds: [id] })).rejects.toMatchObject({
      name: 'IncorrectInstanceState',
    });
  },

  'TerminateInstances: an instance is terminated, and once more': async ({ aws, launch }) => {
    const id = await launch();
    const first = await aws('ec2:TerminateInstances', { InstanceIds: [id] });
    expect(first.TerminatingInstances).toEqual([
      {
        InstanceId: id,
        PreviousState: { Code: 16, Name: 'running' },
        CurrentState: { Code: 32, Name: 'shutting-down' },
      },
    ]);
    await aws('ec2:TerminateInstances', { InstanceIds: [id] });
    expect((await instanceOf(aws, id))?.State?.Name).toBe('terminated');
  },

  'TerminateInstances: an instance that is protected stays until it is no more': async ({ aws, launch }) => {
    const id = await launch();
    await aws('ec2:ModifyInstanceAttribute', { InstanceId: id, DisableApiTermination: { Value: true } });
    await expect(aws('ec2:TerminateInstances', { InstanceIds: [id] })).rejects.toMatchObject({
      name: 'OperationNotPermitted',
    });
    expect((await instanceOf(aws, id))?.State?.Name).toBe('running');
    await aws('ec2:ModifyInstanceAttribute', { InstanceId: id, DisableApiTermination: { Value: false } });
    await aws('ec2:TerminateInstances', { InstanceIds: [id] });
    expect((await instanceOf(aws, id))?.State?.Name).toBe('terminated');
  },

  'TerminateInstances: whoever may not be stopped may not be terminated': async ({ aws, launch }) => {
    const id = await launch();
    await aws('ec2:ModifyInstanceAttribute', { InstanceId: id, DisableApiStop: { Value: true } });
    await expect(aws('ec2:TerminateInstances', { InstanceIds: [id] })).rejects.toMatchObject({
      name: 'OperationNotPermitted',
    });
  },

  'TerminateInstances: no ids fail the call': async ({ aws }) => {
    await expect(aws('ec2:TerminateInstances', { InstanceIds: [] })).rejects.toMatchObject({
      name: 'InvalidParameterCombination',
    });
  },

  'DescribeInstanceAttribute: an instance is not protected until it is': async ({ aws, launch }) => {
    const InstanceId = await launch();
    const read = async () => [
      await aws('ec2:DescribeInstanceAttribute', { InstanceId, Attribute: 'disableApiStop' }),
      await aws('ec2:DescribeInstanceAttribute', { InstanceId, Attribute: 'disableApiTermination' }),
    ];
    expect(await read()).toEqual([
      expect.objectContaining({ InstanceId, DisableApiStop: { Value: false } }),
      expect.objectContaining({ InstanceId, DisableApiTermination: { Value: false } }),
    ]);
    await aws('ec2:ModifyInstanceAttribute', { InstanceId, DisableApiStop: { Value: true } });
    await aws('ec2:ModifyInstanceAttribute', { InstanceId, DisableApiTermination: { Value: true } });
    expect(await read()).toEqual([
      expect.objectContaining({ InstanceId, DisableApiStop: { Value: true } }),
      expect.objectContaining({ InstanceId, DisableApiTermination: { Value: true } }),
    ]);
  },

  'DescribeInstanceAttribute: an instance that is not there fails the call': async ({ aws }) => {
    const asked = aws('ec2:DescribeInstanceAttribute', { InstanceId: unknownInstance, Attribute: 'disableApiStop' });
    await expect(asked).rejects.toMatchObject({ name: 'InvalidInstanceID.NotFound' });
  },

  'ModifyInstanceAttribute: an instance that is not there fails the call': async ({ aws }) => {
    const asked = aws('ec2:ModifyInstanceAttribute', { InstanceId: unknownInstance, DisableApiStop: { Value: true } });
    await expect(asked).rejects.toMatchObject({ name: 'InvalidInstanceID.NotFound' });
  },

  'ModifyInstanceAttribute: a Spot Instance can not be protected': async ({ aws, launchSpot }) => {
    const { id } = await launchSpot('persistent');
    await expect(
      aws('ec2:ModifyInstanceAttribute', { InstanceId: id, DisableApiStop: { Value: true } }),
    ).rejects.toThrow();
  },

  'DescribeSpotInstanceRequests: whether a request is one-time or persistent': async ({ aws, launchSpot }) => {
    const [once, always] = [await launchSpot('one-time'), await launchSpot('persistent')];
    const answer = await aws('ec2:DescribeSpotInstanceRequests', {
      Filters: [filter('spot-instance-request-id', once.requestId, always.requestId, 'sir-0ffffff0')],
      MaxResults: 1000,
    });
    const types = (answer.SpotInstanceRequests ?? []).map((one) => [
      one.SpotInstanceRequestId,
      one.InstanceId,
      one.Type,
    ]);
    expect(sorted(types)).toEqual(
      sorted([
        [once.requestId, once.id, 'one-time'],
        [always.requestId, always.id, 'persistent'],
      ]),
    );
    expect(answer.NextToken).toBeUndefined();
  },

  'DescribeSpotInstanceRequests: an instance names its request': async ({ aws, launchSpot }) => {
    const { id, requestId } = await launchSpot('one-time');
    const { InstanceLifecycle, SpotInstanceRequestId } = (await instanceOf(aws, id)) ?? {};
    expect([InstanceLifecycle, SpotInstanceRequestId]).toEqual(['spot', requestId]);
  },

  'DescribeSpotInstanceRequests: an unknown filter fails the call': async ({ aws }) => {
    const asked = aws('ec2:DescribeSpotInstanceRequests', { Filters: [filter('request', 'x')] });
    await expect(asked).rejects.toMatchObject({ name: 'InvalidParameterValue' });
  },

  'ModifyNetworkInterfaceAttribute: an interface has these groups, and no others': async (stage) => {
    const { aws } = stage;
    const { eni, group } = await withSecondInterface(stage, 'modify-interface');
    const [first, second] = [await stage.createSecurityGroup('modify-1'), await stage.createSecurityGroup('modify-2')];
    await aws('ec2:ModifyNetworkInterfaceAttribute', { NetworkInterfaceId: eni, Groups: [first, second] });
    const [shown] = await interfacesBy(aws, filter('network-interface-id', eni));
    expect(sorted((shown?.Groups ?? []).map((one) => one.GroupName))).toEqual(['modify-1', 'modify-2']);
    expect((await interfacesBy(aws, filter('group-id', second))).map((one) => one.NetworkInterfaceId)).toEqual([eni]);
    expect(await interfacesBy(aws, filter('group-id', group))).toEqual([]);
  },

  'ModifyNetworkInterfaceAttribute: the instance has the groups of its primary interface': async (stage) => {
    const { aws } = stage;
    const { id, group } = await withSecondInterface(stage, 'modify-primary');
    const primary = (await instanceOf(aws, id))?.NetworkInterfaces?.find((one) => one.Attachment?.DeviceIndex === 0);
    const NetworkInterfaceId = primary?.NetworkInterfaceId;
    await aws('ec2:ModifyNetworkInterfaceAttribute', { NetworkInterfaceId, Groups: [group] });
    const after = await instanceOf(aws, id);
    expect(after?.SecurityGroups).toEqual([{ GroupId: group, GroupName: 'modify-primary' }]);
    expect(await idsBy(aws, filter('instance.group-id', group))).toEqual([id]);
  },

  'ModifyNetworkInterfaceAttribute: a group that is not there fails the call': async (stage) => {
    const { eni } = await withSecondInterface(stage, 'modify-no-group');
    const asked = stage.aws('ec2:ModifyNetworkInterfaceAttribute', { NetworkInterfaceId: eni, Groups: [unknownGroup] });
    await expect(asked).rejects.toMatchObject({ name: 'InvalidGroup.NotFound' });
  },

  'ModifyNetworkInterfaceAttribute: an interface that is not there fails the call': async (stage) => {
    const group = await stage.createSecurityGroup('modify-no-interface');
    const NetworkInterfaceId = 'eni-0fffffffffffffff0';
    const asked = stage.aws('ec2:ModifyNetworkInterfaceAttribute', { NetworkInterfaceId, Groups: [group] });
    await expect(asked).rejects.toMatchObject({ name: 'InvalidNetworkInterfaceID.NotFound' });
  },

  'ModifyNetworkInterfaceAttribute: no group fails the call': async (stage) => {
    const { eni } = await withSecondInterface(stage, 'modify-none');
    const asked = stage.aws('ec2:ModifyNetworkInterfaceAttribute', { NetworkInterfaceId: eni, Groups: [] });
    await expect(asked).rejects.toThrow();
  },

  'ModifyNetworkInterfaceAttribute: more than five groups fail the call': async (stage) => {
    const { eni } = await withSecondInterface(stage, 'modify-six');
    const Groups = [];
    for (let count = 0; count < 6; count++) Groups.push(await stage.createSecurityGroup(`modify-six-${count}`));
    const asked = stage.aws('ec2:ModifyNetworkInterfaceAttribute', { NetworkInterfaceId: eni, Groups });
    await expect(asked).rejects.toMatchObject({ name: 'SecurityGroupsPerInterfaceLimitExceeded' });
  },

  'CreateSnapshots: one of each volume, with its description and tags': async ({ aws, launch }) => {
    const id = await launch();
    const instance = await instanceOf(aws, id);
    const { Snapshots = [] } = await aws('ec2:CreateSnapshots', {
      InstanceSpecification: { InstanceId: id },
      Description: 'before quarantine',
      TagSpecifications: [{ ResourceType: 'snapshot', Tags: [tag('Name', 'kept')] }],
    });
    const volumes = (instance?.BlockDeviceMappings ?? []).map(({ Ebs }) => Ebs?.VolumeId);
    expect(volumes).not.toEqual([]);
    expect(sorted(Snapshots.map(({ VolumeId }) => VolumeId))).toEqual(sorted(volumes));
    for (const one of Snapshots)
      expect(one).toMatchObject({
        SnapshotId: expect.stringMatching(/^snap-/),
        Description: 'before quarantine',
        Tags: [tag('Name', 'kept')],
      });
  },

  'CreateSnapshots: of an instance that is not there fails the call': async ({ aws }) => {
    const asked = aws('ec2:CreateSnapshots', { InstanceSpecification: { InstanceId: unknownInstance } });
    await expect(asked).rejects.toMatchObject({ name: 'InvalidInstanceID.NotFound' });
  },

  'CreateTags: tags of every kind of resource, several at once': async (stage) => {
    const { aws } = stage;
    const { Resources, tagsOf } = await resourcesOf(stage, 'create-tags');
    await aws('ec2:CreateTags', { Resources, Tags: [{ Key: 'Owner', Value: 'ann' }] });
    await aws('ec2:CreateTags', { Resources, Tags: [{ Key: 'Owner', Value: 'bob' }] });
    for (const tags of await tagsOf()) expect(tags).toEqual([{ Key: 'Owner', Value: 'bob' }]);
  },

  'CreateTags: with one resource that is not there, no other is tagged': async ({ aws, launch }) => {
    const id = await launch();
    const Tags = [{ Key: 'Owner', Value: 'ann' }];
    await expect(aws('ec2:CreateTags', { Resources: [id, unknownInstance], Tags })).rejects.toMatchObject({
      name: 'InvalidInstanceID.NotFound',
    });
    expect((await instanceOf(aws, id))?.Tags ?? []).toEqual([]);
  },

  'CreateTags: a resource has 50 tags and no more': async ({ aws, launch }) => {
    const id = await launch();
    const Tags = Array.from({ length: 50 }, (_, index) => ({ Key: `tag-${index}`, Value: '' }));
    await aws('ec2:CreateTags', { Resources: [id], Tags });
    const again = aws('ec2:CreateTags', { Resources: [id], Tags: [{ Key: 'one-more', Value: '' }] });
    await expect(again).rejects.toMatchObject({ name: 'TagLimitExceeded' });
    await aws('ec2:CreateTags', { Resources: [id], Tags: [{ Key: 'tag-1', Value: 'changed' }] });
    expect((await instanceOf(aws, id))?.Tags).toHaveLength(50);
  },

  "CreateTags: AWS's own prefix fails the call": async ({ aws, launch }) => {
    const asked = aws('ec2:CreateTags', { Resources: [await launch()], Tags: [{ Key: 'aws:mine', Value: 'x' }] });
    await expect(asked).rejects.toMatchObject({ name: 'InvalidParameterValue' });
  },

  'DeleteTags: by key of every kind of resource, and what is not there needs no deletion': async (stage) => {
    const { aws } = stage;
    const { Resources, tagsOf } = await resourcesOf(stage, 'delete-tags');
    await aws('ec2:CreateTags', { Resources, Tags: [tag('Owner', 'ann'), tag('Kept', 'yes')] });
    await aws('ec2:DeleteTags', { Resources, Tags: [{ Key: 'Owner' }, { Key: 'Never' }] });
    for (const tags of await tagsOf()) expect(tags).toEqual([{ Key: 'Kept', Value: 'yes' }]);
  },

  'DeleteTags: by key and value, and no other value': async ({ aws, launch }) => {
    const id = await launch({ tags: { Owner: 'ann', Stage: 'test' } });
    await aws('ec2:DeleteTags', { Resources: [id], Tags: [tag('Owner', 'bob'), tag('Stage', 'test')] });
    expect((await instanceOf(aws, id))?.Tags).toEqual([tag('Owner', 'ann')]);
  },

  'DeleteTags: all of them, where none is named': async ({ aws, launch }) => {
    const id = await launch({ tags: { Owner: 'ann', Stage: 'test' } });
    await aws('ec2:DeleteTags', { Resources: [id] });
    expect((await instanceOf(aws, id))?.Tags ?? []).toEqual([]);
  },
};

function tag(Key: string, Value: string): ec2.Tag {
  return { Key, Value };
}

function idOf(rule: ec2.SecurityGroupRule | undefined): string {
  return rule?.SecurityGroupRuleId ?? '';
}

/** A group that lets blocks through to port 22, with its ingress rules in their order. */
async function opened(
  { aws, createSecurityGroup }: Stage,
  name: string,
  cidrs: readonly string[],
): Promise<{ readonly group: string; readonly rules: readonly ec2.SecurityGroupRule[] }> {
  const group = await createSecurityGroup(name);
  if (cidrs.length === 0) return { group, rules: [] };
  const answer = await authorize(aws, group, [{ ...ssh, IpRanges: cidrs.map((CidrIp) => ({ CidrIp })) }]);
  return {
    group,
    rules: cidrs.flatMap((cidr) => answer.SecurityGroupRules?.filter((one) => one.CidrIpv4 === cidr) ?? []),
  };
}

function blocks(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `203.0.113.${index}/32`);
}

function authorize(aws: Aws, GroupId: string, IpPermissions: ec2.IpPermission[]) {
  return aws('ec2:AuthorizeSecurityGroupIngress', { GroupId, IpPermissions });
}

function revoke(aws: Aws, GroupId: string, IpPermissions: ec2.IpPermission[]) {
  return aws('ec2:RevokeSecurityGroupIngress', { GroupId, IpPermissions });
}

/** IPv4 blocks that a group lets through. */
async function sourcesOf(aws: Aws, group: string): Promise<readonly (string | undefined)[]> {
  const permissions = await ingressOf(aws, group);
  return permissions.flatMap((one) => (one.IpRanges ?? []).map((range) => range.CidrIp));
}

/** An instance with its volume and interface, and a group; and what their tags are then. */
async function resourcesOf({ aws, launch, createSecurityGroup }: Stage, name: string) {
  const group = await createSecurityGroup(name);
  const id = await launch();
  const instance = await instanceOf(aws, id);
  const volume = instance?.BlockDeviceMappings?.[0]?.Ebs?.VolumeId ?? '';
  const eni = instance?.NetworkInterfaces?.[0]?.NetworkInterfaceId ?? '';
  const tagsOf = async () => [
    (await instanceOf(aws, id))?.Tags,
    (await volumesBy(aws, 'volume-id', volume))[0]?.Tags,
    (await interfacesBy(aws, filter('network-interface-id', eni)))[0]?.TagSet,
    (await aws('ec2:DescribeSecurityGroups', { GroupIds: [group] })).SecurityGroups?.[0]?.Tags,
  ];
  return { Resources: [id, volume, eni, group], tagsOf };
}
