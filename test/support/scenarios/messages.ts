import { createHash } from 'node:crypto';
import type * as events from '@aws-sdk/client-eventbridge';
import type * as sns from '@aws-sdk/client-sns';
import type * as sqs from '@aws-sdk/client-sqs';
import type { Scenarios, Stage } from '../same-answers.ts';
import { sorted } from './instances.ts';

const entry = {
  Source: 'ec2-guardrail',
  DetailType: 'finding',
  Detail: '{"policy":"owned"}',
} satisfies events.PutEventsRequestEntry;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** SNS, SQS and EventBridge, to which the product writes, and KMS's aliases. */
export const messages: Scenarios = {
  'Publish: a message is taken, and has an id': async (stage) => {
    const MessageAttributes = {
      severity: { DataType: 'String', StringValue: 'high' },
      policies: { DataType: 'String.Array', StringValue: '["owned",1,true,null]' },
      count: { DataType: 'Number', StringValue: '2' },
    };
    const Message = JSON.stringify({ default: 'text', sqs: '{"이름":"Größe"}' });
    const answer = await publish(stage, { Subject: 'open', Message, MessageStructure: 'json', MessageAttributes });
    expect(answer.MessageId).toMatch(uuid);
  },

  'Publish: a subject of 99 characters is taken': async (stage) => {
    expect((await publish(stage, { Subject: 'x'.repeat(99) })).MessageId).toMatch(uuid);
  },

  'Publish: a subject beyond ASCII is taken': async (stage) => {
    expect((await publish(stage, { Subject: '이름: Größe' })).MessageId).toMatch(uuid);
  },

  'Publish: a subject of 101 characters fails the call': (stage) =>
    refusesToPublish(stage, { Subject: 'x'.repeat(101) }, 'InvalidParameterException'),

  'Publish: a subject with a line break fails the call': (stage) =>
    refusesToPublish(stage, { Subject: 'a\nb' }, 'InvalidParameterException'),

  'Publish: an empty message fails the call': (stage) =>
    refusesToPublish(stage, { Message: '' }, 'InvalidParameterException'),

  'Publish: 256 KB are taken': async (stage) => {
    expect((await publish(stage, { Message: 'x'.repeat(262_144) })).MessageId).toMatch(uuid);
  },

  'Publish: more than 256 KB fail the call': (stage) =>
    refusesToPublish(stage, { Message: 'x'.repeat(262_145) }, 'InvalidParameterException'),

  'Publish: JSON without a default fails the call': (stage) =>
    refusesToPublish(stage, { MessageStructure: 'json', Message: '{"email":"x"}' }, 'InvalidParameterException'),

  'Publish: an attribute without a value fails the call': (stage) =>
    refusesToPublish(
      stage,
      { MessageAttributes: { a: { DataType: 'String', StringValue: '' } } },
      'InvalidParameterValueException',
    ),

  'Publish: an attribute of an unknown type fails the call': (stage) =>
    refusesToPublish(
      stage,
      { MessageAttributes: { a: { DataType: 'Text', StringValue: 'x' } } },
      'InvalidParameterValueException',
    ),

  'Publish: another topic fails the call': (stage) =>
    refusesToPublish(stage, { TopicArn: `${stage.topicArn}-no-such` }, 'NotFoundException'),

  'SendMessage: a message is taken, and has an id and its digest': async (stage) => {
    const MessageBody = '{"이름":"Größe 👍"}';
    const answer = await send(stage, { MessageBody, DelaySeconds: 60 });
    expect(answer.MessageId).toMatch(uuid);
    expect(answer.MD5OfMessageBody).toBe(createHash('md5').update(MessageBody).digest('hex'));
  },

  'SendMessage: a delay of 15 minutes is taken': async (stage) => {
    expect((await send(stage, { DelaySeconds: 900 })).MessageId).toMatch(uuid);
  },

  'SendMessage: a longer delay fails the call': (stage) =>
    refusesToSend(stage, { DelaySeconds: 901 }, 'InvalidParameterValue'),

  'SendMessage: an empty message fails the call': (stage) =>
    refusesToSend(stage, { MessageBody: '' }, 'MissingParameter'),

  'SendMessage: characters that XML has not fail the call': (stage) =>
    refusesToSend(stage, { MessageBody: 'a\u0000' }, 'InvalidMessageContents'),

  'SendMessage: 1 MiB is taken': async (stage) => {
    expect((await send(stage, { MessageBody: 'x'.repeat(1_048_576) })).MessageId).toMatch(uuid);
  },

  'SendMessage: more than 1 MiB fails the call': (stage) =>
    refusesToSend(stage, { MessageBody: 'x'.repeat(1_048_577) }, 'InvalidParameterValue'),

  'SendMessage: another queue fails the call': (stage) =>
    refusesToSend(stage, { QueueUrl: `${stage.queueUrl}-no-such` }, 'QueueDoesNotExist'),

  'PutEvents: 10 entries are taken, each with an id': async ({ aws }) => {
    const answer = await aws('events:PutEvents', { Entries: Array.from({ length: 10 }, () => entry) });
    expect(answer.FailedEntryCount).toBe(0);
    expect(answer.Entries).toEqual(Array.from({ length: 10 }, () => ({ EventId: expect.stringMatching(uuid) })));
    expect(new Set(answer.Entries?.map((one) => one.EventId)).size).toBe(10);
  },

  'PutEvents: 11 entries fail the call': async ({ aws }) => {
    const asked = aws('events:PutEvents', { Entries: Array.from({ length: 11 }, () => entry) });
    await expect(asked).rejects.toMatchObject({ name: 'ValidationException' });
  },

  'PutEvents: an entry whose detail is no JSON fails alone': async ({ aws }) => {
    const answer = await aws('events:PutEvents', { Entries: [{ ...entry, Detail: 'text' }, entry] });
    expect(answer.FailedEntryCount).toBe(1);
    expect(answer.Entries?.map((one) => one.ErrorCode)).toEqual(['MalformedDetail', undefined]);
  },

  'PutEvents: an entry without a source fails alone': async ({ aws }) => {
    const { Source: _, ...rest } = entry;
    const answer = await aws('events:PutEvents', { Entries: [rest, entry] });
    expect(answer.FailedEntryCount).toBe(1);
    expect(answer.Entries?.map((one) => one.ErrorCode)).toEqual(['InvalidArgument', undefined]);
  },

  'PutEvents: an entry in the name of AWS fails alone': async ({ aws }) => {
    const answer = await aws('events:PutEvents', { Entries: [{ ...entry, Source: 'aws.ec2' }, entry] });
    expect(answer.FailedEntryCount).toBe(1);
    expect(answer.Entries?.map((one) => one.ErrorCode)).toEqual(['NotAuthorizedForSourceException', undefined]);
  },

  'ListAliases: pages to their end give each alias once, with its key': async ({ aws, createAlias }) => {
    const names = Array.from({ length: 7 }, (_, index) => `alias/page-${index}`);
    const made: string[][] = [];
    for (const name of names) made.push([name, await createAlias(name)]);
    const read: string[][] = [];
    let Marker: string | undefined;
    do {
      const page = await aws('kms:ListAliases', { Limit: 5, ...(Marker === undefined ? {} : { Marker }) });
      read.push(...(page.Aliases ?? []).map((one) => [one.AliasName ?? '', one.TargetKeyId ?? '']));
      Marker = page.Truncated ? page.NextMarker : undefined;
    } while (Marker !== undefined);
    expect(sorted(read.filter(([name]) => name?.startsWith('alias/page-')))).toEqual(made);
  },

  'ListAliases: a page holds as many as asked for, and says that there are more': async ({ aws, createAlias }) => {
    await createAlias('alias/limit-1');
    await createAlias('alias/limit-2');
    const page = await aws('kms:ListAliases', { Limit: 1 });
    expect([page.Aliases?.length, page.Truncated, typeof page.NextMarker]).toEqual([1, true, 'string']);
  },

  'ListAliases: a Limit above 100 fails the call': async ({ aws }) => {
    await expect(aws('kms:ListAliases', { Limit: 101 })).rejects.toMatchObject({ name: 'ValidationException' });
  },

  'ListAliases: a marker that was never given fails the call': async ({ aws }) => {
    await expect(aws('kms:ListAliases', { Marker: 'page-2' })).rejects.toMatchObject({
      name: 'InvalidMarkerException',
    });
  },
};

function publish({ aws, topicArn }: Stage, input: Partial<sns.PublishCommandInput>) {
  return aws('sns:Publish', { TopicArn: topicArn, Message: 'text', ...input });
}

async function refusesToPublish(stage: Stage, input: Partial<sns.PublishCommandInput>, name: string): Promise<void> {
  await expect(publish(stage, input)).rejects.toMatchObject({ name });
}

function send({ aws, queueUrl }: Stage, input: Partial<sqs.SendMessageCommandInput>) {
  return aws('sqs:SendMessage', { QueueUrl: queueUrl, MessageBody: '{}', ...input });
}

async function refusesToSend(stage: Stage, input: Partial<sqs.SendMessageCommandInput>, name: string): Promise<void> {
  await expect(send(stage, input)).rejects.toMatchObject({ name });
}
