import type { Command } from 'commander';
import { visibleLines } from '../domain/visible.ts';
import type { Parameter } from '../language/reference.ts';
import type { CommandIo } from './io.ts';
import { type FormatOption, formatOption } from './options.ts';
import { type Colours, coloursFor } from './output/colours.ts';
import { indented, json, table } from './output/text.ts';

/** What every reference tells. */
interface Told {
  readonly id: string;
  readonly summary: string;
  readonly parameters: readonly Parameter[];
  readonly exampleCases: string;
}

/** What a reference is of, and what it tells beyond what all of them do. */
export interface ReferenceKind<T extends Pick<Told, 'id' | 'summary'>, R extends Told> {
  /** What one of them is called. The command is named for several. */
  readonly noun: 'action' | 'rule';
  readonly help: string;
  /** All there are, and what tells all there is to know of one. */
  readonly load: () => Promise<{ readonly all: readonly T[]; readonly referenceOf: (one: T) => R }>;
  /** One as data: its parameters as JSON Schema, its examples as it has them. */
  readonly documentOf: (reference: R) => object;
  /** What stands between the summary and the parameters: titles and texts. */
  readonly sectionsOf: (reference: R) => readonly (readonly [title: string, text: string])[];
}

/** Adds the command that lists all of a kind, and prints the reference of one. */
export function addReferenceCommand<T extends Pick<Told, 'id' | 'summary'>, R extends Told>(
  program: Command,
  io: CommandIo,
  kind: ReferenceKind<T, R>,
): void {
  const { noun, help } = kind;
  program
    .command(`${noun}s`)
    .summary(`list the ${noun}s, or print the reference of one`)
    .description(`Prints the reference of the ${noun}s.`)
    .argument('[ID]', `the ${noun}`)
    .addOption(formatOption())
    .addHelpText('after', help)
    .action((id: string | undefined, { format }: FormatOption) => print(kind, id, format, io));
}

async function print<T extends Pick<Told, 'id' | 'summary'>, R extends Told>(
  { noun, load, documentOf, sectionsOf }: ReferenceKind<T, R>,
  id: string | undefined,
  format: FormatOption['format'],
  io: CommandIo,
): Promise<void> {
  const [{ all, referenceOf }, { nearest, oneOf }] = await Promise.all([load(), import('../language/policy-error.ts')]);
  const chosen = id === undefined ? all : all.filter((one) => one.id === id);
  if (id !== undefined && chosen.length === 0) {
    const ids = all.map((one) => one.id);
    const meant = nearest(id, ids);
    const advice = meant === undefined ? `The ${noun}s are ${oneOf(ids)}.` : `Did you mean ${meant}?`;
    io.stderr(`ec2-guardrail: there is no ${noun} ${visibleLines(id)}. ${advice}\n`);
    io.exit(2);
    return;
  }
  if (format === 'json')
    io.stdout(json({ version: 1, [`${noun}s`]: chosen.map((one) => documentOf(referenceOf(one))) }));
  else if (id === undefined) io.stdout(`${table(chosen.map((one) => [one.id, one.summary]))}\n`);
  else
    for (const one of chosen) {
      const reference = referenceOf(one);
      io.stdout(textOf(reference, sectionsOf(reference), coloursFor(io)));
    }
}

function textOf(
  { id, summary, parameters, exampleCases }: Told,
  sections: readonly (readonly [title: string, text: string])[],
  colours: Colours,
): string {
  const rows = parameters.map(({ name, type, presence, description }) => {
    const about = [type, presence].filter((text) => text !== '').join(', ');
    return `${name}  ${colours.dim(about)}\n${indented(description, 4)}`;
  });
  const all = [...sections, ['Parameters', rows.join('\n')], ['Examples', exampleCases]] as const;
  return [
    `${colours.bold(id)}\n${summary}\n`,
    ...all.map(([title, text]) => `${colours.bold(title)}\n${indented(text.trimEnd(), 2)}\n`),
  ].join('\n');
}
