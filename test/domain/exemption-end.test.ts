import { dueWarning } from '../../src/domain/exemption-end.ts';
import { type Look, reconcile, type SubjectRecord } from '../../src/domain/finding.ts';
import { at, cannotSay, complies, judgement, look, minute, permutations, start, told, violates } from './looks.ts';

const DAY = 24 * 60;
const reason = 'bastion, SEC-41';

/** 20 days after the first look. */
const exempt = { ...violates, exempt: { reason, until: '2026-03-22' } };
const extended = { ...violates, exempt: { reason, until: '2026-06-30' } };

/** A look on that day of March. */
function onDay(day: number, judgements: Parameters<typeof look>[1], more: Partial<Look> = {}): Look {
  return look((day - 2) * DAY, judgements, more);
}

function following(...looks: readonly Look[]): {
  readonly record: SubjectRecord;
  readonly told: readonly (readonly string[])[];
} {
  let record: SubjectRecord | undefined;
  const words = looks.map((one) => {
    const result = reconcile(record, one);
    if (result === undefined) return [];
    record = { ...result.record, outbox: [] };
    return told(result);
  });
  if (record === undefined) throw new Error('no looks');
  return { record, told: words };
}

const ends = ['alerts: exemption-ends no-open-ssh'];
const opened = ['alerts: opened no-open-ssh'];
const exempted = ['alerts: exempted no-open-ssh'];

test.each([
  ['2026-03-07T23:59:59.999Z', undefined, undefined],
  ['2026-03-08T00:00:00Z', undefined, 14],
  ['2026-03-08T00:00:00Z', 14, undefined],
  ['2026-03-18T23:59:59.999Z', 14, undefined],
  ['2026-03-18T23:59:59.999Z', undefined, 14],
  ['2026-03-19T00:00:00Z', 14, 3],
  ['2026-03-19T00:00:00Z', undefined, 3],
  ['2026-03-22T23:59:59.999Z', 3, undefined],
  ['2026-03-22T23:59:59.999Z', 14, 3],
] as const)('at %s, told %s days before: %s', (now, warnedDays, expected) => {
  const told = warnedDays === undefined ? {} : { warnedDays };

  expect(dueWarning({ reason, until: '2026-03-22', ...told }, new Date(now))).toBe(expected);
});

