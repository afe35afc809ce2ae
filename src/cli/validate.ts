import type { Command } from 'commander';
import type { Loaded } from '../language/load.ts';
import type { CommandIo } from './io.ts';
import { loadOptions } from './load-policies.ts';
import { DEFAULT_PATH, type FormatOption, formatOption } from './options.ts';
import { coloursFor } from './output/colours.ts';
import { count, json } from './output/text.ts';

const help = `
Prints every mistake with its place, how to mend it, and a valid example.
Exits with 0 when there is none, with 2 when there is.

Examples:
  ec2-guardrail validate
  ec2-guardrail validate policies/no-open-ssh/policy.yml
  ec2-guardrail validate --format json policies ../shared-policies`;

/** Adds `validate`: all mistakes of policies, with their places. */
export function addValidateCommand(program: Command, io: CommandIo): void {
  program
    .command('validate')
    .summary('check policies: every mistake, with its place and fix')
    .description('Checks policies.')
    .argument('[PATH...]', 'policy files, and folders of <name>/policy.yml', [DEFAULT_PATH])
    .addOption(formatOption())
    .addHelpText('after', help)
    .action((paths: readonly string[], { format }: FormatOption) => validate(paths, format, io));
}

async function validate(paths: readonly string[], format: FormatOption['format'], io: CommandIo): Promise<void> {
  const [{ loadPolicies }, options] = await Promise.all([import('../language/load.ts'), loadOptions(io)]);
  await printValidation(loadPolicies(paths, options), format, io);
}

/** Prints what was loaded as `validate` does, and ends the command with 2 when it has mistakes. */
export async function printValidation(loaded: Loaded, format: FormatOption['format'], io: CommandIo): Promise<void> {
  const { policies, errors, warnings } = loaded;
  if (errors.length > 0) io.exit(2);
  if (format === 'json') {
    io.stdout(json({ version: 1, policies: policies.map(({ name }) => name), errors, warnings }));
    return;
  }
  const [{ errorsText }, { enforcementText }] = await Promise.all([
    import('./output/errors.ts'),
    import('./output/enforcement-text.ts'),
  ]);
  const colours = coloursFor(io);
  if (errors.length > 0) io.stdout(errorsText(errors, colours, 'error'));
  if (warnings.length > 0) io.stdout(errorsText(warnings, colours, 'warning'));
  if (errors.length === 0) io.stdout(enforcementText(loaded));
  const found = errors.length === 0 ? colours.green('no errors') : colours.red(count(errors.length, 'error'));
  const warned = warnings.length === 0 ? '' : `, ${colours.yellow(count(warnings.length, 'warning'))}`;
  const subject = errors.length === 0 ? `${count(policies.length, 'policy', 'policies')}, ` : '';
  io.stdout(`${subject}${found}${warned}\n`);
}
