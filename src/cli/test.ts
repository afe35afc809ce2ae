import type { Command } from 'commander';
import { visibleLines } from '../domain/visible.ts';
import type { PolicyError } from '../language/policy-error.ts';
import type { CommandIo } from './io.ts';
import { loadOptions } from './load-policies.ts';
import { DEFAULT_PATH, type FormatOption, formatOption } from './options.ts';
import { type Colours, coloursFor } from './output/colours.ts';
import { count, indented, json } from './output/text.ts';

const help = `
Runs the policy.test.yml beside each policy.yml.
Exits with 1 when a case fails, a policy has no tests, or an outcome has no case; with 2 when a file has mistakes.

Examples:
  ec2-guardrail test
  ec2-guardrail test policies/no-open-ssh
  ec2-guardrail test --format json`;

/** A case, in the result document. */
interface TestedCase {
  readonly policy: string;
  readonly file: string;
  readonly line: number;
  readonly name: string;
  readonly passed: boolean;
  readonly failures: readonly string[];
}

/** What is wrong with the tests of a policy as a whole: there are none, or an outcome has no case. */
interface Problem {
  readonly policy: string;
  readonly file: string;
  readonly message: string;
}

interface TestDocument {
  readonly version: 1;
  readonly cases: readonly TestedCase[];
  readonly problems: readonly Problem[];
  readonly errors: readonly PolicyError[];
  readonly summary: {
    readonly policies: number;
    readonly cases: number;
    readonly passed: number;
    readonly failed: number;
    readonly problems: number;
  };
}

/** Adds `test`: runs the tests that lie beside policies. */
export function addTestCommand(program: Command, io: CommandIo): void {
  program
    .command('test')
    .summary('run the tests beside policies')
    .description('Runs the tests of policies.')
    .argument('[PATH...]', 'policy files, and folders of <name>/policy.yml', [DEFAULT_PATH])
    .addOption(formatOption())
    .addHelpText('after', help)
    .action((paths: readonly string[], { format }: FormatOption) => test(paths, format, io));
}

async function test(paths: readonly string[], format: FormatOption['format'], io: CommandIo): Promise<void> {
  const document = await tested(paths, io);
  const { summary, errors } = document;
  if (errors.length > 0) io.exit(2);
  else if (summary.failed + summary.problems > 0) io.exit(1);
  if (format === 'json') {
    io.stdout(json(document));
    return;
  }
  const { errorsText } = await import('./output/errors.ts');
  const colours = coloursFor(io);
  if (errors.length > 0) io.stdout(errorsText(errors, colours, 'error'));
  io.stdout(textOf(visibleLines(document), colours));
}

/** Runs what can be run: a policy or test file with mistakes is named under `errors`, and the others are tested. */
async function tested(paths: readonly string[], io: CommandIo): Promise<TestDocument> {
  const [{ loadPolicies }, { loadTests }, { bindAll }, { runCases, outcomesWithoutCase }, options] = await Promise.all([
    import('../language/load.ts'),
    import('../language/load-tests.ts'),
    import('../language/bind.ts'),
    import('../language/policy-test.ts'),
    loadOptions(io),
  ]);
  const loaded = loadPolicies(paths, options);
  const results = bindAll(loaded.policies, options).map((policy) => {
    const { file, tests, lines, errors } = loadTests(policy, io.cwd);
    const problem = (message: string): Problem => ({ policy: policy.name, file, message });
    if (errors.length > 0) return { cases: [], problems: [], errors };
    if (tests === undefined) return { cases: [], problems: [problem('there are no tests')], errors };
    const cases = runCases(policy, tests).map(
      ({ name, failures }, index): TestedCase => ({
        policy: policy.name,
        file,
        line: lines[index] ?? 1,
        name,
        passed: failures.length === 0,
        failures,
      }),
    );
    return { cases, problems: outcomesWithoutCase(policy, tests).map(problem), errors };
  });
  const cases = results.flatMap((result) => result.cases);
  const problems = results.flatMap((result) => result.problems);
  const passed = cases.filter((one) => one.passed).length;
  return {
    version: 1,
    cases,
    problems,
    errors: [...loaded.errors, ...results.flatMap((result) => result.errors)],
    summary: {
      policies: results.length,
      cases: cases.length,
      passed,
      failed: cases.length - passed,
      problems: problems.length,
    },
  };
}

function textOf({ cases, problems, errors, summary }: TestDocument, colours: Colours): string {
  const failed = cases.filter((one) => !one.passed);
  const lines = [
    ...failed.map(
      ({ policy, file, line, name, failures }) =>
        `${colours.red('FAIL')} ${policy}: ${name} ${colours.dim(`${file}:${line}`)}\n${indented(failures.join('\n'), 4)}`,
    ),
    ...problems.map(({ policy, file, message }) => `${colours.red('FAIL')} ${policy}: ${message} ${colours.dim(file)}`),
  ];
  const counts = [
    count(summary.policies, 'policy', 'policies'),
    count(summary.cases, 'case'),
    `${summary.passed} passed`,
    `${summary.failed} failed`,
    ...(problems.length > 0 ? [count(problems.length, 'problem')] : []),
    ...(errors.length > 0 ? [count(errors.length, 'error')] : []),
  ].join(', ');
  const isClean = failed.length + problems.length + errors.length === 0;
  return `${[...lines, isClean ? colours.green(counts) : colours.red(counts)].join('\n')}\n`;
}
