import { renderAlert } from '../../src/alerts/alert.ts';
import type { Finding } from '../../src/domain/finding.ts';
import type { Act, Step } from '../../src/domain/steps.ts';
import { alertOf, forms, now, openSsh } from './sample.ts';

const undo: Act['undo'] = [{ operation: 'ec2:StartInstances', input: { InstanceIds: ['i-1'] } }];
const stop: Act = {
  action: 'stop',
  at: '2026-03-02T09:16:00.000Z',
  does: 'stop i-1',
  outcome: 'done',
  calls: [{ operation: 'ec2:StopInstances', outcome: 'done' }],
  undo,
};
const planned: Step['planned'] = {
  plan: {
    does: 'stop i-1',
    calls: [{ operation: 'ec2:StopInstances', input: { InstanceIds: ['i-1'] } }],
    undo,
    concerns: [],
  },
};

function rendered(more: Partial<Finding>, change: 'opened' | 'acted' | 'failed' | 'resolved' | 'due' = 'opened') {
  const message = renderAlert(alertOf(change, { ...openSsh, mode: 'enforce', ...more }), { now });
  const { email, sqs } = forms(message);
  return { subject: message.Subject, text: email.replaceAll(/\s+/g, ' '), json: JSON.parse(sqs) };
}

test.each<[string, Act, string]>([
  [
    'done',
    stop,
    'Done stop i-1 (2026-03-02 09:16:00 UTC); to put it back: `ec2-guardrail undo f-3b1f0c9a7e42 --region us-east-1`',
  ],
  [
    'done and put back',
    { ...stop, undoneAt: '2026-03-02T10:00:00.000Z' },
    'Done stop i-1 (2026-03-02 09:16:00 UTC); put back at 2026-03-02 10:00:00 UTC',
  ],
  ['done for good', { ...stop, undo: [] }, 'Done stop i-1 (2026-03-02 09:16:00 UTC) To do'],
  [
    'refused by EC2',
    {
      ...stop,
      outcome: 'failed',
      detail: 'OperationNotPermitted',
      calls: [{ operation: 'ec2:StopInstances', outcome: 'OperationNotPermitted' }],
    },
    'Failed stop i-1 (2026-03-02 09:16:00 UTC): OperationNotPermitted; nothing was changed',
  ],
  [
    'done in part',
    { ...stop, outcome: 'failed', detail: 'Unavailable' },
    'Failed stop i-1 (2026-03-02 09:16:00 UTC): Unavailable; 1 of its calls were made; to put it back: `ec2-guardrail undo',
  ],
  [
    'done, but for a call that may fail',
    { ...stop, detail: 'ec2:CreateSnapshots: SnapshotLimitExceeded: too many' },
    'Done stop i-1 (2026-03-02 09:16:00 UTC), but not all of it: ec2:CreateSnapshots: SnapshotLimitExceeded: too many; to put it back: `ec2-guardrail undo',
  ],
  [
    'contested',
    { ...stop, outcome: 'contested', detail: 'put back each time', undo: [] },
    'Contested not done: stop i-1 (2026-03-02 09:16:00 UTC); put back each time. That is left alone for a day',
  ],
  [
    'interrupted',
    { ...stop, outcome: 'interrupted' },
    'Begun stop i-1 (2026-03-02 09:16:00 UTC), and interrupted: whether it was done was not written down; to put it back',
  ],
  [
    'overtaken',
    { ...stop, outcome: 'overtaken' },
    'Begun stop i-1 (2026-03-02 09:16:00 UTC): it was done already, by this call or by somebody else; to put it back',
  ],
])('an act that was %s says so, and how to put it back', (_, act, line) => {
  const { subject, text, json } = rendered({ acts: [act] });
  expect(text).toContain(line);
  const inPart = act.outcome === 'done' && act.detail !== undefined ? ' in part' : '';
  expect(subject).toBe(`[CRITICAL] no-open-ssh, stop ${act.outcome}${inPart}: i-0a1b2c3d4e5f60718 web-1 in us-east-1`);
  expect(json.entries[0].finding.acts[0]).toMatchObject({
    action: 'stop',
    outcome: act.outcome,
    isReversible: act.undo.length > 0,
  });
  expect(json.entries[0].finding.acts[0]).not.toHaveProperty('undo');
});

test.each<[string, Step, string]>([
  [
    'will come',
    { action: 'stop', planned, dueAt: '2026-03-03T09:16:00.000Z' },
    'Next stop i-1, at 2026-03-03 09:16:00 UTC unless it complies by then',
  ],
  ['would come', { action: 'stop', planned, held: { by: 'mode', why: 'the policy observes' } }, 'Would stop i-1 To do'],
  [
    'is held back',
    { action: 'stop', planned, held: { by: 'drift', why: 'it came by a change' } },
    'Held back stop i-1: it came by a change',
  ],
  [
    'is refused',
    {
      action: 'stop',
      planned: { refused: 'stop protection is on' },
      held: { by: 'refused', why: 'stop protection is on' },
    },
    'Not done stop: stop protection is on',
  ],
])('an action that %s says so', (_, step, line) => {
  const { text, json } = rendered({ steps: [step] });
  expect(text).toContain(line);
  expect(JSON.stringify(json)).not.toContain('InstanceIds');
});

test('where what was done ends the violation there is nothing to do', () => {
  expect(rendered({ acts: [{ ...stop, mends: true }] }).text).not.toContain('To do');
  expect(rendered({ acts: [{ ...stop, mends: true, outcome: 'failed' }] }).text).toContain('To do');
  expect(rendered({ acts: [stop] }).text).toContain('To do');
});

test('what was done in an earlier opening is not told again', () => {
  const { text, subject } = rendered({ acts: [{ ...stop, at: '2026-03-01T09:16:00.000Z' }] });
  expect(text).not.toContain('Done');
  expect(subject).toContain('no-open-ssh: i-');
});

test('what is resolved says by what', () => {
  const closed = { status: 'closed', closedAs: 'resolved', closedAt: '2026-03-02T09:20:00.000Z' } as const;
  expect(rendered({ ...closed, acts: [stop] }, 'resolved').text).toContain('Done stop i-1');
});

test('what is announced is named in the subject: the next that comes, not the first of the policy', () => {
  const steps: readonly Step[] = [
    { action: 'stop', planned, held: { by: 'done', why: 'done at 2026-03-02T09:00:00.000Z' } },
    { action: 'quarantine', planned, dueAt: '2026-03-10T09:00:00.000Z' },
    { action: 'terminate', planned, dueAt: '2026-03-09T09:00:00.000Z' },
  ];

  const { subject, text } = rendered({ steps }, 'due');

  expect(subject).toBe('[DUE] no-open-ssh, terminate: i-0a1b2c3d4e5f60718 web-1 in us-east-1');
  expect(text).toContain('at 2026-03-09 09:00:00 UTC unless it complies by then');
});
