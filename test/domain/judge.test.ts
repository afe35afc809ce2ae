import { bind } from '../../src/domain/bind.ts';
import type { Missing } from '../../src/domain/facts.ts';
import { defaultNow, type Given, inspected } from '../../src/domain/given.ts';
import { hasEnded, judge, judgeUnseen, needsOf, needsOfRule } from '../../src/domain/judge.ts';
import { type BoundPolicy, type Exemption, type Match, notify } from '../../src/domain/policy.ts';
import { type AnyRule, defineRule } from '../../src/domain/rule.ts';
import {
  compliant,
  compliantWhateverIsMissing,
  insufficientData,
  notApplicable,
  type Verdict,
  violation,
} from '../../src/domain/verdict.ts';

const now = new Date(defaultNow);
const lostVolume: Given = { instance: { BlockDeviceMappings: [{ Ebs: { VolumeId: 'vol-1' } }] } };

/** A rule that always says the same. */
function saying(verdict: Verdict<{ level: number }>): AnyRule {
  return defineRule({
    id: 'fixed',
    summary: 'Whatever.',
    why: 'To test.',
    fix: 'General advice',
    parameters: (z) => z.strictObject({}),
    needs: ['volumes'],
    evaluate: () => verdict,
    bound: {
      schema: (z) => z.number(),
      within: (bound, evidence) => evidence.level <= Number(bound),
    },
    examples: [],
  });
}

interface Options {
  readonly match?: Match;
  readonly exempt?: readonly Exemption[];
}

function policy(rule: AnyRule, { match, exempt = [] }: Options = {}): BoundPolicy {
  return bind(
    {
      name: 'p',
      description: 'A policy.',
      severity: 'high',
      rule: rule.id,
      parameters: {},
      ...(match === undefined ? {} : { match }),
      exempt,
      mode: 'observe',
      actions: [notify],
      source: { file: 'policies/p/policy.yml', hash: '0123456789ab' },
    },
    rule,
  );
}

const broken = violation('it is broken', 'Mend it', { level: 2 });
const exemption = { match: { instanceIds: ['i-0123456789abcdef0'] }, reason: 'known', until: '2026-12-31' };

test('a violation has the reason, fix and evidence of the verdict, and JSON survives it', () => {
  const judgement = judge(policy(saying(broken)), inspected({}, now), now);

  expect(judgement).toMatchObject({
    subject: { type: 'instance', id: 'i-0123456789abcdef0' },
    instanceId: 'i-0123456789abcdef0',
    scope: { accountId: '123456789012', region: 'us-east-1' },
    compliance: 'NON_COMPLIANT',
    reason: 'it is broken',
    fix: 'Mend it',
    evidence: { level: 2 },
    missing: [],
  });
  expect(JSON.parse(JSON.stringify(judgement))).toEqual(judgement);
});

test('a judgement holds the policy without what was bound to it', () => {
  const judgement = judge(policy(saying(broken)), inspected({}, now), now);

  expect(Object.keys(judgement?.policy ?? {}).toSorted()).toEqual([
    'actions',
    'description',
    'exempt',
    'mode',
    'name',
    'parameters',
    'rule',
    'severity',
    'source',
  ]);
});

test('a pass says nothing and keeps its evidence', () => {
  expect(judge(policy(saying(compliant({ level: 0 }))), inspected({}, now), now)).toMatchObject({
    compliance: 'COMPLIANT',
    reason: '',
    fix: '',
    evidence: { level: 0 },
  });
});

test.each<[string, Verdict<{ level: number }>, string, string]>([
  ['a pass is not certain', compliant({ level: 0 }), 'INSUFFICIENT_DATA', 'volume vol-1: not found'],
  ['a pass that is certain stays', compliantWhateverIsMissing({ level: 0 }), 'COMPLIANT', ''],
  ['not applicable is not certain', notApplicable('nothing there'), 'INSUFFICIENT_DATA', 'volume vol-1: not found'],
  ['a violation stays', broken, 'NON_COMPLIANT', 'it is broken'],
  [
    'what is unknown anyway names its own',
    insufficientData([{ what: 'tags', why: 'not-yet' }]),
    'INSUFFICIENT_DATA',
    'tags: not settled yet',
  ],
])('over a missing need, %s', (_, verdict, compliance, reason) => {
  expect(judge(policy(saying(verdict)), inspected(lostVolume, now), now)).toMatchObject({ compliance, reason });
});

test('what is missing without being needed does not matter', () => {
  const unneeded: Given = { instance: { SecurityGroups: [{ GroupId: 'sg-1' }] } };

  expect(judge(policy(saying(compliant())), inspected(unneeded, now), now)?.compliance).toBe('COMPLIANT');
});

test('a pass that became unknown keeps its evidence, and advises on what is missing, not on a violation that nobody saw', () => {
  expect(judge(policy(saying(compliant({ level: 0 }))), inspected(lostVolume, now), now)).toMatchObject({
    evidence: { level: 0 },
    fix: 'nothing yet: the hourly sweep looks again. If it stays so, see what is missing.',
    missing: [{ what: 'volume vol-1', why: 'not-found' }],
  });
});

test('the same thing missing twice is told once', () => {
  const missing: Missing = { what: 'tags', why: 'denied', detail: 'UnauthorizedOperation' };
  const judgement = judge(policy(saying(insufficientData([missing, missing]))), inspected({}, now), now);

  expect(judgement?.reason).toBe('tags: denied (UnauthorizedOperation)');
});

