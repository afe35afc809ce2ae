import { quarantine } from '../../src/actions/quarantine.ts';
import type { ActionGiven } from '../../src/domain/given.ts';
import type { Json } from '../../src/domain/json.ts';
import { planned } from './planned.ts';

type Interface = NonNullable<ActionGiven['networkInterfaces']>[number];

const group = {
  GroupId: 'sg-c',
  VpcId: 'vpc-0123456789abcdef0',
  Tags: [{ Key: 'Role', Value: 'quarantine-1' }],
};
const securityGroup = { tags: { Role: ['quarantine-*'] } };
const parameters = { securityGroup, snapshot: false };

function on(NetworkInterfaceId: string, groupIds: readonly string[], more: Partial<Interface> = {}): Interface {
  return {
    Groups: groupIds.map((GroupId) => ({ GroupId })),
    Attachment: { InstanceId: 'i-0123456789abcdef0', InstanceOwnerId: '123456789012' },
    OwnerId: '123456789012',
    ...more,
    NetworkInterfaceId,
  };
}

function outcome(given: ActionGiven, more: Json = parameters) {
  return planned(quarantine, {
    given: { networkInterfaces: [on('eni-1', ['sg-1'])], vpcGroups: [group], ...given },
    parameters: more,
  });
}

function told(given: ActionGiven, more?: Json): string {
  const made = outcome(given, more);
  return 'refused' in made ? made.refused : `does ${made.plan.does}`;
}

test.each<[string, ActionGiven, string]>([
  [
    'an instance',
    {},
    'does protect i-0123456789abcdef0 from termination, then put eni-1 of i-0123456789abcdef0 into sg-c alone',
  ],
  [
    'several interfaces',
    { networkInterfaces: [on('eni-1', ['sg-1', 'sg-c']), on('eni-2', ['sg-c']), on('eni-3', [])] },
    'does protect i-0123456789abcdef0 from termination, then put eni-1 and eni-3 of i-0123456789abcdef0 into sg-c alone',
  ],
  [
    'what is isolated, and not protected',
    { networkInterfaces: [on('eni-1', ['sg-c'])] },
    'does protect i-0123456789abcdef0 from termination',
  ],
  [
    'what is isolated and protected',
    { networkInterfaces: [on('eni-1', ['sg-c'])], protection: { stop: false, termination: true } },
    'it is in sg-c alone already',
  ],
  [
    'a Spot instance',
    { instance: { InstanceLifecycle: 'spot' } },
    'does put eni-1 of i-0123456789abcdef0 into sg-c alone, without termination protection, which a Spot instance can not have',
  ],
  ['nothing on a network', { networkInterfaces: [] }, 'it has no network interface'],
  [
    'an interface of a service',
    {
      networkInterfaces: [on('eni-1', ['sg-1']), on('eni-2', ['sg-1'], { RequesterManaged: true, Description: 'ECS' })],
    },
    'it can not be isolated whole: eni-2 is a service\'s ("ECS")',
  ],
  [
    "another account's interface",
    { networkInterfaces: [on('eni-1', ['sg-1'], { OwnerId: '999999999999' })] },
    'it can not be isolated whole: eni-1 is of account 999999999999',
  ],
  [
    'an interface of another VPC',
    { networkInterfaces: [on('eni-1', ['sg-1'], { VpcId: 'vpc-2' })] },
    'it can not be isolated whole: eni-1 is in vpc-2',
  ],
  [
    'a member of an Auto Scaling group',
    { instance: { Tags: { 'aws:autoscaling:groupName': 'w\u00e9b' } } },
    'Auto Scaling group "w\\u00e9b" would replace it: detach the instance from the group first',
  ],
  [
    'an instance of a service',
    { instance: { Operator: { Managed: true, Principal: 'eks.amazonaws.com' } } },
    'eks.amazonaws.com manages the instance: isolate it there',
  ],
  [
    'an instance with several groups to choose from',
    { vpcGroups: [group, { ...group, GroupId: 'sg-b' }] },
    'several security groups of vpc-0123456789abcdef0 are meant: sg-b and sg-c',
  ],
  [
    'an instance whose VPC has none',
    {
      vpcGroups: [
        { ...group, VpcId: 'vpc-2' },
        { ...group, Tags: [{ Key: 'Role', Value: 'web' }] },
      ],
    },
    'vpc-0123456789abcdef0 has no such security group: make one without ingress, or correct the parameter',
  ],
  [
    'an instance, by a group that lets itself in',
    { vpcGroups: [{ ...group, IpPermissions: [{ IpProtocol: '-1', UserIdGroupPairs: [{ GroupId: 'sg-c' }] }] }] },
    'sg-c lets something in: a group that isolates has no ingress',
  ],
])('%s', (_, given, expected) => {
  expect(told(given)).toBe(expected);
});

