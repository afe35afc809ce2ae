import type * as ec2 from '@aws-sdk/client-ec2';
import { defineAction, type PlannedCall } from '../domain/action.ts';
import { inAscii, named } from '../domain/characters.ts';
import { type NetworkInterface, type SecurityGroup, tagMap } from '../domain/facts.ts';
import { matchesAnyGlob } from '../domain/glob.ts';
import { type Instance, volumeIds } from '../domain/instance.ts';
import { AUTO_SCALING_GROUP_TAG } from '../domain/match.ts';
import { whyForeign } from './sharers.ts';
import { listed, phrases } from './words.ts';

/** How many groups or interfaces a sentence names. */
const NAMED = 3;

/** Said of what is isolated without the protection that the policy asks for. */
const UNPROTECTED = 'without termination protection, which a Spot instance can not have';

/** How the group is found that isolates. */
type Wanted = { readonly id: string } | { readonly tags: Readonly<Record<string, readonly string[]>> };

type Call = PlannedCall<'ec2:CreateSnapshots' | 'ec2:ModifyInstanceAttribute' | 'ec2:ModifyNetworkInterfaceAttribute'>;

export const quarantine = defineAction({
  id: 'quarantine',
  summary:
    'Protects the instance from termination, takes snapshots of its EBS volumes, and puts every network interface into one security group that lets nothing in.',
  kind: 'access',
  interrupts: true,
  isReversible: true,
  states: ['running', 'stopping', 'stopped'],
  parameters: (z) =>
    z.strictObject({
      securityGroup: z
        .union([
          z.strictObject({
            id: z
              .string()
              .regex(/^sg-[0-9a-f]+$/, 'must be an id such as sg-0123456789abcdef0')
              .describe('Its id. Instances of other VPCs are refused then.'),
          }),
          z.strictObject({
            tags: z
              .record(z.string().min(1), z.array(z.string()).min(1))
              .refine((tags) => Object.keys(tags).length > 0, 'is empty: write the tags that the group has')
              .meta({ minProperties: 1 })
              .describe(
                "Tag keys, each with globs of which one must match the value. Exactly one group of the instance's VPC must have them.",
              ),
          }),
        ])
        .describe('The group without ingress that isolates: { tags: { Role: [quarantine] } }, or { id: sg-... }.'),
      protect: z
        .boolean()
        .default(true)
        .describe('Protect the instance from termination first, so that what there is to find out is not lost.'),
      snapshot: z
        .boolean()
        .default(true)
        .describe(
          'Take a snapshot of each EBS volume before the instance is isolated. Where EC2 refuses that, the instance is isolated all the same, and the alert says so.',
        ),
    }),
  needs: ['BlockDeviceMappings', 'tags', 'networkInterfaces', 'vpcGroups', 'protection'],
  operations: ({ protect, snapshot }) => [
    ...(snapshot ? (['ec2:CreateSnapshots'] as const) : []),
    ...(protect ? (['ec2:ModifyInstanceAttribute'] as const) : []),
    'ec2:ModifyNetworkInterfaceAttribute',
  ],
  plan({ instance, facts, parameters, violation }) {
    const { InstanceId, VpcId, Operator, InstanceLifecycle } = instance;
    const autoScalingGroup = tagMap(facts.tags).get(AUTO_SCALING_GROUP_TAG);
    if (autoScalingGroup !== undefined) {
      const name = inAscii(JSON.stringify(autoScalingGroup));
      return { refused: `Auto Scaling group ${name} would replace it: detach the instance from the group first` };
    }
    if (Operator?.Managed === true) {
      return { refused: `${named(Operator.Principal ?? 'a service')} manages the instance: isolate it there` };
    }
    const chosen = isolatingGroup(facts.vpcGroups.found, parameters.securityGroup, VpcId);
    if ('refused' in chosen) return chosen;
    const interfaces = facts.networkInterfaces.found;
    if (interfaces.length === 0) return { refused: 'it has no network interface' };
    const notOurs = interfaces.flatMap((one) => whyNotMoved(one, chosen.group) ?? []);
    if (notOurs.length > 0) return { refused: `it can not be isolated whole: ${phrases(notOurs, NAMED)}` };
    const moved = interfaces.filter((one) => !isIn(one, chosen.group));
    const isProtected = facts.protection.value.termination;
    const canBeProtected = InstanceLifecycle !== 'spot';
    const protects = parameters.protect && canBeProtected && !isProtected;
    if (moved.length === 0 && !protects) return { refused: `it is in ${chosen.group.GroupId} alone already` };
    const { GroupId } = chosen.group;
    const into = moved.map((one) => inGroups(one, [GroupId]));
    const isWanted = parameters.snapshot && moved.length > 0;
    const whyWithout = isWanted ? whyNoSnapshot(instance) : undefined;
    const takes = isWanted && whyWithout === undefined;
    const back = moved.map((one) => inGroups(one, groupIdsOf(one)));
    return {
      plan: {
        does: doesText(
          [
            ...(protects ? [`protect ${InstanceId} from termination`] : []),
            ...(takes ? ['take snapshots of its EBS volumes if EC2 grants them'] : []),
            ...(moved.length === 0 ? [] : [movesText(InstanceId, moved, GroupId)]),
          ],
          [
            ...(parameters.protect && !canBeProtected ? [UNPROTECTED] : []),
            ...(whyWithout === undefined ? [] : [`without snapshots, since ${whyWithout}`]),
          ],
        ),
        calls: [
          ...(protects ? [withProtection(InstanceId, true)] : []),
          ...(takes ? [snapshots(InstanceId, violation)] : []),
          ...into,
        ],
        undo: [...back, ...(protects ? [withProtection(InstanceId, false)] : [])],
        concerns: [],
      },
    };
  },
  examples: [
    {
      title: 'an instance with two interfaces, one of which is isolated already',
      parameters: { securityGroup: { tags: { Role: ['quarantine'] } } },
      given: {
        volumes: [{ VolumeId: 'vol-0123456789abcdef0' }],
        networkInterfaces: [
          ownInterface('eni-0123456789abcdef0', ['sg-0aaaaaaaaaaaaaaa1', 'sg-0bbbbbbbbbbbbbbb2']),
          ownInterface('eni-0123456789abcdef1', ['sg-0cccccccccccccccc']),
        ],
        vpcGroups: [isolating()],
      },
      expect: {
        calls: [
          {
            operation: 'ec2:ModifyInstanceAttribute',
            input: { InstanceId: 'i-0123456789abcdef0', DisableApiTermination: { Value: true } },
          },
          snapshots('i-0123456789abcdef0', { policy: 'the-policy', rule: 'any' }),
          {
            operation: 'ec2:ModifyNetworkInterfaceAttribute',
            input: { NetworkInterfaceId: 'eni-0123456789abcdef0', Groups: ['sg-0cccccccccccccccc'] },
          },
        ],
        undo: [
          {
            operation: 'ec2:ModifyNetworkInterfaceAttribute',
            input: {
              NetworkInterfaceId: 'eni-0123456789abcdef0',
              Groups: ['sg-0aaaaaaaaaaaaaaa1', 'sg-0bbbbbbbbbbbbbbb2'],
            },
          },
          {
            operation: 'ec2:ModifyInstanceAttribute',
            input: { InstanceId: 'i-0123456789abcdef0', DisableApiTermination: { Value: false } },
          },
        ],
      },
    },
    {
      title: 'an instance that has termination protection keeps it, whatever is undone',
      parameters: { securityGroup: { id: 'sg-0cccccccccccccccc' } },
      given: {
        networkInterfaces: [ownInterface('eni-0123456789abcdef0', ['sg-0aaaaaaaaaaaaaaa1'])],
        vpcGroups: [isolating()],
        protection: { stop: false, termination: true },
      },
      expect: {
        calls: [
          {
            operation: 'ec2:ModifyNetworkInterfaceAttribute',
            input: { NetworkInterfaceId: 'eni-0123456789abcdef0', Groups: ['sg-0cccccccccccccccc'] },
          },
        ],
        undo: [
          {
            operation: 'ec2:ModifyNetworkInterfaceAttribute',
            input: { NetworkInterfaceId: 'eni-0123456789abcdef0', Groups: ['sg-0aaaaaaaaaaaaaaa1'] },
          },
        ],
      },
    },
    {
      title: 'a group that lets something in does not isolate',
      parameters: { securityGroup: { tags: { Role: ['quarantine'] } } },
      given: {
        networkInterfaces: [ownInterface('eni-0123456789abcdef0', ['sg-0aaaaaaaaaaaaaaa1'])],
        vpcGroups: [
          {
            ...isolating(),
            IpPermissions: [{ IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: '10.0.0.0/8' }] }],
          },
        ],
      },
      expect: { refused: 'sg-0cccccccccccccccc lets something in: a group that isolates has no ingress' },
    },
    {
      title: 'a VPC without such a group',
      parameters: { securityGroup: { tags: { Role: ['quarantine'] } } },
      given: {
        networkInterfaces: [ownInterface('eni-0123456789abcdef0', ['sg-0aaaaaaaaaaaaaaa1'])],
        vpcGroups: [],
      },
      expect: {
        refused: 'vpc-0123456789abcdef0 has no such security group: make one without ingress, or correct the parameter',
      },
    },
    {
      title: 'an instance of an Auto Scaling group, which would replace it',
      parameters: { securityGroup: { tags: { Role: ['quarantine'] } } },
      given: {
        instance: { Tags: { 'aws:autoscaling:groupName': 'web' } },
        networkInterfaces: [ownInterface('eni-0123456789abcdef0', ['sg-0aaaaaaaaaaaaaaa1'])],
        vpcGroups: [isolating()],
      },
      expect: { refused: 'Auto Scaling group "web" would replace it: detach the instance from the group first' },
    },
  ],
});

