import { allNeeds, eventsThatChange } from '../../src/domain/needs.ts';
import { eventRules, longestPattern, MAX_PATTERN_LENGTH } from '../../src/stack/event-rules.ts';

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
