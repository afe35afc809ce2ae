import type * as ddb from '@aws-sdk/client-dynamodb';
import type { Input, Output } from '../domain/operations.ts';
import { ADD_CHUNK, IS_LIVE, NOT_THERE, TABLE_KEY, VERSION_IS } from '../domain/table.ts';
import { type Account, digest, type Item } from './account.ts';
import { awsError, heedOnly } from './errors.ts';
import type { PartialFailure } from './faults.ts';

/** Bytes. @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html */
const MAX_ITEM_SIZE = 400 * 1024;
const MAX_BATCH_SIZE = 16 * 1024 * 1024;
const MAX_SCAN_SIZE = 1024 * 1024;

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
  const { ConditionExpression: condition, ExpressionAttributeValues: values } = input;
  checkValuesUsed(values, [condition]);
  checkCondition(condition, values, account.items.get(key));
  account.items.set(key, item);
  return {};
}

/**
 * Adds chunks and their work to sets: the one update that is known.
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
  ]);
  checkTable(input.TableName, account);
  const { Key, UpdateExpression: update, ConditionExpression: condition, ExpressionAttributeValues: values } = input;
  const key = keyOf(Key ?? {});
  const before = account.items.get(key);
  checkValuesUsed(values, [update, condition]);
  checkCondition(condition, values, before);
  if (update !== ADD_CHUNK) throw invalid(`Invalid UpdateExpression: the sandbox does not know '${update}'`);
  const expiresAt = values?.[':expiresAt'];
  if (expiresAt?.N === undefined) throw invalid('An expiry is a number, given as { N: "1" }');
  const doneChunks = { NS: [...added('NS', before?.doneChunks, values?.[':chunk'])] };
  const doneWork = { SS: [...added('SS', before?.doneWork, values?.[':work'])] };
  const after: Item = { ...before, ...Key, doneChunks, doneWork, expiresAt };
  if (sizeOf(after) > MAX_ITEM_SIZE) throw invalid('Item size to update has exceeded the maximum allowed size');
  account.items.set(key, after);
  return input.ReturnValues === 'ALL_NEW' ? { Attributes: after } : {};
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
  const fitting = thatFit(ahead, MAX_SCAN_SIZE);
  const limit = Math.min(input.Limit ?? fitting.length, account.pageSize === 'aws' ? fitting.length : account.pageSize);
  const Items = fitting.slice(0, limit);
  const last = Items.at(-1);
  // At its Limit a scan stops before it knows whether there is more.
  const stopped = Items.length < ahead.length || Items.length === input.Limit;
  const LastEvaluatedKey = stopped && last !== undefined ? { [TABLE_KEY]: { S: keyOf(last) } } : undefined;
  // As in DynamoDB, a page is read first and filtered then: it may be empty and still not the last.
  const kept = filter === undefined ? Items : Items.filter((item) => item.isLive !== undefined);
  return { Items: kept, Count: kept.length, ScannedCount: Items.length, LastEvaluatedKey };
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

function checkCondition(condition: string | undefined, values: Values, before: Item | undefined): void {
  if (condition === undefined || holds(condition, values, before)) return;
  throw awsError('ConditionalCheckFailedException', 'The conditional request failed');
}

function holds(condition: string, values: Values, before: Item | undefined): boolean {
  if (condition === NOT_THERE) return before === undefined;
  if (condition === VERSION_IS) return isSameNumber(before?.version, values?.[':version']);
  throw invalid(`Invalid ConditionExpression: the sandbox does not know '${condition}'`);
}

function isSameNumber(a: ddb.AttributeValue | undefined, b: ddb.AttributeValue | undefined): boolean {
  return a?.N !== undefined && b?.N !== undefined && Number(a.N) === Number(b.N);
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
