import type { Scope } from '../domain/operations.ts';
import { type Severity, severities } from '../domain/policy.ts';
import { placeText } from './alert.ts';
import {
  attributesOf,
  bytesOf,
  type Cut,
  fitted,
  MESSAGE_COPIES,
  type Message,
  messageOf,
  omitted,
} from './message.ts';
import { counted, field, printable, section, utc, wrapped } from './text.ts';

/** That the guardrail is alive, and what it has to show for it. */
export interface Heartbeat {
  readonly version: string;
  readonly scope: Scope;
  /** ISO 8601. */
  readonly at: string;
  /** The last sweep that was completed; left out: none was yet. */
  readonly lastSweep?: {
    readonly sweepId: string;
    readonly completedAt: string;
    /** How many instances it looked at, and how many verdicts that gave. */
    readonly instances: number;
    readonly evaluations: number;
  };
  /** Findings that are open, by severity. */
  readonly open: Readonly<Record<Severity, number>>;
  /** How many of them opened in the last seven days. */
  readonly openedThisWeek: number;
  /** Findings of which nothing can be said. */
  readonly unknown: number;
  /** Alerts that a channel has not taken yet. */
  readonly alertsOwed: number;
  readonly policies: readonly { readonly name: string; readonly severity: Severity }[];
}

/** The weekly message: counts, and what is deployed. */
export function renderHeartbeat(heartbeat: Heartbeat): Message {
  const subject = `[ALIVE] ${totals(heartbeat)}`;
  const attributes = attributesOf('heartbeat', [], heartbeat.scope);
  return fitted(heartbeat.policies.length, {
    content: (cut) => contentOf(heartbeat, cut),
    build: (content, cut) => messageOf(subject, textOf(heartbeat, cut), content, attributes),
    bytes: bytesOf,
    copies: MESSAGE_COPIES,
  });
}

/** `12 open findings, 3 unknown in us-east-1`. */
function totals({ open, unknown, scope }: Heartbeat): string {
  return `${counted(sumOf(open), 'open finding')}, ${unknown} unknown in ${printable(scope.region)}`;
}

function sumOf(open: Heartbeat['open']): number {
  return severities.reduce((sum, severity) => sum + open[severity], 0);
}

function textOf(heartbeat: Heartbeat, cut: Cut): string {
  const { version, scope, at, openedThisWeek, unknown, alertsOwed } = heartbeat;
  return `${[
    wrapped(`The guardrail is alive: ${totals(heartbeat)}`),
    [
      field('Account', placeText(scope)),
      field('Version', `${printable(version)}, at ${utc(at)}`),
      field('Last sweep', sweepText(heartbeat)),
      field('Open', `${severityText(heartbeat.open)}; ${openedThisWeek} of them opened in the last 7 days`),
      field('Unknown', String(unknown)),
      field('Not sent', alertsOwed === 0 ? 'none: every alert was taken' : `${counted(alertsOwed, 'alert')} so far`),
    ].join('\n'),
    ...policiesText(heartbeat, cut),
    wrapped('The next message like this comes in a week. Where it does not come, neither does anything else.'),
  ].join('\n\n')}\n`;
}

function sweepText({ lastSweep }: Heartbeat): string {
  if (lastSweep === undefined) return 'none was completed yet';
  const { completedAt, instances, evaluations } = lastSweep;
  return `completed at ${utc(completedAt)}: ${counted(instances, 'instance')}, ${counted(evaluations, 'verdict')}`;
}

function severityText(open: Heartbeat['open']): string {
  const counts = severities.filter((severity) => open[severity] > 0).map((severity) => `${open[severity]} ${severity}`);
  return counts.length === 0 ? 'none' : counts.join(', ');
}

function policiesText({ policies }: Heartbeat, cut: Cut): readonly string[] {
  if (policies.length === 0) return ['No policy is deployed'];
  const lines = policies.slice(0, cut.entries).map(({ name, severity }) => `   ${printable(name)} (${severity})`);
  return section('Policies', lines, policies.length);
}

function contentOf({ scope, version, policies, ...rest }: Heartbeat, cut: Cut): object {
  return {
    version: 1,
    kind: 'heartbeat',
    topic: 'operations',
    accountId: scope.accountId,
    region: scope.region,
    guardrailVersion: version,
    ...rest,
    policies: policies.slice(0, cut.entries),
    ...omitted('policiesOmitted', policies.length - cut.entries),
  };
}
