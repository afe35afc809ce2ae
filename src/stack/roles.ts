import type { Json } from '../domain/json.ts';
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
  return {
    InspectRole: role([
      mayRead(readsFor(needsOf(policies))),
      mayKeepFindings(['dynamodb:BatchGetItem', 'dynamodb:PutItem', 'dynamodb:Scan', 'dynamodb:UpdateItem']),
      mayPublish([alertsTopicArn(settings), ref('OperationsTopic')]),
      mayEncrypt(settings),
      maySend('LookAgainLater', ['LiveQueue', 'BulkQueue']),
      mayReceive(['LiveQueue', 'BulkQueue']),
      mayPutEvents,
      mayLog(settings, 'inspect'),
    ]),
    SweepRole: role([
      mayRead(readsFor([])),
      mayKeepFindings(['dynamodb:BatchGetItem', 'dynamodb:PutItem', 'dynamodb:Scan']),
      mayPublish([alertsTopicArn(settings)]),
      mayEncrypt(settings),
      maySend('HandOver', ['BulkQueue']),
      // Lambda itself sends what it knows of a failed run, in the function's name.
      maySend('KeepFailedRuns', ['UndeliveredQueue']),
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

function mayKeepFindings(operations: readonly Operation[]): Statement {
  return { Sid: 'KeepFindings', Effect: 'Allow', Action: operations, Resource: arnOf('FindingsTable') };
}

function mayPublish(topics: readonly Json[]): Statement {
  return { Sid: 'Alert', Effect: 'Allow', Action: ['sns:Publish'] satisfies Operation[], Resource: topics };
}

/** Publishing to an encrypted topic takes a data key, in the publisher's own name. */
function mayEncrypt({ alertTopicKeyArn }: Settings): Statement {
  return {
    Sid: 'EncryptAlerts',
    Effect: 'Allow',
    Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
    Resource: [arnOf('TopicKey'), ...(alertTopicKeyArn === undefined ? [] : [alertTopicKeyArn])],
    Condition: {
      StringEquals: { 'kms:ViaService': joined('.', ['sns', ref('AWS::Region'), ref('AWS::URLSuffix')]) },
    },
  };
}

function maySend(sid: string, queues: readonly string[]): Statement {
  return { Sid: sid, Effect: 'Allow', Action: ['sqs:SendMessage'] satisfies Operation[], Resource: queues.map(arnOf) };
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

/** Findings as events, for whoever listens. */
const mayPutEvents: Statement = {
  Sid: 'TellFindings',
  Effect: 'Allow',
  Action: ['events:PutEvents'] satisfies Operation[],
  Resource: ownArn('events', 'event-bus/default'),
};

/** The log groups belong to the stack: a function creates streams, no groups. */
function mayLog(settings: Settings, functionName: string): Statement {
  return {
    Sid: 'Log',
    Effect: 'Allow',
    Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    Resource: ownArn('logs', `log-group:/aws/lambda/${settings.name}-${functionName}:*`),
  };
}
