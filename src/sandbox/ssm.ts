import type * as ssm from '@aws-sdk/client-ssm';
import type { Input, Output } from '../domain/operations.ts';
import type { Account } from './account.ts';
import { awsError, heedOnly } from './errors.ts';
import { type SentCommand, servingPage, servingRows, stateOfInstance } from './serving.ts';

/** AWS's own documents that run a script. */
const scripts: readonly string[] = ['AWS-RunShellScript', 'AWS-RunPowerShellScript'];

/** Seconds that a command may wait to reach its instance, where nothing is said. */
const DELIVERY_SECONDS = 3600;

/**
 * Sends a command to instances, 50 at most: to all of them, or with an error to none. It is done after a while on those that
 * still run then; on others it stays in progress.
 * @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_SendCommand.html
 */
export function sendCommand(input: Input<'ssm:SendCommand'>, account: Account): Output<'ssm:SendCommand'> {
  heedOnly(input, ['InstanceIds', 'DocumentName', 'DocumentVersion', 'Comment', 'TimeoutSeconds', 'Parameters']);
  const { InstanceIds = [], DocumentName, Comment = '', TimeoutSeconds = DELIVERY_SECONDS, Parameters } = input;
  checkBounds(InstanceIds, Comment, TimeoutSeconds);
  if (!isDocument(account, DocumentName))
    throw awsError('InvalidDocument', `Document with name ${DocumentName} does not exist.`);
  const offline = InstanceIds.filter((id) => !isOnline(account, id));
  if (offline.length > 0) {
    const { accountId } = account.scope;
    throw awsError(
      'InvalidInstanceId',
      `Instances [[${offline.join(', ')}]] not in a valid state for account ${accountId}`,
    );
  }
  const sent: SentCommand = {
    command: {
      CommandId: account.newUuid(),
      DocumentName,
      DocumentVersion: input.DocumentVersion ?? '$DEFAULT',
      Comment,
      Parameters,
      InstanceIds,
      Targets: [],
      RequestedDateTime: account.now(),
      ExpiresAfter: new Date(account.now().getTime() + TimeoutSeconds * 1000),
      TimeoutSeconds,
      ...statusOf('InProgress'),
      TargetCount: InstanceIds.length,
      CompletedCount: 0,
      ErrorCount: 0,
    },
    invocations: new Map(),
    shownAt: new Date(account.now().getTime() + account.pace.invocationsShownMs),
  };
  for (const id of InstanceIds) sent.invocations.set(id, invocationOf(sent.command, id));
  account.serving.commands.push(sent);
  account.after(account.pace.commandDoneMs, () => finish(account, sent));
  return { Command: structuredClone(sent.command) };
}

/**
 * How far a command is on one instance.
 * @throws InvocationDoesNotExist, also for a moment after the command was sent.
 * @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetCommandInvocation.html
 */
export function getCommandInvocation(
  input: Input<'ssm:GetCommandInvocation'>,
  account: Account,
): Output<'ssm:GetCommandInvocation'> {
  heedOnly(input, ['CommandId', 'InstanceId']);
  const sent = account.serving.commands.find(({ command }) => command.CommandId === input.CommandId);
  const invocation = sent?.invocations.get(input.InstanceId ?? '');
  if (sent === undefined || invocation === undefined || account.now() < sent.shownAt) {
    throw awsError('InvocationDoesNotExist', 'InvocationDoesNotExist');
  }
  return invocation;
}

/**
 * Commands that were sent since the start, the last first: all, those to an instance, or one.
 * @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_ListCommands.html
 */
export function listCommands(input: Input<'ssm:ListCommands'>, account: Account): Output<'ssm:ListCommands'> {
  heedOnly(input, ['CommandId', 'InstanceId', 'MaxResults', 'NextToken']);
  const { CommandId, InstanceId, MaxResults, NextToken } = input;
  const rows = account.serving.commands
    .map(({ command }) => command)
    .filter((command) => CommandId === undefined || command.CommandId === CommandId)
    .filter((command) => InstanceId === undefined || command.InstanceIds?.includes(InstanceId))
    .reverse();
  const asked = { rows: MaxResults, token: NextToken };
  const identity = ['ListCommands', CommandId, InstanceId];
  const page = servingPage(
    account,
    rows,
    asked,
    { most: 50, error: 'ValidationException', tokenError: 'InvalidNextToken' },
    identity,
  );
  return { Commands: [...page.rows], NextToken: page.nextToken };
}

function checkBounds(ids: readonly string[], comment: string, timeoutSeconds: number): void {
  if (ids.length < 1 || ids.length > 50) {
    throw awsError('ValidationException', `A command is sent to 1 to 50 instances, not to ${ids.length}`);
  }
  if (comment.length > 100) throw awsError('ValidationException', 'The comment has more than 100 characters');
  if (timeoutSeconds < 30 || timeoutSeconds > 2_592_000) {
    throw awsError('ValidationException', 'TimeoutSeconds must be from 30 to 2592000');
  }
}

function isDocument(account: Account, name: string | undefined): boolean {
  return scripts.includes(name ?? '') || servingRows(account, 'documents').some((one) => one.Name === name);
}

/** Of a stopped or terminated instance no agent is heard, whatever was heard of it before. */
function isOnline(account: Account, id: string): boolean {
  const agent = servingRows(account, 'managedInstances').find((one) => one.InstanceId === id);
  return agent?.PingStatus === 'Online' && stateOfInstance(account, id) === 'running';
}

function invocationOf({ CommandId, DocumentName, Comment }: ssm.Command, InstanceId: string) {
  return { CommandId, InstanceId, DocumentName, Comment, ResponseCode: -1, ...statusOf('InProgress') };
}

function finish(account: Account, { command, invocations }: SentCommand): void {
  for (const [id, invocation] of invocations) {
    if (stateOfInstance(account, id) !== 'running') continue;
    invocations.set(id, { ...invocation, ResponseCode: 0, ...statusOf('Success') });
  }
  const done = [...invocations.values()].filter(({ Status }) => Status === 'Success').length;
  command.CompletedCount = done;
  if (done === invocations.size) Object.assign(command, statusOf('Success'));
}

function statusOf(status: 'InProgress' | 'Success') {
  return { Status: status, StatusDetails: status };
}
