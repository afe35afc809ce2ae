import { resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Severity, severities } from '../domain/policy.ts';
import { visibleLines } from '../domain/visible.ts';
import type { CommandIo } from './io.ts';
import { DEFAULT_PATH, type FormatOption, formatOption } from './options.ts';

const help = `
Reads a snapshot: a folder of AWS CLI output, each file named for its command.
  aws ec2 describe-instances        > snapshot/describe-instances.json
  aws ec2 describe-volumes          > snapshot/describe-volumes.json
  aws ec2 describe-security-groups  > snapshot/describe-security-groups.json
What a file that is not there would have told is INSUFFICIENT_DATA.

Exits with 0 when nothing was found, 1 when something was, 2 when it could not run.

Examples:
  ec2-guardrail scan --snapshot snapshot
  ec2-guardrail scan --policies policies --snapshot snapshot --format json --all
  ec2-guardrail scan --snapshot snapshot --fail-on high --fail-on-unknown`;

interface ScanOptions extends FormatOption {
  readonly policies: string;
  readonly snapshot: string;
  readonly failOn: Severity;
  readonly failOnUnknown?: true;
  readonly all?: true;
  readonly now?: Date;
}

/** Adds `scan`: what the policies say of recorded instances. */
export function addScanCommand(program: Command, io: CommandIo): void {
  program
    .command('scan')
    .summary('inspect the instances of a snapshot')
    .description(
      'Inspects every instance of a snapshot against the policies. Changes nothing, and needs no credentials.',
    )
    .requiredOption('--snapshot <folder>', 'the recorded account')
    .option('--policies <path>', 'policy files, or a folder of them', DEFAULT_PATH)
    .addOption(failOnOption())
    .option('--fail-on-unknown', 'exit with 1 for any INSUFFICIENT_DATA, too')
    .option('--all', 'list every outcome, not only violations and what is unknown')
    .option('--now <time>', 'judge as of this time (ISO 8601); left out: the clock', timeOf)
    .addOption(formatOption())
    .addHelpText('after', help)
    .action((options: ScanOptions) => scanSnapshot(options, io));
}

/** `--fail-on`, as `scan` and `replay` have it. */
export function failOnOption(): Option {
  return new Option('--fail-on <severity>', 'exit with 1 for violations at or above it')
    .choices(severities)
    .default('low');
}

async function scanSnapshot(options: ScanOptions, io: CommandIo): Promise<void> {
  const { loadBoundPolicies } = await import('./load-policies.ts');
  const policies = await loadBoundPolicies(options.policies, io);
  if (policies === undefined) return;
  const [{ readSnapshot }, { createSandbox }, { scan }, documents, { coloursFor }] = await Promise.all([
    import('./snapshot-files.ts'),
    import('../sandbox/sandbox.ts'),
    import('../engine/scan.ts'),
    import('./documents.ts'),
    import('./output/colours.ts'),
  ]);
  const resources = await readSnapshot(resolve(io.cwd, options.snapshot));
  const now = options.now ?? io.now();
  const { aws } = createSandbox({ scope: anyScope, start: now, resources, pageSize: 'aws' });
  const result = await scan(aws, policies, now, (done, all) => {
    if (all > done) io.stderr(`inspected ${done} of ${all} instances\n`);
  });
  for (const failure of result.failures) io.stderr(`could not read ${visibleLines(failure)}\n`);
  const document = documents.scanDocument(result.judgements, result.instances, options.all ?? false);
  if (options.format === 'json') io.stdout((await import('./output/text.ts')).json(document));
  else io.stdout((await import('./report/scan-text.ts')).scanText(document, coloursFor(io)));
  io.exit(
    documents.exitCodeOf(document.findings, { failOn: options.failOn, failOnUnknown: options.failOnUnknown ?? false }),
  );
}

/** A snapshot's instances bring their own account and Region. */
const anyScope = { accountId: '000000000000', region: 'snapshot' } as const;

function timeOf(text: string): Date {
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) throw new InvalidArgumentError('Write it like 2026-11-25T09:00:00Z.');
  return time;
}
