import type { BoundPolicy } from '../domain/policy.ts';
import type { CommandIo } from './io.ts';
import { coloursFor } from './output/colours.ts';

/**
 * Policies joined with their rules, for the commands that judge by them.
 * @returns undefined when they have mistakes: these are told on stderr, and the command ends with 2.
 */
export async function loadBoundPolicies(path: string, io: CommandIo): Promise<readonly BoundPolicy[] | undefined> {
  const [{ loadPolicies }, { bindAll }, { errorsText }, { rules }] = await Promise.all([
    import('../language/load.ts'),
    import('../language/bind.ts'),
    import('./output/errors.ts'),
    import('../rules/index.ts'),
  ]);
  const { policies, errors } = loadPolicies([path], { rules, cwd: io.cwd, now: io.now() });
  if (errors.length === 0) return bindAll(policies, rules);
  io.stderr(errorsText(errors, coloursFor(io), 'error'));
  io.exit(2);
  return undefined;
}
