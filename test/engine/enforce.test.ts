import type { PutItemCommandInput } from '@aws-sdk/client-dynamodb';
import type { IpPermission } from '@aws-sdk/client-ec2';
import type { SendMessageCommandInput } from '@aws-sdk/client-sqs';
import { revokeIngress } from '../../src/actions/revoke-ingress.ts';
import type { AnyAction, PlannedCall } from '../../src/domain/action.ts';
import { noConditions } from '../../src/domain/bind.ts';
import { paused, promoted } from '../../src/domain/controls.ts';
import type { Finding } from '../../src/domain/finding.ts';
import { type ChangingOperation, isChanging } from '../../src/domain/operations.ts';
import type { BoundPolicy } from '../../src/domain/policy.ts';
import { defaultSafety } from '../../src/domain/safety.ts';
import { inspectBatch } from '../../src/engine/inspect.ts';
import type { LookMessage } from '../../src/engine/messages.ts';
import { changeControls, readControls } from '../../src/engine/store.ts';
import type { Fault } from '../../src/sandbox/faults.ts';
import type { Launch } from '../../src/sandbox/mutations.ts';
import { plainRevoke, plainStop } from '../support/plain-actions.ts';
import { enforcing, policyFor } from '../support/policies.ts';
import { changesMade, findingsOf, happens, inputsOf, mails, sweepOnce, wait } from '../support/stories.ts';
import { closed, exposed, good, openSsh, scope, settled, told, untagged, world } from '../support/world.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const requiredTags = policyFor('required-tags', { keys: [{ key: 'Owner' }] });
const noOpenSsh = policyFor('restricted-ingress', { ports: [22] }, { name: 'no-open-ssh', severity: 'critical' });
const stopUntagged = enforcing(requiredTags, plainStop);
const revokeSsh = enforcing(noOpenSsh, plainRevoke);
const isOn = { isEnforcing: true };

type World = ReturnType<typeof world>;

/** What holds back each action of each finding. */
async function heldBackIn(simulation: World): Promise<readonly (string | undefined)[]> {
  return (await findingsOf(simulation)).flatMap(({ steps = [] }) => steps.map(({ held }) => held?.by));
}

describe('a violation that came with the launch', () => {
  test('is acted on at once, by exactly one call, and told in one message that says what was done', async () => {
    const simulation = world({ policies: [stopUntagged], enforcement: isOn });
    const { events, instances } = simulation.sandbox.account.launch(untagged);
    await happens(simulation, events);

    const id = instances[0]?.InstanceId ?? '';
    expect(changesMade(simulation)).toEqual([['ec2:StopInstances', { InstanceIds: [id] }]]);
    expect(told(simulation)).toEqual([['opened required-tags']]);
    expect(mails(simulation)[0]).toContain(`Done stop ${id} (`);
    const [finding] = await findingsOf(simulation);
    expect(finding?.acts).toMatchObject([
      {
        action: 'stop',
        outcome: 'done',
        calls: [{ operation: 'ec2:StopInstances', outcome: 'done' }],
        undo: [{ operation: 'ec2:StartInstances', input: { InstanceIds: [id] } }],
      },
    ]);
  });

  test('resolves, and that is told, when the action mended it', async () => {
    const simulation = world({ policies: [revokeSsh], enforcement: isOn });
    await happens(simulation, simulation.sandbox.account.launch(exposed).events);

    expect(changesMade(simulation)).toHaveLength(1);
    expect(told(simulation)).toEqual([['opened no-open-ssh'], ['resolved no-open-ssh']]);
    expect(mails(simulation)[1]).toContain('Done revoke sg-0aaaaaaaaaaaaaaa1 tcp/22 from 0.0.0.0/0');
    expect(mails(simulation)[1]).toContain('Cause another look after what was done Looked');
  });

  test('waits for its grace, is announced in the alert, and nothing happens when it complies in time', async () => {
    const policy = enforcing(requiredTags, plainStop, { afterMs: DAY });
    const simulation = world({ policies: [policy], enforcement: isOn });
    const { events, instances } = simulation.sandbox.account.launch(untagged);
    await happens(simulation, events);
    await wait(simulation, 23 * HOUR);
    expect(mails(simulation)[0]).toMatch(/Next stop i-\w+, at 2026-03-03 09:0\d:\d\d UTC unless it complies by then/);
    expect(changesMade(simulation)).toEqual([]);

    await happens(simulation, simulation.sandbox.account.setTags(instances[0]?.InstanceId ?? '', { Owner: 'jane' }));
    await wait(simulation, 2 * HOUR);
    expect(changesMade(simulation)).toEqual([]);
  });

  test('is acted on when its grace is over, without any event', async () => {
    const policy = enforcing(requiredTags, plainStop, { afterMs: DAY });
    const simulation = world({ policies: [policy], enforcement: isOn });
    await happens(simulation, simulation.sandbox.account.launch(untagged).events);
    await wait(simulation, 23 * HOUR);
    expect(changesMade(simulation)).toEqual([]);
    await wait(simulation, 2 * HOUR);
    expect(changesMade(simulation)).toHaveLength(1);
    expect(told(simulation)).toEqual([['opened required-tags'], ['acted required-tags']]);
    await wait(simulation, DAY);
    await sweepOnce(simulation);
    expect(changesMade(simulation)).toHaveLength(1);
  });
});

