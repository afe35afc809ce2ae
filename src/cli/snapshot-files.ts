import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type * as ec2 from '@aws-sdk/client-ec2';
import { asError } from '../domain/errors.ts';
import { groupedBy } from '../domain/grouped.ts';
import { chunked } from '../engine/reads.ts';
import {
  type InstanceAttributes,
  type Kind,
  type RecordedRead,
  type Resources,
  recordedAttribute,
  recordedAttributes,
  recordedPrefixList,
  recordedReads,
} from '../sandbox/recorded.ts';
import {
  type OwnedKind,
  ownedRead,
  ownedRowsIn,
  type Serving,
  type ServingKind,
  servingReads,
} from '../sandbox/serving.ts';

/** Fields that the SDK gives as Date and the AWS CLI prints as text. `CreationDate` of an image is text in both. */
const dateFields: { readonly [K in Kind]: readonly string[] } = {
  reservations: ['LaunchTime', 'AttachTime', 'UsageOperationUpdateTime'],
  volumes: ['CreateTime', 'AttachTime'],
  securityGroups: [],
  securityGroupRules: [],
  networkInterfaces: ['AttachTime'],
  spotInstanceRequests: ['CreateTime', 'ValidFrom', 'ValidUntil', 'UpdateTime'],
  instanceTypes: [],
  kmsAliases: ['CreationDate', 'LastUpdatedDate'],
};

/** The same of the services around EC2. */
const servingDateFields: { readonly [K in ServingKind | OwnedKind]: readonly string[] } = {
  targetGroups: [],
  targetHealth: [],
  targetGroupAttributes: [],
  loadBalancers: ['CreatedTime'],
  instanceHealth: [],
  clusterArns: [],
  capacityProviders: [],
  containerInstances: ['registeredAt'],
  services: ['createdAt', 'updatedAt'],
  tasks: [
    ...['connectivityAt', 'createdAt', 'executionStoppedAt', 'pullStartedAt', 'pullStoppedAt'],
    ...['startedAt', 'stoppedAt', 'stoppingAt'],
  ],
  autoScalingGroups: ['CreatedTime'],
  lifecycleHooks: [],
  managedInstances: [
    'LastPingDateTime',
    'RegistrationDate',
    'LastAssociationExecutionDate',
    'LastSuccessfulAssociationExecutionDate',
  ],
  documents: ['CreatedDate'],
};

const prefixListFile = /^get-managed-prefix-list-entries\.(pl-[0-9a-z]+)\.json$/;
const attributeFile = /^describe-instance-attribute\.(i-[0-9a-z]+)\.([A-Za-z]+)\.json$/;

/** How many files are open at once: of attributes there are two for each instance. */
const FILES_AT_ONCE = 100;

/** Whether a file of this name is one that a snapshot is read from. */
export function isSnapshotFile(file: string): boolean {
  return (
    prefixListFile.test(file) ||
    attributeIn(file) !== undefined ||
    ownedRowsIn(file) !== undefined ||
    [...Object.values(recordedReads), ...Object.values(servingReads)].some((read) => read.file === file)
  );
}

/**
 * Reads a snapshot: a folder of AWS CLI output, file names as the commands. What has no file is left out, and so not recorded.
 * @throws when the folder, or describe-instances.json, is not there, or a file is not what its command prints; the message
 * names the file and the command that records it.
 */
export async function readSnapshot(directory: string): Promise<Resources> {
  const files = await filesIn(directory);
  const { reservations } = recordedReads;
  if (!files.includes(reservations.file)) {
    throw new Error(`${join(directory, reservations.file)} is not there. ${howToRecord(reservations)}`);
  }
  return {
    ...(await listedIn(directory, files)),
    prefixLists: await prefixListsIn(directory, files),
    instanceAttributes: await attributesIn(directory, files),
    serving: await servingIn(directory, files),
    isSnapshot: true,
  };
}

/** The rows of every kind that has a file. They are what AWS printed: each kind's file holds rows of that kind. */
async function listedIn(directory: string, files: readonly string[]): Promise<Pick<Resources, Kind>> {
  const kinds = (Object.keys(recordedReads) as Kind[]).filter((kind) => files.includes(recordedReads[kind].file));
  const rows = kinds.map(
    async (kind) => [kind, await rowsOf(directory, recordedReads[kind], dateFields[kind])] as const,
  );
  return Object.fromEntries(await Promise.all(rows));
}

