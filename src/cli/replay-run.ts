import { noted, swept } from '../domain/controls.ts';
import { wakesAt } from '../domain/finding.ts';
import { groupedBy } from '../domain/grouped.ts';
import { distinct } from '../domain/instance.ts';
import type { Json } from '../domain/json.ts';
import type { Notice } from '../domain/notice.ts';
import { isChanging, isDraining, type Scope } from '../domain/operations.ts';
import type { BoundPolicy } from '../domain/policy.ts';
import { changeControls, readAllRecords } from '../engine/store.ts';
import type { Published } from '../sandbox/account.ts';
import type { Resources } from '../sandbox/recorded.ts';
import { type Call, createSandbox } from '../sandbox/sandbox.ts';
import { standingFindings } from './documents.ts';
import type { Arrival } from './replay-events.ts';
import type { ReplayDocument } from './report/document.ts';
import { advanceTo, type Simulation, type SimulationOptions, simulate } from './simulation.ts';

/** Looks again and whatever else falls due within so long is still run, in milliseconds: 15 minutes, inclusive. */
const QUIET_MS = 900_000;

/** Events that arrive so close together are one batch, in milliseconds: the window of the live queue. */
const WINDOW_MS = 1000;

type Told = ReplayDocument['events'][number];

/** Whether what the policies say is done to the account in memory, and within which limits. */
export type Enforcement = Pick<SimulationOptions, 'isEnforcing' | 'safety'>;

/**
 * What the events would have led to: each account and Region is an account in memory that holds the snapshot, and starts
 * at its first event's time. Events arrive in the order given, none before its time.
 * @param forMs how long the clock goes on after the last event; left out: until it is quiet.
 */
export async function replay(
  arrivals: readonly Arrival[],
  resources: Resources,
  policies: readonly BoundPolicy[],
  enforcement: Enforcement = {},
  forMs?: number,
): Promise<ReplayDocument> {
  const events = new Map<Arrival, Told>();
  const parts: Omit<ReplayDocument, 'version' | 'events'>[] = [];
  for (const some of groupedBy(arrivals, ({ scope }) => scopeKey(scope)).values()) {
    const simulation = await runEvents(some, resources, policies, enforcement, forMs, events);
    parts.push({
      findings: standingFindings(await readAllRecords(simulation.engine), policies),
      alerts: simulation.sandbox.account.published.map(alertOf),
      calls: simulation.sandbox.calls
        .filter(({ operation }) => isChanging(operation) || isDraining(operation))
        .map(callOf),
    });
  }
  return {
    version: 1,
    events: arrivals.flatMap((arrival) => events.get(arrival) ?? []),
    findings: parts.flatMap((part) => part.findings),
    alerts: parts.flatMap((part) => part.alerts),
    calls: parts.flatMap((part) => part.calls),
  };
}

async function runEvents(
  arrivals: readonly [Arrival, ...Arrival[]],
  resources: Resources,
  policies: readonly BoundPolicy[],
  enforcement: Enforcement,
  forMs: number | undefined,
  events: Map<Arrival, Told>,
): Promise<Simulation> {
  const [{ scope, time: start }] = arrivals;
  const simulation = simulate(createSandbox({ scope, start, resources, pageSize: 'aws' }), policies, enforcement);
  if (enforcement.isEnforcing) await countAsSwept(simulation);
  const timed = withTicks(simulation);
  const messages = new Map<string, Arrival>();
  let windowEnds = start.getTime() + WINDOW_MS;
  for (const arrival of arrivals) {
    if (arrival.time.getTime() > windowEnds) {
      await timed.runUntil(arrival.time);
      windowEnds = arrival.time.getTime() + WINDOW_MS;
    }
    const messageId = simulation.send(arrival.event);
    messages.set(messageId, arrival);
    for (const notice of simulation.noticed.get(messageId) ?? []) willBeTaken(simulation, notice);
  }
  if (forMs === undefined) await timed.runUntilQuiet(QUIET_MS);
  else await timed.runUntil(new Date(simulation.sandbox.now().getTime() + forMs));
  for (const report of simulation.reports) {
    for (const { messageId, instanceIds } of report.led) tell(events, messages.get(messageId), instanceIds, null);
    for (const { messageId, reason } of report.ignored) tell(events, messages.get(messageId), [], reason);
  }
  for (const [messageId, notices] of simulation.noticed)
    if (isWorked(simulation, messageId))
      tell(events, messages.get(messageId), distinct(notices.map(instanceIdOf)), null);
  for (const { ignored } of simulation.drainReports)
    for (const { messageId, reason } of ignored) tell(events, messages.get(messageId), [], reason);
  for (const arrival of messages.values())
    if (!events.has(arrival)) tell(events, arrival, [], `failed: ${errorsOf(simulation)}`);
  return simulation;
}

