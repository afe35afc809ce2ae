import type { Change } from '../../src/domain/alert.ts';
import type { Launch } from '../../src/domain/collected.ts';
import {
  type Finding,
  findingId,
  isLive,
  KEPT_MS,
  KEPT_WHEN_GONE_MS,
  type Look,
  reconcile,
  type SubjectRecord,
  wakesAt,
} from '../../src/domain/finding.ts';
import type { Judgement } from '../../src/domain/judge.ts';
import { claimOutbox, markDelivered } from '../../src/domain/outbox.ts';
import { REMEMBERED_MS } from '../../src/domain/reopening.ts';
import type { HeldBy } from '../../src/domain/steps.ts';
import { LEASE_MS } from '../../src/domain/time.ts';
import {
  at,
  cannotSay,
  complies,
  doesNotApply,
  enforced,
  isExempt,
  iso,
  judgement,
  look,
  mayStop,
  minute,
  permutations,
  reconciled,
  recordAfter,
  scope,
  start,
  stopPlan,
  subject,
  takenByAll,
  told,
  violates,
  violatesOtherwise,
} from './looks.ts';

/** What these looks tell, one after the other. */
function toldBy(...looks: readonly Look[]): readonly (readonly string[])[] {
  return looks.map((one, index) =>
    told(reconciled(index === 0 ? undefined : recordAfter(...looks.slice(0, index)), one)),
  );
}

const opened = ['alerts: opened no-open-ssh'];
const changed = ['alerts: changed no-open-ssh'];
const resolved = ['alerts: resolved no-open-ssh'];
const unknown = ['operations: insufficient-data no-open-ssh'];

describe('what is told, look by look', () => {
  test.each<[string, readonly Look[], readonly (readonly string[])[]]>([
    ['a violation opens once', [look(0, [violates]), look(1, [violates]), look(60, [violates])], [opened, [], []]],
    [
      'it changes once',
      [look(0, [violates]), look(1, [violatesOtherwise]), look(2, [violatesOtherwise])],
      [opened, changed, []],
    ],
    ['it resolves once', [look(0, [violates]), look(1, [complies]), look(2, [complies])], [opened, resolved, []]],
    ['what no longer applies is resolved', [look(0, [violates]), look(1, [doesNotApply])], [opened, resolved]],
    [
      'it opens anew after it was resolved',
      [look(0, [violates]), look(1, [complies]), look(2, [violates])],
      [opened, resolved, opened],
    ],
    [
      'nothing is said of what complies',
      [look(0, [complies]), look(1, [doesNotApply]), look(2, [complies])],
      [[], [], []],
    ],
    ['an exempt violation opens silently', [look(0, [isExempt]), look(1, [isExempt])], [[], []]],
    [
      'an exemption of an open violation is told once',
      [look(0, [violates]), look(1, [isExempt]), look(2, [isExempt])],
      [opened, ['alerts: exempted no-open-ssh'], []],
    ],
    ['the end of an exemption opens', [look(0, [isExempt]), look(1, [violates])], [[], opened]],
    ['an exempt violation that is mended is silent', [look(0, [isExempt]), look(1, [complies])], [[], []]],
    [
      'leaving the match of a policy is told once',
      [look(0, [violates]), look(1, []), look(2, [])],
      [opened, ['alerts: out-of-scope no-open-ssh'], []],
    ],
    [
      'and coming back opens',
      [look(0, [violates]), look(1, []), look(2, [violates])],
      [opened, ['alerts: out-of-scope no-open-ssh'], opened],
    ],
    [
      'a policy that is removed withdraws silently',
      [look(0, [violates]), look(1, [], { deployed: new Set(['required-tags']) })],
      [opened, []],
    ],
    ['termination is silent', [look(0, [violates]), look(1, [doesNotApply], { gone: true })], [opened, []]],
    [
      'so is an instance that EC2 no longer knows',
      [look(0, [violates]), look(1, [cannotSay], { gone: true })],
      [opened, []],
    ],
    ['so is one that no policy judges any more', [look(0, [violates]), look(1, [], { gone: true })], [opened, []]],
    ['a violation of what is gone does not open', [look(0, [violates], { gone: true })], [[]]],
    [
      'the first sweep opens silently, and later looks add nothing',
      [look(0, [violates], { silent: true }), look(1, [violates])],
      [[], []],
    ],
    [
      'what it opened is told when it resolves',
      [look(0, [violates], { silent: true }), look(1, [complies])],
      [[], resolved],
    ],
    ['and when it changes', [look(0, [violates], { silent: true }), look(1, [violatesOtherwise])], [[], changed]],
    [
      'what cannot be said is silent while further looks follow',
      [look(0, [cannotSay], { final: false }), look(1, [cannotSay], { final: false })],
      [[], []],
    ],
    [
      'then told to the operators once',
      [look(0, [cannotSay], { final: false }), look(1, [cannotSay]), look(2, [cannotSay])],
      [[], unknown, []],
    ],
    ['the first sweep does not tell it', [look(0, [cannotSay], { silent: true }), look(1, [cannotSay])], [[], []]],
    ['what could not be said and complies is silent', [look(0, [cannotSay]), look(1, [complies])], [unknown, []]],
    ['what could not be said and violates opens', [look(0, [cannotSay]), look(1, [violates])], [unknown, opened]],
    ['what could not be said and is exempt is silent', [look(0, [cannotSay]), look(1, [isExempt])], [unknown, []]],
    ['what could not be said and leaves the match is silent', [look(0, [cannotSay]), look(1, [])], [unknown, []]],
    [
      'an open violation stays open while it cannot be said',
      [look(0, [violates]), look(1, [cannotSay]), look(2, [violates])],
      [opened, [], []],
    ],
    [
      'and resolves afterwards',
      [look(0, [violates]), look(1, [cannotSay]), look(2, [complies])],
      [opened, [], resolved],
    ],
    [
      'what was resolved and cannot be said is told',
      [look(0, [violates]), look(1, [complies]), look(2, [cannotSay])],
      [opened, resolved, unknown],
    ],
    [
      'a change is held back until the launch has settled',
      [
        look(0, [violates], { settled: false }),
        look(0.5, [violatesOtherwise], { settled: false }),
        look(1, [violatesOtherwise]),
      ],
      [opened, [], changed],
    ],
    [
      'and forgotten if it went away by then',
      [
        look(0, [violates], { settled: false }),
        look(0.5, [violatesOtherwise], { settled: false }),
        look(1, [violates]),
      ],
      [opened, [], []],
    ],
    [
      'a cure is told before the launch has settled',
      [look(0, [violates], { settled: false }), look(0.5, [complies], { settled: false })],
      [opened, resolved],
    ],
  ])('%s', (_, looks, expected) => {
    expect(toldBy(...looks)).toEqual(expected);
  });
});

