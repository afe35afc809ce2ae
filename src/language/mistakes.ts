import type * as z from 'zod';
import { asDuration, withUnits } from './duration.ts';
import { flow } from './examples.ts';
import { describedAt, type JsonSchema, jsonSchemaOf, keysAt } from './json-schema.ts';
import { allOf, type ErrorCode, type Mistake, nearest, oneOf } from './policy-error.ts';
import type { Path } from './source.ts';

type Issue = z.core.$ZodIssue;

/** A mistake with the place it is about. */
export interface PlacedMistake {
  readonly mistake: Mistake;
  readonly path: Path;
  /** Whether the key is at fault or what stands behind it. */
  readonly of: 'key' | 'value';
  /** Within a text, in characters. */
  readonly offset?: number;
  /** Of a misspelt key: the one that was meant. That it is missing is then no second mistake. */
  readonly meant?: Path;
}

/** How a value is checked, and what its author may be told. */
export interface Check {
  readonly form: z.ZodType;
  readonly value: unknown;
  /** Path of the value in its file. */
  readonly at: Path;
  /** Valid YAML for a path in the file. */
  readonly example: (path: Path) => string | undefined;
  /** How a value stands in the file. */
  readonly written: (path: Path) => string | undefined;
}

/** All that a schema finds wrong, in words for the file's author. Empty when nothing is. */
export function mistakesIn({ form, value, at, example, written }: Check): readonly PlacedMistake[] {
  const result = form.safeParse(value);
  if (result.success) return [];
  const schema = jsonSchemaOf(form);
  const issues = result.error.issues.flatMap((issue) => alternatives(issue, value));
  const mistakes = issues
    .filter((issue) => !isMoot(issue, issues))
    .flatMap((issue) => describe(issue, { form, schema, value, at, written }))
    .map((placed) => ({ ...placed, mistake: withExample(placed.mistake, example(placed.meant ?? placed.path)) }));
  const meant = new Set(mistakes.map((placed) => placed.meant && pathText(placed.meant)));
  return mistakes.filter(({ mistake }) => mistake.code !== 'missing-key' || !meant.has(mistake.path));
}

/** `exempt[0].match.tags.Owner`. */
export function pathText(path: Path): string {
  return path
    .map((segment) => {
      if (typeof segment === 'number') return `[${segment}]`;
      return /^[\w-]+$/.test(segment) ? `.${segment}` : `["${segment}"]`;
    })
    .join('')
    .replace(/^\./, '');
}

/** A mistake that no schema finds. */
export function mistakeAt(
  path: Path,
  of: 'key' | 'value',
  code: ErrorCode,
  message: string,
  fix: string,
  example?: string,
): PlacedMistake {
  const mistake = { code, path: pathText(path), message, fix, ...(example === undefined ? {} : { example }) };
  return { path, of, mistake };
}

/** The value at a path; undefined where there is none. */
export function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (inner, segment) => (isMap(inner) && Object.hasOwn(inner, segment) ? inner[segment] : undefined),
    value,
  );
}

/** Lists count too: their indices are keys. */
function isMap(value: unknown): value is Readonly<Record<string | number, unknown>> {
  return typeof value === 'object' && value !== null;
}

function withExample(mistake: Mistake, example: string | undefined): Mistake {
  return example === undefined ? mistake : { ...mistake, example };
}

/**
 * What is wrong with the alternative that was meant: the only one whose type fits. Where none fits, or several do, the
 * union's own issue stands for all.
 */
function alternatives(issue: Issue, value: unknown): readonly Issue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const fitting = issue.errors.filter((errors) => !errors.some(isOfAnotherType));
  const known = fitting.filter((errors) => !errors.some(isOfOtherKeys));
  const [only, second] = fitting.length > 1 && known.length > 0 ? known : fitting;
  if (only === undefined || second !== undefined) return [issue];
  return only
    .map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }))
    .flatMap((inner) => alternatives(inner, value));
}

/** What a value as a whole must be is not asked of one that has a mistake within. */
function isMoot(issue: Issue, issues: readonly Issue[]): boolean {
  if (issue.code !== 'custom') return false;
  return issues.some(
    (other) => other.code !== 'custom' && issue.path.every((segment, index) => other.path[index] === segment),
  );
}

