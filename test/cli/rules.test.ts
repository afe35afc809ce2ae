import { parse } from 'yaml';
import { rules } from '../../src/rules/index.ts';
import { inFolderUntilDone } from '../language/folder.ts';
import { runCli } from './run-cli.ts';

const ids = rules.map(({ id }) => id);

test('rules <id> prints all there is to know of a rule', async () => {
  const { exitCode, stdout } = await runCli('rules restricted-ingress', '.');

  expect(exitCode).toBe(0);
  expect(stdout).toMatch(
    /^restricted-ingress\nNo source .*\n\nWhy\n {2}A port .*\n\nFix\n {2}Revoke .*\n\nAWS Config\n {2}restricted-ssh\n\nParameters\n/,
  );
  expect(stdout).toMatch(/\n {2}ports {2}list of .*, required\n {6}The ports that are restricted/);
  expect(stdout).toMatch(/\n {2}wide\.ipv4 {2}integer, default 16\n {6}Prefix length for IPv4\.\n/);
});

test.each(ids)('examples of %s paste into a policy.test.yml and pass', async (id) => {
  const { stdout } = await runCli(`rules ${id}`, '.');
  const pasted = stdout.slice(stdout.indexOf('\nExamples\n') + '\nExamples\n'.length);
  const rule = rules.find((one) => one.id === id);
  const cases: readonly unknown[] = parse(pasted).cases;
  expect(cases).toHaveLength(rule?.examples.length ?? -1);

  const parameters = [...pasted.matchAll(/# with parameters: (.*)/g)].map((match) => match[1]);
  const policies = cases.map((one, index) => [
    [
      `p${index}/policy.yml`,
      `name: p${index}\ndescription: d\nseverity: low\nrule: ${id}\nparameters: ${parameters[index]}\nactions: [notify]\n`,
    ],
    [`p${index}/policy.test.yml`, JSON.stringify({ cases: [one] })],
  ]);
  const document = await inFolderUntilDone(Object.fromEntries(policies.flat()), async (folder) => {
    const { stdout: tested } = await runCli('test --format json .', folder);
    return JSON.parse(tested);
  });

  expect(document.errors).toEqual([]);
  expect(document.summary).toMatchObject({ cases: cases.length, failed: 0 });
});

test('--format json prints rules with the JSON Schema of their parameters', async () => {
  const all = JSON.parse((await runCli('rules --format json', '.')).stdout);
  const one = JSON.parse((await runCli('rules required-tags --format json', '.')).stdout);

  expect(all.version).toBe(1);
  expect(all.rules.map((rule: { id: string }) => rule.id)).toEqual(ids);
  expect(one.rules).toHaveLength(1);
  expect(one.rules[0]).toMatchObject({ id: 'required-tags', parameters: { required: ['keys'] } });
});
