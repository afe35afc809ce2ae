import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Policy } from '../domain/policy.ts';
import { minimalTest } from './examples.ts';
import { readText } from './files.ts';
import { mistakesIn } from './mistakes.ts';
import { inReadingOrder, type PolicyError } from './policy-error.ts';
import type { PolicyTests } from './policy-test.ts';
import { positionOf, readYaml, writtenAs } from './source.ts';
import { policyTestFile } from './test-forms.ts';

/** The tests beside a policy. */
export interface LoadedTests {
  /** Relative to the current directory, whether it is there or not. */
  readonly file: string;
  /** Left out when there is no such file, or it has errors. */
  readonly tests?: PolicyTests;
  /** Where each case stands. */
  readonly lines: readonly number[];
  readonly errors: readonly PolicyError[];
}

/** Loads the tests of a policy: `policy.test.yml` beside `policy.yml`. */
export function loadTests(policy: Policy, cwd: string): LoadedTests {
  const file = policy.source.file.replace(/(\.ya?ml)?$/, '.test.yml');
  const absolute = resolve(cwd, file);
  if (!existsSync(absolute)) return { file, lines: [], errors: [] };
  const text = readText(absolute, cwd);
  if ('error' in text) return { file, lines: [], errors: [text.error] };
  const { content, errors } = readYaml(text.text, file, minimalTest);
  if (content === undefined) return { file, lines: [], errors };
  const { source, value } = content;
  const mistakes = mistakesIn({
    form: policyTestFile,
    value,
    at: [],
    example: () => undefined,
    written: (path) => writtenAs(source, path),
  }).map(({ mistake, path, of }) => ({ ...mistake, file, ...positionOf(source, path, of) }));
  const parsed = policyTestFile.safeParse(value);
  const all = inReadingOrder([...errors, ...mistakes]);
  if (all.length > 0 || !parsed.success) return { file, lines: [], errors: all };
  const lines = parsed.data.cases.map((_, index) => positionOf(source, ['cases', index], 'value').line);
  // EC2 shapes are taken as they are: what a field holds is checked by who reads it, as with an answer of AWS.
  return { file, tests: parsed.data as PolicyTests, lines, errors: [] };
}
