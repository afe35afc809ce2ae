import { GetRolePolicyCommand, type IAMClient } from '@aws-sdk/client-iam';

/** A statement of a role's policy, once CloudFormation has filled in what it refers to. */
export interface GrantedStatement {
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
}

/** What the inline policy of a role of the stack allows. moto keeps what CloudFormation made as Python writes it. */
export async function ownStatements(iam: IAMClient, RoleName: string): Promise<readonly GrantedStatement[]> {
  const { PolicyDocument = '' } = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName: 'own' }));
  return JSON.parse(decodeURIComponent(PolicyDocument).replaceAll("'", '"')).Statement;
}
