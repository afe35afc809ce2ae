import { MAX_PATTERN_LENGTH } from '../../src/stack/event-rules.ts';
import { deployed, stackResources } from './support/deployment.ts';
import { deployedPatterns, type Patterns } from './support/event-patterns.ts';
import { describeMatching, rulesMatching } from './support/event-ruler.ts';
import { apiCall, identities } from './support/sample-events.ts';

type Fields = Readonly<Record<string, unknown>>;

/** A call with what CloudTrail has of its request; `{LiveQueue}` stands for what CloudFormation made of that resource. */
interface Call {
  readonly service: string;
  readonly name: string;
  readonly requestParameters?: Fields;
  readonly record?: Fields;
}

const { stack, region } = deployed;
const functionArn = (name: string) => `arn:aws:lambda:${region}:123456789012:function:${name}`;

function callsOf(service: string, names: readonly string[], requestParameters: Fields): readonly Call[] {
  return names.map((name) => ({ service, name, requestParameters }));
}

const rules = ['StateChangeRule', 'ApiCallRule1', 'ProbeRule', 'SweepEventsRuleSchedule1', 'AccountTampering'];
const ownRules = [...rules.map((id) => `{${id}}`), `${stack}-rules`, `${stack}-targets`];
const queues = ['LiveQueue', 'BulkQueue', 'LiveDeadLetterQueue', 'BulkDeadLetterQueue', 'UndeliveredQueue'];
const topics = ['AlertsTopic', 'OperationsTopic'];
const functions = [`${stack}-inspect`, `${stack}-sweep`];
const codeCalls = [
  'UpdateFunctionCode20150331v2',
  'UpdateFunctionConfiguration20150331v2',
  'DeleteFunction20150331',
  'PutFunctionConcurrency20171031',
];
const mappingCalls = ['DeleteEventSourceMapping20150331', 'UpdateEventSourceMapping20150331'];
const roleCalls = [
  'AttachRolePolicy',
  'DeleteRole',
  'DeleteRolePolicy',
  'DetachRolePolicy',
  'PutRolePermissionsBoundary',
  'PutRolePolicy',
  'UpdateAssumeRolePolicy',
];

/** Everything that is told, by the rule that tells it. */
const told: Readonly<Record<string, readonly Call[]>> = {
  rules: ownRules.flatMap((name) => callsOf('events', ['DisableRule', 'DeleteRule', 'PutRule'], { name })),
  targets: ownRules.flatMap((rule) => callsOf('events', ['RemoveTargets', 'PutTargets'], { rule, ids: ['live'] })),
  FunctionTampering: [
    ...functions.flatMap((functionName) => callsOf('lambda', codeCalls, { functionName })),
    ...functions.flatMap((name) => callsOf('lambda', codeCalls, { functionName: functionArn(name) })),
    ...callsOf('lambda', mappingCalls, { uUID: '{InspectEventSourceMappingSQSLiveQueue}' }),
    ...callsOf('lambda', mappingCalls, { uuid: '{InspectEventSourceMappingSQSBulkQueue}' }),
    ...mappingCalls.map((name) => ({
      service: 'lambda',
      name,
      record: { responseElements: { functionArn: functionArn(`${stack}-inspect`) } },
    })),
    ...callsOf('dynamodb', ['DeleteTable'], { tableName: '{FindingsTable}' }),
    ...callsOf('dynamodb', ['DeleteTable'], {
      tableName: `arn:aws:dynamodb:${region}:123456789012:table/{FindingsTable}`,
    }),
  ],
  DeliveryTampering: [
    ...topics.flatMap((topic) =>
      callsOf('sns', ['Unsubscribe', 'SetSubscriptionAttributes'], {
        subscriptionArn: `{${topic}}:c3019def-3714-403e-ba29-eb14079d5c69`,
      }),
    ),
    ...topics.flatMap((topic) => callsOf('sns', ['DeleteTopic', 'SetTopicAttributes'], { topicArn: `{${topic}}` })),
    ...queues.flatMap((queue) =>
      callsOf('sqs', ['DeleteQueue', 'PurgeQueue', 'SetQueueAttributes'], { queueUrl: `{${queue}}` }),
    ),
    ...callsOf('monitoring', ['DeleteAlarms', 'DisableAlarmActions'], {
      alarmNames: ['cpu-of-something', `${stack}-sweep-missing`],
    }),
    ...callsOf('monitoring', ['PutMetricAlarm'], { alarmName: `${stack}-sweep-missing` }),
  ],
  AccountTampering: [
    ...callsOf('cloudtrail', ['StopLogging', 'DeleteTrail', 'UpdateTrail'], { name: 'any-trail' }),
    ...callsOf('cloudtrail', ['PutEventSelectors'], { trailName: 'any-trail' }),
    ...['{InspectRole}', '{SweepRole}'].flatMap((roleName) => callsOf('iam', roleCalls, { roleName })),
  ],
};