/** An interface of the instance, for the examples. */
function ownInterface(NetworkInterfaceId: string, groupIds: readonly string[]) {
  return {
    NetworkInterfaceId,
    Groups: groupIds.map((GroupId) => ({ GroupId })),
    Attachment: { InstanceId: 'i-0123456789abcdef0' },
  };
}

/** The group that isolates, for the examples. */
function isolating() {
  return {
    GroupId: 'sg-0cccccccccccccccc',
    VpcId: 'vpc-0123456789abcdef0',
    Tags: [{ Key: 'Role', Value: 'quarantine' }],
    IpPermissions: [],
  };
}

/** The one group of the VPC that is wanted, if it lets nothing in. */
function isolatingGroup(
  groups: readonly SecurityGroup[],
  wanted: Wanted,
  vpcId: string | undefined,
): { readonly group: SecurityGroup } | { readonly refused: string } {
  const found = groups.filter((group) => ('id' in wanted ? group.GroupId === wanted.id : hasTags(group, wanted.tags)));
  const [group, ...others] = found;
  if (group === undefined) {
    const where = vpcId ?? 'the network without a VPC';
    return { refused: `${where} has no such security group: make one without ingress, or correct the parameter` };
  }
  if (others.length > 0) {
    const ids = found.map(({ GroupId }) => GroupId).toSorted();
    return { refused: `several security groups of ${vpcId} are meant: ${listed(ids, NAMED)}` };
  }
  if ((group.IpPermissions ?? []).length > 0) {
    return { refused: `${group.GroupId} lets something in: a group that isolates has no ingress` };
  }
  return { group };
}

