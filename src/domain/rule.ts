import type * as z from 'zod';
import type { Facts } from './facts.ts';
import type { Given } from './given.ts';
import type { Json } from './json.ts';
import type { InstanceFields, Need } from './needs.ts';
import type { Compliance, Verdict } from './verdict.ts';

/** zod, passed in by whoever wants the schema: a rule file imports its types alone, so that no function loads it. */
export type Zod = typeof z;

/** What a rule may read: fields that don't change, and what it declared as needs. The rest does not compile. */
export interface Context<N extends Need, P> {
  readonly instance: InstanceFields<N>;
  readonly facts: Pick<Facts, Extract<N, keyof Facts>>;
  readonly parameters: P;
  readonly now: Date;
  /** The policy in whose name it is asked. */
  readonly policy: string;
}

/** An example of a rule: run by the tests, printed by `ec2-guardrail rules <id>` and in the docs. */
export interface Example<P> {
  readonly title: string;
  readonly parameters: P;
  readonly given: Given;
  /** ISO 8601; left out: an hour after the documented default's LaunchTime. */
  readonly now?: string;
  readonly expect: { readonly compliance: Compliance; readonly reason?: string };
}

/** A regular expression among the parameters. */
export interface ParameterPattern {
  /** Where it stands in the parameters. */
  readonly path: readonly (string | number)[];
  /** As the rule runs it, with the `u` flag. */
  readonly source: string;
}

/** One rule, one file. Its verdict is a pure function of what it declared. */
export interface Rule<N extends Need = Need, S extends z.ZodType = z.ZodType, E extends Json = Json> {
  /** Kebab-case, the file's name. AWS Config's identifier where one means the same. */
  readonly id: string;
  /** One sentence: what holds of an instance that passes. */
  readonly summary: string;
  /** Why anybody demands it. */
  readonly why: string;
  /** How to mend it, in general; a verdict's own `fix` has the ids in it. */
  readonly fix: string;
  /** The AWS Config managed rule that means the same, or nearly. */
  readonly awsConfig?: string;
  /** Time alone makes its violations, at an hour that is known before: what follows one has a limit of its own, and is told in one message. */
  readonly isScheduled?: true;
  /** What the evidence of a verdict holds; left out: there is none. */
  readonly evidence?: {
    /** Of which verdicts there is any, of what, in which order. */
    readonly about: string;
    /** What each field means: `volumes[].volumeId`. */
    readonly fields: Readonly<Record<string, string>>;
  };
  /** JSON in, JSON out: parameters are compiled into the bundle as they stand. Every key is described. */
  readonly parameters: (z: Zod) => S;
  readonly needs: readonly N[] | ((parameters: z.output<S>) => readonly N[]);
  evaluate(context: Context<N, z.output<S>>): Verdict<E>;
  /** Regular expressions among the parameters that run over text which strangers write, such as a tag's value. */
  readonly patterns?: (parameters: z.output<S>) => readonly ParameterPattern[];
  /** What `upTo` of an exemption may bound, and whether a violation lies within it. */
  readonly bound?: {
    readonly schema: (z: Zod) => z.ZodType;
    within(bound: Json, evidence: E): boolean;
  };
  readonly examples: readonly Example<z.input<S>>[];
}

/** A rule whose parameter types are forgotten: what lists of rules hold. */
// biome-ignore lint/suspicious/noExplicitAny: existential type; every use goes through `bind`, which joins parameters and rule again
export type AnyRule = Rule<any, any, any>;

/** Ties needs, parameters and evidence of a rule together, so that reading what was not declared does not compile. */
export function defineRule<const N extends Need, S extends z.ZodType, E extends Json>(
  rule: Rule<N, S, E>,
): Rule<N, S, E> {
  return rule;
}
