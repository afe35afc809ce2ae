import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { describeError } from '../domain/errors.ts';
import { DUE, DUE_BY, DUE_INDEX } from '../domain/table.ts';
import { noTargets } from '../events/targets.ts';
import type { Report } from './batch-report.ts';
import type { Engine } from './deployment.ts';
import { MOST_INSTANCES } from './messages.ts';
import { listIn } from './reads.ts';
import { instanceIdIn } from './store.ts';
import type { Task } from './tasks.ts';

/**
 * What the clock's ticks ask for: to look at every instance of whose findings something is due because time has passed: an
 * action after its grace, a reminder, an announcement. Whatever it is, the look decides on it anew.
 * @returns at most one task, however many ticks came in one batch; none where nothing is due.
 */
export async function taskOfTicks(engine: Engine, report: Report): Promise<readonly Task[]> {
  const [tick] = report.ticks;
  if (tick === undefined) return [];
  try {
    const instanceIds = await readDue(engine);
    report.ticksCompleted++;
    if (instanceIds.length === 0) return [];
    const cause = { key: `due:${engine.now().toISOString().slice(0, 16)}`, text: 'its time has come' };
    const causeOf = () => cause;
    const targets = { ...noTargets, instanceIds };
    return [{ messageId: tick.messageId, attempt: 0, queue: 'live', targets, launches: new Map(), causeOf }];
  } catch (error) {
    report.fail(report.ticks, `what is due could not be read: ${describeError(error)}`);
    return [];
  }
}

async function readDue(engine: Engine): Promise<readonly string[]> {
  const operation = 'dynamodb:Query';
  const ids: string[] = [];
  let start: Record<string, AttributeValue> | undefined;
  do {
    const output = await engine.aws(operation, {
      TableName: engine.deployment.tableName,
      IndexName: DUE_INDEX,
      KeyConditionExpression: DUE_BY,
      ExpressionAttributeValues: { ':due': { S: DUE }, ':now': { S: engine.now().toISOString() } },
      ...(start === undefined ? {} : { ExclusiveStartKey: start }),
    });
    ids.push(...listIn(operation, output.Items).map(instanceIdIn));
    start = output.LastEvaluatedKey;
    // The longest due first; the rest at the next tick, so that no backlog builds up.
  } while (start !== undefined && ids.length < MOST_INSTANCES);
  return ids.slice(0, MOST_INSTANCES);
}
