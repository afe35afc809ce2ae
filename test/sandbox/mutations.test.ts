import type * as ec2 from '@aws-sdk/client-ec2';
import { autoScaling, type EventBridgeEvent, roleSession } from '../../src/sandbox/events.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { id, sandboxWith, start } from './account-of-tests.ts';

const group = { GroupId: 'sg-1', GroupName: 'web', OwnerId: '111122223333', IpPermissions: [] };
const ssh = {
  IpProtocol: 'tcp',
  FromPort: 22,
  ToPort: 22,
  IpRanges: [{ CidrIp: '0.0.0.0/0' }],
} satisfies ec2.IpPermission;

async function described({ aws }: Sandbox): Promise<readonly ec2.Instance[]> {
  const { Reservations } = await aws('ec2:DescribeInstances', {});
  return (Reservations ?? []).flatMap((one) => one.Instances ?? []);
}

function told(events: readonly EventBridgeEvent<unknown>[]): readonly unknown[] {
  return events.map(({ detail }) => {
    const { eventName, state } = detail as { eventName?: string; state?: string };
    return eventName ?? state;
  });
}

describe('launch', () => {
  test('shows the instance with its volume and interface, by whatever read', async () => {
    const sandbox = sandboxWith({ securityGroups: [group] });
    const { aws, account } = sandbox;
    account.launch({
      instance: {
        InstanceId: id(1),
        InstanceType: 't3.micro',
        Tags: [{ Key: 'Owner', Value: 'ann' }],
        SecurityGroups: [{ GroupId: 'sg-1', GroupName: 'web' }],
      },
      volumes: [{ VolumeId: 'vol-1', Encrypted: false }],
    });
    const [instance] = await described(sandbox);
    expect(instance).toMatchObject({
      InstanceId: id(1),
      InstanceType: 't3.micro',
      State: { Code: 16, Name: 'running' },
      LaunchTime: start,
      Placement: { AvailabilityZone: 'eu-west-1a' },
      Tags: [{ Key: 'Owner', Value: 'ann' }],
      BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { VolumeId: 'vol-1', Status: 'attached' } }],
      NetworkInterfaces: [{ Groups: [{ GroupId: 'sg-1' }] }],
    });
    const byInstance = [{ Name: 'attachment.instance-id', Values: [id(1)] }];
    const { Volumes } = await aws('ec2:DescribeVolumes', { Filters: byInstance });
    expect(Volumes).toMatchObject([{ VolumeId: 'vol-1', Encrypted: false, State: 'in-use' }]);
    const { NetworkInterfaces } = await aws('ec2:DescribeNetworkInterfaces', { Filters: byInstance });
    expect(NetworkInterfaces).toMatchObject([{ Groups: [{ GroupId: 'sg-1' }] }]);
  });

  test('gives the state changes, and the record that CloudTrail writes', () => {
    const { account } = sandboxWith();
    const by = roleSession('111122223333', 'Deploy', 'ci-run-7');
    const { events } = account.launch({ instance: { InstanceId: id(1), Tags: [{ Key: 'Owner', Value: 'ann' }] }, by });
    expect(told(events)).toEqual(['pending', 'running', 'RunInstances']);
    expect(events[1]).toEqual({
      version: '0',
      id: expect.stringMatching(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
      'detail-type': 'EC2 Instance State-change Notification',
      source: 'aws.ec2',
      account: '111122223333',
      time: '2026-05-01T10:00:00Z',
      region: 'eu-west-1',
      resources: [`arn:aws:ec2:eu-west-1:111122223333:instance/${id(1)}`],
      detail: { 'instance-id': id(1), state: 'running' },
    });
    expect(events[2]).toMatchObject({
      'detail-type': 'AWS API Call via CloudTrail',
      source: 'aws.ec2',
      resources: [],
      detail: {
        eventSource: 'ec2.amazonaws.com',
        eventTime: '2026-05-01T10:00:00Z',
        recipientAccountId: '111122223333',
        userIdentity: {
          type: 'AssumedRole',
          arn: 'arn:aws:sts::111122223333:assumed-role/Deploy/ci-run-7',
          sessionContext: { sessionIssuer: { userName: 'Deploy' } },
        },
        requestParameters: {
          tagSpecificationSet: { items: [{ resourceType: 'instance', tags: [{ key: 'Owner', value: 'ann' }] }] },
        },
        responseElements: {
          reservationId: expect.stringMatching(/^r-0/),
          instancesSet: {
            items: [{ instanceId: id(1), instanceState: { code: 0, name: 'pending' }, blockDeviceMapping: {} }],
          },
        },
      },
    });
  });

  test('launches several in one reservation, by a service', async () => {
    const sandbox = sandboxWith();
    const { instances, events } = sandbox.account.launch({ count: 3, by: autoScaling('111122223333') });
    expect(new Set(instances.map((one) => one.InstanceId)).size).toBe(3);
    expect(told(events)).toEqual(['pending', 'pending', 'pending', 'running', 'running', 'running', 'RunInstances']);
    expect(events.at(-1)?.detail).toMatchObject({
      userIdentity: { invokedBy: 'autoscaling.amazonaws.com' },
      sourceIPAddress: 'autoscaling.amazonaws.com',
    });
    const { Reservations } = await sandbox.aws('ec2:DescribeInstances', {});
    expect(Reservations?.map((one) => one.Instances?.length)).toEqual([3]);
  });

  test('is shown when it becomes visible, and not found by its id before', async () => {
    const sandbox = sandboxWith();
    const { aws, account, advance } = sandbox;
    account.launch({ instance: { InstanceId: id(1) }, visibleAfterMs: 5000 });
    advance(4999);
    expect(await described(sandbox)).toEqual([]);
    await expect(aws('ec2:DescribeInstances', { InstanceIds: [id(1)] })).rejects.toMatchObject({
      name: 'InvalidInstanceID.NotFound',
    });
    advance(1);
    expect(await described(sandbox)).toMatchObject([{ InstanceId: id(1) }]);
  });

  test('tags and volumes may be visible later than the instance', async () => {
    const sandbox = sandboxWith();
    const { account, advance } = sandbox;
    account.launch({
      instance: { Tags: [{ Key: 'a', Value: 'launch' }] },
      visibleAfterMs: { tags: 10_000, volumes: 20_000 },
    });
    expect(await described(sandbox)).toMatchObject([{ Tags: [], BlockDeviceMappings: [] }]);
    advance(10_000);
    expect(await described(sandbox)).toMatchObject([{ Tags: [{ Key: 'a' }], BlockDeviceMappings: [] }]);
    expect((await sandbox.aws('ec2:DescribeVolumes', {})).Volumes).toEqual([]);
    advance(10_000);
    expect(await described(sandbox)).toMatchObject([{ BlockDeviceMappings: [{ Ebs: {} }] }]);
    expect((await sandbox.aws('ec2:DescribeVolumes', {})).Volumes).toHaveLength(1);
  });

  test('a tag that was set before those of the launch are visible stands', async () => {
    const sandbox = sandboxWith();
    const { account, advance } = sandbox;
    account.launch({
      instance: { InstanceId: id(1), Tags: [{ Key: 'a', Value: 'launch' }] },
      visibleAfterMs: { tags: 10_000 },
    });
    account.setTags(id(1), { a: 'set' });
    advance(10_000);
    expect(await described(sandbox)).toMatchObject([{ Tags: [{ Key: 'a', Value: 'set' }] }]);
  });
});

