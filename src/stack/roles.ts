import { operationsOf } from '../domain/action.ts';
import { needsToAct } from '../domain/bind.ts';
import type { DrainNeed } from '../domain/drain-facts.ts';
import { asksTargetIndex, drainReadsFor, targetIndexReads } from '../domain/drain-reads.ts';
import type { StepOperation } from '../domain/drain-step.ts';
import { groupedBy } from '../domain/grouped.ts';
import type { Json } from '../domain/json.ts';
import { needsOf } from '../domain/judge.ts';
import { readsFor } from '../domain/needs.ts';
import { type ChangingOperation, iamActionOf, type Operation } from '../domain/operations.ts';
import { type BoundPolicy, type BoundStep, isDrainPolicy, waitsForTime } from '../domain/policy.ts';
import type { BoundSafety } from '../domain/safety.ts';
import { DUE_INDEX } from '../domain/table.ts';
import {
  arnOf,
  type Grant,
  joined,
  ownArn,
  policyDocument,
  type Resource,
  type Resources,
  ref,
  type Statement,
} from './cloudformation.ts';
import { type Refusal, sparingProtected } from './protected.ts';
import type { Settings } from './settings.ts';
import { alertsTopicArn } from './topics.ts';

/** Logical ids of the roles of functions that may change EC2 or look at it all. What they do there is dropped where events come in: λ drain changes nothing in EC2. */
export const ownRoles = ['InspectRole', 'SweepRole'] as const;

/** Why a function may do something or may not, by the statement's Sid: a statement without a reason does not compile. */
const reasons = {
  Read: 'Looks at instances and at what the policies need to know of them, wherever in the Region that is.',
  TagSnapshots: 'Tags snapshots in the call that takes them, so that a person finds them, and nothing else.',
  Enforce: 'Does what policies of mode enforce say, on resources of this account and Region, and calls nothing else.',
  DrainBalancers:
    'Takes instances that EC2 takes away out of target groups and load balancers, and puts back what runs on after all.',
  DrainContainers: 'Has ECS move its tasks away from such instances.',
  DrainGroups: 'Has Auto Scaling replace such instances, and go on that waits for a drain.',
  DrainCommands: 'Runs the documents that the policies name, on instances of this account and Region.',
  DrainEvents: 'Tells your own automation, on the buses that the policies name.',
  KeepDrains: "Keeps what became of drains, and what they may still read, in the deployment's own table.",
  GoOn: 'Goes on with a drain later, until its time is up.',
  StartEncrypted:
    'EC2 opens encrypted volumes of an instance that is started in the name of whoever starts it: without that the call is taken, and the instance stops again.',
  SpareProtected:
    'Refuses to touch what enforcement.yml protects, as far as IAM can say it: whatever else the role or the code allows.',
  FindDue: 'Finds what is due because time has passed: actions after their grace, and reminders.',
  KeepFindings: "Keeps findings, and alerts until they are sent, in the deployment's own table.",
  Alert: 'Sends alerts, and what the guardrail says of itself, to topics.',
  EncryptAlerts: "Publishing to an encrypted topic takes a data key in the publisher's own name, by way of SNS alone.",
  LookAgainLater: 'Looks again later at what could not be judged, and hands over large groups in parts.',
  HandOver: 'Hands over all instances in parts.',
  KeepFailedRuns: "Lambda sends what it knows of a failed run, in the function's name.",
  ReceiveWork: "Lambda takes messages off the queues for the function, in the function's name.",
  TellFindings: 'Tells findings as events, to whoever listens on the default bus.',
  Log: "Writes the function's log; the group belongs to the stack, so that none is created.",
} as const;

type OwnGrant = Grant & { readonly Sid: Exclude<keyof typeof reasons, 'SpareProtected'> };
type OwnStatement = OwnGrant | Refusal;

/** Why the statement with this Sid is there. */
export function reasonFor(sid: OwnStatement['Sid']): string {
  return reasons[sid.replace(/\d+$/, '') as keyof typeof reasons];
}

/** One role a function, with what its function may do and nothing else. */
export function roles(policies: readonly BoundPolicy[], settings: Settings, safety?: BoundSafety): Resources {
  const byRole = Object.entries(permissions(policies, settings, safety));
  return Object.fromEntries(byRole.map(([id, statements]) => [id, role(statements)]));
}

