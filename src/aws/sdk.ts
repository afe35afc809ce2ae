import {
  BatchGetItemCommand,
  DynamoDBClient,
  ListTablesCommand,
  PutItemCommand,
  ScanCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import {
  DescribeInstancesCommand,
  DescribeInstanceTypesCommand,
  DescribeNetworkInterfacesCommand,
  DescribeSecurityGroupRulesCommand,
  DescribeSecurityGroupsCommand,
  DescribeVolumesCommand,
  EC2Client,
  GetManagedPrefixListEntriesCommand,
} from '@aws-sdk/client-ec2';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { KMSClient, ListAliasesCommand } from '@aws-sdk/client-kms';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Aws, Input, Operation, Output, Scope } from '../domain/operations.ts';

/**
 * A call that hangs must end while the function still has time to say so: five tries of at most 9 s each, and about a
 * second between them, fit into 60 s. The SDK's own default waits forever.
 */
const settings = {
  maxAttempts: 5,
  retryMode: 'standard',
  requestHandler: { connectionTimeout: 2_000, requestTimeout: 9_000, throwOnRequestTimeout: true },
};

/** Which credentials the clients take, where it is not the default chain's first. */
export interface SdkOptions {
  /** A profile of the AWS configuration files. */
  readonly profile?: string | undefined;
}

/** Clients of one Region and profile, each made when it is first called. */
function clientsOf(region: string, { profile }: SdkOptions) {
  const config = { ...settings, region, ...(profile === undefined ? {} : { profile }) };
  return {
    ec2: once(() => new EC2Client(config)),
    dynamodb: once(() => new DynamoDBClient(config)),
    events: once(() => new EventBridgeClient(config)),
    sns: once(() => new SNSClient(config)),
    // The Region's endpoint, as for every other service, or AWS_ENDPOINT_URL: not the host that a queue's URL happens to name.
    sqs: once(() => new SQSClient({ ...config, useQueueUrlAsEndpoint: false })),
    kms: once(() => new KMSClient(config)),
  };
}

type Clients = ReturnType<typeof clientsOf>;
type Senders = { readonly [O in Operation]: (to: Clients, input: Input<O>) => Promise<Output<O>> };

const senders: Senders = {
  'ec2:DescribeInstances': (to, input) => to.ec2().send(new DescribeInstancesCommand(input)),
  'ec2:DescribeVolumes': (to, input) => to.ec2().send(new DescribeVolumesCommand(input)),
  'ec2:DescribeSecurityGroups': (to, input) => to.ec2().send(new DescribeSecurityGroupsCommand(input)),
  'ec2:DescribeSecurityGroupRules': (to, input) => to.ec2().send(new DescribeSecurityGroupRulesCommand(input)),
  'ec2:DescribeNetworkInterfaces': (to, input) => to.ec2().send(new DescribeNetworkInterfacesCommand(input)),
  'ec2:DescribeInstanceTypes': (to, input) => to.ec2().send(new DescribeInstanceTypesCommand(input)),
  'ec2:GetManagedPrefixListEntries': (to, input) => to.ec2().send(new GetManagedPrefixListEntriesCommand(input)),
  'kms:ListAliases': (to, input) => to.kms().send(new ListAliasesCommand(input)),
  'dynamodb:BatchGetItem': (to, input) => to.dynamodb().send(new BatchGetItemCommand(input)),
  'dynamodb:PutItem': (to, input) => to.dynamodb().send(new PutItemCommand(input)),
  'dynamodb:UpdateItem': (to, input) => to.dynamodb().send(new UpdateItemCommand(input)),
  'dynamodb:Scan': (to, input) => to.dynamodb().send(new ScanCommand(input)),
  'dynamodb:ListTables': (to, input) => to.dynamodb().send(new ListTablesCommand(input)),
  'sns:Publish': (to, input) => to.sns().send(new PublishCommand(input)),
  'sqs:SendMessage': (to, input) => to.sqs().send(new SendMessageCommand(input)),
  'events:PutEvents': (to, input) => to.events().send(new PutEventsCommand(input)),
};

const clientsByKey = new Map<string, Clients>();

/**
 * AWS by the SDK's clients, one for a service and Region. Throttling, server errors and timeouts are retried; what remains
 * is thrown as the SDK throws it, with AWS's code as `name`.
 */
export function sdk({ region }: Pick<Scope, 'region'>, options: SdkOptions = {}): Aws {
  const key = `${region} ${options.profile ?? ''}`;
  const clients = clientsByKey.get(key) ?? clientsOf(region, options);
  clientsByKey.set(key, clients);
  return (operation, input) => senders[operation](clients, input);
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
