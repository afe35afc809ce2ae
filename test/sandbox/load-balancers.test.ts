import type { SandboxOptions } from '../../src/sandbox/sandbox.ts';
import type { Serving } from '../../src/sandbox/serving.ts';
import { id, sandboxWith } from './account-of-tests.ts';

const LoadBalancerName = 'old';
const listed = (...numbers: readonly number[]) => numbers.map((number) => ({ InstanceId: id(number) }));

/** Instances 1 to 3 run; `old` has 1 and 2. */
function account(serving: Serving = {}, options: Partial<SandboxOptions> = {}) {
  const Instances = [1, 2, 3].map((number) => ({ InstanceId: id(number), State: { Name: 'running' as const } }));
  const sandbox = sandboxWith(
    {
      reservations: [{ Instances }],
      serving: { loadBalancers: [{ LoadBalancerName, Instances: listed(1, 2) }], ...serving },
    },
    options,
  );
  const { aws } = sandbox;
  const health = async (...numbers: readonly number[]) => {
    const Instances = numbers.length === 0 ? undefined : listed(...numbers);
    const { InstanceStates = [] } = await aws('elb:DescribeInstanceHealth', { LoadBalancerName, Instances });
    return InstanceStates.map(({ InstanceId, State, Description }) => `${InstanceId?.at(-1)} ${State}: ${Description}`);
  };
  const registered = async () => {
    const { LoadBalancerDescriptions = [] } = await aws('elb:DescribeLoadBalancers', {});
    return LoadBalancerDescriptions.map(({ Instances = [] }) => Instances.map((one) => Number(one.InstanceId?.at(-1))));
  };
  const deregister = (...numbers: readonly number[]) =>
    aws('elb:DeregisterInstancesFromLoadBalancer', { LoadBalancerName, Instances: listed(...numbers) });
  const register = (...numbers: readonly number[]) =>
    aws('elb:RegisterInstancesWithLoadBalancer', { LoadBalancerName, Instances: listed(...numbers) });
  return { ...sandbox, health, registered, deregister, register };
}

test('load balancers come in pages, each with its instances', async () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  const { aws } = account({ loadBalancers: names.map((name) => ({ LoadBalancerName: name, Instances: listed(1) })) });
  const first = await aws('elb:DescribeLoadBalancers', { PageSize: 400 });
  const second = await aws('elb:DescribeLoadBalancers', { PageSize: 400, Marker: first.NextMarker });
  expect(first.LoadBalancerDescriptions?.map((one) => one.LoadBalancerName)).toEqual(['a', 'b', 'c', 'd', 'e']);
  expect(second.LoadBalancerDescriptions).toEqual([{ LoadBalancerName: 'f', Instances: listed(1) }]);
  expect(second.NextMarker).toBeUndefined();
});

test('a load balancer that is not there fails every call that names it', async () => {
  const { aws } = account();
  const gone = { LoadBalancerName: 'gone', Instances: listed(1) };
  const calls = [
    aws('elb:DescribeLoadBalancers', { LoadBalancerNames: ['old', 'gone'] }),
    aws('elb:DescribeInstanceHealth', gone),
    aws('elb:DeregisterInstancesFromLoadBalancer', gone),
    aws('elb:RegisterInstancesWithLoadBalancer', gone),
  ];
  for (const call of calls) await expect(call).rejects.toMatchObject({ name: 'AccessPointNotFoundException' });
  expect.assertions(calls.length);
});

describe('the health of instances', () => {
  test('is in service where nothing else is known', async () => {
    const instanceHealth = { old: [{ InstanceId: id(2), State: 'OutOfService', Description: 'Instance has failed' }] };
    expect(await account({ instanceHealth }).health()).toEqual([
      '1 InService: N/A',
      '2 OutOfService: Instance has failed',
    ]);
  });

  test('is told of those asked for, registered or not, and never of a terminated one', async () => {
    const sandbox = account();
    sandbox.account.terminate(id(1));
    expect(await sandbox.health(1, 2, 3)).toEqual([
      '2 InService: N/A',
      '3 OutOfService: Instance is not currently registered with the LoadBalancer.',
    ]);
    expect(await sandbox.health()).toEqual(['2 InService: N/A']);
  });
});

describe('a deregistered instance', () => {
  test('is listed no more, drains for five minutes, and is then not registered', async () => {
    const { deregister, health, registered, advance } = account();
    expect((await deregister(1)).Instances).toEqual(listed(2));
    expect(await registered()).toEqual([[2]]);
    expect(await health(1)).toEqual(['1 InService: Instance deregistration currently in progress.']);
    advance(299_999);
    expect(await health(1)).toEqual(['1 InService: Instance deregistration currently in progress.']);
    advance(1);
    expect(await health(1)).toEqual(['1 OutOfService: Instance is not currently registered with the LoadBalancer.']);
    expect(await health()).toEqual(['2 InService: N/A']);
  });

  test('that is not registered fails the call, and none is deregistered', async () => {
    const { deregister, registered } = account();
    await expect(deregister(1, 3)).rejects.toMatchObject({
      name: 'InvalidEndPointException',
      message: `Could not find EC2 instance ${id(3)}.`,
    });
    expect(await registered()).toEqual([[1, 2]]);
  });
});

describe('a registered instance', () => {
  test('is out of service at first', async () => {
    const { register, health, registered, advance } = account({}, { pace: { healthyMs: 10_000 } });
    expect((await register(3, 1)).Instances).toEqual(listed(1, 2, 3));
    expect(await registered()).toEqual([[1, 2, 3]]);
    const waiting = '3 OutOfService: Instance registration is still in progress.';
    expect(await health()).toEqual(['1 InService: N/A', '2 InService: N/A', waiting]);
    advance(10_000);
    expect(await health(3)).toEqual(['3 InService: N/A']);
  });

  test('that drains goes through it anew, and stays', async () => {
    const { register, deregister, health, advance } = account({}, { pace: { healthyMs: 10_000 } });
    await deregister(1);
    await register(1);
    expect(await health(1)).toEqual(['1 OutOfService: Instance registration is still in progress.']);
    advance(400_000);
    expect(await health(1)).toEqual(['1 InService: N/A']);
  });

  test('must be there', async () => {
    const sandbox = account();
    sandbox.account.terminate(id(3));
    for (const number of [3, 9]) {
      await expect(sandbox.register(number)).rejects.toMatchObject({ name: 'InvalidEndPointException' });
    }
    expect(await sandbox.registered()).toEqual([[1, 2]]);
  });
});
