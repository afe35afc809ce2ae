import { createHash } from 'node:crypto';
import type * as ddb from '@aws-sdk/client-dynamodb';
import type * as ec2 from '@aws-sdk/client-ec2';
import type * as events from '@aws-sdk/client-eventbridge';
import type * as kms from '@aws-sdk/client-kms';
import type * as sns from '@aws-sdk/client-sns';
import type { Scope } from '../domain/operations.ts';
import type { BucketState } from './buckets.ts';
import { type Clock, createClock } from './clock.ts';
import { type InstanceAttributes, type Kind, notRecorded, type Resources, recordedReads } from './recorded.ts';
import { type Pace, type ServingState, servingStateOf } from './serving.ts';

/** An item of the table in DynamoDB's JSON. */
export type Item = Readonly<Record<string, ddb.AttributeValue>>;

/** A queue as it is deployed. */
export interface QueueSettings {
  readonly url: string;
  readonly arn: string;
  /** Seconds that a received message stays hidden; afterwards it is received again, unless deleted. */
  readonly visibilityTimeout: number;
  /** How often a message is received before it goes to the dead-letter queue. */
  readonly maxReceiveCount: number;
}

/** A message until it is deleted. */
export interface QueuedMessage {
  readonly messageId: string;
  readonly body: string;
  readonly sentAt: Date;
  visibleAt: Date;
  receiveCount: number;
  firstReceivedAt?: Date;
}

/** A queue with what is in it; `deadLetters` are those that were received too often. */
export interface Queue extends QueueSettings {
  messages: QueuedMessage[];
  readonly deadLetters: QueuedMessage[];
}

/** What SNS took. */
export interface Published {
  readonly at: Date;
  readonly messageId: string;
  readonly topicArn: string;
  readonly subject?: string | undefined;
  readonly message: string;
  readonly attributes: Readonly<Record<string, sns.MessageAttributeValue>>;
}

/** What EventBridge took. */
export interface PutEvent {
  readonly at: Date;
  readonly eventId: string;
  readonly entry: events.PutEventsRequestEntry;
}

/** What of the guardrail itself is deployed into an account. */
export interface Deployed {
  readonly tableName: string;
  /** Tables of others in the account: they are listed, and can't be read. */
  readonly otherTableNames?: readonly string[];
  readonly topicArns: readonly string[];
  readonly queues: readonly QueueSettings[];
}

/** Rows of each kind; `undefined` is not recorded. */
interface Rows {
  reservations: ec2.Reservation[] | undefined;
  volumes: ec2.Volume[] | undefined;
  securityGroups: ec2.SecurityGroup[] | undefined;
  securityGroupRules: ec2.SecurityGroupRule[] | undefined;
  networkInterfaces: ec2.NetworkInterface[] | undefined;
  spotInstanceRequests: ec2.SpotInstanceRequest[] | undefined;
  instanceTypes: ec2.InstanceTypeInfo[] | undefined;
  kmsAliases: kms.AliasListEntry[] | undefined;
}

/** The state of an account in memory, with its clock. Handlers read and write it; nothing else of the sandbox has state. */
export interface Account extends Clock {
  readonly scope: Scope;
  readonly isSnapshot: boolean;
  /** Rows of a page at most; `aws`: as many as AWS gives at most. */
  readonly pageSize: number | 'aws';
  readonly rows: Rows;
  readonly prefixLists: Map<string, readonly ec2.PrefixListEntry[]>;
  /** By the instance's id, where they are not the default. */
  readonly instanceAttributes: Map<string, InstanceAttributes>;
  /** Instances that EC2 takes to start and stops again, with what it says then. */
  readonly startFailures: Map<string, ec2.StateReason>;
  readonly defaultVpcId: string | undefined;
  readonly serving: ServingState;
  readonly pace: Pace;
  /** By service. */
  readonly buckets: Map<string, BucketState>;
  /** How long an instance is `pending`, `stopping` or `shutting-down` after a call, in milliseconds. */
  readonly transitionMs: number;
  /** Ids of rules that are no more. No other rule gets one of them, whatever it lets through. */
  readonly revokedRuleIds: Set<string>;
  readonly tableName: string;
  /** All tables of the account, sorted. */
  readonly tableNames: readonly string[];
  /** By key. */
  readonly items: Map<string, Item>;
  readonly topicArns: ReadonlySet<string>;
  readonly published: Published[];
  readonly queues: ReadonlyMap<string, Queue>;
  readonly putEvents: PutEvent[];
  /** An id that no resource has yet, such as `i-0…`. The same sequence in every run. */
  newId(prefix: string): string;
  /** A UUID that was not given before. The same sequence in every run. */
  newUuid(): string;
}

