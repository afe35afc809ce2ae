import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EC2Client, EC2ServiceException } from '@aws-sdk/client-ec2';
import { ECSClient } from '@aws-sdk/client-ecs';
import { ElasticLoadBalancingClient } from '@aws-sdk/client-elastic-load-balancing';
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { KMSClient } from '@aws-sdk/client-kms';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { SSMClient } from '@aws-sdk/client-ssm';
import { mockClient } from 'aws-sdk-client-mock';
import { changingSenders } from '../../src/aws/changes.ts';
import { drainSenders } from '../../src/aws/drain.ts';
import { type SdkOptions, sdk } from '../../src/aws/sdk.ts';
import {
  changingOperations,
  drainingOperations,
  type Input,
  iamActionOf,
  isChanging,
  isDraining,
  type Operation,
} from '../../src/domain/operations.ts';

const mocks: Readonly<Record<string, ReturnType<typeof mockClient>>> = {
  ec2: mockClient(EC2Client),
  kms: mockClient(KMSClient),
  dynamodb: mockClient(DynamoDBClient),
  sns: mockClient(SNSClient),
  sqs: mockClient(SQSClient),
  events: mockClient(EventBridgeClient),
  elbv2: mockClient(ElasticLoadBalancingV2Client),
  elb: mockClient(ElasticLoadBalancingClient),
  ecs: mockClient(ECSClient),
  autoscaling: mockClient(AutoScalingClient),
  ssm: mockClient(SSMClient),
};

const TargetGroupArn = 'arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/web/0123456789abcdef';
const Targets = [{ Id: 'i-0123456789abcdef0', Port: 8080 }];

