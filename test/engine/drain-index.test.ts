import { noteTargets, readTargetIndex, refreshTargetIndex } from '../../src/engine/drain-index.ts';
import type { Fault } from '../../src/sandbox/faults.ts';
import type { SandboxOptions } from '../../src/sandbox/sandbox.ts';
import {
  engineOver,
  hex,
  idOf,
  refusedOf,
  registered,
  servingAccount,
  targetGroup,
} from '../support/serving-account.ts';
import { start } from '../support/world.ts';

const arn = (number: number) => targetGroup(number).TargetGroupArn ?? '';
const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

/** An account with so many target groups, each with so many targets. */
function account(groups: number, targets = 1, options: Partial<SandboxOptions> = {}) {
  const serving = {
    targetGroups: numbers(groups).map((number) => targetGroup(number)),
    targetHealth: Object.fromEntries(
      numbers(groups).map((number) => [
        `web-${number}`,
        numbers(targets).map((target) => registered(idOf(number * 10_000 + target), 80)),
      ]),
    ),
  };
  return servingAccount([], serving, options);
}

describe('refreshing the index', () => {
  it('writes who is in each group, and when that was seen', async () => {
    const { sandbox, engine } = await account(3, 2);
    const report = await sandbox.run(() => refreshTargetIndex(engine));

    expect(report).toEqual({ targetGroups: 3, lookedAt: 3, failures: [] });
    const at = start.toISOString();
    expect(await readTargetIndex(engine)).toEqual(
      new Map([
        [arn(1), { at, targets: [idOf(10_001), idOf(10_002)] }],
        [arn(2), { at, targets: [idOf(20_001), idOf(20_002)] }],
        [arn(3), { at, targets: [idOf(30_001), idOf(30_002)] }],
      ]),
    );
  });

  it('leaves out groups of Lambda functions and of load balancers, and forgets those that are gone', async () => {
    const { sandbox, engine } = await account(2);
    await noteTargets(engine, new Map([[arn(17), { at: '2026-03-01T00:00:00.000Z', targets: [idOf(1)] }]]));
    sandbox.account.serving.lists.targetGroups?.push(
      targetGroup(3, { TargetType: 'lambda' }),
      targetGroup(4, { TargetType: 'alb' }),
    );
    await sandbox.run(() => refreshTargetIndex(engine));

    expect([...(await readTargetIndex(engine)).keys()].sort()).toEqual([arn(1), arn(2)]);
  });

  it('of 500 groups with 5,000 targets takes 70 s of calls, 16 writes, and no part has more than 20 KB', async () => {
    const { sandbox, engine } = await account(500, 10, { latencyMs: 100 });
    const report = await sandbox.run(() => refreshTargetIndex(engine));
    const took = sandbox.now().getTime() - start.getTime();

    expect(report).toEqual({ targetGroups: 500, lookedAt: 500, failures: [] });
    expect(refusedOf(sandbox, 'elbv2')).toEqual([]);
    expect(sandbox.calls.filter(({ operation }) => operation === 'dynamodb:PutItem')).toHaveLength(16);
    const sizes = [...sandbox.account.items.values()].map(({ body }) => body?.S?.length ?? 0);
    expect(Math.max(...sizes)).toBeLessThan(20_000);
    expect(took).toBeGreaterThan(60_000);
    expect(took).toBeLessThan(80_000);
  });

  it('ends soon after its time where the table hangs when it is to be written', async () => {
    const faults: Fault[] = [
      { operation: 'dynamodb:PutItem', times: 'always', error: 'TimeoutError', hangs: 'forever' },
    ];
    const { sandbox, engine } = await account(3, 1, { faults });
    const report = await sandbox.run(() => refreshTargetIndex(engine, new Date(start.getTime() + 5_000)));

    expect(report).toMatchObject({
      targetGroups: 3,
      lookedAt: 0,
      failures: [expect.stringContaining('the index of targets')],
    });
    expect(sandbox.now().getTime() - start.getTime()).toBeLessThan(30_000);
  });

  it('that has no time for all goes on the next time with those longest unseen', async () => {
    const { sandbox, engine } = await account(100);
    const soon = () => new Date(sandbox.now().getTime() + 6_000);
    const first = await sandbox.run(() => refreshTargetIndex(engine, soon()));
    sandbox.advance(60_000);
    const second = await sandbox.run(() => refreshTargetIndex(engine, soon()));

    expect(first.lookedAt).toBeGreaterThan(40);
    expect(first.lookedAt).toBeLessThan(60);
    expect((await readTargetIndex(engine)).size).toBe(first.lookedAt + Math.min(second.lookedAt, 100 - first.lookedAt));
  });

  it.each<[string, Fault, RegExp]>([
    ['the list', { operation: 'elbv2:DescribeTargetGroups', error: 'AccessDenied' }, /^target groups: AccessDenied/],
    [
      'one group',
      { operation: 'elbv2:DescribeTargetHealth', error: 'InternalFailure' },
      /targetgroup.*InternalFailure/,
    ],
    [
      'the index',
      { operation: 'dynamodb:BatchGetItem', error: 'InternalServerError' },
      /^the index of targets: Internal/,
    ],
    ['a write', { operation: 'dynamodb:PutItem', error: 'InternalServerError' }, /^the index of targets: Internal/],
    [
      'a group that hangs',
      { operation: 'elbv2:DescribeTargetHealth', error: 'TimeoutError', hangs: 'forever' },
      /no answer/,
    ],
  ])('tells %s that fails', async (_, fault, message) => {
    const { sandbox, engine } = await account(3, 1, { faults: [fault] });
    const { failures, lookedAt } = await sandbox.run(() => refreshTargetIndex(engine));

    expect(failures).toEqual([expect.stringMatching(message)]);
    expect(lookedAt).toBeLessThan(3);
    expect((await readTargetIndex(engine)).size).toBe(lookedAt);
  });
});

describe('noting', () => {
  it('by many at the same time loses nothing', async () => {
    const { sandbox } = await account(0, 0, { latencyMs: 20 });
    const at = start.toISOString();
    // All in one part.
    const arns = [1, 2, 3, 4].map((number) => arn(number * 16));
    await sandbox.run(() =>
      Promise.all(arns.map((one) => noteTargets(engineOver(sandbox), new Map([[one, { at, targets: [] }]])))),
    );

    expect([...(await readTargetIndex(engineOver(sandbox))).keys()].sort()).toEqual([...arns].sort());
  });

  it('what was seen earlier does not take the place of what was seen later', async () => {
    const { engine } = await account(0);
    const later = { at: '2026-03-02T09:00:00.000Z', targets: [idOf(1)] };
    await noteTargets(engine, new Map([[arn(1), later]]));
    await noteTargets(engine, new Map([[arn(1), { at: '2026-03-02T08:00:00.000Z', targets: [] }]]));

    expect((await readTargetIndex(engine)).get(arn(1))).toEqual(later);
  });

  it('more than an item holds keeps the smaller groups, and says nothing of the largest', async () => {
    const { engine } = await account(0);
    const at = start.toISOString();
    const ids = (count: number) => numbers(count).map((number) => `i-${hex(number, 17)}`);
    const looks = new Map([
      [arn(16), { at, targets: ids(12_000) }],
      [arn(32), { at, targets: ids(10_000) }],
      [arn(48), { at, targets: ids(5) }],
    ]);
    await noteTargets(engine, looks);
    const index = await readTargetIndex(engine);

    expect(index.get(arn(16))).toEqual({ at });
    expect(index.get(arn(32))?.targets).toHaveLength(10_000);
    expect(index.get(arn(48))?.targets).toEqual(ids(5));
  });
});
