import type * as ec2 from '@aws-sdk/client-ec2';
import { type Collected, factsOf, instanceOf } from '../../src/domain/collected.ts';
import type { Instance } from '../../src/domain/instance.ts';
import { allNeeds, type Need, readsFor } from '../../src/domain/needs.ts';
import type { Aws, Operation } from '../../src/domain/operations.ts';
import { collect } from '../../src/engine/collect.ts';
import { failureOf } from '../../src/engine/reads.ts';
import type { Fault } from '../../src/sandbox/faults.ts';
import type { Resources } from '../../src/sandbox/recorded.ts';
import { type Call, createSandbox } from '../../src/sandbox/sandbox.ts';
import { callsSince, scope, start } from '../support/world.ts';

const idOf = (at: number) => `i-${at.toString(16).padStart(17, '0')}`;

/** An instance with a volume, a group, an interface, a type, a VPC and a Spot request of its own. */
function instance(at: number): Instance {
  const read = instanceOf(
    {
      InstanceId: idOf(at),
      InstanceType: `m7i.${at}xlarge` as ec2._InstanceType,
      InstanceLifecycle: 'spot',
      SpotInstanceRequestId: `sir-${at}`,
      VpcId: `vpc-${at}`,
      LaunchTime: new Date('2026-03-01T09:00:00Z'),
      State: { Name: 'running' },
      Placement: { AvailabilityZone: 'us-east-1a' },
      BlockDeviceMappings: [{ Ebs: { VolumeId: `vol-${at}` } }],
      NetworkInterfaces: [{ NetworkInterfaceId: `eni-${at}`, Groups: [{ GroupId: `sg-${at}` }] }],
    },
    scope.accountId,
  );
  if ('why' in read) throw new Error(read.what);
  return read;
}

/** The values of its first filter. */
function valuesAskedBy({ input }: Call): readonly string[] | undefined {
  return (input as { readonly Filters?: readonly ec2.Filter[] }).Filters?.[0]?.Values;
}

const upTo = (count: number) => Array.from({ length: count }, (_, at) => at);

/** As many of each resource, and an alias for each. */
function resourcesOf(count: number): Resources {
  return {
    volumes: upTo(count).map((at) => ({ VolumeId: `vol-${at}`, Attachments: [{ InstanceId: idOf(at) }] })),
    securityGroups: upTo(count).map((at) => ({
      GroupId: `sg-${at}`,
      VpcId: `vpc-${at}`,
      IpPermissions: [{ IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: '10.0.0.0/8' }] }],
    })),
    networkInterfaces: upTo(count).map((at) => ({
      NetworkInterfaceId: `eni-${at}`,
      Groups: [{ GroupId: `sg-${at}` }],
    })),
    spotInstanceRequests: upTo(count).map((at) => ({ SpotInstanceRequestId: `sir-${at}` })),
    instanceAttributes: Object.fromEntries(upTo(count).map((at) => [idOf(at), { disableApiStop: true }])),
    reservations: upTo(count).map((at) => ({ Instances: [{ InstanceId: idOf(at) }] })),
    instanceTypes: upTo(count).map((at) => ({ InstanceType: `m7i.${at}xlarge` as ec2._InstanceType })),
    kmsAliases: upTo(count).map((at) => ({ AliasName: `alias/${at}`, TargetKeyId: `key-${at}` })),
  };
}

/** A group that names prefix lists, and another group as a source. */
const naming: ec2.SecurityGroup = {
  GroupId: 'sg-0',
  VpcId: 'vpc-0',
  IpPermissions: [
    {
      IpProtocol: 'tcp',
      PrefixListIds: upTo(7).map((at) => ({ PrefixListId: `pl-${at}` })),
      UserIdGroupPairs: [{ GroupId: 'sg-source' }],
    },
  ],
};
const cidrs = upTo(12).map((at) => `10.${at}.0.0/16`);
const named: Resources = {
  securityGroups: [naming, { GroupId: 'sg-source' }],
  prefixLists: Object.fromEntries(upTo(7).map((at) => [`pl-${at}`, cidrs.map((Cidr) => ({ Cidr }))])),
};

async function collected(
  instances: readonly Instance[],
  needs: readonly Need[],
  resources: Resources,
  options: { readonly faults?: readonly Fault[]; readonly pageSize?: 'aws' } = {},
) {
  const sandbox = createSandbox({ scope, start, resources, ...options });
  return { ...(await collect(sandbox.aws, instances, needs, new Map())), calls: sandbox.calls };
}

type Kind = Exclude<keyof Collected, 'launches' | 'acts' | 'notices' | 'prefixLists' | 'protections'>;

