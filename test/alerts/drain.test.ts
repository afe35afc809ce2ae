import { type DrainNews, renderDrains } from '../../src/alerts/drain.ts';
import { bytesOf } from '../../src/alerts/message.ts';
import type { DrainMove, DrainRecord } from '../../src/domain/drain.ts';
import { all } from '../support/drain-stages.ts';
import { forms } from './sample.ts';

const scope = { accountId: '123456789012', region: 'us-east-1' };
const instanceId = 'i-0a1b2c3d4e5f60718';
const now = new Date('2026-03-02T12:00:07.000Z');

const out: DrainMove = {
  key: 'target web',
  step: 'deregister-targets',
  policy: 'drain-spot',
  does: `take ${instanceId}:8080 out of target group web`,
  call: { operation: 'elbv2:DeregisterTargets', input: { TargetGroupArn: 'web', Targets: [{ Id: instanceId }] } },
  undo: { operation: 'elbv2:RegisterTargets', input: { TargetGroupArn: 'web', Targets: [{ Id: instanceId }] } },
  state: 'done',
  failures: 0,
  at: '2026-03-02T12:00:04.000Z',
};
const detached: DrainMove = {
  key: 'group web',
  step: 'replace-in-group',
  policy: 'drain-spot',
  does: `detach ${instanceId} from Auto Scaling group web, which launches another`,
  call: { operation: 'autoscaling:DetachInstances', input: {} as never },
  undoByHand: `aws autoscaling attach-instances --region us-east-1 --instance-ids ${instanceId} --auto-scaling-group-name web`,
  state: 'failed',
  failures: 3,
  at: '2026-03-02T12:00:05.000Z',
};
const drained: DrainRecord = {
  instanceId,
  scope,
  version: 4,
  notice: {
    kind: 'interruption',
    action: 'terminate',
    instanceId,
    scope,
    zone: 'us-east-1b',
    at: '2026-03-02T12:00:00.000Z',
    deadline: '2026-03-02T12:02:00.000Z',
  },
  receivedAt: '2026-03-02T12:00:01.000Z',
  instance: { instanceId, tags: { Name: 'web-1' } },
  policies: [{ name: 'drain-spot', mode: 'enforce' }],
  moves: [out],
  left: ['Auto Scaling group web is left alone: it replaces instances at risk by itself (Capacity Rebalancing)'],
  incomplete: [],
  told: {},
  expiresAt: '2026-03-16T12:00:00.000Z',
};
const rehearsed: DrainRecord = {
  ...drained,
  notice: { ...drained.notice, isTest: true },
  moves: [{ ...out, state: 'would', why: 'it is a rehearsal' }],
};

const subject = (news: DrainNews, ...records: readonly DrainRecord[]) => renderDrains(news, records, now).Subject;
const mail = (news: DrainNews, ...records: readonly DrainRecord[]) => forms(renderDrains(news, records, now)).email;
const withMoves = (...moves: readonly DrainMove[]): DrainRecord => ({ ...drained, moves });

describe('the subject', () => {
  test.each<[string, DrainNews, readonly DrainRecord[], string]>([
    ['a notice', 'received', [drained], '[INTERRUPTION] i-0a1b2c3d4e5f60718 "web-1": Spot interruption'],
    ['its end', 'final', [drained], '[DRAINED] i-0a1b2c3d4e5f60718 "web-1": 1 done, 113 s left'],
    [
      'a call that AWS refused',
      'final',
      [withMoves(out, detached)],
      '[NOT DRAINED WHOLE] i-0a1b2c3d4e5f60718 "web-1": 1 done, 1 failed, 113 s left',
    ],
    [
      'what time did not suffice for',
      'final',
      [withMoves({ ...out, state: 'cut' })],
      '[NOT DRAINED WHOLE] i-0a1b2c3d4e5f60718 "web-1": 1 cut, 113 s left',
    ],
    [
      'what was not read',
      'final',
      [{ ...drained, incomplete: ['target groups: throttled'] }],
      '[DRAINED, INCOMPLETE] i-0a1b2c3d4e5f60718 "web-1": 1 done, 113 s left',
    ],
    [
      'nothing to do',
      'final',
      [withMoves()],
      '[NOTHING TO DRAIN] i-0a1b2c3d4e5f60718 "web-1": nothing to do, 113 s left',
    ],
    ['a rehearsal', 'final', [rehearsed], '[WOULD DRAIN] i-0a1b2c3d4e5f60718 "web-1": 1 would, 113 s left (rehearsal)'],
    [
      'many at once by the worst of them',
      'final',
      [drained, withMoves({ ...out, state: 'failed' })],
      '[NOT DRAINED WHOLE] 2 instances in us-east-1: 1 done, 1 failed, 113 s left',
    ],
    [
      'an instance that runs on',
      'undone',
      [drained],
      '[PUT BACK] i-0a1b2c3d4e5f60718 "web-1" runs on: the drain was put back',
    ],
    [
      'an end without a notice',
      'unannounced',
      [withMoves()],
      '[INTERRUPTED] i-0a1b2c3d4e5f60718 "web-1": EC2 took it, and gave no notice',
    ],
  ])('says of %s', (_, news, records, expected) => {
    expect(subject(news, ...records)).toBe(expected);
  });
});

