import { resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { distinct } from '../domain/instance.ts';
import type { BoundPolicy, Severity } from '../domain/policy.ts';
import { visibleLines } from '../domain/visible.ts';
import type { ScanResult } from '../engine/scan.ts';
import type { CommandIo } from './io.ts';
import { type FormatOption, failOnOption, formatOption, policiesOption, profileOption, regionOf } from './options.ts';

const help = `
Reads a live account, one or more Regions of it, with the credentials that the AWS CLI would take; or a snapshot of one:
a folder of AWS CLI output, each file named for its command, as \`ec2-guardrail snapshot\` records it or by hand:
  aws ec2 describe-instances        > snapshot/describe-instances.json
  aws ec2 describe-volumes          > snapshot/describe-volumes.json
  aws ec2 describe-security-groups  > snapshot/describe-security-groups.json
What could not be read, or a file that is not there would have told, is INSUFFICIENT_DATA.

Exits with 0 when nothing was found, 1 when something was, 2 when it could not run.

Examples:
  ec2-guardrail scan --region eu-central-1
  ec2-guardrail scan --region eu-central-1 --region us-east-1 --profile audit
  ec2-guardrail scan --policies policies --snapshot snapshot --format json --all
  ec2-guardrail scan --snapshot snapshot --fail-on high --fail-on-unknown`;

interface ScanOptions extends FormatOption {
  readonly policies: string;
  readonly snapshot?: string;
  readonly region?: readonly string[];
  readonly profile?: string;
  readonly failOn: Severity;
  readonly failOnUnknown?: true;
  readonly all?: true;
  readonly now?: Date;
}

/** Adds `scan`: what the policies say of the instances of an account, live or recorded. */
export function addScanCommand(program: Command, io: CommandIo): void {
  program
    .command('scan')
    .summary('inspect the instances of an account or a snapshot')
    .description(
      'Inspects every instance of an account, or of a snapshot of one, against the policies. Changes nothing.',
    )
    .addOption(new Option('--snapshot <folder>', 'the recorded account').conflicts(['region', 'profile']))
    .addOption(regionsOption())
    .addOption(profileOption())
    .addOption(policiesOption())
    .addOption(failOnOption())
    .option('--fail-on-unknown', 'exit with 1 for any INSUFFICIENT_DATA, too')
    .option('--all', 'list every outcome, not only violations and what is unknown')
    .option('--now <time>', 'judge as of this time (ISO 8601); left out: the clock', timeOf)
    .addOption(formatOption())
    .addHelpText('after', help)
    .action((options: ScanOptions) => scanAndTell(options, io));
}

function regionsOption(): Option {
  return new Option('--region <region>', 'a Region of the live account; may be given several times').argParser(
    (text: string, before: readonly string[] | undefined) => distinct([...(before ?? []), regionOf(text)]),
  );
}

async function scanAndTell(options: ScanOptions, io: CommandIo): Promise<void> {
  if (options.snapshot === undefined && options.region === undefined) {
    throw new Error('scan needs --region <region> for a live account, or --snapshot <folder> for a recorded one');
  }
  const { loadBoundPolicies } = await import('./load-policies.ts');
  const policies = await loadBoundPolicies(options.policies, io);
  if (policies === undefined) return;
  const [documents, { coloursFor }] = await Promise.all([import('./documents.ts'), import('./output/colours.ts')]);
  const now = options.now ?? io.now();
  const result =
    options.snapshot === undefined
      ? await scanLive(options, policies, now, io)
      : await scanSnapshot(options.snapshot, policies, now, io);
  const document = documents.scanDocument(result.judgements, result.instances, options.all ?? false);
  if (options.format === 'json') io.stdout((await import('./output/text.ts')).json(document));
  else io.stdout((await import('./report/scan-text.ts')).scanText(document, coloursFor(io)));
  io.exit(
    documents.exitCodeOf(document.findings, { failOn: options.failOn, failOnUnknown: options.failOnUnknown ?? false }),
  );
}

type Scanned = Pick<ScanResult, 'instances' | 'judgements'>;

async function scanSnapshot(
  folder: string,
  policies: readonly BoundPolicy[],
  now: Date,
  io: CommandIo,
): Promise<Scanned> {
  const [{ readSnapshot }, { createSandbox }, { scan }] = await Promise.all([
    import('./snapshot-files.ts'),
    import('../sandbox/sandbox.ts'),
    import('../engine/scan.ts'),
  ]);
  const resources = await readSnapshot(resolve(io.cwd, folder));
  const { aws } = createSandbox({ scope: anyScope, start: now, resources, pageSize: 'aws' });
  const result = await scan(aws, policies, now, (done, all) => {
    if (all > done) io.stderr(`inspected ${done} of ${all} instances\n`);
  });
  for (const failure of result.failures) io.stderr(`could not read ${visibleLines(failure)}\n`);
  return result;
}

/** Region by Region. One whose instances can't be listed ends it: a document without them would look clean. */
async function scanLive(
  { region: regions = [], profile }: Pick<ScanOptions, 'region' | 'profile'>,
  policies: readonly BoundPolicy[],
  now: Date,
  io: CommandIo,
): Promise<Scanned> {
  const [{ connect }, { scan }] = await Promise.all([import('./live.ts'), import('../engine/scan.ts')]);
  const results: ScanResult[] = [];
  for (const region of regions) {
    io.stderr(`${region}: reading instances\n`);
    const live = await connect(io, { region, profile });
    const result = await live.explaining(() =>
      scan(live.aws, policies, now, (done, all) => io.stderr(`${region}: inspected ${done} of ${all} instances\n`)),
    );
    for (const failure of result.failures) io.stderr(`${region}: could not read ${visibleLines(failure)}\n`);
    for (const line of live.advice()) io.stderr(`${region}: ${line}\n`);
    results.push(result);
  }
  return {
    instances: results.reduce((sum, result) => sum + result.instances, 0),
    judgements: results.flatMap((result) => result.judgements),
  };
}

/** A snapshot's instances bring their own account and Region. */
const anyScope = { accountId: '000000000000', region: 'snapshot' } as const;

function timeOf(text: string): Date {
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) throw new InvalidArgumentError('Write it like 2026-11-25T09:00:00Z.');
  return time;
}
