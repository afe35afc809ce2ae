import { parentOf } from '../../src/domain/summary.ts';

test.each<[string, Record<string, string>, string | undefined]>([
  ['an Auto Scaling group', { 'aws:autoscaling:groupName': 'web' }, 'Auto Scaling group "web"'],
  [
    'the more telling of two tags that AWS alone can set',
    { 'aws:cloudformation:stack-name': 'base', 'aws:autoscaling:groupName': 'web' },
    'Auto Scaling group "web"',
  ],
  [
    'a tag that AWS alone can set before those that anybody can',
    { 'eks:nodegroup-name': 'x', 'karpenter.sh/nodepool': 'y', 'aws:cloudformation:stack-name': 'base' },
    'CloudFormation stack "base"',
  ],
  ['a tag that anybody can set, where there is no other', { 'karpenter.sh/nodepool': 'y' }, 'Karpenter node pool "y"'],
  [
    'a name that looks like the words around it',
    { 'aws:autoscaling:groupName': 'web", approved by "security\n' },
    'Auto Scaling group "web\\", approved by \\"security\\n"',
  ],
  ['nothing but a name', { Name: 'web-1' }, undefined],
])('what made an instance is told by %s', (_, tags, parent) => {
  expect(parentOf(new Map(Object.entries(tags)))).toBe(parent);
});
