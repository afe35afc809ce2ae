import type { Alert, AlertEntry, Cause, Change, InstanceSummary } from './alert.ts';
import type { Launch } from './collected.ts';
import { digest } from './digest.ts';
import { dueWarning, type Exempt } from './exemption-end.ts';
import { isPassing, type Missing } from './facts.ts';
import type { Json } from './json.ts';
import type { Judgement, Subject } from './judge.ts';
import { noticeOf } from './notices.ts';
import type { Scope } from './operations.ts';
import {
  type Foretold,
  foretoldBy,
  type Origin,
  policiesOfLaunch,
  policiesOfSchedule,
  stillUndecided,
  withoutDisproved,
} from './origin.ts';
import { alertOf, everyChannel, isLeased, isReady, leasedFrom, shortened, withOwed } from './outbox.ts';
import { type Mode, type Severity, severities } from './policy.ts';
import { type Earlier, earlierOf, isRemembered } from './reopening.ts';
import { type Act, type Enforceability, interrupted, isLetIn, isPutBack, type Step, stepsFor } from './steps.ts';
import { DAY_MS } from './time.ts';

/** How a finding ended. Only `resolved`, `exempted` and `out-of-scope` are told. */
export type ClosedAs =
  | 'resolved'
  | 'exempted'
  | 'out-of-scope'
  /** The policy is no longer deployed. */
  | 'withdrawn'
  /** The instance was terminated. */
  | 'gone';

/**
 * What one policy found of one subject, from its opening to its end. JSON.
 *
 * A deployed table is updated in place: items are read as an older version wrote them. A field that came later may be left
 * out, and its absence says what is safe: an open finding without `origin` is taken for `drift`, a closed one for one that
 * never was open, so that opening again gives it a new grace. The next look at an open finding writes what is missing.
 */
export interface Finding {
  /** The same for a policy and subject however often it opens: `f-` and 12 hex digits. */
  readonly id: string;
  readonly policy: string;
  readonly description: string;
  readonly rule: string;
  readonly severity: Severity;
  readonly mode: Mode;
  readonly source: { readonly file: string; readonly hash: string };
  readonly status: 'open' | 'unknown' | 'closed';
  readonly reason: string;
  readonly fix: string;
  readonly evidence?: Json;
  /** For `unknown`: what was missing, and why. */
  readonly missing?: readonly Missing[];
  /** The exemption that covers it. */
  readonly exempt?: Exempt;
  /** An exemption that covered it before it opened, or before it could not be said. */
  readonly wasExempt?: Exempt;
  /** Left out where it never was open. */
  readonly origin?: Origin;
  /** ISO 8601. For `unknown`: since when; for what is exempt from the first: since it was first seen. */
  readonly openedAt: string;
  /** What it continues: it opened before, and its grace counts from then. */
  readonly earlier?: Earlier;
  readonly closedAt?: string;
  readonly closedAs?: ClosedAs;
  /** It stood before its policy was enforced as it is: nothing is done about it until the policy is promoted. */
  readonly isBaseline?: true;
  /** When a scope, `protected` or the deployment's switch stopped keeping it out, ISO 8601: only a later promotion is of it. */
  readonly letInAt?: string;
  /** Of an open finding, how far each action has come; left out where the policy has none. */
  readonly steps?: readonly Step[];
  /** The longest time after its opening for which it was reminded of, in milliseconds; left out: of none. */
  readonly remindedMs?: number;
  /** The time of an action that was announced ahead, ISO 8601. */
  readonly announced?: string;
  /** When time alone makes something of it, ISO 8601: an action, a reminder, an announcement. */
  readonly wakeAt?: string;
  /** What was done about it, also in earlier openings that it continues; oldest first. */
  readonly acts?: readonly Act[];
}

