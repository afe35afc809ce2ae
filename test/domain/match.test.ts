import { bind, noConditions } from '../../src/domain/bind.ts';
import type { Launcher } from '../../src/domain/facts.ts';
import { defaultNow, type Given, inspected } from '../../src/domain/given.ts';
import { matches, needsOfMatch, purchaseOptionsOf } from '../../src/domain/match.ts';
import { type Need, verdictNeeds } from '../../src/domain/needs.ts';
import { type Condition, type Match, type MatchBlock, notify } from '../../src/domain/policy.ts';

const launchedJustNow = '2026-01-01T00:00:30Z';

function answer(match: Match | undefined, given: Given, now = defaultNow, condition?: Condition): string {
  const at = new Date(now);
  const conditions = condition === undefined ? noConditions : () => condition;
  return matches(match, { ...inspected(given, at), now: at, conditions }).is;
}

const tagged = (Tags: Readonly<Record<string, string>>): Given => ({ instance: { Tags } });
const jane: Launcher = { name: 'jane', arn: 'arn:aws:iam::123456789012:user/jane' };
const scaling: Launcher = { name: 'Auto Scaling group web', invokedBy: 'autoscaling.amazonaws.com' };

test('without a match, every instance matches', () => {
  expect(answer(undefined, {})).toBe('yes');
  expect(answer({}, {})).toBe('yes');
});

test.each<[string, Match, Given, 'yes' | 'no']>([
  ['a tag by glob', { tags: { Environment: 'prod*' } }, tagged({ Environment: 'production' }), 'yes'],
  ['a tag by glob, case counts', { tags: { Environment: 'prod' } }, tagged({ Environment: 'Prod' }), 'no'],
  ['a tag key, case counts', { tags: { environment: 'prod' } }, tagged({ Environment: 'prod' }), 'no'],
  ['one of several globs', { tags: { Environment: ['prod', 'staging'] } }, tagged({ Environment: 'staging' }), 'yes'],
  ['none of several globs', { tags: { Environment: ['prod', 'staging'] } }, tagged({ Environment: 'dev' }), 'no'],
  ['present, with an empty value', { tags: { Environment: '*' } }, tagged({ Environment: '' }), 'yes'],
  ['present, and it is not', { tags: { Environment: '*' } }, {}, 'no'],
  ['absent', { tags: { Environment: null } }, tagged({ Name: 'web' }), 'yes'],
  ['absent, and it is not', { tags: { Environment: null } }, tagged({ Environment: '' }), 'no'],
  [
    'ignoring case',
    { tags: { Environment: { in: ['PROD'], ignoreCase: true } } },
    tagged({ Environment: 'Prod' }),
    'yes',
  ],
  ['or missing', { tags: { Environment: { in: ['dev'], orMissing: true } } }, {}, 'yes'],
  [
    'or missing, and it is another',
    { tags: { Environment: { in: ['dev'], orMissing: true } } },
    tagged({ Environment: 'prod' }),
    'no',
  ],
  ['two tags, both', { tags: { A: '1', B: '2' } }, tagged({ A: '1', B: '2' }), 'yes'],
  ['two tags, one', { tags: { A: '1', B: '2' } }, tagged({ A: '1' }), 'no'],
  ['an instance id', { instanceIds: ['i-0123456789abcdef0'] }, {}, 'yes'],
  ['another instance id', { instanceIds: ['i-1'] }, {}, 'no'],
  ['a type by glob', { instanceTypes: ['m7i.*'] }, {}, 'yes'],
  [
    'a glob with a dot is not the flex family',
    { instanceTypes: ['m7i.*'] },
    { instance: { InstanceType: 'm7i-flex.large' } },
    'no',
  ],
  ['a category', { categories: ['general'] }, {}, 'yes'],
  ['another category', { categories: ['memory', 'hpc'] }, {}, 'no'],
  ['an account', { accounts: ['123456789012'] }, {}, 'yes'],
  ['another account', { accounts: ['123456789012'] }, { accountId: '111122223333' }, 'no'],
  ['a Region', { regions: ['us-east-1'] }, {}, 'yes'],
  [
    'the Region of a local zone',
    { regions: ['us-west-2'] },
    { instance: { Placement: { AvailabilityZone: 'us-west-2-lax-1a' } } },
    'yes',
  ],
  ['a VPC', { vpcIds: ['vpc-0123456789abcdef0'] }, {}, 'yes'],
  ['a subnet', { subnetIds: ['subnet-1'] }, {}, 'no'],
  ['an image', { imageIds: ['ami-0123456789abcdef0'] }, {}, 'yes'],
  ['On-Demand', { purchaseOptions: ['on-demand'] }, {}, 'yes'],
  ['Spot', { purchaseOptions: ['spot'] }, { instance: { InstanceLifecycle: 'spot' } }, 'yes'],
  ['Spot is not On-Demand', { purchaseOptions: ['on-demand'] }, { instance: { InstanceLifecycle: 'spot' } }, 'no'],
  [
    'a dedicated host',
    { purchaseOptions: ['dedicated-host'] },
    { instance: { Placement: { AvailabilityZone: 'us-east-1a', Tenancy: 'host' } } },
    'yes',
  ],
  [
    'an Auto Scaling group',
    { autoScalingGroups: ['web-*'] },
    tagged({ 'aws:autoscaling:groupName': 'web-blue' }),
    'yes',
  ],
  ['no Auto Scaling group', { autoScalingGroups: ['*'] }, {}, 'no'],
  ['a launcher by name', { launchedBy: ['jane'] }, { launcher: jane }, 'yes'],
  ['a launcher by ARN', { launchedBy: ['arn:aws:iam::*:user/*'] }, { launcher: jane }, 'yes'],
  ['a launching service', { launchedBy: ['autoscaling.amazonaws.com'] }, { launcher: scaling }, 'yes'],
  ['another launcher', { launchedBy: ['joe'] }, { launcher: jane }, 'no'],
  ['a state', { states: ['stopped', 'running'] }, {}, 'yes'],
  ['a name prefix', { namePrefix: ['test-', 'web-'] }, tagged({ Name: 'web-1' }), 'yes'],
  ['no name', { namePrefix: [''] }, {}, 'no'],
  ['keys are ANDed', { states: ['running'], instanceTypes: ['t3.*'] }, {}, 'no'],
  ['blocks are ORed', [{ instanceTypes: ['t3.*'] }, { states: ['running'] }], {}, 'yes'],
  ['no block matches nothing', [], {}, 'no'],
  ['excluded', { not: { namePrefix: ['test-'] } }, tagged({ Name: 'test-1' }), 'no'],
  ['not excluded', { not: { namePrefix: ['test-'] } }, tagged({ Name: 'web-1' }), 'yes'],
  [
    'excluded is what all keys match together',
    { not: { namePrefix: ['test-'], states: ['stopped'] } },
    tagged({ Name: 'test-1' }),
    'yes',
  ],
  [
    'excluded blocks are ORed',
    { not: [{ states: ['stopped'] }, { namePrefix: ['test-'] }] },
    tagged({ Name: 'test-1' }),
    'no',
  ],
])('%s', (_, match, given, expected) => {
  expect(answer(match, given)).toBe(expected);
});

