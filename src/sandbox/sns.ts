import type * as sns from '@aws-sdk/client-sns';
import type { Input, Output } from '../domain/operations.ts';
import type { Account } from './account.ts';
import { awsError, heedOnly } from './errors.ts';

/** Bytes of message and attributes together, for a topic whose MaximumMessageSize was not raised. */
const MAX_SIZE = 256 * 1024;

/** The names of the errors are the SDK's: on the wire they are `InvalidParameter` and `NotFound`. */
const INVALID_PARAMETER = 'InvalidParameterException';
const INVALID_VALUE = 'InvalidParameterValueException';
const NOT_FOUND = 'NotFoundException';

/**
 * Keeps a message that SNS would take, and refuses what it would refuse.
 * @see https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
 */
export function publish(input: Input<'sns:Publish'>, account: Account): Output<'sns:Publish'> {
  heedOnly(input, ['TopicArn', 'Subject', 'Message', 'MessageStructure', 'MessageAttributes']);
  const { TopicArn: topicArn = '', Message: message = '', Subject: subject } = input;
  const attributes = input.MessageAttributes ?? {};
  if (!account.topicArns.has(topicArn)) throw awsError(NOT_FOUND, 'Topic does not exist');
  if (message === '') throw invalid('Empty message');
  if (subject !== undefined && !isSubject(subject)) throw invalid('Subject');
  checkStructure(input.MessageStructure, message);
  for (const [name, attribute] of Object.entries(attributes)) checkAttribute(name, attribute);
  if (Buffer.byteLength(message) + sizeOf(attributes) > MAX_SIZE) throw invalid('Message too long');
  const messageId = account.newUuid();
  account.published.push({ at: account.now(), messageId, topicArn, subject, message, attributes });
  return { MessageId: messageId };
}

/** At most 100 characters without line breaks and control characters. ASCII alone, as it once was, SNS no longer asks for. */
function isSubject(subject: string): boolean {
  return /^[^\p{Cc}\p{Zl}\p{Zp}]{1,100}$/u.test(subject);
}

function checkStructure(structure: string | undefined, message: string): void {
  if (structure === undefined) return;
  if (structure !== 'json') throw invalid('MessageStructure');
  const texts = parsed(message);
  if (typeof texts !== 'object' || texts === null || Array.isArray(texts)) {
    throw invalid('Message Structure - JSON message body failed to parse');
  }
  if (!('default' in texts) || typeof texts.default !== 'string') {
    throw invalid('Message Structure - No default entry in JSON message body');
  }
}

function checkAttribute(
  name: string,
  { DataType: type, StringValue: text, BinaryValue: bytes }: sns.MessageAttributeValue,
): void {
  if (!/^(?!\.)(?!.*\.\.)[\w.-]{1,256}(?<!\.)$/.test(name) || /^(?:aws|amazon)\./i.test(name)) {
    throw awsError(INVALID_VALUE, `The message attribute name '${name}' is invalid`);
  }
  if (!/^(?:String|Number|Binary)(?:\.|$)/.test(type ?? '')) {
    throw awsError(INVALID_VALUE, `The message attribute '${name}' has an invalid message attribute type`);
  }
  if (!text && !bytes?.byteLength) {
    throw awsError(INVALID_VALUE, `The message attribute '${name}' must contain non-empty message attribute value`);
  }
  if (type === 'Number' && Number.isNaN(Number(text))) {
    throw awsError(INVALID_VALUE, `Could not cast message attribute '${name}' value to number.`);
  }
  if (type === 'String.Array' && !isArrayOfScalars(parsed(text ?? ''))) {
    throw awsError(
      INVALID_VALUE,
      `The message attribute '${name}' must be a JSON array of strings, numbers, true, false and null`,
    );
  }
}

function isArrayOfScalars(value: unknown): boolean {
  return Array.isArray(value) && value.every((one) => one === null || typeof one !== 'object');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function sizeOf(attributes: Readonly<Record<string, sns.MessageAttributeValue>>): number {
  return Object.entries(attributes).reduce((sum, [name, { DataType, StringValue, BinaryValue }]) => {
    const texts = Buffer.byteLength(name) + Buffer.byteLength(DataType ?? '') + Buffer.byteLength(StringValue ?? '');
    return sum + texts + (BinaryValue?.byteLength ?? 0);
  }, 0);
}

function invalid(what: string): Error {
  return awsError(INVALID_PARAMETER, `Invalid parameter: ${what}`);
}
