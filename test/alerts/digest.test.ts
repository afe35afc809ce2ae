import { renderDigest } from '../../src/alerts/digest.ts';
import { bytesOf } from '../../src/alerts/message.ts';
import type { Alert, Cause } from '../../src/domain/alert.ts';
import { alertOf, forms, noOwner, now, openSsh, sampleAlert } from './sample.ts';

const cause: Cause = { key: 'launch:r-1', text: 'launch r-1', eventTime: '2026-03-02T09:15:02.000Z' };

function alerts(count: number, more: (n: number) => Alert = () => alertOf('opened')): readonly Alert[] {
  return Array.from({ length: count }, (_, n) => {
    const alert = more(n);
    const instanceId = `i-${n}`;
    return {
      ...alert,
      id: `a-${n}`,
      subject: { type: 'instance' as const, id: instanceId },
      instance: { ...alert.instance, instanceId },
    };
  });
}

test('many subjects with one cause are one message', () => {
  const given = alerts(12, (n) =>
    n === 0 ? { ...sampleAlert, observedAt: '2026-03-02T09:17:00.000Z' } : alertOf('opened'),
  );
  const message = renderDigest(given, cause, { now });

  expect(message.Subject).toBe('[CRITICAL] no-open-ssh (+1): 12 instances in us-east-1, launch r-1');
  expect(forms(message).email).toBe(`CRITICAL: no-open-ssh and 1 more on 12 instances in us-east-1

Cause      launch r-1, at 2026-03-02 09:15:02 UTC
Account    123456789012, us-east-1
Looked     from 2026-03-02 09:16:00 UTC to 2026-03-02 09:17:00 UTC

no-open-ssh (critical): opened on 12 instances
   SSH is reachable from the company network only.
   Why        port 22 is open to any address: sg-0a1b2c3d4e5f60718 admits tcp
              22 from 0.0.0.0/0
   To do      revoke sgr-0a1b2c3d4e5f60718 of sg-0a1b2c3d4e5f60718, or narrow
              its source to your own network
   Mode       observe: nothing was done, and nothing will be.
   Policy     policies/no-open-ssh/policy.yml, 5e884898da28

required-tags (low): resolved on 1 instance
   Every instance names its owner and its cost centre.
   Was        tag CostCentre is missing
   Policy     policies/required-tags/policy.yml, 2bb80d537b1d

Instances
   i-0 "web-1" m7i.large: opened no-open-ssh, resolved required-tags
${Array.from({ length: 11 }, (_, n) => `   i-${n + 1} "web-1" m7i.large: opened no-open-ssh\n`).join('')}`);
});

test('where reasons differ, one of them is an example, and is said to be one', () => {
  const given = alerts(11, (n) => alertOf('opened', { ...noOwner, reason: `tag k${n} is missing` }));

  expect(forms(renderDigest(given, cause, { now })).email).toContain(
    '   Example    i-0 "web-1"\n   Why        tag k0 is missing\n',
  );
});

test('a digest of what was resolved says so', () => {
  const { Subject } = renderDigest(
    alerts(11, () => alertOf('resolved')),
    cause,
    { now },
  );

  expect(Subject).toBe('[RESOLVED] no-open-ssh: 11 instances in us-east-1, launch r-1');
});

test('its JSON form holds every alert', () => {
  const content = JSON.parse(forms(renderDigest(alerts(12), cause, { now })).sqs) as Record<string, unknown>;

  expect(content).toEqual(
    expect.objectContaining({
      version: 1,
      kind: 'digest',
      topic: 'alerts',
      accountId: '123456789012',
      region: 'us-east-1',
      cause,
      subjects: 12,
    }),
  );
  expect((content.alerts as readonly { readonly id: string }[]).map(({ id }) => id)).toEqual(
    alerts(12).map(({ id }) => id),
  );
  expect(content).not.toHaveProperty('alertsOmitted');
});

test('its attributes are those of all alerts', () => {
  const given = alerts(12, (n) => (n === 5 ? alertOf('opened', noOwner) : alertOf('opened')));
  const { MessageAttributes } = renderDigest(given, cause, { now, tagKey: 'Team' });

  expect(MessageAttributes).toEqual({
    kind: { DataType: 'String', StringValue: 'digest' },
    mode: { DataType: 'String', StringValue: 'observe' },
    policies: { DataType: 'String.Array', StringValue: '["no-open-ssh","required-tags"]' },
    rules: { DataType: 'String.Array', StringValue: '["restricted-ingress","required-tags"]' },
    severities: { DataType: 'String.Array', StringValue: '["critical","low"]' },
    account: { DataType: 'String', StringValue: '123456789012' },
    region: { DataType: 'String', StringValue: 'us-east-1' },
  });
});

test.each([
  ['are very many', alerts(5_000)],
  [
    'have monstrous findings',
    alerts(200, (n) =>
      alertOf('opened', { ...openSsh, policy: `p-${n}`, reason: 'x'.repeat(50_000), evidence: 'y'.repeat(50_000) }),
    ),
  ],
  [
    'have very many findings',
    alerts(50, () => ({
      ...sampleAlert,
      entries: Array.from({ length: 2_000 }, (_, n) => ({
        change: 'opened' as const,
        finding: { ...openSsh, policy: `p-${n}` },
      })),
    })),
  ],
  ['have a monstrous cause', alerts(12)],
])('SNS takes it though the alerts %s', (_, given) => {
  const message = renderDigest(given, { ...cause, text: `${cause.text} ${'ø\n'.repeat(100_000)}` }, { now });

  expect(bytesOf(message)).toBeLessThan(262_144);
  expect(message.Subject).toMatch(/^\[CRITICAL\] [\x20-\x7e]{1,88}$/);
  expect(JSON.parse(forms(message).lambda)).toEqual(
    expect.objectContaining({ kind: 'digest', subjects: given.length }),
  );
});

test('what is not listed is counted', () => {
  const message = renderDigest(alerts(5_000), cause, { now });
  const content = JSON.parse(forms(message).sqs) as {
    readonly alerts: readonly unknown[];
    readonly alertsOmitted: number;
  };

  expect(forms(message).email).toContain('\n   and 4950 more instances\n');
  expect(content.alerts.length + content.alertsOmitted).toBe(5_000);
});

test('of no alerts there is still a message', () => {
  expect(renderDigest([], cause, { now }).Subject).toBe('0 instances, launch r-1');
});
