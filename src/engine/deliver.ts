import type { PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import { renderAlert } from '../alerts/alert.ts';
import { renderDigest } from '../alerts/digest.ts';
import { findingEvents } from '../alerts/finding-events.ts';
import type { Message } from '../alerts/message.ts';
import type { Alert, Cause, Channel } from '../domain/alert.ts';
import { asError } from '../domain/errors.ts';
import type { SubjectRecord } from '../domain/finding.ts';
import { groupedBy } from '../domain/grouped.ts';
import { markDelivered } from '../domain/outbox.ts';
import type { Engine } from './deployment.ts';
import { writeOver } from './store.ts';

/** Up to so many subjects of one cause get a message each; more share one. */
export const MESSAGES_PER_CAUSE = 10;

/**
 * Most entries, and bytes, of one PutEvents. The entries are AWS's limit; of the 1 MB that AWS takes we use a quarter.
 * @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
 */
const EVENTS_PER_CALL = 10;
const BYTES_PER_CALL = 256 * 1024;

/** A written item and those of its alerts that are ours to send. */
export interface Outgoing {
  readonly record: SubjectRecord;
  readonly toSend: readonly Alert[];
}

/** Subjects whose alerts did not all go out, with the first error of each. Their items still hold the alerts. */
export type Undelivered = ReadonlyMap<string, Error>;

/**
 * Sends alerts to every channel that they still owe, then marks what was taken: those of one subject in the order in which they wait,
 * those of others beside them. A channel that fails does not keep the alert from the others, nor an alert those behind it: one that
 * is never taken would keep back all that follow. What failed stays in the item and is sent when the subject is next looked at.
 */
export async function deliver(engine: Engine, outgoing: readonly Outgoing[]): Promise<Undelivered> {
  const alerts = outgoing.flatMap(({ toSend }) => toSend);
  if (alerts.length === 0) return new Map();
  const taken = new Map<string, Set<Channel>>(alerts.map((alert) => [alert.id, new Set()]));
  const errors = new Map<string, Error>();
  const settle = (channel: Channel, some: readonly Alert[], error?: Error) => {
    for (const alert of some) {
      if (error === undefined) taken.get(alert.id)?.add(channel);
      else errors.set(alert.subject.id, error);
    }
  };
  await Promise.all([
    publishAll(engine, owing(alerts, 'sns'), (some, error) => settle('sns', some, error)),
    putAllEvents(engine, owing(alerts, 'eventbridge'), (some, error) => settle('eventbridge', some, error)),
  ]);
  await Promise.all(
    outgoing
      .filter(({ toSend }) => toSend.some((alert) => (taken.get(alert.id)?.size ?? 0) > 0))
      .map(({ record }) => mark(engine, record, taken).catch((error) => errors.set(record.subject.id, asError(error)))),
  );
  return errors;
}

type Settle = (alerts: readonly Alert[], error?: Error) => void;

function owing(alerts: readonly Alert[], channel: Channel): readonly Alert[] {
  return alerts.filter((alert) => alert.owes.includes(channel));
}

async function publishAll(engine: Engine, alerts: readonly Alert[], settle: Settle): Promise<void> {
  const { alertsTopicArn, operationsTopicArn, alertTag } = engine.deployment;
  const options = { now: engine.now(), ...(alertTag === undefined ? {} : { tagKey: alertTag }) };
  const sendings = [...groupedBy(alerts, groupOf).values()].flatMap(
    (group): (Sending & { readonly message: Message })[] => {
      const isByTheClock = group[0].notBefore !== undefined;
      const cause = isByTheClock ? byTheClock : group[0].cause;
      if (group.length > (isByTheClock ? 1 : MESSAGES_PER_CAUSE))
        return [{ alerts: group, message: renderDigest(group, cause, options) }];
      return group.map((alert) => ({ alerts: [alert], message: renderAlert({ ...alert, cause }, options) }));
    },
  );
  await sendInOrder(sendings, alerts, async ({ alerts: some, message }) => {
    const TopicArn = some[0]?.topic === 'operations' ? operationsTopicArn : alertsTopicArn;
    await engine.aws('sns:Publish', { TopicArn, ...message }).then(
      () => settle(some),
      (error) => settle(some, asError(error)),
    );
  });
}

interface Sending {
  readonly alerts: readonly Alert[];
}

/** Sends side by side what holds the first alerts of its subjects that are not sent yet, until nothing is left. */
async function sendInOrder<S extends Sending>(
  sendings: readonly S[],
  order: readonly Alert[],
  send: (sending: S) => Promise<void>,
): Promise<void> {
  const placeOf = new Map(order.map((alert, place) => [alert, place]));
  let left = sendings;
  while (left.length > 0) {
    const firsts = firstPlaces(left, placeOf);
    const isNext = (one: S) => [...firstPlaces([one], placeOf)].every(([about, place]) => firsts.get(about) === place);
    const next = left.filter(isNext);
    // Two messages on many subjects may each hold what comes before the other: then there is no order.
    const sent = next.length > 0 ? next : left.slice(0, 1);
    await Promise.all(sent.map(send));
    left = left.filter((one) => !sent.includes(one));
  }
}

/** The place of the first alert of each subject and topic. */
function firstPlaces(sendings: readonly Sending[], placeOf: ReadonlyMap<Alert, number>): ReadonlyMap<string, number> {
  const firsts = new Map<string, number>();
  for (const alert of sendings.flatMap(({ alerts }) => alerts)) {
    const about = `${alert.topic} ${alert.subject.id}`;
    firsts.set(about, Math.min(firsts.get(about) ?? Infinity, placeOf.get(alert) ?? Infinity));
  }
  return firsts;
}

const byTheClock: Cause = { key: 'schedule', text: 'by the clock' };

/** Alerts of one topic and cause together; what came by the clock, and what the operators are told, all together. */
function groupOf({ topic, cause, notBefore }: Alert): string {
  if (notBefore !== undefined) return `${topic} ${byTheClock.key}`;
  return topic === 'operations' ? topic : `${topic} ${cause.key}`;
}

async function putAllEvents(engine: Engine, alerts: readonly Alert[], settle: Settle): Promise<void> {
  const failed = new Map<Alert, Error>();
  const entries = alerts.flatMap((alert) => findingEvents(alert).map((entry) => ({ alert, entry })));
  const put = async ({ entries: batch }: EventBatch) => {
    try {
      const output = await engine.aws('events:PutEvents', { Entries: batch.map(({ entry }) => entry) });
      if ((output.FailedEntryCount ?? 0) === 0) return;
      batch.forEach(({ alert }, index) => {
        const { EventId, ErrorCode, ErrorMessage } = output.Entries?.[index] ?? {};
        if (EventId === undefined) failed.set(alert, named(ErrorCode ?? 'PutEventsFailed', ErrorMessage));
      });
    } catch (error) {
      for (const { alert } of batch) failed.set(alert, asError(error));
    }
  };
  await sendInOrder(batchesOf(entries), alerts, put);
  for (const alert of alerts) settle([alert], failed.get(alert));
}

interface Entry {
  readonly alert: Alert;
  readonly entry: PutEventsRequestEntry;
}

interface EventBatch extends Sending {
  readonly entries: readonly Entry[];
}

function batchesOf(entries: readonly Entry[]): readonly EventBatch[] {
  const batches: Entry[][] = [];
  let bytes = 0;
  for (const entry of entries) {
    const size = Buffer.byteLength(JSON.stringify(entry.entry));
    const last = batches.at(-1);
    if (last === undefined || last.length === EVENTS_PER_CALL || bytes + size > BYTES_PER_CALL) {
      batches.push([entry]);
      bytes = size;
    } else {
      last.push(entry);
      bytes += size;
    }
  }
  return batches.map((batch) => ({ entries: batch, alerts: batch.map(({ alert }) => alert) }));
}

/** How often a mark is tried against other writers. Unmarked, an alert is sent again with the same id. */
const MARK_TRIES = 5;

async function mark(
  engine: Engine,
  written: SubjectRecord,
  taken: ReadonlyMap<string, ReadonlySet<Channel>>,
): Promise<void> {
  const marked = (now: SubjectRecord | undefined) => now && { record: markDelivered(now, taken) };
  await writeOver(engine, written.subject.id, written, marked, MARK_TRIES);
}

function named(name: string, message: string | undefined): Error {
  return Object.assign(new Error(message ?? name), { name });
}
