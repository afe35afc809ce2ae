import { ownActs } from '../domain/acting.ts';
import type { Launch } from '../domain/collected.ts';
import type { Controls } from '../domain/controls.ts';
import { describeError } from '../domain/errors.ts';
import { type Look, launchKnown, reconcile, type SubjectRecord } from '../domain/finding.ts';
import { distinct } from '../domain/instance.ts';
import { needsOf } from '../domain/judge.ts';
import { type BatchReport, Report } from './batch-report.ts';
import { collect, readFailures } from './collect.ts';
import { controlsNow, tellTrips } from './controls.ts';
import { deliver } from './deliver.ts';
import type { Engine } from './deployment.ts';
import { enforceDue, type Written } from './enforce.ts';
import { findInstances, type Sighting } from './find-instances.ts';
import { type TakenLook, takeLook } from './look.ts';
import { lookAfter, lookAgain, lookInParts } from './look-again.ts';
import { MOST_INSTANCES, RELOOK_DELAYS_SECONDS } from './messages.ts';
import { type Plans, planActions } from './plan.ts';
import { answerProbes } from './probe.ts';
import { type DeploymentRecord, knownSweeps, readDeployment, readRecords, type Work, writeOver } from './store.ts';
import { finishChunk } from './sweep-end.ts';
import { type QueueMessage, type Task, understand } from './tasks.ts';
import { taskOfTicks } from './tick.ts';

/** How often a write is tried against other writers before its message is delivered again. */
const WRITE_TRIES = 4;

/**
 * Inspects a batch as a whole: one picture of all its instances, every policy judged on it, findings written, alerts
 * sent. A message fails when something about its instances did; the others stand.
 * @throws what reading the table threw: then nothing was written, and the whole batch is delivered again.
 */
export async function inspectBatch(engine: Engine, messages: readonly QueueMessage[]): Promise<BatchReport> {
  const report = new Report();
  const asked = messages.flatMap((message) => tasksIn(engine, message, report));
  const tasks = await withSweepsChecked(engine, [...asked, ...(await taskOfTicks(engine, report))]);
  const at = engine.now();
  const { sightings, unresolved } = await findInstances(engine.aws, tasks);
  for (const [task, error] of unresolved) report.fail([task], error);
  report.ledBy(tasks, sightings);
  const { now, later } = sharedOut(tasks, sightings);
  await lookInParts(engine, later, report);
  const controls = await controlsNow(engine, at);
  const looks = await lookAt(engine, now, at, controls, report);
  const enforced = await enforceDue(engine, await writeAll(engine, looks, report), report);
  report.alerts = enforced.outgoing.flatMap(({ toSend }) => toSend).length;
  const undelivered = await deliver(engine, enforced.outgoing);
  for (const { sighting } of looks) {
    const error = undelivered.get(sighting.instanceId);
    if (error !== undefined) report.fail(sighting.tasks, `alert of ${sighting.instanceId}: ${describeError(error)}`);
  }
  await lookAgain(
    engine,
    looks.map(({ taken }) => (enforced.changed.has(taken.look.subject.id) ? withAnother(taken) : taken)),
    report,
  );
  await lookAfter(engine, looks, enforced, report);
  await tellTrips(engine, controls, enforced).catch((error: unknown) =>
    report.errors.push(`that a limit was reached is not told: ${describeError(error)}`),
  );
  await finishChunks(engine, tasks, looks, unsweptIn(controls).size > 0, report);
  await answerProbes(engine, report);
  return report.done();
}

function tasksIn(engine: Engine, message: QueueMessage, report: Report): readonly Task[] {
  const understood = understand(engine, message);
  switch (understood.kind) {
    case 'task':
      return [understood.task];
    case 'probe':
      report.probes.push({ messageId: message.id });
      return [];
    case 'tick':
      report.ticks.push({ messageId: message.id });
      return [];
    case 'ignored':
      report.ignored.push({ messageId: message.id, reason: understood.reason });
      return [];
    case 'broken':
      report.fail([{ messageId: message.id }], understood.error);
      return [];
  }
}

