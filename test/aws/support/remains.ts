import { ListStacksCommand } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, ListRulesCommand } from '@aws-sdk/client-eventbridge';
import { IAMClient, ListRolesCommand } from '@aws-sdk/client-iam';
import { LambdaClient, ListEventSourceMappingsCommand, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { ListTopicsCommand, SNSClient } from '@aws-sdk/client-sns';
import { ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { cloudFormation, deployed } from './deployment.ts';

/** ARNs, names and URLs of what is there of the stack: none before it is deployed, and none after it was removed. */
export async function partsOfStack(): Promise<readonly string[]> {
  const config = { region: deployed.region };
  const lambda = new LambdaClient(config);
  const [stacks, tables, rules, roles, functions, mappings, buckets, topics, queues] = await Promise.all([
    cloudFormation.send(new ListStacksCommand({})),
    new DynamoDBClient(config).send(new ListTablesCommand({})),
    new EventBridgeClient(config).send(new ListRulesCommand({})),
    new IAMClient(config).send(new ListRolesCommand({})),
    lambda.send(new ListFunctionsCommand({})),
    lambda.send(new ListEventSourceMappingsCommand({})),
    new S3Client({ ...config, forcePathStyle: true }).send(new ListBucketsCommand({})),
    new SNSClient(config).send(new ListTopicsCommand({})),
    new SQSClient(config).send(new ListQueuesCommand({})),
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
  return found.flatMap((one) => (one?.includes(deployed.stack) ? [one] : []));
}
