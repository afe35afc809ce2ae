import type * as elbv2 from '@aws-sdk/client-elastic-load-balancing-v2';
import { describeError } from '../domain/errors.ts';
import { distinct } from '../domain/instance.ts';
import type { Scope } from '../domain/operations.ts';
import { HOUR_MS } from '../domain/time.ts';
import type { Engine } from './deployment.ts';
import { type CallBudget, elbBudget } from './elb-budget.ts';
import { atMost, awsUntil } from './in-time.ts';
import { listIn, type ReadResult, readOn } from './reads.ts';
import { bodyOf, readItems, type SubjectsTable, secondsOf, writeVersioned } from './store.ts';

/**
 * Which target group holds whom, as it was looked at last. ELB has no such question, and to ask each group takes longer than an
 * interrupted instance has: 500 groups are more than a minute of what ELB answers.
 *
 * Its form: sixteen items, by the last digit of the group's ARN, which is chance. 5,000 registrations in 500 groups are about 170 KB:
 * one item would hold them, but each write would cost all of them, and two runs could not write at the same time. An item for
 * each instance would be least to read, and 5,000 writes each hour. So one BatchGetItem reads all, one write of some 11 KB brings
 * one part up to date, and there is room for more than 200,000 registrations before a part has none. Instances of every kind are
 * in it, not Spot instances alone: it can be written without EC2, and a target group that holds none is known to do so.
 */
interface TargetIndexPart {
  readonly version: number;
  /** By the ARN of the target group. */
  readonly groups: Readonly<Record<string, LookedAt>>;
}

/** A target group as it was looked at. */
export interface LookedAt {
  /** ISO 8601. */
  readonly at: string;
  /** Ids of instances and addresses; left out where there were more than the item has room for: nothing is known of it. */
  readonly targets?: readonly string[];
}

/** By the ARN of the target group. */
export type TargetIndex = ReadonlyMap<string, LookedAt>;

/** What reading and writing the index takes. */
export type IndexTable = SubjectsTable & Pick<Engine, 'now'>;

const PARTS = Array.from({ length: 16 }, (_, digit) => digit.toString(16));

/** An item holds 400 KB at most. */
const PART_BYTES = 380_000;

/** When a part that nobody writes any more may go. */
const KEPT_MS = 48 * HOUR_MS;

/** How often a change of a part is tried against other writers. */
const TRIES = 6;

/** Rows of a page: ELB's most. */
const PAGE_ROWS = 400;

/** How many groups are looked at side by side. */
export const LOOKS_AT_ONCE = 10;

/** For how long one refreshing looks at groups, in milliseconds: what it leaves, the next one begins with. */
export const REFRESH_MS = 120_000;

/** How long after that what was looked at may still be written, in milliseconds: a table that hangs must not keep whoever refreshes. */
const WRITTEN_MS = 20_000;

/** The index as it is now. Throws when it can't be read: no index is not an empty one. */
export async function readTargetIndex(engine: IndexTable): Promise<TargetIndex> {
  const parts = await readParts(engine, PARTS);
  return new Map([...parts.values()].flatMap(({ groups }) => Object.entries(groups)));
}

/**
 * Writes down what was seen of target groups, over what is older.
 * @param existing all groups that there are: of others nothing is kept. Left out: nobody knows which there are.
 */
export async function noteTargets(
  engine: IndexTable,
  looks: TargetIndex,
  existing?: ReadonlySet<string>,
): Promise<void> {
  const parts = distinct([...looks.keys()].map(partOf));
  await Promise.all(parts.map((part) => changePart(engine, part, looks, existing)));
}

/** What a refreshing did. */
export interface IndexReport {
  readonly targetGroups: number;
  readonly lookedAt: number;
  /** What could not be read or written, one line each. */
  readonly failures: readonly string[];
}

/**
 * Looks at target groups, those longest unseen first, as fast as ELB's budget allows without being in a drain's way, and writes
 * them into the index, a part at a time. What there was no time for, the next refreshing begins with.
 */
export async function refreshTargetIndex(
  engine: IndexTable,
  until = new Date(engine.now().getTime() + REFRESH_MS),
): Promise<IndexReport> {
  const budget = elbBudget(engine, 'elbv2', { canWait: true });
  const inTime = { ...engine, aws: awsUntil(engine, until) };
  const afterwards = { ...engine, aws: awsUntil(engine, new Date(until.getTime() + WRITTEN_MS)) };
  const listing = await listTargetGroups(inTime, budget, until);
  if (listing.failure !== undefined) {
    return { targetGroups: listing.rows.length, lookedAt: 0, failures: [`target groups: ${listing.failure.detail}`] };
  }
  const groups = listing.rows.filter(holdsInstances).map(arnOf);
  const failures = new Set<string>();
  const tell = (what: string) => (error: unknown) => {
    failures.add(`${what}: ${describeError(error)}`);
    return undefined;
  };
  const index = await readTargetIndex(inTime).catch(tell('the index of targets'));
  const existing = new Set(groups);
  let lookedAt = 0;
  for (const part of index === undefined ? [] : longestUnseen(groups, index)) {
    const looks = await atMost(LOOKS_AT_ONCE, part, async (arn) => {
      if (!(await budget.take(until))) return [];
      const seen = await lookAt(inTime, arn).catch(tell(arn));
      return seen === undefined ? [] : [[arn, asLookedAt(seen, engine.now())] as const];
    });
    const seen = new Map(looks.flat());
    if (seen.size === 0) break;
    // With time of its own: what was looked at is worth its write.
    await noteTargets(afterwards, seen, existing).then(() => {
      lookedAt += seen.size;
    }, tell('the index of targets'));
  }
  if (budget.failure !== undefined) failures.add(`the budget of calls: ${budget.failure.detail}`);
  return { targetGroups: groups.length, lookedAt, failures: [...failures] };
}

