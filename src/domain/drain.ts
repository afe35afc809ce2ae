import type { InstanceSummary } from './alert.ts';
import type { TargetGroup } from './drain-facts.ts';
import type { Move } from './drain-step.ts';
import { NOTICE_MS, type Notice } from './notice.ts';
import type { Scope } from './operations.ts';
import type { Mode } from './policy.ts';

/** How far one move has come. */
export type MoveState =
  /** It is to be made. */
  | 'planned'
  /** It waits for another healthy target. */
  | 'held'
  /** Its call was made; what it set going may take its time. */
  | 'done'
  /** What it set going has come to its end. */
  | 'verified'
  /** AWS refused it for good, or it went on failing until there was no time. */
  | 'failed'
  /** There was nothing to do for it. */
  | 'skipped'
  /** Time was up. */
  | 'cut'
  /** The policy observes, enforcement is off, or it is a rehearsal: it would be made. */
  | 'would';

/** A move, with what became of it. JSON. */
export interface DrainMove extends Move {
  readonly step: string;
  readonly policy: string;
  readonly state: MoveState;
  /** AWS's error, or what it waits for. */
  readonly why?: string;
  /** When its call was answered, ISO 8601. */
  readonly at?: string;
  /** How often its call failed so far. */
  readonly failures: number;
  /** Of what is made only once: when its call was begun, ISO 8601. Whoever finds it so does not make it again. */
  readonly begunAt?: string;
  /** When somebody put it back, ISO 8601. */
  readonly undoneAt?: string;
}

/** The one item of a drain: an instance from its first notice to its end. JSON. */
export interface DrainRecord {
  readonly instanceId: string;
  readonly scope: Scope;
  /** Counted up with each write; a write names the version that it read. */
  readonly version: number;
  /** The strongest so far: an interruption takes the place of a rebalance recommendation, and never the other way round. */
  readonly notice: Notice;
  /** When that was received, ISO 8601. */
  readonly receivedAt: string;
  readonly instance: InstanceSummary;
  /** The policies that it is drained by, or would be. */
  readonly policies: readonly { readonly name: string; readonly mode: Mode }[];
  readonly moves: readonly DrainMove[];
  /** What is left alone, and what could not be said: for the alert. */
  readonly left: readonly string[];
  readonly incomplete: readonly string[];
  /** Until when whoever wrote it works on it, ISO 8601, and which run that is. Past it, anybody does. */
  readonly leasedUntil?: string;
  readonly leasedBy?: string;
  /** When each alert was taken by SNS, ISO 8601. A stronger notice is told anew. */
  readonly told: { readonly received?: string; readonly final?: string; readonly undone?: string };
  /** When nothing more comes of it, ISO 8601. */
  readonly endedAt?: string;
  /** How it ended: as announced, or not. */
  readonly endedAs?: 'gone' | 'void' | 'deadline' | 'done';
  readonly expiresAt: string;
}

/** What a drain plans of one move, before anybody made it. */
export interface PlannedMove extends Move {
  readonly step: string;
  readonly policy: string;
  /** Left out: it is made; else why it is not. */
  readonly onlyWould?: string;
}

/** So long before the deadline nothing more is begun, and the last word is told, in milliseconds. */
export const LAST_WORD_MS = 10_000;

/** So long before the deadline what was held for another healthy target is taken out all the same, in milliseconds. */
export const HELD_UNTIL_MS = 20_000;

/** How long a drain without a deadline is followed, in milliseconds: as long as one that has one. */
const FOLLOWED_MS = NOTICE_MS;

/** When a drain is looked at again, in milliseconds after its notice was received. */
const ROUNDS_MS = [5, 10, 20, 30, 45, 60, 75, 90, 105].map((seconds) => seconds * 1000);

const strength = {
  interruption: 3,
  reservation: 3,
  rebalance: 2,
  health: 1,
  'leaving-group': 0,
  ending: 0,
  running: 0,
} as const satisfies Record<Notice['kind'], number>;

/** The stronger of two notices of one instance: what leaves less time, and of equals the first. A rehearsal gives way to what is real. */
export function strongerOf(first: Notice, second: Notice): Notice {
  if (first.isTest !== second.isTest) return first.isTest ? second : first;
  const difference = strength[second.kind] - strength[first.kind];
  if (difference !== 0) return difference > 0 ? second : first;
  return (second.deadline ?? '9') < (first.deadline ?? '9') ? second : first;
}

/** Until when a drain is followed, ISO 8601. */
export function deadlineIn({ notice, receivedAt }: Pick<DrainRecord, 'notice' | 'receivedAt'>): string {
  return notice.deadline ?? after(receivedAt, FOLLOWED_MS);
}

