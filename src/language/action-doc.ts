import type { ActionExample, AnyAction } from '../domain/action.ts';
import type { AnyDrainStep, DrainExample } from '../domain/drain-step.ts';
import type { Json } from '../domain/json.ts';
import type { Zod } from '../domain/rule.ts';
import { generatedHead, parameterRows, parameterTable, table, titledYaml } from '../rules/rule-doc.ts';
import { callsOf } from './reference.ts';

/** What each kind of action takes from whoever uses the instance. */
const taken = {
  access: 'ways to reach the instance, or from it',
  stop: 'the running instance; its volumes stay',
  terminate: 'the instance, and volumes that are deleted with it',
  schedule: 'nothing: what was stopped by the clock runs again',
} as const satisfies Record<AnyAction['kind'], string>;

/** The generated head of an action's page, between its markers: what it does and takes, parameters, examples. */
export function actionDoc(action: AnyAction, z: Zod, toYaml: (value: unknown) => string): string {
  const parameters = parameterRows(action, z);
  return generatedHead([
    `**${action.summary}**`,
    aboutTable(action),
    ...(parameters.length === 0 ? [] : [`## Parameters\n\n${parameterTable(parameters)}`]),
    `## Examples\n\n${action.examples.map((one: ActionExample<Json>) => exampleText(action, one, toYaml)).join('\n\n')}`,
  ]);
}

/** The same of a step of a drain. */
export function stepDoc(step: AnyDrainStep, z: Zod, toYaml: (value: unknown) => string): string {
  const { id, summary, rules, operations, undoOperations, examples } = step;
  return generatedHead([
    `**${summary}**`,
    table(
      ['What', 'Which'],
      [
        ['Kind', '`drain`: a step of a drain, before EC2 takes the instance away'],
        ['Undo', undoOperations.length === 0 ? 'none' : codes(undoOperations)],
        ['Rules', linksTo(rules)],
        ['Calls', codes(operations)],
      ],
    ),
    `## Parameters\n\nBeside \`onRebalance\`, which every step has.\n\n${parameterTable(parameterRows(step, z))}`,
    `## Examples\n\n${examples.map((one: DrainExample<Json>) => exampleText({ id }, one, toYaml)).join('\n\n')}`,
  ]);
}

function codes(operations: readonly string[]): string {
  return operations.map((operation) => `\`${operation}\``).join(', ');
}

function linksTo(rules: readonly string[]): string {
  return rules.map((id) => `[${id}](../rules/${id}.md)`).join(', ');
}

function aboutTable(action: AnyAction): string {
  const { kind, isReversible, states, rules } = action;
  return table(
    ['What', 'Which'],
    [
      ['Kind', `\`${kind}\`: it takes ${taken[kind]}`],
      ['Undo', isReversible ? 'yes' : 'none'],
      ['States', states.map((state) => `\`${state}\``).join(', ')],
      ['Rules', rules === undefined ? 'any' : linksTo(rules)],
      ['Calls', codes(callsOf(action))],
    ],
  );
}

function exampleText(
  { id }: Pick<AnyAction, 'id'>,
  { title, ...example }: { readonly title: string },
  toYaml: (value: unknown) => string,
): string {
  return titledYaml(title, toYaml({ action: id, ...example }));
}
