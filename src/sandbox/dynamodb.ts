import type * as ddb from '@aws-sdk/client-dynamodb';
import type { Input, Output } from '../domain/operations.ts';
import {
  ADD_CHUNK,
  DUE_BY,
  DUE_INDEX,
  HAS_ROOM,
  IS_AHEAD,
  IS_FULL,
  IS_LIVE,
  NOT_THERE,
  RESERVE,
  TABLE_KEY,
  TAKE_AHEAD,
  TAKE_ANEW,
  VERSION_IS,
} from '../domain/table.ts';
import { type Account, digest, type Item } from './account.ts';
import { awsError, heedOnly } from './errors.ts';
import type { PartialFailure } from './faults.ts';

/** Bytes. @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html */
const MAX_ITEM_SIZE = 400 * 1024;
const MAX_BATCH_SIZE = 16 * 1024 * 1024;
const MAX_PAGE_SIZE = 1024 * 1024;

/** What the index of what is due goes by: partition and sort key. */
const indexKeys = ['due', 'dueAt'] as const;

/** How many names of tables a page has at most. */
const MAX_LISTED_TABLES = 100;

type Values = Record<string, ddb.AttributeValue> | undefined;

/**
 * Items by key; what is too much or was throttled comes back unprocessed.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
 */
export function batchGetItem(
  input: Input<'dynamodb:BatchGetItem'>,
  account: Account,
  failure?: PartialFailure,
): Output<'dynamodb:BatchGetItem'> {
  heedOnly(input, ['RequestItems']);
  const tables = Object.keys(input.RequestItems ?? {});
  if (tables.length !== 1) throw invalid('The sandbox holds one table: ask for the items of one');
  const [name = ''] = tables;
  checkTable(name, account);
  const asked = input.RequestItems?.[name] ?? { Keys: [] };
  heedOnly(asked, ['Keys', 'ConsistentRead']);
  const keys = asked.Keys ?? [];
  checkKeys(keys);
  const wanted = keys.slice(0, Math.max(0, keys.length - (failure?.unprocessedKeys ?? 0)));
  const known = wanted.map((key) => account.items.get(keyOf(key))).filter((item) => item !== undefined);
  const found = inPlace(known).map(({ item }) => item);
  const fitting = thatFit(found, MAX_BATCH_SIZE);
  const left = [
    ...found.slice(fitting.length).map((item) => ({ [TABLE_KEY]: { S: keyOf(item) } })),
    ...keys.slice(wanted.length),
  ];
  return {
    Responses: { [name]: fitting },
    UnprocessedKeys: left.length === 0 ? {} : { [name]: { ...asked, Keys: left } },
  };
}

/**
 * Writes an item, on one of the named conditions or on none.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutItem.html
 */
export function putItem(input: Input<'dynamodb:PutItem'>, account: Account): Output<'dynamodb:PutItem'> {
  heedOnly(input, ['TableName', 'Item', 'ConditionExpression', 'ExpressionAttributeValues']);
  checkTable(input.TableName, account);
  const item = input.Item ?? {};
  const key = keyOf(item);
  if (sizeOf(item) > MAX_ITEM_SIZE) throw invalid('Item size has exceeded the maximum allowed size');
  checkIndexKeys(item);
  const { ConditionExpression: condition, ExpressionAttributeValues: values } = input;
  checkValuesUsed(values, [condition]);
  checkCondition(condition, values, account.items.get(key));
  account.items.set(key, item);
  return {};
}

/**
 * Adds chunks and their work to sets, or to what is used of a budget, or takes of what flows in: the updates that are known.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateItem.html
 */
export function updateItem(input: Input<'dynamodb:UpdateItem'>, account: Account): Output<'dynamodb:UpdateItem'> {
  heedOnly(input, [
    'TableName',
    'Key',
    'UpdateExpression',
    'ConditionExpression',
    'ExpressionAttributeValues',
    'ReturnValues',
    'ReturnValuesOnConditionCheckFailure',
  ]);
  checkTable(input.TableName, account);
  const { Key, UpdateExpression: update, ConditionExpression: condition, ExpressionAttributeValues: values } = input;
  const key = keyOf(Key ?? {});
  const before = account.items.get(key);
  checkValuesUsed(values, [update, condition]);
  checkCondition(condition, values, before, input.ReturnValuesOnConditionCheckFailure);
  const expiresAt = values?.[':expiresAt'];
  const after: Item = { ...before, ...Key, ...increased(update, values, before), ...(expiresAt && { expiresAt }) };
  if (expiresAt?.N === undefined) throw invalid('An expiry is a number, given as { N: "1" }');
  if (sizeOf(after) > MAX_ITEM_SIZE) throw invalid('Item size to update has exceeded the maximum allowed size');
  account.items.set(key, after);
  return input.ReturnValues === 'ALL_NEW' ? { Attributes: after } : {};
}

