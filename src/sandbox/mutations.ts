import type * as ec2 from '@aws-sdk/client-ec2';
import { defaultInstance } from '../domain/given.ts';
import type { Interruption } from '../domain/notice.ts';
import type { Account } from './account.ts';
import { awsError, notThere } from './errors.ts';
import {
  apiCall,
  attachmentCall,
  authorizeIngressCall,
  type EventBridgeEvent,
  iamUser,
  revokeIngressCall,
  runInstancesCall,
  type SeenCall,
  stateChange,
  tagsCall,
  transitionCall,
  type UserIdentity,
} from './events.ts';
import { unknownAmong } from './security-groups.ts';
import {
  addedIngress,
  detach,
  groupBy,
  instanceBy,
  mergedTags,
  removedIngress,
  rulesFor,
  setRunning,
  setStopped,
  setTerminated,
  stateOf,
  taggedBy,
  volumeBy,
  withoutTags,
} from './state.ts';

/** Who makes a change, and how long it takes until Describe shows it. */
export interface Made {
  /** Left out: the IAM user `jane`. */
  readonly by?: UserIdentity;
  /** Milliseconds until Describe shows it, 0 if left out. */
  readonly visibleAfterMs?: number;
}

/** What is launched, and when Describe shows which part of it. */
export interface Launch extends Omit<Made, 'visibleAfterMs'> {
  /** Over the documented default instance. Left out: ids of its own. */
  readonly instance?: ec2.Instance;
  /** How many such instances, 1 if left out. */
  readonly count?: number;
  /** Over an encrypted gp3 volume of 8 GiB; left out: one. The first is the root volume. */
  readonly volumes?: readonly ec2.Volume[];
  /** LaunchTime, and the events' time; left out: now. */
  readonly at?: Date;
  /** Milliseconds until Describe shows the instances, or also apart for their tags and their volumes. */
  readonly visibleAfterMs?: number | Delays;
}

interface Delays {
  readonly instance?: number;
  readonly tags?: number;
  readonly volumes?: number;
}

/** The instances as they are then, and what AWS tells of them. */
export interface Launched {
  readonly instances: readonly ec2.Instance[];
  /** Of each instance `pending` and `running`, then CloudTrail's RunInstances. */
  readonly events: readonly EventBridgeEvent<unknown>[];
}

/** Changes that people make to an account. Each gives the events that AWS would send, in their order. */
export interface Mutations {
  launch(launch?: Launch): Launched;
  /** Sets tags of an instance, volume, network interface or security group; `null` deletes one. */
  setTags(
    resourceId: string,
    tags: Readonly<Record<string, string | null>>,
    made?: Made,
  ): readonly EventBridgeEvent<unknown>[];
  setState(instanceId: string, state: 'running' | 'stopped', made?: Made): readonly EventBridgeEvent<unknown>[];
  /** @throws InvalidPermission.Duplicate when it is there. */
  authorizeIngress(groupId: string, permission: ec2.IpPermission, made?: Made): readonly EventBridgeEvent<unknown>[];
  /** @throws InvalidPermission.NotFound when it is not there. */
  revokeIngress(groupId: string, permission: ec2.IpPermission, made?: Made): readonly EventBridgeEvent<unknown>[];
  /** Puts another volume in a volume's place: the old one's fields, `changes` over them, detached the old. How a disk gets encrypted. */
  replaceVolume(volumeId: string, changes: ec2.Volume, made?: Made): readonly EventBridgeEvent<unknown>[];
  /** The instance is shown as terminated for an hour, then no more. Volumes go that are deleted on termination. */
  terminate(instanceId: string, made?: Made): readonly EventBridgeEvent<unknown>[];
  /** EC2 takes a Spot instance back, as it has announced: no call of anybody. */
  takeBack(instanceId: string, action: Interruption): readonly EventBridgeEvent<unknown>[];
}

