import type { Finding, Look, SubjectRecord } from './finding.ts';
import type { Judgement } from './judge.ts';

/** How a violation came: with the launch, by a change after it, or by the clock, at the time that a look before had said. */
export type Origin = 'launch' | 'drift' | 'schedule';

/**
 * Policies for which a violation at this look is of the launch. Whoever may edit a tag must not be able to have production
 * stopped, so that `launch` takes proof, and whatever is in doubt is `drift`:
 *
 * | the violation is found | origin |
 * |---|---|
 * | by the first look that shows the instance, within ten minutes of its launch | `launch` |
 * | within ten minutes, when all looks before could not say (tags still arriving, a read throttled, an id not yet visible) | `launch` |
 * | after a look that saw the policy kept, not applicable, exempt or out of its `match` | `drift` |
 * | more than ten minutes after the launch, whatever the looks before said | `drift` |
 * | within ten minutes of a restart, which sets LaunchTime anew; so also in a warm pool | `drift` |
 * | where EC2 does not show when the primary network interface was attached | `drift` |
 * | by the first sweep of a deployment, which is silent | `drift` |
 * | by a policy that was deployed after the first look | `drift` |
 * | when an exemption has ended | `drift` |
 * | again, after it was resolved or closed otherwise | `drift` |
 * | on an item that was written before there were origins | `drift` |
 * | for another reason, while the finding is open | as before: it was never seen to comply |
 * | while a look can't say, and the finding stays open | as before |
 * | by a rule that goes by the clock, at the time that the look before said it would, when the policy was kept | `schedule` |
 * | by such a rule at another time: a tag brought the instance into the policy's `match` in the night | `launch` or `drift`, as above |
 *
 * All of these follow from what the item holds: which policies have not been able to say, since the first look.
 */
export function policiesOfLaunch(record: SubjectRecord | undefined, look: Look): ReadonlySet<string> {
  // A look that does not show the instance says nothing of it.
  if (look.instance === undefined) return new Set(record?.undecidedSinceLaunch);
  if (!look.atLaunch || look.silent) return new Set();
  return record?.instance === undefined ? look.deployed : new Set(record.undecidedSinceLaunch);
}

/** When time alone makes another verdict of what a policy said last. */
export interface Foretelling {
  /** ISO 8601. */
  readonly at: string;
  /**
   * Nobody chose that time but those who wrote the policy: the look saw it kept, or broken by the clock. Whoever tags an instance in the
   * night, or writes into a tag until when it may run, did choose.
   */
  readonly isOfClock: boolean;
}

/** By policy. */
export type Foretold = Readonly<Record<string, Foretelling>>;

/** Policies whose verdict the clock alone has changed since a look said so: a violation of them is nobody's doing. */
export function policiesOfSchedule(foretold: Foretold = {}, at: Date): ReadonlySet<string> {
  const now = at.toISOString();
  const due = Object.entries(foretold).filter(([, one]) => one.isOfClock && one.at <= now);
  return new Set(due.map(([policy]) => policy));
}

/**
 * What is foretold after a look: where it can't say, what was foretold before stands.
 * @param findings as they are after it.
 */
export function foretoldBy(before: Foretold = {}, look: Look, findings: readonly Finding[]): Foretold {
  // Of what is not there any more time makes nothing.
  if (look.gone) return {};
  const ofSchedule = new Set(
    findings.filter(({ status, origin }) => status === 'open' && origin === 'schedule').map(({ policy }) => policy),
  );
  const entries = look.judgements.flatMap((judgement) => {
    const { name } = judgement.policy;
    const one = foretellingOf(judgement, before[name], ofSchedule.has(name));
    return one === undefined ? [] : [[name, one] as const];
  });
  return Object.fromEntries(entries);
}

function foretellingOf(
  { compliance, nextChangeAt: at, isChangedByTag }: Judgement,
  before: Foretelling | undefined,
  isOfSchedule: boolean,
): Foretelling | undefined {
  if (compliance === 'INSUFFICIENT_DATA') return before;
  if (at === undefined) return undefined;
  if (isChangedByTag) return { at, isOfClock: before?.isOfClock ?? false };
  return { at, isOfClock: compliance === 'COMPLIANT' || isOfSchedule };
}

/** Those of them that still could not say: what the next look may find is of the launch as well. */
export function stillUndecided(ofLaunch: ReadonlySet<string>, { judgements }: Look): readonly string[] {
  return judgements
    .filter(({ compliance, policy }) => compliance === 'INSUFFICIENT_DATA' && ofLaunch.has(policy.name))
    .map(({ policy }) => policy.name);
}

/**
 * What a look that comes after a newer one still proves: a policy that it saw kept was broken by a later change. So the
 * origin does not hang on the order in which looks arrive.
 * @returns the record itself where it proves nothing.
 */
export function withoutDisproved(record: SubjectRecord, late: Look): SubjectRecord {
  if (late.instance === undefined) return record;
  const mayStand = new Set(late.atLaunch && !late.silent ? late.judgements.filter(mayBeOfLaunch).map(policyName) : []);
  const { undecidedSinceLaunch: before = [], ...rest } = record;
  const undecided = before.filter((policy) => mayStand.has(policy));
  const isDisproved = ({ origin, policy }: Finding) => origin === 'launch' && !mayStand.has(policy);
  if (undecided.length === before.length && !record.findings.some(isDisproved)) return record;
  return {
    ...rest,
    findings: record.findings.map((finding) => (isDisproved(finding) ? { ...finding, origin: 'drift' } : finding)),
    ...(undecided.length === 0 ? {} : { undecidedSinceLaunch: undecided }),
  };
}

function mayBeOfLaunch({ compliance, exempt }: Judgement): boolean {
  return compliance === 'INSUFFICIENT_DATA' || (compliance === 'NON_COMPLIANT' && exempt === undefined);
}

function policyName({ policy }: Judgement): string {
  return policy.name;
}
