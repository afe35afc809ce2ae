import type { PlannedCall } from '../../src/domain/action.ts';
import { findingId } from '../../src/domain/finding.ts';
import type { Act } from '../../src/domain/steps.ts';
import { changeRecord } from '../../src/engine/store.ts';
import type { Fault } from '../../src/sandbox/faults.ts';
import { HOUR, MINUTE, type Operated, operated } from '../support/operated.ts';
import { plainStop } from '../support/plain-actions.ts';
import { enforcing, policyFor } from '../support/policies.ts';
import { plainTerminate, undoableRevoke } from '../support/undoable-actions.ts';
import { exposed, good, openSsh, scope, settled, told, untagged } from '../support/world.ts';
import { meanwhile, rewriteFindings } from './others.ts';
import { line } from './run-cli.ts';

const requiredTags = policyFor('required-tags', { keys: [{ key: 'Owner' }] });
const noOpenSsh = policyFor('restricted-ingress', { ports: [22] }, { name: 'no-open-ssh', severity: 'critical' });
const stopUntagged = enforcing(requiredTags, plainStop, { onDrift: true });
const revokeSsh = enforcing(noOpenSsh, undoableRevoke);

const everywhere = { IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: '0.0.0.0/0' }] };
const authorized = [
  'ec2:AuthorizeSecurityGroupIngress',
  { GroupId: openSsh.GroupId, IpPermissions: [everywhere] },
] as const;

const idOf = (instanceId: string, policy = 'no-open-ssh') =>
  findingId(scope, { type: 'instance', id: instanceId }, policy);
const actsOf = async (world: Operated): Promise<readonly Act[]> =>
  (await world.findings()).flatMap(({ acts = [] }) => acts);
/** What was changed by persons, after the deployment's own changes. */
const changedBehind = (world: Operated, own: number) => world.changes().slice(own);

/** One rule of an instance's group was revoked. */
async function revoked() {
  const world = operated([revokeSsh]);
  await world.sweeps();
  const instanceId = await world.launch(exposed);
  expect(world.changes()).toMatchObject([['ec2:RevokeSecurityGroupIngress', { GroupId: openSsh.GroupId }]]);
  return { world, instanceId, id: idOf(instanceId) };
}

test('shows the calls whole, and changes nothing', async () => {
  const { world, id, instanceId } = await revoked();

  const { exitCode, stdout, stderr } = await world.run(`undo ${id}`);

  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(stdout).toBe(
    [
      `${id}: no-open-ssh on ${instanceId}`,
      'act 1, done: revoke tcp/22 in sg-0aaaaaaaaaaaaaaa1 (2026-03-02 09:00:00 UTC)',
      '  1. ec2:AuthorizeSecurityGroupIngress',
      '     GroupId: sg-0aaaaaaaaaaaaaaa1',
      '     IpPermissions:',
      '       - IpProtocol: tcp',
      '         FromPort: 22',
      '         ToPort: 22',
      '         IpRanges:',
      '           - CidrIp: 0.0.0.0/0',
      '',
      'Nothing was changed; add --yes to have these calls made.',
      '',
    ].join('\n'),
  );
  expect(world.called()).toEqual(['dynamodb:ListTables', 'dynamodb:Scan', 'dynamodb:Scan']);
  expect(world.places).toEqual([{ region: 'us-east-1' }]);
});

test('with --yes it makes them and no others, marks the act, and says what is so then', async () => {
  const { world, id } = await revoked();

  const { exitCode, stdout } = await world.run(`undo ${id} --yes`);

  expect(exitCode).toBe(0);
  expect(world.places).toEqual([{ region: 'us-east-1', mayChange: true }]);
  expect(world.called()).toEqual([
    'dynamodb:ListTables',
    'dynamodb:Scan',
    'dynamodb:Scan',
    'ec2:AuthorizeSecurityGroupIngress',
    'dynamodb:BatchGetItem',
    'dynamodb:PutItem',
  ]);
  expect(changedBehind(world, 1)).toEqual([authorized]);
  expect(stdout).toContain('act 1, call 1: ec2:AuthorizeSecurityGroupIngress  done\nact 1 is put back\n');
  expect(line(stdout)).toContain('Now it is not done again for this finding');
  expect(line(stdout)).toContain(`\`ec2-guardrail exempt ${id} --region us-east-1 --reason ... --until ...\``);
  expect(await actsOf(world)).toMatchObject([{ outcome: 'done', undoneAt: expect.any(String) }]);
});

