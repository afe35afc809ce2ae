import { remove } from './deployment.ts';
import { partsOfStack } from './remains.ts';
import { stage } from './stage.ts';

export default async function tearDown(): Promise<void> {
  try {
    await stage('serverless remove', removeAll);
  } finally {
    await globalThis.endSetUp();
  }
}

/** @throws Error that names what is still there. */
async function removeAll(): Promise<void> {
  const before = await partsOfStack();
  await remove();
  const after = await partsOfStack();
  process.stderr.write(`   removed ${before.length - after.length} of ${before.length} parts of the stack\n`);
  if (before.length === 0) throw new Error('nothing was there to remove');
  if (after.length > 0) throw new Error(`serverless remove left behind:\n${after.join('\n')}`);
}
