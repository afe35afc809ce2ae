import { allNeeds, eventsThatChange } from '../../src/domain/needs.ts';
import { noticesIn } from '../../src/events/notices.ts';
import { drainRules, eventRules, longestPattern, MAX_PATTERN_LENGTH } from '../../src/stack/event-rules.ts';

const account = [{ Ref: 'AWS::AccountId' }];
const arn = (role: string) => ({ 'Fn::GetAtt': [role, 'Arn'] });

function patternsFor(eventNames: readonly string[]): Readonly<Record<string, unknown>> {
  const rules = Object.entries(eventRules(eventNames));
  return Object.fromEntries(rules.map(([id, { Properties }]) => [id, Properties.EventPattern]));
}

// What these match is shown in test/aws/event-patterns.test.ts, by AWS's own matcher.
test('policies without needs listen to changes of state, but for pending, and to launches that others made', () => {
  expect(patternsFor(eventsThatChange([]))).toEqual({
    StateChangeRule: {
      source: ['aws.ec2'],
      'detail-type': ['EC2 Instance State-change Notification'],
      account,
      detail: { state: [{ 'anything-but': ['pending'] }] },
    },
    ApiCallRule1: {
      source: ['aws.ec2'],
      'detail-type': ['AWS API Call via CloudTrail'],
      account,
      detail: {
        eventSource: ['ec2.amazonaws.com'],
        eventName: ['RunInstances'],
        errorCode: [{ exists: false }],
        userIdentity: {
          sessionContext: {
            sessionIssuer: {
              arn: [{ exists: false }, { 'anything-but': [arn('InspectRole'), arn('SweepRole')] }],
            },
          },
        },
      },
    },
  });
});

test('a policy adds the calls that change what it reads, and no others', () => {
  expect(patternsFor(eventsThatChange(['tags'])).ApiCallRule1).toMatchObject({
    detail: { eventName: ['CreateTags', 'DeleteTags', 'RunInstances'] },
  });
});

test('no pattern is longer than EventBridge takes, whatever the policies need', () => {
  const lengths = Object.values(patternsFor(eventsThatChange(allNeeds))).map(longestPattern);

  expect(Math.max(...lengths)).toBeLessThanOrEqual(MAX_PATTERN_LENGTH);
});

test('a pattern is measured with the longest ARNs that roles can have', () => {
  const longest = `arn:aws-us-gov:iam::123456789012:role/${'x'.repeat(64)}`;

  expect(longestPattern({ account, arn: [arn('InspectRole')] })).toBe(
    JSON.stringify({ account: ['123456789012'], arn: [longest] }).length,
  );
});

test('names that do not fit into one pattern are spread over several, each name in one of them', () => {
  const names = Array.from({ length: 120 }, (_, index) => `ModifySomethingOrOther${index}`);
  const { StateChangeRule, ...apiCalls } = patternsFor(names);
  const listed = Object.values(apiCalls as Record<string, { readonly detail: { readonly eventName: unknown } }>);

  expect(listed.flatMap(({ detail }) => detail.eventName)).toEqual(names);
  expect(Object.keys(apiCalls)).toEqual(['ApiCallRule1', 'ApiCallRule2', 'ApiCallRule3']);
  for (const pattern of [StateChangeRule, ...listed]) expect(longestPattern(pattern)).toBeLessThanOrEqual(2048);
});

describe('what feeds the drain queue', () => {
  interface Pattern {
    readonly source: readonly string[];
    readonly 'detail-type': readonly string[];
    readonly account: unknown;
  }

  const patterns = Object.values(drainRules).map(({ Properties }) => Properties.EventPattern as unknown as Pattern);
  const scope = { accountId: '123456789012', region: 'us-east-1' };

  function reasonFor(detailType: string, source: string): string {
    const event = { 'detail-type': detailType, source, account: scope.accountId, region: scope.region, detail: {} };
    const announced = noticesIn(event, { scope, receivedAt: new Date('2026-11-25T12:00:00Z') });
    return announced.kind === 'ignored' ? announced.reason : 'read';
  }

  test('is read, by type and source, by what reads that queue', () => {
    const types = patterns.flatMap(({ source, 'detail-type': names }) => names.map((type) => [type, source] as const));

    expect(types.map(([type]) => type)).toEqual([
      'EC2 Spot Instance Interruption Warning',
      'EC2 Instance Rebalance Recommendation',
      'EC2 Capacity Reservation Instance Interruption Warning',
      'EC2 Instance-terminate Lifecycle Action',
      'EC2 Instance State-change Notification',
      'AWS Health Event',
    ]);
    for (const [type, sources] of types)
      for (const source of sources) expect(reasonFor(type, source)).not.toMatch(/announces no end|sent by/);
  });

  test('is of this account alone, rehearsals too', () => {
    for (const pattern of patterns) {
      expect(pattern.account).toEqual(account);
      expect(pattern.source).toEqual([
        expect.stringMatching(/^aws\.(ec2|autoscaling|health)$/),
        'ec2-guardrail.selftest',
      ]);
    }
  });

  test('leaves out what ends no instance: warm pools, and what is not planned', () => {
    const { LifecycleRule, EndRule, HealthRule } = drainRules;

    expect(LifecycleRule?.Properties.EventPattern).toMatchObject({
      detail: { Destination: [{ exists: false }, 'EC2'] },
    });
    expect(EndRule?.Properties.EventPattern).toMatchObject({
      detail: { state: ['running', 'stopping', 'stopped', 'shutting-down', 'terminated'] },
    });
    expect(HealthRule?.Properties.EventPattern).toMatchObject({
      detail: { service: ['EC2'], eventTypeCategory: ['scheduledChange'] },
    });
  });

  test('goes to that queue; what announces an end in two minutes is given up after them, and kept', () => {
    const targets = Object.entries(drainRules).map(([id, { Properties }]) => [id, Properties.Targets]);
    const to = (seconds: number) => [
      {
        Id: 'drain',
        Arn: arn('DrainQueue'),
        RetryPolicy: { MaximumEventAgeInSeconds: seconds, MaximumRetryAttempts: 185 },
        DeadLetterConfig: { Arn: arn('UndeliveredQueue') },
      },
    ];

    expect(Object.fromEntries(targets)).toEqual({
      NoticeRule: to(120),
      LifecycleRule: to(86_400),
      EndRule: to(86_400),
      HealthRule: to(86_400),
    });
  });

  test('has patterns that EventBridge takes', () => {
    expect(Math.max(...patterns.map(longestPattern))).toBeLessThanOrEqual(MAX_PATTERN_LENGTH);
  });
});
