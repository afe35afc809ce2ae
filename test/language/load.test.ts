import { defaultSafety } from '../../src/domain/safety.ts';
import { loadPolicies } from '../../src/language/load.ts';
import type { PolicyError } from '../../src/language/policy-error.ts';
import { rules as shippedRules } from '../../src/rules/index.ts';
import { actions } from './actions.ts';
import { inFolder } from './folder.ts';
import { marked, placed } from './marked.ts';
import { rules } from './rules.ts';

const now = new Date('2026-06-01T00:00:00Z');

const valid = `name: owned
description: Every instance has an owner.
severity: high
rule: has-tags
parameters: { keys: [Owner] }
actions: [notify]
`;

function load(files: Readonly<Record<string, string>>, paths: readonly string[] = ['policies']) {
  return inFolder(files, (cwd) => loadPolicies(paths, { rules, actions, cwd, now }));
}

function errorsOf(policy: string, values = ''): readonly PolicyError[] {
  const files = { 'policies/owned/policy.yml': policy };
  return load(values === '' ? files : { ...files, 'policies/values.yml': values }).errors;
}

function errorsOfShipped(rule: string, parameters: string, more = ''): readonly PolicyError[] {
  const policy = `${valid.replace('has-tags', rule).replace('{ keys: [Owner] }', parameters)}${more}`;
  const files = { 'policies/owned/policy.yml': policy };
  return inFolder(files, (cwd) => loadPolicies(['policies'], { rules: shippedRules, actions, cwd, now })).errors;
}

describe('a policy without mistakes', () => {
  test('is loaded as JSON, with defaults filled in and where it was written', () => {
    expect(load({ 'policies/owned/policy.yml': valid })).toEqual({
      policies: [
        {
          name: 'owned',
          description: 'Every instance has an owner.',
          severity: 'high',
          rule: 'has-tags',
          parameters: { keys: ['Owner'], allowEmpty: false },
          exempt: [],
          mode: 'observe',
          actions: [{ id: 'notify', afterMs: [0] }],
          source: { file: 'policies/owned/policy.yml', hash: 'c32d8cc27054' },
        },
      ],
      safety: defaultSafety,
      errors: [],
      warnings: [],
    });
  });

  test('may say all that the language has', () => {
    const text = `${valid}mode: observe
match:
  - tags: { Environment: [prod, "stag*"], Team: null, Owner: "*", Tier: { in: [a], ignoreCase: true, orMissing: true } }
    instanceIds: [i-0123456789abcdef0]
    instanceTypes: ["m7i.*"]
    categories: [general]
    accounts: ["012345678901"]
    regions: [eu-central-1, us-gov-west-1]
    vpcIds: [vpc-1]
    subnetIds: [subnet-1]
    imageIds: [ami-1]
    purchaseOptions: [on-demand]
    autoScalingGroups: ["web-*"]
    launchedBy: [jane]
    states: [running, stopped]
    namePrefix: [web-]
    not: { not: { tags: { A: b } } }
    when: instance.LaunchTime < now
  - regions: [eu-west-1]
exempt:
  - match: { instanceIds: [i-1] }
    upTo: { absent: 1 }
    reason: because
    until: 2027-03-31
  - match: [{ namePrefix: [x] }]
    reason: because
    until: "2027-03-31"
`;

    expect(errorsOf(text)).toEqual([]);
  });
});

