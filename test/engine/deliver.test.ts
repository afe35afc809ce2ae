import { setImmediate } from 'node:timers/promises';
import type { PutEventsCommandInput } from '@aws-sdk/client-eventbridge';
import type { Alert } from '../../src/domain/alert.ts';
import { groupedBy } from '../../src/domain/grouped.ts';
import type { Json } from '../../src/domain/json.ts';
import { deliver, type Outgoing } from '../../src/engine/deliver.ts';
import type { Engine } from '../../src/engine/deployment.ts';
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

test('what waited for the clock goes in one message of each topic', async () => {
  const world = await written(4);
  const waiting = world.outgoing.map((one, index) => ({
    ...one,
    toSend: one.toSend.map((alert) => ({
      ...alert,
      topic: index < 2 ? ('alerts' as const) : ('operations' as const),
      notBefore: '2026-03-02T09:30:00.000Z',
    })),
  }));
  await deliver(world.engine, waiting);

  const { alertsTopicArn, operationsTopicArn } = world.engine.deployment;
  const published = world.sandbox.account.published.map(({ topicArn, subject }) => [topicArn, subject]);
  const subject = '[CRITICAL] no-open-ssh: 2 instances in us-east-1, by the clock';
  expect(published).toHaveLength(2);
  expect(published).toEqual(
    expect.arrayContaining([
      [alertsTopicArn, subject],
      [operationsTopicArn, subject],
    ]),
  );
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

describe('alerts of one subject', () => {
  const causes = { first: 'c-first', second: 'c-second', third: 'c-third' } as const;
  type Told = readonly [subject: string, cause: keyof typeof causes];

  /** Items whose outboxes hold these alerts in order, sent while the calls of `slow` take longer than all others. */
  async function delivered(told: readonly Told[], slow: (sending: string) => boolean = () => false) {
    const { engine, sandbox } = world();
    const outgoing = [...groupedBy(told, ([subject]) => subject)].map(([id, own]): Outgoing => {
      const subject = { type: 'instance', id } as const;
      const alerts = own.map(([, cause]) =>
        alertOf('opened', openSsh, {
          id: `a-${id}-${cause}`,
          subject,
          instance: { instanceId: id, tags: {} },
          cause: { key: causes[cause], text: cause },
        }),
      );
      const kept = { findings: [], outbox: alerts, expiresAt: '2026-04-01T09:16:00.000Z' };
      return {
        record: { subject, scope, version: 1, observedAt: '2026-03-02T09:16:00.000Z', ...kept },
        toSend: alerts,
      };
    });
    for (const { record } of outgoing) await writeRecord(engine, record);
    const events: string[] = [];
    const aws: Engine['aws'] = async (operation, input) => {
      if (operation !== 'sns:Publish' && operation !== 'events:PutEvents') return engine.aws(operation, input);
      const channel = operation === 'sns:Publish' ? 'sns' : 'events';
      const alerts = told
        .filter(([id, cause]) => tells(input as object, `a-${id}-${cause}`))
        .map((one) => one.join(' '));
      const what = `${channel} ${alerts.join(', ')}`;
      events.push(`begins ${what}`);
      for (let turns = slow(what) ? 50 : 1; turns > 0; turns--) await setImmediate();
      const output = await engine.aws(operation, input);
      events.push(`ends ${what}`);
      return output;
    };
    const undelivered = await deliver({ ...engine, aws }, outgoing);
    return { events, undelivered, sandbox, engine, outgoing };
  }

  const tells = (input: object, alertId: string) => JSON.stringify(input).includes(alertId);
  const ofSns = (events: readonly string[]) => events.filter((event) => event.includes(' sns '));

  test('go out one after the other as they wait, and those of other subjects beside them', async () => {
    const { events, undelivered } = await delivered(
      [
        ['i-1', 'first'],
        ['i-1', 'second'],
        ['i-2', 'second'],
      ],
      (what) => what === 'sns i-1 first',
    );

    expect(undelivered).toEqual(new Map());
    expect(ofSns(events)).toEqual([
      'begins sns i-1 first',
      'begins sns i-2 second',
      'ends sns i-2 second',
      'ends sns i-1 first',
      'begins sns i-1 second',
      'ends sns i-1 second',
    ]);
  });

  test('keep their order where causes come crosswise', async () => {
    const { events } = await delivered([
      ['i-1', 'first'],
      ['i-1', 'second'],
      ['i-2', 'second'],
      ['i-2', 'first'],
    ]);
    const begun = ofSns(events).filter((event) => event.startsWith('begins'));

    for (const [subject, order] of [
      ['i-1', ['first', 'second']],
      ['i-2', ['second', 'first']],
    ] as const)
      expect(begun.filter((event) => event.includes(subject)).map((event) => event.split(' ').at(-1))).toEqual(order);
  });

  test('keep their order where one of them shares a message with others', async () => {
    const many = Array.from({ length: 11 }, (_, index): Told => [`i-${index}`, 'second']);
    const { events } = await delivered([['i-3', 'first'], ...many, ['i-3', 'third']], (what) => what.includes('first'));
    const begun = ofSns(events).filter((event) => event.startsWith('begins') && event.includes('i-3'));

    expect(begun).toEqual(['begins sns i-3 first', expect.stringContaining('i-3 second'), 'begins sns i-3 third']);
    expect(begun[1]?.split(',')).toHaveLength(11);
  });

  test('all go out where two messages each hold what comes before the other: then there is no order', async () => {
    const some = (from: number, causes: readonly [Told[1], Told[1]]) =>
      Array.from({ length: 6 }, (_, index) => causes.map((cause): Told => [`i-${from + index}`, cause])).flat();
    const { undelivered, sandbox } = await delivered([
      ...some(0, ['first', 'second']),
      ...some(6, ['second', 'first']),
    ]);

    expect(undelivered).toEqual(new Map());
    expect(sandbox.account.published).toHaveLength(2);
  });

  test('do not wait for one that is never taken', async () => {
    const world = await written(0, [{ operation: 'sns:Publish', error: 'InvalidParameter' }]);
    const told = alertOf('opened', openSsh, { cause: { key: 'c-1', text: 'one' } });
    const next: Alert = { ...told, id: 'a-next', cause: { key: 'c-2', text: 'two' } };
    const { subject } = told;
    const kept = { findings: [], outbox: [told, next], expiresAt: '2026-04-01T09:16:00.000Z' };
    const record = { subject, scope, version: 1, observedAt: told.observedAt, ...kept };
    await writeRecord(world.engine, record);

    expect([...(await deliver(world.engine, [{ record, toSend: [told, next] }])).keys()]).toEqual([subject.id]);
    expect(world.sandbox.account.published).toHaveLength(1);
    const [left] = [...(await readRecords(world.engine, [subject.id])).values()];
    expect(left?.outbox.map(({ id, owes }) => [id, owes])).toEqual([[told.id, ['sns']]]);
  });

  test('go to EventBridge in order, also where they need several calls', async () => {
    const told = Array.from({ length: 10 }, (_, index): Told => [`i-${index}`, 'first']);
    const { events } = await delivered([...told, ['i-9', 'second']], (what) => what.includes('first'));
    const ofEvents = events.filter((event) => event.includes(' events '));

    expect(ofEvents.map((event) => event.split(' ')[0])).toEqual(['begins', 'ends', 'begins', 'ends']);
  });
});

test('without alerts nothing is called', async () => {
  const { engine, sandbox } = world();

  expect(await deliver(engine, [])).toEqual(new Map());
  expect(callsSince(sandbox.calls)).toEqual([]);
});
