import type { Deployment, Engine } from './deployment.ts';

/** What λ drain works with: the engine with policies of the rule `spot-interruption` alone, its own queue, and chance for its pauses. */
export interface DrainEngine extends Omit<Engine, 'deployment'> {
  readonly deployment: Deployment & { readonly drainQueueUrl: string };
  /** A number from 0 to below 1. */
  random(): number;
}

/** What making moves takes. */
export type DrainCaller = Pick<DrainEngine, 'aws' | 'now' | 'pause' | 'random'>;

/** What the items of drains are read and written with. */
export interface DrainStore extends DrainCaller, Pick<Engine, 'newToken'> {
  readonly deployment: Pick<Deployment, 'tableName' | 'scope'>;
}
