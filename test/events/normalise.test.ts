import { readdirSync, readFileSync } from 'node:fs';
import { allNeeds, eventsThatChange } from '../../src/domain/needs.ts';
import { envelopeOf } from '../../src/events/envelope.ts';
import { type Hint, normalise, type Own } from '../../src/events/normalise.ts';
import { listenedTo } from '../../src/events/targets.ts';

const folder = 'test/fixtures/events';
const own: Own = {
  scope: { accountId: '123456789012', region: 'us-east-1' },
  roleArns: ['arn:aws:iam::123456789012:role/ec2-guardrail-inspect'],
  relevantEvents: new Set(eventsThatChange(allNeeds)),
};
const web = 'i-0a1b2c3d4e5f60718';

type Body = Record<string, unknown>;

function fixture(name: string): Body {
  return JSON.parse(readFileSync(`${folder}/${name}.json`, 'utf8')) as Body;
}

function hint(body: unknown, by: Own = own): Hint {
  const normalised = normalise(body, by);
  if (normalised.kind === 'ignored') throw new Error(`ignored: ${normalised.reason}`);
  return normalised.hint;
}

/** What a hint names, without the kinds that it names nothing of. */
function named(body: unknown): Record<string, readonly string[]> {
  return Object.fromEntries(Object.entries(hint(body).targets).filter(([, ids]) => ids.length > 0));
}

function ignored(body: unknown, by: Own = own): { reason: string; instanceIds: readonly string[]; id?: string } {
  const normalised = normalise(body, by);
  if (normalised.kind === 'hint') throw new Error(`a hint: ${JSON.stringify(normalised.hint.targets)}`);
  return normalised;
}

/** A successful call as a bare record. */
function call(eventName: string, requestParameters: unknown, responseElements: unknown = {}, more: Body = {}): Body {
  return {
    eventName,
    eventSource: 'ec2.amazonaws.com',
    eventID: 'e-1',
    eventTime: '2026-03-02T09:15:02Z',
    awsRegion: 'us-east-1',
    recipientAccountId: '123456789012',
    userIdentity: { type: 'IAMUser', userName: 'jane' },
    requestParameters,
    responseElements,
    ...more,
  };
}

function stateChange(more: Body = {}): Body {
  return { ...fixture('running'), ...more };
}

describe('a change of state', () => {
  test.each(['running', 'stopped'])('to %s is a hint to look at the instance', (state) => {
    const { id, ...event } = hint(fixture(state));

    expect(event).toEqual({
      scope: own.scope,
      time: new Date('2026-03-02T09:15:04Z'),
      targets: expect.objectContaining({ instanceIds: [web], securityGroupIds: [] }),
      launches: new Map(),
      state,
      cause: { key: `state:${id}`, text: `state ${state}`, eventTime: '2026-03-02T09:15:04.000Z' },
    });
  });

  test.each(['stopping', 'shutting-down', 'terminated', 'a-state-to-come'])('to %s is a hint as well', (state) => {
    expect(named(stateChange({ detail: { 'instance-id': web, state } }))).toEqual({ instanceIds: [web] });
  });

  test('to pending is ignored: EC2 may not show the instance yet', () => {
    expect(ignored(fixture('pending'))).toEqual(
      expect.objectContaining({ reason: 'pending: the instance is inspected when it runs', instanceIds: [web] }),
    );
  });

  test.each([
    ['yyyy-mm-ddThh:mm:ssZ'],
    ['[Current time in yyyy-mm-ddThh:mm:ssZ]'],
    [''],
    [undefined],
    [1_772_442_901],
    ['2026-13-45T99:99:99Z'],
  ])('with the unreadable time %j is a hint without a time', (time) => {
    const read = hint(stateChange({ time }));

    expect(read).not.toHaveProperty('time');
    expect(read.cause).not.toHaveProperty('eventTime');
  });

  test('whose detail names no instance is read from its resources, which may be a text', () => {
    const resources = `arn:aws:ec2:us-east-1:123456789012:instance/${web}`;

    expect(named(stateChange({ resources, detail: { state: 'running' } }))).toEqual({ instanceIds: [web] });
  });

  test.each([
    ['names nothing', { detail: {}, resources: [] }, 'state change: names no instance'],
    ['is sent by another source', { source: 'my.app' }, 'state change: sent by my.app, not by aws.ec2'],
    [
      'is of another account',
      { account: '210987654321' },
      "account 210987654321 is not this deployment's, 123456789012",
    ],
    ['is of no Region', { region: '[region]' }, "Region [region] is not this deployment's, us-east-1"],
  ])('that %s is ignored', (_, more, reason) => {
    expect(ignored(stateChange(more)).reason).toBe(reason);
  });
});

