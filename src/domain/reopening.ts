import type { Finding } from './finding.ts';
import { hasEnded, type Judgement } from './judge.ts';
import { DAY_MS } from './time.ts';

/** How long a closed finding is remembered, in milliseconds: seven days. */
export const REMEMBERED_MS = 7 * DAY_MS;

/** Earlier openings that a finding continues: whoever mends for an hour does not get a new grace by it. */
export interface Earlier {
  /** When the first of them opened, ISO 8601. */
  readonly firstOpenedAt: string;
  /** How many there were. */
  readonly openings: number;
  /** When the last of them ended, ISO 8601. */
  readonly endedAt: string;
}

/** From when on the grace of a finding counts, ISO 8601. */
export function graceFrom({ earlier, openedAt }: Pick<Finding, 'earlier' | 'openedAt'>): string {
  return earlier?.firstOpenedAt ?? openedAt;
}

/** Whether what ended then is still remembered. */
export function isRemembered(endedAt: string, at: Date): boolean {
  return at.getTime() - Date.parse(endedAt) < REMEMBERED_MS;
}

/**
 * What a finding continues that opens now. What the owner can bring about by a tag continues: a cure, leaving the policy's
 * `match`, meeting an exemption and leaving it again; so does an instance that EC2 did not show for a while. What those
 * decided who answer for the policies begins anew, with full grace: a policy was withdrawn, an exemption ran to its end, or
 * the policy that it stood in was edited.
 */
export function earlierOf(before: Finding | undefined, now: Judgement, at: Date): Earlier | undefined {
  if (before === undefined || before.closedAs === 'withdrawn') return undefined;
  if (before.closedAs === 'exempted' && before.source.hash !== now.policy.source.hash) return undefined;
  const earlier = wasOpened(before) ? endOf(before) : before.earlier;
  if (earlier === undefined || !isRemembered(earlier.endedAt, at)) return undefined;
  const exemption = before.exempt ?? before.wasExempt;
  const hasEndedSince =
    exemption !== undefined && hasEnded(exemption, at) && !hasEnded(exemption, new Date(earlier.endedAt));
  return hasEndedSince ? undefined : earlier;
}

/** Only what was open has an origin: what was unknown, or exempt from the first, never was. */
function wasOpened({ status, origin }: Finding): boolean {
  return status === 'closed' && origin !== undefined;
}

function endOf(finding: Finding): Earlier {
  const { earlier, openedAt, closedAt = openedAt } = finding;
  return { firstOpenedAt: graceFrom(finding), openings: (earlier?.openings ?? 0) + 1, endedAt: closedAt };
}
