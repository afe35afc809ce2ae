import type { DrainEngine } from './drain-engine.ts';

/** How long an answer is waited for where every second counts, in milliseconds. */
export const ANSWER_MS = 3_000;

/** The name of the error of what was not answered in time. */
export const NO_ANSWER = 'NoAnswer';

/**
 * What work gives, unless it takes too long: whoever hangs must not keep the others.
 * @throws an error with the name `NoAnswer` when it does. The work itself goes on; nobody hears of it.
 */
export async function inTime<T>(
  engine: Pick<DrainEngine, 'pause'>,
  what: string,
  work: Promise<T>,
  milliseconds = ANSWER_MS,
): Promise<T> {
  const late = engine.pause(milliseconds).then((): never => {
    throw Object.assign(new Error(`${what} gave no answer in ${milliseconds / 1000} s`), { name: NO_ANSWER });
  });
  late.catch(() => undefined);
  work.catch(() => undefined);
  return await Promise.race([work, late]);
}
