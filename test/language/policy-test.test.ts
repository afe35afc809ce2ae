import { bindAll } from '../../src/language/bind.ts';
import { loadPolicies } from '../../src/language/load.ts';
import { loadTests } from '../../src/language/load-tests.ts';
import { outcomesWithoutCase, runCases } from '../../src/language/policy-test.ts';
import { actions } from './actions.ts';
import { inFolder } from './folder.ts';
import { rules } from './rules.ts';

const owned = `name: owned
description: Every production instance has an owner.
severity: high
rule: has-tags
parameters: { keys: [Owner] }
match: { not: { tags: { Environment: dev } } }
exempt: [{ match: { instanceIds: [i-1] }, reason: a bastion, until: 2026-01-01 }]
actions: [notify]
`;

const zones = owned.replace('has-tags', 'approved-zones').replace('{ keys: [Owner] }', '{ zones: [us-east-1a] }');

function loadedTests(policy: string, tests: string) {
  return inFolder({ 'owned/policy.yml': policy, 'owned/policy.test.yml': tests }, (cwd) => {
    const { policies } = loadPolicies(['.'], { rules, actions, cwd, now: new Date('2026-01-01T00:00:00Z') });
    const [bound] = bindAll(policies, { rules, actions });
    if (bound === undefined) throw new Error('the policy has mistakes');
    return { bound, ...loadTests(bound, cwd) };
  });
}

function failuresOf(oneCase: string, policy = owned): readonly string[] {
  const { bound, tests, errors } = loadedTests(policy, `cases:\n  - ${oneCase}\n`);
  if (tests === undefined) throw new Error(JSON.stringify(errors));
  return runCases(bound, tests).flatMap(({ failures }) => failures);
}

describe('a case passes when the policy says what it expects', () => {
  test.each([
    ['of tags as a map', '{ name: a, instance: { Tags: { Owner: jane } }, expect: { compliance: COMPLIANT } }'],
    [
      "of tags as EC2's list",
      '{ name: a, instance: { Tags: [{ Key: Owner, Value: jane }] }, expect: { compliance: COMPLIANT } }',
    ],
    ['with its reason', '{ name: a, expect: { compliance: NON_COMPLIANT, reason: tag Owner is missing } }'],
    ['with its actions', '{ name: a, expect: { compliance: NON_COMPLIANT, actions: [notify] } }'],
    ['at its own time', '{ name: a, now: 2026-01-01T00:00:10Z, expect: { compliance: INSUFFICIENT_DATA } }'],
    [
      'of an instance outside match',
      '{ name: a, instance: { Tags: { Environment: dev } }, expect: { matched: false } }',
    ],
    [
      'of an exempt instance, which is neither alerted nor acted on',
      '{ name: a, instance: { InstanceId: i-1 }, expect: { compliance: NON_COMPLIANT, exempt: true, actions: [] } }',
    ],
    [
      'of an exemption that has ended',
      '{ name: a, now: 2026-01-02T00:00:00Z, instance: { InstanceId: i-1 }, expect: { compliance: NON_COMPLIANT } }',
    ],
    [
      'of an instance that is gone',
      '{ name: a, instance: { State: { Name: terminated } }, expect: { compliance: NOT_APPLICABLE } }',
    ],
    [
      'of a field that EC2 has added',
      '{ name: a, instance: { BrandNewSetting: { On: true }, Tags: { Owner: jane } }, expect: { compliance: COMPLIANT } }',
    ],
  ])('%s', (_, oneCase) => {
    expect(failuresOf(oneCase)).toEqual([]);
  });
});

describe('a case fails when the policy says something else', () => {
  test.each([
    [
      'another outcome',
      '{ name: a, expect: { compliance: COMPLIANT } }',
      ['expected COMPLIANT, got NON_COMPLIANT (tag Owner is missing)'],
    ],
    [
      'another reason',
      '{ name: a, expect: { compliance: NON_COMPLIANT, reason: no owner } }',
      ['expected the reason "no owner", got "tag Owner is missing"'],
    ],
    [
      'an action not expected',
      '{ name: a, expect: { compliance: NON_COMPLIANT, actions: [] } }',
      ['action not expected: notify'],
    ],
    [
      'an action expected and not taken',
      '{ name: a, instance: { Tags: { Owner: jane } }, expect: { compliance: COMPLIANT, actions: [notify] } }',
      ['action expected, and not taken: notify'],
    ],
    [
      'an exemption that nobody expected',
      '{ name: a, instance: { InstanceId: i-1 }, expect: { compliance: NON_COMPLIANT } }',
      ['exempt, not expected: a bastion'],
    ],
    [
      'an exemption that does not hold',
      '{ name: a, expect: { compliance: NON_COMPLIANT, exempt: true } }',
      ['expected an exemption to hold, and none does'],
    ],
    [
      'an instance within match',
      '{ name: a, expect: { matched: false } }',
      ['expected an instance outside match, and it is judged: NON_COMPLIANT (tag Owner is missing)'],
    ],
    [
      'an instance outside match',
      '{ name: a, instance: { Tags: { Environment: dev } }, expect: { compliance: NON_COMPLIANT } }',
      ["the instance is outside the policy's match"],
    ],
    [
      'an instance that can not be',
      '{ name: a, instance: { Placement: { AvailabilityZone: mars } }, expect: { compliance: COMPLIANT } }',
      [
        'this is no instance that EC2 could return: instance i-0123456789abcdef0: DescribeInstances gave no Placement.AvailabilityZone',
      ],
    ],
  ])('%s', (_, oneCase, failures) => {
    expect(failuresOf(oneCase)).toEqual(failures);
  });
});

