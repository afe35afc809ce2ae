import { runCli } from './run-cli.ts';

test('the demo tells of launches, alerts, a fix that ends one, a policy that enforces, and a drain', async () => {
  const { exitCode, stdout, stderr } = await runCli('demo', '.');
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  // How many others an alert tells besides the first depends on which policies are shipped.
  const subjects = [...stdout.matchAll(/Alert: (.*)/g)].map(([, subject]) => subject?.replace(/ \(\+\d+\)/, ''));
  expect(subjects).toEqual([
    '[SUMMARY] 0 findings on 0 of 0 instances in us-east-1',
    '[CRITICAL] no-open-ssh: i-0123456789abcdef0 in us-east-1',
    '[MEDIUM] required-tags: i-0123456789abcdef0 in us-east-1',
    '[CRITICAL] no-open-ssh: i-0aa11bb22cc33dd44 web-1 in us-east-1',
    '[RESOLVED] no-open-ssh: i-0aa11bb22cc33dd44 web-1 in us-east-1',
    '[BASELINE] 1 violation of no-open-ssh left alone in us-east-1',
    '[CRITICAL] no-open-ssh again, revoke-ingress done: i-0aa11bb22cc33dd44 web-1 in us-east-1',
    '[RESOLVED] no-open-ssh: i-0aa11bb22cc33dd44 web-1 in us-east-1',
    '[INTERRUPTION] i-0aa11bb22cc33dd44 "web-1": Spot interruption',
    '[DRAINED] i-0aa11bb22cc33dd44 "web-1": 3 done, 113 s left',
  ]);
  expect(stdout).toContain('all of them reads but ec2:RevokeSecurityGroupIngress');
  // What EC2 has taken is put back by nobody.
  expect(stdout).toMatch(
    /drained by (?=.*elbv2:DeregisterTargets)(?=.*ecs:UpdateContainerInstancesState)(?=.*autoscaling:DetachInstances)[^;,]*(?:, [^;,]*){2};/,
  );
});

test('the demo is the same each time', async () => {
  expect(await runCli('demo', '.')).toEqual(await runCli('demo', '.'));
});
