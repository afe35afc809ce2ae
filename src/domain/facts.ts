import type * as ec2 from '@aws-sdk/client-ec2';
import type { Notice } from './notice.ts';

/** Why something is not known. Only `not-found`, `not-yet`, `throttled` and `failed` may pass with time. */
export type WhyMissing =
  /** Named by the instance, and not in AWS's answer. */
  | 'not-found'
  /** The launch has not settled: it may still appear. */
  | 'not-yet'
  /** AWS refused the read: a permission is missing. */
  | 'denied'
  | 'throttled'
  /** The read failed in another way. */
  | 'failed'
  /** Nobody wrote it down: a snapshot without the file, a launch before the guardrail was there. */
  | 'not-recorded'
  /** A policy's condition that can't be evaluated on this instance. */
  | 'not-evaluable';

/** What is missing (`volume vol-1`, `tags`) and why; `detail` is AWS's message or the file's name. */
export interface Missing {
  readonly what: string;
  readonly why: WhyMissing;
  readonly detail?: string;
  /** What a person can do about it, one sentence, where that is known; left out: what the reason says. */
  readonly fix?: string;
}

/** One thing: its value can't be read before `known` was asked. */
export type Fact<T> =
  | { readonly known: true; readonly value: T }
  | { readonly known: false; readonly missing: Missing };

/** Several things: those found, and what else there may be. Complete only when nothing is missing. */
export interface Several<T> {
  readonly found: readonly T[];
  readonly missing: readonly Missing[];
}

/** A tag that is there: both texts are, though the value may be empty. */
export interface Tag {
  readonly Key: string;
  readonly Value: string;
}

export type Volume = ec2.Volume & { readonly VolumeId: string };
export type NetworkInterface = ec2.NetworkInterface & { readonly NetworkInterfaceId: string };
export type SecurityGroup = ec2.SecurityGroup & {
  readonly GroupId: string;
  /** The group's rules with their ids. They name what offends; the verdict is on `IpPermissions`. */
  readonly rules: Fact<readonly ec2.SecurityGroupRule[]>;
};

/** A managed prefix list, read to its last page. */
export interface PrefixList {
  readonly PrefixListId: string;
  readonly cidrs: readonly string[];
}

/** Who launched an instance, from the RunInstances record. */
export interface Launcher {
  /** A service that launched on its own behalf or for somebody, such as `autoscaling.amazonaws.com`. */
  readonly invokedBy?: string;
  /** The caller: user, role session or root. */
  readonly arn?: string;
  /** What a person reads: `jane`, `Deploy/ci-run-7`, `Auto Scaling group web`, `root`. */
  readonly name: string;
}

/** What is known of an instance beyond its own fields. A rule sees only the facts that it declared as needs. */
export interface Facts {
  /** The instance's tags, `aws:` ones included. */
  readonly tags: Several<Tag>;
  /** The attached EBS volumes. */
  readonly volumes: Several<Volume>;
  /** The groups of every network interface. */
  readonly securityGroups: Several<SecurityGroup>;
  /** The prefix lists that ingress permissions of these groups name. */
  readonly prefixLists: Several<PrefixList>;
  /** The groups that ingress permissions of these groups name as sources. */
  readonly sourceGroups: Several<SecurityGroup>;
  /** The network interfaces with their tags. */
  readonly networkInterfaces: Several<NetworkInterface>;
  /** What EC2 says of the instance's type. */
  readonly instanceTypeInfo: Fact<ec2.InstanceTypeInfo>;
  /** Key id of every KMS alias of the account and Region: `alias/name` → key id. */
  readonly kmsAliases: Fact<ReadonlyMap<string, string>>;
  readonly launcher: Fact<Launcher>;
  /** Every network interface that one of the instance's groups is on: who else a change of the group concerns. */
  readonly groupInterfaces: Several<NetworkInterface>;
  /** Every security group of the instance's VPC. */
  readonly vpcGroups: Several<SecurityGroup>;
  readonly protection: Fact<Protection>;
  /** What policies did to the instance and nobody put back, oldest first; empty where no table remembers it. */
  readonly acts: Several<OwnAct>;
  /** What AWS has announced of the instance; `none` also where nobody listens to what it announces. */
  readonly notice: Fact<Notice | 'none'>;
  /** The request that keeps a Spot instance; `none` for an instance that is no Spot instance. */
  readonly spotRequest: Fact<ec2.SpotInstanceRequest | 'none'>;
}

