import { Ajv } from 'ajv';
import { parse } from 'yaml';
import type { JsonSchema } from '../../src/language/json-schema.ts';
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
    ['an action', valid.replace('[notify]', '[notify, stop]')],
    ['an action of this rule', zones.replace('[notify]', '[notify, revoke-ingress]')],
    [
      'actions with settings',
      valid.replace(
        '[notify]',
        '[{ notify: { after: [0s, 1d], before: 1h } }, { stop: { after: 24h, again: 7d, onDrift: true, loseInstanceStore: true } }]',
      ),
    ],
    [
      'mode enforce, of some instances',
      `${valid.replace('[notify]', '[notify, stop]')}mode: enforce\nenforce: { match: { regions: $ours } }\n`,
    ],
    ['a list by name in the settings of an action', valid.replace('[notify]', '[{ notify: { after: $times } }]')],
    ['an exemption that an owner may take', `${valid}exempt: [{ ${exemption}, selfService: true }]\n`],
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
    ['no notify', valid.replace('[notify]', '[stop]')],
    ['an action for later', valid.replace('[notify]', '[notify, hibernate]')],
    ['an action for other rules', valid.replace('[notify]', '[notify, revoke-ingress]')],
    ['the same with settings', valid.replace('[notify]', '[notify, { revoke-ingress: { after: 1d } }]')],
    ['an action without what it needs', valid.replace('[notify]', '[notify, tag]')],
    ['two actions in one entry', valid.replace('[notify]', '[notify, { stop: {}, terminate: {} }]')],
    ['an entry of nothing', valid.replace('[notify]', '[notify, {}]')],
    ['a setting misspelt', valid.replace('[notify]', '[notify, { stop: { afer: 1d } }]')],
    ['a duration that is none', valid.replace('[notify]', '[notify, { stop: { after: 1w } }]')],
    ['onDrift where nothing is interrupted', valid.replace('[notify]', '[notify, { tag: { key: a, onDrift: true } }]')],
    ['a mode that is none', `${valid}mode: watch\n`],
    ['enforce without its mode', `${valid}enforce: { match: { regions: [eu-west-1] } }\n`],
    ['enforce in mode observe', `${valid}mode: observe\nenforce: { match: { regions: [eu-west-1] } }\n`],
    ['selfService that is false', `${valid}exempt: [{ ${exemption}, selfService: false }]\n`],
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
      ...['name', 'description', 'severity', 'rule', 'parameters', 'match', 'exempt', 'mode', 'enforce', 'actions'],
    ]);
  });
});

test('describes every setting of every action for the editor', () => {
  const list = schemas['policy.schema.json']?.properties?.actions;
  const [, withSettings] = [list?.items ?? []].flat().flatMap(({ anyOf }: JsonSchema) => anyOf ?? []);
  const settings = Object.entries(withSettings?.properties ?? {}).map(([id, { description, properties = {} }]) => {
    const undescribed = Object.entries(properties).filter(([, one]) => one.description === undefined);
    return { id, description, keys: Object.keys(properties), undescribed };
  });

  expect(settings.filter(({ undescribed }) => undescribed.length > 0)).toEqual([]);
  expect(settings).toMatchObject([
    { id: 'notify', description: 'Tells those who subscribe to alerts.', keys: ['after', 'before'] },
    { id: 'tag', description: 'Tags the instance.', keys: ['key', 'value', 'after', 'again'] },
    { id: 'revoke-ingress', description: 'Revokes rules.', keys: ['after', 'again'] },
    { id: 'stop', description: 'Stops the instance.', keys: ['loseInstanceStore', 'after', 'again', 'onDrift'] },
    { id: 'terminate', description: 'Terminates the instance.', keys: ['after', 'onDrift'] },
  ]);
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
  [
    'enforcement.schema.json',
    'limits: { perHour: { access: 1, stop: 0 }, percent: 5 }\nprotected: { accounts: $ours }',
    true,
  ],
  ['enforcement.schema.json', 'protected: [{ tags: { Tier: critical }, not: { regions: [$ours] } }]', true],
  ['enforcement.schema.json', 'limits: { perHour: { access: -1 } }', false],
  ['enforcement.schema.json', 'limits: { percent: 0 }', false],
  ['enforcement.schema.json', 'limit: {}', false],
  ['enforcement.schema.json', 'protected: {}', false],
  ['values.schema.json', 'cidrs: [203.0.113.0/24]\nports: [22]', true],
  ['values.schema.json', 'cidrs: 203.0.113.0/24', false],
  ['values.schema.json', 'my cidrs: [203.0.113.0/24]', false],
])('%s of %j: %s', (schema, yaml, accepted) => {
  expect(accepts(schema, yaml)).toBe(accepted);
});
