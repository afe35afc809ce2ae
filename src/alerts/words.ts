import type { AlertEntry, Change } from '../domain/alert.ts';
import type { Finding } from '../domain/finding.ts';
import { severities } from '../domain/policy.ts';
import { isMended } from './actions.ts';

/** What calls for a person first. */
const changes: readonly Change[] = [
  ...(['opened', 'changed', 'failed', 'contested', 'due', 'acted', 'reminder'] as const),
  ...(['exemption-ends', 'insufficient-data', 'exempted', 'out-of-scope', 'resolved'] as const),
];

/** The change among the entries that calls for a person first. */
export function strongestChange(entries: readonly AlertEntry[]): Change {
  return changes.find((change) => entries.some((entry) => entry.change === change)) ?? 'resolved';
}

/** The entry that an alert leads with: the most severe of those that violate, else the most severe of the strongest. */
export function leadOf(entries: readonly AlertEntry[]): AlertEntry | undefined {
  return mostUrgentFirst(entries, (entry) => [entry])[0];
}

/** In the order in which they call for a person, each by the entry that it leads with; else in the order given. */
export function mostUrgentFirst<T>(values: readonly T[], entriesOf: (value: T) => readonly AlertEntry[]): readonly T[] {
  return values
    .map((value) => ({ value, rank: entriesOf(value).reduce((least, entry) => Math.min(least, rankOf(entry)), LAST) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ value }) => value);
}

/** Behind whatever has an entry. */
const LAST = changes.length * severities.length;

/** Violations come before all else, whether new or changed. */
function rankOf(entry: AlertEntry): number {
  const { finding } = entry;
  const change = headlineChange(entry);
  const order = violates(change) ? 0 : changes.indexOf(change);
  return order * severities.length + severities.indexOf(finding.severity);
}

/** What an alert's headline begins with. */
export function headlineOf(entry: AlertEntry): string {
  const { finding } = entry;
  const change = headlineChange(entry);
  return violates(change) ? finding.severity.toUpperCase() : change.replaceAll('-', ' ').toUpperCase();
}

/** What may be done at all. */
export function whatHappens(mode: Finding['mode']): string {
  switch (mode) {
    case 'observe':
      return 'observe: nothing was done, and nothing will be.';
    case 'enforce':
      return 'enforce: the policy acts, unless something holds it back.';
  }
}

/** What the clock brought and an action has ended calls for nobody: it is told as what was done. */
function headlineChange({ change, finding }: AlertEntry): Change {
  return change === 'opened' && finding.origin === 'schedule' && isMended(finding) ? 'acted' : change;
}

function violates(change: Change): boolean {
  return change === 'opened' || change === 'changed';
}
