import type * as ec2 from '@aws-sdk/client-ec2';
import type { ChangingOperation, Input } from '../../src/domain/operations.ts';
import type { Launch } from '../../src/sandbox/mutations.ts';
import type { Resources } from '../../src/sandbox/recorded.ts';
import type { Sandbox, SandboxOptions } from '../../src/sandbox/sandbox.ts';
import { id, sandboxWith } from './account-of-tests.ts';

const VpcId = 'vpc-1';
const GroupId = 'sg-1';
const ports = { IpProtocol: 'tcp', FromPort: 22, ToPort: 22 };
const fromEverywhere = { ...ports, IpRanges: [{ CidrIp: '0.0.0.0/0' }] } satisfies ec2.IpPermission;

function group(number: number, IpPermissions: ec2.IpPermission[] = []): ec2.SecurityGroup {
  return { GroupId: `sg-${number}`, GroupName: `group-${number}`, OwnerId: '111122223333', VpcId, IpPermissions };
}

/** Instances with these fields, in their order. */
function launched(
  instances: readonly ec2.Instance[],
  resources: Resources = {},
  options: Partial<SandboxOptions> = {},
): Sandbox {
  const sandbox = sandboxWith(
    { securityGroups: [1, 2, 3, 4, 5, 6, 7].map((one) => group(one)), ...resources },
    options,
  );
  for (const [index, instance] of instances.entries()) {
    sandbox.account.launch({
      instance: { InstanceId: id(index + 1), VpcId, SecurityGroups: [{ GroupId, GroupName: 'group-1' }], ...instance },
    });
  }
  return sandbox;
}

async function statesOf({ aws }: Sandbox): Promise<readonly (string | undefined)[]> {
  const { Reservations } = await aws('ec2:DescribeInstances', {});
  return (Reservations ?? []).flatMap((one) => (one.Instances ?? []).map((instance) => instance.State?.Name));
}

function rejection(name: string, message: string) {
  return { name, message };
}

const inputs: { readonly [O in ChangingOperation]: Input<O> } = {
  'ec2:RevokeSecurityGroupIngress': { GroupId, IpPermissions: [fromEverywhere] },
  'ec2:AuthorizeSecurityGroupIngress': { GroupId, IpPermissions: [fromEverywhere] },
  'ec2:StopInstances': { InstanceIds: [id(1)] },
  'ec2:StartInstances': { InstanceIds: [id(1)] },
  'ec2:TerminateInstances': { InstanceIds: [id(1)] },
  'ec2:ModifyInstanceAttribute': { InstanceId: id(1), DisableApiStop: { Value: true } },
  'ec2:ModifyNetworkInterfaceAttribute': { NetworkInterfaceId: 'eni-1', Groups: [GroupId] },
  'ec2:CreateSnapshots': { InstanceSpecification: { InstanceId: id(1) } },
  'ec2:CreateTags': { Resources: [id(1)], Tags: [{ Key: 'a', Value: 'b' }] },
  'ec2:DeleteTags': { Resources: [id(1)] },
};
const operations = Object.keys(inputs) as ChangingOperation[];

test.each(operations)('%s refuses a parameter that it does not know', async (operation) => {
  const { aws } = launched([{}]);
  await expect(aws(operation, { ...inputs[operation], DryRun: true })).rejects.toMatchObject({
    name: 'UnknownParameter',
  });
});

test.each(operations)('%s fails in a snapshot that does not hold what it changes', async (operation) => {
  const { aws } = sandboxWith({ isSnapshot: true });
  await expect(aws(operation, inputs[operation])).rejects.toMatchObject({ name: 'NotRecorded' });
});

