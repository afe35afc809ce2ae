import type { Fault } from '../../src/sandbox/faults.ts';
import { id, sandboxWith, start } from './account-of-tests.ts';

const reservations = [{ ReservationId: 'r-1', Instances: [{ InstanceId: id(1) }] }];

async function outcomes(fault: Fault, count: number): Promise<readonly string[]> {
  const { aws, calls } = sandboxWith({ reservations }, { faults: [fault] });
  for (let call = 0; call < count; call++) await aws('ec2:DescribeInstances', {}).catch(() => undefined);
  return calls.map((call) => call.outcome);
}

describe('the clock', () => {
  test('stands still but for advance', async () => {
    const { aws, now, advance } = sandboxWith();
    await aws('ec2:DescribeInstances', {});
    expect(now()).toEqual(start);
    advance(1500);
    expect(now()).toEqual(new Date('2026-05-01T10:00:01.500Z'));
  });

  test('is moved by latency', async () => {
    const { aws, now, calls } = sandboxWith({}, { latencyMs: 200 });
    await aws('ec2:DescribeInstances', {});
    await aws('ec2:DescribeVolumes', {});
    expect(now()).toEqual(new Date('2026-05-01T10:00:00.400Z'));
    expect(calls.map((call) => call.at.getTime() - start.getTime())).toEqual([0, 200]);
  });

  test.each([-1, Number.NaN])('is not moved by %d', (step) => {
    expect(() => sandboxWith().advance(step)).toThrow(RangeError);
  });
});

describe('calls', () => {
  test('are remembered as they were made, in order', async () => {
    const { aws, calls } = sandboxWith({ reservations });
    const input = { InstanceIds: [id(1)] };
    await aws('ec2:DescribeInstances', input);
    input.InstanceIds.push('changed later');
    await expect(aws('ec2:DescribeInstances', { InstanceIds: [id(2)] })).rejects.toThrow();
    expect(calls).toEqual([
      { operation: 'ec2:DescribeInstances', input: { InstanceIds: [id(1)] }, outcome: 'done', at: start },
      {
        operation: 'ec2:DescribeInstances',
        input: { InstanceIds: [id(2)] },
        outcome: 'InvalidInstanceID.NotFound',
        at: start,
      },
    ]);
  });
});

describe('faults', () => {
  const error = 'RequestLimitExceeded';

  test.each<[string, Partial<Fault>, readonly string[]]>([
    ['strike once', {}, [error, 'done', 'done', 'done']],
    ['strike so many times', { times: 2 }, [error, error, 'done', 'done']],
    ['strike always', { times: 'always' }, [error, error, error, error]],
    ['strike after some calls', { after: 2 }, ['done', 'done', error, 'done']],
  ])('%s', async (_, trigger, expected) => {
    const { times, after } = trigger;
    const fault: Fault = {
      operation: 'ec2:DescribeInstances',
      error,
      ...(times === undefined ? {} : { times }),
      ...(after === undefined ? {} : { after }),
    };
    expect(await outcomes(fault, 4)).toEqual(expected);
  });

  test('strike their own operation, and the calls they are about', async () => {
    const { aws } = sandboxWith(
      { reservations },
      {
        faults: [
          { operation: 'ec2:DescribeInstances', error, times: 'always', when: (input) => input.MaxResults === 7 },
        ],
      },
    );
    await expect(aws('ec2:DescribeInstances', { MaxResults: 7 })).rejects.toMatchObject({ name: error });
    await expect(aws('ec2:DescribeInstances', { MaxResults: 8 })).resolves.toBeDefined();
    await expect(aws('ec2:DescribeVolumes', { MaxResults: 7 })).resolves.toBeDefined();
  });

  test('strike one after the other', async () => {
    const { aws, calls, inject } = sandboxWith();
    inject({ operation: 'ec2:DescribeVolumes', error: 'UnauthorizedOperation' });
    inject({ operation: 'ec2:DescribeVolumes', error: 'InternalError', after: 3 });
    inject({ operation: 'ec2:DescribeVolumes', error });
    for (let call = 0; call < 5; call++) await aws('ec2:DescribeVolumes', {}).catch(() => undefined);
    expect(calls.map((call) => call.outcome)).toEqual([
      'UnauthorizedOperation',
      error,
      'done',
      'InternalError',
      'done',
    ]);
  });

  test('speak as AWS does', async () => {
    const { aws, inject } = sandboxWith();
    inject({ operation: 'ec2:DescribeVolumes', error: 'UnauthorizedOperation' });
    inject({ operation: 'ec2:DescribeInstances', error: 'RequestLimitExceeded' });
    inject({ operation: 'kms:ListAliases', error: 'SomethingElse', message: 'in words of its own' });
    await expect(aws('ec2:DescribeVolumes', {})).rejects.toMatchObject({
      name: 'UnauthorizedOperation',
      message: expect.stringMatching(
        /^You are not authorized to perform this operation\. User: .* ec2:DescribeVolumes/,
      ),
    });
    await expect(aws('ec2:DescribeInstances', {})).rejects.toThrow('Request limit exceeded.');
    await expect(aws('kms:ListAliases', {})).rejects.toThrow('in words of its own');
  });

  test('can take effect and lose the answer', async () => {
    const { aws, account } = sandboxWith(
      {},
      { faults: [{ operation: 'sns:Publish', error: 'TimeoutError', takesEffect: true }] },
    );
    const TopicArn = 'arn:aws:sns:eu-west-1:111122223333:ec2-guardrail-alerts';
    await expect(aws('sns:Publish', { TopicArn, Message: 'a' })).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(account.published.map((one) => one.message)).toEqual(['a']);
  });
});
