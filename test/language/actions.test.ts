import { quarantine } from '../../src/actions/quarantine.ts';
import { defineAction } from '../../src/domain/action.ts';
import { loadPolicies } from '../../src/language/load.ts';
import type { PolicyError } from '../../src/language/policy-error.ts';
import { actions } from './actions.ts';
import { inFolder } from './folder.ts';
import { marked, placed } from './marked.ts';
import { rules } from './rules.ts';

const now = new Date('2026-06-01T00:00:00Z');

function policy(more: string): string {
  return `name: owned\ndescription: Owned.\nseverity: high\nrule: has-tags\nparameters: { keys: [Owner] }\n${more}\n`;
}

function loadWith(text: string, catalogue = { rules, actions }) {
  const files = {
    'policies/owned/policy.yml': text,
    'policies/values.yml': 'envs: [dev, test]\nregions: [eu-west-1]\n',
  };
  return inFolder(files, (cwd) => loadPolicies(['policies'], { ...catalogue, cwd, now }));
}

function errorsOf(text: string): readonly PolicyError[] {
  return loadWith(text).errors;
}

function loaded(more: string, catalogue = { rules, actions }) {
  const { policies, errors } = loadWith(policy(more), catalogue);
  expect(errors).toEqual([]);
  return policies[0];
}

const hour = 3_600_000;

describe('actions without mistakes', () => {
  test.each<[string, unknown]>([
    ['notify', { id: 'notify', afterMs: [0] }],
    ['{ notify: {} }', { id: 'notify', afterMs: [0] }],
    ['{ notify: { after: [6d, 0s, 1d, 24h] } }', { id: 'notify', afterMs: [0, 24 * hour, 144 * hour] }],
  ])('%s', (entry, compiled) => {
    expect(loaded(`actions: [${entry}]`)?.actions).toEqual([compiled]);
  });

  test.each<[string, unknown]>([
    ['stop', { id: 'stop', parameters: { loseInstanceStore: false }, afterMs: 0, onDrift: false }],
    ['{ stop: {} }', { id: 'stop', parameters: { loseInstanceStore: false }, afterMs: 0, onDrift: false }],
    [
      '{ stop: { after: 24h, again: 7d, onDrift: true, loseInstanceStore: true } }',
      {
        id: 'stop',
        parameters: { loseInstanceStore: true },
        afterMs: 24 * hour,
        againMs: 168 * hour,
        onDrift: true,
      },
    ],
    [
      '{ tag: { key: Bad, after: 30m, again: 1h } }',
      { id: 'tag', parameters: { key: 'Bad', value: '' }, afterMs: hour / 2, againMs: hour, onDrift: false },
    ],
    ['terminate', { id: 'terminate', parameters: {}, afterMs: 0, onDrift: false }],
  ])('%s', (entry, compiled) => {
    expect(loaded(`actions: [notify, ${entry}]`)?.actions).toEqual([{ id: 'notify', afterMs: [0] }, compiled]);
  });

  test('in the order in which they are written, with a word before the next', () => {
    const written = 'actions: [{ stop: { after: 7d } }, { notify: { before: 90m } }, { terminate: { after: 30d } }]';

    expect(loaded(written)?.actions).toMatchObject([
      { id: 'stop', afterMs: 168 * hour },
      { id: 'notify', afterMs: [0], beforeMs: 1.5 * hour },
      { id: 'terminate', afterMs: 720 * hour },
    ]);
  });

  test('an action for the rule of the policy', () => {
    const zones = policy('actions: [notify, revoke-ingress]')
      .replace('has-tags', 'approved-zones')
      .replace('{ keys: [Owner] }', '{ zones: [a] }');

    expect(errorsOf(zones)).toEqual([]);
  });

  test('observing policies name them too', () => {
    expect(loaded('mode: observe\nactions: [notify, stop]')).toMatchObject({
      mode: 'observe',
      actions: [{ id: 'notify' }, { id: 'stop' }],
    });
  });
});

