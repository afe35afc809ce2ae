import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import * as z from 'zod';
import { actions } from '../../src/actions/index.ts';
import { coloursFor } from '../../src/cli/output/colours.ts';
import { ec2Changes, permissionsDocument } from '../../src/cli/permissions-document.ts';
import type { IamPolicy, PermissionsDocument } from '../../src/cli/report/document.ts';
import { permissionsText } from '../../src/cli/report/permissions-text.ts';
import type { AnyAction } from '../../src/domain/action.ts';
import type { Json } from '../../src/domain/json.ts';
import type { BoundPolicy } from '../../src/domain/policy.ts';
import { bindAll } from '../../src/language/bind.ts';
import { loadPolicies } from '../../src/language/load.ts';
import { rules } from '../../src/rules/index.ts';
import { settingsOf } from '../../src/stack/settings.ts';
import { template } from '../../src/stack/stack.ts';
import { inFolderUntilDone } from '../language/folder.ts';
import { drainPolicy, policyThatNeeds, stepOf } from '../stack/policies.ts';
import { draining } from '../support/drain-stages.ts';
import { enforcing, policyFor } from '../support/policies.ts';
import { fixture, runCli } from './run-cli.ts';

/** A policy of tags, with more keys where a test gives them. */
const tagged = (more = '') => `name: tagged
description: Every instance names its owner.
severity: high
rule: required-tags
parameters: { keys: [{ key: Owner }] }
${more}actions: [notify]
`;
const disks = `name: disks
description: Every volume is encrypted with our key.
severity: high
rule: encrypted-volumes
parameters: { kmsKeys: [alias/disks] }
actions: [notify]
`;

/** What a template leaves to CloudFormation. */
interface Intrinsic {
  readonly Ref?: string;
  readonly 'Fn::GetAtt'?: readonly string[];
  readonly 'Fn::Join'?: readonly [separator: string, parts: readonly (string | { readonly Ref: string })[]];
}

/** Runs `permissions` over policies, by name. */
function permissionsOf(policies: Readonly<Record<string, string>>, options = '') {
  const files = Object.entries(policies).map(([name, text]) => [`policies/${name}/policy.yml`, text]);
  return inFolderUntilDone(Object.fromEntries(files), (folder) => runCli(`permissions ${options}`, folder));
}

const documentOf = (stdout: string) => JSON.parse(stdout) as PermissionsDocument;

/** A policy that drains. */
const spot = `name: spot
description: Spot instances are drained.
severity: high
rule: spot-interruption
mode: enforce
actions: [notify, deregister-targets, { put-event: { bus: operations } }]
`;

test.each([
  ['off', ': nothing is called, enforcement is off'],
  ['on', ''],
])('prints what steps of a drain change by, with enforcement %s', async (enforcement, why) => {
  const { exitCode, stdout } = await permissionsOf({ spot }, `--enforcement ${enforcement}`);

  expect(exitCode).toBe(0);
  expect(stdout).toContain(`

Steps of a drain, and what they change by
  deregister-targets  of policy spot${why}
    elasticloadbalancing:DeregisterTargets
    elasticloadbalancing:RegisterTargets to put it back
  put-event  of policy spot${why}
    events:PutEvents

Your own credentials`);
  expect(stdout).toMatch(
    /^No permission to change anything in EC2 \(1 policy; actions: notify, deregister-targets, put-event\)\./,
  );
});

test('tells steps of a drain as data', async () => {
  const observing = spot.replace('mode: enforce', 'mode: observe');

  expect(documentOf((await permissionsOf({ spot: observing }, '--format json')).stdout).steps).toEqual([
    {
      policy: 'spot',
      step: 'deregister-targets',
      actions: ['elasticloadbalancing:DeregisterTargets'],
      undoActions: ['elasticloadbalancing:RegisterTargets'],
      onlyWould: 'the policy observes',
    },
    {
      policy: 'spot',
      step: 'put-event',
      actions: ['events:PutEvents'],
      undoActions: [],
      onlyWould: 'the policy observes',
    },
  ]);
});

