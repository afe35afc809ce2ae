// Reads every event in a folder as the deployment would, with the event's own account and Region and all event names
// relevant, and prints what each asks to be looked at: node scripts/check-events.mjs DIR
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));

async function loadEvents() {
  const { outputFiles } = await build({
    stdin: {
      contents: `export * from './src/events/normalise.ts'; export * from './src/events/envelope.ts';`,
      resolveDir: root,
    },
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
}

function jsonFilesIn(folder) {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.json'))
    .sort();
}

function namesOf(targets) {
  return Object.entries(targets)
    .filter(([, ids]) => ids.length > 0)
    .map(([kind, ids]) => `${kind} ${ids.join(' ')}`)
    .join(', ');
}

const folder = process.argv[2];
if (folder === undefined) {
  console.error('usage: node scripts/check-events.mjs DIR');
  process.exit(2);
}
const { envelopeOf, normalise } = await loadEvents();
let failed = false;
for (const name of jsonFilesIn(folder)) {
  try {
    const body = JSON.parse(readFileSync(join(folder, name), 'utf8'));
    const { accountId = '', region = '' } = envelopeOf(body);
    const own = { scope: { accountId, region }, roleArns: [], relevantEvents: { has: () => true } };
    const normalised = normalise(body, own);
    const said =
      normalised.kind === 'hint'
        ? `${namesOf(normalised.hint.targets)} (${normalised.hint.cause.text})`
        : `ignored: ${normalised.reason}${normalised.instanceIds.length > 0 ? ` [${normalised.instanceIds.join(' ')}]` : ''}`;
    console.log(`${name} → ${said}`);
  } catch (error) {
    failed = true;
    console.error(`${name} → ${error.stack}`);
  }
}
process.exitCode = failed ? 1 : 0;
