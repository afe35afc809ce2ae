import { removeAll } from './remains.ts';
import { stage } from './stage.ts';

export default async function tearDown(): Promise<void> {
  try {
    await stage('serverless remove', removeAll);
  } finally {
    await globalThis.endSetUp();
  }
}
