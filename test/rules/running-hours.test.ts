import { inspected } from '../../src/domain/given.ts';
import { judge } from '../../src/domain/judge.ts';
import { runningHours } from '../../src/rules/running-hours.ts';
import { policyWith } from '../support/policies.ts';
import { look, needsWith, refusals } from './look.ts';

const seoul = { timezone: 'Asia/Seoul', hours: { 'mon-fri': '08:00-20:00' } };

/** An instance that has run for long, at a time. */
function running(parameters: object, now: string, instance: object = {}) {
  return look(
    runningHours,
    parameters as never,
    { instance: { LaunchTime: '2025-01-01T00:00:00Z', ...instance } },
    now,
  );
}

describe('hours', () => {
  test.each<[string, object, string, string, string | undefined]>([
    ['a minute before they end', seoul, '2026-01-05T10:59:00Z', 'COMPLIANT', '2026-01-05T11:00:00.000Z'],
    ['the minute in which they end', seoul, '2026-01-05T11:00:00Z', 'NON_COMPLIANT', '2026-01-05T23:00:00.000Z'],
    ['the minute in which they begin', seoul, '2026-01-05T23:00:00Z', 'COMPLIANT', '2026-01-06T11:00:00.000Z'],
    ['a weekend', seoul, '2026-01-09T12:00:00Z', 'NON_COMPLIANT', '2026-01-11T23:00:00.000Z'],
    [
      'a holiday',
      { ...seoul, holidays: ['2026-01-06'] },
      '2026-01-06T01:00:00Z',
      'NON_COMPLIANT',
      '2026-01-06T23:00:00.000Z',
    ],
    [
      'hours through midnight, in the evening',
      { timezone: 'UTC', hours: { fri: '22:00-06:00' } },
      '2026-01-09T23:00:00Z',
      'COMPLIANT',
      '2026-01-10T06:00:00.000Z',
    ],
    [
      'hours through midnight, on the next day, which is a holiday',
      { timezone: 'UTC', hours: { fri: '22:00-06:00' }, holidays: ['2026-01-10'] },
      '2026-01-10T05:00:00Z',
      'COMPLIANT',
      '2026-01-10T06:00:00.000Z',
    ],
    [
      'days that go on into one another',
      { timezone: 'UTC', hours: { 'mon-tue': '00:00-24:00', wed: '00:00-12:00' } },
      '2026-01-05T12:00:00Z',
      'COMPLIANT',
      '2026-01-07T12:00:00.000Z',
    ],
    [
      'hours without end',
      { timezone: 'UTC', hours: { 'mon-sun': '00:00-24:00' } },
      '2026-01-05T12:00:00Z',
      'COMPLIANT',
      undefined,
    ],
    [
      'a week that goes round its end',
      { timezone: 'UTC', hours: { 'sat-mon': '10:00-12:00' } },
      '2026-01-04T11:00:00Z',
      'COMPLIANT',
      '2026-01-04T12:00:00.000Z',
    ],
    [
      'the morning of summer time, an hour earlier by UTC',
      { timezone: 'Europe/Berlin', hours: { 'mon-sun': '08:00-20:00' } },
      '2026-03-29T06:00:00Z',
      'COMPLIANT',
      '2026-03-29T18:00:00.000Z',
    ],
    [
      'the morning after summer time',
      { timezone: 'Europe/Berlin', hours: { 'mon-sun': '08:00-20:00' } },
      '2026-10-25T06:30:00Z',
      'NON_COMPLIANT',
      '2026-10-25T07:00:00.000Z',
    ],
    [
      'hours in the hour that summer time leaves out, an hour later',
      { timezone: 'Europe/Berlin', hours: { sun: '02:10-02:50' } },
      '2026-03-28T23:00:00Z',
      'NON_COMPLIANT',
      '2026-03-29T01:10:00.000Z',
    ],
    [
      'hours within others, in the inner',
      { timezone: 'UTC', hours: { mon: '08:00-08:00', tue: '01:00-02:00' } },
      '2026-01-06T01:30:00Z',
      'COMPLIANT',
      '2026-01-06T08:00:00.000Z',
    ],
    [
      'hours within others, after the inner',
      { timezone: 'UTC', hours: { mon: '08:00-08:00', tue: '01:00-02:00' } },
      '2026-01-06T03:00:00Z',
      'COMPLIANT',
      '2026-01-06T08:00:00.000Z',
    ],
    [
      'hours that end in the hour that summer time leaves out, an hour later',
      { timezone: 'Europe/Berlin', hours: { sun: '01:30-02:30' } },
      '2026-03-29T01:00:00Z',
      'COMPLIANT',
      '2026-03-29T01:30:00.000Z',
    ],
    [
      'hours that begin in that hour and end before they would, which are none',
      { timezone: 'Europe/Berlin', hours: { sun: '02:30-03:00' } },
      '2026-03-28T23:00:00Z',
      'NON_COMPLIANT',
      '2026-04-05T00:30:00.000Z',
    ],
    [
      'a day that begins tomorrow by UTC',
      { timezone: 'Pacific/Auckland', hours: { tue: '08:00-20:00' } },
      '2026-01-05T19:30:00Z',
      'COMPLIANT',
      '2026-01-06T07:00:00.000Z',
    ],
  ])('%s', (_, parameters, now, compliance, nextChangeAt) => {
    const judgement = running(parameters, now);
    expect([judgement.compliance, judgement.nextChangeAt]).toEqual([compliance, nextChangeAt]);
  });
});

