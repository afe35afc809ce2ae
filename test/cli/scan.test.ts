import { readdirSync } from 'node:fs';
import type { ScanDocument } from '../../src/cli/report/document.ts';
import { runCli } from './run-cli.ts';

const snapshot = 'test/fixtures/snapshots/small';
/** How many policies stand in a folder, each in one of its own. */
const policiesIn = (folder: string) =>
  readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory()).length;
const scan = (options: string) => runCli(`scan --policies policies --snapshot ${snapshot} ${options}`, '.');

async function documentOf(options: string): Promise<ScanDocument> {
  const { stdout } = await scan(`--format json ${options}`);
  return JSON.parse(stdout) as ScanDocument;
}

test('scan counts every instance and every evaluation, and its parts add up', async () => {
  const { summary } = await documentOf('');
  const { evaluations, compliant, nonCompliant, notApplicable, insufficientData } = summary;
  expect(summary.instances).toBe(2);
  expect(evaluations).toBe(summary.instances * policiesIn('policies'));
  expect(compliant + nonCompliant + notApplicable + insufficientData).toBe(evaluations);
});

test('scan lists violations and what is unknown; --all lists every outcome', async () => {
  const some = await documentOf('');
  expect(some.findings).toHaveLength(some.summary.nonCompliant + some.summary.insufficientData);
  expect(new Set(some.findings.map((one) => one.compliance))).toEqual(new Set(['NON_COMPLIANT', 'INSUFFICIENT_DATA']));
  const all = await documentOf('--all');
  expect(all.findings).toHaveLength(all.summary.evaluations);
});

test('what a file that was not recorded would have told is unknown, and the reason names the file', async () => {
  const { findings } = await documentOf('');
  const volumes = findings.filter((one) => one.policy === 'encrypted-volumes');
  expect(volumes.length).toBeGreaterThan(0);
  for (const { compliance, reason } of volumes) {
    expect(compliance).toBe('INSUFFICIENT_DATA');
    expect(reason).toContain('describe-volumes.json is not in the snapshot');
  }
});

test('only a violation is followed by actions, and only a violation is to be mended', async () => {
  const { findings } = await documentOf('--all');
  const followed = findings.filter((one) => one.actions.length > 0);
  expect(followed).toEqual(findings.filter((one) => one.compliance === 'NON_COMPLIANT'));
  const unknown = findings.filter((one) => one.compliance === 'INSUFFICIENT_DATA');
  for (const { fix } of unknown) expect(fix).toBe('record what is missing, if it matters.');
});

test('scan tells on stderr what could not be read', async () => {
  const { stderr } = await scan('');
  expect(stderr).toContain('could not read volumes: describe-volumes.json is not in the snapshot\n');
});

test.each([
  ['violations', '', 1],
  ['no violation at or above the severity', '--fail-on critical', 0],
  ['unknown outcomes, when asked to, whatever their severity', '--fail-on critical --fail-on-unknown', 1],
])('scan exits by %s', async (_, options, exitCode) => {
  expect((await scan(options)).exitCode).toBe(exitCode);
});

test('the text begins with the instances and ends with what it comes to', async () => {
  const { stdout } = await scan('');
  expect(stdout).toMatch(/^i-0aaaaaaaaaaaaaaaa {2}111122223333 eu-west-1\n/);
  expect(stdout).toContain('\n  medium    required-tags\n            Owner is missing; Environment is missing\n');
  const { summary, findings } = await documentOf('');
  const { instances, evaluations, compliant, nonCompliant, notApplicable, insufficientData } = summary;
  const medium = findings.filter((one) => one.compliance === 'NON_COMPLIANT' && one.severity === 'medium').length;
  const [total, violations, ...rest] = stdout.split('\n').slice(-6);
  expect(total).toBe(`${instances} instances, ${evaluations} evaluations`);
  expect(violations).toMatch(new RegExp(`^  NON_COMPLIANT {6}${nonCompliant}  \\(.*\\b${medium} medium`));
  expect(rest).toEqual([
    `  INSUFFICIENT_DATA  ${insufficientData}`,
    `  COMPLIANT          ${compliant}`,
    `  NOT_APPLICABLE     ${notApplicable}`,
    '',
  ]);
});

test.each([
  [
    'a folder without instances',
    'scan --policies policies --snapshot docs',
    /describe-instances\.json is not there\. .*aws ec2 describe-instances/,
  ],
  ['a time that is none', `scan --snapshot ${snapshot} --now yesterday`, /Write it like 2026-11-25T09:00:00Z/],
])('%s is told on stderr, with exit code 2', async (_, command, message) => {
  const { exitCode, stdout, stderr } = await runCli(command, '.');
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  expect(stderr).toMatch(message);
});

test('policies with mistakes are told on stderr, with exit code 2, before anything is scanned', async () => {
  const command = `scan --policies test/fixtures/policies/five-mistakes --snapshot ${snapshot}`;
  const { exitCode, stdout, stderr } = await runCli(command, '.');
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  expect(stderr.match(/policy\.yml:\d+:\d+/g)).toHaveLength(5);
});
