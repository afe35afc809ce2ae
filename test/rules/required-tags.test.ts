import type { Given } from '../../src/domain/given.ts';
import { requiredTags } from '../../src/rules/required-tags.ts';
import { look, needsWith, refusals } from './look.ts';

const owner = { keys: [{ key: 'Owner' }] };
const justLaunched = '2026-01-01T00:00:30Z';
const tagged = (Tags: Readonly<Record<string, string>>): Given => ({ instance: { Tags } });

test.each<[string, object, Readonly<Record<string, string>>, string]>([
  ['no tag', {}, {}, 'Owner is missing'],
  ['another tag', {}, { Name: 'web' }, 'Owner is missing'],
  ['case differs', {}, { OWNER: 'x' }, 'Owner is missing, there is "OWNER" (case differs)'],
  ['a space behind', {}, { 'Owner ': 'x' }, 'Owner is missing, there is "Owner " (spaces differ)'],
  ['one edit', {}, { Ownr: 'x' }, 'Owner is missing, there is "Ownr" (one character differs)'],
  ['look-alike', {}, { 'Own\u0435r': 'x' }, 'Owner is missing, there is "Own\\u0435r" (look-alike letters)'],
  ['empty', {}, { Owner: '' }, 'Owner is blank'],
  ['a space', {}, { Owner: ' ' }, 'Owner is blank'],
  ['a zero-width space', {}, { Owner: '\u200b' }, 'Owner is blank'],
  ['not in the list', { values: ['prod', 'dev'] }, { Owner: 'test' }, 'Owner is "test", allowed are "dev", "prod"'],
  [
    'in the list but for case',
    { values: ['prod'] },
    { Owner: 'Prod' },
    'Owner is "Prod", allowed are "prod" (case differs)',
  ],
  [
    'an invisible character',
    { values: ['prod'] },
    { Owner: 'prod\u200b' },
    'Owner is "prod\\u200b", allowed are "prod" (spaces differ)',
  ],
  ['a list is no glob', { values: ['prod*'] }, { Owner: 'prod-1' }, 'Owner is "prod-1", allowed are "prod*"'],
  [
    'more than the pattern',
    { pattern: 'CC-\\d{4}' },
    { Owner: 'CC-12345' },
    'Owner is "CC-12345", which does not match CC-\\d{4}',
  ],
  [
    'something before the pattern',
    { pattern: 'CC-\\d{4}' },
    { Owner: 'xCC-1234' },
    'Owner is "xCC-1234", which does not match CC-\\d{4}',
  ],
  [
    'case of the pattern',
    { pattern: 'CC-\\d{4}' },
    { Owner: 'cc-1234' },
    'Owner is "cc-1234", which does not match CC-\\d{4}',
  ],
  ['an alternative is anchored whole', { pattern: 'a|b' }, { Owner: 'ax' }, 'Owner is "ax", which does not match a|b'],
  ['a line feed behind', { pattern: '[a-z]+' }, { Owner: 'jane\n' }, 'Owner is "jane\\n", which does not match [a-z]+'],
  [
    'in the list, not of the pattern',
    { values: ['a1', 'b'], pattern: '[a-z]' },
    { Owner: 'a1' },
    'Owner is "a1", which does not match [a-z]',
  ],
])('a violation: %s', (_, demand, tags, reason) => {
  expect(look(requiredTags, { keys: [{ key: 'Owner', ...demand }] }, tagged(tags))).toMatchObject({
    compliance: 'NON_COMPLIANT',
    reason,
  });
});

test.each<[string, object, Readonly<Record<string, string>>]>([
  ['any value', {}, { Owner: 'x' }],
  ['in the list', { values: ['prod', 'dev'] }, { Owner: 'dev' }],
  ['a value with a comma', { values: ['a,b'] }, { Owner: 'a,b' }],
  ['of the pattern', { pattern: 'CC-\\d{4}' }, { Owner: 'CC-1234' }],
  ['blank, where it may be', { allowEmpty: true, values: ['prod'], pattern: 'x' }, { Owner: '' }],
  ['another tag in another case beside it', {}, { Owner: 'x', owner: '' }],
])('a pass: %s', (_, demand, tags) => {
  expect(look(requiredTags, { keys: [{ key: 'Owner', ...demand }] }, tagged(tags)).compliance).toBe('COMPLIANT');
});

test('each broken demand is told, in the order of the policy', () => {
  const keys = [{ key: 'Owner' }, { key: 'Name' }, { key: 'Environment', values: ['prod'] }];
  const judgement = look(requiredTags, { keys }, tagged({ Environment: 'dev', Name: 'web' }));

  expect(judgement.reason).toBe('Owner is missing; Environment is "dev", allowed are "prod"');
  expect(judgement.evidence).toEqual({
    problems: [
      { resource: 'i-0123456789abcdef0', key: 'Owner', problem: 'missing' },
      { resource: 'i-0123456789abcdef0', key: 'Environment', problem: 'value' },
    ],
  });
  expect(judgement.fix).toBe(
    "Set the tags, in the template that launches the instance too: `aws ec2 create-tags --resources i-0123456789abcdef0 --tags 'Key=Owner,Value=...' 'Key=Environment,Value=prod'`",
  );
});

