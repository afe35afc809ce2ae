import type { SQSRecord } from 'aws-lambda';
import { asError } from '../domain/errors.ts';
import type { Aws, Input, Operation, Output, Scope } from '../domain/operations.ts';
import { type Account, createAccount, type Deployed, defaultDeployment } from './account.ts';
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
import { putEvents } from './eventbridge.ts';
import { createFaults, errorOf, type Fault, isRejection, type PartialFailure } from './faults.ts';
import { listAliases } from './kms.ts';
import { type Mutations, mutationsOf } from './mutations.ts';
import type { Resources } from './recorded.ts';
import { publish } from './sns.ts';
import { deleteMessage, deliver, nextDueAt, receive, sendMessage } from './sqs.ts';

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
  /** `done`, or the code of the error that it rejected with. */
  readonly outcome: string;
  readonly at: Date;
}

/** What a sandbox starts with. */
export interface SandboxOptions {
  readonly scope: Scope;
  /** What the clock shows first. It moves by `advance` and by latency alone. */
  readonly start: Date;
  /** Left out: an empty account. */
  readonly resources?: Resources;
  /** Rows of a page at most, 5 if left out; `aws`: as many as AWS gives at most. */
  readonly pageSize?: number | 'aws';
  /** How far each call moves the clock on, in milliseconds; 0 if left out. */
  readonly latencyMs?: number;
  /** How long an instance takes to start, stop or terminate after a call, in milliseconds; 0 if left out: it is done at once. */
  readonly transitionMs?: number;
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
  readonly account: Account & Mutations;
  /** Every call, in order. */
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
  const { latencyMs = 0, transitionMs = 0 } = options;
  const account = createAccount({ scope, start, resources, pageSize, transitionMs, deployed });
  const faults = createFaults(options.faults ?? []);
  const calls: Call[] = [];

  /** Copies both ways: nobody changes the account, or what it remembers, through what was handed over. */
  async function aws<O extends Operation>(operation: O, input: Input<O>): Promise<Output<O>> {
    const call = { operation, input: structuredClone(input), at: account.now() };
    account.advance(latencyMs);
    try {
      const output = structuredClone(answer(operation, call.input));
      calls.push({ ...call, outcome: 'done' });
      return output;
    } catch (error) {
      calls.push({ ...call, outcome: asError(error).name });
      throw error;
    }
  }

  function answer<O extends Operation>(operation: O, input: Input<O>): Output<O> {
    const handler: Handlers[O] = handlers[operation];
    const effect = faults.next(operation, input);
    if (effect === undefined) return handler(structuredClone(input), account);
    if (!isRejection(effect)) return handler(structuredClone(input), account, effect);
    if (effect.takesEffect) handler(structuredClone(input), account);
    throw errorOf(effect, operation);
  }

  return {
    aws,
    now: () => account.now(),
    advance: (milliseconds) => account.advance(milliseconds),
    account: { ...account, ...mutationsOf(account) },
    calls,
    inject: (fault) => faults.add(fault),
    deliver: (queueUrl, body) => deliver(queueUrl, body, account),
    receive: (queueUrl, max = 10) => receive(queueUrl, max, account),
    delete: (queueUrl, messageId) => deleteMessage(queueUrl, messageId, account),
    nextDueAt: () => nextDueAt(account),
  };
}
