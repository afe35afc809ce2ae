import { afterAct, begin, type Done, ownActs, undone } from '../../src/domain/acting.ts';
import type { Plan } from '../../src/domain/action.ts';
import type { Alert, Change } from '../../src/domain/alert.ts';
import { type Finding, findingId, type SubjectRecord } from '../../src/domain/finding.ts';
import type { Act, Step } from '../../src/domain/steps.ts';
import { LEASE_MS } from '../../src/domain/time.ts';
import {
  at,
  enforced,
  iso,
  look,
  mayStop,
  minute,
  reconciled,
  recordAfter,
  scope,
  stopPlan,
  subject,
} from './looks.ts';

const enforcement = new Map([['no-open-ssh', mayStop()]]);
const first = reconciled(undefined, look(0, [enforced], { enforcement, atLaunch: true }));
/** An open violation whose action is due, told before. */
const told = recordAfter(look(0, [enforced], { enforcement, atLaunch: true }));
const planned = { plan: stopPlan };
const due: Step = { action: 'stop', planned, dueAt: iso(0) };
const id = findingId(scope, subject, 'no-open-ssh');

/** The record with its finding otherwise. */
function having(of: Partial<Finding>, record: SubjectRecord = told): SubjectRecord {
  return { ...record, findings: record.findings.map((finding) => ({ ...finding, ...of })) };
}

function findingIn(record: SubjectRecord | undefined): Finding | undefined {
  return record?.findings[0];
}

test('what policies did is what was done and not put back, the oldest first', () => {
  const act = (action: string, minutes: number, more: Partial<Act> = {}): Act => {
    const outcome = 'done' as const;
    return { action, at: iso(minutes), does: action, outcome, calls: [], undo: [], ...more };
  };
  const [finding] = told.findings;
  if (finding === undefined) throw new Error('nothing was found');
  const findings = [
    { ...finding, policy: 'one', acts: [act('stop', 1), act('start', 5), act('stop', 7, { undoneAt: iso(8) })] },
    { ...finding, policy: 'other', acts: [act('stop', 3), act('stop', 4, { outcome: 'failed' })] },
  ];

  expect(ownActs({ findings })).toEqual([
    { policy: 'one', action: 'stop', at: iso(1) },
    { policy: 'other', action: 'stop', at: iso(3) },
    { policy: 'one', action: 'start', at: iso(5) },
  ]);
});

describe('an action begins', () => {
  const stopping = { policy: 'no-open-ssh', action: 'stop', plan: stopPlan };

  test('where it is due, and the plan is written down before the first call', () => {
    expect(begin(told, stopping, at(1))).toEqual({
      ...having({ steps: [{ ...due, begun: { at: iso(1), plan: stopPlan } }] }),
      version: told.version + 1,
    });
  });

  test('by the plan of this very moment', () => {
    const plan: Plan = { ...stopPlan, does: 'stop i-1 and i-2', concerns: ['i-2'] };

    expect(findingIn(begin(told, { ...stopping, plan }, at(1)))?.steps).toEqual([
      { ...due, begun: { at: iso(1), plan } },
    ]);
  });

  test('where whoever began it died', () => {
    const before = having({ steps: [{ ...due, begun: { at: iso(1), plan: stopPlan } }] });

    expect(findingIn(begin(before, stopping, at(3)))?.steps).toEqual([
      { ...due, begun: { at: iso(3), plan: stopPlan } },
    ]);
  });

  test.each<[string, SubjectRecord, Partial<typeof stopping>]>([
    ['on what has ended', having({ status: 'closed', closedAs: 'resolved' }), {}],
    ['on what can not be said', having({ status: 'unknown' }), {}],
    ['where it is held back', having({ steps: [{ action: 'stop', planned, held: { by: 'paused', why: '' } }] }), {}],
    ['where somebody is at it', having({ steps: [{ ...due, begun: { at: iso(0), plan: stopPlan } }] }), {}],
    ['where the finding has no such action', told, { action: 'terminate' }],
    ['where there is no such finding', told, { policy: 'required-tags' }],
  ])('not %s', (_, record, more) => {
    expect(begin(record, { ...stopping, ...more }, at(1))).toBeUndefined();
  });
});

const act: Act = {
  action: 'stop',
  at: iso(1),
  does: stopPlan.does,
  outcome: 'done',
  calls: [{ operation: 'ec2:StopInstances', outcome: 'done' }],
  undo: stopPlan.undo,
};
const failed: Act = {
  ...act,
  outcome: 'failed',
  calls: [{ operation: 'ec2:StopInstances', outcome: 'UnauthorizedOperation' }],
  detail: 'ec2:StopInstances: UnauthorizedOperation: no',
};
const contested: Act = { ...act, outcome: 'contested', calls: [], undo: [], detail: 'dealt with 3 times today' };

