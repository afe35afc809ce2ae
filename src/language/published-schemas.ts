import * as z from 'zod';
import { type ActionOrStep, type Catalogue, isForRule } from '../domain/catalogue.ts';
import type { AnyRule } from '../domain/rule.ts';
import { actionForm, notifyForm } from './action-forms.ts';
import { enforcementFile, policyFile, valuesFile } from './forms.ts';
import { type JsonSchema, jsonSchemaOf } from './json-schema.ts';
import { policyTestFile } from './test-forms.ts';

/** JSON Schema draft-07 for editors, by the name of its file in schema/. Refuses what the loader refuses of a file's form. */
export function publishedSchemas(catalogue: Catalogue): Readonly<Record<string, JsonSchema>> {
  return {
    'policy.schema.json': policySchema(catalogue),
    'policy-test.schema.json': jsonSchemaOf(policyTestFile),
    'enforcement.schema.json': enforcementSchema(),
    'values.schema.json': jsonSchemaOf(valuesFile),
  };
}

const valueList: JsonSchema = {
  type: 'string',
  pattern: '^\\$[A-Za-z][A-Za-z0-9_-]*$',
  description: 'A list in values.yml, as $name.',
};

const toValueList: JsonSchema = { $ref: '#/definitions/ValueList' };

function policySchema({ rules, actions }: Catalogue): JsonSchema {
  const { properties = {}, definitions = {}, ...base } = jsonSchemaOf(policyFile);
  return {
    ...base,
    properties: {
      ...properties,
      rule: { ...properties.rule, enum: rules.map(({ id }) => id) },
      parameters: { description: properties.parameters?.description ?? '', type: 'object' },
      exempt: withoutBound(properties.exempt),
      actions: schemaOfActions(properties.actions, actions),
    },
    allOf: [...rules.map((rule) => schemaOfRule(rule, actions)), enforceOnlyInItsMode],
    definitions: definitionsWithLists(definitions),
  };
}

function enforcementSchema(): JsonSchema {
  const { definitions = {}, ...base } = jsonSchemaOf(enforcementFile);
  return { ...base, definitions: definitionsWithLists(definitions) };
}

/** What schemas refer to, where `$name` may stand for lists. */
function definitionsWithLists(definitions: Readonly<Record<string, JsonSchema>>): Readonly<Record<string, JsonSchema>> {
  const matches = Object.entries(definitions).filter(([name]) => !name.startsWith('__'));
  return { ...Object.fromEntries(matches.map(([name, one]) => [name, withValueLists(one)])), ValueList: valueList };
}

/** What is demanded of whatever a condition holds of. */
function ifThen(condition: JsonSchema, demand: JsonSchema): JsonSchema {
  // biome-ignore lint/suspicious/noThenProperty: JSON Schema's own keyword, in data that is never awaited
  return { if: condition, then: demand };
}

const enforceOnlyInItsMode = ifThen(
  { required: ['enforce'] },
  { properties: { mode: { const: 'enforce' } }, required: ['mode'] },
);

/** Each entry is an action's name, where it needs no settings, or a map of its name to them; one of them is `notify`. */
function schemaOfActions(list: JsonSchema | undefined, actions: readonly ActionOrStep[]): JsonSchema {
  const forms: readonly (readonly [string, z.ZodType])[] = [
    ['notify', notifyForm],
    ...actions.map((action) => [action.id, actionForm(action)] as const),
  ];
  const alone = forms.filter(([, form]) => form.safeParse({}).success).map(([id]) => id);
  const withSettings = Object.fromEntries(forms.map(([id, form]) => [id, withValueLists(inner(form))]));
  return {
    ...list,
    items: {
      anyOf: [
        { enum: alone, description: 'An action without settings.' },
        {
          type: 'object',
          description: 'An action with its settings.',
          properties: withSettings,
          additionalProperties: false,
          minProperties: 1,
          maxProperties: 1,
        },
      ],
    },
    contains: entryOf('notify'),
  };
}

/** An entry of `actions` that names this one. */
function entryOf(action: string): JsonSchema {
  return { anyOf: [{ const: action }, { type: 'object', required: [action] }] };
}

/** What a rule says of parameters and of exemptions' bounds, and which actions are none of it. */
function schemaOfRule(rule: AnyRule, actions: readonly ActionOrStep[]): JsonSchema {
  const form: z.ZodType = rule.parameters(z);
  const upTo = rule.bound === undefined ? { not: {} } : inner(rule.bound.schema(z));
  const unfit = actions.filter((action) => !isForRule(action, rule.id));
  return ifThen(
    { properties: { rule: { const: rule.id } }, required: ['rule'] },
    {
      properties: {
        parameters: withValueLists(inner(form)),
        exempt: { items: { properties: { upTo } } },
        ...(unfit.length === 0 ? {} : { actions: { items: { not: { anyOf: unfit.map(({ id }) => entryOf(id)) } } } }),
      },
      ...(form.safeParse({}).success ? {} : { required: ['parameters'] }),
    },
  );
}

/** A schema that stands within another. */
function inner(form: z.ZodType): JsonSchema {
  const { $schema: _, ...schema } = jsonSchemaOf(form);
  return schema;
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
