import { quoted, skeleton } from './characters.ts';

/** Shortest text for which one different character is taken for a slip: `env` and `end` are just two words. */
const SHORTEST_FOR_A_SLIP = 4;

/** What differs. `nearly the same`: several of those before it. */
export type Difference =
  | 'case differs'
  | 'spaces differ'
  | 'look-alike letters'
  | 'nearly the same'
  | 'one character differs';

/** A text that somebody probably meant to be another, and what differs: `there is "owner" (case differs)`. */
export interface NearMiss {
  readonly text: string;
  readonly difference: Difference;
}

/** The first of several texts that is nearly, but not quite, the wanted one; the smallest difference first. */
export function nearMissOf(wanted: string, among: readonly string[]): NearMiss | undefined {
  const others = among.filter((text) => text !== wanted).toSorted();
  for (const { difference, nearly } of differences) {
    const text = others.find((other) => nearly(wanted, other));
    if (text !== undefined) return { text, difference };
  }
  return undefined;
}

const differences: readonly {
  readonly difference: Difference;
  readonly nearly: (wanted: string, other: string) => boolean;
}[] = [
  { difference: 'case differs', nearly: same(lower) },
  { difference: 'spaces differ', nearly: same(withoutSpaces) },
  { difference: 'look-alike letters', nearly: same(skeleton) },
  { difference: 'nearly the same', nearly: same((text) => lower(skeleton(withoutSpaces(text)))) },
  { difference: 'one character differs', nearly: (wanted, other) => isOneEdit(lower(wanted), lower(other)) },
];

function same(fold: (text: string) => string): (wanted: string, other: string) => boolean {
  return (wanted, other) => fold(wanted) === fold(other);
}

function lower(text: string): string {
  return text.toLowerCase();
}

/** Invisible characters count as spaces: nobody can see the difference. */
function withoutSpaces(text: string): string {
  return text.replaceAll(/[\s\p{Cf}]/gu, '');
}

/** Whether one character was added, left out or mistyped, or two neighbours changed places. */
function isOneEdit(wanted: string, other: string): boolean {
  const a = [...wanted];
  const b = [...other];
  if (a.length < SHORTEST_FOR_A_SLIP || Math.abs(a.length - b.length) > 1) return false;
  const start = a.findIndex((character, index) => character !== b[index]);
  const from = start < 0 ? a.length : start;
  const restIs = (skipA: number, skipB: number) => a.slice(from + skipA).join('') === b.slice(from + skipB).join('');
  if (a.length < b.length) return restIs(0, 1);
  if (a.length > b.length) return restIs(1, 0);
  return restIs(1, 1) || (a[from] === b[from + 1] && a[from + 1] === b[from] && restIs(2, 2));
}

/** `there is "owner" (case differs)`. */
export function describeNearMiss({ text, difference }: NearMiss): string {
  return `there is ${quoted(text)} (${difference})`;
}
