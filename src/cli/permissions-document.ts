import { operationsOf } from '../domain/action.ts';
import { needsByKey, needsToAct } from '../domain/bind.ts';
import { distinct } from '../domain/instance.ts';
import { needsOf } from '../domain/judge.ts';
import { allNeeds, type Need, needSources, readsFor } from '../domain/needs.ts';
import { SELF_TEST_SOURCE } from '../domain/notice.ts';
import { iamActionOf, type Operation } from '../domain/operations.ts';
import { type BoundPolicy, isDrainPolicy } from '../domain/policy.ts';
import type { BoundSafety } from '../domain/safety.ts';
import {
  arnOf,
  type Grant,
  ownArn,
  policyDocument,
  type RoleStatement,
  withPlaceholders,
} from '../stack/cloudformation.ts';
import { mayStartEncrypted, permissions, reasonFor } from '../stack/roles.ts';
import type { Settings } from '../stack/settings.ts';
import { putBackBy } from './put-back.ts';
import type { IamPolicy, PermissionsDocument, ReadDocument, StepDocument } from './report/document.ts';

/** What a deployment of these policies may do, and what the commands need that read a live account. */
export function permissionsDocument(
  policies: readonly BoundPolicy[],
  settings: Settings,
  safety?: BoundSafety,
): PermissionsDocument {
  const roles = Object.entries(permissions(policies, settings, safety));
  const statements = roles.flatMap(([, ofRole]) => ofRole);
  const ifOn = Object.values(permissions(policies, { ...settings, enforcement: 'on' }, safety)).flat();
  const looking = policies.filter((policy) => !isDrainPolicy(policy));
  const reads = readsFor([...needsOf(looking), ...needsToAct(looking, safety)]);
  return {
    version: 1,
    policies: policies.map(({ name }) => name),
    actions: distinct(policies.flatMap((policy) => policy.actions.map(({ id }) => id))),
    ec2Changes: ec2Changes(allowedBy(statements)),
    ec2ChangesIfOn: ec2Changes(allowedBy(ifOn)),
    roles: Object.fromEntries(roles.map(([role, ofRole]) => [role, iamPolicy(ofRole)])),
    steps: policies.flatMap((policy) => stepsOf(policy, settings)),
    why: Object.fromEntries(statements.map(({ Sid }) => [Sid, reasonFor(Sid)])),
    reads: reads.map((action) => ({ action, neededBy: neededBy(action, looking, safety) })),
    commands: {
      scan: mayRead(readsFor(needsOf(policies))),
      snapshot: mayRecord,
      findings: mayReadFindings,
      explain: mayReadFindings,
      exempt: mayReadFindings,
      pause: mayChangeTable(['dynamodb:BatchGetItem', 'dynamodb:PutItem']),
      resume: mayChangeTable(['dynamodb:BatchGetItem', 'dynamodb:PutItem', 'dynamodb:Scan']),
      promote: mayChangeTable(['dynamodb:BatchGetItem', 'dynamodb:PutItem', 'dynamodb:Scan']),
      undo: mayPutBack(policies),
      drain: mayRehearse(policies),
    },
  };
}

function allowedBy(statements: readonly RoleStatement[]): readonly string[] {
  return statements.filter(({ Effect }) => Effect === 'Allow').flatMap(({ Action }) => Action);
}

function stepsOf({ name, mode, boundSteps }: BoundPolicy, { enforcement }: Settings): readonly StepDocument[] {
  const onlyWould =
    mode !== 'enforce' ? 'the policy observes' : enforcement === 'on' ? undefined : 'enforcement is off';
  return boundSteps.map(({ step }) => ({
    policy: name,
    step: step.id,
    actions: (step.operations as readonly Operation[]).map(iamActionOf),
    undoActions: step.undoOperations.map(iamActionOf),
    ...(onlyWould === undefined ? {} : { onlyWould }),
  }));
}

/** Which actions may change something in EC2: all of EC2's that are no reads of ours, so that none is overlooked. */
export function ec2Changes(actions: readonly string[]): readonly string[] {
  const reads: readonly string[] = readsFor(allNeeds);
  const changes = actions.filter((action) => /^(ec2:|\*)/.test(action) && !reads.includes(action));
  return [...new Set(changes)].sort();
}

