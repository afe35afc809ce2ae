import type { ZodType } from 'zod';
import type { AnyRule, Example, Zod } from '../domain/rule.ts';
import type { Compliance } from '../domain/verdict.ts';

const BEGIN = '<!-- generated -->';
const END = '<!-- /generated -->';

const outcomes = ['COMPLIANT', 'NON_COMPLIANT', 'NOT_APPLICABLE', 'INSUFFICIENT_DATA'] as const satisfies Compliance[];

/** The part of JSON Schema that parameters are made of. */
interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly additionalProperties?: Schema | boolean;
}

/** One parameter, however deep: `keys[].values`. */
export interface ParameterRow {
  readonly path: string;
  readonly type: string;
  readonly required: boolean;
  readonly default?: unknown;
  readonly description: string;
}

/**
 * The generated head of a rule's page, between its markers: summary, outcomes, parameters, examples.
 * zod and the YAML writer are passed in, since rules load neither.
 */
export function ruleDoc(rule: AnyRule, z: Zod, toYaml: (value: unknown) => string): string {
  const sections = [
    `**${rule.summary}**`,
    rule.why,
    `How to mend it: ${asProse(rule.fix)}.`,
    counterpart(rule),
    `## Outcomes\n\n${outcomeTable(rule)}`,
    `## Parameters\n\n${parameterTable(parameterRows(rule, z))}`,
    boundSection(rule, z),
    evidenceSection(rule),
    `## Examples\n\n${rule.examples.map((example: Example<unknown>) => exampleText(rule, example, toYaml)).join('\n\n')}`,
  ];
  return [BEGIN, ...sections.filter((section) => section !== ''), END].join('\n\n');
}

/** The page of a new rule: what is written by hand is still to come, under headings that every page has. */
export function newPage({ id }: AnyRule): string {
  return `# ${id}\n\n${BEGIN}\n\n${END}\n\n## When not to use it\n\n## Edge cases\n`;
}

/** A page with its generated head replaced by a new one; a page without markers gets it at its top. */
export function withGeneratedHead(page: string, head: string): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) return `${head}\n\n${page}`;
  return `${page.slice(0, begin)}${head}${page.slice(end + END.length)}`;
}

/** Every parameter that a rule or an action takes, outer ones first. */
export function parameterRows({ parameters }: Pick<AnyRule, 'parameters'>, z: Zod): readonly ParameterRow[] {
  return rowsOf(jsonSchema(parameters(z), z), '');
}

function jsonSchema(schema: ZodType, z: Zod): Schema {
  return JSON.parse(JSON.stringify(z.toJSONSchema(schema, { io: 'input' })));
}

function boundSection({ bound }: AnyRule, z: Zod): string {
  if (bound === undefined) return '';
  const rows = rowsOf(jsonSchema(bound.schema(z), z), '');
  return `## \`upTo\` of an exemption\n\n${parameterTable(rows)}`;
}

function evidenceSection({ evidence }: AnyRule): string {
  if (evidence === undefined) return '';
  const rows = Object.entries(evidence.fields).map(([field, meaning]) => [`\`${field}\``, meaning]);
  return `## Evidence\n\n${evidence.about}\n\n${table(['Field', 'Meaning'], rows)}`;
}

function rowsOf(schema: Schema, prefix: string): readonly ParameterRow[] {
  const own = Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const path = `${prefix}${name}`;
    const row: ParameterRow = {
      path,
      type: typeOf(property),
      required: schema.required?.includes(name) ?? false,
      ...('default' in property ? { default: property.default } : {}),
      description: property.description ?? '',
    };
    return [row, ...rowsOf(property, `${path}.`)];
  });
  const ofItems = schema.items === undefined ? [] : rowsOf(schema.items, `${prefix.slice(0, -1)}[].`);
  return [...own, ...ofItems, ...(schema.anyOf ?? []).flatMap((variant) => rowsOf(variant, prefix))];
}

function typeOf(schema: Schema): string {
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeOf).join(' or ');
  if (schema.type === 'array') return `list of ${schema.items === undefined ? 'anything' : typeOf(schema.items)}`;
  if (schema.type === 'object') return schema.properties === undefined ? 'map' : 'object';
  return schema.type ?? 'anything';
}

function counterpart({ awsConfig }: AnyRule): string {
  if (awsConfig === undefined) return '';
  const page = `https://docs.aws.amazon.com/config/latest/developerguide/${awsConfig}.html`;
  return `AWS Config's managed rule [\`${awsConfig}\`](${page}) means the same, or nearly.`;
}

function outcomeTable({ examples }: AnyRule): string {
  const rows = outcomes.map((outcome) => {
    const titles = examples.filter(({ expect }) => expect.compliance === outcome).map(({ title }) => title);
    return [`\`${outcome}\``, titles.length === 0 ? 'never' : titles.join('; ')];
  });
  return table(['Outcome', 'For example'], rows);
}

function parameterTable(rows: readonly ParameterRow[]): string {
  return table(
    ['Parameter', 'Type', 'Default', 'Meaning'],
    rows.map((row) => [`\`${row.path}\``, row.type, defaultText(row), row.description]),
  );
}

function defaultText(row: ParameterRow): string {
  if ('default' in row) return `\`${JSON.stringify(row.default)}\``;
  return row.required ? 'required' : '';
}

function exampleText(
  rule: AnyRule,
  { title, parameters, given, now, expect }: Example<unknown>,
  toYaml: (value: unknown) => string,
): string {
  const yaml = toYaml({ rule: rule.id, parameters, given, ...(now === undefined ? {} : { now }), expect });
  return `### ${title.slice(0, 1).toUpperCase()}${title.slice(1)}\n\n\`\`\`yaml\n${yaml.trimEnd()}\n\`\`\``;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** `<id>` would be taken for HTML. Within code it is text already. */
function asProse(text: string): string {
  return text.replaceAll(/`[^`]*`|<[\w -]+>/g, (part) => (part.startsWith('<') ? `\`${part}\`` : part));
}
