import {
  type DrainRecord,
  dueMoves,
  ended,
  isOver,
  movesKept,
  movesToPutBack,
  type PlannedMove,
  secondsToNextRound,
  startsAnew,
  strongerOf,
  withBegun,
  withHeld,
  withMade,
  withOutcomes,
  withoutBegun,
  withPlan,
} from '../../src/domain/drain.ts';
import type { Notice } from '../../src/domain/notice.ts';

const start = Date.parse('2026-03-02T12:00:00Z');
const at = (seconds: number) => new Date(start + seconds * 1000);
const iso = (seconds: number) => at(seconds).toISOString();
const scope = { accountId: '123456789012', region: 'us-east-1' };
const instanceId = 'i-0123456789abcdef0';

const interruption: Notice = {
  kind: 'interruption',
  action: 'terminate',
  instanceId,
  scope,
  at: iso(0),
  deadline: iso(120),
};
const rebalance: Notice = { kind: 'rebalance', instanceId, scope, at: iso(0) };

const record: DrainRecord = {
  instanceId,
  scope,
  version: 1,
  notice: interruption,
  receivedAt: iso(1),
  instance: { instanceId, tags: {} },
  policies: [{ name: 'spot', mode: 'enforce' }],
  moves: [],
  left: [],
  incomplete: [],
  told: {},
  expiresAt: iso(3600),
};

function move(key: string, more: Partial<PlannedMove> = {}): PlannedMove {
  return {
    key,
    step: 'deregister-targets',
    policy: 'spot',
    does: `take ${key} out`,
    call: { operation: 'elbv2:DeregisterTargets', input: { TargetGroupArn: 'web', Targets: [{ Id: key }] } },
    undo: { operation: 'elbv2:RegisterTargets', input: { TargetGroupArn: 'web', Targets: [{ Id: key }] } },
    ...more,
  };
}

const states = ({ moves }: DrainRecord) => moves.map(({ key, state }) => `${key} ${state}`);
const outcome = (is: 'done' | 'skipped' | 'failed' | 'again', why?: string) => ({
  is,
  at: iso(3),
  ...(why === undefined ? {} : { why }),
});

describe('of two notices', () => {
  test.each([
    ['an interruption is stronger than a recommendation', rebalance, interruption, interruption],
    ['and stays so', interruption, rebalance, interruption],
    ['the first of two alike', interruption, { ...interruption }, interruption],
    ['the one that leaves less time', { ...interruption, deadline: iso(200) }, interruption, interruption],
    ['what is real is stronger than a rehearsal', { ...interruption, isTest: true as const }, rebalance, rebalance],
  ])('%s', (_, first, second, expected) => {
    expect(strongerOf(first, second)).toBe(expected);
  });
});

describe('a plan', () => {
  const done = withOutcomes(withPlan(record, [move('a'), move('b')], true, at(4)), new Map([['a', outcome('done')]]));

  test('made anew leaves what was made as it is, and adds what is new', () => {
    expect(states(withPlan(done, [move('a'), move('b'), move('c')], true, at(4)))).toEqual([
      'a done',
      'b planned',
      'c planned',
    ]);
  });

  test('made anew is what is made: not the call that stands in the table', () => {
    const held = withHeld(withPlan(record, [move('a', { needsAnotherIn: 'web' })], true, at(1)), [], new Set(), at(2));
    const foreign: PlannedMove['call'] = {
      operation: 'elbv2:DeregisterTargets',
      input: { TargetGroupArn: 'another', Targets: [{ Id: 'a' }] },
    };
    const stored = { ...held, moves: held.moves.map((one) => ({ ...one, call: foreign })) };
    const [again] = withPlan(stored, [move('a', { needsAnotherIn: 'web' })], true, at(5)).moves;
    expect(again).toMatchObject({ state: 'held', call: move('a').call });
  });

  test('that has something no more says that it is over: verified where we did it, skipped where somebody else did', () => {
    expect(states(withPlan(done, [], true, at(4)))).toEqual(['a verified', 'b skipped']);
  });

  test('made of what could not all be read says nothing of what is not in it', () => {
    expect(states(withPlan(done, [], false, at(4)))).toEqual(['a done', 'b planned']);
  });

  test('of a policy that observes is what would be done, until one that acts plans the same', () => {
    const would = withPlan(record, [move('a', { onlyWould: 'the policy observes' })], true, at(4));
    expect(states(would)).toEqual(['a would']);
    expect(isOver(would, at(2))).toBe(true);
    expect(states(withPlan(would, [move('a')], true, at(4)))).toEqual(['a planned']);
  });
});

