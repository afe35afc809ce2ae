import type { Manager, ScalingGroup } from '../domain/drain-facts.ts';
import { type Several, type Tag, tagMap } from '../domain/facts.ts';
import { managersOf } from '../domain/managers.ts';

type Marked = Exclude<Manager, 'ecs-managed-draining'>;

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
  const marked = managersOf(tagMap({ found: [...tags.found, ...(group?.tags ?? [])], missing: [] }));
  const manager = managers.find((one) => marked.includes(one));
  return manager && names[manager];
}