/**
 * Until when something may be begun, ISO 8601: of what comes later, such as a notice that lay in a queue, nothing is made. An instance that
 * hibernates begins with that at once, and takes its time.
 */
function begunUntil(record: Pick<DrainRecord, 'notice' | 'receivedAt'>): number {
  return Math.max(Date.parse(deadlineIn(record)), Date.parse(record.notice.at) + NOTICE_MS);
}

/** How long EC2 may take to do what it announced, in milliseconds. */
const GONE_WITHIN_MS = 60_000;

/** When EC2 has done what it announced, if it does: an instance that runs then runs on. */
export function goneBy(record: Pick<DrainRecord, 'notice' | 'receivedAt'>): Date {
  return new Date(begunUntil(record) + GONE_WITHIN_MS);
}

/** When the last word on a drain is told at the latest. */
export function lastWordAt(record: Pick<DrainRecord, 'notice' | 'receivedAt'>): Date {
  return new Date(Date.parse(deadlineIn(record)) - LAST_WORD_MS);
}

/**
 * The record with what is planned now. What is still to be made is as this look plans it, and has come as far as is known; what was
 * made, and is planned no more though all was read, has come to its end.
 * @param isComplete whether all that the steps read is known: only then something that is planned no more is over.
 */
export function withPlan(
  record: DrainRecord,
  planned: readonly PlannedMove[],
  isComplete: boolean,
  at: Date,
): DrainRecord {
  const now = new Map(planned.map((move) => [move.key, move]));
  const known = record.moves.map((move) => {
    const again = now.get(move.key);
    return again === undefined ? notPlanned(move, isComplete) : replanned(move, again, at);
  });
  const keys = new Set(record.moves.map(({ key }) => key));
  return { ...record, moves: [...known, ...planned.filter(({ key }) => !keys.has(key)).map(newMove)] };
}

function newMove({ onlyWould, ...move }: PlannedMove): DrainMove {
  if (onlyWould !== undefined) return { ...move, state: 'would', why: onlyWould, failures: 0 };
  return { ...move, state: 'planned', failures: 0 };
}

/** How long AWS may show what was before a call, in milliseconds. */
const SHOWN_MS = 5_000;

/** What is planned still or again. Enforcement may have ended or begun meanwhile; and what was made may have been put back by others. */
function replanned(move: DrainMove, planned: PlannedMove, at: Date): DrainMove {
  if (move.state === 'would') return newMove(planned);
  if (isToBeMade(move)) return planned.onlyWould === undefined ? goneOn(newMove(planned), move) : newMove(planned);
  const isBack = wasMade(move) && move.undo !== undefined && at.getTime() >= Date.parse(move.at ?? '') + SHOWN_MS;
  return isBack ? newMove(planned) : move;
}

/** A move as it is planned now, as far as it had come. */
function goneOn(fresh: DrainMove, { state, failures, why, at, begunAt }: DrainMove): DrainMove {
  return {
    ...fresh,
    state,
    failures,
    ...(why === undefined ? {} : { why }),
    ...(at === undefined ? {} : { at }),
    ...(begunAt === undefined ? {} : { begunAt }),
  };
}

function notPlanned(move: DrainMove, isComplete: boolean): DrainMove {
  if (!isComplete) return move;
  if (move.state === 'done') return { ...move, state: 'verified' };
  return isToBeMade(move) ? { ...move, state: 'skipped', why: 'somebody else did it, or it is gone' } : move;
}

function isToBeMade({ state }: DrainMove): boolean {
  return state === 'planned' || state === 'held';
}

function wasMade({ state }: DrainMove): boolean {
  return state === 'done' || state === 'verified';
}

/** Whether a drain begins with this notice, of an instance that had one before. */
export function startsAnew(record: DrainRecord, notice: Notice): boolean {
  const { notice: before, endedAt } = record;
  // Left open by a run that could not write its end.
  if (endedAt === undefined) return Date.parse(notice.at) > goneBy(record).getTime();
  // A rehearsal must not keep what is real from being worked, nor from being put back.
  if (before.isTest && !notice.isTest) return true;
  if (notice.isTest && !before.isTest && movesToPutBack(record).length > 0) return false;
  return notice.at > endedAt || (strongerOf(before, notice) === notice && before.kind !== notice.kind);
}

/** Whether a notice belongs to the same taking away: its time is not over yet, and nothing was put back. */
function isOfSameLife(record: DrainRecord, notice: Notice): boolean {
  return record.endedAs !== 'void' && Date.parse(notice.at) <= goneBy(record).getTime();
}

