import type { Manager, ScalingGroup } from '../domain/drain-facts.ts';
import type { Several, Tag } from '../domain/facts.ts';

type Marked = Exclude<Manager, 'ecs-managed-draining'>;

/**
 * Tags by which who looks after an instance marks it, or its group. Anybody can set them: whoever does is told that the instance is
 * left to them.
 * @see https://docs.aws.amazon.com/eks/latest/userguide/managed-node-groups.html
 * @see https://docs.aws.amazon.com/elasticbeanstalk/latest/dg/using-features.tagging.html
 */
const marks = {
  karpenter: ['karpenter.sh/nodepool', 'karpenter.sh/nodeclaim', 'karpenter.sh/provisioner-name'],
  'eks-node-group': ['eks:nodegroup-name'],
  'node-termination-handler': ['aws-node-termination-handler/managed'],
  'elastic-beanstalk': ['elasticbeanstalk:environment-id', 'elasticbeanstalk:environment-name'],
} as const satisfies Readonly<Record<Marked, readonly string[]>>;

/** What a person calls them. */
const names = {
  karpenter: 'Karpenter',
  'eks-node-group': 'an EKS node group',
  'node-termination-handler': 'AWS Node Termination Handler',
  'elastic-beanstalk': 'Elastic Beanstalk',
} as const satisfies Readonly<Record<Marked, string>>;

/** Of these, the one whose mark the instance or its group bears, as a person calls it. */
export function managerAmong(
  managers: readonly Marked[],
  tags: Several<Tag>,
  group: Pick<ScalingGroup, 'tags'> | undefined,
): string | undefined {
  const keys = new Set([...tags.found, ...(group?.tags ?? [])].map(({ Key }) => Key));
  const manager = managers.find((one) => marks[one].some((mark) => keys.has(mark)));
  return manager && names[manager];
}