test('what came by the clock is put back for twelve hours, and that is what everybody says', async () => {
  const hours = policyFor('running-hours', { timezone: 'UTC', hours: { 'mon-fri': '08:00-20:00' } });
  const world = operated([enforcing(hours, plainStop)]);
  const { sandbox } = world.simulation;
  const instanceId = await world.launch({ ...good, at: settled });
  const tick = async (milliseconds: number) => {
    sandbox.advance(milliseconds);
    await world.happens([{ kind: 'tick' }]);
  };
  await tick(11 * HOUR + 60_000);
  const id = idOf(instanceId, 'running-hours');
  expect(world.changes()).toHaveLength(1);

  expect(line((await world.run(`explain ${id}`)).stdout)).toContain('A violation opens it anew, with the same id');
  const { stdout } = await world.run(`undo ${id} --yes`);
  expect(line(stdout)).toContain('Now it is not done again for twelve hours. The next time that the clock brings it');
  await world.happens(sandbox.account.setState(instanceId, 'running'));
  const started = world.changes().length;
  await tick(2 * HOUR);
  expect(world.changes()).toHaveLength(started);
  const [open] = await world.findings();
  expect(line((await world.run(`explain ${id}`)).stdout)).toContain(
    'It ends without a word when it was dealt with, or',
  );
  expect(open?.steps?.[0]?.held?.why).toMatch(/^put back at 2026-03-02T20:\S+, and not done again for twelve hours$/);
});

test('the story: what is put back opens again, is not done again, and ends with an exemption', async () => {
  const { world, id, instanceId } = await revoked();
  const { simulation } = world;
  // The first message is the summary of the first sweep.
  expect(told(simulation).slice(1)).toEqual([['opened no-open-ssh'], ['resolved no-open-ssh']]);

  await world.run(`undo ${id} --yes`);
  simulation.sandbox.advance(HOUR);
  await world.sweeps();

  expect(told(simulation).at(-1)).toEqual(['opened no-open-ssh']);
  expect(world.changes()).toHaveLength(2);
  const [finding] = await world.findings();
  expect(finding).toMatchObject({ id, status: 'open', steps: [{ held: { by: 'undone' } }] });
  expect(line((await world.run(`findings show ${id}`)).stdout)).toMatch(/put back at 2026-03-02 \d\d:\d\d:\d\d UTC/);

  const exempt = [{ match: { instanceIds: [instanceId] }, reason: 'bastion', until: '2026-12-31' }];
  Object.assign(simulation.engine, { policies: [{ ...revokeSsh, exempt }] });
  await world.sweeps();
  expect(told(simulation).at(-1)).toEqual(['exempted no-open-ssh']);
  expect(world.changes()).toHaveLength(2);
});

test('twice: it is put back already, and nothing is changed', async () => {
  const { world, id } = await revoked();
  await world.run(`undo ${id} --yes`);

  const { exitCode, stdout } = await world.run(`undo ${id} --yes`);

  expect(exitCode).toBe(0);
  expect(stdout).toBe(`${id}: all that was done is put back already\nNothing was changed.\n`);
  expect(changedBehind(world, 1)).toHaveLength(1);
});