describe('what a finding becomes', () => {
  test('opens with all that the judgement says', () => {
    const evidence = { exposure: 'any' };

    expect(recordAfter(look(0, [{ ...violates, evidence }])).findings).toEqual([
      {
        id: findingId(scope, subject, 'no-open-ssh'),
        policy: 'no-open-ssh',
        description: 'SSH is reachable from the company network only.',
        rule: 'restricted-ingress',
        severity: 'critical',
        mode: 'observe',
        source: { file: 'policies/no-open-ssh/policy.yml', hash: '0123456789ab' },
        status: 'open',
        reason: 'port 22 is open to 0.0.0.0/0',
        fix: 'revoke sgr-1',
        evidence,
        origin: 'drift',
        openedAt: iso(0),
      },
    ]);
  });

  test.each<[string, readonly Look[], object]>([
    ['stays open since it opened', [look(0, [violates]), look(5, [violates])], { status: 'open', openedAt: iso(0) }],
    [
      'is open since it opened when it changes',
      [look(0, [violates]), look(5, [violatesOtherwise])],
      { status: 'open', openedAt: iso(0), reason: 'port 22 is open to ::/0', fix: 'revoke sgr-2' },
    ],
    [
      'keeps what was told while a change is held back',
      [look(0, [violates]), look(5, [violatesOtherwise], { settled: false })],
      { status: 'open', reason: 'port 22 is open to 0.0.0.0/0' },
    ],
    [
      'resolves with what it was',
      [look(0, [violates]), look(5, [complies])],
      {
        status: 'closed',
        closedAs: 'resolved',
        openedAt: iso(0),
        closedAt: iso(5),
        reason: 'port 22 is open to 0.0.0.0/0',
      },
    ],
    [
      'is resolved where it no longer applies',
      [look(0, [violates]), look(5, [doesNotApply])],
      { status: 'closed', closedAs: 'resolved' },
    ],
    [
      'opens anew with its own time',
      [look(0, [violates]), look(5, [complies]), look(9, [violates])],
      { status: 'open', openedAt: iso(9) },
    ],
    [
      'is closed as exempted',
      [look(0, [violates]), look(5, [isExempt])],
      {
        status: 'closed',
        closedAs: 'exempted',
        openedAt: iso(0),
        closedAt: iso(5),
        exempt: { reason: 'bastion, SEC-41', until: '2027-03-31' },
      },
    ],
    [
      'stays exempted since it was first seen',
      [look(0, [isExempt]), look(5, [isExempt])],
      { closedAs: 'exempted', openedAt: iso(0), closedAt: iso(5) },
    ],
    [
      'is exempted anew after it was resolved',
      [look(0, [violates]), look(5, [complies]), look(9, [isExempt])],
      { closedAs: 'exempted', openedAt: iso(9), closedAt: iso(9) },
    ],
    [
      'loses its exemption when it opens',
      [look(0, [isExempt]), look(5, [violates])],
      { status: 'open', openedAt: iso(5) },
    ],
    [
      'is closed as out of scope',
      [look(0, [violates]), look(5, [])],
      { status: 'closed', closedAs: 'out-of-scope', closedAt: iso(5) },
    ],
    [
      'is closed as withdrawn',
      [look(0, [violates]), look(5, [], { deployed: new Set() })],
      { status: 'closed', closedAs: 'withdrawn', closedAt: iso(5) },
    ],
    [
      'is closed as gone',
      [look(0, [violates]), look(5, [doesNotApply], { gone: true })],
      { status: 'closed', closedAs: 'gone', closedAt: iso(5) },
    ],
    [
      'is closed as gone without a judgement',
      [look(0, [violates]), look(5, [], { gone: true })],
      { status: 'closed', closedAs: 'gone' },
    ],
    [
      'stays as it ended when the instance goes',
      [look(0, [violates]), look(5, [complies]), look(9, [doesNotApply], { gone: true })],
      { closedAs: 'resolved', closedAt: iso(5) },
    ],
    [
      'stays as it ended when its policy goes',
      [look(0, [violates]), look(5, [complies]), look(9, [], { deployed: new Set() })],
      { closedAs: 'resolved', closedAt: iso(5) },
    ],
    [
      'is unknown since it could not be said',
      [look(0, [cannotSay]), look(5, [cannotSay])],
      {
        status: 'unknown',
        openedAt: iso(0),
        reason: 'security group sg-1: denied',
        missing: [{ what: 'security group sg-1', why: 'denied' }],
      },
    ],
    [
      'is open since the violation was seen, not since it could not be said',
      [look(0, [cannotSay]), look(5, [violates])],
      { status: 'open', openedAt: iso(5) },
    ],
    [
      'stays open with what was told while it cannot be said',
      [look(0, [violates]), look(5, [cannotSay])],
      { status: 'open', reason: 'port 22 is open to 0.0.0.0/0' },
    ],
  ])('%s', (_, looks, expected) => {
    const { findings } = recordAfter(...looks);

    expect(findings).toEqual([expect.objectContaining(expected)]);
  });

  test.each([
    ['no longer exempt', [look(0, [isExempt]), look(5, [violates])], 'exempt'],
    ['open again', [look(0, [violates]), look(5, [complies]), look(9, [violates])], 'closedAt'],
    ['known again', [look(0, [cannotSay]), look(5, [violates])], 'missing'],
  ])('says nothing of the past when it is %s', (_, looks, field) => {
    expect(recordAfter(...looks).findings[0]).not.toHaveProperty(field);
  });

  test('is not there for what complies, or is not yet said', () => {
    expect(
      recordAfter(look(0, [complies, judgement('INSUFFICIENT_DATA', { name: 'required-tags' })], { final: false }))
        .findings,
    ).toEqual([]);
  });

  test('follows its policy: severity, text and file are those of the last look', () => {
    const severer = judgement('NON_COMPLIANT', { severity: 'low', reason: violates.reason });
    const record = recordAfter(look(0, [violates]), look(5, [severer]));

    expect(record.findings).toEqual([expect.objectContaining({ severity: 'low', openedAt: iso(0) })]);
  });

  test('is remembered for seven days after its end', () => {
    const end = REMEMBERED_MS / minute + 5;
    const looks = [look(0, [violates]), look(5, [complies])];

    expect(recordAfter(...looks, look(end - 1, [complies])).findings).toHaveLength(1);
    expect(recordAfter(...looks, look(end, [complies])).findings).toEqual([]);
  });

  test('of each policy goes its own way', () => {
    const tags = (compliance: Judgement['compliance']) =>
      judgement(compliance, { name: 'required-tags', severity: 'low', reason: 'x' });
    const record = recordAfter(look(0, [violates, tags('NON_COMPLIANT')]), look(5, [complies, tags('NON_COMPLIANT')]));

    expect(record.findings.map(({ policy, status }) => `${policy} ${status}`)).toEqual([
      'no-open-ssh closed',
      'required-tags open',
    ]);
  });
});

