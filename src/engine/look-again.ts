import { describeError } from '../domain/errors.ts';
import { groupedBy } from '../domain/grouped.ts';
import type { Report } from './batch-report.ts';
import type { Engine } from './deployment.ts';
import type { Enforced } from './enforce.ts';
import type { Sighting } from './find-instances.ts';
import type { TakenLook } from './look.ts';
import { CHUNK_INSTANCES, type LookMessage, RELOOK_DELAYS_SECONDS } from './messages.ts';
import { chunked } from './reads.ts';

/** Asks for another look at what could not be judged: one message for all instances of an attempt. */
export async function lookAgain(engine: Engine, looks: readonly TakenLook[], report: Report): Promise<void> {
  const due = looks.filter(({ again }) => again);
  const groups = groupedBy(due, ({ attempt, sighting }) => `${attempt} ${queueOf(sighting)}`);
  const messages = [...groups.values()].flatMap((group) => chunked(group, CHUNK_INSTANCES));
  await Promise.all(
    messages.map(async (some) => {
      const [first] = some;
      if (first === undefined) return;
      const { attempt, sighting } = first;
      const instances = some.map(({ look }) => ({ instanceId: look.subject.id, cause: look.cause }));
      const message: LookMessage = { kind: 'look', attempt: attempt + 1, queue: queueOf(sighting), instances };
      const delay = RELOOK_DELAYS_SECONDS[attempt] ?? 0;
      const sightings = some.map((look) => look.sighting);
      if (await send(engine, message, delay, sightings, report)) report.lookedAgain += some.length;
    }),
  );
}

/** Hands instances that one event led to over to the bulk queue, in parts that one run can work. */
export async function lookInParts(engine: Engine, sightings: readonly Sighting[], report: Report): Promise<void> {
  await Promise.all(
    chunked(sightings, CHUNK_INSTANCES).map(async (part) => {
      const instances = part.map(({ instanceId, tasks }) => ({
        instanceId,
        cause: tasks[0]?.causeOf(instanceId) ?? { key: 'part', text: 'a change that many instances share' },
      }));
      const message: LookMessage = { kind: 'look', attempt: 0, queue: 'bulk', instances };
      if (await send(engine, message, 0, part, report)) report.handedOver += part.length;
    }),
  );
}

/** How long after something was done it is looked at again, in seconds: Describe may lag behind. */
const AFTER_ACT_SECONDS = 30;

/** Asks for a look at what was changed, and at what there was no time to act on. */
export async function lookAfter(
  engine: Engine,
  looks: readonly { readonly sighting: Sighting }[],
  { lookAgain: changed, left }: Pick<Enforced, 'lookAgain' | 'left'>,
  report: Report,
): Promise<void> {
  const sightings = looks.map(({ sighting }) => sighting);
  await Promise.all([
    sendLooks(engine, [...changed], 'another look after what was done', AFTER_ACT_SECONDS, sightings, report),
    sendLooks(engine, [...left], 'another look for what is due', 0, sightings, report),
  ]);
}

async function sendLooks(
  engine: Engine,
  instanceIds: readonly string[],
  text: string,
  delay: number,
  sightings: readonly Sighting[],
  report: Report,
): Promise<void> {
  await Promise.all(
    chunked(instanceIds, CHUNK_INSTANCES).map((ids) => {
      const instances = ids.map((instanceId) => ({ instanceId, cause: { key: `look:${instanceId}`, text } }));
      return send(engine, { kind: 'look', attempt: 0, queue: 'live', instances }, delay, sightings, report);
    }),
  );
}

/** @returns whether SQS took it; if not, the messages that led to these instances fail. */
async function send(
  engine: Engine,
  message: LookMessage,
  DelaySeconds: number,
  sightings: readonly Sighting[],
  report: Report,
): Promise<boolean> {
  const { liveQueueUrl, bulkQueueUrl } = engine.deployment;
  const QueueUrl = message.queue === 'live' ? liveQueueUrl : bulkQueueUrl;
  try {
    await engine.aws('sqs:SendMessage', { QueueUrl, MessageBody: JSON.stringify(message), DelaySeconds });
    return true;
  } catch (error) {
    const tasks = sightings.flatMap((sighting) => sighting.tasks);
    report.fail(tasks, `look at ${sightings.length} instances: ${describeError(error)}`);
    return false;
  }
}

function queueOf({ tasks }: Sighting): LookMessage['queue'] {
  return tasks.every((task) => task.queue === 'bulk') ? 'bulk' : 'live';
}
