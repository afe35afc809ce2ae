import type * as ec2 from '@aws-sdk/client-ec2';
import * as z from 'zod';
import { quarantine } from '../../src/actions/quarantine.ts';
import { revokeIngress } from '../../src/actions/revoke-ingress.ts';
import { stop } from '../../src/actions/stop.ts';
import { terminate } from '../../src/actions/terminate.ts';
import type { AnyAction, Plan, Planned } from '../../src/domain/action.ts';
import { factsOf } from '../../src/domain/collected.ts';
import { type Judgement, judge } from '../../src/domain/judge.ts';
import { allNeeds } from '../../src/domain/needs.ts';
import type { BoundPolicy } from '../../src/domain/policy.ts';
import { collect, describeAllInstances } from '../../src/engine/collect.ts';
import { makeCalls } from '../../src/engine/make-calls.ts';
import type { Resources } from '../../src/sandbox/recorded.ts';
import { createSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts';
import { rulesOf } from '../../src/sandbox/security-groups.ts';
import { policyFor } from '../support/policies.ts';
import { scope, start } from '../support/world.ts';

const RUNS = 150;
const instanceId = 'i-0123456789abcdef0';
const VpcId = 'vpc-0123456789abcdef0';

/** Numbers from 0 to below so many, the same in every run. @see https://github.com/bryc/code/blob/master/jshash/PRNGs.md */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

type Random = ReturnType<typeof randomFrom>;

function pick<T>(random: Random, list: readonly T[]): T {
  return list[random(list.length)] as T;
}

function some<T>(random: Random, list: readonly T[]): readonly T[] {
  return list.filter(() => random(2) === 0);
}

/** An instance whose interfaces have these groups, in an account with these groups. */
function accountWith(groups: readonly ec2.SecurityGroup[], onInterfaces: readonly (readonly string[])[]): Resources {
  const interfaces = onInterfaces.map((ids, at) => ({
    NetworkInterfaceId: `eni-${at}`,
    OwnerId: scope.accountId,
    VpcId,
    Groups: ids.map((GroupId) => ({ GroupId, GroupName: GroupId })),
  }));
  const instance: ec2.Instance = {
    InstanceId: instanceId,
    InstanceType: 'm7i.large',
    LaunchTime: new Date('2026-03-01T09:00:00Z'),
    State: { Code: 16, Name: 'running' },
    Placement: { AvailabilityZone: 'us-east-1a' },
    VpcId,
    RootDeviceType: 'ebs',
    SecurityGroups: interfaces[0]?.Groups,
    NetworkInterfaces: interfaces.map((one, DeviceIndex) => ({ ...one, Attachment: { DeviceIndex } })),
  };
  return {
    reservations: [{ ReservationId: 'r-1', OwnerId: scope.accountId, Instances: [instance] }],
    securityGroups: groups.map((group) => ({ OwnerId: scope.accountId, VpcId, GroupName: group.GroupId, ...group })),
    networkInterfaces: interfaces.map((one, DeviceIndex) => ({
      ...one,
      Attachment: { InstanceId: instanceId, InstanceOwnerId: scope.accountId, DeviceIndex },
    })),
    instanceTypes: [{ InstanceType: 'm7i.large', InstanceStorageSupported: false }],
    prefixLists: { 'pl-1': [{ Cidr: '198.51.100.0/24' }] },
  };
}

/** What the policy says, and what the action plans, of the account as it is. */
async function look(
  { aws, now }: Sandbox,
  action: AnyAction,
  parameters: object,
  policy?: BoundPolicy,
): Promise<{ readonly judgement: Judgement | undefined; readonly planned: Planned }> {
  const { instances } = await describeAllInstances(aws);
  const [instance] = instances;
  if (instance === undefined) throw new Error('there is no instance');
  const facts = factsOf(instance, await collect(aws, instances, allNeeds, new Map()), now());
  const judgement = policy === undefined ? undefined : judge(policy, { instance, facts }, now());
  const planned = action.plan({
    instance,
    facts,
    parameters: action.parameters(z).parse(parameters),
    violation: {
      policy: policy?.name ?? '',
      rule: policy?.rule ?? '',
      parameters: policy?.parameters ?? {},
      evidence: judgement?.evidence,
    },
    standingOf: () => ({ isAlike: true }),
    isContested: () => false,
    now: now(),
  });
  return { judgement, planned };
}

function planIn(planned: Planned): Plan {
  if ('refused' in planned) throw new Error(planned.refused);
  return planned.plan;
}

/** Every rule of the account, but for its id: what EC2 gives anew to one that comes again. */
function rulesIn({ account }: Sandbox): readonly ec2.SecurityGroupRule[] {
  const rules = (account.rows.securityGroups ?? []).flatMap((group) => rulesOf(group));
  return rules
    .map(({ SecurityGroupRuleId: _id, ...rule }) => rule)
    .toSorted((a, b) => (contentOf(a) < contentOf(b) ? -1 : 1));
}

function sourceOf(rule: ec2.SecurityGroupRule): string {
  return rule.CidrIpv4 ?? rule.CidrIpv6 ?? rule.PrefixListId ?? rule.ReferencedGroupInfo?.GroupId ?? '';
}

function contentOf(rule: ec2.SecurityGroupRule): string {
  return JSON.stringify(rule);
}

/** As `contestable` has it. */
function nameOf(rule: ec2.SecurityGroupRule): string {
  const { GroupId, IpProtocol, FromPort, ToPort } = rule;
  const ports = FromPort === ToPort ? FromPort : `${FromPort}-${ToPort}`;
  const what = IpProtocol === '-1' ? 'all protocols' : `${IpProtocol}/${ports}`;
  return `${GroupId} ${what} from ${sourceOf(rule)}`;
}

/** Where ranges of ports begin and end, and what lies around. */
const ports = [0, 20, 21, 22, 23, 24, 442, 443, 444, 3388, 3389, 3390, 65_535];
const sources: readonly Partial<ec2.IpPermission>[] = [
  ...['0.0.0.0/0', '0.0.0.0/1', '203.0.113.0/24', '10.0.0.0/8'].map((CidrIp) => ({ IpRanges: [{ CidrIp }] })),
  { IpRanges: [{ CidrIp: '0.0.0.0/0', Description: 'everyone, for now' }] },
  { Ipv6Ranges: [{ CidrIpv6: '::/0', Description: 'six' }] },
  { PrefixListIds: [{ PrefixListId: 'pl-1', Description: 'list' }] },
  { UserIdGroupPairs: [{ GroupId: 'sg-9', UserId: '999999999999', Description: 'partner' }] },
  { UserIdGroupPairs: [{ GroupId: 'sg-2', UserId: scope.accountId }] },
];

function randomGroup(random: Random, GroupId: string): ec2.SecurityGroup {
  const permissions = Array.from({ length: 1 + random(8) }, (): ec2.IpPermission => {
    const IpProtocol = pick(random, ['tcp', 'tcp', 'tcp', 'udp', '-1']);
    const [FromPort = 0, ToPort = 0] = [pick(random, ports), pick(random, ports)].toSorted((a, b) => a - b);
    return { IpProtocol, ...(IpProtocol === '-1' ? {} : { FromPort, ToPort }), ...pick(random, sources) };
  });
  const byName = new Map(
    permissions.map((one) => [
      rulesOf({ GroupId, IpPermissions: [one] })
        .map(nameOf)
        .join(),
      one,
    ]),
  );
  return { GroupId, IpPermissions: [...byName.values()] };
}

interface Case {
  readonly sandbox: Sandbox;
  readonly policy: BoundPolicy;
  readonly isAsked: (protocol: string, port: number) => boolean;
  readonly replaceWith: readonly string[];
  readonly parameters: object;
}

function randomCase(seed: number): Case {
  const random = randomFrom(seed);
  const asked = pick<readonly number[] | { readonly except: readonly number[] }>(random, [
    [22],
    [22, 3389],
    [22, 21, 23],
    { except: [443] },
    { except: [22, 443] },
  ]);
  const protocols = pick(random, [['tcp'], ['tcp', 'udp']]);
  const allowed = pick<object>(random, [{}, {}, { allowedSources: [] }, { allowedSources: ['10.0.0.0/8', 'sg-2'] }]);
  const replaceWith = some(random, ['192.168.0.0/16', '10.0.0.0/8', 'fd00::/8', 'sg-2']);
  const groups = [randomGroup(random, 'sg-1'), randomGroup(random, 'sg-2')];
  return {
    sandbox: createSandbox({ scope, start, resources: accountWith(groups, [['sg-1'], ['sg-1', 'sg-2']]) }),
    policy: policyFor('restricted-ingress', { ports: asked, protocols, ...allowed }),
    isAsked: (protocol, port) =>
      protocols.includes(protocol) && ('except' in asked ? !asked.except.includes(port) : asked.includes(port)),
    replaceWith,
    parameters: { split: random(2) === 0, replaceWith },
  };
}

/** Every port, of those that matter, that some rules open: `sg-1 tcp 22 0.0.0.0/0`. */
function opened(rules: readonly ec2.SecurityGroupRule[]): ReadonlySet<string> {
  return new Set(
    rules.flatMap((rule) => {
      const { GroupId, IpProtocol, FromPort = -1, ToPort = -1 } = rule;
      const own = IpProtocol === '-1' ? [-1] : ports.filter((port) => port >= FromPort && port <= ToPort);
      return own.map((port) => `${GroupId} ${IpProtocol} ${port} ${sourceOf(rule)}`);
    }),
  );
}

function isClosable(one: string, { isAsked }: Case): boolean {
  const [, protocol = '', port = ''] = one.split(' ');
  return isAsked(protocol, Number(port));
}

/** What was opened or closed beyond what the policy restricts, or stayed open of what was revoked. */
function mistakes(
  before: readonly ec2.SecurityGroupRule[],
  after: readonly ec2.SecurityGroupRule[],
  revoked: readonly string[],
  one: Case,
): readonly string[] {
  const [was, is] = [opened(before), opened(after)];
  const stands = opened(before.filter((rule) => !revoked.includes(nameOf(rule))));
  const closed = [...was].filter((port) => !is.has(port) && (stands.has(port) || !isClosable(port, one)));
  const isReplacement = (port: string) => one.replaceWith.includes(port.split(' ')[3] ?? '') && isClosable(port, one);
  const isNew = [...is].filter((port) => !was.has(port) && !isReplacement(port));
  const left = [...is].filter(
    (port) => was.has(port) && !stands.has(port) && isClosable(port, one) && !isReplacement(port),
  );
  const kept = before.filter((rule) => !revoked.includes(nameOf(rule))).map(contentOf);
  const lost = kept.filter((content) => !after.map(contentOf).includes(content));
  return [
    ...closed.map((port) => `closed ${port}`),
    ...isNew.map((port) => `opened ${port}`),
    ...left.map((port) => `left ${port}`),
    ...lost.map((content) => `changed ${content}`),
  ];
}

const cases = Array.from({ length: RUNS }, (_, seed) => seed);

/** How often each outcome came: the property says nothing where nothing is planned. */
const counted = { planned: 0, refused: 0, partly: 0, split: 0, replaced: 0 };

test.each(cases)(
  'revoke-ingress, case %i: what it revokes is gone, all else stays, and undo restores it',
  async (seed) => {
    const one = randomCase(seed);
    const { sandbox, policy, parameters } = one;
    const before = rulesIn(sandbox);
    const { planned } = await look(sandbox, revokeIngress, parameters, policy);
    if ('refused' in planned) {
      counted.refused += 1;
      return;
    }
    const { calls, undo, does, contestable = [] } = planned.plan;
    counted.planned += 1;
    counted.partly += does.includes('; left: ') ? 1 : 0;
    counted.split += does.includes('(keeping ') ? 1 : 0;
    counted.replaced += does.includes(' in instead') ? 1 : 0;

    expect((await makeCalls(sandbox.aws, calls)).failure).toBeUndefined();
    const after = rulesIn(sandbox);
    expect(mistakes(before, after, contestable, one)).toEqual([]);
    expect(after.map(nameOf).filter((name) => contestable.includes(name))).toEqual([]);

    const again = await look(sandbox, revokeIngress, parameters, policy);
    const leftOver = 'plan' in again.planned ? (again.planned.plan.contestable ?? []) : [];
    expect(leftOver.filter((name) => !one.replaceWith.some((source) => name.endsWith(` ${source}`)))).toEqual([]);

    expect((await makeCalls(sandbox.aws, undo)).failure).toBeUndefined();
    expect(rulesIn(sandbox)).toEqual(before);
  },
);

test('the cases are of every sort', () => {
  expect(Object.entries(counted).filter(([, count]) => count < 10)).toEqual([]);
});

test.each(cases.slice(0, 30))(
  'quarantine, case %i: every interface is in the group, and undo restores all',
  async (seed) => {
    const random = randomFrom(seed);
    const groups = [{ GroupId: 'sg-1' }, { GroupId: 'sg-2' }, { GroupId: 'sg-c', Tags: [{ Key: 'Role', Value: 'q' }] }];
    const onInterfaces = Array.from({ length: 1 + random(3) }, () => {
      const ids = some(random, ['sg-2', 'sg-1', 'sg-c']);
      return ids.length === 0 ? ['sg-1'] : ids;
    });
    const disableApiTermination = random(3) === 0;
    const sandbox = createSandbox({
      scope,
      start,
      resources: {
        ...accountWith([...groups.slice(0, 2), { ...groups[2], IpPermissions: [] }], onInterfaces),
        instanceAttributes: { [instanceId]: { disableApiTermination } },
      },
    });
    const state = () =>
      structuredClone({ rows: sandbox.account.rows, attributes: [...sandbox.account.instanceAttributes] });
    const before = state();
    const { planned } = await look(sandbox, quarantine, { securityGroup: { tags: { Role: ['q'] } } });
    if ('refused' in planned) {
      expect(planned.refused).toBe('it is in sg-c alone already');
      return;
    }

    expect((await makeCalls(sandbox.aws, planned.plan.calls)).failure).toBeUndefined();
    const groupsNow = sandbox.account.rows.networkInterfaces?.map(({ Groups }) =>
      Groups?.map(({ GroupId }) => GroupId),
    );
    expect(new Set(groupsNow?.map((ids) => ids?.join()))).toEqual(new Set(['sg-c']));
    expect(sandbox.account.instanceAttributes.get(instanceId)?.disableApiTermination).toBe(true);
    expect((await look(sandbox, quarantine, { securityGroup: { id: 'sg-c' } })).planned).toEqual({
      refused: 'it is in sg-c alone already',
    });

    expect((await makeCalls(sandbox.aws, planned.plan.undo)).failure).toBeUndefined();
    expect(state()).toEqual(before);
  },
);

test('stop is done, and undone by a start; terminate is done', async () => {
  const sandbox = createSandbox({ scope, start, resources: accountWith([{ GroupId: 'sg-1' }], [['sg-1']]) });
  const stateNow = () => sandbox.account.rows.reservations?.[0]?.Instances?.[0]?.State?.Name;
  const { calls, undo } = planIn((await look(sandbox, stop, {})).planned);

  await makeCalls(sandbox.aws, calls);
  expect(stateNow()).toBe('stopped');
  await makeCalls(sandbox.aws, undo);
  expect(stateNow()).toBe('running');
  await makeCalls(sandbox.aws, planIn((await look(sandbox, terminate, {})).planned).calls);
  expect(stateNow()).toBe('terminated');
});