test('prints for each role and statement why it is there, and who needs each read', async () => {
  const exempt = `exempt:
  - match: { when: "size(instance.BlockDeviceMappings) > 2" }
    reason: appliance of the vendor
    until: 2027-03-31
`;

  expect(await permissionsOf({ disks, tagged: tagged(exempt) })).toEqual({
    exitCode: 0,
    stderr: '',
    stdout: `No permission to change anything in EC2 (2 policies; actions: notify).

InspectRole, of the function inspect
  Read  Looks at instances and at what the policies need to know of them, wherever in the Region that is.
    ec2:DescribeInstances
      every deployment: each look at an instance begins with it
    ec2:DescribeVolumes
      disks (rule encrypted-volumes) needs volumes
      tagged (rule required-tags) needs volumes by its \`exempt\`
    kms:ListAliases
      disks (rule encrypted-volumes) needs kmsAliases
    on *
    if StringEquals aws:RequestedRegion \${AWS::Region}
  KeepFindings  Keeps findings, and alerts until they are sent, in the deployment's own table.
    dynamodb:BatchGetItem
    dynamodb:PutItem
    dynamodb:Scan
    dynamodb:UpdateItem
    on \${FindingsTable.Arn}
  Alert  Sends alerts, and what the guardrail says of itself, to topics.
    sns:Publish
    on \${AlertsTopic}
    on \${OperationsTopic}
  EncryptAlerts  Publishing to an encrypted topic takes a data key in the publisher's own name, by way of SNS alone.
    kms:Decrypt
    kms:GenerateDataKey
    on \${TopicKey.Arn}
    if StringEquals kms:ViaService sns.\${AWS::Region}.\${AWS::URLSuffix}
  LookAgainLater  Looks again later at what could not be judged, and hands over large groups in parts.
    sqs:SendMessage
    on \${LiveQueue.Arn}
    on \${BulkQueue.Arn}
  ReceiveWork  Lambda takes messages off the queues for the function, in the function's name.
    sqs:ReceiveMessage
    sqs:DeleteMessage
    sqs:GetQueueAttributes
    on \${LiveQueue.Arn}
    on \${BulkQueue.Arn}
  TellFindings  Tells findings as events, to whoever listens on the default bus.
    events:PutEvents
    on arn:\${AWS::Partition}:events:\${AWS::Region}:\${AWS::AccountId}:event-bus/default
  Log  Writes the function's log; the group belongs to the stack, so that none is created.
    logs:CreateLogStream
    logs:PutLogEvents
    on arn:\${AWS::Partition}:logs:\${AWS::Region}:\${AWS::AccountId}:log-group:/aws/lambda/ec2-guardrail-prod-inspect:*

SweepRole, of the function sweep
  Read  Looks at instances and at what the policies need to know of them, wherever in the Region that is.
    ec2:DescribeInstances
      every deployment: each look at an instance begins with it
    on *
    if StringEquals aws:RequestedRegion \${AWS::Region}
  KeepFindings  Keeps findings, and alerts until they are sent, in the deployment's own table.
    dynamodb:BatchGetItem
    dynamodb:PutItem
    dynamodb:Scan
    on \${FindingsTable.Arn}
  Alert  Sends alerts, and what the guardrail says of itself, to topics.
    sns:Publish
    on \${AlertsTopic}
    on \${OperationsTopic}
  EncryptAlerts  Publishing to an encrypted topic takes a data key in the publisher's own name, by way of SNS alone.
    kms:Decrypt
    kms:GenerateDataKey
    on \${TopicKey.Arn}
    if StringEquals kms:ViaService sns.\${AWS::Region}.\${AWS::URLSuffix}
  HandOver  Hands over all instances in parts.
    sqs:SendMessage
    on \${BulkQueue.Arn}
  KeepFailedRuns  Lambda sends what it knows of a failed run, in the function's name.
    sqs:SendMessage
    on \${UndeliveredQueue.Arn}
  Log  Writes the function's log; the group belongs to the stack, so that none is created.
    logs:CreateLogStream
    logs:PutLogEvents
    on arn:\${AWS::Partition}:logs:\${AWS::Region}:\${AWS::AccountId}:log-group:/aws/lambda/ec2-guardrail-prod-sweep:*

Your own credentials, for a live account

  scan
    ec2:DescribeInstances
    ec2:DescribeVolumes
    kms:ListAliases
    on *

  snapshot
    ec2:DescribeInstanceTypes
    ec2:DescribeInstances
    ec2:DescribeNetworkInterfaces
    ec2:DescribeSecurityGroupRules
    ec2:DescribeSecurityGroups
    ec2:DescribeSpotInstanceRequests
    ec2:DescribeVolumes
    ec2:GetManagedPrefixListEntries
    kms:ListAliases
    on *
    ec2:DescribeInstanceAttribute
    on *

  findings, explain, exempt
    dynamodb:ListTables
    on *
    dynamodb:Scan
    on \${FindingsTable.Arn}

  pause
    dynamodb:ListTables
    on *
    dynamodb:BatchGetItem
    dynamodb:PutItem
    on \${FindingsTable.Arn}

  resume, promote, undo
    dynamodb:ListTables
    on *
    dynamodb:BatchGetItem
    dynamodb:PutItem
    dynamodb:Scan
    on \${FindingsTable.Arn}

  drain
    dynamodb:ListTables
    on *
    dynamodb:BatchGetItem
    dynamodb:PutItem
    dynamodb:Scan
    on \${FindingsTable.Arn}
    ec2:DescribeInstances
    on *
    events:PutEvents
    on arn:\${AWS::Partition}:events:\${AWS::Region}:\${AWS::AccountId}:event-bus/default
    if StringEquals events:source ec2-guardrail.selftest
`,
  });
});

