import type { BatchGetItemCommandInput, PutItemCommandInput } from '@aws-sdk/client-dynamodb';
import { inspectBatch } from '../../src/engine/inspect.ts';
import { sweep } from '../../src/engine/sweep.ts';
import type { Fault } from '../../src/sandbox/faults.ts';
import { probeRule } from '../../src/stack/event-rules.ts';
import { callsSince, good, world } from '../support/world.ts';

/** What the deployed rule puts on the queue. */
const [{ Input: probe }] = probeRule.Properties.Targets as unknown as readonly [{ readonly Input: string }];

const messages = (...bodies: readonly string[]) => bodies.map((body, index) => ({ id: `m-${index}`, body }));

test('a probe reads the table as it is now and writes its time there, and asks for nothing else', async () => {
  const { engine, sandbox } = world();
  const report = await inspectBatch(engine, messages(probe));

  expect(report).toMatchObject({ failed: [], errors: [], probesCompleted: 1, inspected: 0 });
  expect(callsSince(sandbox.calls)).toEqual(['dynamodb:BatchGetItem', 'dynamodb:PutItem']);
  const [read, write] = sandbox.calls.map(({ input }) => input) as [BatchGetItemCommandInput, PutItemCommandInput];
  expect(Object.values(read.RequestItems ?? {})).toEqual([
    { ConsistentRead: true, Keys: [{ pk: { S: 'probe#123456789012#us-east-1' } }] },
  ]);
  expect(JSON.parse(write.Item?.body?.S ?? '')).toEqual({ version: 1, answeredAt: sandbox.now().toISOString() });
});

test('the next one writes over what the last one wrote', async () => {
  const { engine, sandbox } = world();
  await inspectBatch(engine, messages(probe));
  sandbox.advance(900_000);

  expect(await inspectBatch(engine, messages(probe))).toMatchObject({ failed: [], probesCompleted: 1 });
});

test('several in one batch are one sign of life', async () => {
  const { engine, sandbox } = world();

  expect(await inspectBatch(engine, messages(probe, probe, probe))).toMatchObject({ failed: [], probesCompleted: 1 });
  expect(sandbox.calls).toHaveLength(2);
});

test.each(['dynamodb:BatchGetItem', 'dynamodb:PutItem'] as const)(
  'where %s fails the probe counts as unanswered and comes again, and what came with it is worked',
  async (operation) => {
    const { engine } = world({ faults: [{ operation, error: 'InternalServerError', times: 'always' } as Fault] });
    const report = await inspectBatch(engine, messages(probe, '{"no":"event"}'));

    expect(report).toMatchObject({ failed: ['m-0'], probesCompleted: 0 });
    expect(report.errors).toEqual([expect.stringMatching(/^probe: InternalServerError/)]);
  },
);

test('a probe that another run answered meanwhile is done, and not counted twice', async () => {
  const { engine, sandbox } = world();
  const racing = {
    ...engine,
    aws: (async (operation, input) => {
      const output = await sandbox.aws(operation, input);
      if (operation === 'dynamodb:BatchGetItem' && sandbox.calls.length === 1)
        await inspectBatch(engine, messages(probe));
      return output;
    }) as typeof engine.aws,
  };

  expect(await inspectBatch(racing, messages(probe))).toMatchObject({ failed: [], probesCompleted: 0 });
});

test('while EC2 refuses everything, a probe is answered all the same', async () => {
  const { engine } = world({
    faults: [{ operation: 'ec2:DescribeInstances', error: 'UnauthorizedOperation', times: 'always' }],
  });

  expect(await inspectBatch(engine, messages(probe))).toMatchObject({ failed: [], probesCompleted: 1 });
});

test('the time of a probe is no subject: sweeps pass over it', async () => {
  const simulation = world();
  simulation.sandbox.account.launch(good);
  await inspectBatch(simulation.engine, messages(probe));

  expect(await sweep(simulation.engine)).toMatchObject({ instances: 1 });
});