/**
 * A message may be anybody's who may send to the queue: only the table knows which sweeps there are, and which are first ones. A
 * part of no sweep is a look like any other, whose alerts wait for nothing.
 */
async function withSweepsChecked(engine: Engine, tasks: readonly Task[]): Promise<readonly Task[]> {
  const ids = distinct(tasks.map(({ sweep }) => sweep?.sweepId));
  if (ids.length === 0) return tasks;
  const known = await knownSweeps(engine, ids);
  const checked = tasks.map(
    ({ sweep, ...task }): Task => (sweep !== undefined && known.has(sweep.sweepId) ? { ...task, sweep } : task),
  );
  if (!checked.some(({ sweep }) => sweep?.silent)) return checked;
  const deployment = await readDeployment(engine);
  return checked.map((task) => {
    if (!task.sweep?.silent) return task;
    return { ...task, sweep: { ...task.sweep, silent: isFirstSweep(deployment, task.sweep.sweepId) } };
  });
}

/** One first sweep may replace another that is not done yet: all of them are silent until one has been summed up. */
function isFirstSweep(deployment: DeploymentRecord | undefined, sweepId: string): boolean {
  if (deployment === undefined || deployment.firstSweptAt !== undefined) return false;
  return deployment.startedAt <= sweepId && sweepId <= deployment.sweepId;
}

/** What is looked at now, and what an event led to that is too much for one run. A launch's record is never put off. */
function sharedOut(
  tasks: readonly Task[],
  sightings: readonly Sighting[],
): { readonly now: readonly Sighting[]; readonly later: readonly Sighting[] } {
  const counts = new Map(tasks.map((task) => [task, 0]));
  for (const { tasks: askers } of sightings) for (const task of askers) counts.set(task, (counts.get(task) ?? 0) + 1);
  const isLarge = (task: Task) => (counts.get(task) ?? 0) > MOST_INSTANCES && task.launches.size === 0;
  const isLater = ({ tasks: askers }: Sighting) => askers.every(isLarge);
  return { now: sightings.filter((one) => !isLater(one)), later: sightings.filter(isLater) };
}

/** A look with the item that it will be written over. */
interface ReadLook {
  readonly sighting: Sighting;
  readonly taken: TakenLook;
  readonly record: SubjectRecord | undefined;
}

async function lookAt(
  engine: Engine,
  sightings: readonly Sighting[],
  at: Date,
  controls: Controls | undefined,
  report: Report,
): Promise<readonly ReadLook[]> {
  const ids = sightings.map((one) => one.instanceId);
  const records = await readRecords(engine, ids);
  const instances = sightings.flatMap((sighting) => ('instance' in sighting ? [sighting.instance] : []));
  const launches = launchesOf(sightings, records);
  const read = await collect(engine.aws, instances, needsOf(engine.policies), launches);
  const acts = new Map([...records].map(([id, record]) => [id, ownActs(record)]));
  const collected = { ...read, acts };
  report.errors.push(...notShown(sightings), ...readFailures(collected));
  report.inspected = instances.length;
  const looks = sightings.map((sighting) => {
    const record = records.get(sighting.instanceId);
    return { sighting, taken: takeLook(engine, sighting, collected, record, at), record };
  });
  report.judgements.push(...looks.flatMap(({ taken }) => taken.look.judgements));
  const final = looks.filter(({ taken }) => !taken.again);
  report.finalJudgements.push(...final.flatMap(({ taken }) => taken.look.judgements));
  const judged = looks.flatMap(({ sighting, taken }) =>
    'instance' in sighting ? [{ instance: sighting.instance, judgements: taken.look.judgements }] : [],
  );
  return withPlans(looks, await planActions(engine, judged, collected, controls), unsweptIn(controls));
}

function unsweptIn(controls: Controls | undefined): ReadonlySet<string> {
  const policies = Object.entries(controls?.policies ?? {});
  return new Set(policies.flatMap(([name, { sweptAt }]) => (sweptAt === undefined ? [name] : [])));
}

