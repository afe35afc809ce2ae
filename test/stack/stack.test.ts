import { allNeeds } from '../../src/domain/needs.ts';
import type { Resource, Statement } from '../../src/stack/cloudformation.ts';
import type { Settings } from '../../src/stack/settings.ts';
import { template } from '../../src/stack/stack.ts';
import { policyThatNeeds } from './policies.ts';

const name = 'ec2-guardrail-test';
const arn = (id: string) => ({ 'Fn::GetAtt': [id, 'Arn'] });
const sourceAccount = { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } };

function deployed(settings: Partial<Settings> = {}) {
  return template([policyThatNeeds(...allNeeds)], { name, ...settings });
}

const { Resources: resources, extensions } = deployed();

function ofType(type: Resource['Type'], from = resources): readonly (readonly [string, Resource['Properties']])[] {
  return Object.entries(from).flatMap(([id, { Type, Properties }]) =>
    Type === type ? [[id, Properties] as const] : [],
  );
}

function statementsFor(id: string): readonly Statement[] {
  const documents = [...ofType('AWS::SQS::QueuePolicy'), ...ofType('AWS::SNS::TopicPolicy')]
    .filter(([, { Queues, Topics }]) => JSON.stringify(Queues ?? Topics) === JSON.stringify([{ Ref: id }]))
    .map(([, { PolicyDocument }]) => PolicyDocument as unknown as { Statement: Statement[] });
  return documents.flatMap(({ Statement }) => Statement);
}

const queueIds = ofType('AWS::SQS::Queue').map(([id]) => id);
const eventRules = ofType('AWS::Events::Rule').map(([id]) => id);

describe('queues', () => {
  test('each is encrypted, and none takes anything without TLS', () => {
    expect(queueIds).toEqual([
      'LiveQueue',
      'BulkQueue',
      'LiveDeadLetterQueue',
      'BulkDeadLetterQueue',
      'UndeliveredQueue',
    ]);
    for (const [id, { SqsManagedSseEnabled }] of ofType('AWS::SQS::Queue')) {
      expect(SqsManagedSseEnabled).toBe(true);
      expect(statementsFor(id)).toContainEqual({
        Sid: 'DenyWithoutTls',
        Effect: 'Deny',
        Principal: '*',
        Action: 'sqs:*',
        Resource: arn(id),
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      });
    }
  });

  test.each([
    ['LiveQueue', eventRules],
    ['UndeliveredQueue', [...eventRules, 'SweepEventsRuleSchedule1']],
    ['BulkQueue', []],
    ['LiveDeadLetterQueue', []],
    ['BulkDeadLetterQueue', []],
  ])('%s lets in EventBridge for our own rules, and nobody else', (id, rules) => {
    const allowed = statementsFor(id).filter(({ Effect }) => Effect === 'Allow');

    expect(
      allowed.map(({ Principal, Action, Resource, Condition }) => ({ Principal, Action, Resource, Condition })),
    ).toEqual(
      rules.length === 0
        ? []
        : [
            {
              Principal: { Service: 'events.amazonaws.com' },
              Action: 'sqs:SendMessage',
              Resource: arn(id),
              Condition: { ArnEquals: { 'aws:SourceArn': rules.map(arn) } },
            },
          ],
    );
  });

  test.each([
    ['LiveQueue', 'LiveDeadLetterQueue'],
    ['BulkQueue', 'BulkDeadLetterQueue'],
  ])('what failed five times in %s is kept for 14 days in %s', (id, deadLetters) => {
    expect(resources[id]?.Properties.RedrivePolicy).toEqual({
      deadLetterTargetArn: arn(deadLetters),
      maxReceiveCount: 5,
    });
    expect(resources[deadLetters]?.Properties.MessageRetentionPeriod).toBe(14 * 24 * 3600);
  });
});

test("every rule's target is tried again, and has a dead-letter queue", () => {
  const targets = [
    ...ofType('AWS::Events::Rule').map(([, properties]) => properties.Targets),
    extensions.SweepEventsRuleSchedule1?.Properties.Targets,
  ];
  const kept = {
    RetryPolicy: { MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185 },
    DeadLetterConfig: { Arn: arn('UndeliveredQueue') },
  };

  expect(targets).toEqual([
    ...eventRules.map(() => [{ Id: 'live', Arn: arn('LiveQueue'), ...kept }]),
    [{ Id: 'sweep', Arn: arn('SweepLambdaFunction'), ...kept }],
  ]);
});

