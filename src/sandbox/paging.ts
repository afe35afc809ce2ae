import { digest } from './account.ts';
import { awsError } from './errors.ts';

/** One page, and the token of the next if there is one. */
export interface Page<T> {
  readonly rows: readonly T[];
  readonly nextToken?: string | undefined;
}

/** Bounds of MaxResults. `gives` is what a page holds at most where that is less than what may be asked for. */
export interface PageLimits {
  readonly least: number;
  readonly most: number;
  readonly gives?: number;
}

/**
 * Rows of one page at most.
 * @throws InvalidParameterValue when MaxResults is out of bounds.
 */
export function rowsPerPage(asked: number | undefined, limits: PageLimits, own: number | 'aws'): number {
  if (asked !== undefined && asked < limits.least) throw outOfBounds(asked, `greater than ${limits.least}`);
  if (asked !== undefined && asked > limits.most) throw outOfBounds(asked, `less than ${limits.most}`);
  const most = limits.gives ?? limits.most;
  return Math.min(asked ?? most, most, own === 'aws' ? most : own);
}

/**
 * Cuts one page out of rows.
 * @param request what identifies the request: a token is good for no other.
 * @throws the error of `badToken` for a token that was never given for this request.
 */
export function pageOf<T>(
  rows: readonly T[],
  size: number,
  token: string | undefined,
  request: unknown,
  badToken: () => Error = unparsable,
): Page<T> {
  const fingerprint = digest(JSON.stringify(request)).slice(0, 16);
  const from = token === undefined ? 0 : positionIn(token, fingerprint, badToken);
  const to = from + size;
  return { rows: rows.slice(from, to), nextToken: to < rows.length ? tokenOf(fingerprint, to) : undefined };
}

function outOfBounds(value: number, expected: string): Error {
  return awsError(
    'InvalidParameterValue',
    `Value ( ${value} ) for parameter maxResults is invalid. Expecting a value ${expected}.`,
  );
}

function unparsable(): Error {
  return awsError('InvalidParameterValue', 'Unable to parse pagination token');
}

function tokenOf(fingerprint: string, position: number): string {
  return Buffer.from(`${fingerprint}:${position}`).toString('base64');
}

function positionIn(token: string, fingerprint: string, badToken: () => Error): number {
  const [of, position] = Buffer.from(token, 'base64').toString().split(':');
  if (of !== fingerprint || !/^[1-9]\d*$/.test(position ?? '')) throw badToken();
  return Number(position);
}