describe('where a call has its ids', () => {
  test.each<[string, string, unknown, unknown, Record<string, string[]>]>([
    [
      'flat',
      'ModifyInstanceAttribute',
      { instanceId: web, groupSet: { items: [{ groupId: 'sg-1' }] } },
      {},
      { instanceIds: [web] },
    ],
    [
      'wrapped',
      'ModifyInstanceMetadataOptions',
      { ModifyInstanceMetadataOptionsRequest: { InstanceId: web, HttpTokens: 'required' } },
      {},
      { instanceIds: [web] },
    ],
    [
      'wrapped',
      'ModifyInstanceCapacityReservationAttributes',
      { ModifyInstanceCapacityReservationAttributesRequest: { InstanceId: web } },
      {},
      { instanceIds: [web] },
    ],
    [
      'wrapped',
      'CreateReplaceRootVolumeTask',
      { CreateReplaceRootVolumeTaskRequest: { InstanceId: web } },
      {},
      { instanceIds: [web] },
    ],
    ['flat', 'CreateReplaceRootVolumeTask', { instanceId: web }, {}, { instanceIds: [web] }],
    [
      'in a list',
      'MonitorInstances',
      { instancesSet: { items: [{ instanceId: web }, { instanceId: 'i-02' }] } },
      {},
      { instanceIds: [web, 'i-02'] },
    ],
    [
      'as a single object',
      'UnmonitorInstances',
      { instancesSet: { items: { instanceId: web } } },
      {},
      { instanceIds: [web] },
    ],
    ['under item', 'UnmonitorInstances', { instancesSet: { item: [{ instanceId: web }] } }, {}, { instanceIds: [web] }],
    [
      'wrapped',
      'AssociateIamInstanceProfile',
      { AssociateIamInstanceProfileRequest: { InstanceId: web } },
      {},
      { instanceIds: [web] },
    ],
    [
      'in the answer',
      'ReplaceIamInstanceProfileAssociation',
      { ReplaceIamInstanceProfileAssociationRequest: { AssociationId: 'iip-assoc-1' } },
      { ReplaceIamInstanceProfileAssociationResponse: { iamInstanceProfileAssociation: { instanceId: web } } },
      { instanceIds: [web] },
    ],
    [
      'in the answer',
      'DisassociateIamInstanceProfile',
      { DisassociateIamInstanceProfileRequest: { AssociationId: 'iip-assoc-1' } },
      { DisassociateIamInstanceProfileResponse: { iamInstanceProfileAssociation: { instanceId: web } } },
      { instanceIds: [web] },
    ],
    [
      'both',
      'AttachVolume',
      { volumeId: 'vol-1', instanceId: web, device: '/dev/sdf' },
      { volumeId: 'vol-1', instanceId: web },
      { instanceIds: [web], volumeIds: ['vol-1'] },
    ],
    ['the volume alone', 'DetachVolume', { volumeId: 'vol-1' }, null, { volumeIds: ['vol-1'] }],
    [
      'in the answer',
      'DetachVolume',
      { volumeId: 'vol-1' },
      { volumeId: 'vol-1', instanceId: web },
      { instanceIds: [web], volumeIds: ['vol-1'] },
    ],
    [
      'both',
      'AttachNetworkInterface',
      { networkInterfaceId: 'eni-1', instanceId: web, deviceIndex: 1 },
      {},
      { instanceIds: [web], networkInterfaceIds: ['eni-1'] },
    ],
    [
      'the interface',
      'ModifyNetworkInterfaceAttribute',
      { networkInterfaceId: 'eni-1', groupSet: { items: [{ groupId: 'sg-1' }] } },
      {},
      { networkInterfaceIds: ['eni-1'] },
    ],
    [
      'the interface alone',
      'AssociateAddress',
      { allocationId: 'eipalloc-1', networkInterfaceId: 'eni-1' },
      {},
      { networkInterfaceIds: ['eni-1'] },
    ],
    ['the instance', 'AssociateAddress', { publicIp: '203.0.113.7', instanceId: web }, {}, { instanceIds: [web] }],
    ['the list', 'ModifyManagedPrefixList', { prefixListId: 'pl-1' }, {}, { prefixListIds: ['pl-1'] }],
    [
      'wrapped',
      'ModifyManagedPrefixList',
      { ModifyManagedPrefixListRequest: { PrefixListId: 'pl-1' } },
      {},
      { prefixListIds: ['pl-1'] },
    ],
    [
      'the group',
      'RevokeSecurityGroupIngress',
      { groupId: 'sg-1', securityGroupRuleIds: { items: [{ securityGroupRuleId: 'sgr-1' }] } },
      {},
      { securityGroupIds: ['sg-1'] },
    ],
    [
      'the group of the answer',
      'AuthorizeSecurityGroupIngress',
      { groupName: 'web' },
      { securityGroupRuleSet: { items: [{ groupId: 'sg-1' }, { groupId: 'sg-1' }] } },
      { securityGroupIds: ['sg-1'] },
    ],
    [
      'by name in the default VPC',
      'RevokeSecurityGroupIngress',
      { groupName: 'web', ipPermissions: {} },
      { _return: true },
      { securityGroupNames: ['web'] },
    ],
    [
      'several',
      'DeleteTags',
      { resourcesSet: { items: [{ resourceId: 'vol-1' }, { resourceId: 'vol-1' }, { resourceId: 'eni-1' }] } },
      {},
      { volumeIds: ['vol-1'], networkInterfaceIds: ['eni-1'] },
    ],
  ])('%s: %s', (_, name, request, response, expected) => {
    expect(named(call(name, request, response))).toEqual(expected);
  });

  test.each<[string, Record<string, string[]>]>([
    ['run-instances-iam-user', { instanceIds: [web, 'i-0a1b2c3d4e5f60719'] }],
    [
      'create-tags',
      { instanceIds: [web], volumeIds: ['vol-0aaa'], networkInterfaceIds: ['eni-0bbb'], sourceGroupIds: ['sg-0ccc'] },
    ],
    ['authorize-flat', { securityGroupIds: ['sg-0a1b2c3d'] }],
    ['authorize-items', { securityGroupIds: ['sg-0a1b2c3d'] }],
    ['modify-security-group-rules', { securityGroupIds: ['sg-0a1b2c3d'] }],
  ])('of the event %s', (name, expected) => {
    expect(named(fixture(name))).toEqual(expected);
  });

  test('is known for every event that a deployment can listen to, and for no other', () => {
    expect([...listenedTo].sort()).toEqual(eventsThatChange(allNeeds));
  });
});

