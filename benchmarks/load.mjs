// How long λ inspect takes to load, against a function that holds the SNS client and nothing else: `npm run package`, then
// `node benchmarks/load.mjs`. Exit 1 when it takes more than its share.
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unpack } from '../scripts/zip.mjs';
import { buildSnsAlone } from './build.mjs';
import { circumstances, loadTimes } from './measure.mjs';

const MAX_RATIO = 1.3;
const zip = '.serverless/inspect.zip';

// Outside the repository, whose package.json would make ES modules of these CommonJS files.
const scratch = mkdtempSync(join(tmpdir(), 'ec2-guardrail-load-'));
try {
  unpack(zip, scratch);
  const bundles = { sns: join(scratch, 'sns.js'), inspect: join(scratch, 'src/handlers/inspect.js') };
  buildSnsAlone(bundles.sns);
  const { sns, inspect } = loadTimes(bundles);
  console.log(circumstances);
  console.log(`SNS client alone  ${sns.toFixed(1)} ms`);
  console.log(`inspect           ${inspect.toFixed(1)} ms`);
  console.log(`ratio             ${(inspect / sns).toFixed(2)} (at most ${MAX_RATIO})`);
  console.log(`inspect.zip       ${(statSync(zip).size / 1000).toFixed(1)} KB`);
  process.exitCode = inspect / sns > MAX_RATIO ? 1 : 0;
} finally {
  rmSync(scratch, { recursive: true });
}
