import type * as ec2 from '@aws-sdk/client-ec2';
import type { Scope } from './operations.ts';

/**
 * Fields of DescribeInstances that stay as they are while an instance runs: reading one needs no event.
 * (A stop and start may change some; that arrives as a change of state, which every deployment listens to.)
 */
export type FixedField =
  | 'InstanceId'
  | 'ImageId'
  | 'LaunchTime'
  | 'Placement'
  | 'Architecture'
  | 'VpcId'
  | 'SubnetId'
  | 'KeyName'
  | 'InstanceLifecycle'
  | 'RootDeviceType'
  | 'RootDeviceName'
  | 'VirtualizationType'
  | 'Platform'
  | 'PlatformDetails'
  | 'HibernationOptions'
  | 'Operator';

/**
 * One instance as DescribeInstances shows it, in EC2's own field names, with the identity that is always there.
 * Its tags, volumes and groups are facts (`Facts`): they may be unknown, and an instance's own fields can't say so.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Instance.html
 */
export interface Instance extends Omit<ec2.Instance, 'InstanceId' | 'InstanceType' | 'LaunchTime' | 'State'> {
  readonly InstanceId: string;
  readonly InstanceType: string;
  readonly LaunchTime: Date;
  readonly State: { readonly Name: ec2.InstanceStateName };
  /** The reservation's OwnerId and the zone's Region. */
  readonly scope: Scope;
  /** What launched together. */
  readonly reservationId?: string;
}

/** Fields whose absence in DescribeInstances says "none". Any other absent field is unknown. */
export const absentMeansNone: ReadonlySet<string> = new Set([
  'Tags',
  'KeyName',
  'PublicIpAddress',
  'PublicDnsName',
  'IamInstanceProfile',
  'InstanceLifecycle',
  'SpotInstanceRequestId',
  'StateReason',
  'Platform',
  'Ipv6Address',
  'OutpostArn',
  'KernelId',
  'RamdiskId',
  'VpcId',
  'SubnetId',
]);

/** How long after LaunchTime what is absent may still be on its way (tags, volumes, launcher), in milliseconds. */
export const SETTLES_AFTER_MS = 60_000;

/** How long after LaunchTime the launch request's tags stand in while DescribeInstances shows none, in milliseconds. */
export const LAUNCH_TAGS_STAND_IN_MS = 600_000;

/** Whether what DescribeInstances does not show is really not there. A LaunchTime in the future counts as settled. */
export function isSettled(launchTime: Date, now: Date): boolean {
  const age = now.getTime() - launchTime.getTime();
  return age < 0 || age >= SETTLES_AFTER_MS;
}

/** How long after its launch a violation that is there at the first look counts as launched, in milliseconds. */
export const LAUNCH_LASTS_MS = 600_000;

/**
 * Whether EC2 launched the instance less than ten minutes ago, for the first time and for certain. LaunchTime does not say
 * so, a stop and start sets it anew; the primary network interface is attached at launch, and can't be detached.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-eni.html
 */
export function isAtLaunch({ LaunchTime, NetworkInterfaces }: Instance, now: Date): boolean {
  const primary = NetworkInterfaces?.find(
    ({ Attachment }) => Attachment?.DeviceIndex === 0 && (Attachment.NetworkCardIndex ?? 0) === 0,
  );
  const attachedAt = new Date(primary?.Attachment?.AttachTime ?? Number.NaN).getTime();
  const wasRestarted = Math.abs(LaunchTime.getTime() - attachedAt) > SETTLES_AFTER_MS;
  const age = now.getTime() - attachedAt;
  return age >= 0 && age <= LAUNCH_LASTS_MS && !wasRestarted;
}

/** Terminated, or about to be: no rule applies any more. */
export function isGone(instance: Pick<Instance, 'State'>): boolean {
  return instance.State.Name === 'terminated' || instance.State.Name === 'shutting-down';
}

/**
 * The Region of an availability zone, local zone or wavelength zone:
 * `us-east-1a`, `us-west-2-lax-1a` and `us-east-1-wl1-bos-wlz-1` give their parent Region.
 */
export function regionOfZone(zone: string): string | undefined {
  return /^[a-z]{2,4}(?:-[a-z]+)+-\d+/.exec(zone)?.[0];
}

/** Ids of every security group on every interface: `SecurityGroups` alone is the primary interface's. */
export function securityGroupIds(instance: Pick<Instance, 'SecurityGroups' | 'NetworkInterfaces'>): readonly string[] {
  const groups = [
    ...(instance.SecurityGroups ?? []),
    ...(instance.NetworkInterfaces ?? []).flatMap((networkInterface) => networkInterface.Groups ?? []),
  ];
  return distinct(groups.map((group) => group.GroupId));
}

/** Ids of the EBS volumes that the instance names. Instance store volumes are not EBS and not named. */
export function volumeIds(instance: Pick<Instance, 'BlockDeviceMappings'>): readonly string[] {
  return distinct((instance.BlockDeviceMappings ?? []).map((mapping) => mapping.Ebs?.VolumeId));
}

/** Ids of the network interfaces that the instance names. */
export function networkInterfaceIds(instance: Pick<Instance, 'NetworkInterfaces'>): readonly string[] {
  return distinct((instance.NetworkInterfaces ?? []).map((networkInterface) => networkInterface.NetworkInterfaceId));
}

/** In order of first appearance, without `undefined`. */
export function distinct<T>(values: readonly (T | undefined)[]): readonly T[] {
  return [...new Set(values.filter((value) => value !== undefined))] as readonly T[];
}
