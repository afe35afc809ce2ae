import type { ActionKind, AnyAction } from './action.ts';
import { type AnyDrainStep, DRAIN_RULE } from './drain-step.ts';
import type { Category } from './instance-type.ts';
import type { Json } from './json.ts';
import type { Need } from './needs.ts';
import type { AnyRule } from './rule.ts';

export const severities = ['critical', 'high', 'medium', 'low'] as const;
export type Severity = (typeof severities)[number];

/** What a tag must be: a glob, one of several (`*` = present), absent (`null`), or with more said. */
export type TagPattern =
  | string
  | null
  | readonly string[]
  | { readonly in: readonly string[]; readonly ignoreCase?: boolean; readonly orMissing?: boolean };

export const purchaseOptions = ['on-demand', 'spot', 'capacity-block', 'dedicated-instance', 'dedicated-host'] as const;
export type PurchaseOption = (typeof purchaseOptions)[number];

/** Tells those who subscribe to alerts: when a violation opens, and then as often as it says. */
export interface Notify {
  readonly id: 'notify';
  /** How long after the opening it is told again while it stands, in milliseconds; 0 is the opening itself. */
  readonly afterMs: readonly number[];
  /** How long before the next action it is told that it will come, in milliseconds; left out: it is not told ahead. */
  readonly beforeMs?: number;
}

/** Whether it only tells. */
export function isNotify(use: ActionUse): use is Notify {
  return use.id === notify.id;
}

/** `notify` without settings: told when it opens. */
export const notify: Notify = { id: 'notify', afterMs: [0] };

/** An action of src/actions/ as a policy uses it. */
export interface Enforcement {
  readonly id: string;
  /** What the policy tells the action. Its form is the action's. */
  readonly parameters: Json;
  /** Grace, in milliseconds: how long the violation may stand before the action comes. */
  readonly afterMs: number;
  /** While it still violates, the action is repeated so long after it was done, in milliseconds; left out: it is done once. */
  readonly againMs?: number;
  /** Whether an action that interrupts may follow a violation that came by a change after the launch. */
  readonly onDrift: boolean;
}

/** A step of a drain as a policy uses it. */
export interface StepUse {
  readonly id: string;
  /** What the policy tells the step. Its form is the step's. */
  readonly parameters: Json;
  /** Whether it also follows a recommendation to rebalance. */
  readonly onRebalance: boolean;
}

/** What follows a violation. */
export type ActionUse = Notify | Enforcement | StepUse;

/** Whether it is a step of a drain. */
export function isStepUse(use: ActionUse): use is StepUse {
  return 'onRebalance' in use;
}

/** `observe`: nothing is changed, and what would be is kept with the finding. */
export const modes = ['observe', 'enforce'] as const;
export type Mode = (typeof modes)[number];

/** Which instances: keys are ANDed, the entries of a list ORed. */
export interface MatchBlock {
  readonly tags?: Readonly<Record<string, TagPattern>>;
  readonly instanceIds?: readonly string[];
  /** Globs. */
  readonly instanceTypes?: readonly string[];
  readonly categories?: readonly Category[];
  readonly accounts?: readonly string[];
  readonly regions?: readonly string[];
  readonly vpcIds?: readonly string[];
  readonly subnetIds?: readonly string[];
  readonly imageIds?: readonly string[];
  readonly purchaseOptions?: readonly PurchaseOption[];
  /** Globs over the group's name. */
  readonly autoScalingGroups?: readonly string[];
  /** Globs over the launcher's ARN, name or invoking service. */
  readonly launchedBy?: readonly string[];
  readonly states?: readonly string[];
  /** Prefixes of the Name tag. */
  readonly namePrefix?: readonly string[];
  /** Excluded: what all keys of a block match together; several blocks are ORed. */
  readonly not?: Match;
  /** CEL over `instance` and `now`, for what the keys can't say. */
  readonly when?: string;
}

/** Blocks are ORed. */
export type Match = MatchBlock | readonly MatchBlock[];

/** Still evaluated and counted, and never alerted nor acted on until `until` has passed. */
export interface Exemption {
  readonly match: Match;
  /** Past this bound the exemption does not hold. Its form is the rule's. */
  readonly upTo?: Json;
  readonly reason: string;
  /** Its match hangs on what whoever may tag an instance decides: they may exempt their own. */
  readonly selfService?: true;
  /** YYYY-MM-DD, inclusive: the exemption ends with that day in UTC. */
  readonly until: string;
}

/** A policy as it is compiled into the bundle: JSON, checked, with `$values` filled in. */
export interface Policy {
  readonly name: string;
  readonly description: string;
  readonly severity: Severity;
  readonly rule: string;
  readonly parameters: Json;
  readonly match?: Match;
  readonly exempt: readonly Exemption[];
  readonly mode: Mode;
  /** Only with mode enforce: which instances are enforced on; the others are observed. Left out: all. */
  readonly enforce?: { readonly match: Match };
  /** In this order. `notify` is always among them: what is done is told. */
  readonly actions: readonly ActionUse[];
  /** Where it was written, relative to the project, and the first 12 hex digits of the file's SHA-256. */
  readonly source: { readonly file: string; readonly hash: string };
}

/** Whether time alone makes something of a verdict or a finding: an action after a grace, or again; a reminder; an announcement. */
export function waitsForTime({ mode, actions, boundRule }: BoundPolicy): boolean {
  if (boundRule.isScheduled) return true;
  return actions.some((use) =>
    isNotify(use)
      ? use.afterMs.some((after) => after > 0) || use.beforeMs !== undefined
      : mode === 'enforce' && !isStepUse(use),
  );
}

/**
 * CEL conditions of policies, compiled by whoever binds them: a function whose policies use none does not load CEL.
 * Reads the instance in EC2's field names with `Tags` as a map, and `now`.
 */
export interface Condition {
  /** Top-level fields of `instance` that the expression reads; undefined where they can't be read off. */
  readonly fields: readonly string[] | undefined;
  /** @throws Error when it can't be evaluated, such as for a field that is absent. */
  holds(instance: Readonly<Record<string, unknown>>, now: Date): boolean;
}
export type Conditions = (expression: string) => Condition;

/** An action with how a policy uses it. */
export interface BoundAction extends Enforcement {
  readonly action: AnyAction;
  /** The action's, or `schedule` where the policy's rule stops by the clock. */
  readonly kind: ActionKind;
}

/** A step of a drain with how a policy uses it. */
export interface BoundStep extends StepUse {
  readonly step: AnyDrainStep;
}

/** Whether λ drain runs it: what EC2 announces asks for it, and no look at instances does. */
export function isDrainPolicy({ rule }: Pick<Policy, 'rule'>): boolean {
  return rule === DRAIN_RULE;
}

/** A policy joined with its rule and actions: what the engine judges and acts by. */
export interface BoundPolicy extends Policy {
  readonly boundRule: AnyRule;
  /** Those of its actions that change something, in order. */
  readonly boundActions: readonly BoundAction[];
  /** Those of its actions that are steps of a drain, in order. */
  readonly boundSteps: readonly BoundStep[];
  /** Needs of rule, match, exemptions and enforcement together: what the verdict, and whether to act on it, hang on. */
  readonly needs: ReadonlySet<Need>;
  readonly conditions: Conditions;
}
