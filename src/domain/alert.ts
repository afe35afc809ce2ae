import type { Launcher } from './facts.ts';
import type { Finding } from './finding.ts';
import type { Subject } from './judge.ts';
import type { Scope } from './operations.ts';

/** Why an alert speaks of a finding. */
export type Change =
  | 'opened'
  | 'changed'
  /** Complies now. */
  | 'resolved'
  /** Still violates, and an exemption holds. */
  | 'exempted'
  /** Still violates, and the exemption that holds will end in a few days. */
  | 'exemption-ends'
  /** Something was done about it. */
  | 'acted'
  /** Something was to be done about it, and was not, or only in part. */
  | 'failed'
  /** All that would be done is put back each time, and is left alone for a day. */
  | 'contested'
  /** Something will be done about it soon. */
  | 'due'
  /** It still stands. */
  | 'reminder'
  /** The instance left the policy's `match`. */
  | 'out-of-scope'
  /** It can't be said, and looking again did not help. */
  | 'insufficient-data';

/** What led to a look: alerts of more than ten subjects with the same key become one message. */
export interface Cause {
  /** `launch:r-…`, `event:…`, `security-group:sg-…`, `sweep:…`, `bulk:…`. */
  readonly key: string;
  /** For a person: `launch r-0123`, `AuthorizeSecurityGroupIngress on sg-1`, `hourly sweep`. */
  readonly text: string;
  /** The event's own time, ISO 8601; left out when no event or no readable time led to the look. */
  readonly eventTime?: string;
}

/** What an alert says of the instance. Of its tags only those that tell a person whose it is. */
export interface InstanceSummary {
  readonly instanceId: string;
  readonly instanceType?: string;
  readonly state?: string;
  /** ISO 8601. */
  readonly launchTime?: string;
  readonly publicIpAddress?: string;
  /** `Auto Scaling group web`, `EKS node group …`: what made the instance and would make it again. */
  readonly parent?: string;
  readonly launcher?: Launcher;
  /** Name, Owner, Team and the deployment's chosen tag, as far as they are there. */
  readonly tags: Readonly<Record<string, string>>;
}

/** Where an alert goes. */
export type Channel = 'sns' | 'eventbridge';

/** What an alert says of one finding: that it changed, and how. */
export interface AlertEntry {
  readonly change: Change;
  readonly finding: Finding;
}

/** One message about one subject after one look. JSON: it waits in the subject's item until SNS has taken it. */
export interface Alert {
  /** The same however often it is sent. */
  readonly id: string;
  /** INSUFFICIENT_DATA concerns those who run the guardrail, the rest those who run instances. */
  readonly topic: 'alerts' | 'operations';
  /** Channels that have not taken it yet: each is tried again on its own. */
  readonly owes: readonly Channel[];
  readonly scope: Scope;
  readonly subject: Subject;
  readonly instance: InstanceSummary;
  readonly cause: Cause;
  /** When we looked, ISO 8601. */
  readonly observedAt: string;
  /** What came by the clock waits until then, ISO 8601, so that all of it is told in one message; left out: it waits for nothing. */
  readonly notBefore?: string;
  /** At least one, most severe first. */
  readonly entries: readonly AlertEntry[];
}
