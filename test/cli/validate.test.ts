import { printValidation } from '../../src/cli/validate.ts';
import { notify, type Policy } from '../../src/domain/policy.ts';
import { defaultSafety } from '../../src/domain/safety.ts';
import { inFolderUntilDone } from '../language/folder.ts';
import { policyFor } from '../support/policies.ts';
import { fixture, runCli } from './run-cli.ts';

const enforcingPolicy = `name: owned
description: Every instance has an owner.
severity: high
rule: required-tags
parameters: { keys: [{ key: Owner }] }
mode: enforce
actions: [notify, { stop: { after: 24h } }]
`;

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
  const use = (id: string, hours = 0) => ({ id, parameters: {}, afterMs: hours * 3_600_000, onDrift: false });
  const stopping: Policy = { ...observing, name: 'stopping', mode: 'enforce', actions: [notify, use('stop')] };
  const some: Policy = {
    ...stopping,
    name: 'some',
    enforce: { match: { regions: ['eu-west-1'] } },
    actions: [use('stop', 24), notify, use('terminate', 168)],
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
    `stopping enforces: stop at once
some enforces on some instances: stop after 24h, terminate after 7d
no enforcement.yml: default limits (an hour at most 10 access, 10 stop and 5 terminate, and 5 % of all instances; 200 by the clock), nothing is protected
3 policies, no errors
`,
  );
});

test('what goes by the clock is printed with its hours', async () => {
  const head = 'name: hours\ndescription: Office hours.\nseverity: low\nrule: running-hours\n';
  const parameters = 'parameters: { timezone: UTC, hours: { mon-fri: "08:00-20:00" }, startAgain: true }\n';
  const actions = 'mode: enforce\nactions: [notify, { stop: { after: 1h } }, hibernate, start]\n';
  const files = { 'policies/hours/policy.yml': head + parameters + actions };
  const { stdout } = await inFolderUntilDone(files, (folder) => runCli('validate', folder));

  expect(stdout.split('\n')[0]).toBe(
    'hours enforces: stop 1h after the hours end, hibernate when the hours end, start when the hours begin',
  );
});

test.each([
  [
    'limits: { perHour: { stop: 1 } }',
    '10 access, 1 stop and 5 terminate, and 5 % of all instances; 200 by the clock; nothing is protected',
  ],
  [
    'protected: { regions: [eu-west-1] }',
    '10 access, 10 stop and 5 terminate, and 5 % of all instances; 200 by the clock; 1 block protected',
  ],
  [
    'protected: [{ regions: [eu-west-1] }, { tags: { Tier: critical } }]',
    '10 access, 10 stop and 5 terminate, and 5 % of all instances; 200 by the clock; 2 blocks protected',
  ],
])('where any enforces, what holds of all is printed: %s', async (enforcement, printed) => {
  const files = { 'policies/enforcement.yml': enforcement, 'policies/owned/policy.yml': enforcingPolicy };
  const { stdout } = await inFolderUntilDone(files, (folder) => runCli('validate', folder));

  expect(stdout).toBe(
    `owned enforces: stop after 24h\npolicies/enforcement.yml: an hour at most ${printed}\n1 policy, no errors\n`,
  );
});

test('where none does, it is not', async () => {
  const observing = enforcingPolicy.replace('enforce', 'observe');
  const files = { 'policies/enforcement.yml': 'limits: {}', 'policies/owned/policy.yml': observing };

  expect((await inFolderUntilDone(files, (folder) => runCli('validate', folder))).stdout).toBe('1 policy, no errors\n');
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