/**
 * A deployment whose first sweep has found nothing: what events find is new, and no baseline. Its size is not known, so that
 * limits go by count alone.
 */
async function countAsSwept({ engine }: Simulation): Promise<void> {
  const at = engine.now().toISOString();
  const enforcing = engine.policies.filter(({ mode }) => mode === 'enforce');
  await changeControls(engine, (controls) => swept(noted(controls, enforcing, at), at, undefined));
}

/** Runs that also look at what comes by the passing of time alone, each at its time: an action after its grace, a reminder. */
function withTicks(simulation: Simulation): Pick<Simulation, 'runUntil' | 'runUntilQuiet'> {
  const { sandbox, engine } = simulation;
  let ticked = '';

  async function run(until: () => Date): Promise<void> {
    for (;;) {
      const wake = (await readAllRecords(engine)).flatMap((record) => wakesAt(record) ?? []).sort();
      const next = wake.find((time) => time > ticked);
      const wakeAt = next === undefined ? undefined : new Date(next);
      const dueAt = sandbox.nextDueAt();
      if (wakeAt !== undefined && wakeAt <= until() && (dueAt === undefined || wakeAt < dueAt)) {
        advanceTo(sandbox, wakeAt);
        ticked = sandbox.now().toISOString();
        simulation.send({ kind: 'tick' });
      } else if (dueAt !== undefined && dueAt <= until()) await simulation.runUntil(latest(dueAt, sandbox.now()));
      else return;
    }
  }

  return {
    async runUntil(time) {
      await run(() => time);
      await simulation.runUntil(time);
    },
    runUntilQuiet: (milliseconds) => run(() => new Date(sandbox.now().getTime() + milliseconds)),
  };
}

function latest(a: Date, b: Date): Date {
  return a > b ? a : b;
}

/** EC2 does at its time what it has announced, where the instance runs then. Events are those that were given: it sends none of that. */
function willBeTaken({ sandbox }: Simulation, { kind, isTest, instanceId, action, deadline }: Notice): void {
  if ((kind !== 'interruption' && kind !== 'reservation') || isTest) return;
  const { account } = sandbox;
  const left = Date.parse(deadline ?? '') - sandbox.now().getTime();
  account.after(Math.max(0, left), () => {
    const all = account.rows.reservations?.flatMap(({ Instances = [] }) => Instances) ?? [];
    const isThere = all.some(({ InstanceId, State }) => InstanceId === instanceId && State?.Name === 'running');
    if (isThere) account.takeBack(instanceId, action ?? 'terminate');
  });
}

/** Whether λ drain has worked a message, and given it back no more. */
function isWorked({ sandbox }: Simulation, messageId: string): boolean {
  const queues = [...sandbox.account.queues.values()];
  return !queues.some(({ messages, deadLetters }) =>
    [...messages, ...deadLetters].some((one) => one.messageId === messageId),
  );
}

function instanceIdOf({ instanceId }: Notice): string {
  return instanceId;
}

function tell(
  events: Map<Arrival, Told>,
  arrival: Arrival | undefined,
  instanceIds: readonly string[],
  ignored: string | null,
): void {
  if (arrival === undefined) return;
  const note = arrival.note === undefined ? {} : { note: arrival.note };
  events.set(arrival, { id: arrival.id ?? null, instanceIds, ignored, ...note });
}

function errorsOf({ reports, drainReports }: Simulation): string {
  return [...new Set([...reports, ...drainReports].flatMap((report) => report.errors))].join('; ');
}

function scopeKey({ accountId, region }: Scope): string {
  return `${accountId} ${region}`;
}

function callOf({ operation, input, outcome }: Call): ReplayDocument['calls'][number] {
  const [service = '', name = ''] = operation.split(':');
  return { service, operation: name, input: JSON.parse(JSON.stringify(input)) as Json, outcome };
}

/** An alert as it was mailed. */
export function alertOf({ subject, message, attributes }: Published): ReplayDocument['alerts'][number] {
  const { default: text } = JSON.parse(message) as { readonly default: string };
  const values = Object.entries(attributes).map(([name, { StringValue }]) => [name, StringValue ?? ''] as const);
  return { subject: subject ?? '', message: text, attributes: Object.fromEntries(values) };
}
