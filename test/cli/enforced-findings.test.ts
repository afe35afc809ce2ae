import type { FindingsDocument } from '../../src/cli/report/document.ts';
import { tripped } from '../../src/domain/controls.ts';
import { findingId } from '../../src/domain/finding.ts';
import type { Notify } from '../../src/domain/policy.ts';
import { changeControls } from '../../src/engine/store.ts';
import { HOUR, type Operated, operated } from '../support/operated.ts';
import { plainStop } from '../support/plain-actions.ts';
import { enforcing, policyFor } from '../support/policies.ts';
import { undoableRevoke } from '../support/undoable-actions.ts';
import { exposed, scope, untagged } from '../support/world.ts';
import { line, type Ran } from './run-cli.ts';

const DAY = 24 * HOUR;
const requiredTags = policyFor('required-tags', { keys: [{ key: 'Owner' }] });
const noOpenSsh = policyFor('restricted-ingress', { ports: [22] }, { name: 'no-open-ssh', severity: 'critical' });
const stopLater = enforcing(requiredTags, plainStop, { onDrift: true, afterMs: DAY });
const stopNow = enforcing(requiredTags, plainStop, { onDrift: true });
const revokeSsh = enforcing(noOpenSsh, undoableRevoke);

const documentOf = ({ stdout }: Ran) => JSON.parse(stdout) as FindingsDocument;
const idOf = (instanceId: string, policy: string) => findingId(scope, { type: 'instance', id: instanceId }, policy);
const rowsOf = ({ stdout }: Ran) => stdout.split('\n').filter((row) => row.startsWith(' '.repeat(10)));

describe('findings list --would', () => {
  const would = async (world: Operated) => rowsOf(await world.run('findings list --would')).map((row) => row.trim());

  test('says below the reason what comes next, and when', async () => {
    const world = operated([stopLater]);
    const id = await world.launch(untagged);

    expect(await would(world)).toEqual([
      'Owner is missing',
      expect.stringMatching(`^next: stop ${id}, at 2026-03-03 09:\\d\\d:\\d\\d UTC unless it complies by then$`),
    ]);
    expect(rowsOf(await world.run('findings list'))).toHaveLength(1);
  });

  test('says what would come where the policy observes, and what holds back what does not come', async () => {
    const world = operated([{ ...stopNow, mode: 'observe' }]);
    const id = await world.launch(untagged);
    expect(await would(world)).toEqual(['Owner is missing', `would: stop ${id}`]);

    const paused = operated([stopNow]);
    await paused.run(['pause', '--reason', 'INC-12']);
    const other = await paused.launch(untagged);
    expect(await would(paused)).toEqual([
      'Owner is missing',
      expect.stringMatching(`^held back: stop ${other}: paused since 2026-03-02 \\d\\d:\\d\\d:\\d\\d UTC: INC-12$`),
    ]);
  });
});

describe('findings list --acted', () => {
  test('lists what something was done about, with what, also where that has mended it', async () => {
    const world = operated([revokeSsh, stopLater]);
    const id = await world.launch({ ...exposed, instance: { ...exposed.instance, Tags: [] } });
    await world.launch(untagged);

    const ran = await world.run('findings list --acted');

    expect(ran.exitCode).toBe(0);
    const [reason, done, ...rest] = rowsOf(ran);
    expect(rest).toEqual([]);
    expect(reason).toMatch(/^ {10}resolved 2026-03-02 .*; was: SSH/);
    expect(done).toBe(
      `          done: revoke tcp/22 in sg-0aaaaaaaaaaaaaaa1 (2026-03-02 09:00:00 UTC); to put it back: \`ec2-guardrail undo ${idOf(id, 'no-open-ssh')} --region us-east-1\``,
    );
    const acted = documentOf(await world.run('findings list --acted --format json'));
    expect(acted.findings.map(({ policy, status }) => [policy, status])).toEqual([['no-open-ssh', 'closed']]);
    expect(documentOf(await world.run('findings list --acted --status open --format json')).findings).toEqual([]);
  });
});

