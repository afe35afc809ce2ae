import { policies, safety } from 'compiled:policies';
import type { Context } from 'aws-lambda';
import { tellAlive } from '../engine/heartbeat.ts';
import { sweep } from '../engine/sweep.ts';
import { composeEngine, count, inRun, logger } from './compose.ts';
import { keepTargetIndex } from './target-index.ts';

const engine = composeEngine(process.env, { policies, safety });

/**
 * λ sweep: each hour it puts every instance on the bulk queue, and each week it says that it is alive, whichever the clock asks
 * for. Throws when it could not, so that Lambda tries again. Where a drain asks for target groups, a sweep also keeps their index.
 */
export function handler(event: { readonly kind?: unknown } | null, context: Context): Promise<void> {
  return inRun(context, event?.kind === 'heartbeat' ? sayAlive : () => sweepOnce(context));
}

async function sweepOnce(context: Context): Promise<void> {
  const report = await sweep(engine);
  logger.info('swept', { ...report });
  // A sweep without instances is complete; any other when the last of its chunks is inspected.
  count({ SweepCompleted: report.chunks === 0 ? 1 : 0, SweptInstances: report.instances });
  await keepTargetIndex?.(context);
}

async function sayAlive(): Promise<void> {
  logger.info('alive', { ...(await tellAlive(engine)) });
}
