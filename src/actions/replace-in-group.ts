import { named } from '../domain/characters.ts';
import type { ContainerInstance, ScalingGroup } from '../domain/drain-facts.ts';
import { type DrainCall, defineDrainStep } from '../domain/drain-step.ts';
import type { Several, Tag } from '../domain/facts.ts';
import { managerAmong } from './managers.ts';
import { listed } from './words.ts';

/** How many hooks a sentence names. */
const NAMED_HOOKS = 3;

const web: ScalingGroup = {
  name: 'web',
  lifecycleState: 'InService',
  capacityRebalance: false,
  targetGroupArns: [],
  loadBalancerNames: [],
  tags: [],
  terminatingHooks: { found: [], missing: [] },
};

export const replaceInGroup = defineDrainStep({
  id: 'replace-in-group',
  kind: 'drain',
  summary:
    'Detaches the instance from its Auto Scaling group, which launches another at once and not minutes after the instance is gone.',
  rules: ['spot-interruption'],
  parameters: (z) => z.strictObject({}),
  needs: ['group', 'tags', 'containerInstances'],
  operations: ['autoscaling:DetachInstances'],
  undoOperations: [],
  doneBy: [
    { name: 'ValidationError', saying: 'is not part of Auto Scaling group' },
    { name: 'ValidationError', saying: 'is not in InService or Standby' },
  ],
  skippedBy: [],
  plan({ instance: { InstanceId, scope }, facts: { group, tags, containerInstances } }) {
    if (!group.known || group.value === 'none') return { moves: [], left: [] };
    const { name } = group.value;
    const why = whyLeft(group.value, tags, containerInstances);
    if (why !== undefined) return { moves: [], left: [`Auto Scaling group ${named(name)} is left alone: ${why}`] };
    return {
      moves: [
        {
          key: `group ${name} ${InstanceId}`,
          does: `detach ${InstanceId} from Auto Scaling group ${named(name)}, which launches another`,
          call: detach(name, InstanceId),
          undoByHand: `aws autoscaling attach-instances --region ${scope.region} --instance-ids ${InstanceId} --auto-scaling-group-name ${inShell(name)}`,
        },
      ],
      left: [],
    };
  },
  examples: [
    {
      title: 'an instance in service, in a group that does not replace instances at risk by itself',
      parameters: {},
      given: { group: web },
      expect: {
        does: ['detach i-0123456789abcdef0 from Auto Scaling group web, which launches another'],
        calls: [detach('web', 'i-0123456789abcdef0')],
      },
    },
    {
      title: 'a group with Capacity Rebalancing',
      parameters: {},
      given: { group: { ...web, capacityRebalance: true } },
      expect: {
        does: [],
        calls: [],
        left: ['Auto Scaling group web is left alone: it replaces instances at risk by itself (Capacity Rebalancing)'],
      },
    },
    {
      title: 'a group that waits for a hook when an instance ends',
      parameters: {},
      given: { group: { ...web, terminatingHooks: { found: ['save-logs'], missing: [] } } },
      expect: {
        does: [],
        calls: [],
        left: ['Auto Scaling group web is left alone: detaching an instance would skip its hook save-logs'],
      },
    },
    {
      title: 'an instance that is leaving its group already',
      parameters: {},
      given: { group: { ...web, lifecycleState: 'Terminating:Wait' } },
      expect: {
        does: [],
        calls: [],
        left: [
          'Auto Scaling group web is left alone: the instance is Terminating:Wait, and only one in service can be detached',
        ],
      },
    },
    {
      title: 'a node of an EKS node group',
      parameters: {},
      given: { group: web, tags: { 'eks:nodegroup-name': 'workers' } },
      expect: {
        does: [],
        calls: [],
        left: ['Auto Scaling group web is left alone: an EKS node group replaces the instance'],
      },
    },
    {
      title: 'an instance that ECS drains by itself',
      parameters: {},
      given: {
        group: web,
        containerInstances: [
          {
            cluster: 'shop',
            containerInstanceArn: 'arn:aws:ecs:us-east-1:123456789012:container-instance/shop/0123456789abcdef',
            status: 'ACTIVE',
            runningTasks: 3,
            isManagedDraining: true,
          },
        ],
      },
      expect: {
        does: [],
        calls: [],
        left: ['Auto Scaling group web is left alone: ECS drains its instances by itself (managed draining)'],
      },
    },
    {
      title: 'a group whose hooks could not be read',
      parameters: {},
      given: {
        group: { ...web, terminatingHooks: { found: [], missing: [{ what: 'hooks of web', why: 'throttled' }] } },
      },
      expect: {
        does: [],
        calls: [],
        left: ['Auto Scaling group web is left alone: it is not known whether it has hooks'],
        incomplete: ['hooks of web: throttled'],
      },
    },
    {
      title: 'an instance in no group',
      parameters: {},
      given: {},
      expect: { does: [], calls: [] },
    },
  ],
});

/**
 * Why somebody else replaces it, or would be hindered. What is not known may be so.
 * @see https://docs.aws.amazon.com/autoscaling/ec2/userguide/detach-instance-asg.html
 * @see https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-capacity-rebalancing.html
 */
function whyLeft(
  group: ScalingGroup,
  tags: Several<Tag>,
  containerInstances: Several<ContainerInstance>,
): string | undefined {
  const { lifecycleState, capacityRebalance, terminatingHooks } = group;
  if (capacityRebalance) return 'it replaces instances at risk by itself (Capacity Rebalancing)';
  if (lifecycleState !== 'InService' && lifecycleState !== 'Standby') {
    return `the instance is ${lifecycleState}, and only one in service can be detached`;
  }
  const manager = managerAmong(['karpenter', 'eks-node-group', 'elastic-beanstalk'], tags, group);
  if (manager !== undefined) return `${manager} replaces the instance`;
  if (containerInstances.found.some(({ isManagedDraining }) => isManagedDraining)) {
    return 'ECS drains its instances by itself (managed draining)';
  }
  const hooks = terminatingHooks.found.map(named);
  if (hooks.length > 0) {
    return `detaching an instance would skip its ${hooks.length === 1 ? 'hook' : 'hooks'} ${listed(hooks, NAMED_HOOKS)}`;
  }
  if (terminatingHooks.missing.length > 0) return 'it is not known whether it has hooks';
  if (tags.missing.length > 0) return 'it is not known who manages the instance';
  return containerInstances.missing.length > 0
    ? 'it is not known whether ECS drains the instance by itself'
    : undefined;
}

function detach(name: string, instanceId: string): DrainCall<'autoscaling:DetachInstances'> {
  return {
    operation: 'autoscaling:DetachInstances',
    input: { AutoScalingGroupName: name, InstanceIds: [instanceId], ShouldDecrementDesiredCapacity: false },
  };
}

/** As a shell takes it for one word: a group may be called anything. */
function inShell(text: string): string {
  return /^[\w.:/=+@-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