describe('what to do', () => {
  const create = 'aws ec2 create-tags --resources i-0123456789abcdef0 --tags';
  const remove = 'aws ec2 delete-tags --resources i-0123456789abcdef0 --tags';
  const start = 'Set the tags, in the template that launches the instance too: ';

  test.each<[string, object, Readonly<Record<string, string>>, string]>([
    [
      'a value that differs by case alone',
      { values: ['prod', 'dev'] },
      { Owner: 'Prod' },
      `${start}\`${create} 'Key=Owner,Value=prod'\``,
    ],
    [
      'a value that differs by an invisible character',
      { values: ['prod', 'dev'] },
      { Owner: 'prod\u200b' },
      `${start}\`${create} 'Key=Owner,Value=prod'\``,
    ],
    [
      'a value that differs by a letter: which is meant is for a person to say',
      { values: ['dev-1', 'dev-2'] },
      { Owner: 'dev-3' },
      `${start}\`${create} 'Key=Owner,Value=...'\``,
    ],
    ['the only value', { values: ['a b'] }, {}, `${start}\`${create} '[{"Key":"Owner","Value":"a b"}]'\``],
    [
      'a key in another case: its value goes along',
      {},
      { owner: 'jane' },
      `${start}\`${create} 'Key=Owner,Value=jane'\`; delete the key that was meant to be it: \`${remove} 'Key=owner'\``,
    ],
    [
      'a key in another case, with a value that is not allowed',
      { pattern: '[a-z]+@example\\.com' },
      { owner: 'jane' },
      `${start}\`${create} 'Key=Owner,Value=...'\`; delete the key that was meant to be it: \`${remove} 'Key=owner'\``,
    ],
    [
      'a key in another case, with a value that differs by case alone',
      { values: ['prod', 'dev'] },
      { owner: 'PROD' },
      `${start}\`${create} 'Key=Owner,Value=prod'\`; delete the key that was meant to be it: \`${remove} 'Key=owner'\``,
    ],
    [
      'a look-alike key with a value that a shell would read',
      {},
      { '\u041ewner': "a'b" },
      `${start}\`${create} '[{"Key":"Owner","Value":"a\\u0027b"}]'\`; delete the key that was meant to be it: \`${remove} '[{"Key":"\\u041ewner"}]'\``,
    ],
    [
      'a key in another case that is blank',
      {},
      { owner: ' ' },
      `${start}\`${create} 'Key=Owner,Value=...'\`; delete the key that was meant to be it: \`${remove} 'Key=owner'\``,
    ],
  ])('%s', (_, demand, tags, fix) => {
    expect(look(requiredTags, { keys: [{ key: 'Owner', ...demand }] }, tagged(tags)).fix).toBe(fix);
  });

  test('a key that may have been meant for two is deleted once', () => {
    expect(look(requiredTags, { keys: [{ key: 'Team1' }, { key: 'Team2' }] }, tagged({ Team3: 'a' })).fix).toMatch(
      /; delete the key that was meant to be it: `aws ec2 delete-tags --resources i-0123456789abcdef0 --tags 'Key=Team3'`$/,
    );
  });

  test('each resource has its own keys to delete', () => {
    const given: Given = {
      instance: { Tags: { owner: 'jane' } },
      volumes: [{ VolumeId: 'vol-1', Tags: [{ Key: 'OWNER', Value: 'joe' }] }],
    };

    expect(look(requiredTags, { ...owner, resources: ['instance', 'volume'] }, given).fix).toBe(
      `${start}\`${create} 'Key=Owner,Value=jane'\`; \`aws ec2 create-tags --resources vol-1 --tags 'Key=Owner,Value=joe'\`; delete the keys that were meant to be them: \`${remove} 'Key=owner'\`; \`aws ec2 delete-tags --resources vol-1 --tags 'Key=OWNER'\``,
    );
  });
});

test('a key that is itself required is no slip for another', () => {
  const keys = [{ key: 'Owner1' }, { key: 'Owner2' }];

  expect(look(requiredTags, { keys }, tagged({ Owner1: 'x' })).reason).toBe('Owner2 is missing');
});

test('a long list of values is cut', () => {
  const values = Array.from({ length: 12 }, (_, index) => `v${index + 10}`);

  expect(look(requiredTags, { keys: [{ key: 'A', values }] }, tagged({ A: 'nothing like it' })).reason).toBe(
    'A is "nothing like it", allowed are "v10", "v11", "v12", "v13", "v14", "v15", "v16", "v17", "v18", "v19", 2 more',
  );
});

