import type { Input, Output } from '../domain/operations.ts';
import { type Account, recordedRows } from './account.ts';
import { awsError, heedOnly } from './errors.ts';
import { pageOf } from './paging.ts';

/**
 * KMS aliases, paged by marker.
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_ListAliases.html
 */
export function listAliases(input: Input<'kms:ListAliases'>, account: Account): Output<'kms:ListAliases'> {
  heedOnly(input, ['Limit', 'Marker']);
  const limit = input.Limit ?? 50;
  if (limit < 1 || limit > 100) {
    throw awsError('ValidationException', `Value '${limit}' at 'limit' failed to satisfy constraint: 1 to 100`);
  }
  const size = account.pageSize === 'aws' ? limit : Math.min(limit, account.pageSize);
  const { rows, nextToken } = pageOf(recordedRows(account, 'kmsAliases'), size, input.Marker, 'ListAliases', () =>
    awsError('InvalidMarkerException', 'Could not deserialize marker'),
  );
  return { Aliases: [...rows], Truncated: nextToken !== undefined, NextMarker: nextToken };
}
