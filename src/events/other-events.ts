import { distinct } from '../domain/instance.ts';
import { type Fields, fieldsOf, textOf } from './fields.ts';
import { instanceIdForm } from './targets.ts';

const configurationStays = "nothing in the instance's configuration changes";
const stateFollows = 'the instance is inspected when EC2 announces its change of state';

/** Why an EventBridge event of this type starts no inspection. */
const reasonByType: ReadonlyMap<string, string> = new Map([
  ['EC2 Spot Instance Interruption Warning', `${configurationStays}; EC2 announces its change of state when it comes`],
  [
    'EC2 Capacity Reservation Instance Interruption Warning',
    `${configurationStays}; EC2 announces its change of state when it comes`,
  ],
  ['EC2 Instance Rebalance Recommendation', configurationStays],
  ['EC2 Spot Instance Request Fulfillment', stateFollows],
  ['EC2 Fleet Instance Change', stateFollows],
  ['EC2 Spot Fleet Instance Change', stateFollows],
  ['EBS Volume Notification', 'AttachVolume, DetachVolume and the hourly sweep tell which volumes an instance has'],
  ['EBS Snapshot Notification', 'snapshots are not inspected'],
  ['EBS Multi-Volume Snapshots Completion Status', 'snapshots are not inspected'],
  ['EBS Fast Snapshot Restore State-change Notification', 'snapshots are not inspected'],
  ['EC2 AMI State Change', "the state of an image changes nothing in an instance's configuration"],
]);

/** The same by the service that sends it, for types that are not told apart. */
const reasonBySource: ReadonlyMap<string, string> = new Map([
  ['aws.autoscaling', stateFollows],
  ['aws.ec2fleet', stateFollows],
  ['aws.ec2spotfleet', stateFollows],
  ['aws.ecs', configurationStays],
  ['aws.health', configurationStays],
]);

/** Why an EventBridge event that is neither a change of state nor an API call starts no inspection. */
export function whyNotInspected(detailType: string, source: string | undefined): string {
  const reason =
    reasonByType.get(detailType) ?? reasonBySource.get(source ?? '') ?? 'this type of event is not listened to';
  return `${detailType}: ${reason}`;
}

/** Instances that an EventBridge event names, wherever its type has them. */
export function instancesNamed(event: Fields): readonly string[] {
  const detail = fieldsOf(event.detail);
  const { resources } = event;
  const inDetail = ['instance-id', 'EC2InstanceId', 'ec2InstanceId'].map((name) => textOf(detail[name]));
  const inResources = (Array.isArray(resources) ? resources : [resources]).map((arn) => textOf(arn)?.split('/').at(-1));
  return distinct([...inDetail, ...inResources]).filter((id) => instanceIdForm.test(id));
}
