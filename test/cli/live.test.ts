import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Io, Place } from '../../src/cli/io.ts';
import { permissionsDocument } from '../../src/cli/permissions-document.ts';
import type { PermissionsDocument, ScanDocument } from '../../src/cli/report/document.ts';
import { readSnapshot } from '../../src/cli/snapshot-files.ts';
import { findingId } from '../../src/domain/finding.ts';
import type { Aws } from '../../src/domain/operations.ts';
import { awsError } from '../../src/sandbox/errors.ts';
import type { Fault } from '../../src/sandbox/faults.ts';
import type { Resources } from '../../src/sandbox/recorded.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { id, sandboxWith } from '../sandbox/account-of-tests.ts';
import { operated } from '../support/operated.ts';
import { plainStop } from '../support/plain-actions.ts';
import { enforcing, policyFor } from '../support/policies.ts';
import { undoableRevoke } from '../support/undoable-actions.ts';
import { exposed, untagged } from '../support/world.ts';
import { runCli } from './run-cli.ts';

const launched = new Date('2026-03-01T08:00:00Z');
const list = 'pl-0aaaaaaaaaaaaaaaa';
const group = (number: number) => `sg-${String(number).padStart(17, '0')}`;
const volume = (number: number) => `vol-${String(number).padStart(17, '0')}`;
const eni = (number: number) => `eni-${String(number).padStart(17, '0')}`;

/** Instances of one zone, more than a page of the sandbox: each with a volume, a group and an interface. */
function account(count: number, zone = 'eu-west-1a'): Resources {
  const numbers = Array.from({ length: count }, (_, index) => index + 1);
  return {
    reservations: numbers.map((number) => ({
      ReservationId: `r-${number}`,
      OwnerId: '111122223333',
      Instances: [
        {
          InstanceId: id(number),
          InstanceType: number % 2 === 0 ? 'm7i.large' : 't2.micro',
          State: { Name: 'running', Code: 16 },
          LaunchTime: launched,
          Placement: { AvailabilityZone: zone },
          Tags: [{ Key: 'Owner', Value: 'jane' }],
          SecurityGroups: [{ GroupId: group(number), GroupName: `web-${number}` }],
          NetworkInterfaces: [
            {
              NetworkInterfaceId: eni(number),
              Groups: [{ GroupId: group(number) }],
              Attachment: { AttachTime: launched },
            },
          ],
          BlockDeviceMappings: [
            { DeviceName: '/dev/xvda', Ebs: { VolumeId: volume(number), AttachTime: launched, Status: 'attached' } },
          ],
        },
      ],
    })),
    volumes: numbers.map((number) => ({
      VolumeId: volume(number),
      Encrypted: number % 3 === 0,
      CreateTime: launched,
      Attachments: [{ InstanceId: id(number), AttachTime: launched, Device: '/dev/xvda', State: 'attached' }],
    })),
    securityGroups: numbers.map((number) => ({
      GroupId: group(number),
      GroupName: `web-${number}`,
      OwnerId: '111122223333',
      VpcId: 'vpc-1',
      IpPermissions: [
        {
          IpProtocol: 'tcp',
          FromPort: 22,
          ToPort: 22,
          IpRanges: number % 2 === 0 ? [{ CidrIp: '0.0.0.0/0' }] : [],
          PrefixListIds: [{ PrefixListId: list }],
        },
      ],
    })),
    networkInterfaces: numbers.map((number) => ({
      NetworkInterfaceId: eni(number),
      Groups: [{ GroupId: group(number) }],
      Attachment: { InstanceId: id(number), AttachTime: launched },
    })),
    spotInstanceRequests: numbers.map((number) => ({
      SpotInstanceRequestId: `sir-${number}`,
      Type: 'one-time',
      State: 'active',
      CreateTime: launched,
      LaunchSpecification: { InstanceType: 'm7i.large', UserData: 'c2VjcmV0' },
    })),
    instanceAttributes: { [id(1)]: { disableApiStop: true } },
    instanceTypes: ['m7i.large', 't2.micro', 'c7i.large'].map((type) => ({
      InstanceType: type as 'm7i.large',
      CurrentGeneration: type !== 't2.micro',
    })),
    kmsAliases: numbers.map((number) => ({
      AliasName: `alias/key-${number}`,
      TargetKeyId: `key-${number}`,
      CreationDate: launched,
    })),
    prefixLists: { [list]: numbers.map((number) => ({ Cidr: `203.0.113.${number}/32`, Description: 'office' })) },
  };
}

