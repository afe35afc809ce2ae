/** An error as a call to AWS rejects with: `name` is the code, as the SDK names it. */
export function awsError(code: string, message: string): Error {
  const error = new Error(message);
  error.name = code;
  return error;
}

/**
 * Refuses a call with a parameter that its handler would pass over in silence, where AWS would heed it.
 * @throws UnknownParameter, EC2's own code for a parameter that it doesn't know.
 */
export function heedOnly<T extends object>(input: T, known: readonly (keyof T & string)[]): void {
  const names: readonly string[] = known;
  const unknown = Object.entries(input).find(([name, value]) => value !== undefined && !names.includes(name));
  if (unknown !== undefined)
    throw awsError('UnknownParameter', `The sandbox does not know the parameter ${unknown[0]}`);
}
