import { noConditions } from '../domain/bind.ts';
import type { BoundPolicy } from '../domain/policy.ts';
import { type BoundSafety, defaultSafety } from '../domain/safety.ts';
import type { BatchReport } from '../engine/batch-report.ts';
import type { Engine } from '../engine/deployment.ts';
import { inspectBatch } from '../engine/inspect.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';

/** As many messages as Lambda hands to λ inspect at most: of the live queue, and of the bulk queue. */
const LIVE_MESSAGES = 100;
const BULK_MESSAGES = 1;

/** A deployment of the guardrail into an account in memory, whose queues are worked as Lambda works them. */
export interface Simulation {
  readonly sandbox: Sandbox;
  readonly engine: Engine;
  /** Puts an event onto the live queue, as EventBridge does; a text as it stands. @returns the message's id. */
  send(event: unknown): string;
  /** Works all messages that are due until then, moving the clock on. */
  runUntil(time: Date): Promise<void>;
  /** Works messages until none is due within the next so many milliseconds, inclusive. */
  runUntilQuiet(milliseconds: number): Promise<void>;
  /** What became of each batch so far. */
  readonly reports: readonly BatchReport[];
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
  const [liveQueueUrl, bulkQueueUrl] = [...account.queues.keys()] as [string, string];
  const [alertsTopicArn, operationsTopicArn] = [...account.topicArns] as [string, string];
  let tokens = 0;
  const engine: Engine = {
    aws: sandbox.aws,
    now: sandbox.now,
    newToken: () => `token-${++tokens}`,
    pause: async (milliseconds) => sandbox.advance(milliseconds),
    policies,
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
  const reports: BatchReport[] = [];

  async function workDue(): Promise<boolean> {
    let worked = false;
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
    send: (event) => sandbox.deliver(liveQueueUrl, typeof event === 'string' ? event : JSON.stringify(event)),
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
