import { distinct, isGone } from '../domain/instance.ts';
import { HOUR_MS } from '../domain/time.ts';
import { describeAllInstances } from './collect.ts';
import { controlsOfSweep } from './controls.ts';
import type { Engine } from './deployment.ts';
import { CHUNK_INSTANCES, type SweepChunk } from './messages.ts';
import { chunked } from './reads.ts';
import { type DeploymentRecord, openSweep, readDeployment, readLiveRecords, writeDeployment } from './store.ts';
import { COUNT_KEPT_MS, finishSweep, tellSummary } from './sweep-end.ts';

/** What a sweep set going. */
export interface SweepReport {
  readonly sweepId: string;
  readonly instances: number;
  readonly chunks: number;
  /** The first of this deployment: its findings are told in one summary. */
  readonly silent: boolean;
}

/**
 * How long sweeps stay silent while the first one can't be completed, in milliseconds: three hours. Then what there is
 * gets summed up, and sweeps alert: rather too much than never.
 */
export const SILENT_MS = 3 * HOUR_MS;

/**
 * Puts every instance of the account and Region on the bulk queue, and those whose findings are open though EC2 no
 * longer shows them. Until one sweep has been summed up, sweeps are silent: what stood before the guardrail came is told
 * in one message.
 * @throws when EC2, the table or the queue failed: half a sweep is none.
 */
export async function sweep(engine: Engine): Promise<SweepReport> {
  // What is enforced since before this sweep began has its baseline when it is done.
  await controlsOfSweep(engine, engine.now());
  const [described, records, deployment] = await Promise.all([
    describeAllInstances(engine.aws),
    readLiveRecords(engine),
    readDeployment(engine),
  ]);
  if (described.failure !== undefined) throw new Error(`DescribeInstances: ${described.failure.detail}`);
  const live = records.map((record) => record.subject.id);
  const present = described.instances.filter((instance) => !isGone(instance));
  const ids = distinct([...present.map((instance) => instance.InstanceId), ...described.malformed.keys(), ...live]);
  const sweepId = engine.now().toISOString();
  const silent = await isSilent(engine, deployment, sweepId, ids.length);
  const parts = chunked(ids, CHUNK_INSTANCES);
  await openSweep(engine, sweepId, parts.length, new Date(engine.now().getTime() + COUNT_KEPT_MS));
  for (const [chunk, instanceIds] of parts.entries()) {
    const body: SweepChunk = { kind: 'sweep', sweepId, chunk, chunks: parts.length, silent, instanceIds };
    const { bulkQueueUrl } = engine.deployment;
    await engine.aws('sqs:SendMessage', { QueueUrl: bulkQueueUrl, MessageBody: JSON.stringify(body) });
  }
  if (parts.length === 0) await finishSweep(engine, { sweepId, silent }, { instances: 0, evaluations: 0 });
  return { sweepId, instances: ids.length, chunks: parts.length, silent };
}

/** Whether this sweep is a first one, which is noted; one that could not be completed for too long is summed up as it is. */
async function isSilent(
  engine: Engine,
  deployment: DeploymentRecord | undefined,
  sweepId: string,
  instances: number,
): Promise<boolean> {
  if (deployment?.firstSweptAt !== undefined) return false;
  if (deployment !== undefined && engine.now().getTime() - Date.parse(deployment.startedAt) >= SILENT_MS) {
    await tellSummary(engine, deployment, 'incomplete');
    return false;
  }
  const { startedAt = sweepId, version = 0 } = deployment ?? {};
  const isOurs = await writeDeployment(engine, { version: version + 1, startedAt, sweepId, instances });
  if (!isOurs) throw new Error('another sweep of this deployment began at the same time');
  return true;
}
