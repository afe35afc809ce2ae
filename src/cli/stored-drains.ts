import type { DrainRecord } from '../domain/drain.ts';
import type { Instance } from '../domain/instance.ts';
import { describeInstances } from '../engine/collect.ts';
import type { Live } from './live.ts';

/**
 * The drain of an instance.
 * @throws when there is none.
 */
export function drainOf(instanceId: string, drains: readonly DrainRecord[], table: string): DrainRecord {
  const record = drains.find((one) => one.instanceId === instanceId);
  if (record === undefined)
    throw new Error(`there is no drain of ${instanceId} in the table ${table}: drains are remembered for 30 days`);
  return record;
}

/**
 * An instance as it is now.
 * @throws when EC2 does not show it.
 */
export async function instanceNow(live: Live, instanceId: string, region: string): Promise<Instance> {
  const read = async () => {
    const { instances, failure } = await describeInstances(live.aws, 'instance-id', [instanceId]);
    if (failure !== undefined) throw new Error(failure.detail);
    return instances[0];
  };
  const instance = await live.explaining(read, {
    operation: 'ec2:DescribeInstances',
    purpose: `look at ${instanceId}`,
    otherwise: 'Nothing was done.',
  });
  if (instance === undefined) throw new Error(`EC2 has no ${instanceId} in ${region}`);
  return instance;
}
