import { CloudFormationClient, ListStacksCommand } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, ListRulesCommand } from '@aws-sdk/client-eventbridge';
import { IAMClient, ListRolesCommand } from '@aws-sdk/client-iam';
import { LambdaClient, ListEventSourceMappingsCommand, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { ListTopicsCommand, SNSClient } from '@aws-sdk/client-sns';
import { ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { type Choice, deployed, remove } from './deployment.ts';

/** Removes a stack, and says how much went. @throws Error that names what is still there. */
export async function removeAll(what = deployed, choice: Choice = {}): Promise<void> {
  const before = await partsOf(what);
  await remove(what, choice);
  const after = await partsOf(what);
  process.stderr.write(`   removed ${before.length - after.length} of ${before.length} parts of the stack\n`);
  if (before.length === 0) throw new Error('nothing was there to remove');
  if (after.length > 0) throw new Error(`serverless remove left behind:\n${after.join('\n')}`);
}

/** ARNs, names and URLs of what is there of a stack: none before it is deployed, and none after it was removed. */
async function partsOf({ region, stack }: typeof deployed): Promise<readonly string[]> {
  const config = { region };
  const clients = {
    cloudFormation: new CloudFormationClient(config),
    dynamodb: new DynamoDBClient(config),
    events: new EventBridgeClient(config),
    iam: new IAMClient(config),
    lambda: new LambdaClient(config),
    s3: new S3Client({ ...config, forcePathStyle: true }),
    sns: new SNSClient(config),
    sqs: new SQSClient(config),
  };
  try {
    return (await partsBy(clients)).filter((one) => one.includes(stack));
  } finally {
    // Connections that are kept open would keep this process.
    for (const client of Object.values(clients)) client.destroy();
  }
}

interface Clients {
  readonly cloudFormation: CloudFormationClient;
  readonly dynamodb: DynamoDBClient;
  readonly events: EventBridgeClient;
  readonly iam: IAMClient;
  readonly lambda: LambdaClient;
  readonly s3: S3Client;
  readonly sns: SNSClient;
  readonly sqs: SQSClient;
}

async function partsBy(clients: Clients): Promise<readonly string[]> {
  const [stacks, tables, rules, roles, functions, mappings, buckets, topics, queues] = await Promise.all([
    clients.cloudFormation.send(new ListStacksCommand({})),
    clients.dynamodb.send(new ListTablesCommand({})),
    clients.events.send(new ListRulesCommand({})),
    clients.iam.send(new ListRolesCommand({})),
    clients.lambda.send(new ListFunctionsCommand({})),
    clients.lambda.send(new ListEventSourceMappingsCommand({})),
    clients.s3.send(new ListBucketsCommand({})),
    clients.sns.send(new ListTopicsCommand({})),
    clients.sqs.send(new ListQueuesCommand({})),
  ]);
  const standing = stacks.StackSummaries?.filter(({ StackStatus }) => StackStatus !== 'DELETE_COMPLETE');
  const found = [
    ...(standing?.map(({ StackId }) => StackId) ?? []),
    ...(tables.TableNames ?? []),
    ...(rules.Rules?.map(({ Arn }) => Arn) ?? []),
    ...(roles.Roles?.map(({ Arn }) => Arn) ?? []),
    ...(functions.Functions?.map(({ FunctionArn }) => FunctionArn) ?? []),
    ...(mappings.EventSourceMappings?.map(({ FunctionArn }) => `mapping to ${FunctionArn}`) ?? []),
    ...(buckets.Buckets?.map(({ Name }) => Name) ?? []),
    ...(topics.Topics?.map(({ TopicArn }) => TopicArn) ?? []),
    ...(queues.QueueUrls ?? []),
  ];
  return found.flatMap((one) => one ?? []);
}