test.each(['terminated', 'shutting-down'] as const)('no rule applies to an instance that is %s', (Name) => {
  expect(judge(policy(saying(broken)), inspected({ instance: { State: { Name } } }, now), now)).toMatchObject({
    compliance: 'NOT_APPLICABLE',
    reason: `instance is ${Name}`,
  });
});

test.each(['pending', 'stopping', 'stopped'] as const)('a rule applies to an instance that is %s', (Name) => {
  const judgement = judge(policy(saying(broken)), inspected({ instance: { State: { Name } } }, now), now);

  expect(judgement?.compliance).toBe('NON_COMPLIANT');
});

test('an instance outside the match is not evaluated', () => {
  expect(judge(policy(saying(broken), { match: { states: ['stopped'] } }), inspected({}, now), now)).toBeUndefined();
});

test('a match that can not be said makes the outcome unknown', () => {
  const justLaunched = new Date('2026-01-01T00:00:30Z');
  const bound = policy(saying(broken), { match: { tags: { Environment: 'prod' } } });

  expect(judge(bound, inspected({}, justLaunched), justLaunched)).toMatchObject({
    compliance: 'INSUFFICIENT_DATA',
    reason: 'tags: not settled yet',
  });
});

describe('an exemption', () => {
  function exempted(exempt: readonly Exemption[], at = now) {
    return judge(policy(saying(broken), { exempt }), inspected({}, at), at);
  }

  test('leaves the violation one, and says why', () => {
    expect(exempted([exemption])).toMatchObject({
      compliance: 'NON_COMPLIANT',
      reason: 'it is broken',
      exempt: { reason: 'known', until: '2026-12-31' },
    });
  });

  test('holds to the end of its last day, UTC', () => {
    expect(hasEnded(exemption, new Date('2026-12-31T23:59:59.999Z'))).toBe(false);
    expect(hasEnded(exemption, new Date('2027-01-01T00:00:00Z'))).toBe(true);
    expect(exempted([exemption], new Date('2027-01-01T00:00:00Z'))?.exempt).toBeUndefined();
  });

  test('of another instance does not hold', () => {
    expect(exempted([{ ...exemption, match: { instanceIds: ['i-1'] } }])?.exempt).toBeUndefined();
  });

  test('holds up to its bound', () => {
    expect(exempted([{ ...exemption, upTo: 2 }])?.exempt).toEqual({ reason: 'known', until: '2026-12-31' });
    expect(exempted([{ ...exemption, upTo: 1 }])?.exempt).toBeUndefined();
  });

  test('the first that holds is told', () => {
    expect(
      exempted([
        { ...exemption, upTo: 1, reason: 'bound' },
        { ...exemption, reason: 'second' },
      ])?.exempt?.reason,
    ).toBe('second');
  });

  test('of several that hold the one that ends last is told: only then the violation opens', () => {
    const several = [
      { ...exemption, reason: 'first' },
      { ...exemption, reason: 'longest', until: '2027-06-30' },
      { ...exemption, reason: 'as long', until: '2027-06-30' },
      { ...exemption, reason: 'another', until: '2027-12-31', match: { instanceIds: ['i-1'] } },
    ];

    expect(exempted(several)?.exempt).toEqual({ reason: 'longest', until: '2027-06-30' });
  });

  test('that can not be said makes the outcome unknown, and keeps the evidence', () => {
    expect(exempted([{ ...exemption, match: { launchedBy: ['jane'] } }])).toMatchObject({
      compliance: 'INSUFFICIENT_DATA',
      reason: 'launcher: not recorded',
      evidence: { level: 2 },
    });
  });

  test('that holds wins over one that can not be said', () => {
    const both = [{ ...exemption, match: { launchedBy: ['jane'] } }, exemption];

    expect(exempted(both)).toMatchObject({ compliance: 'NON_COMPLIANT', exempt: { reason: 'known' } });
  });

  test('of a pass is not told', () => {
    const bound = policy(saying(compliant()), { exempt: [exemption] });

    expect(judge(bound, inspected({}, now), now)?.exempt).toBeUndefined();
  });
});

test('an instance that EC2 does not show is unknown', () => {
  const missing: Missing = { what: 'instance i-1', why: 'not-found' };
  const scope = { accountId: '123456789012', region: 'eu-west-1' };

  expect(judgeUnseen(policy(saying(broken)), 'i-1', scope, missing)).toMatchObject({
    subject: { type: 'instance', id: 'i-1' },
    scope,
    compliance: 'INSUFFICIENT_DATA',
    reason: 'instance i-1: not found',
    fix: 'nothing yet: the hourly sweep looks again. If it stays so, see what is missing.',
    missing: [missing],
  });
});

test('needs of policies are told once, in the order of the table', () => {
  const policies = [
    policy(saying(broken), { match: { launchedBy: ['jane'], tags: { A: '*' } } }),
    policy(saying(broken), { match: { states: ['running'] } }),
  ];

  expect(needsOf(policies)).toEqual(['State', 'tags', 'volumes', 'launcher']);
});

test('needs of a rule may depend on its parameters', () => {
  const rule = { ...saying(broken), needs: ({ all }: { all: boolean }) => (all ? ['tags'] : []) } as AnyRule;

  expect(needsOfRule(rule, { all: true })).toEqual(['tags']);
  expect(needsOfRule(rule, { all: false })).toEqual([]);
});
