import { type Heartbeat, renderHeartbeat } from '../../src/alerts/heartbeat.ts';
import { bytesOf } from '../../src/alerts/message.ts';
import { forms } from './sample.ts';

const heartbeat: Heartbeat = {
  version: '0.1.0',
  scope: { accountId: '123456789012', region: 'us-east-1' },
  at: '2026-03-02T08:00:00.000Z',
  lastSweep: {
    sweepId: '2026-03-02T07:00:00.000Z',
    completedAt: '2026-03-02T07:02:11.000Z',
    instances: 40,
    evaluations: 200,
  },
  open: { critical: 2, high: 1, medium: 0, low: 9 },
  openedThisWeek: 4,
  unknown: 3,
  alertsOwed: 0,
  policies: [
    { name: 'no-open-ssh', severity: 'critical' },
    { name: 'required-tags', severity: 'high' },
  ],
};

test('says what there is, most severe first', () => {
  const message = renderHeartbeat(heartbeat);

  expect(message.Subject).toBe('[ALIVE] 12 open findings, 3 unknown in us-east-1');
  expect(forms(message).email).toBe(`The guardrail is alive: 12 open findings, 3 unknown in us-east-1

Account    123456789012, us-east-1
Version    0.1.0, at 2026-03-02 08:00:00 UTC
Last sweep completed at 2026-03-02 07:02:11 UTC: 40 instances, 200 verdicts
Open       2 critical, 1 high, 9 low; 4 of them opened in the last 7 days
Unknown    3
Not sent   none: every alert was taken

Policies
   no-open-ssh (critical)
   required-tags (high)

The next message like this comes in a week. Where it does not come, neither
does anything else.
`);
});

test('says where there is nothing', () => {
  const { lastSweep: _none, ...rest } = heartbeat;
  const none = { ...rest, open: { critical: 0, high: 0, medium: 0, low: 0 }, openedThisWeek: 0, policies: [] };
  const text = forms(renderHeartbeat({ ...none, alertsOwed: 2 })).email;

  expect(text).toContain('Last sweep none was completed yet\n');
  expect(text).toContain('Open       none; 0 of them opened in the last 7 days\n');
  expect(text).toContain('Not sent   2 alerts so far\n');
  expect(text).toContain('No policy is deployed\n');
});

test('its JSON form has the same', () => {
  expect(JSON.parse(forms(renderHeartbeat(heartbeat)).sqs)).toEqual({
    version: 1,
    kind: 'heartbeat',
    topic: 'operations',
    accountId: '123456789012',
    region: 'us-east-1',
    guardrailVersion: '0.1.0',
    at: '2026-03-02T08:00:00.000Z',
    lastSweep: heartbeat.lastSweep,
    open: heartbeat.open,
    openedThisWeek: 4,
    unknown: 3,
    alertsOwed: 0,
    policies: heartbeat.policies,
  });
});

test('can be filtered by its kind', () => {
  expect(renderHeartbeat(heartbeat).MessageAttributes.kind).toEqual({ DataType: 'String', StringValue: 'heartbeat' });
});

test('of thousands of policies it names as many as fit', () => {
  const policies = Array.from({ length: 5000 }, (_, index) => ({
    name: `policy-${index}-${'x'.repeat(60)}`,
    severity: 'low' as const,
  }));
  const message = renderHeartbeat({ ...heartbeat, policies });
  const content = JSON.parse(forms(message).sqs) as { policies: unknown[]; policiesOmitted: number };

  expect(bytesOf(message)).toBeLessThanOrEqual(256 * 1024);
  expect(content.policies.length + content.policiesOmitted).toBe(5000);
});