/** What an update adds to. */
function increased(update: string | undefined, values: Values, before: Item | undefined): Item {
  if (update === ADD_CHUNK)
    return {
      doneChunks: { NS: [...added('NS', before?.doneChunks, values?.[':chunk'])] },
      doneWork: { SS: [...added('SS', before?.doneWork, values?.[':work'])] },
    };
  if (update === RESERVE) return { used: { N: String(sum(before?.used, values?.[':size'])) } };
  if (update === TAKE_AHEAD) return { takenUntil: { N: String(sum(before?.takenUntil, values?.[':size'])) } };
  if (update === TAKE_ANEW) return { takenUntil: { N: String(sum(undefined, values?.[':until'])) } };
  throw invalid(`Invalid UpdateExpression: the sandbox does not know '${update}'`);
}

/**
 * The keys of what is due, the longest due first, page by page.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Query.html
 */
export function query(input: Input<'dynamodb:Query'>, account: Account): Output<'dynamodb:Query'> {
  heedOnly(input, [
    'TableName',
    'IndexName',
    'KeyConditionExpression',
    'ExpressionAttributeValues',
    'ConsistentRead',
    'ExclusiveStartKey',
    'Limit',
  ]);
  const { IndexName, KeyConditionExpression: condition, ExpressionAttributeValues: values } = input;
  checkTable(input.TableName, account);
  if (IndexName !== DUE_INDEX) throw invalid(`The table does not have the specified index: ${IndexName}`);
  if (input.ConsistentRead === true) throw invalid('Consistent reads are not supported on global secondary indexes');
  if (condition !== DUE_BY) throw invalid(`Invalid KeyConditionExpression: the sandbox does not know '${condition}'`);
  checkValuesUsed(values, [condition]);
  const [due, now] = [textOf(values?.[':due']), textOf(values?.[':now'])];
  const start = input.ExclusiveStartKey === undefined ? '' : placeInIndex(startKey(input.ExclusiveStartKey, due, now));
  const ahead = [...account.items.values()]
    .filter((item) => item.due?.S === due && item.dueAt?.S !== undefined && item.dueAt.S <= now)
    .map((item) => ({ item: keysIn(item), place: placeInIndex(item) }))
    .filter(({ place }) => place > start)
    .sort((a, b) => (a.place < b.place ? -1 : 1))
    .map(({ item }) => item);
  const { page: Items, last } = pageFrom(ahead, input.Limit, account);
  return { Items, Count: Items.length, ScannedCount: Items.length, LastEvaluatedKey: last };
}

