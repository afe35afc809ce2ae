import * as z from 'zod';

/** As much of JSON Schema draft-07 as zod writes and we read. */
export interface JsonSchema {
  readonly $schema?: string;
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema | readonly JsonSchema[];
  readonly contains?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly if?: JsonSchema;
  readonly then?: JsonSchema;
  readonly not?: JsonSchema;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly definitions?: Readonly<Record<string, JsonSchema>>;
}

/** The JSON Schema of what a person writes: keys with a default are optional. */
export function jsonSchemaOf(form: z.ZodType): JsonSchema {
  const schema = z.toJSONSchema(form, {
    target: 'draft-7',
    io: 'input',
    // An editor would take it for "not to be written"; here it says that the code does not change what it read.
    override: ({ jsonSchema }) => {
      delete jsonSchema.readOnly;
    },
  });
  return schema as JsonSchema;
}

/** Keys that a map at this path may have; empty where any may. */
export function keysAt(root: JsonSchema, path: readonly (string | number)[]): readonly string[] {
  return [...new Set(schemasAt(root, path).flatMap((schema) => Object.keys(schema.properties ?? {})))];
}

/** What the schema says of the value at this path. */
export function describedAt(root: JsonSchema, path: readonly (string | number)[]): string | undefined {
  return schemasAt(root, path).find((schema) => schema.description !== undefined)?.description;
}

/** A value that a schema of choices, whole numbers and maps of them takes; of several choices neither the first nor the last. */
export function sampleOf(schema: JsonSchema): unknown {
  const { properties, enum: choices, minimum } = schema;
  if (properties !== undefined)
    return Object.fromEntries(Object.entries(properties).map(([key, child]) => [key, sampleOf(child)]));
  return choices?.[Math.floor(choices.length / 2)] ?? minimum ?? 1;
}

/** Every schema that a value at this path is held against, references and alternatives resolved. */
function schemasAt(root: JsonSchema, path: readonly (string | number)[]): readonly JsonSchema[] {
  let schemas = expand(root, root);
  for (const segment of path) {
    schemas = schemas.flatMap((schema) => childrenOf(schema, segment)).flatMap((child) => expand(root, child));
  }
  return schemas;
}

function childrenOf(schema: JsonSchema, segment: string | number): readonly JsonSchema[] {
  const { properties, additionalProperties, items } = schema;
  if (typeof segment === 'number') return items === undefined ? [] : [items].flat();
  const property = properties?.[segment];
  if (property !== undefined) return [property];
  return typeof additionalProperties === 'object' ? [additionalProperties] : [];
}

function expand(root: JsonSchema, schema: JsonSchema): readonly JsonSchema[] {
  const referred =
    schema.$ref === undefined ? undefined : root.definitions?.[schema.$ref.replace('#/definitions/', '')];
  const parts = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])];
  if (referred !== undefined) parts.push(referred);
  return [schema, ...parts.flatMap((part) => expand(root, part))];
}