describe('RevokeSecurityGroupIngress', () => {
  const rules = [
    {
      SecurityGroupRuleId: 'sgr-1',
      GroupId,
      IsEgress: false,
      ...ports,
      CidrIpv4: '0.0.0.0/0',
      Description: 'temporary',
    },
  ];
  const resources = {
    securityGroups: [group(1, [fromEverywhere, { ...ports, UserIdGroupPairs: [{ GroupId: 'sg-2', UserId: '1' }] }])],
    securityGroupRules: rules,
  };
  const notThere = rejection('InvalidPermission.NotFound', 'The specified rule does not exist in this security group.');

  test('by its id takes the rule out of the group and of the rules', async () => {
    const { aws } = sandboxWith(resources);
    const answer = await aws('ec2:RevokeSecurityGroupIngress', { GroupId, SecurityGroupRuleIds: ['sgr-1'] });
    expect(answer).toEqual({ Return: true, RevokedSecurityGroupRules: rules });
    const { SecurityGroups } = await aws('ec2:DescribeSecurityGroups', {});
    expect(SecurityGroups?.[0]?.IpPermissions).toMatchObject([
      { IpRanges: [], UserIdGroupPairs: [{ GroupId: 'sg-2' }] },
    ]);
    expect((await aws('ec2:DescribeSecurityGroupRules', {})).SecurityGroupRules).toHaveLength(1);
  });

  test('names the group that a rule referred to', async () => {
    const securityGroups = [...resources.securityGroups, group(2)];
    const { aws } = sandboxWith({ securityGroups });
    const UserIdGroupPairs = [{ GroupId: 'sg-2', UserId: '1' }];
    const answer = await aws('ec2:RevokeSecurityGroupIngress', {
      GroupId,
      IpPermissions: [{ ...ports, UserIdGroupPairs }],
    });
    expect(answer.RevokedSecurityGroupRules).toEqual([
      { SecurityGroupRuleId: expect.any(String), GroupId, IsEgress: false, ...ports, ReferencedGroupId: 'sg-2' },
    ]);
  });

  test('needs no description, and revokes nothing where one thing is not let through', async () => {
    const { aws } = sandboxWith(resources);
    const IpRanges = [{ CidrIp: '0.0.0.0/0' }, { CidrIp: '192.0.2.0/24' }];
    const both = aws('ec2:RevokeSecurityGroupIngress', { GroupId, IpPermissions: [{ ...ports, IpRanges }] });
    await expect(both).rejects.toMatchObject(notThere);
    expect((await aws('ec2:DescribeSecurityGroupRules', {})).SecurityGroupRules).toHaveLength(2);
    const one = await aws('ec2:RevokeSecurityGroupIngress', { GroupId, IpPermissions: [fromEverywhere] });
    expect(one.RevokedSecurityGroupRules).toMatchObject([{ SecurityGroupRuleId: 'sgr-1' }]);
  });

  test('in the default VPC revokes the rest, and names what is not let through', async () => {
    const { aws } = sandboxWith({ ...resources, defaultVpcId: VpcId });
    const IpRanges = [{ CidrIp: '0.0.0.0/0' }, { CidrIp: '192.0.2.0/24' }];
    const answer = await aws('ec2:RevokeSecurityGroupIngress', { GroupId, IpPermissions: [{ ...ports, IpRanges }] });
    expect(answer).toMatchObject({
      Return: true,
      RevokedSecurityGroupRules: [{ SecurityGroupRuleId: 'sgr-1' }],
      UnknownIpPermissions: [{ ...ports, IpRanges: [{ CidrIp: '192.0.2.0/24' }] }],
    });
  });

  test('does not know a rule of egress', async () => {
    const { aws } = sandboxWith({ securityGroups: [{ ...group(1), IpPermissionsEgress: [fromEverywhere] }] });
    const { SecurityGroupRules } = await aws('ec2:DescribeSecurityGroupRules', {});
    const SecurityGroupRuleIds = [SecurityGroupRules?.[0]?.SecurityGroupRuleId ?? ''];
    await expect(aws('ec2:RevokeSecurityGroupIngress', { GroupId, SecurityGroupRuleIds })).rejects.toMatchObject({
      name: 'InvalidSecurityGroupRuleId.NotFound',
    });
  });

  test('of a snapshot changes the rules that were recorded', async () => {
    const { aws } = sandboxWith({ ...resources, isSnapshot: true });
    await aws('ec2:RevokeSecurityGroupIngress', { GroupId, SecurityGroupRuleIds: ['sgr-1'] });
    expect((await aws('ec2:DescribeSecurityGroupRules', {})).SecurityGroupRules).toEqual([]);
  });

  test.each<[string, ec2.RevokeSecurityGroupIngressCommandInput, string]>([
    ['no group', { SecurityGroupRuleIds: ['sgr-1'] }, 'MissingParameter'],
    ['a group by name', { GroupName: 'group-1', IpPermissions: [fromEverywhere] }, 'UnknownParameter'],
    ['nothing', { GroupId }, 'MissingParameter'],
    [
      'both forms',
      { GroupId, SecurityGroupRuleIds: ['sgr-1'], IpPermissions: [fromEverywhere] },
      'InvalidParameterCombination',
    ],
  ])('refuses %s', async (_, input, name) => {
    await expect(sandboxWith(resources).aws('ec2:RevokeSecurityGroupIngress', input)).rejects.toMatchObject({ name });
  });
});