describe('the document', () => {
  test('has steps and acts of each finding, and what is known of enforcement', async () => {
    const world = operated([revokeSsh, stopLater]);
    await world.launch({ ...exposed, instance: { ...exposed.instance, Tags: [] } });
    await world.run(['pause', '--policy', 'no-open-ssh', '--reason', 'INC-12']);

    const { findings, enforcement } = documentOf(await world.run('findings list --status all --format json'));

    expect(findings).toMatchObject([
      { policy: 'required-tags', steps: [{ action: 'stop', planned: { plan: {} }, dueAt: expect.any(String) }] },
      { policy: 'no-open-ssh', acts: [{ outcome: 'done', calls: [{ outcome: 'done' }], undo: [{}] }] },
    ]);
    expect(enforcement).toEqual({
      pausedPolicies: { 'no-open-ssh': { at: expect.any(String), reason: 'INC-12' } },
      tripped: {},
      policies: { 'no-open-ssh': expect.anything(), 'required-tags': expect.anything() },
    });
  });

  test('says nothing of enforcement where nothing was ever enforced', async () => {
    const world = operated([requiredTags]);
    await world.launch(untagged);

    expect(documentOf(await world.run('findings list --format json'))).not.toHaveProperty('enforcement');
  });
});

test('the list ends with what is stopped, and needs no more than the scan for it', async () => {
  const world = operated([stopLater]);
  await world.run(['pause', '--reason', 'INC-12']);
  await changeControls(world.simulation.engine, (now) =>
    tripped(now, 'stop', { at: '2026-03-02T08:59:00.000Z', limit: 10 }),
  );
  expect((await world.run('findings list')).stdout).toMatch(/\nstopped: all policies, paused since .*: INC-12\n/);
  await world.launch(untagged);

  const { stdout } = await world.run('findings list');

  expect(stdout).toMatch(
    /\nstopped: all policies, paused since .*: INC-12\nstopped: stop, by its limit: 10 an hour, reached at 2026-03-02 08:59:00 UTC\n$/,
  );
  expect(world.called()).toEqual(['dynamodb:ListTables', 'dynamodb:Scan']);
});

describe.each(['findings show', 'explain'])('%s', (command) => {
  test('shows what comes and when, and what was told of it', async () => {
    const notify: Notify = { id: 'notify', afterMs: [0, 12 * HOUR], beforeMs: 6 * HOUR };
    const world = operated([{ ...stopLater, actions: [notify, ...stopLater.actions.slice(1)] }]);
    const id = await world.launch(untagged);
    world.simulation.sandbox.advance(20 * HOUR);
    await world.happens([{ kind: 'tick' }]);

    const text = line((await world.run(`${command} ${idOf(id, 'required-tags')}`)).stdout);

    expect(text).toContain('Mode enforce: the policy acts, unless something holds it back.');
    expect(text).toMatch(/Next stop i-\w+, at 2026-03-03 09:\d\d:\d\d UTC unless it complies by then/);
    expect(text).toMatch(/Announced what comes at 2026-03-03 09:\d\d:\d\d UTC/);
    expect(text).toContain('Reminded when it had stood for 12 hours');
    expect(text).toMatch(/Wakes at 2026-03-03 09:\d\d:\d\d UTC, when the next thing comes by time/);
  });

  test('shows that it is of the baseline', async () => {
    const world = operated([stopLater]);
    const [instance] = world.simulation.sandbox.account.launch(untagged).instances;
    world.simulation.sandbox.advance(HOUR);
    await world.sweeps();

    const text = line((await world.run(`${command} ${idOf(instance?.InstanceId ?? '', 'required-tags')}`)).stdout);

    expect(text).toContain('Baseline it stood before the policy was enforced as it is');
    expect(text).toMatch(
      /Held back stop i-\w+: it stood before this was enforced, and is left alone until the policy is/,
    );
  });

  test('shows what was done, call by call, and how it is put back; also of a finding that has ended', async () => {
    const world = operated([revokeSsh]);
    const id = idOf(await world.launch(exposed), 'no-open-ssh');

    const text = line((await world.run(`${command} ${id}`)).stdout);

    expect(text).toContain(
      `Act 1 done: revoke tcp/22 in sg-0aaaaaaaaaaaaaaa1 (2026-03-02 09:00:00 UTC); to put it back: \`ec2-guardrail undo ${id} --region us-east-1\` ec2:RevokeSecurityGroupIngress: done`,
    );
  });

  test('shows what failed, with the error of its call', async () => {
    const world = operated([stopNow]);
    world.simulation.sandbox.inject({
      operation: 'ec2:StopInstances',
      error: 'OperationNotPermitted',
      times: 'always',
    });
    const id = idOf(await world.launch(untagged), 'required-tags');

    const text = line((await world.run(`${command} ${id}`)).stdout);

    expect(text).toMatch(/Act 1 failed: stop i-\w+ .* nothing was changed ec2:StopInstances: OperationNotPermitted: /);
  });
});
