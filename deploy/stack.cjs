// What serverless.yml and the bundles take from src/. It is compiled when they ask, so that what is deployed can't be older
// than its source. CommonJS, since serverless.yml reads its variables from .js and .cjs alone.
const { buildSync } = require('esbuild');
const Module = require('node:module');
const { join } = require('node:path');

const root = join(__dirname, '..');

const entry = `
  export { bindAll } from './src/language/bind.ts';
  export { compilePolicies } from './src/language/compile.ts';
  export { loadPolicies } from './src/language/load.ts';
  export { formatErrors } from './src/language/policy-error.ts';
  export { rules } from './src/rules/index.ts';
  export { settingsOf } from './src/stack/settings.ts';
  export { template } from './src/stack/stack.ts';
  export { alertsTopicArn } from './src/stack/topics.ts';
`;

/** Remembers what was made, by its one argument. */
function memoized(make) {
  const made = new Map();
  return (key) => {
    if (!made.has(key)) made.set(key, make(key));
    return made.get(key);
  };
}

const source = memoized(() => {
  const { outputFiles } = buildSync({
    stdin: { contents: entry, resolveDir: root, loader: 'ts' },
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    write: false,
    logLevel: 'error',
  });
  const compiled = new Module(join(root, 'deploy', 'compiled.cjs'));
  compiled.paths = Module._nodeModulePaths(root);
  compiled._compile(outputFiles[0].text, compiled.id);
  return compiled.exports;
});

/** The policies of a folder. Throws what `ec2-guardrail validate` prints, if any has a mistake. */
const policiesIn = memoized((folder) => {
  const { loadPolicies, formatErrors, rules } = source();
  const { policies, errors } = loadPolicies([folder], { rules, cwd: process.cwd(), now: new Date() });
  if (errors.length > 0) throw new Error(`${folder} is not deployed:\n${formatErrors(errors)}`);
  return policies;
});

/** The policies of a folder, joined with their rules. */
function boundPolicies(folder) {
  const { bindAll, rules } = source();
  return bindAll(policiesIn(folder), rules);
}

/** The source of the module that the functions import as `compiled:policies`. */
function policyModule(folder) {
  return source().compilePolicies(policiesIn(folder));
}

async function guardrail(resolveConfigurationProperty) {
  const { name, policies, ...parameters } = await resolveConfigurationProperty(['custom', 'guardrail']);
  return { policies, settings: source().settingsOf(name, parameters) };
}

/** `${file(deploy/stack.cjs):resources}`: all that is deployed but the functions. */
async function resources({ resolveConfigurationProperty }) {
  const { policies, settings } = await guardrail(resolveConfigurationProperty);
  return source().template(boundPolicies(policies), settings);
}

/** `${file(deploy/stack.cjs):alertsTopicArn}`: where alerts go. */
async function alertsTopicArn({ resolveConfigurationProperty }) {
  const { settings } = await guardrail(resolveConfigurationProperty);
  return source().alertsTopicArn(settings);
}

module.exports = { alertsTopicArn, boundPolicies, policyModule, resources };
