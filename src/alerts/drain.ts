import { type DrainMove, type DrainRecord, deadlineIn, isPutBackByHand } from '../domain/drain.ts';
import type { NoticeKind } from '../domain/notice.ts';
import { namedInstance, placeText } from './alert.ts';
import {
  attributesOf,
  bytesOf,
  type Cut,
  fitted,
  MESSAGE_COPIES,
  type Message,
  messageOf,
  omitted,
} from './message.ts';
import { ascii, counted, field, printable, shortened, utc, wrapped } from './text.ts';

/** What is told of a drain: at its notice, at its end, when EC2 gave none, and when it was put back. */
export type DrainNews = 'received' | 'final' | 'undone' | 'unannounced';

const kinds = {
  received: 'interruption',
  final: 'drained',
  undone: 'drain-undone',
  unannounced: 'interrupted-without-notice',
} as const satisfies Record<DrainNews, string>;

/** How many moves the text lists of one instance, and instances it lists in all. */
const MOVES_LISTED = 40;
const INSTANCES_LISTED = 30;

/** One message about instances whose notices came together. At least one. */
export function renderDrains(news: DrainNews, drains: readonly DrainRecord[], now: Date): Message {
  const kind = kinds[news];
  const records = firstThose(drains, ({ moves }) => moves.some(isLost));
  const [first] = records;
  const attributes = attributesOf(kind, [], first?.scope);
  return fitted(records.length, {
    content: (cut) => ({
      version: 1,
      kind,
      topic: 'alerts',
      drains: records.slice(0, cut.entries).map((record) => contentOf(record, now, cut)),
      ...omitted('drainsOmitted', records.length - cut.entries),
    }),
    build: (content, cut) =>
      messageOf(subjectOf(news, records, now), textOf(news, records, now, cut), content, attributes),
    bytes: bytesOf,
    copies: MESSAGE_COPIES,
  });
}

/** These first, each part in its order: where there is no room for all, they are not what is left out. */
function firstThose<T>(all: readonly T[], are: (one: T) => boolean): readonly T[] {
  return [...all.filter(are), ...all.filter((one) => !are(one))];
}

/** Where there is no room for all moves, those that went well are counted. */
function contentOf(record: DrainRecord, now: Date, { details }: Cut): object {
  const { instanceId, scope, notice, receivedAt, instance, policies, moves, left, incomplete, endedAt, endedAs } =
    record;
  return {
    instanceId,
    accountId: scope.accountId,
    region: scope.region,
    instance,
    notice,
    receivedAt,
    deadline: deadlineIn(record),
    secondsLeft: secondsLeft(record, now),
    policies,
    ...(details
      ? { moves: moves.map(moveContent) }
      : { done: moves.filter(isWell).length, moves: moves.filter((move) => !isWell(move)).map(moveContent) }),
    left,
    incomplete,
    ...(endedAt === undefined ? {} : { endedAt }),
    ...(endedAs === undefined ? {} : { endedAs }),
  };
}

function isWell({ state }: DrainMove): boolean {
  return labels[state] === 'Done';
}

function isLost({ state }: DrainMove): boolean {
  return state === 'failed' || state === 'cut';
}

function moveContent({ step, policy, does, state, why, at, undoneAt, undo }: DrainMove): object {
  return {
    step,
    policy,
    does,
    state,
    isReversible: undo !== undefined,
    ...(why === undefined ? {} : { why }),
    ...(at === undefined ? {} : { at }),
    ...(undoneAt === undefined ? {} : { undoneAt }),
  };
}

/** Seconds until the deadline; none below 0. */
export function secondsLeft(record: DrainRecord, now: Date): number {
  return Math.max(0, Math.floor((Date.parse(deadlineIn(record)) - now.getTime()) / 1000));
}

/** What was announced, for a person. */
export const announced = {
  interruption: 'Spot interruption',
  reservation: 'capacity reservation interruption',
  rebalance: 'Spot rebalance recommendation',
  'leaving-group': 'termination by its Auto Scaling group',
  ending: 'end without a notice',
  running: 'running again',
  health: 'AWS Health event',
} as const satisfies Record<NoticeKind, string>;

function subjectOf(news: DrainNews, records: readonly DrainRecord[], now: Date): string {
  const [first] = records;
  if (first === undefined) return '[SPOT]';
  const who =
    records.length === 1
      ? shortened(ascii(namedInstance(first.instance)), 45)
      : `${counted(records.length, 'instance')} in ${ascii(first.scope.region)}`;
  const test = first.notice.isTest ? ' (rehearsal)' : '';
  switch (news) {
    case 'received':
      return `[INTERRUPTION] ${who}: ${ascii(announced[first.notice.kind])}${test}`;
    case 'unannounced':
      return `[INTERRUPTED] ${who}: EC2 took it, and gave no notice`;
    case 'undone':
      return `[PUT BACK] ${who} runs on: the drain was put back`;
    case 'final':
      return `[${headline(records)}] ${who}: ${totals(records)}, ${Math.min(...records.map((one) => secondsLeft(one, now)))} s left${test}`;
  }
}

