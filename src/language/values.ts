import { type PlacedMistake, pathText } from './mistakes.ts';
import { type Mistake, nearest } from './policy-error.ts';
import { type Path, type Source, writtenAs } from './source.ts';

/** The lists of a values.yml. */
export interface ValueLists {
  readonly source: Source;
  readonly lists: Readonly<Record<string, unknown>>;
}

/** Why there are no lists to fill in. */
export interface NoValues {
  /** A values.yml above the current directory, relative to it: it is not read. */
  readonly above: string | undefined;
}

/** Where a value stands: in the policy, or in the values.yml that it came from. */
export interface Origin {
  readonly source: Source;
  readonly path: Path;
}

/** A policy's content with `$name` replaced. */
export interface Filled {
  readonly value: unknown;
  /** Where what is at a path of `value` was written. */
  originOf(path: Path): Origin;
  readonly mistakes: readonly PlacedMistake[];
  /** Paths that could not be filled: what stands there can't be checked. */
  readonly unfilled: readonly Path[];
}

/** How many entries all lists may bring into one policy. */
const MAX_ENTRIES = 10_000;

/** A text that is as a whole the name of a list. */
const reference = /^\$([A-Za-z][A-Za-z0-9_-]*)$/;

/**
 * Replaces `$name` by the list of that name, within `parameters`, settings of actions, every `match` and `protected`: as a whole value,
 * or spliced in as an entry of a list.
 * @param values `unusable`: there is a values.yml, and it has errors of its own, which are told elsewhere.
 */
export function fillIn(content: unknown, source: Source, values: ValueLists | 'unusable' | NoValues): Filled {
  const origins = new Map<string, Origin>();
  const mistakes: PlacedMistake[] = [];
  const unfilled: Path[] = [];
  let entries = 0;

  /** Copies a value to `to`, noting for each part where it was written. */
  function copy(value: unknown, from: Origin, to: Path): unknown {
    origins.set(JSON.stringify(to), from);
    const name = typeof value === 'string' && from.source === source ? listName(value, from.path) : undefined;
    if (name !== undefined) {
      const list = listOf(name, from.path, to);
      return list?.map((entry, index) => copy(entry, { source: list.source, path: [name, index] }, [...to, index]));
    }
    // Told where it is written, and not again wherever the list is used.
    if (from.source !== source && typeof value === 'string' && reference.test(value)) unfilled.push(to);
    if (Array.isArray(value)) return copyList(value, from, to);
    if (typeof value !== 'object' || value === null) return value;
    const copied = Object.entries(value).map(([key, child]) => {
      const path = [...from.path, key];
      return [key, copy(child, { source: from.source, path }, [...to, key])] as const;
    });
    return Object.fromEntries(copied);
  }

  function copyList(entries: readonly unknown[], from: Origin, to: Path): readonly unknown[] {
    const filled: unknown[] = [];
    entries.forEach((entry, index) => {
      const origin = { source: from.source, path: [...from.path, index] };
      const name = typeof entry === 'string' && from.source === source ? listName(entry, origin.path) : undefined;
      if (name === undefined) {
        filled.push(copy(entry, origin, [...to, filled.length]));
        return;
      }
      const list = listOf(name, origin.path, to);
      list?.forEach((one, at) => {
        filled.push(copy(one, { source: list.source, path: [name, at] }, [...to, filled.length]));
      });
    });
    return filled;
  }

  function listOf(name: string, path: Path, to: Path): (readonly unknown[] & { readonly source: Source }) | undefined {
    const isNamed = hasLists(values) && Object.hasOwn(values.lists, name);
    const list = isNamed ? values.lists[name] : undefined;
    if (isNamed && Array.isArray(list)) {
      entries += list.length;
      if (entries <= MAX_ENTRIES) return Object.assign([...list], { source: values.source });
      if (entries - list.length <= MAX_ENTRIES) mistakes.push(tooMany(to));
    }
    unfilled.push(to);
    // What bears the name and is no list is a mistake of values.yml, and told there.
    if (values !== 'unusable' && !isNamed) mistakes.push(unknownList(name, path, values));
    return undefined;
  }

  const value = copy(content, { source, path: [] }, []);
  return { value, originOf, mistakes, unfilled };

  function originOf(path: Path): Origin {
    const origin = origins.get(JSON.stringify(path));
    if (origin !== undefined) return origin;
    const parent = originOf(path.slice(0, -1));
    return { source: parent.source, path: [...parent.path, ...path.slice(-1)] };
  }
}

