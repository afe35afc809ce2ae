import { randomUUID } from 'node:crypto';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Controls, noControls } from '../domain/controls.ts';
import type { DrainRecord } from '../domain/drain.ts';
import type { SubjectRecord } from '../domain/finding.ts';
import type { Aws } from '../domain/operations.ts';
import { visible } from '../domain/visible.ts';
import { listIn } from '../engine/reads.ts';
import type { ControlsTable } from '../engine/store.ts';
import type { CommandIo, Place } from './io.ts';
import type { Essential, Live } from './live.ts';
import { DEFAULT_STAGE, deploymentName, profileOption, regionOf, stageOption } from './options.ts';

/** Which deployment a command is about. */
export interface DeploymentOptions extends Omit<Place, 'mayChange' | 'mayDrain'> {
  readonly stage: string;
  readonly table?: string;
}

/** What a deployment has written down. */
export interface Stored {
  readonly table: string;
  /** Every subject's item that has not expired. */
  readonly records: readonly SubjectRecord[];
  /** Every drain's item that has not expired. */
  readonly drains: readonly DrainRecord[];
  /** What it knows of enforcement; left out: nothing was ever enforced, paused or promoted. */
  readonly controls: Controls | undefined;
}

/** Where the table's name stands: for --help, and where it was not found. */
export const howToFindTheTable = `The table's name is an output of the stack, FindingsTableName:
  aws cloudformation describe-stacks --stack-name ${deploymentName('prod')} --region eu-central-1 \\
    --query "Stacks[0].Outputs[?OutputKey=='FindingsTableName'].OutputValue" --output text`;

/** `--region`, `--profile`, `--stage` and `--table`: the deployment whose findings are read. */
export function addDeploymentOptions(command: Command): Command {
  return command
    .requiredOption('--region <region>', 'the Region of the deployment', regionOf)
    .addOption(profileOption())
    .addOption(stageOption())
    .addOption(new Option('--table <name>', 'its table, by name').argParser(tableOf).conflicts('stage'));
}

/** The table of a deployment, and a person's own way to it. */
export interface OpenTable extends ControlsTable {
  readonly live: Live;
}

/**
 * Finds the table of a deployment; named, it is not looked for.
 * @param mayChange whether something in the account is to be changed, too.
 * @throws when there is none.
 */
export async function openTable(options: DeploymentOptions, io: CommandIo, mayChange = false): Promise<OpenTable> {
  const { connect } = await import('./live.ts');
  const { region, profile, stage } = options;
  const live = await connect(io, { region, profile, ...(mayChange ? { mayChange } : {}) });
  const tableName =
    options.table ??
    (await live.explaining(() => findTable(live.aws, deploymentName(stage), region), {
      operation: 'dynamodb:ListTables',
      purpose: `look for the table of ${deploymentName(stage)} in ${region}`,
      otherwise: 'Nothing was read.',
    }));
  return {
    live,
    aws: live.aws,
    deployment: { tableName },
    newToken: randomUUID,
    pause: io.pause,
  };
}

/**
 * Reads the whole table of a deployment.
 * @throws when there is none, or a page of it could not be read: never gives a part.
 */
export async function readStored(options: DeploymentOptions, io: CommandIo): Promise<Stored> {
  return readAllOf(await openTable(options, io), options, io);
}

/** The same of a table that was found already. */
export async function readAllOf(table: OpenTable, { region }: DeploymentOptions, io: CommandIo): Promise<Stored> {
  const { readTable } = await import('../engine/store.ts');
  const { tableName } = table.deployment;
  const { records, drains, controls } = await table.live.explaining(() => readTable(table), {
    operation: 'dynamodb:Scan',
    purpose: `read the table ${tableName} of ${region}`,
    otherwise: 'No finding was read.',
    advice: noSuchTable(region),
  });
  // DynamoDB deletes what has expired within a few days, and gives it until then.
  const now = io.now().toISOString();
  const isKept = ({ expiresAt }: { readonly expiresAt: string }) => expiresAt > now;
  return { table: tableName, records: records.filter(isKept), drains: drains.filter(isKept), controls };
}