describe('the id of a finding', () => {
  const id = findingId(scope, subject, 'no-open-ssh');

  test('is the same whenever it opens', () => {
    expect(id).toMatch(/^f-[0-9a-f]{12}$/);
    expect(recordAfter(look(0, [violates]), look(1, [complies]), look(2, [violates])).findings[0]?.id).toBe(id);
  });

  test.each([
    ['account', findingId({ ...scope, accountId: '210987654321' }, subject, 'no-open-ssh')],
    ['Region', findingId({ ...scope, region: 'eu-west-1' }, subject, 'no-open-ssh')],
    ['subject', findingId(scope, { ...subject, id: 'i-1' }, 'no-open-ssh')],
    ['policy', findingId(scope, subject, 'required-tags')],
  ])('is another for another %s', (_, other) => {
    expect(other).not.toBe(id);
  });
});

describe('late and duplicate looks', () => {
  test('an older look says nothing any more', () => {
    expect(reconcile(recordAfter(look(5, [complies])), look(4, [violates]))).toBeUndefined();
  });

  test('whatever the order in which looks arrive, the end is that of the newest', () => {
    const looks = [look(0, [violates]), look(1, [violatesOtherwise]), look(2, [complies])];
    const ends = permutations(looks).map((order) => {
      let record: SubjectRecord | undefined;
      for (const one of order) record = reconcile(record, one)?.record ?? record;
      return record?.findings.filter((finding) => finding.status !== 'closed');
    });

    expect(ends).toEqual([[], [], [], [], [], []]);
  });

  test('the same look again changes no finding and tells nothing', () => {
    const first = reconciled(undefined, look(0, [violates, cannotSayOf('required-tags')]));
    const again = reconciled(first.record, look(0, [violates, cannotSayOf('required-tags')]));

    expect(again.record.findings).toEqual(first.record.findings);
    expect(again.record.outbox).toEqual(first.record.outbox);
    expect(again.toSend).toEqual([]);
  });

  test('a look that is told twice is told under the same id', () => {
    const [first] = reconciled(undefined, look(0, [violates])).toSend;
    const [again] = reconciled(undefined, look(0, [violates])).toSend;
    const [later] = reconciled(undefined, look(1, [violates])).toSend;

    expect(first?.id).toMatch(/^a-[0-9a-f]{12}$/);
    expect(again).toEqual(first);
    expect(later?.id).not.toBe(first?.id);
  });
});

