import { inspected } from '../../src/domain/given.ts';
import { isAtLaunch } from '../../src/domain/instance.ts';

const launched = '2026-03-02T09:00:00Z';

interface Shown {
  readonly launchTime?: string;
  /** What `DescribeInstances` shows of the interfaces' attachments. */
  readonly attachments?: readonly object[];
}

function atLaunch(now: string, { launchTime = launched, attachments = [primary(launched)] }: Shown = {}): boolean {
  const NetworkInterfaces = attachments.map((Attachment) => ({ Attachment }));
  const { instance } = inspected({ instance: { LaunchTime: launchTime, NetworkInterfaces } }, new Date(now));
  return isAtLaunch(instance, new Date(now));
}

function primary(AttachTime: unknown): object {
  return { DeviceIndex: 0, AttachTime };
}

describe('an instance is at its launch', () => {
  test.each<[string, string, Shown]>([
    ['as soon as it is there', launched, {}],
    ['ten minutes later', '2026-03-02T09:10:00Z', {}],
    ['whether its time is a date or a text', launched, { attachments: [primary(new Date(launched))] }],
    [
      'with an interface attached later',
      '2026-03-02T09:09:00Z',
      { attachments: [{ DeviceIndex: 1, AttachTime: '2026-03-02T09:08:00Z' }, primary(launched)] },
    ],
    [
      'with interfaces on several cards',
      launched,
      {
        attachments: [
          { DeviceIndex: 0, NetworkCardIndex: 1 },
          { ...primary(launched), NetworkCardIndex: 0 },
        ],
      },
    ],
  ])('%s', (_, now, shown) => {
    expect(atLaunch(now, shown)).toBe(true);
  });
});

describe('an instance is not at its launch', () => {
  test.each<[string, string, Shown]>([
    ['after ten minutes', '2026-03-02T09:10:00.001Z', {}],
    ['when it was launched in the future', '2026-03-02T08:59:59Z', {}],
    ['when it was restarted', '2026-03-02T09:00:30Z', { attachments: [primary('2026-02-01T09:00:00Z')] }],
    ['when it was restarted within ten minutes', '2026-03-02T09:09:00Z', { launchTime: '2026-03-02T09:07:00Z' }],
    ['when its time of launch is long before', '2026-03-02T09:01:00Z', { launchTime: '2026-02-01T09:00:00Z' }],
    ['when no interface is shown', launched, { attachments: [] }],
    ['when the primary interface is not shown', launched, { attachments: [{ DeviceIndex: 1, AttachTime: launched }] }],
    ['when it is shown without its time', launched, { attachments: [{ DeviceIndex: 0 }] }],
    ['when that is no time', launched, { attachments: [primary('soon')] }],
  ])('%s', (_, now, shown) => {
    expect(atLaunch(now, shown)).toBe(false);
  });
});
