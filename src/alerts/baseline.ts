import type { Scope } from '../domain/operations.ts';
import { placeText } from './alert.ts';
import { attributesOf, type Message, messageOf, omitted } from './message.ts';
import type { SweptFinding } from './sweep-summary.ts';
import { counted, field, printable, utc, withName, wrapped } from './text.ts';

/** How many instances the message lists. `ec2-guardrail findings list` has all. */
const INSTANCES_LISTED = 20;

/** Findings of a policy that stood before it was enforced. */
export interface Baseline {
  readonly policy: string;
  /** Since when it is enforced, ISO 8601. */
  readonly since: string;
  readonly findings: readonly SweptFinding[];
}

/** One message on all that a policy leaves alone because it stood before. */
export function renderBaseline({ policy, since, findings }: Baseline, scope: Scope): Message {
  const them = findings.length === 1 ? 'it' : 'them';
  const listed = findings.slice(0, INSTANCES_LISTED);
  const many = counted(findings.length, 'violation');
  const text = [
    wrapped(
      `BASELINE: ${many} of ${printable(policy)} stood before it was enforced, and nothing is done about ${them}`,
    ),
    '',
    field('Account', placeText(scope)),
    field('Enforced', `since ${utc(since)}`),
    field(
      'Now',
      'What opens from now on is acted on as the policy says. What stood is left alone until somebody promotes the policy.',
    ),
    field(
      'To do',
      `Mend ${them}, or exempt ${them}; or have ${them} acted on, after the policy's grace: \`ec2-guardrail promote ${printable(policy)} --region ${printable(scope.region)}\``,
    ),
    '',
    ...listed.map(({ instanceId, name, finding }) =>
      wrapped(
        `${withName(instanceId, name)}: ${printable(finding.reason)}, since ${utc(finding.openedAt)}`,
        '  ',
        '    ',
      ),
    ),
    ...(findings.length > listed.length ? [`  and ${findings.length - listed.length} more`] : []),
    '',
  ].join('\n');
  const content = {
    version: 1,
    kind: 'baseline',
    topic: 'alerts',
    ...scope,
    policy,
    since,
    count: findings.length,
    instances: listed.map(({ instanceId, finding: { id } }) => ({ instanceId, finding: id })),
    ...omitted('instancesOmitted', findings.length - listed.length),
  };
  const attributes = attributesOf(
    'baseline',
    findings.slice(0, 1).map(({ finding }) => finding),
    scope,
  );
  return messageOf(
    `[BASELINE] ${many} of ${printable(policy, 30)} left alone in ${scope.region}`,
    text,
    content,
    attributes,
  );
}
