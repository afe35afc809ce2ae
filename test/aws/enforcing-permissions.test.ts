import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTagsCommand, EC2Client, type Instance } from '@aws-sdk/client-ec2';
import { CreateTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { actions } from '../../src/actions/index.ts';
import { changingSenders } from '../../src/aws/changes.ts';
import { sdk } from '../../src/aws/sdk.ts';
import { noted, swept } from '../../src/domain/controls.ts';
import type { Finding } from '../../src/domain/finding.ts';
import { type Aws, type ChangingOperation, isChanging, type Operation } from '../../src/domain/operations.ts';
import type { Act } from '../../src/domain/steps.ts';
import type { Engine } from '../../src/engine/deployment.ts';
import { inspectBatch } from '../../src/engine/inspect.ts';
import { changeControls, readRecords } from '../../src/engine/store.ts';
import { bindAll, bindSafety } from '../../src/language/bind.ts';
import { loadPolicies } from '../../src/language/load.ts';
import { rules } from '../../src/rules/index.ts';
import { stateChange } from '../../src/sandbox/events.ts';
import { permissions } from '../../src/stack/roles.ts';
import type { Order } from '../support/same-answers.ts';
import { goodTags } from './support/account.ts';
import { accountId } from './support/deployment.ts';
import { createSecurityGroup, given, instanceBy, launchInstance, openSsh, tagList } from './support/ec2.ts';
import { type GuardedMoto, startGuardedMoto } from './support/guarded-moto.ts';
import { createRoles, grant } from './support/guarded-roles.ts';
import { createTable } from './support/sdk-stage.ts';

const region = 'eu-central-2';
const role = 'InspectRole';
const folder = mkdtempSync(join(tmpdir(), 'enforcing-permissions-'));
const loaded = loadPolicies(['test/aws/enforcing'], { rules, actions, cwd: process.cwd(), now: new Date() });
const policies = bindAll(loaded.policies, { rules, actions });
const safety = bindSafety(loaded.safety);

/** What the stack derives for these policies; that the deployed role has exactly this is shown in `enforcement`. */
const allowed = permissions(policies, { name: 'any', enforcement: 'on' }, safety)
  [role].filter(({ Effect }) => Effect === 'Allow')
  .flatMap(({ Action }) => Action);

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** What each action calls, for an instance that violates its policy alone. */
const acting: Readonly<Record<string, { readonly calls: readonly ChangingOperation[]; readonly order: () => Order }>> =
  {
    'revoke-ingress': {
      calls: ['ec2:RevokeSecurityGroupIngress'],
      order: () => ({ securityGroupIds: [open] }),
    },
    stop: { calls: ['ec2:StopInstances'], order: () => ({ tags: {} }) },
    terminate: { calls: ['ec2:TerminateInstances'], order: () => ({ instanceType: 'm6i.large' }) },
    quarantine: {
      calls: ['ec2:ModifyInstanceAttribute', 'ec2:ModifyNetworkInterfaceAttribute'],
      order: () => ({ encrypted: false }),
    },
  };

let moto: GuardedMoto;
let ec2: EC2Client;
let closed: string;
let open: string;

const asAdministrator = () => ({ region, endpoint: moto.url, credentials: moto.administrator });

beforeAll(async () => {
  moto = await startGuardedMoto();
  ec2 = new EC2Client(asAdministrator());
  closed = await createSecurityGroup(ec2, 'closed');
  const isolated = await createSecurityGroup(ec2, 'isolated');
  await ec2.send(new CreateTagsCommand({ Resources: [isolated], Tags: tagList({ Role: 'quarantine' }) }));
  await createRoles(moto, [role], region, folder);
});

beforeEach(async () => {
  open = await createSecurityGroup(ec2, `open-${crypto.randomUUID()}`, [openSsh]);
});

afterAll(async () => {
  rmSync(folder, { recursive: true });
  await moto.stop();
});

/** A function of the role, with a deployment of its own that has seen the account before. */
async function newFunction() {
  const tableName = `deployment-${crypto.randomUUID()}`;
  const config = asAdministrator();
  await createTable(region, tableName, config);
  const { TopicArn = '' } = await new SNSClient(config).send(new CreateTopicCommand({ Name: tableName }));
  const { QueueUrl = '' } = await new SQSClient(config).send(new CreateQueueCommand({ QueueName: tableName }));
  const clock = { aheadMs: 2 * MINUTE_MS };
  const called = new Set<Operation>();
  const call = sdk({ region }, { profile: role, changes: changingSenders });
  const aws: Aws = (operation, input) => {
    called.add(operation);
    return call(operation, input);
  };
  const engine: Engine = {
    aws,
    now: () => new Date(Date.now() + clock.aheadMs),
    newToken: () => crypto.randomUUID(),
    pause: () => Promise.resolve(),
    policies,
    isEnforcing: true,
    safety,
    deployment: {
      version: '0.0.0',
      scope: { accountId, region },
      tableName,
      alertsTopicArn: TopicArn,
      operationsTopicArn: TopicArn,
      liveQueueUrl: QueueUrl,
      bulkQueueUrl: QueueUrl,
      roleArns: [],
    },
  };
  const administrator = { ...engine, aws: sdk({ region }, { profile: 'administrator' }) };
  const before = new Date(Date.now() - DAY_MS).toISOString();
  await changeControls(administrator, (controls) => swept(noted(controls, policies, before), before, undefined));

  async function findings({ InstanceId = '' }: Instance): Promise<readonly Finding[]> {
    return (await readRecords(administrator, [InstanceId])).get(InstanceId)?.findings ?? [];
  }

  return {
    called,
    /** Tells of a launch, or of the same again. */
    async sees({ InstanceId: instanceId = '', LaunchTime: at = new Date() }: Instance) {
      const event = stateChange(engine.deployment.scope, { instanceId, state: 'running', at, id: crypto.randomUUID() });
      return inspectBatch(engine, [{ id: 'event', body: JSON.stringify(event) }]);
    },
    /** A day later the clock asks for what is due. */
    async aDayLater() {
      clock.aheadMs += DAY_MS + MINUTE_MS;
      return inspectBatch(engine, [{ id: 'tick', body: JSON.stringify({ kind: 'tick' }) }]);
    },
    acts: async (instance: Instance) => (await findings(instance)).flatMap(({ acts = [] }) => acts),
    steps: async (instance: Instance) => (await findings(instance)).flatMap(({ steps = [] }) => steps),
  };
}

type Acting = Awaited<ReturnType<typeof newFunction>>;

function launch(action: string): Promise<Instance> {
  const { order } = given(acting[action], action);
  return launchInstance(ec2, { instanceType: 'm7i.large', tags: goodTags, securityGroupIds: [closed], ...order() });
}

/** The launch is told, and a day passes. @returns every error. */
async function works(inspect: Acting, instance: Instance): Promise<string> {
  const reports = [await inspect.sees(instance), await inspect.aDayLater()];
  return reports.flatMap(({ errors }) => errors).join('\n');
}

const outcomes = (acts: readonly Act[]) => acts.map(({ action, outcome }) => `${action} ${outcome}`);

const changes = Object.entries(acting).flatMap(([action, { calls }]) => calls.map((call) => [action, call] as const));

test('the role that is derived allows every call of the actions in use, and none of the others', async () => {
  await grant(moto, role, allowed);
  const called = new Set<Operation>();
  for (const action of Object.keys(acting)) {
    const inspect = await newFunction();
    const instance = await launch(action);
    expect(await works(inspect, instance)).toBe('');
    expect(outcomes(await inspect.acts(instance))).toEqual([`${action} done`]);
    for (const operation of inspect.called) called.add(operation);
  }
  const made = [...changes.map(([, call]) => call), 'ec2:CreateSnapshots'].sort();
  expect([...called].filter(isChanging).sort()).toEqual(made);
  // Snapshots get their tags in the call that takes them, which asks for CreateTags, too.
  const derived = allowed.filter((action) => isChanging(action as Operation));
  expect(derived.toSorted()).toEqual([...made, 'ec2:CreateTags'].sort());
});

test('quarantine without ec2:CreateSnapshots isolates all the same, and says what it could not do', async () => {
  await grant(
    moto,
    role,
    allowed.filter((one) => one !== 'ec2:CreateSnapshots'),
  );
  const inspect = await newFunction();
  const instance = await launch('quarantine');
  await works(inspect, instance);
  expect(await inspect.acts(instance)).toMatchObject([
    { action: 'quarantine', outcome: 'done', detail: expect.stringContaining('UnauthorizedOperation') },
  ]);
});

// CreateTags is allowed in the call that takes snapshots alone, by a condition that moto does not check.
test.each<[ChangingOperation, (aws: Aws, instanceId: string) => Promise<unknown>]>([
  ['ec2:StartInstances', (aws, id) => aws('ec2:StartInstances', { InstanceIds: [id] })],
  ['ec2:DeleteTags', (aws, id) => aws('ec2:DeleteTags', { Resources: [id], Tags: tagList(goodTags) })],
  [
    'ec2:AuthorizeSecurityGroupIngress',
    (aws) => aws('ec2:AuthorizeSecurityGroupIngress', { GroupId: closed, IpPermissions: [openSsh] }),
  ],
])('%s, which no action in use calls, is refused to it', async (operation, call) => {
  await grant(moto, role, allowed);
  const { InstanceId = '' } = await launch('stop');

  await expect(call(sdk({ region }, { profile: role, changes: changingSenders }), InstanceId)).rejects.toMatchObject({
    name: 'UnauthorizedOperation',
    message: expect.stringContaining(`is not authorized to perform: ${operation}`),
  });
});

test.each(changes)('%s without %s fails and says so, and is done once it may', async (action, operation) => {
  await grant(
    moto,
    role,
    allowed.filter((one) => one !== operation),
  );
  const inspect = await newFunction();
  const instance = await launch(action);
  await works(inspect, instance);
  const [failed] = await inspect.acts(instance);

  expect(failed).toMatchObject({ action, outcome: 'failed' });
  expect(failed?.detail).toContain(`is not authorized to perform: ${operation}`);
  expect((await instanceBy(ec2, instance.InstanceId ?? '')).State?.Name).toBe('running');

  await grant(moto, role, allowed);
  await inspect.sees(instance);

  expect(outcomes(await inspect.acts(instance)).at(-1)).toBe(`${action} done`);
});

/** Reads of the actions in use alone. Spot requests are read of Spot instances, and there is none here. */
const readsToAct: readonly (readonly [Operation, string])[] = [
  ['ec2:DescribeNetworkInterfaces', 'revoke-ingress'],
  ['ec2:DescribeNetworkInterfaces', 'quarantine'],
  ['ec2:DescribeInstanceAttribute', 'quarantine'],
  ['ec2:DescribeInstanceAttribute', 'stop'],
  ['ec2:DescribeInstanceAttribute', 'terminate'],
  ['ec2:DescribeInstanceTypes', 'stop'],
];

test.each(readsToAct)('without %s nothing is done by %s: what is not known is no leave', async (operation, action) => {
  await grant(
    moto,
    role,
    allowed.filter((one) => one !== operation),
  );
  const inspect = await newFunction();
  const instance = await launch(action);

  await works(inspect, instance);
  expect(await inspect.steps(instance)).toMatchObject([
    { action, planned: { refused: expect.stringContaining(`is not authorized to perform: ${operation}`) } },
  ]);
  expect(await inspect.acts(instance)).toEqual([]);
  expect([...inspect.called].filter(isChanging)).toEqual([]);
});

test('without dynamodb:Query nothing becomes due by the clock, which the run says', async () => {
  await grant(
    moto,
    role,
    allowed.filter((one) => one !== 'dynamodb:Query'),
  );
  const inspect = await newFunction();
  const instance = await launch('stop');

  expect(await works(inspect, instance)).toContain('is not authorized to perform: dynamodb:Query');
  expect(await inspect.acts(instance)).toEqual([]);
});
