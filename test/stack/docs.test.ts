import { readFileSync } from 'node:fs';
import type { Json } from '../../src/domain/json.ts';
import { drainMetricNames, metricNames } from '../../src/domain/metrics.ts';
import type { BoundPolicy } from '../../src/domain/policy.ts';
import { template } from '../../src/stack/stack.ts';
import { drainPolicy } from './policies.ts';

const name = 'deployment';
const alarms = alarmsFor([]);
const withDrain = alarmsFor([drainPolicy()]);
/** A second alarm on rules, since one watches no more than five, is explained with the first. */
const explicable = withDrain.filter(({ AlarmName }) => nameOf(AlarmName) !== 'rules-2');
const alarmNames = explicable.map(({ AlarmName }) => nameOf(AlarmName));

function alarmsFor(policies: readonly BoundPolicy[]) {
  return Object.values(template(policies, { name }).Resources)
    .filter(({ Type }) => Type === 'AWS::CloudWatch::Alarm')
    .map(({ Properties }) => Properties);
}

/** How many metrics alarms read. */
function metricsOf(some: ReturnType<typeof alarmsFor>): number {
  return some.reduce((sum, { Metrics }) => sum + (Array.isArray(Metrics) ? Metrics.length - 1 : 1), 0);
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

  expect(explained).toHaveLength(alarmNames.length);
  expect(new Set(explained)).toEqual(new Set(alarmNames));
});

test('docs/operations.md says of every alarm what it makes of missing data', () => {
  const documented = (sectionOf('operations.md', 'Alarms').match(/^\| `.*$/gm) ?? []).flatMap((row) => {
    const [, names = '', , missing = ''] = row.split('|');
    const treated = missing.trim().startsWith('breaching') ? 'breaching' : 'notBreaching';
    return [...names.matchAll(/`([\w-]+)`/g)].map(([, alarm]) => [alarm, treated]);
  });
  const treated = explicable.map(({ AlarmName, TreatMissingData }) => [nameOf(AlarmName), TreatMissingData]);

  expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(treated));
});

test('docs/deploy.md counts every metric that alarms read, and every metric of the functions, among the costs', () => {
  const costs = sectionOf('deploy.md', 'What it costs');
  const [more, moreRead] = [withDrain.length - alarms.length, metricsOf(withDrain) - metricsOf(alarms)];

  expect(costs).toContain(
    `${alarms.length} alarms on ${metricsOf(alarms)} metrics at 0.10, ${metricNames.length - drainMetricNames.length} metrics at 0.30`,
  );
  expect(costs).toContain(`${more} alarms on ${moreRead} metrics at 0.10, ${drainMetricNames.length} metrics at 0.30`);
});
