import type { Json } from '../domain/json.ts';
import { METRICS_NAMESPACE, type MetricName } from '../domain/metrics.ts';
import { attribute, type Resource, type Resources, ref } from './cloudformation.ts';
import { TICK_RULE } from './event-rules.ts';
import type { DeadLetterQueue, FunctionName, Parts } from './parts.ts';
import type { Settings } from './settings.ts';
import { ownTopics } from './topics.ts';

/** Work that waits longer than this, in seconds: a look may be put off by 900 s, and one that failed comes again after 360 s. */
const LIVE_BACKLOG_SECONDS = 1800;

/** Parts of a sweep that wait longer than this, in seconds, are there when the next sweep comes. */
const BULK_BACKLOG_SECONDS = 3600;

/**
 * How many hours may pass without a completed sweep. CloudWatch's window slides: with two, one sweep that took longer than the one
 * after it would do. A single sweep that fails is told by its own alarms, of errors or of dead letters.
 */
const HOURS_WITHOUT_SWEEP = 3;

/**
 * How many quarters of an hour may pass without an answered probe. One comes each quarter, but not on the second: a quarter may
 * have none and the next two, and a deployment may put one off.
 */
const QUARTERS_WITHOUT_PROBE = 3;

/** How many spans of five minutes may pass without a tick that was worked: one comes each minute, and a deployment may put some off. */
const SPANS_WITHOUT_TICK = 3;

/** The share of evaluations, in per cent, that may be INSUFFICIENT_DATA for good, and the hours for which it may be more. */
const UNKNOWN_PER_CENT = 5;
const HOURS_OF_UNKNOWN = 2;

/** In how many hours sweeps may find what no event told of before somebody asks why. */
const HOURS_OF_MISSED = 3;

/**
 * Most metrics that an alarm on an expression reads.
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDataQuery.html
 */
const METRICS_OF_AN_ALARM = 10;

interface Metric {
  readonly namespace: string;
  readonly metric: string;
  readonly dimension: { readonly Name: string; readonly Value: Json };
  readonly statistic: 'Sum' | 'Maximum';
}

/** A number made of several metrics, each by the name that the expression has for it. */
interface Calculated {
  readonly expression: string;
  readonly of: Readonly<Record<string, Metric>>;
}

interface Alarm {
  /** Ends the alarm's name, as it is read in a message. */
  readonly name: string;
  /** What it means and what to do. */
  readonly description: string;
  readonly watches: Metric | Calculated;
  /** In seconds. */
  readonly period: number;
  readonly periods?: number;
  /** How many of the periods must be bad; left out: all. */
  readonly badPeriods?: number;
  readonly when: { readonly above: number } | { readonly below: number };
  /** `breaching` where silence is itself the failure; `notBreaching` where nothing is written while nothing happens. */
  readonly missingData: 'breaching' | 'notBreaching';
}

/** Logical ids of the event rules. */
interface Rules {
  /** Those by which the guardrail learns what to do. */
  readonly work: readonly string[];
  /** Those that tell of tampering. */
  readonly tampering: readonly string[];
}

/** What tells that the guardrail itself has stopped working. All go to the operations topic, and say when it is over. */
export function alarms(settings: Settings, rules: Rules, { functions, deadLetterQueues }: Parts): Resources {
  return Object.fromEntries([
    ...deadLetterQueues.map((queue) => alarm(settings, `${queue}Alarm`, deadLetters(queue))),
    ...functions.map((name) => alarm(settings, `${name}ErrorsAlarm`, errors(name))),
    ...functions.map((name) => alarm(settings, `${name}ThrottlesAlarm`, throttles(name))),
    ...ownTopics(settings).map((topic) => alarm(settings, `${topic}FailuresAlarm`, undelivered(topic))),
    ...rulesInAlarms(rules.work).map((some, index) =>
      alarm(settings, `RulesAlarm${index + 1}`, failingRules(some, index === 0 ? 'rules' : `rules-${index + 1}`)),
    ),
    alarm(settings, 'TamperRulesAlarm', untoldTampering(rules.tampering)),
    alarm(settings, 'LiveBacklogAlarm', liveBacklog),
    alarm(settings, 'BulkBacklogAlarm', bulkBacklog),
    alarm(settings, 'SweepMissingAlarm', missingSweep(settings)),
    alarm(settings, 'ProbeMissingAlarm', missingProbe(settings)),
    ...(rules.work.includes(TICK_RULE) ? [alarm(settings, 'TickMissingAlarm', missingTick(settings))] : []),
    alarm(settings, 'RefusedCallsAlarm', refusedCalls(settings)),
    alarm(settings, 'UnknownAlarm', unknown(settings)),
    alarm(settings, 'MissedByEventsAlarm', missedByEvents(settings)),
    alarm(settings, 'FailedActionsAlarm', failedActions(settings)),
    ...(functions.includes('Drain') ? [alarm(settings, 'FailedMovesAlarm', failedMoves(settings))] : []),
  ]);
}

