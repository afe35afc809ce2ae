import type { PlannedCall } from '../../src/domain/action.ts';
import type { Aws } from '../../src/domain/operations.ts';
import { makeCalls } from '../../src/engine/make-calls.ts';

const GroupId = 'sg-0aaaaaaaaaaaaaaa1';
const ids = ['i-0a1b2c3d4e5f60718', 'i-0b1b2c3d4e5f60718'];
const stop: PlannedCall = { operation: 'ec2:StopInstances', input: { InstanceIds: ids } };
const start: PlannedCall = { operation: 'ec2:StartInstances', input: { InstanceIds: ids } };
const terminate: PlannedCall = { operation: 'ec2:TerminateInstances', input: { InstanceIds: ids } };
const revoke: PlannedCall = {
  operation: 'ec2:RevokeSecurityGroupIngress',
  input: { GroupId, SecurityGroupRuleIds: ['sgr-0123456789abcdef0'] },
};
const authorize: PlannedCall = {
  operation: 'ec2:AuthorizeSecurityGroupIngress',
  input: { GroupId, IpPermissions: [{ IpProtocol: 'tcp', FromPort: 22, ToPort: 22 }] },
};
const tag: PlannedCall = { operation: 'ec2:CreateTags', input: { Resources: ids, Tags: [{ Key: 'a', Value: 'b' }] } };
const snapshot: PlannedCall = {
  operation: 'ec2:CreateSnapshots',
  input: { InstanceSpecification: { InstanceId: 'i-0a1b2c3d4e5f60718' } },
};

/** AWS that gives these answers in order, and what was asked of it. An error is what the call rejects with. */
function answering(answers: readonly object[]) {
  const asked: unknown[] = [];
  const aws = ((operation: string, input: object) => {
    asked.push({ operation, input });
    const answer = answers[asked.length - 1] ?? {};
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  }) as Aws;
  return { aws, asked };
}

function errorNamed(name: string): Error {
  return Object.assign(new Error('so it is'), { name });
}

const both = ids.map((InstanceId) => ({ InstanceId }));
const unnamed = 'the answer does not name i-0b1b2c3d4e5f60718';
const notBegun = 'the answer does not say that snapshots were begun';
const notAll = 'the answer says that not all of it was there';

test.each<[string, PlannedCall, object]>([
  ['stops all', stop, { StoppingInstances: both }],
  ['starts all', start, { StartingInstances: both }],
  ['terminates all', terminate, { TerminatingInstances: both }],
  ['revokes', revoke, { Return: true, RevokedSecurityGroupRules: [{}] }],
  ['revokes, and does not say so', revoke, {}],
  ['authorizes', authorize, { Return: true, SecurityGroupRules: [{}] }],
  ['tags: it answers with nothing', tag, {}],
  ['begins snapshots', snapshot, { Snapshots: [{ State: 'pending' }, { State: 'completed' }] }],
])('what is answered as it was asked is done: %s', async (_, call, answer) => {
  const { aws, asked } = answering([answer]);

  expect(await makeCalls(aws, [call])).toEqual({
    calls: [{ operation: call.operation, outcome: 'done' }],
    isOvertaken: false,
  });
  expect(asked).toEqual([call]);
});

test.each<[string, PlannedCall, object, string]>([
  ['stops one of two', stop, { StoppingInstances: both.slice(0, 1) }, unnamed],
  ['starts one of two', start, { StartingInstances: both.slice(0, 1) }, unnamed],
  ['terminates one of two', terminate, { TerminatingInstances: both.slice(0, 1) }, unnamed],
  ['names nobody', stop, {}, `the answer does not name ${ids.join(', ')}`],
  ['revokes nothing', revoke, { Return: false }, notAll],
  ['revokes what was there', revoke, { Return: true, UnknownIpPermissions: [{ IpProtocol: 'tcp' }] }, notAll],
  ['authorizes nothing', authorize, { Return: false }, notAll],
  ['begins no snapshot', snapshot, {}, notBegun],
  ['begins one of two snapshots', snapshot, { Snapshots: [{ State: 'pending' }, { State: 'error' }] }, notBegun],
])('an answer that says less than was asked is a failure, and ends the plan: %s', async (_, call, answer, failure) => {
  const { aws, asked } = answering([answer]);

  expect(await makeCalls(aws, [call, tag])).toEqual({
    calls: [{ operation: call.operation, outcome: failure }],
    failure: `${call.operation}: ${failure}`,
    isOvertaken: false,
  });
  expect(asked).toEqual([call]);
});