/** The one item of a subject: findings of all its policies, and the alerts that still have to be sent. JSON. */
export interface SubjectRecord {
  readonly subject: Subject;
  readonly scope: Scope;
  /** Counted up with each write; a write names the version that it read. */
  readonly version: number;
  /** When the look behind it was taken, ISO 8601. An older look never overwrites a newer one. */
  readonly observedAt: string;
  readonly launch?: Launch;
  /** The instance when it was last seen; left out for an id that DescribeInstances has never shown. */
  readonly instance?: InstanceSummary;
  readonly findings: readonly Finding[];
  /** Policies that no look has been able to decide since the launch: what they find in its ten minutes is of the launch. */
  readonly undecidedSinceLaunch?: readonly string[];
  /** Enforced policies that no look has been able to decide since they are: what they find first may have stood before. */
  readonly undecidedSinceEnforced?: readonly string[];
  /** When time alone makes another verdict of what a policy said. */
  readonly foretold?: Foretold;
  /** Alerts that not every channel has taken yet. Written with the findings that they tell of, so that none is lost. */
  readonly outbox: readonly Alert[];
  /** Until when whoever wrote `outbox` is sending it, ISO 8601. Past it, anybody does. */
  readonly outboxLeasedUntil?: string;
  /** DescribeInstances has shown a tag: from then on the launch request's tags say nothing. */
  readonly tagsSeen?: true;
  /** When the item may be deleted unless it is looked at again, ISO 8601. */
  readonly expiresAt: string;
}

/** What one look at a subject gave. */
export interface Look {
  readonly subject: Subject;
  readonly scope: Scope;
  readonly at: Date;
  /** Left out: DescribeInstances does not show it. */
  readonly instance?: InstanceSummary;
  readonly judgements: readonly Judgement[];
  /** What may be done about each violation, by policy; left out where the policy has no action for it. */
  readonly enforcement: ReadonlyMap<string, Enforceability>;
  /** Policies that are enforced, and by which no sweep has looked at everything yet. */
  readonly unswept: ReadonlySet<string>;
  /** Names of the policies deployed: a finding of any other is withdrawn. */
  readonly deployed: ReadonlySet<string>;
  /** The instance is terminated, or EC2 no longer knows it: findings close silently. */
  readonly gone: boolean;
  /** EC2 launched the instance, for the first time and for certain, less than ten minutes ago. */
  readonly atLaunch: boolean;
  /** The launch has settled: a violation that reads differently now is a change, not a launch still arriving. */
  readonly settled: boolean;
  /** No further look will be taken for this cause: what is unknown stands as INSUFFICIENT_DATA. */
  readonly final: boolean;
  /** The first sweep of a new deployment: findings open without a word; one summary tells of all. */
  readonly silent: boolean;
  /** Part of a sweep: its alerts wait in the outbox until the sweep is done, so that many can be told in one message. */
  readonly deferred: boolean;
  /** DescribeInstances shows at least one tag. */
  readonly tagsSeen: boolean;
  readonly launch?: Launch;
  readonly cause: Cause;
}

/** How long an item is kept that nobody looks at, in milliseconds. The sweep looks at what is there each hour. */
export const KEPT_MS = 30 * DAY_MS;

/** How long the item of an instance is kept that is gone, or was never there, in milliseconds: no event comes later. */
export const KEPT_WHEN_GONE_MS = DAY_MS;

/** The longest text and the largest evidence that an item holds, in characters: a table's item has 400 KB for all. */
const STORED_TEXT = 4_000;
const STORED_EVIDENCE = 6_000;
/** Of a list that is too long so many entries are kept. */
const STORED_ENTRIES = 20;

/** What a look leads to. */
export interface Reconciled {
  /** To be written on the condition that nobody wrote since it was read. */
  readonly record: SubjectRecord;
  /** Alerts of its outbox that the writer sends once it is written: all but those that another is sending. */
  readonly toSend: readonly Alert[];
}

/**
 * What a subject's item becomes after a look, and the alerts that follow. Pure.
 * @returns undefined when a newer look is already written, and this one adds nothing to it.
 */
