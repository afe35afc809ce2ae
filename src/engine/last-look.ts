import { ownActs } from '../domain/acting.ts';
import type { Plan } from '../domain/action.ts';
import { factsOf } from '../domain/collected.ts';
import type { Controls } from '../domain/controls.ts';
import { launchKnown, type SubjectRecord } from '../domain/finding.ts';
import { isViolation, needsOf } from '../domain/judge.ts';
import type { BoundPolicy } from '../domain/policy.ts';
import { collect, describeInstances } from './collect.ts';
import type { Engine } from './deployment.ts';
import { judgeOrSay } from './look.ts';
import { planActions } from './plan.ts';

/** What the look right before an action gave. */
export type LastLook =
  | { readonly is: 'unchanged'; readonly plan: Plan }
  | { readonly is: 'changed'; readonly why: string };

/**
 * Looks at the instance once more, right before something is done to it: what is planned now must be what was planned then.
 * Anything else, and whatever can't be said, is a change: nothing is done, and the instance is looked at anew.
 */
export async function lookOnceMore(
  engine: Engine,
  policy: BoundPolicy,
  instanceId: string,
  action: string,
  before: Plan,
  controls: Controls,
  record: SubjectRecord,
): Promise<LastLook> {
  const alone = { ...engine, policies: [policy] };
  const { instances, failure } = await describeInstances(engine.aws, 'instance-id', [instanceId]);
  const [instance] = instances;
  if (instance === undefined) return changed(failure?.detail ?? 'EC2 does not show the instance');
  const launch = launchKnown(record);
  const launches = new Map(launch === undefined ? [] : [[instanceId, launch]]);
  const read = await collect(engine.aws, [instance], needsOf([policy]), launches);
  const collected = { ...read, acts: new Map([[instanceId, ownActs(record)]]) };
  const at = engine.now();
  const judgement = judgeOrSay(policy, { instance, facts: factsOf(instance, collected, at) }, at);
  if (judgement === undefined || !isViolation(judgement)) return changed('it is no violation any more');
  const plans = await planActions(alone, [{ instance, judgements: [judgement] }], collected, controls);
  const enforceability = plans.get(instanceId)?.get(policy.name);
  if (enforceability?.held !== undefined) return changed(enforceability.held.why);
  const planned = enforceability?.actions.find(({ use }) => use.id === action)?.planned;
  if (planned === undefined || 'refused' in planned) return changed(planned?.refused ?? 'it has no plan');
  const isSame = JSON.stringify(planned.plan.calls) === JSON.stringify(before.calls);
  return isSame ? { is: 'unchanged', plan: planned.plan } : changed('other calls would be made than were planned');
}

function changed(why: string): LastLook {
  return { is: 'changed', why };
}
