import type { AnyDrainStep } from '../domain/drain-step.ts';
import type { Json } from '../domain/json.ts';
import type { BoundPolicy } from '../domain/policy.ts';
import type { Deployment, Engine } from './deployment.ts';

/** A step as a policy uses it. */
export interface BoundStep {
  readonly step: AnyDrainStep;
  readonly parameters: Json;
  /** Whether it also comes when EC2 only recommends to rebalance. */
  readonly onRebalance: boolean;
}

/** What λ drain works with: the engine, chance for its pauses, and policies of the rule `spot-interruption` alone. */
export interface DrainEngine extends Omit<Engine, 'policies' | 'deployment'> {
  readonly policies: readonly (BoundPolicy & { readonly boundSteps: readonly BoundStep[] })[];
  readonly deployment: Deployment & { readonly drainQueueUrl: string };
  /** A number from 0 to below 1. */
  random(): number;
}
