import type { Operation } from '../../src/domain/operations.ts';
import { inspectBatch } from '../../src/engine/inspect.ts';
import { withRefusalsTold } from '../../src/engine/refusals.ts';
import { sweep } from '../../src/engine/sweep.ts';
import { stateChange } from '../../src/sandbox/events.ts';
import type { Fault } from '../../src/sandbox/faults.ts';
import { bad, scope, start, world } from '../support/world.ts';

const HOUR = 3_600_000;

/** A deployment of which AWS answers one operation so, and the calls that were told as refused. */
function refusing(operation: Operation, error: string) {
  const { engine, sandbox } = world({ faults: [{ operation, error, times: 'always' } as Fault] });
  const [instance] = sandbox.account.launch(bad).instances;
  sandbox.advance(HOUR);
  const told: Operation[] = [];
  const aws = withRefusalsTold(engine.aws, (refused) => told.push(refused));
  const event = stateChange(scope, { instanceId: instance?.InstanceId ?? '', state: 'running', at: start, id: 'e' });
  return { engine: { ...engine, aws }, told, messages: [{ id: 'm-1', body: JSON.stringify(event) }] };
}

test.each([
  ['ec2:DescribeVolumes', 'UnauthorizedOperation'],
  ['ec2:DescribeInstances', 'UnauthorizedOperation'],
  ['sns:Publish', 'AuthorizationError'],
  ['sns:Publish', 'KMSAccessDenied'],
  ['events:PutEvents', 'AccessDeniedException'],
] as const)('a %s that AWS refuses with %s is told', async (operation, error) => {
  const { engine, told, messages } = refusing(operation, error);
  await inspectBatch(engine, messages);

  expect([...new Set(told)]).toEqual([operation]);
});

test('so is one that ends a run', async () => {
  const { engine, told, messages } = refusing('dynamodb:BatchGetItem', 'AccessDeniedException');

  await expect(inspectBatch(engine, messages)).rejects.toThrow();
  expect(told).toEqual(['dynamodb:BatchGetItem']);
});

test('and that of a sweep', async () => {
  const { engine, told } = refusing('ec2:DescribeInstances', 'UnauthorizedOperation');

  await expect(sweep(engine)).rejects.toThrow('DescribeInstances');
  expect(told).toEqual(['ec2:DescribeInstances']);
});

test.each(['RequestLimitExceeded', 'InternalError', 'ThrottlingException'])(
  'a call that fails by %s was not refused',
  async (error) => {
    const { engine, told, messages } = refusing('ec2:DescribeVolumes', error);
    await inspectBatch(engine, messages);

    expect(told).toEqual([]);
  },
);
