import type { InspectedInstance } from './collected.ts';
import { isFollowedBy } from './drain-step.ts';
import { adviceFor, describeMissing, type Facts, type Missing, missingAmong } from './facts.ts';
import { isGone } from './instance.ts';
import type { Json } from './json.ts';
import { matches } from './match.ts';
import { allNeeds, type Need } from './needs.ts';
import { type NoticeKind, noticeKinds } from './notice.ts';
import type { Scope } from './operations.ts';
import { type BoundPolicy, type Exemption, isStepUse, type Policy } from './policy.ts';
import type { AnyRule } from './rule.ts';
import { type Compliance, insufficientData, notApplicable, type Verdict } from './verdict.ts';

/** What a finding is about. */
export interface Subject {
  readonly type: 'instance';
  readonly id: string;
}

/** What one policy says of one instance at one look. JSON. */
export interface Judgement {
  readonly policy: Policy;
  readonly subject: Subject;
  readonly instanceId: string;
  readonly scope: Scope;
  readonly compliance: Compliance;
  /** Empty when compliant. */
  readonly reason: string;
  /** What to do; the rule's general advice where the verdict has none of its own. Empty when compliant. */
  readonly fix: string;
  readonly evidence?: Json;
  /** What the rule needed and could not see. A violation may stand all the same: then there may be more of it. */
  readonly missing: readonly Missing[];
  readonly exempt?: Pick<Exemption, 'reason' | 'until'>;
  /** When time alone may make another verdict of it, ISO 8601; left out: only a change does. */
  readonly nextChangeAt?: string;
  /** It is a tag that says so, and not the clock alone. */
  readonly isChangedByTag?: true;
}

/**
 * What a policy says of an instance.
 * @returns undefined when the instance is outside the policy's `match`: it is not evaluated.
 */
export function judge(policy: BoundPolicy, inspected: InspectedInstance, now: Date): Judgement | undefined {
  const context = { ...inspected, now, conditions: policy.conditions };
  const matched = matches(policy.match, context);
  if (matched.is === 'no') return undefined;
  if (isGone(inspected.instance))
    return judgement(policy, inspected, notApplicable(`instance is ${inspected.instance.State.Name}`));
  if (matched.is === 'unknown') return judgement(policy, inspected, insufficientData(matched.missing));
  const verdict = verdictOf(policy, inspected, now);
  if (verdict.compliance !== 'NON_COMPLIANT') return judgement(policy, inspected, verdict);
  const violates = { ...judgement(policy, inspected, verdict), missing: missingFor(policy, inspected.facts) };
  const exemption = exemptionFrom(policy, verdict.evidence, context);
  if (exemption === undefined) return violates;
  if ('missing' in exemption)
    return judgement(policy, inspected, insufficientData(exemption.missing, verdict.evidence));
  const { reason, until } = exemption;
  return { ...violates, exempt: { reason, until } };
}

/** What a policy says of an instance that DescribeInstances does not show, or shows malformed. */
export function judgeUnseen(policy: BoundPolicy, instanceId: string, scope: Scope, missing: Missing): Judgement {
  return {
    policy: policyOf(policy),
    subject: { type: 'instance', id: instanceId },
    instanceId,
    scope,
    compliance: 'INSUFFICIENT_DATA',
    reason: describeMissing(missing),
    fix: adviceFor([missing]),
    missing: [missing],
  };
}

/** The rule's verdict, where a pass over missing facts has become INSUFFICIENT_DATA. */
function verdictOf(policy: BoundPolicy, { instance, facts }: InspectedInstance, now: Date): Verdict {
  const rule = policy.boundRule;
  const verdict: Verdict = rule.evaluate({ instance, facts, parameters: policy.parameters, now, policy: policy.name });
  const certain = verdict.compliance === 'COMPLIANT' && verdict.certain;
  if (certain || verdict.compliance === 'NON_COMPLIANT' || verdict.compliance === 'INSUFFICIENT_DATA') return verdict;
  const missing = missingFor(policy, facts);
  if (missing.length === 0) return verdict;
  return insufficientData(missing, verdict.compliance === 'COMPLIANT' ? verdict.evidence : undefined);
}

/** Needs of a rule with these parameters. */
export function needsOfRule(rule: AnyRule, parameters: Json): readonly Need[] {
  return typeof rule.needs === 'function' ? rule.needs(parameters) : rule.needs;
}

