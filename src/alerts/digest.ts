import type { Alert, AlertEntry, Cause, InstanceSummary } from '../domain/alert.ts';
import { groupedBy } from '../domain/grouped.ts';
import { distinct } from '../domain/instance.ts';
import { lastOutcome, refusalOf } from './actions.ts';
import { causeLines, chosenTag, namedInstance, placeText } from './alert.ts';
import { entryFields } from './entry.ts';
import {
  type AlertOptions,
  type Attributes,
  attributesOf,
  bytesOf,
  type Cut,
  fitted,
  MESSAGE_COPIES,
  type Message,
  messageOf,
  omitted,
  tagValuesAttribute,
  textLength,
} from './message.ts';
import { ascii, counted, field, printable, shortened, utc, wrapped } from './text.ts';
import { headlineOf, leadOf, mostUrgentFirst } from './words.ts';

/** How many instances, and how many policies, the text lists. */
const INSTANCES_LISTED = 30;
const POLICIES_LISTED = 20;

/** How many instances the text names beside each policy. */
const INSTANCES_NAMED = 5;

/** How many entries of one alert the JSON holds. */
const ENTRIES_LISTED = 50;

/** An entry, and the instance that it is about. */
interface Told extends AlertEntry {
  readonly instance: InstanceSummary;
}

/** What is told of one policy, most urgent first. */
type PolicyTold = readonly [Told, ...Told[]];

/** What a digest tells, each list most urgent first: where a message has an end, the least urgent is left out. */
interface Digest {
  readonly cause: Cause;
  readonly alerts: readonly Alert[];
  readonly told: readonly Told[];
  readonly policies: readonly PolicyTold[];
}

/** One message for alerts of many subjects with one cause: what they share once, then which instances. */
export function renderDigest(given: readonly Alert[], cause: Cause, options: AlertOptions): Message {
  const alerts = mostUrgentFirst(given, ({ entries }) => entries);
  const told = mostUrgentFirst(
    alerts.flatMap(({ instance, entries }) => entries.map((entry) => ({ ...entry, instance }))),
    (one) => [one],
  );
  const policies = [...groupedBy(told, ({ finding }) => finding.policy).values()];
  const digest = { cause, alerts, told, policies };
  const findings = told.map(({ finding }) => finding);
  const attributes = attributesOf('digest', findings, alerts[0]?.scope, chosenTags(alerts, options));
  return fitted(alerts.length, {
    content: (cut) => contentOf(digest, cut),
    build: (content, cut) => messageOf(subjectOf(digest), textOf(digest, cut), content, attributes),
    bytes: bytesOf,
    copies: MESSAGE_COPIES,
  });
}

function chosenTags(alerts: readonly Alert[], options: AlertOptions): Attributes {
  const { tagKey = '' } = options;
  return tagValuesAttribute(
    tagKey,
    alerts.flatMap(({ instance }) => chosenTag(instance, options) ?? []),
  );
}

function contentOf({ cause, alerts, policies }: Digest, cut: Cut): object {
  const [first] = alerts;
  const about =
    first === undefined ? {} : { topic: first.topic, accountId: first.scope.accountId, region: first.scope.region };
  return {
    version: 1,
    kind: 'digest',
    ...about,
    cause,
    subjects: alerts.length,
    policies: policies.slice(0, cut.entries).map(policyContent),
    ...omitted('policiesOmitted', policies.length - cut.entries),
    alerts: alerts.slice(0, cut.entries).map((alert) => alertContent(alert, cut)),
    ...omitted('alertsOmitted', alerts.length - cut.entries),
  };
}

/** What all findings of a policy share, and one fix as an example: commands name the instance that it is of. */
function policyContent([{ finding, instance }]: PolicyTold): object {
  const { policy, rule, severity, description, mode, source, fix } = finding;
  return { policy, rule, severity, description, mode, source, example: { instanceId: instance.instanceId, fix } };
}

function alertContent({ id, subject, instance, observedAt, entries }: Alert, cut: Cut): object {
  const { instanceId, tags } = instance;
  return {
    id,
    ...(cut.details ? { subject, instance, observedAt } : { instance: { instanceId, tags } }),
    entries: entries.slice(0, ENTRIES_LISTED).map((entry) => entryContent(entry, cut)),
    ...omitted('entriesOmitted', entries.length - ENTRIES_LISTED),
  };
}

function entryContent({ change, finding }: AlertEntry, cut: Cut): object {
  const { id, policy, severity, reason, fix } = finding;
  const outcome = lastOutcome(finding);
  const acted = outcome === undefined ? {} : { lastOutcome: outcome };
  return { change, finding: { id, policy, severity, reason, ...acted, ...(cut.details ? { fix } : {}) } };
}

