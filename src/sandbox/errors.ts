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

/**
 * EC2's errors for what is not there: by its id, or as a group's permission.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
 */
export const notThere = {
  instance: (id: string) => awsError('InvalidInstanceID.NotFound', `The instance ID '${id}' does not exist`),
  volume: (id: string) => awsError('InvalidVolume.NotFound', `The volume '${id}' does not exist.`),
  networkInterface: (id: string) =>
    awsError('InvalidNetworkInterfaceID.NotFound', `The networkInterface ID '${id}' does not exist`),
  group: (id: string) => awsError('InvalidGroup.NotFound', `The security group '${id}' does not exist`),
  rule: (id: string) =>
    awsError('InvalidSecurityGroupRuleId.NotFound', `The security group rule ID '${id}' does not exist`),
  permission: () => awsError('InvalidPermission.NotFound', 'The specified rule does not exist in this security group.'),
  prefixList: (id: string) => awsError('InvalidPrefixListID.NotFound', `The prefix list ID '${id}' does not exist`),
};
