import type { DrainNeed } from './drain-facts.ts';
import type { StepOperation } from './drain-step.ts';
import type { Operation } from './operations.ts';

/** Reads by which each fact of a drain is collected. λ drain's permissions are derived from this table. */
const readsOfNeed = {
  group: [
    'autoscaling:DescribeAutoScalingGroups',
    'autoscaling:DescribeAutoScalingInstances',
    'autoscaling:DescribeLifecycleHooks',
  ],
  // By the Auto Scaling group, by the services of its cluster, by tags and what was remembered, and by looking.
  targetGroups: [
    'autoscaling:DescribeAutoScalingGroups',
    'autoscaling:DescribeAutoScalingInstances',
    'ecs:DescribeContainerInstances',
    'ecs:DescribeServices',
    'ecs:ListClusters',
    'ecs:ListContainerInstances',
    'ecs:ListServices',
    'elbv2:DescribeTargetGroupAttributes',
    'elbv2:DescribeTargetGroups',
    'elbv2:DescribeTargetHealth',
  ],
  loadBalancers: ['elb:DescribeInstanceHealth', 'elb:DescribeLoadBalancers'],
  containerInstances: [
    'ecs:DescribeContainerInstances',
    'ecs:DescribeTasks',
    'ecs:ListClusters',
    'ecs:ListContainerInstances',
    'ecs:ListTasks',
  ],
  tags: [],
} as const satisfies Readonly<Record<DrainNeed, readonly Operation[]>>;

/** Reads that tell what became of a call, beyond those that planned it. */
const readsAfter: { readonly [O in StepOperation]?: readonly Operation[] } = {
  'ssm:SendCommand': ['ssm:GetCommandInvocation', 'ssm:ListCommands'],
};

/** What a drain by these steps reads, sorted: of the Auto Scaling group always, since its tags count as the instance's. */
export function drainReadsFor(
  steps: readonly { readonly needs: readonly DrainNeed[]; readonly operations: readonly StepOperation[] }[],
): readonly Operation[] {
  const needs: readonly DrainNeed[] = ['group', ...steps.flatMap((step) => step.needs)];
  const reads = [
    ...needs.flatMap((need): readonly Operation[] => readsOfNeed[need]),
    ...steps.flatMap(({ operations }) => operations.flatMap((operation) => readsAfter[operation] ?? [])),
  ];
  return [...new Set<Operation>(['ec2:DescribeInstances', ...reads])].sort();
}
