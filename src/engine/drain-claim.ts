import { type DrainRecord, movesKept, startsAnew, strongerOf } from '../domain/drain.ts';
import { describeError } from '../domain/errors.ts';
import type { Instance } from '../domain/instance.ts';
import type { Notice } from '../domain/notice.ts';
import { summaryOf } from '../domain/summary.ts';
import type { DrainEngine } from './drain-engine.ts';
import type { Matching } from './drain-match.ts';
import type { DrainReport, DrainReporter } from './drain-report.ts';
import type { DrainTable } from './drain-table.ts';
import { tell } from './drain-tell.ts';
import type { Drain, Work } from './drain-work.ts';

/** What is asked for an instance, with what the policies say of it. */
export interface Matchable {
  readonly work: Work;
  readonly matching: Matching;
}

/** Takes these drains on, and tells of those that nobody has told of yet. */
export async function claimAll(
  engine: DrainEngine,
  table: DrainTable,
  matchable: readonly Matchable[],
  report: DrainReporter,
): Promise<readonly Drain[]> {
  const claimed = await Promise.all(
    matchable.map(async ({ work, matching }): Promise<readonly Drain[]> => {
      try {
        const record = await table.claim(work.instanceId, (standing) =>
          claimedBy(engine, table, standing, work, matching),
        );
        return record === undefined ? [] : [{ work, matching, record }];
      } catch (error) {
        report.fail(work.messageIds, `${work.instanceId}: ${describeError(error)}`);
        return [];
      }
    }),
  );
  const drains = claimed.flat();
  const untold = drains.filter(({ record }) => record.told.received === undefined);
  for (const { record } of untold) report.noticed.push(noticedOf(record));
  const told = await tell(engine, 'received', untold, report);
  return drains.map((drain) => {
    const at = told.has(drain.record.instanceId) ? engine.now().toISOString() : undefined;
    if (at === undefined) return drain;
    return { ...drain, record: { ...drain.record, told: { ...drain.record.told, received: at } } };
  });
}

function noticedOf({ notice, instance }: DrainRecord): DrainReport['noticed'][number] {
  const { instanceType } = instance;
  return {
    kind: notice.kind,
    ...(instanceType === undefined ? {} : { instanceType }),
    ...(notice.zone === undefined ? {} : { zone: notice.zone }),
  };
}

/** How long a drain's item is kept, in milliseconds: a stopped instance may run again weeks later. */
const KEPT_MS = 30 * 86_400_000;

/** The item of a drain that this run works on; undefined where another is at it, or there is nothing new. */
function claimedBy(
  engine: DrainEngine,
  table: DrainTable,
  record: DrainRecord | undefined,
  work: Work,
  { matched }: Matching,
): DrainRecord | undefined {
  const { notice } = work;
  const policies = matched.map(({ policy: { name, mode } }) => ({ name, mode }));
  if (notice !== undefined && (record === undefined || startsAnew(record, notice)))
    return { ...begun(engine, record, work, notice), policies };
  if (record === undefined || record.endedAt !== undefined) return undefined;
  const of = policies.length > 0 ? { policies } : {};
  if (notice !== undefined && strongerOf(record.notice, notice) === notice && notice !== record.notice) {
    const receivedAt = engine.now().toISOString();
    return { ...record, notice, receivedAt, moves: movesKept(record, notice), told: {}, ...of };
  }
  return table.isAnothers(record) ? undefined : { ...record, ...of };
}

/** A drain that begins. What was made of an earlier one stays made. */
export function begun(
  engine: DrainEngine,
  before: DrainRecord | undefined,
  { instanceId, instance }: Work,
  notice: Notice,
): DrainRecord {
  const now = engine.now();
  const { scope, alertTag } = engine.deployment;
  return {
    instanceId,
    scope,
    version: before?.version ?? 0,
    notice,
    receivedAt: now.toISOString(),
    instance:
      instance === undefined
        ? { instanceId, tags: {} }
        : summaryOf(instance, { found: tagsIn(instance), missing: [] }, undefined, alertTag),
    policies: [],
    moves: before === undefined ? [] : movesKept(before, notice),
    left: [],
    incomplete: [],
    told: {},
    expiresAt: new Date(now.getTime() + KEPT_MS).toISOString(),
  };
}

function tagsIn({ Tags = [] }: Instance) {
  return Tags.map(({ Key = '', Value = '' }) => ({ Key, Value }));
}
