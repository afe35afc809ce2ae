import { actionKinds } from '../../src/domain/action.ts';
import {
  baselineTold,
  countedWithin,
  limitOf,
  noControls,
  noted,
  paused,
  promoted,
  resumed,
  swept,
  tripped,
  untoldTrips,
  whyStopped,
  withTrips,
} from '../../src/domain/controls.ts';
import type { Policy } from '../../src/domain/policy.ts';
import { defaultSafety } from '../../src/domain/safety.ts';
import { judgement } from './looks.ts';

const monday = '2026-03-02T09:00:00.000Z';
const tuesday = '2026-03-03T09:00:00.000Z';
const pause = { at: monday, reason: 'deploy' };
const trip = { at: monday, limit: 10 };
const stop = { id: 'stop', parameters: {}, afterMs: 0, onDrift: false } as const;
const policy: Policy = {
  ...judgement('NON_COMPLIANT').policy,
  mode: 'enforce',
  actions: [{ id: 'notify', afterMs: [0] }, stop],
};

describe('what stops an action', () => {
  test.each([
    ['nothing', noControls, undefined],
    ['a pause of all', paused(noControls, undefined, pause), 'paused'],
    ['a pause of its policy', paused(noControls, 'no-open-ssh', pause), 'paused'],
    ['a pause of another policy', paused(noControls, 'required-tags', pause), undefined],
    ['a limit of its kind', tripped(noControls, 'stop', trip), 'limit'],
    ['a limit of another kind', tripped(noControls, 'terminate', trip), undefined],
    [
      'nothing any more, when all is resumed',
      resumed(tripped(paused(noControls, undefined, pause), 'stop', trip), undefined, tuesday),
      undefined,
    ],
    [
      'a limit still, when its policy alone is resumed',
      resumed(tripped(noControls, 'stop', trip), 'no-open-ssh', tuesday),
      'limit',
    ],
    [
      'a pause of all still, when its policy alone is resumed',
      resumed(paused(noControls, undefined, pause), 'no-open-ssh', tuesday),
      'paused',
    ],
    [
      'nothing any more, when its policy is resumed',
      resumed(paused(noControls, 'no-open-ssh', pause), 'no-open-ssh', tuesday),
      undefined,
    ],
  ])('%s', (_, controls, by) => {
    expect(whyStopped(controls, 'no-open-ssh', 'stop')?.by).toBe(by);
  });
});

describe('what is enforced', () => {
  const first = noted(noControls, [policy], monday);

  test('is noted once, with the time of each action', () => {
    expect(first.policies['no-open-ssh']).toMatchObject({ since: monday, actions: { stop: monday } });
    expect(noted(first, [policy], tuesday)).toBe(first);
  });

  test('has a time of its own for an action that is added, and its baseline is told again', () => {
    const told = baselineTold(swept(first, monday, 40), 'no-open-ssh');
    const more = noted(told, [{ ...policy, actions: [...policy.actions, { ...stop, id: 'terminate' }] }], tuesday);
    expect(more.policies['no-open-ssh']?.actions).toEqual({ stop: monday, terminate: tuesday });
    expect(more.policies['no-open-ssh']?.isBaselineTold).toBeUndefined();
  });

  test.each<[string, Partial<Policy>]>([
    ['rule', { rule: 'required-tags' }],
    ['parameters', { parameters: { ports: [22, 3389] } }],
    ['match', { match: { regions: ['us-east-1'] } }],
    ['scope', { enforce: { match: { regions: ['us-east-1'] } } }],
  ])('has no baseline yet when its %s has changed', (_, change) => {
    const before = swept(first, monday, 40);
    expect(before.policies['no-open-ssh']?.sweptAt).toBe(monday);
    expect(noted(before, [{ ...policy, ...change }], tuesday).policies['no-open-ssh']).toMatchObject({
      since: tuesday,
    });
    expect(noted(before, [{ ...policy, ...change }], tuesday).policies['no-open-ssh']?.sweptAt).toBeUndefined();
  });

  test.each<[string, Partial<Policy>]>([
    ['description', { description: 'Another.' }],
    ['file', { source: { file: 'elsewhere', hash: 'ba9876543210' } }],
    ['exemptions', { exempt: [{ match: { instanceIds: ['i-1'] }, reason: 'x', until: '2027-01-01' }] }],
    [
      'grace',
      {
        actions: [
          { id: 'notify', afterMs: [0] },
          { ...stop, afterMs: 60_000 },
        ],
      },
    ],
  ])('keeps its baseline when its %s has changed', (_, change) => {
    expect(noted(first, [{ ...policy, ...change }], tuesday)).toBe(first);
  });

  test('begins anew when it was not enforced in between', () => {
    const between = noted(first, [], tuesday);
    expect(between.policies).toEqual({});
    expect(noted(between, [policy], tuesday).policies['no-open-ssh']?.since).toBe(tuesday);
  });

  test('has its baseline by a sweep that began after it was noted, and by no other', () => {
    const late = noted(noControls, [policy], tuesday);
    expect(swept(late, monday, 40).policies['no-open-ssh']?.sweptAt).toBeUndefined();
    expect(swept(late, tuesday, 40).policies['no-open-ssh']?.sweptAt).toBe(tuesday);
  });

  test('is promoted where it is known', () => {
    expect(promoted(first, 'no-open-ssh', tuesday)?.policies['no-open-ssh']?.promotedAt).toBe(tuesday);
    expect(promoted(first, 'no-open-rdp', tuesday)).toBeUndefined();
    const changed = noted(promoted(first, 'no-open-ssh', monday) ?? first, [{ ...policy, rule: 'x' }], tuesday);
    expect(changed.policies['no-open-ssh']?.promotedAt).toBe(monday);
  });
});

