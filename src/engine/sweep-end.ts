import { renderSweepSummary, sweptFindings } from '../alerts/sweep-summary.ts';
import type { SubjectRecord } from '../domain/finding.ts';
import { claimOutbox } from '../domain/outbox.ts';
import { DAY_MS } from '../domain/time.ts';
import { settleBaselines } from './controls.ts';
import { deliver, type Outgoing } from './deliver.ts';
import type { Engine } from './deployment.ts';
import type { SweepChunk } from './messages.ts';
import {
  countChunk,
  type DeploymentRecord,
  noteSweep,
  readDeployment,
  readLiveRecords,
  type Work,
  writeDeployment,
  writeRecord,
} from './store.ts';

/** How long the count of a sweep's finished chunks is kept, in milliseconds: a day. */
export const COUNT_KEPT_MS = DAY_MS;

/**
 * A chunk of a sweep is done; the last one to be done ends the sweep.
 * @returns whether it ended.
 */
export async function finishChunk(engine: Engine, sweep: SweepChunk, done: Work): Promise<boolean> {
  const keptUntil = new Date(engine.now().getTime() + COUNT_KEPT_MS);
  const all = await countChunk(engine, sweep, done, keptUntil);
  if (!all.isLast) return false;
  await finishSweep(engine, sweep, all.work);
  return true;
}

/** Tells what a sweep found: the first in a summary, a later one in alerts, which share a message when they are many. */
export async function finishSweep(
  engine: Engine,
  { sweepId, silent }: Pick<SweepChunk, 'sweepId' | 'silent'>,
  work: Work,
): Promise<void> {
  if (silent) await sumUp(engine, sweepId);
  await sendOwed(engine);
  await noteSweep(engine, sweepId, work);
  await settleBaselines(engine, sweepId, work.instances);
}

async function sumUp(engine: Engine, sweepId: string): Promise<void> {
  const deployment = await readDeployment(engine);
  // A sweep that a later one has replaced says nothing.
  if (deployment?.sweepId !== sweepId || deployment.firstSweptAt !== undefined) return;
  await tellSummary(engine, deployment, 'complete');
}

/** Sums up the first sweep. Sent before it is marked: rather twice than never. */
export async function tellSummary(
  engine: Engine,
  deployment: DeploymentRecord,
  sweepWas: 'complete' | 'incomplete',
): Promise<void> {
  const records = await readLiveRecords(engine);
  const at = engine.now();
  const { scope, alertsTopicArn, alertTag } = engine.deployment;
  const { sweepId, instances, version } = deployment;
  const findings = records.flatMap(sweptFindings);
  const summary = { sweepId, scope, at: at.toISOString(), instances, findings, sweepWas };
  const options = { now: at, ...(alertTag === undefined ? {} : { tagKey: alertTag }) };
  await engine.aws('sns:Publish', { TopicArn: alertsTopicArn, ...renderSweepSummary(summary, options) });
  await writeDeployment(engine, { ...deployment, version: version + 1, firstSweptAt: at.toISOString() });
}

/**
 * Sends the alerts that a sweep left in the outboxes, and any that an earlier failure did.
 * @throws when not all went out: the chunk that ended the sweep comes again, and sends the rest.
 */
async function sendOwed(engine: Engine): Promise<void> {
  const owing = (await readLiveRecords(engine)).filter((record) => record.outbox.length > 0);
  const claimed = (await Promise.all(owing.map((record) => claim(engine, record)))).flat();
  const undelivered = await deliver(engine, claimed);
  const [first] = undelivered;
  if (first !== undefined)
    throw new Error(`alerts of ${undelivered.size} instances, such as ${first[0]}`, { cause: first[1] });
}

/** What is claimed by another, or was written meanwhile, is left to that one. */
async function claim(engine: Engine, record: SubjectRecord): Promise<readonly Outgoing[]> {
  const claimed = claimOutbox(record, engine.now());
  return claimed !== undefined && (await writeRecord(engine, claimed.record)) ? [claimed] : [];
}
