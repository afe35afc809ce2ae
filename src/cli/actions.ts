import type { Command } from 'commander';
import { type ActionOrStep, isStep } from '../domain/catalogue.ts';
import type { CommandIo } from './io.ts';
import { addReferenceCommand } from './references.ts';

const help = `
Without an id, lists the actions, and the steps of a drain. With one, prints all there is to know of it. Its examples are
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
      const [{ actions }, { drainSteps }, { actionReferenceOf, stepReferenceOf }] = await Promise.all([
        import('../actions/index.ts'),
        import('../actions/drain-steps.ts'),
        import('../language/reference.ts'),
      ]);
      return {
        all: [...actions, ...drainSteps],
        referenceOf: (one: ActionOrStep) => (isStep(one) ? stepReferenceOf(one) : actionReferenceOf(one)),
      };
    },
    documentOf: ({ parameters: _parameters, parametersSchema, exampleCases: _cases, ...rest }) => ({
      ...rest,
      parameters: parametersSchema,
    }),
    sectionsOf: (reference) => [
      ['Kind', reference.kind],
      ...('states' in reference
        ? ([
            ['Undo', reference.isReversible ? 'yes' : 'none'],
            ['States', reference.states.join(', ')],
          ] as const)
        : ([['Undo', reference.undoOperations.join('\n') || 'none']] as const)),
      ['Rules', reference.rules?.join(', ') ?? 'any'],
      ['Calls', reference.operations.join('\n')],
    ],
  });
}
