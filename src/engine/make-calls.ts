import type { PlannedCall } from '../domain/action.ts';
import { asError, describeError } from '../domain/errors.ts';
import type { Aws, ChangingOperation, Output } from '../domain/operations.ts';
import type { Act } from '../domain/steps.ts';

/** What became of the calls of a plan. */
export interface Made {
  readonly calls: Act['calls'];
  /** Left out: all were done. */
  readonly failure?: string;
  /** The first call found the resource changed: nothing was done, and another look will say what there is to do. */
  readonly isOvertaken: boolean;
}

/**
 * Codes by which EC2 says that the resource is no longer as it was a moment ago.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
 */
const overtaken =
  /^(InvalidSecurityGroupRuleId\.NotFound|InvalidPermission\.(NotFound|Duplicate)|InvalidGroup\.NotFound|InvalidGroupId\.NotFound|InvalidInstanceID\.NotFound|InvalidNetworkInterfaceID\.NotFound|IncorrectInstanceState|IncorrectState)$/;

/** Makes the calls of a plan in order, up to the first that fails. An answer that says less than was asked is a failure. */
export async function makeCalls(aws: Aws, planned: readonly PlannedCall[]): Promise<Made> {
  const calls: { operation: string; outcome: string }[] = [];
  for (const { operation, input } of planned) {
    try {
      const failure = whyIneffective(operation, input, await aws(operation, input as never));
      calls.push({ operation, outcome: failure ?? 'done' });
      if (failure !== undefined) return { calls, failure: `${operation}: ${failure}`, isOvertaken: false };
    } catch (error) {
      const isOvertaken = calls.length === 0 && overtaken.test(asError(error).name);
      calls.push({ operation, outcome: describeError(error) });
      return { calls, failure: `${operation}: ${describeError(error)}`, isOvertaken };
    }
  }
  return { calls, isOvertaken: false };
}

/** What EC2's answer leaves open, where it may succeed without having done all that was asked. */
export function whyIneffective(
  operation: ChangingOperation,
  input: PlannedCall['input'],
  output: Output<ChangingOperation>,
): string | undefined {
  const asked = 'InstanceIds' in input ? (input.InstanceIds ?? []) : [];
  const answered = Object.values(output).flatMap((list: unknown) => (Array.isArray(list) ? (list as unknown[]) : []));
  const ids = answered.flatMap((one) => (isObject(one) && typeof one.InstanceId === 'string' ? [one.InstanceId] : []));
  const left = asked.filter((id) => !ids.includes(id));
  if (left.length > 0) return `the answer does not name ${left.join(', ')}`;
  if (!operation.endsWith('SecurityGroupIngress')) return undefined;
  const { Return, UnknownIpPermissions = [] } = output as Output<'ec2:RevokeSecurityGroupIngress'>;
  return Return === false || UnknownIpPermissions.length > 0
    ? 'the answer says that not all of it was there'
    : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
