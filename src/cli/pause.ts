import type { Command } from 'commander';
import { type Controls, paused, pauseOf, resumed, type Stops } from '../domain/controls.ts';
import { visible } from '../domain/visible.ts';
import {
  addDeploymentOptions,
  changeDeployed,
  type DeploymentOptions,
  howToFindTheTable,
  type OpenTable,
  openTable,
  optionsFor,
  whyUnknown,
} from './deployed.ts';
import type { CommandIo } from './io.ts';
import { policyNameOf, reasonOf } from './options.ts';
import { coloursFor } from './output/colours.ts';

const aboutTheTable = `
It needs dynamodb:BatchGetItem and dynamodb:PutItem on the table, and dynamodb:ListTables to find it by the stage: with
--table it does not look for it.
${howToFindTheTable}`;

const pauseHelp = `
Nothing more is done from the moment it is written: a function asks right before each action. What was begun is finished.
Violations are found and told as before, and what is due waits. It asks no question, works before anything was enforced, and
pausing what is paused changes nothing: the first reason stands.
${aboutTheTable}

Exits with 0 when it is paused; with 1 when it is, and no policy of the name given enforces; with 2 when it could not be written.

Examples:
  ec2-guardrail pause --region eu-central-1 --reason 'stops the build hosts, INC-12'
  ec2-guardrail pause --region eu-central-1 --policy no-open-ssh --reason 'partner is locked out, INC-13'`;

const resumeHelp = `
Without --policy it lifts every pause, that of all and those of single policies, and every limit that was reached. What is due
comes with the next look, within the hour: have a look at it first, with \`findings list --would\`.
${aboutTheTable}

Exits with 0 when nothing of it is stopped any more, 2 when it could not be written.

Examples:
  ec2-guardrail resume --region eu-central-1
  ec2-guardrail resume --region eu-central-1 --policy no-open-ssh`;

interface PauseOptions extends DeploymentOptions {
  readonly policy?: string;
  readonly reason: string;
}

type ResumeOptions = Omit<PauseOptions, 'reason'>;

/** Adds `pause`: the button that stops enforcement at once. */
export function addPauseCommand(program: Command, io: CommandIo): void {
  addDeploymentOptions(program.command('pause'))
    .summary('stop enforcement at once')
    .description('Stops what a deployment does about violations, by one policy or by all, at once.')
    .option('--policy <name>', 'only this policy', policyNameOf)
    .requiredOption('--reason <text>', 'why: whoever wonders reads it', reasonOf)
    .addHelpText('after', pauseHelp)
    .action((options: PauseOptions) => pause(options, io));
}

/** Adds `resume`: enforcement goes on. */
export function addResumeCommand(program: Command, io: CommandIo): void {
  addDeploymentOptions(program.command('resume'))
    .summary('let enforcement go on: lift pauses and limits that were reached')
    .description('Lifts pauses, and limits that were reached.')
    .option('--policy <name>', 'only the pause of this policy', policyNameOf)
    .addHelpText('after', resumeHelp)
    .action((options: ResumeOptions) => resume(options, io));
}

async function pause(options: PauseOptions, io: CommandIo): Promise<void> {
  const { policy, reason } = options;
  const table = await openTable(options, io);
  const { before, after } = await changeDeployed(table, options, (controls) =>
    paused(controls, policy, { at: io.now().toISOString(), reason }),
  );
  const [{ field }, texts] = await Promise.all([import('../alerts/text.ts'), import('./output/controls-text.ts')]);
  const what = policy === undefined ? 'nothing is done by any policy' : `nothing is done by ${policy}`;
  const { bold } = coloursFor(io);
  const isNew = after !== before;
  io.stdout(
    [
      bold(isNew ? `paused: ${what}` : `paused already, and nothing was written: ${what}`),
      field('Table', tableText(table, options)),
      ...texts.stoppedFields(after, 'nothing'),
      field(
        'Now',
        'a function asks right before each action, so that none is begun from now on. What was begun is finished. Violations are found and told as before, and what is due waits',
      ),
      field('To go on', `\`ec2-guardrail resume ${optionsFor(options)}${policyOption(policy)}\``),
      ...(policy === undefined ? [] : await unknownFields(after, policy)),
      '',
    ].join('\n'),
  );
  if (policy !== undefined && !Object.hasOwn(after.policies, policy)) io.exit(1);
}

async function resume(options: ResumeOptions, io: CommandIo): Promise<void> {
  const { policy } = options;
  const table = await openTable(options, io);
  const { before, after } = await changeDeployed(table, options, (controls) =>
    resumed(controls, policy, io.now().toISOString()),
  );
  const [{ field }, texts] = await Promise.all([import('../alerts/text.ts'), import('./output/controls-text.ts')]);
  const lifted = liftedOf(before, policy);
  const liftedTexts = texts.stopTexts(lifted);
  const { bold } = coloursFor(io);
  const what = policy === undefined ? 'nothing was stopped' : `${policy} was not paused`;
  io.stdout(
    [
      bold(
        liftedTexts.length === 0 ? `${what}, and nothing was written` : `resumed: ${texts.countText(lifted)} lifted`,
      ),
      field('Table', tableText(table, options)),
      ...liftedTexts.map((text) => field('Lifted', text)),
      ...texts.stoppedFields(after, 'nothing any more'),
      ...(liftedTexts.length === 0
        ? []
        : [field('Next', 'what is due comes with the next look at its instance, within the hour')]),
      ...(policy === undefined ? [] : await unknownFields(after, policy)),
      '',
    ].join('\n'),
  );
}

/** What a resumption lifts. */
function liftedOf(before: Controls, policy: string | undefined): Stops {
  if (policy === undefined) return before;
  const pause = pauseOf(before, policy);
  return { pausedPolicies: pause === undefined ? {} : { [policy]: pause }, tripped: {} };
}

function tableText({ deployment }: OpenTable, { region }: DeploymentOptions): string {
  return `${visible(deployment.tableName)}, ${region}`;
}

function policyOption(policy: string | undefined): string {
  return policy === undefined ? '' : ` --policy ${policy}`;
}

/** That no such policy enforces, which may be a slip of the fingers. */
async function unknownFields({ policies }: Controls, policy: string): Promise<readonly string[]> {
  if (Object.hasOwn(policies, policy)) return [];
  const { field } = await import('../alerts/text.ts');
  return [field('Careful', await whyUnknown(Object.keys(policies), policy))];
}
