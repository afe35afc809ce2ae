import {
  AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  DescribeAutoScalingInstancesCommand,
  DescribeLifecycleHooksCommand,
} from '@aws-sdk/client-auto-scaling';
import {
  DescribeCapacityProvidersCommand,
  DescribeContainerInstancesCommand,
  DescribeServicesCommand,
  DescribeTasksCommand,
  ECSClient,
  ListClustersCommand,
  ListContainerInstancesCommand,
  ListServicesCommand,
  ListTasksCommand,
} from '@aws-sdk/client-ecs';
import {
  DescribeInstanceHealthCommand,
  DescribeLoadBalancersCommand,
  ElasticLoadBalancingClient,
} from '@aws-sdk/client-elastic-load-balancing';
import {
  DescribeTargetGroupAttributesCommand,
  ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { GetCommandInvocationCommand, ListCommandsCommand, SSMClient } from '@aws-sdk/client-ssm';
import type { DrainsOwnOperation } from '../domain/operations.ts';
import { drainingSenders } from './drain-changes.ts';
import { type Senders, sentOnce } from './sdk.ts';
import { targetGroupSenders } from './target-groups.ts';

/**
 * What a drain calls, for `SdkOptions.drain`. A module of its own, so that no other function loads these services' clients.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/prepare-for-interruptions.html
 */
export const drainSenders: Senders<DrainsOwnOperation> = {
  ...drainingSenders,
  ...targetGroupSenders,
  'elbv2:DescribeTargetGroupAttributes': (to, input) =>
    to(ElasticLoadBalancingV2Client).send(new DescribeTargetGroupAttributesCommand(input)),
  'elb:DescribeLoadBalancers': (to, input) =>
    to(ElasticLoadBalancingClient).send(new DescribeLoadBalancersCommand(input)),
  'elb:DescribeInstanceHealth': (to, input) =>
    to(ElasticLoadBalancingClient).send(new DescribeInstanceHealthCommand(input)),
  'ecs:ListClusters': (to, input) => to(ECSClient).send(new ListClustersCommand(input)),
  'ecs:ListContainerInstances': (to, input) => to(ECSClient).send(new ListContainerInstancesCommand(input)),
  'ecs:DescribeContainerInstances': (to, input) => to(ECSClient).send(new DescribeContainerInstancesCommand(input)),
  'ecs:DescribeCapacityProviders': (to, input) => to(ECSClient).send(new DescribeCapacityProvidersCommand(input)),
  'ecs:ListServices': (to, input) => to(ECSClient).send(new ListServicesCommand(input)),
  'ecs:DescribeServices': (to, input) => to(ECSClient).send(new DescribeServicesCommand(input)),
  'ecs:ListTasks': (to, input) => to(ECSClient).send(new ListTasksCommand(input)),
  'ecs:DescribeTasks': (to, input) => to(ECSClient).send(new DescribeTasksCommand(input)),
  'autoscaling:DescribeAutoScalingInstances': (to, input) =>
    to(AutoScalingClient).send(new DescribeAutoScalingInstancesCommand(input)),
  'autoscaling:DescribeAutoScalingGroups': (to, input) =>
    to(AutoScalingClient).send(new DescribeAutoScalingGroupsCommand(input)),
  'autoscaling:DescribeLifecycleHooks': (to, input) =>
    to(AutoScalingClient).send(new DescribeLifecycleHooksCommand(input)),
  'ssm:GetCommandInvocation': (to, input) => to(SSMClient, sentOnce).send(new GetCommandInvocationCommand(input)),
  'ssm:ListCommands': (to, input) => to(SSMClient, sentOnce).send(new ListCommandsCommand(input)),
};
