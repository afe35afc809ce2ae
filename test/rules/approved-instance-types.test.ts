import type { Given } from '../../src/domain/given.ts';
import type { Json } from '../../src/domain/json.ts';
import { approvedInstanceTypes } from '../../src/rules/approved-instance-types.ts';
import { look, needsWith, refusals } from './look.ts';

/** As JSON has it: also types that the SDK's list does not know. */
function typed(InstanceType: string, over: object = {}): Given {
  return JSON.parse(JSON.stringify({ instance: { InstanceType, ...over } }));
}

test.each<[string, Json, string, string]>([
  ['m7i.large', { families: ['m7i'] }, 'COMPLIANT', ''],
  ['m7i-flex.large', { families: ['m7i'] }, 'NON_COMPLIANT', 'it is none of m7i.*'],
  ['t3a.large', { instanceTypes: ['t3.*'] }, 'NON_COMPLIANT', 'it is none of t3.*'],
  ['t3.large', { families: ['m7i'], instanceTypes: ['t3.*'] }, 'COMPLIANT', ''],
  ['m7i.large', { families: ['m7i'], instanceTypes: ['t3.*'] }, 'COMPLIANT', ''],
  ['t3.large', { instanceTypes: ['t?.micro', 't3.small'] }, 'NON_COMPLIANT', 'it is none of t3.small, t?.micro'],
  ['m7i.large', { families: ['m7i'], sizes: ['xlarge'] }, 'NON_COMPLIANT', 'its size large is none of xlarge'],
  ['m7i.2xlarge', { sizes: ['large', 'xlarge'] }, 'NON_COMPLIANT', 'its size 2xlarge is none of large, xlarge'],
  [
    'r7i.large',
    { categories: ['general', 'compute'] },
    'NON_COMPLIANT',
    'its category memory is none of compute, general',
  ],
  ['hpc7g.4xlarge', { categories: ['compute'] }, 'NON_COMPLIANT', 'its category hpc is none of compute'],
  ['m6i.large', { minGeneration: 6 }, 'COMPLIANT', ''],
  ['m5.large', { minGeneration: 6 }, 'NON_COMPLIANT', 'its generation 5 is below 6'],
  ['t4g.large', { minGeneration: 6 }, 'NON_COMPLIANT', 'its generation 4 is below 6'],
  ['mac-m4.metal', { minGeneration: 2 }, 'INSUFFICIENT_DATA', 'generation of instance type mac-m4.metal: not recorded'],
  ['q9.huge', { categories: ['general'] }, 'INSUFFICIENT_DATA', 'meaning of instance type name q9.huge: not recorded'],
  ['q9.huge', { minGeneration: 1 }, 'INSUFFICIENT_DATA', 'meaning of instance type name q9.huge: not recorded'],
  ['q9.huge', { families: ['q9'] }, 'COMPLIANT', ''],
  ['q9.huge', { instanceTypes: ['q*.huge'] }, 'COMPLIANT', ''],
  ['q9.huge', { families: ['m7i'] }, 'NON_COMPLIANT', 'it is none of m7i.*'],
  ['q9.huge', { families: ['m7i'], categories: ['general'] }, 'NON_COMPLIANT', 'it is none of m7i.*'],
  ['q9.huge', { sizes: ['large'] }, 'NON_COMPLIANT', 'its size huge is none of large'],
])('%s under %j: %s', (type, parameters, compliance, reason) => {
  const expected = compliance === 'NON_COMPLIANT' ? `${type} is not approved: ${reason}` : reason;

  expect(look(approvedInstanceTypes, parameters, typed(type))).toMatchObject({ compliance, reason: expected });
});

test.each<[string, object, string, string]>([
  ['arm64', { architectures: ['arm64'] }, 'COMPLIANT', ''],
  [
    'x86_64',
    { architectures: ['arm64'] },
    'NON_COMPLIANT',
    'm7i.large is not approved: its architecture x86_64 is none of arm64',
  ],
])('an image for %s under %j', (Architecture, parameters, compliance, reason) => {
  expect(look(approvedInstanceTypes, { ...parameters }, typed('m7i.large', { Architecture }))).toMatchObject({
    compliance,
    reason,
  });
});

