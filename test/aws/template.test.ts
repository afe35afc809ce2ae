import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetTemplateCommand } from '@aws-sdk/client-cloudformation';
import type { PermissionsDocument } from '../../src/cli/report/document.ts';
import { withPlaceholders } from '../../src/stack/cloudformation.ts';
import { ec2Guardrail } from './support/cli.ts';
import { outcomeOf } from './support/commands.ts';
import { cloudFormation, deployed } from './support/deployment.ts';
import { inVenv } from './support/python.ts';

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

interface Resource {
  readonly Type: string;
  // Whatever CloudFormation's documentation has for the type.
  // biome-ignore lint/suspicious/noExplicitAny: a template is not typed, and what is missing fails the test.
  readonly Properties: any;
}

interface Statement {
  readonly Sid: string;
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: Json;
  readonly [more: string]: Json;
}

let folder: string;
let template: Readonly<Record<string, Resource>>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'template-'));
  const { TemplateBody = '' } = await cloudFormation.send(new GetTemplateCommand({ StackName: deployed.stack }));
  writeFileSync(join(folder, 'deployed.json'), TemplateBody);
  template = JSON.parse(TemplateBody).Resources;
});

afterAll(() => rmSync(folder, { recursive: true }));

/** @throws Error where there is none: a test would pass that looked at nothing. */
function ofType(type: string): readonly (readonly [string, Resource['Properties']])[] {
  const found = Object.entries(template).flatMap(([id, { Type, Properties }]) =>
    Type === type ? [[id, Properties] as const] : [],
  );
  if (found.length === 0) throw new Error(`the template has no ${type}`);
  return found;
}

/** The logical id that a value refers to. */
function idIn(value: Json): string {
  const [, id] = /"(?:Ref|Fn::GetAtt)":\[?"(\w+)"/.exec(JSON.stringify(value)) ?? [];
  return id ?? `no resource: ${JSON.stringify(value)}`;
}

function listOf<T>(value: T | readonly T[]): readonly T[] {
  return [value].flat() as readonly T[];
}

/** Statements of the policy of a queue or topic. */
function policyOf(id: string): readonly Statement[] {
  return [...ofType('AWS::SQS::QueuePolicy'), ...ofType('AWS::SNS::TopicPolicy')]
    .filter(([, { Queues, Topics }]) => listOf<Json>(Queues ?? Topics).some((one) => idIn(one) === id))
    .flatMap(([, { PolicyDocument }]) => PolicyDocument.Statement);
}

/**
 * `npx serverless package` for another Region; gives what it printed on stderr.
 * @throws Error with that, if it fails.
 */
async function packageInto(packed: string, parameters: Readonly<Record<string, string>>): Promise<string> {
  const given = Object.entries(parameters).flatMap(([name, value]) => ['--param', `${name}=${value}`]);
  const command = ['serverless', 'package', '--package', packed, '--region', 'us-east-1', ...given];
  const { exitCode, stderr } = await outcomeOf('npx', command);
  if (exitCode !== 0) throw new Error(stderr);
  return stderr;
}

/** Whatever a deployment can be told. */
const everyParameter = {
  alertTopicArn: 'arn:aws:sns:us-east-1:123456789012:security-alerts',
  alertTopicKeyArn: 'arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555',
  operationsEmail: 'ops@example.com',
  alertTag: 'Team',
  logLevel: 'DEBUG',
  logRetentionDays: '90',
};

describe('cfn-lint finds nothing', () => {
  test('in the template that was deployed', () => lint(join(folder, 'deployed.json'), deployed.region));

  test('in that of another Region with every parameter', async () => {
    const packed = join(folder, 'package');
    await packageInto(packed, everyParameter);
    await lint(join(packed, 'cloudformation-template-update-stack.json'), 'us-east-1');
  });

  async function lint(file: string, region: string): Promise<void> {
    const { exitCode, stdout, stderr } = await outcomeOf(inVenv('cfn-lint'), ['--regions', region, '--', file]);
    expect({ exitCode, printed: stdout + stderr }).toEqual({ exitCode: 0, printed: '' });
  }
});

test('an exemption that has ended is told once to whoever deploys, and stops nothing', async () => {
  const policies = join(folder, 'policies');
  mkdirSync(join(policies, 'disks'), { recursive: true });
  const exempt = [{ match: { namePrefix: ['old-'] }, reason: 'is moved', until: '2020-01-01' }];
  const policy = { name: 'disks', description: 'Of disks.', severity: 'high', rule: 'encrypted-volumes', exempt };
  // JSON is YAML.
  writeFileSync(join(policies, 'disks', 'policy.yml'), JSON.stringify({ ...policy, actions: ['notify'] }));

  const told = await packageInto(join(folder, 'warned'), { policies });

  expect(told).toMatch(/disks\/policy\.yml:1:\d+ {2}exemption-expired {2}this exemption ended on 2020-01-01/);
  expect(told.match(/exemption-expired/g)).toHaveLength(1);
});

/** The streams of one log: Lambda makes up their names. */
const streamsOfLog = /^"(arn:[^*]+:logs:[^*]+:log-group:[^*]+):\*"$/;

test('no role may change anything by a wildcard', () => {
  const roles = ofType('AWS::IAM::Role');
  expect(roles.map(([id]) => id)).toEqual(['InspectRole', 'SweepRole']);
  const statements: readonly Statement[] = roles.flatMap(([, { Policies }]) =>
    listOf<{ PolicyDocument: { Statement: Statement[] } }>(Policies).flatMap((one) => one.PolicyDocument.Statement),
  );
  expect(statements.flatMap(({ Action }) => listOf(Action)).filter((action) => action.includes('*'))).toEqual([]);
  const onEverything = statements.filter(({ Resource }) => listOf(Resource).includes('*'));
  const actions = onEverything.flatMap(({ Action }) => listOf(Action));
  expect(actions.filter((action) => !/^\w+:(Describe|Get|List)\w+$/.test(action))).toEqual([]);
  const resources = statements
    .flatMap(({ Resource }) => listOf(withPlaceholders(Resource)))
    .filter((one) => one !== '*');
  const arns = resources.map((one) => JSON.stringify(one).replace(streamsOfLog, '$1'));
  expect(arns.filter((arn) => /[*?]/.test(arn))).toEqual([]);
});

test('the roles that were deployed may do what `permissions` prints', async () => {
  const { stdout } = await ec2Guardrail(`permissions --stage ${deployed.stage} --format json`);
  const { roles } = JSON.parse(stdout) as PermissionsDocument;
  const inTemplate = ofType('AWS::IAM::Role').map(([id, { Policies }]) => [id, withPlaceholders(Policies)]);
  const printed = Object.entries(roles).map(([id, PolicyDocument]) => [id, [{ PolicyName: 'own', PolicyDocument }]]);
  expect(inTemplate).toEqual(printed);
});

const ofThisAccount = { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } };

