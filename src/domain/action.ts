import type * as z from 'zod';
import type { Facts } from './facts.ts';
import type { ActionGiven, Given } from './given.ts';
import type { Instance } from './instance.ts';
import type { Json } from './json.ts';
import type { InstanceFields, Need } from './needs.ts';
import type { ChangingOperation, Input } from './operations.ts';
import type { Zod } from './rule.ts';

/**
 * What an action takes from whoever uses the instance; `schedule` is what comes by the clock, stopped in the evening and started in the
 * morning. Limits are counted by it.
 */
export const actionKinds = ['access', 'stop', 'terminate', 'schedule'] as const;
export type ActionKind = (typeof actionKinds)[number];

/** A call that changes something, as data: it is written down before it is made. JSON. */
export type PlannedCall<O extends ChangingOperation = ChangingOperation> = {
  readonly [K in O]: {
    readonly operation: K;
    readonly input: Input<K>;
    /**
     * The plan goes on without it where it fails, and that is told. Once it is done, it is not made again by further attempts at
     * the plan.
     */
    readonly mayFail?: true;
  };
}[O];

/** All that an action will do to one subject, looked at whole before the first call. JSON. */
export interface Plan<O extends ChangingOperation = ChangingOperation> {
  /** For a person, as it follows "will": `revoke tcp/22 from 0.0.0.0/0 in sg-1`. */
  readonly does: string;
  /** In this order. The first that fails ends the plan, unless it may. At least one. */
  readonly calls: readonly PlannedCall<O>[];
  /** Put back what the calls changed, in this order; empty where nothing can. */
  readonly undo: readonly PlannedCall[];
  /** Other instances that the calls concern too: they are looked at again afterwards. */
  readonly concerns: readonly string[];
  /**
   * What somebody may put back each time, such as one source of one group: done three times in a day, it is contested and
   * left alone. Keys of any text; left out: nothing. None that `isContested` says yes to.
   */
  readonly contestable?: readonly string[];
  /** What is left since it is contested; left out: nothing. The engine says so, not the action. */
  readonly contested?: readonly string[];
}

/** What an action makes of a violation: a plan, or why there is none. */
export type Planned<O extends ChangingOperation = ChangingOperation> =
  | { readonly plan: Plan<O> }
  | {
      readonly refused: string;
      /** Another look may bring what is missing: the launch has not settled, or a read was throttled. */
      readonly maySettle?: true;
      /** The action is for instances in another state: nothing is wrong with it, such as with `start` while it runs. */
      readonly isOfOtherState?: true;
      /** All that it would do is contested. The engine says so, not the action: what that is, as a plan's `does`. */
      readonly contested?: string;
    };

/** What a policy says of another instance that shares a resource with the one in question. */
export type Standing =
  /** It violates the policy too, is not exempt, and the policy may act on it. */
  { readonly isAlike: true } | { readonly isAlike: false; readonly why: string };

/** Facts whose value can be read: nothing asks first whether it is known. */
type KnownFacts = { readonly [K in keyof Facts]: Exclude<Facts[K], { readonly known: false }> };

/** What an action may read: what it declared as needs, all of it known. The rest does not compile. */
export interface ActionContext<N extends Need, P> {
  readonly instance: InstanceFields<N> & Pick<Instance, 'State'>;
  readonly facts: Pick<KnownFacts, Extract<N, keyof KnownFacts>>;
  /** What the policy tells the action. */
  readonly parameters: P;
  /** What is wrong, by the policy's rule. */
  readonly violation: {
    /** The policy's name. */
    readonly policy: string;
    readonly rule: string;
    readonly parameters: Json;
    readonly evidence: Json | undefined;
  };
  /** Whether the same policy would do the same to another instance. */
  standingOf(instanceId: string): Standing;
  /** Whether something contestable was done too often, and is to be left. */
  isContested(what: string): boolean;
  readonly now: Date;
}

/** An instance with nothing but what an action brings. */
export interface Brought {
  /** Where the action's parameters ask for it. */
  readonly path: readonly (string | number)[];
  readonly given: Given;
}

/** An example of an action: run by the tests, printed in the docs. */
export interface ActionExample<P> {
  readonly title: string;
  readonly parameters: P;
  readonly given: ActionGiven;
  /** What the rule was asked, where the action reads it. */
  readonly violation?: { readonly rule: string; readonly parameters: Json; readonly evidence: Json };
  /** Other instances that the policy would do the same to. */
  readonly alike?: readonly string[];
  readonly expect:
    | { readonly calls: readonly PlannedCall[]; readonly undo: readonly PlannedCall[] }
    | { readonly refused: string };
}

/**
 * One action, one file. Its plan is a pure function of what it declared. It is asked only where nothing of its needs is
 * missing, and the instance is in one of its states.
 */
export interface Action<
  N extends Need = Need,
  S extends z.ZodObject = z.ZodObject,
  O extends ChangingOperation = ChangingOperation,
> {
  /** Kebab-case, the file's name. */
  readonly id: string;
  /** One sentence: what it does. */
  readonly summary: string;
  readonly kind: ActionKind;
  /** Whether it may take down what runs on the instance; left out: where its kind is to stop or terminate. */
  readonly interrupts?: boolean;
  /** It gives back what a limit counted, and takes nothing: no limit counts it, nor holds it. */
  readonly isUncounted?: true;
  /** Whether its plans can be undone. */
  readonly isReversible: boolean;
  /** States of the instance in which it can be done. */
  readonly states: readonly Instance['State']['Name'][];
  /** Rules whose violations it mends; left out: any rule's. */
  readonly rules?: readonly string[];
  /** Why it never comes with these parameters of the rule; undefined where it may. */
  readonly whyNever?: (ruleParameters: Json) => string | undefined;
  /** JSON in, JSON out, and never the keys `after`, `again` and `onDrift`, which are of all actions. Every key is described. */
  readonly parameters: (z: Zod) => S;
  readonly needs: readonly N[];
  /** All that its plans may call with these parameters: the permissions of a deployment that uses it. */
  readonly operations: readonly O[] | ((parameters: z.output<S>) => readonly O[]);
  plan(context: ActionContext<N, z.output<S>>): Planned<NoInfer<O>>;
  /**
   * What it brings to an instance by itself, such as sources that it lets in. A policy whose own rule is violated by that is
   * refused: it would act against itself.
   */
  readonly brings?: (parameters: z.output<S>, ruleParameters: Json) => readonly Brought[];
  readonly examples: readonly ActionExample<z.input<S>>[];
}

/** An action whose parameter types are forgotten: what lists of actions hold. */
// biome-ignore lint/suspicious/noExplicitAny: existential type; every use goes through `bind`, which joins parameters and action again
export type AnyAction = Action<any, any, any>;

/** Ties needs, parameters and operations together, so that a call which was not declared does not compile. */
export function defineAction<const N extends Need, S extends z.ZodObject, const O extends ChangingOperation>(
  action: Action<N, S, O>,
): Action<N, S, O> {
  return action;
}

/** Whether an action may take down what runs on the instance: what came by a later change then needs `onDrift`. */
export function interrupts({ kind, interrupts: own }: Pick<AnyAction, 'kind' | 'interrupts'>): boolean {
  return own ?? kind !== 'access';
}

/** What an action reads of an instance. */
export function needsOfAction({ needs }: AnyAction): readonly Need[] {
  return needs as readonly Need[];
}

/** Operations of an action with these parameters. */
export function operationsOf(action: AnyAction, parameters: Json): readonly ChangingOperation[] {
  return typeof action.operations === 'function' ? action.operations(parameters) : action.operations;
}
