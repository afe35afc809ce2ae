import type * as ec2 from '@aws-sdk/client-ec2';
import { defaultDeployment } from '../../src/sandbox/account.ts';
import { createSandbox } from '../../src/sandbox/sandbox.ts';
import type { Order, Stage } from './same-answers.ts';

const scope = { accountId: '123456789012', region: 'eu-west-1' } as const;
const VpcId = 'vpc-0123456789abcdef0';
const defaultGroup: ec2.SecurityGroup = { GroupId: 'sg-0123456789abcdef0', GroupName: 'default', VpcId };

/** An account in memory. */
export function sandboxStage(): Stage {
  const { aws, account, advance } = createSandbox({
    scope,
    start: new Date(),
    deployed: { ...defaultDeployment(scope), otherTableNames: ['other'] },
    resources: {
      defaultVpcId: VpcId,
      securityGroups: [defaultGroup],
      instanceTypes: [
        { InstanceType: 'c3.large', CurrentGeneration: false },
        { InstanceType: 'm7i.large', CurrentGeneration: true },
        { InstanceType: 't3.micro', CurrentGeneration: true },
      ],
    },
  });
  const { rows } = account;
  const [topicArn = ''] = account.topicArns;
  const [queueUrl = ''] = account.queues.keys();

  function named(groupIds: readonly string[]): ec2.GroupIdentifier[] {
    return groupIds.map((GroupId) => {
      const group = rows.securityGroups?.find((one) => one.GroupId === GroupId);
      return { GroupId, GroupName: group?.GroupName };
    });
  }

  function instanceBy(id: string): ec2.Instance {
    const all = (rows.reservations ?? []).flatMap((reservation) => reservation.Instances ?? []);
    const instance = all.find((one) => one.InstanceId === id);
    if (instance === undefined) throw new Error(`there is no ${id}`);
    return instance;
  }

  return {
    aws,
    ...scope,
    tableName: account.tableName,
    topicArn,
    queueUrl,
    async launch({ instanceType = 't3.micro', securityGroupIds, tags = {}, encrypted = true }: Order = {}) {
      const { instances } = account.launch({
        instance: {
          InstanceType: instanceType as ec2._InstanceType,
          SecurityGroups: named(securityGroupIds ?? [defaultGroup.GroupId ?? '']),
          Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
        },
        volumes: [{ Encrypted: encrypted }],
      });
      return instances[0]?.InstanceId ?? '';
    },
    async launchSpot(Type) {
      const SpotInstanceRequestId = account.newId('sir');
      const { instances } = account.launch({ instance: { InstanceLifecycle: 'spot', SpotInstanceRequestId } });
      const id = instances[0]?.InstanceId ?? '';
      rows.spotInstanceRequests?.push({ SpotInstanceRequestId, InstanceId: id, Type, State: 'active' });
      return { id, requestId: SpotInstanceRequestId };
    },
    async terminate(instanceId) {
      account.terminate(instanceId);
    },
    async restart(instanceId) {
      advance(1_000);
      account.setState(instanceId, 'stopped');
      account.setState(instanceId, 'running');
    },
    async attachInterface(instanceId, securityGroupId) {
      const NetworkInterfaceId = account.newId('eni');
      const shown = { NetworkInterfaceId, VpcId, Groups: named([securityGroupId]) };
      instanceBy(instanceId).NetworkInterfaces?.push({ ...shown, Attachment: { DeviceIndex: 1 } });
      rows.networkInterfaces?.push({ ...shown, Attachment: { DeviceIndex: 1, InstanceId: instanceId } });
      return NetworkInterfaceId;
    },
    async setTags(resourceId, tags) {
      account.setTags(resourceId, tags);
    },
    async createSecurityGroup(GroupName) {
      const GroupId = account.newId('sg');
      const everywhere = { IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] };
      rows.securityGroups?.push({
        GroupId,
        GroupName,
        VpcId,
        OwnerId: scope.accountId,
        IpPermissions: [],
        IpPermissionsEgress: [{ ...everywhere, Ipv6Ranges: [], PrefixListIds: [], UserIdGroupPairs: [] }],
      });
      return GroupId;
    },
    async authorizeIngress(securityGroupId, permissions) {
      for (const permission of permissions) account.authorizeIngress(securityGroupId, permission);
    },
    async createPrefixList(entries) {
      const id = account.newId('pl');
      account.prefixLists.set(id, entries);
      return id;
    },
    async createAlias(AliasName) {
      const TargetKeyId = account.newUuid();
      rows.kmsAliases?.push({ AliasName, TargetKeyId });
      return TargetKeyId;
    },
  };
}
