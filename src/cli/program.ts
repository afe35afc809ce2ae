import { Command, CommanderError } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { asError } from '../domain/errors.ts';
import { visibleLines } from '../domain/visible.ts';
import { addActionsCommand } from './actions.ts';
import { addDemoCommand } from './demo.ts';
import { addDrainCommand } from './drain.ts';
import { addExemptCommand } from './exempt.ts';
import { addExplainCommand } from './explain.ts';
import { addFindingsCommand } from './findings.ts';
import type { CommandIo, ExitCode, Io } from './io.ts';
import { addPauseCommand, addResumeCommand } from './pause.ts';
import { addPermissionsCommand } from './permissions.ts';
import { addPromoteCommand } from './promote.ts';
import { addReplayCommand } from './replay.ts';
import { addRulesCommand } from './rules.ts';
import { addScanCommand } from './scan.ts';
import { addSnapshotCommand } from './snapshot.ts';
import { addTestCommand } from './test.ts';
import { addUndoCommand } from './undo.ts';
import { addValidateCommand } from './validate.ts';

/** Every command, in the order that --help lists them. Each loads what it needs when it runs, so that --help is quick. */
const addCommands: readonly ((program: Command, io: CommandIo) => void)[] = [
  addValidateCommand,
  addTestCommand,
  addScanCommand,
  addSnapshotCommand,
  addReplayCommand,
  addFindingsCommand,
  addExplainCommand,
  addExemptCommand,
  addPauseCommand,
  addResumeCommand,
  addPromoteCommand,
  addUndoCommand,
  addDrainCommand,
  addPermissionsCommand,
  addRulesCommand,
  addActionsCommand,
  addDemoCommand,
];

/**
 * Runs the command line.
 * @param argv what follows the program's name.
 * @returns the exit code. Rejects never: what goes wrong is told on stderr, and makes 2.
 */
export async function run(argv: readonly string[], io: Io): Promise<ExitCode> {
  let exitCode: ExitCode = 0;
  const exit = (code: ExitCode) => {
    exitCode = code;
  };
  try {
    await programOf({ ...io, exit }).parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    io.stderr(`ec2-guardrail: ${visibleLines(asError(error).message)}\n`);
    return 2;
  }
}

function programOf(io: CommandIo): Command {
  const program = new Command('ec2-guardrail')
    .description(packageJson.description)
    .version(packageJson.version)
    .exitOverride()
    .configureOutput({ writeOut: io.stdout, writeErr: (text) => io.stderr(visibleLines(text)) })
    .configureHelp({ showGlobalOptions: false });
  for (const addCommand of addCommands) addCommand(program, io);
  return program;
}
