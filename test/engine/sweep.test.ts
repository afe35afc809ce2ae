import type { SendMessageCommandInput } from '@aws-sdk/client-sqs';
import type { SweepChunk } from '../../src/engine/messages.ts';
import { type SweepReport, sweep } from '../../src/engine/sweep.ts';
import { policyFor } from '../support/policies.ts';
import { alertSubjects, bad, callsSince, good, told, world } from '../support/world.ts';

const HOUR = 3_600_000;

/** The instances that a sweep put on the queue. */
function sweptIds({ sandbox }: ReturnType<typeof world>, { sweepId }: SweepReport): readonly string[] {
  return sandbox.calls.flatMap((call) => {
    if (call.operation !== 'sqs:SendMessage') return [];
    const body = JSON.parse((call.input as SendMessageCommandInput).MessageBody ?? '') as Partial<SweepChunk>;
    return body.sweepId === sweepId ? (body.instanceIds ?? []) : [];
  });
}

describe('the first sweep', () => {
  it('opens findings without a word and sends one summary', async () => {
    const simulation = world({ pageSize: 50 });
    simulation.sandbox.account.launch({ ...bad, count: 120 });
    simulation.sandbox.account.launch({ ...good, count: 30 });
    simulation.sandbox.advance(HOUR);
    expect(await sweep(simulation.engine)).toMatchObject({ instances: 150, chunks: 2, silent: true });
    await simulation.runUntilQuiet(900_000);
    const [summary, ...more] = alertSubjects(simulation);
    expect(more).toEqual([]);
    expect(summary).toMatch(/^\[SUMMARY\] /);
    const [published] = simulation.sandbox.account.published;
    expect(JSON.parse(JSON.parse(published?.message ?? '').sqs)).toMatchObject({ kind: 'summary', instances: 150 });
  });

  it('of an account without instances says that it is there', async () => {
    const simulation = world();
    await sweep(simulation.engine);
    expect(alertSubjects(simulation)).toEqual([expect.stringMatching(/^\[SUMMARY\] /)]);
  });

  it('is summed up once though its messages come twice', async () => {
    const simulation = world();
    simulation.sandbox.account.launch({ ...bad, count: 3 });
    simulation.sandbox.advance(HOUR);
    await sweep(simulation.engine);
    const { bulkQueueUrl } = simulation.engine.deployment;
    const sent = simulation.sandbox.calls.filter((call) => call.operation === 'sqs:SendMessage');
    for (const call of sent)
      simulation.sandbox.deliver(bulkQueueUrl, (call.input as { MessageBody: string }).MessageBody);
    await simulation.runUntilQuiet(900_000);
    expect(alertSubjects(simulation)).toHaveLength(1);
  });

  it('that broke off is done again, silently, by the next', async () => {
    const simulation = world({ faults: [{ operation: 'sqs:SendMessage', error: 'ServiceUnavailable', after: 1 }] });
    simulation.sandbox.account.launch({ ...bad, count: 150 });
    simulation.sandbox.advance(HOUR);
    await expect(sweep(simulation.engine)).rejects.toThrow('sqs:SendMessage');
    await simulation.runUntilQuiet(900_000);
    expect(alertSubjects(simulation)).toEqual([]);
    simulation.sandbox.advance(HOUR);
    expect(await sweep(simulation.engine)).toMatchObject({ silent: true });
    await simulation.runUntilQuiet(900_000);
    expect(alertSubjects(simulation)).toEqual([expect.stringMatching(/^\[SUMMARY\] /)]);
  });
});

describe('two first sweeps', () => {
  const policies = [policyFor('required-tags', { keys: [{ key: 'Owner' }] })];

  it('at the same time: one of them fails before it queues anything', async () => {
    const simulation = world({ policies });
    simulation.sandbox.account.launch(bad);
    simulation.sandbox.advance(HOUR);
    const [won, lost] = await Promise.allSettled([sweep(simulation.engine), sweep(simulation.engine)]);
    expect(won).toMatchObject({ status: 'fulfilled', value: { silent: true } });
    expect(lost).toMatchObject({
      status: 'rejected',
      reason: { message: 'another sweep of this deployment began at the same time' },
    });
    expect(callsSince(simulation.sandbox.calls).filter((one) => one === 'sqs:SendMessage')).toHaveLength(1);
  });

  it('an hour apart: the one that was replaced tells nothing, and what it saw is in the one summary', async () => {
    const simulation = world({ policies });
    simulation.sandbox.account.launch(bad);
    simulation.sandbox.advance(HOUR);
    await sweep(simulation.engine);
    simulation.sandbox.account.launch(bad);
    simulation.sandbox.advance(HOUR);
    await sweep(simulation.engine);
    await simulation.runUntilQuiet(900_000);
    expect(alertSubjects(simulation)).toEqual(['[SUMMARY] 2 findings on 2 of 2 instances in us-east-1']);
    expect(simulation.reports.map((report) => report.inspected)).toEqual([1, 2]);
  });
});