type Permissions = Readonly<Record<(typeof ownRoles)[number], readonly OwnStatement[]>> & {
  /** Only where a policy drains. */
  readonly DrainRole?: readonly OwnStatement[];
};

/** What each role may do: what the policies in use make its function call. */
export function permissions(policies: readonly BoundPolicy[], settings: Settings, safety?: BoundSafety): Permissions {
  const looking = policies.filter((policy) => !isDrainPolicy(policy));
  const draining = policies.filter(isDrainPolicy);
  const changing = operationsInUse(looking, settings);
  const keepsIndex = asksTargetIndex(draining);
  return {
    InspectRole: [
      mayRead(readsFor([...needsOf(looking), ...needsToAct(looking, safety)])),
      ...mayChange(changing),
      ...sparingProtected(safety ?? {}, changing.filter(isOnInstances)),
      mayKeepFindings(['dynamodb:BatchGetItem', 'dynamodb:PutItem', 'dynamodb:Scan', 'dynamodb:UpdateItem']),
      ...(looking.some(waitsForTime) ? [mayFindDue] : []),
      mayPublish([alertsTopicArn(settings), ref('OperationsTopic')]),
      mayEncrypt(settings),
      maySend('LookAgainLater', ['LiveQueue', 'BulkQueue']),
      mayReceive(['LiveQueue', 'BulkQueue']),
      mayPutEvents,
      mayLog(settings, 'inspect'),
    ],
    SweepRole: [
      mayRead([...readsFor([]), ...(keepsIndex ? targetIndexReads : [])]),
      mayKeepFindings([
        ...(['dynamodb:BatchGetItem', 'dynamodb:PutItem', 'dynamodb:Scan'] as const),
        // What is taken of ELB's budget of calls.
        ...(keepsIndex ? ['dynamodb:UpdateItem' as const] : []),
      ]),
      mayPublish([alertsTopicArn(settings), ref('OperationsTopic')]),
      mayEncrypt(settings),
      maySend('HandOver', ['BulkQueue']),
      maySend('KeepFailedRuns', ['UndeliveredQueue']),
      mayLog(settings, 'sweep'),
    ],
    ...(draining.length === 0 ? {} : { DrainRole: drainGrants(draining, settings) }),
  };
}

function drainGrants(policies: readonly BoundPolicy[], settings: Settings): readonly OwnGrant[] {
  // Of the Auto Scaling group always: its tags count as the instance's.
  const needs = new Set<DrainNeed>([
    'group',
    ...policies.flatMap(({ boundSteps }) => boundSteps.flatMap(({ step }) => step.needs)),
  ]);
  return [
    mayRead([...new Set([...readsFor(needsOf(policies)), ...drainReadsFor(needs)])].sort()),
    ...mayDrain(policies, settings),
    {
      Sid: 'KeepDrains',
      Effect: 'Allow',
      Action: ['dynamodb:BatchGetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'] satisfies Operation[],
      Resource: arnOf('FindingsTable'),
    },
    mayPublish([alertsTopicArn(settings)]),
    mayEncrypt(settings),
    maySend('GoOn', ['DrainQueue']),
    mayReceive(['DrainQueue']),
    mayLog(settings, 'drain'),
  ];
}

function role(statements: readonly Statement[]): Resource {
  const lambda: Statement = {
    Sid: 'Lambda',
    Effect: 'Allow',
    Principal: { Service: 'lambda.amazonaws.com' },
    Action: 'sts:AssumeRole',
  };
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: policyDocument([lambda]),
      Policies: [{ PolicyName: 'own', PolicyDocument: policyDocument(statements) }],
    },
  };
}

/** What the policies that enforce may call, sorted; nothing where enforcement is off. */
export function operationsInUse(
  policies: readonly BoundPolicy[],
  { enforcement }: Settings,
): readonly ChangingOperation[] {
  if (enforcement !== 'on') return [];
  const enforcing = policies.filter(({ mode }) => mode === 'enforce');
  const operations = enforcing.flatMap(({ boundActions }) =>
    boundActions.flatMap(({ action, parameters }) => operationsOf(action, parameters)),
  );
  return [...new Set(operations)].sort();
}

/**
 * Types of resources that each operation is authorised on.
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
 */
