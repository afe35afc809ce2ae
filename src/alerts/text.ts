import { visible } from '../domain/visible.ts';

/** The widest line of a mail, in characters; ids and links that are longer stay whole. */
const WIDTH = 78;

/** Where the values of fields begin. */
const LABEL_WIDTH = 11;

/**
 * A text from outside as one line in which nothing is hidden: what does not show is written as `\u{202e}`.
 * Tags are written by those who are judged by them: they may not break a line, nor turn the order of what follows.
 * @param max how many characters are kept; `…` stands for the rest
 */
export function printable(text: string, max = 200): string {
  const characters = [...text.slice(0, 2 * max + 2)];
  const kept = visible(characters.slice(0, max).join(''));
  return characters.length > max ? `${kept}…` : kept;
}

/** The same in quotation marks, so that a value can't be taken for the alert's own words. */
export function quoted(text: string, max?: number): string {
  return `"${printable(text, max).replaceAll('"', '\\"')}"`;
}

/** `i-0123 "web-1"`. */
export function withName(instanceId: string, name: string | undefined): string {
  return `${printable(instanceId)}${name === undefined ? '' : ` ${quoted(name)}`}`;
}

/** Commands in backticks; the last may have lost its end. */
const commands = /(`[^`]*(?:`|$))/;

/**
 * A fix as one line. Where it is too long it ends behind a whole command, since half a command does something else.
 * @param max how many characters are kept
 * @param whole where all of it stands
 */
export function instructions(fix: string, max: number, whole: string): string {
  if (fix.length <= max) return printable(fix, max);
  const parts = fix.split(commands);
  const places = parts.flatMap((_, place) => (place % 2 === 1 ? [place] : []));
  let kept = '';
  let shown = 0;
  for (const place of places) {
    const command = parts[place] ?? '';
    const longer = `${kept}${parts[place - 1]}${command}`;
    if (longer.length > max || !command.endsWith('`') || command === '`') break;
    kept = longer;
    shown += 1;
  }
  const omitted = places.length - shown;
  if (omitted === 0) return printable(fix, max);
  if (shown === 0) return `${printable((parts[0] ?? '').trimEnd(), max)} ${counted(omitted, 'command')}: ${whole}`;
  return `${printable(kept, max)} and ${omitted} more ${omitted === 1 ? 'command' : 'commands'}: ${whole}`;
}

/** Printable ASCII alone, for SNS's Subject: `?` for each other character. */
export function ascii(text: string): string {
  return text.replace(/[^\x20-\x7e]/gu, '?');
}

/** At most this long: three dots stand for what was cut; nothing is left where that would be all. */
export function shortened(text: string, length: number): string {
  if (text.length <= length) return text;
  return length < 6 ? '' : `${text.slice(0, length - 3)}...`;
}

/** `Label      text`, wrapped, with what follows the first line under its beginning. */
export function field(label: string, text: string, indent = ''): string {
  const first = `${indent}${label.padEnd(LABEL_WIDTH - 1)} `;
  return wrapped(text, first, ' '.repeat(first.length));
}

/** Lines under a title, with how many there are beyond those; none where there are no lines. */
export function section(title: string, lines: readonly string[], count: number): readonly string[] {
  if (lines.length === 0) return [];
  const more = count > lines.length ? [`   and ${count - lines.length} more`] : [];
  return [[title, ...lines, ...more].join('\n')];
}

/** Words, a command in backticks being one: whoever copies it must find it on one line. */
const words = /(?:`[^`]*`|[^\s`]|`)+/g;

/** A text wrapped at 78 columns between words; a command stays whole. */
export function wrapped(text: string, first = '', following = first): string {
  const lines: string[] = [];
  let line = first;
  let isEmpty = true;
  for (const [word] of text.matchAll(words)) {
    if (!isEmpty && [...line].length + 1 + [...word].length > WIDTH) {
      lines.push(line);
      line = following;
      isEmpty = true;
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, line.trimEnd()].join('\n');
}

/** `2026-03-02 09:15:02 UTC`; what is no time as it stands. */
export function utc(iso: string): string {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return printable(iso);
  return `${time.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** From one time to another, both ISO 8601, in words: `3 hours`. */
export function between(from: string, to: string): string {
  const seconds = Math.floor((Date.parse(to) - Date.parse(from)) / 1000);
  const units = [
    ['day', 86_400],
    ['hour', 3_600],
    ['minute', 60],
  ] as const;
  const unit = units.find(([, length]) => seconds >= length);
  return unit === undefined ? 'less than a minute' : counted(Math.floor(seconds / unit[1]), unit[0]);
}

/** `1st`, `2nd`, `3rd`, `11th`. */
export function ordinal(count: number): string {
  const endings = { one: 'st', two: 'nd', few: 'rd', other: 'th', many: 'th', zero: 'th' } as const;
  return `${count}${endings[ordinalForm.select(count)]}`;
}

const ordinalForm = new Intl.PluralRules('en', { type: 'ordinal' });

/** `1 instance`, `2 instances`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
