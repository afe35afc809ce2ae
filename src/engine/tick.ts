import { DUE, DUE_BY, DUE_INDEX } from '../domain/table.ts';
import type { Engine } from './deployment.ts';
import { CHUNK_INSTANCES, type LookMessage } from './messages.ts';
import { chunked, listIn } from './reads.ts';
import { instanceIdIn } from './store.ts';

/** What a tick set going. */
export interface TickReport {
  /** Instances of whose findings something is due. */
  readonly due: number;
}

/**
 * Puts instances on the live queue of whose findings something is due because time has passed: an action after its grace, a
 * reminder, an announcement. Whatever it is, a look decides on it anew. What was put there and not looked at yet is put again.
 * @throws when the table or the queue failed: the next tick does the same.
 */
export async function tick(engine: Engine): Promise<TickReport> {
  const instanceIds = await readDue(engine);
  const { liveQueueUrl } = engine.deployment;
  for (const ids of chunked(instanceIds, CHUNK_INSTANCES)) {
    const instances = ids.map((instanceId) => ({
      instanceId,
      cause: { key: `due:${instanceId}`, text: 'its time came' },
    }));
    const message: LookMessage = { kind: 'look', attempt: 0, queue: 'live', instances };
    await engine.aws('sqs:SendMessage', { QueueUrl: liveQueueUrl, MessageBody: JSON.stringify(message) });
  }
  return { due: instanceIds.length };
}

async function readDue({ aws, deployment, now }: Engine): Promise<readonly string[]> {
  const operation = 'dynamodb:Query';
  const ids: string[] = [];
  let start: Parameters<typeof aws<typeof operation>>[1]['ExclusiveStartKey'];
  do {
    const output = await aws(operation, {
      TableName: deployment.tableName,
      IndexName: DUE_INDEX,
      KeyConditionExpression: DUE_BY,
      ExpressionAttributeValues: { ':due': { S: DUE }, ':now': { S: now().toISOString() } },
      ...(start === undefined ? {} : { ExclusiveStartKey: start }),
    });
    for (const item of listIn(operation, output.Items)) ids.push(instanceIdIn(item));
    start = output.LastEvaluatedKey;
  } while (start !== undefined);
  return ids;
}