describe('what is so already', () => {
  test('counts as done, with a word', async () => {
    const { world, id } = await revoked();
    world.simulation.sandbox.account.authorizeIngress(openSsh.GroupId ?? '', everywhere);

    const { exitCode, stdout } = await world.run(`undo ${id} --yes`);

    expect(exitCode).toBe(0);
    expect(stdout).toContain('act 1, call 1: ec2:AuthorizeSecurityGroupIngress  already so\nact 1 is put back\n');
  });

  test('of a call with several sources is told apart: EC2 does none of them then', async () => {
    const world = operated([revokeSsh]);
    const { account } = world.simulation.sandbox;
    const second = { ...everywhere, IpRanges: [{ CidrIp: '198.51.100.0/24' }] };
    account.authorizeIngress(openSsh.GroupId ?? '', second);
    const id = idOf(await world.launch(exposed));
    account.authorizeIngress(openSsh.GroupId ?? '', everywhere);

    const { exitCode, stdout } = await world.run(`undo ${id} --yes`);

    expect(exitCode).toBe(0);
    expect(stdout).toContain('ec2:AuthorizeSecurityGroupIngress  done, but for 1 of 2, which was so already\n');
    const group = account.rows.securityGroups?.find(({ GroupId }) => GroupId === openSsh.GroupId);
    const sources = group?.IpPermissions?.flatMap(({ IpRanges = [] }) => IpRanges.map(({ CidrIp }) => CidrIp));
    expect(sources?.sort()).toEqual(['0.0.0.0/0', '198.51.100.0/24']);
  });

  test('of an instance that runs: starting it is no error; where it is gone, that is said and nothing is marked', async () => {
    const world = operated([stopUntagged]);
    const instanceId = await world.launch(untagged);
    const id = idOf(instanceId, 'required-tags');
    world.simulation.sandbox.account.terminate(instanceId);

    const { exitCode, stdout, stderr } = await world.run(`undo ${id} --yes`);

    expect(exitCode).toBe(2);
    expect(stdout).toContain('act 1, call 1: ec2:StartInstances  failed\n');
    expect(line(stderr)).toMatch(/IncorrectInstanceState: .* A terminated one is gone for good\. Act 1 is not marked/);
    expect((await actsOf(world))[0]).not.toHaveProperty('undoneAt');
  });
});