/** `[CRITICAL] no-open-ssh (+1): 37 instances in us-east-1, launch r-0123`. */
function subjectOf({ alerts, told, policies, cause }: Digest): string {
  const where = alerts[0] === undefined ? '' : ` in ${alerts[0].scope.region}`;
  const others = policies.length > 1 ? ` (+${policies.length - 1})` : '';
  const first = leadOf(told);
  const lead =
    first === undefined ? '' : `[${headlineOf(first)}] ${shortened(ascii(first.finding.policy), 40)}${others}: `;
  return `${lead}${counted(alerts.length, 'instance')}${where}, ${cause.text}`;
}

function textOf(digest: Digest, cut: Cut): string {
  const { cause, alerts, policies } = digest;
  const shown = alerts.slice(0, Math.min(INSTANCES_LISTED, cut.entries));
  const groups = policies
    .slice(0, Math.min(POLICIES_LISTED, cut.entries))
    .map((told) => policyText(told, alerts[0]?.scope.region ?? '', cut));
  return `${[
    headline(digest),
    [...causeLines(cause), ...scopeLines(alerts)].join('\n'),
    ...groups,
    ...moreThan(policies.length - groups.length, 'policies'),
    ['Instances', ...shown.map(instanceLine), ...moreThan(alerts.length - shown.length, 'instances')].join('\n'),
  ].join('\n\n')}\n`;
}

function headline({ alerts, told, policies }: Digest): string {
  const first = leadOf(told);
  const others = policies.length > 1 ? ` and ${policies.length - 1} more` : '';
  const what = first === undefined ? '' : `${headlineOf(first)}: ${printable(first.finding.policy)}${others} on `;
  const where = alerts[0] === undefined ? '' : ` in ${printable(alerts[0].scope.region)}`;
  return wrapped(`${what}${counted(alerts.length, 'instance')}${where}`);
}

function scopeLines(alerts: readonly Alert[]): readonly string[] {
  const [first] = alerts;
  if (first === undefined) return [];
  const looks = alerts.map((alert) => alert.observedAt).sort();
  const from = looks[0] ?? first.observedAt;
  const to = looks.at(-1) ?? from;
  return [
    field('Account', placeText(first.scope)),
    field('Looked', from === to ? `at ${utc(from)}` : `from ${utc(from)} to ${utc(to)}`),
  ];
}

/** What a policy says of the instances together; where they differ, for one of those that it matters most for. */
function policyText(told: PolicyTold, region: string, cut: Cut): string {
  const [example] = told;
  const { finding, instance } = example;
  const areAlike =
    new Set(told.map(({ change, finding }) => [change, finding.reason, finding.fix, lastOutcome(finding)].join('\n')))
      .size === 1;
  const indent = '   ';
  return [
    wrapped(`${printable(finding.policy)} (${finding.severity}): ${countsOf(told)}`, '', indent),
    wrapped(printable(finding.description, textLength(cut)), indent),
    field('On', instancesOf(told.filter(({ change }) => change === example.change)), indent),
    ...(areAlike ? [] : [field('Example', namedInstance(instance), indent)]),
    ...entryFields(example, region, cut).map(([label, text]) => field(label, text, indent)),
    field('Policy', `${printable(finding.source.file)}, ${printable(finding.source.hash)}`, indent),
  ].join('\n');
}

/** `opened on 37 instances, resolved on 1 instance`. */
function countsOf(told: PolicyTold): string {
  return [...groupedBy(told, ({ change }) => change)]
    .map(([change, some]) => `${change.replaceAll('-', ' ')} on ${counted(some.length, 'instance')}`)
    .join(', ');
}

/** `i-1, i-2 and 35 more`. */
function instancesOf(told: readonly Told[]): string {
  const ids = distinct(told.map(({ instance }) => instance.instanceId));
  const named = ids.slice(0, INSTANCES_NAMED).map((id) => printable(id));
  return `${named.join(', ')}${ids.length > named.length ? ` and ${ids.length - named.length} more` : ''}`;
}

function instanceLine({ instance, entries }: Alert): string {
  const shown = entries.slice(0, POLICIES_LISTED).map(({ change, finding }) => {
    const outcome = lastOutcome(finding) ?? refusalOf(finding);
    const done = outcome === undefined ? '' : ` (${outcome})`;
    return `${change.replaceAll('-', ' ')} ${printable(finding.policy)} ${printable(finding.id)}${done}`;
  });
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
