import type { Facts } from './facts.ts';
import type { FixedField, Instance } from './instance.ts';
import type { Operation } from './operations.ts';

/** Fields of DescribeInstances that can change while an instance runs, and that something may read. */
export type ChangingField =
  | 'BlockDeviceMappings'
  | 'InstanceType'
  | 'State'
  | 'StateReason'
  | 'MetadataOptions'
  | 'IamInstanceProfile'
  | 'Monitoring'
  | 'EbsOptimized'
  | 'EnaSupport'
  | 'PublicIpAddress'
  | 'NetworkInterfaces'
  | 'SourceDestCheck'
  | 'CapacityReservationSpecification';

/** What a rule, `match`, exemption or action reads: a field that can change, or a fact beyond the instance. */
export type Need = ChangingField | keyof Facts;

/** What a rule may read of the instance itself, given its needs. */
export type InstanceFields<N extends Need> = Pick<Instance, FixedField | Extract<N, ChangingField>>;

interface NeedSource {
  /** CloudTrail event names after which it may be different. EC2's state changes come without a trail, always. */
  readonly changedBy: readonly string[];
  /** Reads that collect it, beyond DescribeInstances. */
  readonly reads: readonly Operation[];
}

const groupsOfInterfaces = [
  'ModifyInstanceAttribute',
  'ModifyNetworkInterfaceAttribute',
  'AttachNetworkInterface',
] as const;
const ingress = ['AuthorizeSecurityGroupIngress', 'RevokeSecurityGroupIngress', 'ModifySecurityGroupRules'] as const;
const addresses = ['AssociateAddress', 'DisassociateAddress', 'AttachNetworkInterface'] as const;

/**
 * For each need, which CloudTrail events change it and which reads collect it. Event rules and permissions are derived
 * from this table and from nothing else; a test holds collection against it.
 */
export const needSources = {
  InstanceType: { changedBy: ['ModifyInstanceAttribute'], reads: [] },
  State: { changedBy: [], reads: [] },
  StateReason: { changedBy: [], reads: [] },
  MetadataOptions: { changedBy: ['ModifyInstanceMetadataOptions'], reads: [] },
  IamInstanceProfile: {
    changedBy: [
      'AssociateIamInstanceProfile',
      'ReplaceIamInstanceProfileAssociation',
      'DisassociateIamInstanceProfile',
    ],
    reads: [],
  },
  Monitoring: { changedBy: ['MonitorInstances', 'UnmonitorInstances'], reads: [] },
  EbsOptimized: { changedBy: ['ModifyInstanceAttribute'], reads: [] },
  EnaSupport: { changedBy: ['ModifyInstanceAttribute'], reads: [] },
  PublicIpAddress: { changedBy: addresses, reads: [] },
  NetworkInterfaces: { changedBy: [...groupsOfInterfaces, ...addresses], reads: [] },
  SourceDestCheck: { changedBy: ['ModifyInstanceAttribute', 'ModifyNetworkInterfaceAttribute'], reads: [] },
  CapacityReservationSpecification: { changedBy: ['ModifyInstanceCapacityReservationAttributes'], reads: [] },
  tags: { changedBy: ['CreateTags', 'DeleteTags'], reads: [] },
  volumes: {
    changedBy: ['AttachVolume', 'DetachVolume', 'CreateReplaceRootVolumeTask'],
    reads: ['ec2:DescribeVolumes'],
  },
  securityGroups: {
    changedBy: [...ingress, ...groupsOfInterfaces],
    reads: ['ec2:DescribeSecurityGroups', 'ec2:DescribeSecurityGroupRules'],
  },
  prefixLists: {
    changedBy: ['ModifyManagedPrefixList', 'RestoreManagedPrefixListVersion'],
    reads: ['ec2:DescribeSecurityGroups', 'ec2:GetManagedPrefixListEntries'],
  },
  sourceGroups: { changedBy: ['CreateTags', 'DeleteTags'], reads: ['ec2:DescribeSecurityGroups'] },
  networkInterfaces: {
    changedBy: ['AttachNetworkInterface', 'CreateTags', 'DeleteTags'],
    reads: ['ec2:DescribeNetworkInterfaces'],
  },
  instanceTypeInfo: { changedBy: ['ModifyInstanceAttribute'], reads: ['ec2:DescribeInstanceTypes'] },
  kmsAliases: { changedBy: [], reads: ['kms:ListAliases'] },
  launcher: { changedBy: [], reads: [] },
  // The table remembers it.
  acts: { changedBy: [], reads: [] },
  // It is an event of its own: who receives it knows it.
  notice: { changedBy: [], reads: [] },
  // Of actions alone: they read it when there is something to do, whatever changed it.
  BlockDeviceMappings: { changedBy: [], reads: [] },
  groupInterfaces: { changedBy: [], reads: ['ec2:DescribeNetworkInterfaces'] },
  vpcGroups: { changedBy: [], reads: ['ec2:DescribeSecurityGroups', 'ec2:DescribeSecurityGroupRules'] },
  protection: { changedBy: [], reads: ['ec2:DescribeInstanceAttribute'] },
  spotRequest: { changedBy: [], reads: ['ec2:DescribeSpotInstanceRequests'] },
} as const satisfies { readonly [N in Need]: NeedSource };

/** Every need there is, in the table's order. */
export const allNeeds = Object.keys(needSources) as readonly Need[];

/** Needs of actions alone: no verdict hangs on them. */
const actionNeeds: readonly Need[] = [
  'BlockDeviceMappings',
  'groupInterfaces',
  'vpcGroups',
  'protection',
  'spotRequest',
];

/** What λ drain does not know of an instance: there is time for what DescribeInstances says of it, and its tags, and no more. */
export const notKnownInADrain: readonly Need[] = allNeeds.filter(
  (need) => needSources[need].reads.length > 0 || need === 'launcher' || need === 'acts',
);

/** All that a verdict may hang on. */
export const verdictNeeds: readonly Need[] = allNeeds.filter((need) => !actionNeeds.includes(need));

/**
 * CloudTrail events after which a verdict on these needs may be different, sorted.
 * RunInstances is always among them: it names the launcher.
 */
export function eventsThatChange(needs: Iterable<Need>): readonly string[] {
  const names = new Set(['RunInstances']);
  for (const need of needs) for (const name of needSources[need].changedBy) names.add(name);
  return [...names].sort();
}

/** Reads that collect these needs, DescribeInstances included, sorted. */
export function readsFor(needs: Iterable<Need>): readonly Operation[] {
  const reads = new Set<Operation>(['ec2:DescribeInstances']);
  for (const need of needs) for (const read of needSources[need].reads) reads.add(read);
  return [...reads].sort();
}
