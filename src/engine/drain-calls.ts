import type { DrainMove, MoveOutcome } from '../domain/drain.ts';
import { type AnyDrainStep, type DrainCall, isAmong, type StepOperation } from '../domain/drain-step.ts';
import { asError, describeError } from '../domain/errors.ts';
import type { Input, Output } from '../domain/operations.ts';
import type { DrainCaller } from './drain-engine.ts';
import { inTime, NO_ANSWER } from './in-time.ts';
import { chunked } from './reads.ts';

/** The first and the longest pause before a call is tried again, in milliseconds, before chance shortens it. */
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 3_000;

/** A move with what it belongs to. */
export interface Due {
  readonly instanceId: string;
  readonly move: DrainMove;
  /** Which of AWS's errors say what. */
  readonly step: Pick<AnyDrainStep, 'doneBy' | 'skippedBy'>;
}

/** What became of a move. */
export interface Made extends Due {
  readonly outcome: MoveOutcome;
}

/**
 * Makes moves side by side, those of many instances in one call where AWS takes them together, and each again until it succeeds, fails
 * for good, or its time is over. What AWS refuses of several at once is asked for each alone: none fails for another.
 * @param until nothing is tried again after that.
 */
export async function makeMoves(engine: DrainCaller, due: readonly Due[], until: Date): Promise<readonly Made[]> {
  const groups = new Map<string, Due[]>();
  for (const one of due) {
    const key = togetherWith(one.move.call)?.key ?? `${one.instanceId} ${one.move.key}`;
    const group = groups.get(key) ?? [];
    group.push(one);
    groups.set(key, group);
  }
  const calls = [...groups.values()].flatMap((group) => chunked(group, mostOf(group)));
  return (await Promise.all(calls.map((group) => makeTogether(engine, group, until)))).flat();
}

function mostOf([first]: readonly Due[]): number {
  return (first && togetherWith(first.move.call)?.most) ?? 1;
}

async function makeTogether(engine: DrainCaller, group: readonly Due[], until: Date): Promise<readonly Made[]> {
  const [first] = group;
  if (first === undefined) return [];
  const call = group.map(({ move }) => move.call).reduce(joined);
  for (let tries = 0; ; tries++) {
    const answer = await answerTo(engine, call);
    const at = engine.now().toISOString();
    if (!('error' in answer)) return group.map((one) => ({ ...one, outcome: outcomeIn(answer.output, one, at) }));
    const { error } = answer;
    const isDone = isAmong(first.step.doneBy, error);
    const isOver = isDone || isAmong(first.step.skippedBy, error);
    const mayPass = isPassing(error.name) && !(first.move.isOnce && error.name === NO_ANSWER);
    if (group.length > 1 && !mayPass)
      return (await Promise.all(group.map((one) => makeTogether(engine, [one], until)))).flat();
    const why = describeError(error);
    if (isOver) {
      const is = isDone ? 'done' : 'skipped';
      return group.map((one) => ({ ...one, outcome: { is, why, at } }));
    }
    const pause = engine.random() * Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** tries);
    const isInTime = engine.now().getTime() + pause < until.getTime();
    if (!mayPass) return group.map((one) => ({ ...one, outcome: { is: 'failed', why, at } }));
    if (!isInTime) return group.map((one) => ({ ...one, outcome: { is: 'again', why, at } }));
    await engine.pause(pause);
  }
}

type Answer = { readonly output: object } | { readonly error: Error };

/** AWS's answer, or why there is none: one that does not come in time is none. */
async function answerTo(engine: DrainCaller, { operation, input }: DrainCall): Promise<Answer> {
  try {
    return { output: await inTime(engine, operation, engine.aws(operation, input as never)) };
  } catch (error) {
    return { error: asError(error) };
  }
}

