import { type DrainRecord, lastWordAt, startsAnew, strongerOf } from '../domain/drain.ts';
import type { DrainFacts, DrainNeed } from '../domain/drain-facts.ts';
import { distinct } from '../domain/instance.ts';
import type { Notice } from '../domain/notice.ts';
import { act } from './drain-act.ts';
import { claimAll, type Matchable } from './drain-claim.ts';
import { bringBack, endGone } from './drain-ends.ts';
import type { DrainEngine } from './drain-engine.ts';
import { collectDrainFacts } from './drain-facts.ts';
import { type Matching, matchingOf } from './drain-match.ts';
import { tasksIn } from './drain-messages.ts';
import { type DrainReport, DrainReporter } from './drain-report.ts';
import { DrainTable } from './drain-table.ts';
import { describe, ignore, type Work, workOf } from './drain-work.ts';
import type { QueueMessage } from './tasks.ts';

/**
 * How long facts are read, in milliseconds: at first what is known where to look for, so that it is acted on at once; later also what has to
 * be searched for.
 */
const FIRST_LOOK_MS = 2_500;
const LATER_LOOK_MS = 9_000;

/**
 * Works a batch of notices, and of our own messages to go on: tells, plans, makes what is due, and hands over what is still to come.
 * A message fails when its instance could not be worked; the others stand.
 */
export async function drainBatch(engine: DrainEngine, messages: readonly QueueMessage[]): Promise<DrainReport> {
  const report = new DrainReporter();
  const tasks = messages.flatMap((message) => tasksIn(engine, message, report));
  const ids = distinct(tasks.map(({ instanceId }) => instanceId));
  if (ids.length === 0) return report.done();
  const [table, described] = await Promise.all([DrainTable.open(engine, ids), describe(engine, ids)]);
  if (table.failure !== undefined) report.errors.push(`the table: ${table.failure}`);
  if (described.failure !== undefined) report.errors.push(`instances: ${described.failure}`);
  const all = ids.map((id) => workOf(id, tasks, table, described));
  // Who has no notice goes on from what the table holds: that comes again.
  const isLost = ({ notice }: Work) => table.failure !== undefined && notice === undefined;
  for (const { instanceId, messageIds } of all.filter(isLost))
    report.fail(messageIds, `${instanceId}: its drain could not be read`);
  const works = all.filter((work) => !isLost(work));
  const followed = works.filter(({ notice, goesOn }) => notice !== undefined || goesOn);
  await Promise.all([
    follow(engine, table, followed, report),
    endGone(engine, table, works, report),
    bringBack(engine, table, works, report),
  ]);
  return report.done();
}

/** Tells of what is new while the facts are read, then plans and makes what is due. */
async function follow(
  engine: DrainEngine,
  table: DrainTable,
  works: readonly Work[],
  report: DrainReporter,
): Promise<void> {
  if (works.length === 0) return;
  const byTags = works.map((work) => ({ work, matching: matchingFor(engine, work, undefined) }));
  const [first, later] = [byTags.filter(isOpted), byTags.filter((one) => !isOpted(one))];
  const instances = works.flatMap(({ instance }) => instance ?? []);
  const isUrgent = works.some((work) => work.notice !== undefined || isNearlyOver(engine, work.record));
  const until = new Date(engine.now().getTime() + (isUrgent ? FIRST_LOOK_MS : LATER_LOOK_MS));
  const [early, facts] = await Promise.all([
    claimAll(engine, table, first, report),
    collectDrainFacts(engine, instances, needsOf(engine), until),
  ]);
  const byGroup = later
    .map(({ work }) => ({ work, matching: matchingFor(engine, work, facts.get(work.instanceId)?.group) }))
    .filter((one) => isOpted(one) || one.matching.unknown.length > 0);
  const late = await claimAll(engine, table, byGroup, report);
  for (const { work } of later)
    if (!byGroup.some((one) => one.work === work)) ignore(work, 'no policy is of this instance', report);
  await act(engine, table, [...early, ...late], facts, report);
}

/** Whether no long look fits before the last word. */
function isNearlyOver(engine: DrainEngine, record: DrainRecord | undefined): boolean {
  return record !== undefined && lastWordAt(record).getTime() - engine.now().getTime() < LATER_LOOK_MS;
}

/** A drain that is under way comes to its end, whatever the policies say meanwhile. */
function isOpted({ matching, work }: Matchable): boolean {
  const isUnderWay = work.record !== undefined && work.record.endedAt === undefined;
  return matching.matched.length > 0 || work.instance === undefined || isUnderWay;
}

function matchingFor(
  engine: DrainEngine,
  { instance, notice, record, missing }: Work,
  group?: DrainFacts['group'],
): Matching {
  const strongest = strongestOf(record, notice);
  if (instance === undefined || strongest === undefined)
    return { matched: [], unknown: missing === undefined ? [] : [missing] };
  return matchingOf(engine, instance, strongest, group);
}

function strongestOf(record: DrainRecord | undefined, notice: Notice | undefined): Notice | undefined {
  if (record === undefined || notice === undefined) return notice ?? record?.notice;
  return record.endedAt !== undefined || startsAnew(record, notice) ? notice : strongerOf(record.notice, notice);
}

function needsOf({ policies }: DrainEngine): readonly DrainNeed[] {
  const needs = policies.flatMap(({ boundSteps }) =>
    boundSteps.flatMap(({ step }) => step.needs as readonly DrainNeed[]),
  );
  return distinct<DrainNeed>(['group', 'tags', ...needs]);
}
