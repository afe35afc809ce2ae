import type { Missing } from '../domain/facts.ts';
import { distinct, type Instance, networkInterfaceIds, securityGroupIds, volumeIds } from '../domain/instance.ts';
import type { Aws } from '../domain/operations.ts';
import type { Targets } from '../events/targets.ts';
import { type DescribedInstances, describeGroupsThatName, describeInstances, type InstanceFilter } from './collect.ts';
import type { Task } from './tasks.ts';

/** An instance that tasks asked for, as DescribeInstances shows it or why it does not. */
export type Sighting =
  | { readonly instanceId: string; readonly instance: Instance; readonly tasks: readonly Task[] }
  | { readonly instanceId: string; readonly missing: Missing; readonly tasks: readonly Task[] };

/** What the tasks of a batch lead to. */
export interface Sightings {
  readonly sightings: readonly Sighting[];
  /** Tasks whose targets could not be led to instances: nobody knows which instances they concern. */
  readonly unresolved: ReadonlyMap<Task, string>;
}

/** How a changed resource leads to the instances that carry it, and how to tell that an instance does. */
const paths = [
  ['securityGroupIds', 'network-interface.group-id', securityGroupIds],
  ['securityGroupNames', 'network-interface.group-name', groupNames],
  ['networkInterfaceIds', 'network-interface.network-interface-id', networkInterfaceIds],
  ['volumeIds', 'block-device-mapping.volume-id', volumeIds],
] as const satisfies readonly (readonly [keyof Targets, InstanceFilter, (instance: Instance) => readonly string[]])[];

/**
 * Looks up every instance that the tasks name or lead to, each once, in one DescribeInstances for each kind of target.
 */
export async function findInstances(aws: Aws, tasks: readonly Task[]): Promise<Sightings> {
  const named = await resolveNamedByGroups(aws, tasks);
  const resolvable = tasks.filter((task) => !named.unresolved.has(task));
  const wanted = new Map(resolvable.map((task) => [task, withGroups(task.targets, named.groups.get(task))]));
  const ids = distinct([...wanted.values()].flatMap((targets) => targets.instanceIds));
  const [direct, ...indirect] = await Promise.all([
    describe(aws, 'instance-id', ids),
    ...paths.map(([kind, filter]) =>
      describe(aws, filter, distinct([...wanted.values()].flatMap((targets) => targets[kind]))),
    ),
  ]);
  const unresolved = new Map(named.unresolved);
  const askers = new Map<string, Set<Task>>();
  const ask = (id: string, task: Task) => askers.set(id, (askers.get(id) ?? new Set()).add(task));
  for (const [task, targets] of wanted) {
    for (const id of targets.instanceIds) ask(id, task);
    paths.forEach(([kind, , carriedBy], index) => {
      const described = indirect[index];
      if (described === undefined || targets[kind].length === 0) return;
      if (described.failure !== undefined) unresolved.set(task, described.failure.detail);
      for (const instance of described.instances)
        if (carriedBy(instance).some((id) => targets[kind].includes(id))) ask(instance.InstanceId, task);
    });
  }
  const seen = new Map([direct, ...indirect].flatMap(({ instances }) => instances.map((one) => [one.InstanceId, one])));
  return { sightings: [...askers].map(([id, tasksOf]) => sighting(id, [...tasksOf], seen, direct)), unresolved };
}

function sighting(
  instanceId: string,
  tasks: readonly Task[],
  seen: ReadonlyMap<string, Instance>,
  direct: DescribedInstances,
): Sighting {
  const instance = seen.get(instanceId);
  if (instance !== undefined) return { instanceId, instance, tasks };
  const what = `instance ${instanceId}`;
  const missing: Missing =
    direct.malformed.get(instanceId) ??
    (direct.failure === undefined ? { what, why: 'not-found' } : { what, ...direct.failure });
  return { instanceId, missing, tasks };
}

function describe(aws: Aws, filter: InstanceFilter, values: readonly string[]): Promise<DescribedInstances> {
  if (values.length === 0) return Promise.resolve({ instances: [], malformed: new Map() });
  return describeInstances(aws, filter, values);
}

interface NamedByGroups {
  /** Groups whose permissions name a task's prefix lists or source groups. */
  readonly groups: ReadonlyMap<Task, readonly string[]>;
  readonly unresolved: ReadonlyMap<Task, string>;
}

/** A changed prefix list or source group concerns the instances whose groups name it. */
async function resolveNamedByGroups(aws: Aws, tasks: readonly Task[]): Promise<NamedByGroups> {
  const lists = distinct(tasks.flatMap((task) => task.targets.prefixListIds));
  const sources = distinct(tasks.flatMap((task) => task.targets.sourceGroupIds));
  const [byList, bySource] = await Promise.all([
    describeGroupsThatName(aws, 'ip-permission.prefix-list-id', lists),
    describeGroupsThatName(aws, 'ip-permission.group-id', sources),
  ]);
  const groups = new Map<Task, readonly string[]>();
  const unresolved = new Map<Task, string>();
  for (const task of tasks) {
    const { prefixListIds, sourceGroupIds } = task.targets;
    if (prefixListIds.length > 0 && byList.failure !== undefined) unresolved.set(task, byList.failure.detail);
    if (sourceGroupIds.length > 0 && bySource.failure !== undefined) unresolved.set(task, bySource.failure.detail);
    const naming = [...byList.rows, ...bySource.rows].filter((group) =>
      (group.IpPermissions ?? []).some(
        (permission) =>
          permission.PrefixListIds?.some((list) => prefixListIds.includes(list.PrefixListId ?? '')) ||
          permission.UserIdGroupPairs?.some((pair) => sourceGroupIds.includes(pair.GroupId ?? '')),
      ),
    );
    groups.set(task, distinct(naming.map((group) => group.GroupId)));
  }
  return { groups, unresolved };
}

function withGroups(targets: Targets, groupIds: readonly string[] = []): Targets {
  if (groupIds.length === 0) return targets;
  return { ...targets, securityGroupIds: distinct([...targets.securityGroupIds, ...groupIds]) };
}

function groupNames(instance: Instance): readonly string[] {
  const groups = [
    ...(instance.SecurityGroups ?? []),
    ...(instance.NetworkInterfaces ?? []).flatMap((networkInterface) => networkInterface.Groups ?? []),
  ];
  return distinct(groups.map((group) => group.GroupName));
}
