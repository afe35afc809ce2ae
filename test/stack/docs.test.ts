import { readFileSync } from 'node:fs';
import { template } from '../../src/stack/stack.ts';

const name = 'deployment';
const alarmNames = Object.values(template([], { name }).Resources)
  .filter(({ Type }) => Type === 'AWS::CloudWatch::Alarm')
  .map(({ Properties: { AlarmName } }) => (typeof AlarmName === 'string' ? AlarmName.slice(`${name}-`.length) : ''));

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

test('docs/deploy.md counts every alarm and metric among the costs', () => {
  const metrics = ['inspect', 'sweep'].flatMap((file) => {
    const [, counted = ''] = readFileSync(`src/handlers/${file}.ts`, 'utf8').split('count({');
    return [...counted.matchAll(/(\w+): /g)]
      .map(([, metric]) => metric)
      .filter((metric) => /^[A-Z]/.test(metric ?? ''));
  });
  const costs = sectionOf('deploy.md', 'What it costs');

  expect(costs).toContain(`${alarmNames.length} alarms at 0.10, ${new Set(metrics).size} metrics at 0.30`);
});
