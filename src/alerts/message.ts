import type { Finding } from '../domain/finding.ts';
import { distinct } from '../domain/instance.ts';
import type { Scope } from '../domain/operations.ts';
import { severities } from '../domain/policy.ts';
import { ascii, printable } from './text.ts';

/** The input of `sns:Publish`, but for the topic. */
export interface Message {
  /** Fewer than 100 printable ASCII characters. */
  readonly Subject: string;
  /** JSON: the texts of `default` and `email`, and the JSON of `sqs` and `lambda`. */
  readonly Message: string;
  readonly MessageStructure: 'json';
  readonly MessageAttributes: Attributes;
}

export type Attributes = Readonly<Record<string, { readonly DataType: string; readonly StringValue: string }>>;

export interface AlertOptions {
  readonly now: Date;
  /** The deployment's chosen tag: subscribers may filter by it. */
  readonly tagKey?: string;
  /** The AWS console's domain; left out: that of the Region's partition. */
  readonly partitionDomain?: string;
}

/**
 * How much of its content a message holds. What is cut is cut in this order: evidence, long texts, entries.
 * The text never holds evidence; the JSON holds it while there is room.
 */
export interface Cut {
  readonly evidence: boolean;
  /** The longest a text may be, in characters; `undefined`: the JSON is left as it is. */
  readonly texts: number | undefined;
  /** How many entries, alerts or rows are listed at most. */
  readonly entries: number;
}

/** SNS, EventBridge and SQS take 256 KB; a little is left for how SNS counts. */
export const MAX_BYTES = 256 * 1024 - 1024;

/** Texts of the mail are this long at most, in characters, even where there is room. */
const LONGEST_TEXT = 1_000;
const SHORTENED_TEXT = 200;

/** SNS: a Subject has fewer than 100 characters. */
export const SUBJECT_LENGTH = 99;

/** More entries than this can't fit: each takes more than half a kilobyte, twice as JSON and twice as text. */
const MOST_ENTRIES = 500;

/** How many values an attribute of type String.Array holds at most: a filter needs the most severe ones. */
const ATTRIBUTE_VALUES = 50;

/** How a message is made under a cut: first its JSON form, then all of it. */
interface Rendering<T> {
  readonly content: (cut: Cut) => object;
  readonly build: (content: unknown, cut: Cut) => T;
  readonly bytes: (rendered: T) => number;
}

/** The first rendering that fits; each of them is smaller than the one before. */
export function fitted<T>(count: number, { content, build, bytes }: Rendering<T>): T {
  for (const cut of cutsFor(Math.min(count, MOST_ENTRIES))) {
    const cutContent = cut.texts === undefined ? content(cut) : bounded(content(cut), cut.texts);
    if (bytesLeft(cutContent, MAX_BYTES) < 0) continue;
    const rendered = build(cutContent, cut);
    if (bytes(rendered) <= MAX_BYTES) return rendered;
  }
  return build(bounded(content(smallest), SHORTENED_TEXT), smallest);
}

const smallest: Cut = { evidence: false, texts: SHORTENED_TEXT, entries: 1 };

function cutsFor(entries: number): readonly Cut[] {
  const halved: Cut[] = [];
  for (let left = Math.floor(entries / 2); left > 1; left = Math.floor(left / 2)) {
    halved.push({ ...smallest, entries: left });
  }
  return [
    { evidence: true, texts: undefined, entries },
    { evidence: false, texts: undefined, entries },
    { evidence: false, texts: SHORTENED_TEXT, entries },
    ...halved,
  ];
}

/** What is left of a budget after what this takes at least as JSON; stops where nothing is left. */
function bytesLeft(value: unknown, budget: number): number {
  if (typeof value === 'string') return budget - value.length;
  if (typeof value !== 'object' || value === null) return budget - 1;
  let left = budget - Object.keys(value).length;
  for (const part of Object.values(value)) {
    if (left < 0) break;
    left = bytesLeft(part, left);
  }
  return left;
}

