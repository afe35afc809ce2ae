import type { ActionContext, ActionKind, Plan, Planned, Standing } from '../domain/action.ts';
import { interrupts, needsOfAction } from '../domain/action.ts';
import { type Answer, no } from '../domain/answer.ts';
import { needsToAct } from '../domain/bind.ts';
import { type Collected, collectedWith, factsOf, type InspectedInstance } from '../domain/collected.ts';
import { type Controls, limitOf, noControls, whyStopped } from '../domain/controls.ts';
import { describeError } from '../domain/errors.ts';
import { describeMissing, type Missing, mayAppear, missingAmong } from '../domain/facts.ts';
import type { SubjectRecord } from '../domain/finding.ts';
import { distinct, type Instance } from '../domain/instance.ts';
import { isViolation, type Judgement, needsOf } from '../domain/judge.ts';
import { matches, needsOfMatch } from '../domain/match.ts';
import type { Need } from '../domain/needs.ts';
import type { BoundAction, BoundPolicy } from '../domain/policy.ts';
import type { Enforceability, Held } from '../domain/steps.ts';
import { collect, describeInstances } from './collect.ts';
import { contestedAmong, whyContested } from './contested.ts';
import type { Engine } from './deployment.ts';
import { judgeOrSay } from './look.ts';
import { readRecords } from './store.ts';

/** The largest plan that is carried out, in characters: a table's item has 400 KB for all findings of an instance. */
const LARGEST_PLAN = 10_000;

/** An instance with what the policies say of it. */
export interface Judged {
  readonly instance: Instance;
  readonly judgements: readonly Judgement[];
}

/** What may be done about violations: by instance, then by policy. */
export type Plans = ReadonlyMap<string, ReadonlyMap<string, Enforceability>>;

/** A violation whose policy has actions. */
interface Violation {
  readonly instance: Instance;
  readonly judgement: Judgement;
  readonly policy: BoundPolicy;
}

/**
 * Plans every action of every policy that an instance violates, whether it will come or not: what would be done is kept with
 * the finding. What actions read beyond the policies is read here, for violations alone.
 * @param read what the engine's policies need, of these instances.
 * @param controls left out: nothing enforces.
 */
export async function planActions(
  engine: Engine,
  judged: readonly Judged[],
  read: Collected,
  controls: Controls = noControls,
): Promise<Plans> {
  const violations = judged.flatMap((one) => violationsOf(engine, one));
  if (violations.length === 0) return new Map();
  const at = engine.now();
  const instances = distinct(violations.map(({ instance }) => instance));
  const more = await collect(engine.aws, instances, needsBeyondPolicies(engine, violations), read.launches);
  const collected = collectedWith(read, more);
  const inspected = new Map(
    instances.map((instance) => [instance.InstanceId, { instance, facts: factsOf(instance, collected, at) }]),
  );
  const others = await inspectOthers(engine, violations, inspected);
  const standings = standingsIn(engine, others);
  const plansWithout = (contested: ReadonlySet<string>) => {
    const plans = new Map<string, Map<string, Enforceability>>();
    for (const violation of violations) {
      const id = violation.instance.InstanceId;
      const picture = inspected.get(id);
      if (picture === undefined) continue;
      const ofInstance = plans.get(id) ?? new Map<string, Enforceability>();
      const asked = { standings, controls, contested };
      ofInstance.set(violation.policy.name, enforceabilityOf(engine, violation, picture, asked));
      plans.set(id, ofInstance);
    }
    return plans;
  };
  const plans = plansWithout(new Set());
  const contested = await contestedAmong(engine, contestableIn(plans), at);
  return contested.size === 0 ? plans : plansWithout(contested);
}

/** What the plans that something may come of would do, as far as somebody may put it back. */
function contestableIn(plans: Plans): readonly string[] {
  const enforceable = [...plans.values()].flatMap((one) => [...one.values()]).filter(({ held }) => held === undefined);
  const planned = enforceable.flatMap(({ actions }) => actions.map((action) => action.planned));
  return distinct(planned.flatMap((one) => ('refused' in one ? [] : (one.plan.contestable ?? []))));
}

function violationsOf(engine: Engine, { instance, judgements }: Judged): readonly Violation[] {
  return judgements.flatMap((judgement) => {
    const policy = engine.policies.find(({ name }) => name === judgement.policy.name);
    if (policy === undefined || policy.boundActions.length === 0 || !isViolation(judgement)) return [];
    return [{ instance, judgement, policy }];
  });
}

function needsBeyondPolicies({ safety, policies }: Engine, violations: readonly Violation[]): readonly Need[] {
  const violated = violations.map(({ policy }) => policy);
  const read = needsOf(policies);
  return distinct(needsToAct(violated, safety)).filter((need) => !read.includes(need));
}

/** What plans hang on beside the violation itself. */
interface Asked {
  readonly standings: Standings;
  readonly controls: Controls;
  readonly contested: ReadonlySet<string>;
}

