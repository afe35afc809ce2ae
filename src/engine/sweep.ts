import { renderSweepSummary } from '../alerts/sweep-summary.ts';
import type { SubjectRecord } from '../domain/finding.ts';
import { distinct, isGone } from '../domain/instance.ts';
import { describeAllInstances } from './collect.ts';
import type { Engine } from './deployment.ts';
import { CHUNK_INSTANCES, type SweepChunk } from './messages.ts';
import { chunked } from './reads.ts';
import { countChunk, readAllRecords, readDeployment, writeDeployment } from './store.ts';

/** What a sweep set going. */
export interface SweepReport {
  readonly sweepId: string;
  readonly instances: number;
  readonly chunks: number;
  /** The first of this deployment: its findings are told in one summary. */
  readonly silent: boolean;
}

/** How long the count of a sweep's finished chunks is kept, in milliseconds: a day. */
const COUNT_KEPT_MS = 24 * 3_600_000;

/**
 * Puts every instance of the account and Region on the bulk queue, and those whose findings are open though EC2 no
 * longer shows them. Until one sweep has been summed up, sweeps are silent: what stood before the guardrail came is told
 * in one message.
 * @throws when EC2, the table or the queue failed: half a sweep is none.
 */
export async function sweep(engine: Engine): Promise<SweepReport> {
  const [described, records, deployment] = await Promise.all([
    describeAllInstances(engine.aws),
    readAllRecords(engine),
    readDeployment(engine),
  ]);
  if (described.failure !== undefined) throw new Error(`DescribeInstances: ${described.failure.detail}`);
  const known = new Set(records.map((record) => record.subject.id));
  const present = described.instances.filter((instance) => !isGone(instance) || known.has(instance.InstanceId));
  const ids = distinct([
    ...present.map((instance) => instance.InstanceId),
    ...described.malformed.keys(),
    ...records.filter(needsALook).map((record) => record.subject.id),
  ]);
  const sweepId = engine.now().toISOString();
  const silent = deployment?.firstSweptAt === undefined;
  const parts = chunked(ids, CHUNK_INSTANCES);
  if (silent) await writeDeployment(engine, { version: (deployment?.version ?? 0) + 1, sweepId });
  for (const [chunk, instanceIds] of parts.entries()) {
    const body: SweepChunk = { kind: 'sweep', sweepId, chunk, chunks: parts.length, silent, instanceIds };
    const { bulkQueueUrl } = engine.deployment;
    await engine.aws('sqs:SendMessage', { QueueUrl: bulkQueueUrl, MessageBody: JSON.stringify(body) });
  }
  if (silent && parts.length === 0) await tellSummary(engine, sweepId);
  return { sweepId, instances: ids.length, chunks: parts.length, silent };
}

/** A chunk of the first sweep is done; the last one to be done sums it up. */
export async function finishChunk(engine: Engine, { sweepId, chunk, chunks }: SweepChunk): Promise<void> {
  const keptUntil = new Date(engine.now().getTime() + COUNT_KEPT_MS);
  const done = await countChunk(engine, sweepId, chunk, keptUntil);
  if (done >= chunks) await tellSummary(engine, sweepId);
}

/** Findings that are open, or alerts that wait: a look is due even when EC2 shows no such instance. */
function needsALook(record: SubjectRecord): boolean {
  return record.outbox.length > 0 || record.findings.some((finding) => finding.status !== 'closed');
}

/** Sent before it is marked: rather twice than never. A sweep that a later one has replaced says nothing. */
async function tellSummary(engine: Engine, sweepId: string): Promise<void> {
  const deployment = await readDeployment(engine);
  if (deployment === undefined || deployment.firstSweptAt !== undefined || deployment.sweepId !== sweepId) return;
  const records = await readAllRecords(engine);
  const at = engine.now();
  const { scope, alertsTopicArn, alertTag } = engine.deployment;
  const summary = {
    sweepId,
    scope,
    at: at.toISOString(),
    instances: records.filter((record) => record.expiresAt === undefined).length,
    findings: records.flatMap(({ subject, instance, findings }) => {
      const name = instance?.tags.Name;
      const about = { instanceId: subject.id, ...(name === undefined ? {} : { name }) };
      return findings.map((finding) => ({ ...about, finding }));
    }),
  };
  const options = { now: at, ...(alertTag === undefined ? {} : { tagKey: alertTag }) };
  await engine.aws('sns:Publish', { TopicArn: alertsTopicArn, ...renderSweepSummary(summary, options) });
  await writeDeployment(engine, { ...deployment, version: deployment.version + 1, firstSweptAt: at.toISOString() });
}
