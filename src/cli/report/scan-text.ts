import { groupedBy } from '../../domain/grouped.ts';
import { severities } from '../../domain/policy.ts';
import { visibleLines } from '../../domain/visible.ts';
import type { FindingDocument, ScanDocument } from './document.ts';

/** How a report marks what a person should see first. */
export interface Paint {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  yellow(text: string): string;
  green(text: string): string;
}

/** A scan for a person: by instance, those with the most severe findings first, then what it comes to. */
export function scanText({ findings, summary }: ScanDocument, paint: Paint): string {
  return [...instanceTexts(findings, paint), summaryText(findings, summary, paint)].join('\n');
}

/** Findings, one instance after another, for a person. */
export function findingsText(findings: readonly FindingDocument[], paint: Paint): string {
  return instanceTexts(findings, paint).join('\n');
}

function instanceTexts(findings: readonly FindingDocument[], paint: Paint): readonly string[] {
  return byInstance(visibleLines(findings)).map((some) => instanceText(some, paint));
}

function byInstance(findings: readonly FindingDocument[]): readonly (readonly FindingDocument[])[] {
  const groups = groupedBy(findings, ({ accountId, region, subject }) => `${accountId} ${region} ${subject.id}`);
  const sorted = [...groups.values()].map((some) => [...some].sort((a, b) => rank(a) - rank(b)));
  return sorted.sort((a, b) => Math.min(...a.map(rank)) - Math.min(...b.map(rank)));
}

/** Violations before what is unknown, before the rest; each by severity. */
function rank({ compliance, severity, exempt }: FindingDocument): number {
  const order = ['NON_COMPLIANT', 'INSUFFICIENT_DATA', 'COMPLIANT', 'NOT_APPLICABLE'].indexOf(compliance);
  return (exempt === undefined ? order : 1) * 10 + severities.indexOf(severity);
}

function instanceText(findings: readonly FindingDocument[], paint: Paint): string {
  const [first] = findings;
  if (first === undefined) return '';
  const head = `${paint.bold(first.subject.id)}  ${paint.dim(`${first.accountId} ${first.region}`)}\n`;
  return head + findings.map((finding) => findingText(finding, paint)).join('');
}

function findingText(finding: FindingDocument, paint: Paint): string {
  const { compliance, exempt, policy, reason, fix } = finding;
  const lines = [`  ${label(finding, paint)}  ${policy}`];
  if (reason !== '') lines.push(`            ${reason}`);
  if (exempt !== undefined) lines.push(`            exempt until ${exempt.until}: ${exempt.reason}`);
  else if (compliance === 'NON_COMPLIANT') lines.push(paint.dim(`            to do: ${fix}`));
  return `${lines.join('\n')}\n`;
}

function label({ compliance, severity, exempt }: FindingDocument, paint: Paint): string {
  if (exempt !== undefined) return paint.dim('exempt  ');
  switch (compliance) {
    case 'NON_COMPLIANT':
      return severity === 'critical' || severity === 'high'
        ? paint.red(severity.padEnd(8))
        : paint.yellow(severity.padEnd(8));
    case 'INSUFFICIENT_DATA':
      return paint.dim('unknown ');
    case 'COMPLIANT':
      return paint.green('ok      ');
    case 'NOT_APPLICABLE':
      return paint.dim('n/a     ');
  }
}

function summaryText(findings: readonly FindingDocument[], summary: ScanDocument['summary'], paint: Paint): string {
  const { instances, evaluations, compliant, nonCompliant, notApplicable, insufficientData, exempt } = summary;
  const violations = findings.filter((one) => one.compliance === 'NON_COMPLIANT' && one.exempt === undefined);
  const bySeverity = severities.flatMap((severity) => {
    const count = violations.filter((one) => one.severity === severity).length;
    return count === 0 ? [] : [`${count} ${severity}`];
  });
  const detail = [...bySeverity, ...(exempt === 0 ? [] : [`${exempt} exempt`])].join(', ');
  return [
    paint.bold(`${instances} instances, ${evaluations} evaluations`),
    `  NON_COMPLIANT      ${nonCompliant}${detail === '' ? '' : `  (${detail})`}`,
    `  INSUFFICIENT_DATA  ${insufficientData}`,
    `  COMPLIANT          ${compliant}`,
    `  NOT_APPLICABLE     ${notApplicable}`,
    '',
  ].join('\n');
}
