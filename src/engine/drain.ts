import { type DrainNews, renderDrains, secondsLeft } from '../alerts/drain.ts';
import {
  type DrainMove,
  type DrainRecord,
  deadlineIn,
  dueMoves,
  ended,
  goneBy,
  isOver,
  lastWordAt,
  movesKept,
  movesToPutBack,
  type PlannedMove,
  secondsToNextRound,
  startsAnew,
  strongerOf,
  withBegun,
  withHeld,
  withOutcomes,
  withoutBegun,
  withoutOnce,
  withPlan,
} from '../domain/drain.ts';
import { type DrainFacts, type DrainNeed, namesOf } from '../domain/drain-facts.ts';
import { planOfStep } from '../domain/drain-step.ts';
import { describeError } from '../domain/errors.ts';
import { groupedBy } from '../domain/grouped.ts';
import { distinct, type Instance } from '../domain/instance.ts';
import type { Notice } from '../domain/notice.ts';
import { summaryOf } from '../domain/summary.ts';
import { noticesIn } from '../events/notices.ts';
import { instanceIdForm } from '../events/targets.ts';
import { describeInstances } from './collect.ts';
import { isToPutBack, putBack } from './drain-back.ts';
import { type Due, makeMoves } from './drain-calls.ts';
import type { DrainEngine } from './drain-engine.ts';
import { collectDrainFacts } from './drain-facts.ts';
import { type Matching, matchingOf } from './drain-match.ts';
import { type DrainReport, DrainReporter } from './drain-report.ts';
import { DrainTable } from './drain-table.ts';
import { inTime } from './in-time.ts';
import { chunked } from './reads.ts';
import type { QueueMessage } from './tasks.ts';

/** How long moves are tried in one run, in milliseconds: the function has 20 s for all. */
const RUN_MS = 8_000;

/**
 * How long facts are read, in milliseconds: at first what is known where to look for, so that it is acted on at once; later also what has to
 * be searched for.
 */
const FIRST_LOOK_MS = 2_500;
const LATER_LOOK_MS = 9_000;

/** More instances than this share a message. */
const MESSAGES_PER_RUN = 10;

/** How long after the deadline it is asked whether the instance runs on after all, in milliseconds. */
const LAST_LOOK_MS = 180_000;

/** When a message that failed is delivered again, in milliseconds. */
const DELIVERED_AGAIN_MS = 30_000;

/** SQS delays a message by no more seconds. */
const MOST_DELAY_SECONDS = 900;

/** Go on with drains: our own message, delayed. */
interface DrainMessage {
  readonly kind: 'drain';
  /** `last-look`: the time was over long ago; does it run on? */
  readonly round: 'go-on' | 'last-look';
  readonly instanceIds: readonly string[];
}

/** What a message asks for, of one instance. */
interface Task {
  readonly messageId: string;
  readonly instanceId: string;
  readonly notice?: Notice;
  readonly round?: DrainMessage['round'];
}

/** An instance with all that the batch asks for it. */
interface Work {
  readonly instanceId: string;
  readonly messageIds: readonly string[];
  /** The strongest that asks for a drain. */
  readonly notice?: Notice;
  readonly ending?: Notice;
  readonly goesOn: boolean;
  readonly mayRunOn: boolean;
  /** It is asked for the last time whether it runs on: who asks too early asks again. */
  readonly isLastLook: boolean;
  readonly record: DrainRecord | undefined;
  /** Left out: EC2 does not show it, or could not be asked. */
  readonly instance?: Instance;
  readonly missing?: string;
  /** EC2 could not be asked. */
  readonly isUnread: boolean;
}

/** A drain that this run works on: its item is leased to it. */
interface Drain {
  readonly work: Work;
  readonly record: DrainRecord;
  readonly matching: Matching;
}

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

function tasksIn(engine: DrainEngine, { id: messageId, body }: QueueMessage, report: DrainReporter): readonly Task[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch (error) {
    report.fail([messageId], `message ${messageId} is no JSON: ${describeError(error)}`);
    return [];
  }
  if (isDrainMessage(parsed)) {
    const { instanceIds, round } = parsed;
    return instanceIds.map((instanceId) => ({ messageId, instanceId, round }));
  }
  const { scope } = engine.deployment;
  const announced = noticesIn(parsed, { scope, receivedAt: engine.now() });
  if (announced.kind === 'notices')
    return announced.notices.map((notice) => ({ messageId, instanceId: notice.instanceId, notice }));
  report.ignored.push({ messageId, reason: announced.reason });
  return [];
}

