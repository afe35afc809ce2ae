import type { Alert, AlertEntry, Cause, InstanceSummary } from '../domain/alert.ts';
import type { Launcher } from '../domain/facts.ts';
import type { Scope } from '../domain/operations.ts';
import { lastOutcome, nextAction } from './actions.ts';
import { entryFields, lifetimeOf } from './entry.ts';
import {
  type AlertOptions,
  attributesOf,
  bytesOf,
  type Cut,
  findingContent,
  fitted,
  MESSAGE_COPIES,
  type Message,
  messageOf,
  omitted,
  SUBJECT_LENGTH,
  tagAttribute,
  textLength,
} from './message.ts';
import { consoleLink } from './partition.ts';
import { ascii, between, field, printable, quoted, shortened, utc, withName, wrapped } from './text.ts';
import { headlineOf, leadOf, strongestChange } from './words.ts';

/** How many tags an alert shows. */
const TAGS_SHOWN = 8;

/** A link is cut only where it is none of AWS's, in characters. */
const LINK_LENGTH = 500;

/** The message of one alert: a mail that a person can act on, and the same as JSON for programs. */
export function renderAlert(alert: Alert, options: AlertOptions): Message {
  const kind = strongestChange(alert.entries);
  const findings = alert.entries.map((entry) => entry.finding);
  const { tagKey = '' } = options;
  const value = chosenTag(alert.instance, options);
  const chosen = value === undefined ? {} : tagAttribute(tagKey, value);
  const attributes = attributesOf(kind, findings, alert.scope, chosen);
  return fitted(alert.entries.length, {
    content: (cut) => ({ version: 1, kind, ...alertContent(alert, options, cut) }),
    build: (content, cut) => messageOf(subjectOf(alert), textOf(alert, options, cut), content, attributes),
    bytes: bytesOf,
    copies: MESSAGE_COPIES,
  });
}

/** The value of the chosen tag, if there is one and the instance has it. */
export function chosenTag({ tags }: InstanceSummary, { tagKey }: AlertOptions): string | undefined {
  return tagKey === undefined || !Object.hasOwn(tags, tagKey) ? undefined : tags[tagKey];
}

function alertContent(alert: Alert, options: AlertOptions, cut: Cut): object {
  const { id, topic, scope, subject, instance, cause, observedAt } = alert;
  return {
    id,
    topic,
    accountId: scope.accountId,
    region: scope.region,
    subject,
    instance: { ...instance, console: consoleLink(scope.region, instance.instanceId, options.partitionDomain) },
    cause,
    observedAt,
    entries: alert.entries
      .slice(0, cut.entries)
      .map(({ change, finding }) => ({ change, finding: findingContent(finding, cut) })),
    ...omitted('entriesOmitted', alert.entries.length - cut.entries),
  };
}

/** `[CRITICAL] no-open-ssh (+2): i-0123 web-1 in us-east-1`. What is too long is cut: the Name, then the policy. */
function subjectOf({ entries, instance, subject, scope, observedAt }: Alert): string {
  const lead = leadOf(entries);
  if (lead === undefined) return ascii(`${subject.id} in ${scope.region}`);
  const head = `[${headlineOf(lead)}] `;
  const more = entries.length > 1 ? ` (+${entries.length - 1})` : '';
  const tail = `${more}${additionTo(lead, observedAt)}: ${subject.id}`;
  const place = ` in ${scope.region}`;
  const policy = shortened(ascii(lead.finding.policy), SUBJECT_LENGTH - head.length - tail.length - place.length);
  const room = SUBJECT_LENGTH - head.length - policy.length - tail.length - place.length - 1;
  const name = shortened(ascii(instance.tags.Name ?? '').trim(), room);
  return `${head}${policy}${tail}${name === '' ? '' : ` ${name}`}${place}`;
}

/** What a violation's headline does not say: that it is not new, what was done about it, and what comes. */
function additionTo({ change, finding }: AlertEntry, observedAt: string): string {
  const next = change === 'due' ? nextAction(finding, observedAt) : undefined;
  if (next !== undefined) return `, ${next}`;
  const again = change === 'opened' && finding.earlier !== undefined ? ' again' : '';
  const changed = change === 'changed' ? ' changed' : '';
  const outcome = lastOutcome(finding);
  const done = outcome === undefined || change === 'resolved' ? '' : `, ${outcome}`;
  return `${again}${changed}${done}`;
}

