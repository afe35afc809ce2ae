import type { Finding } from '../../src/domain/finding.ts';
import { noticeOf } from '../../src/domain/notices.ts';
import type { Notify } from '../../src/domain/policy.ts';
import { at, iso, judgement } from './looks.ts';

const HOUR = 60;
const DAY = 24 * HOUR;
const DAY_MS = DAY * 60_000;

const finding = { openedAt: iso(0) } as Finding;
const planned = { refused: 'only the time matters' };

function noticed(minutes: number, of: Partial<Finding>, notify: Partial<Notify>, isNew = false) {
  const policy = {
    ...judgement('NON_COMPLIANT').policy,
    actions: [{ id: 'notify', afterMs: [0], ...notify }] as const,
  };
  return noticeOf({ ...finding, ...of }, policy, at(minutes), isNew);
}

const reminding = { afterMs: [0, DAY_MS, 6 * DAY_MS] };

test.each<[string, Parameters<typeof noticed>, ReturnType<typeof noticeOf>]>([
  ['nothing, where the policy says notify alone', [5, {}, {}], { notices: {} }],
  ['nothing before the first reminder', [5, {}, reminding], { notices: { wakeAt: iso(DAY) } }],
  [
    'the first reminder when its time has come',
    [DAY, {}, reminding],
    { tell: 'reminder', notices: { remindedMs: DAY_MS, wakeAt: iso(6 * DAY) } },
  ],
  [
    'no reminder twice',
    [2 * DAY, { remindedMs: DAY_MS }, reminding],
    { notices: { remindedMs: DAY_MS, wakeAt: iso(6 * DAY) } },
  ],
  [
    'one reminder where two times have passed',
    [7 * DAY, {}, reminding],
    { tell: 'reminder', notices: { remindedMs: 6 * DAY_MS } },
  ],
  [
    'when the next action comes, nothing being told ahead',
    [5, { steps: [{ action: 'stop', planned, dueAt: iso(HOUR) }] }, {}],
    { notices: { wakeAt: iso(HOUR) } },
  ],
  [
    'an action ahead of its time, once',
    [HOUR, { steps: [{ action: 'stop', planned, dueAt: iso(90) }] }, { beforeMs: HOUR * 60_000 }],
    { tell: 'due', notices: { announced: iso(90), wakeAt: iso(90) } },
  ],
  [
    'nothing of what was announced',
    [70, { announced: iso(90), steps: [{ action: 'stop', planned, dueAt: iso(90) }] }, { beforeMs: HOUR * 60_000 }],
    { notices: { announced: iso(90), wakeAt: iso(90) } },
  ],
  [
    'to look when it is to be announced',
    [5, { steps: [{ action: 'stop', planned, dueAt: iso(DAY) }] }, { beforeMs: HOUR * 60_000 }],
    { notices: { wakeAt: iso(23 * HOUR) } },
  ],
  [
    'another time, announced anew',
    [HOUR, { announced: iso(30), steps: [{ action: 'stop', planned, dueAt: iso(90) }] }, { beforeMs: HOUR * 60_000 }],
    { tell: 'due', notices: { announced: iso(90), wakeAt: iso(90) } },
  ],
  [
    'an action ahead of its time, not the reminder that is due with it, which counts as told',
    [
      DAY,
      { steps: [{ action: 'stop', planned, dueAt: iso(DAY + 30) }] },
      { afterMs: [0, DAY_MS], beforeMs: HOUR * 60_000 },
    ],
    { tell: 'due', notices: { remindedMs: DAY_MS, announced: iso(DAY + 30), wakeAt: iso(DAY + 30) } },
  ],
  [
    'nothing of what is held back, or past',
    [
      5,
      {
        steps: [
          { action: 'stop', planned, held: { by: 'drift', why: '' } },
          { action: 'x', planned, dueAt: iso(1) },
        ],
      },
      {},
    ],
    { notices: {} },
  ],
])('it is %s', (_, given, expected) => {
  expect(noticed(...given)).toEqual(expected);
});

test('what is past when it opens counts as told', () => {
  expect(noticed(DAY, {}, reminding, true)).toEqual({ notices: { remindedMs: DAY_MS, wakeAt: iso(6 * DAY) } });
});
