import { Readable } from 'node:stream';
import type { AutoScalingClientConfig } from '@aws-sdk/client-auto-scaling';
import { drainSenders } from '../../src/aws/drain.ts';
import type { DrainsOwnOperation, Input } from '../../src/domain/operations.ts';

const TargetGroupArn = 'arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/web/0123456789abcdef';

/** What the SDK throws when the service answers so. */
function thrownBy<O extends DrainsOwnOperation>(operation: O, input: Input<O>, body: string): Promise<unknown> {
  const contentType = body.startsWith('<') ? 'text/xml' : 'application/x-amz-json-1.1';
  const handle = async () => ({
    response: { statusCode: 400, headers: { 'content-type': contentType }, body: Readable.from([Buffer.from(body)]) },
  });
  const settings = {
    region: 'eu-central-1',
    credentials: { accessKeyId: 'testing', secretAccessKey: 'testing' },
    maxAttempts: 1,
    requestHandler: { handle } as unknown as NonNullable<AutoScalingClientConfig['requestHandler']>,
  };
  const to = <C>(Client: new (config: typeof settings) => C) => new Client(settings);
  const send: (typeof drainSenders)[O] = drainSenders[operation];
  return send(to as unknown as Parameters<typeof send>[0], input).catch((error: unknown) => error);
}

const xml = (code: string) =>
  `<ErrorResponse><Error><Code>${code}</Code><Message>why</Message></Error></ErrorResponse>`;
const json = (code: string) => JSON.stringify({ __type: code, message: 'why' });

const health = () => ['elbv2:DescribeTargetHealth', { TargetGroupArn }] as const;
const detach = () =>
  [
    'autoscaling:DetachInstances',
    { AutoScalingGroupName: 'web', InstanceIds: ['i-0123456789abcdef0'], ShouldDecrementDesiredCapacity: false },
  ] as const;

/** The sandbox names its errors so, too: test/sandbox. */
test.each([
  [xml('TargetGroupNotFound'), 'TargetGroupNotFoundException', ...health()],
  [xml('Throttling'), 'Throttling', ...health()],
  [xml('InvalidTarget'), 'InvalidTargetException', 'elbv2:RegisterTargets', { TargetGroupArn, Targets: [] }],
  [xml('LoadBalancerNotFound'), 'AccessPointNotFoundException', 'elb:DescribeLoadBalancers', {}],
  [
    xml('InvalidInstance'),
    'InvalidEndPointException',
    'elb:DeregisterInstancesFromLoadBalancer',
    { LoadBalancerName: 'old', Instances: [] },
  ],
  [xml('ValidationError'), 'ValidationError', ...detach()],
  [xml('ResourceContention'), 'ResourceContentionFault', ...detach()],
  [xml('ScalingActivityInProgress'), 'ScalingActivityInProgressFault', ...detach()],
  [json('ClusterNotFoundException'), 'ClusterNotFoundException', 'ecs:ListTasks', {}],
  [json('ThrottlingException'), 'ThrottlingException', 'ecs:ListTasks', {}],
  [json('InvalidInstanceId'), 'InvalidInstanceId', 'ssm:SendCommand', { DocumentName: 'stop-work' }],
  [
    json('InvocationDoesNotExist'),
    'InvocationDoesNotExist',
    'ssm:GetCommandInvocation',
    { CommandId: '01234567-89ab-4cde-8f01-23456789abcd', InstanceId: 'i-0123456789abcdef0' },
  ],
] satisfies [string, string, DrainsOwnOperation, object][])(
  '%s reaches the product as %s',
  async (body, name, operation, input) => {
    expect(await thrownBy(operation, input as never, body)).toMatchObject({ name, message: 'why' });
  },
);
