import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isSnapshotFile } from './snapshot-files.ts';

/** Writes what was read. `finish` takes away what an earlier snapshot left: files of two times say what never was. */
export interface SnapshotWriter {
  readonly write: (file: string, document: object) => Promise<void>;
  readonly finish: () => Promise<void>;
}

/**
 * Writes into a folder, which is made at the first file.
 * @param force whether the folder may hold something already.
 * @throws when it does and may not, or is no folder.
 */
export async function snapshotWriter(directory: string, force: boolean): Promise<SnapshotWriter> {
  const before = await filesIn(directory);
  if (before.length > 0 && !force) {
    throw new Error(`${directory} is not empty: choose another folder, or replace the snapshot in it with --force`);
  }
  const written = new Set<string>();
  return {
    async write(file, document) {
      await mkdir(directory, { recursive: true });
      await writeFile(join(directory, file), `${JSON.stringify(document, undefined, 2)}\n`);
      written.add(file);
    },
    async finish() {
      const stale = before.filter((file) => isSnapshotFile(file) && !written.has(file));
      await Promise.all(stale.map((file) => rm(join(directory, file))));
    },
  };
}

async function filesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (cause) {
    if (isMissing(cause)) return [];
    throw new Error(`${directory} can't be written to: it is no folder, or not yours to read`, { cause });
  }
}

function isMissing(cause: unknown): boolean {
  return typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === 'ENOENT';
}
