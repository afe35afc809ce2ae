import { resolve } from 'node:path';
import { runInNewContext } from 'node:vm';
import { buildSync } from 'esbuild';
import { drainSteps } from '../../src/actions/drain-steps.ts';
import { noConditions } from '../../src/domain/bind.ts';
import { celConditions } from '../../src/domain/conditions.ts';
import { type BoundPolicy, type Match, notify, type Policy } from '../../src/domain/policy.ts';
import { defaultSafety, type Safety } from '../../src/domain/safety.ts';
import { bindAll, bindSafety } from '../../src/language/bind.ts';
import { compilePolicies } from '../../src/language/compile.ts';
import { rules } from '../../src/rules/index.ts';
import { plainRevoke, plainStop } from '../support/plain-actions.ts';

function policy(name: string, rule: string, parameters: Policy['parameters'], match?: Match): Policy {
  return {
    name,
    description: 'A policy.',
    severity: 'low',
    rule,
    parameters,
    ...(match === undefined ? {} : { match }),
    exempt: [],
    mode: 'observe',
    actions: [notify],
    source: { file: `policies/${name}/policy.yml`, hash: '0123456789ab' },
  };
}

const owned = policy('owned', 'required-tags', {
  keys: [{ key: 'Owner', allowEmpty: false }],
  resources: ['instance'],
});
const encrypted = policy('encrypted', 'encrypted-volumes', {});
const enforced: Policy = { ...encrypted, mode: 'enforce', enforce: { match: { when: 'true' } } };
const old = policy('old', 'encrypted-volumes', {}, { not: [{ when: 'instance.LaunchTime < now' }] });

function importsOf(source: string): readonly string[] {
  return [...source.matchAll(/^import \{ (\w+) \} from '(.*)';$/gm)].map(([, name, file]) => `${name} ${file}`);
}

test('the module imports the rules in use, once each, and no CEL where no condition is used', () => {
  expect(importsOf(compilePolicies([owned, encrypted, { ...encrypted, name: 'again' }], defaultSafety))).toEqual([
    'bind ../domain/bind.ts',
    'noConditions ../domain/bind.ts',
    'encryptedVolumes ../rules/encrypted-volumes.ts',
    'requiredTags ../rules/required-tags.ts',
  ]);
});

test.each([
  ['in match', old],
  ['in enforce', enforced],
  ['in an exemption', { ...encrypted, exempt: [{ match: { when: 'true' }, reason: 'r', until: '2027-01-01' }] }],
])('the module imports CEL where a condition is used %s', (_, one) => {
  expect(importsOf(compilePolicies([one], defaultSafety))).toContain('celConditions ../domain/conditions.ts');
});

test('the module imports the actions in use, once each, whatever the mode, and hands each policy its own', () => {
  const use = (id: string) => ({ id, parameters: {}, afterMs: 0, onDrift: false });
  const revoking: Policy = { ...owned, name: 'revoking', actions: [notify, use('revoke-ingress'), use('stop')] };
  const source = compilePolicies(
    [owned, revoking, { ...old, mode: 'enforce', actions: [notify, use('stop')] }],
    defaultSafety,
  );

  expect(importsOf(source).filter((line) => line.includes('actions'))).toEqual([
    'revokeIngress ../actions/revoke-ingress.ts',
    'stop ../actions/stop.ts',
  ]);
  expect([...source.matchAll(/(\w+, \[.*?\](?:, \w+)?)\),$/gm)].map(([, end]) => end)).toEqual([
    'requiredTags, []',
    'requiredTags, [revokeIngress, stop]',
    'encryptedVolumes, [stop], celConditions',
  ]);
});

