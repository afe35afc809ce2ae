import type { StepOperation } from '../../src/domain/drain-step.ts';
import type { Json } from '../../src/domain/json.ts';
import { allNeeds, type Need } from '../../src/domain/needs.ts';
import type { ChangingOperation } from '../../src/domain/operations.ts';
import type { BoundPolicy } from '../../src/domain/policy.ts';
import { type BoundSafety, defaultSafety } from '../../src/domain/safety.ts';
import type { Resource, Statement } from '../../src/stack/cloudformation.ts';
import { roles } from '../../src/stack/roles.ts';
import type { Settings } from '../../src/stack/settings.ts';
import { plainRevoke, plainStop } from '../support/plain-actions.ts';
import { enforcing } from '../support/policies.ts';
import { drainPolicy, drainPolicyWith, policyThatNeeds, stepOf } from './policies.ts';

const settings: Settings = { name: 'ec2-guardrail-test' };

const region = { Ref: 'AWS::Region' };
const arn = (id: string) => ({ 'Fn::GetAtt': [id, 'Arn'] });
const ownArn = (service: string, resource: string) => ({
  'Fn::Join': [':', ['arn', { Ref: 'AWS::Partition' }, service, region, { Ref: 'AWS::AccountId' }, resource]],
});

function statementsOf(role: Resource | undefined): readonly Statement[] {
  const policies = (role?.Properties.Policies ?? []) as unknown as { PolicyDocument: { Statement: Statement[] } }[];
  return policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
}

function readsOf(need: Need): unknown {
  return statementsOf(roles([policyThatNeeds(need)], settings).InspectRole).find(({ Sid }) => Sid === 'Read')?.Action;
}

const publishing = (...topics: readonly unknown[]) => [
  { Sid: 'Alert', Effect: 'Allow', Action: ['sns:Publish'], Resource: topics },
  {
    Sid: 'EncryptAlerts',
    Effect: 'Allow',
    Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
    Resource: [arn('TopicKey')],
    Condition: {
      StringEquals: { 'kms:ViaService': { 'Fn::Join': ['.', ['sns', region, { Ref: 'AWS::URLSuffix' }]] } },
    },
  },
];

test('inspect may do exactly what policies on volumes make it do', () => {
  const { InspectRole } = roles([policyThatNeeds('volumes')], settings);

  expect(statementsOf(InspectRole)).toEqual([
    {
      Sid: 'Read',
      Effect: 'Allow',
      Action: ['ec2:DescribeInstances', 'ec2:DescribeVolumes'],
      Resource: '*',
      Condition: { StringEquals: { 'aws:RequestedRegion': region } },
    },
    {
      Sid: 'KeepFindings',
      Effect: 'Allow',
      Action: ['dynamodb:BatchGetItem', 'dynamodb:PutItem', 'dynamodb:Scan', 'dynamodb:UpdateItem'],
      Resource: arn('FindingsTable'),
    },
    ...publishing({ Ref: 'AlertsTopic' }, { Ref: 'OperationsTopic' }),
    {
      Sid: 'LookAgainLater',
      Effect: 'Allow',
      Action: ['sqs:SendMessage'],
      Resource: [arn('LiveQueue'), arn('BulkQueue')],
    },
    {
      Sid: 'ReceiveWork',
      Effect: 'Allow',
      Action: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
      Resource: [arn('LiveQueue'), arn('BulkQueue')],
    },
    {
      Sid: 'TellFindings',
      Effect: 'Allow',
      Action: ['events:PutEvents'],
      Resource: ownArn('events', 'event-bus/default'),
    },
    {
      Sid: 'Log',
      Effect: 'Allow',
      Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      Resource: ownArn('logs', 'log-group:/aws/lambda/ec2-guardrail-test-inspect:*'),
    },
  ]);
});

