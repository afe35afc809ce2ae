import { createHash } from 'node:crypto';
import type { Catalogue } from '../domain/catalogue.ts';
import type { Policy } from '../domain/policy.ts';
import { defaultSafety, type Safety } from '../domain/safety.ts';
import { checkPolicy, expiredExemptions } from './check.ts';
import { withoutGrace } from './check-actions.ts';
import { checkSafety } from './check-safety.ts';
import { scheduleWarnings } from './check-schedule.ts';
import { minimalEnforcement, minimalPolicy, minimalValues } from './examples.ts';
import {
  findEnforcement,
  findPolicies,
  findValues,
  isBeside,
  misplacedEnforcement,
  type PolicyPath,
  readText,
  relativeTo,
  valuesAbove,
} from './files.ts';
import { valuesFile } from './forms.ts';
import { mistakesIn, type PlacedMistake } from './mistakes.ts';
import { inReadingOrder, type PolicyError } from './policy-error.ts';
import { positionOf, positionWithin, readYaml, type Source, writtenAs } from './source.ts';
import { type Filled, fillIn, type NoValues, namedWithin, type Origin, type ValueLists } from './values.ts';

/** What policies are loaded with. */
export interface LoadOptions extends Catalogue {
  /** The current directory: paths are relative to it. */
  readonly cwd: string;
  /** Exemptions that ended before are warned of. */
  readonly now: Date;
}

/** What was loaded: the policies without a mistake, and every mistake of the others, in reading order. */
export interface Loaded {
  readonly policies: readonly Policy[];
  /** Of enforcement.yml; what holds without one where there is none, or it has mistakes. */
  readonly safety: Safety;
  /** The enforcement.yml that says so, relative to the current directory; left out: there is none. */
  readonly safetyFile?: string;
  readonly errors: readonly PolicyError[];
  readonly warnings: readonly PolicyError[];
}

/** Loads the policies that PATHs lead to: policy files, and folders of `<name>/policy.yml`. Never throws for what they hold. */
export function loadPolicies(paths: readonly string[], options: LoadOptions): Loaded {
  const found = findPolicies(paths, options.cwd);
  const valuesOf = valuesReader(options.cwd);
  const files = found.paths.map((path) => loadFile(path, valuesOf(path.absolute), options));
  const named = files.flatMap(({ policy, name }) =>
    policy === undefined || name === undefined ? [] : [{ policy, name }],
  );
  const enforcement = loadEnforcement(found.paths, found.enforcement, valuesOf, options.cwd);
  const duplicates = duplicateNames(files.flatMap(({ name }) => name ?? []));
  const twice = new Set(duplicates.map((error) => error.file));
  return {
    policies: named.map(({ policy }) => policy).filter((policy) => !twice.has(policy.source.file)),
    safety: enforcement.safety ?? defaultSafety,
    ...(enforcement.file === undefined ? {} : { safetyFile: enforcement.file }),
    errors: inReadingOrder([
      ...found.errors,
      ...files.flatMap((file) => file.errors),
      ...enforcement.errors,
      ...duplicates,
    ]),
    warnings: inReadingOrder(files.flatMap((file) => file.warnings)),
  };
}

/** A policy's name and where it stands. */
interface Name {
  readonly text: string;
  readonly source: Source;
}

/** What a policy's file came to. */
interface LoadedFile {
  readonly policy?: Policy;
  readonly name?: Name;
  readonly errors: readonly PolicyError[];
  readonly warnings: readonly PolicyError[];
}

interface Values {
  readonly lists: ValueLists | 'unusable' | NoValues;
  readonly errors: readonly PolicyError[];
}

/** Reads each values.yml once. */
function valuesReader(cwd: string): (policy: string) => Values {
  const read = new Map<string, Values>();
  const outside = valuesAbove(cwd);
  const above = outside === undefined ? undefined : relativeTo(cwd, outside);
  return (policy) => {
    const file = findValues(policy, cwd);
    if (file === undefined) return { lists: { above }, errors: [] };
    const values = read.get(file) ?? readValues(file, cwd);
    read.set(file, values);
    return values;
  };
}

function readValues(absolute: string, cwd: string): Values {
  const file = readText(absolute, cwd);
  if ('error' in file) return { lists: 'unusable', errors: [file.error] };
  const { content, errors } = readYaml(file.text, relativeTo(cwd, absolute), minimalValues);
  if (content === undefined) return { lists: 'unusable', errors };
  const { source, value } = content;
  const mistakes = mistakesIn({
    form: valuesFile,
    value,
    at: [],
    example: () => minimalValues,
    written: (path) => writtenAs(source, path),
  });
  const placed = [...mistakes, ...namedWithin(value)].map((mistake) => place(mistake, { source, path: mistake.path }));
  return { lists: { source, lists: value }, errors: [...errors, ...placed] };
}

