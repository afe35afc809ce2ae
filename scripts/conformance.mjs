// Holds `restricted-ingress` against recorded open-SSH cases: `node scripts/conformance.mjs DIR` reads DIR/ssh-cases.json,
// prints a table, and exits 1 when an exposure differs from the expected one.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';
import * as z from 'zod';

const root = fileURLToPath(new URL('..', import.meta.url));
const entry = `
export { defaultNow, inspected } from './src/domain/given.ts';
export { restrictedIngress } from './src/rules/restricted-ingress.ts';
`;

async function loadRule() {
  const { outputFiles } = await esbuild.build({
    stdin: { contents: entry, resolveDir: root },
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    target: 'node20',
  });
  const [bundle] = outputFiles;
  return import(`data:text/javascript;base64,${Buffer.from(bundle.contents).toString('base64')}`);
}

/** The cases name two prefix lists: one holds all of IPv4, the other can't be read. */
function givenFor(ipPermissions) {
  return {
    securityGroups: [{ GroupId: 'sg-1', IpPermissions: ipPermissions }],
    prefixLists: [{ PrefixListId: 'pl-0aaa', Entries: [{ Cidr: '0.0.0.0/0' }] }],
  };
}

const [directory] = process.argv.slice(2);
if (directory === undefined) {
  console.error('usage: node scripts/conformance.mjs DIR');
  process.exit(2);
}
const { defaultNow, inspected, restrictedIngress } = await loadRule();
const now = new Date(defaultNow);
const parameters = restrictedIngress.parameters(z).parse({ ports: [22] });
const cases = JSON.parse(readFileSync(join(directory, 'ssh-cases.json'), 'utf8'));
const results = cases.map(({ id, ipPermissions, expected }) => {
  const verdict = restrictedIngress.evaluate({ ...inspected(givenFor(ipPermissions), now), parameters, now });
  const exposure = verdict.evidence?.exposure;
  return { id, expected, exposure, compliance: verdict.compliance, agrees: exposure === expected };
});
console.table(results);
const differing = results.filter(({ agrees }) => !agrees).length;
console.log(`${results.length - differing} of ${results.length} agree`);
process.exitCode = differing > 0 ? 1 : 0;