const nearMisses: Readonly<Record<string, Call>> = {
  "somebody else's rule": { service: 'events', name: 'DisableRule', requestParameters: { name: 'nightly-report' } },
  'a rule whose name goes on where ours ends': {
    service: 'events',
    name: 'DeleteRule',
    requestParameters: { name: '{StateChangeRule}-2' },
  },
  'a rule that is enabled again': {
    service: 'events',
    name: 'EnableRule',
    requestParameters: { name: '{StateChangeRule}' },
  },
  'a rule that is only looked at': {
    service: 'events',
    name: 'DescribeRule',
    requestParameters: { name: '{StateChangeRule}' },
  },
  'targets of another rule': {
    service: 'events',
    name: 'RemoveTargets',
    requestParameters: { rule: 'nightly-report' },
  },
  'a function of another stage': {
    service: 'lambda',
    name: 'UpdateFunctionCode20150331v2',
    requestParameters: { functionName: `${stack}-2-inspect` },
  },
  'a function whose name goes on where ours ends': {
    service: 'lambda',
    name: 'DeleteFunction20150331',
    requestParameters: { functionName: `${stack}-inspector` },
  },
  "another function's mapping": {
    service: 'lambda',
    name: 'DeleteEventSourceMapping20150331',
    requestParameters: { uUID: '4e8f1f2a-0000-4000-8000-000000000000' },
    record: { responseElements: { functionArn: functionArn('somebody-elses') } },
  },
  'a run of our function': {
    service: 'lambda',
    name: 'Invoke',
    requestParameters: { functionName: `${stack}-sweep` },
  },
  'another table': { service: 'dynamodb', name: 'DeleteTable', requestParameters: { tableName: 'orders' } },
  'an item of our table': {
    service: 'dynamodb',
    name: 'DeleteItem',
    requestParameters: { tableName: '{FindingsTable}' },
  },
  "a subscription to somebody else's topic": {
    service: 'sns',
    name: 'Unsubscribe',
    requestParameters: { subscriptionArn: '{AlertsTopic}-2:c3019def-3714-403e-ba29-eb14079d5c69' },
  },
  'a new subscriber': { service: 'sns', name: 'Subscribe', requestParameters: { topicArn: '{AlertsTopic}' } },
  'another topic': { service: 'sns', name: 'DeleteTopic', requestParameters: { topicArn: '{AlertsTopic}-2' } },
  'another queue': { service: 'sqs', name: 'PurgeQueue', requestParameters: { queueUrl: '{LiveQueue}-2' } },
  'messages that are moved back': {
    service: 'sqs',
    name: 'StartMessageMoveTask',
    requestParameters: { sourceArn: `arn:aws:sqs:${region}:123456789012:anything` },
  },
  'alarms of others': { service: 'monitoring', name: 'DeleteAlarms', requestParameters: { alarmNames: ['cpu'] } },
  'a trail that is looked at': { service: 'cloudtrail', name: 'GetTrailStatus', requestParameters: { name: 'any' } },
  'a trail that starts': { service: 'cloudtrail', name: 'StartLogging', requestParameters: { name: 'any' } },
  'another role': { service: 'iam', name: 'PutRolePolicy', requestParameters: { roleName: 'Deploy' } },
  'a role of ours that is read': {
    service: 'iam',
    name: 'GetRolePolicy',
    requestParameters: { roleName: '{SweepRole}' },
  },
  'a call that was refused': {
    service: 'cloudtrail',
    name: 'StopLogging',
    requestParameters: { name: 'any' },
    record: { errorCode: 'AccessDenied' },
  },
  'the call of one service by the name of another': {
    service: 's3',
    name: 'StopLogging',
    requestParameters: { name: 'any' },
  },
};