const changedBy = {
  'ec2:RevokeSecurityGroupIngress': ['security-group', 'security-group-rule'],
  'ec2:AuthorizeSecurityGroupIngress': ['security-group', 'security-group-rule'],
  'ec2:StopInstances': ['instance'],
  'ec2:StartInstances': ['instance'],
  'ec2:TerminateInstances': ['instance'],
  'ec2:ModifyInstanceAttribute': ['instance'],
  'ec2:ModifyNetworkInterfaceAttribute': ['network-interface', 'security-group', 'instance'],
  'ec2:CreateSnapshots': ['instance', 'snapshot', 'volume'],
  'ec2:CreateTags': ['instance'],
  'ec2:DeleteTags': ['instance'],
} as const satisfies Record<ChangingOperation, readonly string[]>;

function isOnInstances(operation: ChangingOperation): boolean {
  const types: readonly string[] = changedBy[operation];
  return types.includes('instance');
}

function mayChange(operations: readonly ChangingOperation[]): readonly OwnGrant[] {
  if (operations.length === 0) return [];
  const types = [...new Set(operations.flatMap((operation): readonly string[] => changedBy[operation]))].sort();
  const Resource = types.map((type) => (type === 'snapshot' ? snapshots : ownArn('ec2', `${type}/*`)));
  return [
    { Sid: 'Enforce', Effect: 'Allow', Action: operations, Resource },
    ...(operations.includes('ec2:CreateSnapshots') ? [mayTagSnapshots] : []),
    ...(operations.includes('ec2:StartInstances') ? [mayStartEncrypted] : []),
  ];
}

/**
 * What starting instances needs where their volumes are encrypted with a key of the account: EC2 alone is granted its use.
 * @see https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html
 */
export const mayStartEncrypted: OwnGrant = {
  Sid: 'StartEncrypted',
  Effect: 'Allow',
  Action: ['kms:CreateGrant'],
  Resource: ownArn('kms', 'key/*'),
  Condition: {
    Bool: { 'kms:GrantIsForAWSResource': true },
    StringEquals: { 'kms:ViaService': joined('.', ['ec2', ref('AWS::Region'), ref('AWS::URLSuffix')]) },
  },
};

/**
 * The ARN of a snapshot names no account.
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
 */
const snapshots = joined(':', ['arn', ref('AWS::Partition'), 'ec2', ref('AWS::Region'), '', 'snapshot/*']);

/** @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html */
const mayTagSnapshots: OwnGrant = {
  Sid: 'TagSnapshots',
  Effect: 'Allow',
  Action: ['ec2:CreateTags'] satisfies Operation[],
  Resource: snapshots,
  Condition: { StringEquals: { 'ec2:CreateAction': 'CreateSnapshots' } },
};

type Scoped = { readonly Sid: OwnGrant['Sid']; readonly on: (parameters: Json) => readonly Json[] };

const targets: Scoped = {
  Sid: 'DrainBalancers',
  on: () => [ownArn('elasticloadbalancing', 'targetgroup/*')],
};
const balancers: Scoped = { Sid: 'DrainBalancers', on: () => [ownArn('elasticloadbalancing', 'loadbalancer/*')] };
const groups: Scoped = {
  Sid: 'DrainGroups',
  on: () => [ownArn('autoscaling', 'autoScalingGroup:*:autoScalingGroupName/*')],
};

/**
 * What each operation of a drain is authorised on: of this account and Region, and by name where the policy names it.
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_awselasticloadbalancingv2.html
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2autoscaling.html
 */
const drainedBy: Readonly<Record<StepOperation, Scoped>> = {
  'elbv2:DeregisterTargets': targets,
  'elbv2:RegisterTargets': targets,
  'elb:DeregisterInstancesFromLoadBalancer': balancers,
  'elb:RegisterInstancesWithLoadBalancer': balancers,
  'ecs:UpdateContainerInstancesState': { Sid: 'DrainContainers', on: () => [ownArn('ecs', 'container-instance/*')] },
  'autoscaling:DetachInstances': groups,
  'autoscaling:CompleteLifecycleAction': groups,
  'ssm:SendCommand': {
    Sid: 'DrainCommands',
    on: (parameters) => [ownArn('ec2', 'instance/*'), documentOf(textIn(parameters, 'document'))],
  },
  'events:PutEvents': { Sid: 'DrainEvents', on: (parameters) => [busOf(textIn(parameters, 'bus'))] },
};

