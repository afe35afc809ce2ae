import * as z from 'zod';
import type { ActionExample, AnyAction, Planned, Standing } from '../../src/domain/action.ts';
import { describeMissing, missingAmong } from '../../src/domain/facts.ts';
import { type ActionGiven, defaultNow, inspected } from '../../src/domain/given.ts';
import type { Json } from '../../src/domain/json.ts';

/** What an action is asked about. */
export type Asked = Pick<ActionExample<Json>, 'violation' | 'alike'> & {
  readonly parameters?: Json;
  readonly given: ActionGiven;
  /** What was done too often. */
  readonly contested?: readonly string[];
};

/** What an action plans for an instance, as the engine asks for it. */
export function planned(
  action: AnyAction,
  { parameters = {}, given, violation, alike = [], contested = [] }: Asked,
): Planned {
  const now = new Date(defaultNow);
  const { instance, facts } = inspected(given, now);
  const missing = missingAmong(action.needs, facts);
  if (missing.length > 0) return { refused: missing.map(describeMissing).join('; ') };
  return action.plan({
    instance,
    facts,
    parameters: action.parameters(z).parse(parameters),
    violation: { policy: 'the-policy', ...(violation ?? { rule: 'any', parameters: {}, evidence: undefined }) },
    standingOf: (id: string): Standing =>
      alike.includes(id) ? { isAlike: true } : { isAlike: false, why: `${id} does not violate the policy` },
    isContested: (what) => contested.includes(what),
    now,
  });
}
