import {
  AttachVolumeCommand,
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  CreateTagsCommand,
  CreateVolumeCommand,
  DescribeInstancesCommand,
  DescribeVpcsCommand,
  DetachVolumeCommand,
  EC2Client,
  type Instance,
  type IpPermission,
  RevokeSecurityGroupIngressCommand,
  RunInstancesCommand,
  type RunInstancesCommandInput,
  type Tag,
} from '@aws-sdk/client-ec2';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import {
  apiCall,
  attachmentCall,
  authorizeIngressCall,
  type EventBridgeEvent,
  iamUser,
  revokeIngressCall,
  runInstancesCall,
  type SeenCall,
  stateChange,
  tagsCall,
} from '../../../src/sandbox/events.ts';
import { accountId, deployed } from './deployment.ts';

const { region } = deployed;
const scope = { accountId, region };
const ec2 = new EC2Client({ region });
const events = new EventBridgeClient({ region });

export const openSsh: IpPermission = {
  IpProtocol: 'tcp',
  FromPort: 22,
  ToPort: 22,
  IpRanges: [{ CidrIp: '0.0.0.0/0' }],
};

/** What the shipped policies ask of tags. */
export const goodTags: readonly Tag[] = [
  { Key: 'Owner', Value: 'jane@example.com' },
  { Key: 'Environment', Value: 'test' },
];

/** What is launched, where it is not what the shipped policies want. */
export interface Launch {
  readonly tags?: readonly Tag[];
  readonly encrypted?: boolean;
  readonly groupIds?: readonly string[];
  readonly type?: RunInstancesCommandInput['InstanceType'];
}

/** Calls EC2 and, as moto does not, tells EventBridge of it as CloudTrail and EC2 would. `quietly` leaves that out. */
export const account = {
  /** A group of the default VPC. */
  async createSecurityGroup(name: string, IpPermissions: IpPermission[] = []): Promise<string> {
    const GroupName = `${name}-${crypto.randomUUID()}`;
    const { Vpcs = [] } = await ec2.send(
      new DescribeVpcsCommand({ Filters: [{ Name: 'is-default', Values: ['true'] }] }),
    );
    const input = { GroupName, Description: name, VpcId: Vpcs[0]?.VpcId };
    const { GroupId = '' } = await ec2.send(new CreateSecurityGroupCommand(input));
    if (IpPermissions.length > 0) await ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions }));
    return GroupId;
  },

  /** Launches an instance, of which no event tells. */
  async launchQuietly({
    tags = goodTags,
    encrypted = true,
    groupIds,
    type = 'm7i.large',
  }: Launch = {}): Promise<Instance> {
    const { Instances: [instance] = [] } = await ec2.send(
      new RunInstancesCommand({
        ImageId: 'ami-12c6146b',
        InstanceType: type,
        MinCount: 1,
        MaxCount: 1,
        BlockDeviceMappings: [{ DeviceName: '/dev/sda1', Ebs: { VolumeSize: 8, Encrypted: encrypted } }],
        SecurityGroupIds: [...(groupIds ?? [await closedGroup()])],
        TagSpecifications: tags.length === 0 ? [] : [{ ResourceType: 'instance', Tags: [...tags] }],
      }),
    );
    if (instance === undefined) throw new Error('nothing was launched');
    return instance;
  },

  /** Launches an instance. */
  async launch(launch: Launch = {}): Promise<string> {
    const { InstanceId = '' } = await account.launchQuietly(launch);
    await account.tellOfLaunch(InstanceId);
    return InstanceId;
  },

  /** Tells of a launch, possibly once more. */
  async tellOfLaunch(instanceId: string): Promise<void> {
    const instance = await describe(instanceId);
    const at = instance.LaunchTime ?? new Date();
    for (const state of ['pending', 'running'] as const)
      await happened(stateChange(scope, { instanceId, state, at, id: 'unused' }));
    await called('RunInstances', runInstancesCall({ OwnerId: accountId, Instances: [instance] }, instance.Tags ?? []));
  },

  async setTags(id: string, Tags: readonly Tag[]): Promise<void> {
    await ec2.send(new CreateTagsCommand({ Resources: [id], Tags: [...Tags] }));
    await called('CreateTags', tagsCall(id, Tags));
  },

  async authorizeIngress(GroupId: string, permission: IpPermission): Promise<void> {
    await ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions: [permission] }));
    await called('AuthorizeSecurityGroupIngress', authorizeIngressCall(GroupId, permission, []));
  },

  async revokeIngress(GroupId: string, permission: IpPermission): Promise<void> {
    await ec2.send(new RevokeSecurityGroupIngressCommand({ GroupId, IpPermissions: [permission] }));
    await called('RevokeSecurityGroupIngress', revokeIngressCall(GroupId, permission));
  },

  /** Puts an encrypted volume in the place of the root volume. */
  async encryptRootVolume(InstanceId: string): Promise<void> {
    const { BlockDeviceMappings: [root] = [], Placement } = await describe(InstanceId);
    const { VolumeId } = await ec2.send(
      new CreateVolumeCommand({ AvailabilityZone: Placement?.AvailabilityZone, Size: 8, Encrypted: true }),
    );
    const detached = await ec2.send(new DetachVolumeCommand({ VolumeId: root?.Ebs?.VolumeId, InstanceId }));
    const attached = await ec2.send(new AttachVolumeCommand({ VolumeId, InstanceId, Device: root?.DeviceName }));
    await called('DetachVolume', attachmentCall(detached));
    await called('AttachVolume', attachmentCall(attached));
  },
};

async function describe(instanceId: string): Promise<Instance> {
  const { Reservations } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [instanceId] }));
  const instance = Reservations?.[0]?.Instances?.[0];
  if (instance === undefined) throw new Error(`${instanceId} is not there`);
  return instance;
}

let groupId: Promise<string> | undefined;

function closedGroup(): Promise<string> {
  groupId ??= account.createSecurityGroup('closed');
  return groupId;
}

function called(eventName: string, call: Pick<SeenCall, 'request' | 'response'>): Promise<void> {
  const ids = [crypto.randomUUID(), crypto.randomUUID(), crypto.randomUUID()] as const;
  return happened(apiCall(scope, { eventName, at: new Date(), by: iamUser(accountId, 'jane'), ids, ...call }));
}

/** moto takes events of `aws.ec2`, which AWS takes from itself alone. It gives them account, Region and id. */
export async function happened(event: EventBridgeEvent<unknown>): Promise<void> {
  const { FailedEntryCount, Entries } = await events.send(
    new PutEventsCommand({
      Entries: [
        {
          Source: event.source,
          DetailType: event['detail-type'],
          Time: new Date(event.time),
          Resources: [...event.resources],
          Detail: JSON.stringify(event.detail),
        },
      ],
    }),
  );
  if (FailedEntryCount !== 0) throw new Error(`the event was not taken: ${JSON.stringify(Entries)}`);
}
