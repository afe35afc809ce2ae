import { parse } from 'yaml';
import { drainSteps } from '../../src/actions/drain-steps.ts';
import { actions } from '../../src/actions/index.ts';
import { runCli } from './run-cli.ts';

const ids = [...actions, ...drainSteps].map(({ id }) => id);

test('actions <id> prints all there is to know of an action', async () => {
  const { exitCode, stdout } = await runCli('actions revoke-ingress', '.');

  expect(exitCode).toBe(0);
  expect(stdout).toMatch(
    /^revoke-ingress\nRevokes exactly .*\n\nKind\n {2}access\n\nUndo\n {2}yes\n\nStates\n {2}running, stopping, stopped\n\nRules\n {2}restricted-ingress\n\nCalls\n {2}ec2:AuthorizeSecurityGroupIngress\n {2}ec2:RevokeSecurityGroupIngress\n\nParameters\n/,
  );
  expect(stdout).toMatch(/\n {2}split {2}boolean, default false\n {6}Also revoke a rule/);
});

test('an action for any rule, which nothing undoes, says so', async () => {
  const { stdout } = await runCli('actions terminate', '.');

  expect(stdout).toContain('\nUndo\n  none\n');
  expect(stdout).toContain('\nRules\n  any\n');
});

test('a step of a drain says what puts it back, and is in no state that it must be in', async () => {
  const { exitCode, stdout } = await runCli('actions drain-container-instance', '.');
  const json = JSON.parse((await runCli('actions run-document --format json', '.')).stdout);

  expect(exitCode).toBe(0);
  expect(stdout).toMatch(
    /^drain-container-instance\nSets the instance .*\n\nKind\n {2}drain\n\nUndo\n {2}ecs:UpdateContainerInstancesState\n\nRules\n {2}spot-interruption\n\nCalls\n {2}ecs:UpdateContainerInstancesState\n\nParameters\n/,
  );
  expect((await runCli('actions put-event', '.')).stdout).toContain('\nUndo\n  none\n');
  expect(json.actions).toEqual([
    expect.objectContaining({
      id: 'run-document',
      kind: 'drain',
      operations: ['ssm:SendCommand'],
      undoOperations: [],
      parameters: expect.objectContaining({ required: ['document'] }),
    }),
  ]);
});

test.each([...actions, ...drainSteps].map((action) => [action.id, action] as const))(
  'examples of %s are YAML',
  async (id, action) => {
    const { stdout } = await runCli(`actions ${id}`, '.');
    const printed: unknown = parse(stdout.slice(stdout.indexOf('\nExamples\n') + '\nExamples\n'.length));
    const examples = action.examples.map(({ title, ...rest }: { readonly title: string }) => ({
      name: title,
      ...rest,
    }));

    expect(printed).toEqual(examples);
  },
);

test('--format json prints actions with the JSON Schema of their parameters', async () => {
  const all = JSON.parse((await runCli('actions --format json', '.')).stdout);
  const one = JSON.parse((await runCli('actions quarantine --format json', '.')).stdout);

  expect(all.version).toBe(1);
  expect(all.actions.map((action: { id: string }) => action.id)).toEqual(ids);
  expect(one.actions).toHaveLength(1);
  expect(one.actions[0]).toMatchObject({
    id: 'quarantine',
    kind: 'access',
    isReversible: true,
    operations: ['ec2:CreateSnapshots', 'ec2:ModifyInstanceAttribute', 'ec2:ModifyNetworkInterfaceAttribute'],
    parameters: { required: ['securityGroup'] },
  });
});
