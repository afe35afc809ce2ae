import type * as ec2 from '@aws-sdk/client-ec2';
import { type Collected, factsOf, type InspectedInstance, instanceOf, type Launch, type Rows } from './collected.ts';
import type { Launcher, NetworkInterface, OwnAct, PrefixList, Protection, Volume } from './facts.ts';
import { distinct, type Instance, securityGroupIds } from './instance.ts';
import { deadlineOf, type Notice } from './notice.ts';

/** A partial of an AWS shape as JSON has it: dates are strings. */
export type Partially<T> = T extends Date
  ? string | Date
  : T extends readonly (infer U)[]
    ? readonly Partially<U>[]
    : T extends object
      ? { readonly [K in keyof T]?: Partially<T[K]> }
      : T;

/**
 * What an example or a policy's test starts from: partial AWS shapes over the documented defaults. What the instance
 * names and this does not hold is missing; so no syntax is needed for "unknown".
 */
export interface Given {
  /** Fields of DescribeInstances over `defaultInstance`. `Tags` as EC2's list or as a map. */
  readonly instance?: Omit<Partially<ec2.Instance>, 'Tags'> & {
    readonly Tags?: readonly { readonly Key: string; readonly Value: string }[] | Readonly<Record<string, string>>;
  };
  /** The reservation's OwnerId. */
  readonly accountId?: string;
  /** Attached to the instance, unless it has BlockDeviceMappings of its own. */
  readonly volumes?: readonly (Partially<ec2.Volume> & { readonly VolumeId: string })[];
  /** On the instance's interface, unless it has SecurityGroups or NetworkInterfaces of its own. */
  readonly securityGroups?: readonly (Partially<ec2.SecurityGroup> & { readonly GroupId: string })[];
  readonly securityGroupRules?: readonly (Partially<ec2.SecurityGroupRule> & {
    readonly SecurityGroupRuleId: string;
  })[];
  /** Named by groups' permissions. */
  readonly sourceGroups?: readonly (Partially<ec2.SecurityGroup> & { readonly GroupId: string })[];
  readonly networkInterfaces?: readonly (Partially<ec2.NetworkInterface> & { readonly NetworkInterfaceId: string })[];
  readonly prefixLists?: readonly {
    readonly PrefixListId: string;
    readonly Entries: readonly { readonly Cidr: string }[];
  }[];
  readonly instanceTypes?: readonly (Partially<ec2.InstanceTypeInfo> & { readonly InstanceType: string })[];
  /** `alias/name` → key id. */
  readonly kmsAliases?: Readonly<Record<string, string>>;
  readonly launcher?: Launcher;
  /** What policies did to the instance; without a name, the policy that is asked. */
  readonly acts?: readonly (Omit<OwnAct, 'policy'> & { readonly policy?: string })[];
  /** What AWS announced; `at` left out: now; `deadline` left out: two minutes later, where there is an end; `action` left out: terminate. */
  readonly notice?: Pick<Notice, 'kind'> & Partial<Pick<Notice, 'action' | 'at' | 'deadline' | 'text'>>;
}

/** What an example of an action starts from: also what only actions read. */
export interface ActionGiven extends Given {
  /** Every interface that any of the instance's groups is on, its own included. */
  readonly groupInterfaces?: readonly (Partially<ec2.NetworkInterface> & { readonly NetworkInterfaceId: string })[];
  /** Every group of the instance's VPC. */
  readonly vpcGroups?: readonly (Partially<ec2.SecurityGroup> & { readonly GroupId: string })[];
  /** Left out: neither protection is on. */
  readonly protection?: Protection;
  readonly spotRequests?: readonly (Partially<ec2.SpotInstanceRequest> & { readonly SpotInstanceRequestId: string })[];
}

/** The instance that a test starts from: running, settled, without tags, volumes or groups. */
export const defaultInstance = {
  InstanceId: 'i-0123456789abcdef0',
  InstanceType: 'm7i.large',
  ImageId: 'ami-0123456789abcdef0',
  LaunchTime: '2026-01-01T00:00:00Z',
  State: { Name: 'running' },
  Architecture: 'x86_64',
  Placement: { AvailabilityZone: 'us-east-1a', Tenancy: 'default' },
  VpcId: 'vpc-0123456789abcdef0',
  SubnetId: 'subnet-0123456789abcdef0',
  RootDeviceName: '/dev/xvda',
  RootDeviceType: 'ebs',
} as const;

/** The account that a test's instance belongs to. */
export const defaultAccountId = '123456789012';

/** When a test looks, unless it says so itself: an hour after the default instance's launch. */
export const defaultNow = '2026-01-01T01:00:00Z';

/**
 * Builds what `given` describes through the very functions that production uses.
 * @param policy the one that is asked: what was done without a name was done by it.
 * @throws Error when it describes an instance that EC2 could not return.
 */
