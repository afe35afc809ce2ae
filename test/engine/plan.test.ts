import type { DescribeVolumesCommandInput } from '@aws-sdk/client-ec2';
import { revokeIngress } from '../../src/actions/revoke-ingress.ts';
import type { AnyAction } from '../../src/domain/action.ts';
import type { Policy } from '../../src/domain/policy.ts';
import { type BoundSafety, defaultSafety, type Safety } from '../../src/domain/safety.ts';
import type { Held } from '../../src/domain/steps.ts';
import { inspectBatch } from '../../src/engine/inspect.ts';
import { changeRecord, readRecords } from '../../src/engine/store.ts';
import { type Operated, operated } from '../support/operated.ts';
import { plainStop } from '../support/plain-actions.ts';
import { enforcing, policyFor } from '../support/policies.ts';
import { inputsOf } from '../support/stories.ts';
import { exposed, openSsh, settled, told, untagged } from '../support/world.ts';

const requiredTags = policyFor('required-tags', { keys: [{ key: 'Owner' }] });
const revoke = { parameters: { replaceWith: [], split: false, shared: false } };

/** What holds back each action of the findings of an instance. */
async function heldOf(world: Operated, instanceId: string): Promise<readonly (Held | undefined)[]> {
  const record = (await readRecords(world.simulation.engine, [instanceId])).get(instanceId);
  return (record?.findings ?? []).flatMap(({ steps = [] }) => steps.map(({ held }) => held));
}

/** `protected` that reads volumes, which no policy here does, and covers nothing. */
const readsVolumes: BoundSafety = {
  ...defaultSafety,
  protected: { when: 'instance.BlockDeviceMappings.size() > 5' },
  conditions: () => ({ fields: ['BlockDeviceMappings'], holds: () => false }),
};

describe('whether an instance is protected', () => {
  test('can not be said without the record of its launch: it is held back', async () => {
    const world = operated([enforcing(requiredTags, plainStop)], {
      ...defaultSafety,
      protected: { launchedBy: ['*/deploy'] },
    });
    const { events, instances } = world.simulation.sandbox.account.launch({ ...untagged, at: settled });
    const [, running] = events;
    await world.happens([running]);

    expect(world.changes()).toEqual([]);
    expect(await heldOf(world, instances[0]?.InstanceId ?? '')).toEqual([
      { by: 'protected', why: expect.stringContaining("whether it is protected can't be said: ") },
    ]);
  });

  test('is said by what it asks of the instance, though no policy reads that', async () => {
    const world = operated([enforcing(requiredTags, plainStop)]);
    Object.assign(world.simulation.engine, { safety: readsVolumes });
    const id = await world.launch({ ...untagged, at: settled });

    const own = { Filters: [{ Name: 'attachment.instance-id', Values: [id] }] };
    expect(inputsOf(world.simulation, 'ec2:DescribeVolumes').length).toBeGreaterThan(0);
    for (const input of inputsOf(world.simulation, 'ec2:DescribeVolumes')) expect(input).toMatchObject(own);
    expect(world.changes()).toEqual([['ec2:StopInstances', { InstanceIds: [id] }]]);
  });
});

