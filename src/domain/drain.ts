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
  /** When the first was received, ISO 8601. */
  readonly receivedAt: string;
  readonly instance: InstanceSummary;
  /** The policies that it is drained by, or would be. */
  readonly policies: readonly { readonly name: string; readonly mode: Mode }[];
  readonly moves: readonly DrainMove[];
  /** What is left alone, and what could not be said: for the alert. */
  readonly left: readonly string[];
  readonly incomplete: readonly string[];
  /** Until when whoever wrote it works on it, ISO 8601. Past it, anybody does. */
  readonly leasedUntil?: string;
  /** When each alert was taken by SNS, ISO 8601. */
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

/** When the last word on a drain is told at the latest. */
export function lastWordAt(record: Pick<DrainRecord, 'notice' | 'receivedAt'>): Date {
  return new Date(Date.parse(deadlineIn(record)) - LAST_WORD_MS);
}

/**
 * The record with what is planned now. What is known already stays as it is, whoever planned it; what was made, and is planned no
 * more though all was read, has come to its end.
 * @param isComplete whether all that the steps read is known: only then something that is planned no more is over.
 */
export function withPlan(record: DrainRecord, planned: readonly PlannedMove[], isComplete: boolean): DrainRecord {
  const now = new Map(planned.map((move) => [move.key, move]));
  const known = record.moves.map((move) => replanned(move, now.get(move.key), isComplete));
  const keys = new Set(record.moves.map(({ key }) => key));
  return { ...record, moves: [...known, ...planned.filter(({ key }) => !keys.has(key)).map(newMove)] };
}

function newMove({ onlyWould, ...move }: PlannedMove): DrainMove {
  if (onlyWould !== undefined) return { ...move, state: 'would', why: onlyWould, failures: 0 };
  return { ...move, state: 'planned', failures: 0 };
}

function replanned(move: DrainMove, planned: PlannedMove | undefined, isComplete: boolean): DrainMove {
  if (planned !== undefined) return move.state === 'would' ? newMove(planned) : move;
  if (!isComplete) return move;
  if (move.state === 'done') return { ...move, state: 'verified' };
  return isToBeMade(move) ? { ...move, state: 'skipped', why: 'somebody else did it, or it is gone' } : move;
}

function isToBeMade({ state }: DrainMove): boolean {
  return state === 'planned' || state === 'held';
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

/** What is to be made now. Whoever waits for an instance to be done with is told last. */
export function dueMoves(record: DrainRecord, at: Date): readonly DrainMove[] {
  const isEnd = at >= lastWordAt(record);
  const planned = record.moves.filter(({ state }) => state === 'planned');
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
    if (outcome.is === 'again') return { ...rest, ...why, state: 'planned', failures: move.failures + 1 };
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

/** Whether all of it is done, or time is up. */
export function isOver(record: DrainRecord, at: Date): boolean {
  return record.moves.every(isSettled) || at >= lastWordAt(record);
}

/** The record at its end: what there was no time for is cut, or has failed where it was tried. */
export function ended(record: DrainRecord, at: Date): DrainRecord {
  const moves = record.moves.map((move): DrainMove => {
    if (!isToBeMade(move)) return move;
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
  return moves
    .filter(({ state, undo, undoneAt }) => (state === 'done' || state === 'verified') && undo && undoneAt === undefined)
    .reverse();
}

function after(iso: string, milliseconds: number): string {
  return new Date(Date.parse(iso) + milliseconds).toISOString();
}
