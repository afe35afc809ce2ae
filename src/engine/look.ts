import type { Cause } from '../domain/alert.ts';
import { type Collected, factsOf, type InspectedInstance, type Launch } from '../domain/collected.ts';
import { describeError } from '../domain/errors.ts';
import { isPassing, mayAppear } from '../domain/facts.ts';
import type { Look, SubjectRecord } from '../domain/finding.ts';
import { type Instance, isAtLaunch, isGone, isSettled } from '../domain/instance.ts';
import { type Judgement, judge, judgeUnseen } from '../domain/judge.ts';
import type { BoundPolicy } from '../domain/policy.ts';
import { sharedCause, summaryOf } from '../domain/summary.ts';
import type { Engine } from './deployment.ts';
import type { Sighting } from './find-instances.ts';
import { AHEAD_MS, RELOOK_DELAYS_SECONDS } from './messages.ts';
import type { Task } from './tasks.ts';

/** One sighting with what the policies say of it. */
export interface TakenLook {
  readonly sighting: Sighting;
  readonly look: Look;
  /** Another look may bring what is missing, or show what the event is ahead of. */
  readonly again: boolean;
  /** How often it was looked at before for the same cause. */
  readonly attempt: number;
}

/** What the policies say of a sighting, at one time. */
export function takeLook(
  engine: Engine,
  sighting: Sighting,
  collected: Collected,
  record: SubjectRecord | undefined,
  at: Date,
): TakenLook {
  const { instanceId, tasks } = sighting;
  const launch = collected.launches.get(instanceId);
  const attempt = Math.min(...tasks.map((task) => task.attempt));
  const common = { launch, attempt, cause: causeOf(instanceId, tasks), at };
  return 'instance' in sighting
    ? lookAtSeen(
        engine,
        sighting,
        { instance: sighting.instance, facts: factsOf(sighting.instance, collected, at) },
        common,
      )
    : lookAtUnseen(engine, sighting, record, common);
}

/** A rule that throws at one instance's odd shape says so as INSUFFICIENT_DATA: the other rules and instances go on. */
export function judgeOrSay(policy: BoundPolicy, inspected: InspectedInstance, at: Date): Judgement | undefined {
  try {
    return judge(policy, inspected, at);
  } catch (error) {
    const { InstanceId, scope } = inspected.instance;
    return judgeUnseen(policy, InstanceId, scope, {
      what: `verdict of ${policy.rule}`,
      why: 'failed',
      detail: describeError(error),
    });
  }
}

/** What a look has whether the instance is seen or not. */
interface Common {
  readonly launch: Launch | undefined;
  readonly attempt: number;
  readonly cause: Cause;
  readonly at: Date;
}

function lookAtSeen(
  engine: Engine,
  sighting: Sighting,
  inspected: InspectedInstance,
  { launch, attempt, cause, at }: Common,
): TakenLook {
  const { instance, facts } = inspected;
  const judgements = engine.policies.flatMap((policy) => judgeOrSay(policy, inspected, at) ?? []);
  const isAhead = attempt === 0 && sighting.tasks.some((task) => isAheadOf(task, instance, at));
  const again = isAhead || mayBecomeClear(judgements, attempt);
  const look: Look = {
    ...lookOf(engine, sighting, judgements, at),
    gone: isGone(instance),
    atLaunch: isAtLaunch(instance, at),
    settled: isSettled(instance.LaunchTime, at),
    final: !again,
    tagsSeen: (instance.Tags ?? []).length > 0,
    cause: sharedCause(cause, instance, facts.tags, at),
    instance: summaryOf(instance, facts.tags, launch?.launcher, engine.deployment.alertTag),
    ...(launch === undefined ? {} : { launch }),
  };
  return { sighting, look, again, attempt };
}

function lookAtUnseen(
  engine: Engine,
  sighting: Extract<Sighting, { readonly missing: unknown }>,
  record: SubjectRecord | undefined,
  { launch, attempt, cause, at }: Common,
): TakenLook {
  const { instanceId, missing } = sighting;
  const { scope } = engine.deployment;
  const judgements = engine.policies.map((policy) => judgeUnseen(policy, instanceId, scope, missing));
  const again = mayBecomeClear(judgements, attempt);
  const look: Look = {
    ...lookOf(engine, sighting, judgements, at),
    gone: missing.why === 'not-found' && !again && record?.instance !== undefined,
    atLaunch: false,
    settled: true,
    final: !again,
    tagsSeen: false,
    cause,
    ...(launch === undefined ? {} : { launch }),
  };
  return { sighting, look, again, attempt };
}

function lookOf(engine: Engine, { instanceId, tasks }: Sighting, judgements: readonly Judgement[], at: Date) {
  return {
    subject: { type: 'instance', id: instanceId },
    scope: engine.deployment.scope,
    at,
    judgements,
    enforcement: noEnforcement,
    unswept: noPolicies,
    deployed: new Set(engine.policies.map((policy) => policy.name)),
    silent: tasks.every((task) => task.sweep?.silent),
    deferred: tasks.every((task) => task.sweep !== undefined),
  } as const;
}

const noEnforcement: Look['enforcement'] = new Map();
const noPolicies: Look['unswept'] = new Set();

/** The record of a launch knows more of a cause than a change of state does. */
function causeOf(instanceId: string, tasks: readonly Task[]): Cause {
  const task = tasks.find(({ launches }) => launches.has(instanceId)) ?? tasks[0];
  return task?.causeOf(instanceId) ?? { key: 'unknown', text: 'unknown' };
}

function mayBecomeClear(judgements: readonly Judgement[], attempt: number): boolean {
  const hopeful = judgements.some(({ compliance, missing }) =>
    missing.some(compliance === 'INSUFFICIENT_DATA' ? mayAppear : isPassing),
  );
  return hopeful && attempt < RELOOK_DELAYS_SECONDS.length;
}

/** Whether Describe may not yet show what an event tells of. A launch is looked at again anyway, when it has settled. */
function isAheadOf(task: Task, instance: Instance, at: Date): boolean {
  const { state, launches } = task;
  const { eventTime } = task.causeOf(instance.InstanceId);
  if (eventTime === undefined || launches.size > 0) return false;
  if (at.getTime() - Date.parse(eventTime) >= AHEAD_MS) return false;
  return state === undefined || state !== instance.State.Name;
}
