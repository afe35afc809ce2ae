import packageJson from '../../package.json' with { type: 'json' };
import { fixture, runCli } from './run-cli.ts';

test.each([
  ['an unknown command', 'vaidate', "error: unknown command 'vaidate'\n(Did you mean validate?)\n"],
  ['an unknown option', 'validate --formt json', "error: unknown option '--formt'\n(Did you mean --format?)\n"],
  [
    'an unknown format',
    'validate --format xml',
    "error: option '--format <format>' argument 'xml' is invalid. Allowed choices are text, json.\n",
  ],
])('%s exits with 2 and says what was meant', async (_, command, stderr) => {
  expect(await runCli(command, '.')).toEqual({ exitCode: 2, stdout: '', stderr });
});

test('no command prints the help on stderr and exits with 2', async () => {
  const { exitCode, stdout, stderr } = await runCli('', '.');

  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  expect(stderr).toMatch(/^Usage: ec2-guardrail /);
});

test('--version prints the version', async () => {
  expect(await runCli('--version', '.')).toEqual({ exitCode: 0, stdout: `${packageJson.version}\n`, stderr: '' });
});

test('--help lists the commands', async () => {
  const { exitCode, stdout } = await runCli('--help', '.');

  expect(exitCode).toBe(0);
  for (const command of ['validate', 'test', 'permissions', 'rules'])
    expect(stdout).toMatch(new RegExp(`^ {2}${command} `, 'm'));
});

test.each(['validate', 'test', 'permissions', 'rules'])('%s --help shows examples of it', async (command) => {
  const { exitCode, stdout } = await runCli(`${command} --help`, '.');

  expect(exitCode).toBe(0);
  expect(stdout).toMatch(new RegExp(`\nExamples:\n(  ec2-guardrail ${command}.*\n){2,}`));
});

test('an unexpected failure is told on stderr and exits with 2', async () => {
  const now = () => {
    throw new Error('no clock');
  };

  expect(await runCli('validate', fixture('clean'), { now })).toEqual({
    exitCode: 2,
    stdout: '',
    stderr: 'ec2-guardrail: no clock\n',
  });
});
