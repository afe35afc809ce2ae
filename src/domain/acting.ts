import type { Plan } from './action.ts';
import type { Alert, AlertEntry, Cause } from './alert.ts';
import type { OwnAct } from './facts.ts';
import type { Finding, SubjectRecord } from './finding.ts';
import { alertOf, everyChannel, isReady, leasedFrom } from './outbox.ts';
import { type Act, isBeingDone, isSame, isToldContested, type Step, withAct } from './steps.ts';

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

/** What policies did to the instance and nobody put back, oldest first; also what whoever began it could not write down any more. */
export function ownActs({ findings }: Pick<SubjectRecord, 'findings'>): readonly OwnAct[] {
  return findings
    .flatMap(({ policy, acts = [] }) =>
      acts
        .filter(({ outcome, undoneAt }) => (outcome === 'done' || outcome === 'interrupted') && undoneAt === undefined)
        .map(({ action, at }) => ({ policy, action, at })),
    )
    .sort((one, other) => (one.at < other.at ? -1 : 1));
}

/** What became of an action on a finding, and what the alert of it belongs to. */
export interface Done {
  readonly policy: string;
  readonly action: string;
  /** Left out: nothing was tried after all, and it stays due. */
  readonly act?: Act;
  readonly at: Date;
  readonly cause: Cause;
  /** When the look was taken, ISO 8601: what was done is told together with what it found. */
  readonly observedAt: string;
  /** Alerts that whoever acts has to send, by id. */
  readonly sending: readonly string[];
}

/**
 * The record after a person put back what an act had done.
 * @returns undefined when there is no such act of that finding, or it was put back before.
 */
export function undone(record: SubjectRecord, findingId: string, act: Act, at: string): SubjectRecord | undefined {
  const finding = record.findings.find(({ id }) => id === findingId);
  const isIt = (one: Act) => one.action === act.action && one.at === act.at && one.undoneAt === undefined;
  if (finding?.acts?.some(isIt) !== true) return undefined;
  return withFinding(record, {
    ...finding,
    acts: finding.acts.map((one) => (isIt(one) ? { ...one, undoneAt: at } : one)),
  });
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
  const sending = record.outbox.filter(({ id }) => done.sending.includes(id));
  if (before === undefined) return { record, toSend: sending };
  const finding = withOutcome(before, done);
  const next = withFinding(record, finding);
  const { act } = done;
  if (act === undefined || !isNews(act, before, done.at)) return { record: next, toSend: sending };
  const waiting = record.outbox.filter(({ observedAt }) => observedAt === done.observedAt);
  const entry = { change: changeOf(act), finding } as const;
  const told = toldWith(waiting, entry, record, done);
  const others = record.outbox.filter((alert) => !waiting.includes(alert));
  const ready = told.filter((alert) => isReady(alert, done.at.toISOString()));
  const toSend = [...sending.filter((alert) => others.includes(alert)), ...ready];
  const lease = toSend.length > 0 ? { outboxLeasedUntil: leasedFrom(done.at) } : {};
  return { record: { ...next, outbox: [...others, ...told], ...lease }, toSend };
}

/** Whether it is to be told: what was overtaken, failed in the same way since it opened, or was told as contested today, is not. */
function isNews(act: Act, { acts = [], openedAt }: Finding, at: Date): boolean {
  if (act.outcome === 'overtaken') return false;
  if (act.outcome === 'contested') return !isToldContested({ acts }, act.action, act.detail ?? '', at);
  return act.outcome !== 'failed' || !acts.some((one) => one.at >= openedAt && isSame(one, act));
}

function changeOf({ outcome }: Act): AlertEntry['change'] {
  if (outcome === 'done') return 'acted';
  return outcome === 'contested' ? 'contested' : 'failed';
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
function stepAfter({ begun: _begun, dueAt, ...step }: Step, act: Act | undefined): Step {
  switch (act?.outcome) {
    case 'done':
      return { ...step, held: { by: 'done', why: `done at ${act.at}` } };
    case 'contested':
      return { ...step, held: { by: 'contested', why: act.detail ?? 'it is put back each time' } };
    case 'failed':
    case 'interrupted':
    case 'overtaken':
    case undefined:
      return { ...step, ...(dueAt === undefined ? {} : { dueAt }) };
  }
}

/** What opens or changes is told as that, with what was done; these give way to what was done last. */
const givesWay: ReadonlySet<AlertEntry['change']> = new Set(['reminder', 'due', 'failed']);

function toldAs(told: AlertEntry['change'], act: AlertEntry['change']): AlertEntry['change'] {
  return givesWay.has(told) ? act : told;
}

/**
 * The alerts that wait, with what was done in them: in the entry of the same finding, else in one of its own. What one channel has taken
 * already is told there no more: it is an alert of its own then.
 */
function toldWith(waiting: readonly Alert[], entry: AlertEntry, record: SubjectRecord, done: Done): readonly Alert[] {
  const first = waiting.find(
    ({ topic, owes }) => topic === 'alerts' && everyChannel.every((one) => owes.includes(one)),
  );
  const rest = waiting.filter((alert) => alert !== first);
  if (first === undefined) {
    const { scope, subject, instance = { instanceId: subject.id, tags: {} } } = record;
    const about = { scope, subject, instance, cause: done.cause, observedAt: done.observedAt };
    return [...rest, ...alertOf({ ...about, topic: 'alerts', owes: everyChannel }, [entry])];
  }
  const isSameFinding = (one: AlertEntry) => one.finding.id === entry.finding.id;
  const entries = first.entries.some(isSameFinding)
    ? first.entries.map((one) => (isSameFinding(one) ? { ...entry, change: toldAs(one.change, entry.change) } : one))
    : [...first.entries, entry];
  const { id: _, entries: __, notBefore: ___, ...about } = first;
  return [...rest, ...alertOf(about, entries)];
}
