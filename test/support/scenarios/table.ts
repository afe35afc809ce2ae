import type * as ddb from '@aws-sdk/client-dynamodb';
import {
  ADD_CHUNK,
  DUE,
  DUE_BY,
  DUE_INDEX,
  HAS_ROOM,
  IS_LIVE,
  NOT_THERE,
  RESERVE,
  VERSION_IS,
} from '../../../src/domain/table.ts';
import type { Scenarios, Stage } from '../same-answers.ts';
import { sorted } from './instances.ts';

type Item = Record<string, ddb.AttributeValue>;

/** DynamoDB, by the very expressions that the product puts to it. */
export const table: Scenarios = {
  'PutItem: an item is written where there is none, and not over another': async (stage) => {
    await put(stage, item('new', 1), { ConditionExpression: NOT_THERE });
    const again = put(stage, item('new', 2), { ConditionExpression: NOT_THERE });
    await expect(again).rejects.toMatchObject({ name: 'ConditionalCheckFailedException' });
    expect(await itemsOf(stage, 'new')).toEqual([item('new', 1)]);
  },

  'PutItem: an item is written over the version that was read, and over no other': async (stage) => {
    await put(stage, { ...item('versioned', 1), isLive: { N: '1' } });
    const over = (version: number) => ({
      ConditionExpression: VERSION_IS,
      ExpressionAttributeValues: { ':version': { N: String(version) } },
    });
    await put(stage, item('versioned', 2), over(1));
    const late = put(stage, item('versioned', 9), over(1));
    await expect(late).rejects.toMatchObject({ name: 'ConditionalCheckFailedException' });
    expect(await itemsOf(stage, 'versioned')).toEqual([item('versioned', 2)]);
  },

  'PutItem: an item that is not there has no version': async (stage) => {
    const written = put(stage, item('absent', 2), {
      ConditionExpression: VERSION_IS,
      ExpressionAttributeValues: { ':version': { N: '1' } },
    });
    await expect(written).rejects.toMatchObject({ name: 'ConditionalCheckFailedException' });
    expect(await itemsOf(stage, 'absent')).toEqual([]);
  },

  'PutItem: a value that the expression does not use fails the call': async (stage) => {
    const written = put(stage, item('unused', 1), {
      ConditionExpression: NOT_THERE,
      ExpressionAttributeValues: { ':version': { N: '1' } },
    });
    await expect(written).rejects.toMatchObject({ name: 'ValidationException' });
  },

  'PutItem: a value that is not given fails the call': async (stage) => {
    const written = put(stage, item('undefined', 1), { ConditionExpression: VERSION_IS });
    await expect(written).rejects.toMatchObject({ name: 'ValidationException' });
  },

  'PutItem: an item without its key fails the call': async (stage) => {
    await expect(put(stage, { version: { N: '1' } })).rejects.toMatchObject({ name: 'ValidationException' });
  },

  'PutItem: an empty key fails the call': async (stage) => {
    await expect(put(stage, item('', 1))).rejects.toMatchObject({ name: 'ValidationException' });
  },

  'PutItem: an item of more than 400 KB fails the call': async (stage) => {
    const large = { ...item('large', 1), body: { S: 'x'.repeat(400 * 1024) } };
    await expect(put(stage, large)).rejects.toMatchObject({ name: 'ValidationException' });
  },

  'PutItem: an item keeps texts of every script, and numbers as they were written': async (stage) => {
    const written = { ...item('texts', 1), body: { S: '{"이름":"Größe 👍"}' }, expiresAt: { N: '1772442000' } };
    await put(stage, written);
    expect(await itemsOf(stage, 'texts')).toEqual([written]);
  },

  'PutItem: another table fails the call': async (stage) => {
    const elsewhere = put({ ...stage, tableName: 'no-such-table' }, item('a', 1));
    await expect(elsewhere).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  },

  'UpdateItem: a chunk is added once, and the first one makes the item': async (stage) => {
    expect(sorted(await addChunk(stage, 'sweep', 1))).toEqual(['1']);
    expect(sorted(await addChunk(stage, 'sweep', 2))).toEqual(['1', '2']);
    expect(sorted(await addChunk(stage, 'sweep', 2))).toEqual(['1', '2']);
    const [written] = await itemsOf(stage, 'sweep');
    expect(written?.expiresAt).toEqual({ N: '1772442000' });
  },

  'UpdateItem: other attributes stay': async (stage) => {
    await put(stage, item('kept', 3));
    await addChunk(stage, 'kept', 1);
    expect(await itemsOf(stage, 'kept')).toEqual([
      {
        ...item('kept', 3),
        doneChunks: { NS: ['1'] },
        doneWork: { SS: ['1 100 500'] },
        expiresAt: { N: '1772442000' },
      },
    ]);
  },

  'UpdateItem: to a set that is none nothing can be added': async (stage) => {
    await put(stage, { ...item('no-set', 1), doneChunks: { S: '1' } });
    await expect(addChunk(stage, 'no-set', 1)).rejects.toMatchObject({ name: 'ValidationException' });
  },

  'UpdateItem: a budget is used while there is room, and no further': async (stage) => {
    expect(await reserve(stage, 'budget', 3, 7)).toEqual({ N: '3' });
    expect(await reserve(stage, 'budget', 7, 3)).toEqual({ N: '10' });
    await expect(reserve(stage, 'budget', 1, 9)).rejects.toMatchObject({ name: 'ConditionalCheckFailedException' });
    expect(await itemsOf(stage, 'budget')).toEqual([
      { pk: { S: 'budget' }, used: { N: '10' }, expiresAt: { N: '1772442000' } },
    ]);
  },

  'UpdateItem: a budget that was never used has room, whatever its size': async (stage) => {
    expect(await reserve(stage, 'budget-new', 100, -50)).toEqual({ N: '100' });
  },

  'UpdateItem: what is used and no number leaves no room': async (stage) => {
    await put(stage, { pk: { S: 'no-number' }, used: { NS: ['1'] } });
    await expect(reserve(stage, 'no-number', 1, 1)).rejects.toMatchObject({ name: 'ConditionalCheckFailedException' });
  },

  'Query: keys of what is due, the longest due first, over all pages': async (stage) => {
    const times = {
      late: '2026-03-01T12:00:00.000Z',
      early: '2026-03-01T10:00:00.000Z',
      same: '2026-03-01T12:00:00.000Z',
    };
    for (const [name, at] of Object.entries(times)) await put(stage, dueItem(`due-${name}`, at));
    await put(stage, dueItem('due-not-yet', '2026-03-01T12:00:00.001Z'));
    const pages = await duePages(stage, '2026-03-01T12:00:00.000Z', { Limit: 1 });
    expect(pages.every((page) => page.length <= 1)).toBe(true);
    const [first, ...rest] = pages.flat();
    expect(first).toEqual({ pk: { S: 'due-early' }, due: { S: DUE }, dueAt: { S: times.early } });
    expect(keysOf(rest)).toEqual(['due-late', 'due-same']);
  },

  'Query: a page names the last key of the index': async (stage) => {
    await put(stage, dueItem('due-first', '2026-01-01T10:00:00.000Z'));
    await put(stage, dueItem('due-second', '2026-01-01T11:00:00.000Z'));
    const page = await due(stage, '2026-01-01T11:00:00.000Z', { Limit: 1 });
    const key = { pk: { S: 'due-first' }, due: { S: DUE }, dueAt: { S: '2026-01-01T10:00:00.000Z' } };
    expect([page.Items, page.Count, page.LastEvaluatedKey]).toEqual([[key], 1, key]);
  },

  'Query: only what has both keys of the index is in it, and once it has no more it is not': async (stage) => {
    const at = '2025-01-01T10:00:00.000Z';
    await put(stage, dueItem('due-once', at));
    await put(stage, { ...item('due-no-due', 1), dueAt: { S: at } });
    await put(stage, { ...item('due-no-time', 1), due: { S: DUE } });
    expect(keysOf((await due(stage, at)).Items)).toEqual(['due-once']);
    await put(stage, item('due-once', 2));
    expect((await due(stage, at)).Items).toEqual([]);
  },

  'Query: nothing due is an empty page, and the last': async (stage) => {
    const page = await due(stage, '2000-01-01T00:00:00.000Z');
    expect([page.Items, page.Count, page.LastEvaluatedKey]).toEqual([[], 0, undefined]);
  },

  'Query: an index is not read consistently': async (stage) => {
    const asked = due(stage, '2026-03-01T12:00:00.000Z', { ConsistentRead: true });
    await expect(asked).rejects.toMatchObject({ name: 'ValidationException' });
  },

  'Query: an index that is not there fails the call': async (stage) => {
    const asked = due(stage, '2026-03-01T12:00:00.000Z', { IndexName: 'no-such-index' });
    await expect(asked).rejects.toMatchObject({ name: 'ValidationException' });
  },

  'Query: another table fails the call': async (stage) => {
    const asked = due({ ...stage, tableName: 'no-such-table' }, '2026-03-01T12:00:00.000Z');
    await expect(asked).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  },

  'PutItem: a key of an index that is no text fails the call': async (stage) => {
    const written = put(stage, { ...item('due-number', 1), due: { S: DUE }, dueAt: { N: '1' } });
    await expect(written).rejects.toMatchObject({ name: 'ValidationException' });
  },

  'BatchGetItem: items that are there, without those that are not': async (stage) => {
    await put(stage, item('batch-1', 1));
    await put(stage, item('batch-2', 2));
    const { tableName } = stage;
    const answer = await getItems(stage, ['batch-1', 'batch-3', 'batch-2']);
    expect(answer.UnprocessedKeys).toEqual({});
    expect(keysOf(answer.Responses?.[tableName])).toEqual(['batch-1', 'batch-2']);
  },

  'BatchGetItem: of keys that are not there an empty list': async (stage) => {
    const answer = await getItems(stage, ['batch-8', 'batch-9']);
    expect([answer.Responses, answer.UnprocessedKeys]).toEqual([{ [stage.tableName]: [] }, {}]);
  },

  'BatchGetItem: the same key twice fails the call': async (stage) => {
    await expect(getItems(stage, ['a', 'a'])).rejects.toMatchObject({ name: 'ValidationException' });
  },

  'BatchGetItem: more than 100 keys fail the call': async (stage) => {
    const keys = Array.from({ length: 101 }, (_, index) => `key-${index}`);
    await expect(getItems(stage, keys)).rejects.toMatchObject({ name: 'ValidationException' });
  },

  'BatchGetItem: no keys fail the call': async (stage) => {
    await expect(getItems(stage, [])).rejects.toMatchObject({ name: 'ValidationException' });
  },

  'Scan: pages to their end give each item once, and the filter those that are live': async (stage) => {
    const all = Array.from({ length: 7 }, (_, index) => `scan-${index}`);
    for (const [index, key] of all.entries()) {
      await put(stage, { ...item(key, 1), ...(index % 2 === 0 ? { isLive: { N: '1' } } : {}) });
    }
    const scanned = (keys: readonly string[]) => keys.filter((key) => key.startsWith('scan-'));
    expect(scanned(await scan(stage, {}))).toEqual(all);
    expect(scanned(await scan(stage, { FilterExpression: IS_LIVE }))).toEqual(['scan-0', 'scan-2', 'scan-4', 'scan-6']);
  },

  'Scan: a page is cut before it is filtered': async (stage) => {
    const { aws, tableName: TableName } = stage;
    for (const key of ['cut-1', 'cut-2', 'cut-3']) await put(stage, item(key, 1));
    const page = await aws('dynamodb:Scan', { TableName, Limit: 2, FilterExpression: IS_LIVE });
    expect(page.ScannedCount).toBe(2);
    expect(page.Count).toBe(page.Items?.length);
    expect(page.LastEvaluatedKey).toEqual({ pk: { S: expect.any(String) } });
  },

  'ListTables: pages to their end name each table once': async ({ aws, tableName }) => {
    const names: string[] = [];
    let start: string | undefined;
    do {
      const page = await aws('dynamodb:ListTables', {
        Limit: 1,
        ...(start === undefined ? {} : { ExclusiveStartTableName: start }),
      });
      expect(page.TableNames?.length).toBeLessThanOrEqual(1);
      names.push(...(page.TableNames ?? []));
      start = page.LastEvaluatedTableName;
    } while (start !== undefined);
    expect(sorted(names)).toEqual(sorted([tableName, 'other']));
  },

  'ListTables: a Limit above 100 fails the call': async ({ aws }) => {
    await expect(aws('dynamodb:ListTables', { Limit: 101 })).rejects.toMatchObject({ name: 'ValidationException' });
  },

  'Scan: another table fails the call': async ({ aws }) => {
    await expect(aws('dynamodb:Scan', { TableName: 'no-such-table' })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  },
};

function item(pk: string, version: number): Item {
  return { pk: { S: pk }, version: { N: String(version) } };
}

async function put(
  { aws, tableName }: Stage,
  Item: Item,
  condition: Partial<ddb.PutItemCommandInput> = {},
): Promise<void> {
  await aws('dynamodb:PutItem', { TableName: tableName, Item, ...condition });
}

async function addChunk({ aws, tableName }: Stage, pk: string, chunk: number): Promise<readonly string[]> {
  const { Attributes } = await aws('dynamodb:UpdateItem', {
    TableName: tableName,
    Key: { pk: { S: pk } },
    UpdateExpression: ADD_CHUNK,
    ExpressionAttributeValues: {
      ':chunk': { NS: [String(chunk)] },
      ':work': { SS: [`${chunk} 100 500`] },
      ':expiresAt': { N: '1772442000' },
    },
    ReturnValues: 'ALL_NEW',
  });
  return Attributes?.doneChunks?.NS ?? [];
}

/** What is used then. */
async function reserve(
  { aws, tableName }: Stage,
  pk: string,
  size: number,
  room: number,
): Promise<ddb.AttributeValue | undefined> {
  const { Attributes } = await aws('dynamodb:UpdateItem', {
    TableName: tableName,
    Key: { pk: { S: pk } },
    UpdateExpression: RESERVE,
    ConditionExpression: HAS_ROOM,
    ExpressionAttributeValues: {
      ':size': { N: String(size) },
      ':room': { N: String(room) },
      ':expiresAt': { N: '1772442000' },
    },
    ReturnValues: 'ALL_NEW',
  });
  return Attributes?.used;
}

function dueItem(pk: string, dueAt: string): Item {
  return { ...item(pk, 1), due: { S: DUE }, dueAt: { S: dueAt } };
}

function due({ aws, tableName }: Stage, now: string, request: Partial<ddb.QueryCommandInput> = {}) {
  return aws('dynamodb:Query', {
    TableName: tableName,
    IndexName: DUE_INDEX,
    KeyConditionExpression: DUE_BY,
    ExpressionAttributeValues: { ':due': { S: DUE }, ':now': { S: now } },
    ...request,
  });
}

/** Of this scenario's own time. */
async function duePages(stage: Stage, now: string, request: Partial<ddb.QueryCommandInput>): Promise<Item[][]> {
  const pages: Item[][] = [];
  let start: Item | undefined;
  do {
    const page = await due(stage, now, { ...request, ...(start === undefined ? {} : { ExclusiveStartKey: start }) });
    pages.push((page.Items ?? []).filter((one) => one.dueAt?.S?.startsWith('2026-03-01')));
    start = page.LastEvaluatedKey;
  } while (start !== undefined);
  return pages;
}

function getItems({ aws, tableName }: Stage, keys: readonly string[]) {
  return aws('dynamodb:BatchGetItem', {
    RequestItems: { [tableName]: { ConsistentRead: true, Keys: keys.map((pk) => ({ pk: { S: pk } })) } },
  });
}

async function itemsOf(stage: Stage, ...keys: string[]): Promise<readonly Item[]> {
  return (await getItems(stage, keys)).Responses?.[stage.tableName] ?? [];
}

/** Keys of all pages, sorted. */
async function scan({ aws, tableName }: Stage, filter: Partial<ddb.ScanCommandInput>): Promise<string[]> {
  const items: Item[] = [];
  let start: Item | undefined;
  do {
    const page = await aws('dynamodb:Scan', {
      TableName: tableName,
      ConsistentRead: true,
      Limit: 3,
      ...filter,
      ...(start === undefined ? {} : { ExclusiveStartKey: start }),
    });
    items.push(...(page.Items ?? []));
    start = page.LastEvaluatedKey;
  } while (start !== undefined);
  return keysOf(items);
}

function keysOf(items: readonly Item[] = []): string[] {
  return sorted(items.map((one) => one.pk?.S ?? ''));
}
