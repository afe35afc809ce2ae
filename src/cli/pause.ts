import type { Command } from 'commander';
import { kindFor } from '../domain/bind.ts';
import { type Controls, noControls, paused, pauseOf, resumed, type Stops } from '../domain/controls.ts';
import type { SubjectRecord } from '../domain/finding.ts';
import { visible } from '../domain/visible.ts';
import {
  addDeploymentOptions,
  changeDeployed,
  type DeploymentOptions,
  howToFindTheTable,
  type OpenTable,
  openTable,
  optionsFor,
  readAllOf,
  whyUnknown,
} from './deployed.ts';
import type { CommandIo } from './io.ts';
import { policyNameOf, reasonOf } from './options.ts';
import { coloursFor } from './output/colours.ts';
import type { StoredFinding } from './report/document.ts';
import { findingsIn } from './stored-findings.ts';

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
comes with the next look, within the hour. It says what that is, as things stood at the last look; with --dry-run it only says it, and
writes nothing.

It needs dynamodb:Scan on the table, without --dry-run also dynamodb:BatchGetItem and dynamodb:PutItem, and dynamodb:ListTables to
find it by the stage: with --table it does not look for it.
${howToFindTheTable}

Exits with 0 when nothing of it is stopped any more, or with --dry-run; 2 when it could not be read or written.

Examples:
  ec2-guardrail resume --region eu-central-1 --dry-run
  ec2-guardrail resume --region eu-central-1
  ec2-guardrail resume --region eu-central-1 --policy no-open-ssh`;

interface PauseOptions extends DeploymentOptions {
  readonly policy?: string;
  readonly reason: string;
}

interface ResumeOptions extends Omit<PauseOptions, 'reason'> {
  readonly dryRun?: true;
}

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
    .option('--dry-run', 'only say what would come of it')
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
  const { policy, dryRun = false } = options;
  const table = await openTable(options, io);
  // Read before anything is written: nobody lets something come that they are not told of.
  const { records, controls = noControls } = await readAllOf(table, options, io);
  const lift = (now: Controls) => resumed(now, policy, io.now().toISOString());
  const { before, after } = dryRun
    ? { before: controls, after: lift(controls) }
    : await changeDeployed(table, options, lift);
  const [{ field }, texts] = await Promise.all([import('../alerts/text.ts'), import('./output/controls-text.ts')]);
  const lifted = liftedOf(before, policy);
  const liftedTexts = texts.stopTexts(lifted);
  const isAnyLifted = liftedTexts.length > 0;
  const { bold } = coloursFor(io);
  const what = policy === undefined ? 'nothing was stopped' : `${policy} was not paused`;
  const resumption = dryRun ? 'would be resumed' : 'resumed';
  io.stdout(
    [
      bold(isAnyLifted ? `${resumption}: ${texts.countText(lifted)} lifted` : `${what}, and nothing was written`),
      field('Table', tableText(table, options)),
      ...liftedTexts.map((text) => field('Lifted', text)),
      ...texts.stoppedFields(after, 'nothing any more'),
      ...(isAnyLifted ? await whatComes(records, after, io) : []),
      ...(policy === undefined ? [] : await unknownFields(after, policy)),
      ...(isAnyLifted && dryRun ? ['', 'Nothing was written; leave out --dry-run to have it done.'] : []),
      '',
    ].join('\n'),
  );
}

/** What is let come by a resumption, and when it does. */
async function whatComes(
  records: readonly SubjectRecord[],
  controls: Controls,
  io: CommandIo,
): Promise<readonly string[]> {
  const [{ field }, { resumptionLines }, { actions }, { rules }] = await Promise.all([
    import('../alerts/text.ts'),
    import('./output/resumption-text.ts'),
    import('../actions/index.ts'),
    import('../rules/index.ts'),
  ]);
  const kindOf = (finding: StoredFinding, id: string) => {
    const rule = rules.find((one) => one.id === finding.rule);
    const action = actions.find((one) => one.id === id);
    return rule && action && kindFor(rule, action);
  };
  return [
    field('Next', 'what is due comes with the next look at its instance, within the hour, as far as limits allow'),
    ...resumptionLines(findingsIn(records), { controls, kindOf }, io.now()),
  ];
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
