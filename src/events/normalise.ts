import type { Cause } from '../domain/alert.ts';
import type { Launch } from '../domain/collected.ts';
import type { Scope } from '../domain/operations.ts';
import { type Envelope, envelopeOf, isEventBridgeEvent, isRecord, whyForeign } from './envelope.ts';
import { type Fields, fieldsOf, isFields, textOf } from './fields.ts';
import { launcherOf, launchesOf } from './launch.ts';
import { instancesNamed, whyNotInspected } from './other-events.ts';
import {
  type Call,
  callOf,
  isListenedTo,
  namesNothing,
  noTargets,
  type Targets,
  taggedIds,
  targetsOf,
} from './targets.ts';

/** What tells an event that concerns this deployment from others. */
export interface Own {
  readonly scope: Scope;
  /** Roles of the deployment's functions: what they call is their own doing. */
  readonly roleArns: readonly string[];
  /** `eventsThatChange` of the deployed policies' needs. */
  readonly relevantEvents: ReadonlySet<string>;
}

/** An event as far as the engine is concerned: a hint which instances to look at, or nothing, and why. */
export type Normalised =
  | { readonly kind: 'hint'; readonly hint: Hint }
  | {
      readonly kind: 'ignored';
      readonly id?: string;
      readonly reason: string;
      /** Instances that it names all the same. */
      readonly instanceIds: readonly string[];
    };

/** Which instances to look at. What they are like is never taken from an event, but for their launch. */
export interface Hint {
  readonly id: string;
  readonly scope: Scope;
  /** The event's own time; left out when it can't be read. */
  readonly time?: Date;
  readonly targets: Targets;
  /** Of a change of state: what the instances are in by now, or were. */
  readonly state?: string;
  /** By instance id, from RunInstances. */
  readonly launches: ReadonlyMap<string, Launch>;
  readonly cause: Cause;
}

/** Calls that are not listened to, though a rule reads what they change, and what sees it instead. */
const seenOtherwise: ReadonlyMap<string, string> = new Map([
  ['StartInstances', 'EC2 announces the change of state itself'],
  ['StopInstances', 'EC2 announces the change of state itself'],
  ['TerminateInstances', 'EC2 announces the change of state itself'],
  ['DetachNetworkInterface', 'names no instance; the hourly sweep will see it'],
]);

/**
 * What an EventBridge event, or a bare CloudTrail record, asks to be looked at. Never throws: whatever is not an event
 * of this deployment's instances is ignored with a reason.
 */
export function normalise(body: unknown, own: Own): Normalised {
  if (!isFields(body)) return { kind: 'ignored', reason: 'not an EventBridge event', instanceIds: [] };
  const envelope = envelopeOf(body);
  if (!isEventBridgeEvent(body)) {
    if (!isRecord(body))
      return ignored(envelope, 'neither an EventBridge event nor a CloudTrail record', instancesNamed(body));
    return ofCall(body, envelope, own);
  }
  const detail = fieldsOf(body.detail);
  const detailType = textOf(body['detail-type']) ?? '';
  const source = textOf(body.source);
  switch (detailType) {
    case 'EC2 Instance State-change Notification':
      return ofStateChange(body, envelope, own);
    case 'AWS API Call via CloudTrail':
      if (!isRecord(detail)) return ignored(envelope, 'an API call without a CloudTrail record in its detail');
      if (source !== 'aws.ec2') return ignored(envelope, notEc2(callOf(detail), source ?? 'no source'));
      return ofCall(detail, envelope, own);
    default:
      return ignored(envelope, whyNotInspected(detailType, source), instancesNamed(body));
  }
}

function ofStateChange(event: Fields, envelope: Envelope, own: Own): Normalised {
  const instanceIds = instancesNamed(event);
  const state = textOf(fieldsOf(event.detail).state);
  const reject = (reason: string) => ignored(envelope, reason, instanceIds);
  if (event.source !== 'aws.ec2')
    return reject(`state change: sent by ${textOf(event.source) ?? 'nobody'}, not by aws.ec2`);
  const foreign = whyForeign(envelope, own.scope);
  if (foreign !== undefined) return reject(foreign);
  if (instanceIds.length === 0) return reject('state change: names no instance');
  if (state === 'pending') return reject('pending: the instance is inspected when it runs');
  const id = envelope.id ?? `${instanceIds.join()} ${state ?? 'unknown'}`;
  const cause = { key: `state:${id}`, text: `state ${state ?? 'unknown'}` };
  const more = state === undefined ? {} : { state };
  return hintOf(envelope, {
    id,
    scope: own.scope,
    targets: { ...noTargets, instanceIds },
    launches: noLaunches,
    cause,
    ...more,
  });
}

