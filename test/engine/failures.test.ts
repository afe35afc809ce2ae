import type { PublishCommandInput } from '@aws-sdk/client-sns';
import { stateChange } from '../../src/sandbox/events.ts';
import type { Fault } from '../../src/sandbox/faults.ts';
import type { Launch } from '../../src/sandbox/mutations.ts';
import { policyFor } from '../support/policies.ts';
import { bad, callsSince, good, scope, start, told, world } from '../support/world.ts';

const encryptedVolumes = policyFor('encrypted-volumes', {});
const noOpenSsh = policyFor('restricted-ingress', { ports: [22] }, { name: 'no-open-ssh' });

/** An instance that breaks both policies, launched long enough ago to have settled, and the event that says it runs. */
function settled(faults: readonly Fault[], launch: Launch = bad) {
  const simulation = world({ policies: [noOpenSsh, encryptedVolumes], faults });
  const [instance] = simulation.sandbox.account.launch(launch).instances;
  simulation.sandbox.advance(120_000);
  const instanceId = instance?.InstanceId ?? '';
  simulation.send(stateChange(scope, { instanceId, state: 'running', at: start, id: 'event-1' }));
  return { simulation, instanceId };
}

const publishes = (simulation: ReturnType<typeof settled>['simulation']) =>
  simulation.sandbox.calls.filter((call) => call.operation === 'sns:Publish');

describe('a read that is throttled', () => {
  it.each(['RequestLimitExceeded', 'Throttling', 'InternalError', 'Unavailable'])(
    '(%s) holds back its own verdicts alone, and is repeated after a minute',
    async (error) => {
      const { simulation } = settled([{ operation: 'ec2:DescribeVolumes', error }]);
      await simulation.runUntilQuiet(0);
      expect(told(simulation)).toEqual([['opened no-open-ssh']]);
      await simulation.runUntilQuiet(60_000);
      expect(told(simulation)).toEqual([['opened no-open-ssh'], ['opened encrypted-volumes']]);
      expect(told(simulation, 'operations')).toEqual([]);
    },
  );

  it('never makes a pass', async () => {
    const { simulation } = settled([{ operation: 'ec2:DescribeVolumes', error: 'RequestLimitExceeded' }], good);
    await simulation.runUntilQuiet(0);
    expect(simulation.reports[0]).toMatchObject({ violations: 0, insufficientData: 1, lookedAgain: 1 });
  });

  it('four times over stands as INSUFFICIENT_DATA, told once to the operators, after 1, 4, 14 and 29 minutes', async () => {
    const { simulation } = settled([
      { operation: 'ec2:DescribeVolumes', error: 'RequestLimitExceeded', times: 'always' },
    ]);
    await simulation.runUntilQuiet(900_000);
    expect(simulation.reports).toHaveLength(5);
    const relooks = simulation.sandbox.calls.filter((call) => call.operation === 'sqs:SendMessage');
    expect(relooks.map((call) => (call.input as { DelaySeconds: number }).DelaySeconds)).toEqual([60, 180, 600, 900]);
    expect(told(simulation)).toEqual([['opened no-open-ssh']]);
    expect(told(simulation, 'operations')).toEqual([['insufficient-data encrypted-volumes']]);
  });

  it('of DescribeInstances itself is repeated too', async () => {
    const { simulation } = settled([{ operation: 'ec2:DescribeInstances', error: 'RequestLimitExceeded' }]);
    await simulation.runUntilQuiet(0);
    expect(told(simulation)).toEqual([]);
    await simulation.runUntilQuiet(60_000);
    expect(told(simulation)).toEqual([['opened no-open-ssh', 'opened encrypted-volumes']]);
  });

  it('on its second page keeps what the first page showed, and nothing else', async () => {
    const faults: Fault[] = [{ operation: 'ec2:DescribeVolumes', error: 'RequestLimitExceeded', after: 1 }];
    const simulation = world({ policies: [encryptedVolumes], faults, pageSize: 5 });
    const { instances } = simulation.sandbox.account.launch({ ...bad, count: 8 });
    simulation.sandbox.advance(120_000);
    for (const { InstanceId = '' } of instances)
      simulation.send(stateChange(scope, { instanceId: InstanceId, state: 'running', at: start, id: InstanceId }));
    await simulation.runUntilQuiet(0);
    expect(simulation.reports[0]).toMatchObject({ inspected: 8, violations: 5, insufficientData: 3, lookedAgain: 3 });
  });
});

