import type * as ec2 from '@aws-sdk/client-ec2';
import type { ReadFailure } from '../domain/collected.ts';
import { groupedBy } from '../domain/grouped.ts';
import { distinct } from '../domain/instance.ts';
import type { Aws, Operation } from '../domain/operations.ts';
import {
  chunked,
  type FilteredRead,
  failureOf,
  type ReadResult,
  type RowsOf,
  readAliases,
  readAll,
  readFiltered,
  readPages,
  valueIn,
} from '../engine/reads.ts';
import {
  attributeKeys,
  type InstanceAttributes,
  type Kind,
  type RecordedRead,
  recordedAttribute,
  recordedAttributes,
  recordedPrefixList,
  recordedReads,
} from '../sandbox/recorded.ts';
import type { SnapshotWriter } from './snapshot-writer.ts';

/** How many files were written and how many left out, and why: a line for each, or for all attributes that failed alike. */
export interface Recorded {
  readonly files: number;
  readonly leftOut: number;
  readonly failures: readonly string[];
}

/** Told a line for each page: an account of 50,000 instances takes its time. */
type Tell = (line: string) => void;

/** What a recording goes by. */
export interface Recording {
  readonly tell: Tell;
  /** Waits so many milliseconds. */
  readonly pause: (milliseconds: number) => Promise<void>;
  /** Whether to record what EC2 tells of one instance at a time, too: two calls for each. */
  readonly withAttributes: boolean;
}

/**
 * Records what the facts of today need. A read that fails in the middle leaves no file: half a list would say of the other
 * half that it is not there.
 * @throws when DescribeInstances failed: nothing is written then.
 */
export async function recordAccount(
  aws: Aws,
  { write, finish }: SnapshotWriter,
  recording: Recording,
): Promise<Recorded> {
  const { tell, withAttributes } = recording;
  const reservations = await allOf(aws, 'ec2:DescribeInstances', (page) => page.Reservations, tell);
  if (reservations.failure !== undefined) throw new Error(reservations.failure.detail);
  const instances = reservations.rows.flatMap((reservation) => reservation.Instances ?? []);
  const listed = { reservations, ...(await listedBeside(aws, instances, tell)) } satisfies {
    readonly [K in Kind]: ReadResult<object>;
  };
  const lists = await prefixListsOf(aws, listed.securityGroups.rows, tell);
  const reads = [
    ...kinds.map((kind): [RecordedRead, ReadResult<object>] => [recordedReads[kind], listed[kind]]),
    ...lists.map(([id, entries]): [RecordedRead, ReadResult<object>] => [recordedPrefixList(id), entries]),
  ];
  const failures: string[] = [];
  for (const [read, { rows, failure }] of reads) {
    if (failure === undefined) await write(read.file, { [read.key]: rows });
    else failures.push(`${read.file}: ${failure.detail}`);
  }
  const attributes = withAttributes ? await attributesOf(aws, instances, write, recording) : nothing;
  await finish();
  return {
    files: reads.length - failures.length + attributes.files,
    leftOut: failures.length + attributes.leftOut,
    failures: [...failures, ...attributes.failures],
  };
}

const nothing: Recorded = { files: 0, leftOut: 0, failures: [] };

const kinds = Object.keys(recordedReads) as Kind[];

/** What there is beside the instances, one kind after the other: EC2's request limits are the account's, not ours. */
async function listedBeside(aws: Aws, instances: readonly ec2.Instance[], tell: Tell) {
  return {
    volumes: await allOf(aws, 'ec2:DescribeVolumes', (page) => page.Volumes, tell),
    securityGroups: await allOf(aws, 'ec2:DescribeSecurityGroups', (page) => page.SecurityGroups, tell),
    securityGroupRules: await allOf(aws, 'ec2:DescribeSecurityGroupRules', (page) => page.SecurityGroupRules, tell),
    networkInterfaces: await allOf(aws, 'ec2:DescribeNetworkInterfaces', (page) => page.NetworkInterfaces, tell),
    spotInstanceRequests: await allOf(
      aws,
      'ec2:DescribeSpotInstanceRequests',
      (page) => page.SpotInstanceRequests?.map(withoutUserData),
      tell,
    ),
    instanceTypes: await instanceTypesOf(aws, instances, tell),
    kmsAliases: await readAliases(
      aws,
      counting('kms:ListAliases', (page) => page.Aliases, tell),
    ),
  };
}

/** What instances run when they start is often secret, and nothing goes by it. */
function withoutUserData(request: ec2.SpotInstanceRequest): ec2.SpotInstanceRequest {
  const { LaunchSpecification } = request;
  if (LaunchSpecification?.UserData === undefined) return request;
  const { UserData: _, ...rest } = LaunchSpecification;
  return { ...request, LaunchSpecification: rest };
}

/** Every page of all there is, told as it comes. */
function allOf<O extends FilteredRead, T>(
  aws: Aws,
  operation: O,
  rowsOf: RowsOf<O, T>,
  tell: Tell,
): Promise<ReadResult<T>> {
  return readAll(aws, operation, counting(operation, rowsOf, tell));
}

