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

/** The inspect function's timeout in seconds; serverless.yml says the same. */
export const TIMEOUT = 60;

/**
 * Lambda's advice: six times the timeout. The second that a batch is gathered is nothing beside it.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
 */
export const VISIBILITY_TIMEOUT = 6 * TIMEOUT;

const DAY = 86_400;

/** A message that failed this often is set aside. Five tries span half an hour: most outages are shorter. */
const MAX_RECEIVE_COUNT = 5;

/** Logical ids of the rules that hand something over: what they can't is kept. */
interface Senders {
  readonly toLiveQueue: readonly string[];
  /** To the functions and topics. */
  readonly elsewhere: readonly string[];
}

/**
 * Live work before bulk work: each has its queue and its share of concurrency, so that a sweep over thousands of instances
 * delays no launch.
 */
export function queues({ toLiveQueue, elsewhere }: Senders): Resources {
  return {
    LiveQueue: workQueue('LiveDeadLetterQueue'),
    BulkQueue: workQueue('BulkDeadLetterQueue'),
    LiveDeadLetterQueue: deadLetterQueue,
    BulkDeadLetterQueue: deadLetterQueue,
    // What EventBridge and Lambda could not hand over: events and probes for the live queue, and runs of the sweep that failed.
    UndeliveredQueue: deadLetterQueue,
    LiveQueuePolicy: queuePolicy('LiveQueue', [rulesMaySend('LiveQueue', toLiveQueue)]),
    BulkQueuePolicy: queuePolicy('BulkQueue', []),
    LiveDeadLetterQueuePolicy: queuePolicy('LiveDeadLetterQueue', []),
    BulkDeadLetterQueuePolicy: queuePolicy('BulkDeadLetterQueue', []),
    UndeliveredQueuePolicy: queuePolicy('UndeliveredQueue', [
      rulesMaySend('UndeliveredQueue', [...toLiveQueue, ...elsewhere]),
    ]),
  };
}

/** Logical ids of the queues that are empty as long as all is well. */
export const deadLetterQueues = ['LiveDeadLetterQueue', 'BulkDeadLetterQueue', 'UndeliveredQueue'] as const;

function workQueue(deadLetters: string): Resource {
  return {
    Type: 'AWS::SQS::Queue',
    Properties: {
      SqsManagedSseEnabled: true,
      VisibilityTimeout: VISIBILITY_TIMEOUT,
      MessageRetentionPeriod: 4 * DAY,
      RedrivePolicy: { deadLetterTargetArn: arnOf(deadLetters), maxReceiveCount: MAX_RECEIVE_COUNT },
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
