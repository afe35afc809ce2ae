import type { Cause } from '../domain/alert.ts';

/** Look again: one message with all instances that could not be judged, and how often they were looked at. */
export interface Relook {
  readonly kind: 'relook';
  /** 1 for the first look again. */
  readonly attempt: number;
  readonly silent: boolean;
  readonly instances: readonly { readonly instanceId: string; readonly cause: Cause }[];
}

/** A part of a sweep: instances to look at because an hour has passed. */
export interface SweepChunk {
  readonly kind: 'sweep';
  readonly sweepId: string;
  readonly chunk: number;
  readonly chunks: number;
  /** The first sweep of a deployment: findings open without a word. */
  readonly silent: boolean;
  readonly instanceIds: readonly string[];
}

export type OwnMessage = Relook | SweepChunk;

/**
 * How long after a look the next one follows, in seconds. SQS delays a message by at most 15 minutes, and Lambda ends a
 * chain of messages to itself after 16: so the looks are few, and then the sweep goes on.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
 */
export const RELOOK_DELAYS_SECONDS = [60, 180, 600, 900] as const;

/** How many instances one message names. */
export const CHUNK_INSTANCES = 100;

/** Our own message, told from an event by its `kind`. Only our own roles may send one. */
export function ownMessage(body: unknown): OwnMessage | undefined {
  if (typeof body !== 'object' || body === null || !('kind' in body)) return undefined;
  const isRelook = body.kind === 'relook' && 'instances' in body && Array.isArray(body.instances);
  const isSweep = body.kind === 'sweep' && 'instanceIds' in body && Array.isArray(body.instanceIds);
  return isRelook || isSweep ? (body as OwnMessage) : undefined;
}
