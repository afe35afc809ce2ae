import { distinct } from '../domain/instance.ts';
import type { Need, needSources } from '../domain/needs.ts';
import { type Fields, fieldsOf, listOf, textAt, textOf } from './fields.ts';

/** What an event names: the instances to look at, or that by which they are found. */
export interface Targets {
  readonly instanceIds: readonly string[];
  readonly securityGroupIds: readonly string[];
  /** Groups of the default VPC, called by name: there names are unique. */
  readonly securityGroupNames: readonly string[];
  readonly networkInterfaceIds: readonly string[];
  readonly volumeIds: readonly string[];
  readonly prefixListIds: readonly string[];
  /** Groups whose tags changed: those concern instances behind groups that name them as a source. */
  readonly sourceGroupIds: readonly string[];
}

/** Nothing to look up. */
export const noTargets: Targets = {
  instanceIds: [],
  securityGroupIds: [],
  securityGroupNames: [],
  networkInterfaceIds: [],
  volumeIds: [],
  prefixListIds: [],
  sourceGroupIds: [],
};

/** A call with its parameters and answer, unwrapped from `…Request` and `…Response`. */
export interface Call {
  readonly name: string;
  readonly request: Fields;
  readonly response: Fields;
}

/** Every event name that a need can ask for, and the launch. */
type ListenedTo = (typeof needSources)[Need]['changedBy'][number] | 'RunInstances';

type Found = { readonly [K in keyof Targets]?: readonly (string | undefined)[] };
type Place = (call: Call) => Found;

/** Where each event has its ids. A name that a need asks for and that is not here does not compile. */
const places = {
  RunInstances: [instancesOfResponse],
  ModifyInstanceAttribute: [instance],
  ModifyInstanceMetadataOptions: [instance],
  ModifyInstanceCapacityReservationAttributes: [instance],
  AssociateIamInstanceProfile: [instance, instanceOfProfile],
  ReplaceIamInstanceProfileAssociation: [instance, instanceOfProfile],
  DisassociateIamInstanceProfile: [instance, instanceOfProfile],
  MonitorInstances: [instancesOfRequest],
  UnmonitorInstances: [instancesOfRequest],
  CreateTags: [tagged],
  DeleteTags: [tagged],
  AttachVolume: [instance, volume],
  DetachVolume: [instance, volume],
  CreateReplaceRootVolumeTask: [instance, instanceOfTask],
  AuthorizeSecurityGroupIngress: [securityGroup],
  RevokeSecurityGroupIngress: [securityGroup],
  ModifySecurityGroupRules: [securityGroup],
  ModifyNetworkInterfaceAttribute: [networkInterface],
  AttachNetworkInterface: [instance, networkInterface],
  AssociateAddress: [instance, networkInterface],
  DisassociateAddress: [instance, networkInterface],
  ModifyManagedPrefixList: [prefixList],
  RestoreManagedPrefixListVersion: [prefixList],
} as const satisfies Record<ListenedTo, readonly Place[]>;

const placesByName: ReadonlyMap<string, readonly Place[]> = new Map(Object.entries(places));

/** Names of the CloudTrail events that can be listened to, in the table's order. */
export const listenedTo: readonly string[] = Object.keys(places);

/** A CloudTrail record's call. */
export function callOf(record: Fields): Call {
  const name = textOf(record.eventName)?.trim() ?? '';
  return {
    name,
    request: unwrapped(record.requestParameters, `${name}Request`),
    response: unwrapped(record.responseElements, `${name}Response`),
  };
}

/** Whether an event of this name changes something that some rule reads. */
export function isListenedTo(name: string): boolean {
  return placesByName.has(name);
}

/** What a call names. Calls that are not listened to are read for instances alone. */
export function targetsOf(call: Call): Targets {
  const found = (placesByName.get(call.name) ?? [instance, instancesOfRequest]).map((place) => place(call));
  const ids = (kind: keyof Targets, form: RegExp) =>
    distinct(found.flatMap((one) => one[kind] ?? [])).filter((id) => form.test(id));
  return {
    instanceIds: ids('instanceIds', instanceIdForm),
    securityGroupIds: ids('securityGroupIds', /^sg-\w/),
    securityGroupNames: ids('securityGroupNames', /./),
    networkInterfaceIds: ids('networkInterfaceIds', /^eni-\w/),
    volumeIds: ids('volumeIds', /^vol-\w/),
    prefixListIds: ids('prefixListIds', /^pl-\w/),
    sourceGroupIds: ids('sourceGroupIds', /^sg-\w/),
  };
}

/** An instance id. Looser than EC2's own: the ids of documentation end in EXAMPLE, redacted ones are of any case. */
export const instanceIdForm = /^i-[0-9A-Za-z]+$/;

export function namesNothing(targets: Targets): boolean {
  return Object.values(targets).every((ids) => ids.length === 0);
}

/** Ids that a CreateTags or DeleteTags call is about, of whatever type. */
export function taggedIds(call: Call): readonly string[] {
  return distinct(listOf(call.request.resourcesSet).map((resource) => textAt(resource, 'resourceId')));
}

/** Instances that a RunInstances call launched, as its answer shows them. */
export function launchedInstances(call: Call): readonly Fields[] {
  return listOf(call.response.instancesSet);
}

function unwrapped(value: unknown, wrapper: string): Fields {
  const outer = fieldsOf(value);
  return wrapper in outer ? fieldsOf(outer[wrapper]) : outer;
}

function instance({ request, response }: Call): Found {
  return { instanceIds: [textAt(request, 'instanceId'), textAt(response, 'instanceId')] };
}

function instancesOfRequest({ request }: Call): Found {
  return { instanceIds: listOf(request.instancesSet).map((one) => textAt(one, 'instanceId')) };
}

function instancesOfResponse(call: Call): Found {
  return { instanceIds: launchedInstances(call).map((one) => textAt(one, 'instanceId')) };
}

function instanceOfProfile({ response }: Call): Found {
  return { instanceIds: [textAt(fieldsOf(response.iamInstanceProfileAssociation), 'instanceId')] };
}

function instanceOfTask({ response }: Call): Found {
  return { instanceIds: [textAt(fieldsOf(response.replaceRootVolumeTask), 'instanceId')] };
}

function networkInterface({ request }: Call): Found {
  return { networkInterfaceIds: [textAt(request, 'networkInterfaceId')] };
}

function volume({ request }: Call): Found {
  return { volumeIds: [textAt(request, 'volumeId')] };
}

function prefixList({ request }: Call): Found {
  return { prefixListIds: [textAt(request, 'prefixListId')] };
}

/** By id; by the rules of the answer; by name only where neither says which group it is. */
function securityGroup({ request, response }: Call): Found {
  const rules = [...listOf(response.securityGroupRuleSet), ...listOf(response.revokedSecurityGroupRuleSet)];
  const ids = distinct([textAt(request, 'groupId'), ...rules.map((rule) => textAt(rule, 'groupId'))]);
  return ids.length > 0 ? { securityGroupIds: ids } : { securityGroupNames: [textAt(request, 'groupName')] };
}

function tagged(call: Call): Found {
  const ids = taggedIds(call);
  const starting = (prefix: string) => ids.filter((id) => id.startsWith(prefix));
  return {
    instanceIds: starting('i-'),
    volumeIds: starting('vol-'),
    networkInterfaceIds: starting('eni-'),
    sourceGroupIds: starting('sg-'),
  };
}