/** What is missing of all that a policy's rule needs. */
function missingFor({ boundRule, parameters }: BoundPolicy, facts: Facts): readonly Missing[] {
  return missingAmong(needsOfRule(boundRule, parameters), facts);
}

type MatchContext = Parameters<typeof matches>[1];

/** Of the exemptions that hold the one that ends last; what is missing when none does and one can't be said. */
function exemptionFrom(
  policy: BoundPolicy,
  evidence: Json | undefined,
  context: MatchContext,
): Exemption | { readonly missing: readonly Missing[] } | undefined {
  const missing: Missing[] = [];
  let last: Exemption | undefined;
  for (const exemption of policy.exempt) {
    if (hasEnded(exemption, context.now) || !isWithin(policy.boundRule, exemption, evidence)) continue;
    const matched = matches(exemption.match, context);
    if (matched.is === 'yes' && (last === undefined || exemption.until > last.until)) last = exemption;
    if (matched.is === 'unknown') missing.push(...matched.missing);
  }
  return last ?? (missing.length > 0 ? { missing } : undefined);
}

/** An exemption holds to the end of its last day, UTC. */
export function hasEnded(exemption: Pick<Exemption, 'until'>, now: Date): boolean {
  return now.toISOString().slice(0, 10) > exemption.until;
}

function isWithin(rule: AnyRule, exemption: Exemption, evidence: Json | undefined): boolean {
  if (exemption.upTo === undefined) return true;
  if (rule.bound === undefined || evidence === undefined) return false;
  return rule.bound.within(exemption.upTo, evidence);
}

function judgement(policy: BoundPolicy, { instance }: InspectedInstance, verdict: Verdict): Judgement {
  const evidence = 'evidence' in verdict ? verdict.evidence : undefined;
  return {
    policy: policyOf(policy),
    subject: { type: 'instance', id: instance.InstanceId },
    instanceId: instance.InstanceId,
    scope: instance.scope,
    compliance: verdict.compliance,
    ...explanation(verdict),
    ...(evidence === undefined ? {} : { evidence }),
    ...(verdict.nextChangeAt === undefined ? {} : { nextChangeAt: verdict.nextChangeAt }),
    ...(verdict.isChangedByTag ? { isChangedByTag: true as const } : {}),
  };
}

function explanation(verdict: Verdict): Pick<Judgement, 'reason' | 'fix' | 'missing'> {
  switch (verdict.compliance) {
    case 'COMPLIANT':
      return { reason: '', fix: '', missing: [] };
    case 'NOT_APPLICABLE':
      return { reason: verdict.reason, fix: '', missing: [] };
    case 'NON_COMPLIANT':
      return { reason: verdict.reason, fix: verdict.fix, missing: [] };
    case 'INSUFFICIENT_DATA': {
      const reason = [...new Set(verdict.missing.map(describeMissing))].join('; ');
      return { reason, fix: adviceFor(verdict.missing), missing: verdict.missing };
    }
  }
}

/** Actions that follow a judgement: none for what is exempt, and none where it can't be said; of a drain's steps those that follow the notice. */
export function actionsOf(judgement: Judgement): Policy['actions'] {
  if (!isViolation(judgement)) return [];
  const { policy, evidence } = judgement;
  return policy.actions.filter((use) => !isStepUse(use) || isFollowedBy(kindIn(evidence), use));
}

/** Of which kind the notice is that a judgement of the rule that drains is about. */
function kindIn(evidence: Json | undefined): NoticeKind | undefined {
  const { kind } = Object(evidence) as { readonly kind?: Json };
  return noticeKinds.find((one) => one === kind);
}

/** A violation that is not exempt. */
export function isViolation({ compliance, exempt }: Judgement): boolean {
  return compliance === 'NON_COMPLIANT' && exempt === undefined;
}

/** Without what is bound to it: JSON. */
function policyOf(bound: BoundPolicy): Policy {
  const { boundRule: _r, boundActions: _a, boundSteps: _s, needs: _n, conditions: _c, ...policy } = bound;
  return policy;
}

/** All needs of these policies, in the table's order. */
export function needsOf(policies: readonly BoundPolicy[]): readonly Need[] {
  const needs = new Set(policies.flatMap((policy) => [...policy.needs]));
  return allNeeds.filter((need) => needs.has(need));
}
