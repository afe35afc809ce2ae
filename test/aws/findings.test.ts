import type { FindingsDocument, PermissionsDocument } from '../../src/cli/report/document.ts';
import { findingId, type SubjectRecord } from '../../src/domain/finding.ts';
import { readRecords, writeRecord } from '../../src/engine/store.ts';
import { policyFor } from '../support/policies.ts';
import type { Stage } from '../support/same-answers.ts';
import { ec2Guardrail } from './support/cli.ts';
import type { Outcome } from './support/commands.ts';
import { deployed, physicalId } from './support/deployment.ts';
import { engineOn, lookAt } from './support/engine-on.ts';
import { asWhom, type GuardedMoto, startGuardedMoto, userWho } from './support/guarded-moto.ts';
import { startRelay, type Trouble } from './support/relay.ts';
import { createTable, sdkStage } from './support/sdk-stage.ts';

const region = 'eu-north-1';

/** Instances of which one is there, and the others are copies of its item: more than the 1 MB of a page. */
const COPIES = 200;
const EVIDENCE = 'x'.repeat(6_000);

const documentOf = ({ stdout }: Outcome) => JSON.parse(stdout) as FindingsDocument;
const copyId = (number: number) => `i-${number.toString(16).padStart(17, '0')}`;

let stage: Stage;
let instanceId: string;

beforeAll(async () => {
  stage = await sdkStage(region);
  instanceId = await stage.launch({ encrypted: false, tags: { Name: 'web-1' } });
  const engine = engineOn(stage, [
    policyFor('encrypted-volumes', {}),
    policyFor('required-tags', { keys: [{ key: 'Owner' }] }),
  ]);
  await lookAt(engine, instanceId);
  const record = (await readRecords(engine, [instanceId])).get(instanceId);
  if (record === undefined) throw new Error('nothing was written');
  for (let number = 0; number < COPIES; number++) await writeRecord(engine, copyOf(record, copyId(number)));
});

function copyOf(record: SubjectRecord, id: string): SubjectRecord {
  const subject = { type: 'instance', id } as const;
  const findings = record.findings.map((finding) => ({
    ...finding,
    id: findingId(record.scope, subject, finding.policy),
    evidence: { text: EVIDENCE },
  }));
  return { ...record, subject, version: 1, findings, outbox: [] };
}

const list = (options = '', environment = {}) =>
  ec2Guardrail(`findings list --region ${region} --table ${stage.tableName} --format json${options}`, environment);

describe('the findings of a table larger than a page', () => {
  test('are listed whole: each once', async () => {
    const listed = await list();
    const { findings, summary } = documentOf(listed);
    const pairs = findings.map(({ policy, subject }) => `${policy} ${subject.id}`);
    const all = [instanceId, ...Array.from({ length: COPIES }, (_, number) => copyId(number))];

    expect(pairs.sort()).toEqual(all.flatMap((id) => [`encrypted-volumes ${id}`, `required-tags ${id}`]).sort());
    expect(summary).toMatchObject({ instances: COPIES + 1, open: 2 * (COPIES + 1), unknown: 0 });
    expect(listed).toMatchObject({ exitCode: 1, stderr: '' });
  });

  test('are none where a further page fails, or is none of DynamoDB', async () => {
    const troubles: readonly [Trouble, string][] = [
      [{ status: 500, body: '{"__type":"InternalServerError","message":"So says the relay."}' }, 'InternalServerError'],
      [{ status: 200, body: '{}' }, "the answer to dynamodb:Scan holds no list: it is not AWS's"],
      [{ status: 200, body: '<html>Welcome to the network.</html>' }, 'ec2-guardrail: '],
    ];
    for (const [trouble, reason] of troubles) {
      const relay = await startRelay(process.env.AWS_ENDPOINT_URL ?? '', (call) =>
        call.isFurtherPage ? trouble : undefined,
      );
      const outcome = await list('', { AWS_ENDPOINT_URL: relay.url });
      await relay.stop();

      expect(outcome).toEqual({ exitCode: 2, stdout: '', stderr: expect.stringContaining(reason) });
      expect(relay.calls.map(({ action }) => action)).toContain('Scan');
    }
  });

  test('are shown and explained one by one', async () => {
    const [finding] = documentOf(await list(` --instance ${instanceId} --policy encrypted-volumes`)).findings;
    const where = `--region ${region} --table ${stage.tableName}`;
    const shown = await ec2Guardrail(`findings show ${finding?.id} ${where}`);
    const explained = await ec2Guardrail(`explain ${finding?.id} ${where}`);

    expect(shown.stdout).toContain(`encrypted-volumes on ${instanceId} "web-1"\n`);
    expect(shown.stdout).toMatch(/\nEvidence\n {2}volumes:\n {4}- volumeId: vol-/);
    expect(explained.stdout).toContain('has changed since');
    expect([shown.exitCode, explained.exitCode]).toEqual([0, 0]);
  });

  test('of a table that is not there are told with where its name stands', async () => {
    const { exitCode, stdout, stderr } = await ec2Guardrail(`findings list --region ${region} --table no-such-table`);

    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(`There is no such table in ${region}. The table's name is an output of the stack`);
  });
});

test('the table of a stage is the one that CloudFormation made for it', async () => {
  const outcome = await ec2Guardrail(
    `findings list --region ${deployed.region} --stage ${deployed.stage} --format json`,
  );

  expect(outcome.stderr).toBe('');
  expect(documentOf(outcome).table).toBe(await physicalId('FindingsTable'));
});

describe('who reads findings', () => {
  const table = 'ec2-guardrail-prod-FindingsTable-1A2B3C4D5E6F7';
  const needed = ['dynamodb:ListTables', 'dynamodb:Scan'];
  let moto: GuardedMoto;

  beforeAll(async () => {
    moto = await startGuardedMoto();
    await createTable(region, table, { endpoint: moto.url, credentials: moto.administrator });
  });

  afterAll(() => moto.stop());

  const runBy = async (actions: readonly string[], options = '') =>
    ec2Guardrail(`findings list --region ${region}${options}`, asWhom(moto, await userWho(moto.iam, actions)));

  test('needs what `permissions` says, and to look for the table only where it is not named', async () => {
    const { commands } = JSON.parse((await ec2Guardrail('permissions --format json')).stdout) as PermissionsDocument;
    expect(commands.findings?.Statement.flatMap(({ Action }) => Action)).toEqual(needed);
    expect(await runBy(needed)).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await runBy(['dynamodb:Scan'], ` --table ${table}`)).toMatchObject({ exitCode: 0, stderr: '' });
  });

  test.each(needed)('is told that %s is missing', async (action) => {
    const { exitCode, stdout, stderr } = await runBy(needed.filter((one) => one !== action));

    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(`AccessDeniedException: User: arn:aws:iam::`);
    expect(stderr).toContain(`grant ${action} to whoever these credentials are of`);
  });

  test('is told to set up credentials where there are none', async () => {
    const { exitCode, stdout, stderr } = await ec2Guardrail(`findings list --region ${region}`, {
      AWS_ENDPOINT_URL: moto.url,
      AWS_ACCESS_KEY_ID: undefined,
      AWS_SECRET_ACCESS_KEY: undefined,
    });

    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain('Set up credentials with `aws configure` (or `aws sso login`)');
  });
});
