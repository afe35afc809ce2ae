import { allNeeds, eventsThatChange } from '../../src/domain/needs.ts';
import { normalise } from '../../src/events/normalise.ts';
import { noticesIn } from '../../src/events/notices.ts';
import type { Mutations } from '../../src/sandbox/mutations.ts';
import type { Resources } from '../../src/stack/cloudformation.ts';
import { drainRules, eventRules, MAX_PATTERN_LENGTH } from '../../src/stack/event-rules.ts';
import { accountId, deployed } from './support/deployment.ts';
import { deployedPatterns, type Patterns } from './support/event-patterns.ts';
import { describeMatching, rulesMatching } from './support/event-ruler.ts';
import {
  apiCall,
  eventOf,
  fixtures,
  identities,
  ownRoles,
  regionOfFixtures,
  sandboxEvents,
  sessionOf,
  stateChange,
} from './support/sample-events.ts';

/** The rules that an event matches. */
type Rules = readonly string[];

const stateChangeRule: Rules = ['StateChangeRule'];
const apiCallRule: Rules = ['ApiCallRule1'];
const noRule: Rules = [];

/** Calls after which a verdict of the deployed policies may be different. */
const deployedCalls = [
  'AttachNetworkInterface',
  'AttachVolume',
  'AuthorizeSecurityGroupIngress',
  'CreateReplaceRootVolumeTask',
  'CreateTags',
  'DeleteTags',
  'DetachVolume',
  'ModifyInstanceAttribute',
  'ModifyManagedPrefixList',
  'ModifyNetworkInterfaceAttribute',
  'ModifySecurityGroupRules',
  'RestoreManagedPrefixListVersion',
  'RevokeSecurityGroupIngress',
  'RunInstances',
];

/** Calls that policies with other needs would listen to, too. */
const otherCalls = [
  'AssociateAddress',
  'AssociateIamInstanceProfile',
  'DisassociateAddress',
  'DisassociateIamInstanceProfile',
  'ModifyInstanceCapacityReservationAttributes',
  'ModifyInstanceMetadataOptions',
  'MonitorInstances',
  'ReplaceIamInstanceProfileAssociation',
  'UnmonitorInstances',
];

const callers = Object.entries(identities).map(([who, userIdentity]) => ({
  who,
  calls: [...deployedCalls, ...otherCalls].map((name) => ({ name, event: apiCall(name, { userIdentity }) })),
}));

const changesOfState = ['running', 'stopping', 'stopped', 'shutting-down', 'terminated', 'not-yet-heard-of'].map(
  (state) => ({ state, event: stateChange(state) }),
);

const instance = { 'instance-id': 'i-0123456789abcdef0' };

const nearMisses = Object.entries({
  'a pending instance, since nothing is settled': stateChange('pending'),
  'a change of state that names none': eventOf('aws.ec2', 'EC2 Instance State-change Notification', instance),
  "another account's change of state": stateChange('running', { account: '210987654321' }),
  'a change of state that somebody made up': stateChange('running', { source: 'my.ec2' }),
  'a change of state of another service': stateChange('running', { source: 'aws.autoscaling' }),
  "another account's call": apiCall('CreateTags', {}, { account: '210987654321' }),
  'a call that somebody made up': apiCall('CreateTags', {}, { source: 'my.ec2' }),
  'a call that EC2 refused': apiCall('CreateTags', { errorCode: 'Client.UnauthorizedOperation' }),
  'a call at which EC2 failed': apiCall('AttachVolume', { errorCode: 'Server.InternalError' }),
  'a dry run': apiCall('RunInstances', { errorCode: 'Client.DryRunOperation' }),
  'a call that only reads': apiCall('DescribeInstances', { readOnly: true }),
  'a call that changes nothing anybody asks about': apiCall('CreateVpc'),
  'a call whose name begins like one that is needed': apiCall('CreateTagsOfEverything'),
  'a call whose name is in small letters': apiCall('createtags'),
  'a start, which is a change of state': apiCall('StartInstances'),
  'a stop, which is a change of state': apiCall('StopInstances'),
  'a termination, which is a change of state': apiCall('TerminateInstances'),
  'a call by InspectRole': apiCall('CreateTags', { userIdentity: sessionOf({ arn: ownRoles.InspectRole }) }),
  'a call by SweepRole': apiCall('CreateTags', { userIdentity: sessionOf({ arn: ownRoles.SweepRole }) }),
  'a call of another service by the same name': apiCall('CreateTags', { eventSource: 'tagging.amazonaws.com' }),
  'a call of S3': apiCall('CreateBucket', { eventSource: 's3.amazonaws.com' }, { source: 'aws.s3' }),
  'what a service did by itself': apiCall('RunInstances', {}, { 'detail-type': 'AWS Service Event via CloudTrail' }),
  'a launch of Auto Scaling': eventOf('aws.autoscaling', 'EC2 Instance Launch Successful', instance),
  'a Spot interruption': eventOf('aws.ec2', 'EC2 Spot Instance Interruption Warning', instance),
  'a rebalance recommendation': eventOf('aws.ec2', 'EC2 Instance Rebalance Recommendation', instance),
  'a volume that was attached': eventOf('aws.ec2', 'EBS Volume Notification', { event: 'attachVolume' }),
  'an image': eventOf('aws.ec2', 'EC2 AMI State Change', { State: 'available' }),
  'news of AWS Health': eventOf('aws.health', 'AWS Health Event', { service: 'EC2' }),
  'an event of a schedule': eventOf('aws.events', 'Scheduled Event', {}),
  'a finding of the guardrail': eventOf('ec2-guardrail', 'EC2 Guardrail Finding', { state: 'open' }),
});

