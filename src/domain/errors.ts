/** Whatever was thrown, as an Error. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/** `RequestLimitExceeded: Request limit exceeded.`: AWS's code, or the error's name, and its message. */
export function describeError(thrown: unknown): string {
  const { name, message } = asError(thrown);
  return `${name}: ${message}`;
}
