import type { BoundPolicy } from '../domain/policy.ts';
import type { BoundSafety } from '../domain/safety.ts';
import type { LoadOptions } from '../language/load.ts';
import type { CommandIo } from './io.ts';
import { coloursFor } from './output/colours.ts';

/** What policies are loaded with, as of now. */
export async function loadOptions({ cwd, now }: CommandIo): Promise<LoadOptions> {
  const [{ rules }, { actions }, { drainSteps }] = await Promise.all([
    import('../rules/index.ts'),
    import('../actions/index.ts'),
    import('../actions/drain-steps.ts'),
  ]);
  return { rules, actions: [...actions, ...drainSteps], cwd, now: now() };
}

/**
 * Policies joined with their rules and actions, for the commands that judge by them.
 * @returns undefined when they have mistakes: these are told on stderr, and the command ends with 2.
 */
export async function loadBoundPolicies(path: string, io: CommandIo): Promise<readonly BoundPolicy[] | undefined> {
  return (await loadAll(path, io))?.policies;
}

/** What is deployed of a folder: its policies, and what holds of all of them. */
export interface LoadedAll {
  readonly policies: readonly BoundPolicy[];
  readonly safety: BoundSafety;
}

/** The same with the folder's enforcement.yml, for the commands that act as a deployment would. */
export async function loadAll(path: string, io: CommandIo): Promise<LoadedAll | undefined> {
  const [{ loadPolicies }, { bindAll, bindSafety }, { errorsText }, options] = await Promise.all([
    import('../language/load.ts'),
    import('../language/bind.ts'),
    import('./output/errors.ts'),
    loadOptions(io),
  ]);
  const { policies, safety, errors } = loadPolicies([path], options);
  if (errors.length === 0) return { policies: bindAll(policies, options), safety: bindSafety(safety) };
  io.stderr(errorsText(errors, coloursFor(io), 'error'));
  io.exit(2);
  return undefined;
}
