import { run } from './commands.ts';
import { deploy } from './deployment.ts';
import { type Moto, startMoto } from './moto.ts';
import { ensurePython } from './python.ts';
import { stage } from './stage.ts';

declare global {
  // Jest gives set-up and tear-down nothing else in common.
  var moto: Moto | undefined;
}

/** Everything that looks for AWS finds moto, and nobody's credentials. Workers inherit it. */
function pointToMoto(url: string): void {
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: url,
    AWS_ACCESS_KEY_ID: 'testing',
    AWS_SECRET_ACCESS_KEY: 'testing',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
  });
}

export default async function setUp(): Promise<void> {
  await stage('Python environment', ensurePython);
  await stage('build of the command line', () => run('npm', ['run', 'build']));
  const moto = await stage('start of moto', startMoto);
  globalThis.moto = moto;
  pointToMoto(moto.url);
  await stage('serverless deploy', deploy);
}
