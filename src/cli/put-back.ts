import type { IpPermission } from '@aws-sdk/client-ec2';
import type { PlannedCall } from '../domain/action.ts';
import { asError } from '../domain/errors.ts';
import type { ChangingOperation } from '../domain/operations.ts';
import { whyIneffective } from '../engine/make-calls.ts';
import type { Live } from './live.ts';

/**
 * Codes by which EC2 says that what is asked for is so already. `IncorrectInstanceState` is none: starting what runs is no
 * error, and starting what is still stopping, or is terminated, is this one.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
 */
const alreadySo: Readonly<Partial<Record<ChangingOperation, readonly string[]>>> = {
  'ec2:AuthorizeSecurityGroupIngress': ['InvalidPermission.Duplicate'],
  'ec2:RevokeSecurityGroupIngress': ['InvalidPermission.NotFound', 'InvalidSecurityGroupRuleId.NotFound'],
};

const advice = {
  IncorrectInstanceState:
    'An instance that is still stopping can be started in a minute: run the same command again. A terminated one is gone for good.',
};

/** By what the effect of a call is put back. A rule of a group comes back with its tags. */
export const putBackBy: Readonly<Record<ChangingOperation, readonly ChangingOperation[]>> = {
  'ec2:RevokeSecurityGroupIngress': ['ec2:AuthorizeSecurityGroupIngress', 'ec2:CreateTags'],
  'ec2:AuthorizeSecurityGroupIngress': ['ec2:RevokeSecurityGroupIngress'],
  'ec2:StopInstances': ['ec2:StartInstances'],
  'ec2:StartInstances': ['ec2:StopInstances'],
  'ec2:TerminateInstances': [],
  'ec2:ModifyInstanceAttribute': ['ec2:ModifyInstanceAttribute'],
  'ec2:ModifyNetworkInterfaceAttribute': ['ec2:ModifyNetworkInterfaceAttribute'],
  'ec2:CreateSnapshots': [],
  'ec2:CreateTags': ['ec2:CreateTags', 'ec2:DeleteTags'],
  'ec2:DeleteTags': ['ec2:CreateTags'],
};

/** All that a call which puts something back says, by operation. */
const inputKeys: Readonly<Partial<Record<ChangingOperation, readonly string[]>>> = {
  'ec2:AuthorizeSecurityGroupIngress': ['GroupId', 'IpPermissions', 'TagSpecifications'],
  'ec2:RevokeSecurityGroupIngress': ['GroupId', 'IpPermissions', 'SecurityGroupRuleIds'],
  'ec2:StartInstances': ['InstanceIds'],
  'ec2:ModifyInstanceAttribute': ['InstanceId', 'DisableApiTermination'],
  'ec2:ModifyNetworkInterfaceAttribute': ['NetworkInterfaceId', 'Groups'],
};

/**
 * Why a call can't be one of ours; undefined where it can. What a table says is made in a person's name: it may not terminate,
 * say, nor give an instance other user data, nor start another one.
 */
export function whyForeign({ operation, input }: PlannedCall, instanceId: string): string | undefined {
  const known = Object.hasOwn(inputKeys, operation) ? inputKeys[operation] : undefined;
  if (known === undefined) return `${operation} puts nothing back`;
  const key = Object.keys(input).find((one) => !known.includes(one));
  if (key !== undefined) return `${operation} with ${key} puts nothing back`;
  const ids = 'InstanceIds' in input ? (input.InstanceIds ?? []) : 'InstanceId' in input ? [input.InstanceId] : [];
  const other = ids.find((id) => id !== instanceId);
  return other === undefined ? undefined : `${operation} is of ${other}, and nothing was done to that`;
}

/**
 * Makes one of the calls that put back what was done.
 * @returns `done`, or in what way it was so already.
 * @throws when EC2 refuses it, with what to do about it.
 */
export async function putBack(live: Live, call: PlannedCall): Promise<string> {
  const first = await made(live, call);
  if (first !== 'already so') return first;
  const single = singly(call);
  if (single.length < 2) return first;
  // EC2 does all of a call or, where a part is so already, nothing.
  const outcomes: string[] = [];
  for (const one of single) outcomes.push(await made(live, one));
  const before = outcomes.filter((outcome) => outcome === 'already so').length;
  return before === single.length ? 'already so' : `done, but for ${before} of ${single.length}, which was so already`;
}

async function made({ aws, explainingAll }: Live, { operation, input }: PlannedCall): Promise<'done' | 'already so'> {
  return explainingAll(async () => {
    try {
      const failure = whyIneffective(operation, input, await aws(operation, input as never));
      if (failure === undefined) return 'done';
      // In the default VPC, revoking what is not there is no error.
      if (operation === 'ec2:RevokeSecurityGroupIngress') return 'already so';
      throw new Error(`${operation} was answered, and ${failure}. It is not marked as put back: look at it by hand.`);
    } catch (error) {
      if (alreadySo[operation]?.includes(asError(error).name)) return 'already so';
      throw error;
    }
  }, [{ operation, purpose: `put it back by ${operation}`, otherwise: 'Nothing is marked as put back.', advice }]);
}

/** The call as several, each of which lets one source through, or revokes one rule. */
function singly(call: PlannedCall): readonly PlannedCall[] {
  if (call.operation === 'ec2:AuthorizeSecurityGroupIngress') {
    const { operation, input } = call;
    return singlePermissions(input.IpPermissions).map((one) => ({
      operation,
      input: { ...input, IpPermissions: [one] },
    }));
  }
  if (call.operation === 'ec2:RevokeSecurityGroupIngress') {
    const { operation, input } = call;
    const { SecurityGroupRuleIds: ids = [], IpPermissions, ...rest } = input;
    if (ids.length > 0) return ids.map((id) => ({ operation, input: { ...rest, SecurityGroupRuleIds: [id] } }));
    return singlePermissions(IpPermissions).map((one) => ({ operation, input: { ...rest, IpPermissions: [one] } }));
  }
  return [call];
}

function singlePermissions(permissions: readonly IpPermission[] = []): readonly IpPermission[] {
  return permissions.flatMap(
    ({ IpRanges = [], Ipv6Ranges = [], PrefixListIds = [], UserIdGroupPairs = [], ...rest }) => [
      ...IpRanges.map((one) => ({ ...rest, IpRanges: [one] })),
      ...Ipv6Ranges.map((one) => ({ ...rest, Ipv6Ranges: [one] })),
      ...PrefixListIds.map((one) => ({ ...rest, PrefixListIds: [one] })),
      ...UserIdGroupPairs.map((one) => ({ ...rest, UserIdGroupPairs: [one] })),
    ],
  );
}