describe('AuthorizeSecurityGroupIngress', () => {
  const blocks = (count: number) => Array.from({ length: count }, (_, index) => ({ CidrIp: `203.0.113.${index}/32` }));
  const entries = (count: number) => Array.from({ length: count }, (_, index) => ({ Cidr: `10.0.${index}.0/24` }));

  function authorize(permission: ec2.IpPermission, resources: Resources = {}) {
    const { aws } = launched([], resources);
    return aws('ec2:AuthorizeSecurityGroupIngress', { GroupId, IpPermissions: [permission] });
  }

  test('keeps description, tags and owner of what it lets through', async () => {
    const { aws } = launched([]);
    const answer = await aws('ec2:AuthorizeSecurityGroupIngress', {
      GroupId,
      IpPermissions: [{ ...ports, UserIdGroupPairs: [{ GroupId: 'sg-2', Description: 'web' }] }],
      TagSpecifications: [{ ResourceType: 'security-group-rule', Tags: [{ Key: 'a', Value: 'b' }] }],
    });
    const rule = {
      GroupId,
      GroupOwnerId: '111122223333',
      ReferencedGroupInfo: { GroupId: 'sg-2', UserId: '111122223333' },
      Description: 'web',
      Tags: [{ Key: 'a', Value: 'b' }],
    };
    expect(answer.SecurityGroupRules).toMatchObject([rule]);
    expect((await aws('ec2:DescribeSecurityGroupRules', {})).SecurityGroupRules).toMatchObject([rule]);
  });

  test('says what is let through already, as EC2 does', async () => {
    const asked = authorize(fromEverywhere, { securityGroups: [group(1, [fromEverywhere])] });
    const message = 'the specified rule "peer: 0.0.0.0/0, TCP, from port: 22, to port: 22, ALLOW" already exists';
    await expect(asked).rejects.toMatchObject(rejection('InvalidPermission.Duplicate', message));
  });

  test.each<[string, ec2.IpPermission, string]>([
    ['60 IPv4 blocks', { ...ports, IpRanges: blocks(60) }, 'done'],
    ['61 IPv4 blocks', { ...ports, IpRanges: blocks(61) }, 'RulesPerSecurityGroupLimitExceeded'],
    ['60 of either family', { ...ports, IpRanges: blocks(60), Ipv6Ranges: [{ CidrIpv6: '::/0' }] }, 'done'],
    [
      'a group, which counts in either family',
      { ...ports, IpRanges: blocks(60), UserIdGroupPairs: [{ GroupId: 'sg-2' }] },
      'RulesPerSecurityGroupLimitExceeded',
    ],
    [
      'a list with ten entries beside 50 blocks',
      { ...ports, IpRanges: blocks(50), PrefixListIds: [{ PrefixListId: 'pl-1' }] },
      'done',
    ],
    [
      'a list with ten entries beside 51 blocks',
      { ...ports, IpRanges: blocks(51), PrefixListIds: [{ PrefixListId: 'pl-1' }] },
      'RulesPerSecurityGroupLimitExceeded',
    ],
    ['the same twice', { ...ports, IpRanges: [...blocks(1), ...blocks(1)] }, 'InvalidParameterValue'],
    ['no ports of TCP', { IpProtocol: 'tcp', IpRanges: blocks(1) }, 'InvalidParameterValue'],
    ['all protocols without ports', { IpProtocol: '-1', IpRanges: blocks(1) }, 'done'],
    ['a block that is none', { ...ports, IpRanges: [{ CidrIp: '203.0.113.0' }] }, 'InvalidParameterValue'],
    ['IPv6 as IPv4', { ...ports, IpRanges: [{ CidrIp: '::/0' }] }, 'InvalidParameterValue'],
    ['an unknown group', { ...ports, UserIdGroupPairs: [{ GroupId: 'sg-9' }] }, 'InvalidGroup.NotFound'],
    ["another account's group", { ...ports, UserIdGroupPairs: [{ GroupId: 'sg-9', UserId: '999' }] }, 'done'],
    ['an unknown list', { ...ports, PrefixListIds: [{ PrefixListId: 'pl-9' }] }, 'InvalidPrefixListID.NotFound'],
    ['no protocol', { IpRanges: blocks(1) }, 'MissingParameter'],
  ])('%s', async (_, permission, outcome) => {
    const answer = authorize(permission, { prefixLists: { 'pl-1': entries(10) } });
    expect(await answer.then(() => 'done').catch((error: Error) => error.name)).toBe(outcome);
  });

  test('tags nothing but rules', async () => {
    const asked = launched([]).aws('ec2:AuthorizeSecurityGroupIngress', {
      GroupId,
      IpPermissions: [fromEverywhere],
      TagSpecifications: [{ ResourceType: 'security-group', Tags: [{ Key: 'a', Value: 'b' }] }],
    });
    await expect(asked).rejects.toMatchObject({ name: 'InvalidParameterValue' });
  });
});

