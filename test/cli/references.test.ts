import { drainSteps } from '../../src/actions/drain-steps.ts';
import { actions } from '../../src/actions/index.ts';
import { rules } from '../../src/rules/index.ts';
import { runCli } from './run-cli.ts';

describe.each([
  { noun: 'rule', all: rules, misspelt: 'restrictd-ingres', meant: 'restricted-ingress' },
  { noun: 'action', all: [...actions, ...drainSteps], misspelt: 'revoke-ingres', meant: 'revoke-ingress' },
])('$noun', ({ noun, all, misspelt, meant }) => {
  test('each is listed with its summary', async () => {
    const { exitCode, stdout } = await runCli(`${noun}s`, '.');

    expect(exitCode).toBe(0);
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.split(/ {2,}/)),
    ).toEqual(all.map(({ id, summary }) => [id, summary]));
  });

  const ids = all.map(({ id }) => id);

  test.each([
    ['near one', misspelt, `Did you mean ${meant}?`],
    ['near none', 'x', `The ${noun}s are ${ids.slice(0, -1).join(', ')} or ${ids.at(-1)}.`],
  ])('an unknown one %s exits with 2', async (_, id, advice) => {
    expect(await runCli(`${noun}s ${id}`, '.')).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: `ec2-guardrail: there is no ${noun} ${id}. ${advice}\n`,
    });
  });
});
