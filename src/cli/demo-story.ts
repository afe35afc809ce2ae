import * as z from 'zod';
import { deregisterTargets } from '../actions/deregister-targets.ts';
import { drainContainerInstance } from '../actions/drain-container-instance.ts';
import { replaceInGroup } from '../actions/replace-in-group.ts';
import { revokeIngress } from '../actions/revoke-ingress.ts';
import { bind } from '../domain/bind.ts';
import type { AnyDrainStep } from '../domain/drain-step.ts';
import { NOTICE_MS } from '../domain/notice.ts';
import { isChanging, isDraining } from '../domain/operations.ts';
import { type BoundPolicy, notify } from '../domain/policy.ts';
import { readAllRecords } from '../engine/store.ts';
import { sweep } from '../engine/sweep.ts';
import { spotInterruption } from '../rules/spot-interruption.ts';
import { autoScaling, interruptionWarning } from '../sandbox/events.ts';
import type { Resources } from '../sandbox/recorded.ts';
import { createSandbox, type Sandbox } from '../sandbox/sandbox.ts';
import { standingFindings } from './documents.ts';
import { alertOf } from './replay-run.ts';
import { alertText } from './report/replay-text.ts';
import { findingsText, type Paint } from './report/scan-text.ts';
import { type Simulation, simulate } from './simulation.ts';

const scope = { accountId: '123456789012', region: 'us-east-1' } as const;
const start = new Date('2026-11-23T09:00:00Z');
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const openGroup = { GroupId: 'sg-0d5a1b2c3d4e5f607', GroupName: 'MySecurityGroup' } as const;
const webGroup = { GroupId: 'sg-0e6b2c3d4e5f60718', GroupName: 'web' } as const;
const ssh = { IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: '0.0.0.0/0' }] };
const https = { IpProtocol: 'tcp', FromPort: 443, ToPort: 443, IpRanges: [{ CidrIp: '0.0.0.0/0' }] };

/** The web server on Spot, and where it serves. */
const web = {
  instanceId: 'i-0aa11bb22cc33dd44',
  zone: 'us-east-1a',
  group: 'web',
  targetGroupArn: 'arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/0123456789abcdef',
  clusterArn: 'arn:aws:ecs:us-east-1:123456789012:cluster/shop',
} as const;

/** A target group with another target, an ECS cluster, and an Auto Scaling group. */
const serving: NonNullable<Resources['serving']> = {
  autoScalingGroups: [
    {
      AutoScalingGroupName: web.group,
      MinSize: 1,
      MaxSize: 4,
      DesiredCapacity: 1,
      DefaultCooldown: 300,
      AvailabilityZones: [web.zone],
      HealthCheckType: 'EC2',
      CreatedTime: new Date('2026-01-01T00:00:00Z'),
      TargetGroupARNs: [web.targetGroupArn],
      Instances: [
        {
          InstanceId: web.instanceId,
          AvailabilityZone: web.zone,
          LifecycleState: 'InService',
          HealthStatus: 'Healthy',
          ProtectedFromScaleIn: false,
        },
      ],
    },
  ],
  lifecycleHooks: { [web.group]: [] },
  targetGroups: [
    {
      TargetGroupName: 'web',
      TargetGroupArn: web.targetGroupArn,
      TargetType: 'instance',
      Protocol: 'HTTP',
      Port: 8080,
      VpcId: 'vpc-0123456789abcdef0',
      LoadBalancerArns: ['arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/web/0123456789abcdef'],
    },
  ],
  targetHealth: {
    web: [web.instanceId, 'i-0bb22cc33dd44ee55'].map((Id) => ({
      Target: { Id, Port: 8080 },
      TargetHealth: { State: 'healthy' },
    })),
  },
  loadBalancers: [],
  clusterArns: [web.clusterArn],
  containerInstances: {
    shop: [
      {
        ec2InstanceId: web.instanceId,
        containerInstanceArn: `arn:aws:ecs:us-east-1:123456789012:container-instance/shop/${'0'.repeat(31)}1`,
        status: 'ACTIVE',
        runningTasksCount: 0,
        pendingTasksCount: 0,
      },
    ],
  },
  services: { shop: [] },
  tasks: { shop: [] },
};

