import { allNeeds } from '../../src/domain/needs.ts';
import type { BoundPolicy } from '../../src/domain/policy.ts';
import { ownMessage } from '../../src/engine/messages.ts';
import { alarms as alarmsOf } from '../../src/stack/alarms.ts';
import type { Resource, Statement } from '../../src/stack/cloudformation.ts';
import { drainRules } from '../../src/stack/event-rules.ts';
import { partsOf } from '../../src/stack/parts.ts';
import type { Settings } from '../../src/stack/settings.ts';
import { template } from '../../src/stack/stack.ts';
import { tamperRules } from '../../src/stack/tampering.ts';
import { plainStop } from '../support/plain-actions.ts';
import { enforcing } from '../support/policies.ts';
import { drainPolicy, policyThatNeeds, stepOf } from './policies.ts';

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
const rules = ofType('AWS::Events::Rule').map(([id]) => id);
const isTamperRule = (id: string) => tamperRules.some((rule) => rule === id);
/** Those that send to the live queue. */
const eventRules = rules.filter((id) => !isTamperRule(id));

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
    ['UndeliveredQueue', [...eventRules, 'SweepEventsRuleSchedule1', 'SweepEventsRuleSchedule2', ...tamperRules]],
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
  const ofRules = ofType('AWS::Events::Rule').map(([id, { Targets }]) => [id, Targets]);
  const ofSchedules = Object.entries(extensions).map(([id, { Properties }]) => [id, Properties.Targets]);
  const kept = {
    RetryPolicy: { MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185 },
    DeadLetterConfig: { Arn: arn('UndeliveredQueue') },
  };
  const live = [{ Id: 'live', Arn: arn('LiveQueue'), ...kept }];
  const operations = { Id: 'operations', Arn: { Ref: 'OperationsTopic' }, ...kept };

  expect(Object.fromEntries([...ofRules, ...ofSchedules])).toEqual({
    ...Object.fromEntries(eventRules.map((id) => [id, live])),
    ProbeRule: [{ Id: 'probe', Arn: arn('LiveQueue'), Input: '{"kind":"probe"}', ...kept }],
    ...Object.fromEntries(tamperRules.map((id) => [id, [expect.objectContaining(operations)]])),
    SweepEventsRuleSchedule1: [{ Id: 'sweep', Arn: arn('SweepLambdaFunction'), ...kept }],
    SweepEventsRuleSchedule2: [
      { Id: 'heartbeat', Arn: arn('SweepLambdaFunction'), Input: '{"kind":"heartbeat"}', ...kept },
    ],
  });
});

