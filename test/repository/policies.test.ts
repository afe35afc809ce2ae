import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { drainSteps } from '../../src/actions/drain-steps.ts';
import { actions } from '../../src/actions/index.ts';
import { bindAll } from '../../src/language/bind.ts';
import { generatedFiles } from '../../src/language/generate.ts';
import { loadPolicies } from '../../src/language/load.ts';
import { loadTests } from '../../src/language/load-tests.ts';
import { outcomesWithoutCase, runCases } from '../../src/language/policy-test.ts';
import { publishedSchemas } from '../../src/language/published-schemas.ts';
import { rules } from '../../src/rules/index.ts';
import { runCli } from '../cli/run-cli.ts';
import { actions as plainActions } from '../language/actions.ts';
import { inFolder, inFolderUntilDone } from '../language/folder.ts';

const now = new Date('2026-06-01T00:00:00Z');
const shipped = loadPolicies(['policies'], { rules, actions, cwd: process.cwd(), now });
const policies = bindAll(shipped.policies, { rules, actions });
const ajv = new Ajv({ strict: false });

function isAcceptedBy(schema: string, file: string): boolean {
  return ajv.validate(JSON.parse(readFileSync(`schema/${schema}`, 'utf8')), parse(readFileSync(file, 'utf8')));
}

test('every shipped policy is without mistakes and warnings', () => {
  const folders = readdirSync('policies', { withFileTypes: true }).filter((entry) => entry.isDirectory());

  expect(shipped.errors).toEqual([]);
  expect(shipped.warnings).toEqual([]);
  expect(policies.map(({ name }) => name)).toEqual(folders.map(({ name }) => name).sort());
  expect(policies.length).toBeGreaterThanOrEqual(5);
});

test('shipped policies harm nobody: they observe', () => {
  expect(
    policies.filter(({ mode, actions }) => mode !== 'observe' || actions.some(({ id }) => id !== 'notify')),
  ).toEqual([]);
});

test('the approved families hold none of a previous generation', () => {
  const { approvedFamilies }: { approvedFamilies: readonly string[] } = parse(
    readFileSync('policies/values.yml', 'utf8'),
  );

  expect(approvedFamilies.filter((family) => /^(?:[mcr][1-5]|t[12]|i[123]|g[123])/.test(family))).toEqual([]);
  expect(new Set(approvedFamilies).size).toBe(approvedFamilies.length);
});

describe.each(policies.map((policy) => [policy.name, policy] as const))('%s', (_, policy) => {
  const { tests, errors } = loadTests(policy, process.cwd());

  test('has tests that pass, and a case for every outcome', () => {
    expect(errors).toEqual([]);
    if (tests === undefined) throw new Error('there are no tests');
    expect(runCases(policy, tests).filter(({ failures }) => failures.length > 0)).toEqual([]);
    expect(outcomesWithoutCase(policy, tests)).toEqual([]);
  });

  test('is accepted by the published schemas, and names them', () => {
    const file = policy.source.file;
    const testFile = file.replace('.yml', '.test.yml');

    expect(isAcceptedBy('policy.schema.json', file)).toBe(true);
    expect(isAcceptedBy('policy-test.schema.json', testFile)).toBe(true);
    expect(readFileSync(file, 'utf8')).toMatch(
      /^# yaml-language-server: \$schema=\.\.\/\.\.\/schema\/policy\.schema\.json\n/,
    );
    expect(readFileSync(testFile, 'utf8')).toMatch(
      /^# yaml-language-server: \$schema=\.\.\/\.\.\/schema\/policy-test\.schema\.json\n/,
    );
  });
});

test('the published schemas accept values.yml and refuse a policy that the loader refuses', () => {
  expect(isAcceptedBy('values.schema.json', 'policies/values.yml')).toBe(true);
  expect(
    isAcceptedBy('policy.schema.json', 'test/fixtures/policies/five-mistakes/policies/prod-owners/policy.yml'),
  ).toBe(false);
});

test('a rule without a page gets one', () => {
  const page = generatedFiles(() => undefined)['docs/rules/required-tags.md'];

  expect(page).toMatch(/^# required-tags\n\n<!-- generated -->\n\n\*\*/);
  expect(page).toMatch(/<!-- \/generated -->\n\n## When not to use it\n\n## Edge cases\n$/);
});

test('generated files are current', () => {
  const read = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : undefined);
  const files = generatedFiles(read);

  expect(Object.keys(files).filter((path) => read(path) !== files[path])).toEqual([]);
  expect(Object.keys(files)).toEqual(
    expect.arrayContaining(['schema/policy.schema.json', 'docs/rules/required-tags.md']),
  );
});

describe('docs/policies.md', () => {
  const page = readFileSync('docs/policies.md', 'utf8');
  const { MatchBlock } =
    publishedSchemas({ rules, actions: [...actions, ...drainSteps] })['policy.schema.json']?.definitions ?? {};
  const matchKeys = Object.keys(MatchBlock?.properties ?? {});
  const blocks = [...page.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, text = '']) => text);
  const having = (pattern: RegExp) => blocks.filter((block) => pattern.test(block));
  const [policy = ''] = having(/^name: /m);
  const [tests = ''] = having(/^cases:/m);
  const [values = ''] = having(/^# policies\/values\.yml/m);
  const [enforcement = ''] = having(/^# policies\/enforcement\.yml/m);
  const fragments = blocks.filter((block) => ![policy, tests, values, enforcement].includes(block));
  const withKey = (fragment: string) =>
    `${policy
      .replace(/^(match|exempt|mode):\n?(?: .*\n)*.*\n(?=\w)/gm, '')
      .replace(/^actions: .*\n/m, (line) => (/^actions:/m.test(fragment) ? '' : line))}\n${fragment}`;

  test('its policy, values and tests are valid, and the tests pass', async () => {
    const files = {
      'policies/no-open-ssh/policy.yml': policy,
      'policies/no-open-ssh/policy.test.yml': tests,
      'policies/values.yml': values,
      'policies/enforcement.yml': enforcement,
    };

    expect(await inFolderUntilDone(files, (folder) => runCli('test', folder))).toEqual({
      exitCode: 0,
      stdout: '1 policy, 6 cases, 6 passed, 0 failed\n',
      stderr: '',
    });
  });

  test.each(matchKeys)('it speaks of the key %s of match', (key) => {
    expect(page).toContain(`\`${key}\``);
  });

  test('its fragments are valid within a policy', () => {
    expect(fragments.length).toBeGreaterThanOrEqual(9);
    for (const fragment of fragments) {
      const files = { 'policies/no-open-ssh/policy.yml': withKey(fragment), 'policies/values.yml': values };
      const options = { rules, actions: [...actions, ...drainSteps, ...plainActions], now };
      const { policies: written, errors } = inFolder(files, (cwd) => loadPolicies(['policies'], { ...options, cwd }));
      expect(errors).toEqual([]);
      expect(written).toHaveLength(1);
    }
  });

  test('its enforcement.yml is accepted by the published schema', () => {
    expect(ajv.validate(JSON.parse(readFileSync('schema/enforcement.schema.json', 'utf8')), parse(enforcement))).toBe(
      true,
    );
  });
});
