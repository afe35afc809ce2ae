// What each plugin of deploy/esbuild-plugins.cjs is worth: λ inspect built without one or more of them, its size and how long
// it takes to load. `node benchmarks/bundle-variants.mjs [policies]`
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import plugins from '../deploy/esbuild-plugins.cjs';
import { buildSnsAlone, settings } from './build.mjs';
import { circumstances, loadTimes } from './measure.mjs';

const [policies = 'policies'] = process.argv.slice(2);
const all = plugins({ service: { custom: { guardrail: { policies } } } });

const variants = {
  'CommonJS of the SDK': {
    without: ['literal-schema-keys', 'environment-credentials', 'without-kms'],
    mainFields: ['main'],
  },
  'ES modules of the SDK': { without: ['literal-schema-keys', 'environment-credentials', 'without-kms'] },
  'and literal schema keys': { without: ['environment-credentials', 'without-kms'] },
  'and credentials of the environment': { without: ['without-kms'] },
  'and without KMS': { without: [] },
};

const scratch = mkdtempSync(join(tmpdir(), 'ec2-guardrail-variants-'));
try {
  const bundles = { 'SNS client alone': join(scratch, 'sns.js') };
  buildSnsAlone(bundles['SNS client alone']);
  for (const [index, [name, { without, ...more }]] of Object.entries(variants).entries()) {
    bundles[name] = join(scratch, `${index}.js`);
    await build({
      ...settings,
      ...more,
      entryPoints: ['src/handlers/inspect.ts'],
      plugins: all.filter((plugin) => !without.includes(plugin.name)),
      outfile: bundles[name],
    });
  }
  const times = loadTimes(bundles);
  console.log(`${circumstances}\n\n| build | minified, KB | gzip, KB | load, ms | ratio |\n|---|---|---|---|---|`);
  for (const [name, path] of Object.entries(bundles)) {
    const bundle = readFileSync(path);
    const sizes = [bundle, gzipSync(bundle)].map(({ length }) => (length / 1000).toFixed(0));
    const ratio = (times[name] / times['SNS client alone']).toFixed(2);
    console.log(`| ${[name, ...sizes, times[name].toFixed(1), ratio].join(' | ')} |`);
  }
} finally {
  rmSync(scratch, { recursive: true });
}
