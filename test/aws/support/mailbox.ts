import { SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { emptied } from './queues.ts';

/** A message in its JSON form, as far as tests read its fields, with its attributes: see docs/alerts.md. */
export interface Told {
  readonly kind: string;
  readonly topic: string;
  readonly subjects?: number;
  readonly instance?: { readonly instanceId: string };
  readonly entries?: readonly Entry[];
  readonly alerts?: readonly Told[];
  /** What subscriptions filter by. SNS leaves them beside the message, with its types. */
  readonly attributes: Attributes;
}

type Attributes = Readonly<Record<string, { readonly Type: string; readonly Value: string }>>;

/** What SNS hands to a queue. */
interface Notification {
  readonly Message: string;
  readonly MessageAttributes?: Attributes;
}

interface Entry {
  readonly change: string;
  readonly finding: {
    readonly policy: string;
    readonly reason: string;
    readonly origin?: string;
    readonly acts?: readonly { readonly action: string; readonly outcome: string }[];
  };
}

/** A queue that is subscribed to topics: what it gets, their subscribers get. */
export interface Mailbox {
  subscribeTo(topicArn: string): Promise<void>;
  /** What came since it was last emptied, in order. */
  empty(): Promise<readonly Told[]>;
}

/** A mailbox that is subscribed to a topic, in the topic's Region. */
export async function mailboxOf(topicArn: string): Promise<Mailbox> {
  const [, , , region = ''] = topicArn.split(':');
  const sqs = new SQSClient({ region, useQueueUrlAsEndpoint: false });
  const sns = new SNSClient({ region });
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: `mailbox-${crypto.randomUUID()}` }));
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }));

  async function subscribeTo(TopicArn: string): Promise<void> {
    await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint: Attributes?.QueueArn }));
  }

  async function empty(): Promise<readonly Told[]> {
    const notifications = await emptied(sqs, QueueUrl);
    return notifications.map((one) => {
      const { Message, MessageAttributes = {} } = one as Notification;
      return { ...JSON.parse(Message), attributes: MessageAttributes };
    });
  }

  await subscribeTo(topicArn);
  return { subscribeTo, empty };
}

/** Each change that messages tell of, as `opened no-open-ssh i-…`, sorted. */
export function changesIn(told: readonly Told[]): readonly string[] {
  return told.flatMap(changesOf).sort();
}

function changesOf({ instance, entries = [], alerts = [] }: Told): readonly string[] {
  const own = entries.map(({ change, finding }) => `${change} ${finding.policy} ${instance?.instanceId}`);
  return [...own, ...alerts.flatMap(changesOf)];
}