describe('by what EC2 says of the type', () => {
  const info = (over: object): Given => ({
    instance: { InstanceType: 'm5.2xlarge' },
    instanceTypes: [{ InstanceType: 'm5.2xlarge', ...over }],
  });

  test.each<[Json, object, string, string]>([
    [{ currentGeneration: true }, { CurrentGeneration: true }, 'COMPLIANT', ''],
    [
      { currentGeneration: true },
      { CurrentGeneration: false },
      'NON_COMPLIANT',
      'm5.2xlarge is not approved: EC2 calls it previous generation',
    ],
    [
      { currentGeneration: true },
      {},
      'INSUFFICIENT_DATA',
      'CurrentGeneration of instance type m5.2xlarge: not recorded',
    ],
    [{ maxVcpus: 8 }, { VCpuInfo: { DefaultVCpus: 8 } }, 'COMPLIANT', ''],
    [
      { maxVcpus: 7 },
      { VCpuInfo: { DefaultVCpus: 8 } },
      'NON_COMPLIANT',
      'm5.2xlarge is not approved: its 8 vCPUs are more than 7',
    ],
    [{ maxVcpus: 8 }, { VCpuInfo: {} }, 'INSUFFICIENT_DATA', 'VCpuInfo of instance type m5.2xlarge: not recorded'],
    [{ maxMemoryGiB: 32 }, { MemoryInfo: { SizeInMiB: 32768 } }, 'COMPLIANT', ''],
    [
      { maxMemoryGiB: 31.5 },
      { MemoryInfo: { SizeInMiB: 32768 } },
      'NON_COMPLIANT',
      'm5.2xlarge is not approved: its 32 GiB of memory are more than 31.5',
    ],
    [{ maxMemoryGiB: 32 }, {}, 'INSUFFICIENT_DATA', 'MemoryInfo of instance type m5.2xlarge: not recorded'],
  ])('%j of %j: %s', (parameters, over, compliance, reason) => {
    expect(look(approvedInstanceTypes, parameters, info(over))).toMatchObject({ compliance, reason });
  });

  test('a type that EC2 does not show is unknown, unless another demand is broken', () => {
    expect(look(approvedInstanceTypes, { maxVcpus: 8 }, typed('m5.2xlarge'))).toMatchObject({
      compliance: 'INSUFFICIENT_DATA',
      reason: 'instance type m5.2xlarge: not found',
    });
    expect(look(approvedInstanceTypes, { maxVcpus: 8, families: ['m7i'] }, typed('m5.2xlarge')).compliance).toBe(
      'NON_COMPLIANT',
    );
  });

  test('it is read only where it is asked for', () => {
    expect(needsWith(approvedInstanceTypes, { families: ['m7i'], minGeneration: 6 })).toEqual(['InstanceType']);
    for (const demand of [{ currentGeneration: true }, { maxVcpus: 8 }, { maxMemoryGiB: 32 }])
      expect(needsWith(approvedInstanceTypes, demand)).toEqual(['InstanceType', 'instanceTypeInfo']);
  });
});

test('all demands must hold, and every broken one is told', () => {
  const parameters = { families: ['m7i'], categories: ['general'], sizes: ['large'], minGeneration: 6 };

  expect(look(approvedInstanceTypes, parameters, typed('c3.xlarge')).reason).toBe(
    'c3.xlarge is not approved: it is none of m7i.*; its category compute is none of general; its size xlarge is none of large; its generation 3 is below 6',
  );
});

test('a long list is cut', () => {
  const families = Array.from({ length: 12 }, (_, index) => `m${index + 10}x`);

  expect(look(approvedInstanceTypes, { families }, typed('c3.large')).reason).toBe(
    'c3.large is not approved: it is none of m10x.*, m11x.*, m12x.*, m13x.*, m14x.*, m15x.*, m16x.*, m17x.*, m18x.*, m19x.* and 2 more',
  );
});

