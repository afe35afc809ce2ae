import type { Plan, Planned } from '../../src/domain/action.ts';
import type { Enforcement } from '../../src/domain/policy.ts';
import {
  type Act,
  type Enforceability,
  type HeldBy,
  interrupted,
  isDue,
  isLetIn,
  type Possible,
  type Promoted,
  type Step,
  stepsFor,
  withAct,
} from '../../src/domain/steps.ts';
import { at, iso } from './looks.ts';

const HOUR = 60;
const DAY = 24 * HOUR;
const plan: Plan = {
  does: 'stop i-1',
  calls: [{ operation: 'ec2:StopInstances', input: { InstanceIds: ['i-1'] } }],
  undo: [{ operation: 'ec2:StartInstances', input: { InstanceIds: ['i-1'] } }],
  concerns: [],
};
const planned: Planned = { plan };
const use: Enforcement = { id: 'stop', parameters: {}, afterMs: 0, onDrift: false };
const possible: Possible = { use, interrupts: true, planned, since: iso(-DAY) };
const swept: Enforceability = { actions: [possible] };
const finding = { openedAt: iso(0), origin: 'launch' } as const;
const allContested: Pick<Possible, 'planned'> = { planned: { refused: 'put back each time', contested: 'stop i-1' } };
const done: Act = { action: 'stop', at: iso(5), does: 'stop i-1', outcome: 'done', calls: [], undo: [] };
const contested: Act = { ...done, outcome: 'contested', detail: 'put back each time' };

function stepOf(
  of: Parameters<typeof stepsFor>[0],
  more: { readonly possible?: Partial<Possible>; readonly use?: Partial<Enforcement> } & Partial<Enforceability> = {},
  before: readonly Step[] = [],
  minutes = 10,
): Step | undefined {
  const { possible: part, use: useOf, ...rest } = more;
  const one = { ...possible, ...part, use: { ...use, ...useOf } };
  return stepsFor(of, before, { ...swept, ...rest, actions: [one] }, at(minutes))[0];
}

describe('an action comes', () => {
  test.each<[string, Parameters<typeof stepOf>, string]>([
    ['with the opening, where there is no grace', [finding], iso(0)],
    ['its grace after the opening', [finding, { use: { afterMs: 2 * HOUR * 60_000 } }], iso(2 * HOUR)],
    [
      'its grace after the first opening that this one continues',
      [
        { ...finding, origin: 'drift', earlier: { firstOpenedAt: iso(-HOUR), openings: 1, endedAt: iso(-5) } },
        { use: { afterMs: 2 * HOUR * 60_000, onDrift: true } },
      ],
      iso(HOUR),
    ],
    [
      'its grace after the promotion of what stood before',
      [
        { ...finding, openedAt: iso(-2 * DAY), origin: 'drift', isBaseline: true },
        { promotedAt: iso(3), use: { afterMs: HOUR * 60_000, onDrift: true } },
      ],
      iso(3 + HOUR),
    ],
    [
      'again, so long after it was done',
      [{ ...finding, acts: [done] }, { use: { againMs: HOUR * 60_000 } }],
      iso(5 + HOUR),
    ],
    [
      'again, not before the grace of a promotion that came since',
      [
        { ...finding, openedAt: iso(-2 * DAY), isBaseline: true, acts: [done] },
        { promotedAt: iso(30), use: { afterMs: 2 * HOUR * 60_000, againMs: HOUR * 60_000 } },
      ],
      iso(30 + 2 * HOUR),
    ],
    [
      'with the promotion, where it was enforced by then',
      [
        { ...finding, openedAt: iso(-2 * DAY) },
        { promotedAt: iso(-HOUR), possible: { since: iso(-HOUR) } },
      ],
      iso(-HOUR),
    ],
    [
      'where a person put back another action',
      [{ ...finding, undone: new Set(['terminate']), acts: [{ ...done, action: 'terminate', undoneAt: iso(6) }] }],
      iso(0),
    ],
    [
      'with its opening, where it was mended before it was enforced and opens again after that',
      [{ ...finding, earlier: { firstOpenedAt: iso(-2 * DAY), openings: 1, endedAt: iso(-5) } }],
      iso(-DAY),
    ],
    ['where it failed', [{ ...finding, acts: [{ ...done, outcome: 'failed' }] }], iso(0)],
    ['where it was done in an earlier opening', [{ ...finding, acts: [{ ...done, at: iso(-30) }] }], iso(0)],
    [
      'where it came by a change, and leaves the instance running',
      [{ ...finding, origin: 'drift' }, { possible: { interrupts: false } }],
      iso(0),
    ],
    [
      'where it was contested a day ago, though it stands since',
      [{ ...finding, acts: [{ ...done, at: iso(10 - DAY), outcome: 'contested' }] }],
      iso(0),
    ],
  ])('%s', (_, given, due) => {
    expect(stepOf(...given)).toEqual({ action: 'stop', planned, dueAt: due });
  });

  const partly: Pick<Possible, 'planned'> = { planned: { plan: { ...plan, contested: ['sg-1 tcp/22 from ::/0'] } } };
  const toldAt = (minute: number) => ({
    ...finding,
    acts: [{ ...done, at: iso(minute), outcome: 'contested' as const }],
  });

  test.each<[string, Parameters<typeof stepOf>[0], Pick<Possible, 'planned'>]>([
    ['to be told, where all of it is contested', finding, allContested],
    ['to be told once more, where that was told a day ago', toldAt(10 - DAY), allContested],
    [
      'to be told, where something else was told within the day',
      { ...finding, acts: [{ ...contested, detail: 'another' }] },
      allContested,
    ],
    ['to be told, where the rest was done before', { ...finding, acts: [done] }, allContested],
    ['where something is contested, and the rest is not', finding, partly],
    ['where something is contested, though it was told within the day', toldAt(5), partly],
    [
      'where something is contested, though it was done before: it can not end by that',
      { ...finding, acts: [done] },
      partly,
    ],
    ['where it is no longer contested, though it was told within the day', toldAt(5), { planned }],
  ])('%s', (_, of, given) => {
    expect(stepOf(of, { possible: given })).toEqual({ action: 'stop', ...given, dueAt: iso(0) });
  });
});

