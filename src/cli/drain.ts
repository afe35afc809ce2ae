import { type Command, InvalidArgumentError, Option } from 'commander';
import { interruptions } from '../domain/notice.ts';
import { addDeploymentOptions, type DeploymentOptions, howToFindTheTable, readStored } from './deployed.ts';
import { type RehearsalOptions, rehearse } from './drain-rehearsal.ts';
import { type DrainUndoOptions, undoDrain } from './drain-undo.ts';
import type { CommandIo } from './io.ts';
import { type FormatOption, formatOption } from './options.ts';
import { coloursFor } from './output/colours.ts';
import { json } from './output/text.ts';
import { drainOf } from './stored-drains.ts';

const testHelp = `
Puts a notice in EC2's form on the default event bus, under a source of its own, and waits for the deployment's last word on it. The
rule, the queue, the function, the table and both alerts are the real ones; whatever the policies say, nothing is changed. An
instance that no policy drains is never heard of: that is told after 150 s.

It needs events:PutEvents on the default event bus, ec2:DescribeInstances, dynamodb:BatchGetItem on the table, and
dynamodb:ListTables to find it by the stage: with --table it does not look for it.
${howToFindTheTable}

Exits with 0 when it is known what would be done; with 1 when something is not, or would fail; with 2 when it could not be rehearsed,
or nothing was heard of it.

Examples:
  ec2-guardrail drain test i-0fedcba9876543210 --region eu-central-1
  ec2-guardrail drain test i-0fedcba9876543210 --region eu-central-1 --action hibernate`;

const undoHelp = `
For an instance that runs on after its drain: shows the calls that put it back into service, then makes them, in your own name;
with --dry-run it only shows them. A few minutes after its time the deployment does so by itself. What no call of these puts back,
such as a detachment from a group, is shown as a command.

It needs dynamodb:Scan on the table and ec2:DescribeInstances, without --dry-run also dynamodb:BatchGetItem and dynamodb:PutItem, the
calls that it shows, for a cluster ecs:DescribeContainerInstances, and dynamodb:ListTables to find the table by the stage: with --table
it does not look for it.
${howToFindTheTable}

Exits with 0, also where all of it is put back already; with 2 where nothing can be put back, or a call failed.

Examples:
  ec2-guardrail drain undo i-0fedcba9876543210 --region eu-central-1 --dry-run
  ec2-guardrail drain undo i-0fedcba9876543210 --region eu-central-1`;

const readHelp = `
Drains are remembered for 30 days. It reads the whole table of the deployment, and needs dynamodb:Scan on it, and dynamodb:ListTables
to find it by the stage: with --table it does not look for it.
${howToFindTheTable}`;

type ReadOptions = DeploymentOptions & FormatOption;

/** Adds `drain`: what becomes of instances that EC2 takes away. */
export function addDrainCommand(program: Command, io: CommandIo): void {
  const drain = program
    .command('drain')
    .summary('rehearse, list, show and put back drains')
    .description('Drains of instances that EC2 takes away.');
  addInstanceArgument(addDeploymentOptions(drain.command('test')))
    .summary('rehearse the drain of an instance')
    .description('Rehearses the drain of an instance, and changes nothing.')
    .addOption(
      new Option('--action <action>', 'what EC2 is said to do').choices(interruptions).default('terminate' as const),
    )
    .addHelpText('after', testHelp)
    .action((instanceId: string, options: RehearsalOptions) => rehearse(instanceId, options, io));
  addDeploymentOptions(drain.command('list'))
    .summary('list drains')
    .description('Lists the drains of a deployment, the latest first.')
    .addOption(formatOption())
    .addHelpText('after', readHelp)
    .action((options: ReadOptions) => list(options, io));
  addInstanceArgument(addDeploymentOptions(drain.command('show')))
    .summary('show the drain of an instance')
    .description('Shows the latest drain of an instance.')
    .addOption(formatOption())
    .addHelpText('after', readHelp)
    .action((instanceId: string, options: ReadOptions) => show(instanceId, options, io));
  addInstanceArgument(addDeploymentOptions(drain.command('undo')))
    .summary('put an instance back that was drained and runs on')
    .description('Puts an instance back into service that was drained, and runs on.')
    .option('--dry-run', 'only show the calls')
    .addHelpText('after', undoHelp)
    .action((instanceId: string, options: DrainUndoOptions) => undoDrain(instanceId, options, io));
}

function addInstanceArgument(command: Command): Command {
  return command.argument('<INSTANCE>', 'id of the instance, such as i-0fedcba9876543210', (text: string) => {
    if (!/^i-(?:[0-9a-f]{8}|[0-9a-f]{17})$/.test(text))
      throw new InvalidArgumentError('Write it like i-0fedcba9876543210.');
    return text;
  });
}

async function list(options: ReadOptions, io: CommandIo): Promise<void> {
  const { table, drains } = await readStored(options, io);
  const latestFirst = [...drains].sort((a, b) => b.receivedAt.localeCompare(a.receivedAt));
  if (options.format === 'json') {
    io.stdout(json({ version: 1, table, region: options.region, drains: latestFirst }));
    return;
  }
  const { drainsText } = await import('./output/drain-text.ts');
  io.stdout(drainsText(latestFirst));
}

async function show(instanceId: string, options: ReadOptions, io: CommandIo): Promise<void> {
  const { table, drains } = await readStored(options, io);
  const record = drainOf(instanceId, drains, table);
  if (options.format === 'json') {
    io.stdout(json({ version: 1, table, region: options.region, drains: [record] }));
    return;
  }
  const { drainText } = await import('./output/drain-text.ts');
  io.stdout(drainText(record, io.now(), coloursFor(io)));
}
