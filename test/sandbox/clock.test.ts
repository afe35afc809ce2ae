import type { Operation } from '../../src/domain/operations.ts';
import { between, seededRandom } from '../../src/sandbox/random.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { sandboxWith, start } from './account-of-tests.ts';

/** Milliseconds since the start. */
function elapsed({ now }: Sandbox): number {
  return now().getTime() - start.getTime();
}

describe('what is run', () => {
  test('moves the clock on to each time that something sleeps until, and no further', async () => {
    const sandbox = sandboxWith();
    const woken: string[] = [];
    const sleeper = async (name: string, ...naps: readonly number[]) => {
      for (const milliseconds of naps) {
        await sandbox.sleep(milliseconds);
        woken.push(`${name} ${elapsed(sandbox)}`);
      }
    };
    await sandbox.run(() => Promise.all([sleeper('a', 30, 30), sleeper('b', 20, 5), sleeper('c', 60)]));
    expect(woken).toEqual(['b 20', 'b 25', 'a 30', 'c 60', 'a 60']);
    expect(elapsed(sandbox)).toBe(60);
  });

  test('takes no time, however much passes', async () => {
    const sandbox = sandboxWith();
    await sandbox.run(() => sandbox.sleep(86_400_000));
    expect(elapsed(sandbox)).toBe(86_400_000);
  });

  test('wakes those of the same time one after the other: the first goes on to its next sleep before the second', async () => {
    const sandbox = sandboxWith();
    const log: string[] = [];
    const worker = async (name: string) => {
      await sandbox.sleep(10);
      log.push(`${name} woke`);
      for (let step = 0; step < 50; step++) await Promise.resolve();
      log.push(`${name} went on`);
    };
    await sandbox.run(() => Promise.all([worker('a'), worker('b')]));
    expect(log).toEqual(['a woke', 'a went on', 'b woke', 'b went on']);
  });

  test('gives what the work gives, and throws what it throws', async () => {
    const { run, sleep } = sandboxWith();
    await expect(run(async () => 'done')).resolves.toBe('done');
    await expect(
      run(async () => {
        await sleep(5);
        throw new RangeError('too late');
      }),
    ).rejects.toThrow(RangeError);
  });

  test('moves the clock no further for what the work left asleep', async () => {
    const sandbox = sandboxWith();
    const deadline = () => sandbox.sleep(110_000).then(() => 'late');
    const work = () => sandbox.sleep(2_000).then(() => 'in time');
    await expect(sandbox.run(() => Promise.race([work(), deadline()]))).resolves.toBe('in time');
    await sandbox.run(() => sandbox.sleep(1_000));
    expect(elapsed(sandbox)).toBe(3_000);
  });

  test('makes changes that are due on the way take effect', async () => {
    const sandbox = sandboxWith();
    const seen: string[] = [];
    sandbox.account.after(10, () => seen.push('change at 10'));
    sandbox.account.after(20, () => seen.push('change at 20'));
    await sandbox.run(async () => {
      await sandbox.sleep(10);
      seen.push('awake at 10');
    });
    expect(seen).toEqual(['change at 10', 'awake at 10']);
  });

  test('fails when it waits for what the clock can never bring', async () => {
    const { run, sleep } = sandboxWith();
    const stuck = run(async () => {
      await sleep(10);
      await new Promise(() => undefined);
    });
    await expect(stuck).rejects.toThrow('nothing is left that the clock could wake');
  });

  test('fails when a change on the way does', async () => {
    const sandbox = sandboxWith();
    sandbox.account.after(5, () => {
      throw new RangeError('no such thing');
    });
    await expect(sandbox.run(() => sandbox.sleep(10))).rejects.toThrow('no such thing');
    await expect(sandbox.run(() => sandbox.sleep(10))).resolves.toBeUndefined();
  });

  test('can be several at a time', async () => {
    const sandbox = sandboxWith();
    const wakes = (milliseconds: number) => sandbox.run(() => sandbox.sleep(milliseconds)).then(() => elapsed(sandbox));
    await expect(Promise.all([wakes(40), wakes(15)])).resolves.toEqual([40, 15]);
  });
});

test('a sleeper is woken by an advance, too', async () => {
  const sandbox = sandboxWith();
  let woke = false;
  const sleeping = sandbox.sleep(1_000).then(() => {
    woke = true;
  });
  sandbox.advance(999);
  await Promise.resolve();
  expect(woke).toBe(false);
  sandbox.advance(1);
  await sleeping;
  expect(woke).toBe(true);
});

describe('latency', () => {
  test('passes for calls side by side at the same time', async () => {
    const sandbox = sandboxWith({}, { latencyMs: 200 });
    await Promise.all([sandbox.aws('ec2:DescribeInstances', {}), sandbox.aws('ec2:DescribeVolumes', {})]);
    expect(elapsed(sandbox)).toBe(200);
  });

  test('is as long as is given for each call', async () => {
    const latencies = [30, 10];
    const sandbox = sandboxWith({}, { latencyMs: () => latencies.shift() ?? 0 });
    const answered: string[] = [];
    const call = async (operation: Operation) => {
      await sandbox.aws(operation, {} as never);
      answered.push(`${operation} ${elapsed(sandbox)}`);
    };
    await Promise.all([call('ec2:DescribeInstances'), call('ec2:DescribeVolumes')]);
    expect(answered).toEqual(['ec2:DescribeVolumes 10', 'ec2:DescribeInstances 30']);
    expect(sandbox.calls.map(({ operation }) => operation)).toEqual(['ec2:DescribeInstances', 'ec2:DescribeVolumes']);
  });
});

