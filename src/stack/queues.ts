import {
  arnOf,
  denyWithoutTls,
  ownRulesMay,
  policyDocument,
  type Resource,
  type Resources,
  ref,
  type Statement,
} from './cloudformation.ts';
import { deadLettersOf } from './parts.ts';

/** The inspect function's timeout in seconds; serverless.yml says the same. */
export const TIMEOUT = 60;

/**
 * Lambda's advice: six times the timeout. The second that a batch is gathered is nothing beside it.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
 */
export const VISIBILITY_TIMEOUT = 6 * TIMEOUT;

/** The drain function's timeout in seconds. A drain goes on by further messages. */
export const DRAIN_TIMEOUT = 20;

/** A notice whose run failed comes again while there is time: three times within the two minutes of an interruption. */
export const DRAIN_VISIBILITY_TIMEOUT = 30;

const DAY = 86_400;

/** A message that failed this often is set aside. Five tries span half an hour: most outages are shorter. */
const MAX_RECEIVE_COUNT = 5;

/** Logical ids of the rules that hand something over: what they can't is kept. */
interface Senders {
  readonly toLiveQueue: readonly string[];
  /** Empty where nothing drains: then there is no such queue. */
  readonly toDrainQueue: readonly string[];
  /** To the functions and topics. */
  readonly elsewhere: readonly string[];
}

/**
 * Live work before bulk work: each has its queue and its share of concurrency, so that a sweep over thousands of instances
 * delays no launch, and neither of them a drain.
 */
export function queues({ toLiveQueue, toDrainQueue, elsewhere }: Senders): Resources {
  return {
    LiveQueue: workQueue('LiveQueue', VISIBILITY_TIMEOUT),
    BulkQueue: workQueue('BulkQueue', VISIBILITY_TIMEOUT),
    LiveDeadLetterQueue: deadLetterQueue,
    BulkDeadLetterQueue: deadLetterQueue,
    // What EventBridge and Lambda could not hand over: events and probes for the live queue, and runs of the sweep that failed.
    UndeliveredQueue: deadLetterQueue,
    LiveQueuePolicy: queuePolicy('LiveQueue', [rulesMaySend('LiveQueue', toLiveQueue)]),
    BulkQueuePolicy: queuePolicy('BulkQueue', []),
    LiveDeadLetterQueuePolicy: queuePolicy('LiveDeadLetterQueue', []),
    BulkDeadLetterQueuePolicy: queuePolicy('BulkDeadLetterQueue', []),
    UndeliveredQueuePolicy: queuePolicy('UndeliveredQueue', [
      rulesMaySend('UndeliveredQueue', [...toLiveQueue, ...toDrainQueue, ...elsewhere]),
    ]),
    ...(toDrainQueue.length === 0 ? {} : drainQueues(toDrainQueue)),
  };
}

function drainQueues(toDrainQueue: readonly string[]): Resources {
  return {
    DrainQueue: workQueue('DrainQueue', DRAIN_VISIBILITY_TIMEOUT),
    DrainDeadLetterQueue: deadLetterQueue,
    DrainQueuePolicy: queuePolicy('DrainQueue', [rulesMaySend('DrainQueue', toDrainQueue)]),
    DrainDeadLetterQueuePolicy: queuePolicy('DrainDeadLetterQueue', []),
  };
}

function workQueue(queue: Parameters<typeof deadLettersOf>[0], visibilityTimeout: number): Resource {
  return {
    Type: 'AWS::SQS::Queue',
    Properties: {
      SqsManagedSseEnabled: true,
      VisibilityTimeout: visibilityTimeout,
      MessageRetentionPeriod: 4 * DAY,
      RedrivePolicy: { deadLetterTargetArn: arnOf(deadLettersOf(queue)), maxReceiveCount: MAX_RECEIVE_COUNT },
    },
  };
}

const deadLetterQueue: Resource = {
  Type: 'AWS::SQS::Queue',
  Properties: { SqsManagedSseEnabled: true, MessageRetentionPeriod: 14 * DAY },
};

/** The functions send and receive by their roles; no policy of a queue lets in anybody but EventBridge. */
function queuePolicy(queue: string, allowed: readonly Statement[]): Resource {
  const statements = [...allowed, denyWithoutTls('sqs:*', arnOf(queue))];
  return {
    Type: 'AWS::SQS::QueuePolicy',
    Properties: { Queues: [ref(queue)], PolicyDocument: policyDocument(statements) },
  };
}

function rulesMaySend(queue: string, eventRuleIds: readonly string[]): Statement {
  return ownRulesMay('sqs:SendMessage', arnOf(queue), eventRuleIds);
}
