import { tellAlive } from '../../src/engine/heartbeat.ts';
import { sweep } from '../../src/engine/sweep.ts';
import { fivePolicies } from '../support/policies.ts';
import { sweepOnce } from '../support/stories.ts';
import { bad, good, world } from '../support/world.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Delivers the first message that was sent once more. */
function firstPartOf({ engine, sandbox }: ReturnType<typeof world>): () => void {
  const inputs = sandbox.calls.flatMap(({ operation, input }) => (operation === 'sqs:SendMessage' ? [input] : []));
  const [{ MessageBody }] = inputs as [{ readonly MessageBody: string }];
  return () => void sandbox.deliver(engine.deployment.bulkQueueUrl, MessageBody);
}

test('goes to the operations topic, and to no other', async () => {
  const { engine, sandbox } = world();
  await tellAlive(engine);

  expect(sandbox.account.published.map(({ topicArn, subject }) => [topicArn, subject])).toEqual([
    [engine.deployment.operationsTopicArn, '[ALIVE] 0 open findings, 0 unknown in us-east-1'],
  ]);
});

test('before the first sweep is through there is none to tell of', async () => {
  expect(await tellAlive(world().engine)).not.toHaveProperty('lastSweep');
});

test('counts what stands: the last sweep whole, findings by severity, and those of the last seven days', async () => {
  const simulation = world();
  const { account } = simulation.sandbox;
  account.launch({ ...bad, count: 2 });
  account.launch({ ...good, count: 118 });
  simulation.sandbox.advance(HOUR);
  await sweepOnce(simulation);
  simulation.sandbox.advance(8 * DAY);
  account.launch(bad);
  simulation.sandbox.advance(HOUR);
  await sweepOnce(simulation);
  const completedAt = simulation.sandbox.now().toISOString();
  const told = await tellAlive(simulation.engine);

  expect(told).toMatchObject({
    lastSweep: { completedAt, instances: 121, evaluations: 121 * fivePolicies.length },
    openedThisWeek: fivePolicies.length,
    unknown: 0,
    alertsOwed: 0,
    policies: fivePolicies.map(({ name, severity }) => ({ name, severity })),
  });
  expect(Object.values(told.open).reduce((sum, one) => sum + one)).toBe(3 * fivePolicies.length);
});

test('a part of a sweep that came twice counts once', async () => {
  const simulation = world();
  simulation.sandbox.account.launch({ ...good, count: 3 });
  simulation.sandbox.advance(HOUR);
  await sweep(simulation.engine);
  const again = firstPartOf(simulation);
  again();
  await simulation.runUntilQuiet(900_000);

  expect((await tellAlive(simulation.engine)).lastSweep).toMatchObject({ instances: 3 });
});

test('a sweep that a later one overtook does not stand as the last', async () => {
  const simulation = world();
  simulation.sandbox.account.launch(good);
  simulation.sandbox.advance(HOUR);
  await sweep(simulation.engine);
  const again = firstPartOf(simulation);
  await simulation.runUntilQuiet(0);
  simulation.sandbox.advance(HOUR);
  const { sweepId } = await sweep(simulation.engine);
  await simulation.runUntilQuiet(0);
  again();
  await simulation.runUntilQuiet(0);

  expect((await tellAlive(simulation.engine)).lastSweep).toMatchObject({ sweepId });
});

test('says what could not be judged, and which alerts are still owed', async () => {
  const simulation = world({
    faults: [
      { operation: 'ec2:DescribeVolumes', error: 'UnauthorizedOperation', times: 'always' },
      { operation: 'events:PutEvents', error: 'InternalException', times: 'always' },
    ],
  });
  const [instance] = simulation.sandbox.account.launch(bad).instances;
  simulation.sandbox.advance(HOUR);
  simulation.send({ ...look, instances: [{ instanceId: instance?.InstanceId, cause: { key: 'k', text: 'a test' } }] });
  await simulation.runUntilQuiet(0);

  expect(await tellAlive(simulation.engine)).toMatchObject({ unknown: 1, alertsOwed: 1 });
});

const look = { kind: 'look', attempt: 0, queue: 'live' };

test('fails where the table or the topic does, so that it is tried again', async () => {
  const noTable = world({ faults: [{ operation: 'dynamodb:Scan', error: 'InternalServerError', times: 'always' }] });
  const noTopic = world({ faults: [{ operation: 'sns:Publish', error: 'InternalError', times: 'always' }] });

  await expect(tellAlive(noTable.engine)).rejects.toThrow();
  await expect(tellAlive(noTopic.engine)).rejects.toThrow();
});
