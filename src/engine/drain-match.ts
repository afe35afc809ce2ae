import { factsOf, type InspectedInstance, nothingCollected } from '../domain/collected.ts';
import type { DrainFacts } from '../domain/drain-facts.ts';
import { isFollowedBy } from '../domain/drain-step.ts';
import { known, tagMap } from '../domain/facts.ts';
import type { Instance } from '../domain/instance.ts';
import type { Notice } from '../domain/notice.ts';
import type { BoundPolicy, BoundStep } from '../domain/policy.ts';
import type { DrainEngine } from './drain-engine.ts';
import { judgeOrSay } from './look.ts';
import { heldFor } from './plan.ts';

/** A policy that an instance under notice falls under. */
export interface Matched {
  readonly policy: BoundPolicy;
  readonly steps: readonly BoundStep[];
  /** Why its steps are planned and not made; left out: they are made. */
  readonly onlyWould?: string;
}

/** What the policies say of an instance under notice. */
export interface Matching {
  readonly matched: readonly Matched[];
  /** Policies of which it can't be said, and why: nothing is done by them. */
  readonly unknown: readonly string[];
}

/**
 * The policies that an instance under notice falls under. Tags of its Auto Scaling group count where it has none of the key itself.
 * @param group left out: not read yet, and only the instance's own tags count.
 */
export function matchingOf(
  engine: DrainEngine,
  instance: Instance,
  notice: Notice,
  group: DrainFacts['group'] | undefined,
): Matching {
  const now = engine.now();
  const own = factsOf(instance, nothingCollected, now);
  const picture = { instance, facts: { ...own, tags: withGroupTags(own.tags, group), notice: known(notice) } };
  const matched: Matched[] = [];
  const unknown: string[] = [];
  for (const policy of engine.policies) {
    const judgement = judgeOrSay(policy, picture, now);
    if (judgement?.compliance === 'INSUFFICIENT_DATA')
      unknown.push(`whether policy ${policy.name} is of it: ${judgement.reason}`);
    if (judgement?.compliance !== 'NON_COMPLIANT') continue;
    const { exempt } = judgement;
    const held =
      exempt === undefined
        ? whyHeld(engine, policy, picture, notice)
        : `it is exempt until ${exempt.until}: ${exempt.reason}`;
    const steps = policy.boundSteps.filter((use) => isFollowedBy(notice.kind, use));
    matched.push({ policy, steps, ...(held === undefined ? {} : { onlyWould: held }) });
  }
  return { matched, unknown };
}

function whyHeld(
  engine: DrainEngine,
  policy: BoundPolicy,
  picture: InspectedInstance,
  notice: Notice,
): string | undefined {
  if (notice.isTest) return 'it is a rehearsal';
  return whyNotSpot(picture.instance, notice) ?? heldFor(engine, policy, picture)?.why;
}

function withGroupTags(tags: DrainFacts['tags'], group: DrainFacts['group'] | undefined): DrainFacts['tags'] {
  if (group === undefined) return tags;
  if (!group.known) return { ...tags, missing: [...tags.missing, group.missing] };
  if (group.value === 'none') return tags;
  const own = tagMap(tags);
  return { ...tags, found: [...tags.found, ...group.value.tags.filter(({ Key }) => !own.has(Key))] };
}

/** A notice of Spot is believed of Spot instances alone: anybody who may put events could send one. */
function whyNotSpot({ InstanceLifecycle }: Instance, { kind }: Notice): string | undefined {
  const isOfSpot = kind === 'interruption' || kind === 'rebalance';
  return isOfSpot && InstanceLifecycle !== 'spot' ? 'it is no Spot instance' : undefined;
}
