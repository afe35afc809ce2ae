import type { ASTNode } from '@marcbachmann/cel-js';
import { celConditions, conditionError, parsedCondition } from '../domain/conditions.ts';
import { asError } from '../domain/errors.ts';
import { fieldsBelow, sampleInstance } from './instance-fields.ts';
import { nearest } from './policy-error.ts';
import { isSafePattern, SAFER } from './safe-pattern.ts';

/** What is wrong with a condition. */
export interface CelMistake {
  readonly message: string;
  readonly fix: string;
  /** Where in the expression, in characters. */
  readonly at: number;
}

/** All that is wrong with a condition: what does not parse, what EC2 does not have, and what could never be evaluated. */
export function celMistakes(expression: string): readonly CelMistake[] {
  const error = conditionError(expression);
  if (error !== undefined) {
    const fix = "correct the CEL; it reads `instance` in EC2's field names, with Tags as a map, and `now`";
    return [{ ...error, fix }];
  }
  const ast = parsedCondition(expression);
  const reads = readsIn(ast);
  const wrong = [...reads.flatMap((read) => unknownField(read, expression)), ...unguardedTags(ast, reads, expression)];
  if (wrong.length > 0) return wrong;
  const failing = operandsOf(ast).flatMap((operand) => failureOf(operand, expression, reads));
  return failing.length > 0 ? failing : unsafePatterns(ast);
}

/** Regular expressions of matches() that a stranger's tag could keep busy, or that are known only when they run. */
function unsafePatterns(node: unknown): readonly CelMistake[] {
  if (Array.isArray(node)) return node.flatMap(unsafePatterns);
  if (!isNode(node)) return [];
  const pattern = patternOf(node);
  if (pattern === undefined) return unsafePatterns(node.args);
  const source = textOf(pattern);
  if (source === undefined)
    return [
      { message: 'matches() needs a literal regular expression', fix: 'write the expression itself', at: node.start },
    ];
  if (isSafePattern(source, '')) return unsafePatterns(node.args);
  const message = `matches(${JSON.stringify(source)}) can take very long on a value that is made for it`;
  return [{ message, fix: SAFER, at: pattern.start }];
}

/** The last argument of matches(). */
function patternOf(node: ASTNode): ASTNode | undefined {
  if (node.op !== 'rcall' && node.op !== 'call') return undefined;
  const [name] = node.args;
  const given: unknown = node.args.at(-1);
  const last: unknown = Array.isArray(given) ? given.at(-1) : undefined;
  return name === 'matches' && isNode(last) ? last : undefined;
}

/** `instance.Placement.Tenancy` as [Placement, Tenancy], by the dot or by the literal name in brackets. */
interface Read {
  readonly path: readonly string[];
  readonly node: ASTNode;
  /** Asks whether it is there: within has(). */
  readonly isAsked: boolean;
}

function readsIn(node: unknown, isAsked = false): readonly Read[] {
  if (Array.isArray(node)) return node.flatMap((child) => readsIn(child, isAsked));
  if (!isNode(node)) return [];
  const path = pathOf(node);
  const own = path !== undefined && path.length > 0 ? [{ path, node, isAsked }] : [];
  const isHas = node.op === 'call' && node.args[0] === 'has';
  return own.length > 0 ? own : readsIn(node.args, isAsked || isHas);
}

/** The fields read one within the other, from `instance` on; undefined for what is no such chain. */
function pathOf(node: ASTNode): readonly string[] | undefined {
  if (node.op === 'id') return node.args === 'instance' ? [] : undefined;
  if (node.op !== '.' && node.op !== '[]') return undefined;
  const [of, key] = node.args;
  const name = typeof key === 'string' ? key : textOf(key);
  const path = pathOf(of);
  return name === undefined || path === undefined ? undefined : [...path, name];
}

function textOf(node: ASTNode): string | undefined {
  return node.op === 'value' && typeof node.args === 'string' ? node.args : undefined;
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === 'object' && value !== null && 'op' in value && 'args' in value;
}

function unknownField({ path, node }: Read, expression: string): readonly CelMistake[] {
  const depth = path.findIndex((field, index) => fieldsBelow(path.slice(0, index))?.includes(field) === false);
  const field = path[depth];
  if (field === undefined) return [];
  const above = path.slice(0, depth);
  const known = fieldsBelow(above) ?? [];
  const meant = nearest(field, known);
  const choice = depth === 0 ? 'use a field of DescribeInstances' : `use one of ${known.join(', ')}`;
  return [
    {
      message: `${depth === 0 ? 'an instance' : above.join('.')} has no field ${field}`,
      fix: meant === undefined ? choice : `write ${['instance', ...above, meant].join('.')}`,
      at: Math.max(expression.indexOf(field, node.start), node.start),
    },
  ];
}

/**
 * Tags that are read without asking whether they are there: of an instance that lacks one nothing could be said, though
 * its tags are known.
 */
function unguardedTags(ast: ASTNode, reads: readonly Read[], expression: string): readonly CelMistake[] {
  const asked = new Set([...tagsAsked(reads), ...tagsSought(ast)]);
  const unguarded = tagReads(reads).filter(({ tag, isAsked }) => !isAsked && !asked.has(tag));
  return unguarded.map(({ tag, node }) => {
    const whole = operandsOf(ast).find((operand) => operand.start <= node.start && node.end <= operand.end) ?? node;
    return {
      message: `it can't be evaluated for an instance without the tag ${tag}`,
      fix: `write ${JSON.stringify(tag)} in instance.Tags && ${sourceOf(whole, expression).text}`,
      at: node.start,
    };
  });
}