test.each([
  ['by count, before a sweep', undefined, 10],
  ['by per cent of a small account: three at least', 8, 3],
  ['by per cent of an empty account: three at least', 0, 3],
  ['by per cent, without what is begun: three', 79, 3],
  ['by per cent: four', 80, 4],
  ['by per cent', 100, 5],
  ['by count in a large account', 10_000, 10],
])('a limit is %s', (_, instances, limit) => {
  const controls = instances === undefined ? noControls : swept(noControls, monday, instances);
  expect(limitOf(defaultSafety, controls, 'stop')).toBe(limit);
});

test.each([
  [0, undefined],
  [0, 8],
  [0, 10_000],
  [2, 8],
  [2, 10_000],
])('a limit of %p by count is never more, in an account of %p', (count, instances) => {
  const perHour = { access: 10, stop: 10, terminate: count, schedule: 200 };
  const safety = { ...defaultSafety, limits: { ...defaultSafety.limits, perHour } };
  const controls = instances === undefined ? noControls : swept(noControls, monday, instances);
  expect(limitOf(safety, controls, 'terminate')).toBe(count);
});

test('a limit is that of its kind', () => {
  const perHour = { access: 30, stop: 20, terminate: 10, schedule: 500 };
  const safety = { ...defaultSafety, limits: { perHour, percent: 100 } };
  const controls = swept(noControls, monday, 1_000);
  expect(actionKinds.map((kind) => limitOf(safety, controls, kind))).toEqual([30, 20, 10, 500]);
});

test('what comes by the clock is meant for all at once: no percentage holds for it', () => {
  const controls = swept(noControls, monday, 100);
  expect(limitOf(defaultSafety, controls, 'stop')).toBe(5);
  expect(limitOf(defaultSafety, controls, 'schedule')).toBe(200);
});

test('a limit that was reached is told by one: whoever takes it on, and another when that one is late', () => {
  const reached = tripped(noControls, 'stop', trip);
  expect(tripped(reached, 'stop', { at: tuesday, limit: 5 })).toBe(reached);
  expect(untoldTrips(reached, monday)).toEqual([['stop', trip]]);
  const taken = withTrips(reached, ['stop'], { tellingUntil: '2026-03-02T09:02:00.000Z' });
  expect(untoldTrips(taken, '2026-03-02T09:01:59.000Z')).toEqual([]);
  expect(untoldTrips(taken, '2026-03-02T09:02:00.000Z')).toHaveLength(1);
  expect(untoldTrips(withTrips(taken, ['stop'], { isTold: true }), tuesday)).toEqual([]);
  expect(withTrips(noControls, ['stop'], { isTold: true })).toBe(noControls);
});

test('a limit counts by the hour of the clock, and anew from when it was lifted', () => {
  const at = new Date('2026-03-02T09:40:00.000Z');
  const lifted = resumed(tripped(noControls, 'stop', trip), undefined, '2026-03-02T09:30:00.000Z');
  expect(countedWithin(noControls, at)).toBe('2026-03-02T09');
  expect(countedWithin(lifted, at)).toBe('2026-03-02T09:30:00.000Z');
  expect(countedWithin(lifted, new Date('2026-03-02T10:00:00.000Z'))).toBe('2026-03-02T10');
  expect(resumed(paused(noControls, undefined, pause), undefined, monday)).not.toHaveProperty('countedFrom');
});
