import { distinct } from '../domain/instance.ts';
import type { Judgement } from '../domain/judge.ts';
import type { Sighting } from './find-instances.ts';
import { namesOf, type Task } from './tasks.ts';

/** What became of a batch: for the queue, for logs and for metrics. */
export interface BatchReport {
  /** Messages to be delivered again. */
  readonly failed: readonly string[];
  /** One line for each thing that went wrong. */
  readonly errors: readonly string[];
  readonly ignored: readonly { readonly messageId: string; readonly reason: string }[];
  /** Which instances each message led to. */
  readonly led: readonly { readonly messageId: string; readonly instanceIds: readonly string[] }[];
  readonly inspected: number;
  readonly violations: number;
  readonly insufficientData: number;
  readonly evaluations: number;
  /** Of the looks that no other follows: what can't be said in these stands. */
  readonly finalEvaluations: number;
  readonly finalInsufficientData: number;
  readonly lookedAgain: number;
  /** Instances that one event led to, and that were handed over in parts. */
  readonly handedOver: number;
  readonly sweepsCompleted: number;
  /** 1 when the table was read and written for the clock's probes of this batch. */
  readonly probesCompleted: number;
  /** 1 when what is due was read for the clock's ticks of this batch. */
  readonly ticksCompleted: number;
  readonly alerts: number;
  /** Of actions, those that were tried, and of these those that failed. */
  readonly actions: number;
  readonly failedActions: number;
  /** Violations of a later change that a sweep found, and that no event had told of. */
  readonly missedByEvents: number;
}

/** Gathers what became of a batch. */
export class Report {
  readonly failed = new Set<string>();
  readonly errors: string[] = [];
  readonly ignored: { messageId: string; reason: string }[] = [];
  readonly led: { messageId: string; instanceIds: readonly string[] }[] = [];
  readonly judgements: Judgement[] = [];
  /** Those of the looks that no other follows. */
  readonly finalJudgements: Judgement[] = [];
  /** The clock's messages, by kind. */
  readonly probes: Pick<Task, 'messageId'>[] = [];
  readonly ticks: Pick<Task, 'messageId'>[] = [];
  inspected = 0;
  lookedAgain = 0;
  handedOver = 0;
  sweepsCompleted = 0;
  probesCompleted = 0;
  ticksCompleted = 0;
  alerts = 0;
  actions = 0;
  failedActions = 0;
  missedByEvents = 0;

  fail(tasks: readonly Pick<Task, 'messageId'>[], error: string): void {
    for (const task of tasks) this.failed.add(task.messageId);
    this.errors.push(error);
  }

  /** Which message led where. One that led nowhere is ignored with a reason, unless it failed. */
  ledBy(tasks: readonly Task[], sightings: readonly Sighting[]): void {
    for (const task of tasks) {
      const instanceIds = sightings.filter((one) => one.tasks.includes(task)).map((one) => one.instanceId);
      const { messageId } = task;
      if (instanceIds.length > 0) this.led.push({ messageId, instanceIds });
      else if (!this.failed.has(messageId))
        this.ignored.push({ messageId, reason: `no instance carries ${namesOf(task.targets)}` });
    }
  }

  done(): BatchReport {
    const { failed, errors, ignored, led, inspected, lookedAgain, handedOver, alerts, actions } = this;
    const { sweepsCompleted, probesCompleted, ticksCompleted, failedActions, missedByEvents } = this;
    return {
      failed: [...failed],
      errors: distinct(errors),
      ignored,
      led,
      inspected,
      evaluations: this.judgements.length,
      violations: countOf(this.judgements, 'NON_COMPLIANT'),
      insufficientData: countOf(this.judgements, 'INSUFFICIENT_DATA'),
      finalEvaluations: this.finalJudgements.length,
      finalInsufficientData: countOf(this.finalJudgements, 'INSUFFICIENT_DATA'),
      lookedAgain,
      handedOver,
      sweepsCompleted,
      probesCompleted,
      ticksCompleted,
      alerts,
      actions,
      failedActions,
      missedByEvents,
    };
  }
}

function countOf(judgements: readonly Judgement[], compliance: Judgement['compliance']): number {
  return judgements.filter((judgement) => judgement.compliance === compliance).length;
}
