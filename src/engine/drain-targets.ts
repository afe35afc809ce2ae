import type * as elb from '@aws-sdk/client-elastic-load-balancing';
import type * as elbv2 from '@aws-sdk/client-elastic-load-balancing-v2';
import type { ReadFailure } from '../domain/collected.ts';
import type { TargetGroup } from '../domain/drain-facts.ts';
import { type Missing, type Several, tagMap } from '../domain/facts.ts';
import { distinct, type Instance } from '../domain/instance.ts';
import { addressesOf, targetIdsOf } from '../domain/target-ids.ts';
import { HOUR_MS } from '../domain/time.ts';
import type { Engine } from './deployment.ts';
import type { Members } from './drain-ecs.ts';
import type { GroupsOf } from './drain-groups.ts';
import { type CallBudget, elbBudget } from './elb-budget.ts';
import { atMost, awsUntil } from './in-time.ts';
import { failureOf, listIn, type ReadResult, readOn } from './reads.ts';
import {
  arnOf,
  asLookedAt,
  holdsInstances,
  type IndexTable,
  LOOKS_AT_ONCE,
  listTargetGroups,
  lookAt,
  noRoom,
  noteTargets,
  readTargetIndex,
  type TargetIndex,
} from './target-index.ts';

/** The tag by which a person names target groups of an instance, or of its group: names or ARNs, with commas or spaces between. */
export const TARGET_GROUPS_TAG = 'ec2-guardrail:target-groups';

/** How old the index may be for what it does not show not to be there, in milliseconds: one sweep may fail. */
const INDEX_HOLDS_MS = 2 * HOUR_MS;

/** The longest search among all target groups, in milliseconds, and what of the time is left for writing down what it saw. */
const SEARCH_MS = 15_000;
const WRITING_MS = 1_000;

/** A search that fails so often is given up. */
const SEARCH_FAILURES = 5;

const GONE = 'TargetGroupNotFoundException';

/** Where else it is known which target groups an instance is in. None of these rejects. */
export interface Elsewhere {
  readonly groups: Promise<GroupsOf>;
  readonly members: Promise<Members>;
  /** By cluster. */
  readonly services: Promise<ReadonlyMap<string, Several<string>>>;
}

/** Target groups that a source names for each instance, by ARN. */
type Named = ReadonlyMap<string, Several<string>>;

type Look =
  | { readonly rows: readonly elbv2.TargetHealthDescription[]; readonly at: Date }
  | { readonly failure: ReadFailure; readonly isGone: boolean };

/** Target groups as far as they were looked at. Each is looked at once, whoever asks, and as fast as ELB's budget allows. */
class Looks {
  readonly done = new Map<string, Look>();
  readonly #begun = new Map<string, Promise<Look>>();

  readonly budget: CallBudget;
  readonly #engine: Pick<Engine, 'aws' | 'now'>;

  constructor(engine: Pick<Engine, 'aws' | 'now'>, budget: CallBudget) {
    this.#engine = engine;
    this.budget = budget;
  }

  at(arn: string, until: Date): Promise<Look> {
    const begun = this.#begun.get(arn) ?? this.#look(arn, until);
    this.#begun.set(arn, begun);
    return begun;
  }