const doing: Done = {
  policy: 'no-open-ssh',
  action: 'stop',
  act,
  at: at(1),
  cause: { key: 'sweep:1', text: 'hourly sweep' },
  observedAt: iso(0),
  sending: [],
};
const begun: Step = { ...due, begun: { at: iso(1), plan: stopPlan } };
const leasedUntil = iso(1 + LEASE_MS / minute);

/** What alerts tell: topic, look, change, and what was done in the latest act. */
function words(alerts: readonly Alert[]): readonly string[] {
  return alerts.flatMap(({ topic, observedAt, entries }) =>
    entries.map(({ change, finding }) => `${topic} ${observedAt} ${change} ${finding.acts?.at(-1)?.outcome ?? '-'}`),
  );
}

describe('what became of an action', () => {
  test.each<[string, Act | undefined, Step, Change | undefined]>([
    [
      'done: it is not due any more, and told',
      act,
      { action: 'stop', planned, held: { by: 'done', why: `done at ${iso(1)}` } },
      'acted',
    ],
    [
      'contested: it is not due any more, and told',
      contested,
      { action: 'stop', planned, held: { by: 'contested', why: 'dealt with 3 times today' } },
      'contested',
    ],
    ['failed: it stays due, and is told', failed, due, 'failed'],
    ['overtaken: it stays due, and is not told', { ...act, outcome: 'overtaken' }, due, undefined],
    ['nothing after all: it stays due, and there is nothing to tell', undefined, due, undefined],
  ])('is written: %s', (_, outcome, step, change) => {
    const { act: __, ...rest } = doing;
    const before = having({ steps: [begun] });
    const { record, toSend } = afterAct(before, outcome === undefined ? rest : { ...doing, act: outcome });
    const acts = outcome === undefined ? {} : { acts: [outcome] };

    expect(record.findings).toEqual(having({ steps: [step], ...acts }).findings);
    expect(record.version).toBe(before.version + 1);
    expect(words(toSend)).toEqual(change === undefined ? [] : [`alerts ${iso(0)} ${change} ${outcome?.outcome}`]);
    expect(record.outbox).toEqual(toSend);
  });

  test('leaves the other actions of the finding, and the findings of other policies, as they are', () => {
    const terminate: Step = { action: 'terminate', planned, dueAt: iso(90) };
    const [finding] = told.findings as [Finding];
    const other: Finding = { ...finding, id: 'f-2', policy: 'required-tags', steps: [begun] };
    const before = { ...told, findings: [{ ...finding, steps: [begun, terminate] }, other] };

    expect(afterAct(before, { ...doing, act: failed }).record.findings).toEqual([
      { ...finding, steps: [due, terminate], acts: [failed] },
      other,
    ]);
  });

  test('is written though the finding has ended meanwhile', () => {
    const { steps: _, ...ended } = having({ status: 'closed', closedAs: 'resolved', closedAt: iso(2) })
      .findings[0] as Finding;

    expect(afterAct({ ...told, findings: [ended] }, doing).record.findings).toEqual([{ ...ended, acts: [act] }]);
  });

  test('is nowhere to be written where the finding is gone, and what waits is sent', () => {
    const before = { ...first.record, findings: [] };
    const sending = before.outbox.map((alert) => alert.id);

    expect(afterAct(before, { ...doing, sending })).toEqual({ record: before, toSend: before.outbox });
  });

  test.each<[string, string, number]>([
    ['within the day: it is not told again', iso(2 - 24 * 60), 0],
    ['a day ago: it is told again', iso(1 - 24 * 60), 1],
  ])('is contested, and was %s', (_, before, times) => {
    const told = having({ steps: [due], acts: [{ ...contested, at: before }] });

    expect(afterAct(told, { ...doing, act: contested }).toSend).toHaveLength(times);
  });

  test('takes the place of what was taken for interrupted', () => {
    const interrupted: Act = { ...act, outcome: 'interrupted', calls: [] };

    expect(findingIn(afterAct(having({ acts: [interrupted] }), doing).record)?.acts).toEqual([act]);
  });
});

