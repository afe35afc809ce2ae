import { allNeeds, eventsThatChange, type Need } from '../../src/domain/needs.ts';
import { eventRules, longestPattern, MAX_PATTERN_LENGTH } from '../../src/stack/event-rules.ts';

type Event = { readonly [field: string]: unknown };
type Pattern = { readonly [field: string]: unknown };

const account = '123456789012';
const ownRole = 'arn:aws:iam::123456789012:role/InspectRole';

/** A rule's pattern as CloudFormation fills it in. */
function patternOf(rule: { readonly Properties: { readonly EventPattern?: unknown } } | undefined): Pattern {
  return JSON.parse(
    JSON.stringify(rule?.Properties.EventPattern, (_key, value) => {
      if (value?.Ref === 'AWS::AccountId') return account;
      return value?.['Fn::GetAtt'] ? `arn:aws:iam::123456789012:role/${value['Fn::GetAtt'][0]}` : value;
    }),
  );
}

/** EventBridge's matching, as far as our patterns use it. Fields that the pattern does not name don't matter. */
function isMatch(pattern: unknown, value: unknown): boolean {
  if (Array.isArray(pattern)) return pattern.some((one) => isOneMatch(one, value));
  return Object.entries(pattern as Pattern).every(([key, inner]) =>
    isMatch(inner, (value as Event | undefined)?.[key]),
  );
}

function isOneMatch(one: string | { exists: false } | { 'anything-but': string[] }, value: unknown): boolean {
  if (typeof one === 'string') return value === one;
  if ('exists' in one) return value === undefined;
  return typeof value === 'string' && !one['anything-but'].includes(value);
}

function matching(needs: readonly Need[], event: Event): readonly string[] {
  const rules = Object.entries(eventRules(eventsThatChange(needs)));
  return rules.filter(([, rule]) => isMatch(patternOf(rule), event)).map(([id]) => id);
}

function stateChange(state: string, more: Event = {}): Event {
  const detail = { 'instance-id': 'i-0123456789abcdef0', state };
  return { source: 'aws.ec2', 'detail-type': 'EC2 Instance State-change Notification', account, detail, ...more };
}

function apiCall(eventName: string, more: Event = {}): Event {
  const detail = { eventSource: 'ec2.amazonaws.com', eventName, userIdentity: { type: 'IAMUser' }, ...more };
  return { source: 'aws.ec2', 'detail-type': 'AWS API Call via CloudTrail', account, detail };
}

function byRole(arn: string): Event {
  return { userIdentity: { type: 'AssumedRole', sessionContext: { sessionIssuer: { arn } } } };
}

test.each([
  ['an instance that runs', stateChange('running'), ['StateChangeRule']],
  ['one that was terminated', stateChange('terminated'), ['StateChangeRule']],
  ['a state not yet heard of', stateChange('hibernated'), ['StateChangeRule']],
  ['one that is pending, since nothing is settled', stateChange('pending'), []],
  ['one of another account', stateChange('running', { account: '210987654321' }), []],
])('state changes: %s', (_title, event, rules) => {
  expect(matching([], event)).toEqual(rules);
});

test.each([
  ['of an IAM user or root, whose records have no session', apiCall('CreateTags'), ['ApiCallRule1']],
  ["of somebody's role", apiCall('CreateTags', byRole('arn:aws:iam::123456789012:role/deploy')), ['ApiCallRule1']],
  ['of this guardrail itself', apiCall('CreateTags', byRole(ownRole)), []],
  ['that EC2 refused', apiCall('CreateTags', { errorCode: 'Client.UnauthorizedOperation' }), []],
  ['that changes nothing anybody asks about', apiCall('AttachVolume'), []],
  ['that launches, for who it was', apiCall('RunInstances'), ['ApiCallRule1']],
  ['of another service with the same name', apiCall('CreateTags', { eventSource: 'tagging.amazonaws.com' }), []],
])('API calls: one %s', (_title, event, rules) => {
  expect(matching(['tags'], event)).toEqual(rules);
});

test('no pattern is longer than EventBridge takes, whatever the policies need', () => {
  const lengths = Object.values(eventRules(eventsThatChange(allNeeds))).map((rule) =>
    longestPattern(rule.Properties.EventPattern),
  );

  expect(Math.max(...lengths)).toBeLessThanOrEqual(MAX_PATTERN_LENGTH);
});

test('a pattern is measured with the longest ARNs that roles can have', () => {
  const pattern = { account: [{ Ref: 'AWS::AccountId' }], arn: [{ 'Fn::GetAtt': ['InspectRole', 'Arn'] }] };
  const arn = `arn:aws-us-gov:iam::123456789012:role/${'x'.repeat(64)}`;

  expect(longestPattern(pattern)).toBe(JSON.stringify({ account: [account], arn: [arn] }).length);
});

test('names that do not fit into one pattern are spread over several, each name in one of them', () => {
  const names = Array.from({ length: 120 }, (_, index) => `ModifySomethingOrOther${index}`);
  const rules = eventRules(names);
  const patterns = Object.entries(rules)
    .filter(([id]) => id !== 'StateChangeRule')
    .map(([, rule]) => patternOf(rule));

  expect(patterns.flatMap(({ detail }) => (detail as Event).eventName)).toEqual(names);
  expect(Object.keys(rules)).toEqual(['StateChangeRule', 'ApiCallRule1', 'ApiCallRule2', 'ApiCallRule3']);
  for (const rule of Object.values(rules))
    expect(longestPattern(rule.Properties.EventPattern)).toBeLessThanOrEqual(2048);
});
