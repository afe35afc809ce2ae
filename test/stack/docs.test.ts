import { readFileSync } from 'node:fs';
import type { Json } from '../../src/domain/json.ts';
import { drainMetricNames, type MetricName, metricNames } from '../../src/domain/metrics.ts';
import type { BoundPolicy } from '../../src/domain/policy.ts';
import type { Resource } from '../../src/stack/cloudformation.ts';
import { template } from '../../src/stack/stack.ts';
import { plainStop } from '../support/plain-actions.ts';
import { enforcing } from '../support/policies.ts';
import { drainPolicy, policyThatNeeds } from './policies.ts';

const name = 'deployment';
const waits = enforcing(policyThatNeeds(), plainStop);
/** Of a deployment that waits for time and drains, which has the most. */
const alarms = alarmsOf([waits, drainPolicy()]);
/** What does not fit into the alarm on rules is watched by others like it, which are explained with it. */
const explainedAlone = alarms.filter(({ AlarmName }) => !/^rules-\d+$/.test(nameOf(AlarmName)));
const alarmNames = explainedAlone.map(({ AlarmName }) => nameOf(AlarmName));

function alarmsOf(policies: readonly BoundPolicy[]): readonly Resource['Properties'][] {
  return Object.values(template(policies, { name }).Resources)
    .filter(({ Type }) => Type === 'AWS::CloudWatch::Alarm')
    .map(({ Properties }) => Properties);
}

function nameOf(alarm: Json | undefined): string {
  return typeof alarm === 'string' ? alarm.slice(`${name}-`.length) : '';
}

function sectionOf(file: string, title: string): string {
  const sections = readFileSync(`docs/${file}`, 'utf8').split(/^## /m);
  return sections.find((section) => section.startsWith(`${title}\n`)) ?? '';
}

test('docs/operations.md explains every alarm, and no other', () => {
  const rows = sectionOf('operations.md', 'Alarms').match(/^\| `.*$/gm) ?? [];
  const explained = rows.flatMap((row) =>
    [...(row.split('|')[1] ?? '').matchAll(/`([\w-]+)`/g)].map(([, alarm]) => alarm),
  );

  expect(alarms.length - alarmNames.length).toBe(1);
  expect(explained).toHaveLength(alarmNames.length);
  expect(new Set(explained)).toEqual(new Set(alarmNames));
});

test('docs/operations.md says of every alarm what it makes of missing data', () => {
  const documented = (sectionOf('operations.md', 'Alarms').match(/^\| `.*$/gm) ?? []).flatMap((row) => {
    const [, names = '', , missing = ''] = row.split('|');
    const treated = missing.trim().startsWith('breaching') ? 'breaching' : 'notBreaching';
    return [...names.matchAll(/`([\w-]+)`/g)].map(([, alarm]) => [alarm, treated]);
  });
  const treated = explainedAlone.map(({ AlarmName, TreatMissingData }) => [nameOf(AlarmName), TreatMissingData]);

  expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(treated));
});

test('docs/deploy.md counts every metric that alarms read, and every metric of the functions, among the costs', () => {
  const readBy = (some: typeof alarms) =>
    some
      .map(({ Metrics }) => (Array.isArray(Metrics) ? Metrics.length - 1 : 1))
      .reduce((sum, metrics) => sum + metrics);
  const withoutClock = alarmsOf([]);
  const [waiting, draining] = [alarmsOf([waits]), alarmsOf([drainPolicy()])];
  // Counted by the clock's ticks alone.
  const ofClock: readonly MetricName[] = ['TickCompleted'];
  const costs = sectionOf('deploy.md', 'What it costs');
  const ofDrains = drainMetricNames.length;

  expect(costs).toContain(
    `${withoutClock.length} alarms on ${readBy(withoutClock)} metrics at 0.10, ${metricNames.length - ofClock.length - ofDrains} metrics at 0.30`,
  );
  expect(costs).toContain(
    `alarms read ${readBy(waiting) - readBy(withoutClock)} metrics more, and there is ${ofClock.length} more`,
  );
  expect(costs).toContain(
    `${draining.length - withoutClock.length} alarms on ${readBy(draining) - readBy(withoutClock)} metrics at 0.10, ${ofDrains} metrics at 0.30`,
  );
});
