import type { MatchBlock } from '../domain/policy.ts';
import { namedActions } from './check-actions.ts';
import { exampleAt } from './examples.ts';
import { mistakeAt, type PlacedMistake, valueAt } from './mistakes.ts';
import type { Path } from './source.ts';

/** What is wrong with `mode`, and with what hangs on it. */
export function enforcementMistakes(content: unknown): readonly PlacedMistake[] {
  const mode = valueAt(content, ['mode']);
  if (mode === 'enforce')
    return [...nothingToEnforce(valueAt(content, ['actions'])), ...ownExemptions(valueAt(content, ['exempt']))];
  const isObserving = mode === undefined || mode === 'observe';
  if (!isObserving || valueAt(content, ['enforce']) === undefined) return [];
  const message = 'enforce says which instances are enforced on, and this policy observes';
  const fix = 'write mode: enforce, or remove it';
  return [mistakeAt(['enforce'], 'key', 'enforce-without-mode', message, fix, exampleAt(['enforce'], undefined))];
}

function nothingToEnforce(actions: unknown): readonly PlacedMistake[] {
  const named = namedActions(actions);
  if (!Array.isArray(actions) || named.length < actions.length || named.some((id) => id !== 'notify')) return [];
  const message = 'nothing to enforce: notify is the only action';
  return [mistakeAt(['mode'], 'value', 'nothing-to-enforce', message, 'write observe', 'mode: observe')];
}

/** Keys of `match` that whoever may change an instance decides on: its tags, its type, and whether it runs. */
const ownersKeys: readonly (keyof MatchBlock)[] = [
  ...(['tags', 'namePrefix', 'instanceTypes', 'categories', 'states'] as const),
  ...(['not', 'when'] as const),
];

/** Exemptions that whoever may tag an instance could give it: fine if the policy says so. */
function ownExemptions(exemptions: unknown): readonly PlacedMistake[] {
  if (!Array.isArray(exemptions)) return [];
  return exemptions.flatMap((exemption: unknown, index): readonly PlacedMistake[] => {
    if (valueAt(exemption, ['selfService']) !== undefined) return [];
    const path = ['exempt', index, 'match'];
    const match = valueAt(exemption, ['match']);
    const blocks = Array.isArray(match) ? match.map((block, at) => ({ block, path: [...path, at] })) : [];
    const [own] = (Array.isArray(match) ? blocks : [{ block: match, path }]).filter(({ block }) => isOwners(block));
    return own === undefined ? [] : [ownExemption(own.path)];
  });
}

/** Of a map that has keys at all: what is empty has another mistake. */
function isOwners(block: unknown): boolean {
  if (typeof block !== 'object' || block === null || Array.isArray(block)) return false;
  const keys = Object.keys(block);
  return keys.length > 0 && keys.every((key) => ownersKeys.some((own) => own === key));
}

function ownExemption(path: Path): PlacedMistake {
  const message = 'whoever may tag or change an instance can exempt it from enforcement by this match';
  const fix =
    'name what they can not set, such as instanceIds or accounts, or write selfService: true if they may exempt their own';
  return mistakeAt(path, 'value', 'self-service', message, fix, exampleAt(['exempt'], undefined));
}
