import { millisecondsOf } from '../domain/duration.ts';
import type { Fact, Facts, OwnAct } from '../domain/facts.ts';
import { known, tagMap, unknown } from '../domain/facts.ts';
import { daysOf, endOfDay, isDate, isSpan, isTimezone, localTime, type Place, placeIn } from '../domain/hours.ts';
import { type Instance, SETTLES_AFTER_MS } from '../domain/instance.ts';
import type { InstanceFields } from '../domain/needs.ts';
import { defineRule } from '../domain/rule.ts';
import { DAY_MS, HOUR_MS } from '../domain/time.ts';
import {
  compliant,
  insufficientData,
  notApplicable,
  untilTagged,
  untilTime,
  type Verdict,
  violation,
} from '../domain/verdict.ts';

/** How long after its start an instance may run, whatever the hour, in milliseconds: whoever starts it has that hour. */
const AFTER_START_MS = HOUR_MS;

/**
 * Reasons for which an instance is stopped that ran before. Any other is given where one could not be started.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StateReason.html
 */
const ranBefore =
  /^(Client\.(UserInitiated|InstanceInitiated|InstanceTerminated)|Server\.(ScheduledStop|SpotInstance))/;

/** What stops an instance so that it can be started again. */
const stops: readonly string[] = ['stop', 'hibernate'];