test('the module of policies that drain imports their rule and steps, and is bound as the command line binds', () => {
  const use = (id: string, parameters: Policy['parameters']) => ({ id, parameters, onRebalance: false });
  const draining: Policy = {
    ...policy('spot', 'spot-interruption', { notices: ['interruption'] }),
    actions: [notify, use('deregister-targets', {}), use('run-document', { document: 'leave', timeout: 9 })],
  };
  const source = compilePolicies([draining], defaultSafety);
  const bound = (one: BoundPolicy | undefined) =>
    one?.boundSteps.map(({ step, ...rest }) => ({ ...rest, step: step.id }));

  expect(importsOf(source)).toEqual([
    'bind ../domain/bind.ts',
    'noConditions ../domain/bind.ts',
    'deregisterTargets ../actions/deregister-targets.ts',
    'runDocument ../actions/run-document.ts',
    'spotInterruption ../rules/spot-interruption.ts',
  ]);
  expect(bound(policiesOf(source)?.[0])).toEqual(bound(bindAll([draining], { rules, actions: drainSteps })[0]));
  expect(bound(policiesOf(source)?.[0])).toHaveLength(2);
});

test('a policy is bound with its actions, whatever its mode', () => {
  const enforcement = { id: 'stop', parameters: {}, afterMs: 0, onDrift: false };
  const stopping: Policy = { ...owned, actions: [notify, enforcement] };

  expect(bindAll([stopping], { rules, actions: [plainStop, plainRevoke] })[0]?.boundActions).toEqual([
    { ...enforcement, action: plainStop, kind: 'stop' },
  ]);
  expect(() => bindAll([stopping], { rules, actions: [plainRevoke] })).toThrow('policy owned: there is no action stop');
});

test('the module of no policies has none, and the limits that hold without an enforcement.yml', () => {
  expect(compilePolicies([], defaultSafety)).toBe(`import { bind } from '../domain/bind.ts';
import { noConditions } from '../domain/bind.ts';
export const policies = [
];
export const safety = { ...{"limits":{"perHour":{"access":10,"stop":10,"terminate":5,"schedule":200},"percent":5}}, conditions: noConditions };
`);
});

test('the module imports CEL where what is protected uses it, and so does the command line', () => {
  const safety: Safety = { ...defaultSafety, protected: { not: { when: 'instance.LaunchTime < now' } } };
  const source = compilePolicies([owned], safety);

  expect(importsOf(source).filter((line) => line.includes('onditions'))).toEqual([
    'celConditions ../domain/conditions.ts',
  ]);
  expect(source).toContain('conditions: celConditions };\n');
  expect(bindSafety(safety)).toEqual({ ...safety, conditions: celConditions });
  expect(bindSafety(defaultSafety)).toEqual({ ...defaultSafety, conditions: noConditions });
});

/** What a compiled module exports as its policies. */
function policiesOf(source: string): readonly BoundPolicy[] | undefined {
  const { outputFiles } = buildSync({
    stdin: { contents: source, resolveDir: resolve('src/language'), loader: 'ts' },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    write: false,
  });
  const module: { exports: { policies?: readonly BoundPolicy[] } } = { exports: {} };
  runInNewContext(outputFiles[0]?.text ?? '', { module, exports: module.exports, require, TextEncoder, TextDecoder });
  return module.exports.policies;
}

test('the compiled module joins policies as the command line does', () => {
  const policies = [owned, encrypted, old];
  const compiled = policiesOf(compilePolicies(policies, defaultSafety));
  const seen = (bound: readonly BoundPolicy[] | undefined) =>
    bound?.map(({ name, parameters, needs, boundRule }) => ({
      name,
      parameters,
      needs: [...needs],
      rule: boundRule.id,
    }));
  expect(seen(compiled)).toEqual([
    { name: 'owned', parameters: owned.parameters, needs: ['tags'], rule: 'required-tags' },
    { name: 'encrypted', parameters: {}, needs: ['volumes'], rule: 'encrypted-volumes' },
    { name: 'old', parameters: {}, needs: ['volumes'], rule: 'encrypted-volumes' },
  ]);
  expect(seen(bindAll(policies, { rules, actions: [] }))).toEqual(seen(compiled));
});

test('a policy whose rule is not there can not be bound', () => {
  expect(() => bindAll([policy('odd', 'no-such-rule', {})], { rules, actions: [] })).toThrow(
    'policy odd: there is no rule no-such-rule',
  );
});