test('the table is encrypted, has backups and lets items expire', () => {
  expect(ofType('AWS::DynamoDB::Table').map(([, properties]) => properties)).toEqual([
    {
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      SSESpecification: { SSEEnabled: true },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
    },
  ]);
});

describe('topics', () => {
  test('are under the key of this stack, which is rotated', () => {
    const keys = ofType('AWS::SNS::Topic').map(([id, { KmsMasterKeyId }]) => [id, KmsMasterKeyId]);

    expect(keys).toEqual([
      ['AlertsTopic', { Ref: 'TopicKey' }],
      ['OperationsTopic', { Ref: 'TopicKey' }],
    ]);
    expect(resources.TopicKey?.Properties.EnableKeyRotation).toBe(true);
  });

  test.each(['AlertsTopic', 'OperationsTopic'])('%s takes nothing without TLS', (id) => {
    expect(statementsFor(id)).toContainEqual({
      Sid: 'DenyWithoutTls',
      Effect: 'Deny',
      Principal: '*',
      Action: 'sns:Publish',
      Resource: { Ref: id },
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    });
  });

  test.each([
    ['nobody without an address', {}, []],
    [
      'one address for both',
      { alertEmail: 'team@example.com' },
      [
        ['AlertsTopic', 'team@example.com'],
        ['OperationsTopic', 'team@example.com'],
      ],
    ],
    [
      'one address for each',
      { alertEmail: 'team@example.com', operationsEmail: 'platform@example.com' },
      [
        ['AlertsTopic', 'team@example.com'],
        ['OperationsTopic', 'platform@example.com'],
      ],
    ],
    [
      'operations alone, where alerts have a topic of yours',
      { alertTopicArn: 'arn:aws:sns:eu-central-1:123456789012:alerts', operationsEmail: 'platform@example.com' },
      [['OperationsTopic', 'platform@example.com']],
    ],
  ])('are subscribed to by %s', (_title, settings, expected) => {
    const subscriptions = ofType('AWS::SNS::Subscription', deployed(settings).Resources);

    expect(subscriptions.map(([, { TopicArn, Endpoint }]) => [(TopicArn as { Ref: string }).Ref, Endpoint])).toEqual(
      expected,
    );
  });

  test('a topic of yours is used instead of ours, and none of ours is made', () => {
    const alertTopicArn = 'arn:aws:sns:eu-central-1:123456789012:alerts';
    const { Resources, Outputs } = deployed({ alertTopicArn });

    expect(ofType('AWS::SNS::Topic', Resources).map(([id]) => id)).toEqual(['OperationsTopic']);
    expect(JSON.stringify(Resources)).not.toContain('AlertsTopic');
    expect(Outputs.AlertsTopicArn?.Value).toBe(alertTopicArn);
  });
});

