import * as z from 'zod';
import { completeLifecycle } from '../../src/actions/complete-lifecycle.ts';
import { deregisterFromLoadBalancers } from '../../src/actions/deregister-from-load-balancers.ts';
import { deregisterTargets } from '../../src/actions/deregister-targets.ts';
import { drainContainerInstance } from '../../src/actions/drain-container-instance.ts';
import { putEvent } from '../../src/actions/put-event.ts';
import { replaceInGroup } from '../../src/actions/replace-in-group.ts';
import { runDocument } from '../../src/actions/run-document.ts';
import { bind } from '../../src/domain/bind.ts';
import type { Json } from '../../src/domain/json.ts';
import { notify, type Policy } from '../../src/domain/policy.ts';
import { containersOf, groupOf, idOf, spot, targetGroupArn, targetsOf } from './drains.ts';
import { policyFor } from './policies.ts';

const steps = [
  deregisterTargets,
  deregisterFromLoadBalancers,
  drainContainerInstance,
  replaceInGroup,
  completeLifecycle,
  runDocument,
  putEvent,
];

/** A policy that drains what has the tag `Drain: "yes"`, by these steps. */
export function draining(
  ids: readonly string[] = ['deregister-targets'],
  more: Partial<Policy> = {},
  onRebalance = false,
) {
  const {
    boundRule,
    boundActions: _,
    boundSteps: __,
    needs: ___,
    conditions: ____,
    ...policy
  } = policyFor('spot-interruption', {});
  const uses = ids.map((id) => ({ id, parameters: {}, onRebalance }));
  return bind(
    { ...policy, match: { tags: { Drain: ['yes'] } }, mode: 'enforce', actions: [notify, ...uses], ...more },
    boundRule,
    steps,
  );
}

/** These numbers, both included. */
export const all = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
/** Tags of an instance that opted in, and these. */
export const tagged = (...tags: readonly (readonly [string, string])[]) => ({
  Tags: [['Drain', 'yes'] as const, ...tags].map(([Key, Value]) => ({ Key, Value })),
});

/** Two instances of a group that nothing else replaces, one of which waits for a hook; with all that may be done for them. */
export function whole(more: Partial<Parameters<typeof groupOf>[2]> = {}) {
  const { group, health } = targetsOf('web', [1, 2, 3]);
  const { arn, containerInstances } = containersOf('main', [1, 2]);
  return {
    reservations: spot([1, 2, 3], tagged(['aws:autoscaling:groupName', 'web'])),
    serving: {
      autoScalingGroups: [
        groupOf('web', [1, 2, 3], {
          TargetGroupARNs: [targetGroupArn('web')],
          LoadBalancerNames: ['classic'],
          ...more,
        }),
      ],
      lifecycleHooks: { web: [] },
      targetGroups: [group],
      targetHealth: { web: health },
      loadBalancers: [
        { LoadBalancerName: 'classic', Instances: [1, 2, 3].map((number) => ({ InstanceId: idOf(number) })) },
      ],
      clusterArns: [arn],
      containerInstances: { main: containerInstances },
      services: { main: [] },
      tasks: { main: [] },
      managedInstances: [{ InstanceId: idOf(1), PingStatus: 'Online' as const }],
    },
  };
}

/** Steps that can be put back. */
export const everything = ['deregister-targets', 'deregister-from-load-balancers', 'drain-container-instance'];

const all7 = [...everything, 'replace-in-group', 'run-document', 'put-event'];

/** A policy by all steps. */
export function drainingByAll() {
  const policy = draining(all7);
  const parametersOf: Readonly<Record<string, Json>> = {
    'run-document': { document: 'AWS-RunShellScript', parameters: { commands: ['true'] }, timeout: 60 },
    'put-event': { bus: 'default', source: 'com.example.drain' },
  };
  const boundSteps = policy.boundSteps.map((use) => ({
    ...use,
    parameters: use.step.parameters(z).parse(parametersOf[use.id] ?? {}) as Json,
  }));
  return { ...policy, boundSteps };
}
