import * as z from 'zod';
import { type AnyRule, defineRule } from '../../src/domain/rule.ts';
import { compliant } from '../../src/domain/verdict.ts';
import { newPage, parameterRows, ruleDoc, withGeneratedHead } from '../../src/rules/rule-doc.ts';

const rule: AnyRule = defineRule({
  id: 'a-rule',
  summary: 'It holds.',
  why: 'Because.',
  fix: 'Mend <id> by `mend --id <id> --as <name>`, or leave <it>',
  awsConfig: 'a-config-rule',
  parameters: (zod) =>
    zod.strictObject({
      keys: zod.array(zod.strictObject({ key: zod.string().describe('The key.') })).describe('The keys.'),
      mode: zod.enum(['a', 'b']).default('a').describe('Either a | b.'),
    }),
  needs: [],
  evaluate: () => compliant(),
  bound: {
    schema: (zod) => zod.strictObject({ level: zod.int().describe('The level.') }),
    within: () => true,
  },
  evidence: { about: 'Always.', fields: { 'levels[].name': 'Its name, a | b.' } },
  examples: [{ title: 'it passes', parameters: { keys: [] }, given: {}, expect: { compliance: 'COMPLIANT' } }],
});

test('the head of a page holds all that is known of a rule', () => {
  expect(ruleDoc(rule, z, (value) => `${JSON.stringify(value)}\n`).split('\n')).toEqual([
    '<!-- generated -->',
    '',
    '**It holds.**',
    '',
    'Because.',
    '',
    'How to mend it: Mend `<id>` by `mend --id <id> --as <name>`, or leave `<it>`.',
    '',
    "AWS Config's managed rule [`a-config-rule`](https://docs.aws.amazon.com/config/latest/developerguide/a-config-rule.html) means the same, or nearly.",
    '',
    '## Outcomes',
    '',
    '| Outcome | For example |',
    '| --- | --- |',
    '| `COMPLIANT` | it passes |',
    '| `NON_COMPLIANT` | never |',
    '| `NOT_APPLICABLE` | never |',
    '| `INSUFFICIENT_DATA` | never |',
    '',
    '## Parameters',
    '',
    '| Parameter | Type | Default | Meaning |',
    '| --- | --- | --- | --- |',
    '| `keys` | list of object | required | The keys. |',
    '| `keys[].key` | string | required | The key. |',
    '| `mode` | `a`, `b` | `"a"` | Either a \\| b. |',
    '',
    '## `upTo` of an exemption',
    '',
    '| Parameter | Type | Default | Meaning |',
    '| --- | --- | --- | --- |',
    '| `level` | integer | required | The level. |',
    '',
    '## Evidence',
    '',
    'Always.',
    '',
    '| Field | Meaning |',
    '| --- | --- |',
    '| `levels[].name` | Its name, a \\| b. |',
    '',
    '## Examples',
    '',
    '### It passes',
    '',
    '```yaml',
    '{"rule":"a-rule","parameters":{"keys":[]},"given":{},"expect":{"compliance":"COMPLIANT"}}',
    '```',
    '',
    '<!-- /generated -->',
  ]);
});

test('parameters are listed with their paths', () => {
  expect(parameterRows(rule, z).map(({ path }) => path)).toEqual(['keys', 'keys[].key', 'mode']);
});

test('a new head takes the place of the old one, and leaves the rest', () => {
  const page = '# A\n\n<!-- generated -->\n\nold\n\n<!-- /generated -->\n\nnotes\n';

  expect(withGeneratedHead(page, 'new')).toBe('# A\n\nnew\n\nnotes\n');
});

test('a new page has its title, its head, and the headings of what is written by hand', () => {
  expect(withGeneratedHead(newPage(rule), 'head')).toBe('# a-rule\n\nhead\n\n## When not to use it\n\n## Edge cases\n');
});

test('a page without markers gets the head at its top', () => {
  expect(withGeneratedHead('notes\n', 'new')).toBe('new\n\nnotes\n');
});
