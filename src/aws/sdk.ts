import {
  BatchGetItemCommand,
  DynamoDBClient,
  ListTablesCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import {
  DescribeInstanceAttributeCommand,
  DescribeInstancesCommand,
  DescribeInstanceTypesCommand,
  DescribeNetworkInterfacesCommand,
  DescribeSecurityGroupRulesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSpotInstanceRequestsCommand,
  DescribeVolumesCommand,
  EC2Client,
  GetManagedPrefixListEntriesCommand,
} from '@aws-sdk/client-ec2';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { KMSClient, ListAliasesCommand } from '@aws-sdk/client-kms';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { SendMessageCommand, SQSClient, type SQSClientConfig } from '@aws-sdk/client-sqs';
import type { TargetIndexRead } from '../domain/drain-reads.ts';
import type {
  Aws,
  ChangingOperation,
  DrainsOwnOperation,
  Input,
  Operation,
  Output,
  Scope,
} from '../domain/operations.ts';

/**
 * A call that hangs must end while the function still has time to say so: five tries of at most 9 s each, and about a
 * second between them, fit into 60 s. The SDK's own default waits forever.
 */
const settings = {
  maxAttempts: 5,
  retryMode: 'standard',
  requestHandler: { connectionTimeout: 2_000, requestTimeout: 9_000, throwOnRequestTimeout: true },
};

/** Where two minutes are all there is, and whoever calls waits 3 s for an answer, and tries again by itself. */
const urgentSettings = {
  ...settings,
  maxAttempts: 2,
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 1_400, throwOnRequestTimeout: true },
};

/** For a client whose calls must not be sent twice behind the caller's back: made twice, they do twice what they do. */
export const sentOnce = { maxAttempts: 1 };

/** Which credentials the clients take, where it is not the default chain's first, and what may be done with them. */
export interface SdkOptions {
  /** A profile of the AWS configuration files. */
  readonly profile?: string | undefined;
  /**
   * `changingSenders`. Left out: a `ChangingOperation` rejects with `CallLeftOut` and nothing is sent, whatever the
   * credentials allow.
   */
  readonly changes?: Senders<ChangingOperation> | undefined;
  /** `drainSenders`. Left out: a `DrainsOwnOperation` rejects in the same way. With them every call is answered within 3 s. */
  readonly drain?: Senders<DrainsOwnOperation> | undefined;
  /** `targetGroupSenders`: of a drain's reads those alone by which the index of targets is kept. Nothing hurries there. */
  readonly targetGroups?: Senders<TargetIndexRead> | undefined;
}

/** Clients of one Region and profile, each made when it is first asked for: what nobody names is not loaded either. */
function clientsOf(region: string, profile: string | undefined, isUrgent: boolean) {
  const config = { ...(isUrgent ? urgentSettings : settings), region, ...(profile === undefined ? {} : { profile }) };
  const made = new Map<unknown, unknown>();
  return <C>(Client: new (settings: typeof config) => C, own: Partial<typeof config> = {}): C => {
    const client = made.get(Client) ?? new Client({ ...config, ...own });
    made.set(Client, client);
    return client as C;
  };
}

type Clients = ReturnType<typeof clientsOf>;

/** At the Region's endpoint, as for every other service, or AWS_ENDPOINT_URL: not the host that a queue's URL happens to name. */
class QueueClient extends SQSClient {
  constructor(config: SQSClientConfig) {
    super({ ...config, useQueueUrlAsEndpoint: false });
  }
}

/** How some operations are sent. */
export type Senders<Some extends Operation> = {
  readonly [O in Some]: (to: Clients, input: Input<O>) => Promise<Output<O>>;
};

const senders: Senders<Exclude<Operation, ChangingOperation | DrainsOwnOperation>> = {
  'ec2:DescribeInstances': (to, input) => to(EC2Client).send(new DescribeInstancesCommand(input)),
  'ec2:DescribeVolumes': (to, input) => to(EC2Client).send(new DescribeVolumesCommand(input)),
  'ec2:DescribeSecurityGroups': (to, input) => to(EC2Client).send(new DescribeSecurityGroupsCommand(input)),
  'ec2:DescribeSecurityGroupRules': (to, input) => to(EC2Client).send(new DescribeSecurityGroupRulesCommand(input)),
  'ec2:DescribeNetworkInterfaces': (to, input) => to(EC2Client).send(new DescribeNetworkInterfacesCommand(input)),
  'ec2:DescribeInstanceAttribute': (to, input) => to(EC2Client).send(new DescribeInstanceAttributeCommand(input)),
  'ec2:DescribeSpotInstanceRequests': (to, input) => to(EC2Client).send(new DescribeSpotInstanceRequestsCommand(input)),
  'ec2:DescribeInstanceTypes': (to, input) => to(EC2Client).send(new DescribeInstanceTypesCommand(input)),
  'ec2:GetManagedPrefixListEntries': (to, input) => to(EC2Client).send(new GetManagedPrefixListEntriesCommand(input)),
  'kms:ListAliases': (to, input) => to(KMSClient).send(new ListAliasesCommand(input)),
  'dynamodb:BatchGetItem': (to, input) => to(DynamoDBClient).send(new BatchGetItemCommand(input)),
  'dynamodb:PutItem': (to, input) => to(DynamoDBClient).send(new PutItemCommand(input)),
  'dynamodb:UpdateItem': (to, input) => to(DynamoDBClient).send(new UpdateItemCommand(input)),
  'dynamodb:Query': (to, input) => to(DynamoDBClient).send(new QueryCommand(input)),
  'dynamodb:Scan': (to, input) => to(DynamoDBClient).send(new ScanCommand(input)),
  'dynamodb:ListTables': (to, input) => to(DynamoDBClient).send(new ListTablesCommand(input)),
  'sns:Publish': (to, input) => to(SNSClient).send(new PublishCommand(input)),
  'sqs:SendMessage': (to, input) => to(QueueClient).send(new SendMessageCommand(input)),
  'events:PutEvents': (to, input) => to(EventBridgeClient).send(new PutEventsCommand(input)),
};

const clientsByKey = new Map<string, Clients>();

/**
 * AWS by the SDK's clients, one for a service and Region. Throttling, server errors and timeouts are retried; what remains
 * is thrown as the SDK throws it, with AWS's code as `name`.
 */
export function sdk(
  { region }: Pick<Scope, 'region'>,
  { profile, changes, drain, targetGroups }: SdkOptions = {},
): Aws {
  const isUrgent = drain !== undefined;
  const key = `${region} ${isUrgent} ${profile ?? ''}`;
  const clients = clientsByKey.get(key) ?? clientsOf(region, profile, isUrgent);
  clientsByKey.set(key, clients);
  const known: Partial<Senders<Operation>> = { ...senders, ...changes, ...targetGroups, ...drain };
  return async (operation, input) => {
    const send = known[operation];
    if (send === undefined) throw leftOut(operation);
    return await send(clients, input);
  };
}

function leftOut(operation: Operation): Error {
  const error = new Error(`${operation} was left out of what this was composed with: nothing was sent`);
  error.name = 'CallLeftOut';
  return error;
}