/** How what is at a path of a filled content stands in its file. */
export function writtenIn(filled: Filled, path: Path): string | undefined {
  const origin = filled.originOf(path);
  return writtenAs(origin.source, origin.path);
}

/** Name of the list that a text stands for, where lists may stand. */
function listName(text: string, path: Path): string | undefined {
  // Behind the entry and its action: an entry of `actions` is no list's.
  const isSetting = path[0] === 'actions' && path.length > 3;
  const isParameter = path[0] === 'parameters' || isSetting;
  const isMatch =
    path[0] === 'match' ||
    path[0] === 'protected' ||
    (path[0] === 'exempt' && path[2] === 'match') ||
    (path[0] === 'enforce' && path[1] === 'match');
  return isParameter || (isMatch && path.at(-1) !== 'when') ? reference.exec(text)?.[1] : undefined;
}

function hasLists(values: ValueLists | 'unusable' | NoValues): values is ValueLists {
  return typeof values === 'object' && 'lists' in values;
}

function tooMany(path: Path): PlacedMistake {
  const message = `the lists of this policy come to more than ${MAX_ENTRIES} entries`;
  const fix = 'name fewer or shorter lists, or write globs';
  return { path, of: 'value', mistake: { code: 'invalid-value', path: pathText(path), message, fix } };
}

function unknownList(name: string, path: Path, values: ValueLists | NoValues): PlacedMistake {
  const told = hasLists(values) ? notAmong(name, values) : notThere(name, values.above);
  const mistake = { code: 'unknown-value-list', path: pathText(path), ...told } as const;
  return { path, of: 'value', mistake: { ...mistake, example: `${name}: [first, second]` } };
}

function notAmong(name: string, { lists, source }: ValueLists): Pick<Mistake, 'message' | 'fix'> {
  const meant = nearest(name, Object.keys(lists));
  return {
    message: `${source.file} has no list \`${name}\``,
    fix: meant === undefined ? `write the list into ${source.file}` : `write $${meant}`,
  };
}

function notThere(name: string, above: string | undefined): Pick<Mistake, 'message' | 'fix'> {
  const message = `$${name} names a list, and there is no values.yml`;
  if (above === undefined) return { message, fix: 'write the list into a values.yml beside the policies' };
  return {
    message: `${message} here: ${above} is above the current directory, and not read`,
    fix: `run the command in ${above.replace(/\/[^/]+$/, '')}, or write the list into a values.yml beside the policies`,
  };
}

/** Entries of a values.yml that look like the name of a list: they would stay text. */
export function namedWithin(lists: Readonly<Record<string, unknown>>): readonly PlacedMistake[] {
  return Object.entries(lists).flatMap(([name, list]) => (Array.isArray(list) ? namedAt(list, [name]) : []));
}

function namedAt(value: unknown, path: Path): readonly PlacedMistake[] {
  if (Array.isArray(value)) return value.flatMap((entry, index) => namedAt(entry, [...path, index]));
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([key, child]) => namedAt(child, [...path, key]));
  const name = typeof value === 'string' ? reference.exec(value)?.[1] : undefined;
  if (name === undefined) return [];
  const message = `a list of values.yml can't name another, such as $${name}`;
  const fix = `write the entries of ${name} out, or name both lists in the policy: [$${path[0]}, $${name}]`;
  return [{ path, of: 'value', mistake: { code: 'invalid-value', path: pathText(path), message, fix } }];
}
