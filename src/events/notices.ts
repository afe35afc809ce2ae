import { deadlineOf, type Interruption, type LifecycleHook, type Notice, SELF_TEST_SOURCE } from '../domain/notice.ts';
import type { Scope } from '../domain/operations.ts';
import { type Envelope, envelopeOf, isEventBridgeEvent, timeOf, whyForeign } from './envelope.ts';
import { type Fields, fieldsOf, isFields, listOf, textOf } from './fields.ts';
import { instanceIdForm } from './targets.ts';

/** What AWS announced of instances, or nothing, and why. */
export type Announced =
  | { readonly kind: 'notices'; readonly notices: readonly Notice[] }
  | { readonly kind: 'ignored'; readonly reason: string };

/** Who received an event, and when. */
export interface Receipt {
  readonly scope: Scope;
  readonly receivedAt: Date;
}

/** An event of a known type, of this account and Region. */
interface Known {
  readonly event: Fields;
  readonly detail: Fields;
  readonly scope: Scope;
  /** ISO 8601. */
  readonly at: string;
}

interface Reader {
  readonly source: string;
  readonly read: (known: Known) => Announced;
}

/** What is read, by an event's `detail-type`. The event rules of λ drain ask for no other. */
const readers = {
  'EC2 Spot Instance Interruption Warning': { source: 'aws.ec2', read: interruption },
  'EC2 Instance Rebalance Recommendation': { source: 'aws.ec2', read: rebalance },
  'EC2 Capacity Reservation Instance Interruption Warning': { source: 'aws.ec2', read: reservation },
  'EC2 Instance State-change Notification': { source: 'aws.ec2', read: stateChange },
  'EC2 Instance-terminate Lifecycle Action': { source: 'aws.autoscaling', read: leavingGroup },
  'AWS Health Event': { source: 'aws.health', read: health },
} as const satisfies Readonly<Record<string, Reader>>;

/** Why an event of another type, about which one might ask, announces no end of an instance. */
const reasonByType: ReadonlyMap<string, string> = new Map([
  ['EC2 Instance-launch Lifecycle Action', 'an instance begins, and none ends'],
  ['EC2 Instance Launch Successful', 'an instance begins, and none ends'],
  ['EC2 Instance Launch Unsuccessful', 'no instance came of it'],
  ['EC2 Instance Terminate Successful', 'it is over: the life cycle action and the change of state came before'],
  ['EC2 Instance Terminate Unsuccessful', 'the instance was not ended'],
  ['EC2 Spot Instance Request Fulfillment', 'an instance begins, and none ends'],
  ['EC2 Fleet Instance Change', 'EC2 announces interruption and change of state itself'],
  ['EC2 Spot Fleet Instance Change', 'EC2 announces interruption and change of state itself'],
  ['ECS Container Instance State Change', 'it is what ECS makes of an instance, and EC2 announces its end itself'],
  ['ECS Task State Change', 'a task is no instance'],
]);

/**
 * What an EventBridge event announces of instances of this account and Region. Never throws. Lenient where AWS's events differ
 * from its documentation; what might lead to another's instance, or to one that nothing was announced of, is ignored.
 */
export function noticesIn(event: unknown, { scope, receivedAt }: Receipt): Announced {
  if (!isFields(event)) return ignored('not an EventBridge event');
  if (!isEventBridgeEvent(event)) return ignored(whyNoEvent(event));
  const type = textOf(event['detail-type']) ?? '';
  const reader = Object.hasOwn(readers, type) ? readers[type as keyof typeof readers] : undefined;
  if (reader === undefined)
    return ignored(`${type}: ${reasonByType.get(type) ?? 'this type of event announces no end of an instance'}`);
  const source = textOf(event.source);
  const isTest = source === SELF_TEST_SOURCE;
  if (source !== reader.source && !isTest)
    return ignored(`${type}: sent by ${source ?? 'nobody'}, not by ${reader.source}`);
  const envelope = envelopeOf(event);
  const foreign = whyForeign(envelope, scope);
  if (foreign !== undefined) return ignored(`${type}: ${foreign}`);
  const known = { event, detail: fieldsOf(event.detail), scope, at: announcedAt(envelope, receivedAt) };
  const announced = reader.read(known);
  if (announced.kind === 'ignored') return ignored(`${type}: ${announced.reason}`);
  return isTest ? notices(announced.notices.map((notice) => ({ ...notice, isTest: true }))) : announced;
}