/** The worst of what became of it. */
export function headline(records: readonly DrainRecord[]): string {
  const moves = records.flatMap((record) => record.moves);
  if (moves.some(isLost)) return 'NOT DRAINED WHOLE';
  const isRehearsed = records.every(({ notice }) => notice.isTest);
  const onlyWould = moves.every(({ state }) => state === 'would') && (moves.length > 0 || isRehearsed);
  const drained = onlyWould ? 'WOULD DRAIN' : 'DRAINED';
  if (records.some(({ incomplete }) => incomplete.length > 0)) return `${drained}, INCOMPLETE`;
  return moves.length === 0 ? 'NOTHING TO DRAIN' : drained;
}

/** `5 done, 1 failed`. */
export function totals(records: readonly DrainRecord[]): string {
  const states = records.flatMap(({ moves }) => moves.map(({ state }) => labels[state]));
  const counts = [...new Set(Object.values(labels))]
    .map((label) => ({ label, count: states.filter((one) => one === label).length }))
    .filter(({ count }) => count > 0)
    .map(({ label, count }) => `${count} ${label.toLowerCase()}`);
  return counts.length === 0 ? 'nothing to do' : counts.join(', ');
}

const labels = {
  planned: 'To do',
  held: 'Held',
  done: 'Done',
  verified: 'Done',
  failed: 'Failed',
  skipped: 'Skipped',
  cut: 'Cut',
  would: 'Would',
} as const satisfies Record<DrainMove['state'], string>;

function textOf(news: DrainNews, records: readonly DrainRecord[], now: Date, cut: Cut): string {
  const shown = records.slice(0, Math.min(INSTANCES_LISTED, cut.entries));
  const more = records.length - shown.length;
  const parts = shown.map((record) => recordText(news, record, now, records.length > 1));
  const rest = more > 0 ? [`and ${counted(more, 'more instance')}`] : [];
  return `${[wrapped(headlineText(news, records)), ...parts, ...rest].join('\n\n')}\n`;
}

function headlineText(news: DrainNews, records: readonly DrainRecord[]): string {
  const [first] = records;
  const who = records.length === 1 && first ? namedInstance(first.instance) : counted(records.length, 'instance');
  const what = first === undefined ? '' : announced[first.notice.kind];
  switch (news) {
    case 'received':
      return `INTERRUPTION: ${what} of ${who}`;
    case 'final':
      return `${headline(records)}: ${what} of ${who}, ${totals(records)}`;
    case 'unannounced':
      return `INTERRUPTED: EC2 took ${who}, and gave no notice: nothing was drained`;
    case 'undone':
      return `PUT BACK: ${who} runs on, and is in service again`;
  }
}

/** One drain, as an alert has it. */
export function recordText(news: DrainNews, record: DrainRecord, now: Date, isOneOfMany: boolean): string {
  const { notice, instance, scope, receivedAt, policies, moves, left, incomplete } = record;
  const moved = firstThose(moves, isLost).slice(0, MOVES_LISTED);
  const latency = Math.max(0, Math.round((Date.parse(receivedAt) - Date.parse(notice.at)) / 1000));
  return [
    ...(isOneOfMany ? [wrapped(namedInstance(instance))] : []),
    field('Account', `${placeText(scope)}${notice.zone === undefined ? '' : `, ${printable(notice.zone)}`}`),
    field(
      'Notice',
      `${announced[notice.kind]}${notice.action === undefined ? '' : `, ${notice.action}`}, at ${utc(notice.at)}, received ${latency} s later`,
    ),
    field('Until', `${utc(deadlineIn(record))}, ${secondsLeft(record, now)} s from now`),
    ...(notice.text === undefined ? [] : [field('Health', printable(notice.text))]),
    ...(notice.isTest ? [field('Rehearsal', 'nothing is done, whatever the policies say')] : []),
    ...(policies.length === 0
      ? []
      : [field('Policies', policies.map(({ name, mode }) => `${printable(name)} (${mode})`).join(', '))]),
    ...(news === 'received' ? [] : moved.map(moveField)),
    ...(moves.length > moved.length && news !== 'received' ? [`   and ${moves.length - moved.length} more`] : []),
    ...left.map((text) => field('Left alone', printable(text, 300))),
    ...incomplete.map((text) => field('Unknown', printable(text, 300))),
  ].join('\n');
}

/** A move with what became of it. */
export function moveField(move: DrainMove): string {
  const { does, state, why, at, undoneAt, undoByHand = '' } = move;
  const when = at === undefined ? '' : ` (${utc(at)})`;
  const because = why === undefined ? '' : `: ${printable(why)}`;
  const back = undoneAt === undefined ? '' : `; put back at ${utc(undoneAt)}`;
  const byHand = isPutBackByHand(move) ? `; to put it back: \`${printable(undoByHand, 500)}\`` : '';
  return field(labels[state], `${printable(does, 300)}${when}${because}${back}${byHand}`);
}
