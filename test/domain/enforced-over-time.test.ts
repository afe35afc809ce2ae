import { afterAct } from '../../src/domain/acting.ts';
import { type Act, type Held, stepsFor, withAct } from '../../src/domain/steps.ts';
import { at, enforced, iso, look, mayStop, reconciled, recordAfter, stopPlan } from './looks.ts';

const HOUR = 60;
const DAY = 24 * HOUR;
const act: Act = { action: 'stop', at: iso(0), does: 'x', outcome: 'done', calls: [], undo: stopPlan.undo };
const enforcement = (more: Parameters<typeof mayStop>[0], use: Parameters<typeof mayStop>[1] = {}) =>
  new Map([['no-open-ssh', mayStop(more, use)]]);
const doing = {
  policy: 'no-open-ssh',
  action: 'stop',
  at: at(1),
  cause: { key: 'a', text: 'a' },
  observedAt: iso(0),
  sending: [],
};

test.each<Held['by']>(['protected', 'scope'])(
  'what could not be said for a moment (%s) is none of the baseline',
  (by) => {
    const held = { by, why: "it can't be said: tags: not settled yet", maySettle: true } as const;
    const record = recordAfter(
      look(0, [enforced], { enforcement: enforcement({ held }), atLaunch: true }),
      look(1, [enforced], { enforcement: enforcement({}) }),
    );
    expect(record.findings[0]?.steps?.map((step) => step.held?.by ?? step.dueAt)).toEqual([iso(0)]);
  },
);

test('what is done once more is told', () => {
  const record = recordAfter(look(0, [enforced], { enforcement: enforcement({}), atLaunch: true }));
  const before = {
    ...record,
    findings: record.findings.map((finding) => ({ ...finding, acts: [{ ...act, at: iso(-60) }] })),
  };
  expect(afterAct(before, { ...doing, act: { ...act, at: iso(1) } }).toSend).toHaveLength(1);
});

test('a promotion is not of what was protected then', () => {
  const held = { by: 'protected', why: 'x' } as const;
  const promotion = { promotedAt: iso(DAY) };
  const grace = { afterMs: HOUR * 60_000 };
  const record = recordAfter(
    look(0, [enforced], { enforcement: enforcement({ held }, grace), atLaunch: true }),
    look(2 * DAY, [enforced], { enforcement: enforcement({ held, ...promotion }, grace) }),
    look(3 * DAY, [enforced], { enforcement: enforcement(promotion, grace) }),
  );
  expect(record.findings[0]?.steps?.map((step) => step.held?.by ?? step.dueAt)).toEqual(['baseline']);
});

test('the latest act is never the one that is forgotten', () => {
  const ten = Array.from({ length: 10 }, (_, minutes) => ({ ...act, at: iso(minutes) }));
  const contested: Act = { ...act, at: iso(20), outcome: 'contested', detail: 'x', undo: [] };
  expect(withAct(ten, contested)).toContainEqual(contested);
});

test('what a person put back is remembered whatever is done after it', () => {
  const undone = { ...act, undoneAt: iso(1) };
  const others = Array.from({ length: 10 }, (_, n) => ({ ...act, action: 'revoke-ingress', at: iso(n + 2) }));
  expect(others.reduce<readonly Act[]>(withAct, [undone])).toContainEqual(undone);
});

test('what was done is told to both channels, though one has taken the alert of its look', () => {
  const first = reconciled(undefined, look(0, [enforced], { enforcement: enforcement({}), atLaunch: true }));
  const outbox = first.record.outbox.map((alert) => ({ ...alert, owes: ['eventbridge' as const] }));
  const { toSend } = afterAct({ ...first.record, outbox }, { ...doing, act });
  expect(toSend.flatMap(({ owes }) => owes)).toContain('sns');
});

test('a promotion is not of an action of which nobody knows since when it is enforced', () => {
  const {
    actions: [possible],
  } = mayStop();
  const { since: _, ...unknown } = possible ?? never();
  const [step] = stepsFor(
    { openedAt: iso(0), origin: 'launch' },
    [],
    { actions: [unknown], promotedAt: iso(5) },
    at(9),
  );
  expect(step?.held?.by).toBe('baseline');
});

function never(): never {
  throw new Error('there is one');
}