/** What of a record's moves still holds when a stronger notice comes, or another one later. What failed is tried again. */
export function movesKept(record: DrainRecord, notice: Notice): readonly DrainMove[] {
  const isSame = isOfSameLife(record, notice);
  const isOpen = record.endedAt === undefined;
  return record.moves.filter((move) => {
    // What is made once for one end of an instance is made again for another.
    if (move.undoneAt !== undefined || (move.isOnce && !isSame)) return false;
    return wasMade(move) || move.begunAt !== undefined || (isOpen && isSame && isToBeMade(move));
  });
}

/** The record of whoever has the drain, with what others made or noted of it meanwhile. */
export function withMade(own: DrainRecord, others: DrainRecord): DrainRecord {
  const answered = new Map(
    others.moves.filter((move) => wasMade(move) || move.undoneAt).map((move) => [move.key, move]),
  );
  const keys = new Set(own.moves.map(({ key }) => key));
  const moves = own.moves.map((move): DrainMove => {
    const other = answered.get(move.key);
    if (other === undefined) return move;
    if (isToBeMade(move)) return other.undoneAt === undefined ? other : move;
    return other.undoneAt !== undefined && other.at === move.at ? other : move;
  });
  const more = [...answered.values()].filter(({ key, undoneAt }) => !keys.has(key) && undoneAt === undefined);
  return { ...own, moves: [...moves, ...more] };
}

/**
 * The record with what must wait held back, and what need not set free: a target leaves early only while another healthy one that is
 * not under notice itself stays in its group.
 * @param underNotice ids and addresses of all instances that are.
 */
export function withHeld(
  record: DrainRecord,
  groups: readonly TargetGroup[],
  underNotice: ReadonlySet<string>,
  at: Date,
): DrainRecord {
  const isLate = at.getTime() >= Date.parse(deadlineIn(record)) - HELD_UNTIL_MS;
  const moves = record.moves.map((move): DrainMove => {
    const { needsAnotherIn, why: _, ...rest } = move;
    if (needsAnotherIn === undefined || !isToBeMade(move)) return move;
    const group = groups.find(({ targetGroupArn }) => targetGroupArn === needsAnotherIn);
    const hasAnother = group?.targets.some(({ id, health }) => health === 'healthy' && !underNotice.has(id)) === true;
    if (hasAnother) return move.state === 'planned' ? move : { ...rest, needsAnotherIn, state: 'planned' };
    const waits = `no other healthy target is in ${group?.name ?? needsAnotherIn}`;
    if (isLate) return { ...rest, needsAnotherIn, state: 'planned', why: `${waits}, and time is up` };
    return { ...rest, needsAnotherIn, state: 'held', why: waits };
  });
  return { ...record, moves };
}

/** How long after it was begun the outcome of what is made once may still come, in milliseconds: no run takes longer. */
const ANSWERED_MS = 25_000;

/** The record without what somebody began that may be made only once, and of which no more will be heard. */
export function withoutBegun(record: DrainRecord, at: Date): DrainRecord {
  const moves = record.moves.map((move): DrainMove => {
    if (move.begunAt === undefined || !isToBeMade(move)) return move;
    if (at.getTime() < Date.parse(move.begunAt) + ANSWERED_MS) return move;
    return { ...move, state: 'failed', why: NOT_HEARD };
  });
  return { ...record, moves };
}

const NOT_HEARD = 'it was begun, and what became of it was not heard: it is not made twice';

/** The record with what is made only once noted as begun: before its call, so that nobody makes it again. */
export function withBegun(record: DrainRecord, due: ReadonlySet<string>, at: Date): DrainRecord {
  const moves = record.moves.map(
    (move): DrainMove => (move.isOnce && due.has(move.key) ? { ...move, begunAt: at.toISOString() } : move),
  );
  return { ...record, moves };
}

/** The record without what may be made only once, where nobody would remember that it was. */
export function withoutOnce(record: DrainRecord, why: string): DrainRecord {
  const moves = record.moves.map(
    (move): DrainMove => (move.isOnce && isToBeMade(move) ? { ...move, state: 'skipped', why } : move),
  );
  return { ...record, moves };
}

