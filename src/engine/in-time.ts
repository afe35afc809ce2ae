import type { Aws } from '../domain/operations.ts';
import type { Engine } from './deployment.ts';

/** How long an answer is waited for where every second counts, in milliseconds. */
const ANSWER_MS = 3_000;

/** The name of the error of what was not answered in time, ours and the SDK's: what was asked for may have been done. */
export const NO_ANSWER = 'TimeoutError';

/**
 * What work gives, unless it takes too long: whoever hangs must not keep the others.
 * @throws an error with the name `TimeoutError` when it does. The work itself goes on; nobody hears of it.
 */
export async function inTime<T>(
  { pause }: Pick<Engine, 'pause'>,
  what: string,
  work: Promise<T>,
  milliseconds = ANSWER_MS,
): Promise<T> {
  const late = pause(milliseconds).then((): never => {
    throw noAnswer(`${what} gave no answer in ${milliseconds / 1000} s`);
  });
  late.catch(() => undefined);
  work.catch(() => undefined);
  return await Promise.race([work, late]);
}

/** Calls that each come to an end: one that hangs is given up, and after `until` none is begun. */
export function awsUntil(engine: Pick<Engine, 'aws' | 'now' | 'pause'>, until: Date, most = ANSWER_MS): Aws {
  return async (operation, input) => {
    const left = Math.min(most, until.getTime() - engine.now().getTime());
    if (left <= 0) throw noAnswer(`there was no time left for ${operation}`);
    return await inTime(engine, operation, engine.aws(operation, input), left);
  };
}

function noAnswer(message: string): Error {
  return Object.assign(new Error(message), { name: NO_ANSWER });
}

/** Does work for each value, for at most so many at the same time. */
export async function atMost<T, R>(most: number, values: readonly T[], work: (value: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < values.length; index = next++) results[index] = await work(values[index] as T);
  };
  await Promise.all(Array.from({ length: Math.min(most, values.length) }, worker));
  return results;
}