/** Which fault strikes every call of an operation. */
function refused(operation: Fault['operation'], error = 'UnauthorizedOperation'): Fault {
  return { operation, error, times: 'always' } as Fault;
}

/** The command line before a sandbox for every Region; which places it connected to is kept. */
function liveCli(sandboxes: Sandbox | Readonly<Record<string, Sandbox>>, io: Partial<Io> = {}) {
  const places: Place[] = [];
  const aws = (place: Place): Promise<Aws> => {
    places.push({ ...place });
    const sandbox = 'aws' in sandboxes ? (sandboxes as Sandbox) : sandboxes[place.region];
    return sandbox === undefined ? Promise.reject(new Error('no such Region')) : Promise.resolve(sandbox.aws);
  };
  return { places, run: (command: string) => runCli(command, '.', { aws, ...io }) };
}

const scanCommand = 'scan --policies policies --format json --all';
const documentOf = (stdout: string) => JSON.parse(stdout) as ScanDocument;

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'live-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

describe('scan --region', () => {
  test('inspects all pages of a live account, reads only, and says how far it is', async () => {
    const sandbox = sandboxWith(account(12));
    const { exitCode, stdout, stderr } = await liveCli(sandbox).run(`${scanCommand} --region eu-west-1`);
    const { findings, summary } = documentOf(stdout);
    expect(exitCode).toBe(1);
    expect(summary).toMatchObject({ instances: 12, insufficientData: 0 });
    const unencrypted = findings.filter(
      (one) => one.policy === 'encrypted-volumes' && one.compliance === 'NON_COMPLIANT',
    );
    expect(unencrypted).toHaveLength(8);
    expect(new Set(findings.map((one) => `${one.accountId} ${one.region}`))).toEqual(
      new Set(['111122223333 eu-west-1']),
    );
    expect(stderr).toBe('eu-west-1: reading instances\neu-west-1: inspected 12 of 12 instances\n');
    expect(sandbox.calls.filter((call) => !/:(Describe|Get|List)/.test(call.operation))).toEqual([]);
  });

  test('puts several Regions into one document, each once, with the profile that was asked for', async () => {
    const cli = liveCli({
      'eu-west-1': sandboxWith(account(2)),
      'us-east-1': sandboxWith(account(3, 'us-east-1a')),
    });
    const { stdout } = await cli.run(
      `${scanCommand} --region eu-west-1 --region us-east-1 --region eu-west-1 --profile audit`,
    );
    const { findings, summary } = documentOf(stdout);
    expect(summary.instances).toBe(5);
    expect(new Set(findings.map((one) => one.region))).toEqual(new Set(['eu-west-1', 'us-east-1']));
    expect(cli.places).toEqual([
      { region: 'eu-west-1', profile: 'audit' },
      { region: 'us-east-1', profile: 'audit' },
    ]);
  });

  test('goes on without what was refused, and names the permission', async () => {
    const sandbox = sandboxWith(account(2), { faults: [refused('ec2:DescribeVolumes')] });
    const { stdout, stderr } = await liveCli(sandbox).run(`${scanCommand} --region eu-west-1`);
    const { findings } = documentOf(stdout);
    const volumes = findings.filter((one) => one.policy === 'encrypted-volumes');
    expect(volumes.map((one) => one.compliance)).toEqual(['INSUFFICIENT_DATA', 'INSUFFICIENT_DATA']);
    expect(findings.filter((one) => one.compliance === 'INSUFFICIENT_DATA')).toHaveLength(2);
    expect(stderr).toContain('eu-west-1: could not read volumes: UnauthorizedOperation: ');
    expect(stderr).toContain('eu-west-1: grant ec2:DescribeVolumes to whoever these credentials are of\n');
  });

  test.each([
    ['UnauthorizedOperation', /grant ec2:DescribeInstances to whoever .*AWS_PROFILE or --profile/],
    ['CredentialsProviderError', /`aws configure`.*AWS_PROFILE or --profile/],
    ['ExpiredToken', /`aws configure`.*AWS_PROFILE or --profile/],
    ['AuthFailure', /`aws configure`.*eu-west-1 not enabled/],
    ['OptInRequired', /`aws configure`.*eu-west-1 not enabled/],
    ['InternalError', /Try again/],
  ])('can not run when the instances are not listed: %s', async (error, advice) => {
    const faults = [refused('ec2:DescribeInstances', error)];
    const { exitCode, stdout, stderr } = await liveCli(sandboxWith(account(1), { faults })).run(
      `${scanCommand} --region eu-west-1`,
    );
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(`ec2-guardrail: can't list the instances of eu-west-1: ${error}: `);
    expect(stderr).toMatch(advice);
  });

  test('asks whether the Region is the right one when its host is not there', async () => {
    const aws: Aws = () => Promise.reject(awsError('Error', 'getaddrinfo ENOTFOUND ec2.eu-wset-1.amazonaws.com'));
    const { exitCode, stderr } = await runCli('scan --policies policies --region eu-wset-1', '.', {
      aws: () => Promise.resolve(aws),
    });
    expect(exitCode).toBe(2);
    expect(stderr).toContain('Is eu-wset-1 the Region you mean');
  });

  test('a Region without a list makes no document, whatever the others gave', async () => {
    const cli = liveCli({
      'eu-west-1': sandboxWith(account(1)),
      'us-east-1': sandboxWith({}, { faults: [refused('ec2:DescribeInstances')] }),
    });
    const { exitCode, stdout } = await cli.run(`${scanCommand} --region eu-west-1 --region us-east-1`);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  });

  test('policies with mistakes are told before AWS is asked for anything', async () => {
    const cli = liveCli(sandboxWith(account(1)));
    const { exitCode } = await cli.run('scan --policies test/fixtures/policies/five-mistakes --region eu-west-1');
    expect(exitCode).toBe(2);
    expect(cli.places).toEqual([]);
  });

  test.each([
    ['neither account nor snapshot', '', /scan needs --region <region> .*, or --snapshot <folder>/],
    ['both', '--snapshot x --region eu-west-1', /'--snapshot <folder>' cannot be used with option '--region <region>'/],
    ['a profile for a snapshot', '--snapshot x --profile p', /cannot be used with option '--profile <name>'/],
    ['what is no Region', '--region evil.example/eu-west-1', /Write it like eu-central-1\./],
  ])('%s is told, with exit code 2', async (_, options, message) => {
    const { exitCode, stdout, stderr } = await liveCli(sandboxWith()).run(`scan --policies policies ${options}`);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });
});

