import { rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import {
  CreateTagsCommand,
  DescribeInstanceAttributeCommand,
  DescribeNetworkInterfacesCommand,
  DescribeSecurityGroupRulesCommand,
  DescribeSnapshotsCommand,
  EC2Client,
  ModifyInstanceAttributeCommand,
  StartInstancesCommand,
} from '@aws-sdk/client-ec2';
import { EventBridgeClient, ListTargetsByRuleCommand } from '@aws-sdk/client-eventbridge';
import { IAMClient } from '@aws-sdk/client-iam';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { changingSenders } from '../../src/aws/changes.ts';
import type { FindingsDocument, StoredFinding } from '../../src/cli/report/document.ts';
import { VISIBILITY_TIMEOUT } from '../../src/stack/queues.ts';
import { accountIn } from './support/account.ts';
import { ec2Guardrail } from './support/cli.ts';
import { type Deployed, deploy, deployed, folderOfItsOwn, physicalId } from './support/deployment.ts';
import { attachInterface, instanceBy, openSsh, sshFrom, tagList } from './support/ec2.ts';
import { type EventSource, eventSource } from './support/event-source.ts';
import { type Otherwise, type RunningFunction, startFunction } from './support/lambda.ts';
import { changesIn, type Mailbox, mailboxOf, type Told } from './support/mailbox.ts';
import { type Call, ec2Error, type Relay, startRelay, type Trouble } from './support/relay.ts';
import { removeAll } from './support/remains.ts';
import { ownStatements } from './support/role-policies.ts';
import { stage } from './support/stage.ts';

/** A deployment that enforces the policies of test/aws/enforcing/, where no other test is at work. */
const enforcing: Deployed = { region: 'eu-west-2', stage: 'enforcing', stack: 'ec2-guardrail-enforcing' };
const parameters = { enforcement: 'on', policies: 'test/aws/enforcing' };

const { region } = enforcing;
const account = accountIn(region);
const ec2 = new EC2Client({ region });
const sqs = new SQSClient({ region, useQueueUrlAsEndpoint: false });

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** When a launch has settled. */
const SETTLED_MS = 2 * MINUTE_MS;

/** How many instances an hour may be stopped: see enforcement.yml. */
const STOPS_AN_HOUR = 2;

/** As many as there have to be for the limits by the hour to be below those by the number of instances. */
const INSTANCES = 12;

/** After something was done it is looked at again in half a minute. */
const LOOKED_AGAIN_WITHIN_MS = 60_000;

const httpsFromEverywhere = { IpProtocol: 'tcp', FromPort: 443, ToPort: 443, IpRanges: [{ CidrIp: '0.0.0.0/0' }] };
const sshFromCompany = sshFrom({ IpRanges: [{ CidrIp: '203.0.113.0/24' }] });

const cwd = folderOfItsOwn();
const running: RunningFunction[] = [];
const told: Told[] = [];
let obstacle: (call: Call) => Promise<Trouble | undefined> = () => Promise.resolve(undefined);
let relay: Relay;
let liveQueue: string;
let live: EventSource;
let alerts: Mailbox;
let operations: Mailbox;

beforeAll(async () => {
  await stage('serverless deploy of what enforces', () => deploy(enforcing, { parameters, cwd }));
  liveQueue = await physicalId('LiveQueue', enforcing);
  live = await inspecting();
  alerts = await mailboxOf(await physicalId('AlertsTopic', enforcing));
  operations = await mailboxOf(await physicalId('OperationsTopic', enforcing));
  relay = await startRelay(process.env.AWS_ENDPOINT_URL ?? '', (call) => obstacle(call));
});

afterAll(async () => {
  await Promise.all([relay, ...running].map((one) => one.stop()));
  await stage('serverless remove of what enforces', () => removeAll(enforcing, { parameters, cwd }));
  rmSync(cwd, { recursive: true });
});

async function start(name: 'inspect' | 'sweep', otherwise: Otherwise): Promise<RunningFunction> {
  const started = await startFunction(name, otherwise, enforcing);
  running.push(started);
  return started;
}

/** The live queue as it leads to a function whose clock is ahead. */
async function inspecting(aheadMs = SETTLED_MS, environment: Otherwise['environment'] = {}): Promise<EventSource> {
  return eventSource(liveQueue, await start('inspect', { aheadMs, environment }));
}

/** Where AWS is for a function whose every call meets the obstacle. */
function behindRelay() {
  return { AWS_ENDPOINT_URL: relay.url };
}

/** How far ahead a clock is that shows five past, so many hours on: what counts by the hour counts in one. */
function hoursAhead(hours: number): number {
  const sinceTheHour = Date.now() % HOUR_MS;
  return (hours + 1) * HOUR_MS - sinceTheHour + 5 * MINUTE_MS;
}

/** Hands over what is in the live queue, and collects what subscribers of alerts got. */
async function look(by = live): Promise<void> {
  await by.handOver();
  told.push(...(await alerts.empty()));
}

/** What the clock puts on the live queue every minute. */
async function tick(by: EventSource): Promise<void> {
  const Rule = await physicalId('TickRule', enforcing);
  const { Targets } = await new EventBridgeClient({ region }).send(new ListTargetsByRuleCommand({ Rule }));
  expect(Targets).toEqual([expect.objectContaining({ Arn: expect.stringContaining('LiveQueue') })]);
  await sqs.send(new SendMessageCommand({ QueueUrl: liveQueue, MessageBody: Targets?.[0]?.Input }));
  await look(by);
}

/** Brings about a look at an instance by a tag that no policy asks for. */
async function lookAt(instanceId: string, by = live): Promise<void> {
  await account.setTags(instanceId, { Seen: crypto.randomUUID() });
  await look(by);
}

function toldOf(instanceId: string): readonly Told[] {
  return told.filter(({ instance }) => instance?.instanceId === instanceId);
}

/** What was done, as it is told: `no-open-ssh opened: revoke-ingress done`. */
function actsToldOf(instanceId: string): readonly string[] {
  return toldOf(instanceId).flatMap(({ entries = [] }) =>
    entries.map(({ change, finding: { policy, acts = [] } }) =>
      [`${policy} ${change}`, ...acts.map(({ action, outcome }) => `${action} ${outcome}`)].join(': '),
    ),
  );
}

/** The command line on this deployment. @param exitCode of what finds violations: 1. */
async function run(command: string, exitCode = 0): Promise<string> {
  const outcome = await ec2Guardrail(`${command} --region ${region} --stage ${enforcing.stage}`);
  expect(outcome).toMatchObject({ exitCode, stderr: '' });
  return outcome.stdout;
}

/** The one finding of an instance, as the table has it. */
async function findingOf(instanceId: string): Promise<StoredFinding> {
  const { findings } = JSON.parse(await run('findings list --status all --format json', 1)) as FindingsDocument;
  const [finding, ...others] = findings.filter(({ subject }) => subject.id === instanceId);
  if (finding === undefined || others.length > 0) throw new Error(`not one finding of ${instanceId}`);
  return finding;
}

async function stateOf(instanceId: string): Promise<string | undefined> {
  return (await instanceBy(ec2, instanceId)).State?.Name;
}

/** Ids of all rules of a group, each with its port and source, sorted. */
async function rulesOf(groupId: string): Promise<readonly string[]> {
  const Filters = [{ Name: 'group-id', Values: [groupId] }];
  const { SecurityGroupRules = [] } = await ec2.send(new DescribeSecurityGroupRulesCommand({ Filters }));
  return SecurityGroupRules.map((one) => `${one.SecurityGroupRuleId} ${one.FromPort} ${one.CidrIpv4}`).sort();
}

function withoutOpenSsh(rules: readonly string[]): readonly string[] {
  return rules.filter((rule) => !rule.endsWith(' 22 0.0.0.0/0'));
}

/** A group with what may be, and SSH from everywhere. */
async function openGroup(): Promise<{ readonly groupId: string; readonly rules: readonly string[] }> {
  const groupId = await account.createSecurityGroup('open', [httpsFromEverywhere, sshFromCompany, openSsh]);
  const rules = await rulesOf(groupId);
  expect(withoutOpenSsh(rules)).toHaveLength(rules.length - 1);
  return { groupId, rules };
}

// One story, in order: each test begins with the findings and queues that those before it left.
describe('a deployment that enforces', () => {
  let mended: string;

  test('leaves alone what stood before it came, and tells of it in one message', async () => {
    await tick(live);
    const { groupId, rules } = await openGroup();
    await Promise.all(Array.from({ length: INSTANCES }, () => account.launchQuietly()));
    await account.launchQuietly({ securityGroupIds: [groupId] });
    const sweep = await start('sweep', { aheadMs: SETTLED_MS });
    await sweep.invoke({});
    const { configuration } = sweep;
    expect(configuration.Environment?.Variables).toMatchObject({ ENFORCEMENT: 'on' });
    const inspect = await start('inspect', { aheadMs: SETTLED_MS });
    await look(await eventSource(await physicalId('BulkQueue', enforcing), inspect));
    expect(told).toEqual([
      expect.objectContaining({ kind: 'summary', instances: INSTANCES + 1 }),
      expect.objectContaining({ kind: 'baseline', policy: 'no-open-ssh', count: 1 }),
    ]);
    expect(await rulesOf(groupId)).toEqual(rules);
  });

  test('revokes exactly the rule that offends, and says in one alert what it found and did', async () => {
    const { groupId, rules } = await openGroup();
    mended = await account.launch({ securityGroupIds: [groupId] });
    await look();
    expect(await rulesOf(groupId)).toEqual(withoutOpenSsh(rules));
    expect(toldOf(mended)).toMatchObject([
      {
        kind: 'opened',
        attributes: { mode: { Value: 'enforce' } },
        entries: [
          {
            change: 'opened',
            finding: {
              policy: 'no-open-ssh',
              origin: 'launch',
              acts: [
                {
                  action: 'revoke-ingress',
                  outcome: 'done',
                  does: `revoke tcp/22 from 0.0.0.0/0 in ${groupId}`,
                  isReversible: true,
                },
              ],
            },
          },
        ],
      },
    ]);
    expect((await findingOf(mended)).acts).toMatchObject([
      {
        calls: [{ operation: 'ec2:RevokeSecurityGroupIngress', outcome: 'done' }],
        undo: [{ operation: 'ec2:AuthorizeSecurityGroupIngress', input: { GroupId: groupId } }],
      },
    ]);
  });

  test('stops an instance once, when its grace is over', async () => {
    const id = await account.launch({ tags: {} });
    await look();
    await tick(live);
    expect(await stateOf(id)).toBe('running');
    expect(actsToldOf(id)).toEqual(['required-tags opened']);

    const dayLater = await inspecting(hoursAhead(25));
    await tick(dayLater);
    expect(await stateOf(id)).toBe('stopped');
    expect(actsToldOf(id)).toEqual(['required-tags opened', 'required-tags acted: stop done']);

    await ec2.send(new StartInstancesCommand({ InstanceIds: [id] }));
    await tick(dayLater);
    await account.setTags(id, { Environment: 'test' });
    await look(dayLater);
    expect(await stateOf(id)).toBe('running');
    expect((await findingOf(id)).acts).toHaveLength(1);
  });

  test('refuses to terminate what has stop protection, and terminates it once that is gone', async () => {
    const { InstanceId: id = '' } = await account.launchQuietly({ instanceType: 'm6i.large' });
    await protect(id, true);
    await account.tellOfLaunch(id);
    await look();
    expect(toldOf(id)).toMatchObject([
      {
        kind: 'opened',
        entries: [{ finding: { steps: [{ action: 'terminate', held: { by: 'refused' } }] } }],
      },
    ]);
    expect(JSON.stringify(toldOf(id))).toContain('it has stop protection (disableApiStop)');
    expect(actsToldOf(id)).toEqual(['approved-instance-types opened']);
    expect(await stateOf(id)).toBe('running');

    await protect(id, false);
    await lookAt(id);
    expect(await stateOf(id)).toBe('terminated');
    expect(actsToldOf(id)).toContain('approved-instance-types acted: terminate done');
  });

  function protect(InstanceId: string, Value: boolean): Promise<unknown> {
    return ec2.send(new ModifyInstanceAttributeCommand({ InstanceId, DisableApiStop: { Value } }));
  }

  test('isolates every interface of an instance; undo puts all of them back, and it is not done again', async () => {
    const isolated = await account.createSecurityGroup('isolated');
    await ec2.send(new CreateTagsCommand({ Resources: [isolated], Tags: tagList({ Role: 'quarantine' }) }));
    const [first, second] = [await account.createSecurityGroup('first'), await account.createSecurityGroup('second')];
    const { InstanceId: id = '' } = await account.launchQuietly({ encrypted: false, securityGroupIds: [first] });
    await attachInterface(ec2, id, second);
    const before = { groups: [[first], [second]], isProtected: false };
    expect(await isolationOf(id)).toEqual(before);
    await account.tellOfLaunch(id);
    await look();
    expect(await isolationOf(id)).toEqual({ groups: [[isolated], [isolated]], isProtected: true });
    expect(actsToldOf(id)).toEqual(['encrypted-volumes opened: quarantine done']);
    const taken = await snapshotsOf(id);
    expect(taken).toHaveLength((await instanceBy(ec2, id)).BlockDeviceMappings?.length ?? 0);

    expect(await run(`undo ${(await findingOf(id)).id} --yes`)).toContain('act 1 is put back\n');
    expect(await isolationOf(id)).toEqual(before);
    await lookAt(id);
    expect(await isolationOf(id)).toEqual(before);
    expect((await findingOf(id)).steps).toMatchObject([{ held: { by: 'undone' } }]);
    expect(await snapshotsOf(id)).toEqual(taken);
  });

  /** Ids of the snapshots that were taken of an instance before it was isolated, sorted. */
  async function snapshotsOf(instanceId: string): Promise<readonly string[]> {
    const Filters = [{ Name: 'tag:ec2-guardrail:instance', Values: [instanceId] }];
    const { Snapshots = [] } = await ec2.send(new DescribeSnapshotsCommand({ Filters }));
    return Snapshots.map(({ SnapshotId = '' }) => SnapshotId).sort();
  }

  /** Groups of the interfaces, the primary first, and whether nobody may terminate it. */
  async function isolationOf(InstanceId: string) {
    const Filters = [{ Name: 'attachment.instance-id', Values: [InstanceId] }];
    const { NetworkInterfaces = [] } = await ec2.send(new DescribeNetworkInterfacesCommand({ Filters }));
    const Attribute = 'disableApiTermination';
    const { DisableApiTermination } = await ec2.send(new DescribeInstanceAttributeCommand({ InstanceId, Attribute }));
    const sorted = NetworkInterfaces.toSorted(
      (one, other) => (one.Attachment?.DeviceIndex ?? 0) - (other.Attachment?.DeviceIndex ?? 0),
    );
    return {
      groups: sorted.map(({ Groups = [] }) => Groups.map(({ GroupId }) => GroupId)),
      isProtected: DisableApiTermination?.Value,
    };
  }

  test('does nothing while it is paused, and goes on once somebody resumes', async () => {
    await run('pause --reason INC-12');
    const { groupId, rules } = await openGroup();
    const id = await account.launch({ securityGroupIds: [groupId] });
    await look();
    expect(await rulesOf(groupId)).toEqual(rules);
    expect(toldOf(id)).toMatchObject([
      { entries: [{ finding: { steps: [{ held: { by: 'paused', why: expect.stringContaining('INC-12') } }] } }] },
    ]);

    await run('resume');
    await lookAt(id);
    expect(await rulesOf(groupId)).toEqual(withoutOpenSsh(rules));
    expect(actsToldOf(id)).toEqual(['no-open-ssh opened', 'no-open-ssh acted: revoke-ingress done']);
  });

  describe('when disturbed', () => {
    let relayed: EventSource;
    /** When what failed is shown again. */
    let later: EventSource;
    beforeAll(async () => {
      relayed = await inspecting(SETTLED_MS, behindRelay());
      later = await inspecting(SETTLED_MS + VISIBILITY_TIMEOUT * 1000);
    });
    afterEach(() => {
      obstacle = () => Promise.resolve(undefined);
    });

    /** Does something, once, before this call is passed on. */
    function atFirst(action: string, does: () => Promise<Trouble | undefined>): void {
      let isDone = false;
      obstacle = async (call) => {
        if (isDone || call.action !== action) return undefined;
        isDone = true;
        return does();
      };
    }

    test('does nothing more where somebody pauses between its look and what was due', async () => {
      const { groupId, rules } = await openGroup();
      const id = await account.launch({ securityGroupIds: [groupId] });
      atFirst('PutItem', async () => {
        await run('pause --reason INC-13');
        return undefined;
      });
      await look(relayed);
      expect(await rulesOf(groupId)).toEqual(rules);
      expect(actsToldOf(id)).toEqual(['no-open-ssh opened']);
      await run('resume');
      await lookAt(id);
      expect(await rulesOf(groupId)).toEqual(withoutOpenSsh(rules));
    });

    test('tells of a violation also where EC2 refuses what is done about it, and tries again', async () => {
      const { groupId, rules } = await openGroup();
      const id = await account.launch({ securityGroupIds: [groupId] });
      atFirst('RevokeSecurityGroupIngress', () => Promise.resolve(ec2Error(403, 'UnauthorizedOperation')));
      await look(relayed);
      expect(actsToldOf(id)).toEqual(['no-open-ssh opened: revoke-ingress failed']);
      await lookAt(id, relayed);
      expect(await rulesOf(groupId)).toEqual(withoutOpenSsh(rules));
    });

    test('does nothing that it can not count, and tells of the violation all the same', async () => {
      const { groupId, rules } = await openGroup();
      const id = await account.launch({ securityGroupIds: [groupId] });
      const body = '{"__type":"AccessDeniedException","message":"So says the relay."}';
      atFirst('UpdateItem', () => Promise.resolve({ status: 400, body }));
      await look(relayed);
      expect(await rulesOf(groupId)).toEqual(rules);
      expect(actsToldOf(id)).toEqual(['no-open-ssh opened']);

      await relayed.showFailedAgain();
      await look(later);
      expect(await rulesOf(groupId)).toEqual(withoutOpenSsh(rules));
      expect(actsToldOf(id).at(-1)).toContain('revoke-ingress done');
    });

    test('leaves behind what it began where it dies over it: that is told, and can be put back', async () => {
      const dying = await start('inspect', { aheadMs: SETTLED_MS, environment: behindRelay() });
      const viaDying = await eventSource(liveQueue, dying);
      const { groupId, rules } = await openGroup();
      const id = await account.launch({ securityGroupIds: [groupId] });
      atFirst('RevokeSecurityGroupIngress', async () => {
        await dying.stop();
        return undefined;
      });
      await look(viaDying);
      expect(await rulesOf(groupId)).toEqual(withoutOpenSsh(rules));
      expect(toldOf(id)).toEqual([]);

      await viaDying.showFailedAgain();
      await look(later);
      // In the order in which SNS took them.
      expect(actsToldOf(id).toSorted()).toEqual([
        'no-open-ssh opened',
        'no-open-ssh resolved: revoke-ingress interrupted',
      ]);
      await run(`undo ${(await findingOf(id)).id} --yes`);
      expect((await rulesOf(groupId)).filter((rule) => rule.endsWith(' 22 0.0.0.0/0'))).toHaveLength(1);
    });
  });

  test('stops no more instances in an hour than enforcement.yml allows, and says so once', async () => {
    const ids = await Promise.all(Array.from({ length: STOPS_AN_HOUR + 2 }, () => account.launch({ tags: {} })));
    await look();
    await operations.empty();
    const due = await inspecting(hoursAhead(27));
    await tick(due);
    await tick(due);
    expect(await stopped(ids)).toHaveLength(STOPS_AN_HOUR);
    expect(await operations.empty()).toEqual([
      expect.objectContaining({ kind: 'limit-reached', limits: { stop: expect.anything() } }),
    ]);

    await run('resume');
    const anHourLater = await inspecting(hoursAhead(28));
    for (const id of ids) await lookAt(id, anHourLater);
    expect(await stopped(ids)).toHaveLength(ids.length);
    expect(await operations.empty()).toEqual([]);
  });

  async function stopped(ids: readonly string[]): Promise<readonly (string | undefined)[]> {
    const states = await Promise.all(ids.map(stateOf));
    return states.filter((state) => state === 'stopped');
  }

  test('looks again half a minute after it did something, and tells that it is mended', async () => {
    const deadline = Date.now() + LOOKED_AGAIN_WITHIN_MS;
    while (toldOf(mended).length < 2 && Date.now() < deadline) {
      await look();
      await setTimeout(1000);
    }
    expect(changesIn(toldOf(mended))).toEqual([`opened no-open-ssh ${mended}`, `resolved no-open-ssh ${mended}`]);
  });
});

describe('what changes EC2', () => {
  const iam = new IAMClient({ region });

  /** What a role may do to EC2 beyond reading, sorted. */
  async function mayChange(role: string, of: Deployed): Promise<readonly string[]> {
    const statements = await ownStatements(iam, await physicalId(role, of));
    const allowed = statements.filter(({ Effect }) => Effect === 'Allow').flatMap(({ Action }) => [Action].flat());
    return allowed.filter((action) => /^ec2:(?!Describe|Get)/.test(action)).sort();
  }

  test.each(['InspectRole', 'SweepRole'])('is permitted to %s as far as the actions in use call it', async (role) => {
    const inUse = [
      'ec2:CreateSnapshots',
      'ec2:CreateTags',
      'ec2:ModifyInstanceAttribute',
      'ec2:ModifyNetworkInterfaceAttribute',
      'ec2:RevokeSecurityGroupIngress',
      'ec2:StopInstances',
      'ec2:TerminateInstances',
    ];
    expect(await mayChange(role, enforcing)).toEqual(role === 'InspectRole' ? inUse : []);
    expect(await mayChange(role, deployed)).toEqual([]);
  });

  test('is refused to InspectRole on what enforcement.yml protects, whatever the code does', async () => {
    const refused = async (of: Deployed) =>
      (await ownStatements(iam, await physicalId('InspectRole', of))).filter(({ Effect }) => Effect === 'Deny');

    expect(await refused(enforcing)).toEqual([
      {
        Sid: 'SpareProtected1',
        Effect: 'Deny',
        Action: [
          'ec2:CreateSnapshots',
          'ec2:ModifyInstanceAttribute',
          'ec2:ModifyNetworkInterfaceAttribute',
          'ec2:StopInstances',
          'ec2:TerminateInstances',
        ],
        Resource: [`arn:aws:ec2:${region}:123456789012:instance/*`],
        Condition: { StringLike: { 'aws:ResourceTag/Keep': ['yes'] } },
      },
    ]);
    expect(await refused(deployed)).toEqual([]);
  });

  test('is in the code of a deployment that enforces, and not in that of one that notifies', async () => {
    const changing = Object.keys(changingSenders).map((operation) => operation.replace('ec2:', ''));
    const inCode = async (of: Deployed) => {
      const inspect = await startFunction('inspect', {}, of);
      const code = await readFile(inspect.code, 'utf8');
      await inspect.stop();
      return changing.filter((operation) => code.includes(`"${operation}Request"`));
    };
    expect(await inCode(enforcing)).toEqual(changing);
    expect(await inCode(deployed)).toEqual([]);
  });
});
