import type { Finding, SubjectRecord } from '../domain/finding.ts';
import { actionsOf, type Judgement } from '../domain/judge.ts';
import type { Policy } from '../domain/policy.ts';
import { type Severity, severities } from '../domain/policy.ts';
import type { Compliance } from '../domain/verdict.ts';
import type { FindingDocument, ScanDocument } from './report/document.ts';

/** The result document of a scan. @param all also lists what complies or does not apply. */
export function scanDocument(judgements: readonly Judgement[], instances: number, all: boolean): ScanDocument {
  const count = (compliance: Compliance) => judgements.filter((one) => one.compliance === compliance).length;
  const listed = judgements.filter((one) => all || isListed(one.compliance));
  return {
    version: 1,
    findings: listed.map(fromJudgement),
    summary: {
      instances,
      evaluations: judgements.length,
      compliant: count('COMPLIANT'),
      nonCompliant: count('NON_COMPLIANT'),
      notApplicable: count('NOT_APPLICABLE'),
      insufficientData: count('INSUFFICIENT_DATA'),
      exempt: judgements.filter((one) => one.exempt !== undefined).length,
    },
  };
}

/** Findings that stand in the items of a table: open ones, unknown ones, and violations that are exempt. */
export function standingFindings(
  records: readonly SubjectRecord[],
  policies: readonly Policy[],
): readonly FindingDocument[] {
  const actions = new Map(policies.map((policy) => [policy.name, idsOf(policy.actions)]));
  return records.flatMap((record) =>
    record.findings.flatMap((finding) => {
      const compliance = complianceOf(finding);
      if (compliance === undefined) return [];
      const isActedOn = finding.status === 'open';
      return [fromFinding(record, finding, compliance, isActedOn ? (actions.get(finding.policy) ?? []) : [])];
    }),
  );
}

/** 0 or 1: whether a violation that is not exempt is at or above `failOn`, or anything is unknown where that counts. */
export function exitCodeOf(
  findings: readonly FindingDocument[],
  options: { readonly failOn: Severity; readonly failOnUnknown: boolean },
): 0 | 1 {
  const threshold = severities.indexOf(options.failOn);
  const fails = findings.some((finding) => {
    if (finding.compliance === 'INSUFFICIENT_DATA') return options.failOnUnknown;
    if (finding.compliance !== 'NON_COMPLIANT' || finding.exempt !== undefined) return false;
    return severities.indexOf(finding.severity) <= threshold;
  });
  return fails ? 1 : 0;
}

function isListed(compliance: Compliance): boolean {
  return compliance === 'NON_COMPLIANT' || compliance === 'INSUFFICIENT_DATA';
}

function complianceOf(finding: Finding): Compliance | undefined {
  if (finding.status === 'open' || finding.closedAs === 'exempted') return 'NON_COMPLIANT';
  return finding.status === 'unknown' ? 'INSUFFICIENT_DATA' : undefined;
}

function fromJudgement(judgement: Judgement): FindingDocument {
  const { policy, subject, instanceId, scope, compliance, reason, fix, evidence, exempt } = judgement;
  return {
    policy: policy.name,
    rule: policy.rule,
    subject,
    instanceId,
    ...scope,
    compliance,
    severity: policy.severity,
    reason,
    fix,
    evidence: evidence ?? {},
    actions: idsOf(actionsOf(judgement)),
    ...(exempt === undefined ? {} : { exempt }),
  };
}

function idsOf(uses: Policy['actions']): readonly string[] {
  return uses.map(({ id }) => id);
}

function fromFinding(
  record: SubjectRecord,
  finding: Finding,
  compliance: Compliance,
  actions: readonly string[],
): FindingDocument {
  const { policy, rule, severity, reason, fix, evidence, exempt, origin } = finding;
  return {
    policy,
    rule,
    subject: record.subject,
    instanceId: record.subject.id,
    ...record.scope,
    compliance,
    severity,
    reason,
    fix,
    evidence: evidence ?? {},
    actions,
    ...(exempt === undefined ? {} : { exempt: { reason: exempt.reason, until: exempt.until } }),
    ...(origin === undefined || finding.status !== 'open' ? {} : { origin }),
  };
}