describe('the launch', () => {
  const launch: Launch = { launcher: { name: 'jane' }, requestTags: [] };

  test('that is learned later is no change', () => {
    const result = reconciled(recordAfter(look(0, [violates])), look(1, [violates], { launch }));

    expect(result.record.launch).toEqual(launch);
    expect(result.toSend).toEqual([]);
  });

  test('stays known', () => {
    expect(recordAfter(look(0, [complies], { launch }), look(1, [complies])).launch).toEqual(launch);
  });

  test('is kept from a late look, which otherwise says nothing', () => {
    const record = recordAfter(look(5, [complies]));

    expect(reconcile(record, look(4, [violates], { launch }))).toEqual({
      record: { ...record, version: record.version + 1, launch },
      toSend: [],
    });
  });

  test('of a late look does not replace one that is known', () => {
    const record = recordAfter(look(5, [complies], { launch }));

    expect(
      reconcile(record, look(4, [violates], { launch: { ...launch, launcher: { name: 'joe' } } })),
    ).toBeUndefined();
  });
});

describe('an alert', () => {
  test('tells of all that one look found, most severe first, and says of what and why it was looked', () => {
    const tags = judgement('NON_COMPLIANT', { name: 'required-tags', severity: 'low', reason: 'no Owner' });
    const { toSend, record } = reconciled(undefined, look(0, [tags, violates]));

    expect(toSend).toEqual([
      {
        id: expect.stringMatching(/^a-/),
        topic: 'alerts',
        owes: ['sns', 'eventbridge'],
        scope,
        subject,
        instance: { instanceId: subject.id, tags: { Name: 'web-1' } },
        cause: { key: 'sweep:1', text: 'hourly sweep' },
        observedAt: iso(0),
        entries: [
          { change: 'opened', finding: record.findings[1] },
          { change: 'opened', finding: record.findings[0] },
        ],
      },
    ]);
  });

  test('to the operators is another than that to those who run instances', () => {
    const { toSend } = reconciled(undefined, look(0, [violates, cannotSayOf('required-tags')]));

    expect(told({ toSend, record: recordAfter(look(0, [])) })).toEqual([
      'alerts: opened no-open-ssh',
      'operations: insufficient-data required-tags',
    ]);
    expect(new Set(toSend.map((alert) => alert.id)).size).toBe(2);
  });

  test('tells of different changes together', () => {
    const ip = (compliance: Judgement['compliance']) =>
      judgement(compliance, { name: 'no-public-ip', severity: 'high', reason: 'x' });
    const record = recordAfter(look(0, [violates, ip('COMPLIANT')]));
    const [alert] = reconciled(record, look(1, [complies, ip('NON_COMPLIANT')])).toSend;
    const changes: readonly Change[] | undefined = alert?.entries.map((entry) => entry.change);

    expect(changes).toEqual(['resolved', 'opened']);
  });
});