test('the group may be named by its id', () => {
  expect(told({}, { securityGroup: { id: 'sg-c' } })).toContain('into sg-c alone');
  expect(told({}, { securityGroup: { id: 'sg-d' } })).toContain('has no such security group');
});

test('a group must have all the tags that are named, each by one of its globs', () => {
  const both = { securityGroup: { tags: { Role: ['isolated', 'quarantine-*'], Owner: ['security'] } } };
  const owned = { ...group, GroupId: 'sg-d', Tags: [...group.Tags, { Key: 'Owner', Value: 'security' }] };
  const others = [group, { ...group, GroupId: 'sg-e', Tags: [{ Key: 'Owner', Value: 'security' }] }];

  expect(told({ vpcGroups: others }, both)).toContain('has no such security group');
  expect(told({ vpcGroups: [...others, owned] }, both)).toContain('into sg-d alone');
});

test('without protect only groups change', () => {
  const made = outcome({}, { ...parameters, protect: false });

  expect(made).toEqual({
    plan: {
      does: 'put eni-1 of i-0123456789abcdef0 into sg-c alone',
      calls: [
        { operation: 'ec2:ModifyNetworkInterfaceAttribute', input: { NetworkInterfaceId: 'eni-1', Groups: ['sg-c'] } },
      ],
      undo: [
        { operation: 'ec2:ModifyNetworkInterfaceAttribute', input: { NetworkInterfaceId: 'eni-1', Groups: ['sg-1'] } },
      ],
      concerns: [],
    },
  });
});

describe('snapshots of the EBS volumes', () => {
  const withSnapshot = { securityGroup };
  const volumes = [{ VolumeId: 'vol-1' }, { VolumeId: 'vol-2' }];
  const isolated = { networkInterfaces: [on('eni-1', ['sg-c'])] };
  const moves = 'put eni-1 of i-0123456789abcdef0 into sg-c alone';
  const protects = 'protect i-0123456789abcdef0 from termination';

  function operations(given: ActionGiven, more: Json = withSnapshot): readonly string[] {
    const made = outcome(given, more);
    return 'refused' in made ? [] : made.plan.calls.map(({ operation }) => operation);
  }

  test('are taken in one call that may fail, after the protection and before the instance is isolated', () => {
    const made = outcome({ volumes }, withSnapshot);

    expect(made).toMatchObject({
      plan: {
        does: `${protects}, then take snapshots of its EBS volumes if EC2 grants them, then ${moves}`,
        calls: [
          { operation: 'ec2:ModifyInstanceAttribute' },
          {
            operation: 'ec2:CreateSnapshots',
            input: {
              InstanceSpecification: { InstanceId: 'i-0123456789abcdef0' },
              Description:
                'Taken by ec2-guardrail before it isolated i-0123456789abcdef0, which violates the-policy (any)',
              TagSpecifications: [
                {
                  ResourceType: 'snapshot',
                  Tags: [
                    { Key: 'Name', Value: 'i-0123456789abcdef0 before quarantine' },
                    { Key: 'ec2-guardrail:instance', Value: 'i-0123456789abcdef0' },
                    { Key: 'ec2-guardrail:policy', Value: 'the-policy' },
                  ],
                },
              ],
            },
            mayFail: true,
          },
          { operation: 'ec2:ModifyNetworkInterfaceAttribute' },
        ],
      },
    });
    const mayFail = 'refused' in made ? [] : made.plan.calls.filter((call) => call.mayFail);
    expect(mayFail.map(({ operation }) => operation)).toEqual(['ec2:CreateSnapshots']);
  });

  test('are left alone by undo', () => {
    const made = outcome({ volumes }, withSnapshot);

    expect('refused' in made ? [] : made.plan.undo.map(({ operation }) => operation)).toEqual([
      'ec2:ModifyNetworkInterfaceAttribute',
      'ec2:ModifyInstanceAttribute',
    ]);
  });

  test.each<[string, ActionGiven, string]>([
    ['where every interface is isolated already', { volumes, ...isolated }, protects],
    [
      'of an instance without EBS volumes',
      {},
      `${protects}, then ${moves}, without snapshots, since it has no EBS volume`,
    ],
    [
      'of an instance whose root volume is on instance storage',
      { volumes, instance: { RootDeviceType: 'instance-store' } },
      `${protects}, then ${moves}, without snapshots, since its root volume is on instance storage`,
    ],
  ])('are not taken %s', (_, given, does) => {
    expect(told(given, withSnapshot)).toBe(`does ${does}`);
    expect(operations(given)).not.toContain('ec2:CreateSnapshots');
  });

  test('are not taken where the policy says so', () => {
    expect(told({ volumes }, parameters)).toBe(`does ${protects}, then ${moves}`);
    expect(operations({ volumes }, parameters)).not.toContain('ec2:CreateSnapshots');
  });
});
