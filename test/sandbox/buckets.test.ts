import type { Input, Operation } from '../../src/domain/operations.ts';
import { sandboxWith } from './account-of-tests.ts';

const ofServices = { serving: { clusterArns: ['arn:aws:ecs:eu-west-1:111122223333:cluster/default'] } };

/** Makes a call so many times at once, and says how many were answered and what the others rejected with. */
async function burst<O extends Operation>(aws: ReturnType<typeof sandboxWith>['aws'], operation: O, count: number) {
  const calls = Array.from({ length: count }, () => aws(operation, {} as Input<O>));
  const settled = await Promise.allSettled(calls);
  const errors = settled.flatMap((one) => (one.status === 'rejected' ? [one.reason as Error] : []));
  return {
    answered: count - errors.length,
    errors: [...new Set(errors.map(({ name, message }) => `${name}: ${message}`))],
  };
}

test.each<[Operation, number, number, string]>([
  ['elbv2:DescribeTargetGroups', 40, 10, 'Throttling: Rate exceeded'],
  ['elb:DescribeLoadBalancers', 40, 10, 'Throttling: Rate exceeded'],
  ['ecs:ListTasks', 50, 20, 'ThrottlingException: Rate exceeded'],
])('%s is answered %d times at once, and then %d times a second', async (operation, size, perSecond, error) => {
  const { aws, advance } = sandboxWith(ofServices);
  expect(await burst(aws, operation, size + 5)).toEqual({ answered: size, errors: [error] });
  advance(1_000);
  expect(await burst(aws, operation, size)).toEqual({ answered: perSecond, errors: [error] });
  // It holds no more than it can, however long nobody takes of it.
  advance(3_600_000);
  expect(await burst(aws, operation, size + 5)).toEqual({ answered: size, errors: [error] });
});

test('reads of a service share a bucket, those of another have their own, and changes take none', async () => {
  const TargetGroupArn = 'arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/web/0123456789abcdef';
  const targetGroups = [{ TargetGroupName: 'web', TargetGroupArn, TargetType: 'instance' as const, Port: 80 }];
  const { aws } = sandboxWith({ serving: { ...ofServices.serving, targetGroups } });
  await burst(aws, 'elbv2:DescribeTargetGroups', 40);
  const throttled = { name: 'Throttling' };
  await expect(aws('elbv2:DescribeTargetHealth', { TargetGroupArn })).rejects.toMatchObject(throttled);
  await expect(aws('elbv2:DescribeTargetGroupAttributes', { TargetGroupArn })).rejects.toMatchObject(throttled);
  await expect(aws('elb:DescribeLoadBalancers', {})).resolves.toBeDefined();
  await expect(aws('ecs:ListClusters', {})).resolves.toBeDefined();
  const Targets = [{ Id: 'i-0123456789abcdef0' }];
  await expect(aws('elbv2:DeregisterTargets', { TargetGroupArn, Targets })).resolves.toEqual({});
});

test('what a fault strikes takes nothing out of the bucket', async () => {
  const operation = 'elb:DescribeLoadBalancers';
  const { aws, inject } = sandboxWith();
  inject({ operation, error: 'Throttling', times: 5 });
  expect(await burst(aws, operation, 46)).toEqual({ answered: 40, errors: ['Throttling: Rate exceeded'] });
});