describe('what goes wrong', () => {
  test.each([
    ['UnauthorizedOperation', 'grant ec2:AuthorizeSecurityGroupIngress to whoever these credentials are of'],
    ['InvalidGroup.NotFound', 'Nothing is marked as put back. Try again;'],
  ])('a call that is refused, %s, ends it: nothing is marked', async (error, message) => {
    const { world, id } = await revoked();
    world.simulation.sandbox.inject({ operation: 'ec2:AuthorizeSecurityGroupIngress', error });

    const { exitCode, stdout, stderr } = await world.run(`undo ${id} --yes`);

    expect(exitCode).toBe(2);
    expect(stdout).toContain('act 1, call 1: ec2:AuthorizeSecurityGroupIngress  failed\n');
    expect(stderr).toContain(message);
    expect(stderr).toContain('Act 1 is not marked as put back.');
    expect((await actsOf(world))[0]).not.toHaveProperty('undoneAt');
    expect(await world.run(`undo ${id} --yes`)).toMatchObject({ exitCode: 0 });
  });

  test('an answer that is lost does no harm: the same command again ends it', async () => {
    const { world, id } = await revoked();
    world.simulation.sandbox.inject({
      operation: 'ec2:AuthorizeSecurityGroupIngress',
      error: 'TimeoutError',
      takesEffect: true,
    });

    expect(await world.run(`undo ${id} --yes`)).toMatchObject({ exitCode: 2 });
    const again = await world.run(`undo ${id} --yes`);

    expect(again).toMatchObject({ exitCode: 0, stderr: '' });
    expect(again.stdout).toContain('already so\nact 1 is put back\n');
  });

  test('the mark is written against other writers, who stay', async () => {
    const { world, id, instanceId } = await revoked();
    const { sandbox, engine } = world.simulation;
    let writes = 0;
    const aws: typeof sandbox.aws = async (operation, input) => {
      if (operation === 'dynamodb:PutItem' && ++writes <= 2)
        await changeRecord(engine, instanceId, (now) => ({ ...now, version: now.version + 1, tagsSeen: true }));
      return sandbox.aws(operation, input);
    };

    const { exitCode } = await world.run(`undo ${id} --yes`, { aws: () => Promise.resolve(aws) });

    expect(exitCode).toBe(0);
    expect(writes).toBe(3);
    expect(await actsOf(world)).toMatchObject([{ undoneAt: expect.any(String) }]);
    expect(changedBehind(world, 1)).toHaveLength(1);
  });

  test.each<[string, Fault, string]>([
    [
      'refused',
      { operation: 'dynamodb:PutItem', error: 'AccessDeniedException', times: 'always' },
      'grant dynamodb:PutItem to whoever',
    ],
    [
      'written by others all the time',
      { operation: 'dynamodb:PutItem', error: 'ConditionalCheckFailedException', times: 'always' },
      'was written by others 6 times',
    ],
  ])('a mark that is %s: says that it was put back, and what to do', async (_, fault, message) => {
    const { world, id } = await revoked();
    world.simulation.sandbox.inject(fault);

    const { exitCode, stderr } = await world.run(`undo ${id} --yes`);

    expect(exitCode).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr).toContain(
      'It was put back, and that is not marked: it may be done again. Pause the policy, and run the same command again.',
    );
    expect(changedBehind(world, 1)).toHaveLength(1);
  });

  test('a finding that was forgotten in between is told', async () => {
    const { world, id } = await revoked();
    const { items } = world.simulation.sandbox.account;
    const io = meanwhile(world, 'dynamodb:BatchGetItem', () => items.clear());

    const { exitCode, stderr } = await world.run(`undo ${id} --yes`, io);

    expect(exitCode).toBe(2);
    expect(stderr).toContain('does not remember that act any more. It was put back, and that is not marked');
  });

  test('an act that is no longer remembered is said to be unmarked', async () => {
    const { world, id, instanceId } = await revoked();
    const io = meanwhile(world, 'dynamodb:BatchGetItem', () =>
      rewriteFindings(world, instanceId, (finding) => ({ ...finding, acts: [] })),
    );

    const { exitCode, stdout, stderr } = await world.run(`undo ${id} --yes`, io);

    expect(exitCode).toBe(2);
    expect(stdout).not.toContain('act 1 is put back');
    expect(line(stderr)).toContain(
      `${id} does not remember that act any more. It was put back, and that is not marked: it may be done again.`,
    );
    expect(changedBehind(world, 1)).toEqual([authorized]);
  });

  test('an answer that names no instance marks nothing: nobody knows whether it was started', async () => {
    const world = operated([stopUntagged]);
    const id = idOf(await world.launch(untagged), 'required-tags');
    const { sandbox } = world.simulation;
    const aws = ((operation, input) =>
      operation === 'ec2:StartInstances' ? Promise.resolve({}) : sandbox.aws(operation, input)) as typeof sandbox.aws;

    const { exitCode, stdout, stderr } = await world.run(`undo ${id} --yes`, { aws: () => Promise.resolve(aws) });

    expect(exitCode).toBe(2);
    expect(stdout).toContain('act 1, call 1: ec2:StartInstances  failed\n');
    expect(line(stderr)).toMatch(
      /ec2:StartInstances was answered, and the answer does not name i-\w+\. It is not marked/,
    );
    expect((await actsOf(world))[0]).not.toHaveProperty('undoneAt');
    expect(world.called()).not.toContain('dynamodb:PutItem');
  });

  test('a look that came in between has done it once more: that is said', async () => {
    const { world, id } = await revoked();
    const { sandbox } = world.simulation;
    sandbox.advance(HOUR);

    const io = meanwhile(world, 'dynamodb:BatchGetItem', () => world.sweeps());
    const { exitCode, stderr } = await world.run(`undo ${id} --yes`, io);

    expect(exitCode).toBe(0);
    expect(stderr).toContain(
      'revoke-ingress was done once more after that, or is being done: see `ec2-guardrail findings show',
    );
    await world.run(`undo ${id} --yes`);
    sandbox.advance(HOUR);
    await world.sweeps();
    expect((await world.findings())[0]).toMatchObject({ status: 'open', steps: [{ held: { by: 'undone' } }] });
  });
});

