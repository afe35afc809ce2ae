import type * as elbv2 from '@aws-sdk/client-elastic-load-balancing-v2';
import type { TargetGroup } from '../domain/drain-facts.ts';
import { type DrainCall, defineDrainStep, type Move } from '../domain/drain-step.ts';
import { targetIdsOf } from '../domain/target-ids.ts';

type Registration = TargetGroup['targets'][number];

const web = 'arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/0123456789abcdef';

export const deregisterTargets = defineDrainStep({
  id: 'deregister-targets',
  kind: 'drain',
  summary:
    'Takes every registration of the instance out of its target groups: new requests go to others at once, and those under way have what time there is.',
  rules: ['spot-interruption'],
  parameters: (z) => z.strictObject({}),
  needs: ['targetGroups'],
  operations: ['elbv2:DeregisterTargets'],
  undoOperations: ['elbv2:RegisterTargets'],
  doneBy: [{ name: 'TargetGroupNotFoundException' }, { name: 'InvalidTargetException' }],
  skippedBy: [],
  plan({ instance, facts: { targetGroups } }) {
    const ids = new Set(targetIdsOf(instance));
    const all = targetGroups.found.flatMap((group) =>
      group.targets.filter(({ id }) => ids.has(id)).map((target) => ({ group, target, idle: whyIdle(target) })),
    );
    return {
      moves: all.filter(({ idle }) => idle === undefined).map(({ group, target }) => moveOf(group, target)),
      left: all.flatMap(({ group: { name }, target, idle }) =>
        idle === undefined ? [] : [`${nameOf(target)} stays in target group ${name}: ${idle}`],
      ),
    };
  },
  examples: [
    {
      title: 'an instance in one target group by two ports',
      parameters: {},
      given: {
        targetGroups: [
          {
            targetGroupArn: web,
            name: 'web',
            targets: [
              { id: 'i-0123456789abcdef0', port: 32768, health: 'healthy' },
              { id: 'i-0123456789abcdef0', port: 32769, health: 'unhealthy' },
              { id: 'i-0fedcba9876543210', port: 32768, health: 'healthy' },
            ],
          },
        ],
      },
      expect: {
        does: [
          'take i-0123456789abcdef0:32768 out of target group web',
          'take i-0123456789abcdef0:32769 out of target group web',
        ],
        calls: [
          deregister({ Id: 'i-0123456789abcdef0', Port: 32768 }),
          deregister({ Id: 'i-0123456789abcdef0', Port: 32769 }),
        ],
        undo: [
          register({ Id: 'i-0123456789abcdef0', Port: 32768 }),
          register({ Id: 'i-0123456789abcdef0', Port: 32769 }),
        ],
      },
    },
    {
      title: 'a target group that has the instance by an address',
      parameters: {},
      given: {
        instance: {
          NetworkInterfaces: [
            { PrivateIpAddresses: [{ PrivateIpAddress: '10.0.0.10' }, { PrivateIpAddress: '10.0.0.11' }] },
          ],
        },
        targetGroups: [
          {
            targetGroupArn: web,
            name: 'web',
            targets: [
              { id: '10.0.0.11', port: 8080, health: 'healthy' },
              { id: '10.0.0.12', port: 8080, health: 'healthy' },
            ],
          },
        ],
      },
      expect: {
        does: ['take 10.0.0.11:8080 out of target group web'],
        calls: [deregister({ Id: '10.0.0.11', Port: 8080 })],
        undo: [register({ Id: '10.0.0.11', Port: 8080 })],
      },
    },
    {
      title: 'an instance that is leaving already, and one to which nothing is sent',
      parameters: {},
      given: {
        targetGroups: [
          { targetGroupArn: web, name: 'web', targets: [{ id: 'i-0123456789abcdef0', port: 80, health: 'draining' }] },
          {
            targetGroupArn: web.replace('web', 'spare'),
            name: 'spare',
            targets: [{ id: 'i-0123456789abcdef0', port: 80, health: 'unused' }],
          },
        ],
      },
      expect: {
        does: [],
        calls: [],
        left: [
          'i-0123456789abcdef0:80 stays in target group web: it is leaving already',
          'i-0123456789abcdef0:80 stays in target group spare: no load balancer sends to it',
        ],
      },
    },
    {
      title: 'target groups that could not all be looked at',
      parameters: {},
      given: {
        targetGroups: [
          { targetGroupArn: web, name: 'web', targets: [{ id: 'i-0123456789abcdef0', health: 'healthy' }] },
        ],
        missing: ['targetGroups'],
      },
      expect: {
        does: ['take i-0123456789abcdef0 out of target group web'],
        calls: [deregister({ Id: 'i-0123456789abcdef0' })],
        undo: [register({ Id: 'i-0123456789abcdef0' })],
        incomplete: ['targetGroups: throttled'],
      },
    },
  ],
});

/** One for each registration: none fails with another, and each is put back with the port that it had. */
function moveOf({ targetGroupArn, name }: TargetGroup, target: Registration): Move<'elbv2:DeregisterTargets'> {
  const input = {
    TargetGroupArn: targetGroupArn,
    Targets: [{ Id: target.id, ...(target.port === undefined ? {} : { Port: target.port }) }],
  };
  return {
    key: `targets ${targetGroupArn} ${nameOf(target)}`,
    does: `take ${nameOf(target)} out of target group ${name}`,
    call: { operation: 'elbv2:DeregisterTargets', input },
    undo: { operation: 'elbv2:RegisterTargets', input },
    needsAnotherIn: targetGroupArn,
  };
}

function nameOf({ id, port }: Registration): string {
  return port === undefined ? id : `${id.includes(':') ? `[${id}]` : id}:${port}`;
}

/** Why nothing is sent to it as it is. */
function whyIdle({ health }: Registration): string | undefined {
  if (health === 'draining') return 'it is leaving already';
  return health === 'unused' ? 'no load balancer sends to it' : undefined;
}

/** For examples. */
function deregister(target: elbv2.TargetDescription): DrainCall<'elbv2:DeregisterTargets'> {
  return { operation: 'elbv2:DeregisterTargets', input: { TargetGroupArn: web, Targets: [target] } };
}

function register(target: elbv2.TargetDescription): DrainCall<'elbv2:RegisterTargets'> {
  return { operation: 'elbv2:RegisterTargets', input: { TargetGroupArn: web, Targets: [target] } };
}