/** The account at its start. Resources are copied: the caller's are never written to. */
export function createAccount(options: {
  readonly scope: Scope;
  readonly start: Date;
  readonly resources: Resources;
  readonly pageSize: number | 'aws';
  readonly transitionMs: number;
  readonly pace: Pace;
  readonly deployed: Deployed;
}): Account {
  const { scope, pageSize, transitionMs, pace, deployed } = options;
  const resources = structuredClone(options.resources);
  const isSnapshot = resources.isSnapshot ?? false;
  let ids = 0;

  function listed<K extends Kind>(kind: K): NonNullable<Resources[K]>[number][] | undefined {
    const rows = resources[kind];
    if (rows === undefined) return isSnapshot ? undefined : [];
    return [...rows];
  }

  return {
    ...createClock(options.start),
    scope,
    isSnapshot,
    pageSize,
    rows: {
      reservations: listed('reservations'),
      volumes: listed('volumes'),
      securityGroups: listed('securityGroups'),
      securityGroupRules: listed('securityGroupRules'),
      networkInterfaces: listed('networkInterfaces'),
      spotInstanceRequests: listed('spotInstanceRequests'),
      instanceTypes: listed('instanceTypes'),
      kmsAliases: listed('kmsAliases'),
    },
    prefixLists: new Map(Object.entries(resources.prefixLists ?? {})),
    instanceAttributes: new Map(Object.entries(resources.instanceAttributes ?? {})),
    serving: servingStateOf(resources.serving ?? {}, isSnapshot),
    pace,
    buckets: new Map(),
    startFailures: new Map(),
    defaultVpcId: resources.defaultVpcId,
    transitionMs,
    revokedRuleIds: new Set(),
    tableName: deployed.tableName,
    tableNames: [deployed.tableName, ...(deployed.otherTableNames ?? [])].sort(),
    items: new Map(),
    topicArns: new Set(deployed.topicArns),
    published: [],
    queues: new Map(deployed.queues.map((queue) => [queue.url, { ...queue, messages: [], deadLetters: [] }])),
    putEvents: [],
    newId: (prefix) => `${prefix}-0${digest(`${prefix}${++ids}`).slice(0, 16)}`,
    newUuid: () => uuid(digest(`uuid${++ids}`)),
  };
}

/** The guardrail's own resources in an account, by the names that a test or demo need not care about. */
export function defaultDeployment({ accountId, region }: Scope): Deployed {
  const queue = (name: string): QueueSettings => ({
    url: `https://sqs.${region}.amazonaws.com/${accountId}/${name}`,
    arn: `arn:aws:sqs:${region}:${accountId}:${name}`,
    visibilityTimeout: 360,
    maxReceiveCount: 5,
  });
  const topic = (name: string): string => `arn:aws:sns:${region}:${accountId}:${name}`;
  return {
    tableName: 'ec2-guardrail',
    topicArns: [topic('ec2-guardrail-alerts'), topic('ec2-guardrail-operations')],
    queues: [
      queue('ec2-guardrail-live'),
      queue('ec2-guardrail-bulk'),
      { ...queue('ec2-guardrail-drain'), visibilityTimeout: 30 },
    ],
  };
}

/**
 * The rows of one kind.
 * @throws NotRecorded when the account is a snapshot that does not hold them: never an empty list.
 */
export function recordedRows<K extends Kind>(account: Account, kind: K): NonNullable<Rows[K]> {
  const rows = account.rows[kind];
  if (rows === undefined) throw notRecorded(recordedReads[kind]);
  return rows;
}

/** Hex SHA-256. */
export function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function uuid(hex: string): string {
  const groups = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ];
  return groups.join('-');
}
