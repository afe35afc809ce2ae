import type { Context } from 'aws-lambda';
import { sweep } from '../engine/sweep.ts';
import { composeEngine, count, inRun, logger } from './compose.ts';

const engine = composeEngine(process.env);

/** λ sweep, each hour: puts every instance on the bulk queue. Throws when it could not, so that Lambda tries again. */
export function handler(_event: unknown, context: Context): Promise<void> {
  return inRun(context, async () => {
    const report = await sweep(engine);
    logger.info('swept', { ...report });
    // A sweep without instances is complete; any other when the last of its chunks is inspected.
    count({ SweepCompleted: report.chunks === 0 ? 1 : 0, SweptInstances: report.instances });
  });
}
