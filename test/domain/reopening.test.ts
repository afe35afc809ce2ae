import type { Finding, Look } from '../../src/domain/finding.ts';
import { graceFrom } from '../../src/domain/reopening.ts';
import { cannotSay, complies, doesNotApply, isExempt, iso, look, recordOf, violates } from './looks.ts';

const DAY = 24 * 60;

function findingAfter(...looks: readonly Look[]): Finding {
  const [finding] = recordOf(looks).findings;
  if (finding === undefined) throw new Error('no finding');
  return finding;
}

/** An exemption that ends with the day of the first look. */
const today = { ...violates, exempt: { reason: 'bastion, SEC-41', until: '2026-03-02' } };
const yesterday = { ...violates, exempt: { reason: 'bastion, SEC-41', until: '2026-03-01' } };
const edited = {
  ...violates,
  policy: { ...violates.policy, source: { ...violates.policy.source, hash: 'ba9876543210' } },
};

describe('what opens again', () => {
  test('says when it first opened, how often, and when it last ended', () => {
    const looks = [
      look(0, [violates]),
      look(5, [complies]),
      look(60, [violates]),
      look(90, [complies]),
      look(95, [violates]),
    ];

    expect(findingAfter(...looks)).toMatchObject({
      status: 'open',
      openedAt: iso(95),
      earlier: { firstOpenedAt: iso(0), openings: 2, endedAt: iso(90) },
    });
    expect(graceFrom(findingAfter(...looks))).toBe(iso(0));
  });

  test('says so for as long as it is open, and when it is resolved', () => {
    const looks = [look(0, [violates]), look(5, [complies]), look(9, [violates])];
    const earlier = { firstOpenedAt: iso(0), openings: 1, endedAt: iso(5) };

    expect(findingAfter(...looks, look(10, [{ ...violates, reason: 'other' }]))).toMatchObject({
      openedAt: iso(9),
      earlier,
    });
    expect(findingAfter(...looks, look(10, [complies]))).toMatchObject({ closedAs: 'resolved', earlier });
  });

  test('is new after seven days', () => {
    const looks = [look(0, [violates]), look(5, [complies])];

    expect(findingAfter(...looks, look(7 * DAY + 4, [violates])).earlier?.firstOpenedAt).toBe(iso(0));
    expect(findingAfter(...looks, look(7 * DAY + 5, [violates]))).not.toHaveProperty('earlier');
  });

  test('is remembered from its last end, not from its first', () => {
    const looks = [0, 5, 10, 15].flatMap((days) => [look(days * DAY, [violates]), look(days * DAY + 1, [complies])]);

    expect(findingAfter(...looks, look(20 * DAY, [violates])).earlier).toEqual({
      firstOpenedAt: iso(0),
      openings: 4,
      endedAt: iso(15 * DAY + 1),
    });
  });

  test('opens once, however often a look comes', () => {
    const looks = [look(0, [violates]), look(5, [complies]), look(9, [violates])];
    const twice = looks.flatMap((one) => [one, one]);

    expect(recordOf(twice).findings).toEqual(recordOf(looks).findings);
  });

  test('does not begin its clock earlier when looks arrive in another order', () => {
    const [first, second, third] = [look(0, [violates]), look(5, [complies]), look(9, [violates])];

    expect(graceFrom(findingAfter(third, first, second))).toBe(iso(9));
    expect(graceFrom(findingAfter(first, third, second))).toBe(iso(0));
  });
});

describe('the clock', () => {
  const opened = look(0, [violates]);
  const again = look(3 * DAY, [violates]);

  test.each<[string, readonly Look[]]>([
    ['it complied', [opened, look(5, [complies]), again]],
    ['it did not apply', [opened, look(5, [doesNotApply]), again]],
    ['it was out of scope', [opened, look(5, []), again]],
    ['EC2 did not show the instance', [opened, look(5, [cannotSay], { gone: true }), again]],
    ['a tag met an exemption, and met it no more', [opened, look(5, [isExempt]), again]],
    ['it met one twice', [opened, look(5, [isExempt]), look(9, [violates]), look(12, [isExempt]), again]],
    [
      'it was exempt for longer than it is remembered',
      [look(-9 * DAY, [violates]), look(-8 * DAY, [isExempt]), look(5, [isExempt]), again],
    ],
    [
      'it complied, and then could not be said',
      [opened, look(5, [complies]), look(9, [cannotSay]), look(60, [cannotSay]), again],
    ],
    ['it was exempt, and then could not be said', [opened, look(5, [isExempt]), look(9, [cannotSay]), again]],
    ['it complied, and then was exempt', [opened, look(5, [complies]), look(9, [isExempt]), again]],
    ['it was exempt, and then complied', [opened, look(5, [isExempt]), look(9, [complies]), again]],
    ['it was opened by the end of an exemption before', [look(-DAY, [yesterday]), opened, look(5, [complies]), again]],
  ])('goes on where %s in between', (_, looks) => {
    const first = looks.find(
      ({ judgements: [one] }) => one?.compliance === 'NON_COMPLIANT' && one.exempt === undefined,
    );
    const finding = findingAfter(...looks);

    expect(finding).toMatchObject({ status: 'open', openedAt: iso(3 * DAY) });
    expect(graceFrom(finding)).toBe(first?.at.toISOString());
  });

  test.each<[string, readonly Look[]]>([
    ['an exemption has ended', [opened, look(5, [today]), again]],
    ['an exemption has ended that was there from the first', [look(5, [today]), again]],
    ['an exemption has ended while it could not be said', [opened, look(5, [today]), look(9, [cannotSay]), again]],
    ['the policy was edited, and exempts no longer', [opened, look(5, [isExempt]), look(3 * DAY, [edited])]],
    ['the policy was withdrawn', [opened, look(5, [], { deployed: new Set() }), again]],
    ['it never was open, and could not be said', [look(0, [cannotSay]), look(5, [complies]), again]],
    [
      'it was left unknown for longer than it is remembered',
      [opened, look(5, [complies]), look(9, [cannotSay]), look(8 * DAY, [cannotSay]), look(8 * DAY + 1, [violates])],
    ],
  ])('begins anew where %s', (_, looks) => {
    const finding = findingAfter(...looks);

    expect(finding.status).toBe('open');
    expect(finding).not.toHaveProperty('earlier');
    expect(graceFrom(finding)).toBe(looks.at(-1)?.at.toISOString());
  });

  test('begins anew for what was closed before there were origins', () => {
    const { findings, ...record } = recordOf([opened, look(5, [complies])]);
    const [{ origin: _, ...old }] = findings as [Finding];
    const [finding] = recordOf([again], { ...record, findings: [old] }).findings;

    expect(finding).toMatchObject({ status: 'open', openedAt: iso(3 * DAY) });
    expect(finding).not.toHaveProperty('earlier');
  });

  test('of what is open goes on from its opening', () => {
    expect(graceFrom(findingAfter(opened, look(60, [violates])))).toBe(iso(0));
  });
});

test('the end of an exemption by its last day is at midnight', () => {
  const midnight = 15 * 60;

  expect(findingAfter(look(-60, [violates]), look(0, [today]), look(midnight - 1, [violates]))).toHaveProperty(
    'earlier',
  );
  expect(findingAfter(look(-60, [violates]), look(0, [today]), look(midnight, [violates]))).not.toHaveProperty(
    'earlier',
  );
});
