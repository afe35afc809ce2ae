import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
  visit,
  type YAMLError,
  type YAMLMap,
} from 'yaml';
import { asError } from '../domain/errors.ts';
import type { Mistake, PolicyError } from './policy-error.ts';

export type Path = readonly (string | number)[];

/** Whether a path leads to one of these, or within it. */
export function isBelowAny(path: Path, ancestors: readonly Path[]): boolean {
  return ancestors.some((ancestor) => ancestor.every((segment, index) => path[index] === segment));
}

/** A YAML file with the positions of what is in it. */
export interface Source {
  /** Relative to the current directory. */
  readonly file: string;
  readonly text: string;
  readonly document: Document;
  readonly lines: LineCounter;
}

/** A file read as far as it could be. */
export interface Read {
  readonly errors: readonly PolicyError[];
  /** Left out when the text is not one YAML map: there is nothing else to check then. */
  readonly content?: { readonly source: Source; readonly value: Readonly<Record<string, unknown>> };
}

/** How often aliases may multiply a file's content before it is refused. */
const MAX_ALIAS_COUNT = 100;

/** How many aliases a file may hold: each is looked up from the file's beginning. */
const MAX_ALIASES = 1_000;

/** Parses a file that holds one map. All its mistakes are told at once. */
export function readYaml(text: string, file: string, example: string): Read {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, uniqueKeys: true, prettyErrors: false });
  const [document, second] = Array.isArray(documents) ? documents : [];
  const at = (offset: number, mistake: Mistake) => ({ ...mistake, file, ...lineAndColumn(lines, offset) });
  if (document === undefined) return { errors: [at(0, emptyFile(example))] };
  if (second !== undefined) return { errors: [at(second.range?.[0] ?? 0, severalDocuments)] };
  const errors = [...syntaxErrors(document, text), ...keyErrors(document)].map(([offset, error]) => at(offset, error));
  if (errors.some((error) => error.code === 'invalid-yaml')) return { errors };
  const { contents } = document;
  if (contents === null || (isScalar(contents) && contents.value === null))
    return { errors: [at(0, emptyFile(example))] };
  if (!isMap(contents)) return { errors: [...errors, at(contents.range?.[0] ?? 0, noMap(example))] };
  try {
    const value: Record<string, unknown> = document.toJS({ maxAliasCount: MAX_ALIAS_COUNT });
    return { errors, content: { source: { file, text, document, lines }, value } };
  } catch (error) {
    return { errors: [...errors, at(0, invalidYaml(asError(error).message))] };
  }
}

/** Where a key or value stands; where it is not there, the nearest thing around it that is. */
export function positionOf(
  source: Source,
  path: Path,
  of: 'key' | 'value',
): { readonly line: number; readonly column: number } {
  const { key, value } = find(source, path);
  const node = of === 'key' ? (key ?? value) : (value ?? key);
  return lineAndColumn(source.lines, node?.range?.[0] ?? 0);
}

/** Where a character of a text value stands. Folded and escaped text has no such place: its beginning is told. */
export function positionWithin(
  source: Source,
  path: Path,
  offset: number,
): { readonly line: number; readonly column: number } {
  const { value } = find(source, path);
  if (!isScalar(value) || typeof value.value !== 'string' || !value.range) return positionOf(source, path, 'value');
  const [start, end] = value.range;
  const inner = source.text.slice(start, end).indexOf(value.value);
  return lineAndColumn(source.lines, inner < 0 ? start : start + inner + offset);
}

/** A value as it is written in the file, such as `012345678901` for the number 12345678901. */
export function writtenAs(source: Source, path: Path): string | undefined {
  const { value } = find(source, path);
  return isScalar(value) ? value.source : undefined;
}

function lineAndColumn(lines: LineCounter, offset: number): { readonly line: number; readonly column: number } {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}

interface Found {
  readonly key?: Node | undefined;
  readonly value?: Node | undefined;
}

function find({ document }: Source, path: Path): Found {
  let found: Found = { value: document.contents ?? undefined };
  for (const segment of path) {
    const next = step(document, found.value, segment);
    if (next === undefined) return found;
    found = next;
  }
  return found;
}

function step(document: Document, value: Node | undefined, segment: string | number): Found | undefined {
  const node = isAlias(value) ? value.resolve(document) : value;
  if (isSeq(node)) {
    const item = node.items[Number(segment)];
    return item === undefined || item === null ? undefined : { value: item as Node };
  }
  if (!isMap(node)) return undefined;
  const pair = (node as YAMLMap<Node, Node | null>).items.find(({ key }) => keyText(key) === String(segment));
  return pair && { key: pair.key, value: pair.value ?? undefined };
}