describe('a target', () => {
  const planned = withPlan(record, [move('i-1', { needsAnotherIn: 'web' })], true, at(4));
  const groupOf = (...targets: readonly (readonly [string, string])[]) => [
    { targetGroupArn: 'web', name: 'web', targets: targets.map(([id, health]) => ({ id, health })) },
  ];

  test.each<[string, ReturnType<typeof groupOf>, readonly string[], number, string]>([
    ['leaves where another is healthy', groupOf(['i-1', 'healthy'], ['i-2', 'healthy']), ['i-1'], 3, 'planned'],
    ['is held where it is the only one', groupOf(['i-1', 'healthy']), ['i-1'], 3, 'held'],
    ['is held where the other is not healthy', groupOf(['i-1', 'healthy'], ['i-2', 'initial']), ['i-1'], 3, 'held'],
    [
      'is held where the other is under notice',
      groupOf(['i-1', 'healthy'], ['i-2', 'healthy']),
      ['i-1', 'i-2'],
      3,
      'held',
    ],
    ['is held where its group could not be read', [], ['i-1'], 3, 'held'],
    ['leaves 20 s before the end whatever is there', groupOf(['i-1', 'healthy']), ['i-1'], 100, 'planned'],
    ['is held a second before', groupOf(['i-1', 'healthy']), ['i-1'], 99, 'held'],
  ])('%s', (_, groups, underNotice, seconds, state) => {
    expect(withHeld(planned, groups, new Set(underNotice), at(seconds)).moves[0]?.state).toBe(state);
  });

  test('that was held is set free when another is healthy', () => {
    const held = withHeld(planned, groupOf(['i-1', 'healthy']), new Set(['i-1']), at(3));
    const free = withHeld(held, groupOf(['i-1', 'healthy'], ['i-9', 'healthy']), new Set(['i-1']), at(20));
    expect(free.moves[0]).toMatchObject({ state: 'planned' });
    expect(free.moves[0]).not.toHaveProperty('why');
  });
});

describe('whoever waits for the instance to be done with', () => {
  const hook = move('hook', { isLast: true });

  test('is told when all others are done', () => {
    const planned = withPlan(record, [hook, move('a')], true, at(4));
    expect(dueMoves(planned, at(2)).map(({ key }) => key)).toEqual(['a']);
    const done = withOutcomes(planned, new Map([['a', outcome('done')]]));
    expect(dueMoves(done, at(4)).map(({ key }) => key)).toEqual(['hook']);
  });

  test('is told when time is up', () => {
    const planned = withPlan(record, [hook, move('a', { needsAnotherIn: 'web' })], true, at(4));
    const held = withHeld(planned, [], new Set(), at(50));
    expect(dueMoves(held, at(50))).toEqual([]);
    expect(dueMoves(held, at(110)).map(({ key }) => key)).toEqual(['hook']);
  });
});

test('what fails and may pass is tried again, and has failed at the end', () => {
  const planned = withPlan(record, [move('a'), move('b')], true, at(4));
  const again = withOutcomes(planned, new Map([['a', outcome('again', 'Throttling')]]));
  expect(states(again)).toEqual(['a planned', 'b planned']);
  expect(ended(again, at(110)).moves).toMatchObject([
    { key: 'a', state: 'failed', why: 'Throttling' },
    { key: 'b', state: 'cut', why: 'time was up' },
  ]);
});

