import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTagsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { CreateAliasCommand, CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import type { PermissionsDocument, ScanDocument } from '../../src/cli/report/document.ts';
import { ec2Guardrail } from './support/cli.ts';
import { accountId } from './support/deployment.ts';
import { createPrefixList, createSecurityGroup, given, launchInstance, sshFrom, tagList } from './support/ec2.ts';
import { asWhom, type GuardedMoto, startGuardedMoto, userWho } from './support/guarded-moto.ts';

const region = 'us-west-2';
const folder = mkdtempSync(join(tmpdir(), 'refused-'));
const policies = join(folder, 'policies');
/** Long after the launch: it has settled. */
const scan = `scan --policies ${policies} --region ${region} --format json --all --now 2100-01-01T00:00:00Z`;

/** What `permissions` says that a command needs. */
let told: { readonly scan: readonly string[]; readonly snapshot: readonly string[] };

async function toldNeeds(): Promise<typeof told> {
  const { stdout } = await ec2Guardrail(`permissions --format json ${policies}`);
  const { commands } = JSON.parse(stdout) as PermissionsDocument;
  const needs = (command: string) => commands[command]?.Statement.flatMap(({ Action }) => Action) ?? [];
  return { scan: needs('scan'), snapshot: needs('snapshot') };
}

const snapshotTo = (out: string) => `snapshot --region ${region} --out ${out} --with-attributes`;

let moto: GuardedMoto;

beforeAll(async () => {
  moto = await startGuardedMoto();
  await build();
  writePolicies();
  told = await toldNeeds();
});

afterAll(async () => {
  rmSync(folder, { recursive: true });
  await moto.stop();
});

/** An instance of which all policies below hold, and what they read of it. */
async function build(): Promise<void> {
  const config = { region, endpoint: moto.url, credentials: moto.administrator };
  const ec2 = new EC2Client(config);
  const kms = new KMSClient(config);
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  const kmsKeyId = given(KeyMetadata?.KeyId, 'the id of the key');
  await kms.send(new CreateAliasCommand({ AliasName: 'alias/disks', TargetKeyId: kmsKeyId }));
  const offices = await createPrefixList(ec2, 'offices', [{ Cidr: '203.0.113.0/24' }]);
  const bastion = await createSecurityGroup(ec2, 'bastion');
  const web = await createSecurityGroup(ec2, 'web', [
    sshFrom({ PrefixListIds: [{ PrefixListId: offices }], UserIdGroupPairs: [{ GroupId: bastion }] }),
  ]);
  const { NetworkInterfaces } = await launchInstance(ec2, { securityGroupIds: [web], kmsKeyId });
  const interfaceId = given(NetworkInterfaces?.[0]?.NetworkInterfaceId, 'the id of the interface');
  const setTags = (id: string, tags: Readonly<Record<string, string>>) =>
    ec2.send(new CreateTagsCommand({ Resources: [id], Tags: tagList(tags) }));
  await setTags(bastion, { Role: 'bastion' });
  await setTags(interfaceId, { Owner: 'jane' });
}

/** Policies that between them need every read. */
function writePolicies(): void {
  const sources = ['203.0.113.0/24', { group: { tags: { Role: ['bastion'] } } }];
  const files = [
    ['disks', 'encrypted-volumes', { kmsKeys: ['alias/disks'] }],
    ['interfaces', 'required-tags', { keys: [{ key: 'Owner' }], resources: ['network-interface'] }],
    ['ssh', 'restricted-ingress', { ports: [22], allowedSources: sources }],
    ['types', 'approved-instance-types', { currentGeneration: true }],
  ] as const;
  for (const [name, rule, parameters] of files) {
    mkdirSync(join(policies, name), { recursive: true });
    // JSON is YAML.
    const policy = { name, description: `Of ${name}.`, severity: 'high', rule, parameters, actions: ['notify'] };
    writeFileSync(join(policies, name, 'policy.yml'), JSON.stringify(policy));
  }
}

/** A run of `scan` or `snapshot` by a user who may do exactly this. */
async function runBy(actions: readonly string[], command: string) {
  return ec2Guardrail(command, asWhom(moto, await userWho(moto.iam, actions)));
}

/** What each policy says of the one instance. */
function outcomesIn(stdout: string) {
  const { findings } = JSON.parse(stdout) as ScanDocument;
  return Object.fromEntries(findings.map(({ policy, compliance }) => [policy, compliance]));
}

const allHold = { disks: 'COMPLIANT', interfaces: 'COMPLIANT', ssh: 'COMPLIANT', types: 'COMPLIANT' };

/** What hangs on each permission of both: a policy's word, and a file of a snapshot. Of a group's rules only their ids are told. */
const lackingBoth = [
  ['ec2:DescribeVolumes', ['disks'], 'describe-volumes.json'],
  ['kms:ListAliases', ['disks'], 'kms.list-aliases.json'],
  ['ec2:DescribeNetworkInterfaces', ['interfaces'], 'describe-network-interfaces.json'],
  ['ec2:DescribeSecurityGroups', ['ssh'], 'describe-security-groups.json'],
  ['ec2:DescribeSecurityGroupRules', [], 'describe-security-group-rules.json'],
  ['ec2:GetManagedPrefixListEntries', ['ssh'], 'get-managed-prefix-list-entries.pl-.*.json'],
  ['ec2:DescribeInstanceTypes', ['types'], 'describe-instance-types.json'],
] as const;

/** The same of `snapshot` alone: what is read before an instance is stopped. The two attributes of the one instance are told in one line. */
const lackingSnapshot = [
  ['ec2:DescribeSpotInstanceRequests', [], 'describe-spot-instance-requests.json'],
  ['ec2:DescribeInstanceAttribute', [], 'describe-instance-attribute.i-.*.disableApiStop.json and 1 more like it'],
] as const;

test('scan needs what `permissions` lists, and no more', async () => {
  const { exitCode, stdout, stderr } = await runBy(told.scan, scan);

  expect(outcomesIn(stdout)).toEqual(allHold);
  expect(stderr).toBe(`${region}: reading instances\n${region}: inspected 1 of 1 instances\n`);
  expect(exitCode).toBe(0);
});

test('snapshot needs what `permissions` lists, and no more', async () => {
  const out = join(folder, 'whole');

  const { exitCode, stdout } = await runBy(told.snapshot, snapshotTo(out));

  expect(stdout).toBe(`${out}: 11 files recorded, 0 left out\n`);
  expect(exitCode).toBe(0);
});

test('`permissions` lists nothing that could be left out, and docs/security.md the same', () => {
  const read = ['ec2:DescribeInstances', ...lackingBoth.map(([action]) => action)];
  const needed = [...read, ...lackingSnapshot.map(([action]) => action)].sort();

  expect([...told.scan].sort()).toEqual(read.sort());
  expect([...told.snapshot].sort()).toEqual(needed);
  const [table = ''] = /^\| a policy that looks at [\s\S]*?\n\n/m.exec(readFileSync('docs/security.md', 'utf8')) ?? [];
  const documented = new Set(['ec2:DescribeInstances', ...(table.match(/\b(?:ec2|kms):\w+/g) ?? [])]);
  expect([...documented].sort()).toEqual(needed);
});

const without = (action: string, actions: readonly string[]) => actions.filter((one) => one !== action);

/** What is told of a call that was refused. */
function refusalOf(action: string): string {
  const code = action.startsWith('kms:') ? 'AccessDeniedException' : 'UnauthorizedOperation';
  return `${code}: User: arn:aws:iam::${accountId}:user/.* is not authorized to perform: ${action}`;
}

describe.each(lackingBoth)('without %s', (action, unknown) => {
  test('scan goes on, says what it could not read, and names the permission', async () => {
    const { exitCode, stdout, stderr } = await runBy(without(action, told.scan), `${scan} --fail-on-unknown`);

    expect(outcomesIn(stdout)).toEqual({
      ...allHold,
      ...Object.fromEntries(unknown.map((policy) => [policy, 'INSUFFICIENT_DATA'])),
    });
    expect(stderr).toMatch(new RegExp(`${region}: could not read \\w+: ${refusalOf(action)}\n`));
    expect(stderr).toContain(`${region}: grant ${action} to whoever these credentials are of\n`);
    expect(exitCode).toBe(unknown.length > 0 ? 1 : 0);
  });
});

describe.each([...lackingBoth, ...lackingSnapshot])('without %s', (action, _, file) => {
  test('snapshot leaves the file out, and names the permission', async () => {
    const out = join(folder, action.replace(':', '-'));

    const { exitCode, stdout, stderr } = await runBy(without(action, told.snapshot), snapshotTo(out));

    expect(stderr).toMatch(new RegExp(`could not record ${file}: ${refusalOf(action)}\n`));
    expect(stderr).toContain(`grant ${action} to whoever these credentials are of\n`);
    const [pattern = '', more] = file.split(' and ');
    expect(readdirSync(out).filter((name) => new RegExp(`^${pattern}$`).test(name))).toEqual([]);
    const leftOut = more === undefined ? 1 : 2;
    expect(stdout).toBe(`${out}: ${readdirSync(out).length} files recorded, ${leftOut} left out\n`);
    expect(exitCode).toBe(1);
  });
});

describe('who may not list instances', () => {
  const out = join(folder, 'nothing');
  const snapshot = snapshotTo(out);

  test.each([
    ['scan', scan],
    ['snapshot', snapshot],
  ])('is told by %s what is missing, and nothing else comes', async (_, command) => {
    const others = told.snapshot.filter((action) => action !== 'ec2:DescribeInstances');

    const { exitCode, stdout, stderr } = await runBy(others, command);

    expect({ exitCode, stdout, isWritten: existsSync(out) }).toEqual({ exitCode: 2, stdout: '', isWritten: false });
    expect(stderr).toContain(`can't list the instances of ${region}: UnauthorizedOperation: User: arn:aws:iam::`);
    expect(stderr).toContain('grant ec2:DescribeInstances to whoever these credentials are of');
  });

  test.each([
    ['scan', scan],
    ['snapshot', snapshot],
  ])('because of a wrong key is told by %s to get a right one', async (_, command) => {
    const keys = { ...(await userWho(moto.iam, told.snapshot)), secretAccessKey: 'mistyped' };

    const { exitCode, stdout, stderr } = await ec2Guardrail(command, asWhom(moto, keys));

    expect({ exitCode, stdout, isWritten: existsSync(out) }).toEqual({ exitCode: 2, stdout: '', isWritten: false });
    expect(stderr).toContain(`can't list the instances of ${region}: AuthFailure: AWS was not able to validate`);
    expect(stderr).toContain('Set up credentials with `aws configure`');
    expect(stderr).not.toContain('grant ');
  });
});