describe('just after the launch', () => {
  test('a tag that is not there may still come', () => {
    expect(look(requiredTags, owner, tagged({ Name: 'web' }), justLaunched)).toMatchObject({
      compliance: 'INSUFFICIENT_DATA',
      reason: 'tags: not settled yet',
    });
  });

  test('tags that meet every demand do', () => {
    expect(look(requiredTags, owner, tagged({ Owner: 'x' }), justLaunched).compliance).toBe('COMPLIANT');
  });

  test('a value that is wrong already is, and what may come is not told', () => {
    const keys = [{ key: 'Owner' }, { key: 'Environment', values: ['prod'] }];

    expect(look(requiredTags, { keys }, tagged({ Environment: 'x' }), justLaunched)).toMatchObject({
      compliance: 'NON_COMPLIANT',
      reason: 'Environment is "x", allowed are "prod"',
    });
  });

  test('the tags of a volume may still come too', () => {
    const given: Given = { volumes: [{ VolumeId: 'vol-1', Tags: [] }] };

    expect(look(requiredTags, { ...owner, resources: ['volume'] }, given, justLaunched).compliance).toBe(
      'INSUFFICIENT_DATA',
    );
  });
});

describe('on volumes and network interfaces', () => {
  const Tags = [{ Key: 'Owner', Value: 'x' }];

  test('each resource is asked, and told by its id', () => {
    const given: Given = {
      instance: { Tags },
      volumes: [{ VolumeId: 'vol-2' }, { VolumeId: 'vol-1', Tags: [{ Key: 'Owner', Value: '' }] }],
      networkInterfaces: [{ NetworkInterfaceId: 'eni-1', TagSet: [{ Key: 'owner', Value: 'x' }] }],
    };
    const resources = ['instance', 'volume', 'network-interface'];
    const judgement = look(requiredTags, { ...owner, resources }, given);

    expect(judgement.reason).toBe(
      'volume vol-1: Owner is blank; volume vol-2: Owner is missing; network interface eni-1: Owner is missing, there is "owner" (case differs)',
    );
    expect(judgement.fix).toContain('--resources vol-1 ');
    expect(judgement.fix).toContain('--resources eni-1 ');
  });

  test('the tags of the instance do not matter when it is not asked about', () => {
    const given: Given = { volumes: [{ VolumeId: 'vol-1', Tags }] };

    expect(look(requiredTags, { ...owner, resources: ['volume'] }, given).compliance).toBe('COMPLIANT');
  });

  test('a volume that is not shown is unknown, unless another is wrong', () => {
    const named = { BlockDeviceMappings: [{ Ebs: { VolumeId: 'vol-1' } }, { Ebs: { VolumeId: 'vol-2' } }] };
    const shown = (tags: typeof Tags): Given => ({ instance: named, volumes: [{ VolumeId: 'vol-1', Tags: tags }] });

    expect(look(requiredTags, { ...owner, resources: ['volume'] }, shown(Tags))).toMatchObject({
      compliance: 'INSUFFICIENT_DATA',
      reason: 'volume vol-2: not found',
    });
    expect(look(requiredTags, { ...owner, resources: ['volume'] }, shown([])).compliance).toBe('NON_COMPLIANT');
  });

  test('no volume is not applicable', () => {
    expect(look(requiredTags, { ...owner, resources: ['volume', 'network-interface'] }, {})).toMatchObject({
      compliance: 'NOT_APPLICABLE',
      reason: 'instance has no volume and no network-interface',
    });
  });

  test('what it reads depends on what is asked about', () => {
    expect(needsWith(requiredTags, owner)).toEqual(['tags']);
    expect(needsWith(requiredTags, { ...owner, resources: ['volume'] })).toEqual(['tags', 'volumes']);
    expect(needsWith(requiredTags, { ...owner, resources: ['network-interface'] })).toEqual([
      'tags',
      'networkInterfaces',
    ]);
  });
});

test.each<[string, unknown]>([
  ['no key', { keys: [] }],
  ['an empty key', { keys: [{ key: '' }] }],
  ['an empty list of values', { keys: [{ key: 'A', values: [] }] }],
  ['an empty value, which allowEmpty is for', { keys: [{ key: 'A', values: [''] }] }],
  ['a pattern that does not compile', { keys: [{ key: 'A', pattern: '(' }] }],
  ['a pattern that compiles only inside of a group', { keys: [{ key: 'A', pattern: 'a)|(b' }] }],
  ['an unknown resource', { keys: [{ key: 'A' }], resources: ['image'] }],
  ['a misspelt option', { keys: [{ key: 'A', value: ['x'] }] }],
])('refuses %s', (_, parameters) => {
  expect(refusals(requiredTags, parameters)).toHaveLength(1);
});

test('a pattern that does not compile is refused with an example', () => {
  expect(refusals(requiredTags, { keys: [{ key: 'A', pattern: '[' }] })).toEqual([
    'keys.0.pattern: is not a regular expression of JavaScript (u flag): such as "CC-[0-9]{4}"',
  ]);
});
