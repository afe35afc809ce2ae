import type { Command } from 'commander';
import { visibleLines } from '../domain/visible.ts';
import type { ActionReference } from '../language/reference.ts';
import type { CommandIo } from './io.ts';
import { type FormatOption, formatOption } from './options.ts';
import { type Colours, coloursFor } from './output/colours.ts';
import { indented, json, table } from './output/text.ts';

const help = `
Without an id, lists the actions. With one, prints all there is to know of it. Its examples are
documentation, each with what it starts from and the calls that come of it: they do not paste into a policy.

Examples:
  ec2-guardrail actions
  ec2-guardrail actions revoke-ingress
  ec2-guardrail actions --format json`;

/** Adds `actions`: the reference at hand. */
export function addActionsCommand(program: Command, io: CommandIo): void {
  program
    .command('actions')
    .summary('list the actions, or print the reference of one')
    .description('Prints the reference of the actions.')
    .argument('[ID]', 'the action')
    .addOption(formatOption())
    .addHelpText('after', help)
    .action((id: string | undefined, { format }: FormatOption) => printActions(id, format, io));
}

async function printActions(id: string | undefined, format: FormatOption['format'], io: CommandIo): Promise<void> {
  const [{ actions }, { nearest, oneOf }, { actionReferenceOf }] = await Promise.all([
    import('../actions/index.ts'),
    import('../language/policy-error.ts'),
    import('../language/reference.ts'),
  ]);
  const ids = actions.map((action) => action.id);
  const chosen = id === undefined ? actions : actions.filter((action) => action.id === id);
  if (id !== undefined && chosen.length === 0) {
    const meant = nearest(id, ids);
    const advice = meant === undefined ? `The actions are ${oneOf(ids)}.` : `Did you mean ${meant}?`;
    io.stderr(`ec2-guardrail: there is no action ${visibleLines(id)}. ${advice}\n`);
    io.exit(2);
    return;
  }
  const references = chosen.map(actionReferenceOf);
  if (format === 'json') io.stdout(json({ version: 1, actions: references.map(documentOf) }));
  else if (id === undefined) io.stdout(`${table(references.map((action) => [action.id, action.summary]))}\n`);
  else for (const reference of references) io.stdout(textOf(reference, coloursFor(io)));
}

/** An action as data: its parameters as JSON Schema, its examples as the action has them. */
function documentOf({
  parameters: _parameters,
  parametersSchema,
  exampleCases: _cases,
  ...rest
}: ActionReference): object {
  return { ...rest, parameters: parametersSchema };
}

function textOf(action: ActionReference, colours: Colours): string {
  const parameters = action.parameters.map(({ name, type, presence, description }) => {
    const about = [type, presence].filter((text) => text !== '').join(', ');
    return `${name}  ${colours.dim(about)}\n${indented(description, 4)}`;
  });
  const section = (title: string, text: string) => `${colours.bold(title)}\n${indented(text.trimEnd(), 2)}\n`;
  return [
    `${colours.bold(action.id)}\n${action.summary}\n`,
    section('Kind', action.kind),
    section('Undo', action.isReversible ? 'yes' : 'none'),
    section('States', action.states.join(', ')),
    section('Rules', action.rules?.join(', ') ?? 'any'),
    section('Calls', action.operations.join('\n')),
    section('Parameters', parameters.join('\n')),
    section('Examples', action.exampleCases),
  ].join('\n');
}
