import type * as ddb from '@aws-sdk/client-dynamodb';
import {
  ADD_CHUNK,
  DUE,
  DUE_BY,
  DUE_INDEX,
  HAS_ROOM,
  IS_AHEAD,
  IS_FULL,
  NOT_THERE,
  RESERVE,
  TAKE_AHEAD,
  TAKE_ANEW,
  VERSION_IS,
} from '../../src/domain/table.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { sandboxWith } from './account-of-tests.ts';

const TableName = 'ec2-guardrail';

function item(pk: string, version = '1'): Record<string, ddb.AttributeValue> {
  return { pk: { S: pk }, version: { N: version } };
}

async function holding(...keys: string[]): Promise<Sandbox> {
  const sandbox = sandboxWith();
  for (const key of keys) await sandbox.aws('dynamodb:PutItem', { TableName, Item: item(key) });
  return sandbox;
}

function keysOf(items: readonly Record<string, ddb.AttributeValue>[] | undefined): string[] {
  return (items ?? []).map((one) => one.pk?.S ?? '').sort((a, b) => a.localeCompare(b));
}

describe('PutItem', () => {
  test.each<[string, Omit<ddb.PutItemCommandInput, 'TableName' | 'Item'>, string]>([
    ['replaces without a condition', {}, 'done'],
    ['not there, and it is', { ConditionExpression: NOT_THERE }, 'ConditionalCheckFailedException'],
    [
      'the version that it has',
      { ConditionExpression: VERSION_IS, ExpressionAttributeValues: { ':version': { N: '1' } } },
      'done',
    ],
    [
      'a version that it has no more',
      { ConditionExpression: VERSION_IS, ExpressionAttributeValues: { ':version': { N: '0' } } },
      'ConditionalCheckFailedException',
    ],
    ['a condition that is not one of ours', { ConditionExpression: 'attribute_exists(pk)' }, 'ValidationException'],
    ['a version that is not given', { ConditionExpression: VERSION_IS }, 'ValidationException'],
    [
      'a value that nothing uses',
      { ConditionExpression: NOT_THERE, ExpressionAttributeValues: { ':version': { N: '1' } } },
      'ValidationException',
    ],
    ['a parameter that would be passed over', { ReturnValues: 'ALL_OLD' }, 'UnknownParameter'],
  ])('%s', async (_, condition, outcome) => {
    const { aws, calls } = await holding('a');
    await aws('dynamodb:PutItem', { TableName, Item: item('a', '2'), ...condition }).catch(() => undefined);
    const { Responses } = await aws('dynamodb:BatchGetItem', {
      RequestItems: { [TableName]: { Keys: [{ pk: { S: 'a' } }] } },
    });
    expect(calls.at(-2)?.outcome).toBe(outcome);
    expect(Responses?.[TableName]).toEqual([item('a', outcome === 'done' ? '2' : '1')]);
  });

  test('a version can not be that of an item that is not there', async () => {
    const { aws } = sandboxWith();
    const put = aws('dynamodb:PutItem', {
      TableName,
      Item: item('a'),
      ConditionExpression: VERSION_IS,
      ExpressionAttributeValues: { ':version': { N: '1' } },
    });
    await expect(put).rejects.toMatchObject({
      name: 'ConditionalCheckFailedException',
      message: 'The conditional request failed',
    });
  });

  test.each([
    ['no key', { version: { N: '1' } }],
    ['an empty key', { pk: { S: '' } }],
    ['a key that is a number', { pk: { N: '1' } }],
    ['more than 400 KB', { pk: { S: 'a' }, text: { S: 'x'.repeat(400 * 1024 - 6) } }],
  ])('refuses an item with %s', async (_, Item) => {
    const { aws } = sandboxWith();
    await expect(aws('dynamodb:PutItem', { TableName, Item })).rejects.toMatchObject({ name: 'ValidationException' });
  });

  test('takes an item of exactly 400 KB, names of attributes included', async () => {
    const { aws } = sandboxWith();
    const text = { S: 'x'.repeat(400 * 1024 - 'pk'.length - 'a'.length - 'text'.length) };
    await expect(aws('dynamodb:PutItem', { TableName, Item: { pk: { S: 'a' }, text } })).resolves.toEqual({});
  });

  test('knows one table', async () => {
    const { aws } = sandboxWith();
    const put = aws('dynamodb:PutItem', { TableName: 'other', Item: item('a') });
    await expect(put).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });
});

