// What the functions' bundles need beyond esbuild's own: see docs/decisions/0004-policies-compiled-sdk-shaken.md.
const { readFileSync } = require('node:fs');
const { asksKms, drainPolicyModule, drains, enforces, keepsTargetIndex, policyModule } = require('./stack.cjs');

/** A module that is written here instead of read from a file. */
function virtualModule(name, filter, contents) {
  return {
    name,
    setup(build) {
      build.onResolve({ filter }, ({ path, resolveDir }) => ({ path, namespace: name, pluginData: resolveDir }));
      build.onLoad({ filter: /.*/, namespace: name }, ({ pluginData }) => ({
        contents: contents(),
        resolveDir: pluginData,
        loader: 'ts',
      }));
    },
  };
}

/** Policies become data and imports of the rules and actions they use: a function loads neither YAML nor zod, and no others. */
function compiledPolicies(folder) {
  return [
    virtualModule('compiled-policies', /^compiled:policies$/, () => policyModule(folder)),
    virtualModule('compiled-drain-policies', /^compiled:drain-policies$/, () => drainPolicyModule(folder)),
  ];
}

/** In Lambda credentials come from the environment: SSO, profiles, processes and metadata services are never asked. */
const environmentCredentials = virtualModule(
  'environment-credentials',
  /^@aws-sdk\/credential-provider-node$/,
  () => "export { fromEnv as defaultProvider } from '@aws-sdk/credential-provider-env';",
);

/**
 * The SDK writes keys of its schemas as `[_xN]: …`. A computed key might have a side effect, so that esbuild keeps the schemas of
 * all operations; with the constant's value in place, those of operations that nobody calls go.
 */
const literalSchemaKeys = {
  name: 'literal-schema-keys',
  setup(build) {
    build.onLoad({ filter: /[\\/]@aws-sdk[\\/]client-[\w-]+[\\/]dist-es[\\/]schemas[\\/]\w+\.js$/ }, ({ path }) => ({
      contents: withLiteralKeys(readFileSync(path, 'utf8')),
      loader: 'js',
    }));
  },
};

function withLiteralKeys(source) {
  const literals = new Map(
    [...source.matchAll(/^const (\w+) = ("[^"\\]*");$/gm)].map(([, name, text]) => [name, text]),
  );
  return source.replace(/\[(\w+)\]:/g, (key, name) => (literals.has(name) ? `${literals.get(name)}:` : key));
}

/** Most deployments ask nothing of KMS. Its client is left out then: it is a tenth of what a function loads. */
const withoutKms = virtualModule(
  'without-kms',
  /^@aws-sdk\/client-kms$/,
  () => `
    export class KMSClient {
      constructor() {
        throw new Error('KMS was left out of this package, since nothing deployed needs it');
      }
    }
    export class ListAliasesCommand {}
  `,
);

/** Where nothing enforces, the calls that change EC2 are not even there. */
const withoutChanges = virtualModule(
  'without-changes',
  /\/aws\/changes\.ts$/,
  () => 'export const changingSenders = {};',
);

/** The same of those that take instances out of service. */
const withoutDraining = virtualModule(
  'without-draining',
  /\/drain-changes\.ts$/,
  () => 'export const drainingSenders = {};',
);

/** Where no drain asks for target groups, the sweep keeps no index of them. */
const withoutTargetIndex = virtualModule(
  'without-target-index',
  /\/target-index\.ts$/,
  () => 'export const keepTargetIndex = undefined;',
);

/** What serverless-esbuild builds the functions with. */
function plugins({ service }) {
  const { policies, enforcement } = service.custom.guardrail;
  return [
    ...compiledPolicies(policies),
    environmentCredentials,
    literalSchemaKeys,
    ...(asksKms(policies) ? [] : [withoutKms]),
    ...(enforces(policies, enforcement) ? [] : [withoutChanges]),
    ...(drains(policies, enforcement) ? [] : [withoutDraining]),
    ...(keepsTargetIndex(policies) ? [] : [withoutTargetIndex]),
  ];
}

module.exports = Object.assign(plugins, { literalSchemaKeys });