/** The changes that can be made to this account. */
export function mutationsOf(account: Account): Mutations {
  return {
    launch: (launch = {}) => launchInto(account, launch),
    setTags: (resourceId, tags, made = {}) => setTags(account, resourceId, tags, made),
    setState: (instanceId, state, made = {}) => setState(account, instanceId, state, made),
    authorizeIngress: (groupId, permission, made = {}) => authorizeIngress(account, groupId, permission, made),
    revokeIngress: (groupId, permission, made = {}) => revokeIngress(account, groupId, permission, made),
    replaceVolume: (volumeId, changes, made = {}) => replaceVolume(account, volumeId, changes, made),
    terminate: (instanceId, made = {}) => terminate(account, instanceId, made),
    takeBack: (instanceId, action) => takeBack(account, instanceId, action),
  };
}

function launchInto(account: Account, launch: Launch): Launched {
  const at = launch.at ?? account.now();
  const delays = delaysOf(launch);
  const shownAfter = delays.instance ?? 0;
  const made = Array.from({ length: launch.count ?? 1 }, () => newInstance(account, launch, at));
  const instances = made.map((one) => one.instance);
  const tags = launch.instance?.Tags ?? [];
  const reservation = { ReservationId: account.newId('r'), OwnerId: account.scope.accountId, Groups: [] };
  account.after(shownAfter, () => {
    account.rows.reservations?.push({ ...reservation, Instances: instances });
    account.rows.networkInterfaces?.push(...made.flatMap((one) => one.networkInterfaces));
  });
  // What was set in the meantime stands.
  account.after(Math.max(shownAfter, delays.tags ?? 0), () => {
    for (const instance of instances) instance.Tags = mergedTags(tags, instance.Tags ?? []);
  });
  account.after(Math.max(shownAfter, delays.volumes ?? 0), () => {
    for (const { instance, volumes } of made) instance.BlockDeviceMappings = volumes.map(mappingOf);
    account.rows.volumes?.push(...made.flatMap((one) => one.volumes));
  });
  const record = runInstancesCall({ ...reservation, Instances: instances }, tags);
  const changes = (['pending', 'running'] as const).flatMap((state) =>
    instances.map((instance) => changed(account, instance.InstanceId ?? '', state, at)),
  );
  return {
    instances: structuredClone(instances),
    events: [...changes, seen(account, 'RunInstances', record, { ...launch, at })],
  };
}

function delaysOf({ visibleAfterMs = 0 }: Launch): Delays {
  return typeof visibleAfterMs === 'object' ? visibleAfterMs : { instance: visibleAfterMs };
}

interface NewInstance {
  readonly instance: ec2.Instance;
  readonly volumes: readonly ec2.Volume[];
  readonly networkInterfaces: readonly ec2.NetworkInterface[];
}

/** Without tags and volumes: they come when they are visible. */
function newInstance(account: Account, launch: Launch, at: Date): NewInstance {
  const given = structuredClone(launch.instance ?? {});
  const instance: ec2.Instance = {
    ...defaultInstance,
    InstanceId: account.newId('i'),
    Placement: { AvailabilityZone: `${account.scope.region}a`, Tenancy: 'default' },
    ...given,
    State: { ...stateOf('running'), ...given.State },
    LaunchTime: at,
    Tags: [],
    BlockDeviceMappings: [],
  };
  instance.NetworkInterfaces ??= [interfaceOf(instance, account, at)];
  const networkInterfaces = instance.NetworkInterfaces.map((one) => describedInterface(one, instance));
  const volumes = (launch.volumes ?? [{}]).map((volume, index) => newVolume(account, volume, instance, index, at));
  return { instance, volumes, networkInterfaces };
}