describe('StopInstances', () => {
  const requests = { spotInstanceRequests: [{ SpotInstanceRequestId: 'sir-1', Type: 'persistent' as const }] };
  const spot = { InstanceLifecycle: 'spot', SpotInstanceRequestId: 'sir-1' } as const;

  test.each<[string, ec2.Instance, string, string]>([
    [
      'instance store',
      { RootDeviceType: 'instance-store' },
      'UnsupportedOperation',
      `The instance '${id(1)}' does not have an 'ebs' root device type and cannot be stopped.`,
    ],
    [
      'a one-time request',
      { ...spot, SpotInstanceRequestId: 'sir-2' },
      'UnsupportedOperation',
      `You can't stop the Spot Instance '${id(1)}' because it is associated with a one-time Spot Instance request. You can only stop Spot Instances associated with persistent Spot Instance requests.`,
    ],
    [
      'pending',
      { State: { Code: 0, Name: 'pending' } },
      'IncorrectInstanceState',
      `Instance '${id(1)}' cannot be stopped as it has never reached the 'running' state.`,
    ],
    [
      'shutting-down',
      { State: { Code: 32, Name: 'shutting-down' } },
      'IncorrectInstanceState',
      `This instance '${id(1)}' is not in a state from which it can be stopped.`,
    ],
  ])('refuses %s, and stops no other', async (_, instance, name, message) => {
    const sandbox = launched([instance, {}], requests);
    await expect(sandbox.aws('ec2:StopInstances', { InstanceIds: [id(2), id(1)] })).rejects.toMatchObject({
      name,
      message,
    });
    expect((await statesOf(sandbox))[1]).toBe('running');
  });

  test('says which attribute protects, as EC2 does', async () => {
    const { aws } = launched([{}], { instanceAttributes: { [id(1)]: { disableApiStop: true } } });
    const message = `The instance '${id(1)}' may not be stopped. Modify its 'disableApiStop' instance attribute and try again.`;
    const asked = aws('ec2:StopInstances', { InstanceIds: [id(1)], Force: true });
    await expect(asked).rejects.toMatchObject(rejection('OperationNotPermitted', message));
  });

  test('stops a Spot Instance of a persistent request', async () => {
    const sandbox = launched([spot], requests);
    await sandbox.aws('ec2:StopInstances', { InstanceIds: [id(1)] });
    expect(await statesOf(sandbox)).toEqual(['stopped']);
  });

  test('hibernates what was configured for it at launch, and refuses what was not', async () => {
    const { aws } = launched([{ HibernationOptions: { Configured: true } }, {}]);
    const hibernate = (one: string) => aws('ec2:StopInstances', { InstanceIds: [one], Hibernate: true });
    await expect(hibernate(id(1))).resolves.toMatchObject({ StoppingInstances: [{ InstanceId: id(1) }] });
    await expect(hibernate(id(2))).rejects.toMatchObject({ name: 'UnsupportedHibernationConfiguration' });
  });

  test('passes through stopping, in which a second call changes nothing and a start is refused', async () => {
    const sandbox = launched([{ PublicIpAddress: '203.0.113.5' }], {}, { transitionMs: 30_000 });
    const { aws } = sandbox;
    const InstanceIds = [id(1), id(1)];
    const stopping = { Code: 64, Name: 'stopping' };
    await aws('ec2:StopInstances', { InstanceIds });
    expect(await aws('ec2:StopInstances', { InstanceIds })).toEqual({
      StoppingInstances: [{ InstanceId: id(1), PreviousState: stopping, CurrentState: stopping }],
    });
    const message = `The instance '${id(1)}' is not in a state from which it can be started.`;
    const start = aws('ec2:StartInstances', { InstanceIds });
    await expect(start).rejects.toMatchObject(rejection('IncorrectInstanceState', message));
    sandbox.advance(29_999);
    expect(await statesOf(sandbox)).toEqual(['stopping']);
    sandbox.advance(1);
    expect(await statesOf(sandbox)).toEqual(['stopped']);
  });

  test('whose instance is terminated on its way ends there', async () => {
    const sandbox = launched([{}], {}, { transitionMs: 30_000 });
    await sandbox.aws('ec2:StopInstances', { InstanceIds: [id(1)] });
    sandbox.advance(10_000);
    await sandbox.aws('ec2:TerminateInstances', { InstanceIds: [id(1)] });
    sandbox.advance(20_000);
    expect(await statesOf(sandbox)).toEqual(['shutting-down']);
    sandbox.advance(10_000);
    expect(await statesOf(sandbox)).toEqual(['terminated']);
  });

  test.each([
    ['no ids', [], 'InvalidParameterCombination'],
    ['what is no id', ['i-x'], 'InvalidInstanceID.Malformed'],
    ['an unknown id', [id(9)], 'InvalidInstanceID.NotFound'],
  ])('refuses %s', async (_, InstanceIds, name) => {
    await expect(launched([]).aws('ec2:StopInstances', { InstanceIds })).rejects.toMatchObject({ name });
  });
});

