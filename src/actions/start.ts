import { defineAction } from '../domain/action.ts';
import type { Json } from '../domain/json.ts';
import { whyManaged } from './power.ts';

export const start = defineAction({
  id: 'start',
  summary: 'Starts the instance again when its hours begin, where the same policy stopped it.',
  kind: 'schedule',
  interrupts: false,
  isUncounted: true,
  isReversible: false,
  states: ['stopped'],
  rules: ['running-hours'],
  whyNever: (ruleParameters) =>
    isTrue(ruleParameters, 'startAgain')
      ? undefined
      : 'being stopped is no violation: parameters say no startAgain: true',
  parameters: (z) => z.strictObject({}),
  needs: ['tags'],
  operations: ['ec2:StartInstances'],
  plan({ instance, facts, violation }) {
    const refused = whyManaged({ instance, facts }) ?? whyNotAgain(violation.evidence);
    if (refused !== undefined) return { refused };
    const { InstanceId } = instance;
    return {
      plan: {
        does: `start ${InstanceId}`,
        calls: [{ operation: 'ec2:StartInstances', input: { InstanceIds: [InstanceId] } }],
        undo: [],
        concerns: [],
      },
    };
  },
  examples: [
    {
      title: 'an instance that the policy stopped in the evening',
      parameters: {},
      given: { instance: { State: { Name: 'stopped' } } },
      expect: {
        calls: [{ operation: 'ec2:StartInstances', input: { InstanceIds: ['i-0123456789abcdef0'] } }],
        undo: [],
      },
    },
    {
      title: 'a Spot instance of a persistent request',
      parameters: {},
      given: {
        instance: { State: { Name: 'stopped' }, InstanceLifecycle: 'spot', SpotInstanceRequestId: 'sir-0123abcd' },
      },
      expect: {
        calls: [{ operation: 'ec2:StartInstances', input: { InstanceIds: ['i-0123456789abcdef0'] } }],
        undo: [],
      },
    },
    {
      title: 'an instance that EC2 stopped again when the policy had started it',
      parameters: {},
      given: { instance: { State: { Name: 'stopped' } } },
      violation: {
        rule: 'running-hours',
        parameters: {},
        evidence: { timezone: 'UTC', notStarted: 'Client.InternalError: Client error on launch' },
      },
      expect: {
        refused: 'it was started in these hours, and EC2 stopped it again: it is tried when the hours begin next',
      },
    },
    {
      title: 'an instance that was put into an Auto Scaling group since',
      parameters: {},
      given: { instance: { State: { Name: 'stopped' }, Tags: { 'aws:autoscaling:groupName': 'web' } } },
      expect: { refused: 'Auto Scaling group "web" would launch another instance: correct it there' },
    },
    {
      title: 'an instance that a service manages',
      parameters: {},
      given: {
        instance: {
          State: { Name: 'stopped' },
          Operator: { Managed: true, Principal: 'eks.amazonaws.com' },
        },
      },
      expect: { refused: 'eks.amazonaws.com manages the instance: correct it there' },
    },
  ],
});

/** What EC2 stops again at once is tried each morning, and not each minute. */
function whyNotAgain(evidence: Json | undefined): string | undefined {
  const isKnown = typeof evidence === 'object' && evidence !== null && 'notStarted' in evidence;
  return isKnown
    ? 'it was started in these hours, and EC2 stopped it again: it is tried when the hours begin next'
    : undefined;
}

function isTrue(parameters: Json, key: string): boolean {
  return (
    typeof parameters === 'object' &&
    parameters !== null &&
    (parameters as Readonly<Record<string, Json>>)[key] === true
  );
}
