import type { SQSRecord } from 'aws-lambda';
import { asError } from '../domain/errors.ts';
import type { Aws, Input, Operation, Output, Scope } from '../domain/operations.ts';
import { type Account, createAccount, type Deployed, defaultDeployment } from './account.ts';
import {
  completeLifecycleAction,
  describeAutoScalingGroups,
  describeAutoScalingInstances,
  describeLifecycleHooks,
  detachInstances,
} from './auto-scaling.ts';
import { takeFromBucket } from './buckets.ts';
import {
  authorizeSecurityGroupIngress,
  createSnapshots,
  createTags,
  deleteTags,
  modifyInstanceAttribute,
  modifyNetworkInterfaceAttribute,
  revokeSecurityGroupIngress,
  startInstances,
  stopInstances,
  terminateInstances,
} from './changes.ts';
import { batchGetItem, listTables, putItem, query, scan, updateItem } from './dynamodb.ts';
import {
  describeInstanceAttribute,
  describeInstances,
  describeInstanceTypes,
  describeNetworkInterfaces,
  describeSecurityGroupRules,
  describeSecurityGroups,
  describeSpotInstanceRequests,
  describeVolumes,
  getManagedPrefixListEntries,
} from './ec2.ts';
import {
  describeCapacityProviders,
  describeContainerInstances,
  describeServices,
  describeTasks,
  listClusters,
  listContainerInstances,
  listServices,
  listTasks,
  updateContainerInstancesState,
} from './ecs.ts';
import { putEvents } from './eventbridge.ts';
import { createFaults, errorOf, type Fault, isRejection, type PartialFailure, type Rejection } from './faults.ts';
import { listAliases } from './kms.ts';
import {
  deregisterInstancesFromLoadBalancer,
  describeInstanceHealth,
  describeLoadBalancers,
  registerInstancesWithLoadBalancer,
} from './load-balancers.ts';
import { type Mutations, mutationsOf } from './mutations.ts';
import type { Resources } from './recorded.ts';
import { type Pace, usualPace } from './serving.ts';
import { publish } from './sns.ts';
import { deleteMessage, deliver, nextDueAt, receive, sendMessage } from './sqs.ts';
import { getCommandInvocation, listCommands, sendCommand } from './ssm.ts';
import {
  deregisterTargets,
  describeTargetGroupAttributes,
  describeTargetGroups,
  describeTargetHealth,
  registerTargets,
} from './target-groups.ts';

/** An answer to every operation: one that nobody answers does not compile. */
export type Handlers = {
  readonly [O in Operation]: (input: Input<O>, account: Account, failure?: PartialFailure) => Output<O>;
};

