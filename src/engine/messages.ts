import type { Cause } from '../domain/alert.ts';

/** Look at instances: again, since they could not be judged, or in parts, since one event led to many. */
export interface LookMessage {
  readonly kind: 'look';
  /** How often they were looked at for this cause. */
  readonly attempt: number;
  /** Looks again of a sweep go through the bulk queue, as it does. */
  readonly queue: 'live' | 'bulk';
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

/** Show that you work: the clock's message, which src/stack/event-rules.ts has a rule send. */
export interface ProbeMessage {
  readonly kind: 'probe';
}

/** Look at whatever is due: the clock's message of every minute, likewise. */
export interface TickMessage {
  readonly kind: 'tick';
}

/** What the clock sends. */
export type ClockMessage = ProbeMessage | TickMessage;

export type OwnMessage = LookMessage | SweepChunk | ClockMessage;

/**
 * How long after a look the next one follows, in seconds. SQS delays a message by at most 15 minutes, and Lambda ends a
 * chain of messages to itself after 16: so the looks are few, and then the sweep goes on.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
 */
export const RELOOK_DELAYS_SECONDS = [60, 180, 600, 900] as const;

/** How many instances one message names. */
export const CHUNK_INSTANCES = 100;

/** An event that leads to more instances than this, such as a change of a group that all carry, is worked in parts. */
export const MOST_INSTANCES = 200;

/**
 * An API call that we hear of sooner than this, in milliseconds, may be ahead of what Describe shows: EC2 is eventually
 * consistent. It is looked at once more.
 * @see https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
 */
export const AHEAD_MS = 30_000;

/** Our own message, told from an event by its `kind`; `malformed` when it is none that we would send. */
export function ownMessage(body: unknown): OwnMessage | 'malformed' | undefined {
  if (!isObject(body)) return undefined;
  if (body.kind === 'probe' || body.kind === 'tick') return { kind: body.kind };
  if (body.kind !== 'look' && body.kind !== 'sweep') return undefined;
  const isWhole = body.kind === 'look' ? isLookMessage(body) : isSweepChunk(body);
  return isWhole ? (body as unknown as OwnMessage) : 'malformed';
}

type Fields = Readonly<Record<string, unknown>>;

function isLookMessage({ attempt, queue, instances }: Fields): boolean {
  const isInstance = (one: unknown) => isObject(one) && isInstanceId(one.instanceId) && isCause(one.cause);
  return isCount(attempt) && (queue === 'live' || queue === 'bulk') && isListOf(instances, isInstance);
}

function isSweepChunk({ sweepId, chunk, chunks, silent, instanceIds }: Fields): boolean {
  const isNumbered = typeof sweepId === 'string' && isCount(chunk) && isCount(chunks);
  return isNumbered && typeof silent === 'boolean' && isListOf(instanceIds, isInstanceId);
}

function isListOf(value: unknown, isEntry: (entry: unknown) => boolean): boolean {
  return Array.isArray(value) && value.length <= CHUNK_INSTANCES && value.every(isEntry);
}

function isInstanceId(value: unknown): boolean {
  return typeof value === 'string' && /^i-[0-9A-Za-z]{1,32}$/.test(value);
}

function isCause(value: unknown): boolean {
  return isObject(value) && typeof value.key === 'string' && typeof value.text === 'string';
}

function isCount(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0;
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}
