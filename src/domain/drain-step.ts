import type * as z from 'zod';
import type { DrainFacts, DrainNeed } from './drain-facts.ts';
import { describeMissing, type Missing } from './facts.ts';
import type { Given } from './given.ts';
import { distinct, type Instance } from './instance.ts';
import type { Json } from './json.ts';
import type { Notice, NoticeKind } from './notice.ts';
import type { DrainingOperation, Input, Operation } from './operations.ts';
import type { Zod } from './rule.ts';

/** The rule whose policies drain: their actions are `notify` and steps, and no other policy has steps. */
export const DRAIN_RULE = 'spot-interruption';

/** What a drain may call to change something: also an event for somebody's own automation. */
export type StepOperation = DrainingOperation | 'events:PutEvents';

/** A call of a drain as data: it is written down before it is made. JSON. */
export type DrainCall<O extends Operation = StepOperation> = {
  readonly [K in O]: { readonly operation: K; readonly input: Input<K> };
}[O];

/** One thing that a step does to one instance, on its own: none of them waits for another, nor fails with it. JSON. */
export interface Move<O extends StepOperation = StepOperation> {
  /** The same whoever plans it, and however often: `targets arn:… i-1:8080`. */
  readonly key: string;
  /** For a person: `take i-1:8080 out of target group web`. */
  readonly does: string;
  readonly call: DrainCall<O>;
  /** Puts it back, when the instance runs on after all; left out: nothing can, or nobody must. */
  readonly undo?: DrainCall<DrainingOperation>;
  /** How a person puts it back by hand, where no call of ours may: a command. */
  readonly undoByHand?: string;
  /** Held until another healthy target, not under notice itself, is in this target group, or there is no time any more. */
  readonly needsAnotherIn?: string;
  /** Made last of all, when the others are done or time is up: whoever waits for it ends the instance. */
  readonly isLast?: true;
  /** Made twice it would do harm: without a table to remember it, it is not made. */
  readonly isOnce?: true;
}

/** What a step makes of a notice: what it does, and what it leaves alone and why. */
export interface StepPlan<O extends StepOperation = StepOperation> {
  readonly moves: readonly Move<O>[];
  /** For a person: `Auto Scaling group web is left alone: it replaces instances at risk by itself (CapacityRebalance)`. */
  readonly left: readonly string[];
}

/** What a step may read: what it declared. The rest does not compile. */
export interface DrainContext<N extends DrainNeed, P> {
  readonly instance: Instance;
  readonly facts: Pick<DrainFacts, N>;
  readonly parameters: P;
  readonly notice: Notice;
  readonly now: Date;
}

/** An example of a drain step: run by the tests, printed in the docs. */
export interface DrainExample<P> {
  readonly title: string;
  readonly parameters: P;
  readonly given: DrainGiven;
  readonly expect: {
    /** In the moves' order; empty where there is nothing to do. */
    readonly does: readonly string[];
    readonly calls: readonly DrainCall[];
    /** Of the moves that a call puts back; left out: none. */
    readonly undo?: readonly DrainCall<DrainingOperation>[];
    /** Left out: nothing is. */
    readonly left?: readonly string[];
    /** Left out: all that it needed is known. */
    readonly incomplete?: readonly string[];
  };
}

/** What an example starts from: AWS's words over an instance that is in nothing, and was told this second that EC2 terminates it. */
export type DrainGiven = Partial<{
  readonly notice: Given['notice'];
  /** Over `defaultInstance`. */
  readonly instance: Omit<NonNullable<Given['instance']>, 'Tags'>;
  readonly group: Extract<DrainFacts['group'], { readonly known: true }>['value'];
  readonly targetGroups: DrainFacts['targetGroups']['found'];
  readonly loadBalancers: DrainFacts['loadBalancers']['found'];
  readonly containerInstances: DrainFacts['containerInstances']['found'];
  readonly tags: Readonly<Record<string, string>>;
  /** What AWS throttled. What is given of it is what was found until then. */
  readonly missing: readonly DrainNeed[];
}>;

/** An error of AWS by its code; where one code says many things, by a part of its message too. */
export interface AwsAnswer {
  readonly name: string;
  readonly saying?: string;
}

/**
 * One step of a drain, one file: an action of policies with the rule `spot-interruption`. Its plan is a pure function of what it
 * declared. What is missing of that is told by `planOfStep`; a plan that hangs on it leaves alone what it can't be sure of.
 */
export interface DrainStep<
  N extends DrainNeed = DrainNeed,
  S extends z.ZodObject = z.ZodObject,
  O extends StepOperation = StepOperation,
> {
  /** Kebab-case, the file's name. */
  readonly id: string;
  readonly kind: 'drain';
  /** One sentence: what it does. */
  readonly summary: string;
  readonly rules: readonly [typeof DRAIN_RULE];
  /** JSON in, JSON out, and never the key `onRebalance`, which is of all steps. Every key is described. */
  readonly parameters: (z: Zod) => S;
  readonly needs: readonly N[];
  /** All that its moves may call. */
  readonly operations: readonly O[];
  /** All that puts them back. */
  readonly undoOperations: readonly DrainingOperation[];
  /** AWS's errors by which it is done already: the target is not there any more. */
  readonly doneBy: readonly AwsAnswer[];
  /** AWS's errors by which there is nothing to do: no agent runs on the instance. */
  readonly skippedBy: readonly AwsAnswer[];
  plan(context: DrainContext<N, z.output<S>>): StepPlan<NoInfer<O>>;
  readonly examples: readonly DrainExample<z.input<S>>[];
}

/** A step whose parameter types are forgotten: what lists of steps hold. */
// biome-ignore lint/suspicious/noExplicitAny: existential type; every use goes through `bind`, which joins parameters and step again
export type AnyDrainStep = DrainStep<any, any, any>;

/** Ties needs, parameters and operations together, so that a call which was not declared does not compile. */
export function defineDrainStep<const N extends DrainNeed, S extends z.ZodObject, const O extends StepOperation>(
  step: DrainStep<N, S, O>,
): DrainStep<N, S, O> {
  return step;
}

/** Whether a step that a policy uses so follows a notice of this kind. Nobody is taken out of service for what may come in days. */
export function isFollowedBy(
  kind: NoticeKind | undefined,
  { onRebalance }: { readonly onRebalance: boolean },
): boolean {
  if (kind === 'rebalance') return onRebalance;
  return kind === 'interruption' || kind === 'reservation';
}

/** A plan, with what the step needed and could not see: no move for it does not mean that there is nothing to do. */
export interface PlannedStep extends StepPlan {
  readonly incomplete: readonly string[];
}

/** What a step makes of a notice. @param context with facts of all that it declared. */
export function planOfStep(step: AnyDrainStep, context: DrainContext<DrainNeed, Json>): PlannedStep {
  const missing = (step.needs as readonly DrainNeed[]).flatMap((need) => missingOfDrain(context.facts[need]));
  return { ...step.plan(context), incomplete: distinct(missing.map(describeMissing)) };
}

function missingOfDrain(fact: DrainFacts[DrainNeed]): readonly Missing[] {
  if ('found' in fact) return fact.missing;
  if (!fact.known) return [fact.missing];
  return fact.value === 'none' ? [] : fact.value.terminatingHooks.missing;
}

/** Whether AWS's error is one of these. */
export function isAmong(
  answers: readonly AwsAnswer[],
  error: { readonly name: string; readonly message: string },
): boolean {
  return answers.some(
    ({ name, saying }) => name === error.name && (saying === undefined || error.message.includes(saying)),
  );
}
