import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asError } from '../../../src/domain/errors.ts';
import { run } from './commands.ts';
import { deploy } from './deployment.ts';
import { startMoto } from './moto.ts';
import { ensurePython } from './python.ts';
import { stage } from './stage.ts';

declare global {
  // Jest gives set-up and tear-down nothing else in common.
  /** Ends what the set-up has begun. */
  var endSetUp: () => Promise<void>;
}

export default async function setUp(): Promise<void> {
  const folder = ownTemporaryFolder();
  globalThis.endSetUp = async () => rmSync(folder, { recursive: true });
  try {
    await stage('Python environment', ensurePython);
    await stage('build of the command line', () => run('npm', ['run', 'build']));
    forgetAws();
    const moto = await stage('start of moto', startMoto);
    globalThis.endSetUp = async () => {
      await moto.stop();
      rmSync(folder, { recursive: true });
    };
    process.env.AWS_ENDPOINT_URL = moto.url;
    await stage('serverless deploy', deploy);
  } catch (error) {
    await globalThis.endSetUp();
    throw withoutStack(error);
  }
}

/** What anybody leaves behind in the folder of temporary files goes with it. Workers and commands inherit it. */
function ownTemporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ec2-guardrail-test-aws-'));
  process.env.TMPDIR = folder;
  return folder;
}

/** Nothing of the AWS set-up of whoever runs the tests is seen by them, nor a proxy, through which no loopback address is reached. */
function forgetAws(): void {
  for (const name of Object.keys(process.env))
    if (/^(AWS_.*|HTTPS?_PROXY|PROXY)$/i.test(name)) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: 'testing',
    AWS_SECRET_ACCESS_KEY: 'testing',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
  });
}

/** Jest prints the stack of what a set-up throws. It would hide what to install. */
function withoutStack(error: unknown): Error {
  const { message } = asError(error);
  return Object.assign(new Error(message), { stack: message });
}