describe('snapshot', () => {
  const out = () => join(directory, 'snapshot');
  const snapshotCommand = (options = '') => `snapshot --region eu-west-1 --out ${out()} ${options}`;
  const files = [
    'describe-instance-types.json',
    'describe-instances.json',
    'describe-network-interfaces.json',
    'describe-security-group-rules.json',
    'describe-security-groups.json',
    'describe-spot-instance-requests.json',
    'describe-volumes.json',
    `get-managed-prefix-list-entries.${list}.json`,
    'kms.list-aliases.json',
  ];
  const rowsIn = (file: string, key: string) => JSON.parse(readFileSync(join(out(), file), 'utf8'))[key] as object[];

  test('what is recorded is judged as the account itself is', async () => {
    const sandbox = sandboxWith(account(12));
    const { run } = liveCli(sandbox);
    expect(await run(snapshotCommand())).toMatchObject({
      exitCode: 0,
      stdout: `${out()}: 9 files recorded, 0 left out\n`,
    });
    const live = await run(`${scanCommand} --region eu-west-1`);
    const recorded = await run(`${scanCommand} --snapshot ${out()}`);
    expect(documentOf(recorded.stdout)).toEqual(documentOf(live.stdout));
    expect(documentOf(live.stdout).summary).toMatchObject({ instances: 12, insufficientData: 0 });
  });

  test('records all pages of each read, and of the instance types those in use', async () => {
    const { stderr } = await liveCli(sandboxWith(account(12))).run(snapshotCommand());
    expect(readdirSync(out()).sort()).toEqual(files);
    expect(rowsIn('describe-instances.json', 'Reservations')).toHaveLength(12);
    expect(rowsIn('describe-volumes.json', 'Volumes')).toHaveLength(12);
    expect(rowsIn('describe-security-groups.json', 'SecurityGroups')).toHaveLength(12);
    expect(rowsIn('describe-network-interfaces.json', 'NetworkInterfaces')).toHaveLength(12);
    expect(rowsIn('describe-spot-instance-requests.json', 'SpotInstanceRequests')).toHaveLength(12);
    expect(rowsIn('kms.list-aliases.json', 'Aliases')).toHaveLength(12);
    expect(rowsIn(`get-managed-prefix-list-entries.${list}.json`, 'Entries')).toHaveLength(12);
    expect(rowsIn('describe-instance-types.json', 'InstanceTypes')).toHaveLength(2);
    expect(stderr).toContain('ec2:DescribeVolumes: 5\nec2:DescribeVolumes: 10\nec2:DescribeVolumes: 12\n');
  });

  test.each([
    ['ec2:DescribeVolumes', 'UnauthorizedOperation', 'describe-volumes.json'],
    ['ec2:DescribeInstanceTypes', 'UnauthorizedOperation', 'describe-instance-types.json'],
    ['ec2:DescribeSpotInstanceRequests', 'UnauthorizedOperation', 'describe-spot-instance-requests.json'],
    ['ec2:GetManagedPrefixListEntries', 'UnauthorizedOperation', `get-managed-prefix-list-entries.${list}.json`],
    ['kms:ListAliases', 'AccessDeniedException', 'kms.list-aliases.json'],
  ] as const)('%s refused: no file, and the permission is named', async (operation, error, file) => {
    const sandbox = sandboxWith(account(2), { faults: [refused(operation, error)] });
    const { exitCode, stdout, stderr } = await liveCli(sandbox).run(snapshotCommand());
    expect(exitCode).toBe(1);
    expect(stdout).toBe(`${out()}: 8 files recorded, 1 left out\n`);
    expect(readdirSync(out()).sort()).toEqual(files.filter((one) => one !== file));
    expect(stderr).toContain(`could not record ${file}: ${error}: `);
    expect(stderr).toContain(`grant ${operation} to whoever these credentials are of\n`);
  });

  test('what a Spot request lets its instance run is not recorded: it is often secret', async () => {
    await liveCli(sandboxWith(account(1))).run(snapshotCommand());
    expect(rowsIn('describe-spot-instance-requests.json', 'SpotInstanceRequests')).toEqual([
      {
        SpotInstanceRequestId: 'sir-1',
        Type: 'one-time',
        State: 'active',
        CreateTime: launched.toISOString(),
        LaunchSpecification: { InstanceType: 'm7i.large' },
      },
    ]);
  });

  describe('--with-attributes', () => {
    const attributeFile = (number: number, attribute: string) =>
      `describe-instance-attribute.${id(number)}.${attribute}.json`;
    const protection = ['disableApiStop', 'disableApiTermination'] as const;
    const filesOf = (...numbers: readonly number[]) =>
      numbers.flatMap((number) => protection.map((attribute) => attributeFile(number, attribute)));
    const recordedOf = () => readdirSync(out()).filter((file) => file.includes('attribute'));
    const operation = 'ec2:DescribeInstanceAttribute';
    const withAttributes = (sandbox: Sandbox, io: Partial<Io> = {}) =>
      liveCli(sandbox, io).run(snapshotCommand('--with-attributes'));

    test('records whether each instance is protected, as it is then read, and says how far it is', async () => {
      const { exitCode, stdout, stderr } = await withAttributes(sandboxWith(account(3)));
      expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: `${out()}: 15 files recorded, 0 left out\n` });
      expect(recordedOf().sort()).toEqual(filesOf(1, 2, 3));
      expect(JSON.parse(readFileSync(join(out(), attributeFile(1, 'disableApiStop')), 'utf8'))).toEqual({
        InstanceId: id(1),
        DisableApiStop: { Value: true },
      });
      expect((await readSnapshot(out())).instanceAttributes).toMatchObject({
        [id(1)]: { disableApiStop: true, disableApiTermination: false },
        [id(2)]: { disableApiStop: false, disableApiTermination: false },
      });
      expect(stderr).toContain(`${operation}: 3 of 3 instances\n`);
    });

    test('tells its progress each hundred instances', async () => {
      const { stderr } = await withAttributes(sandboxWith(account(205)));
      expect(stderr.match(/\d+ of \d+ instances/g)).toEqual([
        '100 of 205 instances',
        '200 of 205 instances',
        '205 of 205 instances',
      ]);
    });

    test('leaves out instances that are terminated', async () => {
      const { reservations, ...rest } = account(2);
      const terminated = reservations?.[0]?.Instances?.map((one) => ({
        ...one,
        State: { Name: 'terminated' as const },
      }));
      const sandbox = sandboxWith({
        ...rest,
        reservations: [{ Instances: terminated }, ...(reservations?.slice(1) ?? [])],
      });
      expect((await withAttributes(sandbox)).exitCode).toBe(0);
      expect(recordedOf().sort()).toEqual(filesOf(2));
    });

    test('without it none is asked for, and with --force those of an old snapshot go', async () => {
      await withAttributes(sandboxWith(account(2)));
      const sandbox = sandboxWith(account(2));
      await liveCli(sandbox).run(snapshotCommand('--force'));
      expect(sandbox.calls.filter((call) => call.operation === operation)).toEqual([]);
      expect(readdirSync(out()).sort()).toEqual(files);
    });

    test('where all are refused it does not ask for the others, and counts them', async () => {
      const sandbox = sandboxWith(account(12), { faults: [refused(operation)] });
      const { exitCode, stdout, stderr } = await withAttributes(sandbox);
      expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: `${out()}: 9 files recorded, 24 left out\n` });
      expect(stderr).toContain(
        `could not record ${attributeFile(1, 'disableApiStop')} and 23 more like it: UnauthorizedOperation: `,
      );
      expect(stderr).toContain(`grant ${operation} to whoever these credentials are of\n`);
      expect(sandbox.calls.filter((call) => call.operation === operation)).toHaveLength(10);
    });

    test('goes on after one that fails', async () => {
      const faults: Fault[] = [{ operation, error: 'InternalError', after: 3 }];
      const { exitCode, stdout, stderr } = await withAttributes(sandboxWith(account(12), { faults }));
      expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: `${out()}: 32 files recorded, 1 left out\n` });
      expect(stderr).toMatch(/could not record describe-instance-attribute\.i-\w+\.\w+\.json: InternalError/);
    });

    test('waits longer and longer where EC2 throttles, and gives up in the end', async () => {
      const waits: number[] = [];
      const pause = async (milliseconds: number) => void waits.push(milliseconds);
      const throttling = (times: number | 'always') =>
        sandboxWith(account(1), { faults: [{ operation, error: 'RequestLimitExceeded', times }] });
      expect(await withAttributes(throttling(2), { pause })).toMatchObject({ exitCode: 0 });
      expect(waits).toEqual([2_000, 4_000]);
      rmSync(out(), { recursive: true });
      const { exitCode, stderr } = await withAttributes(throttling('always'), { pause });
      expect(exitCode).toBe(1);
      expect(stderr).toContain(`${attributeFile(1, 'disableApiStop')} and 1 more like it: RequestLimitExceeded`);
    });
  });

  test('a read that breaks off after a page leaves no file: half a list is no list', async () => {
    const faults: Fault[] = [{ operation: 'ec2:DescribeVolumes', error: 'InternalError', after: 1, times: 'always' }];
    const { exitCode } = await liveCli(sandboxWith(account(12), { faults })).run(snapshotCommand());
    expect(exitCode).toBe(1);
    expect(readdirSync(out())).not.toContain('describe-volumes.json');
  });

  test('can not run when the instances are not listed, and writes nothing', async () => {
    const sandbox = sandboxWith(account(1), { faults: [refused('ec2:DescribeInstances')] });
    const { exitCode, stderr } = await liveCli(sandbox).run(snapshotCommand());
    expect(exitCode).toBe(2);
    expect(stderr).toContain('grant ec2:DescribeInstances to whoever');
    expect(readdirSync(directory)).toEqual([]);
  });

  test('refuses a folder that is not empty, before AWS is asked', async () => {
    writeFileSync(join(directory, 'notes.txt'), 'mine');
    const cli = liveCli(sandboxWith(account(1)));
    const { exitCode, stderr } = await cli.run(`snapshot --region eu-west-1 --out ${directory}`);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`${directory} is not empty: `);
    expect(cli.places).toEqual([]);
    expect(readdirSync(directory)).toEqual(['notes.txt']);
  });

  test('--force replaces the snapshot: nothing of the old one stays, and what is no part of it does', async () => {
    writeFileSync(join(directory, 'notes.txt'), 'mine');
    writeFileSync(join(directory, 'describe-volumes.json'), '{"Volumes":[]}');
    writeFileSync(join(directory, 'get-managed-prefix-list-entries.pl-0bbbb.json'), '{"Entries":[]}');
    const sandbox = sandboxWith(account(1), { faults: [refused('ec2:DescribeVolumes')] });
    await liveCli(sandbox).run(`snapshot --region eu-west-1 --out ${directory} --force`);
    const kept = [...files.filter((one) => one !== 'describe-volumes.json'), 'notes.txt'].sort();
    expect(readdirSync(directory).sort()).toEqual(kept);
  });

  test('refuses a file for a folder', async () => {
    const file = join(directory, 'file');
    writeFileSync(file, '');
    const { exitCode, stderr } = await liveCli(sandboxWith()).run(`snapshot --region eu-west-1 --out ${file}`);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`${file} can't be written to: it is no folder`);
  });
});

