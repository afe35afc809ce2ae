import type { InstanceSummary } from './alert.ts';
import type { Move } from './drain-step.ts';
import type { Notice } from './notice.ts';
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
