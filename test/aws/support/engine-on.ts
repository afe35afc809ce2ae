import type { BoundPolicy } from '../../../src/domain/policy.ts';
import type { BatchReport } from '../../../src/engine/batch-report.ts';
import type { Engine } from '../../../src/engine/deployment.ts';
import { inspectBatch } from '../../../src/engine/inspect.ts';
import type { LookMessage } from '../../../src/engine/messages.ts';
import { notEnforcing } from '../../support/not-enforcing.ts';
import type { Stage } from '../../support/same-answers.ts';

const HOUR_MS = 3_600_000;

/** A deployment on a stage that does nothing but tell; an hour on, when all has settled. */
export function engineOn(stage: Stage, policies: readonly BoundPolicy[]): Engine {
  const { aws, accountId, region, tableName, topicArn, queueUrl } = stage;
  return {
    aws,
    now: () => new Date(Date.now() + HOUR_MS),
    newToken: () => crypto.randomUUID(),
    pause: () => Promise.resolve(),
    ...notEnforcing,
    policies,
    deployment: {
      version: '0.0.0',
      scope: { accountId, region },
      tableName,
      alertsTopicArn: topicArn,
      operationsTopicArn: topicArn,
      liveQueueUrl: queueUrl,
      bulkQueueUrl: queueUrl,
      roleArns: [],
    },
  };
}

/** What the deployed function does with a message that asks for a look at an instance. */
export function lookAt(engine: Engine, instanceId: string): Promise<BatchReport> {
  const cause = { key: 'test', text: 'a look' };
  const message: LookMessage = { kind: 'look', attempt: 0, queue: 'live', instances: [{ instanceId, cause }] };
  return inspectBatch(engine, [{ id: '1', body: JSON.stringify(message) }]);
}
