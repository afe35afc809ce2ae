// Bundles the command line into dist/. Packages stay external: they load faster so, and `npm install` brings them.
import { existsSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const entry = 'src/cli/main.ts';

async function loadEsbuild() {
  try {
    return await import('esbuild');
  } catch (error) {
    if (error.code === 'ERR_MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

process.chdir(root);
const esbuild = await loadEsbuild();
if (!esbuild) {
  console.log('build: skipped, esbuild is not installed (it is a development dependency)');
} else if (!existsSync(entry)) {
  console.log(`build: skipped, there is no ${entry}`);
} else {
  rmSync('dist', { recursive: true, force: true });
  await esbuild.build({
    entryPoints: { main: entry },
    outdir: 'dist',
    bundle: true,
    splitting: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'warning',
  });
}