test('a policy that needs more shows just what it adds', async () => {
  const one = await permissionsOf({ tagged: tagged() });
  const two = await permissionsOf({ tagged: tagged(), disks });

  const before = one.stdout.split('\n');
  expect(before[0]).toBe('No permission to change anything in EC2 (1 policy; actions: notify).');
  expect(two.stdout.split('\n').filter((line) => !before.includes(line))).toEqual([
    'No permission to change anything in EC2 (2 policies; actions: notify).',
    '      disks (rule encrypted-volumes) needs volumes',
    '      disks (rule encrypted-volumes) needs kmsAliases',
  ]);
  expect(documentOf((await permissionsOf({ tagged: tagged() }, '--format json')).stdout).reads).toEqual([
    { action: 'ec2:DescribeInstances', neededBy: [] },
  ]);
});

test('a condition whose fields can not be read off needs all that there is, and is named for it', async () => {
  const match = `match: { when: "size(instance) > 3" }\n`;
  const { stdout } = await permissionsOf({ tagged: tagged(match) }, '--format json');
  const { reads } = documentOf(stdout);
  const needing = (...needs: readonly string[]) => [{ policy: 'tagged', rule: 'required-tags', by: 'match', needs }];

  expect(reads).toEqual([
    { action: 'ec2:DescribeInstanceTypes', neededBy: needing('instanceTypeInfo') },
    { action: 'ec2:DescribeInstances', neededBy: [] },
    { action: 'ec2:DescribeNetworkInterfaces', neededBy: needing('networkInterfaces') },
    { action: 'ec2:DescribeSecurityGroupRules', neededBy: needing('securityGroups') },
    { action: 'ec2:DescribeSecurityGroups', neededBy: needing('securityGroups', 'prefixLists', 'sourceGroups') },
    { action: 'ec2:DescribeVolumes', neededBy: needing('volumes') },
    { action: 'ec2:GetManagedPrefixListEntries', neededBy: needing('prefixLists') },
    { action: 'kms:ListAliases', neededBy: needing('kmsAliases') },
  ]);
});

