import { type Outcome, outcomeOf } from './commands.ts';

/** Variables that a command line finds beside those of the tests; `undefined` takes one away. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Runs the built command line in a process of its own, as a person does. */
export function ec2Guardrail(command: string, environment: Environment = {}): Promise<Outcome> {
  // What Node 20 says of itself is no output of ours.
  const env = { ...process.env, NODE_NO_WARNINGS: '1', ...environment };
  return outcomeOf(process.execPath, ['bin/ec2-guardrail', ...command.split(' ')], { env });
}
