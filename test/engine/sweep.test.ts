import { sweep } from '../../src/engine/sweep.ts';
import { policyFor } from '../support/policies.ts';
import { alertSubjects, bad, callsSince, good, told, world } from '../support/world.ts';

const HOUR = 3_600_000;

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

  it('sends what an earlier failure left unsent', async () => {
    const { simulation, ids } = await swept();
    simulation.sandbox.account.setTags(ids[0] ?? '', { Owner: null });
    simulation.sandbox.inject({ operation: 'sns:Publish', error: 'AuthorizationErrorException', times: 6 });
    await sweep(simulation.engine);
    await simulation.runUntilQuiet(3 * HOUR);
    expect(alertSubjects(simulation)).toHaveLength(1);
    simulation.sandbox.advance(HOUR);
    simulation.sandbox.inject({ operation: 'sns:Publish', error: 'AuthorizationErrorException', times: 0 });
    await sweep(simulation.engine);
    await simulation.runUntilQuiet(900_000);
    expect(told(simulation).slice(1)).toEqual([['opened required-tags']]);
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
