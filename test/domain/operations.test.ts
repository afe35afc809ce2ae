import type { PlannedCall } from '../../src/domain/action.ts';
import { changingOperations, drainingOperations, isChanging, isDraining } from '../../src/domain/operations.ts';

test('what enforcement changes no drain changes, nor the other way', () => {
  expect(changingOperations.filter(isDraining)).toEqual([]);
  expect(drainingOperations.filter(isChanging)).toEqual([]);
  expect(changingOperations.filter((operation) => !isChanging(operation))).toEqual([]);
  expect(drainingOperations.filter((operation) => !isDraining(operation))).toEqual([]);
});

test('no plan of an action can hold a call of a drain', () => {
  const input = { TargetGroupArn: 'arn', Targets: [{ Id: 'i-0123456789abcdef0' }] };
  // @ts-expect-error: it does not compile.
  const call: PlannedCall = { operation: 'elbv2:DeregisterTargets', input };
  expect(isChanging(call.operation)).toBe(false);
});
