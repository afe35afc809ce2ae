import { EventBridgeClient, ListRulesCommand } from '@aws-sdk/client-eventbridge';
import { deployed } from './deployment.ts';

/** By logical id. */
export type Patterns = Readonly<Record<string, string>>;

/** Patterns of the stack's rules, as EventBridge gives them back. A rule whose name was given has the end of that for an id. */
export async function deployedPatterns(): Promise<Patterns> {
  const client = new EventBridgeClient({ region: deployed.region });
  const prefix = `${deployed.stack}-`;
  const { Rules: rules = [] } = await client.send(new ListRulesCommand({ NamePrefix: prefix }));
  return Object.fromEntries(
    rules.flatMap(({ Name = '', EventPattern }) =>
      EventPattern === undefined ? [] : [[Name.slice(prefix.length).replace(/-\w+$/, ''), EventPattern]],
    ),
  );
}
