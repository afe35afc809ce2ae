import { bytesOf } from '../../src/alerts/message.ts';
import { renderSweepSummary, type SweepSummary } from '../../src/alerts/sweep-summary.ts';
import { forms, noOwner, now, openSsh } from './sample.ts';

const summary: SweepSummary = {
  scope: { accountId: '123456789012', region: 'us-east-1' },
  sweepId: 's-1',
  at: '2026-03-02T10:00:00.000Z',
  sweepWas: 'complete',
  instances: 40,
  findings: [
    { instanceId: 'i-1', name: 'web-1', finding: noOwner },
    { instanceId: 'i-2', finding: openSsh },
    { instanceId: 'i-3', name: 'web-3', finding: openSsh },
    { instanceId: 'i-3', name: 'web-3', finding: noOwner },
    { instanceId: 'i-4', name: 'web-4', finding: { ...openSsh, status: 'unknown' } },
    { instanceId: 'i-5', name: 'web-5', finding: { ...openSsh, status: 'closed', closedAs: 'exempted' } },
  ],
};

interface Content {
  readonly violating: readonly { readonly instanceId: string }[];
  readonly instancesOmitted: number;
}

function contentOf(of: SweepSummary): Content {
  return JSON.parse(forms(renderSweepSummary(of, { now })).sqs) as Content;
}

test('the first sweep is told at once, most severe first', () => {
  const message = renderSweepSummary(summary, { now });

  expect(message.Subject).toBe('[SUMMARY] 4 findings on 3 of 40 instances in us-east-1');
  expect(forms(message).email).toBe(`First sweep: 4 findings on 3 of 40 instances in us-east-1

Account    123456789012, us-east-1
Sweep      s-1, at 2026-03-02 10:00:00 UTC
Mode       observe: nothing was done, and nothing will be.
From now on each finding that opens, changes or is resolved is told by itself.

Findings by policy
   critical: no-open-ssh on 2 instances
      SSH is reachable from the company network only.
   low: required-tags on 2 instances
      Every instance names its owner and its cost centre.

Could not be judged
   no-open-ssh on 1 instance

Instances, most severe first
   i-3 "web-3" (critical): no-open-ssh, required-tags
   i-2 (critical): no-open-ssh
   i-1 "web-1" (low): required-tags
`);
});

test('its JSON form counts by policy and lists the instances', () => {
  expect(JSON.parse(forms(renderSweepSummary(summary, { now })).sqs)).toEqual({
    version: 1,
    kind: 'summary',
    topic: 'alerts',
    accountId: '123456789012',
    region: 'us-east-1',
    sweepId: 's-1',
    at: '2026-03-02T10:00:00.000Z',
    sweepWas: 'complete',
    instances: 40,
    instancesWithFindings: 3,
    policies: [
      { policy: 'no-open-ssh', severity: 'critical', description: openSsh.description, open: 2, unknown: 1 },
      { policy: 'required-tags', severity: 'low', description: noOwner.description, open: 2, unknown: 0 },
    ],
    violating: [
      expect.objectContaining({
        instanceId: 'i-3',
        name: 'web-3',
        severity: 'critical',
        policies: ['no-open-ssh', 'required-tags'],
      }),
      expect.objectContaining({ instanceId: 'i-2', severity: 'critical' }),
      expect.objectContaining({ instanceId: 'i-1', console: expect.stringMatching(/instanceId=i-1$/) }),
    ],
  });
});

test('a sweep that found nothing says so', () => {
  const message = renderSweepSummary({ ...summary, findings: [] }, { now });

  expect(message.Subject).toBe('[SUMMARY] 0 findings on 0 of 40 instances in us-east-1');
  expect(message.MessageAttributes).not.toHaveProperty('policies');
  expect(forms(message).email).not.toContain('Mode');
});

test('a sweep that could not be completed says so, in text and JSON', () => {
  const message = renderSweepSummary({ ...summary, sweepWas: 'incomplete' }, { now });

  expect(message.Subject).toBe('[SUMMARY] 4 findings on 3 of 40 instances in us-east-1 (incomplete)');
  expect(forms(message).email).toContain(
    '\nIncomplete not all instances could be inspected; this is what was found so\n           far.\n',
  );
  expect(JSON.parse(forms(message).sqs)).toHaveProperty('sweepWas', 'incomplete');
});

test('hundreds of instances are all listed in the JSON form', () => {
  const findings = Array.from({ length: 700 }, (_, n) => [
    { instanceId: `i-${n}`, name: `web-${n}`, finding: noOwner },
    { instanceId: `i-${n}`, name: `web-${n}`, finding: openSsh },
  ]).flat();
  const content = contentOf({ ...summary, findings });

  expect(content).not.toHaveProperty('instancesOmitted');
  expect(content.violating).toHaveLength(700);
  expect(content.violating[699]).toEqual({
    instanceId: 'i-699',
    name: 'web-699',
    severity: 'critical',
    policies: ['no-open-ssh', 'required-tags'],
  });
});

test('of more than have room, the least severe are left out and counted', () => {
  const findings = Array.from({ length: 5_000 }, (_, n) => ({
    instanceId: `i-${n}`,
    finding: n === 4_999 ? openSsh : noOwner,
  }));
  const content = contentOf({ ...summary, findings });

  expect(content.violating[0]?.instanceId).toBe('i-4999');
  expect(content.violating.length).toBeGreaterThan(900);
  expect(content.violating.length + content.instancesOmitted).toBe(5_000);
});

test('a Region that is none breaks no line and hides nothing', () => {
  const scope = { accountId: '1', region: 'us\u001b[2J\n\u202e' };
  const { email } = forms(renderSweepSummary({ ...summary, scope }, { now }));

  expect(email).toContain('Account    1, us\\u{1b}[2J\\u{a}\\u{202e}\n');
  expect(email.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
});

test('twenty instances are listed in the text, and the others counted', () => {
  const findings = Array.from({ length: 31 }, (_, n) => ({ instanceId: `i-${n}`, finding: openSsh }));
  const { email } = forms(renderSweepSummary({ ...summary, findings }, { now }));

  expect(email.match(/^ {3}i-/gm)).toHaveLength(20);
  expect(email).toContain('\n   and 11 more\n');
});

test('SNS takes it, however many findings and policies there are', () => {
  const findings = Array.from({ length: 20_000 }, (_, n) => ({
    instanceId: `i-${n}`,
    name: '\u202e'.repeat(300),
    finding: { ...openSsh, policy: `policy-${n}`, description: 'd'.repeat(500) },
  }));
  const message = renderSweepSummary({ ...summary, instances: 20_000, findings }, { now });

  expect(bytesOf(message)).toBeLessThan(262_144);
  expect(message.Subject.length).toBeLessThan(100);
});
