import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { asError } from '../domain/errors.ts';
import { nearest, type PolicyError } from './policy-error.ts';

/** A policy file that a PATH leads to. */
export interface PolicyPath {
  readonly absolute: string;
  /** The folder whose name must be the policy's; undefined for a file that stands alone. */
  readonly folder?: string;
}

/** What the paths given lead to. */
export interface Found {
  readonly paths: readonly PolicyPath[];
  /** Every enforcement.yml below the paths, absolute. */
  readonly enforcement: readonly string[];
  readonly errors: readonly PolicyError[];
}

/** The name of a policy's file in its folder, and of the lists that policies share. */
export const POLICY_FILE = 'policy.yml';
const VALUES_FILE = 'values.yml';
const ENFORCEMENT_FILE = 'enforcement.yml';

/** A policy file is written by people. What is larger was not. */
const MAX_BYTES = 1_000_000;

/** Finds the policies that PATHs lead to: files, and folders however deep. Each once, sorted. */
export function findPolicies(paths: readonly string[], cwd: string): Found {
  const found = paths.map((path) => findAt(path, cwd));
  const distinct = new Map(found.flatMap((one) => one.paths).map((path) => [realPathOf(path.absolute), path]));
  return {
    paths: [...distinct.values()].sort((a, b) => (a.absolute < b.absolute ? -1 : 1)),
    enforcement: found.flatMap((one) => one.enforcement),
    errors: found.flatMap((one) => one.errors),
  };
}

/** Where a path leads; where a link leads nowhere, the path: reading it will tell. */
function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

const none = { paths: [], enforcement: [] } as const;

function findAt(path: string, cwd: string): Found {
  const absolute = resolve(cwd, path);
  try {
    if (!statSync(absolute).isDirectory()) return { paths: [withFolder(absolute)], enforcement: [], errors: [] };
    if (basename(absolute) === POLICY_FILE) return { ...none, errors: [folderForFile(relativeTo(cwd, absolute))] };
    const files = filesUnder(absolute);
    const named = files.filter((file) => basename(file) === POLICY_FILE);
    const paths = named
      .filter((file) => !isFolder(file))
      .map((file) =>
        dirname(file) === absolute ? withFolder(file) : { absolute: file, folder: basename(dirname(file)) },
      );
    const errors = [
      ...files.flatMap((file) => misnamed(file, cwd)),
      ...named.filter(isFolder).map((file) => folderForFile(relativeTo(cwd, file))),
    ];
    const enforcement = files.filter((file) => basename(file) === ENFORCEMENT_FILE);
    if (paths.length + errors.length === 0) return { paths, enforcement, errors: [noPolicies(path)] };
    return { paths, enforcement, errors };
  } catch (error) {
    return { ...none, errors: [unreadable(path, error)] };
  }
}

/** A file named by itself must be called as its folder only where that folder is one of `policies/`. */
function withFolder(absolute: string): PolicyPath {
  const folder = dirname(absolute);
  const isOneOfMany = basename(absolute) === POLICY_FILE && basename(dirname(folder)) === 'policies';
  return isOneOfMany ? { absolute, folder: basename(folder) } : { absolute };
}

/** Every file, and every folder that is called as a policy's file. */
function filesUnder(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name.startsWith('.') || entry.name === 'node_modules') return [];
    const path = join(folder, entry.name);
    return entry.isDirectory() && entry.name !== POLICY_FILE ? filesUnder(path) : [path];
  });
}

/** The values.yml that a policy's `$names` are looked up in: the nearest upward, no further than the current directory. */
export function findValues(policy: string, cwd: string): string | undefined {
  return foldersAbove(policy, cwd)
    .map((folder) => join(folder, VALUES_FILE))
    .find(isFile);
}

/** Every enforcement.yml upward from a policy, no further than the current directory, the nearest first. */
export function findEnforcement(policy: string, cwd: string): readonly string[] {
  return foldersAbove(policy, cwd)
    .map((folder) => join(folder, ENFORCEMENT_FILE))
    .filter((file) => existsSync(file));
}

