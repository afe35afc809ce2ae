import { type ActionKind, type AnyAction, needsOfAction } from './action.ts';
import { type ActionOrStep, isStep } from './catalogue.ts';
import { needsOfRule } from './judge.ts';
import { needsOfMatch } from './match.ts';
import type { Need } from './needs.ts';
import {
  type BoundAction,
  type BoundPolicy,
  type BoundStep,
  type Conditions,
  type Enforcement,
  isNotify,
  isStepUse,
  type Policy,
} from './policy.ts';
import type { AnyRule } from './rule.ts';
import type { BoundSafety } from './safety.ts';

/** For policies without `when`. */
export const noConditions: Conditions = (expression) => {
  throw new Error(`no CEL was bundled, and a policy has the condition ${expression}`);
};

/**
 * Joins a policy with its rule and its actions, and with CEL where it uses conditions.
 * @throws Error when one of its actions is not among those given.
 */
export function bind(
  policy: Policy,
  rule: AnyRule,
  actions: readonly ActionOrStep[] = [],
  conditions: Conditions = noConditions,
): BoundPolicy {
  const bound = {
    ...policy,
    boundRule: rule,
    boundActions: boundActions(policy, rule, actions),
    boundSteps: boundSteps(policy, actions),
    conditions,
  };
  return { ...bound, needs: new Set(needsByKey(bound).flatMap(({ needs }) => needs)) };
}

function boundActions(
  { name, actions: uses }: Policy,
  rule: AnyRule,
  known: readonly ActionOrStep[],
): readonly BoundAction[] {
  return enforcements(uses).map((use) => {
    const action = known.find(({ id }) => id === use.id);
    if (action === undefined || isStep(action)) throw new Error(`policy ${name}: there is no action ${use.id}`);
    return { ...use, action, kind: kindFor(rule, action) };
  });
}

function boundSteps({ name, actions: uses }: Policy, known: readonly ActionOrStep[]): readonly BoundStep[] {
  return uses.filter(isStepUse).map((use) => {
    const step = known.find(({ id }) => id === use.id);
    if (step === undefined || !isStep(step)) throw new Error(`policy ${name}: there is no step ${use.id}`);
    return { ...use, step };
  });
}

/** What limits count an action by in a policy of this rule: what stops by the clock has a limit of its own. */
export function kindFor({ isScheduled }: Pick<AnyRule, 'isScheduled'>, { kind }: Pick<AnyAction, 'kind'>): ActionKind {
  return isScheduled && kind === 'stop' ? 'schedule' : kind;
}

/** Of what follows a violation, the actions that change something: steps of a drain are none of them. */
export function enforcements(uses: Policy['actions']): readonly Enforcement[] {
  return uses.filter((use): use is Enforcement => !isNotify(use) && !isStepUse(use));
}

/** What a policy needs, by the key that needs it. Actions have needs of their own: their facts are read for violations alone. */
export function needsByKey({
  boundRule,
  conditions,
  parameters,
  match,
  exempt,
  enforce,
}: Omit<BoundPolicy, 'needs' | 'boundActions' | 'boundSteps'>) {
  return [
    { by: 'rule', needs: needsOfRule(boundRule, parameters) },
    { by: 'match', needs: needsOfMatch(match, conditions) },
    { by: 'exempt', needs: exempt.flatMap((exemption) => needsOfMatch(exemption.match, conditions)) },
    { by: 'enforce', needs: needsOfMatch(enforce?.match, conditions) },
  ] as const satisfies readonly { readonly by: keyof Policy; readonly needs: readonly Need[] }[];
}

/**
 * What is read to plan the actions of these policies, and to say whether an instance is protected: also where a policy observes, since
 * what it would do is kept with the finding. The engine reads it, and the roles permit it.
 */
export function needsToAct(policies: readonly BoundPolicy[], safety?: BoundSafety): readonly Need[] {
  const ofActions = policies.flatMap(({ boundActions }) => boundActions.flatMap(({ action }) => needsOfAction(action)));
  const isPlanned = policies.some(({ boundActions }) => boundActions.length > 0);
  if (safety === undefined || !isPlanned) return ofActions;
  return [...ofActions, ...needsOfMatch(safety.protected, safety.conditions)];
}
