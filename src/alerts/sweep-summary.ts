import type { Finding, SubjectRecord } from '../domain/finding.ts';
import { groupedBy } from '../domain/grouped.ts';
import { distinct } from '../domain/instance.ts';
import type { Scope } from '../domain/operations.ts';
import { type Severity, severities } from '../domain/policy.ts';
import { placeText } from './alert.ts';
import {
  type AlertOptions,
  attributesOf,
  bytesOf,
  type Cut,
  fitted,
  MESSAGE_COPIES,
  type Message,
  messageOf,
  omitted,
} from './message.ts';
import { consoleLink } from './partition.ts';
import { counted, field, printable, section, utc, withName, wrapped } from './text.ts';
import { whatHappens } from './words.ts';

/** What the first sweep of a deployment found: told at once, since the findings of it opened silently. */
export interface SweepSummary {
  readonly scope: Scope;
  readonly sweepId: string;
  /** When it was summed up, ISO 8601. */
  readonly at: string;
  /** A sweep that could not be completed is summed up as far as it came. */
  readonly sweepWas: 'complete' | 'incomplete';
  /** How many instances were looked at. */
  readonly instances: number;
  /** Findings as they stand. Those that are closed are not told. */
  readonly findings: readonly SweptFinding[];
}

export interface SweptFinding {
  readonly instanceId: string;
  /** The instance's Name tag. */
  readonly name?: string;
  readonly finding: Finding;
}

/** The findings of an item, each with the instance that it is about. */
export function sweptFindings({ subject, instance, findings }: SubjectRecord): readonly SweptFinding[] {
  const name = instance?.tags.Name;
  const about = { instanceId: subject.id, ...(name === undefined ? {} : { name }) };
  return findings.map((finding) => ({ ...about, finding }));
}

/** How many instances the text lists. The JSON lists all, while there is room. */
const INSTANCES_LISTED = 20;

interface PolicyCount {
  readonly policy: string;
  readonly severity: Severity;
  readonly description: string;
  readonly open: number;
  readonly unknown: number;
}

interface InstanceCount {
  readonly instanceId: string;
  readonly name?: string;
  readonly severity: Severity;
  readonly policies: readonly string[];
}

/** The summary of a first sweep: findings by policy, most severe first, and the instances that need a person most. */
export function renderSweepSummary(summary: SweepSummary, options: AlertOptions): Message {
  const findings = bySeverity(summary.findings.filter(({ finding }) => finding.status !== 'closed'));
  const policies = policyCounts(findings);
  const instances = instanceCounts(findings.filter(({ finding }) => finding.status === 'open'));
  const attributes = attributesOf(
    'summary',
    findings.map(({ finding }) => finding),
    summary.scope,
  );
  const incomplete = summary.sweepWas === 'incomplete' ? ' (incomplete)' : '';
  const subject = `[SUMMARY] ${totals(policies, instances, summary)}${incomplete}`;
  return fitted(Math.max(policies.length, instances.length), {
    content: (cut) => contentOf(summary, policies, instances, options, cut),
    build: (content, cut) => messageOf(subject, textOf(summary, policies, instances, cut), content, attributes),
    bytes: bytesOf,
    copies: MESSAGE_COPIES,
  });
}

function bySeverity(findings: readonly SweptFinding[]): readonly SweptFinding[] {
  return severities.flatMap((severity) => findings.filter(({ finding }) => finding.severity === severity));
}

function policyCounts(findings: readonly SweptFinding[]): readonly PolicyCount[] {
  const groups = groupedBy(findings, ({ finding }) => finding.policy);
  return [...groups].map(([policy, group]) => {
    const { severity, description } = group[0].finding;
    const open = group.filter(({ finding }) => finding.status === 'open').length;
    return { policy, severity, description, open, unknown: group.length - open };
  });
}

