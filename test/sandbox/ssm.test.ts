import type * as ssm from '@aws-sdk/client-ssm';
import type { SandboxOptions } from '../../src/sandbox/sandbox.ts';
import { id, sandboxWith, start } from './account-of-tests.ts';

const pace = { invocationsShownMs: 500, commandDoneMs: 10_000 };

/** Instances 1 and 2 run with an agent, 3 with one that was lost, and 4 with none. */
function account(options: Partial<SandboxOptions> = {}) {
  const Instances = [1, 2, 3, 4].map((number) => ({ InstanceId: id(number), State: { Name: 'running' as const } }));
  const sandbox = sandboxWith(
    {
      reservations: [{ Instances }],
      serving: {
        managedInstances: [
          { InstanceId: id(1), PingStatus: 'Online' },
          { InstanceId: id(2), PingStatus: 'Online' },
          { InstanceId: id(3), PingStatus: 'ConnectionLost' },
        ],
        documents: [{ Name: 'stop-work' }],
      },
    },
    { pace, ...options },
  );
  const send = async (numbers: readonly number[], more: Partial<ssm.SendCommandCommandInput> = {}) => {
    const input = { DocumentName: 'stop-work', InstanceIds: numbers.map(id), ...more };
    return (await sandbox.aws('ssm:SendCommand', input)).Command;
  };
  const status = async (CommandId: string | undefined, number: number) =>
    (await sandbox.aws('ssm:GetCommandInvocation', { CommandId, InstanceId: id(number) })).Status;
  const commands = async (input: ssm.ListCommandsCommandInput = {}) => sandbox.aws('ssm:ListCommands', input);
  return { ...sandbox, send, status, commands };
}

describe('a command', () => {
  test('is in progress on each instance, and after a while a success', async () => {
    const { send, status, commands, advance } = account();
    const command = await send([1, 2], { Comment: 'event 1', TimeoutSeconds: 30, Parameters: { seconds: ['90'] } });
    expect(command).toMatchObject({
      DocumentName: 'stop-work',
      Comment: 'event 1',
      Parameters: { seconds: ['90'] },
      InstanceIds: [id(1), id(2)],
      Status: 'InProgress',
      RequestedDateTime: start,
      ExpiresAfter: new Date(start.getTime() + 30_000),
    });
    advance(9_999);
    expect(await status(command?.CommandId, 1)).toBe('InProgress');
    advance(1);
    expect(await status(command?.CommandId, 1)).toBe('Success');
    expect(await status(command?.CommandId, 2)).toBe('Success');
    expect((await commands()).Commands).toEqual([expect.objectContaining({ Status: 'Success', CompletedCount: 2 })]);
  });

  test('has no invocation for a moment, nor ever one on another instance or of another command', async () => {
    const { send, status, advance } = account();
    const command = await send([1]);
    const missing = { name: 'InvocationDoesNotExist' };
    advance(499);
    await expect(status(command?.CommandId, 1)).rejects.toMatchObject(missing);
    advance(1);
    await expect(status(command?.CommandId, 1)).resolves.toBe('InProgress');
    await expect(status(command?.CommandId, 2)).rejects.toMatchObject(missing);
    await expect(status('01234567-89ab-4cde-8f01-23456789abcd', 1)).rejects.toMatchObject(missing);
  });

  test('is not done on an instance that is gone by then', async () => {
    const { send, status, commands, account: of, advance } = account();
    const command = await send([1, 2]);
    of.terminate(id(1));
    advance(10_000);
    expect(await status(command?.CommandId, 1)).toBe('InProgress');
    expect(await status(command?.CommandId, 2)).toBe('Success');
    expect((await commands()).Commands?.[0]).toMatchObject({ Status: 'InProgress', CompletedCount: 1 });
  });

  test.each([
    ['whose agent was lost', 3],
    ['that has no agent', 4],
    ['that is not there', 9],
  ])('is sent to nobody beside an instance %s', async (_, number) => {
    const { send, commands } = account();
    await expect(send([1, number])).rejects.toMatchObject({
      name: 'InvalidInstanceId',
      message: `Instances [[${id(number)}]] not in a valid state for account 111122223333`,
    });
    expect((await commands()).Commands).toEqual([]);
  });

  test('is not sent to an instance that was stopped, whatever its agent last said', async () => {
    const { send, account: of } = account();
    of.setState(id(1), 'stopped');
    await expect(send([1])).rejects.toMatchObject({ name: 'InvalidInstanceId' });
  });

  test("runs a document that is there: of one's own, or AWS's for scripts", async () => {
    const { send } = account();
    await expect(send([1], { DocumentName: 'AWS-RunShellScript' })).resolves.toBeDefined();
    await expect(send([1], { DocumentName: 'gone' })).rejects.toMatchObject({ name: 'InvalidDocument' });
  });

  test.each<[string, readonly number[], Partial<ssm.SendCommandCommandInput>]>([
    ['to nobody', [], {}],
    ['to more than fifty', Array.from({ length: 51 }, () => 1), {}],
    ['to be delivered within less than 30 s', [1], { TimeoutSeconds: 29 }],
    ['with a comment of more than 100 characters', [1], { Comment: 'x'.repeat(101) }],
  ])('is not sent %s', async (_, numbers, more) => {
    await expect(account().send(numbers, more)).rejects.toMatchObject({ name: 'ValidationException' });
  });
});

test('commands are listed by instance, the last first, in pages', async () => {
  const { send, commands } = account();
  for (const number of [1, 2, 3, 4, 5, 6]) await send([1], { Comment: `${number}` });
  await send([2], { Comment: 'other' });
  const first = await commands({ InstanceId: id(1), MaxResults: 50 });
  const second = await commands({ InstanceId: id(1), MaxResults: 50, NextToken: first.NextToken });
  expect(first.Commands?.map((one) => one.Comment)).toEqual(['6', '5', '4', '3', '2']);
  expect(second.Commands?.map((one) => one.Comment)).toEqual(['1']);
  expect(second.NextToken).toBeUndefined();
});

test('a token that was never given is refused by name', async () => {
  const { aws } = account();
  await expect(aws('ssm:ListCommands', { NextToken: 'made up' })).rejects.toMatchObject({ name: 'InvalidNextToken' });
});
