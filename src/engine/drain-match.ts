import { factsOf, nothingCollected } from '../domain/collected.ts';
import type { DrainFacts } from '../domain/drain-facts.ts';
import { describeMissing, type Missing, tagMap } from '../domain/facts.ts';
import type { Instance } from '../domain/instance.ts';
import { hasEnded } from '../domain/judge.ts';
import { matches } from '../domain/match.ts';
import type { Notice } from '../domain/notice.ts';
import type { BoundStep } from '../domain/policy.ts';
import type { DrainEngine } from './drain-engine.ts';
import { heldFor } from './plan.ts';

type Policy = DrainEngine['policies'][number];

/** A policy that an instance under notice falls under. */
export interface Matched {
  readonly policy: Policy;
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
  const picture = { instance, facts: { ...own, tags: withGroupTags(own.tags, group) } };
  const matched: Matched[] = [];
  const unknown: string[] = [];
  for (const policy of engine.policies) {
    const context = { ...picture, now, conditions: policy.conditions };
    const answer = matches(policy.match, context);
    if (answer.is === 'no') continue;
    if (answer.is === 'unknown') {
      unknown.push(`whether policy ${policy.name} is of it: ${answer.missing.map(describeMissing).join('; ')}`);
      continue;
    }
    const exemption = policy.exempt.find((one) => !hasEnded(one, now) && matches(one.match, context).is !== 'no');
    const held =
      whyNotSpot(instance, notice) ?? (notice.isTest ? 'it is a rehearsal' : heldFor(engine, policy, picture)?.why);
    const onlyWould = exemption === undefined ? held : `it is exempt until ${exemption.until}: ${exemption.reason}`;
    const steps = policy.boundSteps.filter(({ onRebalance }) => comesOn(notice, onRebalance));
    matched.push({ policy, steps, ...(onlyWould === undefined ? {} : { onlyWould }) });
  }
  return { matched, unknown };
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

function comesOn({ kind }: Notice, onRebalance: boolean): boolean {
  return kind === 'interruption' || kind === 'reservation' || (kind === 'rebalance' && onRebalance);
}

/** What a fact does not know, in words. */
export function missingIn(fact: DrainFacts[keyof DrainFacts]): readonly Missing[] {
  if ('found' in fact) return fact.missing;
  return fact.known ? [] : [fact.missing];
}