/** What a policy did to an instance. */
export interface OwnAct {
  readonly policy: string;
  readonly action: string;
  /** ISO 8601. */
  readonly at: string;
}

/**
 * What an instance is protected from, by whatever API call.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-stop-protection.html
 */
export interface Protection {
  readonly stop: boolean;
  readonly termination: boolean;
}

/** A fact that is known. */
export function known<T>(value: T): Fact<T> {
  return { known: true, value };
}

/** A fact that is not known, and why. */
export function unknown(missing: Missing): { readonly known: false; readonly missing: Missing } {
  return { known: false, missing };
}

/** What is missing of one fact, whatever its form. */
export function missingOf(fact: Facts[keyof Facts]): readonly Missing[] {
  if ('found' in fact) return fact.missing;
  return fact.known ? [] : [fact.missing];
}

/** What is missing of the facts among these needs. Other needs are fields of the instance itself. */
export function missingAmong(needs: readonly string[], facts: Facts): readonly Missing[] {
  return needs.flatMap((need) => (need in facts ? missingOf(facts[need as keyof Facts]) : []));
}

/** Whether waiting can bring it: a refused read or a file that is not there stays so. */
export function mayAppear({ why }: Missing): boolean {
  return why !== 'denied' && why !== 'not-recorded' && why !== 'not-evaluable';
}

/** Whether a read failed that would have succeeded at another time: what it was to bring is there all the same. */
export function isPassing({ why, detail }: Missing): boolean {
  return why === 'throttled' || (why === 'failed' && !/NotFound|Malformed/.test(detail ?? ''));
}

/** For reasons and alerts: `volume vol-1: not found`. */
export function describeMissing(missing: Missing): string {
  return `${missing.what}: ${words[missing.why]}${missing.detail === undefined ? '' : ` (${missing.detail})`}`;
}

const words = {
  'not-found': 'not found',
  'not-yet': 'not settled yet',
  denied: 'denied',
  throttled: 'throttled',
  failed: 'failed',
  'not-recorded': 'not recorded',
  'not-evaluable': 'can not be evaluated',
} as const satisfies Record<WhyMissing, string>;

/** How many permissions an advice names. */
const NAMED_PERMISSIONS = 5;

/** What a person can do about what is missing. A refused read stays refused until somebody grants it. */
export function adviceFor(missing: readonly Missing[]): string {
  const denied = missing.filter((one) => one.why === 'denied');
  if (denied.length > 0) return adviceForDenied(denied);
  const known = missing.find(({ fix }) => fix !== undefined)?.fix;
  if (known !== undefined) return known;
  if (missing.some((one) => one.why === 'not-evaluable'))
    return "correct the condition in the policy's `match` or `exempt`: it can not be evaluated on this instance.";
  if (missing.some(isDangling)) return 'replace the source: nobody can say whom it lets in.';
  if (missing.every((one) => one.why === 'not-recorded')) return 'record what is missing, if it matters.';
  return 'nothing yet: the hourly sweep looks again. If it stays so, see what is missing.';
}

/**
 * A prefix list or group that is named and not there: deleted, or another account's. Waiting does not bring it back.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
 */
function isDangling({ what, why, detail = '' }: Missing): boolean {
  if (!/^(?:prefix list|security group) /.test(what)) return false;
  return why === 'not-found' || (why === 'failed' && /^InvalidPrefixListID\.NotFound\b/i.test(detail));
}

function adviceForDenied(denied: readonly Missing[]): string {
  const named = new Set(denied.flatMap((one) => permissionsIn(one.detail ?? '')));
  if (named.size === 0) return "let the guardrail's role read it: AWS refused with the message above.";
  const permissions = [...named].slice(0, NAMED_PERMISSIONS).join(', ');
  return `grant ${permissions} to the guardrail's role: AWS refused ${denied.length === 1 ? '1 read' : `${denied.length} reads`}.`;
}

/** IAM actions that AWS's message names: `not authorized to perform: ec2:DescribeVolumes`. */
function permissionsIn(detail: string): readonly string[] {
  return detail.slice(0, 2_000).match(/\b[a-z][a-z0-9-]*:[A-Z][A-Za-z]+\b/g) ?? [];
}

/** Found tags as a map. Keys are unique in EC2. */
export function tagMap(tags: Several<Tag>): ReadonlyMap<string, string> {
  return new Map(tags.found.map((tag) => [tag.Key, tag.Value]));
}