/** What Auto Scaling sends to a queue or topic that a hook names comes as an event, too: it is not worked twice. */
function whyNoEvent(body: Fields): string {
  if (body.Service === 'AWS Auto Scaling')
    return 'a notification of Auto Scaling to a queue or topic: its life cycle actions come as events';
  if (textOf(body.TopicArn) !== undefined && textOf(body.Message) !== undefined)
    return 'a message of SNS: events are taken from EventBridge alone';
  return 'not an EventBridge event';
}

/** Nothing is received before it was sent: of a time in the future one of two clocks is wrong, and ours gives the earlier deadline. */
function announcedAt({ time }: Envelope, receivedAt: Date): string {
  return (time === undefined || time > receivedAt ? receivedAt : time).toISOString();
}

function interruption(known: Known): Announced {
  const action = actionOf(known.detail);
  return ofInstance(known, { kind: 'interruption', action, deadline: deadlineOf(action, known.at) });
}

function rebalance(known: Known): Announced {
  return ofInstance(known, { kind: 'rebalance' });
}

/** @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitor-interruptible-cr.html */
function reservation(known: Known): Announced {
  const action = actionOf(known.detail);
  const end = timeOf(known.detail['instance-termination-time'])?.toISOString();
  return ofInstance(known, { kind: 'reservation', action, deadline: end ?? deadlineOf(action, known.at) });
}

const endingStates: readonly string[] = ['shutting-down', 'terminated', 'stopping', 'stopped'];

function stateChange(known: Known): Announced {
  const state = textOf(known.detail.state) ?? 'no state';
  if (state === 'running') return ofInstance(known, { kind: 'running' });
  if (endingStates.includes(state)) return ofInstance(known, { kind: 'ending', state });
  return ignored(`${state}: the instance neither ends nor runs`);
}

/**
 * An instance that goes to the warm pool is stopped, or kept running, and comes back. Anything but an end is not taken for one.
 * @see https://docs.aws.amazon.com/autoscaling/ec2/userguide/warm-pools-eventbridge-events.html
 */
function leavingGroup(known: Known): Announced {
  const { detail } = known;
  const { LifecycleTransition: transition, Destination: destination } = detail;
  if (detail.Event === 'autoscaling:TEST_NOTIFICATION') return ignored('a test of the hook, and no instance');
  if (transition !== undefined && transition !== 'autoscaling:EC2_INSTANCE_TERMINATING')
    return ignored(`its transition is ${textOf(transition) ?? 'not readable'}, and no end`);
  if (destination !== undefined && destination !== 'EC2')
    return ignored(`the instance goes to ${textOf(destination) ?? 'an unreadable place'}, and does not end`);
  const id = textOf(detail.EC2InstanceId);
  if (id === undefined) return ignored('names no instance');
  if (!instanceIdForm.test(id)) return ignored(`${JSON.stringify(id)} is no instance id`);
  const hook = hookOf(detail);
  const { scope, at } = known;
  return notices([{ kind: 'leaving-group', instanceId: id, scope, at, ...(hook === undefined ? {} : { hook }) }]);
}

function hookOf(detail: Fields): LifecycleHook | undefined {
  const group = textOf(detail.AutoScalingGroupName);
  const name = textOf(detail.LifecycleHookName);
  return group === undefined || name === undefined ? undefined : { group, name };
}

/**
 * What AWS has planned for instances, such as a retirement. Of an organisation's accounts it comes to the administrator's as well,
 * and to a second Region as a copy: what counts is whose instances they are, and where.
 * @see https://docs.aws.amazon.com/health/latest/ug/aws-health-events-eventbridge-schema.html
 */
