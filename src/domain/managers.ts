import type { ContainerInstance, Manager } from './drain-facts.ts';

/**
 * Tags by which each of these marks the instances that it looks after, whatever their value. `karpenter.sh/discovery` is none:
 * modules put it on node groups as well, for Karpenter to find subnets by.
 * Anybody who may tag can set most of them: whoever does is told that the instance is left to them, and that is all that hangs on it.
 * @see https://karpenter.sh/docs/concepts/nodeclasses/#spectags
 * @see https://github.com/aws/aws-node-termination-handler#3-tag-the-instances
 * @see https://docs.aws.amazon.com/eks/latest/userguide/managed-node-groups.html
 * @see https://docs.aws.amazon.com/elasticbeanstalk/latest/dg/using-features.tagging.html
 */
const managerTags = [
  ['karpenter.sh/nodepool', 'karpenter'],
  ['karpenter.sh/nodeclaim', 'karpenter'],
  ['karpenter.sh/provisioner-name', 'karpenter'],
  ['eks:nodegroup-name', 'eks-node-group'],
  ['aws-node-termination-handler/managed', 'node-termination-handler'],
  ['elasticbeanstalk:environment-id', 'elastic-beanstalk'],
  ['elasticbeanstalk:environment-name', 'elastic-beanstalk'],
] as const satisfies readonly (readonly [tag: string, manager: Manager])[];

/**
 * Who replaces an instance by itself, or drains it.
 * @param tags of the instance and of its group.
 */
export function managersOf(
  tags: ReadonlyMap<string, string>,
  containerInstances: readonly Pick<ContainerInstance, 'isManagedDraining'>[] = [],
): readonly Manager[] {
  const byTag = managerTags.filter(([tag]) => tags.has(tag)).map(([, manager]) => manager);
  const isDrained = containerInstances.some((one) => one.isManagedDraining);
  return [...new Set<Manager>([...byTag, ...(isDrained ? (['ecs-managed-draining'] as const) : [])])];
}
