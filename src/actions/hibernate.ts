import { defineAction } from '../domain/action.ts';
import {
  firstOf,
  type PowerContext,
  plainType,
  powerNeeds,
  powerParameters,
  whyDataIsLost,
  whyManaged,
  whyNotStopped,
} from './power.ts';

export const hibernate = defineAction({
  id: 'hibernate',
  summary: 'Stops the instance and keeps what is in its memory, where it was launched for that.',
  kind: 'stop',
  isReversible: true,
  states: ['running'],
  parameters: powerParameters,
  needs: powerNeeds,
  operations: ['ec2:StopInstances'],
  plan(context) {
    const refused = firstOf(
      whyManaged(context),
      whyNotStopped(context),
      whyNotHibernated(context),
      whyDataIsLost(context),
    );
    if (refused !== undefined) return { refused };
    const { InstanceId } = context.instance;
    return {
      plan: {
        does: `hibernate ${InstanceId}`,
        calls: [{ operation: 'ec2:StopInstances', input: { InstanceIds: [InstanceId], Hibernate: true } }],
        undo: [{ operation: 'ec2:StartInstances', input: { InstanceIds: [InstanceId] } }],
        concerns: [],
      },
    };
  },
  examples: [
    {
      title: 'an instance that was launched for hibernation',
      parameters: {},
      given: { instance: { HibernationOptions: { Configured: true } }, instanceTypes: plainType },
      expect: {
        calls: [{ operation: 'ec2:StopInstances', input: { InstanceIds: ['i-0123456789abcdef0'], Hibernate: true } }],
        undo: [{ operation: 'ec2:StartInstances', input: { InstanceIds: ['i-0123456789abcdef0'] } }],
      },
    },
    {
      title: 'an instance that was not',
      parameters: {},
      given: { instance: { HibernationOptions: { Configured: false } }, instanceTypes: plainType },
      expect: { refused: 'it was not launched for hibernation: use stop' },
    },
    {
      title: 'a node of EKS Auto Mode',
      parameters: {},
      given: {
        instance: {
          HibernationOptions: { Configured: true },
          Operator: { Managed: true, Principal: 'eks.amazonaws.com' },
        },
        instanceTypes: plainType,
      },
      expect: { refused: 'eks.amazonaws.com manages the instance: correct it there' },
    },
    {
      title: 'an instance with stop protection',
      parameters: {},
      given: {
        instance: { HibernationOptions: { Configured: true } },
        instanceTypes: plainType,
        protection: { stop: true, termination: false },
      },
      expect: {
        refused: 'it has stop protection (disableApiStop): ask whoever protected it to take that off',
      },
    },
  ],
});

/** It is said at launch, once and for all. @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/enabling-hibernation.html */
function whyNotHibernated({ instance: { HibernationOptions } }: PowerContext): string | undefined {
  return HibernationOptions?.Configured === true ? undefined : 'it was not launched for hibernation: use stop';
}
