import { readFileSync } from 'node:fs';
import type { Json } from '../../src/domain/json.ts';
import { metricNames } from '../../src/domain/metrics.ts';
import { template } from '../../src/stack/stack.ts';

const name = 'deployment';
const alarms = Object.values(template([], { name }).Resources)
  .filter(({ Type }) => Type === 'AWS::CloudWatch::Alarm')
  .map(({ Properties }) => Properties);
const alarmNames = alarms.map(({ AlarmName }) => nameOf(AlarmName));

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
  const treated = alarms.map(({ AlarmName, TreatMissingData }) => [nameOf(AlarmName), TreatMissingData]);

  expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(treated));
});

test('docs/deploy.md counts every metric that alarms read, and every metric of the functions, among the costs', () => {
  const read = alarms.map(({ Metrics }) => (Array.isArray(Metrics) ? Metrics.length - 1 : 1));
  const costs = sectionOf('deploy.md', 'What it costs');

  expect(costs).toContain(
    `${alarms.length} alarms on ${read.reduce((sum, one) => sum + one)} metrics at 0.10, ${metricNames.length} metrics at 0.30`,
  );
});
