import { type BoundPolicy, isDrainPolicy } from '../domain/policy.ts';
import { arnOf, ref } from './cloudformation.ts';
import { DRAIN_TIMEOUT } from './queues.ts';

/** λ drain as serverless.yml defines functions: only where a policy drains. */
export function drainFunctions(policies: readonly Pick<BoundPolicy, 'rule'>[]) {
  return policies.some(isDrainPolicy) ? { drain } : {};
}

const drain = {
  description: 'Takes instances that EC2 takes away out of service, and tells what became of that.',
  handler: 'src/handlers/drain.handler',
  role: { 'Fn::Sub': `\${DrainRole.Arn}` },
  memorySize: 512,
  timeout: DRAIN_TIMEOUT,
  environment: { DRAIN_QUEUE_URL: ref('DrainQueue') },
  events: [
    {
      // No maximumConcurrency: a thousand notices may come in one minute, and none can wait.
      sqs: {
        arn: arnOf('DrainQueue'),
        batchSize: 100,
        maximumBatchingWindow: 1,
        functionResponseType: 'ReportBatchItemFailures',
      },
    },
  ],
} as const;