describe('the end of an exemption', () => {
  test.each<[string, readonly Look[], readonly (readonly string[])[]]>([
    [
      'is told 14 days before, 3 days before, and when it has come',
      [2, 7, 8, 9, 18, 19, 20, 22]
        .map((day) => onDay(day, [exempt]))
        .concat(onDay(23, [violates]), onDay(24, [violates])),
      [[], [], ends, [], [], ends, [], [], opened, []],
    ],
    ['is told once where it is first seen near', [onDay(20, [exempt]), onDay(21, [exempt])], [ends, []]],
    [
      'is told by the second warning where no look came in time for the first',
      [onDay(2, [exempt]), onDay(20, [exempt]), onDay(21, [exempt])],
      [[], ends, []],
    ],
    ['is not told by the first sweep', [onDay(9, [exempt], { silent: true })], [[]]],
    [
      'and then by the next',
      [onDay(9, [exempt], { silent: true }), onDay(10, [exempt]), onDay(11, [exempt])],
      [[], ends, []],
    ],
    [
      'is told with the exemption where that is news, and not again',
      [onDay(9, [violates]), onDay(10, [exempt]), onDay(11, [exempt]), onDay(19, [exempt])],
      [opened, exempted, [], ends],
    ],
    [
      'is told anew when it has moved',
      [onDay(9, [exempt]), onDay(10, [extended]), look(106 * DAY, [extended]), look(107 * DAY, [extended])],
      [ends, [], ends, []],
    ],
    [
      'is told once though it could not be said in between',
      [onDay(9, [exempt]), onDay(10, [cannotSay]), onDay(11, [exempt])],
      [ends, ['operations: insufficient-data no-open-ssh'], []],
    ],
    [
      'is told once though a tag takes the instance out of it and back',
      [onDay(9, [exempt]), onDay(10, [violates]), onDay(11, [exempt]), onDay(12, [exempt])],
      [ends, opened, exempted, []],
    ],
    [
      'is told once though it complies in between',
      [onDay(9, [exempt]), onDay(10, [complies]), onDay(11, [exempt])],
      [ends, [], []],
    ],
    ['is not told of what complies', [onDay(9, [complies]), onDay(19, [complies])], [[], []]],
    [
      'that was mended is not told',
      [onDay(2, [exempt]), onDay(3, [complies]), onDay(9, [complies]), onDay(23, [complies])],
      [[], [], [], []],
    ],
  ])('%s', (_, looks, expected) => {
    expect(following(...looks).told).toEqual(expected);
  });

  test('is told to those who run instances, together with what else changed', () => {
    const tags = judgement('NON_COMPLIANT', { name: 'required-tags', severity: 'low', reason: 'no Owner' });

    expect(following(onDay(9, [exempt, tags])).told).toEqual([[...ends, 'alerts: opened required-tags']]);
  });

  test('is told once, in whatever order looks arrive and however often', () => {
    const looks = [onDay(8, [exempt]), onDay(9, [exempt]), onDay(10, [exempt])];
    for (const order of permutations(looks)) expect(following(...order, ...order).told.flat()).toEqual(ends);
  });

  test('stands in the item', () => {
    const [finding] = following(onDay(9, [exempt])).record.findings;

    expect(finding).toMatchObject({ closedAs: 'exempted', exempt: { reason, until: '2026-03-22', warnedDays: 14 } });
  });

  test('is told once of an item from before there were warnings', () => {
    const before = following(onDay(2, [exempt])).record;
    const first = reconcile(before, onDay(9, [exempt]));

    expect(before.findings[0]?.exempt).toEqual({ reason, until: '2026-03-22' });
    expect(first && told(first)).toEqual(ends);
  });
});

describe('what opens when an exemption no longer holds', () => {
  test('opens then, and says which exemption ended', () => {
    const [finding] = following(onDay(9, [exempt]), onDay(23, [violates]), onDay(24, [violates])).record.findings;

    expect(finding).toMatchObject({
      status: 'open',
      openedAt: at(21 * DAY).toISOString(),
      origin: 'drift',
      wasExempt: { reason, until: '2026-03-22' },
    });
    expect(finding).not.toHaveProperty('exempt');
    expect(finding).not.toHaveProperty('earlier');
  });

  test('says so though it could not be said in between', () => {
    const [finding] = following(onDay(9, [exempt]), onDay(22, [cannotSay]), onDay(23, [violates])).record.findings;

    expect(finding).toMatchObject({ status: 'open', wasExempt: { reason, until: '2026-03-22' } });
  });

  test('does not say so where it complied in between', () => {
    const [finding] = following(onDay(20, [exempt]), onDay(21, [complies]), onDay(23, [violates])).record.findings;

    expect(finding?.status).toBe('open');
    expect(finding).not.toHaveProperty('wasExempt');
  });
});

describe('an exempt violation that is no more', () => {
  test.each<[string, Look, string]>([
    ['complies', onDay(3, [complies]), 'resolved'],
    ['leaves the match', onDay(3, []), 'out-of-scope'],
    ['goes with its policy', onDay(3, [], { deployed: new Set() }), 'withdrawn'],
    ['goes with its instance', onDay(3, [], { gone: true }), 'gone'],
  ])('is closed without a word when it %s', (_, last, closedAs) => {
    const { record, told: words } = following(onDay(2, [exempt]), last);

    expect(words).toEqual([[], []]);
    expect(record.findings).toEqual([expect.objectContaining({ status: 'closed', closedAs })]);
    expect(record.findings[0]).not.toHaveProperty('exempt');
  });
});

test('the days of these tests are those of March', () => {
  expect(new Date(start + 20 * DAY * minute).toISOString()).toBe('2026-03-22T09:00:00.000Z');
});