test('every alarm reaches people: CloudWatch may publish to its topic, and use the key that the topic is under', () => {
  const alarms = ofType('AWS::CloudWatch::Alarm');
  for (const [id, { AlarmActions, OKActions }] of alarms) {
    expect([id, AlarmActions, OKActions]).toEqual([id, [{ Ref: 'OperationsTopic' }], [{ Ref: 'OperationsTopic' }]]);
  }
  const byCloudWatch = { Sid: 'Alarms', Effect: 'Allow', Principal: { Service: 'cloudwatch.amazonaws.com' } };
  expect(policyOf('OperationsTopic')).toContainEqual({
    ...byCloudWatch,
    Action: 'sns:Publish',
    Resource: { Ref: 'OperationsTopic' },
    Condition: ofThisAccount,
  });
  const key = idIn(template.OperationsTopic?.Properties.KmsMasterKeyId);
  expect(template[key]?.Properties.KeyPolicy.Statement).toContainEqual({
    ...byCloudWatch,
    Action: ['kms:Decrypt', 'kms:GenerateDataKey*'],
    Resource: '*',
    Condition: ofThisAccount,
  });
  const subscribed = ofType('AWS::SNS::Subscription').map(([, { TopicArn }]) => idIn(TopicArn));
  expect(subscribed).toContain('OperationsTopic');
});

test('the alarm on a missing sweep watches the metric as the functions publish it', () => {
  const { Namespace, Dimensions } = template.SweepMissingAlarm?.Properties ?? {};
  for (const [, { Environment }] of ofType('AWS::Lambda::Function'))
    expect(Environment.Variables).toMatchObject({
      POWERTOOLS_METRICS_NAMESPACE: Namespace,
      POWERTOOLS_SERVICE_NAME: Dimensions[0].Value,
    });
});

