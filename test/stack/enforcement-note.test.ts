import { type Mode, notify } from '../../src/domain/policy.ts';
import { enforcementNote } from '../../src/stack/enforcement-note.ts';
import { policyFor } from '../support/policies.ts';

function policy(name: string, mode: Mode, ...ids: readonly string[]) {
  const uses = ids.map((id) => ({ id, parameters: {}, afterMs: 0, onDrift: false }));
  return { ...policyFor('encrypted-volumes', {}), name, mode, actions: [notify, ...uses] };
}

const observing = policy('watching', 'observe', 'stop');
const tags = policy('required-tags', 'enforce', 'stop', 'terminate');
const ssh = policy('no-open-ssh', 'enforce', 'revoke-ingress');

test('steps of a drain are named as actions are', () => {
  const steps = [{ id: 'deregister-targets', parameters: {}, onRebalance: false }];
  const spot = { ...policyFor('spot-interruption', {}), mode: 'enforce' as const, actions: [notify, ...steps] };

  expect(enforcementNote([spot], { name: 'ec2-guardrail-prod', enforcement: 'on' })).toBe(
    'enforcement on: spot-interruption (deregister-targets)',
  );
});

test.each([
  ['on', [tags, observing, ssh], 'enforcement on: required-tags (stop, terminate), no-open-ssh (revoke-ingress)'],
  ['on', [observing], 'warning: enforcement is on, and no policy says mode: enforce: nothing is done'],
  [
    'off',
    [tags, observing, ssh],
    'warning: 2 policies say mode: enforce, and --param enforcement=on is not given: nothing is done',
  ],
  [undefined, [tags], 'warning: 1 policy says mode: enforce, and --param enforcement=on is not given: nothing is done'],
  ['off', [observing], undefined],
  [undefined, [], undefined],
])('enforcement %s: %#', (enforcement, policies, note) => {
  const settings = { name: 'ec2-guardrail-prod', ...(enforcement === undefined ? {} : { enforcement }) };

  expect(enforcementNote(policies, settings)).toBe(note);
});
