import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { loadPolicies } from '../../src/language/load.ts';
import { rules } from '../../src/rules/index.ts';
import { inFolder } from './folder.ts';

const now = new Date('2026-06-01T00:00:00Z');
const valid = (name: string) =>
  `name: ${name}\ndescription: Instances have an owner.\nseverity: high\nrule: required-tags\nparameters: { keys: [{ key: Owner }] }\nactions: [notify]\n`;

/** What is told of each file: `file: code message`. */
function told(files: Readonly<Record<string, string>>, prepare: (cwd: string) => void = () => undefined) {
  return inFolder({ 'policies/good/policy.yml': valid('good'), ...files }, (cwd) => {
    prepare(cwd);
    const { policies, errors } = loadPolicies(['policies'], { rules, actions: [], cwd, now });
    return {
      loaded: policies.map(({ name }) => name),
      errors: errors.map(({ file, code, message }) => `${file}: ${code} ${message}`),
    };
  });
}

test('a link that leads nowhere is told, and the others are loaded', () => {
  const link = (cwd: string) => symlinkSync('/nowhere/policy.yml', join(cwd, 'policies/other/policy.yml'));
  expect(told({ 'policies/other/x': '' }, link)).toEqual({
    loaded: ['good'],
    errors: ['policies/other/policy.yml: unreadable there is no such file or folder'],
  });
});

test('a link to a device is not read', () => {
  const link = (cwd: string) => symlinkSync('/dev/zero', join(cwd, 'policies/other/policy.yml'));
  expect(told({ 'policies/other/x': '' }, link).errors).toEqual([
    "policies/other/policy.yml: unreadable it can't be read: it is no file",
  ]);
});

test('a file of megabytes is not read', () => {
  expect(told({ 'policies/other/policy.yml': `# ${'x'.repeat(1_000_000)}\n` }).errors).toEqual([
    "policies/other/policy.yml: unreadable it can't be read: it has more than 1000000 bytes",
  ]);
});

test('thousands of aliases are refused before they are looked up', () => {
  const aliases = `x: &a y\nlist:\n${'  - *a\n'.repeat(20_000)}`;
  expect(told({ 'policies/other/policy.yml': aliases }).errors).toEqual([
    'policies/other/policy.yml: invalid-yaml there are more than 1000 aliases',
  ]);
});

test('lists that multiply are refused, once', () => {
  const policy = `${valid('other')}match: { tags: { Team: [${'$x, '.repeat(3_000)}] } }\n`;
  const values = `x: [${'a, '.repeat(3_000)}]\n`;
  expect(told({ 'policies/other/policy.yml': policy, 'policies/values.yml': values }).errors).toEqual([
    'policies/other/policy.yml: invalid-value the lists of this policy come to more than 10000 entries',
  ]);
});
