import type { Json } from '../domain/json.ts';
import { attribute, joined, type Resource, type Resources, ref } from './cloudformation.ts';
import { target } from './event-rules.ts';
import type { Parts } from './parts.ts';
import type { Settings } from './settings.ts';
import { ownTopics } from './topics.ts';

/**
 * Logical ids of the rules that tell of tampering: what they match goes straight to the operations topic, so that it is told
 * whatever became of queue, function and table.
 */
export const tamperRules = [
  'RuleTampering',
  'TargetTampering',
  'FunctionTampering',
  'DeliveryTampering',
  'AccountTampering',
] as const;

/** Calls of one kind, with where their record names what they were made on, and how that is told as ours. */
type Calls = {
  readonly eventName: readonly string[];
  readonly requestParameters?: { readonly [field: string]: Json };
  readonly responseElements?: { readonly [field: string]: Json };
};

/**
 * Rules on CloudTrail's records of calls against what belongs to this deployment. Of the account's trails every one counts:
 * which of them feeds EventBridge is not known.
 * @param eventRuleIds the rules that are watched, but for those made here.
 */
export function tampering(settings: Settings, eventRuleIds: readonly string[], parts: Parts): Resources {
  const named = ownNames(settings);
  const rules = [...eventRuleIds, ...tamperRules.filter((id) => !(id in named))].map(ref);
  const names = [...rules, ...Object.values(named)];
  const { RuleTampering, TargetTampering } = named;
  return {
    RuleTampering: rule(settings, ['events'], rulesNamed(names), RuleTampering),
    TargetTampering: rule(settings, ['events'], targetsOf(names), TargetTampering),
    FunctionTampering: rule(settings, ['lambda', 'dynamodb'], [...functions(settings, parts), table]),
    DeliveryTampering: rule(settings, ['sns', 'sqs', 'monitoring'], delivery(settings, parts)),
    AccountTampering: rule(settings, ['cloudtrail', 'iam'], [trails, ofRoles(parts)]),
  };
}

/** Of two rules that name each other neither could be made first: their names are given, not referred to. */
function ownNames({ name }: Settings) {
  return { RuleTampering: `${name}-rules`, TargetTampering: `${name}-targets` };
}

/** @see https://docs.aws.amazon.com/eventbridge/latest/userguide/logging-using-cloudtrail.html */
function rulesNamed(names: readonly Json[]): readonly Calls[] {
  return [{ eventName: ['DeleteRule', 'DisableRule', 'PutRule'], requestParameters: { name: names } }];
}

function targetsOf(names: readonly Json[]): readonly Calls[] {
  return [{ eventName: ['PutTargets', 'RemoveTargets'], requestParameters: { rule: names } }];
}

/**
 * A function is named by its name or by an ARN that ends in it, a mapping by its UUID: how CloudTrail writes that field is not
 * documented, so that the function in the answer tells it, too.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/logging-using-cloudtrail.html
 */
function functions({ name }: Settings, parts: Parts): readonly Calls[] {
  const ours = parts.functions.map((one) => `${name}-${one.toLowerCase()}`);
  const names = ours.flatMap((one) => [one, { suffix: `:${one}` }]);
  const uuids = parts.mappings.map(ref);
  const eventName = ['DeleteEventSourceMapping20150331', 'UpdateEventSourceMapping20150331'];
  return [
    {
      eventName: [
        'DeleteFunction20150331',
        'PutFunctionConcurrency20171031',
        'UpdateFunctionCode20150331v2',
        'UpdateFunctionConfiguration20150331v2',
      ],
      requestParameters: { functionName: names },
    },
    { eventName, requestParameters: { uUID: uuids } },
    { eventName, requestParameters: { uuid: uuids } },
    {
      eventName,
      responseElements: { functionArn: parts.workers.map((one) => ({ suffix: `:${name}-${one.toLowerCase()}` })) },
    },
  ];
}

/** A table is named by its name or by an ARN that ends in it. */
const table: Calls = {
  eventName: ['DeleteTable'],
  requestParameters: {
    tableName: [ref('FindingsTable'), { suffix: joined('', ['/', ref('FindingsTable')]) }],
  },
};

/**
 * A queue's URL ends in its name, whichever of SQS's hosts it begins with; a subscription's ARN begins with its topic's.
 * @see https://docs.aws.amazon.com/sns/latest/dg/logging-using-cloudtrail.html
 */