describe('an action has no plan', () => {
  test('where a need of it could not be read: it is not even asked for one', async () => {
    const asked: string[] = [];
    const action: AnyAction = {
      ...plainStop,
      needs: ['volumes'],
      plan: (context) => {
        asked.push(context.instance.InstanceId);
        return plainStop.plan(context);
      },
    };
    const world = operated([enforcing(requiredTags, action)]);
    world.simulation.sandbox.inject({
      operation: 'ec2:DescribeVolumes',
      error: 'UnauthorizedOperation',
      times: 'always',
    });
    const id = await world.launch({ ...untagged, at: settled });

    expect(asked).toEqual([]);
    expect(world.changes()).toEqual([]);
    expect(await heldOf(world, id)).toEqual([
      { by: 'refused', why: expect.stringMatching(/^volume vol-\w+: denied \(UnauthorizedOperation/) },
    ]);
    expect(told(world.simulation)).toEqual([['opened required-tags']]);
  });

  test.each<[string, AnyAction['plan'], string]>([
    [
      'that throws',
      () => {
        throw new TypeError('groups is not iterable');
      },
      'it could not be planned: TypeError: groups is not iterable',
    ],
    [
      'that is too large to be written down',
      (context) => {
        const planned = plainStop.plan(context);
        if ('refused' in planned) return planned;
        const undo = Array.from({ length: 200 }, () => planned.plan.undo).flat();
        return { plan: { ...planned.plan, undo } };
      },
      'its plan of 1 calls is too large to be written down: do it by hand',
    ],
  ])('%s: that is the reason, and all findings are told', async (_, plan, why) => {
    const english = policyFor('english-tags', { charset: 'ascii-printable' });
    const world = operated([enforcing(requiredTags, { ...plainStop, plan }), english]);
    const tagged = { ...untagged, instance: { ...untagged.instance, Tags: [{ Key: '이름', Value: 'web' }] } };
    const id = await world.launch({ ...tagged, at: settled });

    expect(world.changes()).toEqual([]);
    expect(await heldOf(world, id)).toEqual([{ by: 'refused', why }]);
    expect(told(world.simulation)).toEqual([['opened required-tags', 'opened english-tags']]);
  });
});

describe('a group that is on another instance too', () => {
  const Tags = [...exposed.instance.Tags, { Key: 'Marked', Value: 'yes' }];
  const marked = { ...exposed, instance: { ...exposed.instance, Tags } };
  const mark = { tags: { Marked: 'yes' } };
  const until = '2026-12-31';

  /** Another instance with the open group, of whose launch nobody was told, and then one that is looked at. */
  async function shared(policy: Partial<Policy>, safety: Partial<Safety> = {}) {
    const noOpenSsh = policyFor('restricted-ingress', { ports: [22] }, policy);
    const world = operated([enforcing(noOpenSsh, revokeIngress, revoke)], { ...defaultSafety, ...safety });
    const [other] = world.simulation.sandbox.account.launch({ ...marked, at: settled }).instances;
    return { world, other: other?.InstanceId ?? '' };
  }

  test('that the policy would act on as well is changed, and the other is looked at again', async () => {
    const { world, other } = await shared({});
    const id = await world.launch({ ...exposed, at: settled });

    expect(world.changes()).toEqual([
      [
        'ec2:RevokeSecurityGroupIngress',
        { GroupId: openSsh.GroupId, SecurityGroupRuleIds: [expect.stringMatching(/^sgr-/)] },
      ],
    ]);
    const looks = inputsOf(world.simulation, 'sqs:SendMessage').map((input) => {
      const { MessageBody = '', DelaySeconds } = input as { MessageBody?: string; DelaySeconds?: number };
      const { instances } = JSON.parse(MessageBody) as { instances: { instanceId: string }[] };
      return { DelaySeconds, ids: instances.map(({ instanceId }) => instanceId) };
    });
    expect(looks).toContainEqual({ DelaySeconds: 30, ids: [id, other] });
  });

  test.each<[string, Parameters<typeof shared>, string]>([
    ['is exempt', [{ exempt: [{ match: mark, reason: 'bastion', until }] }], `is exempt until ${until}`],
    ["is outside the policy's match", [{ match: { not: mark } }], "is outside the policy's match"],
    [
      "is outside the policy's enforce.match",
      [{ enforce: { match: { not: mark } } }],
      "is left alone: the instance is outside the policy's enforce.match",
    ],
    [
      'can not be said to be within enforce.match',
      [{ enforce: { match: { launchedBy: ['*'] } } }],
      "is left alone: enforce.match can't be said: ",
    ],
    ['is protected', [{}, { protected: mark }], 'is left alone: enforcement.yml protects the instance'],
    [
      'can not be said to be free of protection',
      [{}, { protected: { launchedBy: ['*/deploy'] } }],
      "is left alone: whether it is protected can't be said: ",
    ],
    ['can not be judged', [{ match: { launchedBy: ['*'] } }], "can't be judged: "],
  ])('that %s is not changed, and why is said', async (_, how, why) => {
    const { world, other } = await shared(...how);
    const id = await world.launch({ ...exposed, at: settled });

    expect(world.changes()).toEqual([]);
    expect(await heldOf(world, id)).toEqual([
      {
        by: 'refused',
        why: expect.stringContaining(`${openSsh.GroupId} would change for others too: ${other} ${why}`),
      },
    ]);
  });

  test.each([
    ['baseline', 0],
    ['undone', 0],
    ['contested', 1],
    ['refused', 1],
  ] as const)('that is held back itself, as %s, is changed by way of another %d times', async (by, times) => {
    const { world, other } = await shared({});
    await world.sweeps();
    expect(await heldOf(world, other)).toMatchObject([{ by: 'baseline' }]);
    const held = { by, why: 'so it is' };
    await changeRecord(world.simulation.engine, other, (now) => ({
      ...now,
      version: now.version + 1,
      findings: now.findings.map((one) => ({ ...one, steps: (one.steps ?? []).map((step) => ({ ...step, held })) })),
    }));
    const { sandbox, engine } = world.simulation;
    const { events, instances } = sandbox.account.launch({ ...exposed, at: settled });
    await inspectBatch(engine, [{ id: 'm', body: JSON.stringify(events[1]) }]);

    expect(world.changes()).toHaveLength(times);
    if (times > 0) return;
    expect(await heldOf(world, instances[0]?.InstanceId ?? '')).toEqual([
      { by: 'refused', why: expect.stringContaining(`${other} is left alone: so it is`) },
    ]);
  });

  test('that does not violate the policy is not changed', async () => {
    const { world, other } = await shared({});
    const all = (world.simulation.sandbox.account.rows.reservations ?? []).flatMap(({ Instances = [] }) => Instances);
    for (const one of all) one.State = { Name: 'shutting-down' };
    const id = await world.launch({ ...exposed, at: settled });

    expect(world.changes()).toEqual([]);
    expect(await heldOf(world, id)).toEqual([
      { by: 'refused', why: expect.stringContaining(`${other} does not violate the policy`) },
    ]);
  });

  test('that can not be read is not changed', async () => {
    const { world, other } = await shared({});
    world.simulation.sandbox.inject({
      operation: 'ec2:DescribeInstances',
      error: 'InternalError',
      times: 'always',
      when: ({ Filters }) => Filters?.[0]?.Values?.includes(other) === true,
    });
    const id = await world.launch({ ...exposed, at: settled });

    expect(world.changes()).toEqual([]);
    expect(await heldOf(world, id)).toEqual([
      { by: 'refused', why: expect.stringContaining(`${other} could not be read`) },
    ]);
  });

  test('is read for what `protected` asks of it, though no policy reads that', async () => {
    const { world, other } = await shared({});
    Object.assign(world.simulation.engine, { safety: readsVolumes });
    const id = await world.launch({ ...exposed, at: settled });

    const asked = inputsOf(world.simulation, 'ec2:DescribeVolumes').map(
      (input) => (input as DescribeVolumesCommandInput).Filters,
    );
    const attachedTo = (instanceId: string) => [{ Name: 'attachment.instance-id', Values: [instanceId] }];
    expect(asked).toContainEqual(attachedTo(id));
    expect(asked).toContainEqual(attachedTo(other));
    expect(world.changes()).toHaveLength(1);
  });
});

test('what the policies read is not read again to plan: what only actions read is, once', async () => {
  const noOpenSsh = policyFor('restricted-ingress', { ports: [22] });
  const observing = { ...enforcing(noOpenSsh, revokeIngress, revoke), mode: 'observe' as const };
  const { simulation } = operated([observing]);
  const { events } = simulation.sandbox.account.launch({ ...exposed, at: settled });
  const before = simulation.sandbox.calls.length;

  await inspectBatch(simulation.engine, [{ id: 'running', body: JSON.stringify(events[1]) }]);

  const calls = simulation.sandbox.calls.slice(before).map(({ operation }) => operation);
  const reads = calls.filter((operation) => operation.startsWith('ec2:'));
  expect(reads).toEqual([
    'ec2:DescribeInstances',
    'ec2:DescribeSecurityGroups',
    'ec2:DescribeSecurityGroupRules',
    'ec2:DescribeNetworkInterfaces',
  ]);
});
