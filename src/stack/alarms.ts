import type { Json } from '../domain/json.ts';
import { attribute, type Resource, type Resources, ref } from './cloudformation.ts';
import { deadLetterQueues } from './queues.ts';
import type { Settings } from './settings.ts';

/** The metric that a sweep publishes once it is through; its dimension `service` is the deployment's name. */
export const SWEEP_COMPLETED = { namespace: 'EC2Guardrail', metric: 'SweepCompleted' } as const;

/** Work that waits longer than this, in seconds: a look may be put off by 900 s, and one that failed comes again after 360 s. */
const BACKLOG_SECONDS = 1800;

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

/** What tells that the guardrail itself has stopped working. All go to the operations topic, and say when it is over. */
export function alarms(settings: Settings): Resources {
  const topics = settings.alertTopicArn === undefined ? ['AlertsTopic', 'OperationsTopic'] : ['OperationsTopic'];
  return Object.fromEntries([
    ...deadLetterQueues.map((queue) => alarm(settings, `${queue}Alarm`, deadLetters(queue))),
    ...['Inspect', 'Sweep'].map((name) => alarm(settings, `${name}ErrorsAlarm`, errors(name))),
    ...topics.map((topic) => alarm(settings, `${topic}FailuresAlarm`, undelivered(topic))),
    alarm(settings, 'LiveBacklogAlarm', backlog),
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
        'Instances of a sweep were not inspected, after five tries. See the log of inspect; the next sweep tries again.',
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

function errors(functionName: string): Alarm {
  return {
    name: `${functionName.toLowerCase()}-errors`,
    description: 'Runs of the function failed or timed out. They are repeated; see its log for the reason.',
    namespace: 'AWS/Lambda',
    metric: 'Errors',
    dimension: { Name: 'FunctionName', Value: ref(`${functionName}LambdaFunction`) },
    statistic: 'Sum',
    period: 300,
    when: { above: 0 },
  };
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

const backlog: Alarm = {
  name: 'live-backlog',
  description:
    'Changes wait for more than half an hour to be inspected. Are calls throttled, or is the function failing?',
  namespace: 'AWS/SQS',
  metric: 'ApproximateAgeOfOldestMessage',
  dimension: { Name: 'QueueName', Value: attribute('LiveQueue', 'QueueName') },
  statistic: 'Maximum',
  period: 60,
  periods: 5,
  when: { above: BACKLOG_SECONDS },
};

function missingSweep({ name }: Settings): Alarm {
  return {
    name: 'sweep-missing',
    description: 'No sweep was completed for two hours: what no event told of is not inspected.',
    namespace: SWEEP_COMPLETED.namespace,
    metric: SWEEP_COMPLETED.metric,
    dimension: { Name: 'service', Value: name },
    statistic: 'Sum',
    period: 3600,
    periods: 2,
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