describe('a call that is ignored', () => {
  test.each([
    ['failed', 'AuthorizeSecurityGroupIngress failed: Client.UnauthorizedOperation'],
    ['dry-run', 'RunInstances was a dry run (Client.DryRunOperation)'],
    ['other-account', "account 210987654321 is not this deployment's, 123456789012"],
    ['other-region', "Region eu-west-1 is not this deployment's, us-east-1"],
    ['unrelated-call', 'CreateKeyPair changes nothing that a rule reads'],
    [
      'own-role',
      'CreateTags was called by the guardrail itself (arn:aws:iam::123456789012:role/ec2-guardrail-inspect)',
    ],
  ])('%s', (name, reason) => {
    expect(ignored(fixture(name)).reason).toBe(reason);
  });

  test.each<[string, Body, string]>([
    [
      'has only a message of its failure',
      call('CreateTags', {}, null, { errorMessage: 'internal' }),
      'CreateTags failed: internal',
    ],
    ['only reads', call('DescribeInstances', {}, null, { readOnly: true }), 'DescribeInstances only reads'],
    [
      'only reads, as a text',
      call('DescribeInstances', {}, null, { readOnly: 'true' }),
      'DescribeInstances only reads',
    ],
    [
      'is of another service',
      call('CreateAutoScalingGroup', {}, null, { eventSource: 'autoscaling.amazonaws.com' }),
      'CreateAutoScalingGroup of autoscaling.amazonaws.com: only calls of EC2 are listened to',
    ],
    [
      'tags other things',
      call('CreateTags', { resourcesSet: { items: [{ resourceId: 'ami-1' }, { resourceId: 'subnet-1' }] } }),
      'tags of ami-1, subnet-1 concern no instance',
    ],
    [
      'tags very many other things',
      call('CreateTags', { resourcesSet: { items: [1, 2, 3, 4, 5, 6, 7].map((n) => ({ resourceId: `ami-${n}` })) } }),
      'tags of ami-1, ami-2, ami-3, ami-4, ami-5 and 2 more concern no instance',
    ],
    [
      'frees an address by its association',
      call('DisassociateAddress', { associationId: 'eipassoc-1' }),
      'DisassociateAddress names no instance; the hourly sweep will see it',
    ],
    [
      'detaches an interface',
      call('DetachNetworkInterface', { attachmentId: 'eni-attach-1' }),
      'DetachNetworkInterface: names no instance; the hourly sweep will see it',
    ],
    [
      'takes a profile away and names an association',
      call('DisassociateIamInstanceProfile', {
        DisassociateIamInstanceProfileRequest: { AssociationId: 'iip-assoc-1' },
      }),
      'DisassociateIamInstanceProfile names no instance; the hourly sweep will see it',
    ],
    [
      'revokes rules without a group',
      call('RevokeSecurityGroupIngress', { securityGroupRuleIds: { items: [{ securityGroupRuleId: 'sgr-1' }] } }),
      'RevokeSecurityGroupIngress names no instance; the hourly sweep will see it',
    ],
    [
      'launches and was cut short',
      call('RunInstances', {}, null),
      'RunInstances names no instance; their changes of state will',
    ],
    [
      'has parameters of another form',
      call('MonitorInstances', 'none', 7),
      'MonitorInstances names no instance; the hourly sweep will see it',
    ],
  ])('because it %s', (_, body, reason) => {
    expect(ignored(body).reason).toBe(reason);
  });

  test('says which instances it names all the same', () => {
    const stop = call('StopInstances', { instancesSet: { items: [{ instanceId: web }] } });

    expect(ignored(stop)).toEqual({
      kind: 'ignored',
      id: 'e-1',
      reason: 'StopInstances: EC2 announces the change of state itself',
      instanceIds: [web],
    });
  });

  test('because no deployed policy reads it is told apart from what no rule reads', () => {
    const narrow = { ...own, relevantEvents: new Set(eventsThatChange(['tags'])) };

    expect(ignored(fixture('authorize-flat'), narrow).reason).toBe(
      'no deployed policy reads what AuthorizeSecurityGroupIngress changes',
    );
    expect(hint(fixture('create-tags'), narrow).targets.instanceIds).toEqual([web]);
  });

  test('is not one of a user or of root, whose records name no role', () => {
    expect(named(fixture('run-instances-root'))).toEqual({ instanceIds: [web] });
    expect(named(fixture('run-instances-role-session'))).toEqual({ instanceIds: [web] });
  });
});