function delivery(settings: Settings, { workQueues, deadLetterQueues }: Parts): readonly Calls[] {
  const { name } = settings;
  const topics = ownTopics(settings);
  const ofTopic = topics.map((topic) => ({ prefix: joined('', [ref(topic), ':']) }));
  const urls = [...workQueues, ...deadLetterQueues].map((queue) => ({
    suffix: joined('', ['/', attribute(queue, 'QueueName')]),
  }));
  return [
    { eventName: ['SetSubscriptionAttributes', 'Unsubscribe'], requestParameters: { subscriptionArn: ofTopic } },
    { eventName: ['DeleteTopic', 'SetTopicAttributes'], requestParameters: { topicArn: topics.map(ref) } },
    { eventName: ['DeleteQueue', 'PurgeQueue', 'SetQueueAttributes'], requestParameters: { queueUrl: urls } },
    { eventName: ['DeleteAlarms', 'DisableAlarmActions'], requestParameters: { alarmNames: [{ prefix: `${name}-` }] } },
    { eventName: ['PutMetricAlarm'], requestParameters: { alarmName: [{ prefix: `${name}-` }] } },
  ];
}

const trails: Calls = { eventName: ['DeleteTrail', 'PutEventSelectors', 'StopLogging', 'UpdateTrail'] };

/** Where the record of such a call has the trail: it matches whichever that is. */
const ofAnyTrail = { name: [], trailName: [] };

/** IAM's records come to one Region of a partition alone, us-east-1 in most: elsewhere this matches nothing. */
function ofRoles({ roles }: Parts): Calls {
  const eventName = [
    'AttachRolePolicy',
    'DeleteRole',
    'DeleteRolePolicy',
    'DetachRolePolicy',
    'PutRolePermissionsBoundary',
    'PutRolePolicy',
    'UpdateAssumeRolePolicy',
  ];
  return { eventName, requestParameters: { roleName: roles.map(ref) } };
}

/** Calls that succeeded, whoever made them: that CloudFormation did does not say who told it to. */
function rule(settings: Settings, services: readonly string[], calls: readonly Calls[], name?: string): Resource {
  return {
    Type: 'AWS::Events::Rule',
    Properties: {
      ...(name === undefined ? {} : { Name: name }),
      Description: 'Calls by which the guardrail could be silenced.',
      State: 'ENABLED',
      EventPattern: {
        source: [{ prefix: 'aws.' }],
        'detail-type': ['AWS API Call via CloudTrail'],
        account: [ref('AWS::AccountId')],
        detail: {
          eventSource: services.map((service) => `${service}.amazonaws.com`),
          errorCode: [{ exists: false }],
          ...(calls.length === 1 ? calls[0] : { $or: calls }),
        },
      },
      Targets: [{ ...target('operations', ref('OperationsTopic')), InputTransformer: textOf(settings, calls) }],
    },
  };
}

/**
 * Who did what, when and from where, as lines of text: each in quotation marks of its own, which stay in the mail. Of the fields
 * that may name what was called on one is there; a field that is not there leaves nothing.
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
 */
function textOf({ name }: Settings, calls: readonly Calls[]) {
  const fields = [...new Set(calls.flatMap(({ requestParameters = ofAnyTrail }) => Object.keys(requestParameters)))];
  const objects = fields.map((field) => [
    `on${field}`,
    `$.detail.requestParameters.${field}${field === 'alarmNames' ? '[0]' : ''}`,
  ]);
  const lines = [
    `${name}: <what> was called, by which the guardrail can be silenced.`,
    `What: <what> of <service> on ${objects.map(([variable]) => `<${variable}>`).join('')}`,
    'Who: <type> <who>',
    'By way of (invokedBy): <invokedBy>',
    'When: <when>',
    'From: <from>',
    'Account and Region: <account>, <region>',
    'Record in CloudTrail: <record>',
    'If invokedBy is cloudformation.amazonaws.com, CloudFormation called: for a deployment, or for a person.',
  ];
  return {
    InputPathsMap: {
      what: '$.detail.eventName',
      service: '$.detail.eventSource',
      type: '$.detail.userIdentity.type',
      who: '$.detail.userIdentity.arn',
      invokedBy: '$.detail.userIdentity.invokedBy',
      when: '$.detail.eventTime',
      from: '$.detail.sourceIPAddress',
      account: '$.account',
      region: '$.region',
      record: '$.detail.eventID',
      ...Object.fromEntries(objects),
    },
    InputTemplate: lines.map((line) => JSON.stringify(line)).join('\n'),
  };
}
