import type { Scope } from './operations.ts';

/** What EC2 does with an instance whose capacity it takes back. */
export const interruptions = ['terminate', 'stop', 'hibernate'] as const;
export type Interruption = (typeof interruptions)[number];

/** What AWS tells of an instance that it takes away, or may. */
export const noticeKinds = [
  /** A Spot instance: two minutes. */
  'interruption',
  /** An instance in a capacity reservation that its owner takes back: until the time that the notice names. */
  'reservation',
  /** A Spot instance that is more likely than others to be interrupted: no time is named. */
  'rebalance',
  /** An Auto Scaling group ends an instance, and waits for its life cycle hooks. */
  'leaving-group',
  /** It stops or ends, whoever wanted that. */
  'ending',
  /** It runs: it was started, or what was announced did not come. */
  'running',
  /** AWS Health has planned something for it. */
  'health',
] as const;
export type NoticeKind = (typeof noticeKinds)[number];

/** What AWS announced of one instance. JSON. */
export interface Notice {
  readonly kind: NoticeKind;
  readonly instanceId: string;
  readonly scope: Scope;
  /** Of `interruption` and `reservation`. What AWS calls by a name that we don't know is taken for the hardest: `terminate`. */
  readonly action?: Interruption;
  /** The event's own time, ISO 8601; where that can't be read, when we received it. */
  readonly at: string;
  /** Until when there is time, ISO 8601; left out where the notice names none. */
  readonly deadline?: string;
  /** The Availability Zone, as the event's ARN has it. */
  readonly zone?: string;
  /** Of `ending`: the state that it is in now. */
  readonly state?: string;
  /** Of `leaving-group`: what waits. */
  readonly hook?: LifecycleHook;
  /** Of `health`: in words. */
  readonly text?: string;
  /** A rehearsal: whatever the policies say, nothing is done. */
  readonly isTest?: true;
}

/** A life cycle hook of an Auto Scaling group that waits for its completion. */
export interface LifecycleHook {
  readonly group: string;
  readonly name: string;
}

/** The source of a rehearsal: an event in AWS's form that somebody of the account sends. AWS alone can send as `aws.…`. */
export const SELF_TEST_SOURCE = 'ec2-guardrail.selftest';

/** How long EC2 waits between the notice and the end of a Spot instance, in milliseconds: two minutes. */
export const NOTICE_MS = 120_000;

/**
 * Until when there is time after an interruption was announced. An instance that is to be hibernated begins with that at once.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html
 */
export function deadlineOf(action: Interruption, at: string): string {
  return action === 'hibernate' ? at : new Date(Date.parse(at) + NOTICE_MS).toISOString();
}