describe('nothing is done, and what would be is kept,', () => {
  test.each([
    ['where the policy observes', [requiredTagsObserved()], isOn, ['mode']],
    ['where enforcement is off in the deployment', [stopUntagged], { isEnforcing: false }, ['deployment']],
    [
      "outside the policy's enforce.match",
      [{ ...stopUntagged, enforce: { match: { regions: ['eu-west-1'] } } }],
      isOn,
      ['scope'],
    ],
    [
      'where enforce.match can not be said',
      [{ ...stopUntagged, enforce: { match: { launchedBy: ['*'] } } }],
      isOn,
      ['scope'],
    ],
    [
      'to what is protected',
      [stopUntagged],
      {
        isEnforcing: true,
        safety: { ...defaultSafety, protected: { instanceTypes: ['m7i.*'] }, conditions: noConditions },
      },
      ['protected'],
    ],
  ])('%s', async (_, policies, enforcement, held) => {
    const simulation = world({ policies, enforcement });
    const [, running] = simulation.sandbox.account.launch(untagged).events;
    await happens(simulation, [running]);
    expect(changesMade(simulation)).toEqual([]);
    expect(await heldBackIn(simulation)).toEqual(held);
    expect((await findingsOf(simulation))[0]?.steps?.[0]?.planned).toMatchObject({
      plan: { calls: [{ operation: 'ec2:StopInstances' }] },
    });
  });

  function requiredTagsObserved() {
    return { ...stopUntagged, mode: 'observe' as const };
  }

  test('while it is paused; and it is done once somebody resumes', async () => {
    const simulation = world({ policies: [stopUntagged], enforcement: isOn });
    const { engine } = simulation;
    await changeControls(engine, (now) => paused(now, undefined, { at: '2026-03-02T09:00:00Z', reason: 'deploy' }));
    await happens(simulation, simulation.sandbox.account.launch(untagged).events);
    expect(changesMade(simulation)).toEqual([]);
    expect(await heldBackIn(simulation)).toEqual(['paused']);
    expect(mails(simulation)[0]).toContain('paused since 2026-03-02T09:00:00Z: deploy');

    await changeControls(engine, ({ paused: _paused, ...now }) => ({ ...now, version: now.version + 1 }));
    await sweepOnce(simulation);
    expect(changesMade(simulation)).toHaveLength(1);
  });

  test.each([
    ['right after the look', 2, { begun: 0, reserved: 0 }],
    ['right before the call', 3, { begun: 1, reserved: 2 }],
  ])('where somebody pauses %s: what was reserved is given back', async (_, reading, { begun, reserved }) => {
    const simulation = world({ policies: [stopUntagged], enforcement: isOn, pageSize: 'aws' });
    const { sandbox, engine } = simulation;
    let reads = 0;
    const aws: typeof sandbox.aws = async (operation, input) => {
      const isReading = operation === 'dynamodb:BatchGetItem' && JSON.stringify(input).includes('"enforcement"');
      if (isReading && ++reads === reading)
        await changeControls(engine, (now) => paused(now, undefined, { at: '2026-03-02T09:00:00Z', reason: 'deploy' }));
      return sandbox.aws(operation, input);
    };
    const [, running] = sandbox.account.launch({ ...untagged, at: settled }).events;
    const report = await inspectBatch({ ...engine, aws }, [{ id: 'm', body: JSON.stringify(running) }]);

    expect(changesMade(simulation)).toEqual([]);
    expect({ failed: report.failed, actions: report.actions }).toEqual({ failed: [], actions: 0 });
    const writes = inputsOf(simulation, 'dynamodb:PutItem').map((input) => JSON.stringify(input));
    expect(writes.filter((text) => text.includes('begun'))).toHaveLength(begun);
    expect(inputsOf(simulation, 'dynamodb:UpdateItem')).toHaveLength(reserved);
    expect(await heldBackIn(simulation)).toEqual([undefined]);
    expect((await findingsOf(simulation))[0]).not.toHaveProperty('acts');
    await sweepOnce(simulation);
    expect(await heldBackIn(simulation)).toEqual(['paused']);
    expect(changesMade(simulation)).toEqual([]);
  });

  test('where the look could not judge: no older plan is carried out', async () => {
    const policy = enforcing(policyFor('encrypted-volumes', {}), plainStop, { afterMs: HOUR });
    const simulation = world({ policies: [policy], enforcement: isOn });
    const { sandbox, engine } = simulation;
    await happens(simulation, sandbox.account.launch({ ...good, volumes: [{ Encrypted: false }], at: settled }).events);
    sandbox.advance(2 * HOUR);
    sandbox.inject({ operation: 'ec2:DescribeVolumes', error: 'UnauthorizedOperation' });
    await inspectBatch(engine, [{ id: 'tick', body: JSON.stringify({ kind: 'tick' }) }]);

    expect(changesMade(simulation)).toEqual([]);
    await sweepOnce(simulation);
    expect(changesMade(simulation)).toHaveLength(1);
  });

  test('where a change after the launch brought it, unless the policy says onDrift', async () => {
    for (const [onDrift, calls] of [
      [false, 0],
      [true, 1],
    ] as const) {
      const simulation = world({ policies: [enforcing(requiredTags, plainStop, { onDrift })], enforcement: isOn });
      const { events, instances } = simulation.sandbox.account.launch(good);
      await happens(simulation, events);
      await sweepOnce(simulation);
      await sweepOnce(simulation);
      simulation.sandbox.advance(HOUR);
      await happens(simulation, simulation.sandbox.account.setTags(instances[0]?.InstanceId ?? '', { Owner: null }));
      expect([onDrift, changesMade(simulation).length]).toEqual([onDrift, calls]);
      expect(await heldBackIn(simulation)).toEqual([onDrift ? 'done' : 'drift']);
    }
  });

  test('where whether it is paused can not be read', async () => {
    const simulation = world({ policies: [stopUntagged], enforcement: isOn, pageSize: 'aws' });
    const isControls = (input: { RequestItems?: object | undefined }) =>
      JSON.stringify(input).includes('"enforcement"');
    simulation.sandbox.inject({
      operation: 'dynamodb:BatchGetItem',
      error: 'InternalServerError',
      when: isControls,
      after: 2,
    });
    const [, running] = simulation.sandbox.account.launch(untagged).events;
    await happens(simulation, [running]);
    expect(simulation.reports.flatMap(({ errors }) => errors)).toEqual([
      expect.stringContaining("nothing is done, since whether it is paused can't be read"),
    ]);
    expect(changesMade(simulation)).toEqual([]);
    expect(told(simulation)).toEqual([['opened required-tags']]);
  });

  test('where it complies, or reads otherwise, by the time of the last look', async () => {
    const simulation = world({ policies: [stopUntagged], enforcement: isOn });
    const { sandbox } = simulation;
    const { events, instances } = sandbox.account.launch(untagged);
    const id = instances[0]?.InstanceId ?? '';
    const [, running] = events;
    let reads = 0;
    const aws: typeof sandbox.aws = (operation, input) => {
      if (operation === 'ec2:DescribeInstances' && ++reads === 2) sandbox.account.setTags(id, { Owner: 'jane' });
      return sandbox.aws(operation, input);
    };
    sandbox.advance(2 * MINUTE);
    const body = JSON.stringify(running);
    await inspectBatch({ ...simulation.engine, aws }, [{ id: 'm', body }]);
    expect(changesMade(simulation)).toEqual([]);
    expect(told(simulation)).toEqual([['opened required-tags']]);
    await simulation.runUntilQuiet(15 * MINUTE);
    expect(told(simulation)).toEqual([['opened required-tags'], ['resolved required-tags']]);
  });
});

