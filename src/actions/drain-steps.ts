import type { AnyDrainStep } from '../domain/drain-step.ts';
import { completeLifecycle } from './complete-lifecycle.ts';
import { deregisterFromLoadBalancers } from './deregister-from-load-balancers.ts';
import { deregisterTargets } from './deregister-targets.ts';
import { drainContainerInstance } from './drain-container-instance.ts';
import { putEvent } from './put-event.ts';
import { replaceInGroup } from './replace-in-group.ts';
import { runDocument } from './run-document.ts';

/** Every step of a drain, the most urgent first. */
export const drainSteps: readonly AnyDrainStep[] = [
  deregisterTargets,
  deregisterFromLoadBalancers,
  drainContainerInstance,
  replaceInGroup,
  runDocument,
  putEvent,
  completeLifecycle,
];
