/** Milliseconds of an hour. */
export const HOUR_MS = 3_600_000;

/** Milliseconds of a day. */
export const DAY_MS = 24 * HOUR_MS;

/**
 * How long whoever takes something on has it for itself before another may, in milliseconds: to send an outbox, to make the calls of
 * an action, to tell of a limit. Twice a function's timeout: whoever had it is dead by then.
 */
export const LEASE_MS = 120_000;