/** A document by its ARN or name. Names that begin with AWS or Amazon are kept for those of AWS, which have no account. */
function documentOf(name: string): Json {
  if (name.startsWith('arn:')) return name;
  if (/^(?:aws|amazon)/i.test(name))
    return joined(':', ['arn', ref('AWS::Partition'), 'ssm', ref('AWS::Region'), '', `document/${name}`]);
  return ownArn('ssm', `document/${name}`);
}

function busOf(name: string): Json {
  return name.startsWith('arn:') ? name : ownArn('events', `event-bus/${name}`);
}

/** @throws Error where it is missing: a permission on everything would be the alternative. */
function textIn(parameters: Json, key: string): string {
  const value =
    typeof parameters === 'object' && parameters !== null
      ? (parameters as { readonly [key: string]: Json })[key]
      : undefined;
  if (typeof value !== 'string') throw new Error(`a step that names no ${key} can't be permitted`);
  return value;
}

/** The calls of the steps of policies that enforce, and those that put them back; none where enforcement is off. */
function mayDrain(policies: readonly BoundPolicy[], { enforcement }: Settings): readonly OwnGrant[] {
  if (enforcement !== 'on') return [];
  const steps = policies.filter(({ mode }) => mode === 'enforce').flatMap(({ boundSteps }) => boundSteps);
  return [...groupedBy(steps.flatMap(callsOf), ({ Sid }) => Sid).values()].map((calls) => {
    const [{ Sid }] = calls;
    const Action = [...new Set(calls.map(({ operation }) => iamActionOf(operation)))].sort();
    const resources = new Map(calls.flatMap(({ on }) => on.map((one) => [JSON.stringify(one), one])));
    return { Sid, Effect: 'Allow', Action, Resource: [...resources.values()] };
  });
}

function callsOf({ step, parameters }: BoundStep) {
  const operations: readonly StepOperation[] = [...step.operations, ...step.undoOperations];
  return operations.map((operation) => {
    const { Sid, on } = drainedBy[operation];
    return { operation, Sid, on: on(parameters) };
  });
}

const mayFindDue: OwnGrant = {
  Sid: 'FindDue',
  Effect: 'Allow',
  Action: ['dynamodb:Query'] satisfies Operation[],
  Resource: joined('/', [arnOf('FindingsTable'), 'index', DUE_INDEX]),
};

function mayRead(operations: readonly Operation[]): OwnGrant {
  return {
    Sid: 'Read',
    Effect: 'Allow',
    Action: [...new Set(operations.map(iamActionOf))].sort(),
    Resource: '*',
    Condition: { StringEquals: { 'aws:RequestedRegion': ref('AWS::Region') } },
  };
}

function mayKeepFindings(operations: readonly Operation[]): OwnGrant {
  return { Sid: 'KeepFindings', Effect: 'Allow', Action: operations, Resource: arnOf('FindingsTable') };
}

function mayPublish(topics: readonly Json[]): OwnGrant {
  return { Sid: 'Alert', Effect: 'Allow', Action: ['sns:Publish'] satisfies Operation[], Resource: topics };
}

function mayEncrypt({ alertTopicKeyArn }: Settings): OwnGrant {
  return {
    Sid: 'EncryptAlerts',
    Effect: 'Allow',
    Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
    Resource: [arnOf('TopicKey'), ...(alertTopicKeyArn === undefined ? [] : [alertTopicKeyArn])],
    Condition: {
      StringEquals: { 'kms:ViaService': joined('.', ['sns', ref('AWS::Region'), ref('AWS::URLSuffix')]) },
    },
  };
}

function maySend(sid: OwnGrant['Sid'], queues: readonly string[]): OwnGrant {
  return {
    Sid: sid,
    Effect: 'Allow',
    Action: ['sqs:SendMessage'] satisfies Operation[],
    Resource: queues.map(arnOf),
  };
}

function mayReceive(queues: readonly string[]): OwnGrant {
  return {
    Sid: 'ReceiveWork',
    Effect: 'Allow',
    Action: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
    Resource: queues.map(arnOf),
  };
}

const mayPutEvents: OwnGrant = {
  Sid: 'TellFindings',
  Effect: 'Allow',
  Action: ['events:PutEvents'] satisfies Operation[],
  Resource: ownArn('events', 'event-bus/default'),
};

function mayLog(settings: Settings, functionName: string): OwnGrant {
  return {
    Sid: 'Log',
    Effect: 'Allow',
    Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    Resource: ownArn('logs', `log-group:/aws/lambda/${settings.name}-${functionName}:*`),
  };
}
