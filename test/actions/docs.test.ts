import { readdirSync, readFileSync } from 'node:fs';
import { stringify } from 'yaml';
import * as z from 'zod';
import { actions } from '../../src/actions/index.ts';
import { actionDoc } from '../../src/language/action-doc.ts';
import { parameterRows } from '../../src/rules/rule-doc.ts';

const byId = actions.map((action) => [action.id, action] as const);

test.each(byId)('the page of %s has a fresh head, and notes written by hand below it', (id, action) => {
  const page = readFileSync(`docs/actions/${id}.md`, 'utf8');
  const head = actionDoc(action, z, (value) => stringify(value, { lineWidth: 0 }));
  const [title, notes = ''] = page.split(head);

  expect(title).toBe(`# ${id}\n\n`);
  expect(notes).toMatch(/^## When not to use it\n\n[^#\s]/m);
  expect(notes).toMatch(/^## Edge cases\n\n[^#\s]/m);
});

test.each(byId)('the page of %s names every parameter and every call', (id, action) => {
  const page = readFileSync(`docs/actions/${id}.md`, 'utf8');
  const operations = typeof action.operations === 'function' ? [] : action.operations;
  const names = [...parameterRows(action, z).map(({ path }) => path), ...operations];

  expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});

test('every page belongs to an action', () => {
  expect(readdirSync('docs/actions').toSorted()).toEqual(actions.map(({ id }) => `${id}.md`).toSorted());
});