test.each([
  'InvalidSecurityGroupRuleId.NotFound',
  'InvalidPermission.NotFound',
  'InvalidPermission.Duplicate',
  'InvalidGroup.NotFound',
  'InvalidGroupId.NotFound',
  'InvalidInstanceID.NotFound',
  'InvalidNetworkInterfaceID.NotFound',
  'IncorrectInstanceState',
  'IncorrectState',
])('a first call that ends with %s was overtaken, and no other is made', async (code) => {
  const { aws, asked } = answering([errorNamed(code)]);

  expect(await makeCalls(aws, [revoke, tag])).toEqual({
    calls: [{ operation: revoke.operation, outcome: `${code}: so it is` }],
    failure: `${revoke.operation}: ${code}: so it is`,
    isOvertaken: true,
  });
  expect(asked).toEqual([revoke]);
});

test.each([
  'UnauthorizedOperation',
  'RequestLimitExceeded',
  'OperationNotPermitted',
  'TimeoutError',
  'InvalidInstanceID.Malformed',
  'NotInvalidGroup.NotFound',
  'IncorrectStateException',
])('a first call that ends with %s has failed: nothing has overtaken it', async (code) => {
  expect(await makeCalls(answering([errorNamed(code)]).aws, [stop])).toEqual({
    calls: [{ operation: stop.operation, outcome: `${code}: so it is` }],
    failure: `${stop.operation}: ${code}: so it is`,
    isOvertaken: false,
  });
});

test('a second call that finds it changed is a failure: what the first did stands', async () => {
  const { aws, asked } = answering([{ Return: true }, errorNamed('InvalidSecurityGroupRuleId.NotFound')]);

  expect(await makeCalls(aws, [authorize, revoke, tag])).toEqual({
    calls: [
      { operation: authorize.operation, outcome: 'done' },
      { operation: revoke.operation, outcome: 'InvalidSecurityGroupRuleId.NotFound: so it is' },
    ],
    failure: 'ec2:RevokeSecurityGroupIngress: InvalidSecurityGroupRuleId.NotFound: so it is',
    isOvertaken: false,
  });
  expect(asked).toEqual([authorize, revoke]);
});

describe('a call that may fail', () => {
  const optional: PlannedCall = { ...snapshot, mayFail: true };
  const begun = { Snapshots: [{ State: 'pending' }] };
  const asked = ({ operation, input }: PlannedCall) => ({ operation, input });

  test.each<[string, object, string]>([
    [
      'an error',
      errorNamed('SnapshotCreationPerVolumeRateExceeded'),
      'SnapshotCreationPerVolumeRateExceeded: so it is',
    ],
    ['an answer that says less', { Snapshots: [] }, notBegun],
  ])('does not end the plan with %s, and that is told', async (_, answer, why) => {
    const { aws, asked: made } = answering([answer, { Return: true }]);

    expect(await makeCalls(aws, [optional, authorize])).toEqual({
      calls: [
        { operation: 'ec2:CreateSnapshots', outcome: why },
        { operation: authorize.operation, outcome: 'done' },
      ],
      missed: `ec2:CreateSnapshots: ${why}`,
      isOvertaken: false,
    });
    expect(made).toEqual([asked(optional), authorize]);
  });

  test('is told beside what ended the plan', async () => {
    const { aws } = answering([errorNamed('UnauthorizedOperation'), errorNamed('RequestLimitExceeded')]);

    expect(await makeCalls(aws, [optional, stop])).toMatchObject({
      failure: 'ec2:StopInstances: RequestLimitExceeded: so it is',
      missed: 'ec2:CreateSnapshots: UnauthorizedOperation: so it is',
    });
  });

  test.each<[string, object, boolean]>([
    ['done, was not overtaken', begun, false],
    ['refused, was overtaken', errorNamed('InvalidInstanceID.NotFound'), true],
  ])('and was %s where the next finds the resource changed', async (_, answer, isOvertaken) => {
    const { aws } = answering([answer, errorNamed('InvalidNetworkInterfaceID.NotFound')]);

    expect((await makeCalls(aws, [optional, stop])).isOvertaken).toBe(isOvertaken);
  });

  test('is not made again where an earlier attempt did it; one that may not fail is', async () => {
    const { aws, asked: made } = answering([begun]);

    expect(await makeCalls(aws, [optional, snapshot], new Set(['ec2:CreateSnapshots']))).toEqual({
      calls: [
        { operation: 'ec2:CreateSnapshots', outcome: 'done before' },
        { operation: 'ec2:CreateSnapshots', outcome: 'done' },
      ],
      isOvertaken: false,
    });
    expect(made).toEqual([snapshot]);
  });
});