describe('what stood before', () => {
  test('300 findings of 200 days and a flip to stop after 24 hours: none is stopped, and one message has them all', async () => {
    const observed = world({ policies: [requiredTags], pageSize: 'aws' });
    const { sandbox } = observed;
    sandbox.account.launch({ ...untagged, count: 300 });
    await sweepOnce(observed);
    sandbox.advance(200 * DAY);
    await sweepOnce(observed);
    const before = sandbox.account.published.length;

    const policy = enforcing(requiredTags, plainStop, { afterMs: DAY });
    const flipped: World = world({ policies: [policy], enforcement: isOn });
    const simulation = withPolicies(observed, flipped);
    sandbox.advance(HOUR);
    await sweepOnce(simulation);
    for (let hours = 0; hours < 50; hours++) {
      sandbox.advance(HOUR);
      simulation.send({ kind: 'tick' });
      await simulation.runUntilQuiet(MINUTE);
    }
    await sweepOnce(simulation);

    expect(changesMade(simulation)).toEqual([]);
    const messages = sandbox.account.published.slice(before).map(({ subject }) => subject);
    expect(messages).toEqual(['[BASELINE] 300 violations of required-tags left alone in us-east-1']);
    expect(new Set(await heldBackIn(simulation))).toEqual(new Set(['baseline']));
  });

  test('is acted on after its grace once somebody promotes the policy', async () => {
    const observed = world({ policies: [requiredTags] });
    observed.sandbox.account.launch(untagged);
    await sweepOnce(observed);
    const simulation = withPolicies(
      observed,
      world({ policies: [enforcing(requiredTags, plainStop, { afterMs: DAY, onDrift: true })], enforcement: isOn }),
    );
    await sweepOnce(simulation);
    const at = simulation.sandbox.now().toISOString();
    await changeControls(simulation.engine, (now) => promoted(now, 'required-tags', at) ?? now);
    await sweepOnce(simulation);
    await wait(simulation, 23 * HOUR);
    expect(changesMade(simulation)).toEqual([]);
    await wait(simulation, 2 * HOUR);
    expect(changesMade(simulation)).toHaveLength(1);
  });

  test('is also what a changed policy finds before a sweep has looked at everything by it', async () => {
    const simulation = world({ policies: [revokeSsh], enforcement: isOn });
    simulation.sandbox.account.launch(exposed);
    await sweepOnce(simulation);
    expect(await heldBackIn(simulation)).toEqual(['baseline']);
    expect(changesMade(simulation)).toEqual([]);
    const { sandbox } = simulation;
    const [ssh = {}] = openSsh.IpPermissions ?? [];
    await happens(simulation, sandbox.account.authorizeIngress(closed.GroupId ?? '', ssh));
    await happens(simulation, sandbox.account.launch(good).events);
    expect(changesMade(simulation)).toHaveLength(1);
  });

  /** The same account, table and clock under another deployment of policies. */
  function withPolicies(of: World, other: World): World {
    const engine = { ...of.engine, policies: other.engine.policies, isEnforcing: true };
    Object.assign(of.engine, engine);
    return of;
  }
});

