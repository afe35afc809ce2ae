import { stringify } from 'yaml';
import * as z from 'zod';
import { type ActionExample, type AnyAction, operationsOf } from '../domain/action.ts';
import type { AnyDrainStep, DrainExample } from '../domain/drain-step.ts';
import { distinct } from '../domain/instance.ts';
import type { Json } from '../domain/json.ts';
import type { AnyRule, Example } from '../domain/rule.ts';
import { parameterRows } from '../rules/rule-doc.ts';
import { flow } from './examples.ts';
import { type JsonSchema, jsonSchemaOf } from './json-schema.ts';

/** A parameter as a reference lists it. */
export interface Parameter {
  /** `wide.ipv4`, `keys[].values`. */
  readonly name: string;
  readonly type: string;
  /** `required`, `default 16`, or empty. */
  readonly presence: string;
  readonly description: string;
}

/** All there is to know of a rule. */
export interface Reference {
  readonly id: string;
  readonly summary: string;
  readonly why: string;
  readonly fix: string;
  readonly awsConfig?: string;
  /** Those within maps and lists included. */
  readonly parameters: readonly Parameter[];
  readonly parametersSchema: JsonSchema;
  readonly examples: AnyRule['examples'];
  /** The examples as they paste into a policy.test.yml. Their parameters stand above them as comments. */
  readonly exampleCases: string;
}

/** What `ec2-guardrail rules <id>` prints. */
export function referenceOf(rule: AnyRule): Reference {
  const { id, summary, why, fix, awsConfig, examples } = rule;
  return {
    id,
    summary,
    why,
    fix,
    ...(awsConfig === undefined ? {} : { awsConfig }),
    parameters: parametersOf(rule),
    parametersSchema: jsonSchemaOf(rule.parameters(z)),
    examples,
    exampleCases: exampleCases(rule),
  };
}

function parametersOf(rule: Pick<AnyRule, 'parameters'>): readonly Parameter[] {
  return parameterRows(rule, z).map((row) => ({
    name: row.path,
    type: row.type.replaceAll('`', ''),
    presence: row.default === undefined ? (row.required ? 'required' : '') : `default ${flow(row.default)}`,
    description: row.description,
  }));
}

function exampleCases(rule: AnyRule): string {
  const cases = rule.examples.map(({ title, parameters, given, now, expect }: Example<unknown>) => {
    const one = { name: title, ...(now === undefined ? {} : { now }), ...given, expect };
    return `# with parameters: ${flow(parameters)}\n${stringify([one], { lineWidth: 0 }).trimEnd()}`;
  });
  return `cases:\n${cases.join('\n').replace(/^(?=.)/gm, '  ')}\n`;
}

/** All there is to know of an action. */
export interface ActionReference
  extends Pick<AnyAction, 'id' | 'summary' | 'kind' | 'isReversible' | 'states' | 'rules'> {
  /** All that it may call, with whatever parameters. */
  readonly operations: readonly string[];
  readonly parameters: readonly Parameter[];
  readonly parametersSchema: JsonSchema;
  readonly examples: AnyAction['examples'];
  readonly exampleCases: string;
}

/** What `ec2-guardrail actions <id>` prints. */
export function actionReferenceOf(action: AnyAction): ActionReference {
  const { id, summary, kind, isReversible, states, rules, examples } = action;
  return {
    id,
    summary,
    kind,
    isReversible,
    states,
    ...(rules === undefined ? {} : { rules }),
    operations: callsOf(action),
    parameters: parametersOf(action),
    parametersSchema: jsonSchemaOf(action.parameters(z)),
    examples,
    exampleCases: examples.map((example: ActionExample<Json>) => exampleYaml(example)).join('\n'),
  };
}

/** All that an action may call: its examples have the parameters that make a difference. */
export function callsOf(action: AnyAction): readonly string[] {
  const form = action.parameters(z);
  return distinct(
    action.examples.flatMap(({ parameters }: ActionExample<Json>) => operationsOf(action, form.parse(parameters))),
  ).toSorted();
}

/** All there is to know of a step of a drain. */
export interface StepReference extends Pick<AnyDrainStep, 'id' | 'summary' | 'kind' | 'rules' | 'undoOperations'> {
  /** All that it may call. */
  readonly operations: readonly string[];
  readonly parameters: readonly Parameter[];
  readonly parametersSchema: JsonSchema;
  readonly examples: AnyDrainStep['examples'];
  readonly exampleCases: string;
}

/** What `ec2-guardrail actions <id>` prints of a step. */
export function stepReferenceOf(step: AnyDrainStep): StepReference {
  const { id, summary, kind, rules, operations, undoOperations, examples } = step;
  return {
    id,
    summary,
    kind,
    rules,
    operations,
    undoOperations,
    parameters: parametersOf(step),
    parametersSchema: jsonSchemaOf(step.parameters(z)),
    examples,
    exampleCases: examples.map((example: DrainExample<Json>) => exampleYaml(example)).join('\n'),
  };
}

function exampleYaml({ title, ...example }: { readonly title: string }): string {
  return stringify([{ name: title, ...example }], { lineWidth: 0 });
}