const ends = 'EC2 Instance-terminate Lifecycle Action';
const ended = { EC2InstanceId: 'i-0123456789abcdef0', LifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING' };
const interrupted = { ...instance, 'instance-action': 'terminate' };
const retired = {
  service: 'EC2',
  eventTypeCategory: 'scheduledChange',
  affectedEntities: [{ entityValue: 'i-0123456789abcdef0' }],
};
const warning = 'EC2 Spot Instance Interruption Warning';
const selfTest = 'ec2-guardrail.selftest';

/** What announces an end, or nearly, and the rules of a stack that drains which it matches. */
const announcements: readonly (readonly [string, object, Rules])[] = [
  ['a Spot interruption', eventOf('aws.ec2', warning, interrupted), ['NoticeRule']],
  ['a rehearsal of one', eventOf(selfTest, warning, interrupted), ['NoticeRule']],
  ["another account's rehearsal", eventOf(selfTest, warning, interrupted, { account: '210987654321' }), noRule],
  ["another account's interruption", eventOf('aws.ec2', warning, interrupted, { account: '210987654321' }), noRule],
  ['an interruption that somebody made up', eventOf('my.ec2', warning, interrupted), noRule],
  ['a rebalance recommendation', eventOf('aws.ec2', 'EC2 Instance Rebalance Recommendation', instance), ['NoticeRule']],
  [
    'a reservation that ends',
    eventOf('aws.ec2', 'EC2 Capacity Reservation Instance Interruption Warning', interrupted),
    ['NoticeRule'],
  ],
  ['an end in a group', eventOf('aws.autoscaling', ends, ended), ['LifecycleRule']],
  ['an end that says so', eventOf('aws.autoscaling', ends, { ...ended, Destination: 'EC2' }), ['LifecycleRule']],
  ['a way to the warm pool', eventOf('aws.autoscaling', ends, { ...ended, Destination: 'WarmPool' }), noRule],
  ['a launch in a group', eventOf('aws.autoscaling', 'EC2 Instance-launch Lifecycle Action', ended), noRule],
  ...['running', 'stopping', 'stopped', 'shutting-down', 'terminated'].map(
    (state) => [state, stateChange(state), ['EndRule']] as const,
  ),
  ['pending', stateChange('pending'), noRule],
  ['a retirement', eventOf('aws.health', 'AWS Health Event', retired), ['HealthRule']],
  ['an issue of EC2', eventOf('aws.health', 'AWS Health Event', { ...retired, eventTypeCategory: 'issue' }), noRule],
  ['a change of RDS', eventOf('aws.health', 'AWS Health Event', { ...retired, service: 'RDS' }), noRule],
  ['a call', apiCall('CreateTags'), noRule],
];

const recorded = fixtures();

const rulesOfFixtures: Readonly<Record<string, Rules>> = {
  'authorize-flat.json': apiCallRule,
  'authorize-items.json': apiCallRule,
  'create-tags.json': apiCallRule,
  'dry-run.json': noRule,
  'failed.json': noRule,
  'modify-security-group-rules.json': apiCallRule,
  'other-account.json': noRule,
  'other-region.json': apiCallRule,
  'own-role.json': noRule,
  'pending.json': noRule,
  'run-instances-auto-scaling.json': apiCallRule,
  'run-instances-cloudformation.json': apiCallRule,
  'run-instances-iam-user.json': apiCallRule,
  'run-instances-role-session.json': apiCallRule,
  'run-instances-root.json': apiCallRule,
  'running.json': stateChangeRule,
  'stopped.json': stateChangeRule,
  'unrelated-call.json': noRule,
};

const mutations = sandboxEvents();

/** In the order of events, by the new state or the call's name. */
const rulesOfMutations: Readonly<Record<keyof Mutations, readonly (readonly [string, Rules])[]>> = {
  launch: [
    ['pending', noRule],
    ['running', stateChangeRule],
    ['RunInstances', apiCallRule],
  ],
  setTags: [
    ['CreateTags', apiCallRule],
    ['DeleteTags', apiCallRule],
  ],
  setState: [
    ['stopping', stateChangeRule],
    ['stopped', stateChangeRule],
    ['StopInstances', noRule],
    ['pending', noRule],
    ['running', stateChangeRule],
    ['StartInstances', noRule],
  ],
  authorizeIngress: [['AuthorizeSecurityGroupIngress', apiCallRule]],
  revokeIngress: [['RevokeSecurityGroupIngress', apiCallRule]],
  replaceVolume: [
    ['DetachVolume', apiCallRule],
    ['AttachVolume', apiCallRule],
  ],
  terminate: [
    ['shutting-down', stateChangeRule],
    ['terminated', stateChangeRule],
    ['TerminateInstances', noRule],
  ],
  takeBack: [
    ['shutting-down', stateChangeRule],
    ['terminated', stateChangeRule],
  ],
};

const events: readonly object[] = [
  ...callers.flatMap(({ calls }) => calls.map(({ event }) => event)),
  ...changesOfState.map(({ event }) => event),
  ...nearMisses.map(([, event]) => event),
  ...announcements.map(([, event]) => event),
  ...Object.values(recorded),
  ...Object.values(mutations).flat(),
];

/** Patterns of rules, with account and roles filled in. */
function patternsOf(rules: Resources): Patterns {
  return Object.fromEntries(
    Object.entries(rules).map(([id, { Properties }]) => [id, filledIn(Properties.EventPattern)]),
  );
}

function filledIn(pattern: unknown): string {
  return JSON.stringify(pattern, (_key, value) => {
    if (value?.Ref === 'AWS::AccountId') return accountId;
    const [role] = value?.['Fn::GetAtt'] ?? [];
    return role === undefined ? value : ownRoles[role as keyof typeof ownRoles];
  });
}

function rolesIn({ ApiCallRule1 = '' }: Patterns): readonly string[] {
  return ApiCallRule1.match(/arn:aws:iam:[^"]+/g) ?? [];
}

/** Whichever stack has the rules: that which is deployed, that of all needs, or one that drains. */
type Stack = 'deployed' | 'all needs' | 'drains';

describeMatching('event patterns, as AWS matches them', () => {
  let patterns: Patterns;
  let answers: ReadonlyMap<object, Rules>;

  // One run of the matcher for all events and the rules of both stacks.
  beforeAll(async () => {
    patterns = await deployedPatterns();
    const rules = {
      ...rulesOf('deployed', patterns),
      ...rulesOf('all needs', patternsOf(eventRules(eventsThatChange(allNeeds)))),
      ...rulesOf('drains', patternsOf(drainRules)),
    };
    answers = await rulesMatching(withDeployedRoles({ rules, events }), events);
  });

  function rulesOf(stack: Stack, of: Patterns): Readonly<Record<string, unknown>> {
    return Object.fromEntries(Object.entries(of).map(([id, pattern]) => [`${stack}/${id}`, JSON.parse(pattern)]));
  }

  function withDeployedRoles<T>(question: T): T {
    const [inspect = '', sweep = ''] = rolesIn(patterns);
    const text = JSON.stringify(question).replaceAll(ownRoles.InspectRole, inspect);
    return JSON.parse(text.replaceAll(ownRoles.SweepRole, sweep));
  }

  function matching(event: object | undefined, stack: Stack = 'deployed'): Rules | undefined {
    const names = event === undefined ? undefined : answers.get(event);
    return names?.filter((name) => name.startsWith(`${stack}/`)).map((name) => name.slice(stack.length + 1));
  }

  test('account and roles of the functions are filled in, and no pattern is too long for EventBridge', () => {
    const role = (id: string) => expect.stringMatching(`^arn:aws:iam::${accountId}:role/${deployed.stack}-${id}-\\w+$`);

    expect(Object.keys(patterns)).toEqual(expect.arrayContaining(['ApiCallRule1', 'StateChangeRule']));
    expect(rolesIn(patterns)).toEqual([role('InspectRole'), role('SweepRole')]);
    for (const pattern of Object.values(patterns)) {
      expect(pattern).toContain(`"${accountId}"`);
      expect(pattern.length).toBeLessThanOrEqual(MAX_PATTERN_LENGTH);
    }
  });

  test('the calls tried here are all that any policy listens to', () => {
    expect([...deployedCalls, ...otherCalls].sort()).toEqual(eventsThatChange(allNeeds));
  });

  test.each(changesOfState)('a change of state to $state matches, whatever the policies need', ({ event }) => {
    expect([matching(event), matching(event, 'all needs')]).toEqual([stateChangeRule, stateChangeRule]);
  });

  describe.each(callers)('by $who', ({ calls }) => {
    test('every call matches that the deployed policies listen to, and no other', () => {
      expect(Object.fromEntries(calls.map(({ name, event }) => [name, matching(event)]))).toEqual({
        ...Object.fromEntries(deployedCalls.map((name) => [name, apiCallRule])),
        ...Object.fromEntries(otherCalls.map((name) => [name, noRule])),
      });
    });

    test('every call matches one rule of a stack whose policies need everything', () => {
      for (const { name, event } of calls) expect([name, matching(event, 'all needs')]).toEqual([name, apiCallRule]);
    });
  });

  test.each(nearMisses)('no rule matches %s', (_, event) => {
    expect([matching(event), matching(event, 'all needs')]).toEqual([noRule, noRule]);
  });

  test.each(announcements)('a stack that drains is told of %s by the rules that it should', (_, event, rules) => {
    expect(matching(event, 'drains')).toEqual(rules);
  });

  test('what such a stack is told of, λ drain reads, and nothing else', () => {
    const receipt = { scope: { accountId, region: deployed.region }, receivedAt: new Date() };
    const read = announcements.filter(([, event]) => noticesIn(event, receipt).kind === 'notices');

    expect(read).toEqual(announcements.filter(([, , rules]) => rules.length > 0));
  });

  test('every recorded event matches the rule that it should', () => {
    expect(Object.fromEntries(Object.entries(recorded).map(([file, event]) => [file, matching(event)]))).toEqual(
      rulesOfFixtures,
    );
  });

  test.each(Object.entries(rulesOfMutations))('every event of %s matches the rule that it should', (name, expected) => {
    const told = mutations[name as keyof Mutations].map((event) => {
      const { eventName, state } = event.detail as { readonly eventName?: string; readonly state?: string };
      return [eventName ?? state, matching(event)];
    });

    expect(told).toEqual(expected);
  });

  test('what the functions look at matches, and what they ignore does not, but for another Region', () => {
    const scope = { accountId, region: regionOfFixtures };
    const own = { scope, roleArns: Object.values(ownRoles), relevantEvents: new Set(deployedCalls) };
    const differing = [...Object.entries(recorded), ...Object.values(mutations).flat().entries()].flatMap(
      ([which, event]) => ((normalise(event, own).kind === 'hint') === (matching(event)?.length === 1) ? [] : [which]),
    );

    // A bus has another Region's events only if somebody sends them there: patterns leave those to the functions.
    expect(differing).toEqual(['other-region.json']);
  });
});
