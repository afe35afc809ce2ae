import { isDraining } from '../../src/domain/operations.ts';
import { draining } from '../support/drain-stages.ts';
import {
  containersOf,
  drainWorld,
  groupOf,
  idOf,
  interruption,
  spot,
  targetGroupArn,
  targetsOf,
} from '../support/drains.ts';

const steps = ['deregister-targets', 'deregister-from-load-balancers', 'drain-container-instance'];

/** A group of 120 with a target group, a classic load balancer and a cluster, of which so many are taken. Calls by operation. */
async function callsFor(noticed: number): Promise<Readonly<Record<string, number>>> {
  const numbers = Array.from({ length: 120 }, (_, index) => index + 1);
  const { group, health } = targetsOf('web', numbers);
  const cluster = containersOf('shop', numbers);
  const Tags = [
    { Key: 'Drain', Value: 'yes' },
    { Key: 'aws:autoscaling:groupName', Value: 'shop' },
  ];
  const Instances = numbers.map((number) => ({ InstanceId: idOf(number) }));
  const world = drainWorld({
    policies: [draining(steps)],
    resources: {
      reservations: spot(numbers, { Tags }),
      serving: {
        autoScalingGroups: [
          groupOf('shop', numbers, { TargetGroupARNs: [targetGroupArn('web')], LoadBalancerNames: ['classic'] }),
        ],
        lifecycleHooks: { shop: [] },
        targetGroups: [group],
        targetHealth: { web: health },
        loadBalancers: [{ LoadBalancerName: 'classic', Instances }],
        clusterArns: [cluster.arn],
        containerInstances: { shop: cluster.containerInstances },
        services: { shop: [] },
        tasks: { shop: [] },
      },
    },
  });
  await world.happens(
    numbers.slice(0, noticed).map((number) => interruption(idOf(number))),
    120_000,
  );
  const counts: Record<string, number> = {};
  for (const { operation } of world.sandbox.calls) counts[operation] = (counts[operation] ?? 0) + 1;
  return counts;
}

const isOfOurOwn = (operation: string) => /^(?:dynamodb|sns|sqs):/.test(operation);
const reads = (calls: Readonly<Record<string, number>>) =>
  Object.fromEntries(
    Object.entries(calls).filter(([operation]) => !isOfOurOwn(operation) && !isDraining(operation as never)),
  );
const changes = (calls: Readonly<Record<string, number>>) =>
  Object.fromEntries(Object.entries(calls).filter(([operation]) => isDraining(operation as never)));

test('what is read for a hundred is what is read for one, twice: when the notice comes, and to see what came of it', async () => {
  const [one, hundred] = [await callsFor(1), await callsFor(100)];

  const looks = {
    'ec2:DescribeInstances': 2,
    'autoscaling:DescribeAutoScalingInstances': 2,
    'autoscaling:DescribeAutoScalingGroups': 2,
    'autoscaling:DescribeLifecycleHooks': 2,
    'ecs:ListClusters': 2,
    'ecs:ListContainerInstances': 2,
    'ecs:DescribeContainerInstances': 2,
    'ecs:ListServices': 2,
    'elbv2:DescribeTargetGroups': 2,
    'elbv2:DescribeTargetHealth': 2,
    'elb:DescribeLoadBalancers': 2,
  };
  expect(reads(one)).toEqual(looks);
  // Of Auto Scaling instances it takes 50 at once.
  expect(reads(hundred)).toEqual({ ...looks, 'autoscaling:DescribeAutoScalingInstances': 4 });
});

test('what is changed is one call for all of a target group or load balancer, and for ten of a cluster', async () => {
  expect(changes(await callsFor(1))).toEqual({
    'elbv2:DeregisterTargets': 1,
    'elb:DeregisterInstancesFromLoadBalancer': 1,
    'ecs:UpdateContainerInstancesState': 1,
  });
  expect(changes(await callsFor(100))).toEqual({
    'elbv2:DeregisterTargets': 1,
    'elb:DeregisterInstancesFromLoadBalancer': 1,
    'ecs:UpdateContainerInstancesState': 10,
  });
});
