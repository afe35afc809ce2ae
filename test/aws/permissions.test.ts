import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EC2Client } from '@aws-sdk/client-ec2';
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { IAMClient, ListRolesCommand } from '@aws-sdk/client-iam';
import { CreateTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { actions } from '../../src/actions/index.ts';
import { sdk } from '../../src/aws/sdk.ts';
import { describeError } from '../../src/domain/errors.ts';
import type { Aws, Operation } from '../../src/domain/operations.ts';
import type { Engine } from '../../src/engine/deployment.ts';
import { inspectBatch } from '../../src/engine/inspect.ts';
import { openSweep } from '../../src/engine/store.ts';
import { sweep } from '../../src/engine/sweep.ts';
import { bindAll } from '../../src/language/bind.ts';
import { loadPolicies } from '../../src/language/load.ts';
import { rules } from '../../src/rules/index.ts';
import { stateChange } from '../../src/sandbox/events.ts';
import { notEnforcing } from '../support/not-enforcing.ts';
import { accountId, deployed } from './support/deployment.ts';
import { createPrefixList, createSecurityGroup, given, launchInstance, sshFrom } from './support/ec2.ts';
import { type GuardedMoto, startGuardedMoto } from './support/guarded-moto.ts';
import { createRoles, grant } from './support/guarded-roles.ts';
import { arnOfQueue, emptied } from './support/queues.ts';
import { ownStatements } from './support/role-policies.ts';
import { createTable } from './support/sdk-stage.ts';

const { region } = deployed;
const folder = mkdtempSync(join(tmpdir(), 'permissions-'));
const loaded = loadPolicies(['policies'], { rules, actions, cwd: process.cwd(), now: new Date() });
const policies = bindAll(loaded.policies, { rules, actions });
const violated = ['approved-instance-families', 'encrypted-volumes', 'no-open-ssh', 'required-tags'];

/** What a refused call comes to: the function's message is delivered again, a verdict is unknown, or a detail is missing. */
type Consequence = 'delivered again' | 'unknown' | 'without a detail';

interface Outcome {
  /** What the function's log or, where it throws, Lambda says. */
  readonly errors: readonly string[];
  readonly consequence: Consequence | 'none';
  /** How many policies the instance is said to comply with. */
  readonly compliant: number;
}

/** Work of a function that makes all calls which its role is for. */
interface Work {
  readonly role: 'InspectRole' | 'SweepRole';
  /** Every call, and what comes of it when it is refused. */
  readonly calls: Readonly<Partial<Record<Operation, Consequence>>>;
  /** What Lambda and SNS do by this role. */
  readonly byOthers: readonly string[];
  /** What is told in the end. */
  readonly tells: Told;
  run(engine: Engine, clock: Clock): Promise<Outcome>;
}

/** Policies whose violation was told, or a summary, by channel; and whether a part of a sweep was handed over. */
interface Told {
  readonly alerts: readonly string[];
  readonly findings: readonly string[];
  readonly isHandedOver: boolean;
}

interface Clock {
  at: Date;
}

const inspectWork: Work = {
  role: 'InspectRole',
  calls: {
    'ec2:DescribeInstances': 'unknown',
    'ec2:DescribeVolumes': 'unknown',
    'ec2:DescribeSecurityGroups': 'unknown',
    'ec2:DescribeSecurityGroupRules': 'without a detail',
    'ec2:GetManagedPrefixListEntries': 'unknown',
    'dynamodb:BatchGetItem': 'delivered again',
    'dynamodb:PutItem': 'delivered again',
    'dynamodb:UpdateItem': 'delivered again',
    'dynamodb:Scan': 'delivered again',
    'sns:Publish': 'delivered again',
    'sqs:SendMessage': 'delivered again',
    'events:PutEvents': 'delivered again',
  },
  byOthers: [
    'kms:Decrypt',
    'kms:GenerateDataKey',
    'logs:CreateLogStream',
    'logs:PutLogEvents',
    'sqs:DeleteMessage',
    'sqs:GetQueueAttributes',
    'sqs:ReceiveMessage',
  ],
  tells: { alerts: violated, findings: violated, isHandedOver: false },
  /** An event that is ahead of what EC2 shows, which asks for another look; and the last part of a sweep. */
  async run(engine, { at }) {
    const event = stateChange(engine.deployment.scope, { instanceId, state: 'stopping', at, id: 'event' });
    const part = { kind: 'sweep', sweepId: at.toISOString(), chunk: 0, chunks: 1, silent: false };
    const { errors, failed, insufficientData, evaluations, violations } = await inspectBatch(engine, [
      { id: 'event', body: JSON.stringify(event) },
      { id: 'part', body: JSON.stringify({ ...part, instanceIds: [instanceId] }) },
    ]);
    const compliant = evaluations - violations - insufficientData;
    if (failed.length > 0) return { errors, consequence: 'delivered again', compliant };
    if (insufficientData > 0) return { errors, consequence: 'unknown', compliant };
    return { errors, consequence: errors.length > 0 ? 'without a detail' : 'none', compliant };
  },
};

const sweepWork: Work = {
  role: 'SweepRole',
  calls: {
    'ec2:DescribeInstances': 'delivered again',
    'dynamodb:BatchGetItem': 'delivered again',
    'dynamodb:PutItem': 'delivered again',
    'dynamodb:Scan': 'delivered again',
    'sns:Publish': 'delivered again',
    'sqs:SendMessage': 'delivered again',
  },
  byOthers: ['kms:Decrypt', 'kms:GenerateDataKey', 'logs:CreateLogStream', 'logs:PutLogEvents'],
  tells: { alerts: ['summary'], findings: [], isHandedOver: true },
  /** A first sweep, and a later one that sums it up because it was never completed. */
  async run(engine, clock) {
    await sweep(engine);
    clock.at = minutesAfter(clock.at, 4 * 60);
    await sweep(engine);
    return { errors: [], consequence: 'none', compliant: 0 };
  },
};

const minutesAfter = (time: Date, minutes: number) => new Date(time.getTime() + minutes * 60_000);

/** The server with the deployment, which checks no permissions. */
const deployedAt = process.env.AWS_ENDPOINT_URL;
let moto: GuardedMoto;
let instanceId: string;

beforeAll(async () => {
  moto = await startGuardedMoto();
  instanceId = await launchViolating();
  const roles = [inspectWork, sweepWork].map(({ role }) => role);
  await createRoles(moto, roles, region, folder);
});

afterAll(async () => {
  rmSync(folder, { recursive: true });
  await moto.stop();
});

const asAdministrator = () => ({ region, endpoint: moto.url, credentials: moto.administrator });

/** SSH is open to everybody by a prefix list: without any of the reads there is something that nobody can say. */
async function launchViolating(): Promise<string> {
  const ec2 = new EC2Client(asAdministrator());
  const everybody = await createPrefixList(ec2, 'everybody', [{ Cidr: '0.0.0.0/0' }]);
  const group = await createSecurityGroup(ec2, 'open', [sshFrom({ PrefixListIds: [{ PrefixListId: everybody }] })]);
  const order = { instanceType: 'm4.large', encrypted: false, securityGroupIds: [group] };
  return given((await launchInstance(ec2, order)).InstanceId, 'the id of the instance');
}

/** What the functions work on, new and empty; and queues that get what SNS and EventBridge are told. */
async function newDeployment() {
  const name = `deployment-${++deployments}`;
  const config = asAdministrator();
  const sns = new SNSClient(config);
  const events = new EventBridgeClient(config);
  const queue = async (of: string) =>
    (await sqs().send(new CreateQueueCommand({ QueueName: `${name}-${of}` }))).QueueUrl ?? '';
  const topic = async (of: string) =>
    (await sns.send(new CreateTopicCommand({ Name: `${name}-${of}` }))).TopicArn ?? '';
  await createTable(region, name, config);
  const deployment = {
    version: '0.0.0',
    scope: { accountId, region },
    tableName: name,
    alertsTopicArn: await topic('alerts'),
    operationsTopicArn: await topic('operations'),
    liveQueueUrl: await queue('live'),
    bulkQueueUrl: await queue('bulk'),
    roleArns: [],
  };
  const listeners = { alerts: await queue('alerts'), findings: await queue('findings') };
  const { alertsTopicArn: TopicArn } = deployment;
  await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint: arnOf(listeners.alerts) }));
  await events.send(new PutRuleCommand({ Name: name, EventPattern: '{"source":["ec2-guardrail"]}' }));
  await events.send(new PutTargetsCommand({ Rule: name, Targets: [{ Id: 'queue', Arn: arnOf(listeners.findings) }] }));
  return { deployment, listeners };
}