test('what another run has made meanwhile stays as that one says', () => {
  const done = withOutcomes(withPlan(record, [move('a')], true, at(4)), new Map([['a', outcome('done')]]));
  expect(states(withOutcomes(done, new Map([['a', outcome('failed')]])))).toEqual(['a done']);
});

test('what can be made only once is over when it is made', () => {
  const done = withOutcomes(
    withPlan(record, [move('a', { isOnce: true })], true, at(4)),
    new Map([['a', outcome('done')]]),
  );
  expect(states(done)).toEqual(['a verified']);
  expect(isOver(done, at(4))).toBe(true);
});

test('where nothing was found and not all could be read, it goes on; of what was made it is over when that was watched for 30 s', () => {
  const lost = { ...record, incomplete: ['20 target groups were not looked at'] };
  expect([isOver(record, at(2)), isOver(lost, at(60))]).toEqual([true, false]);
  const done = withOutcomes(withPlan(lost, [move('a')], false, at(4)), new Map([['a', outcome('done')]]));
  // Its call was answered after 3 s.
  expect([isOver(done, at(32)), isOver(done, at(33))]).toEqual([false, true]);
  expect(ended(done, at(31)).moves[0]).toMatchObject({ state: 'done', why: 'its end was not seen' });
});

test('a drain is over ten seconds before its deadline, whatever is left; one without a deadline after two minutes', () => {
  const planned = withPlan(record, [move('a')], true, at(4));
  expect([isOver(planned, at(109)), isOver(planned, at(110))]).toEqual([false, true]);
  const unhurried = { ...planned, notice: rebalance };
  expect([isOver(unhurried, at(110)), isOver(unhurried, at(111))]).toEqual([false, true]);
});

test.each([
  [2, 4],
  [6, 5],
  [96, 4],
  [101, 5],
  [107, 3],
  [115, 0],
])('%i s after the notice the next round is %i s away', (seconds, next) => {
  expect(secondsToNextRound(record, at(seconds))).toBe(next);
});

test('put back is what was made and can be, the last first, and once', () => {
  const planned = withPlan(record, [move('a'), move('b'), move('c')], true, at(4));
  const done = withOutcomes(
    planned,
    new Map([
      ['a', outcome('done')],
      ['b', outcome('done')],
      ['c', outcome('failed')],
    ]),
  );
  expect(movesToPutBack(done).map(({ key }) => key)).toEqual(['b', 'a']);
  const undone = { ...done, moves: done.moves.map((one) => ({ ...one, undoneAt: iso(300) })) };
  expect(movesToPutBack(undone)).toEqual([]);
});

describe('what is planned again', () => {
  const done = withOutcomes(withPlan(record, [move('a')], true, at(2)), new Map([['a', outcome('done')]]));

  test('after it was made is made again when somebody put it back, and not while AWS may still show what was', () => {
    expect(states(withPlan(done, [move('a')], true, at(7)))).toEqual(['a done']);
    expect(states(withPlan(done, [move('a')], true, at(8)))).toEqual(['a planned']);
  });

  test('and would only be made now is not made, whatever was planned before', () => {
    const planned = withPlan(record, [move('a')], true, at(2));
    const off = withPlan(planned, [move('a', { onlyWould: 'enforcement is off' })], true, at(4));
    expect([states(off), dueMoves(off, at(4))]).toEqual([['a would'], []]);
  });
});