function deadLetters(queue: DeadLetterQueue): Alarm {
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
    DrainDeadLetterQueue: {
      name: 'drain-dead-letters',
      description:
        'What AWS announced of instances was not worked, after five tries: they may have ended undrained. See the log of drain. Redriven, what is over is only told.',
    },
    UndeliveredQueue: {
      name: 'undelivered',
      description:
        'Events, probes or news of tampering did not reach their target, or a run of the sweep failed. The messages say why.',
    },
  }[queue];
  return {
    name,
    description,
    watches: ofQueue(queue, 'ApproximateNumberOfMessagesVisible'),
    period: 60,
    when: { above: 0 },
    missingData: 'notBreaching',
  };
}

function errors(functionName: FunctionName): Alarm {
  return {
    ...ofFunction(functionName, 'Errors'),
    name: `${functionName.toLowerCase()}-errors`,
    description: 'Runs of the function failed or timed out. They are repeated; see its log for the reason.',
  };
}

/** A throttled run of inspect counts as a try of its messages: after five they are dead letters, and nobody looked. */
function throttles(functionName: FunctionName): Alarm {
  return {
    ...ofFunction(functionName, 'Throttles'),
    name: `${functionName.toLowerCase()}-throttles`,
    description:
      "Lambda put off runs of the function: the account's concurrency in this Region is used up. Raise that quota, or bound what uses it.",
  };
}

/** Lambda writes no number of what did not run: that it does not run is told by the probe and the sweep. */
function ofFunction(functionName: FunctionName, metric: string) {
  const dimension = { Name: 'FunctionName', Value: ref(`${functionName}LambdaFunction`) };
  return {
    watches: { namespace: 'AWS/Lambda', metric, dimension, statistic: 'Sum' },
    period: 300,
    when: { above: 0 },
    missingData: 'notBreaching',
  } as const;
}

/** SQS writes no number of a queue that nobody has used for six hours: it is empty. */
function ofQueue(queue: string, metric: string): Metric {
  const dimension = { Name: 'QueueName', Value: attribute(queue, 'QueueName') };
  return { namespace: 'AWS/SQS', metric, dimension, statistic: 'Maximum' };
}

function undelivered(topic: string): Alarm {
  return {
    name: topic === 'AlertsTopic' ? 'alerts-not-delivered' : 'operations-not-delivered',
    description: 'SNS could not deliver a message to a subscriber of the topic.',
    watches: {
      namespace: 'AWS/SNS',
      metric: 'NumberOfNotificationsFailed',
      dimension: { Name: 'TopicName', Value: attribute(topic, 'TopicName') },
      statistic: 'Sum',
    },
    period: 300,
    when: { above: 0 },
    missingData: 'notBreaching',
  };
}

/** What tells that a rule failed; of each EventBridge writes a number only when there was something to count. */
const failuresOfRules = ['FailedInvocations', 'InvocationsFailedToBeSentToDlq'] as const;

/** Rules by as many as one alarm can watch. */
function rulesInAlarms(rules: readonly string[]): readonly (readonly string[])[] {
  return chunksOf(rules, METRICS_OF_AN_ALARM / failuresOfRules.length);
}

