import type { Standing } from '../domain/action.ts';
import { quoted } from '../domain/characters.ts';
import type { NetworkInterface } from '../domain/facts.ts';
import { distinct } from '../domain/instance.ts';
import { phrases } from './words.ts';

/** How many of those that a change must not concern are named. */
const NAMED_SHARERS = 3;

/** Types of interfaces that instances have: all others are a service's. */
const instanceTypes: readonly (string | undefined)[] = [undefined, 'interface', 'efa', 'efa-only'];

/** Who else has a group: other instances by their ids, and interfaces that are no instance's of this account. */
export interface Sharers {
  readonly instanceIds: readonly string[];
  /** Why each of the others is none that a policy could say anything of. */
  readonly foreign: readonly string[];
}

/**
 * Who has one of the groups besides the instance.
 * @param accountId the instance's; left out: not known.
 */
export function sharersOf(
  interfaces: readonly NetworkInterface[],
  groupIds: readonly string[],
  instanceId: string,
  accountId: string | undefined,
): Sharers {
  const others = interfaces.filter(
    ({ Groups, Attachment }) =>
      Attachment?.InstanceId !== instanceId && Groups?.some(({ GroupId = '' }) => groupIds.includes(GroupId)),
  );
  const seen = others.map((one) => ({ one, foreign: whyForeign(one, accountId) }));
  return {
    instanceIds: distinct(
      seen.flatMap(({ one, foreign }) => (foreign === undefined ? [one.Attachment?.InstanceId] : [])),
    ).toSorted(),
    foreign: seen.flatMap(({ foreign }) => foreign ?? []).toSorted(),
  };
}

/** Whom a change of the group must not concern: `eni-1 is a service's (nat_gateway); i-2 is exempt; 4 more`. */
export function unlikeAmong(
  { instanceIds, foreign }: Sharers,
  standingOf: (instanceId: string) => Standing,
): string | undefined {
  const unlike = instanceIds.flatMap((id) => {
    const standing = standingOf(id);
    return standing.isAlike ? [] : [standing.why];
  });
  const all = [...foreign, ...unlike];
  return all.length === 0 ? undefined : phrases(all, NAMED_SHARERS);
}

/**
 * Why an interface is no instance's of this account.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/requester-managed-eni.html
 */
export function whyForeign(one: NetworkInterface, accountId: string | undefined): string | undefined {
  const { NetworkInterfaceId: id, OwnerId, RequesterManaged, InterfaceType, Description, Attachment } = one;
  if (RequesterManaged === true || !instanceTypes.includes(InterfaceType)) {
    const isTold = InterfaceType === undefined || InterfaceType === 'interface';
    const what = isTold ? quoted(Description ?? '') : InterfaceType;
    return `${id} is a service's (${what})`;
  }
  const owner = [OwnerId, Attachment?.InstanceOwnerId].find((one) => isOther(one, accountId));
  if (owner !== undefined) return `${id} is of account ${owner}`;
  return Attachment?.InstanceId === undefined ? `${id} is attached to no instance` : undefined;
}

/** Whether something is known to be another account's. */
export function isOther(ownerId: string | undefined, accountId: string | undefined): boolean {
  return ownerId !== undefined && accountId !== undefined && ownerId !== accountId;
}
