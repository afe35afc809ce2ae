import type { Given } from '../../src/domain/given.ts';
import { englishTags } from '../../src/rules/english-tags.ts';
import { look, refusals } from './look.ts';

const tagged = (key: string, value: string): Given => ({ instance: { Tags: { [key]: value } } });

test.each<[string, string]>([
  ['Owner', 'jane@corp.com'],
  ['cost-center', 'R+D = 1_2.3:4/5'],
  ['Team', ''],
  ['Cost Center', 'a b'],
  ['k8s.io/cluster-autoscaler/enabled', 'true'],
  ['a1', '123'],
])('aws-ascii takes %p=%p', (key, value) => {
  expect(look(englishTags, {}, tagged(key, value)).compliance).toBe('COMPLIANT');
});

test.each<[string, string, string]>([
  ['Owner', 'J\u00fcrgen', 'value "J\\u00fcrgen" of Owner: U+00FC (Latin) at index 1'],
  [
    '\u0412\u043b\u0430\u0434\u0435\u043b\u0435\u0446',
    'x',
    'key "\\u0412\\u043b\\u0430\\u0434\\u0435\\u043b\\u0435\\u0446": U+0412 (Cyrillic) at index 0 (use Latin "B"), U+043B (Cyrillic) at index 1, U+0430 (Cyrillic) at index 2 (use Latin "a"), 3 more such characters',
  ],
  [
    '\u041ewner',
    'x',
    'key "\\u041ewner": U+041E (Cyrillic) at index 0 (use Latin "O"), Cyrillic and Latin letters in one word',
  ],
  [
    '\u03a1roject',
    'x',
    'key "\\u03a1roject": U+03A1 (Greek) at index 0 (use Latin "P"), Greek and Latin letters in one word',
  ],
  ['cost-center', 'R&D', 'value "R&D" of cost-center: U+0026 ("&") at index 1'],
  ['Name', 'a,b', 'value "a,b" of Name: U+002C (",") at index 1'],
  ['Name', 'a<b', 'value "a<b" of Name: U+003C ("<") at index 1'],
  ['Name', 'a;b', 'value "a;b" of Name: U+003B (";") at index 1'],
  ['Name', 'web\u201301', 'value "web\\u201301" of Name: U+2013 (typographic dash) at index 3 (use "-")'],
  [
    'Name',
    '\u201cweb\u201d',
    'value "\\u201cweb\\u201d" of Name: U+201C (typographic quote) at index 0 (leave it out), U+201D (typographic quote) at index 4 (leave it out)',
  ],
  ['Name', ' web', 'value " web" of Name: a space at the beginning'],
  ['Name', 'web ', 'value "web " of Name: a space at the end'],
  ['Name', ' ', 'value " " of Name: a space at the beginning'],
  ['Name', 'a  b', 'value "a  b" of Name: two spaces in a row'],
  ['Name ', 'x', 'key "Name ": a space at the end'],
  ['123', 'x', 'key "123": no letter'],
  ['-', 'x', 'key "-": no letter'],
  [
    '\u30d7\u30ed\u30b8\u30a7\u30af\u30c8',
    'x',
    'key "\\u30d7\\u30ed\\u30b8\\u30a7\\u30af\\u30c8": U+30D7 (Katakana) at index 0, U+30ED (Katakana) at index 1, U+30B8 (Katakana) at index 2, 3 more such characters',
  ],
  ['Name', '\ufb01le', 'value "\\ufb01le" of Name: U+FB01 (Latin) at index 0 (use Latin "fi")'],
  ['\uff2eame', 'x', 'key "\\uff2eame": U+FF2E (Latin) at index 0 (use Latin "N")'],
  ['env', 'prod\u200b', 'value "prod\\u200b" of env: U+200B (zero-width) at index 4 (leave it out)'],
  ['env', 'a\u00a0b', 'value "a\\u00a0b" of env: U+00A0 (no-break space) at index 1 (use a space)'],
  ['env', 'a\u00adb', 'value "a\\u00adb" of env: U+00AD (soft hyphen) at index 1 (leave it out)'],
  ['env', 'a\u202eb', 'value "a\\u202eb" of env: U+202E (text direction) at index 1 (leave it out)'],
  ['env', 'a\tb', 'value "a\\tb" of env: U+0009 (control character) at index 1 (leave it out)'],
  ['env', 'e\u0301', 'value "e\\u0301" of env: U+0301 at index 1'],
  ['env', '\u{1f600}\u00fc', 'value "\\ud83d\\ude00\\u00fc" of env: U+1F600 at index 0, U+00FC (Latin) at index 1'],
])('aws-ascii refuses %p=%p', (key, value, reason) => {
  expect(look(englishTags, {}, tagged(key, value))).toMatchObject({ compliance: 'NON_COMPLIANT', reason });
});