function chunksOf<T>(values: readonly T[], size: number): readonly (readonly T[])[] {
  return values.length === 0 ? [] : [values.slice(0, size), ...chunksOf(values.slice(size), size)];
}

/**
 * What did not arrive lies in the queue of what could not be delivered, unless that could not be reached either.
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
 */
function failingRules(rules: readonly string[], name: string): Alarm {
  return {
    name,
    description:
      'EventBridge could not hand over what the event rules are there for: changes, probes or the call of the sweep. See the policies of the live queue and of the queue of what could not be delivered, and the messages in it.',
    ...ofRules(rules),
  };
}

function untoldTampering(rules: readonly string[]): Alarm {
  return {
    name: 'tampering-not-told',
    description:
      'EventBridge could not publish to this topic that somebody tampered with the guardrail. The queue of what could not be delivered holds what happened; see the policies of the topic and of its key.',
    ...ofRules(rules),
  };
}

function ofRules(rules: readonly string[]) {
  return {
    watches: { expression: 'SUM(FILL(METRICS(), 0))', of: failuresOf(rules) },
    period: 300,
    when: { above: 0 },
    missingData: 'notBreaching',
  } as const;
}

function failuresOf(rules: readonly string[]): Calculated['of'] {
  const metrics = rules.flatMap((rule) =>
    failuresOfRules.map((metric): Metric => {
      const dimension = { Name: 'RuleName', Value: ref(rule) };
      return { namespace: 'AWS/Events', metric, dimension, statistic: 'Sum' };
    }),
  );
  return Object.fromEntries(metrics.map((metric, index) => [`failures${index + 1}`, metric]));
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
    watches: ofQueue(queue, 'ApproximateAgeOfOldestMessage'),
    period: 60,
    periods: 5,
    when: { above: seconds },
    missingData: 'notBreaching',
  };
}

/** A metric of the guardrail's own: the functions publish it under the deployment's name. */
function own({ name }: Settings, metric: MetricName): Metric {
  return { namespace: METRICS_NAMESPACE, metric, dimension: { Name: 'service', Value: name }, statistic: 'Sum' };
}

/** Of sweeps whose last part is done. Whichever function does it publishes it. */
function missingSweep(settings: Settings): Alarm {
  return {
    name: 'sweep-missing',
    description:
      'No sweep was completed for three hours: what no event told of may not be inspected. See the logs of sweep and inspect, and the bulk queue.',
    watches: own(settings, 'SweepCompleted'),
    period: 3600,
    periods: HOURS_WITHOUT_SWEEP,
    when: { below: 1 },
    missingData: 'breaching',
  };
}

function missingProbe(settings: Settings): Alarm {
  return {
    name: 'probe-missing',
    description:
      'For three quarters of an hour no probe came through live queue, function and table: changes are not inspected. See the log of inspect, its event source mapping, and whether the rule of the probe is enabled.',
    watches: own(settings, 'ProbeCompleted'),
    period: 900,
    periods: QUARTERS_WITHOUT_PROBE,
    when: { below: 1 },
    missingData: 'breaching',
  };
}

/** Only where the clock is deployed. */
function missingTick(settings: Settings): Alarm {
  return {
    name: 'tick-missing',
    description:
      'For a quarter of an hour the minute clock led to nothing: actions after their grace, reminders and announcements come with the hourly sweep at best. Is the rule of the tick enabled? See the log of inspect.',
    watches: own(settings, 'TickCompleted'),
    period: 300,
    periods: SPANS_WITHOUT_TICK,
    when: { below: 1 },
    missingData: 'breaching',
  };
}

/** The sweep comes once an hour: one clean hour says nothing, two do. */
function refusedCalls(settings: Settings): Alarm {
  return {
    name: 'refused-calls',
    description:
      "AWS refused calls of the functions for want of a permission: what hangs on them can't be judged or told. The functions' logs name the call; was a role, a key's policy or an organisation's policy changed?",
    watches: own(settings, 'RefusedCalls'),
    period: 3600,
    periods: 2,
    badPeriods: 1,
    when: { above: 0 },
    missingData: 'notBreaching',
  };
}