/** What happens, and what people and EC2 do; the events that AWS sends of it. */
interface Scene {
  readonly text: string;
  /** The command that a person typed. */
  readonly command?: string;
  play(account: Sandbox['account']): readonly unknown[];
}

const opensSsh: Omit<Scene, 'text'> = {
  command: `aws ec2 authorize-security-group-ingress --group-id ${webGroup.GroupId} --protocol tcp --port 22 --cidr 0.0.0.0/0`,
  play: (account) => account.authorizeIngress(webGroup.GroupId, ssh),
};

const scenes: readonly Scene[] = [
  {
    text: 'An Auto Scaling group launches a web server that is as it should be. Nobody hears of it.',
    play: (account) =>
      account.launch({
        instance: {
          InstanceId: web.instanceId,
          InstanceType: 'm7i.large',
          InstanceLifecycle: 'spot',
          Placement: { AvailabilityZone: web.zone },
          SecurityGroups: [webGroup],
          Tags: [
            { Key: 'Name', Value: 'web-1' },
            { Key: 'Owner', Value: 'web@example.com' },
            { Key: 'Environment', Value: 'prod' },
            { Key: 'aws:autoscaling:groupName', Value: 'web' },
          ],
        },
        by: autoScaling(scope.accountId),
      }).events,
  },
  {
    text: 'Jane launches an instance by hand.',
    command:
      'aws ec2 run-instances --image-id ami-1a2b3c4d --count 1 --instance-type c3.large --key-name MyKeyPair --security-groups MySecurityGroup --region us-east-1',
    play: (account) =>
      account.launch({
        instance: {
          InstanceId: 'i-0123456789abcdef0',
          ImageId: 'ami-1a2b3c4d',
          InstanceType: 'c3.large',
          KeyName: 'MyKeyPair',
          PublicIpAddress: '203.0.113.25',
          SecurityGroups: [openGroup],
          Tags: [{ Key: '이름', Value: '테스트 서버' }],
        },
        volumes: [{ VolumeId: 'vol-0a1b2c3d4e5f60718', Encrypted: false }],
      }).events,
  },
  { text: 'Somebody opens SSH on the web servers to the whole internet.', ...opensSsh },
  {
    text: 'The alert is read, and the rule revoked.',
    command: `aws ec2 revoke-security-group-ingress --group-id ${webGroup.GroupId} --protocol tcp --port 22 --cidr 0.0.0.0/0`,
    play: (account) => account.revokeIngress(webGroup.GroupId, ssh),
  },
];

/** Once the policy on SSH enforces. */
const enforcedScene: Scene = { text: 'Somebody opens SSH on the web servers once more.', ...opensSsh };

/** The policies as they are when that on SSH revokes what offends. The others observe as before. */
function withSshEnforced(policies: readonly BoundPolicy[]): readonly BoundPolicy[] {
  const revoke = {
    id: revokeIngress.id,
    parameters: revokeIngress.parameters(z).parse({}),
    afterMs: 0,
    onDrift: false,
  };
  return policies.map((policy) => {
    if (policy.rule !== 'restricted-ingress') return policy;
    const { boundRule, conditions } = policy;
    return bind({ ...policy, mode: 'enforce', actions: [notify, revoke] }, boundRule, [revokeIngress], conditions);
  });
}

/** What is on Spot is taken out of service before EC2 takes it. */
function drainPolicy(): BoundPolicy {
  const steps: readonly AnyDrainStep[] = [deregisterTargets, drainContainerInstance, replaceInGroup];
  const uses = steps.map(({ id, parameters }) => ({ id, parameters: parameters(z).parse({}), onRebalance: false }));
  const policy = {
    name: 'drain-spot',
    description: 'What EC2 takes back gets no more work.',
    severity: 'high',
    rule: spotInterruption.id,
    parameters: spotInterruption.parameters(z).parse({}),
    match: { tags: { Environment: ['prod'] } },
    exempt: [],
    mode: 'enforce',
    actions: [notify, ...uses],
    source: { file: 'policies/drain-spot/policy.yml', hash: '0123456789ab' },
  } as const;
  return bind(policy, spotInterruption, steps);
}

