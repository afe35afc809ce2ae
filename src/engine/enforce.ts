import { afterAct, begin, type Done } from '../domain/acting.ts';
import type { Plan, Planned } from '../domain/action.ts';
import { type Controls, countedWithin, limitOf, tripped, whyStopped } from '../domain/controls.ts';
import { describeError } from '../domain/errors.ts';
import type { Finding, Look, SubjectRecord } from '../domain/finding.ts';
import type { BoundAction, BoundPolicy } from '../domain/policy.ts';
import { type Act, isDue, type Step } from '../domain/steps.ts';
import { HOUR_MS } from '../domain/time.ts';
import type { Report } from './batch-report.ts';
import { countContest } from './contested.ts';
import type { Outgoing } from './deliver.ts';
import type { Engine } from './deployment.ts';
import { lookOnceMore } from './last-look.ts';
import { makeCalls } from './make-calls.ts';
import { countedAs, sizeOf } from './plan.ts';
import { changeControls, readControls, reserve, writeOver, writeRecord } from './store.ts';
import type { Task } from './tasks.ts';

/** How long a run begins new actions, in milliseconds. What is left is handed over: a function has a minute for all. */
const BEGINS_FOR_MS = 25_000;

/** How often the outcome is written against other writers. */
const OUTCOME_TRIES = 6;

/** A look that was written, with what waits to be sent. */
export interface Written {
  readonly tasks: readonly Task[];
  readonly look: Look;
  readonly outgoing: Outgoing;
}

/** What enforcement left behind. */
export interface Enforced {
  /** What is to be sent: what was done is told together with what the look found. */
  readonly outgoing: readonly Outgoing[];
  /** Instances that something was done to, or that share what was changed: they are looked at again. */
  readonly lookAgain: ReadonlySet<string>;
  /** Instances that changed between the look and what was due. */
  readonly changed: ReadonlySet<string>;
  /** Instances that there was no time for. */
  readonly left: ReadonlySet<string>;
  /** A limit was reached. */
  readonly hasTripped: boolean;
}

/** An action whose time has come. */
interface DueAction {
  readonly policy: BoundPolicy;
  readonly bound: BoundAction;
  readonly planned: Planned;
}

/** An action that is carried out. */
interface Begun extends DueAction {
  readonly plan: Plan;
}

/**
 * Does what is due, one after the other: asks whether it is paused, looks once more, writes down what it is about to do,
 * reserves, asks once more whether it was paused meanwhile, makes the calls, and writes down what became of it. Of what is
 * contested it only writes that down. One action's failure stops neither the others nor the alert.
 */
export async function enforceDue(engine: Engine, written: readonly Written[], report: Report): Promise<Enforced> {
  const begunAt = engine.now().getTime();
  const outgoing: Outgoing[] = [];
  const lookAgain = new Set<string>();
  const changed = new Set<string>();
  const left = new Set<string>();
  let hasTripped = false;
  for (const one of written) {
    let current = one.outgoing;
    for (const due of dueActions(engine, one, engine.now())) {
      if (engine.now().getTime() - begunAt >= BEGINS_FOR_MS) {
        left.add(one.look.subject.id);
        break;
      }
      try {
        const acted = await act(engine, current, one.look, due, report);
        current = acted.outgoing;
        hasTripped ||= acted.hasTripped === true;
        for (const id of acted.lookAgain) lookAgain.add(id);
        if (acted.hasChanged) changed.add(one.look.subject.id);
      } catch (error) {
        report.fail(one.tasks, `${due.bound.id} on ${one.look.subject.id}: ${describeError(error)}`);
      }
    }
    outgoing.push(current);
  }
  return { outgoing, lookAgain, changed, left, hasTripped };
}

function dueActions(engine: Engine, { look, outgoing }: Written, at: Date): readonly DueAction[] {
  return outgoing.record.findings.flatMap((finding) => {
    const policy = engine.policies.find(({ name }) => name === finding.policy);
    if (policy === undefined || !look.enforcement.has(policy.name)) return [];
    // One at a time: what comes after it is looked at anew, and keeps its distance.
    return dueSteps(finding, at)
      .slice(0, 1)
      .flatMap(({ action, planned }) => {
        const bound = policy.boundActions.find(({ id }) => id === action);
        return bound === undefined ? [] : [{ policy, bound, planned }];
      });
  });
}

