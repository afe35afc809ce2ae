import { namedInstance } from '../../alerts/alert.ts';
import { field, printable, utc, wrapped } from '../../alerts/text.ts';
import type { Act } from '../../domain/steps.ts';
import { visible, visibleLines } from '../../domain/visible.ts';
import type { StoredFinding } from '../report/document.ts';
import type { NumberedAct } from '../undoable-acts.ts';
import type { Colours } from './colours.ts';
import { indented } from './text.ts';

/** What is to be put back, with every call whole. @param toYaml how the input of a call is written. */
export function undoText(
  finding: StoredFinding,
  acts: readonly NumberedAct[],
  { bold }: Colours,
  toYaml: (value: unknown) => string,
): string {
  const { id, policy, subject, instance = { instanceId: subject.id, tags: {} } } = finding;
  return [
    bold(`${visible(id)}: ${visible(policy)} on ${namedInstance(instance)}`),
    ...acts.flatMap(({ number, act }) => [
      wrapped(`act ${number}, ${actText(act)}`, '', '  '),
      ...act.undo.map(({ operation, input }, index) => {
        const lines = visibleLines(toYaml(input).trimEnd());
        return `  ${index + 1}. ${printable(operation)}\n${indented(lines, 5)}`;
      }),
    ]),
    '',
    '',
  ].join('\n');
}

function actText({ does, at, outcome }: Act): string {
  const what = `${visible(does)} (${utc(at)})`;
  switch (outcome) {
    case 'done':
    case 'contested':
      return `${outcome}: ${what}`;
    case 'failed':
      return `failed half-way: ${what}`;
    case 'interrupted':
      return `interrupted: ${what}; whether it was done was not written down: look before you put it back`;
    case 'overtaken':
      return `overtaken: ${what}; it was done already, by this call or by somebody else: look before you put it back`;
  }
}

const leftAlone =
  'it is not done again for this finding, however often it opens, until it has been closed for seven days';
const leftByTheClock = 'it is not done again for twelve hours. The next time that the clock brings it, it is done';

/** What is so after all was put back. @param options those that name the deployment. */
export function afterUndoText({ id, origin }: StoredFinding, options: string): string {
  const exempt = `ec2-guardrail exempt ${visible(id)} ${options} --reason ... --until ...`;
  return [
    field('Now', `${origin === 'schedule' ? leftByTheClock : leftAlone}. Other actions of the policy come as before`),
    field(
      'Next',
      `the violation stands, and is told where the finding had ended by what was done. Mend it in another way, or exempt the instance then: \`${exempt}\``,
    ),
    '',
  ].join('\n');
}