function withPlans(looks: readonly ReadLook[], plans: Plans, unswept: ReadonlySet<string>): readonly ReadLook[] {
  return looks.map(({ taken, ...one }) => {
    const enforcement = plans.get(one.sighting.instanceId) ?? taken.look.enforcement;
    const planned = { ...taken, look: { ...taken.look, enforcement, unswept } };
    return { ...one, taken: maySettle(enforcement) ? withAnother(planned) : planned };
  });
}

/** The look with another behind it, unless there were as many as there may be: the sweep comes within the hour. */
function withAnother(taken: TakenLook): TakenLook {
  return { ...taken, again: taken.again || taken.attempt < RELOOK_DELAYS_SECONDS.length };
}

/** Whether something is not done only because a launch has not settled, or a read was throttled. */
function maySettle(enforcement: Look['enforcement']): boolean {
  return [...enforcement.values()].some(
    ({ held, actions }) =>
      held?.maySettle === true ||
      (held === undefined && actions.some(({ planned }) => 'refused' in planned && planned.maySettle === true)),
  );
}

/** Why EC2 did not show instances, where it did not say that there are none. */
function notShown(sightings: readonly Sighting[]): readonly string[] {
  return sightings.flatMap((sighting) => {
    if (!('missing' in sighting) || sighting.missing.why === 'not-found') return [];
    return [`instances: ${sighting.missing.detail ?? sighting.missing.what}`];
  });
}

/** What is known of each launch: from its item, else from its record in this batch. */
function launchesOf(
  sightings: readonly Sighting[],
  records: ReadonlyMap<string, SubjectRecord>,
): ReadonlyMap<string, Launch> {
  const launches = new Map<string, Launch>();
  for (const { instanceId, tasks } of sightings) {
    const record = records.get(instanceId);
    const told = tasks.map((task) => task.launches.get(instanceId)).find((one) => one !== undefined);
    const launch = launchKnown(record, told);
    if (launch !== undefined) launches.set(instanceId, launch);
  }
  return launches;
}

async function writeAll(engine: Engine, looks: readonly ReadLook[], report: Report): Promise<readonly Written[]> {
  const written = await Promise.all(
    looks.map(async ({ sighting, taken: { look }, record }): Promise<readonly Written[]> => {
      try {
        const outgoing = await writeOver(engine, look.subject.id, record, (now) => reconcile(now, look), WRITE_TRIES);
        return outgoing === undefined ? [] : [{ tasks: sighting.tasks, look, outgoing }];
      } catch (error) {
        report.fail(sighting.tasks, `finding of ${sighting.instanceId}: ${describeError(error)}`);
        return [];
      }
    }),
  );
  report.missedByEvents = written.flat().reduce((sum, one) => sum + missedIn(one), 0);
  return written.flat();
}

/** What opens in a sweep, but the first, came by a change that no event told of. */
function missedIn({ look, outgoing }: Written): number {
  if (!look.deferred || look.silent) return 0;
  const at = look.at.toISOString();
  return outgoing.record.findings.filter(
    ({ status, openedAt, origin }) => status === 'open' && openedAt === at && origin === 'drift',
  ).length;
}

async function finishChunks(
  engine: Engine,
  tasks: readonly Task[],
  looks: readonly ReadLook[],
  hasUnswept: boolean,
  report: Report,
): Promise<void> {
  for (const task of tasks) {
    // One instance that fails again and again must not keep back what is to be told of the others. The first sweep waits
    // for it: what it sums up should be whole, and its silence has an end of its own; and so does one that a baseline hangs on.
    const mustBeWhole = task.sweep?.silent === true || hasUnswept;
    if (task.sweep === undefined || (mustBeWhole && report.failed.has(task.messageId))) continue;
    try {
      if (await finishChunk(engine, task.sweep, workOf(task, looks))) report.sweepsCompleted++;
    } catch (error) {
      report.fail([task], `end of the sweep: ${describeError(error)}`);
    }
  }
}

function workOf(task: Task, looks: readonly ReadLook[]): Work {
  const own = looks.filter(({ sighting }) => sighting.tasks.includes(task));
  const evaluations = own.reduce((sum, { taken }) => sum + taken.look.judgements.length, 0);
  return { instances: own.filter(({ sighting }) => 'instance' in sighting).length, evaluations };
}
