import { type DrainMove, type DrainRecord, deadlineIn, isPutBackByHand, movesToPutBack } from '../domain/drain.ts';
import type { DrainCall } from '../domain/drain-step.ts';
import type { Instance } from '../domain/instance.ts';
import type { DrainingOperation } from '../domain/operations.ts';
import { targetIdsOf } from '../domain/target-ids.ts';
import { visible } from '../domain/visible.ts';
import { type DeploymentOptions, type OpenTable, openTable, readAllOf } from './deployed.ts';
import type { CommandIo } from './io.ts';
import type { Live } from './live.ts';
import { coloursFor } from './output/colours.ts';
import { drainOf, instanceNow } from './stored-drains.ts';

/** What putting back a drain is told. */
export interface DrainUndoOptions extends DeploymentOptions {
  readonly dryRun?: true;
}

/** Puts back into service an instance that was drained and runs on, in a person's name. */
export async function undoDrain(instanceId: string, options: DrainUndoOptions, io: CommandIo): Promise<void> {
  const table = await openTable(options, io);
  const stored = await readAllOf(table, options, io);
  const record = drainOf(instanceId, stored.drains, stored.table);
  if (deadlineIn(record) > io.now().toISOString())
    throw new Error(`${instanceId} is under notice until ${deadlineIn(record)}: only what runs on then is put back`);
  const moves = movesToPutBack(record);
  const byHand = record.moves.filter(isPutBackByHand);
  if (moves.length + byHand.length === 0) {
    if (!record.moves.some(({ undoneAt }) => undoneAt !== undefined))
      throw new Error(`nothing was done to ${instanceId} that could be put back`);
    io.stdout(`${instanceId}: all that can be put back is put back already\nNothing was changed.\n`);
    return;
  }
  const instance = await instanceNow(table.live, instanceId, options.region);
  if (instance.State.Name !== 'running')
    throw new Error(`${instanceId} is ${instance.State.Name}: only an instance that runs is put back into service`);
  refuseForeign(moves, instance);
  const [{ drainUndoText }, { stringify }] = await Promise.all([import('./output/drain-text.ts'), import('yaml')]);
  io.stdout(drainUndoText(record, moves, byHand, coloursFor(io), stringify));
  if (options.dryRun) io.stdout('Nothing was changed; leave out --dry-run to have these calls made.\n');
  else if (moves.length > 0) await makeCalls(table, record, instance, options, io);
}

async function makeCalls(
  table: OpenTable,
  record: DrainRecord,
  instance: Instance,
  { region, profile }: DeploymentOptions,
  io: CommandIo,
): Promise<void> {
  const [{ connect }, { putBack, withPutBack }, { DrainReporter }, { DrainTable }] = await Promise.all([
    import('./live.ts'),
    import('../engine/drain-back.ts'),
    import('../engine/drain-report.ts'),
    import('../engine/drain-table.ts'),
  ]);
  const live = await connect(io, { region, profile, mayDrain: true });
  await refuseOthersContainers(live, movesToPutBack(record), instance);
  const caller = { aws: live.aws, now: io.now, pause: io.pause, random: Math.random };
  const { scope } = record;
  const store = { ...caller, ...table, deployment: { ...table.deployment, scope } };
  const drains = await DrainTable.open(store, [record.instanceId]);
  const report = new DrainReporter();
  const after = await putBack(caller, record, report);
  await drains.note(record.instanceId, (standing) => withPutBack(standing, after));
  const before = new Map(record.moves.map(({ key, undoneAt }) => [key, undoneAt]));
  for (const { key, does, undoneAt } of after.moves)
    if (undoneAt !== undefined && before.get(key) === undefined) io.stdout(`put back: ${visible(does)}\n`);
  const unmarked =
    drains.failure === undefined ? [] : [`what was put back is not marked so in the table: ${drains.failure}`];
  const problems = [...report.errors, ...unmarked, ...live.advice(), ...table.live.advice()];
  if (problems.length > 0) throw new Error(`${problems.join('\n')}\nRun the same command again to have the rest done.`);
}

/**
 * What a table says is made in a person's name: it may register this instance and set it ACTIVE, and nothing else.
 * @throws for the first call that can't be one of ours.
 */
function refuseForeign(moves: readonly DrainMove[], instance: Instance): void {
  const [foreign] = moves.flatMap(({ undo }) => (undo === undefined ? [] : (whyForeign(undo, instance) ?? [])));
  if (foreign !== undefined)
    throw new Error(`${visible(foreign)}: somebody else has written into the table. Nothing was changed.`);
}

function whyForeign({ operation, input }: DrainCall<DrainingOperation>, instance: Instance): string | undefined {
  const known = Object.hasOwn(inputKeys, operation) ? inputKeys[operation] : undefined;
  if (known === undefined) return `${operation} puts nothing back`;
  const key = Object.keys(input).find((one) => !known.includes(one));
  if (key !== undefined) return `${operation} with ${key} puts nothing back`;
  if ('status' in input && input.status !== 'ACTIVE') return `${operation} to ${input.status} puts nothing back`;
  const own = new Set(targetIdsOf(instance));
  const other = namedIn(input).find((name) => !own.has(name));
  return other === undefined ? undefined : `${operation} is of ${other}, and not of ${instance.InstanceId}`;
}

/** All that a call which puts something back says, by operation. */
const inputKeys: Readonly<Partial<Record<DrainingOperation, readonly string[]>>> = {
  'elbv2:RegisterTargets': ['TargetGroupArn', 'Targets'],
  'elb:RegisterInstancesWithLoadBalancer': ['LoadBalancerName', 'Instances'],
  'ecs:UpdateContainerInstancesState': ['cluster', 'containerInstances', 'status'],
};

/** Instances and addresses that a call names. Of a container instance ECS must say whose it is. */
function namedIn(input: object): readonly string[] {
  const { Targets = [], Instances = [] } = input as {
    readonly Targets?: readonly { readonly Id?: string }[];
    readonly Instances?: readonly { readonly InstanceId?: string }[];
  };
  return [...Targets.map(({ Id = '' }) => Id), ...Instances.map(({ InstanceId = '' }) => InstanceId)];
}

/** @throws for a container instance that is of another instance, or that ECS does not show. */
async function refuseOthersContainers(live: Live, moves: readonly DrainMove[], instance: Instance): Promise<void> {
  for (const { undo } of moves) {
    if (undo?.operation !== 'ecs:UpdateContainerInstancesState') continue;
    const { cluster, containerInstances } = undo.input;
    const shown = await live.explaining(
      () => live.aws('ecs:DescribeContainerInstances', { cluster, containerInstances }),
      {
        operation: 'ecs:DescribeContainerInstances',
        purpose: `look whose container instance it is in ${cluster}`,
        otherwise: 'Nothing was changed.',
      },
    );
    const all = shown.containerInstances ?? [];
    const own = all.filter(({ ec2InstanceId }) => ec2InstanceId === instance.InstanceId);
    if (own.length === 0 || own.length !== containerInstances?.length)
      throw new Error(
        `${visible(containerInstances?.join(', ') ?? '')} is no container instance of ${instance.InstanceId} in ${visible(cluster ?? '')}. Nothing was changed.`,
      );
  }
}
