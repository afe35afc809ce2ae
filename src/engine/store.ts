import type { AttributeValue, KeysAndAttributes } from '@aws-sdk/client-dynamodb';
import { type Controls, noControls } from '../domain/controls.ts';
import type { DrainRecord } from '../domain/drain.ts';
import { asError } from '../domain/errors.ts';
import { type Finding, isLive, type SubjectRecord, wakesAt } from '../domain/finding.ts';
import type { Aws, Output, Scope } from '../domain/operations.ts';
import { latestActs } from '../domain/steps.ts';
import { ADD_CHUNK, DUE, HAS_ROOM, IS_LIVE, NOT_THERE, RESERVE, VERSION_IS } from '../domain/table.ts';
import type { Deployment, Engine } from './deployment.ts';
import type { SweepChunk } from './messages.ts';
import { chunked, listIn } from './reads.ts';

/**
 * Most keys of one BatchGetItem.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
 */
const BATCH_KEYS = 100;

/**
 * How often keys that DynamoDB left unprocessed are asked for before it counts as a failure, and the first pause before
 * the next try, in milliseconds; it doubles each time.
 */
const BATCH_TRIES = 6;
const FIRST_PAUSE_MS = 50;

/** An item holds 400 KB at most. What is larger than this, in bytes, is stored without evidence, then with short texts. */
const ITEM_BYTES = 380_000;
const SHORT_TEXT = 300;
/** Of a finding whose item has no room so many acts are kept, the latest. */
const FEW_ACTS = 2;

/** What the table holds besides subjects: whether the first sweep of this deployment has been told. */
export interface DeploymentRecord {
  readonly version: number;
  /** When the first sweep began, ISO 8601. */
  readonly startedAt: string;
  /** When its summary was sent, ISO 8601; left out: it is still owed, and sweeps are silent. */
  readonly firstSweptAt?: string;
  /** The latest silent sweep, by the time when it began, ISO 8601, and how many instances it looks at. */
  readonly sweepId: string;
  readonly instances: number;
}

/** When the clock's last probe was answered, ISO 8601. */
interface ProbeRecord {
  readonly version: number;
  readonly answeredAt: string;
}

/** The table, and the way to it: all that a read of every item needs. */
export interface Table {
  readonly aws: Aws;
  readonly deployment: Pick<Deployment, 'tableName'>;
}

/** What reading and writing the controls takes. */
export type ControlsTable = Pick<Engine, 'aws' | 'pause' | 'newToken'> & {
  readonly deployment: Pick<Deployment, 'tableName'>;
};

/** What reading and writing the items of subjects takes. */
export type SubjectsTable = Pick<Engine, 'aws' | 'pause' | 'newToken'> & {
  readonly deployment: Pick<Deployment, 'tableName' | 'scope'>;
};

/** An item of the table. */
export type Item = Record<string, AttributeValue>;

/** The items of these instances, as they are now. Throws when one could not be read: absent is not unread. */
export async function readRecords(
  engine: SubjectsTable,
  instanceIds: readonly string[],
): Promise<ReadonlyMap<string, SubjectRecord>> {
  const { scope } = engine.deployment;
  const items = await Promise.all(
    chunked(instanceIds, BATCH_KEYS).map((ids) =>
      readItems(
        engine,
        ids.map((id) => subjectKey(scope, id)),
      ),
    ),
  );
  const records = items.flat().map((item) => bodyOf<SubjectRecord>(item));
  return new Map(records.map((record) => [record.subject.id, record]));
}

/** Items with an open finding or an alert to be told, page by page. Throws when a page could not be read. */
export async function readLiveRecords(engine: Engine): Promise<readonly SubjectRecord[]> {
  return (await scanTable(engine, { FilterExpression: IS_LIVE })).records;
}

/** Every subject's item, page by page. Throws when a page could not be read. */
export async function readAllRecords(table: Table): Promise<readonly SubjectRecord[]> {
  return (await readTable(table)).records;
}

/** What a table holds for a person. */
export interface TableContents {
  /** Every subject's item. */
  readonly records: readonly SubjectRecord[];
  /** Every drain's item. */
  readonly drains: readonly DrainRecord[];
  /** Left out: nothing was ever enforced, paused or promoted. */
  readonly controls: Controls | undefined;
}

