import type { ActionContext } from '../domain/action.ts';
import { inAscii, named } from '../domain/characters.ts';
import { tagMap } from '../domain/facts.ts';
import type { Zod } from '../domain/rule.ts';
import { controllerOf } from '../domain/summary.ts';

/** What is read before an instance is stopped, hibernated or terminated. */
export const powerNeeds = ['tags', 'instanceTypeInfo', 'protection', 'spotRequest'] as const;

interface Parameters {
  readonly loseInstanceStore: boolean;
}

export type PowerContext = ActionContext<(typeof powerNeeds)[number], Parameters>;

/** What the policy tells each of them. */
export function powerParameters(z: Zod) {
  return z.strictObject({
    loseInstanceStore: z
      .boolean()
      .default(false)
      .describe(
        'Also where the instance type has instance storage: all data on it is lost, and nothing brings it back.',
      ),
  });
}

/** For examples: a type without instance storage, whose instances lose nothing. */
export const plainType = [{ InstanceType: 'm7i.large', InstanceStorageSupported: false }] as const;

/** The first reason that there is. */
export function firstOf(...reasons: readonly (string | undefined)[]): string | undefined {
  return reasons.find((reason) => reason !== undefined);
}

/**
 * Why it is somebody else's to do. What launched the instance would launch another; a stack alone would not.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/amazon-ec2-managed-instances.html
 */
export function whyManaged({
  instance: { Operator },
  facts: { tags },
}: Pick<ActionContext<'tags', unknown>, 'instance' | 'facts'>): string | undefined {
  if (Operator?.Managed === true) {
    return `${named(Operator.Principal ?? 'a service')} manages the instance: correct it there`;
  }
  const controller = controllerOf(tagMap(tags));
  return controller === undefined
    ? undefined
    : `${inAscii(controller)} would launch another instance: correct it there`;
}

/**
 * Why data would be lost. Of a stopped instance it is lost already.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-store-lifetime.html
 */
export function whyDataIsLost({ instance, facts, parameters }: PowerContext): string | undefined {
  const { State, RootDeviceType } = instance;
  if (parameters.loseInstanceStore || State.Name === 'stopped') return undefined;
  const advice = 'save what is needed, then do it by hand or set loseInstanceStore';
  if (RootDeviceType === 'instance-store')
    return `its root volume is on instance storage, and would be lost: ${advice}`;
  if (facts.instanceTypeInfo.value.InstanceStorageSupported === false) return undefined;
  return `its type has instance storage, and what is on it would be lost: ${advice}`;
}

/**
 * Why EC2 would not stop it.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StopInstances.html
 */
export function whyNotStopped({ instance: { RootDeviceType }, facts }: PowerContext): string | undefined {
  if (RootDeviceType === 'instance-store') {
    return 'its root volume is on instance storage, and it can not be stopped: use quarantine or terminate';
  }
  const { protection, spotRequest } = facts;
  if (protection.value.stop) {
    return 'it has stop protection (disableApiStop): ask whoever protected it to take that off';
  }
  if (spotRequest.value === 'none' || spotRequest.value.Type === 'persistent') return undefined;
  return 'its Spot request is one-time, and it can not be stopped: use quarantine or terminate';
}

/** Requests in these states launch no more. */
const ended: readonly (string | undefined)[] = ['cancelled', 'closed', 'failed'];

/**
 * Why EC2 would not terminate it, or launch another.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-stop-protection.html
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/terminating-instances.html
 */
export function whyNotTerminated({ facts: { protection, spotRequest } }: PowerContext): string | undefined {
  if (protection.value.termination) {
    return 'it has termination protection (disableApiTermination): ask whoever protected it to take that off';
  }
  if (protection.value.stop) {
    return 'it has stop protection (disableApiStop), which protects from termination as well: ask whoever protected it to take that off';
  }
  if (spotRequest.value === 'none') return undefined;
  const { Type, State, SpotInstanceRequestId } = spotRequest.value;
  if (Type !== 'persistent' || ended.includes(State)) return undefined;
  return `its Spot request ${SpotInstanceRequestId} is persistent and would launch another instance: cancel the request first`;
}