describe('limits', () => {
  test('500 violating instances in 5 concurrent batches with a limit of 10: 10 acted on, one alert on it, 500 findings', async () => {
    const simulation = world({ policies: [stopUntagged], enforcement: isOn, pageSize: 'aws' });
    const { sandbox, engine } = simulation;
    const { events } = sandbox.account.launch({ ...untagged, count: 500 });
    sandbox.advance(2 * MINUTE);
    const running = events.filter((event) => (event.detail as { state?: string }).state === 'running');
    expect(running).toHaveLength(500);
    const batches = [0, 1, 2, 3, 4].map((batch) =>
      running.slice(batch * 100, batch * 100 + 100).map((event, index) => ({
        id: `${batch}-${index}`,
        body: JSON.stringify(event),
      })),
    );
    const reports = await Promise.all(batches.map((batch) => inspectBatch(engine, batch)));
    await simulation.runUntilQuiet(15 * MINUTE);

    expect(changesMade(simulation)).toHaveLength(10);
    expect(reports.flatMap(({ failed }) => failed)).toEqual([]);
    expect(await findingsOf(simulation)).toHaveLength(500);
    const operations = sandbox.account.published.filter(({ topicArn }) => topicArn.endsWith('operations'));
    expect(operations.map(({ subject }) => subject)).toEqual(['[LIMIT REACHED] stop in us-east-1']);
  });

  test('what is put back each time is done three times in a day, then contested', async () => {
    const simulation = world({ policies: [revokeSsh], enforcement: isOn });
    const { sandbox } = simulation;
    await happens(simulation, sandbox.account.launch(exposed).events);
    await sweepOnce(simulation);
    const [ssh = {}] = openSsh.IpPermissions ?? [];
    for (let times = 0; times < 3; times++) {
      sandbox.advance(HOUR);
      await happens(simulation, sandbox.account.authorizeIngress(openSsh.GroupId ?? '', ssh));
    }
    expect(changesMade(simulation)).toHaveLength(3);
    expect(mails(simulation).at(-1)).toContain('Contested not done: revoke sg-0aaaaaaaaaaaaaaa1 tcp/22 from 0.0.0.0/0');
    expect(await heldBackIn(simulation)).toEqual(['contested']);
  });

  describe('of several sources, where one is put back each time', () => {
    const revokeExactly = enforcing(noOpenSsh, revokeIngress, {
      parameters: { replaceWith: [], split: false, shared: false },
    });
    const [everyone = {}] = openSsh.IpPermissions ?? [];
    const { IpRanges: _, ...ports } = everyone;
    const everyoneBySix = { ...ports, Ipv6Ranges: [{ CidrIpv6: '::/0' }] };

    /** Puts sources back together, and lets the deployment see it. */
    async function opened(simulation: World, ...permissions: readonly IpPermission[]): Promise<void> {
      const { sandbox } = simulation;
      sandbox.advance(HOUR);
      const events = permissions.flatMap((one) => sandbox.account.authorizeIngress(openSsh.GroupId ?? '', one));
      await happens(simulation, events);
    }

    /** Sources that are let in to the group. */
    function letIn({ sandbox }: World): readonly (string | undefined)[] {
      const group = sandbox.account.rows.securityGroups?.find(({ GroupId }) => GroupId === openSsh.GroupId);
      return (group?.IpPermissions ?? []).flatMap(({ IpRanges = [], Ipv6Ranges = [] }) => [
        ...IpRanges.map(({ CidrIp }) => CidrIp),
        ...Ipv6Ranges.map(({ CidrIpv6 }) => CidrIpv6),
      ]);
    }

    /** An account in which everyone was let in and shut out three times. */
    async function contested(count = 1): Promise<World> {
      const simulation = world({ policies: [revokeExactly], enforcement: isOn, pageSize: 'aws' });
      await happens(simulation, simulation.sandbox.account.launch({ ...exposed, count }).events);
      await sweepOnce(simulation);
      for (let times = 0; times < 2; times++) await opened(simulation, everyone);
      expect(changesMade(simulation)).toHaveLength(3);
      expect(letIn(simulation)).toEqual([]);
      return simulation;
    }

    /** How often it was written down, and told, that something is contested. */
    async function contests(simulation: World): Promise<number> {
      const acts = (await findingsOf(simulation)).flatMap(({ acts = [] }) => acts);
      return acts.filter(({ outcome }) => outcome === 'contested').length;
    }

    test('the others are revoked, then and later, and that one is left and told once a day', async () => {
      const simulation = await contested();

      await opened(simulation, everyone, everyoneBySix);
      expect(letIn(simulation)).toEqual(['0.0.0.0/0']);
      const left = 'left: tcp/22 from 0.0.0.0/0 in sg-0aaaaaaaaaaaaaaa1 is put back each time';
      expect(mails(simulation).filter((mail) => mail.includes(left))).not.toEqual([]);
      const acts = (await findingsOf(simulation)).flatMap((finding) => finding.acts ?? []);
      expect(acts.filter(({ does }) => does.includes(left)).map(({ mends }) => mends)).toEqual([undefined]);
      expect(await contests(simulation)).toBe(1);
      expect(mails(simulation).at(-1)).toContain(
        'sg-0aaaaaaaaaaaaaaa1 tcp/22 from 0.0.0.0/0: dealt with 3 times in a day, and put back each time. That is left alone for a day',
      );
      expect(await heldBackIn(simulation)).toEqual(['contested']);

      await opened(simulation, everyoneBySix);
      expect(letIn(simulation)).toEqual(['0.0.0.0/0']);
      for (let hours = 0; hours < 3; hours++) {
        simulation.sandbox.advance(HOUR);
        await sweepOnce(simulation);
      }
      expect(changesMade(simulation)).toHaveLength(5);
      expect(await contests(simulation)).toBe(1);
      expect(await heldBackIn(simulation)).toEqual(['contested']);
    });

    test('each is contested by itself', async () => {
      const simulation = await contested();
      await opened(simulation, everyone, everyoneBySix);
      for (let times = 0; times < 3; times++) await opened(simulation, everyoneBySix);

      expect(changesMade(simulation)).toHaveLength(6);
      expect(letIn(simulation)).toEqual(['0.0.0.0/0', '::/0']);
      expect(await contests(simulation)).toBe(2);
      expect(mails(simulation).at(-1)).toContain(
        'sg-0aaaaaaaaaaaaaaa1 tcp/22 from 0.0.0.0/0, sg-0aaaaaaaaaaaaaaa1 tcp/22 from ::/0: dealt with 3 times in a day',
      );
    });

    test('an instance that shares the group changes nothing about that, nor is it in the way of the rest', async () => {
      const simulation = await contested(2);
      await opened(simulation, everyone);
      expect(await heldBackIn(simulation)).toEqual(['contested', 'contested']);

      await opened(simulation, everyoneBySix);
      expect(letIn(simulation)).toEqual(['0.0.0.0/0']);
      expect(changesMade(simulation)).toHaveLength(4);
    });

    test('it is left to the end of the next day, told once more then, and revoked after that', async () => {
      const simulation = await contested();
      await opened(simulation, everyone);
      const { sandbox } = simulation;
      const nextDay = Math.ceil(sandbox.now().getTime() / DAY) * DAY;
      sandbox.advance(nextDay + DAY - MINUTE - sandbox.now().getTime());
      await sweepOnce(simulation);
      expect(letIn(simulation)).toEqual(['0.0.0.0/0']);
      expect(told(simulation).filter((changes) => changes.includes('contested no-open-ssh'))).toHaveLength(1);
      expect(told(simulation).at(-1)).toEqual(['contested no-open-ssh']);

      sandbox.advance(HOUR);
      await sweepOnce(simulation);
      expect(letIn(simulation)).toEqual([]);
    });

    test('where that can not be read nothing is done, and it comes again', async () => {
      const simulation = world({ policies: [revokeExactly], enforcement: isOn });
      const { sandbox } = simulation;
      const when = (input: object) => JSON.stringify(input).includes('contest#');
      sandbox.inject({ operation: 'dynamodb:BatchGetItem', error: 'InternalServerError', when });
      const { events } = sandbox.account.launch({ ...exposed, at: settled });
      const looked = inspectBatch(simulation.engine, [{ id: 'm', body: JSON.stringify(events[1]) }]);

      await expect(looked).rejects.toMatchObject({ name: 'InternalServerError' });
      expect(changesMade(simulation)).toEqual([]);
      await happens(simulation, [events[1]]);
      expect(changesMade(simulation)).toHaveLength(1);
    });
  });

  test('what failed each time is not contested: it is done once it can be', async () => {
    const simulation = world({ policies: [revokeSsh], enforcement: isOn });
    const { sandbox } = simulation;
    const error = 'UnauthorizedOperation';
    sandbox.inject({ operation: 'ec2:RevokeSecurityGroupIngress', error, times: 4 });
    await happens(simulation, sandbox.account.launch({ ...exposed, at: settled }).events);
    for (let hours = 0; hours < 5; hours++) {
      sandbox.advance(HOUR);
      await sweepOnce(simulation);
    }

    const outcomes = sandbox.calls.filter(({ operation }) => isChanging(operation)).map(({ outcome }) => outcome);
    expect(outcomes).toEqual([error, error, error, error, 'done']);
    expect(told(simulation).flat()).toEqual(['opened no-open-ssh', 'acted no-open-ssh', 'resolved no-open-ssh']);
  });

  test('as many an hour as the smaller of the count and the per cent of the last sweep, and three at least', async () => {
    const simulation = world({ policies: [stopUntagged], enforcement: isOn, pageSize: 'aws' });
    const { sandbox, engine } = simulation;
    sandbox.account.launch({ ...good, count: 80, at: settled });
    await sweepOnce(simulation);
    const { events } = sandbox.account.launch({ ...untagged, count: 8 });
    sandbox.advance(2 * MINUTE);
    const messages = events.map((event, index) => ({ id: `${index}`, body: JSON.stringify(event) }));
    await inspectBatch(engine, messages);

    expect(changesMade(simulation)).toHaveLength(4);
    expect((await readControls(engine)).tripped).toMatchObject({ stop: { limit: 4 } });
  });

  test('that are reached are told by the run that reached them', async () => {
    const limits = { ...defaultSafety.limits, perHour: { access: 1, stop: 1, terminate: 1, schedule: 1 } };
    const safety = { ...defaultSafety, limits, conditions: noConditions };
    const simulation = world({ policies: [stopUntagged], enforcement: { ...isOn, safety } });
    const { sandbox, engine } = simulation;
    const { events } = sandbox.account.launch({ ...untagged, count: 3, at: settled });
    const messages = events.map((event, index) => ({ id: `${index}`, body: JSON.stringify(event) }));
    await inspectBatch(engine, messages);

    expect(changesMade(simulation)).toHaveLength(1);
    const operations = sandbox.account.published.filter(({ topicArn }) => topicArn.endsWith('operations'));
    expect(operations.map(({ subject }) => subject)).toEqual(['[LIMIT REACHED] stop in us-east-1']);
  });
});