describe('a launch', () => {
  test.each([
    ['run-instances-iam-user', { arn: 'arn:aws:iam::123456789012:user/jane', name: 'jane' }],
    ['run-instances-root', { arn: 'arn:aws:iam::123456789012:root', name: 'root' }],
    [
      'run-instances-role-session',
      { arn: 'arn:aws:sts::123456789012:assumed-role/Deploy/ci-run-7', name: 'Deploy/ci-run-7' },
    ],
    [
      'run-instances-auto-scaling',
      {
        invokedBy: 'autoscaling.amazonaws.com',
        arn: 'arn:aws:sts::123456789012:assumed-role/AWSServiceRoleForAutoScaling/AutoScaling',
        name: 'EC2 Auto Scaling',
      },
    ],
    [
      'run-instances-cloudformation',
      { invokedBy: 'cloudformation.amazonaws.com', arn: 'arn:aws:iam::123456789012:user/jane', name: 'jane' },
    ],
  ])('%s tells its launcher', (name, launcher) => {
    expect(hint(fixture(name)).launches.get(web)?.launcher).toEqual(launcher);
  });

  test.each([
    [
      'a federated user',
      { type: 'FederatedUser', arn: 'arn:aws:sts::123456789012:federated-user/alice', principalId: '1:alice' },
      'alice',
    ],
    ['a service', { type: 'AWSService', invokedBy: 'spotfleet.amazonaws.com' }, 'spotfleet.amazonaws.com'],
    [
      'a user of IAM Identity Center',
      { type: 'IdentityCenterUser', onBehalfOf: { userId: '94d8f4f8-1' } },
      'IAM Identity Center user 94d8f4f8-1',
    ],
    [
      'another account',
      { type: 'AWSAccount', accountId: '210987654321', principalId: 'AROA:x' },
      'account 210987654321',
    ],
    [
      'a role without an ARN',
      { type: 'AssumedRole', principalId: 'AROA:run-7', sessionContext: { sessionIssuer: { userName: 'Deploy' } } },
      'Deploy/run-7',
    ],
    ['a user without a name', { type: 'IAMUser', arn: 'arn:aws:iam::123456789012:user/team/jane' }, 'jane'],
    ['a web identity', { type: 'WebIdentityUser', principalId: 'idp:client:jane', userName: 'jane@idp' }, 'jane@idp'],
    ['nobody at all', undefined, 'an unnamed caller'],
  ])('by %s', (_, userIdentity, name) => {
    const launch = call('RunInstances', {}, { instancesSet: { items: [{ instanceId: web }] } }, { userIdentity });

    expect(hint(launch).launches.get(web)?.launcher.name).toBe(name);
  });

  test('of several instances tells of each, with the tags of the request that are for instances', () => {
    const requestTags = [
      { Key: 'Owner', Value: 'jane' },
      { Key: 'Environment', Value: 'prod' },
    ];
    const { launches } = hint(fixture('run-instances-iam-user'));

    expect([...launches.keys()]).toEqual([web, 'i-0a1b2c3d4e5f60719']);
    expect([...launches.values()].map((launch) => launch.requestTags)).toEqual([requestTags, requestTags]);
  });

  test('from a launch template has the tags that the answer shows', () => {
    const instancesSet = {
      items: [
        {
          instanceId: web,
          tagSet: {
            items: [
              { key: 'Owner', value: 'ops' },
              { key: 'Prod', value: true },
            ],
          },
        },
      ],
    };
    const launch = call('RunInstances', { launchTemplate: { launchTemplateId: 'lt-1' } }, { instancesSet });

    expect(hint(launch).launches.get(web)?.requestTags).toEqual([
      { Key: 'Owner', Value: 'ops' },
      { Key: 'Prod', Value: 'true' },
    ]);
  });

  test('is told of no other call', () => {
    expect(hint(fixture('create-tags')).launches.size).toBe(0);
  });
});

