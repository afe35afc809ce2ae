import { contestedAmong, countContest } from '../../src/engine/contested.ts';
import { world } from '../support/world.ts';

const DAY = 24 * 60 * 60_000;
const at = new Date('2026-03-02T23:00:00Z');

/** Counts what was done so many times at a time. */
async function counted(what: readonly string[], times: number) {
  const { engine } = world({ policies: [], enforcement: { isEnforcing: true } });
  const plan = { does: 'it', calls: [], undo: [], concerns: [], contestable: what };
  for (let count = 0; count < times; count++) await countContest(engine, plan, at);
  return engine;
}

test.each([
  ['twice in a day', 2, 0, []],
  ['three times in a day', 3, 0, ['a']],
  ['three times on the day before', 3, DAY, ['a']],
  ['three times two days ago', 3, 2 * DAY, []],
] as const)('what was done %s', async (_, times, later, expected) => {
  const engine = await counted(['a'], times);

  expect([...(await contestedAmong(engine, ['a', 'b'], new Date(at.getTime() + later)))]).toEqual(expected);
});

test('as much as one look finds is asked for', async () => {
  const many = Array.from({ length: 120 }, (_, index) => `sg-1 tcp/22 from 192.0.2.${index}/32`);
  const engine = await counted(many.slice(100), 3);

  expect([...(await contestedAmong(engine, many, at))]).toEqual(many.slice(100));
});