describe('failures', () => {
  test('one action that fails stops neither the others nor the alert, which says the truth of each', async () => {
    const simulation = world({ policies: [stopUntagged, revokeSsh], enforcement: isOn });
    const { sandbox } = simulation;
    sandbox.inject({ operation: 'ec2:StopInstances', error: 'UnauthorizedOperation', times: 'always' });
    const launch = { ...exposed, instance: { ...exposed.instance, Tags: [] } };
    await happens(simulation, sandbox.account.launch({ ...launch, at: settled }).events);
    expect(changesMade(simulation).map(([operation]) => operation)).toContain('ec2:RevokeSecurityGroupIngress');
    expect(told(simulation)[0]).toEqual(['opened no-open-ssh', 'opened required-tags']);
    expect(mails(simulation)[0]).toMatch(
      /Failed stop i-\w+ \([^)]*\): ec2:StopInstances: UnauthorizedOperation: .*; nothing was changed/,
    );
    expect(mails(simulation)[0]).toContain('Done revoke');
  });

  test.each<[string, BoundPolicy, Launch, ChangingOperation]>([
    [
      'InvalidPermission.NotFound',
      enforcing(noOpenSsh, plainRevoke, { afterMs: HOUR }),
      exposed,
      'ec2:RevokeSecurityGroupIngress',
    ],
    ['IncorrectInstanceState', enforcing(requiredTags, plainStop, { afterMs: HOUR }), untagged, 'ec2:StopInstances'],
  ])('%s says that others were faster: that is no failure, and not told', async (error, policy, launch, operation) => {
    const simulation = world({ policies: [policy], enforcement: isOn });
    const { sandbox, engine } = simulation;
    sandbox.inject({ operation, error } as Fault);
    await happens(simulation, sandbox.account.launch({ ...launch, at: settled }).events);
    sandbox.advance(HOUR);
    const report = await inspectBatch(engine, [{ id: 'm', body: JSON.stringify({ kind: 'tick' }) }]);

    const { failed, errors, actions, failedActions } = report;
    expect({ failed, errors, actions, failedActions }).toEqual({
      failed: [],
      errors: [],
      actions: 1,
      failedActions: 0,
    });
    expect(told(simulation)).toEqual([[`opened ${policy.name}`]]);
    expect((await findingsOf(simulation))[0]?.acts).toMatchObject([{ outcome: 'overtaken' }]);
    await simulation.runUntilQuiet(15 * MINUTE);
    expect(changesMade(simulation)).toHaveLength(2);
  });

  test('what could not be reserved or written comes again, and is done once', async () => {
    for (const operation of ['dynamodb:UpdateItem', 'dynamodb:PutItem'] as const) {
      const simulation = world({ policies: [stopUntagged], enforcement: isOn });
      const { sandbox, engine } = simulation;
      const when = (input: object) => /"budget#|begun/.test(JSON.stringify(input));
      sandbox.inject({ operation, error: 'InternalServerError', when });
      const { events, instances } = sandbox.account.launch({ ...untagged, at: settled });
      const batch = [{ id: 'm', body: JSON.stringify(events[1]) }];
      const report = await inspectBatch(engine, batch);

      expect([operation, changesMade(simulation)]).toEqual([operation, []]);
      expect([operation, report.failed]).toEqual([operation, ['m']]);
      const id = instances[0]?.InstanceId ?? '';
      expect(report.errors).toEqual([expect.stringContaining(`stop on ${id}: InternalServerError`)]);
      expect((await inspectBatch(engine, batch)).failed).toEqual([]);
      expect(changesMade(simulation)).toEqual([['ec2:StopInstances', { InstanceIds: [id] }]]);
    }
  });

  test('the undo that is written down before the call is that of the last look', async () => {
    let looks = 0;
    const action: AnyAction = {
      ...plainStop,
      plan: (context) => {
        const planned = plainStop.plan(context);
        const Resources = [context.instance.InstanceId];
        const tag = { operation: 'ec2:CreateTags', input: { Resources, Tags: [{ Key: 'look', Value: `${++looks}` }] } };
        return 'refused' in planned ? planned : { plan: { ...planned.plan, undo: [tag as PlannedCall] } };
      },
    };
    const simulation = world({ policies: [enforcing(requiredTags, action)], enforcement: isOn });
    const { sandbox, engine } = simulation;
    sandbox.inject({ operation: 'dynamodb:UpdateItem', error: 'InternalServerError', times: 'always' });
    const [, running] = sandbox.account.launch({ ...untagged, at: settled }).events;
    await inspectBatch(engine, [{ id: 'm', body: JSON.stringify(running) }]);

    const begun = (inputsOf(simulation, 'dynamodb:PutItem') as PutItemCommandInput[]).flatMap(({ Item }) => {
      const { findings = [] } = JSON.parse(Item?.body?.S ?? '{}') as { findings?: Finding[] };
      return findings.flatMap(({ steps = [] }) => steps.flatMap((step) => step.begun ?? []));
    });
    expect(begun.map(({ plan }) => plan.undo)).toMatchObject([[{ input: { Tags: [{ Value: '2' }] } }]]);
  });

  test('what there was no time for is handed over, and done by the next run', async () => {
    const simulation = world({ policies: [stopUntagged], enforcement: isOn, pageSize: 'aws', latencyMs: 1_000 });
    const { sandbox, engine } = simulation;
    const { events, instances } = sandbox.account.launch({ ...untagged, count: 8, at: settled });
    const running = events.filter((event) => (event.detail as { state?: string }).state === 'running');
    const messages = running.map((event, index) => ({ id: `${index}`, body: JSON.stringify(event) }));
    const report = await inspectBatch(engine, messages);

    const stopped = (inputsOf(simulation, 'ec2:StopInstances') as { InstanceIds: string[] }[]).flatMap(
      ({ InstanceIds }) => InstanceIds,
    );
    const left = instances.map(({ InstanceId = '' }) => InstanceId).filter((id) => !stopped.includes(id));
    expect(stopped.length).toBeGreaterThan(0);
    expect(left.length).toBeGreaterThan(0);
    const looks = (inputsOf(simulation, 'sqs:SendMessage') as SendMessageCommandInput[]).map(
      ({ MessageBody = '', DelaySeconds }) => ({ ...(JSON.parse(MessageBody) as LookMessage), DelaySeconds }),
    );
    expect(looks.find(({ DelaySeconds }) => DelaySeconds === 0)).toEqual({
      kind: 'look',
      attempt: 0,
      queue: 'live',
      instances: left.map((id) => ({
        instanceId: id,
        cause: { key: `look:${id}`, text: 'another look for what is due' },
      })),
      DelaySeconds: 0,
    });
    expect(report.failed).toEqual([]);
    const begun = (await findingsOf(simulation)).filter(({ acts = [], steps = [] }) =>
      [...acts, ...steps.flatMap((step) => step.begun ?? [])].some(Boolean),
    );
    expect(begun).toHaveLength(stopped.length);
    await simulation.runUntilQuiet(MINUTE);
    expect(changesMade(simulation)).toHaveLength(8);
  });

  test('what fails in the same way is tried again and not told again', async () => {
    const simulation = world({ policies: [stopUntagged], enforcement: isOn });
    simulation.sandbox.inject({ operation: 'ec2:StopInstances', error: 'UnauthorizedOperation', times: 'always' });
    await happens(simulation, simulation.sandbox.account.launch(untagged).events);
    for (let hours = 0; hours < 5; hours++) {
      simulation.sandbox.advance(HOUR);
      await sweepOnce(simulation);
    }
    expect(changesMade(simulation).length).toBeGreaterThan(4);
    expect(told(simulation)).toEqual([['opened required-tags'], []]);
  });
});

