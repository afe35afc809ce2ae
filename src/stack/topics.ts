import type { Json } from '../domain/json.ts';
import {
  denyWithoutTls,
  ownArn,
  ownRulesMay,
  policyDocument,
  type Resource,
  type Resources,
  ref,
  type Statement,
} from './cloudformation.ts';
import type { Settings } from './settings.ts';

/** Where alerts go: the stack's own topic, or one that is there already. */
export function alertsTopicArn(settings: Settings): Json {
  return settings.alertTopicArn ?? ref('AlertsTopic');
}

/** Logical ids of the topics of this stack. */
export function ownTopics({ alertTopicArn }: Settings): readonly string[] {
  return alertTopicArn === undefined ? ['AlertsTopic', 'OperationsTopic'] : ['OperationsTopic'];
}

/**
 * The topics of this stack under a key of their own, with whoever is subscribed by e-mail.
 * @param toOperations logical ids of the event rules that send straight to the operations topic.
 */
export function topics(settings: Settings, toOperations: readonly string[]): Resources {
  const { alertEmail, alertTopicArn, operationsEmail = alertEmail } = settings;
  return {
    TopicKey: topicKey,
    ...(alertTopicArn === undefined ? topicWith('Alerts', settings, alertEmail, []) : {}),
    ...topicWith('Operations', settings, operationsEmail, [
      alarmsMayPublish,
      ownRulesMay('sns:Publish', ref('OperationsTopic'), toOperations),
    ]),
  };
}

/**
 * A key of our own, since the AWS-managed one of SNS can't be used by CloudWatch: alarms would be lost without a word.
 * The account's administrators manage it; the functions use it by their roles.
 */
const topicKey: Resource = {
  Type: 'AWS::KMS::Key',
  DeletionPolicy: 'Delete',
  UpdateReplacePolicy: 'Delete',
  Properties: {
    Description: 'Encrypts the topics of EC2 Guardrail.',
    EnableKeyRotation: true,
    PendingWindowInDays: 7,
    KeyPolicy: policyDocument([
      {
        Sid: 'Account',
        Effect: 'Allow',
        Principal: { AWS: ownArn('iam', 'root', '') },
        Action: 'kms:*',
        Resource: '*',
      },
      mayUseKey('Alarms', 'cloudwatch.amazonaws.com'),
      // Not for the rules alone: they need the topic, and the topic needs the key.
      mayUseKey('EventRules', 'events.amazonaws.com'),
    ]),
  },
};

/** A service of AWS that publishes for this account. */
function mayUseKey(sid: string, service: string): Statement {
  return {
    Sid: sid,
    Effect: 'Allow',
    Principal: { Service: service },
    Action: ['kms:Decrypt', 'kms:GenerateDataKey*'],
    Resource: '*',
    Condition: { StringEquals: { 'aws:SourceAccount': ref('AWS::AccountId') } },
  };
}

function topicWith(
  prefix: 'Alerts' | 'Operations',
  { name }: Settings,
  email: string | undefined,
  allowed: readonly Statement[],
): Resources {
  const topic = `${prefix}Topic`;
  const statements = [denyWithoutTls('sns:Publish', ref(topic)), ...allowed];
  return {
    [topic]: {
      Type: 'AWS::SNS::Topic',
      Properties: {
        DisplayName: `${name} ${prefix.toLowerCase()}`,
        KmsMasterKeyId: ref('TopicKey'),
      },
    },
    [`${topic}Policy`]: {
      Type: 'AWS::SNS::TopicPolicy',
      Properties: { Topics: [ref(topic)], PolicyDocument: policyDocument(statements) },
    },
    ...(email === undefined ? {} : { [`${prefix}Email`]: subscription(topic, email) }),
  };
}

const alarmsMayPublish = {
  Sid: 'Alarms',
  Effect: 'Allow',
  Principal: { Service: 'cloudwatch.amazonaws.com' },
  Action: 'sns:Publish',
  Resource: ref('OperationsTopic'),
  Condition: { StringEquals: { 'aws:SourceAccount': ref('AWS::AccountId') } },
} as const;

function subscription(topic: string, email: string): Resource {
  return { Type: 'AWS::SNS::Subscription', Properties: { TopicArn: ref(topic), Protocol: 'email', Endpoint: email } };
}
