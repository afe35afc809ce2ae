import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { SdkOptions } from '../aws/sdk.ts';
import type { Place } from './io.ts';
import { run } from './program.ts';

// A reader that has seen enough, such as head, closes the pipe: that is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

/** What changes something in the account is loaded for the command alone that does so. */
async function sendersFor({ mayChange, mayDrain }: Place): Promise<SdkOptions> {
  return {
    ...(mayChange ? { changes: (await import('../aws/changes.ts')).changingSenders } : {}),
    ...(mayDrain ? { drain: (await import('../aws/drain.ts')).drainSenders } : {}),
  };
}

process.exitCode = await run(process.argv.slice(2), {
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
  cwd: process.cwd(),
  env: process.env,
  isTTY: process.stdout.isTTY,
  now: () => new Date(),
  pause: (milliseconds) => setTimeout(milliseconds),
  // Bundled, this file is dist/main.js.
  aws: async (place) => (await import('../aws/sdk.ts')).sdk(place, { ...place, ...(await sendersFor(place)) }),
  packageRoot: fileURLToPath(new URL('..', import.meta.url)),
});