describe('mistakes of actions', () => {
  test.each([
    ['misspelt', '[▸notfy]', 'unknown-action actions[0]', 'write notify'],
    ['misspelt, with settings', '[notify, { ▸stpo: { after: 1d } }]', 'unknown-action actions[1].stpo', 'write stop'],
    [
      'unlike any',
      '[notify, ▸explode]',
      'unknown-action actions[1]',
      'choose notify, tag, revoke-ingress, stop or terminate',
    ],
    ['for later', '[notify, ▸hibernate]', 'not-built-yet actions[1]', 'remove it'],
    ['for later, with settings', '[notify, { ▸start: {} }]', 'not-built-yet actions[1].start', 'remove it'],
    [
      'that are a number',
      '[notify, ▸7]',
      'wrong-type actions[1]',
      "write an action's name, or a map of its name to its settings",
    ],
    [
      'that are a list',
      '[notify, ▸[stop]]',
      'wrong-type actions[1]',
      "write an action's name, or a map of its name to its settings",
    ],
    ['without a name', '[notify, ▸{}]', 'invalid-value actions[1]', 'remove it'],
    [
      'whose settings stand beside them',
      '[notify, ▸{ stop: , after: 24h, again: 1d }]',
      'invalid-value actions[1]',
      'indent after and again further than stop, whose settings they are',
    ],
    [
      'of which one, without a name, may be notify',
      '[▸{ notify: , after: [0s] }, stop]',
      'invalid-value actions[0]',
      'indent after further than notify, whose settings they are',
    ],
    [
      'of which two stand in one entry',
      '[notify, ▸{ stop: {}, terminate: {} }]',
      'invalid-value actions[1]',
      'write an entry for each action',
    ],
    [
      'with a colon and nothing behind',
      '[notify, { ▸stop: }]',
      'wrong-type actions[1].stop',
      'write stop without the colon, or settings behind it',
    ],
    [
      'with a value for settings',
      '[notify, { stop: ▸24h }]',
      'wrong-type actions[1].stop',
      'write a map of keys and values: Stops the instance.',
    ],
    ['twice', '[notify, stop, { ▸stop: { after: 1d } }]', 'duplicate-action actions[2].stop', 'keep one of the two'],
    ['notify twice', '[notify, ▸notify]', 'duplicate-action actions[1]', 'keep one of the two'],
    ['without notify', '▸[stop]', 'missing-notify actions', 'add notify'],
    [
      'behind terminate',
      '[notify, terminate, ▸stop]',
      'unreachable-action actions[2]',
      'write stop before terminate, or remove it',
    ],
    [
      'notify behind terminate',
      '[{ terminate: { after: 7d } }, ▸notify]',
      'unreachable-action actions[1]',
      'write notify before terminate, or remove it',
    ],
    ['for other rules', '[notify, ▸revoke-ingress]', 'unfit-action actions[1]', 'remove it'],
    ['without what they need', '[notify, ▸tag]', 'missing-key actions[1].tag.key', 'add it: The key.'],
    [
      'with settings without what they need',
      '[notify, { tag: ▸{} }]',
      'missing-key actions[1].tag.key',
      'add it: The key.',
    ],
  ])('%s', (_, entries, mistake, fix) => {
    const { text, place } = marked(policy(`actions: ${entries}`));
    const errors = errorsOf(text);

    expect(placed(errors)).toEqual([`${place} ${mistake}`]);
    expect(errors[0]?.fix).toBe(fix);
  });

  test.each([
    ['afer: 24h', '▸afer: 24h', 'unknown-key actions[1].stop.afer', 'write `after`'],
    ['a key of another action', '▸value: x', 'unknown-key actions[1].stop.value', expect.stringContaining('remove it')],
    [
      'text for true',
      'onDrift: ▸"yes"',
      'wrong-type actions[1].stop.onDrift',
      expect.stringContaining('write true or false'),
    ],
    ['its own parameter', 'loseInstanceStore: ▸1', 'wrong-type actions[1].stop.loseInstanceStore', expect.anything()],
    ['a number', 'after: ▸24', 'wrong-type actions[1].stop.after', 'say of which unit: 24s, 24m, 24h or 24d'],
    ['a number too small', 'again: ▸2', 'wrong-type actions[1].stop.again', 'say of which unit: 2h or 2d'],
    ['a word', 'after: ▸24 hours', 'invalid-value actions[1].stop.after', 'write 24h'],
    ['another word', 'after: ▸2 Days', 'invalid-value actions[1].stop.after', 'write 2d'],
    [
      'a unit that is none',
      'after: ▸1w',
      'invalid-value actions[1].stop.after',
      'write a duration such as 0s, 30m, 24h or 7d',
    ],
    [
      'two units',
      'after: ▸1h30m',
      'invalid-value actions[1].stop.after',
      'write a duration such as 0s, 30m, 24h or 7d',
    ],
    ['too long', 'after: ▸366d', 'invalid-value actions[1].stop.after', 'write at most 365d'],
    ['far too long', 'after: ▸99999999d', 'invalid-value actions[1].stop.after', 'write at most 365d'],
    ['again too soon', 'again: ▸59m', 'invalid-value actions[1].stop.again', 'write at least 1h'],
  ])('in settings: %s', (_, settings, mistake, fix) => {
    const { text, place } = marked(policy(`actions: [notify, { stop: { ${settings} } }]`));
    const errors = errorsOf(text);

    expect(placed(errors)).toEqual([`${place} ${mistake}`]);
    expect(errors[0]?.fix).toEqual(fix);
  });

  test.each([
    ['one time', '{ after: ▸1d }', 'wrong-type actions[0].notify.after', 'write it as a list: [1d]'],
    ['no time', '{ after: ▸[] }', 'invalid-value actions[0].notify.after', expect.stringContaining('fill it')],
    [
      'no opening',
      '{ after: ▸[1d] }',
      'invalid-value actions[0].notify.after',
      expect.stringContaining('When it is told'),
    ],
    [
      'a time that is none',
      '{ after: [0s, ▸1y] }',
      'invalid-value actions[0].notify.after[1]',
      'write a duration such as 0s, 30m, 24h or 7d',
    ],
    ['nothing before', '{ before: ▸0s }', 'invalid-value actions[0].notify.before', 'write at least 1s'],
    [
      'before nothing',
      '{ ▸before: 1h }',
      'invalid-value actions[0].notify.before',
      'remove before, or give an action its grace by after',
    ],
    ['a key misspelt', '{ ▸befor: 1h }', 'unknown-key actions[0].notify.befor', 'write `before`'],
  ])('in notify: %s', (_, settings, mistake, fix) => {
    const later = mistake.endsWith('before') && !settings.includes('0s') ? 'stop' : '{ stop: { after: 1d } }';
    const { text, place } = marked(policy(`actions: [{ notify: ${settings} }, ${later}]`));
    const errors = errorsOf(text);

    expect(placed(errors)).toEqual([`${place} ${mistake}`]);
    expect(errors[0]?.fix).toEqual(fix);
  });

  test.each(['stop', '{ stop: { after: 0h } }', '{ stop: { after: 0s } }'])(
    'before has nothing to announce where all that follows is %s, which comes at once',
    (entry) => {
      const { text, place } = marked(policy(`actions: [{ notify: { ▸before: 1h } }, ${entry}]`));

      expect(placed(errorsOf(text))).toEqual([`${place} invalid-value actions[0].notify.before`]);
      expect(errorsOf(text)[0]?.message).toBe('no action comes later, which could be told before it comes');
    },
  );

  test('onDrift where nothing is interrupted says why it is none', () => {
    const { text, place } = marked(policy('actions: [notify, { tag: { key: Bad, ▸onDrift: true } }]'));

    expect(placed(errorsOf(text))).toEqual([`${place} unknown-key actions[1].tag.onDrift`]);
    expect(errorsOf(text)).toMatchObject([
      {
        message: 'tag interrupts nothing, and follows a later change as it follows a launch',
        fix: 'remove onDrift: there is nothing to allow',
        example: 'actions: [notify, { tag: { after: 24h } }]',
      },
    ]);
  });

  test('what is wrong between the parameters of an action', () => {
    const picky = defineAction({
      id: 'tag',
      summary: 'Tags the instance.',
      kind: 'access',
      isReversible: true,
      states: ['running'],
      parameters: (z) =>
        z
          .strictObject({ from: z.number().describe('From.'), to: z.number().describe('To.') })
          .refine(({ from, to }) => from < to, 'must be written from low to high'),
      needs: [],
      operations: [],
      plan: () => ({ refused: 'never' }),
      examples: [],
    });
    const catalogue = { rules, actions: [picky] };
    const { errors } = loadWith(policy('actions: [notify, { tag: { from: 2, to: 1, after: 1d } }]'), catalogue);

    expect(placed(errors)).toEqual(['6:26 invalid-value actions[1].tag']);
    expect(loaded('actions: [notify, { tag: { from: 1, to: 2, after: 1d } }]', catalogue)?.actions[1]).toEqual({
      id: 'tag',
      parameters: { from: 1, to: 2 },
      afterMs: 24 * hour,
      onDrift: false,
    });
  });

  test('a misspelt notify is told once, and an unknown action does not make before idle', () => {
    expect(placed(errorsOf(policy('actions: [notfy, stop]')))).toEqual(['6:11 unknown-action actions[0]']);
    expect(placed(errorsOf(policy('actions: [{ notify: { before: 1h } }, stpo]')))).toEqual([
      '6:39 unknown-action actions[1]',
    ]);
  });

  test('what this version does not have is refused, whatever the language has a place for', () => {
    const { errors } = loadWith(policy('actions: [notify, stop]'), { rules, actions: [] });

    expect(errors).toMatchObject([
      {
        code: 'not-built-yet',
        path: 'actions[1]',
        message: 'action stop is not built yet',
        fix: 'remove it',
        example: 'actions: [notify]',
      },
    ]);
  });

  test('examples are of the action at fault', () => {
    expect(errorsOf(policy('actions: [notify, { stop: { after: 1w } }]'))[0]?.example).toBe(
      'actions: [notify, { stop: { after: 24h } }]',
    );
    expect(errorsOf(policy('actions: [{ notify: { after: [1d] } }]'))[0]?.example).toBe(
      'actions: [{ notify: { after: [0s, 1d, 6d] } }]',
    );
  });
});

