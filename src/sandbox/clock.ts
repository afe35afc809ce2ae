import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * The time in an account. It stands still until it is moved, or until work is run that waits for it: however long that is to
 * take, it takes no time, and its order is the same each time.
 */
export interface Clock {
  now(): Date;
  /**
   * Moves the clock on and makes what is due by then take effect, each at its own time.
   * @throws RangeError for a step back.
   */
  advance(milliseconds: number): void;
  /** Makes a change after so many milliseconds; at once for 0. */
  after(milliseconds: number, change: () => void): void;
  /** Resolves when the clock has moved on by so many milliseconds. */
  sleep(milliseconds: number): Promise<void>;
  /** The same, and nobody need run it: what is not part of work that is run moves the clock on by itself. */
  pass(milliseconds: number): Promise<void>;
  /**
   * Moves the clock on for as long as this work is not done: whenever all that can go on has gone on, to the next time that
   * something sleeps until. What wakes at the same time wakes one after the other, in the order in which it fell asleep.
   * Work that is run must wait for nothing but the clock.
   * @throws Error when the work waits and nothing is left that the clock could wake; what a change on the way throws.
   */
  run<T>(work: () => Promise<T>): Promise<T>;
}

/** What is due at some time: a change, or somebody who sleeps until then. */
interface Due {
  readonly at: number;
  readonly isSleeper: boolean;
  readonly do: () => void;
}

/** A clock that shows this time. */
export function createClock(start: Date): Clock {
  let now = start.getTime();
  /** By time, and of the same time in the order in which they came. */
  const due: Due[] = [];
  /** For each work that is run, how it is made to fail. */
  const running = new Set<(error: unknown) => void>();
  /** Set in all that belongs to work which is run, also when that is done. */
  const inRun = new AsyncLocalStorage<true>();
  let isMoving = false;

  function put(milliseconds: number, entry: Omit<Due, 'at'>): void {
    const at = now + milliseconds;
    due.splice(due.findLastIndex((one) => one.at <= at) + 1, 0, { at, ...entry });
  }

  function doNext(): void {
    const next = due.shift();
    if (next === undefined) return;
    now = next.at;
    next.do();
  }

  function wakeNext(): void {
    const sleeper = due.find((one) => one.isSleeper);
    if (sleeper === undefined) {
      throw new Error('what runs waits for something, and nothing is left that the clock could wake');
    }
    while (due.includes(sleeper)) doNext();
  }

  async function move(): Promise<void> {
    if (isMoving) return;
    isMoving = true;
    while (running.size > 0) {
      await quiet();
      try {
        if (running.size > 0) wakeNext();
      } catch (error) {
        for (const fail of running) fail(error);
      }
    }
    isMoving = false;
  }

  function sleep(milliseconds: number): Promise<void> {
    return new Promise((wake) => {
      put(Math.max(0, milliseconds), { isSleeper: true, do: wake });
    });
  }

  async function run<T>(work: () => Promise<T>): Promise<T> {
    let fail: (error: unknown) => void = () => undefined;
    const failure = new Promise<never>((_, reject) => {
      fail = reject;
    });
    running.add(fail);
    void move();
    try {
      return await Promise.race([inRun.run(true, work), failure]);
    } finally {
      running.delete(fail);
    }
  }

  return {
    now: () => new Date(now),
    advance(milliseconds) {
      if (!(milliseconds >= 0)) throw new RangeError(`the clock can't be moved by ${milliseconds} ms`);
      const end = now + milliseconds;
      while ((due[0]?.at ?? Number.POSITIVE_INFINITY) <= end) doNext();
      now = end;
    },
    after(milliseconds, change) {
      if (milliseconds <= 0) change();
      else put(milliseconds, { isSleeper: false, do: change });
    },
    sleep,
    pass: (milliseconds) => (inRun.getStore() ? sleep(milliseconds) : run(() => sleep(milliseconds))),
    run,
  };
}

/** Resolves when everything that waits for nothing but promises has gone on: these all come before the next turn. */
function quiet(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