export function inspected(given: ActionGiven, now: Date, policy = ''): InspectedInstance {
  const raw = { ...defaultInstance, ...namedBy(given), ...given.instance, Tags: tagList(given.instance?.Tags) };
  const instance = instanceOf(raw as unknown as ec2.Instance, given.accountId ?? defaultAccountId);
  if ('why' in instance) throw new Error(`${instance.what}: ${instance.detail ?? instance.why}`);
  return { instance, facts: factsOf(instance, collectedFrom(given, instance, now, policy), now) };
}

/** The notice that `given` describes. */
export function noticeOf(
  { kind, action, at, deadline, text }: NonNullable<Given['notice']>,
  { InstanceId: instanceId, scope }: Pick<Instance, 'InstanceId' | 'scope'>,
  now: Date,
): Notice {
  const announcedAt = at ?? now.toISOString();
  const isEnd = kind === 'interruption' || kind === 'reservation';
  const taken = isEnd ? (action ?? 'terminate') : action;
  const until = deadline ?? (isEnd ? deadlineOf(taken ?? 'terminate', announcedAt) : undefined);
  return {
    kind,
    instanceId,
    scope,
    ...(taken === undefined ? {} : { action: taken }),
    at: announcedAt,
    ...(until === undefined ? {} : { deadline: until }),
    ...(text === undefined ? {} : { text }),
  };
}

/** Block devices and interfaces that name the volumes and groups given. */
function namedBy(given: Given): Pick<Partially<ec2.Instance>, 'BlockDeviceMappings' | 'SecurityGroups'> {
  const named = given.volumes?.map((volume) => ({ Ebs: { VolumeId: volume.VolumeId } })) ?? [];
  const networkInterfaces = given.networkInterfaces?.map(({ NetworkInterfaceId, Groups }) => ({
    NetworkInterfaceId,
    ...(Groups === undefined ? {} : { Groups }),
  }));
  return {
    BlockDeviceMappings: named,
    ...(hasGroupsOfItsOwn(given)
      ? {}
      : { SecurityGroups: given.securityGroups?.map(({ GroupId }) => ({ GroupId })) ?? [] }),
    ...(networkInterfaces === undefined ? {} : { NetworkInterfaces: networkInterfaces }),
  };
}

function hasGroupsOfItsOwn({ instance }: Given): boolean {
  return distinct(securityGroupIds((instance ?? {}) as ec2.Instance)).length > 0;
}

function tagList(tags: NonNullable<Given['instance']>['Tags']): readonly ec2.Tag[] {
  if (tags === undefined) return [];
  if (Array.isArray(tags)) return tags as readonly ec2.Tag[];
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value: String(Value) }));
}

function collectedFrom(given: ActionGiven, instance: Instance, now: Date, policy: string): Collected {
  const { InstanceId: instanceId } = instance;
  const launch: Launch | undefined = given.launcher && { launcher: given.launcher, requestTags: [] };
  return {
    volumes: rows<Volume>(given.volumes, 'VolumeId'),
    securityGroups: rows([...(given.securityGroups ?? []), ...(given.sourceGroups ?? [])], 'GroupId'),
    securityGroupRules: rows(given.securityGroupRules, 'SecurityGroupRuleId'),
    networkInterfaces: rows<NetworkInterface>(given.networkInterfaces, 'NetworkInterfaceId'),
    prefixLists: rows<PrefixList>(
      given.prefixLists?.map(({ PrefixListId, Entries }) => ({
        PrefixListId,
        cidrs: Entries.map((entry) => entry.Cidr),
      })),
      'PrefixListId',
    ),
    instanceTypes: rows(given.instanceTypes, 'InstanceType'),
    kmsAliases: { rows: new Map(Object.entries(given.kmsAliases ?? {})) },
    groupInterfaces: rows<NetworkInterface>(given.groupInterfaces, 'NetworkInterfaceId'),
    vpcGroups: rows(given.vpcGroups, 'GroupId'),
    protections: { rows: new Map([[instanceId, given.protection ?? { stop: false, termination: false }]]) },
    spotRequests: rows(given.spotRequests, 'SpotInstanceRequestId'),
    launches: new Map(launch === undefined ? [] : [[instanceId, launch]]),
    acts: new Map([[instanceId, (given.acts ?? []).map((act) => ({ policy, ...act }))]]),
    notices: new Map(given.notice === undefined ? [] : [[instanceId, noticeOf(given.notice, instance, now)]]),
  };
}

/** JSON rows by id. Their dates stay strings: no fact's date is read by a rule before it was made one. */
function rows<T>(given: readonly object[] | undefined, id: string): Rows<T> {
  return { rows: new Map((given ?? []).map((row) => [String(row[id as keyof typeof row]), row as T])) };
}
