import {
  type EventSourceMappingConfiguration,
  LambdaClient,
  ListEventSourceMappingsCommand,
  UpdateEventSourceMappingCommand,
} from '@aws-sdk/client-lambda';
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { SQSEvent, SQSRecord } from 'aws-lambda';
import type { RunningFunction } from './lambda.ts';
import { arnOfQueue } from './queues.ts';

/** What became of the messages of one invocation. */
export interface Batch {
  readonly handled: readonly string[];
  readonly failed: readonly string[];
}

/** A queue whose messages go to a function, as its event source mapping says. */
export interface EventSource {
  readonly queueUrl: string;
  /** Hands over what is in the queue, batch by batch, until nothing more is visible. */
  handOver(): Promise<readonly Batch[]>;
  /** Lets the visibility timeout of failed messages pass. */
  showFailedAgain(): Promise<void>;
}

/**
 * Does the work of Lambda's pollers. moto would run the function in Docker as soon as a message comes: its mapping is switched
 * off first.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
 */
export async function eventSource(queueUrl: string, to: RunningFunction): Promise<EventSource> {
  const [, , , region = '', accountId = ''] = to.configuration.FunctionArn?.split(':') ?? [];
  const lambda = new LambdaClient({ region });
  const sqs = new SQSClient({ region, useQueueUrlAsEndpoint: false });
  const mapping = await mappingOf(lambda, arnOfQueue(queueUrl, region, accountId), to);
  await lambda.send(new UpdateEventSourceMappingCommand({ UUID: mapping.UUID, Enabled: false }));
  const failed = new Map<string, Message>();

  async function handOver(): Promise<readonly Batch[]> {
    const batches: Batch[] = [];
    while (true) {
      const messages = await receive(sqs, queueUrl, mapping.BatchSize ?? 10);
      if (messages.length === 0) return batches;
      batches.push(await handOverBatch(messages));
    }
  }

  async function handOverBatch(messages: readonly Message[]): Promise<Batch> {
    const ids = messages.map((message) => message.MessageId ?? '');
    const Records = messages.map((message) => recordOf(message, mapping.EventSourceArn ?? '', region));
    // A batch whose function throws failed as a whole.
    const failures = await to.invoke({ Records } satisfies SQSEvent).then(
      (response) => failuresOf(response, ids),
      () => new Set(ids),
    );
    for (const message of messages) {
      const id = message.MessageId ?? '';
      if (failures.has(id)) failed.set(id, message);
      else await sqs.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle: message.ReceiptHandle }));
    }
    return { handled: ids.filter((id) => !failures.has(id)), failed: [...failures] };
  }

  async function showFailedAgain(): Promise<void> {
    for (const { ReceiptHandle } of failed.values())
      await sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl: queueUrl, ReceiptHandle, VisibilityTimeout: 0 }));
    failed.clear();
  }

  return { queueUrl, handOver, showFailedAgain };
}

async function mappingOf(
  lambda: LambdaClient,
  EventSourceArn: string,
  to: RunningFunction,
): Promise<EventSourceMappingConfiguration> {
  const { EventSourceMappings = [] } = await lambda.send(new ListEventSourceMappingsCommand({ EventSourceArn }));
  const [mapping, ...others] = EventSourceMappings;
  const leadsThere = mapping?.FunctionArn === to.configuration.FunctionArn && others.length === 0;
  if (mapping === undefined || !leadsThere) throw new Error(`${EventSourceArn} does not lead to this function alone`);
  return mapping;
}

/** Up to so many messages: SQS gives 10 at a time. */
async function receive(sqs: SQSClient, QueueUrl: string, most: number): Promise<readonly Message[]> {
  const messages: Message[] = [];
  while (messages.length < most) {
    const MaxNumberOfMessages = Math.min(10, most - messages.length);
    const input = { QueueUrl, MaxNumberOfMessages, MessageSystemAttributeNames: ['All' as const] };
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand(input));
    if (Messages.length === 0) break;
    messages.push(...Messages);
  }
  return messages;
}

function recordOf(message: Message, eventSourceARN: string, awsRegion: string): SQSRecord {
  return {
    messageId: message.MessageId ?? '',
    receiptHandle: message.ReceiptHandle ?? '',
    body: message.Body ?? '',
    attributes: message.Attributes as unknown as SQSRecord['attributes'],
    messageAttributes: {},
    md5OfBody: message.MD5OfBody ?? '',
    eventSource: 'aws:sqs',
    eventSourceARN,
    awsRegion,
  };
}

/** Failures that a response reports. One that names a message which was not in the batch fails the whole batch. */
function failuresOf(response: unknown, ids: readonly string[]): ReadonlySet<string> {
  const { batchItemFailures = [] } = (response ?? {}) as { batchItemFailures?: { itemIdentifier?: string }[] };
  const named = batchItemFailures.map((failure) => failure.itemIdentifier ?? '');
  return new Set(named.every((id) => ids.includes(id)) ? named : ids);
}