const reads: readonly (readonly [Operation, Need, Kind])[] = [
  ['ec2:DescribeVolumes', 'volumes', 'volumes'],
  ['ec2:DescribeSecurityGroups', 'securityGroups', 'securityGroups'],
  ['ec2:DescribeSecurityGroupRules', 'securityGroups', 'securityGroupRules'],
  ['ec2:DescribeNetworkInterfaces', 'networkInterfaces', 'networkInterfaces'],
  ['ec2:DescribeInstanceTypes', 'instanceTypeInfo', 'instanceTypes'],
  ['kms:ListAliases', 'kmsAliases', 'kmsAliases'],
  ['ec2:DescribeNetworkInterfaces', 'groupInterfaces', 'groupInterfaces'],
  ['ec2:DescribeSecurityGroups', 'vpcGroups', 'vpcGroups'],
  ['ec2:DescribeSecurityGroupRules', 'vpcGroups', 'securityGroupRules'],
  ['ec2:DescribeSpotInstanceRequests', 'spotRequest', 'spotRequests'],
];
const filtered = reads.filter(([operation]) => operation !== 'kms:ListAliases');

describe.each(reads)('%s for %s', (operation, need, kind) => {
  it('is read to its last page', async () => {
    const result = await collected(upTo(12).map(instance), [need], resourcesOf(12));

    expect(result[kind].rows.size).toBe(12);
    expect(result[kind].failure).toBeUndefined();
    expect(callsSince(result.calls).filter((call) => call === operation)).toHaveLength(3);
  });

  it('whose second page fails keeps the first, and says so', async () => {
    const faults = [{ operation, error: 'RequestLimitExceeded', after: 1 } as Fault];
    const result = await collected(upTo(12).map(instance), [need], resourcesOf(12), { faults });

    expect(result[kind].rows.size).toBe(5);
    expect(result[kind].failure).toEqual({
      why: 'throttled',
      detail: expect.stringContaining('RequestLimitExceeded'),
    });
  });

  it('is not read when nothing needs it', async () => {
    const others = allNeeds.filter((other) => !readsFor([other]).includes(operation));
    const result = await collected(upTo(1).map(instance), others, resourcesOf(1));

    expect(callsSince(result.calls)).not.toContain(operation);
  });
});

test.each(filtered)('%s takes no more than 200 values at once', async (operation, need, kind) => {
  const result = await collected(upTo(201).map(instance), [need], resourcesOf(201), { pageSize: 'aws' });
  const calls = result.calls.filter((call) => call.operation === operation);
  const values = calls.map((call) => valuesAskedBy(call)?.length);

  expect(new Set(values)).toEqual(new Set([200, 1]));
  expect(result[kind].rows.size).toBe(201);
});

test('volumes that do not say yet that they are attached are read by id', async () => {
  const resources = { volumes: [{ VolumeId: 'vol-0' }, { VolumeId: 'vol-1', Attachments: [{ InstanceId: idOf(1) }] }] };
  const { volumes, calls } = await collected([instance(0), instance(1)], ['volumes'], resources);

  expect([...volumes.rows.keys()].sort()).toEqual(['vol-0', 'vol-1']);
  expect(calls.map((call) => ('Filters' in call.input ? call.input.Filters : undefined))).toEqual([
    [{ Name: 'attachment.instance-id', Values: [idOf(0), idOf(1)] }],
    [{ Name: 'volume-id', Values: ['vol-0'] }],
  ]);
});

describe('prefix lists', () => {
  it('are read to their last page each', async () => {
    const { prefixLists } = await collected([instance(0)], ['prefixLists'], named);

    expect([...prefixLists.rows.values()]).toEqual(upTo(7).map((at) => ({ PrefixListId: `pl-${at}`, cidrs })));
    expect(prefixLists.failure).toBeUndefined();
  });

  it.each([
    ['at all', 0],
    ['to their end', 1],
  ])('that can not be read %s are missing, not shorter', async (_, after) => {
    const faults: Fault[] = [
      {
        operation: 'ec2:GetManagedPrefixListEntries',
        error: 'RequestLimitExceeded',
        after,
        when: ({ PrefixListId }) => PrefixListId === 'pl-3',
      },
    ];
    const result = await collected([instance(0)], ['securityGroups', 'prefixLists'], named, { faults });
    const facts = factsOf(instance(0), result, start);

    expect([...result.prefixLists.rows.keys()].sort()).toEqual(['pl-0', 'pl-1', 'pl-2', 'pl-4', 'pl-5', 'pl-6']);
    expect(facts.prefixLists.missing).toEqual([
      expect.objectContaining({ what: 'prefix list pl-3', why: 'throttled' }),
    ]);
  });
});

