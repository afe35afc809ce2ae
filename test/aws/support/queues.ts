import { DeleteMessageCommand, ReceiveMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';

/** Takes all visible messages out of a queue: their bodies, which are JSON, in order. */
export async function emptied(sqs: SQSClient, QueueUrl: string): Promise<readonly unknown[]> {
  const bodies: unknown[] = [];
  while (true) {
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
    if (Messages.length === 0) return bodies;
    for (const { Body = '', ReceiptHandle } of Messages) {
      bodies.push(JSON.parse(Body));
      await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    }
  }
}

/** The ARN of a queue by its URL. */
export function arnOfQueue(queueUrl: string, region: string, accountId: string): string {
  return `arn:aws:sqs:${region}:${accountId}:${queueUrl.split('/').at(-1)}`;
}