/** EC2 announces that it takes the web server back, and two minutes later does so. */
function takesWebServerBack(simulation: Simulation): void {
  const { sandbox } = simulation;
  const { account } = sandbox;
  const { instanceId, zone } = web;
  simulation.send(
    interruptionWarning(scope, { instanceId, action: 'terminate', zone, at: sandbox.now(), id: account.newUuid() }),
  );
  account.after(NOTICE_MS, () => {
    for (const event of account.takeBack(instanceId, 'terminate')) simulation.send(event);
  });
}

/** Tells the story, scene by scene, with the alerts as they are mailed. */
export async function tellStory(
  policies: readonly BoundPolicy[],
  paint: Paint,
  print: (text: string) => void,
): Promise<void> {
  const securityGroups = [
    { ...openGroup, OwnerId: scope.accountId, VpcId: 'vpc-0123456789abcdef0', IpPermissions: [ssh] },
    { ...webGroup, OwnerId: scope.accountId, VpcId: 'vpc-0123456789abcdef0', IpPermissions: [https] },
  ];
  const simulation = simulate(
    createSandbox({ scope, start, resources: { securityGroups, serving }, latencyMs: 40 }),
    policies,
  );
  const { sandbox } = simulation;
  let told = 0;
  const tellAlerts = () => {
    for (const published of sandbox.account.published.slice(told))
      print(`\n${timeOf(published.at, paint)} ${alertText(alertOf(published), paint)}\n`);
    told = sandbox.account.published.length;
  };

  print(
    `${paint.bold('ec2-guardrail')}: ${policies.length} policies (${policies.map((one) => one.name).join(', ')})\n`,
  );
  await sweep(simulation.engine);
  tellAlerts();
  const tellHead = ({ text, command }: Omit<Scene, 'play'>) => {
    print(`\n${timeOf(sandbox.now(), paint)} ${paint.bold(text)}\n`);
    if (command !== undefined) print(`         ${paint.dim(`$ ${command}`)}\n`);
  };
  const tellScene = async (scene: Scene, by: Simulation) => {
    sandbox.advance(5 * MINUTE_MS);
    tellHead(scene);
    for (const event of scene.play(sandbox.account)) by.send(event);
    await by.runUntilQuiet(15 * MINUTE_MS);
    tellAlerts();
  };
  for (const scene of scenes) await tellScene(scene, simulation);

  sandbox.advance(HOUR_MS);
  tellHead({
    text: 'The policy on SSH is deployed with mode: enforce. What stands before that is left alone.',
    command: 'serverless deploy --param enforcement=on',
  });
  const enforced = simulate(sandbox, withSshEnforced(policies), { isEnforcing: true });
  await sweep(enforced.engine);
  await enforced.runUntilQuiet(15 * MINUTE_MS);
  tellAlerts();
  await tellScene(enforcedScene, enforced);

  sandbox.advance(HOUR_MS);
  tellHead({
    text: 'A policy that drains is deployed. EC2 announces that it takes the web server back, which is on Spot: two minutes are left.',
    command: 'bin/ec2-guardrail validate policies/drain-spot && serverless deploy --param enforcement=on',
  });
  const draining = simulate(sandbox, [...withSshEnforced(policies), drainPolicy()], { isEnforcing: true });
  takesWebServerBack(draining);
  await draining.runUntilQuiet(15 * MINUTE_MS);
  tellAlerts();

  print(`\n${paint.bold('What stands at the end')}\n`);
  print(findingsText(standingFindings(await readAllRecords(simulation.engine), policies), paint));
  print(`\n${countsOf(sandbox, [...simulation.reports, ...enforced.reports, ...draining.reports])}\n`);
}

function timeOf(time: Date, paint: Paint): string {
  return paint.dim(time.toISOString().slice(11, 19));
}

function countsOf({ calls, account }: Sandbox, reports: Simulation['reports']): string {
  const ofEc2 = calls.filter(({ operation }) => operation.startsWith('ec2:'));
  const changes = ofEc2.filter(({ operation }) => isChanging(operation)).map(({ operation }) => operation);
  const drained = calls.filter(({ operation }) => isDraining(operation)).map(({ operation }) => operation);
  const looks = reports.reduce((sum, report) => sum + report.inspected, 0);
  return `${looks} looks at instances, ${ofEc2.length} calls to EC2, all of them reads but ${changes.join(', ')}; drained by ${drained.join(', ')}; ${account.published.length} messages.`;
}
