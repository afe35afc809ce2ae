import {
  AuthorizeSecurityGroupIngressCommand,
  CreateSnapshotsCommand,
  CreateTagsCommand,
  DeleteTagsCommand,
  ModifyInstanceAttributeCommand,
  ModifyNetworkInterfaceAttributeCommand,
  RevokeSecurityGroupIngressCommand,
  StartInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import type { ChangingOperation } from '../domain/operations.ts';
import type { Senders } from './sdk.ts';

/**
 * The operations that change something in EC2, for `SdkOptions.changes`. They are a module of their own, so that a deployment
 * which only notifies does not even load them.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/OperationList-query.html
 */
export const changingSenders: Senders<ChangingOperation> = {
  'ec2:RevokeSecurityGroupIngress': (to, input) => to.ec2().send(new RevokeSecurityGroupIngressCommand(input)),
  'ec2:AuthorizeSecurityGroupIngress': (to, input) => to.ec2().send(new AuthorizeSecurityGroupIngressCommand(input)),
  'ec2:StopInstances': (to, input) => to.ec2().send(new StopInstancesCommand(input)),
  'ec2:StartInstances': (to, input) => to.ec2().send(new StartInstancesCommand(input)),
  'ec2:TerminateInstances': (to, input) => to.ec2().send(new TerminateInstancesCommand(input)),
  'ec2:ModifyInstanceAttribute': (to, input) => to.ec2().send(new ModifyInstanceAttributeCommand(input)),
  'ec2:ModifyNetworkInterfaceAttribute': (to, input) =>
    to.ec2().send(new ModifyNetworkInterfaceAttributeCommand(input)),
  'ec2:CreateSnapshots': (to, input) => to.ec2().send(new CreateSnapshotsCommand(input)),
  'ec2:CreateTags': (to, input) => to.ec2().send(new CreateTagsCommand(input)),
  'ec2:DeleteTags': (to, input) => to.ec2().send(new DeleteTagsCommand(input)),
};
