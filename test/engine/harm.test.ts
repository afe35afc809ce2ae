import type { Finding } from '../../src/domain/finding.ts';
import { isChanging } from '../../src/domain/operations.ts';
import { readAllRecords } from '../../src/engine/store.ts';
import { sweep } from '../../src/engine/sweep.ts';
import { plainStop } from '../support/plain-actions.ts';
import { enforcing, policyFor } from '../support/policies.ts';
import { good, start, told, world } from '../support/world.ts';

/** What tools of this kind have done to those who ran them: each is here as a story that ends otherwise. */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const requiredTags = policyFor('required-tags', { keys: [{ key: 'Owner' }] });
const stopUntagged = enforcing(requiredTags, plainStop);
const stopAfterAnHour = enforcing(requiredTags, plainStop, { afterMs: HOUR });
const untagged = { ...good, instance: { ...good.instance, Tags: [] } };
const settled = new Date(start.getTime() - 2 * MINUTE);

type World = ReturnType<typeof world>;

function enforced(...policies: readonly (typeof stopUntagged)[]): World {
  return world({ policies, pageSize: 'aws', enforcement: { isEnforcing: true } });
}

async function happens(simulation: World, events: readonly unknown[]): Promise<void> {
  for (const event of events) simulation.send(event);
  await simulation.runUntilQuiet(15 * MINUTE);
}

async function wait(simulation: World, milliseconds: number): Promise<void> {
  simulation.sandbox.advance(milliseconds);
  simulation.send({ kind: 'tick' });
  await simulation.runUntilQuiet(15 * MINUTE);
}

function stopped({ sandbox }: World): readonly string[] {
  return sandbox.calls.flatMap(({ operation, input, outcome }) =>
    isChanging(operation) && outcome === 'done' ? ((input as { InstanceIds?: string[] }).InstanceIds ?? []) : [],
  );
}

async function findingsOf({ engine }: World): Promise<readonly Finding[]> {
  return (await readAllRecords(engine)).flatMap(({ findings }) => findings);
}

test('tags that come a minute after the launch are waited for: nothing is stopped that has them', async () => {
  const simulation = enforced(stopUntagged);
  const { events } = simulation.sandbox.account.launch({ ...good, visibleAfterMs: { tags: 55_000 } });
  await happens(simulation, events);
  expect(stopped(simulation)).toEqual([]);
  expect(told(simulation)).toEqual([]);
});

test.each(['UnauthorizedOperation', 'RequestLimitExceeded', 'InternalError'])(
  'a read that ends with %s is no violation: nothing is stopped',
  async (error) => {
    const simulation = enforced(enforcing(policyFor('encrypted-volumes', {}), plainStop));
    simulation.sandbox.inject({ operation: 'ec2:DescribeVolumes', error, times: 'always' });
    await happens(simulation, simulation.sandbox.account.launch({ ...good, at: settled }).events);
    expect(stopped(simulation)).toEqual([]);
    expect((await findingsOf(simulation)).map(({ status }) => status)).toEqual(['unknown']);
  },
);

test('an instance that can not be stopped keeps no other from being stopped', async () => {
  const simulation = enforced(stopUntagged);
  const { account } = simulation.sandbox;
  const { events, instances } = account.launch({ ...untagged, count: 3, at: settled });
  const [first, ...others] = instances.map(({ InstanceId = '' }) => InstanceId);
  simulation.sandbox.inject({
    operation: 'ec2:StopInstances',
    error: 'IncorrectInstanceState',
    when: ({ InstanceIds }) => InstanceIds?.includes(first ?? '') === true,
  });
  await happens(
    simulation,
    events.filter((event) => (event.detail as { state?: string }).state === 'running'),
  );
  expect(stopped(simulation)).toEqual(expect.arrayContaining(others));
});

test('an instance that is still pending is not taken for stopped: it is stopped when it runs', async () => {
  const simulation = enforced(stopUntagged);
  const { account } = simulation.sandbox;
  const pending = { ...untagged, instance: { ...untagged.instance, State: { Name: 'pending' as const } } };
  const { instances } = account.launch({ ...pending, at: settled });
  const id = instances[0]?.InstanceId ?? '';
  simulation.send({
    kind: 'look',
    attempt: 0,
    queue: 'live',
    instances: [{ instanceId: id, cause: { key: 'k', text: 't' } }],
  });
  await simulation.runUntil(simulation.sandbox.now());
  const [finding] = await findingsOf(simulation);
  expect(finding?.steps?.[0]?.held).toEqual({
    by: 'refused',
    why: 'the instance is pending: stop is for one that is running',
  });
  expect(stopped(simulation)).toEqual([]);
});

test('a policy that is removed enforces no more, though an action of it was due', async () => {
  const simulation = enforced(stopAfterAnHour);
  await happens(simulation, simulation.sandbox.account.launch({ ...untagged, at: settled }).events);
  Object.assign(simulation.engine, { policies: [policyFor('encrypted-volumes', {})] });
  await wait(simulation, 2 * HOUR);
  expect(stopped(simulation)).toEqual([]);
  expect((await findingsOf(simulation)).map(({ closedAs }) => closedAs)).toEqual(['withdrawn']);
});

test('who owns the instance moves no deadline: taking a tag off and on again, or mending for a while', async () => {
  const simulation = enforced(enforcing(requiredTags, plainStop, { afterMs: 3 * HOUR, onDrift: true }));
  const { account } = simulation.sandbox;
  const { events, instances } = account.launch({ ...untagged, at: settled });
  const id = instances[0]?.InstanceId ?? '';
  await happens(simulation, events);
  simulation.sandbox.advance(HOUR);
  await happens(simulation, account.setTags(id, { Owner: 'jane', due: 'next year' }));
  simulation.sandbox.advance(HOUR);
  await happens(simulation, account.setTags(id, { Owner: null }));
  await wait(simulation, HOUR + MINUTE);
  expect(stopped(simulation)).toEqual([id]);
});

test('what the guardrail does itself sets nothing off: its own calls are dropped', async () => {
  const simulation = enforced(stopUntagged);
  await happens(simulation, simulation.sandbox.account.launch({ ...untagged, at: settled }).events);
  const before = simulation.sandbox.calls.length;
  for (let hours = 0; hours < 24; hours++) {
    simulation.sandbox.advance(HOUR);
    await sweep(simulation.engine);
    await simulation.runUntilQuiet(15 * MINUTE);
  }
  expect(stopped(simulation)).toHaveLength(1);
  expect(simulation.sandbox.calls.slice(before).filter(({ operation }) => isChanging(operation))).toEqual([]);
  expect(told(simulation).flat()).toEqual(['opened required-tags']);
});
