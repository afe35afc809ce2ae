import { createHash } from 'node:crypto';
import type { SQSRecord } from 'aws-lambda';
import type { Input, Output } from '../domain/operations.ts';
import type { Account, Queue, QueuedMessage } from './account.ts';
import { awsError, heedOnly } from './errors.ts';

/** Bytes of a message: 1 MiB since August 2025. */
const MAX_SIZE = 1024 * 1024;
/** Seconds. */
const MAX_DELAY = 900;

/**
 * Puts a message into a queue, visible after its delay.
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
 */
export function sendMessage(input: Input<'sqs:SendMessage'>, account: Account): Output<'sqs:SendMessage'> {
  heedOnly(input, ['QueueUrl', 'MessageBody', 'DelaySeconds']);
  const { MessageBody: body = '', DelaySeconds: delay = 0 } = input;
  const queue = queueAt(input.QueueUrl, account);
  checkDelay(delay);
  checkBody(body);
  const messageId = enqueue(queue, body, delay, account);
  return { MessageId: messageId, MD5OfMessageBody: md5(body) };
}

/**
 * Puts a message into a queue as EventBridge does: without a call of ours.
 * @returns its id.
 */
export function deliver(queueUrl: string, body: string, account: Account): string {
  return enqueue(queueAt(queueUrl, account), body, 0, account);
}

/**
 * The messages that are visible, first sent first, as Lambda gets them. They stay hidden for the queue's visibility
 * timeout. One that was received as often as the queue allows goes to the dead letters instead.
 */
export function receive(queueUrl: string, max: number, account: Account): readonly SQSRecord[] {
  const queue = queueAt(queueUrl, account);
  const now = account.now();
  const visible = queue.messages.filter((message) => message.visibleAt <= now);
  const dead = visible.filter((message) => message.receiveCount >= queue.maxReceiveCount);
  queue.deadLetters.push(...dead);
  queue.messages = queue.messages.filter((message) => !dead.includes(message));
  const received = visible.filter((message) => !dead.includes(message)).slice(0, max);
  for (const message of received) {
    message.receiveCount++;
    message.firstReceivedAt ??= now;
    message.visibleAt = new Date(now.getTime() + queue.visibilityTimeout * 1000);
  }
  return received.map((message) => recordOf(message, queue, account));
}

/** Deletes a message. One that is no longer there is deleted too. */
export function deleteMessage(queueUrl: string, messageId: string, account: Account): void {
  const queue = queueAt(queueUrl, account);
  queue.messages = queue.messages.filter((message) => message.messageId !== messageId);
}

/** When the next message of any queue is, or was, visible. */
export function nextDueAt(account: Account): Date | undefined {
  const times = [...account.queues.values()].flatMap((queue) => queue.messages.map((one) => one.visibleAt.getTime()));
  return times.length === 0 ? undefined : new Date(Math.min(...times));
}

function queueAt(url: string | undefined, account: Account): Queue {
  const queue = account.queues.get(url ?? '');
  if (queue === undefined) throw awsError('QueueDoesNotExist', 'The specified queue does not exist.');
  return queue;
}

function checkDelay(delay: number): void {
  if (Number.isInteger(delay) && delay >= 0 && delay <= MAX_DELAY) return;
  throw awsError(
    'InvalidParameterValue',
    `Value ${delay} for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= ${MAX_DELAY}.`,
  );
}

function checkBody(body: string): void {
  if (body === '') throw awsError('MissingParameter', 'The request must contain the parameter MessageBody.');
  if (Buffer.byteLength(body) > MAX_SIZE) {
    throw awsError(
      'InvalidParameterValue',
      `One or more parameters are invalid. Reason: Message must be shorter than ${MAX_SIZE} bytes.`,
    );
  }
  if (!/^[\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]*$/u.test(body)) {
    throw awsError('InvalidMessageContents', 'Invalid characters found in the message body.');
  }
}

function enqueue(queue: Queue, body: string, delaySeconds: number, account: Account): string {
  const messageId = account.newUuid();
  const sentAt = account.now();
  const visibleAt = new Date(sentAt.getTime() + delaySeconds * 1000);
  queue.messages.push({ messageId, body, sentAt, visibleAt, receiveCount: 0 });
  return messageId;
}

function recordOf(message: QueuedMessage, queue: Queue, { scope }: Account): SQSRecord {
  const firstReceivedAt = message.firstReceivedAt ?? message.sentAt;
  return {
    messageId: message.messageId,
    receiptHandle: `${message.messageId}#${message.receiveCount}`,
    body: message.body,
    attributes: {
      ApproximateReceiveCount: String(message.receiveCount),
      SentTimestamp: String(message.sentAt.getTime()),
      SenderId: scope.accountId,
      ApproximateFirstReceiveTimestamp: String(firstReceivedAt.getTime()),
    },
    messageAttributes: {},
    md5OfBody: md5(message.body),
    eventSource: 'aws:sqs',
    eventSourceARN: queue.arn,
    awsRegion: scope.region,
  };
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}