describe('what a pause or a limit alone holds back', () => {
  const paused = { by: 'paused', why: 'deploy' } as const;

  test.each(['paused', 'limit'] as const)('says when it comes without that: %s', (by) => {
    const stopped = { by, why: 'for now' };
    expect(stepOf(finding, { possible: { stopped } })).toEqual({
      action: 'stop',
      planned,
      held: stopped,
      ifResumed: stepOf(finding)?.dueAt,
    });
  });

  test('says nothing of the kind where something else would hold it back all the same', () => {
    for (const given of [
      stepOf({ ...finding, origin: 'drift' }, { possible: { stopped: paused } }),
      stepOf({ ...finding, isBaseline: true }, { possible: { stopped: paused } }),
      stepOf(finding, { held: { by: 'scope', why: 'outside' }, possible: { stopped: paused } }),
    ])
      expect(given).not.toHaveProperty('ifResumed');
  });
});

describe('an action is held back', () => {
  test.each<[string, Parameters<typeof stepOf>, string]>([
    ['by what holds all of the policy back', [finding, { held: { by: 'scope', why: 'outside' } }], 'scope'],
    ['by a pause', [finding, { possible: { stopped: { by: 'paused', why: 'deploy' } } }], 'paused'],
    ['where the violation stood before the policy was enforced', [{ ...finding, openedAt: iso(-2 * DAY) }], 'baseline'],
    ['where it was found before a sweep had looked at everything', [{ ...finding, isBaseline: true }], 'baseline'],
    [
      'where nobody knows since when it is enforced',
      [finding, { possible: { since: undefined } as never }],
      'baseline',
    ],
    [
      'where what opened after a promotion is of a new baseline',
      [{ ...finding, isBaseline: true }, { promotedAt: iso(-1) }],
      'baseline',
    ],
    [
      'where it was promoted before the action was added',
      [
        { ...finding, openedAt: iso(-2 * DAY) },
        { promotedAt: iso(-HOUR), possible: { since: iso(-HOUR + 1) } },
      ],
      'baseline',
    ],
    ['where a change after the launch brought it', [{ ...finding, origin: 'drift' }], 'drift'],
    ['where nobody knows how it came', [{ openedAt: iso(0) }], 'drift'],
    ['where it was done', [{ ...finding, acts: [done] }], 'done'],
    ['where it has no plan', [finding, { possible: { planned: { refused: 'stop protection is on' } } }], 'refused'],
    [
      'where all of it is contested, and that was told within the day',
      [{ ...finding, acts: [{ ...contested, at: iso(11 - DAY) }] }, { possible: allContested }],
      'contested',
    ],
    [
      'where all of it is contested, and it is paused',
      [finding, { possible: { ...allContested, stopped: { by: 'paused', why: 'deploy' } } }],
      'paused',
    ],
    [
      'where a person put it back, and all of it is contested',
      [{ ...finding, acts: [{ ...done, undoneAt: iso(6) }] }, { possible: allContested }],
      'undone',
    ],
    [
      'where a person put it back, also before it opened again',
      [{ ...finding, acts: [{ ...done, at: iso(-2 * DAY), undoneAt: iso(-DAY) }] }],
      'undone',
    ],
    [
      'where a person put it back, though it would be repeated',
      [{ ...finding, acts: [{ ...done, undoneAt: iso(6) }] }, { use: { againMs: 60_000 } }],
      'undone',
    ],
    ['where a person put back what another policy did', [{ ...finding, undone: new Set(['stop']) }], 'undone'],
  ])('%s', (_, given, by) => {
    const step = stepOf(...given);
    expect(step?.held?.by).toBe(by);
    expect(step?.dueAt).toBeUndefined();
  });
});

