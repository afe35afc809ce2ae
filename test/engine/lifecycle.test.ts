import type { Fault } from '../../src/sandbox/faults.ts';
import { policyFor } from '../support/policies.ts';
import { findingsOf, happens, mails, sweepOnce } from '../support/stories.ts';
import { alertSubjects, good, scope, start, told, untagged, world } from '../support/world.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const requiredTags = policyFor('required-tags', { keys: [{ key: 'Owner' }] });

type World = ReturnType<typeof world>;

async function originsOf(simulation: World): Promise<readonly (string | undefined)[]> {
  return (await findingsOf(simulation)).map(({ origin }) => origin);
}

describe('the origin of a violation', () => {
  it('is the launch where it is there from the first, whenever tags and the instance become visible', async () => {
    for (const visibleAfterMs of [{}, { instance: 30_000 }, { tags: 50_000 }, { instance: 90_000 }]) {
      const simulation = world({ policies: [requiredTags] });
      const launch = { ...good, instance: { ...good.instance, Tags: [{ Key: 'Name', Value: 'web' }] }, visibleAfterMs };
      await happens(simulation, simulation.sandbox.account.launch(launch).events);
      expect([visibleAfterMs, await originsOf(simulation)]).toEqual([visibleAfterMs, ['launch']]);
      expect(mails(simulation)).toEqual([expect.stringMatching(/ Open since [^()]+\([^)]+\), from the launch on /)]);
    }
  });

  it('is the launch in whatever order its events come, and however often', async () => {
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
      [1, 2, 0],
      [1, 1, 2, 2, 0, 0],
      [2, 2],
    ]) {
      const simulation = world({ policies: [requiredTags] });
      const { events } = simulation.sandbox.account.launch(untagged);
      for (const index of order) {
        simulation.send(events[index]);
        await simulation.runUntilQuiet(0);
        simulation.sandbox.advance(10_000);
      }
      await happens(simulation);
      expect([order, await originsOf(simulation)]).toEqual([order, ['launch']]);
      expect(told(simulation)).toEqual([['opened required-tags']]);
    }
  });

  it('is drift where somebody deletes a tag three minutes after the launch', async () => {
    const simulation = world({ policies: [requiredTags] });
    const { account } = simulation.sandbox;
    const { events, instances } = account.launch(good);
    for (const event of events) simulation.send(event);
    await simulation.runUntil(new Date(start.getTime() + 3 * MINUTE));
    await happens(simulation, account.setTags(instances[0]?.InstanceId ?? '', { Owner: null }));
    expect(await originsOf(simulation)).toEqual(['drift']);
    expect(mails(simulation)).toEqual([expect.not.stringContaining('from the launch on')]);
  });

  it('is drift where an instance is restarted that nobody has looked at', async () => {
    const simulation = world({ policies: [requiredTags] });
    const { account } = simulation.sandbox;
    const id = account.launch(untagged).instances[0]?.InstanceId ?? '';
    simulation.sandbox.advance(30 * DAY);
    account.setState(id, 'stopped');
    await happens(simulation, account.setState(id, 'running'));
    expect(told(simulation)).toEqual([['opened required-tags']]);
    expect(await originsOf(simulation)).toEqual(['drift']);
  });

  it('is drift where the first sweep comes upon it silently, and the launch where a later one does', async () => {
    const simulation = world({ policies: [requiredTags] });
    simulation.sandbox.account.launch(untagged);
    simulation.sandbox.advance(2 * MINUTE);
    await sweepOnce(simulation);
    expect(await originsOf(simulation)).toEqual(['drift']);
    simulation.sandbox.advance(HOUR);
    simulation.sandbox.account.launch(untagged);
    simulation.sandbox.advance(2 * MINUTE);
    await sweepOnce(simulation);
    expect(await originsOf(simulation)).toEqual(expect.arrayContaining(['drift', 'launch']));
    expect(await originsOf(simulation)).toHaveLength(2);
    expect(mails(simulation).at(-1)).toContain('from the launch on');
  });
});

