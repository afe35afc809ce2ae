import {
  AutoScalingClient,
  CompleteLifecycleActionCommand,
  DetachInstancesCommand,
} from '@aws-sdk/client-auto-scaling';
import { ECSClient, UpdateContainerInstancesStateCommand } from '@aws-sdk/client-ecs';
import {
  DeregisterInstancesFromLoadBalancerCommand,
  ElasticLoadBalancingClient,
  RegisterInstancesWithLoadBalancerCommand,
} from '@aws-sdk/client-elastic-load-balancing';
import {
  DeregisterTargetsCommand,
  ElasticLoadBalancingV2Client,
  RegisterTargetsCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { SendCommandCommand, SSMClient } from '@aws-sdk/client-ssm';
import type { DrainingOperation } from '../domain/operations.ts';
import { type Senders, sentOnce } from './sdk.ts';

/** What a drain changes. A module of its own, so that it can be left out of a package where nothing enforces. */
export const drainingSenders: Senders<DrainingOperation> = {
  'elbv2:DeregisterTargets': (to, input) => to(ElasticLoadBalancingV2Client).send(new DeregisterTargetsCommand(input)),
  'elbv2:RegisterTargets': (to, input) => to(ElasticLoadBalancingV2Client).send(new RegisterTargetsCommand(input)),
  'elb:DeregisterInstancesFromLoadBalancer': (to, input) =>
    to(ElasticLoadBalancingClient).send(new DeregisterInstancesFromLoadBalancerCommand(input)),
  'elb:RegisterInstancesWithLoadBalancer': (to, input) =>
    to(ElasticLoadBalancingClient).send(new RegisterInstancesWithLoadBalancerCommand(input)),
  'ecs:UpdateContainerInstancesState': (to, input) =>
    to(ECSClient).send(new UpdateContainerInstancesStateCommand(input)),
  'autoscaling:DetachInstances': (to, input) => to(AutoScalingClient).send(new DetachInstancesCommand(input)),
  'autoscaling:CompleteLifecycleAction': (to, input) =>
    to(AutoScalingClient).send(new CompleteLifecycleActionCommand(input)),
  'ssm:SendCommand': (to, input) => to(SSMClient, sentOnce).send(new SendCommandCommand(input)),
};
