import { named } from '../domain/characters.ts';
import type { ScalingGroup } from '../domain/drain-facts.ts';
import { type DrainCall, defineDrainStep } from '../domain/drain-step.ts';
import { managerAmong } from './managers.ts';

/**
 * ECS puts it into groups that it drains, and completes it itself.
 * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/managed-instance-draining.html
 */
const HOOK_OF_ECS = 'ecs-managed-draining-termination-hook';

const waiting: ScalingGroup = {
  name: 'web',
  lifecycleState: 'Terminating:Wait',
  capacityRebalance: true,
  targetGroupArns: [],
  loadBalancerNames: [],
  tags: [],
  terminatingHooks: { found: ['save-logs'], missing: [] },
};

export const completeLifecycle = defineDrainStep({
  id: 'complete-lifecycle',
  kind: 'drain',
  summary:
    'Tells the Auto Scaling group that waits for life cycle hooks to go on, when all other steps are done or time is up.',
  rules: ['spot-interruption'],
  parameters: (z) => z.strictObject({}),
  needs: ['group', 'tags'],
  operations: ['autoscaling:CompleteLifecycleAction'],
  undoOperations: [],
  doneBy: [{ name: 'ValidationError', saying: 'No active Lifecycle Action found' }],
  skippedBy: [],
  plan({ instance: { InstanceId }, facts: { group, tags } }) {
    if (!group.known || group.value === 'none' || group.value.lifecycleState !== 'Terminating:Wait') {
      return { moves: [], left: [] };
    }
    const { name, terminatingHooks } = group.value;
    const manager = managerAmong(['eks-node-group', 'node-termination-handler'], tags, group.value);
    const why =
      manager === undefined ? whyNotKnown(tags.missing) : `${manager} completes them when the node is drained`;
    if (why !== undefined) {
      return { moves: [], left: [`hooks of Auto Scaling group ${named(name)} are left alone: ${why}`] };
    }
    const own = terminatingHooks.found.filter((hook) => hook !== HOOK_OF_ECS);
    return {
      moves: own.map((hook) => ({
        key: `hook ${name} ${hook} ${InstanceId}`,
        does: `let Auto Scaling group ${named(name)} go on from its hook ${named(hook)}`,
        call: complete(name, hook, InstanceId),
        isLast: true as const,
      })),
      left:
        own.length === terminatingHooks.found.length
          ? []
          : [`hook ${HOOK_OF_ECS} of Auto Scaling group ${named(name)} is left alone: ECS completes it`],
    };
  },
  examples: [
    {
      title: 'a group that waits for two hooks',
      parameters: {},
      given: { group: { ...waiting, terminatingHooks: { found: ['save-logs', 'leave-cluster'], missing: [] } } },
      expect: {
        does: [
          'let Auto Scaling group web go on from its hook save-logs',
          'let Auto Scaling group web go on from its hook leave-cluster',
        ],
        calls: [
          complete('web', 'save-logs', 'i-0123456789abcdef0'),
          complete('web', 'leave-cluster', 'i-0123456789abcdef0'),
        ],
      },
    },
    {
      title: 'an instance in service: nothing waits',
      parameters: {},
      given: { group: { ...waiting, lifecycleState: 'InService' } },
      expect: { does: [], calls: [] },
    },
    {
      title: 'a node that AWS Node Termination Handler drains',
      parameters: {},
      given: { group: { ...waiting, tags: [{ Key: 'aws-node-termination-handler/managed', Value: '' }] } },
      expect: {
        does: [],
        calls: [],
        left: [
          'hooks of Auto Scaling group web are left alone: AWS Node Termination Handler completes them when the node is drained',
        ],
      },
    },
    {
      title: 'the hook of ECS beside one of your own',
      parameters: {},
      given: { group: { ...waiting, terminatingHooks: { found: ['save-logs', HOOK_OF_ECS], missing: [] } } },
      expect: {
        does: ['let Auto Scaling group web go on from its hook save-logs'],
        calls: [complete('web', 'save-logs', 'i-0123456789abcdef0')],
        left: [`hook ${HOOK_OF_ECS} of Auto Scaling group web is left alone: ECS completes it`],
      },
    },
    {
      title: 'a group that could not be read',
      parameters: {},
      given: { missing: ['group'] },
      expect: { does: [], calls: [], incomplete: ['group: throttled'] },
    },
  ],
});

function whyNotKnown(missing: readonly unknown[]): string | undefined {
  return missing.length > 0 ? 'it is not known who drains the instance' : undefined;
}

/** Never ABANDON: a group may keep an instance whose hook was abandoned, and it is paid for. */
function complete(group: string, hook: string, instanceId: string): DrainCall<'autoscaling:CompleteLifecycleAction'> {
  return {
    operation: 'autoscaling:CompleteLifecycleAction',
    input: {
      AutoScalingGroupName: group,
      LifecycleHookName: hook,
      InstanceId: instanceId,
      LifecycleActionResult: 'CONTINUE',
    },
  };
}