function interfaceOf(instance: ec2.Instance, account: Account, at: Date): ec2.InstanceNetworkInterface {
  return {
    NetworkInterfaceId: account.newId('eni'),
    OwnerId: account.scope.accountId,
    VpcId: instance.VpcId,
    SubnetId: instance.SubnetId,
    Groups: instance.SecurityGroups ?? [],
    Status: 'in-use',
    Attachment: { DeviceIndex: 0, Status: 'attached', AttachTime: at, DeleteOnTermination: true },
  };
}

/** The same interface as DescribeNetworkInterfaces shows it. */
function describedInterface(one: ec2.InstanceNetworkInterface, instance: ec2.Instance): ec2.NetworkInterface {
  return {
    NetworkInterfaceId: one.NetworkInterfaceId,
    OwnerId: one.OwnerId,
    VpcId: one.VpcId,
    SubnetId: one.SubnetId,
    Groups: one.Groups,
    Status: one.Status,
    Attachment: { ...one.Attachment, InstanceId: instance.InstanceId },
    TagSet: [],
  };
}

function newVolume(account: Account, given: ec2.Volume, instance: ec2.Instance, index: number, at: Date): ec2.Volume {
  const VolumeId = given.VolumeId ?? account.newId('vol');
  const Device = index === 0 ? instance.RootDeviceName : `/dev/sd${'fghijklmnop'[index - 1]}`;
  const attachment = { VolumeId, InstanceId: instance.InstanceId, Device, AttachTime: at };
  return {
    VolumeType: 'gp3',
    Size: 8,
    Encrypted: true,
    State: 'in-use',
    AvailabilityZone: instance.Placement?.AvailabilityZone,
    CreateTime: at,
    Attachments: [{ ...attachment, State: 'attached', DeleteOnTermination: true }],
    ...structuredClone(given),
    VolumeId,
  };
}

function mappingOf(volume: ec2.Volume): ec2.InstanceBlockDeviceMapping {
  const attachment = volume.Attachments?.[0];
  const { VolumeId } = volume;
  return {
    DeviceName: attachment?.Device,
    Ebs: {
      VolumeId,
      Status: 'attached',
      AttachTime: attachment?.AttachTime,
      DeleteOnTermination: attachment?.DeleteOnTermination,
    },
  };
}

function setTags(
  account: Account,
  resourceId: string,
  tags: Readonly<Record<string, string | null>>,
  made: Made,
): readonly EventBridgeEvent<unknown>[] {
  const resource = taggedBy(account, resourceId);
  const set = Object.entries(tags).flatMap(([Key, Value]) => (Value === null ? [] : [{ Key, Value }]));
  const deleted = Object.entries(tags).flatMap(([Key, Value]) => (Value === null ? [{ Key }] : []));
  account.after(made.visibleAfterMs ?? 0, () => {
    resource.set(mergedTags(withoutTags(resource.get(), deleted), set));
  });
  const event = (name: string, some: readonly ec2.Tag[]): readonly EventBridgeEvent<unknown>[] =>
    some.length === 0 ? [] : [seen(account, name, tagsCall(resourceId, some), made)];
  return [...event('CreateTags', set), ...event('DeleteTags', deleted)];
}

function setState(
  account: Account,
  instanceId: string,
  state: 'running' | 'stopped',
  made: Made,
): readonly EventBridgeEvent<unknown>[] {
  const instance = instanceBy(account, instanceId);
  const [call, passing] =
    state === 'running' ? (['StartInstances', 'pending'] as const) : (['StopInstances', 'stopping'] as const);
  const record = transitionCall(instanceId, instance.State, stateOf(passing));
  account.after(made.visibleAfterMs ?? 0, () => {
    if (state === 'stopped') setStopped(instance);
    else setRunning(instance, account);
  });
  return [
    changed(account, instanceId, passing),
    changed(account, instanceId, state),
    seen(account, call, record, made),
  ];
}

