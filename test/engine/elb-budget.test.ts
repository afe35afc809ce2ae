import { elbBudget } from '../../src/engine/elb-budget.ts';
import type { Fault } from '../../src/sandbox/faults.ts';
import type { SandboxOptions } from '../../src/sandbox/sandbox.ts';
import { engineOver, refusedOf, servingAccount } from '../support/serving-account.ts';
import { start } from '../support/world.ts';

const EVERY_MS = 134;

async function account(options: Partial<SandboxOptions> = {}) {
  const { sandbox, engine } = await servingAccount([], {}, options);
  const within = (milliseconds: number) => new Date(sandbox.now().getTime() + milliseconds);
  return { sandbox, engine, within };
}

/** Calls as fast as the budget allows, so many side by side. @returns how many there were. */
async function spend(budget: ReturnType<typeof elbBudget>, until: Date, call: () => Promise<unknown>, sideBySide = 5) {
  let calls = 0;
  const worker = async () => {
    while (await budget.take(until)) {
      calls++;
      await call();
    }
  };
  await Promise.all(Array.from({ length: sideBySide }, worker));
  return calls;
}

describe("the budget of ELB's Describe calls", () => {
  it('gives 30 at once, and then one each 134 ms', async () => {
    const { sandbox, engine, within } = await account();
    const until = within(13_400);
    const calls = await sandbox.run(() => spend(elbBudget(engine, 'elbv2'), until, async () => undefined));

    expect(calls).toBeGreaterThanOrEqual(30 + 95);
    expect(calls).toBeLessThanOrEqual(30 + 100);
  });

  it.each([1, 7, 150])(
    'is never overdrawn by ten runs that know nothing of each other, at %d ms a call',
    async (latencyMs) => {
      const { sandbox, within } = await account({ latencyMs });
      const until = within(20_000);
      const spent = await sandbox.run(() =>
        Promise.all(
          Array.from({ length: 10 }, () => {
            const engine = engineOver(sandbox);
            return spend(elbBudget(engine, 'elbv2'), until, () => engine.aws('elbv2:DescribeTargetGroups', {}));
          }),
        ),
      );
      const all = spent.reduce((sum, calls) => sum + calls, 0);

      expect(refusedOf(sandbox, 'elbv2')).toEqual([]);
      expect(all).toBeLessThanOrEqual(30 + Math.ceil(20_000 / EVERY_MS));
      // What is taken and not used is lost: a few of each run.
      expect(all).toBeGreaterThan(110);
      expect(Math.min(...spent)).toBeGreaterThanOrEqual(5);
    },
  );

  it('leaves a quarter to whoever else calls', async () => {
    const { sandbox, engine, within } = await account({ latencyMs: 20 });
    const until = within(20_000);
    const others = async () => {
      for (let call = 0; call < 45; call++) {
        await engine.aws('elbv2:DescribeTargetGroups', {});
        await sandbox.sleep(400);
      }
    };
    await sandbox.run(() =>
      Promise.all([
        others(),
        spend(elbBudget(engine, 'elbv2'), until, () => engine.aws('elbv2:DescribeTargetGroups', {})),
      ]),
    );

    expect(refusedOf(sandbox, 'elbv2')).toEqual([]);
  });

  it("keeps ELB's two versions apart", async () => {
    const { sandbox, engine, within } = await account();
    const until = within(10);
    const spent = await sandbox.run(() =>
      Promise.all(
        (['elb', 'elbv2'] as const).map((api) => spend(elbBudget(engine, api), until, async () => undefined)),
      ),
    );

    expect(spent).toEqual([30, 30]);
  });

  it('leaves 20 at once to a drain where it can wait', async () => {
    const { sandbox, engine, within } = await account();
    const patient = elbBudget(engine, 'elbv2', { canWait: true });
    const none = async () => undefined;
    const until = within(10);

    expect(await sandbox.run(() => spend(patient, until, none))).toBe(10);
    const soon = within(10);
    expect(await sandbox.run(() => spend(elbBudget(engine, 'elbv2'), soon, none))).toBe(20);
  });

  it('is one write for all who ask at the same time, and goes by the time once it is written', async () => {
    const { sandbox, engine, within } = await account();
    const budget = elbBudget(engine, 'elbv2');
    const until = within(1_000);
    const given = await sandbox.run(() => Promise.all(Array.from({ length: 12 }, () => budget.take(until))));

    expect(given).toEqual(Array.from({ length: 12 }, () => true));
    expect(sandbox.calls).toHaveLength(1);
    expect(sandbox.account.items.get('bucket#123456789012#us-east-1#elbv2')).toEqual({
      pk: { S: 'bucket#123456789012#us-east-1#elbv2' },
      takenUntil: { N: String(start.getTime() + 12 * EVERY_MS) },
      expiresAt: { N: String((start.getTime() + 3_600_000) / 1000) },
    });
    expect(await budget.take(start)).toBe(false);
  });

  it.each<[string, Fault]>([
    ['refuses', { operation: 'dynamodb:UpdateItem', error: 'AccessDeniedException', times: 'always' }],
    ['hangs', { operation: 'dynamodb:UpdateItem', error: 'TimeoutError', hangs: 'forever', times: 'always' }],
  ])('while the table %s is ten calls and two a second, and says why', async (_, fault) => {
    const { sandbox, engine, within } = await account({ faults: [fault] });
    const budget = elbBudget(engine, 'elbv2');
    const until = within(6_000);
    const calls = await sandbox.run(() => spend(budget, until, async () => undefined));

    expect(calls).toBeGreaterThanOrEqual(18);
    expect(calls).toBeLessThanOrEqual(22);
    expect(budget.failure).toMatchObject({ detail: expect.stringMatching(/AccessDenied|TimeoutError/) });
  });
});
