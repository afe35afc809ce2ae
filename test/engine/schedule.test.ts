import { start as startAction } from '../../src/actions/start.ts';
import { undone } from '../../src/domain/acting.ts';
import { bind, noConditions } from '../../src/domain/bind.ts';
import type { SubjectRecord } from '../../src/domain/finding.ts';
import { notify, type Policy } from '../../src/domain/policy.ts';
import { defaultSafety } from '../../src/domain/safety.ts';
import { readControls, readRecords, writeOver } from '../../src/engine/store.ts';
import { plainStop } from '../support/plain-actions.ts';
import { policyFor } from '../support/policies.ts';
import { changesMade, findingsOf, happens, mails, sweepOnce, wait } from '../support/stories.ts';
import { alertSubjects, good, settled, told, world } from '../support/world.ts';

/** The world begins on a Monday at 09:00 UTC, within the hours. */
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const isOn = { isEnforcing: true };

/** Stops in the evening, and starts in the morning what it stopped. */
function officeHours(more: Partial<Policy> = {}, parameters: object = {}) {
  const {
    boundRule,
    boundActions: _,
    needs: __,
    conditions: ___,
    ...policy
  } = policyFor('running-hours', {
    timezone: 'UTC',
    hours: { 'mon-fri': '08:00-20:00' },
    startAgain: true,
    ...parameters,
  });
  const use = { parameters: {}, afterMs: 0, onDrift: false };
  const actions = [notify, { id: 'stop', ...use }, { id: 'start', ...use }];
  return bind({ ...policy, mode: 'enforce', actions, ...more }, boundRule, [plainStop, startAction]);
}

type World = ReturnType<typeof world>;

/** A world with running instances that the guardrail has seen within their hours. */
async function atWork(count: number, options: Parameters<typeof world>[0] = {}) {
  const simulation = world({ policies: [officeHours()], enforcement: isOn, ...options });
  const ids: string[] = [];
  for (let made = 0; made < count; made++) {
    const { events, instances } = simulation.sandbox.account.launch({ ...good, at: settled });
    ids.push(...instances.map(({ InstanceId = '' }) => InstanceId));
    await happens(simulation, events);
  }
  return { simulation, ids };
}

/** The minute clock, for so long. */
async function clockFor(simulation: World, milliseconds: number, step = 5 * MINUTE): Promise<void> {
  for (let passed = 0; passed < milliseconds; passed += step) await wait(simulation, step);
}

function instancesIn(simulation: World, operation: string): readonly string[] {
  return changesMade(simulation).flatMap(([made, input]) =>
    made === operation ? (input as { InstanceIds: string[] }).InstanceIds : [],
  );
}

const stopped = (simulation: World) => instancesIn(simulation, 'ec2:StopInstances');
const started = (simulation: World) => instancesIn(simulation, 'ec2:StartInstances');