describe('what was done is told', () => {
  const sending = first.toSend.map((alert) => alert.id);

  test('in the alert of its own look, which is another alert by that', () => {
    const { record, toSend } = afterAct(having({ steps: [begun] }, first.record), { ...doing, sending });
    const [opened] = first.toSend;

    expect(toSend).toEqual([
      {
        ...opened,
        id: expect.stringMatching(/^a-[0-9a-f]{12}$/),
        entries: [{ change: 'opened', finding: expect.objectContaining({ id, acts: [act] }) }],
      },
    ]);
    expect(toSend[0]?.id).not.toBe(opened?.id);
    expect(record.outbox).toEqual(toSend);
  });

  test('by itself where that look had nothing to tell, to both channels, with why it was looked', () => {
    expect(afterAct(told, doing).toSend).toEqual([
      {
        id: expect.stringMatching(/^a-[0-9a-f]{12}$/),
        topic: 'alerts',
        owes: ['sns', 'eventbridge'],
        scope,
        subject,
        instance: told.instance,
        cause: doing.cause,
        observedAt: iso(0),
        entries: [{ change: 'acted', finding: expect.objectContaining({ id, acts: [act] }) }],
      },
    ]);
  });

  test('by whoever did it, who has the outbox for two minutes', () => {
    expect(afterAct(told, doing).record.outboxLeasedUntil).toBe(leasedUntil);
    expect(afterAct(told, { ...doing, act: { ...act, outcome: 'overtaken' } }).record).not.toHaveProperty(
      'outboxLeasedUntil',
    );
  });

  test('at once, though what the sweep found waits to be told with others', () => {
    const swept = reconciled(undefined, look(0, [enforced], { enforcement, atLaunch: true, deferred: true }));

    expect(swept.toSend).toEqual([]);
    expect(words(afterAct(swept.record, doing).toSend)).toEqual([`alerts ${iso(0)} opened done`]);
  });

  test('in no alert of another look, and in none to the operators', () => {
    const [own] = first.toSend as readonly [Alert];
    const earlier: Alert = { ...own, id: 'a-earlier', observedAt: iso(-60) };
    const operations: Alert = { ...own, id: 'a-operations', topic: 'operations', owes: ['sns'] };
    const before = { ...first.record, outbox: [operations, earlier, own] };
    const { record, toSend } = afterAct(before, { ...doing, sending: [operations.id, earlier.id, own.id] });

    expect(words(toSend)).toEqual([
      `alerts ${iso(-60)} opened -`,
      `operations ${iso(0)} opened -`,
      `alerts ${iso(0)} opened done`,
    ]);
    expect(toSend.slice(0, 2)).toEqual([earlier, operations]);
    expect(record.outbox).toEqual(toSend);
  });

  test('beside what somebody else is sending, which stays in the outbox', () => {
    const [own] = first.toSend as readonly [Alert];
    const earlier: Alert = { ...own, id: 'a-earlier', observedAt: iso(-60) };
    const { record, toSend } = afterAct({ ...told, outbox: [earlier] }, doing);

    expect(words(toSend)).toEqual([`alerts ${iso(0)} acted done`]);
    expect(record.outbox).toEqual([earlier, ...toSend]);
  });

  test.each<[Change, Change]>([
    ['opened', 'opened'],
    ['changed', 'changed'],
    ['reminder', 'acted'],
    ['due', 'acted'],
    ['failed', 'acted'],
  ])('of what is told as %s: as %s', (before, after) => {
    const outbox = first.record.outbox.map((alert) => ({
      ...alert,
      entries: alert.entries.map((entry) => ({ ...entry, change: before })),
    }));

    expect(words(afterAct({ ...first.record, outbox }, doing).toSend)).toEqual([`alerts ${iso(0)} ${after} done`]);
  });

  test('of what was interrupted, and fails in the same look: as failed', () => {
    const outbox = first.record.outbox.map((alert) => ({
      ...alert,
      entries: alert.entries.map((entry) => ({ ...entry, change: 'failed' as const })),
    }));

    expect(words(afterAct({ ...first.record, outbox }, { ...doing, act: failed }).toSend)).toEqual([
      `alerts ${iso(0)} failed failed`,
    ]);
  });

  test('once, where it fails in the same way again', () => {
    const before = having({
      acts: [{ ...failed, at: iso(0), detail: 'ec2:StopInstances: UnauthorizedOperation: x' }],
    });
    const again = afterAct(before, { ...doing, act: failed });

    expect(again.toSend).toEqual([]);
    expect(findingIn(again.record)?.acts).toEqual([failed]);
    expect(
      words(afterAct(before, { ...doing, act: { ...failed, detail: 'ec2:StopInstances: Unavailable: x' } }).toSend),
    ).toEqual([`alerts ${iso(0)} failed failed`]);
  });
});

describe('what a person puts back', () => {
  const acts = [{ ...act, at: iso(-60) }, act];

  test('is noted of that very act', () => {
    expect(undone(having({ acts }), id, act, iso(9))).toEqual({
      ...having({
        acts: [
          { ...act, at: iso(-60) },
          { ...act, undoneAt: iso(9) },
        ],
      }),
      version: told.version + 1,
    });
  });

  test.each<[string, string, Act]>([
    ['of another finding', 'f-2', act],
    ['at another time', id, { ...act, at: iso(2) }],
    ['of another action', id, { ...act, action: 'terminate' }],
  ])('is not noted where there is no such act: %s', (_, finding, of) => {
    expect(undone(having({ acts }), finding, of, iso(9))).toBeUndefined();
  });

  test('is noted once', () => {
    const once = undone(having({ acts }), id, act, iso(9)) ?? told;

    expect(undone(once, id, act, iso(10))).toBeUndefined();
  });
});