describe('StartInstances', () => {
  test('passes through pending, and sets LaunchTime when it runs', async () => {
    const sandbox = launched([{}], {}, { transitionMs: 1000 });
    sandbox.account.setState(id(1), 'stopped');
    sandbox.advance(60_000);
    await sandbox.aws('ec2:StartInstances', { InstanceIds: [id(1)] });
    expect(await statesOf(sandbox)).toEqual(['pending']);
    sandbox.advance(5000);
    const { Reservations } = await sandbox.aws('ec2:DescribeInstances', {});
    const [instance] = Reservations?.[0]?.Instances ?? [];
    expect([instance?.State?.Name, instance?.LaunchTime]).toEqual(['running', new Date('2026-05-01T10:01:01Z')]);
  });

  test('is taken for what can not be started, and stops it again with the reason', async () => {
    const sandbox = launched([{}], {}, { transitionMs: 1000 });
    const shown = async () => {
      const { Reservations } = await sandbox.aws('ec2:DescribeInstances', {});
      const [{ State, StateReason } = {}] = Reservations?.[0]?.Instances ?? [];
      return [State?.Name, StateReason?.Code];
    };
    sandbox.account.setState(id(1), 'stopped');
    expect(await shown()).toEqual(['stopped', 'Client.UserInitiatedShutdown']);
    sandbox.account.startFailures.set(id(1), { Code: 'Client.InternalError' });
    await sandbox.aws('ec2:StartInstances', { InstanceIds: [id(1)] });
    sandbox.advance(5000);
    expect(await shown()).toEqual(['stopped', 'Client.InternalError']);
    sandbox.account.startFailures.delete(id(1));
    await sandbox.aws('ec2:StartInstances', { InstanceIds: [id(1)] });
    sandbox.advance(5000);
    expect(await shown()).toEqual(['running', undefined]);
  });

  test('leaves what runs as it is', async () => {
    const { aws } = launched([{}]);
    const running = { Code: 16, Name: 'running' };
    expect(await aws('ec2:StartInstances', { InstanceIds: [id(1)] })).toEqual({
      StartingInstances: [{ InstanceId: id(1), PreviousState: running, CurrentState: running }],
    });
  });

  test('refuses instance store', async () => {
    const { aws } = launched([{ RootDeviceType: 'instance-store' }]);
    await expect(aws('ec2:StartInstances', { InstanceIds: [id(1)] })).rejects.toMatchObject({
      name: 'UnsupportedOperation',
    });
  });
});

