import { type Command, InvalidArgumentError, Option } from 'commander';
import { undone } from '../domain/acting.ts';
import { asError } from '../domain/errors.ts';
import type { SubjectRecord } from '../domain/finding.ts';
import { type Act, isBeingDone } from '../domain/steps.ts';
import { visible } from '../domain/visible.ts';
import {
  addDeploymentOptions,
  type DeploymentOptions,
  howToFindTheTable,
  itemCalls,
  type OpenTable,
  openTable,
  optionsFor,
} from './deployed.ts';
import { addFindingArgument, findingIn } from './findings.ts';
import type { CommandIo } from './io.ts';
import { coloursFor } from './output/colours.ts';
import { putBack } from './put-back.ts';
import type { StoredFinding } from './report/document.ts';
import { type ActChoice, chosenActs, type NumberedAct } from './undoable-acts.ts';

const help = `
Shows the calls that put back what was done about a finding, whole, and with --yes makes them, in your own name: your
credentials must be permitted to. The latest act comes first; all that are not put back yet, or those that you choose, by the
number that \`findings show\` gives them or by their action. Closed findings are remembered for seven days.

What is put back is not done again for this finding, or for twelve hours where it came by the clock. The violation stands then: exempt it, or mend it in another
way. While you work, \`pause\` keeps everything else from happening. A call that fails ends it, and nothing of that act is
marked: run the same command again, since what is so already does no harm.

It needs dynamodb:Scan on the table, with --yes also dynamodb:BatchGetItem, dynamodb:PutItem and the calls that it shows, and
dynamodb:ListTables to find the table by the stage: with --table it does not look for it.
${howToFindTheTable}

Exits with 0, also where all of it is put back already; with 2 where nothing can be put back, or a call failed.

Examples:
  ec2-guardrail undo f-3b1f0c9a7e42 --region eu-central-1
  ec2-guardrail undo f-3b1f0c9a7e42 --region eu-central-1 --yes
  ec2-guardrail undo f-3b1f0c9a7e42 --region eu-central-1 --action stop --yes`;

interface UndoOptions extends DeploymentOptions, ActChoice {
  readonly yes?: true;
}

/** Adds `undo`: puts back what was done about a finding. */
export function addUndoCommand(program: Command, io: CommandIo): void {
  addFindingArgument(addDeploymentOptions(program.command('undo')))
    .summary('put back what was done about a finding')
    .description('Puts back what the guardrail did about a finding.')
    .addOption(new Option('--act <number>', 'only this one').argParser(numberOf).conflicts('action'))
    .option('--action <id>', 'only what this action did')
    .option('--yes', 'make the calls; left out: only show them')
    .addHelpText('after', help)
    .action((id: string, options: UndoOptions) => runUndo(id, options, io));
}

function numberOf(text: string): number {
  if (!/^[1-9]\d?$/.test(text)) throw new InvalidArgumentError('Write its number, as `findings show` has it.');
  return Number(text);
}

async function runUndo(id: string, options: UndoOptions, io: CommandIo): Promise<void> {
  const table = await openTable(options, io, options.yes ?? false);
  const finding = await findingIn(table, id, options, io);
  const chosen = chosenActs(finding, options, io.now());
  const [texts, { stringify }] = await Promise.all([import('./output/undo-text.ts'), import('yaml')]);
  const { bold } = coloursFor(io);
  if (chosen.length === 0) {
    io.stdout(`${bold(`${visible(id)}: all that was done is put back already`)}\nNothing was changed.\n`);
    return;
  }
  io.stdout(texts.undoText(finding, chosen, coloursFor(io), stringify));
  if (!options.yes) {
    io.stdout('Nothing was changed; add --yes to have these calls made.\n');
    return;
  }
  for (const one of chosen) await putBackAct(table, finding, one, options, io);
  io.stdout(texts.afterUndoText(finding, optionsFor(options)));
}

/** Makes the calls of one act, in order, then marks it. */
async function putBackAct(
  table: OpenTable,
  finding: StoredFinding,
  { number, act }: NumberedAct,
  options: UndoOptions,
  io: CommandIo,
): Promise<void> {
  for (const [index, call] of act.undo.entries()) {
    const name = `act ${number}, call ${index + 1}: ${visible(call.operation)}`;
    try {
      io.stdout(`${name}  ${await putBack(table.live, call)}\n`);
    } catch (error) {
      io.stdout(`${name}  failed\n`);
      const before = index === 0 ? '' : ` What the calls before it did stands.`;
      throw new Error(`${asError(error).message}\nAct ${number} is not marked as put back.${before}`);
    }
  }
  const record = await mark(table, finding, act, options, io);
  io.stdout(`act ${number} is put back\n`);
  const again = doneAgain(record, finding.id, act, io.now());
  if (again !== undefined) io.stderr(`${again}\n`);
}

/**
 * Marks the act as put back, whoever writes the item meanwhile.
 * @throws when that could not be written: without the mark it may be done again.
 */
async function mark(
  table: OpenTable,
  { id, subject, accountId, region }: StoredFinding,
  act: Act,
  options: UndoOptions,
  io: CommandIo,
): Promise<SubjectRecord> {
  const { changeRecord } = await import('../engine/store.ts');
  const subjects = { ...table, deployment: { ...table.deployment, scope: { accountId, region } } };
  const notMarked = 'It was put back, and that is not marked: it may be done again. Pause the policy';
  let record: SubjectRecord | undefined;
  try {
    record = await table.live.explainingAll(
      () => changeRecord(subjects, subject.id, (now) => undone(now, id, act, io.now().toISOString())),
      itemCalls(table, options, `the item of ${subject.id}`),
    );
  } catch (error) {
    throw new Error(`${asError(error).message}\n${notMarked}, and run the same command again.`);
  }
  const acts = record?.findings.find((one) => one.id === id)?.acts ?? [];
  const isMarked = acts.some((one) => one.action === act.action && one.at === act.at && one.undoneAt !== undefined);
  if (record === undefined || !isMarked)
    throw new Error(`${visible(id)} does not remember that act any more. ${notMarked}, or exempt the instance.`);
  return record;
}

/** That the same was done once more while it was put back. */
function doneAgain(record: SubjectRecord, id: string, { action, at }: Act, now: Date): string | undefined {
  const { acts = [], steps = [] } = record.findings.find((one) => one.id === id) ?? {};
  const isLater = acts.some((one) => one.action === action && one.at > at && one.undoneAt === undefined);
  const isBegun = steps.some((step) => step.action === action && isBeingDone(step.begun, now));
  if (!isLater && !isBegun) return undefined;
  return `${visible(action)} was done once more after that, or is being done: see \`ec2-guardrail findings show ${visible(id)}\`, and put that back, too`;
}
