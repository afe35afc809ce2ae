import { type DrainRecord, deadlineIn, goneBy } from '../domain/drain.ts';
import { describeError } from '../domain/errors.ts';
import { groupedBy } from '../domain/grouped.ts';
import type { Notice } from '../domain/notice.ts';
import { noticesIn } from '../events/notices.ts';
import { instanceIdForm } from '../events/targets.ts';
import type { DrainEngine } from './drain-engine.ts';
import type { DrainReporter } from './drain-report.ts';
import type { Work } from './drain-work.ts';
import { chunked } from './reads.ts';
import type { QueueMessage } from './tasks.ts';

/** How long after the deadline it is asked whether the instance runs on after all, in milliseconds. */
const LAST_LOOK_MS = 180_000;

/** SQS delays a message by no more seconds. */
const MOST_DELAY_SECONDS = 900;

/** Go on with drains: our own message, delayed. */
interface DrainMessage {
  readonly kind: 'drain';
  /** `last-look`: the time was over long ago; does it run on? */
  readonly round: 'go-on' | 'last-look';
  readonly instanceIds: readonly string[];
}

/** What a message asks for, of one instance. */
export interface Task {
  readonly messageId: string;
  readonly instanceId: string;
  readonly notice?: Notice;
  readonly round?: DrainMessage['round'];
}

/** What a message asks for, of each instance that it names. */
export function tasksIn(
  engine: DrainEngine,
  { id: messageId, body }: QueueMessage,
  report: DrainReporter,
): readonly Task[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch (error) {
    report.fail([messageId], `message ${messageId} is no JSON: ${describeError(error)}`);
    return [];
  }
  if (isDrainMessage(parsed)) {
    const { instanceIds, round } = parsed;
    return instanceIds.map((instanceId) => ({ messageId, instanceId, round }));
  }
  const { scope } = engine.deployment;
  const announced = noticesIn(parsed, { scope, receivedAt: engine.now() });
  if (announced.kind === 'notices')
    return announced.notices.map((notice) => ({ messageId, instanceId: notice.instanceId, notice }));
  report.ignored.push({ messageId, reason: announced.reason });
  return [];
}

function isDrainMessage(body: unknown): body is DrainMessage {
  if (typeof body !== 'object' || body === null || !('kind' in body) || body.kind !== 'drain') return false;
  const { instanceIds, round } = body as Partial<DrainMessage>;
  if (round !== 'go-on' && round !== 'last-look') return false;
  return Array.isArray(instanceIds) && instanceIds.every((id) => typeof id === 'string' && instanceIdForm.test(id));
}

/** In how many seconds it is asked whether an instance runs on. */
export function lastLookIn(engine: DrainEngine): (record: DrainRecord) => number {
  return (record) =>
    secondsTo(engine, Math.max(goneBy(record).getTime(), Date.parse(deadlineIn(record)) + LAST_LOOK_MS));
}

function secondsTo(engine: DrainEngine, time: number): number {
  return Math.max(0, Math.ceil((time - engine.now().getTime()) / 1000));
}

/** How many instances one message names. */
const INSTANCES_PER_MESSAGE = 100;

/** Has these drains gone on with later. What can't be sent is delivered again. @returns the instances of what was sent. */
export async function send(
  engine: DrainEngine,
  round: DrainMessage['round'],
  drains: readonly { readonly record: DrainRecord; readonly work: Work }[],
  delayOf: (record: DrainRecord) => number,
  report: DrainReporter,
): Promise<ReadonlySet<string>> {
  const sent = new Set<string>();
  const byDelay = groupedBy(drains, ({ record }) => String(delayOf(record)));
  await Promise.all(
    [...byDelay].flatMap(([delay, some]) =>
      chunked(some, INSTANCES_PER_MESSAGE).map(async (chunk) => {
        const body: DrainMessage = { kind: 'drain', round, instanceIds: chunk.map(({ record }) => record.instanceId) };
        try {
          await engine.aws('sqs:SendMessage', {
            QueueUrl: engine.deployment.drainQueueUrl,
            MessageBody: JSON.stringify(body),
            DelaySeconds: Math.min(MOST_DELAY_SECONDS, Number(delay)),
          });
          for (const id of body.instanceIds) sent.add(id);
        } catch (error) {
          report.fail(
            chunk.flatMap(({ work }) => work.messageIds),
            `to go on: ${describeError(error)}`,
          );
        }
      }),
    ),
  );
  return sent;
}