describe('TerminateInstances', () => {
  test('of a protected instance leaves those in its zone, and no others', async () => {
    const zone = (name: string) => ({ Placement: { AvailabilityZone: name } });
    const sandbox = launched([zone('eu-west-1a'), zone('eu-west-1b'), zone('eu-west-1b')], {
      instanceAttributes: { [id(2)]: { disableApiTermination: true } },
    });
    const message = `The instance '${id(2)}' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.`;
    const asked = sandbox.aws('ec2:TerminateInstances', { InstanceIds: [id(1), id(2), id(3)] });
    await expect(asked).rejects.toMatchObject(rejection('OperationNotPermitted', message));
    expect(await statesOf(sandbox)).toEqual(['terminated', 'running', 'running']);
  });

  test('takes volumes and interfaces along, and the instance is shown for an hour', async () => {
    const sandbox = launched([{}], {}, { transitionMs: 1000 });
    const { aws, advance } = sandbox;
    await aws('ec2:TerminateInstances', { InstanceIds: [id(1)] });
    expect((await aws('ec2:DescribeVolumes', {})).Volumes).toHaveLength(1);
    advance(1000);
    expect((await aws('ec2:DescribeVolumes', {})).Volumes).toEqual([]);
    expect((await aws('ec2:DescribeNetworkInterfaces', {})).NetworkInterfaces).toEqual([]);
    advance(3_599_999);
    expect(await statesOf(sandbox)).toEqual(['terminated']);
    advance(1);
    expect(await statesOf(sandbox)).toEqual([]);
  });

  test('of what is terminated changes nothing, protected or not', async () => {
    const { aws } = launched([{ State: { Code: 48, Name: 'terminated' } }], {
      instanceAttributes: { [id(1)]: { disableApiTermination: true } },
    });
    const terminated = { Code: 48, Name: 'terminated' };
    expect(await aws('ec2:TerminateInstances', { InstanceIds: [id(1)] })).toEqual({
      TerminatingInstances: [{ InstanceId: id(1), PreviousState: terminated, CurrentState: terminated }],
    });
  });
});

describe('ModifyInstanceAttribute', () => {
  const on = { Value: true };

  test.each<[string, ec2.Instance, Omit<ec2.ModifyInstanceAttributeCommandInput, 'InstanceId'>, string]>([
    ['both attributes', {}, { DisableApiStop: on, DisableApiTermination: on }, 'InvalidParameterCombination'],
    ['none', {}, {}, 'InvalidParameterCombination'],
    ['another attribute', {}, { InstanceType: { Value: 't3.micro' } }, 'UnknownParameter'],
    ['stop protection of Spot', { InstanceLifecycle: 'spot' }, { DisableApiStop: on }, 'UnsupportedOperation'],
    [
      'termination protection of Spot',
      { InstanceLifecycle: 'spot' },
      { DisableApiTermination: on },
      'UnsupportedOperation',
    ],
    [
      'stop protection of instance store',
      { RootDeviceType: 'instance-store' },
      { DisableApiStop: on },
      'UnsupportedOperation',
    ],
    [
      'termination protection of instance store',
      { RootDeviceType: 'instance-store' },
      { DisableApiTermination: on },
      'done',
    ],
    ['an end of what Spot never had', { InstanceLifecycle: 'spot' }, { DisableApiStop: { Value: false } }, 'done'],
  ])('%s', async (_, instance, input, outcome) => {
    const { aws, calls } = launched([instance]);
    await aws('ec2:ModifyInstanceAttribute', { InstanceId: id(1), ...input }).catch(() => undefined);
    expect(calls.map((call) => call.outcome)).toEqual([outcome]);
  });

  test('leaves the other attribute as it is', async () => {
    const { aws } = launched([{}], { instanceAttributes: { [id(1)]: { disableApiTermination: true } } });
    await aws('ec2:ModifyInstanceAttribute', { InstanceId: id(1), DisableApiStop: on });
    const InstanceId = id(1);
    expect(await aws('ec2:DescribeInstanceAttribute', { InstanceId, Attribute: 'disableApiTermination' })).toEqual({
      InstanceId,
      DisableApiTermination: on,
    });
  });
});

