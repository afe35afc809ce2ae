import { noConditions } from '../../src/domain/bind.ts';
import { defaultNow, type Given, inspected } from '../../src/domain/given.ts';
import { matches } from '../../src/domain/match.ts';
import type { ChangingOperation } from '../../src/domain/operations.ts';
import type { Match } from '../../src/domain/policy.ts';
import { type BoundSafety, defaultSafety } from '../../src/domain/safety.ts';
import { withPlaceholders } from '../../src/stack/cloudformation.ts';
import { sparingProtected } from '../../src/stack/protected.ts';
import { permissions } from '../../src/stack/roles.ts';
import { plainRevoke, plainStop } from '../support/plain-actions.ts';
import { enforcing } from '../support/policies.ts';
import { policyThatNeeds } from './policies.ts';

const stop = ['ec2:StopInstances'] as const;
const anInstance = 'i-0123456789abcdef0';
const another = 'i-0fedcba9876543210';

const sparing = (covered: Match, operations: readonly ChangingOperation[] = stop) =>
  sparingProtected({ protected: covered }, operations);
const arnOf = (instance: string) =>
  `arn:\${AWS::Partition}:ec2:\${AWS::Region}:\${AWS::AccountId}:instance/${instance}`;

/** What the statements are on, and on which condition. */
const said = (covered: Match) =>
  sparing(covered).map(({ Resource, Condition }) => [withPlaceholders(Resource), Condition?.StringLike]);

test.each<[string, Match, ReturnType<typeof said>]>([
  ['ids', { instanceIds: [anInstance, another] }, [[[arnOf(anInstance), arnOf(another)], undefined]]],
  ['a tag', { tags: { Environment: 'prod' } }, [[[arnOf('*')], { 'aws:ResourceTag/Environment': ['prod'] }]]],
  [
    'one of several values',
    { tags: { Environment: ['prod', 'live'] } },
    [[[arnOf('*')], { 'aws:ResourceTag/Environment': ['prod', 'live'] }]],
  ],
  ['a tag that is there', { tags: { Keep: '*' } }, [[[arnOf('*')], { 'aws:ResourceTag/Keep': ['*'] }]]],
  [
    'two tags, both',
    { tags: { Environment: { in: ['prod'] }, 'aws:cloudformation:stack-name': 'net-*' } },
    [
      [
        [arnOf('*')],
        { 'aws:ResourceTag/Environment': ['prod'], 'aws:ResourceTag/aws:cloudformation:stack-name': ['net-*'] },
      ],
    ],
  ],
  [
    'ids with a tag',
    { instanceIds: [anInstance], tags: { Keep: 'yes' } },
    [[[arnOf(anInstance)], { 'aws:ResourceTag/Keep': ['yes'] }]],
  ],
  [
    'of several blocks those that it can say',
    [{ when: 'true' }, { tags: { Keep: 'yes' } }, { vpcIds: ['vpc-0123456789abcdef0'] }, { instanceIds: [another] }],
    [
      [[arnOf('*')], { 'aws:ResourceTag/Keep': ['yes'] }],
      [[arnOf(another)], undefined],
    ],
  ],
])('IAM refuses what is protected by %s', (_, covered, statements) => {
  expect(said(covered)).toEqual(statements);
});

test.each<[string, Match]>([
  ['a tag that is not there', { tags: { Environment: null } }],
  ['a value in whatever case', { tags: { Environment: { in: ['prod'], ignoreCase: true } } }],
  ['a value, or no tag', { tags: { Environment: { in: ['prod'], orMissing: true } } }],
  ['a glob of single characters', { tags: { Environment: 'prod-?' } }],
  ['a value that IAM would fill in', { tags: { Environment: `\${aws:PrincipalTag/Environment}` } }],
  ['a value beyond ASCII', { tags: { Environment: 'prød' } }],
  ['an empty value', { tags: { Environment: '' } }],
  ['keys that differ in case alone', { tags: { keep: 'yes', Keep: 'yes' } }],
  ['a tag and something else', { tags: { Keep: 'yes' }, regions: ['us-east-1'] }],
  ['a tag, but for some', { tags: { Keep: 'yes' }, not: { instanceIds: [another] } }],
  ['a condition', { when: 'true' }],
])('what is protected by %s is left to the engine: half of it would refuse too much', (_, covered) => {
  expect(sparing(covered)).toEqual([]);
});

test('without anything protected, or to be called, nothing is refused', () => {
  expect(sparingProtected({}, stop)).toEqual([]);
  expect(sparing({ instanceIds: [anInstance] }, [])).toEqual([]);
});

