import { type BoundPolicy, isDrainPolicy } from '../domain/policy.ts';

/** Functions by what their logical ids begin with, and the queues that each works. */
const queuesOf = {
  Inspect: ['LiveQueue', 'BulkQueue'],
  Sweep: [],
  Drain: ['DrainQueue'],
} as const;

/** What the logical ids of a function, and of what is its own, begin with. Its name is the same in small letters. */
export type FunctionName = keyof typeof queuesOf;

type WorkQueue = (typeof queuesOf)[FunctionName][number];

export type DeadLetterQueue =
  | 'LiveDeadLetterQueue'
  | 'BulkDeadLetterQueue'
  | 'DrainDeadLetterQueue'
  | 'UndeliveredQueue';

/** What a deployment has one of for each function or queue, by logical id. Of λ drain only where a policy drains. */
export interface Parts {
  readonly functions: readonly FunctionName[];
  /** Those that work queues. */
  readonly workers: readonly FunctionName[];
  readonly roles: readonly `${FunctionName}Role`[];
  readonly workQueues: readonly WorkQueue[];
  /** Queues that are empty as long as all is well. */
  readonly deadLetterQueues: readonly DeadLetterQueue[];
  /** Event source mappings, as the events of the functions become. Their name is their UUID. */
  readonly mappings: readonly string[];
}

/** The parts of a deployment of these policies. */
export function partsOf(policies: readonly Pick<BoundPolicy, 'rule'>[]): Parts {
  const functions: readonly FunctionName[] = [
    'Inspect',
    'Sweep',
    ...(policies.some(isDrainPolicy) ? ['Drain' as const] : []),
  ];
  const workQueues = functions.flatMap((name): readonly WorkQueue[] => queuesOf[name]);
  return {
    functions,
    workers: functions.filter((name) => queuesOf[name].length > 0),
    roles: functions.map((name) => `${name}Role` as const),
    workQueues,
    deadLetterQueues: [...workQueues.map(deadLettersOf), 'UndeliveredQueue'],
    mappings: functions.flatMap((name) => queuesOf[name].map((queue) => `${name}EventSourceMappingSQS${queue}`)),
  };
}

/** Where the messages of a queue end up that failed too often. */
export function deadLettersOf(queue: WorkQueue): DeadLetterQueue {
  return (
    { LiveQueue: 'LiveDeadLetterQueue', BulkQueue: 'BulkDeadLetterQueue', DrainQueue: 'DrainDeadLetterQueue' } as const
  )[queue];
}
