import { DAY_MS } from './time.ts';

/** How many days before the last day of an exemption its end is told. */
export const warnedDays = [14, 3] as const;
export type WarnedDays = (typeof warnedDays)[number];

/** An exemption that covers a violation. */
export interface Exempt {
  readonly reason: string;
  /** YYYY-MM-DD, inclusive. */
  readonly until: string;
  /** The last warning of its end that was told, if any. Left out also where it was stored before there were warnings. */
  readonly warnedDays?: WarnedDays;
}

/**
 * The warning of an exemption's end that is due and was not told: one for each number of days, and only the later one where
 * an exemption is first met when both are due. Days are those of UTC, as `until` is.
 */
export function dueWarning({ until, warnedDays: told }: Exempt, now: Date): WarnedDays | undefined {
  const daysLeft = (Date.parse(until) - Date.parse(now.toISOString().slice(0, 10))) / DAY_MS;
  const due = warnedDays.findLast((days) => daysLeft <= days);
  return due === undefined || (told !== undefined && told <= due) ? undefined : due;
}