export const runningHours = defineRule({
  id: 'running-hours',
  summary: 'The instance runs within its hours only, such as from 08:00 to 20:00 on weekdays.',
  why: 'An instance for people that runs day and night is paid for 168 hours a week, of which they work 40.',
  fix: 'Stop it outside its hours, or give it a tag that lets it run for a while where the policy names one',
  isScheduled: true,
  evidence: {
    about: 'Of a violation.',
    fields: {
      timezone: 'the time zone of the hours',
      changesAt: 'when the hours begin, or end, next; left out where they do not within two months',
      notStarted:
        'what EC2 says of why it stopped the instance again when the policy had started it; left out otherwise',
    },
  },
  parameters: (z) =>
    z.strictObject({
      timezone: z
        .string()
        .refine(isTimezone, 'is no time zone: write one of the IANA database, such as Asia/Seoul or UTC')
        .describe('The time zone of the hours, by its IANA name: Asia/Seoul. Summer time is heeded.'),
      hours: z
        .record(
          z
            .string()
            .refine((key) => daysOf(key) !== undefined, 'is no day: write one such as mon, or some such as mon-fri'),
          z
            .string()
            .refine(isSpan, 'are no hours: write two digits each, 24:00 at most, such as 08:00-20:00')
            .describe('Hours such as 08:00-20:00, of which a day has one span.'),
        )
        .refine((hours) => Object.keys(hours).length > 0, 'is empty: write the hours, such as mon-fri: "08:00-20:00"')
        .refine(areOnce, 'names a day twice: write each once')
        .meta({ minProperties: 1 })
        .describe(
          'Hours by days: mon-fri: "08:00-20:00". Days without any are outside. Hours that end before they begin, or when they do, end on the next day: 08:00-08:00 are 24 hours.',
        ),
      holidays: z
        .array(z.string().refine(isDate, 'is no date: write it as 2026-12-25'))
        .default([])
        .describe('Days on which no hours begin, as 2026-12-25.'),
      snoozeTag: z
        .string()
        .min(1)
        .optional()
        .describe(
          'A tag whose value lets the instance be as it is through a day (2026-12-01) or until a time (2026-12-01T22:00, or with a space for the T) of the time zone. Whoever may tag an instance decides. Left out: none.',
        ),
      snoozeAtMost: z
        .string()
        .refine((text) => isLongEnough(millisecondsOf(text)), 'is no duration from 1h to 365d: write it as 7d')
        .default('7d')
        .describe(
          'How far ahead a value of `snoozeTag` may lie: one that lies further is not taken, and the violation says so.',
        ),
      startAgain: z
        .boolean()
        .default(false)
        .describe(
          'Whether what the policy stopped runs again when its hours begin: being stopped is a violation then, which the action start mends.',
        ),
    }),
  needs: ({ snoozeTag, startAgain }) => [
    'State',
    ...(snoozeTag === undefined ? [] : (['tags'] as const)),
    ...(startAgain ? (['acts', 'StateReason'] as const) : []),
  ],
  evaluate({ instance, facts, parameters, now, policy }) {
    const { Name: state } = instance.State;
    if (state !== 'running' && state !== 'stopped') return notApplicable(`instance is ${state}`);
    const place = placeIn(parameters, now);
    const snoozed = snoozedUntil(facts, parameters);
    if (!snoozed.known) return insufficientData([snoozed.missing]);
    const takenFrom = new Date(snoozed.value.getTime() - millisecondsOf(parameters.snoozeAtMost));
    if (snoozed.value > now && takenFrom <= now) return untilTagged(compliant(), snoozed.value);
    if (state === 'stopped' && place.beganAt !== undefined && parameters.startAgain) {
      const own = ownActs(policy, facts);
      const failed = failedStart(instance, own);
      // What failed on another day is tried anew.
      if (failed !== undefined && failed.at >= place.beganAt)
        return notStarted(instance, failed.message, { place, now }, parameters);
      if (failed !== undefined || isStoppedBy(own, instance.LaunchTime))
        return stoppedWithin(instance, place, parameters);
    }
    if (state === 'stopped') return untilTime(compliant(), place.changesAt);
    const startedFor = new Date(instance.LaunchTime.getTime() + AFTER_START_MS);
    if (place.isWithin) return untilTime(compliant(), place.changesAt);
    if (startedFor > now) return untilTime(compliant(), earlier(startedFor, place.changesAt));
    return runsOutside(instance, place, parameters, takenFrom > now ? takenFrom : undefined);
  },
  examples: [
    {
      title: 'runs in the afternoon',
      parameters: { timezone: 'Asia/Seoul', hours: { 'mon-fri': '08:00-20:00' } },
      given: { instance: { LaunchTime: '2026-01-05T00:00:00Z' } },
      now: '2026-01-05T06:00:00Z',
      expect: { compliance: 'COMPLIANT' },
    },
    {
      title: 'runs in the evening',
      parameters: { timezone: 'Asia/Seoul', hours: { 'mon-fri': '08:00-20:00' } },
      given: { instance: { LaunchTime: '2026-01-05T00:00:00Z' } },
      now: '2026-01-05T11:00:00Z',
      expect: {
        compliance: 'NON_COMPLIANT',
        reason: 'runs outside its hours, which begin at 2026-01-06 08:00 (Asia/Seoul)',
      },
    },
    {
      title: 'was started in the evening, less than an hour ago',
      parameters: { timezone: 'Asia/Seoul', hours: { 'mon-fri': '08:00-20:00' } },
      given: { instance: { LaunchTime: '2026-01-05T11:30:00Z' } },
      now: '2026-01-05T12:00:00Z',
      expect: { compliance: 'COMPLIANT' },
    },
    {
      title: 'runs on a holiday',
      parameters: { timezone: 'Asia/Seoul', hours: { 'mon-fri': '08:00-20:00' }, holidays: ['2026-01-01'] },
      given: { instance: { LaunchTime: '2025-12-31T00:00:00Z' } },
      now: '2026-01-01T03:00:00Z',
      expect: {
        compliance: 'NON_COMPLIANT',
        reason: 'runs outside its hours, which begin at 2026-01-02 08:00 (Asia/Seoul)',
      },
    },
    {
      title: 'somebody lets it run through the day',
      parameters: { timezone: 'Asia/Seoul', hours: { 'mon-fri': '08:00-20:00' }, snoozeTag: 'Snooze' },
      given: { instance: { LaunchTime: '2026-01-05T00:00:00Z', Tags: { Snooze: '2026-01-05' } } },
      now: '2026-01-05T14:00:00Z',
      expect: { compliance: 'COMPLIANT' },
    },
    {
      title: 'somebody lets it run for longer than the policy takes',
      parameters: { timezone: 'Asia/Seoul', hours: { 'mon-fri': '08:00-20:00' }, snoozeTag: 'Snooze' },
      given: { instance: { LaunchTime: '2026-01-05T00:00:00Z', Tags: { Snooze: '2026-12-31' } } },
      now: '2026-01-05T14:00:00Z',
      expect: {
        compliance: 'NON_COMPLIANT',
        reason:
          'runs outside its hours, which begin at 2026-01-06 08:00 (Asia/Seoul); its tag Snooze ends more than 7d ahead, and is not taken',
      },
    },
    {
      title: 'until when it may run is written in a way that nobody can read',
      parameters: { timezone: 'Asia/Seoul', hours: { 'mon-fri': '08:00-20:00' }, snoozeTag: 'Snooze' },
      given: { instance: { LaunchTime: '2026-01-05T00:00:00Z', Tags: { Snooze: 'tomorrow' } } },
      now: '2026-01-05T14:00:00Z',
      expect: {
        compliance: 'INSUFFICIENT_DATA',
        reason: 'tag Snooze: can not be evaluated (its value is no day 2026-12-01 and no time 2026-12-01T22:00)',
      },
    },
    {
      title: 'is still stopped in the morning, by the policy',
      parameters: { timezone: 'Asia/Seoul', hours: { 'mon-fri': '08:00-20:00' }, startAgain: true },
      given: {
        instance: { LaunchTime: '2026-01-05T00:00:00Z', State: { Name: 'stopped' } },
        acts: [{ action: 'stop', at: '2026-01-05T11:00:30Z' }],
      },
      now: '2026-01-05T23:00:00Z',
      expect: {
        compliance: 'NON_COMPLIANT',
        reason: 'is stopped by this policy within its hours, which end at 2026-01-06 20:00 (Asia/Seoul)',
      },
    },
    {
      title: 'was started by the policy in the morning, and EC2 stopped it again',
      parameters: { timezone: 'Asia/Seoul', hours: { 'mon-fri': '08:00-20:00' }, startAgain: true },
      given: {
        instance: {
          LaunchTime: '2026-01-05T23:00:31Z',
          State: { Name: 'stopped' },
          StateReason: { Code: 'Client.InternalError', Message: 'Client.InternalError: Client error on launch' },
        },
        acts: [
          { action: 'stop', at: '2026-01-05T11:00:30Z' },
          { action: 'start', at: '2026-01-05T23:00:30Z' },
        ],
      },
      now: '2026-01-05T23:01:00Z',
      expect: {
        compliance: 'NON_COMPLIANT',
        reason: 'EC2 could not start it: Client.InternalError: Client error on launch',
      },
    },
    {
      title: 'was stopped by somebody else',
      parameters: { timezone: 'Asia/Seoul', hours: { 'mon-fri': '08:00-20:00' }, startAgain: true },
      given: { instance: { LaunchTime: '2026-01-05T00:00:00Z', State: { Name: 'stopped' } } },
      now: '2026-01-05T23:00:00Z',
      expect: { compliance: 'COMPLIANT' },
    },
    {
      title: 'is being stopped',
      parameters: { timezone: 'Asia/Seoul', hours: { 'mon-fri': '08:00-20:00' } },
      given: { instance: { State: { Name: 'stopping' } } },
      expect: { compliance: 'NOT_APPLICABLE', reason: 'instance is stopping' },
    },
  ],
});

