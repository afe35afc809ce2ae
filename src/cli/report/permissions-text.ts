import { groupedBy } from '../../domain/grouped.ts';
import type { Json } from '../../domain/json.ts';
import type { IamPolicy, IamStatement, PermissionsDocument, ReadDocument, StepDocument } from './document.ts';
import type { Paint } from './scan-text.ts';

/** Permissions for a person, one a line so that a review can compare them: whether EC2 can be changed comes first. */
export function permissionsText(document: PermissionsDocument, paint: Paint): string {
  const { roles, commands } = document;
  return [
    paint.bold(headline(document)),
    ...Object.entries(roles).map(([role, policy]) => roleText(role, policy, document, paint)),
    ...stepsText(document.steps, paint),
    paint.bold('Your own credentials, for a live account'),
    ...commandsText(commands),
  ]
    .join('\n\n')
    .concat('\n');
}

function headline({ policies, actions, ec2Changes, ec2ChangesIfOn }: PermissionsDocument): string {
  const many = `${policies.length} ${policies.length === 1 ? 'policy' : 'policies'}`;
  const of = `${many}; actions: ${actions.join(', ') || 'none'}`;
  const ifOn = ec2ChangesIfOn.length === 0 ? '' : ` (with --enforcement on: ${ec2ChangesIfOn.join(', ')})`;
  if (ec2Changes.length === 0) return `No permission to change anything in EC2 (${of})${ifOn}.`;
  return `May change EC2 by ${ec2Changes.join(', ')} (${of}).`;
}

function roleText(role: string, { Statement }: IamPolicy, { why, reads }: PermissionsDocument, paint: Paint): string {
  const statements = Statement.map(
    (statement) =>
      `  ${paint.bold(statement.Sid)}  ${paint.dim(why[statement.Sid] ?? '')}\n${linesOf(statement, reads)}`,
  );
  return [paint.bold(`${role}, of the function ${functionOf(role)}`), ...statements].join('\n');
}

/** Nothing where no policy drains. */
function stepsText(steps: readonly StepDocument[], paint: Paint): readonly string[] {
  if (steps.length === 0) return [];
  const texts = steps.map(({ step, policy, actions, undoActions, onlyWould }) =>
    [
      `  ${paint.bold(step)}  ${paint.dim(`of policy ${policy}${onlyWould === undefined ? '' : `: nothing is called, ${onlyWould}`}`)}`,
      ...actions.map((action) => `    ${action}`),
      ...undoActions.map((action) => `    ${action} to put it back`),
    ].join('\n'),
  );
  return [[paint.bold('Steps of a drain, and what they change by'), ...texts].join('\n')];
}

/** `InspectRole` is the role of `inspect`. */
function functionOf(role: string): string {
  return role.replace(/Role$/, '').toLowerCase();
}

/** Commands that need the same share a part. */
function commandsText(commands: PermissionsDocument['commands']): readonly string[] {
  const alike = groupedBy(Object.entries(commands), ([, policy]) => JSON.stringify(policy));
  return [...alike.values()].map((group) => {
    const [[, { Statement }]] = group;
    const names = group.map(([command]) => command).join(', ');
    return [`  ${names}`, ...Statement.map((statement) => linesOf(statement, []))].join('\n');
  });
}

/** What a statement allows or refuses, on what and on which condition; reads with who needs them. */
function linesOf({ Effect, Action, Resource, Condition }: IamStatement, reads: readonly ReadDocument[]): string {
  const lines = [
    ...[Action]
      .flat()
      .flatMap((action) => [`${Effect === 'Deny' ? 'never ' : ''}${action}`, ...reasonsOf(action, reads)]),
    ...[Resource].flat().map((resource) => `on ${words(resource)}`),
    ...(Condition === undefined ? [] : [`if ${words(Condition)}`]),
  ];
  return lines.map((line) => `    ${line}`).join('\n');
}

/** Who needs a read; nothing for an action that is none. */
function reasonsOf(action: string, reads: readonly ReadDocument[]): readonly string[] {
  const read = reads.find((one) => one.action === action);
  if (read === undefined) return [];
  if (read.neededBy.length === 0) return ['  every deployment: each look at an instance begins with it'];
  return read.neededBy.map(({ policy, rule, by, needs }) => {
    const where = by === 'rule' ? '' : ` by its \`${by}\``;
    return `  ${policy} (rule ${rule}) needs ${needs.join(', ')}${where}`;
  });
}

/** A condition in the order in which IAM has it: operator, key, value. */
function words(value: Json | undefined): string {
  if (typeof value !== 'object' || value === null) return String(value);
  const parts = Array.isArray(value)
    ? value.map(words)
    : Object.entries(value).map(([key, inner]) => `${key} ${words(inner)}`);
  return parts.join(', ');
}
