import { resolve } from 'node:path';
import type { Command } from 'commander';
import { visibleLines } from '../domain/visible.ts';
import type { CommandIo } from './io.ts';
import { profileOption, regionOf } from './options.ts';

const help = `
Reads with the credentials that the AWS CLI would take, and changes nothing in the account. Each file is what the AWS CLI
prints of its command, of all pages, but for the user data in Spot requests. What could not be read has no file.

With --with-attributes it records whether each instance is protected from being stopped or terminated, too: \`replay\` needs
that to show what stop, hibernate, terminate and quarantine would do. EC2 tells it of one instance at a time, and a few times a
second: two calls for each instance, so that 1,000 instances take two minutes. They need ec2:DescribeInstanceAttribute.

Exits with 0 when all was recorded, 1 when something could not be read, 2 when it could not run.

Examples:
  ec2-guardrail snapshot --region eu-central-1 --out snapshot
  ec2-guardrail snapshot --region eu-central-1 --profile audit --out snapshot --force
  ec2-guardrail snapshot --region eu-central-1 --out snapshot --with-attributes
  ec2-guardrail scan --snapshot snapshot`;

interface SnapshotOptions {
  readonly region: string;
  readonly out: string;
  readonly profile?: string;
  readonly force?: true;
  readonly withAttributes?: true;
}

/** Adds `snapshot`: a live account, recorded for `scan` and `replay`. */
export function addSnapshotCommand(program: Command, io: CommandIo): void {
  program
    .command('snapshot')
    .summary('record a live account for scan and replay')
    .description('Records what the policies look at in one Region of a live account, as files of AWS CLI output.')
    .requiredOption('--region <region>', 'the Region to record', regionOf)
    .requiredOption('--out <folder>', 'where to write; made if it is not there')
    .addOption(profileOption())
    .option(
      '--with-attributes',
      'record what replay needs of each instance before it is stopped, too: two calls for each',
    )
    .option('--force', 'write into a folder that is not empty: a snapshot in it is replaced')
    .addHelpText('after', help)
    .action((options: SnapshotOptions) => record(options, io));
}

async function record(options: SnapshotOptions, io: CommandIo): Promise<void> {
  const [{ connect }, { recordAccount }, { snapshotWriter }] = await Promise.all([
    import('./live.ts'),
    import('./record.ts'),
    import('./snapshot-writer.ts'),
  ]);
  const writer = await snapshotWriter(resolve(io.cwd, options.out), options.force ?? false);
  const live = await connect(io, options);
  const { files, leftOut, failures } = await live.explaining(() =>
    recordAccount(live.aws, writer, {
      tell: (line) => io.stderr(`${line}\n`),
      pause: io.pause,
      withAttributes: options.withAttributes ?? false,
    }),
  );
  for (const failure of failures) io.stderr(`could not record ${visibleLines(failure)}\n`);
  for (const line of live.advice()) io.stderr(`${line}\n`);
  io.stdout(`${options.out}: ${files} files recorded, ${leftOut} left out\n`);
  io.exit(leftOut === 0 ? 0 : 1);
}
