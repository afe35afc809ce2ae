import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ScanCommandInput } from '@aws-sdk/client-dynamodb';
import type { Io, Place } from '../../src/cli/io.ts';
import type { FindingsDocument, StoredFinding } from '../../src/cli/report/document.ts';
import type { Simulation } from '../../src/cli/simulation.ts';
import { type Finding, findingId, type SubjectRecord } from '../../src/domain/finding.ts';
import { changeControls, writeRecord } from '../../src/engine/store.ts';
import { defaultDeployment } from '../../src/sandbox/account.ts';
import type { Fault } from '../../src/sandbox/faults.ts';
import { alertOf, openSsh } from '../alerts/sample.ts';
import { filledTable, ids, policyFile, tableName, writePolicies } from '../support/filled-table.ts';
import { scope, world } from '../support/world.ts';
import { line, type Ran, runCli } from './run-cli.ts';

/** Of the instances of `filledTable`, by policy. */
function idOf(policy: string, instance: keyof typeof ids): string {
  return findingId(scope, { type: 'instance', id: ids[instance] }, policy);
}

let folder: string;
let simulation: Simulation;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'findings-'));
  writePolicies(folder);
  simulation = await filledTable(folder);
});

afterEach(() => rmSync(folder, { recursive: true }));

function run(command: string | readonly string[], io: Partial<Io> = {}): Promise<Ran> {
  const { aws, now } = simulation.sandbox;
  return runCli(command, folder, { aws: () => Promise.resolve(aws), now, ...io });
}

const list = (options = '') => run(`findings list --region us-east-1 ${options}`);
const documentOf = ({ stdout }: Ran) => JSON.parse(stdout) as FindingsDocument;
const named = ({ findings }: Pick<FindingsDocument, 'findings'>) =>
  findings.map(({ status, policy, subject }) => `${status} ${policy} ${subject.id}`);

const open = [
  `open no-open-ssh ${ids.bad}`,
  `open no-open-ssh ${ids.fixed}`,
  `open owned ${ids.bad}`,
  `open owned ${ids.exempt}`,
].sort();
const unknown = Object.values(ids)
  .map((id) => `unknown disks ${id}`)
  .sort();
const exempt = `closed no-open-ssh ${ids.exempt}`;
const resolved = `closed owned ${ids.fixed}`;

