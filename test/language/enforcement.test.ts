import { defaultSafety } from '../../src/domain/safety.ts';
import { loadPolicies } from '../../src/language/load.ts';
import type { PolicyError } from '../../src/language/policy-error.ts';
import { actions } from './actions.ts';
import { inFolder } from './folder.ts';
import { marked, placed } from './marked.ts';
import { rules } from './rules.ts';

const now = new Date('2026-06-01T00:00:00Z');

const policy = (name: string) =>
  `name: ${name}\ndescription: Owned.\nseverity: high\nrule: has-tags\nparameters: { keys: [Owner] }\nactions: [notify]\n`;

function load(files: Readonly<Record<string, string>>, paths: readonly string[] = ['policies']) {
  return inFolder({ 'policies/owned/policy.yml': policy('owned'), ...files }, (cwd) =>
    loadPolicies(paths, { rules, actions, cwd, now }),
  );
}

function safetyOf(text: string, values = 'prod: ["111122223333"]') {
  return load({ 'policies/enforcement.yml': text, 'policies/values.yml': values });
}

/** `file: code message`. */
function told(errors: readonly PolicyError[]): readonly string[] {
  return errors.map(({ file, code, message }) => `${file}: ${code} ${message}`);
}

describe('enforcement.yml', () => {
  test('need not be there', () => {
    expect(load({})).toMatchObject({ safety: defaultSafety, errors: [] });
  });

  test('says how much may be done, and what is protected', () => {
    const text = 'limits: { perHour: { access: 20, stop: 3, terminate: 0 }, percent: 2 }\nprotected:\n';
    const { safety, errors } = safetyOf(
      `${text}  - { tags: { Tier: [critical] }, accounts: $prod }\n  - { when: instance.LaunchTime < now }\n`,
    );

    expect(errors).toEqual([]);
    expect(safety).toEqual({
      limits: { perHour: { access: 20, stop: 3, terminate: 0, schedule: 200 }, percent: 2 },
      protected: [{ tags: { Tier: ['critical'] }, accounts: ['111122223333'] }, { when: 'instance.LaunchTime < now' }],
    });
  });

  test.each([
    ['limits: {}', defaultSafety.limits],
    ['limits: { perHour: {} }', defaultSafety.limits],
    ['limits: { percent: 1 }', { ...defaultSafety.limits, percent: 1 }],
    ['limits: { perHour: { stop: 1 } }', { perHour: { access: 10, stop: 1, terminate: 5 }, percent: 5 }],
  ])('leaves what it does not say as it is: %s', (text, limits) => {
    expect(safetyOf(text)).toMatchObject({ safety: { limits }, errors: [] });
  });

  test.each([
    ['▸limit: {}', 'unknown-key limit', 'write `limits`'],
    ['limits: ▸5', 'wrong-type limits', expect.stringContaining('write a map')],
    ['limits: { perHour: ▸5 }', 'wrong-type limits.perHour', expect.stringContaining('write a map')],
    ['limits: { perHour: { ▸start: 5 } }', 'unknown-key limits.perHour.start', expect.anything()],
    ['limits: { perHour: { stop: ▸-1 } }', 'invalid-value limits.perHour.stop', expect.anything()],
    ['limits: { perHour: { stop: ▸1.5 } }', 'wrong-type limits.perHour.stop', expect.stringContaining('whole number')],
    ['limits: { percent: ▸0 }', 'invalid-value limits.percent', expect.anything()],
    ['limits: { percent: ▸101 }', 'invalid-value limits.percent', expect.anything()],
    ['limits: { percent: ▸5% }', 'wrong-type limits.percent', expect.stringContaining('write a number')],
    ['protected: ▸{}', 'invalid-value protected', expect.anything()],
    ['protected: { regions: [▸europe] }', 'invalid-value protected.regions[0]', 'write a Region such as eu-central-1'],
    ['protected: { tags: { Tier: ▸1 } }', 'unknown-tag-pattern protected.tags.Tier', 'quote it: "1"'],
    ['protected: { when: "now <▸" }', 'invalid-cel protected.when', expect.anything()],
    ['protected: [{ not: { when: ▸1 + 1 } }]', 'invalid-cel protected[0].not.when', expect.anything()],
    ['protected: { accounts: ▸$prd }', 'unknown-value-list protected.accounts', 'write $prod'],
    ['▸', 'empty-file', expect.anything()],
    ['▸- a', 'wrong-type', expect.anything()],
    ['limits: {}\n▸limits: {}', 'duplicate-key limits', expect.anything()],
  ])('has a mistake: %s', (written, mistake, fix) => {
    const { text, place } = marked(written);
    const { safety, errors } = safetyOf(text);

    expect(placed(errors)).toEqual([`${place} ${mistake}`]);
    expect(errors[0]).toMatchObject({ file: 'policies/enforcement.yml', fix });
    expect(safety).toEqual(defaultSafety);
  });

  test('has examples of its own', () => {
    const examples = ['limits: 5', 'protected: { tags: { Tier: 1 } }', 'protected: { when: now }'].map(
      (text) => safetyOf(text).errors[0]?.example,
    );

    expect(examples).toEqual([
      'limits: { perHour: { access: 10, stop: 10, terminate: 5 }, percent: 5 }',
      'protected: { tags: { Environment: [prod, staging] } }',
      `protected: { when: 'instance.LaunchTime > timestamp("2026-01-01T00:00:00Z")' }`,
    ]);
  });

  test('is told of a list of values.yml that does not do where the list is written', () => {
    expect(told(safetyOf('protected: { accounts: $prod }', 'prod: [1]').errors)).toEqual([
      'policies/values.yml: wrong-type `protected.accounts[0]` is the number 1, and must be text (in policies/enforcement.yml)',
    ]);
  });

  test.each<[string, readonly string[]]>([
    ['a policy', ['policies/owned/policy.yml']],
    ["a policy's folder", ['policies/owned']],
    ['all', ['policies']],
    ['the current directory', ['.']],
  ])('is found beside the policies from the path of %s', (_, paths) => {
    const files = { 'policies/enforcement.yml': 'limits: { percent: 1 }' };

    expect(load(files, paths)).toMatchObject({ safety: { limits: { percent: 1 } }, errors: [] });
  });

  test('is of all policies: there is one, and all are in its folder', () => {
    const some = { 'policies/team/enforcement.yml': '', 'policies/team/a/policy.yml': policy('a') };

    expect(told(load(some).errors)).toEqual([
      'policies/team/enforcement.yml: misplaced-enforcement it holds of all policies, and policies/owned/policy.yml is not in its folder',
    ]);
    expect(told(load({ ...some, 'policies/enforcement.yml': 'limits: {}' }, ['policies/team']).errors)).toEqual([
      'policies/team/enforcement.yml: misplaced-enforcement it holds of all policies, and policies/enforcement.yml is there too',
    ]);
    expect(told(load({ 'policies/none/enforcement.yml': '' }).errors)).toEqual([
      'policies/none/enforcement.yml: misplaced-enforcement it holds of all policies, and policies/owned/policy.yml is not in its folder',
    ]);
  });

  test.each([
    ...['enforcement.yaml', 'Enforcement.yml', 'enforcment.yml', 'enforcements.yml', 'enforce.yml', 'ENFORCEMENT.YML'],
    'owned/enforcment.yaml',
  ])('under another name is refused, not left out: %s', (name) => {
    const file = `policies/${name}`;

    expect(load({ [file]: 'limits: {}' }).errors).toMatchObject([
      {
        file,
        code: 'no-policies',
        message: `${file.replace(/.*\//, '')} is not read`,
        fix: 'rename it to enforcement.yml',
      },
    ]);
  });

  test.each(['values.yml', 'owned/policy.test.yml', 'environments.yml', 'enforcement.md'])(
    'is not meant by %s',
    (name) => {
      expect(load({ [`policies/${name}`]: 'a: [1]' }).errors).toEqual([]);
    },
  );

  test('that is a folder is refused', () => {
    expect(told(load({ 'policies/enforcement.yml/x': '' }).errors)).toEqual([
      "policies/enforcement.yml: unreadable it can't be read: it is no file",
    ]);
  });
});
