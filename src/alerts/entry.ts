import type { AlertEntry } from '../domain/alert.ts';
import { adviceFor, describeMissing } from '../domain/facts.ts';
import type { Finding } from '../domain/finding.ts';
import { type Cut, fixLength, textLength } from './message.ts';
import { between, instructions, printable, utc } from './text.ts';
import { whatHappens } from './words.ts';

/** How many of the things that were missing an entry lists. */
const MISSING_LISTED = 5;

/** A line of an entry: its label and what it says. */
export type Labelled = readonly [label: string, text: string];

/** Why an entry is told, and what to do about it. */
export function entryFields({ change, finding }: AlertEntry, cut: Cut): readonly Labelled[] {
  const length = textLength(cut);
  const reason = printable(finding.reason, length);
  switch (change) {
    case 'opened':
    case 'changed':
      return [
        ['Why', reason],
        ['To do', instructions(finding.fix, fixLength(cut), whereTheFixIs(cut))],
        ['Mode', whatHappens(finding.mode)],
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
      return [['Was', reason]];
    case 'insufficient-data':
      return missingFields(finding, length);
  }
}

/** Since when it is open or unknown, or how long it was. */
export function lifetimeOf({ change, finding }: AlertEntry, now: string): Labelled {
  const { openedAt, closedAt } = finding;
  switch (change) {
    case 'opened':
    case 'changed':
      return ['Open', `since ${utc(openedAt)} (${between(openedAt, now)})`];
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
