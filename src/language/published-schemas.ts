import * as z from 'zod';
import type { Catalogue } from '../domain/catalogue.ts';
import type { AnyRule } from '../domain/rule.ts';
import { policyFile, valuesFile } from './forms.ts';
import { type JsonSchema, jsonSchemaOf } from './json-schema.ts';
import { policyTestFile } from './test-forms.ts';

/** JSON Schema draft-07 for editors, by the name of its file in schema/. Refuses what the loader refuses of a file's form. */
export function publishedSchemas({ rules }: Catalogue): Readonly<Record<string, JsonSchema>> {
  return {
    'policy.schema.json': policySchema(rules),
    'policy-test.schema.json': jsonSchemaOf(policyTestFile),
    'values.schema.json': jsonSchemaOf(valuesFile),
  };
}

const valueList: JsonSchema = {
  type: 'string',
  pattern: '^\\$[A-Za-z][A-Za-z0-9_-]*$',
  description: 'A list in values.yml, as $name.',
};

const toValueList: JsonSchema = { $ref: '#/definitions/ValueList' };

function policySchema(rules: readonly AnyRule[]): JsonSchema {
  const { properties = {}, definitions = {}, ...base } = jsonSchemaOf(policyFile);
  const matches = Object.entries(definitions).filter(([name]) => !name.startsWith('__'));
  return {
    ...base,
    properties: {
      ...properties,
      rule: { ...properties.rule, enum: rules.map(({ id }) => id) },
      parameters: { description: properties.parameters?.description ?? '', type: 'object' },
      exempt: withoutBound(properties.exempt),
    },
    allOf: rules.map(schemaOfRule),
    definitions: {
      ...Object.fromEntries(matches.map(([name, one]) => [name, withValueLists(one)])),
      ValueList: valueList,
    },
  };
}

/** What a rule says of parameters and of exemptions' bounds. */
function schemaOfRule(rule: AnyRule): JsonSchema {
  const form: z.ZodType = rule.parameters(z);
  const { $schema: _, ...parameters } = jsonSchemaOf(form);
  const upTo = rule.bound === undefined ? { not: {} } : schemaOfBound(rule.bound.schema(z));
  return {
    if: { properties: { rule: { const: rule.id } }, required: ['rule'] },
    // biome-ignore lint/suspicious/noThenProperty: JSON Schema's own keyword, in data that is never awaited
    then: {
      properties: {
        parameters: withValueLists(parameters),
        exempt: { items: { properties: { upTo } } },
      },
      ...(form.safeParse({}).success ? {} : { required: ['parameters'] }),
    },
  };
}

function schemaOfBound(form: z.ZodType): JsonSchema {
  const { $schema: _, ...bound } = jsonSchemaOf(form);
  return bound;
}

/** `upTo` has the form that the rule gives it. */
function withoutBound(exempt: JsonSchema | undefined): JsonSchema {
  const { properties = {}, ...entry } = (exempt?.items ?? {}) as JsonSchema;
  const { upTo, ...others } = properties;
  return { ...exempt, items: { ...entry, properties: { ...others, upTo: { description: upTo?.description ?? '' } } } };
}

/** The same schema, where `$name` may stand for any list and among its entries. */
function withValueLists(schema: JsonSchema): JsonSchema {
  const { items, properties, additionalProperties, anyOf, oneOf, allOf, description, ...rest } = schema;
  const inner: JsonSchema = {
    ...rest,
    ...(properties === undefined ? {} : { properties: mapValues(properties, withValueLists) }),
    ...(typeof additionalProperties === 'object' ? { additionalProperties: withValueLists(additionalProperties) } : {}),
    ...(typeof additionalProperties === 'boolean' ? { additionalProperties } : {}),
    ...(anyOf === undefined ? {} : { anyOf: anyOf.map(withValueLists) }),
    ...(oneOf === undefined ? {} : { oneOf: oneOf.map(withValueLists) }),
    ...(allOf === undefined ? {} : { allOf: allOf.map(withValueLists) }),
  };
  const about = description === undefined ? {} : { description };
  if (items === undefined || !isOne(items)) return { ...about, ...inner };
  return { ...about, anyOf: [{ ...inner, items: { anyOf: [withValueLists(items), toValueList] } }, toValueList] };
}

function isOne(items: JsonSchema | readonly JsonSchema[]): items is JsonSchema {
  return !Array.isArray(items);
}

function mapValues<T, U>(record: Readonly<Record<string, T>>, convert: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, convert(value)]));
}