test("the file's own time stands for cases without one", () => {
  const { bound, tests } = loadedTests(
    owned,
    `now: 2026-01-01T00:00:10Z
cases:
  - { name: just launched, expect: { compliance: INSUFFICIENT_DATA } }
  - { name: later, now: 2026-01-01T01:00:00Z, expect: { compliance: NON_COMPLIANT } }
`,
  );

  expect(tests && runCases(bound, tests)).toEqual([
    { name: 'just launched', failures: [] },
    { name: 'later', failures: [] },
  ]);
});

describe('outcomes that a policy can give and no case expects', () => {
  const compliant = '  - { name: a, expect: { compliance: COMPLIANT } }\n';

  test.each([
    [
      'the two that every policy gives, and those that examples of its rule give with its parameters',
      owned,
      '  - { name: a, expect: { matched: false } }\n',
      [
        'no case expects COMPLIANT',
        'no case expects NON_COMPLIANT',
        'no case expects INSUFFICIENT_DATA, which comes of: the launch has not settled',
      ],
    ],
    [
      'not those that no example gives',
      zones,
      compliant,
      ['no case expects NON_COMPLIANT', 'no case expects NOT_APPLICABLE, which comes of: on a dedicated host'],
    ],
    [
      'whatever its match leaves out',
      zones.replace('not:', 'states: [stopped], not:'),
      `${compliant}  - { name: b, expect: { compliance: NON_COMPLIANT } }\n`,
      ['no case expects NOT_APPLICABLE, which comes of: on a dedicated host'],
    ],
  ])('are %s', (_, policy, cases, expected) => {
    const { bound, tests } = loadedTests(policy, `cases:\n${cases}`);

    expect(tests && outcomesWithoutCase(bound, tests)).toEqual(expected);
  });
});

describe('mistakes of a test file', () => {
  test.each([
    ['an empty file', '', ['1:1 empty-file ']],
    ['no cases', 'cases: []', ['1:8 invalid-value cases']],
    ['an unknown key', 'cases: [{ name: a, expct: { compliance: COMPLIANT } }]', ['1:20 unknown-key cases[0].expct']],
    [
      'an outcome that is none',
      'cases: [{ name: a, expect: { compliance: COMPLAINT } }]',
      ['1:42 invalid-value cases[0].expect.compliance'],
    ],
    [
      'no expectation of outcome',
      'cases: [{ name: a, expect: { reason: x } }]',
      ['1:28 invalid-value cases[0].expect'],
    ],
    [
      'a field misspelt',
      'cases: [{ name: a, instance: { Instancetype: x }, expect: { matched: false } }]',
      ['1:32 unknown-key cases[0].instance.Instancetype'],
    ],
    [
      'a tag that is a number',
      'cases: [{ name: a, instance: { Tags: { Cost: 12 } }, expect: { matched: false } }]',
      ['1:46 wrong-type cases[0].instance.Tags.Cost'],
    ],
    [
      'a volume without its id',
      'cases: [{ name: a, volumes: [{ Size: 8 }], expect: { matched: false } }]',
      ['1:30 missing-key cases[0].volumes[0].VolumeId'],
    ],
    [
      'a time that is none',
      'now: yesterday\ncases: [{ name: a, expect: { matched: false } }]',
      ['1:6 invalid-value now'],
    ],
    [
      'an account id as a number',
      'cases: [{ name: a, accountId: 123456789012, expect: { matched: false } }]',
      ['1:31 wrong-type cases[0].accountId'],
    ],
  ])('%s', (_, tests, expected) => {
    const { errors } = loadedTests(owned, tests);

    expect(errors.map(({ line, column, code, path }) => `${line}:${column} ${code} ${path}`)).toEqual(expected);
  });
});

test('a policy without a test file has no tests and no errors', () => {
  const loaded = inFolder({ 'owned/policy.yml': owned }, (cwd) => {
    const { policies } = loadPolicies(['.'], { rules, actions, cwd, now: new Date('2026-01-01T00:00:00Z') });
    return policies.map((policy) => loadTests(policy, cwd));
  });

  expect(loaded).toEqual([{ file: 'owned/policy.test.yml', lines: [], errors: [] }]);
});
