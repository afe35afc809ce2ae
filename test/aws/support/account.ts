import {
  AttachVolumeCommand,
  AuthorizeSecurityGroupIngressCommand,
  CreateTagsCommand,
  CreateVolumeCommand,
  DetachVolumeCommand,
  EC2Client,
  type Instance,
  type IpPermission,
  RevokeSecurityGroupIngressCommand,
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
import type { Order } from '../../support/same-answers.ts';
import { accountId } from './deployment.ts';
import { createSecurityGroup, given, instanceBy, launchInstance, tagList } from './ec2.ts';

/** What the shipped policies ask of tags. */
export const goodTags = { Owner: 'jane@example.com', Environment: 'test' } as const;

/** Calls EC2 of a Region and, as moto does not, tells EventBridge of it as CloudTrail and EC2 would. `quietly` leaves that out. */
export function accountIn(region: string) {
  const scope = { accountId, region };
  const ec2 = new EC2Client({ region });
  const events = new EventBridgeClient({ region });
  let groupId: Promise<string> | undefined;

  const account = {
    /** A group of the default VPC. */
    createSecurityGroup(name: string, permissions: IpPermission[] = []): Promise<string> {
      return createSecurityGroup(ec2, `${name}-${crypto.randomUUID()}`, permissions);
    },

    /** Launches an instance that complies with the shipped policies but for what is ordered. No event tells of it. */
    async launchQuietly(order: Order = {}): Promise<Instance> {
      const securityGroupIds = order.securityGroupIds ?? [await closedGroup()];
      return launchInstance(ec2, { instanceType: 'm7i.large', tags: goodTags, ...order, securityGroupIds });
    },

    /** Launches an instance. */
    async launch(order: Order = {}): Promise<string> {
      const { InstanceId } = await account.launchQuietly(order);
      const id = given(InstanceId, 'the id of the instance');
      await account.tellOfLaunch(id);
      return id;
    },

    /** Tells of a launch, possibly once more. */
    async tellOfLaunch(instanceId: string): Promise<void> {
      const instance = await instanceBy(ec2, instanceId);
      const at = instance.LaunchTime ?? new Date();
      for (const state of ['pending', 'running'] as const)
        await happened(stateChange(scope, { instanceId, state, at, id: 'unused' }));
      await called(
        'RunInstances',
        runInstancesCall({ OwnerId: accountId, Instances: [instance] }, instance.Tags ?? []),
      );
    },

    async setTags(id: string, tags: Readonly<Record<string, string>>): Promise<void> {
      const Tags = tagList(tags);
      await ec2.send(new CreateTagsCommand({ Resources: [id], Tags }));
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
      const { BlockDeviceMappings: [root] = [], Placement } = await instanceBy(ec2, InstanceId);
      const { VolumeId } = await ec2.send(
        new CreateVolumeCommand({ AvailabilityZone: Placement?.AvailabilityZone, Size: 8, Encrypted: true }),
      );
      const detached = await ec2.send(new DetachVolumeCommand({ VolumeId: root?.Ebs?.VolumeId, InstanceId }));
      const attached = await ec2.send(new AttachVolumeCommand({ VolumeId, InstanceId, Device: root?.DeviceName }));
      await called('DetachVolume', attachmentCall(detached));
      await called('AttachVolume', attachmentCall(attached));
    },
  };

  function closedGroup(): Promise<string> {
    groupId ??= account.createSecurityGroup('closed');
    return groupId;
  }

  function called(eventName: string, call: Pick<SeenCall, 'request' | 'response'>): Promise<void> {
    const ids = [crypto.randomUUID(), crypto.randomUUID(), crypto.randomUUID()] as const;
    return happened(apiCall(scope, { eventName, at: new Date(), by: iamUser(accountId, 'jane'), ids, ...call }));
  }

  /** moto takes events of `aws.ec2`, which AWS takes from itself alone. It gives them account, Region and id. */
  async function happened(event: EventBridgeEvent<unknown>): Promise<void> {
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

  return account;
}