describe('findings list', () => {
  test('shows what stands as a table: what calls for a person first, then what it comes to', async () => {
    const { exitCode, stdout, stderr } = await list('--status open');

    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: '' });
    const row = (...[severity, policy, instance, since]: readonly string[]) =>
      `${severity?.padEnd(8)}  ${policy?.padEnd(11)}  ${instance?.padEnd(29)}  ${since}  `;
    const [ssh, owner] = ['SSH (tcp/22) is open to 0.0.0.0/0 by sg-0aaaaaaaaaaaaaaa1', 'Owner is missing'];
    expect(stdout.replaceAll(/f-[0-9a-f]{12}$/gm, 'f-…')).toBe(
      [
        `${row('SEVERITY', 'POLICY', 'INSTANCE', 'SINCE'.padEnd(20))}FINDING`,
        `${row('critical', 'no-open-ssh', `${ids.bad} "web-1"`, '2026-03-02 09:00 UTC')}f-…`,
        `          ${ssh}`,
        `${row('critical', 'no-open-ssh', `${ids.fixed} "web-2"`, '2026-03-02 09:00 UTC')}f-…`,
        `          ${ssh}`,
        `${row('high', 'owned', `${ids.exempt} "bastion"`, '2026-03-02 09:01 UTC')}f-…`,
        `          ${owner}`,
        `${row('high', 'owned', `${ids.bad} "web-1"`, '2026-03-02 09:01 UTC')}f-…`,
        `          ${owner}`,
        '',
        '4 open (2 critical, 2 high)',
        '6 not listed; `--status all` without other filters lists every one',
        `4 instances in the table ${tableName}; the latest look was at 2026-03-02 10:02:00 UTC (less than a minute ago)`,
        '',
      ].join('\n'),
    );
  });

  test('says until when a violation is exempt and why, and how a closed one ended', async () => {
    const { stdout } = await list('--status closed');

    expect(stdout).toContain('          exempt until 2026-12-31: bastion, reviewed in SEC-41\n');
    expect(stdout).toContain('          resolved 2026-03-02 10:01 UTC; was: Owner is missing\n');
    expect(stdout).toContain('\n1 exempt, 1 closed\n');
  });

  test.each([
    ['', [...open, ...unknown, exempt]],
    ['--status open', open],
    ['--status unknown', unknown],
    ['--status closed', [exempt, resolved]],
    ['--status all', [...open, ...unknown, exempt, resolved]],
    ['--severity critical', [...open.slice(0, 2), exempt]],
    ['--severity high --status open', open],
    ['--policy owned', open.slice(2)],
    [`--instance ${ids.good}`, [`unknown disks ${ids.good}`]],
    [`--instance ${ids.fixed} --policy owned --status all`, [resolved]],
  ])('%s lists no other than these', async (options, expected) => {
    expect(named(documentOf(await list(`${options} --format json`))).sort()).toEqual([...expected].sort());
  });

  test('the document has all of a finding, and counts the whole table', async () => {
    const { findings, ...rest } = documentOf(await list('--policy no-open-ssh --status open --format json'));

    expect(rest).toEqual({
      version: 1,
      table: tableName,
      region: 'us-east-1',
      summary: {
        instances: 4,
        open: 4,
        unknown: 4,
        exempt: 1,
        closed: 1,
        latestLookAt: '2026-03-02T10:02:00.000Z',
      },
    });
    expect(findings[0]).toMatchObject({
      id: idOf('no-open-ssh', 'bad'),
      status: 'open',
      severity: 'critical',
      mode: 'observe',
      source: { file: 'policies/no-open-ssh/policy.yml', hash: expect.stringMatching(/^[0-9a-f]{12}$/) },
      evidence: { exposure: 'any' },
      openedAt: '2026-03-02T09:00:00.000Z',
      subject: { type: 'instance', id: ids.bad },
      instance: { tags: { Name: 'web-1' }, launcher: { name: 'jane' } },
      accountId: scope.accountId,
      region: 'us-east-1',
      owed: [],
    });
  });

  test.each([
    ['', 1],
    ['--severity high', 1],
    ['--status closed', 0],
    ['--status unknown', 0],
    ['--status unknown --fail-on-unknown', 1],
    ['--policy owned --fail-on critical', 0],
    ['--policy owned --fail-on high', 1],
    ['--policy no-such-policy', 0],
  ])('%s: what it lists decides the exit code', async (options, exitCode) => {
    expect((await list(options)).exitCode).toBe(exitCode);
  });

  test('reads every page, consistently, once, and asks AWS nothing else', async () => {
    const before = simulation.sandbox.calls.length;
    await list();
    const calls = simulation.sandbox.calls.slice(before);

    expect(calls.map(({ operation }) => operation)).toEqual([
      'dynamodb:ListTables',
      'dynamodb:ListTables',
      'dynamodb:Scan',
      'dynamodb:Scan',
    ]);
    const scans = calls.slice(2).map(({ input }) => input as ScanCommandInput);
    expect(scans.map(({ TableName, ConsistentRead }) => [TableName, ConsistentRead])).toEqual(
      scans.map(() => [tableName, true]),
    );
    expect(new Set(scans.map(({ ExclusiveStartKey }) => ExclusiveStartKey?.pk?.S)).size).toBe(2);
  });

  test('a page that fails ends it: no shorter list', async () => {
    simulation.sandbox.inject({ operation: 'dynamodb:Scan', error: 'InternalServerError', after: 1, times: 'always' });

    for (const format of ['text', 'json']) {
      const { exitCode, stdout, stderr } = await list(`--format ${format}`);
      expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
      expect(stderr).toContain(`ec2-guardrail: can't read the table ${tableName} of us-east-1: InternalServerError: `);
      expect(stderr).toContain('No finding was read. Try again;');
    }
  });

  test('what has expired and is not deleted yet is not there', async () => {
    const { now } = simulation.sandbox;
    const later = new Date(now().getTime() + 31 * 24 * 3_600_000);

    const { stdout } = await run('findings list --region us-east-1', { now: () => later });

    expect(stdout).toMatch(/^no findings\nNo instance is in the table /);
  });

  test('says so when nothing is listed, and when nothing was looked at yet', async () => {
    expect((await list('--policy no-such-policy')).stdout).toMatch(
      /^no findings\n10 not listed; .*\n4 instances in the table /,
    );

    simulation = world({ deployed: { ...defaultDeployment(scope), tableName } });
    expect(await list()).toEqual({
      exitCode: 0,
      stdout: `no findings\nNo instance is in the table ${tableName}: none was looked at yet. The first sweep of a deployment runs within the hour.\n`,
      stderr: '',
    });
  });
});

