import type { AnyAction } from '../domain/action.ts';
import { mistakeAt, type PlacedMistake } from './mistakes.ts';
import type { Path } from './source.ts';

/** Actions that the language has a place for. Those that the catalogue lacks are not carried out by this version. */
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
 * An action that a policy asks for and this version does not have. It is refused, never ignored: a policy that seems to
 * enforce and does not is worse than none.
 */
export function notBuiltYet(
  id: string,
  path: Path,
  of: 'key' | 'value',
  known: readonly AnyAction[],
): PlacedMistake | undefined {
  if (!plannedActions.has(id) || known.some((action) => action.id === id)) return undefined;
  return mistakeAt(path, of, 'not-built-yet', `action ${id} is not built yet`, 'remove it', 'actions: [notify]');
}
