import { policies, safety } from 'compiled:policies';
import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { sdk } from '../aws/sdk.ts';
import type { Engine } from '../engine/deployment.ts';

/** One line of JSON a message, with the request's id; instances and policies, never whole resources. */
export const logger = new Logger();

/** CloudWatch metrics by the embedded metric format: no call is made. */
export const metrics = new Metrics({ namespace: 'EC2Guardrail' });

/** The engine over the SDK, with what serverless.yml put into the environment. */
export function composeEngine(env: Readonly<Record<string, string | undefined>>): Engine {
  const scope = { accountId: required(env, 'ACCOUNT_ID'), region: required(env, 'AWS_REGION') };
  const alertTag = env.ALERT_TAG;
  return {
    aws: sdk(scope),
    now: () => new Date(),
    newToken: () => randomUUID(),
    pause: (milliseconds) => setTimeout(milliseconds),
    policies,
    isEnforcing: env.ENFORCEMENT === 'on',
    safety,
    deployment: {
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

/** Counts what a function did. Written to the log as one line when `publish` is called. */
export function count(numbers: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(numbers)) metrics.addMetric(name, MetricUnit.Count, value);
  metrics.publishStoredMetrics();
}

function required(env: Readonly<Record<string, string | undefined>>, name: string): string {
  const value = env[name];
  if (!value)
    throw new Error(`${name} is not in the function's environment: deploy with this project's serverless.yml`);
  return value;
}