describe('by the clock', () => {
  test('an instance is stopped in the evening and started in the morning, each once, without any event', async () => {
    const { simulation, ids } = await atWork(1);
    await wait(simulation, 10 * HOUR + 50 * MINUTE);
    expect(changesMade(simulation)).toEqual([]);
    await wait(simulation, 15 * MINUTE);
    expect(stopped(simulation)).toEqual(ids);

    await clockFor(simulation, 11 * HOUR, HOUR);
    expect(started(simulation)).toEqual([]);
    await wait(simulation, HOUR);
    expect(started(simulation)).toEqual(ids);
    await clockFor(simulation, 2 * HOUR, HOUR);
    expect(changesMade(simulation)).toHaveLength(2);
  });

  test('the mail of one instance says that it was the clock, what was done and what comes, and is no alarm', async () => {
    const { simulation, ids } = await atWork(1);
    await wait(simulation, 11 * HOUR);
    await wait(simulation, 15 * MINUTE);
    await clockFor(simulation, 12 * HOUR, 15 * MINUTE);

    expect(alertSubjects(simulation)).toEqual([
      `[ACTED] running-hours, stop done: ${ids[0]} in us-east-1`,
      `[ACTED] running-hours, start done: ${ids[0]} in us-east-1`,
    ]);
    const [evening, morning] = mails(simulation);
    expect(evening).toContain('Cause by the clock');
    expect(evening).toContain('Next start when its hours begin, at 2026-03-03 08:00:00 UTC');
    expect(morning).toContain('Cause by the clock');
    expect(morning).not.toContain('Next ');
  });

  test('so it goes on from day to day, and over the weekend it stays stopped', async () => {
    const { simulation } = await atWork(1);
    await clockFor(simulation, 7 * DAY - HOUR, 30 * MINUTE);
    const days = simulation.sandbox.calls
      .filter(({ operation }) => operation === 'ec2:StopInstances' || operation === 'ec2:StartInstances')
      .map(({ operation }) => operation.slice(4, 8));
    expect(days.join(' ')).toBe('Stop Star Stop Star Stop Star Stop Star Stop Star');
  });

  test('what was stopped before long holidays is started after them', async () => {
    const holidays = Array.from({ length: 18 }, (_, index) => `2026-03-${String(index + 3).padStart(2, '0')}`);
    const { simulation, ids } = await atWork(1, { policies: [officeHours({}, { holidays })] });
    await wait(simulation, 11 * HOUR + MINUTE);
    for (let day = 0; day < 19; day++) {
      await wait(simulation, DAY);
      await sweepOnce(simulation);
    }
    expect(started(simulation)).toEqual([]);
    await clockFor(simulation, 3 * DAY, HOUR);
    expect(stopped(simulation)[0]).toBe(ids[0]);
    expect(started(simulation)[0]).toBe(ids[0]);
  });

  test('what EC2 takes to start and stops again is told at once with the reason, and tried once a morning until it runs', async () => {
    const { simulation, ids } = await atWork(1);
    const { startFailures } = simulation.sandbox.account;
    const [id = ''] = ids;
    startFailures.set(id, { Code: 'Client.InternalError', Message: 'Client.InternalError: Client error on launch' });
    await wait(simulation, 11 * HOUR + MINUTE);
    await wait(simulation, 15 * MINUTE);
    await clockFor(simulation, 12 * HOUR, HOUR);
    await wait(simulation, 2 * MINUTE);
    expect(started(simulation)).toEqual([id]);
    expect(told(simulation)).toEqual([['opened running-hours'], ['opened running-hours'], ['changed running-hours']]);
    expect(mails(simulation)[2]).toContain('EC2 could not start it: Client.InternalError: Client error on launch');

    await clockFor(simulation, 11 * HOUR, HOUR);
    expect(await findingsOf(simulation)).toMatchObject([{ status: 'open' }]);
    await clockFor(simulation, 12 * HOUR, HOUR);
    expect(started(simulation)).toEqual([id]);
    startFailures.delete(id);
    await clockFor(simulation, 2 * HOUR, HOUR);
    expect(started(simulation)).toEqual([id, id]);
    expect(await findingsOf(simulation)).toMatchObject([{ status: 'closed', closedAs: 'resolved' }]);
    await clockFor(simulation, 8 * HOUR, HOUR);
    expect(started(simulation)).toEqual([id, id]);
  });

  test('many are told of in one message, a quarter of an hour later, and not once more when they are stopped', async () => {
    const { simulation, ids } = await atWork(30);
    await wait(simulation, 11 * HOUR + MINUTE);
    expect(stopped(simulation)).toHaveLength(30);
    expect(alertSubjects(simulation)).toEqual([]);
    await clockFor(simulation, 2 * HOUR);

    expect(alertSubjects(simulation)).toEqual(['[ACTED] running-hours: 30 instances in us-east-1, by the clock']);
    expect(told(simulation)).toEqual([ids.map(() => 'opened running-hours')]);
    expect(mails(simulation)[0]).toContain('Done stop i-');
  });

  test('a policy that observes tells in one message whom it would stop', async () => {
    const { simulation } = await atWork(3, { policies: [officeHours({ mode: 'observe' })] });
    await clockFor(simulation, 13 * HOUR, 15 * MINUTE);
    expect(changesMade(simulation)).toEqual([]);
    expect(told(simulation)).toEqual([Array(3).fill('opened running-hours')]);
  });
});

