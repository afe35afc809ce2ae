import type * as autoscaling from '@aws-sdk/client-auto-scaling';
import type * as ecs from '@aws-sdk/client-ecs';
import type * as elb from '@aws-sdk/client-elastic-load-balancing';
import type * as elbv2 from '@aws-sdk/client-elastic-load-balancing-v2';
import type * as ssm from '@aws-sdk/client-ssm';
import type { Account } from './account.ts';
import { awsError } from './errors.ts';
import { pageOf } from './paging.ts';
import { notRecorded, type RecordedRead } from './recorded.ts';

/** What sends work to instances, replaces them, or runs commands on them; a row of each. */
interface Rows {
  readonly targetGroups: elbv2.TargetGroup;
  readonly loadBalancers: elb.LoadBalancerDescription;
  readonly clusterArns: string;
  readonly capacityProviders: ecs.CapacityProvider;
  readonly autoScalingGroups: autoscaling.AutoScalingGroup;
  /** Instances with an agent; left out: none has one. */
  readonly managedInstances: ssm.InstanceInformation;
  /** Documents of one's own: those of AWS that run a script are always there. */
  readonly documents: ssm.DocumentIdentifier;
}

/** What belongs to one of them; a row of each. */
interface RowsOfOwner {
  readonly targetHealth: elbv2.TargetHealthDescription;
  /** Over AWS's defaults. */
  readonly targetGroupAttributes: elbv2.TargetGroupAttribute;
  /** Where a registered instance is in another state than in service. */
  readonly instanceHealth: elb.InstanceState;
  readonly containerInstances: ecs.ContainerInstance;
  readonly services: ecs.Service;
  readonly tasks: ecs.Task;
  readonly lifecycleHooks: autoscaling.LifecycleHook;
}

/** Resources that one command lists, and a snapshot holds in one file. */
export type ServingKind = keyof Rows;

/** Resources that one command lists for their owner, and a snapshot holds in a file for each owner. */
export type OwnedKind = keyof RowsOfOwner;

/** What an account holds of these; what belongs to an owner, by the owner's name. */
export type Serving = { readonly [K in ServingKind]?: readonly Rows[K][] | undefined } & {
  readonly [K in OwnedKind]?: Readonly<Record<string, readonly RowsOfOwner[K][]>> | undefined;
};

/** The same as it changes; `undefined`, or no entry for an owner, is not recorded. */
export interface ServingState {
  readonly lists: { readonly [K in ServingKind]: Rows[K][] | undefined };
  readonly owned: { readonly [K in OwnedKind]: Map<string, RowsOfOwner[K][]> };
  /** What was sent since the start. */
  readonly commands: SentCommand[];
  /** Which hooks were completed, for which instance of which group. */
  readonly completedHooks: Set<string>;
}

/** A command with what became of it on each instance. */
export interface SentCommand {
  readonly command: ssm.Command;
  readonly invocations: Map<string, ssm.GetCommandInvocationResult>;
  /** Before that it has no invocations, as far as one can see. */
  readonly shownAt: Date;
}

/** How long what was asked for takes, in milliseconds. */
export interface Pace {
  /** From a registration until the target is healthy, or the instance in service. */
  readonly healthyMs: number;
  /** Until other tasks stand in for those on an instance that drains, where a service must have all of its tasks at any time. */
  readonly tasksReplacedMs: number;
  /** Until a task that is to stop has stopped. */
  readonly tasksStoppedMs: number;
  /** Until an instance stands in for one that was detached. */
  readonly replacedMs: number;
  /** Until a command's invocations can be seen: AWS's own are not at once. */
  readonly invocationsShownMs: number;
  readonly commandDoneMs: number;
}

/** What is usual, as people report it; no promise of AWS. */
export const usualPace: Pace = {
  healthyMs: 15_000,
  tasksReplacedMs: 60_000,
  tasksStoppedMs: 30_000,
  replacedMs: 60_000,
  invocationsShownMs: 500,
  commandDoneMs: 10_000,
};

/** Where a snapshot holds each kind. */
export const servingReads = {
  targetGroups: {
    file: 'elbv2.describe-target-groups.json',
    key: 'TargetGroups',
    command: 'aws elbv2 describe-target-groups',
  },
  loadBalancers: {
    file: 'elb.describe-load-balancers.json',
    key: 'LoadBalancerDescriptions',
    command: 'aws elb describe-load-balancers',
  },
  clusterArns: { file: 'ecs.list-clusters.json', key: 'clusterArns', command: 'aws ecs list-clusters' },
  capacityProviders: {
    file: 'ecs.describe-capacity-providers.json',
    key: 'capacityProviders',
    command: 'aws ecs describe-capacity-providers',
  },
  autoScalingGroups: {
    file: 'autoscaling.describe-auto-scaling-groups.json',
    key: 'AutoScalingGroups',
    command: 'aws autoscaling describe-auto-scaling-groups',
  },
  managedInstances: {
    file: 'ssm.describe-instance-information.json',
    key: 'InstanceInformationList',
    command: 'aws ssm describe-instance-information',
  },
  documents: {
    file: 'ssm.list-documents.json',
    key: 'DocumentIdentifiers',
    command: 'aws ssm list-documents --filters Key=Owner,Values=Self',
  },
} as const satisfies { readonly [K in ServingKind]: RecordedRead };

