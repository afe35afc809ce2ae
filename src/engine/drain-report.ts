import type { DrainMove } from '../domain/drain.ts';
import { distinct } from '../domain/instance.ts';

/** What became of a batch of λ drain: for the queue, for logs and for metrics. */
export interface DrainReport {
  /** Messages to be delivered again. */
  readonly failed: readonly string[];
  /** One line for each thing that went wrong. */
  readonly errors: readonly string[];
  readonly ignored: readonly { readonly messageId: string; readonly reason: string }[];
  /** Instances whose first notice this was, by what was announced. */
  readonly noticed: readonly { readonly kind: string; readonly instanceType?: string; readonly zone?: string }[];
  /** Moves whose call was answered in this run, by step and outcome. */
  readonly moves: readonly { readonly step: string; readonly state: DrainMove['state'] }[];
  /** Moves that were not made when their drain was over: cut, or failing until then. Not among `moves` that failed for good. */
  readonly unmade: readonly { readonly step: string; readonly state: DrainMove['state'] }[];
  /** From notice to the first answer to a deregistration, in milliseconds, of each drain that had its first. */
  readonly firstDeregistrationMs: readonly number[];
  /** What was left of the time when drains were over, in seconds. */
  readonly secondsLeft: readonly number[];
  readonly alerts: number;
}

/** Gathers what became of a batch. */
export class DrainReporter {
  readonly failed = new Set<string>();
  readonly errors: string[] = [];
  readonly ignored: { messageId: string; reason: string }[] = [];
  readonly noticed: DrainReport['noticed'][number][] = [];
  readonly moves: DrainReport['moves'][number][] = [];
  readonly unmade: DrainReport['unmade'][number][] = [];
  readonly firstDeregistrationMs: number[] = [];
  readonly secondsLeft: number[] = [];
  alerts = 0;

  fail(messageIds: readonly string[], error: string): void {
    for (const id of messageIds) this.failed.add(id);
    this.errors.push(error);
  }

  done(): DrainReport {
    const { failed, errors, ignored, noticed, moves, unmade, firstDeregistrationMs, secondsLeft, alerts } = this;
    return {
      failed: [...failed],
      errors: distinct(errors),
      ignored,
      noticed,
      moves,
      unmade,
      firstDeregistrationMs,
      secondsLeft,
      alerts,
    };
  }
}