test('the last word says what became of each move, what was left alone, and what is not known', () => {
  const record = { ...withMoves(out, { ...detached, state: 'done' }), incomplete: ['tags of web: throttled'] };
  expect(mail('final', record)).toBe(`DRAINED, INCOMPLETE: Spot interruption of i-0a1b2c3d4e5f60718 "web-1", 2 done

Account    123456789012, us-east-1, us-east-1b
Notice     Spot interruption, terminate, at 2026-03-02 12:00:00 UTC, received
           1 s later
Until      2026-03-02 12:02:00 UTC, 113 s from now
Policies   drain-spot (enforce)
Done       take i-0a1b2c3d4e5f60718:8080 out of target group web (2026-03-02
           12:00:04 UTC)
Done       detach i-0a1b2c3d4e5f60718 from Auto Scaling group web, which
           launches another (2026-03-02 12:00:05 UTC); to put it back:
           \`aws autoscaling attach-instances --region us-east-1 --instance-ids i-0a1b2c3d4e5f60718 --auto-scaling-group-name web\`
Left alone Auto Scaling group web is left alone: it replaces instances at risk
           by itself (Capacity Rebalancing)
Unknown    tags of web: throttled
`);
});

test('the first word says what is announced, and nothing of moves: they are only just planned', () => {
  expect(
    mail('received', withMoves({ ...out, state: 'planned' })),
  ).toBe(`INTERRUPTION: Spot interruption of i-0a1b2c3d4e5f60718 "web-1"

Account    123456789012, us-east-1, us-east-1b
Notice     Spot interruption, terminate, at 2026-03-02 12:00:00 UTC, received
           1 s later
Until      2026-03-02 12:02:00 UTC, 113 s from now
Policies   drain-spot (enforce)
Left alone Auto Scaling group web is left alone: it replaces instances at risk
           by itself (Capacity Rebalancing)
`);
});

test('of many moves the one that failed stands first, and is not what the list leaves out', () => {
  const moves = all(1, 50).map((port) => ({ ...out, does: `take ${instanceId}:${port} out of target group web` }));
  const text = mail('final', withMoves(...moves, detached));

  expect(text.match(/^(?:Done|Failed)\b.*/gm)?.slice(0, 2)).toEqual([
    'Failed     detach i-0a1b2c3d4e5f60718 from Auto Scaling group web, which',
    'Done       take i-0a1b2c3d4e5f60718:1 out of target group web (2026-03-02',
  ]);
  expect(text).toContain('\n   and 11 more\n');
});

test('of many instances the one that was not drained whole stands first, and is not what the list leaves out', () => {
  const text = mail('final', ...all(1, 39).map(() => drained), withMoves(detached));

  expect(text.split('\n\n')[1]).toContain('\nFailed     detach i-0a1b2c3d4e5f60718');
  expect(text).toMatch(/\n\nand 10 more instances\n$/);
});

test.each(['planned', 'held', 'failed', 'skipped', 'cut', 'would'] as const)(
  'what is %s was not made, and nobody is told how to put it back',
  (state) => {
    expect(mail('final', withMoves({ ...detached, state }))).not.toContain('to put it back');
  },
);

test('its JSON form has the same, and goes by the topic of alerts', () => {
  expect(JSON.parse(forms(renderDrains('final', [drained], now)).sqs)).toEqual({
    version: 1,
    kind: 'drained',
    topic: 'alerts',
    drains: [
      {
        instanceId,
        accountId: '123456789012',
        region: 'us-east-1',
        instance: drained.instance,
        notice: drained.notice,
        receivedAt: '2026-03-02T12:00:01.000Z',
        deadline: '2026-03-02T12:02:00.000Z',
        secondsLeft: 113,
        policies: drained.policies,
        moves: [
          {
            step: 'deregister-targets',
            policy: 'drain-spot',
            does: 'take i-0a1b2c3d4e5f60718:8080 out of target group web',
            state: 'done',
            isReversible: true,
            at: '2026-03-02T12:00:04.000Z',
          },
        ],
        left: drained.left,
        incomplete: [],
      },
    ],
  });
});

test.each<[DrainNews, string]>([
  ['received', 'interruption'],
  ['final', 'drained'],
  ['undone', 'drain-undone'],
  ['unannounced', 'interrupted-without-notice'],
])('can be filtered by its kind: %s is %s', (news, kind) => {
  expect(renderDrains(news, [drained], now).MessageAttributes).toEqual({
    kind: { DataType: 'String', StringValue: kind },
    account: { DataType: 'String', StringValue: '123456789012' },
    region: { DataType: 'String', StringValue: 'us-east-1' },
  });
});

test('of a thousand instances with many moves it names as many as fit, and loses no failure of those', () => {
  const moves = Array.from(
    { length: 60 },
    (_, index): DrainMove => ({
      ...out,
      key: `target ${index}`,
      state: index === 59 ? 'failed' : 'done',
    }),
  );
  const message = renderDrains(
    'final',
    Array.from({ length: 1000 }, () => withMoves(...moves)),
    now,
  );
  const content = JSON.parse(forms(message).sqs) as {
    readonly drains: readonly { readonly moves: readonly { readonly state: string }[] }[];
    readonly drainsOmitted: number;
  };

  expect(bytesOf(message)).toBeLessThanOrEqual(256 * 1024);
  expect(content.drains.length + content.drainsOmitted).toBe(1000);
  for (const one of content.drains) expect(one.moves.map(({ state }) => state)).toContain('failed');
});
