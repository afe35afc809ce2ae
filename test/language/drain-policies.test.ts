import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { drainSteps } from '../../src/actions/drain-steps.ts';
import { actions } from '../../src/actions/index.ts';
import { bindAll } from '../../src/language/bind.ts';
import { loadPolicies } from '../../src/language/load.ts';
import { runCases } from '../../src/language/policy-test.ts';
import { publishedSchemas } from '../../src/language/published-schemas.ts';
import { rules } from '../../src/rules/index.ts';
import { runCli } from '../cli/run-cli.ts';
import { inFolder, inFolderUntilDone } from './folder.ts';

const catalogue = { rules, actions: [...actions, ...drainSteps] };
const head = 'name: spot\ndescription: Spot instances are drained.\nseverity: high\n';
const rule = 'rule: spot-interruption\n';
const schema = publishedSchemas(catalogue)['policy.schema.json'] ?? {};
const ajv = new Ajv({ strict: false });

function loaded(rest: string) {
  const files = { 'policies/spot/policy.yml': `${head}${rest}\n` };
  const options = { ...catalogue, now: new Date('2026-06-01T00:00:00Z') };
  return inFolder(files, (cwd) => loadPolicies(['policies'], { ...options, cwd }));
}

function bound(rest: string) {
  const { policies, errors } = loaded(rest);
  expect(errors).toEqual([]);
  return bindAll(policies, catalogue)[0];
}

test('steps are compiled with their parameters filled in, and bound in order', () => {
  const policy = bound(
    `${rule}mode: enforce\nactions: [notify, { deregister-targets: { onRebalance: true } }, { run-document: { document: leave } }]`,
  );

  expect(policy?.actions).toEqual([
    { id: 'notify', afterMs: [0] },
    { id: 'deregister-targets', parameters: {}, onRebalance: true },
    { id: 'run-document', parameters: { document: 'leave', parameters: {}, timeout: 110 }, onRebalance: false },
  ]);
  expect(policy?.boundActions).toEqual([]);
  expect(policy?.boundSteps.map(({ step, parameters, onRebalance }) => [step.id, parameters, onRebalance])).toEqual([
    ['deregister-targets', {}, true],
    ['run-document', { document: 'leave', parameters: {}, timeout: 110 }, false],
  ]);
  expect(policy?.parameters).toEqual({ notices: ['interruption', 'reservation', 'rebalance'] });
});

test('every step is taken, in either mode', () => {
  const steps = drainSteps.map(({ id, examples }) => JSON.stringify({ [id]: examples[0]?.parameters ?? {} }));

  for (const mode of ['observe', 'enforce']) {
    expect(loaded(`${rule}mode: ${mode}\nactions: [notify, ${steps.join(', ')}]`).errors).toEqual([]);
  }
});

test('a policy whose step is not there can not be bound', () => {
  const { policies } = loaded(`${rule}actions: [notify, deregister-targets]`);

  expect(() => bindAll(policies, { rules, actions })).toThrow('policy spot: there is no step deregister-targets');
});

test.each([
  [
    'an action that is no step',
    `${rule}actions: [notify, stop]`,
    { code: 'unfit-action', message: "stop is no step of a drain, and this policy's rule is spot-interruption" },
  ],
  [
    'an action for any rule with settings',
    `${rule}mode: enforce\nactions: [notify, { terminate: { after: 7d } }]`,
    { code: 'unfit-action', message: "terminate is no step of a drain, and this policy's rule is spot-interruption" },
  ],
  [
    'a step in a policy of another rule',
    'rule: encrypted-volumes\nactions: [notify, deregister-targets]',
    {
      code: 'unfit-action',
      message:
        "deregister-targets is a step of a drain, for spot-interruption alone, and this policy's rule is encrypted-volumes",
    },
  ],
])('%s is refused, by the schema too', (_, rest, mistake) => {
  expect(loaded(rest).errors).toEqual([expect.objectContaining(mistake)]);
  expect(ajv.validate(schema, parse(head + rest))).toBe(false);
});

test.each(['after: 1h', 'again: 2h', 'onDrift: true'])('a step has no %s, and the schema says so', (setting) => {
  const rest = `${rule}actions: [notify, { deregister-targets: { ${setting} } }]`;

  expect(loaded(rest).errors).toEqual([
    expect.objectContaining({
      code: 'unknown-key',
      line: 5,
      message: 'deregister-targets is a step of a drain, and comes with the notice: there is no time for grace',
    }),
  ]);
  expect(ajv.validate(schema, parse(head + rest))).toBe(false);
});