function dueSteps({ status, steps = [] }: Finding, at: Date): readonly Step[] {
  return status === 'open' ? steps.filter((step) => isDue(step, at)) : [];
}

/** What trying to act came to. */
interface Acted {
  readonly outgoing: Outgoing;
  readonly lookAgain: readonly string[];
  readonly hasChanged?: boolean;
  readonly hasTripped?: boolean;
}

/** Asks what may have changed since the look, and writes down what is about to be done. */
async function act(engine: Engine, outgoing: Outgoing, look: Look, due: DueAction, report: Report): Promise<Acted> {
  const { policy, bound, planned } = due;
  if ('refused' in planned)
    return { outgoing: await writeContested(engine, outgoing, look, due, planned), lookAgain: [] };
  const { plan } = planned;
  const instanceId = look.subject.id;
  const nothing = { outgoing, lookAgain: [] };
  const controls = await controlsUnlessStopped(engine, due, report);
  if (controls === undefined) return nothing;
  const last = await lookOnceMore(engine, policy, instanceId, bound.id, plan, controls, outgoing.record);
  if (last.is === 'changed') return { ...nothing, hasChanged: true };
  const at = engine.now();
  const now = { ...due, plan: last.plan };
  const begun = await writeBegun(engine, outgoing, now, at);
  if (begun === undefined) return { ...nothing, hasChanged: true };
  return carryOut(engine, begun, now, controls, aboutDoing(due, outgoing, look, at), report);
}

/** What an outcome belongs to. */
function aboutDoing({ policy, bound }: DueAction, { toSend }: Outgoing, look: Look, at: Date): Omit<Done, 'act'> {
  const sending = toSend.map(({ id }) => id);
  return { policy: policy.name, action: bound.id, cause: look.cause, observedAt: look.at.toISOString(), sending, at };
}

/** Writes down that nothing is done, since all of it is contested. */
async function writeContested(
  engine: Engine,
  outgoing: Outgoing,
  look: Look,
  due: DueAction,
  { refused: detail, contested: does = detail }: Extract<Planned, { readonly refused: string }>,
): Promise<Outgoing> {
  const at = engine.now();
  const attempt = {
    action: due.bound.id,
    at: at.toISOString(),
    does,
    outcome: 'contested',
    calls: [],
    detail,
  } as const;
  return writeOutcome(engine, outgoing, { ...aboutDoing(due, outgoing, look, at), act: { ...attempt, undo: [] } });
}

/** Makes the calls, if there is still nothing against them, and writes down what became of it. */
async function carryOut(
  engine: Engine,
  begun: Outgoing,
  due: Begun,
  controls: Controls,
  about: Omit<Done, 'act'>,
  report: Report,
): Promise<Acted> {
  const { bound, plan } = due;
  const { action, at } = about;
  const endsIt = (bound.action.rules !== undefined && plan.contested === undefined) || bound.kind === 'schedule';
  const mends = endsIt ? { mends: true as const } : {};
  const attempt = { action, at: at.toISOString(), does: plan.does, ...mends };
  const end = (act?: Act) => writeOutcome(engine, begun, act === undefined ? about : { ...about, act });
  const admitted = await admit(engine, due, controls, at, report).catch(async (error: unknown) => {
    // No call was made: nobody needs to wonder later whether one was.
    await end();
    throw error;
  });
  if (admitted.is !== 'admitted')
    return { outgoing: await end(), lookAgain: [], hasTripped: admitted.is === 'over the limit' };
  const doneBefore = doneSinceItWorked(begun.record, about);
  const { calls, failure, missed, isOvertaken } = await makeCalls(engine.aws, plan.calls, doneBefore);
  const { id } = begun.record.subject;
  report.actions += 1;
  if (missed !== undefined) report.errors.push(`${action} on ${id}, not all of it: ${missed}`);
  if (failure !== undefined && !isOvertaken) {
    report.failedActions += 1;
    report.errors.push(`${action} on ${id}: ${failure}`);
  }
  const hasEffect = isOvertaken || calls.some((call) => call.outcome === 'done');
  const outcome = failure === undefined ? 'done' : isOvertaken ? 'overtaken' : 'failed';
  const wrong = [failure, missed].filter((one) => one !== undefined);
  const detail = wrong.length === 0 ? {} : { detail: wrong.join('; ') };
  const after = await end({ ...attempt, outcome, calls, ...detail, undo: plan.undo });
  const counting = !hasEffect ? admitted.giveBack() : outcome === 'done' ? countContest(engine, plan, at) : undefined;
  // What was done is written down and told, whether or not it could be counted.
  await counting?.catch((error: unknown) =>
    report.errors.push(`${action} on ${id} is not counted: ${describeError(error)}`),
  );
  // What failed is tried again at the next look that something leads to, within the hour.
  return { outgoing: after, lookAgain: hasEffect ? [id, ...plan.concerns] : [] };
}