describe('$name', () => {
  test('is replaced by the list of values.yml, as a whole value and spliced into a list', () => {
    const policy = valid
      .replace('[Owner]', '[First, $tagKeys, Last]')
      .concat('match: { regions: $regions, not: { tags: { Env: $envs } } }\n');
    const values = 'tagKeys: [Owner, Team]\nregions: [eu-west-1]\nenvs: [dev, test]\n';
    const { policies } = load({ 'policies/owned/policy.yml': policy, 'policies/values.yml': values });

    expect(policies[0]).toMatchObject({
      parameters: { keys: ['First', 'Owner', 'Team', 'Last'] },
      match: { regions: ['eu-west-1'], not: { tags: { Env: ['dev', 'test'] } } },
    });
  });

  test('is looked up in the nearest values.yml upward', () => {
    const policy = valid.replace('[Owner]', '$keys');
    const { policies } = load({
      'policies/team/owned/policy.yml': policy,
      'policies/team/values.yml': 'keys: [Near]',
      'policies/values.yml': 'keys: [Far]',
    });

    expect(policies[0]?.parameters).toMatchObject({ keys: ['Near'] });
  });

  test('is not looked up above the current directory', () => {
    const errors = inFolder(
      { 'values.yml': 'keys: [Owner]', 'here/owned/policy.yml': valid.replace('[Owner]', '$keys') },
      (folder) => loadPolicies(['.'], { rules, actions, cwd: `${folder}/here`, now }),
    ).errors;

    expect(errors.map(({ code, message, fix }) => [code, message, fix])).toEqual([
      [
        'unknown-value-list',
        '$keys names a list, and there is no values.yml here: ../values.yml is above the current directory, and not read',
        'run the command in .., or write the list into a values.yml beside the policies',
      ],
    ]);
  });

  test('is plain text in a description and in CEL', () => {
    const text = valid.replace('has an owner.', 'costs').replace('Every instance costs', '$money');

    expect(errorsOf(`${text}match: { when: '"$money" == instance.KeyName' }\n`)).toEqual([]);
  });

  test.each([
    ['misspelt', '$ownr', 'owner: [Owner]', '5:21 unknown-value-list parameters.keys', 'write $owner'],
    [
      'unlike any',
      '[$cidrs]',
      'owner: [Owner]',
      '5:22 unknown-value-list parameters.keys[0]',
      'write the list into policies/values.yml',
    ],
    [
      'without values.yml',
      '$owner',
      '',
      '5:21 unknown-value-list parameters.keys',
      'write the list into a values.yml beside the policies',
    ],
  ])('%s is told once', (_, keys, values, place, fix) => {
    const errors = errorsOf(valid.replace('[Owner]', keys), values);

    expect(placed(errors)).toEqual([place]);
    expect(errors[0]?.fix).toBe(fix);
  });

  test('puts a mistake within a list where the list is written, and names the policy', () => {
    expect(errorsOf(`${valid}match: { accounts: $accounts }\n`, '# ours\naccounts:\n  - 012345678901\n')).toEqual([
      {
        code: 'wrong-type',
        file: 'policies/values.yml',
        line: 3,
        column: 5,
        path: 'match.accounts[0]',
        message: '`match.accounts[0]` is the number 12345678901, and must be text (in policies/owned/policy.yml)',
        fix: 'quote the account id: "012345678901"',
        example: 'match: { accounts: ["123456789012"] }',
      },
    ]);
  });

  test('of what is no list is told where it is written, and nowhere else', () => {
    const errors = errorsOf(`${valid}match: { accounts: $acc }\n`, 'acc: 123456789012\n');

    expect(errors.map(({ file, code, fix }) => [file, code, fix])).toEqual([
      ['policies/values.yml', 'wrong-type', 'write it as a list: ["123456789012"]'],
    ]);
  });

  test('within values.yml is refused, wherever it stands, and told once', () => {
    const errors = errorsOf(
      `${valid}match: { regions: $all }\n`,
      'all: [eu-west-1, $few]\nfew: [eu-west-2, [{ a: $all }]]\n',
    );

    expect(errors.map(({ line, column, code, path, fix }) => [`${line}:${column} ${code} ${path}`, fix])).toEqual([
      ['1:18 invalid-value all[1]', 'write the entries of few out, or name both lists in the policy: [$all, $few]'],
      [
        '2:24 invalid-value few[1][0].a',
        'write the entries of all out, or name both lists in the policy: [$few, $all]',
      ],
    ]);
  });

  test('of a faulty values.yml is not told on top of the fault', () => {
    const errors = errorsOf(valid.replace('[Owner]', '$owner'), 'owner: [Owner\n');

    expect(errors.map(({ file, code }) => [file, code])).toEqual([['policies/values.yml', 'invalid-yaml']]);
  });

  test('a values.yml holds lists with names, and nothing else', () => {
    expect(placed(errorsOf(valid, 'owner: Owner\n"my list": [a]\nempty: []\n'))).toEqual([
      '1:8 wrong-type owner',
      '2:1 invalid-value ["my list"]',
      '3:8 invalid-value empty',
    ]);
  });
});

