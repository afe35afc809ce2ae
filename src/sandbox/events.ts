import type * as ec2 from '@aws-sdk/client-ec2';
import type { Interruption } from '../domain/notice.ts';
import type { Scope } from '../domain/operations.ts';

/** An event as EventBridge delivers it. */
export interface EventBridgeEvent<D = Readonly<Record<string, unknown>>> {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': string;
  readonly source: string;
  readonly account: string;
  /** To the second, in UTC. */
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: D;
}

/** CloudTrail's `userIdentity`. */
export interface UserIdentity {
  readonly type: 'IAMUser' | 'AssumedRole' | 'Root' | 'AWSService';
  readonly principalId?: string;
  readonly arn?: string;
  readonly accountId?: string;
  readonly accessKeyId?: string;
  readonly userName?: string;
  readonly sessionContext?: {
    readonly sessionIssuer: {
      readonly type: 'Role';
      readonly principalId: string;
      readonly arn: string;
      readonly accountId: string;
      readonly userName: string;
    };
  };
  readonly invokedBy?: string;
}

/** What CloudTrail writes of a call that changed something. */
export interface CloudTrailRecord {
  readonly eventVersion: string;
  readonly userIdentity: UserIdentity;
  readonly eventTime: string;
  readonly eventSource: 'ec2.amazonaws.com';
  readonly eventName: string;
  readonly awsRegion: string;
  readonly sourceIPAddress: string;
  readonly userAgent: string;
  readonly requestParameters: Readonly<Record<string, unknown>>;
  readonly responseElements: Readonly<Record<string, unknown>>;
  readonly requestID: string;
  readonly eventID: string;
  readonly readOnly: false;
  readonly eventType: 'AwsApiCall';
  readonly managementEvent: true;
  readonly recipientAccountId: string;
  readonly eventCategory: 'Management';
}

/** A call as CloudTrail saw it. Ids are given, so that a builder has no state. */
export interface SeenCall {
  readonly eventName: string;
  readonly at: Date;
  readonly by: UserIdentity;
  readonly request: Readonly<Record<string, unknown>>;
  readonly response: Readonly<Record<string, unknown>>;
  /** Three UUIDs: the event's at EventBridge, the record's, and the request's. */
  readonly ids: readonly [string, string, string];
}

type StateChange = { readonly 'instance-id': string; readonly state: ec2.InstanceStateName };

/** An IAM user, such as `jane`. */
export function iamUser(accountId: string, userName: string): UserIdentity {
  const arn = `arn:aws:iam::${accountId}:user/${userName}`;
  return { type: 'IAMUser', principalId: 'AIDAEXAMPLEUSERID', arn, accountId, accessKeyId: 'AKIAEXAMPLE', userName };
}

/** A session of an IAM role, such as `Deploy/ci-run-7`. */
export function roleSession(accountId: string, role: string, session: string): UserIdentity {
  const principalId = 'AROAEXAMPLEROLEID';
  const roleArn = `arn:aws:iam::${accountId}:role/${role}`;
  return {
    type: 'AssumedRole',
    principalId: `${principalId}:${session}`,
    arn: `arn:aws:sts::${accountId}:assumed-role/${role}/${session}`,
    accountId,
    accessKeyId: 'ASIAEXAMPLE',
    sessionContext: { sessionIssuer: { type: 'Role', principalId, arn: roleArn, accountId, userName: role } },
  };
}

/** Auto Scaling, that launches instances for a group. */
export function autoScaling(accountId: string): UserIdentity {
  return {
    ...roleSession(accountId, 'AWSServiceRoleForAutoScaling', 'AutoScaling'),
    invokedBy: 'autoscaling.amazonaws.com',
  };
}

/** `EC2 Instance State-change Notification`. Comes without a trail, within seconds. */
export function stateChange(
  scope: Scope,
  change: {
    readonly instanceId: string;
    readonly state: ec2.InstanceStateName;
    readonly at: Date;
    readonly id: string;
  },
): EventBridgeEvent<StateChange> {
  return {
    ...envelope(scope, 'EC2 Instance State-change Notification', change.at, change.id),
    resources: [`arn:aws:ec2:${scope.region}:${scope.accountId}:instance/${change.instanceId}`],
    detail: { 'instance-id': change.instanceId, state: change.state },
  };
}

