import { loadPolicies } from '../../src/language/load.ts';
import { isSafePattern } from '../../src/language/safe-pattern.ts';
import { requiredTags } from '../../src/rules/required-tags.ts';
import { inFolder } from './folder.ts';

test.each([
  ['exponential, one repetition in another', '(a+)+'],
  ['exponential, two alternatives alike', '(a|a)*'],
  ['exponential, one alternative twice the other', '(a|aa)+'],
  ['exponential, a separator that may be left out', '([a-z0-9]+[._-]?)+'],
  ['exponential, lazy', '(?:a*)+?[a-z]'],
  ['exponential, by looking ahead', '(?=(a+)+b)a*'],
  ['exponential, counted', '(a?){20}a{20}'],
  ['exponential, written out', `${'a?'.repeat(22)}${'a'.repeat(22)}`],
  ['exponential, counted twice', '(a{0,10}){0,10}x'],
  ['of the fourth degree', '.*.*.*.*x'],
  ['of the fourth degree, counted', 'a{0,50}a{0,50}a{0,50}a{0,50}x'],
  ['of the fifth degree, counted', '(?:-*){1,5}'],
  ['of the third degree', '.*,.*,.*'],
  ['not understood', '\\p{NoSuchProperty}'],
])('refuses what is %s', (_, pattern) => {
  expect(isSafePattern(`^(?:${pattern})$`)).toBe(false);
});

test.each([
  '^CC-\\d{4}$',
  '[a-z]+(-[a-z0-9]+)*',
  '[a-z0-9]([a-z0-9-]*[a-z0-9])?',
  '(prod|stag(e|ing)|dev)-[0-9]{1,3}',
  '[^@]+@example\\.com',
  '[\\w.+-]+@[\\w-]+\\.[\\w.]+',
  '.+@.+',
  '.*[Tt]eam.*',
  '.{1,40}',
  '\\p{Lu}\\p{L}*( \\p{L}+)*',
  '(?!.*--)[a-z-]+',
  '(?<year>20\\d\\d)-(0[1-9]|1[0-2])',
  '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}',
])('takes %s', (pattern) => {
  expect(isSafePattern(`^(?:${pattern})$`)).toBe(true);
});

function errorsOf(keys: string) {
  const policy = `name: tagged
description: Tags have a form.
severity: low
rule: required-tags
parameters:
  keys:
    - ${keys}
actions: [notify]
`;
  return inFolder(
    { 'policies/tagged/policy.yml': policy },
    (cwd) =>
      loadPolicies(['policies'], { rules: [requiredTags], actions: [], cwd, now: new Date('2026-06-01T00:00:00Z') })
        .errors,
  );
}

test('a policy with such a pattern is refused, where it stands and with what to write', () => {
  expect(errorsOf('{ key: CostCenter, pattern: "CC-[0-9]{4}" }\n    - { key: Owner, pattern: "(a+)+$" }')).toEqual([
    {
      file: 'policies/tagged/policy.yml',
      line: 8,
      column: 30,
      code: 'invalid-value',
      path: 'parameters.keys[1].pattern',
      message:
        '`parameters.keys[1].pattern` can take very long on a value that is made for it, or is too intricate to tell',
      fix: expect.stringContaining('`[a-z]+(-[a-z]+)*` for `([a-z]+-?)+`'),
    },
  ]);
});

test('a policy with an ordinary pattern is taken', () => {
  expect(errorsOf('{ key: CostCenter, pattern: "^CC-[0-9]{4}$" }')).toEqual([]);
});

test('a pattern that is no expression is told as that alone', () => {
  expect(errorsOf('{ key: Owner, pattern: "(a+)+(" }').map(({ message }) => message)).toEqual([
    expect.stringContaining('is not a regular expression of JavaScript'),
  ]);
});
