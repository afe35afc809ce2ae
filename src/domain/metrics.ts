/** The namespace of the guardrail's own metrics; serverless.yml says the same. */
export const METRICS_NAMESPACE = 'EC2Guardrail';

/**
 * Every metric that the functions publish, under the dimension `service` alone, which is the deployment's name for both:
 * CloudWatch charges for each.
 */
export const metricNames = [
  'Actions',
  'Alerts',
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
