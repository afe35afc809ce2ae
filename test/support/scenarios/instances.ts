import type * as ec2 from '@aws-sdk/client-ec2';
import type { Aws } from '../../../src/domain/operations.ts';
import type { Scenarios } from '../same-answers.ts';

const unknownInstance = 'i-0fffffffffffffff0';
const unknownVolume = 'vol-0fffffffffffffff0';

/** DescribeInstances, DescribeVolumes and DescribeInstanceTypes. */
export const instances: Scenarios = {
  'DescribeInstances: pages hold as many as asked for, and to their end each instance once': async ({
    aws,
    launch,
  }) => {
    const launched = [];
    for (let count = 0; count < 7; count++) launched.push(await launch({ tags: { Scenario: 'pages' } }));
    const pages = await pagesOf(aws, { Filters: [filter('tag:Scenario', 'pages')], MaxResults: 5 });
    expect(pages.map((page) => page.length <= 5)).toEqual([true, true]);
    expect(sorted(pages.flat())).toEqual(sorted(launched));
  },

  'DescribeInstances: all fields that the product reads': async ({ launch, ...stage }) => {
    const { aws, accountId, region } = stage;
    const before = Date.now();
    const group = await stage.createSecurityGroup('fields');
    const tags = { Name: 'web-1', 이름: 'Größe' };
    const InstanceId = await launch({ instanceType: 'm7i.large', securityGroupIds: [group], tags });
    const answer = await aws('ec2:DescribeInstances', { Filters: [filter('instance-id', InstanceId)] });
    const groups = [{ GroupId: group, GroupName: 'fields' }];
    expect(answer.Reservations).toEqual([
      expect.objectContaining({
        OwnerId: accountId,
        ReservationId: expect.stringMatching(/^r-[0-9a-f]+$/),
        Instances: [
          expect.objectContaining({
            InstanceId,
            InstanceType: 'm7i.large',
            State: { Code: 16, Name: 'running' },
            Placement: expect.objectContaining({ AvailabilityZone: `${region}a` }),
            Tags: expect.arrayContaining([
              { Key: 'Name', Value: 'web-1' },
              { Key: '이름', Value: 'Größe' },
            ]),
            SecurityGroups: groups,
            NetworkInterfaces: [
              expect.objectContaining({ NetworkInterfaceId: expect.stringMatching(/^eni-[0-9a-f]+$/), Groups: groups }),
            ],
            BlockDeviceMappings: [
              expect.objectContaining({
                Ebs: expect.objectContaining({ VolumeId: expect.stringMatching(/^vol-[0-9a-f]+$/) }),
              }),
            ],
          }),
        ],
      }),
    ]);
    const [instance] = answer.Reservations?.[0]?.Instances ?? [];
    expect(instance?.Tags).toHaveLength(2);
    expect(Math.abs((instance?.LaunchTime?.getTime() ?? 0) - before)).toBeLessThan(60_000);
  },

  'DescribeInstances: the primary interface is attached at the launch': async ({ aws, launch }) => {
    const instance = await instanceOf(aws, await launch());
    const [primary, ...others] = instance?.NetworkInterfaces ?? [];
    const { DeviceIndex, AttachTime = new Date(0) } = primary?.Attachment ?? {};
    expect([DeviceIndex, others]).toEqual([0, []]);
    expect(Math.abs(AttachTime.getTime() - (instance?.LaunchTime?.getTime() ?? 0))).toBeLessThan(60_000);
  },

  'DescribeInstances: after a restart LaunchTime is another, and the primary interface attached since the launch':
    async ({ aws, launch, restart }) => {
      const id = await launch();
      const before = await instanceOf(aws, id);
      await restart(id);
      const after = await instanceOf(aws, id);
      const attachedAt = (instance?: ec2.Instance) => instance?.NetworkInterfaces?.[0]?.Attachment?.AttachTime;
      expect(attachedAt(after)).toEqual(attachedAt(before));
      expect(after?.LaunchTime?.getTime()).toBeGreaterThan(before?.LaunchTime?.getTime() ?? Number.NaN);
    },

  'DescribeInstances: a filter passes over an id that is not there': async ({ aws, launch }) => {
    const id = await launch();
    expect(await idsBy(aws, filter('instance-id', unknownInstance, id))).toEqual([id]);
  },

  'DescribeInstances: by id, one that is not there fails the call': async ({ aws, launch }) => {
    const id = await launch();
    const asked = aws('ec2:DescribeInstances', { InstanceIds: [id, unknownInstance] });
    await expect(asked).rejects.toMatchObject({ name: 'InvalidInstanceID.NotFound' });
  },

  'DescribeInstances: by id, one that is no id fails the call': async ({ aws }) => {
    const asked = aws('ec2:DescribeInstances', { InstanceIds: ['i-nonsense'] });
    await expect(asked).rejects.toMatchObject({ name: 'InvalidInstanceID.Malformed' });
  },

  'DescribeInstances: ids and MaxResults exclude each other': async ({ aws, launch }) => {
    const asked = aws('ec2:DescribeInstances', { InstanceIds: [await launch()], MaxResults: 5 });
    await expect(asked).rejects.toMatchObject({ name: 'InvalidParameterCombination' });
  },

  'DescribeInstances: values of a filter are ORed': async ({ aws, launch }) => {
    const [first, second] = [await launch(), await launch()];
    expect(await idsBy(aws, filter('instance-id', first, second))).toEqual(sorted([first, second]));
  },

  'DescribeInstances: filters are ANDed': async ({ aws, launch }) => {
    const large = await launch({ instanceType: 'm7i.large', tags: { Scenario: 'and' } });
    await launch({ instanceType: 't3.micro', tags: { Scenario: 'and' } });
    await launch({ instanceType: 'm7i.large', tags: { Scenario: 'other' } });
    const both = [filter('tag:Scenario', 'and'), filter('instance-type', 'm7i.large')];
    expect(await idsBy(aws, ...both)).toEqual([large]);
  },

  'DescribeInstances: by tag, with its key, and case counts': async ({ aws, launch }) => {
    const id = await launch({ tags: { ByTag: 'Value', OtherTag: 'other' } });
    expect(await idsBy(aws, filter('tag:ByTag', 'Value'))).toEqual([id]);
    expect(await idsBy(aws, filter('tag:OtherTag', 'Value'))).toEqual([]);
    expect(await idsBy(aws, filter('tag:ByTag', 'value'))).toEqual([]);
  },

  'DescribeInstances: by tag-key, whatever the value': async ({ aws, launch }) => {
    const ids = [await launch({ tags: { ByKey: '1' } }), await launch({ tags: { ByKey: '' } })];
    expect(await idsBy(aws, filter('tag-key', 'ByKey'))).toEqual(sorted(ids));
  },

  'DescribeInstances: * is any run of characters of a tag': async ({ aws, launch }) => {
    const id = await launch({ tags: { Star: 'web-eu-1' } });
    await launch({ tags: { Star: 'db-eu-1' } });
    expect(await idsBy(aws, filter('tag:Star', 'web*1'))).toEqual([id]);
    expect(await idsBy(aws, filter('tag:Star', 'web*'))).toEqual([id]);
  },

  'DescribeInstances: ? is one character of a tag, or none': async ({ aws, launch }) => {
    const ids = [await launch({ tags: { Mark: 'web-1' } }), await launch({ tags: { Mark: 'web-' } })];
    await launch({ tags: { Mark: 'web-12' } });
    expect(await idsBy(aws, filter('tag:Mark', 'web-?'))).toEqual(sorted(ids));
  },

  'DescribeInstances: a backslash takes a wildcard of a tag literally': async ({ aws, launch }) => {
    const id = await launch({ tags: { Escaped: 'a*1' } });
    await launch({ tags: { Escaped: 'ab1' } });
    expect(await idsBy(aws, filter('tag:Escaped', 'a\\*1'))).toEqual([id]);
  },

  'DescribeInstances: * is any run of characters of any other field': async ({ aws, launch }) => {
    const id = await launch({ instanceType: 'm7i.large', tags: { Scenario: 'type' } });
    await launch({ instanceType: 't3.micro', tags: { Scenario: 'type' } });
    expect(await idsBy(aws, filter('tag:Scenario', 'type'), filter('instance-type', 'm7i.*'))).toEqual([id]);
  },

  'DescribeInstances: no match is an empty list without a token': async ({ aws }) => {
    const answer = await aws('ec2:DescribeInstances', { Filters: [filter('instance-id', unknownInstance)] });
    expect([answer.Reservations, answer.NextToken]).toEqual([[], undefined]);
  },

  'DescribeInstances: a tag is shown and selects once it is set, and the last value stands': async (stage) => {
    const id = await stage.launch({ tags: { Changing: 'before' } });
    await stage.setTags(id, { Changing: 'after' });
    expect(await idsBy(stage.aws, filter('tag:Changing', 'after'))).toEqual([id]);
    expect(await idsBy(stage.aws, filter('tag:Changing', 'before'))).toEqual([]);
    expect((await instanceOf(stage.aws, id))?.Tags).toEqual([{ Key: 'Changing', Value: 'after' }]);
  },

  'DescribeInstances: a terminated instance is still shown, as such': async ({ aws, launch, terminate }) => {
    const id = await launch({ tags: { Scenario: 'terminated' } });
    await terminate(id);
    expect((await instanceOf(aws, id))?.State).toEqual({ Code: 48, Name: 'terminated' });
    const selected = [filter('instance-id', id), filter('instance-state-name', 'pending', 'running')];
    expect(await idsBy(aws, ...selected)).toEqual([]);
  },

  'DescribeInstances: a terminated instance has no volumes': async ({ aws, launch, terminate }) => {
    const id = await launch();
    await terminate(id);
    expect((await instanceOf(aws, id))?.BlockDeviceMappings).toEqual([]);
    expect(await volumesBy(aws, 'attachment.instance-id', id)).toEqual([]);
  },

  'DescribeInstances: a terminated instance has no groups': async ({ aws, launch, terminate }) => {
    const id = await launch();
    await terminate(id);
    expect((await instanceOf(aws, id))?.SecurityGroups).toEqual([]);
  },

  'DescribeInstances: a terminated instance has no interfaces': async ({ aws, launch, terminate }) => {
    const id = await launch();
    await terminate(id);
    expect((await instanceOf(aws, id))?.NetworkInterfaces).toEqual([]);
  },

  'DescribeInstances: an unknown filter fails the call': async ({ aws }) => {
    const asked = aws('ec2:DescribeInstances', { Filters: [filter('instance-name', 'web')] });
    await expect(asked).rejects.toMatchObject({ name: 'InvalidParameterValue' });
  },

  'DescribeInstances: more than 200 values fail the call': async ({ aws }) => {
    const ids = Array.from({ length: 201 }, (_, index) => `i-0${index.toString(16).padStart(16, '0')}`);
    const asked = aws('ec2:DescribeInstances', { Filters: [filter('instance-id', ...ids)] });
    await expect(asked).rejects.toMatchObject({ name: 'FilterLimitExceeded' });
  },

  'DescribeInstances: 200 values are taken': async ({ aws, launch }) => {
    const id = await launch();
    const others = Array.from({ length: 199 }, (_, index) => `i-0${index.toString(16).padStart(16, '0')}`);
    expect(await idsBy(aws, filter('instance-id', ...others, id))).toEqual([id]);
  },

  'DescribeInstances: MaxResults below 5 fails the call': async ({ aws }) => {
    await expect(aws('ec2:DescribeInstances', { MaxResults: 4 })).rejects.toMatchObject({
      name: 'InvalidParameterValue',
    });
  },

  'DescribeInstances: MaxResults above 1000 fails the call': async ({ aws }) => {
    await expect(aws('ec2:DescribeInstances', { MaxResults: 1001 })).rejects.toMatchObject({
      name: 'InvalidParameterValue',
    });
  },

  'DescribeInstances: a token that was never given fails the call': async ({ aws }) => {
    await expect(aws('ec2:DescribeInstances', { NextToken: 'page-2' })).rejects.toMatchObject({
      name: 'InvalidParameterValue',
    });
  },

  'a volume leads to its instance, and the instance to its volume': async ({ aws, launch }) => {
    const id = await launch();
    await launch();
    const volumeId = (await instanceOf(aws, id))?.BlockDeviceMappings?.[0]?.Ebs?.VolumeId ?? '';
    expect(await idsBy(aws, filter('block-device-mapping.volume-id', volumeId, unknownVolume))).toEqual([id]);
    const attached = await volumesBy(aws, 'attachment.instance-id', id);
    expect(attached).toEqual([
      expect.objectContaining({
        VolumeId: volumeId,
        State: 'in-use',
        Attachments: [expect.objectContaining({ InstanceId: id, State: 'attached', VolumeId: volumeId })],
      }),
    ]);
    expect(await volumesBy(aws, 'volume-id', volumeId, unknownVolume)).toEqual(attached);
  },

  'tags of a volume and an interface are shown, and select': async ({ aws, launch, setTags }) => {
    const instance = await instanceOf(aws, await launch());
    const VolumeId = instance?.BlockDeviceMappings?.[0]?.Ebs?.VolumeId ?? '';
    const NetworkInterfaceId = instance?.NetworkInterfaces?.[0]?.NetworkInterfaceId ?? '';
    const tags = [{ Key: 'Part', Value: 'of it' }];
    await setTags(VolumeId, { Part: 'of it' });
    await setTags(NetworkInterfaceId, { Part: 'of it' });
    expect(await volumesBy(aws, 'tag:Part', 'of it')).toEqual([expect.objectContaining({ VolumeId, Tags: tags })]);
    const { NetworkInterfaces } = await aws('ec2:DescribeNetworkInterfaces', { Filters: [filter('tag-key', 'Part')] });
    expect(NetworkInterfaces).toEqual([expect.objectContaining({ NetworkInterfaceId, TagSet: tags })]);
  },

  'DescribeVolumes: an unknown filter fails the call': async ({ aws }) => {
    const asked = aws('ec2:DescribeVolumes', { Filters: [filter('instance-id', unknownInstance)] });
    await expect(asked).rejects.toMatchObject({ name: 'InvalidParameterValue' });
  },

  'DescribeVolumes: whether a volume is encrypted': async ({ aws, launch }) => {
    const [open, encrypted] = [await launch({ encrypted: false }), await launch({ encrypted: true })];
    const encryptedOf = async (id: string) =>
      (await volumesBy(aws, 'attachment.instance-id', id)).map((volume) => volume.Encrypted);
    expect(await encryptedOf(open)).toEqual([false]);
    expect(await encryptedOf(encrypted)).toEqual([true]);
  },

  'DescribeVolumes: by id, one that is not there fails the call': async ({ aws }) => {
    await expect(aws('ec2:DescribeVolumes', { VolumeIds: [unknownVolume] })).rejects.toMatchObject({
      name: 'InvalidVolume.NotFound',
    });
  },

  'DescribeVolumes: no match is an empty list without a token': async ({ aws }) => {
    const answer = await aws('ec2:DescribeVolumes', { Filters: [filter('volume-id', unknownVolume)] });
    expect([answer.Volumes, answer.NextToken]).toEqual([[], undefined]);
  },

  'DescribeInstanceTypes: a filter passes over a type that there is not': async ({ aws }) => {
    const answer = await aws('ec2:DescribeInstanceTypes', {
      Filters: [filter('instance-type', 'm7i.large', 'c3.large', 'x9.huge')],
    });
    const generations = (answer.InstanceTypes ?? []).map((one) => [one.InstanceType, one.CurrentGeneration]);
    expect(sorted(generations)).toEqual([
      ['c3.large', false],
      ['m7i.large', true],
    ]);
  },

  'DescribeInstanceTypes: by name, one that there is not fails the call': async ({ aws }) => {
    const InstanceTypes = ['m7i.large', 'x9.huge'] as ec2._InstanceType[];
    await expect(aws('ec2:DescribeInstanceTypes', { InstanceTypes })).rejects.toMatchObject({
      name: 'InvalidInstanceType',
    });
  },

  'DescribeInstanceTypes: an unknown filter fails the call': async ({ aws }) => {
    const asked = aws('ec2:DescribeInstanceTypes', { Filters: [filter('tag:Name', 'web')] });
    await expect(asked).rejects.toMatchObject({ name: 'InvalidParameterValue' });
  },
};

