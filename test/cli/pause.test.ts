import { noControls, tripped } from '../../src/domain/controls.ts';
import { defaultSafety } from '../../src/domain/safety.ts';
import { changeControls, readAllRecords, readControls } from '../../src/engine/store.ts';
import type { Fault } from '../../src/sandbox/faults.ts';
import { tableName } from '../support/filled-table.ts';
import { HOUR, type Operated, operated } from '../support/operated.ts';
import { plainStop } from '../support/plain-actions.ts';
import { enforcing, policyFor } from '../support/policies.ts';
import { plainTerminate } from '../support/undoable-actions.ts';
import { good, untagged } from '../support/world.ts';
import { meanwhile, rewriteFindings } from './others.ts';
import { line, runCli } from './run-cli.ts';

const requiredTags = policyFor('required-tags', { keys: [{ key: 'Owner' }] });
const stopUntagged = enforcing(requiredTags, plainStop, { onDrift: true });

const pauseAll = ['pause', '--reason', 'build hosts stop, INC-12'];
const controlsOf = ({ simulation }: Operated) => readControls(simulation.engine);

describe('pause', () => {
  test('works though nothing was ever enforced: an item is read, and one is written, without a scan', async () => {
    const world = operated([]);

    const { exitCode, stdout, stderr } = await world.run(pauseAll);

    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(world.called()).toEqual(['dynamodb:ListTables', 'dynamodb:BatchGetItem', 'dynamodb:PutItem']);
    expect(stdout).toMatch(/^paused: nothing is done by any policy\n/);
    expect(line(stdout)).toContain(
      `Table ${tableName}, us-east-1 Stopped all policies, paused since 2026-03-02 09:00:00 UTC: build hosts stop, INC-12 Now a function asks right before each action`,
    );
    expect(line(stdout)).toContain('To go on `ec2-guardrail resume --region us-east-1`');
    expect(await controlsOf(world)).toEqual({
      ...noControls,
      version: 1,
      paused: { at: '2026-03-02T09:00:00.000Z', reason: 'build hosts stop, INC-12' },
    });
  });

  test('does not look for a table that is named, and never asks EC2 or to change it', async () => {
    const world = operated([]);

    await world.run([...pauseAll, '--table', tableName, '--profile', 'night']);

    expect(world.called()).toEqual(['dynamodb:BatchGetItem', 'dynamodb:PutItem']);
    expect(world.places).toEqual([{ region: 'us-east-1', profile: 'night' }]);
  });

  test('stops what is due, and resume lets it come with the next look', async () => {
    const world = operated([stopUntagged]);
    await world.run(pauseAll);
    const id = await world.launch(untagged);
    expect(world.changes()).toEqual([]);
    expect((await world.findings())[0]?.steps).toMatchObject([{ held: { by: 'paused' } }]);

    const { stdout } = await world.run('resume');
    await world.sweeps();

    expect(line(stdout)).toMatch(
      /^resumed: 1 pause lifted .* Lifted all policies, paused since .*: build hosts stop, INC-12 Stopped nothing any more Next what is due comes with the next look/,
    );
    expect(world.changes()).toEqual([['ec2:StopInstances', { InstanceIds: [id] }]]);
  });

  test('of one policy leaves the others alone, and the latter are told', async () => {
    const other = enforcing({ ...requiredTags, name: 'other' }, plainStop, { onDrift: true });
    const world = operated([stopUntagged, other]);
    await world.sweeps();

    const { exitCode, stdout } = await world.run([...pauseAll, '--policy', 'required-tags']);
    await world.launch(untagged);

    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^paused: nothing is done by required-tags\n/);
    expect(line(stdout)).toContain('Stopped policy required-tags, paused since');
    expect(line(stdout)).toContain('`ec2-guardrail resume --region us-east-1 --policy required-tags`');
    expect(world.changes()).toHaveLength(1);
  });

  test('twice: the first reason stands, and nothing is written', async () => {
    const world = operated([]);
    await world.run(pauseAll);
    world.simulation.sandbox.advance(HOUR);

    const { exitCode, stdout } = await world.run(['pause', '--reason', 'me too']);

    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^paused already, and nothing was written: nothing is done by any policy\n/);
    expect(line(stdout)).toContain('paused since 2026-03-02 09:00:00 UTC: build hosts stop, INC-12');
    expect(world.called()).not.toContain('dynamodb:PutItem');
  });

  test('of a policy that nobody knows is written all the same, and said, with exit code 1', async () => {
    const world = operated([stopUntagged]);
    await world.sweeps();

    const { exitCode, stdout } = await world.run([...pauseAll, '--policy', 'required-tgas']);

    expect(exitCode).toBe(1);
    expect(line(stdout)).toContain(
      'Careful no policy required-tgas is known to enforce here: did you mean required-tags? those that enforce here are required-tags.',
    );
    expect((await controlsOf(world)).pausedPolicies).toHaveProperty('required-tgas');
  });

  test('tells all that is stopped', async () => {
    const world = operated([]);
    await world.run([...pauseAll, '--policy', 'no-open-ssh']);
    await changeControls(world.simulation.engine, (now) =>
      tripped(now, 'stop', { at: '2026-03-02T08:59:00.000Z', limit: 10 }),
    );

    const { stdout } = await world.run(pauseAll);

    expect(line(stdout)).toMatch(
      /Stopped all policies, paused .* Stopped policy no-open-ssh, paused .* Stopped stop, by its limit: 10 an hour, reached at 2026-03-02 08:59:00 UTC Now/,
    );
  });

  test('is written against other writers', async () => {
    const world = operated([]);
    const { sandbox, engine } = world.simulation;
    const io = meanwhile(world, 'dynamodb:PutItem', () =>
      changeControls(engine, (now) => tripped(now, 'access', { at: sandbox.now().toISOString(), limit: 1 })),
    );

    const { exitCode } = await world.run(pauseAll, io);

    expect(exitCode).toBe(0);
    expect(await controlsOf(world)).toMatchObject({ paused: { reason: expect.anything() }, tripped: { access: {} } });
  });

  test.each<[Fault['operation'], string, RegExp]>([
    [
      'dynamodb:ListTables',
      'AccessDeniedException',
      /can't look for the table .*grant dynamodb:ListTables to whoever/s,
    ],
    [
      'dynamodb:BatchGetItem',
      'AccessDeniedException',
      /can't read the controls .*grant dynamodb:BatchGetItem to whoever/s,
    ],
    ['dynamodb:PutItem', 'AccessDeniedException', /can't write the controls .*grant dynamodb:PutItem to whoever/s],
    ['dynamodb:PutItem', 'InternalServerError', /Whether it was written is not known: run the same command again\./],
    ['dynamodb:ListTables', 'CredentialsProviderError', /Set up credentials with `aws configure`/],
  ])('refused %s, %s: says what to do, with exit code 2', async (operation, error, message) => {
    const world = operated([]);
    world.simulation.sandbox.inject({ operation, error, times: 'always' } as Fault);

    const { exitCode, stdout, stderr } = await world.run(pauseAll);

    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  test('of a table that is not there says where its name stands', async () => {
    const { exitCode, stderr } = await operated([]).run([...pauseAll, '--table', 'no-such-table']);

    expect(exitCode).toBe(2);
    expect(stderr).toContain('There is no such table in us-east-1. ');
  });

  test.each([
    [['pause'], "required option '--reason <text>' not specified"],
    [['pause', '--reason', ' '], 'Say why, and who said so.'],
    [['pause', '--reason', 'x', '--policy', 'No Such'], 'Write its name: lower-case words joined by dashes'],
    [['resume', '--policy', '__proto__'], 'Write its name: lower-case words joined by dashes'],
  ])('%j is refused before AWS is asked', async (words, message) => {
    const world = operated([]);
    const { exitCode, stderr } = await world.run(words);

    expect(exitCode).toBe(2);
    expect(stderr).toContain(message);
    expect(world.places).toEqual([]);
  });
});

describe('what resume says that it lets come', () => {
  const DAY = 24 * HOUR;
  const later = enforcing({ ...requiredTags, name: 'later' }, plainTerminate, { onDrift: true, afterMs: DAY });

  /** Two instances that violate both policies, launched while all was paused. */
  async function pausedBefore(): Promise<Operated> {
    const world = operated([stopUntagged, later]);
    await world.run(pauseAll);
    await world.launch(untagged);
    await world.launch(untagged);
    return world;
  }

  test('is counted by action, at once or later, and each of what comes at once is named', async () => {
    const world = await pausedBefore();

    const { exitCode, stdout } = await world.run('resume');

    expect(exitCode).toBe(0);
    expect(line(stdout)).toMatch(
      /as far as limits allow Comes stop for 2 findings, at once, with the next look Comes terminate for 2 findings, from 2026-03-03 09:0\d:\d\d UTC on, in /,
    );
    expect(stdout.match(/^ {2}f-[0-9a-f]{12} on i-\w+: stop i-\w+$/gm)).toHaveLength(2);
    expect(stdout).not.toContain(': terminate i-');
    await world.sweeps();
    expect(world.changes().map(([operation]) => operation)).toEqual(['ec2:StopInstances', 'ec2:StopInstances']);
  });

  test('becomes what comes at once when its grace ends while all is paused', async () => {
    const world = await pausedBefore();
    world.simulation.sandbox.advance(DAY);
    await world.sweeps();

    expect(line((await world.run('resume')).stdout)).toContain(
      'Comes stop for 2 findings, at once, with the next look Comes terminate for 2 findings, at once, with the next look',
    );
  });

  test('is told by --dry-run, which writes nothing and needs no more than to read', async () => {
    const world = await pausedBefore();
    const before = await controlsOf(world);

    const { exitCode, stdout } = await world.run('resume --dry-run');

    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^would be resumed: 1 pause lifted\n/);
    expect(line(stdout)).toContain('Comes stop for 2 findings, at once, with the next look');
    expect(stdout).toMatch(/\nNothing was written; leave out --dry-run to have it done\.\n$/);
    expect(world.called()).toEqual(['dynamodb:ListTables', 'dynamodb:Scan']);
    expect(await controlsOf(world)).toEqual(before);
    await world.sweeps();
    expect(world.changes()).toEqual([]);
  });

  test('leaves out what stays stopped: by the pause of all, of another policy, or by a limit', async () => {
    const world = await pausedBefore();
    await world.run([...pauseAll, '--policy', 'required-tags']);
    await changeControls(world.simulation.engine, (now) =>
      tripped(now, 'terminate', { at: '2026-03-02T08:59:00.000Z', limit: 10 }),
    );

    expect(line((await world.run('resume --policy required-tags')).stdout)).toContain('Comes nothing: no action waits');

    await world.run([...pauseAll, '--policy', 'required-tags']);
    await changeControls(world.simulation.engine, (now) => {
      const { paused: _, ...others } = now;
      return others;
    });
    const { stdout } = await world.run('resume --policy required-tags');
    expect(line(stdout)).toContain('Comes stop for 2 findings, at once');
    expect(stdout).not.toContain('terminate for');
  });

  test.each<['stop' | 'schedule', string]>([
    ['stop', 'Comes stop for 1 finding, at once'],
    ['schedule', 'Comes nothing: no action waits for it'],
  ])('counts what stops by the clock as the engine does, where the limit of %s was reached', async (kind, expected) => {
    const hours = policyFor('running-hours', { timezone: 'UTC', hours: { sun: '02:00-03:00' } });
    const world = operated([enforcing(hours, plainStop, { onDrift: true })]);
    const pauseHours = [...pauseAll, '--policy', 'running-hours'];
    await world.sweeps();
    await world.run(pauseHours);
    await world.launch({ ...good, at: new Date('2026-03-02T06:00:00Z') });
    await changeControls(world.simulation.engine, (now) =>
      tripped(now, kind, { at: '2026-03-02T08:59:00.000Z', limit: 10 }),
    );

    expect(line((await world.run('resume --policy running-hours')).stdout)).toContain(expected);
    await world.sweeps();
    expect(world.changes()).toHaveLength(kind === 'stop' ? 1 : 0);
  });

  test('is what a limit held back, once that is lifted', async () => {
    const one = {
      ...defaultSafety,
      limits: { perHour: { access: 1, stop: 1, terminate: 1, schedule: 1 }, percent: 100 },
    };
    const world = operated([stopUntagged], one);
    for (let count = 0; count < 3; count++) await world.launch(untagged);
    expect(world.changes()).toHaveLength(1);

    expect(line((await world.run('resume --dry-run')).stdout)).toContain(
      'Comes stop for 2 findings, at once, with the next look',
    );
  });

  test('is nothing where nothing waits', async () => {
    const world = operated([stopUntagged]);
    await world.sweeps();
    await world.run(pauseAll);

    expect(line((await world.run('resume')).stdout)).toContain('Comes nothing: no action waits for it');
  });

  test('is not guessed: of an item of an older version the next look says when', async () => {
    const world = await pausedBefore();
    for (const { subject } of await readAllRecords(world.simulation.engine))
      await rewriteFindings(world, subject.id, ({ steps = [], ...finding }) => ({
        ...finding,
        steps: steps.map(({ ifResumed, ...step }) => (ifResumed === undefined ? step : step)),
      }));

    expect(line((await world.run('resume')).stdout)).toContain('Comes stop for 2 findings, when the next look says so');
  });

  test('is read before anything is lifted: where it can not be read, nothing is', async () => {
    const world = await pausedBefore();
    world.simulation.sandbox.inject({
      operation: 'dynamodb:Scan',
      error: 'AccessDeniedException',
      times: 'always',
    });

    const { exitCode, stdout, stderr } = await world.run('resume');

    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(/grant dynamodb:Scan to whoever/);
    expect(await controlsOf(world)).toHaveProperty('paused');
  });
});

