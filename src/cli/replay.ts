import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { asError } from '../domain/errors.ts';
import type { Severity } from '../domain/policy.ts';
import type { CommandIo } from './io.ts';
import { type FormatOption, failOnOption, formatOption, policiesOption } from './options.ts';
import type { Arrival } from './replay-events.ts';

const help = `
Runs events through the guardrail, over an account in memory that holds the snapshot. The clock is virtual: it starts at
the first event's time, and goes on until no look is due within 15 minutes. With --for it goes on for so long after the last
event, so that what comes by the passing of time is shown: actions after their grace and the word ahead of them, reminders. No
sweep runs.

Without --enforce nothing is done, whatever the mode of a policy. With it, policies of mode enforce act on the account in
memory, as a deployment acts on yours whose first sweep is done and found nothing: what the events find is new, and no
baseline. The calls that would change something are listed in order. AWS itself is never asked. What an action looks at must be in
the snapshot, or it is not taken, and the alert names the file: for stop, hibernate, terminate and quarantine record it with
\`snapshot --with-attributes\`.

A notice of Spot goes to the policies with the rule spot-interruption, beside all others, and at its end EC2 takes the instance. Which
load balancers, clusters and groups it is in must be in the snapshot: docs/drain.md names the files.

An EVENT is an EventBridge event, a bare CloudTrail record, an SQS batch, or a list of these.
Exits with 0 when nothing was found, 1 when something was, 2 when it could not run.

Examples:
  ec2-guardrail replay --snapshot snapshot event.json
  ec2-guardrail replay --policies policies --snapshot snapshot --format json running.json run-instances.json
  ec2-guardrail replay --enforce --for 8d --snapshot snapshot event.json
  ec2-guardrail replay --enforce --snapshot snapshot --format json event.json | jq .calls`;

interface ReplayOptions extends FormatOption {
  readonly policies: string;
  readonly snapshot: string;
  readonly failOn: Severity;
  readonly failOnUnknown?: true;
  readonly enforce?: true;
  readonly for?: string;
  readonly account?: string;
  readonly region?: string;
}

/** Adds `replay`: what events would have led to. */
export function addReplayCommand(program: Command, io: CommandIo): void {
  program
    .command('replay')
    .summary('run events over a snapshot: what would have been found, told and done')
    .description('Runs events through the guardrail, over a recorded account. Needs no credentials.')
    .argument('<EVENT...>', 'JSON files')
    .requiredOption('--snapshot <folder>', 'the recorded account')
    .addOption(policiesOption())
    .option('--enforce', 'do to the account in memory what policies of mode enforce say')
    .option('--for <duration>', 'how long the clock goes on after the last event, such as 8d; 90d at most')
    .option('--account <id>', "the deployment's account; left out: each event's own")
    .option('--region <region>', "the deployment's Region; left out: each event's own")
    .addOption(failOnOption())
    .option('--fail-on-unknown', 'exit with 1 for any INSUFFICIENT_DATA, too')
    .addOption(formatOption())
    .addHelpText('after', help)
    .action((files: readonly string[], options: ReplayOptions) => replayFiles(files, options, io));
}

async function replayFiles(files: readonly string[], options: ReplayOptions, io: CommandIo): Promise<void> {
  const forMs = await millisecondsFor(options.for);
  const { loadAll } = await import('./load-policies.ts');
  const loaded = await loadAll(options.policies, io);
  if (loaded === undefined) return;
  const { policies, safety } = loaded;
  const [{ readSnapshot }, { replay }, { arrivalOf, eventsIn }, documents] = await Promise.all([
    import('./snapshot-files.ts'),
    import('./replay-run.ts'),
    import('./replay-events.ts'),
    import('./documents.ts'),
  ]);
  const resources = await readSnapshot(resolve(io.cwd, options.snapshot));
  const scope = {
    ...(options.account === undefined ? {} : { accountId: options.account }),
    ...(options.region === undefined ? {} : { region: options.region }),
  };
  const arrivals = files.flatMap((file): readonly Arrival[] =>
    eventsIn(readEvent(file, io.cwd)).map((event) => arrivalOf(event, io.now(), scope)),
  );
  const enforcement = { isEnforcing: options.enforce ?? false, safety };
  const document = await replay(arrivals, resources, policies, enforcement, forMs);
  if (options.format === 'json') io.stdout((await import('./output/text.ts')).json(document));
  else {
    const [{ coloursFor }, { replayText }, { stringify }] = await Promise.all([
      import('./output/colours.ts'),
      import('./report/replay-text.ts'),
      import('yaml'),
    ]);
    io.stdout(replayText(document, coloursFor(io), stringify));
  }
  io.exit(
    documents.exitCodeOf(document.findings, { failOn: options.failOn, failOnUnknown: options.failOnUnknown ?? false }),
  );
}

const LONGEST_FOR = '90d';

/** @throws for what is no duration, or a longer one than anybody would read the outcome of. */
async function millisecondsFor(text: string | undefined): Promise<number | undefined> {
  if (text === undefined) return undefined;
  const { millisecondsOf } = await import('../domain/duration.ts');
  const milliseconds = millisecondsOf(text);
  if (!(milliseconds <= millisecondsOf(LONGEST_FOR))) {
    throw new Error(
      `--for takes a duration such as 30m, 24h or 8d, ${LONGEST_FOR} at most, and not ${JSON.stringify(text)}`,
    );
  }
  return milliseconds;
}

function readEvent(file: string, cwd: string): unknown {
  let text: string;
  try {
    text = readFileSync(resolve(cwd, file), 'utf8');
  } catch (error) {
    throw new Error(`${file} can not be read: ${asError(error).message}`);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${file} is no JSON: ${asError(error).message}`);
  }
}
