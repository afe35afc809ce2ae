import { DAY_MS, HOUR_MS } from './time.ts';

/** Milliseconds of each unit in which a duration is written. */
export const units: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: HOUR_MS, d: DAY_MS };

/** Milliseconds of `30m`; not a number where the text is no duration. */
export function millisecondsOf(duration: string): number {
  const [, number, unit = ''] = /^(\d{1,8})([smhd])$/.exec(duration) ?? [];
  return Number(number) * (units[unit] ?? Number.NaN);
}
