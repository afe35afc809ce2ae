import type { Finding } from '../domain/finding.ts';
import { distinct } from '../domain/instance.ts';
import type { Scope } from '../domain/operations.ts';
import { severities } from '../domain/policy.ts';
import type { Act, Step } from '../domain/steps.ts';
import { ascii, printable } from './text.ts';

/** The input of `sns:Publish`, but for the topic. */
export interface Message {
  /** Fewer than 100 printable ASCII characters. */
  readonly Subject: string;
  /** JSON: the text as `default`, for all protocols but `sqs` and `lambda`, which get the JSON form. */
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
 * How much of its content a message holds. Details go first; then long texts are cut, unless that gains little; then
 * the last entries go.
 * The text never holds details; the JSON holds them while there is room.
 */
export interface Cut {
  /** Evidence, and in messages about many instances what tells more of each. */
  readonly details: boolean;
  /** The longest a text may be, in characters; `undefined`: the JSON is left as it is. */
  readonly texts: number | undefined;
  /** How many entries, alerts or rows are listed at most. */
  readonly entries: number;
}

/**
 * How large a message or an event is at most, in bytes. SNS takes 256 KiB, attributes included, of a topic that mails are
 * sent from; a little is left for how SNS counts. SQS (1 MiB) and EventBridge (1 MB a request) take more: that one limit
 * holds for them, too, is ours, so that an event can be sent on through SNS as it is.
 * @see https://docs.aws.amazon.com/sns/latest/dg/large-message-payloads.html
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html
 */
export const MAX_BYTES = 256 * 1024 - 1024;

/** Texts of the mail are this long at most, in characters, even where there is room. */
const LONGEST_TEXT = 1_000;
const LONGEST_FIX = 2_000;
const SHORTENED_TEXT = 200;

/** A limit of SNS: a Subject has fewer than 100 characters. */
export const SUBJECT_LENGTH = 99;

/** How many policies or rules an attribute names at most: a limit of ours. A filter needs the most urgent ones. */
const ATTRIBUTE_VALUES = 50;

/** How much room the chosen tag's values have in a digest, in bytes: a quarter of what SNS takes, and ours. */
const TAG_VALUES_BYTES = 64 * 1024;

/** How a message is made under a cut: first its JSON form, then all of it. */
interface Rendering<T> {
  readonly content: (cut: Cut) => object;
  readonly build: (content: unknown, cut: Cut) => T;
  readonly bytes: (rendered: T) => number;
  /** How often the JSON form stands in it. */
  readonly copies: number;
}

/** The rendering that holds most of what fits. */
export function fitted<T>(count: number, { content, build, bytes, copies }: Rendering<T>): T {
  const attempt = (cut: Cut): T | undefined => {
    const cutContent = cut.texts === undefined ? content(cut) : bounded(content(cut), cut.texts);
    if (bytesLeft(cutContent, MAX_BYTES / copies) < 0) return undefined;
    const rendered = build(cutContent, cut);
    return bytes(rendered) <= MAX_BYTES ? rendered : undefined;
  };
  const withDetails = attempt({ details: true, texts: undefined, entries: count });
  if (withDetails !== undefined) return withDetails;
  const whole = mostThatFits(count, (entries) => attempt({ details: false, texts: undefined, entries }));
  if (whole?.entries === count) return whole.rendered;
  const shortened = mostThatFits(count, (entries) => attempt({ ...smallest, entries }));
  if (shortened === undefined) return build(bounded(content(smallest), SHORTENED_TEXT), smallest);
  const gainsLittle = shortened.entries < count && (whole?.entries ?? 0) >= shortened.entries * WORTH_CUTTING;
  return whole !== undefined && gainsLittle ? whole.rendered : shortened.rendered;
}

const smallest: Cut = { details: false, texts: SHORTENED_TEXT, entries: 1 };

/** Long texts stay where cutting them would not bring all entries in, and hardly more than there are: this part of them. */
const WORTH_CUTTING = 0.9;

interface Fitting<T> {
  readonly rendered: T;
  readonly entries: number;
}

/** Tries all, then halves the distance between a number of entries that fits and one that does not. */
function mostThatFits<T>(count: number, attempt: (entries: number) => T | undefined): Fitting<T> | undefined {
  const all = attempt(count);
  if (all !== undefined) return { rendered: all, entries: count };
  let fits: Fitting<T> | undefined;
  let over = count;
  while (over - (fits?.entries ?? 0) > 1) {
    const entries = Math.floor(((fits?.entries ?? 0) + over) / 2);
    const rendered = attempt(entries);
    if (rendered === undefined) over = entries;
    else fits = { rendered, entries };
  }
  return fits;
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

/** A line of an entry: its label and what it says. */
export type Labelled = readonly [label: string, text: string];

/** How long a text of the mail may be under this cut, in characters. */
export function textLength(cut: Cut): number {
  return cut.texts ?? LONGEST_TEXT;
}

/** How long a fix may be in the mail under this cut, in characters. Commands are longer than sentences. */
export function fixLength(cut: Cut): number {
  return cut.texts ?? LONGEST_FIX;
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

/** How often `messageOf` puts the JSON form into a message. */
export const MESSAGE_COPIES = 2;

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

/** How many of a list were left out, for the JSON form; nothing where none was. */
export function omitted(name: string, count: number): Readonly<Record<string, number>> {
  return count > 0 ? { [name]: count } : {};
}

/**
 * A finding for the JSON form: as it is stored, without its evidence where there is no room. Of plans it says what they do; their
 * calls are in the table.
 */
export function findingContent(
  { steps, acts, wakeAt: _wakeAt, letInAt: _letInAt, ...finding }: Finding,
  cut: Cut,
): object {
  const { evidence, ...rest } = finding;
  const done = {
    ...(steps === undefined ? {} : { steps: steps.map(stepContent) }),
    ...(acts === undefined ? {} : { acts: acts.map(actContent) }),
  };
  if (evidence === undefined || cut.details) return { ...finding, ...done };
  return { ...rest, ...done, evidenceOmitted: true };
}

function stepContent({ action, planned, dueAt, held }: Step): object {
  const plan = 'refused' in planned ? { refused: planned.refused } : { does: planned.plan.does };
  return { action, ...plan, ...(dueAt === undefined ? {} : { dueAt }), ...(held === undefined ? {} : { held }) };
}

function actContent({ undo, ...act }: Act): object {
  return { ...act, isReversible: undo.length > 0 };
}

/** Attributes to filter by: at most ten, values in the order of the findings. */
export function attributesOf(
  kind: string,
  findings: readonly Finding[],
  scope: Scope | undefined,
  chosenTag: Attributes = {},
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
    ...chosenTag,
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

/** The chosen tag of the one subject that a message is about. SNS takes no empty value. */
export function tagAttribute(key: string, value: string): Attributes {
  return value === '' ? {} : { [attributeName(key)]: { DataType: 'String', StringValue: tagValue(value) } };
}

/**
 * The chosen tag of all subjects that a message is about: a filter policy that names one of the values lets the message
 * through, as it does for the single value. Whoever filters by a value that has no room gets nothing: the first stay.
 */
export function tagValuesAttribute(key: string, values: readonly string[]): Attributes {
  const shown: string[] = [];
  let left = TAG_VALUES_BYTES;
  for (const value of distinct(values.filter((one) => one !== '').map(tagValue))) {
    left -= Buffer.byteLength(JSON.stringify(value)) + 1;
    if (left < 0) break;
    shown.push(value);
  }
  return shown.length === 0
    ? {}
    : { [attributeName(key)]: { DataType: 'String.Array', StringValue: JSON.stringify(shown) } };
}

/** A tag's value has 256 characters at most. */
function tagValue(value: string): string {
  return printable(value, 256);
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
