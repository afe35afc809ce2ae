/**
 * Whether a text matches a glob: `*` is any run of characters, none included, `?` is one; case counts, the whole text
 * must match. Linear in the text for one star, never exponential: tag values come from strangers.
 */
export function matchesGlob(glob: string, text: string): boolean {
  const pattern = [...glob];
  const characters = [...text];
  let p = 0;
  let t = 0;
  let star = -1;
  let resumeAt = 0;
  while (t < characters.length) {
    if (pattern[p] === '*') {
      star = p++;
      resumeAt = t;
    } else if (pattern[p] === '?' || (p < pattern.length && pattern[p] === characters[t])) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++resumeAt;
    } else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}

/** Whether a text matches at least one of the globs. */
export function matchesAnyGlob(globs: readonly string[], text: string): boolean {
  return globs.some((glob) => matchesGlob(glob, text));
}
