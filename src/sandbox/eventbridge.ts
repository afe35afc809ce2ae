import type * as events from '@aws-sdk/client-eventbridge';
import type { Input, Output } from '../domain/operations.ts';
import type { Account } from './account.ts';
import { awsError, heedOnly } from './errors.ts';
import type { PartialFailure } from './faults.ts';

/** Bytes of all entries together. */
const MAX_SIZE = 1024 * 1024;

/**
 * Keeps entries. Those that fail are told in the answer; the call itself succeeds.
 * @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
 */
export function putEvents(
  input: Input<'events:PutEvents'>,
  account: Account,
  failure?: PartialFailure,
): Output<'events:PutEvents'> {
  heedOnly(input, ['Entries']);
  const entries = input.Entries ?? [];
  checkEntries(entries);
  const Entries = entries.map((entry, index) => {
    if (failure?.failedEntries?.includes(index)) {
      return { ErrorCode: 'ThrottlingException', ErrorMessage: 'Rate exceeded' };
    }
    return resultOf(entry, account);
  });
  return { FailedEntryCount: Entries.filter((entry) => entry.ErrorCode !== undefined).length, Entries };
}

function checkEntries(entries: readonly events.PutEventsRequestEntry[]): void {
  if (entries.length < 1 || entries.length > 10) {
    throw awsError(
      'ValidationException',
      `1 validation error detected: Value '[PutEventsRequestEntry]' at 'entries' failed to satisfy constraint: Member must have length ${entries.length < 1 ? 'greater than or equal to 1' : 'less than or equal to 10'}`,
    );
  }
  if (entries.reduce((sum, entry) => sum + sizeOf(entry), 0) > MAX_SIZE) {
    throw awsError('ValidationException', 'Total size of the entries in the request is over the limit.');
  }
}

function resultOf(entry: events.PutEventsRequestEntry, account: Account): events.PutEventsResultEntry {
  const missing = (['Source', 'DetailType', 'Detail'] as const).find((name) => !entry[name]);
  if (missing !== undefined) {
    const ErrorMessage = `Parameter ${missing} is not valid. Reason: ${missing} is a required argument.`;
    return { ErrorCode: 'InvalidArgument', ErrorMessage };
  }
  if (entry.Source?.startsWith('aws.')) {
    return { ErrorCode: 'NotAuthorizedForSourceException', ErrorMessage: 'Not authorized for the source.' };
  }
  if (!isObject(entry.Detail ?? '')) return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
  const eventId = account.newUuid();
  account.putEvents.push({ at: account.now(), eventId, entry });
  return { EventId: eventId };
}

function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

/** @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html */
function sizeOf({ Time, Source, DetailType, Detail, Resources }: events.PutEventsRequestEntry): number {
  const texts = [Source, DetailType, Detail, ...(Resources ?? [])];
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text ?? ''), Time === undefined ? 0 : 14);
}