describe('silence', () => {
  const policies = [policyFor('required-tags', { keys: [{ key: 'Owner' }] })];
  const chunkOf = (sweepId: string, id: string) => ({
    kind: 'sweep',
    sweepId,
    chunk: 0,
    chunks: 1,
    silent: true,
    instanceIds: [id],
  });

  it.each(['forged', '2000-01-01T00:00:00.000Z', '2026-03-02T23:59:59.999Z'])(
    'of a first sweep does not extend to %s, which is none',
    async (sweepId) => {
      const simulation = world({ policies });
      const { instances } = simulation.sandbox.account.launch(bad);
      simulation.sandbox.advance(HOUR);
      await sweep(simulation.engine);
      simulation.send(chunkOf(sweepId, instances[0]?.InstanceId ?? ''));
      await simulation.runUntilQuiet(0);
      expect(told(simulation)).toEqual([['opened required-tags'], []]);
    },
  );

  it('ends with the summary: a message of the first sweep that comes again is no longer silent', async () => {
    const simulation = world({ policies });
    const { account } = simulation.sandbox;
    const { instances } = account.launch(good);
    const id = instances[0]?.InstanceId ?? '';
    simulation.sandbox.advance(HOUR);
    const { sweepId } = await sweep(simulation.engine);
    await simulation.runUntilQuiet(0);
    account.setTags(id, { Owner: null });
    simulation.sandbox.advance(60_000);
    simulation.send(chunkOf(sweepId, id));
    await simulation.runUntilQuiet(0);
    expect(told(simulation)).toEqual([[], ['opened required-tags']]);
  });
});

describe('a later sweep', () => {
  const swept = async () => {
    const simulation = world({ policies: [policyFor('required-tags', { keys: [{ key: 'Owner' }] })] });
    const { instances } = simulation.sandbox.account.launch({ ...good, count: 2 });
    simulation.sandbox.advance(HOUR);
    await sweep(simulation.engine);
    await simulation.runUntilQuiet(900_000);
    simulation.sandbox.advance(HOUR);
    return { simulation, ids: instances.map((instance) => instance.InstanceId ?? '') };
  };

  it('tells what no event told of', async () => {
    const { simulation, ids } = await swept();
    simulation.sandbox.account.setTags(ids[0] ?? '', { Owner: null });
    expect(await sweep(simulation.engine)).toMatchObject({ silent: false });
    await simulation.runUntilQuiet(900_000);
    expect(told(simulation).slice(1)).toEqual([['opened required-tags']]);
  });

  it('tells nothing where nothing changed', async () => {
    const { simulation } = await swept();
    await sweep(simulation.engine);
    await simulation.runUntilQuiet(900_000);
    expect(alertSubjects(simulation)).toHaveLength(1);
  });

  it('looks at instances with open findings that EC2 no longer shows', async () => {
    const { simulation, ids } = await swept();
    simulation.sandbox.account.setTags(ids[0] ?? '', { Owner: null });
    await sweep(simulation.engine);
    await simulation.runUntilQuiet(900_000);
    simulation.sandbox.account.terminate(ids[0] ?? '');
    simulation.sandbox.advance(2 * HOUR);
    expect(await sweep(simulation.engine)).toMatchObject({ instances: 2 });
    await simulation.runUntilQuiet(900_000);
    expect(told(simulation).slice(1)).toEqual([['opened required-tags']]);
    expect(await sweep(simulation.engine)).toMatchObject({ instances: 1 });
  });

  it('sends what an earlier failure left unsent, though nothing is open any more', async () => {
    const { simulation, ids } = await swept();
    const { account } = simulation.sandbox;
    for (const event of account.setTags(ids[0] ?? '', { Owner: null })) simulation.send(event);
    await simulation.runUntilQuiet(900_000);
    const failure = { operation: 'sns:Publish', error: 'AuthorizationErrorException' } as const;
    simulation.sandbox.inject({ ...failure, times: 5 });
    for (const event of account.setTags(ids[0] ?? '', { Owner: 'jane' })) simulation.send(event);
    await simulation.runUntilQuiet(HOUR);
    expect(told(simulation).slice(1)).toEqual([['opened required-tags']]);

    account.terminate(ids[0] ?? '');
    simulation.sandbox.advance(2 * HOUR);
    expect(await sweep(simulation.engine)).toMatchObject({ instances: 2 });
    await simulation.runUntilQuiet(900_000);
    expect(told(simulation).slice(1)).toEqual([['opened required-tags'], ['resolved required-tags']]);
    expect(await sweep(simulation.engine)).toMatchObject({ instances: 1 });
  });

  it('looks at terminated instances while their findings are open, and then no more', async () => {
    const { simulation, ids } = await swept();
    const { account } = simulation.sandbox;
    account.setTags(ids[0] ?? '', { Owner: null });
    await sweep(simulation.engine);
    await simulation.runUntilQuiet(900_000);
    for (const id of ids) account.terminate(id);
    simulation.sandbox.advance(60_000);
    expect(sweptIds(simulation, await sweep(simulation.engine))).toEqual([ids[0]]);
    await simulation.runUntilQuiet(900_000);
    simulation.sandbox.advance(60_000);
    expect(sweptIds(simulation, await sweep(simulation.engine))).toEqual([]);
  });

  it('looks at instances that EC2 shows malformed', async () => {
    const { simulation, ids } = await swept();
    simulation.sandbox.advance(60_000);
    const [reservation] = simulation.sandbox.account.rows.reservations ?? [];
    delete reservation?.Instances?.[0]?.LaunchTime;
    expect([...sweptIds(simulation, await sweep(simulation.engine))].sort()).toEqual([...ids].sort());
    await simulation.runUntilQuiet(3 * HOUR);
    expect(told(simulation, 'operations')).toEqual([['insufficient-data required-tags']]);
  });

  it.each(['ec2:DescribeInstances', 'dynamodb:Scan'] as const)(
    'is none when %s failed: nothing is queued',
    async (operation) => {
      const { simulation } = await swept();
      const before = simulation.sandbox.calls.length;
      simulation.sandbox.inject({ operation, error: 'RequestLimitExceeded', times: 'always' });
      await expect(sweep(simulation.engine)).rejects.toThrow();
      expect(callsSince(simulation.sandbox.calls, before)).not.toContain('sqs:SendMessage');
    },
  );
});
