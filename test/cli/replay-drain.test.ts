import { stringify } from 'yaml';
import { arrivalOf } from '../../src/cli/replay-events.ts';
import { type Enforcement, replay } from '../../src/cli/replay-run.ts';
import { replayText } from '../../src/cli/report/replay-text.ts';
import type { BoundPolicy } from '../../src/domain/policy.ts';
import { stateChange } from '../../src/sandbox/events.ts';
import type { Resources } from '../../src/sandbox/recorded.ts';
import { draining } from '../support/drain-stages.ts';
import { idOf, interruption, scope, spot, start, targetGroupArn, targetsOf } from '../support/drains.ts';
import { policyFor } from '../support/policies.ts';

const isOn = { isEnforcing: true };
const id = idOf(1);

/** Two instances in one target group that their tag names, as a snapshot. */
function web(): Resources {
  const { group, health } = targetsOf('web', [1, 2]);
  const Tags = [
    { Key: 'Drain', Value: 'yes' },
    { Key: 'ec2-guardrail:target-groups', Value: 'web' },
  ];
  return {
    isSnapshot: true,
    reservations: spot([1, 2], { Tags }),
    serving: {
      targetGroups: [group],
      targetHealth: { web: health },
      clusterArns: [],
      loadBalancers: [],
      autoScalingGroups: [],
    },
  };
}

function run(
  events: readonly unknown[],
  enforcement: Enforcement = isOn,
  policies: readonly BoundPolicy[] = [draining()],
) {
  const arrivals = events.map((event) => arrivalOf(event, start, {}));
  return replay(arrivals, web(), policies, enforcement);
}

const deregistration = {
  service: 'elbv2',
  operation: 'DeregisterTargets',
  input: { TargetGroupArn: targetGroupArn('web'), Targets: [{ Id: id, Port: 80 }] },
  outcome: 'done',
};

test('a Spot notice is drained: both words are told, and the calls that it made are listed', async () => {
  const { events, alerts, calls, findings } = await run([interruption(id)]);

  expect(events).toEqual([{ id: `event-${id}`, instanceIds: [id], ignored: null }]);
  expect(alerts.map(({ subject }) => subject)).toEqual([
    `[INTERRUPTION] ${id}: Spot interruption`,
    expect.stringMatching(`^\\[DRAINED\\] ${id}: 1 done, \\d+ s left$`),
  ]);
  // EC2 has taken it: it is not put back when nobody took it, five minutes later.
  expect(calls).toEqual([deregistration]);
  expect(findings).toEqual([]);
});

test('without --enforce it is said what would be done, and nothing is', async () => {
  const { alerts, calls } = await run([interruption(id)], {});

  expect(calls).toEqual([]);
  expect(alerts.at(-1)?.subject).toMatch(`[WOULD DRAIN] ${id}: 1 would`);
});

test('of an instance that no policy is of it says why nothing came of it', async () => {
  const policies = [draining(['deregister-targets'], { match: { tags: { Drain: ['no'] } } })];
  const { events, alerts, calls } = await run([interruption(id)], isOn, policies);

  expect(events).toEqual([{ id: `event-${id}`, instanceIds: [], ignored: `${id}: no policy is of this instance` }]);
  expect([alerts, calls]).toEqual([[], []]);
});

test('where no policy drains, a notice is ignored as before', async () => {
  const { events } = await run([interruption(id)], isOn, [policyFor('required-tags', { keys: [{ key: 'Owner' }] })]);
  expect(events).toMatchObject([{ id: `event-${id}`, instanceIds: [] }]);
  expect(events[0]?.ignored).not.toBeNull();
});

test('policies that look and policies that drain are run side by side: a change of state is of both', async () => {
  const running = stateChange(scope, { instanceId: id, state: 'running', at: start, id: 'state-running' });
  const policies = [draining(), policyFor('required-tags', { keys: [{ key: 'Owner' }] })];
  const { events, findings, calls } = await run([running, interruption(id)], isOn, policies);

  expect(events).toEqual([
    { id: 'state-running', instanceIds: [id], ignored: null },
    { id: `event-${id}`, instanceIds: [id], ignored: null },
  ]);
  expect(findings.map(({ policy, instanceId }) => [policy, instanceId])).toEqual([['required-tags', id]]);
  expect(calls).toEqual([deregistration]);
});

test('as text the calls have a title that fits', async () => {
  const plain = { bold: String, dim: String, red: String, yellow: String, green: String };
  const text = replayText(await run([interruption(id)]), plain, stringify);
  expect(text).toContain('Calls that changed something\n  1. elbv2:DeregisterTargets  done\n');
});