export function reconcile(record: SubjectRecord | undefined, look: Look): Reconciled | undefined {
  const at = look.at.toISOString();
  if (record !== undefined && record.observedAt > at) return withLateLook(record, look);
  const ofLaunch = policiesOfLaunch(record, look);
  const undecided = stillUndecided(ofLaunch, look);
  const considered = { ...look, ...rememberedIn(record, look.at) };
  const steps = toldOf(record?.findings ?? [], considered, ofLaunch);
  const foretold = foretoldBy(
    record?.foretold,
    look,
    steps.map(({ finding }) => finding),
  );
  const undecidedSinceEnforced = stillNotSaid(record, look);
  const launch = look.launch ?? record?.launch;
  const pending = record?.outbox ?? [];
  const instance = look.instance ?? record?.instance;
  const isLost = look.gone || (look.final && instance === undefined);
  const owed = alertsOf(steps, look, instance ?? { instanceId: look.subject.id, tags: {} });
  const leased = isLeased(record, at);
  // What another is sending is left as it is.
  const outbox = leased ? [...pending, ...owed] : shortened(withOwed(pending, owed));
  const mine = new Set(owed.map((alert) => alert.id));
  const toSend = outbox.filter((alert) => isReady(alert, at) && (mine.has(alert.id) ? !look.deferred : !leased));
  const leasedUntil = toSend.length > 0 ? leasedFrom(look.at) : record?.outboxLeasedUntil;
  return {
    record: {
      subject: look.subject,
      scope: look.scope,
      version: (record?.version ?? 0) + 1,
      observedAt: at,
      ...(launch === undefined ? {} : { launch }),
      ...(instance === undefined ? {} : { instance }),
      findings: steps.map((step) => step.finding).filter((finding) => isKept(finding, foretold, look.at)),
      ...(undecided.length === 0 ? {} : { undecidedSinceLaunch: undecided }),
      ...(undecidedSinceEnforced.length === 0 ? {} : { undecidedSinceEnforced }),
      ...(Object.keys(foretold).length === 0 ? {} : { foretold }),
      outbox,
      ...(leasedUntil === undefined ? {} : { outboxLeasedUntil: leasedUntil }),
      ...(look.tagsSeen || record?.tagsSeen ? { tagsSeen: true as const } : {}),
      expiresAt: new Date(look.at.getTime() + (isLost ? KEPT_WHEN_GONE_MS : KEPT_MS)).toISOString(),
    },
    toSend,
  };
}

/** What of the whole item a step of one of its findings hangs on. */
interface Remembered {
  /** Actions that a person put back: they are done to this instance by no policy. */
  readonly undone: ReadonlySet<string>;
  /** See `undecidedSinceEnforced`. */
  readonly notDecided: ReadonlySet<string>;
  /** Policies of which a violation came by the clock. */
  readonly ofSchedule: ReadonlySet<string>;
}

type Considered = Look & Remembered;

function rememberedIn(record: SubjectRecord | undefined, at: Date): Remembered {
  const putBack = record?.findings.flatMap(({ acts = [], origin }) => acts.filter((act) => isPutBack(act, origin, at)));
  return {
    undone: new Set(putBack?.map(({ action }) => action)),
    notDecided: new Set(record?.undecidedSinceEnforced),
    ofSchedule: policiesOfSchedule(record?.foretold, at),
  };
}

/**
 * What is known of a launch. Once DescribeInstances has shown a tag, the request's tags say nothing any more: somebody may have
 * deleted them since.
 * @param told by its record, where that is not in the item yet. Whoever was first told is believed: a later record of the same
 * launch may be anybody's.
 */
export function launchKnown(record: SubjectRecord | undefined, told?: Launch): Launch | undefined {
  const launch = record?.launch ?? told;
  return launch !== undefined && record?.tagsSeen ? { ...launch, requestTags: [] } : launch;
}

/** Enforced policies that could not be said at this look either. */
function stillNotSaid(record: SubjectRecord | undefined, { judgements, unswept }: Look): readonly string[] {
  const before = new Set(record?.undecidedSinceEnforced);
  return judgements
    .filter(({ compliance }) => compliance === 'INSUFFICIENT_DATA')
    .map(({ policy }) => policy.name)
    .filter((policy) => unswept.has(policy) || before.has(policy));
}