const inputs: { readonly [O in Operation]: Input<O> } = {
  'ec2:DescribeInstances': { InstanceIds: ['i-0123456789abcdef0'] },
  'ec2:DescribeVolumes': { NextToken: 'page-2' },
  'ec2:DescribeSecurityGroups': { GroupIds: ['sg-0123456789abcdef0'] },
  'ec2:DescribeSecurityGroupRules': { MaxResults: 1000 },
  'ec2:DescribeNetworkInterfaces': { NetworkInterfaceIds: ['eni-0123456789abcdef0'] },
  'ec2:DescribeInstanceAttribute': { InstanceId: 'i-0123456789abcdef0', Attribute: 'disableApiStop' },
  'ec2:DescribeSpotInstanceRequests': { SpotInstanceRequestIds: ['sir-01234567'] },
  'ec2:DescribeInstanceTypes': { InstanceTypes: ['m7i.large'] },
  'ec2:GetManagedPrefixListEntries': { PrefixListId: 'pl-0123456789abcdef0' },
  'ec2:RevokeSecurityGroupIngress': {
    GroupId: 'sg-0123456789abcdef0',
    SecurityGroupRuleIds: ['sgr-0123456789abcdef0'],
  },
  'ec2:AuthorizeSecurityGroupIngress': { GroupId: 'sg-0123456789abcdef0', IpPermissions: [{ IpProtocol: '-1' }] },
  'ec2:StopInstances': { InstanceIds: ['i-0123456789abcdef0'], Hibernate: true },
  'ec2:StartInstances': { InstanceIds: ['i-0123456789abcdef0'] },
  'ec2:TerminateInstances': { InstanceIds: ['i-0123456789abcdef0'] },
  'ec2:ModifyInstanceAttribute': { InstanceId: 'i-0123456789abcdef0', DisableApiStop: { Value: false } },
  'ec2:ModifyNetworkInterfaceAttribute': {
    NetworkInterfaceId: 'eni-0123456789abcdef0',
    Groups: ['sg-0123456789abcdef0'],
  },
  'ec2:CreateSnapshots': { InstanceSpecification: { InstanceId: 'i-0123456789abcdef0' } },
  'ec2:CreateTags': { Resources: ['i-0123456789abcdef0'], Tags: [{ Key: 'a', Value: 'b' }] },
  'ec2:DeleteTags': { Resources: ['i-0123456789abcdef0'], Tags: [{ Key: 'a' }] },
  'kms:ListAliases': { Limit: 100 },
  'dynamodb:BatchGetItem': { RequestItems: { findings: { Keys: [{ pk: { S: 'a' } }] } } },
  'dynamodb:PutItem': { TableName: 'findings', Item: { pk: { S: 'a' } } },
  'dynamodb:UpdateItem': { TableName: 'findings', Key: { pk: { S: 'a' } } },
  'dynamodb:Query': { TableName: 'findings', IndexName: 'due' },
  'dynamodb:Scan': { TableName: 'findings' },
  'dynamodb:ListTables': { Limit: 5 },
  'sns:Publish': { TopicArn: 'arn:aws:sns:eu-central-1:123456789012:alerts', Message: 'text' },
  'sqs:SendMessage': { QueueUrl: 'https://sqs.eu-central-1.amazonaws.com/123456789012/live', MessageBody: '{}' },
  'events:PutEvents': { Entries: [{ Source: 'ec2-guardrail', DetailType: 'finding', Detail: '{}' }] },
  'elbv2:DescribeTargetGroups': { PageSize: 400 },
  'elbv2:DescribeTargetHealth': { TargetGroupArn, Targets },
  'elbv2:DescribeTargetGroupAttributes': { TargetGroupArn },
  'elbv2:DeregisterTargets': { TargetGroupArn, Targets },
  'elbv2:RegisterTargets': { TargetGroupArn, Targets },
  'elb:DescribeLoadBalancers': { PageSize: 400 },
  'elb:DescribeInstanceHealth': { LoadBalancerName: 'old' },
  'elb:DeregisterInstancesFromLoadBalancer': {
    LoadBalancerName: 'old',
    Instances: [{ InstanceId: 'i-0123456789abcdef0' }],
  },
  'elb:RegisterInstancesWithLoadBalancer': {
    LoadBalancerName: 'old',
    Instances: [{ InstanceId: 'i-0123456789abcdef0' }],
  },
  'ecs:ListClusters': { maxResults: 100 },
  'ecs:ListContainerInstances': { cluster: 'web', filter: 'ec2InstanceId == i-0123456789abcdef0' },
  'ecs:DescribeContainerInstances': { cluster: 'web', containerInstances: ['0123456789abcdef'] },
  'ecs:DescribeCapacityProviders': { capacityProviders: ['spot'] },
  'ecs:ListServices': { cluster: 'web' },
  'ecs:DescribeServices': { cluster: 'web', services: ['shop'] },
  'ecs:ListTasks': { cluster: 'web', desiredStatus: 'STOPPED' },
  'ecs:DescribeTasks': { cluster: 'web', tasks: ['0123456789abcdef'] },
  'ecs:UpdateContainerInstancesState': {
    cluster: 'web',
    containerInstances: ['0123456789abcdef'],
    status: 'DRAINING',
  },
  'autoscaling:DescribeAutoScalingInstances': { InstanceIds: ['i-0123456789abcdef0'] },
  'autoscaling:DescribeAutoScalingGroups': { AutoScalingGroupNames: ['web'] },
  'autoscaling:DescribeLifecycleHooks': { AutoScalingGroupName: 'web' },
  'autoscaling:DetachInstances': {
    AutoScalingGroupName: 'web',
    InstanceIds: ['i-0123456789abcdef0'],
    ShouldDecrementDesiredCapacity: false,
  },
  'autoscaling:CompleteLifecycleAction': {
    AutoScalingGroupName: 'web',
    LifecycleHookName: 'drain',
    LifecycleActionResult: 'CONTINUE',
    InstanceId: 'i-0123456789abcdef0',
  },
  'ssm:SendCommand': { DocumentName: 'stop-work', InstanceIds: ['i-0123456789abcdef0'] },
  'ssm:GetCommandInvocation': {
    CommandId: '01234567-89ab-4cde-8f01-23456789abcd',
    InstanceId: 'i-0123456789abcdef0',
  },
  'ssm:ListCommands': { InstanceId: 'i-0123456789abcdef0' },
};

const operations = Object.keys(inputs) as Operation[];
const drainsOwn = operations.filter((operation) => /^(?:elbv2|elb|ecs|autoscaling|ssm):/.test(operation));

const all: SdkOptions = { changes: changingSenders, drain: drainSenders };

function call<O extends Operation>(operation: O, region: string, options = all) {
  return sdk({ region }, options)(operation, inputs[operation]);
}

function received() {
  return Object.values(mocks).flatMap((mock) => mock.calls());
}

beforeEach(() => {
  for (const mock of Object.values(mocks)) {
    mock.reset();
    mock.onAnyCommand().rejects(new Error('unexpected AWS call'));
  }
});

test.each(operations)(
  '%s is one call of that name at that service, with the input as it was given',
  async (operation) => {
    const [service = '', action] = operation.split(':');
    const answer = { $metadata: { requestId: operation } };
    mocks[service]?.onAnyCommand().resolves(answer);

    await expect(call(operation, 'eu-central-1')).resolves.toBe(answer);

    expect(received().map(({ args: [command] }) => [command.constructor.name, command.input])).toEqual([
      [`${action}Command`, inputs[operation]],
    ]);
  },
);

test.each<[string, readonly Operation[], SdkOptions]>([
  ['what enforcement changes', changingOperations, { drain: drainSenders }],
  ['what a drain reads and changes', drainsOwn, { changes: changingSenders }],
])('%s is not sent unless it was asked for, whatever else was', async (_, left, others) => {
  for (const operation of left) {
    await expect(call(operation, 'eu-central-1', others)).rejects.toMatchObject({
      name: 'CallLeftOut',
      message: expect.stringContaining(operation),
    });
  }
  expect(received()).toEqual([]);
});