/** An item as an index of keys alone shows it. */
function keysIn(item: Item): Record<string, ddb.AttributeValue> {
  return Object.fromEntries(
    [TABLE_KEY, ...indexKeys].flatMap((name) => {
      const value = item[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** By time; of the same time in an order that nobody can lean on. No time holds a NUL. */
function placeInIndex(item: Item): string {
  return `${item.dueAt?.S}\0${digest(keyOf(item))}`;
}

function startKey(key: Item, due: string, now: string): Item {
  const names = [TABLE_KEY, ...indexKeys];
  if (Object.keys(key).length !== names.length || names.some((name) => key[name]?.S === undefined)) {
    throw invalid('The provided starting key is invalid');
  }
  if (key.due?.S !== due || (key.dueAt?.S ?? '') > now) {
    throw invalid('The provided starting key is outside query boundaries based on provided conditions');
  }
  return key;
}

function textOf(value: ddb.AttributeValue | undefined): string {
  if (value?.S === undefined)
    throw invalid('One or more parameter values were invalid: Condition parameter type does not match schema type');
  return value.S;
}

/**
 * All items, page by page.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Scan.html
 */
export function scan(input: Input<'dynamodb:Scan'>, account: Account): Output<'dynamodb:Scan'> {
  heedOnly(input, ['TableName', 'ConsistentRead', 'ExclusiveStartKey', 'Limit', 'FilterExpression']);
  const filter = input.FilterExpression;
  if (filter !== undefined && filter !== IS_LIVE)
    throw invalid(`Invalid FilterExpression: the sandbox does not know '${filter}'`);
  checkTable(input.TableName, account);
  const start = input.ExclusiveStartKey === undefined ? '' : digest(keyOf(input.ExclusiveStartKey));
  const ahead = inPlace(account.items.values())
    .filter(({ place }) => place > start)
    .map(({ item }) => item);
  const { page, last } = pageFrom(ahead, input.Limit, account);
  const LastEvaluatedKey = last === undefined ? undefined : { [TABLE_KEY]: { S: keyOf(last) } };
  // As in DynamoDB, a page is read first and filtered then: it may be empty and still not the last.
  const kept = filter === undefined ? page : page.filter((item) => item.isLive !== undefined);
  return { Items: kept, Count: kept.length, ScannedCount: page.length, LastEvaluatedKey };
}

/** The first of some items, and the last of these where there may be more. */
function pageFrom(ahead: readonly Item[], limit: number | undefined, account: Account): { page: Item[]; last?: Item } {
  const fitting = thatFit(ahead, MAX_PAGE_SIZE);
  const most = Math.min(limit ?? fitting.length, account.pageSize === 'aws' ? fitting.length : account.pageSize);
  const page = fitting.slice(0, most);
  const last = page.at(-1);
  // At its Limit a read stops before it knows whether there is more.
  const stopped = page.length < ahead.length || page.length === limit;
  return stopped && last !== undefined ? { page, last } : { page };
}

/**
 * Names of tables, page by page.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ListTables.html
 */
export function listTables(input: Input<'dynamodb:ListTables'>, account: Account): Output<'dynamodb:ListTables'> {
  heedOnly(input, ['ExclusiveStartTableName', 'Limit']);
  const { ExclusiveStartTableName: start = '', Limit = MAX_LISTED_TABLES } = input;
  if (Limit < 1 || Limit > MAX_LISTED_TABLES) throw invalid(`Limit must be from 1 to ${MAX_LISTED_TABLES}`);
  const ahead = account.tableNames.filter((name) => name > start);
  const TableNames = ahead.slice(0, account.pageSize === 'aws' ? Limit : Math.min(Limit, account.pageSize));
  const LastEvaluatedTableName = TableNames.length < ahead.length ? TableNames.at(-1) : undefined;
  return { TableNames, LastEvaluatedTableName };
}

function checkTable(name: string | undefined, account: Account): void {
  if (name !== account.tableName) throw awsError('ResourceNotFoundException', 'Requested resource not found');
}

function checkKeys(keys: readonly Item[]): void {
  if (keys.length === 0) throw invalid('The list of keys in RequestItems for BatchGetItem is required');
  if (keys.length > 100) throw invalid('Too many items requested for the BatchGetItem call');
  if (new Set(keys.map(keyOf)).size < keys.length) throw invalid('Provided list of item keys contains duplicates');
}

/** The item's key, a string. */
function keyOf(item: Item): string {
  const key = item[TABLE_KEY];
  if (key === undefined) {
    throw invalid(`One or more parameter values were invalid: Missing the key ${TABLE_KEY} in the item`);
  }
  if (key.S === undefined)
    throw invalid(`One or more parameter values were invalid: Type mismatch for key ${TABLE_KEY}`);
  if (key.S === '') {
    throw invalid(
      `One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: ${TABLE_KEY}`,
    );
  }
  return key.S;
}

/** Items by the hash of their keys, as partitions are: an order that nobody can lean on, and that writes don't shift. */
function inPlace(items: Iterable<Item>): readonly { readonly place: string; readonly item: Item }[] {
  return [...items].map((item) => ({ place: digest(keyOf(item)), item })).sort((a, b) => (a.place < b.place ? -1 : 1));
}

/** What an index goes by is of one type and not empty, in whatever item has it. */
function checkIndexKeys(item: Item): void {
  for (const name of indexKeys) {
    const value = item[name];
    if (value === undefined) continue;
    if (value.S === undefined)
      throw invalid(
        `One or more parameter values were invalid: Type mismatch for Index Key ${name} Expected: S IndexName: ${DUE_INDEX}`,
      );
    if (value.S === '')
      throw invalid(
        `One or more parameter values are not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty string value. IndexName: ${DUE_INDEX}, IndexKey: ${name}`,
      );
  }
}

function checkValuesUsed(values: Values, expressions: readonly (string | undefined)[]): void {
  const used = new Set(expressions.flatMap((expression) => expression?.match(/:\w+/g) ?? []));
  const unused = Object.keys(values ?? {}).filter((name) => !used.has(name));
  if (unused.length > 0) {
    throw invalid(`Value provided in ExpressionAttributeValues unused in expressions: keys: {${unused.join(', ')}}`);
  }
  const undefinedName = [...used].find((name) => values?.[name] === undefined);
  if (undefinedName !== undefined) {
    throw invalid(
      `Invalid expression: An expression attribute value used in expression is not defined; attribute value: ${undefinedName}`,
    );
  }
}

/** @param shown `ALL_OLD`: the error holds the item as it is. */
function checkCondition(condition: string | undefined, values: Values, before: Item | undefined, shown?: string): void {
  if (condition === undefined || holds(condition, values, before)) return;
  const error = awsError('ConditionalCheckFailedException', 'The conditional request failed');
  throw shown === 'ALL_OLD' && before !== undefined ? Object.assign(error, { Item: structuredClone(before) }) : error;
}

function holds(condition: string, values: Values, before: Item | undefined): boolean {
  if (condition === NOT_THERE) return before === undefined;
  if (condition === VERSION_IS) return isSameNumber(before?.version, values?.[':version']);
  if (condition === HAS_ROOM) return before?.used === undefined || isAtMost(before.used, values?.[':room']);
  if (condition === IS_FULL) return before?.takenUntil === undefined || isBelow(before.takenUntil, values?.[':now']);
  if (condition === IS_AHEAD)
    return isAtMost(values?.[':now'], before?.takenUntil) && isAtMost(before?.takenUntil, values?.[':room']);
  throw invalid(`Invalid ConditionExpression: the sandbox does not know '${condition}'`);
}

function isSameNumber(a: ddb.AttributeValue | undefined, b: ddb.AttributeValue | undefined): boolean {
  return a?.N !== undefined && b?.N !== undefined && Number(a.N) === Number(b.N);
}

/** Values of different types are not comparable: that does not hold. */
function isAtMost(a: ddb.AttributeValue | undefined, b: ddb.AttributeValue | undefined): boolean {
  return a?.N !== undefined && b?.N !== undefined && Number(a.N) <= Number(b.N);
}

function isBelow(a: ddb.AttributeValue | undefined, b: ddb.AttributeValue | undefined): boolean {
  return isAtMost(a, b) && !isSameNumber(a, b);
}

function sum(before: ddb.AttributeValue | undefined, size: ddb.AttributeValue | undefined): number {
  if (size?.N === undefined || (before !== undefined && before.N === undefined)) {
    throw invalid('Invalid UpdateExpression: Incorrect operand type for operator or function; operator: ADD');
  }
  return Number(before?.N ?? 0) + Number(size.N);
}

const setNames = { NS: 'number', SS: 'string' } as const;

function added(
  type: keyof typeof setNames,
  before: ddb.AttributeValue | undefined,
  more: ddb.AttributeValue | undefined,
): ReadonlySet<string> {
  const set = more?.[type];
  if (set === undefined || (before !== undefined && before[type] === undefined)) {
    throw invalid('Invalid UpdateExpression: Incorrect operand type for operator or function; operator: ADD');
  }
  if (set.length === 0)
    throw invalid(`One or more parameter values were invalid: An ${setNames[type]} set  may not be empty`);
  return new Set([...(before?.[type] ?? []), ...set]);
}

/** The first items that are no larger together than a number of bytes, at least one. */
function thatFit(items: readonly Item[], bytes: number): Item[] {
  let size = 0;
  const end = items.findIndex((item, index) => {
    size += sizeOf(item);
    return size > bytes && index > 0;
  });
  return end === -1 ? [...items] : items.slice(0, end);
}

/**
 * Bytes of an item as DynamoDB counts them.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
 */
function sizeOf(item: Item): number {
  return Object.entries(item).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + sizeOfValue(value), 0);
}

function sizeOfValue(value: ddb.AttributeValue): number {
  if (value.S !== undefined) return Buffer.byteLength(value.S);
  if (value.N !== undefined) return sizeOfNumber(value.N);
  if (value.B !== undefined) return value.B.byteLength;
  if (value.SS !== undefined) return value.SS.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  if (value.NS !== undefined) return value.NS.reduce((sum, number) => sum + sizeOfNumber(number), 0);
  if (value.BS !== undefined) return value.BS.reduce((sum, bytes) => sum + bytes.byteLength, 0);
  if (value.L !== undefined) return value.L.reduce((sum, one) => sum + 1 + sizeOfValue(one), 3);
  if (value.M !== undefined) return 3 + Object.keys(value.M).length + sizeOf(value.M);
  return 1;
}

function sizeOfNumber(number: string): number {
  return Math.ceil(number.replace(/\D/g, '').length / 2) + 1;
}

function invalid(message: string): Error {
  return awsError('ValidationException', message);
}
