import { resolve } from 'node:path';
import type { ExitCode, Io } from '../../src/cli/io.ts';
import { run } from '../../src/cli/program.ts';

/** What a command printed, and how it ended. */
export interface Ran {
  readonly exitCode: ExitCode;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line in this process, in a folder of test/fixtures/ or any other. Words with spaces come in a list. */
export async function runCli(command: string | readonly string[], folder: string, io: Partial<Io> = {}): Promise<Ran> {
  const printed = { stdout: '', stderr: '' };
  const exitCode = await run(typeof command === 'string' ? command.split(' ').filter(Boolean) : command, {
    stdout: (text) => {
      printed.stdout += text;
    },
    stderr: (text) => {
      printed.stderr += text;
    },
    cwd: resolve(folder),
    env: {},
    isTTY: false,
    now: () => new Date('2026-06-01T00:00:00Z'),
    pause: () => Promise.resolve(),
    packageRoot: resolve('.'),
    aws: () => Promise.reject(new Error('this test has no AWS')),
    ...io,
  });
  return { exitCode, ...printed };
}

/** A printed text as one line, since it is wrapped. */
export function line(text: string): string {
  return text.replaceAll(/\s+/g, ' ');
}

/** A folder of test/fixtures/policies. */
export function fixture(name: string): string {
  return `test/fixtures/policies/${name}`;
}
