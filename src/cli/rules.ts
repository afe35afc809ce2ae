import type { Command } from 'commander';
import { visibleLines } from '../domain/visible.ts';
import type { Reference } from '../language/reference.ts';
import type { CommandIo } from './io.ts';
import { type FormatOption, formatOption } from './options.ts';
import { type Colours, coloursFor } from './output/colours.ts';
import { indented, json, table } from './output/text.ts';

const help = `
Without an id, lists the rules. With one, prints all there is to know of it; its examples paste into a policy.test.yml.

Examples:
  ec2-guardrail rules
  ec2-guardrail rules restricted-ingress
  ec2-guardrail rules --format json`;

/** Adds `rules`: the reference at hand. */
export function addRulesCommand(program: Command, io: CommandIo): void {
  program
    .command('rules')
    .summary('list the rules, or print the reference of one')
    .description('Prints the reference of the rules.')
    .argument('[ID]', 'the rule')
    .addOption(formatOption())
    .addHelpText('after', help)
    .action((id: string | undefined, { format }: FormatOption) => printRules(id, format, io));
}

async function printRules(id: string | undefined, format: FormatOption['format'], io: CommandIo): Promise<void> {
  const [{ rules }, { nearest, oneOf }, { referenceOf }] = await Promise.all([
    import('../rules/index.ts'),
    import('../language/policy-error.ts'),
    import('../language/reference.ts'),
  ]);
  const ids = rules.map((rule) => rule.id);
  const chosen = id === undefined ? rules : rules.filter((rule) => rule.id === id);
  if (id !== undefined && chosen.length === 0) {
    const meant = nearest(id, ids);
    const advice = meant === undefined ? `The rules are ${oneOf(ids)}.` : `Did you mean ${meant}?`;
    io.stderr(`ec2-guardrail: there is no rule ${visibleLines(id)}. ${advice}\n`);
    io.exit(2);
    return;
  }
  const references = chosen.map(referenceOf);
  if (format === 'json') io.stdout(json({ version: 1, rules: references.map(documentOf) }));
  else if (id === undefined) io.stdout(`${table(references.map((rule) => [rule.id, rule.summary]))}\n`);
  else for (const reference of references) io.stdout(textOf(reference, coloursFor(io)));
}

/** A rule as data: its parameters as JSON Schema, its examples as the rule has them. */
function documentOf({ id, summary, why, fix, awsConfig, parametersSchema, examples }: Reference): object {
  return { id, summary, why, fix, awsConfig, parameters: parametersSchema, examples };
}

function textOf(rule: Reference, colours: Colours): string {
  const parameters = rule.parameters.map(({ name, type, presence, description }) => {
    const about = [type, presence].filter((text) => text !== '').join(', ');
    return `${name}  ${colours.dim(about)}\n${indented(description, 4)}`;
  });
  const section = (title: string, text: string) => `${colours.bold(title)}\n${indented(text.trimEnd(), 2)}\n`;
  return [
    `${colours.bold(rule.id)}\n${rule.summary}\n`,
    section('Why', rule.why),
    section('Fix', rule.fix),
    ...(rule.awsConfig === undefined ? [] : [section('AWS Config', rule.awsConfig)]),
    section('Parameters', parameters.join('\n')),
    section('Examples', rule.exampleCases),
  ].join('\n');
}
