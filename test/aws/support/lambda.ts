import { type ChildProcess, fork } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { clearTimeout, setTimeout } from 'node:timers';
import { type FunctionConfiguration, GetFunctionCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { run } from './commands.ts';
import { type Deployed, deployed, physicalId } from './deployment.ts';
import { inVenv } from './python.ts';

/** A deployed function that runs in a Node process of its own. */
export interface RunningFunction {
  /** Its file, as it came out of the deployed zip. */
  readonly code: string;
  readonly configuration: FunctionConfiguration;
  /** What it wrote, line by line. */
  readonly log: readonly string[];
  /**
   * Gives what the handler returned, through JSON.
   * @throws Error that names the function's error; also when it takes longer than its timeout.
   */
  invoke(event: unknown): Promise<unknown>;
  /** Ends it, in the midst of a run too, and waits until it is gone. */
  stop(): Promise<void>;
}

type Answer = { readonly response?: string } | { readonly error: { errorType: string; errorMessage: string } };

/** What of a function is otherwise than deployed. */
export interface Otherwise {
  /** How far ahead its clock is, in milliseconds: to see what it does that much later. */
  readonly aheadMs?: number;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Fetches the zip that was deployed, unpacks it outside the repository and starts it with the deployed configuration. */
export async function startFunction(
  name: 'inspect' | 'sweep',
  otherwise: Otherwise = {},
  of = deployed,
): Promise<RunningFunction> {
  const FunctionName = `${of.stack}-${name}`;
  const lambda = new LambdaClient({ region: of.region });
  const { Configuration: configuration, Code } = await lambda.send(new GetFunctionCommand({ FunctionName }));
  if (configuration === undefined) throw new Error(`${FunctionName} is not deployed`);
  const folder = mkdtempSync(join(tmpdir(), `${FunctionName}-`));
  const root = await unpacked(await fetchZip(of, Code?.Location, configuration.CodeSha256), folder);
  const log: string[] = [];
  const child = fork(resolve('test/aws/support/lambda-runtime.cjs'), [String(otherwise.aheadMs ?? 0)], {
    cwd: root,
    env: { ...(await environmentOf(configuration, of)), LAMBDA_TASK_ROOT: root, ...otherwise.environment },
    execArgv: [`--max-old-space-size=${configuration.MemorySize}`, '--no-warnings'],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const isGone = once(child, 'exit');
  for (const input of [child.stdout, child.stderr])
    if (input !== null) createInterface({ input }).on('line', (line) => log.push(line));
  const first = await Promise.race([once(child, 'message'), isGone]);
  if (first[0] !== 'ready') throw new Error(`${FunctionName} does not load:\n${log.join('\n')}`);
  return {
    code: join(root, `${configuration.Handler?.replace(/\.\w+$/, '')}.js`),
    configuration,
    log,
    async invoke(event) {
      const exited = isGone.then(([code]) => {
        throw new Error(`${FunctionName}: Runtime exited with ${code}:\n${log.slice(-20).join('\n')}`);
      });
      return Promise.race([invoke(child, configuration, event), exited]);
    },
    async stop() {
      if (child.connected) child.disconnect();
      await isGone;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The zip lies in the deployment bucket; moto names its key in the place where AWS has a link to a copy. */
async function fetchZip(of: Deployed, location = '', sha256 = ''): Promise<Uint8Array> {
  const s3 = new S3Client({ region: of.region, forcePathStyle: true });
  const Bucket = await physicalId('ServerlessDeploymentBucket', of);
  const Key = new URL(location).pathname.slice(1);
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
  const zip = (await Body?.transformToByteArray()) ?? new Uint8Array();
  const found = createHash('sha256').update(zip).digest('base64');
  if (found !== sha256) throw new Error(`${Key} is not the zip that was deployed`);
  return zip;
}

async function unpacked(zip: Uint8Array, folder: string): Promise<string> {
  const file = join(folder, 'code.zip');
  const root = join(folder, 'task');
  writeFileSync(file, zip);
  await run(inVenv('python'), ['-m', 'zipfile', '-e', file, root]);
  return root;
}

/**
 * What Lambda puts into a function's environment, with the credentials of its role; and, which Lambda does not, where AWS is.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
 */
async function environmentOf(
  configuration: FunctionConfiguration,
  { region }: Deployed,
): Promise<Record<string, string>> {
  const sts = new STSClient({ region });
  const { Role = '', FunctionName = '', MemorySize = 0, Handler = '', Runtime = '', Environment } = configuration;
  const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn: Role, RoleSessionName: FunctionName }));
  return {
    ...Environment?.Variables,
    _HANDLER: Handler,
    AWS_ACCESS_KEY_ID: Credentials?.AccessKeyId ?? '',
    AWS_SECRET_ACCESS_KEY: Credentials?.SecretAccessKey ?? '',
    AWS_SESSION_TOKEN: Credentials?.SessionToken ?? '',
    AWS_DEFAULT_REGION: region,
    AWS_REGION: region,
    AWS_EXECUTION_ENV: `AWS_Lambda_${Runtime}`,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(MemorySize),
    AWS_LAMBDA_FUNCTION_NAME: FunctionName,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    TZ: ':UTC',
    AWS_ENDPOINT_URL: process.env.AWS_ENDPOINT_URL ?? '',
  };
}

async function invoke(child: ChildProcess, configuration: FunctionConfiguration, event: unknown): Promise<unknown> {
  const { FunctionName, FunctionArn: arn, Timeout = 3 } = configuration;
  const timeoutMs = 1000 * Timeout;
  const answer = new Promise<Answer>((take, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`${FunctionName}: Task timed out after ${Timeout}.00 seconds`));
    }, timeoutMs);
    // Of a function that died nobody waits for the timeout.
    timer.unref();
    child.once('message', (message) => {
      clearTimeout(timer);
      take(message as Answer);
    });
    const invocation = { requestId: randomUUID(), arn, timeoutMs, event: JSON.stringify(event) };
    child.send(invocation, (error) => {
      if (error !== null) reject(error);
    });
  });
  const told = await answer;
  if ('error' in told) throw new Error(`${FunctionName}: ${told.error.errorType}: ${told.error.errorMessage}`);
  return told.response === undefined ? undefined : JSON.parse(told.response);
}
