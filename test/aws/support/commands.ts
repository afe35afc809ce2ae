import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

/** What a command printed. */
export interface Outcome {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Options {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: string;
}

/**
 * Runs a command to its end, whatever its exit code.
 * @throws the system's error where there is no such command.
 */
export async function outcomeOf(command: string, args: readonly string[], options: Options = {}): Promise<Outcome> {
  const { input = '', ...others } = options;
  const child = spawn(command, args, { ...others, stdio: 'pipe' });
  const printed = Promise.all([text(child.stdout), text(child.stderr)]);
  // A command that reads nothing may be gone before all is written.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const [exitCode] = (await once(child, 'close')) as [number | null];
  const [stdout, stderr] = await printed;
  return { exitCode, stdout, stderr };
}

/**
 * Runs a command that has to succeed; gives what it printed on stdout.
 * @throws Error with all that it printed, if it fails.
 */
export async function run(command: string, args: readonly string[], options: Options = {}): Promise<string> {
  const { exitCode, stdout, stderr } = await outcomeOf(command, args, options);
  if (exitCode !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${exitCode}:\n${stdout}${stderr}`);
  return stdout;
}
