import { createHash } from 'node:crypto';
import { existsSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { asError } from '../../../src/domain/errors.ts';
import { outcomeOf } from './commands.ts';

const venv = '.venv';
const requirements = 'test/aws/moto/requirements.txt';
/** Says which requirements are installed. */
const marker = join(venv, 'installed');
const oldest = [3, 10] as const;

/** A command of the Python environment. */
export function inVenv(command: string): string {
  return join(venv, 'bin', command);
}

/**
 * Makes the Python environment with moto and cfn-lint, unless it is there.
 * @throws Error that says what to install.
 */
export async function ensurePython(): Promise<void> {
  // Its commands name its folder: in a clone that was moved it is made anew, and so it is when its Python has gone.
  const place = existsSync(venv) ? realpathSync(venv) : resolve(venv);
  const wanted = createHash('sha256').update(place).update(readFileSync(requirements)).digest('hex');
  if (existsSync(inVenv('python')) && existsSync(marker) && readFileSync(marker, 'utf8') === wanted) return;
  const python = await newEnoughPython();
  rmSync(venv, { recursive: true, force: true });
  await must(
    [python, '-m', 'venv', venv],
    'Install what makes virtual environments of Python (on Debian: apt install python3-venv).',
  );
  await must(
    [inVenv('pip'), 'install', '--quiet', '--disable-pip-version-check', '--requirement', requirements],
    'The tests need packages of PyPI: let pip reach it, or an index that has them (PIP_INDEX_URL).',
  );
  writeFileSync(marker, wanted);
}

/** The one that is asked for, or those that are usually there: a system may have a newer one beside an old `python3`. */
function candidates(): readonly string[] {
  if (process.env.PYTHON) return [process.env.PYTHON];
  return ['python3', 'python', ...[14, 13, 12, 11, 10].map((minor) => `python3.${minor}`)];
}

async function newEnoughPython(): Promise<string> {
  const asked = ['import sys; print(*sys.version_info[:2])'];
  const seen: string[] = [];
  for (const python of candidates()) {
    const version = await versionOf(python, asked);
    if (version === undefined) continue;
    const [major = 0, minor = 0] = version;
    if (major === oldest[0] && minor >= oldest[1]) return python;
    seen.push(`${python} is ${major}.${minor}`);
  }
  const found = seen.length === 0 ? 'there is none' : seen.join(', ');
  throw new Error(
    `The tests over HTTP need Python ${oldest.join('.')} or newer, and ${found}. Install it (on Debian: apt install python3 python3-venv), or say which to take: PYTHON=python3.12.`,
  );
}

async function versionOf(python: string, script: readonly string[]): Promise<readonly number[] | undefined> {
  try {
    const { exitCode, stdout } = await outcomeOf(python, ['-c', ...script]);
    return exitCode === 0 ? stdout.trim().split(' ').map(Number) : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function must([command = '', ...args]: readonly string[], advice: string): Promise<void> {
  const outcome = await outcomeOf(command, args).catch((error: unknown) => ({
    exitCode: null,
    stdout: '',
    stderr: asError(error).message,
  }));
  if (outcome.exitCode === 0) return;
  const lines = `${outcome.stdout}${outcome.stderr}`.trim().split('\n');
  const printed = lines
    .filter((line) => !line.startsWith('WARNING:'))
    .slice(-5)
    .join('\n');
  throw new Error(`${command} ${args.join(' ')} failed:\n${printed}\n${advice}`);
}
