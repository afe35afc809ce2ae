import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { publishedSchemas } from '../../src/language/published-schemas.ts';
import { actions } from './actions.ts';
import { rules } from './rules.ts';

const ajv = new Ajv({ strict: false, allErrors: true });
const schemas = publishedSchemas({ rules, actions });

function accepts(schema: string, yaml: string): boolean {
  return ajv.validate({ ...schemas[schema] }, parse(yaml));
}

const valid = `name: owned
description: Every instance has an owner.
severity: high
rule: has-tags
parameters: { keys: [Owner] }
actions: [notify]
`;
const zones = valid.replace('has-tags', 'approved-zones').replace('{ keys: [Owner] }', '{ zones: [a] }');
const exemption = 'match: { namePrefix: [a] }, reason: r, until: 2027-01-01';

describe('policy.schema.json', () => {
  test.each([
    ['a policy', valid],
    [
      'a match',
      `${valid}match: { tags: { A: "*", B: null, C: [x], D: { in: [x], ignoreCase: true } }, not: [{ states: [running] }] }\n`,
    ],
    ['a list by name', valid.replace('[Owner]', '$keys')],
    ['a list by name among entries', `${valid}match: { accounts: [$ours, "123456789012"] }\n`],
    ['an exemption with its bound', `${valid}exempt: [{ ${exemption}, upTo: { absent: 1 } }]\n`],
    ['parameters of another rule', zones],
    ['an alternative', zones.replace('[a]', '{ except: $zones }')],
  ])('accepts %s', (_, yaml) => {
    expect(accepts('policy.schema.json', yaml)).toBe(true);
  });

  test.each([
    ['a key that is missing', valid.replace('severity: high\n', '')],
    ['a key misspelt', valid.replace('severity', 'severty')],
    ['a severity that is none', valid.replace('high', 'hgh')],
    ['a rule that is none', valid.replace('has-tags', 'has-tag')],
    ['parameters missing', valid.replace('parameters: { keys: [Owner] }\n', '')],
    ['a parameter misspelt', valid.replace('keys:', 'keyz:')],
    ["another rule's parameter", zones.replace('zones: [a]', 'keys: [Owner]')],
    ['a parameter of another type', valid.replace('[Owner]', '[1]')],
    ['an empty list', valid.replace('[Owner]', '[]')],
    ['an action for later', valid.replace('[notify]', '[stop]')],
    ['mode enforce', `${valid}mode: enforce\n`],
    ['an account id as a number', `${valid}match: { accounts: [123456789012] }\n`],
    ['a key of match misspelt, deep', `${valid}match: { not: { not: { regoins: [eu-west-1] } } }\n`],
    ['a tag pattern that is a number', `${valid}match: { tags: { Cost: 12 } }\n`],
    ['a block that matches all', `${valid}match: {}\n`],
    ['an exemption without an end', `${valid}exempt: [{ match: { namePrefix: [a] }, reason: r }]\n`],
    ['a bound of another form', `${valid}exempt: [{ ${exemption}, upTo: { absent: 0 } }]\n`],
    ['a bound where the rule has none', `${zones}exempt: [{ ${exemption}, upTo: narrow }]\n`],
  ])('refuses %s', (_, yaml) => {
    expect(accepts('policy.schema.json', yaml)).toBe(false);
  });

  test('describes every key for the editor', () => {
    const { properties = {} } = schemas['policy.schema.json'] ?? {};

    expect(Object.entries(properties).filter(([, { description = '' }]) => description === '')).toEqual([]);
    expect(Object.keys(properties)).toEqual([
      ...['name', 'description', 'severity', 'rule', 'parameters', 'match', 'exempt', 'mode', 'actions'],
    ]);
  });
});

test.each([
  ['policy-test.schema.json', 'cases: [{ name: a, expect: { compliance: COMPLIANT } }]', true],
  [
    'policy-test.schema.json',
    'cases: [{ name: a, instance: { Tags: [{ Key: a, Value: b }] }, expect: { matched: false } }]',
    true,
  ],
  ['policy-test.schema.json', 'cases: []', false],
  ['policy-test.schema.json', 'cases: [{ name: a, expect: {} }]', false],
  ['policy-test.schema.json', 'cases: [{ name: a, expect: { compliance: PASS } }]', false],
  ['policy-test.schema.json', 'cases: [{ name: a, volume: [], expect: { matched: false } }]', false],
  ['values.schema.json', 'cidrs: [203.0.113.0/24]\nports: [22]', true],
  ['values.schema.json', 'cidrs: 203.0.113.0/24', false],
  ['values.schema.json', 'my cidrs: [203.0.113.0/24]', false],
])('%s of %j: %s', (schema, yaml, accepted) => {
  expect(accepts(schema, yaml)).toBe(accepted);
});
