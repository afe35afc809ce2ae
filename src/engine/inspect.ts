import { factsOf, type InspectedInstance, type Launch } from '../domain/collected.ts';
import { describeError } from '../domain/errors.ts';
import { mayAppear } from '../domain/facts.ts';
import { type Look, reconcile, type SubjectRecord } from '../domain/finding.ts';
import { isGone, isSettled } from '../domain/instance.ts';
import { type Judgement, judge, judgeUnseen, needsOf } from '../domain/judge.ts';
import type { BoundPolicy } from '../domain/policy.ts';
import { sharedCause, summaryOf } from '../domain/summary.ts';
import { type BatchReport, Report } from './batch-report.ts';
import { collect, readFailures } from './collect.ts';
import { deliver, type Outgoing } from './deliver.ts';
import type { Engine } from './deployment.ts';
import { findInstances, type Sighting } from './find-instances.ts';
import { CHUNK_INSTANCES, RELOOK_DELAYS_SECONDS, type Relook } from './messages.ts';
import { chunked } from './reads.ts';
import { readRecords, writeRecord } from './store.ts';
import { finishChunk } from './sweep.ts';
import { type QueueMessage, type Task, understand } from './tasks.ts';

/** How often a write is tried against other writers before its message is delivered again. */
const WRITE_TRIES = 4;

/**
 * Inspects a batch as a whole: one picture of all its instances, every policy judged on it, findings written, alerts
 * sent. A message fails when something about its instances did; the others stand.
 * @throws what reading the table threw: then nothing was written, and the whole batch is delivered again.
 */
export async function inspectBatch(engine: Engine, messages: readonly QueueMessage[]): Promise<BatchReport> {
  const report = new Report();
  const tasks = messages.flatMap((message) => tasksIn(engine, message, report));
  const at = engine.now();
  const { sightings, unresolved } = await findInstances(engine.aws, tasks);
  for (const [task, error] of unresolved) report.fail([task], error);
  report.ledBy(tasks, sightings);
  const records = await readRecords(
    engine,
    sightings.map((one) => one.instanceId),
  );
  const looks = await lookAt(engine, sightings, records, at, report);
  const outgoing = await writeAll(engine, looks, records, report);
  const undelivered = await deliver(engine, outgoing);
  report.alerts = outgoing.flatMap(({ toSend }) => toSend).length;
  for (const { sighting } of looks) {
    const error = undelivered.get(sighting.instanceId);
    if (error !== undefined) report.fail(sighting.tasks, `alert of ${sighting.instanceId}: ${describeError(error)}`);
  }
  await lookAgain(engine, looks, report);
  await finishChunks(engine, tasks, report);
  return report.done();
}

function tasksIn(engine: Engine, message: QueueMessage, report: Report): readonly Task[] {
  const understood = understand(engine, message);
  switch (understood.kind) {
    case 'task':
      return [understood.task];
    case 'ignored':
      report.ignored.push({ messageId: message.id, reason: understood.reason });
      return [];
    case 'broken':
      report.fail([{ messageId: message.id }], understood.error);
      return [];
  }
}

/** One sighting with what the policies say of it. */
interface TakenLook {
  readonly sighting: Sighting;
  readonly look: Look;
  /** Looking again may bring what is missing. */
  readonly again: boolean;
  readonly attempt: number;
  readonly silent: boolean;
}

async function lookAt(
  engine: Engine,
  sightings: readonly Sighting[],
  records: ReadonlyMap<string, SubjectRecord>,
  at: Date,
  report: Report,
): Promise<readonly TakenLook[]> {
  const launches = new Map<string, Launch>();
  for (const { instanceId, tasks } of sightings) {
    const launch = tasks.map((task) => task.launches.get(instanceId)).find((one) => one !== undefined);
    const known = launch ?? records.get(instanceId)?.launch;
    if (known !== undefined) launches.set(instanceId, known);
  }
  const instances = sightings.flatMap((sighting) => ('instance' in sighting ? [sighting.instance] : []));
  const collected = await collect(engine.aws, instances, needsOf(engine.policies), launches);
  report.errors.push(...readFailures(collected));
  report.inspected = instances.length;
  return sightings.map((sighting) => {
    const launch = launches.get(sighting.instanceId);
    const seen =
      'instance' in sighting
        ? { instance: sighting.instance, facts: factsOf(sighting.instance, collected, at) }
        : undefined;
    const taken = takeLook(engine, sighting, seen, records.get(sighting.instanceId), launch, at);
    report.judgements.push(...taken.look.judgements);
    return taken;
  });
}