describe('of the shipped policies', () => {
  /** What CloudFormation would fill in. */
  const values: Readonly<Record<string, string>> = {
    'AWS::AccountId': '123456789012',
    'AWS::Partition': 'aws',
    'AWS::Region': 'eu-central-1',
    'AWS::URLSuffix': 'amazonaws.com',
    AlertsTopic: 'arn:aws:sns:eu-central-1:123456789012:alerts',
    OperationsTopic: 'arn:aws:sns:eu-central-1:123456789012:operations',
    'BulkQueue.Arn': 'arn:aws:sqs:eu-central-1:123456789012:bulk',
    'FindingsTable.Arn': 'arn:aws:dynamodb:eu-central-1:123456789012:table/findings',
    'LiveQueue.Arn': 'arn:aws:sqs:eu-central-1:123456789012:live',
    'TopicKey.Arn': 'arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab',
    'UndeliveredQueue.Arn': 'arn:aws:sqs:eu-central-1:123456789012:undelivered',
  };
  const filled = (name: string) => values[name] ?? `no value for ${name}`;

  /** As CloudFormation deploys a template. */
  function deployed(value: Json | undefined): Json {
    if (typeof value !== 'object' || value === null) return value ?? 'undefined';
    if (Array.isArray(value)) return value.map(deployed);
    const { Ref, 'Fn::GetAtt': attribute, 'Fn::Join': join } = value as Intrinsic;
    if (Ref !== undefined) return filled(Ref);
    if (attribute !== undefined) return filled(attribute.join('.'));
    if (join !== undefined)
      return join[1].map((part) => (typeof part === 'string' ? part : filled(part.Ref))).join(join[0]);
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, deployed(inner)]));
  }

  /** A document of ours, with the placeholders filled in. */
  function filledIn(document: IamPolicy | undefined): Json {
    return JSON.parse(JSON.stringify(document).replace(/\$\{([^}]+)\}/g, (_, name) => filled(name)));
  }

  const loaded = loadPolicies(['policies'], {
    rules,
    actions,
    cwd: process.cwd(),
    now: new Date('2026-06-01T00:00:00Z'),
  });
  const { Resources } = template(bindAll(loaded.policies, { rules, actions }), { name: 'ec2-guardrail-prod' });

  test('the roles in JSON are those of the template, as CloudFormation would fill them in', async () => {
    const { exitCode, stdout, stderr } = await runCli('permissions --format json', '.');
    const { version, policies, actions, ec2Changes: changes, roles } = documentOf(stdout);
    const inTemplate = Object.entries(Resources).filter(([, { Type }]) => Type === 'AWS::IAM::Role');

    expect({ exitCode, stderr, version, actions, changes }).toEqual({
      exitCode: 0,
      stderr: '',
      version: 1,
      actions: ['notify'],
      changes: [],
    });
    expect(policies).toEqual(loaded.policies.map(({ name }) => name));
    expect(Object.keys(roles)).toEqual(inTemplate.map(([id]) => id));
    for (const [id, { Properties }] of inTemplate)
      expect([{ PolicyName: 'own', PolicyDocument: filledIn(roles[id]) }]).toEqual(deployed(Properties.Policies));
    expect(JSON.stringify(Object.values(roles).map(filledIn))).not.toMatch(/no value|\$\{/);
  });

  test('of all parameters the topic of your own and its key change the roles, and nothing else', async () => {
    const alertTopicArn = 'arn:aws:sns:eu-central-1:123456789012:own';
    const alertTopicKeyArn = 'arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555';
    const given = { alertTopicArn, alertTopicKeyArn, operationsEmail: 'ops@example.com' };
    const settings = settingsOf({ name: 'ec2-guardrail-prod', region: 'eu-central-1' }, given);
    const { stdout } = await runCli('permissions --format json', '.');
    const { roles } = permissionsDocument(bindAll(loaded.policies, { rules, actions }), settings);
    const replaced = JSON.stringify(documentOf(stdout).roles)
      .replaceAll(`\${AlertsTopic}`, alertTopicArn)
      .replaceAll(`"\${TopicKey.Arn}"`, `"\${TopicKey.Arn}","${alertTopicKeyArn}"`);

    expect(JSON.stringify(roles)).toBe(replaced);
  });

  test('docs/security.md shows how it begins', async () => {
    const [, shown = 'nothing'] =
      /```\n(No permission [\s\S]*?)```/.exec(readFileSync('docs/security.md', 'utf8')) ?? [];
    const { stdout } = await runCli('permissions', '.');

    expect(stdout.slice(0, shown.length)).toBe(shown);
  });

  test('every statement is explained', async () => {
    const { roles, why } = documentOf((await runCli('permissions --format json', '.')).stdout);
    const sids = Object.values(roles).flatMap(({ Statement }) => Statement.map(({ Sid }) => Sid));

    expect(Object.keys(why).sort()).toEqual([...new Set(sids)].sort());
    expect(Object.values(why).filter((sentence) => !/^[A-Z][^.]+\.$/.test(sentence))).toEqual([]);
  });

  test('every read but that of the instances names a policy that needs it', async () => {
    const { roles, reads } = documentOf((await runCli('permissions --format json', '.')).stdout);

    expect(reads.map(({ action }) => action)).toEqual(roles.InspectRole?.Statement[0]?.Action);
    expect(reads.filter(({ neededBy }) => neededBy.length === 0).map(({ action }) => action)).toEqual([
      'ec2:DescribeInstances',
    ]);
  });
});