describe('a limit', () => {
  const withLimits = (perHour: object) => ({
    isEnforcing: true,
    safety: {
      limits: { percent: 1, perHour: { ...defaultSafety.limits.perHour, ...perHour } },
      conditions: noConditions,
    },
  });

  test('of stops does not hold for what goes by the clock', async () => {
    const { simulation } = await atWork(5, { enforcement: withLimits({ stop: 1 }) });
    await sweepOnce(simulation);
    await wait(simulation, 11 * HOUR + MINUTE);
    expect(stopped(simulation)).toHaveLength(5);
  });

  test('of its own holds, is told, and stands until somebody resumes', async () => {
    const { simulation } = await atWork(5, { enforcement: withLimits({ schedule: 2 }) });
    await clockFor(simulation, 14 * HOUR, 30 * MINUTE);
    expect(stopped(simulation)).toHaveLength(2);
    expect((await readControls(simulation.engine)).tripped).toMatchObject({ schedule: { limit: 2 } });
    expect(mails(simulation).filter((mail) => mail.startsWith('LIMIT REACHED'))).toHaveLength(1);
  });
});

describe('a person', () => {
  async function stoppedInTheEvening() {
    const { simulation, ids } = await atWork(1);
    await clockFor(simulation, 12 * HOUR, 20 * MINUTE);
    expect(stopped(simulation)).toEqual(ids);
    return { simulation, id: ids[0] ?? '' };
  }

  test('who starts an instance in the evening has it for an hour', async () => {
    const { simulation, id } = await stoppedInTheEvening();
    await happens(simulation, simulation.sandbox.account.setState(id, 'running'));
    await clockFor(simulation, 50 * MINUTE);
    expect(stopped(simulation)).toHaveLength(1);
    await clockFor(simulation, 20 * MINUTE);
    expect(stopped(simulation)).toHaveLength(2);
  });

  test('who puts a stop back has the instance through the night, and it is stopped the next evening', async () => {
    const { simulation, id } = await stoppedInTheEvening();
    const { engine, sandbox } = simulation;
    const [finding] = await findingsOf(simulation);
    const [act] = finding?.acts ?? [];
    if (finding === undefined || act === undefined) throw new Error('nothing was done');
    const putBack = (now: SubjectRecord | undefined) => {
      const record = now && undone(now, finding.id, act, sandbox.now().toISOString());
      return record && { record };
    };
    const records = await readRecords(engine, [id]);
    expect(await writeOver(engine, id, records.get(id), putBack, 1)).toBeDefined();
    await happens(simulation, sandbox.account.setState(id, 'running'));
    await clockFor(simulation, 11 * HOUR, 30 * MINUTE);
    expect(stopped(simulation)).toHaveLength(1);
    await clockFor(simulation, 13 * HOUR, 30 * MINUTE);
    expect(stopped(simulation)).toHaveLength(2);
    expect(started(simulation)).toEqual([]);
  });

  test('who stopped an instance finds it stopped in the morning', async () => {
    const { simulation, ids } = await atWork(1);
    await happens(simulation, simulation.sandbox.account.setState(ids[0] ?? '', 'stopped'));
    await clockFor(simulation, DAY, HOUR);
    expect(changesMade(simulation)).toEqual([]);
  });

  test('who gives an instance, in the night, the tag by which the policy matches does not stop it before the next evening', async () => {
    const dev = { match: { tags: { Environment: ['dev'] } } };
    const { simulation, ids } = await atWork(1, { policies: [officeHours(dev)] });
    await wait(simulation, 12 * HOUR);
    const [id = ''] = ids;
    await happens(simulation, simulation.sandbox.account.setTags(id, { Environment: 'dev' }));
    await clockFor(simulation, 10 * HOUR, HOUR);
    expect(stopped(simulation)).toEqual([]);
    expect((await findingsOf(simulation)).map(({ origin }) => origin)).toEqual(['drift']);
    await clockFor(simulation, 14 * HOUR, HOUR);
    expect(stopped(simulation)).toEqual([id]);
  });
});

test('what stood outside its hours when enforcement was turned on is left alone that night, and stopped the next evening', async () => {
  const simulation = world({ policies: [officeHours({ mode: 'observe' })], enforcement: isOn });
  await happens(simulation, simulation.sandbox.account.launch({ ...good, at: settled }).events);
  await wait(simulation, 12 * HOUR);
  const enforcing = { ...simulation, engine: { ...simulation.engine, policies: [officeHours()] } };
  Object.assign(simulation.engine, { policies: [officeHours()] });
  await sweepOnce(enforcing);
  await clockFor(simulation, 10 * HOUR, HOUR);
  expect(changesMade(simulation)).toEqual([]);
  await clockFor(simulation, 14 * HOUR, HOUR);
  expect(stopped(simulation)).toHaveLength(1);
});

