import type { Cause, InstanceSummary } from './alert.ts';
import { type Launcher, type Several, type Tag, tagMap } from './facts.ts';
import { type Instance, LAUNCH_TAGS_STAND_IN_MS } from './instance.ts';
import { AUTO_SCALING_GROUP_TAG } from './match.ts';

/**
 * Tags that tell what launched an instance, the most telling first. AWS alone can set those of `aws:`; the others anybody
 * can, so that they count only where no `aws:` one is there.
 */
const parentTags = [
  ['aws:eks:cluster-name', 'EKS cluster'],
  ['aws:elasticmapreduce:job-flow-id', 'EMR cluster'],
  ['aws:batch:compute-environment', 'Batch compute environment'],
  [AUTO_SCALING_GROUP_TAG, 'Auto Scaling group'],
  ['aws:ec2:fleet-id', 'EC2 Fleet'],
  ['aws:ec2spot:fleet-request-id', 'Spot Fleet'],
  ['aws:cloudformation:stack-name', 'CloudFormation stack'],
  ['eks:nodegroup-name', 'EKS node group'],
  ['karpenter.sh/nodepool', 'Karpenter node pool'],
  ['elasticbeanstalk:environment-name', 'Elastic Beanstalk environment'],
] as const;

/** Tags that tell a person whose an instance is. */
const ownerTags = ['Name', 'Owner', 'Team'] as const;

/** What made the instance and would make it again: `Auto Scaling group "web"`. The name is somebody's word. */
export function parentOf(tags: ReadonlyMap<string, string>): string | undefined {
  return firstOf(parentTags, tags);
}

/** Of what launches instances, what looks after them as well: a stack notices nothing. */
const controllerTags = parentTags.filter(([tag]) => tag.startsWith('aws:') && tag !== 'aws:cloudformation:stack-name');

/**
 * What looks after the instance, and replaces it when it is gone: `Auto Scaling group "web"`. By the tags of AWS alone: by any
 * other, whoever may tag an instance could keep it from being dealt with.
 */
export function controllerOf(tags: ReadonlyMap<string, string>): string | undefined {
  return firstOf(controllerTags, tags);
}

function firstOf(
  parents: readonly (readonly [string, string])[],
  tags: ReadonlyMap<string, string>,
): string | undefined {
  const [key, noun] = parents.find(([tag]) => tags.has(tag)) ?? [];
  return key === undefined ? undefined : `${noun} ${JSON.stringify(tags.get(key))}`;
}

/** What alerts say of an instance. */
export function summaryOf(
  instance: Instance,
  tags: Several<Tag>,
  launcher: Launcher | undefined,
  alertTag?: string,
): InstanceSummary {
  const map = tagMap(tags);
  const parent = parentOf(map);
  const told = [...ownerTags, ...(alertTag === undefined ? [] : [alertTag])];
  return {
    instanceId: instance.InstanceId,
    instanceType: instance.InstanceType,
    state: instance.State.Name,
    launchTime: instance.LaunchTime.toISOString(),
    ...(instance.PublicIpAddress === undefined ? {} : { publicIpAddress: instance.PublicIpAddress }),
    ...(parent === undefined ? {} : { parent }),
    ...(launcher === undefined ? {} : { launcher }),
    tags: Object.fromEntries(told.flatMap((key) => (map.has(key) ? [[key, map.get(key) ?? '']] : []))),
  };
}

/**
 * What a look is counted under when many subjects break policies at once. A state change names one instance; what those
 * of the first ten minutes have in common is the group or the call that launched them.
 */
export function sharedCause(cause: Cause, instance: Instance, tags: Several<Tag>, now: Date): Cause {
  const ofLaunch = cause.key.startsWith('state:') || cause.key.startsWith('launch:');
  if (!ofLaunch || now.getTime() - instance.LaunchTime.getTime() > LAUNCH_TAGS_STAND_IN_MS) return cause;
  const group = tagMap(tags).get(AUTO_SCALING_GROUP_TAG);
  if (group !== undefined) return { ...cause, key: `auto-scaling-group:${group}` };
  return instance.reservationId === undefined ? cause : { ...cause, key: `launch:${instance.reservationId}` };
}