/** Every subject's item with the controls, page by page. Throws when a page could not be read. */
export function readTable(table: Table): Promise<TableContents> {
  return scanTable(table, {});
}

async function scanTable(
  { aws, deployment: { tableName } }: Table,
  filter: { readonly FilterExpression?: string },
): Promise<TableContents> {
  const records: SubjectRecord[] = [];
  const drains: DrainRecord[] = [];
  let controls: Controls | undefined;
  let start: Item | undefined;
  do {
    const operation = 'dynamodb:Scan';
    const output = await aws(operation, {
      TableName: tableName,
      ConsistentRead: true,
      ...filter,
      ...(start === undefined ? {} : { ExclusiveStartKey: start }),
    });
    for (const item of listIn(operation, output.Items)) {
      const key = item.pk?.S;
      if (key === undefined) throw new Error(`${tableName} is no table of ec2-guardrail: an item has no text \`pk\``);
      if (key.startsWith('subject#')) records.push(bodyOf<SubjectRecord>(item));
      if (key.startsWith(DRAINS)) drains.push(bodyOf<DrainRecord>(item));
      if (key === CONTROLS_KEY) controls = bodyOf<Controls>(item);
    }
    start = output.LastEvaluatedKey;
  } while (start !== undefined);
  return { records, drains, controls };
}

/**
 * Writes an item on the condition that nobody wrote since it was read.
 * @returns false when somebody did: read it again.
 */
export function writeRecord(engine: SubjectsTable, record: SubjectRecord): Promise<boolean> {
  const due = wakesAt(record);
  const more: Item = {
    expiresAt: secondsOf(new Date(record.expiresAt)),
    ...(isLive(record) ? { isLive: { N: '1' } } : {}),
    ...(due === undefined ? {} : { due: { S: DUE }, dueAt: { S: due } }),
  };
  return writeVersioned(engine, subjectKey(engine.deployment.scope, record.subject.id), fitting(record), more);
}

/** What is to be written of an item, with whatever follows from it. */
interface Change {
  readonly record: SubjectRecord;
}

/**
 * Writes what becomes of an item, of what stands in it at that time, whoever writes it meanwhile.
 * @param read the item as it was read last; undefined when there was none.
 * @param change of what stands in it; gives back `undefined` where there is nothing to write.
 * @returns what was written; undefined when there was nothing to write.
 * @throws `Contended` when others were faster so many times.
 */
export async function writeOver<C extends Change>(
  engine: SubjectsTable,
  instanceId: string,
  read: SubjectRecord | undefined,
  change: (record: SubjectRecord | undefined) => C | undefined,
  most: number,
): Promise<C | undefined> {
  let record = read;
  for (let tries = 0; tries < most; tries++) {
    const changed = change(record);
    if (changed === undefined || (await writeRecord(engine, changed.record))) return changed;
    record = (await readRecords(engine, [instanceId])).get(instanceId);
  }
  throw Object.assign(new Error(`${instanceId} was written by others ${most} times`), { name: 'Contended' });
}

/** How often a change of an item is tried against other writers. */
const RECORD_TRIES = 6;

/**
 * Changes a subject's item as it is at the time of writing.
 * @param change gives back `undefined` where there is nothing to change.
 * @returns the item as it is then; undefined where there is none.
 */
export async function changeRecord(
  engine: SubjectsTable,
  instanceId: string,
  change: (record: SubjectRecord) => SubjectRecord | undefined,
): Promise<SubjectRecord | undefined> {
  let standing = (await readRecords(engine, [instanceId])).get(instanceId);
  const changeStanding = (record: SubjectRecord | undefined): Change | undefined => {
    standing = record;
    const changed = record && change(record);
    return changed && { record: changed };
  };
  const written = await writeOver(engine, instanceId, standing, changeStanding, RECORD_TRIES);
  return written?.record ?? standing;
}

