import { type Look, reconcile, type SubjectRecord } from '../../src/domain/finding.ts';
import type { Origin } from '../../src/domain/origin.ts';
import {
  at,
  cannotSay,
  complies,
  doesNotApply,
  isExempt,
  judgement,
  look,
  permutations,
  recordOf,
  violates,
} from './looks.ts';

type Judgements = Parameters<typeof look>[1];

/** A look within ten minutes of the launch. */
function early(minutes: number, judgements: Judgements, more: Partial<Look> = {}): Look {
  return look(minutes, judgements, { atLaunch: true, ...more });
}

/** A look that EC2 does not show the instance to. */
function unseen(minutes: number): Look {
  const { instance: _instance, ...rest } = look(minutes, [cannotSay], { final: false });
  return rest;
}

function originAfter(looks: readonly Look[], from?: SubjectRecord): Origin | undefined {
  return recordOf(looks, from).findings.find(({ policy }) => policy === 'no-open-ssh')?.origin;
}

const otherwise = { ...violates, reason: 'port 22 is open to ::/0' };
const notYet = early(0, [cannotSay], { final: false });
const another = judgement('COMPLIANT', { name: 'required-tags' });

test.each<[string, readonly Look[], Origin]>([
  ['the first look', [early(0, [violates])], 'launch'],
  ['the first look, by a sweep', [early(0, [violates], { deferred: true })], 'launch'],
  ['the second, after one that could not say', [notYet, early(1, [violates])], 'launch'],
  ['the third, after two that could not say', [notYet, early(1, [cannotSay]), early(4, [violates])], 'launch'],
  ['the first that shows the instance', [unseen(0), early(1, [violates])], 'launch'],
  ['one after EC2 did not show what it had shown', [notYet, unseen(1), early(4, [violates])], 'launch'],
  ['one that could not say, ten minutes after the launch', [notYet, look(14, [violates])], 'drift'],
  ['the first look, and it is late', [look(14, [violates])], 'drift'],
  ['a look after one that complied', [early(0, [complies]), early(1, [violates])], 'drift'],
  [
    'a look after one that could not say and one that complied',
    [notYet, early(1, [complies]), early(4, [violates])],
    'drift',
  ],
  ['a look after one that did not apply', [early(0, [doesNotApply]), early(1, [violates])], 'drift'],
  ['a look after one outside the match', [early(0, [another]), early(1, [another, violates])], 'drift'],
  ['a look after one that was exempt', [early(0, [isExempt]), early(1, [violates])], 'drift'],
  ['the first look, silently', [early(0, [violates], { silent: true })], 'drift'],
  [
    'a look after a silent one that could not say',
    [early(0, [cannotSay], { silent: true }), early(1, [violates])],
    'drift',
  ],
  [
    'a policy that was deployed after the first look',
    [early(0, [], { deployed: new Set(['required-tags']) }), early(1, [violates])],
    'drift',
  ],
  ['a look after it was resolved', [early(0, [violates]), early(1, [complies]), early(2, [violates])], 'drift'],
  ['a look after it was exempted', [early(0, [violates]), early(1, [isExempt]), early(2, [violates])], 'drift'],
  ['a look after it left the match', [early(0, [violates]), early(1, []), early(2, [violates])], 'drift'],
  [
    'a look after it was taken for gone',
    [early(0, [violates]), early(1, [cannotSay], { gone: true }), early(2, [violates])],
    'drift',
  ],
  ['a look after a restart, of what was seen before', [look(-90, [complies]), look(0, [violates])], 'drift'],
])('a violation found by %s', (_, looks, expected) => {
  expect(originAfter(looks)).toBe(expected);
});

test.each<[string, readonly Look[]]>([
  ['later looks find it still', [early(0, [violates]), early(1, [violates]), look(90, [violates])]],
  ['it reads differently', [early(0, [violates]), look(90, [otherwise])]],
  ['a change is held back', [early(0, [violates]), early(0.5, [otherwise], { settled: false })]],
  ['it can not be said', [early(0, [violates]), look(90, [cannotSay]), look(91, [violates])]],
  ['it is resolved', [early(0, [violates]), look(90, [complies])]],
  ['it is exempted', [early(0, [violates]), look(90, [isExempt]), look(91, [isExempt])]],
])('launched stays launched when %s', (_, looks) => {
  expect(originAfter(looks)).toBe('launch');
});