function textOf(alert: Alert, options: AlertOptions, cut: Cut): string {
  const shown = alert.entries.slice(0, cut.entries);
  const more = alert.entries.length - shown.length;
  return `${[
    headline(alert),
    [...instanceLines(alert, options), ...causeLines(alert.cause), field('Looked', `at ${utc(alert.observedAt)}`)].join(
      '\n',
    ),
    ...shown.map((entry, index) => entryText(entry, index + 1, alert.scope.region, options.now.toISOString(), cut)),
    ...(more === 0 ? [] : [`and ${more} more`]),
    '',
  ]
    .join('\n\n')
    .trimEnd()}\n`;
}

function headline({ entries, instance, scope }: Alert): string {
  const lead = leadOf(entries);
  const others = entries.length > 1 ? ` and ${entries.length - 1} more` : '';
  const what = lead === undefined ? '' : `${headlineOf(lead)}: ${printable(lead.finding.policy)}${others} on `;
  return wrapped(`${what}${namedInstance(instance)} in ${printable(scope.region)}`);
}

/** `i-0123 "web-1"`. */
export function namedInstance({ instanceId, tags }: InstanceSummary): string {
  return withName(instanceId, tags.Name === '' ? undefined : tags.Name);
}

/** Which instance it is, whose, and where. */
export function instanceLines(
  { instance, scope }: Pick<Alert, 'instance' | 'scope'>,
  options: Pick<AlertOptions, 'now' | 'partitionDomain'>,
): readonly string[] {
  const { instanceId, instanceType, state, publicIpAddress, parent } = instance;
  const details = [instanceType, state].filter((detail) => detail !== undefined).map((detail) => printable(detail));
  const tags = Object.entries(instance.tags).slice(0, TAGS_SHOWN);
  return [
    field('Instance', `${printable(instanceId)}${details.length === 0 ? '' : ` (${details.join(', ')})`}`),
    ...tags.map(([key, value]) => field(`${printable(key, 50)}`, quoted(value))),
    field('Account', placeText(scope)),
    ...(publicIpAddress === undefined ? [] : [field('Public IP', printable(publicIpAddress))]),
    ...(parent === undefined ? [] : [field('Part of', printable(parent))]),
    field('Launched', launchText(instance, options.now.toISOString())),
    field('Console', printable(consoleLink(scope.region, instanceId, options.partitionDomain), LINK_LENGTH)),
  ];
}

/** `123456789012, us-east-1`. */
export function placeText({ accountId, region }: Scope): string {
  return `${printable(accountId)}, ${printable(region)}`;
}

function launchText({ launchTime, launcher }: InstanceSummary, now: string): string {
  const when = launchTime === undefined ? '' : `${utc(launchTime)} (${between(launchTime, now)} ago), `;
  if (launcher === undefined) return `${when}by whom is not recorded`;
  return `${when}by ${printable(launcher.name)}${serviceBetween(launcher)}`;
}

/** The service that a person launched through; a service that launched on its own behalf is named already. */
function serviceBetween({ invokedBy, name, arn = '' }: Launcher): string {
  const isItself = invokedBy === undefined || invokedBy === name || arn.includes(':assumed-role/AWSServiceRoleFor');
  return isItself ? '' : ` through ${printable(invokedBy)}`;
}

/** What led to the look, with the event's own time. */
export function causeLines({ text, eventTime }: Cause): readonly string[] {
  return [field('Cause', `${printable(text)}${eventTime === undefined ? '' : `, at ${utc(eventTime)}`}`)];
}

function entryText({ change, finding }: AlertEntry, number: number, region: string, now: string, cut: Cut): string {
  const indent = '   ';
  const told = change.replaceAll('-', ' ');
  return [
    wrapped(`${number}. ${told}, ${finding.severity}: ${printable(finding.policy)}`, '', indent),
    wrapped(printable(finding.description, textLength(cut)), indent),
    ...entryFields({ change, finding }, region, cut).map(([label, text]) => field(label, text, indent)),
    field(...lifetimeOf({ change, finding }, now), indent),
    field('Policy', `${printable(finding.source.file)}, ${printable(finding.source.hash)}`, indent),
    field('Finding', printable(finding.id), indent),
  ].join('\n');
}