function enforceabilityOf(
  engine: Engine,
  { policy, judgement }: Violation,
  picture: InspectedInstance,
  { standings, controls, contested }: Asked,
): Enforceability {
  const held = heldFor(engine, policy, picture);
  const enforced = controls.policies[policy.name];
  return {
    ...(held === undefined ? {} : { held }),
    ...(enforced?.promotedAt === undefined ? {} : { promotedAt: enforced.promotedAt }),
    actions: policy.boundActions.map((bound) => {
      const { action: _, kind, ...use } = bound;
      const since = enforced?.actions[use.id];
      const stopped = whyStopped(controls, policy.name, countedAs(bound));
      const standingOf = (instanceId: string) => standings(policy, use.id, instanceId);
      const planned = withoutContested(contested, (isContested) =>
        plannedFor(bound, policy, judgement, picture, { standingOf, isContested, now: engine.now() }),
      );
      return {
        ...(stopped === undefined ? {} : { stopped }),
        use,
        interrupts: interrupts(bound.action),
        planned: withinLimit(planned, limitOf(engine.safety, controls, kind)),
        ...(since === undefined ? {} : { since }),
      };
    }),
  };
}

/** Why nothing of the policy is done to this instance, whatever the action. What can't be said holds it back as well. */
export function heldFor(
  engine: Pick<Engine, 'isEnforcing' | 'now' | 'safety'>,
  policy: BoundPolicy,
  picture: InspectedInstance,
): Held | undefined {
  if (policy.mode === 'observe') return { by: 'mode', why: 'the policy observes' };
  if (!engine.isEnforcing) return { by: 'deployment', why: 'enforcement is off in this deployment' };
  const at = engine.now();
  const inScope = matches(policy.enforce?.match, { ...picture, now: at, conditions: policy.conditions });
  if (inScope.is === 'no') return { by: 'scope', why: "the instance is outside the policy's enforce.match" };
  if (inScope.is === 'unknown')
    return {
      by: 'scope',
      why: `enforce.match can't be said: ${whatIsMissing(inScope)}`,
      ...maySettleBy(inScope.missing),
    };
  const covered = protectedBy(engine, picture, at);
  if (covered.is === 'yes') return { by: 'protected', why: 'enforcement.yml protects the instance' };
  if (covered.is === 'unknown')
    return {
      by: 'protected',
      why: `whether it is protected can't be said: ${whatIsMissing(covered)}`,
      ...maySettleBy(covered.missing),
    };
  return undefined;
}

function protectedBy({ safety }: Pick<Engine, 'safety'>, picture: InspectedInstance, now: Date): Answer {
  if (safety.protected === undefined) return no;
  return matches(safety.protected, { ...picture, now, conditions: safety.conditions });
}

function whatIsMissing({ missing }: Extract<Answer, { readonly is: 'unknown' }>): string {
  return missing.map(describeMissing).join('; ');
}

function plannedFor(
  { action, parameters }: BoundAction,
  policy: BoundPolicy,
  judgement: Judgement,
  { instance, facts }: InspectedInstance,
  asked: Pick<ActionContext<Need, unknown>, 'standingOf' | 'isContested' | 'now'>,
): Planned {
  const state = instance.State.Name;
  if (!action.states.includes(state))
    return {
      refused: `the instance is ${state}: ${action.id} is for one that is ${action.states.join(' or ')}`,
      isOfOtherState: true,
    };
  const missing = missingAmong(needsOfAction(action), facts);
  if (missing.length > 0)
    return { refused: distinct(missing.map(describeMissing)).join('; '), ...maySettleBy(missing) };
  const violation = {
    policy: policy.name,
    rule: policy.rule,
    parameters: policy.parameters,
    evidence: judgement.evidence,
  };
  try {
    return bounded(action.plan({ instance, facts, parameters, violation, ...asked }));
  } catch (error) {
    return { refused: `it could not be planned: ${describeError(error)}` };
  }
}

/**
 * A plan of what is not contested alone, if there is anything of that. What is contested is in no plan, whatever the action
 * makes of it.
 */
function withoutContested(
  contested: ReadonlySet<string>,
  plan: (isContested: (what: string) => boolean) => Planned,
): Planned {
  const whole = plan(() => false);
  const left = contestedIn(whole, contested);
  if ('refused' in whole || left.length === 0) return whole;
  const rest = plan((what) => contested.has(what));
  const isRest = contestedIn(rest, contested).length === 0 && left.length < (whole.plan.contestable ?? []).length;
  if (!isRest) return { refused: whyContested(left), contested: whole.plan.does };
  return 'refused' in rest ? rest : { plan: { ...rest.plan, contested: left } };
}

function contestedIn(planned: Planned, contested: ReadonlySet<string>): readonly string[] {
  const contestable = 'refused' in planned ? [] : (planned.plan.contestable ?? []);
  return contestable.filter((what) => contested.has(what));
}

function maySettleBy(missing: readonly Missing[]): { readonly maySettle?: true } {
  return missing.some(mayAppear) ? { maySettle: true } : {};
}

