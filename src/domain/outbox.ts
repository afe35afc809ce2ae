import type { Alert, AlertEntry, Channel } from './alert.ts';
import { digest } from './digest.ts';
import type { Finding, Reconciled, SubjectRecord } from './finding.ts';
import type { Act, Step } from './steps.ts';
import { LEASE_MS } from './time.ts';

/** All that an alert on an instance is owed to when it is written. */
export const everyChannel = ['sns', 'eventbridge'] as const satisfies readonly Channel[];

/** A finding as alerts tell it: the calls of its plans, which none of them shows, would fill the item that alerts wait in. */
function withoutCalls(finding: Finding): Finding {
  const { steps, acts } = finding;
  const isReversible = (undo: Act['undo']) => undo.slice(0, 1);
  return {
    ...finding,
    ...(steps === undefined ? {} : { steps: steps.map(withoutPlannedCalls) }),
    ...(acts === undefined ? {} : { acts: acts.map((act) => ({ ...act, undo: isReversible(act.undo) })) }),
  };
}

function withoutPlannedCalls({ begun: _begun, planned, ...step }: Step): Step {
  if ('refused' in planned) return { ...step, planned };
  return { ...step, planned: { plan: { ...planned.plan, calls: [], undo: [] } } };
}

/** The alert of these entries, if there are any. Its id says what it tells: with another entry it is another alert. */
export function alertOf(
  about: Omit<Alert, 'id' | 'entries' | 'notBefore'>,
  entries: readonly AlertEntry[],
): readonly Alert[] {
  if (entries.length === 0) return [];
  const told = entries.map(({ change, finding }) =>
    [finding.id, change, ...(finding.acts ?? []).map(({ action, at, outcome }) => `${action} ${at} ${outcome}`)].join(
      ':',
    ),
  );
  const copies = entries.map(({ change, finding }) => ({ change, finding: withoutCalls(finding) }));
  const waits = isOver(entries, about.observedAt) ? { notBefore: nextQuarterHour(about.observedAt) } : {};
  return [{ ...about, ...waits, id: `a-${digest([about.topic, about.observedAt, ...told])}`, entries: copies }];
}

/** Whether all of it came by the clock and is as it was foretold, and nothing is still to come that somebody might want to prevent. */
function isOver(entries: readonly AlertEntry[], at: string): boolean {
  return entries.every(
    ({ change, finding: { origin, steps = [] } }) =>
      origin === 'schedule' && change !== 'changed' && !steps.some(({ dueAt }) => dueAt !== undefined && dueAt > at),
  );
}

const QUARTER_HOUR_MS = 900_000;

/** The same for all that comes in the minutes before it. */
function nextQuarterHour(at: string): string {
  return new Date((Math.floor(Date.parse(at) / QUARTER_HOUR_MS) + 1) * QUARTER_HOUR_MS).toISOString();
}

/** The outbox with more in it. What waits for its time goes out with what does not: a subject is told of in order. */
export function withOwed(outbox: readonly Alert[], owed: readonly Alert[]): readonly Alert[] {
  const isUrgent = owed.some(({ notBefore }) => notBefore === undefined);
  return [...(isUrgent ? outbox.map(withoutWaiting) : outbox), ...owed];
}

function withoutWaiting(alert: Alert): Alert {
  const { notBefore: _, ...rest } = alert;
  return rest;
}

/** Whether it waits for nothing any more. */
export function isReady({ notBefore }: Alert, at: string): boolean {
  return notBefore === undefined || notBefore <= at;
}

/** How many entries wait in an outbox before older words on a finding give way to newer ones. */
const OWED_ENTRIES = 50;

/**
 * An outbox that a channel has refused for long keeps only the newest word on each finding: it must fit into the item,
 * or nothing could be written, and nothing told, any more.
 */
export function shortened(outbox: readonly Alert[]): readonly Alert[] {
  const count = outbox.reduce((sum, alert) => sum + alert.entries.length, 0);
  if (count <= OWED_ENTRIES) return outbox;
  const newest = new Map<string, Alert>();
  for (const alert of outbox)
    for (const { finding } of alert.entries) newest.set(`${alert.topic} ${finding.id}`, alert);
  return outbox.flatMap((alert) => {
    const entries = alert.entries.filter(({ finding }) => newest.get(`${alert.topic} ${finding.id}`) === alert);
    return entries.length === 0 ? [] : [{ ...alert, entries }];
  });
}

/** Takes over an outbox that nobody is sending. @returns undefined when there is nothing to send. */
export function claimOutbox(record: SubjectRecord, at: Date): Reconciled | undefined {
  const toSend = record.outbox.filter((alert) => isReady(alert, at.toISOString()));
  if (toSend.length === 0 || isLeased(record, at.toISOString())) return undefined;
  const outboxLeasedUntil = leasedFrom(at);
  return { record: { ...record, version: record.version + 1, outboxLeasedUntil }, toSend };
}

/** Until when whoever sends from now on has the outbox for itself, ISO 8601. */
export function leasedFrom(at: Date): string {
  return new Date(at.getTime() + LEASE_MS).toISOString();
}

/** What each channel has taken of an alert, by the alert's id. */
export type Deliveries = ReadonlyMap<string, ReadonlySet<Channel>>;

/** What the item becomes after a delivery. Alerts that others added meanwhile stay, with their lease. */
export function markDelivered(record: SubjectRecord, deliveries: Deliveries): SubjectRecord {
  const { outboxLeasedUntil, ...rest } = record;
  const outbox = record.outbox
    .map((alert) => ({ ...alert, owes: alert.owes.filter((channel) => !deliveries.get(alert.id)?.has(channel)) }))
    .filter((alert) => alert.owes.length > 0);
  const lease = outbox.length > 0 && outboxLeasedUntil !== undefined ? { outboxLeasedUntil } : {};
  return { ...rest, ...lease, version: record.version + 1, outbox };
}

/** Whether somebody is sending it. */
export function isLeased(record: SubjectRecord | undefined, at: string): boolean {
  return record?.outboxLeasedUntil !== undefined && record.outboxLeasedUntil > at;
}
