import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';

const RUNS = 41;

/** A function's environment, filled with anything: a load reads it and calls nobody. */
const env = {
  PATH: process.env.PATH,
  AWS_REGION: 'eu-central-1',
  POWERTOOLS_SERVICE_NAME: 'benchmark',
  ...Object.fromEntries(
    [
      ...['ACCOUNT_ID', 'ALERTS_TOPIC_ARN', 'BULK_QUEUE_URL', 'LIVE_QUEUE_URL', 'OPERATIONS_TOPIC_ARN', 'TABLE_NAME'],
    ].map((name) => [name, 'x']),
  ),
};

/** How long bundles take to load in milliseconds, by name: medians of fresh processes, whose runs are interleaved. */
export function loadTimes(bundles) {
  const times = new Map(Object.keys(bundles).map((name) => [name, []]));
  for (let run = 0; run < RUNS; run++)
    for (const [name, path] of Object.entries(bundles)) times.get(name).push(loadTime(path));
  return Object.fromEntries([...times].map(([name, some]) => [name, median(some)]));
}

/** What the figures were measured on. */
export const circumstances = `Node ${process.versions.node}, ${cpus().length} cores, medians of ${RUNS} interleaved runs`;

function loadTime(bundle) {
  const script = `
    const { performance } = require('node:perf_hooks');
    const start = performance.now();
    require(${JSON.stringify(bundle)});
    process.stdout.write(String(performance.now() - start));
  `;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', script], { env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${bundle} does not load:\n${stderr}`);
  return Number(stdout);
}

function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
}
