import { readdirSync, readFileSync } from 'node:fs';
import { autoScaling, type EventBridgeEvent, iamUser, roleSession } from '../../../src/sandbox/events.ts';
import type { Mutations } from '../../../src/sandbox/mutations.ts';
import { createSandbox } from '../../../src/sandbox/sandbox.ts';
import { accountId, deployed } from './deployment.ts';

type Fields = Readonly<Record<string, unknown>>;

/** The functions' roles as sample events name them: whoever knows the deployed ones fills those in. */
export const ownRoles = {
  InspectRole: `arn:aws:iam::${accountId}:role/ec2-guardrail-inspect`,
  SweepRole: `arn:aws:iam::${accountId}:role/ec2-guardrail-sweep`,
} as const;

/** An event that EventBridge has from a source of this account. */
export function eventOf(source: string, detailType: string, detail: Fields, more: Fields = {}): Fields {
  const { region } = deployed;
  return { version: '0', source, 'detail-type': detailType, account: accountId, region, detail, ...more };
}

/** An instance's change of state. */
export function stateChange(state: string, more: Fields = {}): Fields {
  const detail = { 'instance-id': 'i-0123456789abcdef0', state };
  return eventOf('aws.ec2', 'EC2 Instance State-change Notification', detail, more);
}

/** A call to EC2 that succeeded, by an IAM user. */
export function apiCall(eventName: string, record: Fields = {}, more: Fields = {}): Fields {
  const call = { eventSource: 'ec2.amazonaws.com', eventName, readOnly: false, userIdentity: jane, ...record };
  return eventOf('aws.ec2', 'AWS API Call via CloudTrail', call, more);
}

/** A session whose credentials were issued by this. */
export function sessionOf(sessionIssuer: Fields): Fields {
  return { type: 'AssumedRole', accountId, sessionContext: { sessionIssuer, attributes } };
}

const attributes = { creationDate: '2026-03-02T09:00:00Z', mfaAuthenticated: 'true' };
const jane = iamUser(accountId, 'jane');
const root = { type: 'Root', principalId: accountId, arn: `arn:aws:iam::${accountId}:root`, accountId };

/**
 * Everybody who may call EC2, as CloudTrail writes it:
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
 */
export const identities: Readonly<Record<string, unknown>> = {
  'an IAM user': jane,
  'an IAM user at the console, whose session has no issuer': { ...jane, sessionContext: { attributes } },
  'an IAM user whose session has an empty issuer': {
    ...jane,
    sessionContext: { sessionIssuer: {}, webIdFederationData: {}, attributes },
  },
  'an IAM user through CloudFormation': { ...jane, invokedBy: 'cloudformation.amazonaws.com' },
  root,
  'root at the console': { ...root, sessionContext: { attributes } },
  'a session of a role': roleSession(accountId, 'Deploy', 'ci-run-7'),
  "a session of another account's role": roleSession('210987654321', 'Deploy', 'ci-run-7'),
  'a session of a role whose name begins like ours': sessionOf({ arn: `${ownRoles.InspectRole}-2` }),
  'a session whose issuer has no ARN': sessionOf({ type: 'Role', userName: 'Deploy' }),
  'a service in its own role': autoScaling(accountId),
  'a service without a role': { type: 'AWSService', invokedBy: 'spotfleet.amazonaws.com' },
  'a federated user': {
    type: 'FederatedUser',
    principalId: `${accountId}:alice`,
    arn: `arn:aws:sts::${accountId}:federated-user/alice`,
    accountId,
    sessionContext: { sessionIssuer: { type: 'IAMUser', arn: jane.arn, accountId, userName: 'jane' }, attributes },
  },
  'a web identity': { type: 'WebIdentityUser', principalId: 'idp:client:jane', userName: 'jane@example.com' },
  'a user of IAM Identity Center': {
    type: 'IdentityCenterUser',
    accountId,
    onBehalfOf: { userId: '94d8f4f8-1', identityStoreArn: `arn:aws:identitystore::${accountId}:identitystore/d-1` },
  },
  'another account': { type: 'AWSAccount', principalId: 'AIDAEXAMPLE', accountId: '210987654321' },
  'nobody that CloudTrail names': undefined,
};

const folder = 'test/fixtures/events';

/** The Region that the fixtures are of. */
export const regionOfFixtures = 'us-east-1';

/** The recorded events, by file name. */
export function fixtures(): Readonly<Record<string, Fields>> {
  const read = (file: string) => JSON.parse(readFileSync(`${folder}/${file}`, 'utf8')) as Fields;
  return Object.fromEntries(readdirSync(folder).map((file) => [file, read(file)]));
}

/** What the sandbox tells of everything that can be done to its account. */
export function sandboxEvents(): Readonly<Record<keyof Mutations, readonly EventBridgeEvent<unknown>[]>> {
  const InstanceId = 'i-0123456789abcdef0';
  const group = { GroupId: 'sg-1', GroupName: 'web', OwnerId: accountId, IpPermissions: [] };
  const ssh = { IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: '0.0.0.0/0' }] };
  const { account } = createSandbox({
    scope: { accountId, region: regionOfFixtures },
    start: new Date('2026-03-02T09:00:00Z'),
    resources: { securityGroups: [group] },
  });
  return {
    launch: account.launch({ instance: { InstanceId }, volumes: [{ VolumeId: 'vol-1' }] }).events,
    setTags: [...account.setTags(InstanceId, { Owner: 'jane' }), ...account.setTags(InstanceId, { Owner: null })],
    setState: [...account.setState(InstanceId, 'stopped'), ...account.setState(InstanceId, 'running')],
    authorizeIngress: account.authorizeIngress('sg-1', ssh),
    revokeIngress: account.revokeIngress('sg-1', ssh),
    replaceVolume: account.replaceVolume('vol-1', { Encrypted: true }),
    terminate: account.terminate(InstanceId),
    takeBack: account.takeBack(InstanceId, 'terminate'),
  };
}
