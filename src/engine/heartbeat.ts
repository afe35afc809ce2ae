import { type Heartbeat, renderHeartbeat } from '../alerts/heartbeat.ts';
import type { Finding, SubjectRecord } from '../domain/finding.ts';
import { severities } from '../domain/policy.ts';
import { DAY_MS } from '../domain/time.ts';
import type { Engine } from './deployment.ts';
import { type LastSweep, readLastSweep, readLiveRecords } from './store.ts';

const WEEK_MS = 7 * DAY_MS;

/**
 * Tells the operators that the guardrail is alive, with what stands in the table.
 * @throws when the table or the topic failed, so that Lambda tries again: a message that does not come says so, too.
 */
export async function tellAlive(engine: Engine): Promise<Heartbeat> {
  const [records, lastSweep] = await Promise.all([readLiveRecords(engine), readLastSweep(engine)]);
  const heartbeat = heartbeatOf(engine, records, lastSweep);
  const { operationsTopicArn } = engine.deployment;
  await engine.aws('sns:Publish', { TopicArn: operationsTopicArn, ...renderHeartbeat(heartbeat) });
  return heartbeat;
}

function heartbeatOf(engine: Engine, records: readonly SubjectRecord[], last: LastSweep | undefined): Heartbeat {
  const at = engine.now();
  const findings = records.flatMap((record) => record.findings);
  const open = findings.filter(({ status }) => status === 'open');
  const isOfThisWeek = ({ openedAt }: Finding) => at.getTime() - Date.parse(openedAt) < WEEK_MS;
  const { scope, version } = engine.deployment;
  return {
    version,
    scope,
    at: at.toISOString(),
    ...(last === undefined ? {} : { lastSweep: withoutVersion(last) }),
    open: bySeverity(open),
    openedThisWeek: open.filter(isOfThisWeek).length,
    unknown: findings.filter(({ status }) => status === 'unknown').length,
    alertsOwed: records.reduce((sum, { outbox }) => sum + outbox.length, 0),
    policies: engine.policies.map(({ name, severity }) => ({ name, severity })),
  };
}

function withoutVersion({ version: _version, ...last }: LastSweep) {
  return last;
}

function bySeverity(findings: readonly Finding[]): Heartbeat['open'] {
  const counts = severities.map((severity) => [severity, findings.filter((one) => one.severity === severity).length]);
  return Object.fromEntries(counts) as Heartbeat['open'];
}