/** The record in a form that DynamoDB takes: what is told of a finding matters more than all of its evidence. */
function fitting(record: SubjectRecord): SubjectRecord {
  if (sizeOf(record) <= ITEM_BYTES) return record;
  const bare = withFindings(record, ({ evidence: _evidence, ...finding }) => finding);
  if (sizeOf(bare) <= ITEM_BYTES) return bare;
  return withFindings(bare, ({ acts, ...finding }) => ({
    ...finding,
    reason: finding.reason.slice(0, SHORT_TEXT),
    fix: finding.fix.slice(0, SHORT_TEXT),
    ...(acts === undefined ? {} : { acts: latestActs(acts, FEW_ACTS) }),
  }));
}

function withFindings(record: SubjectRecord, change: (finding: Finding) => Finding): SubjectRecord {
  const outbox = record.outbox.map((alert) => ({
    ...alert,
    entries: alert.entries.map((entry) => ({ ...entry, finding: change(entry.finding) })),
  }));
  return { ...record, findings: record.findings.map(change), outbox };
}

function sizeOf(record: SubjectRecord): number {
  return Buffer.byteLength(JSON.stringify(record));
}

/** DynamoDB's time to live is in seconds. */
export function secondsOf(time: Date): AttributeValue {
  return { N: String(Math.floor(time.getTime() / 1000)) };
}

/** What is known of this deployment's first sweep; undefined before it began. */
export async function readDeployment(engine: Engine): Promise<DeploymentRecord | undefined> {
  const [item] = await readItems(engine, [deploymentKey(engine.deployment.scope)]);
  return item === undefined ? undefined : bodyOf<DeploymentRecord>(item);
}

/** @returns false when somebody wrote it since it was read. */
export function writeDeployment(engine: Engine, record: DeploymentRecord): Promise<boolean> {
  return writeVersioned(engine, deploymentKey(engine.deployment.scope), record, {});
}

/** What is known of enforcement, as it is now; `noControls` before anything was written. Throws when it can't be read. */
export async function readControls(engine: ControlsTable): Promise<Controls> {
  const [item] = await readItems(engine, [CONTROLS_KEY]);
  return item === undefined ? noControls : bodyOf<Controls>(item);
}

/** How often a change of the controls is tried against other writers. */
const CONTROLS_TRIES = 6;

/**
 * Changes the controls as they are at the time of writing.
 * @param change gives back what it got where there is nothing to change.
 * @returns what they are then.
 */
export async function changeControls(
  engine: ControlsTable,
  change: (controls: Controls) => Controls,
): Promise<Controls> {
  for (let tries = 0; tries < CONTROLS_TRIES; tries++) {
    const before = await readControls(engine);
    const changed = change(before);
    if (changed === before) return before;
    const after = { ...changed, version: before.version + 1 };
    if (await writeVersioned(engine, CONTROLS_KEY, after, {})) return after;
  }
  throw new Error(`the controls of enforcement were written by others ${CONTROLS_TRIES} times`);
}

/**
 * Takes so much of what a budget holds, whatever others take at the same time.
 * @param budget what it is of, with its period.
 * @returns false when not so much was left.
 */
export async function reserve(
  engine: Engine,
  budget: string,
  { size = 1, most, expiresAt }: { readonly size?: number; readonly most: number; readonly expiresAt: Date },
): Promise<boolean> {
  if (most < size) return false;
  try {
    await engine.aws('dynamodb:UpdateItem', {
      TableName: engine.deployment.tableName,
      Key: { pk: { S: budgetKey(engine.deployment.scope, budget) } },
      UpdateExpression: RESERVE,
      ConditionExpression: HAS_ROOM,
      ExpressionAttributeValues: {
        ':size': { N: String(size) },
        ':room': { N: String(most - size) },
        ':expiresAt': secondsOf(expiresAt),
      },
    });
    return true;
  } catch (error) {
    if (asError(error).name === 'ConditionalCheckFailedException') return false;
    throw error;
  }
}

/** How much of each budget was taken. */
export async function takenOf(engine: Engine, budgets: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const { scope } = engine.deployment;
  const items = await readItems(
    engine,
    budgets.map((budget) => budgetKey(scope, budget)),
  );
  const taken = new Map(items.map((item) => [item.pk?.S, Number(item.used?.N ?? 0)]));
  return new Map(budgets.map((budget) => [budget, taken.get(budgetKey(scope, budget)) ?? 0]));
}

