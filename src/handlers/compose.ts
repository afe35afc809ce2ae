import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Context } from 'aws-lambda';
import { type SdkOptions, sdk } from '../aws/sdk.ts';
import { METRICS_NAMESPACE, type MetricName } from '../domain/metrics.ts';
import type { Engine } from '../engine/deployment.ts';
import type { DrainEngine } from '../engine/drain-engine.ts';
import { withRefusalsTold } from '../engine/refusals.ts';

/** One line of JSON a message, with the request's id; instances and policies, never whole resources. */
export const logger = new Logger();

/** CloudWatch metrics by the embedded metric format: no call is made. */
const metrics = new Metrics({ namespace: METRICS_NAMESPACE });

/** The policies of the package: each function imports those that it runs, so that it loads no others. */
type Compiled = Pick<Engine, 'policies' | 'safety'>;

type Environment = Readonly<Record<string, string | undefined>>;

/** The engine over the SDK, with what serverless.yml put into the environment. */
export function composeEngine(env: Environment, compiled: Compiled, senders: SdkOptions = {}): Engine {
  const scope = { accountId: required(env, 'ACCOUNT_ID'), region: required(env, 'AWS_REGION') };
  const alertTag = env.ALERT_TAG;
  return {
    aws: withRefusalsTold(sdk(scope, senders), (operation) => {
      logger.warn('AWS refused a call', { operation });
      count({ RefusedCalls: 1 });
    }),
    now: () => new Date(),
    newToken: () => randomUUID(),
    pause: (milliseconds) => setTimeout(milliseconds),
    policies: compiled.policies,
    isEnforcing: env.ENFORCEMENT === 'on',
    safety: compiled.safety,
    deployment: {
      version: required(env, 'GUARDRAIL_VERSION'),
      scope,
      tableName: required(env, 'TABLE_NAME'),
      alertsTopicArn: required(env, 'ALERTS_TOPIC_ARN'),
      operationsTopicArn: required(env, 'OPERATIONS_TOPIC_ARN'),
      liveQueueUrl: required(env, 'LIVE_QUEUE_URL'),
      bulkQueueUrl: required(env, 'BULK_QUEUE_URL'),
      roleArns: (env.OWN_ROLE_ARNS ?? '').split(',').filter((arn) => arn !== ''),
      ...(alertTag ? { alertTag } : {}),
    },
  };
}

/** The same for λ drain, with its queue. */
export function composeDrainEngine(env: Environment, compiled: Compiled, senders: SdkOptions): DrainEngine {
  const engine = composeEngine(env, compiled, senders);
  return {
    ...engine,
    deployment: { ...engine.deployment, drainQueueUrl: required(env, 'DRAIN_QUEUE_URL') },
    random: Math.random,
  };
}

/** A run of a function: its log has the request's id, and what it counted is written even when it throws. */
export async function inRun<T>(context: Context, work: () => Promise<T>): Promise<T> {
  logger.addContext(context);
  try {
    return await work();
  } finally {
    if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
  }
}

/** Counts what a function did. Written to the log as one line when the run ends. */
export function count(numbers: Readonly<Partial<Record<MetricName, number>>>): void {
  for (const [name, value] of Object.entries(numbers)) metrics.addMetric(name, MetricUnit.Count, value);
}

/** The same of what has a unit, which its name ends in: each value, so that CloudWatch has their distribution. */
export function measure(values: Readonly<Partial<Record<MetricName, readonly number[]>>>): void {
  for (const [name, all] of Object.entries(values))
    for (const value of all)
      metrics.addMetric(name, name.endsWith('Ms') ? MetricUnit.Milliseconds : MetricUnit.Seconds, value);
}

function required(env: Environment, name: string): string {
  const value = env[name];
  if (!value)
    throw new Error(`${name} is not in the function's environment: deploy with this project's serverless.yml`);
  return value;
}