describe('the outbox', () => {
  const first = reconciled(undefined, look(0, [violates]));
  const lease = LEASE_MS / minute;

  test('is written with the finding that it tells of, and leased to the writer', () => {
    expect(first.record.outbox).toEqual(first.toSend);
    expect(first.record.outboxLeasedUntil).toBe(iso(lease));
  });

  test('is left to its sender while the lease runs', () => {
    const second = reconciled(first.record, look(lease - 0.1, [violates]));

    expect(second.toSend).toEqual([]);
    expect(second.record.outbox).toEqual(first.toSend);
    expect(second.record.outboxLeasedUntil).toBe(iso(lease));
  });

  test('is taken up by the next look once the lease has run out', () => {
    const second = reconciled(first.record, look(lease, [violates]));

    expect(second.toSend).toEqual(first.toSend);
    expect(second.record.outboxLeasedUntil).toBe(iso(2 * lease));
  });

  test('grows by what another look tells meanwhile, which that one sends', () => {
    const second = reconciled(first.record, look(1, [complies]));

    expect(told(second)).toEqual(resolved);
    expect(second.record.outbox).toEqual([...first.toSend, ...second.toSend]);
  });

  test('is emptied of what was sent, and of its lease with the last', () => {
    const second = reconciled(first.record, look(1, [complies]));
    const half = markDelivered(second.record, takenByAll(first.toSend));
    const done = markDelivered(half, takenByAll(second.toSend));

    expect(half.outbox).toEqual(second.toSend);
    expect(half.outboxLeasedUntil).toBe(second.record.outboxLeasedUntil);
    expect(done.outbox).toEqual([]);
    expect(done).not.toHaveProperty('outboxLeasedUntil');
    expect([first.record.version, second.record.version, half.version, done.version]).toEqual([1, 2, 3, 4]);
  });

  test('keeps an alert for the channel that has not taken it, and for that one alone', () => {
    const [alert] = first.toSend;
    const rest = markDelivered(first.record, new Map([[alert?.id ?? '', new Set(['sns'] as const)]]));

    expect(alert?.owes).toEqual(['sns', 'eventbridge']);
    expect(rest.outbox).toEqual([{ ...alert, owes: ['eventbridge'] }]);
  });

  test('of what is gone is still sent', () => {
    const gone = reconciled(first.record, look(lease, [doesNotApply], { gone: true }));

    expect(gone.toSend).toEqual(first.toSend);
  });
});

