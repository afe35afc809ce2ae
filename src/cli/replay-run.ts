import { groupedBy } from '../domain/grouped.ts';
import type { Scope } from '../domain/operations.ts';
import type { BoundPolicy } from '../domain/policy.ts';
import { readAllRecords } from '../engine/store.ts';
import type { Published } from '../sandbox/account.ts';
import type { Resources } from '../sandbox/recorded.ts';
import { createSandbox } from '../sandbox/sandbox.ts';
import { standingFindings } from './documents.ts';
import type { Arrival } from './replay-events.ts';
import type { ReplayDocument } from './report/document.ts';
import { type Simulation, simulate } from './simulation.ts';

/** Looks again and whatever else falls due within so long is still run, in milliseconds: 15 minutes, inclusive. */
const QUIET_MS = 900_000;

/** Events that arrive so close together are one batch, in milliseconds: the window of the live queue. */
const WINDOW_MS = 1000;

type Told = ReplayDocument['events'][number];

/**
 * What the events would have led to: each account and Region is an account in memory that holds the snapshot, and starts
 * at its first event's time. Events arrive in the order given, none before its time.
 */
export async function replay(
  arrivals: readonly Arrival[],
  resources: Resources,
  policies: readonly BoundPolicy[],
): Promise<ReplayDocument> {
  const events = new Map<Arrival, Told>();
  const parts: Omit<ReplayDocument, 'version' | 'events'>[] = [];
  for (const some of groupedBy(arrivals, ({ scope }) => scopeKey(scope)).values()) {
    const simulation = await runEvents(some, resources, policies, events);
    parts.push({
      findings: standingFindings(await readAllRecords(simulation.engine), policies),
      alerts: simulation.sandbox.account.published.map(alertOf),
      calls: [],
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
  events: Map<Arrival, Told>,
): Promise<Simulation> {
  const [{ scope, time: start }] = arrivals;
  const simulation = simulate(createSandbox({ scope, start, resources, pageSize: 'aws' }), policies);
  const messages = new Map<string, Arrival>();
  let windowEnds = start.getTime() + WINDOW_MS;
  for (const arrival of arrivals) {
    if (arrival.time.getTime() > windowEnds) {
      await simulation.runUntil(arrival.time);
      windowEnds = arrival.time.getTime() + WINDOW_MS;
    }
    messages.set(simulation.send(arrival.event), arrival);
  }
  await simulation.runUntilQuiet(QUIET_MS);
  for (const report of simulation.reports) {
    for (const { messageId, instanceIds } of report.led) tell(events, messages.get(messageId), instanceIds, null);
    for (const { messageId, reason } of report.ignored) tell(events, messages.get(messageId), [], reason);
  }
  for (const arrival of messages.values())
    if (!events.has(arrival)) tell(events, arrival, [], `failed: ${errorsOf(simulation)}`);
  return simulation;
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

function errorsOf({ reports }: Simulation): string {
  return [...new Set(reports.flatMap((report) => report.errors))].join('; ');
}

function scopeKey({ accountId, region }: Scope): string {
  return `${accountId} ${region}`;
}

/** An alert as it was mailed. */
export function alertOf({ subject, message, attributes }: Published): ReplayDocument['alerts'][number] {
  const { default: text } = JSON.parse(message) as { readonly default: string };
  const values = Object.entries(attributes).map(([name, { StringValue }]) => [name, StringValue ?? ''] as const);
  return { subject: subject ?? '', message: text, attributes: Object.fromEntries(values) };
}
