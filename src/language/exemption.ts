import { isMap, isSeq, type YAMLSeq } from 'yaml';
import type { Exemption, Policy } from '../domain/policy.ts';
import { flow } from './examples.ts';
import { findPolicies, readText, relativeTo } from './files.ts';
import { type LoadOptions, loadText } from './load.ts';
import type { PolicyError } from './policy-error.ts';
import { positionOf, readYaml, type Source } from './source.ts';

/** An exemption as it goes into a policy's file, and whether the file is a policy with it. */
export interface Proposal {
  /** YAML, as it has to be pasted: with the spaces in front. */
  readonly yaml: string;
  /** Where to: `at the end, behind line 7`. */
  readonly place: string;
  /** What the language finds wrong with the file, were it pasted. */
  readonly errors: readonly PolicyError[];
}

interface Insertion {
  readonly yaml: string;
  readonly place: string;
  readonly offset: number;
  /** What joins it to what is there, and is no part of what a person pastes. */
  readonly before?: string;
}

/**
 * What to paste into a policy's file, so that an exemption is part of it. Writes nothing.
 * @param paths those that the policy was loaded from
 * @throws Error when the file is gone, or what it holds can't be added to.
 */
export function proposeExemption(
  { name, exempt, source: { file } }: Policy,
  exemption: Exemption,
  paths: readonly string[],
  options: LoadOptions,
): Proposal {
  const path = findPolicies(paths, options.cwd).paths.find((one) => relativeTo(options.cwd, one.absolute) === file);
  const read = path === undefined ? undefined : readText(path.absolute, options.cwd);
  if (path === undefined || read === undefined || 'error' in read) throw new Error(`${file} can't be read again`);
  const source = readYaml(read.text, file, '').content?.source;
  if (source === undefined) throw new Error(`${file} is no policy any more`);
  const { yaml, place, offset, before = '' } = insertionInto(source, exemption);
  const text = `${read.text.slice(0, offset)}${before}${yaml}${read.text.slice(offset)}`;
  const { policy, errors } = loadText(text, path, options);
  const isThere = policy?.name === name && policy.exempt.length === exempt.length + 1;
  if (errors.length === 0 && !isThere) throw new Error(`${file} is written in a way that nothing can be added to it`);
  return { yaml, place, errors };
}

/** Lists and maps on one line take their entries on that line; all others in lines of their own. */
function insertionInto(source: Source, exemption: Exemption): Insertion {
  const { document, file, text } = source;
  const root = document.contents;
  const list = document.get('exempt', true);
  if (isSeq(list)) return list.flow ? intoFlow(source, list, exemption) : intoBlock(source, list, exemption);
  if (list !== undefined || !isMap(root)) throw new Error(`\`exempt\` of ${file} is no list that can be added to`);
  if (root.flow) {
    const offset = (root.range?.[1] ?? text.length) - 1;
    return {
      yaml: `exempt: [${flow(exemption)}]`,
      place: `in line ${lineOf(source, offset)}, before the last }, behind a comma`,
      offset,
      before: ', ',
    };
  }
  const offset = text.trimEnd().length;
  return {
    yaml: `exempt:\n${entryLines(exemption, '  ')}`,
    place: `at the end, behind line ${lineOf(source, offset - 1)}`,
    offset,
    before: '\n',
  };
}

function intoFlow(source: Source, list: YAMLSeq, exemption: Exemption): Insertion {
  const offset = (list.range?.[1] ?? 0) - 1;
  return {
    yaml: flow(exemption),
    place: `in line ${lineOf(source, offset)}, before the ] of \`exempt\`${list.items.length === 0 ? '' : ', behind a comma'}`,
    offset,
    before: list.items.length === 0 ? '' : ', ',
  };
}

/** As the first entry, before any comment on the next: its place can be told exactly, whatever follows the last. */
function intoBlock(source: Source, list: YAMLSeq, exemption: Exemption): Insertion {
  const { text } = source;
  const start = list.range?.[0] ?? 0;
  const indent = text.slice(text.lastIndexOf('\n', start - 1) + 1, start);
  const { line } = positionOf(source, ['exempt'], 'key');
  return {
    yaml: `${entryLines(exemption, indent)}\n`,
    place: `behind line ${line}, as the first entry of \`exempt\``,
    offset: source.lines.lineStarts[line] ?? start,
  };
}

function entryLines(exemption: Exemption, indent: string): string {
  return Object.entries(exemption)
    .map(([key, value], index) => `${indent}${index === 0 ? '- ' : '  '}${flow({ [key]: value }).slice(2, -2)}`)
    .join('\n');
}

function lineOf({ lines }: Source, offset: number): number {
  return lines.linePos(offset).line;
}