describe('a look of a sweep', () => {
  const swept = reconciled(undefined, look(0, [violates], { deferred: true }));

  test('leaves its alert in the outbox, for whoever ends the sweep', () => {
    expect(swept.toSend).toEqual([]);
    expect(swept.record.outbox).toHaveLength(1);
    expect(claimOutbox(swept.record, at(1))?.toSend).toEqual(swept.record.outbox);
  });

  test('leaves it to the next look, too, whichever comes first', () => {
    expect(reconciled(swept.record, look(1, [violates])).toSend).toEqual(swept.record.outbox);
  });

  test('can not be claimed twice', () => {
    const claimed = claimOutbox(swept.record, at(1));
    expect(claimed?.record.version).toBe(swept.record.version + 1);
    expect(claimed && claimOutbox(claimed.record, at(2))).toBeUndefined();
    expect(claimed && claimOutbox(claimed.record, at(5))?.toSend).toEqual(swept.record.outbox);
  });

  test('owes nothing where nothing changed', () => {
    expect(claimOutbox(recordAfter(look(0, [complies])), at(1))).toBeUndefined();
  });
});

describe('the baseline of a policy that enforces', () => {
  const unswept = new Set(['no-open-ssh']);
  const notSaid = { ...cannotSay, policy: enforced.policy };
  const mended = { ...complies, policy: enforced.policy };

  test.each<[string, readonly Look[]]>([
    ['what is found before a sweep has looked at everything', [look(0, [enforced], { unswept })]],
    ['as long as it stands', [look(0, [enforced], { unswept }), look(60, [enforced]), look(120, [enforced])]],
    [
      'also when it reads otherwise',
      [look(0, [enforced], { unswept }), look(60, [{ ...enforced, reason: violatesOtherwise.reason }])],
    ],
    ['while it can not be said', [look(0, [enforced], { unswept }), look(60, [notSaid])]],
    [
      'what reopens before that sweep',
      [look(0, [enforced], { unswept }), look(5, [mended], { unswept }), look(9, [enforced], { unswept })],
    ],
    ['what the first sweep finds, which is silent', [look(0, [enforced], { silent: true })]],
    [
      'what the first sweep finds within ten minutes of the launch',
      [look(0, [enforced], { silent: true, atLaunch: true })],
    ],
    [
      'what could not be said until that sweep was over, however long',
      [look(0, [notSaid], { unswept }), look(60, [notSaid]), look(120, [enforced])],
    ],
  ])('is %s', (_, looks) => {
    expect(recordAfter(...looks).findings[0]).toHaveProperty('isBaseline', true);
  });

  test.each<[string, readonly Look[]]>([
    ['what opens after that sweep', [look(0, [mended], { unswept }), look(60, [enforced])]],
    ['what came with a launch', [look(0, [enforced], { unswept, atLaunch: true })]],
    ['what another policy finds', [look(0, [enforced], { unswept: new Set(['required-tags']) })]],
    ['what a policy finds that observes', [look(0, [violates], { unswept })]],
    [
      'what could not be said, and complied before it opened',
      [look(0, [notSaid], { unswept }), look(60, [mended]), look(120, [enforced])],
    ],
    [
      'what goes on from an opening that was none of it',
      [look(0, [enforced]), look(5, [mended]), look(9, [enforced], { unswept })],
    ],
    [
      'what was of it, was mended and opens after that sweep',
      [look(0, [enforced], { unswept }), look(5, [mended]), look(60, [enforced])],
    ],
  ])('is not %s', (_, looks) => {
    expect(recordAfter(...looks).findings[0]).toMatchObject({
      policy: 'no-open-ssh',
      openedAt: looks.at(-1)?.at.toISOString(),
    });
    expect(recordAfter(...looks).findings[0]).not.toHaveProperty('isBaseline');
  });

  test.each<[HeldBy, boolean]>([
    ['mode', true],
    ['deployment', true],
    ['scope', true],
    ['protected', true],
    ['paused', false],
  ])('is what stood when nothing kept the policy out any more by %s: %p', (by, expected) => {
    const held = { by, why: 'it was' };
    const before = new Map([['no-open-ssh', mayStop({ held })]]);
    const free = new Map([['no-open-ssh', mayStop()]]);
    const [finding] = recordAfter(
      look(0, [enforced], { enforcement: before, atLaunch: true }),
      look(60, [enforced], { enforcement: free }),
      look(61, [enforced], { enforcement: free }),
    ).findings;

    expect(finding?.isBaseline).toBe(expected || undefined);
    expect(finding?.steps?.map((step) => step.held?.by ?? step.dueAt)).toEqual([expected ? 'baseline' : iso(0)]);
  });
});