describe('the cause', () => {
  const eventTime = '2026-03-02T09:15:02.000Z';

  test.each([
    ['run-instances-iam-user', 'launch:r-0a11b22c33d44e55f', 'launch r-0a11b22c33d44e55f'],
    ['authorize-flat', 'security-group:sg-0a1b2c3d', 'AuthorizeSecurityGroupIngress on sg-0a1b2c3d'],
    ['modify-security-group-rules', 'security-group:sg-0a1b2c3d', 'ModifySecurityGroupRules on sg-0a1b2c3d'],
  ])('of %s is what its subjects share', (name, key, text) => {
    expect(hint(fixture(name)).cause).toEqual({ key, text, eventTime });
  });

  test('of any other call is the event', () => {
    const event = fixture('create-tags');

    expect(hint(event).cause).toEqual({ key: `event:${String(event.id)}`, text: 'CreateTags by jane', eventTime });
  });

  test('of a group called by name is that name', () => {
    const revoke = call('RevokeSecurityGroupIngress', { groupName: 'web' });

    expect(hint(revoke).cause).toEqual({
      key: 'security-group:web',
      text: 'RevokeSecurityGroupIngress on web',
      eventTime,
    });
  });
});

describe('id, account, Region and time', () => {
  test('are the envelope’s where there is one', () => {
    const event = { ...fixture('create-tags'), id: 'envelope', time: '2026-03-02T10:00:00Z' };

    expect(hint(event)).toEqual(expect.objectContaining({ id: 'envelope', time: new Date('2026-03-02T10:00:00Z') }));
  });

  test('are the record’s where it is bare: the account that it was delivered to, not the caller’s', () => {
    const userIdentity = { type: 'AssumedRole', accountId: '210987654321' };
    const record = call('ModifyInstanceAttribute', { instanceId: web }, {}, { userIdentity });

    expect(envelopeOf(record)).toEqual({
      id: 'e-1',
      accountId: '123456789012',
      region: 'us-east-1',
      time: new Date('2026-03-02T09:15:02Z'),
    });
    expect(named(record)).toEqual({ instanceIds: [web] });
  });

  test('of an old record without a recipient are the caller’s account', () => {
    const { recipientAccountId: _, ...record } = call('ModifyInstanceAttribute', { instanceId: web });

    expect(named({ ...record, userIdentity: { accountId: '123456789012' } })).toEqual({ instanceIds: [web] });
    expect(ignored(record).reason).toBe("account (none) is not this deployment's, 123456789012");
  });

  test('are made up where a record has no id', () => {
    const { eventID: _, ...record } = call('ModifyInstanceAttribute', { instanceId: web });

    expect(hint(record).id).toBe('ModifyInstanceAttribute 2026-03-02T09:15:02Z');
  });
});

