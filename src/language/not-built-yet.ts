import { type PlacedMistake, pathText, valueAt } from './mistakes.ts';
import type { Path } from './source.ts';

/** Actions that the language has a place for, and this version does not carry out. */
const laterActions: ReadonlySet<string> = new Set([
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
 * What a policy asks for and this version does not do. It is refused, never ignored: a policy that seems to enforce and
 * does not is worse than none.
 */
export function notBuiltYet(policy: unknown): readonly PlacedMistake[] {
  const mistakes: PlacedMistake[] = [];
  if (valueAt(policy, ['mode']) === 'enforce')
    mistakes.push(later(['mode'], 'mode enforce', 'write observe, or leave mode out', 'value'));
  if (valueAt(policy, ['enforce']) !== undefined) mistakes.push(later(['enforce'], 'enforce', 'remove it', 'key'));
  const actions = valueAt(policy, ['actions']);
  if (!Array.isArray(actions)) return mistakes;
  return [...mistakes, ...actions.flatMap((action, index) => laterAction(action, ['actions', index]))];
}

function laterAction(action: unknown, path: Path): readonly PlacedMistake[] {
  if (typeof action === 'string')
    return laterActions.has(action) ? [later(path, `action ${action}`, 'remove it', 'value')] : [];
  if (typeof action !== 'object' || action === null) return [];
  return Object.keys(action).flatMap((name) => {
    if (laterActions.has(name)) return [later([...path, name], `action ${name}`, 'remove it', 'key')];
    if (name !== 'notify') return [];
    return [later([...path, name], 'notify with settings', 'write notify alone', 'key')];
  });
}

function later(path: Path, what: string, fix: string, of: 'key' | 'value'): PlacedMistake {
  const message = `${what} is not built yet: this version only notifies`;
  return {
    path,
    of,
    mistake: { code: 'not-built-yet', path: pathText(path), message, fix, example: exampleFor(path) },
  };
}

function exampleFor(path: Path): string {
  return path[0] === 'actions' ? 'actions: [notify]' : 'mode: observe';
}