describe('what a promotion would make of the baseline', () => {
  const pause = { by: 'paused', why: 'deploy' } as const;
  const limit = { by: 'limit', why: 'the limit of 10 an hour was reached' } as const;

  test.each<[string, Parameters<typeof stepOf>[0], Parameters<typeof stepOf>[1], Promoted]>([
    ['comes its grace later', finding, {}, { afterMs: HOUR * 60_000 }],
    ['whether or not it is paused today', finding, { possible: { stopped: pause } }, { afterMs: HOUR * 60_000 }],
    ['or a limit was reached today', finding, { possible: { stopped: limit } }, { afterMs: HOUR * 60_000 }],
    [
      'does not come where something else holds it back',
      { ...finding, origin: 'drift' },
      { possible: { stopped: pause } },
      { by: 'drift', why: 'it came by a change after the launch, and the policy does not say onDrift' },
    ],
    [
      'does not come where it has no plan',
      finding,
      { possible: { planned: { refused: 'stop protection is on' } } },
      { by: 'refused', why: 'stop protection is on' },
    ],
  ])('%s', (_, of, more, ifPromoted) => {
    expect(stepOf({ ...of, openedAt: iso(-2 * DAY) }, { ...more, use: { afterMs: HOUR * 60_000 } })).toEqual({
      action: 'stop',
      planned: more?.possible?.planned ?? planned,
      held: {
        by: 'baseline',
        why: 'it stood before this was enforced, and is left alone until the policy is promoted',
      },
      ifPromoted,
    });
  });

  test('is not said of what has no baseline', () => {
    expect(stepOf(finding, { held: { by: 'mode', why: 'the policy observes' } })).toEqual({
      action: 'stop',
      planned,
      held: { by: 'mode', why: 'the policy observes' },
    });
  });
});

describe('a policy that was kept out is let in', () => {
  const held = (by: HeldBy): Step => ({ action: 'stop', planned, held: { by, why: 'it was' } });
  const free: Step = { action: 'stop', planned, dueAt: iso(0) };

  test.each<[HeldBy, boolean]>([
    ['mode', true],
    ['deployment', true],
    ['scope', true],
    ['protected', true],
    ['baseline', false],
    ['drift', false],
    ['paused', false],
    ['limit', false],
    ['refused', false],
    ['done', false],
    ['contested', false],
    ['undone', false],
  ])('by %s: %p', (by, expected) => {
    expect(isLetIn([held(by)], swept)).toBe(expected);
  });

  test.each<[string, readonly Step[], Enforceability, boolean]>([
    ['not while it still is', [held('mode')], { ...swept, held: { by: 'mode', why: 'the policy observes' } }, false],
    ['not while something else does', [held('mode')], { ...swept, held: { by: 'protected', why: 'it is' } }, false],
    ['not where it was free before', [free], swept, false],
    ['not where nothing was known before', [], swept, false],
    ['by what held back one of its actions', [free, { ...held('scope'), action: 'terminate' }], swept, true],
  ])('%s', (_, before, enforceability, expected) => {
    expect(isLetIn(before, enforceability)).toBe(expected);
  });
});