describe('the hour after a start', () => {
  test('may be outside the hours, and then it is over', () => {
    const started = { LaunchTime: '2026-01-05T12:00:00Z' };
    expect(running(seoul, '2026-01-05T12:59:59Z', started)).toMatchObject({
      compliance: 'COMPLIANT',
      nextChangeAt: '2026-01-05T13:00:00.000Z',
    });
    expect(running(seoul, '2026-01-05T13:00:00Z', started).compliance).toBe('NON_COMPLIANT');
  });

  test('goes on into the hours where they begin within it', () => {
    const started = { LaunchTime: '2026-01-05T22:30:00Z' };
    expect(running(seoul, '2026-01-05T22:40:00Z', started).nextChangeAt).toBe('2026-01-05T23:00:00.000Z');
  });
});

describe('a tag that lets it be', () => {
  const snoozed = { ...seoul, snoozeTag: 'Snooze' };

  test.each([
    ['2026-01-05', '2026-01-05T14:59:00Z', 'COMPLIANT', '2026-01-05T15:00:00.000Z'],
    ['2026-01-05', '2026-01-05T15:00:00Z', 'NON_COMPLIANT', '2026-01-05T23:00:00.000Z'],
    ['2026-01-05T22:30', '2026-01-05T13:29:00Z', 'COMPLIANT', '2026-01-05T13:30:00.000Z'],
    ['2026-01-05T22:30', '2026-01-05T13:30:00Z', 'NON_COMPLIANT', '2026-01-05T23:00:00.000Z'],
    ['2026-01-05 22:30', '2026-01-05T13:29:00Z', 'COMPLIANT', '2026-01-05T13:30:00.000Z'],
    [' 2026-01-05 ', '2026-01-05T14:59:00Z', 'COMPLIANT', '2026-01-05T15:00:00.000Z'],
    ['2026-01-12T22:30', '2026-01-05T13:30:00Z', 'COMPLIANT', '2026-01-12T13:30:00.000Z'],
    ['2026-01-12T22:31', '2026-01-05T13:30:00Z', 'NON_COMPLIANT', '2026-01-05T13:31:00.000Z'],
    ['2026-02-30', '2026-01-05T13:30:00Z', 'INSUFFICIENT_DATA', undefined],
    ['forever', '2026-01-05T13:30:00Z', 'INSUFFICIENT_DATA', undefined],
    ['', '2026-01-05T13:30:00Z', 'INSUFFICIENT_DATA', undefined],
  ])('%p, at %s: %s', (value, now, compliance, nextChangeAt) => {
    const judgement = running(snoozed, now, { Tags: { Snooze: value } });
    expect([judgement.compliance, judgement.nextChangeAt]).toEqual([compliance, nextChangeAt]);
  });

  test('that nobody can read says how to write it', () => {
    const { fix } = running(snoozed, '2026-01-05T13:30:00Z', { Tags: { Snooze: 'tomorrow' } });
    expect(fix).toBe(
      'write the tag Snooze as 2026-12-01 or 2026-12-01T22:00, or remove it: until then nothing is done.',
    );
  });

  test('may lie as far ahead as the policy says', () => {
    const until = { Tags: { Snooze: '2026-01-31' } };
    const judged = (snoozeAtMost: string) => running({ ...snoozed, snoozeAtMost }, '2026-01-05T13:30:00Z', until);
    expect(judged('30d').compliance).toBe('COMPLIANT');
    expect(judged('24h').reason).toBe(
      'runs outside its hours, which begin at 2026-01-06 08:00 (Asia/Seoul); its tag Snooze ends more than 24h ahead, and is not taken',
    );
  });

  test('lets what is stopped be as well', () => {
    const stopped = {
      instance: {
        State: { Name: 'stopped' as const },
        LaunchTime: '2026-01-04T23:00:00Z',
        Tags: { Snooze: '2026-01-06' },
      },
      acts: [{ action: 'stop', at: '2026-01-05T11:00:00Z' }],
    };
    const parameters = { ...snoozed, startAgain: true };
    expect(look(runningHours, parameters, stopped, '2026-01-06T01:00:00Z')).toMatchObject({
      compliance: 'COMPLIANT',
      nextChangeAt: '2026-01-06T15:00:00.000Z',
    });
  });

  test('is asked for by the policy alone', () => {
    expect(running(seoul, '2026-01-05T13:30:00Z', { Tags: { Snooze: '2026-01-05' } }).compliance).toBe('NON_COMPLIANT');
    expect(needsWith(runningHours, seoul)).toEqual(['State']);
    expect(needsWith(runningHours, { ...snoozed, startAgain: true })).toEqual(['State', 'tags', 'acts', 'StateReason']);
  });

  test('may still be to come just after a launch', () => {
    const judgement = running(snoozed, '2026-01-05T13:00:30Z', { LaunchTime: '2026-01-05T13:00:00Z' });
    expect(judgement).toMatchObject({ compliance: 'INSUFFICIENT_DATA', reason: 'tags: not settled yet' });
  });
});

