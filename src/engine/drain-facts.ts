import type { DrainFacts, DrainNeed, ScalingGroup } from '../domain/drain-facts.ts';
import { type Fact, known, type Missing, type Several, type Tag, unknown } from '../domain/facts.ts';
import { distinct, type Instance, isSettled } from '../domain/instance.ts';
import { ecsUntil, readContainerInstances, readMembers, readServiceTargets } from './drain-ecs.ts';
import { type GroupsOf, readGroups, readTerminatingHooks } from './drain-groups.ts';
import { readLoadBalancers, readTargetGroups } from './drain-targets.ts';
import { awsUntil } from './in-time.ts';
import type { IndexTable } from './target-index.ts';

/** A fact that no step in use asked for. */
const notAskedFor: Missing = { what: 'a fact', why: 'not-recorded', detail: 'not asked for' };

/** Deals out to one instance what was read for all. */
type FactOf<N extends DrainNeed> = (instance: Instance) => DrainFacts[N];

/**
 * Reads what the needs ask for, for all instances together and each thing once. What hangs, fails or is not there by `until` is
 * missing, and takes nothing else with it.
 * @param until when the answer is wanted at the latest: a search among all target groups, the last resort, uses all of it up to
 * 15 s, so that the first look of a drain is better a short one.
 */
export async function collectDrainFacts(
  engine: IndexTable,
  instances: readonly Instance[],
  needs: readonly DrainNeed[],
  until: Date,
): Promise<ReadonlyMap<string, DrainFacts>> {
  if (instances.length === 0) return new Map();
  const asked = new Set(needs);
  const aws = awsUntil(engine, until);
  const ids = distinct(instances.map(({ InstanceId }) => InstanceId));
  const ecs = ecsUntil(engine, until);
  const needsGroups = asked.has('group') || asked.has('targetGroups');
  const needsMembers = asked.has('containerInstances') || asked.has('targetGroups');
  const groups = needsGroups ? readGroups(aws, ids) : undefined;
  const members = needsMembers ? readMembers(ecs, ids) : undefined;
  const services = members?.then(({ found }) =>
    asked.has('targetGroups')
      ? readServiceTargets(ecs, distinct([...found.values()].map((one) => one.cluster)))
      : new Map(),
  );
  const nothing: Several<never> = { found: [], missing: [notAskedFor] };

  async function readGroupFacts(): Promise<FactOf<'group'>> {
    if (groups === undefined || !asked.has('group')) return () => unknown(notAskedFor);
    const read = await groups;
    const hooks = await readTerminatingHooks(aws, namesOf(read));
    return ({ InstanceId }) => groupOf(InstanceId, read, hooks);
  }

  async function readTargetFacts(): Promise<FactOf<'targetGroups'>> {
    if (groups === undefined || members === undefined || services === undefined || !asked.has('targetGroups')) {
      return () => nothing;
    }
    const read = await readTargetGroups(engine, instances, { groups, members, services }, until);
    return ({ InstanceId }) => read.get(InstanceId) ?? nothing;
  }

  async function readLoadBalancerFacts(): Promise<FactOf<'loadBalancers'>> {
    if (!asked.has('loadBalancers')) return () => nothing;
    const read = await readLoadBalancers(engine, instances, until);
    return ({ InstanceId }) => read.get(InstanceId) ?? nothing;
  }

  async function readContainerFacts(): Promise<FactOf<'containerInstances'>> {
    if (members === undefined || !asked.has('containerInstances')) return () => nothing;
    const read = await readContainerInstances(ecs, await members);
    return ({ InstanceId }) => read(InstanceId);
  }

  const [group, targetGroups, loadBalancers, containerInstances] = await Promise.all([
    readGroupFacts(),
    readTargetFacts(),
    readLoadBalancerFacts(),
    readContainerFacts(),
  ]);
  return new Map(
    instances.map((instance) => [
      instance.InstanceId,
      {
        group: group(instance),
        targetGroups: targetGroups(instance),
        loadBalancers: loadBalancers(instance),
        containerInstances: containerInstances(instance),
        tags: tagsOf(instance, engine.now()),
      },
    ]),
  );
}

function namesOf(groups: GroupsOf): readonly string[] {
  return distinct(
    [...groups.values()].map((group) => (group.known && group.value !== 'none' ? group.value.name : undefined)),
  );
}

function groupOf(
  instanceId: string,
  groups: GroupsOf,
  hooks: ReadonlyMap<string, Several<string>>,
): Fact<ScalingGroup | 'none'> {
  const group = groups.get(instanceId);
  if (group === undefined) return unknown({ what: `Auto Scaling group of ${instanceId}`, why: 'not-found' });
  if (!group.known || group.value === 'none') return group as Fact<'none'>;
  const terminatingHooks = hooks.get(group.value.name) ?? { found: [], missing: [] };
  return known({ ...group.value, terminatingHooks });
}

/** As DescribeInstances shows them: soon after the launch there may be more. */
function tagsOf({ Tags = [], LaunchTime }: Instance, now: Date): Several<Tag> {
  const found = Tags.map(({ Key = '', Value = '' }) => ({ Key, Value }));
  return { found, missing: isSettled(LaunchTime, now) ? [] : [{ what: 'tags', why: 'not-yet' }] };
}