/** Operations that attempts made which failed since the action was last done. */
function doneSinceItWorked(
  { findings }: SubjectRecord,
  { policy, action }: Pick<Done, 'policy' | 'action'>,
): ReadonlySet<string> {
  const finding = findings.find((one) => one.policy === policy);
  const own = (finding?.acts ?? []).filter((act) => act.action === action && act.at >= (finding?.openedAt ?? ''));
  const attempts = own.slice(own.findLastIndex(({ outcome }) => outcome === 'done') + 1);
  const calls = attempts.flatMap((act) => act.calls);
  return new Set(calls.filter(({ outcome }) => outcome === 'done').map(({ operation }) => operation));
}

/**
 * What is known of enforcement right now.
 * @returns undefined when that stops it, or can't be read: what can't be read stops it, too.
 */
async function controlsUnlessStopped(
  engine: Engine,
  { policy, bound }: DueAction,
  report: Report,
): Promise<Controls | undefined> {
  try {
    const controls = await readControls(engine);
    return whyStopped(controls, policy.name, countedAs(bound)) === undefined ? controls : undefined;
  } catch (error) {
    report.errors.push(`nothing is done, since whether it is paused can't be read: ${describeError(error)}`);
    return undefined;
  }
}

type Admitted = { readonly is: 'admitted'; giveBack(): Promise<void> } | { readonly is: 'stopped' | 'over the limit' };

/** Whether it may be done after all that came between: the hour has room, and nobody paused it. */
async function admit(engine: Engine, due: Begun, controls: Controls, at: Date, report: Report): Promise<Admitted> {
  const kind = countedAs(due.bound);
  if (kind === undefined) return { is: 'admitted', giveBack: () => Promise.resolve() };
  const budget = `${kind}#${countedWithin(controls, at)}`;
  const expiresAt = new Date(at.getTime() + 2 * HOUR_MS);
  const limit = limitOf(engine.safety, controls, kind);
  const size = sizeOf(due.plan);
  if (!(await reserve(engine, budget, { size, most: limit, expiresAt }))) {
    // Until somebody resumes: nothing of the kind is done by anybody.
    await changeControls(engine, (now) => tripped(now, kind, { at: at.toISOString(), limit }));
    return { is: 'over the limit' };
  }
  const giveBack = async () => {
    await reserve(engine, budget, { size: -size, most: limit, expiresAt });
  };
  if ((await controlsUnlessStopped(engine, due, report)) !== undefined) return { is: 'admitted', giveBack };
  await giveBack();
  return { is: 'stopped' };
}

/** @returns undefined when another was faster. */
async function writeBegun(
  engine: Engine,
  { record, toSend }: Outgoing,
  { policy, bound, plan }: Begun,
  at: Date,
): Promise<Outgoing | undefined> {
  const begun = begin(record, { policy: policy.name, action: bound.id, plan }, at);
  if (begun === undefined || !(await writeRecord(engine, begun))) return undefined;
  return { record: begun, toSend };
}

/** Writes what became of an action into the item, whoever wrote it meanwhile. */
async function writeOutcome(engine: Engine, { record }: Outgoing, done: Done): Promise<Outgoing> {
  const lost = `what became of it could not be written: ${done.act?.does ?? 'nothing was done'}`;
  const after = (now: SubjectRecord | undefined) => now && afterAct(now, done);
  const written = await writeOver(engine, record.subject.id, record, after, OUTCOME_TRIES).catch((error: unknown) => {
    throw new Error(`${lost}: ${describeError(error)}`);
  });
  if (written === undefined) throw new Error(`${lost}: the item is gone`);
  return written;
}
