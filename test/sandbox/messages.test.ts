import type * as events from '@aws-sdk/client-eventbridge';
import type * as sns from '@aws-sdk/client-sns';
import type * as sqs from '@aws-sdk/client-sqs';
import { sandboxWith, start } from './account-of-tests.ts';

const TopicArn = 'arn:aws:sns:eu-west-1:111122223333:ec2-guardrail-alerts';
const QueueUrl = 'https://sqs.eu-west-1.amazonaws.com/111122223333/ec2-guardrail-live';

describe('Publish', () => {
  test('keeps what was published, with time and id', async () => {
    const { aws, account } = sandboxWith();
    const MessageAttributes = { tags: { DataType: 'String.Array', StringValue: '["a",1,true,null]' } };
    const { MessageId } = await aws('sns:Publish', { TopicArn, Subject: 'open', Message: 'text', MessageAttributes });
    expect(account.published).toEqual([
      {
        at: start,
        messageId: MessageId,
        topicArn: TopicArn,
        subject: 'open',
        message: 'text',
        attributes: MessageAttributes,
      },
    ]);
  });

  const attribute = (DataType: string, StringValue?: string) => ({
    MessageAttributes: { a: { DataType, StringValue } },
  });
  test.each<[string, Partial<sns.PublishCommandInput>, string]>([
    ['a subject of 101 characters', { Subject: 'x'.repeat(101) }, 'InvalidParameterException'],
    ['a subject with a line break', { Subject: 'a\nb' }, 'InvalidParameterException'],
    ['a subject with a tab', { Subject: 'a\tb' }, 'InvalidParameterException'],
    ['a subject with a line separator', { Subject: 'a\u2028b' }, 'InvalidParameterException'],
    ['an empty subject', { Subject: '' }, 'InvalidParameterException'],
    ['an empty message', { Message: '' }, 'InvalidParameterException'],
    ['more than 256 KB', { Message: 'x'.repeat(262_145) }, 'InvalidParameterException'],
    ['more than 256 KB of bytes', { Message: 'ä'.repeat(131_073) }, 'InvalidParameterException'],
    [
      'more than 256 KB with attributes',
      { Message: 'x'.repeat(262_140), ...attribute('String', 'x') },
      'InvalidParameterException',
    ],
    ['json without a default', { MessageStructure: 'json', Message: '{"email":"x"}' }, 'InvalidParameterException'],
    [
      'json with a default that is no text',
      { MessageStructure: 'json', Message: '{"default":1}' },
      'InvalidParameterException',
    ],
    ['json that is none', { MessageStructure: 'json', Message: 'text' }, 'InvalidParameterException'],
    ['another structure', { MessageStructure: 'xml' }, 'InvalidParameterException'],
    ['an array that is none', attribute('String.Array', 'a,b'), 'InvalidParameterValueException'],
    ['an array of objects', attribute('String.Array', '[{}]'), 'InvalidParameterValueException'],
    ['an empty attribute', attribute('String', ''), 'InvalidParameterValueException'],
    ['a number that is none', attribute('Number', 'x'), 'InvalidParameterValueException'],
    ['an unknown type', attribute('Text', 'x'), 'InvalidParameterValueException'],
    ['another topic', { TopicArn: `${TopicArn}x` }, 'NotFoundException'],
    ['a telephone', { PhoneNumber: '+491' }, 'UnknownParameter'],
  ])('refuses %s', async (_, input, name) => {
    const { aws, account } = sandboxWith();
    await expect(aws('sns:Publish', { TopicArn, Message: 'text', ...input })).rejects.toMatchObject({ name });
    expect(account.published).toEqual([]);
  });

  test.each<[string, Partial<sns.PublishCommandInput>]>([
    ['a subject of 100 characters', { Subject: 'x'.repeat(100) }],
    ['a subject of 100 characters beyond ASCII', { Subject: '👍'.repeat(100) }],
    ['a subject that begins with punctuation', { Subject: '[prod] open' }],
    ['256 KB', { Message: 'x'.repeat(262_144) }],
    ['json with a default', { MessageStructure: 'json', Message: '{"default":"x","email":"y"}' }],
  ])('takes %s', async (_, input) => {
    const { aws, account } = sandboxWith();
    await aws('sns:Publish', { TopicArn, Message: 'text', ...input });
    expect(account.published).toHaveLength(1);
  });
});

