import type { Scope } from '../domain/operations.ts';

interface Partition {
  readonly name: string;
  readonly consoleDomain: string;
}

/**
 * The partition of a Region: AWS's commercial one, China, GovCloud or the European Sovereign Cloud.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
 */
function partitionOf(region: string): Partition {
  if (region.startsWith('cn-')) return { name: 'aws-cn', consoleDomain: 'console.amazonaws.cn' };
  if (region.startsWith('us-gov-')) return { name: 'aws-us-gov', consoleDomain: 'console.amazonaws-us-gov.com' };
  if (region.startsWith('eusc-')) return { name: 'aws-eusc', consoleDomain: 'console.amazonaws-eusc.eu' };
  return { name: 'aws', consoleDomain: 'console.aws.amazon.com' };
}

/** The instance's ARN, in its Region's partition. */
export function instanceArn({ accountId, region }: Scope, instanceId: string): string {
  return `arn:${partitionOf(region).name}:ec2:${region}:${accountId}:instance/${instanceId}`;
}

/** The instance's page in the AWS console. */
export function consoleLink(region: string, instanceId: string, partitionDomain?: string): string {
  const domain = partitionDomain ?? partitionOf(region).consoleDomain;
  return `https://${region}.${domain}/ec2/home?region=${region}#InstanceDetails:instanceId=${instanceId}`;
}