describe('where a policy drains', () => {
  const { Resources: draining } = template([policyThatNeeds(), drainPolicy(stepOf(['elbv2:DeregisterTargets']))], {
    name,
  });
  const { Resources: others } = template([policyThatNeeds()], { name });
  const added = Object.keys(draining).filter((id) => !(id in others));

  test('this is there, and nowhere else', () => {
    expect(added).toEqual([
      ...['NoticeRule', 'LifecycleRule', 'EndRule', 'HealthRule'],
      ...['DrainQueue', 'DrainDeadLetterQueue', 'DrainQueuePolicy', 'DrainDeadLetterQueuePolicy'],
      ...['DrainRole', 'DrainDeadLetterQueueAlarm', 'DrainErrorsAlarm', 'DrainThrottlesAlarm'],
      // One alarm watches five rules.
      ...['RulesAlarm2', 'FailedMovesAlarm'],
    ]);
    expect(JSON.stringify(others)).not.toMatch(/drain/i);
  });

  test('its queue takes what its own rules send, and what failed five times in half a minute each is kept', () => {
    expect(draining.DrainQueue?.Properties).toMatchObject({
      SqsManagedSseEnabled: true,
      VisibilityTimeout: 30,
      RedrivePolicy: { deadLetterTargetArn: arn('DrainDeadLetterQueue'), maxReceiveCount: 5 },
    });
    expect(draining.DrainDeadLetterQueue?.Properties).toMatchObject({ MessageRetentionPeriod: 14 * 24 * 3600 });
    expect(draining.DrainQueuePolicy?.Properties.PolicyDocument).toMatchObject({
      Statement: [
        {
          Effect: 'Allow',
          Principal: { Service: 'events.amazonaws.com' },
          Action: 'sqs:SendMessage',
          Resource: arn('DrainQueue'),
          Condition: { ArnEquals: { 'aws:SourceArn': Object.keys(drainRules).map(arn) } },
        },
        { Effect: 'Deny', Principal: '*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
      ],
    });
    expect(JSON.stringify(draining.UndeliveredQueuePolicy)).toContain(JSON.stringify(arn('NoticeRule')));
  });

  test('its rules are watched like all others, and what it owes is told', () => {
    const alarms = JSON.stringify(ofType('AWS::CloudWatch::Alarm', draining));
    for (const id of Object.keys(drainRules)) expect(alarms).toContain(`{"Ref":"${id}"}`);
    expect(draining.FailedMovesAlarm?.Properties).toMatchObject({
      AlarmName: `${name}-drains-failed`,
      MetricName: 'DrainFailedMoves',
      ComparisonOperator: 'GreaterThanThreshold',
      Threshold: 0,
    });
    expect(draining.DrainDeadLetterQueueAlarm?.Properties.Dimensions).toEqual([
      { Name: 'QueueName', Value: { 'Fn::GetAtt': ['DrainDeadLetterQueue', 'QueueName'] } },
    ]);
    for (const id of ['DrainErrorsAlarm', 'DrainThrottlesAlarm'])
      expect(draining[id]?.Properties.Dimensions).toEqual([
        { Name: 'FunctionName', Value: { Ref: 'DrainLambdaFunction' } },
      ]);
  });

  test('what it reads makes nobody listen to more, nor to the clock', () => {
    const { needs } = policyThatNeeds(...allNeeds);
    const waiting = { ...drainPolicy(), needs, actions: [{ id: 'notify', afterMs: [86_400_000] }] } as const;
    const { Resources } = template([policyThatNeeds(), waiting], { name });

    expect(Resources.ApiCallRule1).toEqual(others.ApiCallRule1);
    expect(Resources).not.toHaveProperty('TickRule');
  });
});

test('the clock asks for a sign of life every 15 minutes', () => {
  expect(resources.ProbeRule?.Properties).toMatchObject({ State: 'ENABLED', ScheduleExpression: 'rate(15 minutes)' });
});

describe('the clock', () => {
  const enforces = enforcing(policyThatNeeds(), plainStop);
  const observes = { ...enforces, mode: 'observe' } as const;
  const reminds = { ...policyThatNeeds(), actions: [{ id: 'notify', afterMs: [0, 86_400_000] }] } as const;
  const rulesFor = (...policies: readonly BoundPolicy[]) => template(policies, { name }).Resources;

  test.each<[string, readonly BoundPolicy[], boolean]>([
    ['a policy enforces', [policyThatNeeds(), enforces], true],
    ['a policy reminds', [reminds], true],
    ['all observe', [observes, policyThatNeeds()], false],
    ['there are none', [], false],
  ])('asks every minute for what is due where time makes something of findings: %s', (_, policies, isAsked) => {
    expect(rulesFor(...policies).TickRule?.Properties).toEqual(
      isAsked
        ? {
            Description: 'Asks every minute for what is due: actions after their grace, reminders.',
            State: 'ENABLED',
            ScheduleExpression: 'rate(1 minute)',
            Targets: [
              {
                Id: 'tick',
                Arn: arn('LiveQueue'),
                RetryPolicy: { MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185 },
                DeadLetterConfig: { Arn: arn('UndeliveredQueue') },
                Input: '{"kind":"tick"}',
              },
            ],
          }
        : undefined,
    );
  });

  test('says what the function understands', () => {
    const { ProbeRule, TickRule } = rulesFor(enforces);
    const understood = [ProbeRule, TickRule].map((rule) => {
      const targets = rule?.Properties.Targets as unknown as readonly { readonly Input: string }[] | undefined;
      return ownMessage(JSON.parse(targets?.[0]?.Input ?? ''));
    });

    expect(understood).toEqual([{ kind: 'probe' }, { kind: 'tick' }]);
  });

  test('is watched like every other rule: whether somebody changes it, and whether it fails', () => {
    const { RuleTampering, TargetTampering, ...others } = rulesFor(enforces);
    const made = Object.entries(others).filter(([, { Type }]) => Type === 'AWS::Events::Rule');
    const ids = [...made.map(([id]) => id), ...Object.keys(extensions)];
    const watched = ids.map((Ref) => ({ Ref }));

    expect(ids).toEqual(expect.arrayContaining(['TickRule', 'ProbeRule', 'SweepEventsRuleSchedule1']));
    for (const [rule, field] of [
      [RuleTampering, 'name'],
      [TargetTampering, 'rule'],
    ] as const)
      expect(rule?.Properties.EventPattern).toMatchObject({
        detail: { requestParameters: { [field]: expect.arrayContaining(watched) } },
      });
    for (const id of ids) expect(JSON.stringify(ofType('AWS::CloudWatch::Alarm', others))).toContain(`{"Ref":"${id}"}`);
  });

  test('may send to the live queue', () => {
    expect(JSON.stringify(ofType('AWS::SQS::QueuePolicy', rulesFor(enforces)))).toContain('"TickRule"');
  });
});

test('the table is encrypted, has backups, lets items expire and finds what is due', () => {
  expect(ofType('AWS::DynamoDB::Table').map(([, properties]) => properties)).toEqual([
    {
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'due', AttributeType: 'S' },
        { AttributeName: 'dueAt', AttributeType: 'S' },
      ],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      GlobalSecondaryIndexes: [
        {
          IndexName: 'due',
          KeySchema: [
            { AttributeName: 'due', KeyType: 'HASH' },
            { AttributeName: 'dueAt', KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'KEYS_ONLY' },
        },
      ],
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
    const watched = alarms.map(([, one]) => [
      one.AlarmName,
      one.MetricName ?? expressionOf(one),
      one.ComparisonOperator,
      one.Threshold,
    ]);

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
      [`${name}-rules`, 'SUM(FILL(METRICS(), 0))', 'GreaterThanThreshold', 0],
      [`${name}-tampering-not-told`, 'SUM(FILL(METRICS(), 0))', 'GreaterThanThreshold', 0],
      [`${name}-live-backlog`, 'ApproximateAgeOfOldestMessage', 'GreaterThanThreshold', 1800],
      [`${name}-bulk-backlog`, 'ApproximateAgeOfOldestMessage', 'GreaterThanThreshold', 3600],
      [`${name}-sweep-missing`, 'SweepCompleted', 'LessThanThreshold', 1],
      [`${name}-probe-missing`, 'ProbeCompleted', 'LessThanThreshold', 1],
      [`${name}-refused-calls`, 'RefusedCalls', 'GreaterThanThreshold', 0],
      [`${name}-unknown`, 'IF(evaluations > 0, 100 * unknown / evaluations, 0)', 'GreaterThanThreshold', 5],
      [`${name}-missed-by-events`, 'MissedByEvents', 'GreaterThanThreshold', 0],
      [`${name}-actions-failed`, 'FailedActions', 'GreaterThanThreshold', 0],
    ]);
  });

  interface Query {
    readonly Id: string;
    readonly Expression?: string;
    readonly MetricStat?: { readonly Metric: object; readonly Stat: string; readonly Period: number };
    readonly ReturnData: boolean;
  }

  function queriesOf({ Metrics = [] }: Resource['Properties']): readonly Query[] {
    return Metrics as unknown as readonly Query[];
  }

  function expressionOf(alarm: Resource['Properties']): string | undefined {
    return queriesOf(alarm).find(({ ReturnData }) => ReturnData)?.Expression;
  }

  test('none is there twice', () => {
    const watched = alarms.map(([, { MetricName, Dimensions, Metrics }]) =>
      JSON.stringify([MetricName, Dimensions, Metrics]),
    );

    expect(new Set(watched).size).toBe(alarms.length);
  });

  test('every rule is watched, whether it fails or its dead letters do', () => {
    const byRules = alarms.filter(([id]) => /^(Tamper)?RulesAlarm/.test(id)).flatMap(([, one]) => queriesOf(one));
    const failures = byRules.flatMap(({ MetricStat }) => (MetricStat === undefined ? [] : [MetricStat]));
    const expected = [...eventRules, ...Object.keys(extensions), ...tamperRules].flatMap((rule) =>
      ['FailedInvocations', 'InvocationsFailedToBeSentToDlq'].map((MetricName) => ({
        Metric: { Namespace: 'AWS/Events', MetricName, Dimensions: [{ Name: 'RuleName', Value: { Ref: rule } }] },
        Stat: 'Sum',
        Period: 300,
      })),
    );

    expect(failures).toEqual(expected);
  });

  test('no alarm reads more metrics than CloudWatch takes, however many event rules there are', () => {
    const work = Array.from({ length: 12 }, (_, index) => `ApiCallRule${index + 1}`);
    const all = ofType('AWS::CloudWatch::Alarm', alarmsOf({ name }, { work, tampering: [] }, partsOf([])));
    const read = all.map(([, one]) => queriesOf(one).filter(({ MetricStat }) => MetricStat !== undefined).length);

    expect(Math.max(...read)).toBe(10);
    expect(all.filter(([id]) => id.startsWith('RulesAlarm')).map(([, { AlarmName }]) => AlarmName)).toEqual([
      `${name}-rules`,
      `${name}-rules-2`,
      `${name}-rules-3`,
    ]);
  });

  test('a probe is missed after three quarters of an hour, and silence counts', () => {
    expect(resources.ProbeMissingAlarm?.Properties).toMatchObject({
      Namespace: 'EC2Guardrail',
      Dimensions: [{ Name: 'service', Value: name }],
      Statistic: 'Sum',
      Period: 900,
      TreatMissingData: 'breaching',
    });
  });

  test.each<[string, readonly BoundPolicy[], object | undefined]>([
    [
      'a policy waits for time',
      [enforcing(policyThatNeeds(), plainStop)],
      {
        AlarmName: `${name}-tick-missing`,
        Namespace: 'EC2Guardrail',
        MetricName: 'TickCompleted',
        Dimensions: [{ Name: 'service', Value: name }],
        Statistic: 'Sum',
        Period: 300,
        EvaluationPeriods: 3,
        ComparisonOperator: 'LessThanThreshold',
        Threshold: 1,
        TreatMissingData: 'breaching',
        AlarmActions: [{ Ref: 'OperationsTopic' }],
      },
    ],
    ['none does, and there is no clock', [policyThatNeeds()], undefined],
  ])('a tick is missed after a quarter of an hour, and silence counts, where %s', (_, policies, expected) => {
    const { TickMissingAlarm } = template(policies, { name }).Resources;

    if (expected === undefined) expect(TickMissingAlarm).toBeUndefined();
    else expect(TickMissingAlarm?.Properties).toMatchObject(expected);
  });

  test('the share of the unknown is that of what the same runs evaluated', () => {
    const { MetricStat: unknown } = queriesOf(resources.UnknownAlarm?.Properties ?? {})[1] ?? {};
    const { MetricStat: all } = queriesOf(resources.UnknownAlarm?.Properties ?? {})[2] ?? {};
    const own = (MetricName: string) => ({
      Metric: { Namespace: 'EC2Guardrail', MetricName, Dimensions: [{ Name: 'service', Value: name }] },
      Stat: 'Sum',
      Period: 3600,
    });

    expect([unknown, all]).toEqual([own('InsufficientData'), own('Evaluations')]);
  });

  test('one refusal in two hours raises the alarm on refused calls: the sweep comes once an hour', () => {
    expect(resources.RefusedCallsAlarm?.Properties).toMatchObject({
      Period: 3600,
      EvaluationPeriods: 2,
      DatapointsToAlarm: 1,
    });
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

    expect(Object.fromEntries(patient)).toEqual({
      LiveBacklogAlarm: 5,
      BulkBacklogAlarm: 5,
      SweepMissingAlarm: 3,
      ProbeMissingAlarm: 3,
      RefusedCallsAlarm: 2,
      UnknownAlarm: 2,
      MissedByEventsAlarm: 6,
    });
  });

  test('no other takes silence for a failure', () => {
    const others = alarms.filter(([id]) => id !== 'SweepMissingAlarm' && id !== 'ProbeMissingAlarm');

    expect(new Set(others.map(([, { TreatMissingData }]) => TreatMissingData))).toEqual(new Set(['notBreaching']));
  });

  test('reach the people: each goes to the topic, CloudWatch and the rules on tampering may publish to it and use its key', () => {
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
    expect(statementsFor('OperationsTopic')).toContainEqual({
      Sid: 'OwnEventRules',
      Effect: 'Allow',
      Principal: { Service: 'events.amazonaws.com' },
      Action: 'sns:Publish',
      Resource: { Ref: 'OperationsTopic' },
      Condition: { ArnEquals: { 'aws:SourceArn': tamperRules.map(arn) } },
    });
    expect(resources.OperationsTopic?.Properties.KmsMasterKeyId).toEqual({ Ref: 'TopicKey' });
    for (const [Sid, Service] of [
      ['Alarms', 'cloudwatch.amazonaws.com'],
      ['EventRules', 'events.amazonaws.com'],
    ])
      expect(keyPolicies.flatMap(({ Statement }) => Statement)).toContainEqual({
        Sid,
        Effect: 'Allow',
        Principal: { Service },
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
    'SweepEventsRuleSchedule2',
    'InspectEventSourceMappingSQSLiveQueue',
    'InspectEventSourceMappingSQSBulkQueue',
  ]);
  const named = new Set<string>();
  JSON.stringify([resources, extensions], (_key, value) => {
    if (typeof value?.Ref === 'string' && !value.Ref.startsWith('AWS::')) named.add(value.Ref);
    if (Array.isArray(value?.['Fn::GetAtt'])) named.add(value['Fn::GetAtt'][0]);
    return value;
  });

  expect([...named].filter((id) => !made.has(id))).toEqual([]);
});
