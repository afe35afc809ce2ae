import type { Json } from '../domain/json.ts';
import { needsOf } from '../domain/judge.ts';
import { readsFor } from '../domain/needs.ts';
import type { Operation } from '../domain/operations.ts';
import type { BoundPolicy } from '../domain/policy.ts';
import {
  arnOf,
  type Grant,
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

/** Why a function may do something, by the statement's Sid: a statement without a reason does not compile. */
export const reasons = {
  Read: 'Looks at instances and at what the policies need to know of them, wherever in the Region that is.',
  KeepFindings: "Keeps findings, and alerts until they are sent, in the deployment's own table.",
  Alert: 'Sends alerts, and what the guardrail says of itself, to topics.',
  EncryptAlerts: "Publishing to an encrypted topic takes a data key in the publisher's own name, by way of SNS alone.",
  LookAgainLater: 'Looks again later at what could not be judged, and hands over large groups in parts.',
  HandOver: 'Hands over all instances in parts.',
  KeepFailedRuns: "Lambda sends what it knows of a failed run, in the function's name.",
  ReceiveWork: "Lambda takes messages off the queues for the function, in the function's name.",
  TellFindings: 'Tells findings as events, to whoever listens on the default bus.',
  Log: "Writes the function's log; the group belongs to the stack, so that none is created.",
} as const;

type OwnGrant = Grant & { readonly Sid: keyof typeof reasons };

/** One role a function, with what its function may do and nothing else. */
export function roles(policies: readonly BoundPolicy[], settings: Settings): Resources {
  const { InspectRole, SweepRole } = permissions(policies, settings);
  return { InspectRole: role(InspectRole), SweepRole: role(SweepRole) };
}

/** What each role may do: what the policies in use make its function call. */
export function permissions(
  policies: readonly BoundPolicy[],
  settings: Settings,
): Readonly<Record<(typeof ownRoles)[number], readonly OwnGrant[]>> {
  return {
    InspectRole: [
      mayRead(readsFor(needsOf(policies))),
      mayKeepFindings(['dynamodb:BatchGetItem', 'dynamodb:PutItem', 'dynamodb:Scan', 'dynamodb:UpdateItem']),
      mayPublish([alertsTopicArn(settings), ref('OperationsTopic')]),
      mayEncrypt(settings),
      maySend('LookAgainLater', ['LiveQueue', 'BulkQueue']),
      mayReceive(['LiveQueue', 'BulkQueue']),
      mayPutEvents,
      mayLog(settings, 'inspect'),
    ],
    SweepRole: [
      mayRead(readsFor([])),
      mayKeepFindings(['dynamodb:BatchGetItem', 'dynamodb:PutItem', 'dynamodb:Scan']),
      mayPublish([alertsTopicArn(settings), ref('OperationsTopic')]),
      mayEncrypt(settings),
      maySend('HandOver', ['BulkQueue']),
      maySend('KeepFailedRuns', ['UndeliveredQueue']),
      mayLog(settings, 'sweep'),
    ],
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

function mayRead(operations: readonly Operation[]): OwnGrant {
  return {
    Sid: 'Read',
    Effect: 'Allow',
    Action: operations,
    Resource: '*',
    Condition: { StringEquals: { 'aws:RequestedRegion': ref('AWS::Region') } },
  };
}

function mayKeepFindings(operations: readonly Operation[]): OwnGrant {
  return { Sid: 'KeepFindings', Effect: 'Allow', Action: operations, Resource: arnOf('FindingsTable') };
}

function mayPublish(topics: readonly Json[]): OwnGrant {
  return { Sid: 'Alert', Effect: 'Allow', Action: ['sns:Publish'] satisfies Operation[], Resource: topics };
}

function mayEncrypt({ alertTopicKeyArn }: Settings): OwnGrant {
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

function maySend(sid: OwnGrant['Sid'], queues: readonly string[]): OwnGrant {
  return {
    Sid: sid,
    Effect: 'Allow',
    Action: ['sqs:SendMessage'] satisfies Operation[],
    Resource: queues.map(arnOf),
  };
}

function mayReceive(queues: readonly string[]): OwnGrant {
  return {
    Sid: 'ReceiveWork',
    Effect: 'Allow',
    Action: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
    Resource: queues.map(arnOf),
  };
}

const mayPutEvents: OwnGrant = {
  Sid: 'TellFindings',
  Effect: 'Allow',
  Action: ['events:PutEvents'] satisfies Operation[],
  Resource: ownArn('events', 'event-bus/default'),
};

function mayLog(settings: Settings, functionName: string): OwnGrant {
  return {
    Sid: 'Log',
    Effect: 'Allow',
    Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    Resource: ownArn('logs', `log-group:/aws/lambda/${settings.name}-${functionName}:*`),
  };
}
