import type * as autoscaling from '@aws-sdk/client-auto-scaling';
import type * as ddb from '@aws-sdk/client-dynamodb';
import type * as ec2 from '@aws-sdk/client-ec2';
import type * as ecs from '@aws-sdk/client-ecs';
import type * as elb from '@aws-sdk/client-elastic-load-balancing';
import type * as elbv2 from '@aws-sdk/client-elastic-load-balancing-v2';
import type * as events from '@aws-sdk/client-eventbridge';
import type * as kms from '@aws-sdk/client-kms';
import type * as sns from '@aws-sdk/client-sns';
import type * as sqs from '@aws-sdk/client-sqs';
import type * as ssm from '@aws-sdk/client-ssm';

/** The calls that change something in the account: what enforcement does, and nothing else may. */
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

/** The calls by which an instance that EC2 takes away is taken out of service, or put back: what a drain does, and nothing else may. */
interface Drains {
  'elbv2:DeregisterTargets': [elbv2.DeregisterTargetsCommandInput, elbv2.DeregisterTargetsCommandOutput];
  'elbv2:RegisterTargets': [elbv2.RegisterTargetsCommandInput, elbv2.RegisterTargetsCommandOutput];
  'elb:DeregisterInstancesFromLoadBalancer': [
    elb.DeregisterInstancesFromLoadBalancerCommandInput,
    elb.DeregisterInstancesFromLoadBalancerCommandOutput,
  ];
  'elb:RegisterInstancesWithLoadBalancer': [
    elb.RegisterInstancesWithLoadBalancerCommandInput,
    elb.RegisterInstancesWithLoadBalancerCommandOutput,
  ];
  'ecs:UpdateContainerInstancesState': [
    ecs.UpdateContainerInstancesStateCommandInput,
    ecs.UpdateContainerInstancesStateCommandOutput,
  ];
  'autoscaling:DetachInstances': [autoscaling.DetachInstancesCommandInput, autoscaling.DetachInstancesCommandOutput];
  'autoscaling:CompleteLifecycleAction': [
    autoscaling.CompleteLifecycleActionCommandInput,
    autoscaling.CompleteLifecycleActionCommandOutput,
  ];
  'ssm:SendCommand': [ssm.SendCommandCommandInput, ssm.SendCommandCommandOutput];
}

/** Reads of what sends work to instances, and of what replaces them: a drain's own, too. */
interface DrainReads {
  'elbv2:DescribeTargetGroups': [elbv2.DescribeTargetGroupsCommandInput, elbv2.DescribeTargetGroupsCommandOutput];
  'elbv2:DescribeTargetHealth': [elbv2.DescribeTargetHealthCommandInput, elbv2.DescribeTargetHealthCommandOutput];
  'elbv2:DescribeTargetGroupAttributes': [
    elbv2.DescribeTargetGroupAttributesCommandInput,
    elbv2.DescribeTargetGroupAttributesCommandOutput,
  ];
  'elb:DescribeLoadBalancers': [elb.DescribeLoadBalancersCommandInput, elb.DescribeLoadBalancersCommandOutput];
  'elb:DescribeInstanceHealth': [elb.DescribeInstanceHealthCommandInput, elb.DescribeInstanceHealthCommandOutput];
  'ecs:ListClusters': [ecs.ListClustersCommandInput, ecs.ListClustersCommandOutput];
  'ecs:ListContainerInstances': [ecs.ListContainerInstancesCommandInput, ecs.ListContainerInstancesCommandOutput];
  'ecs:DescribeContainerInstances': [
    ecs.DescribeContainerInstancesCommandInput,
    ecs.DescribeContainerInstancesCommandOutput,
  ];
  'ecs:DescribeCapacityProviders': [
    ecs.DescribeCapacityProvidersCommandInput,
    ecs.DescribeCapacityProvidersCommandOutput,
  ];
  'ecs:ListServices': [ecs.ListServicesCommandInput, ecs.ListServicesCommandOutput];
  'ecs:DescribeServices': [ecs.DescribeServicesCommandInput, ecs.DescribeServicesCommandOutput];
  'ecs:ListTasks': [ecs.ListTasksCommandInput, ecs.ListTasksCommandOutput];
  'ecs:DescribeTasks': [ecs.DescribeTasksCommandInput, ecs.DescribeTasksCommandOutput];
  'autoscaling:DescribeAutoScalingInstances': [
    autoscaling.DescribeAutoScalingInstancesCommandInput,
    autoscaling.DescribeAutoScalingInstancesCommandOutput,
  ];
  'autoscaling:DescribeAutoScalingGroups': [
    autoscaling.DescribeAutoScalingGroupsCommandInput,
    autoscaling.DescribeAutoScalingGroupsCommandOutput,
  ];
  'autoscaling:DescribeLifecycleHooks': [
    autoscaling.DescribeLifecycleHooksCommandInput,
    autoscaling.DescribeLifecycleHooksCommandOutput,
  ];
  'ssm:GetCommandInvocation': [ssm.GetCommandInvocationCommandInput, ssm.GetCommandInvocationCommandOutput];
  'ssm:ListCommands': [ssm.ListCommandsCommandInput, ssm.ListCommandsCommandOutput];
}

/**
 * Every AWS call that the product makes, by service and name, with the SDK's input and output.
 * The one list that reads, plans, permissions, the sandbox and `replay` speak of: what is not here can't be called.
 */
export interface Operations extends Changes, Drains, DrainReads {
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

/** An operation by which enforcement changes something in the account. No plan can hold another. */
export type ChangingOperation = keyof Changes;

/** An operation by which a drain changes something in the account. No plan of an action can hold one. */
export type DrainingOperation = keyof Drains;

/** What a drain alone calls: its reads, and its changes. */
export type DrainsOwnOperation = keyof Drains | keyof DrainReads;

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

/** Whether enforcement changes something in the account by this operation. */
export function isChanging(operation: Operation): operation is ChangingOperation {
  return Object.hasOwn(changing, operation);
}

const draining = {
  'elbv2:DeregisterTargets': true,
  'elbv2:RegisterTargets': true,
  'elb:DeregisterInstancesFromLoadBalancer': true,
  'elb:RegisterInstancesWithLoadBalancer': true,
  'ecs:UpdateContainerInstancesState': true,
  'autoscaling:DetachInstances': true,
  'autoscaling:CompleteLifecycleAction': true,
  'ssm:SendCommand': true,
} satisfies Record<DrainingOperation, true>;

/** All of them. */
export const drainingOperations = Object.keys(draining) as readonly DrainingOperation[];

/** Whether a drain changes something in the account by this operation. */
export function isDraining(operation: Operation): operation is DrainingOperation {
  return Object.hasOwn(draining, operation);
}

/** IAM's name of a service, where ours is another: it has one for both kinds of load balancers. */
const iamServices: Readonly<Record<string, string>> = {
  elb: 'elasticloadbalancing',
  elbv2: 'elasticloadbalancing',
};

/**
 * The IAM action that permits an operation.
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_awselasticloadbalancing.html
 */
export function iamActionOf(operation: Operation): string {
  const [service = '', name] = operation.split(':');
  return `${iamServices[service] ?? service}:${name}`;
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