/** A single hour may have found what a changed policy finds. */
function missedByEvents(settings: Settings): Alarm {
  return {
    name: 'missed-by-events',
    description: `In ${HOURS_OF_MISSED} of ${2 * HOURS_OF_MISSED} hours sweeps found changes that no event had told of: is there a trail that records EC2's calls in this Region, and are the event rules enabled?`,
    watches: own(settings, 'MissedByEvents'),
    period: 3600,
    periods: 2 * HOURS_OF_MISSED,
    badPeriods: HOURS_OF_MISSED,
    when: { above: 0 },
    missingData: 'notBreaching',
  };
}

function failedActions(settings: Settings): Alarm {
  return {
    name: 'actions-failed',
    description:
      'What a policy says was to be done, and a call of it failed. The alert of the instance says which and why; it is tried again at the next look. `ec2-guardrail pause --policy <name>` stops it.',
    watches: own(settings, 'FailedActions'),
    period: 3600,
    when: { above: 0 },
    missingData: 'notBreaching',
  };
}

/** A move that fails is tried again while there is time: it counts when AWS refused it for good, or time was up. */
function failedMoves(settings: Settings): Alarm {
  return {
    name: 'drains-failed',
    description:
      'A drain did not do all that its policy says before the instance was taken away: something may still have sent it work. The alert of the instance says which call failed and why.',
    watches: own(settings, 'DrainFailedMoves'),
    period: 300,
    when: { above: 0 },
    missingData: 'notBreaching',
  };
}

/** Both numbers come from the same line of a log, so that there is never one of them alone. */
function unknown(settings: Settings): Alarm {
  const share = `IF(evaluations > 0, 100 * unknown / evaluations, 0)`;
  return {
    name: 'unknown',
    description: `For ${HOURS_OF_UNKNOWN} hours more than ${UNKNOWN_PER_CENT} % of all verdicts were INSUFFICIENT_DATA: violations may stand unseen. The messages of this topic name what is missing; the log of inspect has every read that failed.`,
    watches: {
      expression: share,
      of: { unknown: own(settings, 'InsufficientData'), evaluations: own(settings, 'Evaluations') },
    },
    period: 3600,
    periods: HOURS_OF_UNKNOWN,
    when: { above: UNKNOWN_PER_CENT },
    missingData: 'notBreaching',
  };
}

function alarm(settings: Settings, id: string, { when, ...one }: Alarm): [string, Resource] {
  const properties = {
    AlarmName: `${settings.name}-${one.name}`,
    AlarmDescription: one.description,
    ...watched(one.watches, one.period),
    EvaluationPeriods: one.periods ?? 1,
    ...(one.badPeriods === undefined ? {} : { DatapointsToAlarm: one.badPeriods }),
    ComparisonOperator: 'above' in when ? 'GreaterThanThreshold' : 'LessThanThreshold',
    Threshold: 'above' in when ? when.above : when.below,
    TreatMissingData: one.missingData,
    AlarmActions: [ref('OperationsTopic')],
    OKActions: [ref('OperationsTopic')],
  };
  return [id, { Type: 'AWS::CloudWatch::Alarm', Properties: properties }];
}

function watched(watches: Alarm['watches'], period: number): Resource['Properties'] {
  if ('expression' in watches) return { Metrics: queries(watches, period) };
  const { statistic, ...metric } = watches;
  return { ...metricOf(metric), Statistic: statistic, Period: period };
}

function queries({ expression, of }: Calculated, period: number): Json {
  const metrics = Object.entries(of).map(([Id, { statistic, ...metric }]) => ({
    Id,
    MetricStat: { Metric: metricOf(metric), Stat: statistic, Period: period },
    ReturnData: false,
  }));
  return [{ Id: 'watched', Expression: expression, ReturnData: true }, ...metrics];
}

function metricOf({ namespace, metric, dimension }: Omit<Metric, 'statistic'>) {
  return { Namespace: namespace, MetricName: metric, Dimensions: [dimension] };
}