/** Writes when a probe was answered, over what was read. @returns false when another probe was answered meanwhile. */
export async function noteProbe(engine: Engine): Promise<boolean> {
  const key = probeKey(engine.deployment.scope);
  const [item] = await readItems(engine, [key]);
  const version = item === undefined ? 0 : bodyOf<ProbeRecord>(item).version;
  const record: ProbeRecord = { version: version + 1, answeredAt: engine.now().toISOString() };
  return writeVersioned(engine, key, record, {});
}

/** What was looked at, and how many verdicts that gave. */
export interface Work {
  readonly instances: number;
  readonly evaluations: number;
}

/** Writes down a sweep and how many chunks it has, before the first of them is sent: a chunk of any other ends nothing. */
export async function openSweep(engine: Engine, sweepId: string, chunks: number, expiresAt: Date): Promise<void> {
  await engine.aws('dynamodb:PutItem', {
    TableName: engine.deployment.tableName,
    Item: { pk: { S: sweepKey(sweepId) }, chunks: { N: String(chunks) }, expiresAt: secondsOf(expiresAt) },
  });
}

/** Which of these sweeps there are: a part of any other is nobody's. */
export async function knownSweeps(engine: Engine, sweepIds: readonly string[]): Promise<ReadonlySet<string>> {
  const items = await readItems(engine, sweepIds.map(sweepKey));
  return new Set(
    items.flatMap(({ pk, chunks }) => (chunks === undefined ? [] : [pk?.S?.slice(sweepKey('').length) ?? ''])),
  );
}

/** Notes that a chunk of a sweep is done, once or twice. @returns how many different ones are, and what was done in them. */
export async function countChunk(
  engine: Engine,
  { sweepId, chunk }: Pick<SweepChunk, 'sweepId' | 'chunk'>,
  work: Work,
  expiresAt: Date,
): Promise<{ readonly isLast: boolean; readonly work: Work }> {
  const { Attributes } = await engine.aws('dynamodb:UpdateItem', {
    TableName: engine.deployment.tableName,
    Key: { pk: { S: sweepKey(sweepId) } },
    UpdateExpression: ADD_CHUNK,
    ExpressionAttributeValues: {
      ':chunk': { NS: [String(chunk)] },
      ':work': { SS: [`${chunk} ${work.instances} ${work.evaluations}`] },
      ':expiresAt': secondsOf(expiresAt),
    },
    ReturnValues: 'ALL_NEW',
  });
  const { chunks, doneChunks, doneWork } = Attributes ?? {};
  const isLast = chunks?.N !== undefined && (doneChunks?.NS?.length ?? 0) >= Number(chunks.N);
  return { isLast, work: workIn(doneWork?.SS ?? []) };
}

/** All work of a sweep. A chunk that came twice counts once. */
function workIn(entries: readonly string[]): Work {
  const byChunk = new Map(entries.map((entry) => [entry.split(' ')[0], entry.split(' ').slice(1).map(Number)]));
  const sum = (index: number) => [...byChunk.values()].reduce((total, work) => total + (work[index] ?? 0), 0);
  return { instances: sum(0), evaluations: sum(1) };
}

/** The last sweep that was completed. */
export interface LastSweep extends Work {
  readonly version: number;
  readonly sweepId: string;
  /** ISO 8601. */
  readonly completedAt: string;
}

/** The last sweep that was completed; undefined before the first one was. */
export async function readLastSweep(engine: Engine): Promise<LastSweep | undefined> {
  const [item] = await readItems(engine, [lastSweepKey(engine.deployment.scope)]);
  return item === undefined ? undefined : bodyOf<LastSweep>(item);
}

/** Writes that a sweep is completed, unless a later one is: it may have overtaken this one, or do so now. */
export async function noteSweep(engine: Engine, sweepId: string, work: Work): Promise<void> {
  const last = await readLastSweep(engine);
  if (last !== undefined && last.sweepId > sweepId) return;
  const completedAt = engine.now().toISOString();
  const record: LastSweep = { version: (last?.version ?? 0) + 1, sweepId, completedAt, ...work };
  await writeVersioned(engine, lastSweepKey(engine.deployment.scope), record, {});
}

