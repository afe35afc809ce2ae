import { TZDateMini } from '@date-fns/tz/date/mini';
import { DAY_MS } from './time.ts';

/** Weekly hours in a time zone. */
export interface Hours {
  /** An IANA time zone. */
  readonly timezone: string;
  /** `08:00-20:00` by days: `mon`, or `mon-fri`. Hours that end before they begin end on the next day. */
  readonly hours: Readonly<Record<string, string>>;
  /** YYYY-MM-DD: no hours begin on these days. */
  readonly holidays: readonly string[];
}

/** Where a time lies. */
export interface Place {
  readonly isWithin: boolean;
  /** When the hours began; left out outside of them. */
  readonly beganAt?: Date;
  /** When the hours end or begin next; left out where they do not within two months. */
  readonly changesAt?: Date;
}

const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
type Day = (typeof days)[number];

const dayNames = days.join('|');
const daysForm = new RegExp(`^(?<first>${dayNames})(?:-(?<last>${dayNames}))?$`);
const spanForm = /^(?<fromHour>[01]\d|2[0-3]):(?<fromMinute>[0-5]\d)-(?<toHour>[01]\d|2[0-4]):(?<toMinute>[0-5]\d)$/;
const dateForm = /^(?<year>\d{4})-(?<month>\d{2})-(?<day>\d{2})(?:T(?<hour>[01]\d|2[0-3]):(?<minute>[0-5]\d))?$/;

/** How many days before and after a time its hours are looked for. */
const DAYS_BEFORE = 2;
const DAYS_AFTER = 62;

/** The days of a key such as `fri-mon`; undefined for what is none. */
export function daysOf(key: string): readonly Day[] | undefined {
  const { first, last = first } = daysForm.exec(key)?.groups ?? {};
  if (first === undefined || last === undefined) return undefined;
  const start = days.indexOf(first as Day);
  const count = ((days.indexOf(last as Day) - start + days.length) % days.length) + 1;
  return Array.from({ length: count }, (_, index) => days[(start + index) % days.length] as Day);
}

/** Whether a text is hours such as `08:00-20:00`; `24:00` is the end of the day. */
export function isSpan(text: string): boolean {
  return minutesOf(text) !== undefined;
}

/** Whether a day is in the calendar: `2026-02-30` is not. */
export function isDate(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && localTime(text, 'UTC') !== undefined;
}

/** Whether this machine knows the time zone. */
export function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/**
 * A local time `2026-12-01T22:00`, or the beginning of a day `2026-12-01`; undefined for what is none.
 * A time that a change to summer time leaves out is as much later.
 */
export function localTime(text: string, timezone: string): Date | undefined {
  const { year, month, day, hour = '0', minute = '0' } = dateForm.exec(text)?.groups ?? {};
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  if (Number.isNaN(date.getTime()) || date.getUTCDate() !== Number(day)) return undefined;
  return at(date, Number(hour) * 60 + Number(minute), timezone);
}

/** The end of a local day, which is the beginning of the next. */
export function endOfDay(text: string, timezone: string): Date | undefined {
  const begin = localTime(text, 'UTC');
  return begin && at(begin, 24 * 60, timezone);
}

/** Where a time lies, and when that changes next. */
export function placeIn(hours: Hours, now: Date): Place {
  const spans = joined(spansAround(hours, now));
  const span = spans.find(({ from, to }) => from <= now && now < to);
  const next = spans.find(({ from }) => from > now);
  const isEndless = span !== undefined && span.to.getTime() - now.getTime() > (DAYS_AFTER - 2) * DAY_MS;
  const changesAt = span === undefined ? next?.from : isEndless ? undefined : span.to;
  return {
    isWithin: span !== undefined,
    ...(span === undefined ? {} : { beganAt: span.from }),
    ...(changesAt === undefined ? {} : { changesAt }),
  };
}

interface Span {
  readonly from: Date;
  readonly to: Date;
}

function spansAround({ timezone, hours, holidays }: Hours, now: Date): readonly Span[] {
  const byDay = new Map(Object.entries(hours).flatMap(([key, text]) => (daysOf(key) ?? []).map((day) => [day, text])));
  const local = new TZDateMini(now.getTime(), timezone);
  const today = Date.UTC(local.getFullYear(), local.getMonth(), local.getDate());
  return Array.from({ length: DAYS_BEFORE + DAYS_AFTER }, (_, index) => {
    const date = new Date(today + (index - DAYS_BEFORE) * DAY_MS);
    const span = minutesOf(byDay.get(days[date.getUTCDay()] as Day) ?? '');
    if (span === undefined || holidays.includes(date.toISOString().slice(0, 10))) return [];
    const to = span.to > span.from ? span.to : span.to + 24 * 60;
    return [{ from: at(date, span.from, timezone), to: at(date, to, timezone) }];
  }).flat();
}

/** Minutes of the local day. */
function minutesOf(text: string): { readonly from: number; readonly to: number } | undefined {
  const { fromHour, fromMinute, toHour, toMinute } = spanForm.exec(text)?.groups ?? {};
  const from = Number(fromHour) * 60 + Number(fromMinute);
  const to = Number(toHour) * 60 + Number(toMinute);
  return Number.isNaN(from + to) || to > 24 * 60 ? undefined : { from, to };
}

/** So many minutes into the day of the calendar that is this date in UTC. */
function at(date: Date, minutes: number, timezone: string): Date {
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  return new Date(new TZDateMini(year, month, day, 0, minutes, timezone).getTime());
}

/** Spans that touch are one: nothing changes between them. Hours in the hour that summer time leaves out are none. */
function joined(spans: readonly Span[]): readonly Span[] {
  const all: Span[] = [];
  for (const span of spans.filter(({ from, to }) => from < to)) {
    const last = all.at(-1);
    if (last === undefined || span.from > last.to) all.push(span);
    else all[all.length - 1] = { from: last.from, to: span.to > last.to ? span.to : last.to };
  }
  return all;
}
