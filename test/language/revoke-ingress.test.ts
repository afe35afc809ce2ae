import { actions } from '../../src/actions/index.ts';
import { loadPolicies } from '../../src/language/load.ts';
import { rules } from '../../src/rules/index.ts';
import { inFolder } from './folder.ts';
import { marked, placed } from './marked.ts';

const now = new Date('2026-06-01T00:00:00Z');

const allowed = 'allowedSources: [203.0.113.0/24, sg-0a, pl-0a]';

/** What is wrong with a policy of SSH that lets these in instead. */
function errorsOf(replaceWith: string, parameters = allowed) {
  const text = `name: ssh
description: SSH is closed.
severity: high
rule: restricted-ingress
parameters: { ports: [22], ${parameters} }
actions: [notify, { revoke-ingress: { replaceWith: ${replaceWith} } }]
`;
  const { text: policy, place } = marked(text);
  const files = { 'policies/ssh/policy.yml': policy, 'policies/values.yml': 'corp: [203.0.113.0/24, 198.51.100.0/24]' };
  return { place, errors: inFolder(files, (cwd) => loadPolicies(['policies'], { rules, actions, cwd, now })).errors };
}

test.each([
  ['[▸0.0.0.0/0]', 'SSH (tcp/22) is open to 0.0.0.0/0 by replaceWith, not an allowed source'],
  ['[▸"::/0"]', 'SSH (tcp/22) is open to ::/0 by replaceWith, not an allowed source'],
  ['[203.0.113.0/25, ▸10.0.0.0/8]', 'SSH (tcp/22) is open to 10.0.0.0/8 by replaceWith, not an allowed source'],
  ['[▸sg-0b]', 'SSH (tcp/22) is open to sg-0b by replaceWith, not an allowed source'],
])('what the policy itself forbids is not let in: %s', (replaceWith, reason) => {
  const { errors, place } = errorsOf(replaceWith);

  expect(placed(errors)).toEqual([
    expect.stringContaining(`${place} unfit-action actions[1].revoke-ingress.replaceWith[`),
  ]);
  expect(errors).toMatchObject([
    { message: `revoke-ingress would bring what this policy forbids: ${reason}`, fix: 'write what the policy allows' },
  ]);
});

test('nor sources that are narrow each and wide together', () => {
  const { errors, place } = errorsOf('▸[8.0.0.0/17, 8.0.128.0/17]', 'wide: { ipv4: 16 }');

  expect(placed(errors)).toEqual([`${place} unfit-action actions[1].revoke-ingress.replaceWith`]);
});

test.each([
  ['[203.0.113.0/24, 203.0.113.7/32]', allowed],
  ['[sg-0a, pl-0a]', allowed],
  ['[10.0.0.0/8]', 'alsoAllow: [private], allowedSources: []'],
  ['[sg-0b, 10.0.0.0/8, 8.8.8.0/24, "2001:db8::/48"]', 'protocols: [tcp, udp]'],
  ['[sg-0b]', 'allowedSources: [{ group: { tags: { Role: [bastion] } } }]'],
])('what it allows, or what only an account can tell, is accepted: %s', (replaceWith, parameters) => {
  expect(errorsOf(replaceWith, parameters).errors).toEqual([]);
});

test.each([
  ['[▸203.0.113.7/24]', 'write 203.0.113.0/24'],
  ['[▸"2001:DB8::1/32"]', 'write 2001:db8::/32'],
  ['[▸"2001:db8:0::/32"]', 'write 2001:db8::/32'],
  ['[▸203.0.113.7]', 'write 203.0.113.7/32'],
])('a source stands as EC2 has it: %s', (replaceWith, fix) => {
  const { errors, place } = errorsOf(replaceWith);

  expect(placed(errors)).toEqual([`${place} invalid-value actions[1].revoke-ingress.replaceWith[0]`]);
  expect(errors[0]?.fix).toBe(fix);
});
