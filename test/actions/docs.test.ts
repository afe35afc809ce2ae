import { readdirSync, readFileSync } from 'node:fs';
import { stringify } from 'yaml';
import * as z from 'zod';
import { drainSteps } from '../../src/actions/drain-steps.ts';
import { actions } from '../../src/actions/index.ts';
import { actionDoc, stepDoc } from '../../src/language/action-doc.ts';
import { parameterRows } from '../../src/rules/rule-doc.ts';

const byId = actions.map((action) => [action.id, action] as const);
const stepsById = drainSteps.map((step) => [step.id, step] as const);

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

test.each(stepsById)('the page of %s has a fresh head, and notes written by hand below it', (id, step) => {
  const page = readFileSync(`docs/actions/${id}.md`, 'utf8');
  const head = stepDoc(step, z, (value) => stringify(value, { lineWidth: 0 }));
  const [title, notes = ''] = page.split(head);

  expect(title).toBe(`# ${id}\n\n`);
  expect(notes).toMatch(/^## When not to use it\n\n[^#\s]/m);
  expect(notes).toMatch(/^## Edge cases\n\n[^#\s]/m);
});

test.each(stepsById)('the page of %s names every parameter and every call', (id, step) => {
  const page = readFileSync(`docs/actions/${id}.md`, 'utf8');
  const names = [
    ...parameterRows(step, z).map(({ path }) => path),
    ...(step.operations as readonly string[]),
    ...step.undoOperations,
  ];

  expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});

test('every page belongs to an action or a step', () => {
  const pages = [...actions, ...drainSteps].map(({ id }) => `${id}.md`);

  expect(readdirSync('docs/actions').toSorted()).toEqual(pages.toSorted());
});