test.each<[string, Match, Given]>([
  ['a tag that is not there yet', { tags: { Environment: 'prod' } }, {}],
  ['the absence of a tag', { tags: { Environment: null } }, {}],
  ['an exclusion by a tag', { not: { tags: { Environment: 'prod' } } }, {}],
  ['a name that is not there yet', { namePrefix: ['web-'] }, {}],
  ['a group that is not there yet', { autoScalingGroups: ['*'] }, {}],
])('just after the launch it is unknown: %s', (_, match, given) => {
  expect(answer(match, given, launchedJustNow)).toBe('unknown');
});

test('just after the launch a tag that is there counts', () => {
  expect(answer({ tags: { Environment: 'prod' } }, tagged({ Environment: 'prod' }), launchedJustNow)).toBe('yes');
  expect(answer({ tags: { Environment: 'prod' } }, tagged({ Environment: 'dev' }), launchedJustNow)).toBe('no');
});

test('what is unknown does not matter where another key decides', () => {
  expect(answer({ tags: { Environment: 'prod' }, states: ['stopped'] }, {}, launchedJustNow)).toBe('no');
  expect(answer([{ tags: { Environment: 'prod' } }, { states: ['running'] }], {}, launchedJustNow)).toBe('yes');
});

test('a launcher that nobody recorded is unknown', () => {
  expect(answer({ launchedBy: ['jane'] }, {})).toBe('unknown');
});

test('the category of a type that we can not read is unknown', () => {
  expect(answer({ categories: ['general'] }, JSON.parse('{"instance":{"InstanceType":"q9.large"}}'))).toBe('unknown');
});

