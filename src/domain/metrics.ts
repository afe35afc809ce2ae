/** The namespace of the guardrail's own metrics; serverless.yml says the same. */
export const METRICS_NAMESPACE = 'EC2Guardrail';

/** Only where a policy drains. */
export const drainMetricNames = [
  'DrainFailedMoves',
  'DrainFirstDeregistrationMs',
  'DrainMoves',
  'DrainNotices',
  'DrainSecondsLeft',
  'TargetIndexFailures',
] as const;

/**
 * Every metric that the functions publish, under the dimension `service` alone, which is the deployment's name for both:
 * CloudWatch charges for each.
 */
export const metricNames = [
  'Actions',
  'Alerts',
  ...drainMetricNames,
  'Evaluations',
  'FailedActions',
  'FailedMessages',
  'Inspected',
  'InsufficientData',
  'MissedByEvents',
  'ProbeCompleted',
  'RefusedCalls',
  'SweepCompleted',
  'SweptInstances',
  'TickCompleted',
  'Violations',
] as const;

export type MetricName = (typeof metricNames)[number];
