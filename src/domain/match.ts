import { type Answer, allOf, anyOf, no, not, unsure, whether, yes } from './answer.ts';
import type { InspectedInstance } from './collected.ts';
import { asError } from './errors.ts';
import { type Facts, type Missing, tagMap } from './facts.ts';
import { matchesAnyGlob, matchesGlob } from './glob.ts';
import { absentMeansNone, type Instance } from './instance.ts';
import { parseInstanceType } from './instance-type.ts';
import { type ChangingField, type Need, needSources, verdictNeeds } from './needs.ts';
import type { Conditions, Match, MatchBlock, PurchaseOption, TagPattern } from './policy.ts';

/** The tag by which EC2 Auto Scaling marks the instances of a group. */
export const AUTO_SCALING_GROUP_TAG = 'aws:autoscaling:groupName';

interface MatchContext extends InspectedInstance {
  readonly now: Date;
  readonly conditions: Conditions;
}

type Key = Exclude<keyof MatchBlock, 'not' | 'when'>;
type Matchers = {
  readonly [K in Key]: {
    readonly needs: readonly Need[];
    answer(wanted: NonNullable<MatchBlock[K]>, inspected: InspectedInstance): Answer;
  };
};

/** One entry a key of `match`: what it reads, and what it says. */
const matchers: Matchers = {
  tags: { needs: ['tags'], answer: matchesTags },
  instanceIds: { needs: [], answer: (ids, { instance }) => whether(ids.includes(instance.InstanceId)) },
  instanceTypes: {
    needs: ['InstanceType'],
    answer: (globs, { instance }) => whether(matchesAnyGlob(globs, instance.InstanceType)),
  },
  categories: {
    needs: ['InstanceType'],
    answer: (wanted, { instance }) => {
      const category = parseInstanceType(instance.InstanceType)?.category;
      if (category === undefined)
        return unsure([{ what: `category of instance type ${instance.InstanceType}`, why: 'not-recorded' }]);
      return whether(wanted.includes(category));
    },
  },
  accounts: {
    needs: [],
    answer: (accounts, { instance: { InstanceId, scope } }) => {
      if (scope.accountId === '') return unsure([{ what: `account of instance ${InstanceId}`, why: 'not-recorded' }]);
      return whether(accounts.includes(scope.accountId));
    },
  },
  regions: { needs: [], answer: (regions, { instance }) => whether(regions.includes(instance.scope.region)) },
  vpcIds: { needs: [], answer: (ids, { instance }) => isOneOf(ids, instance.VpcId) },
  subnetIds: { needs: [], answer: (ids, { instance }) => isOneOf(ids, instance.SubnetId) },
  imageIds: { needs: [], answer: (ids, { instance }) => isOneOf(ids, instance.ImageId) },
  purchaseOptions: {
    needs: [],
    answer: (wanted, { instance }) => whether(purchaseOptionsOf(instance).some((option) => wanted.includes(option))),
  },
  autoScalingGroups: {
    needs: ['tags'],
    answer: (globs, { facts }) => tagAnswer(facts, AUTO_SCALING_GROUP_TAG, (name) => matchesAnyGlob(globs, name)),
  },
  launchedBy: {
    needs: ['launcher'],
    answer: (globs, { facts: { launcher } }) => {
      if (!launcher.known) return unsure([launcher.missing]);
      const { arn, invokedBy, name } = launcher.value;
      return whether([arn, invokedBy, name].some((text) => text !== undefined && matchesAnyGlob(globs, text)));
    },
  },
  states: { needs: ['State'], answer: (states, { instance }) => whether(states.includes(instance.State.Name)) },
  namePrefix: {
    needs: ['tags'],
    answer: (prefixes, { facts }) =>
      tagAnswer(facts, 'Name', (name) => prefixes.some((prefix) => name.startsWith(prefix))),
  },
};

/** Whether a `match` holds of an instance. No match given holds of all. */
export function matches(match: Match | undefined, context: MatchContext): Answer {
  if (match === undefined) return yes;
  return anyOf(blocksOf(match).map((block) => matchesBlock(block, context)));
}

/** What a `match` reads. */
export function needsOfMatch(match: Match | undefined, conditions: Conditions): readonly Need[] {
  if (match === undefined) return [];
  return blocksOf(match).flatMap((block) => [
    ...keysOf(block).flatMap((key) => matchers[key].needs),
    ...needsOfMatch(block.not, conditions),
    ...(block.when === undefined ? [] : needsOfFields(conditions(block.when).fields)),
  ]);
}

