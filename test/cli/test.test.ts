import { fixture, runCli } from './run-cli.ts';

test.each([
  ['tests that pass', 'clean', 0, '1 policy, 3 cases, 3 passed, 0 failed\n'],
  [
    'tests that fail, policies without tests, and outcomes without a case',
    'failing',
    1,
    `FAIL wrong-case: named in another case policies/wrong-case/policy.test.yml:2
    expected COMPLIANT, got NON_COMPLIANT (Owner is missing, there is "owner" (case differs))
FAIL wrong-case: not named policies/wrong-case/policy.test.yml:8
    expected the reason "no owner", got "Owner is missing"
    action not expected: notify
FAIL half-tested: no case expects COMPLIANT policies/half-tested/policy.test.yml
FAIL half-tested: no case expects INSUFFICIENT_DATA, which comes of: launched half a minute ago: the tag may still come policies/half-tested/policy.test.yml
FAIL no-tests: there are no tests policies/no-tests/policy.test.yml
3 policies, 5 cases, 3 passed, 2 failed, 3 problems
`,
  ],
  [
    'a test file with mistakes',
    'faulty-tests',
    2,
    `policies/owned/policy.test.yml:3:17  unknown-key  \`Tag\` is no key in \`cases[0].instance\`
    fix: write \`Tags\`
policies/owned/policy.test.yml:4:15  unknown-key  \`complaince\` is no key in \`cases[0].expect\`
    fix: write \`compliance\`
1 policy, 0 cases, 0 passed, 0 failed, 2 errors
`,
  ],
])('%s', async (_, folder, exitCode, stdout) => {
  expect(await runCli('test', fixture(folder))).toEqual({ exitCode, stdout, stderr: '' });
});

test('a policy with mistakes can not be tested: it exits with 2', async () => {
  const { exitCode, stdout } = await runCli('test', fixture('five-mistakes'));

  expect(exitCode).toBe(2);
  expect(stdout).toContain('0 policies, 0 cases, 0 passed, 0 failed, 5 errors\n');
});

test('--format json prints every case, and what is wrong with the tests as a whole', async () => {
  const { exitCode, stdout } = await runCli(
    'test --format json policies/half-tested policies/no-tests',
    fixture('failing'),
  );

  expect(exitCode).toBe(1);
  expect(JSON.parse(stdout)).toEqual({
    version: 1,
    cases: [
      {
        policy: 'half-tested',
        file: 'policies/half-tested/policy.test.yml',
        line: 2,
        name: 'not named',
        passed: true,
        failures: [],
      },
    ],
    problems: [
      { policy: 'half-tested', file: 'policies/half-tested/policy.test.yml', message: 'no case expects COMPLIANT' },
      {
        policy: 'half-tested',
        file: 'policies/half-tested/policy.test.yml',
        message:
          'no case expects INSUFFICIENT_DATA, which comes of: launched half a minute ago: the tag may still come',
      },
      { policy: 'no-tests', file: 'policies/no-tests/policy.test.yml', message: 'there are no tests' },
    ],
    errors: [],
    summary: { policies: 2, cases: 1, passed: 1, failed: 0, problems: 3 },
  });
});