test('sweep lists instances and hands them over, whatever the policies need', () => {
  const { SweepRole } = roles([policyThatNeeds(...allNeeds)], settings);

  expect(statementsOf(SweepRole)).toEqual([
    {
      Sid: 'Read',
      Effect: 'Allow',
      Action: ['ec2:DescribeInstances'],
      Resource: '*',
      Condition: { StringEquals: { 'aws:RequestedRegion': region } },
    },
    {
      Sid: 'KeepFindings',
      Effect: 'Allow',
      Action: ['dynamodb:BatchGetItem', 'dynamodb:PutItem', 'dynamodb:Scan'],
      Resource: arn('FindingsTable'),
    },
    ...publishing({ Ref: 'AlertsTopic' }, { Ref: 'OperationsTopic' }),
    { Sid: 'HandOver', Effect: 'Allow', Action: ['sqs:SendMessage'], Resource: [arn('BulkQueue')] },
    { Sid: 'KeepFailedRuns', Effect: 'Allow', Action: ['sqs:SendMessage'], Resource: [arn('UndeliveredQueue')] },
    {
      Sid: 'Log',
      Effect: 'Allow',
      Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      Resource: ownArn('logs', 'log-group:/aws/lambda/ec2-guardrail-test-sweep:*'),
    },
  ]);
});

test.each([
  ['tags', ['ec2:DescribeInstances']],
  ['kmsAliases', ['ec2:DescribeInstances', 'kms:ListAliases']],
  ['securityGroups', ['ec2:DescribeInstances', 'ec2:DescribeSecurityGroupRules', 'ec2:DescribeSecurityGroups']],
  ['prefixLists', ['ec2:DescribeInstances', 'ec2:DescribeSecurityGroups', 'ec2:GetManagedPrefixListEntries']],
] as const)('a policy on %s alone reads nothing else', (need, reads) => {
  expect(readsOf(need)).toEqual(reads);
});

test('whatever the policies need, no role may change anything in EC2, IAM or KMS', () => {
  const actions = Object.values(roles([policyThatNeeds(...allNeeds)], settings)).flatMap((role) =>
    statementsOf(role).flatMap(({ Action }) => Action),
  );
  const writes = actions.filter((action) => /^(ec2|iam|kms):/.test(action) && !/:(Describe|Get|List)/.test(action));

  expect(writes.sort()).toEqual(['kms:Decrypt', 'kms:Decrypt', 'kms:GenerateDataKey', 'kms:GenerateDataKey'].sort());
  expect(actions.filter((action) => action.includes('*'))).toEqual([]);
});

