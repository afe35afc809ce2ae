import type * as ec2 from '@aws-sdk/client-ec2';
import { distinct } from '../domain/instance.ts';
import type { Aws, Operation } from '../domain/operations.ts';
import {
  type FilteredRead,
  type ReadResult,
  type RowsOf,
  readAliases,
  readAll,
  readFiltered,
  readPages,
} from '../engine/reads.ts';
import { type Listed, type RecordedRead, recordedPrefixList, recordedReads } from '../sandbox/recorded.ts';
import type { SnapshotWriter } from './snapshot-writer.ts';

/** How many files were written, and a line for each that was left out. */
export interface Recorded {
  readonly files: number;
  readonly failures: readonly string[];
}

/** Told a line for each page: an account of 50,000 instances takes its time. */
type Tell = (line: string) => void;

/**
 * Records what the facts of today need. A read that fails in the middle leaves no file: half a list would say of the other
 * half that it is not there.
 * @throws when DescribeInstances failed: nothing is written then.
 */
export async function recordAccount(aws: Aws, { write, finish }: SnapshotWriter, tell: Tell): Promise<Recorded> {
  const reservations = await allOf(aws, 'ec2:DescribeInstances', (page) => page.Reservations, tell);
  if (reservations.failure !== undefined) throw new Error(reservations.failure.detail);
  const listed = { reservations, ...(await listedBeside(aws, reservations.rows, tell)) } satisfies {
    readonly [Kind in Listed]: ReadResult<object>;
  };
  const lists = await prefixListsOf(aws, listed.securityGroups.rows, tell);
  const reads = [
    ...kinds.map((kind): [RecordedRead, ReadResult<object>] => [recordedReads[kind], listed[kind]]),
    ...lists.map(([id, entries]): [RecordedRead, ReadResult<object>] => [recordedPrefixList(id), entries]),
  ];
  const failures: string[] = [];
  for (const [read, { rows, failure }] of reads) {
    if (failure === undefined) await write(read, rows);
    else failures.push(`${read.file}: ${failure.detail}`);
  }
  await finish();
  return { files: reads.length - failures.length, failures };
}

const kinds = Object.keys(recordedReads) as Listed[];

/** What there is beside the instances, one kind after the other: EC2's request limits are the account's, not ours. */
async function listedBeside(aws: Aws, reservations: readonly ec2.Reservation[], tell: Tell) {
  return {
    volumes: await allOf(aws, 'ec2:DescribeVolumes', (page) => page.Volumes, tell),
    securityGroups: await allOf(aws, 'ec2:DescribeSecurityGroups', (page) => page.SecurityGroups, tell),
    securityGroupRules: await allOf(aws, 'ec2:DescribeSecurityGroupRules', (page) => page.SecurityGroupRules, tell),
    networkInterfaces: await allOf(aws, 'ec2:DescribeNetworkInterfaces', (page) => page.NetworkInterfaces, tell),
    instanceTypes: await instanceTypesOf(aws, reservations, tell),
    kmsAliases: await readAliases(
      aws,
      counting('kms:ListAliases', (page) => page.Aliases, tell),
    ),
  };
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
  reservations: readonly ec2.Reservation[],
  tell: Tell,
): Promise<ReadResult<ec2.InstanceTypeInfo>> {
  const instances = reservations.flatMap((reservation) => reservation.Instances ?? []);
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
