import type * as autoscaling from '@aws-sdk/client-auto-scaling';
import type * as ec2 from '@aws-sdk/client-ec2';
import type * as elbv2 from '@aws-sdk/client-elastic-load-balancing-v2';
import type * as sns from '@aws-sdk/client-sns';
import { noConditions } from '../../src/domain/bind.ts';
import type { Notice } from '../../src/domain/notice.ts';
import { isDraining } from '../../src/domain/operations.ts';
import { defaultSafety } from '../../src/domain/safety.ts';
import type { DrainEngine } from '../../src/engine/drain-engine.ts';
import type { DrainReport } from '../../src/engine/drain-report.ts';
import { defaultDeployment, type PutEvent } from '../../src/sandbox/account.ts';
import type { Fault } from '../../src/sandbox/faults.ts';
import { between, seededRandom } from '../../src/sandbox/random.ts';
import type { Resources } from '../../src/sandbox/recorded.ts';
import { createSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts';
import type { Pace } from '../../src/sandbox/serving.ts';

export const scope = { accountId: '123456789012', region: 'us-east-1' } as const;
export const start = new Date('2026-03-02T12:00:00Z');

/** Lambda waits so long for more messages, gives so many at once, runs so many batches side by side, and each no longer than that. */
const WINDOW_MS = 1_000;
const BATCH = 100;
const CONCURRENCY = 10;
const TIMEOUT_MS = 20_000;

/** A deployment of λ drain in an account in memory. */
export interface DrainWorld {
  readonly sandbox: Sandbox;
  readonly reports: readonly DrainReport[];
  /** Puts events onto the queue, some later, and lets λ drain work for so long, in milliseconds. */
  happens(events: readonly unknown[], untilMs?: number, later?: readonly Later[]): Promise<void>;
  /** Puts an event onto the queue. */
  send(event: unknown): void;
  /** Lets λ drain work for so long, in milliseconds, beside what else `sandbox.run` runs. */
  works(milliseconds: number): Promise<void>;
}

/** An event that comes so many milliseconds later. */
export interface Later {
  readonly afterMs: number;
  readonly event: unknown;
}

export interface DrainWorldOptions {
  readonly policies: DrainEngine['policies'];
  readonly resources?: Resources;
  readonly faults?: readonly Fault[];
  readonly pace?: Partial<Pace>;
  readonly latencyMs?: number | (() => number);
  readonly isEnforcing?: boolean;
  /** Runs of λ drain that die in their middle: of the n-th run, after so many calls. */
  readonly dies?: ReadonlyMap<number, number>;
  /** All runs share their modules: faster, where it is shown elsewhere that no run remembers anything. */
  readonly sharesModules?: boolean;
}

/** Between 100 and 300 ms a call, the same in every run. */
export function usualLatency(seed = 1): () => number {
  return between(100, 300, seededRandom(seed));
}

export function drainWorld({
  policies,
  resources = {},
  isEnforcing = true,
  dies = new Map(),
  sharesModules = false,
  ...options
}: DrainWorldOptions): DrainWorld {
  const deployed = defaultDeployment(scope);
  const [liveQueueUrl = '', , drainQueueUrl = ''] = deployed.queues.map(({ url }) => url);
  const sandbox = createSandbox({
    scope,
    start,
    resources,
    pageSize: 'aws',
    latencyMs: usualLatency(),
    deployed,
    ...options,
  });
  const reports: DrainReport[] = [];
  let runs = 0;

  function engineOf(run: number, died: () => void): DrainEngine {
    const random = seededRandom(run + 7);
    let calls = 0;
    const most = dies.get(run) ?? Number.POSITIVE_INFINITY;
    const [alertsTopicArn = '', operationsTopicArn = ''] = deployed.topicArns;
    return {
      aws: async (operation, input) => {
        calls += 1;
        // A process that died answers nobody.
        if (calls > most) {
          died();
          return new Promise(() => undefined);
        }
        return sandbox.aws(operation, input);
      },
      now: sandbox.now,
      newToken: () => `token-${run}-${calls}-${random()}`,
      pause: sandbox.sleep,
      random,
      policies,
      isEnforcing,
      safety: { ...defaultSafety, conditions: noConditions },
      deployment: {
        version: '0.0.0',
        scope,
        tableName: deployed.tableName,
        alertsTopicArn,
        operationsTopicArn,
        liveQueueUrl,
        bulkQueueUrl: '',
        drainQueueUrl,
        roleArns: [],
      },
    };
  }

  /** A run in a registry of modules of its own: nothing that one remembers is there for another. */
  async function work(messages: readonly { readonly messageId: string; readonly body: string }[]): Promise<void> {
    const run = runs++;
    const drainBatch = await loaded(sharesModules);
    let isDead = false;
    const batch = messages.map(({ messageId, body }) => ({ id: messageId, body }));
    const timeout = sandbox.sleep(TIMEOUT_MS).then(() => undefined);
    const report = await Promise.race([
      drainBatch(
        engineOf(run, () => (isDead = true)),
        batch,
      ),
      timeout,
    ]);
    if (report === undefined || isDead) return;
    reports.push(report);
    for (const { messageId } of messages)
      if (!report.failed.includes(messageId)) sandbox.delete(drainQueueUrl, messageId);
  }

  async function workUntil(end: number): Promise<void> {
    const running = new Set<Promise<void>>();
    while (sandbox.now().getTime() < end) {
      await sandbox.sleep(WINDOW_MS);
      while (running.size < CONCURRENCY) {
        const messages = sandbox.receive(drainQueueUrl, BATCH);
        if (messages.length === 0) break;
        const one = work(messages).finally(() => running.delete(one));
        running.add(one);
      }
    }
    await Promise.all(running);
  }

  const send = (event: unknown) => {
    sandbox.deliver(drainQueueUrl, JSON.stringify(event));
  };
  const works = (milliseconds: number) => workUntil(sandbox.now().getTime() + milliseconds);

  return {
    sandbox,
    reports,
    send,
    works,
    happens: (events, untilMs = 150_000, later = []) => {
      for (const event of events) send(event);
      for (const { afterMs, event } of later) sandbox.account.after(afterMs, () => send(event));
      return sandbox.run(() => works(untilMs));
    },
  };
}

async function loaded(sharesModules: boolean) {
  if (sharesModules) return (await import('../../src/engine/drain.ts')).drainBatch;
  let drainBatch: typeof import('../../src/engine/drain.ts').drainBatch | undefined;
  await jest.isolateModulesAsync(async () => {
    ({ drainBatch } = await import('../../src/engine/drain.ts'));
  });
  if (drainBatch === undefined) throw new Error('the module of λ drain has no handler');
  return drainBatch;
}

/** An event that somebody put onto the default event bus, as EventBridge delivers it: times are in seconds. */
export function eventOf({ eventId, at, entry }: PutEvent) {
  const { Source, DetailType, Detail, Resources = [] } = entry;
  return {
    version: '0',
    id: eventId,
    'detail-type': DetailType,
    source: Source,
    account: scope.accountId,
    time: at.toISOString().replace(/\.\d+Z$/, 'Z'),
    region: scope.region,
    resources: Resources,
    detail: JSON.parse(Detail ?? '{}'),
  };
}

/** A notice as EventBridge delivers it. */
export function interruption(
  instanceId: string,
  more: { readonly action?: string; readonly time?: string; readonly id?: string } = {},
) {
  const { action = 'terminate', time = start.toISOString(), id = `event-${instanceId}` } = more;
  return {
    version: '0',
    id,
    'detail-type': 'EC2 Spot Instance Interruption Warning',
    source: 'aws.ec2',
    account: scope.accountId,
    time,
    region: scope.region,
    resources: [`arn:aws:ec2:${scope.region}a:instance/${instanceId}`],
    detail: { 'instance-id': instanceId, 'instance-action': action },
  };
}

/** The same of EC2's recommendation to rebalance. */
export function rebalance(instanceId: string, time = start.toISOString()) {
  const { detail: _, ...event } = interruption(instanceId, { time, id: `rebalance-${instanceId}` });
  return { ...event, 'detail-type': 'EC2 Instance Rebalance Recommendation', detail: { 'instance-id': instanceId } };
}

export function idOf(number: number): string {
  return `i-${number.toString(16).padStart(17, '0')}`;
}

export function targetGroupArn(name: string): string {
  return `arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/${name}/0123456789abcdef`;
}

/** Spot instances that run, tagged `Drain: "yes"` unless told otherwise. */
export function spot(numbers: readonly number[], more: ec2.Instance = {}): readonly ec2.Reservation[] {
  return numbers.map((number) => ({
    OwnerId: scope.accountId,
    ReservationId: `r-${number}`,
    Instances: [
      {
        InstanceId: idOf(number),
        InstanceType: 'm7i.large',
        InstanceLifecycle: 'spot',
        LaunchTime: new Date('2026-03-01T00:00:00Z'),
        State: { Name: 'running' },
        Placement: { AvailabilityZone: 'us-east-1a' },
        VpcId: 'vpc-0123456789abcdef0',
        PrivateIpAddress: `10.0.${number >> 8}.${number & 255}`,
        Tags: [{ Key: 'Drain', Value: 'yes' }],
        ...more,
      },
    ],
  }));
}

/** A target group with these instances, healthy. */
export function targetsOf(name: string, numbers: readonly number[], port = 80) {
  const group: elbv2.TargetGroup = {
    TargetGroupName: name,
    TargetGroupArn: targetGroupArn(name),
    TargetType: 'instance',
    Protocol: 'HTTP',
    Port: port,
    VpcId: 'vpc-0123456789abcdef0',
    LoadBalancerArns: [`arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/${name}/0123456789abcdef`],
  };
  const health: readonly elbv2.TargetHealthDescription[] = numbers.map((number) => ({
    Target: { Id: idOf(number), Port: port },
    TargetHealth: { State: 'healthy' },
  }));
  return { group, health };
}

/** Calls of a drain that were to change something, with their times from the start in milliseconds. */
export function drainCalls({ sandbox }: DrainWorld) {
  return sandbox.calls
    .filter(({ operation }) => isDraining(operation))
    .map(({ operation, input, at, outcome }) => ({ operation, input, atMs: at.getTime() - start.getTime(), outcome }));
}

/** What was told, by kind, with the time from the start in milliseconds. */
export function drainNews({ sandbox }: DrainWorld) {
  const publishes = sandbox.calls.filter(({ operation }) => operation === 'sns:Publish');
  return publishes.map(({ input, at, outcome }) => {
    const { Subject = '', Message = '{}', TopicArn } = input as Partial<sns.PublishCommandInput>;
    const forms = JSON.parse(Message) as { readonly default: string; readonly sqs: string };
    return {
      topicArn: TopicArn,
      subject: Subject,
      text: forms.default,
      outcome,
      atMs: at.getTime() - start.getTime(),
      ...(JSON.parse(forms.sqs) as {
        readonly kind: string;
        readonly drains: readonly { readonly instanceId: string; readonly notice: Notice }[];
      }),
    };
  });
}

/** An Auto Scaling group of these instances, in service. */
export function groupOf(
  name: string,
  numbers: readonly number[],
  more: Partial<autoscaling.AutoScalingGroup> = {},
): autoscaling.AutoScalingGroup {
  return {
    AutoScalingGroupName: name,
    AutoScalingGroupARN: `arn:aws:autoscaling:us-east-1:123456789012:autoScalingGroup:0:autoScalingGroupName/${name}`,
    MinSize: 0,
    MaxSize: 1000,
    DesiredCapacity: numbers.length,
    DefaultCooldown: 300,
    AvailabilityZones: ['us-east-1a'],
    HealthCheckType: 'EC2',
    CreatedTime: new Date('2026-01-01T00:00:00Z'),
    Instances: numbers.map((number) => ({
      InstanceId: idOf(number),
      AvailabilityZone: 'us-east-1a',
      LifecycleState: 'InService',
      HealthStatus: 'Healthy',
      ProtectedFromScaleIn: false,
    })),
    ...more,
  };
}

/** Container instances of a cluster, active. */
export function containersOf(cluster: string, numbers: readonly number[]) {
  const arn = `arn:aws:ecs:us-east-1:123456789012:cluster/${cluster}`;
  return {
    arn,
    containerInstances: numbers.map((number) => ({
      ec2InstanceId: idOf(number),
      containerInstanceArn: `arn:aws:ecs:us-east-1:123456789012:container-instance/${cluster}/${number.toString(16).padStart(32, '0')}`,
      status: 'ACTIVE',
      runningTasksCount: 0,
      pendingTasksCount: 0,
    })),
  };
}