describe('which act', () => {
  /** Stopped three times: it was started again each time. */
  async function stoppedThrice() {
    const world = operated([enforcing(requiredTags, plainStop, { onDrift: true, againMs: HOUR })]);
    const instanceId = await world.launch(untagged);
    const { sandbox } = world.simulation;
    for (const _ of [2, 3]) {
      await world.happens(sandbox.account.setState(instanceId, 'running'));
      sandbox.advance(HOUR);
      await world.sweeps();
    }
    expect(world.changes()).toHaveLength(3);
    return { world, id: idOf(instanceId, 'required-tags'), instanceId };
  }
  const actsIn = (stdout: string) => [...stdout.matchAll(/^act (\d+), done/gm)].map(([, number]) => Number(number));

  test.each([
    ['', [3, 2, 1]],
    ['--act 2', [2]],
    ['--action stop', [3, 2, 1]],
  ])('%s: the latest comes first', async (options, expected) => {
    const { world, id, instanceId } = await stoppedThrice();

    expect(actsIn((await world.run(`undo ${id} ${options}`)).stdout)).toEqual(expected);
    expect(await world.run(`undo ${id} ${options} --yes`)).toMatchObject({ exitCode: 0 });
    expect(changedBehind(world, 3)).toEqual(expected.map(() => ['ec2:StartInstances', { InstanceIds: [instanceId] }]));
    const marked = (await actsOf(world)).flatMap(({ undoneAt }, index) => (undoneAt === undefined ? [] : [index + 1]));
    expect(marked.reverse()).toEqual(expected);
  });

  test.each([
    ['--act 4', 'has no such act: there is 1 (stop), 2 (stop), 3 (stop)'],
    ['--action terminate', 'has no such act: there is 1 (stop)'],
    ['--act 0', 'Write its number, as `findings show` has it.'],
    ['--act 1 --action stop', "option '--act <number>' cannot be used with option '--action <id>'"],
  ])('%s is refused', async (options, message) => {
    const { world, id } = await stoppedThrice();
    const { exitCode, stderr } = await world.run(`undo ${id} ${options} --yes`);

    expect(exitCode).toBe(2);
    expect(stderr).toContain(message);
  });
});

test('what no call brings back is refused', async () => {
  const world = operated([enforcing(requiredTags, plainTerminate)]);
  const instanceId = await world.launch(untagged);

  const { exitCode, stdout, stderr } = await world.run(`undo ${idOf(instanceId, 'required-tags')} --yes`);

  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  expect(stderr).toContain(`act 1, terminate ${instanceId}: what terminate does can't be put back by any call`);
  expect(world.changes()).toHaveLength(1);
});

test.each(['ec2:TerminateInstances', 'sqs:SendMessage', 'constructor'])(
  'a table that somebody else has written into makes nobody call %s',
  async (operation) => {
    const { world, id, instanceId } = await revoked();
    await changeRecord(world.simulation.engine, instanceId, (now) =>
      JSON.parse(
        JSON.stringify({ ...now, version: now.version + 1 }).replaceAll('ec2:AuthorizeSecurityGroupIngress', operation),
      ),
    );

    const { exitCode, stderr } = await world.run(`undo ${id} --yes`);

    expect(exitCode).toBe(2);
    expect(stderr).toContain(`${operation} puts nothing back: somebody else has written into the table`);
    expect(world.called()).toEqual(['dynamodb:ListTables', 'dynamodb:Scan', 'dynamodb:Scan']);
  },
);

test.each([
  ['ec2:StartInstances', { InstanceIds: ['i-0ffffffffffffffff'] }, 'is of i-0ffffffffffffffff'],
  ['ec2:ModifyInstanceAttribute', { UserData: { Value: 'Zm9v' } }, 'with UserData puts nothing back'],
  ['ec2:ModifyNetworkInterfaceAttribute', { SourceDestCheck: { Value: false } }, 'with SourceDestCheck puts nothing'],
])('nor %s with what no act has done', async (operation, input, why) => {
  const { world, id, instanceId } = await revoked();
  await rewriteFindings(world, instanceId, (finding) => ({
    ...finding,
    acts: (finding.acts ?? []).map((act): Act => ({ ...act, undo: [{ operation, input } as PlannedCall] })),
  }));

  const { exitCode, stderr } = await world.run(`undo ${id} --yes`);

  expect(exitCode).toBe(2);
  expect(line(stderr)).toContain(`${operation} ${why}`);
  expect(stderr).toContain('somebody else has written into the table');
  expect(world.changes()).toHaveLength(1);
});

