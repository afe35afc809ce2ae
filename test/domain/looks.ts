import type { Plan } from '../../src/domain/action.ts';
import type { Alert } from '../../src/domain/alert.ts';
import { type Look, type Reconciled, reconcile, type SubjectRecord } from '../../src/domain/finding.ts';
import type { Judgement, Subject } from '../../src/domain/judge.ts';
import { type Deliveries, markDelivered } from '../../src/domain/outbox.ts';
import { type Enforcement, notify, type Severity } from '../../src/domain/policy.ts';
import type { Enforceability } from '../../src/domain/steps.ts';

export const subject: Subject = { type: 'instance', id: 'i-0123456789abcdef0' };
export const scope = { accountId: '123456789012', region: 'us-east-1' };
export const start = Date.parse('2026-03-02T09:00:00Z');
export const minute = 60_000;

export function at(minutes: number): Date {
  return new Date(start + minutes * minute);
}

export function iso(minutes: number): string {
  return at(minutes).toISOString();
}

export function judgement(
  compliance: Judgement['compliance'],
  more: Partial<Judgement> & { name?: string; severity?: Severity } = {},
): Judgement {
  const { name = 'no-open-ssh', severity = 'critical', ...rest } = more;
  return {
    policy: {
      name,
      description: 'SSH is reachable from the company network only.',
      severity,
      rule: 'restricted-ingress',
      parameters: {},
      exempt: [],
      mode: 'observe',
      actions: [notify],
      source: { file: `policies/${name}/policy.yml`, hash: '0123456789ab' },
    },
    subject,
    instanceId: subject.id,
    scope,
    compliance,
    reason: '',
    fix: '',
    missing: [],
    ...rest,
  };
}

export const violates = judgement('NON_COMPLIANT', { reason: 'port 22 is open to 0.0.0.0/0', fix: 'revoke sgr-1' });
export const violatesOtherwise = judgement('NON_COMPLIANT', { reason: 'port 22 is open to ::/0', fix: 'revoke sgr-2' });
export const complies = judgement('COMPLIANT');
export const doesNotApply = judgement('NOT_APPLICABLE', { reason: 'has no security group' });
export const cannotSay = judgement('INSUFFICIENT_DATA', {
  reason: 'security group sg-1: denied',
  missing: [{ what: 'security group sg-1', why: 'denied' }],
});
export const isExempt: Judgement = { ...violates, exempt: { reason: 'bastion, SEC-41', until: '2027-03-31' } };

const stop: Enforcement = { id: 'stop', parameters: {}, afterMs: 0, onDrift: false };

/** The violation of a policy that enforces: it stops the instance. */
export const enforced: Judgement = {
  ...violates,
  policy: { ...violates.policy, mode: 'enforce', actions: [notify, stop] },
};

export const stopPlan: Plan = {
  does: `stop ${subject.id}`,
  calls: [{ operation: 'ec2:StopInstances', input: { InstanceIds: [subject.id] } }],
  undo: [{ operation: 'ec2:StartInstances', input: { InstanceIds: [subject.id] } }],
  concerns: [],
};

/** What may be done about it: it is enforced since long before the first look. */
export function mayStop(more: Partial<Enforceability> = {}, use: Partial<Enforcement> = {}): Enforceability {
  const planned = { plan: stopPlan };
  return { actions: [{ use: { ...stop, ...use }, interrupts: true, planned, since: iso(-7 * 24 * 60) }], ...more };
}

export function look(minutes: number, judgements: readonly Judgement[], more: Partial<Look> = {}): Look {
  return {
    subject,
    scope,
    at: at(minutes),
    instance: { instanceId: subject.id, tags: { Name: 'web-1' } },
    judgements,
    enforcement: new Map(),
    unswept: new Set(),
    deployed: new Set(['no-open-ssh', 'required-tags', 'no-public-ip']),
    gone: false,
    atLaunch: false,
    settled: true,
    final: true,
    silent: false,
    deferred: false,
    tagsSeen: false,
    cause: { key: 'sweep:1', text: 'hourly sweep' },
    ...more,
  };
}

export function reconciled(record: SubjectRecord | undefined, taken: Look): Reconciled {
  const result = reconcile(record, taken);
  if (result === undefined) throw new Error('the look was not newer');
  return result;
}

/** The record after these looks, each one's alerts sent before the next. */
export function recordAfter(...looks: readonly Look[]): SubjectRecord {
  let record: SubjectRecord | undefined;
  for (const one of looks) {
    const { record: next, toSend } = reconciled(record, one);
    record = markDelivered(next, takenByAll(toSend));
  }
  if (record === undefined) throw new Error('no looks');
  return record;
}

/** The record after these looks, of which some may come late; nothing is sent. */
export function recordOf(looks: readonly Look[], from?: SubjectRecord): SubjectRecord {
  let record = from;
  for (const one of looks) record = reconcile(record, one)?.record ?? record;
  if (record === undefined) throw new Error('no looks');
  return record;
}

/** Every channel has taken these alerts. */
export function takenByAll(alerts: readonly Alert[]): Deliveries {
  return new Map(alerts.map((alert) => [alert.id, new Set(alert.owes)]));
}

/** What a look tells: topic, change and policy of every entry. */
export function told(result: Reconciled): readonly string[] {
  return result.toSend.flatMap((alert) =>
    alert.entries.map(({ change, finding }) => `${alert.topic}: ${change} ${finding.policy}`),
  );
}

/** All orders of these. */
export function permutations<T>(values: readonly T[]): readonly (readonly T[])[] {
  if (values.length <= 1) return [values];
  return values.flatMap((value, index) =>
    permutations([...values.slice(0, index), ...values.slice(index + 1)]).map((rest) => [value, ...rest]),
  );
}
