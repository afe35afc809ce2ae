import type { BoundPolicy, BoundStep } from '../domain/policy.ts';
import type { Deployment, Engine } from './deployment.ts';

/** What λ drain works with: the engine, chance for its pauses, and policies of the rule `spot-interruption` alone. */
export interface DrainEngine extends Omit<Engine, 'policies' | 'deployment'> {
  readonly policies: readonly (BoundPolicy & { readonly boundSteps: readonly BoundStep[] })[];
  readonly deployment: Deployment & { readonly drainQueueUrl: string };
  /** A number from 0 to below 1. */
  random(): number;
}
