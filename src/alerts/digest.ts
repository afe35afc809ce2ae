import type { Alert, AlertEntry, Cause, Change } from '../domain/alert.ts';
import { distinct } from '../domain/instance.ts';
import { severities } from '../domain/policy.ts';
import { alertContent, causeLines, namedInstance } from './alert.ts';
import { entryFields } from './entry.ts';
import {
  type AlertOptions,
  attributesOf,
  bytesOf,
  type Cut,
  fitted,
  type Message,
  messageOf,
  textLength,
} from './message.ts';
import { ascii, counted, field, printable, shortened, utc, wrapped } from './text.ts';
import { headlineOf, leadOf, strongestChange } from './words.ts';

/** How many instances, and how many policies, the text lists. */
const INSTANCES_LISTED = 50;
const POLICIES_LISTED = 20;

/** One message for alerts of many subjects with one cause: what they share once, then which instances. */
export function renderDigest(alerts: readonly Alert[], cause: Cause, options: AlertOptions): Message {
  const entries = bySeverity(alerts.flatMap((alert) => alert.entries));
  const findings = entries.map((entry) => entry.finding);
  const attributes = attributesOf('digest', findings, alerts[0]?.scope);
  return fitted(alerts.length, {
    content: (cut) => contentOf(alerts, cause, options, cut),
    build: (content, cut) =>
      messageOf(subjectOf(alerts, entries, cause), textOf(alerts, entries, cause, cut), content, attributes),
    bytes: bytesOf,
  });
}

function bySeverity(entries: readonly AlertEntry[]): readonly AlertEntry[] {
  return severities.flatMap((severity) => entries.filter(({ finding }) => finding.severity === severity));
}

function contentOf(alerts: readonly Alert[], cause: Cause, options: AlertOptions, cut: Cut): object {
  const shown = alerts.slice(0, cut.entries);
  const omitted = alerts.length - shown.length;
  return {
    version: 1,
    kind: 'digest',
    ...(alerts[0] === undefined
      ? {}
      : { topic: alerts[0].topic, accountId: alerts[0].scope.accountId, region: alerts[0].scope.region }),
    cause,
    subjects: alerts.length,
    alerts: shown.map((alert) => alertContent(alert, options, { ...cut, entries: alert.entries.length })),
    ...(omitted === 0 ? {} : { alertsOmitted: omitted }),
  };
}

/** `[CRITICAL] no-open-ssh (+1): 37 instances in us-east-1, launch r-0123`. */
function subjectOf(alerts: readonly Alert[], entries: readonly AlertEntry[], cause: Cause): string {
  const where = alerts[0] === undefined ? '' : ` in ${alerts[0].scope.region}`;
  return `${lead(entries, (more) => ` (+${more}): `)}${counted(alerts.length, 'instance')}${where}, ${cause.text}`;
}

function lead(entries: readonly AlertEntry[], others: (more: number) => string): string {
  const first = leadOf(entries);
  if (first === undefined) return '';
  const more = distinct(entries.map(({ finding }) => finding.policy)).length - 1;
  return `[${headlineOf(first)}] ${shortened(ascii(first.finding.policy), 40)}${more === 0 ? ': ' : others(more)}`;
}

function textOf(alerts: readonly Alert[], entries: readonly AlertEntry[], cause: Cause, cut: Cut): string {
  const policies = distinct(entries.map(({ finding }) => finding.policy));
  const shown = alerts.slice(0, Math.min(INSTANCES_LISTED, cut.entries));
  const groups = policies
    .slice(0, Math.min(POLICIES_LISTED, cut.entries))
    .map((policy) => policyText(alerts, policy, cut));
  return `${[
    headline(alerts, entries),
    [...causeLines(cause), ...scopeLines(alerts)].join('\n'),
    ...groups,
    ...moreThan(policies.length - groups.length, 'policies'),
    ['Instances', ...shown.map(instanceLine), ...moreThan(alerts.length - shown.length, 'instances')].join('\n'),
  ].join('\n\n')}\n`;
}

function headline(alerts: readonly Alert[], entries: readonly AlertEntry[]): string {
  const first = leadOf(entries);
  const others = distinct(entries.map(({ finding }) => finding.policy)).length - 1;
  const what =
    first === undefined
      ? ''
      : `${headlineOf(first)}: ${printable(first.finding.policy)}${others > 0 ? ` and ${others} more` : ''} on `;
  const where = alerts[0] === undefined ? '' : ` in ${alerts[0].scope.region}`;
  return wrapped(`${what}${counted(alerts.length, 'instance')}${where}`);
}

function scopeLines(alerts: readonly Alert[]): readonly string[] {
  const [first] = alerts;
  if (first === undefined) return [];
  const looks = alerts.map((alert) => alert.observedAt).sort();
  const from = looks[0] ?? first.observedAt;
  const to = looks.at(-1) ?? from;
  return [
    field('Account', `${first.scope.accountId}, ${first.scope.region}`),
    field('Looked', from === to ? `at ${utc(from)}` : `from ${utc(from)} to ${utc(to)}`),
  ];
}

/** What a policy says of the instances together; where they differ, for one of those that it matters most for. */
function policyText(alerts: readonly Alert[], policy: string, cut: Cut): string {
  const told = alerts.flatMap(({ instance, entries }) =>
    entries.filter(({ finding }) => finding.policy === policy).map((entry) => ({ ...entry, instance })),
  );
  const example = told.find((entry) => entry.change === strongestChange(told));
  if (example === undefined) return printable(policy);
  const { finding, instance } = example;
  const areAlike =
    new Set(told.map(({ change, finding: { reason, fix } }) => [change, reason, fix].join('\n'))).size === 1;
  const indent = '   ';
  return [
    wrapped(`${printable(policy)} (${finding.severity}): ${countsOf(told.map((entry) => entry.change))}`, '', indent),
    wrapped(printable(finding.description, textLength(cut)), indent),
    ...(areAlike ? [] : [field('Example', namedInstance(instance), indent)]),
    ...entryFields(example, textLength(cut)).map(([label, text]) => field(label, text, indent)),
    field('Policy', `${printable(finding.source.file)}, ${printable(finding.source.hash)}`, indent),
  ].join('\n');
}

/** `opened on 37 instances, resolved on 1 instance`. */
function countsOf(changes: readonly Change[]): string {
  return distinct(changes)
    .map(
      (change) =>
        `${change.replaceAll('-', ' ')} on ${counted(changes.filter((one) => one === change).length, 'instance')}`,
    )
    .join(', ');
}

function instanceLine({ instance, entries }: Alert): string {
  const shown = entries
    .slice(0, POLICIES_LISTED)
    .map(({ change, finding }) => `${change.replaceAll('-', ' ')} ${printable(finding.policy)}`);
  const more = entries.length - shown.length;
  const type = instance.instanceType === undefined ? '' : ` ${printable(instance.instanceType)}`;
  return wrapped(
    `${namedInstance(instance)}${type}: ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`,
    '   ',
    '      ',
  );
}

function moreThan(count: number, noun: string): readonly string[] {
  return count > 0 ? [`   and ${count} more ${noun}`] : [];
}