/** Empty for DescribeInstances: it collects no need, and every look begins with it. */
function neededBy(
  action: Operation,
  policies: readonly BoundPolicy[],
  safety: BoundSafety | undefined,
): ReadDocument['neededBy'] {
  return policies.flatMap((policy) =>
    [...needsByKey(policy), { by: 'actions' as const, needs: needsToAct([policy], safety) }].flatMap(
      ({ by, needs }) => {
        const collected = distinct(needs.filter((need) => isReadBy(need, action)));
        return collected.length === 0 ? [] : [{ policy: policy.name, rule: policy.rule, by, needs: collected }];
      },
    ),
  );
}

function isReadBy(need: Need, action: Operation): boolean {
  const reads: readonly Operation[] = needSources[need].reads;
  return reads.includes(action);
}

/** In every Region that the person reads. */
function mayRead(operations: readonly Operation[]): IamPolicy {
  return iamPolicy([{ Sid: 'Read', Effect: 'Allow', Action: operations, Resource: '*' }]);
}

/** Reads of `--with-attributes` alone stand in a statement of their own. */
const ofAttributes: readonly Operation[] = needSources.protection.reads;

const mayRecord: IamPolicy = iamPolicy([
  {
    Sid: 'Read',
    Effect: 'Allow',
    Action: readsFor(allNeeds).filter((read) => !ofAttributes.includes(read)),
    Resource: '*',
  },
  { Sid: 'ReadAttributes', Effect: 'Allow', Action: ofAttributes, Resource: '*' },
]);

/** The table of a deployment, and its name by the stage. */
function ofTable(sid: string, operations: readonly Operation[]): readonly Grant[] {
  return [
    { Sid: 'FindTable', Effect: 'Allow', Action: ['dynamodb:ListTables'] satisfies Operation[], Resource: '*' },
    { Sid: sid, Effect: 'Allow', Action: operations, Resource: arnOf('FindingsTable') },
  ];
}

const mayReadFindings: IamPolicy = iamPolicy(ofTable('Read', ['dynamodb:Scan']));

function mayChangeTable(operations: readonly Operation[]): IamPolicy {
  return iamPolicy(ofTable('Change', operations));
}

/** What the actions of these policies may have done, put back by a person. */
function mayPutBack(policies: readonly BoundPolicy[]): IamPolicy {
  const done = policies.flatMap(({ boundActions }) =>
    boundActions.flatMap(({ action, parameters }) => operationsOf(action, parameters)),
  );
  const operations = [...distinct(done.flatMap((operation) => putBackBy[operation]))].sort();
  return iamPolicy([
    ...ofTable('Change', ['dynamodb:BatchGetItem', 'dynamodb:PutItem', 'dynamodb:Scan']),
    ...(operations.length === 0
      ? []
      : [{ Sid: 'PutBack', Effect: 'Allow', Action: operations, Resource: '*' } satisfies Grant]),
    ...(operations.includes('ec2:StartInstances') ? [mayStartEncrypted] : []),
  ]);
}

/** What `drain` reads, sends and, of what the steps of these policies did, puts back. */
function mayRehearse(policies: readonly BoundPolicy[]): IamPolicy {
  const putBack = distinct(policies.flatMap(({ boundSteps }) => boundSteps.flatMap(({ step }) => step.undoOperations)));
  const looked: readonly Operation[] = putBack.includes('ecs:UpdateContainerInstancesState')
    ? ['ecs:DescribeContainerInstances']
    : [];
  return iamPolicy([
    ...ofTable('Change', ['dynamodb:BatchGetItem', 'dynamodb:PutItem', 'dynamodb:Scan']),
    { Sid: 'Read', Effect: 'Allow', Action: ['ec2:DescribeInstances', ...looked], Resource: '*' },
    {
      Sid: 'Rehearse',
      Effect: 'Allow',
      Action: ['events:PutEvents'],
      Resource: ownArn('events', 'event-bus/default'),
      Condition: { StringEquals: { 'events:source': SELF_TEST_SOURCE } },
    },
    ...(putBack.length === 0
      ? []
      : [{ Sid: 'PutBack', Effect: 'Allow', Action: putBack.map(iamActionOf).sort(), Resource: '*' } satisfies Grant]),
  ]);
}

function iamPolicy(statements: readonly RoleStatement[]): IamPolicy {
  return {
    ...policyDocument(statements),
    Statement: statements.map(({ Sid, Effect, Action, Resource, Condition }) => ({
      Sid,
      Effect,
      Action,
      Resource: withPlaceholders(Resource),
      ...(Condition === undefined ? {} : { Condition: withPlaceholders(Condition) }),
    })),
  };
}
