import type * as ec2 from '@aws-sdk/client-ec2';
import { revokeIngress } from '../../src/actions/revoke-ingress.ts';
import type { FindingsDocument, PermissionsDocument } from '../../src/cli/report/document.ts';
import { noted, swept } from '../../src/domain/controls.ts';
import type { Engine } from '../../src/engine/deployment.ts';
import { changeControls } from '../../src/engine/store.ts';
import { enforcing, policyFor } from '../support/policies.ts';
import type { Stage } from '../support/same-answers.ts';
import { ec2Guardrail } from './support/cli.ts';
import { openSsh } from './support/ec2.ts';
import { engineOn, lookAt } from './support/engine-on.ts';
import { asWhom, type GuardedMoto, startGuardedMoto, userWho } from './support/guarded-moto.ts';
import { createTable, sdkStage } from './support/sdk-stage.ts';

const region = 'eu-south-1';
const HOUR_MS = 3_600_000;
const policy = enforcing(
  policyFor('restricted-ingress', { ports: [22] }, { name: 'no-open-ssh', severity: 'critical' }),
  revokeIngress,
  { parameters: { replaceWith: [], split: false, shared: false } },
);

let stage: Stage;
let engine: Engine;
let instanceId: string;
let groupId: string;

beforeAll(async () => {
  stage = await sdkStage(region);
  groupId = await stage.createSecurityGroup('open');
  await stage.authorizeIngress(groupId, [openSsh]);
  instanceId = await stage.launch({ securityGroupIds: [groupId] });
  engine = { ...engineOn(stage, [policy]), isEnforcing: true };
  // As after a first sweep: what is found now is new.
  await changeControls(engine, (now) => {
    const before = new Date(Date.now() - HOUR_MS).toISOString();
    return swept(noted(now, engine.policies, before), before, undefined);
  });
});

async function look(): Promise<void> {
  const { errors } = await lookAt(engine, instanceId);
  expect(errors).toEqual([]);
}

async function ingress(): Promise<readonly ec2.IpPermission[]> {
  const { SecurityGroups } = await stage.aws('ec2:DescribeSecurityGroups', { GroupIds: [groupId] });
  return SecurityGroups?.[0]?.IpPermissions ?? [];
}

const isOpen = expect.objectContaining({ FromPort: 22, IpRanges: [{ CidrIp: '0.0.0.0/0' }] });
const run = (command: string) => ec2Guardrail(`${command} --region ${region} --table ${stage.tableName}`);
const finding = async () =>
  (JSON.parse((await run('findings list --status all --format json')).stdout) as FindingsDocument).findings[0];

test('pause stops what is due, resume lets it come, undo puts it back, and it is not done again', async () => {
  expect(await run('pause --reason INC-12')).toMatchObject({ exitCode: 0, stderr: '' });
  await look();
  expect(await ingress()).toEqual([isOpen]);
  expect((await finding())?.steps).toMatchObject([{ held: { by: 'paused' } }]);

  const resumed = await run('resume');
  expect(resumed).toMatchObject({ exitCode: 0, stderr: '' });
  expect(resumed.stdout).toMatch(/^resumed: 1 pause lifted\n/);
  await look();
  expect(await ingress()).toEqual([]);
  await look();
  const { id, status, acts } = (await finding()) ?? {};
  expect([status, acts?.map(({ outcome }) => outcome)]).toEqual(['closed', ['done']]);

  const shown = await run(`undo ${id}`);
  expect(shown.stdout).toContain('Nothing was changed; add --yes to have these calls made.');
  expect(await ingress()).toEqual([]);
  const undone = await run(`undo ${id} --yes`);
  expect(undone).toMatchObject({ exitCode: 0, stderr: '' });
  expect(undone.stdout).toContain('act 1, call 1: ec2:AuthorizeSecurityGroupIngress  done\nact 1 is put back\n');
  expect(await ingress()).toEqual([isOpen]);

  await look();
  expect(await ingress()).toEqual([isOpen]);
  expect(await finding()).toMatchObject({ status: 'open', steps: [{ held: { by: 'undone' } }] });
});

describe('who pauses', () => {
  const table = 'ec2-guardrail-prod-FindingsTable-1A2B3C4D5E6F7';
  const needed = ['dynamodb:ListTables', 'dynamodb:BatchGetItem', 'dynamodb:PutItem'];
  let moto: GuardedMoto;

  beforeAll(async () => {
    moto = await startGuardedMoto();
    await createTable(region, table, { endpoint: moto.url, credentials: moto.administrator });
  });

  afterAll(() => moto.stop());

  const pauseBy = async (actions: readonly string[]) =>
    ec2Guardrail(`pause --reason INC-12 --region ${region}`, asWhom(moto, await userWho(moto.iam, actions)));

  test.each(needed)('is told that %s is missing', async (action) => {
    const { exitCode, stdout, stderr } = await pauseBy(needed.filter((one) => one !== action));

    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(`grant ${action} to whoever these credentials are of`);
  });

  test('needs what `permissions` says', async () => {
    const { commands } = JSON.parse((await ec2Guardrail('permissions --format json')).stdout) as PermissionsDocument;

    expect(commands.pause?.Statement.flatMap(({ Action }) => Action)).toEqual(needed);
    expect(await pauseBy(needed)).toMatchObject({ exitCode: 0, stderr: '' });
  });
});
