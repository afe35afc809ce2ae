import { inAscii } from './characters.ts';

/** A tag to write or, without a value, to delete. */
export interface TagArgument {
  readonly key: string;
  readonly value?: string;
}

/**
 * What follows `--tags` in a command of the AWS CLI: `'Key=Owner,Value=jane'`, or JSON where a text has more than the
 * characters of a word. Tags are written by strangers, and a command is pasted into a shell: it stays in its single quotes,
 * on one line and in printable ASCII, whatever a text holds.
 */
export function tagsArgument(tags: readonly TagArgument[]): string {
  if (tags.every(({ key, value = '' }) => key !== '' && isWord(key) && isWord(value)))
    return tags.map(({ key, value }) => `'Key=${key}${value === undefined ? '' : `,Value=${value}`}'`).join(' ');
  const list = tags.map(({ key, value }) => ({ Key: key, ...(value === undefined ? {} : { Value: value }) }));
  return `'${inAscii(JSON.stringify(list)).replaceAll("'", '\\u0027').replaceAll('`', '\\u0060')}'`;
}

/** Texts that the CLI's shorthand takes as they are. */
function isWord(text: string): boolean {
  return /^(?:[\w.:/@+-][\w.:/=@+-]*)?$/.test(text);
}
