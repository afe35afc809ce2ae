import { performance } from 'node:perf_hooks';

/** Does a part of the work, and says how long it took, also when it failed. */
export async function stage<T>(name: string, work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const say = (what: string) => {
    const seconds = (performance.now() - start) / 1000;
    process.stderr.write(`-- ${name} ${what} ${seconds.toFixed(1)} s\n`);
  };
  try {
    const result = await work();
    say('took');
    return result;
  } catch (error) {
    say('failed after');
    throw error;
  }
}