test('groups that are named as sources are read when something asks for them, and not else', async () => {
  const groupReads = (calls: readonly { readonly operation: string; readonly input: object }[]) =>
    calls
      .filter((call) => call.operation === 'ec2:DescribeSecurityGroups')
      .map((call) => ('Filters' in call.input ? call.input.Filters : undefined));
  const own = [{ Name: 'group-id', Values: ['sg-0'] }];
  const without = await collected([instance(0)], ['securityGroups', 'prefixLists'], named);
  const withThem = await collected([instance(0)], ['sourceGroups'], named);

  expect(groupReads(without.calls)).toEqual([own]);
  expect(groupReads(withThem.calls)).toEqual([own, [{ Name: 'group-id', Values: ['sg-source'] }]]);
  expect([...withThem.securityGroups.rows.keys()].sort()).toEqual(['sg-0', 'sg-source']);
});

test.each(allNeeds)('for %s what the table of needs says is called, and nothing else', async (need) => {
  const resources = { ...resourcesOf(1), ...named };
  const { calls } = await collected([instance(0)], [need], resources);
  const expected = readsFor([need]).filter((operation) => operation !== 'ec2:DescribeInstances');

  expect([...new Set(callsSince(calls))].sort()).toEqual(expected);
});

describe('protections', () => {
  const operation = 'ec2:DescribeInstanceAttribute';

  it('are read by two calls an instance, of five instances at once', async () => {
    let open = 0;
    let most = 0;
    const { aws, calls } = createSandbox({ scope, start, resources: resourcesOf(12) });
    const counted: Aws = async (asked, input) => {
      most = Math.max(most, ++open);
      await Promise.resolve();
      open -= 1;
      return aws(asked, input);
    };
    const { protections } = await collect(counted, upTo(12).map(instance), ['protection'], new Map());

    expect([...protections.rows]).toEqual(upTo(12).map((at) => [idOf(at), { stop: true, termination: false }]));
    expect(protections.failure).toBeUndefined();
    expect(callsSince(calls)).toEqual(upTo(24).map(() => operation));
    expect(most).toBe(10);
  });

  it.each(['disableApiStop', 'disableApiTermination'])(
    'of which %s can not be read are missing, not off, and the others stand',
    async (attribute) => {
      const faults: Fault[] = [
        {
          operation,
          error: 'RequestLimitExceeded',
          when: ({ InstanceId, Attribute }) => InstanceId === idOf(1) && Attribute === attribute,
        },
      ];
      const result = await collected(upTo(3).map(instance), ['protection'], resourcesOf(3), { faults });

      expect([...result.protections.rows.keys()]).toEqual([idOf(0), idOf(2)]);
      expect(factsOf(instance(1), result, start).protection).toEqual({
        known: false,
        missing: expect.objectContaining({ what: `protection of ${idOf(1)}`, why: 'throttled' }),
      });
      expect(factsOf(instance(2), result, start).protection).toMatchObject({ known: true, value: { stop: true } });
    },
  );

  it('that an answer does not hold are a failure, and not off', async () => {
    const { protections } = await collect(async () => ({}) as never, [instance(0)], ['protection'], new Map());

    expect(protections).toEqual({
      rows: new Map(),
      failure: { why: 'failed', detail: `Error: the answer to ${operation} holds no value: it is not AWS's` },
    });
  });
});

test('rules are read once of each group, whatever names it', async () => {
  const others = upTo(2).map((at) => ({ GroupId: `sg-other-${at}`, VpcId: 'vpc-0' }));
  const resources = { securityGroups: [...(resourcesOf(1).securityGroups ?? []), ...others] };
  const result = await collected([instance(0)], ['securityGroups', 'vpcGroups'], resources);
  const groupIds = result.calls
    .filter(({ operation }) => operation === 'ec2:DescribeSecurityGroupRules')
    .map(valuesAskedBy);

  expect(groupIds).toEqual([['sg-0'], ['sg-other-0', 'sg-other-1']]);
  expect(
    factsOf(instance(0), result, start).vpcGroups.found.map(({ GroupId, rules }) => [GroupId, rules.known]),
  ).toEqual([
    ['sg-0', true],
    ['sg-other-0', true],
    ['sg-other-1', true],
  ]);
});

test('of an instance that is no Spot instance, no request is read', async () => {
  const onDemand = { ...instance(0), InstanceLifecycle: undefined };
  const result = await collected([onDemand], ['spotRequest'], resourcesOf(1));

  expect(result.calls).toEqual([]);
  expect(factsOf(onDemand, result, start).spotRequest).toEqual({ known: true, value: 'none' });
});

