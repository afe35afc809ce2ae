import type { Finding } from './finding.ts';
import { isNotify, type Policy } from './policy.ts';
import type { Step } from './steps.ts';

/** What a finding has been told of itself beyond its opening, and when it is to be looked at next. */
export type Notices = Pick<Finding, 'remindedMs' | 'announced' | 'wakeAt'>;

/** What is due to be told of an open finding because time has passed. */
export interface Notice {
  /** Left out: nothing. What comes next matters more than that it still stands. */
  readonly tell?: 'due' | 'reminder';
  readonly notices: Notices;
}

/**
 * What the passing of time makes of an open finding: reminders, announcements of the next action, and when the next of all
 * that comes. Pure. @param isSilent it opens with this look, or the look tells nothing: what is past already counts as told.
 */
export function noticeOf(finding: Finding, policy: Policy, at: Date, isSilent: boolean): Notice {
  const notify = policy.actions.find(isNotify);
  const { afterMs = [], beforeMs } = notify ?? {};
  const opened = Date.parse(finding.openedAt);
  const past = afterMs.filter((after) => after > 0 && opened + after <= at.getTime());
  const remindedMs = Math.max(0, ...past);
  const next = nextDueAt(finding.steps ?? [], at);
  const announceAt = next === undefined || beforeMs === undefined ? undefined : Date.parse(next) - beforeMs;
  const isAnnounced = announceAt !== undefined && announceAt <= at.getTime();
  const announced = isAnnounced ? next : finding.announced;
  const isReminder = remindedMs > (finding.remindedMs ?? 0);
  const tell = isAnnounced && next !== finding.announced ? 'due' : isReminder ? 'reminder' : undefined;
  const wakeAt = earliestAfter(at, [
    ...afterMs.map((after) => opened + after),
    ...(announceAt === undefined ? [] : [announceAt]),
    ...(next === undefined ? [] : [Date.parse(next)]),
  ]);
  return {
    ...(tell === undefined || isSilent ? {} : { tell }),
    notices: {
      ...(remindedMs === 0 ? {} : { remindedMs }),
      ...(announced === undefined ? {} : { announced }),
      ...(wakeAt === undefined ? {} : { wakeAt }),
    },
  };
}

function nextDueAt(steps: readonly Step[], at: Date): string | undefined {
  const now = at.toISOString();
  return steps
    .flatMap(({ dueAt = '' }) => (dueAt > now ? [dueAt] : []))
    .sort()
    .at(0);
}

function earliestAfter(at: Date, times: readonly number[]): string | undefined {
  const future = times.filter((time) => time > at.getTime());
  return future.length === 0 ? undefined : new Date(Math.min(...future)).toISOString();
}