/** The folders that a policy is in, the nearest first, no further than the current directory. */
function foldersAbove(policy: string, cwd: string): readonly string[] {
  const inside = (folder: string) => folder === cwd || folder.startsWith(cwd.endsWith(sep) ? cwd : cwd + sep);
  const isInside = inside(dirname(policy));
  const folders: string[] = [];
  for (let folder = dirname(policy); !isInside || inside(folder); folder = dirname(folder)) {
    folders.push(folder);
    if (folder === dirname(folder)) break;
  }
  return folders;
}

/** Whether a policy is in the folder of this file, however deep. */
export function isBeside(file: string, policy: string): boolean {
  const folder = dirname(file);
  return policy.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

/** A values.yml that is above the current directory, and so is not read: the nearest. */
export function valuesAbove(cwd: string): string | undefined {
  for (let folder = cwd; folder !== dirname(folder); ) {
    folder = dirname(folder);
    const file = join(folder, VALUES_FILE);
    if (isFile(file)) return file;
  }
  return undefined;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** A file's text, or why it can't be read. */
export function readText(absolute: string, cwd: string): { readonly text: string } | { readonly error: PolicyError } {
  try {
    const stat = statSync(absolute);
    if (!stat.isFile()) throw new Error('it is no file');
    if (stat.size > MAX_BYTES) throw new Error(`it has more than ${MAX_BYTES} bytes`);
    return { text: readFileSync(absolute, 'utf8') };
  } catch (error) {
    return { error: unreadable(relativeTo(cwd, absolute), error) };
  }
}

/** With forward slashes on every system. */
export function relativeTo(cwd: string, absolute: string): string {
  return relative(cwd, absolute).split(sep).join('/');
}

function unreadable(file: string, error: unknown): PolicyError {
  const isMissing = typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT';
  const why = isMissing ? 'there is no such file or folder' : `it can't be read: ${asError(error).message}`;
  return mistake(file, 'unreadable', why, 'name a policy.yml, or a folder that holds policies');
}

function folderForFile(file: string): PolicyError {
  const fix = 'write the policy into a file of that name, or rename the folder';
  return mistake(file, 'unreadable', 'it is a folder, and must be a file', fix);
}

function noPolicies(file: string): PolicyError {
  const fix = 'write each policy as <name>/policy.yml, or name another folder';
  return mistake(file, 'no-policies', 'no policies here', fix);
}

/** How many letters of a name may differ from `enforcement`, such as in `enforce.yml`: what it protects is not, without a word. */
const MISSPELT_LETTERS = 4;

/** A file that was probably to be one of ours, and is not read under its name. */
function misnamed(file: string, cwd: string): readonly PolicyError[] {
  const name = basename(file);
  const meant = meantBy(name);
  if (meant === undefined || meant === name) return [];
  return [mistake(relativeTo(cwd, file), 'no-policies', `${name} is not read`, `rename it to ${meant}`)];
}

function meantBy(name: string): string | undefined {
  const [, stem] = /^([^.]+)\.ya?ml$/i.exec(name) ?? [];
  if (stem === undefined) return undefined;
  if (stem.toLowerCase() === 'policy') return POLICY_FILE;
  return nearest(stem, ['enforcement'], MISSPELT_LETTERS) === undefined ? undefined : ENFORCEMENT_FILE;
}

/** What holds of all policies is said in one file, which all of them are beside. */
export function misplacedEnforcement(file: string, other: string): PolicyError {
  const fix = 'keep one, in the folder that all policies are in';
  return mistake(file, 'misplaced-enforcement', `it holds of all policies, ${other}`, fix);
}

/** A mistake in what a file is, not in what it holds. */
function mistake(file: string, code: PolicyError['code'], message: string, fix: string): PolicyError {
  return { code, file, line: 1, column: 1, path: '', message, fix };
}