/** A filter as EC2 takes it. */
export function filter(Name: string, ...Values: string[]): ec2.Filter {
  return { Name, Values };
}

/** In an order that can be compared. */
export function sorted<T>(values: readonly T[]): T[] {
  return [...values].sort((a, b) => (String(a) < String(b) ? -1 : 1));
}

/** Ids of the instances that filters select, sorted. */
export async function idsBy(aws: Aws, ...Filters: ec2.Filter[]): Promise<string[]> {
  return sorted((await pagesOf(aws, { Filters })).flat());
}

async function pagesOf(aws: Aws, input: ec2.DescribeInstancesCommandInput): Promise<string[][]> {
  const pages: string[][] = [];
  let NextToken: string | undefined;
  do {
    const page = await aws('ec2:DescribeInstances', { ...input, NextToken });
    const instances = (page.Reservations ?? []).flatMap((one) => one.Instances ?? []);
    pages.push(instances.map((one) => one.InstanceId ?? ''));
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  return pages;
}

/** The instance as it is shown now. */
export async function instanceOf(aws: Aws, id: string): Promise<ec2.Instance | undefined> {
  const answer = await aws('ec2:DescribeInstances', { InstanceIds: [id] });
  return answer.Reservations?.[0]?.Instances?.[0];
}

/** Volumes that a filter selects. */
export async function volumesBy(aws: Aws, name: string, ...values: string[]): Promise<readonly ec2.Volume[]> {
  return (await aws('ec2:DescribeVolumes', { Filters: [filter(name, ...values)] })).Volumes ?? [];
}
