import type * as ec2 from '@aws-sdk/client-ec2';
import type * as kms from '@aws-sdk/client-kms';
import { awsError } from './errors.ts';
import type { Serving } from './serving.ts';

/** What EC2 tells of an instance only by its attributes; left out: it is not protected. */
export interface InstanceAttributes {
  readonly disableApiStop?: boolean;
  readonly disableApiTermination?: boolean;
}

/** What an account holds. */
export interface Resources {
  readonly reservations?: readonly ec2.Reservation[] | undefined;
  readonly volumes?: readonly ec2.Volume[] | undefined;
  readonly securityGroups?: readonly ec2.SecurityGroup[] | undefined;
  /** In an account that is no snapshot they are derived from the groups' permissions; those given here lend their ids and tags. */
  readonly securityGroupRules?: readonly ec2.SecurityGroupRule[] | undefined;
  readonly networkInterfaces?: readonly ec2.NetworkInterface[] | undefined;
  readonly spotInstanceRequests?: readonly ec2.SpotInstanceRequest[] | undefined;
  readonly instanceTypes?: readonly ec2.InstanceTypeInfo[] | undefined;
  readonly kmsAliases?: readonly kms.AliasListEntry[] | undefined;
  /** Entries of managed prefix lists by the list's id. */
  readonly prefixLists?: Readonly<Record<string, readonly ec2.PrefixListEntry[]>>;
  /** By the instance's id. */
  readonly instanceAttributes?: Readonly<Record<string, InstanceAttributes>>;
  /** What sends work to instances, replaces them, or runs commands on them. */
  readonly serving?: Serving;
  /** Left out: there is none, as in many accounts. */
  readonly defaultVpcId?: string;
  /** A snapshot: what is left out was not recorded, and reading it fails. Else it is empty. */
  readonly isSnapshot?: boolean;
}

/** Resources of EC2 and KMS that one command lists, and a snapshot holds in one file. */
export type Kind = Exclude<
  keyof Resources,
  'prefixLists' | 'instanceAttributes' | 'serving' | 'defaultVpcId' | 'isSnapshot'
>;

/** A read as a snapshot holds it: the AWS CLI's output, in a file named after the command. */
export interface RecordedRead {
  readonly file: string;
  /** The top-level key that holds the rows, or the attribute. */
  readonly key: string;
  /** What records it. */
  readonly command: string;
}

/** Where a snapshot holds each kind of resource. */
export const recordedReads = {
  reservations: { file: 'describe-instances.json', key: 'Reservations', command: 'aws ec2 describe-instances' },
  volumes: { file: 'describe-volumes.json', key: 'Volumes', command: 'aws ec2 describe-volumes' },
  securityGroups: {
    file: 'describe-security-groups.json',
    key: 'SecurityGroups',
    command: 'aws ec2 describe-security-groups',
  },
  securityGroupRules: {
    file: 'describe-security-group-rules.json',
    key: 'SecurityGroupRules',
    command: 'aws ec2 describe-security-group-rules',
  },
  networkInterfaces: {
    file: 'describe-network-interfaces.json',
    key: 'NetworkInterfaces',
    command: 'aws ec2 describe-network-interfaces',
  },
  spotInstanceRequests: {
    file: 'describe-spot-instance-requests.json',
    key: 'SpotInstanceRequests',
    command: 'aws ec2 describe-spot-instance-requests',
  },
  instanceTypes: {
    file: 'describe-instance-types.json',
    key: 'InstanceTypes',
    command: 'aws ec2 describe-instance-types',
  },
  kmsAliases: { file: 'kms.list-aliases.json', key: 'Aliases', command: 'aws kms list-aliases' },
} as const satisfies { readonly [K in Kind]: RecordedRead };

/** The keys of an instance's attributes in what the AWS CLI prints. */
export const attributeKeys = {
  disableApiStop: 'DisableApiStop',
  disableApiTermination: 'DisableApiTermination',
} as const satisfies { readonly [A in keyof InstanceAttributes]: string };

/** The attributes that a snapshot may hold of each instance. */
export const recordedAttributes = Object.keys(attributeKeys) as readonly (keyof InstanceAttributes)[];

/** Where a snapshot holds an attribute of one instance. */
export function recordedAttribute(instanceId: string, attribute: keyof InstanceAttributes): RecordedRead {
  return {
    file: `describe-instance-attribute.${instanceId}.${attribute}.json`,
    key: attributeKeys[attribute],
    command: `aws ec2 describe-instance-attribute --instance-id ${instanceId} --attribute ${attribute}`,
  };
}

/** Where a snapshot holds the entries of one managed prefix list. */
export function recordedPrefixList(prefixListId: string): RecordedRead {
  return {
    file: `get-managed-prefix-list-entries.${prefixListId}.json`,
    key: 'Entries',
    command: `aws ec2 get-managed-prefix-list-entries --prefix-list-id ${prefixListId}`,
  };
}

/** The error of a read that the snapshot does not hold. */
export function notRecorded(read: RecordedRead): Error {
  return awsError('NotRecorded', `${read.file} is not in the snapshot`);
}
