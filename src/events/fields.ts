/** An object of an event, whose fields may be anything. */
export type Fields = Readonly<Record<string, unknown>>;

/** Whether it is an object, and not a list. */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The object, or one without fields: what is absent and what has another form are read alike. */
export function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {};
}

/** A text that is not empty. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A text by its name. EC2's older calls write `instanceId`, the newer ones, wrapped in `…Request`, `InstanceId`. */
export function textAt(fields: Fields, name: string): string | undefined {
  return textOf(fields[name]) ?? textOf(fields[name.charAt(0).toUpperCase() + name.slice(1)]);
}

/** A collection of a CloudTrail record: `{ items: […] }`, `{ item: … }`, a bare list or a single object; `{}` is none. */
export function listOf(value: unknown): readonly Fields[] {
  if (Array.isArray(value)) return value.filter(isFields);
  if (!isFields(value)) return [];
  const inner = value.items ?? value.item;
  if (Array.isArray(inner)) return inner.filter(isFields);
  if (isFields(inner)) return [inner];
  return Object.keys(value).length === 0 || 'items' in value || 'item' in value ? [] : [value];
}
