import { remove } from './deployment.ts';
import { stage } from './stage.ts';

export default async function tearDown(): Promise<void> {
  try {
    await stage('serverless remove', remove);
  } finally {
    await globalThis.moto?.stop();
  }
}
