import { type Baseline, renderBaseline } from '../alerts/baseline.ts';
import { sweptFindings } from '../alerts/sweep-summary.ts';
import { renderTrips } from '../alerts/trips.ts';
import {
  baselineTold,
  type Controls,
  type EnforcedPolicy,
  noted,
  swept,
  untoldTrips,
  withTrips,
} from '../domain/controls.ts';
import type { Finding, SubjectRecord } from '../domain/finding.ts';
import { LEASE_MS } from '../domain/time.ts';
import type { Engine } from './deployment.ts';
import type { Enforced } from './enforce.ts';
import { changeControls, readLiveRecords } from './store.ts';

/**
 * What is known of enforcement, with what is deployed now noted in it.
 * @returns undefined where nothing enforces: then nothing is read.
 */
export async function controlsNow(engine: Engine, at: Date): Promise<Controls | undefined> {
  const enforcing = engine.policies.filter(({ mode }) => mode === 'enforce');
  if (!engine.isEnforcing || enforcing.length === 0) return undefined;
  return changeControls(engine, (controls) => noted(controls, enforcing, at.toISOString()));
}

/**
 * The same at the beginning of a sweep, where it is also noted that nothing is enforced any more: whatever is enforced again later
 * begins anew, with a baseline.
 */
export async function controlsOfSweep(engine: Engine, at: Date): Promise<void> {
  if ((await controlsNow(engine, at)) !== undefined) return;
  await changeControls(engine, (controls) => noted(controls, [], at.toISOString()));
}

/**
 * Tells the operators of limits that were reached, in one message. Whoever takes it on tells it: if that one dies before it is
 * marked, it is told again by another. Rather twice than never.
 */
export async function tellTrips(
  engine: Engine,
  before: Controls | undefined,
  { hasTripped }: Pick<Enforced, 'hasTripped'>,
): Promise<void> {
  const at = engine.now();
  if (before === undefined || !(hasTripped || untoldTrips(before, at.toISOString()).length > 0)) return;
  const tellingUntil = new Date(at.getTime() + LEASE_MS).toISOString();
  let mine: ReturnType<typeof untoldTrips> = [];
  await changeControls(engine, (controls) => {
    mine = untoldTrips(controls, at.toISOString());
    return withTrips(controls, kindsOf(mine), { tellingUntil });
  });
  if (mine.length === 0) return;
  const { operationsTopicArn, scope } = engine.deployment;
  await engine.aws('sns:Publish', { TopicArn: operationsTopicArn, ...renderTrips(mine, scope) });
  await changeControls(engine, (controls) => withTrips(controls, kindsOf(mine), { isTold: true }));
}

/**
 * Notes that a sweep was completed: what stands of each enforced policy is its baseline, which is told in one message. Sent
 * before it is marked: rather twice than never.
 */
export async function settleBaselines(engine: Engine, sweepId: string, instances: number): Promise<void> {
  if ((await controlsNow(engine, engine.now())) === undefined) return;
  const controls = await changeControls(engine, (now) => swept(now, sweepId, instances));
  const untold = Object.entries(controls.policies).filter(
    ([, one]) => one.sweptAt !== undefined && !one.isBaselineTold,
  );
  if (untold.length === 0) return;
  const { alertsTopicArn, scope } = engine.deployment;
  for (const baseline of baselinesOf(await readLiveRecords(engine), untold))
    await engine.aws('sns:Publish', { TopicArn: alertsTopicArn, ...renderBaseline(baseline, scope) });
  await changeControls(engine, (now) => untold.reduce((all, [policy]) => baselineTold(all, policy), now));
}

function baselinesOf(
  records: readonly SubjectRecord[],
  policies: readonly (readonly [string, EnforcedPolicy])[],
): readonly Baseline[] {
  return policies.flatMap(([policy, { since }]) => {
    const findings = records
      .flatMap(sweptFindings)
      .filter(({ finding }) => finding.policy === policy && finding.status === 'open' && isLeftAlone(finding));
    return findings.length === 0 ? [] : [{ policy, since, findings }];
  });
}

function isLeftAlone({ steps = [] }: Finding): boolean {
  return steps.some(({ held }) => held?.by === 'baseline');
}

function kindsOf(trips: ReturnType<typeof untoldTrips>) {
  return trips.map(([kind]) => kind);
}
