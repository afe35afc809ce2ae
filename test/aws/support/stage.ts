import { performance } from 'node:perf_hooks';

/** Does a part of the work, and says how long it took. */
export async function stage<T>(name: string, work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  try {
    return await work();
  } finally {
    const seconds = (performance.now() - start) / 1000;
    process.stderr.write(`-- ${name} took ${seconds.toFixed(1)} s\n`);
  }
}