const handlers: Handlers = {
  'ec2:DescribeInstances': describeInstances,
  'ec2:DescribeVolumes': describeVolumes,
  'ec2:DescribeSecurityGroups': describeSecurityGroups,
  'ec2:DescribeSecurityGroupRules': describeSecurityGroupRules,
  'ec2:DescribeNetworkInterfaces': describeNetworkInterfaces,
  'ec2:DescribeInstanceAttribute': describeInstanceAttribute,
  'ec2:DescribeSpotInstanceRequests': describeSpotInstanceRequests,
  'ec2:DescribeInstanceTypes': describeInstanceTypes,
  'ec2:GetManagedPrefixListEntries': getManagedPrefixListEntries,
  'ec2:RevokeSecurityGroupIngress': revokeSecurityGroupIngress,
  'ec2:AuthorizeSecurityGroupIngress': authorizeSecurityGroupIngress,
  'ec2:StopInstances': stopInstances,
  'ec2:StartInstances': startInstances,
  'ec2:TerminateInstances': terminateInstances,
  'ec2:ModifyInstanceAttribute': modifyInstanceAttribute,
  'ec2:ModifyNetworkInterfaceAttribute': modifyNetworkInterfaceAttribute,
  'ec2:CreateSnapshots': createSnapshots,
  'ec2:CreateTags': createTags,
  'ec2:DeleteTags': deleteTags,
  'kms:ListAliases': listAliases,
  'elbv2:DescribeTargetGroups': describeTargetGroups,
  'elbv2:DescribeTargetHealth': describeTargetHealth,
  'elbv2:DescribeTargetGroupAttributes': describeTargetGroupAttributes,
  'elbv2:DeregisterTargets': deregisterTargets,
  'elbv2:RegisterTargets': registerTargets,
  'elb:DescribeLoadBalancers': describeLoadBalancers,
  'elb:DescribeInstanceHealth': describeInstanceHealth,
  'elb:DeregisterInstancesFromLoadBalancer': deregisterInstancesFromLoadBalancer,
  'elb:RegisterInstancesWithLoadBalancer': registerInstancesWithLoadBalancer,
  'ecs:ListClusters': listClusters,
  'ecs:ListContainerInstances': listContainerInstances,
  'ecs:DescribeContainerInstances': describeContainerInstances,
  'ecs:DescribeCapacityProviders': describeCapacityProviders,
  'ecs:ListServices': listServices,
  'ecs:DescribeServices': describeServices,
  'ecs:ListTasks': listTasks,
  'ecs:DescribeTasks': describeTasks,
  'ecs:UpdateContainerInstancesState': updateContainerInstancesState,
  'autoscaling:DescribeAutoScalingInstances': describeAutoScalingInstances,
  'autoscaling:DescribeAutoScalingGroups': describeAutoScalingGroups,
  'autoscaling:DescribeLifecycleHooks': describeLifecycleHooks,
  'autoscaling:DetachInstances': detachInstances,
  'autoscaling:CompleteLifecycleAction': completeLifecycleAction,
  'ssm:SendCommand': sendCommand,
  'ssm:GetCommandInvocation': getCommandInvocation,
  'ssm:ListCommands': listCommands,
  'dynamodb:BatchGetItem': batchGetItem,
  'dynamodb:PutItem': putItem,
  'dynamodb:UpdateItem': updateItem,
  'dynamodb:Query': query,
  'dynamodb:Scan': scan,
  'dynamodb:ListTables': listTables,
  'sns:Publish': publish,
  'sqs:SendMessage': sendMessage,
  'events:PutEvents': putEvents,
};