describe('mistakes of form', () => {
  test.each([
    ['an empty file', '', '1:1 empty-file'],
    ['comments alone', '# later\n', '1:1 empty-file'],
    ['a list', '- name: owned\n', '1:1 wrong-type'],
    ['a text', 'owned\n', '1:1 wrong-type'],
    ['several documents', `${valid}---\n${valid}`, '7:1 invalid-yaml'],
    ['a flow list that is not closed', 'name: [owned\n', '2:1 invalid-yaml'],
    ['a tab', `${valid}match:\n\ttags: {}\n`, '8:1 invalid-yaml'],
    ['an alias without its anchor', `${valid}match: *prod\n`, '7:8 invalid-yaml'],
    ['an alias within what it names', `${valid}match: &m { not: *m }\n`, '7:18 invalid-yaml'],
    ['a sentence with a colon', valid.replace('has', 'has: owner: or'), '2:14 invalid-yaml'],
    ['a key that is a list', `${valid}? [a]\n: 1\n`, '7:3 invalid-yaml'],
    ['a tag of YAML that we do not know', `${valid}match: !prod {}\n`, '7:8 invalid-yaml'],
    ['a merge key', `${valid}match: { <<: { namePrefix: [a] } }\n`, '7:10 invalid-yaml'],
    ['a key given twice', `${valid}severity: low\n`, '7:1 duplicate-key severity'],
    [
      'a key that would reach into JavaScript',
      `${valid}match: { tags: { __proto__: x } }\n`,
      '7:18 unknown-key __proto__',
    ],
  ])('%s', (_, text, expected) => {
    expect(placed(errorsOf(text))).toEqual([expected]);
  });

  test('an alias of values.yml within what it names hides no other mistake', () => {
    const errors = errorsOf(valid.replace('high', 'hgh'), 'a: &a [*a]\n');

    expect(errors.map(({ file, line, column, code }) => `${file}:${line}:${column} ${code}`)).toEqual([
      'policies/owned/policy.yml:3:11 invalid-value',
      'policies/values.yml:1:8 invalid-yaml',
    ]);
  });

  test('anchors and aliases are followed', () => {
    const text = `${valid.replace('[Owner]', '&keys [Owner]')}match: { regions: &regions [eu-west-1], not: { regions: *regions } }\n`;

    expect(errorsOf(text)).toEqual([]);
  });

  test('aliases that multiply are refused before they are followed', () => {
    const rows = Array.from('abcdefghij').map((name, index, all) => {
      const before = all[index - 1];
      return `  ${name}: &${name} [${before === undefined ? 'x' : Array(10).fill(`*${before}`).join(', ')}]`;
    });

    expect(placed(errorsOf(`${valid}match:\n${rows.join('\n')}\n`))).toEqual(['1:1 invalid-yaml']);
  });
});

