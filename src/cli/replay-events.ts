import type { Scope } from '../domain/operations.ts';
import { envelopeOf } from '../events/envelope.ts';

/** An event as it will arrive: where, when, and what had to be assumed. */
export interface Arrival {
  readonly event: unknown;
  readonly id: string | undefined;
  readonly scope: Scope;
  readonly time: Date;
  readonly note?: string;
}

/** The events of one file: an EventBridge event, a bare CloudTrail record, an SQS batch, or a list of any of these. */
export function eventsIn(parsed: unknown): readonly unknown[] {
  if (Array.isArray(parsed)) return parsed.flatMap(eventsIn);
  if (!isObject(parsed) || !Array.isArray(parsed.Records)) return [parsed];
  return parsed.Records.flatMap((record) => {
    if (!isObject(record) || typeof record.body !== 'string') return [record];
    return eventsIn(parsedOr(record.body));
  });
}

/** A body that is no JSON stays text: the guardrail itself will say so. */
function parsedOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Where and when an event arrives: as it says itself, unless told otherwise or unreadable. */
export function arrivalOf(event: unknown, now: Date, given: Partial<Scope>): Arrival {
  const envelope = isObject(event) ? envelopeOf(event) : {};
  const assumed: string[] = [];
  const scope = {
    accountId: given.accountId ?? envelope.accountId ?? assume(assumed, 'account', DEFAULT_SCOPE.accountId),
    region: given.region ?? envelope.region ?? assume(assumed, 'Region', DEFAULT_SCOPE.region),
  };
  if (envelope.time === undefined) assumed.push('its time can not be read: it is taken as now');
  const note = assumed.length === 0 ? {} : { note: assumed.join('; ') };
  return { event, id: envelope.id, scope, time: envelope.time ?? now, ...note };
}

const DEFAULT_SCOPE: Scope = { accountId: '123456789012', region: 'us-east-1' };

function assume(assumed: string[], what: string, value: string): string {
  assumed.push(`it names no ${what}: ${value} is assumed`);
  return value;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
