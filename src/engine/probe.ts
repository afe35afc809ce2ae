import { describeError } from '../domain/errors.ts';
import type { Report } from './batch-report.ts';
import type { Engine } from './deployment.ts';
import { noteProbe } from './store.ts';

/**
 * Answers the clock's probes: it reads the table and writes to it, and asks EC2 nothing. However many came in one batch, one
 * answer shows that queue, mapping, function and table work.
 */
export async function answerProbes(engine: Engine, report: Report): Promise<void> {
  if (report.probes.length === 0) return;
  try {
    if (await noteProbe(engine)) report.probesCompleted++;
  } catch (error) {
    report.fail(report.probes, `probe: ${describeError(error)}`);
  }
}
