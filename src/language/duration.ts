import * as z from 'zod';
import { millisecondsOf, units } from '../domain/duration.ts';
import { DAY_MS } from '../domain/time.ts';

/** No violation is waited on for longer. */
const LONGEST_MS = 365 * DAY_MS;

/** Milliseconds as a person writes them: in the largest unit that fits, and 24 hours in hours. */
export function durationText(milliseconds: number): string {
  const fits = Object.entries(units).filter(
    ([, unit]) => milliseconds % unit === 0 && milliseconds >= (unit === DAY_MS ? 2 : 1) * unit,
  );
  const [unit, length] = fits.at(-1) ?? ['s', 1_000];
  return `${milliseconds / length}${unit}`;
}

/** A duration as a person writes it: a whole number and its unit. */
export const duration = z
  .string()
  .regex(/^\d{1,8}[smhd]$/, 'must be a duration such as 0s, 30m, 24h or 7d')
  .refine((text) => millisecondsOf(text) <= LONGEST_MS, 'must be at most 365d');

/** The same, where it must last a while. */
export function durationFrom(least: string): typeof duration {
  return duration.refine((text) => millisecondsOf(text) >= millisecondsOf(least), `must be at least ${least}`);
}

/** What was probably meant by a duration that is none, such as `24 hours`. */
export function asDuration(text: string): string {
  return text
    .toLowerCase()
    .replace(/^(\d+) *(?:(s)(?:ec(?:ond)?s?)?|(m)(?:in(?:ute)?s?)?|(h)(?:(?:ou)?rs?)?|(d)(?:ays?)?)$/, '$1$2$3$4$5');
}

/** A number without its unit, with each that would do: `24s, 24m, 24h or 24d`. */
export function withUnits(number: string): readonly string[] {
  return /^\d+$/.test(number) ? Object.keys(units).map((unit) => `${number}${unit}`) : [];
}