function health({ event, detail, scope, at }: Known): Announced {
  const code = textOf(detail.eventTypeCode) ?? 'an event without a type';
  if (detail.service !== 'EC2') return ignored(`${code} is of ${textOf(detail.service) ?? 'no service'}, not of EC2`);
  if (detail.eventTypeCategory !== 'scheduledChange')
    return ignored(`${code} is of the category ${textOf(detail.eventTypeCategory) ?? '(none)'}: nothing is planned`);
  if (detail.statusCode === 'closed') return ignored(`${code} is closed`);
  const affected = {
    accountId: textOf(detail.affectedAccount) ?? scope.accountId,
    region: textOf(detail.eventRegion) ?? scope.region,
  };
  const foreign = whyForeign(affected, scope);
  if (foreign !== undefined) return ignored(`${code}: ${foreign}`);
  const ids = [...new Set(entitiesOf(event, detail).map(lastPart))].filter((id) => instanceIdForm.test(id));
  if (ids.length === 0) return ignored(`${code} names no instance that is affected`);
  const deadline = timeOfHealth(detail.startTime);
  const text = `AWS Health announces ${code}${deadline === undefined ? '' : `, from ${deadline}`}`;
  const more = deadline === undefined ? { text } : { text, deadline };
  return notices(ids.map((instanceId) => ({ kind: 'health', instanceId, scope, at, ...more })));
}

/** Entities, as ARNs or ids. Older events have them in `resources` alone. */
function entitiesOf(event: Fields, detail: Fields): readonly string[] {
  if (!Array.isArray(detail.affectedEntities)) return resourcesOf(event);
  return listOf(detail.affectedEntities).flatMap(({ entityValue, status }) =>
    typeof entityValue === 'string' && status !== 'RESOLVED' ? [entityValue] : [],
  );
}

/** Health writes times as HTTP does: `Thu, 27 Aug 2026 13:19:03 GMT`. */
function timeOfHealth(value: unknown): string | undefined {
  const text = textOf(value);
  if (text === undefined || !/^\w{3}, \d{1,2} \w{3} \d{4} \d\d:\d\d:\d\d GMT$/.test(text))
    return timeOf(value)?.toISOString();
  const time = new Date(text);
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}

/** EC2's word, or the hardest: what is called by a name that we don't know is taken for an end. */
function actionOf(detail: Fields): Interruption {
  const action = detail['instance-action'];
  return action === 'stop' || action === 'hibernate' ? action : 'terminate';
}

type Said = Pick<Notice, 'kind' | 'action' | 'deadline' | 'state'>;

/** A notice of the one instance that EC2 names twice: in the detail, and by the ARN among the resources. */
function ofInstance({ event, detail, scope, at }: Known, said: Said): Announced {
  const arns = resourcesOf(event).filter((resource) => instanceIdForm.test(lastPart(resource)));
  const named = new Set([textOf(detail['instance-id']), ...arns.map(lastPart)]);
  named.delete(undefined);
  const [instanceId, ...others] = named;
  if (instanceId === undefined) return ignored('names no instance');
  if (!instanceIdForm.test(instanceId)) return ignored(`${JSON.stringify(instanceId)} is no instance id`);
  if (others.length > 0)
    return ignored(`names several instances, ${[instanceId, ...others].join(', ')}, and is of one`);
  const zone = zoneOf(arns[0], scope.region);
  return notices([{ instanceId, scope, at, ...said, ...(zone === undefined ? {} : { zone }) }]);
}

/**
 * In the ARN of an interruption warning the Availability Zone stands where others have the Region: `arn:aws:ec2:us-east-1b:instance/i-…`.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html
 */
function zoneOf(arn: string | undefined, region: string): string | undefined {
  const place = arn?.split(':')[3] ?? '';
  return place.startsWith(region) && /^(?:[a-z]|-[\w-]+)$/.test(place.slice(region.length)) ? place : undefined;
}

/** A list, or, as documented of capacity reservations, a single text. */
function resourcesOf({ resources }: Fields): readonly string[] {
  return [resources].flat().filter((resource) => typeof resource === 'string');
}

function lastPart(arn: string): string {
  return arn.split('/').at(-1) ?? arn;
}

function notices(found: readonly Notice[]): Announced {
  return { kind: 'notices', notices: found };
}

function ignored(reason: string): Announced {
  return { kind: 'ignored', reason };
}
