import { sweep } from '../../src/engine/sweep.ts';
import type { Fault } from '../../src/sandbox/faults.ts';
import { policyFor } from '../support/policies.ts';
import { settle } from '../support/stories.ts';
import { exposed, openSsh, world } from '../support/world.ts';

const HOUR = 3_600_000;
const policies = [
  policyFor('required-tags', { keys: [{ key: 'Owner' }] }),
  policyFor('restricted-ingress', { ports: [22] }, { name: 'no-open-ssh' }),
];
const [ssh = {}] = openSsh.IpPermissions ?? [];

type World = ReturnType<typeof world>;

/** The hourly run, tried again as Lambda tries a failed one. */
async function sweepAndSettle(simulation: World): Promise<void> {
  simulation.sandbox.advance(HOUR);
  await sweep(simulation.engine).catch(async () => {
    simulation.sandbox.advance(60_000);
    await sweep(simulation.engine);
  });
  await settle(simulation);
}

/** A launch that breaks two policies, a first sweep, a fix that an event tells of, and one that none does. */
async function story(faults: readonly Fault[]): Promise<World> {
  const simulation = world({ policies, faults, pageSize: 'aws' });
  const { account } = simulation.sandbox;
  const { events, instances } = account.launch({ ...exposed, instance: { ...exposed.instance, Tags: [] } });
  for (const event of events) simulation.send(event);
  await settle(simulation);
  await sweepAndSettle(simulation);
  for (const event of account.setTags(instances[0]?.InstanceId ?? '', { Owner: 'jane' })) simulation.send(event);
  await settle(simulation);
  account.revokeIngress(openSsh.GroupId ?? '', ssh);
  for (let hour = 0; hour < 3; hour++) await sweepAndSettle(simulation);
  return simulation;
}

interface Content {
  readonly id: string;
  readonly kind: string;
  readonly entries?: readonly { readonly change: string; readonly finding: { readonly policy: string } }[];
}

/** What was told, each entry with its alert's id. */
function toldIn({ sandbox }: World): readonly { readonly id: string; readonly what: string }[] {
  return sandbox.account.published.flatMap(({ message }) => {
    const { id, kind, entries } = JSON.parse((JSON.parse(message) as { sqs: string }).sqs) as Content;
    if (entries === undefined) return [{ id: kind, what: kind }];
    return entries.map(({ change, finding }) => ({ id, what: `${change} ${finding.policy}` }));
  });
}

const expected = [
  'opened no-open-ssh',
  'opened required-tags',
  'resolved no-open-ssh',
  'resolved required-tags',
  'summary',
];

const sorted = (texts: readonly string[]) => [...new Set(texts)].sort();

test('nothing goes wrong: each is told once', async () => {
  expect(
    toldIn(await story([]))
      .map(({ what }) => what)
      .sort(),
  ).toEqual(expected);
});

test.each([
  ['is refused', false],
  ['takes effect, and its answer is lost', true],
])('whichever call %s, nothing is lost, and what comes twice has the same id', async (_, takesEffect) => {
  const calls = (await story([])).sandbox.calls.map((call) => call.operation);
  const seen = new Map<string, number>();
  expect(calls.length).toBeGreaterThan(50);
  for (const operation of calls) {
    const after = seen.get(operation) ?? 0;
    seen.set(operation, after + 1);
    const told = toldIn(await story([{ operation, after, error: 'InternalError', takesEffect } as Fault]));
    const where = `call ${after + 1} of ${operation}`;
    expect([where, sorted(told.map(({ what }) => what)).filter((what) => !what.startsWith('insufficient'))]).toEqual([
      where,
      expected,
    ]);
    for (const what of expected) {
      const ids = told.filter((one) => one.what === what).map(({ id }) => id);
      expect([where, what, new Set(ids).size]).toEqual([where, what, 1]);
      if (!takesEffect && operation !== 'dynamodb:PutItem') expect([where, what, ids.length]).toEqual([where, what, 1]);
    }
  }
});