describe('what may change EC2', () => {
  test.each([
    [['ec2:DescribeInstances', 'kms:ListAliases', 'dynamodb:PutItem', 'kms:Decrypt'], []],
    [
      ['ec2:StopInstances', 'ec2:DescribeVolumes', 'ec2:CreateTags', 'ec2:StopInstances'],
      ['ec2:CreateTags', 'ec2:StopInstances'],
    ],
    // Read by name, and not known to the table of needs.
    [['ec2:DescribeImages'], ['ec2:DescribeImages']],
    [
      ['ec2:Describe*', '*'],
      ['*', 'ec2:Describe*'],
    ],
  ])('of %j it is %j', (actions, changes) => {
    expect(ec2Changes(actions)).toEqual(changes);
  });

  test('stands in the first line', async () => {
    const document = documentOf((await permissionsOf({ tagged: tagged() }, '--format json')).stdout);
    const changes = { ...document, actions: ['notify', 'stop'], ec2Changes: ['ec2:CreateTags', 'ec2:StopInstances'] };

    expect(permissionsText(changes, coloursFor({ isTTY: false, env: {} })).split('\n')[0]).toBe(
      'May change EC2 by ec2:CreateTags, ec2:StopInstances (1 policy; actions: notify, stop).',
    );
  });
});

test.each([
  [
    '',
    'No permission to change anything in EC2 (1 policy; actions: notify, stop) (with --enforcement on: ec2:StopInstances).',
  ],
  ['--enforcement on', 'May change EC2 by ec2:StopInstances (1 policy; actions: notify, stop).'],
])('of policies that would act, the first line says so: %s', async (options, line) => {
  const acting = tagged('mode: enforce\n').replace('[notify]', '[notify, stop]');

  expect((await permissionsOf({ tagged: acting }, options)).stdout.split('\n')[0]).toBe(line);
});

describe('of a policy that drains', () => {
  const step = stepOf(['elbv2:DeregisterTargets'], { needs: ['targetGroups'] });
  const documentFor = (policies: readonly BoundPolicy[]) =>
    permissionsDocument(policies, { name: 'ec2-guardrail-prod', enforcement: 'on' });

  test('the role of drain is there, and what it reads is not asked of inspect', () => {
    const needing = { ...drainPolicy(step), needs: policyThatNeeds('volumes').needs };
    const document = documentFor([policyThatNeeds(), needing]);
    const { roles, reads, why } = document;

    expect(Object.keys(roles)).toEqual(['InspectRole', 'SweepRole', 'DrainRole']);
    expect(roles.DrainRole?.Statement[0]?.Action).toEqual(
      expect.arrayContaining(['ec2:DescribeVolumes', 'elasticloadbalancing:DescribeTargetHealth']),
    );
    expect(reads.map(({ action }) => action)).toEqual(['ec2:DescribeInstances']);
    expect(why).toHaveProperty('DrainBalancers');
    expect(permissionsText(document, coloursFor({ isTTY: false, env: {} }))).toContain(
      'DrainRole, of the function drain\n',
    );
  });
});

test('what enforcement.yml protects stands there as what is never done', async () => {
  const acting = tagged('mode: enforce\n').replace('[notify]', '[notify, stop]');
  const files = {
    'policies/tagged/policy.yml': acting,
    'policies/enforcement.yml': 'protected: { tags: { Environment: [prod, live] } }\n',
  };
  const run = (options: string) => inFolderUntilDone(files, (folder) => runCli(`permissions ${options}`, folder));

  expect(
    (await run('--enforcement on')).stdout,
  ).toContain(`  SpareProtected1  Refuses to touch what enforcement.yml protects, as far as IAM can say it: whatever else the role or the code allows.
    never ec2:StopInstances
    on arn:\${AWS::Partition}:ec2:\${AWS::Region}:\${AWS::AccountId}:instance/*
    if StringLike aws:ResourceTag/Environment prod, live
`);
  expect((await run('--enforcement off')).stdout).not.toContain('SpareProtected');
  expect(documentOf((await run('--enforcement on --format json')).stdout).ec2Changes).toEqual(['ec2:StopInstances']);
});

describe('what undo needs', () => {
  const said = (action: AnyAction, parameters: Json) => {
    const policy = enforcing(policyFor('restricted-ingress', { ports: [22] }), action, { parameters });
    const { commands } = permissionsDocument([policy], { name: 'ec2-guardrail-prod' });
    return commands.undo?.Statement.flatMap(({ Action }) => Action);
  };
  const examples = actions.flatMap((action) =>
    action.examples.flatMap(({ title, parameters, expect: expected }) =>
      'undo' in expected ? [{ title: `${action.id}: ${title}`, action, parameters, undo: expected.undo }] : [],
    ),
  );

  test.each(examples)('$title', ({ action, parameters, undo }) => {
    const asked = action.parameters(z).parse(parameters) as Json;
    expect(said(action, asked)).toEqual(expect.arrayContaining(undo.map(({ operation }) => operation)));
  });

  test.each<[string, boolean]>([
    ['stop', true],
    ['terminate', false],
  ])('of %s is the use of keys where instances are started again: %p', (id, isThere) => {
    const action = actions.find((one) => one.id === id);
    expect(action && said(action, {})?.includes('kms:CreateGrant')).toBe(isThere);
  });

  test('is nothing of EC2 where no action is in use', async () => {
    const { commands } = documentOf((await permissionsOf({ tagged: tagged() }, '--format json')).stdout);
    expect(JSON.stringify(commands.undo)).not.toContain('ec2:');
  });
});