test('every queue, topic and table is encrypted, and refuses whoever comes without TLS', () => {
  const queues = ofType('AWS::SQS::Queue');
  const topics = ofType('AWS::SNS::Topic');
  expect([queues.length, topics.length, ofType('AWS::DynamoDB::Table').length]).toEqual([5, 2, 1]);
  for (const [id, { SqsManagedSseEnabled }] of queues) expect([id, SqsManagedSseEnabled]).toEqual([id, true]);
  for (const [id, { KmsMasterKeyId }] of topics) expect([id, idIn(KmsMasterKeyId)]).toEqual([id, 'TopicKey']);
  for (const [, { SSESpecification }] of ofType('AWS::DynamoDB::Table')) expect(SSESpecification.SSEEnabled).toBe(true);
  for (const [id] of queues) expect(policyOf(id)).toContainEqual(withoutTls('sqs:*', arnOf(id)));
  for (const [id] of topics) expect(policyOf(id)).toContainEqual(withoutTls('sns:Publish', { Ref: id }));
});

function withoutTls(Action: string, Resource: Json): Statement {
  const Condition = { Bool: { 'aws:SecureTransport': 'false' } };
  return { Sid: 'DenyWithoutTls', Effect: 'Deny', Principal: '*', Action, Resource, Condition };
}

function arnOf(id: string): Json {
  return { 'Fn::GetAtt': [id, 'Arn'] };
}

describe.each(['LiveQueue', 'UndeliveredQueue'])('%s', (queue) => {
  test('lets in EventBridge, for every rule that sends to it or leaves there what it could not send', () => {
    const senders = ofType('AWS::Events::Rule').filter(([, { Targets }]) =>
      Targets.some(({ Arn, DeadLetterConfig }: { Arn: Json; DeadLetterConfig: { Arn: Json } }) =>
        [Arn, DeadLetterConfig.Arn].some((one) => idIn(one) === queue),
      ),
    );
    const [statement] = policyOf(queue).filter(({ Effect }) => Effect === 'Allow');
    const ids = senders.map(([id]) => id).sort();
    expect(ids.length).toBeGreaterThan(1);
    expect({ ...statement, Condition: sourcesIn(statement?.Condition) }).toEqual({
      Sid: 'OwnEventRules',
      Effect: 'Allow',
      Principal: { Service: 'events.amazonaws.com' },
      Action: 'sqs:SendMessage',
      Resource: arnOf(queue),
      Condition: ids,
    });
  });

  /** The rules of a condition that lets in these and no others. */
  function sourcesIn(condition: Json | undefined): readonly string[] {
    const { ArnEquals } = condition as { ArnEquals: { 'aws:SourceArn': readonly Json[] } };
    expect(condition).toEqual({ ArnEquals });
    return ArnEquals['aws:SourceArn'].map(idIn).sort();
  }
});

test('every rule keeps what it can not hand over', () => {
  const kept = ofType('AWS::Events::Rule').flatMap(([, { Targets }]) =>
    Targets.map(({ DeadLetterConfig }: { DeadLetterConfig: { Arn: Json } }) => idIn(DeadLetterConfig.Arn)),
  );
  expect(kept.length).toBeGreaterThanOrEqual(4);
  expect(new Set(kept)).toEqual(new Set(['UndeliveredQueue']));
});

test('the clock may call the sweep, by either schedule, and nobody else may', () => {
  const clocks = ofType('AWS::Events::Rule').flatMap(([id, { ScheduleExpression, Targets }]) =>
    ScheduleExpression === undefined || idIn(Targets[0].Arn) !== 'SweepLambdaFunction' ? [] : [id],
  );
  expect(clocks).toHaveLength(2);
  expect(ofType('AWS::Lambda::Permission').map(([, properties]) => properties)).toEqual(
    clocks.map((clock) => ({
      FunctionName: arnOf('SweepLambdaFunction'),
      Action: 'lambda:InvokeFunction',
      Principal: 'events.amazonaws.com',
      SourceArn: arnOf(clock),
    })),
  );
});

test('a run of the sweep that failed goes to a queue too', () => {
  const [config, ...others] = ofType('AWS::Lambda::EventInvokeConfig').map(([, properties]) => properties);
  expect(others).toEqual([]);
  expect([idIn(config?.FunctionName), idIn(config?.DestinationConfig.OnFailure.Destination)]).toEqual([
    'SweepLambdaFunction',
    'UndeliveredQueue',
  ]);
  // It is tried twice more within the hour, after which the next one comes.
  expect(config).toMatchObject({ MaximumRetryAttempts: 2, MaximumEventAgeInSeconds: 3600 });
});