describe('nothing is begun', () => {
  const planned = withPlan(record, [move('a')], true, at(2));

  test('when the time that EC2 gave is over', () => {
    expect(dueMoves(planned, at(120))).toHaveLength(1);
    expect(dueMoves(planned, at(121))).toEqual([]);
    expect(states(ended(planned, at(121)))).toEqual(['a cut']);
  });

  test('for an instance that hibernates, after as long as others have', () => {
    const hibernates = { ...planned, notice: { ...interruption, action: 'hibernate' as const, deadline: iso(0) } };
    expect(dueMoves(hibernates, at(5))).toHaveLength(1);
    expect(dueMoves(hibernates, at(121))).toEqual([]);
  });
});

describe('what is made only once', () => {
  const planned = withPlan(record, [move('a', { isOnce: true })], true, at(2));
  const begun = withBegun(planned, new Set(['a']), at(2));

  test('is not begun by another, and has failed when nothing more is heard of it', () => {
    expect(dueMoves(begun, at(5))).toEqual([]);
    expect(states(withoutBegun(begun, at(26)))).toEqual(['a planned']);
    expect(withoutBegun(begun, at(27)).moves[0]).toMatchObject({
      state: 'failed',
      why: expect.stringContaining('not made twice'),
    });
    expect(states(ended(begun, at(5)))).toEqual(['a failed']);
  });

  test('is made again when AWS refused it for the moment', () => {
    const again = withOutcomes(begun, new Map([['a', outcome('again', 'Throttling')]]));
    expect(dueMoves(again, at(5))).toHaveLength(1);
  });

  test('stays made when a stronger notice comes, and is made again for another end of the instance', () => {
    const made = { ...withOutcomes(begun, new Map([['a', outcome('done')]])), notice: rebalance };
    expect(movesKept(made, { ...interruption, at: iso(60) })).toHaveLength(1);
    expect(movesKept({ ...made, endedAt: iso(30) }, { ...interruption, at: iso(3600) })).toEqual([]);
  });
});

describe('a notice after another', () => {
  const over = { ...ended(record, at(40)), endedAs: 'gone' as const };
  const test1 = { ...interruption, isTest: true as const };
  const out = ended(
    withOutcomes(withPlan(record, [move('a')], true, at(2)), new Map([['a', outcome('done')]])),
    at(40),
  );

  test.each([
    ['the same once more is nothing new', over, interruption, false],
    ['one of a later time begins a drain', over, { ...interruption, at: iso(50) }, true],
    ['an interruption after a recommendation that has ended', { ...over, notice: rebalance }, interruption, true],
    ['a recommendation that was overtaken by the interruption', over, rebalance, false],
    [
      'what is real after a rehearsal, even if it was sent before that ended',
      { ...over, notice: test1 },
      interruption,
      true,
    ],
    ['a rehearsal of an instance of which something is to be put back', out, { ...test1, at: iso(60) }, false],
    ['one while a drain is open goes into that', record, { ...interruption, at: iso(50) }, false],
    ['one long after a drain that nobody ended', record, { ...interruption, at: iso(3600) }, true],
  ])('%s', (_, before, notice, expected) => {
    expect(startsAnew(before, notice)).toBe(expected);
  });

  test('tries again what failed before', () => {
    const failed = withOutcomes(
      withPlan(record, [move('a')], true, at(2)),
      new Map([['a', outcome('failed', 'Refused')]]),
    );
    expect(movesKept({ ...failed, endedAt: iso(40) }, { ...interruption, at: iso(60) })).toEqual([]);
  });
});

test('whoever has a drain learns what another run made of it, and what was put back', () => {
  const own = withPlan(record, [move('a'), move('b')], true, at(2));
  const other = withOutcomes(own, new Map([['a', outcome('done')]]));
  expect(states(withMade(own, other))).toEqual(['a done', 'b planned']);
  const back = { ...other, moves: other.moves.map((one) => (one.key === 'a' ? { ...one, undoneAt: iso(300) } : one)) };
  expect(movesToPutBack(withMade(other, back))).toEqual([]);
  expect(states(withMade(own, back))).toEqual(['a planned', 'b planned']);
});
