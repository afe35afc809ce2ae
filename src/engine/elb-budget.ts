import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { ReadFailure } from '../domain/collected.ts';
import { asError } from '../domain/errors.ts';
import type { Scope } from '../domain/operations.ts';
import { IS_AHEAD, IS_FULL, TAKE_AHEAD, TAKE_ANEW } from '../domain/table.ts';
import { HOUR_MS } from '../domain/time.ts';
import type { Engine } from './deployment.ts';
import { awsUntil } from './in-time.ts';
import { failureOf } from './reads.ts';
import { type Item, type SubjectsTable, secondsOf } from './store.ts';

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

/** For how many calls at most a run stands in line: then it stands behind the others again. */
const IN_LINE = 5;

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
  const most = canWait ? OURS.calls - LEFT_TO_DRAINS : OURS.calls;
  const alone = localBudget(engine, ALONE);
  const nowMs = () => engine.now().getTime();
  let failure: ReadFailure | undefined;
  let inHand = 0;
  let takenUntil = 0;
  let waiting = 0;
  let filling: Promise<Date | undefined> | undefined;

  /** @returns until when nothing comes, if so. */
  async function fill(until: Date): Promise<Date | undefined> {
    // Whoever asks at the same time is served by one write.
    await Promise.resolve();
    const inTime = { ...engine, aws: awsUntil(engine, until, TABLE_MS) };
    try {
      const taken = await takeUpTo(inTime, api, { wanted: Math.max(1, waiting), most, canWait, until }, takenUntil);
      takenUntil = taken.takenUntil;
      const wait = Math.min(taken.dueAt, until.getTime()) - nowMs();
      if (taken.calls === 0 && !canWait) return until;
      if (wait > 0) await engine.pause(wait);
      inHand += taken.calls;
    } catch (error) {
      // At the end of its time a run has asked for nothing that it could use.
      if (nowMs() < until.getTime()) failure = failureOf(error);
    }
    return undefined;
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
          const nothingUntil = await filling;
          if (nothingUntil !== undefined && nothingUntil >= until) return false;
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
  /** Until when at least what flows in is taken now, in milliseconds. */
  readonly takenUntil: number;
  /** When the calls may be made; where there are none, when it is worth asking again. */
  readonly dueAt: number;
}

interface Wish {
  readonly wanted: number;
  /** At once. */
  readonly most: number;
  readonly canWait: boolean;
  readonly until: Date;
}

/**
 * Takes as much as is left, and no more than wanted. Where nothing is, it takes a few of what comes before `until`, to be waited for:
 * runs that only asked again and again would leave it to chance which of them gets nothing. Others may take at the same time: then
 * it looks again.
 * @param known until when what flows in was taken at least, when that was last seen. It never goes back.
 */
async function takeUpTo(engine: Bucket, api: string, wish: Wish, known: number): Promise<Taken> {
  const { wanted, most, canWait, until } = wish;
  const atOnce = most * OURS.everyMs;
  let takenUntil = known;
  for (;;) {
    const now = engine.now().getTime();
    const isFull = takenUntil < now;
    const left = isFull ? most : Math.floor((now + atOnce - takenUntil) / OURS.everyMs);
    const nextAt = takenUntil + OURS.everyMs - atOnce;
    if (left < 1 && (canWait || nextAt >= until.getTime())) return { calls: 0, takenUntil, dueAt: nextAt };
    const inLine = Math.min(IN_LINE, Math.floor((until.getTime() + atOnce - takenUntil) / OURS.everyMs));
    const calls = Math.min(wanted, left < 1 ? inLine : left);
    const size = calls * OURS.everyMs;
    // Where others were faster meanwhile, one that can't wait stands in line behind them.
    const room = (canWait ? now : until.getTime()) + atOnce - size;
    const answer = isFull
      ? await update(engine, api, TAKE_ANEW, IS_FULL, { ':now': now, ':until': now + size })
      : await update(engine, api, TAKE_AHEAD, IS_AHEAD, { ':size': size, ':now': now, ':room': room });
    takenUntil = answer.takenUntil;
    if (answer.isTaken) return { calls, takenUntil, dueAt: takenUntil - atOnce };
  }
}

/** @returns what stands in the table then, whether the condition held or not. */
async function update(
  { aws, now, deployment }: Bucket,
  api: string,
  UpdateExpression: string,
  ConditionExpression: string,
  numbers: Readonly<Record<string, number>>,
): Promise<{ readonly isTaken: boolean; readonly takenUntil: number }> {
  const values = Object.entries(numbers).map(([name, value]): [string, AttributeValue] => [name, { N: String(value) }]);
  const expiresAt = secondsOf(new Date(now().getTime() + HOUR_MS));
  try {
    const { Attributes } = await aws('dynamodb:UpdateItem', {
      TableName: deployment.tableName,
      Key: { pk: { S: bucketKey(deployment.scope, api) } },
      UpdateExpression,
      ConditionExpression,
      ExpressionAttributeValues: { ...Object.fromEntries(values), ':expiresAt': expiresAt },
      ReturnValues: 'ALL_NEW',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
    return { isTaken: true, takenUntil: takenUntilIn(Attributes) };
  } catch (error) {
    if (asError(error).name !== 'ConditionalCheckFailedException') throw error;
    return { isTaken: false, takenUntil: takenUntilIn((error as { readonly Item?: Item }).Item) };
  }
}

function takenUntilIn(item: Item | undefined): number {
  return Number(item?.takenUntil?.N ?? 0);
}

function bucketKey({ accountId, region }: Scope, api: string): string {
  return `bucket#${accountId}#${region}#${api}`;
}
