import type { SendMessageCommandInput } from '@aws-sdk/client-sqs';
import { inspectBatch } from '../../src/engine/inspect.ts';
import { sweep } from '../../src/engine/sweep.ts';
import { stateChange } from '../../src/sandbox/events.ts';
import type { Fault } from '../../src/sandbox/faults.ts';
import { policyFor } from '../support/policies.ts';
import { bad, scope, start, told, world } from '../support/world.ts';

const HOUR = 3_600_000;
const policies = [policyFor('encrypted-volumes', {})];
const throttled: Fault = { operation: 'ec2:DescribeVolumes', error: 'RequestLimitExceeded', times: 'always' };

/** An account with one violating instance, which has settled. */
function settled(faults: readonly Fault[] = []) {
  const simulation = world({ policies, faults });
  const { instances, events } = simulation.sandbox.account.launch(bad);
  simulation.sandbox.advance(HOUR);
  const instanceId = instances[0]?.InstanceId ?? '';
  const running = stateChange(scope, { instanceId, state: 'running', at: start, id: 'event-1' });
  return { simulation, instanceId, running, events };
}

type Simulation = ReturnType<typeof settled>['simulation'];

/** What was sent to queues: which queue, and the message. */
function sent({ sandbox }: Simulation) {
  return sandbox.calls
    .filter((call) => call.operation === 'sqs:SendMessage')
    .map((call) => {
      const { QueueUrl = '', MessageBody = '', DelaySeconds } = call.input as SendMessageCommandInput;
      const { kind, attempt, queue } = JSON.parse(MessageBody) as Readonly<Record<string, unknown>>;
      return { to: QueueUrl.split('-').at(-1), delay: DelaySeconds, kind, attempt, queue };
    });
}

/** Messages as one batch, whatever queue they would come by. */
function batch(simulation: Simulation, ...bodies: readonly unknown[]) {
  const messages = bodies.map((body, index) => ({ id: `message-${index}`, body: JSON.stringify(body) }));
  return inspectBatch(simulation.engine, messages);
}

const lookOf = (instanceId: string, attempt: number, queue: 'live' | 'bulk') => ({
  kind: 'look',
  attempt,
  queue,
  instances: [{ instanceId, cause: { key: 'look-1', text: 'a look' } }],
});

/** What the first alert gives as its cause. */
function causeTold({ sandbox }: Simulation): string {
  const [published] = sandbox.account.published;
  return JSON.parse(JSON.parse(published?.message ?? '').sqs).cause.text;
}

test('what an event led to is looked at again through the live queue', async () => {
  const { simulation, running } = settled([throttled]);
  await batch(simulation, running);

  expect(sent(simulation)).toEqual([{ to: 'live', delay: 60, kind: 'look', attempt: 1, queue: 'live' }]);
});

test('what a sweep led to is looked at again through the bulk queue, each time', async () => {
  const { simulation } = settled([throttled]);
  await sweep(simulation.engine);
  await simulation.runUntilQuiet(180_000);

  expect(sent(simulation).slice(1)).toEqual([
    { to: 'bulk', delay: 60, kind: 'look', attempt: 1, queue: 'bulk' },
    { to: 'bulk', delay: 180, kind: 'look', attempt: 2, queue: 'bulk' },
    { to: 'bulk', delay: 600, kind: 'look', attempt: 3, queue: 'bulk' },
  ]);
});

test('what both an event and a sweep led to is looked at again through the live queue', async () => {
  const { simulation, instanceId, running } = settled([throttled]);
  await batch(simulation, lookOf(instanceId, 0, 'bulk'), running);

  expect(sent(simulation)).toEqual([{ to: 'live', delay: 60, kind: 'look', attempt: 1, queue: 'live' }]);
});

test('a new event begins the looks again anew', async () => {
  const { simulation, instanceId, running } = settled([throttled]);
  await batch(simulation, lookOf(instanceId, 3, 'live'), running);

  expect(sent(simulation)).toEqual([{ to: 'live', delay: 60, kind: 'look', attempt: 1, queue: 'live' }]);
});

test('a look again that can not be asked for fails the messages that led to it', async () => {
  const { simulation, running } = settled([throttled, { operation: 'sqs:SendMessage', error: 'ServiceUnavailable' }]);
  const report = await batch(simulation, running);

  expect(report).toMatchObject({ failed: ['message-0'], lookedAgain: 0 });
  expect(report.errors).toContainEqual(expect.stringContaining('ServiceUnavailable'));
});

test("the silence of a first sweep does not cover an event of the same batch, nor does it put off the event's alert", async () => {
  const { simulation, instanceId, running } = settled();
  const { sweepId } = await sweep(simulation.engine);
  const chunk = { kind: 'sweep', sweepId, chunk: 0, chunks: 1, silent: true, instanceIds: [instanceId] };
  await batch(simulation, chunk, running);

  // The summary of the sweep, which has no entries, comes after it.
  expect(told(simulation)).toEqual([['opened encrypted-volumes'], []]);
});

test.each([
  ['first', (events: readonly unknown[]) => events],
  ['last', (events: readonly unknown[]) => [...events].reverse()],
])('the record of a launch, which comes %s, tells the cause better than a change of state', async (_, order) => {
  const { simulation, events } = settled();
  await batch(simulation, ...order(events));

  expect(causeTold(simulation)).toMatch(/^launch r-/);
});

describe('a part of a sweep', () => {
  const swept = async (faults: readonly Fault[]) => {
    const { simulation, instanceId } = settled();
    const { sweepId } = await sweep(simulation.engine);
    for (const fault of faults) simulation.sandbox.inject(fault);
    const chunk = { kind: 'sweep', sweepId, chunk: 0, chunks: 1, silent: true, instanceIds: [instanceId] };
    return { simulation, report: await batch(simulation, chunk) };
  };

  it('that is done ends its sweep when it is the last', async () => {
    expect((await swept([])).report).toMatchObject({ failed: [], sweepsCompleted: 1 });
  });

  it('that comes twice in one batch is summed up once', async () => {
    const { simulation, instanceId } = settled();
    const { sweepId } = await sweep(simulation.engine);
    const chunk = { kind: 'sweep', sweepId, chunk: 0, chunks: 1, silent: true, instanceIds: [instanceId] };
    await batch(simulation, chunk, chunk);

    expect(simulation.sandbox.account.published).toHaveLength(1);
  });

  it('whose findings could not be written is not counted as done', async () => {
    const { simulation, report } = await swept([{ operation: 'dynamodb:PutItem', error: 'ThrottlingException' }]);

    expect(report).toMatchObject({ failed: ['message-0'], sweepsCompleted: 0 });
    expect(simulation.sandbox.calls.map((call) => call.operation)).not.toContain('dynamodb:UpdateItem');
    expect(told(simulation)).toEqual([]);
  });

  it.each(['dynamodb:UpdateItem', 'sns:Publish'] as const)('whose end %s fails comes again', async (operation) => {
    const { report } = await swept([{ operation, error: 'InternalErrorException' }]);

    expect(report).toMatchObject({
      failed: ['message-0'],
      errors: [expect.stringContaining('end of the sweep: InternalErrorException')],
      sweepsCompleted: 0,
    });
  });
});
