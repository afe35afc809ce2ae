import { GetTemplateCommand } from '@aws-sdk/client-cloudformation';
import { DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, ListRulesCommand, ListTargetsByRuleCommand } from '@aws-sdk/client-eventbridge';
import { GetRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { GetKeyRotationStatusCommand, KMSClient } from '@aws-sdk/client-kms';
import { GetFunctionConfigurationCommand, LambdaClient, ListEventSourceMappingsCommand } from '@aws-sdk/client-lambda';
import { GetTopicAttributesCommand, SNSClient } from '@aws-sdk/client-sns';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { accountId, cloudFormation, deployed, stackResources } from './support/deployment.ts';
import { arnOfQueue } from './support/queues.ts';
import { type Granted, ownStatements } from './support/role-policies.ts';

const { region, stack } = deployed;
const dynamodb = new DynamoDBClient({ region });
const events = new EventBridgeClient({ region });
const iam = new IAMClient({ region });
const kms = new KMSClient({ region });
const lambda = new LambdaClient({ region });
const sns = new SNSClient({ region });
const sqs = new SQSClient({ region, useQueueUrlAsEndpoint: false });

/** What moto's CloudFormation passes over, with a warning. template.test.ts looks at it in the template. */
const typesThatMotoDoesNotCreate = [
  'AWS::CloudWatch::Alarm',
  'AWS::Lambda::EventInvokeConfig',
  'AWS::S3::BucketPolicy',
  'AWS::SNS::Subscription',
  'AWS::SNS::TopicPolicy',
  'AWS::SQS::QueuePolicy',
];

const DAY = 86_400;
const tamperRule = 'Calls by which the guardrail could be silenced.';
const functions = ['inspect', 'sweep'] as const;
const roleOf = { inspect: 'InspectRole', sweep: 'SweepRole' } as const;

let idOf: (logicalId: string) => string;
let created: ReadonlySet<string>;
beforeAll(async () => {
  const resources = await stackResources();
  created = new Set(resources.keys());
  idOf = (logicalId) => resources.get(logicalId)?.PhysicalResourceId ?? `${logicalId} is not there`;
});

function queueArn(logicalId: string): string {
  return arnOfQueue(idOf(logicalId), region, accountId);
}

function roleArn(logicalId: string): string {
  return `arn:aws:iam::${accountId}:role/${idOf(logicalId)}`;
}

function functionArn(name: string): string {
  return `arn:aws:lambda:${region}:${accountId}:function:${stack}-${name}`;
}

test('every resource of the template is there', async () => {
  const { TemplateBody = '' } = await cloudFormation.send(new GetTemplateCommand({ StackName: stack }));
  const { Resources } = JSON.parse(TemplateBody) as { Resources: Readonly<Record<string, { Type: string }>> };
  const missing = Object.entries(Resources).filter(([id]) => !created.has(id));
  expect([...new Set(missing.map(([, { Type }]) => Type))].sort()).toEqual(typesThatMotoDoesNotCreate);
});

describe('queues', () => {
  test.each([
    ['LiveQueue', 'LiveDeadLetterQueue'],
    ['BulkQueue', 'BulkDeadLetterQueue'],
  ])('%s gives a message up after five tries, six minutes apart, to %s', async (queue, deadLetterQueue) => {
    const attributes = await attributesOf(queue);
    expect(attributes).toMatchObject({ VisibilityTimeout: '360', MessageRetentionPeriod: String(4 * DAY) });
    expect(JSON.parse(attributes.RedrivePolicy ?? '')).toEqual({
      deadLetterTargetArn: queueArn(deadLetterQueue),
      maxReceiveCount: 5,
    });
  });

  test.each(['LiveDeadLetterQueue', 'BulkDeadLetterQueue', 'UndeliveredQueue'])(
    '%s keeps what it gets for two weeks',
    async (queue) => {
      expect(await attributesOf(queue)).toMatchObject({ MessageRetentionPeriod: String(14 * DAY) });
    },
  );

  test.each(['LiveQueue', 'BulkQueue', 'LiveDeadLetterQueue', 'BulkDeadLetterQueue', 'UndeliveredQueue'])(
    '%s is encrypted',
    async (queue) => {
      expect(await attributesOf(queue)).toMatchObject({ SqsManagedSseEnabled: 'true' });
    },
  );

  async function attributesOf(queue: string): Promise<Readonly<Record<string, string>>> {
    const input = { QueueUrl: idOf(queue), AttributeNames: ['All' as const] };
    return (await sqs.send(new GetQueueAttributesCommand(input))).Attributes ?? {};
  }
});

test('events and probes go to the live queue, and the clock calls the sweep; what can not be handed over is kept', async () => {
  const { Rules = [] } = await events.send(new ListRulesCommand({ NamePrefix: `${stack}-` }));
  const working = Rules.filter(({ Description }) => Description !== tamperRule);
  const rules = await Promise.all(
    working.map(async ({ Name, State, EventPattern, ScheduleExpression }) => {
      const { Targets } = await events.send(new ListTargetsByRuleCommand({ Rule: Name }));
      const when = ScheduleExpression ?? JSON.parse(EventPattern ?? '')['detail-type'][0];
      return { when, State, Targets };
    }),
  );
  const kept = {
    DeadLetterConfig: { Arn: queueArn('UndeliveredQueue') },
    RetryPolicy: { MaximumEventAgeInSeconds: DAY, MaximumRetryAttempts: 185 },
  };
  const live = { State: 'ENABLED', Targets: [{ Id: 'live', Arn: queueArn('LiveQueue'), ...kept }] };
  const probe = { Id: 'probe', Arn: queueArn('LiveQueue'), Input: '{"kind":"probe"}', ...kept };
  const heartbeat = { Id: 'heartbeat', Arn: functionArn('sweep'), Input: '{"kind":"heartbeat"}', ...kept };
  expect(rules).toHaveLength(5);
  expect(rules).toEqual(
    expect.arrayContaining([
      { when: 'EC2 Instance State-change Notification', ...live },
      { when: 'AWS API Call via CloudTrail', ...live },
      { when: 'cron(0 8 ? * MON *)', State: 'ENABLED', Targets: [heartbeat] },
      { when: 'rate(15 minutes)', State: 'ENABLED', Targets: [probe] },
      { when: 'rate(1 hour)', State: 'ENABLED', Targets: [{ Id: 'sweep', Arn: functionArn('sweep'), ...kept }] },
    ]),
  );
});

describe('functions', () => {
  test.each(functions)('%s runs its own handler under its own role, and knows the whole deployment', async (name) => {
    const configuration = await configurationOf(name);
    expect(configuration).toMatchObject({
      Runtime: 'nodejs24.x',
      Handler: `src/handlers/${name}.handler`,
      Role: roleArn(roleOf[name]),
      Timeout: { inspect: 60, sweep: 300 }[name],
      MemorySize: 512,
    });
    expect(configuration.Environment?.Variables).toEqual({
      ACCOUNT_ID: accountId,
      ALERT_TAG: 'Environment',
      ALERTS_TOPIC_ARN: idOf('AlertsTopic'),
      BULK_QUEUE_URL: idOf('BulkQueue'),
      ENFORCEMENT: 'off',
      GUARDRAIL_VERSION: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      LIVE_QUEUE_URL: idOf('LiveQueue'),
      OPERATIONS_TOPIC_ARN: idOf('OperationsTopic'),
      OWN_ROLE_ARNS: `${roleArn('InspectRole')},${roleArn('SweepRole')}`,
      POWERTOOLS_LOG_LEVEL: 'INFO',
      POWERTOOLS_METRICS_NAMESPACE: 'EC2Guardrail',
      POWERTOOLS_SERVICE_NAME: stack,
      TABLE_NAME: idOf('FindingsTable'),
    });
  });

  test.each([
    ['LiveQueue', { BatchSize: 100, MaximumBatchingWindowInSeconds: 1, ScalingConfig: { MaximumConcurrency: 5 } }],
    ['BulkQueue', { BatchSize: 1, ScalingConfig: { MaximumConcurrency: 2 } }],
  ])('inspect works off %s, and fails messages one by one', async (queue, expected) => {
    const input = { EventSourceArn: queueArn(queue) };
    const { EventSourceMappings } = await lambda.send(new ListEventSourceMappingsCommand(input));
    expect(EventSourceMappings).toEqual([
      expect.objectContaining({
        FunctionArn: functionArn('inspect'),
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        ...expected,
      }),
    ]);
  });

  function configurationOf(name: string) {
    return lambda.send(new GetFunctionConfigurationCommand({ FunctionName: `${stack}-${name}` }));
  }
});

describe('roles', () => {
  const ownTable = () => `arn:aws:dynamodb:${region}:${accountId}:table/${idOf('FindingsTable')}`;
  const topicKey = () => `arn:aws:kms:${region}:${accountId}:key/${idOf('TopicKey')}`;
  const logOf = (name: string) => `arn:aws:logs:${region}:${accountId}:log-group:/aws/lambda/${stack}-${name}:*`;
  const expectedWrites = {
    inspect: (): readonly Granted[] => [
      {
        Action: ['dynamodb:BatchGetItem', 'dynamodb:PutItem', 'dynamodb:Scan', 'dynamodb:UpdateItem'],
        Resource: ownTable(),
      },
      { Action: 'events:PutEvents', Resource: `arn:aws:events:${region}:${accountId}:event-bus/default` },
      { Action: ['kms:Decrypt', 'kms:GenerateDataKey'], Resource: topicKey() },
      { Action: ['logs:CreateLogStream', 'logs:PutLogEvents'], Resource: logOf('inspect') },
      { Action: 'sns:Publish', Resource: [idOf('AlertsTopic'), idOf('OperationsTopic')] },
      {
        Action: ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage', 'sqs:SendMessage'],
        Resource: [queueArn('LiveQueue'), queueArn('BulkQueue')],
      },
    ],
    sweep: (): readonly Granted[] => [
      { Action: ['dynamodb:BatchGetItem', 'dynamodb:PutItem', 'dynamodb:Scan'], Resource: ownTable() },
      { Action: ['kms:Decrypt', 'kms:GenerateDataKey'], Resource: topicKey() },
      { Action: ['logs:CreateLogStream', 'logs:PutLogEvents'], Resource: logOf('sweep') },
      { Action: 'sns:Publish', Resource: [idOf('AlertsTopic'), idOf('OperationsTopic')] },
      { Action: 'sqs:SendMessage', Resource: [queueArn('BulkQueue'), queueArn('UndeliveredQueue')] },
    ],
  };

  test.each(functions)("%s's role is taken on by Lambda alone", async (name) => {
    const { Role } = await iam.send(new GetRoleCommand({ RoleName: idOf(roleOf[name]) }));
    const { Statement } = JSON.parse(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? ''));
    expect(Statement).toEqual([
      { Sid: 'Lambda', Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
    ]);
  });

  test.each(functions)('%s may change what belongs to this deployment, and nothing else', async (name) => {
    const statements = await ownStatements(iam, idOf(roleOf[name]));
    const writes = statements.filter(({ Resource }) => Resource !== '*');
    expect(grantsIn(writes)).toEqual(grantsIn(expectedWrites[name]()));
    const reads = statements.filter(({ Resource }) => Resource === '*').flatMap(({ Action }) => Action);
    expect(reads).toContain('ec2:DescribeInstances');
    expect(reads.filter((action) => !/^ec2:(Describe|Get)\w+$/.test(action))).toEqual([]);
  });

  /** What may be done to what: each action with each of its resources, sorted. */
  function grantsIn(statements: readonly Granted[]): readonly string[] {
    const pairs = statements.flatMap(({ Action, Resource }) =>
      [Action].flat().flatMap((action) => [Resource].flat().map((resource) => `${action} ${resource}`)),
    );
    return pairs.sort();
  }
});

test.each(['AlertsTopic', 'OperationsTopic'])('%s is under the key of the stack, which is rotated', async (topic) => {
  const { Attributes } = await sns.send(new GetTopicAttributesCommand({ TopicArn: idOf(topic) }));
  expect(Attributes?.KmsMasterKeyId).toBe(idOf('TopicKey'));
  const { KeyRotationEnabled } = await kms.send(new GetKeyRotationStatusCommand({ KeyId: idOf('TopicKey') }));
  expect(KeyRotationEnabled).toBe(true);
});

test('the table is paid by request, and has the keys that the functions write and find by', async () => {
  const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName: idOf('FindingsTable') }));
  expect(Table).toMatchObject({
    BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST' },
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    AttributeDefinitions: ['pk', 'due', 'dueAt'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
    GlobalSecondaryIndexes: [
      expect.objectContaining({
        IndexName: 'due',
        KeySchema: [
          { AttributeName: 'due', KeyType: 'HASH' },
          { AttributeName: 'dueAt', KeyType: 'RANGE' },
        ],
      }),
    ],
  });
});

test('what tells of tampering goes to the operations topic as text; what can not be handed over is kept', async () => {
  const { Rules = [] } = await events.send(new ListRulesCommand({ NamePrefix: `${stack}-` }));
  const rules = Rules.filter(({ Description }) => Description === tamperRule);
  expect(rules.map(({ State }) => State)).toEqual(Array(5).fill('ENABLED'));
  for (const { Name } of rules) {
    const { Targets } = await events.send(new ListTargetsByRuleCommand({ Rule: Name }));
    expect(Targets).toEqual([
      {
        Id: 'operations',
        Arn: idOf('OperationsTopic'),
        DeadLetterConfig: { Arn: queueArn('UndeliveredQueue') },
        RetryPolicy: { MaximumEventAgeInSeconds: DAY, MaximumRetryAttempts: 185 },
        InputTransformer: {
          InputPathsMap: expect.objectContaining({ who: '$.detail.userIdentity.arn' }),
          InputTemplate: expect.stringContaining('"Who: <type> <who>"'),
        },
      },
    ]);
  }
});