describe('SendMessage', () => {
  test.each<[string, Partial<sqs.SendMessageCommandInput>, string]>([
    ['a delay of more than 15 minutes', { DelaySeconds: 901 }, 'InvalidParameterValue'],
    ['a delay into the past', { DelaySeconds: -1 }, 'InvalidParameterValue'],
    ['more than 1 MiB', { MessageBody: 'x'.repeat(1_048_577) }, 'InvalidParameterValue'],
    ['nothing', { MessageBody: '' }, 'MissingParameter'],
    ['characters that XML has not', { MessageBody: 'a\u0000' }, 'InvalidMessageContents'],
    ['another queue', { QueueUrl: `${QueueUrl}x` }, 'QueueDoesNotExist'],
  ])('refuses %s', async (_, input, name) => {
    const { aws, nextDueAt } = sandboxWith();
    await expect(aws('sqs:SendMessage', { QueueUrl, MessageBody: '{}', ...input })).rejects.toMatchObject({ name });
    expect(nextDueAt()).toBeUndefined();
  });

  test('a message is received once its delay is over, as Lambda gets it', async () => {
    const { aws, advance, receive, nextDueAt } = sandboxWith();
    const { MessageId } = await aws('sqs:SendMessage', { QueueUrl, MessageBody: '{"a":1}', DelaySeconds: 60 });
    expect(nextDueAt()).toEqual(new Date('2026-05-01T10:01:00Z'));
    advance(59_999);
    expect(receive(QueueUrl)).toEqual([]);
    advance(1);
    expect(receive(QueueUrl)).toEqual([
      {
        messageId: MessageId,
        receiptHandle: expect.any(String),
        body: '{"a":1}',
        attributes: {
          ApproximateReceiveCount: '1',
          SentTimestamp: String(start.getTime()),
          SenderId: '111122223333',
          ApproximateFirstReceiveTimestamp: String(start.getTime() + 60_000),
        },
        messageAttributes: {},
        md5OfBody: 'bb6cb5c68df4652941caf652a366f2d8',
        eventSource: 'aws:sqs',
        eventSourceARN: 'arn:aws:sqs:eu-west-1:111122223333:ec2-guardrail-live',
        awsRegion: 'eu-west-1',
      },
    ]);
  });

  test('a message that was received is hidden for the visibility timeout, and then received again', () => {
    const { deliver, advance, receive, nextDueAt } = sandboxWith();
    deliver(QueueUrl, 'a');
    receive(QueueUrl);
    expect(receive(QueueUrl)).toEqual([]);
    expect(nextDueAt()).toEqual(new Date('2026-05-01T10:06:00Z'));
    advance(360_000);
    expect(receive(QueueUrl).map((one) => one.attributes.ApproximateReceiveCount)).toEqual(['2']);
  });

  test('a message that was deleted is gone', () => {
    const sandbox = sandboxWith();
    const messageId = sandbox.deliver(QueueUrl, 'a');
    sandbox.receive(QueueUrl);
    sandbox.delete(QueueUrl, messageId);
    expect(sandbox.nextDueAt()).toBeUndefined();
  });

  test('a message that was received too often goes to the dead letters', () => {
    const { deliver, advance, receive, account } = sandboxWith();
    const messageId = deliver(QueueUrl, 'a');
    for (let received = 0; received < 5; received++) {
      expect(receive(QueueUrl)).toHaveLength(1);
      advance(360_000);
    }
    expect(receive(QueueUrl)).toEqual([]);
    expect(account.queues.get(QueueUrl)?.deadLetters.map((one) => one.messageId)).toEqual([messageId]);
  });

  test('no more than asked for are received', () => {
    const { deliver, receive } = sandboxWith();
    for (const body of ['a', 'b', 'c']) deliver(QueueUrl, body);
    expect(receive(QueueUrl, 2).map((one) => one.body)).toEqual(['a', 'b']);
    expect(receive(QueueUrl, 2).map((one) => one.body)).toEqual(['c']);
  });
});

describe('PutEvents', () => {
  const entry = {
    Source: 'ec2-guardrail',
    DetailType: 'finding',
    Detail: '{"a":1}',
  } satisfies events.PutEventsRequestEntry;

  test('keeps the entries', async () => {
    const { aws, account } = sandboxWith();
    const answer = await aws('events:PutEvents', { Entries: [entry] });
    expect(answer.FailedEntryCount).toBe(0);
    expect(account.putEvents).toEqual([{ at: start, eventId: answer.Entries?.[0]?.EventId, entry }]);
  });

  test('tells of entries that failed, and takes the others', async () => {
    const { aws, account } = sandboxWith();
    const { Source, DetailType } = entry;
    const Entries = [{ ...entry, Detail: 'text' }, { Source, DetailType }, { ...entry, Source: 'aws.ec2' }, entry];
    const answer = await aws('events:PutEvents', { Entries });
    expect(answer.FailedEntryCount).toBe(3);
    expect(answer.Entries?.map((one) => one.ErrorCode)).toEqual([
      'MalformedDetail',
      'InvalidArgument',
      'NotAuthorizedForSourceException',
      undefined,
    ]);
    expect(account.putEvents).toHaveLength(1);
  });

  test('a fault lets single entries fail without a rejection', async () => {
    const { aws, account } = sandboxWith({}, { faults: [{ operation: 'events:PutEvents', failedEntries: [1] }] });
    const answer = await aws('events:PutEvents', { Entries: [entry, entry] });
    expect([answer.FailedEntryCount, answer.Entries?.[1]?.ErrorCode]).toEqual([1, 'ThrottlingException']);
    expect(account.putEvents).toHaveLength(1);
  });

  test.each([
    ['11 entries', Array.from({ length: 11 }, () => entry)],
    ['no entry', []],
    ['more than 1 MiB', [{ ...entry, Detail: JSON.stringify('x'.repeat(1_048_576)) }]],
  ])('refuses %s', async (_, Entries) => {
    const { aws } = sandboxWith();
    await expect(aws('events:PutEvents', { Entries })).rejects.toMatchObject({ name: 'ValidationException' });
  });
});