function isOfAnotherType(issue: Issue): boolean {
  return issue.path.length === 0 && (issue.code === 'invalid_type' || issue.code === 'invalid_value');
}

/** Of maps that differ in their keys, the one that was meant has no key that is none of its own. */
function isOfOtherKeys(issue: Issue): boolean {
  return issue.path.length === 0 && issue.code === 'unrecognized_keys';
}

interface Around {
  readonly form: z.ZodType;
  readonly schema: JsonSchema;
  readonly value: unknown;
  readonly at: Path;
  readonly written: (path: Path) => string | undefined;
}

function describe(issue: Issue, { form, schema, value, at, written }: Around): readonly PlacedMistake[] {
  const inner = issue.path.map((segment) => (typeof segment === 'number' ? segment : String(segment)));
  const path = [...at, ...inner];
  const name = `\`${pathText(path)}\``;
  const found = valueAt(value, inner);
  const about =
    describedAt(schema, inner) ??
    (typeof inner.at(-1) === 'number' ? describedAt(schema, inner.slice(0, -1)) : undefined);
  const accepts = (candidate: unknown) => isAcceptedAt(form, value, inner, candidate);
  const placed = (code: ErrorCode, message: string, fix: string, of: 'key' | 'value' = 'value'): PlacedMistake[] => [
    { path, of, mistake: { code, path: pathText(path), message, fix } },
  ];
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.filter((key) => key !== '__proto__').map((key) => unknownKey(key, path, keysAt(schema, inner)));
    case 'invalid_type': {
      if (found === undefined) return placed('missing-key', `${name} is missing`, withAbout('add it', about));
      const wanted = typeNames[issue.expected] ?? issue.expected;
      const message = `${name} is ${typeOf(found)}, and must be ${wanted}`;
      return placed(
        'wrong-type',
        message,
        fixOfType(issue.expected, { found, path, written: written(path), about, accepts }),
      );
    }
    case 'invalid_value': {
      if (found === undefined) return placed('missing-key', `${name} is missing`, withAbout('add it', about));
      const allowed = issue.values.map(String);
      return placed(
        'invalid-value',
        `${name} is ${show(found)}, and must be ${oneOf(allowed)}`,
        fixOfChoice(found, allowed, about),
      );
    }
    case 'invalid_union': {
      if (found === undefined) return placed('missing-key', `${name} is missing`, withAbout('add it', about));
      const types = [...new Set(issue.errors.flat().filter(isOfAnotherType).flatMap(expectedOf))];
      if (types.length > 0 && issue.errors.every((errors) => errors.some(isOfAnotherType))) {
        const message = `${name} is ${typeOf(found)}, and must be ${oneOf(types)}`;
        const expected = types.includes('text') ? 'string' : '';
        return placed(
          'wrong-type',
          message,
          fixOfType(expected, { found, path, written: written(path), about, accepts }),
        );
      }
      const byKeys = mistakesOfKeys(
        found,
        path,
        keysAt(schema, inner),
        issue.errors.every((one) => one.some(isOfOtherKeys)),
      );
      if (byKeys.length > 0) return byKeys;
      const reasons = [
        ...new Set(
          issue.errors
            .filter((errors) => !errors.some(isOfAnotherType))
            .flat()
            .map((one) => one.message),
        ),
      ];
      return placed('invalid-value', `${name} is ${show(found)}: ${oneOf(reasons)}`, correction(issue.message, about));
    }
    case 'invalid_key': {
      const reason = issue.issues.map((one) => one.message).join('; ');
      const fix = renamed(inner, value, form) ?? correction(reason, about, 'rename it');
      return placed('invalid-value', `the key ${name} ${reason}`, fix, 'key');
    }
    case 'too_small':
      if (!issue.message.startsWith('Too small'))
        return placed('invalid-value', `${name} ${issue.message}`, correction(issue.message, about));
      if (issue.origin === 'array' || issue.origin === 'string')
        return placed('invalid-value', emptyOrShort(name, issue), withAbout('fill it', about));
      return placed(
        'invalid-value',
        `${name} is ${show(found)}, and must be at least ${issue.minimum}`,
        correction(issue.message, about),
      );
    case 'too_big':
      if (issue.message.startsWith('Too big'))
        return placed(
          'invalid-value',
          `${name} is ${show(found)}, and must be at most ${issue.maximum}`,
          correction(issue.message, about),
        );
      return placed('invalid-value', `${name} ${issue.message}`, correction(issue.message, about));
    case 'invalid_format':
    case 'not_multiple_of':
    case 'invalid_element':
    case 'custom':
      return placed(
        'invalid-value',
        `${name}${isMap(found) ? '' : ` (${show(found)})`} ${issue.message}`,
        repaired(found, path, accepts) ?? correction(issue.message, about),
      );
  }
}