describe('alarms', () => {
  const alarms = ofType('AWS::CloudWatch::Alarm');

  test('watch everything that may fail silently', () => {
    const watched = alarms.map(([, one]) => [one.AlarmName, one.MetricName, one.ComparisonOperator, one.Threshold]);

    expect(watched).toEqual([
      [`${name}-live-dead-letters`, 'ApproximateNumberOfMessagesVisible', 'GreaterThanThreshold', 0],
      [`${name}-bulk-dead-letters`, 'ApproximateNumberOfMessagesVisible', 'GreaterThanThreshold', 0],
      [`${name}-undelivered`, 'ApproximateNumberOfMessagesVisible', 'GreaterThanThreshold', 0],
      [`${name}-inspect-errors`, 'Errors', 'GreaterThanThreshold', 0],
      [`${name}-sweep-errors`, 'Errors', 'GreaterThanThreshold', 0],
      [`${name}-inspect-throttles`, 'Throttles', 'GreaterThanThreshold', 0],
      [`${name}-sweep-throttles`, 'Throttles', 'GreaterThanThreshold', 0],
      [`${name}-alerts-not-delivered`, 'NumberOfNotificationsFailed', 'GreaterThanThreshold', 0],
      [`${name}-operations-not-delivered`, 'NumberOfNotificationsFailed', 'GreaterThanThreshold', 0],
      [`${name}-live-backlog`, 'ApproximateAgeOfOldestMessage', 'GreaterThanThreshold', 1800],
      [`${name}-bulk-backlog`, 'ApproximateAgeOfOldestMessage', 'GreaterThanThreshold', 3600],
      [`${name}-sweep-missing`, 'SweepCompleted', 'LessThanThreshold', 1],
    ]);
  });

  test.each([
    ['LiveDeadLetterQueueAlarm', 'QueueName', { 'Fn::GetAtt': ['LiveDeadLetterQueue', 'QueueName'] }],
    ['BulkDeadLetterQueueAlarm', 'QueueName', { 'Fn::GetAtt': ['BulkDeadLetterQueue', 'QueueName'] }],
    ['UndeliveredQueueAlarm', 'QueueName', { 'Fn::GetAtt': ['UndeliveredQueue', 'QueueName'] }],
    ['LiveBacklogAlarm', 'QueueName', { 'Fn::GetAtt': ['LiveQueue', 'QueueName'] }],
    ['BulkBacklogAlarm', 'QueueName', { 'Fn::GetAtt': ['BulkQueue', 'QueueName'] }],
    ['InspectErrorsAlarm', 'FunctionName', { Ref: 'InspectLambdaFunction' }],
    ['InspectThrottlesAlarm', 'FunctionName', { Ref: 'InspectLambdaFunction' }],
    ['SweepErrorsAlarm', 'FunctionName', { Ref: 'SweepLambdaFunction' }],
    ['SweepThrottlesAlarm', 'FunctionName', { Ref: 'SweepLambdaFunction' }],
  ])('%s watches its own queue or function', (id, dimension, value) => {
    expect(resources[id]?.Properties.Dimensions).toEqual([{ Name: dimension, Value: value }]);
  });

  test('a sweep is missed after three hours without the metric of this deployment', () => {
    expect(resources.SweepMissingAlarm?.Properties).toMatchObject({
      Namespace: 'EC2Guardrail',
      Dimensions: [{ Name: 'service', Value: name }],
      Statistic: 'Sum',
      Period: 3600,
      EvaluationPeriods: 3,
      TreatMissingData: 'breaching',
    });
  });

  test('each tells after one period, but for what may take its time', () => {
    const patient = alarms.flatMap(([id, { EvaluationPeriods }]) =>
      EvaluationPeriods === 1 ? [] : [[id, EvaluationPeriods]],
    );

    expect(Object.fromEntries(patient)).toEqual({ LiveBacklogAlarm: 5, BulkBacklogAlarm: 5, SweepMissingAlarm: 3 });
  });

  test('no other takes silence for a failure', () => {
    const others = alarms.filter(([id]) => id !== 'SweepMissingAlarm');

    expect(new Set(others.map(([, { TreatMissingData }]) => TreatMissingData))).toEqual(new Set(['notBreaching']));
  });

  test('reach the people: each goes to the topic, CloudWatch may publish to it and use the key it is under', () => {
    const operations = [{ Ref: 'OperationsTopic' }];
    const keyPolicies = ofType('AWS::KMS::Key').map(
      ([, { KeyPolicy }]) => KeyPolicy as unknown as { Statement: Statement[] },
    );

    for (const [, { AlarmActions, OKActions }] of alarms)
      expect([AlarmActions, OKActions]).toEqual([operations, operations]);
    expect(statementsFor('OperationsTopic')).toContainEqual({
      Sid: 'Alarms',
      Effect: 'Allow',
      Principal: { Service: 'cloudwatch.amazonaws.com' },
      Action: 'sns:Publish',
      Resource: { Ref: 'OperationsTopic' },
      Condition: sourceAccount,
    });
    expect(resources.OperationsTopic?.Properties.KmsMasterKeyId).toEqual({ Ref: 'TopicKey' });
    expect(keyPolicies.flatMap(({ Statement }) => Statement)).toContainEqual({
      Sid: 'Alarms',
      Effect: 'Allow',
      Principal: { Service: 'cloudwatch.amazonaws.com' },
      Action: ['kms:Decrypt', 'kms:GenerateDataKey*'],
      Resource: '*',
      Condition: sourceAccount,
    });
  });
});

test('names no logical id that is not there: the functions and what serverless.yml makes of them aside', () => {
  const made = new Set([
    ...Object.keys(resources),
    'InspectLambdaFunction',
    'SweepLambdaFunction',
    'SweepEventsRuleSchedule1',
  ]);
  const named = new Set<string>();
  JSON.stringify([resources, extensions], (_key, value) => {
    if (typeof value?.Ref === 'string' && !value.Ref.startsWith('AWS::')) named.add(value.Ref);
    if (Array.isArray(value?.['Fn::GetAtt'])) named.add(value['Fn::GetAtt'][0]);
    return value;
  });

  expect([...named].filter((id) => !made.has(id))).toEqual([]);
});
