import { setTimeout } from 'node:timers/promises';
import { CreateTableCommand, DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import {
  AuthorizeSecurityGroupIngressCommand,
  CreateTagsCommand,
  EC2Client,
  RequestSpotInstancesCommand,
  StartInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { CreateAliasCommand, CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { CreateTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { changingSenders } from '../../../src/aws/changes.ts';
import { sdk } from '../../../src/aws/sdk.ts';
import { DUE_INDEX, TABLE_KEY } from '../../../src/domain/table.ts';
import type { Stage } from '../../support/same-answers.ts';
import { accountId } from './deployment.ts';
import { attachInterface, createPrefixList, createSecurityGroup, given, launchInstance, tagList } from './ec2.ts';

const tableName = 'same-answers';

/** The account that the SDK reaches, in a Region where nobody else is at work. */
export async function sdkStage(region: string): Promise<Stage> {
  const clients = { ec2: new EC2Client({ region }), kms: new KMSClient({ region }) };
  const { TopicArn: topicArn = '' } = await new SNSClient({ region }).send(
    new CreateTopicCommand({ Name: 'same-answers' }),
  );
  const { QueueUrl: queueUrl = '' } = await new SQSClient({ region }).send(
    new CreateQueueCommand({ QueueName: 'same-answers' }),
  );
  for (const name of [tableName, 'other']) await createTable(region, name);

  return {
    aws: sdk({ region }, { changes: changingSenders }),
    accountId,
    region,
    tableName,
    topicArn,
    queueUrl,
    async launch(order = {}) {
      const { InstanceId } = await launchInstance(clients.ec2, order);
      return given(InstanceId, 'the id of the instance');
    },
    async launchSpot(Type) {
      const { SpotInstanceRequests } = await clients.ec2.send(
        new RequestSpotInstancesCommand({
          Type,
          SpotPrice: '1.0',
          LaunchSpecification: { ImageId: 'ami-0123456789abcdef0', InstanceType: 't3.micro' },
        }),
      );
      const [request] = SpotInstanceRequests ?? [];
      return {
        id: given(request?.InstanceId, 'the id of the instance'),
        requestId: given(request?.SpotInstanceRequestId, 'the id of the request'),
      };
    },
    async terminate(instanceId) {
      await clients.ec2.send(new TerminateInstancesCommand({ InstanceIds: [instanceId] }));
    },
    async restart(instanceId) {
      await setTimeout(1_000);
      await clients.ec2.send(new StopInstancesCommand({ InstanceIds: [instanceId] }));
      await clients.ec2.send(new StartInstancesCommand({ InstanceIds: [instanceId] }));
    },
    attachInterface: (instanceId, securityGroupId) => attachInterface(clients.ec2, instanceId, securityGroupId),
    async setTags(resourceId, tags) {
      await clients.ec2.send(new CreateTagsCommand({ Resources: [resourceId], Tags: tagList(tags) }));
    },
    createSecurityGroup: (name) => createSecurityGroup(clients.ec2, name),
    async authorizeIngress(GroupId, permissions) {
      await clients.ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions: [...permissions] }));
    },
    createPrefixList: (entries) => createPrefixList(clients.ec2, 'same-answers', entries),
    async createAlias(AliasName) {
      const { KeyMetadata } = await clients.kms.send(new CreateKeyCommand({}));
      const TargetKeyId = given(KeyMetadata?.KeyId, 'the id of the key');
      await clients.kms.send(new CreateAliasCommand({ AliasName, TargetKeyId }));
      return TargetKeyId;
    },
  };
}

/** A table as the guardrail's own: with a string `pk` for its key, and the index of what is due. */
export async function createTable(region: string, TableName: string, config: DynamoDBClientConfig = {}): Promise<void> {
  await new DynamoDBClient({ ...config, region }).send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [TABLE_KEY, 'due', 'dueAt'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
      KeySchema: [{ AttributeName: TABLE_KEY, KeyType: 'HASH' }],
      GlobalSecondaryIndexes: [
        {
          IndexName: DUE_INDEX,
          KeySchema: [
            { AttributeName: 'due', KeyType: 'HASH' },
            { AttributeName: 'dueAt', KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'KEYS_ONLY' },
        },
      ],
    }),
  );
}