describe('ModifyNetworkInterfaceAttribute', () => {
  const NetworkInterfaceId = 'eni-1';
  const attached = {
    NetworkInterfaces: [{ NetworkInterfaceId, VpcId, Groups: [{ GroupId }], Attachment: { DeviceIndex: 0 } }],
  };

  test('changes interface and instance alike', async () => {
    const { aws } = launched([attached]);
    await aws('ec2:ModifyNetworkInterfaceAttribute', { NetworkInterfaceId, Groups: ['sg-2', 'sg-3', 'sg-2'] });
    const groups = [
      { GroupId: 'sg-2', GroupName: 'group-2' },
      { GroupId: 'sg-3', GroupName: 'group-3' },
    ];
    const { NetworkInterfaces } = await aws('ec2:DescribeNetworkInterfaces', {});
    expect(NetworkInterfaces?.map((one) => one.Groups)).toEqual([groups]);
    const { Reservations } = await aws('ec2:DescribeInstances', {});
    expect(Reservations?.[0]?.Instances).toMatchObject([
      { SecurityGroups: groups, NetworkInterfaces: [{ Groups: groups }] },
    ]);
  });

  test.each<[string, readonly string[], string]>([
    ['five groups', ['sg-1', 'sg-2', 'sg-3', 'sg-4', 'sg-5'], 'done'],
    ['six groups', ['sg-1', 'sg-2', 'sg-3', 'sg-4', 'sg-5', 'sg-6'], 'SecurityGroupsPerInterfaceLimitExceeded'],
    ['no group', [], 'InvalidParameterCombination'],
    ['an unknown group', ['sg-1', 'sg-9'], 'InvalidGroup.NotFound'],
    ['a group of another VPC', ['sg-8'], 'InvalidParameter'],
  ])('%s', async (_, Groups, outcome) => {
    const securityGroups = [...[1, 2, 3, 4, 5, 6].map((one) => group(one)), { ...group(8), VpcId: 'vpc-2' }];
    const { aws, calls } = launched([attached], { securityGroups });
    await aws('ec2:ModifyNetworkInterfaceAttribute', { NetworkInterfaceId, Groups: [...Groups] }).catch(
      () => undefined,
    );
    expect(calls.map((call) => call.outcome)).toEqual([outcome]);
  });

  test("leaves another service's interface alone, which can be tagged all the same", async () => {
    const networkInterfaces = [{ NetworkInterfaceId, VpcId, RequesterManaged: true }];
    const { aws } = launched([], { networkInterfaces });
    const message = 'You do not have permission to access the specified resource.';
    const modified = aws('ec2:ModifyNetworkInterfaceAttribute', { NetworkInterfaceId, Groups: ['sg-2'] });
    await expect(modified).rejects.toMatchObject(rejection('AuthFailure', message));
    const Tags = [{ Key: 'a', Value: 'b' }];
    await expect(aws('ec2:CreateTags', { Resources: [NetworkInterfaceId], Tags })).resolves.toEqual({});
  });
});

describe('CreateSnapshots', () => {
  const InstanceSpecification = { InstanceId: id(1) };
  const tagged = (ResourceType: ec2.ResourceType, Tags: ec2.Tag[]) => [{ ResourceType, Tags }];

  function asked(input: Partial<Input<'ec2:CreateSnapshots'>>, launch: Partial<Launch> = {}) {
    const sandbox = launched([]);
    sandbox.account.launch({ instance: { InstanceId: id(1), VpcId }, ...launch });
    return sandbox.aws('ec2:CreateSnapshots', { InstanceSpecification, ...input });
  }

  test('begins one of each volume, with description and tags', async () => {
    const Tags = [{ Key: 'a', Value: 'b' }];
    const volumes = [{ VolumeId: 'vol-1' }, { VolumeId: 'vol-2', Size: 100, Encrypted: false }];
    const input = { Description: 'before', TagSpecifications: tagged('snapshot', Tags) };
    const { Snapshots = [] } = await asked(input, { volumes });
    const begun = { State: 'pending', OwnerId: '111122223333', Description: 'before', Tags };
    expect(Snapshots).toMatchObject([
      { VolumeId: 'vol-1', VolumeSize: 8, Encrypted: true, ...begun },
      { VolumeId: 'vol-2', VolumeSize: 100, Encrypted: false, ...begun },
    ]);
    const [one, other] = Snapshots.map(({ SnapshotId }) => SnapshotId);
    expect(one).toMatch(/^snap-/);
    expect(other).not.toBe(one);
  });

  test.each<[string, Partial<Input<'ec2:CreateSnapshots'>>, Partial<Launch>, string]>([
    ['of no instance', { InstanceSpecification: { InstanceId: undefined } }, {}, 'MissingParameter'],
    ['of an unknown instance', { InstanceSpecification: { InstanceId: id(2) } }, {}, 'InvalidInstanceID.NotFound'],
    [
      'without the boot volume',
      { InstanceSpecification: { InstanceId: id(1), ExcludeBootVolume: true } },
      {},
      'UnknownParameter',
    ],
    ['where there is no volume', {}, { volumes: [] }, 'UnsupportedOperation'],
    ['with tags of volumes', { TagSpecifications: tagged('volume', []) }, {}, 'InvalidParameterValue'],
    ["with AWS's own tags", { TagSpecifications: tagged('snapshot', [{ Key: 'aws:a' }]) }, {}, 'InvalidParameterValue'],
    ['with 256 characters of description', { Description: 'x'.repeat(256) }, {}, 'InvalidParameterValue'],
  ])('refuses one %s', async (_, input, launch, name) => {
    await expect(asked(input, launch)).rejects.toMatchObject({ name });
  });
});