test.each<[string, string, object]>([
  [
    'an action has no onRebalance',
    'rule: encrypted-volumes\nactions: [notify, { stop: { onRebalance: true } }]',
    { code: 'unknown-key' },
  ],
  ['what is done must be told', `${rule}actions: [deregister-targets]`, { code: 'missing-notify' }],
  [
    'nothing reminds of a notice',
    `${rule}actions: [{ notify: { after: [0s, 1d] } }]`,
    { message: 'a notice is told when it comes and when the drain has ended: nothing stands after that' },
  ],
  [
    'no step is announced',
    `${rule}actions: [{ notify: { before: 1h } }, deregister-targets]`,
    { code: 'invalid-value' },
  ],
  ['a step comes once', `${rule}actions: [notify, put-event, { put-event: { bus: a } }]`, { code: 'duplicate-action' }],
  ['a document is named', `${rule}actions: [notify, run-document]`, { message: expect.stringContaining('document') }],
  [
    'a source of AWS is not ours',
    `${rule}actions: [notify, { put-event: { bus: a, source: aws.ec2 } }]`,
    { message: expect.stringContaining('is kept for AWS: write one of your own') },
  ],
  ['enforcing needs a step', `${rule}mode: enforce\nactions: [notify]`, { code: 'nothing-to-enforce' }],
  [
    'nobody knows in time who launched an instance',
    `${rule}match: { launchedBy: ["ci-*"] }\nactions: [notify]`,
    { message: 'it reads launcher, and when an instance drains there is no time to' },
  ],
  [
    'nor what its volumes are',
    `${rule}mode: enforce\nenforce: { match: { when: "size(instance.BlockDeviceMappings) > 2" } }\nactions: [notify, deregister-targets]`,
    { message: 'it reads volumes, and when an instance drains there is no time to' },
  ],
])('%s', (_, rest, mistake) => {
  expect(loaded(rest).errors).toEqual(expect.arrayContaining([expect.objectContaining(mistake)]));
});

test('matches by tags, states and fields of the instance are taken', () => {
  const match =
    '[{ tags: { Team: shop }, autoScalingGroups: [web] }, { when: "instance.InstanceType == \'m7i.large\'" }]';

  expect(loaded(`${rule}match: ${match}\nactions: [notify]`).errors).toEqual([]);
});

const at = '2026-01-01T01:00:00Z';

test.each<[string, Parameters<typeof runCases>[1]['cases'][number]]>([
  [
    'all steps follow an interruption',
    {
      name: '',
      notice: { kind: 'interruption', at },
      expect: { compliance: 'NON_COMPLIANT', actions: ['notify', 'deregister-targets', 'put-event'] },
    },
  ],
  [
    'a recommendation those that say so',
    {
      name: '',
      notice: { kind: 'rebalance', at },
      expect: { compliance: 'NON_COMPLIANT', actions: ['notify', 'put-event'] },
    },
  ],
  [
    'none a notice of AWS Health',
    { name: '', notice: { kind: 'health', at }, expect: { compliance: 'NON_COMPLIANT', actions: ['notify'] } },
  ],
  [
    'nothing, where nothing was announced',
    { name: '', expect: { compliance: 'NOT_APPLICABLE', reason: 'EC2 has announced nothing', actions: [] } },
  ],
  [
    'nor where it is exempt',
    {
      name: '',
      instance: { Tags: { Spare: 'yes' } },
      notice: { kind: 'interruption', at },
      expect: { compliance: 'NON_COMPLIANT', exempt: true, actions: [] },
    },
  ],
])('of a policy in its tests, %s', (_, one) => {
  const policy = bound(
    `${rule}parameters: { notices: [interruption, rebalance, health] }\nexempt: [{ match: { tags: { Spare: yes } }, reason: spare, until: 2027-01-01 }]\nactions: [notify, deregister-targets, { put-event: { bus: own, onRebalance: true } }]`,
  );
  if (policy === undefined) throw new Error('there is no policy');

  expect(runCases(policy, { cases: [one] })).toEqual([{ name: '', failures: [] }]);
});

test('the policy in the page of the rule is valid, and its tests pass', async () => {
  const page = readFileSync('docs/rules/spot-interruption.md', 'utf8');
  const [, notes = ''] = page.split('<!-- /generated -->');
  const [policy = '', tests = ''] = [...notes.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, text = '']) => text);
  const folder = 'policies/spot-interruption';

  expect(
    await inFolderUntilDone({ [`${folder}/policy.yml`]: policy, [`${folder}/policy.test.yml`]: tests }, (cwd) =>
      runCli('test', cwd),
    ),
  ).toEqual({ exitCode: 0, stdout: '1 policy, 3 cases, 3 passed, 0 failed\n', stderr: '' });
});

test('validate names what enforces, and with what it comes', async () => {
  const policy = `${head}${rule}mode: enforce\nactions: [notify, deregister-targets, { put-event: { bus: a, onRebalance: true } }]\n`;
  const { exitCode, stdout } = await inFolderUntilDone({ 'policies/spot/policy.yml': policy }, (cwd) =>
    runCli('validate', cwd),
  );

  expect(exitCode).toBe(0);
  expect(stdout).toContain(
    'spot enforces: deregister-targets with a notice, put-event with a notice or a recommendation\n',
  );
});