/** Whether the sweep must look at it even when EC2 shows no such instance: something is open, or still to be told. */
export function isLive({ outbox, findings, instance }: SubjectRecord): boolean {
  return outbox.length > 0 || (instance !== undefined && findings.some((finding) => finding.status !== 'closed'));
}

/** When time alone makes something of it, of a verdict or of one of its findings, ISO 8601; undefined when nothing will. */
export function wakesAt({ findings, foretold = {}, outbox, observedAt }: SubjectRecord): string | undefined {
  const again = new Date(Date.parse(observedAt) + WOKEN_AGAIN_MS).toISOString();
  return [
    ...findings.flatMap(({ status, wakeAt }) => (status === 'open' && wakeAt !== undefined ? [wakeAt] : [])),
    // What is past could not be said then.
    ...Object.values(foretold).map(({ at }) => (at > observedAt ? at : again)),
    // Past it, it was refused then.
    ...outbox.flatMap(({ notBefore }) => (notBefore === undefined ? [] : [notBefore > observedAt ? notBefore : again])),
  ]
    .sort()
    .at(0);
}

/** `f-` and the first 12 hex digits of a SHA-256 over what identifies a finding. */
export function findingId(scope: Scope, subject: Subject, policy: string): string {
  return `f-${digest([scope.accountId, scope.region, subject.type, subject.id, policy])}`;
}

interface Told {
  readonly finding: Finding;
  /** Left out: nothing to tell. */
  readonly tell?: Change;
}

function toldOf(before: readonly Finding[], look: Considered, ofLaunch: ReadonlySet<string>): readonly Told[] {
  const judged = new Map(look.judgements.map((judgement) => [judgement.policy.name, judgement]));
  const known = new Map(before.map((finding) => [finding.policy, finding]));
  const untouched = before
    .filter((finding) => !judged.has(finding.policy))
    .map((finding) => withoutJudgement(finding, look));
  return [
    ...untouched,
    ...look.judgements.flatMap((judgement) => {
      const { name } = judgement.policy;
      const origin = ofLaunch.has(name) ? 'launch' : look.ofSchedule.has(name) ? 'schedule' : 'drift';
      return foundBy(known.get(name), judgement, origin, look);
    }),
  ];
}

/** A policy that no longer speaks of this subject: withdrawn, gone with it, or no longer matching it. */
function withoutJudgement(finding: Finding, look: Look): Told {
  if (!isStanding(finding)) return { finding };
  if (!look.deployed.has(finding.policy)) return { finding: close(finding, 'withdrawn', look) };
  if (look.gone) return { finding: close(finding, 'gone', look) };
  const tell = finding.status === 'open' ? ({ tell: 'out-of-scope' } as const) : {};
  return { finding: close(finding, 'out-of-scope', look), ...tell };
}

function foundBy(before: Finding | undefined, judgement: Judgement, origin: Origin, look: Considered): readonly Told[] {
  const standing = before !== undefined && isStanding(before) ? before : undefined;
  if (look.gone) return standing === undefined ? kept(before) : [{ finding: close(standing, 'gone', look) }];
  switch (judgement.compliance) {
    case 'NON_COMPLIANT':
      return [
        judgement.exempt === undefined
          ? violates(before, judgement, origin, look)
          : exempted(before, judgement, judgement.exempt, look),
      ];
    case 'INSUFFICIENT_DATA':
      return undecided(before, judgement, look);
    case 'COMPLIANT':
    case 'NOT_APPLICABLE': {
      if (standing === undefined) return kept(before);
      // What came by the clock is over when it was dealt with, which was told, or by the clock again.
      const finding = close(standing, 'resolved', look);
      const wasInterrupted = (finding.acts?.length ?? 0) > (standing.acts?.length ?? 0);
      const isTold = standing.status === 'open' && (standing.origin !== 'schedule' || wasInterrupted);
      return [{ finding, ...(isTold ? { tell: 'resolved' as const } : {}) }];
    }
  }
}

