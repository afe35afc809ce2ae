import { policies, safety } from 'compiled:policies';
import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { changingSenders } from '../aws/changes.ts';
import { inspectBatch } from '../engine/inspect.ts';
import { composeEngine, count, inRun, logger } from './compose.ts';

const engine = composeEngine(process.env, { policies, safety }, { changes: changingSenders });

/** λ inspect: a batch of the live or bulk queue. What failed is delivered again, the rest is done. */
export function handler(event: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  return inRun(context, async () => {
    const messages = event.Records.map(({ messageId, body }) => ({ id: messageId, body }));
    const report = await inspectBatch(engine, messages);
    for (const { messageId, reason } of report.ignored) logger.debug('ignored', { messageId, reason });
    for (const error of report.errors) logger.error(error);
    const { failed, errors: _errors, led: _led, ignored, ...numbers } = report;
    logger.info('inspected', { messages: messages.length, ignored: ignored.length, failed: failed.length, ...numbers });
    count({
      Inspected: report.inspected,
      Violations: report.violations,
      Evaluations: report.finalEvaluations,
      InsufficientData: report.finalInsufficientData,
      Alerts: report.alerts,
      Actions: report.actions,
      FailedActions: report.failedActions,
      MissedByEvents: report.missedByEvents,
      FailedMessages: failed.length,
      SweepCompleted: report.sweepsCompleted,
      ProbeCompleted: report.probesCompleted,
      // Not where no policy waits for time: there the metric would be paid for, and never be anything but 0.
      ...(report.ticksCompleted === 0 ? {} : { TickCompleted: report.ticksCompleted }),
    });
    return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
  });
}