describe('what `permissions` says that a command needs is what it calls', () => {
  /** Policies that between them need every read, by name. */
  const needingAll = {
    disks: ['encrypted-volumes', { kmsKeys: ['alias/key-1'] }],
    interfaces: ['required-tags', { keys: [{ key: 'Owner' }], resources: ['network-interface'] }],
    ssh: ['restricted-ingress', { ports: [22], allowedSources: [{ group: { tags: { Role: ['bastion'] } } }] }],
    types: ['approved-instance-types', { currentGeneration: true }],
  } as const;

  /** Writes policies; JSON is YAML. */
  function written(policies: Readonly<Record<string, readonly [rule: string, parameters: object]>>): string {
    const folder = join(directory, 'policies');
    for (const [name, [rule, parameters]] of Object.entries(policies)) {
      mkdirSync(join(folder, name), { recursive: true });
      const policy = { name, description: `Of ${name}.`, severity: 'high', rule, parameters, actions: ['notify'] };
      writeFileSync(join(folder, name, 'policy.yml'), JSON.stringify(policy));
    }
    return folder;
  }

  /** What a command may call, and what it called. */
  async function saidAndCalled(name: string, policies: string, command: string) {
    const { stdout } = await runCli(`permissions --format json ${policies}`, '.');
    const { commands } = JSON.parse(stdout) as PermissionsDocument;
    const sandbox = sandboxWith(account(12));
    await liveCli(sandbox).run(command);
    const called = [...new Set(sandbox.calls.map(({ operation }) => operation))].sort();
    return { said: commands[name]?.Statement.flatMap(({ Action }) => Action).sort(), called };
  }

  test.each([
    ['of tags alone', { owned: ['required-tags', { keys: [{ key: 'Owner' }] }] }, 1],
    ['of volumes', { disks: ['encrypted-volumes', {}] }, 2],
    ['that need all there is', needingAll, 8],
  ] as const)('scan with policies %s', async (_, policies, count) => {
    const folder = written(policies);
    const { said, called } = await saidAndCalled('scan', folder, `scan --region eu-west-1 --policies ${folder}`);
    expect(called).toHaveLength(count);
    expect(said).toEqual(called);
  });

  test('snapshot, whatever the policies', async () => {
    const folder = written({ owned: ['required-tags', { keys: [{ key: 'Owner' }] }] });
    const out = join(directory, 'snapshot');
    const command = `snapshot --region eu-west-1 --out ${out}`;
    const { said, called } = await saidAndCalled('snapshot', folder, `${command} --with-attributes`);
    expect(called).toHaveLength(10);
    expect(said).toEqual(called);
    const without = await saidAndCalled('snapshot', folder, `${command} --force`);
    expect(without.called).toEqual(called.filter((one) => one !== 'ec2:DescribeInstanceAttribute'));
  });

  const tags = policyFor('required-tags', { keys: [{ key: 'Owner' }] });
  const ssh = policyFor('restricted-ingress', { ports: [22] }, { name: 'no-open-ssh' });
  const policies = [enforcing(tags, plainStop, { onDrift: true }), enforcing(ssh, undoableRevoke)];
  /** What a person may call for a command in a deployment of these policies. */
  const said = (command: string) =>
    permissionsDocument(policies, { name: 'ec2-guardrail-prod' })
      .commands[command]?.Statement.flatMap(({ Action }) => Action)
      .sort();

  test.each([
    ['findings', 'findings list --would'],
    ['pause', 'pause --reason why'],
    ['resume', 'resume'],
    ['promote', 'promote required-tags --yes'],
  ])('%s of what enforces', async (name, command) => {
    const world = operated(policies);
    world.simulation.sandbox.account.launch(untagged);
    world.simulation.sandbox.advance(3_600_000);
    await world.sweeps();
    if (name === 'resume') await world.run('pause --reason why');

    expect(await world.run(command)).toMatchObject({ stderr: '' });
    expect(said(name)).toEqual([...new Set(world.called())].sort());
  });

  test('undo, of what any of the actions may have done: for the tags of a rule, too', async () => {
    const world = operated(policies);
    const instanceId = await world.launch({ ...untagged, instance: { ...exposed.instance, Tags: [] } });
    const called = new Set<string>();
    for (const policy of ['required-tags', 'no-open-ssh']) {
      const id = findingId(world.simulation.engine.deployment.scope, { type: 'instance', id: instanceId }, policy);
      expect(await world.run(`undo ${id} --yes`)).toMatchObject({ exitCode: 0 });
      for (const operation of world.called()) called.add(operation);
    }

    // KMS asks for it where what is started is encrypted: EC2 makes that call.
    expect(said('undo')).toEqual([...called, 'ec2:CreateTags', 'kms:CreateGrant'].sort());
  });
});
