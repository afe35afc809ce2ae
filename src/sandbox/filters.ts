import type * as ec2 from '@aws-sdk/client-ec2';
import { awsError } from './errors.ts';

/** For each filter that a read knows by its whole name, the values that a row has for it. */
export type FilterFields<T> = Readonly<Record<string, (row: T) => readonly (string | undefined)[]>>;

/** The tags by which rows are filtered, as `tag:` and a key; undefined where that is no filter. */
export type TagsOf<T> = ((row: T) => readonly ec2.Tag[] | undefined) | undefined;

/** Values of all filters of one call together. Seen as EC2's error; its documentation says so of one filter. */
const MAX_VALUES = 200;
/** Characters of one value. */
const MAX_VALUE_LENGTH = 255;

/**
 * Whether a row passes a read's filters: the values of a filter are ORed, the filters ANDed. Case counts.
 * @throws InvalidParameterValue for a filter that the read doesn't know, FilterLimitExceeded for too many values.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html
 */
export function passes<T>(
  filters: readonly ec2.Filter[] | undefined,
  fields: FilterFields<T>,
  tagsOf: TagsOf<T>,
): (row: T) => boolean {
  checkLimits(filters ?? []);
  const tests = (filters ?? []).map((filter) => testOf(filter, fields, tagsOf));
  return (row) => tests.every((test) => test(row));
}

/**
 * Whether a value of a filter holds a wildcard. EC2 then cuts pages before it filters, so that a page can be empty
 * and yet have a next one.
 * @see https://github.com/aws/aws-sdk-ruby/issues/689
 */
export function hasWildcard(filters: readonly ec2.Filter[] | undefined): boolean {
  return (filters ?? []).some((filter) => filter.Values?.some((value) => /(?<!\\)[*?]/.test(value)));
}

function checkLimits(filters: readonly ec2.Filter[]): void {
  const values = filters.flatMap((filter) => filter.Values ?? []);
  if (values.length > MAX_VALUES) {
    throw awsError(
      'FilterLimitExceeded',
      `The maximum number of filter values specified on a single call is ${MAX_VALUES}`,
    );
  }
  if (values.some((value) => value.length > MAX_VALUE_LENGTH)) {
    throw awsError('FilterLimitExceeded', `The maximum length for a filter value is ${MAX_VALUE_LENGTH} characters`);
  }
}

function testOf<T>(filter: ec2.Filter, fields: FilterFields<T>, tagsOf: TagsOf<T>): (row: T) => boolean {
  const valuesOf = fieldOf(filter.Name ?? 'null', fields, tagsOf);
  if (filter.Values === undefined || filter.Values.length === 0) {
    throw awsError('InvalidParameterValue', `The filter '${filter.Name}' has no values`);
  }
  const patterns = filter.Values.map(patternOf);
  return (row) => valuesOf(row).some((value) => value !== undefined && patterns.some((pattern) => pattern.test(value)));
}

function fieldOf<T>(
  name: string,
  fields: FilterFields<T>,
  tagsOf: TagsOf<T>,
): (row: T) => readonly (string | undefined)[] {
  if (tagsOf !== undefined && name.startsWith('tag:')) {
    const key = name.slice('tag:'.length);
    return (row) => (tagsOf(row) ?? []).filter((tag) => tag.Key === key).map((tag) => tag.Value);
  }
  const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (field === undefined) throw awsError('InvalidParameterValue', `The filter '${name}' is invalid`);
  return field;
}

/** `*` is any run of characters, `?` none or one; a backslash takes either literally. */
function patternOf(value: string): RegExp {
  const source = [...value.matchAll(/\\(?<escaped>.)|(?<any>\*)|(?<one>\?)|(?<literal>.)/gsu)].map(({ groups }) => {
    if (groups?.any !== undefined) return '.*';
    if (groups?.one !== undefined) return '.?';
    return (groups?.escaped ?? groups?.literal ?? '').replace(/[\\^$.*+?()[\]{}|]/, '\\$&');
  });
  return new RegExp(`^${source.join('')}$`, 'su');
}
