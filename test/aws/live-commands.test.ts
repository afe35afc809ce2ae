import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EC2Client } from '@aws-sdk/client-ec2';
import type { FindingDocument, ScanDocument } from '../../src/cli/report/document.ts';
import { ec2Guardrail } from './support/cli.ts';
import type { Outcome } from './support/commands.ts';
import { accountId } from './support/deployment.ts';
import { createSecurityGroup, given, launchInstance, openSsh } from './support/ec2.ts';
import { type Moto, startMoto } from './support/moto.ts';
import { type Cut, ec2Error, type Relay, startRelay, type Trouble } from './support/relay.ts';

const region = 'us-west-2';
/** More than the 1,000 that the commands ask for at a time. */
const instances = 1_005;
/** How many reservations a page has: 1,000 take moto two seconds of a processor, and the SDK waits for nine. */
const pageRows = 250;
/** Where there are few, for what a page says as well as five. */
const small = { region: 'us-west-1', instances: 12 } as const;
/** Long after the launches: all have settled. */
const scan = 'scan --policies policies --format json --now 2100-01-01T00:00:00Z';

const folder = mkdtempSync(join(tmpdir(), 'live-'));
const recorded = join(folder, 'snapshot');
let moto: Moto;
let launched: readonly string[];

// A server of its own: while it answers with many instances, it answers nobody else.
beforeAll(async () => {
  moto = await startMoto();
  launched = await launchAll(region, instances);
  await launchAll(small.region, small.instances);
});

afterAll(async () => {
  rmSync(folder, { recursive: true });
  await moto.stop();
});

/** Each instance in a reservation of its own. Of what they have wrong, every so many have each. */
async function launchAll(inRegion: string, many: number): Promise<readonly string[]> {
  const ec2 = new EC2Client({ region: inRegion, endpoint: moto.url });
  const open = await createSecurityGroup(ec2, 'open', [openSsh]);
  const launch = async (number: number) => {
    const is = (every: number) => number % every === 0;
    const { InstanceId } = await launchInstance(ec2, {
      instanceType: is(7) ? 'm4.large' : 't3.micro',
      encrypted: !is(3),
      tags: tags(is(2), is(11)),
      ...(is(5) ? { securityGroupIds: [open] } : {}),
    });
    return given(InstanceId, 'the id of the instance');
  };
  const ids: string[] = [];
  let next = 0;
  const launchSome = async () => {
    while (next < many) ids.push(await launch(next++));
  };
  await Promise.all(Array.from({ length: 8 }, launchSome));
  return ids.sort();
}

function tags(lacksOwner: boolean, isNotEnglish: boolean): Readonly<Record<string, string>> {
  return { Environment: 'prod', ...(lacksOwner ? {} : { Owner: 'jane' }), ...(isNotEnglish ? { Name: '서버' } : {}) };
}

/** @throws Error with what was said instead of a document. */
function documentOf({ stdout, stderr }: Outcome): ScanDocument {
  if (stdout === '') throw new Error(`no document: ${stderr}`);
  return JSON.parse(stdout) as ScanDocument;
}

/** How many findings of each policy there are, with one outcome. */
function counted(findings: readonly FindingDocument[], compliance: FindingDocument['compliance']) {
  const counts: Record<string, number> = {};
  for (const finding of findings)
    if (finding.compliance === compliance) counts[finding.policy] = (counts[finding.policy] ?? 0) + 1;
  return counts;
}

/** What `scan` says on stderr when all is well. */
function progressOf(inRegion: string, steps: readonly number[]): string {
  const all = steps.at(-1);
  const inspected = steps.map((done) => `${inRegion}: inspected ${done} of ${all} instances\n`);
  return `${inRegion}: reading instances\n${inspected.join('')}`;
}

