import { reconcile, wakesAt } from '../../src/domain/finding.ts';
import { alertOf, claimOutbox } from '../../src/domain/outbox.ts';
import { at, cannotSay, complies, iso, look, permutations, recordOf, scope, subject, violates } from './looks.ts';

/** Kept, until ten minutes later by the clock. */
const untilTen = { ...complies, nextChangeAt: iso(10) };
const untilTwenty = { ...violates, nextChangeAt: iso(20) };

function findingOf(looks: Parameters<typeof recordOf>[0]) {
  const [finding] = recordOf(looks).findings;
  return finding;
}

describe('a violation is by the clock', () => {
  test.each([
    ['at the time that was foretold', [look(0, [untilTen]), look(10, [untilTwenty])]],
    ['later, since no look came before', [look(0, [untilTen]), look(14, [untilTwenty])]],
    ['later, since a look could not say', [look(0, [untilTen]), look(10, [cannotSay]), look(14, [untilTwenty])]],
  ])('%s', (_, looks) => {
    expect(findingOf(looks)?.origin).toBe('schedule');
  });

  test.each([
    ['a look that comes before the time', [look(0, [untilTen]), look(9, [violates])]],
    ['what nobody foretold', [look(0, [complies]), look(10, [untilTwenty])]],
    ['what came into the match since', [look(0, [untilTen]), look(5, []), look(10, [untilTwenty])]],
    ['the first look', [look(10, [untilTwenty])]],
  ])('and %s finds none', (_, looks) => {
    expect(findingOf(looks)?.origin).toBe('drift');
  });
});

test('it continues no earlier opening, and that it is over is not told', () => {
  const looks = [look(0, [untilTen]), look(10, [untilTwenty]), look(11, [{ ...complies, nextChangeAt: iso(20) }])];
  const resolved = recordOf(looks);
  expect(resolved.findings).toMatchObject([{ status: 'closed', closedAs: 'resolved' }]);
  expect(resolved.outbox.flatMap(({ entries }) => entries.map(({ change }) => change))).toEqual(['opened']);

  const again = recordOf([look(20, [{ ...violates, nextChangeAt: iso(30) }])], resolved);
  expect(again.findings[0]).toMatchObject({ origin: 'schedule', openedAt: iso(20) });
  expect(again.findings[0]).not.toHaveProperty('earlier');
});

test('the item wakes when time makes another verdict, and ten minutes after a look that could not say it', () => {
  expect(wakesAt(recordOf([look(0, [untilTen])]))).toBe(iso(10));
  expect(wakesAt(recordOf([look(0, [untilTen]), look(10, [cannotSay])]))).toBe(iso(20));
  expect(wakesAt(recordOf([look(0, [complies])]))).toBeUndefined();
});

test('it is told at the next quarter of an hour, by whichever look comes then, and by no sweep before', () => {
  const opened = reconcile(recordOf([look(0, [untilTen])]), look(10, [{ ...violates, nextChangeAt: iso(200) }]));
  expect(opened?.toSend).toEqual([]);
  expect(opened?.record.outbox).toMatchObject([{ notBefore: iso(15) }]);
  expect(opened && wakesAt(opened.record)).toBe(iso(15));
  expect(opened && claimOutbox(opened.record, at(14))).toBeUndefined();
  expect(opened && claimOutbox(opened.record, at(15))?.toSend).toHaveLength(1);

  const early = reconcile(opened?.record, look(14, [{ ...violates, nextChangeAt: iso(200) }]));
  expect(early?.toSend).toEqual([]);
  const due = reconcile(early?.record, look(15, [{ ...violates, nextChangeAt: iso(200) }]));
  expect(due?.toSend).toHaveLength(1);
});

test('what comes at the very quarter of an hour waits for the next, with what comes a minute later', () => {
  const opened = reconcile(
    recordOf([look(0, [{ ...complies, nextChangeAt: iso(15) }])]),
    look(15, [{ ...violates, nextChangeAt: iso(200) }]),
  );
  expect(opened?.record.outbox).toMatchObject([{ notBefore: iso(30) }]);
});

