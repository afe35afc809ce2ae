import type { DrainNeed } from './drain-facts.ts';
import type { Operation } from './operations.ts';
import type { BoundPolicy } from './policy.ts';

const group = ['autoscaling:DescribeAutoScalingInstances', 'autoscaling:DescribeAutoScalingGroups'] as const;
/** What the index of targets is made of. */
export const targetIndexReads = ['elbv2:DescribeTargetGroups', 'elbv2:DescribeTargetHealth'] as const;
export type TargetIndexRead = (typeof targetIndexReads)[number];

const clusters = ['ecs:ListClusters', 'ecs:ListContainerInstances', 'ecs:DescribeContainerInstances'] as const;

/** For each need of a drain, the reads that collect it. Permissions are derived from it; a test holds collection against it. */
const drainReads = {
  tags: [],
  group: [...group, 'autoscaling:DescribeLifecycleHooks'],
  targetGroups: [
    ...[...group, ...clusters],
    ...(['ecs:ListServices', 'ecs:DescribeServices'] as const),
    ...targetIndexReads,
  ],
  loadBalancers: ['elb:DescribeLoadBalancers'],
  containerInstances: [...clusters, 'ecs:DescribeCapacityProviders'],
} as const satisfies { readonly [N in DrainNeed]: readonly Operation[] };

/** Reads that collect these needs, sorted. What the table remembers is not among them. */
export function drainReadsFor(needs: Iterable<DrainNeed>): readonly Operation[] {
  return [...new Set<Operation>([...needs].flatMap((need) => [...drainReads[need]]))].sort();
}

/** Whether a policy asks which target groups hold an instance: then the sweep keeps the index of that. */
export function asksTargetIndex(policies: readonly Pick<BoundPolicy, 'boundSteps'>[]): boolean {
  return policies.some(({ boundSteps }) =>
    boundSteps.some(({ step }) => (step.needs as readonly DrainNeed[]).includes('targetGroups')),
  );
}
