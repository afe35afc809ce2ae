import { checkSync } from 'recheck';
import * as z from 'zod';
import type { AnyRule, ParameterPattern } from '../domain/rule.ts';
import { type PlacedMistake, pathText, valueAt } from './mistakes.ts';

/** The longest value that EC2 lets anybody write into a tag, in characters. */
const LONGEST_VALUE = 256;
/** The most that one match may read, in characters: a few milliseconds. A whole batch waits for it. */
const MOST_READ = 1_000_000;
/** Two scans of a value, one for each character of it, stay far below. Three do not. */
const HIGHEST_DEGREE = 2;
/** How long one check may take, in milliseconds. What is not known by then is refused. */
const TIMEOUT_MS = 10_000;

/** How often the search breeds new values from the worst so far. The first ones are made from the expression itself. */
const ROUNDS = 2;
const limits = { maxGeneStringSize: LONGEST_VALUE, maxAttackStringSize: LONGEST_VALUE, attackLimit: MOST_READ };

/**
 * Whether no value of a tag keeps the expression busy: JavaScript tries every way to match, and a stranger who writes the
 * value may make them very many. Seen in two ways, since each misses some: by the automaton, whose growth says nothing of
 * counted repetition such as `(a?){20}a{20}`, and by searching for a value, which finds none for `(-*){1,5}`.
 * @param source the expression as it runs.
 * @param flags those it runs with.
 */
export function isSafePattern(source: string, flags: '' | 'u' = 'u'): boolean {
  return growsSlowly(source, flags) && resistsAttack(source, flags);
}

function growsSlowly(source: string, flags: string): boolean {
  const growth = checkSync(source, flags, { checker: 'automaton', timeout: TIMEOUT_MS, ...limits });
  // Unknown for what is no automaton, such as an expression that looks ahead: the search alone decides.
  if (growth.status !== 'vulnerable') return true;
  return growth.complexity.type === 'polynomial' && growth.complexity.degree <= HIGHEST_DEGREE;
}

function resistsAttack(source: string, flags: string): boolean {
  const { status } = checkSync(source, flags, {
    checker: 'fuzz',
    timeout: TIMEOUT_MS,
    // Ended by counts, so that a slow machine says the same.
    attackTimeout: null,
    incubationTimeout: null,
    maxIteration: ROUNDS,
    ...limits,
  });
  return status === 'safe';
}

/** How an expression is made safe. */
export const SAFER =
  'write it so that no two repetitions, within or behind each other, take the same characters: `[a-z]+(-[a-z]+)*` for `([a-z]+-?)+`, `[^,]*,[^,]*` for `.*,.*`';

/** The regular expressions of a policy that a stranger's value could keep busy. None while the parameters have other mistakes. */
export function patternMistakes(content: unknown, rule: AnyRule | undefined): readonly PlacedMistake[] {
  if (rule?.patterns === undefined) return [];
  const form: z.ZodType = rule.parameters(z);
  const { success, data } = form.safeParse(valueAt(content, ['parameters']) ?? {});
  if (!success) return [];
  const patterns: readonly ParameterPattern[] = rule.patterns(data);
  return patterns.filter(({ source }) => !isSafePattern(source)).map(mistakeIn);
}

function mistakeIn({ path: within }: ParameterPattern): PlacedMistake {
  const path = ['parameters', ...within];
  const name = pathText(path);
  return {
    path,
    of: 'value',
    mistake: {
      code: 'invalid-value',
      path: name,
      message: `\`${name}\` can take very long on a value that is made for it, or is too intricate to tell`,
      fix: SAFER,
    },
  };
}
