import type { AlertEntry, Change } from '../domain/alert.ts';
import type { Finding } from '../domain/finding.ts';
import { severities } from '../domain/policy.ts';

/** What calls for a person first. */
const changes: readonly Change[] = ['opened', 'changed', 'insufficient-data', 'exempted', 'out-of-scope', 'resolved'];

/** The change among the entries that calls for a person first. */
export function strongestChange(entries: readonly AlertEntry[]): Change {
  return changes.find((change) => entries.some((entry) => entry.change === change)) ?? 'resolved';
}

/** The entry that an alert leads with: the most severe of those that violate, else the most severe of the strongest. */
export function leadOf(entries: readonly AlertEntry[]): AlertEntry | undefined {
  const strongest = strongestChange(entries);
  const leading = entries.filter(({ change }) => change === strongest || (violates(strongest) && violates(change)));
  return severities.flatMap((severity) => leading.filter(({ finding }) => finding.severity === severity))[0];
}

/** What an alert's headline begins with. */
export function headlineOf({ change, finding }: AlertEntry): string {
  return violates(change) ? finding.severity.toUpperCase() : change.replaceAll('-', ' ').toUpperCase();
}

/** What was done, and what will be. */
export function whatHappens(mode: Finding['mode']): string {
  switch (mode) {
    case 'observe':
      return 'observe: nothing was done, and nothing will be.';
  }
}

function violates(change: Change): boolean {
  return change === 'opened' || change === 'changed';
}
