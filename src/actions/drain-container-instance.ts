import { named } from '../domain/characters.ts';
import type { ContainerInstance } from '../domain/drain-facts.ts';
import { type DrainCall, defineDrainStep } from '../domain/drain-step.ts';

const arn = 'arn:aws:ecs:us-east-1:123456789012:container-instance/shop/0123456789abcdef0123456789abcdef';
const active: ContainerInstance = {
  cluster: 'shop',
  containerInstanceArn: arn,
  status: 'ACTIVE',
  runningTasks: 3,
  isManagedDraining: false,
};

export const drainContainerInstance = defineDrainStep({
  id: 'drain-container-instance',
  kind: 'drain',
  summary:
    'Sets the instance to DRAINING in its ECS cluster: it gets no more tasks, and tasks of services are replaced on others.',
  rules: ['spot-interruption'],
  parameters: (z) =>
    z.strictObject({
      alsoManaged: z
        .boolean()
        .default(false)
        .describe(
          'Also where ECS drains the instances of the capacity provider by itself (managed draining). Both come to the same.',
        ),
    }),
  needs: ['containerInstances'],
  operations: ['ecs:UpdateContainerInstancesState'],
  undoOperations: ['ecs:UpdateContainerInstancesState'],
  doneBy: [{ name: 'ClusterNotFoundException' }, { name: 'MISSING' }],
  skippedBy: [],
  plan({ instance: { InstanceId }, facts: { containerInstances }, parameters: { alsoManaged } }) {
    const all = containerInstances.found.map((one) => ({ one, why: whyLeft(one, alsoManaged) }));
    return {
      moves: all.flatMap(({ one, why }) => {
        if (why !== undefined) return [];
        const { cluster, containerInstanceArn, runningTasks } = one;
        const tasks = runningTasks === 1 ? '1 task runs' : `${runningTasks} tasks run`;
        return {
          key: `ecs ${containerInstanceArn}`,
          does: `drain ${InstanceId} in ECS cluster ${named(cluster)}, where ${tasks} on it`,
          call: callOf(cluster, containerInstanceArn, 'DRAINING'),
          undo: callOf(cluster, containerInstanceArn, 'ACTIVE'),
        };
      }),
      left: all.flatMap(({ one, why }) =>
        why === undefined ? [] : [`ECS cluster ${named(one.cluster)} is left alone: ${why}`],
      ),
    };
  },
  examples: [
    {
      title: 'an active instance of a cluster',
      parameters: {},
      given: { containerInstances: [active] },
      expect: {
        does: ['drain i-0123456789abcdef0 in ECS cluster shop, where 3 tasks run on it'],
        calls: [callOf('shop', arn, 'DRAINING')],
        undo: [callOf('shop', arn, 'ACTIVE')],
      },
    },
    {
      title: 'an instance that the ECS agent has set to DRAINING already',
      parameters: {},
      given: { containerInstances: [{ ...active, status: 'DRAINING' }] },
      expect: { does: [], calls: [], left: ['ECS cluster shop is left alone: the instance is DRAINING already'] },
    },
    {
      title: 'an instance that still registers',
      parameters: {},
      given: { containerInstances: [{ ...active, status: 'REGISTERING', runningTasks: 0 }] },
      expect: {
        does: [],
        calls: [],
        left: ['ECS cluster shop is left alone: the instance is REGISTERING, and only an ACTIVE one can be drained'],
      },
    },
    {
      title: 'a capacity provider with managed draining',
      parameters: {},
      given: { containerInstances: [{ ...active, isManagedDraining: true }] },
      expect: {
        does: [],
        calls: [],
        left: ['ECS cluster shop is left alone: ECS drains its instances by itself (managed draining)'],
      },
    },
    {
      title: 'the same, where the policy drains it all the same',
      parameters: { alsoManaged: true },
      given: { containerInstances: [{ ...active, isManagedDraining: true, runningTasks: 1 }] },
      expect: {
        does: ['drain i-0123456789abcdef0 in ECS cluster shop, where 1 task runs on it'],
        calls: [callOf('shop', arn, 'DRAINING')],
        undo: [callOf('shop', arn, 'ACTIVE')],
      },
    },
    {
      title: 'clusters that could not be read',
      parameters: {},
      given: { missing: ['containerInstances'] },
      expect: { does: [], calls: [], incomplete: ['containerInstances: throttled'] },
    },
  ],
});

/** @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/managed-instance-draining.html */
function whyLeft({ status, isManagedDraining }: ContainerInstance, alsoManaged: boolean): string | undefined {
  if (status === 'DRAINING') return 'the instance is DRAINING already';
  if (status !== 'ACTIVE') return `the instance is ${status}, and only an ACTIVE one can be drained`;
  return isManagedDraining && !alsoManaged ? 'ECS drains its instances by itself (managed draining)' : undefined;
}

function callOf(
  cluster: string,
  containerInstance: string,
  status: 'DRAINING' | 'ACTIVE',
): DrainCall<'ecs:UpdateContainerInstancesState'> {
  return {
    operation: 'ecs:UpdateContainerInstancesState',
    input: { cluster, containerInstances: [containerInstance], status },
  };
}
