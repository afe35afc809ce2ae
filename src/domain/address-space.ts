import { isIP } from 'node:net';
import { excludeCidr, normalizeCidr, parseCidr } from 'cidr-tools';

/** How much of the address space can reach something, from the strongest to the weakest. */
export const exposures = ['any', 'wide', 'narrow', 'private', 'none'] as const;
export type Exposure = (typeof exposures)[number];

export const families = ['ipv4', 'ipv6'] as const;
export type Family = (typeof families)[number];

/** From which prefix length on public addresses count as wide: as many as a block of this length has, or more. */
export type Wide = Readonly<Record<Family, number>>;

/** RFC 1918, RFC 6598 (carrier NAT), loopback, link-local and unique local addresses. */
const privateSpace: Readonly<Record<Family, readonly string[]>> = {
  ipv4: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16'],
  ipv6: ['fc00::/7', 'fe80::/10', '::1/128'],
};
/** "This network", multicast and class E: nobody sends from there. */
const reservedIpv4 = ['0.0.0.0/8', '224.0.0.0/4', '240.0.0.0/4'];
const notPublic: Readonly<Record<Family, readonly string[]>> = {
  ipv4: [...privateSpace.ipv4, ...reservedIpv4],
  // All but 2000::/3, global unicast.
  ipv6: ['::/3', '4000::/2', '8000::/1'],
};
const bits = { ipv4: 32, ipv6: 128 } as const satisfies Record<Family, number>;

/** Whether a text is an address block, such as `203.0.113.0/24`. Bits behind the prefix may be set. */
export function isCidr(text: string): boolean {
  const [address = '', prefix = '', ...rest] = text.split('/');
  const version = address.includes('%') ? 0 : isIP(address);
  if (version === 0 || rest.length > 0 || !/^\d{1,3}$/.test(prefix)) return false;
  return Number(prefix) <= bits[version === 4 ? 'ipv4' : 'ipv6'];
}

/** The block as EC2 writes it: `1.2.3.4/0` is `0.0.0.0/0`. The text must be a CIDR. */
export function canonicalCidr(cidr: string): string {
  return normalizeCidr(cidr);
}

/** The part of some blocks that lies outside of others, merged. All texts must be CIDRs. */
export function outside(cidrs: readonly string[], of: readonly string[]): readonly string[] {
  return cidrs.length === 0 ? [] : excludeCidr([...cidrs], [...of]);
}

/** The part of some blocks that is private space, merged. */
export function privatePart(cidrs: readonly string[]): readonly string[] {
  return outside(cidrs, outsideOf(privateSpace, cidrs));
}

/** The part of some blocks that is public space, merged: neither private nor reserved. */
export function publicPart(cidrs: readonly string[]): readonly string[] {
  return outsideOf(notPublic, cidrs);
}

/** Family by family: parsing the other family's space costs more than all the rest. */
function outsideOf(space: Readonly<Record<Family, readonly string[]>>, cidrs: readonly string[]): readonly string[] {
  return families.flatMap((family) => outside(ofFamily(cidrs, family), space[family]));
}

function ofFamily(cidrs: readonly string[], family: Family): readonly string[] {
  return cidrs.filter((cidr) => familyOf(cidr) === family);
}

/** Addresses from the first to the last, both included. */
interface AddressRange {
  readonly first: bigint;
  readonly last: bigint;
}

/** The public addresses of some blocks, counted, and ready to be taken together with those of others. */
export type PublicSpace = Readonly<
  Record<Family, { readonly ranges: readonly AddressRange[]; readonly count: bigint }>
>;

/** The public addresses of some blocks. */
export function publicSpaceOf(cidrs: readonly string[]): PublicSpace {
  const ofOne = (family: Family) => {
    const open = outside(ofFamily(cidrs, family), notPublic[family]);
    const ranges = open.map((cidr): AddressRange => {
      const { start, end } = parseCidr(cidr);
      return { first: start, last: end };
    });
    return { ranges, count: countMerged(ranges) };
  };
  return { ipv4: ofOne('ipv4'), ipv6: ofOne('ipv6') };
}

/** How many public addresses there are: of IPv4 what is neither private nor reserved, of IPv6 2000::/3. */
const publicCount: Readonly<Record<Family, bigint>> = {
  ipv4: notPublic.ipv4.reduce((left, cidr) => left - 2n ** BigInt(bits.ipv4 - Number(cidr.split('/')[1])), 2n ** 32n),
  ipv6: 2n ** 125n,
};

/**
 * What the public addresses of one family amount to, taken together. Only where neither one space alone nor the sum of
 * all says it are they merged: a security group may hold thousands of blocks.
 */
export function publicExposure(
  spaces: readonly PublicSpace[],
  family: Family,
  wide: Wide,
): 'any' | 'wide' | 'narrow' | 'none' {
  let sum = 0n;
  let most = 0n;
  for (const space of spaces) {
    const { count } = space[family];
    sum += count;
    if (count > most) most = count;
  }
  const enough = 2n ** BigInt(bits[family] - wide[family]);
  const all = publicCount[family];
  if (sum === 0n) return 'none';
  if (most === all) return 'any';
  if (sum < enough) return 'narrow';
  if (most >= enough && sum < all) return 'wide';
  const count = countMerged(spaces.flatMap((space) => space[family].ranges));
  if (count === all) return 'any';
  return count >= enough ? 'wide' : 'narrow';
}

function countMerged(ranges: readonly AddressRange[]): bigint {
  let count = 0n;
  let reached = -1n;
  for (const { first, last } of ranges.toSorted((a, b) => (a.first < b.first ? -1 : 1))) {
    if (last <= reached) continue;
    count += last - (first > reached ? first - 1n : reached);
    reached = last;
  }
  return count;
}

/** What is known of the blocks of one source. */
export interface Reach {
  readonly space: PublicSpace;
  /** There are blocks, and all lie wholly in private space. */
  readonly isPrivate: boolean;
}

/** Measures the blocks of one source. */
export function reachOf(cidrs: readonly string[]): Reach {
  return { space: publicSpaceOf(cidrs), isPrivate: cidrs.length > 0 && outsideOf(privateSpace, cidrs).length === 0 };
}

/**
 * What several sources expose, taken together: the stronger of both families.
 * `private` when at least one source lies wholly in private space and none has a public address.
 */
export function exposureOf(sources: readonly Reach[], wide: Wide): Exposure {
  const spaces = sources.map(({ space }) => space);
  const open = strongest(families.map((family) => publicExposure(spaces, family, wide)));
  if (open !== 'none') return open;
  return sources.some(({ isPrivate }) => isPrivate) ? 'private' : 'none';
}

/** The strongest of several exposures; of none, `none`. */
export function strongest(several: readonly Exposure[]): Exposure {
  return exposures.find((exposure) => several.includes(exposure)) ?? 'none';
}

/** The family of an address or block. */
export function familyOf(cidr: string): Family {
  return cidr.includes(':') ? 'ipv6' : 'ipv4';
}