describe('an account of more instances than a page', () => {
  const violations = {
    'approved-instance-families': 144,
    'encrypted-volumes': 335,
    'english-tags': 92,
    'no-open-ssh': 201,
    'required-tags': 503,
  };
  let live: Outcome;
  let snapshot: Outcome;

  beforeAll(async () => {
    const relay = await startRelay(moto.url, undefined, pageRows);
    const environment = { AWS_ENDPOINT_URL: relay.url };
    live = await ec2Guardrail(`${scan} --all --region ${region}`, environment);
    snapshot = await ec2Guardrail(`snapshot --region ${region} --out ${recorded}`, environment);
    await relay.stop();
  });

  test('is scanned whole: each instance once by each policy', () => {
    const { findings, summary } = documentOf(live);
    const policies = Object.keys(violations);
    const pairs = findings.map(({ policy, instanceId }) => `${policy} ${instanceId}`);

    expect(pairs.sort()).toEqual(policies.flatMap((policy) => launched.map((id) => `${policy} ${id}`)).sort());
    expect(new Set(findings.map((one) => `${one.accountId} ${one.region}`))).toEqual(
      new Set([`${accountId} ${region}`]),
    );
    expect(summary).toMatchObject({ instances, evaluations: 5 * instances, insufficientData: 0, exempt: 0 });
  });

  test('has the violations that were put into it, which exit code 1 says', () => {
    expect(counted(documentOf(live).findings, 'NON_COMPLIANT')).toEqual(violations);
    expect(live.exitCode).toBe(1);
  });

  test('lets a person watch how far the scan is', () => {
    expect(live.stderr).toBe(progressOf(region, [200, 400, 600, 800, 1000, 1005]));
  });

  test('is recorded whole', () => {
    const { Reservations } = JSON.parse(readFileSync(join(recorded, 'describe-instances.json'), 'utf8')) as {
      readonly Reservations: readonly { readonly Instances: readonly { readonly InstanceId: string }[] }[];
    };
    const ids = Reservations.flatMap(({ Instances }) => Instances.map(({ InstanceId }) => InstanceId));

    expect(ids.sort()).toEqual(launched);
    expect({ ...snapshot, stderr: '' }).toEqual({
      exitCode: 0,
      stdout: `${recorded}: 8 files recorded, 0 left out\n`,
      stderr: '',
    });
    const progress = [250, 500, 750, 1000, 1005].map((rows) => `ec2:DescribeInstances: ${rows}\n`);
    expect(snapshot.stderr).toContain(progress.join(''));
  });

  test('is judged by its record exactly as it is live', async () => {
    const judged = await ec2Guardrail(`${scan} --all --snapshot ${recorded}`);

    expect(documentOf(judged).summary).toEqual(documentOf(live).summary);
    expect(judged.exitCode).toBe(1);
    // Megabytes: a difference is not printed.
    expect(judged.stdout === live.stdout).toBe(true);
  });
});

