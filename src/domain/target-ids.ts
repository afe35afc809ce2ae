import { distinct, type Instance } from './instance.ts';

/** The private addresses of every interface, under which a target group of type `ip` knows an instance. */
export function addressesOf(instance: Pick<Instance, 'NetworkInterfaces' | 'PrivateIpAddress'>): readonly string[] {
  const ofInterfaces = (instance.NetworkInterfaces ?? []).flatMap((one) => [
    one.PrivateIpAddress,
    ...(one.PrivateIpAddresses ?? []).map((address) => address.PrivateIpAddress),
    ...(one.Ipv6Addresses ?? []).map((address) => address.Ipv6Address),
  ]);
  return distinct([instance.PrivateIpAddress, ...ofInterfaces]);
}

/** All that a target group may know an instance by: its id, and the addresses of all its interfaces, those of tasks and pods among them. */
export function targetIdsOf(
  instance: Pick<Instance, 'InstanceId' | 'NetworkInterfaces' | 'PrivateIpAddress'>,
): readonly string[] {
  return [instance.InstanceId, ...addressesOf(instance)];
}