/** Open, unknown, or a violation that is exempt. */
function isStanding({ status, closedAs }: Finding): boolean {
  return status !== 'closed' || closedAs === 'exempted';
}

function kept(finding: Finding | undefined): readonly Told[] {
  return finding === undefined ? [] : [{ finding }];
}

function violates(before: Finding | undefined, judgement: Judgement, origin: Origin, look: Considered): Told {
  if (before?.status !== 'open') {
    const opening = opened(before, judgement, origin, look);
    const finding = { ...opening, ...noticeOf(opening, judgement.policy, look.at, true).notices };
    return look.silent ? { finding } : { finding, tell: 'opened' };
  }
  const { remindedMs, announced } = before;
  const told = {
    ...(remindedMs === undefined ? {} : { remindedMs }),
    ...(announced === undefined ? {} : { announced }),
  };
  const standing = withSteps(
    {
      ...findingOf(judgement, 'open', look.at),
      ...lifeOf(before),
      ...wasExempt(before.wasExempt),
      ...told,
    },
    before.steps,
    look,
  );
  const { tell, notices } = noticeOf(standing, judgement.policy, look.at, look.silent);
  const finding = { ...standing, ...notices };
  if (finding.reason === before.reason) {
    const wasInterrupted = (finding.acts?.length ?? 0) > (before.acts?.length ?? 0);
    // What is due to be told by time is told by the next look: only one thing is told of a finding at once.
    if (wasInterrupted) return { finding: { ...standing, wakeAt: look.at.toISOString() }, tell: 'failed' };
    return tell === undefined ? { finding } : { finding, tell };
  }
  // A part of what is wrong is not seen: the reason is no other, it is half told.
  const asBefore = { finding: wokenLater(before, look.at) };
  if (judgement.missing.some(isPassing)) return asBefore;
  return look.settled ? { finding, tell: 'changed' } : asBefore;
}

/** How long after a look that could not say what is due the next one is taken for it, in milliseconds: ten minutes. */
const WOKEN_AGAIN_MS = 600_000;

/** A finding of which something is due, and by which nothing could be decided: it is not looked at for that each minute. */
function wokenLater(finding: Finding, at: Date): Finding {
  if (finding.wakeAt === undefined || finding.wakeAt > at.toISOString()) return finding;
  return { ...finding, wakeAt: new Date(at.getTime() + WOKEN_AGAIN_MS).toISOString() };
}

/** An open finding with how far its policy's actions have come. */
function withSteps(finding: Finding, before: readonly Step[] = [], { enforcement, undone, at }: Considered): Finding {
  const acts = [...(finding.acts ?? []), ...interrupted(before, at)];
  const enforceability = enforcement.get(finding.policy);
  if (enforceability === undefined) return { ...finding, ...acted(acts) };
  const letIn = isLetIn(before, enforceability) ? { isBaseline: true as const, letInAt: at.toISOString() } : {};
  const standing = { ...finding, ...acted(acts), ...letIn };
  return { ...standing, steps: stepsFor({ ...standing, undone }, before, enforceability, at) };
}

function opened(before: Finding | undefined, judgement: Judgement, origin: Origin, look: Considered): Finding {
  const wasUnknown = before?.status === 'unknown';
  // Each evening is one of its own.
  const earlier = origin === 'schedule' ? undefined : earlierOf(before, judgement, look.at);
  // What goes on from an opening that was none of the baseline is none either: whoever mends for an hour does not get into it.
  const wasActedOn = earlier !== undefined && before?.isBaseline !== true;
  const isBaseline = !wasActedOn && opensInBaseline(origin, judgement, look);
  const finding: Finding = {
    ...findingOf(judgement, 'open', look.at),
    origin,
    ...continued(earlier),
    ...wasExempt(before?.exempt ?? (wasUnknown ? before.wasExempt : undefined)),
    ...acted(before?.acts),
    ...ofBaseline(isBaseline),
  };
  return withSteps(finding, [], look);
}