test('a message is hidden for six times as long as its function may run, and dead letters are kept longer than it', () => {
  const mappings = ofType('AWS::Lambda::EventSourceMapping');
  expect(mappings.map(([, { EventSourceArn }]) => idIn(EventSourceArn))).toEqual(['LiveQueue', 'BulkQueue']);
  for (const [id, mapping] of mappings) {
    const { VisibilityTimeout, RedrivePolicy, MessageRetentionPeriod } =
      template[idIn(mapping.EventSourceArn)]?.Properties ?? {};
    const { Timeout } = template[idIn(mapping.FunctionName)]?.Properties ?? {};
    const { MaximumBatchingWindowInSeconds = 0 } = mapping;
    expect([id, VisibilityTimeout]).toEqual([id, 6 * Timeout]);
    expect(VisibilityTimeout).toBeGreaterThan(Timeout + MaximumBatchingWindowInSeconds);
    expect(MessageRetentionPeriod).toBeGreaterThan(RedrivePolicy.maxReceiveCount * VisibilityTimeout);
    const deadLetters = template[idIn(RedrivePolicy.deadLetterTargetArn)]?.Properties;
    expect(deadLetters.MessageRetentionPeriod).toBeGreaterThan(MessageRetentionPeriod);
    expect(mapping.FunctionResponseTypes).toEqual(['ReportBatchItemFailures']);
  }
});

test('functions run on arm64, which costs less, and reserve no concurrency, which would throttle their queues', () => {
  const functions = ofType('AWS::Lambda::Function').map(([, properties]) => properties);
  expect(functions.map(({ Architectures }) => Architectures)).toEqual([['arm64'], ['arm64']]);
  for (const properties of functions) expect(properties).not.toHaveProperty('ReservedConcurrentExecutions');
});

test('logs are kept for 30 days, the bucket of the code is closed, and no version of a function is kept', () => {
  expect(ofType('AWS::Logs::LogGroup').map(([, { RetentionInDays }]) => RetentionInDays)).toEqual([30, 30]);
  expect(ofType('AWS::S3::Bucket').map(([, properties]) => properties.PublicAccessBlockConfiguration)).toEqual([
    { BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true },
  ]);
  expect(Object.values(template).map(({ Type }) => Type)).not.toContain('AWS::Lambda::Version');
});

test('what tells of tampering reaches people without a function: its rules may publish to the topic, and use its key', () => {
  const toTopic = ofType('AWS::Events::Rule').flatMap(([id, { Targets }]) =>
    idIn(Targets[0].Arn) === 'OperationsTopic' ? [id] : [],
  );
  expect(toTopic).toHaveLength(5);
  const byEventBridge = { Effect: 'Allow', Principal: { Service: 'events.amazonaws.com' } };
  expect(policyOf('OperationsTopic')).toContainEqual({
    ...byEventBridge,
    Sid: 'OwnEventRules',
    Action: 'sns:Publish',
    Resource: { Ref: 'OperationsTopic' },
    Condition: { ArnEquals: { 'aws:SourceArn': toTopic.map(arnOf) } },
  });
  const key = idIn(template.OperationsTopic?.Properties.KmsMasterKeyId);
  expect(template[key]?.Properties.KeyPolicy.Statement).toContainEqual({
    ...byEventBridge,
    Sid: 'EventRules',
    Action: ['kms:Decrypt', 'kms:GenerateDataKey*'],
    Resource: '*',
    Condition: ofThisAccount,
  });
});

test('the rules on tampering name every queue, topic, rule and table, both functions, their roles and the mappings', () => {
  const types = [
    'AWS::SQS::Queue',
    'AWS::SNS::Topic',
    'AWS::Events::Rule',
    'AWS::DynamoDB::Table',
    'AWS::IAM::Role',
    'AWS::Lambda::EventSourceMapping',
  ];
  const patterns = Object.entries(template).flatMap(([id, { Properties }]) =>
    id.endsWith('Tampering') ? [JSON.stringify(Properties.EventPattern)] : [],
  );
  const named = new Set(
    patterns.flatMap((pattern) => [...pattern.matchAll(/"(?:Ref|Fn::GetAtt)":\[?"(\w+)"/g)].map(([, id]) => id)),
  );
  const unnamed = types.flatMap((type) => ofType(type).flatMap(([id]) => (named.has(id) ? [] : [id])));
  // These two name each other, which CloudFormation could not resolve: their names are given.
  expect(unnamed).toEqual(['RuleTampering', 'TargetTampering']);
  for (const id of unnamed) expect(patterns.join()).toContain(JSON.stringify(template[id]?.Properties.Name));
  for (const [, { FunctionName }] of ofType('AWS::Lambda::Function'))
    expect(patterns.join()).toContain(JSON.stringify(FunctionName));
});