test('drift stays drift at whatever looks follow', () => {
  expect(originAfter([early(0, [complies]), early(1, [violates]), early(2, [violates]), early(3, [otherwise])])).toBe(
    'drift',
  );
});

test('what was never open has none', () => {
  expect(recordOf([early(0, [isExempt])]).findings[0]).not.toHaveProperty('origin');
  expect(recordOf([look(0, [cannotSay])]).findings[0]).not.toHaveProperty('origin');
});

test('each policy goes its own way', () => {
  const tags = judgement('NON_COMPLIANT', { name: 'required-tags', reason: 'no Owner' });
  const record = recordOf([early(0, [cannotSay, another]), early(1, [violates, tags])]);

  expect(record.findings.map(({ policy, origin }) => `${policy} ${origin}`)).toEqual([
    'no-open-ssh launch',
    'required-tags drift',
  ]);
});

describe('the item', () => {
  test('names the policies that could not say yet, for as long as it matters', () => {
    const fields = (...looks: readonly Look[]) => recordOf(looks).undecidedSinceLaunch;

    expect(fields(early(0, [cannotSay, another]))).toEqual(['no-open-ssh']);
    expect(fields(early(0, [cannotSay]), unseen(1))).toEqual(['no-open-ssh']);
    expect(fields(early(0, [cannotSay]), early(1, [violates]))).toBeUndefined();
    expect(fields(early(0, [cannotSay]), look(14, [cannotSay]))).toBeUndefined();
  });

  test('of an instance that was seen before there were origins makes drift of what is found', () => {
    const { undecidedSinceLaunch: _, ...before } = recordOf([early(0, [cannotSay])]);

    expect(originAfter([early(1, [violates])], before)).toBe('drift');
  });

  test('with an open finding from before there were origins makes it drift', () => {
    const record = recordOf([early(0, [violates])]);
    const before = { ...record, findings: record.findings.map(({ origin: _origin, ...finding }) => finding) };

    expect(originAfter([early(1, [violates])], before)).toBe('drift');
  });
});

describe('the order in which looks arrive', () => {
  test.each<[string, readonly Look[], Origin]>([
    ['found by all', [early(0, [violates]), early(1, [violates]), early(2, [violates])], 'launch'],
    ['found when it could be said', [notYet, early(1, [cannotSay]), early(2, [violates])], 'launch'],
    ['not there at first', [early(0, [complies]), early(1, [cannotSay]), early(2, [violates])], 'drift'],
    ['mended in between', [early(0, [violates]), early(1, [complies]), early(2, [violates])], 'drift'],
    ['exempt in between', [early(0, [violates]), early(1, [isExempt]), early(2, [violates])], 'drift'],
    ['out of the match at first', [early(0, []), early(1, [violates]), early(2, [violates])], 'drift'],
    ['swept silently at first', [early(0, [violates], { silent: true }), early(1, [violates])], 'drift'],
    ['not shown at first', [unseen(0), early(1, [violates])], 'launch'],
  ])('does not change the origin of what was %s', (_, looks, expected) => {
    const orders = permutations(looks);

    expect(orders.map((order) => originAfter(order))).toEqual(orders.map(() => expected));
  });

  test('nor do looks that come twice', () => {
    const looks = [notYet, early(1, [violates]), early(2, [complies]), early(3, [violates])];
    const twice = looks.flatMap((one) => [one, one]);

    expect(recordOf(twice).findings).toEqual(recordOf(looks).findings);
    expect(originAfter([...looks, ...looks])).toBe('drift');
  });

  test('a late look that proves nothing is not written', () => {
    const record = recordOf([early(1, [violates])]);

    expect(reconcile(record, early(0, [cannotSay]))).toBeUndefined();
    expect(reconcile(record, unseen(0))).toBeUndefined();
  });

  test('a late look that proves a change writes that alone, and tells nothing', () => {
    const record = recordOf([early(1, [violates])]);
    const [finding] = record.findings;

    expect(reconcile(record, early(0, [complies]))).toEqual({
      record: { ...record, version: record.version + 1, findings: [{ ...finding, origin: 'drift' }] },
      toSend: [],
    });
  });

  test('a late look takes a policy from those that could not say', () => {
    const record = recordOf([early(1, [cannotSay]), early(0, [complies])]);

    expect(record).not.toHaveProperty('undecidedSinceLaunch');
    expect(record.observedAt).toBe(at(1).toISOString());
  });
});