/** What changes more instances at once than may be changed in an hour is left to a person. */
function withinLimit(planned: Planned, limit: number): Planned {
  if ('refused' in planned) return planned;
  const size = sizeOf(planned.plan);
  if (size <= limit) return planned;
  return {
    refused: `it would change ${size} instances at once, and the limit is ${limit} an hour: do it by hand, or raise it`,
  };
}

/** What limits count it by; undefined where none does. */
export function countedAs({ action, kind }: BoundAction): ActionKind | undefined {
  return action.isUncounted ? undefined : kind;
}

/** How many instances a plan changes something for. */
export function sizeOf({ concerns }: Plan): number {
  return 1 + concerns.length;
}

/** A plan is written into the item with its undo: what has no room there is not done. */
function bounded(planned: Planned): Planned {
  if ('refused' in planned) return planned;
  const { concerns: _, ...stored } = planned.plan;
  if (JSON.stringify(stored).length <= LARGEST_PLAN) return planned;
  return { refused: `its plan of ${planned.plan.calls.length} calls is too large to be written down: do it by hand` };
}

/** Instances that share a group with one that an action is planned for; without what could not be read. */
interface Others {
  readonly pictures: ReadonlyMap<string, InspectedInstance>;
  /** What the table has of them. */
  readonly records: ReadonlyMap<string, SubjectRecord>;
}

async function inspectOthers(
  engine: Engine,
  violations: readonly Violation[],
  inspected: ReadonlyMap<string, InspectedInstance>,
): Promise<Others> {
  const ids = distinct(
    violations
      .filter(({ policy }) => policy.boundActions.some(({ action }) => action.needs.includes('groupInterfaces')))
      .flatMap(({ instance }) => inspected.get(instance.InstanceId)?.facts.groupInterfaces.found ?? [])
      .map(({ Attachment }) => Attachment?.InstanceId),
  );
  if (ids.length === 0) return { pictures: inspected, records: new Map() };
  const unseen = ids.filter((id) => !inspected.has(id));
  const [records, { instances }] = await Promise.all([
    engine.isEnforcing ? readRecords(engine, ids) : new Map<string, SubjectRecord>(),
    unseen.length === 0 ? { instances: [] } : describeInstances(engine.aws, 'instance-id', unseen),
  ]);
  const needs = [...needsOf(engine.policies), ...needsOfMatch(engine.safety.protected, engine.safety.conditions)];
  const collected = await collect(engine.aws, instances, distinct(needs), new Map());
  const at = engine.now();
  const others = instances.map((instance): [string, InspectedInstance] => [
    instance.InstanceId,
    { instance, facts: factsOf(instance, collected, at) },
  ]);
  return { pictures: new Map([...inspected, ...others]), records };
}

type Standings = (policy: BoundPolicy, action: string, instanceId: string) => Standing;

/** What each policy says of those that share a group. Judged once for each policy, however many share it. */
function standingsIn(engine: Engine, { pictures, records }: Others): Standings {
  const judged = new Map<string, Standing>();
  return (policy, action, instanceId) => {
    const leftAlone = leftAloneBy(records.get(instanceId), policy.name, action);
    if (leftAlone !== undefined) return { isAlike: false, why: `${instanceId} is left alone: ${leftAlone.why}` };
    const key = `${policy.name} ${instanceId}`;
    const standing = judged.get(key) ?? standingIn(engine, policy, pictures.get(instanceId), instanceId);
    judged.set(key, standing);
    return standing;
  };
}

/** What is left alone by itself is not changed by way of another that shares its group. What is contested is so for all. */
function leftAloneBy(record: SubjectRecord | undefined, policy: string, action: string): Held | undefined {
  const finding = record?.findings.find((one) => one.policy === policy && one.status === 'open');
  const held = finding?.steps?.find((step) => step.action === action)?.held;
  return held !== undefined && ['baseline', 'undone'].includes(held.by) ? held : undefined;
}

function standingIn(
  engine: Engine,
  policy: BoundPolicy,
  picture: InspectedInstance | undefined,
  instanceId: string,
): Standing {
  const isNot = (why: string): Standing => ({ isAlike: false, why: `${instanceId} ${why}` });
  if (picture === undefined) return isNot('could not be read');
  const judgement = judgeOrSay(policy, picture, engine.now());
  if (judgement === undefined) return isNot("is outside the policy's match");
  if (judgement.exempt !== undefined) return isNot(`is exempt until ${judgement.exempt.until}`);
  if (judgement.compliance === 'INSUFFICIENT_DATA') return isNot(`can't be judged: ${judgement.reason}`);
  if (judgement.compliance !== 'NON_COMPLIANT') return isNot('does not violate the policy');
  const held = policy.mode === 'enforce' ? heldFor(engine, policy, picture) : undefined;
  return held === undefined || held.by === 'deployment' ? { isAlike: true } : isNot(`is left alone: ${held.why}`);
}