interface Parameters {
  readonly timezone: string;
  readonly snoozeTag?: string | undefined;
  readonly snoozeAtMost: string;
}

function isLongEnough(milliseconds: number): boolean {
  return milliseconds >= HOUR_MS && milliseconds <= 365 * DAY_MS;
}

function areOnce(hours: Readonly<Record<string, string>>): boolean {
  const all = Object.keys(hours).flatMap((key) => daysOf(key) ?? []);
  return new Set(all).size === all.length;
}

/** Nobody ever let it be. */
const never = new Date(0);

/** Until when somebody lets the instance be as it is. What nobody can read is not taken for "never". */
function snoozedUntil({ tags }: Pick<Facts, 'tags'>, { snoozeTag, timezone }: Parameters): Fact<Date> {
  if (snoozeTag === undefined) return known(never);
  const value = tagMap(tags).get(snoozeTag);
  const [missing] = tags.missing;
  if (value === undefined) return missing === undefined ? known(never) : unknown(missing);
  const written = value.trim().replace(' ', 'T');
  const end = isDate(written) ? endOfDay(written, timezone) : localTime(written, timezone);
  if (end !== undefined) return known(end);
  const detail = 'its value is no day 2026-12-01 and no time 2026-12-01T22:00';
  const fix = `write the tag ${snoozeTag} as 2026-12-01 or 2026-12-01T22:00, or remove it: until then nothing is done.`;
  return unknown({ what: `tag ${snoozeTag}`, why: 'not-evaluable', detail, fix });
}

