import { AutoScalingClient, DescribeAutoScalingInstancesCommand } from '@aws-sdk/client-auto-scaling';
import {
  BatchGetItemCommand,
  DynamoDBClient,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { DescribeInstancesCommand, type DescribeInstancesCommandOutput, EC2Client } from '@aws-sdk/client-ec2';
import {
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Context, SQSEvent } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { stateChange } from '../../src/sandbox/events.ts';
import { notEnforcing } from '../support/not-enforcing.ts';

const scope = { accountId: '123456789012', region: 'us-east-1' };
const instanceId = 'i-0123456789abcdef0';
const context = {
  functionName: 'inspect',
  awsRequestId: 'request-1',
  getRemainingTimeInMillis: () => 300_000,
} as Context;

const environment = {
  ACCOUNT_ID: scope.accountId,
  AWS_REGION: scope.region,
  GUARDRAIL_VERSION: '0.1.0',
  TABLE_NAME: 'findings',
  ALERTS_TOPIC_ARN: 'arn:aws:sns:us-east-1:123456789012:alerts',
  OPERATIONS_TOPIC_ARN: 'arn:aws:sns:us-east-1:123456789012:operations',
  LIVE_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/123456789012/live',
  DRAIN_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/123456789012/drain',
  BULK_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/123456789012/bulk',
  // With it metrics are written by the console that tests can listen to.
  POWERTOOLS_DEV: 'true',
  POWERTOOLS_LOG_LEVEL: 'SILENT',
  POWERTOOLS_METRICS_DISABLED: 'false',
  POWERTOOLS_SERVICE_NAME: 'ec2-guardrail-test',
};

const ec2 = mockClient(EC2Client);
const dynamodb = mockClient(DynamoDBClient);
const autoScaling = mockClient(AutoScalingClient);
const loadBalancing = mockClient(ElasticLoadBalancingV2Client);
const sns = mockClient(SNSClient);
const sqs = mockClient(SQSClient);
const eventBridge = mockClient(EventBridgeClient);

const written = jest.spyOn(console, 'log').mockImplementation(() => undefined);
afterAll(() => written.mockRestore());

beforeEach(() => {
  Object.assign(process.env, environment);
  const unexpected = new Error('an unexpected call to AWS');
  ec2.reset().onAnyCommand().rejects(unexpected);
  dynamodb.reset().onAnyCommand().rejects(unexpected);
  autoScaling.reset().onAnyCommand().rejects(unexpected);
  loadBalancing.reset().onAnyCommand().rejects(unexpected);
  sns.reset().onAnyCommand().rejects(unexpected);
  sqs.reset().onAnyCommand().rejects(unexpected);
  eventBridge.reset().onAnyCommand().rejects(unexpected);
});

const described: Partial<DescribeInstancesCommandOutput> = {
  Reservations: [
    {
      OwnerId: scope.accountId,
      ReservationId: 'r-1',
      Instances: [
        {
          InstanceId: instanceId,
          InstanceType: 'm7i.large',
          LaunchTime: new Date('2026-01-01T00:00:00Z'),
          State: { Name: 'running' },
          Placement: { AvailabilityZone: 'us-east-1a' },
        },
      ],
    },
  ],
};

function sqsEvent(...bodies: readonly string[]): SQSEvent {
  const records = bodies.map((body, index) => ({ messageId: `message-${index}`, body }));
  return { Records: records } as unknown as SQSEvent;
}

/** What a run counted, by metric. */
async function metricsOf(run: () => Promise<unknown>): Promise<Readonly<Record<string, unknown>>> {
  written.mockClear();
  await run();
  const lines = written.mock.calls.map(([line]) => JSON.parse(String(line)) as Record<string, unknown>);
  return Object.assign({}, ...lines.filter((line) => '_aws' in line));
}

const running = JSON.stringify(
  stateChange(scope, { instanceId, state: 'running', at: new Date('2026-01-02T00:00:00Z'), id: 'event-1' }),
);

describe('λ inspect', () => {
  it('inspects what a batch names, alerts, and gives back the one message that failed', async () => {
    ec2.on(DescribeInstancesCommand, { Filters: [{ Name: 'instance-id', Values: [instanceId] }] }).resolves(described);
    dynamodb.on(BatchGetItemCommand).resolves({ Responses: { findings: [] } });
    dynamodb.on(PutItemCommand).resolves({});
    sns.on(PublishCommand, { TopicArn: environment.ALERTS_TOPIC_ARN }).resolves({ MessageId: '1' });
    eventBridge.on(PutEventsCommand).resolves({ FailedEntryCount: 0, Entries: [{ EventId: '1' }] });

    const { handler } = await import('../../src/handlers/inspect.ts');
    const response = await handler(sqsEvent(running, 'not JSON'), context);

    expect(response).toEqual({ batchItemFailures: [{ itemIdentifier: 'message-1' }] });
    expect(sns.commandCalls(PublishCommand).map((call) => call.args[0].input.Subject)).toEqual([
      `[HIGH] required-tags: ${instanceId} in us-east-1`,
    ]);
    const written = dynamodb.commandCalls(PutItemCommand).map((call) => call.args[0].input.ConditionExpression);
    expect(written).toEqual(['attribute_not_exists(pk)', 'version = :version']);
  });

  it('counts a probe only when the table was read and written', async () => {
    dynamodb.on(BatchGetItemCommand).resolves({ Responses: { findings: [] } });
    dynamodb.on(PutItemCommand).resolvesOnce({}).rejects(new Error('the table is gone'));

    const { handler } = await import('../../src/handlers/inspect.ts');
    const completed = await metricsOf(() => handler(sqsEvent('{"kind":"probe"}'), context));
    const failed = await metricsOf(() => handler(sqsEvent('{"kind":"probe"}'), context));

    expect([completed.ProbeCompleted, failed.ProbeCompleted]).toEqual([1, 0]);
    expect(ec2.calls()).toEqual([]);
  });

  it('counts a tick only when what is due was read, and none where there was no tick', async () => {
    dynamodb.on(QueryCommand).resolvesOnce({ Items: [] }).rejects(new Error('the index is gone'));
    dynamodb.on(BatchGetItemCommand).resolves({ Responses: { findings: [] } });
    dynamodb.on(PutItemCommand).resolves({});

    const { handler } = await import('../../src/handlers/inspect.ts');
    const completed = await metricsOf(() => handler(sqsEvent('{"kind":"tick"}'), context));
    const failed = await metricsOf(() => handler(sqsEvent('{"kind":"tick"}'), context));
    const none = await metricsOf(() => handler(sqsEvent('{"kind":"probe"}'), context));

    expect(completed).toHaveProperty('TickCompleted', 1);
    expect(failed).not.toHaveProperty('TickCompleted');
    expect(none).not.toHaveProperty('TickCompleted');
  });

  it('counts a refused call even when it ends the run', async () => {
    ec2.on(DescribeInstancesCommand).resolves(described);
    dynamodb
      .on(BatchGetItemCommand)
      .rejects(Object.assign(new Error('not authorized'), { name: 'AccessDeniedException' }));

    const { handler } = await import('../../src/handlers/inspect.ts');
    const counted = await metricsOf(() =>
      expect(handler(sqsEvent(running), context)).rejects.toThrow('not authorized'),
    );

    expect(counted).toMatchObject({ RefusedCalls: 1 });
    expect(counted).not.toHaveProperty('Inspected');
  });

  it('rejects when the table can not be read, so that the whole batch comes again', async () => {
    ec2.on(DescribeInstancesCommand).resolves(described);
    const { handler } = await import('../../src/handlers/inspect.ts');
    await expect(handler(sqsEvent(running), context)).rejects.toThrow('an unexpected call to AWS');
    expect(sns.calls()).toEqual([]);
  });
});

describe('λ drain', () => {
  it('ignores what announces nothing, and gives back the one message that failed', async () => {
    const pending = JSON.stringify(
      stateChange(scope, { instanceId, state: 'pending', at: new Date('2026-01-02T00:00:00Z'), id: 'event-1' }),
    );

    const { handler } = await import('../../src/handlers/drain.ts');
    const counted = await metricsOf(async () =>
      expect(await handler(sqsEvent(pending, 'not JSON'), context)).toEqual({
        batchItemFailures: [{ itemIdentifier: 'message-1' }],
      }),
    );

    expect(counted).toMatchObject({ DrainNotices: 0, DrainMoves: 0, DrainFailedMoves: 0, FailedMessages: 1 });
    expect([...ec2.calls(), ...dynamodb.calls(), ...sns.calls()]).toEqual([]);
  });

  it('tells and counts what is announced of an instance', async () => {
    const [{ Instances: [web] = [], ...reservation } = {}] = described.Reservations ?? [];
    const instance = { ...web, InstanceId: instanceId, InstanceLifecycle: 'spot' } as const;
    ec2.on(DescribeInstancesCommand).resolves({ Reservations: [{ ...reservation, Instances: [instance] }] });
    dynamodb.on(BatchGetItemCommand).resolves({ Responses: { findings: [] } });
    dynamodb.on(PutItemCommand).resolves({});
    autoScaling.on(DescribeAutoScalingInstancesCommand).resolves({ AutoScalingInstances: [] });
    sns.on(PublishCommand, { TopicArn: environment.ALERTS_TOPIC_ARN }).resolves({ MessageId: '1' });
    sqs.on(SendMessageCommand, { QueueUrl: environment.DRAIN_QUEUE_URL }).resolves({ MessageId: '1' });
    const warning = {
      ...{ source: 'aws.ec2', account: scope.accountId, region: scope.region, time: new Date().toISOString() },
      'detail-type': 'EC2 Spot Instance Interruption Warning',
      detail: { 'instance-id': instanceId, 'instance-action': 'terminate' },
    };

    const { handler } = await import('../../src/handlers/drain.ts');
    const counted = await metricsOf(async () =>
      expect(await handler(sqsEvent(JSON.stringify(warning)), context)).toEqual({ batchItemFailures: [] }),
    );

    expect(counted).toMatchObject({ DrainNotices: 1, DrainMoves: 0, Alerts: 1 });
    expect(sns.commandCalls(PublishCommand).map((call) => call.args[0].input.Message)).toEqual([
      expect.stringContaining(instanceId),
    ]);
  });

  it('writes down every time, in its unit', async () => {
    const { inRun, measure } = await import('../../src/handlers/compose.ts');
    const counted = await metricsOf(() =>
      inRun(context, async () => measure({ DrainFirstDeregistrationMs: [800, 1200], DrainSecondsLeft: [96] })),
    );

    expect(counted).toMatchObject({ DrainFirstDeregistrationMs: [800, 1200], DrainSecondsLeft: 96 });
    expect(JSON.stringify(counted._aws)).toContain('{"Name":"DrainFirstDeregistrationMs","Unit":"Milliseconds"}');
    expect(JSON.stringify(counted._aws)).toContain('{"Name":"DrainSecondsLeft","Unit":"Seconds"}');
  });

  it('names the queue that is missing from the environment', async () => {
    const { composeDrainEngine } = await import('../../src/handlers/compose.ts');
    expect(() =>
      composeDrainEngine({ ...environment, DRAIN_QUEUE_URL: '' }, { policies: [], safety: notEnforcing.safety }, {}),
    ).toThrow("DRAIN_QUEUE_URL is not in the function's environment");
  });
});

describe('λ sweep', () => {
  it('puts all instances on the bulk queue', async () => {
    ec2.on(DescribeInstancesCommand).resolves(described);
    dynamodb.on(ScanCommand).resolves({ Items: [] });
    dynamodb.on(BatchGetItemCommand).resolves({ Responses: { findings: [] } });
    dynamodb.on(PutItemCommand).resolves({});
    sqs.on(SendMessageCommand, { QueueUrl: environment.BULK_QUEUE_URL }).resolves({ MessageId: '1' });

    const { handler } = await import('../../src/handlers/sweep.ts');
    await handler({}, context);

    const bodies = sqs.commandCalls(SendMessageCommand).map((call) => JSON.parse(call.args[0].input.MessageBody ?? ''));
    expect(bodies).toEqual([expect.objectContaining({ kind: 'sweep', silent: true, instanceIds: [instanceId] })]);
  });

  describe('where a policy drains from target groups', () => {
    const TargetGroupArn = 'arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/0123456789abcdef';
    const swept = { SweepCompleted: 0, SweptInstances: 1 };

    beforeEach(() => {
      ec2.on(DescribeInstancesCommand).resolves(described);
      dynamodb.on(ScanCommand).resolves({ Items: [] });
      dynamodb.on(BatchGetItemCommand).resolves({ Responses: { findings: [] } });
      dynamodb.on(PutItemCommand).resolves({});
      dynamodb.on(UpdateItemCommand).resolves({ Attributes: { takenUntil: { N: String(Date.now()) } } });
      sqs.on(SendMessageCommand).resolves({ MessageId: '1' });
      loadBalancing.on(DescribeTargetGroupsCommand).resolves({ TargetGroups: [{ TargetGroupArn }] });
    });

    const targetsWritten = () =>
      dynamodb
        .commandCalls(PutItemCommand)
        .map((call) => call.args[0].input.Item)
        .filter((item) => item?.pk?.S?.startsWith('targets#'))
        .map((item) => JSON.parse(item?.body?.S ?? '{}').groups);

    it('keeps the index of them', async () => {
      const rows = [{ Target: { Id: instanceId, Port: 80 }, TargetHealth: { State: 'healthy' as const } }];
      loadBalancing.on(DescribeTargetHealthCommand).resolves({ TargetHealthDescriptions: rows });

      const { handler } = await import('../../src/handlers/sweep.ts');
      const counted = await metricsOf(() => handler({}, context));

      expect(targetsWritten()).toEqual([{ [TargetGroupArn]: expect.objectContaining({ targets: [instanceId] }) }]);
      expect(counted).toMatchObject({ ...swept, TargetIndexFailures: 0 });
    });

    it('counts what of it failed, and does not fail', async () => {
      const { handler } = await import('../../src/handlers/sweep.ts');
      const counted = await metricsOf(() => handler({}, context));

      expect(targetsWritten()).toEqual([]);
      expect(counted).toMatchObject({ ...swept, TargetIndexFailures: 1 });
    });

    it('begins with nothing of it where its own time is short', async () => {
      const { handler } = await import('../../src/handlers/sweep.ts');
      const counted = await metricsOf(() => handler({}, { ...context, getRemainingTimeInMillis: () => 50_000 }));

      expect(loadBalancing.calls()).toEqual([]);
      expect(counted).toMatchObject({ ...swept, TargetIndexFailures: 1 });
    });
  });

  it('says that it is alive when the clock asks for that, and sweeps nothing', async () => {
    dynamodb.on(ScanCommand).resolves({ Items: [] });
    dynamodb.on(BatchGetItemCommand).resolves({ Responses: { findings: [] } });
    sns.on(PublishCommand, { TopicArn: environment.OPERATIONS_TOPIC_ARN }).resolves({ MessageId: '1' });

    const { handler } = await import('../../src/handlers/sweep.ts');
    await handler({ kind: 'heartbeat' }, context);

    expect(sns.commandCalls(PublishCommand).map((call) => call.args[0].input.Subject)).toEqual([
      '[ALIVE] 0 open findings, 0 unknown in us-east-1',
    ]);
    expect([...ec2.calls(), ...sqs.calls()]).toEqual([]);
  });

  it('rejects when EC2 refuses, so that Lambda tries again and the alarm is raised', async () => {
    dynamodb.on(ScanCommand).resolves({ Items: [] });
    dynamodb.on(BatchGetItemCommand).resolves({ Responses: { findings: [] } });
    const { handler } = await import('../../src/handlers/sweep.ts');
    await expect(handler({}, context)).rejects.toThrow('an unexpected call to AWS');
  });
});

it('names what is missing from the environment', async () => {
  const { composeEngine } = await import('../../src/handlers/compose.ts');
  expect(() =>
    composeEngine({ ...environment, TABLE_NAME: '' }, { policies: [], safety: notEnforcing.safety }),
  ).toThrow("TABLE_NAME is not in the function's environment");
});