/** Codes of AWS that may not come the next time. */
const passing =
  /^(?:Throttl.*|ProvisionedThroughputExceeded.*|RequestLimitExceeded|TooManyRequestsException|RequestThrottled.*|ResourceContention.*|ScalingActivityInProgress.*|ServiceUnavailable.*|ServerException|Internal.*|TimeoutError|ECONN.*|RequestTimeout.*|LimitExceededException)$/;

/** Whether an error with this name may not come the next time. */
export function isPassing(name: string): boolean {
  return passing.test(name);
}

/** What AWS says of one of the things that were asked for at once: it may succeed without having done all. */
function outcomeIn(output: object, { move, step }: Due, at: string): MoveOutcome {
  const failure = failureIn(output, move.call);
  if (failure === undefined) return { is: 'done', at };
  const error = { name: failure, message: failure };
  if (isAmong(step.doneBy, error)) return { is: 'done', why: failure, at };
  if (isAmong(step.skippedBy, error)) return { is: 'skipped', why: failure, at };
  return { is: isPassing(failure) ? 'again' : 'failed', why: failure, at };
}

function failureIn(output: object, { operation, input }: DrainCall): string | undefined {
  if (operation === 'ecs:UpdateContainerInstancesState') {
    const { failures = [] } = output as Output<'ecs:UpdateContainerInstancesState'>;
    const [own] = input.containerInstances ?? [];
    const failure = failures.find(({ arn }) => arn !== undefined && (arn === own || own?.endsWith(arn)));
    return failure && (failure.reason ?? 'it failed, and ECS does not say why');
  }
  if (operation === 'events:PutEvents') {
    const { FailedEntryCount = 0, Entries = [] } = output as Output<'events:PutEvents'>;
    return FailedEntryCount === 0 ? undefined : (Entries.find(({ ErrorCode }) => ErrorCode)?.ErrorCode ?? 'it failed');
  }
  return undefined;
}

/** Calls that AWS takes together: of what they must be the same, and how many it takes at once. */
type Together = { readonly [O in StepOperation]?: { readonly most: number; of(input: Input<O>): string | undefined } };

/**
 * @see https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateContainerInstancesState.html
 * @see https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DetachInstances.html
 */
const together: Together = {
  'elbv2:DeregisterTargets': { most: 100, of: ({ TargetGroupArn }) => TargetGroupArn },
  'elb:DeregisterInstancesFromLoadBalancer': { most: 100, of: ({ LoadBalancerName }) => LoadBalancerName },
  'ecs:UpdateContainerInstancesState': { most: 10, of: ({ cluster, status }) => `${cluster} ${status}` },
  'autoscaling:DetachInstances': { most: 20, of: ({ AutoScalingGroupName }) => AutoScalingGroupName },
};

/** With which others a call is made; undefined for one that is made alone. */
function togetherWith({ operation, input }: DrainCall): { readonly key: string; readonly most: number } | undefined {
  const way = together[operation];
  return way && { key: `${operation} ${way.of(input as never)}`, most: way.most };
}

/** Two calls that are made together as one. */
function joined(one: DrainCall, other: DrainCall): DrainCall {
  const { operation, input } = one;
  if (operation === 'elbv2:DeregisterTargets' && other.operation === operation)
    return { operation, input: { ...input, Targets: both(input.Targets, other.input.Targets) } };
  if (operation === 'elb:DeregisterInstancesFromLoadBalancer' && other.operation === operation)
    return { operation, input: { ...input, Instances: both(input.Instances, other.input.Instances) } };
  if (operation === 'ecs:UpdateContainerInstancesState' && other.operation === operation) {
    const containerInstances = both(input.containerInstances, other.input.containerInstances);
    return { operation, input: { ...input, containerInstances } };
  }
  if (operation === 'autoscaling:DetachInstances' && other.operation === operation)
    return { operation, input: { ...input, InstanceIds: both(input.InstanceIds, other.input.InstanceIds) } };
  throw new Error(`${operation} is not made together with another call`);
}

function both<T>(some: readonly T[] = [], others: readonly T[] = []): T[] {
  return [...some, ...others];
}