/** What a first sweep finds stood before, and so may what is found before a sweep has looked at everything by a policy. */
function opensInBaseline(origin: Origin, { policy }: Judgement, { silent, unswept, notDecided }: Considered): boolean {
  if (policy.mode !== 'enforce') return false;
  return silent || (origin === 'drift' && (unswept.has(policy.name) || notDecided.has(policy.name)));
}

function ofBaseline(isBaseline: boolean | undefined): Pick<Finding, 'isBaseline'> {
  return isBaseline ? { isBaseline } : {};
}

function acted(acts: readonly Act[] | undefined): Pick<Finding, 'acts'> {
  return acts === undefined || acts.length === 0 ? {} : { acts };
}

/** What of a finding its actions hang on, and what is the same from its opening to its end. */
export type Life = Pick<Finding, 'openedAt' | 'origin' | 'earlier' | 'acts' | 'isBaseline' | 'letInAt'>;

/** What of an open finding, or of one that was exempted while it was open, is the same from its opening to its end. */
function lifeOf({ openedAt, origin = 'drift', earlier, acts, isBaseline, letInAt }: Finding): Life {
  const since = letInAt === undefined ? {} : { letInAt };
  return { openedAt, origin, ...continued(earlier), ...acted(acts), ...ofBaseline(isBaseline), ...since };
}

function continued(earlier: Earlier | undefined): Pick<Finding, 'earlier'> {
  return earlier === undefined ? {} : { earlier };
}

function wasExempt(exemption: Exempt | undefined): Pick<Finding, 'wasExempt'> {
  return exemption === undefined ? {} : { wasExempt: exemption };
}

/** Exempt: told when it was open before, and when the exemption is about to end. */
function exempted(before: Finding | undefined, judgement: Judgement, exemption: Exempt, look: Look): Told {
  const wasOpen = before?.status === 'open';
  const exempt = withWarning(before, exemption);
  const due = look.silent && !wasOpen ? undefined : dueWarning(exempt, look.at);
  const finding: Finding = {
    ...findingOf(judgement, 'open', look.at),
    ...exemptSince(before, judgement, look),
    ...(before?.steps === undefined ? {} : { steps: before.steps }),
    exempt: due === undefined ? exempt : { ...exempt, warnedDays: due },
  };
  const step = { finding: close(finding, 'exempted', look) };
  // What is told as exempted says until when: that is a warning, too.
  if (wasOpen) return { ...step, tell: 'exempted' };
  return due === undefined ? step : { ...step, tell: 'exemption-ends' };
}

/** What was told of the same end stays told. */
function withWarning(before: Finding | undefined, exemption: Exempt): Exempt {
  const told = before?.exempt ?? before?.wasExempt;
  if (told?.warnedDays === undefined || told.until !== exemption.until) return exemption;
  return { ...exemption, warnedDays: told.warnedDays };
}

function exemptSince(before: Finding | undefined, judgement: Judgement, look: Look): Partial<Finding> {
  if (before?.status === 'open') return lifeOf(before);
  if (before?.closedAs !== 'exempted') return continued(earlierOf(before, judgement, look.at));
  return before.origin === undefined ? { openedAt: before.openedAt, ...continued(before.earlier) } : lifeOf(before);
}

/** An open finding stays open while it can't be said; what was never known is told once, to the operators. */
function undecided(before: Finding | undefined, judgement: Judgement, look: Look): readonly Told[] {
  if (before?.status === 'open') return [{ finding: wokenLater(before, look.at) }];
  if (!look.final) return kept(before);
  const isNew = before?.status !== 'unknown';
  const finding: Finding = {
    ...findingOf(judgement, 'unknown', look.at),
    ...(isNew ? {} : { openedAt: before.openedAt }),
    ...continued(earlierOf(before, judgement, look.at)),
    ...wasExempt(before?.exempt ?? before?.wasExempt),
  };
  return [{ finding, ...(isNew && !look.silent ? { tell: 'insufficient-data' as const } : {}) }];
}

