import type { VolumeAttachmentState } from '@aws-sdk/client-ec2';
import { type Collected, factsOf, instanceOf, nothingCollected } from '../../src/domain/collected.ts';
import type { Tag } from '../../src/domain/facts.ts';
import type { Instance } from '../../src/domain/instance.ts';

const launchTime = Date.parse('2026-03-02T09:00:00Z');
const minute = 60_000;
const owner: Tag = { Key: 'Owner', Value: 'jane' };

function instanceWith(more: Partial<Instance> = {}): Instance {
  const read = instanceOf(
    {
      InstanceId: 'i-1',
      InstanceType: 'm7i.large',
      LaunchTime: new Date(launchTime),
      State: { Name: 'running' },
      Placement: { AvailabilityZone: 'us-east-1a' },
    },
    '123456789012',
  );
  if ('why' in read) throw new Error(read.what);
  return { ...read, ...more };
}

test.each<[VolumeAttachmentState | undefined, boolean]>([
  ['attaching', true],
  ['attached', true],
  ['busy', true],
  [undefined, true],
  ['detaching', false],
  ['detached', false],
])('a volume that the instance does not name and that is %s to it counts: %s', (State, counts) => {
  const attachment = { InstanceId: 'i-1', ...(State === undefined ? {} : { State }) };
  const volume = { VolumeId: 'vol-1', Attachments: [{ InstanceId: 'i-2', State: 'attached' as const }, attachment] };
  const collected: Collected = { ...nothingCollected, volumes: { rows: new Map([['vol-1', volume]]) } };
  const { volumes } = factsOf(instanceWith(), collected, new Date(launchTime + 2 * minute));

  expect(volumes).toEqual({ found: counts ? [volume] : [], missing: [] });
});

test("another instance's volume does not count", () => {
  const volume = { VolumeId: 'vol-1', Attachments: [{ InstanceId: 'i-2', State: 'attached' as const }] };
  const collected: Collected = { ...nothingCollected, volumes: { rows: new Map([['vol-1', volume]]) } };

  expect(factsOf(instanceWith(), collected, new Date(launchTime + 2 * minute)).volumes.found).toEqual([]);
});

describe("the launch request's tags", () => {
  const launches = new Map([['i-1', { launcher: { name: 'jane' }, requestTags: [owner] }]]);
  const tagsAt = (age: number, instance = instanceWith()) =>
    factsOf(instance, { ...nothingCollected, launches }, new Date(launchTime + age)).tags;

  it.each([
    ['at the launch', 0, [owner]],
    ['to the end of ten minutes', 10 * minute - 1, [owner]],
    ['no longer', 10 * minute, []],
    ['not before the launch', -1, []],
  ])('stand in while EC2 shows none: %s', (_, age, found) => {
    expect(tagsAt(age).found).toEqual(found);
  });

  it('say nothing beside what EC2 shows', () => {
    const instance = instanceWith({ Tags: [{ Key: 'Name', Value: 'web' }] });

    expect(tagsAt(5 * minute, instance).found).toEqual([{ Key: 'Name', Value: 'web' }]);
  });
});
