import { noConditions } from '../domain/bind.ts';
import type { Notice } from '../domain/notice.ts';
import { type BoundPolicy, isDrainPolicy } from '../domain/policy.ts';
import { type BoundSafety, defaultSafety } from '../domain/safety.ts';
import type { BatchReport } from '../engine/batch-report.ts';
import type { Engine } from '../engine/deployment.ts';
import { drainBatch } from '../engine/drain.ts';
import type { DrainEngine } from '../engine/drain-engine.ts';
import type { DrainReport } from '../engine/drain-report.ts';
import { inspectBatch } from '../engine/inspect.ts';
import { noticesIn } from '../events/notices.ts';
import { seededRandom } from '../sandbox/random.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';

/** As many messages as Lambda hands to λ drain at most, and to λ inspect: of the live queue, and of the bulk queue. */
const DRAIN_MESSAGES = 100;
const LIVE_MESSAGES = 100;
const BULK_MESSAGES = 1;

/** A deployment of the guardrail into an account in memory, whose queues are worked as Lambda works them. */
export interface Simulation {
  readonly sandbox: Sandbox;
  readonly engine: Engine;
  /**
   * Puts an event onto the live queue, as EventBridge does; a text as it stands. What announces something of an instance goes onto the
   * drain queue where a policy drains, and a change of state onto both. @returns the message's id, of two that on the live queue.
   */
  send(event: unknown): string;
  /** Works all messages that are due until then, moving the clock on. */
  runUntil(time: Date): Promise<void>;
  /** Works messages until none is due within the next so many milliseconds, inclusive. */
  runUntilQuiet(milliseconds: number): Promise<void>;
  /** What became of each batch so far. */
  readonly reports: readonly BatchReport[];
  /** The same of λ drain. */
  readonly drainReports: readonly DrainReport[];
  /** What was announced, by the id of the message on the drain queue. */
  readonly noticed: ReadonlyMap<string, readonly Notice[]>;
}

/** What a simulated deployment may be told. */
export interface SimulationOptions {
  /** The tag whose value goes into the message attributes. */
  readonly alertTag?: string;
  /** Left out: nothing is done. */
  readonly isEnforcing?: boolean;
  readonly safety?: BoundSafety;
}

/** Deploys into an account in memory. */
export function simulate(
  sandbox: Sandbox,
  policies: readonly BoundPolicy[],
  { alertTag, isEnforcing = false, safety = { ...defaultSafety, conditions: noConditions } }: SimulationOptions = {},
): Simulation {
  const { account } = sandbox;
  const [liveQueueUrl, bulkQueueUrl, drainQueueUrl] = [...account.queues.keys()] as [string, string, string];
  const [alertsTopicArn, operationsTopicArn] = [...account.topicArns] as [string, string];
  let tokens = 0;
  const engine: Engine = {
    aws: sandbox.aws,
    now: sandbox.now,
    newToken: () => `token-${++tokens}`,
    pause: async (milliseconds) => sandbox.advance(milliseconds),
    policies: policies.filter((policy) => !isDrainPolicy(policy)),
    isEnforcing,
    safety,
    deployment: {
      version: '0.0.0',
      scope: account.scope,
      tableName: account.tableName,
      alertsTopicArn,
      operationsTopicArn,
      liveQueueUrl,
      bulkQueueUrl,
      roleArns: [],
      ...(alertTag === undefined ? {} : { alertTag }),
    },
  };
  const drainEngine: DrainEngine = {
    ...engine,
    pause: sandbox.sleep,
    random: seededRandom(1),
    policies: policies.filter(isDrainPolicy),
    deployment: { ...engine.deployment, drainQueueUrl },
  };
  const reports: BatchReport[] = [];
  const drainReports: DrainReport[] = [];
  const noticed = new Map<string, readonly Notice[]>();

  function send(event: unknown): string {
    const body = typeof event === 'string' ? event : JSON.stringify(event);
    const said = noticesIn(event, { scope: account.scope, receivedAt: sandbox.now() });
    if (drainEngine.policies.length === 0 || said.kind === 'ignored') return sandbox.deliver(liveQueueUrl, body);
    const drainId = sandbox.deliver(drainQueueUrl, body);
    noticed.set(drainId, said.notices);
    const isStateChange = said.notices.every(({ kind }) => kind === 'ending' || kind === 'running');
    return isStateChange ? sandbox.deliver(liveQueueUrl, body) : drainId;
  }

  /** λ drain's calls and pauses take their time, side by side. */
  async function drainDue(): Promise<boolean> {
    const records = sandbox.receive(drainQueueUrl, DRAIN_MESSAGES);
    if (records.length === 0) return false;
    const messages = records.map(({ messageId, body }) => ({ id: messageId, body }));
    const report = await sandbox.run(() => drainBatch(drainEngine, messages));
    drainReports.push(report);
    for (const { id } of messages) if (!report.failed.includes(id)) sandbox.delete(drainQueueUrl, id);
    return true;
  }

  async function workDue(): Promise<boolean> {
    let worked = await drainDue();
    for (const [queueUrl, messages] of [
      [liveQueueUrl, LIVE_MESSAGES],
      [bulkQueueUrl, BULK_MESSAGES],
    ] as const) {
      const records = sandbox.receive(queueUrl, messages);
      if (records.length === 0) continue;
      worked = true;
      const report = await inspectBatch(
        engine,
        records.map(({ messageId, body }) => ({ id: messageId, body })),
      );
      reports.push(report);
      for (const { messageId } of records) if (!report.failed.includes(messageId)) sandbox.delete(queueUrl, messageId);
    }
    return worked;
  }

  async function run(until: () => Date): Promise<void> {
    for (;;) {
      if (await workDue()) continue;
      const due = sandbox.nextDueAt();
      if (due === undefined || due > until()) return;
      advanceTo(sandbox, due);
    }
  }

  return {
    sandbox,
    engine,
    reports,
    drainReports,
    noticed,
    send,
    async runUntil(time) {
      await run(() => time);
      advanceTo(sandbox, time);
    },
    runUntilQuiet: (milliseconds) => run(() => new Date(sandbox.now().getTime() + milliseconds)),
  };
}

/** Moves the clock on to a time; one that is past is now. */
export function advanceTo(sandbox: Sandbox, time: Date): void {
  sandbox.advance(Math.max(0, time.getTime() - sandbox.now().getTime()));
}