/** As `rowsOf`, and tells how many rows there are by now. */
function counting<O extends Operation, T>(operation: O, rowsOf: RowsOf<O, T>, tell: Tell): RowsOf<O, T> {
  let count = 0;
  return (page) => {
    const rows = rowsOf(page);
    count += rows?.length ?? 0;
    tell(`${operation}: ${count}`);
    return rows;
  };
}

/** Those in use: EC2 has some 900. */
function instanceTypesOf(
  aws: Aws,
  instances: readonly ec2.Instance[],
  tell: Tell,
): Promise<ReadResult<ec2.InstanceTypeInfo>> {
  const types = distinct(instances.map((instance) => instance.InstanceType));
  const operation = 'ec2:DescribeInstanceTypes';
  const rowsOf = counting(operation, (page) => page.InstanceTypes, tell);
  return readFiltered(aws, operation, 'instance-type', types, rowsOf);
}

/** Entries of the lists that ingress permissions name, by the list's id. */
async function prefixListsOf(
  aws: Aws,
  groups: readonly ec2.SecurityGroup[],
  tell: Tell,
): Promise<readonly (readonly [string, ReadResult<ec2.PrefixListEntry>])[]> {
  const permissions = groups.flatMap((group) => group.IpPermissions ?? []);
  const named = permissions.flatMap((one) => (one.PrefixListIds ?? []).map((list) => list.PrefixListId));
  const lists: (readonly [string, ReadResult<ec2.PrefixListEntry>])[] = [];
  for (const PrefixListId of distinct(named)) {
    const operation = 'ec2:GetManagedPrefixListEntries';
    const rowsOf = counting(operation, (page) => page.Entries, tell);
    const entries = await readPages(aws, operation, { PrefixListId }, rowsOf);
    lists.push([PrefixListId, entries]);
  }
  return lists;
}

/** How many instances' attributes are read side by side. */
const INSTANCES_AT_ONCE = 5;

/** After how many instances it is told how far it is. */
const TOLD_EVERY = 100;

/**
 * How long to wait before a throttled call is made once more, in milliseconds: EC2 lets an account make some 20 reads a second
 * in the long run.
 * @see https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
 */
const THROTTLED_MS = [2_000, 4_000, 8_000, 16_000, 32_000] as const;

/**
 * Writes whether each instance is protected. What is terminated needs no protection, and has none to tell. Where the first
 * instances are all refused, the others are not asked for: it would take as long as if they were told.
 */
async function attributesOf(
  aws: Aws,
  instances: readonly ec2.Instance[],
  write: SnapshotWriter['write'],
  { tell, pause }: Recording,
): Promise<Recorded> {
  const ids = distinct(instances.filter(({ State }) => State?.Name !== 'terminated').map((one) => one.InstanceId));
  const failed: { readonly file: string; readonly failure: ReadFailure }[] = [];
  let files = 0;

  async function record(instanceId: string): Promise<void> {
    for (const attribute of recordedAttributes) {
      const { file } = recordedAttribute(instanceId, attribute);
      const result = await readAttribute(aws, instanceId, attribute, pause);
      if ('why' in result) failed.push({ file, failure: result });
      else {
        await write(file, result);
        files += 1;
      }
    }
  }

  let done = 0;
  for (const some of chunked(ids, INSTANCES_AT_ONCE)) {
    await Promise.all(some.map(record));
    done += some.length;
    if (files === 0 && failed.every(({ failure }) => failure.why === 'denied')) break;
    if (done % TOLD_EVERY === 0 || done === ids.length)
      tell(`ec2:DescribeInstanceAttribute: ${done} of ${ids.length} instances`);
  }
  const leftOut = ids.length * recordedAttributes.length - files;
  const alike = [...groupedBy(failed, ({ failure }) => failure.why).values()];
  return {
    files,
    leftOut,
    failures: alike.map(([{ file, failure }, ...more]) => {
      const others = leftOut - failed.length + more.length;
      return `${file}${others === 0 ? '' : ` and ${others} more like it`}: ${failure.detail}`;
    }),
  };
}

/** What the AWS CLI prints of one attribute. */
async function readAttribute(
  aws: Aws,
  InstanceId: string,
  Attribute: keyof InstanceAttributes,
  pause: Recording['pause'],
): Promise<object | ReadFailure> {
  const operation = 'ec2:DescribeInstanceAttribute';
  const key = attributeKeys[Attribute];
  const waits = [...THROTTLED_MS];
  for (;;) {
    try {
      const output = await aws(operation, { InstanceId, Attribute });
      return { InstanceId, [key]: { Value: valueIn(operation, output[key]) } };
    } catch (error) {
      const failure = failureOf(error);
      const wait = failure.why === 'throttled' ? waits.shift() : undefined;
      if (wait === undefined) return failure;
      await pause(wait);
    }
  }
}
