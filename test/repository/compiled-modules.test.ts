import { execFileSync } from 'node:child_process';
import { inFolder } from '../language/folder.ts';

const policy = (name: string, rest: string) => `name: ${name}\ndescription: It holds.\nseverity: low\n${rest}\n`;
const files = {
  'policies/disks/policy.yml': policy('disks', 'rule: encrypted-volumes\nactions: [notify, stop]'),
  'policies/spot/policy.yml': policy(
    'spot',
    'rule: spot-interruption\nmode: enforce\nactions: [notify, { put-event: { bus: own } }]',
  ),
};

/** What deploy/stack.cjs makes of these policies, as the bundles ask it. */
function compiled() {
  return inFolder(files, (folder) => {
    const script = `
      const stack = require('./deploy/stack.cjs');
      const folder = ${JSON.stringify(`${folder}/policies`)};
      const modules = [stack.policyModule(folder), stack.drainPolicyModule(folder)];
      process.stdout.write(JSON.stringify({ modules, enforces: stack.enforces(folder, 'on') }));`;
    return JSON.parse(execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' })) as {
      readonly modules: readonly string[];
      readonly enforces: boolean;
    };
  });
}

test('policies that drain are compiled into a module of their own, and what others load does not grow by them', () => {
  const { modules, enforces } = compiled();
  const imports = modules.map((source) =>
    [...source.matchAll(/'\.\.\/((?:actions|rules)\/.*)\.ts'/g)].map(([, file]) => file),
  );

  expect(imports).toEqual([
    ['actions/stop', 'rules/encrypted-volumes'],
    ['actions/put-event', 'rules/spot-interruption'],
  ]);
  // A step that is made calls nothing that an action may.
  expect(enforces).toBe(false);
});

/** The calls to ELB in the bundle of the sweep, of a deployment that drains by this step. */
function balancerCallsOfSweep(step: string): readonly string[] {
  const spot = policy('spot', `rule: spot-interruption\nmode: enforce\nactions: [notify, ${step}]`);
  return inFolder({ ...files, 'policies/spot/policy.yml': spot }, (folder) => {
    const service = { custom: { guardrail: { policies: `${folder}/policies`, enforcement: 'on' } } };
    const script = `
      const plugins = require('./deploy/esbuild-plugins.cjs')(${JSON.stringify({ service })});
      const options = { entryPoints: ['src/handlers/sweep.ts'], bundle: true, write: false, platform: 'node', plugins };
      require('esbuild').build({ ...options, mainFields: ['module', 'main'], minify: true }).then(({ outputFiles }) =>
        process.stdout.write(outputFiles[0].text));`;
    const bundle = execFileSync(process.execPath, ['-e', script], { encoding: 'utf8', maxBuffer: 2 ** 24 });
    return [...new Set(bundle.match(/\b(?:Describe|Register|Deregister)(?:Target|LoadBalancer)\w+\b/g) ?? [])].sort();
  });
}

test('the sweep loads the two reads of target groups where a step asks for these, and nothing else of ELB', () => {
  const reads = balancerCallsOfSweep('deregister-targets');
  expect(reads.filter((name) => /^Describe\w+(?:Groups|Health)$/.test(name))).toEqual([
    'DescribeTargetGroups',
    'DescribeTargetHealth',
  ]);
  expect(reads.filter((name) => !name.startsWith('DescribeTarget'))).toEqual([]);
  expect(balancerCallsOfSweep('{ put-event: { bus: own } }')).toEqual([]);
});
