import type { Cause } from '../domain/alert.ts';
import type { Launch } from '../domain/collected.ts';
import { describeError } from '../domain/errors.ts';
import { needsOf } from '../domain/judge.ts';
import { eventsThatChange, type Need } from '../domain/needs.ts';
import { normalise } from '../events/normalise.ts';
import { noTargets, type Targets } from '../events/targets.ts';
import type { Engine } from './deployment.ts';
import { type ClockMessage, type OwnMessage, ownMessage, type SweepChunk } from './messages.ts';

/** A message of the live or bulk queue. */
export interface QueueMessage {
  readonly id: string;
  readonly body: string;
}

/** What one message asks for: to look at the instances that its targets lead to. */
export interface Task {
  readonly messageId: string;
  /** How often its instances were looked at before. */
  readonly attempt: number;
  /** Where looks again go: a sweep's stay behind events. */
  readonly queue: 'live' | 'bulk';
  /** The state that a change of state told of. */
  readonly state?: string;
  readonly targets: Targets;
  /** The cause of a look at an instance. */
  causeOf(instanceId: string): Cause;
  readonly launches: ReadonlyMap<string, Launch>;
  readonly sweep?: SweepChunk;
}

/** What a message comes to: a task; the clock's probe or tick; none of ours, which is said; or unreadable, which fails it. */
export type Understood =
  | { readonly kind: 'task'; readonly task: Task }
  | ClockMessage
  | { readonly kind: 'ignored'; readonly reason: string }
  | { readonly kind: 'broken'; readonly error: string };

/** Understands a message: an event, or one of our own. Never throws. */
export function understand(engine: Engine, { id, body }: QueueMessage): Understood {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch (error) {
    return { kind: 'broken', error: `message ${id} is no JSON: ${describeError(error)}` };
  }
  const own = ownMessage(parsed);
  if (own === 'malformed') return { kind: 'broken', error: `message ${id} is of our kind, and not of our form` };
  if (own === undefined) return eventTask(engine, id, parsed);
  return own.kind === 'probe' || own.kind === 'tick' ? own : { kind: 'task', task: ownTask(id, own) };
}

function eventTask(engine: Engine, messageId: string, body: unknown): Understood {
  const { scope, roleArns } = engine.deployment;
  const needs = needsOf(engine.policies);
  const relevantEvents = new Set(eventsThatChange(needs));
  const normalised = normalise(body, { scope, roleArns, relevantEvents });
  if (normalised.kind === 'ignored') return normalised;
  const { targets: named, launches, cause, state } = normalised.hint;
  const targets = targetsNeeded(named, needs);
  if (Object.values(targets).flat().length === 0)
    return { kind: 'ignored', reason: `no deployed policy reads the tags of ${namesOf(named)}` };
  const task: Task = { messageId, attempt: 0, queue: 'live', targets, launches, causeOf: () => cause };
  return { kind: 'task', task: state === undefined ? task : { ...task, state } };
}

/** Tags of volumes and of groups change nothing for policies that don't read them, nor may these be looked up then. */
function targetsNeeded(targets: Targets, needs: readonly Need[]): Targets {
  return {
    ...targets,
    volumeIds: needs.includes('volumes') ? targets.volumeIds : [],
    sourceGroupIds: needs.includes('sourceGroups') ? targets.sourceGroupIds : [],
  };
}

function ownTask(messageId: string, message: Exclude<OwnMessage, ClockMessage>): Task {
  const launches = new Map<string, Launch>();
  if (message.kind === 'sweep') {
    const cause: Cause = { key: `sweep:${message.sweepId}`, text: 'hourly sweep' };
    const targets = { ...noTargets, instanceIds: message.instanceIds };
    return { messageId, attempt: 0, queue: 'bulk', targets, launches, causeOf: () => cause, sweep: message };
  }
  const causes = new Map(message.instances.map(({ instanceId, cause }) => [instanceId, cause]));
  const causeOf = (id: string) => causes.get(id) ?? { key: 'look', text: 'a look again' };
  const targets = { ...noTargets, instanceIds: [...causes.keys()] };
  return { messageId, attempt: message.attempt, queue: message.queue, targets, launches, causeOf };
}

/** The ids and names that a task looks up. */
export function namesOf(targets: Targets): string {
  return Object.values(targets).flat().join(', ');
}