describe('mode enforce', () => {
  test('of some instances', () => {
    const written =
      'mode: enforce\nenforce: { match: { tags: { Env: $envs }, regions: $regions } }\nactions: [notify, stop]';

    expect(loaded(written)).toMatchObject({
      mode: 'enforce',
      enforce: { match: { tags: { Env: ['dev', 'test'] }, regions: ['eu-west-1'] } },
    });
  });

  test('of all', () => {
    expect(loaded('mode: enforce\nactions: [notify, stop]')).not.toHaveProperty('enforce');
  });

  test.each([
    ['mode: ▸enforce\nactions: [notify]', 'nothing-to-enforce mode', 'write observe'],
    ['mode: ▸enforce\nactions: [{ notify: { after: [0s, 1d] } }]', 'nothing-to-enforce mode', 'write observe'],
    [
      '▸enforce: { match: { regions: [eu-west-1] } }\nactions: [notify, stop]',
      'enforce-without-mode enforce',
      'write mode: enforce, or remove it',
    ],
    [
      'mode: observe\n▸enforce: { match: { regions: [eu-west-1] } }\nactions: [notify, stop]',
      'enforce-without-mode enforce',
      'write mode: enforce, or remove it',
    ],
    [
      'mode: enforce\nenforce: ▸{}\nactions: [notify, stop]',
      'missing-key enforce.match',
      'add it: Which instances are enforced on.',
    ],
    [
      'mode: enforce\nenforce: { match: ▸{} }\nactions: [notify, stop]',
      'invalid-value enforce.match',
      expect.anything(),
    ],
    [
      'mode: enforce\nenforce: { match: { regions: [▸europe] } }\nactions: [notify, stop]',
      'invalid-value enforce.match.regions[0]',
      'write a Region such as eu-central-1',
    ],
    [
      'mode: enforce\nenforce: { match: { when: "now <▸" } }\nactions: [notify, stop]',
      'invalid-cel enforce.match.when',
      expect.anything(),
    ],
    [
      'mode: enforce\nenforce: { match: { regions: ▸$region } }\nactions: [notify, stop]',
      'unknown-value-list enforce.match.regions',
      'write $regions',
    ],
    [
      'mode: ▸enfroce\nenforce: { match: { regions: [eu-west-1] } }\nactions: [notify, stop]',
      'invalid-value mode',
      'write enforce',
    ],
    ['mode: ▸watch\nactions: [notify]', 'invalid-value mode', expect.stringContaining('choose one of them')],
  ])('%s', (written, mistake, fix) => {
    const { text, place } = marked(policy(written));
    const errors = errorsOf(text);

    expect(placed(errors)).toEqual([`${place} ${mistake}`]);
    expect(errors[0]?.fix).toEqual(fix);
  });

  test('with an action that is none is not told on top of it', () => {
    expect(placed(errorsOf(policy('mode: enforce\nactions: [notify, stpo]')))).toEqual([
      '7:19 unknown-action actions[1]',
    ]);
  });
});

