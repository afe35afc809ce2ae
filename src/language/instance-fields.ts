import type * as ec2 from '@aws-sdk/client-ec2';

/** A shape with none of its fields left out. Lists may be empty. */
type Whole<T> = T extends Date | string | number | boolean
  ? T
  : T extends readonly (infer U)[]
    ? readonly Whole<U>[]
    : { readonly [K in keyof Required<T>]: Whole<NonNullable<T[K]>> };

const operator = { Managed: false, Principal: 'eks.amazonaws.com', HiddenByDefault: false };
const attachTime = new Date('2026-01-01T00:00:10Z');

/**
 * An instance that has every field of DescribeInstances, each with a value of its type: conditions are tried on it, and
 * a name that is not here is probably misspelt.
 */
export const sampleInstance = {
  AmiLaunchIndex: 1,
  Architecture: 'x86_64',
  BlockDeviceMappings: [
    {
      DeviceName: '/dev/xvda',
      Ebs: {
        AssociatedResource: 'arn:aws:ecs:us-east-1:123456789012:task/web/0123456789abcdef0123456789abcdef',
        AttachTime: attachTime,
        DeleteOnTermination: true,
        EbsCardIndex: 1,
        Operator: operator,
        Status: 'attached',
        VolumeId: 'vol-0123456789abcdef0',
        VolumeOwnerId: '123456789012',
      },
    },
  ],
  BootMode: 'uefi',
  CapacityBlockId: 'cb-0123456789abcdef0',
  CapacityReservationId: 'cr-0123456789abcdef0',
  CapacityReservationSpecification: {
    CapacityReservationPreference: 'open',
    CapacityReservationTarget: {
      CapacityReservationId: 'cr-0123456789abcdef0',
      CapacityReservationResourceGroupArn: 'arn:aws:resource-groups:us-east-1:123456789012:group/reserved',
    },
  },
  ClientToken: '01234567-89ab-cdef-0123-456789abcdef',
  CpuOptions: { AmdSevSnp: 'disabled', CoreCount: 1, NestedVirtualization: 'disabled', ThreadsPerCore: 2 },
  CurrentInstanceBootMode: 'uefi',
  EbsOptimized: true,
  ElasticGpuAssociations: [],
  ElasticInferenceAcceleratorAssociations: [],
  EnaSupport: true,
  EnclaveOptions: { Enabled: false },
  HibernationOptions: { Configured: false },
  Hypervisor: 'xen',
  IamInstanceProfile: {
    Arn: 'arn:aws:iam::123456789012:instance-profile/web',
    Id: 'AIPA0123456789ABCDEFG',
  },
  ImageId: 'ami-0123456789abcdef0',
  InstanceId: 'i-0123456789abcdef0',
  InstanceLifecycle: 'spot',
  InstanceType: 'm7i.large',
  Ipv6Address: '2001:db8::1',
  KernelId: 'aki-0123456789abcdef0',
  KeyName: 'admin',
  LaunchTime: new Date('2026-01-01T00:00:00Z'),
  Licenses: [
    {
      LicenseConfigurationArn:
        'arn:aws:license-manager:us-east-1:123456789012:license-configuration:lic-0123456789abcdef0',
    },
  ],
  MaintenanceOptions: { AutoRecovery: 'default', RebootMigration: 'default' },
  MetadataOptions: {
    HttpEndpoint: 'enabled',
    HttpProtocolIpv6: 'disabled',
    HttpPutResponseHopLimit: 2,
    HttpTokens: 'required',
    InstanceMetadataTags: 'disabled',
    State: 'applied',
  },
  Monitoring: { MetricCategoryIds: [], State: 'disabled' },
  NetworkInterfaces: [
    {
      Association: {
        CarrierIp: '198.51.100.7',
        CustomerOwnedIp: '198.51.100.8',
        IpOwnerId: 'amazon',
        PublicDnsName: 'ec2-203-0-113-7.compute-1.amazonaws.com',
        PublicIp: '203.0.113.7',
      },
      Attachment: {
        AttachmentId: 'eni-attach-0123456789abcdef0',
        AttachTime: attachTime,
        DeleteOnTermination: true,
        DeviceIndex: 1,
        EnaQueueCount: 2,
        EnaSrdSpecification: { EnaSrdEnabled: false, EnaSrdUdpSpecification: { EnaSrdUdpEnabled: false } },
        NetworkCardIndex: 1,
        Status: 'attached',
      },
      ConnectionTrackingConfiguration: { TcpEstablishedTimeout: 350, UdpStreamTimeout: 180, UdpTimeout: 30 },
      Description: 'primary',
      Groups: [{ GroupId: 'sg-0123456789abcdef0', GroupName: 'web' }],
      InterfaceType: 'interface',
      Ipv4Prefixes: [{ Ipv4Prefix: '10.0.1.0/28' }],
      Ipv6Addresses: [{ Ipv6Address: '2001:db8::1', IsPrimaryIpv6: true }],
      Ipv6Prefixes: [{ Ipv6Prefix: '2001:db8::/80' }],
      MacAddress: '02:00:5e:00:53:01',
      NetworkInterfaceId: 'eni-0123456789abcdef0',
      Operator: operator,
      OwnerId: '123456789012',
      PrivateDnsName: 'ip-10-0-0-7.ec2.internal',
      PrivateIpAddress: '10.0.0.7',
      PrivateIpAddresses: [],
      SourceDestCheck: true,
      Status: 'in-use',
      SubnetId: 'subnet-0123456789abcdef0',
      VpcId: 'vpc-0123456789abcdef0',
    },
  ],
  NetworkPerformanceOptions: { BandwidthWeighting: 'default' },
  Operator: operator,
  OutpostArn: 'arn:aws:outposts:us-east-1:123456789012:outpost/op-0123456789abcdef0',
  Placement: {
    Affinity: 'default',
    AvailabilityZone: 'us-east-1a',
    AvailabilityZoneId: 'use1-az1',
    GroupId: 'pg-0123456789abcdef0',
    GroupName: 'web',
    HostId: 'h-0123456789abcdef0',
    HostResourceGroupArn: 'arn:aws:resource-groups:us-east-1:123456789012:group/hosts',
    PartitionNumber: 1,
    SpreadDomain: 'rack',
    Tenancy: 'default',
  },
  Platform: 'Windows',
  PlatformDetails: 'Windows',
  PrivateDnsName: 'ip-10-0-0-7.ec2.internal',
  PrivateDnsNameOptions: {
    EnableResourceNameDnsAAAARecord: false,
    EnableResourceNameDnsARecord: false,
    HostnameType: 'ip-name',
  },
  PrivateIpAddress: '10.0.0.7',
  ProductCodes: [{ ProductCodeId: '0123456789abcdefghijklmno', ProductCodeType: 'marketplace' }],
  PublicDnsName: 'ec2-203-0-113-7.compute-1.amazonaws.com',
  PublicIpAddress: '203.0.113.7',
  RamdiskId: 'ari-0123456789abcdef0',
  RootDeviceName: '/dev/xvda',
  RootDeviceType: 'ebs',
  SecondaryInterfaces: [],
  SecurityGroups: [{ GroupId: 'sg-0123456789abcdef0', GroupName: 'web' }],
  SourceDestCheck: true,
  SpotInstanceRequestId: 'sir-0123456789abcdef0',
  SriovNetSupport: 'simple',
  State: { Code: 16, Name: 'running' },
  StateReason: { Code: 'Client.UserInitiatedShutdown', Message: 'Client.UserInitiatedShutdown: User initiated' },
  StateTransitionReason: 'User initiated (2026-01-01 00:00:00 GMT)',
  SubnetId: 'subnet-0123456789abcdef0',
  Tags: [],
  TpmSupport: 'v2.0',
  UsageOperation: 'RunInstances:0002',
  UsageOperationUpdateTime: new Date('2026-01-01T00:00:00Z'),
  VirtualizationType: 'hvm',
  VpcId: 'vpc-0123456789abcdef0',
} as const satisfies Whole<ec2.Instance>;

export const instanceFields: readonly string[] = Object.keys(sampleInstance);

/** Fields that what stands at a path of an instance may have; undefined where any may: tags, lists and plain values. */
export function fieldsBelow(path: readonly string[]): readonly string[] | undefined {
  const value = path.reduce<unknown>(
    (inner, field) => (isStructure(inner) && Object.hasOwn(inner, field) ? inner[field] : undefined),
    sampleInstance,
  );
  return isStructure(value) ? Object.keys(value) : undefined;
}

function isStructure(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
