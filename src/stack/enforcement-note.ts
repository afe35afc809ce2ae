import { isNotify, type Policy } from '../domain/policy.ts';
import type { Settings } from './settings.ts';

/** What whoever deploys should know of what acts, in one line; nothing where nothing acts and nothing says that it should. */
export function enforcementNote(policies: readonly Policy[], { enforcement }: Settings): string | undefined {
  const enforcing = policies.filter(({ mode }) => mode === 'enforce');
  const count = enforcing.length;
  if (enforcement !== 'on') {
    if (count === 0) return undefined;
    const subject = count === 1 ? '1 policy says' : `${count} policies say`;
    return `warning: ${subject} mode: enforce, and --param enforcement=on is not given: nothing is done`;
  }
  if (count === 0) return 'warning: enforcement is on, and no policy says mode: enforce: nothing is done';
  const acting = enforcing.map(({ name, actions }) => {
    const ids = actions.filter((use) => !isNotify(use)).map(({ id }) => id);
    return `${name} (${ids.join(', ')})`;
  });
  return `enforcement on: ${acting.join(', ')}`;
}