describe('BatchGetItem', () => {
  function get(...keys: string[]): ddb.BatchGetItemCommandInput {
    return { RequestItems: { [TableName]: { ConsistentRead: true, Keys: keys.map((key) => ({ pk: { S: key } })) } } };
  }

  test('gives the items that are there', async () => {
    const { aws } = await holding('a', 'b');
    const answer = await aws('dynamodb:BatchGetItem', get('a', 'b', 'c'));
    const Items = expect.arrayContaining([item('a'), item('b')]);
    expect(answer).toEqual({ Responses: { [TableName]: Items }, UnprocessedKeys: {} });
    expect(keysOf(answer.Responses?.[TableName])).toEqual(['a', 'b']);
  });

  const many = (count: number) => Array.from({ length: count }, (_, index) => `k${index}`);
  test.each([
    ['101 keys', many(101)],
    ['a key twice', ['a', 'a']],
    ['no key', []],
  ])('refuses %s', async (_, keys) => {
    const { aws } = sandboxWith();
    await expect(aws('dynamodb:BatchGetItem', get(...keys))).rejects.toMatchObject({ name: 'ValidationException' });
  });

  test('takes 100 keys', async () => {
    const { aws } = await holding('k99');
    const answer = await aws('dynamodb:BatchGetItem', get(...many(100)));
    expect(keysOf(answer.Responses?.[TableName])).toEqual(['k99']);
  });

  test('leaves keys unprocessed when it is throttled, in a form that can be asked for again', async () => {
    const { aws, inject } = await holding('a', 'b', 'c');
    inject({ operation: 'dynamodb:BatchGetItem', unprocessedKeys: 2 });
    inject({ operation: 'dynamodb:BatchGetItem', unprocessedKeys: 9, after: 2 });
    const first = await aws('dynamodb:BatchGetItem', get('a', 'b', 'c'));
    expect(keysOf(first.Responses?.[TableName])).toEqual(['a']);
    expect(first.UnprocessedKeys).toEqual(get('b', 'c').RequestItems);
    const second = await aws('dynamodb:BatchGetItem', { RequestItems: first.UnprocessedKeys });
    expect(keysOf(second.Responses?.[TableName])).toEqual(['b', 'c']);
    const third = await aws('dynamodb:BatchGetItem', get('a', 'b', 'c', 'd', 'e'));
    expect([third.Responses, third.UnprocessedKeys]).toEqual([
      { [TableName]: [] },
      get('a', 'b', 'c', 'd', 'e').RequestItems,
    ]);
  });

  test('gives 16 MB at most and leaves the rest unprocessed', async () => {
    const { aws } = sandboxWith();
    const keys = many(45);
    for (const key of keys) {
      await aws('dynamodb:PutItem', { TableName, Item: { pk: { S: key }, text: { S: 'x'.repeat(400_000) } } });
    }
    const answer = await aws('dynamodb:BatchGetItem', get(...keys));
    expect(answer.Responses?.[TableName]?.length).toBe(41);
    expect(answer.UnprocessedKeys?.[TableName]?.Keys?.length).toBe(4);
  });
});

describe('UpdateItem', () => {
  const work = { SS: ['1 100 500'] };

  function add(...NS: string[]): ddb.UpdateItemCommandInput {
    return {
      TableName,
      Key: { pk: { S: 'sweep' } },
      UpdateExpression: ADD_CHUNK,
      ExpressionAttributeValues: { ':chunk': { NS }, ':work': work, ':expiresAt': { N: '1772442000' } },
      ReturnValues: 'ALL_NEW',
    };
  }

  test('adds chunks to a set, once each, and makes the item if need be', async () => {
    const { aws } = sandboxWith();
    expect(await aws('dynamodb:UpdateItem', add('1'))).toEqual({
      Attributes: { pk: { S: 'sweep' }, doneChunks: { NS: ['1'] }, doneWork: work, expiresAt: { N: '1772442000' } },
    });
    const answer = await aws('dynamodb:UpdateItem', add('2', '1'));
    expect(answer.Attributes?.doneChunks).toEqual({ NS: ['1', '2'] });
  });

  test('keeps the other attributes', async () => {
    const { aws } = await holding('sweep');
    const answer = await aws('dynamodb:UpdateItem', add('1'));
    expect(answer.Attributes).toEqual({
      ...item('sweep'),
      doneChunks: { NS: ['1'] },
      doneWork: work,
      expiresAt: { N: '1772442000' },
    });
  });

  test.each<[string, Partial<ddb.UpdateItemCommandInput>]>([
    ['an update that is not one of ours', { UpdateExpression: 'SET a = :chunk' }],
    ['no update', { UpdateExpression: undefined, ExpressionAttributeValues: undefined }],
    ['no chunk', { ExpressionAttributeValues: { ':chunk': { NS: [] }, ':work': work, ':expiresAt': { N: '1' } } }],
    [
      'a chunk that is no set',
      { ExpressionAttributeValues: { ':chunk': { N: '1' }, ':work': work, ':expiresAt': { N: '1' } } },
    ],
    ['no work', { ExpressionAttributeValues: { ':chunk': { NS: ['1'] }, ':expiresAt': { N: '1' } } }],
    ['no expiry', { ExpressionAttributeValues: { ':chunk': { NS: ['1'] }, ':work': work } }],
    [
      'an expiry that is no number',
      { ExpressionAttributeValues: { ':chunk': { NS: ['1'] }, ':work': work, ':expiresAt': { S: '1' } } },
    ],
  ])('refuses %s', async (_, change) => {
    const { aws } = sandboxWith();
    const update = aws('dynamodb:UpdateItem', { ...add('1'), ...change });
    await expect(update).rejects.toMatchObject({ name: 'ValidationException' });
  });
});