describe('mistakes of content', () => {
  test.each([
    ['a misspelt key', 'severity:', '▸severty:', 'unknown-key severty'],
    ['a key without a value', ' Every instance has an owner.', '▸', 'wrong-type description'],
    ['a value that is empty', 'Every instance has an owner.', '▸""', 'invalid-value description'],
    ['a value of spaces', 'Every instance has an owner.', '▸" "', 'invalid-value description'],
    ['a severity that is none', 'high', '▸hgh', 'invalid-value severity'],
    ['a name with capitals', 'owned', '▸Owned', 'invalid-value name'],
    ['a name unlike its folder', 'owned', '▸owner', 'name-differs-from-folder name'],
    ['a rule that is none', 'has-tags', '▸has-tag', 'unknown-rule rule'],
    ['a parameter misspelt', 'keys:', '▸key:', 'unknown-key parameters.key'],
    ['a parameter missing', '{ keys: [Owner] }', '▸{}', 'missing-key parameters.keys'],
    [
      'parameters missing',
      'rule: has-tags\nparameters: { keys: [Owner] }\n',
      '▸rule: has-tags\n',
      'missing-key parameters.keys',
    ],
    ['a parameter that is no list', '[Owner]', '▸Owner', 'wrong-type parameters.keys'],
    ['a list that is empty', '[Owner]', '▸[]', 'invalid-value parameters.keys'],
    ['a number for text', '[Owner]', '[Owner, ▸12]', 'wrong-type parameters.keys[1]'],
    ['text for true or false', '[Owner]', '[Owner], allowEmpty: ▸"no"', 'wrong-type parameters.allowEmpty'],
    ['parameters that are a list', '{ keys: [Owner] }', '▸[Owner]', 'wrong-type parameters'],
    ['one action that is no list', '[notify]', '▸notify', 'wrong-type actions'],
    ['no action', '[notify]', '▸[]', 'invalid-value actions'],
  ])('%s', (_, from, to, mistake) => {
    const { text, place } = marked(valid.replace(from, to));

    expect(placed(errorsOf(text))).toEqual([`${place} ${mistake}`]);
  });

  test('a key that is missing, at the beginning of its map', () => {
    expect(placed(errorsOf(valid.replace('severity: high\n', '')))).toEqual(['1:1 missing-key severity']);
  });

  test.each([
    ['an account id as a number', 'accounts: [▸012345678901]', 'wrong-type match.accounts[0]'],
    ['an account id too short', 'accounts: [▸"1234"]', 'invalid-value match.accounts[0]'],
    ['a tag pattern that is a number', 'tags: { Cost: ▸12 }', 'unknown-tag-pattern match.tags.Cost'],
    ['a tag pattern that is true', 'not: { tags: { Prod: ▸true } }', 'unknown-tag-pattern match.not.tags.Prod'],
    ['a tag pattern within a list', 'tags: { Cost: [a, ▸1] }', 'unknown-tag-pattern match.tags.Cost[1]'],
    [
      'a tag pattern with a key misspelt',
      'tags: { A: { in: [a], ▸ignorecase: true } }',
      'unknown-key match.tags.A.ignorecase',
    ],
    ['a key misspelt', '▸regoins: [eu-west-1]', 'unknown-key match.regoins'],
    ['an instance id that is none', 'instanceIds: [▸web-1]', 'invalid-value match.instanceIds[0]'],
    ['a Region that is a zone', 'regions: [▸eu-west-1a]', 'invalid-value match.regions[0]'],
    ['a category that is none', 'categories: [▸generel]', 'invalid-value match.categories[0]'],
    ['a state that is never inspected', 'states: [▸terminated]', 'invalid-value match.states[0]'],
    ['one text for a list', 'namePrefix: ▸web-', 'wrong-type match.namePrefix'],
    ['an empty list', 'regions: ▸[]', 'invalid-value match.regions'],
    ['an exclusion of all', 'not: ▸{}', 'invalid-value match.not'],
    ['types without a dot or a star', 'instanceTypes: ["m7i.*", ▸c3]', 'invalid-value match.instanceTypes[1]'],
    ['CEL that can not be evaluated', `when: 'now > now && ▸duration("1d") > now - now'`, 'invalid-cel match.when'],
    ['CEL that reads a tag unasked', `when: '▸instance.Tags.Owner == "x"'`, 'invalid-cel match.when'],
    ['CEL that does not parse', "when: 'instance.LaunchTime <▸'", 'invalid-cel match.when'],
    ['CEL of the wrong type', 'when: ▸1 + 1', 'invalid-cel match.when'],
    ['CEL with an unknown name', "not: { when: 'true && ▸foo' }", 'invalid-cel match.not.when'],
    ['CEL with a field that EC2 does not have', 'when: instance.▸LauchTime < now', 'invalid-cel match.when'],
  ])('in match: %s', (_, match, mistake) => {
    const { text, place } = marked(`${valid}match: { ${match} }\n`);

    expect(placed(errorsOf(text))).toEqual([`${place} ${mistake}`]);
  });

  test.each(['▸{}', '▸[]', '[▸{}]', '▸prod', '▸7'])('a match that is %s', (match) => {
    const { text, place } = marked(`${valid}match: ${match}\n`);

    expect(errorsOf(text).map(({ line, column }) => `${line}:${column}`)).toEqual([place]);
  });

  test.each([
    ['no match', '▸{ reason: r, until: 2027-01-01 }', 'missing-key exempt[0].match'],
    ['a match of all', '{ match: ▸{}, reason: r, until: 2027-01-01 }', 'invalid-value exempt[0].match'],
    ['no end', '▸{ match: { namePrefix: [a] }, reason: r }', 'missing-key exempt[0].until'],
    ['no reason', '{ match: { namePrefix: [a] }, reason: ▸"", until: 2027-01-01 }', 'invalid-value exempt[0].reason'],
    [
      'a reason of spaces',
      '{ match: { namePrefix: [a] }, reason: ▸"   ", until: 2027-01-01 }',
      'invalid-value exempt[0].reason',
    ],
    [
      'an end that is no day',
      '{ match: { namePrefix: [a] }, reason: r, until: ▸2027-02-29 }',
      'invalid-value exempt[0].until',
    ],
    [
      'an end with a time',
      '{ match: { namePrefix: [a] }, reason: r, until: ▸2027-02-01T00:00:00Z }',
      'invalid-value exempt[0].until',
    ],
    [
      'a bound of another form',
      '{ match: { namePrefix: [a] }, reason: r, until: 2027-01-01, upTo: { absent: ▸0 } }',
      'invalid-up-to exempt[0].upTo.absent',
    ],
    ['faulty CEL', '{ match: { when: "now <▸" }, reason: r, until: 2027-01-01 }', 'invalid-cel exempt[0].match.when'],
  ])('in an exemption: %s', (_, exemption, mistake) => {
    const { text, place } = marked(`${valid}exempt: [${exemption}]\n`);

    expect(placed(errorsOf(text))).toEqual([`${place} ${mistake}`]);
  });

  test('a bound where the rule has none', () => {
    const zones = valid.replace('has-tags', 'approved-zones').replace('{ keys: [Owner] }', '{ zones: [a] }');
    const exemption = 'exempt: [{ match: { namePrefix: [a] }, reason: r, until: 2027-01-01, ▸upTo: narrow }]\n';
    const { text, place } = marked(zones + exemption);

    expect(placed(errorsOf(text))).toEqual([`${place} invalid-up-to exempt[0].upTo`]);
  });

  test.each([
    ['another type', '7', '`parameters.zones` is the number 7, and must be a list or a map of keys and values'],
    ['the nearer alternative, misspelt', '{ excpt: [a] }', '`excpt` is no key in `parameters.zones`'],
    ['a mistake within the alternative meant', '[1]', '`parameters.zones[0]` is the number 1, and must be text'],
  ])('of alternatives: %s', (_, zones, message) => {
    const policy = valid.replace('has-tags', 'approved-zones').replace('keys: [Owner]', `zones: ${zones}`);

    expect(errorsOf(policy).map((error) => error.message)).toEqual([message]);
  });

  test('numbers out of their bounds', () => {
    const policy = (limit: string) =>
      valid.replace('has-tags', 'approved-zones').replace('keys: [Owner]', `zones: [a], limit: ${limit}`);

    expect(['0', '10', '1.5'].flatMap((limit) => errorsOf(policy(limit)).map((error) => error.message))).toEqual([
      '`parameters.limit` is 0, and must be at least 1',
      '`parameters.limit` is 10, and must be at most 9',
      '`parameters.limit` is the number 1.5, and must be a whole number',
    ]);
  });
});

