// Holds the functions that `npm run package` wrote into .serverless/ against what they promise. Prints the sizes; exit 1 names what is
// broken. The template is looked at by test/aws/template.test.ts.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { build } from 'esbuild';
import plugins from '../deploy/esbuild-plugins.cjs';
import { unpack } from './zip.mjs';

/** λ drain is there only where a policy drains. Its bundle has five services' clients more. */
const mostKb = { inspect: 200, sweep: 200, drain: 240 };
const drained = ['auto-scaling', 'ecs', 'elastic-load-balancing', 'elastic-load-balancing-v2', 'ssm'];
const services = ['dynamodb', 'ec2', 'eventbridge', 'kms', 'sns', 'sqs', ...drained];
const { Resources: resources } = JSON.parse(
  readFileSync('.serverless/cloudformation-template-update-stack.json', 'utf8'),
);
const functions = Object.keys(mostKb).filter((name) => logicalIdOf(name) in resources);
const broken = [];

function check(holds, otherwise) {
  if (!holds) broken.push(otherwise);
}

// Outside the repository: its package.json would make ES modules of these CommonJS files.
const scratch = mkdtempSync(join(tmpdir(), 'ec2-guardrail-package-'));
try {
  for (const name of functions) {
    const zip = `.serverless/${name}.zip`;
    const { size } = statSync(zip);
    console.log(`${name}.zip ${(size / 1000).toFixed(1)} KB`);
    check(size <= mostKb[name] * 1000, `${zip} has ${size} bytes, more than ${mostKb[name]} KB`);
    unpack(zip, join(scratch, name));
    const { Properties } = resources[logicalIdOf(name)];
    const bundle = join(scratch, name, `${Properties.Handler.replace(/\.\w+$/, '')}.js`);
    const text = readFileSync(bundle, 'utf8');
    for (const provider of ['fromSSO', 'fromIni', 'fromProcess', 'fromTokenFile', 'fromContainerMetadata'])
      check(!text.includes(provider), `${name} bundles the credential provider ${provider}`);
    check(exportsHandler(bundle, Properties.Environment.Variables), `${name} exports no handler`);
  }

  for (const service of services) {
    const [own, rewritten] = [await schemas(service, []), await schemas(service, [plugins.literalSchemaKeys])];
    check(
      own.length > 0 && isDeepStrictEqual(own, rewritten),
      `the bundles' schemas of ${service} differ from the SDK's`,
    );
  }
} finally {
  rmSync(scratch, { recursive: true });
}

for (const problem of broken) console.error(`broken: ${problem}`);
process.exitCode = broken.length > 0 ? 1 : 0;

function logicalIdOf(name) {
  return `${name[0].toUpperCase()}${name.slice(1)}LambdaFunction`;
}

function exportsHandler(bundle, variables) {
  const filledIn = Object.entries(variables).map(([name, value]) => [name, typeof value === 'string' ? value : 'x']);
  const script = `process.stdout.write(typeof require(${JSON.stringify(bundle)}).handler)`;
  const env = { ...Object.fromEntries(filledIn), AWS_REGION: 'eu-central-1', PATH: process.env.PATH };
  return execFileSync(process.execPath, ['-e', script], { env, encoding: 'utf8' }) === 'function';
}

/** What a service's module of schemas exports, built with these plugins; functions as their source. */
async function schemas(service, plugins) {
  const path = `./node_modules/@aws-sdk/client-${service}/dist-es/schemas/schemas_0.js`;
  const outfile = join(scratch, `${service}-${plugins.length}.cjs`);
  await build({
    stdin: { contents: `export * from '${path}';`, resolveDir: process.cwd() },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    mainFields: ['module', 'main'],
    plugins,
    outfile,
  });
  const exported = Object.entries(createRequire(import.meta.url)(outfile));
  return exported.map(([name, schema]) => [name, withoutFunctions(schema)]);
}

function withoutFunctions(value) {
  if (typeof value === 'function') return String(value);
  if (Array.isArray(value)) return value.map(withoutFunctions);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutFunctions(inner)]));
}