describe('UpdateItem of a budget', () => {
  function reserve(size: ddb.AttributeValue, room: string): ddb.UpdateItemCommandInput {
    return {
      TableName,
      Key: { pk: { S: 'budget' } },
      UpdateExpression: RESERVE,
      ConditionExpression: HAS_ROOM,
      ExpressionAttributeValues: { ':size': size, ':room': { N: room }, ':expiresAt': { N: '1772442000' } },
    };
  }

  test('adds up to the last of the room, and then no more', async () => {
    const { aws, calls, account } = sandboxWith();
    expect(await aws('dynamodb:UpdateItem', reserve({ N: '2' }, '3'))).toEqual({});
    await aws('dynamodb:UpdateItem', reserve({ N: '3' }, '2'));
    await aws('dynamodb:UpdateItem', reserve({ N: '1' }, '4')).catch(() => undefined);
    expect(calls.map((call) => call.outcome)).toEqual(['done', 'done', 'ConditionalCheckFailedException']);
    expect([...account.items.values()]).toEqual([
      { pk: { S: 'budget' }, used: { N: '5' }, expiresAt: { N: '1772442000' } },
    ]);
  });

  test('refuses a size that is no number', async () => {
    const { aws } = sandboxWith();
    await expect(aws('dynamodb:UpdateItem', reserve({ S: '1' }, '9'))).rejects.toMatchObject({
      name: 'ValidationException',
    });
  });
});

