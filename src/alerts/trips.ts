import type { ActionKind } from '../domain/action.ts';
import type { Trip } from '../domain/controls.ts';
import type { Scope } from '../domain/operations.ts';
import { placeText } from './alert.ts';
import { attributesOf, type Message, messageOf } from './message.ts';
import { field, utc, wrapped } from './text.ts';

/** Limits of enforcement that were reached: nothing more of these kinds is done until somebody resumes. */
export function renderTrips(trips: readonly (readonly [ActionKind, Trip])[], scope: Scope): Message {
  const kinds = trips.map(([kind]) => kind).join(', ');
  const at = ` --region ${scope.region}`;
  const text = [
    wrapped(`LIMIT REACHED: nothing more of ${kinds} is done in ${scope.region}`),
    '',
    field('Account', placeText(scope)),
    ...trips.map(([kind, { at: reachedAt, limit }]) =>
      field('Limit', `${kind}: ${limit} an hour, reached at ${utc(reachedAt)}`),
    ),
    field(
      'Why',
      'More violations came due in an hour than enforcement.yml allows. Either many instances changed at once, or a policy is wrong.',
    ),
    field('Now', 'Violations are found and told as before. What is due waits: nothing of it is forgotten.'),
    field(
      'To do',
      `Look at what was done: \`ec2-guardrail findings list --acted${at}\`. If it is right, \`ec2-guardrail resume${at}\`; if not, \`ec2-guardrail pause --reason ...${at}\` and \`ec2-guardrail undo <finding>${at}\`.`,
    ),
    '',
  ].join('\n');
  const content = {
    version: 1,
    kind: 'limit-reached',
    topic: 'operations',
    ...scope,
    limits: Object.fromEntries(trips.map(([kind, { at: reachedAt, limit }]) => [kind, { at: reachedAt, limit }])),
  };
  return messageOf(
    `[LIMIT REACHED] ${kinds} in ${scope.region}`,
    text,
    content,
    attributesOf('limit-reached', [], scope),
  );
}