test('what was stopped and then terminated is not started', async () => {
  const world = operated([stopUntagged]);
  const instanceId = await world.launch(untagged);
  await rewriteFindings(world, instanceId, (finding) => ({
    ...finding,
    acts: (finding.acts ?? []).flatMap((act): Act[] => [
      act,
      { ...act, action: 'terminate', undo: [], calls: [{ operation: 'ec2:TerminateInstances', outcome: 'done' }] },
    ]),
  }));

  const { exitCode, stderr } = await world.run(`undo ${idOf(instanceId, 'required-tags')} --yes`);

  expect(exitCode).toBe(2);
  expect(line(stderr)).toContain('the instance was terminated since: nothing brings it back');
  expect(world.changes()).toHaveLength(1);
});

test('what failed before it changed anything is left out, unless its number is given', async () => {
  const world = operated([stopUntagged]);
  world.simulation.sandbox.inject({ operation: 'ec2:StopInstances', error: 'UnauthorizedOperation', times: 'always' });
  const id = idOf(await world.launch(untagged), 'required-tags');

  const refused = await world.run(`undo ${id}`);
  expect(refused.exitCode).toBe(2);
  expect(refused.stderr).toContain('it failed before it changed anything; --act puts it back all the same');
  expect((await world.run(`undo ${id} --act 1`)).stdout).toContain('act 1, failed half-way: stop');
});

describe('what was begun, and of which nobody has written down what became,', () => {
  /** An action that begins, by the table, so long before the command. */
  async function begunBefore(milliseconds: number, isDone: boolean) {
    const use = isDone ? { onDrift: true } : { onDrift: true, afterMs: HOUR };
    const world = operated([enforcing(requiredTags, plainStop, use)]);
    const instanceId = await world.launch(untagged);
    const { sandbox } = world.simulation;
    const at = sandbox.now().toISOString();
    sandbox.advance(milliseconds);
    const plan = { does: 'stop it', calls: [], undo: [], concerns: [] };
    await rewriteFindings(world, instanceId, (finding) => ({
      ...finding,
      steps: (finding.steps ?? []).map((step) => ({ ...step, begun: { at, plan } })),
    }));
    return { world, id: idOf(instanceId, 'required-tags') };
  }

  test.each([
    [MINUTE, 'is being done'],
    [2 * MINUTE, 'was interrupted'],
  ])('is told for what it is after %d milliseconds', async (milliseconds, what) => {
    const { world, id } = await begunBefore(milliseconds, false);

    expect(await world.run(`undo ${id}`)).toMatchObject({
      exitCode: 2,
      stderr: `ec2-guardrail: nothing was done about ${id}: there is nothing to put back. An action ${what}: the next look writes down what became of it\n`,
    });
  });

  test.each([
    [MINUTE, expect.stringContaining('stop was done once more after that, or is being done')],
    [2 * MINUTE, ''],
  ])('is done once more only while whoever began may still be at it: %d milliseconds', async (milliseconds, stderr) => {
    const { world, id } = await begunBefore(milliseconds, true);

    expect(await world.run(`undo ${id} --yes`)).toMatchObject({ exitCode: 0, stderr });
  });
});

test('a finding about which nothing was done, and one that is not there, are told', async () => {
  const world = operated([enforcing(requiredTags, plainStop, { afterMs: HOUR })]);
  const id = idOf(await world.launch(untagged), 'required-tags');

  expect(await world.run(`undo ${id}`)).toMatchObject({
    exitCode: 2,
    stderr: `ec2-guardrail: nothing was done about ${id}: there is nothing to put back\n`,
  });
  expect((await world.run('undo f-000000000000')).stderr).toContain('there is no finding f-000000000000 in the table');
});