function hasTags({ Tags = [] }: ec2.SecurityGroup, wanted: Readonly<Record<string, readonly string[]>>): boolean {
  const tags = new Map(Tags.map(({ Key, Value = '' }) => [Key, Value]));
  return Object.entries(wanted).every(([key, globs]) => {
    const value = tags.get(key);
    return value !== undefined && matchesAnyGlob(globs, value);
  });
}

/**
 * Why an interface can't be put into the group: a service's, another account's, or of another VPC.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/requester-managed-eni.html
 */
function whyNotMoved(one: NetworkInterface, { VpcId }: SecurityGroup): string | undefined {
  const foreign = whyForeign(one, one.Attachment?.InstanceOwnerId);
  if (foreign !== undefined) return foreign;
  const isElsewhere = VpcId !== undefined && one.VpcId !== undefined && one.VpcId !== VpcId;
  return isElsewhere ? `${one.NetworkInterfaceId} is in ${one.VpcId}` : undefined;
}

function groupIdsOf({ Groups = [] }: NetworkInterface): string[] {
  return Groups.flatMap(({ GroupId }) => GroupId ?? []);
}

function isIn(one: NetworkInterface, { GroupId }: SecurityGroup): boolean {
  const ids = groupIdsOf(one);
  return ids.length === 1 && ids[0] === GroupId;
}

/** @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyNetworkInterfaceAttribute.html */
function inGroups({ NetworkInterfaceId }: NetworkInterface, Groups: readonly string[]): Call {
  return { operation: 'ec2:ModifyNetworkInterfaceAttribute', input: { NetworkInterfaceId, Groups: [...Groups] } };
}

/** @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyInstanceAttribute.html */
function withProtection(InstanceId: string, Value: boolean): Call {
  return { operation: 'ec2:ModifyInstanceAttribute', input: { InstanceId, DisableApiTermination: { Value } } };
}

/** Nothing is planned before the launch has settled, since tags are read: volumes are shown by then. */
function whyNoSnapshot(instance: Pick<Instance, 'BlockDeviceMappings' | 'RootDeviceType'>): string | undefined {
  if (instance.RootDeviceType === 'instance-store') return 'its root volume is on instance storage';
  return volumeIds(instance).length === 0 ? 'it has no EBS volume' : undefined;
}

/**
 * One call for all volumes, so that they are of one moment. The volumes' tags are not copied: they are the words of those who
 * use the instance, and may let them delete what is kept.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSnapshots.html
 */
function snapshots(InstanceId: string, { policy, rule }: { readonly policy: string; readonly rule: string }): Call {
  const Tags = [
    { Key: 'Name', Value: `${InstanceId} before quarantine` },
    { Key: 'ec2-guardrail:instance', Value: InstanceId },
    { Key: 'ec2-guardrail:policy', Value: policy },
  ];
  return {
    operation: 'ec2:CreateSnapshots',
    input: {
      InstanceSpecification: { InstanceId },
      Description: `Taken by ec2-guardrail before it isolated ${InstanceId}, which violates ${policy} (${rule})`,
      TagSpecifications: [{ ResourceType: 'snapshot', Tags }],
    },
    mayFail: true,
  };
}

function movesText(instanceId: string, moved: readonly NetworkInterface[], groupId: string): string {
  const ids = moved.map(({ NetworkInterfaceId }) => NetworkInterfaceId);
  return `put ${listed(ids, NAMED)} of ${instanceId} into ${groupId} alone`;
}

/** What is done, then what is missing in it. */
function doesText(steps: readonly string[], without: readonly string[]): string {
  return [steps.join(', then '), ...without].join(', ');
}
