import type { AlertEntry } from '../domain/alert.ts';
import { adviceFor, describeMissing } from '../domain/facts.ts';
import type { Finding } from '../domain/finding.ts';
import type { Earlier } from '../domain/reopening.ts';
import { actFields, actionFields, isMended } from './actions.ts';
import { type Cut, fixLength, type Labelled, textLength } from './message.ts';
import { between, instructions, ordinal, printable, utc } from './text.ts';
import { whatHappens } from './words.ts';

/** How many of the things that were missing an entry lists. */
const MISSING_LISTED = 5;

/** Why an entry is told, and what to do about it. */
export function entryFields({ change, finding }: AlertEntry, region: string, cut: Cut): readonly Labelled[] {
  const length = textLength(cut);
  const reason = printable(finding.reason, length);
  switch (change) {
    case 'opened':
    case 'changed':
      return [
        ['Why', reason],
        ...pastFields(finding),
        ...actionFields(finding, region, length),
        ...toDo(finding, cut),
        ['Mode', whatHappens(finding.mode)],
      ];
    case 'acted':
    case 'failed':
    case 'contested':
    case 'due':
    case 'reminder':
      return [['Why', reason], ...actionFields(finding, region, length), ...toDo(finding, cut)];
    case 'exemption-ends':
      return [
        ['Why', reason],
        ['Exempt', exemptionText(finding)],
        ['Then', 'what it covers is told as a violation that opens'],
        ['To do', instructions(finding.fix, fixLength(cut), whereTheFixIs(cut))],
      ];
    case 'exempted':
      return [
        ['Why', reason],
        ['Exempt', exemptionText(finding)],
      ];
    case 'out-of-scope':
      return [
        ['Was', reason],
        ['Now', "the instance is outside the policy's match, and no longer judged by it"],
      ];
    case 'resolved':
      return [['Was', reason], ...actFields(finding, region, length)];
    case 'insufficient-data':
      return missingFields(finding, length);
  }
}

/** Nothing, where what was done has ended it. */
function toDo(finding: Finding, cut: Cut): readonly Labelled[] {
  return isMended(finding) ? [] : [['To do', instructions(finding.fix, fixLength(cut), whereTheFixIs(cut))]];
}

const cameBy = { launch: ', from the launch on', drift: '', schedule: ', by the clock' } as const satisfies Record<
  NonNullable<Finding['origin']>,
  string
>;

/** Since when it is open or unknown, or how long it was. */
export function lifetimeOf({ change, finding }: AlertEntry, now: string): Labelled {
  const { openedAt, closedAt, origin } = finding;
  const since = `since ${utc(openedAt)} (${between(openedAt, now)})`;
  switch (change) {
    case 'opened':
    case 'changed':
    case 'acted':
    case 'failed':
    case 'contested':
    case 'due':
    case 'reminder':
      return ['Open', `${since}${origin === undefined ? '' : cameBy[origin]}`];
    case 'exemption-ends':
      return ['Violates', since];
    case 'insufficient-data':
      return ['Unknown', `since ${utc(openedAt)}`];
    case 'exempted':
    case 'out-of-scope':
    case 'resolved': {
      const end = closedAt ?? now;
      return ['Open', `for ${between(openedAt, end)}, from ${utc(openedAt)} to ${utc(end)}`];
    }
  }
}

/** JSON whose texts are cut has no longer fix than the mail. */
function whereTheFixIs(cut: Cut): string {
  return `see \`fix\` in the ${cut.texts === undefined ? 'JSON' : 'EventBridge event'}`;
}

/** What an entry says of the time before it opened: an exemption that held, and earlier openings. */
export function pastFields({ wasExempt, earlier, openedAt }: Finding): readonly Labelled[] {
  const again = earlier === undefined ? [] : [['Again', againText(earlier)] as const];
  if (wasExempt === undefined) return again;
  const isOver = openedAt.slice(0, 10) > wasExempt.until;
  const text = `${isOver ? 'the exemption has ended' : 'the exemption no longer holds'}, which`;
  return [...again, ['Exempt', `${text} was until ${printable(wasExempt.until)}: ${printable(wasExempt.reason)}`]];
}

function againText({ openings, firstOpenedAt, endedAt }: Earlier): string {
  return `opened for the ${ordinal(openings + 1)} time: first ${utc(firstOpenedAt)}, and last closed ${utc(endedAt)}`;
}

function exemptionText({ exempt }: Finding): string {
  return exempt === undefined
    ? 'still violates, and is exempt'
    : `until ${printable(exempt.until)}: ${printable(exempt.reason)}`;
}

function missingFields({ missing = [], reason }: Finding, length: number): readonly Labelled[] {
  const listed = missing
    .slice(0, MISSING_LISTED)
    .map((one): Labelled => ['Missing', printable(describeMissing(one), length)]);
  const omitted = missing.length - listed.length;
  return [
    ...(listed.length === 0 ? [['Missing', printable(reason, length)] as const] : listed),
    ...(omitted === 0 ? [] : [['', `and ${omitted} more`] as const]),
    ['To do', printable(adviceFor(missing), length)],
  ];
}
