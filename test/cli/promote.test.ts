import { distinct } from '../../src/domain/instance.ts';
import { defaultSafety } from '../../src/domain/safety.ts';
import { changeControls, readAllRecords, readControls } from '../../src/engine/store.ts';
import { HOUR, MINUTE, type Operated, operated } from '../support/operated.ts';
import { plainStop } from '../support/plain-actions.ts';
import { enforcing, policyFor } from '../support/policies.ts';
import { untagged } from '../support/world.ts';
import { meanwhile, rewriteFindings } from './others.ts';
import { line } from './run-cli.ts';

const DAY = 24 * HOUR;
const requiredTags = policyFor('required-tags', { keys: [{ key: 'Owner' }] });

/** A deployment in whose account two instances stand without a tag when its policy is first enforced. */
async function withBaseline(use: Parameters<typeof enforcing>[2]): Promise<Operated> {
  const world = operated([enforcing(requiredTags, plainStop, use)], {
    limits: { ...defaultSafety.limits, percent: 100 },
  });
  world.simulation.sandbox.account.launch(untagged);
  world.simulation.sandbox.account.launch(untagged);
  world.simulation.sandbox.advance(HOUR);
  await world.sweeps();
  return world;
}

const promotedAt = async ({ simulation }: Operated) =>
  (await readControls(simulation.engine)).policies['required-tags']?.promotedAt;

test('shows what would come, by action and time, and writes nothing', async () => {
  const world = await withBaseline({ onDrift: true, afterMs: DAY });

  const { exitCode, stdout, stderr } = await world.run('promote required-tags');

  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(stdout).toMatch(/^would be promoted: 2 findings of the baseline of required-tags\n/);
  expect(line(stdout)).toMatch(/Comes stop for 2 findings, from 2026-03-03 10:\d\d:\d\d UTC on, in 1 day /);
  expect(stdout.match(/^ {2}f-[0-9a-f]{12} on i-\w+: stop i-\w+$/gm)).toHaveLength(2);
  expect(stdout).toMatch(/\nNothing was written; add --yes to have it done\.\n$/);
  expect(distinct(world.called())).toEqual(['dynamodb:ListTables', 'dynamodb:Scan']);
  expect(await promotedAt(world)).toBeUndefined();
});

test('with --yes the baseline is acted on, with its whole grace from then on; what came later goes by its own', async () => {
  const world = await withBaseline({ onDrift: true, afterMs: DAY });

  const { exitCode, stdout } = await world.run('promote required-tags --yes');

  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^promoted: 2 findings of the baseline/);
  expect(line(stdout)).toContain('It takes effect with the next look at each instance, within the hour.');
  expect(distinct(world.called())).toEqual([
    'dynamodb:ListTables',
    'dynamodb:Scan',
    'dynamodb:BatchGetItem',
    'dynamodb:PutItem',
  ]);
  world.simulation.sandbox.advance(DAY - 30 * MINUTE);
  await world.sweeps();
  expect(world.changes()).toEqual([]);
  world.simulation.sandbox.advance(30 * MINUTE);
  await world.sweeps();
  expect(world.changes()).toHaveLength(2);
});

test('says what would hold it back then: nothing is promised that does not come', async () => {
  const world = await withBaseline({ afterMs: 0 });

  const { stdout } = await world.run('promote required-tags --yes');
  await world.sweeps();

  expect(stdout).toMatch(/^promoted: 0 findings of the baseline/);
  expect(line(stdout)).toContain(
    'Not stop for 2 findings: it came by a change after the launch, and the policy does not say onDrift',
  );
  expect(world.changes()).toEqual([]);
});

test('without grace it comes at once; that enforcement is paused is said, and holds', async () => {
  const world = await withBaseline({ onDrift: true });
  await world.run(['pause', '--reason', 'INC-12']);

  const { stdout } = await world.run('promote required-tags --yes');
  await world.sweeps();

  expect(line(stdout)).toContain('Comes stop for 2 findings, at once, with the next look');
  expect(line(stdout)).toContain('Stopped all policies, paused since');
  expect(world.changes()).toEqual([]);
});

test('where nothing is left alone there is nothing to promote, and nothing is written', async () => {
  const world = operated([enforcing(requiredTags, plainStop)]);
  await world.sweeps();

  const { exitCode, stdout } = await world.run('promote required-tags --yes');

  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^nothing to promote: required-tags leaves nothing alone as baseline\n/);
  expect(await promotedAt(world)).toBeUndefined();
});

test('what has ended is not promoted', async () => {
  const world = await withBaseline({ onDrift: true });
  const [ended] = await readAllRecords(world.simulation.engine);
  await rewriteFindings(world, ended?.subject.id ?? '', (finding) => ({ ...finding, status: 'closed' }));

  const { stdout } = await world.run('promote required-tags');

  expect(stdout).toMatch(/^would be promoted: 1 finding of the baseline of required-tags\n/);
  expect(stdout).not.toContain(ended?.subject.id);
});

test('a policy that is withdrawn while it is promoted is refused, and nothing is written', async () => {
  const world = await withBaseline({ onDrift: true });
  const { engine } = world.simulation;
  const io = meanwhile(world, 'dynamodb:BatchGetItem', () =>
    changeControls(engine, (now) => ({ ...now, policies: {} })),
  );

  const { exitCode, stdout, stderr } = await world.run('promote required-tags --yes', io);

  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  expect(line(stderr)).toContain('no policy required-tags is known to enforce here: no policy enforces here yet');
  expect((await readControls(engine)).policies).toEqual({});
});

test('before a sweep has looked at everything it says so', async () => {
  const world = operated([enforcing(requiredTags, plainStop, { onDrift: true })]);
  const { account, advance } = world.simulation.sandbox;
  const [instance] = account.launch(untagged).instances;
  advance(HOUR);
  await world.happens(account.setTags(instance?.InstanceId ?? '', { Team: 'web' }));

  const { stdout } = await world.run('promote required-tags');

  expect(stdout).toMatch(/^would be promoted: 1 finding /);
  expect(line(stdout)).toContain(
    'no sweep has looked at everything since, and what it still finds is not promoted by now',
  );
});

test.each([
  ['required-tgas', 'did you mean required-tags? those that enforce here are required-tags.'],
  ['constructor', 'those that enforce here are required-tags.'],
])('a policy that does not enforce here is refused: %s', async (policy, message) => {
  const world = operated([enforcing(requiredTags, plainStop)]);
  await world.sweeps();

  const { exitCode, stdout, stderr } = await world.run(`promote ${policy} --yes`);

  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  expect(line(stderr)).toContain(`no policy ${policy} is known to enforce here: ${message}`);
  expect(stderr).toContain('A policy is known after the first inspection that follows its deployment in mode enforce');
});
