import type { Manager } from '../../src/domain/drain-facts.ts';
import { managersOf } from '../../src/domain/managers.ts';

test.each<[string, readonly Manager[]]>([
  ['karpenter.sh/nodepool', ['karpenter']],
  ['karpenter.sh/nodeclaim', ['karpenter']],
  ['karpenter.sh/provisioner-name', ['karpenter']],
  ['eks:nodegroup-name', ['eks-node-group']],
  ['aws-node-termination-handler/managed', ['node-termination-handler']],
  ['elasticbeanstalk:environment-name', ['elastic-beanstalk']],
  ['elasticbeanstalk:environment-id', ['elastic-beanstalk']],
  ['karpenter.sh/discovery', []],
  ['Name', []],
])('the tag %s, empty or not, names %j', (tag, managers) => {
  expect(managersOf(new Map([[tag, 'anything']]))).toEqual(managers);
  expect(managersOf(new Map([[tag, '']]))).toEqual(managers);
});

test('several are all named, each once', () => {
  const tags = ['karpenter.sh/nodepool', 'karpenter.sh/nodeclaim', 'eks:nodegroup-name'].map(
    (tag) => [tag, ''] as const,
  );

  expect(managersOf(new Map(tags), [{ isManagedDraining: false }, { isManagedDraining: true }])).toEqual([
    'karpenter',
    'eks-node-group',
    'ecs-managed-draining',
  ]);
});