function tagReads(reads: readonly Read[]): readonly (Read & { readonly tag: string })[] {
  return reads.flatMap((read) => {
    const [field, tag] = read.path;
    return field === 'Tags' && tag !== undefined ? [{ ...read, tag }] : [];
  });
}

/** `X` of `has(instance.Tags.X)`. */
function tagsAsked(reads: readonly Read[]): readonly string[] {
  return tagReads(reads.filter(({ isAsked }) => isAsked)).map(({ tag }) => tag);
}

/** `X` of `"X" in instance.Tags`. */
function tagsSought(node: unknown): readonly string[] {
  if (Array.isArray(node)) return node.flatMap(tagsSought);
  if (!isNode(node)) return [];
  if (node.op !== 'in') return tagsSought(node.args);
  const [key, map] = node.args;
  const tag = textOf(key);
  return tag !== undefined && pathOf(map)?.join('.') === 'Tags' ? [tag] : [];
}

/** The parts of a condition that are true or false by themselves: each is tried, whatever the others say. */
function operandsOf(node: ASTNode): readonly ASTNode[] {
  if (node.op === '&&' || node.op === '||' || node.op === '?:') return node.args.flatMap(operandsOf);
  return node.op === '!_' ? operandsOf(node.args) : [node];
}

/** The text of a part: parentheses at its ends are the outer expression's to the parser, and are put back. */
function sourceOf({ start, end }: ASTNode, expression: string): { readonly text: string; readonly at: number } {
  const text = expression.slice(start, end);
  let open = 0;
  let lacking = 0;
  for (const sign of text.replaceAll(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'/g, '').replaceAll(/[^()]/g, '')) {
    if (sign === '(') open++;
    else if (open > 0) open--;
    else lacking++;
  }
  return { text: '('.repeat(lacking) + text + ')'.repeat(open), at: start - lacking };
}

/** What a tag may hold: as good a time zone as a name. */
const sampleTag = 'UTC';

/** Why a part can't be evaluated over an instance that has all that it reads. */
function failureOf(operand: ASTNode, expression: string, reads: readonly Read[]): readonly CelMistake[] {
  const { text, at } = sourceOf(operand, expression);
  if (conditionError(text) !== undefined) return [];
  const tags = Object.fromEntries(tagReads(reads).map(({ tag }) => [tag, sampleTag]));
  try {
    celConditions(text).holds({ ...sampleInstance, Tags: tags }, sampleInstance.LaunchTime);
    return [];
  } catch (error) {
    const { message, cause } = asError(error);
    const fault = detailsOf(cause);
    if (dependsOnTheInstance(fault)) return [];
    return [{ message: `it can't be evaluated: ${message}`, fix: fixOf(fault, message), at: at + fault.start }];
  }
}

/** What CEL's library says of a failure. */
interface Fault {
  readonly code: string;
  readonly start: number;
  /** What was called, if anything was. */
  readonly called: ASTNode | undefined;
}

function detailsOf(cause: unknown): Fault {
  const has = <K extends string>(value: unknown, key: K): value is Record<K, unknown> =>
    typeof value === 'object' && value !== null && key in value;
  const called = has(cause, 'node') && isNode(cause.node) ? cause.node : undefined;
  const code = has(cause, 'code') && typeof cause.code === 'string' ? cause.code : '';
  const range = has(cause, 'range') ? cause.range : undefined;
  return { code, called, start: has(range, 'start') && typeof range.start === 'number' ? range.start : 0 };
}

const dependent: ReadonlySet<string> = new Set([
  'no_such_key',
  'index_out_of_bounds',
  'index_out_of_range',
  'division_by_zero',
  'modulo_by_zero',
  'numeric_overflow',
]);

/** Whether another instance might not fail so: for a value or place that this one lacks, or by a text of its own. */
function dependsOnTheInstance({ code, called }: Fault): boolean {
  if (dependent.has(code)) return true;
  const isOfText = /^invalid_(duration|timestamp|regular_expression)$|_conversion_error$/.test(code);
  return isOfText && called !== undefined && argumentOf(called)?.op !== 'value';
}

/** What a function makes something of: its last argument. */
function argumentOf(node: ASTNode): ASTNode | undefined {
  if (node.op === 'call') return node.args[1].at(-1);
  return node.op === 'rcall' ? node.args[2].at(-1) : undefined;
}

function fixOf({ code, called }: Fault, message: string): string {
  if (code === 'invalid_duration') {
    const written = called && textOf(argumentOf(called) ?? called);
    const days = /^(\d+) *d(?:ays?)?$/.exec(written ?? '')?.[1];
    return `durations are of h, m and s: write duration("${Number(days ?? 1) * 24}h")`;
  }
  if (code === 'invalid_timestamp' || /timestamp [<>=]+ string|string [<>=]+ timestamp/.test(message))
    return 'write a time such as timestamp("2026-01-01T00:00:00Z")';
  if (code === '' && message.startsWith('it gives')) return 'compare it, such as instance.KeyName == "admin"';
  if (code === 'invalid_regular_expression') return 'correct the regular expression';
  if (!code.endsWith('_overload')) return 'correct the CEL';
  return "correct the CEL: fields have the types that EC2's API reference gives, whole numbers are ints, tags are text";
}