describe('what could not be read is unknown', () => {
  const failing = async (operation: Operation, needs: readonly Need[]) => {
    const faults = [{ operation, error: 'UnauthorizedOperation', times: 'always' } as Fault];
    const result = await collected([instance(0)], needs, { ...resourcesOf(1), ...named }, { faults });
    return factsOf(instance(0), result, start);
  };
  const missing = (what: string) => ({
    what,
    why: 'denied',
    detail: expect.stringContaining('UnauthorizedOperation'),
  });

  it('of KMS aliases', async () => {
    const { kmsAliases } = await failing('kms:ListAliases', ['kmsAliases']);

    expect(kmsAliases).toEqual({ known: false, missing: missing('KMS aliases') });
  });

  it('of the rules of a group that was read', async () => {
    const { securityGroups } = await failing('ec2:DescribeSecurityGroupRules', ['securityGroups']);

    expect(securityGroups.found.map((group) => group.rules)).toEqual([
      { known: false, missing: missing('rules of security group sg-0') },
    ]);
  });

  it('of an instance type', async () => {
    const { instanceTypeInfo } = await failing('ec2:DescribeInstanceTypes', ['instanceTypeInfo']);

    expect(instanceTypeInfo).toEqual({ known: false, missing: missing('instance type m7i.0xlarge') });
  });

  it('of the interfaces that a group is on', async () => {
    const { groupInterfaces } = await failing('ec2:DescribeNetworkInterfaces', ['groupInterfaces']);

    expect(groupInterfaces).toEqual({ found: [], missing: [missing('interfaces of sg-0')] });
  });

  it('of the groups of a VPC', async () => {
    const { vpcGroups } = await failing('ec2:DescribeSecurityGroups', ['vpcGroups']);

    expect(vpcGroups).toEqual({ found: [], missing: [missing('security groups of vpc-0')] });
  });

  it('of the rules of the groups of a VPC', async () => {
    const { vpcGroups } = await failing('ec2:DescribeSecurityGroupRules', ['vpcGroups']);

    expect(vpcGroups.found.map((group) => group.rules)).toEqual([
      { known: false, missing: missing('rules of security group sg-0') },
    ]);
  });

  it('of a Spot request', async () => {
    const { spotRequest } = await failing('ec2:DescribeSpotInstanceRequests', ['spotRequest']);

    expect(spotRequest).toEqual({ known: false, missing: missing('Spot request sir-0') });
  });

  it.each(['prefixLists', 'sourceGroups'] as const)(
    'of groups, and so of the %s that they may name: none found is not none there',
    async (need) => {
      const facts = await failing('ec2:DescribeSecurityGroups', [need]);

      expect(facts[need]).toEqual({ found: [], missing: [missing('security group sg-0')] });
    },
  );
});

test.each(reads)(
  'an answer to %s without a list, such as a page that a proxy put there, is a failure and no empty list',
  async (operation, need, kind) => {
    const { aws } = createSandbox({ scope, start, resources: resourcesOf(1) });
    const throughProxy: Aws = async (asked, input) => (asked === operation ? ({} as never) : aws(asked, input));

    const result = await collect(throughProxy, [instance(0)], [need], new Map());

    expect(result[kind].failure).toEqual({
      why: 'failed',
      detail: `Error: the answer to ${operation} holds no list: it is not AWS's`,
    });
  },
);

test.each(['prefixLists', 'sourceGroups'] as const)(
  'of a group that EC2 does not show, %s are missing',
  async (need) => {
    const result = await collected([instance(0)], [need], {});

    expect(factsOf(instance(0), result, start)[need]).toEqual({
      found: [],
      missing: [{ what: 'security group sg-0', why: 'not-found' }],
    });
  },
);

test.each([
  ['UnauthorizedOperation', 'denied'],
  ['AccessDenied', 'denied'],
  ['AccessDeniedException', 'denied'],
  ['AuthFailure', 'denied'],
  ['OptInRequired', 'denied'],
  ['RequestLimitExceeded', 'throttled'],
  ['Throttling', 'throttled'],
  ['ThrottlingException', 'throttled'],
  ['ThrottledException', 'throttled'],
  ['TooManyRequestsException', 'throttled'],
  ['ProvisionedThroughputExceededException', 'throttled'],
  ['RequestThrottled', 'throttled'],
  ['RequestThrottledException', 'throttled'],
  ['InternalError', 'failed'],
  ['Unavailable', 'failed'],
  ['NotRecorded', 'not-recorded'],
])('%s means %s', (name, why) => {
  expect(failureOf(Object.assign(new Error('AWS says so'), { name }))).toMatchObject({ why });
});