/** Items by their keys, as they are now. Throws when one could not be read: absent is not unread. */
export async function readItems(engine: ControlsTable, keys: readonly string[]): Promise<readonly Item[]> {
  if (keys.length === 0) return [];
  const { tableName } = engine.deployment;
  const items: Item[] = [];
  let request: KeysAndAttributes | undefined = { ConsistentRead: true, Keys: keys.map((pk) => ({ pk: { S: pk } })) };
  for (let tries = 0; request !== undefined; tries++) {
    if (tries === BATCH_TRIES) throw unprocessed(request);
    if (tries > 0) await engine.pause(FIRST_PAUSE_MS * 2 ** (tries - 1));
    const output: Output<'dynamodb:BatchGetItem'> = await engine.aws('dynamodb:BatchGetItem', {
      RequestItems: { [tableName]: request },
    });
    items.push(...(output.Responses?.[tableName] ?? []));
    request = output.UnprocessedKeys?.[tableName];
  }
  return items;
}

function unprocessed(request: KeysAndAttributes): Error {
  const error = new Error(`BatchGetItem left ${request.Keys?.length} keys unprocessed ${BATCH_TRIES} times`);
  error.name = 'ThrottlingException';
  return error;
}

/** Writes an item on the condition that nobody wrote since it was read. @returns false when somebody did. */
export async function writeVersioned(
  engine: ControlsTable,
  pk: string,
  body: { readonly version: number },
  more: Item,
): Promise<boolean> {
  const first = body.version === 1;
  const writer = engine.newToken();
  const read = { ':version': { N: String(body.version - 1) } };
  try {
    await engine.aws('dynamodb:PutItem', {
      TableName: engine.deployment.tableName,
      Item: {
        pk: { S: pk },
        version: { N: String(body.version) },
        body: { S: JSON.stringify(body) },
        writer: { S: writer },
        ...more,
      },
      ConditionExpression: first ? NOT_THERE : VERSION_IS,
      ...(first ? {} : { ExpressionAttributeValues: read }),
    });
    return true;
  } catch (error) {
    if (asError(error).name !== 'ConditionalCheckFailedException') throw error;
    return isOurs(engine, pk, writer);
  }
}

/** The SDK repeats a write whose answer was lost, and is refused then by what it wrote itself. */
async function isOurs(engine: ControlsTable, pk: string, writer: string): Promise<boolean> {
  const [item] = await readItems(engine, [pk]);
  return item?.writer?.S === writer;
}

function subjectKey({ accountId, region }: Scope, instanceId: string): string {
  return `subject#${accountId}#${region}#instance#${instanceId}`;
}

function sweepKey(sweepId: string): string {
  return `sweep#${sweepId}`;
}

function budgetKey({ accountId, region }: Scope, budget: string): string {
  return `budget#${accountId}#${region}#${budget}`;
}

/** The key of a drain's item, by which a read of all knows it. */
export function drainKey({ accountId, region }: Scope, instanceId: string): string {
  return `${DRAINS}${accountId}#${region}#${instanceId}`;
}

const DRAINS = 'drain#';

/** A table belongs to one deployment: whoever pauses it needs not know its account. */
const CONTROLS_KEY = 'enforcement';

/** The instance whose item this is: by its key alone, which is all that an index holds. */
export function instanceIdIn(item: Item): string {
  return item.pk?.S?.split('#').at(-1) ?? '';
}

function deploymentKey({ accountId, region }: Scope): string {
  return `deployment#${accountId}#${region}`;
}

function probeKey({ accountId, region }: Scope): string {
  return `probe#${accountId}#${region}`;
}

function lastSweepKey({ accountId, region }: Scope): string {
  return `last-sweep#${accountId}#${region}`;
}

/** What an item holds. */
export function bodyOf<T>(item: Item): T {
  return JSON.parse(item.body?.S ?? 'null') as T;
}
