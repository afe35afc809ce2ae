import type * as ec2 from '@aws-sdk/client-ec2';
import { defineAction, type PlannedCall } from '../../src/domain/action.ts';
import type { SecurityGroup } from '../../src/domain/facts.ts';

/** Stops the instance. A plain action, for tests of what decides on actions and carries them out. */
export const plainStop = defineAction({
  id: 'stop',
  summary: 'Stops the instance.',
  kind: 'stop',
  isReversible: true,
  states: ['running'],
  parameters: (z) => z.strictObject({}),
  needs: [],
  operations: ['ec2:StopInstances'],
  plan: ({ instance: { InstanceId } }) => ({
    plan: {
      does: `stop ${InstanceId}`,
      calls: [{ operation: 'ec2:StopInstances', input: { InstanceIds: [InstanceId] } }],
      undo: [{ operation: 'ec2:StartInstances', input: { InstanceIds: [InstanceId] } }],
      concerns: [],
    },
  }),
  examples: [],
});

/** Revokes every rule of the instance's groups that opens port 22. */
export const plainRevoke = defineAction({
  id: 'revoke-ingress',
  summary: 'Revokes rules that open port 22.',
  kind: 'access',
  isReversible: true,
  states: ['running', 'stopped'],
  parameters: (z) => z.strictObject({}),
  needs: ['securityGroups'],
  operations: ['ec2:RevokeSecurityGroupIngress'],
  plan({ facts }) {
    const rules = facts.securityGroups.found.flatMap(openIn);
    const calls = rules.map(
      ({ GroupId = '', SecurityGroupRuleId = '' }): PlannedCall<'ec2:RevokeSecurityGroupIngress'> => ({
        operation: 'ec2:RevokeSecurityGroupIngress',
        input: { GroupId, SecurityGroupRuleIds: [SecurityGroupRuleId] },
      }),
    );
    const contestable = rules.map(({ GroupId, CidrIpv4 }) => `${GroupId} tcp/22 from ${CidrIpv4}`);
    return { plan: { does: `revoke ${contestable.join(', ')}`, calls, undo: [], concerns: [], contestable } };
  },
  examples: [],
});

/** The rules of a group that open port 22. */
export function openIn({ rules }: SecurityGroup): readonly ec2.SecurityGroupRule[] {
  return rules.known ? rules.value.filter(({ FromPort, IsEgress }) => FromPort === 22 && !IsEgress) : [];
}