/** In the order of their most severe finding, those with more findings first. */
function instanceCounts(findings: readonly SweptFinding[]): readonly InstanceCount[] {
  const groups = groupedBy(findings, ({ instanceId }) => instanceId);
  const counts = [...groups].map(([instanceId, group]): InstanceCount => {
    const [{ name, finding }] = group;
    const policies = distinct(group.map((one) => one.finding.policy));
    return { instanceId, ...(name === undefined ? {} : { name }), severity: finding.severity, policies };
  });
  return counts.sort(
    (a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity) || b.policies.length - a.policies.length,
  );
}

/** `12 findings on 9 of 40 instances in us-east-1`. */
function totals(policies: readonly PolicyCount[], instances: readonly InstanceCount[], summary: SweepSummary): string {
  const open = policies.reduce((sum, policy) => sum + policy.open, 0);
  return `${counted(open, 'finding')} on ${instances.length} of ${counted(summary.instances, 'instance')} in ${printable(summary.scope.region)}`;
}

function textOf(
  summary: SweepSummary,
  policies: readonly PolicyCount[],
  instances: readonly InstanceCount[],
  cut: Cut,
): string {
  const open = policies.filter((policy) => policy.open > 0);
  const unknown = policies.filter((policy) => policy.unknown > 0);
  const shown = instances.slice(0, Math.min(INSTANCES_LISTED, cut.entries));
  const mode = summary.findings.find(({ finding }) => finding.status === 'open')?.finding.mode;
  return `${[
    wrapped(`First sweep: ${totals(policies, instances, summary)}`),
    [
      field('Account', placeText(summary.scope)),
      field('Sweep', `${printable(summary.sweepId)}, at ${utc(summary.at)}`),
      ...(summary.sweepWas === 'incomplete'
        ? [field('Incomplete', 'not all instances could be inspected; this is what was found so far.')]
        : []),
      ...(mode === undefined ? [] : [field('Mode', whatHappens(mode))]),
      field('From now on', 'each finding that opens, changes or is resolved is told by itself.'),
    ].join('\n'),
    ...section('Findings by policy', open.slice(0, cut.entries).map(policyLine), open.length),
    ...section('Could not be judged', unknown.slice(0, cut.entries).map(unknownLine), unknown.length),
    ...section('Instances, most severe first', shown.map(instanceLine), instances.length),
  ].join('\n\n')}\n`;
}

function policyLine({ policy, severity, description, open }: PolicyCount): string {
  const counts = `${severity}: ${printable(policy)} on ${counted(open, 'instance')}`;
  return `${wrapped(counts, '   ')}\n${wrapped(printable(description), '      ')}`;
}

function unknownLine({ policy, unknown }: PolicyCount): string {
  return wrapped(`${printable(policy)} on ${counted(unknown, 'instance')}`, '   ', '      ');
}

function instanceLine({ instanceId, name, severity, policies }: InstanceCount): string {
  const shown = policies
    .slice(0, INSTANCES_LISTED)
    .map((policy) => printable(policy))
    .join(', ');
  return wrapped(`${withName(instanceId, name)} (${severity}): ${shown}`, '   ', '      ');
}

function contentOf(
  summary: SweepSummary,
  policies: readonly PolicyCount[],
  instances: readonly InstanceCount[],
  options: AlertOptions,
  cut: Cut,
): object {
  const { scope, sweepId, at, sweepWas } = summary;
  const linkOf = (instanceId: string) => consoleLink(scope.region, instanceId, options.partitionDomain);
  return {
    version: 1,
    kind: 'summary',
    topic: 'alerts',
    accountId: scope.accountId,
    region: scope.region,
    sweepId,
    at,
    sweepWas,
    instances: summary.instances,
    instancesWithFindings: instances.length,
    policies: policies.slice(0, cut.entries),
    ...omitted('policiesOmitted', policies.length - cut.entries),
    violating: instances
      .slice(0, cut.entries)
      .map((instance) => (cut.details ? { ...instance, console: linkOf(instance.instanceId) } : instance)),
    ...omitted('instancesOmitted', instances.length - cut.entries),
  };
}
