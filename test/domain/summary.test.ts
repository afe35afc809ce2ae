import { defaultNow, inspected } from '../../src/domain/given.ts';
import type { Instance } from '../../src/domain/instance.ts';
import { parentOf, sharedCause } from '../../src/domain/summary.ts';

const launched = Date.parse('2026-01-01T00:00:00Z');
const tenMinutes = 600_000;
const running = { key: 'state:i-1', text: 'i-1 is running' };
const scaling = { 'aws:autoscaling:groupName': 'web' };

function keyOf(
  cause: typeof running,
  options: { readonly age?: number; readonly tags?: Record<string, string>; readonly reservationId?: string } = {},
): string {
  const { age = 0, tags = {}, reservationId } = options;
  const { instance, facts } = inspected({ instance: { Tags: tags } }, new Date(defaultNow));
  const seen: Instance = { ...instance, ...(reservationId === undefined ? {} : { reservationId }) };
  const shared = sharedCause(cause, seen, facts.tags, new Date(launched + age));
  expect(shared).toEqual({ ...cause, key: shared.key });
  return shared.key;
}

test.each([
  ['of an Auto Scaling group', { tags: scaling, reservationId: 'r-1' }, 'auto-scaling-group:web'],
  ['of a call', { reservationId: 'r-1' }, 'launch:r-1'],
  ['of neither', {}, 'state:i-1'],
  ['of a group, ten minutes ago', { tags: scaling, age: tenMinutes }, 'auto-scaling-group:web'],
  ['of a group, longer ago', { tags: scaling, age: tenMinutes + 1 }, 'state:i-1'],
  ['of a call, ten minutes ago', { reservationId: 'r-1', age: tenMinutes }, 'launch:r-1'],
  ['of a call, longer ago', { reservationId: 'r-1', age: tenMinutes + 1 }, 'state:i-1'],
])('a change of state is counted under the launch %s', (_, options, expected) => {
  expect(keyOf(running, options)).toBe(expected);
});

test('the record of a launch is counted under its group', () => {
  expect(keyOf({ key: 'launch:r-1', text: 'launch r-1' }, { tags: scaling })).toBe('auto-scaling-group:web');
});

test('any other cause stays what it is', () => {
  const cause = { key: 'security-group:sg-1', text: 'AuthorizeSecurityGroupIngress on sg-1' };

  expect(keyOf(cause, { tags: scaling, reservationId: 'r-1' })).toBe('security-group:sg-1');
});

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
