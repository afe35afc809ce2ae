import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { stringify } from 'yaml';
import * as z from 'zod';
import type { InspectedInstance } from '../../src/domain/collected.ts';
import type { Fact, Facts, Missing, Several } from '../../src/domain/facts.ts';
import { defaultNow, type Given, inspected } from '../../src/domain/given.ts';
import { absentMeansNone, type Instance } from '../../src/domain/instance.ts';
import type { Json } from '../../src/domain/json.ts';
import { judge } from '../../src/domain/judge.ts';
import type { Need } from '../../src/domain/needs.ts';
import type { BoundPolicy } from '../../src/domain/policy.ts';
import type { AnyRule, Example } from '../../src/domain/rule.ts';
import { compliant, violation } from '../../src/domain/verdict.ts';
import { rules } from '../../src/rules/index.ts';
import { parameterRows, ruleDoc } from '../../src/rules/rule-doc.ts';
import { policyWith } from '../support/policies.ts';

/** Files of src/rules that are no rules. */
const notRules = ['index.ts', 'rule-doc.ts'];

/** Every outcome that each rule can give; all but the type of an instance may be absent, and a notice is there or not. */
const outcomes: Readonly<Record<string, readonly string[]>> = {
  'approved-instance-types': ['COMPLIANT', 'INSUFFICIENT_DATA', 'NON_COMPLIANT'],
  'spot-interruption': ['NON_COMPLIANT', 'NOT_APPLICABLE'],
};
const allOutcomes = ['COMPLIANT', 'INSUFFICIENT_DATA', 'NON_COMPLIANT', 'NOT_APPLICABLE'];

const byId = rules.map((rule) => [rule.id, rule] as const);
const examples = rules.flatMap((rule) =>
  rule.examples.map((example: Example<Json>) => [`${rule.id}: ${example.title}`, rule, example] as const),
);

function nowOf(example: Example<Json>): Date {
  return new Date(example.now ?? defaultNow);
}

const lost: Missing = { what: 'something', why: 'denied', detail: 'UnauthorizedOperation' };

/** Fields that every instance has: DescribeInstances without one is malformed, and no rule sees it. */
const alwaysThere: ReadonlySet<Need> = new Set(['InstanceType', 'State']);

/** The same instance with one thing less known, for each thing that is known of it and that the policy may read. */
function knockOuts(policy: BoundPolicy, inspectedOne: InspectedInstance): readonly [string, InspectedInstance][] {
  return [...withoutAField(policy, inspectedOne), ...withoutAFact(inspectedOne)];
}

function withoutAField({ needs }: BoundPolicy, { instance, facts }: InspectedInstance): [string, InspectedInstance][] {
  return [...needs]
    .filter((need) => need in instance && !(need in facts) && !alwaysThere.has(need) && !absentMeansNone.has(need))
    .map((need) => [need, { instance: { ...instance, [need]: undefined }, facts }]);
}

function withoutAFact({ instance, facts }: InspectedInstance): [string, InspectedInstance][] {
  const without = (name: string, fact: Fact<unknown> | Several<unknown>): [string, InspectedInstance] => [
    name,
    { instance, facts: { ...facts, [name.split(' ')[0] ?? '']: fact } },
  ];
  return Object.entries(facts).flatMap(([name, fact]: [string, Facts[keyof Facts]]) => {
    if (!('found' in fact)) return [without(name, { known: false, missing: lost })];
    const missing = [...fact.missing, lost];
    const all = without(name, { found: [], missing });
    return [all, ...fact.found.map((_, at) => without(`${name} ${at}`, { found: without1(fact.found, at), missing }))];
  });
}

function without1(list: readonly unknown[], at: number): readonly unknown[] {
  return list.filter((_, index) => index !== at);
}

test('every file of src/rules is a rule in the index, sorted by id', () => {
  const files = readdirSync('src/rules').filter((file) => !notRules.includes(file));

  expect(rules.map(({ id }) => `${id}.ts`)).toEqual(files.toSorted());
});

test.each(byId)('%s is exported under its id in camel case', async (id, rule) => {
  const name = id.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  const module: Record<string, unknown> = await import(`../../src/rules/${id}.ts`);

  expect(module[name]).toBe(rule);
});

test('summaries are unique', () => {
  expect(new Set(rules.map(({ summary }) => summary)).size).toBe(rules.length);
});

test.each(byId)('%s says in one sentence what holds, then why, then how to mend it', (_, rule) => {
  expect(rule.summary).toMatch(/^[A-Z][^.]*\.$/);
  expect(rule.why).toMatch(/^[A-Z].*\.$/);
  expect(rule.fix).toMatch(/^[A-Z].*[^.]$/);
});

test.each(byId)('%s has an example of every outcome that it can give', (id, rule) => {
  const shown = new Set(rule.examples.map(({ expect: { compliance } }) => compliance));

  expect([...shown].toSorted()).toEqual(outcomes[id] ?? allOutcomes);
});

test.each(byId)('%s gives the exact reason of each example that is not compliant', (_, rule) => {
  for (const example of rule.examples) {
    expect([example.title, example.expect.reason !== undefined]).toEqual([
      example.title,
      example.expect.compliance !== 'COMPLIANT',
    ]);
  }
});

test.each(examples)('%s', (_, rule, example) => {
  const now = nowOf(example);
  const judgement = judge(policyWith(rule, example.parameters), inspected(example.given, now, rule.id), now);

  expect(judgement?.compliance).toBe(example.expect.compliance);
  expect(judgement?.reason).toBe(example.expect.reason ?? '');
  expect(judgement?.fix === '').toBe(['COMPLIANT', 'NOT_APPLICABLE'].includes(example.expect.compliance));
});

