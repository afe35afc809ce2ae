import { readFileSync } from 'node:fs';
import { allNeeds, needSources } from '../../src/domain/needs.ts';
import { listenedTo } from '../../src/events/targets.ts';

/** Needs by the calls that change them, as the table of the page has them. */
const documented = Object.fromEntries(
  [...readFileSync('docs/events.md', 'utf8').matchAll(/^\| `(\w+)` \| ([^|]+) \|/gm)].map(
    ([, call = '', reads = '']) => [call, reads.split(', ')],
  ),
);

test('the page lists every call that can be listened to', () => {
  expect(Object.keys(documented)).toEqual(listenedTo);
});

test.each(listenedTo.filter((call) => call !== 'RunInstances'))('%s stands with what it changes', (call) => {
  const needs = allNeeds.filter((need) => (needSources[need].changedBy as readonly string[]).includes(call));

  expect([...(documented[call] ?? [])].sort()).toEqual([...needs].sort());
});
