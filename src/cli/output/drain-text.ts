import { namedInstance } from '../../alerts/alert.ts';
import { announced, headline, moveField, recordText, totals } from '../../alerts/drain.ts';
import { counted, field, printable, utc, wrapped } from '../../alerts/text.ts';
import type { DrainMove, DrainRecord } from '../../domain/drain.ts';
import { groupedBy } from '../../domain/grouped.ts';
import type { Instance } from '../../domain/instance.ts';
import { visibleLines } from '../../domain/visible.ts';
import type { Colours } from './colours.ts';
import { indented, table } from './text.ts';

/** A rehearsal for a person: how long its way took, and by step what would be done. */
export function rehearsalText(record: DrainRecord, { InstanceLifecycle }: Instance, { bold }: Colours): string {
  const { notice, instance, policies, moves, left, incomplete, receivedAt, told, endedAt } = record;
  const after = (iso: string | undefined) =>
    iso === undefined ? 'never' : `${((Date.parse(iso) - Date.parse(notice.at)) / 1000).toFixed(1)} s`;
  const isSpot = InstanceLifecycle === 'spot';
  return [
    bold(wrapped(`rehearsed: ${headline([record])}: ${namedInstance(instance)}, ${totals([record])}`)),
    field('Notice', `${announced[notice.kind]}, ${notice.action}, at ${utc(notice.at)}`),
    field('Received', `after ${after(receivedAt)}`),
    field('Told', `first after ${after(told.received)}, and at its end after ${after(told.final ?? endedAt)}`),
    field('Policies', policies.map(({ name, mode }) => `${printable(name)} (${mode})`).join(', ') || 'none'),
    ...(isSpot ? [] : [field('Careful', 'it is no Spot instance: a real notice of it would change nothing')]),
    ...stepLines(moves),
    ...left.map((text) => field('Left alone', printable(text, 300))),
    ...incomplete.map((text) => field('Unknown', printable(text, 300))),
    field(
      'Then',
      'a real notice is acted on where the policy says mode: enforce, and the deployment enforcement=on; nothing was changed now',
    ),
    '',
  ].join('\n');
}

function stepLines(moves: readonly DrainMove[]): readonly string[] {
  return [...groupedBy(moves, ({ step }) => step)].flatMap(([step, some]) => [
    field('Step', `${printable(step)}, ${counted(some.length, 'move')}`),
    ...some.map((move) => indented(moveField(withoutWhy(move)), 2)),
  ]);
}

/** That it is a rehearsal is said already. */
function withoutWhy(move: DrainMove): DrainMove {
  const { why: _, ...rest } = move;
  return move.state === 'would' ? rest : move;
}

/** A row for each drain. */
export function drainsText(records: readonly DrainRecord[]): string {
  if (records.length === 0) return 'No drain in the last 30 days\n';
  const rows = records.map(({ receivedAt, notice, instance, ...record }) => [
    utc(receivedAt),
    namedInstance(instance),
    `${announced[notice.kind]}${notice.isTest ? ' (rehearsal)' : ''}`,
    record.endedAt === undefined
      ? 'under way'
      : `${headline([{ ...record, receivedAt, notice, instance }])}, ${totals([{ ...record, receivedAt, notice, instance }])}`,
  ]);
  return `${table([['RECEIVED', 'INSTANCE', 'NOTICE', 'OUTCOME'], ...rows])}\n`;
}

/** One drain, as its last alert has it. */
export function drainText(record: DrainRecord, now: Date, { bold }: Colours): string {
  const state = record.endedAt === undefined ? 'under way' : `${headline([record])}, ${totals([record])}`;
  return `${bold(`${namedInstance(record.instance)}: ${state}`)}\n${recordText('final', record, now, false)}\n`;
}

/** What is to be put back, with every call whole, and what only a person can. @param toYaml how the input of a call is written. */
export function drainUndoText(
  { instance, notice }: DrainRecord,
  moves: readonly DrainMove[],
  byHand: readonly DrainMove[],
  { bold }: Colours,
  toYaml: (value: unknown) => string,
): string {
  return [
    bold(wrapped(`${namedInstance(instance)}: drained for the ${announced[notice.kind]} of ${utc(notice.at)}`)),
    ...moves.flatMap(({ does, at, undo }, index) => [
      wrapped(`${index + 1}. done: ${printable(does)}${at === undefined ? '' : ` (${utc(at)})`}`, '', '   '),
      `   ${printable(undo?.operation ?? '')}\n${indented(visibleLines(toYaml(undo?.input).trimEnd()), 5)}`,
    ]),
    ...byHand.map(({ does, undoByHand }) =>
      field('By hand', `${printable(does)}: \`${printable(undoByHand ?? '', 500)}\``),
    ),
    '',
    '',
  ].join('\n');
}