describe('stopped within its hours', () => {
  const again = { ...seoul, startAgain: true };
  const now = '2026-01-05T23:30:00Z';

  function stoppedBy(policy: string, action: string, at: string, parameters = again) {
    const instance = { State: { Name: 'stopped' as const }, LaunchTime: '2026-01-05T00:00:00Z' };
    const seen = inspected({ instance, acts: [{ policy, action, at }] }, new Date(now));
    return judge(policyWith(runningHours, parameters), seen, new Date(now))?.compliance;
  }

  test.each<[string, ReturnType<typeof stoppedBy>, string]>([
    ['by the policy', stoppedBy('running-hours', 'stop', '2026-01-05T11:00:00Z'), 'NON_COMPLIANT'],
    ['hibernated by the policy', stoppedBy('running-hours', 'hibernate', '2026-01-05T11:00:00Z'), 'NON_COMPLIANT'],
    [
      'by the policy at the very time of its start',
      stoppedBy('running-hours', 'stop', '2026-01-05T00:00:00Z'),
      'NON_COMPLIANT',
    ],
    ['by another policy', stoppedBy('other', 'stop', '2026-01-05T11:00:00Z'), 'COMPLIANT'],
    ['after it was started since', stoppedBy('running-hours', 'stop', '2026-01-04T11:00:00Z'), 'COMPLIANT'],
    [
      'something else was done by the policy',
      stoppedBy('running-hours', 'quarantine', '2026-01-05T11:00:00Z'),
      'COMPLIANT',
    ],
    [
      'where nobody wants it started again',
      stoppedBy('running-hours', 'stop', '2026-01-05T11:00:00Z', { ...seoul, startAgain: false }),
      'COMPLIANT',
    ],
  ])('%s', (_, compliance, expected) => {
    expect(compliance).toBe(expected);
  });
});