test('a call beside what is run is answered, also when that is done before it', async () => {
  const sandbox = sandboxWith({}, { latencyMs: 200 });
  const running = sandbox.run(() => sandbox.sleep(50));
  await sandbox.aws('ec2:DescribeInstances', {});
  await running;
  expect(elapsed(sandbox)).toBe(200);
});

describe('a call that hangs', () => {
  const operation = 'ec2:DescribeInstances';

  test('rejects when the client gives up', async () => {
    const sandbox = sandboxWith({}, { faults: [{ operation, error: 'TimeoutError', hangs: 9_000 }] });
    await expect(sandbox.aws(operation, {})).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(elapsed(sandbox)).toBe(9_000);
    await expect(sandbox.aws(operation, {})).resolves.toBeDefined();
    expect(elapsed(sandbox)).toBe(9_000);
  });

  test('for good is never answered, and keeps nobody else from going on', async () => {
    const sandbox = sandboxWith({}, { faults: [{ operation, error: 'TimeoutError', hangs: 'forever' }] });
    const deadline = () => sandbox.sleep(5_000).then(() => 'given up');
    await expect(sandbox.run(() => Promise.race([sandbox.aws(operation, {}), deadline()]))).resolves.toBe('given up');
    expect(elapsed(sandbox)).toBe(5_000);
    expect(sandbox.calls.map(({ outcome }) => outcome)).toEqual(['unanswered']);
  });

  test('moves the clock no further once nobody waits for it any more', async () => {
    const sandbox = sandboxWith({}, { faults: [{ operation, error: 'TimeoutError', hangs: 9_000 }] });
    const abandoned = sandbox.run(() =>
      Promise.race([sandbox.aws(operation, {}).catch(({ name }: Error) => name), sandbox.sleep(5_000)]),
    );
    await expect(abandoned).resolves.toBeUndefined();
    // A call by itself moves the clock on for itself alone.
    await sandbox.aws('ec2:DescribeVolumes', {});
    await new Promise(setImmediate);
    expect(elapsed(sandbox)).toBe(5_000);
    expect(sandbox.calls.map(({ outcome }) => outcome)).toEqual(['unanswered', 'done']);
    sandbox.advance(4_000);
    await new Promise(setImmediate);
    expect(sandbox.calls.map(({ outcome }) => outcome)).toEqual(['TimeoutError', 'done']);
  });

  test('may have been heard', async () => {
    const fault = { operation: 'sns:Publish', error: 'TimeoutError', hangs: 'forever', takesEffect: true } as const;
    const sandbox = sandboxWith({}, { faults: [fault] });
    const [TopicArn = ''] = sandbox.account.topicArns;
    const publish = () => sandbox.aws('sns:Publish', { TopicArn, Message: 'a' });
    await sandbox.run(() => Promise.race([publish(), sandbox.sleep(1)]));
    expect(sandbox.account.published.map(({ message }) => message)).toEqual(['a']);
  });
});

describe('a hundred that call at once', () => {
  const CALLS = 10;

  /** Each sends its messages one after the other, and pauses; everything is by a seed. */
  async function worked(seed: number) {
    const random = seededRandom(seed);
    const sandbox = sandboxWith({}, { latencyMs: between(100, 300, random) });
    const [QueueUrl = ''] = sandbox.account.queues.keys();
    const worker = async (name: number) => {
      for (let step = 0; step < CALLS; step++) {
        await sandbox.aws('sqs:SendMessage', { QueueUrl, MessageBody: `${name} ${step}` });
        await sandbox.sleep(random() * 1_000);
      }
    };
    await sandbox.run(() => Promise.all(Array.from({ length: 100 }, (_, name) => worker(name))));
    const sent = sandbox.account.queues.get(QueueUrl)?.messages ?? [];
    return { sent: sent.map(({ body, sentAt }) => `${sentAt.toISOString()} ${body}`), elapsed: elapsed(sandbox) };
  }

  test('go side by side, in the same order each time, in a moment', async () => {
    const [first, again, other] = [await worked(7), await worked(7), await worked(8)];
    expect(first.sent).toHaveLength(100 * CALLS);
    expect(again).toEqual(first);
    expect(other.sent).not.toEqual(first.sent);
    // One alone takes some 7 s: ten times 200 ms and half a second. A hundred take as long as the slowest.
    expect(first.elapsed).toBeGreaterThan(7_000);
    expect(first.elapsed).toBeLessThan(14_000);
  });
});

test('numbers of a seed are the same each time, between their bounds, and reach them', () => {
  const drawn = (seed: number) => Array.from({ length: 1_000 }, between(100, 109, seededRandom(seed)));
  expect(drawn(1)).toEqual(drawn(1));
  expect(drawn(1)).not.toEqual(drawn(2));
  expect([...new Set(drawn(1))].sort((a, b) => a - b)).toEqual([100, 101, 102, 103, 104, 105, 106, 107, 108, 109]);
});
