import type { Command } from 'commander';
import type { CommandIo } from './io.ts';
import { addReferenceCommand } from './references.ts';

const help = `
Without an id, lists the actions. With one, prints all there is to know of it. Its examples are
documentation, each with what it starts from and the calls that come of it: they do not paste into a policy.

Examples:
  ec2-guardrail actions
  ec2-guardrail actions revoke-ingress
  ec2-guardrail actions --format json`;

/** Adds `actions`: the reference at hand. */
export function addActionsCommand(program: Command, io: CommandIo): void {
  addReferenceCommand(program, io, {
    noun: 'action',
    help,
    async load() {
      const [{ actions }, { actionReferenceOf }] = await Promise.all([
        import('../actions/index.ts'),
        import('../language/reference.ts'),
      ]);
      return { all: actions, referenceOf: actionReferenceOf };
    },
    documentOf: ({ parameters: _parameters, parametersSchema, exampleCases: _cases, ...rest }) => ({
      ...rest,
      parameters: parametersSchema,
    }),
    sectionsOf: ({ kind, isReversible, states, rules, operations }) => [
      ['Kind', kind],
      ['Undo', isReversible ? 'yes' : 'none'],
      ['States', states.join(', ')],
      ['Rules', rules?.join(', ') ?? 'any'],
      ['Calls', operations.join('\n')],
    ],
  });
}
