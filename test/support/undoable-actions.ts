import type * as ec2 from '@aws-sdk/client-ec2';
import { defineAction } from '../../src/domain/action.ts';
import { openIn, plainRevoke } from './plain-actions.ts';

/** Revokes the same as `plainRevoke`, by one call for a group, and knows how to put it back. */
export const undoableRevoke = defineAction({
  ...plainRevoke,
  plan({ facts }) {
    const groups = facts.securityGroups.found.flatMap((group) => {
      const open = openIn(group);
      return open.length === 0 ? [] : [{ GroupId: open[0]?.GroupId ?? '', open }];
    });
    if (groups.length === 0) return { refused: 'no rule opens port 22' };
    return {
      plan: {
        does: `revoke tcp/22 in ${groups.map(({ GroupId }) => GroupId).join(', ')}`,
        calls: groups.map(({ GroupId, open }) => ({
          operation: 'ec2:RevokeSecurityGroupIngress',
          input: { GroupId, SecurityGroupRuleIds: open.map(({ SecurityGroupRuleId = '' }) => SecurityGroupRuleId) },
        })),
        undo: groups.map(({ GroupId, open }) => ({
          operation: 'ec2:AuthorizeSecurityGroupIngress',
          input: { GroupId, IpPermissions: open.map(permissionOf) },
        })),
        concerns: [],
      },
    };
  },
});

function permissionOf({ IpProtocol, FromPort, ToPort, CidrIpv4 }: ec2.SecurityGroupRule): ec2.IpPermission {
  return { IpProtocol, FromPort, ToPort, IpRanges: [{ CidrIp: CidrIpv4 }] };
}

/** Terminates the instance. */
export const plainTerminate = defineAction({
  id: 'terminate',
  summary: 'Terminates the instance.',
  kind: 'terminate',
  isReversible: false,
  states: ['running'],
  parameters: (z) => z.strictObject({}),
  needs: [],
  operations: ['ec2:TerminateInstances'],
  plan: ({ instance: { InstanceId } }) => ({
    plan: {
      does: `terminate ${InstanceId}`,
      calls: [{ operation: 'ec2:TerminateInstances', input: { InstanceIds: [InstanceId] } }],
      undo: [],
      concerns: [],
    },
  }),
  examples: [],
});
