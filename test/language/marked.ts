import type { PolicyError } from '../../src/language/policy-error.ts';

/** The place that ▸ marks, and the text without it. */
export function marked(text: string): { readonly text: string; readonly place: string } {
  const before = text.slice(0, text.indexOf('▸')).split('\n');
  return { text: text.replace('▸', ''), place: `${before.length}:${(before.at(-1) ?? '').length + 1}` };
}

/** `line:column code path`. */
export function placed(errors: readonly PolicyError[]): readonly string[] {
  return errors.map(({ line, column, code, path }) => `${line}:${column} ${code}${path === '' ? '' : ` ${path}`}`);
}
