import {
  canonicalCidr,
  exposureOf,
  familyOf,
  isCidr,
  outside,
  privatePart,
  publicExposure,
  publicPart,
  publicSpaceOf,
  reachOf,
  strongest,
} from '../../src/domain/address-space.ts';

const wide = { ipv4: 16, ipv6: 32 };

test.each(['0.0.0.0/0', '203.0.113.7/32', '1.2.3.4/0', '::/0', '2001:db8::/32', '::ffff:10.0.0.1/128'])(
  '%s is a CIDR',
  (text) => {
    expect(isCidr(text)).toBe(true);
  },
);

test.each([
  ...['', '/', '10.0.0.1', '::1', '10.0.0.0/33', '::/129', '10.0.0/8', '10.0.0.0/', '10.0.0.0/8/8', '10.0.0.0/-1'],
  ...['fe80::1%eth0/64', '256.0.0.0/8', '0x0a.0.0.0/8', 'pl-0123', 'sg-0123', '10.0.0.0/8 ', '10.0.0.0/1e1', ':::/0'],
])('%p is no CIDR', (text) => {
  expect(isCidr(text)).toBe(false);
});

test.each([
  ['1.2.3.4/0', '0.0.0.0/0'],
  ['10.1.2.3/8', '10.0.0.0/8'],
  ['203.0.113.7/32', '203.0.113.7/32'],
  ['2001:0DB8:0:0::1/32', '2001:db8::/32'],
  ['::/0', '::/0'],
])('%s is written %s', (cidr, canonical) => {
  expect(canonicalCidr(cidr)).toBe(canonical);
});

test.each([
  ['0.0.0.0/0', 'ipv4'],
  ['::/0', 'ipv6'],
])('%s is %s', (cidr, family) => {
  expect(familyOf(cidr)).toBe(family);
});

test('what lies outside is what is left', () => {
  expect(outside(['10.0.0.0/8'], ['10.0.0.0/9'])).toEqual(['10.128.0.0/9']);
  expect(outside(['10.0.0.0/8'], ['0.0.0.0/0'])).toEqual([]);
  expect(outside(['10.0.0.0/8'], ['::/0'])).toEqual(['10.0.0.0/8']);
  expect(outside([], ['10.0.0.0/8'])).toEqual([]);
});

test('a block that spans private and public space has a part in each', () => {
  expect(privatePart(['10.0.0.0/7'])).toEqual(['10.0.0.0/8']);
  expect(publicPart(['10.0.0.0/7'])).toEqual(['11.0.0.0/8']);
});