describe('a tag that comes and goes', () => {
  it('does not begin the clock anew, and each opening says so', async () => {
    const simulation = world({ policies: [requiredTags] });
    const { account } = simulation.sandbox;
    const { events, instances } = account.launch(untagged);
    const id = instances[0]?.InstanceId ?? '';
    await happens(simulation, events);
    const openedAt = (await findingsOf(simulation))[0]?.openedAt ?? '';
    for (const Owner of ['jane', null, 'jane', null]) {
      simulation.sandbox.advance(DAY);
      await happens(simulation, account.setTags(id, { Owner }));
    }
    expect(await findingsOf(simulation)).toEqual([
      expect.objectContaining({
        status: 'open',
        origin: 'drift',
        earlier: { firstOpenedAt: openedAt, openings: 2, endedAt: expect.stringMatching(/^2026-03-05T/) },
      }),
    ]);
    expect(alertSubjects(simulation).map((subject) => subject.replace(/: i-.*/, ''))).toEqual([
      '[HIGH] required-tags',
      '[RESOLVED] required-tags',
      '[HIGH] required-tags again',
      '[RESOLVED] required-tags',
      '[HIGH] required-tags again',
    ]);
    expect(mails(simulation).at(-1)).toContain(
      'Again opened for the 3rd time: first 2026-03-02 09:01:00 UTC, and last closed',
    );
  });
});

/** An exemption until the 18th of March, 16 days after the start, and a sweep a day. */
async function exemptUntilItEnds(faults: readonly Fault[] = []): Promise<World> {
  const exemption = { match: { namePrefix: ['bastion'] }, reason: 'reviewed in SEC-41', until: '2026-03-18' };
  const policies = [policyFor('required-tags', { keys: [{ key: 'Owner' }] }, { exempt: [exemption] })];
  const simulation = world({ policies, faults });
  const Tags = [{ Key: 'Name', Value: 'bastion-1' }];
  simulation.sandbox.account.launch({ ...good, instance: { ...good.instance, Tags } });
  for (let day = 0; day < 19; day++) {
    simulation.sandbox.advance(DAY);
    // As Lambda does: what failed as a whole is tried again.
    for (let tries = 0; tries < 3; tries++) {
      try {
        await sweepOnce(simulation);
        break;
      } catch {
        simulation.sandbox.advance(6 * MINUTE);
      }
    }
  }
  return simulation;
}

/** What was told, leaving out what came again under the same id. */
function toldOnce({ sandbox }: World): readonly string[] {
  const words = new Map<string, string>();
  for (const { message } of sandbox.account.published) {
    const { id, entries = [] } = JSON.parse((JSON.parse(message) as { sqs: string }).sqs) as Content;
    for (const { change, finding } of entries) words.set(id, `${change} ${finding.policy}`);
  }
  return [...words.values()];
}

interface Content {
  readonly id: string;
  readonly entries?: readonly { readonly change: string; readonly finding: { readonly policy: string } }[];
}

const ending = ['exemption-ends required-tags', 'exemption-ends required-tags', 'opened required-tags'];