describe('what to use instead', () => {
  const shipped = ['t3', 't3a', 't4g', 'm7i', 'm7a', 'm7g', 'c7i', 'c7a', 'c7g', 'r7i', 'r7g'];
  const ofGroup = '; if an Auto Scaling group or fleet launched it, change the launch template instead';

  test.each<[string, Json, object, string, string]>([
    ['c3.large', { families: shipped }, {}, 'family c7i (x86_64), for example c7i.large', 'c7i.large'],
    [
      'c6g.large',
      { families: shipped },
      { Architecture: 'arm64' },
      'family c7g (arm64), for example c7g.large',
      'c7g.large',
    ],
    ['c5a.large', { families: shipped }, {}, 'family c7a (x86_64), for example c7a.large', 'c7a.large'],
    ['m4.10xlarge', { families: shipped }, {}, 'family m7i (x86_64)', 'm7i.<size>'],
    ['t2.micro', { families: shipped }, {}, 'family t3 (x86_64), for example t3.micro', 't3.micro'],
    ['t2.micro', { families: ['m7i'] }, {}, 'family m7i (x86_64)', 'm7i.<size>'],
    [
      'm5.large',
      { families: ['m5a', 'm4'], instanceTypes: ['m6i.*'] },
      {},
      'family m5a (x86_64), for example m5a.large',
      'm5a.large',
    ],
    ['m5.large', { instanceTypes: ['m7i.xlarge'] }, {}, 'family m7i (x86_64)', 'm7i.<size>'],
    [
      'm5.large',
      { families: ['m7i'], sizes: ['xlarge', '2xlarge'] },
      {},
      'family m7i (x86_64), of the sizes 2xlarge, xlarge',
      'm7i.<size>',
    ],
    ['c5.large', { minGeneration: 6 }, {}, 'family c8i (x86_64), for example c8i.large', 'c8i.large'],
    [
      'm7i.4xlarge',
      { sizes: ['large', 'xlarge'] },
      {},
      'another size of family m7i, of the sizes large, xlarge',
      'm7i.<size>',
    ],
    ['t3.large', { instanceTypes: ['t3.micro'] }, {}, 'another size of family t3', 't3.<size>'],
    ['p3.2xlarge', { families: ['m7i'] }, {}, 'an approved type (m7i.*)', '<type>'],
    ['m7i.large', { categories: ['compute'] }, {}, 'an approved type', '<type>'],
    ['g3.4xlarge', { minGeneration: 4 }, {}, 'family g6 (x86_64)', 'g6.<size>'],
    ['q9.huge', { families: ['m7i'] }, {}, 'an approved type (m7i.*)', '<type>'],
    [
      't1.micro',
      { families: ['t2'] },
      { Architecture: 'i386' },
      'family t2 (x86_64), for example t2.micro',
      't2.micro',
    ],
    ['c1.medium', { families: ['c3'] }, { VirtualizationType: 'paravirtual' }, 'family c3 (x86_64)', 'c3.<size>'],
    ['u-6tb1.112xlarge', { families: ['r7i', 'u7i-6tb'] }, {}, 'family u7i-6tb (x86_64)', 'u7i-6tb.<size>'],
    ['u-6tb1.112xlarge', { families: ['r7i'] }, {}, 'an approved type (r7i.*)', '<type>'],
    ['r4.large', { families: ['u7i-6tb'] }, {}, 'an approved type (u7i-6tb.*)', '<type>'],
    ['m4.large', { families: ['mac2'] }, {}, 'an approved type (mac2.*)', '<type>'],
  ])('%s under %j: stopped and changed', (type, parameters, over, words, value) => {
    expect(look(approvedInstanceTypes, parameters, typed(type, over)).fix).toBe(
      `Stop the instance and change it to ${words}: \`aws ec2 modify-instance-attribute --instance-id i-0123456789abcdef0 --instance-type Value=${value}\`${ofGroup}`,
    );
  });

  test.each<[string, Json, object, string, string]>([
    [
      'c3.large',
      { families: ['c7g', 'm7i'] },
      {},
      'family c7g (arm64), for example c7g.large',
      'it needs an AMI for arm64',
    ],
    [
      'c5.large',
      { architectures: ['arm64'] },
      {},
      'family c8g (arm64), for example c8g.large',
      'it needs an AMI for arm64',
    ],
    [
      'c3.large',
      { families: shipped },
      { Architecture: 'i386' },
      'family c7i (x86_64), for example c7i.large',
      'it needs an AMI for x86_64',
    ],
    [
      'm1.large',
      { families: shipped },
      { VirtualizationType: 'paravirtual' },
      'family m7i (x86_64), for example m7i.large',
      'it needs an AMI of virtualization type hvm',
    ],
    [
      'c3.large',
      { families: shipped },
      { InstanceLifecycle: 'spot' },
      'family c7i (x86_64), for example c7i.large',
      'the type of a Spot Instance can not be changed',
    ],
    [
      'm7i.4xlarge',
      { sizes: ['large'] },
      { InstanceLifecycle: 'spot' },
      'another size of family m7i, of the sizes large',
      'the type of a Spot Instance can not be changed',
    ],
    [
      'p3.2xlarge',
      { families: ['m7i'] },
      { InstanceLifecycle: 'spot' },
      'an approved type (m7i.*)',
      'the type of a Spot Instance can not be changed',
    ],
    [
      'm3.large',
      { families: shipped },
      { RootDeviceType: 'instance-store', VirtualizationType: 'paravirtual' },
      'family m7i (x86_64), for example m7i.large',
      'an instance with its root on instance store can not be stopped, it needs an AMI of virtualization type hvm',
    ],
    [
      'mac1.metal',
      { minGeneration: 2 },
      { Architecture: 'x86_64_mac' },
      'family mac2 (arm64_mac)',
      'a Mac instance has the type of its Dedicated Host, it needs an AMI for arm64_mac',
    ],
    [
      'mac1.metal',
      { families: ['m7i'] },
      { Architecture: 'x86_64_mac' },
      'an approved type (m7i.*)',
      'a Mac instance has the type of its Dedicated Host',
    ],
  ])('%s under %j with %j: launched anew', (type, parameters, over, words, because) => {
    expect(look(approvedInstanceTypes, parameters, typed(type, over)).fix).toBe(
      `Launch a new instance of ${words}, and terminate this one (${because})${ofGroup}`,
    );
  });

  test.each([
    ['i386', { Architecture: 'i386' }],
    ['paravirtual', { VirtualizationType: 'paravirtual' }],
  ])('another size of the same family takes the AMI of an %s instance', (_, over) => {
    expect(look(approvedInstanceTypes, { sizes: ['large'] }, typed('c3.xlarge', over)).fix).toMatch(
      /^Stop the instance and change it to another size of family c3/,
    );
  });

  test('a type of too many vCPUs: another size', () => {
    const given: Given = {
      instance: { InstanceType: 'm7i.24xlarge' },
      instanceTypes: [{ InstanceType: 'm7i.24xlarge', VCpuInfo: { DefaultVCpus: 96 } }],
    };

    expect(look(approvedInstanceTypes, { maxVcpus: 32 }, given).fix).toContain('another size of family m7i: ');
  });

  test('a previous generation: its successor', () => {
    const given: Given = {
      instance: { InstanceType: 'm5.large' },
      instanceTypes: [{ InstanceType: 'm5.large', CurrentGeneration: false }],
    };

    expect(look(approvedInstanceTypes, { currentGeneration: true }, given).fix).toContain(
      'family m8i (x86_64), for example m8i.large: ',
    );
  });
});

test.each<[string, Json]>([
  ['no demand', {}],
  ['a type among the families', { families: ['m7i.large'] }],
  ['a glob among the families', { families: ['m7*'] }],
  ['a family among the types', { instanceTypes: ['m7i'] }],
  ['an empty list', { families: [] }],
  ['an unknown category', { categories: ['gpu'] }],
  ['currentGeneration: false, which would demand nothing', { currentGeneration: false }],
  ['a fraction of a vCPU', { maxVcpus: 1.5 }],
  ['no memory', { maxMemoryGiB: 0 }],
  ['an unknown architecture', { architectures: ['amd64'] }],
])('refuses %s', (_, parameters) => {
  expect(refusals(approvedInstanceTypes, parameters)).toHaveLength(1);
});
