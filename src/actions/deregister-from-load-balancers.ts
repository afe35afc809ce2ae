import { type DrainCall, defineDrainStep } from '../domain/drain-step.ts';

type Deregister = 'elb:DeregisterInstancesFromLoadBalancer';
type Register = 'elb:RegisterInstancesWithLoadBalancer';

export const deregisterFromLoadBalancers = defineDrainStep({
  id: 'deregister-from-load-balancers',
  kind: 'drain',
  summary:
    'Takes the instance out of its Classic Load Balancers: new requests go to others at once, and those under way have what time there is.',
  rules: ['spot-interruption'],
  parameters: (z) => z.strictObject({}),
  needs: ['loadBalancers'],
  operations: ['elb:DeregisterInstancesFromLoadBalancer'],
  undoOperations: ['elb:RegisterInstancesWithLoadBalancer'],
  doneBy: [{ name: 'AccessPointNotFoundException' }, { name: 'InvalidEndPointException' }],
  skippedBy: [],
  plan({ instance: { InstanceId }, facts: { loadBalancers } }) {
    const moves = loadBalancers.found.map((name) => ({
      key: `load balancer ${name} ${InstanceId}`,
      does: `take ${InstanceId} out of load balancer ${name}`,
      call: callOf<Deregister>('elb:DeregisterInstancesFromLoadBalancer', name, InstanceId),
      undo: callOf<Register>('elb:RegisterInstancesWithLoadBalancer', name, InstanceId),
    }));
    return { moves, left: [] };
  },
  examples: [
    {
      title: 'an instance in two load balancers',
      parameters: {},
      given: { loadBalancers: ['web', 'internal'] },
      expect: {
        does: [
          'take i-0123456789abcdef0 out of load balancer web',
          'take i-0123456789abcdef0 out of load balancer internal',
        ],
        calls: [
          callOf<Deregister>('elb:DeregisterInstancesFromLoadBalancer', 'web', 'i-0123456789abcdef0'),
          callOf<Deregister>('elb:DeregisterInstancesFromLoadBalancer', 'internal', 'i-0123456789abcdef0'),
        ],
        undo: [
          callOf<Register>('elb:RegisterInstancesWithLoadBalancer', 'web', 'i-0123456789abcdef0'),
          callOf<Register>('elb:RegisterInstancesWithLoadBalancer', 'internal', 'i-0123456789abcdef0'),
        ],
      },
    },
    {
      title: 'an instance in none',
      parameters: {},
      given: {},
      expect: { does: [], calls: [] },
    },
    {
      title: 'load balancers that could not be read',
      parameters: {},
      given: { missing: ['loadBalancers'] },
      expect: { does: [], calls: [], incomplete: ['loadBalancers: throttled'] },
    },
  ],
});

function callOf<O extends Deregister | Register>(operation: O, name: string, instanceId: string) {
  return { operation, input: { LoadBalancerName: name, Instances: [{ InstanceId: instanceId }] } } as DrainCall<O>;
}