describe('resume', () => {
  test('lifts all there is, and says how much and of what', async () => {
    const world = operated([]);
    await world.run(pauseAll);
    await world.run([...pauseAll, '--policy', 'no-open-ssh']);
    await changeControls(world.simulation.engine, (now) =>
      tripped(now, 'stop', { at: '2026-03-02T08:59:00.000Z', limit: 10 }),
    );

    const { exitCode, stdout } = await world.run('resume');

    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^resumed: 2 pauses and 1 limit lifted\n/);
    expect(stdout.match(/^Lifted/gm)).toHaveLength(3);
    expect(line(stdout)).toContain('Lifted stop, by its limit: 10 an hour, reached at 2026-03-02 08:59:00 UTC');
    expect(stdout).not.toContain('used up');
    expect(await controlsOf(world)).toMatchObject({ pausedPolicies: {}, tripped: {} });
    expect(await controlsOf(world)).not.toHaveProperty('paused');
  });

  test('of one policy lifts its own pause alone, and tells what is still stopped', async () => {
    const world = operated([stopUntagged]);
    await world.sweeps();
    await world.run(pauseAll);
    await world.run([...pauseAll, '--policy', 'required-tags']);

    const { exitCode, stdout } = await world.run('resume --policy required-tags');

    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^resumed: 1 pause lifted\n/);
    expect(line(stdout)).toContain('Lifted policy required-tags, paused since');
    expect(line(stdout)).toContain('Stopped all policies, paused since');
  });

  test.each(['resume', 'resume --policy required-tags'])(
    '%s: where nothing is stopped nothing is written',
    async (command) => {
      const world = operated([]);

      const { exitCode, stdout } = await world.run(command);

      expect(exitCode).toBe(0);
      expect(stdout).toMatch(/^(nothing was stopped|required-tags was not paused), and nothing was written\n/);
      expect(world.called()).not.toContain('dynamodb:PutItem');
    },
  );

  test('lifts a limit with a count of its own: as many again may be done before it is reached', async () => {
    const one = {
      ...defaultSafety,
      limits: { perHour: { access: 1, stop: 1, terminate: 1, schedule: 1 }, percent: 100 },
    };
    const world = operated([stopUntagged], one);
    await world.launch(untagged);
    await world.launch(untagged);
    await world.launch(untagged);
    expect(world.changes()).toHaveLength(1);

    await world.run('resume');
    await world.sweeps();
    expect(world.changes()).toHaveLength(2);
    await world.sweeps();
    expect(world.changes()).toHaveLength(2);

    await world.run('resume');
    await world.sweeps();
    expect(world.changes()).toHaveLength(3);
  });
});

test.each(['pause', 'resume', 'promote', 'undo'])('%s --help shows examples of it', async (command) => {
  const { exitCode, stdout } = await runCli(`${command} --help`, '.');

  expect(exitCode).toBe(0);
  expect(stdout).toMatch(new RegExp(`\nExamples:\n(  ec2-guardrail ${command}.*\n){2,}`));
});