/** A key as JavaScript has it: text, whatever scalar it is. */
function keyText(key: Node | null): string | undefined {
  if (!isScalar(key)) return undefined;
  const { value } = key;
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}

type At = readonly [offset: number, mistake: Mistake];

function syntaxErrors(document: Document, text: string): readonly At[] {
  const told = [...document.errors, ...document.warnings];
  return told
    .filter((one, index) => !isOfSameLine(one, told[index - 1], text))
    .map(({ code, message, pos }) => {
      if (code === 'BLOCK_AS_IMPLICIT_KEY') return [pos[0], unquotedText(text, pos[0])];
      if (code !== 'DUPLICATE_KEY') return [pos[0], invalidYaml(message)];
      const key = /^[^:\n]*/.exec(text.slice(pos[0]))?.[0].trim() ?? '';
      return [
        pos[0],
        {
          code: 'duplicate-key',
          path: key,
          message: `\`${key}\` is given twice in one map`,
          fix: 'keep one of the two',
        },
      ];
    });
}

/** Each further colon of a line is an error of its own to the parser. */
function isOfSameLine(error: YAMLError, before: YAMLError | undefined, text: string): boolean {
  if (before?.code !== error.code || error.code !== 'BLOCK_AS_IMPLICIT_KEY') return false;
  return !text.slice(before.pos[0], error.pos[0]).includes('\n');
}

/** Keys that a map of YAML can have, and none of ours has. */
function keyErrors(document: Document): readonly At[] {
  const errors: At[] = [];
  let aliases = 0;
  visit(document, {
    Alias(_, alias, ancestors) {
      if (++aliases > MAX_ALIASES) {
        errors.push([alias.range?.[0] ?? 0, invalidYaml(`there are more than ${MAX_ALIASES} aliases`)]);
        return visit.BREAK;
      }
      const target = alias.resolve(document);
      const at = alias.range?.[0] ?? 0;
      if (target === undefined) errors.push([at, invalidYaml(`there is no anchor &${alias.source} before this alias`)]);
      else if (ancestors.includes(target)) errors.push([at, endless(alias.source)]);
      return undefined;
    },
    Pair(_, { key }) {
      const offset = isScalar(key) || isMap(key) || isSeq(key) ? (key.range?.[0] ?? 0) : 0;
      if (!isScalar(key)) errors.push([offset, invalidYaml('a key must be text')]);
      else if (key.value === '__proto__')
        errors.push([
          offset,
          {
            code: 'unknown-key',
            path: '__proto__',
            message: '`__proto__` is no key that a policy can have',
            fix: 'remove it',
          },
        ]);
      else if (key.value === '<<')
        errors.push([offset, invalidYaml('merge keys (<<) are not part of YAML 1.2: write the keys out')]);
    },
  });
  return errors;
}

function invalidYaml(message: string): Mistake {
  return {
    code: 'invalid-yaml',
    path: '',
    message: message.replace(/^\w/, (letter) => letter.toLowerCase()),
    fix: 'correct the YAML here; nothing else in this file was checked',
  };
}

/** What YAML takes for a map on one line is mostly a sentence with a colon in it. */
function unquotedText(text: string, offset: number): Mistake {
  const line = /^.*?(?=\s+#|\s*$)/m.exec(text.slice(offset))?.[0] ?? '';
  return {
    ...invalidYaml('text with `: ` in it needs quotes'),
    fix: `quote the text: ${JSON.stringify(line)}`,
  };
}

function endless(anchor: string): Mistake {
  return {
    ...invalidYaml(`*${anchor} stands within what it names, and would never end`),
    fix: `write out what *${anchor} was to stand for`,
  };
}

function emptyFile(example: string): Mistake {
  return { code: 'empty-file', path: '', message: 'the file is empty', fix: 'write it, or remove it', example };
}

const severalDocuments: Mistake = {
  code: 'invalid-yaml',
  path: '',
  message: 'the file holds several documents',
  fix: 'remove the line ---, and give each document a file of its own',
};

function noMap(example: string): Mistake {
  return {
    code: 'wrong-type',
    path: '',
    message: 'the file must hold keys and values',
    fix: 'begin with keys, as in the example',
    example,
  };
}