test('only Lambda may take on a role', () => {
  for (const role of Object.values(roles([], settings)))
    expect(role.Properties.AssumeRolePolicyDocument).toEqual({
      Version: '2012-10-17',
      Statement: [
        { Sid: 'Lambda', Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
      ],
    });
});

test('with a topic of your own, the roles may publish to it and use its key, and have no word of ours', () => {
  const alertTopicArn = 'arn:aws:sns:eu-central-1:123456789012:alerts';
  const alertTopicKeyArn = 'arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab';
  const { InspectRole } = roles([], { ...settings, alertTopicArn, alertTopicKeyArn });
  const resourcesOf = (sid: string) => statementsOf(InspectRole).find(({ Sid }) => Sid === sid)?.Resource;

  expect(resourcesOf('Alert')).toEqual([alertTopicArn, { Ref: 'OperationsTopic' }]);
  expect(resourcesOf('EncryptAlerts')).toEqual([arn('TopicKey'), alertTopicKeyArn]);
});

describe('what is read to plan actions', () => {
  const planned = enforcing(policyThatNeeds(), plainRevoke);
  const observing = { ...planned, mode: 'observe' } as const;
  const conditions = () => ({ fields: ['BlockDeviceMappings'], holds: () => false });
  const safety: BoundSafety = { ...defaultSafety, protected: { when: 'of the volumes' }, conditions };
  const groups = ['ec2:DescribeInstances', 'ec2:DescribeSecurityGroupRules', 'ec2:DescribeSecurityGroups'];

  test.each<[string, readonly BoundPolicy[], BoundSafety | undefined, readonly string[]]>([
    ['by policies that enforce', [planned], undefined, groups],
    ['by policies that observe', [observing], undefined, groups],
    ['with what `protected` asks', [planned], safety, [...groups, 'ec2:DescribeVolumes']],
    ['with what `protected` asks, by policies that observe', [observing], safety, [...groups, 'ec2:DescribeVolumes']],
    ['by none that has an action', [policyThatNeeds()], safety, ['ec2:DescribeInstances']],
  ])('may be read %s', (_, policies, given, reads) => {
    for (const enforcement of ['on', 'off'] as const)
      expect(
        statementsOf(roles(policies, { ...settings, enforcement }, given).InspectRole).find(
          ({ Sid }) => Sid === 'Read',
        ),
      ).toMatchObject({ Action: reads, Resource: '*' });
  });
});

describe('permissions to change something in EC2', () => {
  const stop = enforcing(policyThatNeeds(), plainStop);
  const revoke = enforcing(policyThatNeeds('securityGroups'), plainRevoke);
  const isOn: Settings = { ...settings, enforcement: 'on' };
  const enforceOf = (policies: readonly BoundPolicy[], given: Settings) =>
    statementsOf(roles(policies, given).InspectRole).filter(({ Sid }) => Sid === 'Enforce');
  const changesIn = (policies: readonly BoundPolicy[], given: Settings) =>
    Object.values(roles(policies, given))
      .flatMap(statementsOf)
      .flatMap(({ Action }) => Action)
      .filter((action) => action.startsWith('ec2:') && !/^ec2:(Describe|Get)/.test(action));

  test('are there for the actions of policies that enforce, on resources of this account and Region, and for no other', () => {
    expect(enforceOf([stop, revoke], isOn)).toEqual([
      {
        Sid: 'Enforce',
        Effect: 'Allow',
        Action: ['ec2:RevokeSecurityGroupIngress', 'ec2:StopInstances'],
        Resource: [
          ownArn('ec2', 'instance/*'),
          ownArn('ec2', 'security-group/*'),
          ownArn('ec2', 'security-group-rule/*'),
        ],
      },
    ]);
    expect(changesIn([stop], isOn)).toEqual(['ec2:StopInstances']);
  });

  test.each<[ChangingOperation, readonly string[]]>([
    ['ec2:RevokeSecurityGroupIngress', ['security-group', 'security-group-rule']],
    ['ec2:AuthorizeSecurityGroupIngress', ['security-group', 'security-group-rule']],
    ['ec2:StopInstances', ['instance']],
    ['ec2:StartInstances', ['instance']],
    ['ec2:TerminateInstances', ['instance']],
    ['ec2:ModifyInstanceAttribute', ['instance']],
    ['ec2:ModifyNetworkInterfaceAttribute', ['instance', 'network-interface', 'security-group']],
    ['ec2:CreateTags', ['instance']],
    ['ec2:DeleteTags', ['instance']],
  ])('are there for %s on all that it is authorised on: %j', (operation, types) => {
    const policy = enforcing(policyThatNeeds(), { ...plainStop, operations: [operation] });

    expect(enforceOf([policy], isOn)).toEqual([
      {
        Sid: 'Enforce',
        Effect: 'Allow',
        Action: [operation],
        Resource: types.map((type) => ownArn('ec2', `${type}/*`)),
      },
    ]);
  });

  test('for snapshots are there on snapshots, whose ARNs name no account, and tags of them in that call alone', () => {
    const policy = enforcing(policyThatNeeds(), { ...plainStop, operations: ['ec2:CreateSnapshots'] });
    const snapshots = { 'Fn::Join': [':', ['arn', { Ref: 'AWS::Partition' }, 'ec2', region, '', 'snapshot/*']] };
    const ofSnapshots = statementsOf(roles([policy], isOn).InspectRole).filter(({ Action }) =>
      [Action].flat().some((action) => action.startsWith('ec2:Create')),
    );

    expect(ofSnapshots).toEqual([
      {
        Sid: 'Enforce',
        Effect: 'Allow',
        Action: ['ec2:CreateSnapshots'],
        Resource: [ownArn('ec2', 'instance/*'), snapshots, ownArn('ec2', 'volume/*')],
      },
      {
        Sid: 'TagSnapshots',
        Effect: 'Allow',
        Action: ['ec2:CreateTags'],
        Resource: snapshots,
        Condition: { StringEquals: { 'ec2:CreateAction': 'CreateSnapshots' } },
      },
    ]);
    expect(changesIn([stop, revoke], isOn)).not.toContain('ec2:CreateTags');
  });

  test('to start instances come with the use of keys of this account by EC2, without which what is encrypted stops again', () => {
    const starting = enforcing(policyThatNeeds(), { ...plainStop, operations: ['ec2:StartInstances'] });
    const ofKeys = (policies: readonly BoundPolicy[], given: Settings) =>
      Object.values(roles(policies, given))
        .flatMap(statementsOf)
        .filter(({ Action }) => [Action].flat().includes('kms:CreateGrant'));

    expect(ofKeys([starting], isOn)).toEqual([
      {
        Sid: 'StartEncrypted',
        Effect: 'Allow',
        Action: ['kms:CreateGrant'],
        Resource: ownArn('kms', 'key/*'),
        Condition: {
          Bool: { 'kms:GrantIsForAWSResource': true },
          StringEquals: { 'kms:ViaService': { 'Fn::Join': ['.', ['ec2', region, { Ref: 'AWS::URLSuffix' }]] } },
        },
      },
    ]);
    expect(ofKeys([starting], settings)).toEqual([]);
    expect(ofKeys([stop, revoke], isOn)).toEqual([]);
  });

  test('are those that the action calls with what the policy tells it', () => {
    const operations = ({ split }: { readonly split: boolean }) =>
      split
        ? (['ec2:RevokeSecurityGroupIngress', 'ec2:AuthorizeSecurityGroupIngress'] as const)
        : (['ec2:RevokeSecurityGroupIngress'] as const);
    const policy = (split: boolean) =>
      enforcing(policyThatNeeds(), { ...plainRevoke, operations }, { parameters: { split } });

    expect(changesIn([policy(false)], isOn)).toEqual(['ec2:RevokeSecurityGroupIngress']);
    expect(changesIn([policy(false), policy(true)], isOn)).toEqual([
      'ec2:AuthorizeSecurityGroupIngress',
      'ec2:RevokeSecurityGroupIngress',
    ]);
  });

  test.each<[string, readonly BoundPolicy[], Settings]>([
    ['only notify', [policyThatNeeds('volumes')], isOn],
    ['observe', [{ ...stop, mode: 'observe' }], isOn],
    ['enforce where enforcement is off', [stop], { ...settings, enforcement: 'off' }],
    ['enforce where nothing was said of it', [stop], settings],
  ])('are not there for policies that %s', (_, policies, given) => {
    expect(changesIn(policies, given)).toEqual([]);
  });

  test('of what is due by time are there where time makes something of findings', () => {
    const findDue = (policies: readonly BoundPolicy[]) =>
      statementsOf(roles(policies, isOn).InspectRole).filter(({ Sid }) => Sid === 'FindDue');
    const reminding = { ...policyThatNeeds(), actions: [{ id: 'notify', afterMs: [0, 86_400_000] }] } as const;
    for (const policies of [[], [policyThatNeeds()], [{ ...stop, mode: 'observe' } as const]])
      expect(findDue(policies)).toEqual([]);
    for (const policies of [[stop], [reminding]])
      expect(findDue(policies)).toEqual([
        {
          Sid: 'FindDue',
          Effect: 'Allow',
          Action: ['dynamodb:Query'],
          Resource: { 'Fn::Join': ['/', [arn('FindingsTable'), 'index', 'due']] },
        },
      ]);
  });
});

describe('drain', () => {
  const isOn: Settings = { ...settings, enforcement: 'on' };
  const elb = (resource: string) => ownArn('elasticloadbalancing', resource);
  const group = ['autoscaling:DescribeAutoScalingGroups', 'autoscaling:DescribeAutoScalingInstances'];
  const ofDrain = (policies: readonly BoundPolicy[], given: Settings = isOn) =>
    statementsOf(roles(policies, given).DrainRole);
  const changes = (policies: readonly BoundPolicy[], given: Settings = isOn) =>
    ofDrain(policies, given).filter(({ Sid }) => Sid.startsWith('Drain'));

  test.each([
    ['keeps the index of targets where a step asks which target groups hold an instance', ['targetGroups'], true],
    ['keeps none where no step asks that', ['loadBalancers'], false],
  ] as const)('sweep %s', (_, needs, keeps) => {
    const bySid = new Map(
      statementsOf(roles([drainPolicy(stepOf([], { needs }))], settings).SweepRole).map((one) => [one.Sid, one]),
    );
    const balancers = ['elasticloadbalancing:DescribeTargetGroups', 'elasticloadbalancing:DescribeTargetHealth'];
    const read = ['ec2:DescribeInstances', ...(keeps ? balancers : [])];
    const keep = [
      'dynamodb:BatchGetItem',
      'dynamodb:PutItem',
      'dynamodb:Scan',
      ...(keeps ? ['dynamodb:UpdateItem'] : []),
    ];

    expect(bySid.get('Read')).toMatchObject({
      Action: read,
      Condition: { StringEquals: { 'aws:RequestedRegion': region } },
    });
    expect(bySid.get('KeepFindings')).toMatchObject({ Action: keep, Resource: arn('FindingsTable') });
  });

  test('has a role only where a policy drains', () => {
    expect(Object.keys(roles([policyThatNeeds()], isOn))).toEqual(['InspectRole', 'SweepRole']);
    expect(Object.keys(roles([policyThatNeeds(), drainPolicy()], isOn))).toEqual([
      'InspectRole',
      'SweepRole',
      'DrainRole',
    ]);
  });

  test('may do exactly what a policy that takes instances out of target groups makes it do', () => {
    const step = stepOf(['elbv2:DeregisterTargets'], {
      needs: ['targetGroups'],
      undoOperations: ['elbv2:RegisterTargets'],
    });

    expect(ofDrain([policyThatNeeds('volumes'), drainPolicy(step)])).toEqual([
      {
        Sid: 'Read',
        Effect: 'Allow',
        Action: [
          ...group,
          'autoscaling:DescribeLifecycleHooks',
          'ec2:DescribeInstances',
          'ecs:DescribeContainerInstances',
          'ecs:DescribeServices',
          'ecs:ListClusters',
          'ecs:ListContainerInstances',
          'ecs:ListServices',
          'elasticloadbalancing:DescribeTargetGroups',
          'elasticloadbalancing:DescribeTargetHealth',
        ],
        Resource: '*',
        Condition: { StringEquals: { 'aws:RequestedRegion': region } },
      },
      {
        Sid: 'DrainBalancers',
        Effect: 'Allow',
        Action: ['elasticloadbalancing:DeregisterTargets', 'elasticloadbalancing:RegisterTargets'],
        Resource: [elb('targetgroup/*')],
      },
      {
        Sid: 'KeepDrains',
        Effect: 'Allow',
        Action: ['dynamodb:BatchGetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'],
        Resource: arn('FindingsTable'),
      },
      ...publishing({ Ref: 'AlertsTopic' }),
      { Sid: 'GoOn', Effect: 'Allow', Action: ['sqs:SendMessage'], Resource: [arn('DrainQueue')] },
      {
        Sid: 'ReceiveWork',
        Effect: 'Allow',
        Action: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
        Resource: [arn('DrainQueue')],
      },
      {
        Sid: 'Log',
        Effect: 'Allow',
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: ownArn('logs', 'log-group:/aws/lambda/ec2-guardrail-test-drain:*'),
      },
    ]);
  });

  test.each<[StepOperation, Json, string, string, readonly unknown[]]>([
    ['elbv2:DeregisterTargets', {}, 'DrainBalancers', 'elasticloadbalancing:DeregisterTargets', [elb('targetgroup/*')]],
    [
      'elb:DeregisterInstancesFromLoadBalancer',
      {},
      'DrainBalancers',
      'elasticloadbalancing:DeregisterInstancesFromLoadBalancer',
      [elb('loadbalancer/*')],
    ],
    [
      'ecs:UpdateContainerInstancesState',
      {},
      'DrainContainers',
      'ecs:UpdateContainerInstancesState',
      [ownArn('ecs', 'container-instance/*')],
    ],
    [
      'autoscaling:DetachInstances',
      {},
      'DrainGroups',
      'autoscaling:DetachInstances',
      [ownArn('autoscaling', 'autoScalingGroup:*:autoScalingGroupName/*')],
    ],
    [
      'autoscaling:CompleteLifecycleAction',
      {},
      'DrainGroups',
      'autoscaling:CompleteLifecycleAction',
      [ownArn('autoscaling', 'autoScalingGroup:*:autoScalingGroupName/*')],
    ],
    [
      'ssm:SendCommand',
      { document: 'save-logs' },
      'DrainCommands',
      'ssm:SendCommand',
      [ownArn('ec2', 'instance/*'), ownArn('ssm', 'document/save-logs')],
    ],
    [
      'ssm:SendCommand',
      { document: 'AWS-RunShellScript' },
      'DrainCommands',
      'ssm:SendCommand',
      [
        ownArn('ec2', 'instance/*'),
        { 'Fn::Join': [':', ['arn', { Ref: 'AWS::Partition' }, 'ssm', region, '', 'document/AWS-RunShellScript']] },
      ],
    ],
    [
      'ssm:SendCommand',
      { document: 'arn:aws:ssm:us-east-1:210987654321:document/shared' },
      'DrainCommands',
      'ssm:SendCommand',
      [ownArn('ec2', 'instance/*'), 'arn:aws:ssm:us-east-1:210987654321:document/shared'],
    ],
    ['events:PutEvents', { bus: 'ops' }, 'DrainEvents', 'events:PutEvents', [ownArn('events', 'event-bus/ops')]],
    [
      'events:PutEvents',
      { bus: 'arn:aws:events:us-east-1:210987654321:event-bus/ops' },
      'DrainEvents',
      'events:PutEvents',
      ['arn:aws:events:us-east-1:210987654321:event-bus/ops'],
    ],
  ])('may make the call %s of a policy that says %j, and no other', (operation, parameters, Sid, action, Resource) => {
    expect(changes([drainPolicyWith(parameters, stepOf([operation]))])).toEqual([
      { Sid, Effect: 'Allow', Action: [action], Resource },
    ]);
  });

  test('has each statement once, on all that several policies name', () => {
    const runs = (document: string) => drainPolicyWith({ document }, stepOf(['ssm:SendCommand']));
    const balancers = drainPolicy(
      stepOf(['elbv2:DeregisterTargets']),
      stepOf(['elb:DeregisterInstancesFromLoadBalancer']),
    );

    expect(changes([runs('save-logs'), balancers, runs('leave')])).toEqual([
      {
        Sid: 'DrainCommands',
        Effect: 'Allow',
        Action: ['ssm:SendCommand'],
        Resource: [ownArn('ec2', 'instance/*'), ownArn('ssm', 'document/save-logs'), ownArn('ssm', 'document/leave')],
      },
      {
        Sid: 'DrainBalancers',
        Effect: 'Allow',
        Action: ['elasticloadbalancing:DeregisterInstancesFromLoadBalancer', 'elasticloadbalancing:DeregisterTargets'],
        Resource: [elb('targetgroup/*'), elb('loadbalancer/*')],
      },
    ]);
  });

  test('may run no document that no policy names', () => {
    const step = stepOf(['ssm:SendCommand']);

    expect(() => ofDrain([drainPolicy(step)])).toThrow("a step that names no document can't be permitted");
  });

  test.each<[string, BoundPolicy, Settings]>([
    ['observes', { ...drainPolicy(stepOf(['elbv2:DeregisterTargets'])), mode: 'observe' }, isOn],
    ['enforces where enforcement is off', drainPolicy(stepOf(['elbv2:DeregisterTargets'])), settings],
    ['only tells', drainPolicy(), isOn],
  ])('may change nothing where a policy %s', (_, policy, given) => {
    expect(changes([policy], given)).toEqual([]);
  });

  test('changes nothing in what inspect may do', () => {
    const step = stepOf(['elbv2:DeregisterTargets'], { needs: ['targetGroups'] });
    const needing = { ...drainPolicy(step), needs: policyThatNeeds('volumes').needs };
    const inspecting = [policyThatNeeds('kmsAliases')];

    expect(roles([...inspecting, needing], isOn).InspectRole).toEqual(roles(inspecting, isOn).InspectRole);
  });
});
