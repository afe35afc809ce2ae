import { celMistakes } from './cel.ts';
import { exampleAt } from './examples.ts';
import { mistakeAt, type PlacedMistake, valueAt } from './mistakes.ts';
import type { Path } from './source.ts';

/** What is wrong with every `when` of a match. */
export function conditionMistakes(match: unknown, path: Path): readonly PlacedMistake[] {
  return conditionsIn(match, path).flatMap((condition) => conditionMistake(condition.expression, condition.path));
}

interface PlacedCondition {
  readonly expression: string;
  readonly path: Path;
}

function conditionsIn(match: unknown, path: Path): readonly PlacedCondition[] {
  if (Array.isArray(match)) return match.flatMap((block, index) => conditionsIn(block, [...path, index]));
  if (typeof match !== 'object' || match === null) return [];
  const expression = valueAt(match, ['when']);
  const own = typeof expression === 'string' ? [{ expression, path: [...path, 'when'] }] : [];
  return [...own, ...conditionsIn(valueAt(match, ['not']), [...path, 'not'])];
}

function conditionMistake(expression: string, path: Path): readonly PlacedMistake[] {
  const example = exampleAt([path[0] === 'protected' ? 'protected' : 'match', 'when'], undefined);
  return celMistakes(expression).map(({ message, fix, at }) => ({
    ...mistakeAt(path, 'value', 'invalid-cel', message, fix, example),
    offset: at,
  }));
}

/** A mistake in what a tag must be has a code of its own. */
export function namingTagPatterns(placed: PlacedMistake): PlacedMistake {
  const { path, mistake } = placed;
  const tags = path.lastIndexOf('tags');
  const isInMatch = path.includes('match') || path[0] === 'protected';
  const isPattern = isInMatch && tags >= 0 && tags < path.length - 1;
  if (!isPattern || mistake.code === 'unknown-key') return placed;
  return { ...placed, mistake: { ...mistake, code: 'unknown-tag-pattern' } };
}