test('what is stopped within its hours is looked at again when they end', () => {
  const instance = { State: { Name: 'stopped' as const }, LaunchTime: '2026-01-05T00:00:00Z' };
  const acts = [{ action: 'stop', at: '2026-01-05T11:00:00Z' }];
  const judged = look(runningHours, { ...seoul, startAgain: true }, { instance, acts }, '2026-01-05T23:30:00Z');
  expect(judged).toMatchObject({ compliance: 'NON_COMPLIANT', nextChangeAt: '2026-01-06T11:00:00.000Z' });
});

describe('stopped after the policy had started it', () => {
  const again = { ...seoul, startAgain: true };

  function stoppedFor(code: string, startedAt = '2026-01-05T23:00:30Z', now = '2026-01-05T23:05:00Z') {
    const instance = { State: { Name: 'stopped' as const }, StateReason: { Code: code }, LaunchTime: startedAt };
    const acts = [
      { action: 'stop', at: '2026-01-05T11:00:00Z' },
      { action: 'start', at: startedAt },
    ];
    return look(runningHours, again, { instance, acts }, now);
  }

  test.each([
    'Client.InternalError',
    'Client.VolumeLimitExceeded',
    'Server.InternalError',
    'Server.InsufficientInstanceCapacity',
  ])('for %s is told with the reason', (code) => {
    expect(stoppedFor(code)).toMatchObject({
      compliance: 'NON_COMPLIANT',
      reason: `EC2 could not start it: ${code}`,
      nextChangeAt: '2026-01-06T11:00:00.000Z',
    });
  });

  test.each([
    'Client.UserInitiatedShutdown',
    'Client.InstanceInitiatedShutdown',
    'Server.ScheduledStop',
    'Server.SpotInstanceStop',
    '',
  ])('for %p is as somebody wants it, or EC2', (code) => {
    expect(stoppedFor(code).compliance).toBe('COMPLIANT');
  });

  test('is looked at again when the start has settled', () => {
    const soon = stoppedFor('Client.InternalError', '2026-01-05T23:00:30Z', '2026-01-05T23:00:45Z');
    expect(soon.nextChangeAt).toBe('2026-01-05T23:01:30.000Z');
  });

  test('is over with the hours, and is to be started anew when they begin next', () => {
    const failed = '2026-01-05T23:00:30Z';
    expect(stoppedFor('Client.InternalError', failed, '2026-01-06T11:00:00Z').compliance).toBe('COMPLIANT');
    expect(stoppedFor('Client.InternalError', failed, '2026-01-06T23:00:00Z').reason).toBe(
      'is stopped by this policy within its hours, which end at 2026-01-07 20:00 (Asia/Seoul)',
    );
  });
});

const notHours = 'hours.mon: are no hours: write two digits each, 24:00 at most, such as 08:00-20:00';

test.each([
  [
    { ...seoul, timezone: 'Seoul' },
    'timezone: is no time zone: write one of the IANA database, such as Asia/Seoul or UTC',
  ],
  [{ ...seoul, hours: {} }, 'hours: is empty: write the hours, such as mon-fri: "08:00-20:00"'],
  [{ ...seoul, hours: { monday: '08:00-20:00' } }, 'hours.monday: Invalid key in record'],
  [{ ...seoul, hours: { mon: '8-20' } }, notHours],
  [{ ...seoul, hours: { mon: '08:00-24:30' } }, notHours],
  [{ ...seoul, hours: { 'mon-fri': '08:00-20:00', wed: '08:00-12:00' } }, 'hours: names a day twice: write each once'],
  [{ ...seoul, snoozeAtMost: '10' }, 'snoozeAtMost: is no duration from 1h to 365d: write it as 7d'],
  [{ ...seoul, snoozeAtMost: '59m' }, 'snoozeAtMost: is no duration from 1h to 365d: write it as 7d'],
  [{ ...seoul, snoozeAtMost: '366d' }, 'snoozeAtMost: is no duration from 1h to 365d: write it as 7d'],
  [{ ...seoul, holidays: ['2026-02-30'] }, 'holidays.0: is no date: write it as 2026-12-25'],
])('%j is refused', (parameters, message) => {
  expect(refusals(runningHours, parameters)).toEqual([message]);
});