describe('UpdateItem of what flows in', () => {
  const bucket = { TableName, Key: { pk: { S: 'bucket' } } };
  const ahead = (size: string, now: string, room: string): ddb.UpdateItemCommandInput => ({
    ...bucket,
    UpdateExpression: TAKE_AHEAD,
    ConditionExpression: IS_AHEAD,
    ExpressionAttributeValues: {
      ':size': { N: size },
      ':now': { N: now },
      ':room': { N: room },
      ':expiresAt': { N: '1772442000' },
    },
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
  const anew = (now: string, until: string): ddb.UpdateItemCommandInput => ({
    ...bucket,
    UpdateExpression: TAKE_ANEW,
    ConditionExpression: IS_FULL,
    ExpressionAttributeValues: { ':now': { N: now }, ':until': { N: until }, ':expiresAt': { N: '1772442000' } },
  });

  test('begins anew where nothing is taken ahead, and takes ahead where something is, as long as there is room', async () => {
    const { aws, calls, account } = sandboxWith();
    await expect(aws('dynamodb:UpdateItem', ahead('5', '100', '200'))).rejects.not.toHaveProperty('Item');
    await aws('dynamodb:UpdateItem', anew('100', '105'));
    await aws('dynamodb:UpdateItem', ahead('5', '105', '105'));
    await expect(aws('dynamodb:UpdateItem', ahead('5', '100', '109'))).rejects.toMatchObject({
      Item: { takenUntil: { N: '110' } },
    });
    await expect(aws('dynamodb:UpdateItem', ahead('5', '111', '200'))).rejects.toThrow('conditional');
    await expect(aws('dynamodb:UpdateItem', anew('110', '115'))).rejects.toThrow('conditional');
    await aws('dynamodb:UpdateItem', anew('111', '116'));

    expect(calls.map((call) => call.outcome === 'done')).toEqual([false, true, true, false, false, false, true]);
    expect([...account.items.values()]).toEqual([
      { pk: { S: 'bucket' }, takenUntil: { N: '116' }, expiresAt: { N: '1772442000' } },
    ]);
  });
});

describe('Query', () => {
  const due = (pk: string, dueAt: string) => ({ ...item(pk), due: { S: DUE }, dueAt: { S: dueAt } });
  const byNoon: ddb.QueryCommandInput = {
    TableName,
    IndexName: DUE_INDEX,
    KeyConditionExpression: DUE_BY,
    ExpressionAttributeValues: { ':due': { S: DUE }, ':now': { S: '2026-05-01T12:00:00.000Z' } },
  };

  test('gives every key once over its pages, the longest due first, whatever is written meanwhile', async () => {
    const { aws } = sandboxWith();
    for (const hour of ['10', '08', '09', '07', '06', '12', '11']) {
      await aws('dynamodb:PutItem', { TableName, Item: due(`at-${hour}`, `2026-05-01T${hour}:00:00.000Z`) });
    }
    const first = await aws('dynamodb:Query', byNoon);
    expect(first.LastEvaluatedKey).toEqual({
      pk: { S: 'at-10' },
      due: { S: DUE },
      dueAt: { S: '2026-05-01T10:00:00.000Z' },
    });
    await aws('dynamodb:PutItem', { TableName, Item: item('at-10') });
    const second = await aws('dynamodb:Query', { ...byNoon, ExclusiveStartKey: first.LastEvaluatedKey });
    const keys = [...(first.Items ?? []), ...(second.Items ?? [])].map((one) => one.pk?.S);
    expect(keys).toEqual(['at-06', 'at-07', 'at-08', 'at-09', 'at-10', 'at-11', 'at-12']);
    expect(second.LastEvaluatedKey).toBeUndefined();
  });

  test('of the same time gives each once, too', async () => {
    const { aws } = sandboxWith();
    for (const key of ['a', 'b', 'c', 'd', 'e', 'f']) {
      await aws('dynamodb:PutItem', { TableName, Item: due(key, '2026-05-01T10:00:00.000Z') });
    }
    const first = await aws('dynamodb:Query', byNoon);
    const second = await aws('dynamodb:Query', { ...byNoon, ExclusiveStartKey: first.LastEvaluatedKey });
    expect(keysOf([...(first.Items ?? []), ...(second.Items ?? [])])).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  });

  const key = { pk: { S: 'a' }, due: { S: DUE }, dueAt: { S: '2026-05-01T10:00:00.000Z' } };
  test.each<[string, Partial<ddb.QueryCommandInput>, string]>([
    ['a consistent read', { ConsistentRead: true }, 'ValidationException'],
    ['another index', { IndexName: 'other' }, 'ValidationException'],
    ['the table itself', { IndexName: undefined }, 'ValidationException'],
    ['another condition', { KeyConditionExpression: 'due = :due' }, 'ValidationException'],
    ['a time that is not given', { ExpressionAttributeValues: { ':due': { S: DUE } } }, 'ValidationException'],
    [
      'a time that is no text',
      { ExpressionAttributeValues: { ':due': { S: DUE }, ':now': { N: '1' } } },
      'ValidationException',
    ],
    ["the table's key to start from", { ExclusiveStartKey: { pk: { S: 'a' } } }, 'ValidationException'],
    [
      'a start behind what is due',
      { ExclusiveStartKey: { ...key, dueAt: { S: '2026-05-01T13:00:00.000Z' } } },
      'ValidationException',
    ],
    ['the latest first', { ScanIndexForward: false }, 'UnknownParameter'],
    ['another table', { TableName: 'other' }, 'ResourceNotFoundException'],
  ])('refuses %s', async (_, change, name) => {
    await expect(sandboxWith().aws('dynamodb:Query', { ...byNoon, ...change })).rejects.toMatchObject({ name });
  });

  test.each([
    ['a number', { N: '1' }],
    ['empty', { S: '' }],
  ])('can not go by a time that is %s: such an item is refused', async (_, dueAt) => {
    const put = sandboxWith().aws('dynamodb:PutItem', { TableName, Item: { ...item('a'), dueAt } });
    await expect(put).rejects.toMatchObject({ name: 'ValidationException' });
  });
});

describe('Scan', () => {
  const keys = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];

  test('gives every item over its pages, whatever is written meanwhile', async () => {
    const { aws } = await holding(...keys);
    const first = await aws('dynamodb:Scan', { TableName });
    await aws('dynamodb:PutItem', { TableName, Item: item('h') });
    const second = await aws('dynamodb:Scan', { TableName, ExclusiveStartKey: first.LastEvaluatedKey });
    expect(first.Count).toBe(5);
    expect(second.LastEvaluatedKey).toBeUndefined();
    expect(keysOf([...(first.Items ?? []), ...(second.Items ?? [])])).toEqual(expect.arrayContaining(keys));
  });

  test('that stops at its Limit does not know whether there is more', async () => {
    const { aws } = await holding('a', 'b');
    const first = await aws('dynamodb:Scan', { TableName, Limit: 2 });
    const second = await aws('dynamodb:Scan', { TableName, Limit: 2, ExclusiveStartKey: first.LastEvaluatedKey });
    expect([first.Count, first.LastEvaluatedKey === undefined]).toEqual([2, false]);
    expect(second).toEqual({ Items: [], Count: 0, ScannedCount: 0, LastEvaluatedKey: undefined });
  });
});
