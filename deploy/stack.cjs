// What serverless.yml and the bundles take from src/. It is compiled when they ask, so that what is deployed can't be older
// than its source. CommonJS, since serverless.yml reads its variables from .js and .cjs alone.
const { buildSync } = require('esbuild');
const Module = require('node:module');
const path = require('node:path');

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
    entryPoints: [path.join(__dirname, 'entry.ts')],
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    write: false,
    logLevel: 'error',
  });
  const compiled = new Module(path.join(__dirname, 'entry.cjs'));
  compiled.paths = Module._nodeModulePaths(__dirname);
  compiled._compile(outputFiles[0].text, compiled.id);
  return compiled.exports;
});

/** What policies may name. */
function catalogue() {
  const { rules, actions, drainSteps } = source();
  return { rules, actions: [...actions, ...drainSteps] };
}

/** What whoever deploys has to mend: serverless prints a stack where there is one, and it would hide the message. */
function mistake(message) {
  return Object.assign(new Error(message), { stack: '' });
}

/** The policies of a folder, and what holds of all of them. Throws what `ec2-guardrail validate` prints, if any has a mistake. */
const loaded = memoized((folder) => {
  const { loadPolicies, formatErrors } = source();
  const options = { ...catalogue(), cwd: process.cwd(), now: new Date() };
  const { policies, safety, errors, warnings } = loadPolicies([folder], options);
  if (warnings.length > 0) process.stderr.write(`${formatErrors(warnings)}\n`);
  if (errors.length > 0) throw mistake(`${folder} is not deployed:\n${formatErrors(errors)}`);
  return { policies, safety };
});

/** The policies of a folder, joined with their rules and actions. */
function boundPolicies(folder) {
  return source().bindAll(loaded(folder).policies, catalogue());
}

/** The source of the module that the functions import as `compiled:policies`: all policies but those that drain. */
function policyModule(folder) {
  const { policies, safety } = loaded(folder);
  return source().compilePolicies(policies.filter(looks), safety);
}

/** The same of `compiled:drain-policies`, which λ drain imports: those that drain, and no other. */
function drainPolicyModule(folder) {
  const { policies, safety } = loaded(folder);
  return source().compilePolicies(policies.filter(source().isDrainPolicy), safety);
}

/** Whether it is asked by looks at instances, and not by what EC2 announces. */
function looks(policy) {
  return !source().isDrainPolicy(policy);
}

/** Whether anything asks KMS: a policy, one of its actions, or what is protected from these. */
function asksKms(folder) {
  const { bindSafety, needsOf, needsToAct } = source();
  const policies = boundPolicies(folder).filter(looks);
  const needs = [...needsOf(policies), ...needsToAct(policies, bindSafety(loaded(folder).safety))];
  return needs.includes('kmsAliases');
}

/** Whether anything is done at all: the calls that change EC2 are in the bundle only then. What drains calls others. */
function enforces(folder, enforcement) {
  return isEnforced(loaded(folder).policies.filter(looks), enforcement);
}

/** The same of what drains: the calls that take instances out of service. */
function drains(folder, enforcement) {
  return isEnforced(loaded(folder).policies.filter(source().isDrainPolicy), enforcement);
}

/** Whether the sweep keeps the index of targets: a drain asks which target groups hold an instance. */
function keepsTargetIndex(folder) {
  return source().asksTargetIndex(boundPolicies(folder));
}

function isEnforced(policies, enforcement) {
  return enforcement === 'on' && policies.some(({ mode }) => mode === 'enforce');
}

async function guardrail(resolveConfigurationProperty) {
  const { name, region, policies, ...parameters } = await resolveConfigurationProperty(['custom', 'guardrail']);
  try {
    return { policies, settings: source().settingsOf({ name, region }, parameters) };
  } catch (error) {
    throw mistake(error.message);
  }
}

/** What is misspelt on the command line is refused here, and not left out without a word. */
function refuseUnknownParameters(given) {
  const { refuseUnknownParameters: refuse, nearest } = source();
  try {
    refuse(given, nearest);
  } catch (error) {
    throw mistake(error.message);
  }
}

/** `${file(deploy/stack.cjs):resources}`: all that is deployed but the functions. */
async function resources({ options, resolveConfigurationProperty }) {
  refuseUnknownParameters(options.param);
  const { policies, settings } = await guardrail(resolveConfigurationProperty);
  const { bindSafety, enforcementNote, template } = source();
  const note = enforcementNote(loaded(policies).policies, settings);
  if (note !== undefined) process.stderr.write(`${note}\n`);
  return template(boundPolicies(policies), settings, bindSafety(loaded(policies).safety));
}

/** `${file(deploy/stack.cjs):drainFunctions}`: the function drain, where a policy drains. */
async function drainFunctions({ resolveConfigurationProperty }) {
  const { policies } = await guardrail(resolveConfigurationProperty);
  return source().drainFunctions(loaded(policies).policies);
}

/** `${file(deploy/stack.cjs):alertsTopicArn}`: where alerts go. */
async function alertsTopicArn({ resolveConfigurationProperty }) {
  const { settings } = await guardrail(resolveConfigurationProperty);
  return source().alertsTopicArn(settings);
}

module.exports = {
  alertsTopicArn,
  asksKms,
  drainFunctions,
  drainPolicyModule,
  drains,
  enforces,
  keepsTargetIndex,
  policyModule,
  resources,
};