/** How long a text of the mail may be under this cut, in characters. */
export function textLength(cut: Cut): number {
  return cut.texts ?? LONGEST_TEXT;
}

/** A message and its JSON form, for the subscribers of each protocol. */
export function messageOf(subject: string, text: string, content: unknown, attributes: Attributes): Message {
  const json = JSON.stringify(content);
  return {
    Subject: ascii(subject).slice(0, SUBJECT_LENGTH),
    Message: JSON.stringify({ default: text, email: text, sqs: json, lambda: json }),
    MessageStructure: 'json',
    MessageAttributes: attributes,
  };
}

/** What SNS counts of a message, in bytes. */
export function bytesOf(message: Message): number {
  const attributes = Object.entries(message.MessageAttributes);
  const texts = attributes.flatMap(([name, { DataType, StringValue }]) => [name, DataType, StringValue]);
  return [message.Subject, message.Message, ...texts].reduce((sum, text) => sum + Buffer.byteLength(text), 0);
}

/** JSON with texts, lists and objects no longer than this: whatever it was, it has a bounded size per entry. */
function bounded(value: unknown, texts: number, isTop = true): unknown {
  if (typeof value === 'string') return value.length > texts ? `${value.slice(0, texts)}…` : value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.slice(0, isTop ? undefined : 50).map((one) => bounded(one, texts, false));
  const entries = Object.entries(value).slice(0, 50);
  return Object.fromEntries(
    entries.map(([key, one]) => [key.slice(0, texts), bounded(one, texts, isTop && Array.isArray(one))]),
  );
}

/** A finding for the JSON form: as it is stored, without its evidence where there is no room. */
export function findingContent(finding: Finding, cut: Cut): object {
  const { evidence, ...rest } = finding;
  if (evidence === undefined || cut.evidence) return finding;
  return { ...rest, evidenceOmitted: true };
}

/** Attributes to filter by: at most ten, the most severe values first. */
export function attributesOf(
  kind: string,
  findings: readonly Finding[],
  scope: Scope | undefined,
  chosenTag?: { readonly key: string; readonly value: string },
): Attributes {
  const present = severities.filter((severity) => findings.some((finding) => finding.severity === severity));
  return {
    kind: text(kind),
    ...(findings[0] === undefined ? {} : { mode: text(findings[0].mode) }),
    ...list(
      'policies',
      findings.map((finding) => finding.policy),
    ),
    ...list(
      'rules',
      findings.map((finding) => finding.rule),
    ),
    ...list('severities', present),
    ...(scope === undefined ? {} : { account: text(scope.accountId), region: text(scope.region) }),
    ...(chosenTag === undefined ? {} : tagAttribute(chosenTag.key, chosenTag.value)),
  };
}

function text(value: string): Attributes[string] {
  return { DataType: 'String', StringValue: printable(value) };
}

function list(name: string, values: readonly string[]): Attributes {
  const shown = distinct(values.map((value) => printable(value))).slice(0, ATTRIBUTE_VALUES);
  return shown.length === 0 ? {} : { [name]: { DataType: 'String.Array', StringValue: JSON.stringify(shown) } };
}

const ownNames = ['kind', 'mode', 'policies', 'rules', 'severities', 'account', 'region'];

/** SNS takes no empty value. */
function tagAttribute(key: string, value: string): Attributes {
  return value === '' ? {} : { [attributeName(key)]: { DataType: 'String', StringValue: printable(value, 256) } };
}

/**
 * A tag's key as the name of an attribute: letters, digits, `_`, `-` and `.`, the dot neither first nor last nor twice in
 * a row. A key that SNS reserves, or that is one of the other attributes, has `tag-` in front.
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html
 */
export function attributeName(key: string): string {
  const name = key
    .replace(/[^A-Za-z0-9_.-]/gu, '-')
    .replace(/\.{2,}/g, '.')
    .replace(/^\.|\.$/g, '')
    .slice(0, 200);
  const isTaken = name === '' || ownNames.includes(name) || /^(?:aws|amazon)\./i.test(name);
  return (isTaken ? `tag-${name}` : name).replace(/\.$/, '');
}
