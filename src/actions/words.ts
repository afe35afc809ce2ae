/** `a`, `a and b`, `a, b and c`, and past so many `a, b and 7 more`. */
export function listed(items: readonly string[], most: number): string {
  const more = items.length - most;
  const shown = more > 0 ? [...items.slice(0, most), `${more} more`] : items;
  if (shown.length < 2) return shown.join('');
  return `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`;
}

/** `a`, `a; b`, and past so many `a; b; 7 more`. For phrases that have commas. */
export function phrases(items: readonly string[], most: number): string {
  const more = items.length - most;
  return [...items.slice(0, most), ...(more > 0 ? [`${more} more`] : [])].join('; ');
}
