import { type DrainRecord, withMade } from '../domain/drain.ts';
import { asError, describeError } from '../domain/errors.ts';
import type { Aws, Scope } from '../domain/operations.ts';
import { isPassing } from './drain-calls.ts';
import type { DrainStore } from './drain-engine.ts';
import { inTime } from './in-time.ts';
import { bodyOf, drainKey, readItems, type SubjectsTable, secondsOf, writeVersioned } from './store.ts';

/** How long whoever works on a drain has it for itself, in milliseconds: longer than a run of the function takes. */
const LEASE_MS = 25_000;

/** How long the table is asked, and how long it is waited at most before it is asked again, in milliseconds. */
const ASKED_MS = 3_000;
const ASKED_AGAIN_MS = 200;

/**
 * The items of a batch's drains. What can't be reached any more is not asked again: a drain goes on without it, and says so, since two
 * minutes are too short to wait for a table.
 */
export class DrainTable {
  /** Why the table could not be reached; left out: it could. */
  failure: string | undefined;
  records: ReadonlyMap<string, DrainRecord> = new Map();

  private readonly engine: DrainStore;
  private readonly run: string;

  private constructor(engine: DrainStore) {
    this.engine = engine;
    this.run = engine.newToken();
  }

  /** Reads the items of these instances. */
  static async open(engine: DrainStore, instanceIds: readonly string[]): Promise<DrainTable> {
    const table = new DrainTable(engine);
    const read = await table.reach((patient) => readDrains(patient, instanceIds));
    table.records = read ?? new Map();
    return table;
  }

  /**
   * Takes a drain on for a while.
   * @param claimed what becomes of its item; undefined where there is nothing to take on. Whoever's it is: see `isAnothers`.
   * @returns undefined where there was nothing, or another took it first.
   */
  async claim(
    instanceId: string,
    claimed: (standing: DrainRecord | undefined) => DrainRecord | undefined,
  ): Promise<DrainRecord | undefined> {
    const leased = (standing: DrainRecord | undefined) => {
      const record = claimed(standing);
      const leasedUntil = new Date(this.engine.now().getTime() + LEASE_MS).toISOString();
      return record && { ...record, leasedUntil, leasedBy: this.run };
    };
    const known = this.records.get(instanceId);
    const written = await this.reach((engine) => changeDrain(engine, instanceId, known, leased));
    return this.failure === undefined ? written : leased(known);
  }

  /** Whether another run works on it. What this run wrote may be unknown to it, where the answer was lost. */
  isAnothers({ leasedUntil, leasedBy }: DrainRecord): boolean {
    return leasedUntil !== undefined && leasedUntil > this.engine.now().toISOString() && leasedBy !== this.run;
  }

  /**
   * Writes a drain that is ours, and keeps it.
   * @returns undefined where another has taken it on meanwhile, for a stronger notice: it learns what this run made, and goes on alone.
   */
  async write(record: DrainRecord): Promise<DrainRecord | undefined> {
    let isOurs = true;
    const over = (standing: DrainRecord | undefined): DrainRecord => {
      isOurs = standing === undefined || standing.version === record.version || standing.leasedBy === this.run;
      if (standing === undefined || standing.version === record.version) return record;
      if (!isOurs) return withMade(standing, record);
      const { endedAs = record.endedAs } = standing;
      return { ...withMade(record, standing), ...(endedAs === undefined ? {} : { endedAs }) };
    };
    const written = await this.reach((engine) => changeDrain(engine, record.instanceId, record, over));
    if (this.failure !== undefined) return record;
    return isOurs ? written : undefined;
  }

  /** Writes a drain that is ours, and leaves it to whoever comes next. */
  release(record: DrainRecord): Promise<DrainRecord | undefined> {
    const { leasedUntil: _, ...free } = record;
    return this.write(free);
  }

  /** Notes something of a drain, whosever it is. */
  async note(instanceId: string, change: (record: DrainRecord) => DrainRecord): Promise<void> {
    const known = this.records.get(instanceId);
    await this.reach((engine) => changeDrain(engine, instanceId, known, (standing) => standing && change(standing)));
  }

  /**
   * Notes these ids and addresses as under notice, and gives all that are known to be.
   * @param until by id or address, ISO 8601.
   */
  async noteUnderNotice(until: Readonly<Record<string, string>>): Promise<ReadonlySet<string>> {
    const all = await this.reach((engine) => noteUnderNotice(engine, until));
    return all ?? new Set(Object.keys(until));
  }

  /** Asks the table, and each of its calls again, while there is time for that. */
  private async reach<T>(work: (engine: DrainStore) => Promise<T>): Promise<T | undefined> {
    if (this.failure !== undefined) return undefined;
    try {
      const patient = { ...this.engine, aws: triedAgain(this.engine, this.engine.now().getTime() + ASKED_MS) };
      return await inTime(this.engine, 'the table', work(patient), ASKED_MS);
    } catch (error) {
      this.failure ??= describeError(error);
      return undefined;
    }
  }
}

/** Calls that are made again where that may help. @param until nothing is, after that. */
function triedAgain(engine: DrainStore, until: number): Aws {
  return async (operation, input) => {
    for (;;) {
      try {
        return await engine.aws(operation, input);
      } catch (error) {
        const wait = engine.random() * ASKED_AGAIN_MS;
        if (!isPassing(asError(error).name) || engine.now().getTime() + wait >= until) throw error;
        await engine.pause(wait);
      }
    }
  };
}

/** The items of these instances' drains, as they are now. Throws when one could not be read: absent is not unread. */
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

/** Writes what becomes of a drain's item, of what stands in it at that time. @returns undefined when there was nothing to write. */
async function changeDrain(
  engine: DrainStore,
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
  throw new Error(`the drain of ${instanceId} was written by others ${TRIES} times`);
}

function writeDrain(engine: DrainStore, record: DrainRecord): Promise<boolean> {
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
async function noteUnderNotice(
  engine: DrainStore,
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

function underNoticeKey({ accountId, region }: Scope): string {
  return `under-notice#${accountId}#${region}`;
}