/** All target groups of the account and Region, page by page. */
export function listTargetGroups(
  { aws }: Pick<Engine, 'aws'>,
  budget: CallBudget,
  until: Date,
): Promise<ReadResult<elbv2.TargetGroup>> {
  const operation = 'elbv2:DescribeTargetGroups';
  return readOn(async (Marker) => {
    if (!(await budget.take(until))) throw noRoom();
    const page = { PageSize: PAGE_ROWS, ...(Marker === undefined ? {} : { Marker }) };
    const { TargetGroups, NextMarker } = await aws(operation, page);
    return { rows: listIn(operation, TargetGroups), next: NextMarker || undefined };
  });
}

/** All that a target group holds. */
export async function lookAt(
  { aws }: Pick<Engine, 'aws'>,
  TargetGroupArn: string,
): Promise<readonly elbv2.TargetHealthDescription[]> {
  const operation = 'elbv2:DescribeTargetHealth';
  const { TargetHealthDescriptions } = await aws(operation, { TargetGroupArn });
  return listIn(operation, TargetHealthDescriptions);
}

/** What the index keeps of a look. */
export function asLookedAt(rows: readonly elbv2.TargetHealthDescription[], at: Date): LookedAt {
  return { at: at.toISOString(), targets: distinct(rows.map(({ Target }) => Target?.Id)) };
}

/** Whether instances may be in it: not in one of Lambda functions, or of load balancers. */
export function holdsInstances({ TargetType = 'instance' }: elbv2.TargetGroup): boolean {
  return TargetType === 'instance' || TargetType === 'ip';
}

/** As the list has it. */
export function arnOf({ TargetGroupArn = '' }: elbv2.TargetGroup): string {
  return TargetGroupArn;
}

/** What ELB would answer is used up, as far as it is ours. */
export function noRoom(): Error {
  const error = new Error('not looked at: no more of what ELB answers was left in the time there was');
  return Object.assign(error, { name: 'Throttling' });
}

/** Groups by the part that they belong to: first the part with the group that nobody has looked at for longest. */
function longestUnseen(groups: readonly string[], index: TargetIndex): readonly (readonly string[])[] {
  const seenAt = (arn: string) => index.get(arn)?.at ?? '';
  const byAge = [...groups].sort((a, b) => seenAt(a).localeCompare(seenAt(b)));
  return distinct(byAge.map(partOf)).map((part) => byAge.filter((arn) => partOf(arn) === part));
}

async function changePart(
  engine: IndexTable,
  part: string,
  looks: TargetIndex,
  existing: ReadonlySet<string> | undefined,
): Promise<void> {
  for (let tries = 0; tries < TRIES; tries++) {
    const before = (await readParts(engine, [part])).get(part);
    const own = [...looks].filter(([arn]) => partOf(arn) === part);
    const kept = Object.entries(before?.groups ?? {}).filter(([arn]) => existing === undefined || existing.has(arn));
    const groups = new Map(kept);
    for (const [arn, look] of own) if (look.at >= (groups.get(arn)?.at ?? '')) groups.set(arn, look);
    const body = fitting({ version: (before?.version ?? 0) + 1, groups: Object.fromEntries(groups) });
    const expiresAt = secondsOf(new Date(engine.now().getTime() + KEPT_MS));
    if (await writeVersioned(engine, partKey(engine.deployment.scope, part), body, { expiresAt })) return;
  }
  throw Object.assign(new Error(`the index of targets was written by others ${TRIES} times`), { name: 'Contended' });
}

/** Without the targets of its largest groups, as many as it takes. */
function fitting(part: TargetIndexPart): TargetIndexPart {
  let size = Buffer.byteLength(JSON.stringify(part));
  if (size <= PART_BYTES) return part;
  const groups = { ...part.groups };
  const bySize = Object.entries(groups).sort(([, a], [, b]) => (b.targets?.length ?? 0) - (a.targets?.length ?? 0));
  for (const [arn, { at, targets }] of bySize) {
    if (size <= PART_BYTES) break;
    groups[arn] = { at };
    size -= Buffer.byteLength(JSON.stringify(targets));
  }
  return { ...part, groups };
}

async function readParts(engine: IndexTable, parts: readonly string[]): Promise<ReadonlyMap<string, TargetIndexPart>> {
  const { scope } = engine.deployment;
  const items = await readItems(
    engine,
    parts.map((part) => partKey(scope, part)),
  );
  return new Map(items.map((item) => [item.pk?.S?.at(-1) ?? '', bodyOf<TargetIndexPart>(item)]));
}

/** An ARN ends in sixteen digits of chance. */
function partOf(arn: string): string {
  const digit = arn.at(-1) ?? '';
  return PARTS.includes(digit) ? digit : '0';
}

function partKey({ accountId, region }: Scope, part: string): string {
  return `targets#${accountId}#${region}#${part}`;
}
