import { type DrainRecord, deadlineIn } from '../domain/drain.ts';
import type { Instance } from '../domain/instance.ts';
import { type Interruption, SELF_TEST_SOURCE } from '../domain/notice.ts';
import { type DeploymentOptions, itemCalls, type OpenTable, openTable } from './deployed.ts';
import type { CommandIo } from './io.ts';
import { coloursFor } from './output/colours.ts';
import { instanceNow } from './stored-drains.ts';

/** What a rehearsal is told. */
export interface RehearsalOptions extends DeploymentOptions {
  readonly action: Interruption;
}

/** How long the deployment is listened to, and how often it is asked, in milliseconds: its last word comes before the two minutes are over. */
const LISTENED_MS = 150_000;
const ASKED_EACH_MS = 2_000;

/** Rehearses the drain of an instance in a deployment: a notice goes its whole way, and nothing is changed. */
export async function rehearse(instanceId: string, options: RehearsalOptions, io: CommandIo): Promise<void> {
  const table = await openTable(options, io);
  const instance = await instanceNow(table.live, instanceId, options.region);
  const read = () => drainNow(table, instance, options);
  const before = await read();
  if (before !== undefined && isReal(before, io.now()))
    throw new Error(`${instanceId} is being drained until ${deadlineIn(before)}: nothing was rehearsed`);
  await sendNotice(table, instance, options.action);
  io.stderr(`a notice of ${instanceId} was sent; the last word on it may take two minutes\n`);
  const record = await heard(read, before, io);
  if (record === undefined) {
    throw new Error(
      `nothing was heard of ${instanceId} in ${LISTENED_MS / 1000} s: no policy with the rule spot-interruption is of it, none is deployed, or the way to its function is broken (see the alarms on the drain queue)`,
    );
  }
  const { rehearsalText } = await import('./output/drain-text.ts');
  io.stdout(rehearsalText(record, instance, coloursFor(io)));
  io.exit(isWhole(record) ? 0 : 1);
}

function isReal({ notice, endedAt }: DrainRecord, now: Date): boolean {
  return !notice.isTest && endedAt === undefined && (notice.deadline ?? '9') > now.toISOString();
}

async function drainNow(
  table: OpenTable,
  { InstanceId, scope }: Instance,
  options: DeploymentOptions,
): Promise<DrainRecord | undefined> {
  const { readDrains } = await import('../engine/drain-table.ts');
  const drains = { ...table, deployment: { ...table.deployment, scope } };
  const records = await table.live.explainingAll(
    () => readDrains(drains, [InstanceId]),
    itemCalls(table, options, `the drain of ${InstanceId}`),
  );
  return records.get(InstanceId);
}

/** As EC2 sends it, but for the source: its own can be used by AWS alone. EventBridge gives it its time. */
async function sendNotice({ live }: OpenTable, instance: Instance, action: Interruption): Promise<void> {
  const { InstanceId, Placement, scope } = instance;
  const { instanceArn } = await import('../alerts/partition.ts');
  const { AvailabilityZone: zone = scope.region } = Placement ?? {};
  // In EC2's own warning the zone stands where others have the Region, and there is no account.
  const arn = instanceArn({ accountId: '', region: scope.region }, InstanceId).replace(scope.region, zone);
  const entry = {
    Source: SELF_TEST_SOURCE,
    DetailType: 'EC2 Spot Instance Interruption Warning',
    Resources: [arn],
    Detail: JSON.stringify({ 'instance-id': InstanceId, 'instance-action': action }),
  };
  const { Entries = [] } = await live.explaining(() => live.aws('events:PutEvents', { Entries: [entry] }), {
    operation: 'events:PutEvents',
    purpose: 'send a notice',
    otherwise: 'Nothing was rehearsed.',
  });
  const [sent] = Entries;
  if (sent?.ErrorCode !== undefined)
    throw new Error(`EventBridge did not take the notice: ${sent.ErrorCode}: ${sent.ErrorMessage ?? ''}`);
}

/** The rehearsal's item at its end, or as far as it came; undefined where there is none. Tells on the way how far it is. */
async function heard(
  read: () => Promise<DrainRecord | undefined>,
  before: DrainRecord | undefined,
  io: CommandIo,
): Promise<DrainRecord | undefined> {
  const until = io.now().getTime() + LISTENED_MS;
  let told = '';
  for (;;) {
    await io.pause(ASKED_EACH_MS);
    const now = await read();
    const own = now?.notice.isTest && now.version > (before?.version ?? 0) ? now : undefined;
    const progress = progressOf(own);
    if (progress !== told) io.stderr(`${progress}\n`);
    told = progress;
    if (own?.endedAt !== undefined || io.now().getTime() >= until) return own;
  }
}

function progressOf(record: DrainRecord | undefined): string {
  if (record === undefined) return 'not received yet';
  const { moves, incomplete, endedAt } = record;
  if (endedAt !== undefined) return 'it is over';
  const unknown = incomplete.length === 0 ? '' : `, and ${incomplete.length} things are not known yet`;
  return `received: ${moves.length} moves are planned${unknown}`;
}

/** Whether all is known, and none of it goes wrong. */
function isWhole({ endedAt, incomplete, moves }: DrainRecord): boolean {
  return endedAt !== undefined && incomplete.length === 0 && moves.every(({ state }) => state === 'would');
}
