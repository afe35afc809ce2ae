import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Severity, severities } from '../domain/policy.ts';
import {
  addDeploymentOptions,
  type DeploymentOptions,
  howToFindTheTable,
  type OpenTable,
  openTable,
  readAllOf,
  readStored,
} from './deployed.ts';
import type { CommandIo } from './io.ts';
import { type FormatOption, failOnOption, formatOption } from './options.ts';
import { coloursFor } from './output/colours.ts';
import { json } from './output/text.ts';
import type { StoredFinding } from './report/document.ts';
import { exitCodeOfStored, type Filter, findingsDocument, findingsIn, statuses } from './stored-findings.ts';

const aboutTheTable = `
Reads the whole table of the deployment, with the credentials that the AWS CLI would take, and writes nothing. It needs
dynamodb:Scan on the table, and dynamodb:ListTables to find it by the stage: with --table it does not look for it.
${howToFindTheTable}`;

const listHelp = `${aboutTheTable}

Without --status lists what stands: what is open, what is unknown, and violations that are exempt,
which \`closed\` has among others. With --acted it lists all, since what was done may have ended them.
Exits with 0 when nothing that it lists is open at or above --fail-on, 1 when something is, 2 when it could not read all.

Examples:
  ec2-guardrail findings list --region eu-central-1
  ec2-guardrail findings list --region eu-central-1 --severity high --status open --fail-on critical
  ec2-guardrail findings list --region eu-central-1 --stage test --policy no-open-ssh --format json
  ec2-guardrail findings list --region eu-central-1 --would --policy no-open-ssh
  ec2-guardrail findings list --region eu-central-1 --acted
  ec2-guardrail findings list --region eu-central-1 --instance i-0fedcba9876543210 --status all`;

const showHelp = `${aboutTheTable}

Exits with 0 when there is such a finding, 2 when there is none or it could not be read.

Examples:
  ec2-guardrail findings show f-3b1f0c9a7e42 --region eu-central-1
  ec2-guardrail findings show --instance i-0fedcba9876543210 --region eu-central-1 --format json`;

interface ListOptions extends DeploymentOptions, FormatOption, Filter {
  readonly failOn: Severity;
  readonly failOnUnknown?: true;
  readonly would?: true;
}

interface ShowOptions extends DeploymentOptions, FormatOption {
  readonly instance?: string;
}

/** Adds `findings`: what a deployment has found. */
export function addFindingsCommand(program: Command, io: CommandIo): void {
  const findings = program
    .command('findings')
    .summary('list and show what a deployment has found')
    .description('Reads the findings of a deployment.');
  addDeploymentOptions(findings.command('list'))
    .summary('list findings')
    .description('Lists the findings of a deployment, the most urgent first.')
    .addOption(new Option('--status <status>', 'only these').choices(statuses))
    .addOption(new Option('--severity <severity>', 'only at or above it').choices(severities))
    .option('--policy <name>', 'only of this policy')
    .addOption(instanceOption('only of this instance'))
    .option('--acted', 'only what something was done about, also what ended since')
    .option('--would', 'with what comes next for each that is open, or would come, and what holds it back')
    .addOption(failOnOption())
    .option('--fail-on-unknown', 'exit with 1 for any that is unknown, too')
    .addOption(formatOption())
    .addHelpText('after', listHelp)
    .action((options: ListOptions) => list(options, io));
  addDeploymentOptions(findings.command('show'))
    .summary('show all of a finding')
    .description('Shows all of one finding, or of every finding of an instance.')
    .argument('[FINDING]', 'id of a finding, such as f-3b1f0c9a7e42', findingIdOf)
    .addOption(instanceOption('every finding of this instance'))
    .addOption(formatOption())
    .addHelpText('after', showHelp)
    .action((id: string | undefined, options: ShowOptions) => show(id, options, io));
}

/** `<FINDING>`, which a command is about. */
export function addFindingArgument(command: Command): Command {
  return command.argument('<FINDING>', 'id of the finding, such as f-3b1f0c9a7e42', findingIdOf);
}

/**
 * The id of a finding, as alerts and lists have it.
 * @throws InvalidArgumentError for what can't be one.
 */
function findingIdOf(text: string): string {
  if (!/^f-[0-9a-f]{12}$/.test(text))
    throw new InvalidArgumentError('It is f- and 12 hex digits, as alerts and `findings list` have it.');
  return text;
}

function instanceOption(description: string): Option {
  return new Option('--instance <id>', description).argParser((text: string) => {
    if (!/^i-[0-9a-f]+$/.test(text)) throw new InvalidArgumentError('Write it like i-0fedcba9876543210.');
    return text;
  });
}

async function list(options: ListOptions, io: CommandIo): Promise<void> {
  const document = findingsDocument(await readStored(options, io), options.region, options);
  if (options.format === 'json') io.stdout(json(document));
  else {
    const { findingsText } = await import('./output/findings-text.ts');
    const { would = false, acted = false } = options;
    io.stdout(findingsText(document, io.now(), coloursFor(io), { would, acted }));
  }
  const { failOn, failOnUnknown = false } = options;
  io.exit(exitCodeOfStored(document.findings, { failOn, failOnUnknown }));
}

async function show(id: string | undefined, options: ShowOptions, io: CommandIo): Promise<void> {
  const { instance, region } = options;
  if ((id === undefined) === (instance === undefined))
    throw new Error('findings show needs the id of a finding, or --instance <id>: one of the two');
  const { table, records } = await readStored(options, io);
  const findings = findingsIn(records).filter((one) =>
    id === undefined ? one.subject.id === instance : one.id === id,
  );
  if (findings.length === 0) throw new Error(noneOf(id ?? `of ${instance}`, table));
  if (options.format === 'json') {
    io.stdout(json({ version: 1, table, region, findings }));
    return;
  }
  const [{ findingText }, { stringify }] = await Promise.all([import('./output/findings-text.ts'), import('yaml')]);
  io.stdout(findings.map((finding) => findingText(finding, io.now(), coloursFor(io), stringify)).join('\n'));
}

/**
 * One finding of a deployment.
 * @throws when there is none, or the table could not be read.
 */
export async function readFinding(id: string, options: DeploymentOptions, io: CommandIo): Promise<StoredFinding> {
  return findingIn(await openTable(options, io), id, options, io);
}

/** The same of a table that was found already. */
export async function findingIn(
  table: OpenTable,
  id: string,
  options: DeploymentOptions,
  io: CommandIo,
): Promise<StoredFinding> {
  const stored = await readAllOf(table, options, io);
  const finding = findingsIn(stored.records).find((one) => one.id === id);
  if (finding === undefined) throw new Error(noneOf(id, stored.table));
  return finding;
}

/** Why there may be no such finding. */
function noneOf(what: string, table: string): string {
  return `there is no finding ${what} in the table ${table}: a closed one is forgotten after seven days, or with its instance. \`ec2-guardrail findings list --status all\` lists all there are`;
}
