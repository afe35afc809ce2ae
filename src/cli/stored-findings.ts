import type { Controls } from '../domain/controls.ts';
import type { SubjectRecord } from '../domain/finding.ts';
import { type Severity, severities } from '../domain/policy.ts';
import type { Stored } from './deployed.ts';
import type { FindingsDocument, StoredFinding } from './report/document.ts';

/**
 * What `--status` takes. Left out: what stands, which is open, unknown, or a violation that is exempt; of what was acted on,
 * all, since that mends.
 */
export const statuses = ['open', 'unknown', 'closed', 'all'] as const;

/** Which findings are listed: all that is given must hold. */
export interface Filter {
  readonly status?: (typeof statuses)[number];
  /** At or above it. */
  readonly severity?: Severity;
  readonly policy?: string;
  readonly instance?: string;
  /** Something was done about it. */
  readonly acted?: boolean;
}

/** What `findings list --format json` prints: what calls for a person first comes first. */
export function findingsDocument(
  { table, records, controls }: Stored,
  region: string,
  filter: Filter,
): FindingsDocument {
  const all = findingsIn(records);
  const count = (kind: Kind) => all.filter((finding) => kindOf(finding) === kind).length;
  const looks = records.map(({ observedAt }) => observedAt).sort();
  const latestLookAt = looks.at(-1);
  return {
    version: 1,
    table,
    region,
    findings: all.filter((finding) => isListed(finding, filter)),
    ...(controls === undefined ? {} : { enforcement: withoutVersion(controls) }),
    summary: {
      instances: records.length,
      open: count('open'),
      unknown: count('unknown'),
      exempt: count('exempt'),
      closed: count('closed'),
      ...(latestLookAt === undefined ? {} : { latestLookAt }),
    },
  };
}

function withoutVersion(controls: Controls): Omit<Controls, 'version'> {
  const { version: _, ...rest } = controls;
  return rest;
}

/** Every finding of these items, in the order in which they call for a person. */
export function findingsIn(records: readonly SubjectRecord[]): readonly StoredFinding[] {
  return records.flatMap(ofRecord).sort(byUrgency);
}

/** What a finding is to a person: a violation that is exempt is closed, and still stands. */
export type Kind = (typeof kinds)[number];
const kinds = ['open', 'unknown', 'exempt', 'closed'] as const;

/** The kind of a finding. */
export function kindOf({ status, closedAs }: Pick<StoredFinding, 'status' | 'closedAs'>): Kind {
  return closedAs === 'exempted' ? 'exempt' : status;
}

/** 0 or 1: whether a finding is open at or above `failOn`, or any is unknown where that counts. */
export function exitCodeOfStored(
  findings: readonly StoredFinding[],
  { failOn, failOnUnknown }: { readonly failOn: Severity; readonly failOnUnknown: boolean },
): 0 | 1 {
  const fails = findings.some(({ status, severity }) => {
    if (status === 'unknown') return failOnUnknown;
    return status === 'open' && isAtLeast(severity, failOn);
  });
  return fails ? 1 : 0;
}

function ofRecord({ subject, scope, instance, observedAt, outbox, findings }: SubjectRecord): readonly StoredFinding[] {
  return findings.map((finding) => ({
    ...finding,
    subject,
    accountId: scope.accountId,
    region: scope.region,
    ...(instance === undefined ? {} : { instance }),
    observedAt,
    owed: outbox
      .filter((alert) => alert.entries.some((entry) => entry.finding.id === finding.id))
      .map(({ id, topic, owes }) => ({ id, topic, owes })),
  }));
}

function isListed(finding: StoredFinding, { status, severity, policy, instance, acted = false }: Filter): boolean {
  if (severity !== undefined && !isAtLeast(finding.severity, severity)) return false;
  if (policy !== undefined && finding.policy !== policy) return false;
  if (instance !== undefined && finding.subject.id !== instance) return false;
  if (acted && (finding.acts ?? []).length === 0) return false;
  if (status === undefined) return acted || kindOf(finding) !== 'closed';
  return status === 'all' || finding.status === status;
}

function isAtLeast(severity: Severity, threshold: Severity): boolean {
  return severities.indexOf(severity) <= severities.indexOf(threshold);
}

/** By kind, severity, and then what has stood longest. */
function byUrgency(a: StoredFinding, b: StoredFinding): number {
  return (
    kinds.indexOf(kindOf(a)) - kinds.indexOf(kindOf(b)) ||
    severities.indexOf(a.severity) - severities.indexOf(b.severity) ||
    compare(a.openedAt, b.openedAt) ||
    compare(a.id, b.id)
  );
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
