import type * as kms from '@aws-sdk/client-kms';
import type { ReadFailure } from '../domain/collected.ts';
import { asError, describeError } from '../domain/errors.ts';
import type { Aws, Input, Operation, Output } from '../domain/operations.ts';

/** EC2 reads that page by NextToken: all but KMS's. */
export type PagedRead = Extract<
  Operation,
  | 'ec2:DescribeInstances'
  | 'ec2:DescribeVolumes'
  | 'ec2:DescribeSecurityGroups'
  | 'ec2:DescribeSecurityGroupRules'
  | 'ec2:DescribeNetworkInterfaces'
  | 'ec2:DescribeSpotInstanceRequests'
  | 'ec2:DescribeInstanceTypes'
  | 'ec2:GetManagedPrefixListEntries'
>;

/** What a read gave to its end, or to where it failed. Rows that were read stand. */
export interface ReadResult<T> {
  readonly rows: readonly T[];
  readonly failure?: ReadFailure;
}

/**
 * How many values EC2 takes in one filter.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html
 */
export const FILTER_VALUES = 200;

/**
 * How many rows of a page each list is asked for: EC2's most. Unasked, EC2 does not page at all, which takes long, is throttled
 * first, and for interfaces of a large account fails.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeNetworkInterfaces.html
 */
const PAGE_ROWS = {
  'ec2:DescribeInstances': 1000,
  'ec2:DescribeVolumes': 500,
  'ec2:DescribeSecurityGroups': 1000,
  'ec2:DescribeSecurityGroupRules': 1000,
  'ec2:DescribeNetworkInterfaces': 1000,
  'ec2:DescribeSpotInstanceRequests': 1000,
  'ec2:DescribeInstanceTypes': 100,
} as const satisfies Partial<Record<PagedRead, number>>;

/** Reads of what there is any number of, which can be selected by filters. */
export type FilteredRead = keyof typeof PAGE_ROWS;

/** Where an answer has its list. */
export type RowsOf<O extends Operation, T> = (output: Output<O>) => readonly T[] | undefined;

/**
 * The list of an answer. AWS gives it even when it is empty.
 * @throws Error where there is none: such as a proxy's own page in place of an answer.
 */
export function listIn<T>(operation: Operation, list: readonly T[] | undefined): readonly T[] {
  if (list === undefined) throw new Error(`the answer to ${operation} holds no list: it is not AWS's`);
  return list;
}

/**
 * The value of an answer's attribute. AWS gives it whether it is on or off.
 * @throws Error where there is none, or another form.
 */
export function valueIn(
  operation: Operation,
  attribute: { readonly Value?: boolean | undefined } | undefined,
): boolean {
  const value: unknown = attribute?.Value;
  if (typeof value !== 'boolean') throw new Error(`the answer to ${operation} holds no value: it is not AWS's`);
  return value;
}

interface PageOfRows<T> {
  readonly rows: readonly T[];
  readonly next: string | undefined;
}

/** Reads page after page. A failed page ends the read and is told: what came before it is kept. */
export async function readOn<T>(
  readPage: (from: string | undefined) => Promise<PageOfRows<T>>,
): Promise<ReadResult<T>> {
  const rows: T[] = [];
  let from: string | undefined;
  do {
    try {
      const page = await readPage(from);
      rows.push(...page.rows);
      from = page.next;
    } catch (error) {
      return { rows, failure: failureOf(error) };
    }
  } while (from !== undefined);
  return { rows };
}

/** Reads all pages of EC2's. */
export function readPages<O extends PagedRead, T>(
  aws: Aws,
  operation: O,
  input: Input<O>,
  rowsOf: RowsOf<O, T>,
): Promise<ReadResult<T>> {
  return readOn(async (from) => {
    const output = await aws(operation, from === undefined ? { ...input } : { ...input, NextToken: from });
    const next = (output as { readonly NextToken?: string }).NextToken || undefined;
    return { rows: listIn(operation, rowsOf(output)), next };
  });
}

/** Reads all there is of a list, whatever it belongs to. */
export function readAll<O extends FilteredRead, T>(
  aws: Aws,
  operation: O,
  rowsOf: RowsOf<O, T>,
): Promise<ReadResult<T>> {
  return readPages(aws, operation, { MaxResults: PAGE_ROWS[operation] } as Input<O>, rowsOf);
}

/** Reads all aliases of keys. KMS pages by its own names. */
export function readAliases(
  aws: Aws,
  rowsOf: RowsOf<'kms:ListAliases', kms.AliasListEntry> = (output) => output.Aliases,
): Promise<ReadResult<kms.AliasListEntry>> {
  const operation = 'kms:ListAliases';
  return readOn(async (Marker) => {
    const output = await aws(operation, { Limit: 100, ...(Marker === undefined ? {} : { Marker }) });
    return { rows: listIn(operation, rowsOf(output)), next: output.Truncated ? output.NextMarker : undefined };
  });
}

/**
 * Reads what a filter's values select, in as few calls as EC2 takes values. By filter and not by id: one unknown id
 * would fail the other 199. A failed chunk is told, the others are read all the same.
 */
export async function readFiltered<O extends FilteredRead, T>(
  aws: Aws,
  operation: O,
  filter: string,
  values: readonly string[],
  rowsOf: RowsOf<O, T>,
): Promise<ReadResult<T>> {
  const chunks = chunked(values, FILTER_VALUES);
  const MaxResults = PAGE_ROWS[operation];
  const results = await Promise.all(
    chunks.map((Values) =>
      readPages(aws, operation, { Filters: [{ Name: filter, Values }], MaxResults } as Input<O>, rowsOf),
    ),
  );
  return joined(results);
}

/** All results as one; of several failures the first. */
export function joined<T>(results: readonly ReadResult<T>[]): ReadResult<T> {
  const failure = results.find((result) => result.failure !== undefined)?.failure;
  return { rows: results.flatMap((result) => result.rows), ...(failure === undefined ? {} : { failure }) };
}

/** In order, cut into lists of so many; the last may have fewer. */
export function chunked<T>(values: readonly T[], size: number): T[][] {
  const chunks: T[][] = [];
  for (let start = 0; start < values.length; start += size) chunks.push(values.slice(start, start + size));
  return chunks;
}

const denied =
  /^(UnauthorizedOperation|AccessDenied(Exception)?|AuthFailure|OptInRequired|AuthorizationError(Exception)?|KMSAccessDenied(Exception)?)$/;
const throttled =
  /^(RequestLimitExceeded|Throttling|ThrottlingException|ThrottledException|TooManyRequestsException|ProvisionedThroughputExceededException|RequestThrottled|RequestThrottledException)$/;

/** Whether AWS refused a call for want of a permission: SNS has words of its own for it, and passes on those of KMS. */
export function isDenied(error: unknown): boolean {
  return denied.test(asError(error).name);
}

/**
 * What a failed call means for what it was to bring.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
 */
export function failureOf(error: unknown): ReadFailure {
  const { name, message } = asError(error);
  const detail = describeError(error).slice(0, 300);
  if (name === 'NotRecorded') return { why: 'not-recorded', detail: message };
  if (isDenied(error)) return { why: 'denied', detail };
  if (throttled.test(name)) return { why: 'throttled', detail };
  return { why: 'failed', detail };
}
