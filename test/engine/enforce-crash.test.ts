import { isChanging, type Operation } from '../../src/domain/operations.ts';
import { inspectBatch } from '../../src/engine/inspect.ts';
import { sweep } from '../../src/engine/sweep.ts';
import { plainRevoke, plainStop } from '../support/plain-actions.ts';
import { enforcing, policyFor } from '../support/policies.ts';
import { findingsOf, mails, settle } from '../support/stories.ts';
import { alertSubjects, exposed, settled, world } from '../support/world.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const policies = [
  enforcing(policyFor('restricted-ingress', { ports: [22] }, { name: 'no-open-ssh' }), plainRevoke),
  enforcing(policyFor('required-tags', { keys: [{ key: 'Owner' }] }), plainStop, { afterMs: HOUR }),
];

type World = ReturnType<typeof world>;

/** What goes wrong with the call of this number, counted from 0. */
interface Trouble {
  readonly call: number;
  /** Whether AWS did what was asked before it went wrong. */
  readonly takesEffect: boolean;
  /** `dies`: the function makes no further call in this run, and its messages come again. `fails`: this call alone. */
  readonly how: 'fails' | 'dies';
  readonly error: string;
}

/** Calls that go to AWS, in order; one of them in trouble. */
function withTrouble(simulation: World, trouble: Trouble | undefined): readonly Operation[] {
  const { sandbox } = simulation;
  const made: Operation[] = [];
  let isDead = false;
  const { aws, receive, delete: remove } = sandbox;
  const troubled: typeof aws = async (operation, input) => {
    if (isDead) throw new Error('the function has died');
    made.push(operation);
    if (made.length - 1 !== trouble?.call) return aws(operation, input);
    if (trouble.takesEffect) await aws(operation, input).catch(() => undefined);
    isDead = trouble.how === 'dies';
    throw Object.assign(new Error('so says the test'), { name: trouble.error });
  };
  Object.assign(simulation.engine, { aws: troubled });
  Object.assign(sandbox, {
    receive: (...of: Parameters<typeof receive>) => {
      isDead = false;
      return receive(...of);
    },
    delete: (...of: Parameters<typeof remove>) => {
      if (!isDead) remove(...of);
    },
  });
  return made;
}

async function tried(simulation: World, work: () => Promise<unknown>): Promise<void> {
  await work().catch(async () => {
    simulation.sandbox.receive(simulation.engine.deployment.liveQueueUrl, 0);
    simulation.sandbox.advance(MINUTE);
    await work();
  });
  await settle(simulation);
}

/** A launch with open SSH and without tags: its ingress is revoked at once, and it is stopped after an hour. */
async function story(trouble?: Trouble) {
  const simulation = world({ policies, pageSize: 'aws', enforcement: { isEnforcing: true } });
  const made = withTrouble(simulation, trouble);
  const { events, instances } = launchedIn(simulation);
  for (const event of events) simulation.send(event);
  await settle(simulation);
  simulation.sandbox.advance(HOUR);
  simulation.send({ kind: 'tick' });
  await settle(simulation);
  await tried(simulation, () => sweep(simulation.engine));
  for (let hours = 0; hours < 2; hours++) {
    simulation.sandbox.advance(HOUR);
    await tried(simulation, () => sweep(simulation.engine));
  }
  return { simulation, made, instanceId: instances[0]?.InstanceId ?? '' };
}

/** Open to SSH and without tags, and settled. */
function launchedIn({ sandbox }: World) {
  return sandbox.account.launch({ ...exposed, instance: { ...exposed.instance, Tags: [] }, at: settled });
}

/** How often each change took effect. */
function effects({ sandbox }: World): Readonly<Record<string, number>> {
  const done = sandbox.calls.filter(({ operation, outcome }) => isChanging(operation) && outcome === 'done');
  return Object.fromEntries(
    [...new Set(done.map((call) => call.operation))]
      .sort()
      .map((operation) => [operation, done.filter((call) => call.operation === operation).length]),
  );
}

const once = { 'ec2:RevokeSecurityGroupIngress': 1, 'ec2:StopInstances': 1 };

