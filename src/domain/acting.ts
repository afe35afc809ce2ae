import type { Plan } from './action.ts';
import type { Alert, AlertEntry, Cause } from './alert.ts';
import { alertOf, type Finding, leasedFrom, type SubjectRecord } from './finding.ts';
import { type Act, isBeingDone, isSame, type Step, withAct } from './steps.ts';

/**
 * The record with an action begun on one of its findings.
 * @returns undefined when it may not begin: the finding is not open any more, or somebody is at it.
 */
export function begin(
  record: SubjectRecord,
  { policy, action, plan }: { readonly policy: string; readonly action: string; readonly plan: Plan },
  at: Date,
): SubjectRecord | undefined {
  const finding = record.findings.find((one) => one.policy === policy);
  const step = finding?.steps?.find((one) => one.action === action);
  if (finding?.status !== 'open' || step?.dueAt === undefined || isBeingDone(step.begun, at)) return undefined;
  const begun = { at: at.toISOString(), plan };
  const steps = finding.steps?.map((one) => (one === step ? { ...one, begun } : one)) ?? [];
  return withFinding(record, { ...finding, steps });
}

/** What became of an action on a finding, and what the alert of it belongs to. */
export interface Done {
  readonly policy: string;
  readonly action: string;
  /** Left out: it was overtaken, and nothing was done. */
  readonly act?: Act;
  readonly at: Date;
  readonly cause: Cause;
  /** Alerts of the same look, which wait to be sent: what was done is told with them. */
  readonly waiting: readonly string[];
  /** Part of a sweep: the alert waits in the outbox until the sweep is done. */
  readonly deferred: boolean;
}

/** What is to be written and sent after an action. */
export interface AfterAct {
  readonly record: SubjectRecord;
  readonly toSend: readonly Alert[];
}

/**
 * The record after an action: what became of it is written down, and told together with what the same look found, in one
 * message. The finding may have ended meanwhile.
 */
export function afterAct(record: SubjectRecord, done: Done): AfterAct {
  const before = record.findings.find(({ policy }) => policy === done.policy);
  const waiting = record.outbox.filter(({ id }) => done.waiting.includes(id));
  if (before === undefined) return { record, toSend: waiting };
  const finding = withOutcome(before, done);
  const next = withFinding(record, finding);
  const isNews = done.act !== undefined && !before.acts?.some((one) => done.act !== undefined && isSame(one, done.act));
  if (!isNews) return { record: next, toSend: waiting };
  const entry = { change: changeOf(done.act), finding } as const;
  const told = toldWith(waiting, entry, record, done);
  const others = record.outbox.filter((alert) => !waiting.includes(alert));
  const outbox = [...others, ...told];
  const isSent = !done.deferred && told.length > 0;
  return {
    record: { ...next, outbox, ...(isSent ? { outboxLeasedUntil: leasedFrom(done.at) } : {}) },
    toSend: done.deferred ? [] : told,
  };
}

function changeOf(act: Act | undefined): AlertEntry['change'] {
  if (act?.outcome === 'done') return 'acted';
  return act?.outcome === 'contested' ? 'contested' : 'failed';
}

function withFinding(record: SubjectRecord, finding: Finding): SubjectRecord {
  const findings = record.findings.map((one) => (one.policy === finding.policy ? finding : one));
  return { ...record, version: record.version + 1, findings };
}

function withOutcome(finding: Finding, { action, act }: Done): Finding {
  const steps = finding.steps?.map((step) => (step.action === action ? stepAfter(step, act) : step));
  return {
    ...finding,
    ...(steps === undefined ? {} : { steps }),
    ...(act === undefined ? {} : { acts: withAct(finding.acts ?? [], act) }),
  };
}

/** What failed, or was overtaken, stays due: the next look tries again. */
function stepAfter({ begun: _, dueAt, ...step }: Step, act: Act | undefined): Step {
  switch (act?.outcome) {
    case 'done':
      return { ...step, held: { by: 'done', why: `done at ${act.at}` } };
    case 'contested':
      return { ...step, held: { by: 'contested', why: act.detail ?? 'it is put back each time' } };
    case 'failed':
    case 'interrupted':
    case undefined:
      return { ...step, ...(dueAt === undefined ? {} : { dueAt }) };
  }
}

/** The alerts that wait, with what was done in them: in the entry of the same finding, else in one of its own. */
function toldWith(waiting: readonly Alert[], entry: AlertEntry, record: SubjectRecord, done: Done): readonly Alert[] {
  const [first, ...others] = waiting.filter(({ topic }) => topic === 'alerts');
  const rest = [...others, ...waiting.filter(({ topic }) => topic !== 'alerts')];
  if (first === undefined) {
    const { scope, subject, instance = { instanceId: subject.id, tags: {} } } = record;
    const about = { scope, subject, instance, cause: done.cause, observedAt: done.at.toISOString() };
    return [...rest, ...alertOf({ ...about, topic: 'alerts', owes: ['sns', 'eventbridge'] }, [entry])];
  }
  const isSameFinding = (one: AlertEntry) => one.finding.id === entry.finding.id;
  const entries = first.entries.some(isSameFinding)
    ? first.entries.map((one) => (isSameFinding(one) ? { ...one, finding: entry.finding } : one))
    : [...first.entries, entry];
  const { id: _, entries: __, ...about } = first;
  return [...rest, ...alertOf(about, entries)];
}
