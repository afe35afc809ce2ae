import { drainSteps } from '../../src/actions/drain-steps.ts';
import { type AnyDrainStep, type DrainCall, type DrainGiven, isAmong, type Move } from '../../src/domain/drain-step.ts';
import { asError } from '../../src/domain/errors.ts';
import { defaultInstance, defaultNow } from '../../src/domain/given.ts';
import type { Json } from '../../src/domain/json.ts';
import type { Aws } from '../../src/domain/operations.ts';
import type { Resources } from '../../src/sandbox/recorded.ts';
import { createSandbox } from '../../src/sandbox/sandbox.ts';
import type { Serving } from '../../src/sandbox/serving.ts';
import { plannedStep } from './planned-step.ts';

const id = defaultInstance.InstanceId;
const TargetGroupArn = 'arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/0123456789abcdef';
const LoadBalancerArns = ['arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/web/0123456789abcdef'];
const clusterArn = 'arn:aws:ecs:us-east-1:123456789012:cluster/shop';
const containerInstanceArn = 'arn:aws:ecs:us-east-1:123456789012:container-instance/shop/0123456789abcdef';

/** An instance that is in everything that sends it work. */
const reservations: Resources['reservations'] = [
  {
    OwnerId: '123456789012',
    Instances: [{ ...defaultInstance, LaunchTime: new Date(defaultInstance.LaunchTime), InstanceLifecycle: 'spot' }],
  },
];
const serving: Serving = {
  targetGroups: [
    { TargetGroupArn, TargetGroupName: 'web', TargetType: 'instance', Port: 80, Protocol: 'HTTP', LoadBalancerArns },
  ],
  targetHealth: {
    web: [
      { Target: { Id: id, Port: 32768 }, TargetHealth: { State: 'healthy' } },
      { Target: { Id: id, Port: 32769 }, TargetHealth: { State: 'healthy' } },
    ],
  },
  loadBalancers: [{ LoadBalancerName: 'old', Instances: [{ InstanceId: id }] }],
  clusterArns: [clusterArn],
  containerInstances: { shop: [{ containerInstanceArn, ec2InstanceId: id, status: 'ACTIVE', runningTasksCount: 0 }] },
  autoScalingGroups: [
    {
      AutoScalingGroupName: "web's",
      MinSize: 1,
      MaxSize: 2,
      DesiredCapacity: 1,
      DefaultCooldown: 300,
      AvailabilityZones: ['us-east-1a'],
      HealthCheckType: 'EC2',
      CreatedTime: new Date(0),
      Instances: [
        {
          InstanceId: id,
          AvailabilityZone: 'us-east-1a',
          LifecycleState: 'InService',
          HealthStatus: 'Healthy',
          ProtectedFromScaleIn: false,
        },
      ],
    },
  ],
  documents: [{ Name: 'leave-cluster' }],
  managedInstances: [{ InstanceId: id, PingStatus: 'Online' }],
};

const group = {
  name: "web's",
  lifecycleState: 'InService',
  capacityRebalance: false,
  targetGroupArns: [],
  loadBalancerNames: [],
  tags: [],
  terminatingHooks: { found: [], missing: [] },
};
const given: DrainGiven = {
  targetGroups: [
    {
      targetGroupArn: TargetGroupArn,
      name: 'web',
      targets: [
        { id, port: 32768, health: 'healthy' },
        { id, port: 32769, health: 'healthy' },
      ],
    },
  ],
  loadBalancers: ['old'],
  containerInstances: [
    { cluster: 'shop', containerInstanceArn, status: 'ACTIVE', runningTasks: 0, isManagedDraining: false },
  ],
  group,
};

function sandboxWith(more: Serving = {}) {
  return createSandbox({
    scope: { accountId: '123456789012', region: 'us-east-1' },
    start: new Date(defaultNow),
    resources: { reservations, serving: { ...serving, ...more } },
  });
}

function stepOf(stepId: string): AnyDrainStep {
  const step = drainSteps.find((one) => one.id === stepId);
  if (step === undefined) throw new Error(`there is no step ${stepId}`);
  return step;
}

