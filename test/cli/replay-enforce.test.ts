import { stringify } from 'yaml';
import { arrivalOf } from '../../src/cli/replay-events.ts';
import { type Enforcement, replay } from '../../src/cli/replay-run.ts';
import { replayText } from '../../src/cli/report/replay-text.ts';
import { noConditions } from '../../src/domain/bind.ts';
import type { BoundPolicy } from '../../src/domain/policy.ts';
import { defaultSafety } from '../../src/domain/safety.ts';
import { stateChange } from '../../src/sandbox/events.ts';
import type { Resources } from '../../src/sandbox/recorded.ts';
import { plainRevoke, plainStop } from '../support/plain-actions.ts';
import { enforcing, policyFor } from '../support/policies.ts';
import { openSsh, scope, start } from '../support/world.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const isOn = { isEnforcing: true };

const requiredTags = policyFor('required-tags', { keys: [{ key: 'Owner' }] });
const noOpenSsh = policyFor('restricted-ingress', { ports: [22] }, { name: 'no-open-ssh', severity: 'critical' });
const stopUntagged = enforcing(requiredTags, plainStop, { onDrift: true });
const revokeSsh = enforcing(noOpenSsh, plainRevoke);
const ids = ['i-00000000000000001', 'i-00000000000000002', 'i-00000000000000003'] as const;

/** Instances that run since long ago, without tags, behind a group that is open. */
const resources: Resources = {
  securityGroups: [openSsh],
  reservations: ids.map((InstanceId) => ({
    OwnerId: scope.accountId,
    Instances: [
      {
        InstanceId,
        InstanceType: 'm7i.large',
        Placement: { AvailabilityZone: 'us-east-1a' },
        LaunchTime: new Date('2026-02-01T09:00:00Z'),
        State: { Name: 'running' },
        SecurityGroups: [{ GroupId: openSsh.GroupId, GroupName: 'open' }],
      },
    ],
  })),
};

/** That an instance runs, so many milliseconds after the start. */
function runs(instanceId: string, after = 0) {
  const at = new Date(start.getTime() + after);
  return arrivalOf(stateChange(scope, { instanceId, state: 'running', at, id: `${instanceId} ${after}` }), at, scope);
}

function replayed(
  policies: readonly BoundPolicy[],
  enforcement?: Enforcement,
  events = [runs(ids[0])],
  forMs?: number,
) {
  return replay(events, resources, policies, enforcement, forMs);
}

const stopped = (id: string, outcome = 'done') => ({
  service: 'ec2',
  operation: 'StopInstances',
  input: { InstanceIds: [id] },
  outcome,
});

test('without --enforce nothing is done, whatever the mode', async () => {
  const { calls, findings } = await replayed([stopUntagged, revokeSsh]);
  expect(calls).toEqual([]);
  expect(findings.map(({ policy }) => policy).sort()).toEqual(['no-open-ssh', 'required-tags']);
});

test('with it, what events find is new: it is acted on, and the calls are listed whole and in order', async () => {
  const { calls, findings } = await replayed([stopUntagged, revokeSsh], isOn);
  expect(calls).toEqual([
    stopped(ids[0]),
    {
      service: 'ec2',
      operation: 'RevokeSecurityGroupIngress',
      input: { GroupId: openSsh.GroupId, SecurityGroupRuleIds: [expect.stringMatching(/^sgr-/)] },
      outcome: 'done',
    },
  ]);
  expect(findings.map(({ policy }) => policy)).toEqual(['required-tags']);
});

test('a policy that observes does nothing, and none that enforces is needed', async () => {
  expect((await replayed([requiredTags], isOn)).calls).toEqual([]);
  expect((await replayed([{ ...stopUntagged, mode: 'observe' }, revokeSsh], isOn)).calls).toMatchObject([
    { operation: 'RevokeSecurityGroupIngress' },
  ]);
});

test('what is in the snapshot and no event leads to is left alone', async () => {
  const { calls } = await replayed([stopUntagged], isOn, [runs(ids[1]), runs(ids[1], HOUR)]);
  expect(calls).toEqual([stopped(ids[1])]);
});

test('a limit is one of enforcement.yml, by count alone', async () => {
  const safety = {
    ...defaultSafety,
    limits: { perHour: { access: 2, stop: 2, terminate: 2, schedule: 2 }, percent: 1 },
  };
  const enforcement = { ...isOn, safety: { ...safety, conditions: noConditions } };
  const { calls } = await replayed(
    [stopUntagged],
    enforcement,
    ids.map((id) => runs(id)),
  );
  expect(calls).toEqual([stopped(ids[0]), stopped(ids[1])]);
});

test.each([
  ['within the quiet time at the end', 10 * MINUTE, [runs(ids[0])], [stopped(ids[0])]],
  ['behind it', HOUR, [runs(ids[0])], []],
  ['between two events', HOUR, [runs(ids[0]), runs(ids[1], 2 * HOUR)], [stopped(ids[0])]],
])('an action after its grace comes at its time: %s', async (_, afterMs, events, expected) => {
  const policy = enforcing(requiredTags, plainStop, { onDrift: true, afterMs });
  expect((await replayed([policy], isOn, events)).calls).toEqual(expected);
});

test.each([
  ['before it comes', HOUR, [stopped(ids[0])]],
  ['when it has come', 3 * HOUR, [stopped(ids[0]), stopped(ids[1])]],
])('with a time given, the clock goes on from the last event, and ends %s', async (_, forMs, expected) => {
  const policy = enforcing(requiredTags, plainStop, { onDrift: true, afterMs: 2 * HOUR });
  const events = [runs(ids[0]), runs(ids[1], 2 * HOUR)];
  expect((await replayed([policy], isOn, events, forMs)).calls).toEqual(expected);
});

test('the text shows the calls, each with its whole input', async () => {
  const plain = (text: string) => text;
  const paint = { bold: plain, dim: plain, red: plain, yellow: plain, green: plain };
  const text = replayText(await replayed([stopUntagged], isOn), paint, stringify);
  expect(text).toContain(
    `\nCalls that changed EC2\n  1. ec2:StopInstances  done\n       InstanceIds:\n         - ${ids[0]}\n\nFindings at the end\n`,
  );
  expect(replayText(await replayed([stopUntagged]), paint, stringify)).not.toContain('Calls that changed');
});
