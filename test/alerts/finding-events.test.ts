import { findingEvents } from '../../src/alerts/finding-events.ts';
import { alertOf, openSsh, sampleAlert } from './sample.ts';

test('each entry of an alert is an event, with the instance as its resource', () => {
  const events = findingEvents(sampleAlert);
  const { entries, id, scope, owes: _owes, ...rest } = sampleAlert;

  expect(events.map(({ Source, DetailType, Resources, Time }) => ({ Source, DetailType, Resources, Time }))).toEqual([
    {
      Source: 'ec2-guardrail',
      DetailType: 'EC2 Guardrail Finding',
      Resources: ['arn:aws:ec2:us-east-1:123456789012:instance/i-0a1b2c3d4e5f60718'],
      Time: new Date('2026-03-02T09:16:00Z'),
    },
    expect.objectContaining({ Source: 'ec2-guardrail' }),
  ]);
  expect(events.map(({ Detail }) => JSON.parse(Detail) as unknown)).toEqual(
    entries.map((entry) => ({ version: 1, alertId: id, ...scope, ...rest, ...entry })),
  );
});

test.each([
  ['cn-north-1', 'arn:aws-cn:ec2:cn-north-1:123456789012:instance/i-0a1b2c3d4e5f60718'],
  ['eusc-de-east-1', 'arn:aws-eusc:ec2:eusc-de-east-1:123456789012:instance/i-0a1b2c3d4e5f60718'],
  ['us-gov-west-1', 'arn:aws-us-gov:ec2:us-gov-west-1:123456789012:instance/i-0a1b2c3d4e5f60718'],
])('the ARN is of the partition of %s', (region, arn) => {
  const [event] = findingEvents(alertOf('opened', openSsh, { scope: { ...sampleAlert.scope, region } }));

  expect(event?.Resources).toEqual([arn]);
});

test.each([
  ['evidence', { evidence: 'x'.repeat(400_000) }, { evidenceOmitted: true, reason: openSsh.reason }],
  ['a reason', { reason: 'ы'.repeat(400_000) }, { reason: `${'ы'.repeat(200)}…` }],
])('EventBridge takes it though %s is monstrous', (_, more, kept) => {
  const [event] = findingEvents(alertOf('opened', { ...openSsh, ...more }));
  const detail = JSON.parse(event?.Detail ?? '') as { readonly finding: unknown };

  expect(Buffer.byteLength(JSON.stringify(event))).toBeLessThan(262_144);
  expect(detail.finding).toEqual(expect.objectContaining(kept));
});

test('an alert whose time cannot be read gives events without one', () => {
  expect(findingEvents(alertOf('opened', openSsh, { observedAt: 'x' }))[0]).not.toHaveProperty('Time');
});
