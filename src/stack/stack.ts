import type { Json } from '../domain/json.ts';
import { needsOf } from '../domain/judge.ts';
import { eventsThatChange } from '../domain/needs.ts';
import { type BoundPolicy, isDrainPolicy, waitsForTime } from '../domain/policy.ts';
import type { BoundSafety } from '../domain/safety.ts';
import { alarms } from './alarms.ts';
import { type Resource, type Resources, ref } from './cloudformation.ts';
import {
  drainRules,
  eventRules,
  HEARTBEAT_SCHEDULE,
  heartbeatSchedule,
  PROBE_RULE,
  probeRule,
  SWEEP_SCHEDULE,
  sweepSchedule,
  TICK_RULE,
  tickRule,
} from './event-rules.ts';
import { partsOf } from './parts.ts';
import { queues } from './queues.ts';
import { roles } from './roles.ts';
import type { Settings } from './settings.ts';
import { findingsTable } from './table.ts';
import { tampering, tamperRules } from './tampering.ts';
import { alertsTopicArn, topics } from './topics.ts';

/** What serverless.yml adds to the functions. */
export interface Template {
  readonly Resources: Resources;
  /** Changes to resources that serverless.yml makes itself. */
  readonly extensions: { readonly [id: string]: { readonly Properties: Resource['Properties'] } };
  readonly Outputs: { readonly [id: string]: { readonly Description: string; readonly Value: Json } };
}

/** All but the functions, as the policies in use need it. */
export function template(policies: readonly BoundPolicy[], settings: Settings, safety?: BoundSafety): Template {
  const looking = policies.filter((policy) => !isDrainPolicy(policy));
  const live: Resources = {
    ...eventRules(eventsThatChange(needsOf(looking))),
    [PROBE_RULE]: probeRule,
    ...(looking.some(waitsForTime) ? { [TICK_RULE]: tickRule } : {}),
  };
  const parts = partsOf(policies);
  const drain = parts.functions.includes('Drain') ? drainRules : {};
  const toLiveQueue = Object.keys(live);
  const toDrainQueue = Object.keys(drain);
  const schedules = [SWEEP_SCHEDULE, HEARTBEAT_SCHEDULE];
  const work = [...toLiveQueue, ...schedules, ...toDrainQueue];
  return {
    Resources: {
      ...live,
      ...drain,
      ...tampering(settings, work, parts),
      ...queues({ toLiveQueue, toDrainQueue, elsewhere: [...schedules, ...tamperRules] }),
      FindingsTable: findingsTable,
      ...topics(settings, tamperRules),
      ...roles(policies, settings, safety),
      ...alarms(settings, { work, tampering: tamperRules }, parts),
    },
    extensions: { [SWEEP_SCHEDULE]: sweepSchedule, [HEARTBEAT_SCHEDULE]: heartbeatSchedule },
    Outputs: {
      AlertsTopicArn: { Description: 'Gets the alerts.', Value: alertsTopicArn(settings) },
      OperationsTopicArn: { Description: 'Gets what the guardrail says of itself.', Value: ref('OperationsTopic') },
      FindingsTableName: { Description: 'Holds the findings.', Value: ref('FindingsTable') },
    },
  };
}