test.each<[string, string[], string]>([
  ['all of IPv4', ['0.0.0.0/0'], 'any'],
  ['two halves', ['128.0.0.0/1', '0.0.0.0/1'], 'any'],
  [
    'all but private and reserved space',
    [
      ...['1.0.0.0/8', '2.0.0.0/7', '4.0.0.0/6', '8.0.0.0/7', '11.0.0.0/8', '12.0.0.0/6', '16.0.0.0/4', '32.0.0.0/3'],
      ...['64.0.0.0/3', '96.0.0.0/6', '100.0.0.0/10', '100.128.0.0/9', '101.0.0.0/8', '102.0.0.0/7', '104.0.0.0/5'],
      ...['112.0.0.0/5', '120.0.0.0/6', '124.0.0.0/7', '126.0.0.0/8', '128.0.0.0/3', '160.0.0.0/5', '168.0.0.0/8'],
      ...['169.0.0.0/9', '169.128.0.0/10', '169.192.0.0/11', '169.224.0.0/12', '169.240.0.0/13', '169.248.0.0/14'],
      ...['169.252.0.0/15', '169.255.0.0/16', '170.0.0.0/7', '172.0.0.0/12', '172.32.0.0/11', '172.64.0.0/10'],
      ...['172.128.0.0/9', '173.0.0.0/8', '174.0.0.0/7', '176.0.0.0/4', '192.0.0.0/9', '192.128.0.0/11'],
      ...['192.160.0.0/13', '192.169.0.0/16', '192.170.0.0/15', '192.172.0.0/14', '192.176.0.0/12', '192.192.0.0/10'],
      ...['193.0.0.0/8', '194.0.0.0/7', '196.0.0.0/6', '200.0.0.0/5', '208.0.0.0/4'],
    ],
    'any',
  ],
  ['one address short of all', outside(['0.0.0.0/0'], ['8.8.8.8/32']).slice(), 'wide'],
  ['a half', ['0.0.0.0/1'], 'wide'],
  ['a public /16', ['52.95.0.0/16'], 'wide'],
  ['two touching /17', ['52.95.0.0/17', '52.95.128.0/17'], 'wide'],
  ['two /17 far apart', ['52.95.0.0/17', '99.95.128.0/17'], 'wide'],
  ['one address less than a /16', outside(['52.95.0.0/16'], ['52.95.7.7/32']).slice(), 'narrow'],
  ['a public /17', ['52.95.0.0/17'], 'narrow'],
  ['one address', ['203.0.113.7/32'], 'narrow'],
  ['documentation ranges count as public', ['192.0.2.0/24'], 'narrow'],
  ['a /16 that is half private counts for its public half', ['172.31.0.0/15', '172.32.0.0/17'], 'narrow'],
  ['RFC 1918', ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'], 'private'],
  ['carrier NAT', ['100.64.0.0/10'], 'private'],
  ['loopback', ['127.0.0.0/8'], 'private'],
  ['link-local', ['169.254.0.0/16', 'fe80::/10'], 'private'],
  ['a source in private space beside a reserved one', ['10.0.0.0/8', '224.0.0.0/4'], 'private'],
  ['reserved IPv4', ['0.0.0.0/8', '224.0.0.0/4', '240.0.0.0/4'], 'none'],
  ['all of IPv6', ['::/0'], 'any'],
  ['2000::/3', ['2000::/3'], 'any'],
  ['::/1, which holds all of 2000::/3', ['::/1'], 'any'],
  ['2000::/4', ['2000::/4'], 'wide'],
  ['a public IPv6 /32', ['2001:db8::/32'], 'wide'],
  ['a public IPv6 /33', ['2001:db8::/33'], 'narrow'],
  ['8000::/1, more than unique local space and none of it public', ['8000::/1'], 'none'],
  ['unique local addresses', ['fc00::/7'], 'private'],
  ['IPv6 loopback', ['::1/128'], 'private'],
  ['mapped IPv4, which no one can send from', ['::ffff:0:0/96'], 'none'],
  ['the stronger of both families', ['10.0.0.0/8', '2001:db8::1/128'], 'narrow'],
  ['nothing', [], 'none'],
])('%s is %3$s', (_, cidrs, exposure) => {
  expect(
    exposureOf(
      cidrs.map((cidr) => reachOf([cidr])),
      wide,
    ),
  ).toBe(exposure);
});

test('a source of several blocks is private when all of them are', () => {
  expect(exposureOf([reachOf(['10.0.0.0/8', '192.168.0.0/16'])], wide)).toBe('private');
  expect(exposureOf([reachOf(['10.0.0.0/8', '224.0.0.0/4'])], wide)).toBe('none');
  expect(exposureOf([reachOf([])], wide)).toBe('none');
});

test('how wide is wide is a parameter', () => {
  expect(publicExposure([publicSpaceOf(['52.95.4.0/24'])], 'ipv4', { ipv4: 24, ipv6: 32 })).toBe('wide');
  expect(publicExposure([publicSpaceOf(['52.95.4.0/25'])], 'ipv4', { ipv4: 24, ipv6: 32 })).toBe('narrow');
  expect(publicExposure([publicSpaceOf(['2001:db8::/48'])], 'ipv6', { ipv4: 16, ipv6: 48 })).toBe('wide');
});

test('a family is judged by its own blocks', () => {
  expect(publicExposure([publicSpaceOf(['0.0.0.0/0'])], 'ipv6', wide)).toBe('none');
  expect(publicExposure([publicSpaceOf(['::/0'])], 'ipv4', wide)).toBe('none');
});

test('the strongest of none is none', () => {
  expect(strongest([])).toBe('none');
  expect(strongest(['private', 'wide', 'narrow'])).toBe('wide');
});
