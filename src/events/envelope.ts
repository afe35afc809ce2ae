import type { Scope } from '../domain/operations.ts';
import { type Fields, fieldsOf, textOf } from './fields.ts';

/** What an event says of itself, as far as it can be read. */
export interface Envelope {
  readonly id?: string;
  readonly accountId?: string;
  readonly region?: string;
  /** Left out when missing or no ISO 8601 time, such as a documentation's `yyyy-mm-ddThh:mm:ssZ`. */
  readonly time?: Date;
}

/**
 * Id, account, Region and time of an EventBridge event, or of a bare CloudTrail record. Never throws.
 * A record's account is the one that it was delivered to: the caller may come from another.
 */
export function envelopeOf(body: unknown): Envelope {
  const event = fieldsOf(body);
  return isEventBridgeEvent(event) ? fromEventBridge(event) : fromRecord(event);
}

export function isEventBridgeEvent(event: Fields): boolean {
  return textOf(event['detail-type']) !== undefined;
}

/** A CloudTrail record: an event's `detail`, or what a trail writes. */
export function isRecord(event: Fields): boolean {
  return textOf(event.eventName) !== undefined && textOf(event.eventSource) !== undefined;
}

/** Why an event concerns another deployment; undefined: it is of this account and Region. */
export function whyForeign({ accountId, region }: Envelope, own: Scope): string | undefined {
  if (accountId !== own.accountId) return `account ${accountId ?? '(none)'} is not this deployment's, ${own.accountId}`;
  if (region !== own.region) return `Region ${region ?? '(none)'} is not this deployment's, ${own.region}`;
  return undefined;
}

function fromEventBridge(event: Fields): Envelope {
  const detail = fieldsOf(event.detail);
  return withoutUndefined({
    id: textOf(event.id) ?? textOf(detail.eventID),
    accountId: textOf(event.account),
    region: textOf(event.region),
    time: timeOf(event.time) ?? timeOf(detail.eventTime),
  });
}

function fromRecord(record: Fields): Envelope {
  return withoutUndefined({
    id: textOf(record.eventID) ?? textOf(record.requestID),
    accountId: textOf(record.recipientAccountId) ?? textOf(fieldsOf(record.userIdentity).accountId),
    region: textOf(record.awsRegion),
    time: timeOf(record.eventTime),
  });
}

/** An ISO 8601 time; undefined for anything else, such as a placeholder of a documentation. */
export function timeOf(value: unknown): Date | undefined {
  const text = textOf(value);
  if (text === undefined || !/^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(text)) return undefined;
  const time = new Date(text);
  return Number.isNaN(time.getTime()) ? undefined : time;
}

type Read = { readonly [K in keyof Envelope]: Envelope[K] | undefined };

function withoutUndefined({ id, accountId, region, time }: Read): Envelope {
  return {
    ...(id === undefined ? {} : { id }),
    ...(accountId === undefined ? {} : { accountId }),
    ...(region === undefined ? {} : { region }),
    ...(time === undefined ? {} : { time }),
  };
}