describe('the table', () => {
  const deployedAs = (...names: string[]) => {
    const [first = '', ...otherTableNames] = names;
    simulation = world({ deployed: { ...defaultDeployment(scope), tableName: first, otherTableNames } });
  };

  test('is that of the stage', async () => {
    deployedAs('ec2-guardrail-test-FindingsTable-7F6E5D4C3B2A1', tableName);

    expect((await list('--stage test')).stdout).toContain('ec2-guardrail-test-FindingsTable-7F6E5D4C3B2A1');
  });

  test('is not looked for where it is named, and is read with the profile and in the Region asked for', async () => {
    deployedAs('named');
    const places: Place[] = [];
    const aws = (place: Place) => {
      places.push(place);
      return Promise.resolve(simulation.sandbox.aws);
    };

    const { exitCode } = await run('findings list --region eu-west-1 --profile audit --table named', { aws });

    expect(exitCode).toBe(0);
    expect(places).toEqual([{ region: 'eu-west-1', profile: 'audit' }]);
    expect(simulation.sandbox.calls.map(({ operation }) => operation)).toEqual(['dynamodb:Scan']);
  });

  test.each([
    [
      'no stage at all',
      ['a-table'],
      /^ec2-guardrail: ec2-guardrail-prod has no table in us-east-1; no table of ec2-guardrail is there\. /,
    ],
    [
      'another stage',
      ['ec2-guardrail-test-FindingsTable-7F6E5D4C3B2A1', 'other-prod-FindingsTable-1A2B3C4D5E6F7'],
      /has no table in us-east-1; there is ec2-guardrail-test: see --stage\. /,
    ],
    [
      'two tables',
      [tableName, 'ec2-guardrail-prod-FindingsTable-2B3C4D5E6F7A1'],
      /has 2 tables in us-east-1: name one of them with --table: ec2-guardrail-prod-FindingsTable-1A2B3C4D5E6F7, ec2/,
    ],
  ])('of %s is not guessed', async (_, names, message) => {
    deployedAs(...names);
    const { exitCode, stdout, stderr } = await list();

    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  test('that is not there is told, with where its name stands', async () => {
    const { exitCode, stdout, stderr } = await list('--table no-such-table');

    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain("can't read the table no-such-table of us-east-1: ResourceNotFoundException: ");
    expect(stderr).toContain('There is no such table in us-east-1. ');
    expect(stderr).toContain('aws cloudformation describe-stacks --stack-name ec2-guardrail-prod ');
  });

  test.each<[Fault['operation'], string, string]>([
    [
      'dynamodb:Scan',
      'AccessDeniedException',
      'grant dynamodb:Scan to whoever these credentials are of; or choose others',
    ],
    ['dynamodb:ListTables', 'AccessDeniedException', 'grant dynamodb:ListTables to whoever these credentials are of;'],
    ['dynamodb:ListTables', 'UnrecognizedClientException', 'Set up credentials with `aws configure`'],
    ['dynamodb:ListTables', 'CredentialsProviderError', 'Set up credentials with `aws configure`'],
    ['dynamodb:Scan', 'InvalidSignatureException', 'Set up credentials with `aws configure`'],
  ])('refused by %s, %s: says what to do', async (operation, error, advice) => {
    simulation.sandbox.inject({ operation, error, times: 'always' } as Fault);
    const { exitCode, stdout, stderr } = await list();

    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(advice);
  });
});

describe('findings show', () => {
  test('shows all of one finding', async () => {
    const { exitCode, stdout } = await run(`findings show ${idOf('no-open-ssh', 'bad')} --region us-east-1`);
    const { source } = documentOf(await list('--policy no-open-ssh --format json')).findings[0] as StoredFinding;
    const lines = stdout.split('\n');

    expect(exitCode).toBe(0);
    expect(lines[0]).toBe(`${idOf('no-open-ssh', 'bad')}  open, critical: no-open-ssh on ${ids.bad} "web-1"`);
    expect(lines).toEqual(
      expect.arrayContaining([
        `Instance   ${ids.bad} (c3.large, running)`,
        'Name       "web-1"',
        'Launched   2026-03-02 09:00:00 UTC (1 hour ago), by jane',
        'Looked     at 2026-03-02 09:01:00 UTC (1 hour ago)',
        'Why        SSH (tcp/22) is open to 0.0.0.0/0 by sg-0aaaaaaaaaaaaaaa1',
        'Open       since 2026-03-02 09:00:00 UTC (1 hour), from the launch on',
        'Mode       observe: nothing was done, and nothing will be.',
        `Policy     policies/no-open-ssh/policy.yml, ${source.hash}`,
        'Owed       no alert',
        'Evidence',
        '  exposure: any',
        '      source: 0.0.0.0/0',
      ]),
    );
    expect(stdout).toMatch(/^To do {6}Revoke:\n {11}`aws ec2 revoke-security-group-ingress .*`$/m);
  });

  test('shows every finding of an instance', async () => {
    const { findings } = documentOf(
      await run(`findings show --instance ${ids.fixed} --region us-east-1 --format json`),
    );
    const { stdout } = await run(`findings show --instance ${ids.fixed} --region us-east-1`);

    expect(named({ findings })).toEqual([
      `open no-open-ssh ${ids.fixed}`,
      `unknown disks ${ids.fixed}`,
      `closed owned ${ids.fixed}`,
    ]);
    expect(stdout.match(/^f-[0-9a-f]{12} .*/gm)).toHaveLength(3);
    expect(stdout).toContain('Closed     as resolved\n');
    expect(stdout).toMatch(/^Missing {4}volume vol-\w+: denied \(UnauthorizedOperation: /m);
  });

  test('says of one that opened again how often it did, and since when', async () => {
    for (const event of simulation.sandbox.account.setTags(ids.fixed, { Owner: null })) simulation.send(event);
    await simulation.runUntilQuiet(900_000);

    const { stdout } = await run(`findings show ${idOf('owned', 'fixed')} --region us-east-1`);

    expect(line(stdout)).toContain(
      'Again opened for the 2nd time: first 2026-03-02 09:01:00 UTC, and last closed 2026-03-02 10:01:00 UTC',
    );
  });

  test('names the alerts that are still owed', async () => {
    simulation.sandbox.inject({ operation: 'sns:Publish', error: 'InternalErrorException', times: 'always' });
    const { account } = simulation.sandbox;
    for (const event of account.setTags(ids.bad, { Owner: 'jane' })) simulation.send(event);
    await simulation.runUntilQuiet(0);

    const { stdout } = await run(`findings show ${idOf('owned', 'bad')} --region us-east-1`);

    expect(stdout).toMatch(/^Owed {7}a-[0-9a-f]{12} \(alerts, by sns\)$/m);
  });

  test.each([
    ['a finding that is not there', 'f-000000000000', /there is no finding f-0{12} in the table ec2-guardrail-prod-/],
    ['an instance that was never looked at', '--instance i-00000000000000000', /there is no finding of i-0{17} in /],
    ['what is no id', 'no-open-ssh', /It is f- and 12 hex digits/],
    ['neither', '', /needs the id of a finding, or --instance <id>: one of the two/],
    ['both', `f-000000000000 --instance ${ids.bad}`, /one of the two/],
  ])('%s is told, with exit code 2', async (_, which, message) => {
    const { exitCode, stdout, stderr } = await run(`findings show ${which} --region us-east-1`);

    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });
});

describe('explain', () => {
  const explain = async (id: string, options = '') => {
    const { exitCode, stdout } = await run(`explain ${id} --region us-east-1 ${options}`);
    expect(exitCode).toBe(0);
    return line(stdout);
  };

  test('says what is demanded and why, what was found, and what happens next', async () => {
    const text = await explain(idOf('no-open-ssh', 'bad'));

    expect(text).toContain('SSH is reachable from the company network only.');
    expect(text).toContain('Why SSH (tcp/22) is open to 0.0.0.0/0');
    expect(text).toContain('Reason A port such as SSH that the whole internet can reach is found within minutes');
    expect(text).toContain('In general Revoke the ingress that offends');
    expect(text).toMatch(/Policy policies\/no-open-ssh\/policy\.yml, [0-9a-f]{12}: so it is here\./);
    expect(text).toContain('Mode observe: nothing was done, and nothing will be.');
    expect(text).toContain('Parameters ports: - 22 protocols: - tcp');
    expect(text).toContain('Evidence exposure: any');
    expect(text).toContain('permissions[].offends: whether it breaks the policy');
  });

  test('says that the file has changed since, and shows no parameters of it', async () => {
    const file = policyFile(folder, 'no-open-ssh');
    writeFileSync(file, readFileSync(file, 'utf8').replace('ports: [22]', 'ports: [22, 3389]'));

    const text = await explain(idOf('no-open-ssh', 'bad'));

    expect(text).toMatch(/policies\/no-open-ssh\/policy\.yml has changed since, to [0-9a-f]{12}: it may demand/);
    expect(text).not.toContain('Parameters');
    expect(text).not.toContain('3389');
  });

  test.each([
    ['is gone', (file: string) => rmSync(file)],
    ['has mistakes', (file: string) => writeFileSync(file, 'name: owned\n')],
  ])('says when the policy %s, and explains all the same', async (_, change) => {
    change(policyFile(folder, 'owned'));

    const text = await explain(idOf('owned', 'bad'));

    expect(text).toContain(
      'policies has no policy owned that is without a mistake: `ec2-guardrail validate` tells more',
    );
    expect(text).toContain('Reason A tag says whose an instance is');
  });

  test.each<[string, keyof typeof ids, string]>([
    [
      'owned',
      'fixed',
      'Next it is forgotten in 6 days, at 2026-03-09 10:01:00 UTC. A violation before that opens it again',
    ],
    [
      'no-open-ssh',
      'exempt',
      'Next that the exemption ends is told 14 and 3 days before, and nothing else before the end of 2026-12-31 in UTC. If it violates then, it opens',
    ],
    ['disks', 'bad', "Next the hourly sweep looks again. As long as it can't be said, it is no violation"],
    ['owned', 'bad', 'Next each change of the instance and the hourly sweep look again.'],
  ])('%s of the instance that is %s: what comes of it', async (policy, instance, next) => {
    expect(await explain(idOf(policy, instance))).toContain(next);
  });

  test('what ended with its policy does not go on: it opens anew', async () => {
    const { deployment } = simulation.engine;
    const withdrawn: SubjectRecord = {
      subject: { type: 'instance', id: 'i-00000000000000001' },
      scope: deployment.scope,
      version: 1,
      observedAt: '2026-03-02T09:16:00.000Z',
      findings: [{ ...openSsh, status: 'closed', closedAs: 'withdrawn', closedAt: '2026-03-02T09:16:00.000Z' }],
      outbox: [],
      expiresAt: '2026-04-01T09:16:00.000Z',
    };
    await writeRecord(simulation.engine, withdrawn);
    expect(await explain(openSsh.id)).toContain('A violation opens it anew, with the same id');
  });

  test('a finding that is not there is told', async () => {
    const { exitCode, stdout, stderr } = await run('explain f-000000000000 --region us-east-1');

    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain('there is no finding f-000000000000 in the table');
  });
});

describe('exempt', () => {
  const exemptBy = (id: string, more: readonly string[] = [], until = '2027-01-31', io: Partial<Io> = {}) =>
    run(['exempt', id, '--region', 'us-east-1', '--reason', 'bastion: see #41', '--until', until, ...more], io);

  /** Pastes as a person does: the lines go before, or behind, the line that the comment names. */
  function paste(stdout: string, file: string): string {
    const [comment = '', ...lines] = stdout.trimEnd().split('\n');
    const [, where, line] = /(before|behind) line (\d+)/.exec(comment) ?? [];
    const text = readFileSync(file, 'utf8').trimEnd().split('\n');
    text.splice(Number(line) - (where === 'before' ? 1 : 0), 0, ...lines);
    writeFileSync(file, `${text.join('\n')}\n`);
    return comment;
  }

  test.each<['owned' | 'no-open-ssh', string]>([
    ['owned', '# policies/owned/policy.yml, at the end, behind line 6:'],
    ['no-open-ssh', '# policies/no-open-ssh/policy.yml, behind line 6, as the first entry of `exempt`:'],
  ])(
    'prints what to paste into %s and where, and writes nothing; pasted and deployed, it holds',
    async (policy, place) => {
      const file = policyFile(folder, policy);
      const before = readFileSync(file, 'utf8');

      const { exitCode, stdout, stderr } = await exemptBy(idOf(policy, 'bad'));

      expect(exitCode).toBe(0);
      expect(stderr).toBe('Nothing was written. It holds once it is pasted and deployed.\n');
      expect(readFileSync(file, 'utf8')).toBe(before);
      expect(paste(stdout, file)).toBe(place);
      expect(await run('validate')).toMatchObject({ exitCode: 0 });
      simulation = await filledTable(folder);
      const { findings } = documentOf(await list(`--instance ${ids.bad} --policy ${policy} --format json`));
      expect(findings).toMatchObject([
        { closedAs: 'exempted', exempt: { reason: 'bastion: see #41', until: '2027-01-31' } },
      ]);
    },
  );

  test.each([
    [
      'a list on one line',
      'exempt: [{ match: { states: [stopped] }, reason: off, until: 2026-12-31 }]\n',
      /, in line 7, before the \] of `exempt`, behind a comma:\n\{ match: /,
    ],
    ['an empty list', 'exempt: []\n', /, in line 7, before the \] of `exempt`:\n\{ match: /],
    ['a comment at the end', '# The end.', /, at the end, behind line 7:\nexempt:\n {2}- match: /],
  ])('fits what it prints to a file with %s', async (_, end, expected) => {
    const file = policyFile(folder, 'owned');
    writeFileSync(file, `${readFileSync(file, 'utf8')}${end}`);

    const { exitCode, stdout, stderr } = await exemptBy(idOf('owned', 'bad'));

    expect(stdout).toMatch(expected);
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/^policies\/owned\/policy\.yml is [0-9a-f]{12}; the finding was made by [0-9a-f]{12}\n/);
  });

  test('fits what it prints to a file that is JSON', async () => {
    const policy = {
      name: 'owned',
      description: 'd',
      severity: 'high',
      rule: 'required-tags',
      parameters: { keys: [{ key: 'Owner' }] },
      actions: ['notify'],
    };
    writeFileSync(policyFile(folder, 'owned'), JSON.stringify(policy));

    expect((await exemptBy(idOf('owned', 'bad'))).stdout).toMatch(
      /, in line 1, before the last \}, behind a comma:\nexempt: \[\{ match: /,
    );
  });

  test('takes a bound, which the violation must be within', async () => {
    const id = idOf('no-open-ssh', 'bad');

    expect((await exemptBy(id, ['--up-to', '{ exposure: any }'])).stdout).toContain('    upTo: { exposure: any }\n');
    const narrow = await exemptBy(id, ['--up-to', '{ exposure: narrow }']);
    expect(narrow).toMatchObject({ exitCode: 2, stdout: '' });
    expect(narrow.stderr).toContain('the violation is past --up-to as it stands: the exemption would not hold.');
  });

  test.each([
    [
      'a bound that the rule has not',
      'owned',
      '{ exposure: any }',
      'rule required-tags has no bound that an exemption could name',
    ],
    ['a bound with a mistake', 'no-open-ssh', '{ exposre: any }', 'write `exposure`'],
    ['what is no YAML', 'no-open-ssh', '{ exposure', '--up-to is no YAML'],
  ])('%s is refused in the words of the language', async (_, policy, upTo, message) => {
    const { exitCode, stdout, stderr } = await exemptBy(idOf(policy, 'bad'), ['--up-to', upTo]);

    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(message);
  });

  test.each([
    ['2026-03-01', /--until 2026-03-01 is past: .* Write a day up to 2027-03-02/],
    ['2027-03-03', /--until 2027-03-03 is more than a year away: write 2027-03-02 at the latest/],
    ['2027-02-30', /Write a day of the calendar, as YYYY-MM-DD\./],
    ['tomorrow', /Write a day of the calendar, as YYYY-MM-DD\./],
  ])('an end of %s is refused before AWS is asked', async (until, message) => {
    const aws = () => Promise.reject(new Error('AWS was asked'));
    const { exitCode, stdout, stderr } = await exemptBy(idOf('owned', 'bad'), [], until, { aws });

    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  test.each(['2026-03-02', '2027-03-02'])(
    'an end of %s is taken: today, and the same day of next year',
    async (until) => {
      expect((await exemptBy(idOf('owned', 'bad'), [], until)).exitCode).toBe(0);
    },
  );

  test.each<[string, keyof typeof ids, RegExp]>([
    ['owned', 'fixed', /is closed \(resolved\): there is nothing to exempt/],
    [
      'no-open-ssh',
      'exempt',
      /is exempt already, until 2026-12-31: change `until` of that exemption in policies\/no-open-ssh/,
    ],
    ['disks', 'bad', /is no violation: it can't be said whether there is one/],
  ])('%s of the instance that is %s is no violation to exempt', async (policy, instance, message) => {
    const { exitCode, stdout, stderr } = await exemptBy(idOf(policy, instance));

    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  test('a policy that is not in the folder, and policies with mistakes, are told', async () => {
    rmSync(policyFile(folder, 'owned'));
    expect((await exemptBy(idOf('owned', 'bad'))).stderr).toContain(
      'there is no policy owned in policies: name the folder',
    );

    writeFileSync(policyFile(folder, 'owned'), 'name: owned\n');
    const aws = () => Promise.reject(new Error('AWS was asked'));
    const { exitCode, stdout, stderr } = await exemptBy(idOf('owned', 'bad'), [], '2027-01-31', { aws });
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain('policies/owned/policy.yml:1:1  missing-key');
  });

  test.each([
    ['blank', ' ', 'Say why, and who said so.'],
    ['of characters that do not show', 'a\u202eb', 'It has characters that do not show'],
  ])('a reason that is %s is refused', async (_, reason, message) => {
    const words = [
      'exempt',
      idOf('owned', 'bad'),
      '--region',
      'us-east-1',
      '--until',
      '2027-01-31',
      '--reason',
      reason,
    ];
    const { exitCode, stdout, stderr } = await run(words);

    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(message);
  });
});

describe.each([
  ['a terminal', true],
  ['a pipe', false],
])('on %s', (_, isTTY) => {
  /** Clears the screen, hides what follows, and turns its order. */
  const evil = 'x\u001b[2J\u001b[8m\u009b2J\u202e\u0007\nEvidence';
  const shown = 'x\\u{1b}[2J\\u{1b}[8m\\u{9b}2J\\u{202e}\\u{7}\\u{a}Evidence';

  const finding = {
    ...openSsh,
    policy: evil,
    description: evil,
    rule: evil,
    source: { file: evil, hash: evil },
    reason: evil,
    fix: evil,
    evidence: { [evil]: [evil] },
    wasExempt: { reason: evil, until: evil },
    ...done(evil),
  };
  const instance = { instanceId: ids.bad, tags: { Name: evil }, launcher: { name: evil }, parent: evil, state: evil };
  const record: SubjectRecord = {
    subject: { type: 'instance', id: ids.bad },
    scope,
    version: 1,
    observedAt: '2026-03-02T09:16:00.000Z',
    instance,
    findings: [
      finding,
      {
        ...finding,
        id: 'f-000000000001',
        status: 'closed',
        closedAs: 'exempted',
        exempt: { reason: evil, until: evil },
      },
      { ...finding, id: 'f-000000000002', status: 'unknown', missing: [{ what: evil, why: 'denied', detail: evil }] },
    ],
    outbox: [alertOf('opened', finding, { id: evil })],
    expiresAt: '2026-04-01T09:16:00.000Z',
  };

  test.each([
    'findings list',
    'findings list --would',
    'findings list --acted',
    `undo ${openSsh.id}`,
    `undo ${openSsh.id} --yes`,
    'promote required-tags',
    `findings show --instance ${ids.bad}`,
    `explain ${openSsh.id}`,
    'explain f-000000000001',
    'explain f-000000000002',
    `exempt ${openSsh.id} --reason why --until 2027-01-31`,
  ])('%s gives nothing but text and its own colours', async (command) => {
    simulation = world({ deployed: { ...defaultDeployment(scope), tableName } });
    await writeRecord(simulation.engine, record);
    await changeControls(simulation.engine, (now) => ({
      ...now,
      paused: { at: evil, reason: evil },
      pausedPolicies: { [evil]: { at: evil, reason: evil } },
      policies: { 'required-tags': { definition: evil, since: evil, actions: {} } },
    }));

    const { stdout, stderr } = await run(`${command} --region us-east-1`, { isTTY });
    const ownColours = [1, 2, 22, 31, 32, 33, 39].map((code) => `\u001b[${code}m`);
    const printed = isTTY
      ? ownColours.reduce((rest, colour) => rest.replaceAll(colour, ''), `${stdout}${stderr}`)
      : `${stdout}${stderr}`;

    expect(printed.replaceAll(/\n\s*/g, '')).toContain(shown);
    expect(printed).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
  });
});

/** What an action is said to do, and to have done, with a text from outside wherever there is one. */
function done(evil: string): Pick<Finding, 'steps' | 'acts'> {
  const input = { InstanceIds: [evil] };
  const undo = [{ operation: 'ec2:AuthorizeSecurityGroupIngress', input: { GroupId: evil } }] as const;
  const plan = { does: evil, calls: [{ operation: 'ec2:StopInstances', input }], undo, concerns: [] } as const;
  const calls = [{ operation: evil, outcome: evil }];
  return {
    steps: [
      { action: evil, planned: { plan }, held: { by: 'paused', why: evil } },
      { action: evil, planned: { refused: evil }, held: { by: 'refused', why: evil } },
    ],
    acts: [
      { action: evil, at: evil, does: evil, outcome: 'done', calls, detail: evil, undo },
      { action: evil, at: evil, does: evil, outcome: 'failed', calls, detail: evil, undo, undoneAt: evil },
    ],
  };
}

test.each(['findings list', 'findings show', 'explain', 'exempt'])(
  '%s --help shows examples of it',
  async (command) => {
    const { exitCode, stdout } = await runCli(`${command} --help`, '.');

    expect(exitCode).toBe(0);
    expect(stdout).toMatch(new RegExp(`\nExamples:\n(  ec2-guardrail ${command}.*\n){2,}`));
  },
);
