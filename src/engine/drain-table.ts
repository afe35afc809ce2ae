import type { DrainRecord } from '../domain/drain.ts';
import type { Scope } from '../domain/operations.ts';
import type { DrainEngine } from './drain-engine.ts';
import { bodyOf, readItems, type SubjectsTable, secondsOf, writeVersioned } from './store.ts';

/** The items of these drains, as they are now. Throws when one could not be read: absent is not unread. */
export async function readDrains(
  engine: SubjectsTable,
  instanceIds: readonly string[],
): Promise<ReadonlyMap<string, DrainRecord>> {
  const { scope } = engine.deployment;
  const items = await readItems(
    engine,
    instanceIds.map((id) => drainKey(scope, id)),
  );
  const records = items.map((item) => bodyOf<DrainRecord>(item));
  return new Map(records.map((record) => [record.instanceId, record]));
}

/** How often a drain's item is written against other writers. */
const TRIES = 6;

/**
 * Writes what becomes of a drain's item, of what stands in it at that time.
 * @param change gives back `undefined` where there is nothing to write.
 * @returns what was written; undefined when there was nothing to write.
 */
export async function changeDrain(
  engine: SubjectsTable,
  instanceId: string,
  read: DrainRecord | undefined,
  change: (record: DrainRecord | undefined) => DrainRecord | undefined,
): Promise<DrainRecord | undefined> {
  let record = read;
  for (let tries = 0; tries < TRIES; tries++) {
    const changed = change(record);
    if (changed === undefined) return undefined;
    const next = { ...changed, version: (record?.version ?? 0) + 1 };
    if (await writeDrain(engine, next)) return next;
    record = (await readDrains(engine, [instanceId])).get(instanceId);
  }
  throw Object.assign(new Error(`the drain of ${instanceId} was written by others ${TRIES} times`), {
    name: 'Contended',
  });
}

function writeDrain(engine: SubjectsTable, record: DrainRecord): Promise<boolean> {
  const key = drainKey(engine.deployment.scope, record.instanceId);
  return writeVersioned(engine, key, record, { expiresAt: secondsOf(new Date(record.expiresAt)) });
}

/** Instances under notice: their ids and addresses, each with the end of its time. JSON. */
interface UnderNotice {
  readonly version: number;
  readonly until: Readonly<Record<string, string>>;
}

/**
 * Notes these ids and addresses as under notice, and gives all that are. Written before it is read: of two that do so at the same time
 * at least one sees the other.
 * @param until by id or address, ISO 8601.
 */
export async function noteUnderNotice(
  engine: DrainEngine,
  until: Readonly<Record<string, string>>,
): Promise<ReadonlySet<string>> {
  const key = underNoticeKey(engine.deployment.scope);
  const now = engine.now().toISOString();
  for (let tries = 0; tries < UNDER_NOTICE_TRIES; tries++) {
    if (tries > 0) await engine.pause(engine.random() * PAUSE_MS);
    const [item] = await readItems(engine, [key]);
    const before: UnderNotice = item === undefined ? { version: 0, until: {} } : bodyOf<UnderNotice>(item);
    const standing = Object.entries(before.until).filter(([, end]) => end > now);
    const all = { ...Object.fromEntries(standing), ...until };
    const isKnown = Object.entries(until).every(([id, end]) => before.until[id] === end);
    if (isKnown) return new Set(Object.keys(all));
    const ends = Object.values(all).sort().at(-1) ?? now;
    const expiresAt = secondsOf(new Date(Date.parse(ends) + KEPT_MS));
    const next: UnderNotice = { version: before.version + 1, until: all };
    if (await writeVersioned(engine, key, next, { expiresAt })) return new Set(Object.keys(all));
  }
  throw new Error(`who is under notice was written by others ${UNDER_NOTICE_TRIES} times`);
}

/** How often the one item is written against other writers, and how long a writer waits at most before it tries again, in milliseconds. */
const UNDER_NOTICE_TRIES = 12;
const PAUSE_MS = 200;

/** How long an item is kept that nothing comes of, in milliseconds. */
const KEPT_MS = 3_600_000;

function drainKey({ accountId, region }: Scope, instanceId: string): string {
  return `drain#${accountId}#${region}#${instanceId}`;
}

function underNoticeKey({ accountId, region }: Scope): string {
  return `under-notice#${accountId}#${region}`;
}
