import type * as ddb from '@aws-sdk/client-dynamodb';
import type * as ec2 from '@aws-sdk/client-ec2';
import type * as events from '@aws-sdk/client-eventbridge';
import type * as kms from '@aws-sdk/client-kms';
import type * as sns from '@aws-sdk/client-sns';
import type * as sqs from '@aws-sdk/client-sqs';

/** The calls that change something in EC2: what enforcement does, and nothing else may. */
interface Changes {
  'ec2:RevokeSecurityGroupIngress': [
    ec2.RevokeSecurityGroupIngressCommandInput,
    ec2.RevokeSecurityGroupIngressCommandOutput,
  ];
  'ec2:AuthorizeSecurityGroupIngress': [
    ec2.AuthorizeSecurityGroupIngressCommandInput,
    ec2.AuthorizeSecurityGroupIngressCommandOutput,
  ];
  'ec2:StopInstances': [ec2.StopInstancesCommandInput, ec2.StopInstancesCommandOutput];
  'ec2:StartInstances': [ec2.StartInstancesCommandInput, ec2.StartInstancesCommandOutput];
  'ec2:TerminateInstances': [ec2.TerminateInstancesCommandInput, ec2.TerminateInstancesCommandOutput];
  'ec2:ModifyInstanceAttribute': [ec2.ModifyInstanceAttributeCommandInput, ec2.ModifyInstanceAttributeCommandOutput];
  'ec2:ModifyNetworkInterfaceAttribute': [
    ec2.ModifyNetworkInterfaceAttributeCommandInput,
    ec2.ModifyNetworkInterfaceAttributeCommandOutput,
  ];
  'ec2:CreateSnapshots': [ec2.CreateSnapshotsCommandInput, ec2.CreateSnapshotsCommandOutput];
  'ec2:CreateTags': [ec2.CreateTagsCommandInput, ec2.CreateTagsCommandOutput];
  'ec2:DeleteTags': [ec2.DeleteTagsCommandInput, ec2.DeleteTagsCommandOutput];
}

/**
 * Every AWS call that the product makes, by its IAM action, with the SDK's input and output.
 * The one list that reads, plans, permissions, the sandbox and `replay` speak of: what is not here can't be called.
 */
export interface Operations extends Changes {
  'ec2:DescribeInstances': [ec2.DescribeInstancesCommandInput, ec2.DescribeInstancesCommandOutput];
  'ec2:DescribeVolumes': [ec2.DescribeVolumesCommandInput, ec2.DescribeVolumesCommandOutput];
  'ec2:DescribeSecurityGroups': [ec2.DescribeSecurityGroupsCommandInput, ec2.DescribeSecurityGroupsCommandOutput];
  'ec2:DescribeSecurityGroupRules': [
    ec2.DescribeSecurityGroupRulesCommandInput,
    ec2.DescribeSecurityGroupRulesCommandOutput,
  ];
  'ec2:DescribeNetworkInterfaces': [
    ec2.DescribeNetworkInterfacesCommandInput,
    ec2.DescribeNetworkInterfacesCommandOutput,
  ];
  'ec2:DescribeInstanceAttribute': [
    ec2.DescribeInstanceAttributeCommandInput,
    ec2.DescribeInstanceAttributeCommandOutput,
  ];
  'ec2:DescribeSpotInstanceRequests': [
    ec2.DescribeSpotInstanceRequestsCommandInput,
    ec2.DescribeSpotInstanceRequestsCommandOutput,
  ];
  'ec2:DescribeInstanceTypes': [ec2.DescribeInstanceTypesCommandInput, ec2.DescribeInstanceTypesCommandOutput];
  'ec2:GetManagedPrefixListEntries': [
    ec2.GetManagedPrefixListEntriesCommandInput,
    ec2.GetManagedPrefixListEntriesCommandOutput,
  ];
  'kms:ListAliases': [kms.ListAliasesCommandInput, kms.ListAliasesCommandOutput];
  'dynamodb:BatchGetItem': [ddb.BatchGetItemCommandInput, ddb.BatchGetItemCommandOutput];
  'dynamodb:PutItem': [ddb.PutItemCommandInput, ddb.PutItemCommandOutput];
  'dynamodb:UpdateItem': [ddb.UpdateItemCommandInput, ddb.UpdateItemCommandOutput];
  'dynamodb:Query': [ddb.QueryCommandInput, ddb.QueryCommandOutput];
  'dynamodb:Scan': [ddb.ScanCommandInput, ddb.ScanCommandOutput];
  'dynamodb:ListTables': [ddb.ListTablesCommandInput, ddb.ListTablesCommandOutput];
  'sns:Publish': [sns.PublishCommandInput, sns.PublishCommandOutput];
  'sqs:SendMessage': [sqs.SendMessageCommandInput, sqs.SendMessageCommandOutput];
  'events:PutEvents': [events.PutEventsCommandInput, events.PutEventsCommandOutput];
}

export type Operation = keyof Operations;
export type Input<O extends Operation> = Operations[O][0];
export type Output<O extends Operation> = Omit<Operations[O][1], '$metadata'>;

/** An operation that changes something in EC2. */
export type ChangingOperation = keyof Changes;

const changing = {
  'ec2:RevokeSecurityGroupIngress': true,
  'ec2:AuthorizeSecurityGroupIngress': true,
  'ec2:StopInstances': true,
  'ec2:StartInstances': true,
  'ec2:TerminateInstances': true,
  'ec2:ModifyInstanceAttribute': true,
  'ec2:ModifyNetworkInterfaceAttribute': true,
  'ec2:CreateSnapshots': true,
  'ec2:CreateTags': true,
  'ec2:DeleteTags': true,
} satisfies Record<ChangingOperation, true>;

/** All of them. */
export const changingOperations = Object.keys(changing) as readonly ChangingOperation[];

/** Whether a call of this operation changes something in EC2. */
export function isChanging(operation: Operation): operation is ChangingOperation {
  return Object.hasOwn(changing, operation);
}

/**
 * The only way to AWS, for one account and Region: the SDK's clients in Lambda, the sandbox in tests, `replay` and `demo`.
 * Rejects with an error whose `name` is AWS's error code (`UnauthorizedOperation`, `RequestLimitExceeded`, …).
 */
export type Aws = <O extends Operation>(operation: O, input: Input<O>) => Promise<Output<O>>;

/** An account and Region. */
export interface Scope {
  /** 12 digits; empty where a recorded account has been blanked out. */
  readonly accountId: string;
  readonly region: string;
}
