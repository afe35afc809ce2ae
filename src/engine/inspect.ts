import type { Cause } from '../domain/alert.ts';
import { factsOf, type InspectedInstance, type Launch } from '../domain/collected.ts';
import { describeError } from '../domain/errors.ts';
import { mayAppear } from '../domain/facts.ts';
import { type Look, reconcile, type SubjectRecord } from '../domain/finding.ts';
import { distinct, isGone, isSettled } from '../domain/instance.ts';
import { type Judgement, judge, judgeUnseen, needsOf } from '../domain/judge.ts';
import { eventsThatChange } from '../domain/needs.ts';
import type { BoundPolicy } from '../domain/policy.ts';
import { sharedCause, summaryOf } from '../domain/summary.ts';
import { normalise } from '../events/normalise.ts';
import type { Targets } from '../events/targets.ts';
import { collect, readFailures } from './collect.ts';
import { deliver, type Outgoing } from './deliver.ts';
import type { Engine } from './deployment.ts';
import { findInstances, type Sighting, type Task } from './find-instances.ts';
import { CHUNK_INSTANCES, type OwnMessage, ownMessage, RELOOK_DELAYS_SECONDS, type Relook } from './messages.ts';
import { chunked } from './reads.ts';
import { readRecords, writeRecord } from './store.ts';
import { finishChunk } from './sweep.ts';

/** A message of the live or bulk queue. */
export interface QueueMessage {
  readonly id: string;
  readonly body: string;
}

/** What became of a batch: for the queue, for logs and for metrics. */
export interface BatchReport {
  /** Messages to be delivered again. */
  readonly failed: readonly string[];
  /** One line for each thing that went wrong. */
  readonly errors: readonly string[];
  readonly ignored: readonly { readonly messageId: string; readonly reason: string }[];
  /** Which instances each message led to. */
  readonly led: readonly { readonly messageId: string; readonly instanceIds: readonly string[] }[];
  readonly inspected: number;
  readonly violations: number;
  readonly insufficientData: number;
  readonly evaluations: number;
  readonly lookedAgain: number;
  readonly alerts: number;
}

/** How often a write is tried against other writers before its message is delivered again. */
const WRITE_TRIES = 4;

/**
 * Inspects a batch as a whole: one picture of all its instances, every policy judged on it, findings written, alerts
 * sent. A message fails when something about its instances did; the others stand.
 * @throws what reading the table threw: then nothing was written, and the whole batch is delivered again.
 */
export async function inspectBatch(engine: Engine, messages: readonly QueueMessage[]): Promise<BatchReport> {
  const report = new Report();
  const tasks = messages.flatMap((message) => taskOf(engine, message, report));
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

/** Gathers what became of a batch. */
class Report {
  readonly failed = new Set<string>();
  readonly errors: string[] = [];
  readonly ignored: { messageId: string; reason: string }[] = [];
  readonly led: { messageId: string; instanceIds: readonly string[] }[] = [];
  readonly judgements: Judgement[] = [];
  inspected = 0;
  lookedAgain = 0;
  alerts = 0;

  fail(tasks: readonly Pick<Task, 'messageId'>[], error: string): void {
    for (const task of tasks) this.failed.add(task.messageId);
    this.errors.push(error);
  }

  /** Which message led where. One that led nowhere is ignored with a reason, unless it failed. */
  ledBy(tasks: readonly Task[], sightings: readonly Sighting[]): void {
    for (const task of tasks) {
      const instanceIds = sightings.filter((one) => one.tasks.includes(task)).map((one) => one.instanceId);
      const { messageId } = task;
      if (instanceIds.length > 0) this.led.push({ messageId, instanceIds });
      else if (!this.failed.has(messageId))
        this.ignored.push({ messageId, reason: `no instance carries ${namesOf(task.targets)}` });
    }
  }

  done(): BatchReport {
    const count = (compliance: Judgement['compliance']) =>
      this.judgements.filter((judgement) => judgement.compliance === compliance).length;
    const { failed, errors, ignored, led, inspected, lookedAgain, alerts } = this;
    return {
      failed: [...failed],
      errors: distinct(errors),
      ignored,
      led,
      inspected,
      evaluations: this.judgements.length,
      violations: count('NON_COMPLIANT'),
      insufficientData: count('INSUFFICIENT_DATA'),
      lookedAgain,
      alerts,
    };
  }
}

const noTargets: Targets = {
  instanceIds: [],
  securityGroupIds: [],
  securityGroupNames: [],
  networkInterfaceIds: [],
  volumeIds: [],
  prefixListIds: [],
  sourceGroupIds: [],
};

function namesOf(targets: Targets): string {
  return Object.values(targets).flat().join(', ') || 'what it names';
}

/** What a message asks for; nothing when it is none of ours, which is said, or unreadable, which fails it. */
function taskOf(engine: Engine, { id, body }: QueueMessage, report: Report): readonly Task[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch (error) {
    report.fail([{ messageId: id }], `message ${id} is no JSON: ${describeError(error)}`);
    return [];
  }
  const own = ownMessage(parsed);
  if (own !== undefined) return [ownTask(id, own)];
  const { scope, roleArns } = engine.deployment;
  const relevantEvents = new Set(eventsThatChange(needsOf(engine.policies)));
  const normalised = normalise(parsed, { scope, roleArns, relevantEvents });
  if (normalised.kind === 'ignored') {
    report.ignored.push({ messageId: id, reason: normalised.reason });
    return [];
  }
  const { targets, launches, cause } = normalised.hint;
  return [{ messageId: id, attempt: 0, silent: false, targets, launches, causeOf: () => cause }];
}

function ownTask(messageId: string, message: OwnMessage): Task {
  const { silent } = message;
  if (message.kind === 'sweep') {
    const cause: Cause = { key: `sweep:${message.sweepId}`, text: 'hourly sweep' };
    const targets = { ...noTargets, instanceIds: message.instanceIds };
    return { messageId, attempt: 0, silent, targets, launches: new Map(), causeOf: () => cause, sweep: message };
  }
  const causes = new Map(message.instances.map(({ instanceId, cause }) => [instanceId, cause]));
  const causeOf = (id: string) => causes.get(id) ?? { key: 'relook', text: 'a look again' };
  const targets = { ...noTargets, instanceIds: [...causes.keys()] };
  return { messageId, attempt: message.attempt, silent, targets, launches: new Map(), causeOf };
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
