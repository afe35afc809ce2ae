import {
  AuthorizeSecurityGroupIngressCommand,
  CreateSnapshotsCommand,
  CreateTagsCommand,
  DeleteTagsCommand,
  EC2Client,
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
 * The operations by which enforcement changes something in the account, for `SdkOptions.changes`. They are a module of their own, so that a deployment
 * which only notifies does not even load them.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/OperationList-query.html
 */
export const changingSenders: Senders<ChangingOperation> = {
  'ec2:RevokeSecurityGroupIngress': (to, input) => to(EC2Client).send(new RevokeSecurityGroupIngressCommand(input)),
  'ec2:AuthorizeSecurityGroupIngress': (to, input) =>
    to(EC2Client).send(new AuthorizeSecurityGroupIngressCommand(input)),
  'ec2:StopInstances': (to, input) => to(EC2Client).send(new StopInstancesCommand(input)),
  'ec2:StartInstances': (to, input) => to(EC2Client).send(new StartInstancesCommand(input)),
  'ec2:TerminateInstances': (to, input) => to(EC2Client).send(new TerminateInstancesCommand(input)),
  'ec2:ModifyInstanceAttribute': (to, input) => to(EC2Client).send(new ModifyInstanceAttributeCommand(input)),
  'ec2:ModifyNetworkInterfaceAttribute': (to, input) =>
    to(EC2Client).send(new ModifyNetworkInterfaceAttributeCommand(input)),
  'ec2:CreateSnapshots': (to, input) => to(EC2Client).send(new CreateSnapshotsCommand(input)),
  'ec2:CreateTags': (to, input) => to(EC2Client).send(new CreateTagsCommand(input)),
  'ec2:DeleteTags': (to, input) => to(EC2Client).send(new DeleteTagsCommand(input)),
};
