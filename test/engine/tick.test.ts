import type { QueryCommandInput } from '@aws-sdk/client-dynamodb';
import { inspectBatch } from '../../src/engine/inspect.ts';
import { plainStop } from '../support/plain-actions.ts';
import { enforcing, policyFor } from '../support/policies.ts';
import { settled, untagged, world } from '../support/world.ts';

const HOUR = 3_600_000;
const tick = { id: 'tick', body: JSON.stringify({ kind: 'tick' }) };
const stopAfterAnHour = enforcing(policyFor('required-tags', { keys: [{ key: 'Owner' }] }), plainStop, {
  afterMs: HOUR,
});

/** Three instances that are to be stopped after an hour, and the hour is over. */
async function due() {
  const simulation = world({ policies: [stopAfterAnHour], pageSize: 1, enforcement: { isEnforcing: true } });
  const { sandbox } = simulation;
  const { events, instances } = sandbox.account.launch({ ...untagged, count: 3, at: settled });
  for (const event of events) simulation.send(event);
  await simulation.runUntilQuiet(HOUR / 2);
  sandbox.advance(HOUR);
  const before = sandbox.calls.length;
  return {
    ...simulation,
    ids: instances.map(({ InstanceId = '' }) => InstanceId),
    inputsOf: (wanted: string) =>
      sandbox.calls.slice(before).flatMap(({ operation, input }) => (operation === wanted ? [input] : [])),
  };
}

test('reads what is due to the last page, and has all of it done', async () => {
  const { engine, sandbox, ids, inputsOf } = await due();
  const now = sandbox.now().toISOString();
  const report = await inspectBatch(engine, [tick]);

  const queries = inputsOf('dynamodb:Query') as QueryCommandInput[];
  expect(queries.length).toBeGreaterThanOrEqual(3);
  expect(queries[0]).toEqual({
    TableName: 'ec2-guardrail',
    IndexName: 'due',
    KeyConditionExpression: 'due = :due AND dueAt <= :now',
    ExpressionAttributeValues: { ':due': { S: '1' }, ':now': { S: now } },
  });
  for (const { ExclusiveStartKey } of queries.slice(1))
    expect(ExclusiveStartKey).toMatchObject({ pk: { S: expect.stringMatching(/^subject#/) } });
  const stopped = inputsOf('ec2:StopInstances') as { InstanceIds: string[] }[];
  expect(stopped.flatMap(({ InstanceIds }) => InstanceIds).toSorted()).toEqual(ids.toSorted());
  expect(report.failed).toEqual([]);
  expect(report.ticksCompleted).toBe(1);
});

test.each([
  ['the first page', 0],
  ['a later page', 1],
])('that can not read %s fails its message, and nothing is done', async (_, after) => {
  const { engine, sandbox, inputsOf } = await due();
  sandbox.inject({ operation: 'dynamodb:Query', error: 'InternalServerError', after });
  const report = await inspectBatch(engine, [tick]);

  expect(report.failed).toEqual(['tick']);
  expect(report.ticksCompleted).toBe(0);
  expect(report.errors).toEqual([expect.stringContaining('what is due could not be read: InternalServerError')]);
  expect(inputsOf('ec2:DescribeInstances')).toEqual([]);
  expect(inputsOf('ec2:StopInstances')).toEqual([]);
});