test('what drain puts back needs is what the steps of the policies undo', () => {
  const { commands } = permissionsDocument([draining(['deregister-targets', 'drain-container-instance'])], {
    name: 'ec2-guardrail-prod',
  });
  const [read, rehearse, putBack] = commands.drain?.Statement.slice(2) ?? [];

  expect(read?.Action).toEqual(['ec2:DescribeInstances', 'ecs:DescribeContainerInstances']);
  expect([rehearse?.Action, rehearse?.Condition]).toEqual([
    ['events:PutEvents'],
    { StringEquals: { 'events:source': 'ec2-guardrail.selftest' } },
  ]);
  expect(putBack?.Action).toEqual(['ecs:UpdateContainerInstancesState', 'elasticloadbalancing:RegisterTargets']);
});

test.each(['', ' --format json'])(
  'policies with mistakes print what validate%s prints, and exit with 2',
  async (format) => {
    const validated = await runCli(`validate${format}`, fixture('five-mistakes'));

    expect(validated.exitCode).toBe(2);
    expect(await runCli(`permissions${format}`, fixture('five-mistakes'))).toEqual(validated);
  },
);

test('several PATHs are one deployment', async () => {
  const { stdout } = await runCli('permissions failing/policies clean/policies --format json', fixture('.'));

  expect(documentOf(stdout).policies).toEqual(['owned', 'half-tested', 'no-tests', 'wrong-case']);
});

test('asks for no credentials', async () => {
  const places: unknown[] = [];
  const aws = (place: unknown) => {
    places.push(place);
    return Promise.reject(new Error('no credentials'));
  };

  expect((await runCli('permissions', '.', { aws })).exitCode).toBe(0);
  expect(places).toEqual([]);
});

describe('--stage', () => {
  const logsIn = (stdout: string) => [...stdout.matchAll(/log-group:(\S+):\*/g)].map(([, group]) => group);

  test('names the deployment', async () => {
    expect(logsIn((await runCli('permissions --stage test', fixture('clean'))).stdout)).toEqual([
      '/aws/lambda/ec2-guardrail-test-inspect',
      '/aws/lambda/ec2-guardrail-test-sweep',
    ]);
  });

  test('left out is the stage that serverless.yml has, and the service is its own', async () => {
    const { service, provider } = parse(readFileSync('serverless.yml', 'utf8'), { logLevel: 'silent' });
    const [, stage] = /^\$\{opt:stage, '(\w+)'\}$/.exec(provider.stage) ?? [];

    expect(logsIn((await runCli('permissions', fixture('clean'))).stdout)).toEqual([
      `/aws/lambda/${service}-${stage}-inspect`,
      `/aws/lambda/${service}-${stage}-sweep`,
    ]);
  });

  test('refuses what can not be one', async () => {
    expect(await runCli('permissions --stage a/b', fixture('clean'))).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: "error: option '--stage <stage>' argument 'a/b' is invalid. Write it like prod.\n",
    });
  });
});

test('tells of every command that takes a profile', async () => {
  const commandsIn = async (command: string) => {
    const [, list = ''] = (await runCli(`${command} --help`, '.')).stdout.split('\nCommands:\n');
    return [...list.matchAll(/^ {2}([a-z]+) /gm)].flatMap(([, name]) => (name === 'help' ? [] : (name ?? [])));
  };
  const takesProfile = async (command: string): Promise<boolean> => {
    const { stdout } = await runCli(`${command} --help`, '.');
    if (stdout.includes('--profile <')) return true;
    const parts = await Promise.all((await commandsIn(command)).map((part) => takesProfile(`${command} ${part}`)));
    return parts.some(Boolean);
  };
  const live: string[] = [];
  for (const command of await commandsIn('')) if (await takesProfile(command)) live.push(command);

  expect(live).toEqual(expect.arrayContaining(['scan', 'snapshot']));
  const { commands } = documentOf((await runCli('permissions --format json', fixture('clean'))).stdout);
  expect(Object.keys(commands).sort()).toEqual(live.sort());
});