/** How the instance is paid for: its life cycle, and whose hardware it sits on. */
export function purchaseOptionsOf(
  instance: Pick<Instance, 'InstanceLifecycle' | 'Placement'>,
): readonly PurchaseOption[] {
  const options: PurchaseOption[] = [];
  if (instance.InstanceLifecycle === 'spot') options.push('spot');
  else if (instance.InstanceLifecycle === 'capacity-block') options.push('capacity-block');
  else options.push('on-demand');
  if (instance.Placement?.Tenancy === 'dedicated') options.push('dedicated-instance');
  if (instance.Placement?.Tenancy === 'host') options.push('dedicated-host');
  return options;
}

function blocksOf(match: Match): readonly MatchBlock[] {
  return Array.isArray(match) ? match : [match as MatchBlock];
}

function keysOf(block: MatchBlock): readonly Key[] {
  return (Object.keys(matchers) as Key[]).filter((key) => block[key] !== undefined);
}

function matchesBlock(block: MatchBlock, context: MatchContext): Answer {
  const answers = keysOf(block).map((key) => answerOf(key, block, context));
  if (block.not !== undefined) answers.push(not(matches(block.not, context)));
  if (block.when !== undefined) answers.push(whenHolds(block.when, context));
  return allOf(answers);
}

function answerOf<K extends Key>(key: K, block: MatchBlock, context: MatchContext): Answer {
  return matchers[key].answer(block[key] as NonNullable<MatchBlock[K]>, context);
}

function isOneOf(wanted: readonly string[], value: string | undefined): Answer {
  return whether(value !== undefined && wanted.includes(value));
}

function matchesTags(wanted: Readonly<Record<string, TagPattern>>, { facts }: InspectedInstance): Answer {
  return allOf(Object.entries(wanted).map(([key, pattern]) => matchesTag(facts, key, pattern)));
}

function matchesTag(facts: Facts, key: string, pattern: TagPattern): Answer {
  if (pattern === null) return not(tagAnswer(facts, key, () => true));
  if (typeof pattern === 'string') return tagAnswer(facts, key, (value) => matchesGlob(pattern, value));
  if ('in' in pattern) {
    const fold = (text: string) => (pattern.ignoreCase ? text.toLowerCase() : text);
    const globs = pattern.in.map(fold);
    const present = tagAnswer(facts, key, (value) => matchesAnyGlob(globs, fold(value)));
    if (!pattern.orMissing) return present;
    return anyOf([present, not(tagAnswer(facts, key, () => true))]);
  }
  return tagAnswer(facts, key, (value) => matchesAnyGlob(pattern, value));
}

/** A tag that is not there is absent only once the tags are complete. */
function tagAnswer(facts: Facts, key: string, test: (value: string) => boolean): Answer {
  const value = tagMap(facts.tags).get(key);
  if (value !== undefined) return whether(test(value));
  return facts.tags.missing.length > 0 ? unsure(facts.tags.missing) : no;
}

function whenHolds(expression: string, { instance, facts, now, conditions }: MatchContext): Answer {
  const condition = conditions(expression);
  const missing: Missing[] = (condition.fields ?? [])
    .filter((field) => !(field in instance) && !absentMeansNone.has(field))
    .map((field) => ({ what: `${field} of instance ${instance.InstanceId}`, why: 'not-recorded' }));
  if (condition.fields === undefined || condition.fields.includes('Tags')) missing.push(...facts.tags.missing);
  if (missing.length > 0) return unsure(missing);
  try {
    return whether(condition.holds({ ...instance, Tags: Object.fromEntries(tagMap(facts.tags)) }, now));
  } catch (error) {
    return unsure([{ what: `condition ${expression}`, why: 'not-evaluable', detail: asError(error).message }]);
  }
}

function needsOfFields(fields: readonly string[] | undefined): readonly Need[] {
  if (fields === undefined) return verdictNeeds;
  return fields.flatMap((field) => {
    if (field === 'Tags') return ['tags' as const];
    if (field === 'SecurityGroups' || field === 'NetworkInterfaces') return ['NetworkInterfaces' as const];
    if (field === 'BlockDeviceMappings') return ['volumes' as const];
    return field in needSources ? [field as ChangingField] : [];
  });
}
