import type { PlannedCall } from '../domain/action.ts';
import { asError, describeError } from '../domain/errors.ts';
import type { Aws, ChangingOperation, Output } from '../domain/operations.ts';
import type { Act } from '../domain/steps.ts';

/** What became of the calls of a plan. */
export interface Made {
  readonly calls: Act['calls'];
  /** What ended the plan; left out: nothing did. */
  readonly failure?: string;
  /** What failed and did not end the plan; left out: nothing. */
  readonly missed?: string;
  /** Nothing was done before a call found the resource changed: another look will say what there is to do. */
  readonly isOvertaken: boolean;
}

/**
 * Codes by which EC2 says that the resource is no longer as it was a moment ago.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
 */
const overtaken =
  /^(InvalidSecurityGroupRuleId\.NotFound|InvalidPermission\.(NotFound|Duplicate)|InvalidGroup\.NotFound|InvalidGroupId\.NotFound|InvalidInstanceID\.NotFound|InvalidNetworkInterfaceID\.NotFound|IncorrectInstanceState|IncorrectState)$/;

/** Of a call that an earlier attempt at the plan made. */
const DONE_BEFORE = 'done before';

/**
 * Makes the calls of a plan in order, up to the first that fails and may not. An answer that says less than was asked is a failure.
 * @param doneBefore by earlier attempts: of calls that may fail, these are not made again.
 */
export async function makeCalls(
  aws: Aws,
  planned: readonly PlannedCall[],
  doneBefore: ReadonlySet<string> = new Set(),
): Promise<Made> {
  const calls: { operation: string; outcome: string }[] = [];
  const failures: string[] = [];
  const missed = () => (failures.length === 0 ? {} : { missed: failures.join('; ') });
  for (const call of planned) {
    const { operation, mayFail } = call;
    if (mayFail && doneBefore.has(operation)) {
      calls.push({ operation, outcome: DONE_BEFORE });
      continue;
    }
    const isFirst = !calls.some(({ outcome }) => outcome === 'done');
    const refused = await whyRefused(aws, call);
    calls.push({ operation, outcome: refused?.why ?? 'done' });
    if (refused === undefined) continue;
    const failure = `${operation}: ${refused.why}`;
    if (!mayFail) return { calls, failure, ...missed(), isOvertaken: isFirst && overtaken.test(refused.code) };
    failures.push(failure);
  }
  return { calls, ...missed(), isOvertaken: false };
}

/** Makes a call. @returns undefined when all that was asked is done. */
async function whyRefused(
  aws: Aws,
  { operation, input }: PlannedCall,
): Promise<{ readonly why: string; readonly code: string } | undefined> {
  try {
    const why = whyIneffective(operation, input, await aws(operation, input as never));
    return why === undefined ? undefined : { why, code: '' };
  } catch (error) {
    return { why: describeError(error), code: asError(error).name };
  }
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
  if (operation === 'ec2:CreateSnapshots') {
    const { Snapshots = [] } = output as Output<'ec2:CreateSnapshots'>;
    const isBegun = Snapshots.length > 0 && Snapshots.every(({ State }) => State !== 'error');
    return isBegun ? undefined : 'the answer does not say that snapshots were begun';
  }
  if (!operation.endsWith('SecurityGroupIngress')) return undefined;
  const { Return, UnknownIpPermissions = [] } = output as Output<'ec2:RevokeSecurityGroupIngress'>;
  return Return === false || UnknownIpPermissions.length > 0
    ? 'the answer says that not all of it was there'
    : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
