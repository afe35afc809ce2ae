import type { PutEventsCommandInput } from '@aws-sdk/client-eventbridge';
import type { Alert } from '../../src/domain/alert.ts';
import type { Json } from '../../src/domain/json.ts';
import { deliver, type Outgoing } from '../../src/engine/deliver.ts';
import { readRecords, writeRecord } from '../../src/engine/store.ts';
import type { Fault } from '../../src/sandbox/faults.ts';
import { alertOf, openSsh } from '../alerts/sample.ts';
import { callsSince, scope, world } from '../support/world.ts';

/** Instances that were written with an alert each, which is ours to send. */
async function written(count: number, faults: readonly Fault[] = [], evidence?: Json) {
  const { engine, sandbox } = world();
  const finding = evidence === undefined ? openSsh : { ...openSsh, evidence };
  const outgoing = Array.from({ length: count }, (_, index): Outgoing => {
    const id = `i-${index}`;
    const subject = { type: 'instance', id } as const;
    const alert: Alert = alertOf('opened', finding, {
      id: `a-${index}`,
      subject,
      instance: { instanceId: id, tags: {} },
    });
    const observedAt = '2026-03-02T09:16:00.000Z';
    const kept = { findings: [], outbox: [alert], expiresAt: '2026-04-01T09:16:00.000Z' };
    return { record: { subject, scope, version: 1, observedAt, ...kept }, toSend: [alert] };
  });
  for (const { record } of outgoing) await writeRecord(engine, record);
  for (const fault of faults) sandbox.inject(fault);
  return { engine, sandbox, outgoing };
}

/** What each instance's item still owes, and to which channel. */
async function owed({ engine, outgoing }: Awaited<ReturnType<typeof written>>) {
  const records = await readRecords(
    engine,
    outgoing.map(({ record }) => record.subject.id),
  );
  return [...records.values()].map((record) => record.outbox.map((alert) => alert.owes));
}

/** The entries of each PutEvents. */
function batches({ sandbox }: Awaited<ReturnType<typeof written>>) {
  return sandbox.calls
    .filter((call) => call.operation === 'events:PutEvents')
    .map((call) => (call.input as PutEventsCommandInput).Entries ?? []);
}

test('what every channel took is owed no more', async () => {
  const world = await written(2);

  expect(await deliver(world.engine, world.outgoing)).toEqual(new Map());
  expect(await owed(world)).toEqual([[], []]);
});

test('a PutEvents that throws has taken nothing: its alerts stay owed to EventBridge alone', async () => {
  const world = await written(2, [{ operation: 'events:PutEvents', error: 'InternalException' }]);
  const undelivered = await deliver(world.engine, world.outgoing);

  expect([...undelivered].map(([id, error]) => [id, error.name])).toEqual([
    ['i-0', 'InternalException'],
    ['i-1', 'InternalException'],
  ]);
  expect(await owed(world)).toEqual([[['eventbridge']], [['eventbridge']]]);
});

test('a PutEvents that throws leaves other calls of it alone', async () => {
  const world = await written(11, [{ operation: 'events:PutEvents', error: 'InternalException' }]);
  const undelivered = await deliver(world.engine, world.outgoing);

  expect([...undelivered.keys()]).toEqual(Array.from({ length: 10 }, (_, index) => `i-${index}`));
});

test('more than 10 events go in several calls', async () => {
  const world = await written(21);
  await deliver(world.engine, world.outgoing);

  expect(batches(world).map((entries) => entries.length)).toEqual([10, 10, 1]);
});

test('more than 256 KB of events go in several calls', async () => {
  const world = await written(5, [], { permissions: 'x'.repeat(100_000) });
  await deliver(world.engine, world.outgoing);

  expect(batches(world).map((entries) => entries.length)).toEqual([2, 2, 1]);
  const bytes = batches(world).map((entries) => Buffer.byteLength(entries.map((entry) => entry.Detail).join('')));
  expect(Math.max(...bytes)).toBeLessThanOrEqual(256 * 1024);
});

test('a mark that others are always ahead of is an error: the alert would come again', async () => {
  const world = await written(1, [
    { operation: 'dynamodb:PutItem', error: 'ConditionalCheckFailedException', times: 'always' },
  ]);
  const undelivered = await deliver(world.engine, world.outgoing);

  expect([...undelivered].map(([id, error]) => [id, error.name, error.message])).toEqual([
    ['i-0', 'Contended', 'i-0 was written by others 5 times'],
  ]);
  expect(await owed(world)).toEqual([[['sns', 'eventbridge']]]);
});

test('an item that went meanwhile needs no mark', async () => {
  const world = await written(1);
  world.sandbox.account.items.clear();

  expect(await deliver(world.engine, world.outgoing)).toEqual(new Map());
});

test('a mark is put over what another wrote meanwhile', async () => {
  const world = await written(1, [
    { operation: 'dynamodb:PutItem', error: 'ConditionalCheckFailedException', times: 4 },
  ]);

  expect(await deliver(world.engine, world.outgoing)).toEqual(new Map());
  expect(await owed(world)).toEqual([[]]);
});

test('without alerts nothing is called', async () => {
  const { engine, sandbox } = world();

  expect(await deliver(engine, [])).toEqual(new Map());
  expect(callsSince(sandbox.calls)).toEqual([]);
});
