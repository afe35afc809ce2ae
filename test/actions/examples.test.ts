import { readdirSync } from 'node:fs';
import * as z from 'zod';
import { drainSteps } from '../../src/actions/drain-steps.ts';
import { actions } from '../../src/actions/index.ts';
import { type ActionExample, operationsOf } from '../../src/domain/action.ts';
import { defaultInstance } from '../../src/domain/given.ts';
import type { Json } from '../../src/domain/json.ts';
import { parameterRows } from '../../src/rules/rule-doc.ts';
import { planned } from './planned.ts';

/** Files of src/actions that are neither actions nor steps of a drain. */
const notActions = ['drain-steps', 'index', 'ingress', 'managers', 'ports', 'power', 'sharers', 'words'].map(
  (name) => `${name}.ts`,
);

const byId = actions.map((action) => [action.id, action] as const);
const examples = actions.flatMap((action) =>
  action.examples.map((example: ActionExample<Json>) => [`${action.id}: ${example.title}`, action, example] as const),
);

test('every file of src/actions is an action in the index, or a step of a drain in the list of these', () => {
  const files = readdirSync('src/actions').filter((file) => !notActions.includes(file));

  expect([...actions, ...drainSteps].map(({ id }) => `${id}.ts`).toSorted()).toEqual(files.toSorted());
});

test.each(byId)('%s is exported under its id in camel case', async (id, action) => {
  const name = id.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  const module: Record<string, unknown> = await import(`../../src/actions/${id}.ts`);

  expect(module[name]).toBe(action);
});

test.each(byId)('%s says in one sentence what it does', (_, action) => {
  expect(action.summary).toMatch(/^[A-Z][^.]*\.$/);
});

test.each(byId)('%s has four examples or more, of what it does and of what it refuses', (_, action) => {
  const refused = action.examples.filter(({ expect }: ActionExample<Json>) => 'refused' in expect);

  expect(action.examples.length).toBeGreaterThanOrEqual(4);
  expect(refused.length).toBeGreaterThan(0);
  expect(refused.length).toBeLessThan(action.examples.length);
});

test.each(byId)('%s describes every parameter, and refuses one that it does not know', (_, action) => {
  const rows = parameterRows(action, z);

  expect(rows.filter(({ description }) => description === '')).toEqual([]);
  expect(action.parameters(z).safeParse({ ...action.examples[0]?.parameters, noSuchParameter: 1 }).success).toBe(false);
});

test.each(examples)('%s', (_, action, example) => {
  const outcome = planned(action, example);

  if ('refused' in outcome) {
    expect(outcome).toEqual(example.expect);
    return;
  }
  const { calls, undo } = outcome.plan;
  expect({ calls, undo }).toEqual(example.expect);
});

test.each(examples)('%s: the instance is in one of its states', (_, action, { given }) => {
  const state = given.instance?.State?.Name ?? defaultInstance.State.Name;

  expect(action.states).toContain(state);
});

test.each(examples)('%s: what is planned survives JSON, and is told in printable ASCII', (_, action, example) => {
  const outcome = planned(action, example);

  expect(JSON.parse(JSON.stringify(outcome))).toEqual(outcome);
  expect('refused' in outcome ? outcome.refused : outcome.plan.does).toMatch(/^[ -~]+$/);
});

test.each(examples)('%s: only declared operations are called, and what can be undone is', (_, action, example) => {
  const outcome = planned(action, example);
  if ('refused' in outcome) return;
  const declared = operationsOf(action, action.parameters(z).parse(example.parameters));

  expect(outcome.plan.calls.length).toBeGreaterThan(0);
  expect(outcome.plan.calls.filter(({ operation }) => !declared.includes(operation))).toEqual([]);
  expect(outcome.plan.undo.length > 0).toBe(action.isReversible);
});