function takeLook(
  engine: Engine,
  sighting: Sighting,
  seen: InspectedInstance | undefined,
  record: SubjectRecord | undefined,
  launch: Launch | undefined,
  at: Date,
): TakenLook {
  const { scope, alertTag } = engine.deployment;
  const { instanceId, tasks } = sighting;
  const judgements =
    'missing' in sighting
      ? engine.policies.map((policy) => judgeUnseen(policy, instanceId, scope, sighting.missing))
      : engine.policies.flatMap((policy) => (seen === undefined ? [] : (judgeOrSay(policy, seen, at) ?? [])));
  const attempt = Math.min(...tasks.map((task) => task.attempt));
  const silent = tasks.every((task) => task.silent);
  const hopeful = judgements.some((one) => one.compliance === 'INSUFFICIENT_DATA' && one.missing.some(mayAppear));
  const again = hopeful && attempt < RELOOK_DELAYS_SECONDS.length;
  const vanished =
    'missing' in sighting && sighting.missing.why === 'not-found' && !again && record?.instance !== undefined;
  const cause = tasks.find((task) => task.launches.has(instanceId)) ?? tasks[0];
  const told = cause?.causeOf(instanceId) ?? { key: 'unknown', text: 'unknown' };
  const look: Look = {
    subject: { type: 'instance', id: instanceId },
    scope,
    at,
    judgements,
    deployed: new Set(engine.policies.map((policy) => policy.name)),
    gone: seen === undefined ? vanished : isGone(seen.instance),
    settled: seen === undefined || isSettled(seen.instance.LaunchTime, at),
    final: !again,
    silent,
    cause: seen === undefined ? told : sharedCause(told, seen.instance, seen.facts.tags, at),
    ...(seen === undefined ? {} : { instance: summaryOf(seen.instance, seen.facts.tags, launch?.launcher, alertTag) }),
    ...(launch === undefined ? {} : { launch }),
  };
  return { sighting, look, again, attempt, silent };
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

async function writeAll(
  engine: Engine,
  looks: readonly TakenLook[],
  records: ReadonlyMap<string, SubjectRecord>,
  report: Report,
): Promise<readonly Outgoing[]> {
  const written = await Promise.all(
    looks.map(async ({ sighting, look }): Promise<readonly Outgoing[]> => {
      try {
        return await writeLook(engine, look, records.get(sighting.instanceId));
      } catch (error) {
        report.fail(sighting.tasks, `finding of ${sighting.instanceId}: ${describeError(error)}`);
        return [];
      }
    }),
  );
  return written.flat();
}

/** Writes what the look makes of the item; when another wrote meanwhile, of what that one wrote. */
async function writeLook(engine: Engine, look: Look, read: SubjectRecord | undefined): Promise<readonly Outgoing[]> {
  let record = read;
  for (let tries = 0; tries < WRITE_TRIES; tries++) {
    const reconciled = reconcile(record, look);
    if (reconciled === undefined) return [];
    if (await writeRecord(engine, reconciled.record)) return [reconciled];
    record = (await readRecords(engine, [look.subject.id])).get(look.subject.id);
  }
  throw new Error(`the item was written by others ${WRITE_TRIES} times`);
}

/** One message for all instances of an attempt that could not be judged yet. */
async function lookAgain(engine: Engine, looks: readonly TakenLook[], report: Report): Promise<void> {
  const groups = new Map<string, TakenLook[]>();
  for (const look of looks.filter(({ again }) => again)) {
    const key = `${look.attempt} ${look.silent}`;
    groups.set(key, [...(groups.get(key) ?? []), look]);
  }
  const messages = [...groups.values()].flatMap((group) => chunked(group, CHUNK_INSTANCES));
  await Promise.all(
    messages.map(async (some) => {
      const [first] = some;
      if (first === undefined) return;
      const { attempt, silent } = first;
      const instances = some.map(({ look }) => ({ instanceId: look.subject.id, cause: look.cause }));
      const body: Relook = { kind: 'relook', attempt: attempt + 1, silent, instances };
      const { liveQueueUrl, bulkQueueUrl } = engine.deployment;
      try {
        await engine.aws('sqs:SendMessage', {
          QueueUrl: silent ? bulkQueueUrl : liveQueueUrl,
          MessageBody: JSON.stringify(body),
          DelaySeconds: RELOOK_DELAYS_SECONDS[attempt] ?? 0,
        });
        report.lookedAgain += some.length;
      } catch (error) {
        report.fail(
          some.flatMap(({ sighting }) => sighting.tasks),
          `look again at ${some.length} instances: ${describeError(error)}`,
        );
      }
    }),
  );
}

async function finishChunks(engine: Engine, tasks: readonly Task[], report: Report): Promise<void> {
  for (const task of tasks) {
    if (task.sweep === undefined || !task.silent || report.failed.has(task.messageId)) continue;
    try {
      await finishChunk(engine, task.sweep);
    } catch (error) {
      report.fail([task], `summary of the first sweep: ${describeError(error)}`);
    }
  }
}
