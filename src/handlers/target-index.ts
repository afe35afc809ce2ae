import { policies, safety } from 'compiled:policies';
import type { Context } from 'aws-lambda';
import { targetGroupSenders } from '../aws/target-groups.ts';
import { describeError } from '../domain/errors.ts';
import { type IndexReport, REFRESH_MS, refreshTargetIndex } from '../engine/drain-index.ts';
import { composeEngine, count, logger } from './compose.ts';

/** What a run of the function keeps of its time: for the last write of the index, and to end. */
const KEPT_MS = 60_000;

/**
 * Keeps the index by which drains find the target groups of an instance. A failure does not reject: a drain without it searches, and
 * says so. Undefined in a package whose policies don't ask that, from which deploy/esbuild-plugins.cjs leaves this out.
 */
export const keepTargetIndex: ((context: Context) => Promise<void>) | undefined = async (context) => {
  const { failures, ...report } = await refreshed(context);
  for (const failure of failures) logger.error(`the index of targets: ${failure}`);
  logger.info('index of targets', { ...report, failures: failures.length });
  count({ TargetIndexFailures: failures.length });
};

async function refreshed(context: Context): Promise<IndexReport> {
  try {
    const engine = composeEngine(process.env, { policies, safety }, { targetGroups: targetGroupSenders });
    const left = Math.min(REFRESH_MS, context.getRemainingTimeInMillis() - KEPT_MS);
    return await refreshTargetIndex(engine, new Date(engine.now().getTime() + left));
  } catch (error) {
    return { targetGroups: 0, lookedAt: 0, failures: [describeError(error)] };
  }
}