test('the item wakes ten minutes after what was to be sent, and no more when it was', () => {
  const later = { ...violates, nextChangeAt: iso(200) };
  const opened = reconcile(recordOf([look(0, [untilTen])]), look(10, [later]));
  const sending = reconcile(opened?.record, look(15, [later]));
  expect(sending?.record.outbox).toMatchObject([{ notBefore: iso(15) }]);
  expect(sending && wakesAt(sending.record)).toBe(iso(25));
  expect(sending && wakesAt({ ...sending.record, outbox: [] })).toBe(iso(200));
});

test.each([
  ['what was due at the look waits', iso(10), iso(15)],
  ['what is still to come does not', iso(11), undefined],
])('of what came by the clock, %s', (_, dueAt, notBefore) => {
  const [finding] = recordOf([look(0, [untilTen]), look(10, [untilTwenty])]).findings;
  if (finding === undefined) throw new Error('nothing was found');
  const steps = [{ action: 'stop', planned: { refused: 'not asked' }, dueAt }];
  const about = { scope: scope, subject: subject, instance: { instanceId: 'i-1', tags: {} } };
  const cause = { key: 'sweep:1', text: 'hourly sweep' };
  const [alert] = alertOf({ ...about, cause, observedAt: iso(10), topic: 'alerts', owes: ['sns'] }, [
    { change: 'opened', finding: { ...finding, steps } },
  ]);
  expect(alert?.notBefore).toBe(notBefore);
});

test('what waits goes out before what changed since, which waits for nothing', () => {
  const opened = reconcile(recordOf([look(0, [untilTen])]), look(10, [{ ...violates, nextChangeAt: iso(200) }]));
  const changed = reconcile(opened?.record, look(12, [{ ...violates, reason: 'another', nextChangeAt: iso(200) }]));
  expect(changed?.toSend.flatMap(({ entries }) => entries.map(({ change }) => change))).toEqual(['opened', 'changed']);
  expect(changed?.record.outbox.map(({ notBefore }) => notBefore)).toEqual([undefined, undefined]);
});

test('what is told together with something else waits for nothing', () => {
  const another = { ...violates, policy: { ...violates.policy, name: 'another' } };
  const opened = reconcile(recordOf([look(0, [untilTen])]), look(10, [untilTwenty, another]));
  expect(opened?.toSend).toHaveLength(1);
  expect(opened?.toSend[0]).not.toHaveProperty('notBefore');
});

test('a finding that was acted on is kept while more is foretold, and a week otherwise', () => {
  const days = (count: number) => count * 1440;
  const stopped = recordOf([look(0, [untilTen]), look(10, [untilTwenty])]);
  const acts = [{ action: 'stop', at: iso(10), does: 'stop', outcome: 'done', calls: [], undo: [] }] as const;
  const acted = { ...stopped, findings: stopped.findings.map((finding) => ({ ...finding, acts })) };
  const closed = recordOf([look(11, [{ ...complies, nextChangeAt: iso(days(20)) }])], acted);

  const foretold = [{ ...complies, nextChangeAt: iso(days(20)) }];
  const waits = recordOf([look(days(10), foretold)], closed);
  expect(waits.findings).toHaveLength(1);
  const { findings: _, ...rest } = closed;
  const untouched = { ...rest, findings: closed.findings.map(({ acts: __, ...finding }) => finding) };
  expect(recordOf([look(days(10), foretold)], untouched).findings).toEqual([]);
  const ofAnother = foretold.map((one) => ({ ...one, policy: { ...one.policy, name: 'another' } }));
  expect(recordOf([look(days(10), ofAnother)], closed).findings).toEqual([]);
  expect(recordOf([look(days(10), [complies])], closed).findings).toEqual([]);
});

test('looks that come in another order never make a violation of the launch or of a change one of the clock', () => {
  const looks = [look(0, [untilTen]), look(4, [violates]), look(6, [violates])];
  for (const order of permutations(looks)) {
    const origins = recordOf(order).findings.map(({ origin }) => origin);
    expect(origins.every((origin) => origin !== 'schedule')).toBe(true);
  }
});
