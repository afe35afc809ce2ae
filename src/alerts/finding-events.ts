import type { Alert, AlertEntry } from '../domain/alert.ts';
import { type Cut, findingContent, fitted } from './message.ts';
import { instanceArn } from './partition.ts';

/** An entry of `events:PutEvents`, but for the bus. */
export interface FindingEvent {
  readonly Source: 'ec2-guardrail';
  readonly DetailType: 'EC2 Guardrail Finding';
  /** JSON. */
  readonly Detail: string;
  /** ARNs of the instance. */
  readonly Resources: string[];
  readonly Time?: Date;
}

/** One EventBridge event for each entry of an alert, each under 256 KB: evidence is left out where it is too large. */
export function findingEvents(alert: Alert): readonly FindingEvent[] {
  return alert.entries.map((entry) =>
    fitted(1, {
      content: (cut) => detailOf(alert, entry, cut),
      build: (detail) => eventOf(alert, detail),
      bytes: bytesOf,
      copies: 1,
    }),
  );
}

function detailOf(alert: Alert, { change, finding }: AlertEntry, cut: Cut): object {
  const { id, topic, scope, subject, instance, cause, observedAt } = alert;
  const { accountId, region } = scope;
  const told = { change, finding: findingContent(finding, cut) };
  return { version: 1, alertId: id, topic, ...told, accountId, region, subject, instance, cause, observedAt };
}

function eventOf({ scope, instance, observedAt }: Alert, detail: unknown): FindingEvent {
  const time = new Date(observedAt);
  return {
    Source: 'ec2-guardrail',
    DetailType: 'EC2 Guardrail Finding',
    Detail: JSON.stringify(detail),
    Resources: [instanceArn(scope, instance.instanceId)],
    ...(Number.isNaN(time.getTime()) ? {} : { Time: time }),
  };
}

/** What EventBridge counts of an entry, in bytes; its time counts as 14. */
function bytesOf({ Source, DetailType, Detail, Resources }: FindingEvent): number {
  return [Source, DetailType, Detail, ...Resources].reduce((sum, text) => sum + Buffer.byteLength(text), 14);
}