/** What is to be made now. Whoever waits for an instance to be done with is told last. When its time is over nothing is. */
export function dueMoves(record: DrainRecord, at: Date): readonly DrainMove[] {
  if (at.getTime() > begunUntil(record)) return [];
  const isEnd = at >= lastWordAt(record);
  const planned = record.moves.filter(({ state, begunAt }) => state === 'planned' && begunAt === undefined);
  const others = record.moves.filter(({ isLast }) => !isLast);
  const areOthersOver = others.every((move) => isSettled(move) || move.state === 'done');
  return planned.filter(({ isLast }) => !isLast || areOthersOver || isEnd);
}

/** What a call came to. `again`: it failed, and may succeed at another time. */
export interface MoveOutcome {
  readonly is: 'done' | 'skipped' | 'failed' | 'again';
  /** AWS's error. */
  readonly why?: string;
  /** When it was answered, ISO 8601. */
  readonly at: string;
}

/** The record after calls were made, by the moves' keys. What another run has made meanwhile stays as that one says. */
export function withOutcomes(record: DrainRecord, outcomes: ReadonlyMap<string, MoveOutcome>): DrainRecord {
  const moves = record.moves.map((move): DrainMove => {
    const outcome = outcomes.get(move.key);
    if (outcome === undefined || !isToBeMade(move)) return move;
    const { why: _, ...rest } = move;
    const why = outcome.why === undefined ? {} : { why: outcome.why };
    if (outcome.is === 'again') {
      const { begunAt: __, ...unbegun } = rest;
      return { ...unbegun, ...why, state: 'planned', failures: move.failures + 1 };
    }
    // What is made once has no end that could be seen.
    const state = outcome.is === 'done' && move.isOnce ? 'verified' : outcome.is;
    return { ...rest, ...why, state, at: outcome.at };
  });
  return { ...record, moves };
}

/** Whether nothing more comes of a move. */
function isSettled({ state }: DrainMove): boolean {
  return state === 'verified' || state === 'failed' || state === 'skipped' || state === 'would' || state === 'cut';
}

/** How long what was made is watched until it has come to its end, and whatever else is to do looked for, in milliseconds. */
const WATCHED_MS = 30_000;

/**
 * Whether all of it is done, or time is up. Where not all could be read, more may still be found to do, and is looked for to the end if
 * nothing was that takes the instance out of service; of what was made the end is not always seen.
 */
export function isOver(record: DrainRecord, at: Date): boolean {
  if (at >= lastWordAt(record)) return true;
  const { moves, incomplete, receivedAt } = record;
  if (incomplete.length === 0 && moves.every(isSettled)) return true;
  if (incomplete.length > 0 && moves.every(({ isOnce }) => isOnce)) return false;
  const since = Math.max(...[receivedAt, ...moves.flatMap((move) => move.at ?? [])].map((time) => Date.parse(time)));
  const isWatchedEnough = at.getTime() >= since + WATCHED_MS;
  return isWatchedEnough && moves.every((move) => isSettled(move) || move.state === 'done');
}

/** The record at its end: what there was no time for is cut, or has failed where it was tried. */
export function ended(record: DrainRecord, at: Date): DrainRecord {
  const moves = record.moves.map((move): DrainMove => {
    if (move.state === 'done') return { ...move, why: move.why ?? 'its end was not seen' };
    if (!isToBeMade(move)) return move;
    if (move.begunAt !== undefined) return { ...move, state: 'failed', why: NOT_HEARD };
    return move.failures > 0 ? { ...move, state: 'failed' } : { ...move, state: 'cut', why: move.why ?? 'time was up' };
  });
  return { ...record, moves, endedAt: at.toISOString() };
}

/** When to look again, in seconds from now; 0 where there is no time left. */
export function secondsToNextRound(record: DrainRecord, at: Date): number {
  const received = Date.parse(record.receivedAt);
  const last = lastWordAt(record).getTime();
  const release = Date.parse(deadlineIn(record)) - HELD_UNTIL_MS;
  const times = [...ROUNDS_MS.map((round) => received + round), release, last];
  const next = Math.min(last, ...times.filter((time) => time > at.getTime()));
  return Math.max(0, Math.ceil((next - at.getTime()) / 1000));
}

/** What of a drain a call of ours puts back, the last first. */
export function movesToPutBack({ moves }: DrainRecord): readonly DrainMove[] {
  return moves.filter((move) => wasMade(move) && move.undo !== undefined && move.undoneAt === undefined).reverse();
}

/** Whether only a person can put back what was made. */
export function isPutBackByHand(move: DrainMove): boolean {
  return wasMade(move) && move.undo === undefined && move.undoByHand !== undefined && move.undoneAt === undefined;
}

function after(iso: string, milliseconds: number): string {
  return new Date(Date.parse(iso) + milliseconds).toISOString();
}