describe('a read that is refused', () => {
  it('is told to the operators at once, with the permission, and not repeated', async () => {
    const { simulation } = settled([
      { operation: 'ec2:DescribeVolumes', error: 'UnauthorizedOperation', times: 'always' },
    ]);
    await simulation.runUntilQuiet(900_000);
    expect(simulation.reports).toHaveLength(1);
    expect(told(simulation)).toEqual([['opened no-open-ssh']]);
    const operations = simulation.sandbox.account.published.filter((one) => one.topicArn.endsWith('operations'));
    expect(operations).toHaveLength(1);
    expect(JSON.parse(operations[0]?.message ?? '').default).toContain('ec2:DescribeVolumes');
  });

  it.each([
    ['ec2:DescribeInstances', 'instances'],
    ['ec2:DescribeVolumes', 'volumes'],
  ] as const)('stands in the log: %s', async (operation, what) => {
    const { simulation } = settled([{ operation, error: 'UnauthorizedOperation', times: 'always' }]);
    await simulation.runUntilQuiet(0);
    expect(simulation.reports[0]?.errors).toEqual([expect.stringMatching(`^${what}: UnauthorizedOperation: `)]);
  });

  it('does not close what was open', async () => {
    const { simulation, instanceId } = settled([]);
    await simulation.runUntilQuiet(0);
    simulation.sandbox.inject({ operation: 'ec2:DescribeVolumes', error: 'UnauthorizedOperation', times: 'always' });
    simulation.send(stateChange(scope, { instanceId, state: 'running', at: start, id: 'event-2' }));
    await simulation.runUntilQuiet(900_000);
    expect(told(simulation)).toEqual([['opened no-open-ssh', 'opened encrypted-volumes']]);
  });
});

describe('the table', () => {
  it('that can not be read stops the batch before anything is written or sent', async () => {
    const { simulation } = settled([{ operation: 'dynamodb:BatchGetItem', error: 'AccessDeniedException' }]);
    await expect(simulation.runUntilQuiet(0)).rejects.toThrow('dynamodb:BatchGetItem');
    expect(callsSince(simulation.sandbox.calls)).not.toContain('dynamodb:PutItem');
    expect(publishes(simulation)).toEqual([]);
  });

  it('that leaves keys unprocessed is asked for them again', async () => {
    const { simulation } = settled([{ operation: 'dynamodb:BatchGetItem', unprocessedKeys: 1 }]);
    await simulation.runUntilQuiet(0);
    expect(callsSince(simulation.sandbox.calls).filter((one) => one === 'dynamodb:BatchGetItem')).toHaveLength(2);
    expect(told(simulation)).toEqual([['opened no-open-ssh', 'opened encrypted-volumes']]);
  });

  it('that refuses a write fails the message, which is delivered again and then told once', async () => {
    const { simulation } = settled([
      { operation: 'dynamodb:PutItem', error: 'ProvisionedThroughputExceededException' },
    ]);
    await simulation.runUntilQuiet(0);
    expect(simulation.reports[0]?.failed).toHaveLength(1);
    expect(told(simulation)).toEqual([]);
    await simulation.runUntilQuiet(360_000);
    expect(told(simulation)).toEqual([['opened no-open-ssh', 'opened encrypted-volumes']]);
  });

  it('whose item another wrote meanwhile is read again, and what that one told is not told twice', async () => {
    const { simulation, instanceId } = settled([]);
    await simulation.runUntilQuiet(0);
    simulation.send(stateChange(scope, { instanceId, state: 'running', at: start, id: 'event-2' }));
    simulation.sandbox.inject({ operation: 'dynamodb:PutItem', error: 'ConditionalCheckFailedException' });
    await simulation.runUntilQuiet(0);
    expect(simulation.reports.map((report) => report.failed)).toEqual([[], []]);
    expect(callsSince(simulation.sandbox.calls).filter((one) => one === 'dynamodb:BatchGetItem')).toHaveLength(4);
    expect(told(simulation)).toEqual([['opened no-open-ssh', 'opened encrypted-volumes']]);
  });

  it('whose item others write again and again fails the message after four tries', async () => {
    const { simulation } = settled([
      { operation: 'dynamodb:PutItem', error: 'ConditionalCheckFailedException', times: 4 },
    ]);
    await simulation.runUntilQuiet(0);
    expect(simulation.reports[0]?.failed).toHaveLength(1);
    expect(simulation.reports[0]?.errors).toEqual([expect.stringContaining('written by others 4 times')]);
    expect(told(simulation)).toEqual([]);
    await simulation.runUntilQuiet(360_000);
    expect(told(simulation)).toEqual([['opened no-open-ssh', 'opened encrypted-volumes']]);
  });
});