let deployments = 0;

const sqs = () => new SQSClient(asAdministrator());

const arnOf = (queueUrl: string) => arnOfQueue(queueUrl, region, accountId);

/** A function of this role, with a deployment of its own that is an hour younger than the instance. */
async function functionOf(work: Work) {
  const { deployment, listeners } = await newDeployment();
  const clock = { at: minutesAfter(new Date(), 60) };
  const called = new Set<Operation>();
  const call = sdk({ region }, { profile: work.role });
  const aws: Aws = (operation, input) => {
    called.add(operation);
    return call(operation, input);
  };
  let tokens = 0;
  const engine: Engine = {
    aws,
    now: () => clock.at,
    newToken: () => String(++tokens),
    pause: () => Promise.resolve(),
    policies,
    ...notEnforcing,
    deployment,
  };
  await beginSweep(engine);
  return {
    called,
    clock,
    run: (): Promise<Outcome> =>
      work.run(engine, clock).catch((error) => ({
        errors: [describeError(error)],
        consequence: 'delivered again',
        compliant: 0,
      })),
    told: async (): Promise<Told> => ({
      alerts: sorted(
        (await messagesIn(listeners.alerts)).flatMap(({ Message }) => toldBy(JSON.parse(String(Message)))),
      ),
      findings: sorted((await messagesIn(listeners.findings)).flatMap(({ detail }) => violationIn(detail as Entry))),
      isHandedOver: (await messagesIn(deployment.bulkQueueUrl)).some(({ kind }) => kind === 'sweep'),
    }),
  };
}

