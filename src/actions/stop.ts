import { defineAction } from '../domain/action.ts';
import { firstOf, plainType, powerNeeds, powerParameters, whyDataIsLost, whyManaged, whyNotStopped } from './power.ts';

export const stop = defineAction({
  id: 'stop',
  summary: 'Stops the instance, where it can be started again as it was, but for an automatic public IPv4 address.',
  kind: 'stop',
  isReversible: true,
  states: ['running'],
  parameters: powerParameters,
  needs: powerNeeds,
  operations: ['ec2:StopInstances'],
  plan(context) {
    const refused = firstOf(whyManaged(context), whyNotStopped(context), whyDataIsLost(context));
    if (refused !== undefined) return { refused };
    const { InstanceId } = context.instance;
    return {
      plan: {
        does: `stop ${InstanceId}`,
        calls: [{ operation: 'ec2:StopInstances', input: { InstanceIds: [InstanceId] } }],
        undo: [{ operation: 'ec2:StartInstances', input: { InstanceIds: [InstanceId] } }],
        concerns: [],
      },
    };
  },
  examples: [
    {
      title: 'an instance that somebody launched by hand, or by a CloudFormation stack',
      parameters: {},
      given: { instance: { Tags: { 'aws:cloudformation:stack-name': 'web' } }, instanceTypes: plainType },
      expect: {
        calls: [{ operation: 'ec2:StopInstances', input: { InstanceIds: ['i-0123456789abcdef0'] } }],
        undo: [{ operation: 'ec2:StartInstances', input: { InstanceIds: ['i-0123456789abcdef0'] } }],
      },
    },
    {
      title: 'an instance of an Auto Scaling group',
      parameters: {},
      given: { instance: { Tags: { 'aws:autoscaling:groupName': 'web' } }, instanceTypes: plainType },
      expect: { refused: 'Auto Scaling group "web" would launch another instance: correct it there' },
    },
    {
      title: 'a type with instance storage',
      parameters: {},
      given: {
        instance: { InstanceType: 'm7gd.large' },
        instanceTypes: [{ InstanceType: 'm7gd.large', InstanceStorageSupported: true }],
      },
      expect: {
        refused:
          'its type has instance storage, and what is on it would be lost: save what is needed, then do it by hand or set loseInstanceStore',
      },
    },
    {
      title: 'the same, where the policy says that its data may go',
      parameters: { loseInstanceStore: true },
      given: {
        instance: { InstanceType: 'm7gd.large' },
        instanceTypes: [{ InstanceType: 'm7gd.large', InstanceStorageSupported: true }],
      },
      expect: {
        calls: [{ operation: 'ec2:StopInstances', input: { InstanceIds: ['i-0123456789abcdef0'] } }],
        undo: [{ operation: 'ec2:StartInstances', input: { InstanceIds: ['i-0123456789abcdef0'] } }],
      },
    },
    {
      title: 'an instance with stop protection',
      parameters: {},
      given: { instanceTypes: plainType, protection: { stop: true, termination: false } },
      expect: {
        refused: 'it has stop protection (disableApiStop): ask whoever protected it to take that off',
      },
    },
    {
      title: 'a Spot instance of a one-time request',
      parameters: {},
      given: {
        instance: { InstanceLifecycle: 'spot', SpotInstanceRequestId: 'sir-0123abcd' },
        instanceTypes: plainType,
        spotRequests: [{ SpotInstanceRequestId: 'sir-0123abcd', Type: 'one-time', State: 'active' }],
      },
      expect: {
        refused: 'its Spot request is one-time, and it can not be stopped: use quarantine or terminate',
      },
    },
  ],
});
