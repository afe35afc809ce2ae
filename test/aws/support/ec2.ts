import {
  type _InstanceType,
  AttachNetworkInterfaceCommand,
  AuthorizeSecurityGroupIngressCommand,
  CreateManagedPrefixListCommand,
  CreateNetworkInterfaceCommand,
  CreateSecurityGroupCommand,
  DescribeInstancesCommand,
  type EC2Client,
  type Instance,
  type IpPermission,
  type PrefixListEntry,
  RunInstancesCommand,
  type Tag,
} from '@aws-sdk/client-ec2';
import type { Order } from '../../support/same-answers.ts';

/** SSH from these sources: ranges, prefix lists, groups. */
export function sshFrom(sources: Omit<IpPermission, 'IpProtocol' | 'FromPort' | 'ToPort'>): IpPermission {
  return { IpProtocol: 'tcp', FromPort: 22, ToPort: 22, ...sources };
}

/** SSH from everywhere. */
export const openSsh = sshFrom({ IpRanges: [{ CidrIp: '0.0.0.0/0' }] });

/** Makes a group of the default VPC; gives its id. */
export async function createSecurityGroup(
  ec2: EC2Client,
  name: string,
  IpPermissions: IpPermission[] = [],
): Promise<string> {
  const answer = await ec2.send(new CreateSecurityGroupCommand({ GroupName: name, Description: name }));
  const GroupId = given(answer.GroupId, `the id of the group ${name}`);
  if (IpPermissions.length > 0) await ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions }));
  return GroupId;
}

/** Makes a prefix list with exactly these entries; gives its id. */
export async function createPrefixList(
  ec2: EC2Client,
  name: string,
  entries: readonly (PrefixListEntry & { readonly Cidr: string })[],
): Promise<string> {
  const { PrefixList } = await ec2.send(
    new CreateManagedPrefixListCommand({
      PrefixListName: name,
      AddressFamily: 'IPv4',
      MaxEntries: entries.length,
      Entries: [...entries],
    }),
  );
  return given(PrefixList?.PrefixListId, `the id of the prefix list ${name}`);
}

/** Launches one instance, in a reservation of its own. EC2 refuses lists of nothing: they are left out. */
export async function launchInstance(ec2: EC2Client, order: Order & { readonly kmsKeyId?: string }): Promise<Instance> {
  const { instanceType = 't3.micro', securityGroupIds = [], tags = {}, encrypted = true, kmsKeyId } = order;
  const Tags = tagList(tags);
  const { Instances } = await ec2.send(
    new RunInstancesCommand({
      ImageId: 'ami-0123456789abcdef0',
      InstanceType: instanceType as _InstanceType,
      MinCount: 1,
      MaxCount: 1,
      Placement: { AvailabilityZone: `${await ec2.config.region()}a` },
      BlockDeviceMappings: [
        { DeviceName: '/dev/sda1', Ebs: { VolumeSize: 8, Encrypted: encrypted, KmsKeyId: kmsKeyId } },
      ],
      ...(securityGroupIds.length === 0 ? {} : { SecurityGroupIds: [...securityGroupIds] }),
      ...(Tags.length === 0 ? {} : { TagSpecifications: [{ ResourceType: 'instance', Tags }] }),
    }),
  );
  return given(Instances?.[0], 'the instance that was launched');
}

/** An instance as EC2 shows it. @throws Error where EC2 does not. */
export async function instanceBy(ec2: EC2Client, instanceId: string): Promise<Instance> {
  const { Reservations } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [instanceId] }));
  return given(Reservations?.[0]?.Instances?.[0], instanceId);
}

/** Gives an instance a second interface, which has this group; gives the interface's id. */
export async function attachInterface(ec2: EC2Client, InstanceId: string, groupId: string): Promise<string> {
  const { SubnetId } = await instanceBy(ec2, InstanceId);
  const { NetworkInterface } = await ec2.send(new CreateNetworkInterfaceCommand({ SubnetId, Groups: [groupId] }));
  const NetworkInterfaceId = given(NetworkInterface?.NetworkInterfaceId, 'the id of the interface');
  await ec2.send(new AttachNetworkInterfaceCommand({ NetworkInterfaceId, InstanceId, DeviceIndex: 1 }));
  return NetworkInterfaceId;
}

/** Tags as EC2 takes them. */
export function tagList(tags: Readonly<Record<string, string>>): Tag[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

/** What an answer has to have. @throws Error that names it, where it has not. */
export function given<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`the answer is without ${what}`);
  return value;
}