describe('an event of another kind', () => {
  test.each([
    [
      'EC2 Spot Instance Interruption Warning',
      'aws.ec2',
      "nothing in the instance's configuration changes; EC2 announces its change of state when it comes",
    ],
    ['EC2 Instance Rebalance Recommendation', 'aws.ec2', "nothing in the instance's configuration changes"],
    [
      'EC2 Instance-launch Lifecycle Action',
      'aws.autoscaling',
      'the instance is inspected when EC2 announces its change of state',
    ],
    [
      'EC2 Instance Launch Successful',
      'aws.autoscaling',
      'the instance is inspected when EC2 announces its change of state',
    ],
    ['ECS Container Instance State Change', 'aws.ecs', "nothing in the instance's configuration changes"],
    ['AWS Health Event', 'aws.health', "nothing in the instance's configuration changes"],
    [
      'EBS Volume Notification',
      'aws.ec2',
      'AttachVolume, DetachVolume and the hourly sweep tell which volumes an instance has',
    ],
    ['EBS Snapshot Notification', 'aws.ec2', 'snapshots are not inspected'],
    ['EC2 AMI State Change', 'aws.ec2', "the state of an image changes nothing in an instance's configuration"],
    ['Scheduled Event', 'aws.events', 'this type of event is not listened to'],
  ])('%s is ignored, and says why', (detailType, source, reason) => {
    const event = { 'detail-type': detailType, source, id: 'x', detail: { 'instance-id': web, EC2InstanceId: web } };

    expect(ignored(event)).toEqual({
      kind: 'ignored',
      id: 'x',
      reason: `${detailType}: ${reason}`,
      instanceIds: [web],
    });
  });

  test.each([[undefined], [null], ['text'], [7], [true], [[{ 'detail-type': 'x' }]]])('%j is no event', (body) => {
    expect(normalise(body, own)).toEqual({ kind: 'ignored', reason: 'not an EventBridge event', instanceIds: [] });
  });

  test.each<[string, Body, string]>([
    ['an empty object', {}, 'neither an EventBridge event nor a CloudTrail record'],
    [
      'a call without a record',
      { 'detail-type': 'AWS API Call via CloudTrail', source: 'aws.ec2', detail: 'x' },
      'an API call without a CloudTrail record in its detail',
    ],
    [
      'a call from another source',
      { ...fixture('create-tags'), source: 'aws.s3' },
      'CreateTags of aws.s3: only calls of EC2 are listened to',
    ],
  ])('%s is ignored', (_, body, reason) => {
    expect(ignored(body).reason).toBe(reason);
  });
});

test('whatever a field of an event is replaced by, nothing is thrown', () => {
  const odd = [
    undefined,
    null,
    '',
    'x',
    0,
    true,
    [],
    [[]],
    [null],
    {},
    { items: null },
    { items: [null, 1, {}] },
    { item: {} },
    { toString: 1 },
    Object.create(null),
    undefined,
  ];
  for (const file of readdirSync(folder)) {
    for (const body of mutationsOf(JSON.parse(readFileSync(`${folder}/${file}`, 'utf8')), odd)) {
      expect(['hint', 'ignored']).toContain(normalise(body, own).kind);
    }
  }
});

/** The value with each of its parts, at whatever depth, replaced by each of the odd ones. */
function mutationsOf(value: unknown, odd: readonly unknown[]): readonly unknown[] {
  if (typeof value !== 'object' || value === null) return odd;
  return [
    ...odd,
    ...Object.entries(value).flatMap(([key, part]) =>
      mutationsOf(part, odd).map((changed) => (Array.isArray(value) ? [changed] : { ...value, [key]: changed })),
    ),
  ];
}