/**
 * What EC2 sends two minutes before it takes a Spot instance back. In its ARN stands the zone.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html
 */
export function interruptionWarning(
  scope: Scope,
  warning: {
    readonly instanceId: string;
    readonly action: Interruption;
    readonly zone: string;
    readonly at: Date;
    readonly id: string;
  },
): EventBridgeEvent<object> {
  const { instanceId, action, zone, at, id } = warning;
  return {
    ...envelope(scope, 'EC2 Spot Instance Interruption Warning', at, id),
    resources: [`arn:aws:ec2:${zone}:instance/${instanceId}`],
    detail: { 'instance-id': instanceId, 'instance-action': action },
  };
}

/** `AWS API Call via CloudTrail`. The record is the event's `detail`. */
export function apiCall(scope: Scope, call: SeenCall): EventBridgeEvent<CloudTrailRecord> {
  const [id, eventID, requestID] = call.ids;
  const caller = call.by.invokedBy;
  return {
    ...envelope(scope, 'AWS API Call via CloudTrail', call.at, id),
    resources: [],
    detail: {
      eventVersion: '1.11',
      userIdentity: call.by,
      eventTime: toTheSecond(call.at),
      eventSource: 'ec2.amazonaws.com',
      eventName: call.eventName,
      awsRegion: scope.region,
      sourceIPAddress: caller ?? '192.0.2.10',
      userAgent: caller ?? 'aws-cli/2.31.0',
      requestParameters: call.request,
      responseElements: { requestId: requestID, ...call.response },
      requestID,
      eventID,
      readOnly: false,
      eventType: 'AwsApiCall',
      managementEvent: true,
      recipientAccountId: scope.accountId,
      eventCategory: 'Management',
    },
  };
}

/** Request and response of RunInstances. CloudTrail names neither volumes nor group names, and tags in lower case. */
export function runInstancesCall(
  reservation: ec2.Reservation,
  tags: readonly ec2.Tag[],
): Pick<SeenCall, 'request' | 'response'> {
  const instances = reservation.Instances ?? [];
  const [first] = instances;
  return {
    request: {
      instancesSet: { items: [{ imageId: first?.ImageId, minCount: instances.length, maxCount: instances.length }] },
      instanceType: first?.InstanceType,
      groupSet: { items: groupItems(first) },
      subnetId: first?.SubnetId,
      blockDeviceMapping: {},
      monitoring: { enabled: false },
      disableApiTermination: false,
      disableApiStop: false,
      ...(tags.length === 0
        ? {}
        : { tagSpecificationSet: { items: [{ resourceType: 'instance', tags: tags.map(tagItem) }] } }),
    },
    response: {
      reservationId: reservation.ReservationId,
      ownerId: reservation.OwnerId,
      groupSet: {},
      instancesSet: {
        items: instances.map((instance) => ({
          instanceId: instance.InstanceId,
          imageId: instance.ImageId,
          instanceState: { code: 0, name: 'pending' },
          instanceType: instance.InstanceType,
          launchTime: instance.LaunchTime?.getTime(),
          placement: { availabilityZone: instance.Placement?.AvailabilityZone, tenancy: instance.Placement?.Tenancy },
          subnetId: instance.SubnetId,
          vpcId: instance.VpcId,
          blockDeviceMapping: {},
          groupSet: { items: groupItems(instance) },
          ...(tags.length === 0 ? {} : { tagSet: { items: tags.map(tagItem) } }),
        })),
      },
    },
  };
}

/** Request and response of CreateTags and DeleteTags. */
export function tagsCall(resourceId: string, tags: readonly ec2.Tag[]): Pick<SeenCall, 'request' | 'response'> {
  return {
    request: { resourcesSet: { items: [{ resourceId }] }, tagSet: { items: tags.map(tagItem) } },
    response: { _return: true },
  };
}

/** Request and response of StartInstances, StopInstances and TerminateInstances. */
export function transitionCall(
  instanceId: string,
  before: ec2.InstanceState | undefined,
  current: ec2.InstanceState,
): Pick<SeenCall, 'request' | 'response'> {
  const states = { currentState: stateItem(current), previousState: stateItem(before ?? {}) };
  return {
    request: { instancesSet: { items: [{ instanceId }] } },
    response: { instancesSet: { items: [{ instanceId, ...states }] } },
  };
}

