import * as z from 'zod';
import { drainSteps } from '../../src/actions/drain-steps.ts';
import { actions } from '../../src/actions/index.ts';
import type { DrainNeed } from '../../src/domain/drain-facts.ts';
import type { DrainExample, DrainGiven } from '../../src/domain/drain-step.ts';
import type { Json } from '../../src/domain/json.ts';
import { isDraining } from '../../src/domain/operations.ts';
import { parameterRows } from '../../src/rules/rule-doc.ts';
import { plannedStep } from './planned-step.ts';

const byId = drainSteps.map((step) => [step.id, step] as const);
const examples = drainSteps.flatMap((step) =>
  step.examples.map((example: DrainExample<Json>) => [`${step.id}: ${example.title}`, step, example] as const),
);

test.each(byId)('%s is exported under its id in camel case', async (id, step) => {
  const name = id.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  const module: Record<string, unknown> = await import(`../../src/actions/${id}.ts`);

  expect(module[name]).toBe(step);
});

test('no step is called as an action is', () => {
  const ids = [...actions, ...drainSteps].map(({ id }) => id);

  expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
});

test.each(byId)('%s says in one sentence what it does', (_, step) => {
  expect(step.summary).toMatch(/^[A-Z][^.]*\.$/);
});

test.each(byId)('%s describes every parameter, and refuses one that it does not know', (_, step) => {
  const { parameters } = step.examples[0] ?? {};

  expect(parameterRows(step, z).filter(({ description }) => description === '')).toEqual([]);
  expect(step.parameters(z).safeParse(parameters).success).toBe(true);
  expect(step.parameters(z).safeParse({ ...parameters, noSuchParameter: 1 }).success).toBe(false);
});

test.each(examples)('%s', (_, step, { given, parameters, expect: expected }) => {
  const { moves, left, incomplete } = plannedStep(step, given, parameters);

  expect({
    does: moves.map(({ does }) => does),
    calls: moves.map(({ call }) => call),
    undo: moves.flatMap(({ undo }) => undo ?? []),
    left,
    incomplete,
  }).toEqual({ undo: [], left: [], incomplete: [], ...expected });
});

test.each(examples)(
  '%s: what is planned survives JSON, is told in printable ASCII and has keys of its own',
  (_, step, example) => {
    const planned = plannedStep(step, example.given, example.parameters);
    const keys = planned.moves.map(({ key }) => key);

    expect(JSON.parse(JSON.stringify(planned))).toEqual(planned);
    expect(
      [...planned.moves.map(({ does }) => does), ...planned.left].filter((text) => !/^[ -~]+$/.test(text)),
    ).toEqual([]);
    expect(new Set(keys).size).toBe(keys.length);
  },
);

test.each(examples)('%s: only declared operations are called, and put back', (_, step, example) => {
  const { moves } = plannedStep(step, example.given, example.parameters);
  const undone = moves.flatMap(({ undo }) => undo?.operation ?? []);

  expect(moves.filter(({ call }) => !step.operations.includes(call.operation))).toEqual([]);
  expect(undone.filter((operation) => !step.undoOperations.includes(operation) || !isDraining(operation))).toEqual([]);
  expect(undone.length > 0 || moves.length === 0).toBe(step.undoOperations.length > 0 || moves.length === 0);
});

test.each(examples)('%s: what is less known is told, and nothing more is done for it', (_, step, example) => {
  const { missing = [] }: DrainGiven = example.given;
  const all = plannedStep(step, example.given, example.parameters);
  const needs: readonly DrainNeed[] = step.needs;
  for (const need of needs.filter((one) => !missing.includes(one))) {
    const less = plannedStep(step, { ...example.given, missing: [...missing, need] }, example.parameters);
    const calls = all.moves.map(({ key }) => key);
    expect(less.incomplete).toContain(`${need}: throttled`);
    expect(less.moves.filter(({ key }) => !calls.includes(key))).toEqual([]);
  }
});