test('every mistake says what to do, with an example', () => {
  const errors = errorsOf(
    valid
      .replace('high', 'hgh')
      .replace('[notify]', '[notify, hibernate]')
      .concat('match: { accounts: [012345678901] }\n'),
  );

  expect(errors).toEqual([
    {
      code: 'invalid-value',
      file: 'policies/owned/policy.yml',
      line: 3,
      column: 11,
      path: 'severity',
      message: '`severity` is "hgh", and must be critical, high, medium or low',
      fix: 'write high',
      example: 'severity: high',
    },
    {
      code: 'not-built-yet',
      file: 'policies/owned/policy.yml',
      line: 6,
      column: 19,
      path: 'actions[1]',
      message: 'action hibernate is not built yet',
      fix: 'remove it',
      example: 'actions: [notify]',
    },
    {
      code: 'wrong-type',
      file: 'policies/owned/policy.yml',
      line: 7,
      column: 21,
      path: 'match.accounts[0]',
      message: '`match.accounts[0]` is the number 12345678901, and must be text',
      fix: 'quote the account id: "012345678901"',
      example: 'match: { accounts: ["123456789012"] }',
    },
  ]);
});

describe('a fix', () => {
  const exempt = (more: string) => `exempt: [{ match: { namePrefix: [a] }, reason: r, ${more} }]\n`;

  test.each([
    ['a day as a number', valid + exempt('until: 20270331'), 'write 2027-03-31'],
    [
      'a number that no quotes would make a day',
      valid + exempt('until: 2027'),
      'write text: The last day of the exemption in UTC, as YYYY-MM-DD.',
    ],
    ['a value for a list', valid.replace('[Owner]', '"012"'), 'write it as a list: ["012"]'],
    ['a number for a list', valid.replace('[Owner]', '12'), 'write it as a list: [12]'],
    [
      'a choice of two',
      `${valid}mode: watch\n`,
      'choose one of them: observe, the default: nothing is changed, and what would be is told. enforce: the actions are taken.',
    ],
    ['a family for a type', `${valid}match: { instanceTypes: [m7i] }\n`, 'write m7i.*'],
    ['a Region in capitals', `${valid}match: { regions: [EU-West-1] }\n`, 'write eu-west-1'],
    ['no Region at all', `${valid}match: { regions: [europe] }\n`, 'write a Region such as eu-central-1'],
    ['an id of another kind', `${valid}match: { vpcIds: [web] }\n`, 'write an id such as vpc-0123456789abcdef0'],
    [
      'a reason of spaces',
      valid + exempt('until: 2027-03-31').replace('reason: r', 'reason: " "'),
      'fill it: Why they are exempt, and who said so.',
    ],
    [
      'a sentence with a colon',
      valid.replace('Every instance has an owner.', 'Owners: one: or more # each'),
      'quote the text: "Owners: one: or more"',
    ],
  ])('of %s', (_, text, fix) => {
    expect(errorsOf(text).map((error) => error.fix)).toEqual([fix]);
  });

  test.each([
    ['restricted-ingress', '{ ports: [22], allowedSources: [10.0.0.1] }', 'write 10.0.0.1/32'],
    ['restricted-ingress', '{ ports: [22], allowedSources: ["2001:db8::1"] }', 'write 2001:db8::1/128'],
    [
      'restricted-ingress',
      '{ ports: [22], allowedSources: [office] }',
      'write a CIDR such as 203.0.113.0/24, a prefix list pl-... or a security group sg-...',
    ],
    [
      'restricted-ingress',
      '{ ports: [22], protocols: [icmp] }',
      'choose one of them: The protocols whose ports these are. A permission for all protocols counts for each.',
    ],
    ['approved-instance-types', '{ architectures: [amd64] }', 'write x86_64'],
    [
      'approved-instance-types',
      '{ architectures: [arm46] }',
      "choose one of them: Approved processor architectures, as the instance's Architecture says.",
    ],
    ['approved-instance-types', '{ instanceTypes: [m7i] }', 'write m7i.*'],
  ])('of what %s is told: %s', (rule, parameters, fix) => {
    expect(errorsOfShipped(rule, parameters).map((error) => error.fix)).toEqual([fix]);
  });
});