describe('changes', () => {
  function launched(): Sandbox {
    const sandbox = sandboxWith({ securityGroups: [group] });
    sandbox.account.launch({
      instance: {
        InstanceId: id(1),
        PublicIpAddress: '203.0.113.5',
        Tags: [
          { Key: 'a', Value: '1' },
          { Key: 'b', Value: '1' },
        ],
      },
      volumes: [{ VolumeId: 'vol-1', Encrypted: false }],
    });
    return sandbox;
  }

  test('setTags sets and deletes', async () => {
    const sandbox = launched();
    const events = sandbox.account.setTags(id(1), { a: '2', c: '3', b: null });
    expect(await described(sandbox)).toMatchObject([
      {
        Tags: [
          { Key: 'a', Value: '2' },
          { Key: 'c', Value: '3' },
        ],
      },
    ]);
    expect(told(events)).toEqual(['CreateTags', 'DeleteTags']);
    expect(events.map((one) => (one.detail as { requestParameters: unknown }).requestParameters)).toEqual([
      {
        resourcesSet: { items: [{ resourceId: id(1) }] },
        tagSet: {
          items: [
            { key: 'a', value: '2' },
            { key: 'c', value: '3' },
          ],
        },
      },
      { resourcesSet: { items: [{ resourceId: id(1) }] }, tagSet: { items: [{ key: 'b' }] } },
    ]);
  });

  test('setTags is shown when it becomes visible', async () => {
    const sandbox = launched();
    sandbox.account.setTags(id(1), { a: '2' }, { visibleAfterMs: 1000 });
    expect((await described(sandbox))[0]?.Tags).toContainEqual({ Key: 'a', Value: '1' });
    sandbox.advance(1000);
    expect((await described(sandbox))[0]?.Tags).toContainEqual({ Key: 'a', Value: '2' });
  });

  test('setTags of a volume, a group and an interface', async () => {
    const { aws, account } = launched();
    const eni = (await aws('ec2:DescribeNetworkInterfaces', {})).NetworkInterfaces?.[0]?.NetworkInterfaceId ?? '';
    for (const one of ['vol-1', 'sg-1', eni]) account.setTags(one, { a: 'b' });
    const Filters = [{ Name: 'tag:a', Values: ['b'] }];
    expect((await aws('ec2:DescribeVolumes', { Filters })).Volumes).toHaveLength(1);
    expect((await aws('ec2:DescribeSecurityGroups', { Filters })).SecurityGroups).toHaveLength(1);
    expect((await aws('ec2:DescribeNetworkInterfaces', { Filters })).NetworkInterfaces).toHaveLength(1);
  });

  test('setState stops and starts', async () => {
    const sandbox = launched();
    expect(told(sandbox.account.setState(id(1), 'stopped'))).toEqual(['stopping', 'stopped', 'StopInstances']);
    const [stopped] = await described(sandbox);
    expect([stopped?.State, stopped?.PublicIpAddress]).toEqual([{ Code: 80, Name: 'stopped' }, undefined]);
    sandbox.advance(60_000);
    expect(told(sandbox.account.setState(id(1), 'running'))).toEqual(['pending', 'running', 'StartInstances']);
    const [running] = await described(sandbox);
    expect([running?.State?.Name, running?.LaunchTime]).toEqual(['running', new Date('2026-05-01T10:01:00Z')]);
  });

  test('authorizeIngress and revokeIngress change exactly one source', async () => {
    const { aws, account } = launched();
    const mine = { ...ssh, IpRanges: [{ CidrIp: '198.51.100.0/24' }] };
    const opened = account.authorizeIngress('sg-1', ssh);
    account.authorizeIngress('sg-1', mine);
    const { SecurityGroupRules: rules } = await aws('ec2:DescribeSecurityGroupRules', {});
    expect(rules?.map((rule) => rule.CidrIpv4)).toEqual(['0.0.0.0/0', '198.51.100.0/24']);
    expect(opened[0]?.detail).toMatchObject({
      eventName: 'AuthorizeSecurityGroupIngress',
      requestParameters: {
        groupId: 'sg-1',
        ipPermissions: {
          items: [
            {
              ipProtocol: 'tcp',
              fromPort: 22,
              toPort: 22,
              groups: {},
              ipRanges: { items: [{ cidrIp: '0.0.0.0/0' }] },
              ipv6Ranges: {},
              prefixListIds: {},
            },
          ],
        },
      },
      responseElements: {
        _return: true,
        securityGroupRuleSet: { items: [{ securityGroupRuleId: rules?.[0]?.SecurityGroupRuleId }] },
      },
    });
    expect(told(account.revokeIngress('sg-1', ssh))).toEqual(['RevokeSecurityGroupIngress']);
    const { SecurityGroups } = await aws('ec2:DescribeSecurityGroups', {});
    expect(SecurityGroups?.[0]?.IpPermissions).toMatchObject([
      { FromPort: 22, IpRanges: [{ CidrIp: '198.51.100.0/24' }] },
    ]);
  });

  test('permissions of the same ports are one, as EC2 merges them', async () => {
    const { aws, account } = launched();
    account.authorizeIngress('sg-1', ssh);
    account.authorizeIngress('sg-1', {
      IpProtocol: 'tcp',
      FromPort: 22,
      ToPort: 22,
      Ipv6Ranges: [{ CidrIpv6: '::/0' }],
    });
    const { SecurityGroups } = await aws('ec2:DescribeSecurityGroups', {});
    expect(SecurityGroups?.[0]?.IpPermissions).toEqual([
      { ...ssh, Ipv6Ranges: [{ CidrIpv6: '::/0' }], PrefixListIds: [], UserIdGroupPairs: [] },
    ]);
  });

  test('ingress that is there twice, or not there, is an error', () => {
    const { account } = launched();
    expect(() => account.revokeIngress('sg-1', ssh)).toThrow(
      expect.objectContaining({ name: 'InvalidPermission.NotFound' }),
    );
    account.authorizeIngress('sg-1', ssh);
    expect(() => account.authorizeIngress('sg-1', ssh)).toThrow(
      expect.objectContaining({ name: 'InvalidPermission.Duplicate' }),
    );
  });

  test('replaceVolume puts an encrypted volume in the place of another', async () => {
    const sandbox = launched();
    const events = sandbox.account.replaceVolume('vol-1', { VolumeId: 'vol-2', Encrypted: true });
    expect(told(events)).toEqual(['DetachVolume', 'AttachVolume']);
    expect((await described(sandbox))[0]?.BlockDeviceMappings).toMatchObject([
      { DeviceName: '/dev/xvda', Ebs: { VolumeId: 'vol-2' } },
    ]);
    const { Volumes } = await sandbox.aws('ec2:DescribeVolumes', {});
    expect(Volumes).toMatchObject([
      { VolumeId: 'vol-1', Encrypted: false, State: 'available', Attachments: [] },
      { VolumeId: 'vol-2', Encrypted: true, State: 'in-use', Attachments: [{ InstanceId: id(1), VolumeId: 'vol-2' }] },
    ]);
  });

  test('terminate leaves the instance to be seen for an hour', async () => {
    const sandbox = launched();
    const events = sandbox.account.terminate(id(1));
    expect(told(events)).toEqual(['shutting-down', 'terminated', 'TerminateInstances']);
    sandbox.advance(3_599_999);
    expect(await described(sandbox)).toMatchObject([
      { InstanceId: id(1), State: { Code: 48, Name: 'terminated' }, BlockDeviceMappings: [], NetworkInterfaces: [] },
    ]);
    expect((await sandbox.aws('ec2:DescribeVolumes', {})).Volumes).toEqual([]);
    sandbox.advance(1);
    expect(await described(sandbox)).toEqual([]);
  });

  test('what is not there can not be changed', () => {
    const { account } = sandboxWith();
    expect(() => account.setTags(id(9), { a: 'b' })).toThrow(
      expect.objectContaining({ name: 'InvalidInstanceID.NotFound' }),
    );
    expect(() => account.setTags('vol-9', { a: 'b' })).toThrow(
      expect.objectContaining({ name: 'InvalidVolume.NotFound' }),
    );
    expect(() => account.revokeIngress('sg-9', ssh)).toThrow(
      expect.objectContaining({ name: 'InvalidGroup.NotFound' }),
    );
  });
});
