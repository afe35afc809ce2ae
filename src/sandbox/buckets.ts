import type { Operation } from '../domain/operations.ts';
import type { Account } from './account.ts';
import { awsError } from './errors.ts';

/** How many calls a service takes of an account in a Region: so many at once, and then so many a second. */
interface Bucket {
  readonly size: number;
  readonly perSecond: number;
  readonly error: string;
}

/** What is left in a bucket, and when that was so. */
export interface BucketState {
  tokens: number;
  at: number;
}

/**
 * Buckets of reads, by service. ECS has several for its reads, of which this is the smallest: they are taken as one.
 * @see https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/elb-api-throttling.html
 * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/request-throttling.html
 */
const buckets: Readonly<Record<string, Bucket>> = {
  elbv2: { size: 40, perSecond: 10, error: 'Throttling' },
  elb: { size: 40, perSecond: 10, error: 'Throttling' },
  ecs: { size: 50, perSecond: 20, error: 'ThrottlingException' },
};

/**
 * Takes a read out of its service's bucket. What has no bucket here is not throttled but by a fault.
 * @throws the service's error when the bucket is empty.
 */
export function takeFromBucket(account: Account, operation: Operation): void {
  const [service = '', name = ''] = operation.split(':');
  const bucket = buckets[service];
  if (bucket === undefined || !/^(?:Describe|List)/.test(name)) return;
  const { size, perSecond, error } = bucket;
  const at = account.now().getTime();
  const state = account.buckets.get(service) ?? { tokens: size, at };
  const tokens = Math.min(size, state.tokens + ((at - state.at) * perSecond) / 1000);
  if (tokens < 1) throw awsError(error, 'Rate exceeded');
  account.buckets.set(service, { tokens: tokens - 1, at });
}