/** A call that was made, with its input as it was at that time. */
export interface Call<O extends Operation = Operation> {
  readonly operation: O;
  readonly input: Input<O>;
  /** `done`, or the code of the error that it rejected with; `unanswered` until then. */
  readonly outcome: string;
  readonly at: Date;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** What a sandbox starts with. */
export interface SandboxOptions {
  readonly scope: Scope;
  /** What the clock shows first. It moves by `advance`, by latency and by `run` alone. */
  readonly start: Date;
  /** Left out: an empty account. */
  readonly resources?: Resources;
  /** Rows of a page at most, 5 if left out; `aws`: as many as AWS gives at most. */
  readonly pageSize?: number | 'aws';
  /** How long each call takes, in milliseconds: always as long, or as long as is given for it. Calls side by side take it side by side. 0 if left out. */
  readonly latencyMs?: number | (() => number);
  /** How long an instance takes to start, stop or terminate after a call, in milliseconds; 0 if left out: it is done at once. */
  readonly transitionMs?: number;
  /** How long load balancers, ECS, Auto Scaling and SSM take for what they are asked, where it is not `usualPace`. */
  readonly pace?: Partial<Pace>;
  readonly faults?: readonly Fault[];
  /** Table, topics and queues; left out: those of `defaultDeployment`. */
  readonly deployed?: Deployed;
}

/** AWS in memory, for one account, with a clock of its own. */
export interface Sandbox {
  readonly aws: Aws;
  readonly now: () => Date;
  /** Moves the clock on by so many milliseconds; what becomes due or visible until then does so. */
  readonly advance: (milliseconds: number) => void;
  /** Resolves when the clock has moved on by so many milliseconds: by `run`, while others sleep or call, or by `advance`. */
  readonly sleep: (milliseconds: number) => Promise<void>;
  /**
   * Runs work that sleeps and calls to its end, and moves the clock on for it. It takes no time, however much passes, and goes
   * the same way each time. What it leaves asleep moves the clock no further.
   */
  readonly run: <T>(work: () => Promise<T>) => Promise<T>;
  readonly account: Account & Mutations;
  /** Every call, in the order in which they were made. */
  readonly calls: readonly Call[];
  /** From now on this goes wrong, too. */
  readonly inject: (fault: Fault) => void;
  /** Puts a message into a queue, as EventBridge does; gives its id. */
  readonly deliver: (queueUrl: string, body: string) => string;
  /** Due messages, 10 at most if left out, as Lambda gets them; hidden for the visibility timeout, and then due again. */
  readonly receive: (queueUrl: string, max?: number) => readonly SQSRecord[];
  readonly delete: (queueUrl: string, messageId: string) => void;
  /** When the next message of any queue is due: possibly in the past; undefined when all queues are empty. */
  readonly nextDueAt: () => Date | undefined;
}

/**
 * Makes an account in memory that answers as AWS does: pages, limits, error codes and eventual consistency included.
 * What it does not understand it refuses; it never passes over a parameter in silence.
 */
export function createSandbox(options: SandboxOptions): Sandbox {
  const { scope, start, resources = {}, pageSize = 5, deployed = defaultDeployment(scope) } = options;
  const { latencyMs = 0, transitionMs = 0, pace = {} } = options;
  const account = createAccount({
    scope,
    start,
    resources,
    pageSize,
    transitionMs,
    pace: { ...usualPace, ...pace },
    deployed,
  });
  const faults = createFaults(options.faults ?? []);
  const calls: Writable<Call>[] = [];

  /** Copies both ways: nobody changes the account, or what it remembers, through what was handed over. */
  async function aws<O extends Operation>(operation: O, input: Input<O>): Promise<Output<O>> {
    const call = { operation, input: structuredClone(input), outcome: 'unanswered', at: account.now() };
    calls.push(call);
    try {
      await pass(typeof latencyMs === 'number' ? latencyMs : latencyMs());
      const effect = faults.next(operation, call.input);
      if (effect !== undefined && isRejection(effect)) throw await rejected(operation, call.input, effect);
      const output = structuredClone(answer(operation, call.input, effect));
      call.outcome = 'done';
      return output;
    } catch (error) {
      call.outcome = asError(error).name;
      throw error;
    }
  }

  function answer<O extends Operation>(operation: O, input: Input<O>, failure?: PartialFailure): Output<O> {
    const handler: Handlers[O] = handlers[operation];
    takeFromBucket(account, operation);
    return handler(structuredClone(input), account, failure);
  }

  async function rejected<O extends Operation>(operation: O, input: Input<O>, rejection: Rejection): Promise<Error> {
    if (rejection.takesEffect) answer(operation, input);
    if (rejection.hangs === 'forever') await new Promise(() => undefined);
    else await pass(rejection.hangs ?? 0);
    return errorOf(rejection, operation);
  }

  async function pass(milliseconds: number): Promise<void> {
    if (milliseconds > 0) await account.pass(milliseconds);
  }

  return {
    aws,
    now: () => account.now(),
    advance: (milliseconds) => account.advance(milliseconds),
    sleep: (milliseconds) => account.sleep(milliseconds),
    run: (work) => account.run(work),
    account: { ...account, ...mutationsOf(account) },
    calls,
    inject: (fault) => faults.add(fault),
    deliver: (queueUrl, body) => deliver(queueUrl, body, account),
    receive: (queueUrl, max = 10) => receive(queueUrl, max, account),
    delete: (queueUrl, messageId) => deleteMessage(queueUrl, messageId, account),
    nextDueAt: () => nextDueAt(account),
  };
}