test.each<[string, string]>([
  ['cost-center', 'R&D'],
  ['Name', 'a,b <c>; "d"'],
  ['123', 'x'],
])('ascii-printable takes %p=%p', (key, value) => {
  expect(look(englishTags, { charset: 'ascii-printable' }, tagged(key, value)).compliance).toBe('COMPLIANT');
});

test.each<[string, string]>([
  ['Owner', 'J\u00fcrgen Stra\u00dfe'],
  ['Owner', 'Ji\u0159\u00ed'],
  ['Owner', 'e\u0301'],
  ['Price', '5 \u20ac'],
  ['cost-center', 'R&D'],
])('latin takes %p=%p', (key, value) => {
  expect(look(englishTags, { charset: 'latin' }, tagged(key, value)).compliance).toBe('COMPLIANT');
});

test.each<[string, string]>([
  ['a Cyrillic word', '\u0412\u043b\u0430'],
  ['a Cyrillic letter in a Latin word', 'j\u0430ne'],
  ['a full-width letter', '\uff2eame'],
  ['a ligature', '\ufb01le'],
  ['a mathematical letter', '\u{1d400}'],
  ['a zero-width joiner', 'a\u200db'],
  ['a byte order mark', '\ufeffa'],
  ['an isolate', 'a\u2066b'],
  ['a no-break space', 'a\u00a0b'],
  ['an en dash', 'a\u2013b'],
  ['a curly apostrophe', 'jane\u2019s'],
  ['a space at the end', 'a '],
  ['an accent on a digit', '1\u0301'],
  ['a second accent', 'e\u0301\u0301'],
  ['an ideographic space', 'a\u3000b'],
  ['a delete character', 'a\u007fb'],
])('latin refuses %s', (_, value) => {
  expect(look(englishTags, { charset: 'latin' }, tagged('Name', value)).compliance).toBe('NON_COMPLIANT');
});

test.each(['aws:autoscaling:groupName', 'AWS:x', 'aws:\u00fc'])('%s belongs to AWS', (key) => {
  expect(look(englishTags, {}, { instance: { Tags: { [key]: '\u00fc', Name: 'web' } } }).compliance).toBe('COMPLIANT');
});

test('an instance without tags of its own has nothing to look at', () => {
  expect(look(englishTags, {}, {})).toMatchObject({
    compliance: 'NOT_APPLICABLE',
    reason: 'instance has no tags of its own',
  });
});

test('an exempt key is not looked at, neither key nor value', () => {
  const given: Given = { instance: { Tags: { 'Beschreibung-\u00fc': '\u00fc', Name: 'web' } } };

  expect(look(englishTags, { exemptKeys: ['Beschreibung*'] }, given).compliance).toBe('COMPLIANT');
  expect(look(englishTags, { exemptKeys: ['beschreibung*'] }, given).compliance).toBe('NON_COMPLIANT');
});

test('tags that are all exempt are fine', () => {
  expect(look(englishTags, { exemptKeys: ['*'] }, tagged('\u00fc', '\u00fc')).compliance).toBe('COMPLIANT');
});

test('every wrong tag is told, sorted by key, with what to do', () => {
  const tags = [
    { Key: 'b', Value: '\u00fc' },
    { Key: 'a', Value: '\u00e9' },
    { Key: 'c', Value: 'x' },
  ];
  const judgement = look(englishTags, {}, { instance: { Tags: tags } });
  const turned = look(englishTags, {}, { instance: { Tags: tags.toReversed() } });

  expect(judgement.reason).toBe(
    'value "\\u00e9" of a: U+00E9 (Latin) at index 0; value "\\u00fc" of b: U+00FC (Latin) at index 0',
  );
  expect(judgement.fix).toBe(
    "Write the tags a, b again with A-Z a-z 0-9, spaces and + - = . _ : / @: `aws ec2 create-tags --resources i-0123456789abcdef0 --tags 'Key=a,Value=...' 'Key=b,Value=...'`",
  );
  expect(judgement.evidence).toEqual({
    tags: [
      { key: 'a', in: 'value', problems: ['U+00E9 (Latin) at index 0'] },
      { key: 'b', in: 'value', problems: ['U+00FC (Latin) at index 0'] },
    ],
  });
  expect(turned).toEqual(judgement);
});