test('nothing goes wrong: each is done once, and told', async () => {
  const { simulation } = await story();
  expect(simulation.reports.flatMap(({ errors }) => errors)).toEqual([]);
  expect(effects(simulation)).toEqual(once);
  expect((await findingsOf(simulation)).map(({ policy, status }) => `${policy} ${status}`).sort()).toEqual([
    'no-open-ssh closed',
    'required-tags open',
  ]);
  expect(mails(simulation).join('\n')).toMatch(/Done revoke .*\n.*Done stop/s);
});

test.each([
  ['is refused', { takesEffect: false, how: 'fails', error: 'InternalError' }],
  ['takes effect, and its answer is lost', { takesEffect: true, how: 'fails', error: 'TimeoutError' }],
  ['is not made, since the function dies', { takesEffect: false, how: 'dies', error: 'Died' }],
  ['takes effect, and then the function dies', { takesEffect: true, how: 'dies', error: 'Died' }],
] as const)('whichever call %s: done once in the end, told, and written down with its undo', async (_, trouble) => {
  const { made } = await story();
  expect(made.length).toBeGreaterThan(60);
  for (const [call, operation] of made.entries()) {
    const { simulation, instanceId } = await story({ call, ...trouble });
    const where = `call ${call}, ${operation}`;
    expect([where, effects(simulation)]).toEqual([where, once]);
    const findings = await findingsOf(simulation);
    const acts = findings.flatMap(({ acts = [] }) => acts);
    const stops = acts.filter(({ action }) => action === 'stop');
    expect([where, stops.map(({ undo }) => undo).at(-1)]).toEqual([
      where,
      [{ operation: 'ec2:StartInstances', input: { InstanceIds: [instanceId] } }],
    ]);
    expect([where, acts.filter(({ action }) => action === 'revoke-ingress').length > 0]).toEqual([where, true]);
    const text = mails(simulation).join('\n');
    expect([where, /(Done|Begun|Failed) revoke/.test(text), /(Done|Begun|Failed) stop/.test(text)]).toEqual([
      where,
      true,
      true,
    ]);
    expect([where, text]).toEqual([where, expect.stringMatching(/opened, high: no-open-ssh/)]);
    expect([where, text]).toEqual([where, expect.stringMatching(/RESOLVED: no-open-ssh|resolved, high: no-open-ssh/)]);
  }
});

test('what was interrupted, and is done by the next look, is told in one alert that says what was done last', async () => {
  const { made } = await story();
  const stopped = made.indexOf('ec2:StopInstances');
  const { simulation, instanceId } = await story({ call: stopped, takesEffect: false, how: 'dies', error: 'Died' });

  const ofStop = alertSubjects(simulation).filter((subject) => subject.includes(', stop '));
  expect(ofStop).toEqual([`[ACTED] required-tags, stop done: ${instanceId} in us-east-1`]);
  expect(mails(simulation).filter((mail) => mail.includes(`Begun stop ${instanceId}`))).toEqual([
    expect.stringContaining(`Done stop ${instanceId}`),
  ]);
});

test('in whatever order events come, and however often: done once', async () => {
  for (const order of [
    [0, 1, 2],
    [2, 1, 0],
    [1, 1, 2, 2, 1],
    [2, 2, 0, 1, 2],
  ]) {
    const simulation = world({ policies, pageSize: 'aws', enforcement: { isEnforcing: true } });
    const { events } = launchedIn(simulation);
    for (const place of order) {
      simulation.send(events[place]);
      await simulation.runUntil(simulation.sandbox.now());
    }
    await settle(simulation);
    simulation.sandbox.advance(HOUR);
    simulation.send({ kind: 'tick' });
    simulation.send({ kind: 'tick' });
    await settle(simulation);
    expect([order, effects(simulation)]).toEqual([order, once]);
  }
});

test('whoever looks at the same time, and however many: done once', async () => {
  const simulation = world({ policies, pageSize: 'aws', enforcement: { isEnforcing: true } });
  const { events } = launchedIn(simulation);
  const body = JSON.stringify(events[1]);
  const batches = [1, 2, 3, 4, 5].map((id) => inspectBatch(simulation.engine, [{ id: String(id), body }]));
  await Promise.all(batches);
  simulation.sandbox.advance(HOUR);
  const due = JSON.stringify(events[2]);
  await Promise.all([1, 2, 3, 4, 5].map((id) => inspectBatch(simulation.engine, [{ id: String(id), body: due }])));
  await settle(simulation);
  expect(effects(simulation)).toEqual(once);
});
