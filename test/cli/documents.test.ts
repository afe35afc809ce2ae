import { standingFindings } from '../../src/cli/documents.ts';
import type { Finding, SubjectRecord } from '../../src/domain/finding.ts';
import { openSsh, sampleAlert } from '../alerts/sample.ts';

function recordWith(finding: Finding): SubjectRecord {
  const { scope, subject, observedAt } = sampleAlert;
  return { scope, subject, observedAt, version: 1, findings: [finding], outbox: [], expiresAt: observedAt };
}

describe('what stands in an item', () => {
  test('as exempt has its reason and its last day, and no origin', () => {
    const exempt = { reason: 'bastion, SEC-41', until: '2026-03-16', warnedDays: 14 } as const;
    const [document] = standingFindings(
      [recordWith({ ...openSsh, status: 'closed', closedAs: 'exempted', exempt })],
      [],
    );

    expect(document).toMatchObject({ compliance: 'NON_COMPLIANT', actions: [] });
    expect(document?.exempt).toEqual({ reason: 'bastion, SEC-41', until: '2026-03-16' });
    expect(document).not.toHaveProperty('origin');
  });

  test('as open has its origin, unless it was written before there were any', () => {
    const { origin: _, ...old } = openSsh;

    expect(standingFindings([recordWith(openSsh)], [])[0]).toHaveProperty('origin', 'drift');
    expect(standingFindings([recordWith(old)], [])[0]).not.toHaveProperty('origin');
  });
});
