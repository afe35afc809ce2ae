import type { Aws } from '../domain/operations.ts';
import type { Engine } from './deployment.ts';

/** How long one read may take before it is given up, in milliseconds. */
const READ_MS = 3_000;

/** Calls that each come to an end: one that hangs is given up, and after `until` none is begun. */
export function awsUntil({ aws, now, pause }: Pick<Engine, 'aws' | 'now' | 'pause'>, until: Date, most = READ_MS): Aws {
  return async (operation, input) => {
    const left = Math.min(most, until.getTime() - now().getTime());
    if (left <= 0) throw timeout(`there was no time left for ${operation}`);
    const given = pause(left).then((): never => {
      throw timeout(`${operation} gave no answer in ${left / 1000} s`);
    });
    return await Promise.race([aws(operation, input), given]);
  };
}

function timeout(message: string): Error {
  return Object.assign(new Error(message), { name: 'TimeoutError' });
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