function movesOf(stepId: string, more: DrainGiven = {}, parameters: Json = {}): readonly Move[] {
  return plannedStep(stepOf(stepId), { ...given, ...more }, parameters).moves;
}

async function makeAll(aws: Aws, calls: readonly (DrainCall | undefined)[]): Promise<void> {
  for (const call of calls) if (call !== undefined) await aws(call.operation, call.input as never);
}

/** What AWS says of a call; undefined where it takes it. */
async function errorOf(aws: Aws, { operation, input }: DrainCall): Promise<Error | undefined> {
  try {
    await aws(operation, input as never);
    return undefined;
  } catch (error) {
    return asError(error);
  }
}

test('registrations of both ports leave, and are put back with their ports', async () => {
  const { aws, advance } = sandboxWith();
  const moves = movesOf('deregister-targets');
  const states = async () =>
    (await aws('elbv2:DescribeTargetHealth', { TargetGroupArn })).TargetHealthDescriptions?.map(
      ({ Target, TargetHealth }) => [Target?.Port, TargetHealth?.State],
    );

  await makeAll(
    aws,
    moves.map(({ call }) => call),
  );
  expect(await states()).toEqual([
    [32768, 'draining'],
    [32769, 'draining'],
  ]);

  await makeAll(
    aws,
    moves.map(({ undo }) => undo),
  );
  advance(60_000);
  expect(await states()).toEqual([
    [32768, 'healthy'],
    [32769, 'healthy'],
  ]);
});

test('a Classic Load Balancer lets go of the instance, and takes it back', async () => {
  const { aws } = sandboxWith();
  const moves = movesOf('deregister-from-load-balancers');
  const registered = async () =>
    (await aws('elb:DescribeLoadBalancers', {})).LoadBalancerDescriptions?.map(({ Instances }) => Instances);

  await makeAll(
    aws,
    moves.map(({ call }) => call),
  );
  expect(await registered()).toEqual([[]]);

  await makeAll(
    aws,
    moves.map(({ undo }) => undo),
  );
  expect(await registered()).toEqual([[{ InstanceId: id }]]);
});

test('a container instance drains, and is active again', async () => {
  const { aws } = sandboxWith();
  const moves = movesOf('drain-container-instance');
  const status = async () =>
    (
      await aws('ecs:DescribeContainerInstances', { cluster: 'shop', containerInstances: [containerInstanceArn] })
    ).containerInstances?.map((one) => one.status);

  await makeAll(
    aws,
    moves.map(({ call }) => call),
  );
  expect(await status()).toEqual(['DRAINING']);

  await makeAll(
    aws,
    moves.map(({ undo }) => undo),
  );
  expect(await status()).toEqual(['ACTIVE']);
});

test('a group lets go of the instance and launches another, and a second call finds that done', async () => {
  const { aws, advance } = sandboxWith();
  const [move] = movesOf('replace-in-group');
  if (move === undefined) throw new Error('nothing is planned');

  expect(move.undoByHand).toBe(
    String.raw`aws autoscaling attach-instances --region us-east-1 --instance-ids i-0123456789abcdef0 --auto-scaling-group-name 'web'\''s'`,
  );
  expect(await errorOf(aws, move.call)).toBeUndefined();
  const whileDetaching = await errorOf(aws, move.call);
  advance(60_000);
  const afterwards = await errorOf(aws, move.call);
  const { AutoScalingGroups } = await aws('autoscaling:DescribeAutoScalingGroups', {});

  const { doneBy } = stepOf('replace-in-group');
  expect([whileDetaching, afterwards].map((error) => error !== undefined && isAmong(doneBy, error))).toEqual([
    true,
    true,
  ]);
  expect(
    AutoScalingGroups?.[0]?.Instances?.map(({ InstanceId, LifecycleState }) => [InstanceId === id, LifecycleState]),
  ).toEqual([[false, 'InService']]);
});