describe('an exemption that whoever may tag an instance can give it', () => {
  const enforcing = (match: string, more = '') =>
    policy(
      `mode: enforce\nactions: [notify, stop]\nexempt: [{ match: ${match}, reason: r, until: 2027-01-01${more} }]`,
    );

  test.each([
    ['tags', '▸{ tags: { Role: bastion } }', 'exempt[0].match'],
    ['a name', '▸{ namePrefix: [bastion-] }', 'exempt[0].match'],
    ['CEL', '▸{ when: instance.LaunchTime < now }', 'exempt[0].match'],
    ['what is excluded alone', '▸{ not: { accounts: ["111122223333"] } }', 'exempt[0].match'],
    ['tags, and what is excluded', '▸{ tags: { A: b }, not: { regions: [eu-west-1] } }', 'exempt[0].match'],
    ['one of several blocks', '[{ regions: [eu-west-1] }, ▸{ tags: { A: b } }]', 'exempt[0].match[1]'],
  ])('is refused: by %s', (_, match, path) => {
    const { text, place } = marked(enforcing(match));
    const errors = errorsOf(text);

    expect(placed(errors)).toEqual([`${place} self-service ${path}`]);
    expect(errors[0]).toMatchObject({
      message: 'whoever may tag or change an instance can exempt it from enforcement by this match',
      fix: 'name what they can not set, such as instanceIds or accounts, or write selfService: true if they may exempt their own',
      example: expect.stringContaining('instanceIds'),
    });
  });

  test('is accepted where the policy says so, and the engine is told', () => {
    const { policies, errors } = loadWith(enforcing('{ tags: { Role: bastion } }', ', selfService: true'));

    expect(errors).toEqual([]);
    expect(policies[0]?.exempt).toEqual([
      { match: { tags: { Role: 'bastion' } }, reason: 'r', until: '2027-01-01', selfService: true },
    ]);
  });

  test.each([
    '{ tags: { A: b }, regions: [eu-west-1] }',
    '{ instanceIds: [i-1] }',
    '[{ vpcIds: [vpc-1], when: "true" }]',
  ])('is none, and accepted: %s', (match) => {
    expect(errorsOf(enforcing(match))).toEqual([]);
  });

  test('is accepted where the policy observes', () => {
    expect(errorsOf(enforcing('{ tags: { A: b } }').replace('mode: enforce', 'mode: observe'))).toEqual([]);
  });

  test('selfService is true or left out', () => {
    const { text, place } = marked(enforcing('{ regions: [eu-west-1] }', ', selfService: ▸false'));

    expect(placed(errorsOf(text))).toEqual([`${place} invalid-value exempt[0].selfService`]);
    expect(errorsOf(text)[0]?.fix).toBe('write true, or leave it out');
  });
});