function findingOf(judgement: Judgement, status: 'open' | 'unknown', at: Date): Finding {
  const { policy, subject, scope, reason, fix, evidence, missing, exempt } = judgement;
  return {
    id: findingId(scope, subject, policy.name),
    policy: policy.name,
    description: policy.description,
    rule: policy.rule,
    severity: policy.severity,
    mode: policy.mode,
    source: policy.source,
    status,
    reason: cut(reason),
    fix: cut(fix),
    ...(evidence === undefined ? {} : { evidence: bounded(evidence) }),
    ...(status === 'open' || missing.length === 0 ? {} : { missing: missing.slice(0, STORED_ENTRIES) }),
    ...(exempt === undefined ? {} : { exempt }),
    openedAt: at.toISOString(),
  };
}

function cut(text: string): string {
  return text.length > STORED_TEXT ? `${text.slice(0, STORED_TEXT)}…` : text;
}

/** Evidence that is too large keeps the beginning of its lists, and says so. `scan` and `replay` show it whole. */
function bounded(evidence: Json): Json {
  if (JSON.stringify(evidence).length <= STORED_EVIDENCE) return evidence;
  if (typeof evidence !== 'object' || evidence === null || Array.isArray(evidence)) return { omitted: true };
  const parts = Object.entries(evidence).map(([key, value]) => [
    key,
    Array.isArray(value) ? value.slice(0, STORED_ENTRIES) : value,
  ]);
  const shortened: Json = { ...Object.fromEntries(parts), omitted: true };
  return JSON.stringify(shortened).length <= STORED_EVIDENCE ? shortened : { omitted: true };
}

/** What ends in another way than by an exemption is exempt no longer; nothing more is done about it. */
function close(before: Finding, closedAs: ClosedAs, look: Look): Finding {
  const { exempt, steps = [], acts = [], wakeAt: _, ...finding } = before;
  const exemption = closedAs === 'exempted' && exempt !== undefined ? { exempt } : wasExempt(exempt);
  return {
    ...finding,
    ...exemption,
    ...acted([...acts, ...interrupted(steps)]),
    status: 'closed',
    closedAs,
    closedAt: look.at.toISOString(),
  };
}

/** What was done until a time that is foretold is remembered until then: over holidays, too. */
function isKept({ closedAt, policy, acts }: Finding, foretold: Foretold, at: Date): boolean {
  if (closedAt === undefined || isRemembered(closedAt, at)) return true;
  return acts !== undefined && foretold[policy] !== undefined;
}

/** One alert for those who run instances, one for those who run the guardrail; each only if it has something to say. */
function alertsOf(steps: readonly Told[], look: Look, instance: InstanceSummary): readonly Alert[] {
  const entries = steps
    .flatMap(({ finding, tell }): AlertEntry[] => (tell === undefined ? [] : [{ change: tell, finding }]))
    .sort((a, b) => severities.indexOf(a.finding.severity) - severities.indexOf(b.finding.severity));
  const unknowns = entries.filter((entry) => entry.change === 'insufficient-data');
  const rest = entries.filter((entry) => entry.change !== 'insufficient-data');
  const about = {
    scope: look.scope,
    subject: look.subject,
    instance,
    cause: look.cause,
    observedAt: look.at.toISOString(),
  };
  return [
    ...alertOf({ ...about, topic: 'alerts', owes: everyChannel }, rest),
    ...alertOf({ ...about, topic: 'operations', owes: ['sns'] }, unknowns),
  ];
}

/** What a look adds that comes after a newer one: who launched, and what it saw kept. */
function withLateLook(record: SubjectRecord, look: Look): Reconciled | undefined {
  const proved = withoutDisproved(record, look);
  const launch = record.launch === undefined ? look.launch : undefined;
  if (proved === record && launch === undefined) return undefined;
  const next = { ...proved, version: record.version + 1, ...(launch === undefined ? {} : { launch }) };
  return { record: next, toSend: [] };
}
