import { type DrainRecord, goneBy, movesToPutBack } from '../domain/drain.ts';
import { isToPutBack, putBack } from './drain-back.ts';
import { begun } from './drain-claim.ts';
import type { DrainEngine } from './drain-engine.ts';
import { matchingOf } from './drain-match.ts';
import { lastLookIn, send } from './drain-messages.ts';
import type { DrainReporter } from './drain-report.ts';
import type { DrainTable } from './drain-table.ts';
import { tell } from './drain-tell.ts';
import { ignore, type Work } from './drain-work.ts';

/** Instances that end: nothing more comes of their drain; and of those that EC2 took without a notice, that is told. */
export async function endGone(
  engine: DrainEngine,
  table: DrainTable,
  works: readonly Work[],
  report: DrainReporter,
): Promise<void> {
  const ending = works.filter((work) => work.ending !== undefined);
  const unannounced = ending.filter((work) => isUntold(work) && isTakenByEc2(engine, work));
  for (const work of ending)
    if (work.record === undefined && !unannounced.includes(work)) ignore(work, 'no drain of it is under way', report);
  const taken = await Promise.all(
    unannounced.map(async (work) => {
      const record = await table.claim(work.instanceId, (standing) => takenOf(engine, table, standing, work));
      return record === undefined ? [] : [{ work, record }];
    }),
  );
  const told = await tell(engine, 'unannounced', taken.flat(), report);
  await Promise.all(
    taken.flat().map(({ work, record }) => {
      const isTold = told.has(work.instanceId);
      if (!isTold) report.fail(work.messageIds, `that EC2 took ${work.instanceId} was not told`);
      const at = engine.now().toISOString();
      return table.release({ ...record, told: isTold ? { received: at, final: at } : {} });
    }),
  );
  const isOverFor = ({ ending: notice }: Work) => notice?.state === 'terminated' || notice?.state === 'shutting-down';
  await Promise.all(
    ending
      .filter((work) => work.record !== undefined && isOverFor(work))
      .map(({ instanceId }) => table.note(instanceId, (record) => ({ ...record, endedAs: 'gone' }))),
  );
}

/**
 * Whether EC2 took a Spot instance that a policy is of.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StateReason.html
 */
function isTakenByEc2(engine: DrainEngine, { instance, ending }: Work): boolean {
  if (instance === undefined || ending === undefined || !instance.StateReason?.Code?.startsWith('Server.SpotInstance'))
    return false;
  const asNotice = { ...ending, kind: 'interruption' } as const;
  return matchingOf(engine, { ...instance, State: { Name: 'running' } }, asNotice, undefined).matched.length > 0;
}

/** Whether nobody has told of the end of an instance, nor of a notice before it. */
function isUntold({ notice, record }: Work): boolean {
  if (record === undefined) return notice === undefined;
  return record.notice.kind === 'ending' && record.told.received === undefined;
}

function takenOf(
  engine: DrainEngine,
  table: DrainTable,
  standing: DrainRecord | undefined,
  work: Work,
): DrainRecord | undefined {
  if (work.ending === undefined) return undefined;
  if (standing !== undefined)
    return isUntold({ ...work, record: standing }) && !table.isAnothers(standing) ? standing : undefined;
  const record = begun(engine, undefined, work, work.ending);
  return { ...record, endedAt: record.receivedAt, endedAs: 'gone' };
}

/** Puts back what was made of drains whose instance runs on after all. */
export async function bringBack(
  engine: DrainEngine,
  table: DrainTable,
  works: readonly Work[],
  report: DrainReporter,
): Promise<void> {
  const asked = works.flatMap((work) =>
    work.mayRunOn && work.notice === undefined && work.record !== undefined ? [{ work, record: work.record }] : [],
  );
  const isEarly = ({ record }: (typeof asked)[number]) => engine.now() < goneBy(record);
  const early = asked.filter((one) => isEarly(one) && one.work.isLastLook);
  await send(engine, 'last-look', early, lastLookIn(engine), report);
  const due = asked.filter((one) => !isEarly(one) && isToPutBack(one.record, engine.now()));
  for (const { work } of due.filter((one) => one.work.isUnread))
    report.fail(work.messageIds, `whether it runs on: ${work.missing}`);
  const running = due.filter(({ work }) => work.instance?.State.Name === 'running');
  await Promise.all(running.map(({ work }) => bringOneBack(engine, table, work, report)));
}

async function bringOneBack(
  engine: DrainEngine,
  table: DrainTable,
  { instanceId, messageIds }: Work,
  report: DrainReporter,
): Promise<void> {
  const claimed = await table.claim(instanceId, (standing) =>
    standing !== undefined && isToPutBack(standing, engine.now()) && !table.isAnothers(standing) ? standing : undefined,
  );
  if (claimed === undefined) return;
  const record = await putBack(engine, claimed, report);
  const written = await table.write(record);
  if (written === undefined) return;
  const isWhole = movesToPutBack(written).length === 0;
  const told = isWhole ? await tell(engine, 'undone', [{ record: written }], report) : new Set<string>();
  if (!told.has(instanceId)) report.fail(messageIds, `${instanceId} is not put back whole, or that is not told`);
  const undone = told.has(instanceId) ? { undone: engine.now().toISOString() } : {};
  await table.release({ ...written, told: { ...written.told, ...undone } });
}
