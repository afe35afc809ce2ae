import { type AnyAction, defineAction } from '../../src/domain/action.ts';

const later = () => ({ refused: 'tests of the language plan nothing' });

/** An action that interrupts, with a parameter that has a default. */
export const stop = defineAction({
  id: 'stop',
  summary: 'Stops the instance.',
  kind: 'stop',
  isReversible: true,
  states: ['running'],
  parameters: (z) =>
    z.strictObject({
      loseInstanceStore: z.boolean().default(false).describe('Whether data on instance store volumes may be lost.'),
    }),
  needs: [],
  operations: ['ec2:StopInstances'],
  plan: later,
  examples: [],
});

/** What nothing can follow. */
export const terminate = defineAction({
  id: 'terminate',
  summary: 'Terminates the instance.',
  kind: 'terminate',
  isReversible: false,
  states: ['running', 'stopped'],
  parameters: (z) => z.strictObject({}),
  needs: [],
  operations: ['ec2:TerminateInstances'],
  plan: later,
  examples: [],
});

/** An action for one rule alone, which interrupts nothing. */
export const revokeIngress = defineAction({
  id: 'revoke-ingress',
  summary: 'Revokes rules.',
  kind: 'access',
  isReversible: true,
  states: ['running', 'stopped'],
  rules: ['approved-zones'],
  parameters: (z) => z.strictObject({}),
  needs: [],
  operations: ['ec2:RevokeSecurityGroupIngress'],
  plan: later,
  examples: [],
});

/** An action with a parameter that it can't do without. */
export const tag = defineAction({
  id: 'tag',
  summary: 'Tags the instance.',
  kind: 'access',
  isReversible: true,
  states: ['running', 'stopped'],
  parameters: (z) =>
    z.strictObject({
      key: z.string().min(1).describe('The key.'),
      value: z.string().default('').describe('The value.'),
    }),
  needs: [],
  operations: ['ec2:CreateTags'],
  plan: later,
  examples: [],
});

/** Actions for tests of the language. */
export const actions: readonly AnyAction[] = [tag, revokeIngress, stop, terminate];