describe('a condition', () => {
  const reads = (fields: readonly string[] | undefined, holds: Condition['holds']): Condition => ({ fields, holds });

  test('sees the tags as a map, and the time', () => {
    const seen: unknown[] = [];
    const condition = reads(['Tags'], (instance, now) => seen.push(instance.Tags, now.toISOString()) > 0);

    expect(answer({ when: '...' }, tagged({ Name: 'web' }), defaultNow, condition)).toBe('yes');
    expect(seen).toEqual([{ Name: 'web' }, '2026-01-01T01:00:00.000Z']);
  });

  test('does not hold', () => {
    expect(
      answer(
        { when: '...' },
        {},
        defaultNow,
        reads(['State'], () => false),
      ),
    ).toBe('no');
  });

  test('over an absent field is unknown, and is not asked', () => {
    expect(
      answer(
        { when: '...' },
        {},
        defaultNow,
        reads(['MetadataOptions'], () => true),
      ),
    ).toBe('unknown');
  });

  test('over a field whose absence says none is asked', () => {
    expect(
      answer(
        { when: '...' },
        {},
        defaultNow,
        reads(['KeyName'], () => true),
      ),
    ).toBe('yes');
  });

  test('over tags is unknown just after the launch', () => {
    expect(
      answer(
        { when: '...' },
        {},
        launchedJustNow,
        reads(['Tags'], () => true),
      ),
    ).toBe('unknown');
    expect(
      answer(
        { when: '...' },
        {},
        launchedJustNow,
        reads(undefined, () => true),
      ),
    ).toBe('unknown');
    expect(
      answer(
        { when: '...' },
        {},
        launchedJustNow,
        reads(['State'], () => true),
      ),
    ).toBe('yes');
  });

  test('that fails is unknown', () => {
    const fails = reads(['State'], () => {
      throw new Error('no such key: x');
    });

    expect(answer({ when: '...' }, {}, defaultNow, fails)).toBe('unknown');
  });

  test('needs what it reads, and everything where that can not be said', () => {
    const needs = (fields: readonly string[] | undefined) =>
      needsOfMatch({ when: '...' }, () => reads(fields, () => true));

    expect(needs(['Tags', 'MetadataOptions', 'ImageId'])).toEqual(['tags', 'MetadataOptions']);
    expect(needs(['SecurityGroups', 'BlockDeviceMappings'])).toEqual(['NetworkInterfaces', 'volumes']);
    expect(needs(undefined)).toEqual(verdictNeeds);
  });

  test('can not be asked where none was bundled', () => {
    expect(() => answer({ when: 'true' }, {})).toThrow('no CEL was bundled');
  });
});

const needsOfKeys = {
  tags: [{ Environment: 'prod' }, ['tags']],
  instanceIds: [['i-1'], []],
  instanceTypes: [['m7i.*'], ['InstanceType']],
  categories: [['general'], ['InstanceType']],
  accounts: [['123456789012'], []],
  regions: [['us-east-1'], []],
  vpcIds: [['vpc-1'], []],
  subnetIds: [['subnet-1'], []],
  imageIds: [['ami-1'], []],
  purchaseOptions: [['spot'], []],
  autoScalingGroups: [['web-*'], ['tags']],
  launchedBy: [['jane'], ['launcher']],
  states: [['running'], ['State']],
  namePrefix: [['test-'], ['tags']],
} as const satisfies {
  readonly [K in keyof Omit<MatchBlock, 'not' | 'when'>]-?: readonly [MatchBlock[K], readonly Need[]];
};

test.each(Object.entries(needsOfKeys))('the key %s reads what it needs: %j', (key, [wanted, needs]) => {
  expect(needsOfMatch({ [key]: wanted }, noConditions)).toEqual(needs);
});

test('a match needs what its keys read, those of its exclusions included', () => {
  const match: Match = [
    { instanceIds: ['i-1'] },
    { namePrefix: ['x'], not: { launchedBy: ['y'], states: ['running'] } },
  ];

  expect(needsOfMatch(match, noConditions)).toEqual(['tags', 'launcher', 'State']);
  expect(needsOfMatch(undefined, noConditions)).toEqual([]);
});

test('a policy needs what its exemptions read', () => {
  const policy = {
    name: 'p',
    description: 'd',
    severity: 'low',
    rule: 'r',
    parameters: {},
    exempt: [{ match: { launchedBy: ['jane'] }, reason: 'because', until: '2027-01-01' }],
    mode: 'observe',
    actions: [notify],
    source: { file: 'p.yml', hash: '0123456789ab' },
  } as const;
  const rule = { id: 'r', summary: '', why: '', fix: '', needs: ['volumes'], examples: [] } as const;
  const bound = bind(policy, {
    ...rule,
    parameters: (z) => z.strictObject({}),
    evaluate: () => ({ compliance: 'COMPLIANT', certain: true }),
  });

  expect([...bound.needs]).toEqual(['volumes', 'launcher']);
});

test.each([
  [{}, ['on-demand']],
  [{ InstanceLifecycle: 'spot' } as const, ['spot']],
  [{ InstanceLifecycle: 'capacity-block' } as const, ['capacity-block']],
  [{ Placement: { Tenancy: 'dedicated' } } as const, ['on-demand', 'dedicated-instance']],
  [{ InstanceLifecycle: 'spot', Placement: { Tenancy: 'dedicated' } } as const, ['spot', 'dedicated-instance']],
])('how %j is paid for', (instance, options) => {
  expect(purchaseOptionsOf(instance)).toEqual(options);
});