/** What reading and writing single items of a table hangs on. @param what which items, as a person calls them. */
export function itemCalls({ deployment: { tableName } }: OpenTable, { region }: Place, what: string) {
  const advice = noSuchTable(region);
  return [
    {
      operation: 'dynamodb:BatchGetItem',
      purpose: `read ${what} from the table ${tableName} of ${region}`,
      otherwise: 'Nothing was written.',
      advice,
    },
    {
      operation: 'dynamodb:PutItem',
      purpose: `write ${what} to the table ${tableName} of ${region}`,
      otherwise: 'Whether it was written is not known: run the same command again.',
      advice,
    },
  ] satisfies readonly Essential[];
}

function noSuchTable(region: string): NonNullable<Essential['advice']> {
  return { ResourceNotFoundException: `There is no such table in ${region}. ${howToFindTheTable}` };
}

/**
 * Changes the controls of a deployment, against other writers.
 * @returns what they were before, and are now.
 * @throws when they could not be read or written, with what to do about it.
 */
export async function changeDeployed(
  table: OpenTable,
  options: DeploymentOptions,
  change: (controls: Controls) => Controls,
): Promise<{ readonly before: Controls; readonly after: Controls }> {
  const { changeControls } = await import('../engine/store.ts');
  let before = noControls;
  const changed = (controls: Controls) => {
    before = controls;
    return change(controls);
  };
  const after = await table.live.explainingAll(
    () => changeControls(table, changed),
    itemCalls(table, options, 'the controls of enforcement'),
  );
  return { before, after };
}

/** Why there is nothing known of a policy, and which was probably meant. */
export async function whyUnknown(known: readonly string[], policy: string): Promise<string> {
  const { nearest } = await import('../language/policy-error.ts');
  const meant = nearest(policy, known);
  const others =
    known.length === 0 ? 'no policy enforces here yet' : `those that enforce here are ${known.map(visible).join(', ')}`;
  const guess = meant === undefined ? others : `did you mean ${visible(meant)}? ${others}`;
  return `no policy ${policy} is known to enforce here: ${guess}. A policy is known after the first inspection that follows its deployment in mode enforce`;
}

/** The options that name the same deployment, for a command that a person is to run next. */
export function optionsFor({ region, profile, stage, table }: DeploymentOptions): string {
  const deployment = table !== undefined ? ` --table ${table}` : stage === DEFAULT_STAGE ? '' : ` --stage ${stage}`;
  return `--region ${region}${profile === undefined ? '' : ` --profile ${profile}`}${deployment}`;
}

/**
 * The table of a stack. CloudFormation names a resource that has no name of its own after the stack and its logical id.
 * @throws when there is none, or more than one.
 */
async function findTable(aws: Aws, stack: string, region: string): Promise<string> {
  const names = await tableNames(aws);
  const found = names.filter((name) => stackOf(name) === stack);
  const [only, second] = found;
  if (only !== undefined && second === undefined) return only;
  if (only !== undefined)
    throw new Error(
      `${stack} has ${found.length} tables in ${region}: name one of them with --table: ${found.join(', ')}`,
    );
  const others = names.map(stackOf).filter((other) => other?.startsWith(deploymentName('')));
  const there =
    others.length === 0 ? 'no table of ec2-guardrail is there' : `there is ${others.join(', ')}: see --stage`;
  throw new Error(`${stack} has no table in ${region}; ${there}. ${howToFindTheTable}`);
}

function stackOf(table: string): string | undefined {
  return /^(.+)-FindingsTable-[^-]+$/.exec(table)?.[1];
}

async function tableNames(aws: Aws): Promise<readonly string[]> {
  const operation = 'dynamodb:ListTables';
  const names: string[] = [];
  let start: string | undefined;
  do {
    const page = await aws(operation, start === undefined ? {} : { ExclusiveStartTableName: start });
    names.push(...listIn(operation, page.TableNames));
    start = page.LastEvaluatedTableName;
  } while (start !== undefined);
  return names;
}

/** @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html */
function tableOf(text: string): string {
  if (!/^[\w.-]{3,255}$/.test(text)) throw new InvalidArgumentError('It is no name of a table.');
  return text;
}