/** The table knows of a sweep whose only part is looked at now: the sweep's function has written that. */
async function beginSweep(engine: Engine): Promise<void> {
  const aws = sdk({ region }, { profile: 'administrator' });
  await openSweep({ ...engine, aws }, engine.now().toISOString(), 1, minutesAfter(engine.now(), 60));
}

const sorted = (texts: readonly string[]) => [...texts].sort();
const distinct = (texts: readonly string[]) => [...new Set(texts)].sort();

interface Entry {
  readonly finding: { readonly policy: string; readonly status: string };
}

function toldBy(message: { readonly kind: string; readonly entries?: readonly Entry[] }): readonly string[] {
  return message.entries?.flatMap(violationIn) ?? [message.kind];
}

function violationIn({ finding }: Entry): readonly string[] {
  return finding.status === 'open' ? [finding.policy] : [];
}

async function messagesIn(queueUrl: string) {
  return (await emptied(sqs(), queueUrl)) as readonly Readonly<Record<string, unknown>>[];
}

/** What the role in the deployed stack may do. */
async function deployedActions(role: string): Promise<readonly string[]> {
  const iam = new IAMClient({
    region,
    endpoint: deployedAt ?? '',
    credentials: { accessKeyId: 'testing', secretAccessKey: 'testing' },
  });
  const { Roles = [] } = await iam.send(new ListRolesCommand({}));
  const RoleName = Roles.find((one) => one.RoleName?.startsWith(`${deployed.stack}-${role}-`))?.RoleName;
  const statements = await ownStatements(iam, given(RoleName, `the role ${role}`));
  // More than one statement may allow the same, of different things.
  return distinct(statements.flatMap(({ Action }) => Action));
}

describe.each([inspectWork, sweepWork])('$role', (work) => {
  const calls = Object.entries(work.calls) as [Operation, Consequence][];
  const operations = calls.map(([operation]) => operation);

  test('as deployed allows what its function does and what Lambda and SNS do by it, and nothing else', async () => {
    const actions = await deployedActions(work.role);
    await grant(moto, work.role, actions);
    const { called, run, told } = await functionOf(work);

    expect(await run()).toMatchObject({ errors: [], consequence: 'none' });
    expect(await told()).toEqual(work.tells);
    expect([...called].sort()).toEqual([...operations].sort());
    expect(actions).toEqual([...operations, ...work.byOthers].sort());
  });

  test.each(calls)(
    'without %s the function says so (%s), and what was lost comes once it may again',
    async (operation, consequence) => {
      const { clock, run, told } = await functionOf(work);
      await grant(
        moto,
        work.role,
        operations.filter((one) => one !== operation),
      );

      const refused = await run();

      expect(refused.errors.join('\n')).toContain(`is not authorized to perform: ${operation}`);
      expect(refused.consequence).toBe(consequence);
      // english-tags.
      expect(refused.compliant).toBeLessThanOrEqual(1);
      const before = await told();

      await grant(moto, work.role, operations);
      clock.at = minutesAfter(clock.at, 10);

      expect(await run()).toMatchObject({ errors: [], consequence: 'none' });
      expect(merged(before, await told())).toEqual(work.tells);
    },
  );
});

/** After a refusal an alert may come twice: what is promised is at least once. */
function merged(before: Told, after: Told): Told {
  return {
    alerts: distinct([...before.alerts, ...after.alerts]),
    findings: distinct([...before.findings, ...after.findings]),
    isHandedOver: before.isHandedOver || after.isHandedOver,
  };
}
