import { copyFileSync, mkdtempSync, readdirSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import {
  CloudFormationClient,
  DescribeStackResourcesCommand,
  type StackResource,
} from '@aws-sdk/client-cloudformation';
import { run } from './commands.ts';

/** Where and as what the guardrail is deployed. */
export interface Deployed {
  readonly region: string;
  readonly stage: string;
  readonly stack: string;
}

/** What the set-up deploys for all tests. It notifies. */
export const deployed: Deployed = { region: 'eu-central-1', stage: 'test', stack: 'ec2-guardrail-test' };

/** moto's own account. */
export const accountId = '123456789012';

/** The client that knows the stack of all tests. */
export const cloudFormation = new CloudFormationClient({ region: deployed.region });

/** What is deployed otherwise than for all tests, and from where. */
export interface Choice {
  readonly parameters?: Readonly<Record<string, string>>;
  /** The folder that the command runs in: it writes there, and two at a time would not get along. */
  readonly cwd?: string;
}

/** `npx serverless deploy`, as docs/deploy.md has it. */
export async function deploy(what = deployed, choice: Choice = {}): Promise<void> {
  await serverless('deploy', what, choice);
}

/** `npx serverless remove`. */
export async function remove(what = deployed, choice: Choice = {}): Promise<void> {
  await serverless('remove', what, choice);
}

async function serverless(command: string, { region, stage }: Deployed, { parameters, cwd = '.' }: Choice) {
  const given = Object.entries({ alertEmail: 'ops@example.com', ...parameters });
  const options = given.flatMap(([name, value]) => ['--param', `${name}=${value}`]);
  await run('npx', ['serverless', command, '--region', region, '--stage', stage, ...options], { cwd });
}

/** A folder that shows this one's files, and keeps for itself what a command writes beside them. */
export function folderOfItsOwn(): string {
  const folder = mkdtempSync(join(tmpdir(), 'serverless-'));
  const written = ['.esbuild', '.serverless'];
  // serverless reads no serverless.yml by a link.
  for (const entry of readdirSync('.', { withFileTypes: true }).filter(({ name }) => !written.includes(name)))
    if (entry.isFile()) copyFileSync(entry.name, join(folder, entry.name));
    else symlinkSync(resolve(entry.name), join(folder, entry.name));
  return folder;
}

/** Resources of a stack by their logical ids. moto shows nothing of those that it did not create. */
export async function stackResources({ region, stack } = deployed): Promise<ReadonlyMap<string, StackResource>> {
  const client = region === deployed.region ? cloudFormation : new CloudFormationClient({ region });
  const { StackResources = [] } = await client.send(new DescribeStackResourcesCommand({ StackName: stack }));
  const created = StackResources.filter((resource) => resource.LogicalResourceId !== undefined);
  return new Map(created.map((resource) => [resource.LogicalResourceId ?? '', resource]));
}

/** What a resource of the template became: an ARN, a URL or a name, as CloudFormation's `Ref` gives it. */
export async function physicalId(logicalId: string, of = deployed): Promise<string> {
  const id = (await stackResources(of)).get(logicalId)?.PhysicalResourceId;
  if (id === undefined) throw new Error(`${logicalId} was not created`);
  return id;
}