describe('an alert', () => {
  it('that SNS does not take stays owed, and is sent with the same id when the message comes again', async () => {
    const { simulation } = settled([{ operation: 'sns:Publish', error: 'InternalErrorException' }]);
    await simulation.runUntilQuiet(0);
    expect(simulation.reports[0]?.failed).toHaveLength(1);
    expect(simulation.reports[0]?.errors).toEqual([expect.stringContaining('InternalErrorException')]);
    await simulation.runUntilQuiet(360_000);
    const [refused, taken, ...more] = publishes(simulation);
    expect(more).toEqual([]);
    expect(refused?.outcome).toBe('InternalErrorException');
    expect(taken?.outcome).toBe('done');
    expect(idOf(taken)).toBe(idOf(refused));
  });

  it('that EventBridge does not take is sent to EventBridge again, and to SNS no second time', async () => {
    const { simulation } = settled([{ operation: 'events:PutEvents', failedEntries: [1] }]);
    await simulation.runUntilQuiet(0);
    expect(simulation.reports[0]?.failed).toHaveLength(1);
    await simulation.runUntilQuiet(360_000);
    expect(publishes(simulation)).toHaveLength(1);
    expect(callsSince(simulation.sandbox.calls).filter((one) => one === 'events:PutEvents')).toHaveLength(2);
    expect(simulation.sandbox.calls.at(-1)?.operation).toBe('dynamodb:PutItem');
  });

  it('is marked as sent before anything else is told of the instance', async () => {
    const { simulation, instanceId } = settled([]);
    await simulation.runUntilQuiet(0);
    simulation.send(stateChange(scope, { instanceId, state: 'running', at: start, id: 'event-2' }));
    await simulation.runUntilQuiet(900_000);
    expect(publishes(simulation)).toHaveLength(1);
  });

  it('comes twice only when the mark could not be written, and then with the same id', async () => {
    const { simulation } = settled([{ operation: 'dynamodb:PutItem', error: 'InternalServerError', after: 1 }]);
    await simulation.runUntilQuiet(0);
    await simulation.runUntilQuiet(900_000);
    const [first, second, ...more] = publishes(simulation);
    expect(more).toEqual([]);
    expect(idOf(second)).toBe(idOf(first));
  });
});

function idOf(call: ReturnType<typeof publishes>[number] | undefined): string {
  if (call?.operation !== 'sns:Publish') throw new Error('nothing was published');
  const { Message = '' } = call.input as PublishCommandInput;
  return (JSON.parse(JSON.parse(Message).sqs) as { readonly id: string }).id;
}

describe('an instance that vanished', () => {
  it('closes its findings silently after the looks again', async () => {
    const { simulation, instanceId } = settled([]);
    await simulation.runUntilQuiet(0);
    simulation.sandbox.account.terminate(instanceId);
    simulation.sandbox.advance(4_000_000);
    simulation.send(stateChange(scope, { instanceId, state: 'terminated', at: start, id: 'event-2' }));
    await simulation.runUntilQuiet(900_000);
    expect(told(simulation)).toEqual([['opened no-open-ssh', 'opened encrypted-volumes']]);
    expect(told(simulation, 'operations')).toEqual([]);
    const [item] = simulation.sandbox.account.items.values();
    expect(JSON.parse(item?.body?.S ?? '{}').findings).toEqual([
      expect.objectContaining({ closedAs: 'gone' }),
      expect.objectContaining({ closedAs: 'gone' }),
    ]);
    expect(item?.expiresAt?.N).toMatch(/^\d+$/);
  });

  it('and was never seen is told to the operators', async () => {
    const simulation = world({ policies: [noOpenSsh] });
    simulation.send(stateChange(scope, { instanceId: 'i-0ffffffffffffffff', state: 'running', at: start, id: 'e' }));
    await simulation.runUntilQuiet(900_000);
    expect(told(simulation)).toEqual([]);
    expect(told(simulation, 'operations')).toEqual([['insufficient-data no-open-ssh']]);
  });
});
