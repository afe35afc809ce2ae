// Writes what is derived from the code: schema/*.schema.json, and the heads of docs/rules/*.md and docs/actions/*.md.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import Module from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
process.chdir(root);

/** Bundles a source file in memory and loads it. CommonJS, since an ES module without a file finds no packages. */
async function load(entry) {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    write: false,
    logLevel: 'warning',
  });
  const bundle = new Module(join(root, 'generate.cjs'));
  bundle.paths = Module._nodeModulePaths(root);
  bundle._compile(outputFiles[0].text, bundle.id);
  return bundle.exports;
}

const { generatedFiles } = await load('src/language/generate.ts');
const files = generatedFiles((path) => (existsSync(path) ? readFileSync(path, 'utf8') : undefined));
for (const [path, text] of Object.entries(files)) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
console.log(`generate: wrote ${Object.keys(files).length} files`);