test('an evening whose look failed is made up for: it is by the clock all the same', async () => {
  const { simulation, ids } = await atWork(1);
  simulation.sandbox.inject({ operation: 'ec2:DescribeInstances', error: 'RequestLimitExceeded', times: 6 });
  await wait(simulation, 11 * HOUR + MINUTE);
  expect(stopped(simulation)).toEqual([]);
  await clockFor(simulation, 2 * HOUR);
  expect(stopped(simulation)).toEqual(ids);
  expect(told(simulation)).toEqual([['opened running-hours']]);
});

describe('whoever may tag an instance', () => {
  const devWithSnooze = officeHours({ match: { tags: { Environment: ['dev'] } } }, { snoozeTag: 'Snooze' });
  const untilHalfPast = { Environment: 'dev', Snooze: '2026-03-02T23:30' };

  test('can not stop it in the night by a tag that lets it run for a while', async () => {
    const { simulation, ids } = await atWork(1, { policies: [devWithSnooze] });
    const [id = ''] = ids;
    await wait(simulation, 14 * HOUR);
    await happens(simulation, simulation.sandbox.account.setTags(id, untilHalfPast));
    await clockFor(simulation, 2 * HOUR, 10 * MINUTE);
    expect(stopped(simulation)).toEqual([]);
    expect((await findingsOf(simulation)).map(({ origin }) => origin)).toEqual(['drift']);
  });

  test('nor by first the one and then the other', async () => {
    const { simulation, ids } = await atWork(1, { policies: [devWithSnooze] });
    const [id = ''] = ids;
    await wait(simulation, 13 * HOUR);
    await happens(simulation, simulation.sandbox.account.setTags(id, { Environment: 'dev' }));
    await wait(simulation, HOUR);
    await happens(simulation, simulation.sandbox.account.setTags(id, untilHalfPast));
    await clockFor(simulation, 2 * HOUR, 10 * MINUTE);
    expect(stopped(simulation)).toEqual([]);
  });

  test('lets one that is stopped each evening run until then', async () => {
    const { simulation, ids } = await atWork(1, { policies: [officeHours({}, { snoozeTag: 'Snooze' })] });
    const [id = ''] = ids;
    await happens(simulation, simulation.sandbox.account.setTags(id, { Snooze: '2026-03-02T23:30' }));
    await wait(simulation, 14 * HOUR);
    expect(stopped(simulation)).toEqual([]);
    await clockFor(simulation, HOUR, 10 * MINUTE);
    expect(stopped(simulation)).toEqual([id]);
  });
});

test('a limit that the evening has reached does not keep the morning down', async () => {
  const limits = { percent: 1, perHour: { ...defaultSafety.limits.perHour, schedule: 3 } };
  const enforcement = { isEnforcing: true, safety: { limits, conditions: noConditions } };
  const { simulation } = await atWork(4, { enforcement });
  await clockFor(simulation, 26 * HOUR, 30 * MINUTE);
  expect(stopped(simulation).toSorted()).toEqual(started(simulation).toSorted());
  expect(started(simulation)).toHaveLength(3);
});

test('a stop whose outcome could not be written is told, and started again in the morning', async () => {
  const { simulation, ids } = await atWork(1);
  simulation.sandbox.inject({
    operation: 'dynamodb:PutItem',
    error: 'InternalServerError',
    times: 1,
    when: () => simulation.sandbox.calls.some(({ operation }) => operation === 'ec2:StopInstances'),
  });
  await wait(simulation, 11 * HOUR + MINUTE);
  await clockFor(simulation, 15 * HOUR, 30 * MINUTE);
  expect(mails(simulation).some((mail) => mail.includes('whether it was done was not written down'))).toBe(true);
  expect(started(simulation)).toEqual(ids);
});

test('of an instance that is gone without a word time makes nothing', async () => {
  const { simulation, ids } = await atWork(1);
  simulation.sandbox.account.terminate(ids[0] ?? '');
  await wait(simulation, 2 * HOUR);
  await sweepOnce(simulation);
  await clockFor(simulation, 12 * HOUR, HOUR);
  const before = simulation.sandbox.calls.length;
  await clockFor(simulation, 2 * DAY, 10 * MINUTE);
  expect(
    simulation.sandbox.calls.slice(before).filter(({ operation }) => operation === 'ec2:DescribeInstances'),
  ).toEqual([]);
});
