import { type DrainNews, renderDrains } from '../alerts/drain.ts';
import type { DrainRecord } from '../domain/drain.ts';
import { describeError } from '../domain/errors.ts';
import { groupedBy } from '../domain/grouped.ts';
import type { DrainEngine } from './drain-engine.ts';
import type { DrainReporter } from './drain-report.ts';
import { inTime } from './in-time.ts';

/** More instances than this share a message. */
const MESSAGES_PER_RUN = 10;

/** Publishes news of drains, in one message where they are many. @returns the instances whose news SNS has taken. */
export async function tell(
  engine: DrainEngine,
  news: DrainNews,
  drains: readonly { readonly record: DrainRecord }[],
  report: DrainReporter,
): Promise<ReadonlySet<string>> {
  // What is real is not told under the heading of a rehearsal, nor one kind of notice under that of another.
  const kinds = groupedBy(
    drains.map(({ record }) => record),
    ({ notice: { kind, isTest } }) => `${kind} ${isTest}`,
  );
  const messages = [...kinds.values()].flatMap((records): readonly (readonly DrainRecord[])[] =>
    records.length > MESSAGES_PER_RUN ? [records] : records.map((record) => [record]),
  );
  const told = new Set<string>();
  await Promise.all(
    messages.map(async (some) => {
      try {
        const message = renderDrains(news, some, engine.now());
        const { alertsTopicArn } = engine.deployment;
        await inTime(engine, 'sns:Publish', engine.aws('sns:Publish', { TopicArn: alertsTopicArn, ...message }));
        for (const { instanceId } of some) told.add(instanceId);
        report.alerts += 1;
      } catch (error) {
        report.errors.push(`alert of ${some[0]?.instanceId}: ${describeError(error)}`);
      }
    }),
  );
  return told;
}