  async #look(arn: string, until: Date): Promise<Look> {
    let look: Look;
    try {
      if (!(await this.budget.take(until))) throw noRoom();
      look = { rows: await lookAt(this.#engine, arn), at: this.#engine.now() };
    } catch (error) {
      look = { failure: failureOf(error), isGone: (error as Error).name === GONE };
    }
    this.done.set(arn, look);
    return look;
  }
}

/** All that is known of the target groups of a batch. */
interface Picture {
  readonly listing: ReadResult<elbv2.TargetGroup>;
  readonly listed: ReadonlyMap<string, elbv2.TargetGroup>;
  readonly index: TargetIndex;
  readonly indexFailure: ReadFailure | undefined;
  /** By the instance's group, its cluster's services and a person's tag. */
  readonly named: readonly Named[];
  readonly byIndex: Named;
  readonly looks: Looks;
  readonly now: Date;
}

/**
 * The target groups that hold each instance, with all that they hold: those that its group, its cluster's services, its tag and the
 * index name, each as soon as it is known. For an instance that is in none that the first three name, all target groups of its VPC
 * are searched for as long as there is time and ELB answers; what was seen is written into the index, so that the next search goes on where
 * this one ended. Whatever was not looked at is missing.
 */
export async function readTargetGroups(
  engine: IndexTable,
  instances: readonly Instance[],
  elsewhere: Elsewhere,
  until: Date,
): Promise<ReadonlyMap<string, Several<TargetGroup>>> {
  const inTime = { ...engine, aws: awsUntil(engine, until) };
  const budget = elbBudget(engine, 'elbv2');
  const looks = new Looks(inTime, budget);
  const listing = listTargetGroups(inTime, budget, until);
  const index = readTargetIndex(inTime).then(
    (read) => ({ read, failure: undefined }),
    (error: unknown) => ({ read: new Map() as TargetIndex, failure: failureOf(error) }),
  );
  const look = async (source: Promise<Named>) => {
    const names = await source;
    const arns = distinct([...names.values()].flatMap(({ found }) => found));
    await atMost(LOOKS_AT_ONCE, arns, (arn) => looks.at(arn, until));
    return names;
  };
  const [byIndex, ...named] = await Promise.all([
    look(index.then(({ read }) => namedByIndex(instances, read))),
    look(elsewhere.groups.then((groups) => namedByGroups(instances, groups))),
    look(namedByServices(instances, elsewhere)),
    look(Promise.all([elsewhere.groups, listing]).then(([groups, all]) => namedByTags(instances, groups, all))),
  ]);
  const [all, { read, failure }] = await Promise.all([listing, index]);
  const listed = new Map(all.rows.map((group) => [arnOf(group), group]));
  const picture: Picture = {
    listing: all,
    listed,
    index: read,
    indexFailure: failure,
    named,
    byIndex,
    looks,
    now: engine.now(),
  };
  const unwritten = await search(inTime, instances, picture, until);
  return new Map(
    instances.map((instance) => {
      const groups = targetGroupsOf(instance, picture);
      return [instance.InstanceId, { ...groups, missing: [...groups.missing, ...unwritten] }];
    }),
  );
}

/** Names of the classic load balancers that hold each instance. One list holds them all. */
export async function readLoadBalancers(
  engine: IndexTable,
  instances: readonly Instance[],
  until: Date,
): Promise<ReadonlyMap<string, Several<string>>> {
  const operation = 'elb:DescribeLoadBalancers';
  const aws = awsUntil(engine, until);
  const budget = elbBudget(engine, 'elb');
  const { rows, failure } = await readOn<elb.LoadBalancerDescription>(async (Marker) => {
    if (!(await budget.take(until))) throw noRoom();
    const output = await aws(operation, { PageSize: 400, ...(Marker && { Marker }) });
    return { rows: listIn(operation, output.LoadBalancerDescriptions), next: output.NextMarker || undefined };
  });
  const missing: readonly Missing[] = failure === undefined ? [] : [{ what: 'classic load balancers', ...failure }];
  return new Map(
    instances.map(({ InstanceId: id }) => {
      const holding = rows.filter(({ Instances }) => Instances?.some((one) => one.InstanceId === id));
      return [id, { found: distinct(holding.map((one) => one.LoadBalancerName)), missing }];
    }),
  );
}

function namedByGroups(instances: readonly Instance[], groups: GroupsOf): Named {
  return namedFor(instances, ({ InstanceId }) => {
    const group = groups.get(InstanceId);
    if (group === undefined || (group.known && group.value === 'none')) return { found: [], missing: [] };
    if (!group.known) return { found: [], missing: [group.missing] };
    return { found: group.value === 'none' ? [] : group.value.targetGroupArns, missing: [] };
  });
}

async function namedByServices(instances: readonly Instance[], elsewhere: Elsewhere): Promise<Named> {
  const [members, services] = await Promise.all([elsewhere.members, elsewhere.services]);
  return namedFor(instances, ({ InstanceId }) => {
    const member = members.found.get(InstanceId);
    if (member === undefined) return { found: [], missing: members.missing };
    return services.get(member.cluster) ?? { found: [], missing: [] };
  });
}

/** The instance's own tag, or where it has none the group's. */
function namedByTags(instances: readonly Instance[], groups: GroupsOf, listing: ReadResult<elbv2.TargetGroup>): Named {
  const byName = new Map(listing.rows.map((group) => [group.TargetGroupName ?? '', arnOf(group)]));
  const arns = new Set(byName.values());
  const isCutShort = listing.failure !== undefined;
  return namedFor(instances, ({ InstanceId, Tags = [] }) => {
    const group = groups.get(InstanceId);
    const ofGroup = group?.known && group.value !== 'none' ? group.value.tags : [];
    const own = Tags.find(({ Key }) => Key === TARGET_GROUPS_TAG)?.Value;
    const value = own ?? tagMap({ found: ofGroup, missing: [] }).get(TARGET_GROUPS_TAG) ?? '';
    const found: string[] = [];
    const missing: Missing[] = [];
    for (const name of value.split(/[\s,]+/).filter(Boolean)) {
      const arn = arns.has(name) || (isCutShort && name.startsWith('arn:')) ? name : byName.get(name);
      const what = `target group ${name} of the tag ${TARGET_GROUPS_TAG}`;
      if (arn !== undefined) found.push(arn);
      else missing.push({ what, ...(listing.failure ?? { why: 'not-found' }) });
    }
    return { found, missing };
  });
}

function namedByIndex(instances: readonly Instance[], index: TargetIndex): Named {
  const byTarget = new Map<string, string[]>();
  for (const [arn, { targets = [] }] of index)
    for (const target of targets) byTarget.set(target, [...(byTarget.get(target) ?? []), arn]);
  return namedFor(instances, (instance) => ({
    found: distinct(targetIdsOf(instance).flatMap((id) => byTarget.get(id) ?? [])),
    missing: [],
  }));
}

function namedFor(instances: readonly Instance[], name: (instance: Instance) => Several<string>): Named {
  return new Map(instances.map((instance) => [instance.InstanceId, name(instance)]));
}

/**
 * Looks at what nobody named, for the instances that were found nowhere: first at groups that a load balancer sends requests to.
 * @returns what could not be written down.
 */
async function search(
  engine: IndexTable,
  instances: readonly Instance[],
  picture: Picture,
  until: Date,
): Promise<readonly Missing[]> {
  const lost = instances.filter((instance) => !isPlaced(instance, picture));
  const unseen = distinct(lost.flatMap((instance) => unseenBy(instance, picture, false)));
  if (unseen.length === 0) return [];
  const isInUse = (arn: string) => (picture.listed.get(arn)?.LoadBalancerArns?.length ?? 0) > 0;
  const seenAt = (arn: string) => picture.index.get(arn)?.at ?? '';
  const inOrder = [...unseen].sort(
    (a, b) => Number(isInUse(b)) - Number(isInUse(a)) || seenAt(a).localeCompare(seenAt(b)),
  );
  const now = engine.now().getTime();
  const end = new Date(Math.min(now + SEARCH_MS, until.getTime() - WRITING_MS));
  let failures = 0;
  const looks = await atMost(LOOKS_AT_ONCE, inOrder, async (arn) => {
    if (failures >= SEARCH_FAILURES || engine.now() >= end) return [];
    const look = await picture.looks.at(arn, end);
    if ('rows' in look) return [[arn, asLookedAt(look.rows, look.at)] as const];
    if (!look.isGone) failures++;
    return [];
  });
  const seen = new Map(looks.flat());
  if (seen.size === 0) return [];
  try {
    await noteTargets(engine, seen);
    return [];
  } catch (error) {
    return [{ what: 'index of targets: what was seen could not be written', ...failureOf(error) }];
  }
}

function targetGroupsOf(instance: Instance, picture: Picture): Several<TargetGroup> {
  const { looks, named, byIndex, listing, listed } = picture;
  const sources = [...named, byIndex].flatMap((names) => names.get(instance.InstanceId) ?? []);
  const missing: Missing[] = [];
  for (const arn of distinct(sources.flatMap(({ found }) => found))) {
    const look = looks.done.get(arn);
    // Of a group that is gone nothing is missing, whoever still names it.
    if (look !== undefined && 'failure' in look && !look.isGone)
      missing.push({ what: `target group ${nameOf(arn)}`, ...look.failure });
  }
  const found: TargetGroup[] = [];
  for (const [arn, look] of looks.done) {
    if (!('rows' in look)) continue;
    const registered = registrationIn(instance, arn, look.rows, picture);
    if (registered === 'unsure') missing.push(unsureOf(instance, arn, listing));
    else if (registered !== undefined) found.push(targetGroupOf(arn, listed.get(arn), registered));
  }
  if (listing.failure !== undefined) missing.push({ what: 'list of target groups', ...listing.failure });
  const ofVpc = groupsOfVpc(instance, picture);
  const unseen = unseenBy(instance, picture, isPlaced(instance, picture));
  const isAllSeenNow = listing.failure === undefined && ofVpc.every((arn) => isSeenNow(arn, picture));
  // What a source might have named is not missing where all is seen. A name in a tag that there is none of is told all the same.
  const unnamed = sources.flatMap((source) => source.missing);
  missing.push(...unnamed.filter(({ why }) => !isAllSeenNow || why === 'not-found'));
  if (unseen.length > 0) missing.push(...missingOfSearch(instance, unseen, ofVpc.length, picture));
  return { found, missing };
}

function missingOfSearch(
  { VpcId = 'no VPC' }: Instance,
  unseen: readonly string[],
  all: number,
  { looks, indexFailure }: Picture,
): readonly Missing[] {
  const failed = unseen.map((arn) => looks.done.get(arn)).find((look) => look !== undefined && 'failure' in look);
  const { why, detail } = failed !== undefined && 'failure' in failed ? failed.failure : failureOf(noRoom());
  const { failure } = looks.budget;
  return [
    { what: `${unseen.length} of ${all} target groups of ${VpcId} were not looked at`, why, detail },
    ...(indexFailure === undefined ? [] : [{ what: 'index of targets', ...indexFailure }]),
    ...(failure === undefined ? [] : [{ what: 'budget of calls to ELB: a few were made without it', ...failure }]),
  ];
}

/** Target groups of the instance's VPC of which it is not known whether they hold it. */
function unseenBy(instance: Instance, picture: Picture, isPlacedNow: boolean): readonly string[] {
  return groupsOfVpc(instance, picture).filter(
    (arn) => !isSeenNow(arn, picture) && !isSeenBefore(instance, arn, picture, isPlacedNow),
  );
}

function isSeenNow(arn: string, { looks }: Picture): boolean {
  const look = looks.done.get(arn);
  return look !== undefined && ('rows' in look || look.isGone);
}

/**
 * Whether the index shows that a group does not hold the instance. Of one that was launched later it shows nothing, unless whoever
 * launched it has registered it already: by hand, it is registered some time later.
 */
function isSeenBefore({ LaunchTime }: Instance, arn: string, { index, now }: Picture, isPlacedNow: boolean): boolean {
  const seen = index.get(arn);
  if (seen?.targets === undefined) return false;
  const at = Date.parse(seen.at);
  return now.getTime() - at <= INDEX_HOLDS_MS && (isPlacedNow || at >= LaunchTime.getTime());
}

/** Whether the instance is in a target group that its group, its cluster's services or its tag name. */
function isPlaced(instance: Instance, picture: Picture): boolean {
  const { named, looks } = picture;
  const arns = named.flatMap((names) => names.get(instance.InstanceId)?.found ?? []);
  return arns.some((arn) => {
    const look = looks.done.get(arn);
    if (look === undefined || !('rows' in look)) return false;
    return Array.isArray(registrationIn(instance, arn, look.rows, picture));
  });
}

function groupsOfVpc({ VpcId }: Instance, { listing }: Picture): readonly string[] {
  return listing.rows.filter((group) => holdsInstances(group) && group.VpcId === VpcId).map(arnOf);
}

/**
 * All targets of a group, where the instance is one of them. An address is the instance's only in its own VPC: in another there may
 * be the same one. `unsure`: the group's VPC is not known.
 */
function registrationIn(
  instance: Instance,
  arn: string,
  rows: readonly elbv2.TargetHealthDescription[],
  { listed }: Picture,
): readonly elbv2.TargetHealthDescription[] | 'unsure' | undefined {
  const isOwnId = ({ Target }: elbv2.TargetHealthDescription) => Target?.Id === instance.InstanceId;
  if (rows.some(isOwnId)) return rows;
  const addresses = new Set(addressesOf(instance));
  const isOwnAddress = ({ Target }: elbv2.TargetHealthDescription) => addresses.has(Target?.Id ?? '');
  if (!rows.some(isOwnAddress)) return undefined;
  const group = listed.get(arn);
  if (group === undefined) return 'unsure';
  if (group.VpcId !== instance.VpcId) return undefined;
  // In all zones is what is outside of the VPC.
  const own = rows.filter((row) => !(isOwnAddress(row) && row.Target?.AvailabilityZone === 'all'));
  return own.some(isOwnAddress) ? own : undefined;
}

function unsureOf({ InstanceId }: Instance, arn: string, { failure }: ReadResult<unknown>): Missing {
  const what = `whether an address in target group ${nameOf(arn)} is that of ${InstanceId}`;
  return { what, ...(failure ?? { why: 'not-found' }) };
}

function targetGroupOf(
  targetGroupArn: string,
  group: elbv2.TargetGroup | undefined,
  rows: readonly elbv2.TargetHealthDescription[],
): TargetGroup {
  return {
    targetGroupArn,
    name: group?.TargetGroupName ?? nameOf(targetGroupArn),
    ...(group?.Protocol === undefined ? {} : { protocol: group.Protocol }),
    targets: rows.map(({ Target, TargetHealth }) => ({
      id: Target?.Id ?? '',
      ...(Target?.Port === undefined ? {} : { port: Target.Port }),
      health: TargetHealth?.State ?? 'unavailable',
    })),
  };
}

/** `arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/0123456789abcdef` */
function nameOf(arn: string): string {
  return arn.split('/')[1] ?? arn;
}
