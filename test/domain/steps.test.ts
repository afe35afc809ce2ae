import type { Planned } from '../../src/domain/action.ts';
import type { Enforcement } from '../../src/domain/policy.ts';
import {
  type Act,
  type Enforceability,
  interrupted,
  isDue,
  type Possible,
  type Step,
  stepsFor,
  withAct,
} from '../../src/domain/steps.ts';
import { at, iso } from './looks.ts';

const HOUR = 60;
const DAY = 24 * HOUR;
const planned: Planned = {
  plan: {
    does: 'stop i-1',
    calls: [{ operation: 'ec2:StopInstances', input: { InstanceIds: ['i-1'] } }],
    undo: [{ operation: 'ec2:StartInstances', input: { InstanceIds: ['i-1'] } }],
    concerns: [],
  },
};
const use: Enforcement = { id: 'stop', parameters: {}, afterMs: 0, onDrift: false };
const possible: Possible = { use, interrupts: true, planned, since: iso(-DAY) };
const swept: Enforceability = { actions: [possible] };
const finding = { openedAt: iso(0), origin: 'launch' } as const;
const done: Act = { action: 'stop', at: iso(5), does: 'stop i-1', outcome: 'done', calls: [], undo: [] };

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
    ['where a change after the launch brought it', [{ ...finding, origin: 'drift' }], 'drift'],
    ['where nobody knows how it came', [{ openedAt: iso(0) }], 'drift'],
    ['where it was done', [{ ...finding, acts: [done] }], 'done'],
    ['where it has no plan', [finding, { possible: { planned: { refused: 'stop protection is on' } } }], 'refused'],
    [
      'where it was contested within the day',
      [{ ...finding, acts: [{ ...done, at: iso(11 - DAY), outcome: 'contested' }] }],
      'contested',
    ],
    [
      'where a person put it back, also before it opened again',
      [{ ...finding, acts: [{ ...done, at: iso(-2 * DAY), undoneAt: iso(-DAY) }] }],
      'undone',
    ],
  ])('%s', (_, given, by) => {
    const step = stepOf(...given);
    expect(step?.held?.by).toBe(by);
    expect(step?.dueAt).toBeUndefined();
  });
});

describe('what has begun', () => {
  const plan = 'plan' in planned ? planned.plan : undefined;
  if (plan === undefined) throw new Error('there is a plan');
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