function ofCall(record: Fields, envelope: Envelope, own: Own): Normalised {
  const call = callOf(record);
  const targets = targetsOf(call);
  const reason = whyIgnored(record, call, targets, envelope, own);
  if (reason !== undefined) return ignored(envelope, reason, targets.instanceIds);
  const id = envelope.id ?? `${call.name} ${textOf(record.eventTime) ?? 'at an unknown time'}`;
  const launches = call.name === 'RunInstances' ? launchesOf(call, record.userIdentity) : noLaunches;
  const cause = causeOf(call, targets, id, record.userIdentity);
  return hintOf(envelope, { id, scope: own.scope, targets, launches, cause });
}

function whyIgnored(record: Fields, call: Call, targets: Targets, envelope: Envelope, own: Own): string | undefined {
  const { name } = call;
  if (record.eventSource !== 'ec2.amazonaws.com') return notEc2(call, textOf(record.eventSource) ?? 'no source');
  return (
    whyForeign(envelope, own.scope) ??
    whyWithoutEffect(record, name) ??
    whyOwn(record, name, own.roleArns) ??
    whyIrrelevant(name, own.relevantEvents) ??
    (namesNothing(targets) ? whyNothing(call) : undefined)
  );
}

function notEc2(call: Call, source: string): string {
  return `${call.name} of ${source}: only calls of EC2 are listened to`;
}

/** A failed call changed nothing. A dry run is a call that fails with a code of its own, and has no other mark. */
function whyWithoutEffect(record: Fields, name: string): string | undefined {
  const code = textOf(record.errorCode);
  if (code?.endsWith('DryRunOperation')) return `${name} was a dry run (${code})`;
  const failure = code ?? textOf(record.errorMessage)?.slice(0, 200);
  if (failure !== undefined) return `${name} failed: ${failure}`;
  return record.readOnly === true || record.readOnly === 'true' ? `${name} only reads` : undefined;
}

function whyOwn(record: Fields, name: string, roleArns: readonly string[]): string | undefined {
  const session = fieldsOf(fieldsOf(record.userIdentity).sessionContext);
  const issuer = textOf(fieldsOf(session.sessionIssuer).arn);
  return issuer !== undefined && roleArns.includes(issuer)
    ? `${name} was called by the guardrail itself (${issuer})`
    : undefined;
}

function whyIrrelevant(name: string, relevant: ReadonlySet<string>): string | undefined {
  const otherwise = seenOtherwise.get(name);
  if (otherwise !== undefined) return `${name}: ${otherwise}`;
  if (!isListenedTo(name)) return `${name} changes nothing that a rule reads`;
  return relevant.has(name) ? undefined : `no deployed policy reads what ${name} changes`;
}

function whyNothing(call: Call): string {
  if (call.name === 'RunInstances') return 'RunInstances names no instance; their changes of state will';
  const ids = taggedIds(call);
  if (ids.length === 0) return `${call.name} names no instance; the hourly sweep will see it`;
  const more = ids.length > 5 ? ` and ${ids.length - 5} more` : '';
  return `tags of ${ids.slice(0, 5).join(', ')}${more} concern no instance`;
}

function causeOf(call: Call, targets: Targets, id: string, userIdentity: unknown): Omit<Cause, 'eventTime'> {
  const reservation = textOf(call.response.reservationId);
  if (call.name === 'RunInstances' && reservation !== undefined) {
    return { key: `launch:${reservation}`, text: `launch ${reservation}` };
  }
  const groups = [...targets.securityGroupIds, ...targets.securityGroupNames].join(', ');
  if (groups !== '') return { key: `security-group:${groups}`, text: `${call.name} on ${groups}` };
  return { key: `event:${id}`, text: `${call.name} by ${launcherOf(userIdentity).name}` };
}

const noLaunches: ReadonlyMap<string, Launch> = new Map();

/** A hint with the event's time, where it can be read. */
function hintOf({ time }: Envelope, hint: Omit<Hint, 'time'>): Normalised {
  if (time === undefined) return { kind: 'hint', hint };
  return { kind: 'hint', hint: { ...hint, time, cause: { ...hint.cause, eventTime: time.toISOString() } } };
}

function ignored({ id }: Envelope, reason: string, instanceIds: readonly string[] = []): Normalised {
  return { kind: 'ignored', ...(id === undefined ? {} : { id }), reason, instanceIds };
}
