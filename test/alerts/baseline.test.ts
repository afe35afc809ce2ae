import { type Baseline, renderBaseline } from '../../src/alerts/baseline.ts';
import { bytesOf } from '../../src/alerts/message.ts';
import { forms, openSsh } from './sample.ts';

const scope = { accountId: '123456789012', region: 'us-east-1' };
const finding = { ...openSsh, mode: 'enforce', isBaseline: true } as const;

/** A baseline of so many instances. */
function baselineOf(count: number): Baseline {
  const findings = Array.from({ length: count }, (_, index) => ({
    instanceId: `i-${index + 1}`,
    finding: { ...finding, id: `f-${index + 1}` },
  }));
  return { policy: 'no-open-ssh', since: '2026-03-02T09:30:00.000Z', findings };
}

function contentOf(count: number): unknown {
  return JSON.parse(forms(renderBaseline(baselineOf(count), scope)).sqs);
}

test('says what is left alone, since when, and how to have it acted on', () => {
  const findings = [
    { instanceId: 'i-1', name: 'web-1', finding },
    { instanceId: 'i-2', finding: { ...finding, id: 'f-2', reason: 'port 22 is open to ::/0' } },
  ];
  const message = renderBaseline({ ...baselineOf(0), findings }, scope);

  expect(message.Subject).toBe('[BASELINE] 2 violations of no-open-ssh left alone in us-east-1');
  expect(forms(message).email).toBe(`BASELINE: 2 violations of no-open-ssh stood before it was enforced, and
nothing is done about them

Account    123456789012, us-east-1
Enforced   since 2026-03-02 09:30:00 UTC
Now        What opens from now on is acted on as the policy says. What stood
           is left alone until somebody promotes the policy.
To do      Mend them, or exempt them; or have them acted on, after the
           policy's grace:
           \`ec2-guardrail promote no-open-ssh --region us-east-1\`

  i-1 "web-1": port 22 is open to any address: sg-0a1b2c3d4e5f60718 admits tcp
    22 from 0.0.0.0/0, since 2026-03-02 09:16:00 UTC
  i-2: port 22 is open to ::/0, since 2026-03-02 09:16:00 UTC
`);
});

test.each([
  [1, { count: 1 }],
  [20, { count: 20 }],
  [21, { count: 21, instancesOmitted: 1 }],
  [120, { count: 120, instancesOmitted: 100 }],
])('of %p instances its JSON form lists twenty at most, and counts all', (count, counted) => {
  expect(contentOf(count)).toEqual({
    version: 1,
    kind: 'baseline',
    topic: 'alerts',
    accountId: '123456789012',
    region: 'us-east-1',
    policy: 'no-open-ssh',
    since: '2026-03-02T09:30:00.000Z',
    instances: Array.from({ length: Math.min(20, count) }, (_, index) => ({
      instanceId: `i-${index + 1}`,
      finding: `f-${index + 1}`,
    })),
    ...counted,
  });
});

test.each([
  [20, 20, undefined],
  [21, 20, '  and 1 more'],
  [120, 20, '  and 100 more'],
])('of %p instances its text lists %p, and says how many more there are', (count, listed, more) => {
  const lines = forms(renderBaseline(baselineOf(count), scope)).email.split('\n');

  expect(lines.filter((line) => line.startsWith('  i-'))).toHaveLength(listed);
  expect(lines.find((line) => line.startsWith('  and '))).toBe(more);
});

test('can be filtered by kind, policy, rule and severity', () => {
  expect(renderBaseline(baselineOf(21), scope).MessageAttributes).toEqual({
    kind: { DataType: 'String', StringValue: 'baseline' },
    mode: { DataType: 'String', StringValue: 'enforce' },
    policies: { DataType: 'String.Array', StringValue: '["no-open-ssh"]' },
    rules: { DataType: 'String.Array', StringValue: '["restricted-ingress"]' },
    severities: { DataType: 'String.Array', StringValue: '["critical"]' },
    account: { DataType: 'String', StringValue: '123456789012' },
    region: { DataType: 'String', StringValue: 'us-east-1' },
  });
});

test('SNS takes it, however long names and reasons are', () => {
  const long = { ...finding, reason: 'r'.repeat(4_000) };
  const findings = Array.from({ length: 500 }, () => ({ instanceId: 'i-1', name: 'n'.repeat(256), finding: long }));
  const message = renderBaseline({ ...baselineOf(0), policy: 'p'.repeat(200), findings }, scope);

  expect(bytesOf(message)).toBeLessThan(262_144);
  expect(message.Subject.length).toBeLessThan(100);
});
