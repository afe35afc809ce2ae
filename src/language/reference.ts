import { stringify } from 'yaml';
import * as z from 'zod';
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

function parametersOf(rule: AnyRule): readonly Parameter[] {
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
