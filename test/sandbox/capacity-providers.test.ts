import { sandboxWith } from './account-of-tests.ts';

const provider = (name: string) => ({
  name,
  capacityProviderArn: `arn:aws:ecs:us-east-1:123456789012:capacity-provider/${name}`,
  autoScalingGroupProvider: { autoScalingGroupArn: undefined, managedDraining: 'ENABLED' as const },
});
const serving = { capacityProviders: [provider('spot'), provider('steady')] };

test('capacity providers are found by name and by ARN, and those that are not there are failures', async () => {
  const { aws } = sandboxWith({ serving });
  const answer = await aws('ecs:DescribeCapacityProviders', {
    capacityProviders: ['spot', 'gone', provider('steady').capacityProviderArn],
  });

  expect(answer.capacityProviders).toEqual([provider('spot'), provider('steady')]);
  expect(answer.failures).toEqual([{ arn: 'gone', reason: 'MISSING' }]);
});

test('all of them come page by page', async () => {
  const { aws } = sandboxWith({ serving });
  const first = await aws('ecs:DescribeCapacityProviders', { maxResults: 1 });
  const second = await aws('ecs:DescribeCapacityProviders', { maxResults: 1, nextToken: first.nextToken });

  expect([first, second].map(({ capacityProviders }) => capacityProviders?.[0]?.name)).toEqual(['spot', 'steady']);
  expect(second.nextToken).toBeUndefined();
});

test('a snapshot that does not hold them says so', async () => {
  const { aws } = sandboxWith({ isSnapshot: true });

  await expect(aws('ecs:DescribeCapacityProviders', {})).rejects.toMatchObject({ name: 'NotRecorded' });
});