describe('trouble on the way to AWS', () => {
  async function scanThrough(troubleOf: Parameters<typeof startRelay>[1], inRegion = region) {
    const relay = await startRelay(moto.url, troubleOf, pageRows);
    try {
      const outcome = await ec2Guardrail(`${scan} --region ${inRegion}`, { AWS_ENDPOINT_URL: relay.url });
      return { outcome, calls: relay.calls };
    } finally {
      await relay.stop();
    }
  }

  const nothingTold = (reason: string, inRegion = region) => ({
    exitCode: 2,
    stdout: '',
    stderr: expect.stringMatching(`^${inRegion}: reading instances\nec2-guardrail: .*${reason}`),
  });

  const violations = {
    'approved-instance-families': 2,
    'encrypted-volumes': 4,
    'english-tags': 2,
    'no-open-ssh': 3,
    'required-tags': 6,
  };

  test('throttled twice, every read is tried again, and the result is right', async () => {
    const { outcome, calls } = await scanThrough((call, before) => {
      const isThrottled = before.filter((one) => one.action === call.action).length < 2;
      return isThrottled ? ec2Error(503, 'RequestLimitExceeded') : undefined;
    }, small.region);
    const { findings, summary } = documentOf(outcome);

    expect(counted(findings, 'NON_COMPLIANT')).toEqual(violations);
    expect(summary).toMatchObject({ instances: small.instances, insufficientData: 0 });
    expect(outcome).toMatchObject({ exitCode: 1, stderr: progressOf(small.region, [small.instances]) });
    expect(calls.map(({ action }) => action).sort()).toEqual(
      ['DescribeInstances', 'DescribeSecurityGroupRules', 'DescribeSecurityGroups', 'DescribeVolumes'].flatMap(
        (action) => [action, action, action],
      ),
    );
  });

  test('DescribeInstances that always fails is tried five times, and ends the scan', async () => {
    const { outcome, calls } = await scanThrough(() => ec2Error(500, 'InternalError'), small.region);

    expect(outcome).toEqual(
      nothingTold('InternalError: So says the relay.\nNothing was inspected. Try again;', small.region),
    );
    expect(calls).toHaveLength(5);
  });

  test('another read that always fails leaves unknown what hangs on it, and nothing else', async () => {
    const { outcome } = await scanThrough(
      ({ action }) => (action === 'DescribeVolumes' ? ec2Error(500, 'InternalError') : undefined),
      small.region,
    );
    const { findings } = documentOf(outcome);
    const { 'encrypted-volumes': _, ...others } = violations;

    expect(counted(findings, 'INSUFFICIENT_DATA')).toEqual({ 'encrypted-volumes': small.instances });
    expect(counted(findings, 'NON_COMPLIANT')).toEqual(others);
    expect(outcome.stderr).toContain(`${small.region}: could not read volumes: InternalError: So says the relay.\n`);
  });

  test.each<[Cut, string]>([
    ['a length', 'aborted'],
    ['a last chunk', 'aborted'],
    ['the end of the connection', 'missing closing tag'],
  ])('a second page that breaks off before %s is no end of the list', async (cut, reason) => {
    const { outcome } = await scanThrough((call) => (call.isFurtherPage ? { cut } : undefined));

    expect(outcome).toEqual(nothingTold(reason));
  });

  test('a second page that breaks off once is read again', async () => {
    const { outcome, calls } = await scanThrough((call, before) =>
      call.isFurtherPage && !before.some((one) => one.isFurtherPage) ? { cut: 'a length' } : undefined,
    );

    expect(documentOf(outcome).summary.instances).toBe(instances);
    const furtherPages = Math.ceil(instances / pageRows) - 1;
    expect(calls.filter((call) => call.isFurtherPage)).toHaveLength(furtherPages + 1);
  });

  test.each<[string, Trouble]>([
    ['a page for people', { status: 200, body: '<html><body>Welcome to the network.</body></html>' }],
    ['nothing', { status: 200, body: '' }],
  ])('%s in place of the second page is no end of the list', async (_, trouble) => {
    const { outcome } = await scanThrough((call) => (call.isFurtherPage ? trouble : undefined));

    expect(outcome).toEqual(nothingTold("the answer to ec2:DescribeInstances holds no list: it is not AWS's"));
  });

  test('an endpoint where nobody listens is told', async () => {
    const gone = await startRelay(moto.url);
    await gone.stop();

    const outcome = await ec2Guardrail(`${scan} --region ${region}`, { AWS_ENDPOINT_URL: gone.url });

    expect(outcome).toEqual(nothingTold('ECONNREFUSED .*\nNothing was inspected. Try again;'));
  });
});

describe('without credentials', () => {
  let relay: Relay;

  beforeAll(async () => {
    relay = await startRelay(moto.url);
  });

  afterAll(() => relay.stop());

  const run = (command: string) =>
    ec2Guardrail(command, {
      AWS_ENDPOINT_URL: relay.url,
      AWS_ACCESS_KEY_ID: undefined,
      AWS_SECRET_ACCESS_KEY: undefined,
    });

  test.each([
    ['--help', 0],
    ['rules', 0],
    ['validate policies', 0],
    ['test policies', 0],
    ['demo', 0],
    ['scan --policies policies --snapshot test/fixtures/snapshots/small', 1],
    [`scan --policies test/fixtures/policies/five-mistakes --region ${region}`, 2],
    [`snapshot --region ${region} --out test`, 2],
  ])('%s says what it has to say, and calls nobody', async (command, exitCode) => {
    const outcome = await run(command);

    expect(`${outcome.stdout}${outcome.stderr}`).not.toMatch(/credentials/i);
    expect(outcome.exitCode).toBe(exitCode);
    expect(relay.calls).toEqual([]);
  });

  test.each([
    ['scan', `${scan} --region ${region}`],
    ['snapshot', `snapshot --region ${region} --out ${join(folder, 'none')}`],
  ])('%s says how to get them, and calls nobody', async (_, command) => {
    const { exitCode, stdout, stderr } = await run(command);

    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(`can't list the instances of ${region}: CredentialsProviderError: `);
    expect(stderr).toContain('Set up credentials with `aws configure` (or `aws sso login`), or choose others with');
    expect(relay.calls).toEqual([]);
  });
});
