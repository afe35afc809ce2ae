import { GetRolePolicyCommand, type IAMClient } from '@aws-sdk/client-iam';

/** What is said of which resources, once CloudFormation has filled in what a policy refers to. */
export interface Granted {
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
}

/** A statement of a role's policy. */
export interface OwnStatement extends Granted {
  readonly Effect: 'Allow' | 'Deny';
  readonly Condition?: unknown;
}

/** What the inline policy of a role of the stack allows, and refuses. moto keeps what CloudFormation made as Python writes it. */
export async function ownStatements(iam: IAMClient, RoleName: string): Promise<readonly OwnStatement[]> {
  const { PolicyDocument = '' } = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName: 'own' }));
  return JSON.parse(decodeURIComponent(PolicyDocument).replaceAll("'", '"')).Statement;
}
