import * as z from 'zod';
import type { DrainFacts, DrainNeed } from '../../src/domain/drain-facts.ts';
import { type AnyDrainStep, type DrainGiven, type PlannedStep, planOfStep } from '../../src/domain/drain-step.ts';
import { known, type Missing, type Several, unknown } from '../../src/domain/facts.ts';
import { defaultNow, inspected, noticeOf } from '../../src/domain/given.ts';
import type { Json } from '../../src/domain/json.ts';

const now = new Date(defaultNow);

/** What a drain knows, of what an example gives. */
export function drainFacts({ missing = [], group, tags = {}, ...given }: DrainGiven): DrainFacts {
  const lost = (need: DrainNeed): Missing => ({ what: need, why: 'throttled' });
  const several = <T>(need: DrainNeed, found: readonly T[] = []): Several<T> => ({
    found,
    missing: missing.includes(need) ? [lost(need)] : [],
  });
  return {
    group: missing.includes('group') ? unknown(lost('group')) : known(group ?? 'none'),
    targetGroups: several('targetGroups', given.targetGroups),
    loadBalancers: several('loadBalancers', given.loadBalancers),
    containerInstances: several('containerInstances', given.containerInstances),
    tags: several(
      'tags',
      Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
    ),
  };
}

/** What a step plans for an instance, as λ drain asks for it. */
export function plannedStep(step: AnyDrainStep, given: DrainGiven, parameters: Json = {}): PlannedStep {
  const { instance } = inspected(given.instance === undefined ? {} : { instance: given.instance }, now);
  return planOfStep(step, {
    instance,
    facts: drainFacts(given),
    parameters: step.parameters(z).parse(parameters) as Json,
    notice: noticeOf(given.notice ?? { kind: 'interruption' }, instance, now),
    now,
  });
}