/** What the rule's outcome on an example changes to, by what is not known, other than to "unknown". */
function changesByLessKnowledge(rule: AnyRule, example: Example<Json>): readonly (readonly (string | undefined)[])[] {
  const now = nowOf(example);
  const policy = policyWith(rule, example.parameters);
  return knockOuts(policy, inspected(example.given, now, rule.id))
    .map(([lacking, less]) => [lacking, judge(policy, less, now)?.compliance])
    .filter(([, compliance]) => compliance !== example.expect.compliance && compliance !== 'INSUFFICIENT_DATA');
}

test.each(examples)('%s: less knowledge keeps the outcome or makes it unknown', (_, rule, example) => {
  expect(changesByLessKnowledge(rule, example)).toEqual([]);
});

test.each<[string, Need, Given['instance'], readonly string[][]]>([
  [
    'for a pass',
    'MetadataOptions',
    { MetadataOptions: { HttpTokens: 'optional' } },
    [['MetadataOptions', 'COMPLIANT']],
  ],
  ['for none where EC2 means none', 'PublicIpAddress', { PublicIpAddress: '203.0.113.25' }, []],
])('a rule that takes an absent field %s is found out, or may do so', (_, field, instance, changes) => {
  const example = { title: 'violates', parameters: {}, given: { instance }, expect: { compliance: 'NON_COMPLIANT' } };
  const rule: AnyRule = {
    id: 'takes-absent-for-a-pass',
    summary: '',
    why: '',
    fix: '',
    parameters: (zod: typeof z) => zod.strictObject({}),
    needs: [field],
    evaluate: (context: { readonly instance: Partial<Instance> }) =>
      context.instance[field as keyof Instance] === undefined ? compliant() : violation('violates', 'mend it'),
    examples: [],
  };

  expect(changesByLessKnowledge(rule, example as Example<Json>)).toEqual(changes);
});

test.each(examples)('%s: reason and fix are printable ASCII', (_, rule, example) => {
  const now = nowOf(example);
  const judgement = judge(policyWith(rule, example.parameters), inspected(example.given, now, rule.id), now);

  expect(judgement?.reason).toMatch(/^[ -~]*$/);
  expect(judgement?.fix).toMatch(/^[ -~]*$/);
});

test.each(examples)(
  '%s: the evidence survives JSON, and the verdict does not depend on when we look, but as it says itself',
  (_, rule, example) => {
    const now = nowOf(example);
    const policy = policyWith(rule, example.parameters);
    const seen = inspected(example.given, now, rule.id);
    const judgement = judge(policy, seen, now);
    const changesAt = judgement?.nextChangeAt ?? '2031-05-05T00:00:00Z';
    const before = judge(policy, seen, new Date(Date.parse(changesAt) - 1));

    expect(JSON.parse(JSON.stringify(judgement))).toEqual(judgement);
    expect(before).toEqual(judgement);
    expect(judgement?.nextChangeAt === undefined || rule.isScheduled).toBe(true);
  },
);

test.each(examples)('%s: parsed parameters survive JSON and parse to themselves', (_, rule, example) => {
  const schema = rule.parameters(z);
  const parsed = schema.parse(example.parameters);

  expect(schema.parse(JSON.parse(JSON.stringify(parsed)))).toEqual(parsed);
});

test.each(byId)('%s refuses a parameter that it does not know', (_, rule) => {
  const [example] = rule.examples;

  expect(rule.parameters(z).safeParse({ ...example?.parameters, noSuchParameter: 1 }).success).toBe(false);
});

test.each(byId)('%s describes every parameter, here and in its page', (id, rule) => {
  const rows = parameterRows(rule, z);
  const page = readFileSync(`docs/rules/${id}.md`, 'utf8');

  expect(rows.length).toBeGreaterThan(0);
  expect(rows.filter(({ description }) => description === '')).toEqual([]);
  expect(rows.filter(({ path }) => !page.includes(`\`${path}\``))).toEqual([]);
});

test.each(byId)('the page of %s has a fresh head, and notes written by hand below it', (id, rule) => {
  const page = readFileSync(`docs/rules/${id}.md`, 'utf8');
  const head = ruleDoc(rule, z, (value) => stringify(value, { lineWidth: 0 }));
  const [title, notes = ''] = page.split(head);

  expect(title).toBe(`# ${id}\n\n`);
  expect(notes).toMatch(/^## When not to use it\n\n[^#\s]/m);
  expect(notes).toMatch(/^## Edge cases\n\n[^#\s]/m);
});

/** Every field of a value, down to those that hold no others: `tags[].key`. */
function fieldsOf(value: Json | undefined, path = ''): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((item: Json) => fieldsOf(item, `${path}[]`));
  if (typeof value !== 'object' || value === null) return value === undefined ? [] : [path];
  return Object.entries(value).flatMap(([key, inner]) => fieldsOf(inner, path === '' ? key : `${path}.${key}`));
}

test.each(byId)('%s describes each field of its evidence, and no other', (_, rule) => {
  const fields = rule.examples.flatMap((example: Example<Json>) => {
    const now = nowOf(example);
    return fieldsOf(judge(policyWith(rule, example.parameters), inspected(example.given, now, rule.id), now)?.evidence);
  });

  expect(Object.keys(rule.evidence?.fields ?? {}).toSorted()).toEqual([...new Set(fields)].toSorted());
});

test('every page belongs to a rule', () => {
  const pages = readdirSync('docs/rules').filter((file) => file.endsWith('.md') && file !== 'README.md');

  expect(pages.filter((page) => !existsSync(`src/rules/${page.replace(/md$/, 'ts')}`))).toEqual([]);
});
