import { closest, distance } from 'fastest-levenshtein';

/** What can be wrong with a file that a policy's author writes. */
export type ErrorCode =
  | 'duplicate-action'
  | 'duplicate-key'
  | 'duplicate-name'
  | 'empty-file'
  | 'enforce-without-mode'
  | 'exemption-expired'
  | 'fixed-time-zone'
  | 'holidays-past'
  | 'invalid-cel'
  | 'invalid-up-to'
  | 'invalid-value'
  | 'invalid-yaml'
  | 'misplaced-enforcement'
  | 'missing-key'
  | 'missing-notify'
  | 'name-differs-from-folder'
  | 'no-grace'
  | 'no-policies'
  | 'not-built-yet'
  | 'nothing-to-enforce'
  | 'self-service'
  | 'unfit-action'
  | 'unknown-action'
  | 'unknown-key'
  | 'unknown-rule'
  | 'unknown-tag-pattern'
  | 'unknown-value-list'
  | 'unreachable-action'
  | 'unreadable'
  | 'wrong-type';

/** One mistake, where it stands, and how to mend it. */
export interface PolicyError {
  readonly code: ErrorCode;
  /** Relative to the current directory. */
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  readonly column: number;
  /** The key it is about, such as `exempt[0].until`; empty for the file as a whole. */
  readonly path: string;
  readonly message: string;
  readonly fix: string;
  /** Valid YAML to start from. */
  readonly example?: string;
}

/** A mistake before its position is known. */
export type Mistake = Omit<PolicyError, 'file' | 'line' | 'column'>;

/** In reading order, each once: policies that share a faulty list share its error. */
export function inReadingOrder(errors: readonly PolicyError[]): readonly PolicyError[] {
  const distinct = new Map(errors.map((error) => [JSON.stringify(error), error]));
  return [...distinct.values()].sort(
    (a, b) => compare(a.file, b.file) || a.line - b.line || a.column - b.column || compare(a.code, b.code),
  );
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/**
 * The candidate that was probably meant; undefined when none is near. Case does not count.
 * @param within how many letters may differ.
 */
export function nearest(word: string, candidates: readonly string[], within = toleranceFor(word)): string | undefined {
  if (candidates.length === 0) return undefined;
  const folded = new Map(candidates.map((candidate) => [candidate.toLowerCase(), candidate]));
  const best = closest(word.toLowerCase(), [...folded.keys()]);
  return distance(word.toLowerCase(), best) <= within ? folded.get(best) : undefined;
}

/** Two letters changing places count as two. */
function toleranceFor(word: string): number {
  return word.length < 4 ? 1 : Math.max(2, Math.floor(word.length * 0.4));
}

/** `a, b or c`. */
export function oneOf(words: readonly string[]): string {
  return listed(words, 'or');
}

/** `a, b and c`. */
export function allOf(words: readonly string[]): string {
  return listed(words, 'and');
}

function listed(words: readonly string[], last: 'or' | 'and'): string {
  if (words.length < 2) return words.join();
  return `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1)}`;
}

/** Colours of the parts of an error, or none. */
export interface Paint {
  readonly place: (text: string) => string;
  readonly code: (text: string) => string;
  readonly label: (text: string) => string;
}

const plain: Paint = { place: (text) => text, code: (text) => text, label: (text) => text };

/** Errors as `validate` prints them: `file:line:column  code  message`, and below it the fix and an example. */
export function formatErrors(errors: readonly PolicyError[], paint: Paint = plain): string {
  return errors.map((error) => formatError(error, paint)).join('\n');
}

function formatError({ file, line, column, code, message, fix, example }: PolicyError, paint: Paint): string {
  const head = `${paint.place(`${file}:${line}:${column}`)}  ${paint.code(code)}  ${message}`;
  const lines = [head, `    ${paint.label('fix:')} ${fix}`];
  if (example === undefined) return lines.join('\n');
  const [first = '', ...rest] = example.split('\n');
  if (rest.length === 0) return [...lines, `    ${paint.label('example:')} ${first}`].join('\n');
  return [...lines, `    ${paint.label('example:')}`, ...[first, ...rest].map((text) => `      ${text}`)].join('\n');
}