/** What the enforcement.yml of policies came to. */
interface LoadedEnforcement {
  readonly safety?: Safety;
  readonly file?: string;
  readonly errors: readonly PolicyError[];
}

/** The one enforcement.yml of these policies. @param below those below the paths, which may be beside no policy. */
function loadEnforcement(
  policies: readonly PolicyPath[],
  below: readonly string[],
  valuesOf: (file: string) => Values,
  cwd: string,
): LoadedEnforcement {
  const above = policies.flatMap(({ absolute }) => findEnforcement(absolute, cwd));
  const files = [...new Set([...above, ...below])].sort((a, b) => a.length - b.length);
  const [file, second] = files;
  if (file === undefined) return { errors: [] };
  const outside = policies.find(({ absolute }) => !isBeside(file, absolute));
  if (second !== undefined || outside !== undefined) {
    const other =
      outside === undefined
        ? `and ${relativeTo(cwd, file)} is there too`
        : `and ${relativeTo(cwd, outside.absolute)} is not in its folder`;
    return { errors: [misplacedEnforcement(relativeTo(cwd, second ?? file), other)] };
  }
  return readEnforcement(file, valuesOf(file), cwd);
}

function readEnforcement(absolute: string, values: Values, cwd: string): LoadedEnforcement {
  const file = readText(absolute, cwd);
  if ('error' in file) return { errors: [file.error] };
  const { content, errors } = readYaml(file.text, relativeTo(cwd, absolute), minimalEnforcement);
  if (content === undefined) return { errors };
  const filled = fillIn(content.value, content.source, values.lists);
  const { mistakes, safety } = checkSafety(filled);
  const placed = placeAll(mistakes, filled, content.source.file);
  const all = [...values.errors, ...errors, ...placed];
  if (safety === undefined || all.length > 0) return { errors: all };
  return { safety, file: content.source.file, errors: [] };
}

function loadFile(path: PolicyPath, values: Values, options: LoadOptions): LoadedFile {
  const read = readText(path.absolute, options.cwd);
  if ('error' in read) return { errors: [read.error], warnings: [] };
  return loadWith(read.text, path, values, options);
}

/** What a policy's file would come to with this text in it. */
export function loadText(text: string, path: PolicyPath, options: LoadOptions): LoadedFile {
  return loadWith(text, path, valuesReader(options.cwd)(path.absolute), options);
}

function loadWith(text: string, path: PolicyPath, values: Values, options: LoadOptions): LoadedFile {
  const file = relativeTo(options.cwd, path.absolute);
  const read = readYaml(text, file, minimalPolicy);
  if (read.content === undefined) return { errors: [...values.errors, ...read.errors], warnings: [] };
  const { source, value } = read.content;
  const filled = fillIn(value, source, values.lists);
  const checked = checkPolicy(filled, path.folder, options);
  const mistakes = placeAll(checked.mistakes, filled, file);
  const errors = [...values.errors, ...read.errors, ...mistakes];
  const name = typeof value.name === 'string' ? { name: { text: value.name, source } } : {};
  const warnings = [
    ...expiredExemptions(filled.value, options.now),
    ...withoutGrace(filled.value, options.actions),
    ...scheduleWarnings(filled.value, options, options.now),
  ].map((warning) => place(warning, filled.originOf(warning.path)));
  if (errors.length > 0 || checked.policy === undefined) return { ...name, errors, warnings };
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 12);
  return { ...name, policy: { ...checked.policy, source: { file, hash } }, errors, warnings };
}

/** Where mistakes of a file stand. Those within a list of values.yml name the file that uses it. */
function placeAll(mistakes: readonly PlacedMistake[], filled: Filled, file: string): readonly PolicyError[] {
  return mistakes.map((mistake) => {
    const error = place(mistake, filled.originOf(mistake.path));
    return error.file === file ? error : { ...error, message: `${error.message} (in ${file})` };
  });
}

/** Where a mistake stands: in the policy, or in the values.yml that the value came from. */
function place({ mistake, of, offset }: PlacedMistake, { source, path }: Origin): PolicyError {
  const at = offset === undefined ? positionOf(source, path, of) : positionWithin(source, path, offset);
  return { ...mistake, file: source.file, ...at };
}

/** The second and every further policy of a name. */
function duplicateNames(names: readonly Name[]): readonly PolicyError[] {
  const first = new Map<string, Source>();
  return names.flatMap(({ text, source }) => {
    const before = first.get(text);
    if (before === undefined) {
      first.set(text, source);
      return [];
    }
    const mistake = {
      code: 'duplicate-name',
      path: 'name',
      message: `another policy is called ${text} already: ${before.file}`,
      fix: 'give each policy a name of its own',
    } as const;
    return [place({ mistake, path: ['name'], of: 'value' }, { source, path: ['name'] })];
  });
}
