import type * as ec2 from '@aws-sdk/client-ec2';
import { allNeeds } from '../../src/domain/needs.ts';
import { collect, describeAllInstances } from '../../src/engine/collect.ts';
import { findInstances } from '../../src/engine/find-instances.ts';
import type { Targets } from '../../src/events/targets.ts';
import { knownReads } from '../../src/sandbox/ec2.ts';
import { type Call, createSandbox } from '../../src/sandbox/sandbox.ts';
import { ec2Model, parameterOf } from './support/api-model.ts';

const model = ec2Model();
const reads = Object.entries(knownReads);
const filtered = reads.filter(([, { filters }]) => Object.keys(filters).length > 0);
const bounded = reads.flatMap(([operation, { limits }]) => {
  const { min, max } = parameterOf(model, actionOf(operation), 'MaxResults') ?? {};
  return max === undefined ? [] : [{ operation, limits: [limits.least, limits.most], documented: [min, max] }];
});

/** Names of filters, each the first word of an item of a list: `tag:<key>` for any tag. */
function documentedFilters(operation: string): readonly string[] {
  const text = parameterOf(model, operation, 'Filters')?.documentation ?? '';
  return [...text.matchAll(/<li>\s*<p>\s*<code>([^<]+)<\/code>(:&lt;key&gt;)?/g)].map(([, name = '', key = '']) =>
    (name + key).replace('&lt;', '<').replace('&gt;', '>'),
  );
}

function actionOf(operation: string): string {
  return operation.slice('ec2:'.length);
}

test.each(filtered)('%s: AWS documents every filter that the sandbox knows', (operation, read) => {
  const known = [...Object.keys(read.filters), ...('tagsOf' in read ? ['tag:<key>'] : [])];
  const documented = documentedFilters(actionOf(operation));
  expect(known.filter((name) => !documented.includes(name))).toEqual([]);
});

test.each(bounded)('$operation: the sandbox takes MaxResults within the bounds that AWS documents', (read) => {
  expect(read.limits).toEqual(read.documented);
});

test('AWS documents every filter that the engine asks by', async () => {
  const asked = [...new Set((await callsOfTheEngine()).flatMap(filtersOf))].sort();
  expect(asked).toEqual([
    'DescribeInstanceTypes instance-type',
    'DescribeInstances block-device-mapping.volume-id',
    'DescribeInstances instance-id',
    'DescribeInstances network-interface.group-id',
    'DescribeInstances network-interface.group-name',
    'DescribeInstances network-interface.network-interface-id',
    'DescribeNetworkInterfaces group-id',
    'DescribeNetworkInterfaces network-interface-id',
    'DescribeSecurityGroupRules group-id',
    'DescribeSecurityGroups group-id',
    'DescribeSecurityGroups ip-permission.group-id',
    'DescribeSecurityGroups ip-permission.prefix-list-id',
    'DescribeSecurityGroups vpc-id',
    'DescribeSpotInstanceRequests spot-instance-request-id',
    'DescribeVolumes attachment.instance-id',
    'DescribeVolumes volume-id',
  ]);
  const isDocumented = (one: string) => {
    const [operation = '', name = ''] = one.split(' ');
    return documentedFilters(operation).includes(name);
  };
  expect(asked.filter((one) => !isDocumented(one))).toEqual([]);
});

test('the engine asks EC2 for every list in pages, which for interfaces of a large account it must', async () => {
  const unpaged = (await callsOfTheEngine()).filter(
    ({ operation, input }) => parameterOf(model, actionOf(operation), 'MaxResults') && !('MaxResults' in input),
  );
  // A list is not a filter's to select: it is one call, with few entries.
  expect([...new Set(unpaged.map(({ operation }) => operation))]).toEqual([]);
});

/** Leads from every kind of target, and collects for every need. */
async function callsOfTheEngine(): Promise<readonly Call[]> {
  const instance = {
    InstanceId: 'i-0123456789abcdef0',
    InstanceType: 'm7i.large',
    LaunchTime: new Date('2026-03-01T09:00:00Z'),
    State: { Name: 'running' },
    VpcId: 'vpc-0123456789abcdef0',
    InstanceLifecycle: 'spot',
    SpotInstanceRequestId: 'sir-0123abcd',
    Placement: { AvailabilityZone: 'eu-west-1a' },
    SecurityGroups: [{ GroupId: 'sg-0123456789abcdef0' }],
    NetworkInterfaces: [{ NetworkInterfaceId: 'eni-0123456789abcdef0' }],
    BlockDeviceMappings: [{ Ebs: { VolumeId: 'vol-0123456789abcdef0' } }],
  } satisfies ec2.Instance;
  const scope = { accountId: '123456789012', region: 'eu-west-1' };
  const reservations = [{ OwnerId: scope.accountId, Instances: [instance] }];
  const { aws, calls } = createSandbox({ scope, start: new Date('2026-03-02T09:00:00Z'), resources: { reservations } });
  const targets: Targets = {
    instanceIds: ['i-0123456789abcdef0'],
    securityGroupIds: ['sg-0123456789abcdef0'],
    securityGroupNames: ['web'],
    networkInterfaceIds: ['eni-0123456789abcdef0'],
    volumeIds: ['vol-0123456789abcdef0'],
    prefixListIds: ['pl-0123456789abcdef0'],
    sourceGroupIds: ['sg-0123456789abcdef1'],
  };
  const cause = { key: 'test', text: 'a test' };
  await findInstances(aws, [
    { messageId: '1', attempt: 0, queue: 'live', targets, launches: new Map(), causeOf: () => cause },
  ]);
  const { instances } = await describeAllInstances(aws);
  await collect(aws, instances, allNeeds, new Map());
  return calls.filter(({ operation }) => operation.startsWith('ec2:'));
}

function filtersOf({ operation, input }: Call): readonly string[] {
  const { Filters = [] } = input as { readonly Filters?: readonly ec2.Filter[] };
  return Filters.map((filter) => `${actionOf(operation)} ${filter.Name}`);
}
