import { readFileSync } from 'node:fs';
import { renderAlert } from '../../src/alerts/alert.ts';
import { forms, now, sampleAlert } from './sample.ts';

const page = readFileSync('docs/alerts.md', 'utf8');
const message = renderAlert(sampleAlert, { now, tagKey: 'Team' });

function blocks(language: string): readonly string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].flatMap(
    (match) => match[1] ?? [],
  );
}

test('the page shows an alert as it is sent', () => {
  expect(page).toContain(`Subject: \`${message.Subject}\`\n`);
  expect(blocks('text')).toEqual([forms(message).email]);
});

test('and its JSON form', () => {
  expect(JSON.parse(blocks('json').at(-1) ?? '')).toEqual(JSON.parse(forms(message).sqs));
});

test('its table names every attribute, and its filters no other', () => {
  const names = Object.keys(message.MessageAttributes).filter((name) => name !== 'Team');
  const filters = blocks('json')
    .slice(0, -1)
    .map((block) => JSON.parse(block) as object);
  const table = page.split('## To filter by')[1] ?? '';

  expect([...table.matchAll(/^\| `([^`]+)` \|/gm)].map((match) => match[1])).toEqual(names);
  expect(filters).toHaveLength(3);
  for (const name of filters.flatMap((filter) => Object.keys(filter))) expect([...names, 'Team']).toContain(name);
});
