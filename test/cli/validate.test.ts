import { printValidation } from '../../src/cli/validate.ts';
import { notify, type Policy } from '../../src/domain/policy.ts';
import { defaultSafety } from '../../src/domain/safety.ts';
import { policyFor } from '../support/policies.ts';
import { fixture, runCli } from './run-cli.ts';

test('a policy with five mistakes prints five places and five fixes, and exits with 2', async () => {
  expect(await runCli('validate', fixture('five-mistakes'))).toEqual({
    exitCode: 2,
    stderr: '',
    stdout: `policies/prod-owners/policy.yml:3:1  unknown-key  \`severty\` is no key here
    fix: write \`severity\`
    example: severity: high
policies/prod-owners/policy.yml:4:7  unknown-rule  there is no rule \`required-tag\`
    fix: write required-tags
    example: rule: required-tags
policies/prod-owners/policy.yml:6:14  wrong-type  \`match.accounts[0]\` is the number 12345678901, and must be text
    fix: quote the account id: "012345678901"
    example: match: { accounts: ["123456789012"] }
policies/prod-owners/policy.yml:11:12  invalid-value  \`exempt[0].until\` ("2027-02-30") is not a day of the calendar
    fix: correct it: The last day of the exemption in UTC, as YYYY-MM-DD.
    example:
      exempt:
        - match: { instanceIds: [i-0fedcba9876543210] }
          reason: bastion, reviewed by security
          until: 2027-03-31
policies/prod-owners/policy.yml:12:19  not-built-yet  action tag is not built yet
    fix: remove it
    example: actions: [notify]
5 errors
`,
  });
});

test.each([
  ['the default path', 'validate', 'clean', 0, '1 policy, no errors\n'],
  ['a file', 'validate policies/owned/policy.yml', 'clean', 0, '1 policy, no errors\n'],
  ['several paths', 'validate failing/policies clean/policies', '.', 0, '4 policies, no errors\n'],
  [
    'a path that leads nowhere',
    'validate nowhere',
    'clean',
    2,
    'nowhere:1:1  unreadable  there is no such file or folder\n    fix: name a policy.yml, or a folder that holds policies\n1 error\n',
  ],
  [
    'an exemption that ended',
    'validate',
    'expired',
    0,
    `policies/owned/policy.yml:10:12  exemption-expired  this exemption ended on 2026-03-31: what it covered is a violation again
    fix: remove it, or have it renewed
1 policy, no errors, 1 warning
`,
  ],
])('%s', async (_, command, folder, exitCode, stdout) => {
  expect(await runCli(command, fixture(folder))).toEqual({ exitCode, stdout, stderr: '' });
});

test('--format json prints one document, and exits as text does', async () => {
  const { exitCode, stdout } = await runCli('validate --format json', fixture('five-mistakes'));

  expect(exitCode).toBe(2);
  expect(JSON.parse(stdout)).toMatchObject({
    version: 1,
    policies: [],
    errors: [
      {
        code: 'unknown-key',
        file: 'policies/prod-owners/policy.yml',
        line: 3,
        column: 1,
        path: 'severty',
        fix: 'write `severity`',
      },
      { code: 'unknown-rule', line: 4, column: 7 },
      { code: 'wrong-type', line: 6, column: 14 },
      { code: 'invalid-value', line: 11, column: 12 },
      { code: 'not-built-yet', line: 12, column: 19 },
    ],
    warnings: [],
  });
});

test('--format json names the policies and the warnings', async () => {
  const { exitCode, stdout } = await runCli('validate --format json', fixture('expired'));

  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    version: 1,
    policies: ['owned'],
    errors: [],
    warnings: [{ code: 'exemption-expired', path: 'exempt[0].until' }],
  });
});

test('policies that enforce are named, and by what', async () => {
  const observing = policyFor('encrypted-volumes', {});
  const use = (id: string) => ({ id, parameters: {}, afterMs: 0, onDrift: false });
  const stopping: Policy = { ...observing, name: 'stopping', mode: 'enforce', actions: [notify, use('stop')] };
  const some: Policy = {
    ...stopping,
    name: 'some',
    enforce: { match: { regions: ['eu-west-1'] } },
    actions: [use('stop'), notify, use('terminate')],
  };
  const policies = [{ ...observing, actions: [notify, use('stop')] }, stopping, some];
  let printed = '';
  const stdout = (text: string) => {
    printed += text;
  };
  const io = { stdout, stderr: stdout, cwd: '.', env: {}, isTTY: false, now: () => new Date(), packageRoot: '.' };
  await printValidation({ policies, safety: defaultSafety, errors: [], warnings: [] }, 'text', {
    ...io,
    pause: () => Promise.resolve(),
    aws: () => Promise.reject(new Error('this test has no AWS')),
    exit: () => undefined,
  });

  expect(printed).toBe(
    'stopping enforces: stop\nsome enforces on some instances: stop, terminate\n3 policies, no errors\n',
  );
});

describe('colours', () => {
  const escapeCode = '\u001b[';

  test.each([
    ['on a terminal', { isTTY: true }, true],
    ['with NO_COLOR', { isTTY: true, env: { NO_COLOR: '1' } }, false],
    ['with NO_COLOR empty, which is as if it were not set', { isTTY: true, env: { NO_COLOR: '' } }, true],
    ['in a pipe', { isTTY: false }, false],
  ])('%s', async (_, io, coloured) => {
    const { stdout } = await runCli('validate', fixture('five-mistakes'), io);

    expect(stdout.includes(escapeCode)).toBe(coloured);
  });
});
