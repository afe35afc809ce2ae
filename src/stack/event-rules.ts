import type { Json } from '../domain/json.ts';
import { SELF_TEST_SOURCE } from '../domain/notice.ts';
import { arnOf, type Resource, type Resources, ref } from './cloudformation.ts';
import { ownRoles } from './roles.ts';

/** EventBridge's quota for a pattern, in characters. */
export const MAX_PATTERN_LENGTH = 2048;

/** The event rules that feed the live queue with these CloudTrail events. An event matches at most one of them. */
export function eventRules(eventNames: readonly string[]): Resources {
  const chunks = chunksOf(eventNames);
  const apiCalls = chunks.map((names, index): [string, Resource] => [
    `ApiCallRule${index + 1}`,
    rule('API calls after which a verdict may be different.', apiCallPattern(names)),
  ]);
  return {
    StateChangeRule: rule('State changes of instances, which need no trail.', stateChangePattern),
    ...Object.fromEntries(apiCalls),
  };
}

/** `pending` is left out: volumes and tags are not there yet, and `running` follows. */
const stateChangePattern = {
  source: ['aws.ec2'],
  'detail-type': ['EC2 Instance State-change Notification'],
  account: [ref('AWS::AccountId')],
  detail: { state: [{ 'anything-but': ['pending'] }] },
};

/**
 * Calls that succeeded, and that this guardrail did not make itself. `anything-but` alone never matches where the field is
 * absent, as it is in the records of IAM users and root: hence `exists: false` beside it.
 */
function apiCallPattern(eventNames: readonly string[]) {
  return {
    source: ['aws.ec2'],
    'detail-type': ['AWS API Call via CloudTrail'],
    account: [ref('AWS::AccountId')],
    detail: {
      eventSource: ['ec2.amazonaws.com'],
      eventName: eventNames,
      errorCode: [{ exists: false }],
      userIdentity: {
        sessionContext: { sessionIssuer: { arn: [{ exists: false }, { 'anything-but': ownRoles.map(arnOf) }] } },
      },
    },
  };
}

function rule(description: string, pattern: Json, to = target('live', arnOf('LiveQueue'))): Resource {
  return {
    Type: 'AWS::Events::Rule',
    Properties: { Description: description, State: 'ENABLED', EventPattern: pattern, Targets: [to] },
  };
}

const drainTarget = target('drain', arnOf('DrainQueue'));

/** What announces an end in two minutes is of no use after them: then it is kept as undelivered, and told. */
const hastyTarget = { ...drainTarget, RetryPolicy: { ...drainTarget.RetryPolicy, MaximumEventAgeInSeconds: 120 } };

/** The event rules that feed the drain queue: what src/events/notices.ts reads, and rehearsals of it from this account. */
export const drainRules: Resources = {
  NoticeRule: rule(
    'What EC2 announces of instances that it takes away, or may.',
    announced('aws.ec2', [
      'EC2 Spot Instance Interruption Warning',
      'EC2 Instance Rebalance Recommendation',
      'EC2 Capacity Reservation Instance Interruption Warning',
    ]),
    hastyTarget,
  ),
  LifecycleRule: rule(
    'Instances that Auto Scaling groups end, where a hook waits; not those that go to a warm pool.',
    announced('aws.autoscaling', ['EC2 Instance-terminate Lifecycle Action'], {
      Destination: [{ exists: false }, 'EC2'],
    }),
    drainTarget,
  ),
  EndRule: rule(
    'State changes by which a drain ends, or was not needed.',
    announced('aws.ec2', ['EC2 Instance State-change Notification'], {
      state: ['running', 'stopping', 'stopped', 'shutting-down', 'terminated'],
    }),
    drainTarget,
  ),
  HealthRule: rule(
    'What AWS Health announces as planned for instances.',
    announced('aws.health', ['AWS Health Event'], { service: ['EC2'], eventTypeCategory: ['scheduledChange'] }),
    drainTarget,
  ),
};

/** Of this account alone: whoever may send it events from another is no source of rehearsals either. */
function announced(source: string, types: readonly string[], detail?: Json): Json {
  return {
    source: [source, SELF_TEST_SOURCE],
    'detail-type': types,
    account: [ref('AWS::AccountId')],
    ...(detail === undefined ? {} : { detail }),
  };
}

/** Logical id of the rule by which the clock asks the guardrail to show that it works. */
export const PROBE_RULE = 'ProbeRule';

export const probeRule = clockRule(
  'probe',
  'rate(15 minutes)',
  'Asks every 15 minutes for a sign of life by way of the live queue.',
);

/** Logical id of the rule by which the clock asks for what is due. */
export const TICK_RULE = 'TickRule';

/** Every minute, since an action that is due a minute late is in time. */
export const tickRule = clockRule(
  'tick',
  'rate(1 minute)',
  'Asks every minute for what is due: actions after their grace, reminders.',
);

/**
 * The clock puts a message of our own on the live queue by a constant: between the two there is no function that could fail.
 * @param kind of `ProbeMessage` and `TickMessage` in src/engine/messages.ts.
 */
function clockRule(kind: 'probe' | 'tick', rate: string, description: string): Resource {
  return {
    Type: 'AWS::Events::Rule',
    Properties: {
      Description: description,
      State: 'ENABLED',
      ScheduleExpression: rate,
      Targets: [{ ...target(kind, arnOf('LiveQueue')), Input: JSON.stringify({ kind }) }],
    },
  };
}

/** EventBridge tries for a day, then keeps what it could not hand over. */
export function target(id: string, arn: Json) {
  return {
    Id: id,
    Arn: arn,
    RetryPolicy: { MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185 },
    DeadLetterConfig: { Arn: arnOf('UndeliveredQueue') },
  };
}

/** Logical id of the rule that serverless.yml's schedule of the sweep becomes. */
export const SWEEP_SCHEDULE = 'SweepEventsRuleSchedule1';

/** serverless.yml has no word for a schedule's dead letters: this replaces the targets of its rule. */
export const sweepSchedule = { Properties: { Targets: [target('sweep', arnOf('SweepLambdaFunction'))] } };

/** Logical id of the rule that serverless.yml's weekly schedule becomes. */
export const HEARTBEAT_SCHEDULE = 'SweepEventsRuleSchedule2';

/** What the clock says to λ sweep, which src/handlers/sweep.ts understands. */
const heartbeat = { kind: 'heartbeat' } as const;

/** As that of the sweep, and what tells the one call from the other. */
export const heartbeatSchedule = {
  Properties: {
    Targets: [{ ...target('heartbeat', arnOf('SweepLambdaFunction')), Input: JSON.stringify(heartbeat) }],
  },
};

/** As few lists of names as fit into patterns. */
function chunksOf(names: readonly string[]): readonly (readonly string[])[] {
  const chunks: string[][] = [];
  for (const name of names) {
    const last = chunks.at(-1);
    if (last !== undefined && longestPattern(apiCallPattern([...last, name])) <= MAX_PATTERN_LENGTH) last.push(name);
    else chunks.push([name]);
  }
  return chunks;
}

const LONGEST_ROLE_ARN = `arn:aws-us-gov:iam::123456789012:role/${'r'.repeat(64)}`;

/** A pattern's length in characters once CloudFormation has filled in account and role ARNs, at most. */
export function longestPattern(pattern: unknown): number {
  return JSON.stringify(pattern, (_key, value) => {
    if (value?.Ref === 'AWS::AccountId') return '123456789012';
    return value?.['Fn::GetAtt'] === undefined ? value : LONGEST_ROLE_ARN;
  }).length;
}