/** The command that lists each kind that belongs to an owner, the option that names the owner, and the key of the rows. */
const ownedReads = {
  targetHealth: ['elbv2.describe-target-health', '--target-group-arn', 'TargetHealthDescriptions'],
  targetGroupAttributes: ['elbv2.describe-target-group-attributes', '--target-group-arn', 'Attributes'],
  instanceHealth: ['elb.describe-instance-health', '--load-balancer-name', 'InstanceStates'],
  containerInstances: ['ecs.describe-container-instances', '--cluster', 'containerInstances'],
  services: ['ecs.describe-services', '--cluster', 'services'],
  tasks: ['ecs.describe-tasks', '--cluster', 'tasks'],
  lifecycleHooks: ['autoscaling.describe-lifecycle-hooks', '--auto-scaling-group-name', 'LifecycleHooks'],
} as const satisfies { readonly [K in OwnedKind]: readonly [command: string, owner: string, key: string] };

const ownedKinds = Object.keys(ownedReads) as readonly OwnedKind[];

/**
 * Where a snapshot holds what belongs to one owner. The name of an Auto Scaling group may hold what the name of a file may not:
 * such characters are written as in a URL.
 */
export function ownedRead(kind: OwnedKind, name: string): RecordedRead {
  const [command, owner, key] = ownedReads[kind];
  return { file: `${command}.${inFileName(name)}.json`, key, command: `aws ${command.replace('.', ' ')} ${owner} …` };
}

/** Which owner's rows a file of this name holds, and of which kind. */
export function ownedRowsIn(file: string): { readonly kind: OwnedKind; readonly name: string } | undefined {
  const [, command, text = ''] = /^([a-z\d]+\.[a-z-]+)\.(.+)\.json$/s.exec(file) ?? [];
  const kind = ownedKinds.find((one) => ownedReads[one][0] === command);
  const name = fromFileName(text);
  return kind === undefined || name === undefined ? undefined : { kind, name };
}

/** The state at the start. In a snapshot what is left out is not recorded, else there is none. */
export function servingStateOf(serving: Serving, isSnapshot: boolean): ServingState {
  const listed = <T>(rows: readonly T[] | undefined): T[] | undefined =>
    rows === undefined && isSnapshot ? undefined : [...(rows ?? [])];
  const owned = <T>(rows: Readonly<Record<string, readonly T[]>> = {}): Map<string, T[]> =>
    new Map(Object.entries(rows).map(([name, some]) => [name, [...some]]));
  return {
    lists: {
      targetGroups: listed(serving.targetGroups),
      loadBalancers: listed(serving.loadBalancers),
      clusterArns: listed(serving.clusterArns),
      capacityProviders: listed(serving.capacityProviders),
      autoScalingGroups: listed(serving.autoScalingGroups),
      managedInstances: listed(serving.managedInstances),
      documents: listed(serving.documents),
    },
    owned: {
      targetHealth: owned(serving.targetHealth),
      targetGroupAttributes: owned(serving.targetGroupAttributes),
      instanceHealth: owned(serving.instanceHealth),
      containerInstances: owned(serving.containerInstances),
      services: owned(serving.services),
      tasks: owned(serving.tasks),
      lifecycleHooks: owned(serving.lifecycleHooks),
    },
    commands: [],
    completedHooks: new Set(),
  };
}

/**
 * The rows of one kind.
 * @throws NotRecorded when the account is a snapshot that does not hold them: never an empty list.
 */
export function servingRows<K extends ServingKind>({ serving }: Account, kind: K): Rows[K][] {
  const rows = serving.lists[kind];
  if (rows === undefined) throw notRecorded(servingReads[kind]);
  return rows;
}

/**
 * The rows that belong to one owner. They may be changed in place.
 * @throws NotRecorded when the account is a snapshot that does not hold them.
 */
export function rowsOfOwner<K extends OwnedKind>(account: Account, kind: K, name: string): RowsOfOwner[K][] {
  const byName = account.serving.owned[kind];
  const rows = byName.get(name);
  if (rows !== undefined) return rows;
  if (account.isSnapshot) throw notRecorded(ownedRead(kind, name));
  const none: RowsOfOwner[K][] = [];
  byName.set(name, none);
  return none;
}

/** What a list is asked for. */
export interface Asked {
  /** Rows of a page at most. */
  readonly rows: number | undefined;
  readonly token: string | undefined;
}

/** How a service pages: how many rows it gives at most, how many unasked, and how it calls what is wrong with a request. */
export interface Pages {
  readonly most: number;
  readonly unasked?: number;
  readonly error: string;
  /** Of a token, where that is called something else. */
  readonly tokenError?: string;
}

/**
 * A page of rows.
 * @param request what identifies the request.
 * @throws the service's error for a size out of bounds, or a token that is none of this request.
 */
export function servingPage<T>(account: Account, rows: readonly T[], asked: Asked, pages: Pages, request: unknown) {
  const { most, unasked = most, error, tokenError = error } = pages;
  if (asked.rows !== undefined && (asked.rows < 1 || asked.rows > most)) {
    throw awsError(error, `The page size '${asked.rows}' must be from 1 to ${most}`);
  }
  const size = Math.min(asked.rows ?? unasked, account.pageSize === 'aws' ? most : account.pageSize);
  return pageOf(rows, size, asked.token, request, () => awsError(tokenError, 'The token is invalid'));
}

/** The state of an instance, if there is one of that id. */
export function stateOfInstance({ rows }: Account, id: string | undefined): string | undefined {
  const instances = (rows.reservations ?? []).flatMap((reservation) => reservation.Instances ?? []);
  return instances.find((instance) => instance.InstanceId === id)?.State?.Name;
}

function inFileName(name: string): string {
  return name.replace(/[%/\\:*?"<>|\p{Cc}]/gu, (one) => encodeURIComponent(one).replace('*', '%2A'));
}

function fromFileName(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
