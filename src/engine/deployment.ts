import type { Aws, Scope } from '../domain/operations.ts';
import type { BoundPolicy } from '../domain/policy.ts';
import type { BoundSafety } from '../domain/safety.ts';

/** Where a deployment's parts are. */
export interface Deployment {
  /** The guardrail's own. */
  readonly version: string;
  readonly scope: Scope;
  readonly tableName: string;
  readonly alertsTopicArn: string;
  readonly operationsTopicArn: string;
  readonly liveQueueUrl: string;
  readonly bulkQueueUrl: string;
  /** Roles whose own calls are no news. */
  readonly roleArns: readonly string[];
  /** A tag whose value goes into the message attributes, for subscribers to filter by. */
  readonly alertTag?: string;
}

/** What the engine works with: AWS, the clock, the deployment and its policies. */
export interface Engine {
  readonly aws: Aws;
  now(): Date;
  /** A text that no other call gave, in this run or any other. */
  newToken(): string;
  /** Waits before something is tried again. */
  pause(milliseconds: number): Promise<void>;
  readonly deployment: Deployment;
  readonly policies: readonly BoundPolicy[];
  /** Whether anything is done at all: it wins over every policy. */
  readonly isEnforcing: boolean;
  readonly safety: BoundSafety;
}
