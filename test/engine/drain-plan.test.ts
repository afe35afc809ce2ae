import type { DrainRecord } from '../../src/domain/drain.ts';
import type { DrainCall } from '../../src/domain/drain-step.ts';
import type { DrainingOperation } from '../../src/domain/operations.ts';
import type { DrainEngine } from '../../src/engine/drain-engine.ts';
import type { Matched } from '../../src/engine/drain-match.ts';
import { dueIn } from '../../src/engine/drain-plan.ts';
import { draining } from '../support/drain-stages.ts';
import { idOf, scope, start } from '../support/drains.ts';

const policy = draining(['deregister-targets']);
const at = (seconds: number) => new Date(start.getTime() + seconds * 1000).toISOString();
// What is due hangs on the clock alone.
const engine = { now: () => new Date(at(5)) } as DrainEngine;

/** A drain as it may stand in the table: one move that is still to be made. */
function drainWith(call: DrainCall<DrainingOperation>, step = 'deregister-targets'): DrainRecord {
  return {
    instanceId: idOf(1),
    scope,
    version: 1,
    notice: { kind: 'interruption', action: 'terminate', instanceId: idOf(1), scope, at: at(0), deadline: at(120) },
    receivedAt: at(1),
    instance: { instanceId: idOf(1), tags: {} },
    policies: [{ name: policy.name, mode: 'enforce' }],
    moves: [
      { key: 'one', step, policy: policy.name, does: 'what the table says', call, state: 'planned', failures: 0 },
    ],
    left: [],
    incomplete: [],
    told: {},
    expiresAt: at(3600),
  };
}

const deregister: DrainCall<DrainingOperation> = {
  operation: 'elbv2:DeregisterTargets',
  input: { TargetGroupArn: 'web', Targets: [{ Id: idOf(1) }] },
};
const command: DrainCall<DrainingOperation> = {
  operation: 'ssm:SendCommand',
  input: { DocumentName: 'AWS-RunShellScript', InstanceIds: [idOf(1)] },
};
const acting: Matched = { policy, steps: policy.boundSteps };

test.each<[string, DrainRecord, Matched, readonly string[]]>([
  ['what the step of a policy that acts may call', drainWith(deregister), acting, ['elbv2:DeregisterTargets']],
  ['not what its step never calls', drainWith(command), acting, []],
  ['not what is of a step that the policy has not', drainWith(command, 'run-document'), acting, []],
  ['not what is of a policy that only would', drainWith(deregister), { ...acting, onlyWould: 'it observes' }, []],
])('of what stands in the table is made: %s', (_, record, matched, operations) => {
  const matching = { matched: [matched], unknown: [] };
  const due = dueIn(engine, record, matching);
  expect(due.map(({ move }) => move.call.operation)).toEqual(operations);
  expect(dueIn(engine, record, matching, new Set(['one']))).toEqual(due);
});
