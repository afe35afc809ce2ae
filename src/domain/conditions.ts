import { type ASTNode, Environment, type ParseResult } from '@marcbachmann/cel-js';
import { asError } from './errors.ts';
import type { Condition, Conditions } from './policy.ts';

/** What is wrong with a CEL expression, and where in it, as an offset in characters. */
export interface ConditionError {
  readonly message: string;
  readonly at: number;
}

const environment = new Environment()
  .registerVariable('instance', 'map')
  .registerVariable('now', 'google.protobuf.Timestamp');

const compiled = new Map<string, Condition>();

/**
 * CEL over `instance` and `now`; each expression is compiled once.
 * @throws Error when the expression is not valid: `conditionError` says so beforehand.
 */
export const celConditions: Conditions = (expression) => {
  const known = compiled.get(expression);
  if (known !== undefined) return known;
  const condition = compile(expression);
  compiled.set(expression, condition);
  return condition;
};

/** Why an expression can't be a condition: its syntax, its types, or that it gives no boolean. */
export function conditionError(expression: string): ConditionError | undefined {
  const { valid, error, type } = environment.check(expression);
  if (!valid) return { message: readable(error?.summary ?? 'not valid CEL'), at: error?.range?.start ?? 0 };
  if (type === 'bool' || type === 'dyn') return undefined;
  return { message: `gives ${type}, and a condition is true or false`, at: 0 };
}

/**
 * The syntax tree of a condition.
 * @throws Error when it does not parse.
 */
export function parsedCondition(expression: string): ASTNode {
  return environment.parse(expression).ast;
}

/** CEL's own names for types, and none of the library's. */
function readable(message: string): string {
  return message
    .replaceAll(/dyn<([\w.]+)>/g, '$1')
    .replaceAll('google.protobuf.Timestamp', 'timestamp')
    .replaceAll('google.protobuf.Duration', 'duration');
}

function compile(expression: string): Condition {
  const invalid = conditionError(expression);
  if (invalid !== undefined) throw new Error(`condition ${expression}: ${invalid.message}`);
  const evaluate: ParseResult = environment.parse(expression);
  const fields = fieldsOf(evaluate.ast);
  return {
    fields,
    holds(instance, now) {
      const read = asCel(fields === undefined ? instance : pick(instance, fields));
      const result = resultOf(evaluate, { instance: read, now });
      if (typeof result !== 'boolean')
        throw new Error(`it gives ${typeName(result)}, and a condition is true or false`);
      return result;
    },
  };
}

/** @throws Error of one line, whose cause is the library's: that one's message shows the source too, in lines of its own. */
function resultOf(evaluate: ParseResult, context: Readonly<Record<string, unknown>>): unknown {
  try {
    return evaluate(context);
  } catch (error) {
    const [summary = ''] = asError(error).message.split('\n');
    throw new Error(readable(summary), { cause: error });
  }
}

function typeName(value: unknown): string {
  if (typeof value === 'bigint') return 'an int';
  if (typeof value === 'number') return 'a double';
  if (typeof value === 'string') return 'a string';
  if (value instanceof Date) return 'a timestamp';
  return Array.isArray(value) ? 'a list' : 'neither';
}

/** Top-level fields of `instance` that an expression reads, sorted; undefined when it uses `instance` in any other way. */
function fieldsOf(ast: ASTNode): readonly string[] | undefined {
  const fields = new Set<string>();
  const readable = collectFields(ast, fields);
  return readable ? [...fields].sort() : undefined;
}

function collectFields(node: unknown, fields: Set<string>): boolean {
  if (Array.isArray(node)) return node.every((child) => collectFields(child, fields));
  if (!isNode(node)) return true;
  const field = fieldRead(node);
  if (field !== undefined) {
    fields.add(field);
    return true;
  }
  if (node.op === 'id') return node.args !== 'instance';
  return collectFields(node.args, fields);
}

/** `X` of `instance.X` and `instance["X"]`. */
function fieldRead(node: ASTNode): string | undefined {
  if (node.op !== '.' && node.op !== '[]') return undefined;
  const [of, key] = node.args;
  if (of.op !== 'id' || of.args !== 'instance') return undefined;
  if (typeof key === 'string') return key;
  return key.op === 'value' && typeof key.args === 'string' ? key.args : undefined;
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === 'object' && value !== null && 'op' in value && 'args' in value;
}

function pick(instance: Readonly<Record<string, unknown>>, fields: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    fields.filter((field) => Object.hasOwn(instance, field)).map((field) => [field, instance[field]]),
  );
}

/**
 * A value as CEL has it: whole numbers are ints, times are timestamps. A recorded instance has text where the SDK gives
 * a Date (`AttachTime`), and a condition must not depend on which of the two it sees.
 */
function asCel(value: unknown, key = ''): unknown {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value;
  if (typeof value === 'string') return key.endsWith('Time') ? timeOf(value) : value;
  if (Array.isArray(value)) return value.map((entry) => asCel(entry));
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  const isTags = key === 'Tags';
  return Object.fromEntries(Object.entries(value).map(([name, child]) => [name, asCel(child, isTags ? '' : name)]));
}

function timeOf(text: string): unknown {
  const time = new Date(text);
  return Number.isNaN(time.getTime()) ? text : time;
}
