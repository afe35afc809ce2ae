import { createHash } from 'node:crypto';

/** The first 12 hex digits of a SHA-256 over texts: names of findings, alerts and definitions that say what they are of. */
export function digest(parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 12);
}
