import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EC2Client, EC2ServiceException } from '@aws-sdk/client-ec2';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { KMSClient } from '@aws-sdk/client-kms';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { changingSenders } from '../../src/aws/changes.ts';
import { type SdkOptions, sdk } from '../../src/aws/sdk.ts';
import { changingOperations, type Input, isChanging, type Operation } from '../../src/domain/operations.ts';

const mocks: Readonly<Record<string, ReturnType<typeof mockClient>>> = {
  ec2: mockClient(EC2Client),
  kms: mockClient(KMSClient),
  dynamodb: mockClient(DynamoDBClient),
  sns: mockClient(SNSClient),
  sqs: mockClient(SQSClient),
  events: mockClient(EventBridgeClient),
};

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
};

const operations = Object.keys(inputs) as Operation[];

function call<O extends Operation>(operation: O, region: string, options: SdkOptions = { changes: changingSenders }) {
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

test.each(changingOperations)('%s is not sent unless changes were asked for', async (operation) => {
  await expect(call(operation, 'eu-central-1', {})).rejects.toMatchObject({
    name: 'ChangesLeftOut',
    message: expect.stringContaining(operation),
  });
  expect(received()).toEqual([]);
});

test('whatever is no read of EC2, and of EC2 alone, counts as a change', () => {
  const noReads = operations.filter((operation) => /^ec2:(?!Describe|Get|List)/.test(operation));
  expect(operations.filter(isChanging)).toEqual(noReads);
  expect([...changingOperations].sort()).toEqual([...noReads].sort());
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

test("a call that hangs ends within a function's minute, and SQS is asked where all others are", async () => {
  for (const mock of Object.values(mocks)) mock.onAnyCommand().resolves({});

  for (const operation of operations) await call(operation, 'eu-west-3');

  const clients = new Set(received().map(({ thisValue }) => thisValue as EC2Client));
  expect(clients.size).toBe(6);
  for (const { config } of clients) {
    expect(await config.maxAttempts()).toBe(5);
    // Its limits a handler shows nowhere else before it has sent something.
    expect(await Reflect.get(config.requestHandler, 'configProvider')).toMatchObject({
      connectionTimeout: 2_000,
      requestTimeout: 9_000,
      throwOnRequestTimeout: true,
    });
  }
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
