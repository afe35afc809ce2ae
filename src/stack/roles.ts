import { needsOf } from '../domain/judge.ts';
import { readsFor } from '../domain/needs.ts';
import type { Operation } from '../domain/operations.ts';
import type { BoundPolicy } from '../domain/policy.ts';
import {
  arnOf,
  joined,
  ownArn,
  policyDocument,
  type Resource,
  type Resources,
  ref,
  type Statement,
} from './cloudformation.ts';
import type { Settings } from './settings.ts';
import { alertsTopicArn } from './topics.ts';

/** Logical ids of the functions' roles. What they do is dropped where events come in. */
export const ownRoles = ['InspectRole', 'SweepRole'] as const;

/** One role a function, with what the policies in use make it call and nothing else. */
export function roles(policies: readonly BoundPolicy[], settings: Settings): Resources {
  const alerting = mayAlert(settings);
  return {
    InspectRole: role([
      mayRead(readsFor(needsOf(policies))),
      mayUseTable(['dynamodb:BatchGetItem', 'dynamodb:PutItem']),
      ...alerting,
      maySend('LookAgainLater', ['LiveQueue', 'BulkQueue']),
      mayReceive(['LiveQueue', 'BulkQueue']),
      mayPutEvents(),
      mayLog(settings, 'inspect'),
    ]),
    SweepRole: role([
      mayRead(readsFor([])),
      mayUseTable(['dynamodb:Scan', 'dynamodb:BatchGetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem']),
      ...alerting,
      maySend('HandOver', ['BulkQueue']),
      maySend('KeepFailedRuns', ['UndeliveredQueue']),
      mayPutEvents(),
      mayLog(settings, 'sweep'),
    ]),
  };
}

function role(statements: readonly Statement[]): Resource {
  const lambda: Statement = {
    Sid: 'Lambda',
    Effect: 'Allow',
    Principal: { Service: 'lambda.amazonaws.com' },
    Action: 'sts:AssumeRole',
  };
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: policyDocument([lambda]),
      Policies: [{ PolicyName: 'own', PolicyDocument: policyDocument(statements) }],
    },
  };
}

/** These reads know no resources, but they know a Region. */
function mayRead(operations: readonly Operation[]): Statement {
  return {
    Sid: 'Read',
    Effect: 'Allow',
    Action: operations,
    Resource: '*',
    Condition: { StringEquals: { 'aws:RequestedRegion': ref('AWS::Region') } },
  };
}

function mayUseTable(operations: readonly Operation[]): Statement {
  return { Sid: 'KeepFindings', Effect: 'Allow', Action: operations, Resource: arnOf('FindingsTable') };
}

/** Publishing to an encrypted topic takes a data key, in the publisher's own name. */
function mayAlert(settings: Settings): readonly Statement[] {
  const publish: readonly Operation[] = ['sns:Publish'];
  const keys = [arnOf('TopicKey'), ...(settings.alertTopicKeyArn === undefined ? [] : [settings.alertTopicKeyArn])];
  return [
    { Sid: 'Alert', Effect: 'Allow', Action: publish, Resource: [alertsTopicArn(settings), ref('OperationsTopic')] },
    {
      Sid: 'EncryptAlerts',
      Effect: 'Allow',
      Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
      Resource: keys,
      Condition: {
        StringEquals: { 'kms:ViaService': joined('.', ['sns', ref('AWS::Region'), ref('AWS::URLSuffix')]) },
      },
    },
  ];
}

function maySend(sid: string, queues: readonly string[]): Statement {
  const send: readonly Operation[] = ['sqs:SendMessage'];
  return { Sid: sid, Effect: 'Allow', Action: send, Resource: queues.map(arnOf) };
}

/** What Lambda does in the function's name for its event source mappings. */
function mayReceive(queues: readonly string[]): Statement {
  return {
    Sid: 'ReceiveWork',
    Effect: 'Allow',
    Action: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
    Resource: queues.map(arnOf),
  };
}

function mayPutEvents(): Statement {
  const put: readonly Operation[] = ['events:PutEvents'];
  return {
    Sid: 'TellFindings',
    Effect: 'Allow',
    Action: put,
    Resource: ownArn('events', 'event-bus/default'),
  };
}

/** The log groups belong to the stack: a function creates streams, no groups. */
function mayLog(settings: Settings, functionName: string): Statement {
  return {
    Sid: 'Log',
    Effect: 'Allow',
    Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    Resource: ownArn('logs', `log-group:/aws/lambda/${settings.name}-${functionName}:*`),
  };
}
