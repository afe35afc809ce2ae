/** Whatever does not show: control, format (bidirectional, zero-width), unassigned, separators, spaces but the plain one. */
const unseen = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|[^\P{Zs} ]/gu;

/** A text as one line in which nothing is hidden: what does not show is written as `\u{202e}`. */
export function visible(text: string): string {
  return text.replace(unseen, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

/**
 * The same for a text of several lines, and for every text in a document (JSON): what a terminal is given. It must not
 * take orders from a tag, an event or a file. To be used before colours are put on.
 */
export function visibleLines<T>(document: T): T {
  return JSON.parse(JSON.stringify(document), (_, value: unknown) =>
    typeof value === 'string' ? value.split('\n').map(visible).join('\n') : value,
  );
}
