import {
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { TargetIndexRead } from '../domain/drain-reads.ts';
import type { Senders } from './sdk.ts';

/** Which target groups there are, and whom they hold: a drain asks it, and the sweep that keeps the index of it. */
export const targetGroupSenders: Senders<TargetIndexRead> = {
  'elbv2:DescribeTargetGroups': (to, input) =>
    to(ElasticLoadBalancingV2Client).send(new DescribeTargetGroupsCommand(input)),
  'elbv2:DescribeTargetHealth': (to, input) =>
    to(ElasticLoadBalancingV2Client).send(new DescribeTargetHealthCommand(input)),
};