describe('an example', () => {
  test.each([
    ['required-tags', '{ keys: [{ key: A, pattern: "[" }] }', 'pattern'],
    ['restricted-ingress', '{ ports: [22], allowedSources: [office] }', 'allowedSources'],
    ['restricted-ingress', '{ ports: { except: [x] } }', 'except'],
  ])('of parameters of %s holds the key at fault: %s', (rule, parameters, key) => {
    expect(errorsOfShipped(rule, parameters)[0]?.example).toContain(` ${key}: `);
  });

  test('of a bound is one that the rule takes', () => {
    const more = 'exempt: [{ match: { namePrefix: [a] }, reason: r, until: 2027-03-31, upTo: { exposure: all } }]\n';

    expect(errorsOfShipped('restricted-ingress', '{ ports: [22] }', more)).toMatchObject([
      { code: 'invalid-up-to', example: 'upTo: { exposure: narrow }' },
    ]);
  });

  test('where there is no bound is an exemption without one', () => {
    const more = 'exempt: [{ match: { namePrefix: [a] }, reason: r, until: 2027-03-31, upTo: 1 }]\n';

    expect(errorsOfShipped('required-tags', '{ keys: [{ key: Owner }] }', more)).toMatchObject([
      { code: 'invalid-up-to', example: expect.stringMatching(/^exempt:\n(?!.*upTo)/s) },
    ]);
  });
});