test('a hook is completed once, and a second call finds that done', async () => {
  const { aws } = sandboxWith({
    autoScalingGroups: serving.autoScalingGroups?.map((one) => ({
      ...one,
      Instances: one.Instances?.map((instance) => ({ ...instance, LifecycleState: 'Terminating:Wait' })),
    })),
    lifecycleHooks: {
      "web's": [{ LifecycleHookName: 'save-logs', LifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING' }],
    },
  });
  const hooks = { found: ['save-logs'], missing: [] };
  const [move] = movesOf('complete-lifecycle', {
    group: { ...group, lifecycleState: 'Terminating:Wait', terminatingHooks: hooks },
  });
  if (move === undefined) throw new Error('nothing is planned');

  expect(move.isLast).toBe(true);
  expect(await errorOf(aws, move.call)).toBeUndefined();
  const again = await errorOf(aws, move.call);
  expect(again !== undefined && isAmong(stepOf('complete-lifecycle').doneBy, again)).toBe(true);
});

test('a document runs on the instance, and an agent that is offline is skipped', async () => {
  const [move] = movesOf('run-document', {}, { document: 'leave-cluster' });
  if (move === undefined) throw new Error('nothing is planned');
  const { aws } = sandboxWith();
  const offline = await errorOf(sandboxWith({ managedInstances: [] }).aws, move.call);
  const unknownDocument = await errorOf(sandboxWith({ documents: [] }).aws, move.call);
  const { skippedBy, doneBy } = stepOf('run-document');

  await makeAll(aws, [move.call]);
  expect((await aws('ssm:ListCommands', { InstanceId: id })).Commands).toEqual([
    expect.objectContaining({ DocumentName: 'leave-cluster', InstanceIds: [id], TimeoutSeconds: 110 }),
  ]);
  expect(move.isOnce).toBe(true);
  expect(offline !== undefined && isAmong(skippedBy, offline)).toBe(true);
  expect(unknownDocument !== undefined && isAmong([...skippedBy, ...doneBy], unknownDocument)).toBe(false);
});

test('a notice is put on the bus', async () => {
  const { aws, account } = sandboxWith();
  await makeAll(
    aws,
    movesOf('put-event', {}, { bus: 'operations' }).map(({ call }) => call),
  );

  expect(account.putEvents.map(({ entry }) => ({ ...entry, Detail: JSON.parse(entry.Detail ?? '') }))).toEqual([
    {
      EventBusName: 'operations',
      Source: 'ec2-guardrail',
      DetailType: 'EC2 Guardrail Notice',
      Detail: expect.objectContaining({ version: 1, kind: 'interruption', action: 'terminate', instanceId: id }),
    },
  ]);
});

test.each([
  ['deregister-targets', { targetGroups: [] }],
  ['deregister-from-load-balancers', { loadBalancers: [] }],
  ['drain-container-instance', { clusterArns: [] }],
] as const)('%s: what is gone meanwhile counts as done', async (stepId, more) => {
  const [move] = movesOf(stepId);
  if (move === undefined) throw new Error('nothing is planned');
  const error = await errorOf(sandboxWith(more).aws, move.call);

  expect(error !== undefined && isAmong(stepOf(stepId).doneBy, error)).toBe(true);
});

test.each([
  ['replace-in-group', { autoScalingGroups: [] }],
  ['complete-lifecycle', { autoScalingGroups: [] }],
] as const)('%s: another error of the same code does not', async (stepId, more) => {
  const [move] = movesOf(
    stepId,
    stepId === 'replace-in-group'
      ? {}
      : {
          group: {
            ...group,
            lifecycleState: 'Terminating:Wait',
            terminatingHooks: { found: ['save-logs'], missing: [] },
          },
        },
  );
  if (move === undefined) throw new Error('nothing is planned');
  const error = await errorOf(sandboxWith(more).aws, move.call);

  expect(error?.name).toBe('ValidationError');
  expect(error !== undefined && isAmong(stepOf(stepId).doneBy, error)).toBe(false);
});