describe('the group of quarantine', () => {
  const errorsWith = (group: string) => {
    const { text, place } = marked(policy(`actions: [notify, { quarantine: { securityGroup: ${group} } }]`));
    return { place, errors: loadWith(text, { rules, actions: [quarantine] }).errors };
  };

  test.each([
    ['{ tags: { Role: ▸quarantine } }', 'wrong-type', '.tags.Role', 'write it as a list: [quarantine]'],
    ['{ tags: ▸{} }', 'invalid-value', '.tags', 'write the tags that the group has'],
    ['{ id: ▸quarantine }', 'invalid-value', '.id', 'write an id such as sg-0123456789abcdef0'],
    ['▸{ id: sg-0a, tags: { Role: [a] } }', 'invalid-value', '', 'write id or tags, not both'],
    ['▸{}', 'invalid-value', '', 'write id or tags'],
    ['{ ▸tag: { Role: [a] } }', 'unknown-key', '.tag', 'write `tags`'],
    ['▸sg-0a', 'wrong-type', '', expect.stringContaining('write ')],
  ])('%s', (group, code, path, fix) => {
    const { place, errors } = errorsWith(group);

    expect(placed(errors)).toEqual([`${place} ${code} actions[1].quarantine.securityGroup${path}`]);
    expect(errors[0]?.fix).toEqual(fix);
    expect(errors[0]?.message).not.toMatch(/Invalid input|Unrecognized|expected/);
  });

  test.each(['{ id: sg-0a }', '{ tags: { Role: [quarantine] } }', '{ tags: { Role: $envs } }'])('%s', (group) => {
    expect(errorsWith(group).errors).toEqual([]);
  });
});

