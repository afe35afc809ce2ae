import type { Launch } from '../domain/collected.ts';
import type { Launcher, Tag } from '../domain/facts.ts';
import { type Fields, fieldsOf, listOf, textAt, textOf } from './fields.ts';
import { type Call, instanceIdForm, launchedInstances } from './targets.ts';

/** Services that launch on their own behalf, by the name that people know them by. */
const services: Readonly<Record<string, string>> = { 'autoscaling.amazonaws.com': 'EC2 Auto Scaling' };

/**
 * Who made a call, from a record's `userIdentity`.
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
 */
export function launcherOf(userIdentity: unknown): Launcher {
  const identity = fieldsOf(userIdentity);
  const invokedBy = textOf(identity.invokedBy);
  const arn = textOf(identity.arn);
  const service = invokedBy !== undefined && Object.hasOwn(services, invokedBy) ? services[invokedBy] : undefined;
  return {
    ...(invokedBy === undefined ? {} : { invokedBy }),
    ...(arn === undefined ? {} : { arn }),
    name: service ?? callerOf(identity) ?? invokedBy ?? 'an unnamed caller',
  };
}

/** By instance id, what a RunInstances call says of each launch. */
export function launchesOf(call: Call, userIdentity: unknown): ReadonlyMap<string, Launch> {
  const launcher = launcherOf(userIdentity);
  const requested = tagsOfRequest(call.request);
  const launches = launchedInstances(call).flatMap((instance): [string, Launch][] => {
    const id = textAt(instance, 'instanceId');
    if (id === undefined || !instanceIdForm.test(id)) return [];
    return [[id, { launcher, requestTags: merged(requested, tagsIn(instance.tagSet)) }]];
  });
  return new Map(launches);
}

function callerOf(identity: Fields): string | undefined {
  const userName = textOf(identity.userName);
  const inArn = lastOf(textOf(identity.arn), '/');
  switch (identity.type) {
    case 'Root':
      return 'root';
    case 'AssumedRole':
      return roleSession(identity);
    case 'AWSAccount':
      return textOf(identity.accountId) && `account ${textOf(identity.accountId)}`;
    case 'IdentityCenterUser':
      return identityCenterUser(identity);
    default:
      return userName ?? inArn ?? lastOf(textOf(identity.principalId), ':');
  }
}

/** `Role/session`, as in the ARN; a record without one has the role in its session's issuer. */
function roleSession(identity: Fields): string | undefined {
  const arn = textOf(identity.arn) ?? '';
  const inArn = /:assumed-role\/(.+)$/.exec(arn)?.[1];
  if (inArn !== undefined) return inArn;
  const issuer = fieldsOf(fieldsOf(identity.sessionContext).sessionIssuer);
  const role = textOf(issuer.userName);
  const session = lastOf(textOf(identity.principalId), ':');
  return [role, session].filter((part) => part !== undefined).join('/') || undefined;
}

function identityCenterUser(identity: Fields): string | undefined {
  const userId = textOf(fieldsOf(identity.onBehalfOf).userId);
  return userId === undefined ? textOf(identity.userName) : `IAM Identity Center user ${userId}`;
}

function lastOf(text: string | undefined, separator: string): string | undefined {
  return textOf(text?.slice(text.lastIndexOf(separator) + 1));
}

function tagsOfRequest(request: Fields): readonly Tag[] {
  return listOf(request.tagSpecificationSet)
    .filter((specification) => textAt(specification, 'resourceType') === 'instance')
    .flatMap((specification) => tagsIn(specification.tags ?? specification.Tags));
}

/** Values that look like a boolean or number come as one in some records. */
function tagsIn(value: unknown): readonly Tag[] {
  return listOf(value).flatMap((tag): Tag[] => {
    const Key = textAt(tag, 'key');
    if (Key === undefined) return [];
    const value = tag.value ?? tag.Value;
    const isScalar = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
    return [{ Key, Value: isScalar ? String(value) : '' }];
  });
}

/** The answer's tags over the request's: it has those of the launch template as well. */
function merged(requested: readonly Tag[], answered: readonly Tag[]): readonly Tag[] {
  const values = new Map([...requested, ...answered].map((tag) => [tag.Key, tag.Value]));
  return [...values].map(([Key, Value]) => ({ Key, Value }));
}
