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

/** What may follow a violation. */
export const actions = ['notify'] as const;
export type Action = (typeof actions)[number];

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
  readonly mode: 'observe';
  readonly actions: readonly Action[];
  /** Where it was written, relative to the project, and the first 12 hex digits of the file's SHA-256. */
  readonly source: { readonly file: string; readonly hash: string };
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

/** A policy joined with its rule: what the engine judges by. */
export interface BoundPolicy extends Policy {
  readonly boundRule: AnyRule;
  /** Needs of rule, match and exemptions together. */
  readonly needs: ReadonlySet<Need>;
  readonly conditions: Conditions;
}
