import { mistakeAt, type PlacedMistake } from './mistakes.ts';
import type { Path } from './source.ts';

/** Actions that the language has a place for: of those that the catalogue lacks, it is said that they will come. */
const plannedActions: ReadonlySet<string> = new Set([
  'tag',
  'stop',
  'start',
  'hibernate',
  'terminate',
  'snapshot',
  'revoke-ingress',
  'quarantine',
  'require-imdsv2',
  'set-delete-on-termination',
  'disassociate-public-ip',
  'enable-termination-protection',
  'modify-volume-type',
  'attach-instance-profile',
]);

/**
 * A name that no action of the catalogue has, where one is to come. It is refused, never ignored: a policy that seems to
 * enforce and does not is worse than none.
 */
export function notBuiltYet(id: string, path: Path, of: 'key' | 'value'): PlacedMistake | undefined {
  if (!plannedActions.has(id)) return undefined;
  return mistakeAt(path, of, 'not-built-yet', `action ${id} is not built yet`, 'remove it', 'actions: [notify]');
}
