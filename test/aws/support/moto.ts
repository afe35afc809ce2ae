import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { inVenv } from './python.ts';

/** A moto server of one's own. */
export interface Moto {
  readonly url: string;
  /** Ends it, and waits until it is gone. */
  stop(): Promise<void>;
}

const STARTS_WITHIN_MS = 60_000;

/**
 * Starts moto on a free port of this machine and waits until it answers.
 * It ends when `stop` is called, and also when this process does: its standard input is a pipe from here.
 * @throws Error with what it logged, if it does not come up.
 */
export async function startMoto(): Promise<Moto> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'moto-'));
  const log = join(folder, 'log');
  const file = openSync(log, 'w');
  const child = spawn(inVenv('python'), ['test/aws/moto/server.py', String(port)], { stdio: ['pipe', file, file] });
  const gone = once(child, 'exit');
  const url = `http://127.0.0.1:${port}`;
  const stop = async () => {
    child.stdin?.end();
    await gone;
    rmSync(folder, { recursive: true });
  };
  const deadline = Date.now() + STARTS_WITHIN_MS;
  while (!(await answers(url))) {
    if (child.exitCode === null && Date.now() < deadline) {
      await setTimeout(50);
      continue;
    }
    const said = readFileSync(log, 'utf8');
    await stop();
    throw new Error(`moto did not start:\n${said}`);
  }
  return { url, stop };
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/moto-api/`)).ok;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return address.port;
}
