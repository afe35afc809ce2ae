import type { Json } from '../domain/json.ts';
import { attribute, type Resource, type Resources, ref } from './cloudformation.ts';
import { deadLetterQueues } from './queues.ts';
import type { Settings } from './settings.ts';

/**
 * The metric of sweeps whose last part is done. Whichever function does it publishes it, under the dimension `service` alone,
 * which is the deployment's name for both.
 */
export const SWEEP_COMPLETED = { namespace: 'EC2Guardrail', metric: 'SweepCompleted' } as const;

/** Work that waits longer than this, in seconds: a look may be put off by 900 s, and one that failed comes again after 360 s. */
const LIVE_BACKLOG_SECONDS = 1800;

/** Parts of a sweep that wait longer than this, in seconds, are there when the next sweep comes. */
const BULK_BACKLOG_SECONDS = 3600;

/**
 * How many hours may pass without a completed sweep. CloudWatch's window slides: with two, one sweep that took longer than the one
 * after it would do. A single sweep that fails is told by its own alarms, of errors or of dead letters.
 */
const HOURS_WITHOUT_SWEEP = 3;

interface Alarm {
  /** Ends the alarm's name, as it is read in a message. */
  readonly name: string;
  /** What it means and what to do. */
  readonly description: string;
  readonly namespace: string;
  readonly metric: string;
  readonly dimension: { readonly Name: string; readonly Value: Json };
  readonly statistic: 'Sum' | 'Maximum';
  readonly period: number;
  readonly periods?: number;
  readonly when: { readonly above: number } | { readonly below: number };
  /** Silence is a failure too. */
  readonly missingIsBad?: boolean;
}

const functions = ['Inspect', 'Sweep'] as const;

/** What tells that the guardrail itself has stopped working. All go to the operations topic, and say when it is over. */
export function alarms(settings: Settings): Resources {
  const topics = settings.alertTopicArn === undefined ? ['AlertsTopic', 'OperationsTopic'] : ['OperationsTopic'];
  return Object.fromEntries([
    ...deadLetterQueues.map((queue) => alarm(settings, `${queue}Alarm`, deadLetters(queue))),
    ...functions.map((name) => alarm(settings, `${name}ErrorsAlarm`, errors(name))),
    ...functions.map((name) => alarm(settings, `${name}ThrottlesAlarm`, throttles(name))),
    ...topics.map((topic) => alarm(settings, `${topic}FailuresAlarm`, undelivered(topic))),
    alarm(settings, 'LiveBacklogAlarm', liveBacklog),
    alarm(settings, 'BulkBacklogAlarm', bulkBacklog),
    alarm(settings, 'SweepMissingAlarm', missingSweep(settings)),
  ]);
}

function deadLetters(queue: (typeof deadLetterQueues)[number]): Alarm {
  const { name, description } = {
    LiveDeadLetterQueue: {
      name: 'live-dead-letters',
      description: 'Changes were not inspected, after five tries. See the log of inspect, then redrive the queue.',
    },
    BulkDeadLetterQueue: {
      name: 'bulk-dead-letters',
      description:
        'Instances of a sweep or of a large group were not inspected, after five tries. See the log of inspect; the next sweep tries again.',
    },
    UndeliveredQueue: {
      name: 'undelivered',
      description: 'Events did not reach the live queue, or a run of the sweep failed. The messages say why.',
    },
  }[queue];
  return {
    name,
    description,
    namespace: 'AWS/SQS',
    metric: 'ApproximateNumberOfMessagesVisible',
    dimension: { Name: 'QueueName', Value: attribute(queue, 'QueueName') },
    statistic: 'Maximum',
    period: 60,
    when: { above: 0 },
  };
}

function errors(functionName: (typeof functions)[number]): Alarm {
  return {
    ...ofFunction(functionName),
    name: `${functionName.toLowerCase()}-errors`,
    description: 'Runs of the function failed or timed out. They are repeated; see its log for the reason.',
    metric: 'Errors',
  };
}

/** A throttled run of inspect counts as a try of its messages: after five they are dead letters, and nobody looked. */
function throttles(functionName: (typeof functions)[number]): Alarm {
  return {
    ...ofFunction(functionName),
    name: `${functionName.toLowerCase()}-throttles`,
    description:
      "Lambda put off runs of the function: the account's concurrency in this Region is used up. Raise that quota, or bound what uses it.",
    metric: 'Throttles',
  };
}

function ofFunction(functionName: (typeof functions)[number]) {
  return {
    namespace: 'AWS/Lambda',
    dimension: { Name: 'FunctionName', Value: ref(`${functionName}LambdaFunction`) },
    statistic: 'Sum',
    period: 300,
    when: { above: 0 },
  } as const;
}

function undelivered(topic: string): Alarm {
  return {
    name: topic === 'AlertsTopic' ? 'alerts-not-delivered' : 'operations-not-delivered',
    description: 'SNS could not deliver a message to a subscriber of the topic.',
    namespace: 'AWS/SNS',
    metric: 'NumberOfNotificationsFailed',
    dimension: { Name: 'TopicName', Value: attribute(topic, 'TopicName') },
    statistic: 'Sum',
    period: 300,
    when: { above: 0 },
  };
}

const liveBacklog = backlog(
  'LiveQueue',
  LIVE_BACKLOG_SECONDS,
  'Changes wait for more than half an hour to be inspected. Are calls throttled, or is the function failing?',
);

const bulkBacklog = backlog(
  'BulkQueue',
  BULK_BACKLOG_SECONDS,
  'Parts of a sweep wait for more than an hour, and the next sweep adds to them. Are calls throttled, or is the function failing?',
);

function backlog(queue: 'LiveQueue' | 'BulkQueue', seconds: number, description: string): Alarm {
  return {
    name: queue === 'LiveQueue' ? 'live-backlog' : 'bulk-backlog',
    description,
    namespace: 'AWS/SQS',
    metric: 'ApproximateAgeOfOldestMessage',
    dimension: { Name: 'QueueName', Value: attribute(queue, 'QueueName') },
    statistic: 'Maximum',
    period: 60,
    periods: 5,
    when: { above: seconds },
  };
}

function missingSweep({ name }: Settings): Alarm {
  return {
    name: 'sweep-missing',
    description:
      'No sweep was completed for three hours: what no event told of may not be inspected. See the logs of sweep and inspect, and the bulk queue.',
    namespace: SWEEP_COMPLETED.namespace,
    metric: SWEEP_COMPLETED.metric,
    dimension: { Name: 'service', Value: name },
    statistic: 'Sum',
    period: 3600,
    periods: HOURS_WITHOUT_SWEEP,
    when: { below: 1 },
    missingIsBad: true,
  };
}

function alarm(settings: Settings, id: string, { when, ...one }: Alarm): [string, Resource] {
  const properties = {
    AlarmName: `${settings.name}-${one.name}`,
    AlarmDescription: one.description,
    Namespace: one.namespace,
    MetricName: one.metric,
    Dimensions: [one.dimension],
    Statistic: one.statistic,
    Period: one.period,
    EvaluationPeriods: one.periods ?? 1,
    ComparisonOperator: 'above' in when ? 'GreaterThanThreshold' : 'LessThanThreshold',
    Threshold: 'above' in when ? when.above : when.below,
    TreatMissingData: one.missingIsBad ? 'breaching' : 'notBreaching',
    AlarmActions: [ref('OperationsTopic')],
    OKActions: [ref('OperationsTopic')],
  };
  return [id, { Type: 'AWS::CloudWatch::Alarm', Properties: properties }];
}