/** What sends work to instances, and by its name what belongs to it. Each file holds rows of its kind: AWS printed them. */
async function servingIn(directory: string, files: readonly string[]): Promise<Serving> {
  const kinds = (Object.keys(servingReads) as ServingKind[]).filter((kind) => files.includes(servingReads[kind].file));
  const serving: Record<string, unknown> = {};
  for (const kind of kinds) {
    const rowsAre = kind === 'clusterArns' ? 'texts' : 'objects';
    serving[kind] = await rowsOf(directory, servingReads[kind], servingDateFields[kind], rowsAre);
  }
  for (const some of chunked(
    files.flatMap((file) => ownedRowsIn(file) ?? []),
    FILES_AT_ONCE,
  )) {
    await Promise.all(
      some.map(async ({ kind, name }) => {
        const rows = await rowsOf(directory, ownedRead(kind, name), servingDateFields[kind]);
        serving[kind] = { ...(serving[kind] as object | undefined), [name]: rows };
      }),
    );
  }
  return serving;
}

async function filesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (cause) {
    throw new Error(`${directory} can't be read: a snapshot is a folder of AWS CLI output`, { cause });
  }
}

async function prefixListsIn(
  directory: string,
  files: readonly string[],
): Promise<Readonly<Record<string, readonly ec2.PrefixListEntry[]>>> {
  const ids = files.flatMap((file) => prefixListFile.exec(file)?.[1] ?? []);
  const lists = ids.map(async (id) => {
    const entries = await rowsOf<ec2.PrefixListEntry>(directory, recordedPrefixList(id), []);
    return [id, entries] as const;
  });
  return Object.fromEntries(await Promise.all(lists));
}

/** One attribute of one instance, by the name of its file. */
interface NamedAttribute {
  readonly instanceId: string;
  readonly attribute: keyof InstanceAttributes;
}

/** Which attribute a file of this name holds; nothing for any other file, and for attributes that nothing goes by. */
function attributeIn(file: string): NamedAttribute | undefined {
  const [, instanceId, name] = attributeFile.exec(file) ?? [];
  const attribute = recordedAttributes.find((one) => one === name);
  return instanceId === undefined || attribute === undefined ? undefined : { instanceId, attribute };
}

/** Attributes by the instance's id. One that has no file is left out. */
async function attributesIn(
  directory: string,
  files: readonly string[],
): Promise<Readonly<Record<string, InstanceAttributes>>> {
  const read: (NamedAttribute & { readonly value: boolean })[] = [];
  for (const some of chunked(
    files.flatMap((file) => attributeIn(file) ?? []),
    FILES_AT_ONCE,
  )) {
    read.push(...(await Promise.all(some.map(async (one) => ({ ...one, value: await isOn(directory, one) })))));
  }
  const byInstance = [...groupedBy(read, ({ instanceId }) => instanceId)];
  return Object.fromEntries(
    byInstance.map(([id, values]) => [id, Object.fromEntries(values.map((one) => [one.attribute, one.value]))]),
  );
}

/** Whether an attribute is on. Of another instance than the file is named after it says nothing. */
async function isOn(directory: string, { instanceId, attribute }: NamedAttribute): Promise<boolean> {
  const read = recordedAttribute(instanceId, attribute);
  const path = join(directory, read.file);
  const document = parse(await readFile(path, 'utf8'), path, read, []);
  const holder = keyIn(document, 'InstanceId') === instanceId ? keyIn(document, read.key) : undefined;
  const value = keyIn(holder, 'Value');
  if (typeof value !== 'boolean') {
    throw new Error(`${path} has no "${read.key}" of ${instanceId} that is true or false. ${howToRecord(read)}`);
  }
  return value;
}

/** The rows of one file. Their fields are AWS's: what is odd about one is told when it is judged. */
async function rowsOf<T>(
  directory: string,
  read: RecordedRead,
  dates: readonly string[],
  rowsAre: keyof typeof isRow = 'objects',
): Promise<readonly T[]> {
  const path = join(directory, read.file);
  const document = parse(await readFile(path, 'utf8'), path, read, dates);
  const rows = keyIn(document, read.key);
  if (!isListOf<T>(rows, isRow[rowsAre])) {
    throw new Error(`${path} has no list "${read.key}" of ${rowsAre} at its top. ${howToRecord(read)}`);
  }
  return rows;
}

function parse(text: string, path: string, read: RecordedRead, dates: readonly string[]): unknown {
  try {
    // PowerShell's redirection puts a byte order mark in front.
    return JSON.parse(text.replace(/^\uFEFF/, ''), (name, value) => (dates.includes(name) ? revived(value) : value));
  } catch (cause) {
    const why = asError(cause).message;
    throw new Error(`${path} is not JSON: ${why}. ${howToRecord(read)}`, { cause });
  }
}

/** A text that is no date stays a text: whoever reads it says so. */
function revived(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? value : date;
}

/** What an object holds itself; nothing of what is none. */
function keyIn(value: unknown, key: string): unknown {
  return isObject(value) && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const isRow = { objects: isObject, texts: (value: unknown) => typeof value === 'string' };

function isListOf<T>(value: unknown, isOne: (row: unknown) => boolean): value is readonly T[] {
  return Array.isArray(value) && value.every(isOne);
}

function howToRecord({ command, file }: RecordedRead): string {
  return `Record it with: ${command} > ${file}`;
}
