import { type DrainRecord, strongerOf } from '../domain/drain.ts';
import { describeError } from '../domain/errors.ts';
import { distinct, type Instance } from '../domain/instance.ts';
import type { Notice } from '../domain/notice.ts';
import { describeInstances } from './collect.ts';
import type { DrainEngine } from './drain-engine.ts';
import type { Matching } from './drain-match.ts';
import type { Task } from './drain-messages.ts';
import type { DrainReporter } from './drain-report.ts';
import type { DrainTable } from './drain-table.ts';
import { inTime } from './in-time.ts';

/** An instance with all that the batch asks for it. */
export interface Work {
  readonly instanceId: string;
  readonly messageIds: readonly string[];
  /** The strongest that asks for a drain. */
  readonly notice?: Notice;
  readonly ending?: Notice;
  readonly goesOn: boolean;
  readonly mayRunOn: boolean;
  /** It is asked for the last time whether it runs on: who asks too early asks again. */
  readonly isLastLook: boolean;
  readonly record: DrainRecord | undefined;
  /** Left out: EC2 does not show it, or could not be asked. */
  readonly instance?: Instance;
  readonly missing?: string;
  /** EC2 could not be asked. */
  readonly isUnread: boolean;
}

/** A drain that this run works on: its item is leased to it. */
export interface Drain {
  readonly work: Work;
  readonly record: DrainRecord;
  readonly matching: Matching;
}

interface Described {
  readonly instances: ReadonlyMap<string, Instance>;
  readonly failure?: string;
}

/** The instances as EC2 shows them now. Never rejects: a notice is told without. */
export async function describe(engine: DrainEngine, ids: readonly string[]): Promise<Described> {
  try {
    const described = await inTime(engine, 'DescribeInstances', describeInstances(engine.aws, 'instance-id', ids));
    const instances = new Map(described.instances.map((instance) => [instance.InstanceId, instance]));
    return { instances, ...(described.failure === undefined ? {} : { failure: described.failure.detail }) };
  } catch (error) {
    return { instances: new Map(), failure: describeError(error) };
  }
}

/** All that the batch asks for an instance, with what the table and EC2 know of it. */
export function workOf(instanceId: string, tasks: readonly Task[], table: DrainTable, described: Described): Work {
  const own = tasks.filter((task) => task.instanceId === instanceId);
  const notices = own.flatMap(({ notice }) => notice ?? []);
  const asking = notices.filter(({ kind }) => kind !== 'ending' && kind !== 'running' && kind !== 'leaving-group');
  const notice = asking.length === 0 ? undefined : asking.reduce(strongerOf);
  const ending = notices.find(({ kind }) => kind === 'ending');
  const record = table.records.get(instanceId);
  const instance = described.instances.get(instanceId);
  const missing = instance === undefined ? `instance ${instanceId}: ${described.failure ?? 'not found'}` : undefined;
  const isUnderWay = record !== undefined && record.endedAt === undefined;
  const isTold = own.some(({ round, notice: one }) => round === 'go-on' || one?.kind === 'leaving-group');
  return {
    instanceId,
    messageIds: distinct(own.map(({ messageId }) => messageId)),
    ...(notice === undefined ? {} : { notice }),
    ...(ending === undefined ? {} : { ending }),
    goesOn: isUnderWay && isTold,
    mayRunOn: own.some(({ round, notice: one }) => round === 'last-look' || one?.kind === 'running'),
    isLastLook: own.some(({ round }) => round === 'last-look'),
    isUnread: instance === undefined && described.failure !== undefined,
    record,
    ...(instance === undefined ? {} : { instance }),
    ...(missing === undefined ? {} : { missing }),
  };
}

/** Notes why nothing is made of what was asked for an instance. */
export function ignore({ messageIds, instanceId }: Work, why: string, report: DrainReporter): void {
  for (const messageId of messageIds) report.ignored.push({ messageId, reason: `${instanceId}: ${why}` });
}