describe('an action behind another keeps its distance', () => {
  const terminate = { ...possible, use: { ...use, id: 'terminate', afterMs: 7 * DAY * 60_000 } };

  function dueOf(acts: readonly Act[], afterMs = HOUR * 60_000): string | undefined {
    const stop = { ...possible, use: { ...use, afterMs } };
    return stepsFor({ ...finding, acts }, [], { actions: [stop, terminate] }, at(11 * DAY))[1]?.dueAt;
  }

  test.each<[string, Parameters<typeof dueOf>, string]>([
    ['from when that one came late', [[{ ...done, at: iso(3 * DAY) }]], iso(3 * DAY + 7 * DAY - HOUR)],
    ['which is its own grace where that one came in time', [[{ ...done, at: iso(HOUR) }]], iso(7 * DAY)],
    [
      'from the last of them, where it is repeated',
      [
        [
          { ...done, at: iso(HOUR) },
          { ...done, at: iso(DAY) },
        ],
      ],
      iso(8 * DAY - HOUR),
    ],
    ['not where that one was not done', [[]], iso(7 * DAY)],
    ['not where that one failed', [[{ ...done, at: iso(3 * DAY), outcome: 'failed' }]], iso(7 * DAY)],
    ['not where it was done in an earlier opening', [[{ ...done, at: iso(-HOUR) }]], iso(7 * DAY)],
    ['not where its grace is no longer', [[{ ...done, at: iso(10 * DAY) }], 8 * DAY * 60_000], iso(7 * DAY)],
  ])('%s', (_, given, due) => {
    expect(dueOf(...given)).toBe(due);
  });

  test('and none waits for one that is written behind it', () => {
    const acts = [{ ...done, action: 'terminate', at: iso(10 * DAY) }];
    const later = { ...possible, use: { ...use, afterMs: 8 * DAY * 60_000 } };

    expect(stepsFor({ ...finding, acts }, [], { actions: [later, terminate] }, at(11 * DAY))[0]?.dueAt).toBe(
      iso(8 * DAY),
    );
  });
});

test('whom else a plan concerns is not kept with the step', () => {
  const shared = { plan: { ...plan, concerns: ['i-2', 'i-3'] } };

  expect(stepOf(finding, { possible: { planned: shared } })).toEqual({ action: 'stop', planned, dueAt: iso(0) });
});

describe('what has begun', () => {
  const begun: Step = { action: 'stop', planned, dueAt: iso(0), begun: { at: iso(0), plan } };

  test('is left to whoever began for two minutes', () => {
    expect(isDue(begun, at(1.9))).toBe(false);
    expect(isDue(begun, at(2))).toBe(true);
    expect(isDue({ ...begun, dueAt: iso(3) }, at(2))).toBe(false);
    expect(stepOf(finding, {}, [begun], 1)?.begun).toEqual({ at: iso(0), plan });
    expect(stepOf(finding, {}, [begun], 2)?.begun).toBeUndefined();
  });

  test('is written down as interrupted after that, with its undo', () => {
    const act = { action: 'stop', at: iso(0), does: 'stop i-1', outcome: 'interrupted', calls: [], undo: plan.undo };
    expect(interrupted([begun], at(1))).toEqual([]);
    expect(interrupted([begun], at(2))).toEqual([act]);
    expect(interrupted([begun])).toEqual([act]);
  });

  test('gives way to what became of it', () => {
    const [act] = interrupted([begun]);
    expect(withAct(act === undefined ? [] : [act], { ...done, at: iso(0) })).toEqual([{ ...done, at: iso(0) }]);
  });
});

test('a finding remembers ten acts, and of failures of the same kind the latest', () => {
  const failed = (minutes: number, detail: string): Act => ({ ...done, at: iso(minutes), outcome: 'failed', detail });
  const acts = [1, 2, 3].reduce<readonly Act[]>((all, minutes) => withAct(all, failed(minutes, 'denied')), []);
  expect(acts).toEqual([failed(3, 'denied')]);
  expect(withAct(acts, failed(4, 'throttled'))).toHaveLength(2);
  const many = Array.from({ length: 12 }, (_, minutes) => ({ ...done, at: iso(minutes) }));
  expect(many.reduce<readonly Act[]>(withAct, []).map(({ at: time }) => time)).toEqual(
    many.slice(2).map(({ at: time }) => time),
  );
});

test('of too many acts those go first that changed nothing, though they are later', () => {
  const refused: Act = { ...done, at: iso(5.5), outcome: 'failed', detail: 'denied' };
  const acts = [...Array.from({ length: 9 }, (_, minutes) => ({ ...done, at: iso(minutes) })), refused];

  expect(withAct(acts, { ...done, at: iso(20) })).toEqual([...acts.slice(0, 9), { ...done, at: iso(20) }]);
});
