import { readFileSync } from 'node:fs';
import breaks from '../../scripts/breaks.json' with { type: 'json' };

test.each(breaks)('$what: what is to be broken stands once in its file, and would be another', ({ file, from, to }) => {
  expect(readFileSync(file, 'utf8').split(from)).toHaveLength(2);
  expect(to).not.toBe(from);
});

test('docs/testing.md lists all breaks by their numbers', () => {
  const docs = readFileSync('docs/testing.md', 'utf8');
  const listed = docs.split('\n').flatMap((line) => /^\| (\d+\. .+?) \| `/.exec(line)?.[1] ?? []);
  expect(listed).toEqual(breaks.map(({ what }, index) => `${index + 1}. ${what}`));
});
