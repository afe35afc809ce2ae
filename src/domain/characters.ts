/** Longest text that is quoted whole, in characters: tag values come from strangers, and alerts have an end. */
const QUOTED_CHARACTERS = 60;

/** Scripts that tags are found in. A character of another script is named by its code point alone. */
const scripts = [
  ...['Latin', 'Cyrillic', 'Greek', 'Han', 'Hiragana', 'Katakana', 'Hangul', 'Arabic', 'Hebrew', 'Devanagari'],
  ...['Thai', 'Armenian', 'Georgian', 'Bengali', 'Tamil', 'Telugu', 'Cherokee', 'Coptic', 'Ethiopic', 'Khmer'],
].map((name) => ({ name, pattern: new RegExp(`^\\p{Script=${name}}$`, 'u') }));

/** Letters of Cyrillic and Greek that look like a Latin one. */
const lookAlikes: ReadonlyMap<string, string> = new Map([
  ...pairs('\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u0501\u051b\u051d', 'aeopcyxijsdqw'),
  ...pairs(
    '\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u0425\u0406\u0408\u0405',
    'ABEKMHOPCTYXIJS',
  ),
  ...pairs('\u03bf\u03b1\u03bd\u03b9\u03ba\u03c1\u03c5', 'oavikpu'),
  ...pairs('\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7', 'ABEZHIKMNOPTYX'),
]);

/** Full-width forms, ligatures and mathematical letters: Latin ones in another dress. */
const disguised = /^[\uff01-\uff5e\ufb00-\ufb06\u{1d400}-\u{1d7ff}]$/u;

/** What a character that stands for plain ASCII looks like: Latin `P` for a Greek Rho; undefined for any other. */
export function lookAlikeOf(character: string): string | undefined {
  return lookAlikes.get(character) ?? (disguised.test(character) ? character.normalize('NFKC') : undefined);
}

/** The text with every look-alike replaced by what it looks like. For comparison alone: report the original. */
export function skeleton(text: string): string {
  return [...text].map((character) => lookAlikeOf(character) ?? character).join('');
}

/** The script of a character; undefined for those that belong to none, such as digits, and for rarer scripts. */
export function scriptOf(character: string): string | undefined {
  return scripts.find(({ pattern }) => pattern.test(character))?.name;
}

/** `U+041E`. */
export function codePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}

/**
 * The text in double quotes and printable ASCII, everything else as JSON escapes: `"\u041ewner"`.
 * What can't be seen, or looks like something else, is seen so in logs and alerts. Cut after 60 characters.
 */
export function quoted(text: string): string {
  const characters = [...text];
  const shown = characters.slice(0, QUOTED_CHARACTERS).join('');
  return `${inAscii(JSON.stringify(shown))}${characters.length > QUOTED_CHARACTERS ? '...' : ''}`;
}

/** The text as it stands where it is a plain word, else quoted: for tag keys in sentences. */
export function named(text: string): string {
  return /^[\w.:/=+@-]{1,60}$/.test(text) ? text : quoted(text);
}

/** The text in printable ASCII, everything else escaped as in JSON. */
export function inAscii(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function pairs(from: string, to: string): readonly (readonly [string, string])[] {
  return [...from].map((character, index) => [character, to[index] ?? ''] as const);
}