describe('tags', () => {
  const reserved = { Key: 'aws:autoscaling:groupName', Value: 'web' };
  const many = (count: number) => Array.from({ length: count }, (_, index) => ({ Key: `k${index}`, Value: '' }));

  async function tagsOf({ aws }: Sandbox): Promise<readonly ec2.Tag[]> {
    const { Reservations } = await aws('ec2:DescribeInstances', {});
    return Reservations?.[0]?.Instances?.[0]?.Tags ?? [];
  }

  test.each<[string, ec2.CreateTagsCommandInput, string]>([
    ['50 tags beside one of AWS', { Resources: [id(1)], Tags: many(50) }, 'done'],
    ['51 tags', { Resources: [id(1)], Tags: many(51) }, 'TagLimitExceeded'],
    ['the same key twice', { Resources: [id(1)], Tags: [...many(1), ...many(1)] }, 'InvalidParameterValue'],
    ['a key of 129 characters', { Resources: [id(1)], Tags: [{ Key: 'k'.repeat(129) }] }, 'InvalidParameterValue'],
    [
      'a value of 257 characters',
      { Resources: [id(1)], Tags: [{ Key: 'k', Value: 'v'.repeat(257) }] },
      'InvalidParameterValue',
    ],
    ['an empty key', { Resources: [id(1)], Tags: [{ Key: '', Value: 'v' }] }, 'InvalidParameterValue'],
    ["AWS's own", { Resources: [id(1)], Tags: [reserved] }, 'InvalidParameterValue'],
    ['no tags', { Resources: [id(1)], Tags: [] }, 'MissingParameter'],
    ['no resources', { Resources: [], Tags: many(1) }, 'MissingParameter'],
    ['1001 resources', { Resources: Array(1001).fill(id(1)), Tags: many(1) }, 'InvalidParameterValue'],
    ['an unknown group', { Resources: ['sg-9'], Tags: many(1) }, 'InvalidGroup.NotFound'],
  ])('CreateTags with %s', async (_, input, outcome) => {
    const { aws, calls } = launched([{ Tags: [reserved] }]);
    await aws('ec2:CreateTags', input).catch(() => undefined);
    expect(calls.map((call) => call.outcome)).toEqual([outcome]);
  });

  test('a tag without a value has an empty one', async () => {
    const sandbox = launched([{}]);
    await sandbox.aws('ec2:CreateTags', { Resources: [id(1)], Tags: [{ Key: 'a' }] });
    expect(await tagsOf(sandbox)).toEqual([{ Key: 'a', Value: '' }]);
  });

  test.each<[string, ec2.Tag[] | undefined, readonly ec2.Tag[]]>([
    ['a key', [{ Key: 'a' }], [reserved, { Key: 'b', Value: '' }]],
    [
      'a key and another value',
      [{ Key: 'a', Value: '2' }],
      [reserved, { Key: 'a', Value: '1' }, { Key: 'b', Value: '' }],
    ],
    ['a key and the empty value', [{ Key: 'b', Value: '' }, { Key: 'c' }], [reserved, { Key: 'a', Value: '1' }]],
    ['nothing named', undefined, [reserved]],
  ])('DeleteTags by %s', async (_, Tags, left) => {
    const sandbox = launched([{ Tags: [reserved, { Key: 'a', Value: '1' }, { Key: 'b', Value: '' }] }]);
    await sandbox.aws('ec2:DeleteTags', { Resources: [id(1)], ...(Tags === undefined ? {} : { Tags }) });
    expect(await tagsOf(sandbox)).toEqual(left);
  });
});

test('a call that takes effect and loses its answer has changed the account', async () => {
  const sandbox = launched([{}]);
  sandbox.inject({ operation: 'ec2:StopInstances', error: 'TimeoutError', takesEffect: true });
  await expect(sandbox.aws('ec2:StopInstances', { InstanceIds: [id(1)] })).rejects.toMatchObject({
    name: 'TimeoutError',
  });
  expect(await statesOf(sandbox)).toEqual(['stopped']);
});