describe('what to do', () => {
  const create = 'aws ec2 create-tags --resources i-0123456789abcdef0 --tags';
  const remove = 'aws ec2 delete-tags --resources i-0123456789abcdef0 --tags';

  test.each<[string, Readonly<Record<string, string>>, string]>([
    [
      'a space at the end of a value',
      { Environment: 'prod ' },
      `Write the tag Environment again without the space at the end: \`${create} 'Key=Environment,Value=prod'\``,
    ],
    [
      'spaces all over a value',
      { Name: '  web  server 1 ' },
      `Write the tag Name again without the space at the beginning, the space at the end and two spaces in a row: \`${create} '[{"Key":"Name","Value":"web server 1"}]'\``,
    ],
    [
      'a space at the end of a key',
      { 'Owner ': 'jane' },
      `Write the tag "Owner " again without the space at the end: \`${create} 'Key=Owner,Value=jane'\`; then delete the wrong key: \`${remove} '[{"Key":"Owner "}]'\``,
    ],
    [
      'a space at the end of a key that is there without it too',
      { 'Owner ': 'joe', Owner: 'jane' },
      `Delete the wrong key: \`${remove} '[{"Key":"Owner "}]'\``,
    ],
    [
      'two keys that differ by spaces alone',
      { 'Owner ': 'joe', ' Owner': 'jane' },
      `Write the tag " Owner" again without the space at the beginning and the space at the end: \`${create} 'Key=Owner,Value=jane'\`; then delete the wrong keys: \`${remove} '[{"Key":" Owner"},{"Key":"Owner "}]'\``,
    ],
    [
      'spaces alone',
      { Name: ' ' },
      `Write the tag Name again without the space at the beginning: \`${create} 'Key=Name,Value='\``,
    ],
    [
      'another script in a key: the value stays',
      { '\u041ewner': 'jane' },
      `Write the tag "\\u041ewner" again with A-Z a-z 0-9, spaces and + - = . _ : / @: \`${create} 'Key=...,Value=jane'\`; then delete the wrong key: \`${remove} '[{"Key":"\\u041ewner"}]'\``,
    ],
    [
      'spaces in one tag, another script in another',
      { Name: 'web ', Owner: 'J\u00fcrgen' },
      `Write the tags Name, Owner again with A-Z a-z 0-9, spaces and + - = . _ : / @ and without the space at the end: \`${create} 'Key=Name,Value=web' 'Key=Owner,Value=...'\``,
    ],
  ])('%s', (_, Tags, fix) => {
    expect(look(englishTags, {}, { instance: { Tags } }).fix).toBe(fix);
  });

  test('a key that is there, and exempt, is not written over', () => {
    const given: Given = { instance: { Tags: { Owner: 'jane', 'Owner ': 'joe' } } };

    expect(look(englishTags, { exemptKeys: ['Owner'] }, given).fix).toMatch(/^Delete the wrong key: /);
  });

  test('a value that a shell would read stays a value', () => {
    const Tags = { Name: "a'; id; ' " };

    expect(look(englishTags, { charset: 'latin' }, { instance: { Tags } }).fix).toContain(
      String.raw`--tags '[{"Key":"Name","Value":"a\u0027; id; \u0027"}]'`,
    );
  });
});

test('just after the launch a wrong tag is wrong, and good ones are not all', () => {
  const justLaunched = '2026-01-01T00:00:30Z';

  expect(look(englishTags, {}, tagged('Name', '\u00fc'), justLaunched).compliance).toBe('NON_COMPLIANT');
  expect(look(englishTags, {}, tagged('Name', 'web'), justLaunched).compliance).toBe('INSUFFICIENT_DATA');
  expect(look(englishTags, {}, {}, justLaunched).compliance).toBe('INSUFFICIENT_DATA');
});

test('refuses an unknown charset', () => {
  expect(refusals(englishTags, { charset: 'utf-8' })).toHaveLength(1);
});
