import type { Alert, AlertEntry, Change } from '../../src/domain/alert.ts';
import type { Finding } from '../../src/domain/finding.ts';

/** An hour after the look of `sampleAlert`. */
export const now = new Date('2026-03-02T10:16:00Z');

export const openSsh: Finding = {
  id: 'f-3b1f0c9a7e42',
  policy: 'no-open-ssh',
  description: 'SSH is reachable from the company network only.',
  rule: 'restricted-ingress',
  severity: 'critical',
  mode: 'observe',
  source: { file: 'policies/no-open-ssh/policy.yml', hash: '5e884898da28' },
  status: 'open',
  reason: 'port 22 is open to any address: sg-0a1b2c3d4e5f60718 admits tcp 22 from 0.0.0.0/0',
  fix: 'revoke sgr-0a1b2c3d4e5f60718 of sg-0a1b2c3d4e5f60718, or narrow its source to your own network',
  evidence: { exposure: 'any', permissions: [{ groupId: 'sg-0a1b2c3d4e5f60718', source: '0.0.0.0/0', offends: true }] },
  origin: 'drift',
  openedAt: '2026-03-02T09:16:00.000Z',
};

export const noOwner: Finding = {
  id: 'f-9d02aa51b6c3',
  policy: 'required-tags',
  description: 'Every instance names its owner and its cost centre.',
  rule: 'required-tags',
  severity: 'low',
  mode: 'observe',
  source: { file: 'policies/required-tags/policy.yml', hash: '2bb80d537b1d' },
  status: 'open',
  reason: 'tag CostCentre is missing',
  fix: 'add the tag CostCentre',
  origin: 'launch',
  openedAt: '2026-02-27T08:00:00.000Z',
};

export const sampleAlert: Alert = {
  id: 'a-77c0ffee1234',
  topic: 'alerts',
  owes: ['sns', 'eventbridge'],
  scope: { accountId: '123456789012', region: 'us-east-1' },
  subject: { type: 'instance', id: 'i-0a1b2c3d4e5f60718' },
  instance: {
    instanceId: 'i-0a1b2c3d4e5f60718',
    instanceType: 'm7i.large',
    state: 'running',
    launchTime: '2026-02-27T07:59:10.000Z',
    publicIpAddress: '203.0.113.25',
    parent: 'Auto Scaling group "web"',
    launcher: { name: 'jane', arn: 'arn:aws:iam::123456789012:user/jane', invokedBy: 'cloudformation.amazonaws.com' },
    tags: { Name: 'web-1', Owner: 'jane@example.com', Team: 'payments' },
  },
  cause: {
    key: 'security-group:sg-0a1b2c3d4e5f60718',
    text: 'AuthorizeSecurityGroupIngress on sg-0a1b2c3d4e5f60718',
    eventTime: '2026-03-02T09:15:02.000Z',
  },
  observedAt: '2026-03-02T09:16:00.000Z',
  entries: [
    { change: 'opened', finding: openSsh },
    {
      change: 'resolved',
      finding: { ...noOwner, status: 'closed', closedAs: 'resolved', closedAt: '2026-03-02T09:16:00.000Z' },
    },
  ],
};

/** The sample with other entries. */
export function alertWith(entries: readonly AlertEntry[], more: Partial<Alert> = {}): Alert {
  return { ...sampleAlert, ...more, entries };
}

/** The sample of one change. */
export function alertOf(change: Change, finding: Finding = openSsh, more: Partial<Alert> = {}): Alert {
  return alertWith([{ change, finding }], more);
}

/** The forms that a message has for each protocol: SNS takes `default` for those that it does not name. */
export function forms({
  Message,
}: {
  readonly Message: string;
}): Record<'default' | 'email' | 'sqs' | 'lambda', string> {
  const named = JSON.parse(Message) as Record<'default' | 'sqs' | 'lambda', string>;
  return { email: named.default, ...named };
}