test('mistakes of the base and of the parameters are told together', () => {
  const errors = errorsOf(valid.replace('high', 'hgh').replace('keys:', 'kyes:').concat('severity: low\nextra: 1\n'));

  expect(placed(errors)).toEqual([
    '5:15 unknown-key parameters.kyes',
    '7:1 duplicate-key severity',
    '8:1 unknown-key extra',
  ]);
});

describe('warnings', () => {
  const exempt = (until: string) => `${valid}exempt:\n  - { match: { namePrefix: [a] }, reason: r, until: ${until} }\n`;

  test('an exemption that ended is warned of, and the policy is loaded', () => {
    const { text, place } = marked(exempt('▸2026-05-31'));
    const { policies, errors, warnings } = load({ 'policies/owned/policy.yml': text });

    expect(policies).toHaveLength(1);
    expect(errors).toEqual([]);
    expect(placed(warnings)).toEqual([`${place} exemption-expired exempt[0].until`]);
  });

  test('an exemption holds on its last day', () => {
    expect(load({ 'policies/owned/policy.yml': exempt('2026-06-01') }).warnings).toEqual([]);
  });
});

describe('paths', () => {
  const named = (name: string) => valid.replace('name: owned', `name: ${name}`);
  const files = {
    'policies/b/policy.yml': named('b'),
    'policies/a/policy.yml': named('a'),
    'policies/deep/er/c/policy.yml': named('c'),
    'policies/.hidden/d/policy.yml': 'x',
    'policies/node_modules/e/policy.yml': 'x',
    'policies/a/policy.test.yml': 'x',
    'other.yml': named('anything'),
  };

  test.each<[string, readonly string[], readonly string[]]>([
    ['a folder, however deep', ['policies'], ['a', 'b', 'c']],
    ["a policy's own folder", ['policies/b'], ['b']],
    ['a file', ['policies/b/policy.yml'], ['b']],
    ['a file of any name', ['other.yml'], ['anything']],
    ['the same twice', ['policies/a', 'policies', './policies/a/policy.yml'], ['a', 'b', 'c']],
  ])('lead to policies: %s', (_, paths, names) => {
    const { policies, errors } = load(files, paths);

    expect(errors).toEqual([]);
    expect(policies.map((policy) => policy.name)).toEqual(names);
  });

  test.each<[string, Readonly<Record<string, string>>, string, string]>([
    ['nothing there', {}, 'unreadable', 'there is no such file or folder'],
    ['a folder without policies', { 'policies/readme.md': '' }, 'no-policies', 'no policies here'],
    [
      'a folder called policy.yml',
      { 'policies/a/policy.yml/readme.md': '' },
      'unreadable',
      'it is a folder, and must be a file',
    ],
    ['a policy.yaml', { 'policies/a/policy.yaml': named('a') }, 'no-policies', 'policy.yaml is not read'],
  ])('%s is an error', (_, content, code, message) => {
    expect(load(content).errors.map((error) => [error.code, error.message])).toEqual([[code, message]]);
  });

  test('a folder called policy.yml is an error by its own path and beside others', () => {
    const beside = { 'policies/a/policy.yml': named('a'), 'policies/b/policy.yml/readme.md': '' };

    for (const paths of [['policies'], ['policies/a', 'policies/b/policy.yml']]) {
      expect(load(beside, paths).errors.map(({ file, code }) => [file, code])).toEqual([
        ['policies/b/policy.yml', 'unreadable'],
      ]);
    }
  });

  test('a name is given once', () => {
    const { policies, errors } = load({ 'x/a/policy.yml': named('a'), 'y/a/policy.yml': named('a') }, ['x', 'y']);

    expect(policies.map((policy) => policy.source.file)).toEqual(['x/a/policy.yml']);
    expect(errors).toEqual([
      {
        code: 'duplicate-name',
        file: 'y/a/policy.yml',
        line: 1,
        column: 7,
        path: 'name',
        message: 'another policy is called a already: x/a/policy.yml',
        fix: 'give each policy a name of its own',
      },
    ]);
  });

  test('policies without mistakes are loaded beside faulty ones', () => {
    const { policies, errors } = load({ 'policies/a/policy.yml': named('a'), 'policies/b/policy.yml': '' });

    expect(policies.map((policy) => policy.name)).toEqual(['a']);
    expect(errors.map((error) => error.file)).toEqual(['policies/b/policy.yml']);
  });
});