test('whatever is no read counts as a change: of EC2 by enforcement, of the services around it by a drain', () => {
  const noReads = operations.filter((operation) => /^ec2:(?!Describe|Get|List)/.test(operation));
  expect(operations.filter(isChanging)).toEqual(noReads);
  expect([...changingOperations].sort()).toEqual([...noReads].sort());
  const ofDrains = drainsOwn.filter((operation) => !/:(?:Describe|Get|List)/.test(operation));
  expect(operations.filter(isDraining)).toEqual(ofDrains);
  expect([...drainingOperations].sort()).toEqual([...ofDrains].sort());
});

test("IAM knows both kinds of load balancers as one service, and every other by the operation's own name", () => {
  expect(iamActionOf('elbv2:DeregisterTargets')).toBe('elasticloadbalancing:DeregisterTargets');
  expect(iamActionOf('elb:DescribeInstanceHealth')).toBe('elasticloadbalancing:DescribeInstanceHealth');
  const others = operations.filter((operation) => !operation.startsWith('elb'));
  expect(others.map(iamActionOf)).toEqual(others);
});

test('a Region has one client for a service, made for that Region', async () => {
  mocks.ec2?.onAnyCommand().resolves({});

  await call('ec2:DescribeVolumes', 'eu-central-1');
  await call('ec2:DescribeInstances', 'us-east-1');
  await call('ec2:DescribeInstances', 'eu-central-1');

  const [first, elsewhere, second] = received().map(({ thisValue }) => thisValue as EC2Client);
  await expect(first?.config.region()).resolves.toBe('eu-central-1');
  await expect(elsewhere?.config.region()).resolves.toBe('us-east-1');
  expect(second).toBe(first);
});

/** Limits of the clients that were asked since the start, by how often each tries. */
async function limitsOf(clients: ReadonlySet<EC2Client>) {
  const all = await Promise.all(
    [...clients].map(
      async ({ config }) =>
        [
          await config.maxAttempts(),
          // Its limits a handler shows nowhere else before it has sent something.
          (await Reflect.get(config.requestHandler, 'configProvider')) as { readonly requestTimeout: number },
        ] as const,
    ),
  );
  return all.map(([attempts, { requestTimeout }]) => `${attempts} x ${requestTimeout} ms`);
}

test("a call that hangs ends within a function's minute, and SQS is asked where all others are", async () => {
  for (const mock of Object.values(mocks)) mock.onAnyCommand().resolves({});

  const plain = operations.filter((operation) => !Object.hasOwn(drainSenders, operation));
  for (const operation of plain)
    await sdk({ region: 'eu-west-3' }, { changes: changingSenders })(operation, {} as never);

  const clients = new Set(received().map(({ thisValue }) => thisValue as EC2Client));
  expect(await limitsOf(clients)).toEqual(Array(6).fill('5 x 9000 ms'));
  const sqs = [...clients].filter(({ config }) => 'useQueueUrlAsEndpoint' in config);
  expect(sqs.map(({ config }) => (config as unknown as SQSClient['config']).useQueueUrlAsEndpoint)).toEqual([false]);
});

test('a profile has clients of its own, which take its credentials', async () => {
  mocks.ec2?.onAnyCommand().resolves({});

  await call('ec2:DescribeVolumes', 'eu-central-1');
  await call('ec2:DescribeVolumes', 'eu-central-1', { profile: 'audit' });
  await call('ec2:DescribeInstances', 'eu-central-1', { profile: 'audit' });

  const [own, first, second] = received().map(({ thisValue }) => thisValue as EC2Client);
  expect([own?.config.profile, first?.config.profile]).toEqual([undefined, 'audit']);
  expect(second).toBe(first);
});

test("an error passes as the SDK throws it, with AWS's code as its name", async () => {
  const refused = new EC2ServiceException({
    name: 'UnauthorizedOperation',
    $fault: 'client',
    message: 'You are not authorized to perform this operation.',
    $metadata: {},
  });
  mocks.ec2?.onAnyCommand().rejects(refused);

  await expect(call('ec2:DescribeVolumes', 'eu-central-1')).rejects.toBe(refused);
});

test('a call of a drain that hangs ends within 3 s, and a command is sent once', async () => {
  for (const mock of Object.values(mocks)) mock.onAnyCommand().resolves({});

  for (const operation of operations) await call(operation, 'eu-west-3');

  const clients = new Set(received().map(({ thisValue }) => thisValue as EC2Client));
  expect((await limitsOf(clients)).sort()).toEqual(['1 x 1400 ms', ...Array(10).fill('2 x 1400 ms')]);
});