function isDrainMessage(body: unknown): body is DrainMessage {
  if (typeof body !== 'object' || body === null || !('kind' in body) || body.kind !== 'drain') return false;
  const { instanceIds, round } = body as Partial<DrainMessage>;
  if (round !== 'go-on' && round !== 'last-look') return false;
  return Array.isArray(instanceIds) && instanceIds.every((id) => typeof id === 'string' && instanceIdForm.test(id));
}

interface Described {
  readonly instances: ReadonlyMap<string, Instance>;
  readonly failure?: string;
}

async function describe(engine: DrainEngine, ids: readonly string[]): Promise<Described> {
  try {
    const described = await inTime(engine, 'DescribeInstances', describeInstances(engine.aws, 'instance-id', ids));
    const instances = new Map(described.instances.map((instance) => [instance.InstanceId, instance]));
    return { instances, ...(described.failure === undefined ? {} : { failure: described.failure.detail }) };
  } catch (error) {
    return { instances: new Map(), failure: describeError(error) };
  }
}

function workOf(instanceId: string, tasks: readonly Task[], table: DrainTable, described: Described): Work {
  const own = tasks.filter((task) => task.instanceId === instanceId);
  const notices = own.flatMap(({ notice }) => notice ?? []);
  const asking = notices.filter(({ kind }) => kind !== 'ending' && kind !== 'running' && kind !== 'leaving-group');
  const notice = asking.length === 0 ? undefined : asking.reduce(strongerOf);
  const ending = notices.find(({ kind }) => kind === 'ending');
  const record = table.records.get(instanceId);
  const instance = described.instances.get(instanceId);
  const missing = instance === undefined ? `instance ${instanceId}: ${described.failure ?? 'not found'}` : undefined;
  const isUnderWay = record !== undefined && record.endedAt === undefined;
  const isTold = own.some(({ round, notice: one }) => round === 'go-on' || one?.kind === 'leaving-group');
  return {
    instanceId,
    messageIds: distinct(own.map(({ messageId }) => messageId)),
    ...(notice === undefined ? {} : { notice }),
    ...(ending === undefined ? {} : { ending }),
    goesOn: isUnderWay && isTold,
    mayRunOn: own.some(({ round, notice: one }) => round === 'last-look' || one?.kind === 'running'),
    isLastLook: own.some(({ round }) => round === 'last-look'),
    isUnread: instance === undefined && described.failure !== undefined,
    record,
    ...(instance === undefined ? {} : { instance }),
    ...(missing === undefined ? {} : { missing }),
  };
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

interface Matchable {
  readonly work: Work;
  readonly matching: Matching;
}

/** A drain that is under way comes to its end, whatever the policies say meanwhile. */
function isOpted({ matching, work }: Matchable): boolean {
  const isUnderWay = work.record !== undefined && work.record.endedAt === undefined;
  return matching.matched.length > 0 || work.instance === undefined || isUnderWay;
}

function ignore({ messageIds, instanceId }: Work, why: string, report: DrainReporter): void {
  for (const messageId of messageIds) report.ignored.push({ messageId, reason: `${instanceId}: ${why}` });
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
  if (record === undefined || record.endedAt !== undefined) return notice ?? record?.notice;
  return notice === undefined ? record.notice : strongerOf(record.notice, notice);
}

function needsOf({ policies }: DrainEngine): readonly DrainNeed[] {
  const needs = policies.flatMap(({ boundSteps }) =>
    boundSteps.flatMap(({ step }) => step.needs as readonly DrainNeed[]),
  );
  return distinct<DrainNeed>(['group', 'tags', ...needs]);
}

/** Takes these drains on, and tells of those that nobody has told of yet. */
async function claimAll(
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
function begun(
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

/** Plans and makes what is due of these drains, writes what became of it, tells what is over, and hands over what is not. */
async function act(
  engine: DrainEngine,
  table: DrainTable,
  drains: readonly Drain[],
  facts: ReadonlyMap<string, DrainFacts>,
  report: DrainReporter,
): Promise<void> {
  if (drains.length === 0) return;
  const underNotice = await table.noteUnderNotice(Object.fromEntries(drains.flatMap(untilOf)));
  const all = await Promise.all(
    drains.map(async (drain) => {
      const record = planFor(engine, table, drain, facts.get(drain.work.instanceId), underNotice);
      const keys = new Set(dueIn(engine, record, drain.matching).map(({ move }) => move.key));
      const written = await table.write(withBegun(record, keys, engine.now()));
      if (written === undefined) return [];
      const isForgotten = table.failure !== undefined;
      const why = `it might be made twice, since the table can't be reached: ${table.failure}`;
      const kept = isForgotten ? withoutOnce(written, why) : written;
      return [{ ...drain, record: kept, due: dueIn(engine, kept, drain.matching, keys) }];
    }),
  );
  const planned = all.flat();
  const due = planned.flatMap((drain) => drain.due);
  const made = await makeMoves(engine, due, new Date(engine.now().getTime() + RUN_MS));
  for (const { move, outcome } of made) report.moves.push({ step: move.step, state: stateOf(outcome.is) });
  const acted = planned.map((drain) => {
    const own = made.filter(({ instanceId }) => instanceId === drain.work.instanceId);
    noteFirst(drain.record, own, report);
    return {
      ...drain,
      record: withOutcomes(drain.record, new Map(own.map(({ move, outcome }) => [move.key, outcome]))),
    };
  });
  const at = engine.now();
  const isAtEnd = ({ record }: Drain) => isOver(record, at) || table.failure !== undefined;
  const over = acted.filter(isAtEnd).map((drain) => ({ ...drain, atEnd: ended(drain.record, at) }));
  const going = acted.filter((drain) => !isAtEnd(drain));
  // Nobody would remember to go on: the message comes again.
  for (const drain of over.filter(({ record }) => !isOver(record, at)))
    if (unmadeAtEnd(drain).length > 0) report.fail(drain.work.messageIds, `${drain.work.instanceId}: not done whole`);
  await Promise.all([finish(engine, table, over, report), handOver(engine, table, going, report)]);
}

function stateOf(is: 'done' | 'skipped' | 'failed' | 'again'): DrainMove['state'] {
  return is === 'again' ? 'planned' : is;
}

/** Ids and addresses of an instance, with the end of its time. */
function untilOf({ work: { instance, instanceId }, record }: Drain): readonly (readonly [string, string])[] {
  const { kind } = record.notice;
  if (kind === 'health' || record.notice.isTest) return [];
  // ELB may take it for healthy for a while after it is gone.
  const until = goneBy(record).toISOString();
  const names = instance === undefined ? [instanceId] : namesOf(instance);
  return names.map((id) => [id, until] as const);
}

function planFor(
  engine: DrainEngine,
  table: DrainTable,
  { work, record, matching }: Drain,
  facts: DrainFacts | undefined,
  underNotice: ReadonlySet<string>,
): DrainRecord {
  const { instance } = work;
  const at = engine.now();
  const plan =
    instance === undefined || facts === undefined || matching.matched.length === 0
      ? undefined
      : planOf(engine, record, matching, instance, facts);
  const unread =
    table.failure === undefined ? [] : [`what other runs do, since the table can't be reached: ${table.failure}`];
  const incomplete = distinct([...matching.unknown, ...(plan?.incomplete ?? []), ...unread]);
  const standing = withoutBegun(record, at);
  const next = plan === undefined ? standing : withPlan(standing, plan.moves, plan.incomplete.length === 0, at);
  return withHeld(
    { ...next, left: hasBegun(record) ? record.left : (plan?.left ?? []), incomplete },
    facts?.targetGroups.found ?? [],
    underNotice,
    // What nobody remembers comes again when its message does, and there may be no time then.
    table.failure === undefined ? at : new Date(at.getTime() + DELIVERED_AGAIN_MS),
  );
}

/** Whether something was made: then a plan also speaks of what we did ourselves. */
function hasBegun({ moves }: DrainRecord): boolean {
  return moves.some(({ at }) => at !== undefined);
}

interface Planned {
  readonly moves: readonly PlannedMove[];
  readonly left: readonly string[];
  readonly incomplete: readonly string[];
}

/** What the steps of all matched policies make of it. Where two plan the same, the one that acts is the one. */
function planOf(
  engine: DrainEngine,
  { notice }: DrainRecord,
  { matched }: Matching,
  instance: Instance,
  facts: DrainFacts,
): Planned {
  const moves = new Map<string, PlannedMove>();
  const left: string[] = [];
  const incomplete: string[] = [];
  for (const { policy, steps, onlyWould } of matched) {
    for (const { step, parameters } of steps) {
      try {
        const plan = planOfStep(step, { instance, facts, parameters, notice, now: engine.now() });
        left.push(...plan.left);
        incomplete.push(...plan.incomplete);
        for (const move of plan.moves) {
          const one = {
            ...move,
            step: step.id,
            policy: policy.name,
            ...(onlyWould === undefined ? {} : { onlyWould }),
          };
          if (moves.get(move.key)?.onlyWould !== undefined || !moves.has(move.key)) moves.set(move.key, one);
        }
      } catch (error) {
        incomplete.push(`${step.id} could not be planned: ${describeError(error)}`);
      }
    }
  }
  return { moves: [...moves.values()], left: distinct(left), incomplete: distinct(incomplete) };
}

/**
 * What is to be made now of a drain, with the steps that know their errors. Only of policies that act now: enforcement may have ended since
 * a move was planned.
 * @param begun what this run has noted as begun; left out: nothing yet.
 */
function dueIn(
  engine: DrainEngine,
  record: DrainRecord,
  { matched }: Matching,
  begun?: ReadonlySet<string>,
): readonly Due[] {
  const acting = matched.filter(({ onlyWould }) => onlyWould === undefined);
  const steps = new Map(
    acting.flatMap(({ policy, steps: own }) => own.map(({ step }) => [`${policy.name} ${step.id}`, step])),
  );
  const due =
    begun === undefined
      ? dueMoves(record, engine.now())
      : record.moves.filter(({ key, state }) => state === 'planned' && begun.has(key));
  return due.flatMap((move) => {
    const step = steps.get(`${move.policy} ${move.step}`);
    return step === undefined ? [] : [{ instanceId: record.instanceId, move, step }];
  });
}

/** How long the first deregistration took. */
function noteFirst(
  { moves, notice }: DrainRecord,
  made: readonly { readonly move: DrainMove; readonly outcome: { readonly is: string; readonly at: string } }[],
  report: DrainReporter,
): void {
  const isDeregistration = ({ call }: DrainMove) => call.operation.includes(':Deregister');
  if (moves.some((move) => isDeregistration(move) && move.at !== undefined)) return;
  const times = made
    .filter(({ move, outcome }) => isDeregistration(move) && outcome.is === 'done')
    .map(({ outcome }) => outcome.at);
  const [first] = times.sort();
  if (first !== undefined) report.firstDeregistrationMs.push(Date.parse(first) - Date.parse(notice.at));
}

/** A drain whose time is over, as it was and as it ends. */
interface Over extends Drain {
  readonly atEnd: DrainRecord;
}

/**
 * The last word on drains that are over. Told before it is marked: rather twice than never. What was not told, or would never be asked for
 * again, is not over.
 */
async function finish(
  engine: DrainEngine,
  table: DrainTable,
  over: readonly Over[],
  report: DrainReporter,
): Promise<void> {
  const owed = over.filter((drain) => isWorthAWord(drain) && drain.record.told.final === undefined);
  const [received, final] = await Promise.all([
    tell(
      engine,
      'received',
      over.filter(({ record }) => record.told.received === undefined),
      report,
    ),
    tell(
      engine,
      'final',
      owed.map(({ atEnd }) => ({ record: atEnd })),
      report,
    ),
  ]);
  const reversible = over.filter(({ atEnd }) => movesToPutBack(atEnd).length > 0);
  const asked = await send(engine, 'last-look', reversible, lastLookIn(engine), report);
  const at = engine.now();
  await Promise.all(
    over.map(async (drain) => {
      const { record, atEnd, work } = drain;
      const { instanceId } = record;
      const told = {
        ...record.told,
        ...(received.has(instanceId) ? { received: at.toISOString() } : {}),
        ...(final.has(instanceId) ? { final: at.toISOString() } : {}),
      };
      const isTold = told.received !== undefined && (told.final !== undefined || !isWorthAWord(drain));
      if (!isTold) report.fail(work.messageIds, `not all of the drain of ${instanceId} was told`);
      if (!isTold || (reversible.includes(drain) && !asked.has(instanceId))) {
        await table.release({ ...record, told });
        return;
      }
      report.secondsLeft.push(secondsLeft(atEnd, at));
      report.unmade.push(...unmadeAtEnd(drain));
      await table.release({ ...atEnd, told });
    }),
  );
}

/** Moves that had not come to an end before the drain did. */
function unmadeAtEnd({ record, atEnd }: Over): DrainReport['unmade'] {
  const open = new Set(
    record.moves.filter(({ state }) => state === 'planned' || state === 'held').map(({ key }) => key),
  );
  return atEnd.moves.filter(({ key }) => open.has(key)).map(({ step, state }) => ({ step, state }));
}

/** In how many seconds it is asked whether an instance runs on. */
function lastLookIn(engine: DrainEngine): (record: DrainRecord) => number {
  return (record) =>
    secondsTo(engine, Math.max(goneBy(record).getTime(), Date.parse(deadlineIn(record)) + LAST_LOOK_MS));
}

/** Policies that only notify have said all there is by their first word. */
function isWorthAWord({ atEnd, matching }: Over): boolean {
  const hasSteps = matching.matched.some(({ steps }) => steps.length > 0);
  return hasSteps || atEnd.moves.length > 0 || atEnd.incomplete.length > 0;
}

async function handOver(
  engine: DrainEngine,
  table: DrainTable,
  drains: readonly Drain[],
  report: DrainReporter,
): Promise<void> {
  const released = await Promise.all(drains.map(({ record }) => table.release(record)));
  const ours = drains.filter((_, index) => released[index] !== undefined);
  await send(engine, 'go-on', ours, (record) => secondsToNextRound(record, engine.now()), report);
}

function secondsTo(engine: DrainEngine, time: number): number {
  return Math.max(0, Math.ceil((time - engine.now().getTime()) / 1000));
}

/** How many instances one message names. */
const INSTANCES_PER_MESSAGE = 100;

/** Has these drains gone on with later. What can't be sent is delivered again. @returns the instances of what was sent. */
async function send(
  engine: DrainEngine,
  round: DrainMessage['round'],
  drains: readonly { readonly record: DrainRecord; readonly work: Work }[],
  delayOf: (record: DrainRecord) => number,
  report: DrainReporter,
): Promise<ReadonlySet<string>> {
  const sent = new Set<string>();
  const byDelay = groupedBy(drains, ({ record }) => String(delayOf(record)));
  await Promise.all(
    [...byDelay].flatMap(([delay, some]) =>
      chunked(some, INSTANCES_PER_MESSAGE).map(async (chunk) => {
        const body: DrainMessage = { kind: 'drain', round, instanceIds: chunk.map(({ record }) => record.instanceId) };
        try {
          await engine.aws('sqs:SendMessage', {
            QueueUrl: engine.deployment.drainQueueUrl,
            MessageBody: JSON.stringify(body),
            DelaySeconds: Math.min(MOST_DELAY_SECONDS, Number(delay)),
          });
          for (const id of body.instanceIds) sent.add(id);
        } catch (error) {
          report.fail(
            chunk.flatMap(({ work }) => work.messageIds),
            `to go on: ${describeError(error)}`,
          );
        }
      }),
    ),
  );
  return sent;
}

/** Publishes news of drains, in one message where they are many. @returns the instances whose news SNS has taken. */
async function tell(
  engine: DrainEngine,
  news: DrainNews,
  drains: readonly { readonly record: DrainRecord }[],
  report: DrainReporter,
): Promise<ReadonlySet<string>> {
  // What is real is not told under the heading of a rehearsal, nor one kind of notice under that of another.
  const kinds = groupedBy(
    drains.map(({ record }) => record),
    ({ notice: { kind, isTest } }) => `${kind} ${isTest}`,
  );
  const messages = [...kinds.values()].flatMap((records): readonly (readonly DrainRecord[])[] =>
    records.length > MESSAGES_PER_RUN ? [records] : records.map((record) => [record]),
  );
  const told = new Set<string>();
  await Promise.all(
    messages.map(async (some) => {
      try {
        const message = renderDrains(news, some, engine.now());
        const { alertsTopicArn } = engine.deployment;
        await inTime(engine, 'sns:Publish', engine.aws('sns:Publish', { TopicArn: alertsTopicArn, ...message }));
        for (const { instanceId } of some) told.add(instanceId);
        report.alerts += 1;
      } catch (error) {
        report.errors.push(`alert of ${some[0]?.instanceId}: ${describeError(error)}`);
      }
    }),
  );
  return told;
}

/** Instances that end: nothing more comes of their drain; and of those that EC2 took without a notice, that is told. */
async function endGone(
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
async function bringBack(
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