/** Request and response of AuthorizeSecurityGroupIngress. */
export function authorizeIngressCall(
  groupId: string,
  permission: ec2.IpPermission,
  rules: readonly ec2.SecurityGroupRule[],
): Pick<SeenCall, 'request' | 'response'> {
  const items = rules.map((rule) => ({
    groupOwnerId: rule.GroupOwnerId,
    groupId: rule.GroupId,
    securityGroupRuleId: rule.SecurityGroupRuleId,
    isEgress: rule.IsEgress,
    ipProtocol: rule.IpProtocol,
    fromPort: rule.FromPort,
    toPort: rule.ToPort,
    ...(rule.CidrIpv4 === undefined ? {} : { cidrIpv4: rule.CidrIpv4 }),
    ...(rule.CidrIpv6 === undefined ? {} : { cidrIpv6: rule.CidrIpv6 }),
    ...(rule.PrefixListId === undefined ? {} : { prefixListId: rule.PrefixListId }),
    ...(rule.ReferencedGroupInfo === undefined ? {} : { referencedGroupId: rule.ReferencedGroupInfo.GroupId }),
  }));
  return {
    request: { groupId, ipPermissions: { items: [permissionItem(permission)] } },
    response: { _return: true, securityGroupRuleSet: { items } },
  };
}

/** Request and response of RevokeSecurityGroupIngress. */
export function revokeIngressCall(
  groupId: string,
  permission: ec2.IpPermission,
): Pick<SeenCall, 'request' | 'response'> {
  return {
    request: { groupId, ipPermissions: { items: [permissionItem(permission)] } },
    response: { _return: true },
  };
}

/** Request and response of AttachVolume and DetachVolume. */
export function attachmentCall(attachment: ec2.VolumeAttachment): Pick<SeenCall, 'request' | 'response'> {
  const { VolumeId: volumeId, InstanceId: instanceId, Device: device, State: status } = attachment;
  return {
    request: { volumeId, instanceId, device },
    response: { volumeId, instanceId, device, status, attachTime: attachment.AttachTime?.getTime() },
  };
}

/** ISO 8601 to the second, as EventBridge and CloudTrail write times. */
function toTheSecond(at: Date): string {
  return `${at.toISOString().slice(0, 19)}Z`;
}

function envelope(
  scope: Scope,
  detailType: string,
  at: Date,
  id: string,
): Omit<EventBridgeEvent, 'resources' | 'detail'> {
  return {
    version: '0',
    id,
    'detail-type': detailType,
    source: 'aws.ec2',
    account: scope.accountId,
    time: toTheSecond(at),
    region: scope.region,
  };
}

function groupItems(instance: ec2.Instance | undefined): readonly { readonly groupId: string | undefined }[] {
  return (instance?.SecurityGroups ?? []).map((group) => ({ groupId: group.GroupId }));
}

/** A tag that is deleted whatever its value has none. */
function tagItem({ Key, Value }: ec2.Tag): { readonly key: string | undefined; readonly value?: string } {
  return { key: Key, ...(Value === undefined ? {} : { value: Value }) };
}

function stateItem({ Code: code, Name: name }: ec2.InstanceState): {
  code: number | undefined;
  name: string | undefined;
} {
  return { code, name };
}

function permissionItem(permission: ec2.IpPermission): Readonly<Record<string, unknown>> {
  const { IpProtocol, FromPort, ToPort, IpRanges, Ipv6Ranges, PrefixListIds, UserIdGroupPairs } = permission;
  return {
    ipProtocol: IpProtocol,
    fromPort: FromPort,
    toPort: ToPort,
    groups: setOf(UserIdGroupPairs?.map(({ GroupId, UserId }) => ({ groupId: GroupId, userId: UserId }))),
    ipRanges: setOf(IpRanges?.map(({ CidrIp, Description }) => ({ cidrIp: CidrIp, description: Description }))),
    ipv6Ranges: setOf(
      Ipv6Ranges?.map(({ CidrIpv6, Description }) => ({ cidrIpv6: CidrIpv6, description: Description })),
    ),
    prefixListIds: setOf(PrefixListIds?.map(({ PrefixListId }) => ({ prefixListId: PrefixListId }))),
  };
}

/** CloudTrail writes an empty set as `{}`. */
function setOf<T>(items: readonly T[] | undefined): { readonly items?: readonly T[] } {
  return items === undefined || items.length === 0 ? {} : { items };
}