describe('an exemption that ends', () => {
  it('is told 14 and 3 days before, and when what it covered opens', async () => {
    const simulation = await exemptUntilItEnds();
    const [summary, ...subjects] = alertSubjects(simulation);
    expect(summary).toMatch(/^\[SUMMARY\] 0 findings/);
    expect(subjects.map((subject) => subject.replace(/: i-.*/, ''))).toEqual([
      '[EXEMPTION ENDS] required-tags',
      '[EXEMPTION ENDS] required-tags',
      '[HIGH] required-tags',
    ]);
    expect(mails(simulation).map((mail) => /Looked at (\S+)/.exec(mail)?.[1])).toEqual([
      undefined,
      '2026-03-04',
      '2026-03-15',
      '2026-03-19',
    ]);
    expect(mails(simulation)[1]).toContain('Exempt until 2026-03-18: reviewed in SEC-41 Then');
    expect(mails(simulation)[3]).toContain(
      'Exempt the exemption has ended, which was until 2026-03-18: reviewed in SEC-41',
    );
    expect(await findingsOf(simulation)).toEqual([
      expect.objectContaining({ status: 'open', origin: 'drift', openedAt: expect.stringMatching(/^2026-03-19T09:/) }),
    ]);
  });

  it('is told on EventBridge, too', async () => {
    const { sandbox } = await exemptUntilItEnds();
    const details = sandbox.account.putEvents.map(
      ({ entry }) => JSON.parse(entry.Detail ?? '') as { readonly change: string },
    );
    expect(details.map(({ change }) => change)).toEqual(['exemption-ends', 'exemption-ends', 'opened']);
  });

  it.each([
    'dynamodb:PutItem',
    'dynamodb:BatchGetItem',
    'dynamodb:Scan',
    'sns:Publish',
    'ec2:DescribeInstances',
  ] as const)('is told as often, whichever call of %s is refused', async (operation) => {
    const { calls } = (await exemptUntilItEnds()).sandbox;
    const count = calls.filter((call) => call.operation === operation).length;
    expect(count).toBeGreaterThan(3);
    for (let after = 0; after < count; after++) {
      const simulation = await exemptUntilItEnds([{ operation, after, error: 'InternalError' } as Fault]);
      const where = `call ${after + 1} of ${operation}`;
      expect([where, toldOnce(simulation)]).toEqual([where, ending]);
    }
  });
});

describe('an item that a version without these fields wrote', () => {
  const id = 'i-0123456789abcdef0';

  async function worldWith(finding: object): Promise<World> {
    const simulation = world({ policies: [requiredTags] });
    const { sandbox, engine } = simulation;
    sandbox.account.launch({ ...untagged, instance: { ...untagged.instance, InstanceId: id } });
    sandbox.advance(2 * MINUTE);
    const body = {
      subject: { type: 'instance', id },
      scope,
      version: 3,
      observedAt: '2026-03-02T09:01:00.000Z',
      instance: { instanceId: id, tags: {} },
      findings: [{ ...oldFinding, ...finding }],
      outbox: [],
      expiresAt: '2026-04-01T09:01:00.000Z',
    };
    await engine.aws('dynamodb:PutItem', {
      TableName: engine.deployment.tableName,
      Item: {
        pk: { S: `subject#${scope.accountId}#${scope.region}#instance#${id}` },
        version: { N: '3' },
        body: { S: JSON.stringify(body) },
      },
    });
    return simulation;
  }

  const oldFinding = {
    id: 'f-3b1f0c9a7e42',
    policy: 'required-tags',
    description: 'Every instance has an owner.',
    rule: 'required-tags',
    severity: 'low',
    mode: 'observe',
    source: { file: 'policies/required-tags/policy.yml', hash: '0123456789ab' },
    status: 'open',
    reason: 'tag Owner is missing',
    fix: 'Set it',
    openedAt: '2026-03-02T09:01:00.000Z',
  };
  const closed = { status: 'closed', closedAt: '2026-03-02T09:01:30.000Z' };

  it.each<[string, object, object]>([
    ['an open finding is drift from then on', {}, { status: 'open', openedAt: oldFinding.openedAt, origin: 'drift' }],
    [
      'a resolved one opens with a clock of its own',
      { ...closed, closedAs: 'resolved' },
      { status: 'open', openedAt: '2026-03-02T09:02:00.000Z', origin: 'drift' },
    ],
    [
      'an exempt one opens, and says so',
      { ...closed, closedAs: 'exempted', exempt: { reason: 'bastion', until: '2026-03-01' } },
      { status: 'open', origin: 'drift', wasExempt: { reason: 'bastion', until: '2026-03-01' } },
    ],
    ['an unknown one opens', { status: 'unknown', missing: [] }, { status: 'open', origin: 'drift' }],
  ])('is read: %s', async (_, finding, expected) => {
    const simulation = await worldWith(finding);
    await happens(simulation, simulation.sandbox.account.setTags(id, { Name: 'web' }));
    const [after, ...others] = await findingsOf(simulation);
    expect(others).toEqual([]);
    expect(after).toMatchObject(expected);
    expect(after).not.toHaveProperty('earlier');
  });
});