describe('lists of values.yml in settings of actions', () => {
  test.each(['$envs', '[$envs]', '[dev, test]'])('%s', (times) => {
    const text = policy(`actions: [notify, { quarantine: { securityGroup: { tags: { Role: ${times} } } } }]`);
    const { policies, errors } = loadWith(text, { rules, actions: [quarantine] });

    expect(errors).toEqual([]);
    expect(policies[0]?.actions[1]).toMatchObject({
      parameters: { securityGroup: { tags: { Role: ['dev', 'test'] } } },
    });
  });

  test.each([
    [
      '[notify, { quarantine: { securityGroup: { tags: { Role: ▸$env } } } }]',
      '[1].quarantine.securityGroup.tags.Role',
    ],
    [
      '[notify, { quarantine: { securityGroup: { tags: { Role: [a, ▸$env] } } } }]',
      '[1].quarantine.securityGroup.tags.Role[1]',
    ],
    ['[{ notify: { after: ▸$env } }]', '[0].notify.after'],
  ])('one that there is not: %s', (entries, path) => {
    const { text, place } = marked(policy(`actions: ${entries}`));
    const { errors } = loadWith(text, { rules, actions: [quarantine] });

    expect(placed(errors)).toEqual([`${place} unknown-value-list actions${path}`]);
    expect(errors[0]?.fix).toBe('write $envs');
  });

  test('stand for no action', () => {
    const { text, place } = marked(policy('actions: [notify, ▸$envs]'));

    expect(placed(errorsOf(text))).toEqual([`${place} unknown-action actions[1]`]);
  });
});

describe('what can not come in time', () => {
  test.each([
    [
      '[notify, { stop: { after: ▸7d } }, { terminate: { after: 1d } }]',
      'unreachable-action actions[1].stop.after',
      'stop never comes: terminate comes after 24h, and the instance is gone then',
      'give stop a grace shorter than that of terminate, or remove it',
    ],
    [
      '[notify, { tag: { key: a, after: ▸1s } }, { terminate: { onDrift: true } }]',
      'unreachable-action actions[1].tag.after',
      'tag never comes: terminate comes at once, and the instance is gone then',
      'give tag a grace shorter than that of terminate, or remove it',
    ],
    [
      '[{ notify: { before: ▸8d } }, stop, { terminate: { after: 7d } }]',
      'invalid-value actions[0].notify.before',
      'no action waits for 8d: the longest grace is 7d',
      'write less than 7d',
    ],
    [
      '[notify, { terminate: { after: 1d, ▸again: 7d } }]',
      'unknown-key actions[1].terminate.again',
      'terminate is done once: the instance is gone',
      'remove again',
    ],
  ])('%s', (entries, mistake, message, fix) => {
    const { text, place } = marked(policy(`actions: ${entries}`));
    const errors = errorsOf(text);

    expect(placed(errors)).toEqual([`${place} ${mistake}`]);
    expect(errors).toMatchObject([{ message, fix }]);
  });

  test.each([
    '[notify, { stop: { after: 1d } }, { terminate: { after: 1d } }]',
    // A change after the launch, which terminate does not follow.
    '[notify, { tag: { key: a, after: 7d } }, { terminate: { after: 1d } }]',
    '[notify, { stop: { after: 7d, onDrift: true } }, { terminate: { after: 1d } }]',
    '[{ notify: { before: 7d } }, { stop: { after: 7d } }]',
    '[{ notify: { before: 1d } }, { stop: { again: 7d } }]',
  ])('and what can: %s', (entries) => {
    expect(errorsOf(policy(`actions: ${entries}`))).toEqual([]);
  });
});

test.each([
  ['[notify, ▸terminate]', 'no-grace actions[1]'],
  ['[notify, { ▸terminate: { after: 0s } }]', 'no-grace actions[1].terminate'],
])('terminate without grace is warned of: %s', (entries, warning) => {
  const { text, place } = marked(policy(`actions: ${entries}`));
  const { errors, warnings } = loadWith(text);

  expect(errors).toEqual([]);
  expect(placed(warnings)).toEqual([`${place} ${warning}`]);
  expect(warnings[0]).toMatchObject({
    message: 'terminate comes at once, and nothing brings the instance back',
    fix: 'give it a grace in which it can be mended, such as after: 7d',
  });
});

test('with a grace it is not', () => {
  expect(loadWith(policy('actions: [notify, stop, { terminate: { after: 1d } }]')).warnings).toEqual([]);
});
