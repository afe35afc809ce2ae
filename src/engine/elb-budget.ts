import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { ReadFailure } from '../domain/collected.ts';
import { asError } from '../domain/errors.ts';
import type { Scope } from '../domain/operations.ts';
import { IS_AHEAD, IS_FULL, TAKE_AHEAD, TAKE_ANEW } from '../domain/table.ts';
import { HOUR_MS } from '../domain/time.ts';
import type { Engine } from './deployment.ts';
import { awsUntil } from './in-time.ts';
import { failureOf } from './reads.ts';
import { type SubjectsTable, secondsOf } from './store.ts';

/** Calls that may be made, one after the other. */
export interface CallBudget {
  /** Resolves when one more call may be made; to false where none may before `until`. */
  take(until: Date): Promise<boolean>;
  /** Why the table could not be asked, if so: what is given out then is a small allowance of this run alone. */
  readonly failure: ReadFailure | undefined;
}

/** So many calls at once, and one more each so many milliseconds. */
interface Flow {
  readonly calls: number;
  readonly everyMs: number;
}

/**
 * Three quarters of what ELB answers of `Describe` calls: 40 at once and 10 a second, of all callers in the account and Region
 * together. The rest is left to whoever manages the load balancers.
 * @see https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/elb-api-throttling.html
 */
const OURS: Flow = { calls: 30, everyMs: 134 };

/** Of that, what who can wait leaves to a drain that begins meanwhile. */
const LEFT_TO_DRAINS = 20;

/** Without a table, for nobody knows how many others run. */
const ALONE: Flow = { calls: 10, everyMs: 500 };

/** How long the table may take: it answers within milliseconds, or does not. */
const TABLE_MS = 1_000;

/** For how many calls at most a run waits at once. */
const WAITED_FOR = 5;

/** What writing down what is taken needs. */
type Bucket = SubjectsTable & Pick<Engine, 'now'>;

/**
 * ELB's budget of `Describe` calls of this account and Region, shared by all runs over the table: what is written there is
 * until when what flows in is taken. Each taking is one write, on the condition that so much is left at that time: no two runs
 * take the same, and none reads before it writes.
 * @param api each of ELB's two versions has a budget of its own.
 * @param canWait leaves most of what may be taken at once to others.
 */
export function elbBudget(engine: Bucket, api: 'elb' | 'elbv2', { canWait = false } = {}): CallBudget {
  const calls = canWait ? OURS.calls - LEFT_TO_DRAINS : OURS.calls;
  const alone = localBudget(engine, ALONE);
  const nowMs = () => engine.now().getTime();
  let failure: ReadFailure | undefined;
  let inHand = 0;
  let takenUntil = 0;
  let waiting = 0;
  let filling: Promise<void> | undefined;

  async function fill(until: Date): Promise<void> {
    // Whoever asks at the same time is served by one write.
    await Promise.resolve();
    const inTime = { ...engine, aws: awsUntil(engine, until, TABLE_MS) };
    try {
      const taken = await takeUpTo(inTime, api, Math.max(1, waiting), calls, takenUntil);
      inHand += taken.calls;
      takenUntil = taken.takenUntil;
      if (taken.calls > 0) return;
      const enoughAt = takenUntil + (Math.min(waiting, WAITED_FOR) - calls) * OURS.everyMs;
      await engine.pause(Math.max(1, Math.min(enoughAt, until.getTime()) - nowMs()));
    } catch (error) {
      // At the end of its time a run has asked for nothing that it could use.
      if (nowMs() < until.getTime()) failure = failureOf(error);
    }
  }

  return {
    get failure() {
      return failure;
    },
    async take(until) {
      waiting++;
      try {
        while (inHand === 0) {
          if (failure !== undefined) return await alone.take(until);
          if (nowMs() >= until.getTime()) return false;
          filling ??= fill(until).finally(() => {
            filling = undefined;
          });
          await filling;
        }
        inHand--;
        return true;
      } finally {
        waiting--;
      }
    },
  };
}

/** A budget that is this run's alone. */
export function localBudget({ now, pause }: Pick<Engine, 'now' | 'pause'>, { calls, everyMs }: Flow): CallBudget {
  let takenUntil = 0;
  return {
    failure: undefined,
    async take(until) {
      const at = now().getTime();
      const after = Math.max(takenUntil, at) + everyMs;
      const wait = Math.max(0, after - at - calls * everyMs);
      if (at + wait >= until.getTime()) return false;
      takenUntil = after;
      if (wait > 0) await pause(wait);
      return true;
    },
  };
}

interface Taken {
  readonly calls: number;
  /** Until when at least what flows in is taken now. */
  readonly takenUntil: number;
}

/**
 * Takes as much as is left, and no more than wanted. Others may take at the same time: then it looks again.
 * @param known until when what flows in was taken at least, when that was last seen. It never goes back.
 */
async function takeUpTo(engine: Bucket, api: string, wanted: number, most: number, known: number): Promise<Taken> {
  let takenUntil = known;
  for (;;) {
    const now = engine.now().getTime();
    const room = now + most * OURS.everyMs;
    const isFull = takenUntil < now;
    const calls = Math.min(wanted, isFull ? most : Math.floor((room - takenUntil) / OURS.everyMs));
    if (calls < 1) return { calls: 0, takenUntil };
    const size = calls * OURS.everyMs;
    const refused = isFull
      ? await update(engine, api, TAKE_ANEW, IS_FULL, { ':now': now, ':until': now + size })
      : await update(engine, api, TAKE_AHEAD, IS_AHEAD, { ':size': size, ':now': now, ':room': room - size });
    if (refused === 'taken') return { calls, takenUntil: Math.max(now, takenUntil) + size };
    takenUntil = refused.takenUntil;
  }
}

/** @returns what stands in the table where the condition does not hold. */
async function update(
  { aws, now, deployment }: Bucket,
  api: string,
  UpdateExpression: string,
  ConditionExpression: string,
  numbers: Readonly<Record<string, number>>,
): Promise<'taken' | { readonly takenUntil: number }> {
  const values = Object.entries(numbers).map(([name, value]): [string, AttributeValue] => [name, { N: String(value) }]);
  const expiresAt = secondsOf(new Date(now().getTime() + HOUR_MS));
  try {
    await aws('dynamodb:UpdateItem', {
      TableName: deployment.tableName,
      Key: { pk: { S: bucketKey(deployment.scope, api) } },
      UpdateExpression,
      ConditionExpression,
      ExpressionAttributeValues: { ...Object.fromEntries(values), ':expiresAt': expiresAt },
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
    return 'taken';
  } catch (error) {
    if (asError(error).name !== 'ConditionalCheckFailedException') throw error;
    const { Item } = error as { readonly Item?: Readonly<Record<string, AttributeValue>> };
    return { takenUntil: Number(Item?.takenUntil?.N ?? 0) };
  }
}

function bucketKey({ accountId, region }: Scope, api: string): string {
  return `bucket#${accountId}#${region}#${api}`;
}