function ownActs(policy: string, { acts }: Pick<Facts, 'acts'>): readonly OwnAct[] {
  return acts.found.filter((act) => act.policy === policy);
}

/** Whether the policy's stop is what it has been stopped by: it was not started since. */
function isStoppedBy(own: readonly OwnAct[], startedAt: Date): boolean {
  return own.some(({ action, at }) => stops.includes(action) && new Date(at) >= startedAt);
}

/** When the policy started it last, and what EC2 says of why it did not come up; undefined where nothing went wrong. */
function failedStart(
  { StateReason }: InstanceFields<'StateReason'>,
  own: readonly OwnAct[],
): { readonly at: Date; readonly message: string } | undefined {
  const { Code: code = '', Message: message } = StateReason ?? {};
  const last = own.at(-1);
  const isFailure = /^(Client|Server)\./.test(code) && !ranBefore.test(code);
  return last?.action === 'start' && isFailure ? { at: new Date(last.at), message: message ?? code } : undefined;
}

function runsOutside(
  { InstanceId }: { readonly InstanceId: string },
  { changesAt }: Place,
  { timezone, snoozeTag, snoozeAtMost }: Parameters,
  takenFrom: Date | undefined,
): Verdict<Evidence> {
  const tooFar =
    takenFrom === undefined ? '' : `; its tag ${snoozeTag} ends more than ${snoozeAtMost} ahead, and is not taken`;
  const begin = changesAt === undefined ? '' : `, which begin at ${localText(changesAt, timezone)}`;
  const snooze =
    snoozeTag === undefined ? '' : `, or give it the tag ${snoozeTag} with the day through which it may run`;
  const fix = `stop it (\`aws ec2 stop-instances --instance-ids ${InstanceId}\`)${snooze}`;
  const nextAt = takenFrom === undefined ? changesAt : earlier(takenFrom, changesAt);
  return untilTime(violation(`runs outside its hours${begin}${tooFar}`, fix, evidenceOf(timezone, changesAt)), nextAt);
}

function stoppedWithin(
  { InstanceId }: { readonly InstanceId: string },
  { changesAt }: Place,
  { timezone }: Parameters,
): Verdict<Evidence> {
  const end = changesAt === undefined ? '' : `, which end at ${localText(changesAt, timezone)}`;
  const fix = `start it (\`aws ec2 start-instances --instance-ids ${InstanceId}\`)`;
  const reason = `is stopped by this policy within its hours${end}`;
  return untilTime(violation(reason, fix, evidenceOf(timezone, changesAt)), changesAt);
}

function notStarted(
  { InstanceId, LaunchTime }: Pick<Instance, 'InstanceId' | 'LaunchTime'>,
  message: string,
  { place: { changesAt }, now }: { readonly place: Place; readonly now: Date },
  { timezone }: Parameters,
): Verdict<Evidence> {
  // A reason that changes just after a start is told once that has settled: another look is needed then.
  const settledAt = new Date(LaunchTime.getTime() + SETTLES_AFTER_MS);
  const nextAt = settledAt > now ? earlier(settledAt, changesAt) : changesAt;
  const fix = `mend that, then start it (\`aws ec2 start-instances --instance-ids ${InstanceId}\`)`;
  const evidence = { ...evidenceOf(timezone, changesAt), notStarted: message };
  return untilTime(violation(`EC2 could not start it: ${message}`, fix, evidence), nextAt);
}

type Evidence = { readonly timezone: string; readonly changesAt?: string; readonly notStarted?: string };

function evidenceOf(timezone: string, changesAt: Date | undefined): Evidence {
  return { timezone, ...(changesAt === undefined ? {} : { changesAt: changesAt.toISOString() }) };
}

function earlier(one: Date, other: Date | undefined): Date {
  return other !== undefined && other < one ? other : one;
}

/** `2026-01-06 08:00 (Asia/Seoul)`. */
function localText(at: Date, timezone: string): string {
  const text = new Intl.DateTimeFormat('sv-SE', { timeZone: timezone, dateStyle: 'short', timeStyle: 'short' }).format(
    at,
  );
  return `${text} (${timezone})`;
}
