// Breaks the product on purpose, one thing at a time, in a copy of what is committed, and says which tests over HTTP notice:
// npm run test:breaks -- [NUMBER…]. First all test files in question must pass without a break. Takes about a minute a break; prints
// the table of docs/testing.md. Exit 1: a break that no test noticed; 2: the tests can't be run, or fail without a break.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** What breaks, by which words of which file, and the test files that are to notice. */
const breaks = JSON.parse(readFileSync(new URL('breaks.json', import.meta.url), 'utf8'));

const root = resolve(import.meta.dirname, '..');
const asked = process.argv.slice(2);
const chosen = asked.length === 0 ? breaks.map((_, index) => index + 1) : asked.map(Number);
const strange = asked.filter((number) => breaks[Number(number) - 1] === undefined);
if (strange.length > 0) {
  console.error(`There is no break ${strange.join(', ')}: they are numbered 1 to ${breaks.length}.`);
  process.exit(2);
}

// What interrupts ends the run of tests, too; its end is seen here, and the copy taken away.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => {});

const scratch = mkdtempSync(join(tmpdir(), 'breaks-'));
const copy = join(scratch, 'copy');

try {
  execFileSync('git', ['worktree', 'add', '--quiet', '--detach', copy], { cwd: root });
  for (const shared of ['node_modules', '.venv'])
    if (existsSync(join(root, shared))) symlinkSync(join(root, shared), join(copy, shared));
  const numbered = chosen.map((number) => ({ number, ...breaks[number - 1] }));
  refuseBroken(numbered);
  process.stdout.write('| break | where | tests that fail, of the files tried |\n|---|---|---|\n');
  for (const one of numbered) {
    const noticed = withBreak(one, () => runsOf(one).flatMap(({ failed }) => failed));
    process.stdout.write(`| ${one.number}. ${one.what} | \`${one.file}\` | ${inWords(noticed)} |\n`);
    if (noticed.length === 0) process.exitCode = 1;
  }
} catch (error) {
  console.error(error.message);
  process.exitCode = 2;
} finally {
  // git takes away itself what it was interrupted at.
  if (existsSync(copy)) execFileSync('git', ['worktree', 'remove', '--force', copy], { cwd: root });
  // What the tests started may still be ending.
  rmSync(scratch, { recursive: true, maxRetries: 5 });
}

/** What fails without a break, or is skipped, would notice nothing or everything. @throws Error that names it. */
function refuseBroken(some) {
  const tried = new Map(
    some.flatMap((one) => one.tests.map((test) => [`${one.config} ${test}`, { ...one, tests: [test] }])),
  );
  for (const one of tried.values())
    for (const { test, passed, failed } of runsOf(one)) {
      if (failed.length > 0) throw new Error(`${test} fails without a break: "${failed[0].title}"`);
      if (passed === 0) throw new Error(`${test} runs no test here: see what npm run test:aws -- ${test} says`);
    }
}

/** The first test of each file that noticed, and how many more. */
function inWords(noticed) {
  if (noticed.length === 0) return '**none**';
  const files = [...new Set(noticed.map(({ test }) => test))];
  return files
    .map((file) => {
      const [first, ...others] = noticed.filter(({ test }) => test === file);
      return `${file}: "${first.title}"${others.length > 0 ? ` and ${others.length} more` : ''}`;
    })
    .join('; ');
}

function withBreak({ file, from, to }, work) {
  const path = join(copy, file);
  const whole = readFileSync(path, 'utf8');
  if (whole.split(from).length !== 2) throw new Error(`${file} does not have exactly once: ${from}`);
  writeFileSync(
    path,
    whole.replace(from, () => to),
  );
  try {
    return work();
  } finally {
    writeFileSync(path, whole);
  }
}

/** Runs the test files of a break. @throws Error where one was not run to its end: that says nothing of the break. */
function runsOf({ tests, config = 'test/aws/jest.config.mjs' }) {
  return tests.map((test) => {
    const output = join(scratch, 'results.json');
    rmSync(output, { force: true });
    const args = ['jest', '--config', config, '--json', `--outputFile=${output}`, `/${test}.test.ts`];
    // Tests that are interrupted leave their temporary files: they go with the copy.
    const env = { ...process.env, TMPDIR: scratch };
    // A test that fails may print megabytes.
    const maxBuffer = Number.POSITIVE_INFINITY;
    const { stderr } = spawnSync('npx', args, { cwd: copy, env, encoding: 'utf8', maxBuffer });
    if (!existsSync(output))
      throw new Error(`${test} was not run to its end:\n${stderr.trim().split('\n').slice(-5).join('\n')}`);
    const { testResults, numPassedTests: passed } = JSON.parse(readFileSync(output, 'utf8'));
    const unloadable = testResults.find(
      ({ assertionResults, status }) => status === 'failed' && assertionResults.length === 0,
    );
    if (unloadable !== undefined) throw new Error(`${test} does not load:\n${unloadable.message}`);
    const failed = testResults
      .flatMap(({ assertionResults }) => assertionResults)
      .filter(({ status }) => status === 'failed')
      .map(({ fullName }) => ({ test, title: fullName }));
    return { test, passed, failed };
  });
}
