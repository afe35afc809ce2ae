import type { BoundPolicy } from '../../src/domain/policy.ts';
import { defaultSafety } from '../../src/domain/safety.ts';
import { controlsNow, settleBaselines } from '../../src/engine/controls.ts';
import { inspectBatch } from '../../src/engine/inspect.ts';
import { changeRecord, readControls } from '../../src/engine/store.ts';
import { HOUR, MINUTE, operated } from '../support/operated.ts';
import { plainStop } from '../support/plain-actions.ts';
import { enforcing, policyFor } from '../support/policies.ts';
import { settled, start, untagged } from '../support/world.ts';

const requiredTags = policyFor('required-tags', { keys: [{ key: 'Owner' }] });
const stopUntagged = enforcing(requiredTags, plainStop);

function deployment(more: readonly BoundPolicy[] = []) {
  const limits = { ...defaultSafety.limits, perHour: { access: 1, stop: 1, terminate: 1, schedule: 1 } };
  const world = operated([stopUntagged, ...more], { ...defaultSafety, limits });
  const { sandbox, engine } = world.simulation;
  const subjects = (topic: string) =>
    sandbox.account.published.filter(({ topicArn }) => topicArn.endsWith(topic)).map(({ subject }) => subject);
  return { world, sandbox, engine, subjects };
}

describe('that a limit was reached', () => {
  const reached = '[LIMIT REACHED] stop in us-east-1';

  /** Two instances that were to be stopped, and a limit of one an hour; whether it could be told. */
  async function tripped(isTold: boolean) {
    const { sandbox, engine, subjects } = deployment();
    if (!isTold)
      sandbox.inject({
        operation: 'sns:Publish',
        error: 'InternalErrorException',
        when: ({ TopicArn }) => TopicArn === engine.deployment.operationsTopicArn,
      });
    const { events } = sandbox.account.launch({ ...untagged, count: 2, at: settled });
    const bodies = events.map((event) => JSON.stringify(event));
    const report = await inspectBatch(
      engine,
      bodies.map((body, index) => ({ id: `${index}`, body })),
    );
    const work = () => inspectBatch(engine, [{ id: 'again', body: bodies[1] ?? '' }]);
    return { sandbox, engine, subjects, report, work };
  }

  test('is told once, however much later others come', async () => {
    const { sandbox, engine, subjects, work } = await tripped(true);
    for (const milliseconds of [0, 3 * MINUTE, HOUR]) {
      sandbox.advance(milliseconds);
      await work();
    }

    expect(subjects('operations')).toEqual([reached]);
    expect((await readControls(engine)).tripped).toMatchObject({ stop: { limit: 1, isTold: true } });
  });

  test('is told by whoever comes two minutes after one that took it on and failed, and not before', async () => {
    const { sandbox, engine, subjects, report, work } = await tripped(false);
    expect(report.errors).toEqual([expect.stringContaining('that a limit was reached is not told')]);
    expect((await readControls(engine)).tripped.stop).not.toHaveProperty('isTold');
    sandbox.advance(MINUTE);
    await work();
    expect(subjects('operations')).toEqual([]);

    sandbox.advance(MINUTE);
    await work();
    expect(subjects('operations')).toEqual([reached]);
    await work();
    expect(subjects('operations')).toEqual([reached]);
  });
});

describe('the baseline of a policy', () => {
  const left = (count: number) =>
    `[BASELINE] ${count} violation${count === 1 ? '' : 's'} of required-tags left alone in us-east-1`;

  test('is all that it finds before a sweep has looked at everything, be it the first that is ever seen', async () => {
    const world = operated([enforcing(requiredTags, plainStop, { onDrift: true })]);
    const { sandbox, engine } = world.simulation;
    const [stood] = sandbox.account.launch({ ...untagged, at: settled }).instances;
    sandbox.advance(HOUR);
    expect((await readControls(engine)).version).toBe(0);
    await world.happens(sandbox.account.setTags(stood?.InstanceId ?? '', { Team: 'web' }));

    expect(world.changes()).toEqual([]);
    expect(await world.findings()).toMatchObject([{ isBaseline: true, steps: [{ held: { by: 'baseline' } }] }]);
  });

  test('is marked as told only when it was: what failed is told by the next try', async () => {
    const { world, sandbox, engine, subjects } = deployment();
    sandbox.account.launch({ ...untagged, at: settled });
    sandbox.inject({
      operation: 'sns:Publish',
      error: 'InternalErrorException',
      when: ({ Subject }) => Subject?.startsWith('[BASELINE]') === true,
    });
    await world.sweeps();

    expect(world.simulation.reports.flatMap(({ failed }) => failed)).toHaveLength(1);
    expect(subjects('alerts').filter((one) => one === left(1))).toEqual([left(1)]);
    expect((await readControls(engine)).policies['required-tags']).toMatchObject({ isBaselineTold: true });
    await world.sweeps();
    expect(subjects('alerts').filter((one) => one === left(1))).toEqual([left(1)]);
  });

  test('is not told before a sweep that began later than the policy was enforced', async () => {
    const { world, sandbox, engine, subjects } = deployment();
    sandbox.account.launch({ ...untagged, at: settled });
    const before = new Date(start.getTime() - HOUR).toISOString();
    await controlsNow(engine, start);
    await settleBaselines(engine, before, 1);

    expect(subjects('alerts')).toEqual([]);
    const { policies } = await readControls(engine);
    expect(policies['required-tags']).not.toHaveProperty('sweptAt');
    expect(policies['required-tags']).not.toHaveProperty('isBaselineTold');
    await world.sweeps();
    expect(subjects('alerts')).toContain(left(1));
  });

  test('is of what is still open: what was closed by then is not in it', async () => {
    const { world, sandbox, engine, subjects } = deployment([policyFor('encrypted-volumes', {})]);
    const stood = { ...untagged, volumes: [{ Encrypted: false }], at: settled };
    const ids = sandbox.account.launch({ ...stood, count: 2 }).instances.map(({ InstanceId = '' }) => InstanceId);
    sandbox.advance(HOUR);
    for (const id of ids) await world.happens(sandbox.account.setTags(id, { Team: 'web' }));
    await changeRecord(engine, ids[0] ?? '', (now) => ({
      ...now,
      version: now.version + 1,
      findings: now.findings.map((one) => (one.policy === 'required-tags' ? { ...one, status: 'closed' } : one)),
    }));
    await settleBaselines(engine, sandbox.now().toISOString(), 2);

    expect(subjects('alerts').filter((one) => one?.startsWith('[BASELINE]'))).toEqual([left(1)]);
  });
});
