import { between, seededRandom } from '../../src/sandbox/random.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { id, sandboxWith, start } from './account-of-tests.ts';

const INSTANCES = 100;
const AT_ONCE = 10;
const NOTICE_MS = 120_000;
const numbers = Array.from({ length: INSTANCES }, (_, number) => number);
const arnOf = (number: number) =>
  `arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/g${number}/0123456789abcdef`;

/** A hundred instances, each in a target group of its own, which EC2 takes away two minutes after the start. */
function account(seed: number): Sandbox {
  const sandbox = sandboxWith(
    {
      reservations: [{ Instances: numbers.map((number) => ({ InstanceId: id(number), State: { Name: 'running' } })) }],
      serving: {
        targetGroups: numbers.map((number) => ({
          TargetGroupName: `g${number}`,
          TargetGroupArn: arnOf(number),
          TargetType: 'instance',
          Port: 80,
          LoadBalancerArns: ['arn'],
        })),
        targetHealth: Object.fromEntries(
          numbers.map((number) => [
            `g${number}`,
            [{ Target: { Id: id(number), Port: 80 }, TargetHealth: { State: 'healthy' as const } }],
          ]),
        ),
        targetGroupAttributes: Object.fromEntries(
          numbers.map((number) => [`g${number}`, [{ Key: 'deregistration_delay.timeout_seconds', Value: '30' }]]),
        ),
      },
    },
    { latencyMs: between(100, 300, seededRandom(seed)) },
  );
  sandbox.account.after(NOTICE_MS, () => {
    for (const number of numbers) sandbox.account.terminate(id(number));
  });
  return sandbox;
}

/** Looks until the target has this state: again after a second where it has another, or where the call is throttled. */
async function until(sandbox: Sandbox, number: number, state: string): Promise<void> {
  const input = { TargetGroupArn: arnOf(number), Targets: [{ Id: id(number) }] };
  for (;;) {
    const answer = await sandbox.aws('elbv2:DescribeTargetHealth', input).catch(() => undefined);
    if (answer?.TargetHealthDescriptions?.[0]?.TargetHealth?.State === state) return;
    await sandbox.sleep(1_000);
  }
}

/** Ten at a time look at an instance, deregister it, and see it gone: when each was. */
async function drained(seed: number): Promise<readonly (readonly [number, number])[]> {
  const sandbox = account(seed);
  const waiting = [...numbers];
  const gone: (readonly [number, number])[] = [];
  const worker = async () => {
    for (let number = waiting.shift(); number !== undefined; number = waiting.shift()) {
      await until(sandbox, number, 'healthy');
      const Targets = [{ Id: id(number) }];
      await sandbox.aws('elbv2:DeregisterTargets', { TargetGroupArn: arnOf(number), Targets });
    }
  };
  await sandbox.run(async () => {
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    const watched = numbers.map(async (number) => {
      await until(sandbox, number, 'unused');
      gone.push([number, sandbox.now().getTime() - start.getTime()]);
    });
    await Promise.all(watched);
  });
  return gone;
}

test('a hundred drain within their two minutes, ten at a time and throttled, always alike', async () => {
  const first = await drained(1);
  expect(first).toHaveLength(INSTANCES);
  const times = first.map(([, at]) => at);
  expect(Math.min(...times)).toBeGreaterThan(30_000);
  expect(Math.max(...times)).toBeLessThan(NOTICE_MS);
  expect(await drained(1)).toEqual(first);
  expect(await drained(2)).not.toEqual(first);
});
