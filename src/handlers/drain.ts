import { policies, safety } from 'compiled:drain-policies';
import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { drainSenders } from '../aws/drain.ts';
import { drainBatch } from '../engine/drain.ts';
import { composeDrainEngine, count, inRun, logger, measure } from './compose.ts';

const engine = composeDrainEngine(process.env, { policies, safety }, { drain: drainSenders });

/** λ drain: a batch of what AWS announced of instances. What failed is delivered again, the rest is done. */
export function handler(event: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  return inRun(context, async () => {
    const messages = event.Records.map(({ messageId, body }) => ({ id: messageId, body }));
    const { failed, errors, ignored, ...report } = await drainBatch(engine, messages);
    for (const { messageId, reason } of ignored) logger.debug('ignored', { messageId, reason });
    for (const error of errors) logger.error(error);
    logger.info('drained', { messages: messages.length, ignored: ignored.length, failed: failed.length, ...report });
    count({
      DrainNotices: report.noticed.length,
      DrainMoves: report.moves.length,
      DrainFailedMoves: report.moves.filter(({ state }) => state === 'failed').length + report.unmade.length,
      Alerts: report.alerts,
      FailedMessages: failed.length,
    });
    measure({ DrainFirstDeregistrationMs: report.firstDeregistrationMs, DrainSecondsLeft: report.secondsLeft });
    return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
  });
}
