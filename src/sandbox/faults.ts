import { type Input, iamActionOf, type Operation } from '../domain/operations.ts';
import { awsError } from './errors.ts';

/** When a fault strikes. Of several that would strike the same call the first does, and the others wait for the next. */
interface Trigger<O extends Operation> {
  readonly operation: O;
  /** How often, 1 if left out. */
  readonly times?: number | 'always';
  /** How many of the calls that it concerns pass before. */
  readonly after?: number;
  /** Which calls it concerns; left out: all of the operation. */
  when?(input: Input<O>): boolean;
}

/** The call rejects. */
export interface Rejection {
  /** AWS's code: `RequestLimitExceeded`, `UnauthorizedOperation`, … */
  readonly error: string;
  /** Left out: AWS's own words. */
  readonly message?: string;
  /** AWS has done what was asked, and the answer is lost on its way. */
  readonly takesEffect?: boolean;
  /** It hangs for so many milliseconds first, until the client gives up: `TimeoutError`, as the SDK calls it. Or it never settles. */
  readonly hangs?: number | 'forever';
}

/** The call succeeds, but not for all that it asked. */
export interface PartialFailure {
  /** DynamoDB BatchGetItem: so many of the last keys come back unprocessed. */
  readonly unprocessedKeys?: number;
  /** EventBridge PutEvents: the entries at these positions fail. */
  readonly failedEntries?: readonly number[];
}

type Effect<O extends Operation> =
  | Rejection
  | (O extends 'dynamodb:BatchGetItem' ? Required<Pick<PartialFailure, 'unprocessedKeys'>> : never)
  | (O extends 'events:PutEvents' ? Required<Pick<PartialFailure, 'failedEntries'>> : never);

/** Something that goes wrong with calls of one operation. */
export type Fault = { [O in Operation]: Trigger<O> & Effect<O> }[Operation];

/** The faults of a sandbox, with how often each was met and has struck. */
export interface Faults {
  add(fault: Fault): void;
  /** What strikes this call, if anything. */
  next<O extends Operation>(operation: O, input: Input<O>): Rejection | PartialFailure | undefined;
}

interface Counted {
  readonly trigger: Trigger<Operation>;
  readonly effect: Rejection | PartialFailure;
  met: number;
  struck: number;
}

/** Faults at the start of a sandbox; none has struck yet. */
export function createFaults(initial: readonly Fault[]): Faults {
  const faults = initial.map(counted);
  return {
    add: (fault) => {
      faults.push(counted(fault));
    },
    next(operation, input) {
      const concerned = faults.filter((fault) => concerns(fault.trigger, operation, input));
      const striking = concerned.find(isDue);
      for (const fault of concerned) fault.met++;
      if (striking !== undefined) striking.struck++;
      return striking?.effect;
    },
  };
}

/** The error of a rejection, in AWS's words. */
export function errorOf(rejection: Rejection, operation: Operation): Error {
  return awsError(rejection.error, rejection.message ?? wordsFor(rejection.error, operation));
}

/** Whether the call rejects, rather than succeed in part. */
export function isRejection(effect: Rejection | PartialFailure): effect is Rejection {
  return 'error' in effect;
}

function counted(fault: Fault): Counted {
  return { trigger: fault, effect: fault, met: 0, struck: 0 };
}

function concerns(trigger: Trigger<Operation>, operation: Operation, input: Input<Operation>): boolean {
  return trigger.operation === operation && trigger.when?.(input) !== false;
}

function isDue({ trigger, met, struck }: Counted): boolean {
  return met >= (trigger.after ?? 0) && (trigger.times === 'always' || struck < (trigger.times ?? 1));
}

function wordsFor(code: string, operation: Operation): string {
  switch (code) {
    case 'UnauthorizedOperation':
      return `You are not authorized to perform this operation. ${whoMayNot(operation)}`;
    case 'AccessDeniedException':
    case 'AuthorizationErrorException':
    case 'AccessDenied':
      return whoMayNot(operation);
    case 'RequestLimitExceeded':
      return 'Request limit exceeded.';
    case 'Throttling':
    case 'ThrottlingException':
    case 'ThrottledException':
      return 'Rate exceeded';
    case 'TimeoutError':
      return 'Request timed out';
    default:
      return `${operation} failed with ${code}`;
  }
}

function whoMayNot(operation: Operation): string {
  const action = iamActionOf(operation);
  return `User: arn:aws:sts::123456789012:assumed-role/ec2-guardrail/inspect is not authorized to perform: ${action} because no identity-based policy allows the ${action} action`;
}