/** Of a map that is one of several, told apart by their keys: a key of none, keys of more than one, or no key at all. */
function mistakesOfKeys(
  found: unknown,
  path: Path,
  known: readonly string[],
  isOfNone: boolean,
): readonly PlacedMistake[] {
  if (!isMap(found) || Array.isArray(found)) return [];
  const keys = Object.keys(found);
  const strangers = keys.filter((key) => !known.includes(key));
  if (strangers.length > 0) return strangers.map((key) => unknownKey(key, path, known));
  const name = `\`${pathText(path)}\``;
  if (keys.length > 1 && isOfNone)
    return [
      mistakeAt(
        path,
        'value',
        'invalid-value',
        `${name} has ${allOf(keys)}`,
        `write ${oneOf(keys)}, not ${keys.length > 2 ? 'all' : 'both'}`,
      ),
    ];
  if (keys.length > 0) return [];
  return [mistakeAt(path, 'value', 'invalid-value', `${name} is empty`, `write ${oneOf(known)}`)];
}

function emptyOrShort(
  name: string,
  { minimum, origin }: { readonly minimum: number | bigint; readonly origin: string },
): string {
  if (minimum === 1) return `${name} is empty`;
  return `${name} must have at least ${minimum} ${origin === 'array' ? 'entries' : 'characters'}`;
}

function unknownKey(key: string, parent: Path, known: readonly string[]): PlacedMistake {
  const path = [...parent, key];
  const where = parent.length === 0 ? 'here' : `in \`${pathText(parent)}\``;
  const meant = nearest(key, known);
  const fix = meant === undefined ? `remove it; the keys ${where} are ${known.join(', ')}` : `write \`${meant}\``;
  const mistake = { code: 'unknown-key', path: pathText(path), message: `\`${key}\` is no key ${where}`, fix } as const;
  return { path, of: 'key', mistake, ...(meant === undefined ? {} : { meant: [...parent, meant] }) };
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map of keys and values',
  record: 'a map of keys and values',
  null: 'null',
};

function expectedOf(issue: Issue): readonly string[] {
  if (issue.code === 'invalid_type') return [typeNames[issue.expected] ?? issue.expected];
  return issue.code === 'invalid_value' ? issue.values.map(String) : [];
}

function typeOf(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  if (typeof value === 'string') return 'text';
  return `the ${typeof value} ${JSON.stringify(value)}`;
}

function show(value: unknown): string {
  if (typeof value === 'object' && value !== null) return typeOf(value);
  return value === undefined ? 'nothing' : JSON.stringify(value);
}

/** What a fix is made of. */
interface Wrong {
  readonly found: unknown;
  readonly path: Path;
  /** As it stands in the file. */
  readonly written: string | undefined;
  readonly about: string | undefined;
  /** Whether another value would do in its place. */
  readonly accepts: (candidate: unknown) => boolean;
}

function fixOfType(expected: string, { found, path, written, about, accepts }: Wrong): string {
  const text = written ?? String(found);
  const isScalar = typeof found === 'number' || typeof found === 'boolean';
  if (expected === 'string' && isScalar) {
    const what = path.at(-2) === 'accounts' || path.at(-1) === 'accountId' ? 'quote the account id' : 'quote it';
    if (accepts(text)) return `${what}: "${text}"`;
    const day = text.replace(/^(\d{4})(\d{2})(\d{2})$/, '$1-$2-$3');
    if (accepts(day)) return `write ${day}`;
    const durations = withUnits(text).filter(accepts);
    if (durations.length > 0) return `say of which unit: ${oneOf(durations)}`;
  }
  if (expected === 'array' && isScalar) return `write it as a list: [${isAccountId(text) ? `"${text}"` : text}]`;
  if (expected === 'array' && typeof found === 'string')
    return `write it as a list: ${flow([found]).replace(/^\[ (.*) \]$/s, '[$1]')}`;
  return withAbout(`write ${typeNames[expected] ?? 'one of these'}`, about);
}

