import type { DrainFacts, DrainNeed } from '../domain/drain-facts.ts';
import type { Instance } from '../domain/instance.ts';
import type { DrainEngine } from './drain-engine.ts';

export async function collectDrainFacts(
  _engine: DrainEngine,
  _instances: readonly Instance[],
  _needs: readonly DrainNeed[],
  _until: Date,
): Promise<ReadonlyMap<string, DrainFacts>> {
  return new Map();
}
