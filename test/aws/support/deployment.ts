import {
  CloudFormationClient,
  DescribeStackResourcesCommand,
  type StackResource,
} from '@aws-sdk/client-cloudformation';
import { run } from './commands.ts';

/** Where and as what the guardrail is deployed for all tests. */
export const deployed = { region: 'eu-central-1', stage: 'test', stack: 'ec2-guardrail-test' } as const;

/** moto's own account. */
export const accountId = '123456789012';

/** The client that knows the stack. */
export const cloudFormation = new CloudFormationClient({ region: deployed.region });

const target = ['--region', deployed.region, '--stage', deployed.stage, '--param', 'alertEmail=ops@example.com'];

/** `npx serverless deploy`, as docs/deploy.md has it. */
export async function deploy(): Promise<void> {
  await run('npx', ['serverless', 'deploy', ...target]);
}

/** `npx serverless remove`. */
export async function remove(): Promise<void> {
  await run('npx', ['serverless', 'remove', ...target]);
}

/** Resources of the stack by their logical ids. moto shows nothing of those that it did not create. */
export async function stackResources(): Promise<ReadonlyMap<string, StackResource>> {
  const { StackResources = [] } = await cloudFormation.send(
    new DescribeStackResourcesCommand({ StackName: deployed.stack }),
  );
  const created = StackResources.filter((resource) => resource.LogicalResourceId !== undefined);
  return new Map(created.map((resource) => [resource.LogicalResourceId ?? '', resource]));
}

/** What a resource of the template became: an ARN, a URL or a name, as CloudFormation's `Ref` gives it. */
export async function physicalId(logicalId: string): Promise<string> {
  const id = (await stackResources()).get(logicalId)?.PhysicalResourceId;
  if (id === undefined) throw new Error(`${logicalId} was not created`);
  return id;
}