test('the statements never outgrow the role: a block that has no room is left to the engine', () => {
  const ids = Array.from({ length: 200 }, (_, index) => `i-${String(index).padStart(17, '0')}`);
  expect(said([{ tags: { Keep: 'yes' } }, { instanceIds: ids }])).toEqual([
    [[arnOf('*')], { 'aws:ResourceTag/Keep': ['yes'] }],
  ]);
});

describe('what IAM refuses the engine holds back, too', () => {
  const covered: readonly Match[] = [
    { tags: { Environment: 'prod' } },
    { tags: { Environment: ['prod', 'live-*'], Keep: '*' } },
    { instanceIds: [anInstance], tags: { Keep: 'yes' } },
    [{ instanceIds: [another] }, { tags: { Keep: 'y*s' } }],
  ];
  const instances: readonly Given['instance'][] = [undefined, 'prod', 'Prod', 'live-1', 'live-', 'staging'].flatMap(
    (environment) =>
      [undefined, '', 'yes', 'ys', 'no', 'yes or no'].flatMap((keep) =>
        [anInstance, another, 'i-0aaaaaaaaaaaaaaa1'].map((InstanceId) => ({
          InstanceId,
          Tags: {
            ...(environment === undefined ? {} : { Environment: environment }),
            ...(keep === undefined ? {} : { Keep: keep }),
          },
        })),
      ),
  );

  /** Whether IAM denies by these statements, as it documents `StringLike`. */
  function isRefused(match: Match, { InstanceId = '', Tags = {} }: NonNullable<Given['instance']>): boolean {
    const like = (pattern: string, text: string) =>
      new RegExp(`^${pattern.split('*').map(escaped).join('.*')}$`).test(text);
    return sparing(match).some(({ Resource, Condition }) => {
      const resources = withPlaceholders(Resource) as readonly string[];
      const conditions = Object.entries(Condition?.StringLike ?? {}) as unknown as readonly [string, string[]][];
      const holds = conditions.every(([key, values]) => {
        const value = (Tags as Record<string, string>)[key.replace('aws:ResourceTag/', '')];
        return value !== undefined && values.some((pattern) => like(pattern, value));
      });
      return holds && resources.some((resource) => like(resource, arnOf(String(InstanceId))));
    });
  }
  const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

  test.each(covered)('%j: the same instances, of all', (match) => {
    const now = new Date(defaultNow);
    const refused = instances.filter((instance) => isRefused(match, instance ?? {}));
    const held = instances.filter(
      (instance) =>
        matches(match, { ...inspected({ instance: instance ?? {} }, now), now, conditions: noConditions }).is === 'yes',
    );

    expect(refused).toEqual(held);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.length).toBeLessThan(instances.length);
  });
});

describe('the role of inspect', () => {
  const safety: BoundSafety = {
    ...defaultSafety,
    protected: [{ tags: { Keep: 'yes' } }, { instanceIds: [another] }],
    conditions: noConditions,
  };
  const on = { name: 'ec2-guardrail-test', enforcement: 'on' } as const;
  const refusals = (policies: Parameters<typeof permissions>[0], settings: Parameters<typeof permissions>[1] = on) =>
    permissions(policies, settings, safety).InspectRole.filter(({ Effect }) => Effect === 'Deny');
  const isolate = { ...plainStop, operations: ['ec2:ModifyNetworkInterfaceAttribute', 'ec2:CreateTags'] } as const;

  test('refuses every call on instances that its policies enforce by, and no other', () => {
    const policies = [plainStop, plainRevoke, isolate].map((action) => enforcing(policyThatNeeds(), action));

    expect(refusals(policies)).toEqual([
      {
        Sid: 'SpareProtected1',
        Effect: 'Deny',
        Action: ['ec2:CreateTags', 'ec2:ModifyNetworkInterfaceAttribute', 'ec2:StopInstances'],
        Resource: [expect.anything()],
        Condition: { StringLike: { 'aws:ResourceTag/Keep': ['yes'] } },
      },
      {
        Sid: 'SpareProtected2',
        Effect: 'Deny',
        Action: ['ec2:CreateTags', 'ec2:ModifyNetworkInterfaceAttribute', 'ec2:StopInstances'],
        Resource: [expect.anything()],
      },
    ]);
  });

  test('refuses nothing where nothing is called on instances, or enforcement is off', () => {
    expect(refusals([enforcing(policyThatNeeds(), plainRevoke)])).toEqual([]);
    expect(refusals([enforcing(policyThatNeeds(), plainStop)], { name: on.name })).toEqual([]);
  });

  test('allows the same with it as without: what is refused is taken from that', () => {
    const policies = [enforcing(policyThatNeeds(), plainStop)];
    const allowed = (given?: BoundSafety) =>
      permissions(policies, on, given).InspectRole.filter(({ Effect }) => Effect === 'Allow');

    expect(allowed(safety)).toEqual(allowed());
  });
});
