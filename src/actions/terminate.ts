import { defineAction } from '../domain/action.ts';
import {
  firstOf,
  plainType,
  powerNeeds,
  powerParameters,
  whyDataIsLost,
  whyManaged,
  whyNotTerminated,
} from './power.ts';

export const terminate = defineAction({
  id: 'terminate',
  summary: 'Terminates the instance, which nothing brings back.',
  kind: 'terminate',
  isReversible: false,
  states: ['running', 'stopped'],
  parameters: powerParameters,
  needs: powerNeeds,
  operations: ['ec2:TerminateInstances'],
  plan(context) {
    const refused = firstOf(whyManaged(context), whyNotTerminated(context), whyDataIsLost(context));
    if (refused !== undefined) return { refused };
    const { InstanceId } = context.instance;
    return {
      plan: {
        does: `terminate ${InstanceId}`,
        calls: [{ operation: 'ec2:TerminateInstances', input: { InstanceIds: [InstanceId] } }],
        undo: [],
        concerns: [],
      },
    };
  },
  examples: [
    {
      title: 'an instance that nothing protects',
      parameters: {},
      given: { instanceTypes: plainType },
      expect: {
        calls: [{ operation: 'ec2:TerminateInstances', input: { InstanceIds: ['i-0123456789abcdef0'] } }],
        undo: [],
      },
    },
    {
      title: 'an instance with termination protection',
      parameters: {},
      given: { instanceTypes: plainType, protection: { stop: false, termination: true } },
      expect: {
        refused: 'it has termination protection (disableApiTermination): ask whoever protected it to take that off',
      },
    },
    {
      title: 'an instance with stop protection alone, which EC2 would not terminate either',
      parameters: {},
      given: { instanceTypes: plainType, protection: { stop: true, termination: false } },
      expect: {
        refused:
          'it has stop protection (disableApiStop), which protects from termination as well: ask whoever protected it to take that off',
      },
    },
    {
      title: 'a Spot instance whose request would launch another',
      parameters: {},
      given: {
        instance: { InstanceLifecycle: 'spot', SpotInstanceRequestId: 'sir-0123abcd' },
        instanceTypes: plainType,
        spotRequests: [{ SpotInstanceRequestId: 'sir-0123abcd', Type: 'persistent', State: 'active' }],
      },
      expect: {
        refused:
          'its Spot request sir-0123abcd is persistent and would launch another instance: cancel the request first',
      },
    },
    {
      title: 'a stopped instance: what was on instance storage is lost already',
      parameters: {},
      given: {
        instance: { InstanceType: 'm7gd.large', State: { Name: 'stopped' } },
        instanceTypes: [{ InstanceType: 'm7gd.large', InstanceStorageSupported: true }],
      },
      expect: {
        calls: [{ operation: 'ec2:TerminateInstances', input: { InstanceIds: ['i-0123456789abcdef0'] } }],
        undo: [],
      },
    },
  ],
});
