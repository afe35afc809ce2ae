import { defaultSafety } from '../../src/domain/safety.ts';
import type { Held } from '../../src/domain/steps.ts';
import { inspectBatch } from '../../src/engine/inspect.ts';
import { type Operated, operated } from '../support/operated.ts';
import { plainStop } from '../support/plain-actions.ts';
import { enforcing, policyFor } from '../support/policies.ts';
import { settled, untagged } from '../support/world.ts';

const requiredTags = policyFor('required-tags', { keys: [{ key: 'Owner' }] });
const stopUntagged = enforcing(requiredTags, plainStop);
const keep = { tags: { Keep: 'yes' } };

/** Looks at an instance for the first time, and lets tags be set right before it is looked at for the last time. */
async function lookedAt(world: Operated, tags: Readonly<Record<string, string>>) {
  const { sandbox, engine } = world.simulation;
  const { events, instances } = sandbox.account.launch({ ...untagged, at: settled });
  const id = instances[0]?.InstanceId ?? '';
  const [, running] = events;
  let looks = 0;
  const aws: typeof sandbox.aws = (operation, input) => {
    if (operation === 'ec2:DescribeInstances' && ++looks === 2) sandbox.account.setTags(id, tags);
    return sandbox.aws(operation, input);
  };
  await inspectBatch({ ...engine, aws }, [{ id: 'm', body: JSON.stringify(running) }]);
  return { id, looks };
}

async function heldBackIn(world: Operated): Promise<readonly (Held | undefined)[]> {
  return (await world.findings()).flatMap(({ steps = [] }) => steps.map(({ held }) => held));
}

test.each([
  ['it complies', stopUntagged, defaultSafety, { Owner: 'jane' }, []],
  ['it is protected', stopUntagged, { ...defaultSafety, protected: keep }, { Keep: 'yes' }, ['protected']],
  [
    'it has left enforce.match',
    { ...stopUntagged, enforce: { match: { not: keep } } },
    defaultSafety,
    { Keep: 'yes' },
    ['scope'],
  ],
])('nothing is done where %s by then, though the same was planned', async (_, policy, safety, tags, held) => {
  const world = operated([policy], safety);
  const { looks } = await lookedAt(world, tags);

  expect(looks).toBe(2);
  expect(world.changes()).toEqual([]);
  expect(await heldBackIn(world)).toEqual([undefined]);
  await world.happens();
  expect(world.changes()).toEqual([]);
  expect((await heldBackIn(world)).map((one) => one?.by)).toEqual(held);
});

test('what changes nothing of it changes nothing: it is done', async () => {
  const world = operated([stopUntagged], { ...defaultSafety, protected: keep });
  const { id } = await lookedAt(world, { Keep: 'no' });

  expect(world.changes()).toEqual([['ec2:StopInstances', { InstanceIds: [id] }]]);
});

test.each([
  ['match', { match: { launchedBy: ['*/jane'] } }],
  ['enforce.match', { enforce: { match: { launchedBy: ['*/jane'] } } }],
])('who launched it is known then, too: a %s by launchedBy holds', async (_, more) => {
  const policy = policyFor('required-tags', { keys: [{ key: 'Owner' }] }, more);
  const world = operated([enforcing(policy, plainStop)]);
  const { sandbox, engine } = world.simulation;
  const { events, instances } = sandbox.account.launch({ ...untagged, at: settled });
  await inspectBatch(
    engine,
    events.map((event, index) => ({ id: `${index}`, body: JSON.stringify(event) })),
  );

  expect(world.changes()).toEqual([['ec2:StopInstances', { InstanceIds: [instances[0]?.InstanceId] }]]);
});