/** YAML reads it as a number, and it never is one. */
function isAccountId(text: string): boolean {
  return /^\d{12}$/.test(text);
}

/** What other tools call a choice. */
const alsoCalled: ReadonlyMap<string, string> = new Map([
  ['amd64', 'x86_64'],
  ['x64', 'x86_64'],
  ['aarch64', 'arm64'],
]);

/** In a word of up to so many letters two that differ make another word. */
const SHORT_WORD = 6;

function fixOfChoice(found: unknown, allowed: readonly string[], about: string | undefined): string {
  const word = typeof found === 'string' ? found : '';
  const other = alsoCalled.get(word.toLowerCase());
  const near = word.length > SHORT_WORD ? nearest(word, allowed) : nearest(word, allowed, 1);
  const meant = other !== undefined && allowed.includes(other) ? other : near;
  if (meant !== undefined) return `write ${meant}`;
  const [only, second] = allowed;
  return second === undefined ? `write ${only}, or leave it out` : withAbout('choose one of them', about);
}

/** The text that was probably meant, if one that is near would do. */
function repaired(found: unknown, path: Path, accepts: Wrong['accepts']): string | undefined {
  if (typeof found !== 'string' || found.trim() === '') return undefined;
  const text = found.trim();
  const candidates = [
    text,
    text.toLowerCase(),
    text.toLowerCase().replace(/[\s_]+/g, '-'),
    ...(path.at(-2) === 'instanceTypes' ? [`${text}.*`] : []),
    `${text}/${text.includes(':') ? 128 : 32}`,
    asDuration(text),
  ];
  const meant = candidates.find(accepts);
  return meant === undefined ? undefined : `write ${meant}`;
}

/** The same of a key: in lower case it may be one that there is. */
function renamed(path: Path, value: unknown, form: z.ZodType): string | undefined {
  const map = valueAt(value, path.slice(0, -1));
  const key = path.at(-1);
  if (!isMap(map) || typeof key !== 'string') return undefined;
  const { [key]: found, ...others } = map;
  const lower = key.trim().toLowerCase();
  return isAcceptedAt(form, value, path.slice(0, -1), { ...others, [lower]: found }) ? `write ${lower}` : undefined;
}

/** A fix in the words of what is wrong, where they say what to write; else in those of what the value is for. */
function correction(message: string, about: string | undefined, otherwise = 'correct it'): string {
  const [, wanted] = /^must be (.*)$/s.exec(message) ?? [];
  if (wanted !== undefined) return `write ${wanted}`;
  const [, advice] = /(?:^must|:) ((?:write|put|give|say) .*)$/s.exec(message) ?? [];
  return advice ?? withAbout(message === 'is blank' ? 'fill it' : otherwise, about);
}

/** Whether a form finds nothing wrong with a value at a path, whatever it finds elsewhere. */
function isAcceptedAt(form: z.ZodType, value: unknown, path: Path, candidate: unknown): boolean {
  const replaced = replacedAt(value, path, candidate);
  const { error } = form.safeParse(replaced);
  const issues = error?.issues.flatMap((issue) => alternatives(issue, replaced)) ?? [];
  return !issues.some((issue) => {
    const isWithin = path.every((segment, index) => issue.path[index] === segment);
    const isAround = issue.path.every((segment, index) => path[index] === segment);
    return isWithin || (isAround && issue.code === 'invalid_union');
  });
}

function replacedAt(value: unknown, [first, ...rest]: Path, candidate: unknown): unknown {
  if (first === undefined) return candidate;
  if (Array.isArray(value))
    return value.map((entry, index) => (index === first ? replacedAt(entry, rest, candidate) : entry));
  return isMap(value) ? { ...value, [first]: replacedAt(value[first], rest, candidate) } : value;
}

function withAbout(fix: string, about: string | undefined): string {
  return about === undefined ? fix : `${fix}: ${about}`;
}
