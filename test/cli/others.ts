import type { Io } from '../../src/cli/io.ts';
import type { Finding } from '../../src/domain/finding.ts';
import type { Operation } from '../../src/domain/operations.ts';
import { changeRecord } from '../../src/engine/store.ts';
import type { Operated } from '../support/operated.ts';

/** What comes in between while a command runs: right before its first call of an operation. */
export function meanwhile(
  { simulation: { sandbox } }: Operated,
  before: Operation,
  happens: () => unknown,
): Pick<Io, 'aws'> {
  let isFirst = true;
  const aws: typeof sandbox.aws = async (operation, input) => {
    if (operation === before && isFirst) {
      isFirst = false;
      await happens();
    }
    return sandbox.aws(operation, input);
  };
  return { aws: () => Promise.resolve(aws) };
}

/** Writes the findings of an instance as somebody else may have. */
export async function rewriteFindings(
  { simulation }: Operated,
  instanceId: string,
  change: (finding: Finding) => Finding,
): Promise<void> {
  await changeRecord(simulation.engine, instanceId, (now) => ({
    ...now,
    version: now.version + 1,
    findings: now.findings.map(change),
  }));
}
