import { targetIdsOf } from '../../src/domain/target-ids.ts';

test('an instance is known by its id, and by the private addresses of each interface once', () => {
  expect(
    targetIdsOf({
      InstanceId: 'i-1',
      PrivateIpAddress: '192.0.2.1',
      NetworkInterfaces: [
        {
          PrivateIpAddress: '192.0.2.1',
          PrivateIpAddresses: [
            { PrivateIpAddress: '192.0.2.1', Association: { PublicIp: '203.0.113.1' } },
            { PrivateIpAddress: '192.0.2.2' },
          ],
          Ipv6Addresses: [{ Ipv6Address: '2001:db8::1' }],
        },
        { PrivateIpAddress: '198.51.100.1' },
      ],
    }),
  ).toEqual(['i-1', '192.0.2.1', '192.0.2.2', '2001:db8::1', '198.51.100.1']);
});