const unlike: Readonly<Record<string, Fields>> = {
  "another account's call": { account: '210987654321' },
  'a call that somebody made up': { source: 'my.cloudtrail' },
  'what a service did by itself': { 'detail-type': 'AWS Service Event via CloudTrail' },
};

const stopLogging: Call = { service: 'cloudtrail', name: 'StopLogging', requestParameters: { name: 'any-trail' } };

function eventOf({ service, name, requestParameters = {}, record = {} }: Call, more: Fields = {}): object {
  const call = { eventSource: `${service}.amazonaws.com`, requestParameters, ...record };
  return apiCall(name, call, { source: `aws.${service}`, ...more });
}

const byRule = Object.entries(told).map(([rule, calls]) => ({
  rule,
  calls: calls.map((call) => ({ call, event: eventOf(call) })),
}));
const misses = Object.entries(nearMisses).map(([what, call]) => ({ what, event: eventOf(call) }));
const others = Object.entries(unlike).map(([what, more]) => ({ what, event: eventOf(stopLogging, more) }));
const callers = Object.entries(identities).map(([who, userIdentity]) => ({
  who,
  event: eventOf({ ...stopLogging, record: { userIdentity } }),
}));
const events = [...byRule.flatMap(({ calls }) => calls), ...misses, ...others, ...callers].map(({ event }) => event);

describeMatching('tampering, as AWS matches it', () => {
  let patterns: Patterns;
  let answers: ReadonlyMap<object, readonly string[]>;

  beforeAll(async () => {
    patterns = await deployedPatterns();
    const rules = Object.fromEntries(Object.entries(patterns).map(([id, pattern]) => [id, JSON.parse(pattern)]));
    answers = await rulesMatching({ rules, events: await withPhysicalIds(events) }, events);
  });

  /** What the deployed resources are called, as their calls would name them. */
  async function withPhysicalIds<T>(value: T): Promise<T> {
    const resources = await stackResources();
    const text = JSON.stringify(value).replace(/\{(\w+)\}/g, (_placeholder, id: string) => {
      const physical = resources.get(id)?.PhysicalResourceId;
      if (physical === undefined) throw new Error(`${id} was not created`);
      return physical;
    });
    return JSON.parse(text);
  }

  test('no pattern is too long for EventBridge', () => {
    for (const rule of Object.keys(told)) {
      expect(patterns).toHaveProperty(rule);
      expect(patterns[rule]?.length).toBeLessThanOrEqual(MAX_PATTERN_LENGTH);
    }
  });

  test.each(byRule)('$rule tells every call that it is there for, and no other rule does', ({ rule, calls }) => {
    for (const { call, event } of calls) expect([call, answers.get(event)]).toEqual([call, [rule]]);
  });

  test.each(callers)('it is told whoever called: $who', ({ event }) => {
    expect(answers.get(event)).toEqual(['AccountTampering']);
  });

  test.each([...misses, ...others])('nobody is told of $what', ({ event }) => {
    expect(answers.get(event)).toEqual([]);
  });
});