function terminate(account: Account, instanceId: string, made: Made): readonly EventBridgeEvent<unknown>[] {
  const instance = instanceBy(account, instanceId);
  const record = transitionCall(instanceId, instance.State, stateOf('shutting-down'));
  account.after(made.visibleAfterMs ?? 0, () => setTerminated(instance, account));
  return [
    changed(account, instanceId, 'shutting-down'),
    changed(account, instanceId, 'terminated'),
    seen(account, 'TerminateInstances', record, made),
  ];
}

function takeBack(account: Account, instanceId: string, action: Interruption): readonly EventBridgeEvent<unknown>[] {
  const instance = instanceBy(account, instanceId);
  if (action === 'terminate') setTerminated(instance, account);
  else setStopped(instance);
  const states =
    action === 'terminate' ? (['shutting-down', 'terminated'] as const) : (['stopping', 'stopped'] as const);
  return states.map((state) => changed(account, instanceId, state));
}

function authorizeIngress(
  account: Account,
  groupId: string,
  permission: ec2.IpPermission,
  made: Made,
): readonly EventBridgeEvent<unknown>[] {
  const change = addedIngress(account, groupBy(account, groupId), [permission]);
  account.after(made.visibleAfterMs ?? 0, change.apply);
  const call = authorizeIngressCall(groupId, permission, change.rules);
  return [seen(account, 'AuthorizeSecurityGroupIngress', call, made)];
}

function revokeIngress(
  account: Account,
  groupId: string,
  permission: ec2.IpPermission,
  made: Made,
): readonly EventBridgeEvent<unknown>[] {
  const group = groupBy(account, groupId);
  if (unknownAmong(group.IpPermissions ?? [], [permission]).length > 0) throw notThere.permission();
  const change = removedIngress(account, group, rulesFor(account, group, [permission]));
  account.after(made.visibleAfterMs ?? 0, change.apply);
  return [seen(account, 'RevokeSecurityGroupIngress', revokeIngressCall(groupId, permission), made)];
}

function replaceVolume(
  account: Account,
  volumeId: string,
  changes: ec2.Volume,
  made: Made,
): readonly EventBridgeEvent<unknown>[] {
  const old = volumeBy(account, volumeId);
  const [attachment] = old.Attachments ?? [];
  if (attachment === undefined) throw awsError('IncorrectState', `Volume '${volumeId}' is in the 'available' state.`);
  const VolumeId = changes.VolumeId ?? account.newId('vol');
  const AttachTime = account.now();
  const attached = { ...attachment, VolumeId, AttachTime };
  const replacement = {
    ...structuredClone(old),
    CreateTime: AttachTime,
    ...changes,
    VolumeId,
    Attachments: [attached],
  };
  const instance = instanceBy(account, attachment.InstanceId ?? '');
  account.after(made.visibleAfterMs ?? 0, () => {
    detach(old, () => true);
    account.rows.volumes?.push(replacement);
    const others = (instance.BlockDeviceMappings ?? []).filter((mapping) => mapping.Ebs?.VolumeId !== volumeId);
    instance.BlockDeviceMappings = [...others, mappingOf(replacement)];
  });
  return [
    seen(account, 'DetachVolume', attachmentCall({ ...attachment, State: 'detaching' }), made),
    seen(account, 'AttachVolume', attachmentCall({ ...attached, State: 'attaching' }), made),
  ];
}

function seen(
  account: Account,
  eventName: string,
  call: Pick<SeenCall, 'request' | 'response'>,
  made: Pick<Made, 'by'> & { readonly at?: Date | undefined },
): EventBridgeEvent<unknown> {
  const { scope } = account;
  const by = made.by ?? iamUser(scope.accountId, 'jane');
  const ids = [account.newUuid(), account.newUuid(), account.newUuid()] as const;
  return apiCall(scope, { eventName, at: made.at ?? account.now(), by, ids, ...call });
}

function changed(
  account: Account,
  instanceId: string,
  state: ec2.InstanceStateName,
  at: Date = account.now(),
): EventBridgeEvent<unknown> {
  return stateChange(account.scope, { instanceId, state, at, id: account.newUuid() });
}