test('a deployment that only notifies asks nothing of the table for enforcement', async () => {
  const simulation = world({ policies: [requiredTags] });
  await happens(simulation, simulation.sandbox.account.launch(untagged).events);
  const reads = simulation.sandbox.calls.filter(({ operation }) => operation === 'dynamodb:BatchGetItem');
  expect(JSON.stringify(reads)).not.toContain('"enforcement"');
  expect(scope.region).toBe('us-east-1');
});

test.each([
  ['done', []],
  ['failed', [{ operation: 'ec2:RevokeSecurityGroupIngress', error: 'UnauthorizedOperation' }]],
] as const)('what was %s is written down and told once, though it could not be counted', async (outcome, faults) => {
  const simulation = world({ policies: [revokeSsh], enforcement: isOn });
  const { sandbox } = simulation;
  sandbox.inject({ operation: 'dynamodb:UpdateItem', error: 'ThrottlingException', after: 1 });
  for (const fault of faults) sandbox.inject(fault);
  const [, running] = sandbox.account.launch({ ...exposed, at: settled }).events;
  const report = await inspectBatch(simulation.engine, [{ id: 'm', body: JSON.stringify(running) }]);

  expect(report.failed).toEqual([]);
  expect(report.errors).toContainEqual(expect.stringMatching(/^revoke-ingress on i-\w+ is not counted: Throttling/));
  expect(told(simulation)).toEqual([['opened no-open-ssh']]);
  expect((await findingsOf(simulation)).flatMap(({ acts = [] }) => acts)).toMatchObject([{ outcome }]);
});

test('what is planned otherwise each time is not done, and not looked at without end', async () => {
  let plans = 0;
  const restless: AnyAction = {
    ...plainStop,
    plan: ({ instance: { InstanceId } }) => ({
      plan: {
        does: `stop ${InstanceId}`,
        calls: [{ operation: 'ec2:StopInstances', input: { InstanceIds: [InstanceId, `i-${++plans}`] } }],
        undo: [],
        concerns: [],
      },
    }),
  };
  const simulation = world({ policies: [enforcing(requiredTags, restless)], enforcement: isOn });
  await sweepOnce(simulation);

  await happens(simulation, simulation.sandbox.account.launch(untagged).events);
  await simulation.runUntilQuiet(2 * HOUR);

  expect(changesMade(simulation)).toEqual([]);
  expect(plans).toBeGreaterThan(2);
  expect(inputsOf(simulation, 'sqs:SendMessage').length).toBeLessThan(10);
});