describe('what is done', () => {
  const enforcement = new Map([['no-open-ssh', mayStop()]]);
  const opening = look(0, [enforced], { enforcement, atLaunch: true });
  const undo = stopPlan.undo;

  /** The item with the action begun by whoever died then. */
  function begunAt(minutes: number): SubjectRecord {
    const begun = { at: iso(minutes), plan: stopPlan };
    const record = recordAfter(opening);
    const withBegun = ({ steps = [], ...finding }: Finding) => ({
      ...finding,
      steps: steps.map((step) => ({ ...step, begun })),
    });
    return { ...record, findings: record.findings.map(withBegun) };
  }

  const interrupted = { action: 'stop', at: iso(1), does: stopPlan.does, outcome: 'interrupted', calls: [], undo };

  test('and was interrupted is told once, and comes again', () => {
    const found = reconciled(begunAt(1), look(3, [enforced], { enforcement }));
    const sent = markDelivered(found.record, takenByAll(found.toSend));

    expect(told(found)).toEqual(['alerts: failed no-open-ssh']);
    expect(found.record.findings).toMatchObject([
      { acts: [interrupted], steps: [{ action: 'stop', planned: { plan: stopPlan }, dueAt: iso(0) }] },
    ]);
    expect(told(reconciled(sent, look(4, [enforced], { enforcement })))).toEqual([]);
  });

  test('is left to whoever is at it', () => {
    const found = reconciled(begunAt(2), look(3, [enforced], { enforcement }));

    expect(told(found)).toEqual([]);
    expect(found.record.findings[0]).not.toHaveProperty('acts');
    expect(found.record.findings[0]?.steps).toEqual([
      { action: 'stop', planned: { plan: stopPlan }, dueAt: iso(0), begun: { at: iso(2), plan: stopPlan } },
    ]);
  });

  test.each<[string, Look]>([
    ['resolved', look(1.5, [complies])],
    ['exempted', look(1.5, [isExempt])],
    ['gone', look(1.5, [], { gone: true })],
  ])('stays with what is %s, and what was begun may have been done', (closedAs, end) => {
    const [finding] = reconciled(begunAt(1), end).record.findings;

    expect(finding).toMatchObject({ closedAs, acts: [interrupted] });
    expect(finding).not.toHaveProperty('steps');
  });

  test('and was put back is done to the instance by no other policy', () => {
    const act = { action: 'stop', at: iso(1), does: stopPlan.does, outcome: 'done', calls: [], undo } as const;
    const record = recordAfter(opening);
    const before = {
      ...record,
      findings: record.findings.map((finding) => ({ ...finding, acts: [{ ...act, undoneAt: iso(5) }] })),
    };
    const other = { ...enforced, policy: { ...enforced.policy, name: 'required-tags' } };
    const both = new Map([...enforcement, ['required-tags', mayStop({}, { onDrift: true })]]);
    const { findings } = reconciled(before, look(9, [complies, other], { enforcement: both })).record;

    expect(findings.map(({ policy, status, steps }) => [policy, status, steps?.[0]?.held?.by])).toEqual([
      ['no-open-ssh', 'closed', undefined],
      ['required-tags', 'open', 'undone'],
    ]);
  });
});

describe('what comes by time alone', () => {
  const DAY = 24 * 60;
  const reminding: Judgement = {
    ...violates,
    policy: { ...violates.policy, actions: [{ id: 'notify', afterMs: [0, DAY * minute, 2 * DAY * minute] }] },
  };
  const opening = look(0, [reminding]);
  const reminder = ['alerts: reminder no-open-ssh'];

  test('is told when its time has come, and never by a sweep that is silent', () => {
    expect(toldBy(opening, look(DAY, [reminding]), look(DAY + 1, [reminding]))).toEqual([opened, reminder, []]);
    expect(
      toldBy(opening, look(DAY, [reminding], { silent: true }), look(DAY + 1, [reminding]), look(2 * DAY, [reminding])),
    ).toEqual([opened, [], [], reminder]);
  });

  test('wakes the item when the first of it comes', () => {
    const other = { ...reminding, policy: { ...reminding.policy, name: 'required-tags' } };

    expect(wakesAt(recordAfter(opening))).toBe(iso(DAY));
    expect(wakesAt(recordAfter(opening, look(60, [reminding, other])))).toBe(iso(DAY));
    expect(wakesAt(recordAfter(opening, look(DAY, [reminding])))).toBe(iso(2 * DAY));
    expect(wakesAt(recordAfter(opening, look(2 * DAY, [reminding])))).toBeUndefined();
  });

  test.each<[string, Look]>([
    ['resolved', look(5, [complies])],
    ['exempted', look(5, [isExempt])],
    ['out-of-scope', look(5, [])],
    ['withdrawn', look(5, [], { deployed: new Set() })],
    ['gone', look(5, [], { gone: true })],
  ])('does not wake what is %s', (closedAs, end) => {
    const record = recordAfter(opening, end);

    expect(record.findings).toMatchObject([{ status: 'closed', closedAs }]);
    expect(record.findings[0]).not.toHaveProperty('wakeAt');
    expect(wakesAt(record)).toBeUndefined();
  });

  test('does not wake what has ended, though its item says when', () => {
    const { findings, ...record } = recordAfter(opening, look(5, [complies]));

    expect(
      wakesAt({ ...record, findings: findings.map((finding) => ({ ...finding, wakeAt: iso(DAY) })) }),
    ).toBeUndefined();
  });

  test('is tried ten minutes later where nothing could be said', () => {
    expect(wakesAt(recordAfter(opening, look(DAY, [cannotSay])))).toBe(iso(DAY + 10));
    expect(wakesAt(recordAfter(opening, look(DAY - 1, [cannotSay])))).toBe(iso(DAY));
  });
});

describe('what is stored', () => {
  test('is bounded, whatever a rule says: long texts are cut, and lists of the evidence keep their beginning', () => {
    const permissions = Array.from({ length: 5_000 }, (_, index) => ({ source: `10.0.${index}.0/24` }));
    const long = judgement('NON_COMPLIANT', {
      reason: 'r'.repeat(100_000),
      fix: 'f'.repeat(100_000),
      evidence: { exposure: 'any', permissions },
    });
    const [finding] = recordAfter(look(0, [long])).findings;
    expect(finding?.reason).toHaveLength(4_001);
    expect(finding?.fix).toHaveLength(4_001);
    expect(finding?.evidence).toEqual({ exposure: 'any', permissions: permissions.slice(0, 20), omitted: true });
  });
});

describe('the item', () => {
  test('of what complies holds when it was looked at and whose it is, and nothing else', () => {
    expect(recordAfter(look(0, [complies]))).toEqual({
      subject,
      scope,
      version: 2,
      observedAt: iso(0),
      expiresAt: new Date(start + KEPT_MS).toISOString(),
      instance: { instanceId: subject.id, tags: { Name: 'web-1' } },
      findings: [],
      outbox: [],
    });
  });

  test('of what is gone may be deleted after a day, of anything else after a month without a look', () => {
    expect(recordAfter(look(0, [violates]), look(5, [], { gone: true })).expiresAt).toBe(
      new Date(start + 5 * minute + KEPT_WHEN_GONE_MS).toISOString(),
    );
  });

  test('of what was never there may be deleted as soon, and is no reason to look again', () => {
    const { instance: _, ...unseen } = look(0, [cannotSay]);
    const { record } = reconciled(undefined, unseen);
    expect(record.expiresAt).toBe(new Date(start + KEPT_WHEN_GONE_MS).toISOString());
    expect(isLive({ ...record, outbox: [] })).toBe(false);
  });

  test('remembers that a tag was seen', () => {
    expect(recordAfter(look(0, [complies], { tagsSeen: true }), look(1, [complies])).tagsSeen).toBe(true);
  });

  test('is left as it was given', () => {
    const record = Object.freeze(recordAfter(look(0, [violates])));
    const before = structuredClone(record);
    reconcile(record, look(1, [complies]));
    markDelivered(record, new Map());

    expect(record).toEqual(before);
  });
});

function cannotSayOf(name: string): Judgement {
  return judgement('INSUFFICIENT_DATA', {
    name,
    severity: 'low',
    reason: 'tags: denied',
    missing: [{ what: 'tags', why: 'denied' }],
  });
}
